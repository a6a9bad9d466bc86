//! 人员管理: who reviews which region, who administers, who audits (R60).

use domain::role::StaffRole;
use domain::route;
use domain::view::StaffRow;
use leptos::prelude::*;

use super::account::{FindPerson, Suspended};
use crate::api;
use crate::ui::table::{Grid, words};
use crate::ui::{Empty, Load, PageHead, PostButton};

#[component]
pub fn Staff() -> impl IntoView {
    let staff = Resource::new(|| (), |()| api::staff());
    view! {
        <PageHead above=vec![("审核", "")] title="人员管理" lead="任命和撤销即时生效，并记入审计日志。管理员、系统管理员与审计员须由不同人员担任。"/>
        <Load
            resource=staff
            titled=true
            children={|rows: Vec<StaffRow>| view! { <div class="stack"><Table rows/><Appoint/><FindPerson/><Suspended/></div> }}
        />
    }
    .into_any()
}

#[component]
fn Table(rows: Vec<StaffRow>) -> impl IntoView {
    if rows.is_empty() {
        return view! { <Empty sentence="还没有任命人员。"/> }.into_any();
    }
    view! {
        <Grid caption="人员" columns=words(["姓名", "角色", "地区", "任命时间", "操作"])>
            {rows.into_iter().map(|row| view! {
                <tr>
                    <td data-label="姓名">
                        {row.name.clone()}
                        {row.is_suspended.then(|| view! { " "<span class="badge" data-state="rejected">"已停用"</span> })}
                    </td>
                    <td data-label="角色">{row.role.label()}</td>
                    <td data-label="地区">{row.region}</td>
                    <td data-label="任命时间" class="figures">{row.since}</td>
                    <td data-label="操作" class="row-actions">
                        {row.person.map(|person| {
                            view! { <a href=route::account(&person) aria-description=row.name.clone()>"账户"</a> }
                        })}
                        <PostButton
                            action="/act/dismiss"
                            label="撤销"
                            class="link"
                            fields=vec![("staff", row.id)]
                            about=format!("{}的{}角色", row.name, row.role.label())
                        />
                    </td>
                </tr>
            }).collect_view()}
        </Grid>
    }
    .into_any()
}

#[component]
fn Appoint() -> impl IntoView {
    let star = || view! { <span class="star" aria-hidden="true">"*"</span> };
    let roles =
        StaffRole::ALL.map(|role| view! { <option value=role.code()>{role.label()}</option> }).collect_view();
    view! {
        <form class="form" method="post" action="/act/appoint">
            <fieldset class="section">
                <legend>"添加人员"</legend>
                <div class="fields">
                    <div class="field">
                        <div class="field-label">{star()}<label for="name">"姓名"</label></div>
                        <div class="control"><input class="input" id="name" name="name" required maxlength="50" autocomplete="off"/></div>
                    </div>
                    <div class="field">
                        <div class="field-label">{star()}<label for="id-no">"身份证号码"</label></div>
                        <p class="hint" id="id-no-hint">"本人以此号码登录后即有此角色"</p>
                        <div class="control">
                            <input class="input w-18" id="id-no" name="id_no" required maxlength="18" autocomplete="off" aria-describedby="id-no-hint"/>
                        </div>
                    </div>
                    <div class="field">
                        <div class="field-label">{star()}<label for="role">"角色"</label></div>
                        <div class="control"><select class="input" id="role" name="role" autocomplete="off">{roles}</select></div>
                    </div>
                    <RegionField/>
                </div>
            </fieldset>
            <div class="actions"><button class="button button-primary">"添加"</button></div>
        </form>
    }
    .into_any()
}

/// The reviewer's region, by its code.
#[component]
fn RegionField() -> impl IntoView {
    view! {
        <div class="field">
            <div class="field-label"><label for="region">"地区代码"</label></div>
            <p class="hint" id="region-hint">"审核员必填：六位行政区划代码，如 110000（北京市）、110101（东城区）"</p>
            <div class="control">
                <input
                    class="input w-8"
                    id="region"
                    name="region"
                    inputmode="numeric"
                    maxlength="6"
                    autocomplete="off"
                    aria-describedby="region-hint"
                />
            </div>
        </div>
    }
    .into_any()
}
