//! A natural person who signed in.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition};

use super::staff;

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

#[derive(Copy, Clone, Debug, EnumIter)]
pub enum Relation {
    /// The roles that were given to the person and not taken back, found by id number.
    Role,
}

impl RelationTrait for Relation {
    fn def(&self) -> RelationDef {
        match self {
            Relation::Role => Entity::belongs_to(staff::Entity)
                .from(Column::IdNoHash)
                .to(staff::Column::IdNoHash)
                .on_condition(|_, role| {
                    Expr::col((role, staff::Column::RevokedAt)).is_null().into_condition()
                })
                .into(),
        }
    }
}

impl Related<staff::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Role.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl crate::base::entity::Audited for Entity {
    const UNAUDITED: &'static [Column] = &[Column::SeenAt];
}
