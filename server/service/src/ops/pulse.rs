//! How the platform fares, in figures of its database: for whoever watches it from outside, and for the page of its
//! operator. Nothing of it is personal, and nothing is read whole that grows without an end.

use std::sync::Arc;

use domain::notice::Channel;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect, Statement};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use crate::account::person::{IDLE, SESSION_LIFETIME};

use crate::base::context::handle;
use crate::base::db::{instant, millis};
use crate::base::entity::{outbox, upload};
use crate::base::error::Result;
use crate::base::region;
use crate::ops::backup::LAST_BACKUP;
use crate::state::counters::{Asked, EVERYWHERE, STANDS_STILL, WAITING, begin_of_day, counts_of, day_number};

/// So long the figures hold: whoever asks all the time makes no work.
const HOLDS: Duration = Duration::seconds(10);
/// Files are counted by looking at all their rows.
const FILES_HOLD: Duration = Duration::minutes(5);

/// A message that is due waits no longer where its gateway works.
const LONGEST_WAIT: Duration = Duration::minutes(10);
/// A backup a day, and two hours for making it.
const BACKUP_EVERY: Duration = Duration::hours(26);

/// Open filings of a province.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePulse {
    /// Its code.
    pub region: &'static str,
    pub open: u64,
    pub overdue: u64,
    /// The day on which the time of the oldest began, its beginning in Shanghai; none where nothing runs.
    pub oldest: Option<OffsetDateTime>,
}

/// Messages of one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxPulse {
    pub channel: Channel,
    pub waiting: u64,
    /// When the oldest that waits was written.
    pub oldest: Option<OffsetDateTime>,
    /// Given up, and not swept yet.
    pub failed: u64,
}

/// The figures of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    pub at: OffsetDateTime,
    /// Every province, in the order of their codes.
    pub queues: Vec<QueuePulse>,
    pub outbox: Vec<OutboxPulse>,
    pub sessions: u64,
    /// The number of the last line of the audit log.
    pub audit_head: u64,
    /// When `backup` last made one whole.
    pub last_backup: Option<OffsetDateTime>,
}

/// The files that rows name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FilesPulse {
    pub files: u64,
    pub bytes: u64,
}

impl Pulse {
    /// How long the oldest message of a way has waited.
    pub fn waits(&self, outbox: &OutboxPulse) -> Option<Duration> {
        outbox.oldest.map(|since| self.at - since)
    }

    /// Whether messages of a way go out in time, and none was given up.
    pub fn is_sending(&self, outbox: &OutboxPulse) -> bool {
        outbox.failed == 0 && self.waits(outbox).is_none_or(|waits| waits <= LONGEST_WAIT)
    }

    /// Whether a backup was made within the last day.
    pub fn is_backed_up(&self) -> bool {
        self.last_backup.is_some_and(|at| self.at - at <= BACKUP_EVERY)
    }
}

/// What was read last, and when; whoever asks at the same moment waits for the same answer.
pub(crate) type Kept<T> = Mutex<Option<(OffsetDateTime, T)>>;

/// What was read so short a time ago that it still holds.
pub(crate) fn still<T: Clone>(
    kept: &Option<(OffsetDateTime, T)>,
    now: OffsetDateTime,
    holds: Duration,
) -> Option<T> {
    kept.as_ref().filter(|(at, _)| (now - *at).abs() < holds).map(|(_, value)| value.clone())
}

handle! {
    /// How the platform fares.
    Pulses {} own {
        pulse: Kept<Arc<Pulse>>,
        files: Kept<FilesPulse>,
    }
}

impl Pulses {
    /// The figures, ten seconds old at most.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pulse(&self) -> Result<Arc<Pulse>> {
        let mut kept = self.pulse.lock().await;
        let now = self.context.clock.now();
        if let Some(pulse) = still(&kept, now, HOLDS) {
            return Ok(pulse);
        }
        let pulse = Arc::new(self.read(now).await?);
        *kept = Some((now, Arc::clone(&pulse)));
        Ok(pulse)
    }

    /// How many files there are and how large they are, five minutes old at most.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn files(&self) -> Result<FilesPulse> {
        let mut kept = self.files.lock().await;
        let now = self.context.clock.now();
        if let Some(files) = still(&kept, now, FILES_HOLD) {
            return Ok(files);
        }
        // PostgreSQL makes a NUMERIC of the sum.
        let size = SimpleExpr::from(Expr::col(upload::Column::Size).sum()).cast_as("BIGINT");
        let row: Option<(i64, Option<i64>)> = upload::Entity::find()
            .select_only()
            .column_as(Expr::val(1).count(), "files")
            .column_as(size, "bytes")
            .into_tuple()
            .one(self.context.db.read())
            .await?;
        let (files, bytes) = row.unwrap_or_default();
        let files = FilesPulse { files: count(files), bytes: count(bytes.unwrap_or(0)) };
        *kept = Some((now, files));
        Ok(files)
    }

    async fn read(&self, now: OffsetDateTime) -> Result<Pulse> {
        let queues = self.queues(now).await?;
        let outbox = self.outbox().await?;
        let on = self.context.db.read();
        let (since, seen) = (millis(now - SESSION_LIFETIME), millis(now - IDLE));
        let singles = format!(
            "SELECT (SELECT COUNT(*) FROM session WHERE revoked_at IS NULL AND created_at > {since} AND seen_at > {seen}), \
             (SELECT MAX(seq) FROM audit), (SELECT value FROM counter WHERE name = '{LAST_BACKUP}')"
        );
        let row = on.query_one_raw(Statement::from_string(on.get_database_backend(), singles)).await?;
        let (sessions, audit_head, last_backup): (i64, Option<i64>, Option<i64>) = match row {
            Some(row) => (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?),
            None => (0, None, None),
        };
        Ok(Pulse {
            at: now,
            queues,
            outbox,
            sessions: count(sessions),
            audit_head: count(audit_head.unwrap_or(0)),
            last_backup: last_backup.map(instant),
        })
    }

    async fn queues(&self, now: OffsetDateTime) -> Result<Vec<QueuePulse>> {
        let in_time = day_number(self.context.overdue_before(now).await?);
        let codes: Vec<&'static str> = region::children(None).iter().map(|province| province.code).collect();
        let asked = [Asked { kind: WAITING, regions: &codes, since: 0 }];
        let [waiting] = counts_of(self.context.db.read(), EVERYWHERE, asked).await?;
        let of = |code: &'static str| {
            let here = || waiting.iter().filter(|counted| counted.region == code && counted.n > 0);
            let total = |late: bool| {
                let some = here().filter(|counted| !late || counted.day < in_time);
                count(some.map(|counted| counted.n).sum())
            };
            let oldest = here().map(|counted| counted.day).filter(|day| *day < STANDS_STILL).min();
            let oldest = oldest.map(|day| instant(begin_of_day(day)));
            QueuePulse { region: code, open: total(false), overdue: total(true), oldest }
        };
        Ok(codes.iter().copied().map(of).collect())
    }

    /// The rows of the outbox are swept once they are sent or given up, so there are never many.
    async fn outbox(&self) -> Result<Vec<OutboxPulse>> {
        let counted = |condition: &str| Expr::cust(format!("SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)"));
        let rows: Vec<(String, i64, Option<i64>, i64)> = outbox::Entity::find()
            .select_only()
            .column(outbox::Column::Channel)
            .column_as(counted("due_at IS NOT NULL"), "waiting")
            .column_as(Expr::cust("MIN(CASE WHEN due_at IS NOT NULL THEN created_at END)"), "oldest")
            .column_as(counted("failed_at IS NOT NULL"), "failed")
            .group_by(outbox::Column::Channel)
            .into_tuple()
            .all(self.context.db.read())
            .await?;
        let of = |channel: Channel| {
            let row = rows.iter().find(|(code, ..)| code == channel.code());
            let (waiting, oldest, failed) =
                row.map_or((0, None, 0), |(_, waiting, oldest, failed)| (*waiting, *oldest, *failed));
            OutboxPulse {
                channel,
                waiting: count(waiting),
                oldest: oldest.map(instant),
                failed: count(failed),
            }
        };
        Ok([Channel::Sms, Channel::Mail].map(of).into())
    }
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
