//! 抽查复核: decisions that wait for a second officer, one of them judged blind, and how far second officers agree with
//! the first. All of it is links and posted forms.

use std::collections::BTreeSet;

use domain::route;
use domain::second_look::{Agreement, FEWEST_FOR_PERCENT, Judgement, LONGEST_NOTE};
use domain::sheet::{Sheet, SheetRow, SheetSection};
use domain::view::{
    AgreementRow, JudgedAs, QuestionView, SecondLookList, SecondLookOutcome, SecondLookPapers,
    SecondLookResults, SecondLookRow, SecondLookView,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::documents::{Documents, papers_of};
use super::filing::Checks;
use super::period::Periods;
use crate::api;
use crate::pages::query::query_text;
use crate::ui::sheet::{ChangesTable, SheetView, Written, shown};
use crate::ui::table::{Column, Grid, Pager, href, words};
use crate::ui::{DeskScript, Empty, Load, PageHead, PostButton, WindowTitle};

/// The list of what waits for this officer.
#[component]
pub fn SecondLooks() -> impl IntoView {
    let page = Resource::new(query_text("after"), api::second_looks);
    view! {
        <PageHead
            above=vec![("审核", "")]
            title="抽查复核"
            lead="按比例抽取的审核决定，由另一位民警在不知道原决定的情况下再判断一次。复核不影响申请单，也不通知申请人。"
            actions=|| view! { <a class="button" href=route::SECOND_LOOK_RESULTS>"复核结果"</a> }
        />
        <Load resource=page titled=true children={|list: SecondLookList| view! { <Waiting list/> }}/>
    }
    .into_any()
}

#[component]
fn Waiting(list: SecondLookList) -> impl IntoView {
    let SecondLookList { rows, next, is_later, percent } = list;
    let share = match percent {
        0 => "抽查未开启，下面是此前抽取的。".to_owned(),
        percent => format!("抽取比例 {percent}%，等待最久的在前。"),
    };
    let content = match rows.is_empty() {
        true => view! { <Empty sentence="没有等待您复核的审核决定。"/> }.into_any(),
        false => view! {
            <Grid caption="等待复核" columns=words(["申请单", "主体名称", "管辖地", "等待复核自", "操作"])>
                {rows.into_iter().map(|row| view! { <Line row/> }).collect_view()}
            </Grid>
            <Pager
                total=None
                next=next.map(|after| href(route::SECOND_LOOKS, &[("after", &after)]))
                first=is_later.then(|| route::SECOND_LOOKS.to_owned())
            />
        }
        .into_any(),
    };
    view! { <div class="stack"><p class="soft">{share}</p>{content}</div> }.into_any()
}

#[component]
fn Line(row: SecondLookRow) -> impl IntoView {
    let SecondLookRow { id, reference, procedure, title, subject_name, jurisdiction, since, is_mine } = row;
    let about = format!("{} {title}", procedure.label());
    let act = match is_mine {
        true => {
            view! { <a class="button button-small button-primary" href=route::second_look(&id) aria-description=about>"继续复核"</a> }
                .into_any()
        }
        false => view! { <Take id about small=true/> }.into_any(),
    };
    view! {
        <tr>
            <td data-label="申请单"><div class="second-cell"><b>{title}</b><span class="soft">{procedure.label()}" "<span class="figures">{reference}</span></span></div></td>
            <td data-label="主体名称">{subject_name}</td>
            <td data-label="管辖地">{jurisdiction}</td>
            <td data-label="等待复核自"><time class="figures">{since}</time></td>
            <td data-label="操作" class="row-actions">{act}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn Take(id: String, about: String, #[prop(optional)] small: bool) -> impl IntoView {
    let class = if small { "button button-small" } else { "button button-primary" };
    view! { <PostButton action="/act/take-second-look" label="开始复核" class fields=vec![("look", id)] about/> }
}

/// One of them.
#[component]
pub fn SecondLook() -> impl IntoView {
    let params = use_params_map();
    let check = query_text("check");
    let page = Resource::new(
        move || (params.with(|params| params.get("id")).unwrap_or_default(), !check().is_empty()),
        |(id, check)| api::second_look(id, check),
    );
    view! { <Load resource=page children={|view: SecondLookView| view! { <One view/> }}/> }
}

#[component]
fn One(view: SecondLookView) -> impl IntoView {
    if let Some(outcome) = view.outcome {
        return view! { <Judged row=view.row outcome/> }.into_any();
    }
    match view.papers.clone() {
        None => view! { <Untaken row=view.row minutes=view.minutes/> }.into_any(),
        Some(papers) => view! { <Blind view papers/> }.into_any(),
    }
}

fn title_of(row: &SecondLookRow) -> String {
    format!("{}：{}", row.procedure.label(), row.title)
}

/// What it is, before anybody has it in hand.
#[component]
fn Untaken(row: SecondLookRow, minutes: i64) -> impl IntoView {
    let title = title_of(&row);
    view! {
        <PageHead above=vec![("抽查复核", route::SECOND_LOOKS)] title=title.clone()/>
        <section class="card second-card stack" aria-labelledby="untaken">
            <div class="card-head"><h2 id="untaken">"尚未开始复核"</h2></div>
            <Facts row=row.clone()/>
            <p>{format!("开始后由您一人复核，{minutes} 分钟没有操作的，其他民警可以接手。完成之前，您不能打开这份申请单的其他页面。")}</p>
            <div class="actions"><Take id=row.id about=title/></div>
        </section>
    }
    .into_any()
}

#[component]
fn Facts(row: SecondLookRow) -> impl IntoView {
    view! {
        <dl class="facts">
            <div><dt>"编号"</dt><dd class="figures">{row.reference}</dd></div>
            <div><dt>"主体"</dt><dd>{row.subject_name}</dd></div>
            <div><dt>"管辖地"</dt><dd>{row.jurisdiction}</dd></div>
            <div><dt>"等待复核自"</dt><dd class="figures">{row.since}</dd></div>
        </dl>
    }
    .into_any()
}

/// What the first officer had, and the second's judgement below it: the desk, without what was decided.
#[component]
fn Blind(view: SecondLookView, papers: SecondLookPapers) -> impl IntoView {
    let SecondLookView { row, chosen, ticked, note, faults, minutes, .. } = view;
    let SecondLookPapers { sheet, changes, subject_sheet, checks, questions, files } = papers;
    let title = format!("抽查复核：{}", title_of(&row));
    let mut strip = papers_of("", &sheet, &changes);
    for paper in subject_sheet.iter().flat_map(|subject| papers_of("", subject, &[])) {
        if strip.iter().all(|known| known.id != paper.id) {
            strip.push(paper);
        }
    }
    // Pictures are small, as on the desk.
    provide_context(Written(Default::default()));
    let subject = subject_sheet.map(|sheet| {
        view! { <details class="stack"><summary>"所属主体的信息"</summary><SheetView sheet prefix="subject"/></details> }
    });
    let id = row.id.clone();
    view! {
        <WindowTitle title=title.clone()/>
        <div class="desk second-look">
            <header class="desk-line">
                <h1 title=title.clone()><span>{title.clone()}</span></h1>
                <dl class="desk-facts">
                    <div><dt>"编号"</dt><dd class="figures">{row.reference}</dd></div>
                    <div class="desk-subject"><dt>"主体"</dt><dd>{row.subject_name}</dd></div>
                    <div><dt>"管辖地"</dt><dd>{row.jurisdiction}</dd></div>
                </dl>
                <nav class="actions no-print" aria-label="复核列表">
                    <a class="button button-small button-quiet" href=route::SECOND_LOOKS>"回到列表"</a>
                </nav>
            </header>
            <div class="desk-tools">
                <PostButton action="/act/give-back-second-look" label="放回" fields=vec![("look", id.clone())]/>
                <span class="soft">{format!("{minutes} 分钟没有操作，其他民警可以接手。下面是原审核民警作决定时看到的内容，不含决定和意见；个人信息已遮盖。")}</span>
            </div>
            <form class="review" method="post" action="/act/judge-second-look" novalidate>
                <input type="hidden" name="look" value=id autocomplete="off"/>
                <Documents papers=strip files/>
                <div class="answers stack" tabindex="0" role="region" aria-label="当时的填报内容">
                    {(!checks.is_empty()).then(|| view! { <Checks checks/> })}
                    {(!questions.is_empty()).then(|| view! { <Questions questions/> })}
                    {(!changes.is_empty()).then(|| view! {
                        <section class="stack" aria-labelledby="changes">
                            <h2 id="changes">"变更前后对比"</h2>
                            <ChangesTable changes/>
                        </section>
                    })}
                    <Ticked sheet ticked/>
                    {subject}
                </div>
                <Bar chosen note faults/>
            </form>
        </div>
        <DeskScript/>
    }
    .into_any()
}

/// 补充说明 of before the decision.
#[component]
fn Questions(questions: Vec<QuestionView>) -> impl IntoView {
    let rows = questions.into_iter().map(|QuestionView { label, at, text, answers, .. }| {
        let about = (!label.is_empty()).then(|| format!("“{label}”："));
        let answers = answers.into_iter().map(|answer| {
            let files = answer.files.into_iter().map(|file| {
                view! { " "<a href=route::file(&file.id) target="_blank" rel="noopener external">{file.name}</a> }
            });
            view! { <p class="said">"答："{answer.text}{files.collect_view()}" "<time class="figures soft">{answer.at}</time></p> }
        });
        let answers = answers.collect_view();
        view! { <li><p class="said">"问："{about}{text}" "<time class="figures soft">{at}</time></p>{answers}</li> }
    });
    view! {
        <section class="card second-card" aria-labelledby="asked">
            <div class="card-head"><h2 id="asked">"补充说明"</h2></div>
            <ul class="second-asked">{rows.collect_view()}</ul>
        </section>
    }
    .into_any()
}

/// The answers, each with a tick for what is wrong with it.
#[component]
fn Ticked(sheet: Sheet, ticked: BTreeSet<String>) -> impl IntoView {
    let sections =
        sheet.sections.into_iter().enumerate().map(|(number, SheetSection { title, rows, .. })| {
            let id = format!("s-{number}");
            let rows = rows.into_iter().map(|row| {
                let is_ticked = ticked.contains(&row.at);
                let whose = title.clone();
                view! { <TickedRow row whose is_ticked/> }
            });
            view! {
                <section class="sheet" aria-labelledby=id.clone()>
                    <div class="sheet-head"><h2 id=id.clone()>{title.clone()}</h2></div>
                    <dl class="sheet-list">{rows.collect_view()}</dl>
                </section>
            }
        });
    sections.collect_view()
}

#[component]
fn TickedRow(row: SheetRow, whose: String, is_ticked: bool) -> impl IntoView {
    let SheetRow { at, label, value, masked } = row;
    let name = format!("at.{at}");
    let said = format!("有问题：{whose} {label}");
    view! {
        <div class="sheet-row" data-at=at>
            <dt>{label.clone()}</dt>
            <dd>
                <div class="second-row">
                    <div>{shown(&value, &label, masked)}</div>
                    <label class="second-tick">
                        <input type="checkbox" name=name value="yes" checked=is_ticked aria-label=said autocomplete="off"/>
                        <span aria-hidden="true">"有问题"</span>
                    </label>
                </div>
            </dd>
        </div>
    }
    .into_any()
}

/// The judgement: one choice, and words.
#[component]
fn Bar(chosen: String, note: String, faults: Vec<domain::schema::Fault>) -> impl IntoView {
    let fault_at = |at: &str| faults.iter().find(|fault| fault.at == at).map(|fault| fault.message.clone());
    let (unchosen, unsaid) = (fault_at("judgement"), fault_at("note"));
    let described = |is_wrong: bool, id: &str| is_wrong.then(|| id.to_owned());
    let (is_unchosen, is_unsaid) = (unchosen.is_some(), unsaid.is_some());
    let ways = Judgement::ALL.map(|way| {
        let is_chosen = way.code() == chosen;
        let focus = is_unchosen && way == Judgement::Approve;
        view! {
            <label class="choice"><input type="radio" name="judgement" value=way.code() checked=is_chosen autofocus=focus autocomplete="off"/><span>{way.choice()}</span></label>
        }
    });
    view! {
        <section class="decision second-bar" aria-labelledby="judgement-title">
            <h2 id="judgement-title" class="visually-hidden">"复核结论"</h2>
            <div>
                <div
                    class="second-ways"
                    role="radiogroup"
                    aria-label="您的判断"
                    aria-describedby=described(is_unchosen, "judgement-error")
                    aria-invalid=is_unchosen.then_some("true")
                    aria-required="true"
                >
                    {ways.collect_view()}
                </div>
                {unchosen.map(|told| view! { <p class="error" id="judgement-error">{told}</p> })}
                <p class="soft second-hint">"应当退回的，请在栏目旁勾选“有问题”，或写明理由。"</p>
            </div>
            <div class="second-words">
                <div class="field" data-invalid=is_unsaid.then_some("")>
                    <label for="second-note">"复核说明"</label>
                    <textarea
                        class="input"
                        id="second-note"
                        name="note"
                        rows="2"
                        maxlength=LONGEST_NOTE
                        autocomplete="off"
                        aria-invalid=is_unsaid.then_some("true")
                        aria-describedby=described(is_unsaid, "second-note-error")
                        autofocus=is_unsaid
                    >{note}</textarea>
                    {unsaid.map(|told| view! { <p class="error" id="second-note-error">{told}</p> })}
                </div>
                <button class="button button-primary">"提交复核"</button>
            </div>
        </section>
    }
    .into_any()
}

/// Both decisions side by side.
#[component]
fn Judged(row: SecondLookRow, outcome: SecondLookOutcome) -> impl IntoView {
    let both: Vec<String> = outcome.both().into_iter().map(str::to_owned).collect();
    let (tone, says) = match outcome.agrees() {
        true => ("ok", "两次判断一致"),
        false => ("warning", "两次判断不一致"),
    };
    // Who approves names none.
    let named_any = [&outcome.first, &outcome.second].iter().all(|one| one.judgement != Judgement::Approve)
        && (!outcome.first.fields.is_empty() || !outcome.second.fields.is_empty());
    let common = match (named_any, both.is_empty()) {
        (false, _) => None,
        (true, true) => Some("没有双方都指出的栏目。".to_owned()),
        (true, false) => Some(format!("双方都指出的栏目：{}。", both.join("、"))),
    };
    let SecondLookOutcome { first, second, judged_at, filing } = outcome;
    view! {
        <PageHead
            above=vec![("抽查复核", route::SECOND_LOOKS)]
            title=title_of(&row)
            actions=move || {
                let filing = route::review_filing(&filing);
                view! { <a class="button" href=filing rel="external">"查看申请单"</a><a class="button button-primary" href=route::SECOND_LOOKS>"复核下一件"</a> }
            }
            lead=format!("编号 {}，{} 完成复核。", row.reference, judged_at)
        />
        <div class="stack">
            <div class="banner" data-tone=tone><p><b>{says}</b>{common.map(|common| format!("。{common}"))}</p></div>
            <div class="before">
                <Side title="原决定" id="first" judged=first/>
                <Side title="您的判断" id="second" judged=second/>
            </div>
            <p class="soft">"复核只用于统计一致程度，不改变申请单，也不通知申请人。"</p>
        </div>
    }
    .into_any()
}

#[component]
fn Side(title: &'static str, id: &'static str, judged: JudgedAs) -> impl IntoView {
    let JudgedAs { judgement, fields, note } = judged;
    let look = match judgement {
        Judgement::Approve => "approved",
        Judgement::Return => "returned",
        Judgement::Reject => "rejected",
    };
    let fields = match fields.is_empty() {
        true => view! { <p class="soft">"没有指出栏目。"</p> }.into_any(),
        false => {
            let named = fields.into_iter().map(|(_, label)| view! { <li>{label}</li> });
            view! { <ul class="plain">{named.collect_view()}</ul> }.into_any()
        }
    };
    view! {
        <section class="card second-card" aria-labelledby=id>
            <div class="card-head"><h2 id=id>{title}</h2><span class="badge" data-state=look>{judgement.label()}</span></div>
            {fields}
            {(!note.is_empty()).then(|| view! { <p class="said">{note}</p> })}
        </section>
    }
    .into_any()
}

/// How far second officers agree with the first.
#[component]
pub fn SecondLookReport() -> impl IntoView {
    let days = query_text("days");
    let page = Resource::new(days, api::second_look_results);
    view! {
        <PageHead
            above=vec![("抽查复核", route::SECOND_LOOKS)]
            title="复核结果"
            lead="两位民警各自判断的一致程度，不涉及任何一位民警。"
        />
        <Load resource=page titled=true children={|results: SecondLookResults| view! { <Results results/> }}/>
    }
    .into_any()
}

#[component]
fn Results(results: SecondLookResults) -> impl IntoView {
    let SecondLookResults { period, region, all, regions, decisions, reasons, reviews } = results;
    let list = reviews.then(|| view! { <a href=route::SECOND_LOOKS>"等待复核的审核决定"</a> });
    let content = match all.judged {
        0 => view! { <Empty sentence="这段时间没有完成的复核。"/> }.into_any(),
        _ => view! {
            <Table title="按管辖地" id="by-region" first="管辖地" rows=regions/>
            <Table title="按原决定" id="by-decision" first="原决定" rows=decisions/>
            {match reasons.is_empty() {
                true => ().into_any(),
                false => view! { <Table title="按理由" id="by-reason" first="理由" note="原审核民警退回或不予通过时指出的栏目；复核民警指出同一栏目的，算一致。没有指出栏目的归入整体意见，结论相同的算一致。" rows=reasons/> }.into_any(),
            }}
        }
        .into_any(),
    };
    view! {
        <div class="stack second-results">
            <Periods page=route::SECOND_LOOK_RESULTS period/>
            <p>{format!("{region}：复核 {} 件，结论一致 {} 件", all.judged, all.agreed)}{in_percent(all)}"。"</p>
            {content}
            <p class="soft">{format!("不足 {FEWEST_FOR_PERCENT} 件的只列件数，不计比例。")}" "{list}</p>
        </div>
    }
    .into_any()
}

fn in_percent(agreement: Agreement) -> String {
    agreement.percent().map(|percent| format!("，一致率 {percent}%")).unwrap_or_default()
}

#[component]
fn Table(
    title: &'static str,
    id: &'static str,
    /// What the rows are called.
    first: &'static str,
    #[prop(optional)] note: &'static str,
    rows: Vec<AgreementRow>,
) -> impl IntoView {
    let number = |word: &str| Column::Number(word.to_owned());
    let columns =
        vec![Column::Text(first.to_owned()), number("复核件数"), number("一致件数"), number("一致率")];
    let rows = rows.into_iter().map(move |AgreementRow { name, agreement }| {
        let percent = agreement.percent().map_or_else(|| "—".to_owned(), |percent| format!("{percent}%"));
        view! {
            <tr>
                <td data-label=first>{name}</td>
                <td data-label="复核件数" class="num">{agreement.judged}</td>
                <td data-label="一致件数" class="num">{agreement.agreed}</td>
                <td data-label="一致率" class="num">{percent}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="stack" aria-labelledby=id>
            <h2 id=id>{title}</h2>
            {(!note.is_empty()).then(|| view! { <p class="soft">{note}</p> })}
            <Grid caption=title columns>{rows}</Grid>
        </section>
    }
    .into_any()
}
