//! 需核查: filings in force of which a patrol found something, and what was done about it.

use domain::patrol::{LONGEST_REASON, PatrolFault, PatrolState};
use domain::route;
use domain::view::{PatrolChosen, PatrolDone, PatrolFiling, PatrolPage, PatrolRequest, PatrolRow};
use leptos::prelude::*;

use crate::api;
use crate::pages::query::query_text;
use crate::ui::plain::{PlainField, described};
use crate::ui::table::{Filter, Grid, Pager, href, words};
use crate::ui::{Empty, FilingBadge, Load, PageHead, PostButton, RecordBadge};

/// The code of what is finished, in whichever way.
const DONE: &str = "done";

#[component]
pub fn PatrolFindings() -> impl IntoView {
    let (state, fault, search) = (query_text("state"), query_text("fault"), query_text("search"));
    let (after, finding, check) = (query_text("after"), query_text("finding"), query_text("check"));
    let request = move || PatrolRequest {
        state: state(),
        fault: fault(),
        search: search(),
        after: after(),
        finding: finding(),
        check: !check().is_empty(),
    };
    let page = Resource::new(request, |request| async move {
        let page = api::patrol_page(request.clone()).await?;
        Ok((request, page))
    });
    view! {
        <PageHead
            above=vec![("审核", "")]
            title="需核查"
            lead="平台定期核查本管辖地已备案的业务，相隔一天以上两次异常才列在这里。是否处理由民警决定。"
        />
        <Load
            resource=page
            titled=true
            children={|(request, page): (PatrolRequest, PatrolPage)| view! { <Findings request page/> }}
        />
    }
    .into_any()
}

/// The list with its filters, at this place of it.
fn here(request: &PatrolRequest, after: &str) -> String {
    let parts = [
        ("state", request.state.as_str()),
        ("fault", &request.fault),
        ("search", request.search.trim()),
        ("after", after),
    ];
    href(route::PATROL, &parts)
}

#[component]
fn Findings(request: PatrolRequest, page: PatrolPage) -> impl IntoView {
    let PatrolPage { is_on, days, rows, total, next, is_later, chosen } = page;
    let list = here(&request, &request.after);
    let from = list.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    let how = match is_on {
        true => format!("每件业务最多每 {days} 天核查一次，同一网站每天最多访问一次。"),
        false => "自动核查未开启，下面是此前发现的情况。".to_owned(),
    };
    let is_all = [&request.state, &request.fault, &request.search].iter().all(|part| part.is_empty());
    let table = if rows.is_empty() {
        match is_all {
            true => view! { <Empty sentence="没有需核查的备案。"/> }.into_any(),
            false => view! { <Empty sentence="没有符合条件的备案。" action=("查看全部", route::PATROL)/> }
                .into_any(),
        }
    } else {
        view! {
            <Table rows from=from.clone() is_on list=list.clone()/>
            <Pager
                total
                next=next.map(|after| here(&request, &after))
                first=is_later.then(|| here(&request, ""))
            />
        }
        .into_any()
    };
    view! {
        <div class="stack patrol">
            {chosen.map(|chosen| view! { <Dismiss chosen from list/> })}
            <Search request=request.clone()/>
            <p class="soft">{how}</p>
            {table}
        </div>
    }
    .into_any()
}

#[component]
fn Search(request: PatrolRequest) -> impl IntoView {
    let states = [PatrolState::Overdue, PatrolState::Open, PatrolState::Notified]
        .map(|state| (state.code().to_owned(), state.label().to_owned()))
        .into_iter()
        .chain([(DONE.to_owned(), "已结束".to_owned())])
        .collect();
    let faults = PatrolFault::ALL.map(|fault| (fault.code().to_owned(), fault.label().to_owned())).to_vec();
    view! {
        <form class="filters" method="get" action=route::PATROL role="search" aria-label="查询需核查的备案">
            <Filter id="q-state" name="state" label="处理情况" chosen=request.state options=states empty="未结束"/>
            <Filter id="q-fault" name="fault" label="发现的问题" chosen=request.fault options=faults/>
            <div class="filter">
                <label for="q-search">"备案号或域名"</label>
                <input class="input" id="q-search" name="search" type="search" value=request.search maxlength="100" autocomplete="off"/>
            </div>
            <div class="filter-actions"><button class="button">"查询"</button><a class="button button-quiet" href=route::PATROL>"清除"</a></div>
        </form>
    }
    .into_any()
}

#[component]
fn Table(rows: Vec<PatrolRow>, from: String, is_on: bool, list: String) -> impl IntoView {
    view! {
        <Grid caption="需核查" columns=words(["备案", "发现的问题", "发现时间", "最近核查", "处理情况", "操作"])>
            {rows.into_iter().map(|row| {
                let (since, looked_at, is_look_asked) = (row.since.clone(), row.looked_at.clone(), row.is_look_asked);
                view! {
                    <tr>
                        <td data-label="备案"><Filed row=row.clone()/></td>
                        <td data-label="发现的问题"><Seen row=row.clone()/></td>
                        <td data-label="发现时间" class="patrol-when">{since}</td>
                        <td data-label="最近核查" class="patrol-when">
                            {looked_at}
                            {is_look_asked.then(|| view! { " "<span class="soft">"已安排再次核查"</span> })}
                        </td>
                        <td data-label="处理情况"><WhatWasDone row=row.clone()/></td>
                        <td data-label="操作" class="row-actions"><Acts row from=from.clone() is_on list=list.clone()/></td>
                    </tr>
                }
            }).collect_view()}
        </Grid>
    }
    .into_any()
}

/// The record and its number.
#[component]
fn Filed(row: PatrolRow) -> impl IntoView {
    let PatrolRow { name, number, digits, business, jurisdiction, record_state, .. } = row;
    let name = match digits.is_empty() {
        true => view! { <b>{name}</b> }.into_any(),
        false => view! { <a href=route::public_record(&digits)><b>{name}</b></a> }.into_any(),
    };
    let number = if number.is_empty() { "无备案号".to_owned() } else { number };
    view! {
        <div class="patrol-cell">
            <span>{name}" "<RecordBadge state=record_state/></span>
            <span class="figures">{number}</span>
            <span class="soft">{format!("{} · {jurisdiction}", business.noun())}</span>
        </div>
    }
    .into_any()
}

#[component]
fn Seen(row: PatrolRow) -> impl IntoView {
    view! {
        <ul class="patrol-seen">
            {row.seen.into_iter().map(|seen| view! {
                <li><b>{seen.fault.label()}</b><span class="soft said">{seen.told}</span></li>
            }).collect_view()}
        </ul>
    }
    .into_any()
}

#[component]
fn WhatWasDone(row: PatrolRow) -> impl IntoView {
    let PatrolRow { state, notified, due_on, closed, filings, is_own, .. } = row;
    let look = match state {
        PatrolState::Overdue => "overdue",
        PatrolState::Open => "pending",
        PatrolState::Notified => "reviewing",
        PatrolState::Dismissed => "withdrawn",
        PatrolState::Resolved => "approved",
        PatrolState::Ended => "cancelled",
    };
    let is_told = notified.is_some();
    view! {
        <div class="patrol-cell">
            <span><span class="badge" data-state=look>{state.label()}</span></span>
            {is_own.then(|| view! { <span class="soft">"涉及本人备案，请由其他民警办理"</span> })}
            {notified.map(|PatrolDone { by, at, .. }| view! {
                <span class="soft">{format!("{by} 于 ")}<time class="figures">{at}</time>" 通知"</span>
            })}
            {due_on.filter(|_| !state.is_finished()).map(|due_on| view! { <span>"期限 "<time class="figures">{due_on}</time></span> })}
            {closed.map(|PatrolDone { by, at, reason }| view! {
                <span class="soft">{if by.is_empty() { "平台于 ".to_owned() } else { format!("{by} 于 ") }}<time class="figures">{at}</time></span>
                {(!reason.is_empty()).then(|| view! { <span class="said">{reason}</span> })}
            })}
            {filings.is_empty().then_some(is_told && !state.is_finished()).filter(|is_told| *is_told).map(|_| view! {
                <span class="soft">"申请人尚未提交变更或注销"</span>
            })}
            {filings.into_iter().map(|PatrolFiling { id, verb, reference, state, submitted_on }| view! {
                <span>{format!("{submitted_on} 提交{verb} ")}<a class="figures" href=route::review_filing(&id)>{reference}</a>" "<FilingBadge state/></span>
            }).collect_view()}
        </div>
    }
    .into_any()
}

#[component]
fn Acts(row: PatrolRow, from: String, is_on: bool, list: String) -> impl IntoView {
    let PatrolRow { id, state, name, is_own, is_look_asked, .. } = row;
    if state.is_finished() || is_own {
        return view! { <span class="soft">"—"</span> }.into_any();
    }
    let fields = || vec![("finding", id.clone()), ("from", from.clone())];
    let more = if list.contains('?') { '&' } else { '?' };
    let dismiss = format!("{list}{more}finding={id}");
    view! {
        <div class="patrol-acts">
            {(state == PatrolState::Open).then(|| view! {
                <PostButton action="/act/notify-applicant" label="通知申请人" class="button button-small" fields=fields() about=name.clone()/>
            })}
            {(is_on && !is_look_asked).then(|| view! {
                <PostButton action="/act/look-again" label="再次核查" class="button button-small" fields=fields() about=name.clone()/>
            })}
            <a class="button button-small button-quiet" href=dismiss aria-description=name.clone()>"无需处理"</a>
        </div>
    }
    .into_any()
}

/// 【无需处理】 of one of them, with the reason.
#[component]
fn Dismiss(chosen: PatrolChosen, from: String, list: String) -> impl IntoView {
    let PatrolChosen { row, reason, fault } = chosen;
    if row.state.is_finished() || row.is_own {
        return ().into_any();
    }
    let fault = fault.map(|fault| fault.message);
    let is_wrong = fault.is_some();
    view! {
        <section class="card patrol-dismiss" aria-labelledby="finding-title">
            <div class="card-head"><h2 id="finding-title">{format!("“{}”无需处理", row.name)}</h2></div>
            <Seen row=row.clone()/>
            <form method="post" action="/act/dismiss-finding" class="stack" novalidate>
                <input type="hidden" name="finding" value=row.id autocomplete="off"/>
                <input type="hidden" name="from" value=from autocomplete="off"/>
                <PlainField
                    id="reason"
                    label="理由"
                    hint="写明核实到的情况，只有民警看得到。同样的问题在恢复正常之前不会再列出。"
                    fault
                    required=true
                >
                    <textarea
                        class="input"
                        id="reason"
                        name="reason"
                        rows="3"
                        maxlength=LONGEST_REASON
                        autocomplete="off"
                        aria-required="true"
                        aria-describedby=described("reason", is_wrong)
                        aria-invalid=is_wrong.then_some("true")
                        autofocus
                    >{reason}</textarea>
                </PlainField>
                <div class="actions"><button class="button button-primary">"标为无需处理"</button><a class="button button-quiet" href=list>"取消"</a></div>
            </form>
        </section>
    }
    .into_any()
}
