//! What an officer can take back for some seconds.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "undoable_act")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Acts that are taken back together.
    pub act_id: String,
    /// [`domain::filing::FilingEvent`]
    pub event: String,
    pub officer_id: String,
    pub filing_id: String,
    pub subject_id: String,
    /// How what it changed stood before it.
    pub before_sealed: String,
    /// Whom to tell when it can no longer be taken back.
    pub notices: String,
    pub until: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
