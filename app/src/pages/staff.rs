//! 人员管理: who reviews which region, who administers, who audits (R60).

use domain::view::StaffRow;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::ui::table::{Grid, words};
use crate::ui::{Empty, Load, PageHead, PostButton};

/// (code, 角色)
const ROLES: [(&str, &str); 4] =
    [("reviewer", "审核员"), ("administrator", "管理员"), ("keeper", "系统管理员"), ("auditor", "审计员")];

#[component]
pub fn Staff() -> impl IntoView {
    let staff = Resource::new(|| (), |()| api::staff());
    view! {
        <PageHead above=vec![("审核", "")] title="人员管理" lead="任命和撤销即时生效，并记入审计日志。管理员、系统管理员与审计员须由不同人员担任。"/>
        <Load
            resource=staff
            titled=true
            children={|rows: Vec<StaffRow>| view! { <div class="stack"><Table rows/><Appoint/></div> }}
        />
    }
    .into_any()
}

fn role_label(code: &str) -> String {
    ROLES.iter().find(|(role, _)| *role == code).map_or(code, |(_, label)| label).to_owned()
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
                    <td data-label="姓名">{row.name.clone()}</td>
                    <td data-label="角色">{role_label(&row.role)}</td>
                    <td data-label="地区">{row.region}</td>
                    <td data-label="任命时间" class="figures">{row.since}</td>
                    <td data-label="操作" class="row-actions">
                        <PostButton
                            action="/act/dismiss"
                            label="撤销"
                            class="link"
                            fields=vec![("staff", row.id)]
                            about=format!("{}的{}角色", row.name, role_label(&row.role))
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
        ROLES.iter().map(|(code, label)| view! { <option value=*code>{*label}</option> }).collect_view();
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

/// A code with its name beside it as one types.
#[component]
fn RegionField() -> impl IntoView {
    let code = RwSignal::new(String::new());
    let name = RwSignal::new(None::<String>);
    let look = move |event| {
        let typed = event_target_value(&event).trim().to_owned();
        code.set(typed.clone());
        name.set(None);
        if typed.len() == 6 {
            spawn_local(async move {
                let found = region_name(&typed).await;
                // Meanwhile something else may have been typed.
                if code.try_get_untracked() == Some(typed) {
                    name.try_set(Some(found.unwrap_or_else(|| "没有这个地区代码".to_owned())));
                }
            });
        }
    };
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
                    aria-describedby="region-hint region-name"
                    on:input=look
                />
            </div>
            <p class="field-note" id="region-name" role="status" hidden=move || name.get().is_none()>{move || name.get()}</p>
        </div>
    }
    .into_any()
}

/// 北京市 市辖区 东城区, found from the province down.
async fn region_name(code: &str) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    let mut parent = String::new();
    loop {
        let options = api::regions(parent).await.ok()?;
        let next = options.into_iter().find(|option| covers(&option.code, code))?;
        // A municipality has one city of its own name below it.
        if names.last() != Some(&next.name) {
            names.push(next.name);
        }
        if next.code == code {
            return Some(names.join(" "));
        }
        parent = next.code;
    }
}

/// Whether the first code is the second or a region above it: 110000 of 110101.
fn covers(above: &str, code: &str) -> bool {
    let stem = ["0000", "00"].iter().find_map(|zeros| above.strip_suffix(zeros)).unwrap_or(above);
    code.starts_with(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_covers_itself_and_what_lies_in_it() {
        for (above, code, wanted) in [
            ("110000", "110101", true),
            ("110100", "110101", true),
            ("110101", "110101", true),
            ("110000", "110000", true),
            ("110102", "110101", false),
            ("310000", "110101", false),
        ] {
            assert_eq!(covers(above, code), wanted, "{above} {code}");
        }
    }
}
