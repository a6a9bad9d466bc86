//! 抽查复核 as officers see it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::file::FileView;
use super::load::Period;
use super::review::MachineCheck;
use super::talk::QuestionView;
use crate::procedure::Procedure;
use crate::schema::Fault;
use crate::second_look::{Agreement, Judgement};
use crate::sheet::{Change, Sheet};

/// A decision that waits for a second officer; of the first nothing is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondLookRow {
    pub id: String,
    pub reference: String,
    pub procedure: Procedure,
    pub title: String,
    pub subject_name: String,
    pub jurisdiction: String,
    /// Since when it waits: the moment of the first decision.
    pub since: String,
    /// The officer who asks has it in hand.
    pub is_mine: bool,
}

/// The page 抽查复核.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondLookList {
    /// The oldest first.
    pub rows: Vec<SecondLookRow>,
    pub next: Option<String>,
    pub is_later: bool,
    /// The share of decisions that the operator set.
    pub percent: u8,
}

/// What the first officer had, as it was then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecondLookPapers {
    pub sheet: Sheet,
    pub changes: Vec<Change>,
    /// The subject's answers, for what is filed for it.
    pub subject_sheet: Option<Sheet>,
    pub checks: Vec<MachineCheck>,
    pub questions: Vec<QuestionView>,
    pub files: BTreeMap<String, FileView>,
}

/// What one of the two officers held to be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgedAs {
    pub judgement: Judgement,
    /// The fields that were named: address and what it is called.
    pub fields: Vec<(String, String)>,
    pub note: String,
}

/// Both side by side, once the second has judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondLookOutcome {
    pub first: JudgedAs,
    pub second: JudgedAs,
    pub judged_at: String,
    /// The filing, which the officer may open now.
    pub filing: String,
}

impl SecondLookOutcome {
    /// The same decision.
    pub fn agrees(&self) -> bool {
        self.first.judgement == self.second.judgement
    }

    /// What the fields are called that both named.
    pub fn both(&self) -> Vec<&str> {
        let named: BTreeSet<&str> = self.second.fields.iter().map(|(at, _)| at.as_str()).collect();
        let first = self.first.fields.iter();
        first.filter(|(at, _)| named.contains(at.as_str())).map(|(_, label)| label.as_str()).collect()
    }
}

/// One of them on a page of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecondLookView {
    pub row: SecondLookRow,
    /// Only for who has it in hand.
    pub papers: Option<SecondLookPapers>,
    /// What was posted last and did not pass.
    pub chosen: String,
    pub ticked: BTreeSet<String>,
    pub note: String,
    pub faults: Vec<Fault>,
    /// Minutes without doing anything after which somebody else may take it.
    pub minutes: i64,
    pub outcome: Option<SecondLookOutcome>,
}

/// Agreement of a region, a decision or a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementRow {
    pub name: String,
    pub agreement: Agreement,
}

/// How far second officers agreed with the first; of no officer by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondLookResults {
    pub period: Period,
    /// The officer's region; 全国 for administrators.
    pub region: String,
    pub all: Agreement,
    pub regions: Vec<AgreementRow>,
    pub decisions: Vec<AgreementRow>,
    /// By what the first officer remarked: whether the second named the same.
    pub reasons: Vec<AgreementRow>,
    /// The officer has a list to go to, too.
    pub reviews: bool,
}
