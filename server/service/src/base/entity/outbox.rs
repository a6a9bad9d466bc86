//! Messages to be delivered.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub kind: String,
    /// [`domain::notice::Channel`]
    pub channel: String,
    /// Whom it calls to 系统通知; none for other messages.
    pub person_id: Option<String>,
    pub recipient_sealed: String,
    pub text_sealed: String,
    pub attempts: i32,
    pub created_at: i64,
    pub sent_at: Option<i64>,
    pub failed_at: Option<i64>,
    /// When it is to be tried; none for what was sent or given up.
    pub due_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
