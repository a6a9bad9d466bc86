//! The platform as a client of the identity platform (R1): authorization code flow with PKCE, state and
//! nonce.

mod attempt;
mod claims;
mod client;
mod failure;
mod handlers;
mod http_client;

pub use client::{Auth, Setup, SetupError, try_provider};
