//! Background tasks (B18).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures::FutureExt as _;
use server::http::health::health;
use server::supervisor::{Lifecycle, Supervisor};
use tower::ServiceExt as _;

use crate::identity::World;

async fn health_says(lifecycle: &Lifecycle) -> (StatusCode, String) {
    let router = health(|| async { true }.boxed(), lifecycle.clone());
    let response = router.oneshot(Request::get("/healthz").body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// B18.
#[tokio::test]
async fn a_task_that_panics_is_started_again_and_shows_in_the_health_page_meanwhile() {
    const MOMENT: Duration = Duration::from_millis(5);
    let world = World::new().await;
    let lifecycle = Lifecycle::default();
    let mut tasks = Supervisor::new(world.service.clone(), lifecycle.clone());
    let (runs, breaks_until) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(u32::MAX)));
    let (ran, until) = (runs.clone(), breaks_until.clone());
    tasks.every(MOMENT, "counts", move |_| {
        let (ran, until) = (ran.clone(), until.clone());
        async move {
            let number = ran.fetch_add(1, Ordering::SeqCst);
            assert!(number >= until.load(Ordering::SeqCst), "on purpose");
            Ok::<_, String>(())
        }
    });
    tasks.every(MOMENT, "sweep", |_| async { Err::<(), _>("no disk") });
    tasks.every(MOMENT, "network", |_| async { Ok::<_, String>(()) });
    let said = |part: &'static str| {
        let lifecycle = lifecycle.clone();
        async move {
            for _ in 0..1000 {
                let (status, said) = health_says(&lifecycle).await;
                assert_eq!(status, StatusCode::OK, "requests are answered");
                if said == part {
                    return;
                }
                tokio::time::sleep(MOMENT).await;
            }
            panic!("{part} is not said but {:?}", health_says(&lifecycle).await);
        }
    };
    said("ok, but background tasks fail: counts, sweep").await;
    breaks_until.store(0, Ordering::SeqCst);
    said("ok, but background tasks fail: sweep").await;

    tasks.finish().await;
    let after = runs.load(Ordering::SeqCst);
    tokio::time::sleep(10 * MOMENT).await;
    assert_eq!(runs.load(Ordering::SeqCst), after, "nothing runs after the end");
}

/// B18: what a task has begun is finished before the program ends.
#[tokio::test]
async fn the_end_waits_for_a_run_that_has_begun() {
    let world = World::new().await;
    let mut tasks = Supervisor::new(world.service.clone(), Lifecycle::default());
    let (done, mut begun) = (Arc::new(AtomicU32::new(0)), tokio::sync::mpsc::unbounded_channel());
    let finished = done.clone();
    tasks.every(Duration::from_secs(60), "sweep", move |_| {
        let (begun, finished) = (begun.0.clone(), finished.clone());
        async move {
            let _ = begun.send(());
            tokio::time::sleep(Duration::from_millis(200)).await;
            finished.fetch_add(1, Ordering::SeqCst);
            Ok::<_, String>(())
        }
    });
    begun.1.recv().await.unwrap();
    tasks.finish().await;
    assert_eq!(done.load(Ordering::SeqCst), 1);
}
