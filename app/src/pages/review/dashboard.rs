//! 审核工作台: what waits, how much of it, and how it goes (R61).

use std::collections::BTreeMap;

use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::route;
use domain::view::{Dashboard, KindCount, OfficerLoad, Period, RegionCount, working_time};
use leptos::prelude::*;

use super::chart::DaysChart;
use super::live::Live;
use crate::api;
use crate::pages::query::query_text;
use crate::ui::table::href;
use crate::ui::{DeskScript, Empty, Load, PageHead};

#[component]
pub fn ReviewDashboard() -> impl IntoView {
    let dashboard = Resource::new(query_text("days"), api::dashboard);
    view! {
        <PageHead
            above=vec![("审核", "")]
            title="审核工作台"
            actions=|| view! {
                <Live part="figures".to_owned()/>
                <a class="button button-primary" href=route::QUEUE>"审核队列"</a>
            }
        />
        <DeskScript/>
        <Load resource=dashboard titled=true children={|dashboard: Dashboard| view! { <Desk dashboard/> }}/>
    }
    .into_any()
}

#[component]
fn Desk(dashboard: Dashboard) -> impl IntoView {
    let Dashboard {
        region,
        new,
        mine,
        overdue,
        resubmitted,
        by_kind,
        days,
        median_hours,
        p90_hours,
        overdue_days,
        reports,
        to_check,
        below,
        period,
        own,
    } = dashboard;
    let allowed = format!("超过 {overdue_days} 个工作日未办结");
    let late = if overdue > 0 { "danger" } else { "" };
    view! {
        <div class="stack" id="figures">
            <p class="page-lead">{format!("管辖地：{region}。有新的申请单时，本页自动更新。")}</p>
            <ul class="tiles">
                <Tile name="新到" number=new note="等待领取".to_owned() state="pending"/>
                <Tile name="我的" number=mine note="已由我领取".to_owned() state="mine"/>
                <Tile name="退回后重新提交" number=resubmitted note="尚未办结".to_owned() state="resubmitted"/>
                <Tile name="已超期" number=overdue note=allowed state="overdue" tone=late/>
            </ul>
            <Reports reports/>
            <ToCheck to_check/>
            <Kinds by_kind/>
            <DaysChart days period/>
            <Own own period/>
            <Below below period/>
            <section class="card" aria-labelledby="speed">
                <div class="card-head"><h2 id="speed">"办理用时"</h2></div>
                <p class="soft">"近 13 周作出的决定，只计工作日的时间，节假日不计。"</p>
                <dl class="facts">
                    <div><dt>"从提交到决定，半数不超过"</dt><dd class="figures">{working_time(median_hours)}</dd></div>
                    <div><dt>"从提交到决定，九成不超过"</dt><dd class="figures">{working_time(p90_hours)}</dd></div>
                </dl>
            </section>
        </div>
    }
    .into_any()
}

/// What anybody reported of records here.
#[component]
fn Reports(reports: u64) -> impl IntoView {
    let sentence = match reports {
        0 => "没有待处理的举报线索。".to_owned(),
        _ => format!("有 {reports} 条举报线索待处理。"),
    };
    view! {
        <div class="banner" data-tone=(reports > 0).then_some("warning")>
            <p>{sentence}</p>
            <a class="button button-small" href=route::REPORTS>"举报线索"</a>
        </div>
    }
    .into_any()
}

/// What a patrol found here, where it found something.
#[component]
fn ToCheck(to_check: u64) -> impl IntoView {
    (to_check > 0).then(|| {
        view! {
            <div class="banner" data-tone="warning">
                <p>{format!("有 {to_check} 件已备案业务需核查。")}</p>
                <a class="button button-small" href=route::PATROL>"需核查"</a>
            </div>
        }
    })
}

#[component]
fn Tile(
    name: &'static str,
    number: u64,
    note: String,
    /// Of the queue behind the tile.
    state: &'static str,
    #[prop(default = "")] tone: &'static str,
) -> impl IntoView {
    view! {
        <li>
            <a class="tile" href=href(route::QUEUE, &[("state", state)]) data-tone=(!tone.is_empty()).then_some(tone)>
                <span class="tile-name">{name}</span>
                <b class="tile-number">{number.to_string()}</b>
                <span class="tile-note">{note}</span>
            </a>
        </li>
    }
    .into_any()
}

/// Every filing of the region, by procedure and state; each number leads to its filings.
#[component]
fn Kinds(by_kind: Vec<KindCount>) -> impl IntoView {
    if by_kind.is_empty() {
        return view! { <Empty sentence="本管辖地还没有申请单。"/> }.into_any();
    }
    let states = FilingState::ALL;
    let mut rows: BTreeMap<Procedure, BTreeMap<&str, u64>> = BTreeMap::new();
    for KindCount { procedure, state, count } in by_kind {
        *rows.entry(procedure).or_default().entry(state.code()).or_default() += count;
    }
    let heads =
        states.iter().map(|state| view! { <th scope="col" class="num">{state.label()}</th> }).collect_view();
    let rows = rows
        .into_iter()
        .map(|(procedure, counts)| {
            let cells = states
                .iter()
                .map(|state| {
                    let count = counts.get(state.code()).copied().unwrap_or(0);
                    let queue = [("procedure", procedure.code()), ("state", state.code().to_owned())];
                    let queue: Vec<(&str, &str)> = queue.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    let number = match count {
                        0 => view! { <span class="soft">"0"</span> }.into_any(),
                        _ => view! {
                            <a href=href(route::QUEUE, &queue)>
                                {count.to_string()}
                                <span class="visually-hidden">{format!("份{}{}", state.label(), procedure.label())}</span>
                            </a>
                        }
                        .into_any(),
                    };
                    view! { <td data-label=state.label() class="num">{number}</td> }
                })
                .collect_view();
            view! { <tr><td data-label="业务类型">{procedure.label()}</td>{cells}</tr> }
        })
        .collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <caption class="visually-hidden">"按业务类型和审核状态统计的申请单"</caption>
                <thead><tr><th scope="col">"业务类型"</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What the officer has in hand, and got done.
#[component]
fn Own(own: OfficerLoad, period: Period) -> impl IntoView {
    let oldest = own.oldest_days.map_or_else(|| "没有在计时的".to_owned(), |days| format!("{days} 个工作日"));
    view! {
        <section class="card" aria-labelledby="own">
            <div class="card-head">
                <h2 id="own">"我的工作量"</h2>
                <a href=route::RETURN_REASONS>"退回原因"</a>
            </div>
            <dl class="facts">
                <div><dt>"在办"</dt><dd class="figures">{format!("{} 件", own.in_hand)}</dd></div>
                <div><dt>"在办中最久的已等待"</dt><dd class="figures">{oldest}</dd></div>
                <div><dt>"在办中超期的"</dt><dd class="figures">{format!("{} 件", own.overdue)}</dd></div>
                <div><dt>{format!("{}由我办结", period.label())}</dt><dd class="figures">{format!("{} 件", own.decided)}</dd></div>
            </dl>
        </section>
    }
    .into_any()
}

/// How the regions below fare; each leads to its part of the queue.
#[component]
fn Below(below: Vec<RegionCount>, period: Period) -> impl IntoView {
    if below.is_empty() {
        return ().into_any();
    }
    let (came, went) = (format!("{}受理", period.label()), format!("{}办结", period.label()));
    let rows = below
        .into_iter()
        .map(|row| {
            let RegionCount { code, name, open, overdue, received, decided } = row;
            view! {
                <tr>
                    <td data-label="地区"><a href=href(route::QUEUE, &[("region", &code)])>{name}</a></td>
                    <td data-label="未办结" class="num">{open.to_string()}</td>
                    <td data-label="已超期" class="num">{overdue.to_string()}</td>
                    <td data-label=came.clone() class="num">{received.to_string()}</td>
                    <td data-label=went.clone() class="num">{decided.to_string()}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="stack" aria-labelledby="below">
            <h2 id="below">"下级地区"</h2>
            <div class="table-wrap">
                <table class="table">
                    <caption class="visually-hidden">"下级地区的申请单"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"地区"</th>
                            <th scope="col" class="num">"未办结"</th>
                            <th scope="col" class="num">"已超期"</th>
                            <th scope="col" class="num">{came.clone()}</th>
                            <th scope="col" class="num">{went.clone()}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
