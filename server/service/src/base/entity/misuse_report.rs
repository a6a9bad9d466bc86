//! What anybody reports of a registration number that is misused.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "misuse_report")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub record_id: String,
    pub kind: String,
    /// What was seen, and where.
    pub report_sealed: String,
    pub contact_sealed: Option<String>,
    /// A keyed hash of day and network address, to count by.
    pub source_hash: String,
    pub created_at: i64,
    pub handled_at: Option<i64>,
    pub handler_id: Option<String>,
    pub note_sealed: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::base::entity::Audited for Entity {
    const UNAUDITED: &'static [Column] = &[];
}
