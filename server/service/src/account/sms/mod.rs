//! Text messages: how one is handed over for delivery ([`gateway`]), and the codes that show that a
//! person holds a telephone (R72). Every message is a row of the outbox, sealed, written in the transaction
//! of what it tells about. A code is handed over at once, as its person waits; everything else, and what a
//! request had no time for, by `TextMessages::send_due`, which tries again what the gateway did not take.

pub mod gateway;

use domain::schema::fault;
use domain::value::phone;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::account::fingerprints::{compact, mobile_hash};
use crate::account::sms::gateway::Gateway;
use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::{Transaction, instant, millis, new_id, next_serial};
use crate::base::entity::{outbox, sms_code};
use crate::base::error::{Error, Result};
use crate::base::keyring::{same_in_constant_time, six_digits};
use crate::base::retry::retry;

handle! {
    /// 短信: codes, and the outbox.
    TextMessages {} own { gateway: Gateway }
}

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

/// A code that was typed rightly. It still has to be spent in the transaction
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

impl TextMessages {
    /// Sends a code to a number that the caller has found to be the right one for this purpose (the
    /// subject's responsible person, say); never to a number just because somebody typed it. `purpose`
    /// names what the code will allow, such as `cancel/<record>`; it opens nothing else. Too often is
    /// `TooMany` with the seconds to wait.
    pub(crate) async fn send_code(&self, actor: &Actor, purpose: &str, mobile: &str) -> Result<()> {
        let mobile =
            phone::check_mobile(mobile).map_err(|sentence| Error::Faults(vec![fault("", sentence)]))?;
        let message = retry!(self.store_code(actor, purpose, &mobile))?;
        // Where this is dropped half-way, `send_due` finds the message when its lease has ended.
        match self.deliver(&message).await? {
            true => Ok(()),
            false => Err(Error::refused("短信发送失败，请稍后重新获取验证码")),
        }
    }

    async fn store_code(&self, actor: &Actor, purpose: &str, mobile: &str) -> Result<outbox::Model> {
        let hash = mobile_hash(&self.context.keys, mobile);
        let tx = self.context.db.begin().await?;
        next_serial(&tx, LOCK).await?;
        let now = self.context.clock.now();
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
            self.context.settings.platform_name,
            VALID.whole_minutes()
        );
        // Taken by this server from the beginning.
        let message = self.outbox_row(CODE, &id, mobile, &text, (1, now + LEASE))?;
        insert(&tx, message.clone()).await?;
        self.context
            .audit(&tx, Some(actor), "send_code", "sms_code", &id, json!({ "purpose": purpose }))
            .await?;
        tx.commit().await?;
        Ok(message)
    }

    /// Seconds until a code can be sent to this number; 0: now.
    pub(crate) async fn seconds_to_next_code(&self, mobile: &str) -> Result<u64> {
        let hash = mobile_hash(&self.context.keys, mobile);
        match self.bound_sends(self.context.db.read(), &hash, self.context.clock.now()).await {
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
        retry!(self.try_code(actor, purpose, mobile, &code))
    }

    async fn try_code(&self, actor: &Actor, purpose: &str, mobile: &str, code: &str) -> Result<Verdict> {
        let hash = mobile_hash(&self.context.keys, mobile);
        let tx = self.context.db.begin().await?;
        let now = millis(self.context.clock.now());
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
        let now = millis(self.context.clock.now());
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
        self.context.keys.fingerprint("sms_code", &format!("{id}/{code}"))
    }

    /// Leaves a message to be sent, in the transaction of what it tells about.
    pub(crate) async fn put_into_outbox(&self, on: &Transaction, mobile: &str, text: &str) -> Result<()> {
        let now = self.context.clock.now();
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
            recipient_sealed: self.context.keys.seal_text(&context(id, "recipient"), mobile)?,
            text_sealed: self.context.keys.seal_text(&context(id, "text"), text)?,
            id: id.to_owned(),
            attempts,
            created_at: millis(self.context.clock.now()),
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
            .filter(outbox::Column::DueAt.lte(millis(self.context.clock.now())))
            .order_by_asc(outbox::Column::DueAt)
            .limit(SENT_AT_ONCE)
            .all(self.context.db.read())
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
            retry!(self.note_delivery(&row, false))?;
            return Ok(false);
        }
        match retry!(self.take_message(&row))? {
            None => Ok(false),
            Some(row) if row.kind == CODE && !self.is_awaited(&row.id).await? => {
                tracing::info!(outbox = row.id, "a code that is worth nothing any more was not sent");
                retry!(self.note_delivery(&row, false))?;
                Ok(false)
            }
            Some(row) => self.deliver(&row).await,
        }
    }

    /// Whether the code of this message could still be typed.
    async fn is_awaited(&self, id: &str) -> Result<bool> {
        let code = sms_code::Entity::find_by_id(id)
            .filter(sms_code::Column::UsedAt.is_null())
            .filter(sms_code::Column::ExpiresAt.gt(millis(self.context.clock.now())))
            .one(self.context.db.read())
            .await?;
        Ok(code.is_some())
    }

    /// Takes a message, if it is still as `row` says: nobody else sends it while the lease lasts.
    async fn take_message(&self, row: &outbox::Model) -> Result<Option<outbox::Model>> {
        let tx = self.context.db.begin().await?;
        let mut taken = row.clone();
        taken.attempts += 1;
        taken.due_at = Some(millis(self.context.clock.now() + LEASE));
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
        retry!(self.note_delivery(row, is_sent))?;
        Ok(is_sent)
    }

    async fn hand_over(&self, row: &outbox::Model) -> Result<(), String> {
        let open = |field, sealed: &str| {
            self.context
                .keys
                .open_text(&context(&row.id, field), sealed)
                .map_err(|failure| failure.to_string())
        };
        let recipient = open("recipient", &row.recipient_sealed)?;
        let text = open("text", &row.text_sealed)?;
        let sending = self.gateway.send(self.context.clock.now(), &row.id, &recipient, &text);
        match tokio::time::timeout(PATIENCE, sending).await {
            Ok(outcome) => outcome.map_err(|failure| failure.to_string()),
            Err(_) => Err("the SMS gateway did not answer in time".to_owned()),
        }
    }

    async fn note_delivery(&self, row: &outbox::Model, is_sent: bool) -> Result<()> {
        use outbox::Column::{DueAt, FailedAt, SentAt};
        let tx = self.context.db.begin().await?;
        let now = self.context.clock.now();
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
        let rows = outbox::Entity::find()
            .order_by_desc(outbox::Column::Id)
            .limit(50)
            .all(self.context.db.read())
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok(OutboxRow {
                    at: written(instant(row.created_at)),
                    recipient: self
                        .context
                        .keys
                        .open_text(&context(&row.id, "recipient"), &row.recipient_sealed)?,
                    text: self.context.keys.open_text(&context(&row.id, "text"), &row.text_sealed)?,
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
        retry!(self.try_sweep_messages())
    }

    async fn try_sweep_messages(&self) -> Result<u64> {
        let tx = self.context.db.begin().await?;
        let now = self.context.clock.now();
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
            self.context.audit(&tx, None, "sweep", "sms_code", "", json!({ "rows": swept })).await?;
        }
        tx.commit().await?;
        Ok(swept)
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
mod tests;
