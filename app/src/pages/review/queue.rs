//! 审核队列 (R61): filters, search, order and paging stand in the address, so that a queue can be
//! bookmarked, saved as a view and gone back to. Its rows are drawn in `rows`.

use domain::business::Business;
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::route;
use domain::talk::WAITING;
use domain::view::{Paged, QueueDesk, QueueLine, QueueRequest, SavedView, UndoOffer};
use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use maud::html;

use super::address::{query_of, request_in_address};
use super::display::Display;
use super::live::Live;
#[cfg(feature = "ssr")]
use super::rows::News;
use super::rows::Rows;
use super::shortcuts::{Keys, QUEUE_KEYS};
use super::undo::{Undo, undo_offer};
use crate::api;
use crate::ui::drop_down::option;
use crate::ui::table::Filter;
use crate::ui::{DeskScript, Load, PageHead};

/// What the filter offers beside single states; the first is what an address without a state means.
const GROUPS: [(&str, &str); 8] = [
    ("open", "未办结"),
    ("arrived", "新到"),
    ("mine", "我领取的"),
    ("resubmitted", "退回后重新提交"),
    ("overdue", "已超期"),
    ("waiting", WAITING),
    ("done", "已办结"),
    ("all", "全部"),
];

const AGES: [(&str, &str); 5] =
    [("today", "今天提交"), ("1", "满 1 天"), ("3", "满 3 天"), ("7", "满 7 天"), ("15", "满 15 天")];

const ORDERS: [(&str, &str); 2] = [("oldest", "最早提交在前"), ("newest", "最近提交在前")];

type Shown = (QueueRequest, Paged<QueueLine>, QueueDesk, Option<UndoOffer>);

#[component]
pub fn ReviewQueue() -> impl IntoView {
    let request = request_in_address();
    let page = Resource::new(request, |request| {
        // The second call needs to know its caller, too.
        ScopedFuture::new(async move {
            let page = api::queue_table(request.clone()).await?;
            let desk = api::queue_desk(request.clone()).await?;
            Ok((request, page, desk, undo_offer().await))
        })
    });
    let here = untrack(request);
    let from = query_of(&QueueRequest { after: String::new(), ..here.clone() });
    let export = from.clone();
    // Where a page that is told of single rows asks for these.
    let rows = format!("{}?{}", route::QUEUE_ROWS, query_of(&here));
    view! {
        <div class="queue-head">
            <PageHead
                above=vec![("审核工作台", route::REVIEW)]
                title="审核队列"
                actions=move || view! {
                    <Live part="queue".to_owned() rows=rows.clone()/>
                    <a class="button" href=format!("{}?{export}", route::QUEUE_EXPORT) download="filings.csv">"导出表格"</a>
                    <form method="post" action="/act/claim-next" class="inline">
                        <input type="hidden" name="from" value=from.clone() autocomplete="off"/>
                        <button class="button button-primary" accesskey="n">"领取下一件"</button>
                    </form>
                }
            />
        </div>
        <Load
            resource=page
            titled=true
            children={|(request, page, desk, undo): Shown| view! { <Desk request page desk undo/> }}
        />
        <DeskScript/>
    }
    .into_any()
}

#[component]
fn Desk(
    request: QueueRequest,
    page: Paged<QueueLine>,
    desk: QueueDesk,
    undo: Option<UndoOffer>,
) -> impl IntoView {
    let QueueDesk { above, below, officers, views, arrived, region: _, settings } = desk;
    let from = query_of(&QueueRequest { after: String::new(), ..request.clone() });
    let worked = from.clone();
    view! {
        <div class="queue-desk">
            <Filters request=request.clone() above below officers/>
            <div class="queue-bar">
                <Batch from=from.clone()/>
                <form method="post" action="/act/claim" id="claim" hidden>
                    <input type="hidden" name="from" value=from.clone() autocomplete="off"/>
                </form>
                <Views views request=request.clone()/>
                <Display settings=settings.clone() from/>
            </div>
            <div id="queue" class="queue-part">
                <Arrivals arrived request=request.clone()/>
                <Rows request page settings=settings.clone()/>
            </div>
            <p class="soft js-only">"在一行上按空格键速览，按 ↑ ↓ 换行，按 Esc 关闭速览。"</p>
            <Keys keys=QUEUE_KEYS single=settings.single_keys/>
        </div>
        <dialog class="peek" id="peek" aria-label="速览" tabindex="-1"></dialog>
        <Undo offer=undo from=worked/>
    }
    .into_any()
}

/// Single rows of the queue and the counts around them, for a page that shows it: `live_rows` puts them in their places.
#[cfg(feature = "ssr")]
pub fn queue_news_html(request: QueueRequest, news: domain::view::QueueNews) -> String {
    let domain::view::QueueNews { rows, total, arrived, settings } = news;
    Owner::new().with(|| {
        view! {
            <div id="queue">
                <Arrivals arrived request=request.clone()/>
                <News request rows total settings/>
            </div>
        }
        .to_html()
    })
}

/// What is done to the rows that are ticked; a dry run comes first.
#[component]
fn Batch(from: String) -> impl IntoView {
    let acts = domain::view::BatchAct::ALL
        .map(|act| {
            view! { <button class="button button-small" name="act" value=act.code()>{act.label()}</button> }
        })
        .collect_view();
    view! {
        <form method="get" action=route::BATCH id="batch" class="queue-batch">
            <input type="hidden" name="from" value=from autocomplete="off"/>
            <label class="choice js-only"><input type="checkbox" id="tick-all" autocomplete="off"/><span>"全选本页"</span></label>
            {acts}
            <span role="status" class="soft" id="ticked"></span>
        </form>
    }
    .into_any()
}

/// The bell: what came in since the officer last said that they had seen everything.
#[component]
fn Arrivals(arrived: u64, request: QueueRequest) -> impl IntoView {
    let is_shown = arrived > 0;
    let more = if arrived >= 100 { "100 份以上" } else { "" };
    let count = if more.is_empty() { format!("{arrived} 份") } else { more.to_owned() };
    is_shown.then(|| {
        view! {
            <div class="bell" data-row="bell">
                <p>{format!("新到 {count}申请单，含重新提交的和其他地区移送的。")}</p>
                <a href=format!("{}?state=arrived", route::QUEUE) rel="external">"查看新到"</a>
                <form method="post" action="/act/saw-arrivals" class="inline">
                    <input type="hidden" name="from" value=query_of(&request) autocomplete="off"/>
                    <button class="link">"全部标为已看"</button>
                </form>
            </div>
        }
    })
}

/// 常用视图
#[component]
fn Views(views: Vec<SavedView>, request: QueueRequest) -> impl IntoView {
    let query = query_of(&QueueRequest { after: String::new(), ..request });
    let here = query.clone();
    let links = views
        .iter()
        .map(|view| {
            let is_here = view.query == here;
            let href = if view.query.is_empty() { route::QUEUE.to_owned() } else { format!("{}?{}", route::QUEUE, view.query) };
            view! { <a href=href rel="external" aria-current=is_here.then_some("page")>{view.name.clone()}</a> }
        })
        .collect_view();
    let here = query.clone();
    let deletions = views
        .iter()
        .map(|view| {
            let about = format!("：{}", view.name);
            view! {
                <li>
                    <span>{view.name.clone()}</span>
                    <form method="post" action="/act/delete-view" class="inline">
                        <input type="hidden" name="view" value=view.id.clone() autocomplete="off"/>
                        <input type="hidden" name="from" value=here.clone() autocomplete="off"/>
                        <button class="link">"删除"<span class="visually-hidden">{about}</span></button>
                    </form>
                </li>
            }
        })
        .collect_view();
    let has_views = !views.is_empty();
    view! {
        {has_views.then(|| view! { <nav class="tabs" aria-label="常用视图">{links}</nav> })}
        <details class="views-edit">
            <summary>"常用视图"</summary>
            <div class="queue-popup">
                <form method="post" action="/act/save-view" class="queue-form">
                    <input type="hidden" name="from" value=query autocomplete="off"/>
                    <div class="filter">
                        <label for="view-name">"将当前筛选保存为"</label>
                        <input class="input" id="view-name" name="name" required maxlength="20" autocomplete="off" placeholder="例如：超期的网站"/>
                    </div>
                    <div class="filter-actions"><button class="button">"保存视图"</button></div>
                </form>
                {has_views.then(|| view! { <ul class="views-list">{deletions}</ul> })}
            </div>
        </details>
    }
    .into_any()
}

/// 业务类型: each business as a whole, and its procedures.
fn kinds(chosen: &str) -> AnyView {
    let offered = html! {
        (option("", "全部", chosen.is_empty()))
        @for business in Business::ALL {
            @let (menu, whole) = (business.definition().menu, business.code());
            optgroup label=(menu) {
                (option(whole, &format!("{menu}（全部）"), whole == chosen))
                @for procedure in Procedure::all().filter(|procedure| procedure.business == business) {
                    @let code = procedure.code();
                    (option(&code, procedure.label(), code == chosen))
                }
            }
        }
    };
    view! {
        <div class="filter">
            <label for="q-procedure">"业务类型"</label>
            <select class="input" id="q-procedure" name="procedure" autocomplete="off" inner_html=offered.into_string()></select>
        </div>
    }
    .into_any()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(code, label)| ((*code).to_owned(), (*label).to_owned())).collect()
}

#[component]
fn Filters(
    request: QueueRequest,
    above: Vec<domain::view::RegionOption>,
    below: Vec<domain::view::RegionOption>,
    officers: Vec<(String, String)>,
) -> impl IntoView {
    let QueueRequest { procedure, state, region, claimed_by, age, search, sort, after: _ } = request;
    let single = FilingState::ALL.into_iter().map(|state| (state.code(), state.label()));
    let states = html! {
        @for (code, label) in GROUPS.into_iter().chain(single) {
            (option(code, label, code == state || (state.is_empty() && code == "open")))
        }
    };
    // The officer's own region needs no name: it is what an address without a region means.
    let inner = above.into_iter().skip(1).map(|region| (region.code, format!("{}（全部）", region.name)));
    let regions: Vec<_> = inner.chain(below.into_iter().map(|region| (region.code, region.name))).collect();
    let holders = owned(&[("none", "未领取"), ("me", "我")]);
    let holders: Vec<_> = holders.into_iter().chain(officers).collect();
    // What narrows the queue is in sight, also where there is room for few filters only.
    let is_unfolded = [&region, &claimed_by, &age, &sort].into_iter().any(|chosen| !chosen.is_empty());
    view! {
        <form class="filters queue-filters" method="post" action="/act/search-queue" role="search">
            {kinds(&procedure)}
            <div class="filter">
                <label for="q-state">"审核状态"</label>
                <select class="input" id="q-state" name="state" autocomplete="off" inner_html=states.into_string()></select>
            </div>
            <div class="filter-more">
                {(!regions.is_empty()).then(|| view! {
                    <Filter id="q-region" name="region" label="管辖地" chosen=region options=regions/>
                })}
                <Filter id="q-claimed" name="claimed_by" label="领取人" chosen=claimed_by options=holders/>
                <Filter id="q-age" name="age" label="等待时间" chosen=age options=owned(&AGES)/>
                <Filter id="q-sort" name="sort" label="排序" chosen=sort options=owned(&ORDERS) empty="默认"/>
            </div>
            <div class="filter filter-search">
                <label for="q-search">"搜索"</label>
                <input
                    class="input"
                    id="q-search"
                    name="search"
                    type="search"
                    value=search
                    placeholder="编号、备案号、名称、域名，或个人的姓名、证件号码"
                    autocomplete="off"
                    accesskey="s"
                />
            </div>
            <div class="filter-actions">
                <button class="button">"查询"</button>
                <a class="button button-quiet" href=route::QUEUE rel="external">"清除"</a>
                <input type="checkbox" class="fold-switch" id="q-more" checked=is_unfolded autocomplete="off"/>
                <label class="button button-quiet fold-word" for="q-more">"更多筛选"</label>
            </div>
        </form>
    }
    .into_any()
}
