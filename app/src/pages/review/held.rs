//! One filing in an officer's hands, for an administrator: what a take-over is about, without the answers (R60, R62).

use domain::route;
use domain::view::{HeldFiling, KeptForm};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api;
use crate::pages::query::query_text;
use crate::ui::kept::KeptText;
use crate::ui::sheet::History;
use crate::ui::{Load, PageHead};

#[component]
pub fn HeldFilingPage() -> impl IntoView {
    let params = use_params_map();
    let check = query_text("check");
    let asked = move || (params.with(|params| params.get("id")).unwrap_or_default(), check());
    let held = Resource::new(asked, |(id, check)| async move {
        let kept = api::kept_form(check).await?;
        let held = api::held_filing(id).await?;
        Ok((held, kept))
    });
    view! {
        <Load resource=held children={|(held, kept): (HeldFiling, KeptForm)| view! { <Held held kept/> }}/>
    }
}

#[component]
fn Held(held: HeldFiling, kept: KeptForm) -> impl IntoView {
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
    } = held;
    let kept = kept.about("filing", &id);
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
            lead="仅供判断是否接管：填报内容由管辖地的民警审核，不在此显示。本次查看已记入审计日志。"
        />
        <div class="stack">
            <section class="sheet" aria-labelledby="held">
                <div class="sheet-head"><h2 id="held">"申请单"</h2></div>
                <dl class="facts">
                    {facts.into_iter().map(|(label, text)| view! { <div><dt>{label}</dt><dd>{text}</dd></div> }).collect_view()}
                </dl>
                {(!together.is_empty()).then(|| view! {
                    <p>"新主体与其业务一并领取，接管时一并收回："</p>
                    <ul class="plain">
                        {together.into_iter().map(|(reference, procedure, title)| view! {
                            <li>{format!("{}：{title}", procedure.label())}" "<span class="soft figures">{reference}</span></li>
                        }).collect_view()}
                    </ul>
                })}
            </section>
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
                    <button class="button button-primary">"接管"</button>
                    <a class="button button-quiet" href=route::CLAIMS>"返回列表"</a>
                </div>
            </form>
            <section class="sheet" aria-labelledby="history">
                <div class="sheet-head"><h2 id="history">"办理记录"</h2></div>
                <History events=history/>
            </section>
        </div>
    }
    .into_any()
}
