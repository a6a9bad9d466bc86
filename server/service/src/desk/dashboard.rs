//! The officer's dashboard (R61): what waits, what came in and was decided by day, how long it
//! takes, and how the regions below fare. All of it is read from counts (`tally`); only what the
//! officer has claimed is counted itself.

use std::collections::BTreeMap;

use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::view::{Dashboard, DayCount, KindCount, RegionCount};
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
use crate::filing::misuse::open_reports;
use crate::filing::patrol::open_findings;
use crate::state::counters;
use crate::state::counters::{Count, WEEKS_MEASURED, counts, day_number, percentile, week_of};

handle! {
    /// The figures of a region.
    Dashboards {}
}

const DAYS_SHOWN: i64 = 14;

impl Dashboards {
    pub async fn dashboard(&self, actor: &Actor) -> Result<Dashboard> {
        let region = actor.must_review()?;
        let now = self.context.clock.now();
        let on = self.context.db.read();
        let of = async |kind, since| counts(on, region, &[region], kind, since).await;
        let by_kind = by_kind(of(counters::STATE, 0).await?)?;
        let new =
            by_kind.iter().filter(|kind| kind.state == FilingState::Pending).map(|kind| kind.count).sum();
        let in_time = day_number(self.context.overdue_before(now).await?);
        let today = shanghai_date(now);
        let first = today - Duration::days(DAYS_SHOWN - 1);
        let begin = day_number(begin_of(first));
        let measured = week_of(day_number(begin_of(today))) - (WEEKS_MEASURED - 1) * 7;
        let spent = of(counters::SPENT, measured).await?;
        let days =
            days(first, begin, &of(counters::RECEIVED, begin).await?, &of(counters::DECIDED, begin).await?);
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

/// Received and decided by day, the last of them today; days without either are there as zeros.
fn days(first: Date, begin: i64, received: &[Count], decided: &[Count]) -> Vec<DayCount> {
    let on_day = |counts: &[Count], day: i64| total(counts.iter().filter(|count| count.day == day));
    let each = (0..DAYS_SHOWN).map(|after| (first + Duration::days(after), begin + after));
    each.map(|(date, day)| DayCount {
        day: format!("{:02}-{:02}", u8::from(date.month()), date.day()),
        received: on_day(received, day),
        decided: on_day(decided, day),
    })
    .collect()
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
