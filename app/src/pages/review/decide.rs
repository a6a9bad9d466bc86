//! 审核决定: the panel beside the sheets. It lies in the form of the whole page, so that remarks at
//! fields travel with the decision (R53, R62).

use domain::view::{ReasonRow, Refused};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;
use web_sys::{HtmlButtonElement, HtmlTextAreaElement};

use crate::ui::See;

/// What keeps a decision from being sent, as the server would say it. Only in the browser, so that
/// what was typed is not lost on the way.
fn on_submit(event: &SubmitEvent, note: NodeRef<html::Textarea>, fault: RwSignal<Option<&'static str>>) {
    let decision = event
        .submitter()
        .and_then(|element| element.dyn_into::<HtmlButtonElement>().ok())
        .map(|button| button.value())
        .unwrap_or_default();
    let form = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let (Some(form), Some(field)) = (form, note.get_untracked()) else { return };
    let has_note = !field.value().trim().is_empty();
    let missing = match decision.as_str() {
        "return" if !has_note && !has_remark(&form) => Some("请填写退回的理由，或至少对一个栏目提出意见"),
        "reject" if !has_note => Some("请填写不予通过的理由"),
        "approve" if has_unsigned(&form) => Some("请逐项确认审核清单后再通过"),
        _ => None,
    };
    fault.set(missing);
    if missing.is_some() {
        event.prevent_default();
        let _ = field.focus();
    }
}

fn has_remark(form: &web_sys::Element) -> bool {
    let Ok(boxes) = form.query_selector_all("input[name^='remark.'], input[name^='suggest.']") else {
        return false;
    };
    (0..boxes.length())
        .filter_map(|number| boxes.get(number)?.dyn_into::<web_sys::HtmlInputElement>().ok())
        .any(|remark| !remark.value().trim().is_empty())
}

/// A point of the list that is not confirmed.
fn has_unsigned(form: &web_sys::Element) -> bool {
    form.query_selector("input[name^='sign.']:not(:checked)").ok().flatten().is_some()
}

/// Puts the reason chosen in `#preset` under what is in the note; without scripts the server does it.
fn add_preset(select: &web_sys::HtmlSelectElement, note: &HtmlTextAreaElement) {
    let (preset, text) = (select.value(), note.value());
    if !preset.is_empty() && !text.contains(&preset) {
        let text = text.trim_end();
        note.set_value(&if text.is_empty() { preset } else { format!("{text}\n{preset}") });
    }
    // It stands in the note now and must not be sent a second time.
    select.set_value("");
}

#[component]
pub fn Decision(
    may_decide: Option<Refused>,
    may_approve: Option<Refused>,
    /// What approving does.
    effects: Vec<String>,
    sign_off: Vec<String>,
    reasons: Vec<ReasonRow>,
    /// What was written before and could not be sent.
    note: String,
    grounds: Vec<String>,
    remedy: String,
) -> impl IntoView {
    let is_open = may_decide.is_none();
    let left = (!is_open && !note.is_empty()).then(|| note.clone());
    let reason = may_decide.clone();
    view! {
        <aside class="decision" aria-labelledby="decision">
            <h2 id="decision">"审核决定"</h2>
            {(!effects.is_empty()).then(|| view! { <Effects effects/> })}
            {is_open.then(|| view! { <SignOff points=sign_off/> <Presets reasons/> <Note text=note/> <Grounds grounds remedy/> })}
            <div class="actions">
                <Button label="通过" value="approve" key="y" class="button button-primary" refused=may_approve.filter(|_| is_open) shut=!is_open/>
                <Button label="退回" value="return" key="t" class="button" shut=!is_open/>
                <Button label="不予通过" value="reject" key="x" class="button button-danger" shut=!is_open/>
            </div>
            {left.map(|words| view! {
                <p class="field-note">"您填写的审核意见没有发出："</p>
                <p class="timeline-note">{words}</p>
            })}
            {reason.map(|refused| view! { <p class="why" id="why-decide"><Why refused/></p> })}
        </aside>
    }
    .into_any()
}

/// 审核清单: what is confirmed before 【通过】.
#[component]
fn SignOff(points: Vec<String>) -> impl IntoView {
    let points = points
        .into_iter()
        .enumerate()
        .map(|(number, point)| {
            view! {
                <label class="choice">
                    <input type="checkbox" name=format!("sign.{number}") value="yes" autocomplete="off"/>
                    <span>{point}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="sign-off">
            <legend>"审核清单（通过前逐项确认）"</legend>
            <div class="choices choices-column">{points}</div>
        </fieldset>
    }
    .into_any()
}

/// The legal ground of a refusal, and what the applicant can do about it.
#[component]
fn Grounds(grounds: Vec<String>, remedy: String) -> impl IntoView {
    let options = grounds
        .into_iter()
        .map(|ground| {
            let text = ground.clone();
            view! { <option value=ground>{text}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <div class="field-label"><label for="ground">"不予通过的法律依据"</label></div>
            <p class="hint" id="ground-hint">{format!("不予通过时写入决定，并告知：{remedy}")}</p>
            <div class="control">
                <select class="input" id="ground" name="ground" autocomplete="off" aria-describedby="ground-hint">{options}</select>
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Effects(effects: Vec<String>) -> impl IntoView {
    view! {
        <p>"点击【通过】后："</p>
        <ul class="checks">
            {effects.into_iter().map(|effect| view! { <li>{effect}</li> }).collect_view()}
        </ul>
    }
    .into_any()
}

/// Ready sentences as the options of a list: what is chosen is the sentence, what is shown its name.
pub fn reason_options(reasons: Vec<ReasonRow>) -> impl IntoView {
    reasons
        .into_iter()
        .map(|reason| view! { <option value=reason.text>{reason.title}</option> })
        .collect_view()
}

/// Ready sentences for the note below.
#[component]
fn Presets(reasons: Vec<ReasonRow>) -> impl IntoView {
    let options = reason_options(reasons);
    view! {
        <div class="field">
            <div class="field-label"><label for="preset">"常用意见"</label></div>
            <div class="control">
                <select class="input" id="preset" name="preset" autocomplete="off">
                    <option value="">"请选择"</option>
                    {options}
                </select>
            </div>
            <p class="field-note no-js-only">"选中的意见会写在审核意见之前。"</p>
        </div>
    }
    .into_any()
}

#[cfg_attr(any(feature = "ssr", feature = "page-islands"), island)]
#[cfg_attr(not(any(feature = "ssr", feature = "page-islands")), component)]
fn Note(text: String) -> impl IntoView {
    let (note, fault) = (NodeRef::<html::Textarea>::new(), RwSignal::new(None));
    Effect::new(move |_| {
        let form = note.get().and_then(|note| note.form());
        if let Some(form) = form {
            let check = Closure::<dyn FnMut(SubmitEvent)>::new(move |event: SubmitEvent| {
                on_submit(&event, note, fault)
            });
            let _ = form.add_event_listener_with_callback("submit", check.as_ref().unchecked_ref());
            // The form lives as long as the page.
            check.forget();
            let preset = form.query_selector("#preset").ok().flatten();
            let choose = Closure::<dyn FnMut(leptos::ev::Event)>::new(move |event| {
                if let Some(note) = note.get_untracked() {
                    add_preset(&event_target::<web_sys::HtmlSelectElement>(&event), &note);
                    fault.set(None);
                }
            });
            if let Some(preset) = preset {
                let _ = preset.add_event_listener_with_callback("change", choose.as_ref().unchecked_ref());
            }
            choose.forget();
        }
    });
    view! {
        <div class="field" data-invalid=move || fault.get().map(|_| "")>
            <div class="field-label"><label for="note">"审核意见"</label></div>
            <p class="hint" id="note-hint">"申请人会看到。不予通过时必填；退回时也可以只对栏目写意见。"</p>
            <div class="control">
                <textarea
                    class="input"
                    id="note"
                    name="note"
                    rows="5"
                    maxlength="1000"
                    accesskey="m"
                    autocomplete="off"
                    node_ref=note
                    aria-invalid=move || fault.get().map(|_| "true")
                    aria-describedby="note-hint note-error"
                    inner_html=crate::ui::form::escape(&text)
                ></textarea>
            </div>
            <p class="error" id="note-error" hidden=move || fault.get().is_none()>{move || fault.get()}</p>
        </div>
    }
    .into_any()
}

/// A decision, or why it is not possible now (R79).
#[component]
fn Button(
    label: &'static str,
    value: &'static str,
    /// The access key.
    key: &'static str,
    class: &'static str,
    /// Why this one is not possible, though others are.
    #[prop(optional_no_strip)]
    refused: Option<Refused>,
    /// None of them is possible; the panel says why.
    shut: bool,
) -> impl IntoView {
    if shut {
        return view! {
            <button class=class type="button" aria-disabled="true" aria-describedby="why-decide">{label}</button>
        }
        .into_any();
    }
    match refused {
        None => view! { <button class=class type="submit" name="decision" value=value accesskey=key>{label}</button> }
            .into_any(),
        Some(refused) => {
            let why = format!("why-{value}");
            view! {
                <span class="unavailable">
                    <button class=class type="button" aria-disabled="true" aria-describedby=why.clone()>{label}</button>
                    <span class="why" id=why><Why refused/></span>
                </span>
            }
            .into_any()
        }
    }
}

/// A reason with the way to what it speaks of. The way leaves the page for good: what is typed here
/// belongs to this filing and must not turn up at another one.
#[component]
fn Why(refused: Refused) -> impl IntoView {
    let Refused { sentence, link } = refused;
    view! { {sentence}{link.map(|href| view! { <See href/> })} }
}
