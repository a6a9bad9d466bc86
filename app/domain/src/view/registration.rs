//! The number of a record, and where it is shown (R38).

use serde::{Deserialize, Serialize};

use crate::badge::BadgeFinding;

/// The number and what goes into the site's footer (R38).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationView {
    /// 测公网安备11010102000001号
    pub number: String,
    pub digits: String,
    pub registered_on: String,
    /// The permanent public address, in full.
    pub address: String,
    pub html: String,
    pub markdown: String,
    pub plain: String,
}

/// What the last look for the badge came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadgeView {
    pub finding: BadgeFinding,
    /// What was found, and where.
    pub told: String,
    pub checked_at: String,
    /// When the badge was confirmed last; none where it is not taken to hang there.
    pub confirmed_at: Option<String>,
}
