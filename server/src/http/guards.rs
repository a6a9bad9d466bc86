//! What every request passes through, whatever answers it: a name, security headers, protection against foreign
//! sites and floods, pages for what goes wrong.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, Method, StatusCode, header};
use ipnet::IpNet;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::request_id::PropagateRequestIdLayer;
use tower_http::set_header::SetRequestHeaderLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;
use tracing::field::Empty;

use super::client_addr::{ClientAddr, client_addr, network_key};
use super::in_flight::{InFlight, InFlightRequest};
use super::page_template::{HOME, PageTemplate};
use super::problem::told_to_programs;
use super::rate_limit::RateLimiters;
use super::request_id::{REQUEST_ID, in_request, is_from, new_id, own_id};
use super::route_name::route_name;
use super::security_headers::{
    ContentPolicy, CspNonce, headers_of_every_answer, set_content_security_policy,
};
use crate::config::Config;
use crate::random::random_letters;
use crate::watch::RequestMeter;
use crate::watch::otlp::TRACE_PARENT;

/// Set by the socket on a request that HTTP/1.1 forbids: without a `Host`, or with several (RFC 9112, 3.2).
#[derive(Debug, Clone, Copy)]
pub struct WrongHost;

/// Set on the answer to a post that a foreign site made a browser send.
#[derive(Debug, Clone, Copy)]
struct FromForeignSite;

/// Finds out whose session a request bears, for the log.
pub type IdentifyPerson = Arc<dyn Fn(HeaderMap) -> BoxFuture<'static, Option<String>> + Send + Sync>;

/// How strict the guards are.
#[derive(Clone)]
pub struct GuardSettings {
    pub template: PageTemplate,
    /// Scheme, host and port that people type.
    pub public_origin: String,
    pub content: ContentPolicy,
    pub trusted_proxies: Vec<IpNet>,
    pub rate_limits: Arc<RateLimiters>,
    /// The most requests at work for one address behind a trusted proxy.
    pub per_address: usize,
    pub identify_person: IdentifyPerson,
    /// Counts requests, where somebody wants to know.
    pub requests: Option<RequestMeter>,
}

impl GuardSettings {
    /// As the configuration has it; `issuer` is the identity platform in use.
    pub fn new(config: &Config, template: PageTemplate, issuer: &str) -> Self {
        // The embedded provider's too: in development people also come by another name of this machine.
        let form_targets =
            url::Url::parse(issuer).map(|issuer| issuer.origin().ascii_serialization()).into_iter().collect();
        Self {
            template,
            public_origin: config.public_origin(),
            content: ContentPolicy { form_targets, tls: config.tls },
            trusted_proxies: config.trusted_proxies.clone(),
            rate_limits: Arc::new(RateLimiters::new(config.rate_limits)),
            per_address: config.requests.per_address,
            identify_person: Arc::new(|_: HeaderMap| async { None }.boxed()),
            requests: None,
        }
    }
}

struct HttpGuards {
    settings: GuardSettings,
    in_flight: Arc<InFlight>,
}

/// Puts the guards around all routes. Call it once, last.
///
/// # Panics
/// At start, when the public origin is not one a browser could send.
pub fn with_guards(router: Router, settings: GuardSettings) -> Router {
    let template = settings.template.clone();
    let csrf = csrf(&settings).with_rejection_response(move |_| from_foreign_site(&template));
    let template = settings.template.clone();
    let catch_panic = CatchPanicLayer::custom(move |_: Box<dyn std::any::Any + Send>| {
        template
            .message(
                StatusCode::INTERNAL_SERVER_ERROR,
                "系统出错",
                "处理您的请求时出错，请稍后再试。您保存过的内容没有丢失。",
                &[HOME],
            )
            .map(axum::body::Body::new)
    });
    let headers = headers_of_every_answer(settings.content.tls);
    // Whatever a stranger calls it, the log and the pages use our name, or that of a proxy we trust.
    let (proxies, tracers) = (settings.trusted_proxies.clone(), settings.trusted_proxies.clone());
    let name_request = SetRequestHeaderLayer::overriding(REQUEST_ID, move |request: &Request| {
        own_id(request, &proxies).or_else(new_id)
    });
    let measure = middleware::from_fn_with_state(settings.requests.clone(), measure);
    let trace = TraceLayer::new_for_http()
        .make_span_with(move |request: &Request| span_of(request, &tracers))
        .on_request(())
        .on_response(log_answer)
        .on_body_chunk(())
        .on_eos(())
        .on_failure(());
    let guards = Arc::new(HttpGuards { settings, in_flight: Arc::default() });

    // The last layer is the outermost.
    router
        .layer(csrf)
        .layer(middleware::from_fn_with_state(guards.clone(), limit_rate))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(catch_panic)
        .layer(middleware::from_fn_with_state(guards.clone(), admit))
        .layer(middleware::from_fn(told_to_programs))
        .layer(middleware::from_fn_with_state(guards, identify))
        .layer(middleware::from_fn(in_request))
        .layer(trace)
        .layer(measure)
        .layer(headers)
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(name_request)
}

/// Refuses the posts of foreign sites.
#[allow(clippy::expect_used)]
fn csrf(settings: &GuardSettings) -> CsrfLayer {
    CsrfLayer::new()
        // A proxy may have rewritten Host, so the own origin is named.
        .add_trusted_origin(&settings.public_origin)
        .expect("public_url was checked")
        // Called by servers, with a client secret and without cookies.
        .with_insecure_bypass(|_, uri| uri.path() == "/idp/token")
}

fn from_foreign_site(template: &PageTemplate) -> Response {
    let mut response = template.message(
        StatusCode::FORBIDDEN,
        "请求被拒绝",
        "这个请求来自其他网站，为保护您的账户没有执行。请回到本平台的页面重新操作。",
        &[HOME],
    );
    response.extensions_mut().insert(FromForeignSite);
    response
}

/// What is logged of a request. The route's pattern, not the address: queries and references are personal data. Which
/// trace it belongs to stands there where a trusted proxy says so.
fn span_of(request: &Request, proxies: &[IpNet]) -> Span {
    let headers = request.headers();
    let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or("-");
    let trace = headers.get(TRACE_PARENT).and_then(|trace| trace.to_str().ok());
    let trace = trace.filter(|_| is_from(request, proxies));
    tracing::info_span!("request", %id, method = %request.method(), route = route_name(request), traceparent = trace, status = Empty)
}

fn log_answer<B>(response: &http::Response<B>, took: Duration, span: &Span) {
    let status = response.status().as_u16();
    span.record("status", status);
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(status, milliseconds, "answered");
}

/// Counts and times the request, where that is wanted.
async fn measure(State(meter): State<Option<RequestMeter>>, request: Request, next: Next) -> Response {
    let Some(meter) = meter else { return next.run(request).await };
    let in_flight = meter.begin(request.method(), route_name(&request));
    let response = next.run(request).await;
    in_flight.answered(response.status());
    response
}

/// Finds out from where the request comes, and gives the answer its nonce.
async fn identify(State(guards): State<Arc<HttpGuards>>, mut request: Request, next: Next) -> Response {
    let settings = &guards.settings;
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    if let Some(peer) = peer {
        let addr = client_addr(peer, request.headers(), &settings.trusted_proxies);
        request.extensions_mut().insert(ClientAddr(addr));
    }
    let nonce = CspNonce(random_letters::<18>().into());
    request.extensions_mut().insert(nonce.clone());
    let mut response = next.run(request).await;
    set_content_security_policy(response.headers_mut(), &settings.content, &nonce);
    response
}

/// Refuses what nothing behind it expects, and keeps the request's place among those of its address.
async fn admit(State(guards): State<Arc<HttpGuards>>, request: Request, next: Next) -> Response {
    let from = request.extensions().get::<ClientAddr>().map(|ClientAddr(addr)| addr.to_string());
    let _in_flight = match place_of(&guards, &request) {
        ControlFlow::Break(response) => return response,
        ControlFlow::Continue(in_flight) => in_flight,
    };
    let asked = request.headers().clone();
    let response = next.run(request).await;
    if response.extensions().get::<FromForeignSite>().is_some() {
        let person = (guards.settings.identify_person)(asked).await;
        let person = person.as_deref().unwrap_or("-");
        let from = from.as_deref().unwrap_or("-");
        tracing::warn!(person, from, "a post from a foreign site was refused");
    }
    response
}

/// Whether pages and routes have something to say to such a request; what else there is would meet libraries
/// that do not expect it.
fn is_supported(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS]
        .contains(method)
}

/// The request's place among those of its address behind a proxy, or the answer to one that is not let in.
fn place_of(guards: &HttpGuards, request: &Request) -> ControlFlow<Response, Option<InFlightRequest>> {
    let template = &guards.settings.template;
    let asked = request.headers();
    let refuse =
        |status, sentence| ControlFlow::Break(template.answer(asked, status, "请求有误", sentence, &[HOME]));
    if request.extensions().get::<WrongHost>().is_some() {
        return refuse(StatusCode::BAD_REQUEST, "请求的格式不正确。");
    }
    if !is_supported(request.method()) {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "不支持这种请求方法。");
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
    match guards.in_flight.begin(network_key(*addr), guards.settings.per_address) {
        Some(place) => ControlFlow::Continue(Some(place)),
        None => {
            tracing::warn!(from = %addr, "too many requests at work for one address");
            ControlFlow::Break(too_often(template, asked, 5))
        }
    }
}

async fn limit_rate(State(guards): State<Arc<HttpGuards>>, request: Request, next: Next) -> Response {
    let Some(ClientAddr(addr)) = request.extensions().get::<ClientAddr>().copied() else {
        return next.run(request).await;
    };
    match guards.settings.rate_limits.check(addr, request.method(), request.uri().path()) {
        Ok(()) => next.run(request).await,
        Err((kind, wait)) => {
            tracing::warn!(kind, from = %addr, "a flood is held back");
            too_often(&guards.settings.template, request.headers(), wait)
        }
    }
}

fn too_often(template: &PageTemplate, asked: &HeaderMap, wait: u64) -> Response {
    let sentence = format!("您的操作过于频繁，请在 {wait} 秒后再试。");
    let links = [HOME];
    let mut response =
        template.answer(asked, StatusCode::TOO_MANY_REQUESTS, "操作过于频繁", &sentence, &links);
    response.headers_mut().insert(header::RETRY_AFTER, wait.into());
    response
}
