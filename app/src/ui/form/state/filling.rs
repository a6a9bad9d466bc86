//! Answers that are not typed: regions, files, copies of the subject's answers, items that come, go and move.

use std::time::Duration;

use domain::answer::Answer;
use domain::check::{IS_ME, SAME_AS_PRINCIPAL};
use domain::schema::{Kind, Section};
use domain::seal::{KNOWN_OF_ME, SHARED_WITH_PRINCIPAL};
use domain::view::FileView;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;

use super::FormState;
use super::events::PRESS_MILLISECONDS;
use crate::api;
use crate::ui::form::{field_id, region};

impl FormState {
    /// A region was chosen: loads what lies below it, and goes on by itself where there is one way. Whoever is
    /// on the way to a county is not told that it is missing.
    pub fn choose_region(self, at: String, code: String) {
        self.answers.update(|answers| answers.set_text(at.clone(), code.clone()));
        self.faults.update(|faults| {
            faults.remove(&at);
        });
        self.touch();
        if code.is_empty() || self.regions.with_untracked(|regions| regions.contains_key(&code)) {
            self.descend(&at, &code);
            return;
        }
        spawn_local(async move {
            if let Ok(children) = api::regions(code.clone()).await
                && !self.is_gone()
            {
                self.regions.update(|regions| {
                    regions.insert(code.clone(), children);
                });
                self.descend(&at, &code);
            }
        });
    }

    fn descend(self, at: &str, code: &str) {
        let only = self.regions.with_untracked(|regions| match regions.get(code).map(Vec::as_slice) {
            Some([only]) => Some(only.code.clone()),
            _ => None,
        });
        let is_current = self.answers.with_untracked(|answers| answers.text(at) == code);
        match only {
            Some(only) if is_current && !code.is_empty() => self.choose_region(at.to_owned(), only),
            _ => self.show_region(at.to_owned()),
        }
    }

    /// The cascade was left, unless the focus is in it still.
    pub fn left_region(self, at: String) {
        set_timeout(
            move || {
                let cascade = format!("#{}-cascade", field_id(&at));
                let document = document();
                let is_within = document
                    .active_element()
                    .is_some_and(|active| active.closest(&cascade).is_ok_and(|found| found.is_some()));
                let is_answered =
                    self.answers.try_with_untracked(|answers| answers.get(&at).is_some()) == Some(true);
                // A window that is left for another is not the cascade.
                if is_answered && !is_within && document.has_focus().unwrap_or(true) {
                    self.check_one(&at);
                }
            },
            Duration::from_millis(PRESS_MILLISECONDS),
        );
    }

    /// Makes the selects of a cascade say what is answered: those that are drawn anew do by themselves.
    pub(super) fn show_region(self, at: String) {
        set_timeout(
            move || {
                let Some(deepest) = self.answers.try_with_untracked(|answers| answers.text(&at).to_owned())
                else {
                    return;
                };
                for level in 0..region::LEVELS.len() {
                    let select = document().get_element_by_id(&region::select_id(&field_id(&at), level));
                    let select: Option<web_sys::HtmlSelectElement> =
                        select.and_then(|select| select.dyn_into().ok());
                    if let Some(select) = select {
                        select.set_value(&region::code_at(self, &deepest, level).unwrap_or_default());
                    }
                }
            },
            Duration::ZERO,
        );
    }

    /// A region was found by its name.
    pub fn take_region(self, at: String, code: String) {
        spawn_local(async move {
            self.load_regions(&code).await;
            if self.answers.try_update(|answers| answers.set_text(at.clone(), code)).is_some() {
                self.faults.update(|faults| {
                    faults.remove(&at);
                });
                self.show_region(at);
                self.touch();
            }
        });
    }

    /// Loads what lies below the regions on the way to this one.
    pub(super) async fn load_regions(self, code: &str) {
        for digits in [2, 4] {
            let Some(above) = code.get(..digits).map(|head| format!("{head:0<6}")) else { continue };
            if self.regions.try_with_untracked(|regions| regions.contains_key(&above)) == Some(false)
                && let Ok(children) = api::regions(above.clone()).await
            {
                self.regions.try_update(|regions| regions.insert(above, children));
            }
        }
    }

    /// Files are chosen for a field: the number of this choice.
    pub fn choose_files(&self, at: &str, max: usize) -> u64 {
        self.choices.try_update_value(|choices| choices.choose(at, max)).unwrap_or_default()
    }

    /// Whether no later choice has taken the place of this one.
    pub fn is_last_choice(&self, at: &str, choice: u64) -> bool {
        self.choices.try_with_value(|choices| choices.last(at)) == Some(choice)
    }

    pub fn add_file(self, at: &str, file: FileView, max: usize) {
        let mut ids = match max {
            1 => Vec::new(),
            _ => self.answers.with_untracked(|answers| answers.items(at).to_vec()),
        };
        ids.push(file.id.clone());
        ids.truncate(max);
        self.files.update(|files| {
            files.push(file);
        });
        self.answer_with_files(at, ids);
    }

    /// A file was not taken.
    pub fn file_refused(self, at: &str, sentence: String) {
        self.faults.update(|faults| {
            faults.insert(at.to_owned(), sentence);
        });
    }

    /// Takes these files in place of all others, also of those that are still on their way.
    pub fn set_files(self, at: &str, ids: Vec<String>) {
        self.choices.update_value(|choices| {
            choices.replace(at);
        });
        self.answer_with_files(at, ids);
    }

    fn answer_with_files(self, at: &str, ids: Vec<String>) {
        let is_one = self.form.place(at).is_some_and(|place| match place.field.kind {
            Kind::Pictures { max, .. } | Kind::Documents { max, .. } => max == 1,
            _ => false,
        });
        let answer = match is_one {
            true => Answer::One(ids.into_iter().next().unwrap_or_default()),
            false => Answer::Many(ids),
        };
        self.answers.update(|answers| answers.set(at, answer));
        self.touch();
        if self.faults.with_untracked(|faults| faults.contains_key(at)) {
            self.check_one(at);
        }
    }

    /// R32: fills the section with the subject's responsible person, masked, or empties what was so
    /// filled.
    pub fn copy_principal(self, section: &'static Section, ticked: bool) {
        let principal = self.view.with_value(|view| view.principal.clone());
        let keys = SHARED_WITH_PRINCIPAL.iter().copied();
        let known = keys.filter(|key| !key.ends_with("portrait") && !key.ends_with("emblem"));
        let known = known.map(|key| (key, principal.text(&format!("principal.{key}")).to_owned())).collect();
        self.copy(section, SAME_AS_PRINCIPAL, ticked, known);
    }

    /// 负责人是我本人: the same with who is signed in.
    pub fn copy_me(self, section: &'static Section, ticked: bool) {
        let me = self.view.with_value(|view| view.me.clone());
        let known = KNOWN_OF_ME.iter().map(|key| (*key, me.text(key).to_owned())).collect();
        self.copy(section, IS_ME, ticked, known);
    }

    /// Fills a section with what is known at the keys of its fields, or empties what was so filled.
    fn copy(self, section: &'static Section, tick: &str, ticked: bool, known: Vec<(&'static str, String)>) {
        self.collect();
        let mut sealed = self.sealed.get_untracked();
        self.fill(|answers| {
            answers.set_text(section.own_address(tick), if ticked { "yes" } else { "" });
            for (key, from) in &known {
                let at = section.own_address(key);
                let is_personal = self.form.mask_at(&at).is_some();
                if ticked {
                    answers.set_text(at.clone(), from.clone());
                    if is_personal && !from.is_empty() {
                        sealed.insert(at, from.clone());
                    }
                } else if sealed.remove(&at).is_some() {
                    answers.set_text(at, "");
                }
            }
        });
        self.sealed.set(sealed);
        self.epoch.update(|epoch| *epoch += 1);
        // What was missing may be there now.
        let own = format!("{}.", section.key);
        let told: Vec<String> = self
            .faults
            .with_untracked(|faults| faults.keys().filter(|at| at.starts_with(&own)).cloned().collect());
        told.iter().for_each(|at| self.check_one(at));
    }

    /// Whether the section's pictures are the subject's (R32).
    pub fn reuses_photos(&self, section: &Section) -> bool {
        let of_subject = self.view.with_value(|view| view.principal.text("principal.id_portrait").to_owned());
        let own = format!("{}.id_portrait", section.key);
        !of_subject.is_empty() && self.answers.with_untracked(|answers| answers.text(&own) == of_subject)
    }

    /// The subject's pictures join only after a visible tick (R32).
    pub fn copy_photos(self, section: &'static Section, ticked: bool) {
        let principal = self.view.with_value(|view| view.principal.clone());
        for key in ["id_portrait", "id_emblem"] {
            let from = principal.text(&format!("principal.{key}")).to_owned();
            let at = format!("{}.{key}", section.key);
            if ticked && !from.is_empty() {
                self.set_files(&at, vec![from]);
            } else if !ticked && self.answers.with_untracked(|answers| answers.text(&at) == from) {
                self.set_files(&at, Vec::new());
            }
        }
    }

    /// Items of a repeated section come, go and move; the focus stays with the item, on the button that
    /// moved it.
    pub(super) fn rearrange(self, verb: &str, what: &str) {
        let mut item = None;
        self.fill(|answers| item = domain::posted::rearrange(self.form, verb, what, answers));
        let Some(item) = item else { return };
        // What was said of an item may stand beside another one now.
        let section = item.split('.').next().map(|key| format!("{key}.")).unwrap_or_default();
        self.faults.update(|faults| faults.retain(|at, _| !at.starts_with(&section)));
        let id = field_id(&item);
        // Two dashes: a field of the item may be called as its parts are.
        let button = format!("{id}--{verb}");
        set_timeout(
            move || {
                let found = |id: &str| document().get_element_by_id(id)?.dyn_into().ok();
                if let Some(element) = found(&button).or_else(|| found(&id)) {
                    let element: web_sys::HtmlElement = element;
                    let _ = element.focus();
                }
            },
            Duration::ZERO,
        );
    }
}
