//! The clock of a filing stands still while its applicant is asked something (待补充说明).

use domain::talk::QuestionEnd;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use time::OffsetDateTime;

use crate::base::calendar::calendar;
use crate::base::db::{instant, millis};
use crate::base::entity::{filing, filing_message};
use crate::base::error::Result;
use crate::state::counters;
use crate::state::elapsed::clock_from;

/// An answer is waited for from now on, unless one was already. The caller holds the subject's lock.
pub(crate) async fn begin(
    on: &impl ConnectionTrait,
    row: &filing::Model,
    now: OffsetDateTime,
) -> Result<filing::Model> {
    if row.waiting_since.is_some() {
        return Ok(row.clone());
    }
    let after = filing::Model { waiting_since: Some(millis(now)), ..row.clone() };
    write(on, row, &after, now).await?;
    Ok(after)
}

/// A question is over. The clock goes on if it was the last, and who holds the filing has their whole time again. The
/// caller holds the subject's lock.
pub(crate) async fn end_question(
    on: &impl ConnectionTrait,
    row: &filing::Model,
    question: &str,
    how: QuestionEnd,
    now: OffsetDateTime,
) -> Result<filing::Model> {
    let open = filing_message::Column::Id.eq(question);
    end(on, filing_message::Entity::update_many().filter(open), how, now).await?;
    let left = filing_message::Entity::find()
        .filter(filing_message::Column::FilingId.eq(&row.id))
        .filter(filing_message::Column::QuestionId.is_null())
        .filter(filing_message::Column::EndedAt.is_null())
        .count(on)
        .await?;
    if left > 0 || row.waiting_since.is_none() {
        return Ok(row.clone());
    }
    let mut after = row.clone();
    resume(on, &mut after, now).await?;
    after.claim_seen_at = row.claim_seen_at.map(|_| millis(now));
    write(on, row, &after, now).await?;
    Ok(after)
}

/// All questions are over with the filing; `after` is what its row is about to be.
pub(crate) async fn end_all(
    on: &impl ConnectionTrait,
    after: &mut filing::Model,
    how: QuestionEnd,
    now: OffsetDateTime,
) -> Result<()> {
    let of_filing = filing_message::Column::FilingId.eq(&after.id);
    let questions = filing_message::Column::QuestionId.is_null();
    end(on, filing_message::Entity::update_many().filter(of_filing).filter(questions), how, now).await?;
    resume(on, after, now).await
}

/// What ended the questions last was taken back (撤回): they are open again.
pub(crate) async fn reopen(on: &impl ConnectionTrait, filing_id: &str) -> Result<()> {
    let along = [QuestionEnd::Decided, QuestionEnd::Withdrawn].map(QuestionEnd::code);
    let ended = filing_message::Entity::find()
        .filter(filing_message::Column::FilingId.eq(filing_id))
        .filter(filing_message::Column::EndedBy.is_in(along))
        .order_by_desc(filing_message::Column::EndedAt)
        .one(on)
        .await?;
    let Some(last) = ended.and_then(|question| question.ended_at) else { return Ok(()) };
    filing_message::Entity::update_many()
        .col_expr(filing_message::Column::EndedAt, Expr::value(None::<i64>))
        .col_expr(filing_message::Column::EndedBy, Expr::value(None::<String>))
        .filter(filing_message::Column::FilingId.eq(filing_id))
        .filter(filing_message::Column::EndedBy.is_in(along))
        .filter(filing_message::Column::EndedAt.eq(last))
        .exec_with_returning(on)
        .await?;
    Ok(())
}

async fn end(
    on: &impl ConnectionTrait,
    questions: sea_orm::UpdateMany<filing_message::Entity>,
    how: QuestionEnd,
    now: OffsetDateTime,
) -> Result<()> {
    questions
        .col_expr(filing_message::Column::EndedAt, Expr::value(millis(now)))
        .col_expr(filing_message::Column::EndedBy, Expr::value(how.code()))
        .filter(filing_message::Column::EndedAt.is_null())
        .exec_with_returning(on)
        .await?;
    Ok(())
}

/// The time goes on, less what was waited.
async fn resume(on: &impl ConnectionTrait, row: &mut filing::Model, now: OffsetDateTime) -> Result<()> {
    if let Some(since) = row.waiting_since.take() {
        let calendar = calendar(on).await?;
        let pause = calendar.spent(instant(since), now);
        row.clock_from = Some(millis(calendar.after(instant(clock_from(row)), pause)));
    }
    Ok(())
}

async fn write(
    on: &impl ConnectionTrait,
    before: &filing::Model,
    after: &filing::Model,
    now: OffsetDateTime,
) -> Result<()> {
    filing::Entity::update_many()
        .col_expr(filing::Column::WaitingSince, Expr::value(after.waiting_since))
        .col_expr(filing::Column::ClockFrom, Expr::value(after.clock_from))
        .col_expr(filing::Column::ClaimSeenAt, Expr::value(after.claim_seen_at))
        .filter(filing::Column::Id.eq(&before.id))
        .exec_with_returning(on)
        .await?;
    counters::stood_still(on, before, after, now).await
}
