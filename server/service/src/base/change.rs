//! What is told to open desks (R61, R62): that a filing came in or changed, or that somebody looks at it.

use serde::{Deserialize, Serialize};

/// What happened to a filing, for those who watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It came to the region: submitted, submitted again, or from another region.
    Arrived,
    /// Claimed, released, decided, withdrawn …
    Changed,
    /// Somebody opened its page or left it. Never written down.
    Looked,
}

/// A filing that changed, for those who watch its region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub what: What,
    pub filing_id: String,
    pub jurisdiction: String,
    /// Where it was before, if it moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
}
