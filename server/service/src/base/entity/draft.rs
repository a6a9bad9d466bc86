//! A filing not yet submitted.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "draft")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub slot: String,
    pub person_id: String,
    pub procedure: String,
    pub record_id: Option<String>,
    pub subject_id: Option<String>,
    pub filing_id: Option<String>,
    /// What came back along with that filing is submitted again with it, as it was (R15).
    pub resubmits_along: bool,
    pub title: String,
    pub step: String,
    pub answers: String,
    pub answers_sealed: String,
    pub version: i64,
    pub created_at: i64,
    pub saved_at: i64,
    /// When its person was told that it ends.
    pub warned_at: Option<i64>,
    /// When the audit log last got a line about a save, and by which session.
    pub audited_at: Option<i64>,
    pub audited_session: Option<String>,
    /// When its person deleted it; it is theirs again if they say so soon.
    pub deleted_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
