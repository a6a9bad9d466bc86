//! Security headers, in one place: those that are the same for every answer, and the policy of the pages, which has
//! a nonce of its own for each answer.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tower_http::set_header::response::SetMultipleResponseHeadersLayer;

/// The nonce of this response's content security policy; the pages put it on their scripts.
#[derive(Debug, Clone)]
pub struct CspNonce(pub Arc<str>);

/// What the content security policy depends on.
#[derive(Debug, Clone)]
pub struct ContentPolicy {
    /// Foreign origins that a form's answer may lead to: the identity platform.
    pub form_targets: Vec<String>,
    pub tls: bool,
}

/// Adds what the answer does not bring itself.
pub(super) fn headers_of_every_answer(tls: bool) -> SetMultipleResponseHeadersLayer<Response> {
    let mut headers = vec![
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
        ),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        // Personal pages are the rule; what may be kept says so itself.
        (header::CACHE_CONTROL, "no-store"),
    ];
    if tls {
        headers.push((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"));
    }
    let headers = headers.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value)).into());
    SetMultipleResponseHeadersLayer::if_not_present(headers.collect())
}

/// Adds the content security policy that the answer does not bring itself.
pub(super) fn set_content_security_policy(
    headers: &mut HeaderMap,
    content: &ContentPolicy,
    nonce: &CspNonce,
) {
    let is_html = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/html"));
    let policy = if is_html {
        page_policy(content, &nonce.0)
    } else {
        "default-src 'none'; frame-ancestors 'none'".into()
    };
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(&policy)
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Lets our own pages show this answer in a frame, as the desk does with documents; a foreign page still cannot.
pub fn let_own_pages_frame(headers: &mut HeaderMap) {
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'self'");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
}

/// The policy of our own pages. `data:` pictures are the icons in the stylesheet, `blob:` the previews.
fn page_policy(content: &ContentPolicy, nonce: &str) -> String {
    // A post of somebody whose session has ended is led on to the identity platform, and Chromium holds
    // form-action against that redirect, too.
    let mut form_action = String::from("form-action 'self'");
    for target in &content.form_targets {
        form_action.push(' ');
        form_action.push_str(target);
    }
    let upgrade = if content.tls { "; upgrade-insecure-requests" } else { "" };
    format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; \
         frame-ancestors 'none'; {form_action}{upgrade}"
    )
}

/// For the `additional_context` of the Leptos routes: gives the pages the nonce that the header names.
pub fn provide_csp_nonce() {
    let nonce = leptos::prelude::use_context::<http::request::Parts>()
        .and_then(|parts| parts.extensions.get::<CspNonce>().map(|nonce| nonce.0.clone()));
    if let Some(nonce) = nonce {
        leptos::prelude::provide_context(leptos::nonce::Nonce::from_value(nonce));
    }
}
