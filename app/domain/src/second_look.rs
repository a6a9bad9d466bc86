//! 抽查复核: a share of decisions that a second officer judges blind. Which are chosen, how a judgement is checked, and
//! when two officers agree.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::codes;
use crate::filing::FilingEvent;
use crate::schema::{Fault, Form, fault};
use crate::value::text::check_text;

/// All of them.
pub const MOST_PERCENT: u8 = 100;

/// Longest note of a judgement, in characters.
pub const LONGEST_NOTE: usize = 1000;

/// So many fields can be named.
pub const MOST_FIELDS: usize = 100;

/// Of fewer than this no percentage is said.
pub const FEWEST_FOR_PERCENT: u64 = 5;

/// What a field is called that stands for a return or refusal without remarks at fields.
pub const IN_GENERAL: &str = "整体意见";

/// Whether a decision is chosen, by a random number of which every one is equally likely: of a hundred equal parts of
/// all numbers, whether it lies in the first `percent`.
pub fn is_chosen(draw: u64, percent: u8) -> bool {
    let part = (u128::from(draw) * u128::from(MOST_PERCENT)) >> u64::BITS;
    part < u128::from(percent)
}

/// What a second officer holds to be right, and what the first decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    Approve,
    Return,
    Reject,
}

codes!(Judgement {
    Approve = "approve",
    Return = "return",
    Reject = "reject",
});

impl Judgement {
    /// What the decision is called.
    pub fn label(self) -> &'static str {
        match self {
            Judgement::Approve => "通过",
            Judgement::Return => "退回",
            Judgement::Reject => "不予通过",
        }
    }

    /// What the choice of the second officer is called, as nothing on another page is.
    pub fn choice(self) -> &'static str {
        match self {
            Judgement::Approve => "应当通过",
            Judgement::Return => "应当退回",
            Judgement::Reject => "应当不予通过",
        }
    }

    /// That of a decision; none of other events.
    pub fn of_event(event: FilingEvent) -> Option<Self> {
        match event {
            FilingEvent::Approve => Some(Judgement::Approve),
            FilingEvent::Return => Some(Judgement::Return),
            FilingEvent::Reject => Some(Judgement::Reject),
            FilingEvent::Claim
            | FilingEvent::Release
            | FilingEvent::Withdraw
            | FilingEvent::Resubmit
            | FilingEvent::Terminate
            | FilingEvent::Transfer
            | FilingEvent::Undo => None,
        }
    }
}

/// A judgement as it was posted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedJudgement {
    /// A code of [`Judgement`].
    pub judgement: String,
    /// Addresses of fields.
    pub fields: BTreeSet<String>,
    pub note: String,
}

/// A judgement that passed every check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedJudgement {
    pub judgement: Judgement,
    /// Of the forms; empty for an approval.
    pub fields: BTreeSet<String>,
    pub note: String,
}

/// Checks a judgement about a filing with these forms.
///
/// # Errors
/// What is wrong, at `judgement` or `note`.
pub fn check_judgement(
    typed: &TypedJudgement,
    forms: &[&'static Form],
) -> Result<CheckedJudgement, Vec<Fault>> {
    let Some(judgement) = Judgement::from_code(&typed.judgement) else {
        return Err(vec![fault("judgement", "请选择复核结论")]);
    };
    let note = check_text(&typed.note, 0, LONGEST_NOTE).map_err(|sentence| vec![fault("note", sentence)])?;
    let named = |at: &&String| forms.iter().any(|form| form.place(at).is_some());
    let fields: BTreeSet<String> = typed.fields.iter().filter(named).take(MOST_FIELDS).cloned().collect();
    match judgement {
        Judgement::Approve => Ok(CheckedJudgement { judgement, fields: BTreeSet::new(), note }),
        Judgement::Return if fields.is_empty() && note.is_empty() => {
            Err(vec![fault("note", "请勾选有问题的栏目，或写明应当退回的理由")])
        }
        Judgement::Reject if note.is_empty() => Err(vec![fault("note", "请写明应当不予通过的理由")]),
        Judgement::Return | Judgement::Reject => Ok(CheckedJudgement { judgement, fields, note }),
    }
}

/// How often two officers agreed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    pub judged: u64,
    pub agreed: u64,
}

impl Agreement {
    pub fn add(&mut self, agrees: bool) {
        self.judged += 1;
        self.agreed += u64::from(agrees);
    }

    /// In whole percent, rounded to the nearest; none of so few that it would say nothing, or tell of one.
    pub fn percent(self) -> Option<u64> {
        (self.judged >= FEWEST_FOR_PERCENT).then(|| (self.agreed * 100 + self.judged / 2) / self.judged)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::action::Action;
    use crate::business::Business;
    use crate::procedure::Procedure;

    #[test]
    fn nothing_is_chosen_at_nought_and_everything_at_a_hundred() {
        for draw in [0, 1, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
            assert!(!is_chosen(draw, 0) && is_chosen(draw, 100), "{draw}");
        }
        let hundredth = u64::MAX / 100;
        assert!(is_chosen(0, 1) && is_chosen(hundredth, 1) && !is_chosen(hundredth + 1, 1));
        assert!(is_chosen(u64::MAX / 2, 50) && !is_chosen(u64::MAX / 2 + 1, 50));
        assert!(!is_chosen(u64::MAX, 99));
    }

    #[test]
    fn as_many_are_chosen_as_the_share_says() {
        let steps = 10_000_u64;
        for percent in [1, 7, 30, 50, 99] {
            let draws = (0..steps).map(|step| step * (u64::MAX / steps) + u64::MAX / steps / 2);
            let chosen = draws.filter(|draw| is_chosen(*draw, percent)).count();
            assert_eq!(chosen as u64, u64::from(percent) * steps / 100, "{percent}");
        }
    }

    #[test]
    fn choices_are_no_part_of_each_other() {
        for one in Judgement::ALL {
            assert_eq!(FilingEvent::from_code(one.code()).and_then(Judgement::of_event), Some(one));
            for other in Judgement::ALL {
                assert_eq!(one.choice().contains(other.choice()), one == other);
            }
        }
    }

    #[test]
    fn a_judgement_says_what_is_wrong() {
        let forms = [Procedure::new(Business::Website, Action::New).form()];
        let typed = |judgement: &str, fields: &[&str], note: &str| TypedJudgement {
            judgement: judgement.to_owned(),
            fields: fields.iter().map(|at| (*at).to_owned()).collect(),
            note: note.to_owned(),
        };
        let fault_of = |typed| check_judgement(&typed, &forms).map_err(|faults| faults[0].at.clone());
        assert_eq!(fault_of(typed("", &[], "")).unwrap_err(), "judgement");
        assert_eq!(fault_of(typed("undo", &[], "")).unwrap_err(), "judgement");
        assert_eq!(fault_of(typed("return", &[], " ")).unwrap_err(), "note");
        assert_eq!(fault_of(typed("return", &["no.such"], "")).unwrap_err(), "note");
        assert_eq!(fault_of(typed("reject", &["site.name"], "")).unwrap_err(), "note");
        assert_eq!(fault_of(typed("approve", &[], &"字".repeat(1001))).unwrap_err(), "note");
        let returned = fault_of(typed("return", &["site.name", "no.such"], "")).unwrap();
        assert_eq!(returned.fields, BTreeSet::from(["site.name".to_owned()]));
        // What is right has no wrong fields.
        assert!(fault_of(typed("approve", &["site.name"], "")).unwrap().fields.is_empty());
        assert_eq!(fault_of(typed("reject", &[], "不属于本类业务")).unwrap().note, "不属于本类业务");
    }

    #[test]
    fn of_few_no_percentage_is_said() {
        assert_eq!(Agreement { judged: 4, agreed: 4 }.percent(), None);
        assert_eq!(Agreement { judged: 5, agreed: 4 }.percent(), Some(80));
        assert_eq!(Agreement { judged: 6, agreed: 4 }.percent(), Some(67));
        assert_eq!(Agreement::default().percent(), None);
    }
}
