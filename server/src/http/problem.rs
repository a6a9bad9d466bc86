//! How the public interface for programs tells what is wrong: as problems of RFC 9457, whoever refused, readable by
//! pages of any origin.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::route;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

const PROBLEM: &str = "application/problem+json";

/// RFC 9457. The type is always `about:blank`: the status says it all.
#[derive(Debug, Serialize)]
pub struct Problem<'a> {
    pub r#type: &'static str,
    pub title: &'a str,
    pub status: u16,
    pub detail: &'a str,
}

/// An answer that says what is wrong.
pub fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let problem = Problem { r#type: "about:blank", title, status: status.as_u16(), detail };
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, PROBLEM)], body).into_response()
}

/// What a program may read without asking the person whose browser it runs in: there are no cookies in it.
fn let_everybody_read(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "etag, retry-after"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Answers under the interface's addresses: every refusal, also those of the guards, becomes a problem.
pub(super) async fn told_to_programs(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(route::OPEN_API) {
        return next.run(request).await;
    }
    let mut response = next.run(request).await;
    let status = response.status();
    let is_refusal = status.is_client_error() || status.is_server_error();
    let is_told = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes() == PROBLEM.as_bytes());
    if is_refusal && !is_told {
        let told = problem(status, detail(status));
        for name in [header::CONTENT_ENCODING, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
            response.headers_mut().remove(name);
        }
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        response = response.map(|_| Body::empty());
        *response.body_mut() = told.into_body();
    }
    let_everybody_read(response.headers_mut());
    response
}

fn detail(status: StatusCode) -> &'static str {
    match status {
        StatusCode::TOO_MANY_REQUESTS => "查询过于频繁，请在 Retry-After 所示的秒数后再试。",
        StatusCode::METHOD_NOT_ALLOWED => "开放接口只接受 GET 和 HEAD 请求。",
        StatusCode::NOT_FOUND => "开放接口没有这个地址。",
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN => "请求有误。",
        _ => "暂时无法查询，请稍后再试。",
    }
}
