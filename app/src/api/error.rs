//! The one error a page can meet. It carries the person's words or a ticket number, never a cause.

use domain::schema::Fault;
use domain::view::Refused;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use super::wire::JsonText;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApiError {
    /// Nobody is signed in (any more).
    SignIn,
    NotFound,
    Forbidden,
    Refused(Refused),
    Faults(Vec<Fault>),
    /// Seconds to wait.
    TooMany(u64),
    /// Something broke; the log has the cause under this number.
    Broken {
        ticket: String,
    },
    /// The server could not be reached.
    Unreachable,
    /// The server does not understand this page any more: it was upgraded (R82).
    Stale,
}

impl ApiError {
    /// What happened and how to go on.
    pub fn sentence(&self) -> String {
        match self {
            ApiError::SignIn => "登录已过期，请重新登录".to_owned(),
            ApiError::NotFound => "没有找到这个页面，或者您无权查看".to_owned(),
            ApiError::Forbidden => "您没有办理此项业务的权限".to_owned(),
            ApiError::Refused(refused) => refused.sentence.clone(),
            ApiError::Faults(faults) => {
                faults.first().map_or_else(String::new, |fault| fault.message.clone())
            }
            ApiError::TooMany(seconds) => format!("操作过于频繁，请 {seconds} 秒后再试"),
            ApiError::Broken { ticket } => format!("系统出现错误，请稍后再试。请求编号 {ticket}"),
            ApiError::Unreachable => "网络连接失败，请检查网络后重试".to_owned(),
            ApiError::Stale => "系统已升级，请刷新页面；已填写的内容会保留".to_owned(),
        }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl std::error::Error for ApiError {}

impl FromServerFnError for ApiError {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        // What the caller sent is at fault, not the server.
        #[cfg(feature = "ssr")]
        if matches!(
            error,
            ServerFnErrorErr::Args(_)
                | ServerFnErrorErr::MissingArg(_)
                | ServerFnErrorErr::Deserialization(_)
                | ServerFnErrorErr::UnsupportedRequestMethod(_)
        ) {
            super::caller::not_understood();
        }
        match error {
            ServerFnErrorErr::Request(_) => ApiError::Unreachable,
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::Serialization(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_) => ApiError::Stale,
            ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::Response(_) => ApiError::Broken { ticket: "-".to_owned() },
        }
    }
}
