//! Strangers cannot use up the server: what is held of their posts, how many connections and how much time
//! they get, and what malformed requests are answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::{FutureExt as _, StreamExt as _};
use server::http::guards::{GuardSettings, with_guards};
use server::http::health::health;
use server::http::rate_limit::RateLimiters;
use server::http::request_limit::{RequestLimit, limit_requests};
use server::listener::{ConnectionLimits, serve_behind};
use server::supervisor::Lifecycle;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tower::ServiceExt as _;

use crate::identity::World;
use crate::stage::{Browser, Program, config, template};

/// Kilobytes that a program of ours has in memory.
fn resident(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Finding 3, a smaller version; `end2end/faults/strangers.mjs` is the whole of it.
#[test]
fn what_strangers_send_is_neither_held_nor_echoed() {
    let program = Program::start(&[]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let before = resident(program.id());
    runtime.block_on(async {
        let large = vec![b'a'; 31 * 1024 * 1024];
        let posts = (0..6).map(|number| {
            let (home, large) = (program.home.clone(), &large);
            async move {
                let mut browser = Browser::new(home);
                // A file between what was typed, or one text that is too long.
                let parts: &[(&str, Option<&str>, &[u8])] = &[
                    ("principal.name", None, "孙丙丁".as_bytes()),
                    ("file:principal.id_portrait", Some("照片.png"), large),
                    ("unit.name", None, "某某公司".as_bytes()),
                ];
                let text: &[(&str, Option<&str>, &[u8])] = &[("unit.name", None, large)];
                let parts = if number % 2 == 0 { parts } else { text };
                browser.post_parts("/form/subject/new/form", parts).await
            }
        });
        for (number, page) in futures::future::join_all(posts).await.into_iter().enumerate() {
            if number % 2 == 0 {
                assert_eq!(page.status, StatusCode::UNAUTHORIZED);
                for kept in ["孙丙丁", "某某公司", "照片.png"] {
                    assert!(page.body.contains(kept), "{kept}: {:.2000}", page.body);
                }
                assert!(page.body.len() < 20_000);
            } else {
                assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
                assert!(page.body.contains("过长") && page.body.len() < 20_000);
            }
        }
    });
    let grown = resident(program.id()).saturating_sub(before);
    assert!(grown < 60 * 1024, "{grown} KB more");
}

/// Finding 3: what a person typed before the session ended is theirs, up to 256 KB.
#[tokio::test]
async fn a_quarter_of_a_megabyte_of_text_is_kept_for_who_signs_in_again() {
    let world = World::new().await;
    let mut stranger = Browser::new(world.home.clone());
    let text = "长".repeat(200 * 1024 / 3);
    let page = stranger.post_parts("/form/subject/new/form", &[("unit.name", None, text.as_bytes())]).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.body.contains(&text));
    for address in ["/form/subject/new/form", "/act/cancel"] {
        let text = "a".repeat(257 * 1024);
        let page = stranger.post_parts(address, &[("identity.reason", None, text.as_bytes())]).await;
        assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE, "{address}");
        assert!(page.body.contains("请先在新窗口登录"), "{}", page.body);
    }
    // Where nothing typed is kept, nothing is read.
    let form = [("filing".to_owned(), "a".repeat(300 * 1024))].into();
    assert_eq!(stranger.post("/act/withdraw", &form).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let page = stranger.post("/act/withdraw", &[("filing".to_owned(), "x".to_owned())].into()).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
}

/// What a person may send is told by the route, and held against it before anybody is asked who they are.
#[tokio::test]
async fn each_route_of_the_program_has_the_limit_of_its_kind() {
    const MEGABYTE: usize = 1024 * 1024;
    let world = World::new().await;
    let shared = server::program::Shared::new(&world.config, &world.service);
    let addr = world.config.addr;
    let program =
        server::program::router(&world.config, &world.service, world.db.clone(), addr, &shared).unwrap();
    for (path, most) in [
        ("/act/withdraw", MEGABYTE),
        ("/act/decide", MEGABYTE),
        ("/api/lookup", MEGABYTE),
        ("/api/v1/records/1", MEGABYTE),
        ("/auth/logout", MEGABYTE),
        ("/idp/token", MEGABYTE),
        ("/files", 6 * MEGABYTE),
        ("/act/cancel", 6 * MEGABYTE),
        ("/act/transfer", 6 * MEGABYTE),
        ("/act/send-code", 6 * MEGABYTE),
        ("/form/website/new/site", 32 * MEGABYTE),
    ] {
        for (size, is_too_large) in [(most, false), (most + 1, true)] {
            let request = Request::post(path)
                .header("content-type", "multipart/form-data; boundary=border")
                .body(Body::from(vec![b'a'; size]))
                .unwrap();
            let status = program.clone().oneshot(request).await.unwrap().status();
            assert_eq!(status == StatusCode::PAYLOAD_TOO_LARGE, is_too_large, "{path} {size}: {status}");
        }
    }
}

fn settings(environment: &[(&str, &str)], change: impl FnOnce(&mut GuardSettings)) -> GuardSettings {
    let directory = tempfile::tempdir().unwrap();
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let config = config(&environment, directory.path());
    let mut settings = GuardSettings::new(&config, template(), "https://id.example.cn/oidc");
    change(&mut settings);
    settings
}

fn routes() -> Router {
    limit_requests(unlimited_routes(), RequestLimit::USUAL, &template())
}

fn unlimited_routes() -> Router {
    Router::new()
        .route("/write", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/json", post(|Json(body): Json<serde_json::Value>| async move { body.to_string() }))
        .route("/forever", get(std::future::pending::<&str>))
        .merge(health(|| async { true }.boxed(), Lifecycle::default()))
}

/// Finding 4: a body that only trickles is given up, one that comes slowly but steadily is not.
#[tokio::test(start_paused = true)]
async fn a_body_must_come_at_a_least_rate() {
    let limit = RequestLimit { body: 1 << 20, time: Duration::from_secs(300) };
    let guards = with_guards(limit_requests(unlimited_routes(), limit, &template()), settings(&[], |_| {}));
    let send = async |bytes: usize, pieces: usize, every: u64| {
        let began = tokio::time::Instant::now();
        let pieces = futures::stream::iter(0..pieces).then(move |_| async move {
            tokio::time::sleep(Duration::from_secs(every)).await;
            Ok::<_, std::io::Error>(vec![b'a'; bytes])
        });
        let request = Request::post("/write").body(Body::from_stream(pieces)).unwrap();
        let response = guards.clone().oneshot(request).await.unwrap();
        (response.status(), began.elapsed().as_secs())
    };
    let (status, took) = send(1, 200, 3).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
    assert!((10..=12).contains(&took), "{took}");
    assert_eq!(send(4096, 40, 3).await, (StatusCode::OK, 120));
}

/// Finding 11: what a client sends wrongly, or not to its end, is no fault of the server.
#[tokio::test]
async fn a_body_that_breaks_off_or_is_too_long_is_answered_as_the_senders_fault() {
    let guards = with_guards(routes(), settings(&[], |_| {}));
    for path in ["/write", "/json"] {
        for (pieces, status) in [
            (vec![Ok(vec![b'['; 1000]), Err(std::io::Error::other("gone"))], StatusCode::BAD_REQUEST),
            ((0..20).map(|_| Ok(vec![b'['; 1 << 16])).collect(), StatusCode::PAYLOAD_TOO_LARGE),
        ] {
            let request = Request::post(path).header("content-type", "application/json");
            let request = request.body(Body::from_stream(futures::stream::iter(pieces))).unwrap();
            assert_eq!(guards.clone().oneshot(request).await.unwrap().status(), status, "{path}");
        }
    }
}

/// Finding 4: behind a proxy the requests at work are counted, for each address that it forwards.
#[tokio::test]
async fn behind_a_proxy_each_address_has_a_share_of_the_requests_at_work() {
    let environment = [("BEIAN_TRUSTED_PROXIES", "10.0.0.0/8")];
    let guards = with_guards(routes(), settings(&environment, |settings| settings.per_address = 2));
    let ask = |path: &str, from: &str| {
        let mut request = Request::get(path).header("x-forwarded-for", from).body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo("10.0.0.1:1".parse::<SocketAddr>().unwrap()));
        guards.clone().oneshot(request)
    };
    let in_flight: Vec<_> = (0..2).map(|_| tokio::spawn(ask("/forever", "203.0.113.9"))).collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(ask("/healthz", "203.0.113.9").await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask("/healthz", "203.0.113.8").await.unwrap().status(), StatusCode::OK);
    for one in &in_flight {
        one.abort();
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(ask("/healthz", "203.0.113.9").await.unwrap().status(), StatusCode::OK, "given back");
}

/// B15.
#[tokio::test]
async fn addresses_that_have_been_quiet_are_forgotten_by_time() {
    let rate_limits = std::sync::Arc::new(RateLimiters::new(server::config::RateLimits {
        look_up: 60_000,
        ..server::config::RateLimits::default()
    }));
    let guards = with_guards(
        Router::new().route("/lookup", get(|| async { "found" })),
        settings(&[], |settings| {
            settings.rate_limits = rate_limits.clone();
        }),
    );
    for number in 0..200 {
        let mut request = Request::get("/lookup").body(Body::empty()).unwrap();
        let addr = SocketAddr::from(([203, 0, 113, number], 1));
        request.extensions_mut().insert(ConnectInfo(addr));
        assert_eq!(guards.clone().oneshot(request).await.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(rate_limits.len(), 200);
    tokio::time::sleep(Duration::from_millis(50)).await;
    rate_limits.sweep();
    assert!(rate_limits.is_empty());
}

async fn listening(router: Router, limits: ConnectionLimits, proxies: &[&str]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let proxies = proxies.iter().map(|network| network.parse().unwrap()).collect();
    tokio::spawn(serve_behind(proxies, listener, router, limits, std::future::pending()));
    addr
}

/// What is answered to bytes; empty where the connection is closed without an answer.
async fn says(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut answer)).await;
    let length = read.expect("an answer or the end").unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

const SLOW_POST: &str = "POST /write HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\ncontent-type: multipart/form-data\r\n\r\na";
const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";

async fn slow_posts(addr: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..count {
        // Another address of this machine, as a stranger's.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let mut stream = socket.connect(addr).await.unwrap();
        let _ = stream.write_all(SLOW_POST.as_bytes()).await;
        streams.push(stream);
    }
    streams
}

/// Finding 4, a smaller version; `end2end/faults/strangers.mjs` is the whole of it.
#[tokio::test]
async fn slow_posts_from_one_address_keep_nobody_out() {
    let limits = ConnectionLimits { connections: 100, per_address: 16, ..ConnectionLimits::default() };
    let addr = listening(with_guards(routes(), settings(&[], |_| {})), limits, &[]).await;
    let slow = slow_posts(addr, 200).await;
    for local in ["127.0.0.1:0", "127.0.0.2:0"] {
        for _ in 0..3 {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(local.parse().unwrap()).unwrap();
            let began = Instant::now();
            let mut stream = socket.connect(addr).await.unwrap();
            let said = says(&mut stream, HEALTH).await;
            assert!(said.starts_with("HTTP/1.1 200"), "{local}: {said}");
            assert!(began.elapsed() < Duration::from_millis(500), "{local}: {:?}", began.elapsed());
        }
    }
    drop(slow);
}

/// Finding 4: a connection whose request is being worked on is not given up for another.
#[tokio::test]
async fn work_that_has_begun_is_not_given_up_and_proxies_have_no_share() {
    let limits = ConnectionLimits { connections: 100, per_address: 2, ..ConnectionLimits::default() };
    let addr = listening(routes(), limits, &["127.0.0.9/32"]).await;
    let mut in_flight = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(b"GET /forever HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        in_flight.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut third = TcpStream::connect(addr).await.unwrap();
    let said = says(&mut third, HEALTH).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 503"), "{said}");
    for stream in &mut in_flight {
        let quiet = tokio::time::timeout(Duration::from_millis(50), stream.read_u8()).await;
        assert!(quiet.is_err(), "still at work");
    }
    let mut proxied = Vec::new();
    for _ in 0..10 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.9:0".parse().unwrap()).unwrap();
        proxied.push(socket.connect(addr).await.unwrap());
    }
    for stream in &mut proxied {
        assert!(says(stream, HEALTH).await.starts_with("HTTP/1.1 200"));
    }
    // Idle connections of the address make room.
    drop(in_flight);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut idle = Vec::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        assert!(says(&mut stream, HEALTH).await.starts_with("HTTP/1.1 200"));
        idle.push(stream);
    }
}

/// Findings 17, 20.
#[tokio::test]
async fn requests_that_http_forbids_are_refused_without_a_panic() {
    let world = World::new().await;
    let addr = world.home.socket_addrs(|| None).unwrap()[0];
    for (request, status) in [
        ("GET /healthz HTTP/1.1\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.0\r\n\r\n", "200"),
        (HEALTH, "200"),
        ("CONNECT example.cn:443 HTTP/1.1\r\nhost: example.cn:443\r\n\r\n", "405"),
        ("CONNECT / HTTP/1.1\r\nhost: a\r\n\r\n", "4"),
        ("TRACE / HTTP/1.1\r\nhost: a\r\n\r\n", "405"),
        ("BREW /healthz HTTP/1.1\r\nhost: a\r\n\r\n", "405"),
    ] {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let said = says(&mut stream, request).await;
        assert!(
            said.starts_with(&format!("HTTP/1.{} {status}", u8::from(!request.contains("HTTP/1.0")))),
            "{request}: {said}"
        );
    }
}

/// Finding 11.
#[tokio::test]
async fn malformed_calls_of_server_functions_are_the_callers_fault() {
    let world = World::new().await;
    let (browser, _) = world.signed_in("申请人甲").await;
    let cookie = format!("session={}", browser.cookies["session"]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let call = async |function: &str, body: Vec<u8>| {
        let request = client.post(world.home.join(&format!("/api/{function}")).unwrap());
        let request = request.header("accept", "application/json").header("cookie", &cookie);
        let response = request.header("content-type", "application/json").body(body).send().await.unwrap();
        (response.status().as_u16(), response.json::<app::api::ApiError>().await)
    };
    for body in ["", "\"", "\\", "[", "{}", "null", "{\"text\":", "{\"text\":3}", "\u{0}", "text=1"] {
        let (status, said) = call("lookup", body.as_bytes().to_vec()).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(said.unwrap(), app::api::ApiError::Stale, "{body}");
    }
    for body in [&br#"{"business":"nothing","after":""}"#[..], &[0xff, 0xfe]] {
        let (status, said) = call("records", body.to_vec()).await;
        assert_eq!((status, said.unwrap()), (400, app::api::ApiError::Stale));
    }
    let (status, said) = call("lookup", vec![b'a'; (1 << 20) + 1]).await;
    assert_eq!(status, 413);
    assert!(said.unwrap().sentence().contains("超过了允许的大小"));
    let pieces = futures::stream::iter((0..20).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 16])));
    let request = Request::post("/api/lookup").header("cookie", &cookie).header("host", "a");
    let request = request.header("accept", "application/json").body(Body::from_stream(pieces)).unwrap();
    let shared = server::program::Shared::new(&world.config, &world.service);
    let addr = world.config.addr;
    let router =
        server::program::router(&world.config, &world.service, world.db.clone(), addr, &shared).unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE, "chunked");
}

/// Finding 11, and what ASVS V16.3.2 and V16.3.3 want in the log.
#[test]
fn the_log_has_no_error_for_good_pages_and_says_who_was_refused_what() {
    let program = Program::start(&[("RUST_LOG", "info")]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let addr = program.home.socket_addrs(|| None).unwrap()[0];
    runtime.block_on(async {
        let mut officer = Browser::new(program.home.clone());
        officer.sign_in("/auth/login?next=/review", "审核员东城").await;
        for page in ["/review/queue", "/review", "/notices", "/"] {
            for _ in 0..15 {
                assert_eq!(officer.get(page).await.status, StatusCode::OK);
            }
        }
        // Readers who leave before the page is drawn, and uploads that break off.
        let cookie = officer.cookies["session"].clone();
        for head in [
            "GET /review/queue HTTP/1.1\r\n",
            "POST /form/subject/new/form HTTP/1.1\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 9999\r\n",
            "POST /files HTTP/1.1\r\ncontent-length: 9999\r\n",
            "POST /api/lookup HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n",
            "POST /act/withdraw HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9999\r\n",
        ] {
            for _ in 0..5 {
                let mut stream = TcpStream::connect(addr).await.unwrap();
                let request = format!("{head}host: a\r\ncookie: session={cookie}\r\n\r\n--b\r\n");
                stream.write_all(request.as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let nobodys = "/review/filings/01890000-0000-7000-8000-000000000000";
        assert_eq!(officer.get(nobodys).await.status, StatusCode::NOT_FOUND);
        assert_eq!(officer.get("/staff").await.status, StatusCode::FORBIDDEN);
        let foreign = reqwest::Client::builder().no_proxy().build().unwrap();
        let foreign = foreign.post(program.home.join("/act/elder").unwrap()).header("origin", "https://evil.example");
        let foreign = foreign.header("cookie", format!("session={cookie}")).body("on=yes").send().await.unwrap();
        assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    });
    let log = program.whole_log();
    for line in log.lines() {
        assert!(
            !line.contains("ERROR") && !line.contains("panicked") && !line.contains("status=5"),
            "{line}"
        );
    }
    let said = |words: &str| log.lines().filter(|line| line.contains(words)).collect::<Vec<_>>();
    let refused = said("somebody asked for what is not theirs");
    assert!(refused.iter().any(|line| line.contains("status=404")), "{refused:?}");
    assert!(refused.iter().any(|line| line.contains("status=403")), "{refused:?}");
    let foreign = said("a post from a foreign site was refused");
    assert_eq!(foreign.len(), 1);
    for line in refused.iter().chain(&foreign) {
        assert!(line.contains("127.0.0.1") && line.contains("person="), "{line}");
        assert!(!line.contains("person=\"-\"") && !line.contains("审核员"), "{line}");
    }
}
