//! Filings as their applicant sees them (R51).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::file::FileView;
use super::registration::RegistrationView;
use super::talk::TalkView;
use crate::filing::FilingState;
use crate::procedure::Procedure;
use crate::schema::Fault;
use crate::sheet::{Change, Sheet};

/// 我的申请 (R51)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilingRow {
    pub id: String,
    pub reference: String,
    pub procedure: Procedure,
    pub title: String,
    pub subject_name: String,
    pub state: FilingState,
    /// A 新增主体 filing that no business filing accompanies yet (R15): it is 待审核, and nobody reviews it.
    #[serde(default)]
    pub waits_for_business: bool,
    /// 待补充说明: an officer asked something, and nobody has answered.
    #[serde(default)]
    pub waits_for_answer: bool,
    pub submitted_at: String,
}

/// One filing as its applicant sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilingView {
    pub row: FilingRow,
    pub jurisdiction: String,
    pub decided_at: Option<String>,
    pub sheet: Sheet,
    /// For changes.
    pub changes: Vec<Change>,
    pub history: Vec<EventView>,
    /// Seconds in which 撤销申请 is still possible.
    pub withdrawal_left: Option<i64>,
    /// What is withdrawn with it (R17).
    pub dependents: Vec<FilingRow>,
    /// Business filings that came back only because this one, a 新增主体, did (R15).
    #[serde(default)]
    pub returned_along: Vec<FilingRow>,
    /// Points of the last return (R53).
    pub remarks: Vec<Fault>,
    pub general_remark: Option<String>,
    pub registration: Option<RegistrationView>,
    /// 补充说明
    #[serde(default)]
    pub talk: TalkView,
    pub files: BTreeMap<String, FileView>,
    /// Path of the record it made or changes.
    pub record_href: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventView {
    pub at: String,
    pub what: String,
    /// 申请人, 审核民警, 系统 — never a name of an officer.
    pub who: String,
    pub note: String,
}
