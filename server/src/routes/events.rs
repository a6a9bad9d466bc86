//! Tells open review pages that something in their region changed (R61, R62). An event names the filing
//! and whether it arrived, nothing else: the page asks again and sees what it may see. A browser that
//! was interrupted says what it heard last (`Last-Event-ID`) and gets what it missed. Session and role are looked up
//! again before an event once this program has ended a session or changed a role, or some seconds have passed, and every
//! minute: who has left hears nothing more.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::ops::Range;
use std::time::Duration;

use app::api::caller::Caller;
use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Form};
use futures::stream;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use rand::RngExt as _;
use serde::Deserialize;
use service::error::chain;
use service::watch::CountedStream;
use service::{Actor, Change, Missed, OpenPage, Service, Subscription, Told, What};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, Interval};

use super::event_streams::OpenStream;
use super::state::{AppState, actor_of};
use crate::supervisor::Lifecycle;

/// What a page listens to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// The filing whose page it is: then only this one, and the page counts as open (R62).
    filing: String,
}

/// One page that listens.
struct Listener {
    service: Service,
    actor: Actor,
    changes: Subscription,
    missed: VecDeque<Told>,
    /// Tell the page to read anew before anything else.
    greeting: Option<Event>,
    filing: String,
    /// Gone with the stream.
    _open: Option<OpenPage>,
    _stream: OpenStream,
    _counted: CountedStream,
    lifecycle: Lifecycle,
    recheck: Interval,
    /// When session and role were looked up last, and how often rights had been changed here by then.
    looked_up: Option<(Instant, u64)>,
}

/// What another server has ended is heard no more after so long, also while much happens.
const TRUSTED_FOR: Duration = Duration::from_secs(3);

/// Milliseconds after which a browser that was interrupted connects again.
const RECONNECT: Range<u64> = 300..1_500;

/// What the browser heard last; it sends this by itself when it connects again.
const LAST: &str = "last-event-id";

pub async fn stream(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let Ok(actor) = actor_of(&caller) else { return StatusCode::UNAUTHORIZED.into_response() };
    if actor.reviewer_region().is_none() {
        return StatusCode::FORBIDDEN.into_response();
    }
    let service = state.service.clone();
    // The page works without; it is only not told of changes.
    let Some(stream) = state.streams.open(&actor.person_id, service.usage.most_event_streams()) else {
        return (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "60")]).into_response();
    };
    let open = match wanted.filing.as_str() {
        "" => None,
        filing => match service.presence.open_page(actor, filing).await {
            Ok(open) => Some(open),
            Err(service::Error::NotFound) => return StatusCode::NOT_FOUND.into_response(),
            Err(error) => return not_listening(&error),
        },
    };
    let last = headers.get(LAST).and_then(|last| last.to_str().ok());
    let (missed, changes) = match service.events.subscribe(last).await {
        Ok(subscribed) => subscribed,
        Err(error) => return not_listening(&error),
    };
    let upto = changes.upto().name();
    // Soon, since another server may be there at once, and not all of a server's pages in one moment.
    let retry = Duration::from_millis(rand::rng().random_range(RECONNECT));
    let (missed, greeting) = match missed {
        // The name makes good an interruption right after the beginning, too.
        Missed::These(missed) => {
            let id = last.map_or(upto, str::to_owned);
            (missed.into(), Event::default().event("hello").id(id).data("hello"))
        }
        Missed::TooMuch => (VecDeque::new(), again(&upto)),
    };
    let greeting = greeting.retry(retry);
    let counted = service.watch.stream_opened();
    let listener = Listener {
        service,
        actor: actor.clone().forgetting(),
        changes,
        missed,
        greeting: Some(greeting),
        filing: wanted.filing,
        _open: open,
        _stream: stream,
        _counted: counted,
        lifecycle: state.lifecycle.clone(),
        recheck: tokio::time::interval_at(Instant::now() + state.recheck, state.recheck),
        looked_up: None,
    };
    let events = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))).into_response()
}

fn not_listening(error: &service::Error) -> Response {
    tracing::error!(error = chain(error), "a page could not be opened for listening");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// The officer is at work on a filing's page: the claim does not lapse (R62).
pub async fn at_work(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Form(wanted): Form<Wanted>,
) -> StatusCode {
    let Ok(actor) = actor_of(&caller) else { return StatusCode::UNAUTHORIZED };
    match state.service.filing_claims.keep_claim(actor, &wanted.filing).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(service::Error::NotFound) => StatusCode::NOT_FOUND,
        Err(service::Error::Forbidden) => StatusCode::FORBIDDEN,
        Err(error) => {
            tracing::error!(error = chain(&error), "a claim could not be kept");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// Something was missed; which, nobody knows.
fn again(name: &str) -> Event {
    Event::default().event("change").id(name).data("again")
}

impl Listener {
    async fn next(&mut self) -> Option<Event> {
        if let Some(greeting) = self.greeting.take() {
            return Some(greeting);
        }
        loop {
            let received = match self.missed.pop_front() {
                Some(told) => Ok(told),
                None => tokio::select! {
                    () = self.lifecycle.ended() => return None,
                    _ = self.recheck.tick() => {
                        self.looked_up = None;
                        if !self.still_may_listen().await {
                            return None;
                        }
                        continue;
                    }
                    received = self.changes.next() => received,
                },
            };
            let event = match received {
                Ok(Told { place, change }) => {
                    let Some(word) = word_for(&self.actor, &self.filing, &change) else { continue };
                    let event = Event::default().event("change").data(format!("{word} {}", change.filing_id));
                    // Without a name of its own it leaves the browser with the last one.
                    match place {
                        Some(place) => event.id(place.name()),
                        None => event,
                    }
                }
                Err(RecvError::Lagged(_)) => {
                    self.service.watch.stream_lagged();
                    again(&self.changes.upto().name())
                }
                Err(RecvError::Closed) => return None,
            };
            return if self.still_may_listen().await { Some(event) } else { None };
        }
    }

    /// Whether the session still lives and the officer has the same role and region. Otherwise the stream
    /// ends; the browser asks again and is told as whom.
    async fn still_may_listen(&mut self) -> bool {
        // Read before it is looked up: what is ended meanwhile counts up from this.
        let rights = self.service.accounts.rights();
        let is_known = |(at, then): (Instant, u64)| then == rights && at.elapsed() < TRUSTED_FOR;
        if self.looked_up.is_some_and(is_known) {
            return true;
        }
        match self.service.accounts.actor_again(&self.actor).await {
            Ok(now) => {
                self.looked_up = Some((Instant::now(), rights));
                now.as_ref() == Some(&self.actor)
            }
            Err(error) => {
                tracing::error!(error = chain(&error), "the session of a listener was not looked up");
                false
            }
        }
    }
}

/// What a change means to this listener, if anything.
fn word_for(actor: &Actor, filing: &str, change: &Change) -> Option<&'static str> {
    let is_here = actor.covers(&change.jurisdiction);
    let was_here = change.left.as_ref().is_some_and(|left| actor.covers(left));
    let is_wanted = filing.is_empty() || filing == change.filing_id;
    if !(is_here || was_here) || !is_wanted {
        return None;
    }
    match change.what {
        // Within a province a filing may move without arriving anew.
        What::Arrived if is_here && !was_here => Some("arrived"),
        What::Arrived | What::Changed => Some("changed"),
        // Who looks at what is of interest on that page alone.
        What::Looked => (!filing.is_empty()).then_some("looked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use service::Role;

    #[test]
    fn a_listener_hears_what_concerns_the_region_and_the_page() {
        let officer = |region: &str| {
            let roles = vec![Role::Reviewer { region: region.to_owned() }];
            Actor::of("p".to_owned(), "s".to_owned(), roles)
        };
        let change = |what, jurisdiction: &str, left: Option<&str>| Change {
            what,
            filing_id: "f".to_owned(),
            jurisdiction: jurisdiction.to_owned(),
            left: left.map(str::to_owned),
        };
        for (region, page, change, heard) in [
            ("110000", "", change(What::Arrived, "110101", None), Some("arrived")),
            ("310000", "", change(What::Arrived, "110101", None), None),
            ("110101", "", change(What::Changed, "110101", None), Some("changed")),
            ("110101", "f", change(What::Changed, "110101", None), Some("changed")),
            ("110101", "g", change(What::Changed, "110101", None), None),
            ("110101", "", change(What::Looked, "110101", None), None),
            ("110101", "f", change(What::Looked, "110101", None), Some("looked")),
            // From one county to another: new there, gone here, neither for the province.
            ("310101", "", change(What::Arrived, "310101", Some("110101")), Some("arrived")),
            ("110101", "", change(What::Arrived, "310101", Some("110101")), Some("changed")),
            ("110000", "", change(What::Arrived, "110102", Some("110101")), Some("changed")),
        ] {
            assert_eq!(word_for(&officer(region), page, &change), heard, "{region} {page} {change:?}");
        }
    }
}
