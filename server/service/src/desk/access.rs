//! Which filings are put to an officer, and how the desk lists them.

use std::collections::BTreeMap;

use domain::business::Business;
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::route;
use domain::view::{QueueRow, Refused};
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::account::Accounts;
use crate::base::actor::Actor;
use crate::base::clock::{shanghai_date, written};
use crate::base::context::handle;
use crate::base::db::{instant, millis, plausible_id};
use crate::base::entity::filing::InList;
use crate::base::entity::{filing, record};
use crate::base::error::{Error, Result};
use crate::base::own_desk::Part;
use crate::base::region::{self, region_name};
use crate::filing::second_look;
use crate::state::elapsed::clock_from;
use crate::state::row::{filing_state, procedure_of, record_state};

handle! {
    /// Which filings are put to an officer.
    DeskAccess {
        accounts: Accounts,
    }
}

const DAY: i64 = 86_400_000;

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

impl DeskAccess {
    /// A filing that is put to this officer, or `NotFound`; `Refused` while the officer judges it a second time.
    pub(crate) async fn reviewable(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
    ) -> Result<filing::Model> {
        actor.must_review()?;
        let id = plausible_id(id)?;
        let is_put = |row: &filing::Model| row.is_reviewable && actor.covers(&row.jurisdiction);
        let remembered = actor.remembered.as_ref();
        if let Some(row) = remembered.and_then(|remembered| remembered.filings.get(id)) {
            return Some(row).filter(is_put).ok_or(Error::NotFound);
        }
        let row = filing::Entity::find_by_id(id).one(on).await?;
        let row = row.filter(is_put).ok_or(Error::NotFound)?;
        // Who judges it a second time does not see what was decided first.
        let looks = second_look::in_hand(on, actor).await?;
        if let Some((_, look)) = looks.iter().find(|(filing, _)| *filing == row.id) {
            return Err(Error::refused_see("请先完成抽查复核", route::second_look(look)));
        }
        if let Some(remembered) = remembered {
            remembered.filings.keep(&row.id, row.clone());
        }
        Ok(row)
    }

    /// The moments this officer's queue is measured by, now.
    pub(crate) async fn moments(&self, actor: &Actor) -> Result<Moments> {
        let now = self.context.clock.now();
        let midnight = shanghai_date(now).midnight().assume_offset(time::macros::offset!(+8));
        let seen = actor.own_desk(self.context.db.read(), Part::LastVisit).await?.last_visit;
        Ok(Moments {
            now: millis(now),
            late: self.context.overdue_before(now).await?,
            midnight: millis(midnight),
            seen: seen.unwrap_or(millis(midnight)),
        })
    }

    pub(crate) async fn queue_rows(&self, actor: &Actor, rows: &[impl InList]) -> Result<Vec<QueueRow>> {
        let mut officers: Vec<String> = rows
            .iter()
            .filter(|row| row.state() == FilingState::InReview.code())
            .filter_map(|row| row.claimed_by().map(str::to_owned))
            .collect();
        officers.sort_unstable();
        officers.dedup();
        let names = self.accounts.staff_names(self.context.db.read(), &officers).await?;
        let moments = self.moments(actor).await?;
        // Most rows of a page lie in few regions.
        let mut regions: BTreeMap<&str, String> = BTreeMap::new();
        let shown = rows.iter().map(|row| {
            let region = regions.entry(row.jurisdiction()).or_insert_with_key(|code| region_name(code));
            queue_row(actor, row, region, &names, moments)
        });
        shown.collect()
    }
}

/// What lies in a region.
pub(crate) fn lies_in(region: &str) -> SimpleExpr {
    region::lies_in("jurisdiction", region)
}

pub(crate) fn codes(states: &[FilingState]) -> impl Iterator<Item = &'static str> {
    states.iter().map(|state| state.code())
}

/// Nobody decides about what is their own.
pub(crate) fn own_filing(actor: &Actor, row: &filing::Model, subject: &record::Model) -> Option<Refused> {
    is_of(&actor.person_id, row, subject)
        .then(|| Refused {
            sentence: "不能审核本人提交的申请单，请由其他民警办理".to_owned(), link: None
        })
}

/// Whether a filing is this person's own.
pub(crate) fn is_of(person: &str, row: &filing::Model, subject: &record::Model) -> bool {
    row.applicant_id == person || subject.owner_id.as_deref() == Some(person)
}

pub(crate) fn is_claimed_by(row: &impl InList, actor: &Actor) -> bool {
    row.state() == FilingState::InReview.code() && row.claimed_by() == Some(&actor.person_id)
}

fn queue_row(
    actor: &Actor,
    row: &impl InList,
    region: &str,
    names: &BTreeMap<String, String>,
    moments: Moments,
) -> Result<QueueRow> {
    let state = filing_state(row)?;
    let submitted = instant(row.submitted_at());
    let claimed_by = row.claimed_by().filter(|_| state == FilingState::InReview);
    Ok(QueueRow {
        id: row.id().to_owned(),
        reference: row.reference().to_owned(),
        procedure: procedure_of(row)?,
        title: row.title().to_owned(),
        subject_name: row.subject_name().to_owned(),
        state,
        submitted_at: written(submitted),
        age_days: Ord::max((moments.now - row.submitted_at()) / DAY, 0),
        jurisdiction: region.to_owned(),
        is_mine: is_claimed_by(row, actor),
        is_own: row.applicant_id() == actor.person_id,
        claimed_by: claimed_by.map(|id| names.get(id).cloned().unwrap_or_default()),
        round: row.round(),
        is_new: state == FilingState::Pending
            && (row.submitted_at() > moments.seen || row.moved_at().is_some_and(|at| at > moments.seen)),
        is_overdue: state.is_open() && row.waiting_since().is_none() && clock_from(row) < moments.late,
        has_moved: row.moved_at().is_some(),
        waits_for_answer: state.is_open() && row.waiting_since().is_some(),
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
        link: of_subject.map(|row| route::review_filing(&row.id)),
    }))
}
