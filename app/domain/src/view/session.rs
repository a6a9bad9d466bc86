//! Who is signed in, and what the shell shows of that.

use serde::{Deserialize, Serialize};

use crate::record::RecordState;
use crate::role::StaffRole;
use crate::route;

/// The signed-in person, as the shell shows them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Me {
    pub name: String,
    /// Masked.
    pub mobile: String,
    pub subjects: Vec<SubjectChoice>,
    pub current: Option<SubjectChoice>,
    pub unread: u64,
    pub is_reviewer: bool,
    pub is_administrator: bool,
    pub is_auditor: bool,
    pub is_keeper: bool,
    /// 抽查复核 stands in the menu of officers and administrators.
    #[serde(default)]
    pub has_second_looks: bool,
    /// There are roles, for whose work the person must prove themselves by a higher level first.
    pub must_step_up: bool,
    /// The officer's region in words.
    pub region: Option<String>,
    /// 长辈版 is on.
    pub elder: bool,
    /// A sentence left by the last post, shown once.
    pub flash: Option<String>,
}

impl Me {
    pub fn is_staff(&self) -> bool {
        self.desk().is_some()
    }

    /// Where somebody with a role works: (what it is called, its address).
    pub fn desk(&self) -> Option<(&'static str, &'static str)> {
        desk_of([
            (StaffRole::Reviewer, self.is_reviewer),
            (StaffRole::Administrator, self.is_administrator),
            (StaffRole::Keeper, self.is_keeper),
            (StaffRole::Auditor, self.is_auditor),
        ])
    }
}

/// Where somebody with these roles works: (what it is called, its address).
pub fn desk_of(roles: [(StaffRole, bool); 4]) -> Option<(&'static str, &'static str)> {
    let has = |asked| roles.iter().any(|(role, has_it)| *role == asked && *has_it);
    [
        (StaffRole::Reviewer, "审核工作台", route::REVIEW),
        (StaffRole::Administrator, "人员管理", route::STAFF),
        (StaffRole::Keeper, "服务商名录", route::PROVIDERS),
        (StaffRole::Auditor, "审计日志", route::AUDIT),
    ]
    .into_iter()
    .find_map(|(role, label, href)| has(role).then_some((label, href)))
}

/// A subject one can switch to (R6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectChoice {
    pub id: String,
    pub name: String,
    pub state: RecordState,
}

/// A person's session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    pub id: String,
    pub device: String,
    pub created_at: String,
    pub seen_at: String,
    pub is_this: bool,
}
