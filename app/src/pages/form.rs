//! 新增主体, 变更主体, 新办网站申请 …: one page for every procedure that has a form.

use domain::action::Action;
use domain::business::Business;
use domain::guide::{Paper, Preparation, preparations};
use domain::procedure::Procedure;
use domain::progress::returned_sentence;
use domain::route;
use domain::schema::{Body, Form, Step};
use domain::sheet::{Change as Difference, Sheet};
use domain::view::{DraftHead, FilingRow, FormRequest, FormView, OfferedReturn, StepState};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::finder::FinderDialog;
use crate::api::{self, ApiError};
use crate::ui::dialog::Dialog;
use crate::ui::form::{Letter, Statement, StepForm, field_id, step_href, step_path};
use crate::ui::sheet::{ChangesTable, SheetView, shown};
use crate::ui::{PageHead, PostButton, Problem, RecordBadge, See, StateBeside, Waiting, with_state};

/// Rows of the comparison on one page (R19).
const CHANGES_PER_PAGE: usize = 10;

#[component]
pub fn New() -> impl IntoView {
    view! { <FormPage action=Action::New/> }
}

#[component]
pub fn Change() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    // Beyond the subject, what to change is chosen from a list first (R35).
    let lists = Memo::new(move |_| {
        let business = params.with(|params| params.get("business")).unwrap_or_default();
        let (has_record, has_draft) =
            query.with(|query| (query.get("record").is_some(), query.get("draft").is_some()));
        (business != "subject" && !has_record && !has_draft).then(|| Business::from_code(&business)).flatten()
    });
    move || match lists.get() {
        Some(business) => {
            view! { <super::records::Choose procedure=Procedure::new(business, Action::Change)/> }.into_any()
        }
        None => view! { <FormPage action=Action::Change/> }.into_any(),
    }
}

#[component]
fn FormPage(action: Action) -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let request = Memo::new(move |_| {
        let business =
            params.with(|params| params.get("business")).and_then(|code| Business::from_code(&code))?;
        let form = business.form();
        let step = params.with(|params| params.get("step"));
        let step = match step {
            None => form.steps.first()?,
            Some(step) => form.step(&step)?,
        };
        Some(query.with(|query| FormRequest {
            procedure: Procedure::new(business, action).code(),
            step: step.key.to_owned(),
            draft: query.get("draft").filter(|id| !id.is_empty()),
            record: query.get("record").filter(|id| !id.is_empty()),
            fresh: query.get("fresh").is_some(),
            check: query.get("check").is_some(),
            review: query.get("review").is_some(),
            find: super::finder::request_of(query),
        }))
    });
    let view = Resource::new(
        move || request.get(),
        |request| async move {
            match request {
                Some(request) => api::form_view(request).await,
                None => Err(ApiError::NotFound),
            }
        },
    );
    view! {
        <Transition fallback=Waiting>
            {Suspend::new(async move {
                match view.await {
                    Ok(view) => view! { <Loaded view/> }.into_any(),
                    Err(error) => view! { <Problem error/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Loaded(view: FormView) -> impl IntoView {
    let query = use_query_map();
    let procedure = view.procedure;
    let form = procedure.business.form();
    let Some(step) = form.step(&view.step) else {
        return view! { <Problem error=ApiError::NotFound/> }.into_any();
    };
    let state = view.record_state;
    let question =
        view.offered_draft.clone().map(|draft| view! { <DraftQuestion procedure draft view=view.clone()/> });
    let compares = query.with_untracked(|query| query.get("compare").is_some());
    let changes = view.changes.clone().filter(|_| compares);
    let subject_step = matches!(step.body, Body::Subject).then(|| view! { <SubjectStep view=view.clone()/> });
    let steps = (form.steps.len() > 1).then(|| view! { <StepBar form step view=view.clone()/> });
    let summary = view.summary.clone().map(|sheet| {
        let view = view.clone();
        let edit = Callback::new(move |step: String| {
            step_href(&view, &step, view.draft.as_ref().map(|draft| draft.id.as_str()))
        });
        view! { <h2 class="visually-hidden">"填报内容"</h2> <SheetView sheet edit/> }
    });
    let refused = view.refused.clone();
    // A form of one step has its answers on the page already, unless they are to be looked at once more.
    let is_reviewed = summary.is_some() && form.steps.len() == 1;
    let is_open = view.is_open && !is_reviewed;
    let is_begun = view.draft.is_some() || procedure.action != Action::New;
    let is_at_start = is_open && !is_begun && form.steps.first().is_some_and(|first| first.key == step.key);
    view! {
        <PageHead
            above=vec![(procedure.business.definition().menu, route::SERVICES)]
            title=procedure.label()
            whole=with_state(procedure.label(), state)
            beside=move || state.map(|state| view! { <StateBeside state/> })
        />
        {question}
        {view.offered_return.clone().map(|offered| view! { <ReturnQuestion offered path=step_path(&view, step.key)/> })}
        {refused.map(|refused| view! {
            <aside class="notice" data-tone="warning" aria-label="暂不能提交">
                <p>{refused.sentence}{refused.link.map(|href| view! { <See href/> })}</p>
            </aside>
        })}
        {(view.general_remark.is_some() || !view.remarks.is_empty()).then(|| view! { <Points form view=view.clone()/> })}
        {(!view.along.is_empty()).then(|| view! { <Along rows=view.along.clone()/> })}
        {steps}
        {is_at_start.then(|| view! { <Ready business=procedure.business/> })}
        {subject_step}
        {summary.is_some().then(|| {
            let button = if is_reviewed { "提交审核" } else { "提交" };
            view! { <p class="page-lead">{format!("请核对填报内容，确认无误后点击【{button}】。提交后 30 分钟内可以撤销。")}</p> }
        })}
        {summary}
        {is_reviewed.then(|| view.draft.clone()).flatten().map(|draft| view! { <FileReviewed view=view.clone() draft/> })}
        {changes.map(|changes| view! { <Comparison changes view=view.clone()/> })}
        {view.finder.clone().zip(view.draft.clone()).map(|(finder, draft)| {
            let path = step_path(&view, &view.step);
            view! { <FinderDialog finder path draft/> }
        })}
        {is_open.then(|| view! {
            <StepForm view=view.clone().into()>
                {match step.body {
                    Body::Notice(notice) => view! { <Letter notice/> }.into_any(),
                    Body::Subject | Body::Sections(_) => ().into_any(),
                }}
                {(procedure.business == Business::Subject).then(|| view! { <Statement/> })}
            </StepForm>
        })}
    }
    .into_any()
}

/// What to have ready, and how long it takes, before one begins.
#[component]
fn Ready(business: Business) -> impl IntoView {
    let rows = preparations(business).into_iter().map(|one| {
        let Preparation { whom, papers, papers_for_some, minutes, .. } = one;
        let (always, sometimes) =
            (named(&papers), papers_for_some.iter().map(with_section).collect::<Vec<_>>().join("、"));
        let whom = if whom.is_empty() { String::new() } else { format!("{whom}：") };
        view! {
            <p>
                <b>{format!("{whom}约 {minutes} 分钟")}</b>
                {(!always.is_empty()).then(|| format!("，请备好{always}"))}
                {(!sometimes.is_empty()).then(|| format!("；按情况提供{sometimes}"))}
                "。"
            </p>
        }
    });
    view! {
        <aside class="ready" aria-labelledby="ready">
            <h2 id="ready">"填写前"</h2>
            {rows.collect_view()}
            <p class="soft">"填写时自动保存，可以随时离开，之后在“我的草稿”继续。" <a href=format!("{}#ready-{}", route::GUIDE, business.code()) target="_blank">"查看办事指南"</a></p>
        </aside>
    }
    .into_any()
}

/// A paper with the section that asks for it: which case it is for.
fn with_section(paper: &Paper) -> String {
    format!("{}（{}）", paper.label, paper.of)
}

/// Each paper once, with of how many people it is asked.
fn named(papers: &[Paper]) -> String {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for Paper { label, .. } in papers {
        match counted.iter_mut().find(|(known, _)| known == label) {
            Some((_, count)) => *count += 1,
            None => counted.push((label, 1)),
        }
    }
    let words = counted.into_iter().map(|(label, count)| match count {
        1 => label.to_owned(),
        _ => format!("{label}（{count} 人）"),
    });
    words.collect::<Vec<_>>().join("、")
}

/// Files what was looked at, or goes back to it.
#[component]
fn FileReviewed(view: FormView, draft: DraftHead) -> impl IntoView {
    let back = step_href(&view, &view.step, Some(&draft.id));
    let refused = view.refused.is_some();
    let subject = view.subject.map(|subject| subject.id).unwrap_or_default();
    view! {
        {(view.procedure.business == Business::Subject).then(|| view! { <Statement/> })}
        <form class="actions actions-sticky" method="post" action="/act/submit">
            <input type="hidden" name="draft" value=draft.id/>
            <input type="hidden" name="version" value=draft.version.to_string()/>
            <input type="hidden" name="subject" value=subject/>
            <input type="hidden" name="key" value=view.key/>
            <input type="hidden" name="back" value=back.clone()/>
            <a class="button" href=back>"返回修改"</a>
            {(!refused).then(|| view! { <button class="button button-primary">"提交审核"</button> })}
        </form>
    }
    .into_any()
}

/// What the officer asks for (R53): each point leads to its field, with the remark beside it.
#[component]
fn Points(form: &'static Form, view: FormView) -> impl IntoView {
    let draft = view.draft.as_ref().map(|draft| draft.id.clone());
    let points = view
        .remarks
        .iter()
        .map(|remark| {
            let step = form.step_of(&remark.at).map_or(view.step.as_str(), |step| step.key);
            let href = format!("{}#{}", step_href(&view, step, draft.as_deref()), field_id(&remark.at));
            let label = form.place(&remark.at).map_or("", |place| place.field.label);
            view! { <li><a href=href rel="external"><b>{label}</b>"："{remark.message.clone()}</a></li> }
        })
        .collect_view();
    view! {
        <aside class="notice" data-tone="warning" aria-labelledby="general-remark">
            <h2 id="general-remark">"审核意见"</h2>
            {view.general_remark.clone().map(|remark| view! { <p>{remark}</p> })}
            <ol>{points}</ol>
        </aside>
    }
    .into_any()
}

/// What follows this form unchanged when it is submitted (R15).
#[component]
fn Along(rows: Vec<FilingRow>) -> impl IntoView {
    view! {
        <aside class="notice" data-tone="info" aria-labelledby="along">
            <h2 id="along">"提交时一并重新提交"</h2>
            <p>"以下业务没有审核意见，会原样随主体重新提交，不必再填。"</p>
            <ul>
                {rows.into_iter().map(|row| view! {
                    <li>{format!("{} · {}（{}）", row.procedure.label(), row.title, row.reference)}</li>
                }).collect_view()}
            </ul>
        </aside>
    }
    .into_any()
}

/// A returned 新增主体 is offered as a draft is (R53): nobody types everything again for one wrong field.
#[component]
fn ReturnQuestion(offered: OfferedReturn, path: String) -> impl IntoView {
    let OfferedReturn { filing, points, along } = offered;
    let mut fields = vec![("filing", filing)];
    fields.extend(along.then(|| ("along", "yes".to_owned())));
    view! {
        <Dialog title=returned_sentence(points)>
            <div class="dialog-body"><p>"已填的内容都在，审核意见写在需要修改的项目旁边。也可以不用它，重新填一份。"</p></div>
            <div class="actions">
                <PostButton action="/act/redraft" label="去修改" class="button button-primary" fields/>
                <form method="get" action=path>
                    <input type="hidden" name="fresh" value="1"/>
                    <button class="button">"重新填写"</button>
                </form>
            </div>
        </Dialog>
    }
    .into_any()
}

/// “您有一条草稿，是否使用” (R11, R18)
#[component]
fn DraftQuestion(procedure: Procedure, draft: String, view: FormView) -> impl IntoView {
    let question = procedure.draft_question();
    let path = route::form_step(procedure, &view.step);
    let record = view.record.clone();
    view! {
        <Dialog title=question>
            <div class="dialog-body"><p>"选“否”将不使用草稿；再次保存时会替换原草稿。"</p></div>
            <div class="actions">
                <form method="get" action=path.clone()>
                    <input type="hidden" name="draft" value=draft/>
                    <button class="button button-primary">"是"</button>
                </form>
                <form method="get" action=path>
                    <input type="hidden" name="fresh" value="1"/>
                    {record.map(|record| view! { <input type="hidden" name="record" value=record/> })}
                    <button class="button">"否"</button>
                </form>
            </div>
        </Dialog>
    }
    .into_any()
}

/// Where one is in the wizard; every step that can be reached is a link.
#[component]
fn StepBar(form: &'static Form, step: &'static Step, view: FormView) -> impl IntoView {
    let here = form.steps.iter().position(|own| own.key == step.key).unwrap_or(0);
    let draft = view.draft.as_ref().map(|draft| draft.id.clone());
    let reached = draft.is_some();
    let items = form
        .steps
        .iter()
        .enumerate()
        .map(|(number, own)| {
            let faulty =
                view.faults.iter().any(|fault| form.step_of(&fault.at).is_some_and(|of| of.key == own.key));
            let state = view.steps.get(number).copied().unwrap_or(StepState::Todo);
            let (look, word) = match state {
                _ if faulty => ("faulty", "有误".to_owned()),
                _ if number == here => ("current", "当前".to_owned()),
                // There is nothing to fill in.
                StepState::Todo if number < here && matches!(own.body, Body::Subject) => {
                    ("done", "完成".to_owned())
                }
                StepState::Done => ("done", "完成".to_owned()),
                StepState::Missing(missing) => ("begun", format!("还差 {missing} 项")),
                StepState::Todo => ("todo", "未开始".to_owned()),
            };
            let href = step_href(&view, own.key, draft.as_deref());
            let inner = view! {
                <b class="step-number">{number + 1}</b>
                <span class="step-name">{own.title}</span>
                <span class="step-state">{word}</span>
            };
            let is_here = number == here;
            // Without an address it is no link yet: it becomes one when there is a draft, see `frontend/js/visit.js`.
            let href = (reached || number <= here).then_some(href);
            let path = step_path(&view, own.key);
            view! {
                <li data-state=look><a href=href data-step=path aria-current=is_here.then_some("step")>{inner}</a></li>
            }
        })
        .collect_view();
    view! { <nav aria-label="填报步骤"><ol class="steps">{items}</ol></nav> }
}

/// Step one of every business: the subject it is filed for, read-only (R30).
#[component]
fn SubjectStep(view: FormView) -> impl IntoView {
    match (view.subject, view.subject_sheet) {
        (Some(subject), Some(sheet)) => view! {
            <p class="page-lead">
                {format!("本次业务由“{}”申请办理，主体信息不可在此修改。", subject.name)}" "
                <RecordBadge state=subject.state/>
            </p>
            <SubjectInShort sheet/>
        }
        .into_any(),
        _ => ().into_any(),
    }
}

/// What tells one subject from another; the rest is a click away.
const SUBJECT_IN_SHORT: [&str; 8] = [
    "unit.name",
    "unit.cert_no",
    "unit.office_region",
    "principal.name",
    "principal.id_no",
    "principal.region",
    "principal.mobile",
    "principal.email",
];

#[component]
fn SubjectInShort(sheet: Sheet) -> impl IntoView {
    let rows = sheet.sections.iter().flat_map(|section| &section.rows);
    // Whose address decides the jurisdiction (R14) is the unit's where there is one.
    let is_unit = rows.clone().any(|row| row.at == "unit.name");
    let facts = rows
        .filter(|row| SUBJECT_IN_SHORT.contains(&row.at.as_str()) && !(is_unit && row.at == "principal.region"))
        .map(|row| view! { <div><dt>{row.label.clone()}</dt><dd>{shown(&row.value, &row.label, row.masked)}</dd></div> })
        .collect_view();
    view! {
        <section class="sheet" aria-labelledby="subject-in-short">
            <div class="sheet-head">
                <h2 id="subject-in-short">"开办主体"</h2>
                <a href=route::SUBJECT rel="external">"我的主体"</a>
            </div>
            <dl class="facts">{facts}</dl>
            <details class="more">
                <summary>"查看全部主体信息"</summary>
                <SheetView sheet/>
            </details>
        </section>
    }
    .into_any()
}

/// The comparison before a change is filed (R19).
#[component]
fn Comparison(changes: Vec<Difference>, view: FormView) -> impl IntoView {
    let query = use_query_map();
    let total = changes.len();
    let pages = total.div_ceil(CHANGES_PER_PAGE).max(1);
    let page = query
        .with_untracked(|query| query.get("page").and_then(|page| page.parse::<usize>().ok()))
        .unwrap_or(1)
        .clamp(1, pages);
    let draft =
        view.draft.clone().unwrap_or(DraftHead { id: String::new(), version: 0, saved_at: String::new() });
    let path = step_path(&view, &view.step);
    let back = format!("{path}?draft={}", draft.id);
    if total == 0 {
        return view! {
            <Dialog title="没有变更内容">
                <div class="dialog-body"><p>"您没有修改任何信息，无需提交。"</p></div>
                <div class="actions"><a class="button button-primary" href=back>"返回修改"</a></div>
            </Dialog>
        }
        .into_any();
    }
    let first = (page - 1) * CHANGES_PER_PAGE;
    let rows: Vec<Difference> = changes.into_iter().skip(first).take(CHANGES_PER_PAGE).collect();
    let to = {
        let (path, id) = (path.clone(), draft.id.clone());
        move |page: usize| format!("{path}?draft={id}&compare=1&page={page}")
    };
    let subject = view.subject.as_ref().map(|subject| subject.id.clone()).unwrap_or_default();
    view! {
        <Dialog title="变更信息确认" wide=true reads=true>
            <div class="dialog-body">
                <ChangesTable changes=rows first=first + 1/>
                <nav class="pager" aria-label="分页">
                    <p>{format!("共 {total} 条数据")}</p>
                    <ul>
                        {(1..=pages)
                            .map(|number| view! {
                                <li><a href=to(number) aria-current=(number == page).then_some("page")>{number}</a></li>
                            })
                            .collect_view()}
                    </ul>
                    <form method="get" class="pager-jump" action=path.clone()>
                        <input type="hidden" name="draft" value=draft.id.clone()/>
                        <input type="hidden" name="compare" value="1"/>
                        <label>"跳至 "<input class="input w-4" name="page" inputmode="numeric" autocomplete="off"/>" 页"</label>
                        <button class="button button-small">"跳转"</button>
                    </form>
                </nav>
            </div>
            <div class="actions">
                <form method="post" action="/act/submit">
                    <input type="hidden" name="draft" value=draft.id.clone()/>
                    <input type="hidden" name="version" value=draft.version.to_string()/>
                    <input type="hidden" name="subject" value=subject/>
                    <input type="hidden" name="key" value=view.key.clone()/>
                    <input type="hidden" name="back" value=back.clone()/>
                    <button class="button button-primary">"确认"</button>
                </form>
                <form method="get" action=path>
                    <input type="hidden" name="draft" value=draft.id/>
                    <button class="button">"取消"</button>
                </form>
            </div>
        </Dialog>
    }
    .into_any()
}
