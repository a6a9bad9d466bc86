//! Filings as their applicant sees them (R51).

use domain::action::Action;
use domain::answer::Answers;
use domain::business::Business;
use domain::filing::{FilingEvent, FilingState, withdrawal_left};
use domain::procedure::Procedure;
use domain::record::RecordState;
use domain::route;
use domain::schema::Fault;
use domain::sheet::{Change, Disclosure, Sheet, diff, sheet};
use domain::view::{EventView, FilingRow, FilingView, Paged, TalkView};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::db::{instant, plausible_id};
use crate::base::entity::{filing, filing_event, filing_round, record};
use crate::base::error::{Error, Result};
use crate::base::numbering::registration_view;
use crate::base::paging::{PAGE, split_page};
use crate::base::region::{KnownRegions, full_name};
use crate::base::sealed_answers::load;
use crate::files::faults::file_ids;
use crate::filing::Filings;
use crate::filing::rows::{filing_row, own_filing_row};
use crate::state::history::{APPLICANT, SYSTEM, standing};
use crate::state::row::{filing_state, procedure_of, record_state};

impl Filings {
    pub(crate) fn filing_answers(&self, row: &filing::Model) -> Result<Answers> {
        load(&self.context.keys, &format!("filing/{}", row.id), &row.answers, &row.answers_sealed)
    }

    /// What was in force when a change or a cancellation was submitted.
    pub(crate) fn filing_before(&self, row: &filing::Model) -> Result<Option<Answers>> {
        match (&row.before, &row.before_sealed) {
            (Some(before), Some(sealed)) => {
                load(&self.context.keys, &format!("filing-before/{}", row.id), before, sealed).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// What a change changes, by what the filing itself keeps of both sides.
    pub(crate) fn filing_changes(
        &self,
        row: &filing::Model,
        answers: &Answers,
        disclosure: Disclosure,
    ) -> Result<Vec<Change>> {
        let procedure = procedure_of(row)?;
        match (procedure.action, self.filing_before(row)?) {
            (Action::Change, Some(before)) => {
                let form = procedure.business.form();
                Ok(diff(form, (&before, disclosure), (answers, disclosure), &KnownRegions))
            }
            (Action::New | Action::Change | Action::Cancel, _) => Ok(Vec::new()),
        }
    }

    /// What a filing said in the round before this one, if it came back and was submitted again (R53).
    pub(crate) async fn answers_of_last_round(
        &self,
        on: &impl ConnectionTrait,
        row: &filing::Model,
    ) -> Result<Option<Answers>> {
        if row.round < 2 {
            return Ok(None);
        }
        let before = filing_round::Entity::find_by_id((row.id.clone(), row.round - 1)).one(on).await?;
        let context = format!("filing/{}", row.id);
        before
            .map(|before| load(&self.context.keys, &context, &before.answers, &before.answers_sealed))
            .transpose()
    }

    /// A filing with its subject, if that is the actor's (R74). In a transaction `lock` keeps both as
    /// they are until its end.
    pub(crate) async fn owned_filing(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
        lock: bool,
    ) -> Result<(filing::Model, record::Model)> {
        let remembered = actor.remembered.as_ref().filter(|_| !lock);
        let row = match remembered.and_then(|remembered| remembered.filings.get(id)) {
            Some(row) => row,
            None => filing::Entity::find_by_id(plausible_id(id)?).one(on).await?.ok_or(Error::NotFound)?,
        };
        let (subject, _) = self.records.owned_record(on, actor, &row.subject_id, lock).await?;
        if !lock {
            if let Some(remembered) = remembered {
                remembered.filings.keep(&row.id, row.clone());
            }
            return Ok((row, subject));
        }
        // Only now that the subject is locked does the filing stand still.
        let row =
            filing::Entity::find_by_id(&row.id).lock_exclusive().one(on).await?.ok_or(Error::NotFound)?;
        Ok((row, subject))
    }

    /// 我的申请: of the current subject (R6), and those no choice of a subject would lead to: every
    /// 新增主体, and what belongs to a subject that never came into force or has ended.
    async fn my_filings(&self, actor: &Actor) -> Result<sea_orm::Select<filing::Entity>> {
        let own = record::Entity::find()
            .select_only()
            .column(record::Column::Id)
            .filter(record::Column::OwnerId.eq(&actor.person_id))
            .filter(record::Column::Business.eq(Business::Subject.code()));
        let unchoosable = [RecordState::Void.code(), RecordState::Cancelled.code()];
        let unchoosable = own.clone().filter(record::Column::State.is_in(unchoosable));
        let query = filing::Entity::find().filter(filing::Column::SubjectId.in_subquery(own.into_query()));
        let Some(current) = self.accounts.current_subject(actor).await? else { return Ok(query) };
        let new_subject = Condition::all()
            .add(filing::Column::Business.eq(Business::Subject.code()))
            .add(filing::Column::Action.eq(Action::New.code()));
        Ok(query.filter(
            Condition::any()
                .add(filing::Column::SubjectId.eq(current.id))
                .add(filing::Column::SubjectId.in_subquery(unchoosable.into_query()))
                .add(new_subject),
        ))
    }

    /// 我的申请 (R51). Empty filters mean all.
    pub async fn filings(
        &self,
        actor: &Actor,
        procedure: &str,
        state: &str,
        after: &str,
    ) -> Result<Paged<FilingRow>> {
        let mut query = self.my_filings(actor).await?;
        if !procedure.is_empty() {
            let Some(wanted) = Procedure::from_code(procedure) else { return Ok(Paged::default()) };
            query = query
                .filter(filing::Column::Business.eq(wanted.business.code()))
                .filter(filing::Column::Action.eq(wanted.action.code()));
        }
        if !state.is_empty() {
            query = query.filter(filing::Column::State.eq(state));
        }
        let on = self.context.db.read();
        let total = query.clone().count(on).await?;
        let mut query = query.order_by_desc(filing::Column::Id).limit(PAGE + 1);
        if !after.is_empty() {
            query = query.filter(filing::Column::Id.lt(after));
        }
        let mut rows = query.all(on).await?;
        let next = split_page(&mut rows, |row| &row.id);
        let names = self.accounts.own_names(actor).await?;
        let rows = rows.iter().map(|row| own_filing_row(row, &names)).collect::<Result<_>>()?;
        Ok(Paged { rows, total, next, is_later: !after.is_empty() })
    }

    pub(crate) async fn newest_filings(&self, actor: &Actor, most: u64) -> Result<Vec<FilingRow>> {
        let query = self.my_filings(actor).await?.order_by_desc(filing::Column::Id).limit(most);
        let on = self.context.db.read();
        let names = self.accounts.own_names(actor).await?;
        query.all(on).await?.iter().map(|row| own_filing_row(row, &names)).collect()
    }

    /// One filing, read-only, with its history and what can be done about it.
    pub async fn filing(&self, actor: &Actor, id: &str) -> Result<FilingView> {
        let on = self.context.db.read();
        let (row, _) = self.owned_filing(on, actor, id, false).await?;
        let procedure = procedure_of(&row)?;
        let state = filing_state(&row)?;
        let answers = self.filing_answers(&row)?;
        let before = self.filing_before(&row)?;
        let record = record::Entity::find_by_id(&row.record_id).one(on).await?.ok_or(Error::NotFound)?;
        let events = filing_event::Entity::find()
            .filter(filing_event::Column::FilingId.eq(&row.id))
            .order_by_asc(filing_event::Column::Id)
            .all(on)
            .await?;
        // What an officer took back at once was never told to anybody.
        let events = standing(events);
        let (general_remark, remarks) = match state {
            FilingState::Returned => last_return(&events)?,
            FilingState::Pending
            | FilingState::InReview
            | FilingState::Approved
            | FilingState::Rejected
            | FilingState::Withdrawn
            | FilingState::Terminated => (None, Vec::new()),
        };
        let is_new_subject = procedure == Procedure::new(Business::Subject, Action::New);
        let dependents = match is_new_subject && state == FilingState::Pending {
            false => Vec::new(),
            true => self.dependents(on, &row.subject_id).await?,
        };
        let returned_along = match is_new_subject && state == FilingState::Returned {
            false => Vec::new(),
            true => self.returned_along(on, &row.subject_id).await?,
        };
        let now = self.context.clock.now();
        let left = withdrawal_left(state, instant(row.submitted_at), now);
        let files = filing_files(procedure, &answers, before.as_ref())?;
        let is_approved_new = procedure.action == Action::New && state == FilingState::Approved;
        Ok(FilingView {
            row: own_filing_row(&row, &self.accounts.own_names(actor).await?)?,
            jurisdiction: full_name(&row.jurisdiction).unwrap_or_default(),
            decided_at: row.decided_at.map(|at| written(instant(at))),
            sheet: filing_sheet(procedure, &answers, before.as_ref(), Disclosure::Masked)?,
            changes: self.filing_changes(&row, &answers, Disclosure::Masked)?,
            history: events.iter().map(event_view).collect(),
            // Rounded up: a page that has counted to nothing finds nothing left.
            withdrawal_left: left.map(|left| left.whole_seconds() + i64::from(left.subsec_nanoseconds() > 0)),
            dependents: dependents.iter().map(filing_row).collect::<Result<_>>()?,
            returned_along: returned_along.iter().map(filing_row).collect::<Result<_>>()?,
            remarks,
            general_remark,
            registration: if is_approved_new {
                registration_view(&self.context.settings, &record)
            } else {
                None
            },
            talk: TalkView {
                questions: self.questions_for(on, actor, &row, false).await?,
                ..TalkView::default()
            },
            files: self.files.file_views(&files).await?,
            record_href: (record_state(&record)? != RecordState::Void)
                .then(|| route::record(procedure.business, &record.id)),
        })
    }

    /// What the reviewer said when the filing was last returned: in general, and at fields (R53).
    pub(crate) async fn return_remarks(
        &self,
        on: &impl ConnectionTrait,
        filing_id: &str,
    ) -> Result<(Option<String>, Vec<Fault>)> {
        let events = filing_event::Entity::find()
            .filter(filing_event::Column::FilingId.eq(filing_id))
            .order_by_asc(filing_event::Column::Id)
            .all(on)
            .await?;
        last_return(&standing(events))
    }
}

/// A filing's answers as a sheet; below those of a cancellation stands what it cancels.
pub(crate) fn filing_sheet(
    procedure: Procedure,
    answers: &Answers,
    before: Option<&Answers>,
    disclosure: Disclosure,
) -> Result<Sheet> {
    let mut whole = sheet(procedure.form(), answers, &KnownRegions, disclosure);
    if let (Action::Cancel, Some(before)) = (procedure.action, before) {
        whole.sections.extend(sheet(procedure.business.form(), before, &KnownRegions, disclosure).sections);
    }
    Ok(whole)
}

/// Ids of the files a filing names, on both of its sides.
pub(crate) fn filing_files(
    procedure: Procedure,
    answers: &Answers,
    before: Option<&Answers>,
) -> Result<Vec<String>> {
    let mut ids = file_ids(procedure.form(), answers);
    if let Some(before) = before {
        ids.extend(file_ids(procedure.business.form(), before));
    }
    Ok(ids)
}

/// The history, for applicants: no officer by name, and no note that officers write for each other.
fn event_view(row: &filing_event::Model) -> EventView {
    let event = FilingEvent::from_code(&row.event);
    let note = match event {
        None | Some(FilingEvent::Claim | FilingEvent::Release) => "",
        Some(
            FilingEvent::Approve
            | FilingEvent::Return
            | FilingEvent::Reject
            | FilingEvent::Withdraw
            | FilingEvent::Resubmit
            | FilingEvent::Terminate
            | FilingEvent::Transfer
            | FilingEvent::Undo,
        ) => &row.note,
    };
    let who = match row.actor_role.as_str() {
        APPLICANT => "申请人",
        SYSTEM => "系统",
        _ => "审核民警",
    };
    EventView {
        at: written(instant(row.at)),
        what: event.map_or("提交审核", FilingEvent::label).to_owned(),
        who: who.to_owned(),
        note: note.to_owned(),
    }
}

pub(crate) fn last_return(events: &[filing_event::Model]) -> Result<(Option<String>, Vec<Fault>)> {
    match events.iter().rev().find(|event| event.event == FilingEvent::Return.code()) {
        None => Ok((None, Vec::new())),
        Some(event) => {
            let general = (!event.note.trim().is_empty()).then(|| event.note.clone());
            Ok((general, serde_json::from_str(&event.remarks)?))
        }
    }
}
