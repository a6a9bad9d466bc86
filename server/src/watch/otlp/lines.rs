//! Lines of the log as records. `opentelemetry-appender-tracing` does the like, but knows no request, names each record
//! by file and line, and keeps of an error only its last sentence.

use std::error::Error;
use std::fmt::Debug;
use std::time::SystemTime;

use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, Severity};
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLogger};
use service::clock::{Clock as _, SystemClock};
use service::error::chain;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::spans::Open;

/// Makes records of events. What is filtered out of the log is to be filtered out before it.
pub(super) struct Lines(SdkLogger);

impl Lines {
    pub(super) fn new(logger: SdkLogger) -> Self {
        Lines(logger)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // Those of the crate `log` name their target in a field.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let severity = severity(metadata.level());
        // Not on the threads that send.
        if !self.0.event_enabled(severity, metadata.target(), None) {
            return;
        }
        let mut record = self.0.create_log_record();
        record.set_timestamp(SystemTime::from(SystemClock.now()));
        record.set_target(metadata.target().to_owned());
        record.set_severity_number(severity);
        record.set_severity_text(metadata.level().as_str());
        event.record(&mut Fields(&mut record));
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(open) = span.extensions().get::<Open>() {
                let trace = open.span_context();
                record.set_trace_context(trace.trace_id(), trace.span_id(), Some(trace.trace_flags()));
                for about in &open.about {
                    record.add_attribute(about.key.clone(), about.value.as_str().into_owned());
                }
                break;
            }
        }
        self.0.emit(record);
    }
}

const fn severity(level: &Level) -> Severity {
    match *level {
        Level::TRACE => Severity::Trace,
        Level::DEBUG => Severity::Debug,
        Level::INFO => Severity::Info,
        Level::WARN => Severity::Warn,
        Level::ERROR => Severity::Error,
    }
}

/// The message is the record's body, the other fields are its attributes.
struct Fields<'a>(&'a mut SdkLogRecord);

impl Fields<'_> {
    fn set(&mut self, field: &Field, value: impl Into<AnyValue>) {
        match field.name() {
            "message" => self.0.set_body(value.into()),
            // What the crate `log` says of where a line comes from.
            name if name.starts_with("log.") => {}
            name => self.0.add_attribute(name, value),
        }
    }
}

impl Visit for Fields<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.set(field, value),
            // OTLP has no larger numbers.
            Err(_) => self.set(field, value.to_string()),
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.to_owned());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.set(field, chain(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field, format!("{value:?}"));
    }
}
