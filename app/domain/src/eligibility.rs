//! What may be begun now, and why not. The same functions decide what a page offers and what the server
//! allows (R79).

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::business::Business;
use crate::procedure::Procedure;
use crate::record::RecordState;

/// Why something cannot be begun, in the person's words (R79).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// There is no subject at all (R4, R5).
    NoSubject,
    /// There is none because the one applied for came back (R53).
    SubjectReturned,
    /// 新增主体 is under way already.
    SubjectUnderWay,
    /// The subject is not approved yet (R16).
    SubjectNotApproved,
    /// Something about this record is under review (R20).
    UnderReview,
    SubjectCancelling,
    SubjectTransferring,
    SubjectCancelled,
    RecordNotApproved,
    RecordCancelled,
    /// A transfer needs every filing of the subject closed (R24).
    OpenFilings,
}

impl Refusal {
    pub fn sentence(self) -> &'static str {
        match self {
            Refusal::NoSubject => "您当前尚无有效主体，请先申请主体",
            Refusal::SubjectReturned => "您的新增主体申请已退回，请先修改后重新提交",
            Refusal::SubjectUnderWay => "您已有一份新增主体申请正在办理，请等待审核结果",
            Refusal::SubjectNotApproved => "主体尚未审核通过，通过后才能办理此项业务",
            Refusal::UnderReview => "存在审核中的单据",
            Refusal::SubjectCancelling => "主体正在注销，不能办理新的业务；如需继续使用，请先撤销注销申请",
            Refusal::SubjectTransferring => "主体正在移交，不能办理新的业务；如需继续使用，请先撤回移交",
            Refusal::SubjectCancelled => "主体已注销，不能再办理业务",
            Refusal::RecordNotApproved => "尚未审核通过，不能办理变更或注销",
            Refusal::RecordCancelled => "已注销，不能再办理业务",
            Refusal::OpenFilings => "该主体还有未办结的申请单，办结后才能移交",
        }
    }

    /// The same, known more exactly: whoever has no subject may have one that came back.
    pub fn with_returned_subject(self, is_returned: bool) -> Self {
        match self {
            Refusal::NoSubject if is_returned => Refusal::SubjectReturned,
            other => other,
        }
    }

    /// Whether the form is not even opened, as nothing typed into it could be filed. A second change is
    /// told when it is submitted (R20): the first may be decided before that.
    pub fn closes_form(self) -> bool {
        self != Refusal::UnderReview
    }
}

/// Whether a procedure may be begun for this subject (and, beyond subjects, this record).
/// `subject` is none where the person has none.
pub fn may_begin(
    procedure: Procedure,
    subject: Option<RecordState>,
    record: Option<RecordState>,
) -> Result<(), Refusal> {
    if procedure == Procedure::new(Business::Subject, Action::New) {
        return match subject {
            Some(RecordState::Pending) => Err(Refusal::SubjectUnderWay),
            _ => Ok(()),
        };
    }
    let subject = match subject {
        None | Some(RecordState::Void) => return Err(Refusal::NoSubject),
        Some(state) => state,
    };
    match subject {
        RecordState::Cancelled => return Err(Refusal::SubjectCancelled),
        RecordState::Cancelling if procedure.business == Business::Subject => {
            return Err(Refusal::UnderReview);
        }
        RecordState::Cancelling => return Err(Refusal::SubjectCancelling),
        RecordState::Transferring => return Err(Refusal::SubjectTransferring),
        RecordState::Pending if procedure.action != Action::New => return Err(Refusal::SubjectNotApproved),
        RecordState::Changing if procedure.business == Business::Subject => return Err(Refusal::UnderReview),
        RecordState::Pending | RecordState::Active | RecordState::Changing | RecordState::Void => {}
    }
    if procedure.business == Business::Subject || procedure.action == Action::New {
        return Ok(());
    }
    match record {
        Some(RecordState::Active) => Ok(()),
        Some(RecordState::Changing | RecordState::Cancelling) => Err(Refusal::UnderReview),
        Some(RecordState::Cancelled) => Err(Refusal::RecordCancelled),
        Some(RecordState::Pending | RecordState::Void | RecordState::Transferring) | None => {
            Err(Refusal::RecordNotApproved)
        }
    }
}

/// Whether a subject may be handed over (R24). `open_filings` counts those of everything attached.
pub fn may_transfer(subject: Option<RecordState>, open_filings: u64) -> Result<(), Refusal> {
    match subject {
        None | Some(RecordState::Void) => Err(Refusal::NoSubject),
        Some(RecordState::Pending) => Err(Refusal::SubjectNotApproved),
        Some(RecordState::Changing | RecordState::Cancelling) => Err(Refusal::UnderReview),
        Some(RecordState::Transferring) => Err(Refusal::SubjectTransferring),
        Some(RecordState::Cancelled) => Err(Refusal::SubjectCancelled),
        Some(RecordState::Active) if open_filings > 0 => Err(Refusal::OpenFilings),
        Some(RecordState::Active) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{RecordEvent, next};

    /// R26, R79: what is offered for a subject is what the table allows, and everything else has a
    /// sentence.
    #[test]
    fn a_subject_is_offered_exactly_what_the_table_allows() {
        let of_subject = |action| Procedure::new(Business::Subject, action);
        for state in RecordState::ALL {
            for (offered, event) in [
                (may_begin(of_subject(Action::Change), Some(state), None), RecordEvent::BeginChange),
                (may_begin(of_subject(Action::Cancel), Some(state), None), RecordEvent::BeginCancel),
                (may_transfer(Some(state), 0), RecordEvent::OfferTransfer),
            ] {
                assert_eq!(offered.is_ok(), next(state, event).is_some(), "{event:?} in {state:?}");
                assert!(offered.err().is_none_or(|refusal| !refusal.sentence().is_empty()));
            }
            assert!(may_transfer(Some(state), 1).is_err(), "{state:?}");
            // During 注销中 and 移交中 no new business either.
            let site = may_begin(Procedure::new(Business::Website, Action::New), Some(state), None);
            let allowed = [RecordState::Pending, RecordState::Active, RecordState::Changing];
            assert_eq!(site.is_ok(), allowed.contains(&state), "{state:?}");
        }
    }
}
