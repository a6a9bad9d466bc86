//! 我的草稿 (R50), 我的申请 with its details (R51), the receipt (R80).

use domain::action::Action;
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::progress::Progress;
use domain::route;
use domain::view::{DeletedDraft, DraftRow, FilingRow, FilingView, Paged, TalkView};
use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use leptos_router::hooks::use_params_map;

use super::certificate::Registration;
use super::query::query_text;
use super::talk::MyTalk;
use crate::api::{self, Answer};
use crate::ui::dialog::Dialog;
use crate::ui::form::row_id;
use crate::ui::progress::ProgressCard;
use crate::ui::sheet::{ChangesTable, History, SheetView};
use crate::ui::table::{Column, Filter, Grid, Pager, href, words};
use crate::ui::talk::{Asked, WaitingTag};
use crate::ui::{Empty, FilingBadge, Icon, Load, PageHead, PostButton, StateOfFiling};

/// 业务类型 as a filter offers it.
pub(crate) fn procedures() -> Vec<(String, String)> {
    Procedure::all().map(|procedure| (procedure.code(), procedure.label().to_owned())).collect()
}

fn states() -> Vec<(String, String)> {
    FilingState::ALL.iter().map(|state| (state.code().to_owned(), state.label().to_owned())).collect()
}

#[component]
pub fn Drafts() -> impl IntoView {
    let (procedure, after) = (query_text("procedure"), query_text("after"));
    let page =
        Resource::new(move || (procedure(), after()), |(procedure, after)| api::drafts(procedure, after));
    let deleted = Resource::new(|| (), |()| api::deleted_drafts());
    view! {
        <PageHead
            above=vec![("我的", route::HOME)]
            title="我的草稿"
            lead="系统只保留 30 天内的草稿信息，过期将删除，请及时提交申请。"
        />
        <form class="filters" method="get" role="search">
            <Filter id="q-procedure" name="procedure" label="业务类型" chosen=procedure() options=procedures()/>
            <div class="filter-actions"><button class="button">"查询"</button></div>
        </form>
        <Load resource=deleted titled=true children={|drafts: Vec<DeletedDraft>| view! { <Deleted drafts/> }}/>
        <Load resource=page titled=true children={|page: Paged<DraftRow>| view! { <DraftTable page/> }}/>
    }
    .into_any()
}

/// 【撤销删除】, for as long as there is something to have back.
#[component]
fn Deleted(drafts: Vec<DeletedDraft>) -> impl IntoView {
    drafts
        .into_iter()
        .map(|DeletedDraft { id, procedure, title, minutes_left }| {
            let named = draft_name(procedure, &title);
            view! {
                <div class="banner" data-tone="info">
                    <p>{format!("已删除{named}，{minutes_left} 分钟内可以撤销。")}</p>
                    <PostButton
                        action="/act/restore-draft"
                        label="撤销删除"
                        class="button button-small"
                        fields=vec![("draft", id)]
                        about=title
                    />
                </div>
            }
        })
        .collect_view()
        .into_any()
}

fn draft_name(procedure: Procedure, title: &str) -> String {
    match title.is_empty() {
        true => format!("“{}”草稿", procedure.label()),
        false => format!("“{}”草稿（{title}）", procedure.label()),
    }
}

#[component]
fn DraftTable(page: Paged<DraftRow>) -> impl IntoView {
    if page.rows.is_empty() {
        return view! { <Empty sentence="没有草稿。" action=("去办理业务", route::SERVICES)/> }.into_any();
    }
    let (asked, procedure, after) = (query_text("delete"), query_text("procedure"), query_text("after"));
    let (asked, procedure, after) = (untrack(asked), untrack(procedure), untrack(after));
    let here = href(route::DRAFTS, &[("procedure", &procedure), ("after", &after)]);
    let question = page.rows.iter().find(|row| row.id == asked).map(|row| {
        view! { <DeleteQuestion id=row.id.clone() named=draft_name(row.procedure, &row.title) here/> }
    });
    let kept = StoredValue::new([("procedure", procedure), ("after", after)]);
    let mut columns = words(["业务类型", "名称", "保存时间"]);
    columns.extend([Column::Number("剩余天数".to_owned()), Column::Text("操作".to_owned())]);
    view! {
        {question}
        <Grid caption="我的草稿" columns>
            {page.rows.into_iter().map(|row| view! {
                <tr>
                    <td data-label="业务类型">{row.procedure.label()}</td>
                    <td data-label="名称">{row.title.clone()}</td>
                    <td data-label="保存时间" class="figures">{row.saved_at}</td>
                    <td data-label="剩余天数" class="num">{format!("{} 天", row.days_left)}</td>
                    <td data-label="操作" class="row-actions">
                        <a href=row.href aria-description=row.title.clone()>"详情"</a>
                        <AskToDelete id=row.id about=row.title kept=kept.get_value()/>
                    </td>
                </tr>
            }).collect_view()}
        </Grid>
        <Pager
            total=page.total
            next=page.next.map(|after| {
                let [(_, procedure), _] = kept.get_value();
                href(route::DRAFTS, &[("procedure", &procedure), ("after", &after)])
            })
            first=page.is_later.then(|| {
                let [(_, procedure), _] = kept.get_value();
                href(route::DRAFTS, &[("procedure", &procedure)])
            })
        />
    }
    .into_any()
}

/// 【删除】 asks first.
#[component]
fn AskToDelete(id: String, about: String, kept: [(&'static str, String); 2]) -> impl IntoView {
    view! {
        <form method="get" action=route::DRAFTS class="inline">
            <input type="hidden" name="delete" value=id/>
            {kept
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
                .collect_view()}
            <button class="link" aria-description=about>"删除"</button>
        </form>
    }
    .into_any()
}

#[component]
fn DeleteQuestion(id: String, named: String, here: String) -> impl IntoView {
    view! {
        <Dialog title="确认删除草稿">
            <div class="dialog-body">
                <p>{format!("将删除{named}。")}</p>
                <p>"删除后 10 分钟内，可以在本页点击【撤销删除】恢复。"</p>
            </div>
            <div class="actions">
                <PostButton action="/act/delete-draft" label="确认删除" class="button button-danger" fields=vec![("draft", id)]/>
                <a class="button" href=here>"取消"</a>
            </div>
        </Dialog>
    }
    .into_any()
}

#[component]
pub fn Filings() -> impl IntoView {
    let (procedure, state, after) = (query_text("procedure"), query_text("state"), query_text("after"));
    let receipt = query_text("receipt");
    let page = Resource::new(
        move || (procedure(), state(), after()),
        |(procedure, state, after)| api::filings(procedure, state, after),
    );
    view! {
        <PageHead above=vec![("我的", route::HOME)] title="我的申请"/>
        {move || {
            let id = receipt();
            (!id.is_empty()).then(|| view! { <Submitted id/> })
        }}
        <form class="filters" method="get" role="search">
            <Filter id="q-procedure" name="procedure" label="业务类型" chosen=procedure() options=procedures()/>
            <Filter id="q-state" name="state" label="审核状态" chosen=state() options=states()/>
            <div class="filter-actions"><button class="button">"查询"</button></div>
        </form>
        <Load resource=page titled=true children={|page: Paged<FilingRow>| view! { <FilingTable page/> }}/>
    }
    .into_any()
}

#[component]
fn FilingTable(page: Paged<FilingRow>) -> impl IntoView {
    let (procedure, state) = (query_text("procedure"), query_text("state"));
    let (procedure, state) = (untrack(procedure), untrack(state));
    if page.rows.is_empty() {
        return view! { <Empty sentence="没有符合条件的申请。" action=("去办理业务", route::SERVICES)/> }
            .into_any();
    }
    let path = route::FILINGS;
    view! {
        <Grid caption="我的申请" columns=words(["申请单编号", "业务类型", "名称", "提交时间", "审核状态", "操作"])>
            {page.rows.into_iter().map(|row| view! {
                <tr>
                    <td data-label="申请单编号" class="figures">{row.reference.clone()}</td>
                    <td data-label="业务类型">{row.procedure.label()}</td>
                    <td data-label="名称">{row.title.clone()}</td>
                    <td data-label="提交时间" class="figures">{row.submitted_at.clone()}</td>
                    <td data-label="审核状态"><StateOfFiling row=row.clone()/></td>
                    <td data-label="操作" class="row-actions">
                        <a href=route::filing(&row.id) aria-description=row.reference.clone()>"详情"</a>
                        {(row.state == FilingState::Returned).then(|| view! {
                            <PostButton action="/act/redraft" label="修改" class="link" fields=vec![("filing", row.id.clone())] about=row.reference.clone()/>
                        })}
                    </td>
                </tr>
            }).collect_view()}
        </Grid>
        <Pager
            total=page.total
            next=page.next.map(|after| href(path, &[("procedure", &procedure), ("state", &state), ("after", &after)]))
            first=page.is_later.then(|| href(path, &[("procedure", &procedure), ("state", &state)]))
        />
    }
    .into_any()
}

/// What a person wants to know right after submitting, above the list it led to (R80).
#[component]
fn Submitted(id: String) -> impl IntoView {
    let receipt = Resource::new(move || id.clone(), receipt_of);
    view! { <Load resource=receipt titled=true children={|(filing, progress)| view! { <ReceiptBody filing progress/> }}/> }
}

/// A filing, and how far its case is.
async fn receipt_of(id: String) -> Answer<(FilingView, Progress)> {
    Ok((api::filing(id.clone()).await?, api::progress(Some(id)).await?))
}

#[component]
pub fn Receipt() -> impl IntoView {
    let params = use_params_map();
    let receipt =
        Resource::new(move || params.with(|params| params.get("id")).unwrap_or_default(), receipt_of);
    view! {
        <PageHead above=vec![("我的", route::HOME), ("我的申请", route::FILINGS)] title="申请回执"/>
        <Load resource=receipt titled=true children={|(filing, progress)| view! { <ReceiptBody filing progress/> }}/>
    }
    .into_any()
}

#[component]
fn ReceiptBody(filing: FilingView, progress: Progress) -> impl IntoView {
    let FilingView { row, jurisdiction, withdrawal_left, .. } = filing;
    let detail = route::filing(&row.id);
    let (title, tone) = match row.waits_for_business {
        true => ("主体信息已提交，还没有进入审核", "warning"),
        false => ("已提交审核", "ok"),
    };
    view! {
        <ProgressCard progress/>
        <section class="receipt" aria-labelledby="receipt-title" data-tone=tone>
            <h2 id="receipt-title">{title}</h2>
            <dl class="facts">
                <div><dt>"申请单编号"</dt><dd class="figures">{row.reference.clone()}</dd></div>
                <div><dt>"业务类型"</dt><dd>{row.procedure.label()}</dd></div>
                <div><dt>"名称"</dt><dd>{row.title.clone()}</dd></div>
                <div><dt>"提交时间"</dt><dd class="figures">{row.submitted_at.clone()}</dd></div>
                <div><dt>"管辖地"</dt><dd>{jurisdiction}</dd></div>
                <div><dt>"审核状态"</dt><dd><StateOfFiling row=row.clone()/></dd></div>
            </dl>
            <h3>"接下来"</h3>
            <ol class="next">
                {row.waits_for_business.then(|| view! { <li>"填报至少一项业务：公安机关不会单独审核主体。"</li> })}
                <li>"管辖地网安民警审核，结果会在“系统通知”中告知。"</li>
                <li>"提交后 30 分钟内、审核开始前，可以撤销申请。"</li>
            </ol>
            {withdrawal_left.map(|seconds| view! { <Countdown seconds/> })}
            <div class="actions no-print">
                <a class="button" href=detail>"查看申请单"</a>
                <a class="button button-quiet" href=route::receipt(&row.id)>"打印回执"</a>
            </div>
            <p class="print-only print-foot">{format!("申请单编号 {}", row.reference)}</p>
        </section>
    }
    .into_any()
}

/// How far the case of a filing is, where its page has to say so (R15: a subject is never reviewed alone).
#[component]
fn CaseProgress(filing: String) -> impl IntoView {
    let progress = Resource::new(move || Some(filing.clone()), api::progress);
    view! { <Load resource=progress titled=true children={|progress: Progress| view! { <ProgressCard progress/> }}/> }
}

/// Counts down what the server said is left (R17); without wasm it says how long from now.
#[cfg_attr(any(feature = "ssr", feature = "page-islands"), island)]
#[cfg_attr(not(any(feature = "ssr", feature = "page-islands")), component)]
fn Countdown(seconds: i64) -> impl IntoView {
    let left = RwSignal::new(seconds);
    Effect::new(move |_| {
        // By the clock and not by beats: a tab behind others gets few of them, a sleeping machine none.
        let since = js_sys::Date::now();
        let beat = set_interval_with_handle(
            move || {
                #[allow(clippy::cast_possible_truncation)]
                let passed = ((js_sys::Date::now() - since) / 1000.0) as i64;
                left.set((seconds - passed).clamp(0, seconds));
                if seconds <= passed
                    && let Some(window) = web_sys::window()
                {
                    // The button goes when the server says so too.
                    let _ = window.location().reload();
                }
            },
            std::time::Duration::from_secs(1),
        );
        if let Ok(beat) = beat {
            on_cleanup(move || beat.clear());
        }
    });
    view! {
        <p class="countdown">
            <Icon name="clock"/>
            "撤销申请剩余 "
            <b class="figures" role="timer">{move || format!("{:02}:{:02}", left.get() / 60, left.get() % 60)}</b>
            <span class="soft no-js-only">"（以打开本页时计）"</span>
        </p>
    }
    .into_any()
}

#[component]
pub fn FilingPage() -> impl IntoView {
    let params = use_params_map();
    let check = query_text("check");
    let filing = Resource::new(
        move || (params.with(|params| params.get("id")).unwrap_or_default(), !check().is_empty()),
        // The second call needs to know its caller, too.
        |(id, check)| {
            ScopedFuture::new(async move {
                let filing = api::filing(id.clone()).await?;
                Ok((filing, api::my_talk(id, check).await))
            })
        },
    );
    view! {
        <Load resource=filing children={|(filing, talk): (FilingView, Answer<TalkView>)| view! { <Details filing talk/> }}/>
    }
}

#[component]
fn Details(filing: FilingView, talk: Answer<TalkView>) -> impl IntoView {
    let asks = query_text("withdraw");
    let FilingView {
        row,
        jurisdiction,
        decided_at,
        sheet,
        changes,
        history,
        withdrawal_left,
        dependents,
        returned_along,
        remarks,
        general_remark,
        registration,
        record_href,
        talk: asked,
        ..
    } = filing;
    provide_context(Asked(asked.questions));
    let here = route::filing(&row.id);
    let (state, procedure, waits) = (row.state, row.procedure, row.waits_for_answer);
    let id = StoredValue::new(row.id.clone());
    let question = (withdrawal_left.is_some() && !untrack(asks).is_empty()).then(|| {
        view! { <WithdrawQuestion id=row.id.clone() here=here.clone() dependents/> }
    });
    let refusal = (state == FilingState::Rejected)
        .then(|| history.iter().map(|event| event.note.clone()).find(|note| !note.is_empty()))
        .flatten();
    let can_redraft = redraft_label(state, procedure.action);
    let is_bundle = !returned_along.is_empty();
    let waiting = row.waits_for_business.then(|| row.id.clone());
    let reference = row.reference.clone();
    view! {
        <PageHead
            above=vec![("我的", route::HOME), ("我的申请", route::FILINGS)]
            title="申请详情"
            beside=move || view! { <FilingBadge state/> <WaitingTag waits/> }
            actions=move || can_redraft.map(|label| view! {
                {is_bundle.then(|| view! {
                    <PostButton
                        action="/act/redraft"
                        label="修改后一并重新提交"
                        class="button button-primary"
                        fields=vec![("filing", id.get_value()), ("along", "yes".to_owned())]
                    />
                })}
                <PostButton
                    action="/act/redraft"
                    label
                    class=if is_bundle { "button" } else { "button button-primary" }
                    fields=vec![("filing", id.get_value())]
                />
            })
        />
        {question}
        {waiting.map(|filing| view! { <CaseProgress filing/> })}
        <Facts row jurisdiction decided_at record_href/>
        <MyTalk talk/>
        {withdrawal_left.map(|seconds| view! { <Withdrawal seconds here/> })}
        {refusal.map(|words| view! { <Refusal words/> })}
        {(!remarks.is_empty() || general_remark.is_some()).then(|| view! {
            <Points procedure remarks=remarks.clone() general=general_remark/>
        })}
        {is_bundle.then(|| view! { <Along rows=returned_along/> })}
        {registration.map(|registration| view! { <Registration business=procedure.business registration/> })}
        {(!changes.is_empty()).then(|| view! {
            <section class="sheet" aria-labelledby="changes">
                <div class="sheet-head"><h2 id="changes">"变更对比"</h2></div>
                <ChangesTable changes/>
            </section>
        })}
        <SheetView sheet remarks/>
        <section class="sheet" aria-labelledby="history">
            <div class="sheet-head"><h2 id="history">"办理记录"</h2></div>
            <History events=history/>
        </section>
        <p class="print-only print-foot">{format!("申请单编号 {reference}")}</p>
    }
    .into_any()
}

/// The button that makes a draft of the filing, where there is one (R53).
fn redraft_label(state: FilingState, action: Action) -> Option<&'static str> {
    match state {
        FilingState::Returned => Some("修改后重新提交"),
        FilingState::Withdrawn if action != Action::Cancel => Some("转为草稿"),
        FilingState::Withdrawn
        | FilingState::Pending
        | FilingState::InReview
        | FilingState::Approved
        | FilingState::Rejected
        | FilingState::Terminated => None,
    }
}

#[component]
fn Facts(
    row: FilingRow,
    jurisdiction: String,
    decided_at: Option<String>,
    record_href: Option<String>,
) -> impl IntoView {
    view! {
        <dl class="facts">
            <div><dt>"申请单编号"</dt><dd class="figures">{row.reference}</dd></div>
            <div><dt>"业务类型"</dt><dd>{row.procedure.label()}</dd></div>
            <div><dt>"主体"</dt><dd>{row.subject_name}</dd></div>
            <div><dt>"管辖地"</dt><dd>{jurisdiction}</dd></div>
            <div><dt>"提交时间"</dt><dd class="figures">{row.submitted_at}</dd></div>
            {decided_at.map(|at| view! { <div><dt>"办结时间"</dt><dd class="figures">{at}</dd></div> })}
            {record_href.map(|href| view! { <div><dt>"备案信息"</dt><dd><a href=href>"查看"</a></dd></div> })}
        </dl>
    }
    .into_any()
}

/// 【撤销申请】, and how long there is time for it (R17).
#[component]
fn Withdrawal(seconds: i64, here: String) -> impl IntoView {
    view! {
        <div class="cluster no-print">
            <Countdown seconds/>
            <form method="get" action=here>
                <input type="hidden" name="withdraw" value="1"/>
                <button class="button">"撤销申请"</button>
            </form>
        </div>
    }
    .into_any()
}

/// Why it was refused.
#[component]
fn Refusal(words: String) -> impl IntoView {
    view! {
        <aside class="notice" data-tone="warning" aria-labelledby="refusal">
            <h2 id="refusal">"不予通过的理由"</h2>
            <p class="timeline-note">{words}</p>
        </aside>
    }
    .into_any()
}

/// What the officer asks for (R53).
#[component]
fn Points(
    procedure: Procedure,
    remarks: Vec<domain::schema::Fault>,
    general: Option<String>,
) -> impl IntoView {
    view! {
        <aside class="notice" data-tone="warning" aria-labelledby="points">
            <h2 id="points">"审核意见"</h2>
            {general.map(|text| view! { <p>{text}</p> })}
            <ul>
                {remarks.into_iter().map(|remark| {
                    let label = procedure.form().place(&remark.at).map_or("", |place| place.field.label);
                    view! { <li><a href=format!("#{}", row_id(&remark.at))><b>{label}</b>"："{remark.message}</a></li> }
                }).collect_view()}
            </ul>
        </aside>
    }
    .into_any()
}

/// What came back only because its subject did (R15): nothing about it has to be repaired.
#[component]
fn Along(rows: Vec<FilingRow>) -> impl IntoView {
    view! {
        <aside class="notice" aria-labelledby="along">
            <h2 id="along">"随主体一并退回的业务"</h2>
            <p>"这些业务没有审核意见，不需要修改。选【修改后一并重新提交】，修改主体后它们会原样随主体重新提交。"</p>
            <ul>
                {rows.into_iter().map(|row| view! {
                    <li><a href=route::filing(&row.id)>{format!("{} · {}（{}）", row.procedure.label(), row.title, row.reference)}</a></li>
                }).collect_view()}
            </ul>
        </aside>
    }
    .into_any()
}

/// Names what is withdrawn along (R17).
#[component]
fn WithdrawQuestion(id: String, here: String, dependents: Vec<FilingRow>) -> impl IntoView {
    view! {
        <Dialog title="确认撤销申请">
            <div class="dialog-body">
                <p>"撤销后，这份申请不再进入审核；之后可以转为草稿，修改后重新提交。"</p>
                {(!dependents.is_empty()).then(|| view! {
                    <p>"以下业务申请依赖该主体，将一并撤销："</p>
                    <ul>
                        {dependents.into_iter().map(|row| view! {
                            <li>{format!("{} · {}（{}）", row.procedure.label(), row.title, row.reference)}</li>
                        }).collect_view()}
                    </ul>
                })}
            </div>
            <div class="actions">
                <PostButton action="/act/withdraw" label="确认" class="button button-primary" fields=vec![("filing", id)]/>
                <form method="get" action=here><button class="button">"取消"</button></form>
            </div>
        </Dialog>
    }
    .into_any()
}
