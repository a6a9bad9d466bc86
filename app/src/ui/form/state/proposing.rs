//! Answers that the program proposes: what was meant by what was typed, what the guide suggests, where a domain
//! leads, a provider that was found. They are put into the controls as they stand, so that the focus stays.

use std::time::Duration;

use domain::answer::Answer;
use domain::check::suggestions;
use domain::posted::understand;
use domain::schema::Section;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;

use super::FormState;
use crate::ui::form::field_id;

impl FormState {
    /// Puts in place of what was typed what it will have meant, and says so beside it.
    pub(super) fn understand(self) {
        let (before, mut after) = (self.understood.get_value(), self.answers.get_untracked());
        let said = understand(self.step, &before, &mut after);
        self.understood.set_value(after.clone());
        if said.is_empty() {
            return;
        }
        let filled = said.iter().filter_map(|note| Some((note.at.clone(), after.get(&note.at)?.clone())));
        self.propose(filled.collect());
        self.notes.update(|notes| notes.extend(said.into_iter().map(|note| (note.at, note.message))));
    }

    /// Fills answers by the program, and the controls that there are with them.
    fn propose(self, values: Vec<(String, Answer)>) {
        self.answers.update(|answers| {
            for (at, answer) in &values {
                answers.set(at.clone(), answer.clone());
            }
        });
        for (at, answer) in &values {
            write(at, answer);
            if self.faults.with_untracked(|faults| faults.contains_key(at)) {
                self.check_one(at);
            }
        }
        self.touch();
    }

    /// What is suggested at an address, in words.
    pub fn suggestion_at(&self, at: &str) -> Option<String> {
        let all = self.answers.with(|answers| suggestions(self.form, answers));
        all.into_iter().find(|one| one.at == at).map(|one| one.sentence)
    }

    /// 否 to all of a section's questions that have it at one press.
    pub(super) fn answer_no(self, section: &str) {
        let questions = self.form.section(section).map_or(&[][..], |section| section.all_no);
        self.propose(questions.iter().map(|at| ((*at).to_owned(), Answer::One("no".to_owned()))).collect());
    }

    /// 【采用】
    pub(super) fn adopt(self, at: &str) {
        let found = self.answers.with_untracked(|answers| suggestions(self.form, answers));
        if let Some(one) = found.into_iter().find(|one| one.at == at) {
            self.propose(vec![(one.at.to_owned(), Answer::One(one.code.to_owned()))]);
        }
    }

    /// A provider was chosen from what its name brought up (R31): its name, region, country and telephone.
    pub fn take_provider(self, section: &'static Section, [name, region, country, phone]: [String; 4]) {
        spawn_local(async move {
            self.load_regions(&region).await;
            let at = |key: &str| section.own_address(key);
            let (jurisdiction, key, code) = match country.is_empty() {
                false => ("abroad", "country", country),
                true => ("mainland", "region", region),
            };
            let told =
                [("name", name), ("jurisdiction", jurisdiction.to_owned()), (key, code), ("phone", phone)];
            let told = told.into_iter().filter(|(key, text)| {
                !text.is_empty() && section.fields.iter().any(|field| field.key == *key)
            });
            let values: Vec<(String, Answer)> =
                told.map(|(key, text)| (at(key), Answer::One(text))).collect();
            if self.is_gone() {
                return;
            }
            self.faults.update(|faults| faults.retain(|known, _| !values.iter().any(|(at, _)| at == known)));
            self.propose(values);
            self.show_region(at("region"));
        });
    }

    /// What the server alone can do is posted as it is without scripts (R76); the page comes back with it.
    pub(super) fn post(self, go: &str) {
        let go = go.to_owned();
        self.save_then(move |state| {
            let Some(form) = state.element() else { return };
            let made = document().create_element("input").ok().and_then(|made| made.dyn_into().ok());
            let Some(button): Option<web_sys::HtmlInputElement> = made else { return };
            button.set_type("hidden");
            button.set_name("go");
            button.set_value(&go);
            if form.append_child(&button).is_ok() {
                // Nothing else is saved on the way.
                state.is_busy.set(true);
                // The controls that say which draft, and its version, are drawn in between.
                set_timeout(
                    move || {
                        let _ = form.submit();
                    },
                    Duration::ZERO,
                );
            }
        });
    }
}

/// Puts an answer into the control that stands for it, if there is one.
fn write(at: &str, answer: &Answer) {
    let Some(control) = document().get_element_by_id(&field_id(at)) else { return };
    if let Some(input) = control.dyn_ref::<web_sys::HtmlInputElement>() {
        input.set_value(answer.text());
    } else if let Some(text) = control.dyn_ref::<web_sys::HtmlTextAreaElement>() {
        text.set_value(&answer.items().join("\n"));
    } else if let Some(select) = control.dyn_ref::<web_sys::HtmlSelectElement>() {
        select.set_value(answer.text());
    } else {
        let wanted = format!("input[value=\"{}\"]", answer.text());
        let box_of = control.query_selector(&wanted).ok().flatten();
        if let Some(found) = box_of.and_then(|found| found.dyn_into::<web_sys::HtmlInputElement>().ok()) {
            found.set_checked(true);
        }
    }
}
