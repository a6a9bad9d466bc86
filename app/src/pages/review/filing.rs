//! One filing on the review desk with everything it belongs to (R15, R63).

use domain::purpose::PURPOSES;
use domain::route;
use domain::schema::Fault;
use domain::sheet::Sheet;
use domain::view::{
    MachineCheck, Neighbours, QueueRequest, QueueRow, ReasonRow, RegistrationView, ReviewView, SubjectRecord,
};
use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use leptos_router::hooks::use_params_map;

use super::decide::{Decision, reason_options};
use super::live::Live;
use super::queue::filing_href;
use super::relatives::{Relatives, RelativesForm};
use super::shortcuts::{FILING_KEYS, Keys};
use super::transfer::Transfer;
use super::zoom::Zoom;
use crate::api;
use crate::pages::mine::query_text;
use crate::pages::talk::{Talk, TalkForm};
use crate::ui::sheet::{ChangesTable, History, SheetView, Written};
use crate::ui::talk::Asked;
use crate::ui::who_am_i::who_am_i;
use crate::ui::{FilingBadge, Load, PageHead, PostButton, RecordBadge};

#[component]
pub fn ReviewFiling() -> impl IntoView {
    let params = use_params_map();
    let (look, from) = (query_text("look"), query_text("from"));
    let review = Resource::new(
        move || (params.with(|params| params.get("id")).unwrap_or_default(), look(), from()),
        |(id, look, from)| {
            // The second call needs to know its caller, too.
            ScopedFuture::new(async move {
                let beside = api::neighbours(id.clone(), QueueRequest::from_query(&from)).await?;
                let review = api::review(id, look.parse().ok()).await?;
                Ok((review, beside, from))
            })
        },
    );
    view! {
        <Load
            resource=review
            children={|(review, beside, from): (ReviewView, Neighbours, String)| view! { <Desk review beside from/> }}
        />
    }
}

#[component]
fn Desk(review: ReviewView, beside: Neighbours, from: String) -> impl IntoView {
    let filing = review.filing.clone();
    let state = filing.state;
    let (id, masked_page) = (filing.id.clone(), filing_href(&filing.id, &from));
    let (is_open, listened) = (state.is_open(), filing.id.clone());
    let refused = review.may_claim.clone();
    let reasons = review.reasons.clone();
    let may_transfer = is_open && (refused.is_none() || review.is_mine);
    view! {
        <PageHead
            above=vec![("审核工作台", route::REVIEW), ("审核队列", route::QUEUE)]
            title=format!("{}：{}", filing.procedure.label(), filing.title)
            beside=move || view! { <FilingBadge state/> }
            actions=move || view! { <Live part="standing".to_owned() filing=listened.clone() at=masked_page.clone()/> }
        />
        <div class="stack">
            <InQueue beside from=from.clone()/>
            <Bundle rows=review.bundle.clone() here=id.clone() from=from.clone()/>
            <div id="standing" class="stack">
                <Presence others=review.others.clone() told=refused.clone().filter(|_| !review.is_mine)/>
                <Head filing=filing.clone() jurisdiction=review.jurisdiction.clone()/>
                <Claim filing may_claim=refused minutes=review.claim_minutes from=from.clone()/>
            </div>
            <Unmask id=id.clone() unmasked=review.unmasked from=from.clone()/>
            <Papers review from=from.clone()/>
            <TalkForm id=id.clone()/>
            <Talk id=id.clone()/>
            <RelativesForm id=id.clone()/>
            <Relatives id=id.clone()/>
            {may_transfer.then(|| view! { <Transfer id from/> })}
            <Keys keys=FILING_KEYS/>
        </div>
        <Presets reasons/>
        <Zoom/>
    }
    .into_any()
}

/// Ready sentences for remarks at fields.
#[component]
fn Presets(reasons: Vec<ReasonRow>) -> impl IntoView {
    view! { <datalist id="presets">{reason_options(reasons)}</datalist> }.into_any()
}

/// The ways to the filings before and after this one, and back.
#[component]
fn InQueue(beside: Neighbours, from: String) -> impl IntoView {
    let back = if from.is_empty() { route::QUEUE.to_owned() } else { format!("{}?{from}", route::QUEUE) };
    let way = |id: Option<String>, label: &'static str, key: &'static str| match id {
        Some(id) => {
            let href = filing_href(&id, &from);
            view! { <a class="button button-small" href=href rel="external" accesskey=key>{label}</a> }
                .into_any()
        }
        None => view! { <span class="button button-small" aria-disabled="true">{label}</span> }.into_any(),
    };
    view! {
        <nav class="actions no-print" aria-label="队列">
            {way(beside.previous, "上一件", "k")}
            {way(beside.next, "下一件", "j")}
            <a class="button button-small button-quiet" href=back rel="external" accesskey="q">"回到队列"</a>
        </nav>
    }
    .into_any()
}

/// What happened meanwhile and who else has the page open (R62): the line that changes even under
/// the pointer, since nothing in it can be clicked.
#[component]
fn Presence(others: Vec<String>, told: Option<domain::view::Refused>) -> impl IntoView {
    let looking = (!others.is_empty()).then(|| format!("{}也打开了本页。", others.join("、")));
    let told = told.map(|refused| format!("{}。", refused.sentence));
    view! {
        <p class="presence" role="status" data-row="presence">{told}{looking}</p>
    }
    .into_any()
}

/// The filings that came in together. Their links load the page anew: what is typed at one filing
/// must not turn up at another.
#[component]
fn Bundle(rows: Vec<QueueRow>, here: String, from: String) -> impl IntoView {
    (!rows.is_empty()).then(|| {
        let links = rows
            .into_iter()
            .map(|row| {
                let is_here = row.id == here;
                view! {
                    <a href=filing_href(&row.id, &from) rel="external" aria-current=is_here.then_some("page")>
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
fn Claim(
    filing: QueueRow,
    may_claim: Option<domain::view::Refused>,
    /// After which a claim lapses.
    minutes: i64,
    from: String,
) -> impl IntoView {
    let fields = vec![("filing", filing.id.clone()), ("from", from)];
    if filing.is_mine {
        return view! {
            <div class="actions">
                <PostButton action="/act/release" label="释放" fields/>
                <span class="soft">{format!("{minutes} 分钟没有操作，将自动释放。")}</span>
            </div>
        }
        .into_any();
    }
    match may_claim {
        None => view! {
            <div class="actions">
                <PostButton action="/act/claim" label="领取" class="button button-primary" fields key="c"/>
            </div>
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
    let is_administrator = who_am_i().is_some_and(|me| me.is_administrator);
    is_administrator
        .then(|| {
            view! {
                <form class="filters" method="post" action="/act/take-over">
                    <input type="hidden" name="filing" value=id/>
                    <div class="filter">
                        <label for="reason">"接管理由"</label>
                        <input class="input" id="reason" name="reason" required maxlength="200" autocomplete="off"/>
                    </div>
                    <div class="filter-actions"><button class="button">"接管"</button></div>
                </form>
            }
        })
        .into_any()
}

/// Personal values in full, for a purpose that is written down (R65, R70).
#[component]
fn Unmask(id: String, unmasked: bool, from: String) -> impl IntoView {
    if unmasked {
        return view! {
            <div class="banner" data-tone="warning">
                <p>"正在显示完整的个人信息，本次查看及其目的已记入审计日志。"</p>
                <a class="button button-small" href=filing_href(&id, &from) rel="external">"恢复遮盖"</a>
            </div>
        }
        .into_any();
    }
    let clicks = PURPOSES
        .map(|purpose| {
            view! { <button class="button button-small" name="purpose" value=purpose>{purpose}</button> }
        })
        .collect_view();
    let filing = move || {
        view! {
            <input type="hidden" name="filing" value=id.clone() autocomplete="off"/>
            <input type="hidden" name="from" value=from.clone() autocomplete="off"/>
        }
    };
    view! {
        <section class="card no-print" aria-labelledby="unmask">
            <div class="card-head"><h2 id="unmask">"查看完整信息"</h2></div>
            <p class="soft">"个人信息已遮盖。选择查看目的即显示完整信息，并记入审计日志。"</p>
            <div class="actions one-click">
                // Posted: a purpose may name somebody.
                <form method="post" action="/act/unmask" class="actions">{filing()}{clicks}</form>
                <form method="post" action="/act/unmask" class="one-click">
                    {filing()}
                    <div class="filter">
                        <label for="purpose">"查看目的"</label>
                        <p class="hint" id="purpose-hint">"写明具体目的，至少 6 个字"</p>
                        <input class="input" id="purpose" name="purpose" required minlength="6" maxlength="100" autocomplete="off" accesskey="u" aria-describedby="purpose-hint"/>
                    </div>
                    <button class="button">"查看完整信息"</button>
                </form>
            </div>
        </section>
    }
    .into_any()
}

/// The one form of the page: sheets with remarks, and the decision.
#[component]
fn Papers(review: ReviewView, from: String) -> impl IntoView {
    let ReviewView { filing, sheet, changes, subject_sheet, checks, history, earlier_remarks, .. } = review;
    let (records, filings) = (review.subject_records, review.subject_filings);
    let remarkable = review.may_decide.is_none();
    provide_context(Written(review.typed.clone()));
    provide_context(Asked(review.questions.clone()));
    let labels = sheet.clone();
    let through = route::filing_history(&filing.id);
    view! {
        <form class="review" method="post" action="/act/decide">
            <input type="hidden" name="filing" value=filing.id autocomplete="off"/>
            <input type="hidden" name="version" value=review.version.to_string() autocomplete="off"/>
            <input type="hidden" name="from" value=from.clone() autocomplete="off"/>
            <div class="review-main stack">
                {review.registration.map(|registration| view! { <Registration registration/> })}
                {(!checks.is_empty()).then(|| view! { <Checks checks/> })}
                {(!earlier_remarks.is_empty()).then(|| view! { <Earlier remarks=earlier_remarks sheet=labels/> })}
                {(!review.since_last.is_empty()).then(|| view! {
                    <section class="stack" aria-labelledby="since-last">
                        <h2 id="since-last">"与上一次提交相比"</h2>
                        <ChangesTable changes=review.since_last/>
                    </section>
                })}
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
                <Beside records filings from/>
                <section class="card" aria-labelledby="history">
                    <div class="card-head"><h2 id="history">"办理记录"</h2><a href=through>"历次记录"</a></div>
                    <History events=history/>
                </section>
            </div>
            <Decision
                may_decide=review.may_decide
                may_approve=review.may_approve
                effects=review.effects
                sign_off=review.sign_off
                reasons=review.reasons
                note=review.typed.text("note").to_owned()
                grounds=review.grounds
                remedy=review.remedy
            />
        </form>
    }
    .into_any()
}

/// What else the subject has and filed (R63).
#[component]
fn Beside(records: Vec<SubjectRecord>, filings: Vec<QueueRow>, from: String) -> impl IntoView {
    let is_empty = records.is_empty() && filings.is_empty();
    let records = records
        .into_iter()
        .map(|record| {
            let number = record.registration_number.unwrap_or_else(|| "尚无备案号".to_owned());
            let since = record.registered_on.map(|on| format!(" · {on}")).unwrap_or_default();
            view! {
                <li>
                    <div class="row-main">
                        <b>{format!("{} {}", record.business.noun(), record.name)}</b>
                        <span class="soft">{number}{since}</span>
                    </div>
                    <RecordBadge state=record.state/>
                </li>
            }
        })
        .collect_view();
    let filings = filings
        .into_iter()
        .map(|row| {
            view! {
                <li>
                    <div class="row-main">
                        <b>{format!("{} {}", row.procedure.label(), row.title)}</b>
                        <span class="soft">{row.reference}" · "<time class="figures">{row.submitted_at}</time></span>
                    </div>
                    <FilingBadge state=row.state/>
                    <a href=filing_href(&row.id, &from) rel="external" aria-description=row.title.clone()>"详情"</a>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="beside">
            <div class="card-head"><h2 id="beside">"该主体的其他备案和申请"</h2></div>
            {is_empty.then(|| view! { <p class="soft">"没有其他备案，也没有其他申请。"</p> })}
            {(!is_empty).then(|| view! { <ul class="rows">{records}{filings}</ul> })}
        </section>
    }
    .into_any()
}

#[component]
fn Registration(registration: RegistrationView) -> impl IntoView {
    let RegistrationView { number, digits, registered_on, .. } = registration;
    view! {
        <section class="card" aria-labelledby="registration">
            <div class="card-head"><h2 id="registration">"备案号"</h2><a href=route::public_record(&digits)>"公开页面"</a></div>
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
        .map(|Fault { at, message, .. }| view! { <li>{label(&at).map(|label| view! { <b>{label}</b> "：" })}{message}</li> })
        .collect_view();
    view! {
        <aside class="notice" data-tone="warning" aria-labelledby="earlier">
            <h2 id="earlier">"上次退回的意见"</h2>
            <ul>{rows}</ul>
        </aside>
    }
    .into_any()
}
