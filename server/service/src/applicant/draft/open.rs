//! A form is opened: what it begins with, whose draft it goes on with, and whether it may be opened at all.

use std::collections::{BTreeMap, BTreeSet};

use domain::action::Action;
use domain::answer::Answers;
use domain::business::Business;
use domain::check::{Checked, Context, IS_ME, SAME_AS_PRINCIPAL, check_form};
use domain::procedure::Procedure;
use domain::record::RecordState;
use domain::route;
use domain::schema::{Fault, Form, fault};
use domain::seal::{SHARED_WITH_PRINCIPAL, masked_me, same_as_me, same_as_principal, seal};
use domain::sheet::{Disclosure, diff};
use domain::view::Refused;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::applicant::draft::{Drafts, KEPT, Opening, masked_inputs, slot};
use crate::applicant::submit::DRAFT_SUBMITTED;
use crate::base::actor::Actor;
use crate::base::clock::shanghai_date;
use crate::base::db::{millis, plausible_id};
use crate::base::entity::{audit, draft, filing, record};
use crate::base::error::{Error, Result};
use crate::base::region::KnownRegions;
use crate::filing::eligibility;
use crate::state::row::{business_of, record_state};

/// Stored answers that a mask in the form can stand for (R70). What a person typed into the draft is
/// not among them and is shown as typed.
pub(crate) struct Originals {
    record: Option<Answers>,
    filing: Option<Answers>,
    subject: Option<Answers>,
    me: Option<Answers>,
}

impl Originals {
    /// Those that count for these answers: the subject's responsible person only in the blocks that
    /// are ticked 同主体负责人信息 (R32).
    pub(super) fn of(&self, form: &'static Form, answers: &Answers) -> Vec<Answers> {
        // Who was ticked last goes before what was there: two names may have one mask.
        let mut originals: Vec<Answers> = self.me.iter().map(|me| same_as_me(form, answers, me)).collect();
        originals.extend(self.record.iter().chain(&self.filing).cloned());
        originals.extend(self.subject.as_ref().map(|subject| same_as_principal(form, answers, subject)));
        originals
    }

    /// What pages may know of the subject's responsible person to fill a block with: masked, at the
    /// addresses of the subject's form.
    pub(super) fn responsible_person(&self) -> Result<Answers> {
        let Some(subject) = &self.subject else { return Ok(Answers::new()) };
        let shared = SHARED_WITH_PRINCIPAL.iter().map(|key| format!("principal.{key}"));
        let shared = shared.filter_map(|at| subject.get(&at).map(|answer| (at.clone(), answer.clone())));
        let shared: Answers = shared.collect();
        Ok(seal(Business::Subject.form(), &shared, &[&shared]).0)
    }

    /// What pages may know of who is signed in: masked, at the keys of the fields.
    pub(super) fn me(&self, form: &'static Form) -> Answers {
        self.me.as_ref().map(|me| masked_me(form, me)).unwrap_or_default()
    }

    /// What each block would be filled with: from the subject's responsible person, or from who is signed in.
    pub(super) fn fillings(&self, form: &'static Form) -> Answers {
        let mut ticked = Answers::new();
        for section in form.sections() {
            for tick in section.ticks().filter(|tick| matches!(*tick, SAME_AS_PRINCIPAL | IS_ME)) {
                ticked.set_text(section.own_address(tick), "yes");
            }
        }
        let mut all = self
            .subject
            .as_ref()
            .map(|subject| same_as_principal(form, &ticked, subject))
            .unwrap_or_default();
        all.merge(self.me.as_ref().map(|me| same_as_me(form, &ticked, me)).unwrap_or_default());
        all
    }

    /// Everything stored that a mask on the page can stand for, whatever is ticked.
    pub(super) fn all(&self, form: &'static Form) -> Vec<Answers> {
        let stored = self.record.iter().chain(&self.filing).cloned();
        stored.chain([self.fillings(form)]).collect()
    }
}

/// Why a form cannot be submitted now.
pub(crate) struct NotNow {
    pub refused: Refused,
    /// Nothing typed into it could be filed: it is not opened for whoever has no draft.
    pub closes_form: bool,
}

impl Drafts {
    /// Finds what a form stands on. `record` and `subject` are what the page asks for; a draft knows
    /// better. In a transaction `lock` keeps subject, record and filing as they are.
    pub(crate) async fn open_form(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        (procedure, form): (Procedure, &'static Form),
        draft: Option<draft::Model>,
        (record, subject): (Option<&str>, Option<&str>),
        lock: bool,
    ) -> Result<Opening> {
        let has_draft = draft.is_some();
        let gone = |error: Error| match error {
            // The draft stays with the person, what it was for has moved on (R24).
            Error::NotFound if has_draft => Error::refused("这份草稿所属的主体已不在您名下，不能继续使用"),
            other => other,
        };
        let filing = match draft.as_ref().and_then(|row| row.filing_id.as_deref()) {
            None => None,
            Some(id) => Some(self.filings.owned_filing(on, actor, id, lock).await.map_err(gone)?.0),
        };
        let me = match form.sections().any(|section| section.may_be_me) {
            true => Some(self.accounts.known_of(on, actor).await?),
            false => None,
        };
        let mut opening = Opening { procedure, form, draft, subject: None, record: None, filing, me };
        if procedure.action == Action::New {
            if let Some(row) = opening.resubmitted() {
                let (record, subject) = self.records.owned_record(on, actor, &row.record_id, lock).await?;
                opening.subject = (procedure.business != Business::Subject).then_some(subject);
                opening.record = Some(record);
            } else if procedure.business != Business::Subject {
                let wanted = opening.draft.as_ref().and_then(|row| row.subject_id.clone());
                opening.subject = self.filed_for(on, actor, wanted, subject, lock).await?;
            }
            return Ok(opening);
        }
        let known = opening.draft.as_ref().and_then(|row| row.record_id.as_deref()).or(record);
        let id = match known {
            Some(id) => id.to_owned(),
            None if procedure.business.is_subject() => {
                match self.accounts.current_subject_on(on, actor).await? {
                    Some(subject) => subject.id,
                    None => return Ok(opening),
                }
            }
            None => return Err(Error::NotFound),
        };
        let (record, subject) = self.records.owned_record(on, actor, &id, lock).await.map_err(gone)?;
        if business_of(&record)? != procedure.business {
            return Err(Error::NotFound);
        }
        opening.subject = Some(subject);
        opening.record = Some(record);
        Ok(opening)
    }

    /// The subject a new business is filed for: the draft's while it is the person's and has not
    /// ended, else the page's, else the current one (R6).
    async fn filed_for(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        of_draft: Option<String>,
        of_page: Option<&str>,
        lock: bool,
    ) -> Result<Option<record::Model>> {
        if let Some(id) = of_draft {
            match self.records.owned_record(on, actor, &id, lock).await {
                Ok((subject, _))
                    if !matches!(record_state(&subject)?, RecordState::Void | RecordState::Cancelled) =>
                {
                    return Ok(Some(subject));
                }
                Ok(_) | Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        let id = match of_page {
            Some(id) => self.accounts.owned_subject_on(on, actor, id).await?.id,
            None => match self.accounts.current_subject_on(on, actor).await? {
                Some(subject) => subject.id,
                None => return Ok(None),
            },
        };
        Ok(Some(self.records.owned_record(on, actor, &id, lock).await?.0))
    }

    /// Why this form cannot be submitted now; the page says it beforehand (R79).
    pub(crate) async fn refusal_of(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        opening: &Opening,
    ) -> Result<Option<NotNow>> {
        if let (Some(_), Some(subject)) = (opening.resubmitted(), &opening.subject)
            && record_state(subject)? == RecordState::Void
        {
            // A business that was returned together with its subject waits for the subject (R15).
            let of_subject = filing::Entity::find()
                .filter(filing::Column::RecordId.eq(&subject.id))
                .order_by_desc(filing::Column::Id)
                .one(on)
                .await?;
            let refused = Refused {
                sentence: "请先修改并重新提交新增主体申请，再提交此项业务".to_owned(),
                link: of_subject.map(|row| route::filing(&row.id)),
            };
            return Ok(Some(NotNow { refused, closes_form: false }));
        }
        let records: Vec<&record::Model> = opening.record.iter().collect();
        let eligibility = eligibility::eligibility_of(on, actor, opening.subject.clone(), &records).await?;
        let refused = eligibility.refusal_and_cause(opening.procedure, opening.record.as_ref())?;
        Ok(refused.map(|(cause, refused)| NotNow { refused, closes_form: cause.closes_form() }))
    }

    pub(crate) fn originals(&self, opening: &Opening) -> Result<Originals> {
        let asks_principal = opening.form.sections().any(|section| section.same_as_principal);
        let subject = opening.subject.as_ref().filter(|_| asks_principal);
        let changed = opening.record.as_ref().filter(|_| opening.procedure.action == Action::Change);
        Ok(Originals {
            record: changed.map(|row| self.records.record_answers(row)).transpose()?,
            filing: opening.filing.as_ref().map(|row| self.filings.filing_answers(row)).transpose()?,
            subject: subject.map(|row| self.records.record_answers(row)).transpose()?,
            me: opening.me.clone(),
        })
    }

    /// What the form holds before anybody typed: nothing but defaults, or today's data (R18, R35).
    pub(crate) fn first_answers(&self, opening: &Opening) -> Result<Answers> {
        match (opening.procedure.action, &opening.record) {
            (Action::Change, Some(record)) => self.records.record_answers(record),
            (Action::New | Action::Change | Action::Cancel, _) => Ok(opening.form.defaults()),
        }
    }

    /// The draft that is in the only place there is for one (R11, R18).
    pub(crate) async fn slot_holder(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        opening: &Opening,
        lock: bool,
    ) -> Result<Option<draft::Model>> {
        let query = draft::Entity::find()
            .filter(draft::Column::Slot.eq(slot(actor, opening.procedure, opening.changed(), "")))
            .filter(draft::Column::SavedAt.gt(millis(self.context.clock.now() - KEPT)));
        let query = if lock { query.lock_exclusive() } else { query };
        Ok(query.one(on).await?)
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
        match self.filings.owned_filing(on, actor, id, false).await {
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
        let today = shanghai_date(self.context.clock.now());
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
        let mut found = masked_inputs(form, looked_at);
        found.extend(self.files.faults_of_uploads(on, actor, form, looked_at).await?);
        found.extend(
            self.records
                .faults_of_domains(on, actor, opening.procedure.business, opening.record.as_ref(), looked_at)
                .await?,
        );
        found
            .extend(self.records.faults_of_own_records(on, opening.subject.as_ref(), form, looked_at).await?);
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
                let before = self.records.record_answers(record)?;
                let changes = diff(
                    opening.form,
                    (&before, Disclosure::Masked),
                    (answers, Disclosure::Masked),
                    &KnownRegions,
                );
                Ok(changes.is_empty())
            }
            (Action::New | Action::Change | Action::Cancel, _) => Ok(false),
        }
    }
}
