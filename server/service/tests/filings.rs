//! From submitting to what became of it, as the applicant sees it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "common/acts.rs"]
mod acts;
mod common;
#[path = "common/identity.rs"]
mod identity;

use std::collections::BTreeSet;

use acts::{filed, save_of, saved, sentence};
use common::{World, claims};
use domain::answer::{Answer, Answers};
use domain::business::Business;
use domain::filing::FilingState;
use domain::progress::Act;
use domain::record::RecordState;
use domain::schema::{Fault, fault};
use domain::sheet::Shown;
use domain::view::*;
use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use service::reference::Reference;
use service::{Actor, Error};
use time::Duration;

claims![
    fifty_parallel_submits_with_one_key_make_one_filing,
    a_repeated_submit_finds_its_filing_even_without_its_key,
    a_submit_takes_the_number_of_the_day_when_all_else_is_written,
    of_two_submits_of_one_change_one_wins,
    of_two_drafts_of_new_subjects_one_is_filed,
    a_filing_can_be_withdrawn_for_thirty_minutes,
    filings_of_websites_can_be_withdrawn_as_those_of_subjects,
    a_claimed_filing_cannot_be_withdrawn,
    withdrawing_a_new_subject_withdraws_what_depends_on_it,
    a_new_subject_waits_for_a_business,
    a_withdrawn_filing_becomes_a_draft_again,
    a_returned_filing_is_submitted_again_under_its_reference,
    a_returned_change_waits_while_another_is_under_review,
    a_business_returned_with_its_subject_follows_the_subject,
    a_draft_of_a_subject_that_left_cannot_be_used,
    a_submitted_draft_leads_to_its_filing,
    sealed_values_left_alone_change_nothing,
    a_change_shows_what_changes_and_the_old_data_stay_until_approval,
    a_change_that_came_to_nothing_leaves_the_old_domains,
    a_domain_is_filed_once,
    of_two_people_who_file_one_domain_at_once_one_wins,
    the_same_picture_sent_anew_changes_nothing,
    what_belongs_to_somebody_else_does_not_exist,
    a_page_that_speaks_of_another_subject_files_nothing,
    a_stale_page_files_nothing,
    a_file_of_the_wrong_kind_is_refused,
    raw_rows_show_no_phone_and_no_number,
    a_filing_shows_only_masked_values,
    what_is_offered_is_what_is_allowed,
    the_footer_gets_its_number,
    lists_are_paged_by_key,
    the_home_page_shows_the_newest_of_everything,
    with_several_subjects_the_pages_speak_of_the_chosen_one,
    every_write_is_in_the_audit_log,
];

async fn count(world: &World, table: &str) -> i64 {
    world.number(&format!("SELECT COUNT(*) FROM {table}")).await
}

fn faults(submitted: Submitted) -> Vec<Fault> {
    match submitted {
        Submitted::Faults(faults) => faults,
        other => panic!("no faults: {other:?}"),
    }
}

async fn state(world: &World, actor: &Actor, filing: &str) -> FilingState {
    world.service.filings.filing(actor, filing).await.unwrap().row.state
}

async fn subject_state(world: &World, actor: &Actor) -> RecordState {
    world.service.records.my_subject(actor).await.unwrap().unwrap().row.state
}

/// R75
async fn fifty_parallel_submits_with_one_key_make_one_filing(world: World) {
    let actor = world.applicant(1).await;
    let answers = world.subject_answers_unit(&actor).await;
    let draft = world.draft(&actor, "subject_new", None, &answers).await;
    let submits: Vec<_> = (0..50)
        .map(|_| {
            let (service, actor, draft) = (world.service.clone(), actor.clone(), draft.clone());
            tokio::spawn(async move {
                service.submissions.submit(&actor, &draft.id, draft.version, None, "the key").await.unwrap()
            })
        })
        .collect();
    let mut ids = BTreeSet::new();
    for submit in submits {
        ids.insert(filed(submit.await.unwrap()));
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(count(&world, "filing").await, 1);
    assert_eq!(count(&world, "record").await, 1);
    assert_eq!(count(&world, "filing_event").await, 1);
    assert_eq!(count(&world, "notice").await, 1);
    assert_eq!(count(&world, "draft").await, 0);
    let again = world.submit(&actor, &draft, "the key").await;
    assert_eq!(filed(again), *ids.first().unwrap(), "much later, too");
    let other = world.applicant(2).await;
    let stolen = world.service.submissions.submit(&other, &draft.id, draft.version, None, "the key").await;
    assert!(matches!(stolen, Err(Error::NotFound)), "a key is its person's: {stolen:?}");
    assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
}

/// R75: two tabs have two keys.
/// Whoever files on the same day waits for the number, so nothing long may happen while it is held.
async fn a_submit_takes_the_number_of_the_day_when_all_else_is_written(world: World) {
    if world.is_sqlite() {
        return; // One writer at a time anyway.
    }
    let first = world.applicant(1).await;
    let answers = world.subject_answers_unit(&first).await;
    world.file(&first, "subject_new", None, &answers).await;
    let second = world.applicant(2).await;
    let answers = world.subject_answers_person(&second).await;
    let draft = world.draft(&second, "subject_new", None, &answers).await;

    let raw = world.raw().await;
    let holder = raw.begin().await.unwrap();
    holder
        .execute_unprepared("UPDATE counter SET value = value WHERE name LIKE 'reference/%'")
        .await
        .unwrap();
    let waiting = async {
        let sql = "SELECT DISTINCT relation::regclass::text FROM pg_locks WHERE mode = 'RowExclusiveLock' \
                   AND relation IS NOT NULL AND pid IN (SELECT pid FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock')";
        loop {
            let rows = raw.query_all_raw(Statement::from_string(world.backend(), sql)).await.unwrap();
            let written: BTreeSet<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
            if !written.is_empty() {
                break written;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let submitting = world.submit(&second, &draft, "key");
    let (written, submitted) = tokio::join!(
        async {
            let written = waiting.await;
            holder.rollback().await.unwrap();
            written
        },
        submitting
    );
    for table in ["record", "filing", "filing_event", "relation_key", "upload_use", "draft"] {
        assert!(written.contains(table), "{table} not in {written:?}");
    }
    assert!(!written.contains("audit"), "{written:?}");
    let view = world.service.filings.filing(&second, &filed(submitted)).await.unwrap();
    assert!(Reference::parse(&view.row.reference).is_some(), "{}", view.row.reference);
}

async fn a_repeated_submit_finds_its_filing_even_without_its_key(world: World) {
    let actor = world.applicant(1).await;
    let answers = world.subject_answers_unit(&actor).await;
    let draft = world.draft(&actor, "subject_new", None, &answers).await;
    let id = filed(world.submit(&actor, &draft, "one tab").await);
    assert_eq!(filed(world.submit(&actor, &draft, "another tab").await), id);
    assert_eq!(count(&world, "filing").await, 1);
    for key in [String::new(), "k".repeat(101)] {
        assert_eq!(faults(world.submit(&actor, &draft, &key).await)[0].at, "");
    }
}

/// R20
async fn of_two_submits_of_one_change_one_wins(world: World) {
    let actor = world.applicant(1).await;
    world.in_force(&actor, "example.cn").await;
    let mut answers = world.subject_answers_person(&actor).await;
    answers.set_text("principal.mobile", "13900001111");
    let draft = world.draft(&actor, "subject_change", None, &answers).await;
    let submits = ["one", "other"].map(|key| {
        let (service, actor, draft) = (world.service.clone(), actor.clone(), draft.clone());
        tokio::spawn(async move {
            service.submissions.submit(&actor, &draft.id, draft.version, None, key).await.unwrap()
        })
    });
    let (mut won, mut told) = (Vec::new(), Vec::new());
    for submit in submits {
        match submit.await.unwrap() {
            Submitted::Filing(id) => won.push(id),
            Submitted::Refused(refused) => told.push(refused),
            Submitted::Faults(faults) => panic!("{faults:?}"),
        }
    }
    assert_eq!((won.len(), told.len()), (1, 1));
    assert_eq!(told[0].sentence, "存在审核中的单据");
    assert_eq!(
        told[0].link,
        Some(format!("/mine/filings/{}", won[0])),
        "it leads to the one in the way (R79)"
    );
    assert_eq!(subject_state(&world, &actor).await, RecordState::Changing, "R21");

    // Another draft of the same change, made meanwhile, is told the same, and kept.
    answers.set_text("principal.mobile", "13900002222");
    let draft = world.draft(&actor, "subject_change", None, &answers).await;
    assert_eq!(
        world.draft_form(&actor, "subject_change", "form", &draft).await.refused,
        Some(told[0].clone())
    );
    assert_eq!(sentence(world.submit(&actor, &draft, "third").await), "存在审核中的单据");
    assert_eq!(world.service.drafts.drafts(&actor, "", "").await.unwrap().total, 1);
}

/// R12: 新增主体 is under way once. A second draft is there when the first comes back withdrawn.
async fn of_two_drafts_of_new_subjects_one_is_filed(world: World) {
    let actor = world.applicant(1).await;
    let answers = world.subject_answers_unit(&actor).await;
    let first = world.file(&actor, "subject_new", None, &answers).await;
    world.service.filings.withdraw(&actor, &first).await.unwrap();
    world.service.redrafts.redraft(&actor, &first).await.unwrap();
    let rows = world.service.drafts.drafts(&actor, "", "").await.unwrap().rows;
    let redraft = DraftHead { id: rows[0].id.clone(), version: 1, saved_at: String::new() };
    let second = filed(world.submit(&actor, &redraft, "again").await);
    assert_ne!(second, first);
    let third = world.draft(&actor, "subject_new", None, &answers).await;
    let refused = world.submit(&actor, &third, "third").await;
    let Submitted::Refused(refused) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.sentence, "您已有一份新增主体申请正在办理，请等待审核结果");
    assert_eq!(refused.link, Some(format!("/mine/filings/{second}")));
}

/// R17
async fn a_filing_can_be_withdrawn_for_thirty_minutes(world: World) {
    let actor = world.applicant(1).await;
    let answers = world.subject_answers_unit(&actor).await;
    let filing = world.file(&actor, "subject_new", None, &answers).await;
    let service = &world.service;
    assert_eq!(service.filings.filing(&actor, &filing).await.unwrap().withdrawal_left, Some(1800));
    world.later(Duration::minutes(29) + Duration::seconds(59));
    assert_eq!(service.filings.filing(&actor, &filing).await.unwrap().withdrawal_left, Some(1));
    world.later(Duration::seconds(1));
    assert_eq!(service.filings.filing(&actor, &filing).await.unwrap().withdrawal_left, None);
    let Err(Error::Refused(refused)) = service.filings.withdraw(&actor, &filing).await else { panic!() };
    assert_eq!(refused.sentence, "提交已超过 30 分钟，不能再撤销");
    world.later(Duration::seconds(-1));
    service.filings.withdraw(&actor, &filing).await.unwrap();
    assert_eq!(state(&world, &actor, &filing).await, FilingState::Withdrawn);
    assert!(service.records.my_subject(&actor).await.unwrap().is_none(), "it never came to be");
    let Err(Error::Refused(refused)) = service.filings.withdraw(&actor, &filing).await else { panic!() };
    assert_eq!(refused.sentence, "该申请单已撤销，不能再撤销");
    let view = service.filings.filing(&actor, &filing).await.unwrap();
    let history: Vec<(&str, &str)> = view.history.iter().map(|e| (e.what.as_str(), e.who.as_str())).collect();
    assert_eq!(history, [("提交审核", "申请人"), ("撤销申请", "申请人")]);
    assert_eq!(view.record_href, None);
}

/// R37
async fn filings_of_websites_can_be_withdrawn_as_those_of_subjects(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let (_, website) = world.in_force(&actor, "example.cn").await;
    let mut answers = world.website_answers(&actor, "example.cn").await;
    answers.set_text("site.name", "新的网站名称");
    let new = world.website_answers(&actor, "example.com").await;
    let new = world.file(&actor, "website_new", None, &new).await;
    let change = world.file(&actor, "website_change", Some(&website), &answers).await;
    let record =
        async || service.records.record(&actor, Business::Website, &website).await.unwrap().row.state;
    assert_eq!(record().await, RecordState::Changing);
    world.later(Duration::minutes(30));
    for filing in [&new, &change] {
        let Err(Error::Refused(refused)) = service.filings.withdraw(&actor, filing).await else { panic!() };
        assert_eq!(refused.sentence, "提交已超过 30 分钟，不能再撤销");
    }
    world.later(Duration::seconds(-1));
    for filing in [&new, &change] {
        assert_eq!(service.filings.filing(&actor, filing).await.unwrap().withdrawal_left, Some(1));
        service.filings.withdraw(&actor, filing).await.unwrap();
        assert_eq!(state(&world, &actor, filing).await, FilingState::Withdrawn);
    }
    assert_eq!(record().await, RecordState::Active, "as it was before");
    assert_eq!(subject_state(&world, &actor).await, RecordState::Active, "the subject is not concerned");
    assert_eq!(count(&world, "live_domain").await, 1, "the domain of the new one is free again");

    let cancel = world.cancel(&actor, Business::Website, &website).await;
    assert_eq!(record().await, RecordState::Cancelling);
    service.filings.withdraw(&actor, &cancel).await.unwrap();
    assert_eq!(record().await, RecordState::Active);
}

async fn a_claimed_filing_cannot_be_withdrawn(world: World) {
    let actor = world.applicant(1).await;
    let (_, website) = world.in_force(&actor, "example.cn").await;
    let mut answers = world.website_answers(&actor, "example.cn").await;
    answers.set_text("site.name", "新的网站名称");
    let filing = world.file(&actor, "website_change", Some(&website), &answers).await;
    world.service.filing_claims.claim(&world.officer("110101").await, &filing).await.unwrap();
    let Err(Error::Refused(refused)) = world.service.filings.withdraw(&actor, &filing).await else {
        panic!()
    };
    assert_eq!(refused.sentence, "审核民警已领取该申请单，不能再撤销");
    assert_eq!(state(&world, &actor, &filing).await, FilingState::InReview);
}

/// R17
async fn withdrawing_a_new_subject_withdraws_what_depends_on_it(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let subject = world.subject_answers_unit(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    let answers = world.website_answers(&actor, "example.cn").await;
    let website = world.file(&actor, "website_new", None, &answers).await;
    let view = service.filings.filing(&actor, &subject).await.unwrap();
    assert_eq!(view.dependents.iter().map(|row| &row.id).collect::<Vec<_>>(), [&website], "named first");
    service.filings.withdraw(&actor, &subject).await.unwrap();
    assert_eq!(state(&world, &actor, &subject).await, FilingState::Withdrawn);
    assert_eq!(state(&world, &actor, &website).await, FilingState::Withdrawn);
    assert_eq!(count(&world, "live_domain").await, 0, "the domain is free again");
    assert_eq!(
        service.filings.filings(&actor, "", "", "").await.unwrap().total,
        2,
        "both are still to be seen"
    );

    // Everything comes again: the subject first, then the website of its draft.
    service.redrafts.redraft(&actor, &website).await.unwrap();
    let site = service.drafts.drafts(&actor, "website_new", "").await.unwrap().rows[0].id.clone();
    let site = DraftHead { id: site, version: 1, saved_at: String::new() };
    assert_eq!(sentence(world.submit(&actor, &site, "early").await), "您当前尚无有效主体，请先申请主体");
    let subject = world.subject_answers_unit(&actor).await;
    world.file(&actor, "subject_new", None, &subject).await;
    let again = filed(world.submit(&actor, &site, "late").await);
    assert_ne!(again, website);
    assert_eq!(count(&world, "live_domain").await, 1);
}

/// R15
async fn a_new_subject_waits_for_a_business(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let officer = world.officer("110101").await;
    let waiting = async || service.queues.queue(&officer, &QueueRequest::default()).await.unwrap().total;
    let subject = world.subject_answers_unit(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    assert!(service.filings.filing(&actor, &subject).await.unwrap().row.waits_for_business);
    assert_eq!(waiting().await, 0);
    let answers = world.website_answers(&actor, "example.cn").await;
    let website = world.file(&actor, "website_new", None, &answers).await;
    assert!(!service.filings.filing(&actor, &subject).await.unwrap().row.waits_for_business);
    assert_eq!(waiting().await, 2, "both as one bundle");
    service.filings.withdraw(&actor, &website).await.unwrap();
    assert!(service.filings.filing(&actor, &subject).await.unwrap().row.waits_for_business);
    assert_eq!(waiting().await, 0);
}

/// R17
async fn a_withdrawn_filing_becomes_a_draft_again(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let answers = world.subject_answers_unit(&actor).await;
    let filing = world.file(&actor, "subject_new", None, &answers).await;
    let Err(Error::Refused(_)) = service.redrafts.redraft(&actor, &filing).await else {
        panic!("still open")
    };
    service.filings.withdraw(&actor, &filing).await.unwrap();
    let href = service.redrafts.redraft(&actor, &filing).await.unwrap();
    let draft = service.drafts.drafts(&actor, "", "").await.unwrap().rows[0].clone();
    assert_eq!(href, draft.href);
    assert_eq!(service.redrafts.redraft(&actor, &filing).await.unwrap(), href, "twice is the same draft");
    let head = DraftHead { id: draft.id, version: 1, saved_at: String::new() };
    let view = world.draft_form(&actor, "subject_new", "form", &head).await;
    assert_eq!(view.answers.text("unit.name"), "北京某某网络科技有限公司");
    assert_eq!(view.answers.text("principal.mobile"), "138****5678", "stored before, so sealed now");
    let old = service.filings.filing(&actor, &filing).await.unwrap().row.reference;
    let again = filed(world.submit(&actor, &head, "again").await);
    assert_ne!(
        service.filings.filing(&actor, &again).await.unwrap().row.reference,
        old,
        "never reused (R80)"
    );

    // A draft that is there already is not overwritten.
    service.filings.withdraw(&actor, &again).await.unwrap();
    saved(
        service
            .drafts
            .save_draft(&actor, &save_of("subject_new", "form", None, Answers::new()))
            .await
            .unwrap(),
    );
    let Err(Error::Refused(refused)) = service.redrafts.redraft(&actor, &again).await else { panic!() };
    assert_eq!(refused.sentence, "您已有一条草稿，请先提交或删除该草稿");
}

/// R53
async fn a_returned_filing_is_submitted_again_under_its_reference(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let subject = world.subject_answers_person(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    let answers = world.website_answers(&actor, "example.cn").await;
    let website = world.file(&actor, "website_new", None, &answers).await;
    world.decide(&subject, Decision::Approve, "", &[]).await;
    let remarks = [fault("security_officer.mobile", "号码无法接通")];
    world.decide(&website, Decision::Return, "请核对后重新提交", &remarks).await;
    assert_eq!(count(&world, "live_domain").await, 0);

    let before = service.filings.filing(&actor, &website).await.unwrap();
    assert_eq!(before.remarks, remarks);
    assert_eq!(before.general_remark.as_deref(), Some("请核对后重新提交"));
    let href = service.redrafts.redraft(&actor, &website).await.unwrap();
    assert!(href.starts_with("/website/new/people?draft="), "where the remarks are: {href}");
    let draft = href.split_once("draft=").unwrap().1.to_owned();
    let head = DraftHead { id: draft, version: 1, saved_at: String::new() };
    let view = world.draft_form(&actor, "website_new", "people", &head).await;
    assert_eq!(view.remarks, remarks);
    assert_eq!(view.general_remark.as_deref(), Some("请核对后重新提交"));
    assert_eq!(view.answers.text("security_officer.mobile"), "138****6789");

    let mut people = view.answers.clone();
    people.set_text("security_officer.mobile", "13900001111");
    let save = save_of("website_new", "people", Some(&head), people);
    let head = saved(service.drafts.save_draft(&actor, &save).await.unwrap());
    world.later(Duration::hours(2));
    assert_eq!(filed(world.submit(&actor, &head, "second round").await), website);
    let after = service.filings.filing(&actor, &website).await.unwrap();
    assert_eq!(after.row.reference, before.row.reference);
    assert_eq!(after.row.state, FilingState::Pending);
    assert_eq!(after.row.submitted_at, "2026-03-02 12:00");
    assert_eq!(after.withdrawal_left, Some(1800), "a new window");
    assert_eq!(after.remarks, []);
    assert_eq!(after.history.last().unwrap().what, "重新提交");
    assert_eq!(count(&world, "live_domain").await, 1);
    world.decide(&website, Decision::Approve, "", &[]).await;
    let registration = service.filings.filing(&actor, &website).await.unwrap().registration.unwrap();
    assert_eq!(registration.digits, "11010102000001");
    // The untouched sealed values are the stored ones.
    let officer = world.officer("110101").await;
    let look = service.reviews.unmask(&officer, &website, "核对证件信息").await.unwrap();
    let full = service.reviews.review(&officer, &website, Some(look)).await.unwrap();
    let row = full.sheet.sections.iter().flat_map(|section| &section.rows);
    let value = |at: &str| row.clone().find(|row| row.at == at).unwrap().value.clone();
    assert_eq!(value("security_officer.mobile"), Shown::Text("13900001111".into()));
    assert_eq!(value("security_officer.id_no"), Shown::Text("440524188001010014".into()));
}

fn draft_at(href: &str) -> DraftHead {
    let id = href.split_once("draft=").unwrap().1.to_owned();
    DraftHead { id, version: 1, saved_at: String::new() }
}

/// R20, R53
async fn a_returned_change_waits_while_another_is_under_review(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let (_, website) = world.in_force(&actor, "example.cn").await;
    let mut answers = world.change_form(&actor, "website_change", Some(&website)).await.answers;
    answers.set_text("site.name", "第一个新名称");
    let returned = world.file(&actor, "website_change", Some(&website), &answers).await;
    world.decide(&returned, Decision::Return, "名称不符", &[]).await;
    let redraft = draft_at(&service.redrafts.redraft(&actor, &returned).await.unwrap());
    answers.set_text("site.name", "第二个新名称");
    let other = world.file(&actor, "website_change", Some(&website), &answers).await;
    let refused = world.submit(&actor, &redraft, "k").await;
    let expected =
        Refused { sentence: "存在审核中的单据".into(), link: Some(format!("/mine/filings/{other}")) };
    assert_eq!(refused, Submitted::Refused(expected));
    assert_eq!(state(&world, &actor, &returned).await, FilingState::Returned);
    world.decide(&other, Decision::Approve, "", &[]).await;
    assert_eq!(filed(world.submit(&actor, &redraft, "k").await), returned);
    let view = service.filings.filing(&actor, &returned).await.unwrap();
    let text = |text: &str| Shown::Text(text.to_owned());
    assert_eq!(view.changes.len(), 1);
    assert_eq!(view.changes[0].before, text("第二个新名称"), "compared with what is in force now");
    assert_eq!(view.changes[0].after, text("第一个新名称"));
    let row = service.records.record(&actor, Business::Website, &website).await.unwrap().row;
    assert_eq!((row.name.as_str(), row.state), ("第二个新名称", RecordState::Changing));
}

/// R15, R53
async fn a_business_returned_with_its_subject_follows_the_subject(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let subject = world.subject_answers_unit(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    let answers = world.website_answers(&actor, "example.cn").await;
    let website = world.file(&actor, "website_new", None, &answers).await;
    world.decide(&subject, Decision::Return, "证件照片不清晰", &[]).await;
    assert_eq!(state(&world, &actor, &website).await, FilingState::Returned);
    let site = draft_at(&service.redrafts.redraft(&actor, &website).await.unwrap());
    let refused = world.submit(&actor, &site, "early").await;
    let Submitted::Refused(refused) = refused else { panic!("{refused:?}") };
    let page = world.draft_form(&actor, "website_new", "notice", &site).await;
    assert_eq!(page.refused.as_ref(), Some(&refused), "said beforehand (R79)");
    assert!(page.summary.is_some(), "R78");
    assert_eq!(refused.sentence, "请先修改并重新提交新增主体申请，再提交此项业务");
    assert_eq!(refused.link, Some(format!("/mine/filings/{subject}")));
    let form = draft_at(&service.redrafts.redraft(&actor, &subject).await.unwrap());
    assert_eq!(filed(world.submit(&actor, &form, "subject").await), subject);
    assert!(service.filings.filing(&actor, &subject).await.unwrap().row.waits_for_business);
    assert_eq!(filed(world.submit(&actor, &site, "site").await), website);
    assert!(!service.filings.filing(&actor, &subject).await.unwrap().row.waits_for_business);
    world.decide(&subject, Decision::Approve, "", &[]).await;
    world.decide(&website, Decision::Approve, "", &[]).await;
    assert_eq!(subject_state(&world, &actor).await, RecordState::Active);
}

/// R24: drafts do not move with the subject, and are of no use without it.
async fn a_draft_of_a_subject_that_left_cannot_be_used(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, _) = world.in_force(&actor, "example.cn").await;
    let mut answers = world.subject_answers_person(&actor).await;
    answers.set_text("principal.mobile", "13900001111");
    let change = world.draft(&actor, "subject_change", None, &answers).await;
    let site = world.website_answers(&actor, "example.net").await;
    let site = world.draft(&actor, "website_new", None, &site).await;
    let new_owner = &other.person_id;
    world.execute(&format!("UPDATE record SET owner_id = '{new_owner}' WHERE id = '{subject}'")).await;
    assert_eq!(
        sentence(world.submit(&actor, &change, "k").await),
        "这份草稿所属的主体已不在您名下，不能继续使用"
    );
    assert_eq!(sentence(world.submit(&actor, &site, "k").await), "您当前尚无有效主体，请先申请主体");
    assert_eq!(
        world.service.filings.filings(&actor, "", "", "").await.unwrap().total,
        0,
        "the giver sees nothing more"
    );
    assert_eq!(world.service.filings.filings(&other, "", "", "").await.unwrap().total, 2);
    assert_eq!(world.service.drafts.drafts(&other, "", "").await.unwrap().total, 0);
}

async fn a_submitted_draft_leads_to_its_filing(world: World) {
    let actor = world.applicant(1).await;
    let answers = world.subject_answers_unit(&actor).await;
    let draft = world.draft(&actor, "subject_new", None, &answers).await;
    let filing = filed(world.submit(&actor, &draft, "k").await);
    let request = FormRequest {
        procedure: "subject_new".to_owned(),
        draft: Some(draft.id.clone()),
        ..FormRequest::default()
    };
    let Err(Error::Refused(by_back_button)) = world.service.drafts.form_view(&actor, &request).await else {
        panic!()
    };
    assert_eq!(by_back_button.link, Some(format!("/mine/filings/{filing}")));
    let save = save_of("subject_new", "form", Some(&draft), answers);
    let Err(Error::Refused(by_autosave)) = world.service.drafts.save_draft(&actor, &save).await else {
        panic!()
    };
    assert_eq!(by_autosave, by_back_button);
    let other = world.applicant(2).await;
    assert!(matches!(world.service.drafts.form_view(&other, &request).await, Err(Error::NotFound)));
}

/// R19, R70
async fn sealed_values_left_alone_change_nothing(world: World) {
    let actor = world.applicant(1).await;
    let (_, website) = world.in_force(&actor, "example.cn").await;
    for (procedure, record, step) in
        [("subject_change", None, "form"), ("website_change", Some(website.as_str()), "notice")]
    {
        let view = world.change_form(&actor, procedure, record).await;
        assert!(view.sealed.len() > 3, "{:?}", view.sealed);
        assert_eq!(view.record_state, Some(RecordState::Active));
        for (at, mask) in &view.sealed {
            assert!(mask.contains('*') && view.answers.text(at) == mask, "{at}");
        }
        let draft = world.draft(&actor, procedure, record, &view.answers).await;
        let saved_view = world.draft_form(&actor, procedure, step, &draft).await;
        assert_eq!(saved_view.answers, view.answers);
        assert_eq!(saved_view.changes, Some(Vec::new()));
        let said = [fault("", "没有变更内容")];
        assert_eq!(saved_view.faults, said);
        assert_eq!(faults(world.submit(&actor, &draft, "nothing").await), said);
    }
    assert_eq!(subject_state(&world, &actor).await, RecordState::Active);
}

/// R19, R21
async fn a_change_shows_what_changes_and_the_old_data_stay_until_approval(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let (_, website) = world.in_force(&actor, "example.cn").await;
    let view = world.change_form(&actor, "subject_change", None).await;
    let mut answers = view.answers.clone();
    answers.set_text("principal.mobile", "13900001111");
    answers.remove("principal.phone");
    let picture = world.picture(&actor, 77).await;
    let old_picture = answers.text("principal.id_portrait").to_owned();
    answers.set_text("principal.id_portrait", picture.as_str());
    let draft = world.draft(&actor, "subject_change", None, &answers).await;
    let view = world.draft_form(&actor, "subject_change", "form", &draft).await;
    let text = |text: &str| Shown::Text(text.to_owned());
    let changes = view.changes.unwrap();
    let seen: Vec<(&str, &Shown, &Shown)> =
        changes.iter().map(|change| (change.label.as_str(), &change.before, &change.after)).collect();
    let pictures = |id: &str| Shown::Pictures(vec![id.to_owned()]);
    assert_eq!(
        seen,
        [
            ("身份证人像面", &pictures(&old_picture), &pictures(&picture)),
            ("负责人手机号码", &text("138****5678"), &text("13900001111")),
            ("办公室电话", &text("010-******78"), &Shown::Nothing),
        ]
    );
    let filing = filed(world.submit(&actor, &draft, "k").await);
    assert_eq!(subject_state(&world, &actor).await, RecordState::Changing);
    let filed_view = service.filings.filing(&actor, &filing).await.unwrap();
    assert_eq!(filed_view.changes.len(), 3);
    assert_eq!(filed_view.changes[1].after, text("139****1111"), "stored now, so masked");
    assert!(filed_view.files.contains_key(&old_picture) && filed_view.files.contains_key(&picture));
    let mobile = async || {
        let view = service.records.my_subject(&actor).await.unwrap().unwrap();
        let mut rows = view.sheet.sections.iter().flat_map(|section| &section.rows);
        rows.find(|row| row.at == "principal.mobile").unwrap().value.clone()
    };
    assert_eq!(mobile().await, text("138****5678"), "in force until approval");

    // Meanwhile websites can be filed, and the subject can do nothing else (R26).
    let site = world.website_answers(&actor, "example.net").await;
    world.file(&actor, "website_new", None, &site).await;
    world.decide(&filing, Decision::Approve, "", &[]).await;
    assert_eq!(mobile().await, text("139****1111"));
    assert_eq!(subject_state(&world, &actor).await, RecordState::Active);
    world.later(Duration::days(3));
    service.files.sweep_uploads().await.unwrap();
    assert!(
        service.files.open_file(&actor, &old_picture).await.is_ok(),
        "the comparison keeps what it compares"
    );

    // Withdrawn, the subject is as it was.
    let mut answers = world.change_form(&actor, "subject_change", None).await.answers;
    answers.set_text("principal.mobile", "13700000000");
    let filing = world.file(&actor, "subject_change", None, &answers).await;
    service.filings.withdraw(&actor, &filing).await.unwrap();
    assert_eq!(subject_state(&world, &actor).await, RecordState::Active);
    assert_eq!(mobile().await, text("139****1111"));
    assert_eq!(
        service.records.record(&actor, Business::Website, &website).await.unwrap().row.state,
        RecordState::Active
    );
}

async fn a_change_that_came_to_nothing_leaves_the_old_domains(world: World) {
    let actor = world.applicant(1).await;
    let (_, website) = world.in_force(&actor, "example.cn").await;
    let form = world.change_form(&actor, "website_change", Some(&website)).await;
    let mut answers = form.answers;
    answers.set_text("site.main_domain", "example.net");
    answers.set("site.home_urls", Answer::Many(vec!["https://example.net/".into()]));
    let filing = world.file(&actor, "website_change", Some(&website), &answers).await;
    assert_eq!(count(&world, "live_domain").await, 2, "the old one is in force, the new one is taken");
    world.service.filings.withdraw(&actor, &filing).await.unwrap();
    assert_eq!(count(&world, "live_domain WHERE domain = 'example.cn'").await, 1);
    assert_eq!(count(&world, "live_domain").await, 1);
}

async fn a_domain_is_filed_once(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let subject = world.subject_answers_person(&actor).await;
    world.file(&actor, "subject_new", None, &subject).await;
    let mut answers = world.website_answers(&actor, "example.cn").await;
    answers.set("site.other_domains", Answer::Many(vec!["example.net".into()]));
    world.file(&actor, "website_new", None, &answers).await;

    let draft = world.draft(&actor, "website_new", None, &answers).await;
    let own = "您已经申请过此域名的备案，请到首页的审核中网站或已备案网站中查看";
    let said = faults(world.submit(&actor, &draft, "own").await);
    // With the way to it, as it is one's own.
    let link = said[0].link.clone();
    assert!(link.as_deref().is_some_and(|link| link.starts_with("/mine/filings/")), "{link:?}");
    assert_eq!(said[0], fault("site.main_domain", own).see(link.clone()));
    assert_eq!(said[1], fault("site.other_domains", format!("example.net：{own}")).see(link));
    assert_eq!(world.draft_form(&actor, "website_new", "notice", &draft).await.faults, said);
    // Told at its step already, and of no other step.
    let step = async |who: &service::Actor, step: &str| {
        world.service.drafts.step_faults(who, "website_new", step, &draft.id).await
    };
    assert_eq!(step(&actor, "site").await.unwrap(), said);
    assert_eq!(step(&actor, "people").await.unwrap(), []);
    let foreign = step(&other, "site").await;
    assert!(matches!(foreign, Err(Error::NotFound)));

    let subject = world.subject_answers_person(&other).await;
    world.file(&other, "subject_new", None, &subject).await;
    let answers = world.website_answers(&other, "example.cn").await;
    let draft = world.draft(&other, "website_new", None, &answers).await;
    let others = "该域名已有备案或正在审核，如有疑问请联系管辖地网安部门";
    assert_eq!(faults(world.submit(&other, &draft, "other").await), [fault("site.main_domain", others)]);
}

/// Many domains, each filed by two people at once.
async fn of_two_people_who_file_one_domain_at_once_one_wins(world: World) {
    let races = common::rounds(40, 200);
    let mut people = Vec::new();
    for n in 1..=2 {
        let actor = world.applicant(n).await;
        let subject = world.subject_answers_person(&actor).await;
        world.file(&actor, "subject_new", None, &subject).await;
        let answers = world.website_answers(&actor, "example.cn").await;
        people.push((actor, answers));
    }
    for race in 0..races {
        let domain = format!("race{race}.cn");
        let mut submits = Vec::new();
        for (actor, answers) in &mut people {
            answers.set_text("site.main_domain", domain.as_str());
            answers.set("site.home_urls", Answer::Many(vec![format!("https://{domain}/")]));
            let draft = world.draft(actor, "website_new", None, answers).await;
            submits.push((actor.clone(), draft));
        }
        // By turns each is asked first.
        if race % 2 == 1 {
            submits.reverse();
        }
        let submits: Vec<_> = submits
            .into_iter()
            .map(|(actor, draft)| {
                let (service, key) = (world.service.clone(), format!("k{race}"));
                tokio::spawn(async move {
                    service.submissions.submit(&actor, &draft.id, draft.version, None, &key).await.unwrap()
                })
            })
            .collect();
        let mut won = 0;
        for submit in submits {
            match submit.await.unwrap() {
                Submitted::Filing(_) => won += 1,
                Submitted::Faults(faults) => assert_eq!(faults[0].at, "site.main_domain"),
                Submitted::Refused(refused) => panic!("{refused:?}"),
            }
        }
        assert_eq!(won, 1, "{domain}");
    }
    assert_eq!(count(&world, "live_domain").await, races as i64);
    assert_eq!(count(&world, "record WHERE business = 'website'").await, races as i64);
}

/// R74
async fn what_belongs_to_somebody_else_does_not_exist(world: World) {
    let (owner, other) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, website) = world.in_force(&owner, "example.cn").await;
    world.in_force(&other, "example.net").await;
    let service = &world.service;
    let filing = service.filings.filings(&owner, "website_new", "", "").await.unwrap().rows[0].id.clone();
    for actor in [&other, &world.officer("110101").await, &world.administrator().await] {
        assert!(matches!(service.filings.filing(actor, &filing).await, Err(Error::NotFound)));
        assert!(matches!(service.filings.withdraw(actor, &filing).await, Err(Error::NotFound)));
        assert!(matches!(service.redrafts.redraft(actor, &filing).await, Err(Error::NotFound)));
        assert!(matches!(
            service.records.record(actor, Business::Website, &website).await,
            Err(Error::NotFound)
        ));
        assert!(matches!(
            service.records.record(actor, Business::Subject, &subject).await,
            Err(Error::NotFound)
        ));
        for (procedure, record, step) in
            [("website_change", &website, "site"), ("subject_change", &subject, "form")]
        {
            let request = FormRequest {
                procedure: procedure.to_owned(),
                record: Some(record.clone()),
                ..FormRequest::default()
            };
            assert!(matches!(service.drafts.form_view(actor, &request).await, Err(Error::NotFound)));
            let save =
                SaveDraft { record: Some(record.clone()), ..save_of(procedure, step, None, Answers::new()) };
            assert!(matches!(service.drafts.save_draft(actor, &save).await, Err(Error::NotFound)));
        }
        let save = SaveDraft {
            subject: Some(subject.clone()),
            ..save_of("website_new", "site", None, Answers::new())
        };
        assert!(matches!(service.drafts.save_draft(actor, &save).await, Err(Error::NotFound)));
    }
    let seen = service.filings.filings(&other, "", "", "").await.unwrap();
    assert!(seen.rows.iter().all(|row| row.id != filing));
    assert!(
        matches!(service.records.record(&owner, Business::App, &website).await, Err(Error::NotFound)),
        "not an app"
    );
    for id in ["", "x", "' OR 1=1 --"] {
        assert!(matches!(service.filings.filing(&owner, id).await, Err(Error::NotFound)));
        assert!(matches!(service.records.record(&owner, Business::Website, id).await, Err(Error::NotFound)));
    }
}

/// R6
async fn a_page_that_speaks_of_another_subject_files_nothing(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let (first, _) = world.in_force(&actor, "example.cn").await;
    let (foreign, _) = world.in_force(&other, "example.net").await;
    let answers = world.subject_answers_unit(&actor).await;
    world.file(&actor, "subject_new", None, &answers).await;
    let newer = world.service.records.my_subject(&actor).await.unwrap().unwrap().row.id;
    assert_ne!(newer, first);

    let answers = world.website_answers(&actor, "example.org").await;
    let draft = world.draft(&actor, "website_new", None, &answers).await;
    let service = &world.service;
    let submit = async |subject: &str| {
        service.submissions.submit(&actor, &draft.id, draft.version, Some(subject), "k").await
    };
    assert!(matches!(submit(&foreign).await, Err(Error::NotFound)));
    let refused = sentence(submit(&first).await.unwrap());
    assert_eq!(refused, "当前主体与页面上的主体不一致，请刷新页面核对后再提交");
    // Switched meanwhile: the draft is still for the subject it was begun for.
    service.accounts.switch_subject(&actor, &first).await.unwrap();
    let view = world.draft_form(&actor, "website_new", "notice", &draft).await;
    assert_eq!(view.subject.unwrap().id, newer);
    let filing = filed(submit(&newer).await.unwrap());
    assert_eq!(
        service.filings.filing(&actor, &filing).await.unwrap().row.subject_name,
        "北京某某网络科技有限公司"
    );
}

/// R77
async fn a_stale_page_files_nothing(world: World) {
    let actor = world.applicant(1).await;
    let answers = world.subject_answers_unit(&actor).await;
    let old = world.draft(&actor, "subject_new", None, &answers).await;
    let save = save_of("subject_new", "form", Some(&old), answers);
    let new = saved(world.service.drafts.save_draft(&actor, &save).await.unwrap());
    assert_eq!(sentence(world.submit(&actor, &old, "k").await), "草稿已在其他页面保存过，请核对后再提交");
    filed(world.submit(&actor, &new, "k").await);
}

/// R71
async fn a_file_of_the_wrong_kind_is_refused(world: World) {
    let actor = world.applicant(1).await;
    let mut answers = world.subject_answers_unit(&actor).await;
    answers.set_text("principal.id_portrait", world.document(&actor).await);
    let draft = world.draft(&actor, "subject_new", None, &answers).await;
    let said = faults(world.submit(&actor, &draft, "k").await);
    assert_eq!(said, [fault("principal.id_portrait", "请上传 png/jpeg/jpg 格式的图片")]);
}

/// R70
async fn raw_rows_show_no_phone_and_no_number(world: World) {
    let actor = world.applicant(1).await;
    let (_, website) = world.in_force(&actor, "example.cn").await;
    let mut answers = world.change_form(&actor, "website_change", Some(&website)).await.answers;
    answers.set_text("security_officer.mobile", "13900001111");
    world.file(&actor, "website_change", Some(&website), &answers).await;
    let subject = world.subject_answers_person(&actor).await;
    world.draft(&actor, "subject_change", None, &subject).await;
    let raw = world.raw().await;
    let backend = raw.get_database_backend();
    let mut whole = String::new();
    for (table, columns) in [
        ("draft", "title || slot || answers || answers_sealed"),
        (
            "filing",
            "title || subject_name || answers || answers_sealed || COALESCE(before, '') || COALESCE(before_sealed, '')",
        ),
        ("record", "title || answers || answers_sealed"),
        ("filing_event", "note || remarks"),
        ("audit", "object_id || detail"),
        ("notice", "text || COALESCE(link, '')"),
    ] {
        let sql = format!("SELECT {columns} FROM {table}");
        let rows = raw.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
        assert!(!rows.is_empty(), "{table}");
        for row in rows {
            whole.push_str(&row.try_get_by_index::<String>(0).unwrap());
        }
    }
    raw.close().await.unwrap();
    assert!(whole.contains("example.cn"), "what is not personal can be read");
    for secret in [
        "13800005678",
        "13800006789",
        "13800007890",
        "13900001111",
        "11010519491231002X",
        "440524188001010014",
        "E12345678",
        "sunbingding@example.com",
        "010-12345678",
        "某某街道三号院",
        "孙丙丁",
        "李戊己",
        "5678\"",
        "****",
    ] {
        assert!(!whole.contains(secret), "{secret}");
    }
}

/// R70
async fn a_filing_shows_only_masked_values(world: World) {
    let actor = world.applicant(1).await;
    let (_, website) = world.in_force(&actor, "example.cn").await;
    let service = &world.service;
    let mut said = String::new();
    for filing in service.filings.filings(&actor, "", "", "").await.unwrap().rows {
        said += &format!("{:?}", service.filings.filing(&actor, &filing.id).await.unwrap());
    }
    said += &format!("{:?}", service.records.my_subject(&actor).await.unwrap());
    said += &format!("{:?}", service.records.record(&actor, Business::Website, &website).await.unwrap());
    said += &format!("{:?}", service.home_page.home(&actor).await.unwrap());
    for procedure in ["subject_change", "website_change"] {
        let record = (procedure == "website_change").then_some(website.as_str());
        for step in ["", "notice"] {
            let request = FormRequest {
                procedure: procedure.to_owned(),
                record: record.map(str::to_owned),
                step: if record.is_some() { step.to_owned() } else { String::new() },
                ..FormRequest::default()
            };
            said += &format!("{:?}", service.drafts.form_view(&actor, &request).await.unwrap());
        }
    }
    assert!(said.contains("138****5678") && said.contains("110***********002X"));
    for secret in
        ["13800005678", "13800006789", "11010519491231002X", "440524188001010014", "孙丙丁", "李戊己"]
    {
        assert!(!said.contains(secret), "{secret}");
    }
}

/// R79
async fn what_is_offered_is_what_is_allowed(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let refused = async |label: &str| {
        let groups = service.offers.offers(&actor).await.unwrap();
        let offer = groups.iter().flat_map(|group| &group.offers).find(|offer| offer.label == label);
        offer
            .unwrap_or_else(|| panic!("{label} is not offered"))
            .refused
            .clone()
            .map(|refused| refused.sentence)
    };
    let none = Some("您当前尚无有效主体，请先申请主体".to_owned());
    let groups = service.offers.offers(&actor).await.unwrap();
    for offer in groups.iter().flat_map(|group| &group.offers) {
        assert_eq!(offer.refused.is_some(), offer.label != "新增主体", "R4: {}", offer.label);
    }
    assert_eq!(refused("新办网站申请").await, none);
    let answers = world.subject_answers_person(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &answers).await;
    assert_eq!(refused("新办网站申请").await, None, "R15");
    let pending = Some("主体尚未审核通过，通过后才能办理此项业务".to_owned());
    for label in ["变更主体", "注销主体", "移交主体", "变更网站", "注销网站"] {
        assert_eq!(refused(label).await, pending, "R16: {label}");
    }
    assert_eq!(refused("新增主体").await.as_deref(), Some("您已有一份新增主体申请正在办理，请等待审核结果"));
    let view = service.records.my_subject(&actor).await.unwrap().unwrap();
    assert_eq!(view.row.offers[0].refused.as_ref().unwrap().link, Some(format!("/mine/filings/{subject}")));
    let draft = world.draft(&actor, "subject_change", None, &answers).await;
    assert_eq!(Some(sentence(world.submit(&actor, &draft, "k").await)), pending, "refused by the server too");

    let site = world.website_answers(&actor, "example.cn").await;
    let site = world.file(&actor, "website_new", None, &site).await;
    world.decide(&subject, Decision::Approve, "", &[]).await;
    let website = service.records.records(&actor, Business::Website, "").await.unwrap().rows[0].clone();
    let sentence_of = |offer: &Offer| offer.refused.as_ref().map(|refused| refused.sentence.clone());
    assert_eq!(sentence_of(&website.offers[0]).as_deref(), Some("尚未审核通过，不能办理变更或注销"));
    assert_eq!(refused("移交主体").await.as_deref(), Some("该主体还有未办结的申请单，办结后才能移交"), "R24");
    world.decide(&site, Decision::Approve, "", &[]).await;
    for label in ["新增主体", "变更主体", "注销主体", "移交主体", "新办网站申请", "变更网站", "注销网站"]
    {
        assert_eq!(refused(label).await, None, "{label}");
    }
    let website = service.records.records(&actor, Business::Website, "").await.unwrap().rows[0].clone();
    assert!(website.offers.iter().all(|offer| offer.refused.is_none()));
    assert_eq!(website.offers[0].href, format!("/website/change?record={}", website.id));
}

/// R38
async fn the_footer_gets_its_number(world: World) {
    let actor = world.applicant(1).await;
    let (_, website) = world.in_force(&actor, "example.cn").await;
    let view = world.service.records.record(&actor, Business::Website, &website).await.unwrap();
    let registration = view.registration.unwrap();
    assert_eq!(registration.number, "测公网安备11010102000001号");
    assert_eq!(registration.registered_on, "2026-03-02");
    assert_eq!(
        registration.html,
        "<a href=\"http://127.0.0.1:3000/r/11010102000001\" rel=\"noopener\" target=\"_blank\"><img src=\
         \"http://127.0.0.1:3000/badge.svg\" alt=\"\" width=\"18\" height=\"20\"> 测公网安备11010102000001号</a>"
    );
    assert!(registration.markdown.contains("(http://127.0.0.1:3000/r/11010102000001)"));
    assert_eq!(registration.plain, registration.number);
    assert_eq!(view.row.registration_number, Some(registration.number));
    let filing = &world.service.filings.filings(&actor, "website_new", "", "").await.unwrap().rows[0].id;
    assert!(world.service.filings.filing(&actor, filing).await.unwrap().registration.is_some());
    let subject = world.service.filings.filings(&actor, "subject_new", "approved", "").await.unwrap().rows[0]
        .id
        .clone();
    assert_eq!(
        world.service.filings.filing(&actor, &subject).await.unwrap().registration,
        None,
        "a subject has none"
    );
}

async fn lists_are_paged_by_key(world: World) {
    let actor = world.applicant(1).await;
    let subject = world.subject_answers_person(&actor).await;
    world.file(&actor, "subject_new", None, &subject).await;
    let mut answers = world.website_answers(&actor, "example.cn").await;
    let mut references = BTreeSet::new();
    for number in 0..24 {
        let domain = format!("example{number}.cn");
        answers.set_text("site.main_domain", domain.as_str());
        answers.set("site.home_urls", Answer::Many(vec![format!("https://{domain}/")]));
        world.file(&actor, "website_new", None, &answers).await;
        saved(
            world
                .service
                .drafts
                .save_draft(&actor, &save_of("website_new", "site", None, Answers::new()))
                .await
                .unwrap(),
        );
    }
    let service = &world.service;
    let first = service.filings.filings(&actor, "", "", "").await.unwrap();
    assert_eq!((first.rows.len(), first.total, first.is_later), (20, 25, false));
    let second = service.filings.filings(&actor, "", "", first.next.as_deref().unwrap()).await.unwrap();
    assert_eq!((second.rows.len(), second.total, second.next, second.is_later), (5, 25, None, true));
    for row in first.rows.iter().chain(&second.rows) {
        let reference = Reference::parse(&row.reference).unwrap();
        assert!(references.insert(reference), "{}", row.reference);
    }
    assert_eq!(references.len(), 25);
    assert_eq!(first.rows[0].title, "某某企业官网");
    assert_eq!(second.rows[4].procedure.code(), "subject_new", "the oldest last");
    assert_eq!(service.filings.filings(&actor, "website_new", "pending", "").await.unwrap().total, 24);
    assert_eq!(service.filings.filings(&actor, "website_new", "approved", "").await.unwrap().total, 0);
    assert_eq!(service.filings.filings(&actor, "no such", "", "").await.unwrap().total, 0);
    let records = service.records.records(&actor, Business::Website, "").await.unwrap();
    let rest =
        service.records.records(&actor, Business::Website, records.next.as_deref().unwrap()).await.unwrap();
    assert_eq!((records.rows.len(), rest.rows.len()), (20, 4));
    // None of them is approved: there is nothing to change, and the count says so.
    assert_eq!(service.records.records_in_force(&actor, Business::Website, "").await.unwrap().total, 0);
    let drafts = service.drafts.drafts(&actor, "website_new", "").await.unwrap();
    let rest = service.drafts.drafts(&actor, "website_new", drafts.next.as_deref().unwrap()).await.unwrap();
    assert_eq!((drafts.rows.len(), rest.rows.len(), rest.total), (20, 4, 24));
}

/// R2
async fn the_home_page_shows_the_newest_of_everything(world: World) {
    let actor = world.applicant(1).await;
    let empty = world.service.home_page.home(&actor).await.unwrap();
    assert!(empty.subject.is_none() && empty.filings.is_empty());
    let order: Vec<&str> = empty.records.iter().map(|(business, _)| business.definition().mine).collect();
    assert_eq!(order, ["我的网站", "我的APP", "我的安全评估", "我的应用市场", "我的小程序"]);
    world.in_force(&actor, "example.cn").await;
    let draft = world.draft(&actor, "subject_change", None, &Answers::new()).await;
    let home = world.service.home_page.home(&actor).await.unwrap();
    let subject = home.subject.unwrap();
    assert_eq!((subject.name.as_str(), subject.state), ("孙**", RecordState::Active));
    assert_eq!(subject.jurisdiction, "北京市东城区");
    let offers: Vec<(&str, &str)> =
        subject.offers.iter().map(|o| (o.label.as_str(), o.href.as_str())).collect();
    assert_eq!(offers, [("变更", "/subject/change"), ("注销", "/subject/cancel")], "R3");
    assert_eq!(home.records[0].1[0].domain.as_deref(), Some("example.cn"));
    assert_eq!(home.records[0].1[0].is_interactive, Some(false));
    assert!(home.records[1..].iter().all(|(_, rows)| rows.is_empty()));
    assert_eq!(home.filings.len(), 2);
    assert!(!home.notices.is_empty());
    let draft = Act::Open(format!("/subject/change/form?draft={}", draft.id));
    assert!(home.progress.also.iter().any(|other| other.act == draft), "{:?}", home.progress.also);
}

/// R6
async fn with_several_subjects_the_pages_speak_of_the_chosen_one(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let (first, _) = world.in_force(&actor, "example.cn").await;
    let answers = world.subject_answers_unit(&actor).await;
    let new = world.file(&actor, "subject_new", None, &answers).await;
    assert_eq!(
        service.records.my_subject(&actor).await.unwrap().unwrap().row.name,
        "北京某某网络科技有限公司"
    );
    assert_eq!(service.records.records(&actor, Business::Website, "").await.unwrap().total, 0);
    assert_eq!(service.filings.filings(&actor, "website_new", "", "").await.unwrap().total, 0);
    service.accounts.switch_subject(&actor, &first).await.unwrap();
    assert_eq!(service.records.my_subject(&actor).await.unwrap().unwrap().row.id, first);
    assert_eq!(service.records.records(&actor, Business::Website, "").await.unwrap().total, 1);
    assert_eq!(service.filings.filings(&actor, "website_new", "", "").await.unwrap().total, 1);
    let subjects = service.filings.filings(&actor, "subject_new", "", "").await.unwrap();
    assert!(
        subjects.rows.iter().any(|row| row.id == new),
        "what was just submitted is there whoever is chosen"
    );
    assert_eq!(service.records.records(&actor, Business::Subject, "").await.unwrap().total, 2);
}

/// R65
async fn every_write_is_in_the_audit_log(world: World) {
    let actor = world.applicant(1).await;
    let answers = world.subject_answers_unit(&actor).await;
    let filing = world.file(&actor, "subject_new", None, &answers).await;
    world.service.filings.withdraw(&actor, &filing).await.unwrap();
    world.service.redrafts.redraft(&actor, &filing).await.unwrap();
    for (action, lines) in [
        ("draft.save", 1),
        ("draft.submit", 1),
        ("filing.submit", 1),
        ("filing.withdraw", 1),
        ("draft.redraft", 1),
    ] {
        assert_eq!(count(&world, &format!("audit WHERE action = '{action}'")).await, lines, "{action}");
    }
    assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
}

/// R19: pictures are compared by what they show.
async fn the_same_picture_sent_anew_changes_nothing(world: World) {
    let actor = world.applicant(1).await;
    world.in_force(&actor, "example.cn").await;
    let mut answers = world.change_form(&actor, "subject_change", None).await.answers;
    let old = answers.text("principal.id_portrait").to_owned();
    let again = world.picture(&actor, 1).await;
    assert_ne!(again, old);
    answers.set_text("principal.id_portrait", again);
    let draft = world.draft(&actor, "subject_change", None, &answers).await;
    let view = world.draft_form(&actor, "subject_change", "form", &draft).await;
    assert_eq!(view.changes, Some(Vec::new()));
    assert_eq!(faults(world.submit(&actor, &draft, "k").await), [fault("", "没有变更内容")]);
    // Another picture is one.
    answers.set_text("principal.id_portrait", world.picture(&actor, 2).await);
    let mut save = save_of("subject_change", "form", Some(&draft), answers);
    save.version = Some(draft.version);
    let draft = saved(world.service.drafts.save_draft(&actor, &save).await.unwrap());
    let view = world.draft_form(&actor, "subject_change", "form", &draft).await;
    assert_eq!(view.changes.unwrap().len(), 1);
}
