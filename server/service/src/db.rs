//! Connections and transactions. SQLite gets one writer and several readers, PostgreSQL a pool;
//! both are asked only for what they have in common.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, DbErr,
    ExecResult, IsolationLevel, QueryResult, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

use crate::error::{Error, Result};
use crate::row_digest::{Row, Table, written_by};

/// The database, with the connection that may write kept apart from those that only read.
#[derive(Clone)]
pub struct Db {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
}

impl Db {
    /// Opens `sqlite://path` or `postgres://…` and brings its shape up to date.
    ///
    /// # Errors
    /// When the database cannot be reached or a migration fails.
    pub async fn open(url: &str) -> Result<Self> {
        let is_sqlite = url.starts_with("sqlite:");
        let mut options = ConnectOptions::new(url);
        options
            .sqlx_logging(false)
            .connect_timeout(Duration::from_secs(15))
            .acquire_timeout(Duration::from_secs(15))
            .min_connections(1);
        let db = if is_sqlite {
            options.map_sqlx_sqlite_opts(|options| {
                use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
                options
                    .create_if_missing(true)
                    .foreign_keys(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(Duration::from_secs(10))
            });
            let mut writing = options.clone();
            writing.max_connections(1);
            let writer = Database::connect(writing).await?;
            options.max_connections(4);
            let reader = Database::connect(options).await?;
            Db { writer, reader }
        } else {
            options.max_connections(20);
            let pool = Database::connect(options).await?;
            Db { writer: pool.clone(), reader: pool }
        };
        migration::Migrator::up(&db.writer, None).await?;
        Ok(db)
    }

    /// For reading outside a transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For what no transaction may hold: loading, and the database's own settings.
    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Begins a transaction that may write.
    pub async fn begin(&self) -> Result<Transaction> {
        let transaction = match self.writer.get_database_backend() {
            DatabaseBackend::Sqlite => {
                let options = TransactionOptions {
                    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                    ..TransactionOptions::default()
                };
                self.writer.begin_with_options(options).await?
            }
            _ => self.writer.begin_with_config(Some(IsolationLevel::ReadCommitted), None).await?,
        };
        Ok(Transaction::over(transaction))
    }

    /// Begins a transaction that only reads, everything as of one moment, and keeps nobody from writing.
    pub(crate) async fn begin_to_read(&self) -> Result<Transaction> {
        let transaction = match self.reader.get_database_backend() {
            DatabaseBackend::Sqlite => self.reader.begin().await?,
            _ => {
                let (level, access) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
                self.reader.begin_with_config(Some(level), Some(access)).await?
            }
        };
        Ok(Transaction::over(transaction))
    }

    /// Begins a transaction that sees the database as it was when it began.
    pub async fn begin_with_one_view(&self) -> Result<Transaction> {
        match self.writer.get_database_backend() {
            // Nobody else writes meanwhile.
            DatabaseBackend::Sqlite => self.begin().await,
            _ => {
                let level = Some(IsolationLevel::RepeatableRead);
                Ok(Transaction::over(self.writer.begin_with_config(level, None).await?))
            }
        }
    }

    pub async fn is_reachable(&self) -> bool {
        self.reader.ping().await.is_ok()
    }
}

/// Rows by table and key, as the last statement left them; none for those that are gone.
pub(crate) type WrittenRows = BTreeMap<(&'static str, String), Option<Row>>;

/// A transaction that notes what becomes of audited rows, for the line of the audit log that tells
/// about it. Statements that would leave it ignorant are refused: write such rows through
/// `exec_with_returning`. So is a commit without a line.
#[derive(Debug)]
pub struct Transaction {
    inner: sea_orm::DatabaseTransaction,
    written: Mutex<WrittenRows>,
}

impl Transaction {
    fn over(inner: sea_orm::DatabaseTransaction) -> Self {
        Transaction { inner, written: Mutex::default() }
    }

    /// # Errors
    /// Where audited rows were written and no line tells about them.
    pub async fn commit(self) -> Result<(), DbErr> {
        if let Some((table, key)) = self.take_written().into_keys().next() {
            self.inner.rollback().await?;
            return Err(DbErr::Custom(format!("{table} {key} was written without a line in the audit log")));
        }
        self.inner.commit().await
    }

    pub async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }

    /// What was written since this was last asked.
    pub(crate) fn take_written(&self) -> WrittenRows {
        std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note<'a>(
        &self,
        table: &'static Table,
        sql: &str,
        rows: impl IntoIterator<Item = &'a QueryResult>,
    ) -> Result<(), DbErr> {
        let is_gone = sql.starts_with("DELETE");
        let rows = rows.into_iter().map(|row| table.read(row)).collect::<Result<Vec<_>, _>>()?;
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            written.insert((table.name, row.key.clone()), (!is_gone).then_some(row));
        }
        Ok(())
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        if let Some(table) = written_by(&statement.sql) {
            return Err(DbErr::Custom(format!(
                "{} is audited: what becomes of its rows must come back, by exec_with_returning",
                table.name
            )));
        }
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        if written_by(&statement.sql).is_none() {
            return self.inner.query_one_raw(statement).await;
        }
        // All of them: of more rows than one, the others would go unnoticed.
        let mut rows = self.query_all_raw(statement).await?;
        Ok(if rows.is_empty() { None } else { Some(rows.swap_remove(0)) })
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let Some(table) = written_by(&statement.sql) else {
            return self.inner.query_all_raw(statement).await;
        };
        let sql = statement.sql.clone();
        let rows = self.inner.query_all_raw(statement).await?;
        self.note(table, &sql, &rows)?;
        Ok(rows)
    }

    /// SQLite since 3.35; ours is compiled in.
    fn support_returning(&self) -> bool {
        true
    }
}

/// Runs a use case again while the database says that another transaction was in the way.
#[macro_export]
macro_rules! again {
    ($attempt:expr) => {{
        let mut tries = 0_u32;
        loop {
            match $attempt.await {
                Err(error) if error.is_transient() && tries < 6 => {
                    tries += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(5 << tries)).await;
                }
                outcome => break outcome,
            }
        }
    }};
}

/// The next value of a named counter, 1 at first. Gaps are possible, repetition is not; the row's
/// lock orders those who ask at once.
pub async fn next_serial(on: &impl ConnectionTrait, name: &str) -> Result<i64> {
    use crate::entity::counter;
    use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
    use sea_orm::{ActiveValue::Set, EntityTrait};
    let row = counter::ActiveModel { name: Set(name.to_owned()), value: Set(1) };
    let row = counter::Entity::insert(row)
        .on_conflict(
            OnConflict::column(counter::Column::Name)
                .value(counter::Column::Value, Expr::col((counter::Entity, counter::Column::Value)).add(1))
                .to_owned(),
        )
        .exec_with_returning(on)
        .await?;
    Ok(row.value)
}

/// Counts the ids this process made, so that those of one millisecond sort in the order they were made.
static MADE: AtomicU64 = AtomicU64::new(0);

/// A new id: a UUIDv7, so that ids sort by the time they were made. After the time stand 42 bits of the
/// count, which no other clock in the process disturbs, then 32 random bits.
pub fn new_id(now: time::OffsetDateTime) -> String {
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    let [.., a0, a1] = (made >> 30 & 0xfff).to_be_bytes();
    let [.., b0, b1, b2, b3] = (made & 0x3fff_ffff).to_be_bytes();
    let chance = uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 0, 0));
    let [.., r0, r1, r2, r3] = *chance.as_bytes();
    let at = u64::try_from(millis(now)).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(at, &[a0, a1, b0, b1, b2, b3, r0, r1, r2, r3])
        .into_uuid()
        .to_string()
}

/// Milliseconds since 1970, as instants are stored.
pub fn millis(at: time::OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

pub fn instant(millis: i64) -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
}

/// Ids from outside are looked up only if they look like ids.
pub fn plausible_id(text: &str) -> Result<&str> {
    uuid::Uuid::from_str(text).map(|_| text).map_err(|_| Error::NotFound)
}
