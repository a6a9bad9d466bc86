//! Whether the badge of a record hangs on its pages, as the last look came out (R38). Who looks is
//! `applicant/badge.rs`.

use std::collections::BTreeMap;

use domain::badge::BadgeFinding;
use domain::view::BadgeView;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::base::clock::written;
use crate::base::db::instant;
use crate::base::entity::badge_check;
use crate::base::error::{Error, Result};

/// When the badge of a record was confirmed, and what the last look came to; nothing where nobody looked.
pub(crate) async fn badge_state(on: &impl ConnectionTrait, record: &str) -> Result<Option<BadgeView>> {
    Ok(badge_states(on, &[record]).await?.remove(record))
}

/// The same of several records.
pub(crate) async fn badge_states(
    on: &impl ConnectionTrait,
    records: &[&str],
) -> Result<BTreeMap<String, BadgeView>> {
    let rows = badge_check::Entity::find()
        .filter(badge_check::Column::RecordId.is_in(records.iter().copied()))
        .all(on)
        .await?;
    rows.into_iter().map(|row| Ok((row.record_id.clone(), badge_view(row)?))).collect()
}

fn badge_view(row: badge_check::Model) -> Result<BadgeView> {
    let finding = BadgeFinding::from_code(&row.finding)
        .ok_or_else(|| Error::Corrupt(format!("finding {} of record {}", row.finding, row.record_id)))?;
    Ok(BadgeView {
        finding,
        told: row.told,
        checked_at: written(instant(row.checked_at)),
        confirmed_at: row.confirmed_at.map(|at| written(instant(at))),
    })
}
