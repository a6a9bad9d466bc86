//! Whether the badge of a record hangs on its pages, as the last look came out (R38). Who looks is
//! `applicant/badge.rs`.

use std::collections::BTreeMap;

use domain::answer::Answers;
use domain::badge::{BadgeFinding, may_declare};
use domain::facts;
use domain::view::{BadgeOffer, BadgeView};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::base::clock::written;
use crate::base::db::instant;
use crate::base::entity::{badge_check, record};
use crate::base::error::{Error, Result};
use crate::state::row::{business_of, record_state};

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

/// What the owner of a record in force with a number can do about its badge.
pub(crate) fn offer(
    row: &record::Model,
    answers: &Answers,
    asks_network: bool,
    last: Option<BadgeFinding>,
) -> Result<BadgeOffer> {
    if row.registration_digits.is_none() || !record_state(row)?.is_in_force() {
        return Ok(BadgeOffer::default());
    }
    let looks = asks_network && !facts::badge_pages(business_of(row)?, answers).is_empty();
    Ok(BadgeOffer { looks, declares: may_declare(looks, last) })
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
