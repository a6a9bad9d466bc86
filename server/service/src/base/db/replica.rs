//! A copy of the database that follows it (PostgreSQL's streaming replication), for what everybody may read. It is asked
//! only while it is known to be a copy of this database and not far behind; otherwise the database itself is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, Statement};
use tokio::time::Instant;

use super::{Db, options, pool};
use crate::base::error::{Error, Result, chain};

/// What its statements are counted under.
const REPLICA: &str = "replica";

/// So far behind a replica may be.
pub const MOST_BEHIND: Duration = Duration::from_secs(30);

/// How far the database itself was, and when.
#[derive(Debug, Clone)]
struct Mark {
    at: Instant,
    place: String,
}

/// What is known of the replica.
#[derive(Debug)]
pub(super) struct Replica {
    on: DatabaseConnection,
    is_usable: AtomicBool,
    /// The replica has to have come here by the time the mark is as old as it may be behind.
    mark: Mutex<Option<Mark>>,
}

impl Db {
    /// The same database with a replica, which is connected to when it is there.
    ///
    /// # Errors
    /// When the address is none of a PostgreSQL.
    pub async fn with_replica(mut self, url: &str) -> Result<Self> {
        let mut options = options(url);
        options
            .connect_lazy(true)
            .min_connections(0)
            .max_connections(10)
            .acquire_timeout(Duration::from_secs(1))
            .map_sqlx_postgres_pool_opts(pool::postgres);
        let on = super::counted(Database::connect(options).await?, &self.meter, REPLICA);
        self.replica =
            Some(Arc::new(Replica { on, is_usable: AtomicBool::new(false), mark: Mutex::default() }));
        Ok(self)
    }

    /// For reading what everybody may see: the replica, if it can be asked.
    pub(crate) fn public(&self) -> &DatabaseConnection {
        match &self.replica {
            Some(replica) if replica.is_usable.load(Ordering::Relaxed) => &replica.on,
            Some(_) | None => self.read(),
        }
    }

    /// Whether the replica is asked for public look-ups; nothing where there is none.
    pub fn asks_replica(&self) -> Option<bool> {
        self.replica.as_ref().map(|replica| replica.is_usable.load(Ordering::Relaxed))
    }

    /// Whether it was the replica that failed, which is then not asked until it was looked at again.
    pub(crate) fn gives_up_replica(&self, error: &Error) -> bool {
        let Some(replica) = &self.replica else { return false };
        let failed = matches!(error, Error::Database(_)) && replica.is_usable.swap(false, Ordering::Relaxed);
        if failed {
            tracing::warn!(error = chain(error), "the replica failed, the database itself is asked");
        }
        failed
    }

    /// Looks whether the replica can be asked. For the server to call every few seconds.
    ///
    /// # Errors
    /// When the database itself fails.
    pub async fn look_at_replica(&self) -> Result<()> {
        let Some(replica) = &self.replica else { return Ok(()) };
        let now = Instant::now();
        let own = text(
            self.read(),
            "SELECT pg_current_wal_lsn()::text, system_identifier::text FROM pg_control_system()",
        );
        let [place, name] = own.await?;
        let mark = {
            let mut mark = replica.mark.lock().unwrap_or_else(PoisonError::into_inner);
            let mark = mark.get_or_insert_with(|| Mark { at: now, place: place.clone() });
            mark.clone()
        };
        let is_usable = match replica.has_come_to(&mark.place, &name).await {
            Ok(true) => {
                // From here on it has to come to where the database is now.
                *replica.mark.lock().unwrap_or_else(PoisonError::into_inner) = Some(Mark { at: now, place });
                true
            }
            Ok(false) => replica.is_usable.load(Ordering::Relaxed) && now - mark.at < MOST_BEHIND,
            Err(error) => {
                tracing::warn!(error = chain(&error), "the replica cannot be asked");
                false
            }
        };
        if replica.is_usable.swap(is_usable, Ordering::Relaxed) != is_usable {
            tracing::warn!(is_usable, "the replica is asked for public look-ups, or not any more");
        }
        Ok(())
    }
}

/// What everybody may see, asked of the replica; where that one failed, asked once more, which asks the database itself.
macro_rules! ask_replica {
    ($db:expr, $asked:expr) => {
        match $asked.await {
            Err(error) if $db.gives_up_replica(&error) => $asked.await,
            outcome => outcome,
        }
    };
}
pub(crate) use ask_replica;

impl Replica {
    /// Whether it is a copy of the database with this name and has everything up to this place.
    async fn has_come_to(&self, place: &str, name: &str) -> Result<bool> {
        let sql = format!(
            "SELECT coalesce(pg_last_wal_replay_lsn() >= '{place}'::pg_lsn, false)::text, system_identifier::text \
             FROM pg_control_system()"
        );
        let [has_come, its_name] = text(&self.on, &sql).await?;
        if its_name != name {
            return Err(Error::Corrupt("the replica is one of another database".to_owned()));
        }
        Ok(has_come == "true")
    }
}

async fn text<const COLUMNS: usize>(on: &DatabaseConnection, sql: &str) -> Result<[String; COLUMNS]> {
    let row = on.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await?;
    let row = row.ok_or(Error::NotFound)?;
    let mut columns = std::array::from_fn(|_| String::new());
    for (at, column) in columns.iter_mut().enumerate() {
        *column = row.try_get_by_index(at)?;
    }
    Ok(columns)
}
