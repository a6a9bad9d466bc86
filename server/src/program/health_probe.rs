//! Whether the server can do its work: keep a row and keep a file. `/healthz` asks, and `/readyz` asks beside it whether
//! keys and program fit the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use migration::Shape;
use service::Service;
use service::db::Db;
use service::patience::within_patience;
use service::sign_of_life::SignOfLife;
use tokio::sync::Mutex;

/// So long what was written proves that more can be: whoever asks all the time makes no work.
const HOLDS: time::Duration = time::Duration::SECOND;
/// What changes only when somebody puts another database or other keys in place is asked less often.
const FIT_HOLDS: Duration = Duration::from_secs(10);

/// What was said last of keys and shape, and when.
type LastFit = Option<(Instant, [bool; 2])>;

#[derive(Clone)]
pub struct HealthProbe {
    service: Service,
    db: Db,
    fits: Arc<Mutex<LastFit>>,
}

impl HealthProbe {
    pub fn new(service: Service, db: Db) -> Self {
        HealthProbe { service, db, fits: Arc::default() }
    }

    /// Whoever asks at the same moment waits for the same answer.
    pub async fn is_healthy(&self) -> bool {
        self.write().await == [true, true]
    }

    /// The names of what is not well; none where the server can do its work.
    pub async fn ailing(&self) -> Vec<&'static str> {
        let [row, file] = self.write().await;
        // What the database does not say is no news beside that it says nothing.
        let [keys, shape] = if row { self.fit().await } else { [true, true] };
        let said = [(row, "database"), (file, "files"), (keys, "keys"), (shape, "shape of the database")];
        said.into_iter().filter(|(is_well, _)| !is_well).map(|(_, name)| name).collect()
    }

    async fn write(&self) -> [bool; 2] {
        let SignOfLife { row, file } = self.service.signs_of_life.give(HOLDS).await;
        [row.is_some(), file.is_some()]
    }

    async fn fit(&self) -> [bool; 2] {
        let mut last = self.fits.lock().await;
        if let Some((at, fits)) = *last
            && at.elapsed() < FIT_HOLDS
        {
            return fits;
        }
        let keys = within_patience("the keys do not fit the database", self.service.key_checks.check_keys());
        let shape = within_patience("the shape of the database cannot be read", self.db.shape());
        let (keys, shape) = tokio::join!(keys, shape);
        if let Some(shape @ (Shape::Older(_) | Shape::Newer(_))) = &shape {
            tracing::warn!(?shape, "the database has another shape than this program knows");
        }
        // One that a newer program has taken further during an upgrade still has all that this one knows (R82).
        let fits = [keys.is_some(), matches!(shape, Some(Shape::Known | Shape::Newer(_)))];
        *last = Some((Instant::now(), fits));
        fits
    }
}
