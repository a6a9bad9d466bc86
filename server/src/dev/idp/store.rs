//! What the provider remembers between its endpoints.

use std::collections::HashMap;

use time::OffsetDateTime;

use super::identity::Identity;

/// What happens between the endpoints; a restart forgets all but the identities.
#[derive(Default)]
pub struct Store {
    /// Made by hand, the latest last.
    pub identities: Vec<Identity>,
    pub codes: HashMap<String, Grant>,
    pub access_tokens: HashMap<String, Access>,
}

/// What a code stands for.
pub struct Grant {
    pub identity: Identity,
    pub redirect_uri: String,
    pub challenge: String,
    pub nonce: String,
    pub acr: &'static str,
    pub issued: OffsetDateTime,
    /// The token it was exchanged for: a second use of the code ends it (RFC 6749, 4.1.2).
    pub spent_for: Option<String>,
}

pub struct Access {
    pub identity: Identity,
    pub issued: OffsetDateTime,
}
