//! The review desk and the public look-up: who sees, claims and decides what, and what a decision
//! does, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::too_many_lines)]

mod common;

use std::collections::BTreeSet;

use common::*;
use domain::action::Action;
use domain::answer::{Answer, Answers};
use domain::business::Business;
use domain::business::identity;
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::record::RecordState;
use domain::schema::{Fault, fault};
use domain::sheet::Shown;
use domain::view::{Decision, QueueRequest, SaveDraft, Saved, Submitted};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use service::{Actor, Error, Service, sealed_answers};
use time::Duration;

claims![
    a_subject_reaches_the_queue_only_with_a_business,
    a_subject_and_its_website_come_into_force,
    a_business_is_not_approved_before_its_subject,
    claiming_takes_the_whole_bundle_or_nothing,
    an_officer_of_another_region_sees_nothing,
    applicants_have_no_desk,
    nobody_decides_about_their_own_filing,
    what_is_not_claimed_is_not_decided,
    a_decision_about_a_page_that_is_old_is_refused,
    returns_and_refusals_need_words,
    a_returned_filing_comes_again_with_its_remarks_and_its_reference,
    returning_a_subject_returns_its_businesses,
    refusing_a_subject_ends_its_businesses,
    an_approved_change_replaces_the_old_data_at_once,
    a_change_that_fails_leaves_everything_as_it_was,
    a_subject_that_moves_takes_its_filings_to_the_other_region,
    cancelling_a_subject_cancels_everything_with_it,
    an_administrator_takes_a_claim_away,
    parallel_approvals_never_share_a_number,
    of_two_officers_who_decide_at_once_one_wins_and_the_other_is_told,
    of_withdrawing_and_deciding_at_once_exactly_one_happens,
    nothing_is_filed_under_a_subject_that_is_refused_at_that_moment,
    personal_values_are_masked_until_an_audited_look,
    the_queue_finds_pages_and_filters,
    the_look_up_shows_what_is_public_and_nothing_else,
    machines_check_what_they_can,
    the_dashboard_counts_what_there_is,
    those_who_watch_hear_of_every_change,
    no_walk_of_events_breaks_what_must_always_hold,
];

const HERE: &str = "110101";

/// Saves every step and submits, as a person does.
async fn file_with(
    service: &Service,
    actor: &Actor,
    procedure: &str,
    record: Option<&str>,
    answers: &Answers,
) -> String {
    let business = Procedure::from_code(procedure).unwrap().business;
    let mut head = None;
    for step in business.form().steps.iter().filter(|step| !step.sections().is_empty()) {
        let save = SaveDraft {
            procedure: procedure.to_owned(),
            step: step.key.to_owned(),
            draft: head.as_ref().map(|head: &domain::view::DraftHead| head.id.clone()),
            record: record.map(str::to_owned),
            subject: None,
            version: head.as_ref().map(|head| head.version),
            overwrite: false,
            declined: None,
            owner: None,
            answers: answers.clone(),
        };
        match service.drafts.save_draft(actor, &save).await.unwrap() {
            Saved::Ok(saved) => head = Some(saved),
            other => panic!("{other:?}"),
        }
    }
    let head = head.unwrap();
    submit(service, actor, &head.id, head.version).await
}

async fn submit(service: &Service, actor: &Actor, draft: &str, version: i64) -> String {
    match service.submissions.submit(actor, draft, version, None, draft).await.unwrap() {
        Submitted::Filing(id) => id,
        other => panic!("{other:?}"),
    }
}

async fn file_subject(world: &World, actor: &Actor) -> String {
    let answers = world.subject_answers_unit(actor).await;
    file_with(&world.service, actor, "subject_new", None, &answers).await
}

async fn file_website(world: &World, actor: &Actor, domain: &str) -> String {
    let answers = world.website_answers(actor, domain).await;
    file_with(&world.service, actor, "website_new", None, &answers).await
}

async fn version(world: &World, officer: &Actor, id: &str) -> i64 {
    world.service.reviews.review(officer, id, None).await.unwrap().version
}

async fn decide(world: &World, officer: &Actor, id: &str, decision: Decision, note: &str) {
    let version = version(world, officer, id).await;
    world.service.decisions.decide(officer, id, version, decision, note, &[]).await.unwrap();
}

async fn approve(world: &World, officer: &Actor, id: &str) {
    world.service.filing_claims.claim(officer, id).await.unwrap();
    decide(world, officer, id, Decision::Approve, "").await;
}

/// An applicant whose subject is in force together with a website; gives both filings.
async fn settled(world: &World, actor: &Actor, officer: &Actor, domain: &str) -> (String, String) {
    let subject = file_subject(world, actor).await;
    let website = file_website(world, actor, domain).await;
    approve(world, officer, &subject).await;
    decide(world, officer, &website, Decision::Approve, "").await;
    (subject, website)
}

fn sentence(error: Error) -> String {
    match error {
        Error::Refused(refused) => refused.sentence,
        other => panic!("{other:?}"),
    }
}

fn request(state: &str) -> QueueRequest {
    QueueRequest { state: state.to_owned(), ..QueueRequest::default() }
}

async fn waiting(world: &World, officer: &Actor) -> Vec<String> {
    let queue = world.service.queues.queue(officer, &QueueRequest::default()).await.unwrap();
    queue.rows.into_iter().map(|row| row.id).collect()
}

async fn state(world: &World, actor: &Actor, id: &str) -> FilingState {
    world.service.filings.filing(actor, id).await.unwrap().row.state
}

async fn text(world: &World, statement: &str) -> Option<String> {
    let connection = world.raw().await;
    let statement = Statement::from_string(connection.get_database_backend(), statement);
    let row = connection.query_one_raw(statement).await.unwrap();
    let text = row.map(|row| row.try_get_by_index(0).unwrap());
    connection.close().await.unwrap();
    text
}

async fn record_of(world: &World, filing: &str) -> String {
    text(world, &format!("SELECT record_id FROM filing WHERE id = '{filing}'")).await.unwrap()
}

async fn record_state(world: &World, record: &str) -> RecordState {
    let code = text(world, &format!("SELECT state FROM record WHERE id = '{record}'")).await.unwrap();
    RecordState::from_code(&code).unwrap()
}

async fn notices(world: &World, actor: &Actor) -> Vec<String> {
    let all = world.service.notices.notices(actor, false, "").await.unwrap();
    all.rows.into_iter().map(|row| row.text).collect()
}

/// A cancellation as the identity dialog (R22, R36) leaves it.
async fn file_cancellation(world: &World, actor: &Actor, record: &str) -> String {
    world.later(Duration::SECOND);
    let (id, now) = (service::db::new_id(world.now()), service::db::millis(world.now()));
    let business = text(world, &format!("SELECT business FROM record WHERE id = '{record}'")).await.unwrap();
    let procedure = Procedure::new(Business::from_code(&business).unwrap(), Action::Cancel);
    let form = procedure.form();
    let answers = Answers::from([(identity::NAME, "孙丙丁"), (identity::REASON, "不再开办这项业务")]);
    let stored = sealed_answers::store(&world.keys, form, &format!("filing/{id}"), answers).unwrap();
    world
        .execute(&format!(
            "INSERT INTO filing (id, reference, idempotency_key, business, action, record_id, subject_id, \
             applicant_id, state, jurisdiction, title, subject_name, answers, answers_sealed, is_reviewable, \
             round, submitted_at, version) \
             SELECT '{id}', 'BA-{id}', '{id}', business, 'cancel', id, subject_id, '{}', 'pending', jurisdiction, \
             title, title, '{}', '{}', TRUE, 1, {now}, 1 FROM record WHERE id = '{record}'",
            actor.person_id, stored.answers, stored.answers_sealed,
        ))
        .await;
    world.execute(&format!("UPDATE record SET state = 'cancelling' WHERE id = '{record}'")).await;
    // What the service would have counted.
    let day = (now + 28_800_000) / 86_400_000;
    for (kind, day, item) in
        [("state", 0, format!("{business}_cancel/pending")), ("waiting", day, String::new())]
    {
        world
            .execute(&format!(
                "INSERT INTO tally_change (id, jurisdiction, kind, day, item, n) \
                 SELECT '{id}-{kind}', jurisdiction, '{kind}', {day}, '{item}', 1 FROM record WHERE id = '{record}'"
            ))
            .await;
    }
    id
}

/// R15
async fn a_subject_reaches_the_queue_only_with_a_business(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let subject = file_subject(&world, &actor).await;
    assert!(waiting(&world, &officer).await.is_empty());
    assert!(matches!(world.service.reviews.review(&officer, &subject, None).await, Err(Error::NotFound)));
    assert!(matches!(world.service.filing_claims.claim(&officer, &subject).await, Err(Error::NotFound)));
    world.later(Duration::SECOND);
    let website = file_website(&world, &actor, "example.cn").await;
    assert_eq!(waiting(&world, &officer).await, [subject.clone(), website.clone()], "the oldest first");
    let view = world.service.reviews.review(&officer, &website, None).await.unwrap();
    let bundle: Vec<&str> = view.bundle.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(bundle, [&subject, &website]);
    world.service.filings.withdraw(&actor, &website).await.unwrap();
    assert!(waiting(&world, &officer).await.is_empty(), "alone it reaches nobody again");
}

/// R16, R38, R66
async fn a_subject_and_its_website_come_into_force(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer("110000").await);
    let (subject, website) = settled(&world, &actor, &officer, "example.cn").await;
    let service = &world.service;
    assert_eq!(service.accounts.me(&actor).await.unwrap().current.unwrap().state, RecordState::Active);
    let view = service.filings.filing(&actor, &website).await.unwrap();
    assert_eq!(view.row.state, FilingState::Approved);
    let registration = view.registration.unwrap();
    assert_eq!(registration.number, "测公网安备11010102000001号");
    assert_eq!(registration.registered_on, "2026-03-02");
    assert!(registration.html.contains("/r/11010102000001\""), "{}", registration.html);
    assert!(
        service.filings.filing(&actor, &subject).await.unwrap().registration.is_none(),
        "a subject has no number"
    );
    let told = notices(&world, &actor).await;
    for (procedure, rest) in
        [("新增主体申请", "审核通过"), ("新办网站申请", "审核通过，备案号：测公网安备11010102000001号")]
    {
        let is_told =
            |text: &String| text.starts_with(&format!("您的{procedure}（编号 ")) && text.ends_with(rest);
        assert!(told.iter().any(is_told), "{procedure} in {told:?}");
    }
    let done = service.queues.queue(&officer, &request("done")).await.unwrap();
    assert_eq!(done.total, 2);
    assert!(waiting(&world, &officer).await.is_empty());
    assert!(service.audit_chain.verify_audit().await.unwrap().is_whole());
}

/// R15
async fn a_business_is_not_approved_before_its_subject(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let subject = file_subject(&world, &actor).await;
    let website = file_website(&world, &actor, "example.cn").await;
    world.service.filing_claims.claim(&officer, &website).await.unwrap();
    let view = world.service.reviews.review(&officer, &website, None).await.unwrap();
    assert!(view.may_decide.is_none());
    let refused = view.may_approve.unwrap();
    assert_eq!(refused.link, Some(format!("/review/filings/{subject}")));
    let error =
        world.service.decisions.decide(&officer, &website, view.version, Decision::Approve, "", &[]).await;
    assert_eq!(sentence(error.unwrap_err()), refused.sentence, "page and service say the same");
    assert_eq!(state(&world, &actor, &website).await, FilingState::InReview);
    decide(&world, &officer, &subject, Decision::Approve, "").await;
    assert!(world.service.reviews.review(&officer, &website, None).await.unwrap().may_approve.is_none());
    decide(&world, &officer, &website, Decision::Approve, "").await;
}

/// R15, R62
async fn claiming_takes_the_whole_bundle_or_nothing(world: World) {
    let actor = world.applicant(1).await;
    let (one, other) = (world.nth_officer(9001, HERE).await, world.nth_officer(9002, HERE).await);
    let subject = file_subject(&world, &actor).await;
    let first = file_website(&world, &actor, "example.cn").await;
    let second = file_website(&world, &actor, "example.com").await;
    world.service.filing_claims.claim(&one, &second).await.unwrap();
    for id in [&subject, &first, &second] {
        assert_eq!(state(&world, &actor, id).await, FilingState::InReview);
        assert!(world.service.reviews.review(&one, id, None).await.unwrap().is_mine);
        let told = sentence(world.service.filing_claims.claim(&other, id).await.unwrap_err());
        assert_eq!(told, "该申请单已于 2026-03-02 10:00 由其他民警（审核员）领取");
    }
    world.service.filing_claims.claim(&one, &subject).await.unwrap();
    // What comes in later belongs to the bundle of the one who has it.
    let late = file_website(&world, &actor, "example.net").await;
    sentence(world.service.filing_claims.claim(&other, &late).await.unwrap_err());
    assert_eq!(state(&world, &actor, &late).await, FilingState::Pending, "nothing was taken");
    world.service.filing_claims.claim(&one, &late).await.unwrap();
    sentence(world.service.filing_claims.release(&other, &late).await.unwrap_err());
    world.service.filing_claims.release(&one, &first).await.unwrap();
    for id in [&subject, &first, &second, &late] {
        assert_eq!(state(&world, &actor, id).await, FilingState::Pending);
    }
    world.service.filing_claims.claim(&other, &first).await.unwrap();
}

/// R60, R74
async fn an_officer_of_another_region_sees_nothing(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let (subject, website) = settled(&world, &actor, &officer, "example.cn").await;
    let open = file_website(&world, &actor, "example.com").await;
    for region in ["110102", "310000", "110105"] {
        let stranger = world.officer(region).await;
        assert_eq!(
            world.service.queues.queue(&stranger, &request("all")).await.unwrap().total,
            0,
            "{region}"
        );
        for id in [&subject, &website, &open] {
            assert!(matches!(world.service.reviews.review(&stranger, id, None).await, Err(Error::NotFound)));
            assert!(matches!(
                world.service.reviews.unmask(&stranger, id, "核对证件信息").await,
                Err(Error::NotFound)
            ));
            assert!(matches!(world.service.filing_claims.claim(&stranger, id).await, Err(Error::NotFound)));
            assert!(matches!(world.service.filing_claims.release(&stranger, id).await, Err(Error::NotFound)));
            let decided = world.service.decisions.decide(&stranger, id, 1, Decision::Approve, "", &[]).await;
            assert!(matches!(decided, Err(Error::NotFound)));
        }
        let search = QueueRequest { search: "example.com".to_owned(), ..request("all") };
        assert_eq!(world.service.queues.queue(&stranger, &search).await.unwrap().total, 0);
        let dashboard = world.service.dashboards.dashboard(&stranger).await.unwrap();
        assert_eq!((dashboard.new, dashboard.by_kind.len()), (0, 0));
        assert!(dashboard.days.iter().all(|day| day.received + day.decided == 0));
    }
    for region in [HERE, "110100", "110000"] {
        let colleague = world.officer(region).await;
        assert_eq!(
            world.service.queues.queue(&colleague, &request("all")).await.unwrap().total,
            3,
            "{region}"
        );
    }
    for id in ["", "1", "x'y", "00000000-0000-0000-0000-000000000000"] {
        assert!(
            matches!(world.service.reviews.review(&officer, id, None).await, Err(Error::NotFound)),
            "{id}"
        );
    }
}

async fn applicants_have_no_desk(world: World) {
    let actor = world.applicant(1).await;
    let website = {
        file_subject(&world, &actor).await;
        file_website(&world, &actor, "example.cn").await
    };
    let service = &world.service;
    assert!(matches!(service.queues.queue(&actor, &request("all")).await, Err(Error::Forbidden)));
    assert!(matches!(service.reviews.review(&actor, &website, None).await, Err(Error::Forbidden)));
    assert!(matches!(service.filing_claims.claim(&actor, &website).await, Err(Error::Forbidden)));
    assert!(matches!(service.dashboards.dashboard(&actor).await, Err(Error::Forbidden)));
    let decided = service.decisions.decide(&actor, &website, 1, Decision::Approve, "", &[]).await;
    assert!(matches!(decided, Err(Error::Forbidden)));
    assert!(matches!(service.filing_claims.take_over(&actor, &website, "理由").await, Err(Error::Forbidden)));
}

async fn nobody_decides_about_their_own_filing(world: World) {
    let officer = world.officer(HERE).await;
    let subject = file_subject(&world, &officer).await;
    let website = file_website(&world, &officer, "example.cn").await;
    let told = sentence(world.service.filing_claims.claim(&officer, &website).await.unwrap_err());
    let view = world.service.reviews.review(&officer, &subject, None).await.unwrap();
    assert_eq!(view.may_claim.unwrap().sentence, told);
    assert_eq!(view.may_decide.unwrap().sentence, told);
    // Even if it were claimed.
    let me = &officer.person_id;
    world.execute(&format!("UPDATE filing SET state = 'in_review', claimed_by = '{me}'")).await;
    let decided = world.service.decisions.decide(&officer, &subject, 1, Decision::Approve, "", &[]).await;
    assert_eq!(sentence(decided.unwrap_err()), told);
}

async fn what_is_not_claimed_is_not_decided(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let subject = file_subject(&world, &actor).await;
    file_website(&world, &actor, "example.cn").await;
    for decision in [Decision::Approve, Decision::Return, Decision::Reject] {
        let decided = world.service.decisions.decide(&officer, &subject, 1, decision, "理由", &[]).await;
        assert_eq!(sentence(decided.unwrap_err()), "请先领取该申请单");
    }
    assert_eq!(state(&world, &actor, &subject).await, FilingState::Pending);
}

async fn a_decision_about_a_page_that_is_old_is_refused(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let subject = file_subject(&world, &actor).await;
    file_website(&world, &actor, "example.cn").await;
    world.service.filing_claims.claim(&officer, &subject).await.unwrap();
    let old = version(&world, &officer, &subject).await;
    world.service.filing_claims.release(&officer, &subject).await.unwrap();
    world.service.filing_claims.claim(&officer, &subject).await.unwrap();
    let decided = world.service.decisions.decide(&officer, &subject, old, Decision::Approve, "", &[]).await;
    assert_eq!(sentence(decided.unwrap_err()), "该申请单已于 2026-03-02 10:00 由您领取");
    assert_eq!(state(&world, &actor, &subject).await, FilingState::InReview);
}

/// R53, R62
async fn returns_and_refusals_need_words(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let subject = file_subject(&world, &actor).await;
    file_website(&world, &actor, "example.cn").await;
    world.service.filing_claims.claim(&officer, &subject).await.unwrap();
    let version = version(&world, &officer, &subject).await;
    let long = "长".repeat(1001);
    let cases: [(Decision, &str, Vec<Fault>); 7] = [
        (Decision::Return, "", vec![]),
        (Decision::Return, " \n ", vec![fault("unit.name", "  ")]),
        (Decision::Reject, "", vec![]),
        (Decision::Reject, "", vec![fault("unit.name", "名称不符")]),
        (Decision::Return, "", vec![fault("unit.secret", "没有这一栏")]),
        (Decision::Return, "理由", vec![fault("<script>", "没有这一栏")]),
        (Decision::Return, &long, vec![]),
    ];
    for (decision, note, remarks) in cases {
        let decided =
            world.service.decisions.decide(&officer, &subject, version, decision, note, &remarks).await;
        assert!(matches!(decided, Err(Error::Faults(_))), "{decision:?} {note} {remarks:?}: {decided:?}");
    }
    assert_eq!(state(&world, &actor, &subject).await, FilingState::InReview);
    let remarks = [fault("unit.name", "与证件不一致")];
    world
        .service
        .decisions
        .decide(&officer, &subject, version, Decision::Return, "", &remarks)
        .await
        .unwrap();
}

/// R53
async fn a_returned_filing_comes_again_with_its_remarks_and_its_reference(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    settled(&world, &actor, &officer, "example.cn").await;
    let website = file_website(&world, &actor, "example.com").await;
    world.service.filing_claims.claim(&officer, &website).await.unwrap();
    let seen = version(&world, &officer, &website).await;
    let remarks = [fault("site.name", "与工信部备案的名称不一致")];
    let service = &world.service;
    service
        .decisions
        .decide(&officer, &website, seen, Decision::Return, "请修改后重新提交", &remarks)
        .await
        .unwrap();
    let view = service.filings.filing(&actor, &website).await.unwrap();
    assert_eq!(view.row.state, FilingState::Returned);
    assert_eq!(
        (view.remarks.as_slice(), view.general_remark.as_deref()),
        (&remarks[..], Some("请修改后重新提交"))
    );
    let record = record_of(&world, &website).await;
    assert_eq!(record_state(&world, &record).await, RecordState::Void);
    let domains = format!("SELECT COUNT(*) FROM live_domain WHERE record_id = '{record}'");
    assert_eq!(world.number(&domains).await, 0, "the domain is free meanwhile");

    world.later(Duration::hours(1));
    let href = service.redrafts.redraft(&actor, &website).await.unwrap();
    let draft = href.split("draft=").nth(1).unwrap().split('&').next().unwrap();
    let version_sql = format!("SELECT version FROM draft WHERE id = '{draft}'");
    let again = submit(service, &actor, draft, world.number(&version_sql).await).await;
    assert_eq!(again, website, "the same filing");
    let view = service.filings.filing(&actor, &website).await.unwrap();
    assert_eq!(view.row.state, FilingState::Pending);
    assert_eq!(view.withdrawal_left, Some(1800), "a new window");
    assert_eq!(record_state(&world, &record).await, RecordState::Pending);
    assert_eq!(world.number(&domains).await, 1);
    let desk = service.reviews.review(&officer, &website, None).await.unwrap();
    assert_eq!((desk.filing.round, desk.earlier_remarks.as_slice()), (2, &remarks[..]));
    assert_eq!(service.dashboards.dashboard(&officer).await.unwrap().resubmitted, 1);
    approve(&world, &officer, &website).await;
    assert_eq!(record_state(&world, &record).await, RecordState::Active);
}

async fn returning_a_subject_returns_its_businesses(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let subject = file_subject(&world, &actor).await;
    let first = file_website(&world, &actor, "example.cn").await;
    world.service.filing_claims.claim(&officer, &subject).await.unwrap();
    let late = file_website(&world, &actor, "example.com").await;
    decide(&world, &officer, &subject, Decision::Return, "证件不清晰").await;
    for id in [&subject, &first, &late] {
        assert_eq!(state(&world, &actor, id).await, FilingState::Returned);
        assert_eq!(record_state(&world, &record_of(&world, id).await).await, RecordState::Void);
    }
    let view = world.service.filings.filing(&actor, &late).await.unwrap();
    assert!(view.general_remark.unwrap().starts_with("主体申请已退回"));
    assert_eq!(world.number("SELECT COUNT(*) FROM live_domain").await, 0);
    let told = notices(&world, &actor).await;
    assert_eq!(told.iter().filter(|text| text.contains("随主体申请一并退回")).count(), 2);
    assert!(waiting(&world, &officer).await.is_empty());
}

async fn refusing_a_subject_ends_its_businesses(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let subject = file_subject(&world, &actor).await;
    let website = file_website(&world, &actor, "example.cn").await;
    world.service.filing_claims.claim(&officer, &subject).await.unwrap();
    decide(&world, &officer, &subject, Decision::Reject, "主体不实").await;
    assert_eq!(state(&world, &actor, &subject).await, FilingState::Rejected);
    assert_eq!(state(&world, &actor, &website).await, FilingState::Terminated);
    assert_eq!(record_state(&world, &record_of(&world, &website).await).await, RecordState::Void);
    assert_eq!(world.number("SELECT COUNT(*) FROM live_domain").await, 0);
    assert!(world.service.accounts.me(&actor).await.unwrap().subjects.is_empty());
    let told = notices(&world, &actor).await;
    assert!(told.iter().any(|text| text.contains("不予通过") && text.contains("行政复议")), "{told:?}");
}

/// R21
async fn an_approved_change_replaces_the_old_data_at_once(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let (_, website) = settled(&world, &actor, &officer, "example.cn").await;
    let record = record_of(&world, &website).await;
    let mut answers = world.website_answers(&actor, "example.com").await;
    answers.set_text("site.name", "另一个名称");
    let change = file_with(&world.service, &actor, "website_change", Some(&record), &answers).await;
    let service = &world.service;
    assert_eq!(record_state(&world, &record).await, RecordState::Changing);
    let public = service.lookup.public_record("11010102000001", None).await.unwrap();
    assert_eq!((public.name.as_str(), public.main_domain.as_deref()), ("某某企业官网", Some("example.cn")));
    assert!(service.lookup.lookup("example.com").await.unwrap().is_empty(), "not in force yet");
    let desk = service.reviews.review(&officer, &change, None).await.unwrap();
    let name = desk.changes.iter().find(|change| change.at == "site.name").unwrap();
    assert_eq!(name.before, Shown::Text("某某企业官网".to_owned()));
    assert_eq!(name.after, Shown::Text("另一个名称".to_owned()));
    approve(&world, &officer, &change).await;
    let public = service.lookup.public_record("11010102000001", None).await.unwrap();
    assert_eq!((public.name.as_str(), public.main_domain.as_deref()), ("另一个名称", Some("example.com")));
    assert!(service.lookup.lookup("example.cn").await.unwrap().is_empty());
    let domains = "SELECT COUNT(*) FROM live_domain WHERE domain = 'example.cn'";
    assert_eq!(world.number(domains).await, 0, "free for others");
    let view = service.records.record(&actor, Business::Website, &record).await.unwrap();
    assert_eq!(view.row.state, RecordState::Active);
    let rows = view.sheet.sections.iter().flat_map(|section| &section.rows);
    assert!(rows.into_iter().any(|row| row.value == Shown::Text("另一个名称".to_owned())));
    let counters = "SELECT value FROM counter WHERE name = 'registration/110101/02'";
    assert_eq!(world.number(counters).await, 1, "the number stays");
}

/// R21
async fn a_change_that_fails_leaves_everything_as_it_was(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let (_, website) = settled(&world, &actor, &officer, "example.cn").await;
    let record = record_of(&world, &website).await;
    let answers_sql = format!("SELECT answers || answers_sealed FROM record WHERE id = '{record}'");
    let before = text(&world, &answers_sql).await;
    for decision in [Decision::Return, Decision::Reject] {
        let answers = world.website_answers(&actor, "example.com").await;
        let change = file_with(&world.service, &actor, "website_change", Some(&record), &answers).await;
        assert_eq!(world.number("SELECT COUNT(*) FROM live_domain").await, 2);
        world.service.filing_claims.claim(&officer, &change).await.unwrap();
        decide(&world, &officer, &change, decision, "理由").await;
        assert_eq!(record_state(&world, &record).await, RecordState::Active);
        assert_eq!(text(&world, &answers_sql).await, before);
        let kept = text(&world, "SELECT domain FROM live_domain").await;
        assert_eq!(
            (kept.as_deref(), world.number("SELECT COUNT(*) FROM live_domain").await),
            (Some("example.cn"), 1)
        );
    }
}

async fn a_subject_that_moves_takes_its_filings_to_the_other_region(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let (subject, website) = settled(&world, &actor, &officer, "example.cn").await;
    let open = file_website(&world, &actor, "example.com").await;
    world.service.filing_claims.claim(&officer, &open).await.unwrap();
    let mut answers = world.subject_answers_unit(&actor).await;
    answers.set_text("unit.office_region", "310101");
    answers.set_text("unit.name", "上海某某网络科技有限公司");
    let record = record_of(&world, &subject).await;
    let change = file_with(&world.service, &actor, "subject_change", Some(&record), &answers).await;
    assert!(matches!(world.service.reviews.review(&officer, &change, None).await, Err(Error::NotFound)));
    let there = world.officer("310000").await;
    let desk = world.service.reviews.review(&there, &change, None).await.unwrap();
    assert!(
        desk.effects.iter().any(|effect| effect.contains("管辖地由北京市东城区移至上海市黄浦区")),
        "{:?}",
        desk.effects
    );
    approve(&world, &there, &change).await;
    assert!(matches!(world.service.reviews.review(&officer, &open, None).await, Err(Error::NotFound)));
    let moved = world.service.reviews.review(&there, &open, None).await.unwrap();
    assert_eq!(moved.filing.state, FilingState::Pending, "the claim went back to the queue");
    assert_eq!(moved.filing.subject_name, "上海某某网络科技有限公司");
    let public = world.service.lookup.public_record("11010102000001", None).await.unwrap();
    assert_eq!(public.organ, "上海市黄浦区网安大队");
    assert_eq!(public.owner_name, "上海某某网络科技有限公司");
    assert_eq!(public.registration_number, "测公网安备11010102000001号", "the number stays");
    approve(&world, &there, &open).await;
    let view = world.service.filings.filing(&actor, &open).await.unwrap();
    assert_eq!(view.registration.unwrap().digits, "31010102000001");
    assert_eq!(state(&world, &actor, &website).await, FilingState::Approved);
}

/// R23
async fn cancelling_a_subject_cancels_everything_with_it(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let (subject, website) = settled(&world, &actor, &officer, "example.cn").await;
    let other = world.applicant(2).await;
    let strange = settled(&world, &other, &officer, "example.net").await.1;
    let changed = file_website(&world, &actor, "example.com").await;
    approve(&world, &officer, &changed).await;
    let changed_record = record_of(&world, &changed).await;
    let answers = world.website_answers(&actor, "example.com.cn").await;
    let change = file_with(&world.service, &actor, "website_change", Some(&changed_record), &answers).await;
    let claimed = file_website(&world, &actor, "example.org").await;
    world.service.filing_claims.claim(&officer, &claimed).await.unwrap();
    let returned = file_website(&world, &actor, "example.org.cn").await;
    world.service.filing_claims.claim(&officer, &returned).await.unwrap();
    decide(&world, &officer, &returned, Decision::Return, "理由").await;

    let subject_record = record_of(&world, &subject).await;
    let cancel = file_cancellation(&world, &actor, &subject_record).await;
    let desk = world.service.reviews.review(&officer, &cancel, None).await.unwrap();
    assert!(
        ["网站 2 个将一并注销", "未办结的申请单 2 份将终止"]
            .iter()
            .all(|told| desk.effects.iter().any(|effect| effect == told)),
        "{:?}",
        desk.effects
    );
    let checks: Vec<_> = desk.checks.iter().map(|check| (check.title.as_str(), check.passed)).collect();
    assert_eq!(checks, [("填写的负责人姓名", true), ("主体历史", true)]);
    assert!(desk.subject_sheet.is_some());
    approve(&world, &officer, &cancel).await;

    assert_eq!(record_state(&world, &subject_record).await, RecordState::Cancelled);
    assert_eq!(record_state(&world, &record_of(&world, &website).await).await, RecordState::Cancelled);
    assert_eq!(record_state(&world, &changed_record).await, RecordState::Cancelled);
    assert_eq!(record_state(&world, &record_of(&world, &claimed).await).await, RecordState::Void);
    for id in [&change, &claimed, &returned] {
        assert_eq!(state(&world, &actor, id).await, FilingState::Terminated);
    }
    assert_eq!(state(&world, &actor, &website).await, FilingState::Approved, "the past stays as it was");
    let left = text(&world, "SELECT domain FROM live_domain").await;
    assert_eq!(left.as_deref(), Some("example.net"));
    assert_eq!(record_state(&world, &record_of(&world, &strange).await).await, RecordState::Active);
    let public = world.service.lookup.lookup("example.cn").await.unwrap();
    assert_eq!(public[0].cancelled_on.as_deref(), Some("2026-03-02"));
    let unfinished = "SELECT COUNT(*) FROM filing WHERE state IN ('pending', 'in_review')";
    assert_eq!(world.number(unfinished).await, 0);
    let told = notices(&world, &actor).await;
    assert!(told.iter().any(|text| text.contains("其下 2 项业务一并注销")), "{told:?}");
    assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
}

/// R62
async fn an_administrator_takes_a_claim_away(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let subject = file_subject(&world, &actor).await;
    let website = file_website(&world, &actor, "example.cn").await;
    let administrator = world.administrator().await;
    sentence(world.service.filing_claims.take_over(&administrator, &subject, "出差").await.unwrap_err());
    world.service.filing_claims.claim(&officer, &subject).await.unwrap();
    assert!(matches!(
        world.service.filing_claims.take_over(&administrator, &subject, " ").await,
        Err(Error::Faults(_))
    ));
    assert!(matches!(
        world.service.filing_claims.take_over(&officer, &subject, "出差").await,
        Err(Error::Forbidden)
    ));
    world.service.filing_claims.take_over(&administrator, &website, "出差").await.unwrap();
    for id in [&subject, &website] {
        assert_eq!(state(&world, &actor, id).await, FilingState::Pending);
    }
    let told = notices(&world, &officer).await;
    assert_eq!(told.iter().filter(|text| text.contains("已由管理员收回：出差")).count(), 2);
    // Who reviews there too has it then.
    world.service.filing_claims.claim(&officer, &subject).await.unwrap();
    let ids = claims_of(9_999);
    world.service.staff.appoint(&administrator, &ids.name, &ids.id_no, "reviewer", "110000").await.unwrap();
    let administrator = world.administrator().await;
    world.service.filing_claims.take_over(&administrator, &subject, "出差").await.unwrap();
    assert!(world.service.reviews.review(&administrator, &website, None).await.unwrap().is_mine);
    decide(&world, &administrator, &subject, Decision::Approve, "").await;
}

/// R38: unique under any concurrency.
async fn parallel_approvals_never_share_a_number(world: World) {
    const SUBJECTS: u32 = 8;
    let each = common::rounds(6, 25);
    let officer = world.officer(HERE).await;
    let mut filings = Vec::new();
    for n in 1..=SUBJECTS {
        let actor = world.applicant(n).await;
        settled(&world, &actor, &officer, &format!("first{n}.cn")).await;
        let mut answers = world.website_answers(&actor, "example.cn").await;
        for number in 0..each {
            let domain = format!("n{n}x{number}.cn");
            answers.set_text("site.main_domain", domain.clone());
            answers.set("site.home_urls", Answer::Many(vec![format!("https://{domain}/")]));
            filings.push(file_with(&world.service, &actor, "website_new", None, &answers).await);
        }
    }
    for id in &filings {
        world.service.filing_claims.claim(&officer, id).await.unwrap();
    }
    let tasks: Vec<_> = filings
        .iter()
        .map(|id| {
            let (service, officer, id) = (world.service.clone(), officer.clone(), id.clone());
            tokio::spawn(async move {
                service.decisions.decide(&officer, &id, 2, Decision::Approve, "", &[]).await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let connection = world.raw().await;
    let numbers = "SELECT registration_digits FROM record WHERE registration_digits IS NOT NULL";
    let statement = Statement::from_string(connection.get_database_backend(), numbers);
    let rows = connection.query_all_raw(statement).await.unwrap();
    let numbers: BTreeSet<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    connection.close().await.unwrap();
    let all = SUBJECTS as usize * (each + 1);
    assert_eq!((rows.len(), numbers.len()), (all, all));
    assert_eq!(numbers.last().unwrap(), &format!("11010102{all:06}"), "none was skipped");
    assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
}

/// R62
async fn of_two_officers_who_decide_at_once_one_wins_and_the_other_is_told(world: World) {
    let actor = world.applicant(1).await;
    let (one, other) = (world.nth_officer(9001, HERE).await, world.nth_officer(9002, HERE).await);
    settled(&world, &actor, &one, "example.cn").await;
    let mut answers = world.website_answers(&actor, "example.cn").await;
    for number in 0..common::rounds(15, 40) {
        let domain = format!("n{number}.cn");
        answers.set_text("site.main_domain", domain.clone());
        answers.set("site.home_urls", Answer::Many(vec![format!("https://{domain}/")]));
        let website = file_with(&world.service, &actor, "website_new", None, &answers).await;
        // Two pages of one officer who has claimed it, and a colleague who tries to claim it.
        let try_to = |officer: &Actor, decision: Decision| {
            let (service, officer, id) = (world.service.clone(), officer.clone(), website.clone());
            tokio::spawn(async move {
                service.filing_claims.claim(&officer, &id).await?;
                let version = 2;
                service.decisions.decide(&officer, &id, version, decision, "理由", &[]).await
            })
        };
        let (first, second) = (try_to(&one, Decision::Approve), try_to(&other, Decision::Reject));
        let (first, second) = (first.await.unwrap(), second.await.unwrap());
        let (winner, told) = match (first, second) {
            (Ok(()), Err(error)) => (FilingState::Approved, sentence(error)),
            (Err(error), Ok(())) => (FilingState::Rejected, sentence(error)),
            both => panic!("{both:?}"),
        };
        assert_eq!(state(&world, &actor, &website).await, winner);
        let expected = [
            format!("该申请单已于 2026-03-02 10:00 由其他民警（审核员）作出“{}”决定", winner.label()),
            "该申请单已于 2026-03-02 10:00 由其他民警（审核员）领取".to_owned(),
        ];
        assert!(expected.contains(&told), "{told}");
        let decided =
            "SELECT COUNT(*) FROM filing_event WHERE event IN ('approve', 'reject') AND filing_id = ";
        assert_eq!(world.number(&format!("{decided}'{website}'")).await, 1);
        // And once it is over, it is over for both.
        for officer in [&one, &other] {
            let decided =
                world.service.decisions.decide(officer, &website, 2, Decision::Reject, "理由", &[]).await;
            assert!(sentence(decided.unwrap_err()).ends_with(&format!("作出“{}”决定", winner.label())));
        }
    }
}

/// R17, R62
async fn of_withdrawing_and_deciding_at_once_exactly_one_happens(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    settled(&world, &actor, &officer, "example.cn").await;
    let mut answers = world.website_answers(&actor, "example.cn").await;
    for number in 0..common::rounds(40, 200) {
        let domain = format!("n{number}.cn");
        answers.set_text("site.main_domain", domain.clone());
        answers.set("site.home_urls", Answer::Many(vec![format!("https://{domain}/")]));
        let website = file_with(&world.service, &actor, "website_new", None, &answers).await;
        let deciding = {
            let (service, officer, id) = (world.service.clone(), officer.clone(), website.clone());
            tokio::spawn(async move {
                service.filing_claims.claim(&officer, &id).await?;
                service.decisions.decide(&officer, &id, 2, Decision::Approve, "", &[]).await
            })
        };
        let withdrawing = {
            let (service, actor, id) = (world.service.clone(), actor.clone(), website.clone());
            tokio::spawn(async move { service.filings.withdraw(&actor, &id).await })
        };
        let (decided, withdrawn) = (deciding.await.unwrap(), withdrawing.await.unwrap());
        let (filing, record) = match (decided, withdrawn) {
            (Ok(()), Err(error)) => {
                sentence(error);
                (FilingState::Approved, RecordState::Active)
            }
            (Err(error), Ok(())) => {
                assert_eq!(sentence(error), "该申请单已于 2026-03-02 10:00 由申请人撤销");
                (FilingState::Withdrawn, RecordState::Void)
            }
            both => panic!("{both:?}"),
        };
        assert_eq!(state(&world, &actor, &website).await, filing);
        assert_eq!(record_state(&world, &record_of(&world, &website).await).await, record);
        let domains = format!("SELECT COUNT(*) FROM live_domain WHERE domain = '{domain}'");
        assert_eq!(world.number(&domains).await, i64::from(filing == FilingState::Approved));
    }
}

/// R15: what is submitted while the subject is being refused ends with it, or is refused itself.
async fn nothing_is_filed_under_a_subject_that_is_refused_at_that_moment(world: World) {
    let officer = world.officer(HERE).await;
    let rounds = common::rounds(8, 30);
    for n in (1..).take(rounds) {
        let actor = world.applicant(n).await;
        let subject = file_subject(&world, &actor).await;
        file_website(&world, &actor, &format!("first{n}.cn")).await;
        world.service.filing_claims.claim(&officer, &subject).await.unwrap();
        let answers = world.website_answers(&actor, &format!("second{n}.cn")).await;
        let submitting = {
            let (service, actor) = (world.service.clone(), actor.clone());
            tokio::spawn(async move { file(&service, &actor, "website_new", None, &answers).await })
        };
        let refusing = {
            let (service, officer, subject) = (world.service.clone(), officer.clone(), subject.clone());
            // A different moment of the submission each time.
            let pause = std::time::Duration::from_micros(u64::from(n) * 12_000 / rounds as u64);
            tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                let decision = if n % 2 == 0 { Decision::Reject } else { Decision::Return };
                service.decisions.decide(&officer, &subject, 2, decision, "理由", &[]).await
            })
        };
        let submitted = submitting.await.unwrap();
        refusing.await.unwrap().unwrap();
        assert!(matches!(submitted, Ok(()) | Err(Error::Refused(_))), "{submitted:?}");
        let stray = "SELECT COUNT(*) FROM filing f JOIN record s ON s.id = f.subject_id WHERE s.state = 'void' \
                     AND f.state IN ('pending', 'in_review')";
        assert_eq!(world.number(stray).await, 0, "round {n}");
        assert_eq!(world.number("SELECT COUNT(*) FROM live_domain").await, 0, "round {n}");
    }
}

/// R65, R70
async fn personal_values_are_masked_until_an_audited_look(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let subject = file_subject(&world, &actor).await;
    let website = file_website(&world, &actor, "example.cn").await;
    let personal = [
        "11010519491231002X",
        "13800005678",
        "010-12345678",
        "sunbingding@example.com",
        "某某街道三号院四号楼",
        "孙丙丁",
        "李戊己",
        "440524188001010014",
        "E12345678",
    ];
    for id in [&subject, &website] {
        let view = world.service.reviews.review(&officer, id, None).await.unwrap();
        assert!(!view.unmasked);
        let shown = serde_json::to_string(&view).unwrap();
        for value in personal {
            assert!(!shown.contains(value), "{value}");
        }
    }
    let looks = "SELECT COUNT(*) FROM audit WHERE action = 'filing.unmask'";
    assert_eq!(world.number(looks).await, 0);
    for blank in ["", "  "] {
        let look = world.service.reviews.unmask(&officer, &website, blank).await;
        assert!(matches!(look, Err(Error::Refused(_))), "a look without a purpose");
    }
    assert_eq!(world.number(looks).await, 0);
    let look = world.service.reviews.unmask(&officer, &website, "核对证件信息").await.unwrap();
    let view = world.service.reviews.review(&officer, &website, Some(look)).await.unwrap();
    assert!(view.unmasked);
    let shown = serde_json::to_string(&view).unwrap();
    for value in personal {
        assert!(shown.contains(value), "{value}");
    }
    assert_eq!(world.number(looks).await, 1);
    let line = text(&world, "SELECT detail FROM audit WHERE action = 'filing.unmask'").await.unwrap();
    assert!(line.contains("核对证件") && !line.contains("孙丙丁"), "{line}");
    // The number opens this filing to this officer for a quarter of an hour, and nothing else.
    let colleague = world.nth_officer(9_002, HERE).await;
    let unmasked = async |officer: &Actor, filing: &str, look: i64| {
        world.service.reviews.review(officer, filing, Some(look)).await.unwrap().unmasked
    };
    assert!(!unmasked(&colleague, &website, look).await);
    assert!(!unmasked(&officer, &subject, look).await);
    assert!(!unmasked(&officer, &website, look - 1).await, "another line");
    assert!(!unmasked(&officer, &website, i64::MAX).await);
    world.later(Duration::minutes(14));
    assert!(unmasked(&officer, &website, look).await);
    world.later(Duration::minutes(1));
    assert!(!unmasked(&officer, &website, look).await);
    assert_eq!(world.number(looks).await, 1);
}

/// R61
async fn the_queue_finds_pages_and_filters(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let (subject, website) = settled(&world, &actor, &officer, "example.cn").await;
    let mut answers = world.website_answers(&actor, "example.cn").await;
    let mut filed = Vec::new();
    for number in 0..45 {
        let domain = format!("n{number}.cn");
        answers.set_text("site.name", format!("第{number}号网站"));
        answers.set_text("site.main_domain", domain.clone());
        answers.set("site.home_urls", Answer::Many(vec![format!("https://{domain}/")]));
        filed.push(file_with(&world.service, &actor, "website_new", None, &answers).await);
        // Three in each minute: the order must not depend on the instant alone.
        if number % 3 == 2 {
            world.later(Duration::MINUTE);
        }
    }
    let service = &world.service;
    let all = async |request: &QueueRequest| {
        let (mut ids, mut after, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let asked = QueueRequest { after: after.clone(), ..request.clone() };
            let page = service.queues.queue(&officer, &asked).await.unwrap();
            assert_eq!(page.is_later, pages > 0);
            pages += 1;
            ids.extend(page.rows.into_iter().map(|row| row.id));
            match page.next {
                Some(next) => after = next,
                None => {
                    assert_eq!(page.total as usize, ids.len());
                    return ids;
                }
            }
        }
    };
    assert_eq!(all(&QueueRequest::default()).await, filed, "what waits: the oldest first");
    let done = all(&request("done")).await;
    assert_eq!(done, [website.clone(), subject.clone()], "what is done: the newest first");
    assert_eq!(all(&request("all")).await.len(), 47);
    assert_eq!(all(&request("approved")).await.len(), 2);
    service.filing_claims.claim(&officer, &filed[7]).await.unwrap();
    assert_eq!(all(&request("mine")).await, [filed[7].clone()]);
    assert_eq!(all(&request("in_review")).await, [filed[7].clone()]);
    assert_eq!(all(&request("pending")).await.len(), 44);
    let procedure = |code: &str| QueueRequest { procedure: code.to_owned(), ..request("all") };
    assert_eq!(all(&procedure("subject_new")).await, std::slice::from_ref(&subject));
    assert_eq!(all(&procedure("website_change")).await.len(), 0);
    let search = |text: &str| QueueRequest { search: text.to_owned(), ..request("all") };
    let reference =
        text(&world, &format!("SELECT reference FROM filing WHERE id = '{}'", filed[3])).await.unwrap();
    for (typed, found) in [
        (reference.as_str(), vec![filed[3].clone()]),
        (reference.to_lowercase().as_str(), vec![filed[3].clone()]),
        ("测公网安备11010102000001号", vec![website.clone()]),
        ("n5.cn", vec![filed[5].clone()]),
        (" https://www.n5.cn/page?x=1 ", vec![filed[5].clone()]),
        ("第7号", vec![filed[7].clone()]),
        ("某某企业", vec![website.clone()]),
        ("%", vec![]),
        ("_", vec![]),
        ("'; DROP TABLE filing; --", vec![]),
    ] {
        assert_eq!(all(&search(typed)).await, found, "{typed}");
    }
    assert_eq!(all(&search("北京某某")).await.len(), 47, "by the beginning of the subject's name");
    for after in ["", "x", "1_2", "9_'"] {
        let asked = QueueRequest { after: after.to_owned(), ..QueueRequest::default() };
        assert!(!service.queues.queue(&officer, &asked).await.unwrap().is_later, "{after}");
    }
}

/// R38
async fn the_look_up_shows_what_is_public_and_nothing_else(world: World) {
    let officer = world.officer(HERE).await;
    let unit = world.applicant(1).await;
    let (_, website) = settled(&world, &unit, &officer, "example.cn").await;
    let person = world.applicant(2).await;
    let answers = world.subject_answers_person(&person).await;
    let subject = file_with(&world.service, &person, "subject_new", None, &answers).await;
    let mut answers = world.website_answers(&person, "example.com").await;
    answers.set_text("site.name", "我的日记");
    answers.set("site.other_domains", Answer::Many(vec!["diary.example.net".to_owned()]));
    let diary = file_with(&world.service, &person, "website_new", None, &answers).await;
    let service = &world.service;
    assert!(service.lookup.lookup("example.com").await.unwrap().is_empty(), "not in force yet");
    assert!(service.lookup.lookup("我的日记").await.unwrap().is_empty());
    approve(&world, &officer, &subject).await;
    decide(&world, &officer, &diary, Decision::Approve, "").await;

    for typed in [
        "测公网安备11010102000001号",
        "11010102000001",
        "example.cn",
        "EXAMPLE.CN",
        "https://www.example.cn/index.html",
        "某某企业官网",
        "企业官",
        "北京某某网络",
    ] {
        let found = service.lookup.lookup(typed).await.unwrap();
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["某某企业官网"], "{typed}");
    }
    for typed in ["diary.example.net", "我的日", "example.com"] {
        assert_eq!(service.lookup.lookup(typed).await.unwrap()[0].name, "我的日记", "{typed}");
    }
    for typed in
        ["", "网", "%%", "__", "孙丙丁", "孙*", "13800005678", "11010102999999", "example.org", "' OR 1=1 --"]
    {
        assert!(service.lookup.lookup(typed).await.unwrap().is_empty(), "{typed}");
    }

    let found = service.lookup.lookup("我的日记").await.unwrap();
    let json = serde_json::to_string(&found).unwrap();
    let expected =
        r#"[{"digits":"11010102000002","business":"website","name":"我的日记","main_domain":"example.com","#;
    assert!(json.starts_with(expected), "{json}");
    assert_eq!((found[0].owner_kind.as_str(), found[0].owner_name.as_str()), ("个人", ""));
    assert_eq!(found[0].category.as_deref(), Some("非交互式"));
    assert_eq!(found[0].other_domains, ["diary.example.net"]);
    assert_eq!(found[0].organ, "北京市东城区网安大队");
    assert_eq!(found[0].registered_on, "2026-03-02");
    let unit_found = service.lookup.public_record("11010102000001", None).await.unwrap();
    assert_eq!(unit_found.owner_name, "北京某某网络科技有限公司");
    let everything = format!("{json}{}", serde_json::to_string(&unit_found).unwrap());
    for hidden in
        ["孙", "李", "周庚辛", "1380000", "11010519491231002X", "街道", "sunbingding", "91350100M000100Y43"]
    {
        assert!(!everything.contains(hidden), "{hidden} in {everything}");
    }

    assert!(matches!(service.lookup.public_record("11010102000009", None).await, Err(Error::NotFound)));
    assert!(matches!(service.lookup.public_record("x", None).await, Err(Error::NotFound)));
    let record = record_of(&world, &website).await;
    let cancel = file_cancellation(&world, &unit, &record).await;
    world.later(Duration::days(1));
    approve(&world, &officer, &cancel).await;
    let cancelled = service.lookup.lookup("example.cn").await.unwrap();
    assert_eq!(cancelled[0].cancelled_on.as_deref(), Some("2026-03-03"));
    // The domain can be filed again, under another number.
    let again = file_website(&world, &unit, "example.cn").await;
    approve(&world, &officer, &again).await;
    let both = service.lookup.lookup("example.cn").await.unwrap();
    let digits: Vec<&str> = both.iter().map(|one| one.digits.as_str()).collect();
    assert_eq!(digits, ["11010102000003", "11010102000001"], "the newest first");
}

/// R63
async fn machines_check_what_they_can(world: World) {
    let officer = world.officer(HERE).await;
    let (one, other) = (world.applicant(1).await, world.applicant(2).await);
    settled(&world, &one, &officer, "example.cn").await;
    let subject = file_subject(&world, &other).await;
    let mut answers = world.website_answers(&other, "example.com").await;
    answers.set_text("site.name", "中国某某网");
    answers.set_text("site.opened_on", "2026-01-01");
    answers.set_text("site.has_icp", "yes");
    answers.set_text("site.icp_number", "沪ICP备12345678号-1");
    answers.set_text("security_officer.id_no", id_number("110101", 1));
    let website = file_with(&world.service, &other, "website_new", None, &answers).await;
    let of = async |id: &str| world.service.reviews.review(&officer, id, None).await.unwrap().checks;
    let found = |checks: &[domain::view::MachineCheck], title: &str| {
        checks
            .iter()
            .find(|check| check.title == title)
            .unwrap_or_else(|| panic!("{title} in {checks:#?}"))
            .passed
    };
    let checks = of(&subject).await;
    for (title, passed) in [
        ("负责人信息：负责人证件号码", true),
        ("主办单位信息：主办单位证件号", true),
        ("负责人与实名登录的提交人", false),
        ("同一单位重复备案", false),
        ("主体历史", true),
    ] {
        assert_eq!(found(&checks, title), passed, "{title}");
    }
    let checks = of(&website).await;
    for (title, passed) in [
        ("网站安全负责人信息：负责人证件号码", true),
        ("网站访问地址在所填域名之下", true),
        ("网站信息：工信部备案号", false),
        ("开通后 30 日内提交", false),
        ("名称与主体相称", false),
        ("域名重复备案", true),
        ("其他主体的同名业务", true),
        // The first applicant, who has a subject of their own, is this website's security officer.
        ("相关人员名下的其他主体", false),
        ("安全负责人与应急联络人", true),
    ] {
        assert_eq!(found(&checks, title), passed, "{title}");
    }
    let all = serde_json::to_string(&[of(&subject).await, checks].concat()).unwrap();
    assert!(!all.contains("11010519491231002X") && !all.contains(&id_number("110101", 1)));
}

/// R61
async fn the_dashboard_counts_what_there_is(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    settled(&world, &actor, &officer, "example.cn").await;
    world.later(Duration::days(30));
    let late = file_website(&world, &actor, "example.com").await;
    // Eight working days later; seven are allowed.
    world.later(Duration::days(12));
    for (number, hours) in [1, 2, 3, 10].into_iter().enumerate() {
        let website = file_website(&world, &actor, &format!("n{number}.cn")).await;
        world.later(Duration::hours(hours));
        approve(&world, &officer, &website).await;
    }
    let mine = file_website(&world, &actor, "mine.cn").await;
    world.service.filing_claims.claim(&officer, &mine).await.unwrap();
    let dashboard = world.service.dashboards.dashboard(&officer).await.unwrap();
    assert_eq!(dashboard.region, "北京市东城区");
    assert_eq!((dashboard.new, dashboard.mine, dashboard.overdue, dashboard.resubmitted), (1, 1, 1, 0));
    let open = dashboard.by_kind.iter().filter(|kind| kind.state.is_open());
    let kinds: Vec<_> = open.map(|kind| (kind.state, kind.count)).collect();
    assert_eq!(kinds, [(FilingState::Pending, 1), (FilingState::InReview, 1)]);
    assert_eq!(
        (dashboard.median_hours, dashboard.p90_hours),
        (Some(1), Some(10)),
        "0, 0, 1, 2, 3 and 10 hours, rounded up"
    );
    let days: Vec<_> =
        dashboard.days.iter().map(|day| (day.day.as_str(), day.received, day.decided)).collect();
    assert_eq!(days.len(), 30);
    assert_eq!(days[16], ("04-01", 1, 0));
    assert_eq!(days[28], ("04-13", 4, 3));
    assert_eq!(days[29], ("04-14", 1, 1), "two in the morning is the next day");
    assert_eq!(days.iter().map(|day| day.1).sum::<u64>(), 6, "those of a month ago are not shown");
    assert_eq!(days.iter().map(|day| day.2).sum::<u64>(), 4);
    assert_eq!(state(&world, &actor, &late).await, FilingState::Pending);
}

/// R61
async fn those_who_watch_hear_of_every_change(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let subject = file_subject(&world, &actor).await;
    let (_, mut changes) = world.service.events.subscribe(None).await.unwrap();
    let website = file_website(&world, &actor, "example.cn").await;
    world.service.filing_claims.claim(&officer, &subject).await.unwrap();
    decide(&world, &officer, &subject, Decision::Approve, "").await;
    let mut heard = Vec::new();
    while heard.len() < 3 {
        let change = changes.next().await.unwrap().change;
        assert_eq!(change.jurisdiction, HERE);
        // That the officer looked is told as well.
        if change.what != service::What::Looked {
            heard.push(change.filing_id);
        }
    }
    assert_eq!(heard, [website, subject.clone(), subject]);
}

/// A small generator of its own, so that a walk that fails can be walked again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn pick<'a>(&mut self, of: &'a [String]) -> Option<&'a str> {
        if of.is_empty() { None } else { of.get(self.below(of.len())).map(String::as_str) }
    }
}

async fn column(on: &DatabaseConnection, statement: &str) -> Vec<String> {
    let statement = Statement::from_string(on.get_database_backend(), statement);
    let rows = on.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// What no order of events may break. Each query names what is wrong.
async fn invariants_hold(on: &DatabaseConnection, after: &str) {
    for (what, broken) in [
        (
            "a record is in the state of its open filing",
            "SELECT r.id FROM record r JOIN filing f ON f.record_id = r.id WHERE f.state IN ('pending', 'in_review') \
             AND r.state <> CASE f.action WHEN 'new' THEN 'pending' WHEN 'change' THEN 'changing' ELSE 'cancelling' END",
        ),
        (
            "a record that waits has an open filing",
            "SELECT r.id FROM record r WHERE r.state IN ('pending', 'changing', 'cancelling') AND NOT EXISTS \
             (SELECT 1 FROM filing f WHERE f.record_id = r.id AND f.state IN ('pending', 'in_review'))",
        ),
        (
            "what is in force has a subject in force (R15, R23)",
            "SELECT r.id FROM record r JOIN record s ON s.id = r.subject_id WHERE r.state IN ('active', 'changing', \
             'cancelling') AND s.state NOT IN ('active', 'changing', 'cancelling', 'transferring')",
        ),
        (
            "what was registered has a number, and nothing else has (R38)",
            "SELECT id FROM record WHERE business <> 'subject' AND (registration_digits IS NOT NULL) <> \
             (state IN ('active', 'changing', 'cancelling', 'cancelled'))",
        ),
        (
            "nothing is unfinished below a subject that was cancelled (R23)",
            "SELECT f.id FROM filing f JOIN record s ON s.id = f.subject_id WHERE s.state = 'cancelled' \
             AND f.state IN ('pending', 'in_review', 'returned')",
        ),
        (
            "a waiting subject is in the queue exactly with a business (R15)",
            "SELECT f.id FROM filing f WHERE f.business = 'subject' AND f.action = 'new' AND f.state = 'pending' \
             AND f.is_reviewable <> EXISTS (SELECT 1 FROM filing b WHERE b.subject_id = f.subject_id \
             AND b.business <> 'subject' AND b.state IN ('pending', 'in_review'))",
        ),
        (
            "domains are held by what lives, and what lives holds its domain",
            "SELECT r.id FROM record r WHERE r.main_domain IS NOT NULL AND EXISTS (SELECT 1 FROM live_domain d \
             WHERE d.record_id = r.id AND d.domain = r.main_domain) <> (r.state NOT IN ('void', 'cancelled'))",
        ),
        (
            "only a change under review holds a second domain",
            "SELECT r.id FROM record r JOIN live_domain d ON d.record_id = r.id WHERE d.domain <> r.main_domain \
             AND r.state <> 'changing'",
        ),
        (
            "what is in review is claimed, and what waits is not",
            "SELECT id FROM filing WHERE (state = 'in_review' AND claimed_by IS NULL) \
             OR (state = 'pending' AND claimed_by IS NOT NULL)",
        ),
        (
            "a filing is in the state its history ends in",
            "SELECT f.id FROM filing f JOIN filing_event e ON e.filing_id = f.id WHERE e.to_state <> f.state \
             AND NOT EXISTS (SELECT 1 FROM filing_event l WHERE l.filing_id = f.id AND l.id > e.id)",
        ),
        (
            "each step of a history begins where the one before ended",
            "SELECT e.id FROM filing_event e JOIN filing_event l ON l.filing_id = e.filing_id AND l.id > e.id \
             WHERE l.from_state <> e.to_state AND NOT EXISTS (SELECT 1 FROM filing_event m \
             WHERE m.filing_id = e.filing_id AND m.id > e.id AND m.id < l.id)",
        ),
        (
            "everything belongs where its subject does",
            "SELECT r.id FROM record r JOIN record s ON s.id = r.subject_id WHERE r.jurisdiction <> s.jurisdiction \
             AND r.state NOT IN ('void', 'cancelled')",
        ),
    ] {
        let found = column(on, broken).await;
        assert!(found.is_empty(), "{what}: {found:?} after {after}");
    }
}

/// R15–R23, R62, R64: applicants and officers do whatever comes to their minds.
async fn no_walk_of_events_breaks_what_must_always_hold(world: World) {
    let service = &world.service;
    let officers = [
        world.nth_officer(9001, "110000").await,
        world.nth_officer(9002, "110000").await,
        world.nth_officer(9003, "310000").await,
    ];
    let administrator = world.administrator().await;
    let mut people = Vec::new();
    for n in 1..=2 {
        let actor = world.applicant(n).await;
        let subject = world.subject_answers_unit(&actor).await;
        let website = world.website_answers(&actor, "example.cn").await;
        people.push((actor, subject, website));
    }
    let on = world.raw().await;
    let mut dice = Dice(20_260_302);
    let mut happened = std::collections::BTreeMap::new();
    for round in 0..common::rounds(500, 1_500) {
        let (actor, subject, website) = &people[dice.below(people.len())];
        let officer = &officers[dice.below(officers.len())];
        let (me, you) = (&actor.person_id, &officer.person_id);
        let in_force = async |business: &str| {
            let Some(current) = service.accounts.me(actor).await.unwrap().current else { return Vec::new() };
            let of_current = format!(
                "SELECT id FROM record WHERE subject_id = '{}' AND business {business} 'subject' \
                 AND state = 'active' ORDER BY id",
                current.id,
            );
            column(&on, &of_current).await
        };
        let mine = async |states: &str| {
            let of_mine = format!(
                "SELECT id FROM filing WHERE applicant_id = '{me}' AND state IN ({states}) ORDER BY id"
            );
            column(&on, &of_mine).await
        };
        let claimed = column(
            &on,
            &format!("SELECT id FROM filing WHERE state = 'in_review' AND claimed_by = '{you}' ORDER BY id"),
        )
        .await;
        let domain = format!("n{}.cn", dice.below(40));
        let mut site = website.clone();
        site.set_text("site.main_domain", domain.clone());
        site.set("site.home_urls", Answer::Many(vec![format!("https://{domain}/")]));
        let mut unit = subject.clone();
        unit.set_text("unit.name", format!("某某{}公司", dice.below(1000)));
        unit.set_text("unit.office_region", ["110101", "110102", "310101"][dice.below(3)]);

        let actions = [
            ("subject", 3),
            ("website", 6),
            ("change", 6),
            ("move", 4),
            ("cancel", 2),
            ("end", 1),
            ("withdraw", 2),
            ("again", 4),
            ("claim", 8),
            ("release", 2),
            ("take", 2),
            ("approve", 12),
            ("return", 3),
            ("reject", 1),
        ];
        let actions: Vec<&str> = actions.iter().flat_map(|(name, weight)| vec![*name; *weight]).collect();
        let action = actions[dice.below(actions.len())];
        let chosen = match action {
            "change" | "cancel" => in_force("<>").await,
            "move" | "end" => in_force("=").await,
            "withdraw" => mine("'pending'").await,
            "again" => mine("'returned', 'withdrawn', 'terminated'").await,
            "claim" => waiting(&world, officer).await,
            "take" => column(&on, "SELECT id FROM filing WHERE state = 'in_review' ORDER BY id").await,
            "release" | "approve" | "return" | "reject" => claimed,
            _ => vec![String::new()],
        };
        let Some(id) = dice.pick(&chosen) else { continue };
        let decide = async |decision: Decision| {
            let seen = service.reviews.review(officer, id, None).await?.version;
            service.decisions.decide(officer, id, seen, decision, "理由", &[]).await
        };
        let outcome = match action {
            "subject" => file(service, actor, "subject_new", None, &unit).await,
            "website" => file(service, actor, "website_new", None, &site).await,
            "change" => file(service, actor, "website_change", Some(id), &site).await,
            "move" => file(service, actor, "subject_change", Some(id), &unit).await,
            "cancel" | "end" => {
                file_cancellation(&world, actor, id).await;
                Ok(())
            }
            "withdraw" => service.filings.withdraw(actor, id).await,
            "again" => again(&world, actor, id).await,
            "claim" => service.filing_claims.claim(officer, id).await,
            "take" => service.filing_claims.take_over(&administrator, id, "理由").await,
            "release" => service.filing_claims.release(officer, id).await,
            "approve" => decide(Decision::Approve).await,
            "return" => decide(Decision::Return).await,
            "reject" => decide(Decision::Reject).await,
            other => panic!("{other}"),
        };
        match outcome {
            Ok(()) => *happened.entry(action).or_insert(0) += 1,
            Err(Error::NotFound | Error::Refused(_) | Error::Faults(_)) => {}
            Err(error) => panic!("{action} in round {round}: {error:?}"),
        }
        world.later(Duration::seconds(20));
        invariants_hold(&on, &format!("{action} in round {round}")).await;
    }
    // What was counted along the way is what is there in the end (R61).
    service.counters.add_up().await.unwrap();
    let counts = "SELECT region || ' ' || kind || ' ' || day || ' ' || item || ' ' || n FROM tally WHERE n <> 0 \
                  ORDER BY region, kind, day, item";
    let along_the_way = column(&on, counts).await;
    service.counters.recount().await.unwrap();
    assert_eq!(along_the_way, column(&on, counts).await);
    assert!(along_the_way.len() > 20, "{along_the_way:?}");
    on.close().await.unwrap();
    assert!(happened.len() == 14, "the walk went everywhere: {happened:?}");
    // The walk's cancellations are put in past the service, so that the rows are not all as the lines say.
    let verdict = service.audit_chain.verify_audit().await.unwrap();
    assert_eq!(verdict.first_bad, None, "{verdict:?}");
}

/// As [`file_with`], where it may be refused.
async fn file(
    service: &Service,
    actor: &Actor,
    procedure: &str,
    record: Option<&str>,
    answers: &Answers,
) -> Result<(), Error> {
    let business = Procedure::from_code(procedure).unwrap().business;
    let mut head: Option<domain::view::DraftHead> = None;
    for step in business.form().steps.iter().filter(|step| !step.sections().is_empty()) {
        let save = SaveDraft {
            procedure: procedure.to_owned(),
            step: step.key.to_owned(),
            draft: head.as_ref().map(|head| head.id.clone()),
            record: record.map(str::to_owned),
            subject: None,
            version: head.as_ref().map(|head| head.version),
            overwrite: true,
            declined: None,
            owner: None,
            answers: answers.clone(),
        };
        match service.drafts.save_draft(actor, &save).await? {
            Saved::Ok(saved) => head = Some(saved),
            Saved::Conflict { .. } => panic!("saved over"),
            Saved::Faults(faults) => return Err(Error::Faults(faults)),
        }
    }
    let head = head.unwrap();
    submitted(service.submissions.submit(actor, &head.id, head.version, None, &head.id).await?)
}

fn submitted(answer: Submitted) -> Result<(), Error> {
    match answer {
        Submitted::Filing(_) => Ok(()),
        Submitted::Faults(faults) => Err(Error::Faults(faults)),
        Submitted::Refused(refused) => Err(Error::Refused(refused)),
    }
}

/// 修改后重新提交, or a withdrawn filing filed anew.
async fn again(world: &World, actor: &Actor, id: &str) -> Result<(), Error> {
    let href = world.service.redrafts.redraft(actor, id).await?;
    // A cancellation leads back to its identity check.
    let Some((_, draft)) = href.split_once("draft=") else { return Ok(()) };
    let draft = draft.split('&').next().unwrap();
    let version = world.number(&format!("SELECT version FROM draft WHERE id = '{draft}'")).await;
    submitted(
        world.service.submissions.submit(actor, draft, version, None, &format!("{draft}-{version}")).await?,
    )
}
