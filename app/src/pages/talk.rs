//! 补充说明 on the pages of a filing: what an officer asks, and what the applicant answers. Plain posts throughout.

use domain::schema::Fault;
use domain::talk::{FIELD, FILES, LONGEST_ANSWER, LONGEST_QUESTION, MOST_FILES, TEXT};
use domain::view::{QuestionView, TalkView};
use leptos::prelude::*;

use crate::api::Answer;
use crate::pages::query::query_text;
use crate::ui::answered;
use crate::ui::form::{escape, file_name, readable_size};
use crate::ui::talk::{Thread, WaitingTag};

fn fault_at(faults: &[Fault], at: &str) -> Option<String> {
    faults.iter().find(|fault| fault.at == at).map(|fault| fault.message.clone())
}

/// What a control is described by: its hint, and what is wrong with it.
fn described(hint: &str, error: &str, is_wrong: bool) -> String {
    if is_wrong { format!("{hint} {error}") } else { hint.to_owned() }
}

// ---- the officer -------------------------------------------------------------------------------

/// The form that the controls of [`Talk`] belong to. It stands outside of every other form of the page; the controls
/// may stand anywhere.
#[component]
pub fn TalkForm(
    /// Of the filing.
    #[prop(into)]
    id: String,
) -> impl IntoView {
    let from = untrack(query_text("from"));
    view! {
        <form id="talk-form" method="post" action="/act/ask-question">
            <input type="hidden" name="filing" value=id autocomplete="off"/>
            <input type="hidden" name="from" value=from autocomplete="off"/>
        </form>
    }
    .into_any()
}

/// The thread of a filing on the desk, and what the officer who holds it can ask. Needs a [`TalkForm`] on the page.
#[component]
pub fn Talk(talk: Answer<TalkView>) -> impl IntoView {
    answered(talk, true, |talk| view! { <OfOfficer talk/> })
}

#[component]
fn OfOfficer(talk: TalkView) -> impl IntoView {
    let (waits, is_empty) = (talk.is_waiting(), talk.questions.is_empty());
    let TalkView { questions, refused, fields, typed, faults, .. } = talk;
    let may = refused.is_none();
    let act = Callback::new(move |question: QuestionView| {
        (may && question.end.is_none())
            .then(|| {
                view! {
                    <button class="button button-small" form="talk-form" formaction="/act/close-question" formnovalidate name="question" value=question.id aria-description=question.text>"无需补充"</button>
                }
            })
            .into_any()
    });
    view! {
        <section class="card talk-card" id="talk" aria-labelledby="talk-title">
            <div class="card-head"><h2 id="talk-title">"补充说明"</h2><WaitingTag waits/></div>
            {is_empty.then(|| view! { <p class="soft">"不退回即可向申请人提问；等待回复期间不计入审核时限，领取不会自动释放。"</p> })}
            <Thread questions act/>
            {match refused {
                Some(refused) => view! { <p class="soft">{refused.sentence}</p> }.into_any(),
                None => view! { <Ask fields field=typed.text(FIELD).to_owned() text=typed.text(TEXT).to_owned() faults is_open=is_empty/> }.into_any(),
            }}
        </section>
    }
    .into_any()
}

#[component]
fn Ask(
    fields: Vec<(String, String)>,
    field: String,
    text: String,
    faults: Vec<Fault>,
    /// Nothing was asked yet.
    is_open: bool,
) -> impl IntoView {
    let (wrong_field, wrong_text) = (fault_at(&faults, FIELD), fault_at(&faults, TEXT));
    let (invalid_field, invalid_text) = (wrong_field.is_some(), wrong_text.is_some());
    let is_open = is_open || !text.is_empty() || !faults.is_empty();
    let options = fields
        .into_iter()
        .map(|(at, name)| {
            let selected = at == field;
            view! { <option value=at selected=selected>{name}</option> }
        })
        .collect_view();
    view! {
        <details class="talk-ask no-print" open=is_open>
            <summary>"向申请人提问"</summary>
            <div class="field" data-invalid=invalid_field.then_some("")>
                <div class="field-label"><label for="talk-field">"所问项目"</label></div>
                <div class="control">
                    <select class="input" id="talk-field" name="field" form="talk-form" autocomplete="off">
                        <option value="">"总体情况"</option>
                        {options}
                    </select>
                </div>
                {wrong_field.map(|fault| view! { <p class="error">{fault}</p> })}
            </div>
            <div class="field" data-invalid=invalid_text.then_some("")>
                <div class="field-label"><label for="talk-text">"提问内容"</label></div>
                <p class="hint" id="talk-hint">{format!("4 至 {LONGEST_QUESTION} 个字，一个问题说一件事")}</p>
                <div class="control">
                    <textarea
                        class="input"
                        id="talk-text"
                        name="text"
                        form="talk-form"
                        rows="3"
                        required
                        minlength="4"
                        maxlength=LONGEST_QUESTION
                        aria-describedby=described("talk-hint", "talk-error", invalid_text)
                        aria-invalid=invalid_text.then_some("true")
                        autocomplete="off"
                        inner_html=escape(&text)
                    ></textarea>
                </div>
                {wrong_text.map(|fault| view! { <p class="error" id="talk-error">{fault}</p> })}
            </div>
            <div class="actions"><button class="button" form="talk-form">"发送提问"</button></div>
        </details>
    }
    .into_any()
}

// ---- the applicant -----------------------------------------------------------------------------

/// The thread of one's own filing, with a form to answer each question; nothing where nothing was asked.
#[component]
pub fn MyTalk(talk: Answer<TalkView>) -> impl IntoView {
    answered(talk, true, |talk| view! { <OfApplicant talk/> })
}

#[component]
fn OfApplicant(talk: TalkView) -> impl IntoView {
    if talk.questions.is_empty() {
        return ().into_any();
    }
    let waits = talk.is_waiting();
    let questions = talk.questions.clone();
    let may = talk.refused.is_none();
    let talk = StoredValue::new(talk);
    let act = Callback::new(move |question: QuestionView| match (may, question.end.is_some()) {
        (false, _) => ().into_any(),
        (true, false) => view! { <Reply question talk=talk.get_value()/> }.into_any(),
        (true, true) => {
            let is_held = talk.with_value(|talk| talk.typed.text("question") == question.id);
            view! {
                <details class="no-print" open=is_held>
                    <summary>"再补充"</summary>
                    <Reply question talk=talk.get_value()/>
                </details>
            }
            .into_any()
        }
    });
    view! {
        <section class="sheet talk-card" id="talk" aria-labelledby="talk-title" data-tone=waits.then_some("warning")>
            <div class="sheet-head"><h2 id="talk-title">"补充说明"</h2><WaitingTag waits/></div>
            {waits.then(|| view! { <p>"审核民警有问题需要您说明。请在下面回复，不必重新提交申请；回复之前审核暂停。"</p> })}
            <Thread questions act/>
        </section>
    }
    .into_any()
}

/// The form of an answer: words, files or both.
#[component]
fn Reply(question: QuestionView, talk: TalkView) -> impl IntoView {
    let id = question.id;
    let is_held = talk.typed.text("question") == id;
    let (text, faults, kept) = match is_held {
        true => (talk.typed.text(TEXT).to_owned(), talk.faults, talk.files),
        false => Default::default(),
    };
    let (wrong_text, wrong_files) = (fault_at(&faults, TEXT), fault_at(&faults, FILES));
    let (invalid_text, invalid_files) = (wrong_text.is_some(), wrong_files.is_some());
    let of = |part: &str| format!("{part}-{id}");
    let (words, words_hint, words_error) = (of("answer"), of("answer-hint"), of("answer-error"));
    let (files, files_hint, files_error) = (of("files"), of("files-hint"), of("files-error"));
    let kept = kept
        .into_iter()
        .map(|file| {
            let size = readable_size(file.size);
            view! {
                <label class="choice">
                    <input type="checkbox" name="kept" value=file.id checked autocomplete="off"/>
                    <span>{format!("{}（{size}，已上传）", file.name)}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <form class="talk-reply no-print" method="post" action="/act/answer-question" enctype="multipart/form-data">
            <input type="hidden" name="question" value=id.clone() autocomplete="off"/>
            <div class="field" data-invalid=invalid_text.then_some("")>
                <div class="field-label"><label for=words.clone()>"您的说明"</label></div>
                <p class="hint" id=words_hint.clone()>{format!("不超过 {LONGEST_ANSWER} 字，加密保存；只附文件时可以不填")}</p>
                <div class="control">
                    <textarea
                        class="input"
                        id=words
                        name="text"
                        rows="4"
                        maxlength=LONGEST_ANSWER
                        aria-describedby=described(&words_hint, &words_error, invalid_text)
                        aria-invalid=invalid_text.then_some("true")
                        autocomplete="off"
                        inner_html=escape(&text)
                    ></textarea>
                </div>
                {wrong_text.map(|fault| view! { <p class="error" id=words_error.clone()>{fault}</p> })}
            </div>
            <div class="field" data-invalid=invalid_files.then_some("")>
                <div class="field-label"><label for=files.clone()>"附上文件"</label></div>
                <p class="hint" id=files_hint.clone()>{format!("选填，图片或 pdf，最多 {MOST_FILES} 个，每个不超过 5 MB")}</p>
                <div class="control">
                    <input
                        class="input"
                        type="file"
                        id=files
                        name=file_name(FILES)
                        multiple
                        accept="image/png,image/jpeg,image/webp,application/pdf,.png,.jpg,.jpeg,.webp,.pdf"
                        aria-describedby=described(&files_hint, &files_error, invalid_files)
                        aria-invalid=invalid_files.then_some("true")
                    />
                </div>
                {kept}
                {wrong_files.map(|fault| view! { <p class="error" id=files_error.clone()>{fault}</p> })}
            </div>
            <div class="actions"><button class="button button-primary">"回复"</button></div>
        </form>
    }
    .into_any()
}
