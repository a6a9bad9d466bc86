//! A form as its page shows it.

use std::collections::BTreeMap;

use domain::action::{Action, Confirmation};
use domain::answer::Answers;
use domain::business::Business;
use domain::check::{Context, check_step};
use domain::procedure::Procedure;
use domain::route;
use domain::schema::{Body, Fault, Form, Kind, Step};
use domain::seal::{seal, unseal};
use domain::sheet::{Change, Disclosure, Sheet, diff, sheet, shown};
use domain::view::{FilingRow, FormRequest, FormView, OfferedReturn, RegionOption, StepState};
use sea_orm::ConnectionTrait;
use time::Date;

use crate::account::rejected_form::RejectedForm;
use crate::applicant::draft::{
    Drafts, Opening, head, is_on, procedure_of, procedure_with_form, rejected_slot,
};
use crate::base::actor::Actor;
use crate::base::clock::{shanghai_date, written_date};
use crate::base::db::new_id;
use crate::base::entity::draft;
use crate::base::error::{Error, Result};
use crate::base::region;
use crate::base::region::KnownRegions;
use crate::files::faults::file_ids;
use crate::filing::eligibility::returned_subject;
use crate::filing::rows::filing_row;
use crate::state::row::record_state;

impl Drafts {
    /// A page of a form: answers, masks, lists and advice, all that it needs.
    ///
    /// # Errors
    /// `NotFound` for an unknown procedure or step, and for a draft or record that is not the actor's.
    pub async fn form_view(&self, actor: &Actor, request: &FormRequest) -> Result<FormView> {
        let on = self.context.db.read();
        let (procedure, form) = procedure_with_form(&request.procedure)?;
        let step = step_asked(form, &request.step)?;
        let opening = self.opening(actor, request, procedure, form).await?;
        let originals = self.originals(&opening)?;
        let RejectedForm { answers: typed, faults: of_typed } =
            self.rejected_form(actor, request, procedure, step).await?;
        let mut answers = self.answers(&opening, step, typed)?;
        let known = originals.of(form, &answers);
        let known: Vec<&Answers> = known.iter().collect();
        unseal(form, &mut answers, &known);
        let (shown, sealed) = seal(form, &answers, &known);
        let principal = originals.responsible_person()?;

        let changed = opening.record.as_ref().filter(|_| procedure.action == Action::Change);
        let (offered_draft, declined) = self.only_draft(actor, &opening, request.fresh).await?;
        let not_now = self.refusal_of(on, actor, &opening).await?;
        let is_open = opening.draft.is_some() || !not_now.as_ref().is_some_and(|it| it.closes_form);
        let (general_remark, remarks) = self.remarks(&opening).await?;
        let before = changed.map(|record| self.records.record_answers(record)).transpose()?;
        let is_compared =
            procedure.action.confirmation() == Confirmation::Comparison && opening.draft.is_some();
        let changes = before.as_ref().filter(|_| is_compared);
        let changes = changes.map(|before| changes_between(form, before, &answers, &known));
        let faults = match request.check || request.review {
            true => self.faults(actor, &opening, &answers, of_typed).await?,
            false => of_typed,
        };
        let subject = self.subject_shown(step, &opening)?;
        let subject_form = Business::Subject.form();
        let files = all_files(&[
            (form, Some(&answers)),
            (subject_form, Some(&principal)),
            (subject_form, subject.as_ref()),
            (form, before.as_ref()),
        ]);
        let finder = match &request.find {
            Some(search) => self.finder(form, &answers, search).await?,
            None => None,
        };
        let names = self.accounts.own_names(actor).await?;
        let is_fine = opening.draft.is_some() && faults.is_empty();
        let shows_all = matches!(step.body, Body::Notice(_)) || request.review && is_fine;
        let now = self.context.clock.now();
        Ok(FormView {
            procedure,
            step: step.key.to_owned(),
            draft: opening.draft.as_ref().map(head),
            record: changed.map(|row| row.id.clone()),
            record_state: changed.map(record_state).transpose()?,
            subject: opening.subject.as_ref().map(|subject| names.choice(subject)).transpose()?,
            regions: regions_for(form, &answers),
            files: self.files.file_views(&files).await?,
            remarks,
            general_remark,
            offered_draft,
            declined,
            offered_return: self.offered_return(actor, &opening, request.fresh).await?,
            refused: not_now.map(|it| it.refused),
            is_open,
            along: self.along(&opening).await?,
            steps: step_states(form, &answers, shanghai_date(now), opening.draft.is_some()),
            summary: shows_all.then(|| as_typed(form, &shown)),
            answers: shown,
            sealed,
            subject_sheet: subject.map(|subject| masked(subject_form, &subject)),
            changes,
            today: written_date(now),
            key: new_id(now),
            owner: actor.person_id.clone(),
            kept_key: self.accounts.kept_key(&actor.person_id),
            faults,
            principal,
            me: originals.me(form),
            can_resolve: self.network_checks.may_ask(),
            own_records: self.records.own_records(on, opening.subject.as_ref(), step).await?,
            finder,
        })
    }

    /// What a submit would refuse of one step of a draft, for a page that is about to leave it.
    ///
    /// # Errors
    /// `NotFound` for an unknown procedure or step, and for a draft that is not the actor's.
    pub async fn step_faults(
        &self,
        actor: &Actor,
        procedure: &str,
        step: &str,
        draft: &str,
    ) -> Result<Vec<Fault>> {
        let (procedure, form) = procedure_with_form(procedure)?;
        let step = step_asked(form, step)?;
        let request = FormRequest { draft: Some(draft.to_owned()), ..FormRequest::default() };
        let opening = self.opening(actor, &request, procedure, form).await?;
        let answers = self.answers(&opening, step, Answers::new())?;
        let mut faults = self.faults(actor, &opening, &answers, Vec::new()).await?;
        faults.retain(|fault| is_on(step, &fault.at));
        Ok(faults)
    }

    async fn opening(
        &self,
        actor: &Actor,
        request: &FormRequest,
        procedure: Procedure,
        form: &'static Form,
    ) -> Result<Opening> {
        let on = self.context.db.read();
        let draft = match &request.draft {
            None => None,
            Some(id) => Some(self.draft_of(on, actor, id, procedure, false).await?),
        };
        let of = (request.record.as_deref(), None);
        self.open_form(on, actor, (procedure, form), draft, of, false).await
    }

    /// What the form holds: the draft's answers, or the first ones, and on this step what was typed.
    fn answers(&self, opening: &Opening, step: &Step, typed: Answers) -> Result<Answers> {
        let mut answers = match &opening.draft {
            Some(row) => self.draft_answers(row)?,
            None => self.first_answers(opening)?,
        };
        if !typed.is_empty() {
            answers.retain(|at| !is_on(step, at));
            answers.merge(typed);
        }
        Ok(answers)
    }

    /// What was typed on the step and could not be saved, where the page is about that.
    async fn rejected_form(
        &self,
        actor: &Actor,
        request: &FormRequest,
        procedure: Procedure,
        step: &Step,
    ) -> Result<RejectedForm> {
        if !request.check {
            return Ok(RejectedForm::default());
        }
        let on_what = request.draft.as_deref().or(request.record.as_deref());
        let slot = rejected_slot(actor, procedure, on_what, step.key);
        Ok(self.rejected_forms.find(self.context.db.read(), &slot).await?.unwrap_or_default())
    }

    /// What the officer said when the filing was returned (R53): of all of it, and of fields.
    async fn remarks(&self, opening: &Opening) -> Result<(Option<String>, Vec<Fault>)> {
        match opening.resubmitted() {
            None => Ok((None, Vec::new())),
            Some(row) => self.filings.return_remarks(self.context.db.read(), &row.id).await,
        }
    }

    /// Of a form that has one draft at most: the id of the draft to ask about (R11, R18), or the version of the one
    /// that the person does not want to use.
    async fn only_draft(
        &self,
        actor: &Actor,
        opening: &Opening,
        is_declined: bool,
    ) -> Result<(Option<String>, Option<i64>)> {
        if opening.draft.is_some() || opening.procedure.has_many_drafts() {
            return Ok((None, None));
        }
        let row = self.slot_holder(self.context.db.read(), actor, opening, false).await?;
        Ok(match (row, is_declined) {
            (Some(row), true) => (None, Some(row.version)),
            (Some(row), false) => (Some(row.id), None),
            (None, _) => (None, None),
        })
    }

    /// The subject's answers, on the step that shows them (R30).
    fn subject_shown(&self, step: &Step, opening: &Opening) -> Result<Option<Answers>> {
        match (&step.body, &opening.subject) {
            (Body::Subject, Some(subject)) => Ok(Some(self.records.record_answers(subject)?)),
            (Body::Subject | Body::Sections(_) | Body::Notice(_), _) => Ok(None),
        }
    }

    /// To who begins 新增主体 anew although the last one came back (R53).
    async fn offered_return(
        &self,
        actor: &Actor,
        opening: &Opening,
        is_declined: bool,
    ) -> Result<Option<OfferedReturn>> {
        let is_new = opening.procedure == Procedure::new(Business::Subject, Action::New);
        if !is_new || opening.draft.is_some() || is_declined {
            return Ok(None);
        }
        let on = self.context.db.read();
        if !self.accounts.subjects(actor).await?.is_empty() {
            return Ok(None);
        }
        let Some(row) = returned_subject(on, actor).await? else { return Ok(None) };
        let (_, remarks) = self.filings.return_remarks(on, &row.id).await?;
        let along = self.filings.returned_along(on, &row.subject_id).await?;
        Ok(Some(OfferedReturn { filing: row.id, points: remarks.len(), along: !along.is_empty() }))
    }

    /// What is submitted again along with this form, as it was (R15).
    async fn along(&self, opening: &Opening) -> Result<Vec<FilingRow>> {
        let (Some(draft), Some(row)) = (&opening.draft, opening.resubmitted()) else { return Ok(Vec::new()) };
        if !draft.resubmits_along {
            return Ok(Vec::new());
        }
        let rows = self.filings.returned_along(self.context.db.read(), &row.subject_id).await?;
        rows.iter().map(filing_row).collect()
    }

    /// What a submit would refuse, each field once: what was `said` of what was typed goes before.
    async fn faults(
        &self,
        actor: &Actor,
        opening: &Opening,
        answers: &Answers,
        said: Vec<Fault>,
    ) -> Result<Vec<Fault>> {
        let mut faults = said;
        if let Err(found) = self.check_opening(self.context.db.read(), actor, opening, answers).await? {
            let is_new = |fault: &Fault| !faults.iter().any(|known| known.at == fault.at);
            let found: Vec<Fault> = found.into_iter().filter(is_new).collect();
            faults.extend(found);
        }
        Ok(faults)
    }

    pub(crate) async fn draft_of(
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
                        Err(Error::refused_see("这份草稿已经提交，请查看申请单", route::filing(&filing.id)))
                    }
                    None => Err(Error::NotFound),
                };
            }
            row => row?,
        };
        if procedure_of(&row)? == procedure { Ok(row) } else { Err(Error::NotFound) }
    }
}

/// How far each step is, by its answers and not by where the person has been.
fn step_states(form: &'static Form, answers: &Answers, today: Date, is_begun: bool) -> Vec<StepState> {
    // A form of one step has no bar that would show it.
    if form.steps.len() == 1 {
        return Vec::new();
    }
    let sealed = BTreeMap::new();
    let context = Context { today, regions: &KnownRegions, sealed: &sealed };
    let defaults = form.defaults();
    form.steps
        .iter()
        .map(|step| match step.body {
            Body::Subject if is_begun => StepState::Done,
            Body::Subject | Body::Notice(_) => StepState::Todo,
            Body::Sections(_) => {
                let is_typed = |(at, answer): (&str, &_)| is_on(step, at) && defaults.get(at) != Some(answer);
                let missing = check_step(form, step.key, answers, &context).len();
                match (missing, answers.iter().any(is_typed)) {
                    (0, true) => StepState::Done,
                    (missing, true) => StepState::Missing(missing),
                    (_, false) => StepState::Todo,
                }
            }
        })
        .collect()
}

/// The files that answers of these forms name.
fn all_files(of: &[(&'static Form, Option<&Answers>)]) -> Vec<String> {
    of.iter().filter_map(|(form, answers)| Some(file_ids(form, (*answers)?))).flatten().collect()
}

/// As the form shows it: masks for what is stored, in full what the person typed (R70).
fn as_typed(form: &'static Form, shown: &Answers) -> Sheet {
    sheet(form, shown, &KnownRegions, Disclosure::Full)
}

fn masked(form: &'static Form, answers: &Answers) -> Sheet {
    sheet(form, answers, &KnownRegions, Disclosure::Masked)
}

/// The step of an address; the first where it names none.
fn step_asked(form: &'static Form, key: &str) -> Result<&'static Step> {
    let step = if key.is_empty() { form.steps.first() } else { form.step(key) };
    step.ok_or(Error::NotFound)
}

/// The comparison (R19): the stored side masked, and of the new side whatever is a stored value
/// put elsewhere (R32); what the person typed is shown as typed.
fn changes_between(
    form: &'static Form,
    before: &Answers,
    after: &Answers,
    known: &[&Answers],
) -> Vec<Change> {
    let mut changes = diff(form, (before, Disclosure::Masked), (after, Disclosure::Full), &KnownRegions);
    for change in &mut changes {
        let (Some(place), Some(answer)) = (form.place(&change.at), after.get(&change.at)) else {
            continue;
        };
        let is_stored = known.iter().any(|original| original.get(&change.at) == Some(answer));
        if is_stored && form.mask_at(&change.at).is_some() {
            change.after = shown(place.field, answer, &KnownRegions, Disclosure::Masked);
        }
    }
    changes
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
