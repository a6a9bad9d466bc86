//! How much and how often: what requests may hold of this server, and how many one address may send.

use serde::Deserialize;

/// Bytes a posted form may have: a step with its pictures, sent without scripts.
pub const LARGEST_FORM: usize = 32 * 1024 * 1024;
/// Bytes one uploaded file may have, and a little, so that a file just above 5 MB gets its own sentence.
pub const LARGEST_FILE: usize = 6 * 1024 * 1024;

/// Requests a minute from one address, beyond which a page asks to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimits {
    pub sign_in: u32,
    pub look_up: u32,
    pub upload: u32,
    /// Posted forms and buttons, without scripts.
    pub form: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { sign_in: 60, look_up: 60, upload: 60, form: 300 }
    }
}

impl RateLimits {
    /// One address is one developer and all of the end-to-end tests.
    pub(super) const DEVELOPMENT: Self = Self { sign_in: 3000, look_up: 3000, upload: 3000, form: 3000 };
}

/// What requests may hold of this server, all together and from one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Capacity {
    /// Connections at the same time.
    pub connections: usize,
    /// Of those from one address; behind a trusted proxy, requests at work for one address.
    pub per_address: usize,
    /// Bodies that are held in memory at the same time.
    pub bodies_megabytes: usize,
    /// Of those from one person, or one address without a session.
    pub bodies_megabytes_each: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { connections: 4096, per_address: 64, bodies_megabytes: 192, bodies_megabytes_each: 64 }
    }
}

impl Capacity {
    /// One address is one developer and all of the end-to-end tests.
    pub(super) const DEVELOPMENT: Self =
        Self { connections: 4096, per_address: 1024, bodies_megabytes: 192, bodies_megabytes_each: 128 };

    /// One body of the largest kind must fit.
    pub(super) fn fit(&self) -> bool {
        let largest = LARGEST_FORM.div_ceil(1024 * 1024);
        (1..=self.connections).contains(&self.per_address)
            && (largest..=self.bodies_megabytes).contains(&self.bodies_megabytes_each)
            && self.bodies_megabytes <= 64 * 1024
    }
}
