//! 在办申请单: what is in officers' hands, for administrators, who may take it over with a reason
//! (R62). They see who has it, not what is in it (R60).

use domain::route;
use domain::view::{ClaimRow, Paged};
use leptos::prelude::*;

use crate::api;
use crate::pages::mine::query_text;
use crate::ui::table::{Pager, href};
use crate::ui::{Empty, Load, PageHead};

#[component]
pub fn ReviewClaims() -> impl IntoView {
    let after = query_text("after");
    let page = Resource::new(after, api::claims_held);
    view! {
        <PageHead above=vec![("审核", "")] title="在办申请单" lead="已由民警领取、尚未办结的申请单。接管后回到队列，由其他民警领取。"/>
        <Load resource=page titled=true children={|page: Paged<ClaimRow>| view! { <Rows page/> }}/>
    }
    .into_any()
}

#[component]
fn Rows(page: Paged<ClaimRow>) -> impl IntoView {
    if page.rows.is_empty() {
        return view! { <Empty sentence="目前没有在办的申请单。" action=("返回首页", route::HOME)/> }
            .into_any();
    }
    let rows = page
        .rows
        .into_iter()
        .map(|row| {
            let reason = format!("reason-{}", row.id);
            let about = format!("：{}", row.reference);
            view! {
                <tr>
                    <td data-label="编号" class="figures">{row.reference}</td>
                    <td data-label="业务类型">{row.procedure.label()}</td>
                    <td data-label="管辖地">{row.jurisdiction}</td>
                    <td data-label="领取人">{row.officer}</td>
                    <td data-label="领取时间" class="figures">{row.claimed_at}</td>
                    <td data-label="无操作" class="num">{format!("{} 分钟", row.idle_minutes)}</td>
                    <td data-label="操作" class="row-actions">
                        <form class="joined" method="post" action="/act/take-over">
                            <input type="hidden" name="filing" value=row.id autocomplete="off"/>
                            <label class="visually-hidden" for=reason.clone()>{format!("接管理由{about}")}</label>
                            <input class="input" id=reason name="reason" required maxlength="200" placeholder="接管理由" autocomplete="off"/>
                            <button class="button button-small">"接管"<span class="visually-hidden">{about}</span></button>
                        </form>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="stack">
            <div class="table-wrap">
                <table class="table">
                    <caption class="visually-hidden">"在办申请单"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"编号"</th>
                            <th scope="col">"业务类型"</th>
                            <th scope="col">"管辖地"</th>
                            <th scope="col">"领取人"</th>
                            <th scope="col">"领取时间"</th>
                            <th scope="col" class="num">"无操作"</th>
                            <th scope="col">"操作"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <Pager
                total=page.total
                next=page.next.map(|after| href(route::CLAIMS, &[("after", &after)]))
                first=page.is_later.then(|| route::CLAIMS.to_owned())
            />
        </div>
    }
    .into_any()
}
