//! 办事指南: what only the server knows of it.

use serde::{Deserialize, Serialize};

/// How long filings take here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guide {
    /// Half of the decisions took no longer, in working time; none where there are too few to say.
    pub median_hours: Option<u64>,
    /// And nine of ten.
    pub p90_hours: Option<u64>,
    /// So many decisions were counted.
    pub decisions: u64,
    /// In so many weeks.
    pub weeks: u64,
    /// Working days after which a filing is overdue.
    pub overdue_days: i64,
}
