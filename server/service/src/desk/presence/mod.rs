//! Who else has the page of a filing open (R62), at this server or at another.

mod elsewhere;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

use crate::account::Accounts;
use crate::base::actor::Actor;
use crate::base::context::{Context, handle};
use crate::base::entity::filing;
use crate::base::error::Result;
use crate::desk::access::DeskAccess;
use crate::desk::presence::elsewhere::{Elsewhere, Word};

handle! {
    /// Who looks at which filing.
    Presence {
        accounts: Accounts,
        desk_access: DeskAccess,
    } own { looks: Arc<Looks>, elsewhere: Arc<Elsewhere> }
}

/// A page that was opened without scripts counts as open for so long.
const GLANCE: Duration = Duration::minutes(2);

/// With every so many looks, those that are over are forgotten.
const FORGOTTEN_EVERY: u64 = 256;

/// An open page.
#[derive(Debug, Clone)]
struct Look {
    key: u64,
    person_id: String,
    session_id: String,
    /// Of the filing.
    jurisdiction: String,
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
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<Look>>) -> T) -> T {
        change(&mut self.by_filing.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Somebody has the page of a filing open; dropped when the page is closed.
pub struct OpenPage {
    context: Context,
    looks: Arc<Looks>,
    elsewhere: Arc<Elsewhere>,
    filing_id: String,
    key: u64,
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        let closed = self.looks.change(|looks| {
            let open = looks.get_mut(&self.filing_id)?;
            let at = open.iter().position(|look| look.key == self.key)?;
            let closed = open.swap_remove(at);
            if open.is_empty() {
                looks.remove(&self.filing_id);
            }
            Some(closed)
        });
        let Some(closed) = closed else { return };
        self.context.events.looked(&self.filing_id, &closed.jurisdiction);
        self.elsewhere.tell(closed.word(&self.filing_id, false));
    }
}

impl Look {
    fn word(&self, filing_id: &str, is_open: bool) -> Word {
        Word {
            key: self.key,
            filing_id: filing_id.to_owned(),
            jurisdiction: self.jurisdiction.clone(),
            person_id: self.person_id.clone(),
            until: self.until,
            is_open,
        }
    }
}

impl Presence {
    /// The officer has the page open until what is returned is dropped (R62).
    ///
    /// # Errors
    /// `NotFound` for a filing that is not put to this officer.
    pub async fn open_page(&self, actor: &Actor, id: &str) -> Result<OpenPage> {
        let filing = self.desk_access.reviewable(self.context.db.read(), actor, id).await?;
        self.elsewhere.begin(&self.context).await;
        let key = self.look(actor, &filing, None);
        self.context.events.looked(&filing.id, &filing.jurisdiction);
        let (looks, elsewhere) = (Arc::clone(&self.looks), Arc::clone(&self.elsewhere));
        Ok(OpenPage { context: self.context.clone(), looks, elsewhere, filing_id: filing.id, key })
    }

    /// The officer has asked for the page; without scripts that is all one learns.
    pub(crate) async fn touch(&self, actor: &Actor, filing: &filing::Model) {
        self.elsewhere.begin(&self.context).await;
        let now = self.context.clock.now();
        let is_new = !self.others_at(None, &filing.id, now).contains(&actor.person_id);
        self.look(actor, filing, Some(now + GLANCE));
        if is_new {
            self.context.events.looked(&filing.id, &filing.jurisdiction);
        }
    }

    fn look(&self, actor: &Actor, filing: &filing::Model, until: Option<OffsetDateTime>) -> u64 {
        let key = self.looks.counted.fetch_add(1, Ordering::Relaxed);
        let look = Look {
            key,
            person_id: actor.person_id.clone(),
            session_id: actor.session_id.clone(),
            jurisdiction: filing.jurisdiction.clone(),
            until,
        };
        let now = self.context.clock.now();
        let words = self.looks.change(|looks| {
            if key.is_multiple_of(FORGOTTEN_EVERY) {
                let is_over = |look: &Look| look.until.is_some_and(|until| until <= now);
                looks.retain(|_, open| !open.iter().all(is_over));
            }
            let open = looks.entry(filing.id.clone()).or_default();
            let is_streaming =
                open.iter().any(|one| one.session_id == look.session_id && one.until.is_none());
            // A stream knows better than a glance when the page is closed.
            let over = |one: &mut Look| {
                one.until.is_some_and(|until| until <= now || one.session_id == look.session_id)
            };
            let mut words: Vec<Word> =
                open.extract_if(.., over).map(|one| one.word(&filing.id, false)).collect();
            if until.is_none() || !is_streaming {
                words.push(look.word(&filing.id, true));
                open.push(look);
            }
            words
        });
        words.into_iter().for_each(|word| self.elsewhere.tell(word));
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
        let elsewhere = self.elsewhere.people(&self.context, filing_id, now).into_iter();
        people.extend(elsewhere.filter(|person| except.is_none_or(|actor| actor.person_id != *person)));
        people.sort_unstable();
        people.dedup();
        people
    }

    /// The names of the other officers who have the page open.
    pub(crate) async fn others_with(&self, actor: &Actor, filing_id: &str) -> Result<Vec<String>> {
        self.elsewhere.begin(&self.context).await;
        let people = self.others_at(Some(actor), filing_id, self.context.clock.now());
        if people.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.accounts.staff_names(self.context.db.read(), &people).await?.into_values().collect())
    }
}
