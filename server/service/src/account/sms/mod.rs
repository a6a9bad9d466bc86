//! Text messages and e-mails: how one is handed over for delivery ([`gateway`], [`crate::account::mail`]), and the
//! codes that show that a person holds a telephone (R72) or reads a mailbox. Every message is a row of the outbox,
//! sealed, written in the transaction of what it tells about. A code by text message is handed over at once, as its
//! person waits; everything else, and what a request had no time for, by `TextMessages::send_due`, which tries again
//! what was not taken.

pub mod delivery;
pub mod gateway;

use domain::notice::Channel;
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
use crate::account::mail::Mailer;
use crate::account::sms::gateway::Gateway;
use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::{Transaction, instant, millis, new_id, next_serial};
use crate::base::entity::{outbox, sms_code};
use crate::base::error::{Error, Result};
use crate::base::keyring::{same_in_constant_time, six_digits};
use crate::base::retry::retry;

handle! {
    /// 短信 and 电子邮件: codes, and the outbox.
    TextMessages {} own { gateway: Gateway, mailer: Mailer }
}

const VALID: Duration = Duration::minutes(5);

/// Longer: e-mails take their time, and the server that has them may be told to come again in ten minutes.
const VALID_BY_MAIL: Duration = Duration::minutes(30);

pub(crate) const BETWEEN_SENDS: Duration = Duration::seconds(60);

const DAY: Duration = Duration::days(1);

const MOST_A_DAY: u64 = 10;

const MOST_TRIES: i32 = 5;

/// Whoever sends takes this counter's row first, so that two sends at once are counted as two.
const LOCK: &str = "sms";

/// A code: worth nothing once it is not the newest, or has run out. Its row has the id of its message.
const CODE: &str = "code";

/// So long one server has for a message that it took; afterwards that server is taken for dead.
const LEASE: Duration = Duration::minutes(2);

/// Shorter than the lease, whatever the gateway's own limit is.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// A code that was typed rightly. It still has to be spent in the transaction
/// of what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(crate) struct ProvenCode(String);

/// A message as /dev/outbox shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    pub id: String,
    pub channel: Channel,
    pub at: String,
    pub recipient: String,
    pub text: String,
    /// 待发送, 已发送 or 发送失败
    pub state: &'static str,
}

/// What a message is made of.
struct Letter<'a> {
    kind: &'a str,
    channel: Channel,
    recipient: &'a str,
    text: &'a str,
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
        let message = retry!(self.store_code(actor, purpose, Channel::Sms, &mobile))?;
        // Where this is dropped half-way, `send_due` finds the message when its lease has ended.
        match self.deliver(&message).await? {
            true => Ok(()),
            false => Err(Error::refused("短信发送失败，请稍后重新获取验证码")),
        }
    }

    /// Sends a code to an e-mail address that a person says is theirs: a step towards sending anything else there.
    /// The caller bounds how many addresses one person names. Nobody waits for the mail server.
    pub(crate) async fn send_code_by_mail(&self, actor: &Actor, purpose: &str, address: &str) -> Result<()> {
        retry!(self.store_code(actor, purpose, Channel::Mail, address)).map(drop)
    }

    async fn store_code(
        &self,
        actor: &Actor,
        purpose: &str,
        channel: Channel,
        recipient: &str,
    ) -> Result<outbox::Model> {
        let hash = self.hash_of(channel, recipient);
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
        let (platform, valid) = (&self.context.settings.platform_name, valid(channel));
        let row = sms_code::ActiveModel {
            code_hash: Set(self.code_hash(&id, &code)),
            id: Set(id.clone()),
            person_id: Set(actor.person_id.clone()),
            purpose: Set(purpose.to_owned()),
            mobile_hash: Set(hash),
            tries: Set(0),
            sent_at: Set(millis(now)),
            expires_at: Set(millis(now + valid)),
            used_at: Set(None),
        };
        row.insert(&tx).await?;
        let words = format!(
            "【{platform}】验证码 {code}，{} 分钟内有效。如非本人操作，请勿将验证码告诉他人。",
            valid.whole_minutes()
        );
        // By text message it is taken by this server from the beginning.
        let (text, turn) = match channel {
            Channel::Sms => (words, (1, now + LEASE)),
            Channel::Mail => (format!("【{platform}】邮箱验证码\n{words}"), (0, now)),
        };
        let letter = Letter { kind: CODE, channel, recipient, text: &text };
        let message = self.outbox_row(&id, &letter, turn)?;
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
        let (hash, code) = (self.hash_of(Channel::Sms, mobile), compact(code));
        retry!(self.try_code(actor, purpose, &hash, &code))
    }

    /// The same for a code that went to a mailbox.
    pub(crate) async fn prove_code_by_mail(
        &self,
        actor: &Actor,
        purpose: &str,
        address: &str,
        code: &str,
    ) -> Result<Verdict> {
        let (hash, code) = (self.hash_of(Channel::Mail, address), compact(code));
        retry!(self.try_code(actor, purpose, &hash, &code))
    }

    async fn try_code(&self, actor: &Actor, purpose: &str, hash: &str, code: &str) -> Result<Verdict> {
        let tx = self.context.db.begin().await?;
        let now = millis(self.context.clock.now());
        // A code is good from when it was sent: one that a clock set back has moved into the future
        // would live longer than its five minutes.
        let found = sms_code::Entity::find()
            .filter(open_for(actor, purpose, hash))
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

    /// Whether e-mails can be sent at all.
    pub(crate) fn offers_mail(&self) -> bool {
        self.mailer.is_there()
    }

    /// Under which tries and sends to one number, or to one mailbox, are counted.
    fn hash_of(&self, channel: Channel, recipient: &str) -> String {
        match channel {
            Channel::Sms => mobile_hash(&self.context.keys, recipient),
            Channel::Mail => self.context.keys.fingerprint("mail", &recipient.to_lowercase()),
        }
    }

    /// Keyed, and of this row: a million plain hashes are soon tried.
    fn code_hash(&self, id: &str, code: &str) -> String {
        self.context.keys.fingerprint("sms_code", &format!("{id}/{code}"))
    }

    fn outbox_row(
        &self,
        id: &str,
        letter: &Letter<'_>,
        (attempts, due): (i32, OffsetDateTime),
    ) -> Result<outbox::Model> {
        let seal = |field, text: &str| self.context.keys.seal_text(&context(id, field), text);
        Ok(outbox::Model {
            kind: letter.kind.to_owned(),
            channel: letter.channel.code().to_owned(),
            person_id: None,
            recipient_sealed: seal("recipient", letter.recipient)?,
            text_sealed: seal("text", letter.text)?,
            id: id.to_owned(),
            attempts,
            created_at: millis(self.context.clock.now()),
            sent_at: None,
            failed_at: None,
            due_at: Some(millis(due)),
        })
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
        channel: Set(row.channel),
        person_id: Set(row.person_id),
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

/// For how long a code is good.
fn valid(channel: Channel) -> Duration {
    match channel {
        Channel::Sms => VALID,
        Channel::Mail => VALID_BY_MAIL,
    }
}

/// Rounded up: who waits that long is not sent away again.
fn seconds(wait: Duration) -> u64 {
    let whole = u64::try_from(wait.whole_seconds()).unwrap_or(0);
    whole + u64::from(wait.subsec_nanoseconds() > 0)
}

#[cfg(test)]
mod tests;
