//! Tells open review pages that something in their region changed (R61). The event names nothing:
//! the page asks again and sees what it may see.

use std::convert::Infallible;
use std::time::Duration;

use app::api::caller::Caller;
use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http::StatusCode;
use tokio::sync::broadcast::error::RecvError;

use super::{Desk, actor_of};

pub async fn stream(State(desk): State<Desk>, Extension(caller): Extension<Caller>) -> Response {
    let Ok(actor) = actor_of(&caller) else { return StatusCode::UNAUTHORIZED.into_response() };
    if actor.reviewer_region().is_none() {
        return StatusCode::FORBIDDEN.into_response();
    }
    let start = (desk.service.subscribe(), actor.clone());
    let events = stream::unfold(start, |(mut bell, actor)| async move {
        loop {
            match bell.recv().await {
                Ok(change) if !actor.covers(&change.jurisdiction) => {}
                // Having missed some is one more reason to look again.
                Ok(_) | Err(RecvError::Lagged(_)) => {
                    // A browser drops an event without data.
                    let event = Event::default().event("change").data("change");
                    return Some((Ok::<_, Infallible>(event), (bell, actor)));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))).into_response()
}
