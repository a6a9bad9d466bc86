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

use crate::stage::empty_site;

async fn asked(router: &Router) -> StatusCode {
    // Longer than an answer holds.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let request = Request::get("/healthz").body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap().status()
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
    let router = program::router(&config, &service, db, config.addr, &program::Shared::new(&config)).unwrap();
    assert_eq!(asked(&router).await, StatusCode::OK);

    // Another process holds the database.
    let other =
        Database::connect(lasting(format!("sqlite://{}", data.join("health.db").display()))).await.unwrap();
    other.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(asked(&router).await, StatusCode::SERVICE_UNAVAILABLE);
    assert!(begun.elapsed() < Duration::from_secs(9), "an answer comes in time: {:?}", begun.elapsed());
    other.execute_unprepared("ROLLBACK").await.unwrap();
    assert_eq!(asked(&router).await, StatusCode::OK);

    // The directory of files is gone, and nothing can be put in its place.
    let server::config::Storage::Local { directory: files } = &config.storage else { panic!("no directory") };
    std::fs::remove_dir_all(files).unwrap();
    std::fs::write(files, "in the way").unwrap();
    assert_eq!(asked(&router).await, StatusCode::SERVICE_UNAVAILABLE);
    std::fs::remove_file(files).unwrap();
    std::fs::create_dir_all(files).unwrap();
    assert_eq!(asked(&router).await, StatusCode::OK);

    // The database answers, but takes nothing.
    let full = "CREATE TRIGGER full BEFORE UPDATE ON counter BEGIN SELECT RAISE(ABORT, 'full'); END";
    other.execute_unprepared(full).await.unwrap();
    assert_eq!(asked(&router).await, StatusCode::SERVICE_UNAVAILABLE);
}
