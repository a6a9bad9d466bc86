//! Codes and tokens: given for an identity, taken for a token, at most once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use service::private;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use time::{Duration, OffsetDateTime};

use super::identity::{Identity, sub_of};
use super::provider::IdentityProvider;
use super::request::ValidRequest;
use super::store::{Access, Grant};
use crate::dev::samples::SAMPLES;
use crate::random::random_token;

const CODE_LIFE: Duration = Duration::seconds(60);
pub const TOKEN_LIFE: Duration = Duration::minutes(5);

/// What a code was exchanged for.
pub struct Redeemed {
    pub token: String,
    pub identity: Identity,
    pub nonce: String,
    pub acr: &'static str,
    /// When the person chose who they are.
    pub auth_time: OffsetDateTime,
}

impl IdentityProvider {
    /// The person behind a button of the page.
    pub fn known(&self, sub: &str) -> Option<Identity> {
        let sample = SAMPLES.iter().find(|sample| sample.sub() == sub).map(Identity::from);
        sample
            .or_else(|| self.store().identities.iter().find(|known| sub_of(&known.id_number) == sub).cloned())
    }

    /// Remembers a person made by hand; the same id number is the same person, with a new name or phone.
    pub fn remember(&self, identity: &Identity) -> std::io::Result<()> {
        let mut store = self.store();
        store.identities.retain(|known| known.id_number != identity.id_number);
        store.identities.push(identity.clone());
        let text = serde_json::to_string_pretty(&store.identities).map_err(std::io::Error::other)?;
        let fresh = self.identities_file.with_extension(format!("{}.tmp", random_token()));
        private::write(&fresh, text.as_bytes())?;
        std::fs::rename(fresh, &self.identities_file)
    }

    pub fn issue_code(&self, asked: &ValidRequest<'_>, identity: Identity) -> String {
        let (code, now) = (random_token(), self.clock.now());
        let mut store = self.store();
        // A spent code is kept as long as its token, to notice a second use.
        store.codes.retain(|_, grant| now - grant.issued <= TOKEN_LIFE);
        store.codes.insert(
            code.clone(),
            Grant {
                identity,
                redirect_uri: asked.redirect_uri.into(),
                challenge: asked.challenge.into(),
                nonce: asked.nonce.into(),
                acr: asked.acr,
                issued: now,
                spent_for: None,
            },
        );
        code
    }

    /// Takes a code for an access token and what the id token says.
    pub fn redeem(&self, code: &str, redirect_uri: &str, verifier: &str) -> Option<Redeemed> {
        let now = self.clock.now();
        let mut store = self.store();
        store.access_tokens.retain(|_, access| now - access.issued <= TOKEN_LIFE);
        let grant = store.codes.get_mut(code)?;
        if let Some(token) = grant.spent_for.take() {
            store.codes.remove(code);
            store.access_tokens.remove(&token);
            return None;
        }
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let proven = grant.redirect_uri == redirect_uri
            && bool::from(grant.challenge.as_bytes().ct_eq(challenge.as_bytes()))
            && now - grant.issued <= CODE_LIFE;
        if !proven {
            store.codes.remove(code);
            return None;
        }
        let token = random_token();
        grant.spent_for = Some(token.clone());
        let (identity, nonce) = (grant.identity.clone(), grant.nonce.clone());
        let (acr, auth_time) = (grant.acr, grant.issued);
        store.access_tokens.insert(token.clone(), Access { identity: identity.clone(), issued: now });
        Some(Redeemed { token, identity, nonce, acr, auth_time })
    }
}
