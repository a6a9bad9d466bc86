//! Cancelling subjects and websites (R22, R23, R36) behind the identity check (R72).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "common/acts.rs"]
mod acts;
mod common;
#[path = "common/identity.rs"]
mod identity_check;

use std::collections::BTreeSet;

use common::{World, claims, claims_of};
use domain::answer::Answers;
use domain::business::Business;
use domain::business::identity;
use domain::filing::FilingState;
use domain::record::RecordState;
use domain::schema::{Fault, fault};
use domain::sheet::{Sheet, Shown};
use domain::view::*;
use identity_check::*;
use service::{Actor, Error};
use time::Duration;

claims![
    a_subject_is_cancelled_by_whoever_holds_its_responsible_persons_phone,
    while_a_subject_is_being_cancelled_nothing_else_is_begun,
    a_withdrawn_cancellation_leaves_everything_as_it_was_and_can_be_made_again,
    a_cancellation_that_came_back_shows_the_words_beside_its_fields,
    a_website_is_cancelled_as_a_subject_is,
    approving_a_cancellation_ends_everything_with_the_subject,
    what_is_typed_wrong_is_said_beside_its_field,
    five_wrong_tries_lock_for_half_an_hour_and_survive_a_restart,
    wrong_tries_at_once_are_all_counted,
    codes_that_are_wrong_old_used_or_for_something_else_are_not_taken,
    of_twenty_clicks_one_cancels,
    of_two_tabs_one_cancels_and_the_other_is_told,
    a_clock_set_back_prolongs_nothing,
    what_was_typed_comes_back_with_what_is_wrong,
    nobody_cancels_what_is_not_theirs,
];

async fn subject_state(world: &World, actor: &Actor) -> RecordState {
    world.service.records.my_subject(actor).await.unwrap().unwrap().row.state
}

async fn filing_state(world: &World, actor: &Actor, id: &str) -> FilingState {
    world.service.filings.filing(actor, id).await.unwrap().row.state
}

async fn view(world: &World, actor: &Actor, record: Option<&str>, check: bool) -> CancelView {
    world.service.cancellations.cancel_view(actor, Business::Subject, record, check).await.unwrap()
}

fn labelled<'a>(sheet: &'a Sheet, label: &str) -> Vec<&'a Shown> {
    let rows = sheet.sections.iter().flat_map(|section| &section.rows);
    rows.filter(|row| row.label == label).map(|row| &row.value).collect()
}

fn at(faults: &[Fault], address: &str) -> String {
    let found: Vec<&Fault> = faults.iter().filter(|fault| fault.at == address).collect();
    assert_eq!(found.len(), 1, "{address} in {faults:?}");
    found[0].message.clone()
}

/// R22
async fn a_subject_is_cancelled_by_whoever_holds_its_responsible_persons_phone(world: World) {
    let actor = world.applicant(1).await;
    let (subject, _) = world.in_force(&actor, "example.cn").await;
    let page = view(&world, &actor, None, false).await;
    assert_eq!(page.procedure.label(), "注销主体");
    assert_eq!((page.identity.mobile_head.as_str(), page.identity.mobile_tail.as_str()), ("138", "5678"));
    assert_eq!((page.identity.wait_seconds, page.identity.locked), (0, None));
    assert_eq!(page.attached, [(Business::Website, 1)]);
    assert_eq!((page.open_filings, page.refused), (0, None));
    assert_eq!(page.record.as_ref().unwrap().id, subject);

    let sent = world
        .service
        .identity_checks
        .send_identity_code(&actor, IdentityPurpose::Cancel, &subject)
        .await
        .unwrap();
    assert_eq!(sent, CodeSent { mobile: "138****5678".to_owned(), wait_seconds: 60 });
    let message = world.service.text_messages.outbox().await.unwrap().remove(0);
    assert_eq!(message.recipient, "13800005678", "never to a number somebody typed");
    assert_eq!(view(&world, &actor, None, false).await.identity.wait_seconds, 60);

    let mut answers = cancel_answers(&world.latest_code().await);
    let document = world.document(&actor).await;
    answers.set_text(identity::ATTACHMENT, document.clone());
    let request = CancelRequest {
        business: Business::Subject,
        record: subject.clone(),
        answers,
        key: page.identity.key.clone(),
    };
    let filing = acts::filed(world.service.cancellations.submit_cancel(&actor, &request).await.unwrap());
    let again = world.service.cancellations.submit_cancel(&actor, &request).await.unwrap();
    assert_eq!(acts::filed(again), filing, "the same click again");

    assert_eq!(subject_state(&world, &actor).await, RecordState::Cancelling);
    let shown = world.service.filings.filing(&actor, &filing).await.unwrap();
    assert_eq!(shown.row.procedure.label(), "注销主体");
    assert_eq!(shown.row.state, FilingState::Pending);
    assert!(shown.withdrawal_left.is_some() && shown.changes.is_empty());
    // The check itself, then what it was about.
    assert_eq!(labelled(&shown.sheet, "负责人姓名")[0], &Shown::Text("孙**".to_owned()));
    assert_eq!(labelled(&shown.sheet, "注销原因"), [&Shown::Text(REASON.to_owned())]);
    assert_eq!(labelled(&shown.sheet, "附件说明"), [&Shown::Documents(vec![document.clone()])]);
    assert!(shown.files.contains_key(&document));
    assert_eq!(labelled(&shown.sheet, "负责人证件号码").len(), 1, "what would be cancelled");
    for proof in ["短信验证码", "验证码"] {
        assert!(labelled(&shown.sheet, proof).is_empty(), "{proof}");
    }
    let list = world.service.filings.filings(&actor, "subject_cancel", "", "").await.unwrap();
    assert_eq!(list.rows.len(), 1);
    let notices = world.service.notices.notices(&actor, true, "").await.unwrap();
    assert!(notices.rows[0].text.contains("“注销主体”") && notices.rows[0].link.is_some(), "{notices:?}");
    let officer = world.officer("110101").await;
    let desk = world.service.reviews.review(&officer, &filing, None).await.unwrap();
    assert_eq!(labelled(&desk.sheet, "注销原因").len(), 1);
    assert!(world.service.files.open_file(&officer, &document).await.is_ok());
    assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
}

/// R26
async fn while_a_subject_is_being_cancelled_nothing_else_is_begun(world: World) {
    let actor = world.applicant(1).await;
    let (subject, website) = world.in_force(&actor, "example.cn").await;
    let draft = {
        let answers = world.website_answers(&actor, "example.com").await;
        world.draft(&actor, "website_new", None, &answers).await
    };
    let filing = world.cancel(&actor, Business::Subject, &subject).await;
    let sentence = "主体正在注销，不能办理新的业务；如需继续使用，请先撤销注销申请";
    assert_eq!(acts::sentence(world.submit(&actor, &draft, "key").await), sentence);
    let link = format!("/mine/filings/{filing}");
    let refused = |view: CancelView| view.refused.unwrap();
    let again = refused(view(&world, &actor, None, false).await);
    assert_eq!((again.sentence.as_str(), again.link.as_deref()), ("存在审核中的单据", Some(link.as_str())));
    let of_website = world
        .service
        .cancellations
        .cancel_view(&actor, Business::Website, Some(&website), false)
        .await
        .unwrap();
    assert_eq!(refused(of_website).sentence, sentence);
    let transfer = world.service.handovers.transfer_view(&actor, None, false).await.unwrap();
    assert_eq!(transfer.refused.unwrap().sentence, "存在审核中的单据");
    for purpose in [IdentityPurpose::Cancel, IdentityPurpose::Transfer] {
        let sent = world.service.identity_checks.send_identity_code(&actor, purpose, &subject).await;
        assert_eq!(identity_check::refused(sent), "存在审核中的单据", "no code is wasted");
    }
    let answers = transfer_answers(&claims_of(2), "123456");
    let request = TransferRequest { subject: subject.clone(), answers, key: key(&world) };
    let offered = world.service.handovers.offer_transfer(&actor, &request).await;
    assert_eq!(identity_check::refused(offered), "存在审核中的单据");
    let mut change = world.subject_answers_person(&actor).await;
    change.set_text("principal.mobile", "13900001111");
    let change = world.draft(&actor, "subject_change", None, &change).await;
    assert_eq!(acts::sentence(world.submit(&actor, &change, "other").await), "存在审核中的单据");
    for offer in world.service.offers.offers(&actor).await.unwrap().into_iter().flat_map(|group| group.offers)
    {
        let is_possible = offer.label == "新增主体";
        assert_eq!(offer.refused.is_none(), is_possible, "{}", offer.label);
    }
}

/// R17
async fn a_withdrawn_cancellation_leaves_everything_as_it_was_and_can_be_made_again(world: World) {
    let actor = world.applicant(1).await;
    let (subject, _) = world.in_force(&actor, "example.cn").await;
    let filing = world.cancel(&actor, Business::Subject, &subject).await;
    world.later(Duration::minutes(30) - Duration::SECOND);
    world.service.filings.withdraw(&actor, &filing).await.unwrap();
    assert_eq!(subject_state(&world, &actor).await, RecordState::Active);
    assert_eq!(filing_state(&world, &actor, &filing).await, FilingState::Withdrawn);
    assert_eq!(world.number("SELECT COUNT(*) FROM live_domain").await, 1);

    let href = world.service.redrafts.redraft(&actor, &filing).await.unwrap();
    assert_eq!(href, format!("/subject/cancel?record={subject}&check=1"));
    let page = view(&world, &actor, Some(&subject), true).await;
    assert_eq!(page.identity.answers, identity::filed(cancel_answers("")));
    assert_eq!(page.identity.faults, []);
    let second = world.cancel(&actor, Business::Subject, &subject).await;
    assert_ne!(second, filing);
    world.later(Duration::minutes(30));
    assert!(matches!(world.service.filings.withdraw(&actor, &second).await, Err(Error::Refused(_))));
}

/// R53
async fn a_cancellation_that_came_back_shows_the_words_beside_its_fields(world: World) {
    let actor = world.applicant(1).await;
    let (subject, _) = world.in_force(&actor, "example.cn").await;
    let filing = world.cancel(&actor, Business::Subject, &subject).await;
    let words = [fault(identity::REASON, "请说明网站何时停止运营"), fault("principal.mobile", "请先变更")];
    world.decide(&filing, Decision::Return, "理由不足", &words).await;
    assert_eq!(subject_state(&world, &actor).await, RecordState::Active);
    let shown = world.service.filings.filing(&actor, &filing).await.unwrap();
    assert_eq!((shown.remarks.as_slice(), shown.general_remark.as_deref()), (&words[..], Some("理由不足")));
    world.service.redrafts.redraft(&actor, &filing).await.unwrap();
    let page = view(&world, &actor, Some(&subject), true).await;
    assert_eq!(at(&page.identity.faults, identity::REASON), "请说明网站何时停止运营");
    let second = world.cancel(&actor, Business::Subject, &subject).await;
    world.decide(&second, Decision::Approve, "", &[]).await;
    assert_eq!(filing_state(&world, &actor, &filing).await, FilingState::Terminated);
}

/// R36
async fn a_website_is_cancelled_as_a_subject_is(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let (_, website) = world.in_force(&actor, "example.cn").await;
    let page = world
        .service
        .cancellations
        .cancel_view(&actor, Business::Website, Some(&website), false)
        .await
        .unwrap();
    assert_eq!(page.procedure.label(), "注销网站");
    assert_eq!((page.identity.mobile_head.as_str(), page.identity.mobile_tail.as_str()), ("138", "5678"));
    assert_eq!((page.attached.len(), page.refused), (0, None));
    let without = world.service.cancellations.cancel_view(&actor, Business::Website, None, false).await;
    assert!(matches!(without, Err(Error::NotFound)), "chosen from the list");
    let mixed =
        world.service.cancellations.cancel_view(&actor, Business::Subject, Some(&website), false).await;
    assert!(matches!(mixed, Err(Error::NotFound)));

    let filing = world.cancel(&actor, Business::Website, &website).await;
    let shown = world.service.filings.filing(&actor, &filing).await.unwrap();
    assert_eq!(shown.row.procedure.label(), "注销网站");
    assert_eq!(labelled(&shown.sheet, "主域名"), [&Shown::Text("example.cn".to_owned())]);
    assert_eq!(subject_state(&world, &actor).await, RecordState::Active, "the subject goes on");
    let row = world.service.records.records(&actor, Business::Website, "").await.unwrap().rows.remove(0);
    assert_eq!(row.state, RecordState::Cancelling);
    assert_eq!(row.offers[1].refused.as_ref().unwrap().sentence, "存在审核中的单据");

    let filed_twice = world.website_answers(&other, "example.cn").await;
    let before = world.subject_answers_person(&other).await;
    world.file(&other, "subject_new", None, &before).await;
    let draft = world.draft(&other, "website_new", None, &filed_twice).await;
    faults_of(world.submit(&other, &draft, "early").await);
    world.decide(&filing, Decision::Approve, "", &[]).await;
    let row = world.service.records.records(&actor, Business::Website, "").await.unwrap().rows.remove(0);
    assert_eq!(row.state, RecordState::Cancelled);
    acts::filed(world.submit(&other, &draft, "late").await);
    let notices = world.service.notices.notices(&actor, true, "").await.unwrap();
    assert!(
        notices.rows[0].text.starts_with("您的注销网站申请") && notices.rows[0].text.ends_with("审核通过")
    );
}

/// R23: cancelling while filings of websites are open is possible; they end with it.
async fn approving_a_cancellation_ends_everything_with_the_subject(world: World) {
    let actor = world.applicant(1).await;
    let (subject, _) = world.in_force(&actor, "example.cn").await;
    let officer = world.officer("110101").await;
    let open = {
        let answers = world.website_answers(&actor, "example.com").await;
        world.file(&actor, "website_new", None, &answers).await
    };
    let claimed = {
        let answers = world.website_answers(&actor, "example.net").await;
        world.file(&actor, "website_new", None, &answers).await
    };
    world.service.filing_claims.claim(&officer, &claimed).await.unwrap();
    let page = view(&world, &actor, None, false).await;
    assert_eq!((page.refused, page.open_filings), (None, 2));
    let cancel = world.cancel(&actor, Business::Subject, &subject).await;
    assert_eq!(filing_state(&world, &actor, &open).await, FilingState::Pending, "until it is decided");
    world.decide(&cancel, Decision::Approve, "", &[]).await;
    for id in [&open, &claimed] {
        assert_eq!(filing_state(&world, &actor, id).await, FilingState::Terminated);
    }
    assert_eq!(filing_state(&world, &actor, &cancel).await, FilingState::Approved);
    assert_eq!(world.number("SELECT COUNT(*) FROM live_domain").await, 0, "free for others");
    let living = "SELECT COUNT(*) FROM record WHERE state NOT IN ('cancelled', 'void')";
    assert_eq!(world.number(living).await, 0);
    assert!(world.service.records.my_subject(&actor).await.unwrap().is_none());
    let offers = world.service.offers.offers(&actor).await.unwrap();
    assert!(offers[0].offers[0].refused.is_none(), "新增主体 is possible again");
    let notices = world.service.notices.notices(&actor, true, "").await.unwrap();
    let told = notices.rows.iter().any(|row| row.text.contains("其下 1 项业务一并注销"));
    assert!(told, "{:?}", notices.rows);
    let page = view(&world, &actor, None, false).await;
    assert_eq!(page.refused.unwrap().sentence, "您当前尚无有效主体，请先申请主体");
    let late = world.try_cancel(&actor, Business::Subject, &subject, cancel_answers("123456")).await;
    assert_eq!(acts::sentence(late), "主体已注销，不能再办理业务");
}

/// R22, R72
async fn what_is_typed_wrong_is_said_beside_its_field(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, _) = world.in_force(&actor, "example.cn").await;
    let code = world.code(&actor, IdentityPurpose::Cancel, &subject).await;
    let attempt = async |pairs: &[(&str, &str)]| {
        let mut answers = cancel_answers(&code);
        for (address, text) in pairs {
            answers.set_text(*address, *text);
        }
        faults_of(world.try_cancel(&actor, Business::Subject, &subject, answers).await)
    };
    let empty = world.try_cancel(&actor, Business::Subject, &subject, Answers::new()).await;
    let empty: Vec<String> = faults_of(empty).into_iter().map(|fault| fault.at).collect();
    assert_eq!(empty, [identity::NAME, identity::MIDDLE_FOUR, identity::SMS_CODE, identity::REASON]);

    let found = attempt(&[(identity::NAME, "孙丙"), (identity::REASON, "不做了")]).await;
    assert_eq!(found.len(), 2);
    assert_eq!(at(&found, identity::NAME), "与已备案的负责人姓名不一致");
    assert_eq!(at(&found, identity::REASON), "请填写至少 5 个字的注销原因，现在是 3 个字");
    let found = attempt(&[(identity::NAME, "孙**")]).await;
    assert_eq!(found[0].at, identity::NAME, "stars are no name");

    let (picture, foreign) = (world.picture(&actor, 1).await, world.document(&other).await);
    for (file, sentence) in [
        (picture.as_str(), "请上传 pdf 格式的文件"),
        (foreign.as_str(), "文件不存在或已失效，请重新上传"),
        ("x", "文件无法识别，请重新上传"),
    ] {
        let found = attempt(&[(identity::ATTACHMENT, file)]).await;
        assert_eq!(at(&found, identity::ATTACHMENT), sentence);
    }
    // Of wrong digits and a wrong code, only the digits are said: nobody guesses both at once.
    let found = attempt(&[(identity::MIDDLE_FOUR, "1111"), (identity::SMS_CODE, &wrong(&code))]).await;
    assert_eq!(found.len(), 1);
    assert_eq!(at(&found, identity::MIDDLE_FOUR), "手机号码中间四位不正确，还可以尝试 4 次");
    assert_eq!(world.number("SELECT MAX(tries) FROM sms_code").await, 0);
    let found = attempt(&[(identity::SMS_CODE, &wrong(&code))]).await;
    assert_eq!(at(&found, identity::SMS_CODE), "验证码不正确，还可以尝试 4 次");
    let found = attempt(&[("identity.strange", "x")]).await;
    assert_eq!(found[0].at, "identity.strange");

    let mut answers = cancel_answers(&code);
    answers.set_text(identity::MIDDLE_FOUR, "００００");
    answers.set_text(identity::NAME, " 孙 丙丁 ");
    acts::filed(world.try_cancel(&actor, Business::Subject, &subject, answers).await);
    assert_eq!(world.number("SELECT COUNT(*) FROM identity_check").await, 0, "forgotten");
}

/// R22, R72: in the database, so that a restart forgives nothing.
async fn five_wrong_tries_lock_for_half_an_hour_and_survive_a_restart(world: World) {
    let actor = world.applicant(1).await;
    let (subject, website) = world.in_force(&actor, "example.cn").await;
    let code = world.code(&actor, IdentityPurpose::Cancel, &subject).await;
    let request = |answers: Answers| CancelRequest {
        business: Business::Subject,
        record: subject.clone(),
        answers,
        key: key(&world),
    };
    let with = |address: &str, text: &str| {
        let mut answers = cancel_answers(&code);
        answers.set_text(address, text);
        request(answers)
    };
    for (address, text) in [
        (identity::MIDDLE_FOUR, "1111"),
        (identity::SMS_CODE, wrong(&code).as_str()),
        (identity::MIDDLE_FOUR, "2222"),
        (identity::SMS_CODE, wrong(&code).as_str()),
    ] {
        let found =
            faults_of(world.service.cancellations.submit_cancel(&actor, &with(address, text)).await.unwrap());
        assert!(at(&found, address).contains("还可以尝试"), "{found:?}");
    }
    let restarted = world.restarted().await;
    let locked = "身份验证错误次数过多，请 30 分钟后再试";
    let fifth =
        restarted.cancellations.submit_cancel(&actor, &with(identity::MIDDLE_FOUR, "3333")).await.unwrap();
    assert_eq!(at(&faults_of(fifth), identity::MIDDLE_FOUR), locked);
    let right = restarted.cancellations.submit_cancel(&actor, &request(cancel_answers(&code))).await.unwrap();
    assert_eq!(at(&faults_of(right), identity::MIDDLE_FOUR), locked, "now the right ones are worth nothing");
    // The subject's number is the same for all its businesses and for handing over.
    for (purpose, record) in [
        (IdentityPurpose::Cancel, &subject),
        (IdentityPurpose::Cancel, &website),
        (IdentityPurpose::Transfer, &subject),
    ] {
        assert_eq!(
            refused(restarted.identity_checks.send_identity_code(&actor, purpose, record).await),
            locked
        );
    }
    assert_eq!(view(&world, &actor, None, false).await.identity.locked.as_deref(), Some(locked));
    world.later(Duration::minutes(29));
    let soon = "身份验证错误次数过多，请 1 分钟后再试";
    assert_eq!(view(&world, &actor, None, false).await.identity.locked.as_deref(), Some(soon));
    assert_eq!(world.service.identity_checks.sweep_identity().await.unwrap(), 0, "not swept before its time");
    world.later(Duration::minutes(1));
    assert_eq!(view(&world, &actor, None, false).await.identity.locked, None);
    world.cancel(&actor, Business::Subject, &subject).await;
    let lines = "SELECT COUNT(*) FROM audit WHERE action = 'identity.wrong'";
    assert_eq!(world.number(lines).await, 5);
}

async fn wrong_tries_at_once_are_all_counted(world: World) {
    let actor = world.applicant(1).await;
    let (subject, _) = world.in_force(&actor, "example.cn").await;
    let mut at_once = tokio::task::JoinSet::new();
    for digits in 0..20 {
        let (service, actor) = (world.service.clone(), actor.clone());
        let mut answers = cancel_answers("123456");
        answers.set_text(identity::MIDDLE_FOUR, format!("1{digits:03}"));
        let request =
            CancelRequest { business: Business::Subject, record: subject.clone(), answers, key: key(&world) };
        at_once.spawn(async move { service.cancellations.submit_cancel(&actor, &request).await.unwrap() });
    }
    let sentences = at_once.join_all().await.into_iter().map(faults_of);
    let sentences: Vec<String> = sentences.map(|faults| at(&faults, identity::MIDDLE_FOUR)).collect();
    let distinct: BTreeSet<&String> = sentences.iter().collect();
    assert_eq!(distinct.len(), 5, "{distinct:?}");
    assert_eq!(sentences.iter().filter(|sentence| sentence.contains("次数过多")).count(), 16);
    assert_eq!(world.number("SELECT wrong FROM identity_check").await, 5);
}

/// R72
async fn codes_that_are_wrong_old_used_or_for_something_else_are_not_taken(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, website) = world.in_force(&actor, "example.cn").await;
    let gone = "验证码已失效，请重新获取";
    let attempt = async |business: Business, record: &str, code: &str| {
        let found = faults_of(world.try_cancel(&actor, business, record, cancel_answers(code)).await);
        at(&found, identity::SMS_CODE)
    };
    assert_eq!(attempt(Business::Subject, &subject, "123456").await, gone, "none was sent");
    let for_transfer = world.code(&actor, IdentityPurpose::Transfer, &subject).await;
    assert_eq!(attempt(Business::Subject, &subject, &for_transfer).await, gone);
    let for_website = world.code(&actor, IdentityPurpose::Cancel, &website).await;
    assert_eq!(attempt(Business::Subject, &subject, &for_website).await, gone);
    let old = world.code(&actor, IdentityPurpose::Cancel, &subject).await;
    let newer = world.code(&actor, IdentityPurpose::Cancel, &subject).await;
    if old != newer {
        assert!(attempt(Business::Subject, &subject, &old).await.starts_with("验证码不正确"));
    }
    world.later(Duration::minutes(5));
    assert_eq!(attempt(Business::Subject, &subject, &newer).await, gone, "after five minutes");
    let code = world.code(&actor, IdentityPurpose::Cancel, &subject).await;
    let filed = world.try_cancel(&actor, Business::Subject, &subject, cancel_answers(&code)).await;
    world.service.filings.withdraw(&actor, &acts::filed(filed)).await.unwrap();
    assert_eq!(attempt(Business::Subject, &subject, &code).await, gone, "used");
    // A minute has not passed for this number, whoever asks and for whatever.
    let wait =
        world.service.identity_checks.send_identity_code(&actor, IdentityPurpose::Cancel, &website).await;
    assert!(matches!(wait, Err(Error::TooMany(60))), "{wait:?}");
    let strange =
        world.service.identity_checks.send_identity_code(&other, IdentityPurpose::Cancel, &subject).await;
    assert!(matches!(strange, Err(Error::NotFound)));
    // What had run out was nobody's guess.
    assert_eq!(world.number("SELECT COUNT(*) FROM identity_check").await, 0);
}

/// R75
async fn of_twenty_clicks_one_cancels(world: World) {
    let actor = world.applicant(1).await;
    let (subject, _) = world.in_force(&actor, "example.cn").await;
    let code = world.code(&actor, IdentityPurpose::Cancel, &subject).await;
    let request = CancelRequest {
        business: Business::Subject,
        record: subject,
        answers: cancel_answers(&code),
        key: key(&world),
    };
    let mut clicks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (service, actor, request) = (world.service.clone(), actor.clone(), request.clone());
        clicks.spawn(async move { service.cancellations.submit_cancel(&actor, &request).await.unwrap() });
    }
    let filings: BTreeSet<String> = clicks.join_all().await.into_iter().map(acts::filed).collect();
    assert_eq!(filings.len(), 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM filing WHERE action = 'cancel'").await, 1);
    let codes = "SELECT COUNT(*) FROM sms_code WHERE used_at IS NOT NULL";
    assert_eq!(world.number(codes).await, 1);
}

/// R20, R75
async fn of_two_tabs_one_cancels_and_the_other_is_told(world: World) {
    let actor = world.applicant(1).await;
    let (subject, _) = world.in_force(&actor, "example.cn").await;
    let code = world.code(&actor, IdentityPurpose::Cancel, &subject).await;
    let mut tabs = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let (service, actor) = (world.service.clone(), actor.clone());
        let (record, answers) = (subject.clone(), cancel_answers(&code));
        let request = CancelRequest { business: Business::Subject, record, answers, key: key(&world) };
        tabs.spawn(async move { service.cancellations.submit_cancel(&actor, &request).await.unwrap() });
    }
    let (mut filed, mut told) = (0, 0);
    for answer in tabs.join_all().await {
        match answer {
            Submitted::Filing(_) => filed += 1,
            Submitted::Refused(refused) => {
                let sentences = ["存在审核中的单据", "验证码已使用或已失效，请重新获取"];
                assert!(sentences.contains(&refused.sentence.as_str()), "{refused:?}");
                told += 1;
            }
            Submitted::Faults(faults) => {
                assert_eq!(at(&faults, identity::SMS_CODE), "验证码已失效，请重新获取");
                told += 1;
            }
        }
    }
    assert_eq!((filed, told), (1, 1));
    assert_eq!(world.number("SELECT COUNT(*) FROM filing WHERE action = 'cancel'").await, 1);
}

/// R17, R72: the server's clock is found an hour earlier.
async fn a_clock_set_back_prolongs_nothing(world: World) {
    let actor = world.applicant(1).await;
    let (subject, _) = world.in_force(&actor, "example.cn").await;
    let code = world.code(&actor, IdentityPurpose::Cancel, &subject).await;
    world.later(-Duration::hours(1));
    let found = faults_of(world.try_cancel(&actor, Business::Subject, &subject, cancel_answers(&code)).await);
    assert_eq!(at(&found, identity::SMS_CODE), "验证码已失效，请重新获取");
    let code = world.code(&actor, IdentityPurpose::Cancel, &subject).await;
    for digits in ["1111", "2222", "3333", "4444", "5555"] {
        let mut answers = cancel_answers(&code);
        answers.set_text(identity::MIDDLE_FOUR, digits);
        faults_of(world.try_cancel(&actor, Business::Subject, &subject, answers).await);
    }
    world.later(-Duration::hours(1));
    let locked = view(&world, &actor, None, false).await.identity.locked;
    assert_eq!(locked.as_deref(), Some("身份验证错误次数过多，请 30 分钟后再试"), "and not a minute less");
    world.later(Duration::hours(2));
    let filing = world.cancel(&actor, Business::Subject, &subject).await;
    world.later(-Duration::hours(1));
    let left = world.service.filings.filing(&actor, &filing).await.unwrap().withdrawal_left;
    assert_eq!(left, Some(30 * 60));
}

/// R76, R77: without scripts the server holds what was typed.
async fn what_was_typed_comes_back_with_what_is_wrong(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, website) = world.in_force(&actor, "example.cn").await;
    let service = &world.service;
    let document = world.document(&actor).await;
    let mut typed = cancel_answers("123456");
    typed.set_text(identity::NAME, "钱辛壬");
    typed.set_text(identity::ATTACHMENT, document.clone());
    let faults = faults_of(world.try_cancel(&actor, Business::Subject, &subject, typed.clone()).await);
    let mut posted = typed.clone();
    posted.set_text("identity.strange", "x");
    posted.set_text(identity::REASON, "长".repeat(20_001));
    typed.remove(identity::REASON);
    service
        .identity_checks
        .stash_identity(&actor, IdentityPurpose::Cancel, &subject, &posted, &faults)
        .await
        .unwrap();
    let page = view(&world, &actor, Some(&subject), true).await.identity;
    assert_eq!((&page.answers, &page.faults), (&typed, &faults));
    assert!(page.files.contains_key(&document));
    let untouched = view(&world, &actor, Some(&subject), false).await.identity;
    assert!(untouched.answers.is_empty() && untouched.faults.is_empty(), "only where it is asked for");
    let elsewhere =
        service.cancellations.cancel_view(&actor, Business::Website, Some(&website), true).await.unwrap();
    assert!(elsewhere.identity.answers.is_empty());
    assert!(!world.is_stored_in_the_open("钱辛壬").await);
    let strange = service
        .identity_checks
        .stash_identity(&other, IdentityPurpose::Cancel, &subject, &posted, &faults)
        .await;
    assert!(matches!(strange, Err(Error::NotFound)));

    world.later(Duration::minutes(30));
    assert!(view(&world, &actor, Some(&subject), true).await.identity.answers.is_empty());
    world.later(Duration::SECOND);
    assert_eq!(world.service.identity_checks.sweep_identity().await.unwrap(), 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM held_form").await, 0);
    let foreign = world.document(&other).await;
    typed.set_text(identity::ATTACHMENT, foreign);
    service
        .identity_checks
        .stash_identity(&actor, IdentityPurpose::Cancel, &subject, &typed, &[])
        .await
        .unwrap();
    let page = view(&world, &actor, Some(&subject), true).await.identity;
    assert!(page.files.is_empty(), "of other people's files not even the name is shown");
    world.cancel(&actor, Business::Subject, &subject).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM held_form").await, 0, "gone with what it was for");
}

/// R74
async fn nobody_cancels_what_is_not_theirs(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let (subject, website) = world.in_force(&actor, "example.cn").await;
    for (business, record) in [
        (Business::Subject, subject.as_str()),
        (Business::Website, website.as_str()),
        (Business::Subject, "x"),
        (Business::Subject, "019c0000-0000-7000-8000-000000000000"),
    ] {
        let view = world.service.cancellations.cancel_view(&other, business, Some(record), false).await;
        assert!(matches!(view, Err(Error::NotFound)), "{view:?}");
        let request = CancelRequest {
            business,
            record: record.to_owned(),
            answers: cancel_answers("123456"),
            key: key(&world),
        };
        let filed = world.service.cancellations.submit_cancel(&other, &request).await;
        assert!(matches!(filed, Err(Error::NotFound)), "{filed:?}");
        let code =
            world.service.identity_checks.send_identity_code(&other, IdentityPurpose::Cancel, record).await;
        assert!(matches!(code, Err(Error::NotFound)), "{code:?}");
    }
    let request = CancelRequest {
        business: Business::Website,
        record: subject.clone(),
        answers: cancel_answers("123456"),
        key: key(&world),
    };
    assert!(matches!(
        world.service.cancellations.submit_cancel(&actor, &request).await,
        Err(Error::NotFound)
    ));
    for key in [String::new(), "k".repeat(101)] {
        let request = CancelRequest { business: Business::Subject, key, ..request.clone() };
        let faults = faults_of(world.service.cancellations.submit_cancel(&actor, &request).await.unwrap());
        assert_eq!(faults[0].at, "");
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM sms_code").await, 0);
    assert_eq!(subject_state(&world, &actor).await, RecordState::Active);
}
