//! What was posted and came back with faults, held sealed for half an hour, which is all that a page
//! without scripts needs to show both again (R76).

use domain::answer::Answers;
use domain::schema::Fault;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::Service;
use crate::db::{instant, millis};
use crate::entity::held_form;
use crate::error::Result;

/// For how long a form that came back is held.
pub(crate) const HELD_FOR: Duration = Duration::minutes(30);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Held {
    pub answers: Answers,
    pub faults: Vec<Fault>,
}

pub(crate) fn context(slot: &str) -> String {
    format!("held_form/{slot}")
}

impl Service {
    /// Holds it in place of what lay there before. A slot begins with the person it belongs to.
    pub(crate) async fn hold(&self, on: &impl ConnectionTrait, slot: String, held: &Held) -> Result<()> {
        let content = serde_json::to_string(held)?;
        let row = held_form::ActiveModel {
            content_sealed: Set(self.keys.seal_text(&context(&slot), &content)?),
            slot: Set(slot),
            held_at: Set(millis(self.clock.now())),
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

    pub(crate) async fn held(&self, on: &impl ConnectionTrait, slot: &str) -> Result<Option<Held>> {
        let row = held_form::Entity::find_by_id(slot).one(on).await?;
        let now = self.clock.now();
        let Some(row) = row.filter(|row| (now - instant(row.held_at)).abs() < HELD_FOR) else {
            return Ok(None);
        };
        let content = self.keys.open_text(&context(slot), &row.content_sealed)?;
        Ok(Some(serde_json::from_str(&content)?))
    }

    pub(crate) async fn no_longer_hold(&self, on: &impl ConnectionTrait, slot: &str) -> Result<()> {
        held_form::Entity::delete_by_id(slot).exec(on).await?;
        Ok(())
    }
}
