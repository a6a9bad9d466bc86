//! The applicant is never left alone: 我的备案进度, a bundle that came back, reminders.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "common/acts.rs"]
mod acts;
mod common;
#[path = "common/identity.rs"]
mod identity_check;

use acts::filed;
use common::{World, claims, claims_of};
use domain::answer::Answers;
use domain::filing::FilingState;
use domain::progress::{Act, Milestone, Progress, SubjectQuestion};
use domain::schema::fault;
use domain::view::*;
use service::{Actor, Error};
use time::Duration;

claims![
    the_path_of_a_case_from_signing_in_to_the_badge,
    a_bundle_that_came_back_is_submitted_again_as_a_whole,
    what_cannot_follow_its_subject_stays_returned_and_is_told,
    only_the_subject_follows_where_the_person_says_so,
    a_returned_subject_is_offered_before_an_empty_form,
    a_form_that_nothing_could_be_filed_with_is_not_opened,
    who_files_a_subject_alone_is_reminded_three_times,
    a_subject_to_receive_is_the_next_act_of_its_receiver,
    a_document_that_runs_out_is_told,
    progress_is_told_to_nobody_else,
];

async fn told(world: &World, actor: &Actor) -> Progress {
    world.service.home_page.home(actor).await.unwrap().progress
}

async fn next(world: &World, actor: &Actor) -> (Milestone, String) {
    let told = told(world, actor).await;
    (told.present, told.next.label)
}

async fn expect(world: &World, actor: &Actor, step: Milestone, label: &str) {
    assert_eq!(next(world, actor).await, (step, label.to_owned()));
}

async fn state(world: &World, actor: &Actor, filing: &str) -> FilingState {
    world.service.filings.filing(actor, filing).await.unwrap().row.state
}

async fn bundle(world: &World, actor: &Actor) -> (String, String) {
    let subject = world.subject_answers_unit(actor).await;
    let subject = world.file(actor, "subject_new", None, &subject).await;
    let answers = world.website_answers(actor, "example.cn").await;
    (subject, world.file(actor, "website_new", None, &answers).await)
}

fn draft_at(href: &str) -> DraftHead {
    let id = href.split_once("draft=").unwrap().1.to_owned();
    DraftHead { id, version: 1, saved_at: String::new() }
}

fn form(procedure: &str, step: &str) -> FormRequest {
    FormRequest { procedure: procedure.to_owned(), step: step.to_owned(), ..FormRequest::default() }
}

async fn the_path_of_a_case_from_signing_in_to_the_badge(world: World) {
    let actor = world.applicant(1).await;
    expect(&world, &actor, Milestone::Subject, "新增主体").await;
    let mut answers = world.subject_answers_unit(&actor).await;
    answers.remove("principal.mobile");
    answers.remove("principal.id_portrait");
    let draft = world.draft(&actor, "subject_new", None, &answers).await;
    expect(&world, &actor, Milestone::Subject, "继续填写").await;
    assert_eq!(told(&world, &actor).await.facts, ["还差 2 项", "约 1 分钟", "草稿还可保留 30 天"]);
    world.service.drafts.delete_draft(&actor, &draft.id).await.unwrap();

    let answers = world.subject_answers_unit(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &answers).await;
    expect(&world, &actor, Milestone::Business, "填报网站").await;
    let receipt = world.service.cases.progress_of_filing(&actor, &subject).await.unwrap();
    assert_eq!(receipt, told(&world, &actor).await, "receipt and home page say the same");
    assert_eq!(receipt.title, "还差一步：请填报网站或其他业务");
    assert!(world.service.filings.filing(&actor, &subject).await.unwrap().row.waits_for_business);

    let mut site = Answers::new();
    site.set_text("site.name", "晨光书店");
    world.draft(&actor, "website_new", None, &site).await;
    expect(&world, &actor, Milestone::Business, "继续填写").await;
    let site = world.website_answers(&actor, "example.cn").await;
    let website = world.file(&actor, "website_new", None, &site).await;
    world.later(Duration::minutes(1));
    // The draft is left over: what can be done goes before what is waited for only when the subject is in force.
    expect(&world, &actor, Milestone::Review, "查看申请单").await;
    world.decide(&subject, Decision::Approve, "", &[]).await;
    world.decide(&website, Decision::Approve, "", &[]).await;
    expect(&world, &actor, Milestone::Badge, "去挂标").await;
}

/// R15, R53: one act repairs the subject and sends the whole bundle.
async fn a_bundle_that_came_back_is_submitted_again_as_a_whole(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let (subject, website) = bundle(&world, &actor).await;
    world.decide(&subject, Decision::Return, "", &[fault("principal.mobile", "空号")]).await;
    let home = service.home_page.home(&actor).await.unwrap();
    let act = Act::Redraft { filing: subject.clone(), along: true };
    assert_eq!((home.progress.present, &home.progress.next.act), (Milestone::Subject, &act));
    let Some(SubjectQuestion::Repair { points: 1, next }) = home.question else {
        panic!("{:?}", home.question)
    };
    assert_eq!(next.act, act);
    let view = service.filings.filing(&actor, &subject).await.unwrap();
    assert_eq!(view.returned_along.iter().map(|row| &row.id).collect::<Vec<_>>(), [&website]);

    let draft = draft_at(&service.redrafts.redraft_bundle(&actor, &subject).await.unwrap());
    let request = FormRequest { draft: Some(draft.id.clone()), ..form("subject_new", "form") };
    let page = service.drafts.form_view(&actor, &request).await.unwrap();
    assert_eq!(page.along.iter().map(|row| &row.id).collect::<Vec<_>>(), [&website]);
    assert_eq!(filed(world.submit(&actor, &draft, "whole").await), subject);
    for filing in [&subject, &website] {
        assert_eq!(state(&world, &actor, filing).await, FilingState::Pending);
    }
    assert!(!service.filings.filing(&actor, &subject).await.unwrap().row.waits_for_business);
    expect(&world, &actor, Milestone::Review, "查看申请单").await;
    // A repeated submit finds what the first one made (R75).
    assert_eq!(filed(world.submit(&actor, &draft, "whole").await), subject);
    assert_eq!(world.number("SELECT MAX(round) FROM filing").await, 2);
    world.decide(&subject, Decision::Approve, "", &[]).await;
    world.decide(&website, Decision::Approve, "", &[]).await;
    expect(&world, &actor, Milestone::Badge, "去挂标").await;
    world.is_as_the_audit_log_says().await;
}

async fn what_cannot_follow_its_subject_stays_returned_and_is_told(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let service = &world.service;
    let (subject, website) = bundle(&world, &actor).await;
    world.decide(&subject, Decision::Return, "照片不清晰", &[]).await;
    // Somebody else files the domain meanwhile.
    let theirs = world.subject_answers_person(&other).await;
    world.file(&other, "subject_new", None, &theirs).await;
    let theirs = world.website_answers(&other, "example.cn").await;
    world.file(&other, "website_new", None, &theirs).await;
    let draft = draft_at(&service.redrafts.redraft_bundle(&actor, &subject).await.unwrap());
    assert_eq!(filed(world.submit(&actor, &draft, "whole").await), subject);
    assert_eq!(state(&world, &actor, &website).await, FilingState::Returned);
    let notices = service.notices.notices(&actor, true, "").await.unwrap().rows;
    assert!(notices.iter().any(|row| row.text.contains("未能随主体一并重新提交")), "{notices:?}");
    // Its repair is the next act, not a second website.
    let told = told(&world, &actor).await;
    assert_eq!(told.next.act, Act::Redraft { filing: website, along: false });
    world.is_as_the_audit_log_says().await;
}

/// R53: what a person has begun to change is not sent as it was, and 【修改后重新提交】 means this one alone.
async fn only_the_subject_follows_where_the_person_says_so(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let (subject, website) = bundle(&world, &actor).await;
    world.decide(&subject, Decision::Return, "照片不清晰", &[]).await;
    let whole = service.redrafts.redraft_bundle(&actor, &subject).await.unwrap();
    assert_eq!(service.redrafts.redraft(&actor, &subject).await.unwrap(), whole, "the last word counts");
    let draft = draft_at(&whole);
    assert_eq!(filed(world.submit(&actor, &draft, "alone").await), subject);
    assert_eq!(state(&world, &actor, &website).await, FilingState::Returned);

    let own = draft_at(&service.redrafts.redraft(&actor, &website).await.unwrap());
    assert_eq!(filed(world.submit(&actor, &own, "website").await), website);
    world.decide(&subject, Decision::Return, "还是不清晰", &[]).await;
    service.redrafts.redraft(&actor, &website).await.unwrap();
    let draft = draft_at(&service.redrafts.redraft_bundle(&actor, &subject).await.unwrap());
    assert_eq!(filed(world.submit(&actor, &draft, "whole").await), subject);
    assert_eq!(state(&world, &actor, &website).await, FilingState::Returned, "it is being changed");
}

/// R53
async fn a_returned_subject_is_offered_before_an_empty_form(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let (subject, _) = bundle(&world, &actor).await;
    let page = service.drafts.form_view(&actor, &form("subject_new", "form")).await.unwrap();
    assert_eq!(page.offered_return, None);
    world.decide(&subject, Decision::Return, "", &[fault("principal.mobile", "空号")]).await;
    let page = service.drafts.form_view(&actor, &form("subject_new", "form")).await.unwrap();
    assert_eq!(page.offered_return, Some(OfferedReturn { filing: subject.clone(), points: 1, along: true }));
    let fresh = FormRequest { fresh: true, ..form("subject_new", "form") };
    assert_eq!(service.drafts.form_view(&actor, &fresh).await.unwrap().offered_return, None);
    // Everything else leads to it, too (R79).
    let site = service.drafts.form_view(&actor, &form("website_new", "subject")).await.unwrap();
    assert!(!site.is_open);
    assert_eq!(
        site.refused,
        Some(Refused {
            sentence: "您的新增主体申请已退回，请先修改后重新提交".into(),
            link: Some(format!("/mine/filings/{subject}")),
        })
    );
}

/// R26, R79: nobody fills in a form in vain.
async fn a_form_that_nothing_could_be_filed_with_is_not_opened(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let is_open = async |procedure: &str, step: &str| {
        service.drafts.form_view(&actor, &form(procedure, step)).await.unwrap().is_open
    };
    assert!(!is_open("website_new", "subject").await, "there is no subject");
    let subject = world.subject_answers_unit(&actor).await;
    let filing = world.file(&actor, "subject_new", None, &subject).await;
    assert!(is_open("website_new", "subject").await, "R15");
    assert!(!is_open("subject_change", "form").await, "not approved yet");
    assert!(!is_open("subject_new", "form").await, "under way already");
    let site = world.website_answers(&actor, "example.cn").await;
    let site = world.file(&actor, "website_new", None, &site).await;
    world.decide(&filing, Decision::Approve, "", &[]).await;
    world.decide(&site, Decision::Approve, "", &[]).await;
    let draft = world.draft(&actor, "website_new", None, &Answers::new()).await;
    world.execute("UPDATE record SET state = 'cancelling' WHERE business = 'subject'").await;
    assert!(!is_open("website_new", "subject").await, "R26: 注销中");
    let begun = FormRequest { draft: Some(draft.id), ..form("website_new", "site") };
    assert!(
        service.drafts.form_view(&actor, &begun).await.unwrap().is_open,
        "what was typed is not taken away"
    );
    world.execute("UPDATE record SET state = 'changing' WHERE business = 'subject'").await;
    assert!(is_open("subject_change", "form").await, "R20: a second change is told when it is submitted");
}

/// R15, R66
async fn who_files_a_subject_alone_is_reminded_three_times(world: World) {
    let actor = world.applicant(1).await;
    let reminders = &world.service.reminders;
    let answers = world.subject_answers_unit(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &answers).await;
    let told = async || {
        let rows = world.service.notices.notices(&actor, false, "").await.unwrap().rows;
        rows.iter().filter(|row| row.text.contains("还没有一并提交的业务，不会进入审核")).count()
    };
    assert_eq!(reminders.remind().await.unwrap(), 0);
    world.later(Duration::hours(24));
    assert_eq!(reminders.remind().await.unwrap(), 1);
    assert_eq!(reminders.remind().await.unwrap(), 0, "twice on one day");
    world.later(Duration::hours(47));
    assert_eq!(reminders.remind().await.unwrap(), 0);
    world.later(Duration::hours(1));
    assert_eq!(world.service.jobs.sweep().await.reminded, 1);
    world.later(Duration::days(4));
    assert_eq!(reminders.remind().await.unwrap(), 1);
    world.later(Duration::days(30));
    assert_eq!(reminders.remind().await.unwrap(), 0, "and then left alone");
    assert_eq!(told().await, 3);
    // Another round begins anew; with a business there is nothing to remind of.
    let site = world.website_answers(&actor, "example.cn").await;
    world.file(&actor, "website_new", None, &site).await;
    world.later(Duration::days(9));
    assert_eq!(reminders.remind().await.unwrap(), 0);
    world.decide(&subject, Decision::Return, "照片不清晰", &[]).await;
    let draft = draft_at(&world.service.redrafts.redraft(&actor, &subject).await.unwrap());
    assert_eq!(filed(world.submit(&actor, &draft, "again").await), subject);
    world.later(Duration::days(4));
    assert_eq!(reminders.remind().await.unwrap(), 1, "a server that stood still says it once");
    world.is_as_the_audit_log_says().await;
}

/// R25
async fn a_subject_to_receive_is_the_next_act_of_its_receiver(world: World) {
    let (giver, receiver) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, _) = world.in_force(&giver, "example.cn").await;
    world.offer(&giver, &subject, &claims_of(2)).await;
    expect(&world, &giver, Milestone::Review, "查看移交").await;
    let home = world.service.home_page.home(&receiver).await.unwrap();
    assert_eq!((home.progress.next.label.as_str(), home.question), ("查看并接收", None));
}

async fn a_document_that_runs_out_is_told(world: World) {
    let actor = world.applicant(1).await;
    let mut answers = world.subject_answers_unit(&actor).await;
    answers.remove("principal.id_long_term");
    answers.set_text("principal.id_valid_to", "2026-06-30");
    let subject = world.file(&actor, "subject_new", None, &answers).await;
    let site = world.website_answers(&actor, "example.cn").await;
    let site = world.file(&actor, "website_new", None, &site).await;
    world.decide(&subject, Decision::Approve, "", &[]).await;
    world.decide(&site, Decision::Approve, "", &[]).await;
    expect(&world, &actor, Milestone::Badge, "去挂标").await;
    world.later(Duration::days(100));
    let actor = world.applicant(1).await;
    expect(&world, &actor, Milestone::Subject, "变更主体").await;
    assert_eq!(told(&world, &actor).await.facts, ["证件有效期至 2026-06-30"]);
}

/// R74
async fn progress_is_told_to_nobody_else(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, _) = bundle(&world, &actor).await;
    let cases = &world.service.cases;
    for id in [subject.as_str(), "1", "'; --"] {
        assert!(matches!(cases.progress_of_filing(&other, id).await, Err(Error::NotFound)), "{id}");
    }
}
