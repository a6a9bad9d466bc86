//! Plain routes beside the pages: posted forms, actions, files, events. Each finds its caller, calls
//! one use case, and answers with a redirect (post, redirect, get), so that everything works without
//! scripts (R76).

mod acts;
mod events;
mod export;
mod files;
mod forms;
mod hold;
mod identity;

use std::time::Duration;

use app::api::caller::Caller;
use app::ui::table::percent;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use domain::view::Refused;
use http::{HeaderMap, StatusCode};
use service::{Actor, Error, PROVE_ANEW, Service};

use crate::oidc::{local_path, login_path};
use crate::pages::{Chrome, Way};
use crate::supervisor::Lifecycle;

pub use events::OpenStreams;

/// What these routes stand on.
#[derive(Clone)]
pub struct Desk {
    pub service: Service,
    pub chrome: Chrome,
    pub lifecycle: Lifecycle,
    pub streams: OpenStreams,
    /// How often an open stream of events asks whether its officer still may listen.
    pub look_again: Duration,
}

pub const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Bytes a posted form may have: a step with its pictures, sent without scripts.
pub const LARGEST_FORM: usize = 32 * 1024 * 1024;
/// Bytes one uploaded file may have, and a little, so that a file just above 5 MB gets its own sentence.
pub const LARGEST_FILE: usize = 6 * 1024 * 1024;

pub fn router(desk: Desk) -> Router {
    Router::new()
        .route(
            "/form/{business}/{action}/{step}",
            post(forms::post_step).layer(DefaultBodyLimit::max(LARGEST_FORM)),
        )
        .route("/files", post(files::take).layer(DefaultBodyLimit::max(LARGEST_FILE)))
        .route("/files/{id}", get(files::give))
        .route("/review/events", get(events::stream))
        .route("/review/export", get(export::table))
        .route("/review/at-work", post(events::at_work))
        .merge(acts::router())
        .merge(identity::router())
        .with_state(desk)
}

/// The signed-in person of a request.
fn actor_of(caller: &Caller) -> Result<&Actor, Signed> {
    caller.0.as_ref().ok_or(Signed::Out)
}

fn asks_for_proof(refused: &Refused) -> bool {
    refused.link.as_deref() == Some(PROVE_ANEW)
}

enum Signed {
    Out,
}

/// The path a browser came from, if it came from here.
fn came_from(headers: &HeaderMap) -> String {
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

fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}

impl Desk {
    /// Back to where one came from, with a sentence shown once on the next page.
    async fn back_saying(&self, actor: &Actor, to: &str, sentence: &str) -> Response {
        if let Err(error) = self.service.set_flash(actor, sentence).await {
            tracing::error!(%error, "a sentence for the next page was lost");
        }
        see(to)
    }

    /// The person is to prove themselves anew and comes back to `next`.
    fn prove_anew(&self, refused: &Refused, next: &str) -> Response {
        let way = format!("{PROVE_ANEW}&next={}", percent(next));
        let ways = [Way { label: "验证身份", href: &way }, Way { label: "返回", href: next }];
        self.chrome.message(StatusCode::FORBIDDEN, "请重新验证身份", &refused.sentence, &ways)
    }

    fn signed_out(&self, next: &str) -> Response {
        self.chrome.message(
            StatusCode::UNAUTHORIZED,
            "登录已过期",
            "请重新登录后继续办理。",
            &[Way { label: "用户登录", href: &login_path(next) }],
        )
    }

    /// What a person is told when an action was not possible: on the page they came from, or on a
    /// page of its own.
    async fn refused(&self, actor: &Actor, headers: &HeaderMap, error: Error) -> Response {
        let back = came_from(headers);
        match error {
            // The way on leads through the identity platform, so it is a page of its own.
            Error::Refused(refused) if asks_for_proof(&refused) => self.prove_anew(&refused, &back),
            Error::Refused(refused) => self.back_saying(actor, &back, &refused.sentence).await,
            Error::Faults(faults) => {
                let sentences: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
                self.back_saying(actor, &back, &sentences.join("；")).await
            }
            Error::NotFound => self.chrome.message(
                StatusCode::NOT_FOUND,
                "没有找到",
                "没有找到要办理的内容，或者您无权办理。",
                &[Way { label: "返回首页", href: "/" }],
            ),
            Error::Forbidden => self.chrome.message(
                StatusCode::FORBIDDEN,
                "没有权限",
                "您没有办理此项业务的权限。",
                &[Way { label: "返回首页", href: "/" }],
            ),
            Error::TooMany(seconds) => {
                let mut response = self.chrome.message(
                    StatusCode::TOO_MANY_REQUESTS,
                    "操作过于频繁",
                    &format!("请 {seconds} 秒后再试。"),
                    &[Way { label: "返回", href: &back }],
                );
                response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
                response
            }
            broken @ (Error::Database(_) | Error::Keyring(_) | Error::Corrupt(_) | Error::Store(_)) => {
                let ticket =
                    headers.get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or("-").to_owned();
                tracing::error!(error = %broken, %ticket, "an action broke");
                self.chrome.message(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "系统出现错误",
                    &format!("请稍后再试。您保存过的内容没有丢失。错误编号 {ticket}"),
                    &[Way { label: "返回", href: &back }],
                )
            }
        }
    }
}
