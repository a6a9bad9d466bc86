//! Traces and logs for OpenTelemetry, where the operator names a collector: each request is a span, its statements are
//! spans below it, and each line of the log is a record that knows its request. They go by OTLP/HTTP in protobuf, within
//! a second or two and in batches, by the SDK of OpenTelemetry: it makes ids, decides by the parent whether a trace is
//! sampled, batches, encodes and tries again. Ours is what to send (`spans.rs`, `lines.rs`), the HTTP client and what the
//! log is told of the collector (`sending.rs`).
//!
//! Two threads of the SDK do the sending. Nothing that happens on them is sent itself, or each batch would make the next.

mod lines;
mod sending;
mod spans;

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::logs::LoggerProvider as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{BatchConfigBuilder as LogBatches, BatchLogProcessor, SdkLoggerProvider};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder as SpanBatches, BatchSpanProcessor, Sampler, SdkTracerProvider,
};
use service::error::chain;
use service::watch::VERSION;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, Targets, filter_fn};
use tracing_subscriber::layer::{Filter, Layer};
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use sending::{Bounded, CollectorClient, Sent, Told};

/// The span of a request, as `http/guards.rs` makes it.
pub const REQUEST: &str = "request";
/// Its field for what a trusted proxy says of the trace it belongs to.
pub const TRACE_PARENT: &str = "traceparent";
/// The target of statements, as `service` tells of them.
const STATEMENT: &str = "service::statement";
const GUARDS: &str = "server::http::guards";

/// So many spans wait to be sent, and so many lines; with more, new ones are given up.
const SPANS_WAITING: usize = 8_192;
const LINES_WAITING: usize = 2_048;
/// So many go in one batch.
const BATCH: usize = 512;
/// So long the first of a batch waits for others.
const GATHERED: Duration = Duration::from_secs(1);
/// So long a collector may take, and so long the end waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where traces and logs go.
pub struct Collector {
    traces: SdkTracerProvider,
    /// None where the collector is to have traces alone.
    logs: Option<SdkLoggerProvider>,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    #[error("the client of the collector cannot be made: {0}")]
    Client(#[from] reqwest::Error),
    #[error("the runtime of the client cannot be started: {0}")]
    Runtime(#[from] std::io::Error),
    #[error(transparent)]
    Exporter(#[from] ExporterBuildError),
}

impl Collector {
    /// For the collector at this address, such as `http://127.0.0.1:4318`. Starts a thread for each of traces and logs.
    /// The cryptography of outgoing TLS is to be chosen before.
    ///
    /// # Errors
    /// When client or runtime cannot be made.
    pub fn at(endpoint: &Url, has_logs: bool) -> Result<Self, CollectorError> {
        // One for each run, as OpenTelemetry wants it: servers that send to one collector can be told apart.
        let instance = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
        let about = [
            KeyValue::new("service.version", VERSION),
            KeyValue::new("service.instance.id", instance.to_string()),
        ];
        // Adds what the operator says in OTEL_RESOURCE_ATTRIBUTES.
        let resource = Resource::builder().with_service_name("beian").with_attributes(about).build();

        let traces = traces_to(endpoint, resource.clone())?;
        let logs = has_logs.then(|| logs_to(endpoint, resource)).transpose()?;
        Ok(Collector { traces, logs })
    }

    /// Makes spans of requests and their statements. Put it before [`lines`](Collector::lines).
    pub fn spans<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + Send + Sync + use<S> {
        let scope = InstrumentationScope::builder("beian").with_version(VERSION).build();
        let wanted =
            Targets::new().with_target(GUARDS, LevelFilter::INFO).with_target(STATEMENT, LevelFilter::TRACE);
        spans::Spans::new(self.traces.tracer_with_scope(scope)).with_filter(wanted)
    }

    /// Makes records of the lines that the log has by this filter.
    pub fn lines<S: Subscriber + for<'a> LookupSpan<'a>>(
        &self,
        filter: impl Filter<S> + Send + Sync + 'static,
    ) -> Option<Box<dyn Layer<S> + Send + Sync>> {
        let logger = self.logs.as_ref()?.logger("");
        // The request is known also where the log is only to have warnings.
        let requests = filter_fn(is_request).with_max_level_hint(LevelFilter::INFO);
        Some(Layer::<S>::boxed(lines::Lines::new(logger).with_filter(filter.or(requests))))
    }

    /// Sends what has not been sent yet, and ends; takes five seconds at most.
    pub fn finish(self) {
        let Collector { traces, logs } = self;
        let ends = |what: &str, end: OTelSdkResult| {
            if let Err(error) = end {
                tracing::warn!(
                    what,
                    error = chain(&error),
                    "the collector did not get everything before the end"
                );
            }
        };
        let traces = std::thread::Builder::new()
            .name("end of traces".to_owned())
            .spawn(move || ends("traces", traces.shutdown_with_timeout(PATIENCE)));
        if let Some(logs) = logs {
            ends("logs", logs.shutdown_with_timeout(PATIENCE));
        }
        if let Ok(traces) = traces {
            let _ = traces.join();
        }
    }
}

fn traces_to(endpoint: &Url, resource: Resource) -> Result<SdkTracerProvider, CollectorError> {
    let sent = Arc::new(Sent::new("traces"));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(address(endpoint, "traces"))
        .with_timeout(PATIENCE)
        .with_http_client(CollectorClient::new(&sent)?)
        .build()?;
    let batches = SpanBatches::default()
        .with_max_queue_size(SPANS_WAITING)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(GATHERED)
        .build();
    let processor = BatchSpanProcessor::builder(Told::new(exporter, &sent)).with_batch_config(batches);
    Ok(SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
        .with_span_processor(Bounded::new(processor.build(), SPANS_WAITING, &sent))
        .with_resource(resource)
        .build())
}

fn logs_to(endpoint: &Url, resource: Resource) -> Result<SdkLoggerProvider, CollectorError> {
    let sent = Arc::new(Sent::new("logs"));
    let exporter = LogExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(address(endpoint, "logs"))
        .with_timeout(PATIENCE)
        .with_http_client(CollectorClient::new(&sent)?)
        .build()?;
    let batches = LogBatches::default()
        .with_max_queue_size(LINES_WAITING)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(GATHERED)
        .build();
    let processor = BatchLogProcessor::builder(Told::new(exporter, &sent)).with_batch_config(batches);
    Ok(SdkLoggerProvider::builder()
        .with_log_processor(Bounded::new(processor.build(), LINES_WAITING, &sent))
        .with_resource(resource)
        .build())
}

/// Where OTLP/HTTP has this kind.
fn address(endpoint: &Url, kind: &str) -> String {
    format!("{}/v1/{kind}", endpoint.as_str().trim_end_matches('/'))
}

fn is_request(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.name() == REQUEST
}
