//! The frame around every page: top bar, side menu, foot. Works without wasm; with it, the menu
//! closes by itself.

use domain::action::Action;
use domain::business::Business;
use domain::procedure::Procedure;
use domain::route;
use domain::view::Me;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use maud::{Markup, html};

use crate::ui::who_am_i::{is_elder, sign_in_here};
use crate::ui::{Icon, platform_name};

/// What one may do with a business, as the side menu lists it (R7).
fn menu_of(business: Business) -> Vec<(&'static str, String)> {
    let link = |action: Action| {
        let procedure = Procedure::new(business, action);
        (procedure.label(), route::begin(procedure))
    };
    let mut links: Vec<_> = business.actions().map(link).collect();
    if business == Business::Subject {
        links.push(("移交主体", route::TRANSFER.to_owned()));
        links.push(("接收主体", route::RECEIVE.to_owned()));
    }
    links
}

fn mine() -> Vec<(&'static str, String)> {
    let lists = [("我的草稿", route::DRAFTS.to_owned()), ("我的申请", route::FILINGS.to_owned())];
    let records = Business::ALL.map(|business| (business.definition().mine, route::records(business)));
    lists.into_iter().chain(records).collect()
}

/// Where one is, whether it is within what a link leads to: the review desk's pages have links of their own, elsewhere
/// what lies below belongs to the link.
fn is_here(path: &str, href: &str) -> bool {
    path == href || (href != route::HOME && href != route::REVIEW && route::is_at(path, href))
}

/// A link of the side menu, a template as all of that: every page draws some forty.
fn side_link(path: &str, (name, href): (&str, &str), icon: Option<&str>) -> Markup {
    html! {
        li {
            a class="side-link" href=(href) aria-current=[is_here(path, href).then_some("page")] {
                @if let Some(icon) = icon { span class={ "icon icon-" (icon) } aria-hidden="true" {} }
                (name)
            }
        }
    }
}

fn side_group(path: &str, name: &str, links: &[(&'static str, String)]) -> Markup {
    html! {
        li {
            details class="side-group" open {
                summary { (name) }
                ul {
                    @for (name, href) in links { (side_link(path, (name, href), None)) }
                }
            }
        }
    }
}

/// A business that most people do not file, on one line: what one may do with it, in its shortest words. Every link is
/// there and bears its whole name (R7).
fn side_brief(business: Business) -> Markup {
    html! {
        li class="side-brief" {
            span { (business.definition().menu) }
            span class="side-shorts" {
                @for action in business.actions() { (side_short(Procedure::new(business, action))) }
            }
        }
    }
}

fn side_short(procedure: Procedure) -> Markup {
    // What the line says already is left to readers; 安全评估申请 does not begin with its verb and stands in full.
    let (shown, rest) = match procedure.label().strip_prefix(procedure.verb()) {
        Some(rest) => (procedure.verb(), rest),
        None => (procedure.label(), ""),
    };
    html! {
        a class="side-short" href=(route::begin(procedure)) aria-label=(procedure.label()) {
            (shown)
            @if !rest.is_empty() { span class="visually-hidden" { (rest) } }
        }
    }
}

/// What applicants do. The businesses of nearly everybody stand open, and whichever one is at.
fn own_menu(path: &str) -> Markup {
    // A name that a short word does not begin to say is written out.
    let has_short_names = |business: Business| {
        business.actions().all(|action| {
            let procedure = Procedure::new(business, action);
            procedure.label().contains(procedure.verb())
        })
    };
    let is_whole = |business: Business| {
        matches!(business, Business::Subject | Business::Website)
            || route::is_in_business(path, business)
            || !has_short_names(business)
    };
    let (whole, brief): (Vec<Business>, Vec<Business>) =
        Business::ALL.into_iter().partition(|business| is_whole(*business));
    html! {
        (side_link(path, ("业务办理", route::SERVICES), Some("grid")))
        (side_group(path, "我的", &mine()))
        @for business in whole {
            (side_group(path, business.definition().menu, &menu_of(business)))
        }
        @if !brief.is_empty() {
            li class="side-more" {
                p id="side-more" { "更多业务" }
                ul aria-labelledby="side-more" {
                    @for business in brief { (side_brief(business)) }
                }
            }
        }
    }
}

/// What staff do, by what they are.
fn staff_groups(me: &Me) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let mut review = Vec::new();
    if me.is_reviewer {
        review.push(("审核工作台", route::REVIEW.to_owned()));
        review.push(("审核队列", route::QUEUE.to_owned()));
        review.push(("举报线索", route::REPORTS.to_owned()));
        review.push(("需核查", route::PATROL.to_owned()));
    }
    if me.is_reviewer || me.is_administrator || me.is_keeper {
        review.push(("退回原因", route::RETURN_REASONS.to_owned()));
    }
    if me.has_second_looks {
        // Who reviews nothing has the results alone.
        let list = if me.is_reviewer { route::SECOND_LOOKS } else { route::SECOND_LOOK_RESULTS };
        review.push(("抽查复核", list.to_owned()));
    }
    if me.is_administrator {
        review.push(("在办申请单", route::CLAIMS.to_owned()));
        review.push(("民警工作量", route::LOAD.to_owned()));
        review.push(("人员管理", route::STAFF.to_owned()));
    }
    if me.is_auditor {
        review.push(("审计日志", route::AUDIT.to_owned()));
    }
    let mut keeping = Vec::new();
    if me.is_keeper {
        keeping.push(("服务商名录", route::PROVIDERS.to_owned()));
        keeping.push(("常用意见", route::REASONS.to_owned()));
        keeping.push(("节假日", route::HOLIDAYS.to_owned()));
        keeping.push(("运行状况", route::PLATFORM.to_owned()));
    }
    let mut proving = Vec::new();
    if me.must_step_up {
        proving.push(("验证身份后进入", route::staff_login(route::HOME)));
    }
    let groups = [("审核", review), ("系统维护", keeping), ("审核与管理", proving)];
    groups.into_iter().filter(|(_, links)| !links.is_empty()).collect()
}

/// Staff have their work, and what they file themselves behind one item; everybody else has that alone.
#[component]
fn SideMenu(me: Me) -> impl IntoView {
    let path = use_location().pathname.get_untracked();
    view! { <nav class="side" aria-label="主菜单" inner_html=side_menu(&me, &path).into_string()></nav> }
        .into_any()
}

fn side_menu(me: &Me, path: &str) -> Markup {
    let work = staff_groups(me);
    html! {
        ul {
            @for (name, links) in &work { (side_group(path, name, links)) }
            (side_link(path, ("首页", route::HOME), Some("home")))
            @if work.is_empty() {
                (own_menu(path))
            } @else {
                li {
                    // Open where one is at it.
                    details class="side-group side-own" open[route::is_of_filing(path)] {
                        summary { "我的个人业务" }
                        ul { (own_menu(path)) }
                    }
                }
            }
            (side_link(path, ("备案查询", route::LOOKUP), Some("search")))
        }
    }
}

/// 【当前主体】 (R6)
#[component]
fn Switcher(me: Me) -> impl IntoView {
    let current = me.current.clone();
    match me.subjects.len() {
        0 => ().into_any(),
        1 => view! {
            <p class="switcher"><span>"当前主体"</span><b>{current.map(|subject| subject.name).unwrap_or_default()}</b></p>
        }
        .into_any(),
        _ => {
            let id = current.map(|subject| subject.id).unwrap_or_default();
            view! {
                <form class="switcher" method="post" action="/act/switch-subject">
                    <label for="current-subject">"当前主体"</label>
                    <select id="current-subject" name="subject" autocomplete="off">
                        {me.subjects
                            .into_iter()
                            .map(|subject| {
                                let selected = subject.id == id;
                                view! { <option value=subject.id selected=selected title=subject.state.label()>{subject.name}</option> }
                            })
                            .collect_view()}
                    </select>
                    <button class="button button-small">"切换"</button>
                </form>
            }
            .into_any()
        }
    }
}

#[component]
fn PersonMenu(me: Me) -> impl IntoView {
    view! {
        <a class="topbar-link" href=route::NOTICES>
            <Icon name="bell"/>
            <span class="topbar-word">"系统通知"</span>
            {(me.unread > 0).then(|| view! {
                <span class="count">{me.unread}<span class="visually-hidden">"条未读"</span></span>
            })}
        </a>
        <details class="popup">
            <summary class="topbar-link">
                <Icon name="user"/>
                <span class="topbar-word">{me.name.clone()}</span>
            </summary>
            <ul class="popup-list">
                {me.region.map(|region| view! { <li><span class="soft">{format!("管辖 {region}")}</span></li> })}
                <li><a href=route::NOTICE_SETTINGS>"通知设置"</a></li>
                <li><a href=route::SESSIONS>"登录会话"</a></li>
                <li><a href=route::LOOKS>"信息查阅记录"</a></li>
                <li><form method="post" action=route::LOGOUT><button>"退出"</button></form></li>
            </ul>
        </details>
    }
    .into_any()
}

/// What the top bar of every page has: 帮助, and 长辈版 by a plain post.
#[component]
fn ForEverybody() -> impl IntoView {
    let (word, on) = if is_elder() { ("标准版", "") } else { ("长辈版", "yes") };
    view! {
        <a class="topbar-link topbar-plain" href=route::GUIDE>"帮助"</a>
        <form method="post" action="/act/elder">
            <input type="hidden" name="on" value=on autocomplete="off"/>
            <button class="topbar-link topbar-plain">{word}</button>
        </form>
    }
    .into_any()
}

/// The frame of a signed-in person's pages, or of everybody's.
#[component]
pub fn Frame(me: Option<Me>, children: Children) -> impl IntoView {
    let flash = me.as_ref().and_then(|me| me.flash.clone());
    let is_public = me.is_none();
    let menu = me.clone().map(|me| view! { <SideMenu me/> });
    // Who asked for a page of their own comes back to it.
    let is_own = route::is_for_the_signed_in(&use_location().pathname.get_untracked());
    let sign_in = if is_own { sign_in_here() } else { route::LOGIN.to_owned() };
    let end = match me {
        Some(me) => view! { <Switcher me=me.clone()/> <ForEverybody/> <PersonMenu me/> }.into_any(),
        None => view! {
            <ForEverybody/>
            <a class="topbar-link" href=route::LOOKUP><Icon name="search"/><span class="topbar-word">"备案查询"</span></a>
            <a class="button button-small" href=sign_in rel="external">"用户登录"</a>
        }
        .into_any(),
    };
    view! {
        <a class="skip" href="#main">"跳到主要内容"</a>
        <div class="shell" class:shell-public=is_public>
            <header class="topbar">
                {(!is_public).then(|| view! {
                    <input class="drawer-switch" type="checkbox" id="drawer" aria-label="菜单" autocomplete="off"/>
                    <label class="drawer-open" for="drawer" aria-hidden="true"><span class="icon icon-menu"></span></label>
                })}
                <a class="brand" href=route::HOME><img src="/mark.svg" alt="" width="28" height="28"/><span>{platform_name()}</span></a>
                <div class="topbar-end">{end}</div>
            </header>
            {menu}
            {(!is_public).then(|| view! { <label class="drawer-veil" for="drawer" aria-hidden="true"></label> })}
            <main class="content" id="main" tabindex="-1" data-platform=platform_name()>
                {flash.map(|flash| view! { <p class="flash" role="status">{flash}</p> })}
                {children()}
            </main>
            <footer class="foot">
                <p>{platform_name()}" · 开源软件 · 演示部署不代表任何机关"</p>
            </footer>
        </div>
    }
    .into_any()
}
