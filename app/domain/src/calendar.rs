//! Working days: weekdays but for public holidays, and the weekend days that are worked instead (调休).
//! Deadlines count them, and the time to a decision runs on them alone, day and night.

use std::collections::BTreeMap;

use time::{Date, Duration, OffsetDateTime, UtcOffset, Weekday, macros::offset};

const SHANGHAI: UtcOffset = offset!(+8);
/// Longest stretch that is looked through, in days; nothing waits longer.
const LONGEST: i64 = 3_660;

/// The days that are not as their weekday says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar(BTreeMap<Date, bool>);

impl Calendar {
    /// Days with whether they are worked.
    pub fn new(days: impl IntoIterator<Item = (Date, bool)>) -> Self {
        Calendar(days.into_iter().collect())
    }

    pub fn is_working(&self, day: Date) -> bool {
        match self.0.get(&day) {
            Some(is_working) => *is_working,
            None => !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday),
        }
    }

    /// The first day whose filings are still in time: what was submitted before it, and is open
    /// today, has waited for more than so many working days after its own.
    pub fn in_time_since(&self, today: Date, allowed: i64) -> Date {
        let (mut day, mut left) = (today, allowed.max(0));
        // Going back from today, each working day uses up one of those allowed.
        for _ in 0..LONGEST {
            if self.is_working(day) {
                if left == 0 {
                    return self.back_over_rest(day);
                }
                left -= 1;
            }
            let Some(before) = day.previous_day() else { break };
            day = before;
        }
        day
    }

    /// How many working days have passed after the one a filing came in on, or after the next one where it came in
    /// on a day of rest: beyond those allowed it is not [in time](Self::in_time_since) any more.
    pub fn waited(&self, submitted: Date, today: Date) -> i64 {
        let (mut day, mut waited, mut has_begun) = (submitted, 0, false);
        for _ in 0..LONGEST {
            if day > today {
                break;
            }
            if self.is_working(day) {
                waited += i64::from(has_begun);
                has_begun = true;
            }
            let Some(next) = day.next_day() else { break };
            day = next;
        }
        waited
    }

    /// What comes in on a day of rest counts as of the next working day.
    fn back_over_rest(&self, edge: Date) -> Date {
        let mut day = edge;
        while let Some(before) = day.previous_day().filter(|before| !self.is_working(*before)) {
            day = before;
        }
        day
    }

    /// How much working time lies between two moments.
    pub fn spent(&self, from: OffsetDateTime, to: OffsetDateTime) -> Duration {
        let (from, to) = (from.to_offset(SHANGHAI), to.to_offset(SHANGHAI));
        let mut spent = Duration::ZERO;
        let mut day = from.date();
        for _ in 0..LONGEST {
            if day > to.date() {
                break;
            }
            let Some(next) = day.next_day() else { break };
            if self.is_working(day) {
                let begin = day.midnight().assume_offset(SHANGHAI).max(from);
                let end = next.midnight().assume_offset(SHANGHAI).min(to);
                spent += (end - begin).max(Duration::ZERO);
            }
            day = next;
        }
        spent
    }

    /// The moment from which the time runs on as if so much of it had not passed: so much working time after
    /// another.
    pub fn after(&self, from: OffsetDateTime, working: Duration) -> OffsetDateTime {
        let (mut at, mut left) = (from.to_offset(SHANGHAI), working);
        for _ in 0..LONGEST {
            if left <= Duration::ZERO {
                break;
            }
            let Some(next) = at.date().next_day() else { break };
            let next = next.midnight().assume_offset(SHANGHAI);
            if !self.is_working(at.date()) {
                at = next;
            } else if next - at <= left {
                left -= next - at;
                at = next;
            } else {
                return at + left;
            }
        }
        at
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn who_has_waited_longer_than_allowed_is_not_in_time() {
        let calendar = october();
        let mut submitted = date!(2026 - 09 - 20);
        while submitted <= date!(2026 - 10 - 20) {
            for after in 0..40 {
                let today = submitted + Duration::days(after);
                for allowed in 0..9 {
                    let is_late = submitted < calendar.in_time_since(today, allowed);
                    let waited = calendar.waited(submitted, today);
                    assert_eq!(waited > allowed, is_late, "{submitted} {today} {allowed} {waited}");
                }
            }
            submitted = submitted.next_day().unwrap();
        }
    }

    /// 2026-10-01 (Thursday) to 10-07 are off, Saturday 10-10 is worked.
    fn october() -> Calendar {
        let off =
            (1..=7).map(|day| (Date::from_calendar_date(2026, time::Month::October, day).unwrap(), false));
        Calendar::new(off.chain([(date!(2026 - 10 - 10), true)]))
    }

    #[test]
    fn weekends_and_holidays_rest_and_exchanged_days_work() {
        let calendar = october();
        for (day, works) in [
            (date!(2026 - 09 - 30), true),
            (date!(2026 - 10 - 01), false),
            (date!(2026 - 10 - 08), true),
            (date!(2026 - 10 - 10), true),
            (date!(2026 - 10 - 11), false),
        ] {
            assert_eq!(calendar.is_working(day), works, "{day}");
        }
    }

    #[test]
    fn time_runs_on_working_days_alone() {
        let calendar = october();
        for (from, to, hours) in [
            (datetime!(2026-09-30 12:00 +8), datetime!(2026-09-30 18:00 +8), 6),
            // Over the whole holiday: half a day before, half a day after.
            (datetime!(2026-09-30 12:00 +8), datetime!(2026-10-08 12:00 +8), 24),
            // Begun and ended in it.
            (datetime!(2026-10-02 12:00 +8), datetime!(2026-10-05 12:00 +8), 0),
            // Friday to Sunday with the worked Saturday between.
            (datetime!(2026-10-09 00:00 +8), datetime!(2026-10-11 12:00 +8), 48),
            (datetime!(2026-10-09 00:00 +8), datetime!(2026-10-08 00:00 +8), 0),
        ] {
            assert_eq!(calendar.spent(from, to), Duration::hours(hours), "{from} {to}");
        }
    }

    /// What a pause costs is not counted, whatever days of rest lie in it or after it.
    #[test]
    fn a_pause_moves_the_beginning_by_the_working_time_in_it() {
        let calendar = october();
        let from = datetime!(2026-09-29 10:00 +8);
        for (paused, resumed) in [
            (datetime!(2026-09-29 16:00 +8), datetime!(2026-09-30 09:00 +8)),
            (datetime!(2026-09-30 12:00 +8), datetime!(2026-10-08 12:00 +8)),
            (datetime!(2026-10-02 12:00 +8), datetime!(2026-10-05 12:00 +8)),
            (datetime!(2026-10-09 20:00 +8), datetime!(2026-10-14 20:00 +8)),
        ] {
            let pause = calendar.spent(paused, resumed);
            let moved = calendar.after(from, pause);
            for end in [resumed, datetime!(2026-10-20 11:11 +8)] {
                assert_eq!(calendar.spent(moved, end), calendar.spent(from, end) - pause, "{paused} {end}");
            }
        }
        assert_eq!(calendar.after(from, Duration::ZERO), from);
    }

    #[test]
    fn a_deadline_counts_working_days() {
        let calendar = october();
        // Friday 2026-10-16; two working days allowed: what came on Wednesday 14 is in time until today.
        assert_eq!(calendar.in_time_since(date!(2026 - 10 - 16), 2), date!(2026 - 10 - 14));
        // Monday 19: Thursday 15 and what came later.
        assert_eq!(calendar.in_time_since(date!(2026 - 10 - 19), 2), date!(2026 - 10 - 15));
        // Thursday 8, the first day after the holiday: 29 and 30 September, and the holiday itself.
        assert_eq!(calendar.in_time_since(date!(2026 - 10 - 08), 2), date!(2026 - 09 - 29));
        // What came in during the holiday counts as of the 8th: still in time two working days later.
        assert_eq!(calendar.in_time_since(date!(2026 - 10 - 10), 2), date!(2026 - 10 - 01));
    }
}
