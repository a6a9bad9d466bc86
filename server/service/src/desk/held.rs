//! What a take-over would be about, for administrators, who review nothing (R60, R62): which filing, whose, and who did
//! what with it. Its answers stay with the officers of the region; each look is a line of the audit log.

use std::collections::BTreeMap;

use domain::filing::{FilingEvent, FilingState};
use domain::record::RecordState;
use domain::view::{EventView, HeldFiling};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use crate::account::Accounts;
use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::{instant, plausible_id};
use crate::base::entity::{filing, filing_event, record};
use crate::base::error::{Error, Result};
use crate::base::region::full_name;
use crate::base::retry::retry;
use crate::desk::reassign::Reassignments;
use crate::state::history::{ADMINISTRATOR, APPLICANT, SYSTEM};
use crate::state::row::{open_states, procedure_of, record_state};

handle! {
    /// Filings in officers' hands, as administrators see them.
    HeldFilings {
        accounts: Accounts,
        reassignments: Reassignments,
    }
}

/// Filings of one bundle and lines of one history that are shown; more than ever are.
const MOST: u64 = 200;

impl HeldFilings {
    /// A filing that an officer has, without its answers.
    ///
    /// # Errors
    /// `NotFound` for one that nobody has.
    pub async fn held_filing(&self, actor: &Actor, id: &str) -> Result<HeldFiling> {
        actor.must_administer()?;
        let on = self.context.db.read();
        let row = filing::Entity::find_by_id(plausible_id(id)?).one(on).await?;
        let is_held = |row: &filing::Model| row.is_reviewable && row.state == FilingState::InReview.code();
        let row = row.filter(is_held).ok_or(Error::NotFound)?;
        let subject = record::Entity::find_by_id(&row.subject_id).one(on).await?.ok_or(Error::NotFound)?;
        retry!(self.write_down_look(actor, &row))?;
        let mut together = Vec::new();
        if record_state(&subject)? == RecordState::Pending {
            let others = filing::Entity::find()
                .filter(filing::Column::SubjectId.eq(&subject.id))
                .filter(filing::Column::Id.ne(&row.id))
                .filter(filing::Column::IsReviewable.eq(true))
                .filter(open_states())
                .order_by_asc(filing::Column::Id)
                .limit(MOST)
                .all(on)
                .await?;
            for other in others {
                together.push((other.reference.clone(), procedure_of(&other)?, other.title));
            }
        }
        let events = filing_event::Entity::find()
            .filter(filing_event::Column::FilingId.eq(&row.id))
            .order_by_desc(filing_event::Column::Id)
            .limit(MOST)
            .all(on)
            .await?;
        let staff = events.iter().filter(|event| event.actor_role != APPLICANT);
        let mut people: Vec<String> = staff.filter_map(|event| event.actor_id.clone()).collect();
        people.extend(row.claimed_by.clone());
        people.sort_unstable();
        people.dedup();
        let names = self.accounts.staff_names(on, &people).await?;
        let seen = row.claim_seen_at.or(row.claimed_at).map(instant);
        let now = self.context.clock.now();
        let choices = self.reassignments.choices(on, &row, &subject).await?;
        Ok(HeldFiling {
            procedure: procedure_of(&row)?,
            owner_kind: subject.owner_kind,
            jurisdiction: full_name(&row.jurisdiction).unwrap_or_default(),
            submitted_at: written(instant(row.submitted_at)),
            round: row.round,
            officer: row.claimed_by.as_ref().and_then(|id| names.get(id)).cloned().unwrap_or_default(),
            claimed_at: row.claimed_at.map(instant).map(written).unwrap_or_default(),
            idle_minutes: seen.map_or(0, |seen| (now - seen).whole_minutes().max(0)),
            together,
            history: events.iter().map(|event| told(event, &names)).collect(),
            version: row.version,
            choices,
            id: row.id,
            reference: row.reference,
            title: row.title,
            subject_name: row.subject_name,
        })
    }

    async fn write_down_look(&self, actor: &Actor, row: &filing::Model) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let detail = json!({ "reference": row.reference });
        self.context.audit(&tx, Some(actor), "filing.look_at_claim", "filing", &row.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// A line of the history: officers by name, of whom administrators know; what officers wrote to the applicant is left
/// out, as it may be about a person.
fn told(event: &filing_event::Model, names: &BTreeMap<String, String>) -> EventView {
    let name = event.actor_id.as_ref().and_then(|id| names.get(id)).map(String::as_str);
    let who = match event.actor_role.as_str() {
        APPLICANT => "申请人".to_owned(),
        SYSTEM => "系统".to_owned(),
        ADMINISTRATOR => format!("管理员 {}", name.unwrap_or_default()),
        _ => format!("审核民警 {}", name.unwrap_or_default()),
    };
    let kind = FilingEvent::from_code(&event.event);
    let note = match kind {
        Some(FilingEvent::Claim | FilingEvent::Release | FilingEvent::Transfer) => event.note.clone(),
        Some(
            FilingEvent::Approve
            | FilingEvent::Return
            | FilingEvent::Reject
            | FilingEvent::Withdraw
            | FilingEvent::Resubmit
            | FilingEvent::Terminate
            | FilingEvent::Undo,
        )
        | None => String::new(),
    };
    EventView {
        at: written(instant(event.at)),
        what: kind.map_or("提交审核", FilingEvent::label).to_owned(),
        who: who.trim_end().to_owned(),
        note,
    }
}
