//! 审计日志 for auditors, and for everybody else who looked at their own data (R65).

use domain::audit_word::{ACTIONS, action_word, object_word};
use domain::route;
use domain::view::{AuditRequest, AuditRow, LookRow, Paged};
use leptos::prelude::*;

use crate::api;
use crate::pages::query::query_text;
use crate::ui::table::{Grid, Pager, href, words};
use crate::ui::{Empty, Load, PageHead};

#[component]
pub fn Audit() -> impl IntoView {
    let (action, object, person) = (query_text("action"), query_text("object"), query_text("person"));
    let (since, until, after) = (query_text("since"), query_text("until"), query_text("after"));
    let request = move || AuditRequest {
        action: action(),
        object: object(),
        person: person(),
        since: since(),
        until: until(),
        after: after(),
    };
    let page = Resource::new(request, |request| async move {
        let page = api::audit_log(request.clone()).await?;
        Ok((request, page))
    });
    view! {
        <PageHead title="审计日志" lead="每一次写入和每一次查看未脱敏信息都有一条记录。查询日志本身也会记录。"/>
        <Search request=untrack(request)/>
        <Load
            resource=page
            titled=true
            children={|(request, page): (AuditRequest, Paged<AuditRow>)| view! { <Lines request page/> }}
        />
    }
    .into_any()
}

#[component]
fn Search(request: AuditRequest) -> impl IntoView {
    let AuditRequest { action, object, person, since, until, after: _ } = request;
    let fields = [
        ("action", "操作", "text", action),
        ("object", "对象", "text", object),
        ("person", "人员编号", "text", person),
        ("since", "起始日期", "date", since),
        ("until", "截止日期", "date", until),
    ];
    view! {
        <form class="filters" method="get" action=route::AUDIT role="search" aria-label="查询审计日志">
            {fields
                .into_iter()
                .map(|(name, label, kind, value)| {
                    let list = (name == "action").then_some("actions");
                    view! {
                        <div class="filter">
                            <label for=name>{label}</label>
                            <input class="input" type=kind id=name name=name value=value list=list autocomplete="off"/>
                        </div>
                    }
                })
                .collect_view()}
            <datalist id="actions">
                {ACTIONS.map(|(_, word)| view! { <option value=word></option> }).collect_view()}
            </datalist>
            <button class="button">"查询"</button>
        </form>
    }
    .into_any()
}

#[component]
fn Lines(request: AuditRequest, page: Paged<AuditRow>) -> impl IntoView {
    if page.rows.is_empty() {
        return view! { <Empty sentence="没有符合条件的记录。" action=("查看全部", route::AUDIT)/> }
            .into_any();
    }
    let here = |after: &str| {
        let AuditRequest { action, object, person, since, until, after: _ } = &request;
        let parts = [
            ("action", action.as_str()),
            ("object", object),
            ("person", person),
            ("since", since),
            ("until", until),
            ("after", after),
        ];
        href(route::AUDIT, &parts)
    };
    let (next, first) = (page.next.as_deref().map(here), page.is_later.then(|| here("")));
    view! {
        <div class="stack">
            <Grid caption="审计日志" columns=words(["序号", "时间", "人员", "操作", "对象", "内容"])>
                {page.rows.into_iter().map(|row| {
                    let who = row.who.unwrap_or_default();
                    let by = href(route::AUDIT, &[("person", &row.who_id)]);
                    let about = href(route::AUDIT, &[("object", &row.object_id)]);
                    let name = if row.who_id.is_empty() {
                        view! { {row.role} }.into_any()
                    } else {
                        view! { <a href=by>{who}</a>" "<span class="soft">{row.role}</span> }.into_any()
                    };
                    let kind = object_word(&row.object_kind).map_or(row.object_kind, str::to_owned);
                    let object = if row.object_id.is_empty() {
                        view! { {kind} }.into_any()
                    } else {
                        let name = row.object_name.unwrap_or_else(|| tail(&row.object_id));
                        view! { <span>{kind}<br/><a class="figures" href=about>{name}</a></span> }.into_any()
                    };
                    let content = row.said.into_iter().map(|(word, text)| format!("{word}：{text}")).collect::<Vec<_>>().join("；");
                    view! {
                        <tr>
                            <td data-label="序号" class="figures">{row.seq.to_string()}</td>
                            <td data-label="时间" class="figures">{row.at}</td>
                            <td data-label="人员">{name}</td>
                            <td data-label="操作">{action_word(&row.action).map_or(row.action, str::to_owned)}</td>
                            <td data-label="对象">{object}</td>
                            <td data-label="内容">{if content.is_empty() { "—".to_owned() } else { content }}</td>
                        </tr>
                    }
                }).collect_view()}
            </Grid>
            <Pager total=None next=next first=first/>
        </div>
    }
    .into_any()
}

/// The end of a number: its beginning is the time.
fn tail(id: &str) -> String {
    match id.char_indices().rev().nth(7) {
        Some((at, _)) if at > 0 => format!("…{}", id.get(at..).unwrap_or_default()),
        _ => id.to_owned(),
    }
}

/// 信息查阅记录
#[component]
pub fn Looks() -> impl IntoView {
    let looks = Resource::new(query_text("after"), api::looks);
    view! {
        <PageHead title="信息查阅记录" lead="审核人员查看您未脱敏的个人信息时，须说明用途，并逐次记录在此。"/>
        <Load resource=looks titled=true children={|page: Paged<LookRow>| view! { <LookTable page/> }}/>
    }
    .into_any()
}

#[component]
fn LookTable(page: Paged<LookRow>) -> impl IntoView {
    let here = |after: &str| href(route::LOOKS, &[("after", after)]);
    let (next, first) = (page.next.as_deref().map(here), page.is_later.then(|| here("")));
    let rows = page.rows;
    if rows.is_empty() {
        return view! { <Empty sentence="还没有人查看过您未脱敏的信息。" action=("返回首页", route::HOME)/> }
            .into_any();
    }
    view! {
        <div class="stack">
            <Grid caption="信息查阅记录" columns=words(["时间", "查看人", "用途", "申请单"])>
                {rows.into_iter().map(|row| view! {
                    <tr>
                        <td data-label="时间" class="figures">{row.at}</td>
                        <td data-label="查看人">{row.who}</td>
                        <td data-label="用途">{row.purpose}</td>
                        <td data-label="申请单"><a href=route::filing(&row.filing)>{row.reference}</a></td>
                    </tr>
                }).collect_view()}
            </Grid>
            <Pager total=None next=next first=first/>
        </div>
    }
    .into_any()
}
