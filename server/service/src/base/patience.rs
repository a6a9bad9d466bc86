//! Asking whether something works, without waiting for ever.

use std::time::Duration;

use crate::base::error::chain;

/// So long an answer may take, busy or not.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came of it; none where it failed or took too long, which the log says in the words of `failed`.
pub async fn within_patience<T, E: std::error::Error + 'static>(
    failed: &'static str,
    asked: impl Future<Output = Result<T, E>>,
) -> Option<T> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(said)) => Some(said),
        Ok(Err(error)) => {
            tracing::error!(error = chain(&error), "{failed}");
            None
        }
        Err(_) => {
            tracing::error!("{failed}: no answer within {} s", PATIENCE.as_secs());
            None
        }
    }
}
