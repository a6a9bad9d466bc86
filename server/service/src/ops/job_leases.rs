//! Which server does what runs beside the requests: each job is held by one server at a time, and taken over by another
//! once that one is dead. A pause that is taken for death may have a job run twice at once, which does no harm: what
//! jobs do stands in transactions that look first. Failures are kept, for the next holder and for the operator.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use tokio::sync::watch;

use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::{instant, millis};
use crate::base::entity::{job, server_node};
use crate::base::error::{Error, Result};
use crate::base::retry::retry;

handle! {
    /// The jobs that this server holds.
    JobLeases {} own { held: watch::Sender<Held> }
}

/// A success is written down so often at most.
const NOTED_EVERY: Duration = Duration::minutes(1);

/// Characters of a failure that are kept.
const LONGEST_FAILURE: usize = 300;

/// What this server has to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    jobs: BTreeSet<String>,
    /// Those among them that an operator wants to run now.
    wanted: BTreeSet<String>,
}

impl Held {
    pub fn holds(&self, name: &str) -> bool {
        self.jobs.contains(name)
    }

    pub fn is_wanted(&self, name: &str) -> bool {
        self.wanted.contains(name)
    }
}

/// A run of a job that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRun {
    name: &'static str,
    began: OffsetDateTime,
    /// An operator wanted it. What is wanted while it runs is done afterwards.
    is_wanted: bool,
}

/// A job as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSeen {
    pub name: String,
    /// The server that has it.
    pub holder: Option<String>,
    pub is_held: bool,
    pub began_at: Option<OffsetDateTime>,
    pub well_at: Option<OffsetDateTime>,
    pub failed_at: Option<OffsetDateTime>,
    /// Since it last ended well.
    pub failures: u64,
    pub failure: String,
    pub is_wanted: bool,
}

impl JobLeases {
    /// What this server holds, and when that changes.
    pub fn held(&self) -> watch::Receiver<Held> {
        self.held.subscribe()
    }

    /// Takes those of the jobs that no living server holds, and looks which are held here. For the server to call every
    /// second, after the beat.
    ///
    /// # Errors
    /// When the database fails: then what is held stays held, and nobody takes it for a while.
    pub async fn take_free(&self, names: &[&str]) -> Result<()> {
        let rows = self.rows().await?;
        let is_missing = |name: &&&str| !rows.iter().any(|row| row.name == **name);
        let missing: Vec<&str> = names.iter().filter(is_missing).copied().collect();
        let servers = &self.context.servers;
        let is_free = |row: &job::Model| row.holder.as_deref().is_none_or(|holder| !servers.is_alive(holder));
        let free = rows.iter().any(|row| names.contains(&row.name.as_str()) && is_free(row));
        let rows = match free || !missing.is_empty() {
            true => {
                retry!(self.try_take(names, &missing))?;
                self.rows().await?
            }
            false => rows,
        };
        let mine = || rows.iter().filter(|row| row.holder.as_deref() == Some(servers.me()));
        let held = Held {
            jobs: mine().map(|row| row.name.clone()).collect(),
            wanted: mine().filter(|row| row.is_wanted).map(|row| row.name.clone()).collect(),
        };
        self.held.send_if_modified(|known| {
            let is_other = *known != held;
            *known = held;
            is_other
        });
        Ok(())
    }

    /// Those that did not end well since they last did: the name, how often, and what was said last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn failing(&self) -> Result<Vec<(String, i64, String)>> {
        let rows = job::Entity::find()
            .filter(job::Column::Failures.gt(0))
            .order_by_asc(job::Column::Name)
            .all(self.context.db.read())
            .await?;
        Ok(rows.into_iter().map(|row| (row.name, row.failures, row.failure)).collect())
    }

    async fn rows(&self) -> Result<Vec<job::Model>> {
        Ok(job::Entity::find().order_by_asc(job::Column::Name).all(self.context.db.read()).await?)
    }

    async fn try_take(&self, names: &[&str], missing: &[&str]) -> Result<()> {
        let servers = &self.context.servers;
        let tx = self.context.db.begin().await?;
        if !missing.is_empty() {
            let rows = missing.iter().map(|name| job::ActiveModel {
                name: Set((*name).to_owned()),
                holder: Set(None),
                began_at: Set(None),
                well_at: Set(None),
                failed_at: Set(None),
                failures: Set(0),
                failure: Set(String::new()),
                is_wanted: Set(false),
            });
            job::Entity::insert_many(rows)
                .on_conflict(OnConflict::column(job::Column::Name).do_nothing().to_owned())
                .exec_without_returning(&tx)
                .await?;
        }
        let alive: Vec<String> = servers.others_alive().borrow().iter().cloned().collect();
        // One that has only just joined is not known to be alive yet, and one that is dead not yet taken from the table.
        let joined = Query::select()
            .column(server_node::Column::Id)
            .from(server_node::Entity)
            .and_where(server_node::Column::Id.is_not_in(servers.known_dead()))
            .to_owned();
        let free = Condition::any().add(job::Column::Holder.is_null()).add(
            Condition::all()
                .add(job::Column::Holder.ne(servers.me()))
                .add(job::Column::Holder.is_not_in(alive))
                .add(job::Column::Holder.not_in_subquery(joined)),
        );
        job::Entity::update_many()
            .col_expr(job::Column::Holder, Expr::value(servers.me()))
            .filter(job::Column::Name.is_in(names.iter().copied()))
            .filter(free)
            .exec(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Of this job a run begins now.
    pub fn begin(&self, name: &'static str) -> JobRun {
        JobRun { name, began: self.context.clock.now(), is_wanted: self.held.borrow().is_wanted(name) }
    }

    /// How a run ended: a failure and what was wanted always, any other success not so soon after the last that was
    /// `noted`. Gives when the run began where that was written.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note(
        &self,
        run: &JobRun,
        outcome: std::result::Result<(), String>,
        noted: Option<OffsetDateTime>,
    ) -> Result<Option<OffsetDateTime>> {
        let is_too_soon = noted.is_some_and(|noted| (run.began - noted).abs() < NOTED_EVERY);
        if outcome.is_ok() && is_too_soon && !run.is_wanted {
            return Ok(None);
        }
        let written = retry!(self.try_note(run, &outcome));
        if run.is_wanted {
            // Also where that was not written: it is then wanted anew within a second, not at once and for ever.
            self.held.send_if_modified(|held| held.wanted.remove(run.name));
        }
        written.map(|()| Some(run.began))
    }

    async fn try_note(&self, run: &JobRun, outcome: &std::result::Result<(), String>) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let now = millis(self.context.clock.now());
        let mut noted = job::Entity::update_many()
            .col_expr(job::Column::BeganAt, Expr::value(millis(run.began)))
            .filter(job::Column::Name.eq(run.name));
        if run.is_wanted {
            noted = noted.col_expr(job::Column::IsWanted, Expr::value(false));
        }
        let noted = match outcome {
            Ok(()) => noted
                .col_expr(job::Column::WellAt, Expr::value(now))
                .col_expr(job::Column::Failures, Expr::value(0))
                .col_expr(job::Column::Failure, Expr::value("")),
            Err(failure) => noted
                .col_expr(job::Column::FailedAt, Expr::value(now))
                .col_expr(job::Column::Failures, Expr::col(job::Column::Failures).add(1))
                .col_expr(
                    job::Column::Failure,
                    Expr::value(failure.chars().take(LONGEST_FAILURE).collect::<String>()),
                ),
        };
        noted.exec(&tx).await?;
        Ok(tx.commit().await?)
    }

    /// Gives everything back, for others to take at once.
    ///
    /// # Errors
    /// When the database fails; the others then find out by themselves.
    pub async fn give_back(&self) -> Result<()> {
        retry!(self.try_give_back())
    }

    async fn try_give_back(&self) -> Result<()> {
        let tx = self.context.db.begin().await?;
        job::Entity::update_many()
            .col_expr(job::Column::Holder, Expr::value(None::<String>))
            .filter(job::Column::Holder.eq(self.context.servers.me()))
            .exec(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// All jobs, for who looks after the platform.
    ///
    /// # Errors
    /// `Forbidden` for others.
    pub async fn jobs(&self, actor: &Actor) -> Result<Vec<JobSeen>> {
        actor.must_keep()?;
        let servers = &self.context.servers;
        let seen = |row: job::Model| JobSeen {
            is_held: row.holder.as_deref().is_some_and(|holder| servers.is_alive(holder)),
            name: row.name,
            holder: row.holder,
            began_at: row.began_at.map(instant),
            well_at: row.well_at.map(instant),
            failed_at: row.failed_at.map(instant),
            failures: u64::try_from(row.failures).unwrap_or_default(),
            failure: row.failure,
            is_wanted: row.is_wanted,
        };
        Ok(self.rows().await?.into_iter().map(seen).collect())
    }

    /// An operator wants a job to run now, whichever server has it: within two seconds, or once the run that goes on has
    /// ended. Wanted twice it runs once.
    ///
    /// # Errors
    /// `Forbidden` for others, `NotFound` where there is no such job.
    pub async fn want(&self, actor: &Actor, name: &str) -> Result<()> {
        actor.must_keep()?;
        retry!(self.try_want(actor, name))
    }

    async fn try_want(&self, actor: &Actor, name: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        // There are a dozen rows; what was sent for a name goes into no statement.
        let jobs = job::Entity::find().all(&tx).await?;
        let job = jobs.into_iter().find(|job| job.name == name).ok_or(Error::NotFound)?;
        let wanted = job::Entity::update_many()
            .col_expr(job::Column::IsWanted, Expr::value(true))
            .filter(job::Column::Name.eq(job.name))
            .filter(job::Column::IsWanted.eq(false))
            .exec(&tx)
            .await?;
        if wanted.rows_affected == 0 {
            return Ok(());
        }
        self.context.audit(&tx, Some(actor), "job.run", "job", name, json!({})).await?;
        Ok(tx.commit().await?)
    }
}
