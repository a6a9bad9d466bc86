//! Background tasks (B18).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures::FutureExt as _;
use server::http::health::health;
use server::program;
use server::supervisor::{Lifecycle, Supervisor};
use service::Service;
use service::servers::About;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::identity::World;
use crate::upgrade::new_on_postgres;

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

/// A server with one job, a run of which ends once there is a permit for it.
struct WithJob {
    service: Service,
    tasks: Supervisor,
    begun: Arc<AtomicU32>,
    may_end: Arc<Semaphore>,
}

impl WithJob {
    fn new(service: Service) -> Self {
        let mut tasks = Supervisor::new(service.clone(), Lifecycle::default());
        let (begun, may_end) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
        let (count, permits) = (begun.clone(), may_end.clone());
        tasks.job(Duration::from_secs(3600), "sweep", move |_| {
            let (count, permits) = (count.clone(), permits.clone());
            async move {
                count.fetch_add(1, Ordering::SeqCst);
                permits.acquire().await.map(tokio::sync::SemaphorePermit::forget)
            }
        });
        tasks.keep_in_touch(About { version: "0.1.0".to_owned(), sections: [].into() });
        WithJob { service, tasks, begun, may_end }
    }

    fn begun(&self) -> u32 {
        self.begun.load(Ordering::SeqCst)
    }
}

async fn soon(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not within twelve seconds: {what}");
}

async fn a_job_that_is_wanted_runs_where_it_is_held(database: Option<String>) {
    let has_two = database.is_some();
    let world = World::on(database).await;
    world.service.key_checks.check_and_mark_keys().await.unwrap();
    program::seed_samples(&world.config, &world.service).await.unwrap();
    let (_, keeper) = world.signed_in("维护员").await;
    let first = WithJob::new(world.service.clone());
    soon("the first has it", async || first.begun() == 1).await;
    let (second, asked) = if has_two {
        let (service, _) = program::open(&world.config).await.unwrap();
        (Some(WithJob::new(service.clone())), service)
    } else {
        (None, world.service.clone())
    };
    let sweep = async || asked.job_leases.jobs(&keeper).await.unwrap().remove(0);

    // A run goes on already: it is not what was asked for.
    assert_eq!(sweep().await.name, "sweep");
    asked.job_leases.want(&keeper, "sweep").await.unwrap();
    soon("it is wanted", async || first.service.job_leases.held().borrow().is_wanted("sweep")).await;
    assert_eq!(first.begun(), 1);
    first.may_end.add_permits(1);
    soon("it runs again", async || first.begun() == 2).await;
    assert!(sweep().await.is_wanted, "until it has run");
    first.may_end.add_permits(1);
    soon("it is noted", async || !sweep().await.is_wanted).await;
    let well_at = sweep().await.well_at.unwrap();

    // None goes on, and the next is an hour away.
    first.may_end.add_permits(1);
    asked.job_leases.want(&keeper, "sweep").await.unwrap();
    soon("it ran", async || sweep().await.well_at.unwrap() > well_at).await;
    assert!(!sweep().await.is_wanted);
    assert_eq!(first.begun(), 3, "once each time");
    assert_eq!(second.as_ref().map_or(0, WithJob::begun), 0, "by the server that has it");
    if let Some(second) = second {
        second.tasks.finish().await;
    }
    first.tasks.finish().await;
}

#[tokio::test]
async fn a_job_that_is_wanted_runs_at_once_on_sqlite() {
    a_job_that_is_wanted_runs_where_it_is_held(None).await;
}

#[tokio::test]
async fn a_job_that_is_wanted_runs_on_the_server_that_has_it_on_postgres() {
    if let Some((_, server, name)) = new_on_postgres().await {
        a_job_that_is_wanted_runs_where_it_is_held(Some(format!("{server}/{name}"))).await;
    }
}
