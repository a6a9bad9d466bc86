//! Who filed a subject and nothing for it is reminded (R15): nobody will ever review it, and people believe they are done.

use domain::action::Action;
use domain::business::Business;
use domain::filing::FilingState;
use domain::notice::NoticeKind;
use domain::route;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::account::notice::Notices;
use crate::base::context::handle;
use crate::base::db::{instant, millis};
use crate::base::entity::filing;
use crate::base::error::Result;
use crate::base::retry::retry;

handle! {
    /// Reminders of what only the applicant can do.
    Reminders {
        notices: Notices,
    }
}

/// A person is reminded so many days after submitting, and then left alone.
const AFTER_DAYS: [i32; 3] = [1, 3, 7];

/// Filings that one transaction looks at.
const AT_ONCE: u64 = 200;

impl Reminders {
    /// One round, for the server to call every hour or so. Says how many people were reminded.
    pub async fn remind(&self) -> Result<u64> {
        let mut reminded = 0;
        loop {
            let some = retry!(self.try_remind())?;
            reminded += some;
            if some < AT_ONCE {
                return Ok(reminded);
            }
        }
    }

    async fn try_remind(&self) -> Result<u64> {
        let tx = self.context.db.begin().await?;
        let now = self.context.clock.now();
        let mut told = Vec::new();
        for (before, days) in [0].into_iter().chain(AFTER_DAYS).zip(AFTER_DAYS) {
            // Who was reminded before this round of the filing is at `before`; a server that stood still skips.
            let due = filing::Entity::find()
                .filter(filing::Column::Business.eq(Business::Subject.code()))
                .filter(filing::Column::Action.eq(Action::New.code()))
                .filter(filing::Column::State.eq(FilingState::Pending.code()))
                .filter(filing::Column::IsReviewable.eq(false))
                .filter(filing::Column::RemindedDays.eq(before))
                .filter(filing::Column::SubmittedAt.lte(millis(now - Duration::days(i64::from(days)))))
                .order_by_asc(filing::Column::Id)
                .limit(AT_ONCE)
                .lock_exclusive()
                .all(&tx)
                .await?;
            for row in due {
                let reached = reached(&row, now);
                filing::Entity::update_many()
                    .col_expr(filing::Column::RemindedDays, Expr::value(reached))
                    .filter(filing::Column::Id.eq(&row.id))
                    .exec_with_returning(&tx)
                    .await?;
                let text = format!(
                    "您的新增主体申请（编号 {}）已提交 {} 天，还没有一并提交的业务，不会进入审核。请填报网站或其他业务",
                    row.reference,
                    (now - instant(row.submitted_at)).whole_days(),
                );
                // The first page leads to the one thing to do, be it a new business or one that came back.
                let link = Some(route::HOME.to_owned());
                self.notices.notify(&tx, &row.applicant_id, NoticeKind::Reminder, text, link).await?;
                told.push(row.id);
            }
        }
        if !told.is_empty() {
            let detail = json!({ "filings": told });
            self.context.audit(&tx, None, "filing.remind", "filing", "", detail).await?;
        }
        tx.commit().await?;
        Ok(told.len() as u64)
    }
}

/// The last of the days of reminding that have passed.
fn reached(row: &filing::Model, now: OffsetDateTime) -> i32 {
    let passed = |days: &&i32| now - instant(row.submitted_at) >= Duration::days(i64::from(**days));
    AFTER_DAYS.iter().rev().find(passed).copied().unwrap_or_default()
}
