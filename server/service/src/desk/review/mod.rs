//! The review desk: one filing with everything it belongs to, and what stands around the queue
//! (R60–R63). What lies outside of the officer's region, or is not put to officers yet (R15), does not
//! exist here (R74).

pub mod look;
pub mod peek;

use std::collections::BTreeMap;

use domain::action::Action;
use domain::business::Business;
use domain::filing::FilingState;
use domain::jurisdiction;
use domain::procedure::Procedure;
use domain::record::RecordState;
use domain::sheet::{Disclosure, diff, sheet};
use domain::sign_off::sign_off;
use domain::view::{
    FileView, QueueDesk, QueueNews, QueueRequest, QueueRow, Refused, RegionOption, ReviewView, SubjectRecord,
};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, OnConflict, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

use crate::account::Accounts;
use crate::account::rejected_form::RejectedForms;
use crate::account::usage::Usage;
use crate::base::actor::Actor;
use crate::base::clock::written_date;
use crate::base::context::handle;
use crate::base::db::{instant, millis, rows_of, united};
use crate::base::entity::{desk_visit, filing, record};
use crate::base::error::{Error, Result};
use crate::base::numbering::registration_view;
use crate::base::region;
use crate::base::region::{KnownRegions, region_name};
use crate::base::retry::retry;
use crate::desk::access::{DeskAccess, is_claimed_by, lies_in, own_filing, why_not_approve};
use crate::desk::canned_reason::CannedReasons;
use crate::desk::checks::MachineChecks;
use crate::desk::claim::FilingClaims;
use crate::desk::decide::Decisions;
use crate::desk::decide::request::decision_slot;
use crate::desk::presence::Presence;
use crate::desk::queue::Queues;
use crate::desk::relatives;
use crate::desk::saved_view::SavedViews;
use crate::desk::setting::DisplaySettings;
use crate::desk::talk;
use crate::files::Files;
use crate::files::faults::file_ids;
use crate::filing::Filings;
use crate::filing::record::Records;
use crate::filing::second_look::in_hand;
use crate::filing::view::{filing_files, filing_sheet, last_return};
use crate::state::history;
use crate::state::history::{Who, standing};
use crate::state::row::{filing_state, open_states, procedure_of, record_state};

handle! {
    /// The page of a filing on the desk.
    Reviews {
        accounts: Accounts,
        canned_reasons: CannedReasons,
        decisions: Decisions,
        desk_access: DeskAccess,
        display_settings: DisplaySettings,
        files: Files,
        filing_claims: FilingClaims,
        filings: Filings,
        machine_checks: MachineChecks,
        presence: Presence,
        queues: Queues,
        records: Records,
        rejected_forms: RejectedForms,
        saved_views: SavedViews,
        usage: Usage,
    }
}

/// What the count of arrivals stops at.
const MOST_ARRIVED: u64 = 100;

/// So many of the subject's other records and filings stand on a review page.
const MOST_BESIDE: u64 = 20;

/// So many filings of a bundle.
const MOST_BUNDLED: u64 = 100;

impl Reviews {
    /// What stands around the queue: what its filters offer, saved views, what has arrived.
    pub async fn queue_desk(&self, actor: &Actor, request: &QueueRequest) -> Result<QueueDesk> {
        let own = actor.must_review()?;
        let on = self.context.db.read();
        let chosen = Some(request.region.as_str()).filter(|inner| jurisdiction::covers(own, inner));
        let chosen = chosen.unwrap_or(own);
        let option = |code: &str| RegionOption {
            code: code.to_owned(),
            name: region_name(code),
            is_leaf: region::is_leaf(code),
        };
        let above = region::path(chosen).into_iter().map(|region| region.code);
        let above = above.filter(|code| jurisdiction::covers(own, code)).map(option).collect();
        let (holders, arrived) = self.holders_and_arrivals(actor, own).await?;
        let officers = self.accounts.staff_names(on, &holders).await?;
        Ok(QueueDesk {
            region: option(own),
            above,
            below: region::options(chosen),
            officers: officers.into_iter().filter(|(id, _)| *id != actor.person_id).collect(),
            views: self.saved_views.saved_views(actor).await?,
            arrived,
            settings: self.display_settings.settings(actor).await?,
        })
    }

    /// What became of single filings in a queue, and the counts around it, for a page that shows it.
    ///
    /// # Errors
    /// `Forbidden` for who does not review.
    pub async fn queue_news(&self, actor: &Actor, request: &QueueRequest, ids: &[&str]) -> Result<QueueNews> {
        let (rows, total) = self.queues.news(actor, request, ids).await?;
        let arrived = self.queues.arrived(actor, MOST_ARRIVED).await?;
        Ok(QueueNews { rows, total, arrived, settings: self.display_settings.settings(actor).await? })
    }

    /// Who has something in hand in a region, and how much is new to the officer, in one statement.
    async fn holders_and_arrivals(&self, actor: &Actor, region: &str) -> Result<(Vec<String>, u64)> {
        let on = self.context.db.read();
        let arrivals = QueueRequest { state: "arrived".to_owned(), ..QueueRequest::default() };
        let arrivals = self.queues.first(actor, &arrivals, MOST_ARRIVED).await?;
        let arrived = Query::select()
            .expr_as(Expr::cust("CAST(NULL AS TEXT)"), Alias::new("holder"))
            .expr_as(Expr::col(Asterisk).count(), Alias::new("n"))
            .from_subquery(arrivals, Alias::new("arrived"))
            .to_owned();
        let mut rows = on.query_all(&united(vec![holders(region), arrived])).await?.into_iter();
        rows.try_fold((Vec::new(), 0), |(mut holders, arrived), row| {
            let (holder, n): (Option<String>, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let Some(holder) = holder else { return Ok((holders, u64::try_from(n).unwrap_or(0))) };
            holders.push(holder);
            Ok((holders, arrived))
        })
    }

    /// The officer has seen what arrived up to now.
    pub async fn saw_arrivals(&self, actor: &Actor) -> Result<()> {
        actor.must_review()?;
        retry!(self.try_saw_arrivals(actor))
    }

    async fn try_saw_arrivals(&self, actor: &Actor) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let seen_at = millis(self.context.clock.now());
        let visit =
            desk_visit::ActiveModel { person_id: Set(actor.person_id.clone()), seen_at: Set(seen_at) };
        desk_visit::Entity::insert(visit)
            .on_conflict(
                OnConflict::column(desk_visit::Column::PersonId)
                    .update_column(desk_visit::Column::SeenAt)
                    .to_owned(),
            )
            .exec_without_returning(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// One filing on the review desk (R63), with personal values in full for a look that was written down.
    pub async fn review(&self, actor: &Actor, id: &str, look: Option<i64>) -> Result<ReviewView> {
        let on = self.context.db.read();
        let row = self.desk_access.reviewable(on, actor, id).await?;
        let disclosure = self.sight(actor, &row, look).await?;
        let procedure = procedure_of(&row)?;
        let SubjectRecords { record, subject, others: other_records } =
            self.subject_records(on, &row).await?;
        let slots =
            [decision_slot(actor, &row.id), talk::slot(actor, &row.id), relatives::slot(actor, &row.id)];
        self.rejected_forms.read_ahead(on, actor, &slots).await?;
        let answers = self.filings.filing_answers(&row)?;
        // What a cancelled subject holds stands on its own sheet.
        let is_of_subject = procedure.business == Business::Subject;
        let before = self.filings.filing_before(&row)?;
        let cancelled = before.as_ref().filter(|_| !is_of_subject);
        let history = history::history_of(on, &row.id).await?;
        let (subject_form, subject_answers) =
            (Business::Subject.form(), self.records.record_answers(&subject)?);
        let mut files = filing_files(procedure, &answers, before.as_ref())?;
        let form = procedure.form();
        let since_last = match self.filings.answers_of_last_round(on, &row).await? {
            None => Vec::new(),
            Some(last) => {
                files.extend(file_ids(form, &last));
                diff(form, (&last, disclosure), (&answers, disclosure), &KnownRegions)
            }
        };
        let shows_subject = !is_of_subject || procedure.action == Action::Cancel;
        let subject_sheet = shows_subject.then(|| {
            files.extend(file_ids(subject_form, &subject_answers));
            sheet(subject_form, &subject_answers, &KnownRegions, disclosure)
        });
        let files = self.files_to_see(actor, &row, &files).await?;
        let (bundle, other_filings) = self.filings_of_subject(actor, &row).await?;
        self.presence.touch(actor, &row).await;
        if is_claimed_by(&row, actor) {
            self.filing_claims.keep_claim(actor, &row.id).await?;
        }
        let filing = self.desk_access.queue_rows(actor, std::slice::from_ref(&row)).await?;
        let filing = filing.into_iter().next().ok_or(Error::NotFound)?;
        let may_decide = self.why_not_decide(actor, &row, &subject).await?;
        let may_approve = match &may_decide {
            Some(refused) => Some(refused.clone()),
            None => why_not_approve(procedure, &subject, &bundle)?,
        };
        Ok(ReviewView {
            may_claim: self.why_not_claim(actor, &row, &subject).await?,
            may_decide,
            may_approve,
            is_mine: is_claimed_by(&row, actor),
            jurisdiction: region_name(&row.jurisdiction),
            sheet: filing_sheet(procedure, &answers, cancelled, disclosure)?,
            changes: self.filings.filing_changes(&row, &answers, disclosure)?,
            since_last,
            subject_sheet,
            checks: self
                .machine_checks
                .machine_checks(&row, procedure, &answers, &subject, &subject_answers, &files)
                .await?,
            questions: self.filings.questions_for(on, actor, &row, true).await?,
            earlier_remarks: last_return(&standing(history.clone()))?.1,
            history: history.iter().map(history::event_view).collect(),
            files,
            effects: self.effects_of(&row, procedure, &record).await?,
            unmasked: disclosure == Disclosure::Full,
            version: row.version,
            registration: registration_view(&self.context.settings, &record),
            subject_records: other_records,
            subject_filings: other_filings,
            others: self.presence.others_with(actor, &row.id).await?,
            sign_off: sign_off(procedure).iter().map(|point| (*point).to_owned()).collect(),
            typed: self.decisions.stashed_decision(actor, &row.id).await?,
            reasons: self.canned_reasons.reasons().await?,
            grounds: self.context.settings.rejection_grounds.clone(),
            remedy: self.context.settings.rejection_remedy.clone(),
            claim_minutes: self.context.settings.claim_minutes,
            settings: self.display_settings.settings(actor).await?,
            filing,
            bundle,
        })
    }

    /// Personal values are in full for a look that was written down.
    async fn sight(&self, actor: &Actor, row: &filing::Model, look: Option<i64>) -> Result<Disclosure> {
        Ok(match look {
            Some(look) if self.is_looking(actor, row, look).await? => Disclosure::Full,
            _ => Disclosure::Masked,
        })
    }

    /// The files of the page; that their pictures are seen small is noted.
    async fn files_to_see(
        &self,
        actor: &Actor,
        row: &filing::Model,
        ids: &[String],
    ) -> Result<BTreeMap<String, FileView>> {
        let files = self.files.file_views(ids).await?;
        let pictures: Vec<String> =
            files.values().filter(|file| file.is_picture).map(|file| file.id.clone()).collect();
        self.files.note_thumbnails(actor, ("filing", &row.id), &pictures).await?;
        Ok(files)
    }

    pub(crate) async fn record_row(&self, on: &impl ConnectionTrait, id: &str) -> Result<record::Model> {
        let row = record::Entity::find_by_id(id).one(on).await?;
        row.ok_or_else(|| Error::Corrupt(format!("record {id} is missing")))
    }

    /// The filings that came in with this one, the subject's first, then its businesses (R15), none where there is
    /// nothing beside it; and what else was filed for the subject in the officer's region, the latest first (R63). Both
    /// in one statement.
    async fn filings_of_subject(
        &self,
        actor: &Actor,
        row: &filing::Model,
    ) -> Result<(Vec<QueueRow>, Vec<QueueRow>)> {
        let on = self.context.db.read();
        let mut rows: Vec<filing::Model> = rows_of(on, questions_of_subject(row).into()).await?;
        let hidden = in_hand(on, actor).await?;
        let is_hidden = |one: &filing::Model| hidden.iter().any(|(filing, _)| *filing == one.id);
        rows.retain(|one| actor.covers(&one.jurisdiction) && !is_hidden(one));
        let (mut bundle, mut others): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|one| is_bundled_with(row, one));
        bundle.sort_by(|one, other| one.id.cmp(&other.id));
        bundle.sort_by_key(|one| one.business != Business::Subject.code());
        if bundle.len() < 2 {
            bundle.clear();
        }
        others.sort_by(|one, other| other.id.cmp(&one.id));
        let bundle = self.desk_access.queue_rows(actor, &bundle).await?;
        Ok((bundle, self.desk_access.queue_rows(actor, &others).await?))
    }

    /// The record a filing is about, its subject, and what else that has, the latest first (R63): in one statement.
    async fn subject_records(
        &self,
        on: &impl ConnectionTrait,
        row: &filing::Model,
    ) -> Result<SubjectRecords> {
        let these = [row.record_id.as_str(), row.subject_id.as_str()];
        let both = record::Entity::find().filter(record::Column::Id.is_in(these));
        let beside = record::Entity::find()
            .filter(record::Column::SubjectId.eq(&row.subject_id))
            .filter(record::Column::Id.is_not_in(these))
            .filter(record::Column::State.ne(RecordState::Void.code()))
            .order_by_desc(record::Column::Id)
            .limit(MOST_BESIDE);
        let rows: Vec<record::Model> = rows_of(on, vec![both.into_query(), beside.into_query()]).await?;
        let (both, mut beside): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|one| these.contains(&one.id.as_str()));
        let named = |id: &str| {
            let row = both.iter().find(|one| one.id == id).cloned();
            row.ok_or_else(|| Error::Corrupt(format!("record {id} is missing")))
        };
        beside.sort_by(|one, other| other.id.cmp(&one.id));
        let others = beside.into_iter().map(|row| {
            Ok(SubjectRecord {
                business: crate::state::row::business_of(&row)?,
                state: record_state(&row)?,
                registered_on: row.registered_at.map(instant).map(written_date),
                name: row.title,
                registration_number: row.registration_number,
            })
        });
        Ok(SubjectRecords {
            record: named(&row.record_id)?,
            subject: named(&row.subject_id)?,
            others: others.collect::<Result<_>>()?,
        })
    }

    pub(crate) async fn why_not_claim(
        &self,
        actor: &Actor,
        row: &filing::Model,
        subject: &record::Model,
    ) -> Result<Option<Refused>> {
        if let Some(refused) = own_filing(actor, row, subject) {
            return Ok(Some(refused));
        }
        match filing_state(row)? {
            FilingState::Pending => Ok(None),
            // A colleague who claims need not wait for the sweep (R79).
            FilingState::InReview
                if self.filing_claims.has_lapsed(row, self.context.clock.now())
                    && !is_claimed_by(row, actor) =>
            {
                Ok(None)
            }
            FilingState::InReview
            | FilingState::Approved
            | FilingState::Returned
            | FilingState::Rejected
            | FilingState::Withdrawn
            | FilingState::Terminated => self.what_happened(actor, row).await.map(Some),
        }
    }

    pub(crate) async fn why_not_decide(
        &self,
        actor: &Actor,
        row: &filing::Model,
        subject: &record::Model,
    ) -> Result<Option<Refused>> {
        if let Some(refused) = own_filing(actor, row, subject) {
            return Ok(Some(refused));
        }
        if is_claimed_by(row, actor) {
            return Ok(None);
        }
        if filing_state(row)? == FilingState::Pending {
            return Ok(Some(Refused { sentence: "请先领取该申请单".to_owned(), link: None }));
        }
        self.what_happened(actor, row).await.map(Some)
    }

    pub(crate) async fn what_happened(&self, actor: &Actor, row: &filing::Model) -> Result<Refused> {
        match self.filing_claims.overtaken(self.context.db.read(), &row.id, &Who::reviewer(actor)).await? {
            Error::Refused(refused) => Ok(refused),
            error => Err(error),
        }
    }

    /// What approval would do, in sentences.
    async fn effects_of(
        &self,
        row: &filing::Model,
        procedure: Procedure,
        record: &record::Model,
    ) -> Result<Vec<String>> {
        let noun = procedure.business.noun();
        let is_of_subject = procedure.business == Business::Subject;
        let mut effects = Vec::new();
        match procedure.action {
            Action::New if is_of_subject => effects.push("主体生效，可以办理变更、注销和移交".to_owned()),
            Action::New => {
                effects.push(format!("{noun}生效，签发“{}”的备案号", region_name(&row.jurisdiction)));
            }
            Action::Change => {
                effects.push(format!("变更后的内容即时取代{noun}现有内容"));
                if is_of_subject {
                    let region = &row.jurisdiction;
                    if *region != record.jurisdiction {
                        effects.push(format!(
                            "管辖地由{}移至{}，该主体的全部业务和未办结的申请单一并移交",
                            region_name(&record.jurisdiction),
                            region_name(region),
                        ));
                    }
                }
            }
            Action::Cancel => {
                effects.push(format!("{noun}注销，不可恢复"));
                if is_of_subject {
                    effects.extend(self.what_ends_with(record).await?);
                }
            }
        }
        Ok(effects)
    }

    /// What ends when the subject does (R23), in sentences.
    async fn what_ends_with(&self, subject: &record::Model) -> Result<Vec<String>> {
        let on = self.context.db.read();
        let living = RecordState::ALL.into_iter().filter(|state| state.is_in_force()).map(RecordState::code);
        let records: Vec<(String, i64)> = record::Entity::find()
            .select_only()
            .column(record::Column::Business)
            .column_as(record::Column::Id.count(), "records")
            .filter(record::Column::SubjectId.eq(&subject.id))
            .filter(record::Column::Id.ne(&subject.id))
            .filter(record::Column::State.is_in(living))
            .group_by(record::Column::Business)
            .order_by_asc(record::Column::Business)
            .into_tuple()
            .all(on)
            .await?;
        let filings = filing::Entity::find()
            .filter(filing::Column::SubjectId.eq(&subject.id))
            .filter(filing::Column::RecordId.ne(&subject.id))
            .filter(open_states())
            .count(on)
            .await?;
        let mut sentences = Vec::new();
        for (business, count) in records {
            let business = Business::from_code(&business)
                .ok_or_else(|| Error::Corrupt(format!("business {business} of subject {}", subject.id)))?;
            sentences.push(format!("{} {count} 个将一并注销", business.noun()));
        }
        if filings > 0 {
            sentences.push(format!("未办结的申请单 {filings} 份将终止"));
        }
        Ok(sentences)
    }
}

/// Who has something in hand in a region, and how much.
fn holders(region: &str) -> SelectStatement {
    Query::select()
        .expr_as(Expr::col(filing::Column::ClaimedBy), Alias::new("holder"))
        .expr_as(Expr::col(Asterisk).count(), Alias::new("n"))
        .from(filing::Entity)
        .and_where(filing::Column::IsReviewable.eq(true))
        .and_where(lies_in(region))
        .and_where(filing::Column::State.eq(FilingState::InReview.code()))
        .and_where(filing::Column::ClaimedBy.is_not_null())
        .group_by_col(filing::Column::ClaimedBy)
        .limit(100)
        .to_owned()
}

/// What came in with a filing: what is open, itself, and its subject's own, which stays in sight while its businesses are
/// worked off.
fn bundled_with(row: &filing::Model) -> Condition {
    Condition::any().add(open_states()).add(filing::Column::Id.eq(&row.id)).add(
        Condition::all()
            .add(filing::Column::RecordId.eq(&row.subject_id))
            .add(filing::Column::Action.eq(Action::New.code()))
            .add(Expr::cust("COALESCE(decided_at, 0)").gte(row.submitted_at)),
    )
}

/// The same of a row.
fn is_bundled_with(row: &filing::Model, one: &filing::Model) -> bool {
    let is_new_subject = one.record_id == row.subject_id && one.action == Action::New.code();
    FilingState::from_code(&one.state).is_some_and(FilingState::is_open)
        || one.id == row.id
        || (is_new_subject && one.decided_at.unwrap_or(0) >= row.submitted_at)
}

/// A filing's bundle, and what else was filed for its subject.
fn questions_of_subject(row: &filing::Model) -> [SelectStatement; 2] {
    let of_subject = || {
        filing::Entity::find()
            .filter(filing::Column::SubjectId.eq(&row.subject_id))
            .filter(filing::Column::IsReviewable.eq(true))
    };
    let bundle = of_subject().filter(bundled_with(row)).order_by_asc(filing::Column::Id).limit(MOST_BUNDLED);
    let others =
        of_subject().filter(bundled_with(row).not()).order_by_desc(filing::Column::Id).limit(MOST_BESIDE);
    [bundle.into_query(), others.into_query()]
}

/// The records a filing's page speaks of.
struct SubjectRecords {
    record: record::Model,
    subject: record::Model,
    others: Vec<SubjectRecord>,
}
