//! 我的主体, 我的网站, 我的APP …: lists and details, and the list from which a record is chosen for a
//! change (R35, R36, R52).

use domain::action::Action;
use domain::business::Business;
use domain::procedure::Procedure;
use domain::progress::Progress;
use domain::route;
use domain::sheet::Shown;
use domain::view::{Paged, RecordRow, RecordView};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::certificate::{BadgeCheck, Registration};
use super::to_put_right::ToPutRight;
use crate::api::{self, ApiError};
use crate::ui::progress::ProgressCard;
use crate::ui::sheet::SheetView;
use crate::ui::table::{Column, Grid, Pager, href, words};
use crate::ui::{
    Empty, FilingBadge, Load, OfferLink, OfferLinks, PageHead, Problem, RecordBadge, StateBeside, with_state,
};

fn business_of_address() -> Memo<Option<Business>> {
    let params = use_params_map();
    Memo::new(move |_| {
        params.with(|params| params.get("business")).and_then(|code| Business::from_code(&code))
    })
}

#[component]
pub fn Records() -> impl IntoView {
    let business = business_of_address();
    move || {
        match business.get().filter(|business| *business != Business::Subject) {
        Some(business) => view! {
            <PageHead
                above=vec![("我的", route::HOME)]
                title=business.definition().mine
                actions=move || {
                    let procedure = Procedure::new(business, Action::New);
                    view! { <a class="button button-primary" href=route::begin(procedure)>{procedure.label()}</a> }
                }
            />
            <List business only=None/>
        }
        .into_any(),
        None => view! { <Problem error=ApiError::NotFound/> }.into_any(),
    }
    }
}

/// 变更网站, 注销网站: the approved ones, each with the one action (R35, R36).
#[component]
pub fn Choose(procedure: Procedure) -> impl IntoView {
    view! {
        <PageHead above=vec![(procedure.business.definition().menu, route::SERVICES)] title=procedure.label()/>
        <List business=procedure.business only=Some(procedure.action)/>
    }
    .into_any()
}

#[component]
fn List(business: Business, only: Option<Action>) -> impl IntoView {
    let query = use_query_map();
    let after = move || query.with(|query| query.get("after")).unwrap_or_default();
    let page = Resource::new(after, move |after| api::records(business, only.is_some(), after));
    let path = StoredValue::new(match only {
        None => route::records(business),
        Some(action) => route::begin(Procedure::new(business, action)),
    });
    view! {
        <Suspense fallback=crate::ui::Waiting>
            {Suspend::new(async move {
                match page.await {
                    Ok(page) => view! { <Table page business only path=path.get_value()/> }.into_any(),
                    Err(error) => view! { <Problem error titled=true/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Table(page: Paged<RecordRow>, business: Business, only: Option<Action>, path: String) -> impl IntoView {
    let rows = page.rows;
    if rows.is_empty() {
        let sentence = match only {
            None => format!("还没有{}。", business.noun()),
            Some(_) => format!("还没有审核通过的{}。", business.noun()),
        };
        return view! { <Empty sentence/> }.into_any();
    }
    let shows_domain = business == Business::Website;
    let mut columns = vec![Column::Text(business.definition().name_label.to_owned())];
    columns.extend(shows_domain.then(|| Column::Text("主域名".to_owned())));
    columns.extend(words(["公安备案号", "备案公安机关", "联网备案时间", "状态", "操作"]));
    view! {
        <Grid caption=business.definition().mine columns>
            {rows
                .into_iter()
                .map(|row| {
                    let name = row.name.clone();
                    let verb = only.map(|action| Procedure::new(business, action).verb());
                    let offers: Vec<_> =
                        row.offers.into_iter().filter(|offer| verb.is_none_or(|verb| offer.label == verb)).collect();
                    view! {
                        <tr>
                            <td data-label="名称">{row.name.clone()}</td>
                            {shows_domain.then(|| view! { <td data-label="主域名">{row.domain.clone().unwrap_or_else(|| "—".to_owned())}</td> })}
                            <td data-label="公安备案号" class="figures">{row.registration_number.unwrap_or_else(|| "—".to_owned())}</td>
                            <td data-label="备案公安机关">{row.jurisdiction}</td>
                            <td data-label="联网备案时间" class="figures">{row.registered_on.unwrap_or_else(|| "—".to_owned())}</td>
                            <td data-label="状态"><RecordBadge state=row.state/></td>
                            <td data-label="操作" class="row-actions">
                                {only.is_none().then(|| view! {
                                    <a href=route::record(business, &row.id) aria-description=name.clone()>"详情"</a>
                                })}
                                <OfferLinks offers about=name.clone()/>
                            </td>
                        </tr>
                    }
                })
                .collect_view()}
        </Grid>
        <Pager
            total=page.total
            next=page.next.map(|after| href(&path, &[("after", &after)]))
            first=page.is_later.then(|| path.clone())
        />
    }
    .into_any()
}

#[component]
pub fn RecordPage() -> impl IntoView {
    let business = business_of_address();
    let params = use_params_map();
    let id = move || params.with(|params| params.get("id")).unwrap_or_default();
    let record = Resource::new(
        move || (business.get(), id()),
        |(business, id)| async move {
            match business.filter(|business| *business != Business::Subject) {
                Some(business) => api::record(business, id).await,
                None => Err(ApiError::NotFound),
            }
        },
    );
    view! { <Load resource=record children={|record: RecordView| view! { <Details record/> }}/> }
}

#[component]
fn Details(record: RecordView) -> impl IntoView {
    let RecordView { row, sheet, registration, badge, badge_offer, filings, verification, patrol, .. } =
        record;
    let business = row.business;
    let id = row.id.clone();
    let result = verification.map(|_| route::verification_result(business, &row.id));
    let state = row.state;
    let name = row.name.clone();
    let offers = StoredValue::new(row.offers.clone());
    view! {
        <PageHead
            above=vec![("我的", route::HOME), (business.definition().mine, "")]
            title=name
            beside=move || view! { <RecordBadge state/> }
            actions=move || view! { <OfferLinks offers=offers.get_value() class="button"/> }
        />
        {patrol.map(|notice| view! { <ToPutRight notice/> })}
        {result.map(|href| view! {
            <div class="banner no-print">
                <p>"评估结果可打印，附查验码，供应用商店等核对。"</p>
                <a class="button button-small" href=href>"查看评估结果"</a>
            </div>
        })}
        {registration.map(|registration| {
            let print = route::certificate(business, &id);
            view! {
                <Registration business registration print>
                    <BadgeCheck record=id badge offer=badge_offer/>
                </Registration>
            }
        })}
        <SheetView sheet/>
        <Related filings/>
    }
    .into_any()
}

/// The result of an assessment, to be printed: what was assessed, what came of it, and the code by which
/// the public look-up tells that it came from here.
#[component]
pub fn ResultPage() -> impl IntoView {
    let params = use_params_map();
    let record = Resource::new(
        move || params.with(|params| params.get("id")).unwrap_or_default(),
        |id| api::record(Business::Assessment, id),
    );
    view! { <Load resource=record children={|record: RecordView| view! { <ResultSheet record/> }}/> }
}

#[component]
fn ResultSheet(record: RecordView) -> impl IntoView {
    let RecordView { row, sheet, registration, verification, .. } = record;
    let (Some(registration), Some(code)) = (registration, verification) else {
        return view! { <Problem error=ApiError::NotFound/> }.into_any();
    };
    let address = format!("{}?code={code}", route::public_record(&registration.digits));
    let told = ["basics", "assessment", "conclusion"].map(|key| format!("{key}."));
    let rows = sheet.sections.into_iter().flat_map(|section| section.rows);
    let facts = rows
        .filter(|row| told.iter().any(|key| row.at.starts_with(key)) && !row.at.ends_with("attachments"))
        .map(|row| match row.value {
            Shown::Text(text) => (row.label, text),
            Shown::Lines(lines) => (row.label, lines.join("；")),
            Shown::Part { items, .. } => (row.label, items.join("；")),
            Shown::Nothing | Shown::Pictures(_) | Shown::Documents(_) => (row.label, String::new()),
        })
        .filter(|(_, text)| !text.is_empty())
        .map(|(label, text)| view! { <div><dt>{label}</dt><dd>{text}</dd></div> })
        .collect_view();
    view! {
        <PageHead
            above=vec![("我的", route::HOME), (Business::Assessment.definition().mine, route::ASSESSMENTS)]
            title="安全评估结果"
            beside=move || view! { <RecordBadge state=row.state/> }
        />
        <section class="receipt" aria-labelledby="result">
            <h2 id="result">{row.name}</h2>
            <dl class="facts">
                <div><dt>"评估编号"</dt><dd class="figures">{registration.number}</dd></div>
                <div><dt>"审核结果"</dt><dd>"通过"</dd></div>
                <div><dt>"审核机关所在地"</dt><dd>{row.jurisdiction}</dd></div>
                <div><dt>"审核通过时间"</dt><dd class="figures">{registration.registered_on}</dd></div>
                {facts}
                <div><dt>"查验码"</dt><dd class="figures"><b>{code.clone()}</b></dd></div>
                <div><dt>"查验地址"</dt><dd class="figures">{registration.address}</dd></div>
            </dl>
            <p class="hint">"本页可直接打印。任何人可在查验地址用查验码核对真伪；内容以平台记录为准。"</p>
            <div class="actions no-print"><a class="button" href=address>"查验"</a></div>
        </section>
    }
    .into_any()
}

/// The filings a record came from.
#[component]
fn Related(filings: Vec<domain::view::FilingRow>) -> impl IntoView {
    (!filings.is_empty()).then(|| view! {
        <section class="sheet" aria-labelledby="related">
            <div class="sheet-head"><h2 id="related">"相关申请"</h2></div>
            <ul class="rows">
                {filings.into_iter().map(|row| view! {
                    <li>
                        <div class="row-main"><b>{row.procedure.label()}</b><span class="soft figures">{format!("{} · {}", row.reference, row.submitted_at)}</span></div>
                        <FilingBadge state=row.state/>
                        <a href=route::filing(&row.id) aria-description=row.reference.clone()>"详情"</a>
                    </li>
                }).collect_view()}
            </ul>
        </section>
    })
}

/// 我的主体 (R52)
#[component]
pub fn MySubject() -> impl IntoView {
    let subject = Resource::new(
        || (),
        |()| async move {
            Ok(match api::my_subject().await? {
                Some(subject) => Ok(subject),
                None => Err(api::progress(None).await?),
            })
        },
    );
    view! {
        <Load resource=subject children={|subject: Result<RecordView, Progress>| match subject {
            // One that came back needs repair, not another application.
            Err(progress) => {
                let is_none = !progress.is_urgent;
                view! {
                    <PageHead above=vec![("我的", route::HOME)] title="我的主体"/>
                    <ProgressCard progress/>
                    {is_none.then(|| view! {
                        <Empty sentence="您当前尚无有效主体，请先申请主体" action=("申请主体", route::NEW_SUBJECT)/>
                    })}
                }.into_any()
            }
            Ok(RecordView { row, sheet, filings, patrol, .. }) => {
                let state = row.state;
                let change = row.offers.iter().find(|offer| offer.label == "变更").cloned();
                view! {
                    <PageHead
                        above=vec![("我的", route::HOME)]
                        title="我的主体"
                        whole=with_state("我的主体", Some(state))
                        beside=move || view! { <StateBeside state/> }
                        actions=move || change.clone().map(|mut offer| {
                            offer.label = "发起变更".to_owned();
                            view! { <OfferLink offer class="button button-primary"/> }
                        })
                    />
                    {patrol.map(|notice| view! { <ToPutRight notice/> })}
                    <SheetView sheet/>
                    <Related filings/>
                }.into_any()
            }
        }}/>
    }
    .into_any()
}
