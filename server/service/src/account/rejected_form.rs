//! What was posted and came back with faults, kept sealed for half an hour, which is all that a page
//! without scripts needs to show both again (R76).

use std::collections::BTreeMap;

use domain::answer::Answers;
use domain::schema::Fault;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::{instant, millis};
use crate::base::entity::held_form;
use crate::base::error::Result;

handle! {
    /// Forms that were refused, kept for the next page.
    RejectedForms {}
}

/// For how long a form that came back is kept.
pub(crate) const KEPT_FOR: Duration = Duration::minutes(30);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct RejectedForm {
    pub answers: Answers,
    pub faults: Vec<Fault>,
}

impl RejectedForms {
    /// Keeps it in place of what lay there before. A slot begins with the person it belongs to.
    pub(crate) async fn stash(
        &self,
        on: &impl ConnectionTrait,
        slot: String,
        form: &RejectedForm,
    ) -> Result<()> {
        let content = serde_json::to_string(form)?;
        let row = held_form::ActiveModel {
            content_sealed: Set(self.context.keys.seal_text(&context(&slot), &content)?),
            slot: Set(slot),
            held_at: Set(millis(self.context.clock.now())),
        };
        held_form::Entity::insert(row)
            .on_conflict(
                OnConflict::column(held_form::Column::Slot)
                    .update_columns([held_form::Column::ContentSealed, held_form::Column::HeldAt])
                    .to_owned(),
            )
            .exec_without_returning(on)
            .await?;
        Ok(())
    }

    pub(crate) async fn find(&self, on: &impl ConnectionTrait, slot: &str) -> Result<Option<RejectedForm>> {
        self.opened(slot, held_form::Entity::find_by_id(slot).one(on).await?)
    }

    /// The same for a page that has [read it ahead](Self::read_ahead).
    pub(crate) async fn find_for(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        slot: &str,
    ) -> Result<Option<RejectedForm>> {
        match actor.remembered.as_ref().and_then(|remembered| remembered.held_forms.get(slot)) {
            Some(row) => self.opened(slot, row),
            None => self.find(on, slot).await,
        }
    }

    /// Reads all that a page will ask for at once.
    pub(crate) async fn read_ahead(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        slots: &[String],
    ) -> Result<()> {
        let Some(remembered) = &actor.remembered else { return Ok(()) };
        let asked = held_form::Entity::find().filter(held_form::Column::Slot.is_in(slots));
        let mut rows: BTreeMap<String, held_form::Model> =
            asked.all(on).await?.into_iter().map(|row| (row.slot.clone(), row)).collect();
        for slot in slots {
            remembered.held_forms.keep(slot, rows.remove(slot));
        }
        Ok(())
    }

    fn opened(&self, slot: &str, row: Option<held_form::Model>) -> Result<Option<RejectedForm>> {
        let now = self.context.clock.now();
        let Some(row) = row.filter(|row| (now - instant(row.held_at)).abs() < KEPT_FOR) else {
            return Ok(None);
        };
        let content = self.context.keys.open_text(&context(slot), &row.content_sealed)?;
        Ok(Some(serde_json::from_str(&content)?))
    }

    pub(crate) async fn discard(&self, on: &impl ConnectionTrait, slot: &str) -> Result<()> {
        held_form::Entity::delete_by_id(slot).exec(on).await?;
        Ok(())
    }
}

pub(crate) fn context(slot: &str) -> String {
    format!("held_form/{slot}")
}
