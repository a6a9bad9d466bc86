//! The number of a record, and where it is shown (R38).

use serde::{Deserialize, Serialize};

use crate::badge::BadgeFinding;

/// The number and what goes into the site's footer (R38).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationView {
    /// 测公网安备11010102000001号
    pub number: String,
    pub digits: String,
    pub registered_on: String,
    /// The permanent public address, in full.
    pub address: String,
    /// The public address as a square code.
    pub qr: QrView,
    pub html: String,
    pub markdown: String,
    pub plain: String,
}

/// How the owner can say or have it seen that the badge hangs on the pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadgeOffer {
    /// 【我已挂标，检查一下】: the server looks.
    pub looks: bool,
    /// 【我已挂标】: the person says so.
    pub declares: bool,
}

/// A square code: dark fields as the path of an SVG, one field wide each, within a margin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrView {
    /// Fields on a side, with the margin.
    pub side: usize,
    pub path: String,
}

/// What the last look for the badge came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadgeView {
    pub finding: BadgeFinding,
    /// What was found, and where.
    pub told: String,
    pub checked_at: String,
    /// When the badge was confirmed last; none where it is not taken to hang there.
    pub confirmed_at: Option<String>,
}
