//! The review desk at work (R61, R62): filters, the next one, leases, handing over to another region,
//! who looks, views, and two thousand races of two officers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use common::{World, claims};
use domain::action::Action;
use domain::answer::Answers;
use domain::business::Business;
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::schema::fault;
use domain::sign_off::sign_off;
use domain::view::{Decision, QueueRequest};
use service::{Actor, DecisionRequest, Error, Missed, Remark, Service, What, sealed_answers};
use time::Duration;

claims![
    races_of_two_officers_leave_one_decision_each,
    the_next_one_is_the_oldest_and_nobody_gets_anothers,
    a_claim_lapses_when_nothing_is_done,
    a_suspended_officers_claim_lapses,
    work_on_the_page_keeps_the_claim,
    a_colleague_takes_what_has_lapsed,
    what_came_to_the_wrong_region_is_handed_over_whole,
    handing_over_needs_a_region_a_reason_and_the_claim,
    the_queue_is_filtered_and_ordered_as_asked,
    the_bell_counts_what_arrived_since_it_was_seen,
    the_neighbours_of_a_filing_are_those_of_its_queue,
    views_are_kept_replaced_and_private,
    officers_see_who_else_has_the_page_open,
    a_refusal_names_its_ground_and_the_remedy,
    approval_waits_for_the_whole_list,
    a_suggestion_reaches_the_applicant_but_never_for_personal_values,
    administrators_see_who_has_what_and_no_answer_of_it,
    an_administrator_sees_the_bundle_of_an_individual_masked,
    a_small_form_comes_back_to_whoever_posted_it,
    who_was_interrupted_hears_what_was_missed,
    effects_are_told_before_the_decision,
];

const HERE: &str = "110101";
const THERE: &str = "310101";

fn told(error: Error) -> String {
    match error {
        Error::Refused(refused) => refused.sentence,
        Error::Faults(faults) => faults.into_iter().map(|fault| fault.message).collect(),
        other => panic!("{other:?}"),
    }
}

fn state_of(code: &str) -> QueueRequest {
    QueueRequest { state: code.to_owned(), ..QueueRequest::default() }
}

async fn ids(world: &World, officer: &Actor, request: QueueRequest) -> Vec<String> {
    world.service.queues.queue(officer, &request).await.unwrap().rows.into_iter().map(|row| row.id).collect()
}

/// Puts filings of new websites past all procedures before the officers of a region, a second apart;
/// their ids, the oldest first. Their answers are as they would be stored.
async fn put_websites(world: &World, owner: &Actor, region: &str, many: usize) -> Vec<String> {
    let subject = world.put_subject(owner, "某某公司", "active", region).await;
    let form = Business::Website.form();
    let own = Business::Subject.form();
    let stored =
        sealed_answers::store(&world.keys, own, &format!("record/{subject}"), Answers::new()).unwrap();
    let (plain, sealed) = (stored.answers, stored.answers_sealed);
    world
        .execute(&format!(
            "UPDATE record SET answers = '{plain}', answers_sealed = '{sealed}' WHERE id = '{subject}'"
        ))
        .await;
    let begin = service::db::millis(world.now());
    let mut ids = Vec::new();
    let numbers: Vec<usize> = (0..many).collect();
    for some in numbers.chunks(200) {
        let (mut records, mut filings) = (Vec::new(), Vec::new());
        for number in some {
            let (record, id) = (service::db::new_id(world.now()), service::db::new_id(world.now()));
            let answers = Answers::from([
                ("site.name", "某某网站"),
                ("site.has_own_domain", "yes"),
                ("site.main_domain", format!("{subject}-{number}.cn").replace('-', "").as_str()),
            ]);
            let stored = sealed_answers::store(&world.keys, form, &format!("filing/{id}"), answers).unwrap();
            let of_record =
                sealed_answers::store(&world.keys, form, &format!("record/{record}"), Answers::new())
                    .unwrap();
            let at = begin - 1_000 * (many - number) as i64;
            records.push(format!(
                "('{record}', 'website', '{subject}', 'pending', '某某网站', '企业', '{region}', '{}', '{}', 1, {at}, {at})",
                of_record.answers, of_record.answers_sealed,
            ));
            filings.push(format!(
                "('{id}', '{id}', '{id}', 'website', 'new', '{record}', '{subject}', '{}', 'pending', '{region}', \
                 '某某网站 {number}', '某某公司', '{}', '{}', TRUE, 1, {at}, 1)",
                owner.person_id, stored.answers, stored.answers_sealed,
            ));
            ids.push(id);
        }
        world
            .execute(&format!(
                "INSERT INTO record (id, business, subject_id, state, title, owner_kind, jurisdiction, answers, \
                 answers_sealed, version, created_at, updated_at) VALUES {}",
                records.join(", ")
            ))
            .await;
        world
            .execute(&format!(
                "INSERT INTO filing (id, reference, idempotency_key, business, action, record_id, subject_id, \
                 applicant_id, state, jurisdiction, title, subject_name, answers, answers_sealed, is_reviewable, \
                 round, submitted_at, version) VALUES {}",
                filings.join(", ")
            ))
            .await;
    }
    ids
}

/// A subject with one website, filed and waiting: both filings.
async fn bundle(world: &World, n: u32, domain: &str) -> (Actor, String, String) {
    let actor = world.applicant(n).await;
    let subject = world.subject_answers_unit(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    let website = world.website_answers(&actor, domain).await;
    let website = world.file(&actor, "website_new", None, &website).await;
    (actor, subject, website)
}

async fn version(world: &World, officer: &Actor, id: &str) -> i64 {
    world.service.reviews.review(officer, id, None).await.unwrap().version
}

fn request(procedure: Procedure, decision: Decision, note: &str) -> DecisionRequest {
    DecisionRequest {
        decision,
        note: note.to_owned(),
        ground: String::new(),
        remarks: Vec::new(),
        signed: (0..sign_off(procedure).len()).collect(),
    }
}

const WEBSITE: Procedure = Procedure::new(Business::Website, Action::New);

/// R62: whoever is second is told who decided what and when, each time.
async fn races_of_two_officers_leave_one_decision_each(world: World) {
    const LANES: usize = 8;
    let races = common::rounds(400, 2_000);
    let owner = world.applicant(1).await;
    let officers = [world.nth_officer(9_001, HERE).await, world.nth_officer(9_002, HERE).await];
    let mut filings = Vec::new();
    for _ in 0..LANES {
        // Each lane with a subject of its own: what one subject has is decided one after the other anyway.
        filings.extend(put_websites(&world, &owner, HERE, races / LANES).await);
    }
    if let Some((_, name)) = world.url.rsplit_once('/').filter(|_| !world.is_sqlite()) {
        // What the disk does is not what is tested; it holds for connections made from now on.
        world.execute(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    }
    let (service, officers) = (world.restarted().await, Arc::new(officers));
    let mut lanes = tokio::task::JoinSet::new();
    for (lane, filings) in filings.chunks(races / LANES).enumerate() {
        let (service, officers, filings) = (service.clone(), Arc::clone(&officers), filings.to_vec());
        lanes.spawn(async move {
            let mut approvals = 0;
            for (number, id) in filings.iter().enumerate() {
                let decide = |officer: usize, decision: Decision| {
                    let (service, officer, id) = (service.clone(), officers[officer].clone(), id.clone());
                    tokio::spawn(async move {
                        service.filing_claims.claim(&officer, &id).await?;
                        service.decisions.decide(&officer, &id, 2, decision, "理由", &[]).await
                    })
                };
                // One in ten is an approval against a refusal; the rest is quicker.
                let first = if (number + lane) % 10 == 0 { Decision::Approve } else { Decision::Return };
                let (one, other) = (decide(0, first), decide(1, Decision::Reject));
                let loser = match (one.await.unwrap(), other.await.unwrap()) {
                    (Ok(()), Err(error)) => {
                        approvals += usize::from(first == Decision::Approve);
                        error
                    }
                    (Err(error), Ok(())) => error,
                    both => panic!("{both:?}"),
                };
                let told = told(loser);
                assert!(told.starts_with("该申请单已于 2026-03-02 10:00 由其他民警（审核员）"), "{told}");
                assert!(told.ends_with("领取") || told.ends_with("决定"), "{told}");
            }
            approvals
        });
    }
    let approvals: usize = lanes.join_all().await.into_iter().sum();
    let decisions = "FROM filing_event WHERE event IN ('approve', 'return', 'reject')";
    assert_eq!(world.number(&format!("SELECT COUNT(*) {decisions}")).await, races as i64);
    assert_eq!(world.number(&format!("SELECT COUNT(DISTINCT filing_id) {decisions}")).await, races as i64);
    let agree = "SELECT COUNT(*) FROM filing JOIN filing_event ON filing_event.filing_id = filing.id \
                 WHERE event IN ('approve', 'return', 'reject') AND to_state = state";
    assert_eq!(world.number(agree).await, races as i64, "the state is that of the decision");
    let lines =
        "SELECT COUNT(*) FROM audit WHERE action IN ('filing.approve', 'filing.return', 'filing.reject')";
    assert_eq!(world.number(lines).await, races as i64);
    let numbers = "SELECT COUNT(DISTINCT registration_digits) FROM record WHERE state = 'active'";
    assert_eq!(world.number(numbers).await, approvals as i64);
    assert!(world.service.audit_chain.verify_audit().await.unwrap().first_bad.is_none());
}

async fn the_next_one_is_the_oldest_and_nobody_gets_anothers(world: World) {
    let owner = world.applicant(1).await;
    let officers = [world.nth_officer(9_001, HERE).await, world.nth_officer(9_002, HERE).await];
    let filings = put_websites(&world, &owner, HERE, 12).await;
    let any = QueueRequest::default();
    assert_eq!(world.service.filing_claims.claim_next(&officers[0], &any).await.unwrap(), filings[0]);
    let elsewhere = QueueRequest { procedure: "app".to_owned(), ..QueueRequest::default() };
    let none = world.service.filing_claims.claim_next(&officers[0], &elsewhere).await.unwrap_err();
    assert_eq!(told(none), "没有等待领取的申请单");
    let mut asking = tokio::task::JoinSet::new();
    for officer in officers.clone() {
        let service = world.service.clone();
        asking.spawn(async move {
            let mut got = Vec::new();
            while let Ok(id) = service.filing_claims.claim_next(&officer, &QueueRequest::default()).await {
                got.push(id);
            }
            got
        });
    }
    let got: Vec<String> = asking.join_all().await.concat();
    assert_eq!(got.len(), 11, "each once");
    let got: BTreeSet<String> = got.into_iter().collect();
    assert_eq!(got, filings[1..].iter().cloned().collect::<BTreeSet<_>>());
    assert!(world.service.filing_claims.claim_next(&officers[0], &any).await.is_err());
}

async fn a_claim_lapses_when_nothing_is_done(world: World) {
    let officer = world.officer(HERE).await;
    let (_, subject, website) = bundle(&world, 1, "example.cn").await;
    world.service.filing_claims.claim(&officer, &subject).await.unwrap();
    world.later(Duration::minutes(29));
    assert_eq!(world.service.filing_claims.sweep_claims().await.unwrap(), 0);
    world.later(Duration::MINUTE);
    assert_eq!(world.service.filing_claims.sweep_claims().await.unwrap(), 2, "the whole bundle");
    assert_eq!(world.service.filing_claims.sweep_claims().await.unwrap(), 0, "once");
    for id in [&subject, &website] {
        let view = world.service.reviews.review(&officer, id, None).await.unwrap();
        assert_eq!(view.filing.state, FilingState::Pending);
        assert_eq!(view.history.last().unwrap().who, "系统");
        assert_eq!(view.history.last().unwrap().note, "领取后超过 30 分钟没有操作，自动释放");
    }
    let notices = world.service.notices.notices(&officer, true, "").await.unwrap();
    assert!(notices.rows[0].text.contains("已自动释放"), "{:?}", notices.rows);
    let late = world.service.decisions.decide(&officer, &subject, 2, Decision::Approve, "", &[]).await;
    assert_eq!(told(late.unwrap_err()), "请先领取该申请单");
}

/// ASVS V7.4.2: nobody is at work any more.
async fn a_suspended_officers_claim_lapses(world: World) {
    let (owner, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let (administrator, colleague) = (world.administrator().await, world.nth_officer(9_002, HERE).await);
    let filing = &put_websites(&world, &owner, HERE, 1).await[0];
    world.service.filing_claims.claim(&officer, filing).await.unwrap();
    world.service.people.suspend(&administrator, &officer.person_id, "调离").await.unwrap();
    assert!(
        matches!(world.service.filing_claims.claim(&colleague, filing).await, Err(Error::Refused(_))),
        "not at once"
    );
    world.later(Duration::minutes(30));
    assert_eq!(world.service.filing_claims.sweep_claims().await.unwrap(), 1);
    world.service.filing_claims.claim(&colleague, filing).await.unwrap();
}

async fn work_on_the_page_keeps_the_claim(world: World) {
    let (owner, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let other = world.nth_officer(9_002, HERE).await;
    let filing = &put_websites(&world, &owner, HERE, 1).await[0];
    world.service.filing_claims.claim(&officer, filing).await.unwrap();
    for _ in 0..4 {
        world.later(Duration::minutes(20));
        world.service.filing_claims.keep_claim(&officer, filing).await.unwrap();
        // A colleague's look is no sign of life.
        world.service.filing_claims.keep_claim(&other, filing).await.unwrap();
        assert_eq!(world.service.filing_claims.sweep_claims().await.unwrap(), 0);
    }
    world.later(Duration::minutes(20));
    // Opening the page is work, too.
    world.service.reviews.review(&officer, filing, None).await.unwrap();
    world.later(Duration::minutes(20));
    assert_eq!(world.service.filing_claims.sweep_claims().await.unwrap(), 0);
    world.later(Duration::minutes(10));
    world.service.filing_claims.keep_claim(&other, filing).await.unwrap();
    assert_eq!(world.service.filing_claims.sweep_claims().await.unwrap(), 1);
}

async fn a_colleague_takes_what_has_lapsed(world: World) {
    let (owner, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let other = world.nth_officer(9_002, HERE).await;
    let filing = &put_websites(&world, &owner, HERE, 1).await[0];
    world.service.filing_claims.claim(&officer, filing).await.unwrap();
    let early = world.service.filing_claims.claim(&other, filing).await.unwrap_err();
    assert_eq!(told(early), "该申请单已于 2026-03-02 10:00 由其他民警（审核员）领取");
    world.later(Duration::minutes(30));
    world.service.filing_claims.claim(&other, filing).await.unwrap();
    assert!(world.service.reviews.review(&other, filing, None).await.unwrap().is_mine);
}

/// 移送: the bundle goes whole, what is filed later follows, and the number is the other region's.
async fn what_came_to_the_wrong_region_is_handed_over_whole(world: World) {
    let (here, there) = (world.officer(HERE).await, world.officer(THERE).await);
    let (actor, subject, website) = bundle(&world, 1, "example.cn").await;
    world.service.filing_claims.claim(&here, &subject).await.unwrap();
    let (_, mut changes) = world.service.events.subscribe(None).await.unwrap();
    world
        .service
        .filing_claims
        .transfer_filing(&here, &subject, THERE, "办公地址实际在黄浦区")
        .await
        .unwrap();
    let change = changes.next().await.unwrap().change;
    assert_eq!((change.what, change.jurisdiction.as_str()), (What::Arrived, THERE));
    assert_eq!(change.left.as_deref(), Some(HERE));
    for id in [&subject, &website] {
        assert!(matches!(world.service.reviews.review(&here, id, None).await, Err(Error::NotFound)));
        let view = world.service.reviews.review(&there, id, None).await.unwrap();
        assert_eq!(view.filing.state, FilingState::Pending);
        assert!(view.filing.has_moved && view.filing.is_new);
        let last = view.history.last().unwrap();
        assert_eq!(last.what, "移送");
        assert_eq!(last.note, "由北京市东城区移送至上海市黄浦区：办公地址实际在黄浦区");
    }
    let notices = world.service.notices.notices(&actor, true, "").await.unwrap();
    assert!(notices.rows.iter().any(|row| row.text.contains("已移送上海市黄浦区")), "{:?}", notices.rows);
    let later = world.website_answers(&actor, "example.com").await;
    let later = world.file(&actor, "website_new", None, &later).await;
    world.service.filing_claims.claim(&there, &subject).await.unwrap();
    for id in [&subject, &website, &later] {
        let version = version(&world, &there, id).await;
        world.service.decisions.decide(&there, id, version, Decision::Approve, "", &[]).await.unwrap();
    }
    let digits = world.service.filings.filing(&actor, &website).await.unwrap().registration.unwrap().digits;
    assert!(digits.starts_with(THERE), "{digits}");
    let record = world.service.records.my_subject(&actor).await.unwrap().unwrap();
    assert_eq!(record.row.jurisdiction, "上海市黄浦区");
}

async fn handing_over_needs_a_region_a_reason_and_the_claim(world: World) {
    let owner = world.applicant(1).await;
    let (one, other) = (world.nth_officer(9_001, HERE).await, world.nth_officer(9_002, HERE).await);
    let filing = &put_websites(&world, &owner, HERE, 1).await[0];
    world.service.filing_claims.claim(&one, filing).await.unwrap();
    let service = &world.service;
    for (officer, region, reason, sentence) in [
        (&one, "310000", "理由", "请选择移送到的区县"),
        (&one, "999999", "理由", "请选择移送到的区县"),
        (&one, THERE, "  ", "请填写移送的理由，不超过 200 字"),
        (&one, HERE, "理由", "该申请单已由此地区管辖"),
        (&other, THERE, "理由", "该申请单已于 2026-03-02 10:00 由其他民警（审核员）领取"),
    ] {
        let refused =
            service.filing_claims.transfer_filing(officer, filing, region, reason).await.unwrap_err();
        assert_eq!(told(refused), sentence);
    }
    let stranger = world.officer(THERE).await;
    let unseen = service.filing_claims.transfer_filing(&stranger, filing, THERE, "理由").await;
    assert!(matches!(unseen, Err(Error::NotFound)));
}

async fn the_queue_is_filtered_and_ordered_as_asked(world: World) {
    let owner = world.applicant(1).await;
    let (officer, other) = (world.nth_officer(9_001, "110000").await, world.nth_officer(9_002, HERE).await);
    let old = put_websites(&world, &owner, HERE, 2).await;
    // Eight working days; seven are allowed.
    world.later(Duration::days(10));
    let next_door = put_websites(&world, &owner, "110102", 2).await;
    let elsewhere = put_websites(&world, &owner, THERE, 1).await;
    world.service.filing_claims.claim(&other, &old[0]).await.unwrap();
    world.service.filing_claims.claim(&officer, &next_door[0]).await.unwrap();
    world.execute(&format!("UPDATE filing SET round = 2 WHERE id = '{}'", next_door[1])).await;
    let all = [&old[0], &old[1], &next_door[0], &next_door[1]];
    let with = |change: &dyn Fn(&mut QueueRequest)| {
        let mut request = QueueRequest::default();
        change(&mut request);
        request
    };
    let set = |field: fn(&mut QueueRequest) -> &mut String, value: &str| {
        with(&|request| *field(request) = value.to_owned())
    };
    let region: fn(&mut QueueRequest) -> &mut String = |request| &mut request.region;
    let claimed: fn(&mut QueueRequest) -> &mut String = |request| &mut request.claimed_by;
    let age: fn(&mut QueueRequest) -> &mut String = |request| &mut request.age;
    let sort: fn(&mut QueueRequest) -> &mut String = |request| &mut request.sort;
    let kind: fn(&mut QueueRequest) -> &mut String = |request| &mut request.procedure;
    let cases: Vec<(QueueRequest, Vec<&String>)> = vec![
        (QueueRequest::default(), all.to_vec()),
        (set(sort, "newest"), all.iter().rev().copied().collect()),
        (set(region, "110102"), vec![&next_door[0], &next_door[1]]),
        // Not the officer's: as if it were not asked for.
        (set(region, THERE), all.to_vec()),
        (set(claimed, "none"), vec![&old[1], &next_door[1]]),
        (set(claimed, "me"), vec![&next_door[0]]),
        (set(claimed, &other.person_id), vec![&old[0]]),
        (set(age, "7"), vec![&old[0], &old[1]]),
        (set(age, "today"), vec![&next_door[0], &next_door[1]]),
        (set(kind, "website"), all.to_vec()),
        (set(kind, "website_new"), all.to_vec()),
        (set(kind, "subject"), vec![]),
        (state_of("overdue"), vec![&old[0], &old[1]]),
        (state_of("resubmitted"), vec![&next_door[1]]),
        (state_of("mine"), vec![&next_door[0]]),
        (state_of("pending"), vec![&old[1], &next_door[1]]),
        (state_of("done"), vec![]),
    ];
    for (request, expected) in cases {
        let found = ids(&world, &officer, request.clone()).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{request:?}");
    }
    let desk = world.service.reviews.queue_desk(&officer, &QueueRequest::default()).await.unwrap();
    assert_eq!(desk.officers.len(), 1, "colleagues who have something, without oneself");
    assert_eq!(desk.region.code, "110000");
    assert!(desk.below.iter().any(|region| region.code == "110100"));
    assert!(!ids(&world, &officer, state_of("all")).await.contains(&elsewhere[0]));
}

async fn the_bell_counts_what_arrived_since_it_was_seen(world: World) {
    let (owner, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let arrived = async || {
        let desk = world.service.reviews.queue_desk(&officer, &QueueRequest::default()).await.unwrap();
        (desk.arrived, ids(&world, &officer, state_of("arrived")).await)
    };
    world.later(Duration::HOUR);
    let first = put_websites(&world, &owner, HERE, 1).await;
    assert_eq!(arrived().await, (1, first.clone()));
    world.service.reviews.saw_arrivals(&officer).await.unwrap();
    assert_eq!(arrived().await, (0, vec![]));
    world.later(Duration::HOUR);
    let second = put_websites(&world, &owner, HERE, 1).await;
    let strange = put_websites(&world, &owner, THERE, 1).await;
    assert_eq!(arrived().await, (1, second.clone()));
    // From another region, though it was submitted before.
    let there = world.officer(THERE).await;
    world.service.filing_claims.transfer_filing(&there, &strange[0], HERE, "管辖地有误").await.unwrap();
    assert_eq!(arrived().await.0, 2);
    world.service.reviews.saw_arrivals(&officer).await.unwrap();
    world.service.reviews.saw_arrivals(&officer).await.unwrap();
    assert_eq!(arrived().await, (0, vec![]));
    assert!(matches!(world.service.reviews.saw_arrivals(&owner).await, Err(Error::Forbidden)));
}

async fn the_neighbours_of_a_filing_are_those_of_its_queue(world: World) {
    let (owner, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let filings = put_websites(&world, &owner, HERE, 4).await;
    let beside = async |id: &str, request: QueueRequest| {
        let beside = world.service.queues.neighbours(&officer, id, &request).await.unwrap();
        (beside.previous, beside.next)
    };
    let newest = QueueRequest { sort: "newest".to_owned(), ..QueueRequest::default() };
    let id = |number: usize| Some(filings[number].clone());
    assert_eq!(beside(&filings[0], QueueRequest::default()).await, (None, id(1)));
    assert_eq!(beside(&filings[1], newest).await, (id(2), id(0)));
    world.service.filing_claims.claim(&officer, &filings[1]).await.unwrap();
    // It is not in the queue any more, but its place is.
    assert_eq!(beside(&filings[1], state_of("pending")).await, (id(0), id(2)));
    assert_eq!(beside(&filings[0], state_of("pending")).await, (None, id(2)));
    let elsewhere = put_websites(&world, &owner, THERE, 1).await;
    let unseen = world.service.queues.neighbours(&officer, &elsewhere[0], &QueueRequest::default()).await;
    assert!(matches!(unseen, Err(Error::NotFound)));
}

async fn views_are_kept_replaced_and_private(world: World) {
    let (one, other) = (world.nth_officer(9_001, HERE).await, world.nth_officer(9_002, HERE).await);
    let views = async |officer: &Actor| {
        world.service.reviews.queue_desk(officer, &QueueRequest::default()).await.unwrap().views
    };
    let service = &world.service;
    service.saved_views.save_view(&one, " 超期的网站 ", "state=overdue&procedure=website").await.unwrap();
    service.saved_views.save_view(&one, "超期的网站", "state=overdue").await.unwrap();
    let kept = views(&one).await;
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].name.as_str(), kept[0].query.as_str()), ("超期的网站", "state=overdue"));
    assert!(views(&other).await.is_empty());
    assert!(matches!(service.saved_views.delete_view(&other, &kept[0].id).await, Err(Error::NotFound)));
    assert!(matches!(service.saved_views.save_view(&one, "  ", "").await, Err(Error::Faults(_))));
    assert!(service.saved_views.save_view(&one, "坏", "a b\r\nc").await.is_err());
    for number in 1..20 {
        service.saved_views.save_view(&one, &format!("视图{number}"), "").await.unwrap();
    }
    assert_eq!(
        told(service.saved_views.save_view(&one, "再一个", "").await.unwrap_err()),
        "最多保存 20 个视图，请先删除不用的"
    );
    service.saved_views.delete_view(&one, &kept[0].id).await.unwrap();
    assert_eq!(views(&one).await.len(), 19);
    let applicant = world.applicant(1).await;
    assert!(matches!(service.saved_views.save_view(&applicant, "视图", "").await, Err(Error::Forbidden)));
}

/// R62: a page with scripts counts for as long as it is open, one without for two minutes.
async fn officers_see_who_else_has_the_page_open(world: World) {
    let owner = world.applicant(1).await;
    let (one, other) = (world.nth_officer(9_001, HERE).await, world.nth_officer(9_002, HERE).await);
    let filing = put_websites(&world, &owner, HERE, 1).await.remove(0);
    let others =
        async |officer: &Actor| world.service.reviews.review(officer, &filing, None).await.unwrap().others;
    assert!(others(&one).await.is_empty());
    assert_eq!(others(&other).await, ["审核员"], "the other one has just looked");
    world.later(Duration::minutes(3));
    assert!(others(&one).await.is_empty());
    let (_, mut changes) = world.service.events.subscribe(None).await.unwrap();
    let open = world.service.presence.open_page(&other, &filing).await.unwrap();
    assert_eq!(changes.next().await.unwrap().change.what, What::Looked);
    world.later(Duration::HOUR);
    assert_eq!(others(&one).await, ["审核员"]);
    assert!(others(&other).await.contains(&"审核员".to_owned()), "and the other way round");
    drop(open);
    assert!(others(&one).await.is_empty());
    let stranger = world.officer(THERE).await;
    assert!(matches!(world.service.presence.open_page(&stranger, &filing).await, Err(Error::NotFound)));
}

async fn a_refusal_names_its_ground_and_the_remedy(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    world.in_force(&actor, "example.cn").await;
    let website = world.website_answers(&actor, "example.com").await;
    let website = world.file(&actor, "website_new", None, &website).await;
    world.service.filing_claims.claim(&officer, &website).await.unwrap();
    let view = world.service.reviews.review(&officer, &website, None).await.unwrap();
    let mut refusal = request(WEBSITE, Decision::Reject, "内容违法");
    refusal.ground = "随便写的".to_owned();
    let refused =
        world.service.decisions.decide_with(&officer, &website, view.version, &refusal).await.unwrap_err();
    assert_eq!(told(refused), "请从列表中选择法律依据");
    refusal.ground = view.grounds[1].clone();
    world.service.decisions.decide_with(&officer, &website, view.version, &refusal).await.unwrap();
    let history = world.service.filings.filing(&actor, &website).await.unwrap().history;
    let note = &history.iter().find(|event| event.what == "不予通过").unwrap().note;
    assert!(note.starts_with("内容违法\n法律依据：《中华人民共和国网络安全法》第二十四条\n"), "{note}");
    assert!(note.contains("行政复议"), "{note}");
}

async fn approval_waits_for_the_whole_list(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    world.in_force(&actor, "example.cn").await;
    let website = world.website_answers(&actor, "example.com").await;
    let website = world.file(&actor, "website_new", None, &website).await;
    world.service.filing_claims.claim(&officer, &website).await.unwrap();
    let view = world.service.reviews.review(&officer, &website, None).await.unwrap();
    assert_eq!(view.sign_off.len(), sign_off(WEBSITE).len());
    let mut approval = request(WEBSITE, Decision::Approve, "");
    approval.signed.remove(&1);
    let refused =
        world.service.decisions.decide_with(&officer, &website, view.version, &approval).await.unwrap_err();
    assert_eq!(told(refused), "请逐项确认审核清单后再通过");
    approval.signed.insert(1);
    world.service.decisions.decide_with(&officer, &website, view.version, &approval).await.unwrap();
    assert_eq!(
        world.service.filings.filing(&actor, &website).await.unwrap().row.state,
        FilingState::Approved
    );
}

/// R53, R70
async fn a_suggestion_reaches_the_applicant_but_never_for_personal_values(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    world.in_force(&actor, "example.cn").await;
    let website = world.website_answers(&actor, "example.com").await;
    let website = world.file(&actor, "website_new", None, &website).await;
    world.service.filing_claims.claim(&officer, &website).await.unwrap();
    let remark = |at: &str, text: &str, suggested: &str| Remark {
        at: at.to_owned(),
        text: text.to_owned(),
        suggested: suggested.to_owned(),
    };
    let mut returned = request(WEBSITE, Decision::Return, "");
    returned.remarks = vec![remark("security_officer.mobile", "打不通", "13900001111")];
    let refused = world.service.decisions.decide_with(&officer, &website, 2, &returned).await.unwrap_err();
    assert!(told(refused).contains("是个人信息，不能填写建议内容"));
    returned.remarks = vec![
        remark("site.name", "与营业执照不符。", "某某科技官网"),
        remark("site.opened_on", "", "2026-02-21"),
        remark("security_officer.mobile", "打不通", ""),
        remark("site.ips", " ", ""),
    ];
    world.service.decisions.decide_with(&officer, &website, 2, &returned).await.unwrap();
    let remarks = world.service.filings.filing(&actor, &website).await.unwrap().remarks;
    assert_eq!(
        remarks,
        [
            fault("site.name", "与营业执照不符。建议填写：某某科技官网"),
            fault("site.opened_on", "建议填写：2026-02-21"),
            fault("security_officer.mobile", "打不通"),
        ]
    );
}

async fn administrators_see_who_has_what_and_no_answer_of_it(world: World) {
    let (owner, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let administrator = world.administrator().await;
    let filing = put_websites(&world, &owner, HERE, 1).await.remove(0);
    assert!(world.service.filing_claims.claims_held(&administrator, "").await.unwrap().rows.is_empty());
    world.service.filing_claims.claim(&officer, &filing).await.unwrap();
    world.later(Duration::minutes(12));
    let held = world.service.filing_claims.claims_held(&administrator, "").await.unwrap();
    assert_eq!(held.total, 1);
    assert_eq!((held.rows[0].officer.as_str(), held.rows[0].idle_minutes), ("审核员", 12));
    assert_eq!((held.rows[0].subject_name.as_str(), held.rows[0].title.is_empty()), ("某某公司", false));
    assert!(matches!(world.service.filing_claims.claims_held(&officer, "").await, Err(Error::Forbidden)));

    // What the take-over is about; each look is a line.
    let looks = "SELECT COUNT(*) FROM audit WHERE action = 'filing.look_at_claim'";
    let look = world.service.held_filings.held_filing(&administrator, &filing).await.unwrap();
    assert_eq!(
        (look.subject_name.as_str(), look.officer.as_str(), look.idle_minutes),
        ("某某公司", "审核员", 12)
    );
    assert!(look.together.is_empty(), "the subject is in force");
    assert_eq!((look.history[0].what.as_str(), look.history[0].who.as_str()), ("领取", "审核民警 审核员"));
    assert_eq!(world.number(looks).await, 1);
    for other in [&officer, &owner] {
        let refused = world.service.held_filings.held_filing(other, &filing).await;
        assert!(matches!(refused, Err(Error::Forbidden)));
    }
    world.service.filing_claims.take_over(&administrator, &filing, "休假").await.unwrap();
    let gone = world.service.held_filings.held_filing(&administrator, &filing).await;
    assert!(matches!(gone, Err(Error::NotFound)), "nobody has it any more");
    assert_eq!(world.number(looks).await, 1);
    assert!(world.service.filing_claims.claims_held(&administrator, "").await.unwrap().rows.is_empty());
}

async fn who_was_interrupted_hears_what_was_missed(world: World) {
    let (owner, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let filings = put_websites(&world, &owner, HERE, 3).await;
    let events = &world.service.events;
    let heard = events.subscribe(None).await.unwrap().1.upto().name();
    for filing in &filings {
        world.service.filing_claims.claim(&officer, filing).await.unwrap();
    }
    let missed = async |service: &Service, name: &str| service.events.subscribe(Some(name)).await.unwrap().0;
    let Missed::These(told) = missed(&world.service, &heard).await else { panic!("too much") };
    assert_eq!(
        told.iter().map(|told| &told.change.filing_id).collect::<Vec<_>>(),
        filings.iter().collect::<Vec<_>>()
    );
    let second = told[1].place.unwrap().name();
    assert_eq!(missed(&world.service, &second).await, Missed::These(told[2..].to_vec()));
    let last = events.subscribe(None).await.unwrap().1.upto().name();
    assert_eq!(missed(&world.service, &last).await, Missed::These(vec![]));
    // Another server, or this one after a start, knows the same names.
    assert_eq!(missed(&world.restarted().await, &second).await, Missed::These(told[2..].to_vec()));
    for name in ["x.7", "", "019ad0c1-0000-7000-8000-000000000000.3", "999999999.0"] {
        assert_eq!(missed(&world.service, name).await, Missed::TooMuch, "{name}");
    }
    for _ in 0..300 {
        world.service.filing_claims.release(&officer, &filings[0]).await.unwrap();
        world.service.filing_claims.claim(&officer, &filings[0]).await.unwrap();
    }
    assert_eq!(missed(&world.service, &heard).await, Missed::TooMuch, "more than is remembered");
    // What is an hour old is swept; who heard the last of it is known to have missed nothing.
    let last = events.subscribe(None).await.unwrap().1.upto().name();
    world.later(Duration::hours(2));
    world.service.jobs.sweep().await;
    assert_eq!(world.number("SELECT COUNT(*) FROM desk_event").await, 0);
    assert_eq!(missed(&world.service, &last).await, Missed::These(vec![]));
    assert_eq!(missed(&world.service, &second).await, Missed::TooMuch, "it was swept");
}

/// “网站 2 个将一并注销”
async fn effects_are_told_before_the_decision(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let (subject, website) = world.in_force(&actor, "example.cn").await;
    let second = world.website_answers(&actor, "example.com").await;
    let second = world.file(&actor, "website_new", None, &second).await;
    world.decide(&second, Decision::Approve, "", &[]).await;
    let third = world.website_answers(&actor, "example.org").await;
    world.file(&actor, "website_new", None, &third).await;
    assert!(!website.is_empty());
    let (id, now) = (service::db::new_id(world.now()), service::db::millis(world.now()));
    let form = Procedure::new(Business::Subject, Action::Cancel).form();
    let stored = sealed_answers::store(&world.keys, form, &format!("filing/{id}"), Answers::new()).unwrap();
    world
        .execute(&format!(
            "INSERT INTO filing (id, reference, idempotency_key, business, action, record_id, subject_id, \
             applicant_id, state, jurisdiction, title, subject_name, answers, answers_sealed, is_reviewable, \
             round, submitted_at, version) SELECT '{id}', 'BA-{id}', '{id}', 'subject', 'cancel', id, id, '{}', \
             'pending', jurisdiction, title, title, '{}', '{}', TRUE, 1, {now}, 1 FROM record WHERE id = '{subject}'",
            actor.person_id, stored.answers, stored.answers_sealed,
        ))
        .await;
    let effects = world.service.reviews.review(&officer, &id, None).await.unwrap().effects;
    assert!(effects.contains(&"网站 2 个将一并注销".to_owned()), "{effects:?}");
    assert!(effects.contains(&"未办结的申请单 1 份将终止".to_owned()), "{effects:?}");
}

async fn an_administrator_sees_the_bundle_of_an_individual_masked(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let administrator = world.administrator().await;
    let subject = world.subject_answers_person(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    let website = world.website_answers(&actor, "example.cn").await;
    let website = world.file(&actor, "website_new", None, &website).await;
    world.service.filing_claims.claim(&officer, &subject).await.unwrap();
    let held = world.service.filing_claims.claims_held(&administrator, "").await.unwrap().rows;
    assert!(held.len() == 2 && held.iter().all(|row| row.subject_name == "孙**"), "{held:?}");
    let look = world.service.held_filings.held_filing(&administrator, &subject).await.unwrap();
    assert_eq!((look.title.as_str(), look.owner_kind.as_str()), ("孙**", "个人"));
    assert_eq!(look.together.len(), 1);
    assert!(look.history.iter().any(|event| event.what == "提交审核" && event.who == "申请人"));
    let said = serde_json::to_string(&look).unwrap();
    for secret in ["孙丙丁", "11010519491231002X", "13800005678"] {
        assert!(!said.contains(secret), "{said}");
    }
    let look = world.service.held_filings.held_filing(&administrator, &website).await.unwrap();
    assert_eq!(look.together[0].1.label(), "新增主体");
}

async fn a_small_form_comes_back_to_whoever_posted_it(world: World) {
    let (one, other) = (world.applicant(1).await, world.applicant(2).await);
    let forms = &world.service.kept_forms;
    assert!(!forms.kept(&one, "reason").await.unwrap().is_again);
    let faults = [fault("title", "名称：请填写")];
    forms
        .keep(&one, "reason", &[("reason", "7"), ("title", ""), ("text", "请补充</textarea>")], &faults)
        .await
        .unwrap();
    let kept = forms.kept(&one, "reason").await.unwrap();
    assert_eq!(
        (kept.text("text").as_str(), kept.fault("title").as_deref()),
        ("请补充</textarea>", Some("名称：请填写"))
    );
    assert_eq!(kept.text_or("title", "从前的名称"), "", "what was emptied stays empty");
    assert!(kept.begins_at("title") && kept.about("reason", "7").is_again);
    assert_eq!(kept.about("reason", "8").text_or("title", "从前的名称"), "从前的名称");
    for (actor, form) in [(&other, "reason"), (&one, "holiday")] {
        assert!(!forms.kept(actor, form).await.unwrap().is_again);
    }
    assert!(!world.is_stored_in_the_open("请补充</textarea>").await);
    world.later(Duration::minutes(31));
    assert!(!forms.kept(&one, "reason").await.unwrap().is_again);
}
