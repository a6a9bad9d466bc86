//! The queue as a table of work, how an officer likes it shown, a look at a row, and acts on many filings at once.

use serde::{Deserialize, Serialize};

use super::display::DeskSettings;
use super::file::FileView;
use super::offer::Refused;
use super::queue::QueueRow;
use super::review::MachineCheck;
use crate::schema::Fault;
use crate::sheet::Change;

/// A row of the queue: a filing, and what came in with it (R15).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueLine {
    pub row: QueueRow,
    /// The businesses of a new subject, which are reviewed with it.
    pub with: Vec<QueueRow>,
    /// Working days it has waited after its own.
    pub working_days: i64,
    /// Of how many that are allowed.
    pub allowed_days: i64,
    /// When it was submitted, in milliseconds: with its id, its place in the queue.
    #[serde(default)]
    pub at: i64,
}

/// What became of some rows of a queue, and the counts around it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueNews {
    /// Those of them that the queue has now, with what else it has of their subjects.
    pub rows: Vec<QueueLine>,
    pub total: u64,
    /// How much is new to the officer.
    pub arrived: u64,
    pub settings: DeskSettings,
}

/// More rows than this are not asked for one by one.
pub const MOST_NEWS: usize = 40;

/// 速览: a filing's essentials, masked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Peek {
    pub line: QueueLine,
    /// What officers look for first: label and value.
    pub facts: Vec<(String, String)>,
    pub changes: Vec<Change>,
    /// What the machine could not say yes to.
    pub doubts: Vec<MachineCheck>,
    /// How many checks it could.
    pub passed: usize,
    pub pictures: Vec<FileView>,
    /// What was said at the last return.
    pub earlier_remarks: Vec<Fault>,
}

/// What is done to many filings at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchAct {
    Claim,
    Release,
    Transfer,
    Approve,
}

crate::codes! {
    BatchAct {
        Claim = "claim",
        Release = "release",
        Transfer = "transfer",
        Approve = "approve",
    }
}

impl BatchAct {
    pub const fn label(self) -> &'static str {
        match self {
            BatchAct::Claim => "批量领取",
            BatchAct::Release => "批量释放",
            BatchAct::Transfer => "批量移送",
            BatchAct::Approve => "批量通过",
        }
    }

    /// What became of a filing it was done to.
    pub const fn done(self) -> &'static str {
        match self {
            BatchAct::Claim => "已领取",
            BatchAct::Release => "已释放",
            BatchAct::Transfer => "已移送",
            BatchAct::Approve => "审核通过",
        }
    }
}

/// So many filings can be ticked for one act.
pub const MOST_IN_BATCH: usize = 50;

/// What would be done, before it is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchPlan {
    pub act: BatchAct,
    pub entries: Vec<BatchEntry>,
    /// How many were ticked that are not there for this officer.
    pub missing: usize,
    /// What was typed and did not pass.
    pub region: String,
    pub reason: String,
    pub faults: Vec<Fault>,
}

/// One filing of a batch: what would happen, or why not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchEntry {
    pub row: QueueRow,
    /// What it takes along.
    pub with: Vec<QueueRow>,
    pub version: i64,
    /// None: it would be done.
    pub refused: Option<Refused>,
    /// 审核清单 of it, where it is to be approved.
    pub sign_off: Vec<String>,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchReport {
    pub id: String,
    pub act: BatchAct,
    pub begun_at: String,
    pub lines: Vec<BatchLine>,
}

/// What became of one filing of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchLine {
    /// Where the officer may still see it.
    pub row: Option<QueueRow>,
    pub reference: String,
    pub outcome: BatchOutcome,
    /// Why it was not done.
    pub sentence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchOutcome {
    /// Not reached: the server was stopped on the way.
    Waiting,
    Done,
    Refused,
}

crate::codes! {
    BatchOutcome {
        Waiting = "waiting",
        Done = "done",
        Refused = "refused",
    }
}
