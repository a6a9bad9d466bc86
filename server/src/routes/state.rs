//! What the routes stand on, and what they answer alike: back with a sentence, signed out, refused.

use domain::route;
use std::time::Duration;

use app::api::caller::Caller;
use app::ui::table::percent;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::view::Refused;
use http::{HeaderMap, StatusCode};
use service::error::chain;
use service::{Actor, Error, Service};

use super::event_streams::EventStreams;
use crate::auth::return_path::{local_path, login_path};
use crate::http::page_template::{HOME, Link, PageTemplate};
use crate::supervisor::Lifecycle;

/// What these routes stand on.
#[derive(Clone)]
pub struct AppState {
    pub service: Service,
    pub template: PageTemplate,
    pub lifecycle: Lifecycle,
    pub streams: EventStreams,
    pub tls: bool,
    /// How often an open stream of events asks whether its officer still may listen.
    pub recheck: Duration,
}

pub const RECHECK_INTERVAL: Duration = Duration::from_secs(60);

/// The signed-in person of a request.
pub fn actor_of(caller: &Caller) -> Result<&Actor, SignedOut> {
    caller.0.as_ref().ok_or(SignedOut)
}

/// Whether the way on leads through the identity platform.
pub fn asks_for_proof(refused: &Refused) -> bool {
    refused.link.as_deref() == Some(route::LOGIN_ANEW)
}

/// Nobody acts in this request.
pub struct SignedOut;

/// The path a browser came from, if it came from here.
pub fn came_from(headers: &HeaderMap) -> String {
    let path = headers
        .get(http::header::REFERER)
        .and_then(|referer| referer.to_str().ok())
        .and_then(|referer| url::Url::parse(referer).ok())
        .map(|url| match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        });
    local_path(path.as_deref().unwrap_or("/"))
}

pub fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}

impl AppState {
    /// Back to where one came from, with a sentence shown once on the next page.
    pub async fn back_saying(&self, actor: &Actor, to: &str, sentence: &str) -> Response {
        if let Err(error) = self.service.accounts.set_flash(actor, sentence).await {
            tracing::error!(error = chain(&error), "a sentence for the next page was lost");
        }
        see(to)
    }

    /// The person is to prove themselves anew and comes back to `next`.
    pub fn prove_anew(&self, refused: &Refused, next: &str) -> Response {
        let prove = format!("{}&next={}", route::LOGIN_ANEW, percent(next));
        let links = [Link { label: "验证身份", href: &prove }, Link { label: "返回", href: next }];
        self.template.message(StatusCode::FORBIDDEN, "请重新验证身份", &refused.sentence, &links)
    }

    pub fn signed_out(&self, next: &str) -> Response {
        self.template.message(
            StatusCode::UNAUTHORIZED,
            "登录已过期",
            "请重新登录后继续办理。",
            &[Link { label: "用户登录", href: &login_path(next) }],
        )
    }

    /// What a person is told when an action was not possible: on the page they came from, or on a
    /// page of its own.
    pub async fn refused(&self, actor: &Actor, headers: &HeaderMap, error: Error) -> Response {
        let back = came_from(headers);
        match error {
            // The way on leads through the identity platform, so it is a page of its own.
            Error::Refused(refused) if asks_for_proof(&refused) => self.prove_anew(&refused, &back),
            Error::Refused(refused) => self.back_saying(actor, &back, &refused.sentence).await,
            Error::Faults(faults) => {
                let sentences: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
                self.back_saying(actor, &back, &sentences.join("；")).await
            }
            Error::NotFound => self.template.message(
                StatusCode::NOT_FOUND,
                "没有找到",
                "没有找到要办理的内容，或者您无权办理。",
                &[HOME],
            ),
            Error::Forbidden => self.template.message(
                StatusCode::FORBIDDEN,
                "没有权限",
                "您没有办理此项业务的权限。",
                &[HOME],
            ),
            Error::TooMany(seconds) => {
                let mut response = self.template.message(
                    StatusCode::TOO_MANY_REQUESTS,
                    "操作过于频繁",
                    &format!("请 {seconds} 秒后再试。"),
                    &[Link { label: "返回", href: &back }],
                );
                response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
                response
            }
            broken @ (Error::Database(_) | Error::Keyring(_) | Error::Corrupt(_) | Error::Store(_)) => {
                tracing::error!(error = chain(&broken), "an action broke");
                self.template.message(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "系统出现错误",
                    "请稍后再试。您保存过的内容没有丢失。",
                    &[Link { label: "返回", href: &back }],
                )
            }
        }
    }
}
