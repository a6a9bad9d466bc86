//! What a patrol found of a record and its owner was told to put right, above the record.

use domain::route;
use domain::view::{PatrolFiling, PatrolNotice};
use leptos::prelude::*;

use crate::ui::FilingBadge;

#[component]
pub fn ToPutRight(notice: PatrolNotice) -> impl IntoView {
    let PatrolNotice { seen, notified_at, due_on, is_overdue, filed } = notice;
    let (tone, title) = match is_overdue {
        true => ("danger", format!("已超过 {due_on} 的期限，请尽快变更或注销")),
        false => ("warning", format!("请在 {due_on} 前变更或注销")),
    };
    view! {
        <section class="notice to-put-right no-print" data-tone=tone aria-labelledby="to-put-right">
            <h2 id="to-put-right">{title}</h2>
            <p>"网安部门于 "<time class="figures">{notified_at}</time>" 通知您：核查发现"</p>
            <ul>
                {seen.into_iter().map(|seen| view! { <li><b>{seen.fault.label()}</b>"："{seen.told}</li> }).collect_view()}
            </ul>
            {match filed {
                Some(PatrolFiling { id, verb, reference, state, .. }) => view! {
                    <p>
                        {format!("您已提交{verb}申请 ")}<a class="figures" href=route::filing(&id)>{reference}</a>" "<FilingBadge state/>
                        "，审核通过后平台会再次核查。"
                    </p>
                }.into_any(),
                None => view! {
                    <p>"备案内容有变化的，请发起变更；不再使用的，请注销。已经恢复正常的，平台再次核查后自动撤销本通知。"</p>
                }.into_any(),
            }}
        </section>
    }
    .into_any()
}
