//! What a form remembers while it is on the page. The controls are native and hold their own text; this reads them.

mod checks;
mod events;
mod filling;
mod proposing;
mod saving;
mod steps;

use std::collections::BTreeMap;

use domain::answer::Answers;
use domain::check::advice;
use domain::posted::{Controls, answers_of_step};
use domain::procedure::Procedure;
use domain::route;
use domain::schema::{Body, Fault, Form, Step};
use domain::value::date::parse_date;
use domain::view::*;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use time::Date;

use super::choices::Choices;
use super::save::Save;

/// How long after the last key what is typed goes to the server; R77 allows five seconds.
const SAVE_AFTER_MILLISECONDS: u64 = 2_000;

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
    /// Scripts run here: what stands on the page only with them may be drawn.
    pub is_live: RwSignal<bool>,
    /// What was filled in by the program, by address: “已识别为 x.cn”.
    pub notes: RwSignal<BTreeMap<String, String>>,
    /// Where one can see what a sentence at an address speaks of; by both.
    links: RwSignal<BTreeMap<String, String>>,
    /// The answers when it was last looked what they will have meant.
    understood: StoredValue<Answers>,
    /// Counts saves, and whether the last one failed and is to be tried again.
    retry: StoredValue<(u64, bool)>,
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
            is_live: RwSignal::new(false),
            notes: RwSignal::new(BTreeMap::new()),
            links: RwSignal::new(links_of(&view.faults)),
            understood: StoredValue::new(view.answers.clone()),
            retry: StoredValue::new((0, false)),
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
    /// what an earlier visit could not save. Until the page that has the form is left, when all of it ends.
    pub fn bind(self, element: NodeRef<html::Form>, owner: Owner, is_here: RwSignal<bool>) {
        self.element.set_value(Some(element));
        Effect::new(move |_| {
            if element.get().is_none() {
                return;
            }
            untrack(move || {
                self.is_live.set(true);
                if self.collect() {
                    self.save_soon(SAVE_AFTER_MILLISECONDS);
                }
                self.restore();
            });
        });
        // Back from where there was no network.
        let online = window_event_listener_untyped("online", move |_| self.retry());
        let chosen = window_event_listener_untyped("chosen", move |event| self.take_chosen(&event));
        let leaving = window_event_listener_untyped("leaving", move |event| self.leaving(&event));
        let left = window_event_listener_untyped("left", move |_| {
            is_here.set(false);
            owner.cleanup();
        });
        let gone = window_event_listener_untyped("pagehide", move |_| self.save_at_once());
        on_cleanup(move || {
            [online, chosen, leaving, left, gone].into_iter().for_each(WindowListenerHandle::remove);
        });
    }

    /// Whether the page that had the form was left.
    fn is_gone(&self) -> bool {
        self.typed.try_get_value().is_none()
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

    /// Whether the page shows a mask there that stands for a stored value.
    pub fn is_sealed(&self, at: &str) -> bool {
        self.mask_at(at).is_some()
    }

    fn mask_at(&self, at: &str) -> Option<String> {
        let shown = self.answers.with_untracked(|answers| answers.text(at).to_owned());
        self.sealed.with_untracked(|sealed| sealed.get(at).filter(|mask| **mask == shown).cloned())
    }

    /// Where one can see what a sentence at a field speaks of.
    pub fn link_of(&self, at: &str, message: &str) -> Option<String> {
        self.links.with(|links| links.get(&format!("{at} {message}")).cloned())
    }

    /// Whether the section can be filled with who is signed in.
    pub fn knows_me(&self) -> bool {
        self.view.with_value(|view| !view.me.is_empty())
    }

    /// Whether the server may be asked where host names lead.
    pub fn can_resolve(&self) -> bool {
        self.view.with_value(|view| view.can_resolve)
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
}

/// The sentences that lead somewhere.
fn links_of(faults: &[Fault]) -> BTreeMap<String, String> {
    let mut links = BTreeMap::new();
    for fault in faults {
        if let Some(link) = &fault.link {
            links.insert(format!("{} {}", fault.at, fault.message), link.clone());
        }
    }
    links
}

fn by_address(faults: impl IntoIterator<Item = Fault>) -> BTreeMap<String, String> {
    let mut sorted = BTreeMap::new();
    for fault in faults {
        sorted.insert(fault.at, fault.message);
    }
    sorted
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
