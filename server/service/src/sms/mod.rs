//! Text messages: how one is handed over for delivery ([`gateway`]), and the codes that show that a
//! person holds a telephone (R72). Every message is a row of the outbox, sealed, written in the transaction
//! of what it tells about. A code is handed over at once, as its person waits; everything else, and what a
//! request had no time for, by [`Service::send_due`], which tries again what the gateway did not take.

pub mod gateway;

use domain::schema::fault;
use domain::value::phone;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::actor::Actor;
use crate::clock::written;
use crate::db::{Transaction, instant, millis, new_id, next_serial};
use crate::entity::{outbox, sms_code};
use crate::error::{Error, Result};
use crate::keyring::{same_in_constant_time, six_digits};
use crate::person::{compact, mobile_hash};
use crate::{Service, again};

const VALID: Duration = Duration::minutes(5);
pub(crate) const BETWEEN_SENDS: Duration = Duration::seconds(60);
const DAY: Duration = Duration::days(1);
const MOST_A_DAY: u64 = 10;
const MOST_TRIES: i32 = 5;
/// Whoever sends takes this counter's row first, so that two sends at once are counted as two.
const LOCK: &str = "sms";
/// A code: worth nothing once it is not the newest, or has run out. Its row has the id of its message.
const CODE: &str = "code";
/// What is worth knowing hours later.
const NOTICE: &str = "notice";
/// So long one server has for a message that it took; afterwards that server is taken for dead.
const LEASE: Duration = Duration::minutes(2);
/// Shorter than the lease, whatever the gateway's own limit is.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
/// After each failure it waits so long; after one more it is given up.
const BACKOFF: [Duration; 4] =
    [Duration::minutes(1), Duration::minutes(10), Duration::hours(1), Duration::hours(3)];
const SENT_AT_ONCE: u64 = 50;

/// A code that was typed rightly. It still has to be [spent](Service::spend_code) in the transaction
/// of what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(crate) struct ProvenCode(String);

/// A message as /dev/outbox shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    pub id: String,
    pub at: String,
    pub recipient: String,
    pub text: String,
    /// 待发送, 已发送 or 发送失败
    pub state: &'static str,
}

impl Service {
    /// Sends a code to a number that the caller has found to be the right one for this purpose (the
    /// subject's responsible person, say); never to a number just because somebody typed it. `purpose`
    /// names what the code will allow, such as `cancel/<record>`; it opens nothing else. Too often is
    /// `TooMany` with the seconds to wait.
    pub(crate) async fn send_code(&self, actor: &Actor, purpose: &str, mobile: &str) -> Result<()> {
        let mobile =
            phone::check_mobile(mobile).map_err(|sentence| Error::Faults(vec![fault("", sentence)]))?;
        let message = again!(self.store_code(actor, purpose, &mobile))?;
        // Where this is dropped half-way, `send_due` finds the message when its lease has ended.
        match self.deliver(&message).await? {
            true => Ok(()),
            false => Err(Error::refused("短信发送失败，请稍后重新获取验证码")),
        }
    }

    async fn store_code(&self, actor: &Actor, purpose: &str, mobile: &str) -> Result<outbox::Model> {
        let hash = mobile_hash(&self.keys, mobile);
        let tx = self.db.begin().await?;
        next_serial(&tx, LOCK).await?;
        let now = self.clock.now();
        self.bound_sends(&tx, &hash, now).await?;
        // A new code replaces the one before.
        sms_code::Entity::update_many()
            .col_expr(sms_code::Column::UsedAt, Expr::value(millis(now)))
            .filter(open_for(actor, purpose, &hash))
            .exec(&tx)
            .await?;
        let code = six_digits()?;
        let id = new_id(now);
        let row = sms_code::ActiveModel {
            code_hash: Set(self.code_hash(&id, &code)),
            id: Set(id.clone()),
            person_id: Set(actor.person_id.clone()),
            purpose: Set(purpose.to_owned()),
            mobile_hash: Set(hash),
            tries: Set(0),
            sent_at: Set(millis(now)),
            expires_at: Set(millis(now + VALID)),
            used_at: Set(None),
        };
        row.insert(&tx).await?;
        let text = format!(
            "【{}】验证码 {code}，{} 分钟内有效。如非本人操作，请勿将验证码告诉他人。",
            self.settings.platform_name,
            VALID.whole_minutes()
        );
        // Taken by this server from the beginning.
        let message = self.outbox_row(CODE, &id, mobile, &text, (1, now + LEASE))?;
        insert(&tx, message.clone()).await?;
        self.write(&tx, Some(actor), "send_code", "sms_code", &id, json!({ "purpose": purpose })).await?;
        tx.commit().await?;
        Ok(message)
    }

    /// Seconds until a code can be sent to this number; 0: now.
    pub(crate) async fn seconds_to_next_code(&self, mobile: &str) -> Result<u64> {
        let hash = mobile_hash(&self.keys, mobile);
        match self.bound_sends(self.db.read(), &hash, self.clock.now()).await {
            Ok(()) => Ok(0),
            Err(Error::TooMany(seconds)) => Ok(seconds),
            Err(error) => Err(error),
        }
    }

    /// 60 s between sends and 10 a day, per number, whoever asks and for whatever purpose.
    async fn bound_sends(
        &self,
        on: &impl ConnectionTrait,
        mobile_hash: &str,
        now: OffsetDateTime,
    ) -> Result<()> {
        // Rows from the future (the clock was set back) count towards the day, so that setting it
        // back buys no codes. They do not block the next send for longer than a minute either.
        let sent: Vec<i64> = sms_code::Entity::find()
            .select_only()
            .column(sms_code::Column::SentAt)
            .filter(sms_code::Column::MobileHash.eq(mobile_hash))
            .filter(sms_code::Column::SentAt.gt(millis(now - DAY)))
            .order_by_desc(sms_code::Column::SentAt)
            .limit(MOST_A_DAY)
            .into_tuple()
            .all(on)
            .await?;
        let since = |at: i64| now - instant(at);
        if let Some(near) = sent.iter().map(|at| since(*at)).find(|passed| passed.abs() < BETWEEN_SENDS) {
            return Err(Error::TooMany(seconds(BETWEEN_SENDS - near.max(Duration::ZERO))));
        }
        match sent.last() {
            Some(oldest) if sent.len() as u64 >= MOST_A_DAY => {
                Err(Error::TooMany(seconds(DAY - since(*oldest))))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether this is the code that was sent to this person, for this purpose, to this number. Stands
    /// outside of the caller's transaction, so that a wrong try counts even though nothing else
    /// happens: call it before that transaction begins.
    pub(crate) async fn prove_code(
        &self,
        actor: &Actor,
        purpose: &str,
        mobile: &str,
        code: &str,
    ) -> Result<Verdict> {
        let code = compact(code);
        again!(self.try_code(actor, purpose, mobile, &code))
    }

    async fn try_code(&self, actor: &Actor, purpose: &str, mobile: &str, code: &str) -> Result<Verdict> {
        let hash = mobile_hash(&self.keys, mobile);
        let tx = self.db.begin().await?;
        let now = millis(self.clock.now());
        // A code is good from when it was sent: one that a clock set back has moved into the future
        // would live longer than its five minutes.
        let found = sms_code::Entity::find()
            .filter(open_for(actor, purpose, &hash))
            .filter(sms_code::Column::SentAt.lte(now))
            .filter(sms_code::Column::ExpiresAt.gt(now))
            .order_by_desc(sms_code::Column::Id)
            .one(&tx)
            .await?;
        let Some(found) = found else { return Ok(Verdict::None) };
        // Counted first, which locks the row: tries at the same time queue here and are counted all.
        let counted = sms_code::Entity::update_many()
            .col_expr(sms_code::Column::Tries, Expr::col(sms_code::Column::Tries).add(1))
            .filter(sms_code::Column::Id.eq(&found.id))
            .filter(sms_code::Column::Tries.lt(MOST_TRIES))
            .filter(sms_code::Column::UsedAt.is_null())
            .exec(&tx)
            .await?;
        if counted.rows_affected == 0 {
            // Used up by tries, or meanwhile spent by another tab.
            let is_spent = sms_code::Entity::find_by_id(&found.id)
                .one(&tx)
                .await?
                .is_none_or(|row| row.used_at.is_some());
            return Ok(if is_spent { Verdict::None } else { Verdict::Wrong { left: 0 } });
        }
        if same_in_constant_time(self.code_hash(&found.id, code).as_bytes(), found.code_hash.as_bytes()) {
            // Taken back: a right code costs no try, for the form may have other faults.
            tx.rollback().await?;
            return Ok(Verdict::Right(ProvenCode(found.id)));
        }
        let after =
            sms_code::Entity::find_by_id(&found.id).one(&tx).await?.map_or(MOST_TRIES, |row| row.tries);
        tx.commit().await?;
        Ok(Verdict::Wrong { left: MOST_TRIES - after })
    }

    /// Uses a code up in the transaction of what it allows. Refused where another request, or the
    /// clock, was quicker.
    pub(crate) async fn spend_code(&self, on: &Transaction, proven: &ProvenCode) -> Result<()> {
        let now = millis(self.clock.now());
        let spent = sms_code::Entity::update_many()
            .col_expr(sms_code::Column::UsedAt, Expr::value(now))
            .filter(sms_code::Column::Id.eq(&proven.0))
            .filter(sms_code::Column::UsedAt.is_null())
            .filter(sms_code::Column::ExpiresAt.gt(now))
            .exec(on)
            .await?;
        match spent.rows_affected {
            1 => Ok(()),
            _ => Err(Error::refused("验证码已使用或已失效，请重新获取")),
        }
    }

    /// Keyed, and of this row: a million plain hashes are soon tried.
    fn code_hash(&self, id: &str, code: &str) -> String {
        self.keys.fingerprint("sms_code", &format!("{id}/{code}"))
    }

    /// Leaves a message to be sent, in the transaction of what it tells about.
    pub(crate) async fn put_into_outbox(&self, on: &Transaction, mobile: &str, text: &str) -> Result<()> {
        let now = self.clock.now();
        insert(on, self.outbox_row(NOTICE, &new_id(now), mobile, text, (0, now))?).await
    }

    fn outbox_row(
        &self,
        kind: &str,
        id: &str,
        mobile: &str,
        text: &str,
        (attempts, due): (i32, OffsetDateTime),
    ) -> Result<outbox::Model> {
        Ok(outbox::Model {
            kind: kind.to_owned(),
            recipient_sealed: self.keys.seal_text(&context(id, "recipient"), mobile)?,
            text_sealed: self.keys.seal_text(&context(id, "text"), text)?,
            id: id.to_owned(),
            attempts,
            created_at: millis(self.clock.now()),
            sent_at: None,
            failed_at: None,
            due_at: Some(millis(due)),
        })
    }

    /// Sends the messages that are due. Each is taken first, so that of several servers one sends it; a
    /// server that dies then leaves it to be sent once more, with the same key. Says how many the gateway
    /// took. For the server to call every few seconds.
    ///
    /// # Errors
    /// When the messages that are due cannot be read.
    pub async fn send_due(&self) -> Result<u64> {
        let due = outbox::Entity::find()
            .filter(outbox::Column::DueAt.lte(millis(self.clock.now())))
            .order_by_asc(outbox::Column::DueAt)
            .limit(SENT_AT_ONCE)
            .all(self.db.read())
            .await?;
        let mut sent = 0;
        for row in due {
            let id = row.id.clone();
            match self.send_one(row).await {
                Ok(true) => sent += 1,
                Ok(false) => {}
                Err(error) => tracing::error!(outbox = id, %error, "a text message could not be handled"),
            }
        }
        Ok(sent)
    }

    async fn send_one(&self, row: outbox::Model) -> Result<bool> {
        if usize::try_from(row.attempts).unwrap_or_default() > BACKOFF.len() {
            // It was taken for the last time, and whoever took it never came back.
            again!(self.note_delivery(&row, false))?;
            return Ok(false);
        }
        match again!(self.take_message(&row))? {
            None => Ok(false),
            Some(row) if row.kind == CODE && !self.is_awaited(&row.id).await? => {
                tracing::info!(outbox = row.id, "a code that is worth nothing any more was not sent");
                again!(self.note_delivery(&row, false))?;
                Ok(false)
            }
            Some(row) => self.deliver(&row).await,
        }
    }

    /// Whether the code of this message could still be typed.
    async fn is_awaited(&self, id: &str) -> Result<bool> {
        let code = sms_code::Entity::find_by_id(id)
            .filter(sms_code::Column::UsedAt.is_null())
            .filter(sms_code::Column::ExpiresAt.gt(millis(self.clock.now())))
            .one(self.db.read())
            .await?;
        Ok(code.is_some())
    }

    /// Takes a message, if it is still as `row` says: nobody else sends it while the lease lasts.
    async fn take_message(&self, row: &outbox::Model) -> Result<Option<outbox::Model>> {
        let tx = self.db.begin().await?;
        let mut taken = row.clone();
        taken.attempts += 1;
        taken.due_at = Some(millis(self.clock.now() + LEASE));
        let won = outbox::Entity::update_many()
            .col_expr(outbox::Column::Attempts, Expr::value(taken.attempts))
            .col_expr(outbox::Column::DueAt, Expr::value(taken.due_at))
            .filter(outbox::Column::Id.eq(&row.id))
            .filter(outbox::Column::Attempts.eq(row.attempts))
            .filter(outbox::Column::DueAt.eq(row.due_at))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok((won.rows_affected == 1).then_some(taken))
    }

    /// Hands over a message that this server has taken, and notes what came of it. A code that was not
    /// taken is not tried again: its person is told and asks for another.
    async fn deliver(&self, row: &outbox::Model) -> Result<bool> {
        let is_sent = match self.hand_over(row).await {
            Ok(()) => true,
            Err(failure) => {
                tracing::warn!(
                    outbox = row.id,
                    attempts = row.attempts,
                    failure,
                    "a text message was not sent"
                );
                false
            }
        };
        again!(self.note_delivery(row, is_sent))?;
        Ok(is_sent)
    }

    async fn hand_over(&self, row: &outbox::Model) -> Result<(), String> {
        let open = |field, sealed: &str| {
            self.keys.open_text(&context(&row.id, field), sealed).map_err(|failure| failure.to_string())
        };
        let recipient = open("recipient", &row.recipient_sealed)?;
        let text = open("text", &row.text_sealed)?;
        let sending = self.gateway.send(self.clock.now(), &row.id, &recipient, &text);
        match tokio::time::timeout(PATIENCE, sending).await {
            Ok(outcome) => outcome.map_err(|failure| failure.to_string()),
            Err(_) => Err("the SMS gateway did not answer in time".to_owned()),
        }
    }

    async fn note_delivery(&self, row: &outbox::Model, is_sent: bool) -> Result<()> {
        use outbox::Column::{DueAt, FailedAt, SentAt};
        let tx = self.db.begin().await?;
        let now = self.clock.now();
        let tried = usize::try_from(row.attempts).unwrap_or_default();
        let wait = BACKOFF.get(tried.saturating_sub(1)).filter(|_| row.kind != CODE);
        let none = Expr::value(None::<i64>);
        let mut noted = outbox::Entity::update_many().filter(outbox::Column::Id.eq(&row.id));
        noted = match (is_sent, wait) {
            (true, _) => noted.col_expr(SentAt, Expr::value(millis(now))).col_expr(DueAt, none),
            (false, Some(wait)) => noted.col_expr(DueAt, Expr::value(millis(now + *wait))),
            (false, None) => noted.col_expr(FailedAt, Expr::value(millis(now))).col_expr(DueAt, none),
        };
        if !is_sent {
            // Whoever took it after this server's lease knows better.
            noted = noted.filter(outbox::Column::Attempts.eq(row.attempts)).filter(SentAt.is_null());
        }
        noted.exec(&tx).await?;
        tx.commit().await?;
        if !is_sent && wait.is_none() && row.kind != CODE {
            tracing::error!(outbox = row.id, attempts = row.attempts, "a text message was given up");
        }
        Ok(())
    }

    /// The latest messages in full, for the page /dev/outbox; the server serves it in development
    /// only.
    pub async fn outbox(&self) -> Result<Vec<OutboxRow>> {
        let rows =
            outbox::Entity::find().order_by_desc(outbox::Column::Id).limit(50).all(self.db.read()).await?;
        rows.into_iter()
            .map(|row| {
                Ok(OutboxRow {
                    at: written(instant(row.created_at)),
                    recipient: self.keys.open_text(&context(&row.id, "recipient"), &row.recipient_sealed)?,
                    text: self.keys.open_text(&context(&row.id, "text"), &row.text_sealed)?,
                    state: match (row.sent_at, row.failed_at) {
                        (Some(_), _) => "已发送",
                        (None, Some(_)) => "发送失败",
                        (None, None) => "待发送",
                    },
                    id: row.id,
                })
            })
            .collect()
    }

    /// Deletes codes that no limit asks for any more, and messages a week old. Says how many went.
    pub async fn sweep_messages(&self) -> Result<u64> {
        again!(self.try_sweep_messages())
    }

    async fn try_sweep_messages(&self) -> Result<u64> {
        let tx = self.db.begin().await?;
        let now = self.clock.now();
        let codes = sms_code::Entity::delete_many()
            .filter(sms_code::Column::SentAt.lt(millis(now - DAY - DAY)))
            .exec(&tx)
            .await?;
        let messages = outbox::Entity::delete_many()
            .filter(outbox::Column::CreatedAt.lt(millis(now - Duration::weeks(1))))
            .exec(&tx)
            .await?;
        let swept = codes.rows_affected + messages.rows_affected;
        if swept > 0 {
            self.write(&tx, None, "sweep", "sms_code", "", json!({ "rows": swept })).await?;
        }
        tx.commit().await?;
        Ok(swept)
    }
}

/// What came of typing a code.
#[derive(Debug)]
#[must_use]
pub(crate) enum Verdict {
    Right(ProvenCode),
    /// With the tries that are left for this code.
    Wrong {
        left: i32,
    },
    /// There is no code that could be right.
    None,
}

impl Verdict {
    /// The proof, or the sentence beside the field.
    pub(crate) fn proof(self) -> Result<ProvenCode, String> {
        match self {
            Verdict::Right(proven) => Ok(proven),
            Verdict::Wrong { left } if left > 0 => Err(format!("验证码不正确，还可以尝试 {left} 次")),
            Verdict::Wrong { left: _ } => Err("验证码错误次数过多，请重新获取".to_owned()),
            Verdict::None => Err("验证码已失效，请重新获取".to_owned()),
        }
    }
}

/// The code not yet used that is bound to person, purpose and number.
fn open_for(actor: &Actor, purpose: &str, mobile_hash: &str) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(sms_code::Column::PersonId.eq(&actor.person_id))
        .add(sms_code::Column::Purpose.eq(purpose))
        .add(sms_code::Column::MobileHash.eq(mobile_hash))
        .add(sms_code::Column::UsedAt.is_null())
}

async fn insert(on: &Transaction, row: outbox::Model) -> Result<()> {
    outbox::Entity::insert(outbox::ActiveModel {
        id: Set(row.id),
        kind: Set(row.kind),
        recipient_sealed: Set(row.recipient_sealed),
        text_sealed: Set(row.text_sealed),
        attempts: Set(row.attempts),
        created_at: Set(row.created_at),
        sent_at: Set(row.sent_at),
        failed_at: Set(row.failed_at),
        due_at: Set(row.due_at),
    })
    .exec_without_returning(on)
    .await?;
    Ok(())
}

pub(crate) fn context(id: &str, field: &str) -> String {
    format!("outbox/{id}/{field}")
}

/// Rounded up: who waits that long is not sent away again.
fn seconds(wait: Duration) -> u64 {
    let whole = u64::try_from(wait.whole_seconds()).unwrap_or(0);
    whole + u64::from(wait.subsec_nanoseconds() > 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
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
        let before = world.service.outbox().await.unwrap();
        world.service.send_code(actor, PURPOSE, MOBILE).await.unwrap();
        let after = world.service.outbox().await.unwrap();
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
        let proof = service.prove_code(actor, purpose, mobile, code).await?.proof();
        proof.map_err(|sentence| Error::Faults(vec![fault("check.code", sentence)]))
    }

    async fn spend(world: &World, proven: &ProvenCode) -> Result<()> {
        let tx = world.service.db.begin().await.unwrap();
        world.service.spend_code(&tx, proven).await?;
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
        let message = world.service.outbox().await.unwrap().remove(0);
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
        assert_eq!(seconds_to_wait(service.send_code(&actor, PURPOSE, MOBILE).await), 60);
        world.later(Duration::milliseconds(59_500));
        assert_eq!(seconds_to_wait(service.send_code(&actor, PURPOSE, MOBILE).await), 1);
        // The limit is the number's, whoever asks and why.
        assert_eq!(seconds_to_wait(service.send_code(&other, "transfer/1", "139 0000 1234").await), 1);
        service.send_code(&actor, PURPOSE, "13900001235").await.unwrap();
        world.later(Duration::milliseconds(500));
        service.send_code(&actor, PURPOSE, MOBILE).await.unwrap();
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
        assert_eq!(seconds_to_wait(service.send_code(&actor, PURPOSE, MOBILE).await), wait);
        assert_eq!(seconds_to_wait(service.send_code(&other, "transfer/1", MOBILE).await), wait);
        service.send_code(&actor, PURPOSE, "13900001235").await.unwrap();
        world.later(Duration::hours(14));
        send(&world, &actor).await;
        world.later(Duration::minutes(1));
        let again = seconds_to_wait(service.send_code(&actor, PURPOSE, MOBILE).await);
        assert_eq!(again, 59 * 60, "until the second one is a day old");
    }

    async fn sends_at_once_are_counted_one_after_the_other(world: World) {
        let actor = world.applicant(1).await;
        let mut at_once = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (service, actor) = (world.service.clone(), actor.clone());
            at_once.spawn(async move { service.send_code(&actor, PURPOSE, MOBILE).await });
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
        assert_eq!(seconds_to_wait(restarted.send_code(&actor, PURPOSE, MOBILE).await), 60);
        let tried = prove_of(&restarted, &actor, PURPOSE, MOBILE, &wrong(&code)).await;
        assert_eq!(said(tried), "验证码不正确，还可以尝试 3 次");
        assert!(prove_of(&restarted, &actor, PURPOSE, MOBILE, &code).await.is_ok());
    }

    async fn a_clock_set_back_buys_neither_time_nor_codes(world: World) {
        let actor = world.applicant(1).await;
        let code = send(&world, &actor).await;
        world.later(Duration::minutes(4));
        world.later(-Duration::seconds(4 * 60 + 30));
        assert_eq!(
            said(prove(&world, &actor, &code).await),
            GONE,
            "it would live for longer than five minutes"
        );
        assert_eq!(seconds_to_wait(world.service.send_code(&actor, PURPOSE, MOBILE).await), 60);
        for _ in 0..9 {
            // The clock is found an hour earlier; a new code can be had, and works.
            world.later(-Duration::hours(1));
            let code = send(&world, &actor).await;
            assert!(prove(&world, &actor, &code).await.is_ok());
        }
        world.later(-Duration::hours(1));
        assert!(
            seconds_to_wait(world.service.send_code(&actor, PURPOSE, MOBILE).await) > 23 * 3600,
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
                let tx = service.db.begin().await?;
                service.spend_code(&tx, &proven).await?;
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
        let tx = world.service.db.begin().await.unwrap();
        world.service.spend_code(&tx, &proven).await.unwrap();
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
        let sealed = "SELECT COUNT(*) FROM sms_code WHERE code_hash = '{}' OR purpose LIKE '%{}%'"
            .replace("{}", &code);
        assert_eq!(world.number(&sealed).await, 0);
        assert!(!format!("{:?}", prove(&world, &actor, &code).await.unwrap()).contains(&code));
    }

    async fn a_number_that_is_none_gets_no_code(world: World) {
        let actor = world.applicant(1).await;
        for none in ["", "12345", "010-12345678", "1390000123x", "138****5678"] {
            assert!(
                matches!(world.service.send_code(&actor, PURPOSE, none).await, Err(Error::Faults(_))),
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
        match service.send_code(&actor, PURPOSE, MOBILE).await {
            Err(Error::Refused(refused)) => {
                assert_eq!(refused.sentence, "短信发送失败，请稍后重新获取验证码")
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(service.outbox().await.unwrap()[0].state, "发送失败");
        assert_eq!(
            seconds_to_wait(service.send_code(&actor, PURPOSE, MOBILE).await),
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
        let tx = service.db.begin().await.unwrap();
        service.put_into_outbox(&tx, MOBILE, text).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn states(service: &Service) -> Vec<&'static str> {
        service.outbox().await.unwrap().into_iter().map(|row| row.state).collect()
    }

    /// B5. A closed tab, a request that took too long, a server that died: somebody else sends it, and the
    /// gateway can tell that it is the same message.
    async fn a_message_is_sent_though_whoever_caused_it_has_gone(world: World) {
        let (actor, phone) = (world.applicant(1).await, Phone::new().await);
        let service = world.service.clone().with_gateway(phone.gateway.clone());
        leave(&service, "一项移交正在进行").await;
        assert_eq!(states(&service).await, ["待发送"]);
        assert_eq!(service.send_due().await.unwrap(), 1);
        assert_eq!(service.send_due().await.unwrap(), 0, "once");
        assert_eq!(states(&service).await, ["已发送"]);

        phone.says(None);
        let (asking, of) = (service.clone(), actor.clone());
        let request = tokio::spawn(async move { asking.send_code(&of, PURPOSE, MOBILE).await });
        phone.is_rung(2).await;
        request.abort();
        let _ = request.await;
        assert_eq!(service.send_due().await.unwrap(), 0, "it may still be on its way");
        world.later(LEASE);
        phone.says(Some(true));
        assert_eq!(service.send_due().await.unwrap(), 1);
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
            assert_eq!(service.send_due().await.unwrap(), 0);
            assert_eq!(phone.got("text").len(), tried + 1);
            world.later(wait - Duration::SECOND);
            assert_eq!(service.send_due().await.unwrap(), 0);
            assert_eq!(phone.got("text").len(), tried + 1, "not before its time");
            world.later(Duration::SECOND);
            assert_eq!(states(&service).await, ["待发送"]);
        }
        leave(&service, "乙").await;
        assert_eq!(service.send_due().await.unwrap(), 0);
        assert_eq!(states(&service).await, ["待发送", "发送失败"]);
        phone.says(Some(true));
        world.later(Duration::days(1));
        assert_eq!(service.send_due().await.unwrap(), 1, "the other one");
        assert_eq!(phone.got("text").iter().filter(|text| *text == "甲").count(), 5);
        assert_eq!(states(&service).await, ["已发送", "发送失败"]);

        // A server that dies each time has tried all the same.
        leave(&service, "丙").await;
        world.execute("UPDATE outbox SET attempts = 5 WHERE sent_at IS NULL AND failed_at IS NULL").await;
        assert_eq!(service.send_due().await.unwrap(), 0);
        assert_eq!(states(&service).await[0], "发送失败");
    }

    /// B5. Nobody gets a code hours later, nor one that a newer one has replaced.
    async fn a_code_that_is_worth_nothing_any_more_is_not_sent(world: World) {
        let (actor, phone) = (world.applicant(1).await, Phone::new().await);
        let service = world.service.clone().with_gateway(phone.gateway.clone());
        let cut_off = async |times| {
            phone.says(None);
            let (asking, of) = (service.clone(), actor.clone());
            let request = tokio::spawn(async move { asking.send_code(&of, PURPOSE, MOBILE).await });
            phone.is_rung(times).await;
            request.abort();
            let _ = request.await;
            phone.says(Some(true));
        };
        cut_off(1).await;
        world.later(VALID);
        assert_eq!(service.send_due().await.unwrap(), 0);
        assert_eq!(states(&service).await, ["发送失败"]);
        cut_off(2).await;
        world.later(Duration::minutes(1));
        service.send_code(&actor, PURPOSE, MOBILE).await.unwrap();
        world.later(Duration::minutes(2));
        assert_eq!(service.send_due().await.unwrap(), 0, "the newer one is the one that counts");
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
            at_once.spawn(async move { service.send_due().await.unwrap() });
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
        assert_eq!(world.service.sweep_messages().await.unwrap(), 0);
        world.later(Duration::SECOND);
        assert_eq!(world.service.sweep_messages().await.unwrap(), 1);
        world.later(Duration::days(5));
        assert_eq!(world.service.sweep_messages().await.unwrap(), 1);
        assert_eq!(world.number("SELECT COUNT(*) FROM outbox").await, 0);
    }
}
