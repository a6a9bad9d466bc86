//! What is wrong with what was typed: asked of the rules, and shown.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::answer::Answers;
use domain::check::{Context, Regions, check_place, check_step};
use domain::schema::Fault;
use domain::view::RegionOption;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{FormState, by_address, links_of};
use crate::api::{self, ApiError};

/// The regions the page has loaded.
struct Loaded<'a>(&'a BTreeMap<String, Vec<RegionOption>>);

impl Regions for Loaded<'_> {
    fn is_leaf(&self, code: &str) -> Option<bool> {
        self.0.values().flatten().find(|region| region.code == code).map(|region| region.is_leaf)
    }

    fn exists(&self, code: &str) -> Option<bool> {
        self.is_leaf(code).map(|_| true)
    }
}

impl FormState {
    pub(super) fn check_one(&self, at: &str) {
        let Some(place) = self.form.place(at) else { return };
        let message = self.with_context(|answers, context| check_place(&place, answers, context).err());
        self.faults.update(|faults| match message {
            Some(Some(message)) => {
                faults.insert(at.to_owned(), message);
            }
            _ => {
                faults.remove(at);
            }
        });
    }

    fn with_context<T>(&self, look: impl FnOnce(&Answers, &Context) -> T) -> Option<T> {
        let today = self.today()?;
        Some(self.answers.with_untracked(|answers| {
            self.regions.with_untracked(|regions| {
                self.sealed.with_untracked(|sealed| {
                    look(answers, &Context { today, regions: &Loaded(regions), sealed })
                })
            })
        }))
    }

    /// Checks the step; shows what is wrong.
    pub(super) fn check(&self) -> bool {
        let faults = self
            .with_context(|answers, context| check_step(self.form, self.step.key, answers, context))
            .unwrap_or_default();
        self.complain(faults)
    }

    /// What the server alone can know of the step: domains on file, other people's files (`domain.md` 2.2). Goes
    /// on where it finds nothing; where it cannot be asked, the submit will be told.
    pub(super) fn check_by_server(self, then: impl FnOnce(FormState) + 'static) {
        spawn_local(async move {
            self.is_busy.set(true);
            let answer = self.asked_of_server().await;
            if self.is_gone() {
                return;
            }
            self.is_busy.set(false);
            match answer {
                Ok(faults) if !faults.is_empty() => {
                    self.complain(faults);
                }
                Err(ApiError::SignIn) => self.session_ended(),
                Ok(_) | Err(_) => then(self),
            }
        });
    }

    /// The same for one field that was left, once it is saved.
    pub(super) fn check_domain_by_server(self, at: String) {
        let is_about_domains = self.procedure.business.definition().domains_at.contains(&at.as_str());
        let is_fine = self.faults.with_untracked(|faults| !faults.contains_key(&at));
        let asked = self.answers.with_untracked(|answers| answers.get(&at).cloned());
        // A button that was pressed meanwhile saves, and asks by itself.
        if !is_about_domains || !is_fine || asked.is_none() || self.is_busy.get_untracked() {
            return;
        }
        spawn_local(async move {
            if !self.save_now(false).await || self.is_gone() {
                return;
            }
            let faults = self.asked_of_server().await.unwrap_or_default();
            if self.answers.try_with_untracked(|answers| answers.get(&at).cloned()) != Some(asked) {
                return;
            }
            // What is missing elsewhere is not said while one is still on the way there.
            for fault in faults.into_iter().filter(|fault| fault.at == at) {
                self.links.update(|links| links.append(&mut links_of(std::slice::from_ref(&fault))));
                self.faults.update(|faults| {
                    faults.insert(fault.at, fault.message);
                });
            }
        });
    }

    async fn asked_of_server(self) -> Result<Vec<Fault>, ApiError> {
        let draft = self.draft.get_untracked().map(|draft| draft.id).unwrap_or_default();
        api::step_faults(self.procedure.code(), self.step.key.to_owned(), draft).await
    }

    /// Shows faults and takes the person there. True where there are none.
    pub(super) fn complain(&self, faults: Vec<Fault>) -> bool {
        let fine = faults.is_empty();
        self.links.set(links_of(&faults));
        let (here, elsewhere): (Vec<Fault>, Vec<Fault>) = faults
            .into_iter()
            .partition(|f| self.form.step_of(&f.at).is_none_or(|of| of.key == self.step.key));
        self.faults.set(by_address(here));
        self.faults_elsewhere.set(elsewhere);
        if !fine {
            self.is_summed_up.set(true);
            self.complaints.update(|count| *count += 1);
        }
        fine
    }

    /// The summary takes the focus each time there is something new to say.
    pub fn focus_on_faults(self, element: NodeRef<html::Div>) {
        Effect::new(move |before: Option<u32>| {
            let complaints = self.complaints.get();
            if before.is_some_and(|before| before != complaints) {
                set_timeout(
                    move || {
                        if let Some(element) = element.get_untracked() {
                            let _ = element.focus();
                            element.scroll_into_view();
                        }
                    },
                    Duration::ZERO,
                );
            }
            complaints
        });
    }
}
