//! Queues that an officer wants to find again (R61). A view is the query of an address and nothing
//! more: what it shows is asked for anew, within the region the officer has then.

use domain::schema::fault;
use domain::value::text::check_text;
use domain::view::SavedView;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use serde_json::json;

use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::{millis, new_id, plausible_id};
use crate::base::entity::{person, saved_view};
use crate::base::error::{Error, Result};
use crate::base::own_desk::{Part, View};
use crate::base::retry::retry;

handle! {
    /// Views an officer saved.
    SavedViews {}
}

const LONGEST_NAME: usize = 20;

const LONGEST_QUERY: usize = 500;

const MOST: u64 = 20;

impl SavedViews {
    pub(crate) async fn saved_views(&self, actor: &Actor) -> Result<Vec<SavedView>> {
        let desk = actor.own_desk(self.context.db.read(), Part::Views).await?;
        let view = |View { id, name, query }: &View| SavedView {
            id: id.clone(),
            name: name.clone(),
            query: query.clone(),
        };
        Ok(desk.views.iter().map(view).collect())
    }

    /// Keeps the query of a queue's address under a name; the same name again replaces it.
    ///
    /// # Errors
    /// `Faults` without a name, `Refused` beyond twenty views.
    pub async fn save_view(&self, actor: &Actor, name: &str, query: &str) -> Result<()> {
        actor.must_review()?;
        let name = check_text(name.trim(), 1, LONGEST_NAME);
        let name =
            name.map_err(|sentence| Error::Faults(vec![fault("name", format!("视图名称：{sentence}"))]))?;
        let is_query = query.len() <= LONGEST_QUERY && query.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_query {
            return Err(Error::refused("这个筛选条件太长，不能保存"));
        }
        retry!(self.try_save_view(actor, &name, query))
    }

    async fn try_save_view(&self, actor: &Actor, name: &str, query: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        // Two tabs that save at once come one after the other.
        person::Entity::find_by_id(&actor.person_id).lock_exclusive().one(&tx).await?;
        let now = self.context.clock.now();
        saved_view::Entity::delete_many()
            .filter(saved_view::Column::PersonId.eq(&actor.person_id))
            .filter(saved_view::Column::Name.eq(name))
            .exec(&tx)
            .await?;
        let own = saved_view::Entity::find().filter(saved_view::Column::PersonId.eq(&actor.person_id));
        if own.count(&tx).await? >= MOST {
            return Err(Error::refused(format!("最多保存 {MOST} 个视图，请先删除不用的")));
        }
        let id = new_id(now);
        let row = saved_view::ActiveModel {
            id: Set(id.clone()),
            person_id: Set(actor.person_id.clone()),
            name: Set(name.to_owned()),
            query: Set(query.to_owned()),
            created_at: Set(millis(now)),
        };
        row.insert(&tx).await?;
        self.context.audit(&tx, Some(actor), "view.save", "saved_view", &id, json!({ "name": name })).await?;
        Ok(tx.commit().await?)
    }

    pub async fn delete_view(&self, actor: &Actor, id: &str) -> Result<()> {
        actor.must_review()?;
        retry!(self.try_delete_view(actor, id))
    }

    async fn try_delete_view(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let gone = saved_view::Entity::delete_many()
            .filter(saved_view::Column::Id.eq(plausible_id(id)?))
            .filter(saved_view::Column::PersonId.eq(&actor.person_id))
            .exec(&tx)
            .await?;
        if gone.rows_affected == 0 {
            return Err(Error::NotFound);
        }
        self.context.audit(&tx, Some(actor), "view.delete", "saved_view", id, json!({})).await?;
        Ok(tx.commit().await?)
    }
}
