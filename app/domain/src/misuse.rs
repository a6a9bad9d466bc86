//! 【举报冒用】: what anybody may tell of a registration number that is misused, and how it is checked.

use serde::{Deserialize, Serialize};

use crate::codes;
use crate::schema::{Fault, fault};
use crate::value::text;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MisuseKind {
    /// Somebody else shows the number.
    Stolen,
    /// The site is not what was filed.
    Different,
    /// The filing was cancelled, the site still shows it.
    Cancelled,
    /// It was filed in somebody's name without their knowing.
    Name,
    Other,
}

codes!(MisuseKind {
    Stolen = "stolen",
    Different = "different",
    Cancelled = "cancelled",
    Name = "name",
    Other = "other",
});

impl MisuseKind {
    pub fn label(self) -> &'static str {
        match self {
            MisuseKind::Stolen => "其他网站或应用盗用此备案号",
            MisuseKind::Different => "实际内容与备案信息不符",
            MisuseKind::Cancelled => "备案已注销，仍在悬挂",
            MisuseKind::Name => "未经本人或本单位同意办理的备案",
            MisuseKind::Other => "其他情况",
        }
    }
}

/// Most characters of where it was seen.
pub const LONGEST_SITE: usize = 300;
/// Of what happened, and of an officer's note.
pub const LONGEST_TEXT: usize = 500;
/// Of how to reach whoever tells it.
pub const LONGEST_CONTACT: usize = 100;
/// Least characters of what happened, and of an officer's note.
const SHORTEST: usize = 5;

/// What was told, ready to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misuse {
    pub kind: MisuseKind,
    /// Where it was seen; may be empty.
    pub site: String,
    pub text: String,
    /// How to reach whoever tells it; may be empty.
    pub contact: String,
}

/// What was typed, in order, or what is wrong with it.
pub fn check_misuse(kind: &str, site: &str, story: &str, contact: &str) -> Result<Misuse, Vec<Fault>> {
    let kind = MisuseKind::from_code(kind).ok_or_else(|| fault("kind", "请选择举报的情况"));
    let named = |at: &str, name: &str, sentence: String| fault(at, format!("{name}：{sentence}"));
    let site =
        text::check_line(site, 0, LONGEST_SITE).map_err(|sentence| named("site", "发现地址", sentence));
    let story = text::check_text(story, SHORTEST, LONGEST_TEXT)
        .map_err(|sentence| named("text", "情况说明", sentence));
    let contact = text::check_line(contact, 0, LONGEST_CONTACT)
        .map_err(|sentence| named("contact", "联系方式", sentence));
    match (kind, site, story, contact) {
        (Ok(kind), Ok(site), Ok(text), Ok(contact)) => Ok(Misuse { kind, site, text, contact }),
        (kind, site, story, contact) => {
            Err([kind.err(), site.err(), story.err(), contact.err()].into_iter().flatten().collect())
        }
    }
}

/// An officer's note of what was done, in order, or what is wrong with it.
pub fn check_note(note: &str) -> Result<String, Fault> {
    text::check_text(note, SHORTEST, LONGEST_TEXT)
        .map_err(|sentence| fault("note", format!("处理说明：{sentence}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn a_report_says_what_is_wrong_and_nobody_has_to_say_who_they_are() {
        let told = check_misuse("stolen", "", "页脚写着这个备案号\r\n但不是同一家 ", "").unwrap();
        assert_eq!((told.kind, told.text.as_str()), (MisuseKind::Stolen, "页脚写着这个备案号\n但不是同一家"));
        assert_eq!((told.site.as_str(), told.contact.as_str()), ("", ""));
        let html = "<script>alert(1)</script>";
        assert_eq!(
            check_misuse("other", html, html, html).unwrap().text,
            html,
            "kept as it is, escaped where shown"
        );
    }

    #[test]
    fn each_answer_is_bounded_and_each_fault_is_told_at_once() {
        let (site, story, contact) = ("a".repeat(301), "字".repeat(501), "1".repeat(101));
        let faults = check_misuse("king", &site, &story, &contact).unwrap_err();
        assert_eq!(
            faults.iter().map(|fault| fault.at.as_str()).collect::<Vec<_>>(),
            ["kind", "site", "text", "contact"]
        );
        for (short, is_fine) in [
            ("", false),
            ("盗用", false),
            ("\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}", false),
            ("确实盗用了", true),
        ] {
            assert_eq!(check_misuse("other", "", short, "").is_ok(), is_fine, "{short}");
            assert_eq!(check_note(short).is_ok(), is_fine, "{short}");
        }
    }
}
