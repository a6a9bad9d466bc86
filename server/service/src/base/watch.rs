//! What one running program counts of itself while it works, for whoever watches it from outside and for the page of
//! its operator.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use time::{Duration, OffsetDateTime};

use crate::base::clock::Clock;

/// The version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What [`COMMIT`] is where the build did not say.
pub const UNKNOWN: &str = "unknown";
/// What it was built from, where the build said so (`BEIAN_COMMIT`).
pub const COMMIT: &str = match option_env!("BEIAN_COMMIT") {
    Some(commit) => commit,
    None => UNKNOWN,
};

/// Signed in; every other outcome is a failure.
pub const SIGNED_IN: &str = "signed_in";
/// Failed sign-ins are remembered so long.
const REMEMBERED: Duration = Duration::days(1);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

/// How a background task of this program fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskState {
    /// The time between one run and the next.
    pub period: std::time::Duration,
    pub succeeded: u64,
    pub failed: u64,
    pub failures_in_a_row: u32,
    pub last_success: Option<OffsetDateTime>,
    pub last_took: std::time::Duration,
    /// Or another server does it at the time.
    is_here: bool,
}

/// One for each running program.
pub struct Watch {
    clock: Arc<dyn Clock>,
    started: OffsetDateTime,
    sign_ins: Family<ByOutcome, Counter>,
    /// By the minute.
    failed_sign_ins: Mutex<VecDeque<(i64, u64)>>,
    uploads: Family<ByOutcome, Counter>,
    upload_bytes: Counter,
    event_streams: Gauge,
    event_streams_lagged: Counter,
    tasks: Mutex<BTreeMap<&'static str, TaskState>>,
}

/// An open stream of events, until it is dropped.
pub struct CountedStream(Gauge);

impl Drop for CountedStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Watch {
            started: clock.now(),
            clock,
            sign_ins: Family::default(),
            failed_sign_ins: Mutex::default(),
            uploads: Family::default(),
            upload_bytes: Counter::default(),
            event_streams: Gauge::default(),
            event_streams_lagged: Counter::default(),
            tasks: Mutex::default(),
        }
    }

    pub fn started(&self) -> OffsetDateTime {
        self.started
    }

    /// Notes how somebody's way from the identity platform ended.
    pub fn sign_in_ended(&self, outcome: &'static str) {
        self.sign_ins.get_or_create(&ByOutcome { outcome }).inc();
        if outcome == SIGNED_IN {
            return;
        }
        let now = self.clock.now();
        let minute = now.unix_timestamp().div_euclid(60);
        let oldest = (now - REMEMBERED).unix_timestamp().div_euclid(60);
        let mut failed = lock(&self.failed_sign_ins);
        while failed.front().is_some_and(|(minute, _)| *minute < oldest) {
            failed.pop_front();
        }
        match failed.back_mut() {
            Some((last, count)) if *last == minute => *count += 1,
            Some(_) | None => failed.push_back((minute, 1)),
        }
    }

    /// How many sign-ins have failed here within this time, a day at most.
    pub fn failed_sign_ins(&self, within: Duration) -> u64 {
        let since = (self.clock.now() - within).unix_timestamp().div_euclid(60);
        lock(&self.failed_sign_ins).iter().filter(|(minute, _)| *minute > since).map(|(_, count)| count).sum()
    }

    /// Notes how an upload ended; of one that was kept, its size.
    pub(crate) fn upload_ended(&self, outcome: &'static str, bytes: u64) {
        self.uploads.get_or_create(&ByOutcome { outcome }).inc();
        self.upload_bytes.inc_by(bytes);
    }

    pub fn stream_opened(&self) -> CountedStream {
        self.event_streams.inc();
        CountedStream(self.event_streams.clone())
    }

    /// Somebody who listens has missed something and was told to read anew.
    pub fn stream_lagged(&self) {
        self.event_streams_lagged.inc();
    }

    /// There is such a background task.
    pub fn task_known(&self, name: &'static str, period: std::time::Duration) {
        lock(&self.tasks).entry(name).or_insert(TaskState {
            period,
            succeeded: 0,
            failed: 0,
            failures_in_a_row: 0,
            last_success: None,
            last_took: std::time::Duration::ZERO,
            is_here: true,
        });
    }

    /// Whether this server does it from now on, or another one.
    pub fn task_is_here(&self, name: &'static str, is_here: bool) {
        if let Some(task) = lock(&self.tasks).get_mut(name) {
            task.is_here = is_here;
        }
    }

    /// Notes how a run ended; says how many failed in a row.
    pub fn task_ended(&self, name: &'static str, is_well: bool, took: std::time::Duration) {
        let now = self.clock.now();
        if let Some(task) = lock(&self.tasks).get_mut(name) {
            task.last_took = took;
            if is_well {
                (task.succeeded, task.failures_in_a_row) = (task.succeeded + 1, 0);
                task.last_success = Some(now);
            } else {
                task.failed += 1;
                task.failures_in_a_row = task.failures_in_a_row.saturating_add(1);
            }
        }
    }

    /// The background tasks of this server by name.
    pub fn tasks(&self) -> BTreeMap<&'static str, TaskState> {
        let tasks = lock(&self.tasks);
        tasks.iter().filter(|(_, task)| task.is_here).map(|(name, task)| (*name, task.clone())).collect()
    }

    /// Those that another server does, with the time between one run and the next.
    pub(crate) fn tasks_elsewhere(&self) -> BTreeMap<&'static str, std::time::Duration> {
        let tasks = lock(&self.tasks);
        tasks.iter().filter(|(_, task)| !task.is_here).map(|(name, task)| (*name, task.period)).collect()
    }

    /// Everything that is counted here under its name. What happens seldom stands there from the start, so that the
    /// first time shows.
    pub fn register(&self, registry: &mut Registry) {
        for outcome in [
            SIGNED_IN,
            "unreachable",
            "stale",
            "declined",
            "untrusted",
            "incomplete",
            "weak",
            "refused",
            "broken",
        ] {
            let _ = self.sign_ins.get_or_create(&ByOutcome { outcome });
        }
        for outcome in ["kept", "refused", "limited", "broken"] {
            let _ = self.uploads.get_or_create(&ByOutcome { outcome });
        }
        registry.register(
            "sign_ins",
            "Ways back from the identity platform, by how they ended",
            self.sign_ins.clone(),
        );
        registry.register("uploads", "Files that were sent, by what became of them", self.uploads.clone());
        let help = "Size of the files that were kept";
        registry.register_with_unit("uploads_kept", help, Unit::Bytes, self.upload_bytes.clone());
        registry.register("event_streams", "Open streams of events", self.event_streams.clone());
        let help = "Listeners that missed something and were told to read anew";
        registry.register("event_streams_lagged", help, self.event_streams_lagged.clone());
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::base::clock::FixedClock;

    #[test]
    fn failed_sign_ins_are_counted_for_an_hour_and_a_day() {
        let clock = Arc::new(FixedClock::at(datetime!(2026-11-02 09:30 UTC)));
        let watch = Watch::new(clock.clone());
        let counted = || [Duration::hours(1), Duration::days(1)].map(|within| watch.failed_sign_ins(within));
        watch.sign_in_ended(SIGNED_IN);
        assert_eq!(counted(), [0, 0]);
        watch.sign_in_ended("stale");
        watch.sign_in_ended("refused");
        assert_eq!(counted(), [2, 2]);
        clock.advance(Duration::hours(2));
        watch.sign_in_ended("broken");
        assert_eq!(counted(), [1, 3]);
        clock.advance(Duration::hours(23));
        assert_eq!(counted(), [0, 1]);
        clock.advance(Duration::hours(23));
        watch.sign_in_ended("stale");
        assert_eq!(lock(&watch.failed_sign_ins).len(), 1, "what is older than a day is forgotten");
    }

    #[test]
    fn a_task_is_known_before_it_ran_and_counts_failures_in_a_row() {
        let now = datetime!(2026-11-02 09:30 UTC);
        let watch = Watch::new(Arc::new(FixedClock::at(now)));
        let second = std::time::Duration::from_secs(1);
        watch.task_known("sweep", 60 * second);
        assert_eq!(watch.tasks().get("sweep").and_then(|task| task.last_success), None);
        watch.task_ended("sweep", false, second);
        watch.task_ended("sweep", false, second);
        watch.task_ended("nobody knows it", true, second);
        let tasks = watch.tasks();
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks.get("sweep").map(|task| (task.failed, task.failures_in_a_row)), Some((2, 2)));
        watch.task_ended("sweep", true, second);
        let task = watch.tasks().remove("sweep");
        assert_eq!(task.map(|task| (task.failures_in_a_row, task.last_success)), Some((0, Some(now))));
    }
}
