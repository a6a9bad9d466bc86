//! One attempt to sign in. Nothing of it is kept here; it travels sealed in a short-lived cookie.

use axum_extra::extract::cookie::CookieJar;
use http::{HeaderMap, header};
use openidconnect::core::{CoreAuthPrompt, CoreAuthenticationFlow};
use openidconnect::{AuthenticationContextClass, CsrfToken, Nonce, PkceCodeChallenge, Scope};
use serde::{Deserialize, Serialize};
use service::error::chain;
use subtle::ConstantTimeEq as _;
use time::Duration;
use url::Url;

use super::client::Auth;
use super::failure::Failure;
use crate::auth::session;

/// How long a person may stay on the identity platform.
const ATTEMPT_LIFE: Duration = Duration::minutes(10);
const ATTEMPT_CONTEXT: &str = "server/sign-in attempt";
/// Attempts of so many tabs fit side by side.
const ATTEMPT_SLOTS: u8 = 8;

/// One attempt to sign in, as it travels in the sealed cookie.
#[derive(Serialize, Deserialize)]
pub(super) struct Attempt {
    state: String,
    pub nonce: String,
    pub verifier: String,
    pub next: String,
    pub callback: String,
    /// Unix seconds.
    until: i64,
    pub requirements: Requirements,
}

/// What a sign-in must prove beyond who the person is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Requirements {
    /// That the person proves themselves now.
    pub fresh: bool,
    /// The level that staff need.
    pub staff: bool,
}

type Authorization<'a> = openidconnect::AuthorizationRequest<
    'a,
    openidconnect::core::CoreAuthDisplay,
    CoreAuthPrompt,
    openidconnect::core::CoreResponseType,
>;

impl Auth {
    /// The callback on the host the person came by, so that the cookies are found again.
    fn callback_for(&self, headers: &HeaderMap) -> Option<&Url> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let same = self.setup.callbacks.iter().find(|callback| Some(callback.authority()) == host);
        same.or_else(|| self.setup.callbacks.first())
    }

    /// Where the person is to be sent, and the cookie that remembers the attempt.
    pub(super) async fn begin(
        &self,
        headers: &HeaderMap,
        next: String,
        requirements: Requirements,
    ) -> Result<(Url, CookieJar), Failure> {
        let metadata = self.metadata(false).await?;
        let callback = self.callback_for(headers).map(Url::to_string).unwrap_or_default();
        let client = self.client(&metadata, callback.clone())?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let asked = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("profile".into()))
            .add_scope(Scope::new("phone".into()))
            .set_pkce_challenge(challenge);
        let (url, state, nonce) = self.requiring(asked, requirements).url();
        let attempt = Attempt {
            requirements,
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            next,
            callback,
            until: (self.setup.clock.now() + ATTEMPT_LIFE).unix_timestamp(),
            state: state.into_secret(),
        };
        let sealed = serde_json::to_string(&attempt)
            .map_err(|error| Failure::Broken(chain(&error)))
            .and_then(|text| {
                self.setup
                    .keyring
                    .seal_text(ATTEMPT_CONTEXT, &text)
                    .map_err(|error| Failure::Broken(chain(&error)))
            })?;
        let name = self.attempt_cookie(&attempt.state);
        let cookie = session::host_cookie(name, sealed, self.setup.tls, ATTEMPT_LIFE);
        Ok((url, CookieJar::new().add(cookie)))
    }

    /// Asks the identity platform for what the operator demands (OpenID Connect Core 3.1.2.1).
    fn requiring<'a>(&self, asked: Authorization<'a>, requirements: Requirements) -> Authorization<'a> {
        let assurance = &self.setup.assurance;
        let staff = requirements.staff.then_some(assurance);
        let levels = staff.map_or(&[][..], |assurance| assurance.staff_acr.as_slice());
        let mut asked = levels.iter().fold(asked, |asked, level| {
            asked.add_auth_context_value(AuthenticationContextClass::new(level.clone()))
        });
        let fresh = assurance.fresh_minutes.filter(|_| requirements.fresh);
        let ages = fresh.into_iter().chain(staff.and_then(|assurance| assurance.staff_max_age_minutes));
        if let Some(seconds) = ages.min().and_then(|minutes| u64::try_from(minutes * 60).ok()) {
            asked = asked.set_max_age(std::time::Duration::from_secs(seconds));
        }
        if requirements.fresh { asked.add_prompt(CoreAuthPrompt::Login) } else { asked }
    }

    pub(super) fn attempt_cookie(&self, state: &str) -> String {
        let slot = state.bytes().fold(0u8, u8::wrapping_add) % ATTEMPT_SLOTS;
        let prefix = if self.setup.tls { "__Host-" } else { "" };
        format!("{prefix}sign-in-{slot}")
    }

    /// The attempt that belongs to this state, if this browser began it and not too long ago.
    pub(super) fn attempt(&self, headers: &HeaderMap, state: &str) -> Option<Attempt> {
        let jar = CookieJar::from_headers(headers);
        let sealed = jar.get(&self.attempt_cookie(state))?.value().to_owned();
        let text = self.setup.keyring.open_text(ATTEMPT_CONTEXT, &sealed).ok()?;
        let attempt: Attempt = serde_json::from_str(&text).ok()?;
        let same = bool::from(attempt.state.as_bytes().ct_eq(state.as_bytes()));
        (same && self.setup.clock.now().unix_timestamp() <= attempt.until).then_some(attempt)
    }
}
