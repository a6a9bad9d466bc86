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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_found_or_said_confirms_and_only_what_is_missing_takes_it_back() {
        let after =
            BadgeFinding::ALL.map(|finding| [None, Some(1)].map(|before| finding.confirmed_at(before, 2)));
        assert_eq!(after, [[Some(2), Some(2)], [Some(2), Some(2)], [None, None], [None, Some(1)]]);
    }
}
