//! The front door: what the platform is for, what to have ready and how long it takes, before one signs in.

use domain::business::Business;
use domain::guide::{minutes, preparations};
use domain::route;
use domain::view::{Guide, working_time};
use leptos::prelude::*;

use crate::api;
use crate::ui::WindowTitle;

#[component]
pub fn FrontDoor() -> impl IntoView {
    view! {
        <WindowTitle title=""/>
        <section class="hero">
            <h1>"网站、APP 的公安联网备案，在这里办"</h1>
            <p>"网站、APP、小程序等的开办者，在这里向所在地网安部门办理联网备案：在线填报，随时保存，进度可查。"</p>
            <div class="actions">
                <a class="button button-primary button-large" href=route::LOGIN rel="external">"用户登录"</a>
                <a class="button button-large" href=route::GUIDE>"办事指南"</a>
            </div>
        </section>
        <section class="stack" aria-labelledby="before">
            <h2 id="before">"办理之前"</h2>
            <div class="before">
                <Ready/>
                <HowLong/>
            </div>
        </section>
        <section class="stack" aria-labelledby="lookup-title">
            <h2 id="lookup-title">"备案查询"</h2>
            <form class="lookup" method="get" action=route::LOOKUP role="search">
                <label for="q">"备案号、域名或主体名称"</label>
                <div class="joined">
                    <input class="input" id="q" name="q" type="search" autocomplete="off"/>
                    <button class="button button-primary">"查询"</button>
                </div>
                <p class="hint">"只显示依法公开的备案信息"</p>
            </form>
        </section>
        <section class="stack" aria-labelledby="how">
            <h2 id="how">"办理流程"</h2>
            <Steps/>
        </section>
    }
    .into_any()
}

/// The five steps, as everywhere.
#[component]
pub fn Steps() -> impl IntoView {
    view! {
        <ol class="next">
            <li>"用户登录：通过“互联网+政务服务”统一身份认证。"</li>
            <li>"新增主体：填报开办单位或个人的信息。"</li>
            <li>"办理业务：为主体填报网站、APP等业务，与主体一并审核。"</li>
            <li>"等待审核：管辖地网安民警审核，结果在“系统通知”告知。"</li>
            <li>"公示备案：审核通过后获得备案号，在网站首页张贴。"</li>
        </ol>
    }
    .into_any()
}

/// The papers of the commonest case, a subject with a website, and the minutes for both.
#[component]
fn Ready() -> impl IntoView {
    let of_subject = preparations(Business::Subject);
    let for_both = minutes(Business::Subject) + minutes(Business::Website);
    let rows = of_subject
        .into_iter()
        .map(|one| {
            let papers: Vec<&str> = one.papers.iter().map(|paper| paper.label).collect();
            view! { <li><b>{one.whom}</b>"："{papers.join("、")}</li> }
        })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="ready">
            <div class="card-head"><h3 id="ready">"准备什么"</h3><a href=format!("{}#ready", route::GUIDE)>"各项业务"</a></div>
            <ul class="plain">
                {rows}
                <li><b>"网站"</b>"：域名、网站 IP、工信部备案号（如有），安全负责人和应急联络人的身份证照片，建议备好域名证书。"</li>
            </ul>
            <p class="soft">{format!("材料齐全时，填报主体和一个网站约需 {for_both} 分钟，可随时保存。")}</p>
        </section>
    }
    .into_any()
}

#[component]
fn HowLong() -> impl IntoView {
    let guide = Resource::new(|| (), |()| api::guide());
    view! {
        <section class="card" aria-labelledby="how-long">
            <div class="card-head"><h3 id="how-long">"多久办完"</h3></div>
            <Suspense>
                {Suspend::new(async move {
                    // The front door opens whether or not there are figures.
                    view! { <Durations guide=guide.await.unwrap_or_default()/> }
                })}
            </Suspense>
            <p class="soft">"提交后 30 分钟内可以撤销；审核结果在“系统通知”告知。"</p>
        </section>
    }
    .into_any()
}

/// What the decisions of the last weeks took, or that there are none to tell by.
#[component]
pub fn Durations(guide: Guide) -> impl IntoView {
    let Guide { median_hours, p90_hours, decisions, weeks, overdue_days } = guide;
    match median_hours {
        None => view! { <p>{format!("一般 {overdue_days} 个工作日内办结。近 {weeks} 周办结的申请太少，暂时没有实际用时可供参考。")}</p> }.into_any(),
        Some(_) => view! {
            <dl class="facts">
                <div><dt>"半数申请从提交到决定不超过"</dt><dd class="figures">{working_time(median_hours)}</dd></div>
                <div><dt>"九成申请不超过"</dt><dd class="figures">{working_time(p90_hours)}</dd></div>
            </dl>
            <p class="soft">{format!("按本平台近 {weeks} 周作出的 {decisions} 个决定统计，只计工作日。")}</p>
        }
        .into_any(),
    }
}
