//! What is read at the moment it is asked for: background tasks, connections, and the figures of the database.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use service::Pulse;
use service::db::PoolState;
use service::watch::TaskState;
use time::OffsetDateTime;

/// Of seconds with a fraction.
type Measure = Gauge<f64, AtomicU64>;

/// Of what there is one: it can be forgotten all the same.
type NoLabels = [(&'static str, &'static str); 0];

/// Not called `job`: that label is Prometheus' own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTask {
    task: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRun {
    task: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPool {
    pool: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfConnection {
    pool: &'static str,
    state: &'static str,
}

/// A province by its code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRegion {
    region: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfChannel {
    channel: &'static str,
}

#[derive(Default)]
pub(super) struct Gauges {
    task_runs: Family<OfRun, Counter>,
    task_failures: Family<OfTask, Gauge>,
    task_success: Family<OfTask, Measure>,
    task_period: Family<OfTask, Measure>,
    task_took: Family<OfTask, Measure>,
    connections: Family<OfConnection, Gauge>,
    most_connections: Family<OfPool, Gauge>,
    readable: Gauge,
    queue_open: Family<OfRegion, Gauge>,
    queue_overdue: Family<OfRegion, Gauge>,
    queue_age: Family<OfRegion, Measure>,
    outbox_waiting: Family<OfChannel, Gauge>,
    outbox_age: Family<OfChannel, Measure>,
    outbox_failed: Family<OfChannel, Gauge>,
    sessions: Family<NoLabels, Gauge>,
    audit_head: Family<NoLabels, Gauge>,
    last_backup: Family<NoLabels, Measure>,
}

impl Gauges {
    /// Under their names, which stand in `docs/operating-watching.md`.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Gauges::default();
        let seconds = || Unit::Seconds;
        registry.register(
            "task_runs",
            "Runs of a background task since the start, by how they ended",
            all.task_runs.clone(),
        );
        let help = "Runs of a background task that failed one after the other, up to now";
        registry.register("task_failures_in_a_row", help, all.task_failures.clone());
        let help = "When a background task last ended well, since 1970";
        registry.register_with_unit("task_last_success_timestamp", help, seconds(), all.task_success.clone());
        let help = "The time between two runs of a background task";
        registry.register_with_unit("task_period", help, seconds(), all.task_period.clone());
        let help = "How long the last run of a background task took";
        registry.register_with_unit("task_last_duration", help, seconds(), all.task_took.clone());
        registry.register("db_connections", "Connections to the database", all.connections.clone());
        registry.register(
            "db_connections_max",
            "The most connections there may be",
            all.most_connections.clone(),
        );
        registry.register(
            "database_readable",
            "1 where the figures of the database could be read",
            all.readable.clone(),
        );
        registry.register("queue_open", "Open filings of a province", all.queue_open.clone());
        registry.register("queue_overdue", "Those beyond their working days", all.queue_overdue.clone());
        let help = "Since the day on which the time of the oldest open filing began";
        registry.register_with_unit("queue_oldest_age", help, seconds(), all.queue_age.clone());
        registry.register("outbox_waiting", "Messages to be sent", all.outbox_waiting.clone());
        let help = "Since the oldest message that waits was written";
        registry.register_with_unit("outbox_oldest_age", help, seconds(), all.outbox_age.clone());
        registry.register("outbox_failed", "Messages that were given up", all.outbox_failed.clone());
        registry.register("sessions_live", "Sessions that are signed in", all.sessions.clone());
        registry.register(
            "audit_head",
            "The number of the last line of the audit log",
            all.audit_head.clone(),
        );
        let help = "When the last backup was made, since 1970";
        registry.register_with_unit("backup_last_timestamp", help, seconds(), all.last_backup.clone());
        all
    }

    pub(super) fn set(
        &self,
        tasks: &BTreeMap<&'static str, TaskState>,
        pools: &[PoolState],
        pulse: Option<&Pulse>,
    ) {
        for (task, state) in tasks {
            self.set_task(task, state);
        }
        for pool in pools {
            let PoolState { name: pool, in_use, idle, most } = *pool;
            for (state, n) in [("in_use", in_use), ("idle", idle)] {
                self.connections.get_or_create(&OfConnection { pool, state }).set(n.into());
            }
            self.most_connections.get_or_create(&OfPool { pool }).set(most.into());
        }
        self.readable.set(pulse.is_some().into());
        match pulse {
            Some(pulse) => self.set_pulse(pulse),
            None => self.forget_pulse(),
        }
    }

    fn set_task(&self, task: &'static str, state: &TaskState) {
        let of = OfTask { task };
        for (outcome, n) in [("succeeded", state.succeeded), ("failed", state.failed)] {
            self.task_runs.get_or_create(&OfRun { task, outcome }).inner().store(n, Ordering::Relaxed);
        }
        self.task_failures.get_or_create(&of).set(state.failures_in_a_row.into());
        self.task_period.get_or_create(&of).set(state.period.as_secs_f64());
        self.task_took.get_or_create(&of).set(state.last_took.as_secs_f64());
        if let Some(at) = state.last_success {
            self.task_success.get_or_create(&of).set(since_1970(at));
        }
    }

    fn set_pulse(&self, pulse: &Pulse) {
        let age = |since: Option<OffsetDateTime>| {
            since.map_or(0.0, |since| (pulse.at - since).as_seconds_f64().max(0.0))
        };
        for queue in &pulse.queues {
            let of = OfRegion { region: queue.region };
            self.queue_open.get_or_create(&of).set(whole(queue.open));
            self.queue_overdue.get_or_create(&of).set(whole(queue.overdue));
            self.queue_age.get_or_create(&of).set(age(queue.oldest));
        }
        for outbox in &pulse.outbox {
            let of = OfChannel { channel: outbox.channel.code() };
            self.outbox_waiting.get_or_create(&of).set(whole(outbox.waiting));
            self.outbox_age.get_or_create(&of).set(age(outbox.oldest));
            self.outbox_failed.get_or_create(&of).set(whole(outbox.failed));
        }
        self.sessions.get_or_create(&[]).set(whole(pulse.sessions));
        self.audit_head.get_or_create(&[]).set(whole(pulse.audit_head));
        if let Some(at) = pulse.last_backup {
            self.last_backup.get_or_create(&[]).set(since_1970(at));
        }
    }

    /// What is not known is not told: an old figure would look like a new one.
    fn forget_pulse(&self) {
        self.queue_open.clear();
        self.queue_overdue.clear();
        self.queue_age.clear();
        self.outbox_waiting.clear();
        self.outbox_age.clear();
        self.outbox_failed.clear();
        self.sessions.clear();
        self.audit_head.clear();
        self.last_backup.clear();
    }
}

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn since_1970(at: OffsetDateTime) -> f64 {
    at.unix_timestamp_nanos() as f64 / 1e9
}
