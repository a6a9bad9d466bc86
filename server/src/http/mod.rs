//! What has to do with HTTP alone, whatever is asked: the guards around all routes, limits of size, time and number,
//! the few pages that the server draws without Leptos.

pub mod body;
pub mod body_budget;
pub mod client_addr;
pub mod elder;
pub mod guards;
pub mod health;
mod in_flight;
pub mod markers;
pub mod page_template;
pub mod problem;
pub mod rate_limit;
pub mod request_id;
pub mod request_limit;
pub mod route_name;
pub mod security_headers;
