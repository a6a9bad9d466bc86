//! 通知设置: of which notices one is also told by text message and by e-mail, and where the e-mails go (R66). Plain
//! posts throughout.

use domain::notice::{Channel, NoticeKind};
use domain::route;
use domain::view::{MailSetting, NoticeChoice, NoticeSettings};
use leptos::prelude::*;

use crate::api;
use crate::pages::query::query_text;
use crate::ui::plain::{PlainField, described};
use crate::ui::{Load, PageHead, PostButton};

#[component]
pub fn Settings() -> impl IntoView {
    let check = query_text("check");
    let settings = Resource::new(move || !check().is_empty(), api::notice_settings);
    view! {
        <PageHead
            above=vec![("系统通知", route::NOTICES)]
            title="通知设置"
            lead="全部通知都在“系统通知”页面。您还可以选择同时用短信或电子邮件提醒：提醒只说有新的通知，不含姓名、申请内容等任何信息。"
        />
        <Load resource=settings titled=true children={|settings: NoticeSettings| view! { <Choices settings/> }}/>
    }
    .into_any()
}

#[component]
fn Choices(settings: NoticeSettings) -> impl IntoView {
    let NoticeSettings { choices, mobile, mail } = settings;
    let has_mail = mail.as_ref().map(|mail| mail.confirmed.is_some());
    let rows = choices.into_iter().map(|choice| view! { <Row choice has_mail/> }).collect_view();
    view! {
        <div class="stack">
            <form class="form" method="post" action="/act/choose-notices">
                <fieldset class="section">
                    <legend>"提醒方式"</legend>
                    <div class="stack">
                        <p class="soft">
                            {format!("短信发送至您登录所用的手机号码 {mobile}，每天最多提醒十次；主体移交的短信和验证码不受此设置影响。")}
                            {(has_mail == Some(false)).then(|| view! { "电子邮件须先"<a href="#mail">"填写并验证邮箱"</a>"。" })}
                        </p>
                        <div class="table-wrap table-wrap-plain">
                            <table class="table table-plain">
                                <caption class="visually-hidden">"提醒方式"</caption>
                                <thead>
                                    <tr>
                                        <th scope="col">"通知"</th>
                                        <th scope="col">"短信"</th>
                                        {has_mail.map(|_| view! { <th scope="col">"电子邮件"</th> })}
                                    </tr>
                                </thead>
                                <tbody>{rows}</tbody>
                            </table>
                        </div>
                    </div>
                </fieldset>
                <div class="actions"><button class="button button-primary">"保存"</button></div>
            </form>
            {mail.map(|mail| view! { <Mail mail/> })}
        </div>
    }
    .into_any()
}

#[component]
fn Row(
    choice: NoticeChoice,
    /// None where no e-mail is offered; otherwise whether there is an address that was confirmed.
    has_mail: Option<bool>,
) -> impl IntoView {
    let NoticeChoice { kind, sms, mail } = choice;
    view! {
        <tr>
            <td>
                {kind.label()}
                <input type="hidden" name=format!("kind.{}", kind.code()) value="yes"/>
            </td>
            <td><Switch kind by=Channel::Sms on=sms can=true/></td>
            {has_mail.map(|can| view! { <td><Switch kind by=Channel::Mail on=mail can/></td> })}
        </tr>
    }
    .into_any()
}

#[component]
fn Switch(kind: NoticeKind, by: Channel, on: bool, can: bool) -> impl IntoView {
    let word = match by {
        Channel::Sms => "短信提醒",
        Channel::Mail => "邮件提醒",
    };
    view! {
        <label class="choice">
            <input
                type="checkbox"
                name=format!("{}.{}", by.code(), kind.code())
                value="yes"
                checked=on && can
                disabled=!can
                autocomplete="off"
                aria-label=format!("{}：{word}", kind.label())
            />
        </label>
    }
    .into_any()
}

/// Where the e-mails go.
#[component]
fn Mail(mail: MailSetting) -> impl IntoView {
    let state = match &mail.confirmed {
        Some(address) => view! {
            <div class="cluster">
                <span>"邮件提醒发送至 "<b class="figures">{address.clone()}</b>" "<span class="verified">"已验证"</span></span>
                <PostButton action="/act/forget-mail" label="删除邮箱" class="button button-small" about=address.clone()/>
            </div>
        }
        .into_any(),
        None => ().into_any(),
    };
    let code = mail
        .named
        .clone()
        .map(|address| view! { <Code address fault=mail.fault_at("code").map(str::to_owned)/> });
    let fault = mail.fault_at("address").map(str::to_owned);
    let (label, button) = match (&mail.confirmed, &mail.named) {
        (_, Some(_)) => ("电子邮件", "重新发送验证码"),
        (Some(_), None) => ("新的电子邮件", "发送验证码"),
        (None, None) => ("电子邮件", "发送验证码"),
    };
    view! {
        <section class="sheet" id="mail" aria-labelledby="mail-title">
            <div class="sheet-head"><h2 id="mail-title">"电子邮件"</h2></div>
            <div class="stack">
                {state}
                {code}
                <form method="post" action="/act/name-mail" novalidate>
                    <div class="fields">
                        <PlainField id="address" label=label hint="验证后才会向此邮箱发送提醒；换邮箱时，原邮箱会收到一次告知" fault=fault.clone()>
                            <div class="joined">
                                <input
                                    class="input"
                                    id="address"
                                    name="address"
                                    type="email"
                                    maxlength="254"
                                    autocomplete="email"
                                    value=mail.typed
                                    aria-describedby=described("address", fault.is_some())
                                    aria-invalid=fault.is_some().then_some("true")
                                    autofocus=fault.is_some()
                                />
                                <button class="button">{button}</button>
                            </div>
                        </PlainField>
                    </div>
                </form>
            </div>
        </section>
    }
    .into_any()
}

/// The code that was sent to an address.
#[component]
fn Code(address: String, fault: Option<String>) -> impl IntoView {
    let hint = format!("验证码已发送至 {address}，30 分钟内有效；没有收到时请查看垃圾邮件");
    view! {
        <form method="post" action="/act/confirm-mail" novalidate>
            <div class="fields">
                <PlainField id="code" label="邮箱验证码" hint fault=fault.clone()>
                    <div class="joined">
                        <input
                            class="input w-8"
                            id="code"
                            name="code"
                            inputmode="numeric"
                            maxlength="12"
                            autocomplete="one-time-code"
                            aria-describedby=described("code", fault.is_some())
                            aria-invalid=fault.is_some().then_some("true")
                            autofocus=fault.is_some()
                        />
                        <button class="button button-primary">"确认"</button>
                    </div>
                </PlainField>
            </div>
        </form>
    }
    .into_any()
}
