//! 需核查 as officers see it, and what the owner of a record sees of it.

use serde::{Deserialize, Serialize};

use crate::business::Business;
use crate::filing::FilingState;
use crate::patrol::{PatrolState, Seen};
use crate::record::RecordState;
use crate::schema::Fault;

/// 需核查: which of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatrolRequest {
    /// A state's code, `done` for all that are finished; empty for all that are not.
    pub state: String,
    /// A fault's code.
    pub fault: String,
    /// A registration number or a domain.
    pub search: String,
    pub after: String,
    /// One that is shown by itself, with all that can be done.
    pub finding: String,
    /// It comes back with what was wrong with the reason.
    pub check: bool,
}

/// The page 需核查.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatrolPage {
    /// The operator lets filings be looked at.
    pub is_on: bool,
    /// At most once in so many days each is looked at.
    pub days: i64,
    pub rows: Vec<PatrolRow>,
    pub total: u64,
    pub next: Option<String>,
    pub is_later: bool,
    /// The one that was asked for by itself, and the reason that was typed.
    pub chosen: Option<PatrolChosen>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatrolChosen {
    pub row: PatrolRow,
    pub reason: String,
    pub fault: Option<Fault>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatrolRow {
    pub id: String,
    pub state: PatrolState,
    pub business: Business,
    pub name: String,
    pub record_state: RecordState,
    /// Empty for a subject, which has none.
    pub number: String,
    pub digits: String,
    pub jurisdiction: String,
    pub seen: Vec<Seen>,
    pub since: String,
    pub looked_at: String,
    /// An officer asked for another look, which has not been yet.
    pub is_look_asked: bool,
    /// When the applicant was told, and by whom.
    pub notified: Option<PatrolDone>,
    /// The last day on which they can change or cancel.
    pub due_on: Option<String>,
    /// How it ended.
    pub closed: Option<PatrolDone>,
    /// What the owner filed about the record since it was found, the newest first.
    pub filings: Vec<PatrolFiling>,
    /// The officer's own record, about which others decide.
    pub is_own: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatrolDone {
    /// Empty where it was no person.
    pub by: String,
    pub at: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatrolFiling {
    pub id: String,
    pub verb: String,
    pub reference: String,
    pub state: FilingState,
    pub submitted_on: String,
}

/// What the owner of a record was told to put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatrolNotice {
    pub seen: Vec<Seen>,
    pub notified_at: String,
    pub due_on: String,
    pub is_overdue: bool,
    /// What they filed since; still under way or approved.
    pub filed: Option<PatrolFiling>,
}
