//! The roles people have been given, as rows.

use domain::role::StaffRole;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Query;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
};
use time::OffsetDateTime;

use crate::account::Accounts;
use crate::account::fingerprints::id_no_hash;
use crate::base::actor::Role;
use crate::base::db::{Transaction, millis, new_id};
use crate::base::entity::{person, staff};
use crate::base::error::{Error, Result};

/// How it stands with the administrator who appoints all others (R60).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstAdministrator {
    /// There is an administrator.
    Appointed,
    /// Whom the configuration names has not signed in yet.
    Awaited,
    /// Whom the configuration names was administrator, and does not become it again.
    Dismissed,
    /// The configuration names nobody.
    Unnamed,
}

impl FirstAdministrator {
    /// For the operator, where nobody can give roles.
    pub fn warning(self) -> Option<&'static str> {
        match self {
            FirstAdministrator::Appointed => None,
            FirstAdministrator::Awaited => Some(
                "there is no administrator yet: whom first_administrator names becomes it by signing in. Where \
                 that person has signed in already, the identity platform states another id number than is \
                 configured",
            ),
            FirstAdministrator::Dismissed => Some(
                "there is no administrator, and whom first_administrator names has been dismissed: name another \
                 person",
            ),
            FirstAdministrator::Unnamed => {
                Some("there is no administrator, and first_administrator names nobody: no roles can be given")
            }
        }
    }
}

/// Who would take away the last one is told so.
pub(crate) const LAST_ADMINISTRATOR: &str = "平台至少需要一名管理员，请先任命另一名管理员";

/// Whoever changes roles takes this counter's row first.
pub(crate) const LOCK: &str = "staff";

impl Accounts {
    pub(crate) async fn insert_staff(
        &self,
        on: &Transaction,
        name: &str,
        id_no: &str,
        role: StaffRole,
        region: &str,
        now: OffsetDateTime,
    ) -> Result<String> {
        let id = new_id(now);
        let row = staff::ActiveModel {
            name_sealed: Set(self.context.keys.seal_text(&context(&id), name)?),
            id: Set(id.clone()),
            id_no_hash: Set(id_no_hash(&self.context.keys, id_no)),
            role: Set(role.code().to_owned()),
            region: Set(region.to_owned()),
            created_at: Set(millis(now)),
            revoked_at: Set(None),
            paused_until: Set(None),
        };
        row.insert(on).await?;
        Ok(id)
    }
}

/// The roles somebody has now.
pub(crate) async fn roles_held(on: &impl ConnectionTrait, id_no_hash: &str) -> Result<Vec<StaffRole>> {
    let rows = staff::Entity::find()
        .filter(staff::Column::IdNoHash.eq(id_no_hash))
        .filter(staff::Column::RevokedAt.is_null())
        .all(on)
        .await?;
    rows.iter().map(role_named).collect()
}

/// Whether a role rests.
pub(crate) fn is_paused(row: &staff::Model, now: OffsetDateTime) -> bool {
    row.paused_until.is_some_and(|until| until > millis(now))
}

/// How many can give roles beside whom this appointment is of: neither suspended nor paused.
pub(crate) async fn active_administrators_beside(
    on: &impl ConnectionTrait,
    staff_id: &str,
    now: OffsetDateTime,
) -> Result<u64> {
    let suspended = Query::select()
        .column(person::Column::IdNoHash)
        .from(person::Entity)
        .and_where(person::Column::SuspendedAt.is_not_null())
        .to_owned();
    let counts = Condition::any()
        .add(staff::Column::PausedUntil.is_null())
        .add(staff::Column::PausedUntil.lte(millis(now)));
    Ok(staff::Entity::find()
        .filter(staff::Column::Role.eq(StaffRole::Administrator.code()))
        .filter(staff::Column::RevokedAt.is_null())
        .filter(staff::Column::Id.ne(staff_id))
        .filter(staff::Column::IdNoHash.not_in_subquery(suspended))
        .filter(counts)
        .count(on)
        .await?)
}

pub(crate) fn role_named(row: &staff::Model) -> Result<StaffRole> {
    StaffRole::from_code(&row.role)
        .ok_or_else(|| Error::Corrupt(format!("staff {} has no known role", row.id)))
}

pub(crate) fn role_of(row: staff::Model) -> Result<Role> {
    Ok(match role_named(&row)? {
        StaffRole::Reviewer => Role::Reviewer { region: row.region },
        StaffRole::Administrator => Role::Administrator,
        StaffRole::Keeper => Role::Keeper,
        StaffRole::Auditor => Role::Auditor,
    })
}

/// Counts how often a person was appointed by the configuration: once.
pub(crate) fn first_administrator_counter(id_no_hash: &str) -> String {
    format!("first_administrator/{id_no_hash}")
}

pub(crate) fn context(id: &str) -> String {
    format!("staff/{id}/name")
}
