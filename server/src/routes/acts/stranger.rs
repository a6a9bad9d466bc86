//! What anybody may do, signed in or not.

use app::api::caller::Caller;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Extension, Form, Router};
use axum_extra::extract::cookie::CookieJar;
use domain::route;
use http::{HeaderMap, StatusCode, header};
use service::error::chain;
use service::{Error, MisuseTold};

use super::act::{Fields, field};
use crate::http::client_addr::{ClientAddr, network_key};
use crate::http::elder;
use crate::http::page_template::{HOME, Link};
use crate::routes::state::{AppState, came_from, see};

pub fn router() -> Router<AppState> {
    Router::new().route("/act/elder", post(set_elder)).route("/act/report-misuse", post(report_misuse))
}

/// 【长辈版】 and 【标准版】: kept by the browser, and with the person where there is one.
async fn set_elder(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let is_on = field(&fields, "on") == "yes";
    if let Some(actor) = &caller.0
        && let Err(error) = state.service.accounts.set_elder(actor, is_on).await
    {
        return state.refused(actor, &headers, error).await;
    }
    (CookieJar::new().add(elder::cookie(is_on, state.tls)), see(&came_from(&headers))).into_response()
}

/// 【提交举报】
async fn report_misuse(
    State(state): State<AppState>,
    addr: Option<Extension<ClientAddr>>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let digits = field(&fields, "digits");
    let source =
        addr.map_or_else(|| "-".to_owned(), |Extension(ClientAddr(addr))| network_key(addr).to_string());
    let told = MisuseTold {
        kind: field(&fields, "kind"),
        site: field(&fields, "site"),
        text: field(&fields, "text"),
        contact: field(&fields, "contact"),
    };
    match state.service.misuse_reports.report(digits, &source, told).await {
        Ok(()) => see(&route::misuse_reported(digits)),
        Err(error) => not_reported(&state, &headers, error),
    }
}

/// Nobody to keep what was typed for; the browser has it one page back.
fn not_reported(state: &AppState, headers: &HeaderMap, error: Error) -> Response {
    let back = came_from(headers);
    let links = [Link { label: "返回填写", href: &back }, HOME];
    let say = |status, sentence: &str| state.template.message(status, "举报没有提交", sentence, &links);
    match error {
        Error::Faults(faults) => {
            let sentences: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
            let sentence = format!("{}。填写的内容可用浏览器的后退找回。", sentences.join("；"));
            say(StatusCode::UNPROCESSABLE_ENTITY, &sentence)
        }
        Error::Refused(refused) => say(StatusCode::CONFLICT, &format!("{}。", refused.sentence)),
        Error::NotFound => say(StatusCode::NOT_FOUND, "没有查到这个备案号。"),
        Error::TooMany(seconds) => {
            let mut response = say(StatusCode::TOO_MANY_REQUESTS, "您今天提交的举报已较多，请明天再试。");
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            response
        }
        other => {
            tracing::error!(error = chain(&other), "a report was not kept");
            say(StatusCode::INTERNAL_SERVER_ERROR, "系统出现错误，请稍后再试。")
        }
    }
}
