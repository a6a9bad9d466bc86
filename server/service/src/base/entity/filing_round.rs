//! What was put to officers in the rounds before this one (R53).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "filing_round")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub filing_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub round: i32,
    pub answers: String,
    pub answers_sealed: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::base::entity::Audited for Entity {
    const UNAUDITED: &'static [Column] = &[];
}
