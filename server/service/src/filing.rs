//! Filings as their applicant sees them (R51), withdrawing one (R17), and making one that came back
//! a draft again (R17, R53).

use domain::action::Action;
use domain::answer::Answers;
use domain::business::Business;
use domain::filing::{FilingEvent, FilingState, withdrawal_left};
use domain::procedure::Procedure;
use domain::record::{RecordEvent, RecordState};
use domain::schema::Fault;
use domain::sheet::{Change, Sheet, Sight, diff, sheet};
use domain::view::{EventView, FilingRow, FilingView, Paged};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use serde_json::json;

use crate::clock::written;
use crate::db::{Transaction, instant, plausible_id};
use crate::draft::FromFiling;
use crate::entity::{filing, filing_event, filing_round, record};
use crate::error::{Error, Result};
use crate::number::registration_view;
use crate::papers::load;
use crate::record::{file_ids, keep_domains, record_href};
use crate::region::{KnownRegions, full_name};
use crate::transition::{self, APPLICANT, SYSTEM, Who, filing_state, record_state};
use crate::{Actor, Service, again, tally};

/// Rows on one page of a list.
pub(crate) const PAGE: u64 = 20;

/// Path of a filing's page.
pub(crate) fn filing_href(id: &str) -> String {
    format!("/mine/filings/{id}")
}

/// Filings that wait for officers.
pub(crate) fn open_states() -> Condition {
    let open = FilingState::ALL.into_iter().filter(|state| state.is_open()).map(FilingState::code);
    Condition::all().add(filing::Column::State.is_in(open))
}

pub(crate) fn procedure_of(row: &filing::Model) -> Result<Procedure> {
    match (Business::from_code(&row.business), Action::from_code(&row.action)) {
        (Some(business), Some(action)) => Ok(Procedure { business, action }),
        _ => Err(Error::Corrupt(format!("procedure of filing {}", row.id))),
    }
}

/// Cuts the row too many that tells of a further page, and names that page's cursor.
pub(crate) fn cut<M>(rows: &mut Vec<M>, id: impl Fn(&M) -> &String) -> Option<String> {
    let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
    if rows.len() <= size {
        return None;
    }
    rows.truncate(size);
    rows.last().map(|row| id(row).clone())
}

pub(crate) fn filing_row(row: &filing::Model) -> Result<FilingRow> {
    Ok(FilingRow {
        id: row.id.clone(),
        reference: row.reference.clone(),
        procedure: procedure_of(row)?,
        title: row.title.clone(),
        subject_name: row.subject_name.clone(),
        state: filing_state(row)?,
        submitted_at: written(instant(row.submitted_at)),
    })
}

/// A filing's answers as a sheet; below those of a cancellation stands what it cancels.
pub(crate) fn filing_sheet(
    procedure: Procedure,
    answers: &Answers,
    before: Option<&Answers>,
    sight: Sight,
) -> Result<Sheet> {
    let mut whole = sheet(procedure.form(), answers, &KnownRegions, sight);
    if let (Action::Cancel, Some(before)) = (procedure.action, before) {
        whole.sections.extend(sheet(procedure.business.form(), before, &KnownRegions, sight).sections);
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
            | FilingEvent::Transfer,
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

impl Service {
    pub(crate) fn filing_answers(&self, row: &filing::Model) -> Result<Answers> {
        load(&self.keys, &format!("filing/{}", row.id), &row.answers, &row.answers_sealed)
    }

    /// What was in force when a change or a cancellation was submitted.
    pub(crate) fn filing_before(&self, row: &filing::Model) -> Result<Option<Answers>> {
        match (&row.before, &row.before_sealed) {
            (Some(before), Some(sealed)) => {
                load(&self.keys, &format!("filing-before/{}", row.id), before, sealed).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// What a change changes, by what the filing itself keeps of both sides.
    pub(crate) fn filing_changes(
        &self,
        row: &filing::Model,
        answers: &Answers,
        sight: Sight,
    ) -> Result<Vec<Change>> {
        let procedure = procedure_of(row)?;
        match (procedure.action, self.filing_before(row)?) {
            (Action::Change, Some(before)) => {
                let form = procedure.business.form();
                Ok(diff(form, (&before, sight), (answers, sight), &KnownRegions))
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
        let before = filing_round::Entity::find_by_id((row.id.clone(), row.round - 1)).one(on).await?;
        let context = format!("filing/{}", row.id);
        before.map(|before| load(&self.keys, &context, &before.answers, &before.answers_sealed)).transpose()
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
        let row = filing::Entity::find_by_id(plausible_id(id)?).one(on).await?.ok_or(Error::NotFound)?;
        let (subject, _) = self.owned_record(on, actor, &row.subject_id, lock).await?;
        if !lock {
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
        let Some(current) = self.current_subject(actor).await? else { return Ok(query) };
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
        let on = self.db.read();
        let total = query.clone().count(on).await?;
        let mut query = query.order_by_desc(filing::Column::Id).limit(PAGE + 1);
        if !after.is_empty() {
            query = query.filter(filing::Column::Id.lt(after));
        }
        let mut rows = query.all(on).await?;
        let next = cut(&mut rows, |row| &row.id);
        let rows = rows.iter().map(filing_row).collect::<Result<_>>()?;
        Ok(Paged { rows, total, next, is_later: !after.is_empty() })
    }

    pub(crate) async fn newest_filings(&self, actor: &Actor, most: u64) -> Result<Vec<FilingRow>> {
        let query = self.my_filings(actor).await?.order_by_desc(filing::Column::Id).limit(most);
        query.all(self.db.read()).await?.iter().map(filing_row).collect()
    }

    /// One filing, read-only, with its history and what can be done about it.
    pub async fn filing(&self, actor: &Actor, id: &str) -> Result<FilingView> {
        let on = self.db.read();
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
        let now = self.clock.now();
        let left = withdrawal_left(state, instant(row.submitted_at), now);
        let files = filing_files(procedure, &answers, before.as_ref())?;
        let is_approved_new = procedure.action == Action::New && state == FilingState::Approved;
        Ok(FilingView {
            row: filing_row(&row)?,
            jurisdiction: full_name(&row.jurisdiction).unwrap_or_default(),
            decided_at: row.decided_at.map(|at| written(instant(at))),
            sheet: filing_sheet(procedure, &answers, before.as_ref(), Sight::Masked)?,
            changes: self.filing_changes(&row, &answers, Sight::Masked)?,
            history: events.iter().map(event_view).collect(),
            // Rounded up: a page that has counted to nothing finds nothing left.
            withdrawal_left: left.map(|left| left.whole_seconds() + i64::from(left.subsec_nanoseconds() > 0)),
            dependents: dependents.iter().map(filing_row).collect::<Result<_>>()?,
            waits_for_business: is_new_subject && state == FilingState::Pending && !row.is_reviewable,
            remarks,
            general_remark,
            registration: if is_approved_new { registration_view(&self.settings, &record) } else { None },
            files: self.file_views(&files).await?,
            record_href: (record_state(&record)? != RecordState::Void)
                .then(|| record_href(procedure.business, &record.id)),
        })
    }

    /// How many filings of a subject and of what belongs to it wait for officers.
    pub(crate) async fn open_filings(&self, on: &impl ConnectionTrait, subject_id: &str) -> Result<u64> {
        let open =
            filing::Entity::find().filter(filing::Column::SubjectId.eq(subject_id)).filter(open_states());
        Ok(open.count(on).await?)
    }

    /// The open business filings of a subject (R15, R17).
    pub(crate) async fn dependents(
        &self,
        on: &impl ConnectionTrait,
        subject_id: &str,
    ) -> Result<Vec<filing::Model>> {
        let rows = filing::Entity::find()
            .filter(filing::Column::SubjectId.eq(subject_id))
            .filter(filing::Column::Business.ne(Business::Subject.code()))
            .filter(open_states())
            .order_by_asc(filing::Column::Id)
            .all(on)
            .await?;
        Ok(rows)
    }

    /// What the reviewer said when the filing was last returned: in general, and at fields (R53).
    pub(crate) async fn return_remarks(
        &self,
        on: &impl ConnectionTrait,
        filing_id: &str,
    ) -> Result<(Option<String>, Vec<Fault>)> {
        let events = filing_event::Entity::find()
            .filter(filing_event::Column::FilingId.eq(filing_id))
            .filter(filing_event::Column::Event.eq(FilingEvent::Return.code()))
            .order_by_asc(filing_event::Column::Id)
            .all(on)
            .await?;
        last_return(&events)
    }

    /// 撤销申请 (R17)
    ///
    /// # Errors
    /// `NotFound` for a filing that is not the actor's, `Refused` when it is being reviewed, was
    /// decided, or thirty minutes are over.
    pub async fn withdraw(&self, actor: &Actor, filing: &str) -> Result<()> {
        let changed = again!(self.try_withdraw(actor, filing))?;
        for row in changed {
            self.ring(&row);
        }
        Ok(())
    }

    async fn try_withdraw(&self, actor: &Actor, id: &str) -> Result<Vec<filing::Model>> {
        let tx = self.db.begin().await?;
        let (row, _) = self.owned_filing(&tx, actor, id, true).await?;
        let now = self.clock.now();
        let state = filing_state(&row)?;
        if withdrawal_left(state, instant(row.submitted_at), now).is_none() {
            return Err(not_withdrawable(state, filing_href(&row.id)));
        }
        let (record, subject) = self.owned_record(&tx, actor, &row.record_id, true).await?;
        let mut changed = vec![
            transition::filing(&tx, &row, FilingEvent::Withdraw, Who::applicant(actor), "", &[], now).await?,
        ];
        self.fail_record(&tx, &record, now).await?;
        let procedure = procedure_of(&row)?;
        if procedure.action == Action::New {
            if procedure.business.is_subject() {
                changed.extend(self.withdraw_dependents(&tx, actor, &row.subject_id).await?);
            } else {
                self.settle_bundle(&tx, &subject.id).await?;
            }
        }
        let detail = json!({ "procedure": procedure.code(), "dependents": changed.len() - 1 });
        self.write(&tx, Some(actor), "filing.withdraw", "filing", &row.id, detail).await?;
        tx.commit().await?;
        Ok(changed)
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
                let business = crate::record::business_of(record)?;
                domain::facts::of_business(business, &self.record_answers(record)?).domains
            }
        };
        keep_domains(on, &record.id, &keep).await?;
        Ok(after)
    }

    /// R17: what depends on a withdrawn 新增主体 goes with it. What an officer has already claimed or
    /// returned ends as 已终止: it can be made a draft again all the same.
    async fn withdraw_dependents(
        &self,
        tx: &Transaction,
        actor: &Actor,
        subject_id: &str,
    ) -> Result<Vec<filing::Model>> {
        let now = self.clock.now();
        let ended =
            [FilingState::Pending, FilingState::InReview, FilingState::Returned].map(FilingState::code);
        let rows = filing::Entity::find()
            .filter(filing::Column::SubjectId.eq(subject_id))
            .filter(filing::Column::Business.ne(Business::Subject.code()))
            .filter(filing::Column::State.is_in(ended))
            .order_by_asc(filing::Column::Id)
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
        tally::moved(on, &before, &after, self.clock.now()).await?;
        Ok(true)
    }

    /// Makes a filing that was withdrawn (R17) or returned (R53) a draft, or finds the draft that was
    /// made of it before; its path.
    ///
    /// # Errors
    /// `Refused` in other states, and where another draft is in the way.
    pub async fn redraft(&self, actor: &Actor, filing: &str) -> Result<String> {
        again!(self.try_redraft(actor, filing))
    }

    async fn try_redraft(&self, actor: &Actor, id: &str) -> Result<String> {
        let tx = self.db.begin().await?;
        let (row, _) = self.owned_filing(&tx, actor, id, true).await?;
        let procedure = procedure_of(&row)?;
        let is_returned = match filing_state(&row)? {
            FilingState::Returned => true,
            FilingState::Withdrawn | FilingState::Terminated => false,
            FilingState::Pending | FilingState::InReview | FilingState::Approved | FilingState::Rejected => {
                return Err(Error::refused_see(
                    "只有已撤销或已退回的申请单可以修改后重新提交",
                    filing_href(&row.id),
                ));
            }
        };
        if procedure.action == Action::Cancel {
            tx.rollback().await?;
            return self.cancel_again(actor, &row).await;
        }
        let form = procedure.business.form();
        let (_, remarks) = self.return_remarks(&tx, &row.id).await?;
        let step = remarks.iter().find_map(|remark| form.step_of(&remark.at)).or_else(|| form.steps.first());
        let draft = FromFiling {
            procedure,
            filing: &row,
            resubmits: is_returned,
            step: step.map(|step| step.key.to_owned()).unwrap_or_default(),
        };
        let href = self.draft_from_filing(&tx, actor, draft, self.filing_answers(&row)?).await?;
        tx.commit().await?;
        Ok(href)
    }
}

fn last_return(events: &[filing_event::Model]) -> Result<(Option<String>, Vec<Fault>)> {
    match events.iter().rev().find(|event| event.event == FilingEvent::Return.code()) {
        None => Ok((None, Vec::new())),
        Some(event) => {
            let general = (!event.note.trim().is_empty()).then(|| event.note.clone());
            Ok((general, serde_json::from_str(&event.remarks)?))
        }
    }
}

fn not_withdrawable(state: FilingState, link: String) -> Error {
    let sentence = match state {
        FilingState::Pending => "提交已超过 30 分钟，不能再撤销".to_owned(),
        FilingState::InReview => "审核民警已领取该申请单，不能再撤销".to_owned(),
        FilingState::Approved
        | FilingState::Returned
        | FilingState::Rejected
        | FilingState::Withdrawn
        | FilingState::Terminated => format!("该申请单{}，不能再撤销", state.label()),
    };
    Error::refused_see(sentence, link)
}
