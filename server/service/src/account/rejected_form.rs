//! What was posted and came back with faults, kept sealed for half an hour, which is all that a page
//! without scripts needs to show both again (R76).

use domain::answer::Answers;
use domain::schema::Fault;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait};
use serde::{Deserialize, Serialize};
use time::Duration;

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
        let row = held_form::Entity::find_by_id(slot).one(on).await?;
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
