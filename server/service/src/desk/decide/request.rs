//! A decision as an officer writes it, kept when it could not be sent.

use std::collections::BTreeSet;

use domain::schema::{Fault, Form, Privacy, fault};
use domain::value::text::check_text;
use domain::view::Decision;

use crate::base::actor::Actor;
use crate::base::error::{Error, Result};

/// Longest reason in general, and at one field, in characters.
pub(super) const LONGEST_NOTE: usize = 1000;

const LONGEST_REMARK: usize = 500;

pub(super) const MOST_REMARKS: usize = 100;

/// What an officer says about a field, perhaps with what should stand there instead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remark {
    pub at: String,
    pub text: String,
    pub suggested: String,
}

/// A decision as an officer makes it on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRequest {
    pub decision: Decision,
    pub note: String,
    /// The legal ground of a refusal, one of those in the configuration; empty for the first.
    pub ground: String,
    pub remarks: Vec<Remark>,
    /// The points of `domain::sign_off` that were confirmed, by number from 0.
    pub signed: BTreeSet<usize>,
}

/// Filings of one bundle that are approved with one press.
#[derive(Debug, Clone)]
pub struct Together<'a> {
    /// The one the page is about, with the version that was seen.
    pub filing: (String, i64),
    pub along: Vec<(String, i64)>,
    /// The approval of that one.
    pub request: &'a DecisionRequest,
    /// What the others' lists ask for beside, as it was confirmed.
    pub also: BTreeSet<String>,
}

/// Where an officer's words about a filing are held that could not be sent.
pub(crate) fn decision_slot(actor: &Actor, filing: &str) -> String {
    format!("{}/decision/{filing}", actor.person_id)
}

/// Remarks as they are kept and told: a suggestion becomes part of the sentence. Personal values are
/// never suggested, since remarks are stored in the open (R70).
pub(crate) fn with_suggestions(forms: &[&'static Form], remarks: &[Remark]) -> Result<Vec<Fault>> {
    let mut kept = Vec::new();
    for Remark { at, text, suggested } in remarks {
        let (text, suggested) = (text.trim(), suggested.trim());
        let place = forms.iter().find_map(|form| form.place(at));
        if !suggested.is_empty()
            && place.is_some_and(|place| matches!(place.field.privacy, Privacy::Personal(_)))
        {
            let sentence =
                format!("“{}”是个人信息，不能填写建议内容", place.map_or("", |place| place.field.label));
            return Err(Error::Faults(vec![fault(at.clone(), sentence)]));
        }
        let message = match (text, suggested) {
            ("", "") => continue,
            (text, "") => text.to_owned(),
            ("", suggested) => format!("建议填写：{suggested}"),
            (text, suggested) => {
                format!("{}。建议填写：{suggested}", text.trim_end_matches(['。', '；', '.']))
            }
        };
        kept.push(fault(at.clone(), message));
    }
    Ok(kept)
}

/// The words of a decision, checked: what a return or refusal must say (R53), and that remarks name
/// fields of the form.
pub(crate) fn words(
    decision: Decision,
    forms: &[&'static Form],
    note: &str,
    remarks: &[Fault],
) -> Result<(String, Vec<Fault>)> {
    let mut faults = Vec::new();
    let mut tidy = |at: &str, text: &str, longest: usize| match check_text(text, 0, longest) {
        Ok(text) => text,
        Err(sentence) => {
            faults.push(fault(at, sentence));
            String::new()
        }
    };
    let note = tidy("note", note, LONGEST_NOTE);
    let mut kept = Vec::new();
    for remark in remarks.iter().take(MOST_REMARKS) {
        let message = tidy(&remark.at, &remark.message, LONGEST_REMARK);
        if !message.is_empty() {
            kept.push(fault(remark.at.clone(), message));
        }
    }
    for remark in &kept {
        if !forms.iter().any(|form| form.place(&remark.at).is_some()) {
            faults.push(fault("note", format!("表单中没有“{}”这一栏目", remark.at)));
        }
    }
    if !faults.is_empty() {
        return Err(Error::Faults(faults));
    }
    let missing = match decision {
        Decision::Approve => {
            kept.clear();
            None
        }
        Decision::Return => {
            (note.is_empty() && kept.is_empty()).then_some("请填写退回的理由，或至少对一个栏目提出意见")
        }
        Decision::Reject => note.is_empty().then_some("请填写不予通过的理由"),
    };
    match missing {
        Some(sentence) => Err(Error::Faults(vec![fault("note", sentence)])),
        None => Ok((note, kept)),
    }
}
