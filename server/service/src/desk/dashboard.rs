//! The officer's dashboard (R61): what waits, what came in and was decided by day, how long it
//! takes, and how the regions below fare. All of it is read from counts (`tally`), in one statement; only
//! what the officer has claimed is counted itself.

use std::collections::BTreeMap;

use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::view::{Dashboard, DayCount, KindCount, Period, RegionCount};
use sea_orm::ConnectionTrait;
use time::{Date, Duration};

use crate::base::actor::Actor;
use crate::base::calendar::begin_of;
use crate::base::clock::shanghai_date;
use crate::base::context::handle;
use crate::base::db::united;
use crate::base::error::{Error, Result};
use crate::base::region;
use crate::base::region::{Region, region_name};
use crate::desk::load::Loads;
use crate::filing::misuse::{REPORTS, open_reports};
use crate::filing::patrol::open_findings;
use crate::state::counters;
use crate::state::counters::{Asked, Count, WEEKS_MEASURED, counts_of, day_number, percentile, week_of};

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
        let in_time = day_number(self.context.overdue_before(now).await?);
        let today = shanghai_date(now);
        let first = today - Duration::days(period.days() - 1);
        let begin = day_number(begin_of(first));
        let measured = week_of(day_number(begin_of(today))) - (WEEKS_MEASURED - 1) * 7;
        let children = children_of(region);
        let codes: Vec<&str> = children.iter().map(|child| child.code).collect();
        let own = [region];
        let here = |kind, since| Asked { kind, regions: &own, since };
        let in_each = |kind, since| Asked { kind, regions: &codes, since };
        let asked = [
            here(counters::STATE, 0),
            here(counters::WAITING, 0),
            here(counters::AGAIN, 0),
            here(counters::SPENT, measured),
            here(counters::RECEIVED, begin),
            here(counters::DECIDED, begin),
            in_each(counters::WAITING, 0),
            in_each(counters::RECEIVED, begin),
            in_each(counters::DECIDED, begin),
        ];
        let [states, waiting, again, spent, received, decided, waiting_below, received_below, decided_below] =
            counts_of(on, region, asked).await?;
        let by_kind = by_kind(states)?;
        let new =
            by_kind.iter().filter(|kind| kind.state == FilingState::Pending).map(|kind| kind.count).sum();
        let (reports, to_check) = not_dealt_with(on, region).await?;
        let own = self.loads.own(actor, region, period).await?;
        Ok(Dashboard {
            region: region_name(region),
            new,
            mine: own.in_hand,
            overdue: total(waiting.iter().filter(|count| count.day < in_time)),
            resubmitted: total(&again),
            by_kind,
            days: days(first, begin, period, &received, &decided),
            median_hours: percentile(&spent, 50),
            p90_hours: percentile(&spent, 90),
            overdue_days: self.context.settings.overdue_days,
            reports,
            to_check,
            below: below(children, in_time, [waiting_below, received_below, decided_below]),
            period,
            own,
        })
    }
}

/// How many reports of misuse and how many findings of a patrol wait for an officer here.
async fn not_dealt_with(on: &impl ConnectionTrait, region: &str) -> Result<(u64, u64)> {
    let mut counts = (0, 0);
    for row in on.query_all(&united(vec![open_reports(region), open_findings(region)])).await? {
        let (what, n): (String, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let n = u64::try_from(n).unwrap_or(0);
        if what == REPORTS { counts.0 = n } else { counts.1 = n }
    }
    Ok(counts)
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

/// The regions directly below; a municipality's one city of its own name is left out for its counties.
fn children_of(region: &str) -> &'static [Region] {
    match region::children(Some(region)) {
        [only] => region::children(Some(only.code)),
        children => children,
    }
}

/// How the regions below fare; one with nothing to tell is left out. Counts of waiting, received and decided.
fn below(
    children: &[Region],
    in_time: i64,
    [waiting, received, decided]: [Vec<Count>; 3],
) -> Vec<RegionCount> {
    let mut rows: BTreeMap<&str, RegionCount> = children
        .iter()
        .map(|child| {
            let (code, name) = (child.code.to_owned(), child.name.to_owned());
            (child.code, RegionCount { code, name, open: 0, overdue: 0, received: 0, decided: 0 })
        })
        .collect();
    let mut add = |counts: Vec<Count>, to: fn(&mut RegionCount, u64, bool)| {
        for count in counts {
            if let Some(row) = rows.get_mut(count.region.as_str()) {
                to(row, u64::try_from(count.n).unwrap_or(0), count.day < in_time);
            }
        }
    };
    add(waiting, |row, n, is_late| {
        row.open += n;
        row.overdue += if is_late { n } else { 0 };
    });
    add(received, |row, n, _| row.received += n);
    add(decided, |row, n, _| row.decided += n);
    rows.into_values().filter(|row| row.open + row.received + row.decided > 0).collect()
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
