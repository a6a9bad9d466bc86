//! 批量办理: what would be done to each of the filings that are ticked, or why not; then what became of each. The filings
//! stand in the address, so that it works without scripts and can be gone back to.

use domain::route;
use domain::schema::Fault;
use domain::view::{
    BatchAct, BatchEntry, BatchLine, BatchOutcome, BatchPlan, BatchReport, MOST_IN_BATCH, QueueRow, UndoOffer,
};
use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::address::filing_href;
use super::transfer::{Level, level_at, select};
use super::undo::{Undo, undo_offer};
use crate::api;
use crate::pages::query::query_text;
use crate::ui::{DeskScript, Empty, FilingBadge, Load, PageHead};

/// What the address asks for.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Ticked {
    act: String,
    filings: Vec<String>,
    from: String,
    /// The region that is chosen so far, where they are sent on.
    region: String,
    check: bool,
}

#[component]
pub fn BatchPlanPage() -> impl IntoView {
    let query = use_query_map();
    let ticked = move || {
        query.with(|query| {
            let text = |name: &str| query.get(name).unwrap_or_default();
            let named =
                query.clone().into_iter().filter_map(|(name, _)| name.strip_prefix("f.").map(str::to_owned));
            Ticked {
                act: text("act"),
                filings: named.collect(),
                from: text("from"),
                region: text("move"),
                check: !text("check").is_empty(),
            }
        })
    };
    let plan = Resource::new(ticked, |ticked| {
        // The second call needs to know its caller, too.
        ScopedFuture::new(async move {
            let plan = api::batch_plan(ticked.act.clone(), ticked.filings.clone(), ticked.check).await?;
            let level = match plan.act {
                BatchAct::Transfer => Some(level_at(ticked.region.clone()).await?),
                BatchAct::Claim | BatchAct::Release | BatchAct::Approve => None,
            };
            Ok((ticked, plan, level))
        })
    });
    let title = BatchAct::from_code(&untrack(ticked).act).map_or("批量办理", BatchAct::label);
    view! {
        <PageHead above=vec![("审核工作台", route::REVIEW), ("审核队列", route::QUEUE)] title=title/>
        <Load
            resource=plan
            titled=true
            children={|(ticked, plan, level): (Ticked, BatchPlan, Option<Level>)| view! { <Plan ticked plan level/> }}
        />
    }
    .into_any()
}

fn back(from: &str) -> String {
    if from.is_empty() { route::QUEUE.to_owned() } else { format!("{}?{from}", route::QUEUE) }
}

/// How many filings these are, with those that go along.
fn filings_in(entries: &[BatchEntry]) -> usize {
    entries.iter().map(|entry| 1 + entry.with.len()).sum()
}

#[component]
fn Plan(ticked: Ticked, plan: BatchPlan, level: Option<Level>) -> impl IntoView {
    let BatchPlan { act, entries, missing, region: _, reason, faults } = plan;
    if entries.is_empty() {
        let sentence = match missing {
            0 => format!("请先在审核队列中勾选申请单，再选择“{}”。", act.label()),
            _ => "勾选的申请单已不在您的辖区，请回到审核队列重新勾选。".to_owned(),
        };
        return view! { <Empty sentence action=("回到审核队列", route::QUEUE)/> }.into_any();
    }
    let (able, unable): (Vec<BatchEntry>, Vec<BatchEntry>) =
        entries.into_iter().partition(|entry| entry.refused.is_none());
    let (can, cannot) = (filings_in(&able), filings_in(&unable));
    let said = match (can, cannot) {
        (able, 0) => format!("以下 {able} 份申请单都可以办理，确认后逐份办理。"),
        (0, _) => "以下申请单都不能办理，原因见下。".to_owned(),
        (able, unable) => format!("可以办理 {able} 份；另有 {unable} 份不能办理，不会改动。"),
    };
    let gone = (missing > 0).then(|| format!("另有 {missing} 份已不在您的辖区。"));
    let from = ticked.from.clone();
    let form =
        (!able.is_empty()).then(|| view! { <Order act able=able.clone() ticked level reason faults/> });
    view! {
        <div class="stack">
            <p role="status">{said}{gone}</p>
            {form}
            {(!unable.is_empty()).then(|| view! {
                <section class="stack" aria-labelledby="unable">
                    <h2 id="unable">{format!("不能办理（{cannot} 份）")}</h2>
                    <Entries caption="不能办理的申请单" entries=unable from=from.clone()/>
                </section>
            })}
            {able.is_empty().then(|| view! { <div class="actions"><a class="button button-primary" href=back(&from) rel="external">"回到队列"</a></div> })}
        </div>
    }
    .into_any()
}

#[component]
fn Entries(caption: &'static str, entries: Vec<BatchEntry>, from: String) -> impl IntoView {
    let rows = entries
        .into_iter()
        .map(|BatchEntry { row, with, refused, .. }| {
            let along = with.into_iter().map(|one| format!("{} {}", one.procedure.label(), one.title));
            let along: Vec<String> = along.collect();
            let is_refused = refused.is_some();
            view! {
                <tr data-refused=is_refused.then_some("")>
                    {named(&row, &from)}
                    <td data-label="结果">
                        {match refused {
                            None if along.is_empty() => view! { <span>"可以办理"</span> }.into_any(),
                            None => view! { <span>{format!("可以办理，一并提交的 {} 份随之办理：{}", along.len(), along.join("、"))}</span> }.into_any(),
                            Some(refused) => view! { <span class="batch-why">{refused.sentence}</span> }.into_any(),
                        }}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! { <Table caption rows=rows.into_any()/> }.into_any()
}

#[component]
fn Table(caption: &'static str, rows: AnyView) -> impl IntoView {
    view! {
        <div class="table-wrap">
            <table class="table">
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">"编号"</th>
                        <th scope="col">"业务类型"</th>
                        <th scope="col">"名称"</th>
                        <th scope="col">"状态"</th>
                        <th scope="col">"结果"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn named(row: &QueueRow, from: &str) -> impl IntoView + use<> {
    view! {
        <td data-label="编号" class="figures"><a href=filing_href(&row.id, from) rel="external">{row.reference.clone()}</a></td>
        <td data-label="业务类型">{row.procedure.label()}</td>
        <td data-label="名称">{row.title.clone()}</td>
        <td data-label="状态"><FilingBadge state=row.state/></td>
    }
}

/// The order itself, with what it must say.
#[component]
fn Order(
    act: BatchAct,
    able: Vec<BatchEntry>,
    ticked: Ticked,
    level: Option<Level>,
    reason: String,
    faults: Vec<Fault>,
) -> impl IntoView {
    let from = ticked.from.clone();
    let is_late = level.as_ref().is_some_and(|level| !is_last(level));
    // What is named first in the address is asked again; what would be done is posted with its version.
    let hidden: Vec<(String, String)> = match is_late {
        true => ticked.filings.iter().map(|id| (format!("f.{id}"), "on".to_owned())).collect(),
        false => {
            able.iter().map(|entry| (format!("f.{}", entry.row.id), entry.version.to_string())).collect()
        }
    };
    let mut all = vec![("act".to_owned(), act.code().to_owned()), ("from".to_owned(), from.clone())];
    if let Some(level) = level.as_ref().filter(|_| !is_late) {
        all.push(("move".to_owned(), level.chosen.clone()));
    }
    all.extend(hidden);
    let hidden = all
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value autocomplete="off"/> })
        .collect_view();
    let fault = |at: &str| faults.iter().find(|fault| fault.at == at).map(|fault| fault.message.clone());
    let count = filings_in(&able);
    let points =
        (act == BatchAct::Approve).then(|| view! { <Confirm able=able.clone() fault=fault("confirmed")/> });
    let (region_fault, reason_fault) = (fault("region"), fault("reason"));
    let asked = level.map(|level| match is_late {
        true => next_level(level).into_any(),
        false => sent_to(level, region_fault, reason, reason_fault).into_any(),
    });
    let (method, action) = if is_late { ("get", route::BATCH) } else { ("post", "/act/batch") };
    let button =
        if is_late { "下一级".to_owned() } else { format!("确认{}（{count} 份）", act.label()) };
    view! {
        <form class="stack batch-order" method=method action=action novalidate>
            {hidden}
            <Entries caption="可以办理的申请单" entries=able from=from.clone()/>
            {points}
            {asked}
            <div class="actions">
                <button class="button button-primary">{button}</button>
                <a class="button button-quiet" href=back(&from) rel="external">"取消"</a>
            </div>
            <p class="soft">{format!("每份申请单单独办理并记入审计日志；一次最多勾选 {MOST_IN_BATCH} 份。")}</p>
        </form>
    }
    .into_any()
}

/// Whether the next choice is the last.
fn is_last(level: &Level) -> bool {
    match level.below.is_empty() {
        true => !level.name.is_empty(),
        false => level.below.iter().all(|region| region.is_leaf),
    }
}

fn next_level(level: Level) -> impl IntoView {
    let label = if level.chosen.is_empty() { "移送至（省）" } else { "移送至（市）" };
    select("move", label, level.below)
}

fn sent_to(
    level: Level,
    region_fault: Option<String>,
    reason: String,
    reason_fault: Option<String>,
) -> impl IntoView {
    let Level { chosen, name, below } = level;
    let region = match below.is_empty() {
        true => view! {
            <input type="hidden" name="region" value=chosen autocomplete="off"/>
            <p>{format!("移送至：{name}")}</p>
        }
        .into_any(),
        false => select("region", "移送至（区县）", below),
    };
    let is_wrong = reason_fault.is_some();
    let begins = is_wrong && region_fault.is_none();
    view! {
        {region}
        {region_fault.map(|sentence| view! { <p class="error" role="alert">{sentence}</p> })}
        <div class="filter">
            <label for="move-reason">"移送理由"</label>
            <input
                class="input"
                id="move-reason"
                name="reason"
                value=reason
                required
                maxlength="200"
                autocomplete="off"
                autofocus=begins
                aria-invalid=is_wrong.then_some("true")
                aria-describedby=is_wrong.then_some("move-reason-error")
            />
            {reason_fault.map(|sentence| view! { <p class="error" id="move-reason-error">{sentence}</p> })}
        </div>
    }
}

/// 审核清单 of each kind of filing among them, and the one tick for all.
#[component]
fn Confirm(able: Vec<BatchEntry>, fault: Option<String>) -> impl IntoView {
    let mut lists: Vec<(&'static str, Vec<String>)> = Vec::new();
    for entry in able {
        let label = entry.row.procedure.label();
        if lists.iter().all(|(known, _)| *known != label) {
            lists.push((label, entry.sign_off));
        }
    }
    let lists = lists
        .into_iter()
        .map(|(label, points)| {
            view! {
                <div>
                    <h3>{label}</h3>
                    <ul class="plain">{points.into_iter().map(|point| view! { <li>{point}</li> }).collect_view()}</ul>
                </div>
            }
        })
        .collect_view();
    let is_wrong = fault.is_some();
    view! {
        <section class="card stack batch-confirm" aria-labelledby="sign-off">
            <h2 id="sign-off">"审核清单"</h2>
            <div class="before">{lists}</div>
            <div>
                <label class="choice">
                    <input
                        type="checkbox"
                        name="confirmed"
                        required
                        autocomplete="off"
                        autofocus=is_wrong
                        aria-invalid=is_wrong.then_some("true")
                        aria-describedby=is_wrong.then_some("confirmed-error")
                    />
                    <span>"已逐份打开核对，以上各项均已确认"</span>
                </label>
                {fault.map(|sentence| view! { <p class="error" id="confirmed-error">{sentence}</p> })}
            </div>
        </section>
    }
    .into_any()
}

#[component]
pub fn BatchReportPage() -> impl IntoView {
    let params = use_params_map();
    let from = query_text("from");
    let report = Resource::new(
        move || (params.with(|params| params.get("id")).unwrap_or_default(), from()),
        |(id, from)| {
            ScopedFuture::new(async move {
                let report = api::batch_report(id).await?;
                Ok((report, from, undo_offer().await))
            })
        },
    );
    view! {
        <PageHead above=vec![("审核工作台", route::REVIEW), ("审核队列", route::QUEUE)] title="批量办理结果"/>
        <Load
            resource=report
            titled=true
            children={|(report, from, undo): (BatchReport, String, Option<UndoOffer>)| view! { <Report report from undo/> }}
        />
    }
    .into_any()
}

#[component]
fn Report(report: BatchReport, from: String, undo: Option<UndoOffer>) -> impl IntoView {
    let BatchReport { id: _, act, begun_at, lines } = report;
    let count = |outcome| lines.iter().filter(|line| line.outcome == outcome).count();
    let (done, refused) = (count(BatchOutcome::Done), count(BatchOutcome::Refused));
    let waiting = count(BatchOutcome::Waiting);
    let mut said = format!("{}：{} {done} 份", act.label(), act.done());
    if refused > 0 {
        said.push_str(&format!("，未办理 {refused} 份，原因见下"));
    }
    if waiting > 0 {
        said.push_str(&format!("，中断未办 {waiting} 份，请重新勾选办理"));
    }
    let tone = if refused + waiting == 0 { "ok" } else { "warning" };
    let rows = lines.into_iter().map(|line| result(line, act, &from)).collect_view();
    view! {
        <div class="stack">
            <p class="flash" role="status" data-tone=tone>{format!("{said}。")}</p>
            <Table caption="批量办理结果" rows=rows.into_any()/>
            <div class="actions">
                <a class="button button-primary" href=back(&from) rel="external">"回到队列"</a>
                <a class="button" href=format!("{}?state=mine", route::QUEUE) rel="external">"查看我领取的"</a>
            </div>
            <Undo offer=undo from=from.clone()/>
            <DeskScript/>
            <p class="soft">{format!("{begun_at}办理。本页保留一天；每份申请单的办理记录不受影响。")}</p>
        </div>
    }
    .into_any()
}

fn result(line: BatchLine, act: BatchAct, from: &str) -> AnyView {
    let BatchLine { row, reference, outcome, sentence } = line;
    let named = match row {
        Some(row) => named(&row, from).into_any(),
        // It went to another region.
        None => view! {
            <td data-label="编号" class="figures">{reference}</td>
            <td data-label="业务类型">"—"</td>
            <td data-label="名称" class="soft">"已不在您的辖区"</td>
            <td data-label="状态">"—"</td>
        }
        .into_any(),
    };
    let word = match outcome {
        BatchOutcome::Done => view! { <span class="verified">{act.done()}</span> }.into_any(),
        BatchOutcome::Refused => {
            view! { <span class="batch-why">{format!("未办理：{sentence}")}</span> }.into_any()
        }
        BatchOutcome::Waiting => view! { <span class="batch-why">"中断，没有办理"</span> }.into_any(),
    };
    view! { <tr data-refused=(outcome != BatchOutcome::Done).then_some("")>{named}<td data-label="结果">{word}</td></tr> }
        .into_any()
}
