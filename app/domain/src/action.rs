//! What is done with a record, whatever the business: how its form opens, which state the record gets
//! meanwhile, and what approval does. Pages, server and tests read it from here.

use serde::{Deserialize, Serialize};

use crate::record::RecordState;

/// What is done with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    New,
    Change,
    Cancel,
}

crate::codes! {
    Action {
        New = "new",
        Change = "change",
        Cancel = "cancel",
    }
}

impl Action {
    /// The word on the button beside a record.
    pub fn verb(self) -> &'static str {
        match self {
            Action::New => "新办",
            Action::Change => "变更",
            Action::Cancel => "注销",
        }
    }

    pub fn opening(self) -> Opening {
        match self {
            Action::New => Opening::Blank,
            Action::Change => Opening::FromRecord,
            Action::Cancel => Opening::IdentityCheck,
        }
    }

    pub fn confirmation(self) -> Confirmation {
        match self {
            Action::New | Action::Cancel => Confirmation::Plain,
            Action::Change => Confirmation::Comparison,
        }
    }

    pub fn effect(self) -> Effect {
        match self {
            Action::New => Effect::Create,
            Action::Change => Effect::Replace,
            Action::Cancel => Effect::Cancel,
        }
    }

    /// The record's state while the filing is open.
    pub fn meanwhile(self) -> RecordState {
        match self {
            Action::New => RecordState::Pending,
            Action::Change => RecordState::Changing,
            Action::Cancel => RecordState::Cancelling,
        }
    }
}

/// How the form of a procedure begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Empty.
    Blank,
    /// With today's data of the record (R18, R35).
    FromRecord,
    /// With the identity check alone (R22, R36).
    IdentityCheck,
}

/// How a submission is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    Plain,
    /// With the comparison (R19).
    Comparison,
}

/// What approval does to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The record comes into force, with a registration number where its business has one.
    Create,
    /// The new data replace the old.
    Replace,
    /// The record ends; a subject takes everything attached with it (R23).
    Cancel,
}
