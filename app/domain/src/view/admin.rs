//! Roles, accounts and the audit log (R60, R65).

use serde::{Deserialize, Serialize};

use super::kept_form::KeptForm;
use super::session::SessionRow;
use crate::role::StaffRole;
use crate::schema::Fault;

/// A person with a role (R60).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffRow {
    pub id: String,
    pub name: String,
    pub role: StaffRole,
    pub region: String,
    pub since: String,
    /// The account, for whoever has signed in.
    pub person: Option<String>,
    pub is_suspended: bool,
    /// The role rests for a while.
    #[serde(default)]
    pub is_paused: bool,
}

/// An appointment that holds, for the page that changes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Appointed {
    pub id: String,
    pub name: String,
    pub role: StaffRole,
    pub region: String,
    pub region_name: String,
    pub since: String,
    /// The last day on which the role rests.
    pub paused_until: Option<String>,
    /// What the person was before, the latest first.
    pub past: Vec<PastAppointment>,
    /// A form of this page that did not pass.
    pub kept: KeptForm,
}

/// An appointment that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastAppointment {
    pub role: StaffRole,
    pub region: String,
    pub since: String,
    pub until: String,
}

/// An appointment as an administrator typed it, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    pub name: String,
    pub id_no: String,
    pub role: String,
    pub region: String,
    /// A region as it was typed, instead of chosen.
    #[serde(default)]
    pub region_name: String,
    pub faults: Vec<Fault>,
}

/// A person's account as administrators see it: masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    pub id: String,
    pub name: String,
    pub mobile: String,
    pub id_no: String,
    /// With the region in words.
    pub roles: Vec<(StaffRole, String)>,
    pub created_at: String,
    pub seen_at: String,
    pub suspended: Option<Suspension>,
    /// The administrator's own.
    pub is_own: bool,
    pub sessions: Vec<SessionRow>,
}

/// Since when and why nobody can sign in to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    pub since: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspendedRow {
    pub id: String,
    /// Masked.
    pub name: String,
    pub since: String,
    pub reason: String,
}

/// A search in the audit log (R65); empty parts mean any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditRequest {
    pub action: String,
    pub object: String,
    /// Who did it, by id
    pub person: String,
    /// Civil days, both of them included
    pub since: String,
    pub until: String,
    pub after: String,
}

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    pub seq: i64,
    pub at: String,
    /// Masked; none where the platform itself acted.
    pub who: Option<String>,
    pub who_id: String,
    pub role: String,
    pub action: String,
    pub object_kind: String,
    pub object_id: String,
    /// A reference, a title or a masked name.
    #[serde(default)]
    pub object_name: Option<String>,
    /// As it is stored.
    pub detail: String,
    /// The same in words: (what it is, what it says).
    pub said: Vec<(String, String)>,
}

/// Somebody looked at the person's data unmasked (R65).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookRow {
    pub at: String,
    pub who: String,
    pub purpose: String,
    pub filing: String,
    pub reference: String,
}
