//! Whether the server can do its work: keep a row and keep a file. `/healthz` asks, and `/readyz` asks beside it whether
//! keys and program fit the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use migration::Shape;
use service::Service;
use service::db::Db;
use service::patience::within_patience;
use tokio::sync::Mutex;

/// So long an answer holds: whoever asks all the time makes no work.
const HOLDS: Duration = Duration::from_secs(1);
/// What changes only when somebody puts another database or other keys in place is asked less often.
const FIT_HOLDS: Duration = Duration::from_secs(10);

/// What was said last, and when.
type Last<T> = Arc<Mutex<Option<(Instant, T)>>>;

#[derive(Clone)]
pub struct HealthProbe {
    service: Service,
    db: Db,
    written: Last<[bool; 2]>,
    fits: Last<[bool; 2]>,
}

impl HealthProbe {
    pub fn new(service: Service, db: Db) -> Self {
        HealthProbe { service, db, written: Arc::default(), fits: Arc::default() }
    }

    /// Whoever asks at the same moment waits for the same answer.
    pub async fn is_healthy(&self) -> bool {
        held(&self.written, HOLDS, || self.write()).await == [true, true]
    }

    /// The names of what is not well; none where the server can do its work.
    pub async fn ailing(&self) -> Vec<&'static str> {
        let [row, file] = held(&self.written, HOLDS, || self.write()).await;
        // What the database does not say is no news beside that it says nothing.
        let [keys, shape] = if row { held(&self.fits, FIT_HOLDS, || self.fit()).await } else { [true, true] };
        let said = [(row, "database"), (file, "files"), (keys, "keys"), (shape, "shape of the database")];
        said.into_iter().filter(|(is_well, _)| !is_well).map(|(_, name)| name).collect()
    }

    async fn write(&self) -> [bool; 2] {
        let row = within_patience("no row can be written", self.db.give_sign_of_life());
        let file = within_patience("no file can be written", self.service.file_store().give_sign_of_life());
        let (row, file) = tokio::join!(row, file);
        [row.is_some(), file.is_some()]
    }

    async fn fit(&self) -> [bool; 2] {
        let keys = within_patience("the keys do not fit the database", self.service.key_checks.check_keys());
        let shape = within_patience("the shape of the database cannot be read", self.db.shape());
        let (keys, shape) = tokio::join!(keys, shape);
        if let Some(shape @ (Shape::Older(_) | Shape::Newer(_))) = &shape {
            tracing::warn!(?shape, "the database has another shape than this program knows");
        }
        // One that a newer program has taken further during an upgrade still has all that this one knows (R82).
        [keys.is_some(), matches!(shape, Some(Shape::Known | Shape::Newer(_)))]
    }
}

/// What was said a moment ago, or what is said now.
async fn held<T: Copy, Asked: Future<Output = T>>(
    last: &Mutex<Option<(Instant, T)>>,
    holds: Duration,
    ask: impl FnOnce() -> Asked,
) -> T {
    let mut last = last.lock().await;
    if let Some((at, said)) = *last
        && at.elapsed() < holds
    {
        return said;
    }
    let said = ask().await;
    *last = Some((Instant::now(), said));
    said
}
