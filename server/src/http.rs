//! What every request passes through, whatever answers it: identity of the request, security headers,
//! protection against foreign sites and floods, and limits of size and time.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::BoxFuture;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::Limited;
use ipnet::IpNet;
use rand::Rng as _;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tracing::Instrument as _;

use crate::config::{Config, FloodLimits};
use crate::pages::{Chrome, Way};
use crate::routes::{LARGEST_FILE, LARGEST_FORM};

const HOME: Way<'static> = Way { label: "返回首页", href: "/" };

/// The nonce of this response's content security policy; the pages put it on their scripts.
#[derive(Debug, Clone)]
pub struct CspNonce(pub Arc<str>);

/// What the request is called in the log, and what a person can quote.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

/// Who asks, as far as the connection and the trusted proxies tell. Absent in in-process tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddr(pub IpAddr);

/// How much and how long a kind of request may be.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    pub body: usize,
    pub time: Duration,
}

/// Requests that share one limit for each address.
#[derive(Debug, Clone, Copy)]
pub struct Flood {
    pub per_minute: u32,
    pub applies: fn(&Method, &str) -> bool,
}

/// How strict the hull is.
#[derive(Debug, Clone)]
pub struct Hardening {
    pub chrome: Chrome,
    /// Scheme, host and port that people type.
    pub public_origin: String,
    /// Foreign origins that a form's answer may lead to: the identity platform.
    pub form_targets: Vec<String>,
    pub tls: bool,
    pub trusted_proxies: Vec<IpNet>,
    pub floods: Vec<Flood>,
    pub allowance: fn(&Method, &str) -> Allowance,
}

impl Hardening {
    /// As the configuration has it; `issuer` is the identity platform in use.
    pub fn new(config: &Config, chrome: Chrome, issuer: &str) -> Self {
        // The embedded provider's too: in development people also come by another name of this machine.
        let form_targets =
            url::Url::parse(issuer).map(|issuer| issuer.origin().ascii_serialization()).into_iter().collect();
        Self {
            chrome,
            public_origin: config.public_origin(),
            form_targets,
            tls: config.tls,
            trusted_proxies: config.trusted_proxies.clone(),
            floods: floods(config.floods),
            allowance,
        }
    }
}

fn floods(limits: FloodLimits) -> Vec<Flood> {
    vec![
        Flood {
            per_minute: limits.sign_in,
            applies: |method, path| {
                path == "/auth/login"
                    || path == "/auth/callback"
                    || (path == "/idp/authorize" && method == Method::POST)
            },
        },
        Flood {
            per_minute: limits.look_up,
            applies: |_, path| {
                path == "/lookup"
                    || path.starts_with("/lookup/")
                    || path.starts_with("/r/")
                    || path.starts_with("/api/lookup")
                    || path.starts_with("/api/public_record")
            },
        },
        Flood { per_minute: limits.upload, applies: is_upload },
    ]
}

/// A step of a form, which brings its files along where there are no scripts.
fn is_upload(method: &Method, path: &str) -> bool {
    method == Method::POST && path == "/files"
}

/// What brings the attachment of an identity check along (R22).
fn has_attachment(method: &Method, path: &str) -> bool {
    method == Method::POST && ["/act/cancel", "/act/transfer", "/act/send-code"].contains(&path)
}

/// Pictures come over slow lines: one at a time, or without scripts with the whole step they belong to.
fn allowance(method: &Method, path: &str) -> Allowance {
    if is_upload(method, path) || has_attachment(method, path) {
        Allowance { body: LARGEST_FILE, time: Duration::from_secs(180) }
    } else if method == Method::POST && path.starts_with("/form/") {
        Allowance { body: LARGEST_FORM, time: Duration::from_secs(300) }
    } else {
        Allowance { body: 1024 * 1024, time: Duration::from_secs(30) }
    }
}

/// Puts the hull around all routes. Call it once, last.
///
/// # Panics
/// At start, when the public origin is not one a browser could send.
#[allow(clippy::expect_used)]
pub fn harden(router: Router, hardening: Hardening) -> Router {
    let refusal = hardening.chrome.clone();
    let csrf = CsrfLayer::new()
        // A proxy may have rewritten Host, so the own origin is named.
        .add_trusted_origin(&hardening.public_origin)
        .expect("public_url was checked")
        // Called by servers, with a client secret and without cookies.
        .with_insecure_bypass(|_, uri| uri.path() == "/idp/token")
        .with_rejection_response(move |_| {
            refusal.message(
                StatusCode::FORBIDDEN,
                "请求被拒绝",
                "这个请求来自其他网站，为保护您的账户没有执行。请回到本平台的页面重新操作。",
                &[HOME],
            )
        });
    let broken = hardening.chrome.clone();
    let catch_panic = CatchPanicLayer::custom(move |_: Box<dyn std::any::Any + Send>| {
        broken
            .message(
                StatusCode::INTERNAL_SERVER_ERROR,
                "系统出错",
                "处理您的请求时出错，请稍后再试。您保存过的内容没有丢失。",
                &[HOME],
            )
            .map(axum::body::Body::new)
    });
    let floods = hardening
        .floods
        .iter()
        .filter_map(|flood| {
            let quota = Quota::per_minute(flood.per_minute.try_into().ok()?);
            Some((flood.applies, RateLimiter::keyed(quota)))
        })
        .collect();
    let hull = Arc::new(Hull { hardening, floods });

    // The last layer is the outermost.
    router
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(hull.clone(), bound))
        .layer(csrf)
        .layer(middleware::from_fn_with_state(hull.clone(), hold_back_floods))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(catch_panic)
        .layer(middleware::from_fn_with_state(hull, identify_and_protect))
}

/// `GET /healthz`: 200 when the program and what it needs work, else 503.
pub fn health(ready: impl Fn() -> BoxFuture<'static, bool> + Clone + Send + Sync + 'static) -> Router {
    let answer = move || {
        let ready = ready.clone();
        async move {
            if ready().await {
                (StatusCode::OK, "ok")
            } else {
                (StatusCode::SERVICE_UNAVAILABLE, "not ready")
            }
        }
    };
    Router::new().route("/healthz", get(answer))
}

/// Whether a request counts towards a limit.
type Counts = fn(&Method, &str) -> bool;

struct Hull {
    hardening: Hardening,
    floods: Vec<(Counts, DefaultKeyedRateLimiter<IpAddr>)>,
}

/// Outermost: names the request, finds out who asks, and dresses whatever answer comes back.
async fn identify_and_protect(State(hull): State<Arc<Hull>>, mut request: Request, next: Next) -> Response {
    let request_id: Arc<str> = random_letters::<9>().into();
    let nonce: Arc<str> = random_letters::<18>().into();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    if let Some(peer) = peer {
        let addr = client_addr(peer, request.headers(), &hull.hardening.trusted_proxies);
        request.extensions_mut().insert(ClientAddr(addr));
    }
    // Whatever a stranger calls it, the log and the pages use our name.
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        request.headers_mut().insert("x-request-id", value);
    }
    request.extensions_mut().insert(RequestId(request_id.clone()));
    request.extensions_mut().insert(CspNonce(nonce.clone()));

    // The pattern, not the address: queries and references are personal data.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.as_deref().unwrap_or("(none)");
    let span = tracing::info_span!("request", id = %request_id, method = %request.method(), route);
    let began = tokio::time::Instant::now();
    let mut response = async {
        let response = next.run(request).await;
        tracing::info!(
            status = response.status().as_u16(),
            milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
        response
    }
    .instrument(span)
    .await;
    dress(response.headers_mut(), &hull.hardening, &nonce, &request_id);
    response
}

/// Adds the security headers that the answer does not bring itself.
fn dress(headers: &mut HeaderMap, hardening: &Hardening, nonce: &str, request_id: &str) {
    let mut add = |name: HeaderName, value: &str| {
        if !headers.contains_key(&name)
            && let Ok(value) = HeaderValue::from_str(value)
        {
            headers.insert(name, value);
        }
    };
    add(HeaderName::from_static("x-request-id"), request_id);
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::X_FRAME_OPTIONS, "DENY");
    add(header::REFERRER_POLICY, "same-origin");
    add(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    );
    add(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    add(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    // Personal pages are the rule; what may be kept says so itself.
    add(header::CACHE_CONTROL, "no-store");
    if hardening.tls {
        add(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    let is_html = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/html"));
    let policy = if is_html {
        page_policy(hardening, nonce)
    } else {
        "default-src 'none'; frame-ancestors 'none'".into()
    };
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(&policy)
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// The policy of our own pages. `data:` pictures are the icons in the stylesheet, `blob:` the previews.
fn page_policy(hardening: &Hardening, nonce: &str) -> String {
    // A post of somebody whose session has ended is led on to the identity platform, and Chromium holds
    // form-action against that redirect, too.
    let mut form_action = String::from("form-action 'self'");
    for target in &hardening.form_targets {
        form_action.push(' ');
        form_action.push_str(target);
    }
    let upgrade = if hardening.tls { "; upgrade-insecure-requests" } else { "" };
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

async fn hold_back_floods(State(hull): State<Arc<Hull>>, request: Request, next: Next) -> Response {
    let Some(ClientAddr(addr)) = request.extensions().get::<ClientAddr>().copied() else {
        return next.run(request).await;
    };
    let key = flood_key(addr);
    for (applies, limiter) in &hull.floods {
        if !applies(request.method(), request.uri().path()) {
            continue;
        }
        // Addresses that have been quiet are forgotten.
        if limiter.len() > 10_000 {
            limiter.retain_recent();
        }
        if let Err(early) = limiter.check_key(&key) {
            let wait = early.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
            let mut response = hull.hardening.chrome.answer(
                request.headers(),
                StatusCode::TOO_MANY_REQUESTS,
                "操作过于频繁",
                &format!("您的操作过于频繁，请在 {wait} 秒后再试。"),
                &[HOME],
            );
            response.headers_mut().insert(header::RETRY_AFTER, wait.into());
            return response;
        }
    }
    next.run(request).await
}

/// Limits the size of the body and the time until the answer begins.
async fn bound(State(hull): State<Arc<Hull>>, request: Request, next: Next) -> Response {
    let hardening = &hull.hardening;
    let allowance = (hardening.allowance)(request.method(), request.uri().path());
    let asked = request.headers().clone();
    let announced = asked
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > allowance.body) {
        let mut response = hardening.chrome.answer(
            &asked,
            StatusCode::PAYLOAD_TOO_LARGE,
            "提交的内容过大",
            "提交的内容超过了允许的大小，请减少内容或换用较小的文件后再试。",
            &[HOME],
        );
        // The rest of the body is not going to be read.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    let request = request.map(|body| Body::new(Limited::new(body, allowance.body)));
    match tokio::time::timeout(allowance.time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!("the request took too long");
            let mut response = hardening.chrome.answer(
                &asked,
                StatusCode::SERVICE_UNAVAILABLE,
                "处理超时",
                "处理您的请求用时过长，请稍后再试。您保存过的内容没有丢失。",
                &[HOME],
            );
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            response.into_response()
        }
    }
}

/// The nearest address that is not one of our proxies. What a stranger writes into the header is not
/// believed.
fn client_addr(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |addr: &IpAddr| trusted.iter().any(|network| network.contains(addr));
    let peer = peer.to_canonical();
    if !is_trusted(&peer) {
        return peer;
    }
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut nearest = peer;
    for hop in forwarded.iter().rev() {
        let Ok(addr) = hop.trim().parse::<IpAddr>() else { break };
        nearest = addr.to_canonical();
        if !is_trusted(&nearest) {
            break;
        }
    }
    nearest
}

/// One household or company has a whole /64 of IPv6.
fn flood_key(addr: IpAddr) -> IpAddr {
    match addr {
        IpAddr::V4(_) => addr,
        IpAddr::V6(addr) => Ipv6Addr::from_bits(addr.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

fn random_letters<const BYTES: usize>() -> String {
    let mut bytes = [0u8; BYTES];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed_about_who_asks() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let asks = |peer: &str, forwarded: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            client_addr(peer.parse().unwrap(), &headers, &trusted).to_string()
        };
        assert_eq!(asks("203.0.113.9", &["198.51.100.1"]), "203.0.113.9", "a stranger's header");
        assert_eq!(asks("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(asks("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(asks("10.0.0.1", &["1.1.1.1", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(asks("10.0.0.1", &["1.1.1.1, nonsense"]), "10.0.0.1");
        assert_eq!(asks("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(asks("::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
    }

    #[test]
    fn an_ipv6_household_counts_as_one() {
        let key = |addr: &str| flood_key(addr.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("203.0.113.9"), key("203.0.113.8"));
    }
}
