//! What the last look for the badge of a record came to.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "badge_check")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: String,
    pub finding: String,
    /// A sentence for the owner.
    pub told: String,
    pub checked_at: i64,
    /// Since when the badge is taken to hang there; none where it was looked for and not found.
    pub confirmed_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::base::entity::Audited for Entity {
    const UNAUDITED: &'static [Column] = &[];
}
