//! The officer's dashboard (R61): what waits, what came in and was decided by day, how long it
//! takes. Each is one grouped query over the officer's region.

use std::collections::BTreeMap;

use domain::filing::{FilingEvent, FilingState};
use domain::procedure::{Action, Business, Procedure};
use domain::view::{Dashboard, DayCount, KindCount};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};
use time::{Date, Duration, OffsetDateTime};

use crate::clock::shanghai_date;
use crate::db::millis;
use crate::entity::{filing, filing_event};
use crate::error::{Error, Result};
use crate::filing::open_states;
use crate::review::{codes, in_region, region_name};
use crate::transition::SUBMITTED;
use crate::{Actor, Service};

const HOUR: f64 = 3_600_000.0;
const DAYS_SHOWN: i64 = 14;
const DAYS_MEASURED: i64 = 90;
/// So many of the latest decisions say how long one takes.
const MOST_MEASURED: u64 = 5_000;

/// The civil day of an event in Shanghai, counted from 1970-01-01 (R81). Written out rather than
/// bound, since PostgreSQL must see that it groups by what it selects.
const DAY_NUMBER: &str = "(at + 28800000) / 86400000";

fn is_decision(event: FilingEvent) -> bool {
    match event {
        FilingEvent::Approve | FilingEvent::Return | FilingEvent::Reject => true,
        FilingEvent::Claim
        | FilingEvent::Release
        | FilingEvent::Withdraw
        | FilingEvent::Resubmit
        | FilingEvent::Terminate
        | FilingEvent::Transfer => false,
    }
}

impl Service {
    pub async fn dashboard(&self, actor: &Actor) -> Result<Dashboard> {
        let region = actor.must_review()?;
        let now = self.clock.now();
        let on = self.db.read();
        let open = || filing::Entity::find().filter(in_region(region)).filter(open_states());
        let by_kind = by_kind(open(), on).await?;
        let new =
            by_kind.iter().filter(|kind| kind.state == FilingState::Pending).map(|kind| kind.count).sum();
        let late = millis(now - Duration::days(self.settings.overdue_days));
        let mine = filing::Column::ClaimedBy.eq(&actor.person_id);
        let (median_hours, p90_hours) = hours_to_decide(region, now, on).await?;
        Ok(Dashboard {
            region: region_name(region),
            new,
            mine: open()
                .filter(filing::Column::State.eq(FilingState::InReview.code()))
                .filter(mine)
                .count(on)
                .await?,
            overdue: open().filter(filing::Column::SubmittedAt.lt(late)).count(on).await?,
            resubmitted: open().filter(filing::Column::Round.gt(1)).count(on).await?,
            by_kind,
            days: days(region, now, on).await?,
            median_hours,
            p90_hours,
        })
    }
}

async fn by_kind(open: Select<filing::Entity>, on: &sea_orm::DatabaseConnection) -> Result<Vec<KindCount>> {
    let groups: Vec<(String, String, String, i64)> = open
        .select_only()
        .column(filing::Column::Business)
        .column(filing::Column::Action)
        .column(filing::Column::State)
        .column_as(filing::Column::Id.count(), "filings")
        .group_by(filing::Column::Business)
        .group_by(filing::Column::Action)
        .group_by(filing::Column::State)
        .into_tuple()
        .all(on)
        .await?;
    let mut kinds = Vec::new();
    for (business, action, state, count) in groups {
        let (Some(business), Some(action), Some(state)) =
            (Business::from_code(&business), Action::from_code(&action), FilingState::from_code(&state))
        else {
            return Err(Error::Corrupt(format!("filing of kind {business}_{action} in state {state}")));
        };
        let count = u64::try_from(count).unwrap_or(0);
        kinds.push(KindCount { procedure: Procedure::new(business, action), state, count });
    }
    kinds.sort_by_key(|kind| (kind.procedure, kind.state));
    Ok(kinds)
}

/// Received and decided by day, the last of them today; days without either are there as zeros.
async fn days(region: &str, now: OffsetDateTime, on: &sea_orm::DatabaseConnection) -> Result<Vec<DayCount>> {
    let today = shanghai_date(now);
    let first = today - Duration::days(DAYS_SHOWN - 1);
    let begin = millis(first.midnight().assume_offset(time::macros::offset!(+8)));
    let decisions = FilingEvent::ALL.into_iter().filter(|event| is_decision(*event)).map(FilingEvent::code);
    let shown: Vec<&str> = decisions.chain([SUBMITTED, FilingEvent::Resubmit.code()]).collect();
    let here = filing::Entity::find().select_only().column(filing::Column::Id).filter(in_region(region));
    let groups: Vec<(i64, String, i64)> = filing_event::Entity::find()
        .select_only()
        .column_as(Expr::cust(DAY_NUMBER), "day")
        .column(filing_event::Column::Event)
        .column_as(filing_event::Column::Id.count(), "events")
        // Ids sort by time: the primary key finds the fortnight.
        .filter(filing_event::Column::Id.gte(first_id_at(begin)))
        .filter(filing_event::Column::At.gte(begin))
        .filter(filing_event::Column::Event.is_in(shown))
        .filter(filing_event::Column::FilingId.in_subquery(here.into_query()))
        .group_by(Expr::cust(DAY_NUMBER))
        .group_by(filing_event::Column::Event)
        .into_tuple()
        .all(on)
        .await?;
    let mut counts: BTreeMap<Date, (u64, u64)> = BTreeMap::new();
    for (day, event, count) in groups {
        let count = u64::try_from(count).unwrap_or(0);
        let Some(date) = time::UtcDateTime::UNIX_EPOCH.date().checked_add(Duration::days(day)) else {
            continue;
        };
        let (received, decided) = counts.entry(date).or_default();
        match FilingEvent::from_code(&event).is_some_and(is_decision) {
            true => *decided += count,
            false => *received += count,
        }
    }
    let each = (0..DAYS_SHOWN).map(|after| first + Duration::days(after));
    Ok(each
        .map(|date| {
            let (received, decided) = counts.get(&date).copied().unwrap_or_default();
            DayCount { day: format!("{:02}-{:02}", u8::from(date.month()), date.day()), received, decided }
        })
        .collect())
}

/// The smallest id that can have been made at that millisecond (UUIDv7).
fn first_id_at(at: i64) -> String {
    let at = at.max(0);
    format!("{:08x}-{:04x}-7000-8000-000000000000", at >> 16, at & 0xffff)
}

/// Median and ninetieth percentile of the hours from submission to decision.
async fn hours_to_decide(
    region: &str,
    now: OffsetDateTime,
    on: &sea_orm::DatabaseConnection,
) -> Result<(Option<f64>, Option<f64>)> {
    let decided = [FilingState::Approved, FilingState::Returned, FilingState::Rejected];
    let times: Vec<(i64, Option<i64>)> = filing::Entity::find()
        .select_only()
        .column(filing::Column::SubmittedAt)
        .column(filing::Column::DecidedAt)
        .filter(in_region(region))
        .filter(filing::Column::State.is_in(codes(&decided)))
        .filter(filing::Column::DecidedAt.gte(millis(now - Duration::days(DAYS_MEASURED))))
        .order_by_desc(filing::Column::DecidedAt)
        .limit(MOST_MEASURED)
        .into_tuple()
        .all(on)
        .await?;
    let mut spent: Vec<i64> =
        times.into_iter().filter_map(|(submitted, decided)| Some(decided? - submitted)).collect();
    spent.sort_unstable();
    Ok((percentile(&spent, 50), percentile(&spent, 90)))
}

/// The nearest-rank percentile of sorted milliseconds, in hours with one digit.
fn percentile(sorted: &[i64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    let millis = sorted.get(rank - 1)?;
    #[allow(clippy::cast_precision_loss)] // far below 2^52
    let hours = *millis as f64 / HOUR;
    Some((hours * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use crate::db::new_id;
    use time::macros::datetime;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let hours = |hours: &[i64]| hours.iter().map(|hour| hour * 3_600_000).collect::<Vec<_>>();
        for (sorted, median, p90) in [
            (vec![], None, None),
            (hours(&[3]), Some(3.0), Some(3.0)),
            (hours(&[1, 2, 3, 4]), Some(2.0), Some(4.0)),
            (hours(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), Some(5.0), Some(9.0)),
        ] {
            assert_eq!((percentile(&sorted, 50), percentile(&sorted, 90)), (median, p90));
        }
    }

    #[test]
    fn no_id_of_a_moment_is_below_its_first() {
        for at in [datetime!(1970-01-01 0:00 UTC), datetime!(2026-11-23 12:03:04.567 UTC)] {
            assert!(new_id(at) >= first_id_at(millis(at)));
        }
        assert!(first_id_at(1) > first_id_at(0) && first_id_at(1 << 16) > first_id_at(0xffff));
    }
}
