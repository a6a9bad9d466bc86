//! 民警工作量: who has how much in hand, for how long, and got how much done; for administrators, who can give a filing to
//! somebody else from there (R60, R62).

use domain::route;
use domain::view::{LoadPage, OfficerLoad};
use leptos::prelude::*;

use super::period::Periods;
use crate::api;
use crate::pages::query::query_text;
use crate::ui::region::{NAMES, RegionNames};
use crate::ui::table::{Column, Grid, href};
use crate::ui::{Empty, Load, PageHead};

#[component]
pub fn OfficerLoads() -> impl IntoView {
    let (region, days) = (query_text("region"), query_text("days"));
    let page = Resource::new(
        move || (region(), days()),
        |(region, days)| async move {
            let names = api::region_names().await?;
            Ok((api::officer_loads(region, days).await?, names))
        },
    );
    view! {
        <PageHead
            above=vec![("审核", "")]
            title="民警工作量"
            lead="各民警手中的申请单、其中最久的已等待多少个工作日，以及办结的数量。等待申请人补充说明的不计时。"
        />
        <Load resource=page titled=true children={|(page, names): (LoadPage, Vec<String>)| view! { <Page page names/> }}/>
    }
    .into_any()
}

#[component]
fn Page(page: LoadPage, names: Vec<String>) -> impl IntoView {
    let LoadPage { region, fault, period, rows, is_cut } = page;
    let is_wrong = fault.is_some();
    let with = vec![("region", region.clone())];
    view! {
        <div class="stack">
            <form class="filters" method="get" role="search">
                <div class="filter load-region">
                    <label for="load-region">"地区（不填为全部）"</label>
                    <input
                        class="input"
                        id="load-region"
                        name="region"
                        value=region
                        list=NAMES
                        maxlength="30"
                        autocomplete="off"
                        aria-describedby=is_wrong.then_some("load-region-error")
                        aria-invalid=is_wrong.then_some("true")
                    />
                    {fault.map(|fault| view! { <p class="error" id="load-region-error">{fault}</p> })}
                </div>
                <input type="hidden" name="days" value=period.code() autocomplete="off"/>
                <div class="filter-actions">
                    <button class="button">"查询"</button>
                    <a class="button button-quiet" href=route::LOAD>"清除"</a>
                </div>
                <RegionNames names/>
            </form>
            <Periods page=route::LOAD with period/>
            {is_cut.then(|| view! { <p class="banner" data-tone="info">"民警较多，这里只列出一部分，请按地区缩小范围。"</p> })}
            <Officers rows done=format!("{}办结", period.label())/>
        </div>
    }
    .into_any()
}

#[component]
fn Officers(rows: Vec<OfficerLoad>, done: String) -> impl IntoView {
    if rows.is_empty() {
        return view! { <Empty sentence="这个地区还没有任命审核员。" action=("人员管理", route::STAFF)/> }
            .into_any();
    }
    let mut columns = Vec::from(["民警", "管辖地区"].map(|word| Column::Text(word.to_owned())));
    columns.extend(["在办", "最久已等待", "已超期", &done].map(|word| Column::Number(word.to_owned())));
    let rows = rows.into_iter().map(|row| view! { <Officer row done=done.clone()/> }).collect_view();
    view! { <Grid caption="民警工作量" columns>{rows}</Grid> }.into_any()
}

#[component]
fn Officer(row: OfficerLoad, done: String) -> impl IntoView {
    let OfficerLoad { id, name, region, is_away, in_hand, oldest_days, overdue, decided } = row;
    let state = match (is_away, region.is_empty(), id.is_empty()) {
        (true, true, _) => Some("已不在任"),
        (true, false, _) => Some("已暂停"),
        (false, _, true) => Some("未登录过"),
        (false, _, false) => None,
    };
    let held = match in_hand {
        0 => view! { <span class="soft">"0"</span> }.into_any(),
        _ => view! {
            <a href=href(route::CLAIMS, &[("officer", &id)])>
                {in_hand.to_string()}
                <span class="visually-hidden">{format!("份，{name}的在办申请单")}</span>
            </a>
        }
        .into_any(),
    };
    view! {
        <tr>
            <td data-label="民警">
                {name}
                {state.map(|state| view! { " "<span class="badge" data-tone="warning">{state}</span> })}
            </td>
            <td data-label="管辖地区">{if region.is_empty() { "—".to_owned() } else { region }}</td>
            <td data-label="在办" class="num">{held}</td>
            <td data-label="最久已等待" class="num">
                {oldest_days.map_or_else(|| "—".to_owned(), |days| format!("{days} 个工作日"))}
            </td>
            <td data-label="已超期" class="num">
                {match overdue {
                    0 => view! { <span class="soft">"0"</span> }.into_any(),
                    _ => view! { <b class="late">{overdue.to_string()}</b> }.into_any(),
                }}
            </td>
            <td data-label=done class="num">{decided.to_string()}</td>
        </tr>
    }
    .into_any()
}
