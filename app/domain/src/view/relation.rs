//! Filings of other subjects that have something in common with one on the desk.

use serde::{Deserialize, Serialize};

use crate::answer::Answers;
use crate::business::Business;
use crate::filing::FilingState;
use crate::relation::RelationKind;
use crate::schema::Fault;
use crate::sheet::Change;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RelativesView {
    /// Exact duplicates first, then by how much is shared.
    pub relatives: Vec<Relative>,
    /// There are more than are listed.
    pub has_more: bool,
    /// What was typed and did not pass, and what is wrong with it.
    pub typed: Answers,
    pub faults: Vec<Fault>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relative {
    /// The record that it is about; stands for it when it is marked.
    pub record: String,
    pub business: Business,
    /// The registration number, or the reference of the filing.
    pub number: String,
    pub region: String,
    /// Its record was cancelled.
    pub is_over: bool,
    /// What is the same.
    pub shared: Vec<RelationKind>,
    /// What lies in the officer's region; of another one no more is told.
    pub known: Option<KnownRelative>,
    pub checked: Option<CheckedPair>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownRelative {
    /// Its latest filing.
    pub filing: String,
    pub title: String,
    pub subject_name: String,
    pub state: FilingState,
    /// Which answers differ: this filing's before, the other's after. None where they answer other questions.
    pub differs: Option<Vec<Change>>,
}

/// 已核对
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckedPair {
    pub by: String,
    pub at: String,
    pub reason: String,
}

impl Relative {
    /// Filed twice, as far as a machine can tell.
    pub fn is_exact(&self) -> bool {
        !self.is_over && self.shared.iter().any(|kind| kind.is_exact())
    }
}
