//! Whether a row and a file can be kept, found out by keeping them: for probes and for the page of the operator, which
//! share one answer.

use time::Duration;
use tokio::time::Instant;

use crate::base::context::handle;
use crate::base::patience::within_patience;
use crate::files::Files;
use crate::ops::pulse::{Kept, still};

/// How long writing took; none where it failed.
pub type Took = Option<std::time::Duration>;

/// What became of the last row and the last file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignOfLife {
    pub row: Took,
    pub file: Took,
}

handle! {
    /// Whether anything can be written.
    SignsOfLife {
        files: Files,
    } own {
        last: Kept<SignOfLife>,
    }
}

impl SignsOfLife {
    /// Writes a row and a file, unless that was tried less than `holds` ago, whoever asked. Whoever asks at the same
    /// moment waits for the same answer.
    pub async fn give(&self, holds: Duration) -> SignOfLife {
        let mut last = self.last.lock().await;
        if let Some(given) = still(&last, self.context.clock.now(), holds) {
            return given;
        }
        let row = timed("no row can be written", self.context.db.give_sign_of_life());
        let file = timed("no file can be written", self.files.store.give_sign_of_life());
        let (row, file) = tokio::join!(row, file);
        let given = SignOfLife { row, file };
        // Afterwards: who waited meanwhile need not wait once more.
        *last = Some((self.context.clock.now(), given));
        given
    }
}

async fn timed<E: std::error::Error + 'static>(
    failed: &'static str,
    write: impl Future<Output = Result<(), E>>,
) -> Took {
    let begun = Instant::now();
    within_patience(failed, write).await.map(|()| begun.elapsed())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::common::*;

    claims![an_answer_holds_for_whoever_asks_next];

    async fn an_answer_holds_for_whoever_asks_next(world: World) {
        let signs = &world.service.signs_of_life;
        let first = signs.give(Duration::SECOND).await;
        assert!(first.row.is_some() && first.file.is_some(), "{first:?}");
        world.later(Duration::milliseconds(900));
        assert_eq!(signs.give(Duration::SECOND).await, first);
        world.later(Duration::seconds(5));
        assert_eq!(signs.give(Duration::seconds(10)).await, first, "one asks for no more than that");
        // No two writes take as long to the nanosecond.
        assert_ne!(signs.give(Duration::SECOND).await, first, "it was too long ago");
    }
}
