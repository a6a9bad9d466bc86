//! A form as its page shows it.

use std::collections::BTreeMap;

use domain::action::{Action, Confirmation};
use domain::answer::Answers;
use domain::business::Business;
use domain::procedure::Procedure;
use domain::route;
use domain::schema::{Body, Fault, Form, Kind};
use domain::seal::{seal, unseal};
use domain::sheet::{Change, Sight, diff, sheet, shown};
use domain::view::{FormRequest, FormView, RegionOption};
use sea_orm::ConnectionTrait;

use crate::account::rejected_form::Held;
use crate::account::subject::subject_choice;
use crate::applicant::draft::{Drafts, head, held_slot, is_on, procedure_of, procedure_with_form};
use crate::base::actor::Actor;
use crate::base::clock::written_date;
use crate::base::db::new_id;
use crate::base::entity::draft;
use crate::base::error::{Error, Result};
use crate::base::region;
use crate::base::region::KnownRegions;
use crate::files::faults::file_ids;
use crate::state::row::record_state;

impl Drafts {
    /// A page of a form: answers, masks, lists and advice, all that it needs.
    ///
    /// # Errors
    /// `NotFound` for an unknown procedure or step, and for a draft or record that is not the actor's.
    pub async fn form_view(&self, actor: &Actor, request: &FormRequest) -> Result<FormView> {
        let on = self.context.db.read();
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
                self.rejected_forms.held(on, &held_slot(actor, procedure, on_what, step.key)).await?
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
            Some(row) => self.filings.return_remarks(on, &row.id).await?,
        };
        let changes = match (procedure.action.confirmation(), changed, &opening.draft) {
            (Confirmation::Comparison, Some(record), Some(_)) => {
                Some(self.changes(form, &self.records.record_answers(record)?, &answers, &known))
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
                let answers = self.records.record_answers(subject)?;
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
            files.extend(file_ids(form, &self.records.record_answers(record)?));
        }
        let finder = match &request.find {
            Some(search) => self.finder(form, &answers, search).await?,
            None => None,
        };
        let is_notice = matches!(step.body, Body::Notice(_));
        let now = self.context.clock.now();
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
            files: self.files.file_views(&files).await?,
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
            kept_key: self.accounts.kept_key(&actor.person_id),
            faults,
            principal,
            own_records: self.records.own_records(on, opening.subject.as_ref(), step).await?,
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
