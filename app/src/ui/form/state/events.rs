//! What happens when one types, leaves a field, presses a button, follows a link.

use std::time::Duration;

use domain::route;
use domain::schema::Body;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::{JsCast, JsValue};

use super::{FormState, steps};

/// A rest this long between keys, or so long without one, and what was typed is looked at.
const REST_MILLISECONDS: u64 = 120;
const LOOK_AT_LATEST_MILLISECONDS: f64 = 1_000.0;

/// A press on a button or a box takes no longer than this.
pub(super) const PRESS_MILLISECONDS: u64 = 250;

impl FormState {
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
                    self.understand();
                    self.check_one(&at);
                    self.check_domain_by_server(at);
                }
            },
            Duration::from_millis(PRESS_MILLISECONDS),
        );
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
            self.all_sent().await;
            if !self.is_gone() {
                self.is_busy.set(false);
                self.pressed(&go);
            }
        });
    }

    /// Waits until no file is on its way any more.
    async fn all_sent(self) {
        while self.sending.try_get_value().is_some_and(|sending| sending > 0) {
            gloo_timers::future::TimeoutFuture::new(100).await;
        }
    }

    /// A file begins its way to the server (1) or has ended it (-1).
    pub fn sends(&self, by: i64) {
        self.sending.try_update_value(|sending| *sending = sending.saturating_add_signed(by));
    }

    fn pressed(self, go: &str) {
        self.collect();
        self.understand();
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
            Some(("resolve", _)) => self.post(go),
            Some(("no", section)) => self.answer_no(section),
            Some(("adopt", at)) => self.adopt(at),
            Some((verb, what)) => self.rearrange(verb, what),
            None => match go {
                "previous" => self.save_then_go(neighbour(-1)),
                "save" => self.save_then(move |state| state.go(route::DRAFTS)),
                "submit" => self.submit(),
                "review" if self.check() => {
                    self.save_then(|state| state.go(&(state.path(state.step.key, true) + "&review=1")));
                }
                _ if steps.len() == 1 => self.submit(),
                _ if self.check() => self.next(neighbour(1)),
                _ => {}
            },
        }
    }

    pub(super) fn go(&self, href: &str) {
        steps::visit(href);
    }

    /// On to the next step, when the server has nothing to say of this one.
    fn next(self, step: Option<&'static str>) {
        match (step, &self.step.body) {
            (Some(step), Body::Sections(_)) => self.save_then(move |state| {
                state.check_by_server(move |state| state.go(&state.path(step, true)));
            }),
            (step, _) => self.save_then_go(step),
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

    /// A link or the way back leads to another step: saves first where there is something to save, and tells the
    /// script that asks whether it is.
    pub(super) fn leaving(self, event: &web_sys::Event) {
        if !self.has_unsaved() && self.sending.get_value() == 0 {
            return;
        }
        let go = js_sys::Reflect::get(event.as_ref(), &"detail".into()).ok();
        let Some(go) = go.and_then(|go| go.dyn_into::<js_sys::Function>().ok()) else { return };
        event.prevent_default();
        spawn_local(async move {
            self.all_sent().await;
            let is_saved = self.save_now(false).await;
            if !is_saved && !self.is_gone() {
                self.keep_here();
            }
            let _ = go.call1(&JsValue::NULL, &is_saved.into());
        });
    }
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
