//! The identity check as a form (R22, R24, R36). It is posted whole, with its file, and comes back with what is
//! wrong; only 【获取验证码】 works without leaving the page.

use std::collections::BTreeMap;

use domain::answer::Answers;
use domain::business::Business;
use domain::business::identity::{self, CANCEL_STATEMENT};
use domain::dictionary::CANCEL_REASON;
use domain::route;
use domain::schema::Form;
use domain::view::{CodeSent, IdentityPurpose, IdentityView};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::ui::form::{FileChoice, escape, field_id, file_name, readable_size};

fn form_of(purpose: IdentityPurpose) -> &'static Form {
    match purpose {
        IdentityPurpose::Cancel => &identity::CANCEL,
        IdentityPurpose::Transfer => &identity::TRANSFER,
    }
}

/// What every question of the form shares.
#[derive(Clone, Copy)]
struct Check<'a> {
    form: &'static Form,
    answers: &'a Answers,
    faults: &'a BTreeMap<String, String>,
}

/// What a control must know of its question.
struct Parts {
    id: String,
    name: &'static str,
    label: &'static str,
    text: String,
    placeholder: Option<&'static str>,
    required: Option<&'static str>,
    described: Option<String>,
    invalid: Option<&'static str>,
}

#[component]
pub fn IdentityForm(
    purpose: IdentityPurpose,
    business: Business,
    record: String,
    identity: IdentityView,
    /// In a dialog, which says 身份验证 itself; 【取消】 leads here.
    back: Option<String>,
) -> impl IntoView {
    let is_dialog = back.is_some();
    let (action, code) = match purpose {
        IdentityPurpose::Cancel => ("/act/cancel", "cancel"),
        IdentityPurpose::Transfer => ("/act/transfer", "transfer"),
    };
    let (submit, class) = match (purpose, is_dialog) {
        (IdentityPurpose::Transfer, _) => ("移交", "button button-primary"),
        (IdentityPurpose::Cancel, false) => ("注销", "button button-danger"),
        (IdentityPurpose::Cancel, true) => ("确认", "button button-primary"),
    };
    let faults: BTreeMap<String, String> =
        identity.faults.iter().map(|fault| (fault.at.clone(), fault.message.clone())).collect();
    let check = Check { form: form_of(purpose), answers: &identity.answers, faults: &faults };
    // A dialog gives the focus to its first control otherwise, which is the hidden button.
    let begins = is_dialog && faults.is_empty();
    let questions = questions(check, purpose, &record, &identity, begins);
    let summary = summary(check);
    let IdentityView { locked, key, .. } = identity;
    let sends_business = purpose == IdentityPurpose::Cancel;
    view! {
        <form class="form" method="post" action=action enctype="multipart/form-data" novalidate>
            // What Enter presses: the first button of a form, which must not be 获取验证码.
            <button class="visually-hidden" tabindex="-1" aria-hidden="true"></button>
            <input type="hidden" name="purpose" value=code/>
            {sends_business.then(|| view! { <input type="hidden" name="business" value=business.code()/> })}
            <input type="hidden" name="record" value=record/>
            <input type="hidden" name="key" value=key/>
            {locked.map(|sentence| view! { <div class="banner" role="alert" data-tone="danger"><p>{sentence}</p></div> })}
            {summary}
            {if is_dialog {
                view! { <div class="fields">{questions}</div> }.into_any()
            } else {
                view! {
                    <fieldset class="section">
                        <legend>"身份验证"</legend>
                        <div class="fields">{questions}</div>
                    </fieldset>
                }
                .into_any()
            }}
            {sends_business.then(|| view! { <Statement/> })}
            <div class="actions">
                <button class=class>{submit}</button>
                {back.map(|href| view! { <a class="button" href=href>"取消"</a> })}
            </div>
        </form>
    }
    .into_any()
}

/// What is asked for this purpose, in the order of the manual.
fn questions(
    check: Check,
    purpose: IdentityPurpose,
    record: &str,
    identity: &IdentityView,
    begins: bool,
) -> AnyView {
    let middle_four = question(check, identity::MIDDLE_FOUR, |parts| {
        view! {
            <div class="control gapped">
                <span>{identity.mobile_head.clone()}</span>
                {line(parts, Look { class: "input w-4", inputmode: "numeric", most: Some(4), ..PLAIN })}
                <span>{identity.mobile_tail.clone()}</span>
            </div>
        }
        .into_any()
    });
    let sms_code = code_question(check, purpose, record.to_owned(), identity.wait_seconds);
    match purpose {
        IdentityPurpose::Cancel => {
            let file = identity.files.values().next();
            let file = file.map(|file| (file.id.clone(), file.name.clone(), file.size));
            view! {
                {question(check, identity::NAME, |parts| boxed(line(parts, Look { begins, ..PLAIN })))}
                {middle_four}
                {sms_code}
                {reason(check)}
                {attachment(check, file)}
            }
            .into_any()
        }
        IdentityPurpose::Transfer => view! {
            {middle_four}
            {question(check, identity::RECEIVER_MOBILE, |parts| {
                boxed(line(parts, Look { class: "input w-18", inputmode: "tel", ..PLAIN }))
            })}
            {question(check, identity::RECEIVER_ID_NO, |parts| {
                boxed(line(parts, Look { class: "input w-18", ..PLAIN }))
            })}
            {sms_code}
        }
        .into_any(),
    }
}

/// 特别声明 of a cancellation (R22)
#[component]
fn Statement() -> impl IntoView {
    view! {
        <aside class="notice" data-tone="info" aria-labelledby="statement">
            <h2 id="statement">"特别声明"</h2>
            <ol>{CANCEL_STATEMENT.iter().map(|point| view! { <li>{*point}</li> }).collect_view()}</ol>
        </aside>
    }
    .into_any()
}

/// The faults in the order of the page, each a link to its field.
fn summary(check: Check) -> Option<AnyView> {
    let order: Vec<String> = check.form.places(check.answers).map(|place| place.address()).collect();
    let mut faults: Vec<(&String, &String)> = check.faults.iter().collect();
    faults.sort_by_key(|(at, _)| order.iter().position(|known| known == *at));
    (!faults.is_empty()).then(|| {
        view! {
            <div class="error-summary" role="alert" tabindex="-1" id="errors" autofocus>
                <h2>{format!("有 {} 处需要修改", faults.len())}</h2>
                <ul>
                    {faults
                        .into_iter()
                        .map(|(at, message)| {
                            let message = message.clone();
                            if at.is_empty() {
                                view! { <li>{message}</li> }.into_any()
                            } else {
                                view! { <li><a href=format!("#{}", field_id(at)) rel="external">{message}</a></li> }.into_any()
                            }
                        })
                        .collect_view()}
                </ul>
            </div>
        }
        .into_any()
    })
}

// ---- questions -----------------------------------------------------------------------------------

/// One question: label, hint, control, fault.
fn question(check: Check, at: &'static str, control: impl FnOnce(Parts) -> AnyView) -> AnyView {
    let Some(place) = check.form.place(at) else { return ().into_any() };
    let field = place.field;
    let id = field_id(at);
    let is_required = place.is_required(check.answers);
    let is_wide = field.width == domain::schema::Width::Full;
    // A box of four figures has no room for its placeholder.
    let is_narrow = at == identity::MIDDLE_FOUR;
    let hint = if is_narrow { field.placeholder } else { field.hint };
    let fault = check.faults.get(at).cloned();
    let invalid = fault.as_ref().map(|_| "true");
    let mut described = Vec::new();
    if !hint.is_empty() {
        described.push(format!("{id}-hint"));
    }
    if fault.is_some() {
        described.push(format!("{id}-error"));
    }
    let parts = Parts {
        id: id.clone(),
        name: at,
        label: field.label,
        text: check.answers.text(at).to_owned(),
        placeholder: (!is_narrow && !field.placeholder.is_empty()).then_some(field.placeholder),
        required: is_required.then_some("true"),
        described: (!described.is_empty()).then(|| described.join(" ")),
        invalid,
    };
    view! {
        <div class="field" class:field-wide=is_wide data-invalid=invalid.map(|_| "")>
            <div class="field-label">
                {is_required.then(|| view! { <span class="star" aria-hidden="true">"*"</span> })}
                <label for=id.clone()>{field.label}</label>
                {is_required.then(|| view! { <span class="visually-hidden">"必填"</span> })}
            </div>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> })}
            {control(parts)}
            {fault.map(|message| view! { <p class="error" id=format!("{id}-error")>{message}</p> })}
        </div>
    }
    .into_any()
}

fn boxed(control: AnyView) -> AnyView {
    view! { <div class="control">{control}</div> }.into_any()
}

/// How a line looks and what a telephone offers for it.
struct Look {
    class: &'static str,
    inputmode: &'static str,
    autocomplete: &'static str,
    most: Option<u32>,
    /// Takes the focus of the page.
    begins: bool,
}

const PLAIN: Look =
    Look { class: "input", inputmode: "text", autocomplete: "off", most: None, begins: false };

fn line(parts: Parts, look: Look) -> AnyView {
    let Parts { id, name, text, placeholder, required, described, invalid, .. } = parts;
    view! {
        <input
            class=look.class
            type="text"
            inputmode=look.inputmode
            autocomplete=look.autocomplete
            maxlength=look.most.map(|most| most.to_string())
            id=id
            name=name
            value=text
            autofocus=look.begins
            placeholder=placeholder
            spellcheck="false"
            aria-required=required
            aria-invalid=invalid
            aria-describedby=described
        />
    }
    .into_any()
}

/// 短信验证码 with 【获取验证码】 (R72).
fn code_question(check: Check, purpose: IdentityPurpose, record: String, wait_seconds: u64) -> AnyView {
    question(check, identity::SMS_CODE, |parts| {
        view! {
            <div class="control joined">
                {line(parts, Look { inputmode: "numeric", autocomplete: "one-time-code", ..PLAIN })}
                <SendCode purpose record wait_seconds/>
            </div>
        }
        .into_any()
    })
}

/// 【获取验证码】: without wasm it posts the form to the sender; with wasm it sends in place and counts down.
#[cfg_attr(any(feature = "ssr", feature = "page-islands"), island)]
#[cfg_attr(not(any(feature = "ssr", feature = "page-islands")), component)]
fn SendCode(purpose: IdentityPurpose, record: String, wait_seconds: u64) -> impl IntoView {
    let left = RwSignal::new(0_u64);
    let said = RwSignal::new(None::<(&'static str, String)>);
    let is_busy = RwSignal::new(false);
    let record = StoredValue::new(record);
    // The server's page counts nothing down: without wasm the button stays as it is.
    Effect::new(move |_| {
        left.set(wait_seconds);
        let beat = set_interval_with_handle(
            move || {
                if left.get_untracked() > 0 {
                    left.update(|left| *left -= 1);
                }
            },
            std::time::Duration::from_secs(1),
        );
        if let Ok(beat) = beat {
            on_cleanup(move || beat.clear());
        }
    });
    let waits = Memo::new(move |_| left.get() > 0);
    let send = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        if waits.get_untracked() {
            said.set(Some(("warning", format!("请 {} 秒后再获取验证码", left.get_untracked()))));
            return;
        }
        is_busy.set(true);
        spawn_local(async move {
            let outcome = api::send_identity_code(purpose, record.get_value()).await;
            // The page may be gone by now.
            if is_busy.try_set(false).is_some() {
                return;
            }
            let (tone, sentence) = match outcome {
                Ok(CodeSent { mobile, wait_seconds }) => {
                    left.set(wait_seconds);
                    ("ok", format!("验证码已发送至 {mobile}，5 分钟内有效。"))
                }
                Err(ApiError::TooMany(seconds @ 0..=60)) => {
                    left.set(seconds);
                    ("warning", format!("请 {seconds} 秒后再获取验证码"))
                }
                Err(ApiError::TooMany(seconds)) => {
                    let hours = seconds.div_ceil(3600);
                    ("warning", format!("今日获取验证码的次数已达上限，请 {hours} 小时后再试"))
                }
                Err(error) => ("warning", error.sentence()),
            };
            said.set(Some((tone, sentence)));
        });
    };
    view! {
        <button
            class="button"
            type="submit"
            formaction="/act/send-code"
            aria-disabled=move || waits.get().then_some("true")
            aria-busy=move || is_busy.get().then_some("true")
            aria-describedby=COUNTDOWN
            on:click=send
        >"获取验证码"</button>
        // Always there, so that readers hear what is put into it.
        <p
            role="status"
            class=move || if said.with(Option::is_some) { "field-note" } else { "visually-hidden" }
            data-tone=move || said.get().map(|(tone, _)| tone)
        >
            {move || said.get().map(|(_, sentence)| sentence)}
        </p>
        <p class="field-note figures" id=COUNTDOWN>
            {move || waits.get().then(|| format!("{} 秒后可重新获取", left.get()))}
        </p>
    }
    .into_any()
}

const COUNTDOWN: &str = "f-identity-sms_code-countdown";

/// 注销原因: an offered one, one's own words, or both; they are joined where the form arrives.
fn reason(check: Check) -> AnyView {
    view! {
        <div class="field field-wide">
            <div class="field-label"><label for="f-identity-preset">"常用原因"</label></div>
            <div class="control">
                <select class="input w-18" id="f-identity-preset" name="preset" autocomplete="off">
                    <option value="">"请选择"</option>
                    {CANCEL_REASON
                        .iter()
                        .filter(|choice| !choice.retired)
                        .map(|choice| view! { <option value=choice.code>{choice.label}</option> })
                        .collect_view()}
                </select>
            </div>
        </div>
        {question(check, identity::REASON, |parts| {
            let Parts { id, name, text, placeholder, required, described, invalid, .. } = parts;
            boxed(view! {
                <textarea
                    class="input"
                    rows="4"
                    id=id
                    name=name
                    placeholder=placeholder
                    spellcheck="false"
                    aria-required=required
                    aria-invalid=invalid
                    aria-describedby=described
                    inner_html=escape(&text)
                ></textarea>
            }.into_any())
        })}
    }
    .into_any()
}

/// 附件说明: travels with the form (R71); what the server has already (id, name, size) is kept by its id.
fn attachment(check: Check, stored: Option<(String, String, u64)>) -> AnyView {
    question(check, identity::ATTACHMENT, |parts| {
        let Parts { id, name, label, described, invalid, .. } = parts;
        let input_id = id.clone();
        let has_stored = stored.is_some();
        let (look, pick) = if has_stored { ("done", "重新上传") } else { ("empty", "选择文件") };
        let (picture, state) = match stored {
            None => (
                view! { <div class="upload-picture"><span class="icon icon-file" aria-hidden="true"></span></div> }
                    .into_any(),
                view! { <p class="upload-state">"pdf，不超过 5 MB"</p> }.into_any(),
            ),
            Some((file, file_name, size)) => (
                view! {
                    <input type="hidden" name=name value=file.clone()/>
                    <a class="upload-picture" href=route::file(&file) target="_blank" rel="noopener external">
                        <span class="icon icon-file" aria-hidden="true"></span>
                        <span class="visually-hidden">{format!("{label}预览")}</span>
                    </a>
                }
                .into_any(),
                view! {
                    <p class="upload-name">{file_name}</p>
                    <p class="upload-state">{format!("{}，已上传", readable_size(size))}</p>
                }
                .into_any(),
            ),
        };
        view! {
            <div class="control upload" data-state=look>
                {picture}
                <div class="upload-body">
                    {state}
                    <div class="upload-actions">
                        <label class="upload-pick" for=input_id aria-hidden="true">{pick}</label>
                        <FileChoice
                            id
                            name=file_name(name)
                            label=label.to_owned()
                            is_invalid=invalid.is_some()
                            described
                        />
                        {has_stored.then(|| view! {
                            <button
                                class="button button-small button-quiet"
                                name="go"
                                value=format!("drop:{name}")
                                aria-label=format!("删除{label}")
                            >"删除"</button>
                        })}
                    </div>
                </div>
            </div>
        }
        .into_any()
    })
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use domain::schema::fault;
    use domain::view::FileView;

    use super::*;

    fn html(purpose: IdentityPurpose, identity: IdentityView, back: Option<&str>) -> String {
        let (business, record, back) = (Business::Website, "r-1".to_owned(), back.map(str::to_owned));
        let page =
            Owner::new().with(|| view! { <IdentityForm purpose business record identity back/> }.to_html());
        // Marks between texts, for the browser that takes the page up.
        page.replace("<!>", "")
    }

    fn identity() -> IdentityView {
        IdentityView {
            mobile_head: "181".to_owned(),
            mobile_tail: "1234".to_owned(),
            wait_seconds: 40,
            key: "k-1".to_owned(),
            ..IdentityView::default()
        }
    }

    /// R22, R24: the label of every question leads to its control, and every control is in the post.
    #[test]
    fn every_question_has_a_label_tied_to_its_control() {
        for purpose in [IdentityPurpose::Cancel, IdentityPurpose::Transfer] {
            let page = html(purpose, identity(), None);
            for place in form_of(purpose).places(&Answers::new()) {
                let at = place.address();
                let id = field_id(&at);
                let label = format!("<label for=\"{id}\">{}</label>", place.field.label);
                assert!(page.contains(&label), "{label} in {page}");
                assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
                let name = if at == identity::ATTACHMENT { file_name(&at) } else { at };
                assert_eq!(page.matches(&format!(" name=\"{name}\"")).count(), 1, "{name}");
            }
            assert!(page.contains("<span>181</span>") && page.contains("<span>1234</span>"), "{page}");
        }
    }

    /// Enter presses the first button of a form.
    #[test]
    fn enter_does_not_send_a_code() {
        let page = html(IdentityPurpose::Cancel, identity(), Some("/website/cancel"));
        let first = page.find("<button").unwrap();
        let code = page.find("formaction=\"/act/send-code\"").unwrap();
        assert!(!page[first..code].split("</button>").next().unwrap().contains("formaction"), "{page}");
    }

    /// R36: 确认 and 取消 in the dialog, 注销 and 移交 on the pages.
    #[test]
    fn the_button_says_what_it_does() {
        let dialog = html(IdentityPurpose::Cancel, identity(), Some("/website/cancel"));
        assert!(dialog.contains(">确认</button>") && dialog.contains("href=\"/website/cancel\""), "{dialog}");
        assert!(!dialog.contains("<legend>"), "{dialog}");
        for (purpose, word) in [(IdentityPurpose::Cancel, "注销"), (IdentityPurpose::Transfer, "移交")] {
            let page = html(purpose, identity(), None);
            assert!(page.contains(&format!(">{word}</button>")), "{page}");
            assert!(page.contains("<legend>身份验证</legend>"), "{page}");
        }
    }

    #[test]
    fn what_was_typed_and_what_is_wrong_with_it_come_back() {
        let mut view = identity();
        view.answers =
            Answers::from([(identity::REASON, "</textarea><script>"), (identity::ATTACHMENT, "f-1")]);
        view.faults = vec![fault(identity::SMS_CODE, "验证码不正确"), fault(identity::NAME, "姓名不一致")];
        let file = FileView {
            id: "f-1".to_owned(),
            name: "说明.pdf".to_owned(),
            size: 2048,
            is_picture: false,
            warnings: Vec::new(),
        };
        view.files.insert("f-1".to_owned(), file);
        let page = html(IdentityPurpose::Cancel, view, None);
        assert!(page.contains("&lt;/textarea&gt;&lt;script&gt;"), "{page}");
        assert!(!page.contains("<script>"), "{page}");
        assert!(page.contains("有 2 处需要修改"), "{page}");
        // In the order of the page.
        let (name, code) =
            (page.find("#f-identity-name").unwrap(), page.find("#f-identity-sms_code").unwrap());
        assert!(name < code, "{page}");
        assert!(
            page.contains("name=\"identity.attachment\" value=\"f-1\"") && page.contains("说明.pdf"),
            "{page}"
        );
        assert!(page.contains("value=\"drop:identity.attachment\""), "{page}");
    }
}
