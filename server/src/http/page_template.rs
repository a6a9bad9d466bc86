//! The few pages the server draws itself, without Leptos: what went wrong, and the embedded identity
//! provider. They work without JavaScript, and every text put into them is escaped here.

use std::fmt::Write as _;
use std::sync::Arc;

use app::api::ApiError;
use axum::Json;
use axum::response::{Html, IntoResponse as _, Response};
use html_escape::{encode_double_quoted_attribute, encode_text};
use http::{HeaderMap, StatusCode, header};

use super::request_id::current_id;

/// What all such pages have around them.
#[derive(Debug, Clone)]
pub struct PageTemplate {
    pub platform_name: Arc<str>,
    /// Where the stylesheets are, in order; the names are read once at the start.
    pub stylesheets: Arc<[String]>,
}

/// A link out of a dead end.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    pub label: &'a str,
    pub href: &'a str,
}

/// The way out of any dead end.
pub const HOME: Link<'static> = Link { label: "返回首页", href: "/" };

impl PageTemplate {
    pub fn new(platform_name: &str, stylesheets: Vec<String>) -> Self {
        Self { platform_name: platform_name.into(), stylesheets: stylesheets.into() }
    }

    /// A whole document; `main` is markup that is already safe.
    pub fn document(&self, title: &str, main: &str) -> String {
        let mut head = String::new();
        for href in self.stylesheets.iter() {
            let _ = write!(head, r#"<link rel="stylesheet" href="{}">"#, attribute(href));
        }
        format!(
            r##"<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<title>{title} - {name}</title>{head}</head>
<body><a class="skip" href="#main">跳到主要内容</a>
<div class="shell shell-public">
<header class="topbar"><a class="brand" href="/"><span>{name}</span></a></header>
<main class="content" id="main" tabindex="-1">
{main}
</main></div></body></html>
"##,
            title = text(title),
            name = text(&self.platform_name),
        )
    }

    /// A page that says what happened and how to go on.
    pub fn message(&self, status: StatusCode, title: &str, sentence: &str, links: &[Link<'_>]) -> Response {
        let mut main = format!(
            r#"<section class="error-page"><p class="error-code">{code}</p><h1>{title}</h1><p>{sentence}</p>"#,
            code = status.as_u16(),
            title = text(title),
            sentence = text(sentence),
        );
        // What broke here is in the log under this number.
        if let Some(id) = current_id().filter(|_| status.is_server_error()) {
            let _ = write!(main, r#"<p class="ticket">请求编号 <code>{}</code></p>"#, text(&id));
        }
        main.push_str(r#"<div class="actions">"#);
        for (at, way) in links.iter().enumerate() {
            let _ = write!(
                main,
                r#"<a class="button{primary}" href="{href}">{label}</a>"#,
                primary = if at == 0 { " button-primary" } else { "" },
                href = attribute(way.href),
                label = text(way.label),
            );
        }
        main.push_str("</div></section>");
        (status, Html(self.document(title, &main))).into_response()
    }

    /// The same for whoever asked: a page for a browser's navigation, one line of text for a script.
    pub fn answer(
        &self,
        asked: &HeaderMap,
        status: StatusCode,
        title: &str,
        sentence: &str,
        links: &[Link<'_>],
    ) -> Response {
        if wants_html(asked) {
            self.message(status, title, sentence, links)
        } else if wants_json(asked) {
            // What the pages' own scripts read as the answer of a server function.
            let refused = domain::view::Refused { sentence: sentence.to_owned(), link: None };
            (status, Json(ApiError::Refused(refused))).into_response()
        } else {
            let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            (status, plain, sentence.to_owned()).into_response()
        }
    }
}

/// Whether the answer is going to be looked at by a person.
pub fn wants_html(asked: &HeaderMap) -> bool {
    asked
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn wants_json(asked: &HeaderMap) -> bool {
    asked
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.starts_with("application/json"))
}

/// Escaped for an element's content.
pub fn text(raw: &str) -> std::borrow::Cow<'_, str> {
    encode_text(raw)
}

/// Escaped for an attribute in double quotes.
pub fn attribute(raw: &str) -> std::borrow::Cow<'_, str> {
    encode_double_quoted_attribute(raw)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[tokio::test]
    async fn hostile_text_stays_text_on_every_place_of_the_page() {
        const HOSTILE: &str = r#""><script>alert(1)</script>&amp;'"#;
        let template = PageTemplate::new(HOSTILE, vec![HOSTILE.into()]);
        let page = template.message(
            StatusCode::BAD_REQUEST,
            HOSTILE,
            HOSTILE,
            &[Link { label: HOSTILE, href: HOSTILE }],
        );
        let body = axum::body::to_bytes(page.into_body(), usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(!body.contains("<script"), "{body}");
        assert!(!body.contains(r#"=""">"#), "{body}");
    }

    #[test]
    fn a_script_is_not_sent_a_page() {
        let mut asked = HeaderMap::new();
        assert!(!wants_html(&asked));
        asked.insert(header::ACCEPT, "application/json".parse().unwrap());
        assert!(!wants_html(&asked));
        asked.insert(header::ACCEPT, "text/html,application/xhtml+xml".parse().unwrap());
        assert!(wants_html(&asked));
    }
}
