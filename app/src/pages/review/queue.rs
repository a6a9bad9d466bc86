//! 审核队列: filters, search and paging stand in the address (R61).

use domain::filing::FilingState;
use domain::view::{Paged, QueueRequest, QueueRow};
use leptos::prelude::*;

use super::live::Live;
use crate::api;
use crate::pages::mine::{procedures, query_text};
use crate::ui::table::{Filter, Pager, href};
use crate::ui::{Empty, FilingBadge, Load, PageHead};

const PATH: &str = "/review/queue";

/// What the filter offers beside single states; the first is what an address without a state means.
const GROUPS: [(&str, &str); 6] = [
    ("open", "未办结"),
    ("mine", "我领取的"),
    ("resubmitted", "退回后重新提交"),
    ("overdue", "已超期"),
    ("done", "已办结"),
    ("all", "全部"),
];

#[component]
pub fn ReviewQueue() -> impl IntoView {
    let (procedure, state) = (query_text("procedure"), query_text("state"));
    let (search, after) = (query_text("search"), query_text("after"));
    let request =
        move || QueueRequest { procedure: procedure(), state: state(), search: search(), after: after() };
    let page = Resource::new(request, |request| async move {
        let page = api::queue(request.clone()).await?;
        Ok((request, page))
    });
    let filters = untrack(request);
    view! {
        <PageHead above=vec![("审核工作台", "/review")] title="审核队列" actions=|| view! { <Live part="queue".to_owned()/> }/>
        <Filters request=filters/>
        <div class="stack" id="queue">
            <Load
                resource=page
                titled=true
                children={|(request, page): (QueueRequest, Paged<QueueRow>)| view! { <Rows request page/> }}
            />
        </div>
    }
    .into_any()
}

#[component]
fn Filters(request: QueueRequest) -> impl IntoView {
    let QueueRequest { procedure, state, search, after: _ } = request;
    let single = FilingState::ALL.into_iter().map(|state| (state.code(), state.label()));
    let states = GROUPS
        .into_iter()
        .chain(single)
        .map(|(code, label)| {
            let selected = code == state || (state.is_empty() && code == "open");
            view! { <option value=code selected=selected>{label}</option> }
        })
        .collect_view();
    view! {
        <form class="filters" method="get" action=PATH role="search">
            <Filter id="q-procedure" name="procedure" label="业务类型" chosen=procedure options=procedures()/>
            <div class="filter">
                <label for="q-state">"审核状态"</label>
                <select class="input" id="q-state" name="state" autocomplete="off">{states}</select>
            </div>
            <div class="filter">
                <label for="q-search">"搜索"</label>
                <input
                    class="input"
                    id="q-search"
                    name="search"
                    type="search"
                    value=search
                    placeholder="编号、备案号、名称或域名"
                    autocomplete="off"
                />
            </div>
            <div class="filter-actions">
                <button class="button">"查询"</button>
                <a class="button button-quiet" href=PATH rel="external">"清除"</a>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Rows(request: QueueRequest, page: Paged<QueueRow>) -> impl IntoView {
    let QueueRequest { procedure, state, search, after: _ } = &request;
    let here = |after: &str| {
        href(PATH, &[("procedure", procedure), ("state", state), ("search", search), ("after", after)])
    };
    if page.rows.is_empty() {
        let is_filtered =
            !(procedure.is_empty() && search.is_empty() && matches!(state.as_str(), "" | "open"));
        return if is_filtered {
            view! { <Empty sentence="没有符合条件的申请单。" action=("查看未办结的申请单", PATH)/> }
                .into_any()
        } else {
            view! { <Empty sentence="没有等待审核的申请单。" action=("返回审核工作台", "/review")/> }
                .into_any()
        };
    }
    view! {
        <div class="table-wrap">
            <table class="table">
                <caption class="visually-hidden">"审核队列"</caption>
                <thead>
                    <tr>
                        <th scope="col">"编号"</th>
                        <th scope="col">"业务类型"</th>
                        <th scope="col">"名称"</th>
                        <th scope="col">"主体"</th>
                        <th scope="col">"管辖地"</th>
                        <th scope="col">"提交时间"</th>
                        <th scope="col">"状态"</th>
                        <th scope="col">"操作"</th>
                    </tr>
                </thead>
                <tbody>{page.rows.into_iter().map(|row| view! { <Row row/> }).collect_view()}</tbody>
            </table>
        </div>
        <Pager total=page.total next=page.next.map(|after| here(&after)) first=page.is_later.then(|| here(""))/>
    }
    .into_any()
}

#[component]
fn Row(row: QueueRow) -> impl IntoView {
    let is_open = row.state.is_open();
    let waits = (is_open && row.age_days > 0).then(|| format!("已等待 {} 天", row.age_days));
    let again = (row.round > 1).then(|| format!("第 {} 次提交", row.round));
    let holder = if row.is_mine {
        Some("由我领取".to_owned())
    } else {
        row.claimed_by.map(|name| format!("{name}领取"))
    };
    view! {
        <tr>
            <td data-label="编号" class="figures">{row.reference.clone()}</td>
            <td data-label="业务类型">{row.procedure.label()}</td>
            <td data-label="名称">{row.title}</td>
            <td data-label="主体">{row.subject_name}</td>
            <td data-label="管辖地">{row.jurisdiction}</td>
            <td data-label="提交时间">
                <span class="figures">{row.submitted_at}</span>" "<span class="soft">{waits}</span>
            </td>
            <td data-label="状态">
                <FilingBadge state=row.state/>" "<span class="soft">{holder}" "{again}</span>
            </td>
            <td data-label="操作" class="row-actions">
                <a href=format!("/review/filings/{}", row.id)>
                    {if is_open { "审核" } else { "详情" }}
                    <span class="visually-hidden">{format!("：{}", row.reference)}</span>
                </a>
            </td>
        </tr>
    }
    .into_any()
}
