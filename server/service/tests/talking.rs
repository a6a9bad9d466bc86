//! 补充说明: an officer asks without a return, the applicant answers, and the clock stands still meanwhile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::too_many_lines)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use common::{World, claims};
use domain::progress::Act;
use domain::talk::{MOST_OPEN, QuestionEnd};
use domain::view::*;
use service::{Actor, Error, PersonLimits, TypedAnswer};
use time::Duration;

claims![
    both_sides_see_a_question_and_its_answer_and_nobody_else_does,
    the_clock_stands_still_until_the_answer,
    a_claim_that_waits_for_an_answer_does_not_lapse,
    files_of_an_answer_are_the_owners_and_the_officers_and_stay,
    a_decision_ends_what_is_open_and_nothing_is_answered_afterwards,
    who_withdraws_ends_what_is_open,
    the_thread_goes_along_to_another_region,
    questions_are_bounded_and_what_is_refused_is_kept,
    an_answer_and_a_closing_at_once_are_one_end,
];

const QUESTION: &str = "请说明域名证书的持有人是谁";
const ANSWER: &str = "持有人是本单位负责人";

/// A website that an officer of 北京市东城区 has claimed: applicant, officer, filing.
async fn claimed(world: &World, n: u32, domain: &str) -> (Actor, Actor, String) {
    let actor = world.applicant(n).await;
    if world.service.records.my_subject(&actor).await.unwrap().is_none() {
        world.in_force(&actor, &format!("first-{domain}")).await;
    }
    let website = world.website_answers(&actor, domain).await;
    let filing = world.file(&actor, "website_new", None, &website).await;
    let officer = world.officer("110101").await;
    world.service.filing_claims.claim(&officer, &filing).await.unwrap();
    (actor, officer, filing)
}

fn said(text: &str) -> TypedAnswer {
    TypedAnswer { text: text.to_owned(), ..TypedAnswer::default() }
}

async fn ask(world: &World, officer: &Actor, filing: &str) -> String {
    world.service.talk_desk.ask(officer, filing, "site.domain_cert", QUESTION).await.unwrap();
    world.service.talk_desk.talk(officer, filing).await.unwrap().questions.last().unwrap().id.clone()
}

async fn row(world: &World, officer: &Actor, filing: &str) -> QueueRow {
    world.service.reviews.review(officer, filing, None).await.unwrap().filing
}

async fn listed(world: &World, officer: &Actor, state: &str) -> Vec<String> {
    let request = QueueRequest { state: state.to_owned(), ..QueueRequest::default() };
    let page = world.service.queues.queue(officer, &request).await.unwrap();
    assert_eq!(page.total as usize, page.rows.len(), "{state}");
    page.rows.into_iter().map(|row| row.id).collect()
}

async fn notices(world: &World, actor: &Actor) -> Vec<(String, Option<String>)> {
    let page = world.service.notices.notices(actor, true, "").await.unwrap();
    page.rows.into_iter().map(|row| (row.text, row.link)).collect()
}

async fn decide(world: &World, officer: &Actor, filing: &str, decision: Decision) {
    let version = world.service.reviews.review(officer, filing, None).await.unwrap().version;
    world.service.decisions.decide(officer, filing, version, decision, "请核对", &[]).await.unwrap();
}

async fn both_sides_see_a_question_and_its_answer_and_nobody_else_does(world: World) {
    let (actor, officer, filing) = claimed(&world, 1, "example.org").await;
    let (talks, desk) = (&world.service.talks, &world.service.talk_desk);
    let question = ask(&world, &officer, &filing).await;
    assert!(row(&world, &officer, &filing).await.waits_for_answer);
    assert_eq!(listed(&world, &officer, "waiting").await, std::slice::from_ref(&filing));
    let mine = world.service.filings.filing(&actor, &filing).await.unwrap();
    assert!(mine.row.waits_for_answer && mine.talk.is_waiting());
    let told = notices(&world, &actor).await.remove(0);
    assert!(told.0.contains("需要补充说明") && !told.0.contains(QUESTION), "{told:?}");
    assert_eq!(told.1, Some(format!("/mine/filings/{filing}#talk")));
    let progress = world.service.cases.progress(&actor).await.unwrap();
    assert_eq!(progress.next.label, "去回复");
    assert_eq!(progress.next.act, Act::Open(format!("/mine/filings/{filing}#talk")));
    let seen = talks.my_talk(&actor, &filing, false).await.unwrap();
    assert_eq!(seen.questions[0].text, QUESTION);
    assert_eq!((seen.questions[0].label.as_str(), seen.questions[0].who.as_str()), ("域名证书", "审核民警"));

    assert_eq!(talks.answer(&actor, &question, &said(ANSWER)).await.unwrap(), filing);
    let seen = desk.talk(&officer, &filing).await.unwrap();
    assert_eq!(seen.questions[0].end, Some(QuestionEnd::Answered));
    assert_eq!(seen.questions[0].answers[0].text, ANSWER);
    assert!(seen.questions[0].who.contains("审核员"));
    assert!(!row(&world, &officer, &filing).await.waits_for_answer);
    assert_eq!(listed(&world, &officer, "waiting").await, Vec::<String>::new());
    let told = notices(&world, &officer).await.remove(0);
    assert_eq!(told.1, Some(format!("/review/filings/{filing}#talk")));
    // One may add to what one said.
    talks.answer(&actor, &question, &said("另附说明")).await.unwrap();
    let thread = world.service.reviews.review(&officer, &filing, None).await.unwrap().questions;
    assert_eq!(thread[0].answers.len(), 2);

    let (other, elsewhere) = (world.applicant(2).await, world.officer("310101").await);
    for outcome in [
        talks.my_talk(&other, &filing, false).await.map(drop),
        talks.answer(&other, &question, &said(ANSWER)).await.map(drop),
        desk.talk(&elsewhere, &filing).await.map(drop),
        desk.ask(&elsewhere, &filing, "", QUESTION).await,
        desk.close(&elsewhere, &question).await.map(drop),
        talks.my_talk(&elsewhere, &filing, false).await.map(drop),
    ] {
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
    }
    for outcome in [desk.talk(&actor, &filing).await.map(drop), desk.close(&actor, &question).await.map(drop)]
    {
        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
    }
    for text in [QUESTION, ANSWER] {
        assert!(!world.is_stored_in_the_open(text).await, "{text}");
    }
}

async fn the_clock_stands_still_until_the_answer(world: World) {
    let (actor, officer, filing) = claimed(&world, 1, "example.org").await;
    let service = &world.service;
    world.later(Duration::days(1));
    let question = ask(&world, &officer, &filing).await;
    // Four weeks, which are far more than the seven working days allowed.
    world.later(Duration::days(28));
    let overdue = async || service.dashboards.dashboard(&officer).await.unwrap().overdue;
    assert!(!row(&world, &officer, &filing).await.is_overdue);
    assert_eq!((overdue().await, listed(&world, &officer, "overdue").await.len()), (0, 0));
    assert_eq!(listed(&world, &officer, "open").await, std::slice::from_ref(&filing));
    service.talks.answer(&actor, &question, &said(ANSWER)).await.unwrap();
    assert!(!row(&world, &officer, &filing).await.is_overdue);
    assert_eq!((overdue().await, listed(&world, &officer, "overdue").await.len()), (0, 0));
    // The working days that are left run on: what counts of it is its first day.
    world.later(Duration::days(14));
    let officer = world.officer("110101").await;
    assert!(row(&world, &officer, &filing).await.is_overdue);
    let overdue = async || service.dashboards.dashboard(&officer).await.unwrap().overdue;
    assert_eq!((overdue().await, listed(&world, &officer, "overdue").await), (1, vec![filing.clone()]));

    // What a decision took is measured without the wait, and so it is when all is counted anew.
    service.filing_claims.claim(&officer, &filing).await.unwrap();
    ask(&world, &officer, &filing).await;
    service.talk_desk.ask(&officer, &filing, "", "还有一个问题要问").await.unwrap();
    world.later(Duration::days(7));
    let officer = world.officer("110101").await;
    decide(&world, &officer, &filing, Decision::Approve).await;
    service.counters.add_up().await.unwrap();
    let counted = service.dashboards.dashboard(&officer).await.unwrap();
    // Of 50 days or 36 working days eleven are left: the first, and the fourteen days with their ten working days.
    assert_eq!(counted.p90_hours, Some(11 * 24));
    service.counters.recount().await.unwrap();
    assert_eq!(service.dashboards.dashboard(&officer).await.unwrap(), counted);
}

async fn a_claim_that_waits_for_an_answer_does_not_lapse(world: World) {
    let (actor, officer, filing) = claimed(&world, 1, "example.org").await;
    let question = ask(&world, &officer, &filing).await;
    world.later(Duration::hours(20));
    assert_eq!(world.service.filing_claims.sweep_claims().await.unwrap(), 0);
    assert!(row(&world, &world.officer("110101").await, &filing).await.is_mine);
    world.service.talks.answer(&world.applicant(1).await, &question, &said(ANSWER)).await.unwrap();
    world.later(Duration::minutes(20));
    assert_eq!(world.service.filing_claims.sweep_claims().await.unwrap(), 0, "the whole time again");
    world.later(Duration::minutes(11));
    assert_eq!(world.service.filing_claims.sweep_claims().await.unwrap(), 1);
    let colleague = world.nth_officer(9_950, "110101").await;
    assert_eq!(world.service.talk_desk.talk(&colleague, &filing).await.unwrap().questions.len(), 1);
    let outcome = world.service.talk_desk.ask(&colleague, &filing, "", QUESTION).await;
    assert!(matches!(outcome, Err(Error::Refused(_))), "only who holds it asks");
    world.service.filing_claims.claim(&colleague, &filing).await.unwrap();
    world.service.talk_desk.ask(&colleague, &filing, "", QUESTION).await.unwrap();
    let outcome = world.service.talk_desk.ask(&officer, &filing, "", QUESTION).await;
    assert!(matches!(outcome, Err(Error::Refused(_))));
    drop(actor);
}

async fn files_of_an_answer_are_the_owners_and_the_officers_and_stay(world: World) {
    let (actor, officer, filing) = claimed(&world, 1, "example.org").await;
    let service = &world.service;
    let question = ask(&world, &officer, &filing).await;
    let files = vec![world.picture(&actor, 77).await, world.document(&actor).await];
    let stranger = world.applicant(2).await;
    let foreign = world.picture(&stranger, 78).await;
    let outcome =
        service.talks.answer(&actor, &question, &TypedAnswer { files: vec![foreign], ..said(ANSWER) }).await;
    assert!(matches!(outcome, Err(Error::Faults(_))), "{outcome:?}");
    service
        .talks
        .answer(&actor, &question, &TypedAnswer { files: files.clone(), ..TypedAnswer::default() })
        .await
        .unwrap();
    let seen = service.talk_desk.talk(&officer, &filing).await.unwrap();
    let named: Vec<&str> = seen.questions[0].answers[0].files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(named, ["图片77.png", "说明.pdf"]);
    // Returned and submitted again, and a day later swept.
    decide(&world, &officer, &filing, Decision::Return).await;
    let href = service.redrafts.redraft(&actor, &filing).await.unwrap();
    let draft = href.rsplit_once("draft=").unwrap().1.to_owned();
    let request =
        FormRequest { procedure: "website_new".to_owned(), draft: Some(draft), ..FormRequest::default() };
    let head = service.drafts.form_view(&actor, &request).await.unwrap().draft.unwrap();
    assert!(matches!(world.submit(&actor, &head, "again").await, Submitted::Filing(_)));
    world.later(Duration::days(2));
    service.jobs.sweep().await;
    let (actor, officer) = (world.applicant(1).await, world.officer("110101").await);
    let (elsewhere, stranger) = (world.officer("310101").await, world.applicant(2).await);
    for file in &files {
        assert!(service.files.open_file(&actor, file).await.is_ok());
        assert!(service.files.open_file(&officer, file).await.is_ok());
        for other in [&elsewhere, &stranger] {
            assert!(matches!(service.files.open_file(other, file).await, Err(Error::NotFound)));
        }
    }
}

async fn a_decision_ends_what_is_open_and_nothing_is_answered_afterwards(world: World) {
    let (actor, officer, filing) = claimed(&world, 1, "example.org").await;
    let question = ask(&world, &officer, &filing).await;
    decide(&world, &officer, &filing, Decision::Return).await;
    let seen = world.service.talks.my_talk(&actor, &filing, false).await.unwrap();
    assert_eq!(seen.questions[0].end, Some(QuestionEnd::Decided));
    assert!(seen.refused.is_some());
    let outcome = world.service.talks.answer(&actor, &question, &said("来晚了的一句话")).await;
    assert!(matches!(outcome, Err(Error::Refused(_))), "{outcome:?}");
    let held = world.service.talks.my_talk(&actor, &filing, true).await.unwrap();
    assert_eq!(held.typed.text("text"), "来晚了的一句话");
    assert!(!world.service.filings.filing(&actor, &filing).await.unwrap().row.waits_for_answer);
    let outcome = world.service.talk_desk.close(&officer, &question).await;
    assert!(matches!(outcome, Err(Error::Refused(_))), "{outcome:?}");
}

async fn who_withdraws_ends_what_is_open(world: World) {
    let (actor, officer, filing) = claimed(&world, 1, "example.org").await;
    ask(&world, &officer, &filing).await;
    world.service.filing_claims.release(&officer, &filing).await.unwrap();
    assert!(row(&world, &officer, &filing).await.waits_for_answer, "the thread is the filing's");
    world.service.filings.withdraw(&actor, &filing).await.unwrap();
    let seen = world.service.talks.my_talk(&actor, &filing, false).await.unwrap();
    assert_eq!(seen.questions[0].end, Some(QuestionEnd::Withdrawn));
    assert_eq!(listed(&world, &officer, "waiting").await, Vec::<String>::new());
}

async fn the_thread_goes_along_to_another_region(world: World) {
    let (actor, officer, filing) = claimed(&world, 1, "example.org").await;
    let question = ask(&world, &officer, &filing).await;
    let claims = &world.service.filing_claims;
    claims.transfer_filing(&officer, &filing, "310101", "接入地在黄浦区").await.unwrap();
    let there = world.officer("310101").await;
    assert_eq!(listed(&world, &there, "waiting").await, std::slice::from_ref(&filing));
    assert!(matches!(world.service.talk_desk.talk(&officer, &filing).await, Err(Error::NotFound)));
    assert_eq!(world.service.talk_desk.talk(&there, &filing).await.unwrap().questions.len(), 1);
    let outcome = world.service.talk_desk.close(&there, &question).await;
    assert!(matches!(outcome, Err(Error::Refused(_))), "claimed first");
    claims.claim(&there, &filing).await.unwrap();
    world.service.talk_desk.close(&there, &question).await.unwrap();
    assert_eq!(listed(&world, &there, "waiting").await, Vec::<String>::new());
    let told = notices(&world, &actor).await.remove(0);
    assert!(told.0.contains("无需再补充说明"), "{told:?}");
    let seen = world.service.talks.my_talk(&actor, &filing, false).await.unwrap();
    assert_eq!(seen.questions[0].end, Some(QuestionEnd::Closed));
}

async fn questions_are_bounded_and_what_is_refused_is_kept(mut world: World) {
    world.settings.limits = PersonLimits { messages_per_hour: 7, ..PersonLimits::GENEROUS };
    world.service = world.restarted().await;
    let (actor, officer, filing) = claimed(&world, 1, "example.org").await;
    let desk = &world.service.talk_desk;
    for (field, text) in [("", "短"), ("site.nothing", QUESTION), ("", "")] {
        let outcome = desk.ask(&officer, &filing, field, text).await;
        assert!(matches!(outcome, Err(Error::Faults(_))), "{field} {text}: {outcome:?}");
    }
    desk.ask(&officer, &filing, "site.name", &"字".repeat(501)).await.unwrap_err();
    let held = desk.talk(&officer, &filing).await.unwrap();
    assert_eq!((held.typed.text("field"), held.typed.text("text").chars().count()), ("site.name", 501));
    assert!(
        held.fields.iter().any(|(at, name)| at == "site.name" && name.contains("网站名称")),
        "{:?}",
        held.fields
    );
    for _ in 0..MOST_OPEN {
        ask(&world, &officer, &filing).await;
    }
    let outcome = desk.ask(&officer, &filing, "", QUESTION).await;
    assert!(matches!(outcome, Err(Error::Refused(_))), "{outcome:?}");
    // Closing some leaves the wait for the others; then the hour is full.
    let thread = desk.talk(&officer, &filing).await.unwrap().questions;
    for question in &thread[..3] {
        desk.close(&officer, &question.id).await.unwrap();
    }
    assert!(row(&world, &officer, &filing).await.waits_for_answer);
    assert!(matches!(desk.close(&officer, &thread[0].id).await, Err(Error::Refused(_))));
    for _ in 0..2 {
        ask(&world, &officer, &filing).await;
    }
    assert!(matches!(desk.ask(&officer, &filing, "", QUESTION).await, Err(Error::TooMany(_))));
    let (talks, question) = (&world.service.talks, &thread[4].id);
    for bad in ["", &"字".repeat(1001)] {
        assert!(matches!(talks.answer(&actor, question, &said(bad)).await, Err(Error::Faults(_))), "{bad}");
    }
    assert_eq!(talks.my_talk(&actor, &filing, true).await.unwrap().typed.text("question"), question);
    assert!(talks.my_talk(&actor, &filing, false).await.unwrap().faults.is_empty());
    talks.answer(&actor, question, &said(ANSWER)).await.unwrap();
    assert!(talks.my_talk(&actor, &filing, true).await.unwrap().faults.is_empty(), "forgotten when it went");
    assert!(matches!(talks.answer(&actor, "1", &said(ANSWER)).await, Err(Error::NotFound)));
}

async fn an_answer_and_a_closing_at_once_are_one_end(world: World) {
    let (actor, officer, filing) = claimed(&world, 1, "example.org").await;
    for _ in 0..common::rounds(5, 100) {
        let question = ask(&world, &officer, &filing).await;
        let answered = said(ANSWER);
        let (answered, closed) = tokio::join!(
            world.service.talks.answer(&actor, &question, &answered),
            world.service.talk_desk.close(&officer, &question),
        );
        assert!(answered.is_ok(), "what was typed is never lost: {answered:?}");
        let seen = world.service.talks.my_talk(&actor, &filing, false).await.unwrap();
        let last = seen.questions.last().unwrap();
        let end = if closed.is_ok() { QuestionEnd::Closed } else { QuestionEnd::Answered };
        assert_eq!((last.end, last.answers.len()), (Some(end), 1));
        assert!(!row(&world, &officer, &filing).await.waits_for_answer);
    }
}
