//! What a patrol found of filings in force, as owners and officers need it. Who looks is `ops/patrol`, what officers
//! do with it `desk/patrol.rs`.

use domain::filing::FilingState;
use domain::patrol::{PatrolState, Seen};
use domain::view::{PatrolFiling, PatrolNotice};
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::base::clock::{written, written_date};
use crate::base::db::instant;
use crate::base::entity::{filing, patrol_finding};
use crate::base::error::{Error, Result};
use crate::base::region;
use crate::state::row::{filing_state, procedure_of};

/// The place that an officer's reason is sealed for.
pub(crate) fn place(id: &str) -> String {
    format!("patrol/{id}/reason")
}

pub(crate) fn faults(row: &patrol_finding::Model) -> Result<Vec<Seen>> {
    Ok(serde_json::from_str(&row.faults)?)
}

pub(crate) fn state(row: &patrol_finding::Model) -> Result<PatrolState> {
    PatrolState::from_code(&row.state)
        .ok_or_else(|| Error::Corrupt(format!("state {} of finding {}", row.state, row.id)))
}

/// What was found, in few words.
pub(crate) fn named(faults: &[Seen]) -> String {
    faults.iter().map(|seen| seen.fault.label()).collect::<Vec<_>>().join("、")
}

/// The last day before this moment, at which a day of Shanghai begins.
pub(crate) fn last_day(due_at: i64) -> String {
    written_date(instant(due_at - 1))
}

/// What lies in a region.
pub(crate) fn lies_in(region: &str) -> SimpleExpr {
    region::lies_in("jurisdiction", region)
}

/// How many findings of a region wait for an officer, beside their name.
pub(crate) fn open_findings(region: &str) -> SelectStatement {
    let waiting = [PatrolState::Overdue, PatrolState::Open].map(PatrolState::code);
    Query::select()
        .expr_as(Expr::cust("'findings'"), Alias::new("what"))
        .expr_as(Expr::col(Asterisk).count(), Alias::new("n"))
        .from(patrol_finding::Entity)
        .and_where(lies_in(region))
        .and_where(patrol_finding::Column::State.is_in(waiting))
        .to_owned()
}

/// What the owner of a record was told to put right.
pub(crate) async fn patrol_notice(on: &impl ConnectionTrait, record: &str) -> Result<Option<PatrolNotice>> {
    let told = patrol_finding::Entity::find()
        .filter(patrol_finding::Column::RecordId.eq(record))
        .filter(patrol_finding::Column::ClosedAt.is_null())
        .one(on)
        .await?;
    let Some(row) = told else { return Ok(None) };
    let (Some(notified_at), Some(due_at)) = (row.notified_at, row.due_at) else { return Ok(None) };
    let filed = filings_since(on, &[record], notified_at).await?;
    let filed = filed.iter().find(|row| is_an_answer(row));
    Ok(Some(PatrolNotice {
        seen: faults(&row)?,
        notified_at: written(instant(notified_at)),
        due_on: last_day(due_at),
        is_overdue: state(&row)? == PatrolState::Overdue,
        filed: filed.map(patrol_filing).transpose()?,
    }))
}

/// What was filed about records since a moment, the newest first.
pub(crate) async fn filings_since(
    on: &impl ConnectionTrait,
    records: &[&str],
    since: i64,
) -> Result<Vec<filing::Model>> {
    Ok(filing::Entity::find()
        .filter(filing::Column::RecordId.is_in(records.iter().copied()))
        .filter(filing::Column::SubmittedAt.gte(since))
        .order_by_desc(filing::Column::Id)
        .all(on)
        .await?)
}

/// Whether a filing does what the applicant was asked to: it is under way, or approved.
pub(crate) fn is_an_answer(row: &filing::Model) -> bool {
    let state = FilingState::from_code(&row.state);
    matches!(state, Some(FilingState::Pending | FilingState::InReview | FilingState::Approved))
}

pub(crate) fn patrol_filing(row: &filing::Model) -> Result<PatrolFiling> {
    Ok(PatrolFiling {
        id: row.id.clone(),
        verb: procedure_of(row)?.verb().to_owned(),
        reference: row.reference.clone(),
        state: filing_state(row)?,
        submitted_on: written_date(instant(row.submitted_at)),
    })
}
