//! How much officers have in hand and get done, to whom a filing can be given, and what is returned for what reason.

use serde::{Deserialize, Serialize};

use crate::procedure::Procedure;

/// How far back figures go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Week,
    #[default]
    Month,
    Quarter,
}

crate::codes! {
    Period {
        Week = "7",
        Month = "30",
        Quarter = "90",
    }
}

impl Period {
    /// The one that is meant by what an address says; the usual one where it says nothing known.
    pub fn asked(days: &str) -> Self {
        Period::from_code(days).unwrap_or_default()
    }

    pub fn days(self) -> i64 {
        match self {
            Period::Week => 7,
            Period::Month => 30,
            Period::Quarter => 90,
        }
    }

    /// Days that are one bar of the chart: nobody tells more than some thirty apart, or hits them.
    pub fn days_together(self) -> i64 {
        match self {
            Period::Week | Period::Month => 1,
            Period::Quarter => 7,
        }
    }

    /// 近 30 日
    pub fn label(self) -> String {
        format!("近 {} 日", self.days())
    }
}

/// What one officer has in hand and got done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficerLoad {
    pub id: String,
    pub name: String,
    /// Where they review; empty for who is appointed no more.
    pub region: String,
    /// Their role rests, or they are appointed no more: what they have in hand waits for somebody.
    pub is_away: bool,
    pub in_hand: u64,
    /// Working days that the oldest of them has waited; none where nothing is in hand but what waits for an answer.
    pub oldest_days: Option<i64>,
    pub overdue: u64,
    /// In the period.
    pub decided: u64,
}

/// 民警工作量, for administrators.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadPage {
    /// The name of the region that was asked for, as it was typed.
    pub region: String,
    /// Why that is none; all regions are shown then.
    pub fault: Option<String>,
    pub period: Period,
    /// Who has most in hand first.
    pub rows: Vec<OfficerLoad>,
    /// There are more officers than are shown.
    pub is_cut: bool,
}

/// Somebody to whom a filing can be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficerChoice {
    pub id: String,
    pub name: String,
    pub region: String,
    pub in_hand: u64,
}

/// 退回原因 of a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnReasons {
    pub region: String,
    pub period: Period,
    /// Filings that were returned, each time.
    pub returns: u64,
    /// The most frequent first.
    pub rows: Vec<ReturnReason>,
}

/// A question, and in how many returns something was said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnReason {
    pub procedure: Procedure,
    /// The question's address; empty for 整体意见.
    pub at: String,
    pub count: u64,
    /// Returns of this procedure.
    pub of: u64,
}

impl ReturnReason {
    /// In how many of a hundred returns of the procedure, rounded.
    pub fn share(&self) -> u64 {
        (self.count * 100 + self.of / 2).checked_div(self.of).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action;
    use crate::business::Business;

    #[test]
    fn a_period_is_one_of_three() {
        let days = |asked: &str| Period::asked(asked).days();
        assert_eq!([days("7"), days("90"), days(""), days("31")], [7, 90, 30, 30]);
    }

    #[test]
    fn a_share_is_rounded_and_of_nothing_it_is_none() {
        for (count, of, share) in [(0, 0, 0), (1, 3, 33), (2, 3, 67), (3, 3, 100)] {
            let procedure = Procedure::new(Business::Website, Action::New);
            assert_eq!(ReturnReason { procedure, at: String::new(), count, of }.share(), share);
        }
    }
}
