//! The identity check and cancelling (R22).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::file::FileView;
use super::offer::Refused;
use super::record::RecordRow;
use crate::answer::Answers;
use crate::business::Business;
use crate::procedure::Procedure;
use crate::schema::Fault;

/// What an identity check allows (R22, R24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityPurpose {
    Cancel,
    Transfer,
}

/// The identity check as its page draws it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IdentityView {
    /// The responsible person's number around the four digits to be typed: 181____1234.
    pub mobile_head: String,
    pub mobile_tail: String,
    /// Seconds until a code can be sent (again); 0: now.
    pub wait_seconds: u64,
    /// Too many wrong tries: until when nothing is taken, in a sentence.
    pub locked: Option<String>,
    /// What was typed last and what is wrong with it, where the request asked to check.
    pub answers: Answers,
    pub faults: Vec<Fault>,
    /// The attachment.
    pub files: BTreeMap<String, FileView>,
    /// Makes a repeated submit harmless (R75).
    pub key: String,
}

/// 注销主体, 注销网站 … (R22, R36)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CancelView {
    pub procedure: Procedure,
    /// What would be cancelled; none where there is no subject.
    pub record: Option<RecordRow>,
    pub refused: Option<Refused>,
    /// For a subject: what ends with it (R23), by business, …
    pub attached: Vec<(Business, u64)>,
    /// … and how many filings under way.
    pub open_filings: u64,
    pub identity: IdentityView,
}

/// A cancellation as posted; answers of `forms::identity::CANCEL`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CancelRequest {
    pub business: Business,
    /// What the page shows; for a subject the subject itself (R6).
    pub record: String,
    pub answers: Answers,
    pub key: String,
}

/// A code is on its way (R72).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeSent {
    /// Masked.
    pub mobile: String,
    /// Until another one can be sent.
    pub wait_seconds: u64,
}
