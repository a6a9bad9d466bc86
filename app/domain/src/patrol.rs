//! 需核查: what looks at filings in force find, when it counts, and what becomes of it.

use serde::{Deserialize, Serialize};

use crate::codes;
use crate::schema::{Fault, fault};
use crate::value::text;

/// What a look can find wrong with a filing in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatrolFault {
    /// The home page does not answer, or answers with an error.
    Unreachable,
    /// The home page does not show the registration number.
    NoBadge,
    /// A domain leads elsewhere than was filed, or nowhere.
    Moved,
    /// A paper that was filed is not valid any more.
    Expired,
}

codes!(PatrolFault {
    Unreachable = "unreachable",
    NoBadge = "no_badge",
    Moved = "moved",
    Expired = "expired",
});

impl PatrolFault {
    pub fn label(self) -> &'static str {
        match self {
            PatrolFault::Unreachable => "网站无法访问",
            PatrolFault::NoBadge => "首页未见备案号",
            PatrolFault::Moved => "解析与所填IP不符",
            PatrolFault::Expired => "证件已过有效期",
        }
    }
}

/// How far a finding is, in the order in which officers see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatrolState {
    /// The applicant was told, and the time they had is over.
    Overdue,
    /// Nobody has done anything about it yet.
    Open,
    /// The applicant was told and has time.
    Notified,
    /// An officer said, with a reason, that nothing has to be done.
    Dismissed,
    /// A later look found everything right.
    Resolved,
    /// The filing is not in force any more.
    Ended,
}

codes!(PatrolState {
    Overdue = "overdue",
    Open = "open",
    Notified = "notified",
    Dismissed = "dismissed",
    Resolved = "resolved",
    Ended = "ended",
});

impl PatrolState {
    /// Something is still to be done.
    pub const UNFINISHED: [PatrolState; 3] = [PatrolState::Overdue, PatrolState::Open, PatrolState::Notified];

    pub fn label(self) -> &'static str {
        match self {
            PatrolState::Overdue => "逾期未处理",
            PatrolState::Open => "待处理",
            PatrolState::Notified => "已通知申请人",
            PatrolState::Dismissed => "无需处理",
            PatrolState::Resolved => "已恢复正常",
            PatrolState::Ended => "备案已注销",
        }
    }

    pub fn is_finished(self) -> bool {
        !Self::UNFINISHED.contains(&self)
    }
}

/// Whoever was told has so many days to change or cancel.
pub const DAYS_TO_ACT: i64 = 30;

/// The badge is due so many days after the number was given.
pub const DAYS_FOR_THE_BADGE: i64 = 30;

/// So much later a second look has to find the same, in milliseconds.
pub const SECOND_LOOK_AFTER: i64 = 24 * 60 * 60 * 1000;

/// Most characters of a reason.
pub const LONGEST_REASON: usize = 300;
const SHORTEST_REASON: usize = 5;

/// Why nothing has to be done, in order, or what is wrong with it.
pub fn check_reason(reason: &str) -> Result<String, Fault> {
    text::check_text(reason, SHORTEST_REASON, LONGEST_REASON)
        .map_err(|sentence| fault("reason", format!("无需处理的理由：{sentence}")))
}

/// What one look found wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub fault: PatrolFault,
    /// A sentence for officer and applicant.
    pub told: String,
}

/// What is known of a fault after several looks. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub fault: PatrolFault,
    pub told: String,
    pub first_at: i64,
    /// When it was last seen; a look that could not tell leaves it.
    pub last_at: i64,
    /// An officer said that nothing has to be done about it; that holds until it is gone once.
    pub is_dismissed: bool,
}

impl Known {
    /// One failed look is no finding: the second one, a day later, is.
    pub fn is_certain(&self) -> bool {
        !self.is_dismissed && self.last_at - self.first_at >= SECOND_LOOK_AFTER
    }

    /// It was seen and waits for the second look.
    pub fn waits_for_second_look(&self) -> bool {
        !self.is_dismissed && !self.is_certain()
    }
}

/// What is known after a look at `now`: what it saw, and of what was known before that which it could not tell.
pub fn known_after(before: &[Known], seen: Vec<Seen>, untold: &[PatrolFault], now: i64) -> Vec<Known> {
    let known = |fault: PatrolFault| before.iter().find(|known| known.fault == fault);
    let mut after: Vec<Known> = seen
        .into_iter()
        .map(|Seen { fault, told }| Known {
            fault,
            told,
            first_at: known(fault).map_or(now, |known| known.first_at),
            last_at: now,
            is_dismissed: known(fault).is_some_and(|known| known.is_dismissed),
        })
        .collect();
    let kept = before.iter().filter(|known| {
        untold.contains(&known.fault) && after.iter().all(|newer| newer.fault != known.fault)
    });
    let kept: Vec<Known> = kept.cloned().collect();
    after.extend(kept);
    after.sort_by_key(|known| known.fault);
    after
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    const DAY: i64 = SECOND_LOOK_AFTER;

    fn seen(fault: PatrolFault) -> Seen {
        Seen { fault, told: format!("{}。", fault.label()) }
    }

    #[test]
    fn one_failed_look_is_no_finding_and_a_second_one_a_day_later_is() {
        let first = known_after(&[], vec![seen(PatrolFault::NoBadge)], &[], 0);
        assert!(!first[0].is_certain() && first[0].waits_for_second_look());
        let soon = known_after(&first, vec![seen(PatrolFault::NoBadge)], &[], DAY - 1);
        assert!(!soon[0].is_certain(), "too soon");
        let second = known_after(&soon, vec![seen(PatrolFault::NoBadge)], &[], DAY);
        assert!(second[0].is_certain() && !second[0].waits_for_second_look());
        assert_eq!((second[0].first_at, second[0].last_at), (0, DAY));
    }

    #[test]
    fn what_was_right_in_between_begins_anew() {
        let first = known_after(&[], vec![seen(PatrolFault::Unreachable)], &[], 0);
        let right = known_after(&first, Vec::new(), &[], DAY);
        assert_eq!(right, []);
        let again = known_after(&right, vec![seen(PatrolFault::Unreachable)], &[], 2 * DAY);
        assert!(!again[0].is_certain());
    }

    #[test]
    fn what_a_look_cannot_tell_stays_as_it_was_and_proves_nothing() {
        let first = known_after(&[], vec![seen(PatrolFault::NoBadge)], &[], 0);
        let untold = [PatrolFault::NoBadge];
        let second = known_after(&first, vec![seen(PatrolFault::Unreachable)], &untold, DAY);
        let faults: Vec<_> = second.iter().map(|known| (known.fault, known.is_certain())).collect();
        assert_eq!(faults, [(PatrolFault::Unreachable, false), (PatrolFault::NoBadge, false)]);
        let third = known_after(&second, vec![seen(PatrolFault::NoBadge)], &untold, 2 * DAY);
        assert_eq!(third.len(), 1);
        assert!(third[0].is_certain());
    }

    #[test]
    fn what_was_dismissed_is_not_found_again_until_it_was_gone_once() {
        let mut known = known_after(&[], vec![seen(PatrolFault::Moved)], &[], 0);
        known[0].is_dismissed = true;
        let later = known_after(&known, vec![seen(PatrolFault::Moved)], &[], 9 * DAY);
        assert!(!later[0].is_certain() && !later[0].waits_for_second_look());
        let gone = known_after(&later, Vec::new(), &[], 10 * DAY);
        let back = known_after(&gone, vec![seen(PatrolFault::Moved)], &[], 11 * DAY);
        assert!(back[0].waits_for_second_look());
    }

    #[test]
    fn a_reason_is_bounded() {
        for (typed, is_fine) in [("", false), ("没问题", false), ("已电话核实，正在改版", true)]
        {
            assert_eq!(check_reason(typed).is_ok(), is_fine, "{typed}");
        }
        assert!(check_reason(&"字".repeat(LONGEST_REASON + 1)).is_err());
    }

    #[test]
    fn unfinished_ones_stand_first_and_overdue_ones_before_all() {
        let mut states = PatrolState::ALL;
        states.sort();
        assert_eq!(states[..3], PatrolState::UNFINISHED);
        assert_eq!(states.iter().filter(|state| state.is_finished()).count(), 3);
    }
}
