//! What is seen from outside: figures for Prometheus, and the log from a request's number down to its statements.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use server::listener::{ConnectionLimits, serve};
use server::supervisor::{Lifecycle, Supervisor};
use server::watch::{self, Metrics};
use tokio::net::TcpListener;
use url::Url;

use crate::identity::World;
use crate::stage::{Browser, Program};
use crate::statements::with_sample_filings;

const DOCUMENT: &str = include_str!("../../../docs/operating-watching.md");
const CHINESE: &str = include_str!("../../../docs/operating-watching.zh-CN.md");

const PICTURE: &[u8] = include_bytes!("../../pictures/tests/files/jpeg-baseline-scans-444.jpg");

/// The figures that a document names.
fn documented(document: &str) -> BTreeSet<String> {
    let rows = document.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let names = rows.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    names
        .filter(|name| name.starts_with("beian_") || name.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

/// A line of the figures: everything before the value.
type Figures = BTreeMap<String, f64>;

/// What a scraper on loopback is told.
struct Scraper(Url);

impl Scraper {
    async fn of(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/metrics", listener.local_addr().unwrap())).unwrap();
        let router = watch::router(Metrics::new(&world.service, &world.db, &world.requests));
        tokio::spawn(serve(listener, router, ConnectionLimits::default(), std::future::pending()));
        Scraper(url)
    }

    async fn text(&self) -> String {
        let answer = reqwest::get(self.0.clone()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let kind = answer.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
        answer.text().await.unwrap()
    }

    async fn figures(&self) -> Figures {
        figures_of(&self.text().await)
    }
}

fn figures_of(text: &str) -> Figures {
    assert!(text.ends_with("# EOF\n"), "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(of, n)| (of.to_owned(), n.parse().unwrap()))
        .collect()
}

/// The names of figures that are told, without what histograms add to theirs.
fn names(figures: &Figures) -> BTreeSet<String> {
    let name = |of: &String| {
        let name = of.split('{').next().unwrap();
        let whole = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        whole.unwrap_or(name).to_owned()
    };
    figures.keys().map(name).collect()
}

/// All that a figure with these labels has come to.
fn sum(figures: &Figures, name: &str, labels: &[&str]) -> f64 {
    let is_it =
        |of: &&String| of.split('{').next() == Some(name) && labels.iter().all(|label| of.contains(label));
    figures.iter().filter(|(of, _)| is_it(of)).map(|(_, n)| n).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_figure_is_told_and_moves_and_none_is_personal() {
    let world = with_sample_filings(None).await;
    let scraper = Scraper::of(&world).await;
    let before = scraper.figures().await;
    let (mut jia, _) = world.signed_in("申请人甲").await;
    let (officer, _) = world.signed_in("审核员东城").await;
    Browser::new(world.home.clone()).get("/auth/callback?state=unknown&code=secretcode").await;
    jia.get("/mine/filings?after=41010119900101123X").await;
    jia.get("/no/such/page/张三").await;
    let kept = jia.post_body("/files?sort=picture", PICTURE.to_vec()).await;
    assert_eq!(kept.status, StatusCode::OK, "{}", kept.body);
    jia.post_body("/files?sort=picture", b"no picture".to_vec()).await;
    let stream = officer.open(world.home.join("/review/events").unwrap()).await;
    assert_eq!(stream.status(), StatusCode::OK);
    let mut tasks = Supervisor::new(world.service.clone(), Lifecycle::default());
    tasks.every(Duration::from_secs(60), "sweep", |_| async { Ok::<_, String>(()) });
    tasks.every(Duration::from_secs(60), "network", |_| async { Err::<(), _>("no wire") });
    world.service.watch.stream_lagged();
    tokio::time::sleep(Duration::from_millis(200)).await;

    let text = scraper.text().await;
    let after = figures_of(&text);
    let moved = |name: &str, labels: &[&str]| sum(&after, name, labels) - sum(&before, name, labels);
    for (name, labels, by) in [
        (
            "beian_http_requests_total",
            &["route=\"/mine/filings\"", "method=\"GET\"", "status=\"2xx\""][..],
            1.0,
        ),
        ("beian_http_requests_total", &["route=\"(none)\"", "status=\"4xx\""], 1.0),
        ("beian_http_request_duration_seconds_count", &["route=\"/mine/filings\""], 1.0),
        ("beian_sign_ins_total", &["outcome=\"signed_in\""], 2.0),
        ("beian_sign_ins_total", &["outcome=\"stale\""], 1.0),
        ("beian_uploads_total", &["outcome=\"refused\""], 1.0),
        ("beian_uploads_total", &["outcome=\"kept\""], 1.0),
        ("beian_event_streams", &[], 1.0),
        ("beian_event_streams_lagged_total", &[], 1.0),
        ("beian_task_runs_total", &["task=\"sweep\"", "outcome=\"succeeded\""], 1.0),
        ("beian_task_runs_total", &["task=\"network\"", "outcome=\"failed\""], 1.0),
        ("beian_task_failures_in_a_row", &["task=\"network\""], 1.0),
    ] {
        assert_eq!(moved(name, labels), by, "{name} {labels:?}\n{text}");
    }
    for name in ["beian_db_statements_total", "beian_db_statement_duration_seconds_count"] {
        for (pool, least) in [("reader", 5.0), ("writer", 2.0)] {
            let sent = moved(name, &[&format!("pool=\"{pool}\"")]);
            assert!(sent > least, "{name} {pool} {sent}\n{text}");
        }
    }
    assert!(moved("beian_uploads_kept_bytes_total", &[]) > 1_000.0);
    drop(stream);
    tasks.finish().await;
    figures_of_the_database(&world, &after).await;
    for personal in ["申请人", "张三", "41010119900101123X", "secretcode", "110101190001060062", "after="]
    {
        assert!(!text.contains(personal), "{personal}");
    }

    // What is told is what the document says, and nothing beside it.
    let mut told = names(&after);
    told.insert("beian_backup_last_timestamp_seconds".to_owned());
    assert_eq!(told, documented(DOCUMENT));
}

/// The figures are those of the pages, and older than they may be never.
async fn figures_of_the_database(world: &World, figures: &Figures) {
    let (_, officer) = world.signed_in("审核员上海").await;
    let dashboard = world.service.dashboards.dashboard(&officer).await.unwrap();
    let open: u64 = dashboard.by_kind.iter().filter(|kind| kind.state.is_open()).map(|kind| kind.count).sum();
    let shanghai = |name: &str| sum(figures, name, &["region=\"310000\""]);
    assert!(open > 0);
    assert_eq!(
        (shanghai("beian_queue_open"), shanghai("beian_queue_overdue")),
        (open as f64, dashboard.overdue as f64)
    );
    assert!(shanghai("beian_queue_oldest_age_seconds") > 86_400.0);
    assert_eq!(sum(figures, "beian_database_readable", &[]), 1.0);
    assert!(sum(figures, "beian_sessions_live", &[]) >= 2.0);
    let (head, _) = world.service.audit_chain.audit_head().await.unwrap().unwrap();
    let told = sum(figures, "beian_audit_head", &[]);
    assert!(told > 100.0 && told <= head as f64, "{told} {head}");
    for channel in ["sms", "mail"] {
        assert!(figures.contains_key(&format!("beian_outbox_waiting{{channel=\"{channel}\"}}")));
    }
    assert_eq!(sum(figures, "beian_db_connections_max", &[]), 5.0);
    assert!(sum(figures, "process_resident_memory_bytes", &[]) > 1e6);
}

/// The port where people are answered tells nothing, and the other one nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_have_an_address_of_their_own_and_the_end_is_told_before_it_comes() {
    let beside = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut program = Program::start(&[
        ("BEIAN_METRICS_ADDR", &beside.to_string()),
        ("BEIAN_NO_SAMPLES", "true"),
        ("BEIAN_DRAIN_SECONDS", "2"),
    ]);
    let status = async |url: &Url, path: &str| {
        reqwest::get(url.join(path).unwrap()).await.map(|answer| answer.status().as_u16()).unwrap_or(0)
    };
    let figures = Url::parse(&format!("http://{beside}")).unwrap();
    let home = program.home.clone();
    assert_eq!(status(&figures, "/metrics").await, 200);
    assert_eq!(status(&figures, "/").await, 404);
    assert_eq!(status(&home, "/metrics").await, 404);
    assert_eq!(status(&home, "/readyz").await, 200);
    let ended = tokio::task::spawn_blocking(move || program.terminate());
    let begun = Instant::now();
    while status(&home, "/readyz").await != 503 {
        assert!(begun.elapsed() < Duration::from_secs(2), "nobody is told of the end");
    }
    assert_eq!(status(&home, "/lookup").await, 200, "requests are still answered");
    assert_eq!(status(&figures, "/metrics").await, 200);
    let (ended, after) = ended.await.unwrap();
    assert!(ended.success() && after >= Duration::from_secs(2), "{after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_of_a_request_bears_its_number_down_to_the_statements() {
    let program = Program::start(&[
        ("BEIAN_LOG", "json"),
        ("RUST_LOG", "info,service::statement=trace"),
        ("BEIAN_TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let mut browser = Browser::new(program.home.clone());
    browser.sign_in("/auth/login?next=/lookup", "申请人甲").await;
    let number = "4bf92f3577b34da6a3ce929d0e0e4736";
    let page = browser.get_with("/mine/filings?after=41010119900101123X", &[("x-request-id", number)]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.headers["x-request-id"], number);
    let other = browser.get_with("/lookup", &[("x-request-id", "no number")]).await;
    assert_ne!(other.headers["x-request-id"], "no number");
    let log = program.whole_log();
    let lines: Vec<serde_json::Value> =
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of_request = |line: &&serde_json::Value| {
        line["spans"].as_array().is_some_and(|spans| spans.iter().any(|span| span["id"] == number))
    };
    let own: Vec<&serde_json::Value> = lines.iter().filter(of_request).collect();
    let statements = own.iter().filter(|line| line["target"] == "service::statement").count();
    // Who asks, and what is theirs; the calendar only where no background task has read it within the minute.
    assert!(statements >= 2, "{statements} statements\n{log}");
    // What a page fetches in tasks of its own, too.
    let strays = lines.iter().filter(|line| {
        let sql = line["fields"]["message"].as_str().unwrap_or_default();
        sql.contains("num_items FROM (SELECT \"filing\"")
            && line["spans"].as_array().is_none_or(Vec::is_empty)
    });
    assert_eq!(strays.count(), 0, "{log}");
    let answered =
        own.iter().find(|line| line["fields"]["message"] == "answered").expect("a line at the end");
    assert_eq!(answered["fields"]["status"], 200);
    assert_eq!(
        (&answered["span"]["route"], &answered["span"]["method"]),
        (&"/mine/filings".into(), &"GET".into())
    );
    // The background tasks have statements without a request; none of a request is without its number.
    let strays = lines.iter().filter(|line| {
        line["target"] == "service::statement"
            && line["spans"].as_array().is_none_or(Vec::is_empty)
            && line["fields"]["message"]
                .as_str()
                // Who asks is looked up only for requests.
                .is_some_and(|sql| sql.starts_with("SELECT \"session\".\"token_hash\""))
    });
    assert_eq!(strays.count(), 0);
    for personal in ["申请人甲", "41010119900101123X", "110101190001010038", "13800"] {
        assert!(!log.contains(personal), "{personal}");
    }
}

const RULES: &str = include_str!("../../../packaging/monitoring/alerts.yml");
const DASHBOARD: &str = include_str!("../../../packaging/monitoring/grafana-dashboard.json");

/// What a text names that looks like a figure of ours.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let figures = words.filter(|word| word.starts_with("beian_") || word.starts_with("process_"));
    figures.map(|name| name.strip_suffix("_bucket").unwrap_or(name).to_owned()).collect()
}

/// The questions that the dashboard asks.
fn questions() -> Vec<String> {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().cloned().unwrap_or_default());
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn dashboard_and_alerts_ask_for_figures_that_there_are_and_say_what_to_do() {
    let told = documented(DOCUMENT);
    assert_eq!(documented(CHINESE), told);
    for (place, text) in [("alerts.yml", RULES), ("grafana-dashboard.json", &questions().join("\n"))] {
        let strangers: Vec<String> = named(text).difference(&told).cloned().collect();
        assert!(strangers.is_empty(), "{place} asks for {strangers:?}");
    }
    let alerts: Vec<&str> = RULES.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert_eq!(alerts.len(), 10);
    for alert in alerts {
        let anchor = alert.to_lowercase();
        for (runbook, document) in [
            (format!("runbook: docs/operating-watching.md#{anchor}\n"), DOCUMENT),
            (format!("runbook_zh: docs/operating-watching.zh-CN.md#{anchor}\n"), CHINESE),
        ] {
            assert!(RULES.contains(&runbook), "{runbook}");
            assert!(document.contains(&format!("\n### {alert}\n")), "{alert} is not explained");
        }
    }
    for annotation in ["summary:", "action:", "summary_zh:", "action_zh:"] {
        let said = RULES.lines().filter(|line| line.trim().starts_with(annotation)).count();
        assert_eq!(said, 10, "{annotation}");
    }
    assert!(questions().len() > 40);
}

/// Asked of promtool, where `scripts/bootstrap.sh monitoring` or the machine has it.
#[test]
fn alerts_fire_when_they_should_and_the_dashboard_asks_what_prometheus_understands() {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let unpacked = root.join("target/monitoring/promtool");
    let promtool = if unpacked.exists() { unpacked } else { "promtool".into() };
    let run = |arguments: &[&str]| {
        let monitoring = root.join("packaging/monitoring");
        std::process::Command::new(&promtool).args(arguments).current_dir(monitoring).output()
    };
    if run(&["--version"]).is_err() {
        eprintln!("promtool is not here: the alert rules were not tried");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let asked = directory.path().join("questions.yml");
    let mut rules = "groups:\n- name: questions\n  rules:\n".to_owned();
    for (number, question) in questions().into_iter().enumerate() {
        let question =
            question.replace("$__rate_interval", "5m").replace("$instance", ".*").replace("$region", ".*");
        rules += &format!("  - record: question:{number}\n    expr: {}\n", serde_json::json!(question));
    }
    std::fs::write(&asked, rules).unwrap();
    for arguments in [
        &["check", "rules", "alerts.yml"][..],
        &["test", "rules", "alerts.test.yml"],
        &["check", "rules", asked.to_str().unwrap()],
    ] {
        let said = run(arguments).unwrap();
        let told = [said.stdout, said.stderr].map(|out| String::from_utf8_lossy(&out).into_owned()).concat();
        assert!(said.status.success(), "{arguments:?}: {told}");
    }
}
