//! Signing in over OpenID Connect, the cookie, and who acts in a request.

pub mod authentication;
pub mod oidc;
pub mod return_path;
pub mod session;
