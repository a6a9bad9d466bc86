//! What officers have in hand and get done, giving it to a colleague, and what is returned for what reason (R60, R62);
//! on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use common::{World, claims, claims_of};
use domain::filing::FilingState;
use domain::schema::{Fault, fault};
use domain::view::{Decision, Period, ReturnReasons};
use service::{Actor, Error, Reassignment, Service};
use time::Duration;

claims![
    what_officers_have_in_hand_and_got_done_is_shown_to_administrators,
    who_is_appointed_no_more_is_shown_with_what_is_left,
    only_administrators_see_the_load_of_others,
    a_filing_is_given_to_a_colleague_and_both_are_told,
    a_bundle_is_given_whole,
    what_cannot_be_given_is_told_at_the_officer,
    who_comes_too_late_gives_nothing,
    of_two_who_give_at_once_one_does,
    returns_are_counted_by_question,
    a_return_that_is_taken_back_counts_no_longer,
    what_is_returned_along_is_nobodys_remark,
    reasons_are_those_of_ones_own_region,
];

const HERE: &str = "110101";

/// A subject and a website of the n-th applicant that wait, in a bundle: the ids of their filings.
async fn waiting(world: &World, n: u32) -> (Actor, String, String) {
    let actor = world.applicant(n).await;
    let subject = world.subject_answers_person(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    let website = world.website_answers(&actor, &format!("example{n}.cn")).await;
    let website = world.file(&actor, "website_new", None, &website).await;
    (actor, subject, website)
}

/// A website of somebody whose subject is in force.
async fn alone(world: &World, n: u32) -> (Actor, String) {
    let actor = world.applicant(n).await;
    world.in_force(&actor, &format!("first{n}.cn")).await;
    let website = world.website_answers(&actor, &format!("second{n}.cn")).await;
    (actor.clone(), world.file(&actor, "website_new", None, &website).await)
}

async fn version(service: &Service, administrator: &Actor, filing: &str) -> i64 {
    service.held_filings.held_filing(administrator, filing).await.unwrap().version
}

async fn give(world: &World, filing: &str, to: &str, reason: &str) -> Result<(), Error> {
    let administrator = world.administrator().await;
    let version = version(&world.service, &administrator, filing).await;
    let asked = Reassignment { filing, version, officer: to, reason };
    world.service.reassignments.reassign(&administrator, asked).await
}

fn faults(outcome: Result<(), Error>) -> Vec<(String, String)> {
    match outcome {
        Err(Error::Faults(faults)) => faults.into_iter().map(|fault| (fault.at, fault.message)).collect(),
        other => panic!("{other:?}"),
    }
}

async fn told(world: &World, actor: &Actor) -> Vec<String> {
    let notices = world.service.notices.notices(actor, false, "").await.unwrap();
    notices.rows.into_iter().map(|notice| notice.text).collect()
}

async fn what_officers_have_in_hand_and_got_done_is_shown_to_administrators(world: World) {
    let (busy, idle) = (world.officer(HERE).await, world.nth_officer(9_950, HERE).await);
    let elsewhere = world.officer("310101").await;
    let (_, _, website) = waiting(&world, 1).await;
    // Monday to the Wednesday after next: seven working days allowed, this is the eighth.
    world.later(Duration::days(10));
    world.service.filing_claims.claim(&busy, &website).await.unwrap();
    let (_, later) = alone(&world, 2).await;
    world.service.filing_claims.claim(&busy, &later).await.unwrap();
    let administrator = world.administrator().await;
    let loads = &world.service.loads;
    for added_up in [false, true] {
        if added_up {
            world.service.counters.add_up().await.unwrap();
        }
        let page = loads.load_page(&administrator, "北京市东城区", Period::Week).await.unwrap();
        let seen: Vec<_> = page
            .rows
            .iter()
            .map(|row| (row.id.as_str(), row.in_hand, row.oldest_days, row.overdue, row.decided))
            .collect();
        // Subject and website of the first, and a website of the second, of whom two were approved before.
        assert_eq!(
            seen,
            [(busy.person_id.as_str(), 3, Some(8), 2, 2), (idle.person_id.as_str(), 0, None, 0, 0)]
        );
        assert_eq!((page.fault, page.is_cut, page.period), (None, false, Period::Week));
        assert!(page.rows.iter().all(|row| row.region == "北京市东城区" && !row.is_away));
    }
    // Around and within: an officer of the city reviews here, too.
    world.officer("110100").await;
    let of = async |name: &str| loads.load_page(&administrator, name, Period::Month).await.unwrap();
    assert_eq!(of("北京市东城区").await.rows.len(), 3);
    assert_eq!(of("北京市西城区").await.rows.len(), 1, "only the city's");
    assert_eq!(of("").await.rows.len(), 4);
    assert!(of("上海市").await.rows.iter().any(|row| row.id == elsewhere.person_id));
    let nowhere = of("某某国").await;
    assert!(nowhere.fault.unwrap().contains("没有找到") && nowhere.region == "某某国");
    // What waits for its applicant has no age.
    let own = world.service.dashboards.dashboard_over(&busy, Period::Quarter).await.unwrap();
    assert_eq!((own.own.in_hand, own.own.oldest_days, own.own.overdue, own.own.decided), (3, Some(8), 2, 2));
    assert_eq!((own.period, own.days.len()), (Period::Quarter, 13));
    world.later(Duration::days(20));
    assert_eq!(of("").await.rows[0].decided, 2);
    let week = loads.load_page(&administrator, "", Period::Week).await.unwrap();
    assert!(week.rows.iter().all(|row| row.decided == 0));
}

async fn who_is_appointed_no_more_is_shown_with_what_is_left(world: World) {
    let (_, _, website) = waiting(&world, 1).await;
    let officer = world.officer(HERE).await;
    world.service.filing_claims.claim(&officer, &website).await.unwrap();
    let administrator = world.administrator().await;
    let rows = world.service.staff.staff_list(&administrator).await.unwrap();
    let own = rows.iter().find(|row| row.region.contains("东城")).unwrap();
    world.service.staff.dismiss(&administrator, &own.id).await.unwrap();
    let page = world.service.loads.load_page(&administrator, "", Period::Month).await.unwrap();
    let left = &page.rows[0];
    assert_eq!(
        (left.name.as_str(), left.in_hand, left.is_away, left.region.as_str()),
        ("审核员", 2, true, "")
    );
}

async fn only_administrators_see_the_load_of_others(world: World) {
    let (officer, applicant) = (world.officer(HERE).await, world.applicant(1).await);
    for actor in [&officer, &applicant] {
        let load = world.service.loads.load_page(actor, "", Period::Month).await;
        assert!(matches!(load, Err(Error::Forbidden)));
        let asked = Reassignment { filing: &actor.person_id, version: 1, officer: "", reason: "" };
        let given = world.service.reassignments.reassign(actor, asked).await;
        assert!(matches!(given, Err(Error::Forbidden)));
        let held = world.service.filing_claims.claims_held_by(actor, &actor.person_id, "").await;
        assert!(matches!(held, Err(Error::Forbidden)));
    }
    let reasons = world.service.return_tallies.return_reasons(&applicant, Period::Month).await;
    assert!(matches!(reasons, Err(Error::Forbidden)));
    assert!(matches!(world.service.dashboards.dashboard(&applicant).await, Err(Error::Forbidden)));
}

async fn a_filing_is_given_to_a_colleague_and_both_are_told(world: World) {
    let (_, website) = alone(&world, 1).await;
    let (first, second) = (world.officer(HERE).await, world.nth_officer(9_951, "110100").await);
    let service = &world.service;
    service.filing_claims.claim(&first, &website).await.unwrap();
    let administrator = world.administrator().await;
    let held = service.held_filings.held_filing(&administrator, &website).await.unwrap();
    let choices: Vec<_> =
        held.choices.iter().map(|one| (one.id.as_str(), one.region.as_str(), one.in_hand)).collect();
    assert_eq!(choices, [(second.person_id.as_str(), "北京市", 0)], "not whoever has it");
    let all = async |officer: &str| {
        service.filing_claims.claims_held_by(&administrator, officer, "").await.unwrap().total
    };
    assert_eq!((all(&first.person_id).await, all(&second.person_id).await), (1, 0));
    give(&world, &website, &second.person_id, "某某休假").await.unwrap();
    assert_eq!((all(&first.person_id).await, all(&second.person_id).await), (0, 1));
    let given = service.held_filings.held_filing(&administrator, &website).await.unwrap();
    assert_eq!((given.version, given.idle_minutes), (held.version + 2, 0));
    let history: Vec<_> = given
        .history
        .iter()
        .take(2)
        .map(|line| (line.who.as_str(), line.what.as_str(), line.note.as_str()))
        .collect();
    assert_eq!(
        history,
        [("审核民警 审核员", "领取", "由管理员重新分配"), ("管理员 管理员", "释放", "某某休假")]
    );
    assert!(told(&world, &first).await.iter().any(|text| text.contains("重新分配给其他民警：某某休假")));
    assert!(told(&world, &second).await.iter().any(|text| text.contains("分配给您办理：某某休假")));
    let line = "SELECT COUNT(*) FROM audit WHERE action = 'filing.reassign' AND detail LIKE '%某某休假%'";
    assert_eq!(world.number(line).await, 1);
    // The colleague decides, the former holder does not.
    let decide = async |officer: &Actor| {
        let version = service.reviews.review(officer, &website, None).await.unwrap().version;
        service.decisions.decide(officer, &website, version, Decision::Return, "请补充", &[]).await
    };
    assert!(matches!(decide(&first).await, Err(Error::Refused(_))));
    decide(&second).await.unwrap();
}

async fn a_bundle_is_given_whole(world: World) {
    let (applicant, subject, website) = waiting(&world, 1).await;
    let (first, second) = (world.officer(HERE).await, world.nth_officer(9_952, HERE).await);
    world.service.filing_claims.claim(&first, &website).await.unwrap();
    give(&world, &subject, &second.person_id, "某某休假").await.unwrap();
    for id in [&subject, &website] {
        let view = world.service.reviews.review(&second, id, None).await.unwrap();
        assert!(view.is_mine, "{id}");
        let seen = world.service.filings.filing(&applicant, id).await.unwrap();
        assert_eq!(seen.row.state, FilingState::InReview);
        let said = serde_json::to_string(&seen.history).unwrap();
        assert!(!said.contains("休假") && !said.contains("重新分配"), "{said}");
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE action = 'filing.reassign'").await, 1);
}

async fn what_cannot_be_given_is_told_at_the_officer(world: World) {
    let (applicant, website) = alone(&world, 1).await;
    let (first, other) = (world.officer(HERE).await, world.nth_officer(9_953, HERE).await);
    let elsewhere = world.officer("310101").await;
    world.service.filing_claims.claim(&first, &website).await.unwrap();
    let officer = |sentence: &str| vec![("officer".to_owned(), sentence.to_owned())];
    assert_eq!(faults(give(&world, &website, "", "某某").await), officer("请选择接办的民警"));
    for (id, sentence) in [
        (&first.person_id, "该申请单已由这名民警办理，请选择其他民警"),
        (&elsewhere.person_id, "这名民警不负责该申请单的管辖地，请选择其他民警"),
        (&applicant.person_id, "不能分配给申请人本人，请选择其他民警"),
        (&"nobody".to_owned(), "这名民警不负责该申请单的管辖地，请选择其他民警"),
    ] {
        assert_eq!(faults(give(&world, &website, id, "某某").await), officer(sentence));
    }
    let both = faults(give(&world, &website, "", " ").await);
    let at: Vec<&str> = both.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(at, ["officer", "reason"], "{both:?}");
    let long = "长".repeat(201);
    assert_eq!(faults(give(&world, &website, &other.person_id, &long).await)[0].0, "reason");
    // Who rests, or is suspended, is neither offered nor taken.
    let administrator = world.administrator().await;
    let offered = async || {
        let held = world.service.held_filings.held_filing(&administrator, &website).await.unwrap();
        held.choices.iter().any(|one| one.id == other.person_id)
    };
    assert!(offered().await);
    // The officers of one county are found by the order of their appointment.
    let rows = world.service.staff.staff_list(&administrator).await.unwrap();
    let appointment = rows.iter().find(|row| row.person.as_ref() == Some(&other.person_id)).unwrap();
    world.service.appointments.pause(&administrator, &appointment.id, "2026-03-05").await.unwrap();
    assert!(!offered().await);
    let paused = officer("这名民警的角色已暂停或账户已停用，请选择其他民警");
    assert_eq!(faults(give(&world, &website, &other.person_id, "某某").await), paused);
    world.service.appointments.resume(&administrator, &appointment.id).await.unwrap();
    assert!(offered().await);
    // Nobody who applied is given their own, though they review.
    let claims = claims_of(1);
    let staff = &world.service.staff;
    staff.appoint(&administrator, &claims.name, &claims.id_no, "reviewer", HERE).await.unwrap();
    let held = world.service.held_filings.held_filing(&administrator, &website).await.unwrap();
    assert!(held.choices.iter().all(|one| one.id != applicant.person_id));
    assert_eq!(
        faults(give(&world, &website, &applicant.person_id, "某某").await),
        officer("不能分配给申请人本人，请选择其他民警")
    );
    let state = world.service.reviews.review(&first, &website, None).await.unwrap();
    assert!(state.is_mine, "nothing was given");
}

async fn who_comes_too_late_gives_nothing(world: World) {
    let (_, website) = alone(&world, 1).await;
    let (first, second) = (world.officer(HERE).await, world.nth_officer(9_954, HERE).await);
    let service = &world.service;
    service.filing_claims.claim(&first, &website).await.unwrap();
    let administrator = world.administrator().await;
    let seen = version(service, &administrator, &website).await;
    let asked =
        Reassignment { filing: &website, version: seen, officer: &second.person_id, reason: "某某" };
    // Given back, and nobody has it.
    service.filing_claims.release(&first, &website).await.unwrap();
    match service.reassignments.reassign(&administrator, asked).await {
        Err(Error::Refused(refused)) => assert!(refused.sentence.contains("释放"), "{}", refused.sentence),
        other => panic!("{other:?}"),
    }
    // Claimed anew: what the administrator saw is not how it stands.
    world.later(Duration::minutes(1));
    service.filing_claims.claim(&first, &website).await.unwrap();
    let late = faults(service.reassignments.reassign(&administrator, asked).await);
    assert!(late[0].0 == "officer" && late[0].1.ends_with("领取，请核对后重新选择"), "{late:?}");
    let nobody = Reassignment { filing: "01890000-0000-7000-8000-000000000000", ..asked };
    assert!(matches!(service.reassignments.reassign(&administrator, nobody).await, Err(Error::NotFound)));
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE action = 'filing.reassign'").await, 0);
}

async fn of_two_who_give_at_once_one_does(world: World) {
    let (_, website) = alone(&world, 1).await;
    let first = world.officer(HERE).await;
    let others = [world.nth_officer(9_955, HERE).await, world.nth_officer(9_956, HERE).await];
    world.service.filing_claims.claim(&first, &website).await.unwrap();
    let administrator = world.administrator().await;
    let version = version(&world.service, &administrator, &website).await;
    let one = |officer| Reassignment { filing: &website, version, officer, reason: "某某" };
    let reassignments = &world.service.reassignments;
    let (left, right) = tokio::join!(
        reassignments.reassign(&administrator, one(&others[0].person_id)),
        reassignments.reassign(&administrator, one(&others[1].person_id)),
    );
    assert!(left.is_ok() != right.is_ok(), "{left:?} {right:?}");
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE action = 'filing.reassign'").await, 1);
}

/// Returns a filing with these words and remarks.
async fn give_back(service: &Service, officer: &Actor, filing: &str, note: &str, remarks: &[&str]) {
    service.filing_claims.claim(officer, filing).await.unwrap();
    let version = service.reviews.review(officer, filing, None).await.unwrap().version;
    let remarks: Vec<Fault> = remarks.iter().map(|at| fault(*at, "请改正")).collect();
    service.decisions.decide(officer, filing, version, Decision::Return, note, &remarks).await.unwrap();
}

fn counted(reasons: &ReturnReasons) -> Vec<(String, String, u64, u64, u64)> {
    let rows = reasons.rows.iter();
    rows.map(|row| (row.procedure.code(), row.at.clone(), row.count, row.of, row.share())).collect()
}

async fn reasons(world: &World, officer: &Actor) -> ReturnReasons {
    world.service.return_tallies.return_reasons(officer, Period::Month).await.unwrap()
}

async fn returns_are_counted_by_question(world: World) {
    let officer = world.officer(HERE).await;
    for (n, note, remarks) in [
        (1, "", &["site.name", "site.icp_number"][..]),
        (2, "材料不全", &["site.name"]),
        (3, "材料不全", &[]),
    ] {
        let (_, website) = alone(&world, n).await;
        give_back(&world.service, &officer, &website, note, remarks).await;
    }
    let expect = [("", 2, 67), ("site.name", 2, 67), ("site.icp_number", 1, 33)]
        .map(|(at, count, share)| ("website_new".to_owned(), at.to_owned(), count, 3, share));
    let along = reasons(&world, &officer).await;
    assert_eq!((counted(&along), along.returns), (expect.to_vec(), 3));
    world.service.counters.add_up().await.unwrap();
    assert_eq!(reasons(&world, &officer).await, along, "added up it is the same");
    world.service.counters.recount().await.unwrap();
    assert_eq!(reasons(&world, &officer).await, along, "and made anew");
    world.later(Duration::days(31));
    let over = reasons(&world, &officer).await;
    assert!(over.rows.is_empty() && over.returns == 0);
    let quarter = world.service.return_tallies.return_reasons(&officer, Period::Quarter).await.unwrap();
    assert_eq!(counted(&quarter), expect);
}

async fn a_return_that_is_taken_back_counts_no_longer(world: World) {
    let officer = world.officer(HERE).await;
    let (_, website) = alone(&world, 1).await;
    let service = world.with_settings(|settings| settings.undo_seconds = 10).await;
    let own = async || service.dashboards.dashboard(&officer).await.unwrap().own;
    service.filing_claims.claim(&officer, &website).await.unwrap();
    let before = own().await;
    give_back(&service, &officer, &website, "材料不全", &["site.name"]).await;
    assert_eq!(reasons(&world, &officer).await.returns, 1);
    assert_eq!(own().await.decided, before.decided + 1);
    world.later(Duration::seconds(3));
    let act = service.undos.undoable(&officer).await.unwrap().unwrap();
    service.undos.undo(&officer, &act.act).await.unwrap();
    let none = reasons(&world, &officer).await;
    assert!(none.rows.is_empty() && none.returns == 0, "{none:?}");
    assert_eq!(own().await, before);
    service.counters.recount().await.unwrap();
    assert_eq!(own().await, before);
}

async fn what_is_returned_along_is_nobodys_remark(world: World) {
    let officer = world.officer(HERE).await;
    let (_, subject, _) = waiting(&world, 1).await;
    give_back(&world.service, &officer, &subject, "", &["principal.address"]).await;
    let seen = reasons(&world, &officer).await;
    assert_eq!(
        (counted(&seen), seen.returns),
        (vec![("subject_new".to_owned(), "principal.address".to_owned(), 1, 1, 100)], 1)
    );
    world.service.counters.recount().await.unwrap();
    assert_eq!(reasons(&world, &officer).await, seen);
}

async fn reasons_are_those_of_ones_own_region(world: World) {
    let officer = world.officer(HERE).await;
    let (_, website) = alone(&world, 1).await;
    give_back(&world.service, &officer, &website, "", &["site.name"]).await;
    for (region, count) in [("110000", 1), ("110102", 0), ("310000", 0)] {
        let officer = world.officer(region).await;
        assert_eq!(reasons(&world, &officer).await.rows.len(), count, "{region}");
    }
    // Who administers the platform sees all regions.
    let all = reasons(&world, &world.administrator().await).await;
    assert_eq!((all.region.as_str(), all.returns, all.rows.len()), ("全国", 1, 1));
}
