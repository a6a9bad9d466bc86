//! What officers do with filings.

use domain::route;
use std::collections::BTreeMap;

use app::api::caller::Caller;
use app::ui::table::href;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Form, Router};
use domain::view::{BatchAct, Decision, Density, DeskSettings, QueueColumn, QueueRequest, SOUGHT_PERSON};
use http::{HeaderMap, StatusCode};
use service::{Actor, BatchOrder, DecisionRequest, Error, Reassignment, Remark, Together};

use super::act::{Done, Fields, act, again, field, finish, to, version};
use crate::auth::return_path::{local_path, login_path};
use crate::routes::resubmit;
use crate::routes::state::{AppState, actor_of, came_from};

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/act/claim", act!(claim))
        .route("/act/release", act!(release))
        .route("/act/take-over", act!(take_over))
        .route("/act/reassign", act!(reassign))
        .route("/act/unmask", act!(unmask))
        .route("/act/decide", post(decide_or_resubmit))
        .route("/act/undo", act!(undo))
        .route("/act/claim-next", act!(claim_next))
        .route("/act/transfer-filing", act!(transfer_filing))
        .route("/act/saw-arrivals", act!(saw_arrivals))
        .route("/act/search-queue", act!(search_queue))
        .route("/act/save-view", act!(save_view))
        .route("/act/delete-view", act!(delete_view))
        .route("/act/desk-settings", act!(desk_settings))
        .route("/act/batch", act!(batch))
        .route("/act/look-at-contact", act!(look_at_contact))
        .route("/act/handle-report", act!(handle_report))
        .route("/act/ask-question", act!(ask_question))
        .route("/act/close-question", act!(close_question))
        .route("/act/check-relative", act!(check_relative))
}

/// A filing's page, within the queue the officer came from.
fn review_page(filing: &str, fields: &Fields) -> String {
    href(&route::review_filing(filing), &[("from", field(fields, "from"))])
}

/// The queue an officer came from.
fn queue_page(fields: &Fields) -> String {
    match field(fields, "from") {
        "" => route::QUEUE.to_owned(),
        from => local_path(&format!("{}?{from}", route::QUEUE)),
    }
}

/// Opens personal values for a purpose that is written down; the page is told the number of the look alone.
async fn unmask(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    let look = state.service.reviews.unmask(actor, filing, field(fields, "purpose")).await?;
    let parts = [("from", field(fields, "from")), ("look", &look.to_string())];
    Ok(to(href(&route::review_filing(filing), &parts)))
}

async fn claim(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    state.service.filing_claims.claim(actor, filing).await?;
    Ok(to(review_page(filing, fields)).saying("已领取，请审核。"))
}

/// 【领取下一件】: the officer works through the queue from now on.
async fn claim_next(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let request = QueueRequest::from_query(field(fields, "from"));
    let filing = state.service.filing_claims.claim_next(actor, &request).await?;
    Ok(to(flowing_page(&filing, fields)).saying("已领取，请审核。"))
}

/// A filing's page on the way through the queue.
fn flowing_page(filing: &str, fields: &Fields) -> String {
    href(&route::review_filing(filing), &[("from", field(fields, "from")), ("flow", "next")])
}

/// 【撤回】 of what the officer has just done.
async fn undo(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = state.service.undos.undo(actor, field(fields, "act")).await?;
    Ok(to(review_page(&filing, fields)).saying("已撤回，没有通知申请人。"))
}

async fn release(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    state.service.filing_claims.release(actor, filing).await?;
    Ok(to(review_page(filing, fields)).saying("已释放，其他民警可以领取。"))
}

async fn take_over(state: &AppState, actor: &Actor, fields: &Fields, back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    // An administrator who reviews nothing has no page of the filing to go to.
    let is_of_list = back.starts_with(route::CLAIMS);
    match state.service.filing_claims.take_over(actor, filing, field(fields, "reason")).await {
        Ok(()) if is_of_list => Ok(to(route::CLAIMS).saying("已接管该申请单。")),
        Ok(()) => Ok(to(review_page(filing, fields)).saying("已接管该申请单。")),
        Err(error @ Error::Faults(_)) if is_of_list => {
            again(state, actor, "take-over", fields, &route::claim(filing), error).await
        }
        Err(Error::Refused(refused)) if is_of_list => Ok(to(route::CLAIMS).saying(refused.sentence)),
        Err(error) => Err(error),
    }
}

/// 【重新分配】 of what a colleague has in hand.
async fn reassign(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    let (officer, reason) = (field(fields, "officer"), field(fields, "reason"));
    let asked = Reassignment { filing, version: version(fields)?, officer, reason };
    match state.service.reassignments.reassign(actor, asked).await {
        Ok(()) => Ok(to(route::CLAIMS).saying("已重新分配，双方都会收到通知。")),
        Err(error @ Error::Faults(_)) => {
            again(state, actor, "reassign", fields, &route::claim(filing), error).await
        }
        // Nobody has it any more, and its page is gone.
        Err(Error::Refused(refused)) => Ok(to(route::CLAIMS).saying(refused.sentence)),
        Err(error) => Err(error),
    }
}

/// 【移送】 to another region.
async fn transfer_filing(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    let (region, reason) = (field(fields, "region"), field(fields, "reason"));
    state.service.filing_claims.transfer_filing(actor, field(fields, "filing"), region, reason).await?;
    Ok(to(queue_page(fields)).saying("已移送。"))
}

async fn saw_arrivals(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.reviews.saw_arrivals(actor).await?;
    Ok(to(queue_page(fields)))
}

/// 【查询】 of the queue. It is posted, so that the name or id number of an individual stands in no address (R70).
async fn search_queue(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let mut request = QueueRequest::read(|name| field(fields, name).to_owned());
    if request.search != SOUGHT_PERSON && state.service.queues.search_person(actor, &request.search).await? {
        request.search = SOUGHT_PERSON.to_owned();
    }
    request.after = String::new();
    let pairs = request.pairs();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Ok(to(href(route::QUEUE, &pairs)))
}

async fn save_view(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.saved_views.save_view(actor, field(fields, "name"), field(fields, "from")).await?;
    Ok(to(queue_page(fields)).saying("视图已保存。"))
}

async fn delete_view(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.saved_views.delete_view(actor, field(fields, "view")).await?;
    Ok(to(queue_page(fields)).saying("视图已删除。"))
}

/// 显示设置
async fn desk_settings(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let is_ticked = |name: &str| fields.contains_key(name);
    let shown = |column: &QueueColumn| is_ticked(&format!("column.{}", column.code()));
    let settings = DeskSettings {
        columns: QueueColumn::ALL.into_iter().filter(shown).collect(),
        density: Density::from_code(field(fields, "density")).unwrap_or_default(),
        single_keys: is_ticked("single_keys"),
    };
    state.service.display_settings.choose(actor, &settings).await?;
    Ok(to(queue_page(fields)).saying("显示设置已保存。"))
}

/// 批量领取, 批量释放, 批量移送, 批量通过 of the filings `f.<id>`, each with the version that was shown; what lacks
/// something comes back with what was typed.
async fn batch(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let act = BatchAct::from_code(field(fields, "act")).ok_or(Error::NotFound)?;
    let ticked = fields.iter().filter_map(|(name, value)| Some((name.strip_prefix("f.")?, value)));
    let order = BatchOrder {
        act,
        filings: ticked.clone().map(|(id, version)| (id.to_owned(), version.parse().ok())).collect(),
        confirmed: fields.contains_key("confirmed"),
        region: field(fields, "region").to_owned(),
        reason: field(fields, "reason").to_owned(),
    };
    match state.service.batches.run(actor, &order).await {
        Ok(id) => Ok(to(href(&route::batch(&id), &[("from", field(fields, "from"))]))),
        Err(Error::Faults(_)) => {
            let names: Vec<String> = ticked.map(|(id, _)| format!("f.{id}")).collect();
            let own = [
                ("act", act.code()),
                ("from", field(fields, "from")),
                ("move", field(fields, "move")),
                ("check", "1"),
            ];
            let pairs: Vec<(&str, &str)> =
                own.into_iter().chain(names.iter().map(|name| (name.as_str(), "on"))).collect();
            Ok(to(href(route::BATCH, &pairs)))
        }
        Err(error) => Err(error),
    }
}

/// Opens how to reach whoever reported, for a purpose that is written down.
async fn look_at_contact(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    let report = field(fields, "report");
    let look = state.service.misuse_desk.look_at_contact(actor, report, field(fields, "purpose")).await?;
    let parts = [("handled", field(fields, "handled")), ("look", &look.to_string())];
    Ok(to(format!("{}#report-{report}", href(route::REPORTS, &parts))))
}

/// 【标为已处理】 of a report of misuse.
async fn handle_report(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    state.service.misuse_desk.handle_report(actor, field(fields, "report"), field(fields, "note")).await?;
    Ok(to(route::REPORTS).saying("线索已标为已处理。"))
}

/// 【发送提问】 (补充说明)
async fn ask_question(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    let page = format!("{}#talk", review_page(filing, fields));
    let asked =
        state.service.talk_desk.ask(actor, filing, field(fields, "field"), field(fields, "text")).await;
    match asked {
        Ok(()) => Ok(to(page).saying("已发送，等待申请人回复。")),
        // The page shows what was typed, and at its field what is wrong with it.
        Err(Error::Faults(_)) => Ok(to(page)),
        Err(Error::Refused(refused)) => Ok(to(page).saying(refused.sentence)),
        Err(error) => Err(error),
    }
}

/// 【无需补充】
async fn close_question(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    let filing = state.service.talk_desk.close(actor, field(fields, "question")).await?;
    Ok(to(format!("{}#talk", review_page(&filing, fields))).saying("已关闭这个问题。"))
}

/// 【标为已核对】 of a filing and a record of another subject.
async fn check_relative(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    _back: &str,
) -> Result<Done, Error> {
    let (filing, record) = (field(fields, "filing"), field(fields, "record"));
    let reason = field(fields, &format!("reason.{record}"));
    let page = format!("{}#relatives", review_page(filing, fields));
    match state.service.relatives.check_pair(actor, filing, record, reason).await {
        Ok(()) => Ok(to(page).saying("已标为已核对。")),
        // The page shows what was typed, and at its field what is wrong with it.
        Err(Error::Faults(_)) => Ok(to(page)),
        Err(error) => Err(error),
    }
}

/// A decision by somebody whose session has ended meanwhile: what was written stays on the page that says so.
async fn decide_or_resubmit(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let back = came_from(&headers);
    let Ok(actor) = actor_of(&caller) else {
        let controls = fields.into_iter().map(|(name, value)| (name, vec![value])).collect();
        return resubmit::page(
            &state,
            &resubmit::Resubmission {
                status: StatusCode::UNAUTHORIZED,
                title: "登录已过期",
                sentence: "您填写的审核意见保留在本页。请先在新窗口登录，再回到本页点击“继续”。",
                action: "/act/decide",
                encoding: resubmit::URL_ENCODED,
                controls: &controls,
                choices: &[resubmit::Choice { label: "继续", name: "held", value: "yes" }],
                links: &[("重新登录", login_path(route::SIGNED_IN))],
            },
        );
    };
    let outcome = decide(&state, actor, &fields, &back).await;
    finish(&state, actor, &headers, outcome).await
}

/// 【通过】【退回】【不予通过】 with remarks at fields: `remark.<address>`, `suggest.<address>` (R53, R62).
async fn decide(state: &AppState, actor: &Actor, fields: &Fields, _back: &str) -> Result<Done, Error> {
    let filing = field(fields, "filing");
    let (decision, word) = match field(fields, "decision") {
        "approve" | "together" => (Decision::Approve, "审核通过"),
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
    let request = DecisionRequest {
        decision,
        note,
        ground: field(fields, "ground").to_owned(),
        remarks: remarks.into_values().collect(),
        signed: fields.keys().filter_map(|name| name.strip_prefix("sign.")?.parse().ok()).collect(),
    };
    let decided = if field(fields, "decision") == "together" {
        approve_together(state, actor, fields, &request).await?
    } else {
        state.service.decisions.decide_with(actor, filing, version(fields)?, &request).await?;
        format!("已作出“{word}”的决定。")
    };
    go_on(state, actor, fields, decided).await
}

/// 【一并通过】: this filing and those of its bundle on the page, `along.<id>` with the version that was seen. What they ask
/// for beside this one's list was confirmed as `also.<number>`.
async fn approve_together(
    state: &AppState,
    actor: &Actor,
    fields: &Fields,
    own: &DecisionRequest,
) -> Result<String, Error> {
    let along = fields
        .iter()
        .filter_map(|(name, version)| Some((name.strip_prefix("along.")?.to_owned(), version.parse().ok()?)));
    let also = fields.iter().filter(|(name, _)| name.starts_with("also.")).map(|(_, point)| point.clone());
    let filing = (field(fields, "filing").to_owned(), version(fields)?);
    let together = Together { filing, along: along.collect(), request: own, also: also.collect() };
    let (done, refused) = state.service.decisions.approve_together(actor, together).await?;
    Ok(match refused {
        None => format!("已作出“审核通过”的决定，共 {done} 件。"),
        Some(refused) => format!("已作出“审核通过”的决定，共 {done} 件。其余未通过：{refused}"),
    })
}

/// After a decision the next filing opens by itself: of the same bundle first, then, for who works through the queue,
/// the one that has waited longest.
async fn go_on(state: &AppState, actor: &Actor, fields: &Fields, decided: String) -> Result<Done, Error> {
    let (filing, flows) = (field(fields, "filing"), !field(fields, "flow").is_empty());
    let page = |id: &str| if flows { flowing_page(id, fields) } else { review_page(id, fields) };
    if let Some(next) = state.service.filing_claims.next_in_hand(actor, filing).await? {
        return Ok(to(page(&next)).saying(format!("{decided}下面是一并提交的申请单。")));
    }
    if !flows {
        return Ok(to(page(filing)).saying(decided));
    }
    let request = QueueRequest::from_query(field(fields, "from"));
    match state.service.filing_claims.claim_next(actor, &request).await {
        Ok(next) => Ok(to(page(&next)).saying(format!("{decided}已领取下一件。"))),
        Err(Error::Refused(refused)) => {
            Ok(to(queue_page(fields)).saying(format!("{decided}{}。", refused.sentence)))
        }
        Err(error) => Err(error),
    }
}
