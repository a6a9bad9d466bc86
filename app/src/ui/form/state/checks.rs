//! What is wrong with what was typed: asked of the rules, and shown.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::answer::Answers;
use domain::check::{Context, Regions, check_place, check_step};
use domain::schema::Fault;
use domain::view::RegionOption;
use leptos::html;
use leptos::prelude::*;

use super::{FormState, by_address};

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

    /// Shows faults and takes the person there. True where there are none.
    pub(super) fn complain(&self, faults: Vec<Fault>) -> bool {
        let fine = faults.is_empty();
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
