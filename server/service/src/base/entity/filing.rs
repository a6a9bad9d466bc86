//! A request put to the reviewers.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Serialize, serde::Deserialize)]
#[sea_orm(table_name = "filing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub reference: String,
    pub idempotency_key: String,
    pub business: String,
    pub action: String,
    pub record_id: String,
    pub subject_id: String,
    pub applicant_id: String,
    pub state: String,
    pub jurisdiction: String,
    pub title: String,
    pub subject_name: String,
    /// Both as they are compared and searched.
    pub title_key: String,
    pub subject_key: String,
    /// By what the individual behind it is found; see `filing::person_keys`.
    pub person_name_hash: Option<String>,
    pub person_id_no_hash: Option<String>,
    pub main_domain: Option<String>,
    pub answers: String,
    pub answers_sealed: String,
    pub before: Option<String>,
    pub before_sealed: Option<String>,
    pub notice_version: Option<String>,
    pub is_reviewable: bool,
    pub claimed_by: Option<String>,
    pub claimed_at: Option<i64>,
    /// When the holder last did something here.
    pub claim_seen_at: Option<i64>,
    pub round: i32,
    pub submitted_at: i64,
    pub decided_at: Option<i64>,
    /// When it came from another region.
    pub moved_at: Option<i64>,
    /// The applicant was last reminded of the missing business so many days after submitting (R15).
    pub reminded_days: i32,
    pub version: i64,
    /// Since when an answer of the applicant is waited for; the clock stands still.
    pub waiting_since: Option<i64>,
    /// From when its time counts, where there were pauses; otherwise from its submission.
    pub clock_from: Option<i64>,
}

/// What lists read of a filing: neither its answers nor what they are compared with.
#[derive(Clone, Debug, PartialEq, Eq, DerivePartialModel)]
#[sea_orm(entity = "Entity")]
pub struct Listed {
    pub id: String,
    pub reference: String,
    pub business: String,
    pub action: String,
    pub record_id: String,
    pub subject_id: String,
    pub applicant_id: String,
    pub state: String,
    pub jurisdiction: String,
    pub title: String,
    pub subject_name: String,
    pub title_key: String,
    pub subject_key: String,
    pub person_name_hash: Option<String>,
    pub is_reviewable: bool,
    pub claimed_by: Option<String>,
    pub round: i32,
    pub submitted_at: i64,
    pub moved_at: Option<i64>,
    pub waiting_since: Option<i64>,
    pub clock_from: Option<i64>,
}

macro_rules! in_list {
    (texts $($text:ident)*, maybe $($maybe:ident)*, values $($value:ident: $kind:ty)*) => {
        /// A filing as far as lists know it, whether all of it was read or no more than that.
        pub trait InList {
            $(fn $text(&self) -> &str;)*
            $(fn $maybe(&self) -> Option<&str>;)*
            $(fn $value(&self) -> $kind;)*
        }
        in_list!(@ Model, $($text)*, $($maybe)*, $($value: $kind)*);
        in_list!(@ Listed, $($text)*, $($maybe)*, $($value: $kind)*);
        impl<R: InList> InList for &R {
            $(fn $text(&self) -> &str { R::$text(self) })*
            $(fn $maybe(&self) -> Option<&str> { R::$maybe(self) })*
            $(fn $value(&self) -> $kind { R::$value(self) })*
        }
    };
    (@ $row:ty, $($text:ident)*, $($maybe:ident)*, $($value:ident: $kind:ty)*) => {
        impl InList for $row {
            $(fn $text(&self) -> &str { &self.$text })*
            $(fn $maybe(&self) -> Option<&str> { self.$maybe.as_deref() })*
            $(fn $value(&self) -> $kind { self.$value })*
        }
    };
}

in_list! {
    texts id reference business action record_id subject_id applicant_id state jurisdiction title subject_name,
    maybe claimed_by,
    values round: i32 submitted_at: i64 moved_at: Option<i64> waiting_since: Option<i64>
        clock_from: Option<i64>
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::base::entity::Audited for Entity {
    const UNAUDITED: &'static [Column] = &[
        Column::ClaimSeenAt,
        Column::TitleKey,
        Column::SubjectKey,
        Column::PersonNameHash,
        Column::PersonIdNoHash,
        Column::RemindedDays,
    ];
}
