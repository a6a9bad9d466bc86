//! Open pages learn at once that something in their region changed, by server-sent events, and ask
//! again (R61). The event says nothing else.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;

/// Changes within this time, in milliseconds, make one refresh: an approval brings several.
const GATHER: u32 = 500;

/// Calls `refresh` soon after every change, for as long as the page is there. In the browser only.
pub fn on_change(refresh: impl Fn() + Clone + 'static) {
    Effect::new(move |_| {
        let Ok(source) = web_sys::EventSource::new("/review/events") else { return };
        let is_waiting = Rc::new(Cell::new(false));
        let refresh = refresh.clone();
        let soon = move || {
            if !is_waiting.replace(true) {
                let (is_waiting, refresh) = (is_waiting.clone(), refresh.clone());
                Timeout::new(GATHER, move || {
                    is_waiting.set(false);
                    refresh();
                })
                .forget();
            }
        };
        let changed = Closure::<dyn FnMut()>::new(soon.clone());
        let is_first = Cell::new(true);
        // After an interruption the browser connects again by itself; what happened meanwhile was not told.
        let opened = Closure::<dyn FnMut()>::new(move || {
            if !is_first.replace(false) {
                soon();
            }
        });
        let _ = source.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
        let _ = source.add_event_listener_with_callback("open", opened.as_ref().unchecked_ref());
        let held = StoredValue::new_local((source, changed, opened));
        on_cleanup(move || {
            held.try_with_value(|(source, ..)| source.close());
        });
    });
}
