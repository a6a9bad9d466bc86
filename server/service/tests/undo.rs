//! 撤回: what an officer has just done is as if it had not been, for as long as nobody was told; on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::too_many_lines)]

#[path = "common/acts.rs"]
mod acts;
mod common;
#[path = "common/identity.rs"]
mod identity_check;

use common::*;
use domain::action::Action;
use domain::business::Business;
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::sign_off::sign_off;
use domain::view::{Dashboard, Decision};
use sea_orm::{ConnectionTrait, Statement};
use service::{Actor, DecisionRequest, Error, Service, Together};
use time::Duration;

claims![
    every_decision_about_a_new_bundle_is_taken_back_whole,
    a_change_that_moves_the_subject_is_taken_back_whole,
    the_end_of_a_subject_is_taken_back_whole,
    a_transfer_is_taken_back,
    what_is_approved_together_is_taken_back_together,
    nobody_is_told_before_it_stands_and_then_once,
    a_crash_changes_nothing,
    the_time_is_over_for_everybody,
    what_went_on_is_not_taken_back,
    of_taking_back_and_telling_at_once_exactly_one_happens,
    the_applicant_never_reads_what_was_taken_back,
];

const HERE: &str = "110101";

async fn patient(world: &World) -> Service {
    world.with_settings(|settings| settings.undo_seconds = 10).await
}

/// What lies in the tables that acts change, without what only counts up or says when.
async fn stored(world: &World) -> Vec<String> {
    let on = world.raw().await;
    let mut all = Vec::new();
    for sql in [
        "SELECT id || ' ' || state || ' ' || COALESCE(claimed_by, '-') || ' ' || COALESCE(CAST(claimed_at AS TEXT), '-') \
         || ' ' || COALESCE(CAST(decided_at AS TEXT), '-') || ' ' || jurisdiction || ' ' || subject_name || ' ' || subject_key \
         || ' ' || COALESCE(CAST(moved_at AS TEXT), '-') || ' ' || CAST(is_reviewable AS TEXT) || ' ' || CAST(round AS TEXT) \
         || ' ' || answers_sealed FROM filing",
        "SELECT id || ' ' || state || ' ' || COALESCE(owner_id, '-') || ' ' || title || ' ' || title_key || ' ' || owner_kind \
         || ' ' || COALESCE(main_domain, '-') || ' ' || jurisdiction || ' ' || COALESCE(registration_digits, '-') \
         || ' ' || COALESCE(registration_number, '-') || ' ' || COALESCE(CAST(registered_at AS TEXT), '-') \
         || ' ' || COALESCE(CAST(cancelled_at AS TEXT), '-') || ' ' || answers || ' ' || answers_sealed FROM record",
        "SELECT domain || ' ' || record_id FROM live_domain",
        "SELECT directory || ' ' || name || ' ' || record_id FROM provider WHERE record_id IS NOT NULL",
        "SELECT upload_id || ' ' || holder_id FROM upload_use WHERE holder_kind = 'record'",
    ] {
        let rows = on.query_all_raw(Statement::from_string(on.get_database_backend(), sql)).await.unwrap();
        let mut texts: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        texts.sort_unstable();
        all.extend(texts);
    }
    on.close().await.unwrap();
    all
}

async fn counted(service: &Service, officers: &[&Actor]) -> Vec<Dashboard> {
    let mut all = Vec::new();
    for officer in officers {
        all.push(service.dashboards.dashboard(officer).await.unwrap());
    }
    all
}

async fn decide(service: &Service, officer: &Actor, id: &str, decision: Decision) {
    let version = service.reviews.review(officer, id, None).await.unwrap().version;
    service.decisions.decide(officer, id, version, decision, "理由", &[]).await.unwrap();
}

async fn take_back(service: &Service, officer: &Actor) {
    let offer = service.undos.undoable(officer).await.unwrap().expect("it can be taken back");
    assert_eq!(offer.seconds_left, 10);
    service.undos.undo(officer, &offer.act).await.unwrap();
    let left = service.undos.undoable(officer).await.unwrap();
    assert_ne!(left.map(|left| left.act), Some(offer.act));
}

/// Does something, takes it back, and finds everything as it was, counts included, also when counted anew.
async fn is_as_before<Done>(
    world: &World,
    service: &Service,
    officer: &Actor,
    others: &[&Actor],
    act: impl FnOnce() -> Done,
) where
    Done: Future<Output = ()>,
{
    let everybody: Vec<&Actor> = [officer].into_iter().chain(others.iter().copied()).collect();
    let (before, numbers) = (stored(world).await, counted(service, &everybody).await);
    act().await;
    assert_ne!(stored(world).await, before);
    take_back(service, officer).await;
    assert_eq!(stored(world).await, before);
    assert_eq!(counted(service, &everybody).await, numbers);
    service.counters.recount().await.unwrap();
    assert_eq!(counted(service, &everybody).await, numbers, "history says the same");
}

async fn bundle(world: &World, actor: &Actor, domain: &str) -> (String, String) {
    let subject = world.subject_answers_unit(actor).await;
    let subject = world.file(actor, "subject_new", None, &subject).await;
    let website = world.website_answers(actor, domain).await;
    (subject, world.file(actor, "website_new", None, &website).await)
}

async fn every_decision_about_a_new_bundle_is_taken_back_whole(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let service = patient(&world).await;
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    service.filing_claims.claim(&officer, &subject).await.unwrap();
    // One that came in after the bundle was claimed.
    let late = world.website_answers(&actor, "example.net").await;
    let late = world.file(&actor, "website_new", None, &late).await;
    for decision in [Decision::Approve, Decision::Return, Decision::Reject] {
        is_as_before(&world, &service, &officer, &[], async || {
            decide(&service, &officer, &subject, decision).await;
        })
        .await;
    }
    assert_eq!(
        service.reviews.review(&officer, &late, None).await.unwrap().filing.state,
        FilingState::Pending
    );
    decide(&service, &officer, &subject, Decision::Approve).await;
    for decision in [Decision::Approve, Decision::Return, Decision::Reject] {
        is_as_before(&world, &service, &officer, &[], async || {
            decide(&service, &officer, &website, decision).await;
        })
        .await;
    }
    // And then it is decided all the same; a number that was taken back is not given twice.
    decide(&service, &officer, &website, Decision::Approve).await;
    let view = service.filings.filing(&actor, &website).await.unwrap();
    assert_eq!(view.registration.unwrap().digits, "11010102000002");
}

async fn a_change_that_moves_the_subject_is_taken_back_whole(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let there = world.officer("310000").await;
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    world.decide(&subject, Decision::Approve, "", &[]).await;
    world.decide(&website, Decision::Approve, "", &[]).await;
    let open = world.website_answers(&actor, "example.com").await;
    let open = world.file(&actor, "website_new", None, &open).await;
    world.service.filing_claims.claim(&officer, &open).await.unwrap();
    let back = world.website_answers(&actor, "example.org").await;
    let back = world.file(&actor, "website_new", None, &back).await;
    world.decide(&back, Decision::Return, "理由", &[]).await;
    let mut answers = world.subject_answers_unit(&actor).await;
    answers.set_text("unit.office_region", "310101");
    answers.set_text("unit.name", "上海某某网络科技有限公司");
    let record = world.service.records.my_subject(&actor).await.unwrap().unwrap().row.id;
    let change = world.file(&actor, "subject_change", Some(&record), &answers).await;
    let service = patient(&world).await;
    service.filing_claims.claim(&there, &change).await.unwrap();
    is_as_before(&world, &service, &there, &[&officer], async || {
        decide(&service, &there, &change, Decision::Approve).await;
    })
    .await;
    let public = service.lookup.public_record("11010102000001", None).await.unwrap();
    assert_eq!(public.organ, "北京市东城区网安大队");
}

async fn the_end_of_a_subject_is_taken_back_whole(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let (subject, website) = world.in_force(&actor, "example.cn").await;
    let service = patient(&world).await;
    let open = world.website_answers(&actor, "example.com").await;
    let open = world.file(&actor, "website_new", None, &open).await;
    service.filing_claims.claim(&officer, &open).await.unwrap();
    let back = world.website_answers(&actor, "example.org").await;
    let back = world.file(&actor, "website_new", None, &back).await;
    world.decide(&back, Decision::Return, "理由", &[]).await;
    let cancel = world.cancel(&actor, Business::Website, &website).await;
    service.filing_claims.claim(&officer, &cancel).await.unwrap();
    is_as_before(&world, &service, &officer, &[], async || {
        decide(&service, &officer, &cancel, Decision::Approve).await;
    })
    .await;
    decide(&service, &officer, &cancel, Decision::Return).await;
    let cancel = world.cancel(&actor, Business::Subject, &subject).await;
    service.filing_claims.claim(&officer, &cancel).await.unwrap();
    is_as_before(&world, &service, &officer, &[], async || {
        decide(&service, &officer, &cancel, Decision::Approve).await;
    })
    .await;
}

async fn a_transfer_is_taken_back(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let there = world.officer("310000").await;
    let service = patient(&world).await;
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    service.filing_claims.claim(&officer, &subject).await.unwrap();
    is_as_before(&world, &service, &officer, &[&there], async || {
        service.filing_claims.transfer_filing(&officer, &website, "310101", "在上海").await.unwrap();
    })
    .await;
    assert!(matches!(service.reviews.review(&there, &website, None).await, Err(Error::NotFound)));
}

/// All ticks of the list.
fn approval() -> DecisionRequest {
    DecisionRequest {
        decision: Decision::Approve,
        note: String::new(),
        ground: String::new(),
        remarks: Vec::new(),
        signed: (0..255).collect(),
    }
}

async fn what_is_approved_together_is_taken_back_together(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let service = patient(&world).await;
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    service.filing_claims.claim(&officer, &subject).await.unwrap();
    let versions = async || {
        let subject = service.reviews.review(&officer, &subject, None).await.unwrap().version;
        (subject, service.reviews.review(&officer, &website, None).await.unwrap().version)
    };
    // From the page of the website; its list asks for what the subject's does not.
    let with = |seen: (i64, i64), request: &'static DecisionRequest, also: &[&str]| Together {
        filing: (website.clone(), seen.1),
        along: vec![(subject.clone(), seen.0)],
        request,
        also: also.iter().map(|point| (*point).to_owned()).collect(),
    };
    let missing: Vec<&str> = sign_off(Procedure::new(Business::Subject, Action::New))
        .iter()
        .filter(|point| !sign_off(Procedure::new(Business::Website, Action::New)).contains(point))
        .copied()
        .collect();
    assert!(!missing.is_empty());
    let signed: &'static DecisionRequest = Box::leak(Box::new(approval()));
    let unsigned = service.decisions.approve_together(&officer, with(versions().await, signed, &[])).await;
    assert!(
        matches!(&unsigned, Err(Error::Refused(refused)) if refused.sentence.contains("审核清单")),
        "{unsigned:?}"
    );
    let together = async || {
        service.decisions.approve_together(&officer, with(versions().await, signed, &missing)).await.unwrap()
    };
    let before = stored(&world).await;
    let (done, refused) = together().await;
    assert!(done == 2 && refused.is_none());
    let offer = service.undos.undoable(&officer).await.unwrap().unwrap();
    assert_eq!((offer.event.as_str(), offer.others), ("通过", 1));
    assert!(offer.about.starts_with("新增主体"), "{}", offer.about);
    assert_eq!(service.undos.undo(&officer, &offer.act).await.unwrap(), subject);
    assert_eq!(stored(&world).await, before);
    // One that was decided meanwhile is told; what was before it stands.
    let (subject_version, website_version) = versions().await;
    let old = with((subject_version, website_version - 1), signed, &missing);
    let (done, refused) = service.decisions.approve_together(&officer, old).await.unwrap();
    assert_eq!(done, 1);
    assert!(matches!(refused, Some(Error::Refused(_))));
    // What is not of one subject is not of one bundle.
    let (other, _) = bundle(&world, &world.applicant(3).await, "example.org").await;
    let strange = Together { along: vec![(other, 1)], ..with(versions().await, signed, &missing) };
    assert!(matches!(service.decisions.approve_together(&officer, strange).await, Err(Error::Refused(_))));
}

async fn notices(service: &Service, actor: &Actor) -> Vec<String> {
    let page = service.notices.notices(actor, false, "").await.unwrap();
    page.rows.into_iter().map(|row| row.text).filter(|text| text.contains("编号")).collect()
}

async fn nobody_is_told_before_it_stands_and_then_once(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let service = patient(&world).await;
    let (subject, _) = bundle(&world, &actor, "example.cn").await;
    service.filing_claims.claim(&officer, &subject).await.unwrap();
    let before = notices(&service, &actor).await.len();
    decide(&service, &officer, &subject, Decision::Return).await;
    take_back(&service, &officer).await;
    world.later(Duration::seconds(11));
    assert_eq!(service.undos.settle_due().await.unwrap(), 0);
    assert_eq!(notices(&service, &actor).await.len(), before, "what was taken back is told to nobody");
    decide(&service, &officer, &subject, Decision::Approve).await;
    world.later(Duration::seconds(9));
    assert_eq!(service.undos.settle_due().await.unwrap(), 0);
    assert_eq!(notices(&service, &actor).await.len(), before);
    world.later(Duration::seconds(1));
    assert_eq!(service.undos.settle_due().await.unwrap(), 1);
    assert_eq!(service.undos.settle_due().await.unwrap(), 0);
    let told = notices(&service, &actor).await;
    assert_eq!(told.len(), before + 1);
    assert!(told[0].contains("审核通过"), "{told:?}");
    assert_eq!(world.number("SELECT COUNT(*) FROM undoable_act").await, 0);
}

async fn a_crash_changes_nothing(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    {
        let service = patient(&world).await;
        service.filing_claims.claim(&officer, &subject).await.unwrap();
        decide(&service, &officer, &subject, Decision::Approve).await;
    }
    // Another server, which knows nothing but the database.
    let service = world.restarted().await;
    let offer = service.undos.undoable(&officer).await.unwrap().unwrap();
    service.undos.undo(&officer, &offer.act).await.unwrap();
    let service = patient(&world).await;
    decide(&service, &officer, &subject, Decision::Approve).await;
    decide(&service, &officer, &website, Decision::Approve).await;
    world.later(Duration::seconds(10));
    let service = world.restarted().await;
    assert_eq!(service.undos.settle_due().await.unwrap(), 2);
    assert!(notices(&service, &actor).await[0].contains("备案号"));
}

async fn the_time_is_over_for_everybody(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let (colleague, stranger) = (world.nth_officer(2, HERE).await, world.applicant(5).await);
    let service = patient(&world).await;
    let (subject, _) = bundle(&world, &actor, "example.cn").await;
    service.filing_claims.claim(&officer, &subject).await.unwrap();
    decide(&service, &officer, &subject, Decision::Approve).await;
    let act = service.undos.undoable(&officer).await.unwrap().unwrap().act;
    // It is nobody else's.
    assert_eq!(service.undos.undoable(&colleague).await.unwrap(), None);
    assert!(matches!(service.undos.undo(&colleague, &act).await, Err(Error::Refused(_))));
    assert!(
        service.undos.undo(&stranger, &act).await.is_err()
            && service.undos.undoable(&stranger).await.is_err()
    );
    assert!(matches!(service.undos.undo(&officer, "1").await, Err(Error::NotFound)));
    world.later(Duration::seconds(10));
    assert_eq!(service.undos.undoable(&officer).await.unwrap(), None);
    assert!(matches!(service.undos.undo(&officer, &act).await, Err(Error::Refused(_))));
    assert_eq!(
        service.reviews.review(&officer, &subject, None).await.unwrap().filing.state,
        FilingState::Approved
    );
    // Where the operator gives no time, there is nothing to take back.
    let hasty = &world.service;
    let (other, _) = bundle(&world, &stranger, "example.org").await;
    hasty.filing_claims.claim(&officer, &other).await.unwrap();
    decide(hasty, &officer, &other, Decision::Return).await;
    assert_eq!(hasty.undos.undoable(&officer).await.unwrap(), None);
}

async fn what_went_on_is_not_taken_back(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let service = patient(&world).await;
    let (subject, website) = bundle(&world, &actor, "example.cn").await;
    service.filing_claims.claim(&officer, &subject).await.unwrap();
    decide(&service, &officer, &subject, Decision::Approve).await;
    let first = service.undos.undoable(&officer).await.unwrap().unwrap().act;
    decide(&service, &officer, &website, Decision::Approve).await;
    // The website stands on its subject.
    let refused = service.undos.undo(&officer, &first).await;
    assert!(
        matches!(&refused, Err(Error::Refused(refused)) if refused.sentence.contains("已有后续操作")),
        "{refused:?}"
    );
    // After the later one was taken back, the earlier one can be.
    take_back(&service, &officer).await;
    service.undos.undo(&officer, &first).await.unwrap();
    // The applicant was quicker.
    decide(&service, &officer, &subject, Decision::Return).await;
    let act = service.undos.undoable(&officer).await.unwrap().unwrap().act;
    let href = service.redrafts.redraft(&actor, &subject).await.unwrap();
    let draft = href.rsplit_once("draft=").unwrap().1.to_owned();
    let request = domain::view::FormRequest {
        procedure: "subject_new".to_owned(),
        draft: Some(draft),
        ..Default::default()
    };
    let head = service.drafts.form_view(&actor, &request).await.unwrap().draft.unwrap();
    world.submit(&actor, &head, "again").await;
    assert!(matches!(service.undos.undo(&officer, &act).await, Err(Error::Refused(_))));
}

async fn of_taking_back_and_telling_at_once_exactly_one_happens(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let service = patient(&world).await;
    let (subject, _) = bundle(&world, &actor, "example.cn").await;
    service.filing_claims.claim(&officer, &subject).await.unwrap();
    for _ in 0..rounds(8, 200) {
        let before = notices(&service, &actor).await.len();
        decide(&service, &officer, &subject, Decision::Approve).await;
        let act = service.undos.undoable(&officer).await.unwrap().unwrap().act;
        // One server's clock is ahead.
        let other = world.restarted().await;
        let (taken_back, told) = tokio::join!(service.undos.undo(&officer, &act), async {
            other.undos.settle_at(world.now() + Duration::seconds(10)).await.unwrap()
        });
        let told_now = notices(&service, &actor).await.len() - before;
        assert_eq!(
            (taken_back.is_ok(), told, told_now),
            if told == 0 { (true, 0, 0) } else { (false, 1, 1) }
        );
        if taken_back.is_err() {
            return;
        }
    }
}

async fn the_applicant_never_reads_what_was_taken_back(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let service = patient(&world).await;
    let (subject, _) = bundle(&world, &actor, "example.cn").await;
    service.filing_claims.claim(&officer, &subject).await.unwrap();
    let before = service.filings.filing(&actor, &subject).await.unwrap().history;
    decide(&service, &officer, &subject, Decision::Return).await;
    take_back(&service, &officer).await;
    assert_eq!(service.filings.filing(&actor, &subject).await.unwrap().history, before);
    let desk = service.reviews.review(&officer, &subject, None).await.unwrap();
    assert!(desk.earlier_remarks.is_empty());
    let lines: Vec<_> = desk.history.iter().map(|line| line.what.as_str()).collect();
    assert_eq!(lines, ["提交审核", "领取", "退回", "撤回"], "officers do read it");
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE action = 'filing.undo'").await, 1);
}
