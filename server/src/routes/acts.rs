//! Small actions: one post, one use case, one redirect. A refusal comes back as a sentence on the
//! page the person came from.

use std::collections::BTreeMap;

use app::api::caller::Caller;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Form, Router};
use domain::schema::fault;
use domain::view::{Decision, Submitted};
use http::HeaderMap;
use service::{Actor, Error};

use super::{Desk, actor_of, came_from, see};
use crate::oidc::local_path;

type Fields = BTreeMap<String, String>;

/// Where an action leads, and what the next page says once.
struct Done {
    to: String,
    says: Option<String>,
}

fn to(path: impl Into<String>) -> Done {
    Done { to: path.into(), says: None }
}

impl Done {
    fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.says = Some(sentence.into());
        self
    }
}

/// One action as a route.
macro_rules! act {
    ($name:ident) => {
        post(
            |State(desk): State<Desk>,
             Extension(caller): Extension<Caller>,
             headers: HeaderMap,
             Form(fields): Form<Fields>| async move {
                let Ok(actor) = actor_of(&caller) else { return desk.signed_out(&came_from(&headers)) };
                let outcome = $name(&desk, actor, &fields, &came_from(&headers)).await;
                finish(&desk, actor, &headers, outcome).await
            },
        )
    };
}

pub fn router() -> Router<Desk> {
    Router::new()
        .route("/act/submit", act!(submit))
        .route("/act/withdraw", act!(withdraw))
        .route("/act/redraft", act!(redraft))
        .route("/act/delete-draft", act!(delete_draft))
        .route("/act/switch-subject", act!(switch_subject))
        .route("/act/revoke-transfer", act!(revoke_transfer))
        .route("/act/receive", act!(receive))
        .route("/act/refuse", act!(refuse))
        .route("/act/elder", act!(elder))
        .route("/act/read-notice", act!(read_notice))
        .route("/act/read-all-notices", act!(read_all_notices))
        .route("/act/revoke-session", act!(revoke_session))
        .route("/act/claim", act!(claim))
        .route("/act/release", act!(release))
        .route("/act/take-over", act!(take_over))
        .route("/act/decide", act!(decide))
        .route("/act/appoint", act!(appoint))
        .route("/act/dismiss", act!(dismiss))
}

async fn finish(desk: &Desk, actor: &Actor, headers: &HeaderMap, outcome: Result<Done, Error>) -> Response {
    match outcome {
        Ok(Done { to, says: Some(sentence) }) => desk.back_saying(actor, &to, &sentence).await,
        Ok(Done { to, says: None }) => see(&to),
        Err(error) => desk.refused(actor, headers, error).await,
    }
}

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", |value| value.trim())
}

fn version(fields: &Fields) -> Result<i64, Error> {
    field(fields, "version").parse().map_err(|_| Error::refused("页面已过期，请刷新后重试"))
}

/// 【确认】 under the comparison (R19).
async fn submit(desk: &Desk, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    let subject = Some(field(fields, "subject")).filter(|subject| !subject.is_empty());
    let draft = field(fields, "draft");
    let outcome = desk.service.submit(actor, draft, version(fields)?, subject, field(fields, "key")).await?;
    let form = match field(fields, "back") {
        "" => back.to_owned(),
        path => local_path(path),
    };
    Ok(match outcome {
        Submitted::Filing(id) => to(format!("/mine/filings?receipt={id}")),
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

async fn withdraw(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    desk.service.withdraw(actor, filing).await?;
    Ok(to(format!("/mine/filings/{filing}")).saying("申请已撤销。"))
}

async fn redraft(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    Ok(to(desk.service.redraft(actor, field(fields, "filing")).await?))
}

async fn delete_draft(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    desk.service.delete_draft(actor, field(fields, "draft")).await?;
    Ok(to("/mine/drafts").saying("草稿已删除。"))
}

async fn switch_subject(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    desk.service.switch_subject(actor, field(fields, "subject")).await?;
    Ok(to("/").saying("已切换当前主体。"))
}

/// 【撤回】 of a handover (R24).
async fn revoke_transfer(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let subject = field(fields, "subject");
    desk.service.revoke_transfer(actor, subject).await?;
    Ok(to(format!("/subject/transfer?record={subject}")).saying("移交已撤回。"))
}

/// 【接收】 (R25)
async fn receive(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    desk.service.receive(actor, field(fields, "handover")).await?;
    Ok(to("/subject/receive").saying("主体已接收，请尽快办理变更主体，更新负责人信息。"))
}

/// 【拒收】 (R24)
async fn refuse(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    desk.service.refuse(actor, field(fields, "handover")).await?;
    Ok(to("/subject/receive").saying("已拒绝接收。"))
}

async fn elder(desk: &Desk, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    desk.service.set_elder(actor, field(fields, "on") == "yes").await?;
    Ok(to(back))
}

async fn read_notice(desk: &Desk, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    let link = desk.service.read_notice(actor, field(fields, "notice")).await?;
    Ok(to(link.unwrap_or_else(|| back.to_owned())))
}

async fn read_all_notices(desk: &Desk, actor: &Actor, _fields: &Fields, _back: &str) -> Result<Done, Error> {
    desk.service.read_all_notices(actor).await?;
    Ok(to("/notices").saying("通知已全部标为已读。"))
}

async fn revoke_session(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    desk.service.revoke_session(actor, field(fields, "session")).await?;
    Ok(to("/sessions").saying("该会话已退出。"))
}

fn review_page(filing: &str) -> String {
    format!("/review/filings/{filing}")
}

async fn claim(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    desk.service.claim(actor, filing).await?;
    Ok(to(review_page(filing)).saying("已领取，请审核。"))
}

async fn release(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    desk.service.release(actor, filing).await?;
    Ok(to(review_page(filing)).saying("已释放，其他民警可以领取。"))
}

async fn take_over(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    desk.service.take_over(actor, filing, field(fields, "reason")).await?;
    Ok(to(review_page(filing)).saying("已接管该申请单。"))
}

/// 【通过】【退回】【不予通过】 with remarks at fields: `remark.<address>` (R53, R62).
async fn decide(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    let (decision, word) = match field(fields, "decision") {
        "approve" => (Decision::Approve, "审核通过"),
        "return" => (Decision::Return, "已退回"),
        "reject" => (Decision::Reject, "不予通过"),
        _ => return Err(Error::refused("请选择审核决定")),
    };
    let preset = field(fields, "preset");
    let note = match (field(fields, "note"), preset) {
        (note, "") => note.to_owned(),
        ("", preset) => preset.to_owned(),
        (note, preset) if note.contains(preset) => note.to_owned(),
        (note, preset) => format!("{preset}\n{note}"),
    };
    let remarks: Vec<_> = fields
        .iter()
        .filter_map(|(name, text)| name.strip_prefix("remark.").map(|at| (at, text.trim())))
        .filter(|(_, text)| !text.is_empty())
        .map(|(at, text)| fault(at, text))
        .collect();
    desk.service.decide(actor, filing, version(fields)?, decision, &note, &remarks).await?;
    Ok(to(review_page(filing)).saying(format!("已作出“{word}”的决定。")))
}

async fn appoint(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name);
    desk.service.appoint(actor, of("name"), of("id_no"), of("role"), of("region")).await?;
    Ok(to("/staff").saying("已添加。"))
}

async fn dismiss(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let id = match field(fields, "staff") {
        "" => field(fields, "id"),
        id => id,
    };
    desk.service.dismiss(actor, id).await?;
    Ok(to("/staff").saying("已撤销。"))
}
