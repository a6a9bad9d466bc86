//! Handing a subject over and receiving it (R24, R25).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::file::FileView;
use super::identity::IdentityView;
use super::offer::Refused;
use super::record::RecordRow;
use crate::answer::Answers;
use crate::business::Business;
use crate::sheet::Sheet;

/// A subject on its way to another person (R25).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverRow {
    pub id: String,
    pub subject_name: String,
    pub sender_name: String,
    pub sender_mobile: String,
    pub sender_id: String,
    pub created_at: String,
    pub days_left: i64,
}

/// What waiting subjects are searched by: the giver's 姓名, 手机号, 身份证号. Personal, so it never stands in an
/// address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverSearch {
    pub name: String,
    pub mobile: String,
    pub id_no: String,
}

/// What waits for a person, as far as the search finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverList {
    pub search: HandoverSearch,
    pub rows: Vec<HandoverRow>,
}

/// 移交主体 (R24)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferView {
    pub subject: Option<RecordRow>,
    pub sheet: Option<Sheet>,
    /// The pictures of the sheet.
    pub files: BTreeMap<String, FileView>,
    pub refused: Option<Refused>,
    /// The subject is being handed over; it can be revoked.
    pub offered: Option<OfferedHandover>,
    pub identity: IdentityView,
}

/// What the giver sees of a handover under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedHandover {
    /// Masked.
    pub receiver_mobile: String,
    pub created_at: String,
    /// When it lapses.
    pub ends_at: String,
    pub days_left: i64,
}

/// A handover as posted; answers of `forms::identity::TRANSFER`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransferRequest {
    pub subject: String,
    pub answers: Answers,
    pub key: String,
}

/// 【详情】 of a subject that waits to be received (R25), masked and without its pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandoverView {
    pub row: HandoverRow,
    pub sheet: Sheet,
    /// What comes with it, by business.
    pub attached: Vec<(Business, u64)>,
}
