//! What time does to findings: who was told and did nothing is overdue, what was changed is looked at again, what was
//! cancelled is done with.

use std::collections::BTreeMap;

use domain::patrol::PatrolState;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use super::{DAY, Patrols, close};
use crate::base::db::millis;
use crate::base::entity::{patrol_finding, patrol_host, patrol_look, record};
use crate::base::error::{Error, Result};
use crate::base::retry::retry;
use crate::filing::patrol::{faults, filings_since, is_an_answer, last_day, named, state};
use crate::state::row::record_state;
use domain::filing::FilingState;
use domain::record::RecordState;

/// Findings that are read at once.
const AT_ONCE: u64 = 500;

impl Patrols {
    /// One round over the findings that are not finished; for the server to call every few minutes. Says how many
    /// went on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle(&self) -> Result<u64> {
        retry!(self.forget_hosts())?;
        let (mut settled, mut after) = (0, String::new());
        loop {
            let some = patrol_finding::Entity::find()
                .filter(Expr::cust("closed_at IS NULL"))
                .filter(patrol_finding::Column::Id.gt(&after))
                .order_by_asc(patrol_finding::Column::Id)
                .limit(AT_ONCE)
                .all(self.context.db.read())
                .await?;
            let Some(last) = some.last() else { return Ok(settled) };
            after.clone_from(&last.id);
            settled += self.settle_some(&some).await?;
        }
    }

    async fn settle_some(&self, some: &[patrol_finding::Model]) -> Result<u64> {
        let on = self.context.db.read();
        let ids: Vec<&str> = some.iter().map(|row| row.record_id.as_str()).collect();
        let records =
            record::Entity::find().filter(record::Column::Id.is_in(ids.iter().copied())).all(on).await?;
        let looks =
            patrol_look::Entity::find().filter(patrol_look::Column::RecordId.is_in(ids)).all(on).await?;
        let looked: BTreeMap<&str, i64> =
            looks.iter().map(|look| (look.record_id.as_str(), look.looked_at)).collect();
        let records: BTreeMap<&str, &record::Model> =
            records.iter().map(|row| (row.id.as_str(), row)).collect();
        let now = millis(self.context.clock.now());
        let mut settled = 0;
        for finding in some {
            let Some(row) = records.get(finding.record_id.as_str()) else { continue };
            let looked_at = looked.get(finding.record_id.as_str()).copied().unwrap_or_default();
            let is_over = !record_state(row)?.is_in_force();
            let has_moved = row.jurisdiction != finding.jurisdiction;
            let is_late =
                finding.state == PatrolState::Notified.code() && finding.due_at.is_some_and(|due| due <= now);
            if is_over || has_moved || is_late {
                settled += u64::from(retry!(self.try_settle(&finding.id, looked_at))?);
            }
            // Changed since the last look, and nothing is under way: it may be right now.
            let is_changed = record_state(row)? == RecordState::Active && row.updated_at > looked_at;
            if is_changed && row.patrol_at > now && self.put_forward(&row.id, row.patrol_at, now).await? {
                settled += 1;
            }
        }
        Ok(settled)
    }

    async fn try_settle(&self, id: &str, looked_at: i64) -> Result<bool> {
        let tx = self.context.db.begin().await?;
        let finding = patrol_finding::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
        let Some(finding) = finding.filter(|finding| finding.closed_at.is_none()) else { return Ok(false) };
        let row = record::Entity::find_by_id(&finding.record_id).one(&tx).await?.ok_or(Error::NotFound)?;
        let now = millis(self.context.clock.now());
        let detail = json!({ "record": row.id });
        if !record_state(&row)?.is_in_force() {
            close(&tx, &finding, PatrolState::Ended, now).await?;
            self.context.audit(&tx, None, "patrol.end", "patrol_finding", &finding.id, detail).await?;
            tx.commit().await?;
            return Ok(true);
        }
        let mut next = patrol_finding::ActiveModel { id: Set(finding.id.clone()), ..Default::default() };
        let has_moved = row.jurisdiction != finding.jurisdiction;
        if has_moved {
            next.jurisdiction = Set(row.jurisdiction.clone());
        }
        let is_late = self.is_late(&tx, &finding, looked_at, now).await?;
        if is_late {
            next.state = Set(PatrolState::Overdue.code().to_owned());
            let (what, due_on) = (named(&faults(&finding)?), last_day(finding.due_at.unwrap_or(now)));
            let text = format!(
                "{}的核查事项（{what}）已超过 {due_on} 的期限，仍未变更或注销，请尽快办理。",
                self.called(&row)?
            );
            self.tell_owner(&tx, &row, text).await?;
        }
        if !has_moved && !is_late {
            return Ok(false);
        }
        next.update(&tx).await?;
        let action = if is_late { "patrol.overdue" } else { "patrol.find" };
        self.context.audit(&tx, None, action, "patrol_finding", &finding.id, detail).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The time is over, and nothing that was filed since is under way, or came into force and was not looked at yet.
    async fn is_late(
        &self,
        tx: &crate::base::db::Transaction,
        finding: &patrol_finding::Model,
        looked_at: i64,
        now: i64,
    ) -> Result<bool> {
        let (Some(notified_at), Some(due_at)) = (finding.notified_at, finding.due_at) else {
            return Ok(false);
        };
        if state(finding)? != PatrolState::Notified || due_at > now {
            return Ok(false);
        }
        let filed = filings_since(tx, &[&finding.record_id], notified_at).await?;
        Ok(!filed.iter().filter(|row| is_an_answer(row)).any(|row| {
            row.state != FilingState::Approved.code() || row.decided_at.is_some_and(|at| at > looked_at)
        }))
    }

    /// Hosts that may be asked again need not be remembered.
    async fn forget_hosts(&self) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let before = millis(self.context.clock.now()) - DAY;
        patrol_host::Entity::delete_many().filter(patrol_host::Column::AskedAt.lt(before)).exec(&tx).await?;
        Ok(tx.commit().await?)
    }
}
