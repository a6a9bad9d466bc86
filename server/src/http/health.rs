//! What a load balancer and a supervisor of processes ask: `GET /healthz`, `GET /livez`, `GET /readyz`.

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

/// `GET /livez`: the process answers; nothing is asked for it. `GET /readyz`: 200 where requests may be sent here, else
/// 503 with the names of what is not well, and at once where the program is about to end.
pub fn probes(
    ailing: impl Fn() -> BoxFuture<'static, Vec<&'static str>> + Clone + Send + Sync + 'static,
    lifecycle: Lifecycle,
) -> Router {
    let answer = move || {
        let (ailing, lifecycle) = (ailing.clone(), lifecycle.clone());
        async move {
            let names = if lifecycle.is_leaving() { vec!["ending"] } else { ailing().await };
            match names.as_slice() {
                [] => (StatusCode::OK, "ready".to_owned()),
                names => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}", names.join(", "))),
            }
        }
    };
    Router::new().route("/livez", get(|| async { "alive" })).route("/readyz", get(answer))
}
