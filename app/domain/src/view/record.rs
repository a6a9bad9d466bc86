//! Records in force and what the public sees of them (R38, R52).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::file::FileView;
use super::filing::FilingRow;
use super::offer::Offer;
use super::patrol::PatrolNotice;
use super::registration::{BadgeOffer, BadgeView, RegistrationView};
use crate::business::Business;
use crate::record::RecordState;
use crate::sheet::Sheet;

/// A row of 我的网站, 我的APP … (R52)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordRow {
    pub id: String,
    pub business: Business,
    pub name: String,
    pub domain: Option<String>,
    pub registration_number: Option<String>,
    pub is_interactive: Option<bool>,
    pub jurisdiction: String,
    pub registered_on: Option<String>,
    pub state: RecordState,
    /// 变更, 注销, each with why not.
    pub offers: Vec<Offer>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordView {
    pub row: RecordRow,
    pub sheet: Sheet,
    pub registration: Option<RegistrationView>,
    /// The subject's name.
    pub holder: String,
    /// What the last look for the badge came to.
    pub badge: Option<BadgeView>,
    pub badge_offer: BadgeOffer,
    pub filings: Vec<FilingRow>,
    pub files: BTreeMap<String, FileView>,
    /// The code on the printed result of an assessment.
    pub verification: Option<String>,
    /// What a patrol found and the owner was told to put right.
    #[serde(default)]
    pub patrol: Option<PatrolNotice>,
}

/// One answer of the public look-up: exactly what is public (R38).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicRecord {
    pub digits: String,
    pub business: Business,
    pub name: String,
    pub main_domain: Option<String>,
    pub other_domains: Vec<String>,
    /// 交互式 or 非交互式
    pub category: Option<String>,
    pub owner_kind: String,
    /// Empty for individuals.
    pub owner_name: String,
    pub registration_number: String,
    pub organ: String,
    pub registered_on: String,
    /// In force, or not any more.
    pub is_cancelled: bool,
    /// When this was looked up.
    pub checked_at: String,
    /// Set where the filing was cancelled.
    pub cancelled_on: Option<String>,
    /// Whether the code that was asked about is the one on the printed result; none asked, none here.
    pub verified: Option<bool>,
    /// What the printed result says, for whoever holds its code.
    pub result: Vec<(String, String)>,
}
