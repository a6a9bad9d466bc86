//! Small actions: one post, one use case, one redirect. A refusal comes back as a sentence on the
//! page the person came from.

use std::collections::BTreeMap;

use app::api::caller::Caller;
use app::ui::table::href;
use axum::extract::{FromRequest as _, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Extension, Form, Router};
use domain::view::{Decision, HandoverSearch, QueueRequest, Submitted};
use http::{HeaderMap, StatusCode};
use service::{Actor, Error, ProviderEntry, Remark, Ruling};

use super::{Desk, actor_of, came_from, hold, see};
use crate::bodies::drain;
use crate::oidc::{local_path, login_path};

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
             request: Request| async move {
                // Known before anything is read.
                let Ok(actor) = actor_of(&caller) else {
                    drain(request.into_body());
                    return desk.signed_out(&came_from(&headers));
                };
                let Form(fields) = match Form::<Fields>::from_request(request, &()).await {
                    Ok(fields) => fields,
                    Err(rejection) => return rejection.into_response(),
                };
                let outcome = $name(&desk, actor, &fields, &came_from(&headers)).await;
                finish(&desk, actor, &headers, outcome).await
            },
        )
    };
}

pub fn router() -> Router<Desk> {
    Router::new()
        .route("/act/submit", act!(submit))
        .route("/act/choose-provider", act!(choose_provider))
        .route("/act/withdraw", act!(withdraw))
        .route("/act/redraft", act!(redraft))
        .route("/act/delete-draft", act!(delete_draft))
        .route("/act/switch-subject", act!(switch_subject))
        .route("/act/revoke-transfer", act!(revoke_transfer))
        .route("/act/receive", act!(receive))
        .route("/act/refuse", act!(refuse))
        .route("/act/search-handovers", act!(search_handovers))
        .route("/act/elder", act!(elder))
        .route("/act/read-notice", act!(read_notice))
        .route("/act/read-all-notices", act!(read_all_notices))
        .route("/act/revoke-session", act!(revoke_session))
        .route("/act/claim", act!(claim))
        .route("/act/release", act!(release))
        .route("/act/take-over", act!(take_over))
        .route("/act/unmask", act!(unmask))
        .route("/act/decide", post(decide_or_hold))
        .route("/act/claim-next", act!(claim_next))
        .route("/act/transfer-filing", act!(transfer_filing))
        .route("/act/saw-arrivals", act!(saw_arrivals))
        .route("/act/save-view", act!(save_view))
        .route("/act/delete-view", act!(delete_view))
        .route("/act/appoint", act!(appoint))
        .route("/act/dismiss", act!(dismiss))
        .route("/act/find-person", act!(find_person))
        .route("/act/suspend", act!(suspend))
        .route("/act/reinstate", act!(reinstate))
        .route("/act/end-sessions", act!(end_sessions))
        .route("/act/keep-provider", act!(keep_provider))
        .route("/act/merge-provider", act!(merge_provider))
        .route("/act/drop-provider", act!(drop_provider))
        .route("/act/keep-reason", act!(keep_reason))
        .route("/act/drop-reason", act!(drop_reason))
        .route("/act/keep-holiday", act!(keep_holiday))
        .route("/act/drop-holiday", act!(drop_holiday))
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

/// 【选择】 in a directory (R31).
async fn choose_provider(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name);
    let (draft, section) = (of("draft"), of("section"));
    let page = desk.service.choose_provider(actor, draft, version(fields)?, section, of("provider")).await?;
    Ok(to(format!("{page}#f-{section}-name")).saying("已回填服务商信息，请核对。"))
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

/// 【查询】 of 接收主体 (R25).
async fn search_handovers(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name).to_owned();
    let search = HandoverSearch { name: of("name"), mobile: of("mobile"), id_no: of("id_no") };
    desk.service.search_handovers(actor, &search).await?;
    Ok(to("/subject/receive?searched=1"))
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

/// A filing's page, within the queue the officer came from.
fn review_page(filing: &str, fields: &Fields) -> String {
    href(&format!("/review/filings/{filing}"), &[("from", field(fields, "from"))])
}

/// The queue an officer came from.
fn queue_page(fields: &Fields) -> String {
    match field(fields, "from") {
        "" => "/review/queue".to_owned(),
        from => local_path(&format!("/review/queue?{from}")),
    }
}

/// Opens personal values for a purpose that is written down; the page is told the number of the look alone.
async fn unmask(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    let look = desk.service.unmask(actor, filing, field(fields, "purpose")).await?;
    let parts = [("from", field(fields, "from")), ("look", &look.to_string())];
    Ok(to(href(&format!("/review/filings/{filing}"), &parts)))
}

async fn claim(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    desk.service.claim(actor, filing).await?;
    Ok(to(review_page(filing, fields)).saying("已领取，请审核。"))
}

/// 【领取下一件】
async fn claim_next(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let request = QueueRequest::from_query(field(fields, "from"));
    let filing = desk.service.claim_next(actor, &request).await?;
    Ok(to(review_page(&filing, fields)).saying("已领取，请审核。"))
}

async fn release(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    desk.service.release(actor, filing).await?;
    Ok(to(review_page(filing, fields)).saying("已释放，其他民警可以领取。"))
}

async fn take_over(desk: &Desk, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    desk.service.take_over(actor, filing, field(fields, "reason")).await?;
    // An administrator who reviews nothing has no page of the filing to go to.
    let page = if back.starts_with("/review/claims") { back.to_owned() } else { review_page(filing, fields) };
    Ok(to(page).saying("已接管该申请单。"))
}

/// 【移送】 to another region.
async fn transfer_filing(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let (region, reason) = (field(fields, "region"), field(fields, "reason"));
    desk.service.transfer_filing(actor, field(fields, "filing"), region, reason).await?;
    Ok(to(queue_page(fields)).saying("已移送。"))
}

async fn saw_arrivals(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    desk.service.saw_arrivals(actor).await?;
    Ok(to(queue_page(fields)))
}

async fn save_view(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    desk.service.save_view(actor, field(fields, "name"), field(fields, "from")).await?;
    Ok(to(queue_page(fields)).saying("视图已保存。"))
}

async fn delete_view(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    desk.service.delete_view(actor, field(fields, "view")).await?;
    Ok(to(queue_page(fields)).saying("视图已删除。"))
}

/// A decision by somebody whose session has ended meanwhile: what was written stays on the page that says so.
async fn decide_or_hold(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let back = came_from(&headers);
    let Ok(actor) = actor_of(&caller) else {
        let controls = fields.into_iter().map(|(name, value)| (name, vec![value])).collect();
        return hold::page(
            &desk,
            &hold::Held {
                status: StatusCode::UNAUTHORIZED,
                title: "登录已过期",
                sentence: "您填写的审核意见保留在本页。请先在新窗口登录，再回到本页点击“继续”。",
                action: "/act/decide",
                encoding: hold::URL_ENCODED,
                controls: &controls,
                choices: &[hold::Choice { label: "继续", name: "held", value: "yes" }],
                links: &[("重新登录", login_path("/"))],
            },
        );
    };
    let outcome = decide(&desk, actor, &fields, &back).await;
    finish(&desk, actor, &headers, outcome).await
}

/// 【通过】【退回】【不予通过】 with remarks at fields: `remark.<address>`, `suggest.<address>` (R53, R62).
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
    let mut remarks: BTreeMap<&str, Remark> = BTreeMap::new();
    for (name, text) in fields {
        let (at, is_remark) = match (name.strip_prefix("remark."), name.strip_prefix("suggest.")) {
            (Some(at), _) => (at, true),
            (None, Some(at)) => (at, false),
            (None, None) => continue,
        };
        let remark = remarks.entry(at).or_insert_with(|| Remark { at: at.to_owned(), ..Remark::default() });
        let kept = if is_remark { &mut remark.text } else { &mut remark.suggested };
        kept.clone_from(text);
    }
    let signed = fields.keys().filter_map(|name| name.strip_prefix("sign.")?.parse().ok()).collect();
    let ruling = Ruling {
        decision,
        note,
        ground: field(fields, "ground").to_owned(),
        remarks: remarks.into_values().collect(),
        signed,
    };
    desk.service.rule(actor, filing, version(fields)?, &ruling).await?;
    Ok(to(review_page(filing, fields)).saying(format!("已作出“{word}”的决定。")))
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

/// 【查找】 by id number, which stands in no address.
async fn find_person(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    Ok(to(account_page(&desk.service.find_person(actor, field(fields, "id_no")).await?)))
}

fn account_page(person: &str) -> String {
    format!("/staff/people/{person}")
}

async fn suspend(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let person = field(fields, "person");
    desk.service.suspend(actor, person, field(fields, "reason")).await?;
    Ok(to(account_page(person)).saying("账户已停用，该人员的全部登录已结束。"))
}

async fn reinstate(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let person = field(fields, "person");
    desk.service.reinstate(actor, person, field(fields, "reason")).await?;
    Ok(to(account_page(person)).saying("账户已恢复使用。"))
}

async fn end_sessions(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let person = field(fields, "person");
    desk.service.end_sessions_of(actor, person, field(fields, "reason")).await?;
    Ok(to(account_page(person)).saying("该人员的全部登录已结束。"))
}

fn given<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    Some(field(fields, name)).filter(|value| !value.is_empty())
}

async fn keep_provider(desk: &Desk, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    let entry = ProviderEntry {
        id: given(fields, "provider"),
        directory: field(fields, "directory"),
        name: field(fields, "name"),
        aliases: field(fields, "aliases"),
        place: field(fields, "place"),
        phone: field(fields, "phone"),
    };
    desk.service.keep_provider(actor, &entry).await?;
    Ok(to(back).saying("已收录。"))
}

async fn merge_provider(desk: &Desk, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    desk.service.merge_provider(actor, field(fields, "provider"), field(fields, "into")).await?;
    Ok(to(back).saying("已并入。"))
}

async fn drop_provider(desk: &Desk, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    desk.service.drop_provider(actor, field(fields, "provider")).await?;
    Ok(to(back).saying("已标为不收录。"))
}

async fn keep_reason(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name);
    desk.service.keep_reason(actor, given(fields, "reason"), of("title"), of("text")).await?;
    Ok(to("/upkeep/reasons").saying("已保存。"))
}

async fn drop_reason(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    desk.service.drop_reason(actor, field(fields, "reason")).await?;
    Ok(to("/upkeep/reasons").saying("已删除。"))
}

async fn keep_holiday(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let of = |name: &str| field(fields, name);
    desk.service.keep_holiday(actor, of("day"), of("kind") == "work", of("name")).await?;
    Ok(to("/upkeep/holidays").saying("已保存。"))
}

async fn drop_holiday(desk: &Desk, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    desk.service.drop_holiday(actor, field(fields, "day")).await?;
    Ok(to("/upkeep/holidays").saying("已删除。"))
}
