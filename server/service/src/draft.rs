//! Drafts: what a person has typed so far, kept on the server after every step (R12, R50, R76, R77),
//! and the forms they are shown in, with stored personal values sealed (R70).

use std::collections::BTreeMap;

use domain::action::{Action, Confirmation};
use domain::answer::{Answer, Answers};
use domain::business::Business;
use domain::check::{check_draft, is_asked, same_as_address};
use domain::facts;
use domain::filing::FilingState;
use domain::mask::{Mask, mask};
use domain::procedure::Procedure;
use domain::record::RecordState;
use domain::schema::{Body, Fault, Form, Kind, Step, fault};
use domain::seal::{SHARED_WITH_PRINCIPAL, same_as_principal, seal, unseal};
use domain::sheet::{Change, Sight, diff, sheet, shown};
use domain::view::{
    DraftHead, DraftRow, FormRequest, FormView, Paged, Refused, RegionOption, SaveDraft, Saved,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::clock::{days_left, written, written_date};
use crate::db::{Transaction, instant, millis, new_id, plausible_id};
use crate::entity::{draft, filing, person, record, upload};
use crate::error::{Error, Result};
use crate::filing::{PAGE, cut, filing_href};
use crate::held::Held;
use crate::limit::Use;
use crate::papers::{load, store};
use crate::person::subject_choice;
use crate::record::{business_of, file_ids};
use crate::region::{self, KnownRegions};
use crate::transition::record_state;
use crate::{Actor, Service, again};

/// For how long a draft is kept after it was last saved (R50).
pub(crate) const KEPT: Duration = Duration::days(30);
/// Saves of one draft by one session within this time are one line of the audit log.
const SITTING: Duration = Duration::minutes(30);
/// How long before its end its person is told (R66).
const WARNED: Duration = Duration::days(3);
/// Most characters of a step that could not be saved which are held for its page.
const MOST_HELD_CHARACTERS: usize = 200_000;
/// Drafts that one sweep looks at.
const SWEPT_AT_ONCE: u64 = 500;

/// A form about to be shown, saved or submitted, with everything it stands on.
pub(crate) struct Opening {
    pub procedure: Procedure,
    pub form: &'static Form,
    pub draft: Option<draft::Model>,
    /// Whom the form is filed for; none for 新增主体.
    pub subject: Option<record::Model>,
    /// What is changed, or what a returned first filing was about.
    pub record: Option<record::Model>,
    /// The withdrawn or returned filing that the draft was made of.
    pub filing: Option<filing::Model>,
}

impl Opening {
    /// The returned filing that a submit puts to the reviewers again (R53). One that was withdrawn or
    /// ended is only where the answers came from.
    pub fn resubmitted(&self) -> Option<&filing::Model> {
        self.filing.as_ref().filter(|row| row.state == FilingState::Returned.code())
    }

    /// The record that a change changes.
    fn changed(&self) -> Option<&str> {
        let changed = self.record.as_ref().filter(|_| self.procedure.action == Action::Change);
        changed.map(|row| row.id.as_str())
    }
}

/// A draft to be made of a filing.
pub(crate) struct FromFiling<'a> {
    pub procedure: Procedure,
    pub filing: &'a filing::Model,
    /// The filing was returned: the same one will be submitted again.
    pub resubmits: bool,
    pub step: String,
}

/// Stored answers that a mask in the form can stand for (R70). What a person typed into the draft is
/// not among them and is shown as typed.
pub(crate) struct Originals {
    record: Option<Answers>,
    filing: Option<Answers>,
    subject: Option<Answers>,
}

impl Originals {
    /// Those that count for these answers: the subject's responsible person only in the blocks that
    /// are ticked 同主体负责人信息 (R32).
    fn of(&self, form: &'static Form, answers: &Answers) -> Vec<Answers> {
        let mut originals: Vec<Answers> = self.record.iter().chain(&self.filing).cloned().collect();
        originals.extend(self.subject.as_ref().map(|subject| same_as_principal(form, answers, subject)));
        originals
    }

    /// What pages may know of the subject's responsible person to fill a block with: masked, at the
    /// addresses of the subject's form.
    fn responsible_person(&self) -> Result<Answers> {
        let Some(subject) = &self.subject else { return Ok(Answers::new()) };
        let shared = SHARED_WITH_PRINCIPAL.iter().map(|key| format!("principal.{key}"));
        let shared = shared.filter_map(|at| subject.get(&at).map(|answer| (at.clone(), answer.clone())));
        let shared: Answers = shared.collect();
        Ok(seal(Business::Subject.form(), &shared, &[&shared]).0)
    }

    /// What each block would be filled with.
    fn principal(&self, form: &'static Form) -> Answers {
        let mut ticked = Answers::new();
        for section in form.sections().filter(|section| section.same_as_principal) {
            ticked.set_text(same_as_address(section.key), "yes");
        }
        self.subject.as_ref().map(|subject| same_as_principal(form, &ticked, subject)).unwrap_or_default()
    }
}

/// The procedures that have a form of questions; a cancellation has its own page (R22).
pub(crate) fn procedure_with_form(code: &str) -> Result<(Procedure, &'static Form)> {
    let procedure = Procedure::from_code(code).ok_or(Error::NotFound)?;
    match procedure.action {
        Action::New | Action::Change => Ok((procedure, procedure.business.form())),
        Action::Cancel => Err(Error::NotFound),
    }
}

/// Path of a step of a form.
pub(crate) fn form_href(procedure: Procedure, step: &str, draft: &str) -> String {
    format!("/{}/{}/{step}?draft={draft}", procedure.business.code(), procedure.action.code())
}

pub(crate) fn is_on(step: &Step, at: &str) -> bool {
    let key = at.split_once('.').map_or(at, |(section, _)| section);
    step.sections().iter().any(|section| section.key == key)
}

/// A time of day as the page shows when it was saved: 12:03.
fn time_of_day(at: i64) -> String {
    written(instant(at)).split_once(' ').map(|(_, time)| time.to_owned()).unwrap_or_default()
}

fn head(row: &draft::Model) -> DraftHead {
    DraftHead { id: row.id.clone(), version: row.version, saved_at: time_of_day(row.saved_at) }
}

fn conflict(row: &draft::Model) -> Saved {
    Saved::Conflict { saved_at: time_of_day(row.saved_at), draft: Some(row.id.clone()) }
}

fn procedure_of(row: &draft::Model) -> Result<Procedure> {
    Procedure::from_code(&row.procedure)
        .ok_or_else(|| Error::Corrupt(format!("procedure of draft {}", row.id)))
}

/// What a draft is called; the name of an individual is masked, as the column is plain (R70).
fn draft_title(business: Business, answers: &Answers) -> String {
    let title = facts::draft_title(business, answers);
    let is_person = business == Business::Subject && !facts::of_subject(answers).is_unit;
    let is_named = is_person && !answers.text("principal.name").trim().is_empty();
    if is_named { mask(Mask::Name, &title) } else { title }
}

/// A draft's place: at most one for what can be under way only once (R12).
fn slot(actor: &Actor, procedure: Procedure, record: Option<&str>, id: &str) -> String {
    match procedure.has_many_drafts() {
        true => id.to_owned(),
        false => format!("{}/{}/{}", actor.person_id, procedure.code(), record.unwrap_or("-")),
    }
}

/// Where a posted step lies that could not be saved.
fn held_slot(actor: &Actor, procedure: Procedure, on: Option<&str>, step: &str) -> String {
    format!("{}/step/{}/{}/{step}", actor.person_id, procedure.code(), on.unwrap_or("-"))
}

fn slot_of_filing(filing: &str) -> String {
    format!("filing/{filing}")
}

/// Personal answers with stars that stand for nothing known: never stored (R70).
pub(crate) fn stars(form: &'static Form, answers: &Answers) -> Vec<Fault> {
    let starred = |at: &str, answer: &Answer| form.mask_at(at).is_some() && answer.text().contains('*');
    answers
        .iter()
        .filter(|(at, answer)| starred(at, answer))
        .map(|(at, _)| fault(at, "请填写完整内容，不能包含 * 号"))
        .collect()
}

/// Which places name files that are none of the person's.
pub(crate) fn faults_of_files(form: &'static Form, answers: &Answers, foreign: &[String]) -> Vec<Fault> {
    let is_file = |at: &str| {
        let kind = form.place(at).map(|place| place.field.kind);
        matches!(kind, Some(Kind::Pictures { .. } | Kind::Documents { .. }))
    };
    answers
        .iter()
        .filter(|(at, answer)| is_file(at) && answer.items().iter().any(|id| foreign.contains(id)))
        .map(|(at, _)| fault(at, "文件不存在或已失效，请重新上传"))
        .collect()
}

impl Service {
    pub(crate) fn draft_answers(&self, row: &draft::Model) -> Result<Answers> {
        load(&self.keys, &format!("draft/{}", row.id), &row.answers, &row.answers_sealed)
    }

    /// The person's draft of this procedure; anybody else's does not exist (R74), nor one that is due
    /// for deletion (R50).
    pub(crate) async fn owned_draft(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
        lock: bool,
    ) -> Result<draft::Model> {
        let query = draft::Entity::find_by_id(plausible_id(id)?)
            .filter(draft::Column::PersonId.eq(&actor.person_id))
            .filter(draft::Column::SavedAt.gt(millis(self.clock.now() - KEPT)));
        let query = if lock { query.lock_exclusive() } else { query };
        query.one(on).await?.ok_or(Error::NotFound)
    }

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
            Some(id) => Some(self.owned_filing(on, actor, id, lock).await.map_err(gone)?.0),
        };
        let mut opening = Opening { procedure, form, draft, subject: None, record: None, filing };
        if procedure.action == Action::New {
            if let Some(row) = opening.resubmitted() {
                let (record, subject) = self.owned_record(on, actor, &row.record_id, lock).await?;
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
            None if procedure.business.is_subject() => match self.current_subject_on(on, actor).await? {
                Some(subject) => subject.id,
                None => return Ok(opening),
            },
            None => return Err(Error::NotFound),
        };
        let (record, subject) = self.owned_record(on, actor, &id, lock).await.map_err(gone)?;
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
            match self.owned_record(on, actor, &id, lock).await {
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
            Some(id) => self.owned_subject_on(on, actor, id).await?.id,
            None => match self.current_subject_on(on, actor).await? {
                Some(subject) => subject.id,
                None => return Ok(None),
            },
        };
        Ok(Some(self.owned_record(on, actor, &id, lock).await?.0))
    }

    /// Why this form cannot be submitted now; the page says it beforehand (R79).
    pub(crate) async fn refusal_of(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        opening: &Opening,
    ) -> Result<Option<Refused>> {
        if let (Some(_), Some(subject)) = (opening.resubmitted(), &opening.subject)
            && record_state(subject)? == RecordState::Void
        {
            // A business that was returned together with its subject waits for the subject (R15).
            let of_subject = filing::Entity::find()
                .filter(filing::Column::RecordId.eq(&subject.id))
                .order_by_desc(filing::Column::Id)
                .one(on)
                .await?;
            return Ok(Some(Refused {
                sentence: "请先修改并重新提交新增主体申请，再提交此项业务".to_owned(),
                link: of_subject.map(|row| filing_href(&row.id)),
            }));
        }
        let records: Vec<&record::Model> = opening.record.iter().collect();
        let ground = self.ground(on, actor, opening.subject.clone(), &records).await?;
        ground.refusal(opening.procedure, opening.record.as_ref())
    }

    pub(crate) fn originals(&self, opening: &Opening) -> Result<Originals> {
        let asks_principal = opening.form.sections().any(|section| section.same_as_principal);
        let subject = opening.subject.as_ref().filter(|_| asks_principal);
        let changed = opening.record.as_ref().filter(|_| opening.procedure.action == Action::Change);
        Ok(Originals {
            record: changed.map(|row| self.record_answers(row)).transpose()?,
            filing: opening.filing.as_ref().map(|row| self.filing_answers(row)).transpose()?,
            subject: subject.map(|row| self.record_answers(row)).transpose()?,
        })
    }

    /// What the form holds before anybody typed: nothing but defaults, or today's data (R18, R35).
    fn first_answers(&self, opening: &Opening) -> Result<Answers> {
        match (opening.procedure.action, &opening.record) {
            (Action::Change, Some(record)) => self.record_answers(record),
            (Action::New | Action::Change | Action::Cancel, _) => Ok(opening.form.defaults()),
        }
    }

    /// A page of a form: answers, masks, lists and advice, all that it needs.
    ///
    /// # Errors
    /// `NotFound` for an unknown procedure or step, and for a draft or record that is not the actor's.
    pub async fn form_view(&self, actor: &Actor, request: &FormRequest) -> Result<FormView> {
        let on = self.db.read();
        let (procedure, form) = procedure_with_form(&request.procedure)?;
        let step = match request.step.as_str() {
            "" => form.steps.first(),
            key => form.step(key),
        };
        let step = step.ok_or(Error::NotFound)?;
        let draft = match &request.draft {
            None => None,
            Some(id) => Some(self.draft_of(on, actor, id, procedure, false).await?),
        };
        let opening = self
            .open_form(on, actor, (procedure, form), draft, (request.record.as_deref(), None), false)
            .await?;
        let originals = self.originals(&opening)?;
        let mut answers = match &opening.draft {
            Some(row) => self.draft_answers(row)?,
            None => self.first_answers(&opening)?,
        };
        let held = match request.check {
            false => None,
            true => {
                let on_what = request.draft.as_deref().or(request.record.as_deref());
                self.held(on, &held_slot(actor, procedure, on_what, step.key)).await?
            }
        };
        let Held { answers: typed, faults: of_typed } = held.unwrap_or_default();
        if !typed.is_empty() {
            answers.retain(|at| !is_on(step, at));
            answers.merge(typed);
        }
        let known = originals.of(form, &answers);
        let known: Vec<&Answers> = known.iter().collect();
        unseal(form, &mut answers, &known);
        let (shown, sealed) = seal(form, &answers, &known);
        let principal = originals.responsible_person()?;

        let changed = opening.record.as_ref().filter(|_| procedure.action == Action::Change);
        let only_draft = match opening.draft.is_some() || procedure.has_many_drafts() {
            true => None,
            false => self.slot_holder(on, actor, &opening, false).await?,
        };
        let (offered_draft, declined) = match (only_draft, request.fresh) {
            (Some(row), true) => (None, Some(row.version)),
            (Some(row), false) => (Some(row.id), None),
            (None, _) => (None, None),
        };
        let refused = self.refusal_of(on, actor, &opening).await?;
        let (general_remark, remarks) = match opening.resubmitted() {
            None => (None, Vec::new()),
            Some(row) => self.return_remarks(on, &row.id).await?,
        };
        let changes = match (procedure.action.confirmation(), changed, &opening.draft) {
            (Confirmation::Comparison, Some(record), Some(_)) => {
                Some(self.changes(form, &self.record_answers(record)?, &answers, &known))
            }
            _ => None,
        };
        let mut faults = of_typed;
        if request.check
            && let Err(found) = self.check_opening(on, actor, &opening, &answers).await?
        {
            let is_new = |fault: &Fault| !faults.iter().any(|known| known.at == fault.at);
            let found: Vec<Fault> = found.into_iter().filter(is_new).collect();
            faults.extend(found);
        }
        let subject_sheet = match (&step.body, &opening.subject) {
            (Body::Subject, Some(subject)) => {
                let answers = self.record_answers(subject)?;
                Some((sheet(Business::Subject.form(), &answers, &KnownRegions, Sight::Masked), answers))
            }
            (Body::Subject | Body::Sections(_) | Body::Notice(_), _) => None,
        };
        let mut files = file_ids(form, &answers);
        files.extend(file_ids(Business::Subject.form(), &principal));
        if let Some((_, subject)) = &subject_sheet {
            files.extend(file_ids(Business::Subject.form(), subject));
        }
        if let Some(record) = changed {
            files.extend(file_ids(form, &self.record_answers(record)?));
        }
        let finder = match &request.find {
            Some(search) => self.finder(form, &answers, search).await?,
            None => None,
        };
        let is_notice = matches!(step.body, Body::Notice(_));
        let now = self.clock.now();
        Ok(FormView {
            procedure,
            step: step.key.to_owned(),
            draft: opening.draft.as_ref().map(head),
            record: changed.map(|row| row.id.clone()),
            record_state: changed.map(record_state).transpose()?,
            subject: opening.subject.as_ref().map(subject_choice).transpose()?,
            regions: regions_for(form, &answers),
            answers: shown,
            sealed,
            files: self.file_views(&files).await?,
            remarks,
            general_remark,
            offered_draft,
            declined,
            refused,
            subject_sheet: subject_sheet.map(|(sheet, _)| sheet),
            summary: is_notice.then(|| sheet(form, &answers, &KnownRegions, Sight::Masked)),
            changes,
            today: written_date(now),
            key: new_id(now),
            owner: actor.person_id.clone(),
            kept_key: self.kept_key(&actor.person_id),
            faults,
            principal,
            own_records: self.own_records(on, opening.subject.as_ref(), step).await?,
            finder,
        })
    }

    /// The comparison (R19): the stored side masked, and of the new side whatever is a stored value
    /// put elsewhere (R32); what the person typed is shown as typed.
    fn changes(
        &self,
        form: &'static Form,
        before: &Answers,
        after: &Answers,
        known: &[&Answers],
    ) -> Vec<Change> {
        let mut changes = diff(form, (before, Sight::Masked), (after, Sight::Full), &KnownRegions);
        for change in &mut changes {
            let (Some(place), Some(answer)) = (form.place(&change.at), after.get(&change.at)) else {
                continue;
            };
            let is_stored = known.iter().any(|original| original.get(&change.at) == Some(answer));
            if is_stored && form.mask_at(&change.at).is_some() {
                change.after = shown(place.field, answer, &KnownRegions, Sight::Masked);
            }
        }
        changes
    }

    async fn draft_of(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
        procedure: Procedure,
        lock: bool,
    ) -> Result<draft::Model> {
        let row = match self.owned_draft(on, actor, id, lock).await {
            Err(Error::NotFound) => {
                // A tab left open, or the back button: the draft is a filing by now.
                return match self.filing_of_draft(on, actor, id).await? {
                    Some(filing) => {
                        Err(Error::refused_see("这份草稿已经提交，请查看申请单", filing_href(&filing.id)))
                    }
                    None => Err(Error::NotFound),
                };
            }
            row => row?,
        };
        if procedure_of(&row)? == procedure { Ok(row) } else { Err(Error::NotFound) }
    }

    /// The draft that is in the only place there is for one (R11, R18).
    async fn slot_holder(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        opening: &Opening,
        lock: bool,
    ) -> Result<Option<draft::Model>> {
        let query = draft::Entity::find()
            .filter(draft::Column::Slot.eq(slot(actor, opening.procedure, opening.changed(), "")))
            .filter(draft::Column::SavedAt.gt(millis(self.clock.now() - KEPT)));
        let query = if lock { query.lock_exclusive() } else { query };
        Ok(query.one(on).await?)
    }

    /// 保存草稿 and autosave (R12, R77): valid or not, the answers of one step replace those before.
    ///
    /// # Errors
    /// `NotFound` for what is not the actor's; `Refused` for a business without a subject (R4).
    pub async fn save_draft(&self, actor: &Actor, save: &SaveDraft) -> Result<Saved> {
        let save = &SaveDraft { answers: save.answers.clone().tidied(), ..save.clone() };
        let mut tries = 0;
        loop {
            match again!(self.try_save_draft(actor, save)) {
                // Another tab has just made the only draft there may be; the next look finds it.
                Err(error) if error.is_unique_violation() && tries < 3 => tries += 1,
                outcome => return outcome,
            }
        }
    }

    async fn try_save_draft(&self, actor: &Actor, save: &SaveDraft) -> Result<Saved> {
        let tx = self.db.begin().await?;
        let saved = self.save_in(&tx, actor, save).await?;
        match &saved {
            Saved::Ok(_) => tx.commit().await?,
            Saved::Conflict { .. } | Saved::Faults(_) => tx.rollback().await?,
        }
        Ok(saved)
    }

    async fn save_in(&self, tx: &Transaction, actor: &Actor, save: &SaveDraft) -> Result<Saved> {
        let (procedure, form) = procedure_with_form(&save.procedure)?;
        let step = form.step(&save.step).ok_or(Error::NotFound)?;
        let known_draft = match &save.draft {
            None => {
                // There is no draft yet whose lock would put two first saves in order.
                person::Entity::find_by_id(&actor.person_id).lock_exclusive().one(tx).await?;
                None
            }
            Some(id) => Some(self.draft_of(tx, actor, id, procedure, true).await?),
        };
        if let Some(row) = &known_draft
            && !save.overwrite
            && save.version != Some(row.version)
        {
            return Ok(conflict(row));
        }
        let asked = (save.record.as_deref(), save.subject.as_deref());
        let mut opening = self.open_form(tx, actor, (procedure, form), known_draft, asked, false).await?;
        if opening.draft.is_none()
            && !procedure.has_many_drafts()
            && let Some(row) = self.slot_holder(tx, actor, &opening, true).await?
            // 否 is said of what the draft was then, not of what another page has saved since (R11).
            && save.declined != Some(row.version)
        {
            if !save.overwrite {
                return Ok(conflict(&row));
            }
            opening = self.open_form(tx, actor, (procedure, form), Some(row), asked, false).await?;
        }
        let faults = check_draft(form, &save.answers);
        if !faults.is_empty() {
            return Ok(Saved::Faults(faults));
        }
        let needs_subject = procedure != Procedure::new(Business::Subject, Action::New);
        if needs_subject && opening.subject.is_none() {
            let ground = self.ground(tx, actor, None, &[]).await?;
            return match ground.refusal(procedure, None)? {
                Some(refused) => Err(Error::Refused(refused)),
                None => Err(Error::NotFound),
            };
        }

        let before = match &opening.draft {
            Some(row) => self.draft_answers(row)?,
            None => self.first_answers(&opening)?,
        };
        let answers = match self.merge_step(&opening, step, &before, &save.answers)? {
            Ok(answers) => answers,
            Err(faults) => return Ok(Saved::Faults(faults)),
        };
        let files = file_ids(form, &answers);
        let foreign: Vec<String> = match files.iter().all(|id| plausible_id(id).is_ok()) {
            true => self.foreign_files(tx, actor, &files).await?,
            false => files.iter().filter(|id| plausible_id(id).is_err()).cloned().collect(),
        };
        let faults = faults_of_files(form, &answers, &foreign);
        if !faults.is_empty() {
            return Ok(Saved::Faults(faults));
        }
        let (answers, files) = match (procedure.action, &opening.record) {
            (Action::Change, Some(record)) => {
                let kept = self.with_same_files(tx, form, &self.record_answers(record)?, answers).await?;
                let files = file_ids(form, &kept);
                (kept, files)
            }
            (Action::New | Action::Change | Action::Cancel, _) => (answers, files),
        };
        self.count_use(tx, actor, Use::Save).await?;
        let (row, is_first_of_sitting) = self.write_draft(tx, actor, &opening, step, answers).await?;
        let on_what = save.draft.as_deref().or(save.record.as_deref());
        self.no_longer_hold(tx, &held_slot(actor, procedure, on_what, step.key)).await?;
        self.hold_files(tx, "draft", &row.id, &files).await?;
        // What is typed after that is no line: writers would queue for it every other second.
        if is_first_of_sitting {
            let detail = json!({ "procedure": row.procedure, "step": row.step, "version": row.version });
            self.write(tx, Some(actor), "draft.save", "draft", &row.id, detail).await?;
        }
        Ok(Saved::Ok(head(&row)))
    }

    /// A picture sent anew that is the one on record changes nothing (R19): the answer names the old one.
    async fn with_same_files(
        &self,
        on: &impl ConnectionTrait,
        form: &'static Form,
        before: &Answers,
        mut answers: Answers,
    ) -> Result<Answers> {
        let is_file = |at: &str| {
            let kind = form.place(at).map(|place| place.field.kind);
            matches!(kind, Some(Kind::Pictures { .. } | Kind::Documents { .. }))
        };
        let sent_anew: Vec<(String, Answer)> = answers
            .iter()
            .filter(|(at, answer)| is_file(at) && before.get(at).is_some_and(|old| old != *answer))
            .map(|(at, answer)| (at.to_owned(), answer.clone()))
            .collect();
        if sent_anew.is_empty() {
            return Ok(answers);
        }
        let ids: Vec<&String> =
            sent_anew.iter().flat_map(|(at, answer)| answer.items().iter().chain(before.items(at))).collect();
        let contents: BTreeMap<String, String> = upload::Entity::find()
            .select_only()
            .columns([upload::Column::Id, upload::Column::Sha256])
            .filter(upload::Column::Id.is_in(ids))
            .into_tuple()
            .all(on)
            .await?
            .into_iter()
            .collect();
        let content = |ids: &[String]| ids.iter().map(|id| contents.get(id)).collect::<Vec<_>>();
        for (at, answer) in sent_anew {
            let old = content(before.items(&at));
            if old.iter().all(Option::is_some)
                && old == content(answer.items())
                && let Some(kept) = before.get(&at)
            {
                answers.set(at, kept.clone());
            }
        }
        Ok(answers)
    }

    /// Keeps for half an hour what was typed on a step that could not be saved and what is wrong with
    /// it; the form gives both back when it is asked to `check`. Answers that the form has no place for
    /// are left out, and so are files that are the fault. Says whether it was kept: what no person types
    /// is not.
    ///
    /// # Errors
    /// `NotFound` for what is not the actor's.
    pub async fn hold_step(&self, actor: &Actor, save: &SaveDraft, faults: &[Fault]) -> Result<bool> {
        again!(self.try_hold_step(actor, save, faults))
    }

    async fn try_hold_step(&self, actor: &Actor, save: &SaveDraft, faults: &[Fault]) -> Result<bool> {
        let (procedure, form) = procedure_with_form(&save.procedure)?;
        let step = form.step(&save.step).ok_or(Error::NotFound)?;
        let mut answers = save.answers.clone().tidied();
        answers.retain(|at| is_on(step, at) && is_asked(form, at));
        for fault in faults {
            let kind = form.place(&fault.at).map(|place| place.field.kind);
            if matches!(kind, Some(Kind::Pictures { .. } | Kind::Documents { .. })) {
                answers.remove(&fault.at);
            }
        }
        if answers.iter().map(|(_, answer)| answer.size()).sum::<usize>() > MOST_HELD_CHARACTERS {
            return Ok(false);
        }
        let tx = self.db.begin().await?;
        if let Some(id) = &save.draft {
            self.draft_of(&tx, actor, id, procedure, false).await?;
        }
        let on_what = save.draft.as_deref().or(save.record.as_deref());
        let slot = held_slot(actor, procedure, on_what, step.key);
        self.hold(&tx, slot, &Held { answers, faults: faults.to_vec() }).await?;
        let detail = json!({ "procedure": procedure.code(), "step": step.key });
        self.write(&tx, Some(actor), "draft.hold", "draft", save.draft.as_deref().unwrap_or(""), detail)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The answers with those of one step replaced, masks turned back into what they stand for.
    fn merge_step(
        &self,
        opening: &Opening,
        step: &Step,
        before: &Answers,
        posted: &Answers,
    ) -> Result<Result<Answers, Vec<Fault>>> {
        let form = opening.form;
        let originals = self.originals(opening)?;
        let mut answers = before.clone();
        answers.retain(|at| !is_on(step, at));
        let mut posted = posted.clone();
        posted.retain(|at| is_on(step, at));
        answers.merge(posted);

        let principal = originals.principal(form);
        for section in step.sections().iter().filter(|section| section.same_as_principal) {
            let tick = same_as_address(section.key);
            let at = |key: &str| format!("{}.{key}", section.key);
            // Ticked without scripts (R76): the block is still empty and is filled here. Photos are
            // left out: they take a consent of their own (R32).
            let is_empty = ["name", "id_no", "mobile"].iter().all(|key| answers.text(&at(key)).is_empty());
            if answers.has(&tick, "yes") && !before.has(&tick, "yes") && is_empty {
                for key in
                    SHARED_WITH_PRINCIPAL.iter().filter(|key| !matches!(**key, "id_portrait" | "id_emblem"))
                {
                    if let Some(answer) = principal.get(&at(key)) {
                        answers.set(at(key), answer.clone());
                    }
                }
            }
        }

        let known = originals.of(form, &answers);
        unseal(form, &mut answers, &known.iter().collect::<Vec<_>>());
        // The masks of a block whose tick was taken away stand for nothing any more.
        let left_over = stars(form, &answers);
        let mut unticked = answers.clone();
        unseal(form, &mut unticked, &[&principal]);
        let (masks, typed): (Vec<Fault>, Vec<Fault>) =
            left_over.into_iter().partition(|fault| unticked.get(&fault.at) != answers.get(&fault.at));
        for mask in masks {
            answers.remove(&mask.at);
        }
        Ok(if typed.is_empty() { Ok(answers) } else { Err(typed) })
    }

    /// The draft, and whether it is the first save of this sitting: by this session, within half an hour.
    async fn write_draft(
        &self,
        tx: &Transaction,
        actor: &Actor,
        opening: &Opening,
        step: &Step,
        answers: Answers,
    ) -> Result<(draft::Model, bool)> {
        let now = self.clock.now();
        let procedure = opening.procedure;
        let record = opening.record.as_ref().filter(|_| procedure.action == Action::Change);
        let subject = opening.subject.as_ref().map(|row| row.id.clone());
        let fresh_id = new_id(now);
        let slot = slot(actor, procedure, record.map(|row| row.id.as_str()), &fresh_id);
        let replaced = match &opening.draft {
            Some(row) => Some(row.clone()),
            None => {
                draft::Entity::find().filter(draft::Column::Slot.eq(&slot)).lock_exclusive().one(tx).await?
            }
        };
        let id = replaced.as_ref().map_or(fresh_id, |row| row.id.clone());
        let sitting = replaced
            .as_ref()
            .filter(|row| row.audited_session.as_ref() == Some(&actor.session_id))
            .and_then(|row| row.audited_at)
            .filter(|at| now - instant(*at) < SITTING);
        let title = draft_title(procedure.business, &answers);
        let stored = store(&self.keys, opening.form, &format!("draft/{id}"), answers)?;
        let row = draft::Model {
            slot: opening.draft.as_ref().map_or(slot, |row| row.slot.clone()),
            person_id: actor.person_id.clone(),
            procedure: procedure.code(),
            record_id: record.map(|row| row.id.clone()),
            subject_id: subject,
            filing_id: opening.filing.as_ref().map(|row| row.id.clone()),
            title,
            step: step.key.to_owned(),
            answers: stored.answers,
            answers_sealed: stored.answers_sealed,
            version: replaced.as_ref().map_or(1, |row| row.version + 1),
            created_at: match (&opening.draft, &replaced) {
                (Some(row), _) => row.created_at,
                (None, _) => millis(now),
            },
            saved_at: millis(now),
            warned_at: None,
            audited_at: sitting.or(Some(millis(now))),
            audited_session: Some(actor.session_id.clone()),
            id,
        };
        match replaced {
            None => {
                self.bound_drafts(tx, actor).await?;
                active(&row).insert(tx).await?;
            }
            Some(_) => {
                active(&row).update(tx).await?;
            }
        }
        Ok((row, sitting.is_none()))
    }

    /// Makes a draft of a filing, or finds the one made before; its path. Audited by itself.
    pub(crate) async fn draft_from_filing(
        &self,
        tx: &Transaction,
        actor: &Actor,
        from: FromFiling<'_>,
        answers: Answers,
    ) -> Result<String> {
        let procedure = from.procedure;
        let form = procedure.business.form();
        let made = draft::Entity::find()
            .filter(draft::Column::FilingId.eq(&from.filing.id))
            .filter(draft::Column::PersonId.eq(&actor.person_id))
            .filter(draft::Column::SavedAt.gt(millis(self.clock.now() - KEPT)))
            .one(tx)
            .await?;
        if let Some(row) = made {
            return Ok(form_href(procedure, &row.step, &row.id));
        }
        let now = self.clock.now();
        let id = new_id(now);
        let record = (procedure.action == Action::Change).then_some(from.filing.record_id.as_str());
        // A new filing made of an old one takes the place any new draft of its kind would.
        let slot = match from.resubmits || procedure.has_many_drafts() {
            true => slot_of_filing(&from.filing.id),
            false => slot(actor, procedure, record, &id),
        };
        if let Some(row) = draft::Entity::find().filter(draft::Column::Slot.eq(&slot)).one(tx).await? {
            if row.saved_at > millis(now - KEPT) && row.person_id == actor.person_id {
                let link = form_href(procedure, &row.step, &row.id);
                return Err(Error::refused_see("您已有一条草稿，请先提交或删除该草稿", link));
            }
            // Due for deletion, or left behind by the subject's former owner.
            self.remove_draft(tx, &row.id).await?;
        }
        let files = file_ids(form, &answers);
        let title = draft_title(procedure.business, &answers);
        let stored = store(&self.keys, form, &format!("draft/{id}"), answers)?;
        let is_new_subject = procedure == Procedure::new(Business::Subject, Action::New);
        let row = draft::Model {
            slot,
            person_id: actor.person_id.clone(),
            procedure: procedure.code(),
            record_id: record.map(str::to_owned),
            subject_id: (!is_new_subject).then(|| from.filing.subject_id.clone()),
            filing_id: Some(from.filing.id.clone()),
            title,
            step: from.step,
            answers: stored.answers,
            answers_sealed: stored.answers_sealed,
            version: 1,
            created_at: millis(now),
            saved_at: millis(now),
            warned_at: None,
            audited_at: None,
            audited_session: None,
            id,
        };
        self.bound_drafts(tx, actor).await?;
        active(&row).insert(tx).await?;
        self.hold_files(tx, "draft", &row.id, &files).await?;
        let detail = json!({ "procedure": row.procedure, "filing": from.filing.id });
        self.write(tx, Some(actor), "draft.redraft", "draft", &row.id, detail).await?;
        Ok(form_href(procedure, &row.step, &row.id))
    }

    /// 我的草稿 (R50). An empty procedure means all.
    pub async fn drafts(&self, actor: &Actor, procedure: &str, after: &str) -> Result<Paged<DraftRow>> {
        let now = self.clock.now();
        let mut query = draft::Entity::find()
            .filter(draft::Column::PersonId.eq(&actor.person_id))
            .filter(draft::Column::SavedAt.gt(millis(now - KEPT)));
        if !procedure.is_empty() {
            query = query.filter(draft::Column::Procedure.eq(procedure));
        }
        let on = self.db.read();
        let total = query.clone().count(on).await?;
        let mut query = query.order_by_desc(draft::Column::Id).limit(PAGE + 1);
        if !after.is_empty() {
            query = query.filter(draft::Column::Id.lt(after));
        }
        let mut rows = query.all(on).await?;
        let next = cut(&mut rows, |row| &row.id);
        let rows = rows.iter().map(|row| draft_row(row, now)).collect::<Result<_>>()?;
        Ok(Paged { rows, total, next, is_later: !after.is_empty() })
    }

    /// The draft last saved, to go on with (R2).
    pub(crate) async fn latest_draft(&self, actor: &Actor) -> Result<Option<DraftRow>> {
        let now = self.clock.now();
        let row = draft::Entity::find()
            .filter(draft::Column::PersonId.eq(&actor.person_id))
            .filter(draft::Column::SavedAt.gt(millis(now - KEPT)))
            .order_by_desc(draft::Column::SavedAt)
            .order_by_desc(draft::Column::Id)
            .one(self.db.read())
            .await?;
        row.map(|row| draft_row(&row, now)).transpose()
    }

    /// Deletes a draft for good.
    pub async fn delete_draft(&self, actor: &Actor, id: &str) -> Result<()> {
        again!(self.try_delete_draft(actor, id))
    }

    async fn try_delete_draft(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        let row = self.owned_draft(&tx, actor, id, true).await?;
        self.remove_draft(&tx, &row.id).await?;
        let detail = json!({ "procedure": row.procedure });
        self.write(&tx, Some(actor), "draft.delete", "draft", &row.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn remove_draft(&self, tx: &Transaction, id: &str) -> Result<()> {
        self.hold_files(tx, "draft", id, &[]).await?;
        draft::Entity::delete_by_id(id).exec(tx).await?;
        Ok(())
    }

    /// Deletes the drafts of thirty days ago (R50) and tells the people whose drafts end within three
    /// days, once (R66). Says how many were deleted.
    pub async fn sweep_drafts(&self) -> Result<u64> {
        let mut after = Some(String::new());
        while let Some(id) = after {
            after = match again!(self.try_warn_of_drafts(&id)) {
                Ok(after) => after,
                Err(error) => {
                    // What has run out is deleted all the same.
                    tracing::error!(%error, "people were not told that their drafts end");
                    None
                }
            };
        }
        let mut swept = 0;
        loop {
            let some = again!(self.try_sweep_drafts())?;
            swept += some;
            if some < SWEPT_AT_ONCE {
                return Ok(swept);
            }
        }
    }

    async fn try_sweep_drafts(&self) -> Result<u64> {
        let tx = self.db.begin().await?;
        let due: Vec<String> = draft::Entity::find()
            .select_only()
            .column(draft::Column::Id)
            .filter(draft::Column::SavedAt.lte(millis(self.clock.now() - KEPT)))
            .order_by_asc(draft::Column::SavedAt)
            .limit(SWEPT_AT_ONCE)
            .lock_exclusive()
            .into_tuple()
            .all(&tx)
            .await?;
        for id in &due {
            self.remove_draft(&tx, id).await?;
        }
        if !due.is_empty() {
            // One line for all of them; their ids stand in it.
            self.write(&tx, None, "draft.sweep", "draft", "", json!({ "drafts": due })).await?;
        }
        tx.commit().await?;
        Ok(due.len() as u64)
    }

    /// One batch; the id to go on after.
    async fn try_warn_of_drafts(&self, after: &str) -> Result<Option<String>> {
        let tx = self.db.begin().await?;
        let now = self.clock.now();
        let ending = draft::Entity::find()
            .filter(draft::Column::SavedAt.lte(millis(now - KEPT + WARNED)))
            .filter(draft::Column::SavedAt.gt(millis(now - KEPT)))
            .filter(draft::Column::WarnedAt.is_null())
            .filter(draft::Column::Id.gt(after))
            .order_by_asc(draft::Column::Id)
            .limit(SWEPT_AT_ONCE)
            .lock_exclusive()
            .all(&tx)
            .await?;
        let mut told = Vec::new();
        for row in &ending {
            let procedure = match procedure_of(row) {
                Ok(procedure) => procedure,
                Err(error) => {
                    tracing::error!(draft = row.id, %error, "nobody can be told that a draft ends");
                    continue;
                }
            };
            let text = format!(
                "您的“{}”草稿（{}）还有 {} 天到期，到期后将自动删除",
                procedure.label(),
                row.title,
                days_left(instant(row.saved_at), KEPT, now),
            );
            let link = form_href(procedure, &row.step, &row.id);
            self.notify(&tx, &row.person_id, text, Some(link)).await?;
            told.push(row.id.as_str());
        }
        if !told.is_empty() {
            draft::Entity::update_many()
                .col_expr(draft::Column::WarnedAt, Expr::value(millis(now)))
                .filter(draft::Column::Id.is_in(told.iter().copied()))
                .exec(&tx)
                .await?;
            self.write(&tx, None, "draft.warn", "draft", "", json!({ "drafts": told })).await?;
        }
        tx.commit().await?;
        let is_full = ending.len() as u64 == SWEPT_AT_ONCE;
        Ok(ending.last().filter(|_| is_full).map(|row| row.id.clone()))
    }
}

fn active(row: &draft::Model) -> draft::ActiveModel {
    let row = row.clone();
    draft::ActiveModel {
        id: Set(row.id),
        slot: Set(row.slot),
        person_id: Set(row.person_id),
        procedure: Set(row.procedure),
        record_id: Set(row.record_id),
        subject_id: Set(row.subject_id),
        filing_id: Set(row.filing_id),
        title: Set(row.title),
        step: Set(row.step),
        answers: Set(row.answers),
        answers_sealed: Set(row.answers_sealed),
        version: Set(row.version),
        created_at: Set(row.created_at),
        saved_at: Set(row.saved_at),
        warned_at: Set(row.warned_at),
        audited_at: Set(row.audited_at),
        audited_session: Set(row.audited_session),
    }
}

fn draft_row(row: &draft::Model, now: OffsetDateTime) -> Result<DraftRow> {
    let procedure = procedure_of(row)?;
    Ok(DraftRow {
        id: row.id.clone(),
        procedure,
        title: row.title.clone(),
        saved_at: written(instant(row.saved_at)),
        days_left: days_left(instant(row.saved_at), KEPT, now),
        href: form_href(procedure, &row.step, &row.id),
    })
}

/// The lists a cascade needs to show the answers: the provinces, and what lies below each region on
/// the way to every answer.
fn regions_for(form: &'static Form, answers: &Answers) -> BTreeMap<String, Vec<RegionOption>> {
    let mut lists = BTreeMap::from([(String::new(), region::options(""))]);
    for place in form.places(answers).filter(|place| matches!(place.field.kind, Kind::Region)) {
        for above in region::path(answers.text(&place.address())) {
            let below = region::options(above.code);
            if !below.is_empty() {
                lists.insert(above.code.to_owned(), below);
            }
        }
    }
    lists
}
