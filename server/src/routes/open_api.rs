//! The public interface for programs: what the public look-up shows (R38), as JSON, for browsers, registrars and
//! whoever checks many numbers. Without sessions and cookies, and the same for everybody, so that anybody between may
//! keep an answer.

mod document;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use domain::route;
use domain::view::PublicRecord;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use service::error::chain;
use service::{Error, Lookup, Service};
use sha2::{Digest as _, Sha256};

use crate::http::problem::problem;

/// An answer may be kept so long: a cancellation is seen everywhere after five minutes.
const KEPT: &str = "public, max-age=300";

#[derive(Clone)]
struct OpenApi {
    service: Service,
    /// Scheme, host and port that people type.
    origin: Arc<str>,
    document: Arc<[u8]>,
}

/// What is filed under a number.
#[derive(Debug, Serialize)]
struct OpenRecord {
    number: String,
    digits: String,
    state: &'static str,
    kind: &'static str,
    kind_name: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    main_domain: Option<String>,
    other_domains: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    owner_kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_name: Option<String>,
    authority: String,
    registered_on: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_on: Option<String>,
    page: String,
}

#[derive(Debug, Serialize)]
struct OpenRecords {
    records: Vec<OpenRecord>,
}

#[derive(Debug, Deserialize)]
struct ByDomain {
    #[serde(default)]
    domain: String,
}

/// Its routes; nothing of them asks who is there.
pub fn router(service: &Service, origin: &str) -> Router {
    let document = document::document(origin).into();
    let state = OpenApi { service: service.clone(), origin: origin.into(), document };
    Router::new()
        .route(route::OPEN_RECORDS, get(of_domain).options(may_ask))
        .route(&format!("{}/{{number}}", route::OPEN_RECORDS), get(of_number).options(may_ask))
        .route(route::OPEN_API_DOCUMENT, get(described).options(may_ask))
        .route(&format!("{}{{*rest}}", route::OPEN_API), any(nothing_here))
        .with_state(state)
}

async fn of_number(State(api): State<OpenApi>, Path(number): Path<String>, headers: HeaderMap) -> Response {
    let Some(digits) = Lookup::digits(&number) else {
        return problem(StatusCode::BAD_REQUEST, "这不是备案号：请填写完整的备案号，或其中的 14 位数字。");
    };
    match api.service.lookup.public_record(&digits, None).await {
        Ok(record) => answer(&headers, &api.open(record)),
        Err(Error::NotFound) => {
            problem(StatusCode::NOT_FOUND, "没有查到这个备案号：可能填写有误，也可能从未签发。")
        }
        Err(error) => failed(&error),
    }
}

async fn of_domain(
    State(api): State<OpenApi>,
    Query(asked): Query<ByDomain>,
    headers: HeaderMap,
) -> Response {
    match api.service.lookup.of_domain(&asked.domain).await {
        Ok(Some(found)) => {
            let records = found.into_iter().map(|record| api.open(record)).collect();
            answer(&headers, &OpenRecords { records })
        }
        Ok(None) => problem(StatusCode::BAD_REQUEST, "请在 domain 参数中填写完整的域名或网址。"),
        Err(error) => failed(&error),
    }
}

async fn described(State(api): State<OpenApi>, headers: HeaderMap) -> Response {
    json(&headers, api.document.to_vec())
}

/// What a browser asks before a script sends `If-None-Match` from a foreign page.
async fn may_ask() -> Response {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "if-none-match"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        (header::CACHE_CONTROL, KEPT),
    ];
    (StatusCode::NO_CONTENT, allowed).into_response()
}

async fn nothing_here() -> Response {
    problem(StatusCode::NOT_FOUND, "开放接口没有这个地址。")
}

fn failed(error: &Error) -> Response {
    tracing::error!(error = chain(error), "a question of the public interface was not answered");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "暂时无法查询，请稍后再试。")
}

fn answer(asked: &HeaderMap, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => json(asked, body),
        Err(error) => failed(&error.into()),
    }
}

/// The body, or no more than that it is what the asker has already.
fn json(asked: &HeaderMap, body: Vec<u8>) -> Response {
    let hash = Sha256::digest(&body);
    let hash: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    // Weak, as it is the same however the body is compressed.
    let tag = format!("W/\"{hash}\"");
    let is_known = asked.get_all(header::IF_NONE_MATCH).iter().any(|known| names(known, &hash));
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let mut response = Response::new(Body::from(body));
            let kind = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
    };
    let kept: [(HeaderName, Result<HeaderValue, _>); 2] =
        [(header::ETAG, HeaderValue::from_str(&tag)), (header::CACHE_CONTROL, HeaderValue::from_str(KEPT))];
    for (name, value) in kept {
        if let Ok(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Whether an `If-None-Match` names this tag, weak or not, or any.
fn names(known: &HeaderValue, hash: &str) -> bool {
    let Ok(known) = known.to_str() else { return false };
    known
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"') == hash)
}

impl OpenApi {
    fn open(&self, record: PublicRecord) -> OpenRecord {
        let business = record.business.definition();
        OpenRecord {
            state: if record.is_cancelled { document::CANCELLED } else { document::IN_FORCE },
            kind: business.code,
            kind_name: business.noun,
            page: format!("{}{}", self.origin, route::public_record(&record.digits)),
            number: record.registration_number,
            digits: record.digits,
            name: record.name,
            main_domain: record.main_domain,
            other_domains: record.other_domains,
            category: record.category,
            owner_kind: record.owner_kind,
            owner_name: Some(record.owner_name).filter(|name| !name.is_empty()),
            authority: record.organ,
            registered_on: record.registered_on,
            cancelled_on: record.cancelled_on,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_the_asker_has_already_is_not_sent_again() {
        for (known, is_named) in [
            ("W/\"ab\"", true),
            ("\"ab\"", true),
            ("\"x\", W/\"ab\"", true),
            ("*", true),
            ("\"abc\"", false),
            ("", false),
        ] {
            assert_eq!(names(&HeaderValue::from_str(known).unwrap(), "ab"), is_named, "{known}");
        }
    }
}
