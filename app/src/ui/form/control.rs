//! One control for each kind of answer. Nothing here knows what is valid; only this module knows
//! how a kind looks.

use domain::schema::{Choice, Field, Kind, Line};
use leptos::prelude::*;
use maud::html;

use super::field::{Parts, Sort};
use super::{FormState, combobox, field_id, region, upload};
use crate::ui::Icon;
use crate::ui::drop_down::options_of;

/// How a one-line control behaves on a phone and what the browser may fill in.
struct Line1 {
    kind: &'static str,
    inputmode: &'static str,
    class: &'static str,
    spellcheck: bool,
}

const PLAIN: Line1 = Line1 { kind: "text", inputmode: "text", class: "input", spellcheck: false };

fn line_of(field: &Field) -> Line1 {
    match field.kind {
        Kind::PersonId { .. } | Kind::UnitCertificate { .. } => Line1 { class: "input w-18", ..PLAIN },
        Kind::Mobile => Line1 { inputmode: "tel", class: "input w-18", ..PLAIN },
        Kind::Landline | Kind::AnyPhone => Line1 { inputmode: "tel", ..PLAIN },
        Kind::Email => Line1 { inputmode: "email", ..PLAIN },
        Kind::MainDomain | Kind::Url => Line1 { inputmode: "url", ..PLAIN },
        Kind::Integer { .. } => Line1 { inputmode: "numeric", class: "input w-8", ..PLAIN },
        Kind::Date(_) => Line1 { kind: "date", ..PLAIN },
        Kind::Text { .. }
        | Kind::PersonName
        | Kind::IcpNumber { .. }
        | Kind::Code(_)
        | Kind::LongText { .. }
        | Kind::Select(_)
        | Kind::YesNo
        | Kind::Ticks(_)
        | Kind::Tick
        | Kind::Region
        | Kind::Lines { .. }
        | Kind::OwnRecord(_)
        | Kind::Pictures { .. }
        | Kind::Documents { .. } => PLAIN,
    }
}

pub fn control(state: FormState, parts: Parts) -> AnyView {
    let kind = parts.place.field.kind;
    match kind {
        Kind::Text { .. }
        | Kind::PersonName
        | Kind::PersonId { .. }
        | Kind::UnitCertificate { .. }
        | Kind::Mobile
        | Kind::Landline
        | Kind::AnyPhone
        | Kind::Email
        | Kind::MainDomain
        | Kind::Url
        | Kind::IcpNumber { .. }
        | Kind::Integer { .. }
        | Kind::Date(_)
        | Kind::Code(_) => line(state, parts),
        Kind::LongText { .. } => long_text(state, parts, false),
        Kind::Lines { of, .. } => {
            long_text(state, parts, matches!(of, Line::Domain | Line::Url | Line::Ip { .. }))
        }
        Kind::Select(choices) => select(state, parts, choices),
        Kind::YesNo => choices(state, parts, YES_NO, "radio"),
        Kind::Ticks(choices_of) => choices(state, parts, choices_of, "checkbox"),
        Kind::Tick => {
            let tick = tick(state, parts.at, parts.place.field.label, Box::new(|_| ()));
            view! { <div class="control">{tick}</div> }.into_any()
        }
        Kind::OwnRecord(of) => own_record(state, parts, of),
        Kind::Region => region::control(state, parts),
        Kind::Pictures { max, .. } => upload::control(state, parts, Sort::Picture, max),
        Kind::Documents { max, .. } => upload::control(state, parts, Sort::Document, max),
    }
}

const YES_NO: &[Choice] = &[domain::schema::choice("yes", "是"), domain::schema::choice("no", "否")];

fn text_at(state: FormState, at: &str) -> String {
    state.answers.with_untracked(|answers| answers.text(at).to_owned())
}

/// With a last day of four figures, browsers go on to the next part after four figures of a year.
const LAST_DAY: &str = "9999-12-31";

fn line(state: FormState, parts: Parts) -> AnyView {
    // A provider's name brings up those that are known by it (R31).
    if let (Some(directory), "name") = (parts.place.section.directory, parts.place.field.key) {
        return combobox::providers(state, parts, directory);
    }
    let sealed = state.is_sealed(&parts.at);
    let look = line_of(parts.place.field);
    let required = parts.required;
    let described = parts.described;
    let invalid = parts.invalid;
    view! {
        <div class="control" class:sealed=sealed>
            <input
                class=look.class
                type=look.kind
                inputmode=look.inputmode
                id=parts.id.clone()
                name=parts.at.clone()
                value=text_at(state, &parts.at)
                placeholder=parts.place.field.placeholder
                max=(look.kind == "date").then_some(LAST_DAY)
                autocomplete="off"
                spellcheck=if look.spellcheck { "true" } else { "false" }
                aria-required=required
                aria-invalid=invalid
                aria-describedby=described
            />
        </div>
    }
    .into_any()
}

/// A single tick with its own label; `changed` is told whether it is there.
pub fn tick(state: FormState, at: String, label: &'static str, changed: Box<dyn Fn(bool)>) -> AnyView {
    let checked = state.answers.with_untracked(|answers| answers.has(&at, "yes"));
    tick_box(at, label, checked, changed)
}

pub fn tick_box(at: String, label: &'static str, checked: bool, changed: Box<dyn Fn(bool)>) -> AnyView {
    view! {
        <label class="choice">
            <input
                type="checkbox"
                id=field_id(&at)
                name=at
                value="yes"
                checked=checked
                on:change=move |event| changed(event_target_checked(&event))
            />
            <span>{label}</span>
        </label>
    }
    .into_any()
}

/// A button that changes the form rather than leaves it.
pub fn small_button(go: String, class: &'static str, icon: &'static str, label: String) -> AnyView {
    let icon = (!icon.is_empty()).then(|| view! { <Icon name=icon/> }.into_any());
    view! { <button class=class name="go" value=go>{icon}{label}</button> }.into_any()
}

pub const SMALL: &str = "button button-small";

/// Text of several lines. The text is an attribute-safe child: Leptos does not escape children of
/// a textarea on the server (leptos-rs/leptos#4819), so it is escaped here.
fn long_text(state: FormState, parts: Parts, is_list: bool) -> AnyView {
    let text = state.answers.with_untracked(|answers| answers.items(&parts.at).join("\n"));
    let Parts { required, described, invalid, .. } = parts;
    let rows = if is_list { "2" } else { "4" };
    let asks = !parts.place.field.resolved_from.is_empty() && state.can_resolve();
    view! {
        <div class="control">
            <textarea
                class="input"
                rows=rows
                id=parts.id.clone()
                name=parts.at.clone()
                placeholder=parts.place.field.placeholder
                spellcheck="false"
                aria-required=required
                aria-invalid=invalid
                aria-describedby=described
                inner_html=escape(&text)
            ></textarea>
            {asks.then(|| small_button(format!("resolve:{}", parts.at), SMALL, "search", "查询当前解析".to_owned()))}
        </div>
    }
    .into_any()
}

/// Text as it stands between tags.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn select(state: FormState, parts: Parts, choices: &'static [Choice]) -> AnyView {
    let chosen = text_at(state, &parts.at);
    let offered = choices.iter().filter(|choice| !choice.retired || choice.code == chosen);
    drop_down(parts, options_of(offered.map(|choice| (choice.code, choice.label)), &chosen))
}

/// The subject's own records; what was chosen stays although it may be called otherwise by now.
fn own_record(state: FormState, parts: Parts, of: &[&str]) -> AnyView {
    let chosen = text_at(state, &parts.at);
    let mut texts = state.own_records(of);
    if !chosen.is_empty() && !texts.contains(&chosen) {
        texts.push(chosen.clone());
    }
    drop_down(parts, options_of(texts.iter().map(|text| (text.as_str(), text.as_str())), &chosen))
}

fn drop_down(parts: Parts, options: String) -> AnyView {
    let Parts { required, described, invalid, .. } = parts;
    view! {
        <div class="control">
            <select
                class="input"
                id=parts.id.clone()
                name=parts.at.clone()
                autocomplete="off"
                aria-required=required
                aria-invalid=invalid
                aria-describedby=described
                inner_html=options
            ></select>
        </div>
    }
    .into_any()
}

/// Radio buttons or tick boxes under one name.
fn choices(state: FormState, parts: Parts, choices: &'static [Choice], kind: &'static str) -> AnyView {
    let chosen = state.answers.with_untracked(|answers| answers.items(&parts.at).to_vec());
    let Parts { described, invalid, required, .. } = parts;
    let is_radio = kind == "radio";
    let is_chosen = |choice: &Choice| chosen.iter().any(|code| code == choice.code);
    // As in a drop-down, what is ticked lies in the controls alone.
    let options = html! {
        @for choice in choices.iter().filter(|choice| !choice.retired || is_chosen(choice)) {
            label.choice {
                input type=(kind) name=(parts.at) value=(choice.code) checked[is_chosen(choice)] autocomplete="off";
                span { (choice.label) }
            }
        }
    };
    view! {
        <div
            class="control choices"
            role=if is_radio { "radiogroup" } else { "group" }
            id=parts.id.clone()
            tabindex="-1"
            aria-labelledby=format!("{}-label", parts.id)
            aria-describedby=described
            aria-required=if is_radio { required } else { Signal::stored(None) }
            aria-invalid=if is_radio { invalid } else { Signal::stored(None) }
            inner_html=options.into_string()
        ></div>
    }
    .into_any()
}
