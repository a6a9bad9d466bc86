//! 补充说明: questions of officers with their answers, as a thread and at the fields they are about.

use domain::route;
use domain::talk::WAITING;
use domain::view::{AnswerView, FileView, QuestionView};
use leptos::prelude::*;

use crate::ui::form::row_id;

/// The questions of the filing whose sheet is drawn: a page provides them, and each row shows its own.
#[derive(Debug, Clone)]
pub struct Asked(pub Vec<QuestionView>);

/// 待补充说明, in lists and beside titles.
#[component]
pub fn WaitingTag(waits: bool) -> impl IntoView {
    waits.then(|| view! { <span class="badge" data-tone="warning">{WAITING}</span> })
}

/// A thread, the oldest question first. `act` draws what can be done about a question.
#[component]
pub fn Thread(questions: Vec<QuestionView>, act: Callback<QuestionView, AnyView>) -> impl IntoView {
    let rows = questions
        .into_iter()
        .map(|question| {
            let QuestionView { id, field, label, who, at, text, end, answers } = question.clone();
            let (said, is_open) = (format!("question-{id}"), end.is_none());
            view! {
                <li data-open=is_open.then_some("")>
                    <p class="talk-head">
                        {match label.is_empty() {
                            true => view! { <b>"总体情况"</b> }.into_any(),
                            false => view! { <a href=format!("#{}", row_id(&field))><b>{label}</b></a> }.into_any(),
                        }}
                        " "<span class="soft">{who}" "<time class="figures">{at}</time></span>" "
                        <span class="tag">{end.map_or("等待回复", |end| end.label())}</span>
                    </p>
                    <p class="said" id=said>{text}</p>
                    {answers.into_iter().map(|answer| view! { <Answer answer/> }).collect_view()}
                    {act.run(question)}
                </li>
            }
        })
        .collect_view();
    view! { <ol class="talk">{rows}</ol> }.into_any()
}

#[component]
fn Answer(answer: AnswerView) -> impl IntoView {
    let AnswerView { at, text, files } = answer;
    view! {
        <div class="talk-answer">
            <p class="talk-head"><b>"申请人"</b>" "<time class="figures soft">{at}</time></p>
            {(!text.is_empty()).then(|| view! { <p class="said">{text}</p> })}
            <Files files/>
        </div>
    }
    .into_any()
}

/// Files as links by their names: opening one is written down.
#[component]
fn Files(files: Vec<FileView>) -> impl IntoView {
    (!files.is_empty())
        .then(|| {
            let links = files
                .into_iter()
                .map(|file| {
                    let icon = if file.is_picture { "icon icon-image" } else { "icon icon-file" };
                    view! {
                        <li>
                            <span class=icon aria-hidden="true"></span>
                            <a href=route::file(&file.id) target="_blank" rel="noopener external">{file.name}</a>
                        </li>
                    }
                })
                .collect_view();
            view! { <ul class="talk-files">{links}</ul> }
        })
        .into_any()
}

/// Whether something was asked about a field.
pub fn is_asked(at: &str) -> bool {
    use_context::<Asked>().is_some_and(|Asked(all)| all.iter().any(|question| question.field == at))
}

/// What was asked about a field and answered, at the field; nothing where nothing was.
pub fn asked_at(at: &str) -> AnyView {
    let Some(Asked(all)) = use_context::<Asked>() else { return ().into_any() };
    all.into_iter()
        .filter(|question| question.field == at)
        .map(|question| {
            let state = question.end.map_or("等待回复", |end| end.label());
            let answers = question
                .answers
                .into_iter()
                .map(|answer| {
                    let files = match answer.files.len() {
                        0 => String::new(),
                        count => format!("（附 {count} 个文件）"),
                    };
                    view! { <p class="said"><b>"答"</b>"："{answer.text}{files}</p> }
                })
                .collect_view();
            view! {
                <div class="asked">
                    <p class="said"><b>"问"</b>"："{question.text}" "<a class="tag" href="#talk">{state}</a></p>
                    {answers}
                </div>
            }
        })
        .collect_view()
        .into_any()
}
