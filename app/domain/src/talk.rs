//! 补充说明: what an officer asks about a filing without returning it, and what the applicant answers. While a
//! question is open the filing is 待补充说明, and its clock stands still.

use serde::{Deserialize, Serialize};

use crate::codes;
use crate::schema::{Fault, fault};
use crate::value::text;

/// What a filing is called while a question is open.
pub const WAITING: &str = "待补充说明";

/// Most characters of a question, and of an answer.
pub const LONGEST_QUESTION: usize = 500;
pub const LONGEST_ANSWER: usize = 1000;
/// Least characters of a question.
const SHORTEST: usize = 4;
/// So many questions of a filing may be open at once.
pub const MOST_OPEN: usize = 5;
/// So many files go with an answer.
pub const MOST_FILES: usize = 3;

/// Where a page says what is wrong: with the words, with the field they are about, with the files.
pub const TEXT: &str = "text";
pub const FIELD: &str = "field";
pub const FILES: &str = "files";

/// How a question ceased to be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionEnd {
    Answered,
    /// 无需补充: the officer does without an answer.
    Closed,
    /// The filing was decided.
    Decided,
    /// The filing was withdrawn, or ended with its subject.
    Withdrawn,
}

codes!(QuestionEnd {
    Answered = "answered",
    Closed = "closed",
    Decided = "decided",
    Withdrawn = "withdrawn",
});

impl QuestionEnd {
    /// What stands beside the question.
    pub fn label(self) -> &'static str {
        match self {
            QuestionEnd::Answered => "已回复",
            QuestionEnd::Closed => "无需补充",
            QuestionEnd::Decided => "已作出决定",
            QuestionEnd::Withdrawn => "申请已结束",
        }
    }
}

/// A question as it is kept, or what is wrong with it.
pub fn check_question(typed: &str) -> Result<String, Fault> {
    text::check_text(typed, SHORTEST, LONGEST_QUESTION)
        .map_err(|sentence| fault(TEXT, format!("问题：{sentence}")))
}

/// An answer as it is kept, or what is wrong with it. Files may stand for words.
pub fn check_answer(typed: &str, files: usize) -> Result<String, Vec<Fault>> {
    let least = usize::from(files == 0);
    let words = text::check_text(typed, least, LONGEST_ANSWER)
        .map_err(|sentence| fault(TEXT, format!("您的说明：{sentence}")));
    let too_many = (files > MOST_FILES).then(|| fault(FILES, format!("一次最多附 {MOST_FILES} 个文件")));
    match (words, too_many) {
        (Ok(words), None) => Ok(words),
        (words, too_many) => Err(words.err().into_iter().chain(too_many).collect()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn a_question_is_short_and_says_something() {
        assert_eq!(check_question("请说明域名证书的持有人 ").unwrap(), "请说明域名证书的持有人");
        for bad in ["", "？？", "\u{200b}\u{200b}\u{200b}\u{200b}", &"字".repeat(501)] {
            assert_eq!(check_question(bad).unwrap_err().at, TEXT, "{bad}");
        }
    }

    #[test]
    fn an_answer_has_words_or_files_and_not_too_many_of_either() {
        assert_eq!(check_answer("是本单位", 0).unwrap(), "是本单位");
        assert_eq!(check_answer("  ", 2).unwrap(), "");
        assert_eq!(check_answer("", 0).unwrap_err()[0].at, TEXT);
        let faults = check_answer(&"字".repeat(1001), 4).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.at.as_str()).collect::<Vec<_>>(), [TEXT, FILES]);
    }
}
