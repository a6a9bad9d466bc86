//! The same person, the same site elsewhere: filings of other subjects that have something in common with one on the
//! desk, what of their answers differs, and that an officer looked at a pair. Of other regions no more is told than
//! that there is one, where, and its number.

use std::collections::{BTreeMap, BTreeSet};

use domain::action::Action;
use domain::answer::Answers;
use domain::filing::FilingState;
use domain::record::RecordState;
use domain::relation::{REASON, RelationKind, check_reason};
use domain::sheet::{Change, Disclosure, Shown, diff};
use domain::view::{CheckedPair, KnownRelative, Relative, RelativesView};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, JoinType, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use serde_json::json;

use crate::account::Accounts;
use crate::account::rejected_form::{RejectedForm, RejectedForms};
use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::{instant, millis, new_id, plausible_id, rows_of};
use crate::base::entity::{filing, record, relation_check, relation_key};
use crate::base::error::{Error, Result};
use crate::base::region::{KnownRegions, region_name};
use crate::base::retry::retry;
use crate::desk::access::{DeskAccess, own_filing};
use crate::filing::Filings;
use crate::filing::relation::{keys_of, place};
use crate::filing::second_look::in_hand;
use crate::state::row::{filing_state, procedure_of};

handle! {
    /// Filings of other subjects that have something in common with one on the desk.
    Relatives {
        accounts: Accounts,
        desk_access: DeskAccess,
        filings: Filings,
        rejected_forms: RejectedForms,
    }
}

/// Of those that share one value so many of the latest are looked at: a number that hundreds share is an agent's.
const MOST_OF_A_VALUE: u64 = 40;

/// So many are listed.
const MOST_SHOWN: usize = 20;

pub(crate) fn slot(actor: &Actor, filing: &str) -> String {
    format!("{}/relative/{filing}", actor.person_id)
}

/// A filing of another subject, with what is the same.
struct Found {
    row: filing::Model,
    /// The registration number of what it is about.
    number: Option<String>,
    is_over: bool,
    shared: Vec<RelationKind>,
}

impl Relatives {
    /// What the officer sees of filings that have something in common with this one.
    ///
    /// # Errors
    /// `NotFound` outside of the region.
    pub async fn relatives(&self, actor: &Actor, id: &str) -> Result<RelativesView> {
        let on = self.context.db.read();
        let row = self.desk_access.reviewable(on, actor, id).await?;
        let own = self.filings.filing_answers(&row)?;
        let mut found = self.found(on, &row, &own).await?;
        // Who judges one of them a second time does not see what was decided first.
        let hidden = in_hand(on, actor).await?;
        found.retain(|one| hidden.iter().all(|(filing, _)| *filing != one.row.id));
        let has_more = found.len() > MOST_SHOWN;
        found.truncate(MOST_SHOWN);
        let checked = self.checked(on, &row.record_id).await?;
        let mut relatives = Vec::new();
        for Found { row: other, number, is_over, shared } in found {
            let number = number.unwrap_or_else(|| other.reference.clone());
            let known = match actor.covers(&other.jurisdiction) {
                true => Some(self.known(&row, &own, &other)?),
                false => None,
            };
            relatives.push(Relative {
                is_over,
                business: procedure_of(&other)?.business,
                number,
                region: region_name(&other.jurisdiction),
                shared,
                known,
                checked: checked.get(&other.record_id).cloned(),
                record: other.record_id,
            });
        }
        let held = self.rejected_forms.find_for(on, actor, &slot(actor, &row.id)).await?.unwrap_or_default();
        Ok(RelativesView { relatives, has_more, typed: held.answers, faults: held.faults })
    }

    /// The latest filing of each record of another subject that shares a value, exact duplicates first.
    async fn found(
        &self,
        on: &impl ConnectionTrait,
        row: &filing::Model,
        answers: &Answers,
    ) -> Result<Vec<Found>> {
        // What was kept of it when it was submitted is reckoned again from what was submitted.
        let own = keys_of(&self.context.keys, procedure_of(row)?, answers);
        let values: BTreeSet<&str> = own.iter().map(|(_, value)| value.as_str()).collect();
        let each = values.iter().map(|value| sharing(value, &row.subject_id));
        let mut shared: BTreeMap<String, Vec<RelationKind>> = BTreeMap::new();
        for same in rows_of::<relation_key::Model>(on, each.collect()).await? {
            // Whoever is a subject is also a person; the two are compared each with its like.
            if let Some(kind) = RelationKind::from_code(&same.kind)
                && own.contains(&(kind, same.value_hash))
            {
                shared.entry(same.filing_id).or_default().push(kind);
            }
        }
        if shared.is_empty() {
            return Ok(Vec::new());
        }
        let mut latest: BTreeMap<String, Found> = BTreeMap::new();
        for line in on.query_all(&with_records(&shared)).await? {
            let other = filing::Model::from_query_result(&line, "")?;
            let state: Option<String> = line.try_get("", "record_state")?;
            let is_over = state.as_deref() == Some(RecordState::Cancelled.code());
            let number = line.try_get("", "record_number")?;
            if matches!(filing_state(&other)?, FilingState::Withdrawn | FilingState::Terminated) {
                continue;
            }
            let Some(mut shared) = shared.remove(&other.id) else { continue };
            shared.sort_unstable();
            shared.dedup();
            if shared.contains(&RelationKind::Owner) {
                shared.retain(|kind| *kind != RelationKind::Person);
            }
            latest.entry(other.record_id.clone()).or_insert(Found { row: other, number, is_over, shared });
        }
        let mut found: Vec<Found> = latest.into_values().collect();
        found.sort_by(|one, other| {
            let weight = |found: &Found| {
                (found.shared.iter().any(|kind| kind.is_exact()), found.shared.len(), found.row.id.clone())
            };
            weight(other).cmp(&weight(one))
        });
        Ok(found)
    }

    fn known(&self, row: &filing::Model, own: &Answers, other: &filing::Model) -> Result<KnownRelative> {
        let (here, there) = (procedure_of(row)?, procedure_of(other)?);
        let differs = match here.business == there.business && here.action != Action::Cancel {
            false => None,
            true => {
                let (form, answers) = (here.business.form(), self.filings.filing_answers(other)?);
                let masked = Disclosure::Masked;
                let mut changes = diff(form, (own, masked), (&answers, masked), &KnownRegions);
                // Every picture is another one, and says nothing here.
                changes.retain(|change| !is_file(change));
                Some(changes)
            }
        };
        Ok(KnownRelative {
            filing: other.id.clone(),
            title: other.title.clone(),
            subject_name: other.subject_name.clone(),
            state: filing_state(other)?,
            differs,
        })
    }

    /// By the other record, who looked at the pair last.
    async fn checked(
        &self,
        on: &impl ConnectionTrait,
        record: &str,
    ) -> Result<BTreeMap<String, CheckedPair>> {
        let side = [relation_check::Column::RecordId, relation_check::Column::OtherRecordId];
        let either = side.into_iter().fold(Condition::any(), |any, side| any.add(side.eq(record)));
        let rows = relation_check::Entity::find()
            .filter(either)
            .order_by_asc(relation_check::Column::Id)
            .all(on)
            .await?;
        let officers: Vec<String> = rows.iter().map(|row| row.officer_id.clone()).collect();
        let names = self.accounts.staff_names(on, &officers).await?;
        rows.into_iter()
            .map(|row| {
                let pair = CheckedPair {
                    by: names.get(&row.officer_id).cloned().unwrap_or_default(),
                    at: written(instant(row.checked_at)),
                    reason: self.context.keys.open_text(&place(&row.id), &row.reason_sealed)?,
                };
                Ok((if row.record_id == record { row.other_record_id } else { row.record_id }, pair))
            })
            .collect()
    }

    /// 已核对: the officer looked at this filing and that record beside each other.
    ///
    /// # Errors
    /// `NotFound` outside of the region or for what has nothing in common, `Refused` for the officer's own, `Faults`
    /// without a reason; what was typed is then held for the page.
    pub async fn check_pair(&self, actor: &Actor, id: &str, other: &str, reason: &str) -> Result<()> {
        let row = self.desk_access.reviewable(self.context.db.read(), actor, id).await?;
        let other = plausible_id(other)?;
        match check_reason(reason) {
            Ok(reason) => retry!(self.try_check_pair(actor, &row.id, other, &reason)),
            Err(fault) => {
                retry!(self.hold(actor, &row.id, other, reason, &fault))?;
                Err(Error::Faults(vec![fault]))
            }
        }
    }

    async fn try_check_pair(&self, actor: &Actor, id: &str, other: &str, reason: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let row = self.desk_access.reviewable(&tx, actor, id).await?;
        let subject = record::Entity::find_by_id(&row.subject_id).one(&tx).await?.ok_or(Error::NotFound)?;
        if let Some(refused) = own_filing(actor, &row, &subject) {
            return Err(Error::Refused(refused));
        }
        let own = self.filings.filing_answers(&row)?;
        if !self.found(&tx, &row, &own).await?.iter().any(|found| found.row.record_id == other) {
            return Err(Error::NotFound);
        }
        let now = self.context.clock.now();
        let check = new_id(now);
        let (less, greater) = if row.record_id.as_str() < other {
            (row.record_id.as_str(), other)
        } else {
            (other, row.record_id.as_str())
        };
        let kept = relation_check::ActiveModel {
            record_id: Set(less.to_owned()),
            other_record_id: Set(greater.to_owned()),
            officer_id: Set(actor.person_id.clone()),
            reason_sealed: Set(self.context.keys.seal_text(&place(&check), reason)?),
            checked_at: Set(millis(now)),
            id: Set(check),
        };
        kept.insert(&tx).await?;
        self.rejected_forms.discard(&tx, &slot(actor, &row.id)).await?;
        let detail = json!({ "reference": row.reference, "record": other });
        self.context.audit(&tx, Some(actor), "filing.check_relative", "filing", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }

    async fn hold(
        &self,
        actor: &Actor,
        id: &str,
        other: &str,
        reason: &str,
        fault: &domain::schema::Fault,
    ) -> Result<()> {
        let mut answers = Answers::from([("record", other)]);
        answers.set_text(REASON, reason.chars().take(400).collect::<String>());
        let faults = vec![fault.clone()];
        let tx = self.context.db.begin().await?;
        self.rejected_forms.stash(&tx, slot(actor, id), &RejectedForm { answers, faults }).await?;
        Ok(tx.commit().await?)
    }
}

/// These filings, the latest first, as far as they are put to officers, with number and state of what each is about.
fn with_records(ids: &BTreeMap<String, Vec<RelationKind>>) -> SelectStatement {
    let of_record = |column: record::Column| Expr::col((record::Entity, column));
    let mut question = filing::Entity::find()
        .filter(filing::Column::Id.is_in(ids.keys().map(String::as_str)))
        .filter(filing::Column::IsReviewable.eq(true))
        .order_by_desc(filing::Column::Id)
        .into_query();
    question
        .expr_as(of_record(record::Column::RegistrationNumber), Alias::new("record_number"))
        .expr_as(of_record(record::Column::State), Alias::new("record_state"))
        .join(
            JoinType::LeftJoin,
            record::Entity,
            of_record(record::Column::Id).equals((filing::Entity, filing::Column::RecordId)),
        )
        .to_owned()
}

/// Filings of other subjects that share a value, those of the latest subjects first.
fn sharing(value_hash: &str, except: &str) -> SelectStatement {
    relation_key::Entity::find()
        .filter(relation_key::Column::ValueHash.eq(value_hash))
        .filter(relation_key::Column::SubjectId.ne(except))
        .order_by_desc(relation_key::Column::SubjectId)
        .order_by_desc(relation_key::Column::FilingId)
        .limit(MOST_OF_A_VALUE)
        .into_query()
}

fn is_file(change: &Change) -> bool {
    [&change.before, &change.after]
        .into_iter()
        .any(|side| matches!(side, Shown::Pictures(_) | Shown::Documents(_)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use crate::base::db::united;
    use crate::common::*;

    claims![relatives_are_found_by_an_index];

    async fn relatives_are_found_by_an_index(world: World) {
        let officer = world.officer("110000").await;
        world.many_filings(&officer, 20, 60).await;
        for n in 0..3 {
            world
                .execute(&format!(
                    "INSERT INTO relation_key (filing_id, kind, value_hash, subject_id) \
                     SELECT id, 'phone', 'h{n}-' || submitted_at, subject_id FROM filing"
                ))
                .await;
        }
        world.execute("ANALYZE").await;
        let own = relation_key::Entity::find().filter(relation_key::Column::FilingId.eq("x"));
        let one = relation_check::Entity::find().filter(relation_check::Column::RecordId.eq("x"));
        let other = relation_check::Entity::find().filter(relation_check::Column::OtherRecordId.eq("x"));
        let values = united(vec![sharing("h1-7", "x"), sharing("h2-7", "x")]);
        for query in [values, own.into_query(), one.into_query(), other.into_query()] {
            let plan = world.plan(&query).await;
            // PostgreSQL reads an empty table whole, whatever there is of indexes.
            if world.is_sqlite() || plan.contains("relation_key") {
                assert!(!plan.contains("SCAN relation") && !plan.contains("Seq Scan"), "{plan}");
            }
        }
    }
}
