//! The queue as a table of work (R61): as [`Queues::queue`] finds it, but a new subject and the businesses that came
//! with it, which are reviewed together (R15), are one row.

use std::collections::{BTreeMap, BTreeSet};

use domain::action::Action;
use domain::business::Business;
use domain::jurisdiction;
use domain::view::{Paged, QueueLine, QueueRequest};
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PartialModelTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};

use crate::base::actor::Actor;
use crate::base::clock::shanghai_date;
use crate::base::db::{instant, rows_of};
use crate::base::entity::filing::{self, InList, Listed};
use crate::base::error::Result;
use crate::desk::access::codes;
use crate::desk::queue::filter::{QueueFilter, Search, reviewable_apart};
use crate::desk::queue::{OPEN, Queues, cursor, listed, only_ids};
use crate::state::elapsed::clock_from;
use crate::state::row::{filing_state, open_states, procedure_of};

/// Rows on one page of the table.
pub(crate) const ROWS: u64 = 50;

/// More businesses than this of one page's subjects are not named beside them.
const MOST_MEMBERS: u64 = 500;

/// A filing with those that came in with it.
pub(crate) type Group<R> = (R, Vec<R>);

impl Queues {
    /// The queue of the officer's region as a table (R61).
    pub async fn table(&self, actor: &Actor, request: &QueueRequest) -> Result<Paged<QueueLine>> {
        let on = self.context.db.read();
        let filter = self.filter_of(actor, request).await?;
        let total = self.how_many(&filter, on).await?;
        let first = cursor(&request.after);
        let size = usize::try_from(ROWS).unwrap_or(usize::MAX);
        let mut after = first.map(|(at, id)| (at, id.to_owned()));
        loop {
            let place = after.as_ref().map(|(at, id)| (*at, id.as_str()));
            let keys = filter.page(&filter.order, place, ROWS + 1, on.get_database_backend());
            let mut rows = listed(only_ids(keys), &filter.order).all(on).await?;
            let has_more = rows.len() > size;
            rows.truncate(size);
            after = rows.last().filter(|_| has_more).map(|last| (last.submitted_at, last.id.clone()));
            let subjects = rows.iter().filter(is_open).map(|row| row.subject_id.clone());
            let bundles = open_bundles(on, subjects.collect()).await?;
            let groups = grouped(&filter, rows, &bundles)?;
            // All of them stand with their subjects, on another page.
            if groups.is_empty() && after.is_some() {
                continue;
            }
            return Ok(Paged {
                rows: self.lines(actor, &groups).await?,
                total,
                next: after.map(|(at, id)| format!("{at}_{id}")),
                is_later: first.is_some(),
            });
        }
    }

    /// Filings with those beside them, as the pages show them.
    pub(crate) async fn lines<R: InList>(
        &self,
        actor: &Actor,
        groups: &[Group<R>],
    ) -> Result<Vec<QueueLine>> {
        let all: Vec<&R> = groups.iter().flat_map(|(row, with)| [row].into_iter().chain(with)).collect();
        let mut rows = self.desk_access.queue_rows(actor, &all).await?.into_iter();
        let calendar = self.context.known_calendar().await?;
        let today = shanghai_date(self.context.clock.now());
        let lines = groups.iter().map_while(|(lead, with)| {
            let row = rows.next()?;
            Some(QueueLine {
                working_days: calendar.waited(shanghai_date(instant(lead.submitted_at())), today),
                allowed_days: self.context.settings.overdue_days,
                at: lead.submitted_at(),
                with: rows.by_ref().take(with.len()).collect(),
                row,
            })
        });
        Ok(lines.collect())
    }
}

/// Puts the businesses of new subjects to their subject's row, where the filter shows that; otherwise each has a row of
/// its own.
pub(super) fn grouped(
    filter: &QueueFilter,
    rows: Vec<Listed>,
    bundles: &BTreeMap<String, Vec<Listed>>,
) -> Result<Vec<Group<Listed>>> {
    let here: BTreeSet<String> = rows.iter().map(|row| row.id.clone()).collect();
    let fits = |row: &Listed| filter.fits(row, &here);
    let mut groups = Vec::new();
    for row in rows {
        let bundle = bundles.get(&row.subject_id).filter(|_| is_open(&row));
        match bundle.and_then(|bundle| bundle.split_first()) {
            Some((lead, with)) if fits(lead)? => {
                if row.id == lead.id {
                    let mut beside = Vec::new();
                    for one in with {
                        if fits(one)? {
                            beside.push(one.clone());
                        }
                    }
                    groups.push((row, beside));
                }
            }
            Some(_) | None => groups.push((row, Vec::new())),
        }
    }
    Ok(groups)
}

pub(super) fn is_open(row: &impl InList) -> bool {
    OPEN.iter().any(|state| state.code() == row.state())
}

/// The open filings of those of these subjects that are new, by subject: its own first, then its businesses (R15).
pub(crate) async fn open_bundles<R: InList + PartialModelTrait>(
    on: &impl ConnectionTrait,
    subjects: BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<R>>> {
    if subjects.is_empty() {
        return Ok(BTreeMap::new());
    }
    // The first question's rows are in the second's as well.
    let mut rows: Vec<R> = rows_of(on, questions_of_bundles::<R>(&subjects).into()).await?;
    rows.sort_by(|one, other| one.id().cmp(other.id()));
    Ok(bundled(rows))
}

/// Open filings by subject, of those subjects whose 新增主体 is among them, in this order.
pub(super) fn bundled<R: InList>(rows: Vec<R>) -> BTreeMap<String, Vec<R>> {
    let (leads, with): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.record_id() == row.subject_id());
    let mut bundles = BTreeMap::new();
    for lead in leads {
        if is_new_subject(&lead) {
            bundles.insert(lead.subject_id().to_owned(), vec![lead]);
        }
    }
    for row in with {
        if let Some(bundle) = bundles.get_mut(row.subject_id()) {
            bundle.push(row);
        }
    }
    bundles
}

fn is_new_subject(row: &impl InList) -> bool {
    row.business() == Business::Subject.code() && row.action() == Action::New.code()
}

/// 新增主体 of these subjects, as far as they are open.
fn new_subjects(subjects: &BTreeSet<String>) -> Select<filing::Entity> {
    filing::Entity::find()
        .filter(filing::Column::RecordId.is_in(subjects.iter().map(String::as_str)))
        .filter(open_states())
        .filter(filing::Column::Business.eq(Business::Subject.code()))
        .filter(filing::Column::Action.eq(Action::New.code()))
        .filter(reviewable_apart())
}

/// All open filings of those of these subjects whose 新增主体 is open.
fn filings_of_new(subjects: &BTreeSet<String>) -> Select<filing::Entity> {
    let new = new_subjects(subjects).select_only().column(filing::Column::RecordId).into_query();
    open_filings(subjects).filter(filing::Column::SubjectId.in_subquery(new))
}

/// All open filings of these subjects.
fn open_filings(subjects: &BTreeSet<String>) -> Select<filing::Entity> {
    filing::Entity::find()
        .filter(filing::Column::SubjectId.is_in(subjects.iter().map(String::as_str)))
        .filter(Expr::cust("COALESCE(state, '')").is_in(codes(&OPEN)))
        .filter(reviewable_apart())
        .order_by_asc(filing::Column::Id)
        .limit(MOST_MEMBERS)
}

/// What [`open_bundles`] asks the database, at once.
pub(crate) fn questions_of_bundles<R: PartialModelTrait>(
    subjects: &BTreeSet<String>,
) -> [SelectStatement; 2] {
    [new_subjects(subjects), filings_of_new(subjects)]
        .map(|question| R::select_cols(question.select_only()).into_query())
}

/// All open filings of these subjects, and among them each 新增主体 however many there are.
pub(super) fn questions_of_subjects(subjects: &BTreeSet<String>) -> [SelectStatement; 2] {
    [open_filings(subjects), new_subjects(subjects)]
        .map(|question| Listed::select_cols(question.select_only()).into_query())
}

impl QueueFilter {
    /// Whether a queue shows this filing; what only the database can tell is said by those that it has `found`.
    pub(super) fn fits(&self, row: &Listed, found: &BTreeSet<String>) -> Result<bool> {
        let begins_with =
            |text: &String| row.subject_key.starts_with(text) || row.title_key.starts_with(text);
        let is_late = |late| row.waiting_since.is_none() && clock_from(row) < late;
        let is_found = match &self.search {
            None => true,
            Some(Search::Exact(_)) => found.contains(&row.id),
            Some(Search::Beginning(text)) => begins_with(text),
            Some(Search::Name { hash, beginning }) => {
                row.person_name_hash.as_ref() == Some(hash) || begins_with(beginning)
            }
        };
        Ok(is_found
            && jurisdiction::covers(&self.region, &row.jurisdiction)
            && self.states.contains(&filing_state(row)?)
            && (self.procedures.is_empty() || self.procedures.contains(&procedure_of(row)?))
            && self.claimed_by.as_ref().is_none_or(|officer| row.claimed_by.as_ref() == Some(officer))
            && (!self.resubmitted || row.round > 1)
            && self.since.is_none_or(|since| row.submitted_at >= since)
            && self.before.is_none_or(|before| row.submitted_at < before)
            && self.overdue.is_none_or(is_late)
            && (!self.waiting || row.waiting_since.is_some())
            && self
                .arrived
                .is_none_or(|seen| row.submitted_at > seen || row.moved_at.is_some_and(|moved| moved > seen)))
    }
}
