//! 我的备案进度: reads what `domain::progress` needs to know of a case.

use std::collections::BTreeMap;

use domain::action::Action;
use domain::business::Business;
use domain::check::{Context, check_form};
use domain::facts;
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::progress::{
    AskedFiling, Case, EXPIRY_WARNING_DAYS, Effort, OfferedSubject, Progress, Returned, StartedDraft,
    SubjectStage, Unbadged, WaitingFiling, progress,
};
use domain::record::RecordState;
use domain::route;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};
use time::Duration;

use crate::account::Accounts;
use crate::applicant::draft::{Drafts, KEPT, procedure_of as procedure_of_draft};
use crate::applicant::handover::Handovers;
use crate::base::actor::Actor;
use crate::base::clock::{days_left, shanghai_date, written};
use crate::base::context::handle;
use crate::base::db::{instant, millis};
use crate::base::entity::{draft, filing, filing_event, record};
use crate::base::error::Result;
use crate::base::region::KnownRegions;
use crate::filing::Filings;
use crate::filing::bundle::{came_back_along, last_returns};
use crate::filing::eligibility::last_attempt;
use crate::filing::record::Records;
use crate::state::row::{business_of, filing_state, procedure_of, record_state};

handle! {
    /// How far a person's case is.
    Cases {
        accounts: Accounts,
        drafts: Drafts,
        filings: Filings,
        handovers: Handovers,
        records: Records,
    }
}

/// Open and returned filings of one subject that are looked at.
const MOST_FILINGS: u64 = 50;

/// Drafts of one person that are looked at.
const MOST_DRAFTS: u64 = 50;

impl Cases {
    /// How far the case of the current subject is, or of the one the person is about to have.
    pub async fn progress(&self, actor: &Actor) -> Result<Progress> {
        let subject = self.accounts.current_subject(actor).await?;
        Ok(progress(&self.case(actor, subject).await?))
    }

    /// How far the case is that a filing belongs to.
    ///
    /// # Errors
    /// `NotFound` for a filing that is not the actor's.
    pub async fn progress_of_filing(&self, actor: &Actor, filing: &str) -> Result<Progress> {
        let (_, subject) = self.filings.owned_filing(self.context.db.read(), actor, filing, false).await?;
        Ok(progress(&self.case(actor, Some(subject)).await?))
    }

    /// What is known of the case of a subject; without one, of the subject the person is about to have.
    pub(crate) async fn case(&self, actor: &Actor, subject: Option<record::Model>) -> Result<Case> {
        let on = self.context.db.read();
        let subject = match subject {
            Some(subject) => Some(subject),
            None => last_attempt(on, actor).await?,
        };
        let filings = match &subject {
            None => Vec::new(),
            Some(subject) => unfinished(on, &subject.id).await?,
        };
        if let (Some(remembered), Some(subject), true) =
            (&actor.remembered, &subject, (filings.len() as u64) < MOST_FILINGS)
        {
            let open = filings.iter().filter(|row| row.state != FilingState::Returned.code());
            let open = open.map(|row| (row.record_id.clone(), row.id.clone())).collect();
            // Of one subject; another one is asked for again.
            let _ = remembered.open.set((subject.id.clone(), open));
        }
        let remarks = last_returns(on, &filings).await?;
        let drafts = self.drafts_of(on, actor, &filings).await?;
        let stage = self.stage(on, actor, subject.as_ref(), (&filings, &remarks), &drafts).await?;
        let of_subject = |row: &&filing::Model| row.business == Business::Subject.code();
        let businesses = || filings.iter().filter(|row| !of_subject(row));
        // While their subject is to be repaired, those without a remark follow it by themselves.
        let follows = |row: &filing::Model| {
            matches!(stage, SubjectStage::Returned(_)) && remarks.get(&row.id).is_some_and(came_back_along)
        };
        let returned = businesses().find(|row| row.state == FilingState::Returned.code() && !follows(row));
        let (approved, unbadged) = match &subject {
            Some(subject) => in_force(on, &subject.id).await?,
            None => (0, None),
        };
        let waiting = filings
            .iter()
            .filter(|row| matches!(stage, SubjectStage::InForce) || !of_subject(row))
            .find(|row| row.state != FilingState::Returned.code());
        let own_draft = drafts.iter().find(|row| {
            row.procedure != new_subject().code()
                && subject.as_ref().is_some_and(|subject| row.subject_id.as_deref() == Some(&subject.id))
        });
        Ok(Case {
            document_ends: self.document_ends(subject.as_ref())?,
            subject: stage,
            returned: returned.map(|row| returned_filing(row, &remarks, 0)).transpose()?,
            asked: filings.iter().find(|row| row.waiting_since.is_some()).map(asked_filing).transpose()?,
            draft: own_draft.map(|row| self.started(row)).transpose()?,
            waiting: waiting.map(waiting_filing).transpose()?,
            approved,
            unbadged,
            handover: self.offered(actor).await?,
            review_days: self.context.settings.overdue_days,
        })
    }

    async fn stage(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        subject: Option<&record::Model>,
        (filings, remarks): (&[filing::Model], &BTreeMap<String, filing_event::Model>),
        drafts: &[draft::Model],
    ) -> Result<SubjectStage> {
        let begun = drafts.iter().find(|row| row.procedure == new_subject().code());
        let begun = || -> Result<SubjectStage> {
            Ok(match begun {
                Some(row) => SubjectStage::Draft(self.started(row)?),
                None => SubjectStage::None,
            })
        };
        let Some(subject) = subject else { return begun() };
        let own = filings.iter().find(|row| row.record_id == subject.id);
        let own_id = || own.map(|row| row.id.clone());
        Ok(match record_state(subject)? {
            RecordState::Pending => SubjectStage::Submitted(own_id().unwrap_or_default()),
            RecordState::Active | RecordState::Changing => SubjectStage::InForce,
            RecordState::Cancelling => SubjectStage::Cancelling(own_id()),
            RecordState::Transferring => SubjectStage::Transferring,
            RecordState::Cancelled => begun()?,
            RecordState::Void => match own {
                Some(row) if row.state == FilingState::Returned.code() => {
                    let along =
                        filings.iter().filter(|one| remarks.get(&one.id).is_some_and(came_back_along));
                    SubjectStage::Returned(returned_filing(row, remarks, along.count())?)
                }
                Some(_) | None => match (begun()?, self.refused(on, actor, &subject.id).await?) {
                    (SubjectStage::None, Some(filing)) => SubjectStage::Rejected(filing),
                    (stage, _) => stage,
                },
            },
        })
    }

    /// The filing of a subject that was refused, if that is what became of it.
    async fn refused(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        subject: &str,
    ) -> Result<Option<String>> {
        let last = filing::Entity::find()
            .filter(filing::Column::RecordId.eq(subject))
            .filter(filing::Column::ApplicantId.eq(&actor.person_id))
            .order_by_desc(filing::Column::Id)
            .one(on)
            .await?;
        Ok(last.filter(|row| row.state == FilingState::Rejected.code()).map(|row| row.id))
    }

    /// The person's drafts, the last saved first, less those that are the repair of a returned filing.
    async fn drafts_of(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        filings: &[filing::Model],
    ) -> Result<Vec<draft::Model>> {
        let since = millis(self.context.clock.now() - KEPT);
        let mut rows = draft::Entity::find()
            .filter(draft::Column::PersonId.eq(&actor.person_id))
            .filter(draft::Column::SavedAt.gt(since))
            .filter(draft::Column::DeletedAt.is_null())
            .order_by_desc(draft::Column::SavedAt)
            .order_by_desc(draft::Column::Id)
            .limit(MOST_DRAFTS)
            .all(on)
            .await?;
        rows.retain(|row| !filings.iter().any(|filing| row.filing_id.as_ref() == Some(&filing.id)));
        Ok(rows)
    }

    fn started(&self, row: &draft::Model) -> Result<StartedDraft> {
        let procedure = procedure_of_draft(row)?;
        let now = self.context.clock.now();
        let sealed = BTreeMap::new();
        let context = Context { today: shanghai_date(now), regions: &KnownRegions, sealed: &sealed };
        let form = procedure.form();
        let faults = check_form(form, &self.drafts.draft_answers(row)?, &context).err().unwrap_or_default();
        Ok(StartedDraft {
            procedure,
            title: row.title.clone(),
            href: route::draft_step(procedure, &row.step, &row.id),
            effort: Effort::of(form, &faults),
            days_left: days_left(instant(row.saved_at), KEPT, now),
        })
    }

    /// The last day of the responsible person's document, where it is near or over.
    fn document_ends(&self, subject: Option<&record::Model>) -> Result<Option<String>> {
        let Some(subject) = subject.filter(|row| row.state == RecordState::Active.code()) else {
            return Ok(None);
        };
        let soon = shanghai_date(self.context.clock.now()) + Duration::days(EXPIRY_WARNING_DAYS);
        let ends = facts::document_ends(&self.records.record_answers(subject)?);
        Ok(ends.filter(|day| *day <= soon).map(|day| day.to_string()))
    }

    async fn offered(&self, actor: &Actor) -> Result<Option<OfferedSubject>> {
        let offered = self.handovers.handovers(actor, "", "", "").await?.into_iter().next();
        Ok(offered.map(|row| OfferedSubject { id: row.id, name: row.subject_name, days_left: row.days_left }))
    }
}

fn new_subject() -> Procedure {
    Procedure::new(Business::Subject, Action::New)
}

/// What of a subject officers have or gave back, the newest first.
async fn unfinished(on: &impl ConnectionTrait, subject: &str) -> Result<Vec<filing::Model>> {
    let states = [FilingState::Pending, FilingState::InReview, FilingState::Returned];
    Ok(filing::Entity::find()
        .filter(filing::Column::SubjectId.eq(subject))
        .filter(filing::Column::State.is_in(states.map(FilingState::code)))
        .order_by_desc(filing::Column::Id)
        .limit(MOST_FILINGS)
        .all(on)
        .await?)
}

/// 1 for a record whose number nobody has seen on its pages.
const UNBADGED: &str = "CASE WHEN record.registration_number IS NOT NULL AND record.id NOT IN \
    (SELECT record_id FROM badge_check WHERE confirmed_at IS NOT NULL) THEN 1 ELSE 0 END";

/// How many businesses of a subject are in force, and one whose number nobody has seen on its pages; in one statement.
async fn in_force(on: &impl ConnectionTrait, subject: &str) -> Result<(u64, Option<Unbadged>)> {
    let states = RecordState::ALL.into_iter().filter(|state| state.is_in_force()).map(RecordState::code);
    let first = record::Entity::find()
        .filter(record::Column::SubjectId.eq(subject))
        .filter(record::Column::Business.ne(Business::Subject.code()))
        .filter(record::Column::State.is_in(states))
        .expr_as(Expr::cust("COUNT(*) OVER ()"), "approved")
        .expr_as(Expr::cust(format!("CAST(SUM({UNBADGED}) OVER () AS BIGINT)")), "unbadged")
        .order_by_desc(Expr::cust(UNBADGED))
        .order_by_asc(record::Column::Id)
        .limit(1)
        .into_query();
    let Some(first) = on.query_one(&first).await? else { return Ok((0, None)) };
    let count = |name| -> Result<u64> { Ok(u64::try_from(first.try_get::<i64>("", name)?).unwrap_or(0)) };
    let (approved, count) = (count("approved")?, count("unbadged")?);
    if count == 0 {
        return Ok((approved, None));
    }
    let row = record::Model::from_query_result(&first, "")?;
    let business = business_of(&row)?;
    Ok((approved, Some(Unbadged { business, record: row.id, name: row.title, count })))
}

fn returned_filing(
    row: &filing::Model,
    remarks: &BTreeMap<String, filing_event::Model>,
    along: usize,
) -> Result<Returned> {
    let points: Vec<domain::schema::Fault> = match remarks.get(&row.id) {
        Some(event) => serde_json::from_str(&event.remarks)?,
        None => Vec::new(),
    };
    Ok(Returned {
        filing: row.id.clone(),
        procedure: procedure_of(row)?,
        title: row.title.clone(),
        points: points.len(),
        along,
    })
}

fn asked_filing(row: &filing::Model) -> Result<AskedFiling> {
    Ok(AskedFiling { filing: row.id.clone(), procedure: procedure_of(row)?, title: row.title.clone() })
}

fn waiting_filing(row: &filing::Model) -> Result<WaitingFiling> {
    Ok(WaitingFiling {
        filing: row.id.clone(),
        procedure: procedure_of(row)?,
        title: row.title.clone(),
        is_claimed: filing_state(row)? == FilingState::InReview,
        submitted_at: written(instant(row.submitted_at)),
    })
}
