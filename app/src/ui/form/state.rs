//! What a form remembers while it is on the page, and what happens when one types, leaves a field,
//! presses a button. The controls are native and hold their own text; this reads them.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::action::Confirmation;
use domain::answer::{Answer, Answers};
use domain::check::{
    Context, NOT_ASKED, Regions, advice, check_place, check_step, is_asked, same_as_address,
};
use domain::posted::{Controls, answers_of_step};
use domain::procedure::Procedure;
use domain::route;
use domain::schema::{Body, Fault, Form, Section, Step};
use domain::seal::SHARED_WITH_PRINCIPAL;
use domain::value::date::parse_date;
use domain::view::*;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use time::Date;

use super::choices::Choices;
use super::save::Save;
use super::{keep, of_step};
use crate::api::{self, ApiError};

/// How long after the last key what is typed goes to the server; R77 allows five seconds.
const SAVE_AFTER_MILLISECONDS: u64 = 2_000;
/// Who goes on typing is saved all the same, so long after the first key.
const SAVE_AT_LATEST_MILLISECONDS: f64 = 3_000.0;
/// A rest this long between keys, or so long without one, and what was typed is looked at.
const REST_MILLISECONDS: u64 = 120;
const LOOK_AT_LATEST_MILLISECONDS: f64 = 1_000.0;

/// A press on a button or a box takes no longer than this.
const PRESS_MILLISECONDS: u64 = 250;

#[derive(Clone, Copy)]
pub struct FormState {
    pub form: &'static Form,
    pub step: &'static Step,
    pub procedure: Procedure,
    pub answers: RwSignal<Answers>,
    pub faults: RwSignal<BTreeMap<String, String>>,
    /// Faults on other steps, on the last one.
    pub faults_elsewhere: RwSignal<Vec<Fault>>,
    pub files: RwSignal<Vec<FileView>>,
    pub regions: RwSignal<BTreeMap<String, Vec<RegionOption>>>,
    pub draft: RwSignal<Option<DraftHead>>,
    pub save: RwSignal<Save>,
    pub is_busy: RwSignal<bool>,
    /// Counts how often the program (not the person) filled controls.
    pub epoch: RwSignal<u32>,
    sealed: RwSignal<BTreeMap<String, String>>,
    /// What came with the page and stays as it is.
    view: StoredValue<StepView>,
    element: StoredValue<Option<NodeRef<html::Form>>>,
    /// Grows with every key, so that a timer knows whether it was overtaken.
    typed: StoredValue<u64>,
    /// A save is on its way; the next one waits for its version.
    is_saving: StoredValue<bool>,
    /// When the first key came that is not saved yet.
    unsaved_since: StoredValue<Option<f64>>,
    /// Counts keys, and when the first came that was not looked at yet.
    keys: StoredValue<(u64, Option<f64>)>,
    /// What the form advises, by address.
    advice: Memo<BTreeMap<String, String>>,
    /// Files on their way to the server.
    sending: StoredValue<u64>,
    /// Whose answers count.
    choices: StoredValue<Choices>,
    /// Grows with every failed check, so that the summary takes the focus.
    complaints: RwSignal<u32>,
    /// Whether all faults are summed up: after a failed check, not while one types for the first time.
    pub is_summed_up: RwSignal<bool>,
}

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
    pub fn new(view: StepView, form: &'static Form, step: &'static Step) -> Self {
        let here = |fault: &&Fault| form.step_of(&fault.at).is_none_or(|of| of.key == step.key);
        let faults = by_address(view.faults.iter().filter(here).cloned());
        // A middle step speaks of itself; the last one of everything.
        let elsewhere = match step.body {
            Body::Notice(_) => view.faults.iter().filter(|fault| !here(fault)).cloned().collect(),
            Body::Sections(_) | Body::Subject => Vec::new(),
        };
        let answers = RwSignal::new(view.answers.clone());
        let today = parse_date(&view.today);
        FormState {
            form,
            step,
            procedure: view.procedure,
            is_saving: StoredValue::new(false),
            unsaved_since: StoredValue::new(None),
            keys: StoredValue::new((0, None)),
            // Once for all the fields.
            advice: Memo::new(move |_| {
                let found = today.map(|today| answers.with(|answers| advice(form, answers, today)));
                // The first that speaks of a field.
                by_address(found.into_iter().flatten().rev())
            }),
            answers,
            faults: RwSignal::new(faults),
            faults_elsewhere: RwSignal::new(elsewhere),
            files: RwSignal::new(view.files.clone()),
            regions: RwSignal::new(view.regions.clone()),
            draft: RwSignal::new(view.draft.clone()),
            save: RwSignal::new(Save::Untouched),
            is_busy: RwSignal::new(false),
            epoch: RwSignal::new(0),
            sealed: RwSignal::new(view.sealed.clone()),
            element: StoredValue::new(None),
            typed: StoredValue::new(0),
            sending: StoredValue::new(0),
            choices: StoredValue::new(Choices::default()),
            complaints: RwSignal::new(0),
            is_summed_up: RwSignal::new(!view.faults.is_empty()),
            view: StoredValue::new(view),
        }
    }

    /// Ties the state to the form on the page: takes over what was typed before wasm was there and
    /// what an earlier visit could not save.
    pub fn bind(self, element: NodeRef<html::Form>) {
        self.element.set_value(Some(element));
        Effect::new(move |_| {
            if element.get().is_none() {
                return;
            }
            untrack(move || {
                if self.collect() {
                    self.save_soon(SAVE_AFTER_MILLISECONDS);
                }
                self.restore();
            });
        });
        on_cleanup(move || {
            if self.save.try_get_untracked() == Some(Save::Waiting) {
                self.save_soon(0);
            }
        });
    }

    /// Takes up what an earlier visit could not save. Where the draft was saved meanwhile, the person
    /// chooses; while an older draft is offered, what was kept waits for the answer.
    fn restore(self) {
        if self.view.with_value(|view| view.has_offer) {
            return;
        }
        let (key, name) = (self.kept_key(), self.kept_name());
        spawn_local(async move {
            if let Some((version, kept)) = keep::find(&key, &name).await {
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

    fn today(&self) -> Option<Date> {
        self.view.with_value(|view| parse_date(&view.today))
    }

    fn record(&self) -> Option<String> {
        self.view.with_value(|view| view.record.clone())
    }

    fn subject(&self) -> Option<String> {
        self.view.with_value(|view| view.subject.clone())
    }

    // ---- what fields ask -------------------------------------------------------------------

    pub fn is_sealed(&self, at: &str) -> bool {
        self.sealed.with_untracked(|sealed| sealed.contains_key(at))
    }

    pub fn remarks_at(&self, at: &str) -> Vec<String> {
        self.view.with_value(|view| {
            view.remarks
                .iter()
                .filter(|remark| remark.at == at)
                .map(|remark| remark.message.clone())
                .collect()
        })
    }

    pub fn advice_at(&self, at: &str) -> Option<String> {
        self.advice.with(|advice| advice.get(at).cloned())
    }

    /// What a question may refer to among the subject's own records.
    pub fn own_records(&self, of: &[&str]) -> Vec<String> {
        self.view.with_value(|view| {
            view.own_records
                .iter()
                .filter(|own| of.contains(&own.business.code()))
                .map(|own| own.text.clone())
                .collect()
        })
    }

    pub fn draft_id(&self) -> String {
        self.draft.get().map(|draft| draft.id).unwrap_or_default()
    }

    pub fn version_text(&self) -> String {
        self.draft.get().map(|draft| draft.version.to_string()).unwrap_or_default()
    }

    /// A fault as the summary words it: with the section's name where two sections ask the same.
    pub fn with_section_name(&self, at: &str, message: String) -> String {
        let Some(place) = self.form.place(at) else { return message };
        let same =
            self.form.sections().flat_map(|section| section.fields).filter(|f| f.label == place.field.label);
        match (place.item, place.section.repeat) {
            (Some(item), Some(repeat)) => format!("{} {}：{message}", repeat.noun, item + 1),
            _ if same.count() > 1 => format!("{}：{message}", place.section.title),
            _ => message,
        }
    }

    /// The page and field of an address on another step.
    pub fn href_of(&self, at: &str) -> String {
        let step = self.form.step_of(at).map_or(self.step.key, |step| step.key);
        format!("{}&check=1#{}", self.path(step, true), super::field_id(at))
    }

    pub fn path(&self, step: &str, with_draft: bool) -> String {
        let path = route::form_step(self.procedure, step);
        match (self.draft.get_untracked(), self.record()) {
            (Some(draft), _) if with_draft => format!("{path}?draft={}", draft.id),
            (_, Some(record)) => format!("{path}?record={record}"),
            _ => path,
        }
    }

    pub fn sign_in_href(&self) -> String {
        let here = self.path(self.step.key, true);
        format!("{}?next={}", route::LOGIN, String::from(js_sys::encode_uri_component(&here)))
    }

    // ---- reading the controls ----------------------------------------------------------------

    fn element(&self) -> Option<web_sys::HtmlFormElement> {
        let element = self.element.get_value()?.get_untracked()?;
        element.dyn_into().ok()
    }

    /// Reads the controls into the answers; says whether anything is different now.
    fn collect(&self) -> bool {
        let Some(controls) = self.element().and_then(|form| controls_of(&form)) else { return false };
        let before = self.answers.get_untracked();
        let mut after = before.clone();
        after.retain(|at| self.form.step_of(at).is_none_or(|of| of.key != self.step.key));
        after.merge(answers_of_step(self.form, self.step, &before, &controls));
        let differs = after != before;
        if differs {
            self.answers.set(after);
        }
        differs
    }

    /// Fills answers by the program and draws the controls anew.
    fn fill(&self, change: impl FnOnce(&mut Answers)) {
        self.answers.update(change);
        self.epoch.update(|epoch| *epoch += 1);
        self.touch();
    }

    fn touch(&self) {
        self.typed.update_value(|typed| *typed += 1);
        self.save_soon(SAVE_AFTER_MILLISECONDS);
    }

    // ---- events ------------------------------------------------------------------------------

    /// Something was typed or chosen. What a key paints does not wait for what follows from it: that comes in
    /// the rest between two keys.
    pub fn typed(self, event: &web_sys::Event) {
        let (at, complaints) = (target_name(event), self.complaints.get_untracked());
        let now = js_sys::Date::now();
        let (key, since) = self.keys.with_value(|(key, since)| (key + 1, since.unwrap_or(now)));
        self.keys.set_value((key, Some(since)));
        set_timeout(
            move || {
                let Some((last, since)) = self.keys.try_get_value() else { return };
                let waited =
                    since.is_some_and(|since| js_sys::Date::now() - since > LOOK_AT_LATEST_MILLISECONDS);
                if last == key || waited {
                    // What a button has checked meanwhile stands: it knows the rules over several fields.
                    self.look_at(at.filter(|_| self.complaints.try_get_untracked() == Some(complaints)));
                }
            },
            Duration::from_millis(REST_MILLISECONDS),
        );
    }

    fn look_at(self, at: Option<String>) {
        self.keys.update_value(|(_, since)| *since = None);
        if self.collect() {
            self.touch();
        }
        // A field that was complained about is told at once when it is right.
        if let Some(at) = at.filter(|at| self.faults.with_untracked(|faults| faults.contains_key(at))) {
            self.check_one(&at);
        }
    }

    /// A field was left, or something was chosen.
    pub fn left(self, event: &web_sys::Event) {
        // Whoever leaves a line of text by pressing on something else has not let go of it yet. What the text brings
        // about, a sentence or a question more, would move that from under the pointer, and the press would be lost.
        let is_pressing = is_typed_into(event);
        if is_pressing {
            // The rest after the last key is over as well.
            self.keys.update_value(|(key, _)| *key += 1);
        } else if self.collect() {
            self.touch();
        }
        let (at, complaints) = (target_name(event), self.complaints.get_untracked());
        set_timeout(
            move || {
                if is_pressing && self.keys.try_get_value().is_some() {
                    self.look_at(None);
                }
                if let Some(at) = at.filter(|_| self.complaints.try_get_untracked() == Some(complaints)) {
                    self.check_one(&at);
                }
            },
            Duration::from_millis(PRESS_MILLISECONDS),
        );
    }

    fn check_one(&self, at: &str) {
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
    fn check(&self) -> bool {
        let faults = self
            .with_context(|answers, context| check_step(self.form, self.step.key, answers, context))
            .unwrap_or_default();
        self.complain(faults)
    }

    /// Shows faults and takes the person there. True where there are none.
    fn complain(&self, faults: Vec<Fault>) -> bool {
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

    /// A button of the form was pressed.
    pub fn submitted(self, event: &web_sys::SubmitEvent) {
        let go = event
            .submitter()
            .and_then(|button| button.get_attribute("value"))
            .unwrap_or_else(|| "next".to_owned());
        event.prevent_default();
        if self.sending.get_value() == 0 {
            self.pressed(&go);
            return;
        }
        // What was chosen belongs to what is sent: the button waits for it.
        self.is_busy.set(true);
        spawn_local(async move {
            while self.sending.try_get_value().is_some_and(|sending| sending > 0) {
                gloo_timers::future::TimeoutFuture::new(100).await;
            }
            if self.is_busy.try_set(false).is_none() {
                self.pressed(&go);
            }
        });
    }

    /// A file begins its way to the server (1) or has ended it (-1).
    pub fn sends(&self, by: i64) {
        self.sending.try_update_value(|sending| *sending = sending.saturating_add_signed(by));
    }

    fn pressed(self, go: &str) {
        self.collect();
        let steps = self.form.steps;
        let position = steps.iter().position(|step| step.key == self.step.key).unwrap_or(0);
        let neighbour =
            |by: isize| position.checked_add_signed(by).and_then(|at| steps.get(at)).map(|s| s.key);
        match go.split_once(':') {
            // The dialog of a directory is part of the saved draft's address (R31).
            Some(("find", section)) => {
                let query = format!("&find={section}");
                self.save_then(move |state| state.go(&(state.path(state.step.key, true) + &query)));
            }
            Some((verb, what)) => self.rearrange(verb, what),
            None => match go {
                "previous" => self.save_then_go(neighbour(-1)),
                "save" => self.save_then(move |state| state.go(route::DRAFTS)),
                "submit" => self.submit(),
                _ if steps.len() == 1 => self.submit(),
                _ if self.check() => self.save_then_go(neighbour(1)),
                _ => {}
            },
        }
    }

    fn go(&self, href: &str) {
        if let Some(window) = web_sys::window() {
            let _ = window.location().set_href(href);
        }
    }

    fn save_then_go(self, step: Option<&'static str>) {
        let Some(step) = step else { return };
        match self.step.body {
            // Nothing was asked here.
            Body::Subject => self.go(&self.path(step, true)),
            Body::Sections(_) | Body::Notice(_) => {
                self.save_then(move |state| state.go(&state.path(step, true)));
            }
        }
    }

    /// Follows a link of the step bar after saving.
    pub fn leave(self, event: &web_sys::MouseEvent, step: &'static str) {
        if self.collect() || self.save.get_untracked() != Save::Untouched {
            event.prevent_default();
            self.save_then_go(Some(step));
        }
    }

    // ---- regions, files, copies, items ---------------------------------------------------------

    /// A region was chosen: loads what lies below it, and goes on by itself where there is one way.
    pub fn choose_region(self, at: String, code: String) {
        self.answers.update(|answers| answers.set_text(at.clone(), code.clone()));
        self.touch();
        if code.is_empty() || self.regions.with_untracked(|regions| regions.contains_key(&code)) {
            self.descend(&at, &code);
            return;
        }
        spawn_local(async move {
            if let Ok(children) = api::regions(code.clone()).await {
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
            _ => {
                if self.faults.with_untracked(|faults| faults.contains_key(at)) {
                    self.check_one(at);
                }
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
            domain::schema::Kind::Pictures { max, .. } | domain::schema::Kind::Documents { max, .. } => {
                max == 1
            }
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
        self.collect();
        let principal = self.view.with_value(|view| view.principal.clone());
        let mut sealed = self.sealed.get_untracked();
        self.fill(|answers| {
            answers.set_text(same_as_address(section.key), if ticked { "yes" } else { "" });
            for key in SHARED_WITH_PRINCIPAL
                .iter()
                .filter(|key| !key.ends_with("portrait") && !key.ends_with("emblem"))
            {
                let at = format!("{}.{key}", section.key);
                let from = principal.text(&format!("principal.{key}"));
                let is_personal = self.form.mask_at(&at).is_some();
                if ticked {
                    answers.set_text(at.clone(), from);
                    if is_personal && !from.is_empty() {
                        sealed.insert(at, from.to_owned());
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
    fn rearrange(self, verb: &str, what: &str) {
        let mut item = None;
        self.fill(|answers| item = domain::posted::rearrange(self.form, verb, what, answers));
        let Some(item) = item else { return };
        // What was said of an item may stand beside another one now.
        let section = item.split('.').next().map(|key| format!("{key}.")).unwrap_or_default();
        self.faults.update(|faults| faults.retain(|at, _| !at.starts_with(&section)));
        let id = super::field_id(&item);
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

    // ---- saving and submitting -----------------------------------------------------------------

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
            let is_late = js_sys::Date::now() - since > SAVE_AT_LATEST_MILLISECONDS;
            let overtaken = self.typed.try_get_value() != Some(typed) && milliseconds > 0 && !is_late;
            if !overtaken && self.save.try_get_untracked() == Some(Save::Waiting) {
                self.save_now(false).await;
            }
        });
    }

    async fn save_now(self, overwrite: bool) -> bool {
        while self.is_saving.try_get_value() == Some(true) {
            gloo_timers::future::TimeoutFuture::new(30).await;
        }
        self.is_saving.set_value(true);
        self.save.set(Save::Sending);
        self.unsaved_since.set_value(None);
        let typed = self.typed.get_value();
        let outcome = api::save_draft(self.request(overwrite)).await;
        self.is_saving.try_update_value(|is_saving| *is_saving = false);
        match outcome {
            Ok(Saved::Ok(draft)) => {
                keep::forget(&self.kept_name());
                let is_new = self.draft.try_get_untracked().flatten().is_none();
                self.draft.set(Some(draft.clone()));
                if is_new {
                    self.remember_address();
                }
                // What was typed meanwhile waits for its own turn.
                let more = self.typed.try_get_value().is_some_and(|now| now != typed);
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
                false
            }
        }
    }

    fn keep_here(&self) {
        let version = self.draft.get_untracked().map(|draft| draft.version);
        let (key, name) = (self.kept_key(), self.kept_name());
        self.answers.with_untracked(|answers| keep::keep(&key, &name, version, &of_step(self.step, answers)));
    }

    /// Nobody is signed in any more: what was typed stays here (R77).
    pub fn session_ended(self) {
        self.keep_here();
        self.save.set(Save::SignedOut);
    }

    /// Puts the new draft's id into the address without a new page, so that a reload finds it.
    fn remember_address(&self) {
        let href = self.path(self.step.key, true);
        if let Some(history) = web_sys::window().and_then(|window| window.history().ok()) {
            let state = history.state().unwrap_or(leptos::wasm_bindgen::JsValue::NULL);
            let _ = history.replace_state_with_url(&state, "", Some(&href));
        }
    }

    fn save_then(self, then: impl FnOnce(FormState) + 'static) {
        self.is_busy.set(true);
        spawn_local(async move {
            let saved = self.save_now(false).await;
            self.is_busy.try_set(false);
            if saved {
                then(self);
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

    fn submit(self) {
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
            self.is_busy.try_set(false);
            match outcome {
                Ok(Submitted::Filing(id)) => {
                    // A full load, so that the shell speaks of the new state everywhere.
                    if let Some(window) = web_sys::window() {
                        let _ = window.location().set_href(&route::submitted(&id));
                    }
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

fn by_address(faults: impl IntoIterator<Item = Fault>) -> BTreeMap<String, String> {
    let mut sorted = BTreeMap::new();
    for fault in faults {
        sorted.insert(fault.at, fault.message);
    }
    sorted
}

fn target_of(event: &web_sys::Event) -> Option<web_sys::Element> {
    event.target()?.dyn_into().ok()
}

fn target_name(event: &web_sys::Event) -> Option<String> {
    target_of(event)?.get_attribute("name")
}

/// Whether keys go into what the event is about.
fn is_typed_into(event: &web_sys::Event) -> bool {
    target_of(event).is_some_and(|target| match target.get_attribute("type").as_deref() {
        Some(kind) => kind == "text" || kind == "date",
        None => target.tag_name() == "TEXTAREA",
    })
}

/// The controls of a form by name; files are sent by themselves and left out.
fn controls_of(form: &web_sys::HtmlFormElement) -> Option<Controls> {
    let entries = web_sys::FormData::new_with_form(form).ok()?;
    let mut controls = Controls::new();
    for entry in js_sys::try_iter(entries.as_ref()).ok().flatten()? {
        let entry: js_sys::Array = entry.ok()?.into();
        if let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string()) {
            controls.entry(name).or_default().push(value);
        }
    }
    Some(controls)
}
