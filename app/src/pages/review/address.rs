//! The addresses of queues and of what is opened from them: a filing carries its queue along.

use domain::route;
use domain::view::QueueRequest;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::ui::table::href;

/// The queue that the address asks for.
pub fn request_in_address() -> impl Fn() -> QueueRequest + Copy {
    let query = use_query_map();
    move || query.with(|query| QueueRequest::read(|name| query.get(name).unwrap_or_default()))
}

/// The address of a queue.
pub fn address(request: &QueueRequest) -> String {
    let pairs = request.pairs();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    href(route::QUEUE, &pairs)
}

/// What stands behind the `?` of a queue's address; filings opened from it carry it along.
pub fn query_of(request: &QueueRequest) -> String {
    address(request).split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default()
}

/// Path of a filing, opened from a queue.
pub fn filing_href(id: &str, from: &str) -> String {
    href(&route::review_filing(id), &[("from", from)])
}
