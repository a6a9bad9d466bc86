//! What pages show again and again, kept in memory for a short time: working days, ready reasons, names of officers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::calendar::Calendar;
use time::{Duration, OffsetDateTime};

/// What is changed on another server is known after so long at the latest.
const KEPT: Duration = Duration::minutes(1);

/// Something as pages use it, kept in memory: what is entered here counts at once, what is entered on another server,
/// or in the very moment it is read, within [`KEPT`]. What is written is reckoned by the table.
pub(crate) struct Known<T>(Mutex<Option<(OffsetDateTime, Arc<T>)>>);

/// Working days.
pub(crate) type KnownCalendar = Known<Calendar>;

impl<T> Default for Known<T> {
    fn default() -> Self {
        Known(Mutex::new(None))
    }
}

impl<T> Known<T> {
    pub(crate) fn get(&self, now: OffsetDateTime) -> Option<Arc<T>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(read, _)| (now - *read).abs() < KEPT).map(|(_, value)| Arc::clone(value))
    }

    pub(crate) fn set(&self, known: Option<(OffsetDateTime, Arc<T>)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

/// So many names are kept; with more all are forgotten.
const MOST_NAMES: usize = 1_000;

/// Names by the person's id, with when each was read.
#[derive(Default)]
pub(crate) struct KnownNames(Mutex<HashMap<String, (OffsetDateTime, String)>>);

impl KnownNames {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, (OffsetDateTime, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The names that are known, and the ids of those that are not.
    pub(crate) fn of<'a>(
        &self,
        ids: &'a [String],
        now: OffsetDateTime,
    ) -> (BTreeMap<String, String>, Vec<&'a str>) {
        let kept = self.lock();
        let (mut known, mut unknown) = (BTreeMap::new(), Vec::new());
        for id in ids {
            match kept.get(id).filter(|(read, _)| (now - *read).abs() < KEPT) {
                Some((_, name)) => {
                    known.insert(id.clone(), name.clone());
                }
                None => unknown.push(id.as_str()),
            }
        }
        (known, unknown)
    }

    pub(crate) fn keep(&self, id: &str, name: &str, now: OffsetDateTime) {
        let mut kept = self.lock();
        if kept.len() >= MOST_NAMES {
            kept.clear();
        }
        kept.insert(id.to_owned(), (now, name.to_owned()));
    }

    /// The person signs in, perhaps under another name.
    pub(crate) fn forget(&self, id: &str) {
        self.lock().remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_for_a_while() {
        let (names, then) = (KnownNames::default(), OffsetDateTime::UNIX_EPOCH);
        let asked = ["a".to_owned(), "b".to_owned()];
        names.keep("a", "某甲", then);
        let known = BTreeMap::from([("a".to_owned(), "某甲".to_owned())]);
        assert_eq!(names.of(&asked, then), (known, vec!["b"]));
        assert_eq!(names.of(&asked, then + KEPT).1, ["a", "b"]);
        names.forget("a");
        assert_eq!(names.of(&asked, then).1, ["a", "b"]);
    }
}
