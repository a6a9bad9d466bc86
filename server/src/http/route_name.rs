//! What a request's route is called in logs and figures: its pattern, never the address.

use std::collections::HashSet;
use std::sync::LazyLock;

use axum::extract::{MatchedPath, Request};

/// The server functions, which are one route for axum.
static FUNCTIONS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect());

/// The pattern of the route that answers; of a server function its address, which has no part that varies.
pub fn route_name(request: &Request) -> &str {
    let Some(pattern) = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) else {
        return "(none)";
    };
    if pattern.starts_with("/api/") {
        return FUNCTIONS.get(request.uri().path()).copied().unwrap_or(pattern);
    }
    // Each of the built files is a route; their names change with every version.
    if pattern.starts_with("/pkg/") { "/pkg/{file}" } else { pattern }
}
