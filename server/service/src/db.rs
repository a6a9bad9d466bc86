//! Connections and transactions. SQLite gets one writer and several readers, PostgreSQL a pool;
//! both are asked only for what they have in common.

mod location;

use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction,
    IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

pub use self::location::{Wire, wire};
use crate::error::{Error, Result};

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
        let db = Self::open_as_it_is(url).await?;
        migration::Migrator::up(&db.writer, None).await?;
        Ok(db)
    }

    /// Opens a database in the shape that it has.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub(crate) async fn open_as_it_is(url: &str) -> Result<Self> {
        let is_sqlite = url.starts_with("sqlite:");
        if is_sqlite {
            location::keep_private(url)?;
        }
        let mut options = ConnectOptions::new(url);
        options
            .sqlx_logging(false)
            .connect_timeout(Duration::from_secs(15))
            .acquire_timeout(Duration::from_secs(15))
            .min_connections(1);
        Ok(if is_sqlite {
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
        })
    }

    /// Opens the file of a SQLite that nobody writes to, and leaves it and what is beside it as it is.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) async fn open_copy(file: &Path) -> Result<Self> {
        let mut options = ConnectOptions::new("sqlite://");
        let file = file.to_path_buf();
        options.sqlx_logging(false).max_connections(1).map_sqlx_sqlite_opts(move |options| {
            options.filename(&file).create_if_missing(false).read_only(true).immutable(true)
        });
        let reader = Database::connect(options).await?;
        Ok(Db { writer: reader.clone(), reader })
    }

    /// Closes all connections, which waits for what they are doing.
    pub async fn close(self) -> Result<()> {
        self.reader.close().await?;
        Ok(self.writer.close().await?)
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
    pub async fn begin(&self) -> Result<DatabaseTransaction> {
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
        Ok(transaction)
    }

    /// Begins a transaction that sees the database as it was when it began.
    pub async fn begin_with_one_view(&self) -> Result<DatabaseTransaction> {
        match self.writer.get_database_backend() {
            // Nobody else writes meanwhile.
            DatabaseBackend::Sqlite => self.begin().await,
            _ => Ok(self.writer.begin_with_config(Some(IsolationLevel::RepeatableRead), None).await?),
        }
    }

    pub async fn is_reachable(&self) -> bool {
        self.reader.ping().await.is_ok()
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
