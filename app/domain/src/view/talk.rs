//! 补充说明 of a filing, as officers and applicants see it.

use serde::{Deserialize, Serialize};

use super::file::FileView;
use super::offer::Refused;
use crate::answer::Answers;
use crate::schema::Fault;
use crate::talk::QuestionEnd;

/// The thread of a filing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TalkView {
    /// The oldest first.
    pub questions: Vec<QuestionView>,
    /// None: may ask, or answer. Some: why not.
    pub refused: Option<Refused>,
    /// What an officer can ask about: address and name.
    pub fields: Vec<(String, String)>,
    /// What was typed and did not pass, and what is wrong with it.
    pub typed: Answers,
    pub faults: Vec<Fault>,
    /// Files that were sent with it.
    pub files: Vec<FileView>,
}

/// A question with its answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionView {
    pub id: String,
    /// The address of the field it is about; empty: of none in particular.
    pub field: String,
    /// What that field is called.
    pub label: String,
    /// 审核民警; for officers with the name.
    pub who: String,
    pub at: String,
    pub text: String,
    /// None while it is open.
    pub end: Option<QuestionEnd>,
    pub answers: Vec<AnswerView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnswerView {
    pub at: String,
    pub text: String,
    pub files: Vec<FileView>,
}

impl TalkView {
    /// Whether an answer is waited for.
    pub fn is_waiting(&self) -> bool {
        self.questions.iter().any(|question| question.end.is_none())
    }
}
