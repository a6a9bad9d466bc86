//! Counts and times the statements that are sent to the database.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use sea_orm::metric::Info;

/// A statement that takes longer is told of.
const SLOW: Duration = Duration::from_secs(1);
/// So much of a slow statement is written.
const LONGEST: usize = 2_000;

/// Upper bounds in seconds: most statements take less than a millisecond.
const BUCKETS: [f64; 11] = [0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 1.0, 5.0, 30.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPool {
    pool: &'static str,
}

/// What was sent since the database was opened.
#[derive(Debug)]
pub(super) struct Meter {
    all: AtomicU64,
    sent: Family<OfPool, Counter>,
    failed: Family<OfPool, Counter>,
    took: Family<OfPool, Histogram, fn() -> Histogram>,
}

impl Default for Meter {
    fn default() -> Self {
        Meter {
            all: AtomicU64::default(),
            sent: Family::default(),
            failed: Family::default(),
            took: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        }
    }
}

impl Meter {
    pub(super) fn all(&self) -> u64 {
        self.all.load(Ordering::Relaxed)
    }

    /// Counts a statement outside of transactions; see [`Db::statements`](super::Db::statements).
    pub(super) fn one_more(&self) {
        self.all.fetch_add(1, Ordering::Relaxed);
    }

    /// What notes the statements of a pool.
    pub(super) fn of(&self, pool: &'static str) -> PoolMeter {
        let of = OfPool { pool };
        PoolMeter {
            pool,
            sent: self.sent.get_or_create_owned(&of),
            failed: self.failed.get_or_create_owned(&of),
            took: self.took.get_or_create_owned(&of),
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("db_statements", "Statements sent to the database", self.sent.clone());
        registry.register("db_statements_failed", "Statements that ended with an error", self.failed.clone());
        let help = "How long statements took";
        registry.register_with_unit("db_statement_duration", help, Unit::Seconds, self.took.clone());
    }
}

/// Notes the statements of a pool. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct PoolMeter {
    pool: &'static str,
    sent: Counter,
    failed: Counter,
    took: Histogram,
}

impl PoolMeter {
    /// The log has each statement with `RUST_LOG=service::statement=trace`, without the values, and a slow one in any
    /// case.
    pub(super) fn note(&self, asked: &Info<'_>) {
        self.sent.inc();
        if asked.failed {
            self.failed.inc();
        }
        self.took.observe(asked.elapsed.as_secs_f64());
        let sql = &asked.statement.sql;
        let microseconds = u64::try_from(asked.elapsed.as_micros()).unwrap_or(u64::MAX);
        tracing::trace!(target: "service::statement", microseconds, "{sql}");
        if asked.elapsed > SLOW {
            let milliseconds = u64::try_from(asked.elapsed.as_millis()).unwrap_or(u64::MAX);
            let (pool, sql) = (self.pool, sql.chars().take(LONGEST).collect::<String>());
            tracing::warn!(target: "service::statement", pool, milliseconds, sql, "a slow statement");
        }
    }
}
