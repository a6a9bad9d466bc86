//! What the identity platform says of a person, and whether it is to be believed.

use openidconnect::core::{CoreGenderClaim, CoreIdToken, CoreTokenResponse};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, Nonce, OAuth2TokenResponse as _,
    PkceCodeVerifier, SignatureVerificationError, SubjectIdentifier, TokenResponse as _, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use service::Proof;
use service::error::chain;
use time::{Duration, OffsetDateTime};

use super::attempt::{Attempt, Requirements};
use super::client::{Auth, ProviderClient};
use super::failure::Failure;
use super::http_client::HttpFailure;
use crate::auth::session::Claims;

/// The identity platform's clock and ours differ by so much at most.
const ATTEMPT_SKEW: Duration = Duration::minutes(1);

/// The claims of the userinfo answer beyond those OpenID Connect names.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct UserInfo {
    #[serde(flatten)]
    claims: serde_json::Map<String, serde_json::Value>,
}

impl openidconnect::AdditionalClaims for UserInfo {}

/// Signature, issuer, audience, expiry, nonce and the hash of the access token; gives the subject.
fn verify(
    client: &ProviderClient,
    id_token: &CoreIdToken,
    tokens: &CoreTokenResponse,
    nonce: &Nonce,
    now: OffsetDateTime,
) -> Result<(SubjectIdentifier, Proof), ClaimsVerificationError> {
    let verifier = client
        .id_token_verifier()
        .set_time_fn(move || chrono::DateTime::from_timestamp(now.unix_timestamp(), 0).unwrap_or_default());
    let claims = id_token.claims(&verifier, nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let hash = AccessTokenHash::from_token(
            tokens.access_token(),
            id_token.signing_alg().map_err(|error| ClaimsVerificationError::Other(error.to_string()))?,
            id_token.signing_key(&verifier).map_err(ClaimsVerificationError::SignatureVerification)?,
        )
        .map_err(|error| ClaimsVerificationError::Other(error.to_string()))?;
        if hash != *expected {
            return Err(ClaimsVerificationError::Other("the access token is another".into()));
        }
    }
    let proof = Proof {
        auth_time: claims
            .auth_time()
            .and_then(|time| OffsetDateTime::from_unix_timestamp(time.timestamp()).ok()),
        acr: claims.auth_context_ref().map(|acr| (**acr).clone()),
    };
    Ok((claims.subject().clone(), proof))
}

/// Sorts what went wrong in the exchange, without quoting bodies that may hold tokens.
fn exchange_failed<T: openidconnect::ErrorResponse + 'static>(
    error: openidconnect::RequestTokenError<HttpFailure, T>,
) -> Failure {
    match error {
        openidconnect::RequestTokenError::ServerResponse(_) => {
            Failure::Untrusted("the identity platform refuses the code".into())
        }
        openidconnect::RequestTokenError::Request(error) => Failure::Unreachable(chain(&error)),
        openidconnect::RequestTokenError::Parse(_, _) | openidconnect::RequestTokenError::Other(_) => {
            Failure::Untrusted("the token answer cannot be read".into())
        }
    }
}

/// Identity platforms write +86 and blanks; the platform's numbers are eleven figures.
fn plain_mobile(told: &str) -> String {
    let figures: String = told.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    figures.strip_prefix("+86").unwrap_or(&figures).to_owned()
}

impl Auth {
    /// Whether the identity platform proved what it was asked for (ASVS V6.8.4).
    pub(super) fn verify_assurance(&self, requirements: Requirements, proof: &Proof) -> Result<(), Failure> {
        let assurance = &self.setup.assurance;
        let now = self.setup.clock.now();
        let is_within = |minutes: i64| {
            proof.auth_time.is_some_and(|proven| now - proven <= Duration::minutes(minutes) + ATTEMPT_SKEW)
        };
        if requirements.fresh && !assurance.fresh_minutes.is_none_or(is_within) {
            return Err(Failure::Weak("the time of the proof"));
        }
        if requirements.staff && !assurance.staff_max_age_minutes.is_none_or(is_within) {
            return Err(Failure::Weak("the time of the proof"));
        }
        let is_level = assurance.staff_acr.is_empty()
            || proof.acr.as_ref().is_some_and(|acr| assurance.staff_acr.contains(acr));
        if requirements.staff && !is_level {
            return Err(Failure::Weak("the level of authentication"));
        }
        Ok(())
    }

    /// Code for tokens, tokens for claims; every check of OpenID Connect Core 3.1.3.7 and 5.3.2.
    pub(super) async fn claims(&self, attempt: &Attempt, code: String) -> Result<(Claims, Proof), Failure> {
        let metadata = self.metadata(false).await?;
        let client = self.client(&metadata, attempt.callback.clone())?;
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| Failure::Unreachable(chain(&error)))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
            .request_async(&self.http)
            .await
            .map_err(exchange_failed)?;
        let id_token = tokens.id_token().ok_or(Failure::Untrusted("no id token".into()))?;

        let nonce = Nonce::new(attempt.nonce.clone());
        let now = self.setup.clock.now();
        let (sub, proof) = match verify(&client, id_token, &tokens, &nonce, now) {
            // The provider has rotated its keys since we asked.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                let metadata = self.metadata(true).await?;
                let client = self.client(&metadata, attempt.callback.clone())?;
                verify(&client, id_token, &tokens, &nonce, now)
            }
            verified => verified,
        }
        .map_err(|error| Failure::Untrusted(chain(&error)))?;

        // The library compares the subjects (Core 5.3.2).
        let told: UserInfoClaims<UserInfo, CoreGenderClaim> = client
            .user_info(tokens.access_token().clone(), Some(sub.clone()))
            .map_err(|_| Failure::Incomplete("the userinfo endpoint"))?
            .request_async(&self.http)
            .await
            .map_err(|error| match error {
                openidconnect::UserInfoError::Request(error) => Failure::Unreachable(chain(&error)),
                openidconnect::UserInfoError::ClaimsVerification(error) => Failure::Untrusted(chain(&error)),
                // Their texts may quote the answer, which is personal data.
                _ => Failure::Untrusted("the userinfo answer cannot be read".into()),
            })?;
        let told = serde_json::to_value(&told)
            .map_err(|_| Failure::Untrusted("the userinfo answer cannot be read".into()))?;
        let names = &self.setup.provider.claims;
        let claim = |name: &str, what: &'static str| {
            let value = told.get(name).and_then(|value| value.as_str()).map(str::trim).unwrap_or_default();
            if value.is_empty() { Err(Failure::Incomplete(what)) } else { Ok(value.to_owned()) }
        };
        let claims = Claims {
            sub: sub.to_string(),
            name: claim(&names.name, "the name")?,
            mobile: plain_mobile(&claim(&names.mobile, "the mobile number")?),
            id_kind: claim(&names.id_kind, "the id kind")?,
            id_number: claim(&names.id_number, "the id number")?.to_ascii_uppercase(),
        };
        Ok((claims, proof))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mobile_number_is_brought_into_one_form() {
        for told in ["13800000001", "+8613800000001", "+86 138-0000-0001", "138 0000 0001"] {
            assert_eq!(plain_mobile(told), "13800000001");
        }
    }
}
