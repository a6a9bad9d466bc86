//! One filing on the review desk with everything it belongs to (R15, R63).

use domain::purpose::PURPOSES;
use domain::route;
use domain::schema::Fault;
use domain::sheet::Sheet;
use domain::view::{
    MachineCheck, Neighbours, QueueRequest, QueueRow, ReasonRow, Refused, RegistrationView, RelativesView,
    ReviewView, SubjectRecord, TalkView, UndoOffer,
};
use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use leptos_router::hooks::use_params_map;

use super::address::filing_href;
use super::decide::{Decision, Together, Undecidable, reason_options};
use super::documents::{Documents, Paper, papers_of};
use super::live::Live;
use super::relatives::{Relatives, RelativesForm};
use super::shortcuts::{FILING_KEYS, Keys};
use super::transfer::Transfer;
use super::undo::{Undo, undo_offer};
use crate::api;
use crate::pages::query::query_text;
use crate::pages::talk::{Talk, TalkForm};
use crate::ui::sheet::{ChangesTable, History, SheetView, Written};
use crate::ui::talk::Asked;
use crate::ui::who_am_i::who_am_i;
use crate::ui::{DeskScript, FilingBadge, Load, PostButton, RecordBadge, WindowTitle};

/// What the page shows: the filing, those decided along with it, its place in the queue.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Page {
    review: ReviewView,
    /// The others of its bundle that are in the officer's hands, when they are few enough for one page.
    along: Vec<ReviewView>,
    beside: Neighbours,
    from: String,
    /// The officer works through the queue: after a decision the next filing is claimed.
    flows: bool,
    talk: api::Answer<TalkView>,
    relatives: api::Answer<RelativesView>,
    undo: Option<UndoOffer>,
}

/// So many filings of a bundle are decided on one page.
const MOST_TOGETHER: usize = 5;

async fn page(id: String, look: String, from: String, flows: bool) -> api::Answer<Page> {
    let beside = api::neighbours(id.clone(), QueueRequest::from_query(&from)).await?;
    let review = api::review(id.clone(), look.parse().ok()).await?;
    let others = review.bundle.iter().filter(|row| row.id != review.filing.id);
    let others: Vec<String> = others.filter(|row| row.is_mine).map(|row| row.id.clone()).collect();
    let mut along = Vec::new();
    if review.is_mine && others.len() < MOST_TOGETHER {
        for other in others {
            along.push(api::review(other, None).await?);
        }
    }
    let (talk, relatives) = (api::talk(id.clone()).await, api::relatives(id).await);
    Ok(Page { review, along, beside, from, flows, talk, relatives, undo: undo_offer().await })
}

#[component]
pub fn ReviewFiling() -> impl IntoView {
    let params = use_params_map();
    let (look, from, flow) = (query_text("look"), query_text("from"), query_text("flow"));
    let review = Resource::new(
        move || (params.with(|params| params.get("id")).unwrap_or_default(), look(), from(), flow()),
        // The later calls need to know their caller, too.
        |(id, look, from, flow)| ScopedFuture::new(page(id, look, from, !flow.is_empty())),
    );
    view! { <Load resource=review children={|page: Page| view! { <Desk page/> }}/> }
}

#[component]
fn Desk(page: Page) -> impl IntoView {
    let Page { review, along, beside, from, flows, talk, relatives, undo } = page;
    let filing = review.filing.clone();
    let state = filing.state;
    let (id, masked_page) = (filing.id.clone(), filing_href(&filing.id, &from));
    let (is_open, listened, talked) = (state.is_open(), filing.id.clone(), filing.id.clone());
    let refused = review.may_claim.clone();
    let reasons = review.reasons.clone();
    let may_transfer = is_open && (refused.is_none() || review.is_mine);
    let title = format!("{}：{}", filing.procedure.label(), filing.title);
    let place = StoredValue::new((beside, from.clone()));
    let more = view! { <Talk talk/> <Relatives found=relatives/> }.into_any();
    view! {
        <WindowTitle title=title.clone()/>
        <div class="desk">
            <header class="desk-line">
                <h1 title=title.clone()><span>{title.clone()}</span>" "<FilingBadge state/></h1>
                <Head filing=filing.clone() jurisdiction=review.jurisdiction.clone()/>
                {place.with_value(|(beside, from)| view! { <InQueue beside=beside.clone() from=from.clone()/> })}
                <Live part="standing".to_owned() filing=listened at=masked_page/>
            </header>
            <div class="desk-tools">
                <div id="standing" class="desk-standing">
                    <Presence others=review.others.clone() told=refused.clone().filter(|_| !review.is_mine)/>
                    <Claim filing may_claim=refused minutes=review.claim_minutes from=from.clone()/>
                </div>
                <Unmask id=id.clone() unmasked=review.unmasked from=from.clone()/>
                {may_transfer.then(|| view! { <Transfer id from=from.clone()/> })}
                <Keys keys=FILING_KEYS single=review.settings.single_keys/>
            </div>
            <Papers review along more from=from.clone() flows/>
        </div>
        // What stands in the answers belongs to these forms, which cannot lie inside that of the decision.
        <TalkForm id=talked.clone()/>
        <RelativesForm id=talked/>
        <Presets reasons/>
        <Undo offer=undo from/>
        <DeskScript/>
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
fn Presence(others: Vec<String>, told: Option<Refused>) -> impl IntoView {
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

/// Number, subject, region, how long it has waited and who has it, on one line.
#[component]
fn Head(filing: QueueRow, jurisdiction: String) -> impl IntoView {
    let again = (filing.round > 1).then(|| format!("，第 {} 次提交", filing.round));
    let submitted = format!("{} 提交", filing.submitted_at);
    let waits = match filing.state.is_open() && filing.age_days > 0 {
        true => format!("已等待 {} 天", filing.age_days),
        false => submitted.clone(),
    };
    let holder = if filing.is_mine { Some("本人".to_owned()) } else { filing.claimed_by };
    let subject = (filing.subject_name != filing.title).then_some(filing.subject_name);
    view! {
        <dl class="desk-facts">
            <div><dt>"编号"</dt><dd class="figures" title=filing.reference.clone()>{filing.reference.clone()}</dd></div>
            {subject.map(|name| view! { <div class="desk-subject"><dt>"主体"</dt><dd title=name.clone()>{name.clone()}</dd></div> })}
            <div><dt>"管辖地"</dt><dd>{jurisdiction}</dd></div>
            <div>
                <dt>"提交时间"</dt>
                <dd title=submitted>
                    <span class="figures">{waits}</span>{again}
                    {filing.is_overdue.then(|| view! { " " <span class="badge" data-state="overdue">"已超期"</span> })}
                </dd>
            </div>
            {holder.map(|name| view! { <div><dt>"领取人"</dt><dd>{name}</dd></div> })}
        </dl>
    }
    .into_any()
}

/// 领取, 释放, and for administrators 接管 (R62).
#[component]
fn Claim(
    filing: QueueRow,
    may_claim: Option<Refused>,
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
        <div class="desk-unmask no-print" role="group" aria-label="查看完整信息：个人信息已遮盖，选择查看目的即显示，并记入审计日志">
            // Posted: a purpose may name somebody.
            <form method="post" action="/act/unmask">{filing()}{clicks}</form>
            <form method="post" action="/act/unmask">
                {filing()}
                <label class="visually-hidden" for="purpose">"查看目的"</label>
                <input class="input" id="purpose" name="purpose" required minlength="6" maxlength="100" autocomplete="off" accesskey="u" placeholder="其他查看目的，至少 6 个字"/>
                <button class="button button-small">"查看完整信息"</button>
            </form>
        </div>
    }
    .into_any()
}

/// The one form of the page: papers, sheets with remarks, and the decision.
#[component]
fn Papers(
    review: ReviewView,
    along: Vec<ReviewView>,
    /// What stands below the answers.
    more: AnyView,
    from: String,
    flows: bool,
) -> impl IntoView {
    let decision = decision_of(&review, &along);
    let mut papers = papers_of("", &review.sheet, &review.changes);
    let mut files = review.files.clone();
    for other in &along {
        let whose = format!("{} · ", other.filing.procedure.label());
        for paper in papers_of(&whose, &other.sheet, &other.changes) {
            if papers.iter().all(|known| known.id != paper.id) {
                papers.push(paper);
            }
        }
        files.extend(other.files.clone());
    }
    if let (Some(subject), true) = (&review.subject_sheet, along.is_empty()) {
        let known = |paper: &Paper| papers.iter().any(|one| one.id == paper.id);
        let more: Vec<Paper> =
            papers_of("", subject, &[]).into_iter().filter(|paper| !known(paper)).collect();
        papers.extend(more);
    }
    let versions = along
        .iter()
        .map(|other| {
            let name = format!("along.{}", other.filing.id);
            view! { <input type="hidden" name=name value=other.version.to_string() autocomplete="off"/> }
        })
        .collect_view();
    view! {
        <form class="review" method="post" action="/act/decide">
            <input type="hidden" name="filing" value=review.filing.id.clone() autocomplete="off"/>
            <input type="hidden" name="version" value=review.version.to_string() autocomplete="off"/>
            <input type="hidden" name="from" value=from.clone() autocomplete="off"/>
            <input type="hidden" name="flow" value=if flows { "next" } else { "" } autocomplete="off"/>
            {versions}
            <Documents papers files/>
            <Answers review along more from/>
            {decision}
        </form>
    }
    .into_any()
}

fn decision_of(review: &ReviewView, along: &[ReviewView]) -> AnyView {
    let note = review.typed.text("note").to_owned();
    if let Some(refused) = review.may_decide.clone() {
        return match review.filing.state.is_open() {
            true => view! { <Undecidable refused note/> }.into_any(),
            // What is decided has nothing to press; the sentence stands at the top.
            false => ().into_any(),
        };
    }
    // What the others of the bundle ask for beside what this one does; the same point is confirmed once.
    let mut also: Vec<String> = Vec::new();
    for point in along.iter().flat_map(|other| &other.sign_off) {
        if !review.sign_off.contains(point) && !also.contains(point) {
            also.push(point.clone());
        }
    }
    let doubtful: usize = std::iter::once(review)
        .chain(along)
        .map(|one| one.checks.iter().filter(|check| !check.passed).count())
        .sum();
    let together = (!along.is_empty()).then(|| Together {
        count: along.len() + 1,
        refused: (doubtful > 0)
            .then(|| Refused {
                sentence: format!("有 {doubtful} 项请核实，请逐件审核"), link: None
            }),
    });
    view! {
        <Decision
            may_approve=review.may_approve.clone()
            effects=review.effects.clone()
            sign_off=review.sign_off.clone()
            also
            together
            reasons=review.reasons.clone()
            note
            grounds=review.grounds.clone()
            remedy=review.remedy.clone()
        />
    }
    .into_any()
}

/// What was answered, with what machines and colleagues say of it.
#[component]
fn Answers(review: ReviewView, along: Vec<ReviewView>, more: AnyView, from: String) -> impl IntoView {
    let ReviewView { filing, sheet, changes, subject_sheet, checks, history, earlier_remarks, .. } = review;
    let (records, filings) = (review.subject_records, review.subject_filings);
    let remarkable = review.may_decide.is_none();
    provide_context(Written(review.typed.clone()));
    provide_context(Asked(review.questions.clone()));
    let labels = sheet.clone();
    let others = along
        .into_iter()
        .enumerate()
        .map(|(number, other)| {
            let href = filing_href(&other.filing.id, &from);
            let about = other.filing.procedure.label().to_owned();
            let title = format!("{}：{}", other.filing.procedure.label(), other.filing.title);
            let (name, whose) = (title.clone(), title.clone());
            view! {
                <section class="along stack" aria-label=name>
                    <div class="card-head"><h2>{title}</h2><a href=href rel="external" aria-description=whose>"单独审核"</a></div>
                    {(!other.checks.is_empty()).then(|| view! { <Checks checks=other.checks about/> })}
                    <SheetView sheet=other.sheet prefix=format!("along-{number}")/>
                </section>
            }
        })
        .collect_view();
    let is_together = !others.is_empty();
    let through = route::filing_history(&filing.id);
    view! {
        <div class="answers stack" tabindex="0" role="region" aria-label="填报内容">
            <Bundle rows=review.bundle here=filing.id from=from.clone()/>
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
            {others}
            {subject_sheet.filter(|_| !is_together).map(|sheet| view! {
                <details class="stack">
                    <summary>"所属主体的信息"</summary>
                    <SheetView sheet prefix="subject"/>
                </details>
            })}
            {more}
            <Beside records filings from/>
            <section class="card" aria-labelledby="history">
                <div class="card-head"><h2 id="history">"办理记录"</h2><a href=through>"历次记录"</a></div>
                <History events=history/>
            </section>
        </div>
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

/// What the machine saw; the officer decides (R63). What is right is folded.
#[component]
pub(super) fn Checks(
    checks: Vec<MachineCheck>,
    /// The filing, where there are several on the page.
    #[prop(optional, into)]
    about: String,
) -> impl IntoView {
    let name = if about.is_empty() { "机器核查".to_owned() } else { format!("机器核查：{about}") };
    let (passed, open): (Vec<MachineCheck>, Vec<MachineCheck>) =
        checks.into_iter().partition(|check| check.passed);
    let says = match (passed.len(), open.len()) {
        (passed, 0) => format!("{passed} 项符合"),
        (passed, open) => format!("{passed} 项符合，{open} 项请核实"),
    };
    let rows = |checks: Vec<MachineCheck>| {
        checks
            .into_iter()
            .map(|MachineCheck { title, passed, evidence }| {
                let (look, word) = if passed { ("pass", "符合") } else { ("warn", "请核实") };
                view! { <li data-state=look><span><b>{title}</b>{format!("（{word}）")}" "<span class="soft">{evidence}</span></span></li> }
            })
            .collect_view()
    };
    let has_open = !open.is_empty();
    view! {
        <section class="card machine" aria-label=name data-tone=if has_open { "warning" } else { "ok" }>
            {has_open.then(|| view! { <ul class="checks">{rows(open)}</ul> })}
            <details>
                <summary>"机器核查："{says}</summary>
                <ul class="checks">{rows(passed)}</ul>
            </details>
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
