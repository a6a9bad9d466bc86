//! Why nobody was signed in, for the log and for the person.

use axum::response::Response;
use http::StatusCode;

use crate::auth::return_path::login_path;
use crate::http::page_template::{HOME, Link, PageTemplate};

const TOO_WEAK: &str = "身份认证平台没有按要求重新核验您的身份，或者核验的强度不够。请重新登录并完成更高强度的认证；仍不成功的，请联系平台管理员。";
const UNREACHABLE: &str = "身份认证平台暂时无法连接，请稍后再试";

/// Why nobody was signed in. The cause is logged, never shown; it names no token and no person.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("the identity platform cannot be reached: {0}")]
    Unreachable(String),
    #[error("the attempt is unknown or too old")]
    Stale,
    #[error("the person or the identity platform declined: {0}")]
    Declined(String),
    #[error("the answer of the identity platform is not to be believed: {0}")]
    Untrusted(String),
    #[error("the identity platform leaves out {0}")]
    Incomplete(&'static str),
    #[error("the identity platform did not prove what was demanded: {0}")]
    Weak(&'static str),
    #[error("the service refuses the person")]
    Refused(String),
    #[error("the session cannot be made: {0}")]
    Broken(String),
}

impl Failure {
    /// What it is called where failures are counted.
    pub fn word(&self) -> &'static str {
        match self {
            Failure::Unreachable(_) => "unreachable",
            Failure::Stale => "stale",
            Failure::Declined(_) => "declined",
            Failure::Untrusted(_) => "untrusted",
            Failure::Incomplete(_) => "incomplete",
            Failure::Weak(_) => "weak",
            Failure::Refused(_) => "refused",
            Failure::Broken(_) => "broken",
        }
    }

    /// A page for whoever could not be signed in; the cause goes to the log, once.
    pub fn page(&self, template: &PageTemplate, next: &str) -> Response {
        let failure = self;
        let (status, sentence) = match self {
            Failure::Unreachable(_) => (StatusCode::SERVICE_UNAVAILABLE, UNREACHABLE),
            Failure::Stale => (StatusCode::BAD_REQUEST, "本次登录已失效，请重新登录。"),
            Failure::Declined(_) => (StatusCode::FORBIDDEN, "您已取消登录，或身份认证平台未同意本次登录。"),
            Failure::Untrusted(_) => (StatusCode::BAD_GATEWAY, "身份认证结果未通过校验，请重新登录。"),
            Failure::Incomplete(_) => {
                (StatusCode::BAD_GATEWAY, "身份认证平台未返回必要的实名信息，请联系平台管理员。")
            }
            Failure::Weak(_) => (StatusCode::FORBIDDEN, TOO_WEAK),
            Failure::Refused(sentence) => (StatusCode::FORBIDDEN, sentence.as_str()),
            Failure::Broken(_) => (StatusCode::INTERNAL_SERVER_ERROR, "登录未能完成，请稍后再试。"),
        };
        match self {
            Failure::Broken(_) => tracing::error!(%failure, "sign-in failed"),
            Failure::Unreachable(_) | Failure::Untrusted(_) | Failure::Incomplete(_) => {
                tracing::warn!(%failure, "sign-in failed");
            }
            Failure::Stale | Failure::Declined(_) | Failure::Weak(_) | Failure::Refused(_) => {
                tracing::info!(%failure, "sign-in failed");
            }
        }
        let again = login_path(next);
        template.message(status, "登录未完成", sentence, &[Link { label: "重新登录", href: &again }, HOME])
    }
}
