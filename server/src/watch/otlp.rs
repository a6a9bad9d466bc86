//! Traces for OpenTelemetry, where the operator names a collector: each request is a span, its statements are spans below
//! it. They go by OTLP/HTTP in its JSON encoding, a second or two later, in batches; what the collector does not take
//! in time is given up, and nobody waits for it.
//!
//! The SDK of OpenTelemetry would bring some forty crates for what is written here.

use std::fmt::Debug;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use service::clock::{Clock as _, SystemClock};
use service::error::chain;
use service::watch::VERSION;
use tokio::sync::{mpsc, oneshot};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// The span of a request, as `http/guards.rs` makes it.
pub const REQUEST: &str = "request";
/// Its field for what a trusted proxy says of the trace it belongs to.
pub const TRACE_PARENT: &str = "traceparent";
/// The target of statements, as `service` tells of them.
pub const STATEMENT: &str = "service::statement";

/// So many requests wait to be sent; with more, new ones are given up.
const WAITING: usize = 2_048;
/// So many go in one batch.
const BATCH: usize = 256;
/// So long the first of a batch waits for others.
const GATHERED: Duration = Duration::from_secs(1);
/// So long a collector may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// A page sends a few statements; what reads a million rows would make a span that nobody can look at.
const MOST_STATEMENTS: usize = 128;
const LONGEST_STATEMENT: usize = 1_000;

/// What the sending task is told.
enum Message {
    /// A request and its statements.
    Spans(Vec<Value>),
    /// Send what there is, then say so.
    Flush(oneshot::Sender<()>),
}

/// Of this program there is one; `finish` finds it here.
static SENDER: OnceLock<mpsc::Sender<Message>> = OnceLock::new();
static GIVEN_UP: AtomicU64 = AtomicU64::new(0);

/// Which trace a span belongs to (W3C Trace Context).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Trace {
    id: u128,
    parent: Option<u64>,
    is_sampled: bool,
}

impl Trace {
    /// As `traceparent` says; a new one where that says nothing, or nothing valid.
    fn of(said: &str) -> Self {
        let parsed = || {
            let mut parts = said.split('-');
            let (version, id, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
            let is_hex = |text: &str, length: usize| {
                text.len() == length
                    && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
            };
            if !(is_hex(version, 2)
                && version != "ff"
                && is_hex(id, 32)
                && is_hex(parent, 16)
                && is_hex(flags, 2))
            {
                return None;
            }
            let (id, parent) = (u128::from_str_radix(id, 16).ok()?, u64::from_str_radix(parent, 16).ok()?);
            let flags = u8::from_str_radix(flags, 16).ok()?;
            (id != 0 && parent != 0).then_some(Trace { id, parent: Some(parent), is_sampled: flags & 1 == 1 })
        };
        parsed().unwrap_or_else(|| Trace {
            id: rand::random::<u128>().max(1),
            parent: None,
            is_sampled: true,
        })
    }
}

/// A request that is being answered.
struct Open {
    trace: Trace,
    id: u64,
    begun: i128,
    fields: Fields,
    statements: Vec<Value>,
    /// Beyond [`MOST_STATEMENTS`].
    more: u64,
}

/// What is taken from fields of spans and events.
#[derive(Default)]
struct Fields {
    id: String,
    method: String,
    route: String,
    traceparent: String,
    message: String,
    status: u64,
    microseconds: u64,
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "status" => self.status = value,
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

fn now() -> i128 {
    SystemClock.now().unix_timestamp_nanos()
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// OTLP writes 64-bit numbers as texts.
fn number(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

/// Makes spans of what is traced. Put it beside the log.
pub struct Spans(mpsc::Sender<Message>, std::sync::Mutex<Option<Sending>>);

impl Spans {
    /// For the collector at this address, such as `http://127.0.0.1:4318`.
    pub fn to(endpoint: &str) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let _ = SENDER.set(sender.clone());
        let address = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        Spans(sender, std::sync::Mutex::new(Some(Sending { receiver, address })))
    }

    /// The first request begins the sending, since the log is there before there is a runtime.
    fn begin_sending(&self) {
        let mut sending = self.1.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Ok(runtime) = tokio::runtime::Handle::try_current()
            && let Some(sending) = sending.take()
        {
            runtime.spawn(sending.run());
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|span| span.name() == REQUEST) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let trace = Trace::of(&fields.traceparent);
        let id = rand::random::<u64>().max(1);
        let open = Open { trace, id, begun: now(), fields, statements: Vec::new(), more: 0 };
        span.extensions_mut().insert(open);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(open) = span.extensions_mut().get_mut::<Open>()
        {
            values.record(&mut open.fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != STATEMENT {
            return;
        }
        let mut said = Fields::default();
        event.record(&mut said);
        for span in context.event_scope(event).into_iter().flatten() {
            let mut extensions = span.extensions_mut();
            let Some(open) = extensions.get_mut::<Open>() else { continue };
            if open.statements.len() >= MOST_STATEMENTS {
                open.more += 1;
                return;
            }
            let ended = now();
            let begun = ended - i128::from(said.microseconds) * 1_000;
            let sql: String = said.message.chars().take(LONGEST_STATEMENT).collect();
            let verb = sql.split_whitespace().next().unwrap_or("statement");
            open.statements.push(json!({
                "traceId": format!("{:032x}", open.trace.id),
                "spanId": format!("{:016x}", rand::random::<u64>().max(1)),
                "parentSpanId": format!("{:016x}", open.id),
                "name": verb,
                "kind": 3,
                "startTimeUnixNano": begun.to_string(),
                "endTimeUnixNano": ended.to_string(),
                "attributes": [text("db.query.text", &sql)],
            }));
            return;
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(open) = span.extensions_mut().remove::<Open>() else { return };
        if !open.trace.is_sampled {
            return;
        }
        self.begin_sending();
        if self.0.try_send(Message::Spans(spans_of(open))).is_err() {
            GIVEN_UP.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn spans_of(open: Open) -> Vec<Value> {
    let Open { trace, id, begun, fields, mut statements, more } = open;
    let mut attributes = vec![
        text("http.request.method", &fields.method),
        text("http.route", &fields.route),
        number("http.response.status_code", fields.status),
        text("http.request.id", &fields.id),
    ];
    if more > 0 {
        attributes.push(number("db.statements_left_out", more));
    }
    let mut span = json!({
        "traceId": format!("{:032x}", trace.id),
        "spanId": format!("{id:016x}"),
        "name": format!("{} {}", fields.method, fields.route),
        "kind": 2,
        "startTimeUnixNano": begun.to_string(),
        "endTimeUnixNano": now().to_string(),
        "attributes": attributes,
        "status": if fields.status >= 500 { json!({ "code": 2 }) } else { json!({}) },
    });
    if let (Some(parent), Some(span)) = (trace.parent, span.as_object_mut()) {
        span.insert("parentSpanId".to_owned(), format!("{parent:016x}").into());
    }
    statements.insert(0, span);
    statements
}

/// The task that sends.
struct Sending {
    receiver: mpsc::Receiver<Message>,
    address: String,
}

impl Sending {
    async fn run(mut self) {
        let client = match reqwest::Client::builder().timeout(PATIENCE).no_proxy().build() {
            Ok(client) => client,
            Err(error) => return tracing::error!(error = chain(&error), "no traces can be sent"),
        };
        let mut is_silent = false;
        let mut messages = Vec::new();
        while self.receiver.recv_many(&mut messages, BATCH).await > 0 {
            if !messages.iter().any(|message| matches!(message, Message::Flush(_))) {
                let _ = tokio::time::timeout(GATHERED, self.receiver.recv_many(&mut messages, BATCH)).await;
            }
            let (mut spans, mut waiting) = (Vec::new(), Vec::new());
            for message in messages.drain(..) {
                match message {
                    Message::Spans(some) => spans.extend(some),
                    Message::Flush(sent) => waiting.push(sent),
                }
            }
            let sent = if spans.is_empty() { Ok(()) } else { self.send(&client, spans).await };
            // Said once, until it is well again.
            match &sent {
                Err(error) if !is_silent => {
                    tracing::warn!(error, "the collector of traces does not take them")
                }
                Ok(()) if is_silent => tracing::info!("the collector of traces takes them again"),
                Ok(()) | Err(_) => {}
            }
            is_silent = sent.is_err();
            let given_up = GIVEN_UP.swap(0, Ordering::Relaxed);
            if given_up > 0 {
                tracing::warn!(given_up, "requests were not traced: the collector is too slow");
            }
            for waiting in waiting {
                let _ = waiting.send(());
            }
        }
    }

    async fn send(&self, client: &reqwest::Client, spans: Vec<Value>) -> Result<(), String> {
        let resource =
            json!({ "attributes": [text("service.name", "beian"), text("service.version", VERSION)] });
        let scope = json!({ "name": "beian", "version": VERSION });
        let body = json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "scope": scope, "spans": spans }] }] });
        let answer = client.post(&self.address).json(&body).send().await.map_err(|error| chain(&error))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("it answered {status}")),
        }
    }
}

/// Sends what has not been sent yet; for the end.
pub async fn finish() {
    let Some(sender) = SENDER.get() else { return };
    let (sent, waiting) = oneshot::channel();
    if sender.try_send(Message::Flush(sent)).is_ok() {
        let _ = tokio::time::timeout(PATIENCE, waiting).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on_where_its_parent_is_valid_and_begins_anew_where_not() {
        let told = Trace::of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assert_eq!(told.id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_eq!((told.parent, told.is_sampled), (Some(0x00f0_67aa_0ba9_02b7), true));
        assert!(!Trace::of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").is_sampled);
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            let begun = Trace::of(wrong);
            assert!(begun.parent.is_none() && begun.is_sampled && begun.id != 0, "{wrong}");
        }
    }
}
