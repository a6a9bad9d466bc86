//! Looking at personal data: unmasking, and what is written down of it (R65).

use domain::purpose::check_purpose;
use domain::value::text::tidy;
use sea_orm::EntityTrait;
use serde_json::json;

use crate::base::actor::Actor;
use crate::base::audit::UNMASK;
use crate::base::db::instant;
use crate::base::entity::{audit, filing};
use crate::base::error::{Error, Result};
use crate::base::limits::Use;
use crate::base::retry::retry;
use crate::desk::review::Reviews;

/// How long a purpose that was written down opens personal values.
const LOOK: time::Duration = time::Duration::minutes(15);

impl Reviews {
    /// Writes down that the officer looks at a filing's personal values in full, and why (R65, R70). The
    /// number it gives opens them to the same officer in `review` for a quarter of an hour.
    ///
    /// # Errors
    /// `NotFound` for a filing of others, `Refused` without a real purpose, `TooMany` above the limit.
    pub async fn unmask(&self, actor: &Actor, id: &str, purpose: &str) -> Result<i64> {
        let row = self.desk_access.reviewable(self.context.db.read(), actor, id).await?;
        let purpose = check_purpose(purpose).map_err(Error::refused)?;
        retry!(self.write_down_look(actor, &row, purpose))
    }

    pub(crate) async fn is_looking(&self, actor: &Actor, row: &filing::Model, look: i64) -> Result<bool> {
        let line = audit::Entity::find_by_id(look).one(self.context.db.read()).await?;
        Ok(line.is_some_and(|line| {
            line.action == UNMASK
                && line.object_id == row.id
                && line.actor_id.as_deref() == Some(&actor.person_id)
                && instant(line.at) + LOOK > self.context.clock.now()
        }))
    }

    async fn write_down_look(&self, actor: &Actor, row: &filing::Model, purpose: &str) -> Result<i64> {
        let purpose = tidy(purpose);
        let tx = self.context.db.begin().await?;
        let used = self.usage.count_use(&tx, actor, Use::Unmasking).await?;
        if used == self.context.settings.limits.unmaskings_told {
            self.usage.tell_auditors_of_many_looks(&tx, actor, used).await?;
        }
        let detail = json!({ "reference": row.reference, "purpose": purpose });
        let look = self.context.audit(&tx, Some(actor), UNMASK, "filing", &row.id, detail).await?;
        tx.commit().await?;
        Ok(look)
    }
}
