//! 系统通知 (R66): what became of a filing, a transfer, a draft, told to those concerned.

use domain::view::{NoticeRow, Paged};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, Order,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::actor::Actor;
use crate::clock::written;
use crate::db::{instant, millis, new_id, plausible_id};
use crate::entity::notice;
use crate::error::{Error, Result};
use crate::{Service, again};

const PAGE: usize = 20;

impl Service {
    /// Leaves a notice in the transaction of what it tells about. `link` is the path of the page that
    /// shows it.
    pub(crate) async fn notify(
        &self,
        on: &impl ConnectionTrait,
        person_id: &str,
        text: impl Into<String>,
        link: Option<String>,
    ) -> Result<()> {
        let now = self.clock.now();
        let row = notice::ActiveModel {
            id: Set(new_id(now)),
            person_id: Set(person_id.to_owned()),
            text: Set(text.into()),
            link: Set(link),
            created_at: Set(millis(now)),
            read_at: Set(None),
        };
        row.insert(on).await?;
        Ok(())
    }

    /// The person's notices, unread ones first, the newest first within each. `after` is the cursor of
    /// the page before.
    pub async fn notices(&self, actor: &Actor, unread_only: bool, after: &str) -> Result<Paged<NoticeRow>> {
        let mut all = notice::Entity::find().filter(notice::Column::PersonId.eq(&actor.person_id));
        if unread_only {
            all = all.filter(notice::Column::ReadAt.is_null());
        }
        let total = all.clone().count(self.db.read()).await?;
        let mut page = all;
        if let Some((is_read, id)) = cursor(after) {
            let read = notice::Column::ReadAt.is_not_null();
            let unread = notice::Column::ReadAt.is_null();
            let rest = notice::Column::Id.lt(id);
            page = page.filter(match is_read {
                false => Condition::any().add(unread.and(rest)).add(read),
                true => Condition::all().add(read).add(rest),
            });
        }
        let mut rows = page
            .order_by(Expr::col(notice::Column::ReadAt).is_not_null(), Order::Asc)
            .order_by_desc(notice::Column::Id)
            .limit(PAGE as u64 + 1)
            .all(self.db.read())
            .await?;
        let has_more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let last = rows.last().filter(|_| has_more);
        let next = last.map(|row| format!("{}{}", if row.read_at.is_some() { 'r' } else { 'u' }, row.id));
        let rows = rows.into_iter().map(notice_row).collect();
        Ok(Paged { rows, total, next, is_later: !after.is_empty() })
    }

    /// The first few, for the home page (R2).
    pub(crate) async fn latest_notices(&self, actor: &Actor, most: u64) -> Result<Vec<NoticeRow>> {
        let rows = notice::Entity::find()
            .filter(notice::Column::PersonId.eq(&actor.person_id))
            .order_by(Expr::col(notice::Column::ReadAt).is_not_null(), Order::Asc)
            .order_by_desc(notice::Column::Id)
            .limit(most)
            .all(self.db.read())
            .await?;
        Ok(rows.into_iter().map(notice_row).collect())
    }

    /// Marks a notice as read and says where it leads.
    pub async fn read_notice(&self, actor: &Actor, id: &str) -> Result<Option<String>> {
        again!(self.try_read_notice(actor, id))
    }

    async fn try_read_notice(&self, actor: &Actor, id: &str) -> Result<Option<String>> {
        let tx = self.db.begin().await?;
        let row = notice::Entity::find_by_id(plausible_id(id)?)
            .filter(notice::Column::PersonId.eq(&actor.person_id))
            .one(&tx)
            .await?
            .ok_or(Error::NotFound)?;
        notice::Entity::update_many()
            .col_expr(notice::Column::ReadAt, Expr::value(millis(self.clock.now())))
            .filter(notice::Column::Id.eq(&row.id))
            .filter(notice::Column::ReadAt.is_null())
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(row.link)
    }

    pub async fn read_all_notices(&self, actor: &Actor) -> Result<()> {
        again!(self.try_read_all_notices(actor))
    }

    async fn try_read_all_notices(&self, actor: &Actor) -> Result<()> {
        let tx = self.db.begin().await?;
        notice::Entity::update_many()
            .col_expr(notice::Column::ReadAt, Expr::value(millis(self.clock.now())))
            .filter(notice::Column::PersonId.eq(&actor.person_id))
            .filter(notice::Column::ReadAt.is_null())
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// `u<id>` after an unread notice, `r<id>` after a read one. Anything else is the first page.
fn cursor(after: &str) -> Option<(bool, &str)> {
    let (is_read, id) = match after.strip_prefix('u') {
        Some(id) => (false, id),
        None => (true, after.strip_prefix('r')?),
    };
    Some((is_read, plausible_id(id).ok()?))
}

fn notice_row(row: notice::Model) -> NoticeRow {
    NoticeRow {
        id: row.id,
        text: row.text,
        at: written(instant(row.created_at)),
        is_read: row.read_at.is_some(),
        link: row.link,
    }
}
