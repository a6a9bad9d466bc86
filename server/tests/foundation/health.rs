//! `/healthz` says whether anything can be written. Finding 15.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait as _, Database};
use server::config::Config;
use server::program;
use service::db::lasting;
use tower::ServiceExt as _;

use crate::identity::World;
use crate::stage::empty_site;

async fn said(router: &Router, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// What `/healthz` says, and that `/readyz` says the same with the names of what is not well.
async fn asked(router: &Router, ailing: &str) -> StatusCode {
    // Longer than an answer holds.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let (status, _) = said(router, "/healthz").await;
    let expected = if ailing.is_empty() { "ready".to_owned() } else { format!("not ready: {ailing}") };
    assert_eq!(said(router, "/readyz").await, (status, expected));
    assert_eq!(said(router, "/livez").await, (StatusCode::OK, "alive".to_owned()));
    status
}

/// Finding 15.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_health_page_tells_when_nothing_can_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let site = empty_site(directory.path());
    let data = directory.path().join("data");
    let config = Config::load(None, &|name| match name {
        "DATA_DIR" => Some(data.display().to_string()),
        "DATABASE_URL" => Some(format!("sqlite://{}", data.join("health.db").display())),
        "SITE_DIR" => Some(site.display().to_string()),
        _ => None,
    })
    .unwrap();
    server::tls::install_crypto();
    let (service, db) = program::open(&config).await.unwrap();
    let shared = program::Shared::new(&config, &service);
    let router = program::router(&config, &service, db, config.addr, &shared).unwrap();
    assert_eq!(asked(&router, "").await, StatusCode::OK);

    // Another process holds the database.
    let other =
        Database::connect(lasting(format!("sqlite://{}", data.join("health.db").display()))).await.unwrap();
    other.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(asked(&router, "database").await, StatusCode::SERVICE_UNAVAILABLE);
    assert!(begun.elapsed() < Duration::from_secs(9), "an answer comes in time: {:?}", begun.elapsed());
    other.execute_unprepared("ROLLBACK").await.unwrap();
    assert_eq!(asked(&router, "").await, StatusCode::OK);

    // The directory of files is gone, and nothing can be put in its place.
    let server::config::Storage::Local { directory: files } = &config.storage else { panic!("no directory") };
    std::fs::remove_dir_all(files).unwrap();
    std::fs::write(files, "in the way").unwrap();
    assert_eq!(asked(&router, "files").await, StatusCode::SERVICE_UNAVAILABLE);
    std::fs::remove_file(files).unwrap();
    std::fs::create_dir_all(files).unwrap();
    assert_eq!(asked(&router, "").await, StatusCode::OK);

    // The database answers, but takes nothing.
    let full = "CREATE TRIGGER full BEFORE UPDATE ON counter BEGIN SELECT RAISE(ABORT, 'full'); END";
    other.execute_unprepared(full).await.unwrap();
    assert_eq!(asked(&router, "database").await, StatusCode::SERVICE_UNAVAILABLE);
    other.execute_unprepared("DROP TRIGGER full").await.unwrap();
    assert_eq!(asked(&router, "").await, StatusCode::OK);

    // About to end: no more requests are wanted, those that come are answered.
    shared.lifecycle.leave();
    let ending = (StatusCode::SERVICE_UNAVAILABLE, "not ready: ending".to_owned());
    assert_eq!(said(&router, "/readyz").await, ending);
    assert_eq!(said(&router, "/livez").await.0, StatusCode::OK);
    assert_eq!(said(&router, "/lookup").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_server_whose_keys_or_shape_do_not_fit_is_not_ready() {
    let world = World::new().await;
    world.service.key_checks.check_and_mark_keys().await.unwrap();
    let shared = program::Shared::new(&world.config, &world.service);
    let router = || {
        program::router(&world.config, &world.service, world.db.clone(), world.config.addr, &shared).unwrap()
    };
    assert_eq!(said(&router(), "/readyz").await.0, StatusCode::OK);
    let on = world.db.read();
    on.execute_unprepared("UPDATE key_check SET word_hash = 'of other keys'").await.unwrap();
    on.execute_unprepared("DELETE FROM seaql_migrations WHERE version LIKE '%_name_suffix'").await.unwrap();
    let (status, said) = said(&router(), "/readyz").await;
    assert_eq!(
        (status, said.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: keys, shape of the database")
    );
}
