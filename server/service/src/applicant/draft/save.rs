//! Saving a draft, by hand and by itself (R12).

use std::collections::BTreeMap;

use domain::action::Action;
use domain::answer::{Answer, Answers};
use domain::business::Business;
use domain::check::{IS_ME, SAME_AS_PRINCIPAL, check_draft, is_asked};
use domain::posted::copy_same;
use domain::procedure::Procedure;
use domain::schema::{Fault, Form, Kind, Step};
use domain::seal::{KNOWN_OF_ME, SHARED_WITH_PRINCIPAL, unseal};
use domain::view::{SaveDraft, Saved};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;
use time::Duration;

use crate::account::rejected_form::RejectedForm;
use crate::applicant::draft::{
    Drafts, Opening, active, draft_title, head, is_on, masked_inputs, procedure_with_form, rejected_slot,
    slot, time_of_day,
};
use crate::base::actor::Actor;
use crate::base::db::{Transaction, instant, millis, new_id, plausible_id};
use crate::base::entity::{draft, person, upload};
use crate::base::error::{Error, Result};
use crate::base::limits::Use;
use crate::base::retry::retry;
use crate::base::sealed_answers::store;
use crate::files::faults::{faults_of_files, file_ids};
use crate::filing::eligibility;

/// Saves of one draft by one session within this time are one line of the audit log.
const SITTING: Duration = Duration::minutes(30);

/// Most characters of a step that could not be saved which are held for its page.
const MOST_HELD_CHARACTERS: usize = 200_000;

impl Drafts {
    /// 保存草稿 and autosave (R12, R77): valid or not, the answers of one step replace those before.
    ///
    /// # Errors
    /// `NotFound` for what is not the actor's; `Refused` for a business without a subject (R4).
    pub async fn save_draft(&self, actor: &Actor, save: &SaveDraft) -> Result<Saved> {
        let save = &SaveDraft { answers: save.answers.clone().tidied(), ..save.clone() };
        let mut tries = 0;
        loop {
            match retry!(self.try_save_draft(actor, save)) {
                // Another tab has just made the only draft there may be; the next look finds it.
                Err(error) if error.is_unique_violation() && tries < 3 => tries += 1,
                outcome => return outcome,
            }
        }
    }

    async fn try_save_draft(&self, actor: &Actor, save: &SaveDraft) -> Result<Saved> {
        let tx = self.context.db.begin().await?;
        let saved = self.save_in(&tx, actor, save).await?;
        match &saved {
            Saved::Ok(_) => tx.commit().await?,
            Saved::Conflict { .. } | Saved::Faults(_) => tx.rollback().await?,
        }
        Ok(saved)
    }

    async fn save_in(&self, tx: &Transaction, actor: &Actor, save: &SaveDraft) -> Result<Saved> {
        let (procedure, form) = procedure_with_form(&save.procedure)?;
        if save.owner.as_ref().is_some_and(|owner| *owner != actor.person_id) {
            return Err(Error::refused("登录的用户已变更，本页内容未保存，请刷新页面"));
        }
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
            let eligibility = eligibility::eligibility_of(tx, actor, None, &[]).await?;
            return match eligibility.refusal(procedure, None)? {
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
            true => self.files.foreign_files(tx, actor, &files).await?,
            false => files.iter().filter(|id| plausible_id(id).is_err()).cloned().collect(),
        };
        let faults = faults_of_files(form, &answers, &foreign);
        if !faults.is_empty() {
            return Ok(Saved::Faults(faults));
        }
        let (answers, files) = match (procedure.action, &opening.record) {
            (Action::Change, Some(record)) => {
                let kept =
                    self.with_same_files(tx, form, &self.records.record_answers(record)?, answers).await?;
                let files = file_ids(form, &kept);
                (kept, files)
            }
            (Action::New | Action::Change | Action::Cancel, _) => (answers, files),
        };
        self.usage.count_use(tx, actor, Use::Save).await?;
        let (row, is_first_of_sitting) = self.write_draft(tx, actor, &opening, step, answers).await?;
        let on_what = save.draft.as_deref().or(save.record.as_deref());
        self.rejected_forms.discard(tx, &rejected_slot(actor, procedure, on_what, step.key)).await?;
        self.files.set_file_references(tx, "draft", &row.id, &files).await?;
        // What is typed after that is no line: writers would queue for it every other second.
        if is_first_of_sitting {
            let detail = json!({ "procedure": row.procedure, "step": row.step, "version": row.version });
            self.context.audit(tx, Some(actor), "draft.save", "draft", &row.id, detail).await?;
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
            .columns([upload::Column::Id, upload::Column::Digest])
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
    pub async fn stash_step(&self, actor: &Actor, save: &SaveDraft, faults: &[Fault]) -> Result<bool> {
        retry!(self.try_hold_step(actor, save, faults))
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
        let tx = self.context.db.begin().await?;
        if let Some(id) = &save.draft {
            self.draft_of(&tx, actor, id, procedure, false).await?;
        }
        let on_what = save.draft.as_deref().or(save.record.as_deref());
        let slot = rejected_slot(actor, procedure, on_what, step.key);
        self.rejected_forms.stash(&tx, slot, &RejectedForm { answers, faults: faults.to_vec() }).await?;
        let detail = json!({ "procedure": procedure.code(), "step": step.key });
        self.context
            .audit(&tx, Some(actor), "draft.hold", "draft", save.draft.as_deref().unwrap_or(""), detail)
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

        let fillings = originals.fillings(form);
        for section in step.sections() {
            let at = |key: &str| section.own_address(key);
            let is_new = |tick: &str| answers.has(&at(tick), "yes") && !before.has(&at(tick), "yes");
            // Ticked without scripts (R76): the block is still empty and is filled here. Photos are
            // left out: they take a consent of their own (R32).
            let is_empty = ["name", "id_no", "mobile"].iter().all(|key| answers.text(&at(key)).is_empty());
            let from_principal = section.same_as_principal && is_new(SAME_AS_PRINCIPAL);
            let from_me = section.may_be_me && is_new(IS_ME);
            let keys = match (from_principal, from_me) {
                (true, _) => SHARED_WITH_PRINCIPAL,
                (false, true) => KNOWN_OF_ME,
                (false, false) => &[],
            };
            for key in keys.iter().filter(|key| is_empty && !matches!(**key, "id_portrait" | "id_emblem")) {
                if let Some(answer) = fillings.get(&at(key)) {
                    answers.set(at(key), answer.clone());
                }
            }
        }

        let known = originals.of(form, &answers);
        unseal(form, &mut answers, &known.iter().collect::<Vec<_>>());
        // The masks of a block whose tick was taken away stand for nothing any more.
        let left_over = masked_inputs(form, &answers);
        let mut unticked = answers.clone();
        unseal(form, &mut unticked, &[&fillings]);
        let (masks, typed): (Vec<Fault>, Vec<Fault>) =
            left_over.into_iter().partition(|fault| unticked.get(&fault.at) != answers.get(&fault.at));
        for mask in masks {
            answers.remove(&mask.at);
        }
        copy_same(step, &mut answers);
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
        let now = self.context.clock.now();
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
        let stored = store(&self.context.keys, opening.form, &format!("draft/{id}"), answers)?;
        let row = draft::Model {
            slot: opening.draft.as_ref().map_or(slot, |row| row.slot.clone()),
            person_id: actor.person_id.clone(),
            procedure: procedure.code(),
            record_id: record.map(|row| row.id.clone()),
            subject_id: subject,
            filing_id: opening.filing.as_ref().map(|row| row.id.clone()),
            resubmits_along: replaced.as_ref().is_some_and(|row| row.resubmits_along),
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
            deleted_at: None,
            id,
        };
        match replaced {
            None => {
                self.usage.bound_drafts(tx, actor).await?;
                active(&row).insert(tx).await?;
            }
            Some(_) => {
                active(&row).update(tx).await?;
            }
        }
        Ok((row, sitting.is_none()))
    }
}

fn conflict(row: &draft::Model) -> Saved {
    Saved::Conflict { saved_at: time_of_day(row.saved_at), draft: Some(row.id.clone()) }
}
