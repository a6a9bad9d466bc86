//! 显示设置: which columns the queue shows an officer, how high its rows are, whether single letters are shortcuts.

use domain::view::{Density, DeskSettings, QueueColumn};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;
use serde_json::json;

use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::entity::desk_setting;
use crate::base::error::Result;
use crate::base::own_desk::Part;
use crate::base::region;
use crate::base::retry::retry;

handle! {
    /// How officers like the desk.
    DisplaySettings {}
}

impl DisplaySettings {
    pub(crate) async fn settings(&self, actor: &Actor) -> Result<DeskSettings> {
        let own = actor.must_review()?;
        let desk = actor.own_desk(self.context.db.read(), Part::Display).await?;
        Ok(desk.display.as_ref().map_or_else(
            || DeskSettings::usual(region::is_leaf(own)),
            |chosen| DeskSettings {
                columns: chosen.columns.split(',').filter_map(QueueColumn::from_code).collect(),
                density: Density::from_code(&chosen.density).unwrap_or_default(),
                single_keys: chosen.single_keys,
            },
        ))
    }

    /// Keeps what an officer chose, on whichever computer they work.
    ///
    /// # Errors
    /// `Forbidden` for who does not review.
    pub async fn choose(&self, actor: &Actor, chosen: &DeskSettings) -> Result<()> {
        actor.must_review()?;
        retry!(self.try_choose(actor, chosen))
    }

    async fn try_choose(&self, actor: &Actor, chosen: &DeskSettings) -> Result<()> {
        // In the order of the table, each once.
        let shown = QueueColumn::ALL.into_iter().filter(|column| chosen.shows(*column));
        let columns: Vec<&str> = shown.map(QueueColumn::code).collect();
        let columns = columns.join(",");
        let detail =
            json!({ "columns": columns, "density": chosen.density.label(), "keys": chosen.single_keys });
        let tx = self.context.db.begin().await?;
        let row = desk_setting::ActiveModel {
            person_id: Set(actor.person_id.clone()),
            columns: Set(columns),
            density: Set(chosen.density.code().to_owned()),
            single_keys: Set(chosen.single_keys),
        };
        desk_setting::Entity::insert(row)
            .on_conflict(
                OnConflict::column(desk_setting::Column::PersonId)
                    .update_columns([
                        desk_setting::Column::Columns,
                        desk_setting::Column::Density,
                        desk_setting::Column::SingleKeys,
                    ])
                    .to_owned(),
            )
            .exec_without_returning(&tx)
            .await?;
        self.context.audit(&tx, Some(actor), "choose_desk", "person", &actor.person_id, detail).await?;
        Ok(tx.commit().await?)
    }
}
