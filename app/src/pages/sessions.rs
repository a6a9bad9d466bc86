//! 登录会话: where the person is signed in, each of which can be ended.

use domain::view::SessionRow;
use leptos::prelude::*;

use crate::api;
use crate::ui::table::{Grid, words};
use crate::ui::{Load, PageHead, PostButton};

#[component]
pub fn Sessions() -> impl IntoView {
    let sessions = Resource::new(|| (), |()| api::sessions());
    view! {
        <PageHead title="登录会话" lead="发现不是本人的登录，请立即退出该会话，并在身份认证平台修改密码。"/>
        <Load resource=sessions titled=true children={|rows: Vec<SessionRow>| view! { <Table rows/> }}/>
    }
    .into_any()
}

#[component]
fn Table(rows: Vec<SessionRow>) -> impl IntoView {
    view! {
        <Grid caption="登录会话" columns=words(["设备", "登录时间", "最近使用", "操作"])>
            {rows.into_iter().map(|row| view! {
                <tr>
                    <td data-label="设备">{row.device.clone()}</td>
                    <td data-label="登录时间" class="figures">{row.created_at}</td>
                    <td data-label="最近使用" class="figures">{row.seen_at}</td>
                    <td data-label="操作" class="row-actions">
                        {if row.is_this {
                            view! { <span class="soft">"当前会话"</span> }.into_any()
                        } else {
                            view! {
                                <PostButton
                                    action="/act/revoke-session"
                                    label="退出此会话"
                                    class="link"
                                    fields=vec![("session", row.id)]
                                    about=row.device
                                />
                            }
                            .into_any()
                        }}
                    </td>
                </tr>
            }).collect_view()}
        </Grid>
    }
    .into_any()
}
