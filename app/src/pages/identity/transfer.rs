//! 移交主体: to whom, and revoking it until it is received (R24).

use domain::business::Business;
use domain::route;
use domain::view::{IdentityPurpose, OfferedHandover, TransferView};
use leptos::prelude::*;

use super::check::IdentityForm;
use super::{Unavailable, asked};
use crate::api::{self, ApiError};
use crate::ui::sheet::SheetView;
use crate::ui::{Load, PageHead, PostButton, Problem, StateBeside, with_state};

/// What handing over means; every point is a rule the server keeps (R24, R25).
const TERMS: &[&str] = &[
    "接收人须已在本平台实名登录，且登录的手机号、身份证号与此处填写的一致；接收人不能是您本人。",
    "接收人接收后，主体及其全部业务、申请单和文件一并转移，您将立即失去对该主体的访问权限；草稿不随主体移交。",
    "接收人接收前，您可以撤回移交；接收人可以拒绝；15 天内未接收的，移交自动失效。",
];

#[component]
pub fn Transfer() -> impl IntoView {
    let view = Resource::new(asked(), |(subject, check)| api::transfer_view(subject, check));
    view! { <Load resource=view children={|view: TransferView| view! { <Page view/> }}/> }
}

#[component]
fn Page(view: TransferView) -> impl IntoView {
    let TransferView { subject, sheet, refused, offered, identity, .. } = view;
    let state = subject.as_ref().map(|subject| subject.state);
    let content = match (subject, offered, refused) {
        (Some(subject), Some(offered), _) => view! { <Offered subject=subject.id offered/> }.into_any(),
        (_, None, Some(refused)) => view! { <Unavailable verb="移交" refused/> }.into_any(),
        (Some(subject), None, None) => view! {
            <aside class="notice" data-tone="info" aria-labelledby="terms">
                <h2 id="terms">"移交须知"</h2>
                <ol>{TERMS.iter().map(|point| view! { <li>{*point}</li> }).collect_view()}</ol>
            </aside>
            <IdentityForm
                purpose=IdentityPurpose::Transfer
                business=Business::Subject
                record=subject.id
                identity
                back=None
            />
        }
        .into_any(),
        (None, _, _) => view! { <Problem error=ApiError::NotFound titled=true/> }.into_any(),
    };
    view! {
        <PageHead
            above=vec![(Business::Subject.definition().menu, route::SERVICES)]
            title="移交主体"
            whole=with_state("移交主体", state)
            beside=move || state.map(|state| view! { <StateBeside state/> })
        />
        {content}
        {sheet.map(|sheet| view! { <SheetView sheet/> })}
    }
    .into_any()
}

/// The handover under way, which the giver can take back.
#[component]
fn Offered(subject: String, offered: OfferedHandover) -> impl IntoView {
    let OfferedHandover { receiver_mobile, created_at, ends_at, days_left } = offered;
    view! {
        <section class="sheet" aria-labelledby="offered">
            <div class="sheet-head"><h2 id="offered">"移交中"</h2></div>
            <dl class="facts">
                <div><dt>"接收人手机号"</dt><dd class="figures">{receiver_mobile}</dd></div>
                <div><dt>"发起时间"</dt><dd class="figures">{created_at}</dd></div>
                <div><dt>"失效时间"</dt><dd class="figures">{ends_at}</dd></div>
                <div><dt>"剩余天数"</dt><dd class="figures">{format!("{days_left} 天")}</dd></div>
            </dl>
            <p class="hint">"等待接收人接收。接收人接收前可以撤回；逾期未接收的，移交自动失效。"</p>
        </section>
        <div class="actions">
            <PostButton action="/act/revoke-transfer" label="撤回移交" fields=vec![("subject", subject)]/>
        </div>
    }
    .into_any()
}
