//! Installations from before the history was written anew, whose shape came of 75 steps of one statement
//! each: their rows move into the tables of the first step.

use std::collections::BTreeSet;

use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, EntityTrait, Statement,
};
use sea_orm_migration::seaql_migrations;

use crate::Step;

/// How many steps those installations took; with fewer, their own program has to finish first.
const STEPS: usize = 75;

const INCOMPLETE: &str = "the database is of a much older program and was not brought up to date by the last \
                          version of that; start that one on it once, or restore a backup";

/// `m0001_person` to `m0097_filing_round`: numbers where later names have a date.
pub fn is_of_the_first_installations(mark: &str) -> bool {
    let number = mark.strip_prefix('m').and_then(|rest| rest.split('_').next()).unwrap_or_default();
    number.len() == 4 && number.bytes().all(|digit| digit.is_ascii_digit())
}

/// Where the old tables lie meanwhile.
const ASIDE: &str = "first_installation";

/// In an order in which no table comes before one that it refers to.
fn tables(statements: &[String]) -> impl Iterator<Item = &str> {
    let lines = statements.iter().flat_map(|sql| sql.lines());
    lines.filter_map(|line| line.strip_prefix("CREATE TABLE ")?.split_whitespace().next())
}

async fn names(tx: &DatabaseTransaction, sql: &str) -> Result<Vec<String>, DbErr> {
    let rows = tx.query_all_raw(Statement::from_string(tx.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

pub async fn adopt(tx: &DatabaseTransaction, first: &Step, marks: &BTreeSet<String>) -> Result<(), DbErr> {
    if marks.len() != STEPS || !marks.iter().all(|mark| is_of_the_first_installations(mark)) {
        return Err(DbErr::Migration(INCOMPLETE.to_owned()));
    }
    let backend = tx.get_database_backend();
    let shared = first.shared(backend);
    match backend {
        DatabaseBackend::Sqlite => {
            // Or what refers to a table would go with it under its new name.
            tx.execute_unprepared("PRAGMA legacy_alter_table = ON").await?;
            let indexes = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
            for index in names(tx, indexes).await? {
                tx.execute_unprepared(&format!("DROP INDEX {index}")).await?;
            }
            for table in tables(&shared) {
                tx.execute_unprepared(&format!("ALTER TABLE {table} RENAME TO {ASIDE}_{table}")).await?;
            }
            tx.execute_unprepared("PRAGMA legacy_alter_table = OFF").await?;
        }
        _ => {
            tx.execute_unprepared(&format!("CREATE SCHEMA {ASIDE}")).await?;
            for table in tables(&shared) {
                tx.execute_unprepared(&format!("ALTER TABLE {table} SET SCHEMA {ASIDE}")).await?;
            }
        }
    }
    for sql in &shared {
        tx.execute_unprepared(sql).await?;
    }
    for table in tables(&shared) {
        let (columns, old) = match backend {
            DatabaseBackend::Sqlite => {
                (format!("SELECT name FROM pragma_table_info('{ASIDE}_{table}')"), format!("{ASIDE}_{table}"))
            }
            _ => (
                format!(
                    "SELECT column_name::text FROM information_schema.columns \
                     WHERE table_schema = '{ASIDE}' AND table_name = '{table}'"
                ),
                format!("{ASIDE}.{table}"),
            ),
        };
        let columns = names(tx, &columns).await?.join(", ");
        let copy = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {old}");
        tx.execute_unprepared(&copy).await?;
    }
    // Only now, when the rows are there to which it makes others refer.
    for sql in first.own(backend) {
        tx.execute_unprepared(sql).await?;
    }
    match backend {
        DatabaseBackend::Sqlite => {
            for table in tables(&shared) {
                tx.execute_unprepared(&format!("DROP TABLE {ASIDE}_{table}")).await?;
            }
        }
        _ => {
            tx.execute_unprepared(&format!("DROP SCHEMA {ASIDE} CASCADE")).await?;
        }
    }
    seaql_migrations::Entity::delete_many().exec(tx).await.map(|_| ())
}
