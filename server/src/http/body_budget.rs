//! How much of all bodies is held in memory at the same time. Who asks is known before a body is read; somebody
//! without a session has room for what was typed on one page.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::api::caller::Caller;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use hyper::body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::body::{self, BodyFailure, BodyOutcome};
use super::client_addr::{ClientAddr, network_key};
use super::page_template::{HOME, PageTemplate};
use super::request_limit::RequestLimit;
use crate::config::Capacity;

/// What is kept of an anonymous post for the page that asks to sign in again.
pub const ANONYMOUS_BODY: usize = 256 * 1024;
/// So long an anonymous post may take.
const ANONYMOUS_TIMEOUT: Duration = Duration::from_secs(30);
/// So long a request waits for room.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whose share of the room a body takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Owner {
    Person(String),
    Address(IpAddr),
}

/// The room for all bodies that are held at once, in kilobytes.
#[derive(Debug)]
pub struct BodyBudget {
    all: Arc<Semaphore>,
    /// The most for one person or address.
    each: usize,
    shares: Mutex<HashMap<Owner, Arc<Semaphore>>>,
}

impl BodyBudget {
    pub fn new(limits: &Capacity) -> Self {
        let each = limits.bodies_megabytes_each * 1024;
        Self {
            all: Arc::new(Semaphore::new(limits.bodies_megabytes * 1024)),
            each,
            shares: Mutex::new(HashMap::new()),
        }
    }

    /// Waits for so many bytes; they are given back when what is returned is dropped.
    async fn reserve(
        &self,
        owner: Owner,
        bytes: usize,
    ) -> Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)> {
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
pub struct BodyAdmission {
    pub budget: Arc<BodyBudget>,
    pub template: PageTemplate,
}

/// Lets a request with a body in when there is room for it. Stands behind what knows the caller.
pub async fn admit_body(State(admission): State<BodyAdmission>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let allowed = request.extensions().get::<RequestLimit>().map_or(ANONYMOUS_BODY, |limit| limit.body);
    let announced = request.body().size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let size = announced.unwrap_or(allowed).min(allowed);
    let person = match request.extensions().get::<Caller>() {
        Some(Caller(Some(actor))) => Some(actor.person_id.clone()),
        Some(Caller(None)) | None => None,
    };
    let asked = request.headers().clone();
    let is_anonymous = person.is_none();
    let owner = match person {
        Some(person) => Owner::Person(person),
        None => Owner::Address(match request.extensions().get::<ClientAddr>() {
            Some(ClientAddr(addr)) => network_key(*addr),
            None => Ipv4Addr::UNSPECIFIED.into(),
        }),
    };
    // Files of somebody without a session are passed over as they come, and what is typed beside them is bounded there.
    let has_files = asked
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("multipart/form-data"));
    let (size, request) = match is_anonymous {
        true if has_files => (size.min(ANONYMOUS_BODY), request),
        true if size > ANONYMOUS_BODY && announced.is_some() => {
            return body::too_large(&admission.template, request);
        }
        true => {
            let outcome = request.extensions().get::<BodyOutcome>().cloned().unwrap_or_default();
            (size.min(ANONYMOUS_BODY), request.map(|sent| body::monitored(sent, ANONYMOUS_BODY, outcome)))
        }
        false => (size, request),
    };
    let Some(_reserved) = admission.budget.reserve(owner, size).await else {
        body::drain(request.into_body());
        let mut response = admission.template.answer(
            &asked,
            StatusCode::SERVICE_UNAVAILABLE,
            "系统繁忙",
            "当前上传的内容过多，请稍后重新提交。您保存过的内容没有丢失。",
            &[HOME],
        );
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        body::close(&mut response);
        return response;
    };
    if !is_anonymous {
        return next.run(request).await;
    }
    match tokio::time::timeout(ANONYMOUS_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => body::failure_page(&admission.template, &asked, BodyFailure::TooSlow),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use tokio::time::Instant;

    use super::*;

    const MEGABYTE: usize = 1024 * 1024;

    /// Findings 3, 15.2.2: one person cannot take the room of all, and nobody waits for ever.
    #[tokio::test(start_paused = true)]
    async fn there_is_room_for_so_much_and_a_share_for_each() {
        let limits = Capacity { bodies_megabytes: 96, bodies_megabytes_each: 64, ..Capacity::default() };
        let room = Arc::new(BodyBudget::new(&limits));
        let owner = |name: &str| Owner::Person(name.to_owned());
        let one = room.reserve(owner("a"), 32 * MEGABYTE).await.unwrap();
        let two = room.reserve(owner("a"), 32 * MEGABYTE).await.unwrap();
        let began = Instant::now();
        assert!(room.reserve(owner("a"), MEGABYTE).await.is_none(), "the share is used up");
        assert_eq!(began.elapsed(), PATIENCE);
        let three = room.reserve(owner("b"), 32 * MEGABYTE).await.unwrap();
        assert!(room.reserve(owner("c"), 1).await.is_none(), "the room is full");
        let waiting = tokio::spawn({
            let room = room.clone();
            async move { room.reserve(Owner::Address(Ipv4Addr::LOCALHOST.into()), 1).await.is_some() }
        });
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(one);
        assert!(waiting.await.unwrap(), "who waits gets what is given back");
        drop((two, three));
        room.sweep();
        assert!(room.shares.lock().unwrap().is_empty());
    }
}
