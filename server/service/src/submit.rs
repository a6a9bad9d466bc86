//! From draft to filing (R13, R19–R21, R35, R75): everything is checked again on rows that stand
//! still, and record, filing, history, files, notice and audit are written in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use domain::action::Action;
use domain::answer::Answers;
use domain::business::Business;
use domain::check::{Checked, Context, check_form};
use domain::eligibility::Refusal;
use domain::facts;
use domain::filing::{FilingEvent, FilingState};
use domain::procedure::Procedure;
use domain::record::{RecordEvent, RecordState};
use domain::schema::{Body, Fault, Form, Kind, fault};
use domain::sheet::{Sight, diff};
use domain::value::domain_name;
use domain::value::text::comparison_key;
use domain::view::{Refused, Submitted};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::json;
use time::OffsetDateTime;

use crate::clock::shanghai_date;
use crate::db::{Transaction, millis, new_id, next_serial, plausible_id};
use crate::draft::{Opening, faults_of_files, form_href, procedure_with_form, stars};
use crate::entity::{audit, filing, filing_round, live_domain, person, record};
use crate::error::{Error, Result};
use crate::filing::{filing_href, procedure_of};
use crate::limit::Use;
use crate::papers::store;
use crate::record::{file_ids, title_of};
use crate::reference::Reference;
use crate::region::KnownRegions;
use crate::transition::{self, Who, filing_state, record_state};
use crate::{Actor, Service, again, tally};

/// The audit line by which a submitted draft is found again.
const DRAFT_SUBMITTED: &str = "draft.submit";
/// Longest key a page may send (R75).
const LONGEST_KEY: usize = 100;
pub(crate) const STALE_PAGE: &str = "页面已过期，请刷新后重新提交";

const OWN_DOMAIN: &str = "您已经申请过此域名的备案，请到首页的审核中网站或已备案网站中查看";
const OTHERS_DOMAIN: &str = "该域名已有备案或正在审核，如有疑问请联系管辖地网安部门";

/// What columns say of the answers.
struct Columns {
    title: String,
    subject_name: String,
    owner_kind: String,
    jurisdiction: String,
    domains: Vec<String>,
    is_interactive: Option<bool>,
}

impl Columns {
    fn main_domain(&self) -> Option<String> {
        self.domains.first().cloned()
    }
}

fn columns(
    business: Business,
    subject: Option<&record::Model>,
    jurisdiction: String,
    answers: &Answers,
) -> Result<Columns> {
    let title = title_of(business, answers);
    if business.is_subject() {
        return Ok(Columns {
            subject_name: title.clone(),
            title,
            owner_kind: facts::of_subject(answers).owner_kind.to_owned(),
            jurisdiction,
            domains: Vec::new(),
            is_interactive: None,
        });
    }
    let subject = subject.ok_or(Refusal::NoSubject)?;
    let facts = facts::of_business(business, answers);
    Ok(Columns {
        title,
        subject_name: subject.title.clone(),
        owner_kind: subject.owner_kind.clone(),
        jurisdiction,
        domains: facts.domains,
        is_interactive: facts.is_interactive,
    })
}

/// Whether a key can tell a repeated submit from another one.
pub(crate) fn is_usable_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= LONGEST_KEY && !key.chars().any(char::is_control)
}

/// What the columns of a cancellation say: as the record's own.
fn columns_of_record(record: &record::Model, subject: Option<&record::Model>) -> Columns {
    Columns {
        title: record.title.clone(),
        subject_name: subject.unwrap_or(record).title.clone(),
        owner_kind: record.owner_kind.clone(),
        jurisdiction: record.jurisdiction.clone(),
        domains: record.main_domain.iter().cloned().collect(),
        is_interactive: record.is_interactive,
    }
}

/// The version of the text that is read and agreed to on the last step (R34).
fn notice_version(form: &'static Form) -> Option<String> {
    form.steps.iter().find_map(|step| match step.body {
        Body::Notice(notice) => Some(notice.version.to_owned()),
        Body::Subject | Body::Sections(_) => None,
    })
}

fn refused(sentence: &str, link: String) -> Submitted {
    Submitted::Refused(Refused { sentence: sentence.to_owned(), link: Some(link) })
}

impl Service {
    /// Puts a draft to the reviewers. `version` and `subject` are what the page knows of the draft and
    /// whom it speaks of; `key` makes a repeated submit harmless: it answers with the same filing.
    ///
    /// # Errors
    /// `NotFound` for a draft or subject that is not the actor's. What the person can do something
    /// about is not an error but `Faults` or `Refused`.
    pub async fn submit(
        &self,
        actor: &Actor,
        draft: &str,
        version: i64,
        subject: Option<&str>,
        key: &str,
    ) -> Result<Submitted> {
        if !is_usable_key(key) {
            return Ok(Submitted::Faults(vec![fault("", STALE_PAGE)]));
        }
        let mut tries = 0;
        loop {
            match again!(self.try_submit(actor, draft, version, subject, key)) {
                // Another submit has just taken the key, the record or the domain; the next look
                // finds it.
                Err(error) if error.is_unique_violation() && tries < 3 => tries += 1,
                Err(Error::Refused(refused)) => return Ok(Submitted::Refused(refused)),
                Err(Error::Faults(faults)) => return Ok(Submitted::Faults(faults)),
                outcome => return outcome,
            }
        }
    }

    async fn try_submit(
        &self,
        actor: &Actor,
        draft: &str,
        version: i64,
        subject: Option<&str>,
        key: &str,
    ) -> Result<Submitted> {
        let key = format!("{}/{key}", actor.person_id);
        if let Some(id) = filed_under(self.db.read(), &key).await? {
            return Ok(Submitted::Filing(id));
        }
        let tx = self.db.begin().await?;
        match self.submit_in(&tx, actor, draft, version, subject, &key).await? {
            Ok(row) => {
                tx.commit().await?;
                self.ring_arrival(&row);
                Ok(Submitted::Filing(row.id))
            }
            Err(answer) => {
                tx.rollback().await?;
                Ok(answer)
            }
        }
    }

    /// The filing that came of it, or the answer that ends the attempt.
    async fn submit_in(
        &self,
        tx: &Transaction,
        actor: &Actor,
        draft: &str,
        version: i64,
        subject: Option<&str>,
        key: &str,
    ) -> Result<Result<filing::Model, Submitted>> {
        let row = match self.owned_draft(tx, actor, draft, true).await {
            Ok(row) => row,
            Err(Error::NotFound) => return self.submitted_before(tx, actor, draft, key).await.map(Err),
            Err(error) => return Err(error),
        };
        let (procedure, form) = procedure_with_form(&row.procedure)?;
        if row.version != version {
            let link = form_href(procedure, &row.step, &row.id);
            return Ok(Err(refused("草稿已在其他页面保存过，请核对后再提交", link)));
        }
        let is_new_subject = procedure == Procedure::new(Business::Subject, Action::New);
        if is_new_subject {
            // There is no subject yet whose lock would put two submits in order.
            person::Entity::find_by_id(&actor.person_id).lock_exclusive().one(tx).await?;
        }
        let answers = self.draft_answers(&row)?;
        let opening = self.open_form(tx, actor, (procedure, form), Some(row), (None, None), true).await?;
        if let Some(wanted) = subject.filter(|_| !is_new_subject) {
            let wanted = self.owned_subject_on(tx, actor, wanted).await?;
            // R6: nothing is filed for another subject than the page speaks of.
            if opening.subject.as_ref().map(|subject| &subject.id) != Some(&wanted.id) {
                return Ok(Err(Submitted::Refused(Refused {
                    sentence: "当前主体与页面上的主体不一致，请刷新页面核对后再提交".to_owned(),
                    link: None,
                })));
            }
        }
        if let Some(refused) = self.refusal_of(tx, actor, &opening).await? {
            return Ok(Err(Submitted::Refused(refused)));
        }
        let checked = match self.check_opening(tx, actor, &opening, &answers).await? {
            Ok(checked) => checked.into_answers(),
            Err(faults) => return Ok(Err(Submitted::Faults(faults))),
        };
        self.file(tx, actor, opening, checked, key).await.map(Ok)
    }

    /// What became of a draft that is not there any more: a repeated submit finds its filing (R75); a
    /// second tab that submits a change is told that it is under review (R20).
    async fn submitted_before(
        &self,
        tx: &Transaction,
        actor: &Actor,
        draft: &str,
        key: &str,
    ) -> Result<Submitted> {
        if let Some(id) = filed_under(tx, key).await? {
            return Ok(Submitted::Filing(id));
        }
        let row = self.filing_of_draft(tx, actor, draft).await?.ok_or(Error::NotFound)?;
        let is_change = procedure_of(&row)?.action == Action::Change;
        match is_change && filing_state(&row)?.is_open() {
            true => Ok(refused(Refusal::UnderReview.sentence(), filing_href(&row.id))),
            false => Ok(Submitted::Filing(row.id)),
        }
    }

    /// The filing that a draft of the person became, while it is the person's. The audit log knows,
    /// as the draft is gone.
    pub(crate) async fn filing_of_draft(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        draft: &str,
    ) -> Result<Option<filing::Model>> {
        let line = audit::Entity::find()
            .filter(audit::Column::ObjectId.eq(plausible_id(draft)?))
            .filter(audit::Column::Action.eq(DRAFT_SUBMITTED))
            .filter(audit::Column::ActorId.eq(&actor.person_id))
            .one(on)
            .await?;
        let Some(line) = line else { return Ok(None) };
        let detail: serde_json::Value = serde_json::from_str(&line.detail)?;
        let id = detail.get("filing").and_then(|id| id.as_str()).unwrap_or_default();
        match self.owned_filing(on, actor, id, false).await {
            Ok((row, _)) => Ok(Some(row)),
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All that a submit asks of the answers: the form's own rules (R73), no stars (R70), the person's
    /// own files (R71), domains nobody else has, and a change that changes something (R19).
    pub(crate) async fn check_opening(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        opening: &Opening,
        answers: &Answers,
    ) -> Result<Result<Checked, Vec<Fault>>> {
        let form = opening.form;
        let today = shanghai_date(self.clock.now());
        let sealed = BTreeMap::new();
        let context = Context { today, regions: &KnownRegions, sealed: &sealed };
        let (checked, mut faults) = match check_form(form, answers, &context) {
            Ok(checked) => (Some(checked), Vec::new()),
            Err(faults) => (None, faults),
        };
        // Only what is asked counts; a hidden question's answer is not filed.
        let asked: BTreeSet<String> = form.shown(answers).map(|place| place.address()).collect();
        let mut looked_at = answers.clone();
        looked_at.retain(|at| asked.contains(at));
        let looked_at = checked.as_ref().map_or(&looked_at, Checked::answers);
        let mut found = stars(form, looked_at);
        found.extend(self.faults_of_uploads(on, actor, form, looked_at).await?);
        found.extend(self.faults_of_domains(on, actor, opening, looked_at).await?);
        found.extend(self.faults_of_own_records(on, opening.subject.as_ref(), form, looked_at).await?);
        for fault in found {
            if !faults.iter().any(|known| known.at == fault.at) {
                faults.push(fault);
            }
        }
        match checked {
            Some(checked) if faults.is_empty() => match self.changes_nothing(opening, checked.answers())? {
                true => Ok(Err(vec![fault("", "没有变更内容")])),
                false => Ok(Ok(checked)),
            },
            Some(_) | None => Ok(Err(faults)),
        }
    }

    fn changes_nothing(&self, opening: &Opening, answers: &Answers) -> Result<bool> {
        match (opening.procedure.action, &opening.record) {
            (Action::Change, Some(record)) => {
                let before = self.record_answers(record)?;
                let changes =
                    diff(opening.form, (&before, Sight::Masked), (answers, Sight::Masked), &KnownRegions);
                Ok(changes.is_empty())
            }
            (Action::New | Action::Change | Action::Cancel, _) => Ok(false),
        }
    }

    pub(crate) async fn faults_of_uploads(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        form: &'static Form,
        answers: &Answers,
    ) -> Result<Vec<Fault>> {
        let ids = file_ids(form, answers);
        let (ids, strange): (Vec<String>, Vec<String>) =
            ids.into_iter().partition(|id| plausible_id(id).is_ok());
        let mut foreign = self.foreign_files(on, actor, &ids).await?;
        foreign.extend(strange);
        let mut faults = faults_of_files(form, answers, &foreign);
        let files = self.file_views_on(on, &ids).await?;
        let of_other_kind =
            |id: &String, picture: bool| files.get(id).is_some_and(|file| file.is_picture != picture);
        for place in form.shown(answers) {
            let items = answers.items(&place.address());
            match place.field.kind {
                Kind::Pictures { .. } if items.iter().any(|id| of_other_kind(id, true)) => {
                    faults.push(fault(place.address(), "请上传 png/jpeg/jpg 格式的图片"));
                }
                Kind::Documents { .. } if items.iter().any(|id| of_other_kind(id, false)) => {
                    faults.push(fault(place.address(), "请上传 pdf 格式的文件"));
                }
                _ => {}
            }
        }
        Ok(faults)
    }

    /// Live filings never share a domain.
    async fn faults_of_domains(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        opening: &Opening,
        answers: &Answers,
    ) -> Result<Vec<Fault>> {
        let domains = facts::of_business(opening.procedure.business, answers).domains;
        if domains.is_empty() {
            return Ok(Vec::new());
        }
        let mut taken = live_domain::Entity::find().filter(live_domain::Column::Domain.is_in(&domains));
        if let Some(record) = &opening.record {
            taken = taken.filter(live_domain::Column::RecordId.ne(&record.id));
        }
        let taken = taken.order_by_asc(live_domain::Column::Domain).all(on).await?;
        if taken.is_empty() {
            return Ok(Vec::new());
        }
        let subjects: Vec<(String, String)> = record::Entity::find()
            .select_only()
            .columns([record::Column::Id, record::Column::SubjectId])
            .filter(record::Column::Id.is_in(taken.iter().map(|row| row.record_id.as_str())))
            .into_tuple()
            .all(on)
            .await?;
        let own: Vec<String> = record::Entity::find()
            .select_only()
            .column(record::Column::Id)
            .filter(record::Column::Id.is_in(subjects.iter().map(|(_, subject)| subject.as_str())))
            .filter(record::Column::OwnerId.eq(&actor.person_id))
            .into_tuple()
            .all(on)
            .await?;
        let is_own =
            |record: &str| subjects.iter().any(|(id, subject)| id == record && own.contains(subject));
        let main = domains.first();
        Ok(taken
            .iter()
            .map(|row| {
                let sentence = if is_own(&row.record_id) { OWN_DOMAIN } else { OTHERS_DOMAIN };
                match main == Some(&row.domain) {
                    true => fault("site.main_domain", sentence),
                    false => fault(
                        "site.other_domains",
                        format!("{}：{sentence}", domain_name::shown_form(&row.domain)),
                    ),
                }
            })
            .collect())
    }

    /// Whose officers review this (R14). What was sent to another region (移送) stays there, with what is
    /// filed about it later, until the applicant changes the address.
    fn jurisdiction_of(&self, opening: &Opening, answers: &Answers) -> Result<String> {
        let moved = opening.resubmitted().filter(|row| row.moved_at.is_some());
        let changed = opening.record.as_ref().filter(|_| opening.procedure.action == Action::Change);
        if opening.procedure.business == Business::Subject {
            let region = facts::of_subject(answers).region;
            if let Some(row) = moved
                && facts::of_subject(&self.filing_answers(row)?).region == region
            {
                return Ok(row.jurisdiction.clone());
            }
            if let Some(record) = changed
                && facts::of_subject(&self.record_answers(record)?).region == region
            {
                return Ok(record.jurisdiction.clone());
            }
            return Ok(region);
        }
        let subject = opening.subject.as_ref().ok_or(Refusal::NoSubject)?;
        // It is reviewed together with its subject (R15), so by the same officers.
        if record_state(subject)? == RecordState::Pending {
            return Ok(subject.jurisdiction.clone());
        }
        Ok(match (moved, changed) {
            (Some(row), _) => row.jurisdiction.clone(),
            (None, Some(record)) => record.jurisdiction.clone(),
            (None, None) => subject.jurisdiction.clone(),
        })
    }

    /// Writes everything a filing consists of. Whoever calls has checked the answers and that it may be
    /// begun, on rows that stand still.
    pub(crate) async fn file(
        &self,
        tx: &Transaction,
        actor: &Actor,
        opening: Opening,
        answers: Answers,
        key: &str,
    ) -> Result<filing::Model> {
        self.count_use(tx, actor, Use::Filing).await?;
        let now = self.clock.now();
        let procedure = opening.procedure;
        let form = opening.form;
        let columns = match (procedure.action, &opening.record) {
            (Action::Cancel, Some(record)) => columns_of_record(record, opening.subject.as_ref()),
            (Action::New | Action::Change | Action::Cancel, _) => {
                let jurisdiction = self.jurisdiction_of(&opening, &answers)?;
                columns(procedure.business, opening.subject.as_ref(), jurisdiction, &answers)?
            }
        };
        let mut files = file_ids(form, &answers);
        // What a change changes, and what a cancellation cancels, as it was.
        let before = match (procedure.action, &opening.record) {
            (Action::Change | Action::Cancel, Some(record)) => Some(self.record_answers(record)?),
            (Action::New | Action::Change | Action::Cancel, _) => None,
        };
        let before_form = procedure.business.form();

        let resubmitted = opening.resubmitted().cloned();
        let record = match (procedure.action, &opening.record) {
            (Action::New, None) => self.insert_record(tx, actor, &opening, &columns, &answers, now).await?,
            (Action::New, Some(void)) => {
                self.resume_record(tx, &opening, void, &columns, &answers, now).await?
            }
            (Action::Change, Some(record)) => {
                transition::record(tx, record, RecordEvent::BeginChange, now).await?
            }
            (Action::Cancel, Some(record)) => {
                transition::record(tx, record, RecordEvent::BeginCancel, now).await?
            }
            (Action::Change | Action::Cancel, None) => return Err(Error::NotFound),
        };
        if procedure.action == Action::New {
            self.hold_files(tx, "record", &record.id, &files).await?;
        }
        take_domains(tx, &record.id, &columns.domains).await?;

        let id = resubmitted.as_ref().map_or_else(|| new_id(now), |row| row.id.clone());
        if let Some(before) = &before {
            // What the comparison shows must stay even after the record has let go of it.
            files.extend(file_ids(before_form, before));
        }
        if let Some(row) = &resubmitted {
            // The round before stays for the officer to compare with.
            files.extend(file_ids(form, &self.filing_answers(row)?));
        }
        let stored = store(&self.keys, form, &format!("filing/{id}"), answers)?;
        let before = match before {
            None => None,
            Some(before) => Some(store(&self.keys, before_form, &format!("filing-before/{id}"), before)?),
        };
        let accompanied = match procedure == Procedure::new(Business::Subject, Action::New) {
            // R15: alone it reaches nobody.
            true => resubmitted.is_some() && !self.dependents(tx, &record.id).await?.is_empty(),
            false => true,
        };
        let filed = filing::ActiveModel {
            idempotency_key: Set(key.to_owned()),
            jurisdiction: Set(columns.jurisdiction.clone()),
            title: Set(columns.title.clone()),
            subject_name: Set(columns.subject_name.clone()),
            title_key: Set(comparison_key(&columns.title)),
            subject_key: Set(comparison_key(&columns.subject_name)),
            main_domain: Set(columns.main_domain()),
            answers: Set(stored.answers),
            answers_sealed: Set(stored.answers_sealed),
            before: Set(before.as_ref().map(|before| before.answers.clone())),
            before_sealed: Set(before.map(|before| before.answers_sealed)),
            notice_version: Set(notice_version(form)),
            is_reviewable: Set(accompanied),
            ..Default::default()
        };
        let who = Who::applicant(actor);
        let row = match &resubmitted {
            Some(row) => {
                let before = filing_round::ActiveModel {
                    filing_id: Set(row.id.clone()),
                    round: Set(row.round),
                    answers: Set(row.answers.clone()),
                    answers_sealed: Set(row.answers_sealed.clone()),
                };
                before.insert(tx).await?;
                let row = transition::filing(tx, row, FilingEvent::Resubmit, who, "", &[], now).await?;
                let again = filing::ActiveModel { id: Set(row.id.clone()), ..filed }.update(tx).await?;
                tally::moved(tx, &[row], std::slice::from_ref(&again), now).await?;
                again
            }
            None => {
                let row = filing::ActiveModel {
                    id: Set(id),
                    reference: Set(reference(tx, now).await?),
                    business: Set(procedure.business.code().to_owned()),
                    action: Set(procedure.action.code().to_owned()),
                    record_id: Set(record.id.clone()),
                    subject_id: Set(record.subject_id.clone()),
                    applicant_id: Set(actor.person_id.clone()),
                    state: Set(FilingState::Pending.code().to_owned()),
                    claimed_by: Set(None),
                    claimed_at: Set(None),
                    round: Set(1),
                    submitted_at: Set(millis(now)),
                    decided_at: Set(None),
                    version: Set(1),
                    ..filed
                };
                let row = row.insert(tx).await?;
                transition::submitted(tx, &row, who, now).await?;
                row
            }
        };
        self.hold_files(tx, "filing", &row.id, &files).await?;
        self.ask_the_network(tx, &row).await?;
        if procedure.action == Action::New && procedure.business != Business::Subject {
            self.settle_bundle(tx, &row.subject_id).await?;
        }
        if let Some(draft) = &opening.draft {
            self.remove_draft(tx, &draft.id).await?;
        }
        let link = filing_href(&row.id);
        self.notify(tx, &actor.person_id, submitted_sentence(&row, procedure), Some(link)).await?;
        if let Some(draft) = &opening.draft {
            let detail = json!({ "filing": row.id });
            self.write(tx, Some(actor), DRAFT_SUBMITTED, "draft", &draft.id, detail).await?;
        }
        let detail = json!({ "procedure": procedure.code(), "reference": row.reference, "round": row.round });
        self.write(tx, Some(actor), "filing.submit", "filing", &row.id, detail).await?;
        Ok(row)
    }

    /// The record of a first filing: there from now on, in force only when approved.
    async fn insert_record(
        &self,
        tx: &Transaction,
        actor: &Actor,
        opening: &Opening,
        columns: &Columns,
        answers: &Answers,
        now: OffsetDateTime,
    ) -> Result<record::Model> {
        let id = new_id(now);
        let stored = store(&self.keys, opening.form, &format!("record/{id}"), answers.clone())?;
        // A business belongs to whoever owns its subject, so that nothing but the subject moves (R25).
        let (subject_id, owner_id) = match &opening.subject {
            Some(subject) => (subject.id.clone(), None),
            None => (id.clone(), Some(actor.person_id.clone())),
        };
        let row = record::ActiveModel {
            id: Set(id),
            business: Set(opening.procedure.business.code().to_owned()),
            subject_id: Set(subject_id),
            owner_id: Set(owner_id),
            state: Set(RecordState::Pending.code().to_owned()),
            title: Set(columns.title.clone()),
            title_key: Set(comparison_key(&columns.title)),
            owner_kind: Set(columns.owner_kind.clone()),
            main_domain: Set(columns.main_domain()),
            is_interactive: Set(columns.is_interactive),
            jurisdiction: Set(columns.jurisdiction.clone()),
            registration_digits: Set(None),
            registration_number: Set(None),
            registered_at: Set(None),
            cancelled_at: Set(None),
            answers: Set(stored.answers),
            answers_sealed: Set(stored.answers_sealed),
            version: Set(1),
            created_at: Set(millis(now)),
            updated_at: Set(millis(now)),
        };
        Ok(row.insert(tx).await?)
    }

    /// A returned first filing comes again, with other answers (R53).
    async fn resume_record(
        &self,
        tx: &Transaction,
        opening: &Opening,
        void: &record::Model,
        columns: &Columns,
        answers: &Answers,
        now: OffsetDateTime,
    ) -> Result<record::Model> {
        let row = transition::record(tx, void, RecordEvent::Resume, now).await?;
        let stored = store(&self.keys, opening.form, &format!("record/{}", row.id), answers.clone())?;
        let row = record::ActiveModel {
            id: Set(row.id),
            title: Set(columns.title.clone()),
            title_key: Set(comparison_key(&columns.title)),
            owner_kind: Set(columns.owner_kind.clone()),
            main_domain: Set(columns.main_domain()),
            is_interactive: Set(columns.is_interactive),
            jurisdiction: Set(columns.jurisdiction.clone()),
            answers: Set(stored.answers),
            answers_sealed: Set(stored.answers_sealed),
            ..Default::default()
        };
        Ok(row.update(tx).await?)
    }
}

fn submitted_sentence(row: &filing::Model, procedure: Procedure) -> String {
    let label = procedure.label();
    match procedure == Procedure::new(Business::Subject, Action::New) && !row.is_reviewable {
        true => format!(
            "您的“{label}”申请单 {} 已提交。请继续填报网站、APP 等业务，否则不会进入审核",
            row.reference
        ),
        false => format!("您的“{label}”申请单 {} 已提交，请等待审核", row.reference),
    }
}

/// The filing that a submit with this key made (R75).
pub(crate) async fn filed_under(on: &impl ConnectionTrait, key: &str) -> Result<Option<String>> {
    let row = filing::Entity::find().filter(filing::Column::IdempotencyKey.eq(key)).one(on).await?;
    Ok(row.map(|row| row.id))
}

/// The next reference of the day in Shanghai (R80).
pub(crate) async fn reference(on: &impl ConnectionTrait, now: OffsetDateTime) -> Result<String> {
    let day = shanghai_date(now);
    let serial = next_serial(on, &format!("reference/{day}")).await?;
    let serial = u32::try_from(serial).unwrap_or(u32::MAX);
    match Reference::new(day, serial) {
        Ok(reference) => Ok(reference.as_str().to_owned()),
        Err(error) => Err(Error::Corrupt(format!("reference {serial} of {day}: {error}"))),
    }
}

/// Takes the domains that the record has not got yet. Somebody else's is a unique violation.
async fn take_domains(on: &impl ConnectionTrait, record_id: &str, domains: &[String]) -> Result<()> {
    let held: Vec<String> = live_domain::Entity::find()
        .select_only()
        .column(live_domain::Column::Domain)
        .filter(live_domain::Column::RecordId.eq(record_id))
        .into_tuple()
        .all(on)
        .await?;
    let new: BTreeSet<&String> = domains.iter().filter(|domain| !held.contains(domain)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let rows = new.into_iter().map(|domain| live_domain::ActiveModel {
        domain: Set(domain.clone()),
        record_id: Set(record_id.to_owned()),
    });
    live_domain::Entity::insert_many(rows).exec_with_returning(on).await?;
    Ok(())
}
