//! Small pictures that officers were shown: a page of them is one line in the audit log (R65), and
//! fetching each of them adds none. Kept in memory; where nothing is known of a page, such as on
//! another server, the picture gets a line of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

/// A look at small pictures; the full one is `look_at_file`.
pub(crate) const THUMBNAILS: &str = "look_at_thumbnails";

/// So long a line covers the pictures it names.
const COVERED: Duration = Duration::minutes(30);

/// More are not remembered at once.
const MOST: usize = 50_000;

/// By officer and file: when a line was written about it.
#[derive(Debug, Default)]
pub(crate) struct Shown(Mutex<HashMap<(String, String), OffsetDateTime>>);

impl Shown {
    pub(super) fn fresh(&self, person: &str, files: &[String], now: OffsetDateTime) -> Vec<String> {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_covered = |file: &String| {
            let at = shown.get(&(person.to_owned(), file.clone()));
            at.is_some_and(|at| now - *at < COVERED)
        };
        files.iter().filter(|file| !is_covered(file)).cloned().collect()
    }

    pub(super) fn cover(&self, person: &str, files: Vec<String>, now: OffsetDateTime) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.len() + files.len() > MOST {
            shown.retain(|_, at| now - *at < COVERED);
        }
        if shown.len() + files.len() > MOST {
            shown.clear();
        }
        shown.extend(files.into_iter().map(|file| ((person.to_owned(), file), now)));
    }
}
