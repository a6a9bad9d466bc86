//! The commands that shape the database, as real processes: killed half-way, started together, refused.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use migration::Shape;
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, Statement};
use service::db::{Db, lasting};

use crate::stage::empty_site;

const FIRST: &str = include_str!("../../../migration/tests/first_installations.sql");

fn server(data: &Path, url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command
        .args(arguments)
        .current_dir(data)
        .env_clear()
        .env("DATA_DIR", data)
        .env("DATABASE_URL", url)
        .env("BEIAN_MIGRATE_ON_START", "false");
    command
}

fn run(data: &Path, url: &str, arguments: &[&str]) -> Output {
    server(data, url, arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn number(on: &DatabaseConnection, sql: &str) -> i64 {
    let asked = Statement::from_string(on.get_database_backend(), format!("SELECT CAST(({sql}) AS BIGINT)"));
    on.query_one_raw(asked).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// How many people the first installation has: enough that moving them takes a moment.
const PEOPLE: i64 = 3_000;

/// An installation from before the history was written anew.
async fn make_first_installation(on: &DatabaseConnection) {
    let binary = match on.get_database_backend() {
        sea_orm::DatabaseBackend::Postgres => "COLLATE \"C\"",
        _ => "COLLATE BINARY",
    };
    on.execute_unprepared(&FIRST.replace("{binary}", binary)).await.unwrap();
    let marks = FIRST.lines().filter_map(|line| line.strip_prefix("-- m"));
    let marks: Vec<String> = marks.map(|name| format!("('m{name}', 0)")).collect();
    let marked = format!(
        "CREATE TABLE seaql_migrations (version VARCHAR NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL); \
         INSERT INTO seaql_migrations VALUES {}",
        marks.join(", ")
    );
    on.execute_unprepared(&marked).await.unwrap();
    on.execute_unprepared(&format!(
        "INSERT INTO person (id, sub, name_sealed, mobile_sealed, mobile_hash, id_kind, id_no_sealed, id_no_hash, \
         elder, created_at, seen_at) WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE \
         n < {PEOPLE}) SELECT 'p' || n, 's' || n, '', '', '', 'resident_id', '', '', FALSE, 0, 0 FROM many"
    ))
    .await
    .unwrap();
}

/// Finding 2: `kill -9` at twenty moments of an upgrade; the next one ends it, and every row is there.
async fn killed_at_twenty_points(data: &Path, an_old_one: impl AsyncFn(usize) -> String) {
    let url = an_old_one(0).await;
    let begun = Instant::now();
    let whole = run(data, &url, &["migrate"]);
    assert!(whole.status.success(), "{}", said(&whole));
    let takes = begun.elapsed();
    let mut interrupted = 0;
    for point in 1..=20_usize {
        let url = an_old_one(point).await;
        let mut migrating =
            server(data, &url, &["migrate"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(takes * u32::try_from(point).unwrap() / 20);
        migrating.kill().unwrap();
        let ended = migrating.wait().unwrap();
        interrupted += u32::from(!ended.success());
        let again = run(data, &url, &["migrate"]);
        assert!(again.status.success(), "killed at point {point}: {}", said(&again));
        let on = Database::connect(lasting(&url)).await.unwrap();
        assert_eq!(number(&on, "SELECT COUNT(*) FROM person").await, PEOPLE, "killed at point {point}");
        on.execute_unprepared("UPDATE person SET current_subject_id = 'none'").await.unwrap_err();
        let shape = Db::connect(&url).await.unwrap().shape().await.unwrap();
        assert_eq!(shape, Shape::Known, "killed at point {point}");
        on.close().await.unwrap();
    }
    assert!(interrupted >= 10, "{interrupted} of 20 were killed in time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_killed_half_way_is_ended_by_the_next_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let first = directory.path().join("first.db");
    let on = Database::connect(lasting(format!("sqlite://{}?mode=rwc", first.display()))).await.unwrap();
    make_first_installation(&on).await;
    on.close().await.unwrap();
    let copied = async |point: usize| {
        let file = directory.path().join(format!("{point}.db"));
        std::fs::copy(&first, &file).unwrap();
        format!("sqlite://{}", file.display())
    };
    killed_at_twenty_points(directory.path(), copied).await;
}

/// A new database on the server that `TEST_POSTGRES_URL` names: the server, its address, and the name.
pub async fn new_on_postgres() -> Option<(DatabaseConnection, String, String)> {
    let server = std::env::var("TEST_POSTGRES_URL").ok()?;
    let name = format!("u_{}", uuid::Uuid::now_v7().simple());
    let on = Database::connect(lasting(&server)).await.unwrap();
    on.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (server, _) = server.rsplit_once('/').unwrap();
    Some((on, server.to_owned(), name))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_killed_half_way_is_ended_by_the_next_on_postgres() {
    let Some((on, server, name)) = new_on_postgres().await else { return };
    let first = Database::connect(lasting(format!("{server}/{name}"))).await.unwrap();
    make_first_installation(&first).await;
    first.close().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let copied = async |point: usize| {
        on.execute_unprepared(&format!("CREATE DATABASE {name}_{point} TEMPLATE {name}")).await.unwrap();
        format!("{server}/{name}_{point}")
    };
    killed_at_twenty_points(directory.path(), copied).await;
}

/// B13: only `migrate`, and a start where that is wanted, change the shape.
#[tokio::test]
async fn nothing_but_migrate_changes_the_shape() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("first.db");
    let url = format!("sqlite://{}", file.display());
    let on = Database::connect(lasting(format!("{url}?mode=rwc"))).await.unwrap();
    make_first_installation(&on).await;
    on.close().await.unwrap();
    let before = std::fs::read(&file).unwrap();
    for chore in
        [&["verify-audit"][..], &["recount"], &["bench"], &["seed", "--filings", "5"], &["serve"], &[]]
    {
        let refused = run(directory.path(), &url, chore);
        assert_eq!(refused.status.code(), Some(2), "{chore:?}: {}", said(&refused));
        assert!(said(&refused).contains("run the command `migrate`"), "{chore:?}: {}", said(&refused));
    }
    let on = Database::connect(lasting(&url)).await.unwrap();
    assert_eq!(number(&on, "SELECT COUNT(*) FROM seaql_migrations").await, 75);
    on.close().await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap().len(), before.len());

    let missing = format!("sqlite://{}", directory.path().join("missing.db").display());
    assert_eq!(run(directory.path(), &missing, &["verify-audit"]).status.code(), Some(2));
    assert!(!directory.path().join("missing.db").exists(), "a question makes no database");

    assert!(run(directory.path(), &url, &["migrate"]).status.success());
    let on = Database::connect(lasting(&url)).await.unwrap();
    // No key has sealed what these rows say.
    on.execute_unprepared("DELETE FROM person").await.unwrap();
    let verified = run(directory.path(), &url, &["verify-audit"]);
    assert!(verified.status.success(), "{}", said(&verified));
    on.execute_unprepared("INSERT INTO seaql_migrations VALUES ('m20990101_0000_later', 0)").await.unwrap();
    on.close().await.unwrap();
    for chore in [&["verify-audit"][..], &["serve"], &["migrate"]] {
        let refused = run(directory.path(), &url, chore);
        assert_eq!(refused.status.code(), Some(2), "{chore:?}");
        assert!(said(&refused).contains("m20990101_0000_later"), "{chore:?}: {}", said(&refused));
    }
}

/// Ends with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Finding 6: three servers as processes, at once, on an empty PostgreSQL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_start_at_once_on_an_empty_postgres() {
    let Some((_, server_url, name)) = new_on_postgres().await else { return };
    let url = format!("{server_url}/{name}");
    let directory = tempfile::tempdir().unwrap();
    let site = empty_site(directory.path());
    // Different machines with the same keys, and a directory of files that is mounted on all of them.
    let config = directory.path().join("config.toml");
    let files = directory.path().join("files");
    let storage = format!("[storage]\nkind = \"local\"\ndirectory = \"{}\"\n", files.display());
    std::fs::write(&config, storage).unwrap();
    assert!(run(directory.path(), "sqlite://elsewhere.db", &["check-config"]).status.success());
    let mut servers = Vec::new();
    for number in 0..3 {
        let data = directory.path().join(number.to_string());
        std::fs::create_dir(&data).unwrap();
        let keys = "development.keys";
        std::fs::copy(directory.path().join(keys), data.join(keys)).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let running = server(&data, &url, &["serve"])
            .env("BEIAN_CONFIG", &config)
            .env("ADDR", format!("127.0.0.1:{port}"))
            .env("SITE_DIR", &site)
            // What people type is one address for all.
            .env("BEIAN_PUBLIC_URL", "http://127.0.0.1:3000")
            .env("BEIAN_MIGRATE_ON_START", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        servers.push((port, Running(running)));
    }
    for (port, running) in &mut servers {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            assert_eq!(running.0.try_wait().unwrap(), None, "a server ended");
            let asked = reqwest::get(format!("http://127.0.0.1:{port}/healthz")).await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                break;
            }
            assert!(Instant::now() < deadline, "a server does not answer");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let on = Database::connect(lasting(&url)).await.unwrap();
    let doubled = "SELECT COUNT(*) FROM (SELECT directory, name FROM provider GROUP BY directory, name HAVING COUNT(*) > 1) AS d";
    assert_eq!(number(&on, doubled).await, 0);
    assert!(number(&on, "SELECT COUNT(*) FROM provider").await > 3);
}
