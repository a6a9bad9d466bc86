//! Whether a person is also told of a kind of notice by text message and by e-mail.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notice_choice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: String,
    /// [`domain::notice::NoticeKind`]
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    pub sms: bool,
    pub mail: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
