//! Which record has which domain name in force.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::base::entity::live_domain;
use crate::base::error::Result;

/// Frees the domains of a record except these.
pub(crate) async fn keep_domains(on: &impl ConnectionTrait, record_id: &str, keep: &[String]) -> Result<()> {
    live_domain::Entity::delete_many()
        .filter(live_domain::Column::RecordId.eq(record_id))
        .filter(live_domain::Column::Domain.is_not_in(keep))
        .exec_with_returning(on)
        .await?;
    Ok(())
}

/// Takes the domains that the record has not got yet. Somebody else's is a unique violation.
pub(crate) async fn take_domains(
    on: &impl ConnectionTrait,
    record_id: &str,
    domains: &[String],
) -> Result<()> {
    let held: Vec<String> = live_domain::Entity::find()
        .select_only()
        .column(live_domain::Column::Domain)
        .filter(live_domain::Column::RecordId.eq(record_id))
        .into_tuple()
        .all(on)
        .await?;
    let new: BTreeSet<&String> = domains.iter().filter(|domain| !held.contains(domain)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let rows = new.into_iter().map(|domain| live_domain::ActiveModel {
        domain: Set(domain.clone()),
        record_id: Set(record_id.to_owned()),
    });
    live_domain::Entity::insert_many(rows).exec_with_returning(on).await?;
    Ok(())
}
