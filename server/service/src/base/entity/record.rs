//! What approved filings created: a subject, a website …

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
#[sea_orm(table_name = "record")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub business: String,
    pub subject_id: String,
    pub owner_id: Option<String>,
    pub state: String,
    pub title: String,
    /// The title as it is compared and searched.
    pub title_key: String,
    pub owner_kind: String,
    pub main_domain: Option<String>,
    pub is_interactive: Option<bool>,
    pub jurisdiction: String,
    pub registration_digits: Option<String>,
    pub registration_number: Option<String>,
    pub registered_at: Option<i64>,
    pub cancelled_at: Option<i64>,
    pub answers: String,
    pub answers_sealed: String,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
    /// When a patrol looks at it next.
    pub patrol_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::base::entity::Audited for Entity {
    const UNAUDITED: &'static [Column] = &[Column::TitleKey, Column::PatrolAt];
}
