//! The numbers of the dashboard (R61).

use serde::{Deserialize, Serialize};

use crate::filing::FilingState;
use crate::procedure::Procedure;

/// The officer's dashboard (R61).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dashboard {
    pub region: String,
    pub new: u64,
    pub mine: u64,
    pub overdue: u64,
    pub resubmitted: u64,
    /// Every procedure and state that occurs.
    pub by_kind: Vec<KindCount>,
    pub days: Vec<DayCount>,
    /// In working time; a working day has 24 hours.
    pub median_hours: Option<u64>,
    pub p90_hours: Option<u64>,
    /// Working days a filing may wait before it is overdue.
    pub overdue_days: i64,
    /// The regions directly below one's own; none below a county.
    pub below: Vec<RegionCount>,
}

/// What one region below the officer's own has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionCount {
    pub code: String,
    pub name: String,
    pub open: u64,
    pub overdue: u64,
    /// In the days of the chart.
    pub received: u64,
    pub decided: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KindCount {
    pub procedure: Procedure,
    pub state: FilingState,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    /// 11-23
    pub day: String,
    pub received: u64,
    pub decided: u64,
}
