//! The clock of the platform: the one place that may read the machine's time. Everything else is
//! given an instant or a [`Clock`], so a rule about thirty minutes or fifteen days can be tested.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use time::macros::offset;
use time::{Date, Duration, OffsetDateTime, UtcOffset};

/// China keeps one offset and no summer time (since 1991), so a fixed offset is right for every
/// date the platform shows.
const SHANGHAI: UtcOffset = offset!(+8);

/// Says what time it is. // R81
pub trait Clock: Send + Sync {
    /// The present instant, in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one ambient clock
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// The machine's clock, which can be put forward: to see on a development server what a page looks like
/// thirty minutes or fifteen days later. Never back, as no clock of a well-kept machine goes back.
#[derive(Debug, Default)]
pub struct ForwardClock {
    /// In milliseconds.
    ahead: AtomicI64,
}

impl ForwardClock {
    pub fn put_forward(&self, by: std::time::Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(0);
        self.ahead.fetch_add(by, Ordering::Relaxed);
    }
}

impl Clock for ForwardClock {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now().saturating_add(Duration::milliseconds(self.ahead.load(Ordering::Relaxed)))
    }
}

/// A clock that stands still until it is told otherwise; for tests.
#[derive(Debug)]
pub struct FixedClock(Mutex<OffsetDateTime>);

impl FixedClock {
    pub fn at(now: OffsetDateTime) -> Self {
        Self(Mutex::new(now.to_offset(UtcOffset::UTC)))
    }

    pub fn set(&self, now: OffsetDateTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now.to_offset(UtcOffset::UTC);
    }

    /// Moves the clock by `by` (backwards if negative) and returns the new instant.
    pub fn advance(&self, by: Duration) -> OffsetDateTime {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by);
        *now
    }
}

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same instant as a clock in Shanghai shows it. // R81
pub fn shanghai(instant: OffsetDateTime) -> OffsetDateTime {
    instant.to_offset(SHANGHAI)
}

/// The civil date in Shanghai at that instant. // R81
pub fn shanghai_date(instant: OffsetDateTime) -> Date {
    shanghai(instant).date()
}

/// How pages write an instant: `2026-11-23 12:03`, in Shanghai. // R81
pub fn written(instant: OffsetDateTime) -> String {
    let at = shanghai(instant);
    format!("{} {:02}:{:02}", written_date(instant), at.hour(), at.minute())
}

/// The same with seconds, where it matters which of two came first: `2026-11-23 12:03:09`, in Shanghai. // R81
pub fn written_with_seconds(instant: OffsetDateTime) -> String {
    format!("{}:{:02}", written(instant), shanghai(instant).second())
}

/// How pages write the civil date of an instant: `2026-11-23`, in Shanghai. // R81
pub fn written_date(instant: OffsetDateTime) -> String {
    let date = shanghai_date(instant);
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// The days begun until what runs `lasting` from `begun` is over: on the last day 1, then 0. Never more than the
/// whole, also where `begun` is later than `now`: another server's clock is a little ahead, or it began while `now` was
/// looked up.
pub fn days_left(begun: OffsetDateTime, lasting: Duration, now: OffsetDateTime) -> i64 {
    let left = (begun + lasting - now).clamp(Duration::ZERO, lasting);
    let whole = left.whole_days();
    whole + i64::from(left > Duration::days(whole))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use time::macros::{date, datetime};

    use super::*;

    // R81
    #[test]
    fn the_day_begins_in_shanghai_at_sixteen_hours_utc() {
        assert_eq!(shanghai_date(datetime!(2026-12-31 15:59:59.999 UTC)), date!(2026 - 12 - 31));
        assert_eq!(shanghai_date(datetime!(2026-12-31 16:00 UTC)), date!(2027 - 01 - 01));
        let shown = shanghai(datetime!(2026-03-01 04:03 UTC));
        assert_eq!((shown.hour(), shown.minute()), (12, 3));
        assert_eq!(shown, datetime!(2026-03-01 04:03 UTC), "the instant stays the same");
    }

    #[test]
    fn instants_are_written_in_shanghai() {
        assert_eq!(written(datetime!(2026-11-23 04:03:59 UTC)), "2026-11-23 12:03");
        assert_eq!(written_with_seconds(datetime!(2026-11-23 04:03:09 UTC)), "2026-11-23 12:03:09");
        assert_eq!(written_date(datetime!(2026-12-31 16:00 UTC)), "2027-01-01");
    }

    // R24, R50
    #[test]
    fn days_that_have_begun_are_left_and_never_more_than_the_whole() {
        let begun = datetime!(2026-11-23 04:03 UTC);
        let left = |after: Duration| days_left(begun, Duration::days(30), begun + after);
        assert_eq!(left(Duration::ZERO), 30);
        assert_eq!(left(Duration::days(1) - Duration::MILLISECOND), 30);
        assert_eq!(left(Duration::days(1)), 29);
        assert_eq!(left(Duration::days(30) - Duration::MILLISECOND), 1);
        assert_eq!((left(Duration::days(30)), left(Duration::days(40))), (0, 0));
        assert_eq!(left(-5 * Duration::MILLISECOND), 30, "saved by a clock that is ahead");
    }

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let clock = FixedClock::at(datetime!(2026-03-01 12:00 +8));
        assert_eq!(clock.now(), clock.now());
        assert_eq!(clock.now().offset(), UtcOffset::UTC);
        assert_eq!(clock.advance(Duration::minutes(30)), datetime!(2026-03-01 04:30 UTC));
        clock.set(datetime!(2027-01-01 0:00 UTC));
        assert_eq!(clock.now(), datetime!(2027-01-01 0:00 UTC));
    }

    #[test]
    fn a_clock_put_forward_stays_ahead() {
        let clock = ForwardClock::default();
        let before = SystemClock.now();
        clock.put_forward(std::time::Duration::from_secs(60));
        clock.put_forward(std::time::Duration::from_secs(1));
        let ahead = clock.now() - before;
        assert!(ahead >= Duration::seconds(61) && ahead < Duration::seconds(90), "{ahead}");
    }

    #[test]
    fn the_system_clock_runs_forward() {
        let first = SystemClock.now();
        assert!(SystemClock.now() >= first);
    }
}
