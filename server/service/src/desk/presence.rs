//! Who else has the page of a filing open (R62).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

use crate::account::Accounts;
use crate::base::actor::Actor;
use crate::base::context::{Context, handle};
use crate::base::entity::filing;
use crate::base::error::Result;
use crate::base::events::What;
use crate::desk::access::DeskAccess;

handle! {
    /// Who looks at which filing.
    Presence {
        accounts: Accounts,
        desk_access: DeskAccess,
    } own { looks: Arc<Looks> }
}

/// A page that was opened without scripts counts as open for so long.
const GLANCE: Duration = Duration::minutes(2);

/// An open page.
#[derive(Debug, Clone)]
struct Look {
    key: u64,
    person_id: String,
    session_id: String,
    /// `None`: for as long as its stream of events is open.
    until: Option<OffsetDateTime>,
}

/// Who has which page open.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    by_filing: Mutex<BTreeMap<String, Vec<Look>>>,
    counted: AtomicU64,
}

impl Looks {
    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<Look>>)) {
        change(&mut self.by_filing.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Somebody has the page of a filing open; dropped when the page is closed.
pub struct OpenPage {
    context: Context,
    looks: Arc<Looks>,
    filing: filing::Model,
    key: u64,
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        self.looks.change(|looks| {
            if let Some(open) = looks.get_mut(&self.filing.id) {
                open.retain(|look| look.key != self.key);
                if open.is_empty() {
                    looks.remove(&self.filing.id);
                }
            }
        });
        self.context.events.publish(What::Looked, &self.filing.id, &self.filing.jurisdiction, None);
    }
}

impl Presence {
    /// The officer has the page open until what is returned is dropped (R62).
    ///
    /// # Errors
    /// `NotFound` for a filing that is not put to this officer.
    pub async fn open_page(&self, actor: &Actor, id: &str) -> Result<OpenPage> {
        let filing = self.desk_access.reviewable(self.context.db.read(), actor, id).await?;
        let key = self.look(actor, &filing, None);
        self.context.events.publish(What::Looked, &filing.id, &filing.jurisdiction, None);
        Ok(OpenPage { context: self.context.clone(), looks: Arc::clone(&self.looks), filing, key })
    }

    /// The officer has asked for the page; without scripts that is all one learns.
    pub(crate) fn touch(&self, actor: &Actor, filing: &filing::Model) {
        let now = self.context.clock.now();
        let is_new = !self.others_at(None, &filing.id, now).contains(&actor.person_id);
        self.look(actor, filing, Some(now + GLANCE));
        if is_new {
            self.context.events.publish(What::Looked, &filing.id, &filing.jurisdiction, None);
        }
    }

    fn look(&self, actor: &Actor, filing: &filing::Model, until: Option<OffsetDateTime>) -> u64 {
        let key = self.looks.counted.fetch_add(1, Ordering::Relaxed);
        let look =
            Look { key, person_id: actor.person_id.clone(), session_id: actor.session_id.clone(), until };
        let now = self.context.clock.now();
        self.looks.change(|looks| {
            let open = looks.entry(filing.id.clone()).or_default();
            let is_streaming =
                open.iter().any(|one| one.session_id == look.session_id && one.until.is_none());
            // A stream knows better than a glance when the page is closed.
            open.retain(|one| one.until.is_none_or(|until| until > now && one.session_id != look.session_id));
            if until.is_none() || !is_streaming {
                open.push(look);
            }
        });
        key
    }

    fn others_at(&self, except: Option<&Actor>, filing_id: &str, now: OffsetDateTime) -> Vec<String> {
        let looks = self.looks.by_filing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut people: Vec<String> = looks
            .get(filing_id)
            .into_iter()
            .flatten()
            .filter(|look| look.until.is_none_or(|until| until > now))
            .filter(|look| except.is_none_or(|actor| actor.person_id != look.person_id))
            .map(|look| look.person_id.clone())
            .collect();
        people.sort_unstable();
        people.dedup();
        people
    }

    /// The names of the other officers who have the page open.
    pub(crate) async fn others_with(&self, actor: &Actor, filing_id: &str) -> Result<Vec<String>> {
        let people = self.others_at(Some(actor), filing_id, self.context.clock.now());
        if people.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.accounts.staff_names(self.context.db.read(), &people).await?.into_values().collect())
    }
}
