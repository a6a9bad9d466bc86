//! The one place that writes states (R64): the tables of `domain` decide, a compare-and-set carries
//! it out, and the history gets its line. Nothing else in the crate assigns a state column.

use domain::filing::{FilingEvent, FilingState};
use domain::record::{RecordEvent, RecordState};
use domain::schema::Fault;
use domain::talk::QuestionEnd;
use domain::{filing as filing_table, record as record_table};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, UpdateMany,
};
use time::OffsetDateTime;

use crate::base::db::millis;
use crate::base::entity::{filing, handover, record};
use crate::base::error::{Error, Result};
use crate::state::history::{SUBMITTED, Who, history, overtaken};
use crate::state::row::{filing_state, record_state};
use crate::state::rulings::Said;
use crate::state::{counters, pause};

/// Moves a filing, if it is still as `row` says, and writes its line of history. Answers are not
/// touched: who submits again stores them after this.
///
/// # Errors
/// `Refused` with what happened meanwhile, when the table does not allow the event or somebody was
/// quicker.
pub(crate) async fn filing(
    on: &impl ConnectionTrait,
    row: &filing::Model,
    event: FilingEvent,
    who: Who,
    note: &str,
    remarks: &[Fault],
    now: OffsetDateTime,
) -> Result<filing::Model> {
    let state = filing_state(row)?;
    let Some(to) = filing_table::next(state, event) else {
        return Err(overtaken(on, &row.id, &who).await?);
    };
    let at = millis(now);
    let mut after = row.clone();
    after.state = to.code().to_owned();
    after.version += 1;
    match event {
        FilingEvent::Claim => {
            after.claimed_by = who.actor_id.clone();
            after.claimed_at = Some(at);
            after.claim_seen_at = Some(at);
        }
        FilingEvent::Release | FilingEvent::Withdraw | FilingEvent::Terminate | FilingEvent::Transfer => {
            after.claimed_by = None;
            after.claimed_at = None;
            after.claim_seen_at = None;
        }
        // Who decided stays readable in the row.
        FilingEvent::Approve | FilingEvent::Return | FilingEvent::Reject => after.decided_at = Some(at),
        // Leads back to what stood before: `take_back`. The table has no way for it here.
        FilingEvent::Undo => {}
        FilingEvent::Resubmit => {
            after.claimed_by = None;
            after.claimed_at = None;
            after.claim_seen_at = None;
            after.decided_at = None;
            after.clock_from = None;
            after.submitted_at = at; // a new window of withdrawal (R17)
            after.round += 1;
        }
    }
    if let Some(end) = question_end(event).filter(|_| row.waiting_since.is_some()) {
        pause::end_all(on, &mut after, end, now).await?;
    }
    let moved = compare_and_set(row, &after).exec_with_returning(on).await?;
    if moved.is_empty() {
        return Err(overtaken(on, &row.id, &who).await?);
    }
    history(on, &row.id, event.code(), Some(state), to, &who, note, remarks, now).await?;
    let said = Said { officer: who.actor_id.as_deref(), note, remarks };
    counters::stepped(on, row, &after, event, said, now).await?;
    Ok(after)
}

/// What a transition writes, if the row is still as it was read. Name, region and whether it is put to officers are not
/// among it: others write those without another version.
fn compare_and_set(row: &filing::Model, after: &filing::Model) -> UpdateMany<filing::Entity> {
    filing::Entity::update_many()
        .col_expr(filing::Column::State, Expr::value(after.state.clone()))
        .col_expr(filing::Column::Version, Expr::value(after.version))
        .col_expr(filing::Column::ClaimedBy, Expr::value(after.claimed_by.clone()))
        .col_expr(filing::Column::ClaimedAt, Expr::value(after.claimed_at))
        .col_expr(filing::Column::ClaimSeenAt, Expr::value(after.claim_seen_at))
        .col_expr(filing::Column::DecidedAt, Expr::value(after.decided_at))
        .col_expr(filing::Column::SubmittedAt, Expr::value(after.submitted_at))
        .col_expr(filing::Column::Round, Expr::value(after.round))
        .col_expr(filing::Column::WaitingSince, Expr::value(after.waiting_since))
        .col_expr(filing::Column::ClockFrom, Expr::value(after.clock_from))
        .filter(filing::Column::Id.eq(&row.id))
        .filter(filing::Column::State.eq(&row.state))
        .filter(filing::Column::Version.eq(row.version))
}

/// 撤回: a filing is again as it was before what an officer did to it a moment ago, with a line of history of its own.
/// The caller knows that nothing else has happened to it.
///
/// # Errors
/// `Refused` where the table knows no such way, or somebody was quicker.
pub(crate) async fn take_back(
    on: &impl ConnectionTrait,
    row: &filing::Model,
    before: &filing::Model,
    who: Who,
    note: &str,
    now: OffsetDateTime,
) -> Result<filing::Model> {
    let (state, to) = (filing_state(row)?, filing_state(before)?);
    // What came to another region along with its subject, or was put to officers, keeps its state.
    if state != to && !filing_table::may_take_back(state, to) {
        return Err(overtaken(on, &row.id, &who).await?);
    }
    let mut after = before.clone();
    after.version = row.version + 1;
    // Who has it again has it from now on.
    after.claim_seen_at = before.claim_seen_at.map(|_| millis(now));
    let moved = compare_and_set(row, &after)
        .col_expr(filing::Column::Jurisdiction, Expr::value(after.jurisdiction.clone()))
        .col_expr(filing::Column::MovedAt, Expr::value(after.moved_at))
        .col_expr(filing::Column::SubjectName, Expr::value(after.subject_name.clone()))
        .col_expr(filing::Column::SubjectKey, Expr::value(after.subject_key.clone()))
        .col_expr(filing::Column::PersonNameHash, Expr::value(after.person_name_hash.clone()))
        .col_expr(filing::Column::PersonIdNoHash, Expr::value(after.person_id_no_hash.clone()))
        .col_expr(filing::Column::IsReviewable, Expr::value(after.is_reviewable))
        .exec_with_returning(on)
        .await?;
    if moved.is_empty() {
        return Err(overtaken(on, &row.id, &who).await?);
    }
    // It goes back with its history, and its decision counts no longer.
    counters::moved(on, std::slice::from_ref(row), std::slice::from_ref(&after), now).await?;
    if before.decided_at != row.decided_at {
        counters::undecided(on, &after, row, now).await?;
    }
    if after.waiting_since.is_some() && row.waiting_since.is_none() {
        pause::reopen(on, &row.id).await?;
    }
    // What only went along, to another name or region, has no line that could be taken back.
    if row.version != before.version {
        history(on, &row.id, FilingEvent::Undo.code(), Some(state), to, &who, note, &[], now).await?;
    }
    Ok(after)
}

/// A record is again as it was before what an officer decided a moment ago.
pub(crate) async fn take_back_record(
    on: &impl ConnectionTrait,
    row: &record::Model,
    before: &record::Model,
    now: OffsetDateTime,
) -> Result<()> {
    let mut after = before.clone().into_active_model().reset_all();
    after.id = ActiveValue::NotSet;
    after.patrol_at = ActiveValue::NotSet;
    after.version = ActiveValue::Set(row.version + 1);
    after.updated_at = ActiveValue::Set(millis(now));
    let put = record::Entity::update_many()
        .set(after)
        .filter(record::Column::Id.eq(&row.id))
        .filter(record::Column::Version.eq(row.version))
        .exec_with_returning(on)
        .await?;
    match put.len() {
        1 => Ok(()),
        _ => Err(Error::Corrupt(format!("record {} changed under a lock", row.id))),
    }
}

/// What open questions become by an event; None where they stay open.
fn question_end(event: FilingEvent) -> Option<QuestionEnd> {
    match event {
        FilingEvent::Approve | FilingEvent::Return | FilingEvent::Reject => Some(QuestionEnd::Decided),
        FilingEvent::Withdraw | FilingEvent::Terminate => Some(QuestionEnd::Withdrawn),
        FilingEvent::Claim
        | FilingEvent::Release
        | FilingEvent::Transfer
        | FilingEvent::Resubmit
        | FilingEvent::Undo => None,
    }
}

/// Hands a filing to the officers of another region; it waits there as it came.
pub(crate) async fn transfer(
    on: &impl ConnectionTrait,
    row: &filing::Model,
    region: &str,
    who: Who,
    note: &str,
    now: OffsetDateTime,
) -> Result<filing::Model> {
    let here = filing(on, row, FilingEvent::Transfer, who, note, &[], now).await?;
    let mut after = here.clone();
    after.jurisdiction = region.to_owned();
    after.moved_at = Some(millis(now));
    filing::Entity::update_many()
        .col_expr(filing::Column::Jurisdiction, Expr::value(after.jurisdiction.clone()))
        .col_expr(filing::Column::MovedAt, Expr::value(after.moved_at))
        .filter(filing::Column::Id.eq(&row.id))
        .exec_with_returning(on)
        .await?;
    counters::moved(on, &[here], std::slice::from_ref(&after), now).await?;
    Ok(after)
}

/// The first line of a filing's history.
pub(crate) async fn submitted(
    on: &impl ConnectionTrait,
    row: &filing::Model,
    who: Who,
    now: OffsetDateTime,
) -> Result<()> {
    history(on, &row.id, SUBMITTED, None, FilingState::Pending, &who, "", &[], now).await?;
    counters::entered(on, row, now).await
}

/// Moves a record, if it is still as `row` says. A lost race is refused as 存在审核中的单据 (R20).
pub(crate) async fn record(
    on: &impl ConnectionTrait,
    row: &record::Model,
    event: RecordEvent,
    now: OffsetDateTime,
) -> Result<record::Model> {
    move_record(on, row, event, row.owner_id.clone(), now).await
}

/// The subject goes to its new owner, and everything attached with it (R25).
pub(crate) async fn receive(
    on: &impl ConnectionTrait,
    row: &record::Model,
    owner_id: &str,
    now: OffsetDateTime,
) -> Result<record::Model> {
    move_record(on, row, RecordEvent::Receive, Some(owner_id.to_owned()), now).await
}

async fn move_record(
    on: &impl ConnectionTrait,
    row: &record::Model,
    event: RecordEvent,
    owner_id: Option<String>,
    now: OffsetDateTime,
) -> Result<record::Model> {
    let state = record_state(row)?;
    let Some(to) = record_table::next(state, event) else {
        return Err(under_way(state));
    };
    let at = millis(now);
    let mut after = row.clone();
    after.state = to.code().to_owned();
    after.version += 1;
    after.updated_at = at;
    after.owner_id = owner_id;
    if to == RecordState::Cancelled {
        after.cancelled_at = Some(at);
    }
    let moved = record::Entity::update_many()
        .col_expr(record::Column::State, Expr::value(after.state.clone()))
        .col_expr(record::Column::Version, Expr::value(after.version))
        .col_expr(record::Column::UpdatedAt, Expr::value(after.updated_at))
        .col_expr(record::Column::CancelledAt, Expr::value(after.cancelled_at))
        .col_expr(record::Column::OwnerId, Expr::value(after.owner_id.clone()))
        .filter(record::Column::Id.eq(&row.id))
        .filter(record::Column::State.eq(&row.state))
        .filter(record::Column::Version.eq(row.version))
        .exec_with_returning(on)
        .await?;
    if moved.is_empty() {
        let state = match record::Entity::find_by_id(&row.id).one(on).await? {
            Some(row) => record_state(&row)?,
            None => return Err(Error::NotFound),
        };
        return Err(under_way(state));
    }
    Ok(after)
}

/// How a handover ends; `open` until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HandoverEnd {
    Received,
    Revoked,
    Refused,
    Lapsed,
}

pub(crate) const HANDOVER_OPEN: &str = "open";

domain::codes! {
    HandoverEnd {
        Received = "received",
        Revoked = "revoked",
        Refused = "refused",
        Lapsed = "lapsed",
    }
}

impl HandoverEnd {
    /// What the one who comes too late is told.
    pub fn sentence(self) -> &'static str {
        match self {
            HandoverEnd::Received => "该主体已由接收人接收",
            HandoverEnd::Revoked => "移交已由移交人撤回",
            HandoverEnd::Refused => "移交已被接收人拒绝",
            HandoverEnd::Lapsed => "移交超过 15 天未接收，已失效",
        }
    }
}

/// Why a handover is not open any more.
pub(crate) fn handover_over(row: &handover::Model) -> Result<Option<Error>> {
    if row.state == HANDOVER_OPEN {
        return Ok(None);
    }
    let end = HandoverEnd::from_code(&row.state);
    let end = end.ok_or_else(|| Error::Corrupt(format!("state of handover {}", row.id)))?;
    Ok(Some(Error::refused(end.sentence())))
}

/// Ends a handover, if it is still open; who comes too late is told what happened.
pub(crate) async fn end_handover(
    on: &impl ConnectionTrait,
    row: &handover::Model,
    end: HandoverEnd,
    now: OffsetDateTime,
) -> Result<()> {
    let ended = handover::Entity::update_many()
        .col_expr(handover::Column::State, Expr::value(end.code()))
        .col_expr(handover::Column::EndedAt, Expr::value(millis(now)))
        .filter(handover::Column::Id.eq(&row.id))
        .filter(handover::Column::State.eq(HANDOVER_OPEN))
        .exec_with_returning(on)
        .await?;
    if !ended.is_empty() {
        return Ok(());
    }
    let row = handover::Entity::find_by_id(&row.id).one(on).await?.ok_or(Error::NotFound)?;
    match handover_over(&row)? {
        Some(error) => Err(error),
        None => Err(Error::Corrupt(format!("handover {} is open and was not ended", row.id))),
    }
}

/// Ends every living record of a cancelled subject (R23), as the table says: the ids with what they
/// became. The caller holds the subject's lock.
pub(crate) async fn end_records_of(
    on: &impl ConnectionTrait,
    subject_id: &str,
    now: OffsetDateTime,
) -> Result<Vec<(String, RecordState)>> {
    let at = millis(now);
    let mut ended = Vec::new();
    for state in RecordState::ALL {
        let Some(to) = record_table::next(state, RecordEvent::SubjectCancelled) else { continue };
        let rows = record::Entity::find()
            .filter(record::Column::SubjectId.eq(subject_id))
            .filter(record::Column::Id.ne(subject_id))
            .filter(record::Column::State.eq(state.code()))
            .order_by_asc(record::Column::Id)
            .lock_exclusive()
            .all(on)
            .await?;
        let ids: Vec<String> = rows.into_iter().map(|row| row.id).collect();
        let mut move_all = record::Entity::update_many()
            .col_expr(record::Column::State, Expr::value(to.code()))
            .col_expr(record::Column::Version, Expr::col(record::Column::Version).add(1))
            .col_expr(record::Column::UpdatedAt, Expr::value(at));
        if to == RecordState::Cancelled {
            move_all = move_all.col_expr(record::Column::CancelledAt, Expr::value(at));
        }
        move_all
            .filter(record::Column::Id.is_in(ids.clone()))
            .filter(record::Column::State.eq(state.code()))
            .exec_with_returning(on)
            .await?;
        ended.extend(ids.into_iter().map(|id| (id, to)));
    }
    Ok(ended)
}

/// Locks a subject's row until the transaction ends: what is decided about one subject's filings, or
/// submitted for it, happens one after the other. (SQLite has one writer anyway.)
pub(crate) async fn lock_subject(on: &impl ConnectionTrait, subject_id: &str) -> Result<record::Model> {
    record::Entity::find_by_id(subject_id).lock_exclusive().one(on).await?.ok_or(Error::NotFound)
}

fn under_way(state: RecordState) -> Error {
    use domain::eligibility::Refusal;
    match state {
        RecordState::Pending | RecordState::Active | RecordState::Changing | RecordState::Cancelling => {
            Refusal::UnderReview.into()
        }
        RecordState::Transferring => Refusal::SubjectTransferring.into(),
        RecordState::Cancelled | RecordState::Void => Refusal::RecordCancelled.into(),
    }
}
