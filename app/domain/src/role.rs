//! What staff may do (R60). Administrator, keeper and auditor are three administrations that nobody holds two of
//! (GB/T 22239).

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// Reviews filings of a region and below.
    Reviewer,
    /// Gives roles and takes filings over.
    Administrator,
    /// Keeps the directories, the reasons officers pick, and the holidays.
    Keeper,
    /// Reads the audit log.
    Auditor,
}

crate::codes! {
    StaffRole {
        Reviewer = "reviewer",
        Administrator = "administrator",
        Keeper = "keeper",
        Auditor = "auditor",
    }
}

impl StaffRole {
    /// The word on the page.
    pub fn label(self) -> &'static str {
        match self {
            StaffRole::Reviewer => "审核员",
            StaffRole::Administrator => "管理员",
            StaffRole::Keeper => "系统管理员",
            StaffRole::Auditor => "审计员",
        }
    }

    /// Whether one person may hold both.
    pub fn goes_with(self, other: StaffRole) -> bool {
        self == other || self == StaffRole::Reviewer || other == StaffRole::Reviewer
    }
}
