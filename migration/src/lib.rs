//! The history of the database's shape. Each step is one statement in the common subset of SQLite
//! and PostgreSQL, named by what it makes, and frozen once released. No entity is imported here.
//!
//! Conventions: ids are UUIDv7 as text; instants are milliseconds since 1970 (UTC) in BIGINT; civil
//! dates are `YYYY-MM-DD` texts; encrypted values are base64 texts (columns named `*_sealed`);
//! keyed hashes are texts (columns named `*_hash`). `{binary}` in a statement stands for the collation
//! that compares bytes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DatabaseBackend, DbErr};

mod steps;

pub struct Migrator;

/// One statement of the history.
struct Step {
    name: &'static str,
    sql: &'static str,
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The order of texts by their bytes has two names.
        let binary = match manager.get_database_backend() {
            DatabaseBackend::Postgres => "COLLATE \"C\"",
            _ => "COLLATE BINARY",
        };
        let sql = self.sql.replace("{binary}", binary);
        manager.get_connection().execute_unprepared(&sql).await.map(|_| ())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the history goes forward only; restore a backup instead".to_owned()))
    }
}

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        steps::STEPS
            .iter()
            .map(|(name, sql)| Box::new(Step { name, sql }) as Box<dyn MigrationTrait>)
            .collect()
    }
}
