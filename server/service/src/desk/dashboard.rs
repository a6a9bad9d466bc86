//! The officer's dashboard (R61): what waits, what came in and was decided by day, how long it
//! takes, and how the regions below fare. All of it is read from counts (`tally`); only what the
//! officer has claimed is counted itself.

use std::collections::BTreeMap;

use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::view::{Dashboard, DayCount, KindCount, Period, RegionCount};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, PaginatorTrait, QueryFilter};
use time::{Date, Duration};

use crate::base::actor::Actor;
use crate::base::calendar::begin_of;
use crate::base::clock::shanghai_date;
use crate::base::context::handle;
use crate::base::entity::filing;
use crate::base::error::{Error, Result};
use crate::base::region;
use crate::base::region::region_name;
use crate::desk::access::lies_in;
use crate::desk::load::Loads;
use crate::filing::misuse::open_reports;
use crate::filing::patrol::open_findings;
use crate::state::counters;
use crate::state::counters::{Count, WEEKS_MEASURED, counts, day_number, percentile, week_of};

handle! {
    /// The figures of a region.
    Dashboards {
        loads: Loads,
    }
}

impl Dashboards {
    /// The figures over the period that is shown first.
    pub async fn dashboard(&self, actor: &Actor) -> Result<Dashboard> {
        self.dashboard_over(actor, Period::default()).await
    }

    /// The figures, with what came in and was decided over a period.
    pub async fn dashboard_over(&self, actor: &Actor, period: Period) -> Result<Dashboard> {
        let region = actor.must_review()?;
        let now = self.context.clock.now();
        let on = self.context.db.read();
        let of = async |kind, since| counts(on, region, &[region], kind, since).await;
        let by_kind = by_kind(of(counters::STATE, 0).await?)?;
        let new =
            by_kind.iter().filter(|kind| kind.state == FilingState::Pending).map(|kind| kind.count).sum();
        let in_time = day_number(self.context.overdue_before(now).await?);
        let today = shanghai_date(now);
        let first = today - Duration::days(period.days() - 1);
        let begin = day_number(begin_of(first));
        let measured = week_of(day_number(begin_of(today))) - (WEEKS_MEASURED - 1) * 7;
        let spent = of(counters::SPENT, measured).await?;
        let (received, decided) = (of(counters::RECEIVED, begin).await?, of(counters::DECIDED, begin).await?);
        let days = days(first, begin, period, &received, &decided);
        Ok(Dashboard {
            region: region_name(region),
            new,
            mine: claimed(actor, region, on).await?,
            overdue: total(of(counters::WAITING, 0).await?.iter().filter(|count| count.day < in_time)),
            resubmitted: total(&of(counters::AGAIN, 0).await?),
            by_kind,
            days,
            median_hours: percentile(&spent, 50),
            p90_hours: percentile(&spent, 90),
            overdue_days: self.context.settings.overdue_days,
            reports: open_reports(on, region).await?,
            to_check: open_findings(on, region).await?,
            below: below(region, in_time, begin, on).await?,
            period,
            own: self.loads.own(actor, region, period).await?,
        })
    }
}

/// What the officer has in hand: few, and found by an index of their own.
async fn claimed(actor: &Actor, region: &str, on: &DatabaseConnection) -> Result<u64> {
    Ok(filing::Entity::find()
        .filter(filing::Column::ClaimedBy.eq(&actor.person_id))
        .filter(filing::Column::State.eq(FilingState::InReview.code()))
        .filter(Expr::cust("COALESCE(is_reviewable, FALSE)"))
        .filter(lies_in(region))
        .count(on)
        .await?)
}

fn total<'a>(counts: impl IntoIterator<Item = &'a Count>) -> u64 {
    u64::try_from(counts.into_iter().map(|count| count.n).sum::<i64>()).unwrap_or(0)
}

fn by_kind(counts: Vec<Count>) -> Result<Vec<KindCount>> {
    let mut kinds = Vec::new();
    for count in counts {
        let known = counters::of_item(&count.item)
            .and_then(|(procedure, state)| Some((Procedure::from_code(procedure)?, state)));
        let Some((procedure, state)) = known else {
            return Err(Error::Corrupt(format!("count of {}", count.item)));
        };
        kinds.push(KindCount { procedure, state, count: u64::try_from(count.n).unwrap_or(0) });
    }
    kinds.sort_by_key(|kind| (kind.procedure, kind.state));
    Ok(kinds)
}

/// Received and decided by day, or by week where the period is long, the last of them up to today; those without either
/// are there as zeros.
fn days(first: Date, begin: i64, period: Period, received: &[Count], decided: &[Count]) -> Vec<DayCount> {
    let (days, each) = (period.days(), period.days_together());
    // The first one is shorter where they do not come out even.
    let (mut from, mut to) = (0, if days % each == 0 { each } else { days % each });
    let mut counted = Vec::new();
    while from < days {
        let within = |counts: &[Count]| {
            total(counts.iter().filter(|count| (begin + from..begin + to).contains(&count.day)))
        };
        let date = first + Duration::days(from);
        counted.push(DayCount {
            day: format!("{:02}-{:02}", u8::from(date.month()), date.day()),
            received: within(received),
            decided: within(decided),
        });
        (from, to) = (to, to + each);
    }
    counted
}

/// The regions directly below; a municipality's one city of its own name is left out for its
/// counties, and so is a region with nothing to tell.
async fn below(region: &str, in_time: i64, begin: i64, on: &DatabaseConnection) -> Result<Vec<RegionCount>> {
    let mut children = region::children(Some(region));
    if let [only] = children {
        children = region::children(Some(only.code));
    }
    let codes: Vec<&str> = children.iter().map(|child| child.code).collect();
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows: BTreeMap<&str, RegionCount> = children
        .iter()
        .map(|child| {
            let (code, name) = (child.code.to_owned(), child.name.to_owned());
            (child.code, RegionCount { code, name, open: 0, overdue: 0, received: 0, decided: 0 })
        })
        .collect();
    for (kind, since) in [(counters::WAITING, 0), (counters::RECEIVED, begin), (counters::DECIDED, begin)] {
        for count in counts(on, region, &codes, kind, since).await? {
            let Some(row) = rows.get_mut(count.region.as_str()) else { continue };
            let n = u64::try_from(count.n).unwrap_or(0);
            match kind {
                counters::RECEIVED => row.received += n,
                counters::DECIDED => row.decided += n,
                _ => {
                    row.open += n;
                    row.overdue += if count.day < in_time { n } else { 0 };
                }
            }
        }
    }
    Ok(rows.into_values().filter(|row| row.open + row.received + row.decided > 0).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use time::macros::date;

    use super::*;

    #[test]
    fn a_long_period_is_counted_by_weeks_to_today() {
        let count = |day| Count { region: "110000".to_owned(), day, item: String::new(), n: 1 };
        let counts: Vec<Count> = (0..90).map(|after| count(1_000 + after)).collect();
        for (period, many, first, last) in
            [(Period::Week, 7, 1, 1), (Period::Month, 30, 1, 1), (Period::Quarter, 13, 6, 7)]
        {
            let begin = 1_000 + 90 - period.days();
            let days = days(date!(2026 - 03 - 02), begin, period, &counts, &[]);
            let received: Vec<u64> = days.iter().map(|day| day.received).collect();
            assert_eq!((days.len(), received[0], received[many - 1]), (many, first, last), "{period:?}");
            assert_eq!(received.iter().sum::<u64>(), u64::try_from(period.days()).unwrap());
        }
    }
}
