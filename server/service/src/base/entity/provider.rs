//! The directories of providers.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
#[sea_orm(table_name = "provider")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub directory: String,
    pub name: String,
    pub aliases: String,
    /// Both as they are compared and searched.
    pub name_key: String,
    pub aliases_key: String,
    pub region: String,
    pub country: String,
    pub phone: String,
    pub source: String,
    pub record_id: Option<String>,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::base::entity::Audited for Entity {
    const UNAUDITED: &'static [Column] = &[Column::NameKey, Column::AliasesKey];
}
