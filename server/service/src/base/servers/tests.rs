#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::net::IpAddr;
use std::time::Duration as Span;

use domain::view::Decision;
use time::Duration;

use super::*;
use crate::base::change::What;
use crate::common::{World, claims, claims_of};
use crate::{Actor, Error, Service};

claims![
    what_happens_at_one_server_is_heard_at_the_others,
    pages_open_at_another_server_are_seen_until_it_dies,
    a_job_has_one_server_and_goes_on_with_another,
    a_server_that_is_configured_otherwise_does_not_join,
    strangers_are_counted_by_all_servers_together,
];

const HERE: &str = "110101";

fn about(claim_minutes: &str) -> About {
    About {
        version: "1.0.0".to_owned(),
        sections: [("claim_minutes".to_owned(), claim_minutes.to_owned())].into(),
    }
}

/// A server that says that it is alive for as long as what comes back is kept.
struct Alive(tokio::task::JoinHandle<()>);

impl Alive {
    fn with(service: &Service, jobs: &'static [&'static str]) -> Self {
        let service = service.clone();
        Alive(tokio::spawn(async move {
            loop {
                service.servers.beat(&about("30"), service.now()).await.unwrap();
                service.job_leases.take_free(jobs).await.unwrap();
                tokio::time::sleep(Span::from_millis(300)).await;
            }
        }))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn website(world: &World, owner: &Actor) -> String {
    let answers = world.website_answers(owner, "example.org").await;
    world.file(owner, "website_new", None, &answers).await
}

/// Waits until it holds, some seconds at most.
async fn soon(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..120 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Span::from_millis(50)).await;
    }
    panic!("not within six seconds: {what}");
}

/// R61: and in the order in which it happened.
async fn what_happens_at_one_server_is_heard_at_the_others(world: World) {
    let (owner, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let here = &world.service;
    let there = world.restarted().await;
    world.in_force(&owner, "example.cn").await;
    let (_, mut heard) = there.events.subscribe(None).await.unwrap();
    let filing = website(&world, &owner).await;
    here.filing_claims.claim(&officer, &filing).await.unwrap();
    there.filing_claims.release(&officer, &filing).await.unwrap();
    world.decide(&filing, Decision::Approve, "", &[]).await;
    let mut told = Vec::new();
    while told.len() < 5 {
        let next = tokio::time::timeout(Span::from_secs(5), heard.next()).await.expect("an event").unwrap();
        if next.change.what != What::Looked {
            assert_eq!(next.change.filing_id, filing);
            told.push(next.place.unwrap());
        }
    }
    assert!(told.windows(2).all(|pair| pair[0] < pair[1]), "{told:?}");
    // A use case that comes to nothing tells nothing.
    let refused = here.filing_claims.claim(&officer, &filing).await;
    assert!(matches!(refused, Err(Error::Refused(_))));
    let quiet = tokio::time::timeout(Span::from_millis(1_300), heard.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
}

/// R62
async fn pages_open_at_another_server_are_seen_until_it_dies(world: World) {
    if world.is_sqlite() {
        return;
    }
    let owner = world.applicant(1).await;
    let (one, other) = (world.nth_officer(9_001, HERE).await, world.nth_officer(9_002, HERE).await);
    world.in_force(&owner, "example.cn").await;
    let filing = website(&world, &owner).await;
    let (here, there) = (&world.service, world.restarted().await);
    let (alive_here, alive_there) = (Alive::with(here, &[]), Alive::with(&there, &[]));
    let open_at = async |service: &Service| {
        service.reviews.review(&one, &filing, None).await.unwrap().others == ["审核员"]
    };
    assert!(!open_at(here).await);
    let (_, mut heard) = here.events.subscribe(None).await.unwrap();
    let page = there.presence.open_page(&other, &filing).await.unwrap();
    soon("the page is seen", async || open_at(here).await).await;
    assert_eq!(heard.next().await.unwrap().change.what, What::Looked);
    drop(page);
    soon("it is closed", async || !open_at(here).await).await;

    let _left_open = there.presence.open_page(&other, &filing).await.unwrap();
    soon("it is seen again", async || open_at(here).await).await;
    drop(alive_there);
    soon("its server died", async || !open_at(here).await).await;
    let rows = format!("SELECT COUNT(*) FROM open_page WHERE server_id = '{}'", there.servers.me());
    assert_eq!(world.number(&rows).await, 1, "the row waits for its return");
    let returned = Alive::with(&there, &[]);
    soon("it was only silent", async || open_at(here).await).await;
    drop((alive_here, returned));
}

async fn a_job_has_one_server_and_goes_on_with_another(world: World) {
    const JOBS: &[&str] = &["messages", "sweep"];
    let administrator = world.administrator().await;
    let claims = claims_of(9_998);
    world.sign_in(&claims).await;
    let staff = &world.service.staff;
    staff.appoint(&administrator, &claims.name, &claims.id_no, "keeper", "").await.unwrap();
    let keeper = world.sign_in(&claims).await;
    let (first, second) = (world.service.clone(), world.restarted().await);
    let both = |service: &Service| {
        let held = service.job_leases.held();
        let held = held.borrow();
        JOBS.iter().all(|job| held.holds(job))
    };
    assert_eq!(first.servers.join(&about("30"), first.now()).await.unwrap(), Ok(()));
    let alive = Alive::with(&first, JOBS);
    soon("the first takes them", async || both(&first)).await;

    let run = first.job_leases.begin("messages");
    let noted = first.job_leases.note(&run, Ok(()), None).await.unwrap();
    assert_eq!(noted, Some(first.now()));
    assert_eq!(first.job_leases.note(&run, Ok(()), noted).await.unwrap(), None, "not every second");
    for failures in 1..=2 {
        let failed = Err("no gateway".repeat(100));
        assert_eq!(first.job_leases.note(&run, failed, noted).await.unwrap(), noted);
        let jobs = first.job_leases.jobs(&keeper).await.unwrap();
        assert_eq!((jobs[0].name.as_str(), jobs[0].failures, jobs[0].is_held), ("messages", failures, true));
        assert_eq!(jobs[0].failure.len(), 300);
    }
    // An operator asks any server.
    let owner = world.applicant(1).await;
    assert!(matches!(second.job_leases.jobs(&owner).await, Err(Error::Forbidden)));
    assert!(matches!(second.job_leases.want(&owner, "sweep").await, Err(Error::Forbidden)));
    assert!(matches!(second.job_leases.want(&keeper, "none").await, Err(Error::NotFound)));
    let goes_on = first.job_leases.begin("sweep");
    for _ in 0..2 {
        second.job_leases.want(&keeper, "sweep").await.unwrap();
    }
    let asked = "SELECT COUNT(*) FROM audit WHERE action = 'job.run' AND object_id = 'sweep'";
    assert_eq!(world.number(asked).await, 1, "wanted twice it is wanted once");
    let is_wanted = || first.job_leases.held().borrow().is_wanted("sweep");
    soon("it is wanted", async || is_wanted()).await;
    first.job_leases.note(&goes_on, Ok(()), None).await.unwrap();
    assert!(is_wanted(), "what goes on already is not what was asked for");
    let run = first.job_leases.begin("sweep");
    let noted = first.job_leases.note(&run, Ok(()), noted).await.unwrap();
    assert!(noted.is_some() && !is_wanted(), "it is written down however soon");
    let jobs = first.job_leases.jobs(&keeper).await.unwrap();
    assert_eq!((jobs[1].name.as_str(), jobs[1].is_wanted, jobs[1].well_at), ("sweep", false, noted));
    if world.is_sqlite() {
        return;
    }

    assert_eq!(second.servers.join(&about("30"), second.now()).await.unwrap(), Ok(()));
    let waiting = Alive::with(&second, JOBS);
    tokio::time::sleep(Span::from_secs(1)).await;
    assert!(both(&first) && !both(&second), "one that is alive keeps them");
    drop(alive);
    soon("the first died", async || both(&second)).await;
    let jobs = second.job_leases.jobs(&keeper).await.unwrap();
    assert_eq!(jobs[0].failures, 2, "failures are taken over");
    let alive = Alive::with(&first, JOBS);
    soon("the first learns that it has lost them", async || !both(&first)).await;

    // Who ends leaves them at once.
    drop(waiting);
    second.job_leases.give_back().await.unwrap();
    second.servers.leave().await.unwrap();
    let begun = std::time::Instant::now();
    soon("the first takes them back", async || both(&first)).await;
    assert!(begun.elapsed() < Span::from_secs(2));
    drop(alive);
}

async fn strangers_are_counted_by_all_servers_together(world: World) {
    let servers = [world.service.clone(), world.restarted().await];
    let stranger: IpAddr = "203.0.113.7".parse().unwrap();
    let ask = |server: usize| servers[server].network_use.count(stranger, "look-up", 10);
    let exchange = async || {
        // The first hears what the second told.
        for server in [0, 1, 0] {
            servers[server].network_use.exchange().await.unwrap();
        }
    };
    let alive = servers.each_ref().map(|server| Alive::with(server, &[]));
    if world.is_sqlite() {
        assert!((0..20).all(|_| ask(0).is_none()), "one server counts by other means");
        return;
    }
    soon("both know of each other", async || {
        ask(0).is_none() && servers.iter().all(|one| !one.servers.others_alive().borrow().is_empty())
    })
    .await;
    world.later(Duration::MINUTE);
    for server in [0, 0, 0, 0, 1, 1, 1, 1, 1, 1] {
        assert_eq!(ask(server), None);
    }
    exchange().await;
    assert_eq!(world.number("SELECT MAX(used) FROM network_use").await, 10);
    assert_eq!(servers[0].network_use.count("203.0.113.9".parse().unwrap(), "look-up", 10), None);
    exchange().await;
    assert_eq!(
        world.number("SELECT COUNT(*) FROM network_use").await,
        1,
        "who asks once is nobody to tell of"
    );
    assert_eq!((ask(0), ask(1)), (Some(60), Some(60)), "the eleventh waits for the next minute, at either");
    assert_eq!(servers[0].network_use.count("203.0.113.8".parse().unwrap(), "look-up", 10), None);
    let told = "SELECT COUNT(*) FROM network_use WHERE network LIKE '%203.0.113%'";
    assert_eq!(world.number(told).await, 0, "no address stands in the database");
    world.later(Duration::MINUTE);
    assert_eq!((ask(0), ask(1)), (None, None));
    world.later(Duration::minutes(3));
    servers[0].jobs.sweep().await;
    assert_eq!(world.number("SELECT COUNT(*) FROM network_use").await, 0);
    drop(alive);
}

async fn a_server_that_is_configured_otherwise_does_not_join(world: World) {
    let (first, second) = (&world.service, world.restarted().await);
    assert_eq!(first.servers.join(&about("30"), first.now()).await.unwrap(), Ok(()));
    let alive = Alive::with(first, &[]);
    let joined = second.servers.join(&about("45"), second.now()).await.unwrap();
    if world.is_sqlite() {
        assert_eq!(joined, Ok(()), "there is no other server");
        return;
    }
    let differing =
        Differing { server: first.servers.me().to_owned(), sections: vec!["claim_minutes".to_owned()] };
    assert_eq!(joined, Err(differing));
    // A newer version decides something that the older one does not know.
    let mut newer = about("30");
    newer.sections.insert("new".to_owned(), "x".to_owned());
    let third = world.restarted().await;
    assert_eq!(third.servers.join(&newer, third.now()).await.unwrap(), Ok(()));
    third.servers.leave().await.unwrap();
    // Whoever is dead decides nothing any more, and is taken away in the end.
    drop(alive);
    assert_eq!(second.servers.join(&about("45"), second.now()).await.unwrap(), Ok(()));
    assert_eq!(world.number("SELECT COUNT(*) FROM server_node").await, 2);
    second.servers.beat(&about("45"), second.now() + Duration::SECOND).await.unwrap();
    let seen = second.servers.seen("1.0.1");
    let seen: Vec<_> = seen.iter().map(|one| (one.is_this, one.is_alive, one.version.as_str())).collect();
    assert_eq!(seen, [(true, true, "1.0.1"), (false, true, "1.0.0")], "one that was just heard of is alive");
}
