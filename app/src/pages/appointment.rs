//! One appointment: another role or region, and letting it rest for a while (R60).

use domain::role::StaffRole;
use domain::route;
use domain::view::{Appointed, KeptForm, PastAppointment, RegionOption};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api;
use crate::pages::query::query_text;
use crate::ui::kept::{KeptLine, KeptSelect};
use crate::ui::plain::{PlainField, described};
use crate::ui::region::{NAMES, RegionCascade, RegionNames, levels_of};
use crate::ui::table::{Grid, words};
use crate::ui::{Load, PageHead, PostButton};

/// What the page shows.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Page {
    appointed: Appointed,
    /// The region that is chosen, and what the levels below it offer.
    region: String,
    levels: Vec<Vec<RegionOption>>,
    names: Vec<String>,
    check: String,
}

async fn page(id: String, check: String) -> api::Answer<Page> {
    let appointed = api::appointed(id, check.clone()).await?;
    let region = match check == "reappoint" && appointed.kept.is_again {
        true => appointed.kept.text("region"),
        false => appointed.region.clone(),
    };
    let levels = levels_of(&region).await?;
    let names = api::region_names().await?;
    Ok(Page { appointed, region, levels, names, check })
}

#[component]
pub fn AppointmentPage() -> impl IntoView {
    let params = use_params_map();
    let check = query_text("check");
    let asked = move || (params.with(|params| params.get("id")).unwrap_or_default(), check());
    let page = Resource::new(asked, |(id, check)| page(id, check));
    view! { <Load resource=page children={|page: Page| view! { <Details page/> }}/> }
}

#[component]
fn Details(page: Page) -> impl IntoView {
    let Page { appointed, region, levels, names, check } = page;
    let Appointed { id, name, role, region: _, region_name, since, paused_until, past, kept } = appointed;
    let state = match &paused_until {
        None => "正常".to_owned(),
        Some(day) => format!("已暂停，到 {day} 为止"),
    };
    let facts = [
        ("姓名", name),
        ("角色", role.label().to_owned()),
        ("管辖地区", if region_name.is_empty() { "不分地区".to_owned() } else { region_name }),
        ("任命时间", since),
        ("状态", state),
    ];
    let of = |form: &str| if check == form { kept.clone() } else { KeptForm::default() };
    view! {
        <PageHead above=vec![("审核", ""), ("人员管理", route::STAFF)] title="更改任命"/>
        <div class="stack">
            <section class="sheet" aria-labelledby="appointed">
                <div class="sheet-head"><h2 id="appointed">"现在的任命"</h2></div>
                <dl class="facts">
                    {facts.into_iter().map(|(label, text)| view! { <div><dt>{label}</dt><dd>{text}</dd></div> }).collect_view()}
                </dl>
            </section>
            <Change id=id.clone() role kept=of("reappoint") region levels names/>
            <Rest id is_paused=paused_until.is_some() kept=of("pause")/>
            <Past past/>
        </div>
    }
    .into_any()
}

#[component]
fn Change(
    id: String,
    role: StaffRole,
    kept: KeptForm,
    region: String,
    levels: Vec<Vec<RegionOption>>,
    names: Vec<String>,
) -> impl IntoView {
    let roles = StaffRole::ALL.map(|role| (role.code().to_owned(), role.label().to_owned()));
    let fault = kept.fault("region");
    let is_wrong = fault.is_some();
    // 【下一级】 was pressed: go on there.
    let begins = kept.begins_at("region") || (kept.is_again && kept.faults.is_empty());
    view! {
        <form class="form" method="post" action="/act/reappoint" novalidate>
            // What Enter presses: the first button of a form, which must not be 下一级.
            <button class="visually-hidden" tabindex="-1" aria-hidden="true"></button>
            <input type="hidden" name="staff" value=id autocomplete="off"/>
            <fieldset class="section">
                <legend>"更改角色或管辖地区"</legend>
                <p class="section-lead">"保存后即时生效；原来的任命保留在下面的记录中。"</p>
                <div class="fields">
                    <KeptSelect form=kept.clone() id="role" name="role" label="角色" hint="审核员审核本地区的申请，其余角色不分地区" before=role.code() options=roles.into()/>
                    <PlainField id="region" label="管辖地区" hint="审核员必选，可以只选到省或市" fault>
                        <RegionCascade id="region" label="管辖地区" region levels described=described("region", is_wrong) is_wrong begins/>
                    </PlainField>
                    <KeptLine form=kept id="region-name" name="region_name" label="或直接输入地名" hint="如 黄浦区 或 浙江省杭州市；填写后以此为准" longest=30 list=NAMES/>
                    <RegionNames names/>
                </div>
            </fieldset>
            <div class="actions"><button class="button button-primary">"保存更改"</button></div>
        </form>
    }
    .into_any()
}

#[component]
fn Rest(id: String, is_paused: bool, kept: KeptForm) -> impl IntoView {
    if is_paused {
        return view! {
            <section class="sheet stack" aria-labelledby="rest">
                <div class="sheet-head"><h2 id="rest">"暂停"</h2></div>
                <p>"暂停期间该角色不起作用；到期自动恢复，也可以现在恢复。"</p>
                <PostButton action="/act/resume-staff" label="现在恢复" class="button" fields=vec![("staff", id)] about="此任命".to_owned()/>
            </section>
        }
        .into_any();
    }
    view! {
        <form class="form" method="post" action="/act/pause-staff" novalidate>
            <input type="hidden" name="staff" value=id autocomplete="off"/>
            <fieldset class="section">
                <legend>"暂停一段时间"</legend>
                <p class="section-lead">"休假、借调时使用：暂停期间该角色不起作用，已领取的申请单到时自动释放；到期自动恢复，也可以提前恢复。"</p>
                <div class="fields">
                    <KeptLine form=kept id="until" name="until" label="暂停至（含当日）" kind="date" required=true/>
                </div>
            </fieldset>
            <div class="actions"><button class="button">"暂停"</button></div>
        </form>
    }
    .into_any()
}

#[component]
fn Past(past: Vec<PastAppointment>) -> impl IntoView {
    if past.is_empty() {
        return view! { <p class="soft">"此前没有其他任命。"</p> }.into_any();
    }
    view! {
        <section class="stack" aria-labelledby="past">
            <h2 id="past">"以前的任命"</h2>
            <Grid caption="以前的任命" columns=words(["角色", "地区", "自", "至"])>
                {past.into_iter().map(|row| view! {
                    <tr>
                        <td data-label="角色">{row.role.label()}</td>
                        <td data-label="地区">{if row.region.is_empty() { "—".to_owned() } else { row.region }}</td>
                        <td data-label="自" class="figures">{row.since}</td>
                        <td data-label="至" class="figures">{row.until}</td>
                    </tr>
                }).collect_view()}
            </Grid>
        </section>
    }
    .into_any()
}
