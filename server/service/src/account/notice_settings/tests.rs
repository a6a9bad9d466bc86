#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use domain::view::Decision;
use time::Duration;

use super::*;
use crate::Service;
use crate::account::mail::Mailer;
use crate::account::mail::tests::{Mood, PostOffice};
use crate::common::{World, claims, claims_of};

claims![
    who_chose_nothing_is_called_for_a_return_alone,
    each_switch_calls_for_its_kind_in_its_way_and_no_other,
    a_message_says_nothing_about_whom_or_what,
    a_decision_calls_once_however_many_filings_it_is_about,
    what_one_did_oneself_calls_nobody,
    so_many_calls_a_day_and_no_more,
    nothing_goes_to_an_address_before_its_code_came_back,
    a_code_for_an_address_is_the_persons_own_and_good_once,
    another_address_replaces_the_one_before_which_is_told,
    a_person_names_so_many_addresses_a_day,
    what_was_typed_and_did_not_pass_is_shown_again_for_a_while,
    forgetting_an_address_switches_its_mails_off,
    addresses_are_stored_sealed,
    only_staff_have_switches_for_the_work_of_staff,
    a_mail_server_that_is_down_keeps_nobody_waiting_and_gets_it_later,
    a_mailbox_that_is_not_there_is_not_tried_again,
    without_a_mail_server_nobody_is_offered_one,
    what_cannot_be_opened_keeps_no_decision_from_being_made,
];

const ADDRESSED: &str = "Zhao.Mou@mailbox.example.cn";

async fn notify(service: &Service, actor: &Actor, kind: NoticeKind) {
    let tx = service.parts.context.db.begin().await.unwrap();
    let link = Some("/mine/filings/1".to_owned());
    service.notices.notify(&tx, &actor.person_id, kind, "您的新办网站（编号 W1）已退回", link).await.unwrap();
    tx.commit().await.unwrap();
}

/// What the outbox holds: way, recipient, words; the oldest first.
async fn outbox(service: &Service) -> Vec<(Channel, String, String)> {
    let rows = service.text_messages.outbox().await.unwrap();
    rows.into_iter().rev().map(|row| (row.channel, row.recipient, row.text)).collect()
}

async fn empty(world: &World) {
    world.execute("DELETE FROM outbox").await;
}

async fn choose(service: &Service, actor: &Actor, kind: NoticeKind, sms: bool, mail: bool) {
    let choice = NoticeChoice { kind, sms, mail };
    service.notice_settings.choose_notices(actor, &[choice]).await.unwrap();
}

/// The code in the newest e-mail.
async fn code(service: &Service) -> String {
    let rows = service.text_messages.outbox().await.unwrap();
    let text = &rows.iter().find(|row| row.channel == Channel::Mail).unwrap().text;
    text.split_once("验证码 ").unwrap().1[..6].to_owned()
}

async fn confirm(service: &Service, actor: &Actor, address: &str) {
    service.notice_settings.name_mail_address(actor, address).await.unwrap();
    let code = code(service).await;
    service.notice_settings.confirm_mail_address(actor, &code).await.unwrap();
}

async fn mail_of(service: &Service, actor: &Actor, check: bool) -> MailSetting {
    service.notice_settings.notice_settings(actor, check).await.unwrap().mail.unwrap()
}

fn fault_of(outcome: Result<()>) -> (String, String) {
    match outcome {
        Err(Error::Faults(faults)) => (faults[0].at.clone(), faults[0].message.clone()),
        other => panic!("{other:?}"),
    }
}

async fn who_chose_nothing_is_called_for_a_return_alone(world: World) {
    let actor = world.applicant(1).await;
    confirm(&world.service, &actor, ADDRESSED).await;
    empty(&world).await;
    for kind in NoticeKind::ALL {
        notify(&world.service, &actor, kind).await;
        let called = outbox(&world.service).await;
        match kind {
            NoticeKind::Returned => {
                assert_eq!(called.len(), 1);
                assert_eq!((called[0].0, called[0].1.as_str()), (Channel::Sms, "13800000001"));
            }
            _ => assert_eq!(called, [], "{kind:?}"),
        }
        empty(&world).await;
    }
    let settings = world.service.notice_settings.notice_settings(&actor, false).await.unwrap();
    for choice in settings.choices {
        assert_eq!((choice.sms, choice.mail), (choice.kind == NoticeKind::Returned, false));
    }
}

async fn each_switch_calls_for_its_kind_in_its_way_and_no_other(world: World) {
    let actor = world.applicant(1).await;
    confirm(&world.service, &actor, ADDRESSED).await;
    let kinds: Vec<_> = kinds_for(&actor).collect();
    for chosen in &kinds {
        for (sms, mail) in [(false, false), (true, false), (false, true), (true, true)] {
            for kind in &kinds {
                let is_it = kind == chosen;
                choose(&world.service, &actor, *kind, sms && is_it, mail && is_it).await;
            }
            for kind in &kinds {
                empty(&world).await;
                notify(&world.service, &actor, *kind).await;
                let ways: Vec<Channel> =
                    outbox(&world.service).await.into_iter().map(|call| call.0).collect();
                let wanted = [(Channel::Sms, sms), (Channel::Mail, mail)];
                let expected: Vec<Channel> =
                    wanted.into_iter().filter(|(_, on)| *on && kind == chosen).map(|(way, _)| way).collect();
                assert_eq!(ways, expected, "{chosen:?} {sms} {mail}: {kind:?}");
            }
        }
    }
    world.is_as_the_audit_log_says().await;
}

async fn a_message_says_nothing_about_whom_or_what(world: World) {
    let actor = world.applicant(1).await;
    confirm(&world.service, &actor, ADDRESSED).await;
    for kind in kinds_for(&actor) {
        choose(&world.service, &actor, kind, true, true).await;
        empty(&world).await;
        notify(&world.service, &actor, kind).await;
        let called = outbox(&world.service).await;
        assert_eq!(called.len(), 2);
        for (way, _, text) in called {
            assert!(text.contains("请登录平台查看系统通知：http://127.0.0.1:3000"), "{text}");
            assert!(text.starts_with("【联网备案服务平台】您"));
            assert_eq!(way == Channel::Mail, text.contains("通知设置"));
            for secret in ["赵某某", "W1", "退回", "网站", "/mine", "13800000001", "110101", kind.label()]
            {
                assert!(!text.contains(secret), "{kind:?} {way:?}: {secret} in {text}");
            }
        }
    }
}

async fn a_decision_calls_once_however_many_filings_it_is_about(world: World) {
    let actor = world.applicant(1).await;
    let subject = world.subject_answers_person(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    for domain in ["example.cn", "example.org"] {
        let website = world.website_answers(&actor, domain).await;
        world.file(&actor, "website_new", None, &website).await;
    }
    assert_eq!(outbox(&world.service).await, [], "what one submitted oneself calls nobody");
    world.decide(&subject, Decision::Return, "请改名", &[]).await;
    // The subject and both websites were returned.
    assert_eq!(world.number("SELECT COUNT(*) FROM notice WHERE kind = 'returned'").await, 3);
    let called = outbox(&world.service).await;
    assert_eq!(called.len(), 1, "{called:?}");
    assert_eq!(world.service.text_messages.send_due(Channel::Sms).await.unwrap(), 1);
    // What comes after it was sent is worth another.
    notify(&world.service, &actor, NoticeKind::Returned).await;
    assert_eq!(outbox(&world.service).await.len(), 2);
}

async fn what_one_did_oneself_calls_nobody(world: World) {
    let actor = world.applicant(1).await;
    for kind in kinds_for(&actor) {
        choose(&world.service, &actor, kind, true, false).await;
    }
    let tx = world.service.parts.context.db.begin().await.unwrap();
    let kind = NoticeKind::Handover;
    world.service.notices.note(&tx, &actor.person_id, kind, "您已撤回", None).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(outbox(&world.service).await, []);
    assert_eq!(world.service.accounts.me(&actor).await.unwrap().unread, 1);

    // An offer has a text message of its own, which goes whatever was chosen; no second one beside it.
    let receiver = world.sign_in(&claims_of(2)).await;
    confirm(&world.service, &receiver, ADDRESSED).await;
    choose(&world.service, &receiver, kind, true, true).await;
    empty(&world).await;
    let tx = world.service.parts.context.db.begin().await.unwrap();
    let notices = &world.service.notices;
    notices.notify_beside_text_message(&tx, &receiver.person_id, kind, "移交", None).await.unwrap();
    tx.commit().await.unwrap();
    let ways: Vec<Channel> = outbox(&world.service).await.into_iter().map(|call| call.0).collect();
    assert_eq!(ways, [Channel::Mail]);
}

async fn so_many_calls_a_day_and_no_more(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    for _ in 0..15 {
        notify(&world.service, &actor, NoticeKind::Returned).await;
        world.service.text_messages.send_due(Channel::Sms).await.unwrap();
        world.later(Duration::minutes(1));
    }
    assert_eq!(outbox(&world.service).await.len(), 10);
    assert_eq!(world.service.accounts.me(&actor).await.unwrap().unread, 15, "the page has them all");
    notify(&world.service, &other, NoticeKind::Returned).await;
    assert_eq!(outbox(&world.service).await.len(), 11);
    world.later(Duration::days(1));
    notify(&world.service, &actor, NoticeKind::Returned).await;
    assert_eq!(outbox(&world.service).await.len(), 12);
}

async fn nothing_goes_to_an_address_before_its_code_came_back(world: World) {
    let actor = world.applicant(1).await;
    choose(&world.service, &actor, NoticeKind::Approved, false, true).await;
    notify(&world.service, &actor, NoticeKind::Approved).await;
    assert_eq!(outbox(&world.service).await, [], "there is no address");
    world.service.notice_settings.name_mail_address(&actor, " zhao＠mailbox.example.cn ").await.unwrap();
    notify(&world.service, &actor, NoticeKind::Approved).await;
    let sent = outbox(&world.service).await;
    assert_eq!(sent.len(), 1, "the code alone: {sent:?}");
    assert_eq!((sent[0].0, sent[0].1.as_str()), (Channel::Mail, "zhao@mailbox.example.cn"));
    let mail = mail_of(&world.service, &actor, false).await;
    assert_eq!((mail.confirmed, mail.named.as_deref()), (None, Some("z***@mailbox.example.cn")));

    let code = code(&world.service).await;
    world.service.notice_settings.confirm_mail_address(&actor, &code).await.unwrap();
    let mail = mail_of(&world.service, &actor, false).await;
    assert_eq!((mail.confirmed.as_deref(), mail.named), (Some("z***@mailbox.example.cn"), None));
    notify(&world.service, &actor, NoticeKind::Approved).await;
    assert_eq!(outbox(&world.service).await.len(), 2);
}

async fn a_code_for_an_address_is_the_persons_own_and_good_once(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let settings = &world.service.notice_settings;
    assert!(matches!(settings.confirm_mail_address(&actor, "123456").await, Err(Error::Refused(_))));
    settings.name_mail_address(&actor, ADDRESSED).await.unwrap();
    let right = code(&world.service).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let (at, sentence) = fault_of(settings.confirm_mail_address(&actor, wrong).await);
    assert_eq!((at.as_str(), sentence.as_str()), ("code", "验证码不正确，还可以尝试 4 次"));

    // Somebody else named the same mailbox: the limit is the mailbox's, and their code another.
    let (at, _) = fault_of(settings.name_mail_address(&other, ADDRESSED).await);
    assert_eq!(at, "address");
    fault_of(settings.confirm_mail_address(&other, &right).await);
    settings.confirm_mail_address(&actor, &right).await.unwrap();
    assert!(matches!(settings.confirm_mail_address(&actor, &right).await, Err(Error::Refused(_))), "once");

    world.later(Duration::minutes(2));
    settings.name_mail_address(&actor, "other@mailbox.example.cn").await.unwrap();
    let late = code(&world.service).await;
    world.later(Duration::minutes(30));
    let (_, sentence) = fault_of(settings.confirm_mail_address(&actor, &late).await);
    assert_eq!(sentence, "验证码已失效，请重新获取");
    settings.name_mail_address(&actor, "other@mailbox.example.cn").await.unwrap();
    let right = code(&world.service).await;
    for _ in 0..5 {
        fault_of(settings.confirm_mail_address(&actor, "999999").await);
    }
    let (_, sentence) = fault_of(settings.confirm_mail_address(&actor, &right).await);
    assert_eq!(sentence, "验证码错误次数过多，请重新获取");
}

async fn another_address_replaces_the_one_before_which_is_told(world: World) {
    let actor = world.applicant(1).await;
    confirm(&world.service, &actor, "old@mailbox.example.cn").await;
    choose(&world.service, &actor, NoticeKind::Approved, false, true).await;
    let settings = &world.service.notice_settings;
    settings.name_mail_address(&actor, "new@mailbox.example.cn").await.unwrap();
    let right = code(&world.service).await;
    empty(&world).await;
    notify(&world.service, &actor, NoticeKind::Approved).await;
    assert_eq!(
        outbox(&world.service).await[0].1,
        "old@mailbox.example.cn",
        "as long as the new one is not confirmed"
    );
    world.service.text_messages.send_due(Channel::Mail).await.unwrap();

    settings.confirm_mail_address(&actor, &right).await.unwrap();
    let told = outbox(&world.service).await.pop().unwrap();
    assert!(told.1 == "old@mailbox.example.cn" && told.2.contains("通知邮箱已更换"), "{told:?}");
    assert!(!told.2.contains("new@"), "{told:?}");
    world.later(Duration::minutes(1));
    notify(&world.service, &actor, NoticeKind::Approved).await;
    assert_eq!(outbox(&world.service).await.pop().unwrap().1, "new@mailbox.example.cn");

    // A code for an address that is not the named one any more confirms nothing.
    settings.name_mail_address(&actor, "third@mailbox.example.cn").await.unwrap();
    let third = code(&world.service).await;
    settings.name_mail_address(&actor, "fourth@mailbox.example.cn").await.unwrap();
    fault_of(settings.confirm_mail_address(&actor, &third).await);
    assert_eq!(
        mail_of(&world.service, &actor, false).await.confirmed.as_deref(),
        Some("n***@mailbox.example.cn")
    );
}

async fn a_person_names_so_many_addresses_a_day(mut world: World) {
    world.settings.limits.mail_codes_per_day = 3;
    world.service = world.restarted().await;
    let actor = world.applicant(1).await;
    let settings = &world.service.notice_settings;
    for n in 0..3 {
        settings.name_mail_address(&actor, &format!("n{n}@mailbox.example.cn")).await.unwrap();
    }
    let refused = settings.name_mail_address(&actor, "n4@mailbox.example.cn").await;
    assert!(matches!(refused, Err(Error::TooMany(_))), "{refused:?}");
    assert_eq!(outbox(&world.service).await.len(), 3);
    assert!(settings.name_mail_address(&world.applicant(2).await, "n4@mailbox.example.cn").await.is_ok());
}

async fn what_was_typed_and_did_not_pass_is_shown_again_for_a_while(world: World) {
    let actor = world.applicant(1).await;
    let (at, sentence) =
        fault_of(world.service.notice_settings.name_mail_address(&actor, "zhao.mailbox.example.cn").await);
    assert_eq!((at.as_str(), sentence.as_str()), ("address", "电子邮件地址中缺少 @，例如 name@example.cn"));
    let mail = mail_of(&world.service, &actor, true).await;
    assert_eq!(
        (mail.typed.as_str(), mail.fault_at("address")),
        ("zhao.mailbox.example.cn", Some(sentence.as_str()))
    );
    assert_eq!(mail_of(&world.service, &actor, false).await, MailSetting::default());
    assert_eq!(mail_of(&world.service, &world.applicant(2).await, true).await, MailSetting::default());
    world.later(Duration::minutes(30));
    assert_eq!(mail_of(&world.service, &actor, true).await, MailSetting::default());
}

async fn forgetting_an_address_switches_its_mails_off(world: World) {
    let actor = world.applicant(1).await;
    confirm(&world.service, &actor, ADDRESSED).await;
    choose(&world.service, &actor, NoticeKind::Approved, true, true).await;
    world.service.notice_settings.forget_mail_address(&actor).await.unwrap();
    empty(&world).await;
    notify(&world.service, &actor, NoticeKind::Approved).await;
    let ways: Vec<Channel> = outbox(&world.service).await.into_iter().map(|call| call.0).collect();
    assert_eq!(ways, [Channel::Sms]);
    assert_eq!(mail_of(&world.service, &actor, false).await, MailSetting::default());
    let choices = world.service.notice_settings.notice_settings(&actor, false).await.unwrap().choices;
    assert!(choices.iter().all(|choice| !choice.mail));
}

async fn addresses_are_stored_sealed(world: World) {
    let actor = world.applicant(1).await;
    confirm(&world.service, &actor, ADDRESSED).await;
    world.service.notice_settings.name_mail_address(&actor, "second.one@mailbox.example.cn").await.unwrap();
    let _ = world.service.notice_settings.name_mail_address(&actor, "third.one.mailbox.example.cn").await;
    for secret in ["Zhao.Mou", "zhao.mou", "second.one", "third.one", "mailbox"] {
        assert!(!world.is_stored_in_the_open(secret).await, "{secret}");
    }
}

async fn only_staff_have_switches_for_the_work_of_staff(world: World) {
    let (actor, officer) = (world.applicant(1).await, world.officer("110101").await);
    choose(&world.service, &actor, NoticeKind::Desk, true, true).await;
    choose(&world.service, &actor, NoticeKind::Other, true, true).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM notice_choice").await, 0);
    choose(&world.service, &officer, NoticeKind::Desk, true, false).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM notice_choice").await, 1);
    let has_desk = async |actor| {
        let settings = world.service.notice_settings.notice_settings(actor, false).await.unwrap();
        settings.choices.iter().any(|choice| choice.kind == NoticeKind::Desk)
    };
    assert!(has_desk(&officer).await && !has_desk(&actor).await);
}

/// As issue 11 asks: whatever the mail server does, a decision is made at once, text messages go out, and the e-mail
/// follows when it can.
async fn a_mail_server_that_is_down_keeps_nobody_waiting_and_gets_it_later(world: World) {
    let office = PostOffice::new(Mood::Takes).await;
    let service = world.service.clone().with_mailer(office.mailer());
    let actor = world.applicant(1).await;
    service.notice_settings.name_mail_address(&actor, ADDRESSED).await.unwrap();
    assert_eq!(service.text_messages.send_due(Channel::Mail).await.unwrap(), 1);
    let got = office.got();
    assert!(got[0].to.contains("Zhao.Mou@mailbox.example.cn"), "{got:?}");
    let code = got[0].body.split_once("验证码 ").unwrap().1[..6].to_owned();
    service.notice_settings.confirm_mail_address(&actor, &code).await.unwrap();
    choose(&service, &actor, NoticeKind::Approved, true, true).await;

    for (round, mood) in [Mood::IsSilent, Mood::Answers(451), Mood::HangsUp].into_iter().enumerate() {
        office.is(mood);
        empty(&world).await;
        let began = std::time::Instant::now();
        notify(&service, &actor, NoticeKind::Approved).await;
        assert!(began.elapsed() < std::time::Duration::from_millis(500), "{mood:?}: a notice waited");
        let (mails, texts) = tokio::join!(
            service.text_messages.send_due(Channel::Mail),
            service.text_messages.send_due(Channel::Sms)
        );
        assert_eq!((mails.unwrap(), texts.unwrap()), (0, 1), "{mood:?}");
        assert_eq!(office.got().len(), round + 1);
        office.is(Mood::Takes);
        assert_eq!(service.text_messages.send_due(Channel::Mail).await.unwrap(), 0, "not at once");
        world.later(Duration::minutes(1));
        assert_eq!(service.text_messages.send_due(Channel::Mail).await.unwrap(), 1, "{mood:?}");
        assert_eq!(office.got().len(), round + 2);
    }

    office.is(Mood::Answers(421));
    empty(&world).await;
    notify(&service, &actor, NoticeKind::Approved).await;
    for _ in 0..8 {
        assert_eq!(service.text_messages.send_due(Channel::Mail).await.unwrap(), 0);
        world.later(Duration::hours(3));
    }
    let rows = service.text_messages.outbox().await.unwrap();
    assert_eq!(rows.iter().find(|row| row.channel == Channel::Mail).unwrap().state, "发送失败");
    assert_eq!(world.number("SELECT attempts FROM outbox WHERE channel = 'mail'").await, 5);
}

async fn a_mailbox_that_is_not_there_is_not_tried_again(world: World) {
    let office = PostOffice::new(Mood::KnowsNoMailbox).await;
    let service = world.service.clone().with_mailer(office.mailer());
    let actor = world.applicant(1).await;
    service.notice_settings.name_mail_address(&actor, ADDRESSED).await.unwrap();
    assert_eq!(service.text_messages.send_due(Channel::Mail).await.unwrap(), 0);
    assert_eq!(service.text_messages.outbox().await.unwrap()[0].state, "发送失败");
    office.is(Mood::Takes);
    world.later(Duration::hours(1));
    assert_eq!(service.text_messages.send_due(Channel::Mail).await.unwrap(), 0);
    assert_eq!(office.got(), []);
}

async fn without_a_mail_server_nobody_is_offered_one(world: World) {
    let service = world.service.clone().with_mailer(Mailer::None);
    let actor = world.applicant(1).await;
    assert!(service.notice_settings.notice_settings(&actor, false).await.unwrap().mail.is_none());
    let refused = service.notice_settings.name_mail_address(&actor, ADDRESSED).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    // It was there, and was taken away.
    confirm(&world.service, &actor, ADDRESSED).await;
    choose(&world.service, &actor, NoticeKind::Approved, true, true).await;
    empty(&world).await;
    notify(&service, &actor, NoticeKind::Approved).await;
    let ways: Vec<Channel> = outbox(&service).await.into_iter().map(|call| call.0).collect();
    assert_eq!(ways, [Channel::Sms]);
}

async fn what_cannot_be_opened_keeps_no_decision_from_being_made(world: World) {
    let actor = world.applicant(1).await;
    confirm(&world.service, &actor, ADDRESSED).await;
    choose(&world.service, &actor, NoticeKind::Approved, true, true).await;
    empty(&world).await;
    world.execute("UPDATE mail_address SET confirmed_sealed = 'broken'").await;
    world.execute("UPDATE person SET mobile_sealed = 'broken'").await;
    notify(&world.service, &actor, NoticeKind::Approved).await;
    assert_eq!(outbox(&world.service).await, []);
    assert_eq!(world.number("SELECT COUNT(*) FROM notice").await, 1);
}
