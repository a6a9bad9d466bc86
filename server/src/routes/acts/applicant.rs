//! What applicants do, and whoever is signed in.

use axum::Router;
use domain::notice::{Channel, NoticeKind};
use domain::route;
use domain::view::{HandoverSearch, NoticeChoice, Submitted};
use service::{Actor, Error};

use super::act::{Done, Fields, act, field, to, version};
use crate::auth::return_path::local_path;
use crate::routes::state::AppState;

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/act/submit", act!(submit))
        .route("/act/choose-provider", act!(choose_provider))
        .route("/act/withdraw", act!(withdraw))
        .route("/act/redraft", act!(redraft))
        .route("/act/delete-draft", act!(delete_draft))
        .route("/act/restore-draft", act!(restore_draft))
        .route("/act/switch-subject", act!(switch_subject))
        .route("/act/revoke-transfer", act!(revoke_transfer))
        .route("/act/receive", act!(receive))
        .route("/act/refuse", act!(refuse))
        .route("/act/search-handovers", act!(search_handovers))
        .route("/act/check-badge", act!(check_badge))
        .route("/act/declare-badge", act!(declare_badge))
        .route("/act/read-notice", act!(read_notice))
        .route("/act/read-all-notices", act!(read_all_notices))
        .route("/act/choose-notices", act!(choose_notices))
        .route("/act/name-mail", act!(name_mail))
        .route("/act/confirm-mail", act!(confirm_mail))
        .route("/act/forget-mail", act!(forget_mail))
        .route("/act/revoke-session", act!(revoke_session))
}

/// 【确认】 under the comparison (R19).
async fn submit(state: &AppState, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    let subject = Some(field(fields, "subject")).filter(|subject| !subject.is_empty());
    let draft = field(fields, "draft");
    let outcome = state
        .service
        .submissions
        .submit(actor, draft, version(fields)?, subject, field(fields, "key"))
        .await?;
    let form = match field(fields, "back") {
        "" => back.to_owned(),
        path => local_path(path),
    };
    Ok(match outcome {
        Submitted::Filing(id) => to(route::submitted(&id)),
        Submitted::Faults(faults) => {
            let sentence = faults.iter().find(|fault| fault.at.is_empty()).map(|fault| fault.message.clone());
            let done = to(format!("{form}&check=1"));
            match sentence {
                Some(sentence) => done.saying(sentence),
                None => done,
            }
        }
        Submitted::Refused(refused) => to(form).saying(refused.sentence),
    })
}

/// 【选择】 in a directory (R31).
async fn choose_provider(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name);
    let (draft, section) = (of("draft"), of("section"));
    let page =
        state.service.drafts.choose_provider(actor, draft, version(fields)?, section, of("provider")).await?;
    Ok(to(format!("{page}#f-{section}-name")).saying("已回填服务商信息，请核对。"))
}

async fn withdraw(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    state.service.filings.withdraw(actor, filing).await?;
    Ok(to(route::filing(filing)).saying("申请已撤销。"))
}

async fn redraft(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let (redrafts, filing) = (&state.service.redrafts, field(fields, "filing"));
    let form = match field(fields, "along").is_empty() {
        true => redrafts.redraft(actor, filing).await?,
        false => redrafts.redraft_bundle(actor, filing).await?,
    };
    Ok(to(form))
}

async fn delete_draft(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.drafts.delete_draft(actor, field(fields, "draft")).await?;
    Ok(to(route::DRAFTS).saying("草稿已删除。"))
}

/// 【撤销删除】
async fn restore_draft(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.drafts.restore_draft(actor, field(fields, "draft")).await?;
    Ok(to(route::DRAFTS).saying("草稿已恢复。"))
}

async fn switch_subject(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    state.service.accounts.switch_subject(actor, field(fields, "subject")).await?;
    Ok(to("/").saying("已切换当前主体。"))
}

/// 【撤回】 of a handover (R24).
async fn revoke_transfer(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    let subject = field(fields, "subject");
    state.service.handovers.revoke_transfer(actor, subject).await?;
    Ok(to(route::transfer(subject)).saying("移交已撤回。"))
}

/// 【接收】 (R25)
async fn receive(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.handovers.receive(actor, field(fields, "handover")).await?;
    Ok(to(route::RECEIVE).saying("主体已接收，请尽快办理变更主体，更新负责人信息。"))
}

/// 【拒收】 (R24)
async fn refuse(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.handovers.refuse(actor, field(fields, "handover")).await?;
    Ok(to(route::RECEIVE).saying("已拒绝接收。"))
}

/// 【查询】 of 接收主体 (R25).
async fn search_handovers(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name).to_owned();
    let search = HandoverSearch { name: of("name"), mobile: of("mobile"), id_no: of("id_no") };
    state.service.handovers.search_handovers(actor, &search).await?;
    Ok(to(format!("{}?searched=1", route::RECEIVE)))
}

/// 【我已挂标，检查一下】 (R38)
async fn check_badge(state: &AppState, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    let told = state.service.badge_checks.check_badge(actor, field(fields, "record")).await?;
    Ok(to(back).saying(told))
}

/// 【我已挂标】, where the server cannot see it (R38).
async fn declare_badge(state: &AppState, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    let told = state.service.badge_checks.declare_badge(actor, field(fields, "record")).await?;
    Ok(to(back).saying(told))
}

async fn read_notice(state: &AppState, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    let link = state.service.notices.read_notice(actor, field(fields, "notice")).await?;
    Ok(to(link.unwrap_or_else(|| back.to_owned())))
}

async fn read_all_notices(
    state: &AppState,
    actor: &Actor,
    _fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    state.service.notices.read_all_notices(actor).await?;
    Ok(to(route::NOTICES).saying("通知已全部标为已读。"))
}

/// 【保存】 of 通知设置: a box that is not ticked is not posted, so each row says that it was there.
async fn choose_notices(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    let ticked =
        |way: Channel, kind: NoticeKind| field(fields, &format!("{}.{}", way.code(), kind.code())) == "yes";
    let shown =
        NoticeKind::ALL.into_iter().filter(|kind| fields.contains_key(&format!("kind.{}", kind.code())));
    let choices: Vec<NoticeChoice> = shown
        .map(|kind| NoticeChoice { kind, sms: ticked(Channel::Sms, kind), mail: ticked(Channel::Mail, kind) })
        .collect();
    state.service.notice_settings.choose_notices(actor, &choices).await?;
    Ok(to(route::NOTICE_SETTINGS).saying("通知设置已保存。"))
}

/// The page shows what did not pass at its field.
fn at_its_field(outcome: Result<(), Error>, says: &str) -> Result<Done, Error> {
    match outcome {
        Ok(()) => Ok(to(format!("{}#mail", route::NOTICE_SETTINGS)).saying(says)),
        Err(Error::Faults(_)) => Ok(to(format!("{}?check=1#mail", route::NOTICE_SETTINGS))),
        Err(error) => Err(error),
    }
}

async fn name_mail(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let named = state.service.notice_settings.name_mail_address(actor, field(fields, "address")).await;
    at_its_field(named, "验证码已发送，请查收邮件。")
}

async fn confirm_mail(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let confirmed = state.service.notice_settings.confirm_mail_address(actor, field(fields, "code")).await;
    at_its_field(confirmed, "邮箱已验证，请勾选需要用电子邮件提醒的通知。")
}

async fn forget_mail(state: &AppState, actor: &Actor, _fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.notice_settings.forget_mail_address(actor).await?;
    Ok(to(route::NOTICE_SETTINGS).saying("邮箱已删除，不再发送邮件提醒。"))
}

async fn revoke_session(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    state.service.accounts.revoke_session(actor, field(fields, "session")).await?;
    Ok(to(route::SESSIONS).saying("该会话已退出。"))
}
