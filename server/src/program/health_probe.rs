//! Whether the server can do its work: keep a row and keep a file. `/healthz` asks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use service::Service;
use service::db::Db;
use tokio::sync::Mutex;

/// So long an answer holds: whoever asks all the time makes no work.
const HOLDS: Duration = Duration::from_secs(1);
/// So long a write may take, busy or not.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct HealthProbe {
    service: Service,
    db: Db,
    last: Arc<Mutex<Option<(Instant, bool)>>>,
}

impl HealthProbe {
    pub fn new(service: Service, db: Db) -> Self {
        HealthProbe { service, db, last: Arc::default() }
    }

    /// Whoever asks at the same moment waits for the same answer.
    pub async fn is_healthy(&self) -> bool {
        let mut last = self.last.lock().await;
        if let Some((at, is_healthy)) = *last
            && at.elapsed() < HOLDS
        {
            return is_healthy;
        }
        let is_healthy = self.write().await;
        *last = Some((Instant::now(), is_healthy));
        is_healthy
    }

    async fn write(&self) -> bool {
        let row = within_patience("row", self.db.give_sign_of_life());
        let file = within_patience("file", self.service.file_store().give_sign_of_life());
        let (row, file) = tokio::join!(row, file);
        row && file
    }
}

async fn within_patience<E: std::fmt::Display>(
    what: &str,
    write: impl Future<Output = Result<(), E>>,
) -> bool {
    match tokio::time::timeout(PATIENCE, write).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "no {what} can be written");
            false
        }
        Err(_) => {
            tracing::error!("no {what} was written within {} s", PATIENCE.as_secs());
            false
        }
    }
}
