//! How much and how long a kind of request may be. Each group of routes is given its own limit where it is put
//! together.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use hyper::body::Body as _;

use super::body::{self, BodyOutcome};
use super::page_template::{HOME, PageTemplate};
use crate::config::{LARGEST_FILE, LARGEST_FORM};

/// How much and how long a kind of request may be.
#[derive(Debug, Clone, Copy)]
pub struct RequestLimit {
    pub body: usize,
    pub time: Duration,
}

impl RequestLimit {
    pub const USUAL: Self = Self { body: 1024 * 1024, time: Duration::from_secs(30) };
    /// Pictures come over slow lines: one at a time …
    pub const FILE: Self = Self { body: LARGEST_FILE, time: Duration::from_secs(180) };
    /// … or without scripts with the whole step they belong to.
    pub const FORM: Self = Self { body: LARGEST_FORM, time: Duration::from_secs(300) };
}

/// Limits the size of a body, its least rate, and the time until the answer begins, on all routes so far.
pub fn limit_requests(router: Router, limit: RequestLimit, template: &PageTemplate) -> Router {
    router
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state((limit, template.clone()), limit_request))
}

// By hand, as tower-http's layers for time and size answer without a page, and know no least rate.
async fn limit_request(
    State((limit, template)): State<(RequestLimit, PageTemplate)>,
    mut request: Request,
    next: Next,
) -> Response {
    let announced = request.body().size_hint().lower();
    if usize::try_from(announced).is_ok_and(|length| length > limit.body) {
        return body::too_large(&template, request);
    }
    let (asked, outcome) = (request.headers().clone(), BodyOutcome::default());
    request.extensions_mut().insert(limit);
    request.extensions_mut().insert(outcome.clone());
    let request = request.map(|body| body::monitored(body, limit.body, outcome.clone()));
    let response = match tokio::time::timeout(limit.time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!("the request took too long");
            let mut response = template.answer(
                &asked,
                StatusCode::SERVICE_UNAVAILABLE,
                "处理超时",
                "处理您的请求用时过长，请稍后再试。您保存过的内容没有丢失。",
                &[HOME],
            );
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            return response;
        }
    };
    let status = response.status();
    match outcome.failure() {
        // Whoever was answering took it for a fault of its own, or of the content.
        Some(failure) if status.is_server_error() || status == StatusCode::BAD_REQUEST => {
            body::failure_page(&template, &asked, failure)
        }
        Some(_) | None => response,
    }
}
