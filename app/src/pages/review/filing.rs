//! One filing on the review desk with everything it belongs to (R15, R63).

use domain::schema::Fault;
use domain::sheet::Sheet;
use domain::view::{MachineCheck, QueueRow, RegistrationView, ReviewView};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::decide::Decision;
use super::zoom::Zoom;
use crate::WhoAmI;
use crate::api;
use crate::pages::mine::query_text;
use crate::ui::sheet::{ChangesTable, History, SheetView};
use crate::ui::{FilingBadge, Load, PageHead, PostButton};

#[component]
pub fn ReviewFiling() -> impl IntoView {
    let params = use_params_map();
    let purpose = query_text("purpose");
    let review = Resource::new(
        move || (params.with(|params| params.get("id")).unwrap_or_default(), purpose()),
        |(id, purpose)| api::review(id, Some(purpose).filter(|purpose| !purpose.trim().is_empty())),
    );
    view! { <Load resource=review children={|review: ReviewView| view! { <Desk review/> }}/> }
}

#[component]
fn Desk(review: ReviewView) -> impl IntoView {
    let filing = review.filing.clone();
    let state = filing.state;
    view! {
        <PageHead
            above=vec![("审核工作台", "/review"), ("审核队列", "/review/queue")]
            title=format!("{}：{}", filing.procedure.label(), filing.title)
            beside=move || view! { <FilingBadge state/> }
        />
        <div class="stack">
            <Bundle rows=review.bundle.clone() here=filing.id.clone()/>
            <Head filing=filing.clone() jurisdiction=review.jurisdiction.clone()/>
            <Claim filing=filing.clone() may_claim=review.may_claim.clone()/>
            <Unmask id=filing.id unmasked=review.unmasked/>
            <Papers review/>
        </div>
        <Zoom/>
    }
    .into_any()
}

/// The filings that came in together. Their links load the page anew: what is typed at one filing
/// must not turn up at another.
#[component]
fn Bundle(rows: Vec<QueueRow>, here: String) -> impl IntoView {
    (!rows.is_empty()).then(|| {
        let links = rows
            .into_iter()
            .map(|row| {
                let is_here = row.id == here;
                view! {
                    <a href=format!("/review/filings/{}", row.id) rel="external" aria-current=is_here.then_some("page")>
                        {format!("{} {}", row.procedure.label(), row.title)}
                        <FilingBadge state=row.state/>
                    </a>
                }
            })
            .collect_view();
        view! { <nav class="tabs" aria-label="一并提交的申请单">{links}</nav> }
    })
}

#[component]
fn Head(filing: QueueRow, jurisdiction: String) -> impl IntoView {
    let round = (filing.round > 1).then(|| format!("（第 {} 次提交）", filing.round));
    let holder = if filing.is_mine { Some("本人".to_owned()) } else { filing.claimed_by };
    view! {
        <dl class="facts">
            <div><dt>"编号"</dt><dd class="figures">{filing.reference}</dd></div>
            <div><dt>"主体"</dt><dd>{filing.subject_name}</dd></div>
            <div><dt>"管辖地"</dt><dd>{jurisdiction}</dd></div>
            <div><dt>"提交时间"</dt><dd class="figures">{filing.submitted_at}{round}</dd></div>
            {holder.map(|name| view! { <div><dt>"领取人"</dt><dd>{name}</dd></div> })}
        </dl>
    }
    .into_any()
}

/// 领取, 释放, and for administrators 接管 (R62).
#[component]
fn Claim(filing: QueueRow, may_claim: Option<domain::view::Refused>) -> impl IntoView {
    let fields = vec![("filing", filing.id.clone())];
    if filing.is_mine {
        return view! { <div class="actions"><PostButton action="/act/release" label="释放" fields/></div> }
            .into_any();
    }
    match may_claim {
        None => view! {
            <div class="actions"><PostButton action="/act/claim" label="领取" class="button button-primary" fields/></div>
        }
        .into_any(),
        Some(refused) if filing.state.is_open() => view! {
            <div class="actions">
                <span class="unavailable">
                    <button class="button" type="button" aria-disabled="true" aria-describedby="why-claim">"领取"</button>
                    <span class="why" id="why-claim">{refused.sentence}</span>
                </span>
            </div>
            {filing.claimed_by.map(|_| view! { <TakeOver id=filing.id/> })}
        }
        .into_any(),
        Some(_) => ().into_any(),
    }
}

#[component]
fn TakeOver(id: String) -> impl IntoView {
    let me = expect_context::<WhoAmI>().0;
    view! {
        <Suspense>
            {move || {
                let id = id.clone();
                Suspend::new(async move {
                    let is_administrator = me.await.ok().flatten().is_some_and(|me| me.is_administrator);
                    is_administrator.then(|| view! {
                        <form class="filters" method="post" action="/act/take-over">
                            <input type="hidden" name="filing" value=id/>
                            <div class="filter">
                                <label for="reason">"接管理由"</label>
                                <input class="input" id="reason" name="reason" required maxlength="200" autocomplete="off"/>
                            </div>
                            <div class="filter-actions"><button class="button">"接管"</button></div>
                        </form>
                    })
                })
            }}
        </Suspense>
    }
    .into_any()
}

/// Personal values in full, for a purpose that is written down (R65, R70).
#[component]
fn Unmask(id: String, unmasked: bool) -> impl IntoView {
    let path = format!("/review/filings/{id}");
    if unmasked {
        return view! {
            <div class="banner" data-tone="warning">
                <p>"正在显示完整的个人信息，本次查看及其目的已记入审计日志。"</p>
                <a class="button button-small" href=path rel="external">"恢复遮盖"</a>
            </div>
        }
        .into_any();
    }
    view! {
        <form class="filters" method="get" action=path>
            <div class="filter">
                <label for="purpose">"查看目的"</label>
                <input class="input" id="purpose" name="purpose" list="purposes" required maxlength="100" autocomplete="off"/>
                <datalist id="purposes">
                    <option value="核对证件信息"></option>
                    <option value="电话核实"></option>
                    <option value="核实地址"></option>
                </datalist>
            </div>
            <div class="filter-actions"><button class="button">"查看完整信息"</button></div>
            <p class="soft">"个人信息已遮盖；查看完整信息会记入审计日志。"</p>
        </form>
    }
    .into_any()
}

/// The one form of the page: sheets with remarks, and the decision.
#[component]
fn Papers(review: ReviewView) -> impl IntoView {
    let ReviewView { filing, sheet, changes, subject_sheet, checks, history, earlier_remarks, .. } = review;
    let remarkable = review.may_decide.is_none();
    let labels = sheet.clone();
    view! {
        <form class="review" method="post" action="/act/decide">
            <input type="hidden" name="filing" value=filing.id autocomplete="off"/>
            <input type="hidden" name="version" value=review.version.to_string() autocomplete="off"/>
            <div class="review-main stack">
                {review.registration.map(|registration| view! { <Registration registration/> })}
                {(!checks.is_empty()).then(|| view! { <Checks checks/> })}
                {(!earlier_remarks.is_empty()).then(|| view! { <Earlier remarks=earlier_remarks sheet=labels/> })}
                {(!changes.is_empty()).then(|| view! {
                    <section class="stack" aria-labelledby="changes">
                        <h2 id="changes">"变更前后对比"</h2>
                        <ChangesTable changes/>
                    </section>
                })}
                <SheetView sheet remarkable/>
                {subject_sheet.map(|sheet| view! {
                    <details class="stack">
                        <summary>"所属主体的信息"</summary>
                        <SheetView sheet prefix="subject"/>
                    </details>
                })}
                <section class="card" aria-labelledby="history">
                    <div class="card-head"><h2 id="history">"办理记录"</h2></div>
                    <History events=history/>
                </section>
            </div>
            <Decision may_decide=review.may_decide may_approve=review.may_approve effects=review.effects/>
        </form>
    }
    .into_any()
}

#[component]
fn Registration(registration: RegistrationView) -> impl IntoView {
    let RegistrationView { number, digits, registered_on, .. } = registration;
    view! {
        <section class="card" aria-labelledby="registration">
            <div class="card-head"><h2 id="registration">"备案号"</h2><a href=format!("/r/{digits}")>"公开页面"</a></div>
            <dl class="facts">
                <div><dt>"备案号"</dt><dd class="figures">{number}</dd></div>
                <div><dt>"备案日期"</dt><dd class="figures">{registered_on}</dd></div>
            </dl>
        </section>
    }
    .into_any()
}

/// What the machine saw; the officer decides (R63).
#[component]
fn Checks(checks: Vec<MachineCheck>) -> impl IntoView {
    let rows = checks
        .into_iter()
        .map(|MachineCheck { title, passed, evidence }| {
            let (look, word) = if passed { ("pass", "符合") } else { ("warn", "请核实") };
            view! { <li data-state=look><span><b>{title}</b>{format!("（{word}）")}" "<span class="soft">{evidence}</span></span></li> }
        })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="checks">
            <div class="card-head"><h2 id="checks">"机器核查"</h2></div>
            <ul class="checks">{rows}</ul>
        </section>
    }
    .into_any()
}

/// What was said at the last return, by the names of the fields.
#[component]
fn Earlier(remarks: Vec<Fault>, sheet: Sheet) -> impl IntoView {
    let label = |at: &str| {
        let mut rows = sheet.sections.iter().flat_map(|section| section.rows.iter());
        rows.find(|row| row.at == at).map(|row| row.label.clone())
    };
    let rows = remarks
        .into_iter()
        .map(|Fault { at, message }| view! { <li>{label(&at).map(|label| view! { <b>{label}</b> "：" })}{message}</li> })
        .collect_view();
    view! {
        <aside class="notice" data-tone="warning" aria-labelledby="earlier">
            <h2 id="earlier">"上次退回的意见"</h2>
            <ul>{rows}</ul>
        </aside>
    }
    .into_any()
}
