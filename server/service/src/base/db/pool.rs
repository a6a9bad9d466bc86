//! What a pool asks of a connection before it hands it out: that no transaction is open on it.
//!
//! After a full disk, an I/O error, no memory or an interrupt, SQLite has rolled back by itself. The
//! driver's own `ROLLBACK` fails then and it goes on counting an open transaction: the next one would be
//! a savepoint in a transaction that nobody ends, and its commit no commit.

use crate::base::error::chain;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::{Connection, Database, Executor as _, PgConnection, Postgres, Sqlite, SqliteConnection};
use sea_orm::{ConnectOptions, sqlx};

/// Connections that stay for as long as they work. What would close old ones runs for ever on one core
/// where it counts the idle ones in the wrong moment (sqlx#3645, in 0.9.0).
pub fn lasting(url: impl Into<String>) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).idle_timeout(None).max_lifetime(None);
    options
}

/// A rollback that was asked for by dropping a transaction has run afterwards.
async fn came_to_rest(connection: &mut impl Connection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        connection.ping().await?;
    }
    let at_rest = !connection.is_in_transaction();
    if !at_rest {
        tracing::warn!("a connection is closed: its transaction did not end");
    }
    Ok(at_rest)
}

/// A connection that was used within this time is handed out as it is: asking it whether it lives would be another
/// statement beside each one. After it the question is asked, so that a database that was begun again is noticed.
const SURELY_ALIVE: Duration = Duration::from_secs(1);

fn handing_out_only_at_rest<D: Database>(options: PoolOptions<D>) -> PoolOptions<D> {
    options.test_before_acquire(false).before_acquire(|connection, of| {
        async move {
            if of.idle_for > SURELY_ALIVE {
                connection.ping().await?;
            }
            let at_rest = !connection.is_in_transaction();
            if !at_rest {
                tracing::error!("a connection with an open transaction lay in the pool, and is closed");
            }
            Ok(at_rest)
        }
        .boxed()
    })
}

/// For connections that only read.
pub(super) fn sqlite_readers(options: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    handing_out_only_at_rest(options)
        .after_release(|connection, _| async move { came_to_rest(connection).await }.boxed())
}

/// For the one connection that writes. What a use case writes after SQLite has rolled back by itself
/// would be kept statement by statement; from a rollback until its release the connection commits nothing.
pub(super) fn sqlite_writer(options: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
    let rolled_back = Arc::new(AtomicBool::new(false));
    let connected = Arc::clone(&rolled_back);
    handing_out_only_at_rest(options)
        .max_connections(1)
        .after_connect(move |connection: &mut SqliteConnection, _| {
            let rolled_back = Arc::clone(&connected);
            async move {
                rolled_back.store(false, Ordering::SeqCst);
                let mut handle = connection.lock_handle().await?;
                let asked = Arc::clone(&rolled_back);
                handle.set_commit_hook(move || !asked.load(Ordering::SeqCst));
                handle.set_rollback_hook(move || rolled_back.store(true, Ordering::SeqCst));
                Ok(())
            }
            .boxed()
        })
        .after_release(move |connection: &mut SqliteConnection, _| {
            let rolled_back = Arc::clone(&rolled_back);
            async move {
                if !came_to_rest(connection).await? {
                    return Ok(false);
                }
                // What the driver counts is one thing, what SQLite says another: it begins only where
                // nothing is open.
                if let Err(error) = connection.execute("BEGIN; COMMIT").await {
                    tracing::warn!(error = chain(&error), "the connection that writes is closed");
                    return Ok(false);
                }
                rolled_back.store(false, Ordering::SeqCst);
                Ok(true)
            }
            .boxed()
        })
}

/// How long PostgreSQL lets a statement wait for a lock, a statement run, and a transaction do nothing.
const PATIENCE: &str = "SET lock_timeout = '10s'; SET statement_timeout = '30s'; \
                        SET idle_in_transaction_session_timeout = '60s'";

pub(super) fn postgres(options: PoolOptions<Postgres>) -> PoolOptions<Postgres> {
    handing_out_only_at_rest(options)
        .after_connect(|connection: &mut PgConnection, _| {
            async move { connection.execute(PATIENCE).await.map(|_| ()) }.boxed()
        })
        .after_release(|connection, _| async move { came_to_rest(connection).await }.boxed())
}
