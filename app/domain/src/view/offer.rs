//! What can be begun now, and why not (R79).

use serde::{Deserialize, Serialize};

/// Something the person could begin; refused ones say why (R79).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub label: String,
    pub href: String,
    pub refused: Option<Refused>,
}

/// Why not, and where to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub sentence: String,
    /// Path of the page that helps, such as the filing under review.
    pub link: Option<String>,
}

/// 业务办理 (R4)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfferGroup {
    pub title: String,
    pub offers: Vec<Offer>,
}
