//! The body of a request as it comes: bounded, at a least rate, with a note of how it ended.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::page_template::{HOME, PageTemplate};

/// A body may be silent for so long altogether …
const GRACE: Duration = Duration::from_secs(10);
/// … and a second more for so many bytes that have come.
const BYTES_PER_SECOND: usize = 1024;
/// So long the rest of a refused body is read and thrown away, so that the answer is seen.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// Why a body could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFailure {
    TooLong,
    TooSlow,
    BrokenOff,
}

/// How reading a body went, for whoever answers when it failed.
#[derive(Debug, Clone, Default)]
pub struct BodyOutcome(Arc<AtomicU8>);

impl BodyOutcome {
    fn failed(&self, failure: BodyFailure) {
        let code = match failure {
            BodyFailure::TooLong => 1,
            BodyFailure::TooSlow => 2,
            BodyFailure::BrokenOff => 3,
        };
        self.0.store(code, Ordering::Release);
    }

    pub fn failure(&self) -> Option<BodyFailure> {
        match self.0.load(Ordering::Acquire) {
            1 => Some(BodyFailure::TooLong),
            2 => Some(BodyFailure::TooSlow),
            3 => Some(BodyFailure::BrokenOff),
            _ => None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the body comes too slowly")]
struct TooSlow;

/// A body with a bound, a least rate, and a note of how it ended. Only waiting for the sender counts as time.
struct MonitoredBody {
    body: Limited<Body>,
    outcome: BodyOutcome,
    received: usize,
    waited: Duration,
    waiting_since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// Bounds a request's body; `fate` tells afterwards how it ended.
pub fn monitored(body: Body, most: usize, outcome: BodyOutcome) -> Body {
    Body::new(MonitoredBody {
        body: Limited::new(body, most),
        outcome,
        received: 0,
        waited: Duration::ZERO,
        waiting_since: None,
        alarm: None,
    })
}

impl MonitoredBody {
    /// The silence that is left to the sender.
    fn left(&self) -> Duration {
        let earned = Duration::from_secs(u64::try_from(self.received / BYTES_PER_SECOND).unwrap_or(u64::MAX));
        (GRACE + earned).saturating_sub(self.waited)
    }
}

impl HttpBody for MonitoredBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                if let Some(since) = this.waiting_since.take() {
                    this.waited += since.elapsed();
                }
                match &frame {
                    Some(Ok(frame)) => this.received += frame.data_ref().map_or(0, Bytes::len),
                    Some(Err(error)) if error.is::<LengthLimitError>() => {
                        this.outcome.failed(BodyFailure::TooLong)
                    }
                    Some(Err(_)) => this.outcome.failed(BodyFailure::BrokenOff),
                    None => {}
                }
                Poll::Ready(frame)
            }
            Poll::Pending => {
                let since = match this.waiting_since {
                    Some(since) => since,
                    None => {
                        let now = Instant::now();
                        this.waiting_since = Some(now);
                        let late = now + this.left();
                        match &mut this.alarm {
                            Some(alarm) => alarm.as_mut().reset(late),
                            none => *none = Some(Box::pin(tokio::time::sleep_until(late))),
                        }
                        now
                    }
                };
                let Some(alarm) = &mut this.alarm else { return Poll::Pending };
                ready!(alarm.as_mut().poll(cx));
                this.waited += since.elapsed();
                this.waiting_since = None;
                this.outcome.failed(BodyFailure::TooSlow);
                Poll::Ready(Some(Err(Box::new(TooSlow))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Reads on for a moment what nobody wants, since a connection that is closed under the sender's hands loses
/// the answer as well.
pub fn drain(body: Body) {
    let rest = async move {
        let mut body = body;
        while let Some(Ok(_)) = body.frame().await {}
    };
    tokio::spawn(tokio::time::timeout(DRAIN_TIMEOUT, rest));
}

/// The answer to a body that is longer than it may be, before any of it was read.
pub fn too_large(template: &PageTemplate, request: Request) -> Response {
    let asked = request.headers().clone();
    drain(request.into_body());
    failure_page(template, &asked, BodyFailure::TooLong)
}

/// What is answered when a body failed.
pub fn failure_page(template: &PageTemplate, asked: &HeaderMap, failure: BodyFailure) -> Response {
    let (status, title, sentence) = match failure {
        BodyFailure::TooLong => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "提交的内容过大",
            "提交的内容超过了允许的大小，请减少内容或换用较小的文件后再试。",
        ),
        BodyFailure::TooSlow => (
            StatusCode::REQUEST_TIMEOUT,
            "上传过慢",
            "提交的内容没有在规定时间内送达，请检查网络后重新提交。您保存过的内容没有丢失。",
        ),
        // Nobody is likely to read it.
        BodyFailure::BrokenOff => {
            (StatusCode::BAD_REQUEST, "提交不完整", "提交的内容不完整，请返回上一页重新提交。")
        }
    };
    let mut response = template.answer(asked, status, title, sentence, &[HOME]);
    close(&mut response);
    response
}

/// The rest of the body is not going to be read.
pub(super) fn close(response: &mut Response) {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
}
