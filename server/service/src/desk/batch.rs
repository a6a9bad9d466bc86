//! 批量办理: one act on many filings. A dry run says of each what would happen or why not; then each is done in a
//! transaction of its own by the use case that does it alone, which checks again, and what became of each is kept for a
//! day. Nothing is all or nothing.

use std::collections::{BTreeMap, BTreeSet};

use domain::business::Business;
use domain::filing::FilingState;
use domain::schema::fault;
use domain::sign_off::sign_off;
use domain::view::{
    BatchAct, BatchEntry, BatchLine, BatchOutcome, BatchPlan, BatchReport, Decision, MOST_IN_BATCH, QueueRow,
    Refused,
};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde_json::json;
use time::Duration;

use crate::account::rejected_form::{RejectedForm, RejectedForms};
use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::{instant, millis, new_id, plausible_id};
use crate::base::entity::{audit, desk_batch, desk_batch_filing, filing, record};
use crate::base::error::{Error, Result, chain};
use crate::base::region;
use crate::base::retry::retry;
use crate::desk::access::{DeskAccess, is_claimed_by, own_filing, why_not_approve};
use crate::desk::checks::MachineChecks;
use crate::desk::claim::{FilingClaims, reason_in};
use crate::desk::decide::Decisions;
use crate::desk::decide::request::DecisionRequest;
use crate::desk::queue::bundle::open_bundles;
use crate::desk::review::Reviews;
use crate::desk::undo::Undos;
use crate::files::Files;
use crate::files::faults::file_ids;
use crate::filing::Filings;
use crate::filing::record::Records;
use crate::filing::view::filing_files;
use crate::state::row::{filing_state, procedure_of};

handle! {
    /// Acts on many filings.
    Batches {
        decisions: Decisions,
        desk_access: DeskAccess,
        files: Files,
        filing_claims: FilingClaims,
        filings: Filings,
        machine_checks: MachineChecks,
        records: Records,
        rejected_forms: RejectedForms,
        reviews: Reviews,
        undos: Undos,
    }
}

/// What became of a batch is kept so long.
const KEPT: Duration = Duration::days(1);

/// Batches deleted in one transaction.
const SWEPT_AT_ONCE: u64 = 200;

/// An act on many filings as an officer orders it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchOrder {
    pub act: BatchAct,
    /// Ids, with the version that the dry run showed where the act is a decision.
    pub filings: Vec<(String, Option<i64>)>,
    /// 审核清单 of each was gone through.
    pub confirmed: bool,
    /// Where they are sent to, and why.
    pub region: String,
    pub reason: String,
}

/// A filing of a batch, what goes with it, and why nothing is done, where that is so.
struct Unit {
    row: filing::Model,
    /// What the act takes along (R15).
    with: Vec<filing::Model>,
    subject: record::Model,
    refused: Option<Refused>,
}

impl Unit {
    fn all(&self) -> impl Iterator<Item = &filing::Model> {
        [&self.row].into_iter().chain(&self.with)
    }
}

impl Batches {
    /// What would happen to each of these filings. What is not there for this officer is only counted (R74).
    ///
    /// # Errors
    /// `NotFound` for an act that is none, `Refused` for too many.
    pub async fn plan(&self, actor: &Actor, act: &str, ids: &[String], check: bool) -> Result<BatchPlan> {
        actor.must_review()?;
        let act = BatchAct::from_code(act).ok_or(Error::NotFound)?;
        bounded(ids.len())?;
        let units = self.units(actor, act, ids, true).await?;
        let ticked: BTreeSet<&str> = units.iter().flat_map(Unit::all).map(|row| row.id.as_str()).collect();
        let missing = ids.iter().filter(|id| !ticked.contains(id.as_str())).count();
        let rows: Vec<filing::Model> = units.iter().flat_map(Unit::all).cloned().collect();
        let mut shown = self.desk_access.queue_rows(actor, &rows).await?.into_iter();
        let mut entries = Vec::new();
        for unit in units {
            let Some(row) = shown.next() else { break };
            let points = if act == BatchAct::Approve { sign_off(procedure_of(&unit.row)?) } else { &[] };
            entries.push(BatchEntry {
                with: shown.by_ref().take(unit.with.len()).collect(),
                version: unit.row.version,
                sign_off: points.iter().map(|point| (*point).to_owned()).collect(),
                refused: unit.refused,
                row,
            });
        }
        let typed = match check {
            true => self.rejected_forms.find(self.context.db.read(), &slot(actor)).await?.unwrap_or_default(),
            false => RejectedForm::default(),
        };
        let text = |at| typed.answers.text(at).to_owned();
        Ok(BatchPlan {
            act,
            entries,
            missing,
            region: text("region"),
            reason: text("reason"),
            faults: typed.faults,
        })
    }

    /// Does it to each, one after the other, and gives the number under which what became of each is found.
    ///
    /// # Errors
    /// `Faults` where the order itself lacks something; then nothing was done. `NotFound` where none of the filings is
    /// there for this officer.
    pub async fn run(&self, actor: &Actor, order: &BatchOrder) -> Result<String> {
        actor.must_review()?;
        bounded(order.filings.len())?;
        if let Err(error) = is_complete(order) {
            if let Error::Faults(faults) = &error {
                retry!(self.stash(actor, order, faults))?;
            }
            return Err(error);
        }
        let ids: Vec<String> = order.filings.iter().map(|(id, _)| id.clone()).collect();
        let units = self.units(actor, order.act, &ids, false).await?;
        if units.is_empty() {
            return Err(Error::NotFound);
        }
        let batch = retry!(self.begin(actor, order.act, &units))?;
        let mut position = 0;
        for unit in &units {
            let outcome = match &unit.refused {
                Some(refused) => Err(Error::Refused(refused.clone())),
                None => self.act_on(actor, &batch, order, unit).await,
            };
            let (outcome, sentence) = told(outcome, &unit.row.id);
            let next = position + i32::try_from(unit.all().count()).unwrap_or(i32::MAX);
            retry!(self.note(&batch, position..next, outcome, &sentence))?;
            position = next;
        }
        // The time to take it back begins when the officer sees what became of it.
        retry!(self.undos.begin_time(actor, &batch))?;
        Ok(batch)
    }

    /// What became of each filing of a batch, for whoever ordered it.
    ///
    /// # Errors
    /// `NotFound` for anybody else, and after a day.
    pub async fn report(&self, actor: &Actor, id: &str) -> Result<BatchReport> {
        actor.must_review()?;
        let on = self.context.db.read();
        let batch = desk_batch::Entity::find_by_id(plausible_id(id)?).one(on).await?;
        let batch = batch.filter(|batch| batch.person_id == actor.person_id).ok_or(Error::NotFound)?;
        let of_act = || Error::Corrupt(format!("batch {id} is of no kind"));
        let lines = desk_batch_filing::Entity::find()
            .filter(desk_batch_filing::Column::BatchId.eq(&batch.id))
            .order_by_asc(desk_batch_filing::Column::Position)
            .all(on)
            .await?;
        let ids: Vec<String> = lines.iter().map(|line| line.filing_id.clone()).collect();
        let rows = self.seen(actor, &ids).await?;
        let shown = self.desk_access.queue_rows(actor, &rows).await?;
        let mut shown: BTreeMap<String, QueueRow> =
            shown.into_iter().map(|row| (row.id.clone(), row)).collect();
        let lines = lines.into_iter().map(|line| BatchLine {
            row: shown.remove(&line.filing_id),
            outcome: BatchOutcome::from_code(&line.outcome).unwrap_or(BatchOutcome::Waiting),
            reference: line.reference,
            sentence: line.sentence,
        });
        Ok(BatchReport {
            act: BatchAct::from_code(&batch.act).ok_or_else(of_act)?,
            begun_at: written(instant(batch.created_at)),
            lines: lines.collect(),
            id: batch.id,
        })
    }

    /// Deletes what became of batches a day ago. Says how many.
    pub(crate) async fn sweep_batches(&self) -> Result<u64> {
        let mut swept = 0;
        loop {
            let some = retry!(self.try_sweep_batches())?;
            swept += some;
            if some < SWEPT_AT_ONCE {
                return Ok(swept);
            }
        }
    }

    async fn try_sweep_batches(&self) -> Result<u64> {
        let tx = self.context.db.begin().await?;
        let due: Vec<String> = due(millis(self.context.clock.now() - KEPT)).into_tuple().all(&tx).await?;
        if due.is_empty() {
            return Ok(0);
        }
        desk_batch_filing::Entity::delete_many()
            .filter(desk_batch_filing::Column::BatchId.is_in(&due))
            .exec(&tx)
            .await?;
        desk_batch::Entity::delete_many().filter(desk_batch::Column::Id.is_in(&due)).exec(&tx).await?;
        let detail = json!({ "rows": due.len() });
        self.context.audit(&tx, None, "sweep", "desk_batch", "", detail).await?;
        tx.commit().await?;
        Ok(due.len() as u64)
    }

    /// Those of these filings that are put to the officer, in this order.
    async fn seen(&self, actor: &Actor, ids: &[String]) -> Result<Vec<filing::Model>> {
        let known = ids.iter().map(String::as_str).filter(|id| plausible_id(id).is_ok());
        let rows = filing::Entity::find()
            .filter(filing::Column::Id.is_in(known))
            .all(self.context.db.read())
            .await?;
        let mut rows: BTreeMap<String, filing::Model> = rows
            .into_iter()
            .filter(|row| row.is_reviewable && actor.covers(&row.jurisdiction))
            .map(|row| (row.id.clone(), row))
            .collect();
        Ok(ids.iter().filter_map(|id| rows.remove(id)).collect())
    }

    /// The filings with what goes along, each with its verdict. A new subject that is ticked stands for its businesses
    /// too: where each is decided by itself they follow it, if `expands`.
    async fn units(&self, actor: &Actor, act: BatchAct, ids: &[String], expands: bool) -> Result<Vec<Unit>> {
        let on = self.context.db.read();
        let mut rows = self.seen(actor, ids).await?;
        // As in the queue, whatever order the address has.
        rows.sort_by(|one, other| (one.submitted_at, &one.id).cmp(&(other.submitted_at, &other.id)));
        let of: BTreeSet<String> = rows.iter().map(|row| row.subject_id.clone()).collect();
        let subjects = record::Entity::find().filter(record::Column::Id.is_in(&of)).all(on).await?;
        let subjects: BTreeMap<String, record::Model> =
            subjects.into_iter().map(|row| (row.id.clone(), row)).collect();
        let bundles = open_bundles::<filing::Model>(on, of).await?;
        let mut units = Vec::new();
        let mut taken = BTreeSet::new();
        for row in rows {
            let is_open = filing_state(&row)?.is_open();
            let bundle =
                bundles.get(&row.subject_id).filter(|_| is_open).map(Vec::as_slice).unwrap_or_default();
            let others = bundle.iter().filter(|one| one.id != row.id).cloned();
            let groups: Vec<(filing::Model, Vec<filing::Model>)> = match act {
                BatchAct::Claim | BatchAct::Release | BatchAct::Transfer => {
                    vec![(row.clone(), others.collect())]
                }
                BatchAct::Approve if expands && bundle.first().is_some_and(|lead| lead.id == row.id) => {
                    let mut each = vec![(row.clone(), Vec::new())];
                    each.extend(
                        others.filter(|one| actor.covers(&one.jurisdiction)).map(|one| (one, Vec::new())),
                    );
                    each
                }
                BatchAct::Approve => vec![(row.clone(), Vec::new())],
            };
            for (row, with) in groups {
                if !taken.insert(row.id.clone()) {
                    continue;
                }
                taken.extend(with.iter().map(|one| one.id.clone()));
                let subject = subjects.get(&row.subject_id).cloned();
                let subject = subject
                    .ok_or_else(|| Error::Corrupt(format!("subject {} is missing", row.subject_id)))?;
                units.push(Unit { row, with, subject, refused: None });
            }
        }
        // A subject is decided before its businesses, in whatever order they were ticked.
        let mut places = BTreeMap::new();
        for unit in &units {
            let place = places.len();
            places.entry(unit.row.subject_id.clone()).or_insert(place);
        }
        units.sort_by_key(|unit| {
            (places.get(&unit.row.subject_id).copied(), unit.row.business != Business::Subject.code())
        });
        let mut before = BTreeSet::new();
        for unit in &mut units {
            unit.refused = self.why_not(actor, act, unit, &before).await?;
            if unit.refused.is_none() {
                before.insert(unit.row.record_id.clone());
            }
        }
        Ok(units)
    }

    /// Why an act is not done to a filing; what the dry run shows and what holds it back. `before` are the records of
    /// filings that the same batch approves before this one.
    async fn why_not(
        &self,
        actor: &Actor,
        act: BatchAct,
        unit: &Unit,
        before: &BTreeSet<String>,
    ) -> Result<Option<Refused>> {
        let row = &unit.row;
        match act {
            BatchAct::Claim => self.why_not_claim(actor, unit).await,
            BatchAct::Release if is_claimed_by(row, actor) => Ok(None),
            BatchAct::Release if row.state == FilingState::Pending.code() => {
                Ok(because("尚未领取，无需释放"))
            }
            BatchAct::Release => self.reviews.what_happened(actor, row).await.map(Some),
            BatchAct::Transfer => {
                for one in unit.all() {
                    if let Some(refused) = own_filing(actor, one, &unit.subject) {
                        return Ok(Some(refused));
                    }
                    if one.state != FilingState::Pending.code() && !is_claimed_by(one, actor) {
                        return self.reviews.what_happened(actor, one).await.map(Some);
                    }
                }
                Ok(None)
            }
            BatchAct::Approve => self.why_not_approve(actor, unit, before).await,
        }
    }

    async fn why_not_claim(&self, actor: &Actor, unit: &Unit) -> Result<Option<Refused>> {
        if unit.all().all(|one| is_claimed_by(one, actor)) {
            return Ok(because("已由您领取"));
        }
        for one in unit.all().filter(|one| !is_claimed_by(one, actor)) {
            if !actor.covers(&one.jurisdiction) {
                return Ok(because("一并提交的申请单不在您的辖区"));
            }
            if let Some(refused) = self.reviews.why_not_claim(actor, one, &unit.subject).await? {
                return Ok(Some(refused));
            }
        }
        Ok(None)
    }

    /// Only what a machine finds nothing about and whose pictures this officer has opened is approved without its page.
    async fn why_not_approve(
        &self,
        actor: &Actor,
        unit: &Unit,
        before: &BTreeSet<String>,
    ) -> Result<Option<Refused>> {
        let (row, subject) = (&unit.row, &unit.subject);
        if let Some(refused) = self.reviews.why_not_decide(actor, row, subject).await? {
            return Ok(Some(refused));
        }
        let procedure = procedure_of(row)?;
        if !before.contains(&subject.id)
            && let Some(refused) = why_not_approve(procedure, subject, &[])?
        {
            return Ok(Some(refused));
        }
        let (answers, earlier) = (self.filings.filing_answers(row)?, self.filings.filing_before(row)?);
        let files = self.files.file_views(&filing_files(procedure, &answers, earlier.as_ref())?).await?;
        let subject_answers = self.records.record_answers(subject)?;
        let checks = self
            .machine_checks
            .machine_checks(row, procedure, &answers, subject, &subject_answers, &files)
            .await?;
        let doubts: Vec<String> =
            checks.into_iter().filter(|check| !check.passed).map(|check| check.title).collect();
        if !doubts.is_empty() {
            let sentence = format!("机器核查有 {} 项请核实：{}", doubts.len(), doubts.join("、"));
            return Ok(because(sentence));
        }
        let mut unseen: BTreeSet<String> = file_ids(procedure.form(), &answers)
            .into_iter()
            .filter(|id| files.get(id).is_some_and(|file| file.is_picture))
            .collect();
        let looks = looks_at(&actor.person_id, &unseen).into_tuple::<String>();
        for opened in looks.all(self.context.db.read()).await? {
            unseen.remove(&opened);
        }
        match unseen.len() {
            0 => Ok(None),
            count => Ok(because(format!("有 {count} 张图片您还没有打开查看"))),
        }
    }

    async fn begin(&self, actor: &Actor, act: BatchAct, units: &[Unit]) -> Result<String> {
        let tx = self.context.db.begin().await?;
        let now = self.context.clock.now();
        let id = new_id(now);
        let batch = desk_batch::ActiveModel {
            id: Set(id.clone()),
            person_id: Set(actor.person_id.clone()),
            act: Set(act.code().to_owned()),
            created_at: Set(millis(now)),
        };
        batch.insert(&tx).await?;
        let lines =
            units.iter().flat_map(Unit::all).zip(0..).map(|(row, position)| desk_batch_filing::ActiveModel {
                batch_id: Set(id.clone()),
                position: Set(position),
                filing_id: Set(row.id.clone()),
                reference: Set(row.reference.clone()),
                outcome: Set(BatchOutcome::Waiting.code().to_owned()),
                sentence: Set(String::new()),
            });
        desk_batch_filing::Entity::insert_many(lines).exec_without_returning(&tx).await?;
        self.rejected_forms.discard(&tx, &slot(actor)).await?;
        let references: Vec<&str> =
            units.iter().flat_map(Unit::all).map(|row| row.reference.as_str()).collect();
        let detail = json!({ "act": act.label(), "references": references });
        self.context.audit(&tx, Some(actor), "batch.begin", "desk_batch", &id, detail).await?;
        tx.commit().await?;
        Ok(id)
    }

    async fn note(
        &self,
        batch: &str,
        positions: std::ops::Range<i32>,
        outcome: BatchOutcome,
        sentence: &str,
    ) -> Result<()> {
        let tx = self.context.db.begin().await?;
        desk_batch_filing::Entity::update_many()
            .col_expr(desk_batch_filing::Column::Outcome, Expr::value(outcome.code()))
            .col_expr(desk_batch_filing::Column::Sentence, Expr::value(sentence))
            .filter(desk_batch_filing::Column::BatchId.eq(batch))
            .filter(desk_batch_filing::Column::Position.gte(positions.start))
            .filter(desk_batch_filing::Column::Position.lt(positions.end))
            .exec(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn stash(&self, actor: &Actor, order: &BatchOrder, faults: &[domain::schema::Fault]) -> Result<()> {
        let mut form = RejectedForm { faults: faults.to_vec(), ..RejectedForm::default() };
        form.answers.set_text("region", order.region.chars().take(6).collect::<String>());
        form.answers.set_text("reason", order.reason.chars().take(1_000).collect::<String>());
        let tx = self.context.db.begin().await?;
        self.rejected_forms.stash(&tx, slot(actor), &form).await?;
        Ok(tx.commit().await?)
    }

    /// What is done in a batch is taken back as a whole.
    async fn act_on(&self, actor: &Actor, batch: &str, order: &BatchOrder, unit: &Unit) -> Result<()> {
        let id = &unit.row.id;
        match order.act {
            BatchAct::Claim => self.filing_claims.claim_within(actor, id, Some(batch)).await,
            BatchAct::Release => self.filing_claims.release_within(actor, id, Some(batch)).await,
            BatchAct::Transfer => {
                self.filing_claims.transfer_within(actor, id, &order.region, &order.reason, batch).await
            }
            BatchAct::Approve => {
                let of_page = order.filings.iter().find(|(known, _)| known == id);
                let version = of_page.and_then(|(_, version)| *version);
                let version = version.ok_or_else(|| Error::refused("页面已过期，请刷新后重试"))?;
                self.approve_one(actor, batch, &unit.row, version).await
            }
        }
    }

    async fn approve_one(&self, actor: &Actor, batch: &str, row: &filing::Model, version: i64) -> Result<()> {
        let request = DecisionRequest {
            decision: Decision::Approve,
            note: String::new(),
            ground: String::new(),
            remarks: Vec::new(),
            // The order was refused unless all of it was confirmed.
            signed: (0..sign_off(procedure_of(row)?).len()).collect(),
        };
        self.decisions.decide_within(actor, &row.id, version, &request, batch).await
    }
}

fn slot(actor: &Actor) -> String {
    format!("{}/batch", actor.person_id)
}

fn because(sentence: impl Into<String>) -> Option<Refused> {
    Some(Refused { sentence: sentence.into(), link: None })
}

fn bounded(count: usize) -> Result<()> {
    match count {
        0..=MOST_IN_BATCH => Ok(()),
        // A new subject that was ticked brings its businesses along.
        _ => Err(Error::refused(format!("一次最多办理 {MOST_IN_BATCH} 份申请单，请分几次办理"))),
    }
}

/// What an order must say before anything is done.
fn is_complete(order: &BatchOrder) -> Result<()> {
    if order.filings.is_empty() {
        return Err(Error::refused("请先勾选申请单"));
    }
    let mut faults = Vec::new();
    match order.act {
        BatchAct::Claim | BatchAct::Release => {}
        BatchAct::Transfer => {
            if !region::is_leaf(&order.region) {
                faults.push(fault("region", "请选择移送到的区县"));
            }
            if let Err(Error::Faults(more)) = reason_in(&order.reason, "移送") {
                faults.extend(more);
            }
        }
        BatchAct::Approve if !order.confirmed => {
            faults.push(fault("confirmed", "请确认已逐份核对审核清单"));
        }
        BatchAct::Approve => {}
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Faults(faults)) }
}

/// What became of one, for the report.
fn told(outcome: Result<()>, filing: &str) -> (BatchOutcome, String) {
    let sentence = match outcome {
        Ok(()) => return (BatchOutcome::Done, String::new()),
        Err(Error::Refused(refused)) => refused.sentence,
        Err(Error::Faults(faults)) => {
            faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>().join("；")
        }
        Err(Error::NotFound | Error::Forbidden) => "该申请单已不在您的辖区".to_owned(),
        Err(Error::TooMany(seconds)) => format!("操作过于频繁，请 {seconds} 秒后再试"),
        Err(error @ (Error::Database(_) | Error::Keyring(_) | Error::Corrupt(_) | Error::Store(_))) => {
            tracing::error!(error = chain(&error), filing, "an act of a batch broke");
            "系统出现错误，没有办理，请稍后再试".to_owned()
        }
    };
    (BatchOutcome::Refused, sentence)
}

fn due(before: i64) -> Select<desk_batch::Entity> {
    desk_batch::Entity::find()
        .select_only()
        .column(desk_batch::Column::Id)
        .filter(desk_batch::Column::CreatedAt.lt(before))
        .limit(SWEPT_AT_ONCE)
}

/// Which of these files the officer has opened in full; said so that the index of what was looked at serves.
fn looks_at(officer: &str, files: &BTreeSet<String>) -> Select<audit::Entity> {
    audit::Entity::find()
        .select_only()
        .distinct()
        .column(audit::Column::ObjectId)
        .filter(audit::Column::ObjectId.is_in(files))
        .filter(Expr::cust("COALESCE(action, '')").eq("look_at_file"))
        .filter(Expr::cust("COALESCE(actor_id, '')").eq(officer))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use sea_orm::QueryTrait as _;

    use super::*;
    use crate::common::*;

    claims![what_a_batch_asks_has_an_index];

    async fn what_a_batch_asks_has_an_index(world: World) {
        let officer = world.officer("110000").await;
        world.many_filings(&officer, 10, 60).await;
        let files = (0..8).map(|_| new_id(world.now())).collect();
        // Of few rows PostgreSQL would rather read all.
        let plan = world.plan_of_many(&looks_at(&officer.person_id, &files).into_query()).await;
        assert!(plan.contains("audit_object"), "{plan}");
        let plan = world.plan_of_many(&due(0).into_query()).await;
        assert!(plan.contains("desk_batch_created"), "{plan}");
    }
}
