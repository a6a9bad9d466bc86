//! Who acts: the signed-in person with the roles that hold at this moment. Made only from a
//! session that was looked up in the database.

use domain::jurisdiction;
use domain::role::StaffRole;

use crate::base::error::{Error, Result};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub person_id: String,
    pub session_id: String,
    pub roles: Vec<Role>,
    /// There are roles, and this session was not begun as it is demanded of staff.
    pub must_step_up: bool,
}

/// What staff may do (R60).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Reviews filings of a region and below.
    Reviewer { region: String },
    /// Gives roles and takes filings over.
    Administrator,
    /// Keeps the directories, the reasons officers pick, and the holidays.
    Keeper,
    /// Reads the audit log.
    Auditor,
}

impl Role {
    pub fn of_staff(&self) -> StaffRole {
        match self {
            Role::Reviewer { .. } => StaffRole::Reviewer,
            Role::Administrator => StaffRole::Administrator,
            Role::Keeper => StaffRole::Keeper,
            Role::Auditor => StaffRole::Auditor,
        }
    }
}

impl Actor {
    pub fn reviewer_region(&self) -> Option<&str> {
        self.roles.iter().find_map(|role| match role {
            Role::Reviewer { region } => Some(region.as_str()),
            Role::Administrator | Role::Keeper | Role::Auditor => None,
        })
    }

    pub fn is_administrator(&self) -> bool {
        self.roles.contains(&Role::Administrator)
    }

    pub fn is_keeper(&self) -> bool {
        self.roles.contains(&Role::Keeper)
    }

    pub fn must_keep(&self) -> Result<()> {
        if self.is_keeper() { Ok(()) } else { Err(Error::Forbidden) }
    }

    pub fn is_auditor(&self) -> bool {
        self.roles.contains(&Role::Auditor)
    }

    /// The region of a reviewer, or `Forbidden`.
    pub fn must_review(&self) -> Result<&str> {
        self.reviewer_region().ok_or(Error::Forbidden)
    }

    pub fn must_administer(&self) -> Result<()> {
        if self.is_administrator() { Ok(()) } else { Err(Error::Forbidden) }
    }

    pub fn covers(&self, region: &str) -> bool {
        self.reviewer_region().is_some_and(|own| jurisdiction::covers(own, region))
    }
}
