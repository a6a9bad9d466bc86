//! Files that nothing refers to are removed.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use time::{Date, Duration, OffsetDateTime};

use crate::base::db::{instant, millis};
use crate::base::entity::{counter, upload, upload_use};
use crate::base::error::{Result, chain};
use crate::base::retry::retry;
use crate::files::Files;
use crate::files::file::{key_of, uploads};
use crate::files::upload::store::made_at;

/// What nothing refers to is kept so long, for the form that is still open in a browser.
const UNUSED: Duration = Duration::days(1);

pub(super) const SWEEP_AT_ONCE: u64 = 200;

/// The hourly sweep looks at the files of so many days.
const RECENT_DAYS: i64 = 3;

/// The row of `counter` that says when the whole store was last looked at.
const WHOLE_STORE: &str = "sweep/files";

const WHOLE_STORE_EVERY: Duration = Duration::weeks(1);

impl Files {
    /// Deletes files that nothing has referred to for a day, and what a crash left in the store
    /// without a row (R71). Says how many went.
    pub async fn sweep_uploads(&self) -> Result<u64> {
        let before = self.context.clock.now() - UNUSED;
        let mut swept = 0;
        let mut after = String::new();
        loop {
            let candidates: Vec<String> = upload::Entity::find()
                .select_only()
                .column(upload::Column::Id)
                .filter(upload::Column::CreatedAt.lt(millis(before)))
                .filter(upload::Column::Id.gt(&after))
                .filter(is_unused())
                .order_by_asc(upload::Column::Id)
                .limit(SWEEP_AT_ONCE)
                .into_tuple()
                .all(self.context.db.read())
                .await?;
            let Some(last) = candidates.last() else { break };
            after = last.clone();
            for id in &candidates {
                match retry!(self.sweep_upload(id)) {
                    Ok(true) => swept += 1,
                    // A draft has taken it up this very moment.
                    Ok(false) => {}
                    Err(error) => tracing::warn!(
                        upload = id,
                        error = chain(&error),
                        "an unused file could not be swept"
                    ),
                }
            }
        }
        Ok(swept + self.sweep_store(before).await?)
    }

    pub(super) async fn sweep_upload(&self, id: &str) -> Result<bool> {
        let tx = self.context.db.begin().await?;
        let deleted = upload::Entity::delete_many()
            .filter(upload::Column::Id.eq(id))
            .filter(is_unused())
            .exec_with_returning(&tx)
            .await?;
        if deleted.is_empty() {
            return Ok(false);
        }
        self.context.audit(&tx, None, "sweep", "upload", id, json!({})).await?;
        tx.commit().await?;
        // First the row, then the file: see `accept_upload`.
        self.store.delete(key_of(id)?).await?;
        Ok(true)
    }

    /// What a crash leaves lies among the files of the last days. All of them are looked at once a week
    /// only, for what could not be deleted with its row.
    async fn sweep_store(&self, before: OffsetDateTime) -> Result<u64> {
        let now = self.context.clock.now();
        let last = counter::Entity::find_by_id(WHOLE_STORE).one(self.context.db.read()).await?;
        let is_due = last.is_none_or(|last| (now - instant(last.value)).abs() >= WHOLE_STORE_EVERY);
        let mut swept = 0;
        if is_due {
            swept += self.sweep_listed(None, before).await?;
            retry!(self.note_whole_store(now))?;
        } else {
            for days in 0..RECENT_DAYS {
                swept += self.sweep_listed(Some((before - Duration::days(days)).date()), before).await?;
            }
        }
        Ok(swept)
    }

    async fn note_whole_store(&self, now: OffsetDateTime) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let row = counter::ActiveModel { name: Set(WHOLE_STORE.to_owned()), value: Set(millis(now)) };
        counter::Entity::insert(row)
            .on_conflict(
                OnConflict::column(counter::Column::Name).update_column(counter::Column::Value).to_owned(),
            )
            .exec_without_returning(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// As the store is read, so many at a time.
    async fn sweep_listed(&self, day: Option<Date>, before: OffsetDateTime) -> Result<u64> {
        let mut listed = self.store.listed(day);
        let mut some = BTreeSet::new();
        let mut swept = 0;
        loop {
            let next = listed.try_next().await?;
            let is_end = next.is_none();
            if let Some((id, _)) = next.filter(|(id, _)| made_at(*id).is_none_or(|at| at < before)) {
                some.insert(id.to_string());
            }
            if is_end || some.len() as u64 >= SWEEP_AT_ONCE {
                let ids: Vec<String> = std::mem::take(&mut some).into_iter().collect();
                let known = uploads(self.context.db.read(), &ids).await?;
                for id in ids.iter().filter(|id| !known.contains_key(*id)) {
                    match self.store.delete(key_of(id)?).await {
                        Ok(()) => swept += 1,
                        Err(error) => tracing::warn!(
                            id,
                            error = chain(&error),
                            "a file without a row could not be swept"
                        ),
                    }
                }
            }
            if is_end {
                return Ok(swept);
            }
        }
    }
}

fn is_unused() -> SimpleExpr {
    let uses = upload_use::Entity::find().select_only().expr(Expr::val(1)).filter(
        Expr::col((upload_use::Entity, upload_use::Column::UploadId))
            .equals((upload::Entity, upload::Column::Id)),
    );
    Expr::exists(sea_orm::QueryTrait::into_query(uses)).not()
}
