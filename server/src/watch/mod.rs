//! How this server is seen from outside: figures for Prometheus, on an address of their own, and traces and logs for a
//! collector.

mod gauges;
pub mod otlp;
mod process;
mod requests;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{StatusCode, header};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use service::Service;
use service::db::Db;
use service::error::chain;
use service::watch::{COMMIT, VERSION};
use tokio::sync::Mutex;

use gauges::Gauges;
use process::Process;
pub use requests::{InFlightRequest, RequestMeter};

/// As Prometheus asks for it, and `prometheus-client` writes it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted and measured, as one text.
pub struct Metrics {
    registry: Registry,
    /// What is read when it is asked for; by one at a time.
    gauges: Mutex<Gauges>,
    service: Service,
    db: Db,
}

impl Metrics {
    pub fn new(service: &Service, db: &Db, requests: &RequestMeter) -> Self {
        let mut registry = Registry::default();
        let own = registry.sub_registry_with_prefix("beian");
        let build = [("version", VERSION), ("commit", COMMIT), ("database", db.kind())];
        own.register("build", "What runs here", Info::new(build.to_vec()));
        requests.register(own);
        db.register(own);
        service.watch.register(own);
        let gauges = Gauges::register(own);
        registry.register_collector(Box::new(Process));
        Metrics { registry, gauges: Mutex::new(gauges), service: service.clone(), db: db.clone() }
    }

    /// All of it, as of now. Figures of a database that does not answer are left out.
    ///
    /// # Errors
    /// None that is known; writing into a text does not fail.
    pub async fn text(&self) -> Result<String, std::fmt::Error> {
        let pulse = self.service.pulses.pulse().await;
        if let Err(error) = &pulse {
            tracing::warn!(error = chain(error), "the figures of the database could not be read");
        }
        let gauges = self.gauges.lock().await;
        gauges.set(&self.service.watch.tasks(), &self.db.pools(), pulse.ok().as_deref());
        let mut text = String::with_capacity(32 * 1024);
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// `GET /metrics`, and nothing else.
pub fn router(metrics: Metrics) -> Router {
    Router::new().route("/metrics", get(told)).with_state(Arc::new(metrics))
}

async fn told(State(metrics): State<Arc<Metrics>>) -> Response {
    match metrics.text().await {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(error = chain(&error), "the figures could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
