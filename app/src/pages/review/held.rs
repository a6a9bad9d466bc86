//! One filing in an officer's hands, for an administrator: what a take-over is about, without the answers (R60, R62).

use domain::route;
use domain::view::{HeldFiling, KeptForm, OfficerChoice};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api;
use crate::pages::query::query_text;
use crate::ui::kept::{KeptSelect, KeptText};
use crate::ui::sheet::History;
use crate::ui::{Load, PageHead};

#[component]
pub fn HeldFilingPage() -> impl IntoView {
    let params = use_params_map();
    let check = query_text("check");
    let asked = move || (params.with(|params| params.get("id")).unwrap_or_default(), check());
    let held = Resource::new(asked, |(id, check)| async move {
        let kept = api::kept_form(check.clone()).await?;
        let held = api::held_filing(id).await?;
        Ok((held, kept, check))
    });
    view! {
        <Load resource=held children={|(held, kept, check): (HeldFiling, KeptForm, String)| view! { <Held held kept check/> }}/>
    }
}

#[component]
fn Held(
    held: HeldFiling,
    kept: KeptForm,
    /// Which of the forms has come back.
    check: String,
) -> impl IntoView {
    let HeldFiling {
        id,
        reference,
        procedure,
        title,
        subject_name,
        owner_kind,
        jurisdiction,
        submitted_at,
        round,
        officer,
        claimed_at,
        idle_minutes,
        together,
        history,
        version,
        choices,
    } = held;
    let kept = kept.about("filing", &id);
    let of = |form: &str| if check == form { kept.clone() } else { KeptForm::default() };
    let facts = [
        ("编号", reference.clone()),
        ("业务类型", procedure.label().to_owned()),
        ("名称", title.clone()),
        ("主体", format!("{subject_name}（{owner_kind}）")),
        ("管辖地", jurisdiction),
        ("提交时间", if round > 1 { format!("{submitted_at}（第 {round} 次提交）") } else { submitted_at }),
        ("领取人", officer),
        ("领取时间", claimed_at),
        ("无操作", format!("{idle_minutes} 分钟")),
    ];
    view! {
        <PageHead
            above=vec![("审核", ""), ("在办申请单", route::CLAIMS)]
            title=format!("{}：{title}", procedure.label())
            lead="仅供判断是否接管或重新分配：填报内容由管辖地的民警审核，不在此显示。本次查看已记入审计日志。"
        />
        <div class="stack">
            <section class="sheet" aria-labelledby="held">
                <div class="sheet-head"><h2 id="held">"申请单"</h2></div>
                <dl class="facts">
                    {facts.into_iter().map(|(label, text)| view! { <div><dt>{label}</dt><dd>{text}</dd></div> }).collect_view()}
                </dl>
                {(!together.is_empty()).then(|| view! {
                    <p>"新主体与其业务一并领取，接管、重新分配时一并处理："</p>
                    <ul class="plain">
                        {together.into_iter().map(|(reference, procedure, title)| view! {
                            <li>{format!("{}：{title}", procedure.label())}" "<span class="soft figures">{reference}</span></li>
                        }).collect_view()}
                    </ul>
                })}
            </section>
            <Reassign id=id.clone() version choices kept=of("reassign")/>
            <TakeOver id kept=of("take-over")/>
            <section class="sheet" aria-labelledby="history">
                <div class="sheet-head"><h2 id="history">"办理记录"</h2></div>
                <History events=history/>
            </section>
        </div>
    }
    .into_any()
}

/// 接管: back to the queue, or to the administrator who reviews there too.
#[component]
fn TakeOver(id: String, kept: KeptForm) -> impl IntoView {
    view! {
        <form class="form" method="post" action="/act/take-over" novalidate>
            <input type="hidden" name="filing" value=id autocomplete="off"/>
            <fieldset class="section">
                <legend>"接管"</legend>
                <p class="section-lead">"接管后回到队列，由其他民警领取；领取人会收到通知，其中写明理由。"</p>
                <div class="fields">
                    <KeptText
                        form=kept
                        id="reason"
                        name="reason"
                        label="接管理由"
                        hint="记入审计日志并告知领取人，不超过 200 字；请勿填写申请人的姓名和证件号码"
                        required=true
                        longest=200
                    />
                </div>
            </fieldset>
            <div class="actions">
                <button class="button">"接管"</button>
                <a class="button button-quiet" href=route::CLAIMS>"返回列表"</a>
            </div>
        </form>
    }
    .into_any()
}

/// 重新分配 to another officer of the region.
#[component]
fn Reassign(id: String, version: i64, choices: Vec<OfficerChoice>, kept: KeptForm) -> impl IntoView {
    if choices.is_empty() {
        return view! {
            <section class="sheet stack" aria-labelledby="reassign">
                <div class="sheet-head"><h2 id="reassign">"重新分配"</h2></div>
                <p>"此管辖地没有其他在任的民警可以分配。"<a href=route::STAFF>"人员管理"</a></p>
            </section>
        }
        .into_any();
    }
    let mut options = vec![(String::new(), "请选择".to_owned())];
    options.extend(choices.into_iter().map(|OfficerChoice { id, name, region, in_hand }| {
        (id, format!("{name}（{region}，在办 {in_hand} 份）"))
    }));
    view! {
        <form class="form" method="post" action="/act/reassign" novalidate>
            <input type="hidden" name="filing" value=id autocomplete="off"/>
            <input type="hidden" name="version" value=version.to_string() autocomplete="off"/>
            <fieldset class="section">
                <legend>"重新分配"</legend>
                <p class="section-lead">"交给负责此管辖地的另一名民警继续办理；原领取人和接办的民警都会收到通知，其中写明理由。"</p>
                <div class="fields">
                    <KeptSelect
                        form=kept.clone()
                        id="officer"
                        name="officer"
                        label="接办的民警"
                        hint="在办少的在前；接办后长时间没有操作的，自动释放回队列"
                        options
                        required=true
                    />
                    <KeptText
                        form=kept
                        id="reassign-reason"
                        name="reason"
                        label="分配理由"
                        hint="记入审计日志和办理记录，并告知双方，不超过 200 字；请勿填写申请人的姓名和证件号码"
                        required=true
                        longest=200
                    />
                </div>
            </fieldset>
            <div class="actions"><button class="button button-primary">"重新分配"</button></div>
        </form>
    }
    .into_any()
}
