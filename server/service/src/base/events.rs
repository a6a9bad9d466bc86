//! What is told to open desks while it happens (R61, R62): filings that arrive and change, and that
//! somebody opened or left a page. Kept in memory; a desk that missed something is told so and reads anew.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::base::entity::filing;

/// So many changes are kept for desks that come back after an interruption.
const REMEMBERED: usize = 512;

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

/// What one running program tells its desks.
#[derive(Debug)]
pub struct Events {
    sender: broadcast::Sender<Change>,
    journal: Mutex<VecDeque<Change>>,
    /// Distinguishes this run of the program, so that numbers of an earlier one are not taken for ours.
    run: String,
}

impl Events {
    pub fn new(run: String) -> Self {
        let (sender, _) = broadcast::channel(256);
        Events { sender, journal: Mutex::new(VecDeque::new()), run }
    }

    pub(crate) fn publish(&self, what: What, filing_id: &str, jurisdiction: &str, left: Option<String>) {
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
}

impl Events {
    /// Tells of every filing that changes; who listens looks whether it lies in the region. A
    /// listener who falls behind misses changes and should read anew.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }

    /// Like [`subscribe`](Events::subscribe), for one who was interrupted after the change with this
    /// name (of [`name_of`](Events::name_of)): with what happened since.
    pub fn subscribe_after(&self, last: &str) -> (Missed, broadcast::Receiver<Change>) {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock nothing is told, so nothing is told twice or not at all.
        let receiver = self.sender.subscribe();
        let number = last.strip_prefix(&self.run).and_then(|rest| rest.strip_prefix('.'));
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
        format!("{}.{}", self.run, change.number)
    }

    /// The name of what was told last, for one who begins to listen now.
    pub fn latest_name(&self) -> String {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{}.{}", self.run, journal.back().map_or(0, |change| change.number))
    }

    pub(crate) fn tell(&self, what: What, row: &filing::Model, left: Option<String>) {
        // What waits for its business is put to nobody yet (R15).
        if row.is_reviewable {
            self.publish(what, &row.id, &row.jurisdiction, left);
        }
    }

    /// Tells open desks that a filing changed.
    pub(crate) fn changed(&self, row: &filing::Model) {
        self.tell(What::Changed, row, None);
    }

    /// Tells open desks that a filing came in.
    pub(crate) fn arrived(&self, row: &filing::Model) {
        self.tell(What::Arrived, row, None);
    }
}
