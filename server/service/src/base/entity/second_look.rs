//! A decision that a second officer judges blind (抽查复核).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "second_look")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub filing_id: String,
    /// The submission that was decided.
    pub round: i32,
    /// Where the filing lay then.
    pub jurisdiction: String,
    pub decider_id: String,
    /// [`domain::second_look::Judgement`]
    pub decision: String,
    /// Addresses of the fields that the first officer remarked.
    pub fields: String,
    pub decided_at: i64,
    /// What the first officer had.
    pub papers_sealed: String,
    /// Who has it in hand, or had it when it was judged.
    pub judge_id: Option<String>,
    /// When they last did something here.
    pub judge_seen_at: Option<i64>,
    /// [`domain::second_look::Judgement`]
    pub judgement: Option<String>,
    pub judged_fields: Option<String>,
    pub note_sealed: Option<String>,
    pub judged_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::base::entity::Audited for Entity {
    const UNAUDITED: &'static [Column] = &[Column::JudgeSeenAt];
}
