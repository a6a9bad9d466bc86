//! What public names end with from each of their characters on (a suffix index): see `filing/name_suffix.rs`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "name_suffix")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub is_owner: bool,
    #[sea_orm(primary_key, auto_increment = false)]
    pub suffix: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
