//! Plain routes beside the pages: posted forms, actions, files, events. Each finds its caller, calls
//! one use case, and answers with a redirect (post, redirect, get), so that everything works without
//! scripts (R76).

mod acts;
mod answer;
mod event_streams;
mod events;
mod export;
mod files;
mod forms;
mod identity;
pub mod open_api;
mod posted;
mod queue_rows;
mod resubmit;
mod state;

use axum::Router;
use axum::routing::{get, post};
use domain::route;

use crate::http::request_limit::{RequestLimit, limit_requests};

pub use event_streams::EventStreams;
pub use state::{AppState, RECHECK_INTERVAL};

/// All of them, each under the limit of its kind. `inner` puts between limit and routes what has to know how much may
/// come: who asks, and room for what is sent.
pub fn router(state: AppState, inner: impl Fn(Router) -> Router) -> Router {
    let usual = Router::new()
        .route(&route::file("{id}"), get(files::give))
        .route(route::DESK_EVENTS, get(events::stream))
        .route(route::QUEUE_EXPORT, get(export::table))
        .route(route::QUEUE_ROWS, get(queue_rows::rows))
        .route(route::AT_WORK, post(events::at_work))
        .merge(acts::router());
    // The identity check brings one attachment along (R22).
    let one_file = Router::new().route(route::FILES, post(files::take)).merge(identity::router());
    // A step brings its pictures along, where there are no scripts.
    let whole_form = Router::new()
        .route("/form/{business}/{action}/{step}", post(forms::post_step))
        .merge(answer::router());

    let template = state.template.clone();
    let groups =
        [(usual, RequestLimit::USUAL), (one_file, RequestLimit::FILE), (whole_form, RequestLimit::FORM)];
    groups.into_iter().fold(Router::new(), |all, (routes, limit)| {
        all.merge(limit_requests(inner(routes.with_state(state.clone())), limit, &template))
    })
}
