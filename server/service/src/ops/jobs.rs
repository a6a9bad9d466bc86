//! What the clock does: ending what has run out. One server at a time
//! calls it from time to time; calling it more often, or from several servers, does no harm.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use serde_json::json;
use time::Duration;

use crate::account::person::SESSION_LIFETIME;
use crate::account::sms::TextMessages;
use crate::account::usage::Usage;
use crate::applicant::draft::Drafts;
use crate::applicant::handover::Handovers;
use crate::applicant::identity_check::IdentityChecks;
use crate::applicant::reminder::Reminders;
use crate::base::context::handle;
use crate::base::db::millis;
use crate::base::entity::{counter, desk_event, open_page, session};
use crate::base::error::{Result, chain};
use crate::base::events::SWEPT;
use crate::base::retry::retry;
use crate::desk::batch::Batches;
use crate::files::Files;
use crate::ops::network_use::NetworkUse;

handle! {
    /// What a clock does.
    Jobs {
        batches: Batches,
        drafts: Drafts,
        files: Files,
        handovers: Handovers,
        identity_checks: IdentityChecks,
        network_use: NetworkUse,
        reminders: Reminders,
        text_messages: TextMessages,
        usage: Usage,
    }
}

/// Sessions that ended are kept so long, for questions about who was signed in.
const ENDED_SESSIONS: Duration = Duration::days(30);

/// What open desks were told is kept so long, for those who come back after an interruption.
const TOLD_FOR: Duration = Duration::hours(1);

/// Rows deleted in one transaction: each is named in its line of the audit log.
const SWEPT_AT_ONCE: u64 = 500;

/// What one round of sweeping deleted, in rows (and files without a row).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    pub sessions: u64,
    pub messages: u64,
    pub drafts: u64,
    /// Subjects that nobody received in time (R24).
    pub handovers: u64,
    /// What was typed for an identity check, and wrong tries at it.
    pub identity: u64,
    pub uploads: u64,
    /// Counts of what people did in hours that are over.
    pub usage: u64,
    /// What became of acts on many filings, a day ago.
    pub batches: u64,
    /// People who were reminded of what only they can do.
    pub reminded: u64,
    /// What open desks were told more than an hour ago.
    pub events: u64,
    /// What networks asked in minutes that are over.
    pub networks: u64,
}

impl Jobs {
    /// One round of everything that runs out; for the server to call every hour or so. A part that
    /// fails does not keep the others from running, and is logged here.
    pub async fn sweep(&self) -> Swept {
        Swept {
            sessions: counted("sessions", self.sweep_sessions().await),
            messages: counted("messages", self.text_messages.sweep_messages().await),
            // Before the files: those of a draft that has run out are free a day after sending.
            drafts: counted("drafts", self.drafts.sweep_drafts().await),
            handovers: counted("handovers", self.handovers.sweep_handovers().await),
            identity: counted("identity", self.identity_checks.sweep_identity().await),
            uploads: counted("uploads", self.files.sweep_uploads().await),
            usage: counted("usage", self.usage.sweep_usage().await),
            batches: counted("batches", self.batches.sweep_batches().await),
            reminded: counted("reminders", self.reminders.remind().await),
            events: counted("events", self.sweep_events().await),
            networks: counted("networks", self.network_use.sweep().await),
        }
    }

    /// Deletes the rows of sessions that ended a month ago. Says how many went.
    pub async fn sweep_sessions(&self) -> Result<u64> {
        let mut swept = 0;
        loop {
            let some = retry!(self.try_sweep_sessions())?;
            swept += some;
            if some < SWEPT_AT_ONCE {
                return Ok(swept);
            }
        }
    }

    /// Deletes what open desks were told long ago, and the looks that are over.
    async fn sweep_events(&self) -> Result<u64> {
        retry!(self.try_sweep_events())
    }

    async fn try_sweep_events(&self) -> Result<u64> {
        let tx = self.context.db.begin().await?;
        let now = self.context.clock.now();
        open_page::Entity::delete_many().filter(open_page::Column::Until.lt(millis(now))).exec(&tx).await?;
        let last = desk_event::Entity::find()
            .select_only()
            .column(desk_event::Column::Number)
            .filter(desk_event::Column::At.lt(millis(now - TOLD_FOR)))
            .order_by_desc(desk_event::Column::Number)
            .into_tuple::<i64>()
            .one(&tx)
            .await?;
        let Some(last) = last else {
            tx.commit().await?;
            return Ok(0);
        };
        let gone =
            desk_event::Entity::delete_many().filter(desk_event::Column::Number.lte(last)).exec(&tx).await?;
        // Whoever comes back after an earlier one is told to read anew.
        let swept = counter::ActiveModel { name: Set(SWEPT.to_owned()), value: Set(last) };
        let known =
            OnConflict::column(counter::Column::Name).update_column(counter::Column::Value).to_owned();
        counter::Entity::insert(swept).on_conflict(known).exec_without_returning(&tx).await?;
        tx.commit().await?;
        Ok(gone.rows_affected)
    }

    async fn try_sweep_sessions(&self) -> Result<u64> {
        let tx = self.context.db.begin().await?;
        let before = millis(self.context.clock.now() - SESSION_LIFETIME - ENDED_SESSIONS);
        let due = session::Entity::find()
            .select_only()
            .column(session::Column::TokenHash)
            .filter(session::Column::CreatedAt.lt(before))
            .limit(SWEPT_AT_ONCE);
        let gone = session::Entity::delete_many()
            .filter(session::Column::TokenHash.in_subquery(due.into_query()))
            .exec_with_returning(&tx)
            .await?;
        if !gone.is_empty() {
            let detail = json!({ "rows": gone.len() });
            self.context.audit(&tx, None, "sweep", "session", "", detail).await?;
        }
        tx.commit().await?;
        Ok(gone.len() as u64)
    }
}

fn counted(what: &'static str, swept: Result<u64>) -> u64 {
    swept.unwrap_or_else(|error| {
        tracing::error!(what, error = chain(&error), "sweeping failed");
        0
    })
}
