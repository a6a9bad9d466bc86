//! A natural person who signed in.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub sub: String,
    pub name_sealed: String,
    pub mobile_sealed: String,
    pub mobile_hash: String,
    pub id_kind: String,
    pub id_no_sealed: String,
    pub id_no_hash: String,
    pub current_subject_id: Option<String>,
    pub elder: bool,
    pub created_at: i64,
    pub seen_at: i64,
    pub suspended_at: Option<i64>,
    pub suspension_sealed: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::base::entity::Audited for Entity {
    const UNAUDITED: &'static [Column] = &[Column::SeenAt];
}
