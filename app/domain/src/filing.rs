//! The states of a filing (R64), who may do what to it, and the window of withdrawal (R17). The
//! table stands here and nowhere else.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilingState {
    /// 待审核
    Pending,
    /// 审核中: claimed by an officer
    InReview,
    /// 审核通过
    Approved,
    /// 已退回
    Returned,
    /// 不予通过
    Rejected,
    /// 已撤销
    Withdrawn,
    /// 已终止: its subject ended
    Terminated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilingEvent {
    Claim,
    Release,
    Approve,
    Return,
    Reject,
    Withdraw,
    Resubmit,
    Terminate,
    /// To the officers of another region.
    Transfer,
    /// An officer took back what they had just done.
    Undo,
}

/// For how long a filing may be withdrawn after it was submitted (R17).
pub const WITHDRAWAL_WINDOW: Duration = Duration::minutes(30);

crate::codes! {
    FilingState {
        Pending = "pending",
        InReview = "in_review",
        Approved = "approved",
        Returned = "returned",
        Rejected = "rejected",
        Withdrawn = "withdrawn",
        Terminated = "terminated",
    }
}

impl FilingState {
    /// 审核状态 (R64)
    pub fn label(self) -> &'static str {
        match self {
            FilingState::Pending => "待审核",
            FilingState::InReview => "审核中",
            FilingState::Approved => "审核通过",
            FilingState::Returned => "已退回",
            FilingState::Rejected => "不予通过",
            FilingState::Withdrawn => "已撤销",
            FilingState::Terminated => "已终止",
        }
    }

    /// Waits for officers.
    pub fn is_open(self) -> bool {
        matches!(self, FilingState::Pending | FilingState::InReview)
    }
}

crate::codes! {
    FilingEvent {
        Claim = "claim",
        Release = "release",
        Approve = "approve",
        Return = "return",
        Reject = "reject",
        Withdraw = "withdraw",
        Resubmit = "resubmit",
        Terminate = "terminate",
        Transfer = "transfer",
        Undo = "undo",
    }
}

impl FilingEvent {
    /// How the history names it; a submission has no event of its own.
    pub fn label(self) -> &'static str {
        match self {
            FilingEvent::Claim => "领取",
            FilingEvent::Release => "释放",
            FilingEvent::Approve => "通过",
            FilingEvent::Return => "退回",
            FilingEvent::Reject => "不予通过",
            FilingEvent::Withdraw => "撤销申请",
            FilingEvent::Resubmit => "重新提交",
            FilingEvent::Terminate => "终止",
            FilingEvent::Transfer => "移送",
            FilingEvent::Undo => "撤回",
        }
    }
}

/// The table of transitions (R64). Where 撤回 leads depends on what is taken back: see [`may_take_back`].
pub fn next(state: FilingState, event: FilingEvent) -> Option<FilingState> {
    use FilingEvent as E;
    use FilingState as S;
    match (state, event) {
        (S::Pending, E::Claim) => Some(S::InReview),
        (S::Pending, E::Withdraw) => Some(S::Withdrawn),
        (S::InReview, E::Release) => Some(S::Pending),
        (S::InReview, E::Approve) => Some(S::Approved),
        (S::InReview, E::Return) => Some(S::Returned),
        (S::InReview, E::Reject) => Some(S::Rejected),
        (S::Returned, E::Resubmit) => Some(S::Pending),
        (S::Pending | S::InReview | S::Returned, E::Terminate) => Some(S::Terminated),
        (S::Pending | S::InReview, E::Transfer) => Some(S::Pending),
        (
            S::Pending | S::InReview | S::Approved | S::Returned | S::Rejected | S::Withdrawn | S::Terminated,
            E::Claim
            | E::Release
            | E::Approve
            | E::Return
            | E::Reject
            | E::Withdraw
            | E::Resubmit
            | E::Terminate
            | E::Transfer
            | E::Undo,
        ) => None,
    }
}

/// What officers do, alone or along with something else, and can take back for a moment.
const TAKEN_BACK: [FilingEvent; 7] = [
    FilingEvent::Claim,
    FilingEvent::Release,
    FilingEvent::Approve,
    FilingEvent::Return,
    FilingEvent::Reject,
    FilingEvent::Terminate,
    FilingEvent::Transfer,
];

/// Whether 撤回 can lead from one state back to another: an officer led from that one here. A business that came in
/// after its subject was claimed is claimed and returned along with it, which is two steps.
pub fn may_take_back(state: FilingState, before: FilingState) -> bool {
    let after = |state| TAKEN_BACK.into_iter().filter_map(move |event| next(state, event));
    after(before).any(|one| one == state || after(one).any(|two| two == state))
}

/// How long a filing can still be withdrawn: none where it cannot (R17). At thirty minutes sharp it
/// is over, and a clock that was set back does not prolong it beyond thirty minutes.
pub fn withdrawal_left(
    state: FilingState,
    submitted_at: OffsetDateTime,
    now: OffsetDateTime,
) -> Option<Duration> {
    let left = (submitted_at + WITHDRAWAL_WINDOW) - now;
    (next(state, FilingEvent::Withdraw).is_some() && left.is_positive()).then(|| left.min(WITHDRAWAL_WINDOW))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    /// R17: the server's clock decides, at 30:00 it is over.
    #[test]
    fn withdrawing_after_thirty_minutes_is_refused() {
        let at = datetime!(2026-11-23 12:00:00 UTC);
        for (state, minutes, seconds, allowed) in [
            (FilingState::Pending, 0, 0, true),
            (FilingState::Pending, 29, 59, true),
            (FilingState::Pending, 30, 0, false),
            (FilingState::Pending, 31, 0, false),
            (FilingState::InReview, 1, 0, false),
            (FilingState::Approved, 1, 0, false),
            (FilingState::Returned, 1, 0, false),
        ] {
            let now = at + Duration::minutes(minutes) + Duration::seconds(seconds);
            assert_eq!(withdrawal_left(state, at, now).is_some(), allowed, "{state:?} {minutes}:{seconds}");
        }
    }

    #[test]
    fn what_officers_do_can_be_taken_back_and_nothing_else() {
        use FilingState as S;
        for (state, before) in [
            (S::Approved, S::InReview),
            (S::Returned, S::InReview),
            (S::Returned, S::Pending),
            (S::Rejected, S::InReview),
            (S::Terminated, S::Returned),
            (S::InReview, S::Pending),
            (S::Pending, S::InReview),
            (S::Pending, S::Pending),
        ] {
            assert!(may_take_back(state, before), "{state:?} {before:?}");
        }
        for before in FilingState::ALL {
            assert!(!may_take_back(S::Withdrawn, before), "{before:?}: that is the applicant's");
            assert!(
                !may_take_back(before, S::Approved) && !may_take_back(before, S::Withdrawn),
                "{before:?}"
            );
        }
    }

    /// R64: the whole table, so that a change of it is seen.
    #[test]
    fn the_table_of_transitions_is_this() {
        let mut table = String::new();
        for state in FilingState::ALL {
            for event in FilingEvent::ALL {
                if let Some(to) = next(state, event) {
                    table += &format!("{} --{}--> {}\n", state.code(), event.code(), to.code());
                }
            }
        }
        assert_eq!(
            table,
            "pending --claim--> in_review\n\
             pending --withdraw--> withdrawn\n\
             pending --terminate--> terminated\n\
             pending --transfer--> pending\n\
             in_review --release--> pending\n\
             in_review --approve--> approved\n\
             in_review --return--> returned\n\
             in_review --reject--> rejected\n\
             in_review --terminate--> terminated\n\
             in_review --transfer--> pending\n\
             returned --resubmit--> pending\n\
             returned --terminate--> terminated\n"
        );
    }
}
