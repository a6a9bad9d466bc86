//! 审核工作台: what waits, how much of it, and how it goes (R61).

use std::collections::BTreeMap;

use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::view::{Dashboard, KindCount};
use leptos::prelude::*;

use super::chart::DaysChart;
use super::live::Live;
use crate::api;
use crate::ui::table::href;
use crate::ui::{Empty, Load, PageHead};

#[component]
pub fn ReviewDashboard() -> impl IntoView {
    let dashboard = Resource::new(|| (), |()| api::dashboard());
    view! {
        <PageHead
            above=vec![("审核", "")]
            title="审核工作台"
            actions=|| view! {
                <Live part="figures".to_owned()/>
                <a class="button button-primary" href="/review/queue">"审核队列"</a>
            }
        />
        <Load resource=dashboard titled=true children={|dashboard: Dashboard| view! { <Desk dashboard/> }}/>
    }
    .into_any()
}

#[component]
fn Desk(dashboard: Dashboard) -> impl IntoView {
    let Dashboard { region, new, mine, overdue, resubmitted, by_kind, days, median_hours, p90_hours } =
        dashboard;
    let late = if overdue > 0 { "danger" } else { "" };
    view! {
        <div class="stack" id="figures">
            <p class="page-lead">{format!("管辖地：{region}。有新的申请单时，本页自动更新。")}</p>
            <ul class="tiles">
                <Tile name="新到" number=new note="等待领取" state="pending"/>
                <Tile name="我的" number=mine note="已由我领取" state="mine"/>
                <Tile name="退回后重新提交" number=resubmitted note="尚未办结" state="resubmitted"/>
                <Tile name="已超期" number=overdue note="尚未办结" state="overdue" tone=late/>
            </ul>
            <Kinds by_kind/>
            <DaysChart days/>
            <section class="card" aria-labelledby="speed">
                <div class="card-head"><h2 id="speed">"办理用时"</h2></div>
                <dl class="facts">
                    <div><dt>"从提交到决定，半数不超过"</dt><dd class="figures">{in_words(median_hours)}</dd></div>
                    <div><dt>"从提交到决定，九成不超过"</dt><dd class="figures">{in_words(p90_hours)}</dd></div>
                </dl>
            </section>
        </div>
    }
    .into_any()
}

#[component]
fn Tile(
    name: &'static str,
    number: u64,
    note: &'static str,
    /// Of the queue behind the tile.
    state: &'static str,
    #[prop(default = "")] tone: &'static str,
) -> impl IntoView {
    view! {
        <li>
            <a class="tile" href=href("/review/queue", &[("state", state)]) data-tone=(!tone.is_empty()).then_some(tone)>
                <span class="tile-name">{name}</span>
                <b class="tile-number">{number.to_string()}</b>
                <span class="tile-note">{note}</span>
            </a>
        </li>
    }
    .into_any()
}

/// What is open, by procedure and state; each number leads to its filings.
#[component]
fn Kinds(by_kind: Vec<KindCount>) -> impl IntoView {
    if by_kind.is_empty() {
        return view! { <Empty sentence="目前没有未办结的申请单。"/> }.into_any();
    }
    let states: Vec<FilingState> = FilingState::ALL.into_iter().filter(|state| state.is_open()).collect();
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
                            <a href=href("/review/queue", &queue)>
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
                <caption class="visually-hidden">"未办结的申请单"</caption>
                <thead><tr><th scope="col">"业务类型"</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A length of time as one would say it.
fn in_words(hours: Option<f64>) -> String {
    match hours {
        None => "暂无".to_owned(),
        Some(hours) if hours < 1.0 => "1 小时".to_owned(),
        Some(hours) if hours < 48.0 => format!("{hours:.1} 小时"),
        Some(hours) => format!("{:.1} 天", hours / 24.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_one_would_say_them() {
        for (hours, words) in
            [(None, "暂无"), (Some(0.2), "1 小时"), (Some(5.04), "5.0 小时"), (Some(60.0), "2.5 天")]
        {
            assert_eq!(in_words(hours), words);
        }
    }
}
