//! What is told to open desks while it happens (R61, R62): filings that arrive and change, and who else
//! has a page open. Kept in memory; a desk that missed something is told so and reads anew.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use time::{Duration, OffsetDateTime};
use tokio::sync::broadcast;

use crate::entity::filing;
use crate::error::Result;
use crate::{Actor, Service};

/// So many changes are kept for desks that come back after an interruption.
const REMEMBERED: usize = 512;
/// A page that was opened without scripts counts as open for so long.
const GLANCE: Duration = Duration::minutes(2);

/// What happened to a filing, for those who watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It came to the region: submitted, submitted again, or from another region.
    Arrived,
    /// Claimed, released, decided, withdrawn …
    Changed,
    /// Somebody opened its page or left it.
    Looked,
}

/// A filing that changed, for those who watch its region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Counts up from 1 since the program began.
    pub number: u64,
    pub what: What,
    pub filing_id: String,
    pub jurisdiction: String,
    /// Where it was before, if it moved.
    pub left: Option<String>,
}

/// What a desk that comes back has missed.
#[derive(Debug, PartialEq, Eq)]
pub enum Missed {
    These(Vec<Change>),
    /// More than is remembered, or the program began anew.
    TooMuch,
}

/// The bell of one running program.
#[derive(Debug)]
pub(crate) struct Bell {
    sender: broadcast::Sender<Change>,
    journal: Mutex<VecDeque<Change>>,
    /// Distinguishes this run of the program, so that numbers of an earlier one are not taken for ours.
    run: String,
    looks: Mutex<BTreeMap<String, Vec<Look>>>,
    counted: AtomicU64,
}

/// An open page.
#[derive(Debug, Clone)]
struct Look {
    key: u64,
    person_id: String,
    session_id: String,
    /// `None`: for as long as its stream of events is open.
    until: Option<OffsetDateTime>,
}

impl Bell {
    pub fn new(run: String) -> Self {
        let (sender, _) = broadcast::channel(256);
        Bell {
            sender,
            journal: Mutex::new(VecDeque::new()),
            run,
            looks: Mutex::new(BTreeMap::new()),
            counted: AtomicU64::new(0),
        }
    }

    fn ring(&self, what: What, filing_id: &str, jurisdiction: &str, left: Option<String>) {
        // Numbered and sent under one lock, so that the numbers come in their order.
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let number = journal.back().map_or(1, |last| last.number + 1);
        let (filing_id, jurisdiction) = (filing_id.to_owned(), jurisdiction.to_owned());
        let change = Change { number, what, filing_id, jurisdiction, left };
        if journal.len() == REMEMBERED {
            journal.pop_front();
        }
        journal.push_back(change.clone());
        // Nobody may be listening.
        let _ = self.sender.send(change);
    }

    fn looks_at(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<Look>>)) {
        change(&mut self.looks.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Somebody has the page of a filing open; dropped when the page is closed.
#[derive(Debug)]
pub struct OpenPage {
    bell: Arc<Bell>,
    filing: filing::Model,
    key: u64,
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        self.bell.looks_at(|looks| {
            if let Some(open) = looks.get_mut(&self.filing.id) {
                open.retain(|look| look.key != self.key);
                if open.is_empty() {
                    looks.remove(&self.filing.id);
                }
            }
        });
        self.bell.ring(What::Looked, &self.filing.id, &self.filing.jurisdiction, None);
    }
}

impl Service {
    /// Tells of every filing that changes; who listens looks whether it lies in the region. A
    /// listener who falls behind misses changes and should read anew.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.bell.sender.subscribe()
    }

    /// Like [`subscribe`](Service::subscribe), for one who was interrupted after the change with this
    /// name (of [`name_of`](Service::name_of)): with what happened since.
    pub fn subscribe_after(&self, last: &str) -> (Missed, broadcast::Receiver<Change>) {
        let journal = self.bell.journal.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock nothing is told, so nothing is told twice or not at all.
        let receiver = self.bell.sender.subscribe();
        let number = last.strip_prefix(&self.bell.run).and_then(|rest| rest.strip_prefix('.'));
        let Some(number) = number.and_then(|number| number.parse::<u64>().ok()) else {
            return (Missed::TooMuch, receiver);
        };
        let newest = journal.back().map_or(0, |change| change.number);
        let oldest = journal.front().map_or(1, |change| change.number);
        if number > newest || number + 1 < oldest {
            return (Missed::TooMuch, receiver);
        }
        let since = journal.iter().filter(|change| change.number > number).cloned().collect();
        (Missed::These(since), receiver)
    }

    /// What `Last-Event-ID` calls a change.
    pub fn name_of(&self, change: &Change) -> String {
        format!("{}.{}", self.bell.run, change.number)
    }

    /// The name of what was told last, for one who begins to listen now.
    pub fn latest_name(&self) -> String {
        let journal = self.bell.journal.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{}.{}", self.bell.run, journal.back().map_or(0, |change| change.number))
    }

    pub(crate) fn tell(&self, what: What, row: &filing::Model, left: Option<String>) {
        // What waits for its business is put to nobody yet (R15).
        if row.is_reviewable {
            self.bell.ring(what, &row.id, &row.jurisdiction, left);
        }
    }

    /// Tells open desks that a filing changed.
    pub(crate) fn ring(&self, row: &filing::Model) {
        self.tell(What::Changed, row, None);
    }

    /// Tells open desks that a filing came in.
    pub(crate) fn ring_arrival(&self, row: &filing::Model) {
        self.tell(What::Arrived, row, None);
    }

    /// The officer has the page open until what is returned is dropped (R62).
    ///
    /// # Errors
    /// `NotFound` for a filing that is not put to this officer.
    pub async fn open_page(&self, actor: &Actor, id: &str) -> Result<OpenPage> {
        let filing = self.reviewable(self.db.read(), actor, id).await?;
        let key = self.look(actor, &filing, None);
        self.bell.ring(What::Looked, &filing.id, &filing.jurisdiction, None);
        Ok(OpenPage { bell: Arc::clone(&self.bell), filing, key })
    }

    /// The officer has asked for the page; without scripts that is all one learns.
    pub(crate) fn glance(&self, actor: &Actor, filing: &filing::Model) {
        let now = self.clock.now();
        let is_new = !self.others_at(None, &filing.id, now).contains(&actor.person_id);
        self.look(actor, filing, Some(now + GLANCE));
        if is_new {
            self.bell.ring(What::Looked, &filing.id, &filing.jurisdiction, None);
        }
    }

    fn look(&self, actor: &Actor, filing: &filing::Model, until: Option<OffsetDateTime>) -> u64 {
        let key = self.bell.counted.fetch_add(1, Ordering::Relaxed);
        let look =
            Look { key, person_id: actor.person_id.clone(), session_id: actor.session_id.clone(), until };
        let now = self.clock.now();
        self.bell.looks_at(|looks| {
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
        let looks = self.bell.looks.lock().unwrap_or_else(PoisonError::into_inner);
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
        let people = self.others_at(Some(actor), filing_id, self.clock.now());
        if people.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.staff_names(self.db.read(), &people).await?.into_values().collect())
    }
}
