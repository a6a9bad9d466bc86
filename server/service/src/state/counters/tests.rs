#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
use time::macros::datetime;

use super::*;
use crate::common::*;

claims![counts_are_made_once_and_read_by_their_key];

#[test]
fn days_begin_in_shanghai_and_weeks_on_thursday() {
    use crate::base::db::millis;
    let day = |at| day_number(millis(at));
    assert_eq!(day(datetime!(1970-01-01 0:00 +8)), 0);
    assert_eq!(day(datetime!(2026-03-02 23:59:59 +8)) + 1, day(datetime!(2026-03-03 0:00 +8)));
    assert_eq!((week_of(0), week_of(6), week_of(7), week_of(-1)), (0, 0, 7, -7));
}

#[test]
fn hours_are_rounded_up_and_the_coarser_the_more_they_are() {
    let calendar = Calendar::default();
    // Monday.
    let from = datetime!(2026-03-02 0:00 +8);
    for (hours, counted) in [(0, 1), (1, 1), (24, 24), (25, 30), (31, 36), (120, 120)] {
        let to = from + time::Duration::hours(hours);
        let millis = crate::base::db::millis;
        assert_eq!(hours_counted(&calendar, millis(from), millis(to)), counted, "{hours}");
    }
    // Fifteen days with two weekends are eleven working days.
    let to = crate::base::db::millis(from + time::Duration::days(15));
    assert_eq!(hours_counted(&calendar, crate::base::db::millis(from), to), 11 * 24);
}

#[test]
fn a_filing_counts_for_its_county_and_all_above() {
    assert_eq!(levels("110101"), ["110000", "110100", "110101"]);
    assert_eq!(levels("441900"), ["440000", "441900"]);
    assert_eq!(levels("710000"), ["710000"]);
}

async fn counts_are_made_once_and_read_by_their_key(world: World) {
    let officer = world.officer("110000").await;
    // Put there behind the counts' back, as in a database that is older than they are.
    world.many_filings(&officer, 50, 60).await;
    let service = &world.service;
    service.counters.count_once().await.unwrap();
    let dashboard = service.dashboards.dashboard(&officer).await.unwrap();
    assert_eq!((dashboard.new, dashboard.mine, dashboard.below.len()), (50, 50, 5));
    assert_eq!(dashboard.by_kind.iter().map(|kind| kind.count).sum::<u64>(), 300);
    service.counters.count_once().await.unwrap();
    assert_eq!(service.dashboards.dashboard(&officer).await.unwrap(), dashboard, "made once");
    world.execute("ANALYZE").await;
    let asked = [
        Asked { kind: STATE, regions: &["110000"], since: 0 },
        Asked { kind: DECIDED, regions: &["110101", "110102"], since: 20_000 },
    ];
    let one = world.plan(&question("110000", &asked[..1])).await;
    let several = world.plan_of_many(&question("110000", &asked)).await;
    for plan in [one, several] {
        assert!(!plan.contains("SCAN tally") && !plan.contains("Seq Scan on tally "), "{plan}");
    }
}

#[test]
fn percentiles_are_values_that_occurred() {
    for (spent, median, p90) in [
        (vec![], None, None),
        (vec![(3, 1)], Some(3), Some(3)),
        (vec![(1, 1), (2, 1), (3, 1), (4, 1)], Some(2), Some(4)),
        (vec![(6, 89), (12, 1), (48, 10)], Some(6), Some(12)),
    ] {
        let count = |(hours, n): &(u64, i64)| Count {
            region: String::new(),
            day: 0,
            item: format!("{hours:05}"),
            n: *n,
        };
        let spent: Vec<Count> = spent.iter().map(count).collect();
        assert_eq!((percentile(&spent, 50), percentile(&spent, 90)), (median, p90));
    }
}
