//! What every request passes through, whatever answers it: identity of the request, security headers,
//! protection against foreign sites and floods, and limits of size and time.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use hyper::body::Body as _;
use ipnet::IpNet;
use rand::Rng as _;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tracing::Instrument as _;

use crate::bodies::{self, Fate};
use crate::config::{Config, FloodLimits};
use crate::pages::{Chrome, Way};
use crate::routes::{LARGEST_FILE, LARGEST_FORM};
use crate::supervisor::Lifecycle;

pub(crate) const HOME: Way<'static> = Way { label: "返回首页", href: "/" };

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

/// Set by the socket on a request that HTTP/1.1 forbids: without a `Host`, or with several (RFC 9112, 3.2).
#[derive(Debug, Clone, Copy)]
pub struct WrongHost;

/// Set on the answer to a post that a foreign site made a browser send.
#[derive(Debug, Clone, Copy)]
struct FromForeignSite;

/// Whether a request counts towards a limit.
type Counts = fn(&Method, &str) -> bool;

/// Requests a minute from each address, by kind of request. Counted by each server for itself.
pub struct Floods(Vec<(&'static str, Counts, DefaultKeyedRateLimiter<IpAddr>)>);

impl Floods {
    pub fn new(limits: FloodLimits) -> Self {
        let kinds = floods(limits).into_iter().filter_map(|(name, per_minute, counts)| {
            Some((name, counts, RateLimiter::keyed(Quota::per_minute(per_minute.try_into().ok()?))))
        });
        Self(kinds.collect())
    }

    /// Forgets addresses that have been quiet; called by time, since under a flood of addresses it is long.
    pub fn sweep(&self) {
        for (_, _, limiter) in &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    /// How many addresses are remembered.
    pub fn len(&self) -> usize {
        self.0.iter().map(|(_, _, limiter)| limiter.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Requests at work for each address behind a proxy.
#[derive(Default)]
struct AtWork(Mutex<HashMap<IpAddr, usize>>);

/// One of them, until it is dropped.
struct Working {
    at_work: Arc<AtWork>,
    addr: IpAddr,
}

impl AtWork {
    fn begin(self: &Arc<Self>, addr: IpAddr, most: usize) -> Option<Working> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(addr).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Working { at_work: self.clone(), addr })
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let mut counts = self.at_work.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.addr) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.addr);
            }
        }
    }
}

/// Finds out whose session a request bears, for the log.
pub type WhoAsks = Arc<dyn Fn(HeaderMap) -> BoxFuture<'static, Option<String>> + Send + Sync>;

/// How strict the hull is.
#[derive(Clone)]
pub struct Hardening {
    pub chrome: Chrome,
    /// Scheme, host and port that people type.
    pub public_origin: String,
    /// Foreign origins that a form's answer may lead to: the identity platform.
    pub form_targets: Vec<String>,
    pub tls: bool,
    pub trusted_proxies: Vec<IpNet>,
    pub floods: Arc<Floods>,
    /// The most requests at work for one address behind a trusted proxy.
    pub per_address: usize,
    pub allowance: fn(&Method, &str) -> Allowance,
    pub who_asks: WhoAsks,
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
            floods: Arc::new(Floods::new(config.floods)),
            per_address: config.requests.per_address,
            allowance,
            who_asks: Arc::new(|_: HeaderMap| async { None }.boxed()),
        }
    }
}

fn floods(limits: FloodLimits) -> [(&'static str, u32, Counts); 4] {
    [
        ("sign-in", limits.sign_in, |method, path| {
            path == "/auth/login"
                || path == "/auth/callback"
                || (path == "/idp/authorize" && method == Method::POST)
        }),
        ("look-up", limits.look_up, |_, path| {
            path == "/lookup"
                || path.starts_with("/lookup/")
                || path.starts_with("/r/")
                || path.starts_with("/api/lookup")
                || path.starts_with("/api/public_record")
        }),
        ("upload", limits.upload, is_upload),
        ("form", limits.form, |method, path| {
            method == Method::POST && (path.starts_with("/form/") || path.starts_with("/act/"))
        }),
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
            let mut response = refusal.message(
                StatusCode::FORBIDDEN,
                "请求被拒绝",
                "这个请求来自其他网站，为保护您的账户没有执行。请回到本平台的页面重新操作。",
                &[HOME],
            );
            response.extensions_mut().insert(FromForeignSite);
            response
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
    let hull = Arc::new(Hull { hardening, at_work: Arc::default() });

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

/// `GET /healthz`: 200 when the program and what it needs work, else 503. Requests are answered also while a
/// background task fails, so that is said in words only.
pub fn health(
    ready: impl Fn() -> BoxFuture<'static, bool> + Clone + Send + Sync + 'static,
    lifecycle: Lifecycle,
) -> Router {
    let answer = move || {
        let (ready, lifecycle) = (ready.clone(), lifecycle.clone());
        async move {
            match (ready().await, lifecycle.failing().as_slice()) {
                (true, []) => (StatusCode::OK, "ok".to_owned()),
                (true, tasks) => {
                    (StatusCode::OK, format!("ok, but background tasks fail: {}", tasks.join(", ")))
                }
                (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "not ready".to_owned()),
            }
        }
    };
    Router::new().route("/healthz", get(answer))
}

struct Hull {
    hardening: Hardening,
    at_work: Arc<AtWork>,
}

/// Whether pages and routes have something to say to such a request; what else there is would meet libraries
/// that do not expect it.
fn is_known(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS]
        .contains(method)
}

/// What is answered before anything else looks at a request, and the request's place among those of its
/// address behind a proxy.
fn at_the_gate(hull: &Hull, request: &Request) -> ControlFlow<Response, Option<Working>> {
    let chrome = &hull.hardening.chrome;
    let asked = request.headers();
    if request.extensions().get::<WrongHost>().is_some() {
        let sentence = "请求的格式不正确。";
        return ControlFlow::Break(chrome.answer(
            asked,
            StatusCode::BAD_REQUEST,
            "请求有误",
            sentence,
            &[HOME],
        ));
    }
    if !is_known(request.method()) {
        let sentence = "不支持这种请求方法。";
        return ControlFlow::Break(chrome.answer(
            asked,
            StatusCode::METHOD_NOT_ALLOWED,
            "请求有误",
            sentence,
            &[HOME],
        ));
    }
    let (Some(ConnectInfo(peer)), Some(ClientAddr(addr))) =
        (request.extensions().get::<ConnectInfo<SocketAddr>>(), request.extensions().get::<ClientAddr>())
    else {
        return ControlFlow::Continue(None);
    };
    // Without a proxy the socket counts connections.
    if peer.ip().to_canonical() == *addr {
        return ControlFlow::Continue(None);
    }
    match hull.at_work.begin(flood_key(*addr), hull.hardening.per_address) {
        Some(working) => ControlFlow::Continue(Some(working)),
        None => {
            tracing::warn!(from = %addr, "too many requests at work for one address");
            ControlFlow::Break(too_often(chrome, asked, 5))
        }
    }
}

fn too_often(chrome: &Chrome, asked: &HeaderMap, wait: u64) -> Response {
    let sentence = format!("您的操作过于频繁，请在 {wait} 秒后再试。");
    let ways = [HOME];
    let mut response = chrome.answer(asked, StatusCode::TOO_MANY_REQUESTS, "操作过于频繁", &sentence, &ways);
    response.headers_mut().insert(header::RETRY_AFTER, wait.into());
    response
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
        let from = request.extensions().get::<ClientAddr>().map(|ClientAddr(addr)| addr.to_string());
        let from = from.unwrap_or_else(|| "-".to_owned());
        let response = match at_the_gate(&hull, &request) {
            ControlFlow::Break(response) => response,
            ControlFlow::Continue(_working) => {
                let asked = request.headers().clone();
                let response = next.run(request).await;
                if response.extensions().get::<FromForeignSite>().is_some() {
                    let person = (hull.hardening.who_asks)(asked).await;
                    let person = person.as_deref().unwrap_or("-");
                    tracing::warn!(person, from, "a post from a foreign site was refused");
                }
                response
            }
        };
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
    for (kind, applies, limiter) in &hull.hardening.floods.0 {
        if !applies(request.method(), request.uri().path()) {
            continue;
        }
        if let Err(early) = limiter.check_key(&key) {
            tracing::warn!(kind, from = %addr, "a flood is held back");
            let wait = early.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
            return too_often(&hull.hardening.chrome, request.headers(), wait);
        }
    }
    next.run(request).await
}

/// Limits the size of the body, its least rate, and the time until the answer begins.
async fn bound(State(hull): State<Arc<Hull>>, mut request: Request, next: Next) -> Response {
    let hardening = &hull.hardening;
    let allowance = (hardening.allowance)(request.method(), request.uri().path());
    let announced = request.body().size_hint().lower();
    if usize::try_from(announced).is_ok_and(|length| length > allowance.body) {
        return bodies::too_large(&hardening.chrome, request);
    }
    let (asked, fate) = (request.headers().clone(), Fate::default());
    request.extensions_mut().insert(allowance);
    request.extensions_mut().insert(fate.clone());
    let request = request.map(|body| bodies::watched(body, allowance.body, fate.clone()));
    let response = match tokio::time::timeout(allowance.time, next.run(request)).await {
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
            return response;
        }
    };
    let status = response.status();
    match fate.failure() {
        // Whoever was answering took it for a fault of its own, or of the content.
        Some(failure) if status.is_server_error() || status == StatusCode::BAD_REQUEST => {
            bodies::refusal(&hardening.chrome, &asked, failure)
        }
        Some(_) | None => response,
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
pub(crate) fn flood_key(addr: IpAddr) -> IpAddr {
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
