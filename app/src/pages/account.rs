//! A person's account, for administrators: who it is, masked, and what can be done about it (ASVS V7.4).

use domain::route;
use domain::view::{AccountView, KeptForm, SessionRow, SuspendedRow, Suspension};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api;
use crate::pages::query::query_text;
use crate::ui::kept::{KeptLine, KeptText};
use crate::ui::table::{Grid, words};
use crate::ui::{Empty, Load, PageHead};

#[component]
pub fn Account() -> impl IntoView {
    let params = use_params_map();
    let check = query_text("check");
    let asked = move || (params.with(|params| params.get("id")).unwrap_or_default(), check());
    let account = Resource::new(asked, |(id, check)| async move {
        let kept = api::kept_form(check).await?.about("person", &id);
        let account = api::account(id).await?;
        Ok((account, kept))
    });
    view! {
        <Load resource=account children={|(account, kept): (AccountView, KeptForm)| view! { <Details account kept/> }}/>
    }
}

#[component]
fn Details(account: AccountView, kept: KeptForm) -> impl IntoView {
    let AccountView { id, name, mobile, id_no, roles, created_at, seen_at, suspended, is_own, sessions } =
        account;
    let roles: Vec<String> = roles
        .into_iter()
        .map(|(role, region)| match region.as_str() {
            "" => role.label().to_owned(),
            region => format!("{}（{region}）", role.label()),
        })
        .collect();
    let is_suspended = suspended.is_some();
    let state = match suspended {
        None => "正常".to_owned(),
        Some(Suspension { since, reason }) => format!("已停用，自 {since}：{reason}"),
    };
    let facts = [
        ("姓名", name),
        ("手机号", mobile),
        ("身份证号", id_no),
        ("角色", if roles.is_empty() { "无".to_owned() } else { roles.join("，") }),
        ("首次登录", created_at),
        ("最近登录", seen_at),
        ("账户状态", state),
    ];
    view! {
        <PageHead above=vec![("审核", ""), ("人员管理", route::STAFF)] title="人员账户"/>
        <div class="stack">
            <section class="sheet" aria-labelledby="account">
                <div class="sheet-head"><h2 id="account">"账户信息"</h2></div>
                <dl class="facts">
                    {facts.into_iter().map(|(label, text)| view! { <div><dt>{label}</dt><dd>{text}</dd></div> }).collect_view()}
                </dl>
            </section>
            <SessionTable sessions/>
            {match is_own {
                true => view! { <p class="soft">"这是您自己的账户，不能由您本人停用。"</p> }.into_any(),
                false => view! { <Acts id is_suspended kept/> }.into_any(),
            }}
        </div>
    }
    .into_any()
}

#[component]
fn SessionTable(sessions: Vec<SessionRow>) -> impl IntoView {
    if sessions.is_empty() {
        return view! { <p class="soft">"目前没有登录。"</p> }.into_any();
    }
    view! {
        <Grid caption="目前的登录" columns=words(["设备", "登录时间", "最近使用"])>
            {sessions.into_iter().map(|row| view! {
                <tr>
                    <td data-label="设备">{row.device}</td>
                    <td data-label="登录时间" class="figures">{row.created_at}</td>
                    <td data-label="最近使用" class="figures">{row.seen_at}</td>
                </tr>
            }).collect_view()}
        </Grid>
    }
    .into_any()
}

/// One reason for whichever of the buttons is pressed.
#[component]
fn Acts(id: String, is_suspended: bool, kept: KeptForm) -> impl IntoView {
    let (first, label) = match is_suspended {
        true => ("/act/reinstate", "恢复账户"),
        false => ("/act/suspend", "停用账户"),
    };
    let lead = match is_suspended {
        true => "恢复后，该人员可以重新登录。",
        false => {
            "停用后，该人员的全部登录立即结束，不能再登录；担任审核员的，其领取的申请单到时自动释放。停用可以恢复。"
        }
    };
    view! {
        <form class="form" method="post" action=first novalidate>
            <input type="hidden" name="person" value=id/>
            <fieldset class="section">
                <legend>"账户管理"</legend>
                <p class="soft">{lead}</p>
                <div class="fields">
                    <KeptText
                        form=kept
                        id="reason"
                        name="reason"
                        label="理由"
                        hint="记入审计日志，不超过 200 字；请勿填写姓名和证件号码"
                        required=true
                        longest=200
                    />
                </div>
            </fieldset>
            <div class="actions">
                <button class="button button-primary">{label}</button>
                {(!is_suspended).then(|| view! {
                    <button class="button" formaction="/act/end-sessions">"结束全部登录"</button>
                })}
            </div>
        </form>
    }
    .into_any()
}

/// On the page of all staff: a person is found by id number, which is posted.
#[component]
pub fn FindPerson() -> impl IntoView {
    let check = query_text("check");
    let kept = Resource::new(
        move || Some(check()).filter(|form| form == "find-person").unwrap_or_default(),
        api::kept_form,
    );
    view! { <Load resource=kept titled=true children={|kept: KeptForm| view! { <FindForm kept/> }}/> }
        .into_any()
}

#[component]
fn FindForm(kept: KeptForm) -> impl IntoView {
    view! {
        <form class="form" method="post" action="/act/find-person" novalidate>
            <fieldset class="section">
                <legend>"查找账户"</legend>
                <div class="fields">
                    <KeptLine
                        form=kept
                        id="account-id-no"
                        name="id_no"
                        label="登录人的身份证号码"
                        hint="须填写完整。找到后可以停用账户，或结束其全部登录；查找记入审计日志"
                        class="input w-18"
                        required=true
                        longest=18
                    />
                </div>
            </fieldset>
            <div class="actions"><button class="button">"查找"</button></div>
        </form>
    }
    .into_any()
}

#[component]
pub fn Suspended() -> impl IntoView {
    let rows = Resource::new(|| (), |()| api::suspended());
    view! {
        <section class="stack" aria-labelledby="suspended">
            <h2 id="suspended">"已停用的账户"</h2>
            <Load resource=rows titled=true children={|rows: Vec<SuspendedRow>| view! { <SuspendedTable rows/> }}/>
        </section>
    }
    .into_any()
}

#[component]
fn SuspendedTable(rows: Vec<SuspendedRow>) -> impl IntoView {
    if rows.is_empty() {
        return view! { <Empty sentence="没有已停用的账户。"/> }.into_any();
    }
    view! {
        <Grid caption="已停用的账户" columns=words(["姓名", "停用时间", "理由", "操作"])>
            {rows.into_iter().map(|row| view! {
                <tr>
                    <td data-label="姓名">{row.name.clone()}</td>
                    <td data-label="停用时间" class="figures">{row.since}</td>
                    <td data-label="理由">{row.reason}</td>
                    <td data-label="操作" class="row-actions">
                        <a href=route::account(&row.id) aria-description=row.name>"账户"</a>
                    </td>
                </tr>
            }).collect_view()}
        </Grid>
    }
    .into_any()
}
