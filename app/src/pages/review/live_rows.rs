//! Single rows of a queue put in their places: what a page was told of is exchanged, taken out or put in, and nothing else
//! is fetched or moved (R61).

use leptos::wasm_bindgen::JsCast;
use web_sys::Element;

/// With fewer rows than this left the next page's come up.
const TOO_FEW: usize = 25;

pub(super) fn row(part: &Element, id: &str) -> Option<Element> {
    part.query_selector(&format!("[data-row='{id}']")).ok().flatten()
}

/// The row of a filing, or that of the bundle it goes along with.
pub(super) fn row_with(part: &Element, id: &str) -> Option<Element> {
    row(part, id).or_else(|| part.query_selector(&format!("[data-with~='{id}']")).ok().flatten())
}

/// Rows that were changed just now bear a mark and say so.
pub(super) fn mark(part: &Element, changed: &[String]) {
    for row in changed.iter().filter_map(|id| row_with(part, id)) {
        let _ = row.set_attribute("data-just", "");
        say(&row, None);
    }
}

pub(super) fn say(row: &Element, word: Option<&str>) {
    if let Some(said) = row.query_selector(".just").ok().flatten() {
        let _ = said.remove_attribute("hidden");
        if word.is_some() {
            said.set_text_content(word);
        }
    }
}

/// The place of a row: when it was submitted, as digits that are compared like the number, and its id.
fn place(row: &Element) -> Option<(usize, String, String)> {
    let at = row.get_attribute("data-at")?;
    Some((at.len(), at, row.get_attribute("data-row")?))
}

fn all(part: &Element, selector: &str) -> Vec<Element> {
    let Ok(found) = part.query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|number| found.get(number)?.dyn_into().ok()).collect()
}

fn rows(part: &Element) -> Vec<Element> {
    all(part, "tr[data-row]")
}

fn first(part: &Element, selector: &str) -> Option<Element> {
    part.query_selector(selector).ok().flatten()
}

/// Whether single rows can be put into what is shown: a list of some length, none of it out of date.
pub fn takes_rows(shown: &Element) -> bool {
    rows(shown).len() > 1 && first(shown, "[data-gone]").is_none()
}

/// Puts in what became of the `named` filings. False where the whole list has to be asked for: rows would be missing.
/// While somebody works in it (`gently`) what left stays in its place with a word, and what is new waits.
pub fn put_rows(shown: &Element, newer: &Element, named: &[String], gently: bool) -> bool {
    mark(newer, named);
    for id in named {
        if let Some(old) = row(shown, id).filter(|_| row(newer, id).is_none()) {
            if gently {
                let _ = old.set_attribute("data-gone", "");
                say(&old, Some("已不在此列表"));
            } else {
                old.remove();
            }
        }
    }
    let mut is_whole = true;
    for new in rows(newer) {
        let id = new.get_attribute("data-row").unwrap_or_default();
        match row(shown, &id) {
            Some(old) if new.outer_html() == old.outer_html() => {}
            Some(old) if gently && old.matches(":focus-within").unwrap_or(false) => say(&old, Some("有更新")),
            Some(old) => {
                let _ = old.replace_with_with_node_1(&new);
            }
            None if gently => {}
            None => is_whole &= put_in(shown, &new),
        }
        // What stands beside its subject stands nowhere else.
        let beside = new.get_attribute("data-with").unwrap_or_default();
        for id in beside.split(' ').filter(|id| !id.is_empty() && !gently) {
            if let Some(alone) = row(shown, id) {
                alone.remove();
            }
        }
    }
    put_counts(shown, newer, gently);
    let has_more = first(shown, ".pager [rel=next]").is_some();
    is_whole && (gently || !rows(shown).is_empty()) && !(has_more && !gently && rows(shown).len() < TOO_FEW)
}

/// Puts a row where it belongs, if that is on this page. False where nobody can say.
fn put_in(shown: &Element, new: &Element) -> bool {
    let there = rows(shown);
    let ends = there.first().and_then(place).zip(there.last().and_then(place));
    let (Some((head, tail)), Some(own)) = (ends, place(new)) else { return false };
    let rises = head < tail;
    let comes_before = |other: &Element| place(other).is_some_and(|other| (own < other) == rises);
    let next = there.iter().position(comes_before);
    let (is_later_page, has_more) =
        (first(shown, ".pager [rel=first]").is_some(), first(shown, ".pager [rel=next]").is_some());
    match next {
        Some(0) if is_later_page => true,
        Some(number) => there.get(number).is_some_and(|other| other.before_with_node_1(new).is_ok()),
        None if has_more => true,
        None => there.last().is_some_and(|last| last.after_with_node_1(new).is_ok()),
    }
}

/// The bell above the rows, and how many there are in all.
fn put_counts(shown: &Element, newer: &Element, gently: bool) {
    match (first(shown, ".bell"), first(newer, ".bell")) {
        (Some(old), Some(new)) if old.outer_html() != new.outer_html() => {
            let _ = old.replace_with_with_node_1(&new);
        }
        (Some(old), None) if !gently => old.remove(),
        // Nothing moves under a pointer.
        (None, Some(new)) if !gently => {
            let _ = shown.prepend_with_node_1(&new);
        }
        _ => {}
    }
    if let (Some(old), Some(new)) = (first(shown, ".pager p"), first(newer, ".pager p")) {
        old.set_text_content(new.text_content().as_deref());
    }
}

/// Whether the page shows one of these, alone or beside its subject.
pub fn shows_any(shown: &Element, ids: &[String]) -> bool {
    ids.iter().any(|id| row_with(shown, id).is_some())
}
