#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::delivery::BACKOFF;
use super::*;
use crate::Service;
use crate::common::{World, claims};

claims![
    a_code_has_six_digits_and_is_good_once,
    a_code_lives_five_minutes,
    five_wrong_tries_end_a_code,
    wrong_tries_at_once_are_all_counted,
    a_right_code_costs_no_try,
    a_code_is_bound_to_person_purpose_and_number,
    a_new_code_replaces_the_one_before,
    codes_are_sent_a_minute_apart,
    ten_codes_a_day_go_to_a_number,
    sends_at_once_are_counted_one_after_the_other,
    codes_and_limits_survive_a_restart,
    a_clock_set_back_buys_neither_time_nor_codes,
    a_code_is_spent_once_however_many_ask,
    what_a_code_allowed_and_did_not_happen_leaves_it_good,
    codes_numbers_and_messages_are_stored_sealed,
    a_number_that_is_none_gets_no_code,
    what_the_gateway_refuses_is_said,
    a_message_is_sent_though_whoever_caused_it_has_gone,
    what_the_gateway_does_not_take_is_tried_again_and_given_up_at_last,
    a_code_that_is_worth_nothing_any_more_is_not_sent,
    of_several_servers_one_sends_a_message,
    old_codes_and_messages_are_swept,
];

const MOBILE: &str = "13900001234";
const PURPOSE: &str = "cancel/1";

/// The code in the message that this sends. It need not be the first in the list: after a clock was
/// set back the older messages have the later times.
async fn send(world: &World, actor: &Actor) -> String {
    let before = world.service.text_messages.outbox().await.unwrap();
    world.service.text_messages.send_code(actor, PURPOSE, MOBILE).await.unwrap();
    let after = world.service.text_messages.outbox().await.unwrap();
    let message = after.iter().find(|row| !before.iter().any(|old| old.id == row.id)).unwrap();
    let (_, code) = message.text.split_once("验证码 ").unwrap();
    code[..6].to_owned()
}

async fn prove(world: &World, actor: &Actor, code: &str) -> Result<ProvenCode> {
    prove_of(&world.service, actor, PURPOSE, MOBILE, code).await
}

async fn prove_of(
    service: &Service,
    actor: &Actor,
    purpose: &str,
    mobile: &str,
    code: &str,
) -> Result<ProvenCode> {
    let proof = service.text_messages.prove_code(actor, purpose, mobile, code).await?.proof();
    proof.map_err(|sentence| Error::Faults(vec![fault("check.code", sentence)]))
}

async fn spend(world: &World, proven: &ProvenCode) -> Result<()> {
    let tx = world.service.parts.context.db.begin().await.unwrap();
    world.service.text_messages.spend_code(&tx, proven).await?;
    tx.commit().await.unwrap();
    Ok(())
}

/// The sentence beside the field.
fn said<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Faults(faults)) => {
            assert_eq!((faults.len(), faults[0].at.as_str()), (1, "check.code"));
            faults[0].message.clone()
        }
        other => panic!("{other:?}"),
    }
}

fn seconds_to_wait(outcome: Result<()>) -> u64 {
    match outcome {
        Err(Error::TooMany(seconds)) => seconds,
        other => panic!("{other:?}"),
    }
}

fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

const GONE: &str = "验证码已失效，请重新获取";
const USED_UP: &str = "验证码错误次数过多，请重新获取";

async fn a_code_has_six_digits_and_is_good_once(world: World) {
    let actor = world.applicant(1).await;
    let code = send(&world, &actor).await;
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
    let message = world.service.text_messages.outbox().await.unwrap().remove(0);
    assert_eq!((message.recipient.as_str(), message.state), (MOBILE, "已发送"));
    assert_eq!(message.at, "2026-03-02 10:00");
    // As phones paste it.
    let spaced: String = code.chars().flat_map(|digit| [digit, ' ']).collect();
    let proven = prove(&world, &actor, &spaced).await.unwrap();
    spend(&world, &proven).await.unwrap();
    assert_eq!(said(prove(&world, &actor, &code).await), GONE);
    assert!(matches!(spend(&world, &proven).await, Err(Error::Refused(_))));
}

async fn a_code_lives_five_minutes(world: World) {
    let actor = world.applicant(1).await;
    let code = send(&world, &actor).await;
    world.later(Duration::minutes(5) - Duration::MILLISECOND);
    let proven = prove(&world, &actor, &code).await.unwrap();
    world.later(Duration::MILLISECOND);
    assert_eq!(said(prove(&world, &actor, &code).await), GONE);
    assert!(matches!(spend(&world, &proven).await, Err(Error::Refused(_))), "not even if proven in time");
}

async fn five_wrong_tries_end_a_code(world: World) {
    let actor = world.applicant(1).await;
    let code = send(&world, &actor).await;
    for left in [4, 3, 2, 1] {
        let sentence = said(prove(&world, &actor, &wrong(&code)).await);
        assert_eq!(sentence, format!("验证码不正确，还可以尝试 {left} 次"));
    }
    assert_eq!(said(prove(&world, &actor, "公安").await), USED_UP, "whatever is typed counts");
    assert_eq!(said(prove(&world, &actor, &code).await), USED_UP, "now the right one is worth nothing");
}

async fn wrong_tries_at_once_are_all_counted(world: World) {
    let actor = world.applicant(1).await;
    let code = send(&world, &actor).await;
    let mut at_once = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (service, actor, code) = (world.service.clone(), actor.clone(), wrong(&code));
        at_once.spawn(async move { prove_of(&service, &actor, PURPOSE, MOBILE, &code).await });
    }
    let mut sentences: Vec<String> = at_once.join_all().await.into_iter().map(said).collect();
    sentences.sort();
    sentences.dedup();
    assert_eq!(sentences.len(), 5, "{sentences:?}");
    assert_eq!(world.number("SELECT tries FROM sms_code").await, 5);
    assert_eq!(said(prove(&world, &actor, &code).await), USED_UP);
}

async fn a_right_code_costs_no_try(world: World) {
    let actor = world.applicant(1).await;
    let code = send(&world, &actor).await;
    for _ in 0..4 {
        said(prove(&world, &actor, &wrong(&code)).await);
    }
    for _ in 0..3 {
        let _ = prove(&world, &actor, &code).await.unwrap();
    }
    assert_eq!(world.number("SELECT tries FROM sms_code").await, 4);
}

async fn a_code_is_bound_to_person_purpose_and_number(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let code = send(&world, &actor).await;
    let service = &world.service;
    for (who, purpose, mobile) in [
        (&other, PURPOSE, MOBILE),
        (&actor, "cancel/2", MOBILE),
        (&actor, "transfer/1", MOBILE),
        (&actor, PURPOSE, "13900001235"),
    ] {
        assert_eq!(said(prove_of(service, who, purpose, mobile, &code).await), GONE);
    }
    let spaced = "139 0000 1234";
    assert!(prove_of(service, &actor, PURPOSE, spaced, &code).await.is_ok());
}

async fn a_new_code_replaces_the_one_before(world: World) {
    let actor = world.applicant(1).await;
    let first = send(&world, &actor).await;
    let proven = prove(&world, &actor, &first).await.unwrap();
    world.later(Duration::minutes(1));
    let mut second = send(&world, &actor).await;
    while second == first {
        world.later(Duration::minutes(1));
        second = send(&world, &actor).await;
    }
    assert!(matches!(spend(&world, &proven).await, Err(Error::Refused(_))));
    assert_eq!(said(prove(&world, &actor, &first).await), "验证码不正确，还可以尝试 4 次");
    assert!(prove(&world, &actor, &second).await.is_ok());
}

async fn codes_are_sent_a_minute_apart(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let service = &world.service;
    send(&world, &actor).await;
    assert_eq!(seconds_to_wait(service.text_messages.send_code(&actor, PURPOSE, MOBILE).await), 60);
    world.later(Duration::milliseconds(59_500));
    assert_eq!(seconds_to_wait(service.text_messages.send_code(&actor, PURPOSE, MOBILE).await), 1);
    // The limit is the number's, whoever asks and why.
    assert_eq!(
        seconds_to_wait(service.text_messages.send_code(&other, "transfer/1", "139 0000 1234").await),
        1
    );
    service.text_messages.send_code(&actor, PURPOSE, "13900001235").await.unwrap();
    world.later(Duration::milliseconds(500));
    service.text_messages.send_code(&actor, PURPOSE, MOBILE).await.unwrap();
    assert_eq!(world.number("SELECT COUNT(*) FROM outbox").await, 3, "what is refused is not sent");
}

async fn ten_codes_a_day_go_to_a_number(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let service = &world.service;
    for _ in 0..10 {
        send(&world, &actor).await;
        world.later(Duration::hours(1));
    }
    let wait = 14 * 3600;
    assert_eq!(seconds_to_wait(service.text_messages.send_code(&actor, PURPOSE, MOBILE).await), wait);
    assert_eq!(seconds_to_wait(service.text_messages.send_code(&other, "transfer/1", MOBILE).await), wait);
    service.text_messages.send_code(&actor, PURPOSE, "13900001235").await.unwrap();
    world.later(Duration::hours(14));
    send(&world, &actor).await;
    world.later(Duration::minutes(1));
    let again = seconds_to_wait(service.text_messages.send_code(&actor, PURPOSE, MOBILE).await);
    assert_eq!(again, 59 * 60, "until the second one is a day old");
}

async fn sends_at_once_are_counted_one_after_the_other(world: World) {
    let actor = world.applicant(1).await;
    let mut at_once = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (service, actor) = (world.service.clone(), actor.clone());
        at_once.spawn(async move { service.text_messages.send_code(&actor, PURPOSE, MOBILE).await });
    }
    let outcomes = at_once.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(world.number("SELECT COUNT(*) FROM sms_code").await, 1);
}

async fn codes_and_limits_survive_a_restart(world: World) {
    let actor = world.applicant(1).await;
    let code = send(&world, &actor).await;
    said(prove(&world, &actor, &wrong(&code)).await);
    let restarted = world.restarted().await;
    assert_eq!(seconds_to_wait(restarted.text_messages.send_code(&actor, PURPOSE, MOBILE).await), 60);
    let tried = prove_of(&restarted, &actor, PURPOSE, MOBILE, &wrong(&code)).await;
    assert_eq!(said(tried), "验证码不正确，还可以尝试 3 次");
    assert!(prove_of(&restarted, &actor, PURPOSE, MOBILE, &code).await.is_ok());
}

async fn a_clock_set_back_buys_neither_time_nor_codes(world: World) {
    let actor = world.applicant(1).await;
    let code = send(&world, &actor).await;
    world.later(Duration::minutes(4));
    world.later(-Duration::seconds(4 * 60 + 30));
    assert_eq!(said(prove(&world, &actor, &code).await), GONE, "it would live for longer than five minutes");
    assert_eq!(seconds_to_wait(world.service.text_messages.send_code(&actor, PURPOSE, MOBILE).await), 60);
    for _ in 0..9 {
        // The clock is found an hour earlier; a new code can be had, and works.
        world.later(-Duration::hours(1));
        let code = send(&world, &actor).await;
        assert!(prove(&world, &actor, &code).await.is_ok());
    }
    world.later(-Duration::hours(1));
    assert!(
        seconds_to_wait(world.service.text_messages.send_code(&actor, PURPOSE, MOBILE).await) > 23 * 3600,
        "ten were sent"
    );
    assert_eq!(world.number("SELECT COUNT(*) FROM sms_code").await, 10);
}

async fn a_code_is_spent_once_however_many_ask(world: World) {
    let actor = world.applicant(1).await;
    let code = send(&world, &actor).await;
    let proven = prove(&world, &actor, &code).await.unwrap();
    let mut at_once = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (service, proven) = (world.service.clone(), proven.clone());
        at_once.spawn(async move {
            let tx = service.parts.context.db.begin().await?;
            service.text_messages.spend_code(&tx, &proven).await?;
            tx.commit().await?;
            Ok::<(), Error>(())
        });
    }
    let spent = at_once.join_all().await;
    assert_eq!(spent.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{spent:?}");
}

async fn what_a_code_allowed_and_did_not_happen_leaves_it_good(world: World) {
    let actor = world.applicant(1).await;
    let code = send(&world, &actor).await;
    let proven = prove(&world, &actor, &code).await.unwrap();
    let tx = world.service.parts.context.db.begin().await.unwrap();
    world.service.text_messages.spend_code(&tx, &proven).await.unwrap();
    tx.rollback().await.unwrap();
    spend(&world, &prove(&world, &actor, &code).await.unwrap()).await.unwrap();
}

async fn codes_numbers_and_messages_are_stored_sealed(world: World) {
    let actor = world.applicant(1).await;
    let code = send(&world, &actor).await;
    for secret in [MOBILE, "验证码", &format!("验证码 {code}")] {
        assert!(!world.is_stored_in_the_open(secret).await, "{secret}");
    }
    // Six digits turn up by chance in a file; in the columns of text they must not.
    let sealed =
        "SELECT COUNT(*) FROM sms_code WHERE code_hash = '{}' OR purpose LIKE '%{}%'".replace("{}", &code);
    assert_eq!(world.number(&sealed).await, 0);
    assert!(!format!("{:?}", prove(&world, &actor, &code).await.unwrap()).contains(&code));
}

async fn a_number_that_is_none_gets_no_code(world: World) {
    let actor = world.applicant(1).await;
    for none in ["", "12345", "010-12345678", "1390000123x", "138****5678"] {
        assert!(
            matches!(
                world.service.text_messages.send_code(&actor, PURPOSE, none).await,
                Err(Error::Faults(_))
            ),
            "{none}"
        );
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM outbox").await, 0);
}

async fn what_the_gateway_refuses_is_said(world: World) {
    let actor = world.applicant(1).await;
    // Nobody listens on this port: it was free a moment ago, and is closed again.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/send");
    let wait = std::time::Duration::from_secs(5);
    let gateway = gateway::Gateway::http(&url, "code", b"a secret for the tests", wait).unwrap();
    let service = world.service.clone().with_gateway(gateway);
    match service.text_messages.send_code(&actor, PURPOSE, MOBILE).await {
        Err(Error::Refused(refused)) => {
            assert_eq!(refused.sentence, "短信发送失败，请稍后重新获取验证码")
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(service.text_messages.outbox().await.unwrap()[0].state, "发送失败");
    assert_eq!(
        seconds_to_wait(service.text_messages.send_code(&actor, PURPOSE, MOBILE).await),
        60,
        "it may have gone out"
    );
}

/// A gateway on this machine that keeps what it is sent, and takes it or answers 503, or nothing at all.
struct Phone {
    got: Arc<Mutex<Vec<serde_json::Value>>>,
    answer: Arc<Mutex<Option<bool>>>,
    gateway: gateway::Gateway,
}

impl Phone {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let gateway = gateway::Gateway::http(&url, "t", b"a secret for the tests", PATIENCE).unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(Mutex::new(Some(true)));
        let (kept, says) = (Arc::clone(&got), Arc::clone(&answer));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&kept), Arc::clone(&says)));
            }
        });
        Phone { got, answer, gateway }
    }

    fn says(&self, answer: Option<bool>) {
        *self.answer.lock().unwrap() = answer;
    }

    fn got(&self, what: &str) -> Vec<String> {
        let got = self.got.lock().unwrap();
        got.iter().map(|message| message[what].as_str().unwrap().to_owned()).collect()
    }

    async fn is_rung(&self, times: usize) {
        while self.got.lock().unwrap().len() < times {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

async fn serve(
    mut stream: tokio::net::TcpStream,
    got: Arc<Mutex<Vec<serde_json::Value>>>,
    answer: Arc<Mutex<Option<bool>>>,
) {
    let mut read = Vec::new();
    let body = loop {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).await.unwrap();
        if length == 0 {
            return;
        }
        read.extend_from_slice(&piece[..length]);
        let Some(head) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        if let Ok(body) = serde_json::from_slice(&read[head + 4..]) {
            break body;
        }
    };
    got.lock().unwrap().push(body);
    let says = *answer.lock().unwrap();
    let (status, said) = match says {
        Some(true) => ("200 OK", r#"{"accepted":true}"#),
        Some(false) => ("503 Service Unavailable", ""),
        None => {
            tokio::time::sleep(PATIENCE).await;
            return;
        }
    };
    let answer =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{said}", said.len());
    let _ = stream.write_all(answer.as_bytes()).await;
}

async fn leave(service: &Service, text: &str) {
    let tx = service.parts.context.db.begin().await.unwrap();
    service.text_messages.put_into_outbox(&tx, MOBILE, text).await.unwrap();
    tx.commit().await.unwrap();
}

async fn states(service: &Service) -> Vec<&'static str> {
    service.text_messages.outbox().await.unwrap().into_iter().map(|row| row.state).collect()
}

/// B5. A closed tab, a request that took too long, a server that died: somebody else sends it, and the
/// gateway can tell that it is the same message.
async fn a_message_is_sent_though_whoever_caused_it_has_gone(world: World) {
    let (actor, phone) = (world.applicant(1).await, Phone::new().await);
    let service = world.service.clone().with_gateway(phone.gateway.clone());
    leave(&service, "一项移交正在进行").await;
    assert_eq!(states(&service).await, ["待发送"]);
    assert_eq!(service.text_messages.send_due(Channel::Sms).await.unwrap(), 1);
    assert_eq!(service.text_messages.send_due(Channel::Sms).await.unwrap(), 0, "once");
    assert_eq!(states(&service).await, ["已发送"]);

    phone.says(None);
    let (asking, of) = (service.clone(), actor.clone());
    let request = tokio::spawn(async move { asking.text_messages.send_code(&of, PURPOSE, MOBILE).await });
    phone.is_rung(2).await;
    request.abort();
    let _ = request.await;
    assert_eq!(service.text_messages.send_due(Channel::Sms).await.unwrap(), 0, "it may still be on its way");
    world.later(LEASE);
    phone.says(Some(true));
    assert_eq!(service.text_messages.send_due(Channel::Sms).await.unwrap(), 1);
    let keys = phone.got("idempotency_key");
    assert!(keys.len() == 3 && keys[0] != keys[1] && keys[1] == keys[2], "{keys:?}");
    let text = phone.got("text").remove(2);
    let code = &text.split_once("验证码 ").unwrap().1[..6];
    assert!(prove(&world, &actor, code).await.is_ok());
    assert_eq!(states(&service).await, ["已发送", "已发送"]);
}

/// B5.
async fn what_the_gateway_does_not_take_is_tried_again_and_given_up_at_last(world: World) {
    let phone = Phone::new().await;
    let service = world.service.clone().with_gateway(phone.gateway.clone());
    phone.says(Some(false));
    leave(&service, "甲").await;
    for (tried, wait) in BACKOFF.into_iter().enumerate() {
        assert_eq!(service.text_messages.send_due(Channel::Sms).await.unwrap(), 0);
        assert_eq!(phone.got("text").len(), tried + 1);
        world.later(wait - Duration::SECOND);
        assert_eq!(service.text_messages.send_due(Channel::Sms).await.unwrap(), 0);
        assert_eq!(phone.got("text").len(), tried + 1, "not before its time");
        world.later(Duration::SECOND);
        assert_eq!(states(&service).await, ["待发送"]);
    }
    leave(&service, "乙").await;
    assert_eq!(service.text_messages.send_due(Channel::Sms).await.unwrap(), 0);
    assert_eq!(states(&service).await, ["待发送", "发送失败"]);
    phone.says(Some(true));
    world.later(Duration::days(1));
    assert_eq!(service.text_messages.send_due(Channel::Sms).await.unwrap(), 1, "the other one");
    assert_eq!(phone.got("text").iter().filter(|text| *text == "甲").count(), 5);
    assert_eq!(states(&service).await, ["已发送", "发送失败"]);

    // A server that dies each time has tried all the same.
    leave(&service, "丙").await;
    world.execute("UPDATE outbox SET attempts = 5 WHERE sent_at IS NULL AND failed_at IS NULL").await;
    assert_eq!(service.text_messages.send_due(Channel::Sms).await.unwrap(), 0);
    assert_eq!(states(&service).await[0], "发送失败");
}

/// B5. Nobody gets a code hours later, nor one that a newer one has replaced.
async fn a_code_that_is_worth_nothing_any_more_is_not_sent(world: World) {
    let (actor, phone) = (world.applicant(1).await, Phone::new().await);
    let service = world.service.clone().with_gateway(phone.gateway.clone());
    let cut_off = async |times| {
        phone.says(None);
        let (asking, of) = (service.clone(), actor.clone());
        let request = tokio::spawn(async move { asking.text_messages.send_code(&of, PURPOSE, MOBILE).await });
        phone.is_rung(times).await;
        request.abort();
        let _ = request.await;
        phone.says(Some(true));
    };
    cut_off(1).await;
    world.later(VALID);
    assert_eq!(service.text_messages.send_due(Channel::Sms).await.unwrap(), 0);
    assert_eq!(states(&service).await, ["发送失败"]);
    cut_off(2).await;
    world.later(Duration::minutes(1));
    service.text_messages.send_code(&actor, PURPOSE, MOBILE).await.unwrap();
    world.later(Duration::minutes(2));
    assert_eq!(
        service.text_messages.send_due(Channel::Sms).await.unwrap(),
        0,
        "the newer one is the one that counts"
    );
    assert_eq!(states(&service).await, ["已发送", "发送失败", "发送失败"]);
    assert_eq!(phone.got("text").len(), 3);
}

/// B5.
async fn of_several_servers_one_sends_a_message(world: World) {
    let phone = Phone::new().await;
    let mut at_once = tokio::task::JoinSet::new();
    for n in 0..10 {
        leave(&world.service, &format!("短信{n}")).await;
    }
    for _ in 0..4 {
        let service = world.restarted().await.with_gateway(phone.gateway.clone());
        at_once.spawn(async move { service.text_messages.send_due(Channel::Sms).await.unwrap() });
    }
    let sent: u64 = at_once.join_all().await.into_iter().sum();
    let mut texts = phone.got("text");
    texts.sort();
    texts.dedup();
    assert_eq!((sent, phone.got("text").len(), texts.len()), (10, 10, 10));
}

async fn old_codes_and_messages_are_swept(world: World) {
    let actor = world.applicant(1).await;
    send(&world, &actor).await;
    world.later(Duration::days(2));
    assert_eq!(world.service.text_messages.sweep_messages().await.unwrap(), 0);
    world.later(Duration::SECOND);
    assert_eq!(world.service.text_messages.sweep_messages().await.unwrap(), 1);
    world.later(Duration::days(5));
    assert_eq!(world.service.text_messages.sweep_messages().await.unwrap(), 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM outbox").await, 0);
}
