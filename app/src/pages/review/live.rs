//! Open pages learn at once that something in their region changed, by server-sent events, and ask
//! for what changed, or for themselves again (R61, R62). The event says which filing, nothing else; what comes is
//! drawn by the server like the first page, so the browser needs no second way of drawing it.
//!
//! Many desks are open and much is decided: a list asks at most every [`EVERY`], for the rows it was told of, soon where
//! it shows one of them and within [`SPREAD`] where only its counts change; and not at all while nobody sees it.

use domain::route;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, EventSource, MessageEvent};

use super::live_rows::{mark, put_rows, row, say, shows_any, takes_rows};

/// Changes within this time, in milliseconds, make one refresh: an approval brings several.
const GATHER: u32 = 400;
/// Where nothing that is shown changed, pages ask within this time, each at another moment.
const SPREAD: f64 = 1_600.0;
/// A list asks at most this often, in milliseconds.
const EVERY: f64 = 2_500.0;
/// More changes at once, and the whole page is asked for.
const MOST_ROWS: usize = domain::view::MOST_NEWS;
/// An officer at work says so at most this often, in milliseconds.
const AT_WORK: f64 = 60_000.0;

/// What was told since the page was drawn last.
#[derive(Clone, Default)]
struct News {
    arrived: usize,
    changed: Vec<String>,
    /// More was missed than is known by name.
    is_unknown: bool,
}

impl News {
    fn is_empty(&self) -> bool {
        self.changed.is_empty() && !self.is_unknown
    }
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
    /// The address to ask for single rows, where the part is a list of such.
    #[prop(optional)]
    rows: String,
) -> impl IntoView {
    view! { <Watch part filing at rows/> }
}

#[cfg_attr(any(feature = "ssr", feature = "page-islands"), island)]
#[cfg_attr(not(any(feature = "ssr", feature = "page-islands")), component)]
fn Watch(part: String, filing: String, at: String, rows: String) -> impl IntoView {
    let waiting = RwSignal::new(0_usize);
    let is_stale = RwSignal::new(false);
    let news = StoredValue::new(News::default());
    let part = StoredValue::new(part);
    let at = StoredValue::new(at);
    let rows = StoredValue::new(rows);
    let refresh = move |gently: bool, wholly: bool| {
        spawn_local(async move {
            let told = news.try_update_value(std::mem::take).unwrap_or_default();
            let is_up_to_date = gently || !is_stale.get_untracked();
            if !wholly
                && is_up_to_date
                && ask_for_rows(&rows.get_value(), &part.get_value(), &told, gently).await
            {
                if gently {
                    waiting.update(|count| *count += told.arrived);
                    is_stale.set(true);
                }
                return;
            }
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
    let is_list = filing.is_empty();
    on_news(source, news, (part, is_list), move || refresh(is_in_use(), false));
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
        <button type="button" class="button js-only" accesskey="r" on:click=move |_| refresh(false, true)>"刷新"</button>
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

/// Asks for the rows that were told of alone. False where that is not enough.
async fn ask_for_rows(address: &str, part: &str, told: &News, gently: bool) -> bool {
    let named = &told.changed;
    let shown = || document().get_element_by_id(part);
    let is_enough = !address.is_empty() && !told.is_unknown && (1..=MOST_ROWS).contains(&named.len());
    if !is_enough || !shown().is_some_and(|shown| gently || takes_rows(&shown)) {
        return false;
    }
    let Some(newer) = ask(&format!("{address}&rows={}", named.join(",")), part).await else { return false };
    shown().is_some_and(|shown| put_rows(&shown, &newer, named, gently))
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

/// When a page asks next, and when it asked last.
#[derive(Clone)]
struct Pace {
    part: StoredValue<String>,
    /// A list or counts of a whole region, not one filing.
    is_list: bool,
    next: Rc<RefCell<Option<(f64, Timeout)>>>,
    last: Rc<Cell<f64>>,
}

impl Pace {
    /// In how many milliseconds to ask for what was told.
    fn wait(&self, told: &News) -> f64 {
        let soon = f64::from(GATHER);
        if !self.is_list {
            return soon;
        }
        let shown = document().get_element_by_id(&self.part.get_value());
        let shows = shown.is_some_and(|shown| shows_any(&shown, &told.changed));
        let wait = if shows { soon } else { soon + js_sys::Math::random() * SPREAD };
        wait.max(self.last.get() + EVERY - js_sys::Date::now())
    }

    /// Plans to ask, sooner than planned if that is due.
    fn plan(&self, told: &News, refresh: impl Fn() + 'static) {
        // Whoever comes back to the page has it asked for then.
        if told.is_empty() || document().hidden() {
            return;
        }
        let at = js_sys::Date::now() + self.wait(told);
        if self.next.borrow().as_ref().is_some_and(|(planned, _)| *planned <= at) {
            return;
        }
        let pace = self.clone();
        let ask = move || {
            if let Some((_, timer)) = pace.next.borrow_mut().take() {
                timer.forget();
            }
            if !document().hidden() {
                pace.last.set(js_sys::Date::now());
                refresh();
            }
        };
        // No wait is longer than `EVERY`.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let wait = (at - js_sys::Date::now()).clamp(0.0, EVERY) as u32;
        *self.next.borrow_mut() = Some((at, Timeout::new(wait, ask)));
    }
}

/// What is called with a message.
type Heard = Closure<dyn FnMut(MessageEvent)>;

/// The line on which the server tells. After an interruption the browser connects again by itself, says what it heard
/// last and is told what it missed. Where it gave up, since something between answered instead of the server, the line is
/// opened anew.
struct Line {
    address: String,
    source: RefCell<Option<EventSource>>,
    /// What is called at each change, when the line is there, and when it breaks.
    heard: RefCell<Vec<(&'static str, Heard)>>,
    again: RefCell<Option<Timeout>>,
    /// Times it was opened anew since it was there.
    tries: Cell<u32>,
}

/// A line that was given up is opened anew after so many milliseconds; each further time doubles them, a few times.
const REOPEN: f64 = 1_000.0;
const MOST_DOUBLED: u32 = 6;

impl Line {
    fn open(self: &Rc<Self>) {
        let Ok(source) = EventSource::new(&self.address) else { return };
        for (name, heard) in self.heard.borrow().iter() {
            let _ = source.add_event_listener_with_callback(name, heard.as_ref().unchecked_ref());
        }
        *self.source.borrow_mut() = Some(source);
    }

    fn broke(self: &Rc<Self>) {
        let is_given_up =
            self.source.borrow().as_ref().is_some_and(|line| line.ready_state() == EventSource::CLOSED);
        if !is_given_up {
            return;
        }
        let tries = self.tries.get();
        self.tries.set((tries + 1).min(MOST_DOUBLED));
        let line = Rc::clone(self);
        // At most two minutes.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let wait = (REOPEN * f64::from(1_u32 << tries) * (1.0 + js_sys::Math::random())) as u32;
        *self.again.borrow_mut() = Some(Timeout::new(wait, move || line.open()));
    }

    fn close(&self) {
        self.again.borrow_mut().take();
        if let Some(source) = self.source.borrow_mut().take() {
            source.close();
        }
        self.heard.borrow_mut().clear();
    }
}

/// Gathers what is told of a part of the page and calls `refresh` when it is due, for as long as the page is there.
fn on_news(
    address: String,
    news: StoredValue<News>,
    (part, is_list): (StoredValue<String>, bool),
    refresh: impl Fn() + Clone + 'static,
) {
    Effect::new(move |_| {
        let pace = Pace { part, is_list, next: Rc::default(), last: Rc::default() };
        let refresh = refresh.clone();
        let plan = Rc::new(move || {
            let _ = news.try_with_value(|told| pace.plan(told, refresh.clone()));
        });
        let line = Rc::new(Line {
            address: address.clone(),
            source: RefCell::default(),
            heard: RefCell::default(),
            again: RefCell::default(),
            tries: Cell::default(),
        });
        let planning = Rc::clone(&plan);
        let changed = move |event: MessageEvent| {
            let told = event.data().as_string().unwrap_or_default();
            news.update_value(|news| match told.split_once(' ') {
                Some((word, id)) => {
                    news.arrived += usize::from(word == "arrived");
                    if !news.changed.iter().any(|known| known == id) {
                        news.changed.push(id.to_owned());
                    }
                }
                None => news.is_unknown = true,
            });
            planning();
        };
        let (opened, broken, planning) = (Rc::downgrade(&line), Rc::downgrade(&line), Rc::clone(&plan));
        let hello = move |_: MessageEvent| {
            // What was missed in between nobody knows.
            if opened.upgrade().is_some_and(|line| line.tries.replace(0) > 0) {
                news.update_value(|news| news.is_unknown = true);
                planning();
            }
        };
        let broke = move |_: MessageEvent| {
            if let Some(line) = broken.upgrade() {
                line.broke();
            }
        };
        line.heard.borrow_mut().extend([
            ("change", Heard::new(changed)),
            ("hello", Heard::new(hello)),
            ("error", Heard::new(broke)),
        ]);
        line.open();
        let seen = Closure::<dyn FnMut()>::new(move || plan());
        let _ =
            document().add_event_listener_with_callback("visibilitychange", seen.as_ref().unchecked_ref());
        let held = StoredValue::new_local((line, seen));
        on_cleanup(move || {
            held.try_with_value(|(line, seen)| {
                line.close();
                let seen = seen.as_ref().unchecked_ref();
                let _ = document().remove_event_listener_with_callback("visibilitychange", seen);
            });
        });
    });
}
