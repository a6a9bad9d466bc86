//! Controls of a small form that was posted and may have come back: what was typed stands in them, and what is wrong at
//! them; the focus begins at the first that is wrong.

use domain::view::KeptForm;
use leptos::prelude::*;

/// Hint and error of a control, as it is described by them.
fn described(id: &str, has_hint: bool, is_wrong: bool) -> Option<String> {
    let parts = [(has_hint, "hint"), (is_wrong, "error")];
    let ids: Vec<String> =
        parts.into_iter().filter(|(is, _)| *is).map(|(_, part)| format!("{id}-{part}")).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// Label, hint, control and error.
#[component]
fn Frame(
    id: String,
    label: String,
    hint: String,
    fault: Option<String>,
    required: bool,
    is_wide: bool,
    children: Children,
) -> impl IntoView {
    let is_wrong = fault.is_some();
    view! {
        <div class=if is_wide { "field field-wide" } else { "field" } data-invalid=is_wrong.then_some("")>
            <div class="field-label">
                {required.then(|| view! { <span class="star" aria-hidden="true">"*"</span> })}
                <label for=id.clone()>{label}</label>
                {required.then(|| view! { <span class="visually-hidden">"必填"</span> })}
            </div>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> })}
            <div class="control">{children()}</div>
            {fault.map(|fault| view! { <p class="error" id=format!("{id}-error")>{fault}</p> })}
        </div>
    }
    .into_any()
}

/// A line of text, a date …
#[component]
pub fn KeptLine(
    form: KeptForm,
    #[prop(into)] id: String,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    /// What stands there while the form has not come back.
    #[prop(optional, into)]
    before: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(default = "input")] class: &'static str,
    #[prop(optional)] required: bool,
    #[prop(default = 100)] longest: u32,
    /// The id of what is proposed while one types.
    #[prop(optional)]
    list: Option<&'static str>,
) -> impl IntoView {
    let fault = form.fault(name);
    let described = described(&id, !hint.is_empty(), fault.is_some());
    let (value, is_wrong, begins) = (form.text_or(name, &before), fault.is_some(), form.begins_at(name));
    view! {
        <Frame id=id.clone() label hint fault required is_wide=false>
            <input
                class=class
                type=kind
                id=id
                name=name
                value=value
                maxlength=longest.to_string()
                list=list
                autocomplete="off"
                spellcheck="false"
                aria-required=required.then_some("true")
                aria-describedby=described
                aria-invalid=is_wrong.then_some("true")
                autofocus=begins
            />
        </Frame>
    }
    .into_any()
}

/// Several lines of text.
#[component]
pub fn KeptText(
    form: KeptForm,
    #[prop(into)] id: String,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] before: String,
    #[prop(optional)] required: bool,
    #[prop(default = 3)] rows: u32,
    /// None where the length is checked in another way.
    #[prop(optional)]
    longest: Option<u32>,
) -> impl IntoView {
    let fault = form.fault(name);
    let described = described(&id, !hint.is_empty(), fault.is_some());
    let (value, is_wrong, begins) = (form.text_or(name, &before), fault.is_some(), form.begins_at(name));
    view! {
        <Frame id=id.clone() label hint fault required is_wide=true>
            // Children of a textarea are not escaped on the server (leptos-rs/leptos#4819).
            <textarea
                class="input"
                id=id
                name=name
                rows=rows.to_string()
                maxlength=longest.map(|longest| longest.to_string())
                autocomplete="off"
                aria-required=required.then_some("true")
                aria-describedby=described
                aria-invalid=is_wrong.then_some("true")
                autofocus=begins
                inner_html=crate::ui::form::escape(&value)
            ></textarea>
        </Frame>
    }
    .into_any()
}

/// One of a list.
#[component]
pub fn KeptSelect(
    form: KeptForm,
    #[prop(into)] id: String,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] before: String,
    /// Code and label.
    options: Vec<(String, String)>,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    let fault = form.fault(name);
    let described = described(&id, !hint.is_empty(), fault.is_some());
    let (value, is_wrong, begins) = (form.text_or(name, &before), fault.is_some(), form.begins_at(name));
    let options = options
        .into_iter()
        .map(|(code, label)| {
            let selected = code == value;
            view! { <option value=code selected=selected>{label}</option> }
        })
        .collect_view();
    view! {
        <Frame id=id.clone() label hint fault required is_wide=false>
            <select
                class="input"
                id=id
                name=name
                autocomplete="off"
                aria-describedby=described
                aria-invalid=is_wrong.then_some("true")
                autofocus=begins
            >
                {options}
            </select>
        </Frame>
    }
    .into_any()
}
