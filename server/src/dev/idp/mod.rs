//! The embedded identity provider (R1): a small but real OpenID provider for development, with sample
//! people and a form for another test identity.

mod codes;
mod endpoints;
pub(super) mod identity;
mod page;
mod provider;
mod request;
mod store;

pub use provider::{IdentityProvider, Setup, SetupError};
