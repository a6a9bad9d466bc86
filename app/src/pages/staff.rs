//! 人员管理: who reviews which region, who administers, who audits (R60).

use domain::role::StaffRole;
use domain::route;
use domain::view::{Appointment, RegionOption, StaffRow};
use leptos::prelude::*;

use super::account::{FindPerson, Suspended};
use crate::api;
use crate::pages::query::query_text;
use crate::ui::plain::{PlainField, described};
use crate::ui::region::{NAMES, RegionCascade, RegionNames, levels_of};
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
                        {row.is_paused.then(|| view! { " "<span class="badge" data-tone="warning">"已暂停"</span> })}
                    </td>
                    <td data-label="角色">{row.role.label()}</td>
                    <td data-label="地区">{row.region}</td>
                    <td data-label="任命时间" class="figures">{row.since}</td>
                    <td data-label="操作" class="row-actions">
                        <a href=route::appointment(&row.id) aria-description=format!("{}的{}角色", row.name, row.role.label())>"更改"</a>
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

/// What the form of an appointment shows.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Form {
    typed: Appointment,
    /// It comes back, with what is wrong or with the next level of the region.
    is_again: bool,
    levels: Vec<Vec<RegionOption>>,
    names: Vec<String>,
}

async fn form(check: bool) -> api::Answer<Form> {
    let typed = api::appointment(check).await?;
    let levels = levels_of(&typed.region).await?;
    let names = api::region_names().await?;
    Ok(Form { typed, is_again: check, levels, names })
}

#[component]
fn Appoint() -> impl IntoView {
    let check = query_text("check");
    let form = Resource::new(move || check() == "1", form);
    view! { <Load resource=form titled=true children={|form: Form| view! { <AppointForm form/> }}/> }
        .into_any()
}

#[component]
fn AppointForm(form: Form) -> impl IntoView {
    let Form { typed, is_again, levels, names } = form;
    let fault =
        |at: &str| typed.faults.iter().find(|fault| fault.at == at).map(|fault| fault.message.clone());
    let first = typed.faults.first().map(|fault| fault.at.as_str());
    let begins_at_region = first == Some("region") || (first.is_none() && is_again);
    let (begins_at_name, begins_at_number) = (first == Some("name"), first == Some("id_no"));
    let (begins_at_typed, region_name) = (first == Some("region_name"), fault("region_name"));
    let roles = StaffRole::ALL
        .map(|role| {
            let selected = role.code() == typed.role;
            view! { <option value=role.code() selected=selected>{role.label()}</option> }
        })
        .collect_view();
    let (name, id_no, role, region) = (fault("name"), fault("id_no"), fault("role"), fault("region"));
    view! {
        <form class="form" method="post" action="/act/appoint" novalidate>
            // What Enter presses: the first button of a form, which must not be 下一级.
            <button class="visually-hidden" tabindex="-1" aria-hidden="true"></button>
            <fieldset class="section">
                <legend>"添加人员"</legend>
                <div class="fields">
                    <PlainField id="name" label="姓名" hint="与证件一致" fault=name.clone() required=true>
                        <Line id="name" name="name" value=typed.name.clone() most="50" is_wrong=name.is_some() begins=begins_at_name/>
                    </PlainField>
                    <PlainField id="id-no" label="身份证号码" hint="本人以此号码登录后即有此角色" fault=id_no.clone() required=true>
                        <Line id="id-no" name="id_no" value=typed.id_no.clone() most="18" is_wrong=id_no.is_some() begins=begins_at_number/>
                    </PlainField>
                    <PlainField id="role" label="角色" hint="审核员审核本地区的申请，其余角色不分地区" fault=role.clone() required=true>
                        <select
                            class="input"
                            id="role"
                            name="role"
                            autocomplete="off"
                            aria-describedby=described("role", role.is_some())
                            aria-invalid=role.is_some().then_some("true")
                        >
                            {roles}
                        </select>
                    </PlainField>
                    <PlainField id="region" label="管辖地区" hint="审核员必选，可以只选到省或市：其下各地的申请都归其审核" fault=region.clone()>
                        <RegionCascade
                            id="region"
                            label="管辖地区"
                            region=typed.region.clone()
                            levels
                            described=described("region", region.is_some())
                            is_wrong=region.is_some()
                            begins=begins_at_region
                        />
                    </PlainField>
                    <PlainField id="region-name" label="或直接输入地名" hint="如 黄浦区 或 浙江省杭州市；填写后以此为准" fault=region_name.clone()>
                        <Line id="region-name" name="region_name" value=typed.region_name.clone() most="30" is_wrong=region_name.is_some() begins=begins_at_typed required=false list=NAMES/>
                        <RegionNames names/>
                    </PlainField>
                </div>
            </fieldset>
            <div class="actions"><button class="button button-primary">"添加"</button></div>
        </form>
    }
    .into_any()
}

#[component]
fn Line(
    id: &'static str,
    name: &'static str,
    value: String,
    most: &'static str,
    is_wrong: bool,
    /// The focus begins here.
    begins: bool,
    #[prop(default = true)] required: bool,
    /// The id of what is proposed while one types.
    #[prop(optional)]
    list: Option<&'static str>,
) -> impl IntoView {
    view! {
        <input
            class="input"
            id=id
            name=name
            value=value
            maxlength=most
            list=list
            autocomplete="off"
            aria-required=required.then_some("true")
            aria-describedby=described(id, is_wrong)
            aria-invalid=is_wrong.then_some("true")
            autofocus=begins
        />
    }
}
