//! Counts and times requests, by the pattern of their route: an address could be personal.

use std::sync::Arc;
use std::time::Instant;

use http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds in seconds: a page takes some milliseconds, a file that is checked some seconds.
const BUCKETS: [f64; 12] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];
/// The status of a request whose browser went away before it was answered.
const GONE: &str = "gone";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: String,
}

/// Clones are the same one.
#[derive(Debug, Clone)]
pub struct RequestMeter(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    answered: Family<Answered, Counter>,
    took: Family<Asked, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
}

impl Default for RequestMeter {
    fn default() -> Self {
        RequestMeter(Arc::new(Counts {
            answered: Family::default(),
            took: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            in_flight: Gauge::default(),
        }))
    }
}

/// A request that is being answered; dropped without an answer, its browser has gone.
pub struct InFlightRequest {
    meter: RequestMeter,
    asked: Asked,
    begun: Instant,
    status: &'static str,
}

impl RequestMeter {
    /// A request has come for a route, which is given by its pattern.
    pub fn begin(&self, method: &Method, route: &str) -> InFlightRequest {
        self.0.in_flight.inc();
        let asked = Asked { method: method_word(method), route: route.to_owned() };
        InFlightRequest { meter: self.clone(), asked, begun: Instant::now(), status: GONE }
    }

    pub fn register(&self, registry: &mut Registry) {
        let Counts { answered, took, in_flight } = self.0.as_ref();
        let help = "Requests by the class of their answer; gone where the browser did not wait for it";
        registry.register("http_requests", help, answered.clone());
        let help = "Time to the beginning of the answer";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, took.clone());
        registry.register("http_requests_in_flight", "Requests that wait for an answer", in_flight.clone());
    }
}

impl InFlightRequest {
    pub fn answered(mut self, status: StatusCode) {
        self.status = match status.as_u16() {
            100..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            _ => "5xx",
        };
    }
}

impl Drop for InFlightRequest {
    fn drop(&mut self) {
        let counts = &self.meter.0;
        counts.in_flight.dec();
        counts.took.get_or_create(&self.asked).observe(self.begun.elapsed().as_secs_f64());
        let Asked { method, route } = &mut self.asked;
        let answered = Answered { method, route: std::mem::take(route), status: self.status };
        counts.answered.get_or_create(&answered).inc();
    }
}

/// What else there is as a method is one word, so that nobody makes series.
fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
