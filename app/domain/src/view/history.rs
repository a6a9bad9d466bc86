//! A filing through time: the moments of its history, what it said at each, and what differs between two.

use serde::{Deserialize, Serialize};

use super::queue::QueueRow;
use crate::schema::Fault;
use crate::sheet::{Change, Sheet};

/// Which moments an address asks for, by their keys; nothing: the last that is no look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryRequest {
    pub filing: String,
    pub at: String,
    /// Two to hold against each other.
    pub from: String,
    pub to: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryView {
    pub filing: QueueRow,
    /// The oldest first; never empty.
    pub moments: Vec<Moment>,
    /// Which of them is shown.
    pub shown: usize,
    /// What the filing said then; none where that is not kept.
    pub sheet: Option<Sheet>,
    /// What was said at fields at this moment.
    pub remarks: Vec<Fault>,
    /// Two moments and what differs between them.
    pub compared: Option<Compared>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    pub from: usize,
    pub to: usize,
    /// None where what was said at one of them is not kept.
    pub changes: Option<Vec<Change>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Names it in addresses.
    pub key: String,
    pub kind: MomentKind,
    pub at: String,
    pub what: String,
    /// For officers with the name.
    pub who: String,
    pub note: String,
    /// The submission whose answers stood then, from 1; 0: what was in force before.
    pub round: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentKind {
    /// What was in force before a change.
    Before,
    Submitted,
    /// Claimed, released, sent elsewhere.
    Step,
    Decided,
    /// 补充说明
    Talk,
    /// Somebody looked at personal data or files.
    Look,
}
