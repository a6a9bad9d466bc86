//! 系统通知 (R66): unread first, each leads to what it is about.

use domain::route;
use domain::view::{NoticeRow, Paged};
use leptos::prelude::*;

use crate::api;
use crate::pages::query::query_text;
use crate::ui::table::{Pager, href};
use crate::ui::{Empty, Load, PageHead, PostButton};

#[component]
pub fn Notices() -> impl IntoView {
    let (all, after) = (query_text("all"), query_text("after"));
    let page = Resource::new(
        move || (!all().is_empty(), after()),
        |(is_all, after)| async move {
            let page = api::notices(!is_all, after).await?;
            Ok((is_all, page))
        },
    );
    let read_all = || {
        view! {
            <a class="button" href=route::NOTICE_SETTINGS>"通知设置"</a>
            <PostButton action="/act/read-all-notices" label="全部标为已读"/>
        }
    };
    view! {
        <PageHead title="系统通知" actions=read_all/>
        <Load resource=page titled=true children={|(is_all, page): (bool, Paged<NoticeRow>)| view! { <Inbox is_all page/> }}/>
    }
    .into_any()
}

#[component]
fn Inbox(is_all: bool, page: Paged<NoticeRow>) -> impl IntoView {
    let count = (!is_all && page.total > 0)
        .then(|| view! { <span class="count">{page.total.to_string()}<span class="visually-hidden">"条"</span></span> });
    let here =
        move |after: &str| href(route::NOTICES, &[("all", if is_all { "1" } else { "" }), ("after", after)]);
    let rows = if page.rows.is_empty() {
        let sentence = if is_all { "还没有通知。" } else { "没有未读的通知。" };
        view! { <Empty sentence action=("返回首页", route::HOME)/> }.into_any()
    } else {
        view! {
            <ul class="inbox">{page.rows.into_iter().map(|notice| view! { <Notice notice/> }).collect_view()}</ul>
            <Pager total=page.total next=page.next.map(|after| here(&after)) first=page.is_later.then(|| here(""))/>
        }
        .into_any()
    };
    view! {
        <div class="stack">
            <nav class="tabs" aria-label="通知范围">
                <a href=route::NOTICES aria-current=(!is_all).then_some("page")>"未读 "{count}</a>
                <a href=href(route::NOTICES, &[("all", "1")]) aria-current=is_all.then_some("page")>"全部"</a>
            </nav>
            {rows}
        </div>
    }
    .into_any()
}

/// Unread ones are read by a post that leads on; those that were read are plain links.
#[component]
fn Notice(notice: NoticeRow) -> impl IntoView {
    let NoticeRow { id, text, at, is_read, link } = notice;
    let words = match (is_read, link) {
        (false, _) => view! {
            <form class="row-main" method="post" action="/act/read-notice">
                <input type="hidden" name="notice" value=id/>
                <button class="link"><span class="visually-hidden">"未读："</span><b>{text}</b></button>
            </form>
        }
        .into_any(),
        (true, Some(link)) => view! { <div class="row-main"><a href=link>{text}</a></div> }.into_any(),
        (true, None) => view! { <div class="row-main">{text}</div> }.into_any(),
    };
    view! { <li data-unread=(!is_read).then_some("")>{words}<time class="figures">{at}</time></li> }
}
