//! The review desk: the queue of a region, and one filing with everything it belongs to (R60–R63). What lies outside of the officer's region, or is not put to officers yet
//! (R15), does not exist here (R74).

use std::collections::BTreeMap;

use domain::answer::Answers;
use domain::facts;
use domain::filing::FilingState;
use domain::jurisdiction;
use domain::procedure::{Action, Business, Procedure};
use domain::record::RecordState;
use domain::sheet::{Sight, sheet};
use domain::sign_off::sign_off;
use domain::value::domain_name;
use domain::view::{
    Neighbours, Paged, QueueDesk, QueueRequest, QueueRow, Refused, RegionOption, ReviewView, SubjectRecord,
};
use sea_orm::sea_query::{LikeExpr, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, Order, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde_json::json;

use crate::clock::{shanghai_date, written, written_date};
use crate::db::{instant, millis, plausible_id};
use crate::entity::{desk_visit, filing, live_domain, record};
use crate::error::{Error, Result};
use crate::filing::{PAGE, filing_files, filing_sheet, open_states, procedure_of};
use crate::number::registration_view;
use crate::record::file_ids;
use crate::reference::Reference;
use crate::region::{self, KnownRegions};
use crate::transition::{self, Who, filing_state, record_state};
use crate::{Actor, Service, again, papers, registration};

const DAY: i64 = 86_400_000;
/// What the count of arrivals stops at.
const MOST_ARRIVED: u64 = 100;
/// So many of the subject's other records and filings stand on a review page.
const MOST_BESIDE: u64 = 20;
const DONE: [FilingState; 5] = [
    FilingState::Approved,
    FilingState::Returned,
    FilingState::Rejected,
    FilingState::Withdrawn,
    FilingState::Terminated,
];
/// Longest purpose of a look at personal data, in characters.
const LONGEST_PURPOSE: usize = 100;

pub(crate) fn codes(states: &[FilingState]) -> impl Iterator<Item = &'static str> {
    states.iter().map(|state| state.code())
}

/// The filings that are put to the officers of a region.
pub(crate) fn in_region(region: &str) -> Condition {
    let (low, high) = jurisdiction::range(region);
    Condition::all()
        .add(filing::Column::IsReviewable.eq(true))
        .add(filing::Column::Jurisdiction.gte(low))
        .add(filing::Column::Jurisdiction.lt(high))
}

/// Moments that a queue is measured by, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    pub now: i64,
    /// What was submitted before is overdue.
    pub late: i64,
    /// The first moment of today in Shanghai.
    pub midnight: i64,
    /// What came in since is new to the officer.
    pub seen: i64,
}

/// It came in since then, by submission or from another region.
fn arrived_since(at: i64) -> Condition {
    Condition::any().add(filing::Column::SubmittedAt.gt(at)).add(filing::Column::MovedAt.gt(at))
}

/// The part of the queue that a request asks for.
fn requested(actor: &Actor, region: &str, request: &QueueRequest, moments: Moments) -> Condition {
    use filing::Column;
    let narrower = Some(request.region.as_str()).filter(|inner| jurisdiction::covers(region, inner));
    let mut wanted = in_region(narrower.unwrap_or(region));
    wanted = match request.state.as_str() {
        // Naming every state lets the index be used from its second column on.
        "all" => wanted.add(Column::State.is_in(codes(&FilingState::ALL))),
        "mine" => wanted
            .add(Column::State.eq(FilingState::InReview.code()))
            .add(Column::ClaimedBy.eq(&actor.person_id)),
        "done" => wanted.add(Column::State.is_in(codes(&DONE))),
        "resubmitted" => wanted.add(open_states()).add(Column::Round.gt(1)),
        "overdue" => wanted.add(open_states()).add(Column::SubmittedAt.lt(moments.late)),
        "arrived" => {
            wanted.add(Column::State.eq(FilingState::Pending.code())).add(arrived_since(moments.seen))
        }
        other => match FilingState::from_code(other) {
            Some(state) => wanted.add(Column::State.eq(state.code())),
            None => wanted.add(open_states()),
        },
    };
    if let Some(procedure) = Procedure::from_code(&request.procedure) {
        wanted = wanted
            .add(Column::Business.eq(procedure.business.code()))
            .add(Column::Action.eq(procedure.action.code()));
    } else if let Some(business) = Business::from_code(&request.procedure) {
        wanted = wanted.add(Column::Business.eq(business.code()));
    }
    let is_claimed = Column::State.eq(FilingState::InReview.code());
    wanted = match request.claimed_by.as_str() {
        "" => wanted,
        "none" => wanted.add(Column::State.eq(FilingState::Pending.code())),
        "me" => wanted.add(is_claimed).add(Column::ClaimedBy.eq(&actor.person_id)),
        officer => wanted.add(is_claimed).add(Column::ClaimedBy.eq(officer)),
    };
    wanted = match request.age.as_str() {
        "" => wanted,
        "today" => wanted.add(Column::SubmittedAt.gte(moments.midnight)),
        days => match days.parse::<i64>() {
            Ok(days @ 1..=3650) => wanted.add(Column::SubmittedAt.lte(moments.now - days * DAY)),
            Ok(_) | Err(_) => wanted,
        },
    };
    match matching(&request.search) {
        Some(search) => wanted.add(search),
        None => wanted,
    }
}

/// What waits is worked off from the oldest on; what is done is read from the newest on.
fn order_of(request: &QueueRequest) -> Order {
    match request.sort.as_str() {
        "oldest" => return Order::Asc,
        "newest" => return Order::Desc,
        _ => {}
    }
    let is_waiting = match request.state.as_str() {
        "all" | "done" | "arrived" => false,
        other => FilingState::from_code(other).is_none_or(FilingState::is_open),
    };
    if is_waiting { Order::Asc } else { Order::Desc }
}

/// What comes after a place in the queue, in this order.
fn beyond(order: &Order, at: i64, id: &str) -> Condition {
    use filing::Column::{Id, SubmittedAt};
    match order {
        Order::Asc => Condition::any()
            .add(SubmittedAt.gt(at))
            .add(Condition::all().add(SubmittedAt.eq(at)).add(Id.gt(id))),
        _ => Condition::any()
            .add(SubmittedAt.lt(at))
            .add(Condition::all().add(SubmittedAt.eq(at)).add(Id.lt(id))),
    }
}

/// One page of the queue and one row more.
fn page(actor: &Actor, region: &str, request: &QueueRequest, moments: Moments) -> Select<filing::Entity> {
    let order = order_of(request);
    let mut wanted = requested(actor, region, request, moments);
    if let Some((at, id)) = cursor(&request.after) {
        wanted = wanted.add(beyond(&order, at, id));
    }
    filing::Entity::find()
        .filter(wanted)
        .order_by(filing::Column::SubmittedAt, order.clone())
        .order_by(filing::Column::Id, order)
        .limit(PAGE + 1)
}

fn cursor(after: &str) -> Option<(i64, &str)> {
    let (at, id) = after.split_once('_')?;
    Some((at.parse().ok()?, plausible_id(id).ok()?))
}

/// A reference, a registration number, a domain or web address, the beginning of a name.
fn matching(text: &str) -> Option<Condition> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if let Some(reference) = Reference::parse(text) {
        return Some(Condition::all().add(filing::Column::Reference.eq(reference.as_str())));
    }
    if let Some(digits) = registration::scan(text) {
        let numbered = Query::select()
            .column(record::Column::Id)
            .from(record::Entity)
            .and_where(record::Column::RegistrationDigits.eq(digits))
            .to_owned();
        return Some(Condition::all().add(filing::Column::RecordId.in_subquery(numbered)));
    }
    let mut any = Condition::any()
        .add(filing::Column::SubjectName.like(starting_with(text)))
        .add(filing::Column::Title.like(starting_with(text)));
    if let Some(host) = host_in(text) {
        let live = Query::select()
            .column(live_domain::Column::RecordId)
            .from(live_domain::Entity)
            .and_where(live_domain::Column::Domain.eq(&host))
            .to_owned();
        any = any.add(filing::Column::MainDomain.eq(&host)).add(filing::Column::RecordId.in_subquery(live));
        if let Some(registrable) = domain_name::registrable_domain(&host).filter(|main| *main != host) {
            any = any.add(filing::Column::MainDomain.eq(registrable));
        }
    }
    Some(any)
}

/// The pattern of texts that begin so; what the person typed is never a pattern itself.
pub(crate) fn starting_with(text: &str) -> LikeExpr {
    LikeExpr::new(format!("{}%", escaped(text))).escape('\\')
}

pub(crate) fn containing(text: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}%", escaped(text))).escape('\\')
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The host name in a web address, or the text itself if it is one; in ASCII form.
pub(crate) fn host_in(text: &str) -> Option<String> {
    let text = text.trim();
    if text.contains("://") {
        return domain_name::host_of_url(text);
    }
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('.') { domain_name::check_domain(host).ok() } else { None }
}

pub(crate) fn region_name(code: &str) -> String {
    region::full_name(code).unwrap_or_else(|| code.to_owned())
}

/// Nobody decides about what is their own.
pub(crate) fn own_filing(actor: &Actor, row: &filing::Model, subject: &record::Model) -> Option<Refused> {
    let own = row.applicant_id == actor.person_id || subject.owner_id.as_ref() == Some(&actor.person_id);
    own.then(|| Refused {
        sentence: "不能审核本人提交的申请单，请由其他民警办理".to_owned(), link: None
    })
}

pub(crate) fn is_claimed_by(row: &filing::Model, actor: &Actor) -> bool {
    row.state == FilingState::InReview.code() && row.claimed_by.as_ref() == Some(&actor.person_id)
}

impl Service {
    /// A filing that is put to this officer, or `NotFound`.
    pub(crate) async fn reviewable(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
    ) -> Result<filing::Model> {
        actor.must_review()?;
        let row = filing::Entity::find_by_id(plausible_id(id)?).one(on).await?;
        row.filter(|row| row.is_reviewable && actor.covers(&row.jurisdiction)).ok_or(Error::NotFound)
    }

    /// The moments this officer's queue is measured by, now.
    async fn moments(&self, actor: &Actor) -> Result<Moments> {
        let now = self.clock.now();
        let midnight = shanghai_date(now).midnight().assume_offset(time::macros::offset!(+8));
        let seen = desk_visit::Entity::find_by_id(&actor.person_id).one(self.db.read()).await?;
        Ok(Moments {
            now: millis(now),
            late: millis(now - time::Duration::days(self.settings.overdue_days)),
            midnight: millis(midnight),
            seen: seen.map_or(millis(midnight), |visit| visit.seen_at),
        })
    }

    /// The queue of the officer's region (R61).
    pub async fn queue(&self, actor: &Actor, request: &QueueRequest) -> Result<Paged<QueueRow>> {
        let region = actor.must_review()?;
        let moments = self.moments(actor).await?;
        let on = self.db.read();
        let total =
            filing::Entity::find().filter(requested(actor, region, request, moments)).count(on).await?;
        let mut rows = page(actor, region, request, moments).all(on).await?;
        let page_size = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let has_more = rows.len() > page_size;
        rows.truncate(page_size);
        let next = rows.last().filter(|_| has_more).map(|last| format!("{}_{}", last.submitted_at, last.id));
        let rows = self.queue_rows(actor, &rows).await?;
        Ok(Paged { rows, total, next, is_later: cursor(&request.after).is_some() })
    }

    /// What stands around the queue: what its filters offer, saved views, what has arrived.
    pub async fn queue_desk(&self, actor: &Actor, request: &QueueRequest) -> Result<QueueDesk> {
        let own = actor.must_review()?;
        let on = self.db.read();
        let moments = self.moments(actor).await?;
        let chosen = Some(request.region.as_str()).filter(|inner| jurisdiction::covers(own, inner));
        let chosen = chosen.unwrap_or(own);
        let option = |code: &str| RegionOption {
            code: code.to_owned(),
            name: region_name(code),
            is_leaf: region::is_leaf(code),
        };
        let above = region::path(chosen).into_iter().map(|region| region.code);
        let above = above.filter(|code| jurisdiction::covers(own, code)).map(option).collect();
        let holders: Vec<String> = filing::Entity::find()
            .select_only()
            .column(filing::Column::ClaimedBy)
            .filter(in_region(own))
            .filter(filing::Column::State.eq(FilingState::InReview.code()))
            .filter(filing::Column::ClaimedBy.is_not_null())
            .group_by(filing::Column::ClaimedBy)
            .limit(100)
            .into_tuple()
            .all(on)
            .await?;
        let officers = if holders.is_empty() { BTreeMap::new() } else { self.staff_names(&holders).await? };
        let arrived: Vec<String> = filing::Entity::find()
            .select_only()
            .column(filing::Column::Id)
            .filter(in_region(own))
            .filter(filing::Column::State.eq(FilingState::Pending.code()))
            .filter(arrived_since(moments.seen))
            .limit(MOST_ARRIVED)
            .into_tuple()
            .all(on)
            .await?;
        Ok(QueueDesk {
            region: option(own),
            above,
            below: region::options(chosen),
            officers: officers.into_iter().filter(|(id, _)| *id != actor.person_id).collect(),
            views: self.saved_views(actor).await?,
            arrived: arrived.len() as u64,
        })
    }

    /// The ids of the first filings that a request asks for.
    pub(crate) async fn oldest(
        &self,
        actor: &Actor,
        request: &QueueRequest,
        most: u64,
    ) -> Result<Vec<String>> {
        let region = actor.must_review()?;
        let moments = self.moments(actor).await?;
        let rows = page(actor, region, request, moments).limit(most).all(self.db.read()).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// The filings before and after one in the queue that the request asks for. It need not be in it
    /// any more: its place remains.
    pub async fn neighbours(&self, actor: &Actor, id: &str, request: &QueueRequest) -> Result<Neighbours> {
        let region = actor.must_review()?;
        let on = self.db.read();
        let row = self.reviewable(on, actor, id).await?;
        let moments = self.moments(actor).await?;
        let beside = |order: Order| {
            filing::Entity::find()
                .select_only()
                .column(filing::Column::Id)
                .filter(requested(actor, region, request, moments))
                .filter(beyond(&order, row.submitted_at, &row.id))
                .order_by(filing::Column::SubmittedAt, order.clone())
                .order_by(filing::Column::Id, order)
                .limit(1)
                .into_tuple::<String>()
        };
        let (forward, backward) = match order_of(request) {
            Order::Asc => (Order::Asc, Order::Desc),
            _ => (Order::Desc, Order::Asc),
        };
        Ok(Neighbours { previous: beside(backward).one(on).await?, next: beside(forward).one(on).await? })
    }

    /// The officer has seen what arrived up to now.
    pub async fn saw_arrivals(&self, actor: &Actor) -> Result<()> {
        actor.must_review()?;
        again!(self.try_saw_arrivals(actor))
    }

    async fn try_saw_arrivals(&self, actor: &Actor) -> Result<()> {
        let tx = self.db.begin().await?;
        let seen_at = millis(self.clock.now());
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

    pub(crate) async fn queue_rows(&self, actor: &Actor, rows: &[filing::Model]) -> Result<Vec<QueueRow>> {
        let mut officers: Vec<String> = rows
            .iter()
            .filter(|row| row.state == FilingState::InReview.code())
            .filter_map(|row| row.claimed_by.clone())
            .collect();
        officers.sort_unstable();
        officers.dedup();
        let names = if officers.is_empty() { BTreeMap::new() } else { self.staff_names(&officers).await? };
        let moments = self.moments(actor).await?;
        rows.iter().map(|row| queue_row(actor, row, &names, moments)).collect()
    }

    /// One filing on the review desk (R63). With a purpose, personal values are shown in full, and
    /// that is written down before they leave (R65, R70).
    pub async fn review(&self, actor: &Actor, id: &str, unmask: Option<&str>) -> Result<ReviewView> {
        let on = self.db.read();
        let row = self.reviewable(on, actor, id).await?;
        let sight = match unmask {
            Some(purpose) => {
                again!(self.write_down_look(actor, &row, purpose))?;
                Sight::Full
            }
            None => Sight::Masked,
        };
        let procedure = procedure_of(&row)?;
        let record = self.record_row(on, &row.record_id).await?;
        let subject = match procedure.business {
            Business::Subject => record.clone(),
            Business::Website
            | Business::App
            | Business::Provider
            | Business::Market
            | Business::MiniProgram
            | Business::Assessment => self.record_row(on, &row.subject_id).await?,
        };
        let answers = self.filing_answers(&row)?;
        // What a cancelled subject holds stands on its own sheet.
        let is_of_subject = procedure.business == Business::Subject;
        let before = self.filing_before(&row)?;
        let cancelled = before.as_ref().filter(|_| !is_of_subject);
        let history = transition::history_of(on, &row.id).await?;
        let (subject_form, subject_answers) =
            (papers::form_of(Business::Subject)?, self.record_answers(&subject)?);
        let mut files = filing_files(procedure, &answers, before.as_ref())?;
        let shows_subject = !is_of_subject || procedure.action == Action::Cancel;
        let subject_sheet = shows_subject.then(|| {
            files.extend(file_ids(subject_form, &subject_answers));
            sheet(subject_form, &subject_answers, &KnownRegions, sight)
        });
        let files = self.file_views(&files).await?;
        let bundle = self.bundle_rows(actor, &row).await?;
        self.glance(actor, &row);
        if is_claimed_by(&row, actor) {
            self.keep_claim(actor, &row.id).await?;
        }
        let filing = self.queue_rows(actor, std::slice::from_ref(&row)).await?;
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
            sheet: filing_sheet(procedure, &answers, cancelled, sight)?,
            changes: self.filing_changes(&row, &answers, sight)?,
            subject_sheet,
            checks: self
                .machine_checks(&row, procedure, &answers, &subject, &subject_answers, &files)
                .await?,
            earlier_remarks: self.return_remarks(on, &row.id).await?.1,
            history: history.iter().map(transition::event_view).collect(),
            files,
            effects: self.effects_of(&row, procedure, &answers, &record).await?,
            unmasked: sight == Sight::Full,
            version: row.version,
            registration: registration_view(&self.settings, &record),
            subject_records: self.subject_records(&subject, &row.record_id).await?,
            subject_filings: self.subject_filings(actor, &row, &bundle).await?,
            others: self.others_with(actor, &row.id).await?,
            sign_off: sign_off(procedure).iter().map(|point| (*point).to_owned()).collect(),
            grounds: self.settings.rejection_grounds.clone(),
            remedy: self.settings.rejection_remedy.clone(),
            claim_minutes: self.settings.claim_minutes,
            filing,
            bundle,
        })
    }

    async fn write_down_look(&self, actor: &Actor, row: &filing::Model, purpose: &str) -> Result<()> {
        let purpose: String = purpose.trim().chars().take(LONGEST_PURPOSE).collect();
        let tx = self.db.begin().await?;
        let detail = json!({ "reference": row.reference, "purpose": purpose });
        self.write(&tx, Some(actor), "filing.unmask", "filing", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn record_row(&self, on: &impl ConnectionTrait, id: &str) -> Result<record::Model> {
        let row = record::Entity::find_by_id(id).one(on).await?;
        row.ok_or_else(|| Error::Corrupt(format!("record {id} is missing")))
    }

    /// The filings that came in with this one: the subject's first, then its businesses (R15).
    /// Empty where there is nothing beside it.
    async fn bundle_rows(&self, actor: &Actor, row: &filing::Model) -> Result<Vec<QueueRow>> {
        let bundled = Condition::any()
            .add(open_states())
            .add(filing::Column::Id.eq(&row.id))
            // The subject's own filing stays in sight while its businesses are worked off.
            .add(
                Condition::all()
                    .add(filing::Column::RecordId.eq(&row.subject_id))
                    .add(filing::Column::Action.eq(Action::New.code()))
                    .add(filing::Column::DecidedAt.gte(row.submitted_at)),
            );
        let mut rows = filing::Entity::find()
            .filter(filing::Column::SubjectId.eq(&row.subject_id))
            .filter(filing::Column::IsReviewable.eq(true))
            .filter(bundled)
            .order_by_asc(filing::Column::Id)
            .limit(100)
            .all(self.db.read())
            .await?;
        rows.retain(|one| actor.covers(&one.jurisdiction));
        rows.sort_by_key(|one| one.business != Business::Subject.code());
        match rows.len() {
            0 | 1 => Ok(Vec::new()),
            _ => self.queue_rows(actor, &rows).await,
        }
    }

    /// What else the subject has, the latest first (R63).
    async fn subject_records(&self, subject: &record::Model, except: &str) -> Result<Vec<SubjectRecord>> {
        let rows = record::Entity::find()
            .filter(record::Column::SubjectId.eq(&subject.id))
            .filter(record::Column::Id.is_not_in([subject.id.as_str(), except]))
            .filter(record::Column::State.ne(RecordState::Void.code()))
            .order_by_desc(record::Column::Id)
            .limit(MOST_BESIDE)
            .all(self.db.read())
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok(SubjectRecord {
                    business: crate::record::business_of(&row)?,
                    state: record_state(&row)?,
                    registered_on: row.registered_at.map(instant).map(written_date),
                    name: row.title,
                    registration_number: row.registration_number,
                })
            })
            .collect()
    }

    /// What else was filed for the subject in the officer's region, the latest first (R63).
    async fn subject_filings(
        &self,
        actor: &Actor,
        row: &filing::Model,
        bundle: &[QueueRow],
    ) -> Result<Vec<QueueRow>> {
        let shown = bundle.iter().map(|one| one.id.as_str()).chain([row.id.as_str()]);
        let mut rows = filing::Entity::find()
            .filter(filing::Column::SubjectId.eq(&row.subject_id))
            .filter(filing::Column::IsReviewable.eq(true))
            .filter(filing::Column::Id.is_not_in(shown))
            .order_by_desc(filing::Column::Id)
            .limit(MOST_BESIDE)
            .all(self.db.read())
            .await?;
        rows.retain(|one| actor.covers(&one.jurisdiction));
        self.queue_rows(actor, &rows).await
    }

    async fn why_not_claim(
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
            FilingState::InReview
            | FilingState::Approved
            | FilingState::Returned
            | FilingState::Rejected
            | FilingState::Withdrawn
            | FilingState::Terminated => self.what_happened(actor, row).await.map(Some),
        }
    }

    async fn why_not_decide(
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

    async fn what_happened(&self, actor: &Actor, row: &filing::Model) -> Result<Refused> {
        match self.overtaken(self.db.read(), &row.id, &Who::reviewer(actor)).await? {
            Error::Refused(refused) => Ok(refused),
            error => Err(error),
        }
    }

    /// What approval would do, in sentences.
    async fn effects_of(
        &self,
        row: &filing::Model,
        procedure: Procedure,
        answers: &Answers,
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
                    let region = facts::of_subject(answers).region;
                    if region != record.jurisdiction {
                        effects.push(format!(
                            "管辖地由{}移至{}，该主体的全部业务和未办结的申请单一并移交",
                            region_name(&record.jurisdiction),
                            region_name(&region),
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
        let on = self.db.read();
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

fn queue_row(
    actor: &Actor,
    row: &filing::Model,
    names: &BTreeMap<String, String>,
    moments: Moments,
) -> Result<QueueRow> {
    let state = filing_state(row)?;
    let submitted = instant(row.submitted_at);
    let claimed_by = row.claimed_by.as_ref().filter(|_| state == FilingState::InReview);
    Ok(QueueRow {
        id: row.id.clone(),
        reference: row.reference.clone(),
        procedure: procedure_of(row)?,
        title: row.title.clone(),
        subject_name: row.subject_name.clone(),
        state,
        submitted_at: written(submitted),
        age_days: ((moments.now - row.submitted_at) / DAY).max(0),
        jurisdiction: region_name(&row.jurisdiction),
        is_mine: is_claimed_by(row, actor),
        claimed_by: claimed_by.map(|id| names.get(id).cloned().unwrap_or_default()),
        round: row.round,
        is_new: state == FilingState::Pending
            && (row.submitted_at > moments.seen || row.moved_at.is_some_and(|at| at > moments.seen)),
        is_overdue: state.is_open() && row.submitted_at < moments.late,
        has_moved: row.moved_at.is_some(),
    })
}

/// A business comes into force only after its subject (R15).
pub(crate) fn why_not_approve(
    procedure: Procedure,
    subject: &record::Model,
    bundle: &[QueueRow],
) -> Result<Option<Refused>> {
    if procedure.business == Business::Subject || record_state(subject)?.is_in_force() {
        return Ok(None);
    }
    let of_subject = bundle.iter().find(|row| row.procedure.business == Business::Subject);
    Ok(Some(Refused {
        sentence: "主体尚未审核通过，请先审核主体的申请单".to_owned(),
        link: of_subject.map(|row| format!("/review/filings/{}", row.id)),
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use crate::common::*;
    use sea_orm::{DatabaseBackend, QueryTrait, Statement};

    claims![the_queue_is_read_through_its_index];

    #[test]
    fn what_is_typed_is_no_pattern() {
        assert_eq!(escaped(r"100%_\"), r"100\%\_\\");
    }

    #[test]
    fn a_host_is_found_however_it_is_typed() {
        for (text, host) in [
            ("example.cn", Some("example.cn")),
            (" EXAMPLE.CN/page ", Some("example.cn")),
            ("https://www.example.cn/x?y", Some("www.example.cn")),
            ("中文.cn", Some("xn--fiq228c.cn")),
            ("example", None),
            ("某某企业官网", None),
            ("https://", None),
            ("", None),
        ] {
            assert_eq!(host_in(text).as_deref(), host, "{text}");
        }
    }

    /// The queue of one county must not read those of the others.
    async fn the_queue_is_read_through_its_index(world: World) {
        let officer = world.officer("110101").await;
        let subject = world.put_subject(&officer, "某某", "active", "110101").await;
        let numbers: Vec<String> = (0..60).map(|n| format!("SELECT {n} AS n")).collect();
        let numbers = numbers.join(" UNION ALL ");
        // Fifty counties with sixty filings each, a third of them open.
        for county in 101..151 {
            world
                .execute(&format!(
                    "INSERT INTO record (id, business, subject_id, state, title, owner_kind, jurisdiction, answers, \
                     answers_sealed, version, created_at, updated_at) SELECT 'x-{county}-' || n, 'website', \
                     '{subject}', 'pending', '某某', '企业', '110{county}', '{{}}', '', 1, n, n FROM ({numbers}) AS many",
                ))
                .await;
            world
                .execute(&format!(
                    "INSERT INTO filing (id, reference, idempotency_key, business, action, record_id, subject_id, \
                     applicant_id, state, jurisdiction, title, subject_name, answers, answers_sealed, \
                     is_reviewable, claimed_by, round, submitted_at, version) \
                     SELECT id, id, id, 'website', 'new', id, subject_id, '{officer}', CASE WHEN created_at < 10 \
                     THEN 'pending' WHEN created_at < 20 THEN 'in_review' ELSE 'approved' END, jurisdiction, title, \
                     title, answers, '', TRUE, '{officer}', 1, created_at, 1 FROM record WHERE id LIKE 'x-{county}-%'",
                    officer = officer.person_id,
                ))
                .await;
        }
        let connection = world.raw().await;
        let backend = connection.get_database_backend();
        let is_sqlite = backend == DatabaseBackend::Sqlite;
        connection.execute_unprepared(if is_sqlite { "ANALYZE" } else { "ANALYZE filing" }).await.unwrap();
        for state in ["open", "done", "all", "mine", "pending"] {
            let request = QueueRequest { state: state.to_owned(), ..QueueRequest::default() };
            let query = page(&officer, "110101", &request, Moments::default()).build(backend).to_string();
            let explain = if is_sqlite { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
            let rows =
                connection.query_all_raw(Statement::from_string(backend, format!("{explain} {query}"))).await;
            let column = if is_sqlite { 3 } else { 0 };
            let plan: Vec<String> =
                rows.unwrap().iter().map(|row| row.try_get_by_index(column).unwrap()).collect();
            let plan = plan.join("\n");
            assert!(plan.contains("filing_queue"), "{state}: {plan}\n{query}");
            assert!(!plan.contains("SCAN filing") && !plan.contains("Seq Scan"), "{state}: {plan}");
        }
        connection.close().await.unwrap();
    }
}
