//! A new subject and what is filed for it go together (R15).

use std::collections::BTreeMap;

use domain::action::Action;
use domain::business::Business;
use domain::filing::{FilingEvent, FilingState};
use domain::record::{RecordEvent, RecordState};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::base::actor::Actor;
use crate::base::db::Transaction;
use crate::base::entity::{filing, filing_event, record};
use crate::base::error::Result;
use crate::filing::Filings;
use crate::state::domains::keep_domains;
pub(crate) use crate::state::history::RETURNED_ALONG;
use crate::state::history::Who;
use crate::state::row::{filing_state, open_states, record_state};
use crate::state::{counters, transition};

/// Whether a filing was returned only because its subject was: nobody has a remark about it (R15).
pub(crate) fn came_back_along(last_return: &filing_event::Model) -> bool {
    last_return.note == RETURNED_ALONG
}

/// By filing, how it was last returned.
pub(crate) async fn last_returns(
    on: &impl ConnectionTrait,
    filings: &[filing::Model],
) -> Result<BTreeMap<String, filing_event::Model>> {
    let returned = filings.iter().filter(|row| row.state == FilingState::Returned.code());
    let returned: Vec<&str> = returned.map(|row| row.id.as_str()).collect();
    if returned.is_empty() {
        return Ok(BTreeMap::new());
    }
    let events = filing_event::Entity::find()
        .filter(filing_event::Column::FilingId.is_in(returned))
        .filter(filing_event::Column::Event.eq(FilingEvent::Return.code()))
        .order_by_asc(filing_event::Column::Id)
        .all(on)
        .await?;
    Ok(events.into_iter().map(|event| (event.filing_id.clone(), event)).collect())
}

/// What is filed for a subject, the oldest first.
fn business_filings(subject_id: &str) -> Select<filing::Entity> {
    filing::Entity::find()
        .filter(filing::Column::SubjectId.eq(subject_id))
        .filter(filing::Column::Business.ne(Business::Subject.code()))
        .order_by_asc(filing::Column::Id)
}

impl Filings {
    /// The open business filings of a subject (R15, R17).
    pub(crate) async fn dependents(
        &self,
        on: &impl ConnectionTrait,
        subject_id: &str,
    ) -> Result<Vec<filing::Model>> {
        let rows = business_filings(subject_id).filter(open_states()).all(on).await?;
        Ok(rows)
    }

    /// The business filings that came back only because their subject did. They stand still while the subject is
    /// locked.
    pub(crate) async fn returned_along(
        &self,
        on: &impl ConnectionTrait,
        subject_id: &str,
    ) -> Result<Vec<filing::Model>> {
        let rows = business_filings(subject_id)
            .filter(filing::Column::State.eq(FilingState::Returned.code()))
            .all(on)
            .await?;
        let returns = last_returns(on, &rows).await?;
        Ok(rows.into_iter().filter(|row| returns.get(&row.id).is_some_and(came_back_along)).collect())
    }

    /// The record of a filing that came to nothing: back as it was, or void, and without the domains
    /// the filing had taken.
    pub(crate) async fn fail_record(
        &self,
        on: &impl ConnectionTrait,
        record: &record::Model,
        now: time::OffsetDateTime,
    ) -> Result<record::Model> {
        let after = transition::record(on, record, RecordEvent::Fail, now).await?;
        let keep = match record_state(&after)? {
            RecordState::Void | RecordState::Cancelled => Vec::new(),
            RecordState::Pending
            | RecordState::Active
            | RecordState::Changing
            | RecordState::Cancelling
            | RecordState::Transferring => {
                let business = crate::state::row::business_of(record)?;
                domain::facts::of_business(business, &self.records.record_answers(record)?).domains
            }
        };
        keep_domains(on, &record.id, &keep).await?;
        Ok(after)
    }

    /// R17: what depends on a withdrawn 新增主体 goes with it. What an officer has already claimed or
    /// returned ends as 已终止: it can be made a draft again all the same.
    pub(crate) async fn withdraw_dependents(
        &self,
        tx: &Transaction,
        actor: &Actor,
        subject_id: &str,
    ) -> Result<Vec<filing::Model>> {
        let now = self.context.clock.now();
        let ended =
            [FilingState::Pending, FilingState::InReview, FilingState::Returned].map(FilingState::code);
        let rows = business_filings(subject_id)
            .filter(filing::Column::State.is_in(ended))
            .lock_exclusive()
            .all(tx)
            .await?;
        let records = record::Entity::find()
            .filter(record::Column::Id.is_in(rows.iter().map(|row| row.record_id.as_str())))
            .all(tx)
            .await?;
        let mut changed = Vec::new();
        for row in rows {
            let event = match filing_state(&row)? {
                FilingState::Pending => FilingEvent::Withdraw,
                FilingState::InReview
                | FilingState::Returned
                | FilingState::Approved
                | FilingState::Rejected
                | FilingState::Withdrawn
                | FilingState::Terminated => FilingEvent::Terminate,
            };
            let note = "新增主体申请已撤销，随之撤销";
            changed.push(transition::filing(tx, &row, event, Who::applicant(actor), note, &[], now).await?);
        }
        for record in records {
            if record_state(&record)? == RecordState::Pending {
                self.fail_record(tx, &record, now).await?;
            }
        }
        Ok(changed)
    }

    /// R15: a waiting 新增主体 is in the queue exactly while a business filing accompanies it.
    pub(crate) async fn settle_bundle(&self, on: &impl ConnectionTrait, subject_id: &str) -> Result<bool> {
        let accompanied = !self.dependents(on, subject_id).await?.is_empty();
        let before = filing::Entity::find()
            .filter(filing::Column::RecordId.eq(subject_id))
            .filter(filing::Column::Action.eq(Action::New.code()))
            .filter(filing::Column::State.eq(FilingState::Pending.code()))
            .filter(filing::Column::IsReviewable.ne(accompanied))
            .lock_exclusive()
            .all(on)
            .await?;
        if before.is_empty() {
            return Ok(false);
        }
        filing::Entity::update_many()
            .col_expr(filing::Column::IsReviewable, Expr::value(accompanied))
            .filter(filing::Column::Id.is_in(before.iter().map(|row| row.id.as_str())))
            .exec_with_returning(on)
            .await?;
        let after: Vec<filing::Model> =
            before.iter().map(|row| filing::Model { is_reviewable: accompanied, ..row.clone() }).collect();
        counters::moved(on, &before, &after, self.context.clock.now()).await?;
        Ok(true)
    }
}
