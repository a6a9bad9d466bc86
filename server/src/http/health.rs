//! `GET /healthz`.

use axum::Router;
use axum::routing::get;
use futures::future::BoxFuture;
use http::StatusCode;

use crate::supervisor::Lifecycle;

/// `GET /healthz`: 200 when the program and what it needs work, else 503. Requests are answered also while a
/// background task fails, so that is said in words only.
pub fn health(
    ready: impl Fn() -> BoxFuture<'static, bool> + Clone + Send + Sync + 'static,
    lifecycle: Lifecycle,
) -> Router {
    let answer = move || {
        let (ready, lifecycle) = (ready.clone(), lifecycle.clone());
        async move {
            match (ready().await, lifecycle.failing().as_slice()) {
                (true, []) => (StatusCode::OK, "ok".to_owned()),
                (true, tasks) => {
                    (StatusCode::OK, format!("ok, but background tasks fail: {}", tasks.join(", ")))
                }
                (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "not ready".to_owned()),
            }
        }
    };
    Router::new().route("/healthz", get(answer))
}
