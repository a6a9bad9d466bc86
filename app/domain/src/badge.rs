//! What came of looking for the badge of a record (R38).

use serde::{Deserialize, Serialize};

use crate::codes;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadgeFinding {
    /// The server found number or public address on the page.
    Seen,
    /// The person says that it hangs there; nobody looked.
    Declared,
    /// The page answered, and has neither.
    Missing,
    /// The page did not answer, so nothing is known.
    Unreachable,
}

codes!(BadgeFinding {
    Seen = "seen",
    Declared = "declared",
    Missing = "missing",
    Unreachable = "unreachable",
});

impl BadgeFinding {
    /// Since when the badge is taken to hang, after this finding at `now`: a page that does not answer says nothing
    /// about what was found before.
    pub fn confirmed_at(self, before: Option<i64>, now: i64) -> Option<i64> {
        match self {
            BadgeFinding::Seen | BadgeFinding::Declared => Some(now),
            BadgeFinding::Missing => None,
            BadgeFinding::Unreachable => before,
        }
    }
}

/// Whether the person may say that the badge hangs there: where the server cannot look, or looked and did not find it
/// (pages that a script draws show it nothing).
pub fn may_declare(server_looks: bool, last: Option<BadgeFinding>) -> bool {
    !server_looks || matches!(last, Some(BadgeFinding::Missing | BadgeFinding::Unreachable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_found_or_said_confirms_and_only_what_is_missing_takes_it_back() {
        let after =
            BadgeFinding::ALL.map(|finding| [None, Some(1)].map(|before| finding.confirmed_at(before, 2)));
        assert_eq!(after, [[Some(2), Some(2)], [Some(2), Some(2)], [None, None], [None, Some(1)]]);
    }

    #[test]
    fn a_word_is_taken_where_the_server_cannot_look_or_did_not_find_it() {
        let findings = || BadgeFinding::ALL.into_iter().map(Some).chain([None]);
        assert!(findings().all(|last| may_declare(false, last)));
        let with_looks: Vec<bool> = findings().map(|last| may_declare(true, last)).collect();
        assert_eq!(with_looks, [false, false, true, true, false]);
    }
}
