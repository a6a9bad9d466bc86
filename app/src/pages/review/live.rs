//! Open pages learn at once that something in their region changed, by server-sent events, and ask
//! for themselves again (R61). The event says nothing else; the page that comes is drawn by the server
//! like the first one, so the browser needs no second way of drawing it.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;

/// Changes within this time, in milliseconds, make one refresh: an approval brings several.
const GATHER: u32 = 500;

/// Keeps the part of the page with this id up to date. While somebody points at it or works in it
/// with the keyboard nothing moves: then it is said that there is news, with a button.
#[island]
pub fn Live(part: String) -> impl IntoView {
    let has_news = RwSignal::new(false);
    let part = StoredValue::new(part);
    let refresh = move || {
        has_news.set(false);
        spawn_local(async move {
            // Without an answer what is shown stays; the next change asks again.
            let _ = replace(&part.get_value()).await;
        });
    };
    on_change(move || {
        let is_in_use = document()
            .get_element_by_id(&part.get_value())
            .is_some_and(|part| part.matches(":hover, :focus-within").unwrap_or(false));
        if is_in_use { has_news.set(true) } else { refresh() }
    });
    view! {
        <span role="status" class="soft">{move || has_news.get().then_some("有更新")}</span>
        <button type="button" class="button js-only" on:click=move |_| refresh()>"刷新"</button>
    }
}

/// Asks for this page again and puts its part in the place of the one that is shown.
async fn replace(part: &str) -> Option<()> {
    let window = web_sys::window()?;
    let here = window.location().href().ok()?;
    let response: web_sys::Response =
        JsFuture::from(window.fetch_with_str(&here)).await.ok()?.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    let html = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    let newer = web_sys::DomParser::new().ok()?;
    let newer = newer.parse_from_string(&html, web_sys::SupportedType::TextHtml).ok()?;
    let newer = newer.get_element_by_id(part)?;
    window.document()?.get_element_by_id(part)?.replace_with_with_node_1(&newer).ok()
}

/// Calls `refresh` soon after every change, for as long as the page is there.
fn on_change(refresh: impl Fn() + Clone + 'static) {
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
