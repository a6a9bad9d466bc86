//! Claims, leases and moves to another region, where somebody else is in the way: what waits for a lock, what
//! comes to nothing meanwhile, what cannot be done for one row and must be for all others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::too_many_lines)]

#[path = "common/acts.rs"]
mod acts;
mod common;
#[path = "common/identity.rs"]
mod identity;

use std::future::Future;

use acts::filed;
use common::{World, claims, claims_of};
use domain::view::*;
use identity::{key, refused};
use sea_orm::{ConnectionTrait, TransactionTrait};
use service::{Actor, Error, Service};
use time::Duration;

claims![
    who_comes_too_late_needs_no_second_connection,
    what_was_moved_stays_there_with_what_is_filed_later,
    what_was_moved_goes_along_when_the_address_changes,
    a_moved_subject_stays_while_its_address_is_the_same,
    a_subject_that_lost_its_business_leaves_the_queue_however_it_comes_back,
    the_next_one_is_found_behind_any_number_that_cannot_be_had,
    what_waited_for_a_lock_happened_when_it_had_it,
    a_claim_that_cannot_be_given_back_keeps_no_other,
    a_handover_that_cannot_lapse_keeps_no_other,
];

const HERE: &str = "110101";
const THERE: &str = "310101";

async fn bundle(world: &World, actor: &Actor, domain: &str) -> (String, String) {
    let subject = world.subject_answers_person(actor).await;
    let subject = world.file(actor, "subject_new", None, &subject).await;
    let website = world.website_answers(actor, domain).await;
    (subject, world.file(actor, "website_new", None, &website).await)
}

async fn decide(world: &World, officer: &Actor, filing: &str, decision: Decision) {
    let version = world.service.reviews.review(officer, filing, None).await.unwrap().version;
    world.service.decisions.decide(officer, filing, version, decision, "请核对", &[]).await.unwrap();
}

async fn approve(world: &World, officer: &Actor, filing: &str) {
    world.service.filing_claims.claim(officer, filing).await.unwrap();
    decide(world, officer, filing, Decision::Approve).await;
}

async fn in_queue(world: &World, officer: &Actor) -> Vec<String> {
    let queue = world.service.queues.queue(officer, &QueueRequest::default()).await.unwrap();
    queue.rows.into_iter().map(|row| row.id).collect()
}

/// B6. A transaction never asks for a connection beside its own.
async fn who_comes_too_late_needs_no_second_connection(world: World) {
    let actor = world.applicant(1).await;
    let (one, other) = (world.nth_officer(9_001, HERE).await, world.nth_officer(9_002, HERE).await);
    let (subject, _) = bundle(&world, &actor, "example.cn").await;
    world.service.filing_claims.claim(&one, &subject).await.unwrap();
    let _others = world.leave_one_connection().await;
    let late = world.service.filing_claims.claim(&other, &subject);
    let late = tokio::time::timeout(std::time::Duration::from_secs(5), late);
    let told = refused(late.await.expect("it waits for what it holds itself"));
    assert_eq!(told, "该申请单已于 2026-03-02 10:00 由其他民警（审核员）领取");
}

async fn jurisdiction(world: &World, table: &str, id: &str) -> i64 {
    world.number(&format!("SELECT CAST(jurisdiction AS BIGINT) FROM {table} WHERE id = '{id}'")).await
}

/// Changes a form's answers and files them.
async fn change(
    world: &World,
    actor: &Actor,
    procedure: &str,
    record: &str,
    answers: &[(&str, &str)],
) -> String {
    let view = world.change_form(actor, procedure, Some(record)).await;
    let mut changed = view.answers;
    for (at, value) in answers {
        changed.set_text(*at, *value);
    }
    world.file(actor, procedure, Some(record), &changed).await
}

/// A subject in force here, and a website in force that officers sent to the other region.
async fn with_a_moved_website(world: &World, actor: &Actor, officers: (&Actor, &Actor)) -> (String, String) {
    let (here, there) = officers;
    let (subject, website) = bundle(world, actor, "example.cn").await;
    approve(world, here, &subject).await;
    world.service.filing_claims.transfer_filing(here, &website, THERE, "接入地在黄浦区").await.unwrap();
    approve(world, there, &website).await;
    let subject = world.service.records.my_subject(actor).await.unwrap().unwrap().row.id;
    let websites =
        world.service.records.records(actor, domain::business::Business::Website, "").await.unwrap();
    (subject, websites.rows[0].id.clone())
}

/// B7.
async fn what_was_moved_stays_there_with_what_is_filed_later(world: World) {
    let actor = world.applicant(1).await;
    let (here, there) = (world.officer(HERE).await, world.officer(THERE).await);
    let (subject, website) = with_a_moved_website(&world, &actor, (&here, &there)).await;
    assert_eq!(jurisdiction(&world, "record", &website).await, 310101);

    // The subject changes its name and nothing of its address.
    for name in ["孙乙", "孙丙丁"] {
        let renamed = change(&world, &actor, "subject_change", &subject, &[("principal.name", name)]).await;
        assert_eq!(jurisdiction(&world, "filing", &renamed).await, 110101);
        approve(&world, &here, &renamed).await;
        let still = jurisdiction(&world, "record", &website).await;
        assert_eq!(still, 310101, "the subject's change is not its move");
    }

    // A change of the website is for the officers who have it, also when it comes a second time.
    let changed = change(&world, &actor, "website_change", &website, &[("site.name", "新的名字")]).await;
    assert_eq!(jurisdiction(&world, "filing", &changed).await, 310101);
    world.service.filing_claims.claim(&there, &changed).await.unwrap();
    decide(&world, &there, &changed, Decision::Return).await;
    let href = world.service.redrafts.redraft(&actor, &changed).await.unwrap();
    let draft = href.rsplit_once("draft=").unwrap().1;
    let again = world.service.submissions.submit(&actor, draft, 1, None, "again").await.unwrap();
    assert_eq!(filed(again), changed);
    assert_eq!(jurisdiction(&world, "filing", &changed).await, 310101);
    approve(&world, &there, &changed).await;
    assert_eq!(jurisdiction(&world, "record", &website).await, 310101);

    let ended = world.cancel(&actor, domain::business::Business::Website, &website).await;
    assert_eq!(jurisdiction(&world, "filing", &ended).await, 310101);
}

/// B7. An address that the applicant changes counts again (R14).
async fn what_was_moved_goes_along_when_the_address_changes(world: World) {
    let actor = world.applicant(1).await;
    let (here, there) = (world.officer(HERE).await, world.officer(THERE).await);
    let (subject, website) = with_a_moved_website(&world, &actor, (&here, &there)).await;
    let next_door = world.officer("110102").await;
    let moved = change(&world, &actor, "subject_change", &subject, &[("principal.region", "110102")]).await;
    approve(&world, &next_door, &moved).await;
    assert_eq!(jurisdiction(&world, "record", &website).await, 110102);
    let changed = change(&world, &actor, "website_change", &website, &[("site.name", "新的名字")]).await;
    assert_eq!(jurisdiction(&world, "filing", &changed).await, 110102);
}

/// B7. The same of a subject that was sent to another region before it was approved.
async fn a_moved_subject_stays_while_its_address_is_the_same(world: World) {
    let actor = world.applicant(1).await;
    let (here, there) = (world.officer(HERE).await, world.officer(THERE).await);
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    world.service.filing_claims.transfer_filing(&here, &subject, THERE, "常住地在黄浦区").await.unwrap();
    approve(&world, &there, &subject).await;
    decide(&world, &there, &website, Decision::Approve).await;
    let record = world.service.records.my_subject(&actor).await.unwrap().unwrap().row.id;
    let renamed = change(&world, &actor, "subject_change", &record, &[("principal.name", "孙乙")]).await;
    assert_eq!(jurisdiction(&world, "filing", &renamed).await, 310101);
    approve(&world, &there, &renamed).await;
    assert_eq!(jurisdiction(&world, "record", &record).await, 310101);
    let moved = change(&world, &actor, "subject_change", &record, &[("principal.region", "110102")]).await;
    assert_eq!(jurisdiction(&world, "filing", &moved).await, 110102);
}

/// B8. R15: a subject alone is not reviewed, whoever put it back.
async fn a_subject_that_lost_its_business_leaves_the_queue_however_it_comes_back(world: World) {
    let administrator = world.administrator().await;
    let (here, there) = (world.officer(HERE).await, world.officer(THERE).await);
    for (n, is_taken_over) in [(1, true), (2, false)] {
        let actor = world.applicant(n).await;
        let (subject, website) = bundle(&world, &actor, &format!("example{n}.cn")).await;
        world.service.filing_claims.claim(&here, &subject).await.unwrap();
        decide(&world, &here, &website, Decision::Return).await;
        let officer = match is_taken_over {
            true => {
                world.service.filing_claims.take_over(&administrator, &subject, "出差").await.unwrap();
                &here
            }
            false => {
                world
                    .service
                    .filing_claims
                    .transfer_filing(&here, &subject, THERE, "地址有误")
                    .await
                    .unwrap();
                &there
            }
        };
        assert_eq!(in_queue(&world, officer).await, Vec::<String>::new(), "{is_taken_over}");
        assert!(matches!(world.service.filing_claims.claim(officer, &subject).await, Err(Error::NotFound)));
        // With its business it is there again.
        let href = world.service.redrafts.redraft(&actor, &website).await.unwrap();
        let draft = href.rsplit_once("draft=").unwrap().1;
        filed(world.service.submissions.submit(&actor, draft, 1, None, "again").await.unwrap());
        assert_eq!(in_queue(&world, officer).await.len(), 2);
        world.service.filing_claims.claim(officer, &subject).await.unwrap();
    }
}

/// B9. More than are tried at a time cannot be had, and still the next one is found.
async fn the_next_one_is_found_behind_any_number_that_cannot_be_had(world: World) {
    let (one, other) = (world.nth_officer(9_001, HERE).await, world.nth_officer(9_002, HERE).await);
    let actor = world.applicant(1).await;
    let (subject, _) = bundle(&world, &actor, "example.cn").await;
    world.service.filing_claims.claim(&one, &subject).await.unwrap();
    let mut answers = world.website_answers(&actor, "example1.cn").await;
    for n in 1..=21 {
        world.later(Duration::SECOND);
        answers.set_text("site.main_domain", format!("example{n}.cn"));
        let pages = vec![format!("https://www.example{n}.cn/")];
        answers.set("site.home_urls", domain::answer::Answer::Many(pages));
        world.file(&actor, "website_new", None, &answers).await;
    }
    let nothing = refused(world.service.filing_claims.claim_next(&other, &QueueRequest::default()).await);
    assert_eq!(nothing, "没有等待领取的申请单");
    world.later(Duration::SECOND);
    let younger = world.applicant(2).await;
    let (subject, _) = bundle(&world, &younger, "younger.cn").await;
    let next = world.service.filing_claims.claim_next(&other, &QueueRequest::default()).await.unwrap();
    assert_eq!(next, subject);
}

/// Lets something begin while another transaction holds a subject, and ends that one five minutes later.
async fn after_waiting<T: Send + 'static>(
    world: &World,
    subject: &str,
    act: impl Future<Output = T> + Send + 'static,
) -> T {
    let connection = world.raw().await;
    let holding = connection.begin().await.unwrap();
    let hold = format!("UPDATE record SET version = version WHERE id = '{subject}'");
    assert_eq!(holding.execute_unprepared(&hold).await.unwrap().rows_affected(), 1);
    let act = tokio::spawn(act);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(!act.is_finished(), "nothing waited");
    world.later(Duration::minutes(5));
    holding.commit().await.unwrap();
    connection.close().await.unwrap();
    act.await.unwrap()
}

/// B12. The history is ordered by it, and who comes too late is told it.
async fn what_waited_for_a_lock_happened_when_it_had_it(world: World) {
    type Act = Box<dyn FnOnce(Service) -> futures::future::BoxFuture<'static, Result<(), Error>>>;
    fn act<F>(act: impl FnOnce(Service) -> F + 'static) -> Act
    where
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        Box::new(move |service| Box::pin(act(service)))
    }
    let actor = world.applicant(1).await;
    let (officer, administrator) = (world.officer(HERE).await, world.administrator().await);
    let there = world.officer(THERE).await;
    let (_, website) = bundle(&world, &actor, "example.cn").await;
    let record = world.service.records.my_subject(&actor).await.unwrap().unwrap().row.id;
    let filing = website.clone();
    let steps: Vec<(&str, Act)> = vec![
        ("claim", {
            let (officer, filing) = (officer.clone(), filing.clone());
            act(move |service| async move { service.filing_claims.claim(&officer, &filing).await })
        }),
        ("release", {
            let (officer, filing) = (officer.clone(), filing.clone());
            act(move |service| async move { service.filing_claims.release(&officer, &filing).await })
        }),
        ("claim", {
            let (officer, filing) = (officer.clone(), filing.clone());
            act(move |service| async move { service.filing_claims.claim(&officer, &filing).await })
        }),
        ("take over", {
            let (administrator, filing) = (administrator.clone(), filing.clone());
            act(move |service| async move {
                service.filing_claims.take_over(&administrator, &filing, "出差").await
            })
        }),
        ("transfer", {
            let (officer, filing) = (officer.clone(), filing.clone());
            act(move |service| async move {
                service.filing_claims.transfer_filing(&officer, &filing, THERE, "有误").await
            })
        }),
        ("claim there", {
            let (there, filing) = (there.clone(), filing.clone());
            act(move |service| async move { service.filing_claims.claim(&there, &filing).await })
        }),
        ("return", {
            let (there, filing) = (there.clone(), filing.clone());
            act(move |service| async move {
                let version = service.reviews.review(&there, &filing, None).await?.version;
                service.decisions.decide(&there, &filing, version, Decision::Return, "请核对", &[]).await
            })
        }),
        ("submit", {
            let (actor, filing) = (actor.clone(), filing.clone());
            act(move |service| async move {
                let href = service.redrafts.redraft(&actor, &filing).await?;
                let draft = href.rsplit_once("draft=").unwrap().1;
                assert_eq!(filed(service.submissions.submit(&actor, draft, 1, None, "again").await?), filing);
                Ok(())
            })
        }),
        ("withdraw", {
            let (actor, filing) = (actor.clone(), filing.clone());
            act(move |service| async move { service.filings.withdraw(&actor, &filing).await })
        }),
    ];
    for (what, step) in steps {
        after_waiting(&world, &record, step(world.service.clone())).await.unwrap();
        let last = format!("SELECT MAX(at) FROM filing_event WHERE filing_id = '{website}'");
        assert_eq!(world.number(&last).await, service::db::millis(world.now()), "{what}");
    }

    let giver = world.applicant(2).await;
    let (given, _) = world.in_force(&giver, "given.cn").await;
    let receiver = world.applicant(3).await;
    let ended = async |handover: &str| {
        let at = world.number(&format!("SELECT ended_at FROM handover WHERE id = '{handover}'")).await;
        assert_eq!(at, service::db::millis(world.now()));
    };
    let code = world.code(&giver, IdentityPurpose::Transfer, &given).await;
    let handover = key(&world);
    let answers = identity::transfer_answers(&claims_of(3), &code);
    let request = TransferRequest { subject: given.clone(), answers, key: handover.clone() };
    let (service, from) = (world.service.clone(), giver.clone());
    // Past the life of its code, were it five minutes; four are enough to be seen.
    let offer = async move { service.handovers.offer_transfer(&from, &request).await };
    let connection = world.raw().await;
    let holding = connection.begin().await.unwrap();
    let hold = format!("UPDATE record SET version = version WHERE id = '{given}'");
    holding.execute_unprepared(&hold).await.unwrap();
    let offering = tokio::spawn(offer);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    world.later(Duration::minutes(4));
    holding.commit().await.unwrap();
    connection.close().await.unwrap();
    offering.await.unwrap().unwrap();
    let created = format!("SELECT created_at FROM handover WHERE id = '{handover}'");
    assert_eq!(world.number(&created).await, service::db::millis(world.now()));
    let (service, from, subject) = (world.service.clone(), giver.clone(), given.clone());
    after_waiting(&world, &given, async move { service.handovers.revoke_transfer(&from, &subject).await })
        .await
        .unwrap();
    ended(&handover).await;
    let handover = world.offer(&giver, &given, &claims_of(3)).await;
    let (service, to, id) = (world.service.clone(), receiver.clone(), handover.clone());
    after_waiting(&world, &given, async move { service.handovers.refuse(&to, &id).await }).await.unwrap();
    ended(&handover).await;
    let handover = world.offer(&giver, &given, &claims_of(3)).await;
    let (service, to, id) = (world.service.clone(), receiver.clone(), handover.clone());
    after_waiting(&world, &given, async move { service.handovers.receive(&to, &id).await }).await.unwrap();
    ended(&handover).await;
}

/// B14.
async fn a_claim_that_cannot_be_given_back_keeps_no_other(world: World) {
    let officer = world.officer(HERE).await;
    let mut claimed = Vec::new();
    for n in 1..=3 {
        let (_, website) = bundle(&world, &world.applicant(n).await, &format!("example{n}.cn")).await;
        world.service.filing_claims.claim(&officer, &website).await.unwrap();
        world.later(Duration::SECOND);
        claimed.push(website);
    }
    // Claimed before there was that column.
    let unseen = format!("UPDATE filing SET claim_seen_at = NULL WHERE id = '{}'", claimed[2]);
    world.execute(&unseen).await;
    let stuck = world.stuck("filing", &claimed[0]).await;
    let in_review = async || world.number("SELECT COUNT(*) FROM filing WHERE state = 'in_review'").await;
    assert_eq!(in_review().await, 6);
    world.later(Duration::minutes(31));
    world.service.filing_claims.sweep_claims().await.unwrap();
    assert_eq!(in_review().await, 1, "all but the stuck one");
    world.execute(&stuck).await;
    assert_eq!(world.service.filing_claims.sweep_claims().await.unwrap(), 1);
}

/// B14.
async fn a_handover_that_cannot_lapse_keeps_no_other(world: World) {
    let mut offered = Vec::new();
    for n in 1..=2 {
        let giver = world.applicant(n).await;
        let (subject, _) = world.in_force(&giver, &format!("given{n}.cn")).await;
        offered.push(world.offer(&giver, &subject, &claims_of(5)).await);
    }
    world.later(Duration::days(15));
    let stuck = world.stuck("handover", &offered[0]).await;
    assert_eq!(world.service.handovers.sweep_handovers().await.unwrap(), 1);
    world.execute(&stuck).await;
    assert_eq!(world.service.handovers.sweep_handovers().await.unwrap(), 1);
}

fn sources(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// B12. Of every use case: the clock is read when its transaction has begun.
#[test]
fn no_use_case_reads_the_clock_before_it_begins() {
    let mut early = Vec::new();
    for file in sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let program = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for function in program.split("async fn ").skip(1) {
            let (read, begun) = (function.find("clock.now()"), function.find("db.begin("));
            if let (Some(read), Some(begun)) = (read, begun)
                && read < begun
            {
                early.push(function.split('(').next().unwrap().to_owned());
            }
        }
    }
    early.sort();
    // The day a paper is checked on, and the bench, which keeps nothing in order.
    assert_eq!(early, ["seed_people", "try_appoint"]);
}
