//! Who asks, and how a use case's answer becomes an `ApiError` with the right status. Server only.

use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use service::{Actor, Error, Service};

use super::ApiError;

/// The person of the request, put there by the server's session layer.
#[derive(Clone)]
pub struct Caller(pub Option<Actor>);

pub fn service() -> Result<Service, ApiError> {
    use_context::<Service>().ok_or_else(|| {
        // The context goes with the reader who leaves while a page is drawn; nobody sees this answer.
        tracing::debug!("asked for after the reader has left");
        answer(StatusCode::INTERNAL_SERVER_ERROR, ApiError::Broken { ticket: "-".to_owned() })
    })
}

/// The signed-in person, or 401.
pub fn actor() -> Result<Actor, ApiError> {
    maybe_actor().ok_or_else(|| answer(StatusCode::UNAUTHORIZED, ApiError::SignIn))
}

pub fn maybe_actor() -> Option<Actor> {
    use_context::<Parts>()?.extensions.get::<Caller>()?.0.clone()
}

/// Whether the browser brought no session, not even one that has ended.
pub fn is_stranger() -> bool {
    let brings = |cookies: &str| {
        cookies.split(';').any(|cookie| cookie.trim().trim_start_matches("__Host-").starts_with("session="))
    };
    use_context::<Parts>().is_none_or(|parts| {
        !parts.headers.get_all(header::COOKIE).iter().any(|value| value.to_str().is_ok_and(brings))
    })
}

/// Path and query of the page that is being drawn; none for the answer to an island.
pub fn page_asked_for() -> Option<String> {
    let here = use_context::<Parts>()?.uri.path_and_query()?.as_str().to_owned();
    (here != "/" && !here.starts_with("/api/")).then_some(here)
}

/// Service and person at once: the beginning of nearly every server function.
pub fn signed_in() -> Result<(Service, Actor), ApiError> {
    Ok((service()?, actor()?))
}

fn answer(status: StatusCode, error: ApiError) -> ApiError {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.set_status(status);
    }
    error
}

/// The arguments were not understood: cut off, malformed, or of another version's page.
pub(super) fn not_understood() {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.set_status(StatusCode::BAD_REQUEST);
    }
}

fn broken(cause: &str) -> ApiError {
    let request = use_context::<Parts>()
        .and_then(|parts| parts.headers.get("x-request-id")?.to_str().ok().map(str::to_owned))
        .unwrap_or_else(|| "-".to_owned());
    tracing::error!(ticket = %request, cause, "a use case broke");
    answer(StatusCode::INTERNAL_SERVER_ERROR, ApiError::Broken { ticket: request })
}

/// The only place where a use case's error becomes the page's.
pub fn refuse(error: Error) -> ApiError {
    match error {
        Error::NotFound => answer(StatusCode::NOT_FOUND, ApiError::NotFound),
        Error::Forbidden => answer(StatusCode::FORBIDDEN, ApiError::Forbidden),
        Error::Refused(refused) => answer(StatusCode::CONFLICT, ApiError::Refused(refused)),
        Error::Faults(faults) => answer(StatusCode::UNPROCESSABLE_ENTITY, ApiError::Faults(faults)),
        Error::TooMany(seconds) => {
            if let Some(options) = use_context::<ResponseOptions>()
                && let Ok(value) = axum::http::HeaderValue::from_str(&seconds.to_string())
            {
                options.insert_header(axum::http::header::RETRY_AFTER, value);
            }
            answer(StatusCode::TOO_MANY_REQUESTS, ApiError::TooMany(seconds))
        }
        other => broken(&service::error::chain(&other)),
    }
}
