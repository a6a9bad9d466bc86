//! What a patrol found twice of a filing in force, and what became of it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "patrol_finding")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub record_id: String,
    /// The record's, as it was at the last look.
    pub jurisdiction: String,
    pub state: String,
    /// What was found, as JSON.
    pub faults: String,
    pub found_at: i64,
    pub notified_at: Option<i64>,
    pub notifier_id: Option<String>,
    /// The applicant has time until then.
    pub due_at: Option<i64>,
    pub closed_at: Option<i64>,
    pub closer_id: Option<String>,
    pub reason_sealed: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::record::Entity",
        from = "Column::RecordId",
        to = "super::record::Column::Id"
    )]
    Record,
}

impl Related<super::record::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Record.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl crate::base::entity::Audited for Entity {
    const UNAUDITED: &'static [Column] = &[];
}
