//! Open pages learn at once that something in their region changed, by server-sent events, and ask
//! for themselves again (R61, R62). The event says which filing, nothing else; the page that comes is
//! drawn by the server like the first one, so the browser needs no second way of drawing it.

use domain::route;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, MessageEvent};

/// Changes within this time, in milliseconds, make one refresh: an approval brings several.
const GATHER: u32 = 400;
/// An officer at work says so at most this often, in milliseconds.
const AT_WORK: f64 = 60_000.0;

/// What was told since the page was drawn last.
#[derive(Clone, Default)]
struct News {
    arrived: usize,
    changed: Vec<String>,
}

/// Keeps the part of the page with this id up to date. While somebody points at it or works in it
/// with the keyboard nothing moves: rows (`data-row`) change in their places, what left the list is
/// marked, and what is new waits for 【刷新】.
#[component]
pub fn Live(
    part: String,
    /// The page is that of this filing: only what happens to it counts, and others see that it is open.
    #[prop(optional)]
    filing: String,
    /// The address to ask anew; that of the page where none is given.
    #[prop(optional)]
    at: String,
) -> impl IntoView {
    view! { <Watch part filing at/> }
}

#[cfg_attr(any(feature = "ssr", feature = "page-islands"), island)]
#[cfg_attr(not(any(feature = "ssr", feature = "page-islands")), component)]
fn Watch(part: String, filing: String, at: String) -> impl IntoView {
    let waiting = RwSignal::new(0_usize);
    let is_stale = RwSignal::new(false);
    let news = StoredValue::new(News::default());
    let part = StoredValue::new(part);
    let at = StoredValue::new(at);
    let refresh = move |gently: bool| {
        spawn_local(async move {
            let told = news.try_update_value(std::mem::take).unwrap_or_default();
            // Without an answer what is shown stays; the next change asks again.
            let Some(newer) = ask(&at.get_value(), &part.get_value()).await else { return };
            let Some(shown) = document().get_element_by_id(&part.get_value()) else { return };
            if gently {
                change_rows(&shown, &newer, &told.changed);
                waiting.update(|count| *count += told.arrived);
                is_stale.set(true);
            } else {
                mark(&newer, &told.changed);
                let _ = shown.replace_with_with_node_1(&newer);
                waiting.set(0);
                is_stale.set(false);
            }
        });
    };
    let is_in_use = move || {
        let shown = document().get_element_by_id(&part.get_value());
        shown.is_some_and(|part| part.matches(":hover, :focus-within").unwrap_or(false))
    };
    if !filing.is_empty() {
        stay_at_work(filing.clone());
    }
    let source =
        if filing.is_empty() { route::DESK_EVENTS.to_owned() } else { route::filing_events(&filing) };
    on_news(source, news, move || refresh(is_in_use()));
    let said = move || match (waiting.get(), is_stale.get()) {
        (0, false) => String::new(),
        (0, true) => "有更新".to_owned(),
        (count, _) => format!("新到 {count} 份"),
    };
    view! {
        <span role="status" class="soft live">
            {move || (waiting.get() > 0).then(|| view! { <span class="icon icon-bell" aria-hidden="true"></span> })}
            {said}
        </span>
        <button type="button" class="button js-only" accesskey="r" on:click=move |_| refresh(false)>"刷新"</button>
    }
}

/// Asks for a page and gives its part.
async fn ask(at: &str, part: &str) -> Option<Element> {
    let window = web_sys::window()?;
    let here = if at.is_empty() { window.location().href().ok()? } else { at.to_owned() };
    let response: web_sys::Response =
        JsFuture::from(window.fetch_with_str(&here)).await.ok()?.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    let html = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    let newer = web_sys::DomParser::new().ok()?;
    newer.parse_from_string(&html, web_sys::SupportedType::TextHtml).ok()?.get_element_by_id(part)
}

fn row(part: &Element, id: &str) -> Option<Element> {
    part.query_selector(&format!("[data-row='{id}']")).ok().flatten()
}

/// The row of a filing, or that of the bundle it goes along with.
fn row_with(part: &Element, id: &str) -> Option<Element> {
    row(part, id).or_else(|| part.query_selector(&format!("[data-with~='{id}']")).ok().flatten())
}

/// Rows that were changed just now bear a mark and say so.
fn mark(part: &Element, changed: &[String]) {
    for row in changed.iter().filter_map(|id| row_with(part, id)) {
        let _ = row.set_attribute("data-just", "");
        say(&row, None);
    }
}

fn say(row: &Element, word: Option<&str>) {
    if let Some(said) = row.query_selector(".just").ok().flatten() {
        let _ = said.remove_attribute("hidden");
        if word.is_some() {
            said.set_text_content(word);
        }
    }
}

/// Changes rows in their places. What is not in the list any more stays until the list is drawn anew.
fn change_rows(shown: &Element, newer: &Element, changed: &[String]) {
    mark(newer, changed);
    let Ok(rows) = shown.query_selector_all("[data-row]") else { return };
    for number in 0..rows.length() {
        let Some(old) = rows.get(number).and_then(|node| node.dyn_into::<Element>().ok()) else { continue };
        let id = old.get_attribute("data-row").unwrap_or_default();
        match row(newer, &id) {
            Some(new) if new.outer_html() == old.outer_html() => {}
            // Who stands in a row with the keyboard keeps the place.
            Some(_) if old.matches(":focus-within").unwrap_or(false) => say(&old, Some("有更新")),
            Some(new) => {
                let _ = old.replace_with_with_node_1(&new);
            }
            None => {
                let _ = old.set_attribute("data-gone", "");
                say(&old, Some("已不在此列表"));
            }
        }
    }
}

/// While the officer works on the page the claim does not lapse.
fn stay_at_work(filing: String) {
    Effect::new(move |_| {
        let (filing, last) = (filing.clone(), Rc::new(Cell::new(js_sys::Date::now())));
        let tell = move || {
            let now = js_sys::Date::now();
            if now - last.get() < AT_WORK {
                return;
            }
            last.set(now);
            let Ok(request) = web_sys::XmlHttpRequest::new() else { return };
            // An id needs no encoding; whether it arrives shows in the claim.
            let _ = request.open("POST", route::AT_WORK);
            let _ = request.set_request_header("content-type", "application/x-www-form-urlencoded");
            let _ = request.send_with_opt_str(Some(&format!("filing={filing}")));
        };
        let typing = tell.clone();
        let typed = window_event_listener(leptos::ev::keydown, move |_| typing());
        let pointed = window_event_listener(leptos::ev::pointerdown, move |_| tell());
        on_cleanup(move || {
            typed.remove();
            pointed.remove();
        });
    });
}

/// Gathers what is told and calls `refresh` soon after, for as long as the page is there.
fn on_news(address: String, news: StoredValue<News>, refresh: impl Fn() + Clone + 'static) {
    Effect::new(move |_| {
        let Ok(source) = web_sys::EventSource::new(&address) else { return };
        let timer = Rc::new(RefCell::new(None::<Timeout>));
        let refresh = refresh.clone();
        let changed = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let told = event.data().as_string().unwrap_or_default();
            news.update_value(|news| {
                if let Some((word, id)) = told.split_once(' ') {
                    news.arrived += usize::from(word == "arrived");
                    news.changed.push(id.to_owned());
                }
            });
            let refresh = refresh.clone();
            let is_counting = timer.borrow().is_some();
            if !is_counting {
                let done = Rc::clone(&timer);
                *timer.borrow_mut() = Some(Timeout::new(GATHER, move || {
                    if let Some(timer) = done.borrow_mut().take() {
                        timer.forget();
                    }
                    refresh();
                }));
            }
        });
        // After an interruption the browser connects again by itself and says what it heard last; the
        // server tells what was missed.
        let _ = source.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
        let held = StoredValue::new_local((source, changed));
        on_cleanup(move || {
            held.try_with_value(|(source, _)| source.close());
        });
    });
}
