//! The numbers of the dashboard (R61).

use serde::{Deserialize, Serialize};

use super::load::{OfficerLoad, Period};
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
    /// Reports of misuse that nobody has dealt with yet.
    pub reports: u64,
    /// 需核查 that nobody has dealt with yet, and those that are overdue.
    #[serde(default)]
    pub to_check: u64,
    /// The regions directly below one's own; none below a county.
    pub below: Vec<RegionCount>,
    /// Over which the days above and what was received and decided below are counted.
    #[serde(default)]
    pub period: Period,
    /// What the officer has in hand and got done.
    #[serde(default)]
    pub own: OfficerLoad,
}

/// What one region below the officer's own has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionCount {
    pub code: String,
    pub name: String,
    pub open: u64,
    pub overdue: u64,
    /// In the period.
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
    /// 11-23; where several days are one bar, the first of them.
    pub day: String,
    pub received: u64,
    pub decided: u64,
}

/// A length of working time as one would say it.
pub fn working_time(hours: Option<u64>) -> String {
    match hours {
        None => "暂无".to_owned(),
        Some(hours) if hours <= 24 => format!("{hours} 小时"),
        Some(hours) => format!("{}.{} 个工作日", hours / 24, hours % 24 * 10 / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_one_would_say_them() {
        for (hours, words) in
            [(None, "暂无"), (Some(1), "1 小时"), (Some(24), "24 小时"), (Some(60), "2.5 个工作日")]
        {
            assert_eq!(working_time(hours), words);
        }
    }
}
