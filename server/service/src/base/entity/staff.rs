//! A role given to a person, known by id number.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub id_no_hash: String,
    pub name_sealed: String,
    pub role: String,
    pub region: String,
    pub created_at: i64,
    pub revoked_at: Option<i64>,
    /// The role does not count until then.
    pub paused_until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::base::entity::Audited for Entity {
    const UNAUDITED: &'static [Column] = &[];
}
