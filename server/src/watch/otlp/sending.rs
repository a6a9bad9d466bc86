//! How batches reach the collector, and what the log is told of it: once that it does not take them, once that it takes
//! them again, and how much was lost. The SDK would say it again with each batch; its own log is not compiled in.

use std::fmt::{self, Debug};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Limited};
use opentelemetry::{Context, InstrumentationScope, logs::Severity};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter, LogProcessor, SdkLogRecord};
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use service::error::chain;
use tokio::runtime::{Builder, Runtime};

use super::{CollectorError, PATIENCE};

/// A collector answers with a few bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What became of traces, or of logs.
#[derive(Debug)]
pub(super) struct Sent {
    what: &'static str,
    /// Handed over and not yet taken into a batch.
    waiting: AtomicUsize,
    /// Given up since the log was last told.
    lost: AtomicUsize,
    is_silent: AtomicBool,
    /// Why the last request failed, in full; the SDK's error leaves it out.
    cause: Mutex<Option<String>>,
}

impl Sent {
    pub(super) fn new(what: &'static str) -> Self {
        Sent {
            what,
            waiting: AtomicUsize::default(),
            lost: AtomicUsize::default(),
            is_silent: AtomicBool::default(),
            cause: Mutex::default(),
        }
    }

    /// Takes a place among those that wait; none where there are too many.
    fn has_place(&self, most: usize) -> bool {
        let place = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
            (waiting < most).then_some(waiting + 1)
        });
        if place.is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        place.is_ok()
    }

    /// Says what became of a batch where that is news.
    fn tell(&self, batch: usize, outcome: OTelSdkResult) -> OTelSdkResult {
        let what = self.what;
        let cause = self.cause.lock().unwrap_or_else(PoisonError::into_inner).take();
        let was_silent = self.is_silent.swap(outcome.is_err(), Ordering::Relaxed);
        if let Err(error) = &outcome {
            self.lost.fetch_add(batch, Ordering::Relaxed);
            if !was_silent {
                let error = cause.unwrap_or_else(|| chain(error));
                tracing::warn!(what, error, "the collector does not take what is sent");
            }
            return outcome;
        }
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if was_silent {
            tracing::info!(what, lost, "the collector takes what is sent again");
        } else if lost > 0 {
            tracing::warn!(what, lost, "not everything was sent: the collector is too slow");
        }
        outcome
    }
}

/// Our HTTP client, for the SDK.
///
/// The SDK calls it on a thread of its own, outside of any runtime. The client has a runtime for that thread alone, so
/// that nothing it does, down to the connection, happens elsewhere.
pub(super) struct CollectorClient {
    client: reqwest::Client,
    runtime: Runtime,
    sent: Arc<Sent>,
}

impl Debug for CollectorClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CollectorClient").finish_non_exhaustive()
    }
}

impl CollectorClient {
    /// # Errors
    /// When client or runtime cannot be made.
    pub(super) fn new(sent: &Arc<Sent>) -> Result<Self, CollectorError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            // The thread that looks up names: what it says is no news for the collector either.
            .on_thread_start(|| std::mem::forget(Context::enter_telemetry_suppressed_scope()))
            .build()?;
        let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
        Ok(CollectorClient { client, runtime, sent: Arc::clone(sent) })
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.client.execute(request.try_into()?).await?;
        let (parts, body) = Response::<reqwest::Body>::from(answer).into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await?.to_bytes();
        Ok(Response::from_parts(parts, body))
    }
}

#[async_trait]
impl HttpClient for CollectorClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.runtime.block_on(self.send(request));
        let cause = match &answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answered {}", answer.status())),
            Err(error) => Some(chain(error.as_ref())),
        };
        *self.sent.cause.lock().unwrap_or_else(PoisonError::into_inner) = cause;
        answer
    }
}

/// An exporter of the SDK whose outcome is told.
#[derive(Debug)]
pub(super) struct Told<E> {
    exporter: E,
    sent: Arc<Sent>,
}

impl<E> Told<E> {
    pub(super) fn new(exporter: E, sent: &Arc<Sent>) -> Self {
        Told { exporter, sent: Arc::clone(sent) }
    }
}

impl<E: SpanExporter> SpanExporter for Told<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        self.sent.waiting.fetch_sub(count, Ordering::Relaxed);
        self.sent.tell(count, self.exporter.export(batch).await)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.exporter.shutdown()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl<E: LogExporter> LogExporter for Told<E> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let count = batch.iter().count();
        self.sent.waiting.fetch_sub(count, Ordering::Relaxed);
        self.sent.tell(count, self.exporter.export(batch).await)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.exporter.shutdown()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// A processor of the SDK that is handed no more than it has room for, so that what is lost is counted.
#[derive(Debug)]
pub(super) struct Bounded<P> {
    processor: P,
    most: usize,
    sent: Arc<Sent>,
}

impl<P> Bounded<P> {
    pub(super) fn new(processor: P, most: usize, sent: &Arc<Sent>) -> Self {
        Bounded { processor, most, sent: Arc::clone(sent) }
    }
}

impl<P: SpanProcessor> SpanProcessor for Bounded<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.processor.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.sent.has_place(self.most) {
            self.processor.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.processor.set_resource(resource);
    }
}

impl<P: LogProcessor> LogProcessor for Bounded<P> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        if self.sent.has_place(self.most) {
            self.processor.emit(record, scope);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }

    fn event_enabled(&self, severity: Severity, target: &str, name: Option<&str>) -> bool {
        self.processor.event_enabled(severity, target, name)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.processor.set_resource(resource);
    }
}
