//! The history of the database's shape; README.md beside it says how to add to it. No entity is
//! imported here.
//!
//! Conventions: ids are UUIDv7 as text; instants are milliseconds since 1970 (UTC) in BIGINT; civil
//! dates are `YYYY-MM-DD` texts; encrypted values are base64 texts (columns named `*_sealed`);
//! keyed hashes are texts (columns named `*_hash`). States, kinds, roles and actions are codes that a
//! CHECK lists; what refers to a row of another table says so with REFERENCES.

use std::collections::BTreeSet;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr,
    EntityTrait, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::seaql_migrations;

mod adopt;
mod steps;

pub struct Migrator;

/// One dated change: the statements that make it.
#[derive(Clone, Copy)]
struct Step {
    name: &'static str,
    /// In the common subset of SQLite and PostgreSQL, but for the words in braces (see [`Step::shared`]).
    both: &'static [&'static str],
    /// After those, what only one of the two needs.
    sqlite: &'static [&'static str],
    postgres: &'static [&'static str],
}

impl Step {
    fn shared(&self, backend: DatabaseBackend) -> Vec<String> {
        // The order of texts by their bytes has two names. `person` and `record` refer to each other;
        // PostgreSQL takes the first of these references later. SQLite keeps a table that is all key once, not twice.
        let words = match backend {
            DatabaseBackend::Postgres => ["COLLATE \"C\"", "", ""],
            _ => ["COLLATE BINARY", " REFERENCES record (id)", " WITHOUT ROWID"],
        };
        let braces = ["{binary}", "{references record}", "{without rowid}"];
        let said = |sql: &&str| {
            braces.iter().zip(words).fold((*sql).to_owned(), |sql, (brace, word)| sql.replace(brace, word))
        };
        self.both.iter().map(said).collect()
    }

    fn own(&self, backend: DatabaseBackend) -> &'static [&'static str] {
        match backend {
            DatabaseBackend::Postgres => self.postgres,
            _ => self.sqlite,
        }
    }
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let on = manager.get_connection();
        let backend = on.get_database_backend();
        for sql in self.shared(backend) {
            on.execute_unprepared(&sql).await?;
        }
        for sql in self.own(backend) {
            on.execute_unprepared(sql).await?;
        }
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the history goes forward only; restore a backup instead".to_owned()))
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        steps::STEPS.iter().map(|step| Box::new(*step) as Box<dyn MigrationTrait>).collect()
    }
}

/// What a database looks like to this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// As this program made it.
    Known,
    /// Empty, or of an older program: these steps are missing.
    Older(Vec<String>),
    /// Of a newer program, or of another one altogether: it took these steps.
    Newer(Vec<String>),
}

/// Looks, and changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn shape(on: &impl ConnectionTrait) -> Result<Shape, DbErr> {
    Ok(compare(&marks(on).await?))
}

fn compare(marks: &BTreeSet<String>) -> Shape {
    let unknown: Vec<String> = marks
        .iter()
        .filter(|mark| !steps::STEPS.iter().any(|step| step.name == *mark))
        .filter(|mark| !adopt::is_of_the_first_installations(mark))
        .cloned()
        .collect();
    if !unknown.is_empty() {
        return Shape::Newer(unknown);
    }
    let missing: Vec<String> =
        steps::STEPS.iter().map(|step| step.name.to_owned()).filter(|name| !marks.contains(name)).collect();
    if missing.is_empty() { Shape::Known } else { Shape::Older(missing) }
}

/// The names of the steps that a database took.
async fn marks(on: &impl ConnectionTrait) -> Result<BTreeSet<String>, DbErr> {
    let backend = on.get_database_backend();
    let table = match backend {
        DatabaseBackend::Postgres => {
            "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'seaql_migrations'"
        }
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'",
    };
    if on.query_one_raw(Statement::from_string(backend, table)).await?.is_none() {
        return Ok(BTreeSet::new());
    }
    let rows = seaql_migrations::Entity::find().all(on).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

/// The number of the lock under which PostgreSQL's shape changes; any that nobody else takes.
const LOCK: i64 = 0x6265_6961_6e00_0001;

/// A transaction beside which nobody else changes the shape.
async fn alone(on: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    match on.get_database_backend() {
        DatabaseBackend::Postgres => {
            let tx = on.begin().await?;
            tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
            Ok(tx)
        }
        _ => {
            let mode = Some(SqliteTransactionMode::Immediate);
            on.begin_with_options(TransactionOptions { sqlite_transaction_mode: mode, ..Default::default() })
                .await
        }
    }
}

/// Brings the shape up to date; gives the names of the steps that were taken. Each step and its mark are
/// one transaction, so whoever is interrupted goes on where he stood; several at once wait for each other.
///
/// `now` is in seconds since 1970, for the marks. `on` must not enforce foreign keys where it is SQLite: rebuilding a table that others refer to would
/// fail. Whether every reference leads somewhere is asked at the end of each step.
///
/// # Errors
/// When the database fails, or is of a newer program.
pub async fn migrate(on: &DatabaseConnection, now: i64) -> Result<Vec<String>, DbErr> {
    let missing = match shape(on).await? {
        Shape::Known => return Ok(Vec::new()),
        Shape::Older(missing) => missing,
        Shape::Newer(steps) => {
            let steps = steps.join(", ");
            return Err(DbErr::Migration(format!("the database is of a newer program, which took {steps}")));
        }
    };
    let tx = alone(on).await?;
    Migrator::install(&tx).await?;
    tx.commit().await?;
    let mut taken = Vec::new();
    for step in steps::STEPS.iter().filter(|step| missing.iter().any(|name| name == step.name)) {
        let tx = alone(on).await?;
        let marks = marks(&tx).await?;
        if marks.contains(step.name) {
            continue;
        }
        if step.name == steps::SHAPE && !marks.is_empty() {
            adopt::adopt(&tx, step, &marks).await?;
        } else {
            step.up(&SchemaManager::new(&tx)).await?;
        }
        let mark = seaql_migrations::ActiveModel { version: Set(step.name.to_owned()), applied_at: Set(now) };
        seaql_migrations::Entity::insert(mark).exec_without_returning(&tx).await?;
        refers_to_nothing_missing(&tx, step.name).await?;
        tx.commit().await?;
        taken.push(step.name.to_owned());
    }
    Ok(taken)
}

async fn refers_to_nothing_missing(tx: &DatabaseTransaction, step: &str) -> Result<(), DbErr> {
    if tx.get_database_backend() != DatabaseBackend::Sqlite {
        return Ok(());
    }
    let asked = Statement::from_string(DatabaseBackend::Sqlite, "PRAGMA foreign_key_check");
    match tx.query_one_raw(asked).await? {
        None => Ok(()),
        Some(row) => {
            let (child, parent): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(2)?);
            Err(DbErr::Migration(format!(
                "after {step} a row of {child} would refer to a row of {parent} that is not there; nothing was changed"
            )))
        }
    }
}
