//! What a collector of OpenTelemetry on loopback is sent, and what becomes of the program while it is slow or away.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use reqwest::StatusCode;
use tokio::net::TcpListener;

use crate::stage::{Browser, Program};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// What it was sent.
#[derive(Default)]
struct Taken {
    spans: Vec<Span>,
    /// With their target.
    records: Vec<(String, LogRecord)>,
    resources: Vec<Resource>,
    posts: usize,
    /// Answers that it has no time.
    refuses: bool,
}

#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Taken>>);

impl Collector {
    async fn start(&self, addr: SocketAddr) -> String {
        let router = Router::new()
            .route("/v1/traces", post(take_spans))
            .route("/v1/logs", post(take_records))
            .with_state(self.clone());
        let listener = TcpListener::bind(addr).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    }

    async fn anywhere(&self) -> String {
        self.start("127.0.0.1:0".parse().unwrap()).await
    }

    fn spans(&self) -> Vec<Span> {
        self.0.lock().unwrap().spans.clone()
    }

    fn records(&self) -> Vec<(String, LogRecord)> {
        self.0.lock().unwrap().records.clone()
    }

    fn posts(&self) -> usize {
        self.0.lock().unwrap().posts
    }
}

async fn take_spans(State(Collector(taken)): State<Collector>, body: Bytes) -> StatusCode {
    let told = ExportTraceServiceRequest::decode(body).unwrap();
    let mut taken = taken.lock().unwrap();
    taken.posts += 1;
    if taken.refuses {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    for of_resource in told.resource_spans {
        taken.resources.extend(of_resource.resource);
        taken.spans.extend(of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
    }
    StatusCode::OK
}

async fn take_records(State(Collector(taken)): State<Collector>, body: Bytes) -> StatusCode {
    let told = ExportLogsServiceRequest::decode(body).unwrap();
    let mut taken = taken.lock().unwrap();
    taken.posts += 1;
    if taken.refuses {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    for of_resource in told.resource_logs {
        taken.resources.extend(of_resource.resource);
        for scope in of_resource.scope_logs {
            let target = scope.scope.map(|scope| scope.name).unwrap_or_default();
            taken.records.extend(scope.log_records.into_iter().map(|record| (target.clone(), record)));
        }
    }
    StatusCode::OK
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn attributes(of: &[KeyValue]) -> BTreeMap<&str, String> {
    of.iter().map(|attribute| (attribute.key.as_str(), text(attribute.value.as_ref()))).collect()
}

fn traceparent() -> String {
    format!("00-{TRACE}-{PARENT}-01")
}

/// Asks again until it is so.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_requests_with_their_statements_as_one_trace() {
    let collector = Collector::default();
    let address = collector.anywhere().await;
    let program =
        Program::start(&[("BEIAN_OTLP_ENDPOINT", &address), ("BEIAN_TRUSTED_PROXIES", "127.0.0.1")]);
    let mut browser = Browser::new(program.home.clone());
    browser.sign_in("/auth/login?next=/lookup", "申请人甲").await;
    browser.get_with("/mine/filings?after=41010119900101123X", &[("traceparent", &traceparent())]).await;
    let unsampled = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-00f067aa0ba902b7-00";
    browser.get_with("/mine/filings", &[("traceparent", unsampled)]).await;
    // The end sends what has not been sent.
    let log = program.whole_log();
    let spans = collector.spans();
    let own: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    let is_request = |span: &&&Span| span.kind() == SpanKind::Server;
    let request = own.iter().find(is_request).unwrap_or_else(|| panic!("no span: {log}"));
    assert_eq!(request.name, "GET /mine/filings");
    assert_eq!(hex(&request.parent_span_id), PARENT);
    let about = attributes(&request.attributes);
    assert_eq!(about["http.request.method"], "GET");
    assert_eq!(about["http.route"], "/mine/filings");
    assert_eq!(about["http.response.status_code"], "200");
    assert!(about["http.request.id"].len() >= 8, "{about:?}");
    let statements: Vec<_> = own.iter().filter(|span| span.kind() == SpanKind::Client).collect();
    assert!(statements.len() >= 2, "{own:?}");
    for statement in statements {
        assert_eq!(statement.parent_span_id, request.span_id);
        assert!(attributes(&statement.attributes)["db.query.text"].starts_with(&statement.name));
        assert!(statement.start_time_unix_nano <= statement.end_time_unix_nano);
        assert!(statement.start_time_unix_nano >= request.start_time_unix_nano);
        assert!(statement.end_time_unix_nano <= request.end_time_unix_nano);
    }
    assert!(spans.iter().any(|span| span.name == "POST /idp/authorize"));
    assert!(!spans.iter().any(|span| hex(&span.trace_id).starts_with("aaaa")));
    let all = format!("{spans:?} {:?}", collector.records());
    for personal in ["申请人甲", "41010119900101123X", "110101190001010038", "after="] {
        assert!(!all.contains(personal) && !log.contains(personal), "{personal}");
    }
}

/// Lines of a log as JSON, and records, by target and message.
type Counted = BTreeMap<(String, String), usize>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_gets_each_line_of_the_log_with_the_ids_of_its_request() {
    let collector = Collector::default();
    let address = collector.anywhere().await;
    let program = Program::start(&[
        ("BEIAN_OTLP_ENDPOINT", &address),
        ("BEIAN_TRUSTED_PROXIES", "127.0.0.1"),
        ("BEIAN_LOG", "json"),
    ]);
    let mut browser = Browser::new(program.home.clone());
    browser.sign_in("/auth/login?next=/lookup", "申请人甲").await;
    let number = "proxy-4711";
    let headers = [("traceparent", &*traceparent()), ("x-request-id", number)];
    browser.get_with("/mine/filings?after=41010119900101123X", &headers).await;
    let log = program.whole_log();

    let records = collector.records();
    let own: Vec<_> = records.iter().filter(|(_, record)| hex(&record.trace_id) == TRACE).collect();
    let (target, answered) = own
        .iter()
        .find(|(_, record)| text(record.body.as_ref()) == "answered")
        .unwrap_or_else(|| panic!("{log}"));
    assert_eq!((target.as_str(), answered.severity_text.as_str()), ("server::http::guards", "INFO"));
    let about = attributes(&answered.attributes);
    assert_eq!((about["http.request.id"].as_str(), about["status"].as_str()), (number, "200"));
    assert_eq!(about["http.route"], "/mine/filings");
    let span = collector.spans().into_iter().find(|span| span.span_id == answered.span_id).unwrap();
    assert_eq!(span.name, "GET /mine/filings");
    assert!(answered.time_unix_nano >= span.start_time_unix_nano);

    // As many as there are lines, and no statement, since the log has none.
    let mut lines = Counted::new();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        *lines.entry((word(&line["target"]), word(&line["fields"]["message"]))).or_default() += 1;
    }
    // What the configuration has to say about itself comes before it is known where the log goes.
    lines.retain(|(target, _), _| !target.starts_with("server::config"));
    let mut told = Counted::new();
    for (target, record) in &records {
        *told.entry((target.clone(), text(record.body.as_ref()))).or_default() += 1;
    }
    assert_eq!(told, lines);
    assert!(told.len() > 3, "{told:?}");

    let resources = std::mem::take(&mut collector.0.lock().unwrap().resources);
    let abouts: Vec<_> = resources.iter().map(|resource| attributes(&resource.attributes)).collect();
    assert!(abouts.len() >= 2 && abouts.iter().all(|about| *about == abouts[0]), "{abouts:?}");
    assert_eq!(abouts[0]["service.name"], "beian");
    assert_eq!(abouts[0]["service.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(abouts[0]["service.instance.id"].len(), 36);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_warnings_alone_sends_warnings_alone_and_still_knows_their_request() {
    let collector = Collector::default();
    let address = collector.anywhere().await;
    let program = Program::start(&[
        ("BEIAN_OTLP_ENDPOINT", &address),
        ("BEIAN_TRUSTED_PROXIES", "127.0.0.1"),
        ("RUST_LOG", "warn,server::program=info"),
    ]);
    let foreign = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = foreign.post(program.home.join("/auth/logout").unwrap());
    let post = post.header("traceparent", traceparent()).header("sec-fetch-site", "cross-site");
    assert_eq!(post.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let log = program.whole_log();
    let records = collector.records();
    let (_, refused) = records
        .iter()
        .find(|(_, record)| text(record.body.as_ref()).contains("foreign site"))
        .unwrap_or_else(|| panic!("{log}"));
    assert_eq!((hex(&refused.trace_id).as_str(), refused.severity_text.as_str()), (TRACE, "WARN"));
    assert!(attributes(&refused.attributes).contains_key("http.request.id"));
    let strays = records
        .iter()
        .filter(|(target, record)| record.severity_text == "INFO" && !target.starts_with("server::program"));
    assert_eq!(strays.count(), 0, "{records:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_to_have_traces_alone_gets_no_log() {
    let collector = Collector::default();
    let address = collector.anywhere().await;
    let program = Program::start(&[("BEIAN_OTLP_ENDPOINT", &address), ("BEIAN_OTLP_LOGS", "false")]);
    Browser::new(program.home.clone()).get("/lookup").await;
    program.whole_log();
    assert!(collector.spans().iter().any(|span| span.name == "GET /lookup"));
    assert!(collector.records().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_is_said_once_and_gets_what_follows_when_it_is_back() {
    let collector = Collector::default();
    let addr = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let program = Program::start(&[("BEIAN_OTLP_ENDPOINT", &format!("http://{addr}"))]);
    let mut browser = Browser::new(program.home.clone());
    let (away, again) = ("does not take what is sent", "takes what is sent again");
    let times = |log: &str, words: &str| log.lines().filter(|line| line.contains(words)).count();
    browser.get("/lookup").await;
    until("it is said of traces and of logs", || times(&program.log(), away) == 2).await;
    // Some batches more.
    for _ in 0..25 {
        let begun = Instant::now();
        browser.get("/lookup").await;
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(times(&program.log(), away), 2, "{}", program.log());

    collector.start(addr).await;
    let home = program.home.clone();
    let asking = tokio::spawn(async move {
        loop {
            Browser::new(home.clone()).get("/lookup").await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    until("it is said that both are taken again", || times(&program.log(), again) == 2).await;
    asking.abort();
    until("requests and lines arrive", || {
        let mut lines = collector.records().into_iter().map(|(_, record)| text(record.body.as_ref()));
        lines.any(|line| line == "answered")
            && collector.spans().iter().any(|span| span.name == "GET /lookup")
    })
    .await;

    // Once more, it is news again.
    collector.0.lock().unwrap().refuses = true;
    browser.get("/lookup").await;
    let log = program.whole_log();
    assert_eq!((times(&log, away), times(&log, again)), (4, 2), "{log}");
    let lost = log.lines().find(|line| line.contains(again)).unwrap();
    assert!(lost.contains("lost=") && !lost.contains("lost=0"), "{lost}");
    // What is said of the collector is not for the collector.
    assert!(!collector.records().iter().any(|(_, record)| text(record.body.as_ref()).contains("is sent")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_does_not_answer_holds_up_neither_requests_nor_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    // Takes connections, and never answers.
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            kept.push(connection);
        }
    });
    let program = Program::start(&[("BEIAN_OTLP_ENDPOINT", &address)]);
    let mut browser = Browser::new(program.home.clone());
    for _ in 0..20 {
        let begun = Instant::now();
        browser.get("/lookup").await;
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
    let begun = Instant::now();
    let log = program.whole_log();
    assert!(begun.elapsed() < Duration::from_secs(7), "{:?}", begun.elapsed());
    assert!(log.contains("the collector did not get everything before the end"), "{log}");
}

/// With all that libraries say in the log: sending would make lines, and those would be sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_sending_says_is_in_the_log_and_is_not_sent() {
    let collector = Collector::default();
    // By name, so that names are looked up, too.
    let address = collector.anywhere().await.replace("127.0.0.1", "localhost");
    let sending = ["reqwest", "hyper_util::client", "opentelemetry"];
    let program = Program::start(&[
        ("BEIAN_OTLP_ENDPOINT", &address),
        ("BEIAN_LOG", "json"),
        (
            "RUST_LOG",
            "warn,server::program=info,reqwest=trace,hyper_util::client=trace,opentelemetry=trace,opentelemetry_sdk=trace,opentelemetry_otlp=trace",
        ),
    ]);
    Browser::new(program.home.clone()).get("/lookup").await;
    until("the request has been sent", || !collector.spans().is_empty() && !collector.records().is_empty())
        .await;
    let said = program.log().lines().filter(|line| line.contains("hyper_util::client")).count();
    assert!(said > 2, "{}", program.log());
    // What is fed back would be sent a second later, and so on.
    let mut posts = 0;
    let mut since = Instant::now();
    let quiet = Duration::from_millis(2_500);
    let begun = Instant::now();
    while since.elapsed() < quiet {
        assert!(begun.elapsed() < Duration::from_secs(20), "nothing happens, and still something is sent");
        if collector.posts() != posts {
            (posts, since) = (collector.posts(), Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    program.whole_log();
    let records = collector.records();
    let fed_back = records.iter().filter(|(target, _)| sending.iter().any(|own| target.starts_with(own)));
    assert_eq!(fed_back.count(), 0, "{records:?}");
}
