//! Drafts end after thirty days; their owners are warned (R13).

use domain::notice::NoticeKind;
use domain::route;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use time::Duration;

use crate::applicant::draft::{Drafts, KEPT, UNDONE_WITHIN, procedure_of};
use crate::base::clock::days_left;
use crate::base::db::{instant, millis};
use crate::base::entity::draft;
use crate::base::error::{Result, chain};
use crate::base::retry::retry;

/// How long before its end its person is told (R66).
const WARNED: Duration = Duration::days(3);

/// Drafts that one sweep looks at.
const SWEPT_AT_ONCE: u64 = 500;

impl Drafts {
    /// Deletes the drafts of thirty days ago (R50) and those whose people did not take their deletion back, and tells the people whose drafts end within three
    /// days, once (R66). Says how many were deleted.
    pub async fn sweep_drafts(&self) -> Result<u64> {
        let mut after = Some(String::new());
        while let Some(id) = after {
            after = match retry!(self.try_warn_of_drafts(&id)) {
                Ok(after) => after,
                Err(error) => {
                    // What has run out is deleted all the same.
                    tracing::error!(error = chain(&error), "people were not told that their drafts end");
                    None
                }
            };
        }
        let mut swept = 0;
        loop {
            let some = retry!(self.try_sweep_drafts())?;
            swept += some;
            if some < SWEPT_AT_ONCE {
                return Ok(swept);
            }
        }
    }

    async fn try_sweep_drafts(&self) -> Result<u64> {
        let tx = self.context.db.begin().await?;
        let now = self.context.clock.now();
        let due: Vec<String> = draft::Entity::find()
            .select_only()
            .column(draft::Column::Id)
            .filter(
                Condition::any()
                    .add(draft::Column::SavedAt.lte(millis(now - KEPT)))
                    .add(draft::Column::DeletedAt.lte(millis(now - UNDONE_WITHIN))),
            )
            .order_by_asc(draft::Column::SavedAt)
            .limit(SWEPT_AT_ONCE)
            .lock_exclusive()
            .into_tuple()
            .all(&tx)
            .await?;
        for id in &due {
            self.remove_draft(&tx, id).await?;
        }
        if !due.is_empty() {
            // One line for all of them; their ids stand in it.
            self.context.audit(&tx, None, "draft.sweep", "draft", "", json!({ "drafts": due })).await?;
        }
        tx.commit().await?;
        Ok(due.len() as u64)
    }

    /// One batch; the id to go on after.
    async fn try_warn_of_drafts(&self, after: &str) -> Result<Option<String>> {
        let tx = self.context.db.begin().await?;
        let now = self.context.clock.now();
        let ending = draft::Entity::find()
            .filter(draft::Column::SavedAt.lte(millis(now - KEPT + WARNED)))
            .filter(draft::Column::SavedAt.gt(millis(now - KEPT)))
            .filter(draft::Column::WarnedAt.is_null())
            .filter(draft::Column::DeletedAt.is_null())
            .filter(draft::Column::Id.gt(after))
            .order_by_asc(draft::Column::Id)
            .limit(SWEPT_AT_ONCE)
            .lock_exclusive()
            .all(&tx)
            .await?;
        let mut told = Vec::new();
        for row in &ending {
            let procedure = match procedure_of(row) {
                Ok(procedure) => procedure,
                Err(error) => {
                    tracing::error!(
                        draft = row.id,
                        error = chain(&error),
                        "nobody can be told that a draft ends"
                    );
                    continue;
                }
            };
            let text = format!(
                "您的“{}”草稿（{}）还有 {} 天到期，到期后将自动删除",
                procedure.label(),
                row.title,
                days_left(instant(row.saved_at), KEPT, now),
            );
            let link = route::draft_step(procedure, &row.step, &row.id);
            self.notices.notify(&tx, &row.person_id, NoticeKind::Draft, text, Some(link)).await?;
            told.push(row.id.as_str());
        }
        if !told.is_empty() {
            draft::Entity::update_many()
                .col_expr(draft::Column::WarnedAt, Expr::value(millis(now)))
                .filter(draft::Column::Id.is_in(told.iter().copied()))
                .exec(&tx)
                .await?;
            self.context.audit(&tx, None, "draft.warn", "draft", "", json!({ "drafts": told })).await?;
        }
        tx.commit().await?;
        let is_full = ending.len() as u64 == SWEPT_AT_ONCE;
        Ok(ending.last().filter(|_| is_full).map(|row| row.id.clone()))
    }
}
