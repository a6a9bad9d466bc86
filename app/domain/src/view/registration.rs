//! The number of a record, and where it is shown (R38).

use serde::{Deserialize, Serialize};

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
