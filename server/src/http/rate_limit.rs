//! How often one address may ask for what is dear: signing in, looking up, uploading, posting forms. Counted by each
//! server for itself; what needs no session is counted by all of them together, too.

use domain::route;
use std::net::IpAddr;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::Method;
use service::Service;

use super::client_addr::network_key;
use crate::config::RateLimits;

/// Whether a request counts towards a limit.
type Counts = fn(&Method, &str) -> bool;

/// One kind of request.
struct Kind {
    name: &'static str,
    per_minute: u32,
    /// Nobody is known by a session yet, whose uses are counted in the database.
    is_of_strangers: bool,
    counts: Counts,
    limiter: DefaultKeyedRateLimiter<IpAddr>,
}

/// Requests a minute from each address, by kind of request.
pub struct RateLimiters {
    kinds: Vec<Kind>,
    /// What all servers count together.
    together: Option<Service>,
}

impl RateLimiters {
    pub fn new(limits: RateLimits) -> Self {
        Self { kinds: kinds(limits).into_iter().flatten().collect(), together: None }
    }

    /// What strangers ask is counted by all servers of this database together.
    pub fn counted_together(self, service: Service) -> Self {
        Self { together: Some(service), ..self }
    }

    /// Forgets addresses that have been quiet; called by time, since under a flood of addresses it is long.
    pub fn sweep(&self) {
        for kind in &self.kinds {
            kind.limiter.retain_recent();
            kind.limiter.shrink_to_fit();
        }
    }

    /// How many addresses are remembered.
    pub fn len(&self) -> usize {
        self.kinds.iter().map(|kind| kind.limiter.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts a request. Where its address has sent too many: what kind of request, and the seconds to wait.
    pub(super) fn check(&self, addr: IpAddr, method: &Method, path: &str) -> Result<(), (&'static str, u64)> {
        let key = network_key(addr);
        for kind in self.kinds.iter().filter(|kind| (kind.counts)(method, path)) {
            if let Err(early) = kind.limiter.check_key(&key) {
                return Err((kind.name, early.wait_time_from(DefaultClock::default().now()).as_secs() + 1));
            }
            if let Some(service) = self.together.as_ref().filter(|_| kind.is_of_strangers)
                && let Some(wait) = service.network_use.count(key, kind.name, kind.per_minute)
            {
                return Err((kind.name, wait));
            }
        }
        Ok(())
    }
}

fn kinds(limits: RateLimits) -> [Option<Kind>; 4] {
    let kind = |name, per_minute: u32, is_of_strangers, counts: Counts| {
        let limiter = RateLimiter::keyed(Quota::per_minute(per_minute.try_into().ok()?));
        Some(Kind { name, per_minute, is_of_strangers, counts, limiter })
    };
    [
        kind("sign-in", limits.sign_in, true, |method, path| {
            path == route::LOGIN
                || path == route::LOGIN_CALLBACK
                || (path == "/idp/authorize" && method == Method::POST)
        }),
        kind("look-up", limits.look_up, true, |_, path| {
            route::is_at(path, route::LOOKUP)
                || path.starts_with(route::PUBLIC_RECORDS)
                || route::is_at(path, route::OPEN_RECORDS)
                || path.starts_with("/api/lookup")
                || path.starts_with("/api/public_record")
        }),
        kind("upload", limits.upload, false, |method, path| method == Method::POST && path == route::FILES),
        kind("form", limits.form, false, |method, path| {
            method == Method::POST && (path.starts_with(route::FORM_POSTS) || path.starts_with("/act/"))
        }),
    ]
}
