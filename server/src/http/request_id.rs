//! The number of a request (`X-Request-Id`): it stands on every line of the log, in the answer, and on the page of
//! whoever met an error, so that they can quote it.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use ipnet::IpNet;

use crate::random::random_letters;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Shorter, and two requests would have the same one; longer, and it would be something else.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=64;

tokio::task_local! {
    static CURRENT: HeaderValue;
}

pub fn new_id() -> Option<HeaderValue> {
    HeaderValue::from_str(&random_letters::<9>()).ok()
}

/// Whether one of these brought it.
pub fn is_from(request: &Request, proxies: &[IpNet]) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    peer.is_some_and(|peer| proxies.iter().any(|network| network.contains(&peer.to_canonical())))
}

/// What a trusted proxy calls it, if that looks like a number.
pub fn own_id(request: &Request, proxies: &[IpNet]) -> Option<HeaderValue> {
    let given = request.headers().get(REQUEST_ID)?;
    let is_number = LENGTHS.contains(&given.len())
        && given.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    (is_number && is_from(request, proxies)).then(|| given.clone())
}

/// Lets what is drawn for the request know its number.
pub async fn in_request(request: Request, next: Next) -> Response {
    match request.headers().get(REQUEST_ID).cloned() {
        Some(id) => CURRENT.scope(id, next.run(request)).await,
        None => next.run(request).await,
    }
}

/// The number of the request that is being answered.
pub fn current_id() -> Option<String> {
    CURRENT.try_with(|id| id.to_str().ok().map(str::to_owned)).ok().flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::body::Body;

    use super::*;

    #[test]
    fn only_a_trusted_proxy_gives_a_number_and_only_one_that_looks_like_one() {
        let proxies: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let named = |peer: &str, id: &str| {
            let mut request = Request::get("/").header("x-request-id", id).body(Body::empty()).unwrap();
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer.parse().unwrap()));
            own_id(&request, &proxies).map(|id| id.to_str().unwrap().to_owned())
        };
        let good = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(named("10.1.2.3:1", good).as_deref(), Some(good));
        assert_eq!(named("[::ffff:10.1.2.3]:1", good).as_deref(), Some(good));
        assert_eq!(named("192.0.2.1:1", good), None, "anybody could send it");
        for bad in ["", "short", "with space in it", "with\"quote\"", &"a".repeat(65), "<script>alert"] {
            assert_eq!(named("10.1.2.3:1", bad), None, "{bad}");
        }
    }
}
