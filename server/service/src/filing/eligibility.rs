//! What a person may begin now, and why not (R4, R79). Page and server ask the same function: an
//! offer shown as refused is refused by the use case with the same sentence.

use std::collections::HashMap;

use domain::action::Action;
use domain::business::Business;
use domain::eligibility::{Refusal, may_begin, may_transfer};
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::record::RecordState;
use domain::route;
use domain::view::Refused;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::base::actor::Actor;
use crate::base::entity::{filing, record};
use crate::base::error::Result;
use crate::state::row::{open_states, record_state};

/// The states and open filings that decide what may be begun.
pub(crate) struct Eligibility {
    pub subject: Option<record::Model>,
    /// A subject of the person whose first filing is open: 新增主体 is under way once (R12).
    under_way: Option<record::Model>,
    /// Of somebody without a subject: the 新增主体 filing that came back (R53).
    returned: Option<String>,
    /// Open filing by record.
    open: HashMap<String, String>,
}

impl Eligibility {
    /// Nothing where the procedure may be begun, else why not and where to look.
    pub fn refusal(&self, procedure: Procedure, record: Option<&record::Model>) -> Result<Option<Refused>> {
        Ok(self.refusal_and_cause(procedure, record)?.map(|(_, refused)| refused))
    }

    /// The same with its cause.
    pub fn refusal_and_cause(
        &self,
        procedure: Procedure,
        record: Option<&record::Model>,
    ) -> Result<Option<(Refusal, Refused)>> {
        let refusal = self.refusal_in(procedure, record.map(record_state).transpose()?)?;
        let id = record.map(|row| row.id.as_str()).filter(|_| !procedure.business.is_subject());
        Ok(refusal.map(|refusal| (refusal, self.explain(refusal, id))))
    }

    /// As above for a record that is still to be chosen from a list: only the subject counts.
    pub fn refusal_of_kind(&self, procedure: Procedure) -> Result<Option<Refused>> {
        let refusal = self.refusal_in(procedure, Some(RecordState::Active))?;
        Ok(refusal.map(|refusal| self.explain(refusal, None)))
    }

    fn refusal_in(&self, procedure: Procedure, record: Option<RecordState>) -> Result<Option<Refusal>> {
        let subject = match (procedure.business, procedure.action) {
            (Business::Subject, Action::New) => self.under_way.as_ref(),
            _ => self.subject.as_ref(),
        };
        let subject_now = subject.map(record_state).transpose()?;
        let refusal = may_begin(procedure, subject_now, record).err();
        Ok(refusal.map(|refusal| refusal.with_returned_subject(self.returned.is_some())))
    }

    /// As above for handing the subject over (R24).
    pub fn transfer_refusal(&self, open_filings: u64) -> Result<Option<Refused>> {
        let state = self.subject.as_ref().map(record_state).transpose()?;
        let refusal = may_transfer(state, open_filings).err();
        let refusal = refusal.map(|refusal| refusal.with_returned_subject(self.returned.is_some()));
        Ok(refusal.map(|refusal| self.explain(refusal, None)))
    }

    fn explain(&self, refusal: Refusal, record: Option<&str>) -> Refused {
        let filing_of =
            |record: Option<&str>| record.and_then(|id| self.open.get(id)).map(|id| route::filing(id));
        let subject = self.subject.as_ref().map(|row| row.id.as_str());
        let link = match refusal {
            Refusal::NoSubject | Refusal::SubjectCancelled => Some(route::NEW_SUBJECT.to_owned()),
            Refusal::SubjectReturned => self.returned.as_deref().map(route::filing),
            Refusal::SubjectUnderWay => filing_of(self.under_way.as_ref().map(|row| row.id.as_str())),
            Refusal::SubjectNotApproved | Refusal::SubjectCancelling => filing_of(subject),
            Refusal::UnderReview => filing_of(record).or_else(|| filing_of(subject)),
            Refusal::SubjectTransferring => Some(route::TRANSFER.to_owned()),
            Refusal::RecordNotApproved => filing_of(record),
            Refusal::RecordCancelled => None,
            Refusal::OpenFilings => Some(route::FILINGS.to_owned()),
        };
        Refused { sentence: refusal.sentence().to_owned(), link }
    }
}

/// How many filings of a subject and of what belongs to it wait for officers.
pub(crate) async fn open_filings(on: &impl ConnectionTrait, subject_id: &str) -> Result<u64> {
    let open = filing::Entity::find().filter(filing::Column::SubjectId.eq(subject_id)).filter(open_states());
    Ok(open.count(on).await?)
}

/// Reads what [`Eligibility`] needs for this subject and these records.
pub(crate) async fn eligibility_of(
    on: &impl ConnectionTrait,
    actor: &Actor,
    subject: Option<record::Model>,
    records: &[&record::Model],
) -> Result<Eligibility> {
    let under_way = match actor.remembered.as_ref().and_then(|remembered| remembered.subjects.get()) {
        // All that have not ended are among them, the newest first.
        Some(subjects) => subjects.iter().find(|row| row.state == RecordState::Pending.code()).cloned(),
        None => {
            record::Entity::find()
                .filter(record::Column::OwnerId.eq(&actor.person_id))
                .filter(record::Column::Business.eq(Business::Subject.code()))
                .filter(record::Column::State.eq(RecordState::Pending.code()))
                .order_by_desc(record::Column::Id)
                .one(on)
                .await?
        }
    };
    let ids = subject.iter().chain(&under_way).map(|row| row.id.clone());
    let ids: Vec<String> = ids.chain(records.iter().map(|row| row.id.clone())).collect();
    // A page that has read the subject's open filings has those of its records.
    let is_known = |of: &str| {
        subject.iter().chain(&under_way).chain(records.iter().copied()).all(|row| row.subject_id == of)
    };
    let known = actor.remembered.as_ref().and_then(|remembered| remembered.open.get());
    let open: Vec<(String, String)> = match known.filter(|(of, _)| is_known(of)) {
        Some((_, open)) => open.clone(),
        None => {
            filing::Entity::find()
                .select_only()
                .column(filing::Column::RecordId)
                .column(filing::Column::Id)
                .filter(filing::Column::RecordId.is_in(ids))
                .filter(open_states())
                .into_tuple()
                .all(on)
                .await?
        }
    };
    let returned = match &subject {
        Some(_) => None,
        None => returned_subject(on, actor).await?.map(|row| row.id),
    };
    Ok(Eligibility { subject, under_way, returned, open: open.into_iter().collect() })
}

/// The subject of the person's last 新增主体, if that came to nothing so far: returned, refused or withdrawn.
pub(crate) async fn last_attempt(on: &impl ConnectionTrait, actor: &Actor) -> Result<Option<record::Model>> {
    let last = record::Entity::find()
        .filter(record::Column::OwnerId.eq(&actor.person_id))
        .filter(record::Column::Business.eq(Business::Subject.code()))
        .order_by_desc(record::Column::Id)
        .one(on)
        .await?;
    Ok(last.filter(|row| row.state == RecordState::Void.code()))
}

/// The person's last 新增主体, if it came back and was not submitted again.
pub(crate) async fn returned_subject(
    on: &impl ConnectionTrait,
    actor: &Actor,
) -> Result<Option<filing::Model>> {
    let Some(last) = last_attempt(on, actor).await? else { return Ok(None) };
    let filing = filing::Entity::find()
        .filter(filing::Column::RecordId.eq(&last.id))
        .filter(filing::Column::State.eq(FilingState::Returned.code()))
        .one(on)
        .await?;
    Ok(filing)
}
