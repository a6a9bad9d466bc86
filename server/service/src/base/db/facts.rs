//! What the database says of itself, for the operator.

use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
use time::OffsetDateTime;

use super::{Db, instant};
use crate::base::error::{Error, Result};

/// What is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Such as `PostgreSQL 15.8`.
    pub version: String,
    /// The first number of the version, which PostgreSQL's programs have to have at least.
    pub major: u32,
    /// Its clock.
    pub now: OffsetDateTime,
    /// What would lose acknowledged work or make text unreadable, as PostgreSQL names the setting.
    pub unsafe_settings: Vec<String>,
    /// So many connections it takes from everybody together; no limit of SQLite's.
    pub most_connections: Option<u32>,
}

impl Db {
    /// Kind and version, such as `SQLite 3.46.1`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn version(&self) -> Result<String> {
        let on = self.read();
        let backend = on.get_database_backend();
        let (name, question) = match backend {
            DatabaseBackend::Sqlite => ("SQLite", "SELECT sqlite_version()"),
            _ => ("PostgreSQL", "SHOW server_version"),
        };
        let row = on.query_one_raw(Statement::from_string(backend, question)).await?;
        let version = row.map(|row| row.try_get_by_index::<String>(0)).transpose()?.unwrap_or_default();
        Ok(format!("{name} {version}").trim().to_owned())
    }

    /// What the database says of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn facts(&self) -> Result<Facts> {
        let version = self.version().await?;
        let major = version.split([' ', '.']).nth(1).and_then(|major| major.parse().ok()).unwrap_or(0);
        let on = self.read();
        let backend = on.get_database_backend();
        let question = match backend {
            DatabaseBackend::Sqlite => {
                "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER), '', '', '', '', '0'"
            }
            _ => {
                "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT), current_setting('fsync'), \
                 current_setting('full_page_writes'), current_setting('synchronous_commit'), \
                 current_setting('server_encoding'), current_setting('max_connections')"
            }
        };
        let row = on.query_one_raw(Statement::from_string(backend, question)).await?;
        let row = row.ok_or_else(|| Error::Corrupt("the database says nothing of itself".to_owned()))?;
        let text = |at: usize| row.try_get_by_index::<String>(at);
        let mut unsafe_settings = Vec::new();
        if backend == DatabaseBackend::Postgres {
            for (at, name) in [(1, "fsync"), (2, "full_page_writes"), (3, "synchronous_commit")] {
                if text(at)? == "off" {
                    unsafe_settings.push(format!("{name} = off"));
                }
            }
            let encoding = text(4)?;
            if encoding != "UTF8" {
                unsafe_settings.push(format!("server_encoding = {encoding}"));
            }
        }
        Ok(Facts {
            version,
            major,
            now: instant(row.try_get_by_index(0)?),
            unsafe_settings,
            most_connections: text(5)?.parse().ok().filter(|most| *most > 0),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::base::clock::{Clock as _, SystemClock};
    use crate::common::*;

    claims![the_database_says_what_it_is_and_what_would_lose_work];

    async fn the_database_says_what_it_is_and_what_would_lose_work(world: World) {
        let facts = world.db.facts().await.unwrap();
        assert!((facts.now - SystemClock.now()).abs() < time::Duration::seconds(5), "{facts:?}");
        if !world.db.is_shared() {
            assert!(facts.version.starts_with("SQLite 3."), "{facts:?}");
            assert_eq!((facts.major, facts.most_connections, facts.unsafe_settings.len()), (3, None, 0));
            return;
        }
        assert!(facts.version.starts_with("PostgreSQL ") && facts.major >= 15, "{facts:?}");
        assert_eq!(facts.most_connections.map(i64::from), Some(setting(&world, "max_connections").await));
        for name in ["fsync", "full_page_writes", "synchronous_commit"] {
            let sql = format!("SELECT CASE current_setting('{name}') WHEN 'off' THEN 1 ELSE 0 END");
            let is_off = world.number(&sql).await == 1;
            assert_eq!(facts.unsafe_settings.contains(&format!("{name} = off")), is_off, "{facts:?}");
        }
    }

    async fn setting(world: &World, name: &str) -> i64 {
        world.number(&format!("SELECT CAST(current_setting('{name}') AS BIGINT)")).await
    }
}
