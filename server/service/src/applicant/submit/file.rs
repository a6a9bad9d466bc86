//! The rows a submitted form becomes: the filing, its columns, its round, and the record it makes or holds up.

use domain::action::Action;
use domain::answer::Answers;
use domain::business::Business;
use domain::eligibility::Refusal;
use domain::facts;
use domain::filing::{FilingEvent, FilingState};
use domain::notice::NoticeKind;
use domain::procedure::Procedure;
use domain::record::{RecordEvent, RecordState};
use domain::route;
use domain::schema::{Body, Form};
use domain::value::text::comparison_key;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait};
use serde_json::json;
use time::OffsetDateTime;

use crate::applicant::draft::Opening;
use crate::applicant::submit::{DRAFT_SUBMITTED, Submissions};
use crate::base::actor::Actor;
use crate::base::clock::shanghai_date;
use crate::base::db::{Transaction, millis, new_id, next_serial};
use crate::base::entity::{filing, filing_round, record};
use crate::base::error::{Error, Result};
use crate::base::limits::Use;
use crate::base::reference::Reference;
use crate::base::sealed_answers::{Stored, store};
use crate::files::faults::file_ids;
use crate::filing::facts::title_of;
use crate::filing::person_keys::PersonKeys;
use crate::filing::relation::{keep_keys, keys_of};
use crate::state::domains::take_domains;
use crate::state::history::Who;
use crate::state::row::record_state;
use crate::state::{counters, transition};

/// What columns say of the answers.
pub(crate) struct Columns {
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

    /// The same columns of the record, with its answers.
    fn of_record(&self, stored: Stored) -> record::ActiveModel {
        record::ActiveModel {
            title: Set(self.title.clone()),
            title_key: Set(comparison_key(&self.title)),
            owner_kind: Set(self.owner_kind.clone()),
            main_domain: Set(self.main_domain()),
            is_interactive: Set(self.is_interactive),
            jurisdiction: Set(self.jurisdiction.clone()),
            answers: Set(stored.answers),
            answers_sealed: Set(stored.answers_sealed),
            ..Default::default()
        }
    }
}

impl Submissions {
    /// Whose officers review this (R14). What was sent to another region (移送) stays there, with what is
    /// filed about it later, until the applicant changes the address.
    fn jurisdiction_of(&self, opening: &Opening, answers: &Answers) -> Result<String> {
        let moved = opening.resubmitted().filter(|row| row.moved_at.is_some());
        let changed = opening.record.as_ref().filter(|_| opening.procedure.action == Action::Change);
        if opening.procedure.business == Business::Subject {
            let region = facts::of_subject(answers).region;
            if let Some(row) = moved
                && facts::of_subject(&self.filings.filing_answers(row)?).region == region
            {
                return Ok(row.jurisdiction.clone());
            }
            if let Some(record) = changed
                && facts::of_subject(&self.records.record_answers(record)?).region == region
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
        self.usage.count_use(tx, actor, Use::Filing).await?;
        let now = self.context.clock.now();
        let procedure = opening.procedure;
        let form = opening.form;
        let columns = self.columns_of(&opening, &answers)?;
        let person = self.person_of(&opening, &answers)?;
        let mut files = file_ids(form, &answers);
        // What a change changes, and what a cancellation cancels, as it was.
        let before = match (procedure.action, &opening.record) {
            (Action::Change | Action::Cancel, Some(record)) => Some(self.records.record_answers(record)?),
            (Action::New | Action::Change | Action::Cancel, _) => None,
        };
        let before_form = procedure.business.form();

        let resubmitted = opening.resubmitted().cloned();
        let record = self.record_of(tx, actor, &opening, &columns, &answers, now).await?;
        if procedure.action == Action::New {
            self.files.set_file_references(tx, "record", &record.id, &files).await?;
        }
        take_domains(tx, &record.id, &columns.domains).await?;

        let id = resubmitted.as_ref().map_or_else(|| new_id(now), |row| row.id.clone());
        if let Some(before) = &before {
            // What the comparison shows must stay even after the record has let go of it.
            files.extend(file_ids(before_form, before));
        }
        if let Some(row) = &resubmitted {
            // The rounds before stay for the officer to compare with, and so does what came with answers to questions.
            files.extend(self.files.filing_references(tx, &row.id).await?);
        }
        let relations = keys_of(&self.context.keys, procedure, &answers);
        let stored = store(&self.context.keys, form, &format!("filing/{id}"), answers)?;
        let before = match before {
            None => None,
            Some(before) => {
                Some(store(&self.context.keys, before_form, &format!("filing-before/{id}"), before)?)
            }
        };
        let accompanied = match procedure == Procedure::new(Business::Subject, Action::New) {
            // R15: alone it reaches nobody.
            true => resubmitted.is_some() && !self.filings.dependents(tx, &record.id).await?.is_empty(),
            false => true,
        };
        let filed = filing::ActiveModel {
            id: Set(id),
            idempotency_key: Set(key.to_owned()),
            jurisdiction: Set(columns.jurisdiction.clone()),
            title: Set(columns.title.clone()),
            subject_name: Set(columns.subject_name.clone()),
            title_key: Set(comparison_key(&columns.title)),
            subject_key: Set(comparison_key(&columns.subject_name)),
            person_name_hash: Set(person.name),
            person_id_no_hash: Set(person.id_no),
            main_domain: Set(columns.main_domain()),
            answers: Set(stored.answers),
            answers_sealed: Set(stored.answers_sealed),
            before: Set(before.as_ref().map(|before| before.answers.clone())),
            before_sealed: Set(before.map(|before| before.answers_sealed)),
            notice_version: Set(notice_version(form)),
            is_reviewable: Set(accompanied),
            ..Default::default()
        };
        let row = match &resubmitted {
            Some(row) => next_round(tx, actor, row, filed, now).await?,
            None => first_round(tx, actor, procedure, &record, filed, now).await?,
        };
        keep_keys(tx, &row.id, &row.subject_id, relations).await?;
        self.files.set_file_references(tx, "filing", &row.id, &files).await?;
        self.network_checks.ask_the_network(tx, &row).await?;
        if procedure.action == Action::New && procedure.business != Business::Subject {
            self.filings.settle_bundle(tx, &row.subject_id).await?;
        }
        self.conclude(tx, actor, &opening, row, now).await
    }

    /// The draft goes, a new filing gets its reference, the applicant is told, and the audit log says what became of
    /// what.
    async fn conclude(
        &self,
        tx: &Transaction,
        actor: &Actor,
        opening: &Opening,
        row: filing::Model,
        now: OffsetDateTime,
    ) -> Result<filing::Model> {
        let procedure = opening.procedure;
        if let Some(draft) = &opening.draft {
            self.drafts.remove_draft(tx, &draft.id).await?;
        }
        let row = match row.reference == row.id {
            true => with_reference(tx, row, now).await?,
            false => row,
        };
        let link = route::filing(&row.id);
        self.notices
            .note(tx, &actor.person_id, NoticeKind::Progress, submitted_sentence(&row, procedure), Some(link))
            .await?;
        if let Some(draft) = &opening.draft {
            let detail = json!({ "filing": row.id });
            self.context.audit(tx, Some(actor), DRAFT_SUBMITTED, "draft", &draft.id, detail).await?;
        }
        let detail = json!({ "procedure": procedure.code(), "reference": row.reference, "round": row.round });
        tx.tell_arrived(&row);
        self.context.audit(tx, Some(actor), "filing.submit", "filing", &row.id, detail).await?;
        Ok(row)
    }

    fn columns_of(&self, opening: &Opening, answers: &Answers) -> Result<Columns> {
        match (opening.procedure.action, &opening.record) {
            (Action::Cancel, Some(record)) => Ok(columns_of_record(record, opening.subject.as_ref())),
            (Action::New | Action::Change | Action::Cancel, _) => {
                let jurisdiction = self.jurisdiction_of(opening, answers)?;
                columns(opening.procedure.business, opening.subject.as_ref(), jurisdiction, answers)
            }
        }
    }

    /// By what the individual behind the filing is found.
    fn person_of(&self, opening: &Opening, answers: &Answers) -> Result<PersonKeys> {
        let says_it_itself =
            opening.procedure.business.is_subject() && opening.procedure.action != Action::Cancel;
        let keys = &self.context.keys;
        match opening.subject.as_ref().or(opening.record.as_ref()) {
            Some(subject) if !says_it_itself => {
                Ok(PersonKeys::of(keys, &self.records.record_answers(subject)?))
            }
            Some(_) | None => Ok(PersonKeys::of(keys, answers)),
        }
    }

    /// The record that the filing makes or holds up, in the state it has from now on.
    async fn record_of(
        &self,
        tx: &Transaction,
        actor: &Actor,
        opening: &Opening,
        columns: &Columns,
        answers: &Answers,
        now: OffsetDateTime,
    ) -> Result<record::Model> {
        match (opening.procedure.action, &opening.record) {
            (Action::New, None) => self.insert_record(tx, actor, opening, columns, answers, now).await,
            (Action::New, Some(void)) => self.resume_record(tx, opening, void, columns, answers, now).await,
            (Action::Change, Some(record)) => {
                transition::record(tx, record, RecordEvent::BeginChange, now).await
            }
            (Action::Cancel, Some(record)) => {
                transition::record(tx, record, RecordEvent::BeginCancel, now).await
            }
            (Action::Change | Action::Cancel, None) => Err(Error::NotFound),
        }
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
        let stored = store(&self.context.keys, opening.form, &format!("record/{id}"), answers.clone())?;
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
            registration_digits: Set(None),
            registration_number: Set(None),
            registered_at: Set(None),
            cancelled_at: Set(None),
            version: Set(1),
            created_at: Set(millis(now)),
            updated_at: Set(millis(now)),
            patrol_at: Set(0),
            ..columns.of_record(stored)
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
        let stored = store(&self.context.keys, opening.form, &format!("record/{}", row.id), answers.clone())?;
        let row = record::ActiveModel { id: Set(row.id), ..columns.of_record(stored) };
        Ok(row.update(tx).await?)
    }
}

/// A filing is new. Its id stands for its reference until it gets one.
async fn first_round(
    tx: &Transaction,
    actor: &Actor,
    procedure: Procedure,
    record: &record::Model,
    filed: filing::ActiveModel,
    now: OffsetDateTime,
) -> Result<filing::Model> {
    let row = filing::ActiveModel {
        reference: filed.id.clone(),
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
    transition::submitted(tx, &row, Who::applicant(actor), now).await?;
    Ok(row)
}

/// A returned filing comes again (R53); its answers until now are kept as the round before.
async fn next_round(
    tx: &Transaction,
    actor: &Actor,
    returned: &filing::Model,
    filed: filing::ActiveModel,
    now: OffsetDateTime,
) -> Result<filing::Model> {
    let before = filing_round::ActiveModel {
        filing_id: Set(returned.id.clone()),
        round: Set(returned.round),
        answers: Set(returned.answers.clone()),
        answers_sealed: Set(returned.answers_sealed.clone()),
    };
    before.insert(tx).await?;
    let who = Who::applicant(actor);
    let row = transition::filing(tx, returned, FilingEvent::Resubmit, who, "", &[], now).await?;
    let again = filing::ActiveModel { reminded_days: Set(0), ..filed }.update(tx).await?;
    counters::moved(tx, &[row], std::slice::from_ref(&again), now).await?;
    Ok(again)
}

pub(crate) fn columns(
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

/// Gives a filing its reference. Late, since whoever files on the same day waits from here on until this is committed.
async fn with_reference(tx: &Transaction, row: filing::Model, now: OffsetDateTime) -> Result<filing::Model> {
    let reference = Set(reference(tx, now).await?);
    Ok(filing::ActiveModel { id: Set(row.id), reference, ..Default::default() }.update(tx).await?)
}

/// The next reference of the day in Shanghai (R80).
async fn reference(on: &impl ConnectionTrait, now: OffsetDateTime) -> Result<String> {
    let day = shanghai_date(now);
    let serial = next_serial(on, &format!("reference/{day}")).await?;
    let serial = u32::try_from(serial).unwrap_or(u32::MAX);
    match Reference::new(day, serial) {
        Ok(reference) => Ok(reference.as_str().to_owned()),
        Err(error) => Err(Error::Corrupt(format!("reference {serial} of {day}: {error}"))),
    }
}
