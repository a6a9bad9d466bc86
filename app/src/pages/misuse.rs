//! 【举报冒用】: anybody tells of a number that is misused; for what becomes of it see `review/misuse.rs`.

use domain::misuse::{LONGEST_CONTACT, LONGEST_SITE, LONGEST_TEXT, MisuseKind};
use domain::route;
use domain::view::PublicRecord;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api::{self, Answer};
use crate::pages::query::query_text;
use crate::ui::{Load, PageHead};

#[component]
pub fn ReportPage() -> impl IntoView {
    let params = use_params_map();
    let sent = query_text("sent");
    let record: Resource<Answer<(PublicRecord, bool)>> = Resource::new(
        move || (params.with(|params| params.get("digits")).unwrap_or_default(), !sent().is_empty()),
        |(digits, is_sent)| async move { Ok((api::public_record(digits, None).await?, is_sent)) },
    );
    view! {
        <PageHead above=vec![("备案查询", route::LOOKUP)] title="举报冒用"/>
        <Load resource=record titled=true children={|(record, is_sent): (PublicRecord, bool)| match is_sent {
            true => view! { <Sent record/> }.into_any(),
            false => view! { <ReportForm record/> }.into_any(),
        }}/>
    }
    .into_any()
}

#[component]
fn Sent(record: PublicRecord) -> impl IntoView {
    view! {
        <div class="stack">
            <div class="notice" data-tone="ok" role="status">
                <h2>"举报已收到"</h2>
                <p>{format!("关于 {} 的举报已送达{}，由民警核实处理。", record.registration_number, record.organ)}</p>
            </div>
            <div class="actions"><a class="button" href=route::public_record(&record.digits)>"返回备案信息"</a></div>
        </div>
    }
    .into_any()
}

#[component]
fn ReportForm(record: PublicRecord) -> impl IntoView {
    let PublicRecord { digits, name, registration_number, organ, .. } = record;
    let back = route::public_record(&digits);
    view! {
        <form class="form" method="post" action="/act/report-misuse">
            <p>{format!("您正在举报：{name}（{registration_number}）。举报由{organ}受理，不需要登录，也不需要留下您的身份。")}</p>
            <input type="hidden" name="digits" value=digits autocomplete="off"/>
            <fieldset class="section">
                <legend>"举报内容"</legend>
                <div class="fields">
                    <div class="field field-wide">
                        <div class="field-label"><span class="star" aria-hidden="true">"*"</span><span id="kind-label">"举报的情况"</span><span class="visually-hidden">"必填"</span></div>
                        <div class="control choices choices-column" role="radiogroup" aria-labelledby="kind-label">
                            {MisuseKind::ALL.map(|kind| view! {
                                <label class="choice"><input type="radio" name="kind" value=kind.code() required autocomplete="off"/><span>{kind.label()}</span></label>
                            })}
                        </div>
                    </div>
                    <div class="field field-wide">
                        <div class="field-label"><label for="site">"发现地址"</label></div>
                        <p class="hint" id="site-hint">"在哪个网址、APP 或应用商店看到的，选填"</p>
                        <div class="control"><input class="input" id="site" name="site" maxlength=LONGEST_SITE aria-describedby="site-hint" autocomplete="off"/></div>
                    </div>
                    <div class="field field-wide">
                        <div class="field-label"><span class="star" aria-hidden="true">"*"</span><label for="text">"情况说明"</label><span class="visually-hidden">"必填"</span></div>
                        <p class="hint" id="text-hint">{format!("5 至 {LONGEST_TEXT} 个字。请不要填写他人的身份证号、手机号等个人信息。")}</p>
                        <div class="control"><textarea class="input" id="text" name="text" rows="4" required minlength="5" maxlength=LONGEST_TEXT aria-describedby="text-hint" autocomplete="off"></textarea></div>
                    </div>
                    <div class="field field-wide">
                        <div class="field-label"><label for="contact">"联系方式"</label></div>
                        <p class="hint" id="contact-hint">"选填，加密保存，仅受理的民警在核实时可以查看并留下记录"</p>
                        <div class="control"><input class="input" id="contact" name="contact" maxlength=LONGEST_CONTACT aria-describedby="contact-hint" autocomplete="off"/></div>
                    </div>
                </div>
            </fieldset>
            <div class="actions"><button class="button button-primary">"提交举报"</button><a class="button button-quiet" href=back>"返回"</a></div>
        </form>
    }
    .into_any()
}
