//! The outbox: every message is a row, sealed, written in the transaction of what it tells about, and sent
//! afterwards, so that no decision waits for a gateway or for a mail server.

use domain::notice::Channel;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use time::Duration;

use crate::account::mail::MailFailure;
use crate::account::sms::{CODE, LEASE, Letter, OutboxRow, PATIENCE, TextMessages, context, insert};
use crate::base::clock::written;
use crate::base::db::{Transaction, instant, millis, new_id};
use crate::base::entity::{outbox, sms_code};
use crate::base::error::{Result, chain};
use crate::base::retry::retry;

/// What is worth knowing hours later.
const NOTICE: &str = "notice";

/// After each failure a message waits so long; after one more it is given up.
pub(super) const BACKOFF: [Duration; 4] =
    [Duration::minutes(1), Duration::minutes(10), Duration::hours(1), Duration::hours(3)];

const SENT_AT_ONCE: u64 = 50;

/// Words that call one to 系统通知 which one person gets within a day, by one way; the page has all notices.
const MOST_CALLS_A_DAY: u64 = 10;

/// Why a message is not delivered yet.
struct Failure {
    sentence: String,
    /// No later time will do better.
    is_final: bool,
}

impl Failure {
    fn for_now(sentence: impl ToString) -> Self {
        Failure { sentence: sentence.to_string(), is_final: false }
    }
}

impl TextMessages {
    /// Leaves a text message to be sent, in the transaction of what it tells about.
    pub(crate) async fn put_into_outbox(&self, on: &Transaction, mobile: &str, text: &str) -> Result<()> {
        self.post(on, Channel::Sms, mobile, text).await
    }

    /// Leaves a message to be sent. The first line of an e-mail is its subject.
    pub(crate) async fn post(
        &self,
        on: &Transaction,
        channel: Channel,
        recipient: &str,
        text: &str,
    ) -> Result<()> {
        insert(on, self.notice_row(channel, recipient, text)?).await
    }

    /// Leaves a word that calls a person to 系统通知. One that still waits to be sent calls for all that has come
    /// since.
    pub(crate) async fn call(
        &self,
        on: &Transaction,
        person_id: &str,
        channel: Channel,
        recipient: &str,
        text: &str,
    ) -> Result<()> {
        let row = self.notice_row(channel, recipient, text)?;
        insert(on, outbox::Model { person_id: Some(person_id.to_owned()), ..row }).await
    }

    fn notice_row(&self, channel: Channel, recipient: &str, text: &str) -> Result<outbox::Model> {
        let now = self.context.clock.now();
        let letter = Letter { kind: NOTICE, channel, recipient, text };
        self.outbox_row(&new_id(now), &letter, (0, now))
    }

    /// Whether a person is not to be called this way: they will be anyhow, or were too often within a day.
    pub(crate) async fn needs_no_call(
        &self,
        on: &impl ConnectionTrait,
        person_id: &str,
        channel: Channel,
    ) -> Result<bool> {
        let day_ago = millis(self.context.clock.now() - Duration::days(1));
        let calls = outbox::Entity::find()
            .filter(outbox::Column::PersonId.eq(person_id))
            .filter(outbox::Column::Channel.eq(channel.code()));
        let waits = calls.clone().filter(outbox::Column::DueAt.is_not_null()).count(on).await?;
        let recent = calls.filter(outbox::Column::CreatedAt.gt(day_ago)).count(on).await?;
        Ok(waits > 0 || recent >= MOST_CALLS_A_DAY)
    }

    /// Sends the messages of one way that are due. Each is taken first, so that of several servers one sends it; a
    /// server that dies then leaves it to be sent once more, with the same key. Says how many were taken over there.
    /// For the server to call every few seconds, for each way by itself: no text message waits for a mail server.
    ///
    /// # Errors
    /// When the messages that are due cannot be read.
    pub async fn send_due(&self, channel: Channel) -> Result<u64> {
        let due = outbox::Entity::find()
            .filter(outbox::Column::Channel.eq(channel.code()))
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
                Err(error) => {
                    tracing::error!(outbox = id, error = chain(&error), "a message could not be handled")
                }
            }
        }
        Ok(sent)
    }

    async fn send_one(&self, row: outbox::Model) -> Result<bool> {
        if usize::try_from(row.attempts).unwrap_or_default() > BACKOFF.len() {
            // It was taken for the last time, and whoever took it never came back.
            retry!(self.note_failure(&row, true))?;
            return Ok(false);
        }
        match retry!(self.take_message(&row))? {
            None => Ok(false),
            Some(row) if row.kind == CODE && !self.is_awaited(&row.id).await? => {
                tracing::info!(outbox = row.id, "a code that is worth nothing any more was not sent");
                retry!(self.note_failure(&row, true))?;
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

    /// Hands over a message that this server has taken, and notes what came of it.
    pub(super) async fn deliver(&self, row: &outbox::Model) -> Result<bool> {
        let failure = match self.hand_over(row).await {
            Ok(()) => {
                retry!(self.note_sent(row))?;
                return Ok(true);
            }
            Err(failure) => failure,
        };
        let Failure { sentence, is_final } = failure;
        tracing::warn!(
            outbox = row.id,
            attempts = row.attempts,
            failure = sentence,
            "a message was not sent"
        );
        retry!(self.note_failure(row, is_final))?;
        Ok(false)
    }

    async fn hand_over(&self, row: &outbox::Model) -> Result<(), Failure> {
        let open = |field, sealed: &str| {
            self.context.keys.open_text(&context(&row.id, field), sealed).map_err(Failure::for_now)
        };
        let recipient = open("recipient", &row.recipient_sealed)?;
        let text = open("text", &row.text_sealed)?;
        let now = self.context.clock.now();
        let sending = async {
            match Channel::from_code(&row.channel) {
                Some(Channel::Sms) => {
                    self.gateway.send(now, &row.id, &recipient, &text).await.map_err(Failure::for_now)
                }
                Some(Channel::Mail) => {
                    self.mailer.send(now, &row.id, &recipient, &text).await.map_err(|failure| Failure {
                        is_final: matches!(failure, MailFailure::NoMailbox(_) | MailFailure::NoServer),
                        sentence: failure.to_string(),
                    })
                }
                None => {
                    Err(Failure { sentence: format!("no way is called {}", row.channel), is_final: true })
                }
            }
        };
        match tokio::time::timeout(PATIENCE, sending).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::for_now("nobody answered in time")),
        }
    }

    async fn note_sent(&self, row: &outbox::Model) -> Result<()> {
        let tx = self.context.db.begin().await?;
        outbox::Entity::update_many()
            .filter(outbox::Column::Id.eq(&row.id))
            .col_expr(outbox::Column::SentAt, Expr::value(millis(self.context.clock.now())))
            .col_expr(outbox::Column::DueAt, Expr::value(None::<i64>))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Tries again later, or not at all. A code by text message that was not taken is not tried again: its person is
    /// told and asks for another. One by e-mail is, as long as it is awaited.
    async fn note_failure(&self, row: &outbox::Model, is_final: bool) -> Result<()> {
        use outbox::Column::{DueAt, FailedAt};
        let tx = self.context.db.begin().await?;
        let now = self.context.clock.now();
        let tried = usize::try_from(row.attempts).unwrap_or_default();
        let is_code = row.kind == CODE;
        let is_over = is_final || (is_code && row.channel == Channel::Sms.code());
        let wait = BACKOFF.get(tried.saturating_sub(1)).filter(|_| !is_over);
        let mut noted = outbox::Entity::update_many()
            .filter(outbox::Column::Id.eq(&row.id))
            // Whoever took it after this server's lease knows better.
            .filter(outbox::Column::Attempts.eq(row.attempts))
            .filter(outbox::Column::SentAt.is_null());
        noted = match wait {
            Some(wait) => noted.col_expr(DueAt, Expr::value(millis(now + *wait))),
            None => {
                noted.col_expr(FailedAt, Expr::value(millis(now))).col_expr(DueAt, Expr::value(None::<i64>))
            }
        };
        noted.exec(&tx).await?;
        tx.commit().await?;
        if wait.is_none() && !is_code {
            tracing::error!(outbox = row.id, attempts = row.attempts, "a message was given up");
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
                    channel: Channel::from_code(&row.channel).unwrap_or(Channel::Sms),
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
}
