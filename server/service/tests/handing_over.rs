//! Handing subjects over and receiving them (R24, R25), what races with what, and a walk of all events
//! over several people and subjects (R26).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::too_many_lines)]

#[path = "common/acts.rs"]
mod acts;
mod common;
#[path = "common/identity.rs"]
mod identity_check;

use std::collections::{BTreeMap, BTreeSet};

use common::{World, claims, claims_of, id_number};
use domain::answer::{Answer, Answers};
use domain::business::Business;
use domain::business::identity;
use domain::filing::{self, FilingEvent, FilingState};
use domain::notice::Channel;
use domain::procedure::Procedure;
use domain::record::{self, RecordEvent, RecordState};
use domain::schema::Fault;
use domain::sheet::Shown;
use domain::view::*;
use identity_check::*;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use service::Claims;
use service::{Actor, Error, Service};
use time::Duration;

claims![
    a_subject_changes_hands_with_everything_attached,
    the_giver_loses_access_in_the_moment_of_receiving,
    only_whom_phone_and_number_name_sees_and_receives,
    the_recipient_is_another_person_with_a_number_that_can_be,
    a_recipient_without_account_finds_it_after_signing_in,
    waiting_subjects_are_searched_by_what_is_seen_or_known,
    a_search_is_held_sealed_for_its_person_alone,
    until_it_is_received_the_giver_can_revoke,
    the_recipient_can_refuse,
    after_fifteen_days_it_lapses,
    with_a_filing_open_nothing_is_handed_over,
    while_a_subject_is_on_its_way_nothing_else_is_begun,
    drafts_do_not_move,
    what_came_back_before_is_put_right_by_the_new_owner,
    of_twenty_clicks_one_hands_over,
    of_two_offers_at_once_one_wins,
    receiving_and_revoking_at_once_leave_exactly_one_owner,
    of_two_receivers_one_gets_it,
    receiving_and_refusing_at_once_leave_exactly_one_owner,
    what_was_typed_for_a_handover_comes_back,
    no_walk_over_people_and_subjects_breaks_what_must_always_hold,
];

async fn subject_state(world: &World, actor: &Actor) -> RecordState {
    world.service.records.my_subject(actor).await.unwrap().unwrap().row.state
}

async fn waiting(world: &World, actor: &Actor) -> Vec<HandoverRow> {
    world.service.handovers.handovers(actor, "", "", "").await.unwrap()
}

async fn page(world: &World, actor: &Actor) -> TransferView {
    world.service.handovers.transfer_view(actor, None, false).await.unwrap()
}

async fn notices(world: &World, actor: &Actor) -> Vec<NoticeRow> {
    world.service.notices.notices(actor, false, "").await.unwrap().rows
}

async fn column(on: &DatabaseConnection, statement: &str) -> Vec<String> {
    let statement = Statement::from_string(on.get_database_backend(), statement);
    let rows = on.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn owner(world: &World, subject: &str) -> String {
    let on = world.raw().await;
    let owner = column(&on, &format!("SELECT owner_id FROM record WHERE id = '{subject}'")).await.remove(0);
    on.close().await.unwrap();
    owner
}

fn at(faults: &[Fault], address: &str) -> String {
    let found: Vec<&Fault> = faults.iter().filter(|fault| fault.at == address).collect();
    assert_eq!(found.len(), 1, "{address} in {faults:?}");
    found[0].message.clone()
}

fn faults_in<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Vec<Fault> {
    match outcome {
        Err(Error::Faults(faults)) => faults,
        other => panic!("no faults: {other:?}"),
    }
}

/// R24, R25
async fn a_subject_changes_hands_with_everything_attached(world: World) {
    let (giver, receiver) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, website) = world.in_force(&giver, "example.cn").await;
    let filings = world.service.filings.filings(&giver, "", "", "").await.unwrap().rows;
    let before = page(&world, &giver).await;
    assert_eq!((before.refused, before.offered), (None, None));
    assert_eq!((before.identity.mobile_head.as_str(), before.identity.mobile_tail.as_str()), ("138", "5678"));
    assert!(before.sheet.is_some() && !before.files.is_empty());

    let handover = world.offer(&giver, &subject, &claims_of(2)).await;
    assert_eq!(subject_state(&world, &giver).await, RecordState::Transferring);
    let offered = page(&world, &giver).await.offered.unwrap();
    assert_eq!((offered.receiver_mobile.as_str(), offered.days_left), ("138****0002", 15));
    assert_eq!(offered.ends_at, "2026-03-17 10:01");
    // Both sides are told by message, and neither learns the other's whole number.
    let outbox = world.service.text_messages.outbox().await.unwrap();
    let [to_receiver, to_giver] = &outbox[..2] else { panic!("{outbox:?}") };
    // B5: rows of the same transaction, which nobody waits for.
    assert_eq!((to_receiver.state, to_giver.state), ("待发送", "待发送"));
    assert_eq!(world.service.text_messages.send_due(Channel::Sms).await.unwrap(), 2);
    assert_eq!(to_receiver.recipient, "13800000002");
    assert!(to_receiver.text.contains("接收主体"), "{}", to_receiver.text);
    assert_eq!(to_giver.recipient, "13800000001");
    assert!(to_giver.text.contains("正在移交给 138****0002"), "{}", to_giver.text);
    assert!(notices(&world, &receiver).await[0].text.contains("正在移交给您"));

    let rows = waiting(&world, &receiver).await;
    let row = HandoverRow {
        id: handover.clone(),
        subject_name: "孙**".to_owned(),
        sender_name: "赵**".to_owned(),
        sender_mobile: "138****0001".to_owned(),
        sender_id: format!("110***********{}", &id_number("110101", 1)[14..]),
        created_at: "2026-03-02 10:01".to_owned(),
        days_left: 15,
    };
    assert_eq!(rows, std::slice::from_ref(&row));
    let detail = world.service.handovers.handover_view(&receiver, &handover).await.unwrap();
    assert_eq!((&detail.row, detail.attached.as_slice()), (&row, &[(Business::Website, 1)][..]));
    let values: Vec<&Shown> =
        detail.sheet.sections.iter().flat_map(|section| &section.rows).map(|row| &row.value).collect();
    assert!(values.contains(&&Shown::Text("138****5678".to_owned())), "masked");
    assert!(!values.iter().any(|value| matches!(value, Shown::Pictures(_) | Shown::Documents(_))));

    world.service.handovers.receive(&receiver, &handover).await.unwrap();
    let mine = world.service.records.my_subject(&receiver).await.unwrap().unwrap();
    assert_eq!((mine.row.id.as_str(), mine.row.state), (subject.as_str(), RecordState::Active));
    let websites = world.service.records.records(&receiver, Business::Website, "").await.unwrap().rows;
    assert_eq!(websites[0].id, website);
    let moved = world.service.filings.filings(&receiver, "", "", "").await.unwrap().rows;
    assert_eq!(moved, filings, "with its past");
    for file in mine.files.keys() {
        world.service.files.open_file(&receiver, file).await.unwrap();
    }
    let told = notices(&world, &receiver).await;
    assert!(told[0].text.contains("待办：请尽快办理变更主体，更新负责人信息"), "{told:?}");
    assert_eq!(told[0].link.as_deref(), Some(format!("/subject/change?record={subject}").as_str()));
    assert!(notices(&world, &giver).await[0].text.ends_with("已由接收人接收"));
    let lines =
        "SELECT COUNT(*) FROM audit WHERE action IN ('handover.offer', 'handover.give', 'handover.receive')";
    assert_eq!(world.number(lines).await, 3, "a line for either side");
    // Received once.
    assert_eq!(refused(world.service.handovers.receive(&receiver, &handover).await), "该主体已由接收人接收");
    assert!(world.service.handovers.handover_view(&receiver, &handover).await.is_err());
    assert_eq!(waiting(&world, &receiver).await, []);
    // The new owner changes the responsible person, whose stored data stand behind the masks.
    let form = world.change_form(&receiver, "subject_change", Some(&subject)).await;
    assert!(form.refused.is_none() && !form.sealed.is_empty());
    assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
}

/// R25, R74: in sessions that are open, too.
async fn the_giver_loses_access_in_the_moment_of_receiving(world: World) {
    let (giver, receiver) = (world.applicant(1).await, world.applicant(2).await);
    let elsewhere = world.applicant(1).await;
    let (subject, website) = world.in_force(&giver, "example.cn").await;
    world.service.accounts.switch_subject(&giver, &subject).await.unwrap();
    let filing =
        world.service.filings.filings(&giver, "website_new", "", "").await.unwrap().rows.remove(0).id;
    let file =
        world.service.records.my_subject(&giver).await.unwrap().unwrap().files.into_keys().next().unwrap();
    let handover = world.offer(&giver, &subject, &claims_of(2)).await;
    world.service.files.open_file(&giver, &file).await.unwrap();
    world.service.handovers.receive(&receiver, &handover).await.unwrap();
    let service = &world.service;
    for giver in [&giver, &elsewhere] {
        assert!(service.records.my_subject(giver).await.unwrap().is_none());
        assert!(service.accounts.me(giver).await.unwrap().current.is_none());
        assert_eq!(service.filings.filings(giver, "", "", "").await.unwrap().total, 0);
        let gone = |what: &str, is_gone: bool| assert!(is_gone, "{what}");
        gone("filing", matches!(service.filings.filing(giver, &filing).await, Err(Error::NotFound)));
        let record = service.records.record(giver, Business::Website, &website).await;
        gone("website", matches!(record, Err(Error::NotFound)));
        gone("file", matches!(service.files.open_file(giver, &file).await, Err(Error::NotFound)));
        gone(
            "switch",
            matches!(service.accounts.switch_subject(giver, &subject).await, Err(Error::NotFound)),
        );
        gone("withdraw", matches!(service.filings.withdraw(giver, &filing).await, Err(Error::NotFound)));
        let cancel = service.cancellations.cancel_view(giver, Business::Subject, Some(&subject), false).await;
        gone("cancel", matches!(cancel, Err(Error::NotFound)));
        let transfer = service.handovers.transfer_view(giver, Some(&subject), false).await;
        gone("transfer", matches!(transfer, Err(Error::NotFound)));
    }
    assert_eq!(
        refused(service.handovers.revoke_transfer(&giver, &subject).await),
        "该主体已由接收人接收，不能再撤回"
    );
    let stranger = world.applicant(3).await;
    assert!(matches!(service.handovers.revoke_transfer(&stranger, &subject).await, Err(Error::NotFound)));
}

/// R25
async fn only_whom_phone_and_number_name_sees_and_receives(world: World) {
    let giver = world.applicant(1).await;
    let (subject, _) = world.in_force(&giver, "example.cn").await;
    let named = claims_of(2);
    let same_phone = Claims { sub: "p".to_owned(), mobile: named.mobile.clone(), ..claims_of(3) };
    let same_number = Claims { sub: "n".to_owned(), id_no: named.id_no.clone(), ..claims_of(4) };
    let handover = world.offer(&giver, &subject, &named).await;
    let service = &world.service;
    for claims in [&same_phone, &same_number, &claims_of(1)] {
        let other = world.sign_in(claims).await;
        assert_eq!(waiting(&world, &other).await, []);
        assert!(matches!(service.handovers.handover_view(&other, &handover).await, Err(Error::NotFound)));
        assert!(matches!(service.handovers.receive(&other, &handover).await, Err(Error::NotFound)));
        assert!(matches!(service.handovers.refuse(&other, &handover).await, Err(Error::NotFound)));
    }
    let receiver = world.sign_in(&named).await;
    for id in ["", "x", "019c0000-0000-7000-8000-000000000000"] {
        assert!(matches!(service.handovers.receive(&receiver, id).await, Err(Error::NotFound)));
    }
    // Whose number is another one now is another person to the platform.
    let moved = world.sign_in(&Claims { mobile: "13911112222".to_owned(), ..named.clone() }).await;
    assert_eq!(waiting(&world, &moved).await, []);
    let back = world.sign_in(&named).await;
    service.handovers.receive(&back, &handover).await.unwrap();
    assert_eq!(owner(&world, &subject).await, back.person_id);
}

/// R24
async fn the_recipient_is_another_person_with_a_number_that_can_be(world: World) {
    let giver = world.applicant(1).await;
    let (subject, website) = world.in_force(&giver, "example.cn").await;
    let code = world.code(&giver, IdentityPurpose::Transfer, &subject).await;
    let attempt = async |answers: Answers| {
        let request = TransferRequest { subject: subject.clone(), answers, key: key(&world) };
        faults_in(world.service.handovers.offer_transfer(&giver, &request).await)
    };
    let oneself = attempt(transfer_answers(&claims_of(1), &code)).await;
    assert_eq!((oneself.len(), at(&oneself, identity::RECEIVER_ID_NO).as_str()), (1, "接收人不能是您本人"));
    let lower = Claims { id_no: format!(" {} ", claims_of(1).id_no.to_lowercase()), ..claims_of(2) };
    let oneself = attempt(transfer_answers(&lower, &code)).await;
    assert_eq!(at(&oneself, identity::RECEIVER_ID_NO), "接收人不能是您本人", "however it is typed");
    let mut mistyped = transfer_answers(&claims_of(2), &code);
    mistyped.set_text(identity::RECEIVER_ID_NO, "110101190001010000");
    mistyped.set_text(identity::RECEIVER_MOBILE, "1380000000");
    let found = attempt(mistyped).await;
    assert_eq!(found.len(), 2);
    assert_eq!(at(&found, identity::RECEIVER_ID_NO), "接收人身份证号不正确，请对照证件核对");
    assert!(at(&found, identity::RECEIVER_MOBILE).starts_with("手机号码应为 11 位数字"));
    let mut strange = transfer_answers(&claims_of(2), &code);
    strange.set_text(identity::MIDDLE_FOUR, "1111");
    assert!(at(&attempt(strange).await, identity::MIDDLE_FOUR).starts_with("手机号码中间四位不正确"));
    let empty: Vec<String> = attempt(Answers::new()).await.into_iter().map(|fault| fault.at).collect();
    let all =
        [identity::MIDDLE_FOUR, identity::RECEIVER_MOBILE, identity::RECEIVER_ID_NO, identity::SMS_CODE];
    assert_eq!(empty, all);
    // A code for cancelling is none for handing over, and a website is not handed over.
    let other = world.code(&giver, IdentityPurpose::Cancel, &subject).await;
    let found = attempt(transfer_answers(&claims_of(2), &other)).await;
    assert!(found.is_empty() || found[0].at == identity::SMS_CODE, "{found:?}");
    let sent =
        world.service.identity_checks.send_identity_code(&giver, IdentityPurpose::Transfer, &website).await;
    assert!(matches!(sent, Err(Error::NotFound)));
    let request = TransferRequest {
        subject: subject.clone(),
        answers: transfer_answers(&claims_of(2), &code),
        key: "no key".to_owned(),
    };
    assert_eq!(faults_in(world.service.handovers.offer_transfer(&giver, &request).await)[0].at, "");
    let strange = world.applicant(3).await;
    let request = TransferRequest { key: key(&world), ..request };
    assert!(matches!(world.service.handovers.offer_transfer(&strange, &request).await, Err(Error::NotFound)));
    assert_eq!(subject_state(&world, &giver).await, RecordState::Active);
    assert_eq!(world.number("SELECT COUNT(*) FROM handover").await, 0);
    // The first code was not used up by the faults of the others.
    world.service.handovers.offer_transfer(&giver, &request).await.unwrap();
}

async fn a_recipient_without_account_finds_it_after_signing_in(world: World) {
    let giver = world.applicant(1).await;
    let (subject, _) = world.in_force(&giver, "example.cn").await;
    let handover = world.offer(&giver, &subject, &claims_of(7)).await;
    assert_eq!(
        world.service.text_messages.outbox().await.unwrap()[0].recipient,
        "13800000007",
        "told by message"
    );
    assert!(!world.is_stored_in_the_open("13800000007").await);
    assert!(!world.is_stored_in_the_open(&claims_of(7).id_no).await);
    world.later(Duration::days(14));
    let receiver = world.applicant(7).await;
    let rows = waiting(&world, &receiver).await;
    assert_eq!((rows.len(), rows[0].days_left), (1, 1));
    world.service.handovers.receive(&receiver, &handover).await.unwrap();
    assert_eq!(owner(&world, &subject).await, receiver.person_id);
}

/// R25
async fn waiting_subjects_are_searched_by_what_is_seen_or_known(world: World) {
    let receiver = world.applicant(9).await;
    for n in [1, 2] {
        let giver = world.applicant(n).await;
        let (subject, _) = world.in_force(&giver, &format!("example{n}.cn")).await;
        world.later(Duration::hours(1));
        world.offer(&giver, &subject, &claims_of(9)).await;
    }
    let found = async |name: &str, mobile: &str, id_no: &str| {
        let rows = world.service.handovers.handovers(&receiver, name, mobile, id_no).await.unwrap();
        rows.into_iter().map(|row| row.sender_mobile).collect::<Vec<_>>()
    };
    let (first, second) = ("138****0001".to_owned(), "138****0002".to_owned());
    let both = [second.clone(), first.clone()];
    assert_eq!(found("", "", "").await, both, "the newest first");
    assert_eq!(found("赵某某", "", "").await, both);
    assert_eq!(found("赵", " ", "").await, both);
    assert_eq!(found("钱", "", "").await, [""; 0]);
    assert_eq!(found("", "13800000001", "").await, std::slice::from_ref(&first));
    assert_eq!(found("", "0002", "").await, std::slice::from_ref(&second));
    assert_eq!(found("", "", &claims_of(1).id_no).await, [first]);
    assert_eq!(found("赵", "0002", "110").await, [second]);
    assert_eq!(found("", "00000", "").await, [""; 0], "what the stars hide is not found by parts");
}

/// Finding 16: what is searched by stands in no address, and nowhere in the open.
async fn a_search_is_held_sealed_for_its_person_alone(world: World) {
    let (giver, receiver, other) =
        (world.applicant(1).await, world.applicant(2).await, world.applicant(3).await);
    let (subject, _) = world.in_force(&giver, "example.cn").await;
    world.offer(&giver, &subject, &claims_of(2)).await;
    let search = |id_no: String| HandoverSearch { id_no, ..HandoverSearch::default() };
    let found = async |actor: &Actor, is_searched: bool| {
        let list = world.service.handovers.found_handovers(actor, is_searched).await.unwrap();
        (list.search.id_no, list.rows.len())
    };
    assert_eq!(found(&receiver, true).await, (String::new(), 1), "nothing was searched for");
    let (right, wrong) = (claims_of(1).id_no, claims_of(8).id_no);
    world.service.handovers.search_handovers(&receiver, &search(wrong.clone())).await.unwrap();
    assert_eq!(found(&receiver, true).await, (wrong.clone(), 0));
    assert_eq!(found(&receiver, false).await, (String::new(), 1));
    assert_eq!(found(&other, true).await, (String::new(), 0));
    assert!(!world.is_stored_in_the_open(&wrong).await);
    world.service.handovers.search_handovers(&receiver, &search(right.clone())).await.unwrap();
    assert_eq!(found(&receiver, true).await, (right, 1), "the last one");
    world.later(Duration::minutes(30));
    assert_eq!(found(&receiver, true).await, (String::new(), 1), "forgotten after half an hour");
    world.service.handovers.search_handovers(&receiver, &search("9".repeat(5_000))).await.unwrap();
    assert_eq!(found(&receiver, true).await.0.len(), 40);
}

/// R24
async fn until_it_is_received_the_giver_can_revoke(world: World) {
    let (giver, receiver) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, _) = world.in_force(&giver, "example.cn").await;
    assert_eq!(
        refused(world.service.handovers.revoke_transfer(&giver, &subject).await),
        "该主体没有正在进行的移交"
    );
    let handover = world.offer(&giver, &subject, &claims_of(2)).await;
    world.service.handovers.revoke_transfer(&giver, &subject).await.unwrap();
    assert_eq!(subject_state(&world, &giver).await, RecordState::Active);
    assert_eq!(waiting(&world, &receiver).await, []);
    for late in [
        refused(world.service.handovers.receive(&receiver, &handover).await),
        refused(world.service.handovers.refuse(&receiver, &handover).await),
        refused(world.service.handovers.handover_view(&receiver, &handover).await),
    ] {
        assert_eq!(late, "移交已由移交人撤回");
    }
    assert!(notices(&world, &receiver).await[0].text.contains("已撤回"));
    // And hand it over again, to somebody else.
    let second = world.offer(&giver, &subject, &claims_of(3)).await;
    let other = world.applicant(3).await;
    world.service.handovers.receive(&other, &second).await.unwrap();
    assert_eq!(owner(&world, &subject).await, other.person_id);
    // Who got it can give it back.
    let back = world.offer(&other, &subject, &claims_of(1)).await;
    world.service.handovers.receive(&giver, &back).await.unwrap();
    assert_eq!(owner(&world, &subject).await, giver.person_id);
}

/// R24
async fn the_recipient_can_refuse(world: World) {
    let (giver, receiver) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, _) = world.in_force(&giver, "example.cn").await;
    let handover = world.offer(&giver, &subject, &claims_of(2)).await;
    world.service.handovers.refuse(&receiver, &handover).await.unwrap();
    assert_eq!(subject_state(&world, &giver).await, RecordState::Active);
    assert_eq!(owner(&world, &subject).await, giver.person_id);
    assert_eq!(refused(world.service.handovers.receive(&receiver, &handover).await), "移交已被接收人拒绝");
    assert_eq!(
        refused(world.service.handovers.revoke_transfer(&giver, &subject).await),
        "该主体没有正在进行的移交"
    );
    assert!(notices(&world, &giver).await[0].text.contains("拒绝接收"));
}

/// R24
async fn after_fifteen_days_it_lapses(world: World) {
    let (giver, receiver) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, _) = world.in_force(&giver, "example.cn").await;
    let handover = world.offer(&giver, &subject, &claims_of(2)).await;
    world.later(Duration::days(15) - Duration::SECOND);
    assert_eq!(world.service.handovers.sweep_handovers().await.unwrap(), 0);
    assert_eq!(waiting(&world, &receiver).await[0].days_left, 1);
    world.later(Duration::SECOND);
    // Over, swept or not.
    assert_eq!(waiting(&world, &receiver).await, []);
    let lapsed = "移交超过 15 天未接收，已失效";
    assert_eq!(refused(world.service.handovers.receive(&receiver, &handover).await), lapsed);
    // A clock set back by an hour gives back that hour and no more.
    world.later(-Duration::hours(1));
    assert_eq!(waiting(&world, &receiver).await.len(), 1);
    world.later(Duration::hours(1));
    assert_eq!(world.service.jobs.sweep().await.handovers, 1);
    assert_eq!(world.service.jobs.sweep().await.handovers, 0, "once");
    assert_eq!(subject_state(&world, &world.applicant(1).await).await, RecordState::Active);
    assert_eq!(refused(world.service.handovers.receive(&receiver, &handover).await), lapsed);
    for actor in [&giver, &receiver] {
        assert!(notices(&world, actor).await[0].text.contains("移交已失效"));
    }
    assert_eq!(owner(&world, &subject).await, giver.person_id);
}

/// R24
async fn with_a_filing_open_nothing_is_handed_over(world: World) {
    let giver = world.applicant(1).await;
    let (subject, _) = world.in_force(&giver, "example.cn").await;
    let website = world.website_answers(&giver, "example.com").await;
    let open = world.file(&giver, "website_new", None, &website).await;
    let sentence = "该主体还有未办结的申请单，办结后才能移交";
    let refusal = page(&world, &giver).await.refused.unwrap();
    assert_eq!((refusal.sentence.as_str(), refusal.link.as_deref()), (sentence, Some("/mine/filings")));
    let sent =
        world.service.identity_checks.send_identity_code(&giver, IdentityPurpose::Transfer, &subject).await;
    assert_eq!(refused(sent), sentence);
    world.service.filings.withdraw(&giver, &open).await.unwrap();
    // Filed between the code and the click.
    let code = world.code(&giver, IdentityPurpose::Transfer, &subject).await;
    let open = world.file(&giver, "website_new", None, &website).await;
    let answers = transfer_answers(&claims_of(2), &code);
    let request = TransferRequest { subject: subject.clone(), answers, key: key(&world) };
    assert_eq!(refused(world.service.handovers.offer_transfer(&giver, &request).await), sentence);
    world.service.filings.withdraw(&giver, &open).await.unwrap();
    world.service.handovers.offer_transfer(&giver, &request).await.unwrap();
    let pending = world.applicant(3).await;
    let answers = world.subject_answers_person(&pending).await;
    world.file(&pending, "subject_new", None, &answers).await;
    let sentence = page(&world, &pending).await.refused.unwrap().sentence;
    assert_eq!(sentence, "主体尚未审核通过，通过后才能办理此项业务", "R16");
    let nobody = world.applicant(4).await;
    let sentence = page(&world, &nobody).await.refused.unwrap().sentence;
    assert_eq!(sentence, "您当前尚无有效主体，请先申请主体");
}

/// R26
async fn while_a_subject_is_on_its_way_nothing_else_is_begun(world: World) {
    let giver = world.applicant(1).await;
    let (subject, website) = world.in_force(&giver, "example.cn").await;
    let draft = {
        let answers = world.website_answers(&giver, "example.com").await;
        world.draft(&giver, "website_new", None, &answers).await
    };
    let mut changed = world.subject_answers_person(&giver).await;
    changed.set_text("principal.mobile", "13900001111");
    let change = world.draft(&giver, "subject_change", None, &changed).await;
    world.offer(&giver, &subject, &claims_of(2)).await;
    let sentence = "主体正在移交，不能办理新的业务；如需继续使用，请先撤回移交";
    for draft in [&draft, &change] {
        assert_eq!(acts::sentence(world.submit(&giver, draft, &draft.id).await), sentence);
    }
    for (business, record) in [(Business::Subject, &subject), (Business::Website, &website)] {
        let view =
            world.service.cancellations.cancel_view(&giver, business, Some(record), false).await.unwrap();
        let refusal = view.refused.unwrap();
        assert_eq!(
            (refusal.sentence.as_str(), refusal.link.as_deref()),
            (sentence, Some("/subject/transfer"))
        );
        let filed = world.try_cancel(&giver, business, record, cancel_answers("123456")).await;
        assert_eq!(acts::sentence(filed), sentence);
    }
    let sent =
        world.service.identity_checks.send_identity_code(&giver, IdentityPurpose::Transfer, &subject).await;
    assert_eq!(refused(sent), sentence);
    for offer in world.service.offers.offers(&giver).await.unwrap().into_iter().flat_map(|group| group.offers)
    {
        let is_possible = ["新增主体", "移交主体"].contains(&offer.label.as_str());
        assert_eq!(offer.refused.is_none(), is_possible, "{}", offer.label);
    }
    world.service.handovers.revoke_transfer(&giver, &subject).await.unwrap();
    acts::filed(world.submit(&giver, &draft, "now").await);
}

/// R24
async fn drafts_do_not_move(world: World) {
    let (giver, receiver) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, website) = world.in_force(&giver, "example.cn").await;
    let answers = world.website_answers(&giver, "example.com").await;
    let change = world.draft(&giver, "website_change", Some(&website), &answers).await;
    let handover = world.offer(&giver, &subject, &claims_of(2)).await;
    world.service.handovers.receive(&receiver, &handover).await.unwrap();
    assert_eq!(world.service.drafts.drafts(&receiver, "", "").await.unwrap().total, 0);
    assert_eq!(world.service.drafts.drafts(&giver, "", "").await.unwrap().total, 1);
    let submitted = acts::sentence(world.submit(&giver, &change, "key").await);
    assert_eq!(submitted, "这份草稿所属的主体已不在您名下，不能继续使用");
    let strange = world.service.submissions.submit(&receiver, &change.id, change.version, None, "key").await;
    assert!(matches!(strange, Err(Error::NotFound)));
    // The new owner begins a change of the same website of their own.
    let answers = world.website_answers(&receiver, "example.net").await;
    world.file(&receiver, "website_change", Some(&website), &answers).await;
}

/// R25, R53: what came back moves along and is put right by whom it belongs to now.
async fn what_came_back_before_is_put_right_by_the_new_owner(world: World) {
    let (giver, receiver) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, _) = world.in_force(&giver, "example.cn").await;
    let answers = world.website_answers(&giver, "example.com").await;
    let filing = world.file(&giver, "website_new", None, &answers).await;
    world.decide(&filing, Decision::Return, "请核对", &[]).await;
    world.service.redrafts.redraft(&giver, &filing).await.unwrap();
    let handover = world.offer(&giver, &subject, &claims_of(2)).await;
    world.service.handovers.receive(&receiver, &handover).await.unwrap();
    let href = world.service.redrafts.redraft(&receiver, &filing).await.unwrap();
    let draft = href.split("draft=").nth(1).unwrap();
    let submitted = world.service.submissions.submit(&receiver, draft, 1, None, "key").await.unwrap();
    assert_eq!(acts::filed(submitted), filing);
}

/// R75
async fn of_twenty_clicks_one_hands_over(world: World) {
    let giver = world.applicant(1).await;
    let (subject, _) = world.in_force(&giver, "example.cn").await;
    let code = world.code(&giver, IdentityPurpose::Transfer, &subject).await;
    let answers = transfer_answers(&claims_of(2), &code);
    let request = TransferRequest { subject: subject.clone(), answers, key: key(&world) };
    let mut clicks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (service, giver, request) = (world.service.clone(), giver.clone(), request.clone());
        clicks.spawn(async move { service.handovers.offer_transfer(&giver, &request).await });
    }
    for click in clicks.join_all().await {
        click.unwrap();
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM handover").await, 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM outbox").await, 3, "one code, a message to either side");
    world.service.handovers.revoke_transfer(&giver, &subject).await.unwrap();
    // The browser's back button and the same form again.
    assert_eq!(refused(world.service.handovers.offer_transfer(&giver, &request).await), "移交已由移交人撤回");
    let thief = world.applicant(3).await;
    assert!(matches!(world.service.handovers.offer_transfer(&thief, &request).await, Err(Error::NotFound)));
}

/// R24: giving to two people at once, and giving while a change is submitted.
async fn of_two_offers_at_once_one_wins(world: World) {
    let giver = world.applicant(1).await;
    let (subject, _) = world.in_force(&giver, "example.cn").await;
    let mut answers = world.subject_answers_person(&giver).await;
    answers.set_text("principal.email", "other@example.com");
    for round in 0..10_u32 {
        world.later(Duration::hours(3));
        let draft = world.draft(&giver, "subject_change", None, &answers).await;
        let code = world.code(&giver, IdentityPurpose::Transfer, &subject).await;
        let offers: Vec<TransferRequest> = [2, 3]
            .map(|n| TransferRequest {
                subject: subject.clone(),
                answers: transfer_answers(&claims_of(n), &code),
                key: key(&world),
            })
            .into();
        let mut at_once = tokio::task::JoinSet::new();
        for offer in offers {
            let (service, giver) = (world.service.clone(), giver.clone());
            at_once
                .spawn(async move { service.handovers.offer_transfer(&giver, &offer).await.map(|()| None) });
        }
        let (service, by, draft) = (world.service.clone(), giver.clone(), draft.clone());
        at_once.spawn(async move {
            match service.submissions.submit(&by, &draft.id, draft.version, None, &format!("{round}")).await?
            {
                Submitted::Filing(id) => Ok(Some(id)),
                Submitted::Refused(refused) => Err(Error::Refused(refused)),
                Submitted::Faults(faults) => Err(Error::Faults(faults)),
            }
        });
        let outcomes = at_once.join_all().await;
        let won: Vec<&Option<String>> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        assert_eq!(won.len(), 1, "{outcomes:?}");
        match won[0] {
            Some(filing) => world.service.filings.withdraw(&giver, filing).await.unwrap(),
            None => world.service.handovers.revoke_transfer(&giver, &subject).await.unwrap(),
        }
        for left in world.service.drafts.drafts(&giver, "", "").await.unwrap().rows {
            world.service.drafts.delete_draft(&giver, &left.id).await.unwrap();
        }
    }
}

/// Puts a subject on its way past the identity check.
async fn put_on_its_way(world: &World, subject: &str, giver: &Actor, receiver: &Actor) -> String {
    let (id, now) = (key(world), service::db::millis(world.now()));
    let on = world.raw().await;
    for statement in [
        format!(
            "INSERT INTO handover (id, subject_id, giver_id, receiver_mobile_hash, receiver_id_no_hash, \
             receiver_mobile_sealed, state, created_at) SELECT '{id}', '{subject}', '{}', mobile_hash, \
             id_no_hash, '', 'open', {now} FROM person WHERE id = '{}'",
            giver.person_id, receiver.person_id
        ),
        format!(
            "UPDATE record SET state = 'transferring', owner_id = '{}', version = version + 1 \
             WHERE id = '{subject}'",
            giver.person_id
        ),
    ] {
        on.execute_unprepared(&statement).await.unwrap();
    }
    on.close().await.unwrap();
    id
}

/// R24, R25
async fn receiving_and_revoking_at_once_leave_exactly_one_owner(world: World) {
    let (giver, receiver) = (world.applicant(1).await, world.applicant(2).await);
    let subject = world.put_subject(&giver, "某某公司", "active", "110101").await;
    let mut won = BTreeMap::from([("receive", 0), ("revoke", 0)]);
    for race in 0..common::rounds(60, 500) {
        let handover = put_on_its_way(&world, &subject, &giver, &receiver).await;
        let receiving = {
            let (service, receiver) = (world.service.clone(), receiver.clone());
            async move { service.handovers.receive(&receiver, &handover).await }
        };
        let revoking = {
            let (service, giver, subject) = (world.service.clone(), giver.clone(), subject.clone());
            async move { service.handovers.revoke_transfer(&giver, &subject).await }
        };
        // By turns each is asked first.
        let (received, revoked) = if race % 2 == 0 {
            let (received, revoked) = (tokio::spawn(receiving), tokio::spawn(revoking));
            (received.await.unwrap(), revoked.await.unwrap())
        } else {
            let revoked = tokio::spawn(revoking);
            let received = tokio::spawn(receiving);
            (received.await.unwrap(), revoked.await.unwrap())
        };
        let (owner, other) = match (received, revoked) {
            (Ok(()), late) => {
                assert_eq!(refused(late), "该主体已由接收人接收，不能再撤回");
                *won.get_mut("receive").unwrap() += 1;
                (&receiver, &giver)
            }
            (late, Ok(())) => {
                assert_eq!(refused(late), "移交已由移交人撤回");
                *won.get_mut("revoke").unwrap() += 1;
                (&giver, &receiver)
            }
            both => panic!("{both:?}"),
        };
        let of = format!(
            "SELECT COUNT(*) FROM record WHERE state = 'active' AND owner_id = '{}'",
            owner.person_id
        );
        assert_eq!(world.number(&of).await, 1);
        assert!(world.service.accounts.me(other).await.unwrap().subjects.is_empty());
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM handover WHERE state = 'open'").await, 0);
    assert!(won.values().all(|count| *count > 0), "either came first at times: {won:?}");
    assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
}

/// R25: one person with two accounts, two tabs, two machines.
async fn of_two_receivers_one_gets_it(world: World) {
    let giver = world.applicant(1).await;
    let named = claims_of(2);
    let first = world.sign_in(&named).await;
    let second = world.sign_in(&Claims { sub: "another account".to_owned(), ..named }).await;
    let subject = world.put_subject(&giver, "某某公司", "active", "110101").await;
    for _ in 0..common::rounds(20, 50) {
        let handover = put_on_its_way(&world, &subject, &giver, &first).await;
        let mut at_once = tokio::task::JoinSet::new();
        for receiver in [first.clone(), second.clone(), first.clone()] {
            let (service, handover) = (world.service.clone(), handover.clone());
            at_once.spawn(async move {
                (service.handovers.receive(&receiver, &handover).await, receiver.person_id)
            });
        }
        let (won, late): (Vec<_>, Vec<_>) =
            at_once.join_all().await.into_iter().partition(|(outcome, _)| outcome.is_ok());
        assert_eq!((won.len(), late.len()), (1, 2));
        for (outcome, _) in late {
            assert_eq!(refused(outcome), "该主体已由接收人接收");
        }
        assert_eq!(owner(&world, &subject).await, won[0].1);
    }
}

async fn receiving_and_refusing_at_once_leave_exactly_one_owner(world: World) {
    let (giver, receiver) = (world.applicant(1).await, world.applicant(2).await);
    let subject = world.put_subject(&giver, "某某公司", "active", "110101").await;
    for _ in 0..common::rounds(20, 50) {
        let handover = put_on_its_way(&world, &subject, &giver, &receiver).await;
        let tries = [true, false].map(|receives| {
            let (service, receiver, handover) = (world.service.clone(), receiver.clone(), handover.clone());
            tokio::spawn(async move {
                match receives {
                    true => service.handovers.receive(&receiver, &handover).await,
                    false => service.handovers.refuse(&receiver, &handover).await,
                }
            })
        });
        let [received, refusal] = tries;
        let (received, refusal) = (received.await.unwrap(), refusal.await.unwrap());
        assert!(received.is_ok() != refusal.is_ok(), "{received:?} {refusal:?}");
        let expected = if received.is_ok() { &receiver } else { &giver };
        assert_eq!(owner(&world, &subject).await, expected.person_id);
    }
}

/// R76, R77
async fn what_was_typed_for_a_handover_comes_back(world: World) {
    let giver = world.applicant(1).await;
    let (subject, _) = world.in_force(&giver, "example.cn").await;
    let typed = transfer_answers(&claims_of(77), "123456");
    let request = TransferRequest { subject: subject.clone(), answers: typed.clone(), key: key(&world) };
    let faults = faults_in(world.service.handovers.offer_transfer(&giver, &request).await);
    let purpose = IdentityPurpose::Transfer;
    world.service.identity_checks.stash_identity(&giver, purpose, &subject, &typed, &faults).await.unwrap();
    let page = world.service.handovers.transfer_view(&giver, Some(&subject), true).await.unwrap();
    assert_eq!((page.identity.answers, page.identity.faults), (typed, faults));
    assert!(!world.is_stored_in_the_open(&claims_of(77).id_no).await);
    assert!(!world.is_stored_in_the_open(&claims_of(77).mobile).await);
}

// A walk over people and subjects.

/// Numbers that look random and are the same in each run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn pick<'a>(&mut self, of: &'a [String]) -> Option<&'a str> {
        if of.is_empty() { None } else { of.get(self.below(of.len())).map(String::as_str) }
    }
}

/// What no order of events may break. Each query names what is wrong.
async fn invariants_hold(on: &DatabaseConnection, after: &str) {
    for (what, broken) in [
        (
            "a subject has one owner, and only subjects have",
            "SELECT id FROM record WHERE (business = 'subject') <> (owner_id IS NOT NULL)",
        ),
        (
            "at most one of change, cancel and transfer goes on",
            "SELECT r.id FROM record r WHERE (SELECT COUNT(*) FROM filing f WHERE f.record_id = r.id AND \
             f.state IN ('pending', 'in_review')) + (SELECT COUNT(*) FROM handover h WHERE h.subject_id = r.id \
             AND h.state = 'open') > 1",
        ),
        (
            "a record is in the state of what goes on with it",
            "SELECT r.id FROM record r WHERE (r.state = 'transferring') <> EXISTS (SELECT 1 FROM handover h \
             WHERE h.subject_id = r.id AND h.state = 'open')",
        ),
        (
            "what waits has an open filing",
            "SELECT r.id FROM record r WHERE (r.state IN ('pending', 'changing', 'cancelling')) <> EXISTS \
             (SELECT 1 FROM filing f WHERE f.record_id = r.id AND f.state IN ('pending', 'in_review'))",
        ),
        (
            "no filing is open below a subject on its way (R24)",
            "SELECT f.id FROM filing f JOIN record s ON s.id = f.subject_id WHERE s.state = 'transferring' \
             AND f.state IN ('pending', 'in_review')",
        ),
        (
            "no record outlives its subject (R23)",
            "SELECT r.id FROM record r JOIN record s ON s.id = r.subject_id WHERE s.state IN ('cancelled', 'void') \
             AND r.state NOT IN ('cancelled', 'void')",
        ),
        (
            "nothing is unfinished below a cancelled subject (R23)",
            "SELECT f.id FROM filing f JOIN record s ON s.id = f.subject_id WHERE s.state = 'cancelled' \
             AND f.state IN ('pending', 'in_review', 'returned')",
        ),
        (
            "domains are held by what lives",
            "SELECT d.domain FROM live_domain d JOIN record r ON r.id = d.record_id \
             WHERE r.state IN ('cancelled', 'void')",
        ),
        (
            "the chosen subject is the person's (R6)",
            "SELECT p.id FROM person p JOIN record r ON r.id = p.current_subject_id WHERE r.owner_id <> p.id",
        ),
    ] {
        let found = column(on, broken).await;
        assert!(found.is_empty(), "{what}: {found:?} after {after}");
    }
}

/// Every filing and every record is where its history, replayed by the tables of the domain, leads.
async fn history_replays(on: &DatabaseConnection) {
    let rows = async |statement: &str| {
        let statement = Statement::from_string(on.get_database_backend(), statement);
        on.query_all_raw(statement).await.unwrap()
    };
    let mut filings: BTreeMap<String, FilingState> = BTreeMap::new();
    let mut records: BTreeMap<String, RecordState> = BTreeMap::new();
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let mut subject_of: BTreeMap<String, String> = BTreeMap::new();
    // What happened, in the order in which it did; the clock of the walk never stands still.
    let events = rows(
        "SELECT e.at, 0, f.id, e.event, f.action, f.record_id, f.subject_id, f.applicant_id, f.business, e.id \
         FROM filing_event e JOIN filing f ON f.id = e.filing_id \
         UNION ALL SELECT created_at, 1, id, 'offer', '', subject_id, subject_id, giver_id, '', '' FROM handover \
         UNION ALL SELECT ended_at, 1, h.id, h.state, '', h.subject_id, h.subject_id, p.id, '', '' FROM handover h \
         JOIN person p ON p.id_no_hash = h.receiver_id_no_hash AND p.mobile_hash = h.receiver_mobile_hash \
         WHERE ended_at IS NOT NULL ORDER BY 1, 2, 10, 3",
    )
    .await;
    let mut by_time: BTreeMap<i64, Vec<[String; 7]>> = BTreeMap::new();
    for row in &events {
        let at: i64 = row.try_get_by_index(0).unwrap();
        let text = |index: usize| row.try_get_by_index::<String>(index).unwrap();
        by_time.entry(at).or_default().push([text(2), text(3), text(4), text(5), text(6), text(7), text(8)]);
    }
    for (at, mut moment) in by_time {
        // In one moment a subject goes first, and what follows from it after.
        moment.sort_by_key(|event| event[6] != "subject");
        let mut ended: BTreeSet<String> = BTreeSet::new();
        for [id, event, action, record_id, subject_id, person, business] in moment {
            let event_of = |name: &str| FilingEvent::from_code(name);
            let state = records.get(&record_id).copied();
            let step = match (event.as_str(), action.as_str()) {
                ("submit", _) => {
                    filings.insert(id.clone(), FilingState::Pending);
                    match action.as_str() {
                        "new" => {
                            assert_eq!(state, None, "a record is made once");
                            records.insert(record_id.clone(), RecordState::Pending);
                            subject_of.insert(record_id.clone(), subject_id.clone());
                            if business == "subject" {
                                owners.insert(record_id.clone(), person);
                            }
                            continue;
                        }
                        "change" => RecordEvent::BeginChange,
                        _ => RecordEvent::BeginCancel,
                    }
                }
                ("offer", _) => RecordEvent::OfferTransfer,
                ("received", _) => {
                    owners.insert(record_id.clone(), person);
                    RecordEvent::Receive
                }
                ("revoked" | "refused" | "lapsed", _) => RecordEvent::EndTransfer,
                (name, _) => {
                    let happened = event_of(name).unwrap();
                    let before = filings[&id];
                    let after = filing::next(before, happened);
                    filings.insert(id.clone(), after.unwrap_or_else(|| panic!("{before:?} {happened:?}")));
                    let was_open = before.is_open();
                    match happened {
                        FilingEvent::Claim | FilingEvent::Release | FilingEvent::Transfer => continue,
                        FilingEvent::Approve => {
                            if action == "cancel" && business == "subject" {
                                ended.insert(record_id.clone());
                            }
                            RecordEvent::Approve
                        }
                        FilingEvent::Resubmit if action == "new" => RecordEvent::Resume,
                        FilingEvent::Resubmit => RecordEvent::BeginChange,
                        // With the subject its record ends below; a returned filing's record waits for nothing.
                        FilingEvent::Terminate if !was_open || ended.contains(&subject_id) => continue,
                        FilingEvent::Return
                        | FilingEvent::Reject
                        | FilingEvent::Withdraw
                        | FilingEvent::Terminate => RecordEvent::Fail,
                        FilingEvent::Undo => panic!("where nothing waits, nothing is taken back"),
                    }
                }
            };
            let state = state.unwrap_or_else(|| panic!("{event} of nothing at {at}"));
            let next = record::next(state, step);
            let next = next.unwrap_or_else(|| panic!("{step:?} in {state:?}, {event} at {at}"));
            records.insert(record_id, next);
        }
        for subject in ended {
            let of_subject = subject_of.iter().filter(|(id, of)| **of == subject && **id != subject);
            for (id, _) in of_subject {
                if let Some(next) = record::next(records[id], RecordEvent::SubjectCancelled) {
                    records.insert(id.clone(), next);
                }
            }
        }
    }
    let mut checked = 0;
    for row in rows("SELECT id, state, COALESCE(owner_id, '') FROM record").await {
        let text = |index: usize| row.try_get_by_index::<String>(index).unwrap();
        let (id, state, owner) = (text(0), text(1), text(2));
        assert_eq!(records[&id].code(), state, "record {id}");
        assert_eq!(owners.get(&id).cloned().unwrap_or_default(), owner, "owner of {id}");
        checked += 1;
    }
    for row in rows("SELECT id, state FROM filing").await {
        let text = |index: usize| row.try_get_by_index::<String>(index).unwrap();
        assert_eq!(filings[&text(0)].code(), text(1), "filing {}", text(0));
    }
    assert_eq!(checked, records.len());
}

async fn file(
    service: &Service,
    actor: &Actor,
    procedure: &str,
    record: Option<&str>,
    answers: &Answers,
) -> Result<(), Error> {
    let business = Procedure::from_code(procedure).unwrap().business;
    let mut head: Option<DraftHead> = None;
    for step in business.form().steps.iter().filter(|step| !step.sections().is_empty()) {
        let mut save = acts::save_of(procedure, step.key, head.as_ref(), answers.clone());
        (save.record, save.overwrite) = (record.map(str::to_owned), true);
        head = match service.drafts.save_draft(actor, &save).await? {
            Saved::Ok(head) => Some(head),
            Saved::Faults(faults) => return Err(Error::Faults(faults)),
            Saved::Conflict { .. } => panic!("saved over"),
        };
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

struct Walker {
    actor: Actor,
    claims: Claims,
    subject: Answers,
    website: Answers,
}

/// R26: everybody does whatever comes to their minds.
async fn no_walk_over_people_and_subjects_breaks_what_must_always_hold(world: World) {
    let service = &world.service;
    let officer = world.nth_officer(9001, "110000").await;
    let mut people = Vec::new();
    for n in 1..=3 {
        let actor = world.applicant(n).await;
        let subject = world.subject_answers_person(&actor).await;
        let website = world.website_answers(&actor, "example.cn").await;
        people.push(Walker { actor, claims: claims_of(n), subject, website });
    }
    let on = world.raw().await;
    let mut dice = Dice(20_261_124);
    let mut happened: BTreeMap<&str, u32> = BTreeMap::new();
    let mut events = 0;
    // Everything is asked again and again, so the walk grows with the square.
    let enough = common::rounds(600, 2_000);
    while events < enough {
        let turn = dice.below(people.len());
        let walker = &people[turn];
        let other = &people[dice.below(people.len())];
        let actor = &walker.actor;
        let me = &actor.person_id;
        let pick = async |dice: &mut Dice, statement: String| {
            let found = column(&on, &statement).await;
            dice.pick(&found).map(str::to_owned)
        };
        let mine = |business: &str, states: &str| {
            format!(
                "SELECT r.id FROM record r JOIN record s ON s.id = r.subject_id WHERE s.owner_id = '{me}' \
                 AND r.business {business} 'subject' AND r.state IN ({states}) ORDER BY r.id"
            )
        };
        let filings = |states: &str| {
            format!(
                "SELECT f.id FROM filing f JOIN record s ON s.id = f.subject_id WHERE s.owner_id = '{me}' \
                 AND f.state IN ({states}) ORDER BY f.id DESC LIMIT 20"
            )
        };
        let desk = |state: &str| {
            format!(
                "SELECT id FROM filing WHERE state = '{state}' AND is_reviewable = TRUE ORDER BY id LIMIT 20"
            )
        };
        let actions = [
            ("subject", 3),
            ("website", 6),
            ("change subject", 5),
            ("change website", 4),
            ("cancel subject", 2),
            ("cancel website", 3),
            ("offer", 8),
            ("revoke", 4),
            ("receive", 5),
            ("refuse", 3),
            ("lapse", 1),
            ("switch", 3),
            ("withdraw", 4),
            ("again", 2),
            ("claim", 16),
            ("release", 1),
            ("approve", 18),
            ("return", 3),
            ("reject", 1),
        ];
        let mut at = dice.below(actions.iter().map(|(_, weight)| weight).sum());
        let action = actions
            .iter()
            .find(|(_, weight)| match at.checked_sub(*weight) {
                Some(left) => {
                    at = left;
                    false
                }
                None => true,
            })
            .unwrap()
            .0;
        // At times in states where it cannot be: then it is refused.
        let all = "'pending', 'active', 'changing', 'cancelling', 'transferring', 'cancelled'";
        let states = if dice.below(8) == 0 { all } else { "'active'" };
        let chosen = match action {
            "subject" | "website" | "lapse" => Some(String::new()),
            "change subject" | "cancel subject" | "offer" => pick(&mut dice, mine("=", states)).await,
            "change website" | "cancel website" => pick(&mut dice, mine("<>", states)).await,
            "revoke" => pick(&mut dice, mine("=", "'transferring'")).await,
            "switch" => pick(&mut dice, mine("=", "'pending', 'active'")).await,
            "receive" | "refuse" => {
                let state = if dice.below(8) == 0 { "<> ''" } else { "= 'open'" };
                pick(&mut dice, format!("SELECT id FROM handover WHERE state {state} ORDER BY id")).await
            }
            "withdraw" => pick(&mut dice, filings("'pending'")).await,
            "again" => pick(&mut dice, filings("'returned', 'withdrawn', 'terminated'")).await,
            "claim" => pick(&mut dice, desk("pending")).await,
            _ => pick(&mut dice, desk("in_review")).await,
        };
        world.later(Duration::seconds(61));
        let Some(id) = chosen else { continue };
        let domain = format!("n{}.cn", dice.below(60));
        let mut site = walker.website.clone();
        site.set_text("site.main_domain", domain.clone());
        site.set("site.home_urls", Answer::Many(vec![format!("https://{domain}/")]));
        let mut person = walker.subject.clone();
        let unique = dice.below(9_000) + 1_000;
        person.set_text("principal.mobile", format!("1390000{unique}"));
        let decide = async |decision: Decision| {
            let seen = service.reviews.review(&officer, &id, None).await?.version;
            service.decisions.decide(&officer, &id, seen, decision, "理由", &[]).await
        };
        let outcome = match action {
            "subject" => file(service, actor, "subject_new", None, &person).await,
            "website" => file(service, actor, "website_new", None, &site).await,
            "change subject" => file(service, actor, "subject_change", Some(&id), &person).await,
            "change website" => file(service, actor, "website_change", Some(&id), &site).await,
            "cancel subject" | "cancel website" => {
                let business = if action == "cancel subject" { Business::Subject } else { Business::Website };
                cancel(&world, actor, business, &id).await
            }
            "offer" => offer(&world, walker, &other.claims, &id).await,
            "revoke" => service.handovers.revoke_transfer(actor, &id).await,
            "receive" => service.handovers.receive(actor, &id).await,
            "refuse" => service.handovers.refuse(actor, &id).await,
            "lapse" => {
                world.later(Duration::days(15));
                let lapsed = service.handovers.sweep_handovers().await.unwrap();
                // Nobody stays signed in for so long.
                for walker in &mut people {
                    walker.actor = world.sign_in(&walker.claims).await;
                }
                if lapsed > 0 { Ok(()) } else { Err(Error::NotFound) }
            }
            "switch" => service.accounts.switch_subject(actor, &id).await,
            "withdraw" => service.filings.withdraw(actor, &id).await,
            "again" => again(&world, actor, &id).await,
            "claim" => service.filing_claims.claim(&officer, &id).await,
            "release" => service.filing_claims.release(&officer, &id).await,
            "approve" => decide(Decision::Approve).await,
            "return" => decide(Decision::Return).await,
            "reject" => decide(Decision::Reject).await,
            other => panic!("{other}"),
        };
        events += 1;
        match outcome {
            Ok(()) => *happened.entry(action).or_insert(0) += 1,
            // The pictures went away with a subject (R25): new ones are sent.
            Err(Error::Faults(faults)) if faults.iter().any(|fault| fault.message.contains("文件不存在")) =>
            {
                let actor = people[turn].actor.clone();
                people[turn].subject = world.subject_answers_person(&actor).await;
                people[turn].website = world.website_answers(&actor, "example.cn").await;
            }
            Err(Error::NotFound | Error::Refused(_) | Error::Faults(_) | Error::TooMany(_)) => {}
            Err(error) => panic!("{action}, event {events}: {error:?}"),
        }
        if events % 20 == 0 {
            invariants_hold(&on, &format!("{action}, event {events}")).await;
        }
    }
    history_replays(&on).await;
    on.close().await.unwrap();
    assert_eq!(happened.len(), 19, "the walk went everywhere: {happened:?}");
    assert!(service.audit_chain.verify_audit().await.unwrap().is_whole());
}

/// The responsible person's middle four digits, as the walk knows them: those of the stored number.
async fn middle(
    world: &World,
    actor: &Actor,
    purpose: IdentityPurpose,
    record: &str,
) -> Result<String, Error> {
    world.service.identity_checks.send_identity_code(actor, purpose, record).await?;
    let outbox = world.service.text_messages.outbox().await.unwrap();
    let code = outbox.iter().find(|message| message.text.contains("验证码 ")).unwrap();
    Ok(code.recipient[3..7].to_owned())
}

async fn cancel(world: &World, actor: &Actor, business: Business, record: &str) -> Result<(), Error> {
    let middle = middle(world, actor, IdentityPurpose::Cancel, record).await?;
    let mut answers = cancel_answers(&world.latest_code().await);
    answers.set_text(identity::MIDDLE_FOUR, middle);
    let request = CancelRequest { business, record: record.to_owned(), answers, key: key(world) };
    submitted(world.service.cancellations.submit_cancel(actor, &request).await?)
}

async fn offer(world: &World, walker: &Walker, receiver: &Claims, subject: &str) -> Result<(), Error> {
    let middle = middle(world, &walker.actor, IdentityPurpose::Transfer, subject).await?;
    let mut answers = transfer_answers(receiver, &world.latest_code().await);
    answers.set_text(identity::MIDDLE_FOUR, middle);
    let request = TransferRequest { subject: subject.to_owned(), answers, key: key(world) };
    world.service.handovers.offer_transfer(&walker.actor, &request).await
}

/// 修改后重新提交, or a withdrawn filing filed anew.
async fn again(world: &World, actor: &Actor, id: &str) -> Result<(), Error> {
    let href = world.service.redrafts.redraft(actor, id).await?;
    // A cancellation leads back to its identity check.
    let Some((_, draft)) = href.split_once("draft=") else { return Ok(()) };
    let version = world.number(&format!("SELECT version FROM draft WHERE id = '{draft}'")).await;
    submitted(
        world.service.submissions.submit(actor, draft, version, None, &format!("{draft}-{version}")).await?,
    )
}
