//! How many statements a page sends to the database, over the sample filings: what a page costs follows from that more
//! than from anything else.

use domain::view::QueueRequest;
use server::dev::world;
use server::program;
use service::clock::{Clock as _, SystemClock};

use crate::identity::World;
use crate::stage::Browser;

/// Whose page, its address, and how many statements it may send: as many as it does. What needs more says why in the
/// commit that raises the number.
type Case = (&'static str, String, u64);

pub async fn with_sample_filings(database: Option<String>) -> World {
    let world = World::on(database).await;
    let World { service, config, db, .. } = &world;
    service.key_checks.check_and_mark_keys().await.unwrap();
    world::make(config, config.settings(), service, db, SystemClock.now()).await.unwrap();
    program::seed_samples(config, service).await.unwrap();
    service.directories.fill_directories().await.unwrap();
    service.canned_reasons.fill_reasons().await.unwrap();
    service.counters.count_once().await.unwrap();
    world
}

async fn cases(world: &World) -> Vec<Case> {
    let (_, officer) = world.signed_in("审核员东城").await;
    let queue = world.service.queues.queue(&officer, &QueueRequest::default()).await.unwrap();
    let filing = &queue.rows[0].id;
    let (_, jia) = world.signed_in("申请人甲").await;
    let own = &world.service.filings.filings(&jia, "", "", "").await.unwrap().rows[0].id;
    let at = |path: &str| path.to_owned();
    let website = &world.service.lookup.lookup("公司").await.unwrap()[0].digits;
    vec![
        ("", at("/"), 0),
        ("", at("/lookup"), 0),
        ("", at("/guide"), 0),
        ("", format!("/r/{website}"), 2),
        ("", format!("/api/v1/records/{website}"), 2),
        ("", at("/api/v1/records?domain=nobody-filed-this.cn"), 2),
        ("", at("/api/v1/openapi.json"), 0),
        ("申请人甲", at("/"), 10),
        ("申请人甲", at("/services"), 4),
        ("申请人甲", at("/subject/new"), 5),
        ("申请人甲", at("/website/new"), 4),
        ("申请人甲", at("/website/new/people"), 4),
        ("申请人甲", at("/website/change"), 5),
        ("申请人甲", at("/mine/drafts"), 5),
        ("申请人甲", at("/mine/filings"), 4),
        ("申请人甲", format!("/mine/filings/{own}"), 7),
        ("申请人甲", at("/mine/subject"), 7),
        ("申请人甲", at("/mine/website"), 5),
        ("申请人甲", at("/notices"), 4),
        ("申请人甲", at("/lookup"), 2),
        ("审核员东城", at("/review"), 6),
        ("审核员东城", at("/review/queue"), 7),
        ("审核员东城", at("/review/queue?state=all"), 7),
        ("审核员东城", format!("/review/rows?rows={filing}"), 6),
        ("审核员东城", at("/review/patrol"), 8),
        ("审核员东城", format!("/review/filings/{filing}"), 15),
        ("管理员", at("/review/claims"), 4),
        ("管理员", at("/staff"), 6),
        ("维护员", at("/upkeep/platform"), 3),
        ("审计员", at("/audit"), 7),
    ]
}

/// With `RUST_LOG=service::statement=trace` the log says which.
fn log() {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_target(false).without_time().try_init();
}

async fn are_few(world: World) {
    log();
    let mut told = Vec::new();
    let mut is_too_many = false;
    for (name, path, most) in cases(&world).await {
        let mut browser = match name {
            "" => Browser::new(world.home.clone()),
            name => world.signed_in(name).await.0,
        };
        // What is kept in memory is there, and what the first visit writes is written.
        browser.get(&path).await;
        tracing::info!(target: "service::statement", "{name} {path}");
        let before = world.db.statements();
        let page = browser.get(&path).await;
        let sent = world.db.statements() - before;
        assert!(page.status.is_success(), "{name} {path}: {}", page.status);
        is_too_many |= sent > most;
        let mark = if sent > most { "  TOO MANY" } else { "" };
        told.push(format!("{sent:3} of {most:2}  {name} {path}{mark}"));
    }
    assert!(!is_too_many, "\n{}", told.join("\n"));
}

#[tokio::test]
async fn pages_send_few_statements_to_sqlite() {
    are_few(with_sample_filings(None).await).await;
}

#[tokio::test]
async fn pages_send_few_statements_to_postgres() {
    // Without a server there is nothing to test on; `cargo xtask test` brings one.
    if let Some((_, server, name)) = crate::upgrade::new_on_postgres().await {
        are_few(with_sample_filings(Some(format!("{server}/{name}"))).await).await;
    }
}
