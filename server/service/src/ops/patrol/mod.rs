//! Filings in force are looked at now and then, where the operator lets them be: quietly, few at a time, each host once
//! a day at most. What is found twice is put to the officers of the region (`desk/patrol.rs`); nothing is decided here.
//! When a filing is looked at next stands in its row and is put forward before anybody looks, so that no two servers
//! do the same and one that dies forgets nothing.

mod look;
mod settle;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use domain::notice::NoticeKind;
use domain::patrol::{Known, PatrolFault, PatrolState, SECOND_LOOK_AFTER, Seen, known_after};
use domain::route;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::account::notice::Notices;
use crate::base::context::handle;
use crate::base::db::{Transaction, millis, new_id};
use crate::base::entity::{patrol_finding, patrol_look, record};
use crate::base::error::{Error, Result, chain};
use crate::base::retry::retry;
use crate::filing::network::Outbound;
use crate::filing::patrol::{faults, named};
use crate::filing::record::Records;
use crate::state::row::{business_of, record_state};

handle! {
    /// Looks at filings in force.
    Patrols {
        notices: Notices,
        records: Records,
    } own { outbound: Option<Arc<dyn Outbound>> }
}

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Whoever looks at a filing has it for so long; one whose server died is looked at after that.
const LEASE: i64 = 30 * 60 * 1000;

/// As the index says it, or it is not used.
const IN_FORCE: &str = "state IN ('active', 'changing', 'cancelling', 'transferring')";

/// What came of going to look.
enum Outcome {
    Looked(Looked),
    /// Its host was asked today; when it may be asked again.
    NotBefore(i64),
}

/// What one look saw.
#[derive(Debug, Default, PartialEq, Eq)]
struct Looked {
    seen: Vec<Seen>,
    /// What it could not tell.
    untold: Vec<PatrolFault>,
}

impl Patrols {
    /// One round of looks, for the server to call every minute. Says how many filings were looked at.
    ///
    /// # Errors
    /// When the database fails; what the network answers is never an error.
    pub async fn look_around(&self) -> Result<usize> {
        let Some(way) = &self.outbound else { return Ok(0) };
        let now = millis(self.context.clock.now());
        let due = due(now, self.context.settings.patrol.at_once).all(self.context.db.read()).await?;
        let looks = due.into_iter().map(|row| self.look_at(way.as_ref(), row));
        let mut looked = 0;
        for outcome in futures::future::join_all(looks).await {
            looked += usize::from(outcome?);
        }
        Ok(looked)
    }

    /// Whether this server looked at it: another one may have been quicker.
    async fn look_at(&self, way: &dyn Outbound, row: record::Model) -> Result<bool> {
        let leased = millis(self.context.clock.now()) + LEASE;
        if !retry!(self.put_forward(&row.id, row.patrol_at, leased))? {
            return Ok(false);
        }
        let looked = match self.look(way, &row).await {
            Ok(Outcome::Looked(looked)) => looked,
            Ok(Outcome::NotBefore(at)) => {
                retry!(self.put_forward(&row.id, leased, at + jitter(&row.id, DAY / 24)))?;
                return Ok(false);
            }
            // It waits its turn again, so that one that cannot be opened keeps nobody from being looked at.
            Err(error @ (Error::Corrupt(_) | Error::Keyring(_))) => {
                tracing::error!(record = row.id, error = chain(&error), "a filing in force cannot be opened");
                let next = leased + self.context.settings.patrol.days * DAY;
                retry!(self.put_forward(&row.id, leased, next))?;
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        retry!(self.try_keep(&row, leased, &looked))?;
        Ok(true)
    }

    /// Compared and set: false where somebody else has changed when it is looked at.
    async fn put_forward(&self, record: &str, before: i64, next: i64) -> Result<bool> {
        let tx = self.context.db.begin().await?;
        let is_ours = put_forward(&tx, record, before, next).await?;
        tx.commit().await?;
        Ok(is_ours)
    }

    async fn try_keep(&self, seen: &record::Model, leased: i64, looked: &Looked) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let now = millis(self.context.clock.now());
        let record = seen.id.as_str();
        let row = record::Entity::find_by_id(record).one(&tx).await?.ok_or(Error::NotFound)?;
        if row.version != seen.version {
            // What was looked at is not what is in force any more.
            put_forward(&tx, record, leased, now).await?;
            return Ok(tx.commit().await?);
        }
        let before = patrol_look::Entity::find_by_id(record).one(&tx).await?;
        let before: Vec<Known> = match &before {
            Some(before) => serde_json::from_str(&before.known)?,
            None => Vec::new(),
        };
        let known = known_after(&before, looked.seen.clone(), &looked.untold, now);
        keep_known(&tx, record, &known, now).await?;
        let waits = known.iter().any(Known::waits_for_second_look);
        let period = self.context.settings.patrol.days * DAY;
        let next = match waits {
            true => now + SECOND_LOOK_AFTER + jitter(record, DAY / 4),
            false => now + period + jitter(record, period / 4),
        };
        put_forward(&tx, record, leased, next).await?;
        if record_state(&row)?.is_in_force() {
            self.keep_finding(&tx, &row, &known, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// A finding where something was seen twice, an end to it where nothing is wrong any more.
    async fn keep_finding(
        &self,
        tx: &Transaction,
        row: &record::Model,
        known: &[Known],
        now: i64,
    ) -> Result<()> {
        let certain: Vec<Seen> = known
            .iter()
            .filter(|known| known.is_certain())
            .map(|known| Seen { fault: known.fault, told: known.told.clone() })
            .collect();
        let open = patrol_finding::Entity::find()
            .filter(patrol_finding::Column::RecordId.eq(&row.id))
            .filter(patrol_finding::Column::ClosedAt.is_null())
            .lock_exclusive()
            .one(tx)
            .await?;
        let Some(open) = open else {
            return match certain.is_empty() {
                true => Ok(()),
                false => self.found(tx, row, &certain, now).await,
            };
        };
        if known.iter().all(|known| known.is_dismissed) {
            return self.resolve(tx, row, &open, now).await;
        }
        let told = if certain.is_empty() { faults(&open)? } else { certain };
        let told = serde_json::to_string(&told)?;
        if told == open.faults && row.jurisdiction == open.jurisdiction {
            return Ok(());
        }
        let changed = patrol_finding::ActiveModel {
            id: Set(open.id.clone()),
            faults: Set(told),
            jurisdiction: Set(row.jurisdiction.clone()),
            ..Default::default()
        };
        changed.update(tx).await?;
        let detail = json!({ "record": row.id });
        self.context.audit(tx, None, "patrol.find", "patrol_finding", &open.id, detail).await?;
        Ok(())
    }

    async fn found(&self, tx: &Transaction, row: &record::Model, certain: &[Seen], now: i64) -> Result<()> {
        let id = new_id(self.context.clock.now());
        let found = patrol_finding::ActiveModel {
            id: Set(id.clone()),
            record_id: Set(row.id.clone()),
            jurisdiction: Set(row.jurisdiction.clone()),
            state: Set(PatrolState::Open.code().to_owned()),
            faults: Set(serde_json::to_string(certain)?),
            found_at: Set(now),
            notified_at: Set(None),
            notifier_id: Set(None),
            due_at: Set(None),
            closed_at: Set(None),
            closer_id: Set(None),
            reason_sealed: Set(None),
        };
        found.insert(tx).await?;
        let faults: Vec<&str> = certain.iter().map(|seen| seen.fault.label()).collect();
        let detail = json!({ "record": row.id, "faults": faults });
        self.context.audit(tx, None, "patrol.find", "patrol_finding", &id, detail).await?;
        Ok(())
    }

    /// Everything is right again; who was told to put it right is told that as well.
    async fn resolve(
        &self,
        tx: &Transaction,
        row: &record::Model,
        open: &patrol_finding::Model,
        now: i64,
    ) -> Result<()> {
        close(tx, open, PatrolState::Resolved, now).await?;
        if open.notified_at.is_some() {
            let what = named(&faults(open)?);
            let text = format!(
                "{}再次核查正常，此前通知的核查事项（{what}）已撤销，无需再处理。",
                self.called(row)?
            );
            self.tell_owner(tx, row, text).await?;
        }
        let detail = json!({ "record": row.id });
        self.context.audit(tx, None, "patrol.resolve", "patrol_finding", &open.id, detail).await?;
        Ok(())
    }

    /// A record as its owner calls it.
    fn called(&self, row: &record::Model) -> Result<String> {
        let business = business_of(row)?;
        Ok(match business.is_subject() {
            true => "您的主体备案".to_owned(),
            false => format!("您的{}“{}”", business.noun(), row.title),
        })
    }

    async fn tell_owner(&self, tx: &Transaction, row: &record::Model, text: String) -> Result<()> {
        let subject = record::Entity::find_by_id(&row.subject_id).one(tx).await?;
        let Some(owner) = subject.and_then(|subject| subject.owner_id) else { return Ok(()) };
        let link = Some(route::record(business_of(row)?, &row.id));
        self.notices.notify(tx, &owner, NoticeKind::Reminder, text, link).await
    }
}

/// What is in force and due, the longest waiting first.
fn due(now: i64, most: u64) -> Select<record::Entity> {
    record::Entity::find()
        .filter(Expr::cust(IN_FORCE))
        .filter(record::Column::PatrolAt.lte(now))
        .order_by_asc(record::Column::PatrolAt)
        .order_by_asc(record::Column::Id)
        .limit(most)
}

async fn put_forward(on: &Transaction, record: &str, before: i64, next: i64) -> Result<bool> {
    let moved = record::Entity::update_many()
        .col_expr(record::Column::PatrolAt, Expr::value(next))
        .filter(record::Column::Id.eq(record))
        .filter(record::Column::PatrolAt.eq(before))
        .exec(on)
        .await?;
    Ok(moved.rows_affected == 1)
}

async fn keep_known(on: &impl ConnectionTrait, record: &str, known: &[Known], now: i64) -> Result<()> {
    let row = patrol_look::ActiveModel {
        record_id: Set(record.to_owned()),
        looked_at: Set(now),
        known: Set(serde_json::to_string(known)?),
    };
    patrol_look::Entity::insert(row)
        .on_conflict(
            OnConflict::column(patrol_look::Column::RecordId)
                .update_columns([patrol_look::Column::LookedAt, patrol_look::Column::Known])
                .to_owned(),
        )
        .exec_without_returning(on)
        .await?;
    Ok(())
}

/// Ends a finding by itself.
async fn close(on: &Transaction, open: &patrol_finding::Model, state: PatrolState, now: i64) -> Result<()> {
    let closed = patrol_finding::ActiveModel {
        id: Set(open.id.clone()),
        state: Set(state.code().to_owned()),
        closed_at: Set(Some(now)),
        ..Default::default()
    };
    closed.update(on).await?;
    Ok(())
}

/// Some part of `most`, another one for each filing: what was approved on one day is not looked at on one day for ever.
fn jitter(record: &str, most: i64) -> i64 {
    let hash = Sha256::digest(record.as_bytes());
    let part = hash.iter().take(4).fold(0_i64, |sum, byte| sum * 256 + i64::from(*byte));
    most.max(1) * (part % 1000) / 1000
}
