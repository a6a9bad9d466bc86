//! Decisions (R62) and what they do, in one transaction: the state, the record, its number and
//! domains, what goes along (R15, R23), the notices and the line in the audit log.

pub mod request;

use domain::action::{Action, Effect};
use domain::answer::Answers;
use domain::business::Business;
use domain::facts;
use domain::filing::{FilingEvent, FilingState};
use domain::notice::NoticeKind;
use domain::procedure::Procedure;
use domain::record::{RecordEvent, RecordState};
use domain::route;
use domain::schema::{Fault, fault};
use domain::sign_off::sign_off;
use domain::value::text::comparison_key;
use domain::view::Decision;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use time::OffsetDateTime;

use crate::account::rejected_form::{RejectedForm, RejectedForms};
use crate::base::actor::Actor;
use crate::base::change::What;
use crate::base::context::handle;
use crate::base::db::{Transaction, millis, new_id};
use crate::base::entity::{filing, live_domain, record};
use crate::base::error::{Error, Result};
use crate::base::numbering;
use crate::base::retry::retry;
use crate::base::sealed_answers::store;
use crate::desk::access::{codes, is_claimed_by, own_filing, why_not_approve};
use crate::desk::claim::{FilingClaims, Locked};
use crate::desk::decide::request::{
    DecisionRequest, LONGEST_NOTE, MOST_REMARKS, Remark, Together, decision_slot, with_suggestions, words,
};
use crate::desk::second_look::{Papers, SecondLooks};
use crate::desk::undo::{Act, Told, Undos};
use crate::files::Files;
use crate::files::faults::file_ids;
use crate::filing::Filings;
use crate::filing::bundle::RETURNED_ALONG;
use crate::filing::facts::title_of;
use crate::filing::name_suffix::keep_name_suffixes;
use crate::filing::person_keys::PersonKeys;
use crate::filing::providers::{keep_typed, list_provider, unlist_providers};
use crate::filing::record::Records;
use crate::state::domains::keep_domains;
use crate::state::history::Who;
use crate::state::row::{filing_state, procedure_of};
use crate::state::scene::{Reach, Scene};
use crate::state::{counters, transition};

handle! {
    /// 通过, 退回, 不予通过, and what they do.
    Decisions {
        files: Files,
        filing_claims: FilingClaims,
        filings: Filings,
        records: Records,
        rejected_forms: RejectedForms,
        second_looks: SecondLooks,
        undos: Undos,
    }
}

/// What approval or refusal did beside the filing itself; for notices and the audit log.
#[derive(Default)]
struct DecisionEffects {
    /// The number that was issued.
    registration: Option<String>,
    /// Filings that were returned or ended along with this one.
    cascaded: Vec<filing::Model>,
    /// Filings that went to another region with their subject, and from where.
    moved: Vec<(String, filing::Model)>,
    /// Records that ended along with the subject.
    records: u64,
}

impl Decisions {
    /// Decides without a page: everything is signed off, a refusal names the first ground.
    ///
    /// # Errors
    /// As `decide_with`.
    pub async fn decide(
        &self,
        actor: &Actor,
        id: &str,
        version: i64,
        decision: Decision,
        note: &str,
        remarks: &[Fault],
    ) -> Result<()> {
        let remarks = remarks.iter().map(|remark| Remark {
            at: remark.at.clone(),
            text: remark.message.clone(),
            suggested: String::new(),
        });
        let request = DecisionRequest {
            decision,
            note: note.to_owned(),
            ground: String::new(),
            remarks: remarks.collect(),
            signed: (0..usize::from(u8::MAX)).collect(),
        };
        self.decide_with(actor, id, version, &request).await
    }

    /// Decides a filing that the officer has claimed. `version` is that of the page, so that nobody
    /// decides about something they have not seen.
    ///
    /// # Errors
    /// `NotFound` outside of the region, `Refused` with what happened when somebody was quicker, or
    /// while points are not signed off, `Faults` when the words are missing.
    pub async fn decide_with(
        &self,
        actor: &Actor,
        id: &str,
        version: i64,
        request: &DecisionRequest,
    ) -> Result<()> {
        self.decide_within(actor, id, version, request, &new_id(self.context.clock.now())).await
    }

    /// The same as a part of an act, which is taken back as a whole.
    pub(crate) async fn decide_within(
        &self,
        actor: &Actor,
        id: &str,
        version: i64,
        request: &DecisionRequest,
        act: &str,
    ) -> Result<()> {
        // On the heap, as what follows: a decision is deep.
        let papers = Box::pin(self.second_looks.drawn(actor, id, version)).await?;
        match retry!(self.try_decide(actor, id, version, request, act, papers.as_ref())) {
            Ok(()) => Ok(()),
            Err(error @ (Error::Refused(_) | Error::Faults(_))) => {
                // What was written belongs to the officer, whatever became of the filing.
                retry!(self.stash_decision(actor, id, request))?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// 一并通过: approves several filings of one bundle, the subject's first (R15), then as they came; stops at the first
    /// that cannot be approved. What was approved is taken back as a whole. Says how many were.
    ///
    /// # Errors
    /// As `decide_with`, where not even the first was approved.
    pub async fn approve_together(
        &self,
        actor: &Actor,
        together: Together<'_>,
    ) -> Result<(usize, Option<Error>)> {
        let Together { filing, along, request, also } = together;
        let (own, mut filings) = (filing.0.clone(), along);
        filings.push(filing);
        let ids: Vec<&str> = filings.iter().map(|(id, _)| id.as_str()).collect();
        let rows = self.filing_claims.subject_first(actor, &ids).await?;
        let list = match rows.iter().find(|row| row.id == own) {
            Some(row) => sign_off(procedure_of(row)?),
            None => &[],
        };
        // The same point stands once on the page.
        let confirmed = |point: &str| {
            also.contains(point)
                || list
                    .iter()
                    .enumerate()
                    .any(|(number, own)| *own == point && request.signed.contains(&number))
        };
        let act = new_id(self.context.clock.now());
        for (done, row) in rows.iter().enumerate() {
            let version = filings.iter().find(|(id, _)| *id == row.id).map_or(0, |(_, version)| *version);
            let points = sign_off(procedure_of(row)?).iter().enumerate();
            let signed = points.filter(|(_, point)| confirmed(point)).map(|(number, _)| number).collect();
            let request = DecisionRequest { signed, ..request.clone() };
            match self.decide_within(actor, &row.id, version, &request, &act).await {
                Ok(()) => {}
                Err(error @ (Error::Refused(_) | Error::Faults(_) | Error::NotFound)) if done > 0 => {
                    return Ok((done, Some(error)));
                }
                Err(error) => return Err(error),
            }
        }
        Ok((rows.len(), None))
    }

    /// The ground that a refusal names, in a sentence.
    fn ground_of(&self, request: &DecisionRequest) -> Result<Option<String>> {
        let grounds = &self.context.settings.rejection_grounds;
        match request.decision {
            Decision::Approve | Decision::Return => Ok(None),
            Decision::Reject if request.ground.is_empty() => Ok(grounds.first().cloned()),
            Decision::Reject if grounds.contains(&request.ground) => Ok(Some(request.ground.clone())),
            Decision::Reject => Err(Error::Faults(vec![fault("ground", "请从列表中选择法律依据")])),
        }
    }

    async fn try_decide(
        &self,
        actor: &Actor,
        id: &str,
        version: i64,
        request: &DecisionRequest,
        act: &str,
        papers: Option<&Papers>,
    ) -> Result<()> {
        let Locked { tx, subject, row, who, now } = self.filing_claims.locked(actor, id).await?;
        if let Some(refused) = own_filing(actor, &row, &subject) {
            return Err(Error::Refused(refused));
        }
        if filing_state(&row)? == FilingState::Pending {
            return Err(Error::refused("请先领取该申请单"));
        }
        if !is_claimed_by(&row, actor) || row.version != version {
            return Err(self.filing_claims.overtaken(&tx, &row.id, &who).await?);
        }
        let procedure = procedure_of(&row)?;
        let decision = request.decision;
        // The sheet of a cancellation shows what is cancelled, too.
        let forms = [procedure.form(), procedure.business.form()];
        let remarks = with_suggestions(&forms, &request.remarks)?;
        let (mut note, remarks) = words(decision, &forms, &request.note, &remarks)?;
        let points = sign_off(procedure);
        if decision == Decision::Approve && !(0..points.len()).all(|point| request.signed.contains(&point)) {
            return Err(Error::refused("请逐项确认审核清单后再通过"));
        }
        let ground = self.ground_of(request)?;
        if let Some(ground) = &ground {
            note.push_str(&format!("\n法律依据：{ground}\n{}", self.context.settings.rejection_remedy));
        }
        let event = match decision {
            Decision::Approve => FilingEvent::Approve,
            Decision::Return => FilingEvent::Return,
            Decision::Reject => FilingEvent::Reject,
        };
        if decision == Decision::Approve
            && let Some(refused) = why_not_approve(procedure, &subject, &[])?
        {
            return Err(Error::Refused(refused));
        }
        let reach = match procedure.business {
            Business::Subject => Reach::Subject,
            _ => Reach::Record(row.record_id.clone()),
        };
        let scene = Scene::read(&tx, &subject.id, reach).await?;
        let row = transition::filing(&tx, &row, event, who.clone(), note.trim(), &remarks, now).await?;
        let record = record::Entity::find_by_id(&row.record_id)
            .lock_exclusive()
            .one(&tx)
            .await?
            .ok_or_else(|| Error::Corrupt(format!("record of filing {} is missing", row.id)))?;
        let after = match decision {
            Decision::Approve => self.approve(&tx, &row, procedure, &record, &subject, now).await?,
            Decision::Return | Decision::Reject => {
                self.fail(&tx, &row, procedure, &record, event, &who, now).await?
            }
        };
        let chosen = self.second_looks.choose(&tx, actor, (&row, event), &remarks, papers, now).await?;
        let told = self.told_of(&row, procedure, &subject, decision, &after)?;
        let act = Act { id: act, event, filing: &row, scene, told };
        self.undos.keep(&tx, actor, act, now).await?;
        let detail = json!({
            "reference": row.reference,
            "procedure": procedure.code(),
            "version": row.version,
            "registration": after.registration,
            "records": after.records,
            "along": after.cascaded.iter().map(|one| one.reference.as_str()).collect::<Vec<_>>(),
            "ground": ground,
            "second_look": chosen.then_some(true),
        });
        std::iter::once(&row).chain(&after.cascaded).for_each(|one| tx.tell_changed(one));
        for (from, one) in after.moved {
            tx.tell(What::Arrived, &one, Some(from));
        }
        self.context
            .audit(&tx, Some(actor), &format!("filing.{}", event.code()), "filing", &row.id, detail)
            .await?;
        Ok(tx.commit().await?)
    }

    /// The record comes into force, is replaced, or ends.
    async fn approve(
        &self,
        tx: &Transaction,
        row: &filing::Model,
        procedure: Procedure,
        record: &record::Model,
        subject: &record::Model,
        now: OffsetDateTime,
    ) -> Result<DecisionEffects> {
        let record = transition::record(tx, record, RecordEvent::Approve, now).await?;
        match procedure.action.effect() {
            Effect::Create | Effect::Replace => {
                let answers = self.filings.filing_answers(row)?;
                self.put_in_force(tx, row, procedure, &record, subject, answers, now).await
            }
            Effect::Cancel => self.end(tx, row, procedure, &record, now).await,
        }
    }

    #[allow(clippy::too_many_arguments)] // what approval knows
    async fn put_in_force(
        &self,
        tx: &Transaction,
        row: &filing::Model,
        procedure: Procedure,
        record: &record::Model,
        subject: &record::Model,
        answers: Answers,
        now: OffsetDateTime,
    ) -> Result<DecisionEffects> {
        let business = procedure.business;
        let form = business.form();
        let files = file_ids(form, &answers);
        let title = title_of(business, &answers);
        let mut after = DecisionEffects::default();
        // Where the filing lies now, wherever officers may have sent it (移送).
        let jurisdiction = row.jurisdiction.clone();
        let (owner_kind, main_domain, is_interactive);
        if business == Business::Subject {
            let facts = facts::of_subject(&answers);
            owner_kind = facts.owner_kind.to_owned();
            (main_domain, is_interactive) = (None, None);
            let said = self.records.record_answers(record)?;
            if record.jurisdiction != jurisdiction
                || record.title != title
                || record.owner_kind != owner_kind
                || self.is_another_person(&said, &answers)
            {
                let is_new_address = facts::of_subject(&said).region != facts.region;
                let changed = record::Model {
                    jurisdiction: jurisdiction.clone(),
                    title: title.clone(),
                    owner_kind: owner_kind.clone(),
                    ..record.clone()
                };
                after.moved = self.follow_subject(tx, row, record, &changed, is_new_address, now).await?;
            }
        } else {
            let facts = facts::of_business(business, &answers);
            owner_kind = subject.owner_kind.clone();
            (main_domain, is_interactive) = (facts.domains.first().cloned(), facts.is_interactive);
            keep_domains(tx, &record.id, &facts.domains).await?;
            keep_typed(tx, form, &answers, now).await?;
            if business == Business::Provider {
                list_provider(tx, record, &facts::of_provider(&answers), now).await?;
            }
        }
        let mut registered = record.clone();
        if procedure.action.effect() == Effect::Create {
            registered.registered_at = Some(millis(now));
            if let Some(number) =
                numbering::issue(tx, &self.context.settings, business, &jurisdiction).await?
            {
                after.registration = Some(number.text.clone());
                registered.registration_digits = Some(number.digits);
                registered.registration_number = Some(number.text);
            }
        }
        let stored = store(&self.context.keys, form, &format!("record/{}", record.id), answers)?;
        let put = record::Entity::update_many()
            .col_expr(record::Column::TitleKey, Expr::value(comparison_key(&title)))
            .col_expr(record::Column::Title, Expr::value(title))
            .col_expr(record::Column::OwnerKind, Expr::value(owner_kind))
            .col_expr(record::Column::MainDomain, Expr::value(main_domain))
            .col_expr(record::Column::IsInteractive, Expr::value(is_interactive))
            .col_expr(record::Column::Jurisdiction, Expr::value(jurisdiction))
            .col_expr(record::Column::RegistrationDigits, Expr::value(registered.registration_digits))
            .col_expr(record::Column::RegistrationNumber, Expr::value(registered.registration_number))
            .col_expr(record::Column::RegisteredAt, Expr::value(registered.registered_at))
            .col_expr(record::Column::Answers, Expr::value(stored.answers))
            .col_expr(record::Column::AnswersSealed, Expr::value(stored.answers_sealed))
            .filter(record::Column::Id.eq(&record.id))
            .filter(record::Column::Version.eq(record.version))
            .exec_with_returning(tx)
            .await?;
        let [put] = put.as_slice() else {
            return Err(Error::Corrupt(format!("record {} changed under a lock", record.id)));
        };
        let is_named_so = record.title_key == put.title_key && record.owner_kind == put.owner_kind;
        if record.registered_at.is_none() || !is_named_so {
            keep_name_suffixes(tx, put).await?;
        }
        self.files.set_file_references(tx, "record", &record.id, &files).await?;
        Ok(after)
    }

    /// Two names of individuals can look alike with their stars.
    fn is_another_person(&self, before: &Answers, after: &Answers) -> bool {
        let keys = &self.context.keys;
        PersonKeys::of(keys, before) != PersonKeys::of(keys, after)
    }

    /// A changed subject takes its name, kind and jurisdiction to all that belongs to it (R14).
    /// What officers of another region had claimed goes back to the queue, where their colleagues
    /// see it. What had been sent to another region than the subject's (移送) stays there while the
    /// subject's address is the same.
    async fn follow_subject(
        &self,
        tx: &Transaction,
        row: &filing::Model,
        before: &record::Model,
        subject: &record::Model,
        is_new_address: bool,
        now: OffsetDateTime,
    ) -> Result<Vec<(String, filing::Model)>> {
        let jurisdiction = subject.jurisdiction.as_str();
        let follows = |lies_in: &str| is_new_address || lies_in == before.jurisdiction;
        let person = PersonKeys::of(&self.context.keys, &self.filings.filing_answers(row)?);
        let attached = Condition::all()
            .add(record::Column::SubjectId.eq(&subject.id))
            .add(record::Column::Id.ne(&subject.id));
        record::Entity::update_many()
            .col_expr(record::Column::OwnerKind, Expr::value(subject.owner_kind.as_str()))
            .filter(attached.clone())
            .exec_with_returning(tx)
            .await?;
        filing::Entity::update_many()
            .col_expr(filing::Column::SubjectName, Expr::value(subject.title.as_str()))
            .col_expr(filing::Column::SubjectKey, Expr::value(comparison_key(&subject.title)))
            .col_expr(filing::Column::PersonNameHash, Expr::value(person.name))
            .col_expr(filing::Column::PersonIdNoHash, Expr::value(person.id_no))
            .filter(filing::Column::SubjectId.eq(&subject.id))
            .filter(filing::Column::Id.ne(&row.id))
            .filter(filing::Column::State.is_in(codes(&[
                FilingState::Pending,
                FilingState::InReview,
                FilingState::Returned,
            ])))
            .exec_with_returning(tx)
            .await?;
        if jurisdiction == before.jurisdiction {
            return Ok(Vec::new());
        }
        let mut following = record::Entity::update_many()
            .col_expr(record::Column::Jurisdiction, Expr::value(jurisdiction))
            .filter(attached);
        if !is_new_address {
            following = following.filter(record::Column::Jurisdiction.eq(&before.jurisdiction));
        }
        following.exec_with_returning(tx).await?;
        let mut returned = self.unfinished(tx, &subject.id, &row.id, &[FilingState::Returned]).await?;
        returned.retain(|one| follows(&one.jurisdiction));
        filing::Entity::update_many()
            .col_expr(filing::Column::Jurisdiction, Expr::value(jurisdiction))
            .filter(filing::Column::Id.is_in(returned.iter().map(|one| one.id.as_str())))
            .exec_with_returning(tx)
            .await?;
        let there =
            |one: &filing::Model| filing::Model { jurisdiction: jurisdiction.to_owned(), ..one.clone() };
        let there: Vec<filing::Model> = returned.iter().map(there).collect();
        counters::moved(tx, &returned, &there, now).await?;
        let mut moved = Vec::new();
        let note = "主体管辖地变更，转由新的管辖地审核";
        let open = [FilingState::Pending, FilingState::InReview];
        for open in self.unfinished(tx, &subject.id, &row.id, &open).await? {
            if !follows(&open.jurisdiction) {
                continue;
            }
            let after = transition::transfer(tx, &open, jurisdiction, Who::system(), note, now).await?;
            moved.push((open.jurisdiction, after));
        }
        Ok(moved)
    }

    /// A record ends; a subject takes everything with it (R23).
    async fn end(
        &self,
        tx: &Transaction,
        row: &filing::Model,
        procedure: Procedure,
        record: &record::Model,
        now: OffsetDateTime,
    ) -> Result<DecisionEffects> {
        let mut after = DecisionEffects::default();
        if procedure.business != Business::Subject {
            keep_domains(tx, &record.id, &[]).await?;
            unlist_providers(tx, std::slice::from_ref(&record.id)).await?;
            // A change that was returned has nothing left to change.
            after.cascaded = filing::Entity::find()
                .filter(filing::Column::RecordId.eq(&record.id))
                .filter(filing::Column::State.eq(FilingState::Returned.code()))
                .lock_exclusive()
                .all(tx)
                .await?;
            let note = format!("{}已注销", procedure.business.noun());
            after.cascaded = terminate(tx, after.cascaded, &note, now).await?;
            return Ok(after);
        }
        let unfinished = [FilingState::Pending, FilingState::InReview, FilingState::Returned];
        let open = self.unfinished(tx, &record.id, &row.id, &unfinished).await?;
        after.cascaded = terminate(tx, open, "主体已注销", now).await?;
        let ended = transition::end_records_of(tx, &record.id, now).await?;
        after.records = ended.iter().map(|(_, to)| u64::from(*to == RecordState::Cancelled)).sum();
        let ended: Vec<String> = ended.into_iter().map(|(id, _)| id).collect();
        live_domain::Entity::delete_many()
            .filter(live_domain::Column::RecordId.is_in(ended.clone()))
            .exec_with_returning(tx)
            .await?;
        unlist_providers(tx, &ended).await?;
        Ok(after)
    }

    /// The record is as it was before the filing, or void; a subject that never came into force
    /// takes its businesses along (R15): they are returned with it, or end.
    #[allow(clippy::too_many_arguments)] // what a refusal knows
    async fn fail(
        &self,
        tx: &Transaction,
        row: &filing::Model,
        procedure: Procedure,
        record: &record::Model,
        event: FilingEvent,
        who: &Who,
        now: OffsetDateTime,
    ) -> Result<DecisionEffects> {
        self.filings.fail_record(tx, record, now).await?;
        if procedure != Procedure::new(Business::Subject, Action::New) {
            return Ok(DecisionEffects::default());
        }
        let is_return = event == FilingEvent::Return;
        let states: &[FilingState] = match is_return {
            true => &[FilingState::Pending, FilingState::InReview],
            false => &[FilingState::Pending, FilingState::InReview, FilingState::Returned],
        };
        let dependents = self.unfinished(tx, &record.id, &row.id, states).await?;
        let records = record::Entity::find()
            .filter(record::Column::SubjectId.eq(&record.id))
            .filter(record::Column::Id.ne(&record.id))
            .filter(record::Column::State.eq(RecordState::Pending.code()))
            .order_by_asc(record::Column::Id)
            .lock_exclusive()
            .all(tx)
            .await?;
        for one in &records {
            self.filings.fail_record(tx, one, now).await?;
        }
        if !is_return {
            let cascaded = terminate(tx, dependents, "主体申请不予通过，随之终止", now).await?;
            return Ok(DecisionEffects { cascaded, ..DecisionEffects::default() });
        }
        let mut cascaded = Vec::new();
        for one in dependents {
            // One that came in after the bundle was claimed is still unclaimed.
            let one = match filing_state(&one)? == FilingState::Pending {
                true => transition::filing(tx, &one, FilingEvent::Claim, who.clone(), "", &[], now).await?,
                false => one,
            };
            let note = RETURNED_ALONG;
            cascaded
                .push(transition::filing(tx, &one, FilingEvent::Return, who.clone(), note, &[], now).await?);
        }
        Ok(DecisionEffects { cascaded, ..DecisionEffects::default() })
    }

    /// The filings of a subject in these states, except one; locked.
    async fn unfinished(
        &self,
        tx: &Transaction,
        subject_id: &str,
        except: &str,
        states: &[FilingState],
    ) -> Result<Vec<filing::Model>> {
        Ok(filing::Entity::find()
            .filter(filing::Column::SubjectId.eq(subject_id))
            .filter(filing::Column::Id.ne(except))
            .filter(filing::Column::State.is_in(codes(states)))
            .order_by_asc(filing::Column::Id)
            .lock_exclusive()
            .all(tx)
            .await?)
    }

    /// Whom to tell of a decision, and what (R66).
    fn told_of(
        &self,
        row: &filing::Model,
        procedure: Procedure,
        subject: &record::Model,
        decision: Decision,
        after: &DecisionEffects,
    ) -> Result<Vec<Told>> {
        let person = subject.owner_id.as_ref().unwrap_or(&row.applicant_id);
        let mut outcome = match decision {
            Decision::Approve => "审核通过".to_owned(),
            Decision::Return => "已退回，请按审核意见修改后重新提交".to_owned(),
            Decision::Reject => format!("不予通过，理由见申请单。{}", self.context.settings.rejection_remedy),
        };
        if let Some(number) = &after.registration {
            outcome.push_str(&format!("，备案号：{number}"));
        }
        if after.records > 0 {
            outcome.push_str(&format!("，其下 {} 项业务一并注销", after.records));
        }
        let kind = match decision {
            Decision::Approve => NoticeKind::Approved,
            Decision::Return => NoticeKind::Returned,
            Decision::Reject => NoticeKind::Rejected,
        };
        let text = format!("您的{}（编号 {}）{outcome}", called(procedure), row.reference);
        let mut told = vec![Told::new(person, kind, text, route::filing(&row.id))];
        for one in &after.cascaded {
            let (kind, outcome) = match filing_state(one)? {
                FilingState::Returned => (NoticeKind::Returned, "随主体申请一并退回"),
                FilingState::Terminated => (NoticeKind::Progress, "已终止"),
                FilingState::Pending
                | FilingState::InReview
                | FilingState::Approved
                | FilingState::Rejected
                | FilingState::Withdrawn => continue,
            };
            let text = format!("您的{}（编号 {}）{outcome}", called(procedure_of(one)?), one.reference);
            told.push(Told::new(person, kind, text, route::filing(&one.id)));
        }
        Ok(told)
    }

    pub(crate) async fn stash_decision(
        &self,
        actor: &Actor,
        id: &str,
        request: &DecisionRequest,
    ) -> Result<()> {
        let mut answers = Answers::new();
        let mut keep = |at: String, text: &str| {
            if !text.trim().is_empty() {
                answers.set_text(at, text.chars().take(LONGEST_NOTE).collect::<String>());
            }
        };
        keep("note".to_owned(), &request.note);
        for remark in request.remarks.iter().take(MOST_REMARKS) {
            keep(format!("remark.{}", remark.at), &remark.text);
            keep(format!("suggest.{}", remark.at), &remark.suggested);
        }
        if answers.iter().next().is_none() {
            return Ok(());
        }
        let tx = self.context.db.begin().await?;
        self.rejected_forms
            .stash(&tx, decision_slot(actor, id), &RejectedForm { answers, faults: Vec::new() })
            .await?;
        Ok(tx.commit().await?)
    }

    /// What the officer wrote about a filing and could not send.
    pub(crate) async fn stashed_decision(&self, actor: &Actor, id: &str) -> Result<Answers> {
        let on = self.context.db.read();
        let held = self.rejected_forms.find_for(on, actor, &decision_slot(actor, id)).await?;
        Ok(held.map(|held| held.answers).unwrap_or_default())
    }
}

/// 新增主体申请, 新办网站申请, 变更网站申请 …
fn called(procedure: Procedure) -> String {
    let label = procedure.label();
    format!("{}申请", label.strip_suffix("申请").unwrap_or(label))
}

async fn terminate(
    tx: &Transaction,
    rows: Vec<filing::Model>,
    note: &str,
    now: OffsetDateTime,
) -> Result<Vec<filing::Model>> {
    let mut ended = Vec::new();
    for row in rows {
        ended
            .push(transition::filing(tx, &row, FilingEvent::Terminate, Who::system(), note, &[], now).await?);
    }
    Ok(ended)
}
