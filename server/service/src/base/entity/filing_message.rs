//! What an officer asked about a filing, and what the applicant answered.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "filing_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub filing_id: String,
    /// What it answers; none for questions.
    pub question_id: Option<String>,
    /// The address of the answer that it is about; empty where it is about none in particular.
    pub field: String,
    pub author_id: String,
    pub author_role: String,
    pub text_sealed: String,
    /// Ids of the files that came with it.
    pub files: String,
    pub sent_at: i64,
    /// When a question ceased to be open, and how.
    pub ended_at: Option<i64>,
    pub ended_by: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::base::entity::Audited for Entity {
    const UNAUDITED: &'static [Column] = &[];
}
