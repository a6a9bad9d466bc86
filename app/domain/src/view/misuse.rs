//! Reports of misuse, as officers see them.

use serde::{Deserialize, Serialize};

use crate::misuse::MisuseKind;

/// 举报线索: which of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MisuseRequest {
    /// Those that were dealt with.
    pub handled: bool,
    pub after: String,
    /// The number of a look that was written down: opens the contact of its report.
    pub look: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MisuseRow {
    pub id: String,
    pub kind: MisuseKind,
    /// Of the record that it is about.
    pub name: String,
    pub number: String,
    pub digits: String,
    pub is_cancelled: bool,
    pub jurisdiction: String,
    pub site: String,
    pub text: String,
    pub at: String,
    pub has_contact: bool,
    /// Only for whoever has just written down why.
    pub contact: Option<String>,
    pub handled: Option<MisuseHandled>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MisuseHandled {
    pub by: String,
    pub at: String,
    pub note: String,
}
