//! The session cookie and the seam to whoever keeps sessions. The token is opaque here: the service
//! makes it, stores its hash, and decides about idle and absolute expiry.

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use futures::future::BoxFuture;
use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use service::Proof;
use time::Duration;

/// The bearer token of one session, 256 random bits in text. Never in `Debug`.
#[derive(Debug, Clone)]
pub struct SessionToken(SecretString);

impl SessionToken {
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into().into())
    }

    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// What the identity platform says of a person (R1). Personal data: `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    /// The platform's lasting name for the person; never shown.
    pub sub: String,
    pub name: String,
    pub mobile: String,
    /// As in the list of id kinds, such as `resident_id`.
    pub id_kind: String,
    pub id_number: String,
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

/// One sign-in, after the identity platform has vouched for the person.
#[derive(Debug)]
pub struct SignIn {
    pub claims: Claims,
    /// How the identity platform came to know the person.
    pub proof: Proof,
    /// The browser's session until now: it ends, so that the token is rotated.
    pub previous: Option<SessionToken>,
    /// What the browser calls itself, shortened; shown in the list of sessions.
    pub user_agent: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum SignInFailure {
    /// The person may not sign in; the sentence is for them.
    #[error("refused")]
    Refused(String),
    #[error(transparent)]
    Broken(#[from] Box<dyn std::error::Error + Send + Sync>),
}

/// Who keeps sessions: the service, or a test.
pub trait Sessions: Send + Sync + 'static {
    fn sign_in(&self, sign_in: SignIn) -> BoxFuture<'_, Result<SessionToken, SignInFailure>>;
    /// Where the person of a session works: the address of their desk; none for who has no role.
    fn desk(&self, token: &SessionToken) -> BoxFuture<'_, Option<&'static str>>;
    /// Ends one session; a token that names none is no error.
    fn sign_out(
        &self,
        token: SessionToken,
    ) -> BoxFuture<'_, Result<(), Box<dyn std::error::Error + Send + Sync>>>;
    /// How a way back from the identity platform ended, to be counted.
    fn note_end(&self, _outcome: &'static str) {}
}

/// `__Host-` where TLS is on: no other host, path or plain connection can set it.
pub fn cookie_name(tls: bool) -> &'static str {
    if tls { "__Host-session" } else { "session" }
}

/// The token the browser sent, if it looks like one.
pub fn token_of(headers: &HeaderMap, tls: bool) -> Option<SessionToken> {
    let jar = CookieJar::from_headers(headers);
    let token = jar.get(cookie_name(tls))?.value();
    let plausible = (32..=128).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    plausible.then(|| SessionToken::new(token))
}

/// The cookie that carries a session, and need not outlive it.
pub fn cookie(token: &SessionToken, tls: bool) -> Cookie<'static> {
    host_cookie(cookie_name(tls), token.expose().to_owned(), tls, service::SESSION_LIFETIME)
}

/// The cookie that ends a session in the browser.
pub fn expired_cookie(tls: bool) -> Cookie<'static> {
    host_cookie(cookie_name(tls), String::new(), tls, Duration::ZERO)
}

pub(crate) fn host_cookie(
    name: impl Into<std::borrow::Cow<'static, str>>,
    value: String,
    tls: bool,
    max_age: Duration,
) -> Cookie<'static> {
    // Lax, not Strict: the way back from the identity platform begins on a foreign site.
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .secure(tls)
        .same_site(SameSite::Lax)
        .max_age(max_age)
        .build()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn the_cookie_is_bound_to_the_host_where_tls_is_on() {
        let token = SessionToken::new("t".repeat(43));
        assert_eq!(
            cookie(&token, true).to_string(),
            format!(
                "__Host-session={}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=43200",
                token.expose()
            )
        );
        assert!(cookie(&token, false).to_string().starts_with("session="));
        assert!(expired_cookie(true).to_string().contains("Max-Age=0"));
    }

    #[test]
    fn what_does_not_look_like_a_token_is_none() {
        let with = |cookie: String| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::COOKIE, cookie.parse().unwrap());
            token_of(&headers, false).map(|token| token.expose().to_owned())
        };
        assert_eq!(with(format!("a=b; session={}", "t".repeat(43))), Some("t".repeat(43)));
        for wrong in ["", "short", "' or 1=1 --aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
            assert_eq!(with(format!("session={wrong}")), None);
        }
        assert_eq!(with(format!("__Host-session={}", "t".repeat(43))), None, "not on a plain connection");
    }

    #[test]
    fn neither_token_nor_claims_show_in_debug_output() {
        let sign_in = SignIn {
            claims: Claims {
                sub: "secret".into(),
                name: "secret".into(),
                mobile: "secret".into(),
                id_kind: "secret".into(),
                id_number: "secret".into(),
            },
            proof: Proof::default(),
            previous: Some(SessionToken::new("secret")),
            user_agent: None,
        };
        assert!(!format!("{sign_in:?}").contains("secret"));
    }
}
