//! Spans of requests and their statements.

use std::collections::HashMap;
use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{Span as _, SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context as Trace, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, Span};
use service::clock::{Clock as _, SystemClock};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::{STATEMENT, TRACE_PARENT, is_request};

/// A page sends a few statements; what reads a million rows would make a trace that nobody can look at.
const MOST_STATEMENTS: usize = 128;
/// In letters.
const LONGEST_STATEMENT: usize = 1_000;

/// A request that is being answered, kept with its span of `tracing`.
pub(super) struct Open {
    span: Span,
    /// What its statements are spans of.
    trace: Trace,
    /// Method, route and number, under the names that OpenTelemetry has for them.
    pub(super) about: Vec<KeyValue>,
    status: Option<u64>,
    statements: usize,
}

impl Open {
    pub(super) fn span_context(&self) -> &SpanContext {
        self.span.span_context()
    }
}

/// What is taken from fields of spans and events.
#[derive(Default)]
struct Fields {
    id: String,
    method: String,
    route: String,
    traceparent: String,
    message: String,
    status: Option<u64>,
    microseconds: u64,
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "status" => self.status = Some(value),
            "microseconds" => self.microseconds = value,
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let place = match field.name() {
            "id" => &mut self.id,
            "method" => &mut self.method,
            "route" => &mut self.route,
            TRACE_PARENT => &mut self.traceparent,
            "message" => &mut self.message,
            _ => return,
        };
        value.clone_into(place);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// The trace that `traceparent` names (W3C Trace Context); none where that says nothing, or nothing valid.
fn trace_of(traceparent: String) -> Trace {
    let said = HashMap::from([(TRACE_PARENT.to_owned(), traceparent)]);
    TraceContextPropagator::new().extract_with_context(&Trace::new(), &said)
}

/// Makes spans of what is traced.
pub(super) struct Spans(SdkTracer);

impl Spans {
    pub(super) fn new(tracer: SdkTracer) -> Self {
        Spans(tracer)
    }

    fn open(&self, fields: Fields) -> Open {
        let Fields { id, method, route, traceparent, .. } = fields;
        let name = format!("{method} {route}");
        let about = vec![
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.route", route),
            KeyValue::new("http.request.id", id),
        ];
        let span = self.0.span_builder(name).with_kind(SpanKind::Server).with_attributes(about.clone());
        let span = span.start_with_context(&self.0, &trace_of(traceparent));
        let trace = Trace::new().with_remote_span_context(span.span_context().clone());
        Open { span, trace, about, status: None, statements: 0 }
    }

    /// A statement that has just ended.
    fn note(&self, open: &mut Open, said: &Fields) {
        open.statements += 1;
        if open.statements > MOST_STATEMENTS || !open.span.is_recording() {
            return;
        }
        let ended = SystemTime::from(SystemClock.now());
        let begun = ended.checked_sub(Duration::from_micros(said.microseconds)).unwrap_or(ended);
        let sql: String = said.message.chars().take(LONGEST_STATEMENT).collect();
        let verb = sql.split_whitespace().next().unwrap_or("statement").to_owned();
        let statement = self.0.span_builder(verb).with_kind(SpanKind::Client).with_start_time(begun);
        let statement = statement.with_attributes([KeyValue::new("db.query.text", sql)]);
        statement.start_with_context(&self.0, &open.trace).end_with_timestamp(ended);
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|span| is_request(span.metadata())) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(self.open(fields));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            open.status = fields.status.or(open.status);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // A warning of the same target tells of a statement that was slow; it has been told of already.
        if event.metadata().target() != STATEMENT || *event.metadata().level() != Level::TRACE {
            return;
        }
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(open) = span.extensions_mut().get_mut::<Open>() {
                let mut said = Fields::default();
                event.record(&mut said);
                return self.note(open, &said);
            }
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(Open { mut span, status, statements, .. }) = span.extensions_mut().remove::<Open>() else {
            return;
        };
        if let Some(status) = status.and_then(|status| i64::try_from(status).ok()) {
            span.set_attribute(KeyValue::new("http.response.status_code", status));
            if status >= 500 {
                span.set_status(Status::error(""));
            }
        }
        let left_out = statements.saturating_sub(MOST_STATEMENTS);
        if let Some(left_out) = i64::try_from(left_out).ok().filter(|left_out| *left_out > 0) {
            span.set_attribute(KeyValue::new("db.statements_left_out", left_out));
        }
        span.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on_where_its_parent_is_valid_and_begins_anew_where_not() {
        let said = |traceparent: &str| trace_of(traceparent.to_owned()).span().span_context().clone();
        let told = said("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assert_eq!(told.trace_id(), 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.into());
        assert_eq!((told.span_id(), told.is_sampled()), (0x00f0_67aa_0ba9_02b7_u64.into(), true));
        assert!(!said("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").is_sampled());
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-no92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(!said(wrong).is_valid(), "{wrong}");
        }
    }
}
