//! Small pictures that officers were shown: a page of them is one line in the audit log (R65), and
//! fetching each of them adds none. Kept in memory; where nothing is known of a page, such as on
//! another server, the picture gets a line of its own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::error::Result;
use crate::{Actor, Service, again};

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
    fn fresh(&self, person: &str, files: &[String], now: OffsetDateTime) -> Vec<String> {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_covered = |file: &String| {
            let at = shown.get(&(person.to_owned(), file.clone()));
            at.is_some_and(|at| now - *at < COVERED)
        };
        files.iter().filter(|file| !is_covered(file)).cloned().collect()
    }

    fn cover(&self, person: &str, files: Vec<String>, now: OffsetDateTime) {
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

impl Service {
    /// Writes down that an officer sees these pictures small, in one line for all that no line of the
    /// last half hour names; before they leave.
    pub(crate) async fn note_thumbnails(
        &self,
        actor: &Actor,
        object: (&str, &str),
        files: &[String],
    ) -> Result<()> {
        let now = self.clock.now();
        let fresh = self.shown.fresh(&actor.person_id, files, now);
        if fresh.is_empty() {
            return Ok(());
        }
        again!(self.write_thumbnails(actor, object, &fresh))?;
        self.shown.cover(&actor.person_id, fresh, now);
        Ok(())
    }

    async fn write_thumbnails(&self, actor: &Actor, object: (&str, &str), files: &[String]) -> Result<()> {
        let tx = self.db.begin().await?;
        self.write(&tx, Some(actor), THUMBNAILS, object.0, object.1, json!({ "files": files })).await?;
        Ok(tx.commit().await?)
    }
}
