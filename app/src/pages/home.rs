//! 首页 (R2, R3, R5) and 业务办理 (R4); for everybody else the front door.

use domain::business::Business;
use domain::progress::{Milestone, SubjectQuestion, returned_sentence};
use domain::record::RecordState;
use domain::route;
use domain::view::{Home as HomeView, Me, OfferGroup, RecordRow, Refused};
use leptos::prelude::*;

use super::front::FrontDoor;
use crate::api;
use crate::ui::dialog::Dialog;
use crate::ui::progress::{ActButton, ProgressCard};
use crate::ui::who_am_i::who_am_i;
use crate::ui::{Empty, Icon, Load, OfferLinks, PageHead, RecordBadge, See, StateOfFiling, WindowTitle};

#[component]
pub fn Home() -> impl IntoView {
    match who_am_i() {
        Some(me) => view! { <SignedIn me/> }.into_any(),
        None => view! { <FrontDoor/> }.into_any(),
    }
}

/// Whoever works here is not asked to file a subject (R5 speaks of applicants).
#[derive(Clone, Copy)]
struct IsStaff(bool);

#[component]
fn SignedIn(me: Me) -> impl IntoView {
    let home = Resource::new(|| (), |()| api::home());
    provide_context(IsStaff(me.is_staff()));
    view! {
        <WindowTitle title="首页"/>
        <div class="page-head"><h1>"首页"</h1></div>
        {me.desk().map(|(label, href)| view! {
            <div class="banner">
                <p>"您是平台工作人员。下方是您本人作为申请人的业务。"</p>
                <a class="button button-small" href=href>{label}</a>
            </div>
        })}
        <Load resource=home titled=true children={|home: HomeView| view! { <Boxes home/> }}/>
    }
    .into_any()
}

#[component]
fn Card(
    #[prop(into)] title: String,
    #[prop(into)] id: String,
    #[prop(optional, into)] more: Option<String>,
    children: Children,
) -> impl IntoView {
    let (name, heading) = (title.clone(), id.clone());
    view! {
        <section class="card" aria-labelledby=heading>
            <div class="card-head">
                <h2 id=id>{title}</h2>
                {more.map(|href| view! { <a href=href aria-description=name.clone()>"更多"</a> })}
            </div>
            {children()}
        </section>
    }
    .into_any()
}

#[component]
fn Boxes(home: HomeView) -> impl IntoView {
    let HomeView { progress, question, filings, notices, subject, records } = home;
    let IsStaff(is_staff) = expect_context();
    // Whoever works here, and has nothing of their own, is not led through a case.
    let shows_progress = !is_staff || subject.is_some() || !filings.is_empty();
    let came_back = matches!(question, Some(SubjectQuestion::Repair { .. }));
    let question = question.filter(|_| !is_staff);
    let waits_for_business = progress.present == Milestone::Business;
    view! {
        {question.map(|question| view! { <AboutSubject question/> })}
        {shows_progress.then(|| view! { <ProgressCard progress/> })}
        <div class="grid">
            <Card title="我的申请" id="home-filings" more=route::FILINGS>
                {if filings.is_empty() {
                    view! { <Empty sentence="还没有申请。"/> }.into_any()
                } else {
                    view! {
                        <ul class="rows">
                            {filings.into_iter().map(|row| view! {
                                <li>
                                    <div class="row-main">
                                        <b>{row.procedure.label()}</b>
                                        <span class="soft">{format!("{} · ", row.title)}<time class="figures">{row.submitted_at.clone()}</time></span>
                                    </div>
                                    <StateOfFiling row=row.clone()/>
                                    <a href=route::filing(&row.id) aria-description=row.reference>"详情"</a>
                                </li>
                            }).collect_view()}
                        </ul>
                    }.into_any()
                }}
            </Card>
            <Card title="系统通知" id="home-notices" more=route::NOTICES>
                {if notices.is_empty() {
                    view! { <Empty sentence="没有未读通知。"/> }.into_any()
                } else {
                    view! {
                        <ul class="rows">
                            {notices.into_iter().map(|row| view! {
                                <li data-unread=(!row.is_read).then_some("")>
                                    <div class="row-main">
                                        <span>{row.text}</span>
                                        <time class="soft figures">{row.at}</time>
                                    </div>
                                    {row.link.map(|href| view! { <a href=href>"详情"</a> })}
                                </li>
                            }).collect_view()}
                        </ul>
                    }.into_any()
                }}
            </Card>
            <SubjectCard subject waits_for_business came_back/>
            {records.into_iter().map(|(business, rows)| view! { <RecordsCard business rows/> }).collect_view()}
        </div>
    }
    .into_any()
}

/// What somebody without a subject is asked (R5), or told about the one that came back.
#[component]
fn AboutSubject(question: SubjectQuestion) -> impl IntoView {
    let (title, sentence, act) = match question {
        SubjectQuestion::Apply => (
            "您当前尚无有效主体，请先申请主体".to_owned(),
            "办理网站、APP等业务之前，需要先填报开办主体。",
            view! { <a class="button button-primary" href=route::NEW_SUBJECT rel="external">"申请主体"</a> }
                .into_any(),
        ),
        SubjectQuestion::Repair { points, next } => (
            returned_sentence(points),
            "已填的内容都在，审核意见写在需要修改的项目旁边。",
            view! { <ActButton next class="button button-primary"/> }.into_any(),
        ),
    };
    view! {
        <Dialog title>
            <div class="dialog-body"><p>{sentence}</p></div>
            <div class="actions">
                {act}
                <form method="dialog" class="js-only"><button class="button">"稍后"</button></form>
            </div>
        </Dialog>
    }
    .into_any()
}

/// 我的主体 with its state; a valid one offers 变更 and 注销 (R3).
#[component]
fn SubjectCard(
    subject: Option<RecordRow>,
    waits_for_business: bool,
    /// 新增主体 was returned: nobody is invited to begin another one.
    came_back: bool,
) -> impl IntoView {
    view! {
        <Card title="我的主体" id="home-subject" more=route::SUBJECT>
            {match subject {
                None if came_back => view! { <Empty sentence="新增主体申请已退回，修改后重新提交即可，不必新增。"/> }.into_any(),
                None => view! { <Empty sentence="您当前尚无有效主体。" action=("新增主体", route::NEW_SUBJECT)/> }.into_any(),
                Some(row) => {
                    let name = row.name.clone();
                    let shows_offers = row.state == RecordState::Active;
                    view! {
                        <ul class="rows">
                            <li>
                                <div class="row-main">
                                    <b>{row.name}</b>
                                    <span class="soft">{format!("管辖地 {}", row.jurisdiction)}</span>
                                </div>
                                <span class="states">
                                    {(waits_for_business && row.state == RecordState::Pending).then(|| view! {
                                        <span class="badge" data-tone="warning">"待填报业务"</span>
                                    })}
                                    <RecordBadge state=row.state/>
                                </span>
                                <a href=route::SUBJECT aria-description=name.clone()>"详情"</a>
                                {shows_offers.then(|| view! { <OfferLinks offers=row.offers about=name/> })}
                            </li>
                        </ul>
                    }.into_any()
                }
            }}
        </Card>
    }
    .into_any()
}

#[component]
fn RecordsCard(business: Business, rows: Vec<RecordRow>) -> impl IntoView {
    let title = business.definition().at_home.map_or(business.noun(), |(_, title)| title);
    let id = format!("home-{}", business.code());
    view! {
        <Card title id more=route::records(business)>
            {if rows.is_empty() {
                view! { <Empty sentence=format!("还没有{}。", business.noun())/> }.into_any()
            } else {
                view! {
                    <ul class="rows">
                        {rows.into_iter().map(|row| view! {
                            <li>
                                <div class="row-main">
                                    <b>{row.name.clone()}</b>
                                    <span class="soft figures">{row.registration_number.or(row.domain).unwrap_or_default()}</span>
                                </div>
                                <RecordBadge state=row.state/>
                                <a href=route::record(business, &row.id) aria-description=row.name.clone()>"详情"</a>
                            </li>
                        }).collect_view()}
                    </ul>
                }.into_any()
            }}
        </Card>
    }
    .into_any()
}

/// 业务办理: what can be begun, in groups; what cannot says why (R4, R79).
#[component]
pub fn Services() -> impl IntoView {
    let offers = Resource::new(|| (), |()| api::offers());
    view! {
        <PageHead
            title="业务办理"
            actions=|| view! { <a class="button" href=route::GUIDE>"办事指南"</a> }
        />
        <Load resource=offers titled=true children={|groups: Vec<OfferGroup>| view! { <Groups groups/> }}/>
    }
    .into_any()
}

/// The one reason that holds for most of what cannot be begun is said once, above.
fn shared_reason(groups: &[OfferGroup]) -> Option<Refused> {
    let refused = || groups.iter().flat_map(|group| &group.offers).filter_map(|offer| offer.refused.as_ref());
    let count = |reason: &Refused| refused().filter(|other| *other == reason).count();
    refused().max_by_key(|reason| count(reason)).filter(|reason| count(reason) > 2).cloned()
}

#[component]
fn Groups(groups: Vec<OfferGroup>) -> impl IntoView {
    let shared = shared_reason(&groups);
    view! {
        {shared.clone().map(|Refused { sentence, link }| view! {
            <aside class="notice" aria-label="暂不能办理">
                <p>{sentence}{link.map(|href| view! { <See href/> })}</p>
            </aside>
        })}
        <div class="shortcut-groups">
                {groups.into_iter().map(|group| view! {
                    <section class="shortcut-group">
                        <h2><Icon name=icon_of(&group.title)/>{group.title}</h2>
                        <ul>
                            {group.offers.into_iter().map(|offer| {
                                let is_told = offer.refused.is_some() && offer.refused == shared;
                                view! { <li><Shortcut offer is_told/></li> }
                            }).collect_view()}
                        </ul>
                    </section>
                }).collect_view()}
        </div>
    }
    .into_any()
}

fn icon_of(group: &str) -> &'static str {
    match group {
        "开办主体" => "user",
        "网站业务" => "globe",
        "APP业务" => "phone",
        "小程序" => "grid",
        "应用市场业务" => "bag",
        "安全评估" => "shield",
        _ => "home",
    }
}

#[component]
fn Shortcut(
    offer: domain::view::Offer,
    /// The reason against it stands above all of them.
    is_told: bool,
) -> impl IntoView {
    match offer.refused {
        Some(refused) if is_told => view! {
            <span class="shortcut" aria-disabled="true">
                {offer.label}<span class="visually-hidden">{refused.sentence}</span>
            </span>
        }
        .into_any(),
        None => view! { <a class="shortcut" href=offer.href>{offer.label}</a> }.into_any(),
        Some(refused) => view! {
            <span class="shortcut" aria-disabled="true">
                {offer.label}
                <span class="why">{refused.sentence}{refused.link.map(|href| view! { <See href/> })}</span>
            </span>
        }
        .into_any(),
    }
}
