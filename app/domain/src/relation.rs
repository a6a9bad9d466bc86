//! The same person, the same site elsewhere: what two filings of different subjects can have in common, and how an
//! officer says that a pair was looked at.

use serde::{Deserialize, Serialize};

use crate::codes;
use crate::schema::{Fault, fault};
use crate::value::text;

/// What is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// A unit's certificate, such as its 统一社会信用代码.
    Certificate,
    /// The person who is the subject.
    Owner,
    Domain,
    /// Anybody named with an identity number.
    Person,
    Phone,
}

codes!(RelationKind {
    Certificate = "certificate",
    Owner = "owner",
    Domain = "domain",
    Person = "person",
    Phone = "phone",
});

impl RelationKind {
    pub fn label(self) -> &'static str {
        match self {
            RelationKind::Certificate => "单位证件号码相同",
            RelationKind::Owner => "同一个人主体",
            RelationKind::Domain => "域名相同",
            RelationKind::Person => "人员证件号码相同",
            RelationKind::Phone => "电话相同",
        }
    }

    /// Whether two that share it are the same subject or the same site filed twice, and not only related.
    pub fn is_exact(self) -> bool {
        matches!(self, RelationKind::Certificate | RelationKind::Owner | RelationKind::Domain)
    }
}

/// Where a page says what is wrong with a reason.
pub const REASON: &str = "reason";

/// Most and least characters of why a pair is in order.
pub const LONGEST_REASON: usize = 200;
pub const SHORTEST_REASON: usize = 4;

/// 已核对, with why; or what is wrong with the reason.
pub fn check_reason(typed: &str) -> Result<String, Fault> {
    text::check_text(typed, SHORTEST_REASON, LONGEST_REASON)
        .map_err(|sentence| fault(REASON, format!("核对情况：{sentence}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn who_looked_at_a_pair_says_what_came_of_it() {
        assert_eq!(check_reason("总公司与分公司 ").unwrap(), "总公司与分公司");
        for bad in ["", "已核", &"字".repeat(201)] {
            assert_eq!(check_reason(bad).unwrap_err().at, REASON, "{bad}");
        }
    }
}
