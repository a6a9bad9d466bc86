//! Bodies of requests: how long and how slow one may be, and how much of them is held at once. Who asks is
//! known before a body is read; a stranger has room for what was typed on one page.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use app::api::caller::Caller;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

use crate::config::RequestLimits;
use crate::http::{Allowance, ClientAddr, HOME, flood_key};
use crate::pages::Chrome;

/// What is kept of a stranger's post for the page that asks to sign in again.
pub const STRANGERS_TEXT: usize = 256 * 1024;
/// So long a stranger may take over a post.
const STRANGERS_TIME: Duration = Duration::from_secs(30);
/// A body may be silent for so long altogether …
const GRACE: Duration = Duration::from_secs(10);
/// … and a second more for so many bytes that have come.
const LEAST_RATE: usize = 1024;
/// So long a request waits for room.
const PATIENCE: Duration = Duration::from_secs(10);
/// So long the rest of a refused body is read and thrown away, so that the answer is seen.
const LINGER: Duration = Duration::from_secs(5);

type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// Why a body could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    TooLong,
    TooSlow,
    BrokenOff,
}

/// How reading a body went, for whoever answers when it failed.
#[derive(Debug, Clone, Default)]
pub struct Fate(Arc<AtomicU8>);

impl Fate {
    fn failed(&self, failure: Failure) {
        let code = match failure {
            Failure::TooLong => 1,
            Failure::TooSlow => 2,
            Failure::BrokenOff => 3,
        };
        self.0.store(code, Ordering::Release);
    }

    pub fn failure(&self) -> Option<Failure> {
        match self.0.load(Ordering::Acquire) {
            1 => Some(Failure::TooLong),
            2 => Some(Failure::TooSlow),
            3 => Some(Failure::BrokenOff),
            _ => None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the body comes too slowly")]
struct TooSlow;

/// A body with a bound, a least rate, and a note of how it ended. Only waiting for the sender counts as time.
struct Watched {
    body: Limited<Body>,
    fate: Fate,
    received: usize,
    waited: Duration,
    waiting_since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// Bounds a request's body; `fate` tells afterwards how it ended.
pub fn watched(body: Body, most: usize, fate: Fate) -> Body {
    Body::new(Watched {
        body: Limited::new(body, most),
        fate,
        received: 0,
        waited: Duration::ZERO,
        waiting_since: None,
        alarm: None,
    })
}

impl Watched {
    /// The silence that is left to the sender.
    fn left(&self) -> Duration {
        let earned = Duration::from_secs(u64::try_from(self.received / LEAST_RATE).unwrap_or(u64::MAX));
        (GRACE + earned).saturating_sub(self.waited)
    }
}

impl HttpBody for Watched {
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
                    Some(Err(error)) if error.is::<LengthLimitError>() => this.fate.failed(Failure::TooLong),
                    Some(Err(_)) => this.fate.failed(Failure::BrokenOff),
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
                this.fate.failed(Failure::TooSlow);
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
    tokio::spawn(tokio::time::timeout(LINGER, rest));
}

/// Whose share of the room a body takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Owner {
    Person(String),
    Address(IpAddr),
}

/// The room for all bodies that are held at once, in kilobytes.
#[derive(Debug)]
pub struct Room {
    all: Arc<Semaphore>,
    /// The most for one person or address.
    each: usize,
    shares: Mutex<HashMap<Owner, Arc<Semaphore>>>,
}

impl Room {
    pub fn new(limits: &RequestLimits) -> Self {
        let each = limits.bodies_megabytes_each * 1024;
        Self {
            all: Arc::new(Semaphore::new(limits.bodies_megabytes * 1024)),
            each,
            shares: Mutex::new(HashMap::new()),
        }
    }

    /// Waits for so many bytes; they are given back when what is returned is dropped.
    async fn take(&self, owner: Owner, bytes: usize) -> Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)> {
        let share = {
            let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
            shares.entry(owner).or_insert_with(|| Arc::new(Semaphore::new(self.each))).clone()
        };
        let kilobytes = u32::try_from(bytes.div_ceil(1024).min(self.each)).ok()?;
        let both = async {
            let share = share.acquire_many_owned(kilobytes).await.ok()?;
            let room = self.all.clone().acquire_many_owned(kilobytes).await.ok()?;
            Some((share, room))
        };
        tokio::time::timeout(PATIENCE, both).await.ok()?
    }

    /// Forgets who holds nothing.
    pub fn sweep(&self) {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|_, share| Arc::strong_count(share) > 1);
    }
}

/// What letting a body in needs.
#[derive(Clone)]
pub struct Door {
    pub room: Arc<Room>,
    pub chrome: Chrome,
}

/// Lets a request with a body in when there is room for it. Stands behind what knows the caller.
pub async fn let_in(State(door): State<Door>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let allowed = request.extensions().get::<Allowance>().map_or(STRANGERS_TEXT, |allowance| allowance.body);
    let announced = request.body().size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let size = announced.unwrap_or(allowed).min(allowed);
    let person = match request.extensions().get::<Caller>() {
        Some(Caller(Some(actor))) => Some(actor.person_id.clone()),
        Some(Caller(None)) | None => None,
    };
    let asked = request.headers().clone();
    let is_stranger = person.is_none();
    let owner = match person {
        Some(person) => Owner::Person(person),
        None => Owner::Address(match request.extensions().get::<ClientAddr>() {
            Some(ClientAddr(addr)) => flood_key(*addr),
            None => Ipv4Addr::UNSPECIFIED.into(),
        }),
    };
    // Files of a stranger are passed over as they come, and what is typed beside them is bounded there.
    let has_files = asked
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("multipart/form-data"));
    let (size, request) = match is_stranger {
        true if has_files => (size.min(STRANGERS_TEXT), request),
        true if size > STRANGERS_TEXT && announced.is_some() => return too_large(&door.chrome, request),
        true => {
            let fate = request.extensions().get::<Fate>().cloned().unwrap_or_default();
            (size.min(STRANGERS_TEXT), request.map(|body| watched(body, STRANGERS_TEXT, fate)))
        }
        false => (size, request),
    };
    let Some(_room) = door.room.take(owner, size).await else {
        drain(request.into_body());
        let mut response = door.chrome.answer(
            &asked,
            StatusCode::SERVICE_UNAVAILABLE,
            "系统繁忙",
            "当前上传的内容过多，请稍后重新提交。您保存过的内容没有丢失。",
            &[HOME],
        );
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        close(&mut response);
        return response;
    };
    if !is_stranger {
        return next.run(request).await;
    }
    match tokio::time::timeout(STRANGERS_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => refusal(&door.chrome, &asked, Failure::TooSlow),
    }
}

/// The answer to a body that is longer than it may be, before any of it was read.
pub fn too_large(chrome: &Chrome, request: Request) -> Response {
    let asked = request.headers().clone();
    drain(request.into_body());
    refusal(chrome, &asked, Failure::TooLong)
}

/// What is answered when a body failed.
pub fn refusal(chrome: &Chrome, asked: &http::HeaderMap, failure: Failure) -> Response {
    let (status, title, sentence) = match failure {
        Failure::TooLong => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "提交的内容过大",
            "提交的内容超过了允许的大小，请减少内容或换用较小的文件后再试。",
        ),
        Failure::TooSlow => (
            StatusCode::REQUEST_TIMEOUT,
            "上传过慢",
            "提交的内容没有在规定时间内送达，请检查网络后重新提交。您保存过的内容没有丢失。",
        ),
        // Nobody is likely to read it.
        Failure::BrokenOff => {
            (StatusCode::BAD_REQUEST, "提交不完整", "提交的内容不完整，请返回上一页重新提交。")
        }
    };
    let mut response = chrome.answer(asked, status, title, sentence, &[HOME]);
    close(&mut response);
    response
}

/// The rest of the body is not going to be read.
fn close(response: &mut Response) {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    const MEGABYTE: usize = 1024 * 1024;

    /// Findings 3, 15.2.2: one person cannot take the room of all, and nobody waits for ever.
    #[tokio::test(start_paused = true)]
    async fn there_is_room_for_so_much_and_a_share_for_each() {
        let limits =
            RequestLimits { bodies_megabytes: 96, bodies_megabytes_each: 64, ..RequestLimits::default() };
        let room = Arc::new(Room::new(&limits));
        let owner = |name: &str| Owner::Person(name.to_owned());
        let one = room.take(owner("a"), 32 * MEGABYTE).await.unwrap();
        let two = room.take(owner("a"), 32 * MEGABYTE).await.unwrap();
        let began = Instant::now();
        assert!(room.take(owner("a"), MEGABYTE).await.is_none(), "the share is used up");
        assert_eq!(began.elapsed(), PATIENCE);
        let three = room.take(owner("b"), 32 * MEGABYTE).await.unwrap();
        assert!(room.take(owner("c"), 1).await.is_none(), "the room is full");
        let waiting = tokio::spawn({
            let room = room.clone();
            async move { room.take(Owner::Address(Ipv4Addr::LOCALHOST.into()), 1).await.is_some() }
        });
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(one);
        assert!(waiting.await.unwrap(), "who waits gets what is given back");
        drop((two, three));
        room.sweep();
        assert!(room.shares.lock().unwrap().is_empty());
    }
}
