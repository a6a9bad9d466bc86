//! A file; its content lies in the file store.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upload")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub person_id: String,
    pub kind: String,
    pub name: String,
    pub content_type: String,
    pub size: i64,
    /// Of the bytes as they are kept; see [`Digest`](crate::base::digest::Digest). The column is older than the choice.
    #[sea_orm(column_name = "sha256")]
    pub digest: String,
    pub warnings: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::base::entity::Audited for Entity {
    const UNAUDITED: &'static [Column] = &[];
}
