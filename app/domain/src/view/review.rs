//! One filing on the desk (R62, R63).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::directory::ReasonRow;
use super::display::DeskSettings;
use super::file::FileView;
use super::filing::EventView;
use super::offer::Refused;
use super::queue::QueueRow;
use super::registration::RegistrationView;
use super::talk::QuestionView;
use crate::answer::Answers;
use crate::business::Business;
use crate::record::RecordState;
use crate::schema::Fault;
use crate::sheet::{Change, Sheet};

/// A filing on the review desk with everything it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewView {
    /// The filing this page is about.
    pub filing: QueueRow,
    /// The filings of the same bundle (R15): the subject's first, then its businesses.
    pub bundle: Vec<QueueRow>,
    pub jurisdiction: String,
    pub sheet: Sheet,
    pub changes: Vec<Change>,
    /// What is different from the round before, after a return (R53).
    pub since_last: Vec<Change>,
    /// The subject's sheet in force or under review, for business filings.
    pub subject_sheet: Option<Sheet>,
    pub checks: Vec<MachineCheck>,
    pub history: Vec<EventView>,
    pub files: BTreeMap<String, FileView>,
    pub may_claim: Option<Refused>,
    /// None: may decide. Some: why not.
    pub may_decide: Option<Refused>,
    /// None: may approve. Some: why not (the subject comes first, R15).
    pub may_approve: Option<Refused>,
    pub is_mine: bool,
    pub effects: Vec<String>,
    /// What the officer wrote before and could not send: `note`, `remark.<address>`, `suggest.<address>`.
    pub typed: Answers,
    /// 常用意见 to pick from.
    pub reasons: Vec<ReasonRow>,
    pub earlier_remarks: Vec<Fault>,
    /// 补充说明, to be shown at the fields.
    #[serde(default)]
    pub questions: Vec<QuestionView>,
    /// The personal values are shown in full on this page, and that was written down (R65).
    pub unmasked: bool,
    pub version: i64,
    pub registration: Option<RegistrationView>,
    /// What else the subject has …
    pub subject_records: Vec<SubjectRecord>,
    /// … and filed, the newest first, as far as it lies in the officer's region.
    pub subject_filings: Vec<QueueRow>,
    /// Other officers who have this page open (R62).
    pub others: Vec<String>,
    /// What an officer confirms before approving.
    pub sign_off: Vec<String>,
    /// The legal grounds a refusal can name, and the remedy that it tells of.
    pub grounds: Vec<String>,
    pub remedy: String,
    /// Minutes without doing anything after which a claim lapses.
    pub claim_minutes: i64,
    /// How the officer likes the desk.
    #[serde(default)]
    pub settings: DeskSettings,
}

/// A record of the subject whose filing is reviewed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubjectRecord {
    pub business: Business,
    pub name: String,
    pub state: RecordState,
    pub registration_number: Option<String>,
    pub registered_on: Option<String>,
}

/// A check done by machine, with what it saw (R63).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineCheck {
    pub title: String,
    pub passed: bool,
    pub evidence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Approve,
    Return,
    Reject,
}

/// What the officer has just done and can still take back (撤回).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoOffer {
    pub act: String,
    /// 通过, 退回 …
    pub event: String,
    /// The first of the filings.
    pub about: String,
    /// How many others there were with it.
    pub others: u64,
    pub seconds_left: u64,
}
