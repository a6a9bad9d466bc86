//! The servers that work on one database: each counts up its beat every second, and counts as dead once its beat has
//! stood still for some seconds of our own clock, so that clocks that differ do no harm. A SQLite has one server, and
//! nothing of this.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::base::db::{Db, instant, millis};
use crate::base::entity::{open_page, server_node};
use crate::base::error::Result;
use crate::base::retry::retry;

/// A server whose beat has stood still for so long counts as dead.
const SILENT: Duration = Duration::from_secs(3);

/// And after so long what it left in the database is taken away.
const GONE: Duration = Duration::from_secs(60);

/// What has to be decided alike on all servers: digests by section of the configuration.
pub type Sections = BTreeMap<String, String>;

/// What a server says of itself.
#[derive(Debug, Clone)]
pub struct About {
    pub version: String,
    pub sections: Sections,
}

/// Another server is at work with another configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    pub server: String,
    pub sections: Vec<String>,
}

/// A server as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSeen {
    pub id: String,
    pub version: String,
    pub started_at: OffsetDateTime,
    pub is_alive: bool,
    /// The one that is asked.
    pub is_this: bool,
}

#[derive(Debug)]
struct Seen {
    beat: i64,
    /// When the beat was first seen like this.
    since: Instant,
    version: String,
    started_at: i64,
}

impl Seen {
    fn is_alive(&self) -> bool {
        self.since.elapsed() < SILENT
    }
}

/// This server, and what it knows of the others.
#[derive(Debug)]
pub struct Servers {
    db: Db,
    me: String,
    started_at: OffsetDateTime,
    others: Mutex<BTreeMap<String, Seen>>,
    alive: watch::Sender<BTreeSet<String>>,
}

impl Servers {
    pub(crate) fn new(db: Db, me: String, started_at: OffsetDateTime) -> Self {
        Servers { db, me, started_at, others: Mutex::default(), alive: watch::Sender::default() }
    }

    /// The id of this run of the program.
    pub fn me(&self) -> &str {
        &self.me
    }

    /// The other servers that are alive, and when that changes.
    pub(crate) fn others_alive(&self) -> watch::Receiver<BTreeSet<String>> {
        self.alive.subscribe()
    }

    pub(crate) fn is_alive(&self, server: &str) -> bool {
        server == self.me || self.alive.borrow().contains(server)
    }

    /// Those that stand in the table and count as dead.
    pub(crate) fn known_dead(&self) -> Vec<String> {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.iter().filter(|(_, seen)| !seen.is_alive()).map(|(id, _)| id.clone()).collect()
    }

    /// All that this server, of this version, knows of, itself first.
    pub fn seen(&self, version: &str) -> Vec<ServerSeen> {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = vec![ServerSeen {
            id: self.me.clone(),
            version: version.to_owned(),
            started_at: self.started_at,
            is_alive: true,
            is_this: true,
        }];
        seen.extend(others.iter().map(|(id, other)| ServerSeen {
            id: id.clone(),
            version: other.version.clone(),
            started_at: instant(other.started_at),
            is_alive: other.is_alive(),
            is_this: false,
        }));
        seen
    }

    /// Joins the servers at work, if none of them was configured otherwise.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn join(
        &self,
        about: &About,
        now: OffsetDateTime,
    ) -> Result<std::result::Result<(), Differing>> {
        if !self.db.is_shared() {
            return Ok(Ok(()));
        }
        if let Some(found) = self.at_odds(about).await? {
            return Ok(Err(found));
        }
        retry!(self.enter(about, now))?;
        Ok(Ok(()))
    }

    /// A server at work that was configured otherwise. One that differs and is dead counts for nothing, which takes some
    /// seconds to find out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn at_odds(&self, about: &About) -> Result<Option<Differing>> {
        let begun = Instant::now();
        let mut first: Option<BTreeMap<String, i64>> = None;
        loop {
            let others = server_node::Entity::find()
                .filter(server_node::Column::Id.ne(&self.me))
                .all(self.db.read())
                .await?;
            let differing: Vec<Differing> =
                others.iter().filter_map(|other| differing(about, other)).collect();
            if differing.is_empty() || begun.elapsed() > SILENT {
                return Ok(None);
            }
            let beats: BTreeMap<String, i64> =
                others.into_iter().map(|other| (other.id, other.beat)).collect();
            let then = first.get_or_insert_with(|| beats.clone());
            let at_work = |one: &Differing| then.get(&one.server) != beats.get(&one.server);
            if let Some(found) = differing.into_iter().find(at_work) {
                return Ok(Some(found));
            }
            tokio::time::sleep(SILENT / 6).await;
        }
    }

    async fn enter(&self, about: &About, now: OffsetDateTime) -> Result<()> {
        let row = server_node::ActiveModel {
            id: Set(self.me.clone()),
            beat: Set(1),
            version: Set(about.version.clone()),
            configuration: Set(serde_json::to_string(&about.sections)?),
            started_at: Set(millis(self.started_at)),
            seen_at: Set(millis(now)),
        };
        let tx = self.db.begin().await?;
        server_node::Entity::insert(row).exec_without_returning(&tx).await?;
        Ok(tx.commit().await?)
    }

    /// Says that this server is alive, and looks which others are. For the server to call every second.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn beat(&self, about: &About, now: OffsetDateTime) -> Result<()> {
        if !self.db.is_shared() {
            return Ok(());
        }
        let rows = retry!(self.try_beat(about, now))?;
        let gone = self.look_at(rows);
        if !gone.is_empty() {
            retry!(self.clear_away(&gone))?;
        }
        Ok(())
    }

    async fn try_beat(&self, about: &About, now: OffsetDateTime) -> Result<Vec<server_node::Model>> {
        let tx = self.db.begin().await?;
        let beaten = server_node::Entity::update_many()
            .col_expr(server_node::Column::Beat, Expr::col(server_node::Column::Beat).add(1))
            .col_expr(server_node::Column::SeenAt, Expr::value(millis(now)))
            .filter(server_node::Column::Id.eq(&self.me))
            .exec(&tx)
            .await?;
        let rows = server_node::Entity::find().filter(server_node::Column::Id.ne(&self.me)).all(&tx).await?;
        tx.commit().await?;
        // The database was put back, or this server was silent for so long that it counted as gone.
        if beaten.rows_affected == 0 {
            self.enter(about, now).await?;
        }
        Ok(rows)
    }

    /// Notes who is alive; gives those that are gone for good.
    fn look_at(&self, rows: Vec<server_node::Model>) -> Vec<String> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let ids: BTreeSet<String> = rows.iter().map(|row| row.id.clone()).collect();
        others.retain(|id, _| ids.contains(id));
        for row in rows {
            let seen = others.entry(row.id).or_insert_with(|| Seen {
                beat: row.beat,
                since: now,
                version: row.version,
                started_at: row.started_at,
            });
            if seen.beat != row.beat {
                (seen.beat, seen.since) = (row.beat, now);
            }
        }
        let alive: BTreeSet<String> =
            others.iter().filter(|(_, seen)| seen.is_alive()).map(|(id, _)| id.clone()).collect();
        self.alive.send_if_modified(|known| {
            let is_other = *known != alive;
            *known = alive;
            is_other
        });
        others.iter().filter(|(_, seen)| seen.since.elapsed() > GONE).map(|(id, _)| id.clone()).collect()
    }

    async fn clear_away(&self, servers: &[String]) -> Result<()> {
        let tx = self.db.begin().await?;
        open_page::Entity::delete_many().filter(open_page::Column::ServerId.is_in(servers)).exec(&tx).await?;
        server_node::Entity::delete_many().filter(server_node::Column::Id.is_in(servers)).exec(&tx).await?;
        Ok(tx.commit().await?)
    }

    /// Leaves the servers at work.
    ///
    /// # Errors
    /// When the database fails; the others then find out by themselves.
    pub async fn leave(&self) -> Result<()> {
        if !self.db.is_shared() {
            return Ok(());
        }
        retry!(self.clear_away(std::slice::from_ref(&self.me)))
    }
}

/// Where another server was configured otherwise, in what both of them know.
fn differing(about: &About, other: &server_node::Model) -> Option<Differing> {
    let theirs: Sections = serde_json::from_str(&other.configuration).unwrap_or_default();
    let sections: Vec<String> = about
        .sections
        .iter()
        .filter(|(name, digest)| theirs.get(*name).is_some_and(|their| their != *digest))
        .map(|(name, _)| name.clone())
        .collect();
    (!sections.is_empty()).then(|| Differing { server: other.id.clone(), sections })
}

#[cfg(test)]
mod tests;
