//! Streams of events end with the right to hear them, and with the program.

use std::time::Duration;

use axum::middleware;
use domain::answer::Answers;
use domain::business::Business;
use domain::business::identity;
use domain::view::{CancelRequest, IdentityPurpose, Submitted};
use reqwest::StatusCode;
use server::auth::authentication::{Authentication, authenticate};
use server::listener::{ConnectionLimits, serve};
use server::program;
use server::routes::{self, AppState, EventStreams};
use server::supervisor::Lifecycle;
use service::Actor;
use service::db::new_id;
use tokio::net::TcpListener;
use url::Url;

use crate::identity::World;
use crate::stage::{Browser, Program, template};

struct Stream(reqwest::Response);

impl Stream {
    async fn open(browser: &Browser, home: &Url) -> Self {
        let response = browser.open(home.join("/review/events").unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let mut stream = Stream(response);
        assert!(stream.next().await.unwrap().contains("hello"));
        stream
    }

    /// What comes next; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        let piece = tokio::time::timeout(Duration::from_secs(10), self.0.chunk()).await;
        let piece = piece.expect("an event or the end").ok()??;
        Some(String::from_utf8(piece.to_vec()).unwrap())
    }
}

/// A filing arrives in 110101: a subject there is cancelled.
async fn arrive(world: &World, owner: &Actor, mobile: &str) -> String {
    let record = world.subject(owner, mobile).await;
    world.service.identity_checks.send_identity_code(owner, IdentityPurpose::Cancel, &record).await.unwrap();
    let answers = Answers::from([
        (identity::NAME, "孙丙丁"),
        (identity::MIDDLE_FOUR, "0000"),
        (identity::SMS_CODE, world.code().await.as_str()),
        (identity::REASON, "不再开办网站"),
    ]);
    let key = new_id(time::OffsetDateTime::UNIX_EPOCH);
    let request = CancelRequest { business: Business::Subject, record, answers, key };
    match world.service.cancellations.submit_cancel(owner, &request).await.unwrap() {
        Submitted::Filing(id) => id,
        other => panic!("{other:?}"),
    }
}

/// Finding 7. Case V7.4.1, V7.4.2.
#[tokio::test]
async fn who_is_dismissed_or_signs_out_hears_of_no_further_filing() {
    let world = World::new().await;
    program::seed_samples(&world.config, &world.service).await.unwrap();
    let (_, owner) = world.signed_in("申请人甲").await;
    let (_, administrator) = world.signed_in("管理员").await;
    let (mut leaves, _) = world.signed_in("审核员东城").await;
    let (dismissed, _) = world.signed_in("审核员东城").await;
    let mut left = Stream::open(&leaves, &world.home).await;
    let mut stays = Stream::open(&dismissed, &world.home).await;
    leaves.post("/auth/logout", &Default::default()).await;

    let first = arrive(&world, &owner, "13800005678").await;
    assert!(stays.next().await.unwrap().contains(&format!("arrived {first}")));
    assert_eq!(left.next().await, None, "ended by signing out");

    let staff = world.service.staff.staff_list(&administrator).await.unwrap();
    let officer = staff.iter().find(|row| row.region.contains("东城")).unwrap();
    let mut both = Stream::open(&dismissed, &world.home).await;
    world.service.staff.dismiss(&administrator, &officer.id).await.unwrap();
    arrive(&world, &owner, "13800005679").await;
    assert_eq!((stays.next().await, both.next().await), (None, None), "ended by dismissal");
}

/// Finding 7: also where nothing happens that would be told.
#[tokio::test]
async fn a_stream_ends_soon_after_its_session_though_nothing_happens() {
    let world = World::new().await;
    program::seed_samples(&world.config, &world.service).await.unwrap();
    let (browser, actor) = world.signed_in("审核员上海").await;
    let state = AppState {
        service: world.service.clone(),
        template: template(),
        lifecycle: Lifecycle::default(),
        streams: EventStreams::default(),
        tls: false,
        recheck: Duration::from_millis(50),
    };
    let authentication = Authentication { service: world.service.clone(), template: template(), tls: false };
    let authenticate = middleware::from_fn_with_state(authentication, authenticate);
    let router = routes::router(state, |routes| routes.layer(authenticate.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let home = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(serve(listener, router, ConnectionLimits::default(), std::future::pending()));

    let mut stream = Stream::open(&browser, &home).await;
    let quiet = tokio::time::timeout(Duration::from_millis(300), stream.0.chunk()).await;
    assert!(quiet.is_err(), "looking again says nothing and ends nothing by itself");
    world.service.accounts.sign_out(&actor).await.unwrap();
    assert_eq!(stream.next().await, None);
    assert_eq!(browser.open(home.join("/review/events").unwrap()).await.status(), StatusCode::UNAUTHORIZED);
}

/// Finding 12.
#[tokio::test]
async fn one_person_has_so_many_streams_open_and_a_closed_one_makes_room() {
    let world = World::new().await;
    program::seed_samples(&world.config, &world.service).await.unwrap();
    let (browser, _) = world.signed_in("审核员上海").await;
    let mut streams = Vec::new();
    for _ in 0..world.service.usage.most_event_streams() {
        streams.push(Stream::open(&browser, &world.home).await);
    }
    let events = world.home.join("/review/events").unwrap();
    let refused = browser.open(events.clone()).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    streams.clear();
    for _ in 0..100 {
        if browser.open(events.clone()).await.status() == StatusCode::OK {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("closed streams are still counted");
}

/// Finding 14.
#[test]
fn the_program_ends_within_a_second_though_fifty_pages_listen() {
    let mut program = Program::start(&[]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let streams = runtime.block_on(async {
        let mut streams = Vec::new();
        for _ in 0..5 {
            let mut browser = Browser::new(program.home.clone());
            browser.sign_in("/auth/login?next=/review", "审核员东城").await;
            for _ in 0..10 {
                streams.push(Stream::open(&browser, &program.home).await);
            }
        }
        streams
    });
    let (ended, took) = program.terminate();
    assert!(ended.success(), "{ended}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    drop(streams);
}

/// R61, R74: single rows are given to those who see the queue, and only those of their own.
#[tokio::test]
async fn single_rows_of_a_queue_are_given_to_its_officers() {
    let world = World::new().await;
    program::seed_samples(&world.config, &world.service).await.unwrap();
    let (applicant, owner) = world.signed_in("申请人甲").await;
    let id = arrive(&world, &owner, "13800005678").await;
    let address = world.home.join(&format!("/review/rows?state=open&rows={id},nothing")).unwrap();
    let asked = async |browser: &Browser| {
        let response = browser.open(address.clone()).await;
        (response.status(), response.text().await.unwrap())
    };
    let (status, body) = asked(&world.signed_in("审核员东城").await.0).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains(&format!("data-row=\"{id}\"")) && body.contains("共 1 条数据"), "{body}");
    assert!(!body.contains("<html") && body.len() < 8_000, "the row alone: {} bytes", body.len());
    let (status, body) = asked(&world.signed_in("审核员上海").await.0).await;
    assert!(status.is_success() && !body.contains(&id) && body.contains("共 0 条数据"), "{body}");
    assert_eq!(asked(&applicant).await.0, StatusCode::FORBIDDEN);
    assert_eq!(asked(&Browser::new(world.home.clone())).await.0, StatusCode::UNAUTHORIZED);
}
