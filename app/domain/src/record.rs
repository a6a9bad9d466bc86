//! The states of a record (R26) and what becomes of them.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// 待审核: its first filing is open.
    Pending,
    /// 有效
    Active,
    /// 变更中
    Changing,
    /// 注销中
    Cancelling,
    /// 移交中, subjects only
    Transferring,
    /// 已注销
    Cancelled,
    /// Never came into force: its first filing was withdrawn, returned or refused. Not shown.
    Void,
}

/// What happens to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordEvent {
    /// A change was submitted.
    BeginChange,
    /// A cancellation was submitted.
    BeginCancel,
    /// A subject was offered to another person (R24).
    OfferTransfer,
    /// The open filing was approved.
    Approve,
    /// The open filing was withdrawn, returned or refused.
    Fail,
    /// A returned first filing was submitted again (R53).
    Resume,
    /// The recipient received the subject (R25).
    Receive,
    /// The offer was revoked, refused or lapsed.
    EndTransfer,
    /// The subject was cancelled (R23).
    SubjectCancelled,
}

impl RecordEvent {
    pub const ALL: [RecordEvent; 9] = [
        RecordEvent::BeginChange,
        RecordEvent::BeginCancel,
        RecordEvent::OfferTransfer,
        RecordEvent::Approve,
        RecordEvent::Fail,
        RecordEvent::Resume,
        RecordEvent::Receive,
        RecordEvent::EndTransfer,
        RecordEvent::SubjectCancelled,
    ];
}

crate::codes! {
    RecordState {
        Pending = "pending",
        Active = "active",
        Changing = "changing",
        Cancelling = "cancelling",
        Transferring = "transferring",
        Cancelled = "cancelled",
        Void = "void",
    }
}

impl RecordState {
    /// The word on the page (R26).
    pub fn label(self) -> &'static str {
        match self {
            RecordState::Pending => "待审核",
            RecordState::Active => "有效",
            RecordState::Changing => "变更中",
            RecordState::Cancelling => "注销中",
            RecordState::Transferring => "移交中",
            RecordState::Cancelled => "已注销",
            RecordState::Void => "未生效",
        }
    }

    /// In force: approved and not ended.
    pub fn is_in_force(self) -> bool {
        match self {
            RecordState::Active
            | RecordState::Changing
            | RecordState::Cancelling
            | RecordState::Transferring => true,
            RecordState::Pending | RecordState::Cancelled | RecordState::Void => false,
        }
    }
}

/// The table of transitions. Nothing else says what a record becomes.
pub fn next(state: RecordState, event: RecordEvent) -> Option<RecordState> {
    use RecordEvent as E;
    use RecordState as S;
    match (state, event) {
        (S::Pending, E::Approve) => Some(S::Active),
        (S::Pending, E::Fail | E::SubjectCancelled) => Some(S::Void),
        (S::Void, E::Resume) => Some(S::Pending),
        (S::Active, E::BeginChange) => Some(S::Changing),
        (S::Active, E::BeginCancel) => Some(S::Cancelling),
        (S::Active, E::OfferTransfer) => Some(S::Transferring),
        (S::Changing, E::Approve | E::Fail) => Some(S::Active),
        (S::Cancelling, E::Approve) => Some(S::Cancelled),
        (S::Cancelling, E::Fail) => Some(S::Active),
        (S::Transferring, E::Receive | E::EndTransfer) => Some(S::Active),
        (S::Active | S::Changing | S::Cancelling, E::SubjectCancelled) => Some(S::Cancelled),
        (
            S::Pending | S::Active | S::Changing | S::Cancelling | S::Transferring | S::Cancelled | S::Void,
            E::BeginChange
            | E::BeginCancel
            | E::OfferTransfer
            | E::Approve
            | E::Fail
            | E::Resume
            | E::Receive
            | E::EndTransfer
            | E::SubjectCancelled,
        ) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R26: the whole table, so that a change of it is seen.
    #[test]
    fn the_table_of_transitions_is_this() {
        let mut table = String::new();
        for state in RecordState::ALL {
            for event in RecordEvent::ALL {
                if let Some(to) = next(state, event) {
                    table += &format!("{} --{event:?}--> {}\n", state.code(), to.code());
                }
            }
        }
        assert_eq!(
            table,
            "pending --Approve--> active\n\
             pending --Fail--> void\n\
             pending --SubjectCancelled--> void\n\
             active --BeginChange--> changing\n\
             active --BeginCancel--> cancelling\n\
             active --OfferTransfer--> transferring\n\
             active --SubjectCancelled--> cancelled\n\
             changing --Approve--> active\n\
             changing --Fail--> active\n\
             changing --SubjectCancelled--> cancelled\n\
             cancelling --Approve--> cancelled\n\
             cancelling --Fail--> active\n\
             cancelling --SubjectCancelled--> cancelled\n\
             transferring --Receive--> active\n\
             transferring --EndTransfer--> active\n\
             void --Resume--> pending\n"
        );
    }
}
