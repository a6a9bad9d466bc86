//! The page /dev/outbox: text messages and e-mails as a person would get them. Development only (R72);
//! production has no such route.

use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use domain::notice::Channel;
use http::StatusCode;
use service::Service;
use service::error::chain;

use crate::config::Config;
use crate::http::page_template::{HOME, PageTemplate, text};

/// The route, or none in production.
pub fn router(config: &Config, service: &Service, template: &PageTemplate) -> Router {
    if config.is_production() {
        return Router::new();
    }
    Router::new().route("/dev/outbox", get(show)).with_state((service.clone(), template.clone()))
}

async fn show(State((service, template)): State<(Service, PageTemplate)>) -> Response {
    let messages = match service.text_messages.outbox().await {
        Ok(messages) => messages,
        Err(error) => {
            tracing::error!(error = chain(&error), "the outbox cannot be read");
            return template.message(
                StatusCode::INTERNAL_SERVER_ERROR,
                "系统出错",
                "短信列表暂时无法读取。",
                &[HOME],
            );
        }
    };
    let rows: String = messages
        .iter()
        .map(|message| {
            format!(
                r#"<tr><td data-label="时间" class="figures">{}</td><td data-label="方式">{}</td><td data-label="手机号码或邮箱" class="figures">{}</td><td data-label="内容">{}</td><td data-label="状态">{}</td></tr>"#,
                text(&message.at),
                match message.channel {
                    Channel::Sms => "短信",
                    Channel::Mail => "电子邮件",
                },
                text(&message.recipient),
                text(&message.text),
                text(message.state),
            )
        })
        .collect();
    let list = if rows.is_empty() {
        r#"<div class="empty"><p>还没有发送过短信或邮件。</p></div>"#.to_owned()
    } else {
        format!(
            r#"<div class="table-wrap"><table class="table"><caption class="visually-hidden">短信和邮件</caption><thead><tr><th scope="col">时间</th><th scope="col">方式</th><th scope="col">手机号码或邮箱</th><th scope="col">内容</th><th scope="col">状态</th></tr></thead><tbody>{rows}</tbody></table></div>"#
        )
    };
    let main = format!(
        r#"<div class="page-head"><h1>短信发件箱</h1><p class="page-lead">开发环境不发送真实短信和邮件，最近的显示在这里，最新的在最前。</p></div>{list}"#
    );
    Html(template.document("短信发件箱", &main)).into_response()
}
