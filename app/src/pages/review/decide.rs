//! 审核决定: one bar below papers and answers. It lies in the form of the whole page, so that remarks at fields travel
//! with the decision (R53, R62). Each way to decide stands beside what only it asks for.

use domain::view::{ReasonRow, Refused};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlButtonElement, HtmlElement, HtmlTextAreaElement};

use crate::ui::See;

const UNSIGNED: &str = "请逐项确认审核清单后再通过";

/// What keeps a decision from being sent, as the server would say it, at what causes it. Only in the browser, so that
/// what was typed is not lost on the way.
fn on_submit(event: &SubmitEvent, note: NodeRef<html::Textarea>, fault: RwSignal<Option<&'static str>>) {
    let button = event.submitter().and_then(|element| element.dyn_into::<HtmlButtonElement>().ok());
    let decision = button.map(|button| button.value()).unwrap_or_default();
    let form = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let (Some(form), Some(field)) = (form, note.get_untracked()) else { return };
    let has_note = !field.value().trim().is_empty();
    // Of what is approved alone, only its own list counts.
    let list = if decision == "together" { "" } else { "[data-own] " };
    let unsigned = form.query_selector(&format!(".sign-off {list}input:not(:checked)")).ok().flatten();
    let unsigned = unsigned.filter(|_| matches!(decision.as_str(), "approve" | "together"));
    let missing = match decision.as_str() {
        "return" if !has_note && !has_remark(&form) => Some("请填写退回的理由，或至少对一个栏目提出意见"),
        "reject" if !has_note => Some("请填写不予通过的理由"),
        _ => None,
    };
    fault.set(missing);
    if let Some(said) = form.query_selector("#sign-error").ok().flatten() {
        said.set_text_content(unsigned.as_ref().map(|_| UNSIGNED));
        let _ = said.toggle_attribute_with_force("hidden", unsigned.is_none());
    }
    let cause: Option<HtmlElement> = match (missing, unsigned) {
        (Some(_), _) => Some(field.into()),
        (None, Some(open)) => open.dyn_into().ok(),
        (None, None) => return,
    };
    event.prevent_default();
    if let Some(cause) = cause {
        let _ = cause.focus();
    }
}

fn has_remark(form: &Element) -> bool {
    let Ok(boxes) = form.query_selector_all("input[name^='remark.'], input[name^='suggest.']") else {
        return false;
    };
    (0..boxes.length())
        .filter_map(|number| boxes.get(number)?.dyn_into::<web_sys::HtmlInputElement>().ok())
        .any(|remark| !remark.value().trim().is_empty())
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

/// 一并通过, or why not now.
#[derive(Debug, Clone, PartialEq)]
pub struct Together {
    /// With the one the page is about.
    pub count: usize,
    pub refused: Option<Refused>,
}

#[component]
pub fn Decision(
    may_approve: Option<Refused>,
    /// What approving does.
    effects: Vec<String>,
    /// What is confirmed before approving this one …
    sign_off: Vec<String>,
    /// … and what the others of its bundle ask for beside.
    also: Vec<String>,
    /// None where nothing came in together.
    together: Option<Together>,
    reasons: Vec<ReasonRow>,
    /// What was written before and could not be sent.
    note: String,
    grounds: Vec<String>,
    remedy: String,
) -> impl IntoView {
    view! {
        <section class="decision" aria-labelledby="decision">
            <h2 id="decision" class="visually-hidden">"审核决定"</h2>
            <SignOff points=sign_off also effects together/>
            <div class="decision-bar">
                <Note text=note reasons/>
                <div class="decision-ways">
                    <Button label="通过" value="approve" key="y" class="button button-primary" refused=may_approve/>
                    <Button label="退回" value="return" key="t" class="button"/>
                    <Grounds grounds remedy/>
                    <Button label="不予通过" value="reject" key="x" class="button button-danger"/>
                </div>
            </div>
        </section>
    }
    .into_any()
}

/// Why nothing is decided here, with the words that could not be sent.
#[component]
pub fn Undecidable(refused: Refused, note: String) -> impl IntoView {
    view! {
        <section class="decision" aria-labelledby="decision">
            <h2 id="decision" class="visually-hidden">"审核决定"</h2>
            <p class="why"><Why refused/></p>
            {(!note.is_empty()).then(|| view! {
                <p class="field-note">"您填写的审核意见没有发出："</p>
                <p class="timeline-note">{note}</p>
            })}
        </section>
    }
    .into_any()
}

/// 审核清单: what is confirmed before 【通过】, and what 【一并通过】 asks for beside.
#[component]
fn SignOff(
    points: Vec<String>,
    also: Vec<String>,
    effects: Vec<String>,
    together: Option<Together>,
) -> impl IntoView {
    let count = points.len() + also.len();
    let own = points.into_iter().enumerate().map(|(number, point)| {
        view! { <Point name=format!("sign.{number}") value="yes".to_owned() point is_own=true/> }
    });
    let also = also.into_iter().enumerate().map(|(number, point)| {
        view! { <Point name=format!("also.{number}") value=point.clone() point=format!("{point}（一并通过的业务）") is_own=false/> }
    });
    let points = own.chain(also).collect_view();
    let effects = format!("【通过】后：{}", effects.join("；"));
    view! {
        <fieldset class="sign-off">
            <legend>"审核清单（通过前逐项确认）"</legend>
            <div class="sign-ways">
                <button type="button" class="link js-only" data-confirm-all="">{format!("全部 {count} 项均已确认")}</button>
                {together.map(|together| view! { <ApproveTogether together/> })}
            </div>
            <p class="error" id="sign-error" role="alert" hidden></p>
            <div class="sign-list">{points}</div>
            <p class="soft sign-effects">{effects}</p>
        </fieldset>
    }
    .into_any()
}

#[component]
fn Point(name: String, value: String, point: String, is_own: bool) -> impl IntoView {
    view! {
        <label class="choice" data-own=is_own.then_some("")>
            <input type="checkbox" name=name value=value autocomplete="off" aria-describedby="sign-error"/>
            <span>{point}</span>
        </label>
    }
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
        <div class="decision-ground">
            <label for="ground" class="visually-hidden">"不予通过的法律依据"</label>
            <select class="input" id="ground" name="ground" autocomplete="off" aria-describedby="ground-hint">{options}</select>
            <p class="visually-hidden" id="ground-hint">{format!("不予通过时写入决定，并告知：{remedy}")}</p>
        </div>
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

#[component]
fn Note(text: String, reasons: Vec<ReasonRow>) -> impl IntoView {
    view! {
        <div class="decision-words">
            <div class="decision-preset">
                <label for="preset">"常用意见"</label>
                <select class="input" id="preset" name="preset" autocomplete="off">
                    <option value="">"请选择"</option>
                    {reason_options(reasons)}
                </select>
                <p class="field-note no-js-only">"选中的意见会写在审核意见之前。"</p>
            </div>
            <Words text/>
        </div>
    }
    .into_any()
}

#[cfg_attr(any(feature = "ssr", feature = "page-islands"), island)]
#[cfg_attr(not(any(feature = "ssr", feature = "page-islands")), component)]
fn Words(text: String) -> impl IntoView {
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
            <p class="visually-hidden" id="note-hint">"申请人会看到。不予通过时必填；退回时也可以只对栏目写意见。"</p>
            <div class="control">
                <textarea
                    class="input"
                    id="note"
                    name="note"
                    rows="1"
                    maxlength="1000"
                    accesskey="m"
                    autocomplete="off"
                    placeholder="申请人会看到；退回时也可以只对栏目写意见"
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

/// A way to decide, or why it is not possible now (R79).
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
) -> impl IntoView {
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

#[component]
fn ApproveTogether(together: Together) -> impl IntoView {
    let Together { count, refused } = together;
    let label = format!("一并通过 {count} 件");
    match refused {
        None => view! {
            <button class="button button-primary" type="submit" name="decision" value="together" accesskey="a">{label}</button>
        }
        .into_any(),
        Some(refused) => view! { <p class="why">"不能一并通过："<Why refused/></p> }.into_any(),
    }
}

/// A reason with the way to what it speaks of. The way leaves the page for good: what is typed here
/// belongs to this filing and must not turn up at another one.
#[component]
fn Why(refused: Refused) -> impl IntoView {
    let Refused { sentence, link } = refused;
    view! { {sentence}{link.map(|href| view! { <See href/> })} }
}
