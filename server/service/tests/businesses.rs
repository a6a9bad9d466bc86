//! Every procedure of every business on both databases: filed, sent back, approved, changed, cancelled,
//! handed over and ended with its subject. What a business has for itself is told at the end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::too_many_lines)]

#[path = "common/acts.rs"]
mod acts;
mod common;
#[path = "common/identity.rs"]
mod identity;
#[path = "common/samples.rs"]
mod samples;

use std::collections::BTreeMap;

use common::*;
use domain::action::Action;
use domain::answer::{Answer, Answers};
use domain::business::Business;
use domain::check::{Context, Regions, check_form};
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::record::RecordState;
use domain::schema::fault;
use domain::view::*;
use service::{Actor, Error, region};
use time::macros::date;

claims![
    samples_answer_every_question_of_every_business,
    any_business_brings_its_subject_to_the_reviewers,
    websites_go_through_every_procedure,
    everything_is_done_on_one_connection,
    apps_go_through_every_procedure,
    providers_go_through_every_procedure,
    markets_go_through_every_procedure,
    mini_programs_go_through_every_procedure,
    assessments_go_through_every_procedure,
    everything_changes_hands_and_ends_with_its_subject,
    approved_providers_are_found_where_they_provide,
    an_assessment_refers_to_own_records_alone,
    the_code_on_a_result_is_verified_in_public,
    items_of_a_change_are_compared_with_themselves,
];

const HERE: &str = "110101";

struct Leaves;

impl Regions for Leaves {
    fn is_leaf(&self, code: &str) -> Option<bool> {
        Some(region::is_leaf(code))
    }

    fn exists(&self, code: &str) -> Option<bool> {
        Some(region::exists(code))
    }
}

fn code(business: Business, action: Action) -> String {
    Procedure::known(business, action).unwrap().code()
}

async fn subject_in_force(world: &World, actor: &Actor) -> String {
    let answers = world.subject_answers_person(actor).await;
    let filing = world.file(actor, "subject_new", None, &answers).await;
    let market = world.answers_to_all(actor, Business::Market, "随主体备案的市场").await;
    let market = world.file(actor, "market_new", None, &market).await;
    world.decide(&filing, Decision::Approve, "", &[]).await;
    world.decide(&market, Decision::Approve, "", &[]).await;
    world.service.records.my_subject(actor).await.unwrap().unwrap().row.id
}

async fn only(world: &World, actor: &Actor, business: Business, name: &str) -> RecordRow {
    let rows = world.service.records.records(actor, business, "").await.unwrap().rows;
    let found: Vec<RecordRow> = rows.into_iter().filter(|row| row.name == name).collect();
    assert_eq!(found.len(), 1, "{name}");
    found.into_iter().next().unwrap()
}

async fn filed_and_approved(world: &World, actor: &Actor, business: Business, name: &str) -> RecordRow {
    let answers = world.answers_to_all(actor, business, name).await;
    let filing = world.file(actor, &code(business, Action::New), None, &answers).await;
    world.decide(&filing, Decision::Approve, "", &[]).await;
    only(world, actor, business, name).await
}

async fn samples_answer_every_question_of_every_business(world: World) {
    let actor = world.applicant(1).await;
    let sealed = BTreeMap::new();
    let context = Context { today: date!(2026 - 03 - 02), regions: &Leaves, sealed: &sealed };
    for business in Business::beside_subject() {
        let answers = world.answers_to_all(&actor, business, "某某服务").await;
        let checked = check_form(business.form(), &answers, &context);
        assert_eq!(checked.unwrap().answers(), &answers, "{}: in their normal form", business.code());
    }
}

/// R15, R40.
async fn any_business_brings_its_subject_to_the_reviewers(world: World) {
    let officer = world.officer(HERE).await;
    for (number, business) in Business::beside_subject().enumerate() {
        let actor = world.applicant(u32::try_from(number).unwrap() + 1).await;
        let subject = world.subject_answers_person(&actor).await;
        let subject = world.file(&actor, "subject_new", None, &subject).await;
        assert!(world.service.filings.filing(&actor, &subject).await.unwrap().row.waits_for_business);
        assert!(matches!(world.service.reviews.review(&officer, &subject, None).await, Err(Error::NotFound)));
        let mut answers = world.answers_to_all(&actor, business, "某某服务").await;
        if business == Business::Website {
            answers.set_text("site.main_domain", "example.cn");
        }
        let filing = world.file(&actor, &code(business, Action::New), None, &answers).await;
        assert!(!world.service.filings.filing(&actor, &subject).await.unwrap().row.waits_for_business);
        let bundle = world.service.reviews.review(&officer, &subject, None).await.unwrap().bundle;
        assert_eq!(bundle.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), [&subject, &filing]);
    }
}

async fn websites_go_through_every_procedure(world: World) {
    walk(world, Business::Website).await;
}

/// B6. Whoever has a transaction asks for no connection beside it: with one left, everything passes.
async fn everything_is_done_on_one_connection(world: World) {
    let _others = world.leave_one_connection().await;
    everything_changes_hands_and_ends_with_its_subject(world).await;
}

async fn apps_go_through_every_procedure(world: World) {
    walk(world, Business::App).await;
}

async fn providers_go_through_every_procedure(world: World) {
    walk(world, Business::Provider).await;
}

async fn markets_go_through_every_procedure(world: World) {
    walk(world, Business::Market).await;
}

async fn mini_programs_go_through_every_procedure(world: World) {
    walk(world, Business::MiniProgram).await;
}

async fn assessments_go_through_every_procedure(world: World) {
    walk(world, Business::Assessment).await;
}

/// A claim for each, so that they run beside each other; none may be forgotten.
#[test]
fn every_business_is_walked() {
    for business in Business::beside_subject() {
        let call = format!("walk(world, Business::{business:?}).await");
        assert!(include_str!("businesses.rs").contains(&call), "no claim says {call}");
    }
}

async fn walk(world: World, business: Business) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let service = &world.service;
    subject_in_force(&world, &actor).await;
    let new = code(business, Action::New);

    // R4: it is offered.
    let offers = service.offers.offers(&actor).await.unwrap();
    let group = offers.iter().find(|group| group.title == business.definition().shortcuts).unwrap();
    let labels: Vec<&str> = group.offers.iter().map(|offer| offer.label.as_str()).collect();
    let own: Vec<&str> = business.actions().map(|a| Procedure::new(business, a).label()).collect();
    assert_eq!(labels, own);
    assert!(group.offers.iter().all(|offer| offer.refused.is_none()));

    // R12, R50: a draft, taken up again, filed, withdrawn, and a draft again (R17).
    let answers = world.answers_to_all(&actor, business, "某某服务").await;
    let draft = world.draft(&actor, &new, None, &answers).await;
    let listed = service.drafts.drafts(&actor, &new, "").await.unwrap().rows;
    assert_eq!((listed.len(), listed[0].title.as_str()), (1, "某某服务"));
    let last = business.form().steps[3].key;
    let view = world.draft_form(&actor, &new, last, &draft).await;
    assert_eq!(view.faults, []);
    assert!(view.summary.is_some(), "R78");
    let filing = acts::filed(world.submit(&actor, &draft, "one").await);
    assert_eq!(acts::filed(world.submit(&actor, &draft, "one").await), filing, "R75");
    service.filings.withdraw(&actor, &filing).await.unwrap();
    service.redrafts.redraft(&actor, &filing).await.unwrap();
    let again = service.drafts.drafts(&actor, &new, "").await.unwrap().rows.remove(0);
    let head = DraftHead { id: again.id, version: 1, saved_at: String::new() };
    let filing = acts::filed(world.submit(&actor, &head, "two").await);

    // The desk: filters, counts, the sheet (R61, R63).
    let request = QueueRequest { procedure: new.clone(), ..QueueRequest::default() };
    let queue = service.queues.queue(&officer, &request).await.unwrap().rows;
    assert_eq!(queue.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), [filing.as_str()]);
    let counts = service.dashboards.dashboard(&officer).await.unwrap().by_kind;
    assert!(counts.iter().any(|kind| kind.procedure.code() == new && kind.count == 1));
    let review = service.reviews.review(&officer, &filing, None).await.unwrap();
    let asked = business.form().shown(&answers).filter(|place| answers.get(&place.address()).is_some());
    assert_eq!(review.sheet.sections.iter().map(|section| section.rows.len()).sum::<usize>(), asked.count());

    // R53: sent back with words at a field, put right, approved.
    let at = business.definition().name_at;
    world.decide(&filing, Decision::Return, "请核对名称", &[fault(at, "名称与备案不一致")]).await;
    let view = service.filings.filing(&actor, &filing).await.unwrap();
    assert_eq!(view.remarks, [fault(at, "名称与备案不一致")]);
    service.redrafts.redraft(&actor, &filing).await.unwrap();
    let row = service.drafts.drafts(&actor, &new, "").await.unwrap().rows.remove(0);
    let head = DraftHead { id: row.id, version: 1, saved_at: String::new() };
    let form = world.draft_form(&actor, &new, "subject", &head).await;
    assert_eq!((form.remarks.len(), form.draft.as_ref().map(|draft| draft.version)), (1, Some(1)));
    let filing = acts::filed(world.submit(&actor, &head, "three").await);
    world.decide(&filing, Decision::Approve, "", &[]).await;

    // R38, R52: number, list, page, home, look-up, notice.
    let record = only(&world, &actor, business, "某某服务").await;
    assert_eq!(record.state, RecordState::Active);
    let page = service.records.record(&actor, business, &record.id).await.unwrap();
    let registration = page.registration.unwrap();
    assert_eq!(registration.digits[6..8], format!("{:02}", business.definition().number_kind.unwrap()));
    let verbs: Vec<&str> = record.offers.iter().map(|offer| offer.label.as_str()).collect();
    let later = business.actions().filter(|action| *action != Action::New);
    assert_eq!(verbs, later.map(|action| Procedure::new(business, action).verb()).collect::<Vec<_>>());
    let home = service.home_page.home(&actor).await.unwrap().records;
    let is_home =
        home.iter().any(|(own, rows)| *own == business && rows.iter().any(|row| row.id == record.id));
    assert_eq!(is_home, business != Business::Provider, "R2 names no box for providers");
    for text in [registration.number.as_str(), "某某服务"] {
        let found = service.lookup.lookup(text).await.unwrap();
        assert!(
            found.iter().any(|found| found.digits == registration.digits && found.name == "某某服务"),
            "{text}"
        );
    }
    let notices = service.notices.notices(&actor, true, "").await.unwrap().rows;
    assert!(notices.iter().any(|notice| notice.text.contains(&registration.number)), "{notices:?}");

    // R19, R35: a change that changes nothing, and one that does.
    let change = code(business, Action::Change);
    let opened = world.change_form(&actor, &change, Some(&record.id)).await;
    assert_eq!(opened.answers.text(at), "某某服务");
    let mut after = answers.clone();
    let same = world.draft(&actor, &change, Some(&record.id), &after).await;
    match world.submit(&actor, &same, "four").await {
        Submitted::Faults(faults) => assert_eq!(faults, [fault("", "没有变更内容")]),
        other => panic!("{other:?}"),
    }
    service.drafts.delete_draft(&actor, &same.id).await.unwrap();
    after.set_text(at, "改名服务");
    let filing = world.file(&actor, &change, Some(&record.id), &after).await;
    assert_eq!(
        only(&world, &actor, business, "某某服务").await.state,
        RecordState::Changing,
        "old data in force"
    );
    let changes = service.reviews.review(&officer, &filing, None).await.unwrap().changes;
    assert_eq!(changes.iter().map(|change| change.at.as_str()).collect::<Vec<_>>(), [at]);
    // R20: one at a time.
    let second = world.draft(&actor, &change, Some(&record.id), &after).await;
    assert_eq!(acts::sentence(world.submit(&actor, &second, "five").await), "存在审核中的单据");
    world.decide(&filing, Decision::Approve, "", &[]).await;
    let changed = only(&world, &actor, business, "改名服务").await;
    assert_eq!(
        (changed.state, changed.registration_number),
        (RecordState::Active, record.registration_number)
    );

    // R36: cancelled, where the business knows that.
    let listed = "SELECT COUNT(*) FROM provider WHERE record_id IS NOT NULL";
    let is_provider = i64::from(business == Business::Provider) * 2;
    assert_eq!(world.number(listed).await, is_provider, "access and registrar");
    if business.actions().any(|has| has == Action::Cancel) {
        let filing = world.cancel(&actor, business, &record.id).await;
        world.decide(&filing, Decision::Approve, "", &[]).await;
        assert_eq!(only(&world, &actor, business, "改名服务").await.state, RecordState::Cancelled);
        assert!(
            service.lookup.public_record(&registration.digits, None).await.unwrap().cancelled_on.is_some()
        );
        assert_eq!(world.number(listed).await, 0);
    } else {
        let view = service.cancellations.cancel_view(&actor, business, Some(&record.id), false).await;
        assert!(matches!(view, Err(Error::NotFound)), "{view:?}");
    }

    // R51: every filing in the list of its kind, and the log whole (R65).
    for action in business.actions() {
        let rows = service.filings.filings(&actor, &code(business, action), "", "").await.unwrap().rows;
        assert!(rows.iter().any(|row| row.state == FilingState::Approved), "{action:?}");
    }
    assert!(service.audit_chain.verify_audit().await.is_ok());
}

/// R23, R25, R40.
async fn everything_changes_hands_and_ends_with_its_subject(world: World) {
    let (giver, receiver) = (world.applicant(1).await, world.applicant(2).await);
    let service = &world.service;
    let subject = subject_in_force(&world, &giver).await;
    let mut digits = Vec::new();
    for business in Business::beside_subject() {
        let row = filed_and_approved(&world, &giver, business, "某某服务").await;
        let page = service.records.record(&giver, business, &row.id).await.unwrap();
        digits.push(page.registration.unwrap().digits);
    }
    let handover = world.offer(&giver, &subject, &claims_of(2)).await;
    let attached = service.handovers.handover_view(&receiver, &handover).await.unwrap().attached;
    assert!(attached.iter().map(|(business, _)| *business).eq(Business::beside_subject()), "{attached:?}");
    service.handovers.receive(&receiver, &handover).await.unwrap();
    for business in Business::beside_subject() {
        assert_eq!(
            service.records.records(&giver, business, "").await.map(|page| page.rows.len()).unwrap_or(0),
            0
        );
        let row = only(&world, &receiver, business, "某某服务").await;
        let page = service.records.record(&receiver, business, &row.id).await.unwrap();
        assert_eq!(page.filings.len(), 1);
        assert!(matches!(service.records.record(&giver, business, &row.id).await, Err(Error::NotFound)));
    }
    // The new owner cancels the subject, with all of it.
    let cancel = world.cancel(&receiver, Business::Subject, &subject).await;
    world.decide(&cancel, Decision::Approve, "", &[]).await;
    let living = "SELECT COUNT(*) FROM record WHERE state NOT IN ('cancelled', 'void')";
    assert_eq!(world.number(living).await, 0);
    for digits in digits {
        assert!(
            service.lookup.public_record(&digits, None).await.unwrap().cancelled_on.is_some(),
            "{digits}"
        );
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM provider WHERE record_id IS NOT NULL").await, 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM live_domain").await, 0);
}

/// R31, R40: where it is, not where its subject is, and in the directories of what it does.
async fn approved_providers_are_found_where_they_provide(world: World) {
    let actor = world.applicant(1).await;
    subject_in_force(&world, &actor).await;
    let both = filed_and_approved(&world, &actor, Business::Provider, "某某云有限公司").await;
    let found = |directory: &str, region: &str| {
        format!(
            "SELECT COUNT(*) FROM provider WHERE directory = '{directory}' AND region = '{region}' AND record_id IS NOT NULL"
        )
    };
    assert_eq!(world.number(&found("access", "110105")).await, 1);
    assert_eq!(world.number(&found("registrar", "110105")).await, 1);
    // It stops registering domains and moves.
    let mut after = world.answers_to_all(&actor, Business::Provider, "某某云有限公司").await;
    after.set("basics.kinds", Answer::Many(vec!["isp".to_owned()]));
    after.set_text("basics.region", "310101");
    let filing = world.file(&actor, "provider_change", Some(&both.id), &after).await;
    world.decide(&filing, Decision::Approve, "", &[]).await;
    assert_eq!(world.number(&found("access", "110105")).await, 0);
    assert_eq!(world.number(&found("access", "310101")).await, 1);
    assert_eq!(world.number(&found("registrar", "310101")).await, 0);
}

async fn an_assessment_refers_to_own_records_alone(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    subject_in_force(&world, &actor).await;
    subject_in_force(&world, &other).await;
    filed_and_approved(&world, &actor, Business::App, "自己的APP").await;
    filed_and_approved(&world, &actor, Business::Provider, "自己的服务商").await;
    let foreign = filed_and_approved(&world, &other, Business::MiniProgram, "别人的小程序").await;
    let answers = world.answers_to_all(&actor, Business::Assessment, "自己的APP").await;
    let draft = world.draft(&actor, "assessment_new", None, &answers).await;
    let form = world.draft_form(&actor, "assessment_new", "service", &draft).await;
    let offered: Vec<&str> = form.own_records.iter().map(|own| own.text.as_str()).collect();
    assert_eq!(offered, ["APP：自己的APP（测公网安备11010103000001号）"], "no provider can be assessed");
    let number = foreign.registration_number.unwrap();
    for (text, is_own) in [
        (offered[0].to_owned(), true),
        (format!("小程序：别人的小程序（{number}）"), false),
        ("APP：自己的APP".to_owned(), false),
        ("随便写的".to_owned(), false),
    ] {
        let mut answers: Answers = answers.clone();
        answers.set_text("basics.record", text.clone());
        let draft = world.draft(&actor, "assessment_new", None, &answers).await;
        let faults = world.draft_form(&actor, "assessment_new", "service", &draft).await.faults;
        assert_eq!(faults.is_empty(), is_own, "{text}: {faults:?}");
        assert!(faults.iter().all(|fault| fault.at == "basics.record"));
    }
}

async fn the_code_on_a_result_is_verified_in_public(world: World) {
    let actor = world.applicant(1).await;
    let service = &world.service;
    let subject = subject_in_force(&world, &actor).await;
    let answers = world.answers_to_all(&actor, Business::Assessment, "某某论坛").await;
    let filing = world.file(&actor, "assessment_new", None, &answers).await;
    let pending = only(&world, &actor, Business::Assessment, "某某论坛").await;
    assert_eq!(
        service.records.record(&actor, Business::Assessment, &pending.id).await.unwrap().verification,
        None
    );
    world.decide(&filing, Decision::Approve, "", &[]).await;
    let page = service.records.record(&actor, Business::Assessment, &pending.id).await.unwrap();
    let (digits, code) = (page.registration.unwrap().digits, page.verification.unwrap());
    assert_eq!(code.len(), 14);
    let ask = |code: &str| {
        let (service, digits, code) = (service.clone(), digits.clone(), code.to_owned());
        async move { service.lookup.public_record(&digits, Some(&code)).await.unwrap() }
    };
    for typed in [code.clone(), code.to_lowercase(), code.replace('-', " ")] {
        let found = ask(&typed).await;
        assert_eq!(found.verified, Some(true), "{typed}");
        assert!(found.result.contains(&("评估结论".to_owned(), "符合".to_owned())), "{:?}", found.result);
    }
    for wrong in ["ABCD-EFGH-JKLM", "x"] {
        let found = ask(wrong).await;
        assert_eq!((found.verified, found.result), (Some(false), Vec::new()), "{wrong}");
    }
    let unasked = service.lookup.public_record(&digits, None).await.unwrap();
    assert_eq!((unasked.verified, unasked.result), (None, Vec::new()));
    // What is not in force any more has no result to show.
    let cancel = world.cancel(&actor, Business::Subject, &subject).await;
    world.decide(&cancel, Decision::Approve, "", &[]).await;
    assert_eq!(ask(&code).await.verified, Some(false));
}

/// R19: also in what the officer sees.
async fn items_of_a_change_are_compared_with_themselves(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    subject_in_force(&world, &actor).await;
    let app = filed_and_approved(&world, &actor, Business::App, "某某APP").await;
    let mut after = world.answers_to_all(&actor, Business::App, "某某APP").await;
    let form = Business::App.form();
    // The files are those that are filed already.
    let opened = world.change_form(&actor, "app_change", Some(&app.id)).await.answers;
    for place in form.places(&opened.clone()) {
        let at = place.address();
        if let Some(answer) = opened.get(&at).filter(|_| {
            matches!(
                place.field.kind,
                domain::schema::Kind::Pictures { .. } | domain::schema::Kind::Documents { .. }
            )
        }) {
            after.set(at, answer.clone());
        }
    }
    domain::posted::rearrange(form, "up", "platforms.1", &mut after).unwrap();
    domain::posted::rearrange(form, "remove", "sdks.0", &mut after).unwrap();
    let filing = world.file(&actor, "app_change", Some(&app.id), &after).await;
    let changes = service_changes(&world, &officer, &filing).await;
    let expect = [("运行平台", "平台顺序"), ("使用的SDK · SDK 1（删除）", "SDK名称")];
    for (section, label) in expect {
        assert!(changes.iter().any(|(s, l)| s == section && l == label), "{changes:?}");
    }
    assert!(
        changes.iter().all(|(section, _)| section == "运行平台" || section.starts_with("使用的SDK")),
        "{changes:?}"
    );
}

async fn service_changes(world: &World, officer: &Actor, filing: &str) -> Vec<(String, String)> {
    let changes = world.service.reviews.review(officer, filing, None).await.unwrap().changes;
    changes.into_iter().map(|change| (change.section, change.label)).collect()
}
