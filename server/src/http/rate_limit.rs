//! How often one address may ask for what is dear: signing in, looking up, uploading, posting forms. Counted by each
//! server for itself.

use domain::route;
use std::net::IpAddr;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::Method;

use super::client_addr::network_key;
use crate::config::RateLimits;

/// Whether a request counts towards a limit.
type Counts = fn(&Method, &str) -> bool;

/// Requests a minute from each address, by kind of request.
pub struct RateLimiters(Vec<(&'static str, Counts, DefaultKeyedRateLimiter<IpAddr>)>);

impl RateLimiters {
    pub fn new(limits: RateLimits) -> Self {
        let kinds = kinds(limits).into_iter().filter_map(|(name, per_minute, counts)| {
            Some((name, counts, RateLimiter::keyed(Quota::per_minute(per_minute.try_into().ok()?))))
        });
        Self(kinds.collect())
    }

    /// Forgets addresses that have been quiet; called by time, since under a flood of addresses it is long.
    pub fn sweep(&self) {
        for (_, _, limiter) in &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    /// How many addresses are remembered.
    pub fn len(&self) -> usize {
        self.0.iter().map(|(_, _, limiter)| limiter.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts a request. Where its address has sent too many: what kind of request, and the seconds to wait.
    pub(super) fn check(&self, addr: IpAddr, method: &Method, path: &str) -> Result<(), (&'static str, u64)> {
        let key = network_key(addr);
        for (kind, counts, limiter) in &self.0 {
            if counts(method, path)
                && let Err(early) = limiter.check_key(&key)
            {
                return Err((kind, early.wait_time_from(DefaultClock::default().now()).as_secs() + 1));
            }
        }
        Ok(())
    }
}

fn kinds(limits: RateLimits) -> [(&'static str, u32, Counts); 4] {
    [
        ("sign-in", limits.sign_in, |method, path| {
            path == route::LOGIN
                || path == route::LOGIN_CALLBACK
                || (path == "/idp/authorize" && method == Method::POST)
        }),
        ("look-up", limits.look_up, |_, path| {
            route::is_at(path, route::LOOKUP)
                || path.starts_with(route::PUBLIC_RECORDS)
                || route::is_at(path, route::OPEN_RECORDS)
                || path.starts_with("/api/lookup")
                || path.starts_with("/api/public_record")
        }),
        ("upload", limits.upload, |method, path| method == Method::POST && path == route::FILES),
        ("form", limits.form, |method, path| {
            method == Method::POST && (path.starts_with(route::FORM_POSTS) || path.starts_with("/act/"))
        }),
    ]
}
