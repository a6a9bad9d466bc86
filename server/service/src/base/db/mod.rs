//! Connections and transactions. SQLite gets one writer and several readers, PostgreSQL a pool;
//! both are asked only for what they have in common.

mod facts;
mod location;
mod meter;
mod news;
mod pool;
mod replica;
#[cfg(test)]
mod tests;
mod transaction;

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use migration::Shape;
use prometheus_client::registry::Registry;
use sea_orm::sea_query::{Alias, Asterisk, Query, SelectStatement, UnionType};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection,
    DatabaseTransaction, FromQueryResult, IsolationLevel, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::broadcast;

pub use self::facts::Facts;
pub use self::location::{Wire, wire};
use self::meter::{Meter, PoolMeter};
use self::news::NewsDesk;
pub(crate) use self::news::{News, notify};
pub use self::pool::lasting;
use self::replica::Replica;
pub(crate) use self::replica::ask_replica;
pub use self::transaction::Transaction;
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::error::{Error, Result};
use crate::base::retry::retry;

/// So many connections one server makes to a PostgreSQL, beside the one on which it listens.
pub const MOST_CONNECTIONS: u32 = 20;

/// The database, with the connection that may write kept apart from those that only read.
#[derive(Clone, Debug)]
pub struct Db {
    url: String,
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    meter: Arc<Meter>,
    written: PoolMeter,
    read: PoolMeter,
    rights: Arc<AtomicU64>,
    news: NewsDesk,
    replica: Option<Arc<Replica>>,
}

fn options(url: &str) -> ConnectOptions {
    let mut options = lasting(url);
    options
        .connect_timeout(Duration::from_secs(15))
        .acquire_timeout(Duration::from_secs(15))
        .min_connections(1)
        .map_sqlx_sqlite_opts(sqlite);
    options
}

fn sqlite(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .create_if_missing(false)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
}

/// Others who change the shape at the same moment are waited for.
fn sqlite_to_be_shaped(options: SqliteConnectOptions) -> SqliteConnectOptions {
    sqlite(options).create_if_missing(true).foreign_keys(false).busy_timeout(Duration::from_secs(60))
}

impl Db {
    /// Opens `sqlite://path` or `postgres://…` and brings its shape up to date.
    ///
    /// # Errors
    /// When the database cannot be reached or a migration fails.
    pub async fn open(url: &str) -> Result<Self> {
        Self::migrate(url).await?;
        Self::connect(url).await
    }

    /// Brings the shape up to date, of a new database too; gives the names of the steps that were taken.
    ///
    /// # Errors
    /// When the database cannot be reached, is of a newer program, or a step fails.
    pub async fn migrate(url: &str) -> Result<Vec<String>> {
        location::keep_private(url, true)?;
        let mut options = options(url);
        options.max_connections(1).map_sqlx_sqlite_opts(sqlite_to_be_shaped);
        let connection = connected(options).await?;
        let taken = migration::migrate(&connection, SystemClock.now().unix_timestamp()).await;
        connection.close().await?;
        Ok(taken?)
    }

    /// Opens a database as it is; [`shape`](Db::shape) tells whether use cases can work with it.
    ///
    /// # Errors
    /// When the database is not there or cannot be reached.
    pub async fn connect(url: &str) -> Result<Self> {
        location::keep_private(url, false)?;
        let mut options = options(url);
        let meter: Arc<Meter> = Arc::default();
        let (writer, reader) = if url.starts_with("sqlite:") {
            let mut writing = options.clone();
            writing.max_connections(1).map_sqlx_sqlite_pool_opts(pool::sqlite_writer);
            let writer = counted(connected(writing).await?, &meter, WRITER);
            options.max_connections(4).map_sqlx_sqlite_pool_opts(pool::sqlite_readers);
            (writer, counted(connected(options).await?, &meter, READER))
        } else {
            options.max_connections(MOST_CONNECTIONS).map_sqlx_postgres_pool_opts(pool::postgres);
            let pool = counted(connected(options).await?, &meter, BOTH);
            (pool.clone(), pool)
        };
        let names = if url.starts_with("sqlite:") { (WRITER, READER) } else { (BOTH, BOTH) };
        let (written, read) = (meter.of(names.0), meter.of(names.1));
        Ok(Db {
            url: url.to_owned(),
            writer,
            reader,
            meter,
            written,
            read,
            rights: Arc::default(),
            news: NewsDesk::new(),
            replica: None,
        })
    }

    /// How many statements were sent outside of transactions since it was opened. The log has each, and those of
    /// transactions, with `RUST_LOG=service::statement=trace`, without the values.
    pub fn statements(&self) -> u64 {
        self.meter.all()
    }

    /// What is counted of statements, under its names.
    pub fn register(&self, registry: &mut Registry) {
        self.meter.register(registry);
    }

    /// The kind of the database: `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        match self.writer.get_database_backend() {
            DatabaseBackend::Sqlite => "sqlite",
            _ => "postgres",
        }
    }

    /// How many connections there are, and how many of them wait for work.
    pub fn pools(&self) -> Vec<PoolState> {
        match self.writer.get_database_backend() {
            DatabaseBackend::Sqlite => [(WRITER, &self.writer), (READER, &self.reader)]
                .map(|(name, pool)| {
                    let pool = pool.get_sqlite_connection_pool();
                    PoolState::new(name, pool.size(), pool.num_idle(), pool.options().get_max_connections())
                })
                .into(),
            _ => {
                let pool = self.writer.get_postgres_connection_pool();
                let most = pool.options().get_max_connections();
                vec![PoolState::new(BOTH, pool.size(), pool.num_idle(), most)]
            }
        }
    }

    /// Counts up when this program has ended a session or changed who has which role: what was looked up of somebody's
    /// right before holds no longer.
    pub(crate) fn rights(&self) -> u64 {
        self.rights.load(Ordering::SeqCst)
    }

    /// Wake-ups for who reads what was written, here or by another server.
    pub(crate) fn news(&self) -> broadcast::Receiver<News> {
        self.news.reader(&self.url)
    }

    /// Whether other servers can work on this database too.
    pub fn is_shared(&self) -> bool {
        self.writer.get_database_backend() != DatabaseBackend::Sqlite
    }

    /// Whether the shape is the one this program knows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn shape(&self) -> Result<Shape> {
        Ok(migration::shape(&self.reader).await?)
    }

    /// Waits until no other server fills the database with what belongs into a new one, and keeps others
    /// waiting until the turn is over. On SQLite each filling is one transaction, and there is one writer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn turn(&self) -> Result<Turn> {
        let tx = match self.writer.get_database_backend() {
            DatabaseBackend::Sqlite => None,
            _ => {
                let tx = self.loader().await?.begin().await?;
                tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({FILLING})")).await?;
                Some(tx)
            }
        };
        Ok(Turn { _lock: tx })
    }

    /// Opens the file of a SQLite that nobody writes to, and leaves it and what is beside it as it is.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) async fn open_copy(file: &Path) -> Result<Self> {
        let mut options = lasting("sqlite://");
        let file = file.to_path_buf();
        options.max_connections(1).map_sqlx_sqlite_opts(move |options| {
            options.filename(&file).create_if_missing(false).read_only(true).immutable(true)
        });
        let reader = Database::connect(options).await?;
        let meter: Arc<Meter> = Arc::default();
        Ok(Db {
            url: String::new(),
            writer: reader.clone(),
            reader,
            written: meter.of(READER),
            read: meter.of(READER),
            meter,
            rights: Arc::default(),
            news: NewsDesk::new(),
            replica: None,
        })
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

    /// A connection of its own for what no transaction may hold: loading, and the database's own settings. Its
    /// statements may take as long as they need.
    pub(crate) async fn loader(&self) -> Result<DatabaseConnection> {
        let mut options = options(&self.url);
        options.max_connections(1);
        connected(options).await
    }

    /// Begins a transaction that may write.
    pub async fn begin(&self) -> Result<Transaction> {
        let options = match self.writer.get_database_backend() {
            DatabaseBackend::Sqlite => TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            },
            _ => TransactionOptions {
                isolation_level: Some(IsolationLevel::ReadCommitted),
                ..TransactionOptions::default()
            },
        };
        Ok(Transaction::begin(&self.writer, options, &self.rights, &self.news, &self.written).await?)
    }

    /// Begins a transaction that only reads, everything as of one moment, may take its time and keeps nobody
    /// from writing.
    pub(crate) async fn begin_to_read(&self) -> Result<Transaction> {
        match self.reader.get_database_backend() {
            DatabaseBackend::Sqlite => Ok(Transaction::begin(
                &self.reader,
                TransactionOptions::default(),
                &self.rights,
                &self.news,
                &self.read,
            )
            .await?),
            _ => {
                let options = TransactionOptions {
                    isolation_level: Some(IsolationLevel::RepeatableRead),
                    access_mode: Some(AccessMode::ReadOnly),
                    ..TransactionOptions::default()
                };
                let tx =
                    Transaction::begin(&self.reader, options, &self.rights, &self.news, &self.read).await?;
                tx.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
                Ok(tx)
            }
        }
    }

    /// Begins a transaction that sees the database as it was when it began, and may take its time.
    pub async fn begin_with_one_view(&self) -> Result<Transaction> {
        match self.writer.get_database_backend() {
            // Nobody else writes meanwhile.
            DatabaseBackend::Sqlite => self.begin().await,
            _ => {
                let options = TransactionOptions {
                    isolation_level: Some(IsolationLevel::RepeatableRead),
                    ..TransactionOptions::default()
                };
                let tx = Transaction::begin(&self.writer, options, &self.rights, &self.news, &self.written)
                    .await?;
                tx.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
                Ok(tx)
            }
        }
    }

    /// Writes and commits one row, to see whether the database takes anything now.
    ///
    /// # Errors
    /// When it does not.
    pub async fn give_sign_of_life(&self) -> Result<()> {
        let tx = self.begin().await?;
        next_serial(&tx, "sign_of_life").await?;
        Ok(tx.commit().await?)
    }
}

/// Connects. Of several that turn a new SQLite to its write-ahead log at the same moment all but one are told that it is
/// locked, whatever their patience: they try again.
async fn connected(options: ConnectOptions) -> Result<DatabaseConnection> {
    retry!(async { Ok::<_, Error>(Database::connect(options.clone()).await?) })
}

fn counted(mut connection: DatabaseConnection, meter: &Arc<Meter>, pool: &'static str) -> DatabaseConnection {
    let (meter, of) = (Arc::clone(meter), meter.of(pool));
    connection.set_metric_callback(move |asked| {
        meter.one_more();
        of.note(asked);
    });
    connection
}

const WRITER: &str = "writer";
const READER: &str = "reader";
/// PostgreSQL has one pool for both.
const BOTH: &str = "all";

/// The connections of one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    pub name: &'static str,
    pub in_use: u32,
    pub idle: u32,
    /// There are never more.
    pub most: u32,
}

impl PoolState {
    fn new(name: &'static str, all: u32, idle: usize, most: u32) -> Self {
        let idle = u32::try_from(idle).unwrap_or(u32::MAX).min(all);
        PoolState { name, in_use: all - idle, idle, most }
    }
}

/// The number of the lock under which PostgreSQL is filled; any that nobody else takes.
const FILLING: i64 = 0x6265_6961_6e00_0002;

/// Ends when it is dropped.
#[must_use]
pub struct Turn {
    _lock: Option<DatabaseTransaction>,
}

/// The next value of a named counter, 1 at first. Gaps are possible, repetition is not; the row's
/// lock orders those who ask at once.
pub async fn next_serial(on: &impl ConnectionTrait, name: &str) -> Result<i64> {
    use sea_orm::ActiveValue::Set;
    use sea_orm::EntityTrait;
    use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};

    use crate::base::entity::counter;
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

/// Several questions as one; each in brackets of its own, since SQLite orders and limits only so.
pub(crate) fn united(parts: Vec<SelectStatement>) -> SelectStatement {
    let mut parts = parts.into_iter().enumerate().map(|(number, part)| {
        Query::select().column(Asterisk).from_subquery(part, Alias::new(format!("part{number}"))).to_owned()
    });
    let mut all = parts.next().unwrap_or_else(|| Query::select().to_owned());
    for part in parts {
        all.union(UnionType::All, part);
    }
    all
}

/// The rows of several questions of one kind, asked at once; of no question none. In no order.
pub(crate) async fn rows_of<M: FromQueryResult>(
    on: &impl ConnectionTrait,
    questions: Vec<SelectStatement>,
) -> Result<Vec<M>> {
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    let rows = on.query_all(&united(questions)).await?;
    rows.iter().map(|row| Ok(M::from_query_result(row, "")?)).collect()
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
