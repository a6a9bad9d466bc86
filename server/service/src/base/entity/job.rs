//! What runs beside the requests, each on one server at a time.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The server that has it.
    pub holder: Option<String>,
    pub began_at: Option<i64>,
    /// When it last ended well.
    pub well_at: Option<i64>,
    pub failed_at: Option<i64>,
    /// Since it last ended well.
    pub failures: i64,
    pub failure: String,
    /// An operator wants it to run now.
    pub is_wanted: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
