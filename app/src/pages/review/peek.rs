//! 速览: a filing's essentials. `frontend/js/queue.js` shows the part with the id `peeked` beside the queue; it is a page of
//! its own as well.

use domain::route;
use domain::view::{Peek, QueueLine};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api;
use crate::ui::sheet::ChangesTable;
use crate::ui::{FilingBadge, Load, PageHead};

#[component]
pub fn PeekPage() -> impl IntoView {
    let params = use_params_map();
    let peek = Resource::new(move || params.with(|params| params.get("id")).unwrap_or_default(), api::peek);
    view! {
        <PageHead above=vec![("审核工作台", route::REVIEW), ("审核队列", route::QUEUE)] title="速览"/>
        <Load resource=peek titled=true children={|peek: Peek| view! { <Essentials peek/> }}/>
    }
    .into_any()
}

#[component]
fn Essentials(peek: Peek) -> impl IntoView {
    let Peek { line, facts, changes, doubts, passed, pictures, earlier_remarks } = peek;
    let QueueLine { row, with, working_days, allowed_days, at: _ } = line;
    let name = format!("{} {}", row.procedure.label(), row.title);
    let waited =
        row.state.is_open().then(|| format!("，已等 {working_days} 个工作日（限 {allowed_days} 个）"));
    let holder = row.claimed_by.clone().filter(|_| !row.is_mine).map(|name| format!("{name}领取"));
    let holder = if row.is_mine { Some("由我领取".to_owned()) } else { holder };
    let fact = |(label, value): (String, String)| view! { <div><dt>{label}</dt><dd>{value}</dd></div> };
    let with = with
        .into_iter()
        .map(|one| {
            let word = format!("{} {}", one.procedure.label(), one.title);
            view! { <li><a href=route::review_filing(&one.id) rel="external">{word}</a>" "<FilingBadge state=one.state/></li> }
        })
        .collect::<Vec<_>>();
    let doubts = doubts
        .into_iter()
        .map(|doubt| view! { <li data-state="warn"><span><b>{doubt.title}</b>" "<span class="soft">{doubt.evidence}</span></span></li> })
        .collect::<Vec<_>>();
    let said = match doubts.len() {
        0 => format!("机器核查 {passed} 项符合"),
        count => format!("机器核查 {passed} 项符合，{count} 项请核实"),
    };
    let thumbs = pictures
        .into_iter()
        .map(|file| {
            let src = format!("{}?small=1", route::file(&file.id));
            view! { <img src=src alt=file.name/> }
        })
        .collect::<Vec<_>>();
    view! {
        <section id="peeked" class="peeked" aria-labelledby="peeked-name">
            <h2 id="peeked-name">{name}" "<FilingBadge state=row.state/></h2>
            <p class="soft">
                <span class="figures">{row.reference.clone()}</span>"，"{row.jurisdiction}"，"
                <span class="figures">{row.submitted_at}</span>"提交"{waited}
                {(row.round > 1).then(|| format!("，第 {} 次提交", row.round))}
                {holder.map(|holder| format!("，{holder}"))}
            </p>
            <p><a class="button button-small" href=route::review_filing(&row.id) rel="external">"打开申请单"</a></p>
            {(!with.is_empty()).then(|| view! { <h3>"一并提交"</h3><ul class="plain">{with}</ul> })}
            <h3>{said}</h3>
            {(!doubts.is_empty()).then(|| view! { <ul class="checks">{doubts}</ul> })}
            {(!earlier_remarks.is_empty()).then(|| view! {
                <h3>"上次退回的意见"</h3>
                <ul class="plain">{earlier_remarks.into_iter().map(|remark| view! { <li>{remark.message}</li> }).collect_view()}</ul>
            })}
            {(!changes.is_empty()).then(|| view! { <h3>"变更"</h3><ChangesTable changes/> })}
            <h3>"填报内容"</h3>
            <dl class="facts">{facts.into_iter().map(fact).collect_view()}</dl>
            {(!thumbs.is_empty()).then(|| view! { <h3>"图片"</h3><div class="peeked-pictures">{thumbs}</div> })}
        </section>
    }
    .into_any()
}
