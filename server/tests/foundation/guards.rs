//! What every request passes through, in process, and the listening socket by hand.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Extension};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::FutureExt as _;
use server::config::RateLimits;
use server::http::client_addr::ClientAddr;
use server::http::guards::{GuardSettings, with_guards};
use server::http::health::health;
use server::http::request_limit::{RequestLimit, limit_requests};
use server::http::security_headers::{CspNonce, provide_csp_nonce};
use server::listener::{ConnectionLimits, serve};
use server::supervisor::Lifecycle;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use crate::stage::{config, template};

const ISSUER: &str = "https://id.example.cn/oidc";

fn settings(environment: &[(&str, &str)], rate_limits: RateLimits) -> GuardSettings {
    let directory = tempfile::tempdir().unwrap();
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let mut config = config(&environment, directory.path());
    config.rate_limits = rate_limits;
    GuardSettings::new(&config, template(), ISSUER)
}

const CALM: RateLimits = RateLimits { sign_in: 1000, look_up: 1000, upload: 1000, form: 1000 };

/// Each under the limit of its kind, as the program's own routes are.
fn routes() -> Router {
    let usual = Router::new()
        .route("/page", get(|Extension(nonce): Extension<CspNonce>| async move { Html(nonce.0.to_string()) }))
        .route("/json", get(|| async { Json(1) }))
        .route("/own", get(|| async { ([(header::CACHE_CONTROL, "public, max-age=60")], "badge") }))
        .route("/panic", get(|| async { panic!("on purpose") as &str }))
        .route("/forever", get(std::future::pending::<&str>))
        .route("/write", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/lookup", get(|| async { "found" }))
        .route("/who", get(|who: Option<Extension<ClientAddr>>| async move { format!("{who:?}") }))
        .route("/idp/token", post(|| async { "token" }))
        .merge(health(|| async { true }.boxed(), Lifecycle::default()));
    let length = || post(|body: Bytes| async move { body.len().to_string() });
    let file = Router::new().route("/files", length());
    let form = Router::new().route("/form/{business}/{action}/{step}", length());
    [(usual, RequestLimit::USUAL), (file, RequestLimit::FILE), (form, RequestLimit::FORM)]
        .into_iter()
        .fold(Router::new(), |all, (routes, limit)| all.merge(limit_requests(routes, limit, &template())))
}

fn guards() -> Router {
    with_guards(routes(), settings(&[], CALM))
}

fn asks(method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("{name} is missing")).to_str().unwrap()
}

#[tokio::test]
async fn every_answer_bears_the_security_headers() {
    let guards = guards();
    for (method, path, status) in [
        (Method::GET, "/page", StatusCode::OK),
        (Method::GET, "/json", StatusCode::OK),
        (Method::GET, "/nowhere", StatusCode::NOT_FOUND),
        (Method::GET, "/panic", StatusCode::INTERNAL_SERVER_ERROR),
        (Method::DELETE, "/page", StatusCode::METHOD_NOT_ALLOWED),
        (Method::GET, "/healthz", StatusCode::OK),
    ] {
        let response = guards.clone().oneshot(asks(method, path, &[])).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let headers = response.headers();
        assert_eq!(value(headers, "x-content-type-options"), "nosniff");
        assert_eq!(value(headers, "referrer-policy"), "same-origin");
        assert_eq!(value(headers, "x-frame-options"), "DENY");
        assert_eq!(value(headers, "cache-control"), "no-store");
        assert_eq!(value(headers, "cross-origin-opener-policy"), "same-origin");
        assert!(value(headers, "permissions-policy").contains("camera=()"));
        assert!(value(headers, "content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(value(headers, "x-request-id").len() >= 12);
        assert!(!headers.contains_key("strict-transport-security"), "no TLS, no HSTS");
    }
    let response = guards.oneshot(asks(Method::GET, "/own", &[])).await.unwrap();
    assert_eq!(
        value(response.headers(), "cache-control"),
        "public, max-age=60",
        "who says otherwise is heard"
    );
}

#[tokio::test]
async fn pages_get_a_strict_policy_with_a_nonce_of_their_own() {
    let guards = guards();
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let response = guards.clone().oneshot(asks(Method::GET, "/page", &[])).await.unwrap();
        let policy = value(response.headers(), "content-security-policy").to_owned();
        let nonce = text(response).await;
        for part in [
            &format!("script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'"),
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self' https://id.example.cn",
        ] {
            assert!(policy.contains(part), "{part}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
    assert!(nonces[0].len() >= 22);
}

#[tokio::test]
async fn the_pages_of_leptos_bear_the_nonce_of_the_header() {
    use leptos::prelude::*;
    // Lists no routes, but starts the executor that rendering wants.
    let _ = leptos_axum::generate_route_list(|| ());
    let app = leptos_axum::render_app_async_with_context(provide_csp_nonce, || {
        view! { <script nonce=leptos::nonce::use_nonce()>"1"</script> }
    });
    let router = with_guards(Router::new().route("/", get(app)), settings(&[], CALM));
    let response = router.oneshot(asks(Method::GET, "/", &[])).await.unwrap();
    let policy = value(response.headers(), "content-security-policy").to_owned();
    let page = text(response).await;
    let nonce = page.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(policy.contains(&format!("'nonce-{nonce}'")), "{policy} {page}");
}

#[tokio::test]
async fn where_tls_is_on_browsers_are_told_to_keep_to_it() {
    let directory = tempfile::tempdir().unwrap();
    let environment = [("BEIAN_PUBLIC_URL", "https://beian.example.cn"), ("BEIAN_MODE", "development")];
    let mut config = config(&environment.map(|(name, value)| (name, value.to_owned())), directory.path());
    config.rate_limits = CALM;
    let router = with_guards(routes(), GuardSettings::new(&config, template(), ISSUER));
    let response = router.oneshot(asks(Method::GET, "/page", &[])).await.unwrap();
    assert!(value(response.headers(), "strict-transport-security").contains("max-age=31536000"));
    assert!(value(response.headers(), "content-security-policy").contains("upgrade-insecure-requests"));
}

#[tokio::test]
async fn what_a_foreign_site_makes_a_browser_send_is_refused() {
    let guards = guards();
    let cases: [(&[(&str, &str)], StatusCode); 9] = [
        (&[("origin", "https://evil.example"), ("host", "127.0.0.1:3000")], StatusCode::FORBIDDEN),
        (&[("origin", "null"), ("host", "127.0.0.1:3000")], StatusCode::FORBIDDEN),
        (&[("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
        (&[("sec-fetch-site", "same-site")], StatusCode::FORBIDDEN),
        (&[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")], StatusCode::FORBIDDEN),
        (&[("sec-fetch-site", "same-origin")], StatusCode::OK),
        (&[("sec-fetch-site", "none")], StatusCode::OK),
        // A proxy has rewritten Host; the public origin is known.
        (&[("origin", "http://127.0.0.1:3000"), ("host", "backend:8080")], StatusCode::OK),
        (&[], StatusCode::OK),
    ];
    for (headers, status) in cases {
        let response = guards.clone().oneshot(asks(Method::POST, "/write", headers)).await.unwrap();
        assert_eq!(response.status(), status, "{headers:?}");
        if status == StatusCode::FORBIDDEN {
            assert_eq!(value(response.headers(), "x-content-type-options"), "nosniff");
            assert!(text(response).await.contains("来自其他网站"));
        }
    }
    let foreign = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    let response = guards.clone().oneshot(asks(Method::GET, "/page", &foreign)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "a link from elsewhere works");
    let response = guards.oneshot(asks(Method::POST, "/idp/token", &foreign)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "servers authenticate there, not browsers");
}

#[tokio::test]
async fn a_panic_becomes_a_page_that_says_nothing_of_its_cause() {
    let response = guards().oneshot(asks(Method::GET, "/panic", &[])).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let page = text(response).await;
    assert!(page.contains("系统出错") && !page.contains("on purpose"), "{page}");
}

#[tokio::test]
async fn bodies_are_bounded_and_files_have_a_bound_of_their_own() {
    const MEGABYTE: usize = 1024 * 1024;
    let guards = guards();
    for (path, size, streamed, status) in [
        ("/write", MEGABYTE, false, StatusCode::OK),
        ("/write", MEGABYTE + 1, false, StatusCode::PAYLOAD_TOO_LARGE),
        ("/write", MEGABYTE + 1, true, StatusCode::PAYLOAD_TOO_LARGE),
        ("/files", 5 * MEGABYTE + 4096, false, StatusCode::OK),
        ("/files", 6 * MEGABYTE + 1, false, StatusCode::PAYLOAD_TOO_LARGE),
        ("/files", 6 * MEGABYTE + 1, true, StatusCode::PAYLOAD_TOO_LARGE),
        ("/form/website/new/2", 20 * MEGABYTE, false, StatusCode::OK),
        ("/form/website/new/2", 32 * MEGABYTE + 1, true, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let bytes = vec![b'a'; size];
        let body = if streamed {
            let chunks: Vec<_> =
                bytes.chunks(64 * 1024).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect();
            Body::from_stream(futures::stream::iter(chunks))
        } else {
            Body::from(bytes)
        };
        let mut request = Request::post(path);
        if !streamed {
            request = request.header("content-length", size);
        }
        let response = guards.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{path} {size} {streamed}");
        if status == StatusCode::OK {
            assert_eq!(text(response).await, size.to_string());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_given_up_after_thirty_seconds() {
    let began = tokio::time::Instant::now();
    let response = guards().oneshot(asks(Method::GET, "/forever", &[("accept", "text/html")])).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(began.elapsed().as_secs(), 30);
    assert!(text(response).await.contains("用时过长"));
}

fn from(addr: &str, mut request: Request<Body>) -> Request<Body> {
    let addr: SocketAddr = addr.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(addr));
    request
}

#[tokio::test]
async fn a_flood_from_one_address_is_asked_to_wait_and_others_are_not() {
    let rate_limits = RateLimits { sign_in: 3, look_up: 3, upload: 3, form: 3 };
    let guards = with_guards(routes(), settings(&[], rate_limits));
    let page = [("accept", "text/html")];
    for (method, path) in [
        (Method::GET, "/lookup"),
        (Method::POST, "/files"),
        (Method::GET, "/auth/login"),
        (Method::POST, "/form/website/new/site"),
    ] {
        for _ in 0..3 {
            let request = from("203.0.113.9:4000", asks(method.clone(), path, &page));
            assert_ne!(
                guards.clone().oneshot(request).await.unwrap().status(),
                StatusCode::TOO_MANY_REQUESTS
            );
        }
        let request = from("203.0.113.9:5000", asks(method.clone(), path, &page));
        let response = guards.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
        let wait: u64 = value(response.headers(), "retry-after").parse().unwrap();
        assert!((1..=21).contains(&wait), "{wait}");
        assert!(text(response).await.contains("操作过于频繁"));

        let request = from("203.0.113.8:4000", asks(method.clone(), path, &page));
        assert_ne!(guards.clone().oneshot(request).await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    }
    let request = from("203.0.113.9:4000", asks(Method::GET, "/page", &[]));
    assert_eq!(guards.clone().oneshot(request).await.unwrap().status(), StatusCode::OK, "reading goes on");
    let script = from("203.0.113.9:4000", asks(Method::GET, "/lookup", &[("accept", "application/json")]));
    let response = guards.oneshot(script).await.unwrap();
    assert!(value(response.headers(), "content-type").starts_with("application/json"));
    let said: app::api::ApiError = serde_json::from_str(&text(response).await).unwrap();
    assert!(said.sentence().contains("操作过于频繁"), "as a server function says it: {said}");
}

#[tokio::test]
async fn who_asks_is_told_by_trusted_proxies_only() {
    let guards = with_guards(routes(), settings(&[("BEIAN_TRUSTED_PROXIES", "10.0.0.0/8")], CALM));
    let who = |peer: &'static str| {
        let guards = guards.clone();
        async move {
            let request = from(peer, asks(Method::GET, "/who", &[("x-forwarded-for", "198.51.100.1")]));
            text(guards.oneshot(request).await.unwrap()).await
        }
    };
    assert!(who("10.0.0.1:1").await.contains("198.51.100.1"));
    assert!(who("203.0.113.9:1").await.contains("203.0.113.9"));
}

#[tokio::test]
async fn the_health_page_tells_whether_the_server_can_work() {
    let works = Arc::new(Mutex::new(true));
    let asked = works.clone();
    let ready = move || {
        let works = *asked.lock().unwrap();
        async move { works }.boxed()
    };
    let router = health(ready, Lifecycle::default());
    let ask = || router.clone().oneshot(asks(Method::GET, "/healthz", &[]));
    assert_eq!(ask().await.unwrap().status(), StatusCode::OK);
    *works.lock().unwrap() = false;
    assert_eq!(ask().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn pages_are_compressed_for_whoever_can_read_it() {
    let router = with_guards(
        Router::new().route("/", get(|| async { Html("查询".repeat(2000)) })),
        settings(&[], CALM),
    );
    let response = router.oneshot(asks(Method::GET, "/", &[("accept-encoding", "gzip, br")])).await.unwrap();
    assert_eq!(value(response.headers(), "content-encoding"), "br");
}

/// A server on a socket, with short limits.
async fn listening(
    router: Router,
    end: impl Future<Output = ()> + Send + 'static,
) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let limits = ConnectionLimits {
        head: Duration::from_millis(300),
        shutdown_grace: Duration::from_secs(5),
        ..ConnectionLimits::default()
    };
    (addr, tokio::spawn(serve(listener, router, limits, end)))
}

async fn rest_of(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
    let _ = read.expect("the connection is closed");
    String::from_utf8_lossy(&rest).into_owned()
}

#[tokio::test]
async fn slow_silent_and_idle_connections_are_cut() {
    let (addr, _server) = listening(routes(), std::future::pending()).await;
    for beginning in ["", "G", "PRI * HTTP/2.0\r\n", "GET /json HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let rest = rest_of(&mut stream).await;
        assert!(!rest.contains("200 OK"), "{beginning:?}: {rest}");
    }
    // A whole request, and then nothing more.
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(b"GET /json HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(rest_of(&mut stream).await.contains("200 OK"));
}

#[tokio::test]
async fn dribbling_a_head_gains_no_time() {
    let (addr, _server) = listening(routes(), std::future::pending()).await;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(b"GET /json HTTP/1.1\r\nhost: a\r\n").await.unwrap();
    let began = tokio::time::Instant::now();
    let mut every = tokio::time::interval(Duration::from_millis(50));
    while began.elapsed() < Duration::from_secs(5) {
        every.tick().await;
        if stream.write_all(b"x-a: b\r\n").await.is_err() {
            break;
        }
    }
    assert!(began.elapsed() < Duration::from_secs(5), "the connection was cut while it dribbled");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let (addr, _server) = listening(routes(), std::future::pending()).await;
    for head in [
        format!("GET /json HTTP/1.1\r\nhost: a\r\n{}\r\n", "x-a: b\r\n".repeat(101)),
        format!("GET /json HTTP/1.1\r\nhost: a\r\nx-a: {}\r\n\r\n", "b".repeat(1024 * 1024)),
    ] {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let _ = stream.write_all(head.as_bytes()).await;
        let rest = rest_of(&mut stream).await;
        assert!(!rest.contains("200 OK"), "{rest}");
    }
}

#[tokio::test]
async fn at_the_end_running_requests_are_finished_and_no_new_ones_begin() {
    let (started, mut has_started) = tokio::sync::mpsc::channel::<()>(1);
    let (go_on, may_go_on) = tokio::sync::watch::channel(false);
    let answered = Arc::new(AtomicUsize::new(0));
    let count = answered.clone();
    let router = Router::new().route(
        "/slow",
        get(move || {
            let (started, mut may_go_on, count) = (started.clone(), may_go_on.clone(), count.clone());
            async move {
                started.send(()).await.unwrap();
                may_go_on.wait_for(|go| *go).await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                "finished".into_response()
            }
        }),
    );
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let (addr, server) = listening(router, ended.map(|_| ())).await;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    has_started.recv().await.unwrap();
    end.send(()).unwrap();
    // The listener goes first.
    while TcpStream::connect(addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
    go_on.send(true).unwrap();
    assert!(rest_of(&mut stream).await.contains("finished"));
    server.await.unwrap();
    assert_eq!(answered.load(Ordering::SeqCst), 1);
}
