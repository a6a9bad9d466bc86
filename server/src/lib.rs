//! The server program's parts: configuration, sign-in, the embedded identity provider, and what every
//! request passes through. `main.rs` puts them together; use cases live in `service`, pages in `app`.

pub mod clock;
pub mod config;
pub mod http;
pub mod idp;
pub mod oidc;
pub mod outbox;
pub mod pages;
pub mod people;
pub mod program;
pub mod pulse;
pub mod render;
pub mod routes;
pub mod scale;
pub mod serve;
pub mod session;
pub mod site;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;

/// Chooses the cryptography of outgoing TLS for the whole process. Calling it again does nothing.
pub fn install_crypto() {
    // An error says that a provider is already there.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// 256 random bits in 43 letters that are safe in addresses and cookies.
pub(crate) fn random_token() -> String {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
