//! The draft's way to the server, what is kept in the browser where there is none, and submitting.

use std::time::Duration;

use domain::action::Confirmation;
use domain::answer::Answers;
use domain::check::{NOT_ASKED, is_asked};
use domain::route;
use domain::schema::Body;
use domain::view::*;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{FormState, SAVE_AFTER_MILLISECONDS, steps};
use crate::api::{self, ApiError};
use crate::ui::form::save::Save;
use crate::ui::form::{keep, of_step};

/// Who goes on typing is saved all the same, so long after the first key.
const SAVE_AT_LATEST_MILLISECONDS: f64 = 3_000.0;

/// What could not be sent is sent again after so long, or when the browser says that it is back.
const RETRY: Duration = Duration::from_secs(15);

impl FormState {
    /// Takes up what an earlier visit could not save. Where the draft was saved meanwhile, the person
    /// chooses; while an older draft is offered, what was kept waits for the answer.
    pub(super) fn restore(self) {
        if self.view.with_value(|view| view.has_offer) {
            return;
        }
        let (key, name) = (self.kept_key(), self.kept_name());
        spawn_local(async move {
            if let Some((version, kept)) = keep::find(&key, &name).await
                && !self.is_gone()
            {
                self.take_up(version, kept);
            }
        });
    }

    fn take_up(self, version: Option<i64>, mut kept: Answers) {
        // The form may have changed since (R82).
        kept.retain(|at| is_asked(self.form, at));
        let before = self.answers.get_untracked();
        self.fill(|answers| answers.merge(kept));
        match self.draft.get_untracked() {
            Some(draft) if version != Some(draft.version) && before != self.answers.get_untracked() => {
                self.save.set(Save::Conflict(draft.saved_at));
            }
            _ => self.save_soon(0),
        }
    }

    fn kept_key(&self) -> String {
        self.view.with_value(|view| view.kept_key.clone())
    }

    fn kept_name(&self) -> String {
        let which = self.draft.get_untracked().map(|draft| draft.id).or_else(|| self.record());
        let which = which.unwrap_or_else(|| "new".to_owned());
        let of = format!("{}/{}/{which}", self.procedure.code(), self.step.key);
        self.view.with_value(|view| keep::name(&view.owner, &of))
    }

    fn request(&self, overwrite: bool) -> SaveDraft {
        let draft = self.draft.get_untracked();
        SaveDraft {
            procedure: self.procedure.code(),
            step: self.step.key.to_owned(),
            draft: draft.as_ref().map(|draft| draft.id.clone()),
            record: self.record(),
            subject: self.subject(),
            version: draft.map(|draft| draft.version),
            overwrite,
            declined: self.view.with_value(|view| view.declined),
            owner: Some(self.view.with_value(|view| view.owner.clone())),
            answers: self.answers.with_untracked(|answers| of_step(self.step, answers)),
        }
    }

    /// Saves when nothing was typed for so long.
    pub fn save_soon(self, milliseconds: u64) {
        if matches!(self.save.get_untracked(), Save::Conflict(_)) {
            return;
        }
        match self.save.get_untracked() {
            Save::SignedOut => self.keep_here(),
            Save::Waiting => {}
            Save::Untouched | Save::Sending | Save::Done(_) | Save::Failed(_) | Save::Conflict(_) => {
                self.save.set(Save::Waiting);
            }
        }
        let typed = self.typed.get_value();
        let since = self.unsaved_since.get_value().unwrap_or_else(js_sys::Date::now);
        self.unsaved_since.set_value(Some(since));
        spawn_local(async move {
            if milliseconds > 0 {
                gloo_timers::future::TimeoutFuture::new(u32::try_from(milliseconds).unwrap_or(u32::MAX))
                    .await;
            }
            // Of what was saved meanwhile nothing is late.
            let is_late = js_sys::Date::now() - since > SAVE_AT_LATEST_MILLISECONDS
                && self.unsaved_since.try_get_value() == Some(Some(since));
            let overtaken = self.typed.try_get_value() != Some(typed) && milliseconds > 0 && !is_late;
            if !overtaken && self.save.try_get_untracked() == Some(Save::Waiting) {
                self.save_now(false).await;
            }
        });
    }

    pub(super) async fn save_now(self, overwrite: bool) -> bool {
        while self.is_saving.try_get_value() == Some(true) {
            gloo_timers::future::TimeoutFuture::new(30).await;
        }
        if self.is_gone() {
            return false;
        }
        self.is_saving.set_value(true);
        self.save.set(Save::Sending);
        self.unsaved_since.set_value(None);
        let typed = self.typed.get_value();
        self.retry.update_value(|(saves, is_due)| (*saves, *is_due) = (*saves + 1, false));
        let outcome = api::save_draft(self.request(overwrite)).await;
        if self.is_gone() {
            return matches!(outcome, Ok(Saved::Ok(_)));
        }
        self.is_saving.set_value(false);
        match outcome {
            Ok(Saved::Ok(draft)) => {
                keep::forget(&self.kept_name());
                let is_new = self.draft.get_untracked().is_none();
                self.draft.set(Some(draft.clone()));
                if is_new {
                    self.remember_address();
                }
                // What was typed meanwhile waits for its own turn.
                let more = self.typed.get_value() != typed;
                self.save.set(if more { Save::Waiting } else { Save::Done(draft.saved_at) });
                if more {
                    self.save_soon(SAVE_AFTER_MILLISECONDS);
                }
                true
            }
            Ok(Saved::Conflict { saved_at, draft }) => {
                // Another page has made the only draft: from now on this page is about it, and late.
                if let Some(id) = draft.filter(|_| self.draft.get_untracked().is_none()) {
                    self.draft.set(Some(DraftHead { id, version: 0, saved_at: String::new() }));
                    self.remember_address();
                }
                self.save.set(Save::Conflict(saved_at));
                false
            }
            Ok(Saved::Faults(faults)) => {
                // The form of an upgraded server may not ask all that this page shows (R82).
                let is_stale = faults.iter().any(|fault| fault.message == NOT_ASKED);
                self.keep_here();
                if is_stale {
                    self.save.set(Save::Failed(ApiError::Stale.sentence()));
                } else {
                    self.save.set(Save::Failed("部分内容无法保存，请按提示修改".to_owned()));
                    self.complain(faults);
                }
                false
            }
            Err(ApiError::SignIn) => {
                self.session_ended();
                false
            }
            Err(error) => {
                self.keep_here();
                self.save.set(Save::Failed(error.sentence()));
                // What was refused for good is refused again.
                if matches!(error, ApiError::Unreachable | ApiError::TooMany(_) | ApiError::Broken { .. }) {
                    self.retry_later();
                }
                false
            }
        }
    }

    /// What could not be sent is sent again by itself.
    fn retry_later(self) {
        self.retry.update_value(|(_, is_due)| *is_due = true);
        let own = self.retry.get_value();
        let again = move || {
            if self.retry.try_get_value() == Some(own) {
                self.retry();
            }
        };
        set_timeout(again, RETRY);
    }

    /// Now, if there is something to try again.
    pub(super) fn retry(self) {
        let is_failed = matches!(self.save.try_get_untracked(), Some(Save::Failed(_)));
        if is_failed && self.retry.try_get_value().is_some_and(|(_, is_due)| is_due) {
            self.save_soon(0);
        }
    }

    pub(super) fn keep_here(&self) {
        let version = self.draft.get_untracked().map(|draft| draft.version);
        let (key, name) = (self.kept_key(), self.kept_name());
        self.answers.with_untracked(|answers| keep::keep(&key, &name, version, &of_step(self.step, answers)));
    }

    /// Nobody is signed in any more: what was typed stays here (R77).
    pub fn session_ended(self) {
        self.keep_here();
        self.save.set(Save::SignedOut);
    }

    /// The page is left for good: what is typed goes along. Where a first save is on its way, only its answer knows
    /// which draft it is for; what could not be saved before is kept here.
    pub(super) fn save_at_once(self) {
        let has_no_draft_yet = self.is_saving.get_value() && self.draft.get_untracked().is_none();
        let is_due = self.collect() || matches!(self.save.get_untracked(), Save::Waiting | Save::Sending);
        if has_no_draft_yet || !is_due {
            return;
        }
        if let Ok(draft) = serde_json::to_string(&self.request(false)) {
            steps::send(&draft);
        }
    }

    /// Whether anything is typed that the server does not have.
    pub(super) fn has_unsaved(&self) -> bool {
        self.collect() || !matches!(self.save.get_untracked(), Save::Untouched | Save::Done(_))
    }

    /// Puts the new draft's id into the address without a new page, so that a reload finds it.
    fn remember_address(&self) {
        steps::rename(&self.path(self.step.key, true));
    }

    pub(super) fn save_then(self, then: impl FnOnce(FormState) + 'static) {
        self.is_busy.set(true);
        spawn_local(async move {
            let saved = self.save_now(false).await;
            if !self.is_gone() {
                self.is_busy.set(false);
                if saved {
                    then(self);
                }
            }
        });
    }

    pub fn overwrite(self) {
        spawn_local(async move {
            self.save_now(true).await;
        });
    }

    /// Drops what is typed here for what was saved elsewhere.
    pub fn load_theirs(self) {
        keep::forget(&self.kept_name());
        if let Some(window) = web_sys::window() {
            let _ = window.location().reload();
        }
    }

    pub(super) fn submit(self) {
        if matches!(self.step.body, Body::Sections(_)) && !self.check() {
            return;
        }
        match self.procedure.action.confirmation() {
            Confirmation::Comparison => self.save_then(|state| {
                let href = format!("{}&compare=1", state.path(state.step.key, true));
                state.go(&href);
            }),
            Confirmation::Plain => self.save_then(|state| state.file()),
        }
    }

    /// Files the saved draft.
    pub fn file(self) {
        let Some(draft) = self.draft.get_untracked() else { return };
        self.is_busy.set(true);
        spawn_local(async move {
            let outcome = api::submit(
                draft.id,
                draft.version,
                self.subject(),
                self.view.with_value(|view| view.key.clone()),
            )
            .await;
            if self.is_gone() {
                return;
            }
            self.is_busy.set(false);
            match outcome {
                Ok(Submitted::Filing(id)) => {
                    self.go(&route::submitted(&id));
                }
                Ok(Submitted::Faults(faults)) => {
                    self.complain(faults);
                }
                Ok(Submitted::Refused(refused)) => self.save.set(Save::Failed(refused.sentence)),
                Err(ApiError::SignIn) => self.session_ended(),
                Err(error) => self.save.set(Save::Failed(error.sentence())),
            }
        });
    }
}
