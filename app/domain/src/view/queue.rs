//! The queue of officers (R61).

use serde::{Deserialize, Serialize};

use super::display::DeskSettings;
use super::filing::EventView;
use super::load::OfficerChoice;
use super::region::RegionOption;
use crate::filing::FilingState;
use crate::procedure::Procedure;
use crate::value::text::tidy;

/// The review queue (R61).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueRow {
    pub id: String,
    pub reference: String,
    pub procedure: Procedure,
    pub title: String,
    pub subject_name: String,
    pub state: FilingState,
    pub submitted_at: String,
    /// Whole days since it was submitted.
    pub age_days: i64,
    pub jurisdiction: String,
    pub is_mine: bool,
    /// The officer filed it and cannot decide about it.
    pub is_own: bool,
    pub claimed_by: Option<String>,
    pub round: i32,
    /// It came in since the officer last said that they had seen everything.
    pub is_new: bool,
    pub is_overdue: bool,
    /// It came from another region.
    pub has_moved: bool,
    /// 待补充说明: the applicant is asked something, and the clock stands still.
    #[serde(default)]
    pub waits_for_answer: bool,
}

/// What a queue's address asks for. Old addresses lack what came later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueRequest {
    /// `all`, `open`, `mine`, `resubmitted`, `overdue`, `waiting`, `arrived`, `done` or a state's code
    pub state: String,
    /// A procedure's code, or a business's
    pub procedure: String,
    /// A region within the officer's own
    pub region: String,
    /// `none`, `me` or an officer's id
    pub claimed_by: String,
    /// Submitted at least so many days ago; `today` for those of today
    pub age: String,
    /// Reference, registration number, subject, domain
    pub search: String,
    /// `oldest` or `newest`; otherwise as the state suggests
    pub sort: String,
    pub after: String,
}

/// What the search of an address says in place of the name or id number of an individual, which the server keeps for the
/// officer (R70).
pub const SOUGHT_PERSON: &str = "查找的个人";

impl QueueRequest {
    /// Names in the address, and what they mean.
    fn parts(&mut self) -> [(&'static str, &mut String); 8] {
        [
            ("procedure", &mut self.procedure),
            ("state", &mut self.state),
            ("region", &mut self.region),
            ("claimed_by", &mut self.claimed_by),
            ("age", &mut self.age),
            ("search", &mut self.search),
            ("sort", &mut self.sort),
            ("after", &mut self.after),
        ]
    }

    /// Reads each part of an address by its name.
    pub fn read(mut part: impl FnMut(&str) -> String) -> Self {
        let mut request = Self::default();
        for (name, kept) in request.parts() {
            *kept = part(name);
        }
        request.tidied()
    }

    /// Without what nobody sees and no database takes.
    pub fn tidied(mut self) -> Self {
        for (_, part) in self.parts() {
            *part = tidy(part);
        }
        self
    }

    /// What stands behind the `?` of a queue's address. Whatever it does not know is left out.
    pub fn from_query(query: &str) -> Self {
        let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        Self::read(|wanted| {
            let pair = pairs.iter().find(|(name, _)| *name == wanted);
            pair.map(|(_, value)| decoded(value)).unwrap_or_default()
        })
    }

    /// The parts that are set, in their order.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut copy = self.clone();
        let parts = copy.parts().map(|(name, value)| (name, value.clone()));
        parts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// A value of a query as it was meant.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| (digit? as char).to_digit(16));
                match digits {
                    [Some(high), Some(low)] => u8::try_from(high * 16 + low).unwrap_or(b'?'),
                    _ => b'?',
                }
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What the filters of the queue offer, and what stands beside them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct QueueDesk {
    /// The officer's region.
    pub region: RegionOption,
    /// The regions above the chosen one up to the officer's, and those directly below it.
    pub above: Vec<RegionOption>,
    pub below: Vec<RegionOption>,
    /// Officers who have claimed something here: id and name.
    pub officers: Vec<(String, String)>,
    pub views: Vec<SavedView>,
    /// What has arrived since the officer last said that they had seen everything; not beyond 100.
    pub arrived: u64,
    /// How the officer likes it shown.
    #[serde(default)]
    pub settings: DeskSettings,
}

/// A queue as an officer wants to find it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    pub id: String,
    pub name: String,
    /// The query of the queue's address.
    pub query: String,
}

/// The filings before and after one in a queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbours {
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// A filing in an officer's hands, as administrators see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimRow {
    pub id: String,
    pub reference: String,
    pub procedure: Procedure,
    /// Of an individual both are masked, as everywhere (R70).
    pub title: String,
    pub subject_name: String,
    pub jurisdiction: String,
    pub officer: String,
    pub officer_id: String,
    pub claimed_at: String,
    /// Since the officer last did something here.
    pub idle_minutes: i64,
}

/// What a take-over would be about, for the administrator (R60): which filing, whose, and who did what with it; no answer
/// of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldFiling {
    pub id: String,
    pub reference: String,
    pub procedure: Procedure,
    /// Masked where it is an individual's name.
    pub title: String,
    pub subject_name: String,
    pub owner_kind: String,
    pub jurisdiction: String,
    pub submitted_at: String,
    pub round: i32,
    pub officer: String,
    pub claimed_at: String,
    pub idle_minutes: i64,
    /// What else of the subject goes with it: reference, procedure, title.
    pub together: Vec<(String, Procedure, String)>,
    /// The newest first.
    pub history: Vec<EventView>,
    /// What the page was drawn from: who gives it to somebody else gives that.
    #[serde(default)]
    pub version: i64,
    /// To whom it can be given.
    #[serde(default)]
    pub choices: Vec<OfficerChoice>,
}

/// What matches a search beyond this is neither listed nor counted: type more of it.
pub const MOST_FOUND: u64 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_found_again_by_its_query() {
        let request = QueueRequest {
            state: "overdue".to_owned(),
            search: "某某 科技&=+100%".to_owned(),
            ..QueueRequest::default()
        };
        let query = "state=overdue&search=%E6%9F%90%E6%9F%90+%E7%A7%91%E6%8A%80%26%3D%2B100%25&other=1";
        assert_eq!(QueueRequest::from_query(query), request);
        assert_eq!(request.pairs(), [("state", request.state.clone()), ("search", request.search.clone())]);
        for broken in ["", "&&", "state", "%", "state=%", "search=%zz"] {
            QueueRequest::from_query(broken);
        }
    }
}
