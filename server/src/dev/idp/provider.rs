//! The provider itself: its key, its client, what it keeps.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{RsaPrivateKey, RsaPublicKey};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use service::clock::Clock;
use service::private;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use url::Url;

use super::identity::hex;
use super::store::Store;
use crate::config::{ClaimNames, Mode, OidcConfig};
use crate::http::page_template::{HOME, PageTemplate};
use crate::random::random_token;

pub(super) const CLIENT_ID: &str = "beian";

/// What the provider is built from.
pub struct Setup<'a> {
    pub mode: Mode,
    /// The issuer is this with `/idp`.
    pub public_url: &'a Url,
    /// Where the signing key and the identities made by hand are kept.
    pub data_dir: &'a Path,
    pub redirect_uris: Vec<Url>,
    pub template: PageTemplate,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("The embedded identity provider is for development only.")]
    Production,
    #[error("The embedded identity provider cannot keep its files: {0}.")]
    Files(#[from] std::io::Error),
    #[error("The embedded identity provider has no signing key: {0}.")]
    Key(String),
}

pub struct IdentityProvider {
    pub(super) issuer: String,
    pub(super) client_secret: SecretString,
    pub(super) redirect_uris: Vec<Url>,
    pub(super) signing_key: SigningKey<rsa::sha2::Sha256>,
    pub(super) public_key: RsaPublicKey,
    pub(super) key_id: String,
    pub(super) template: PageTemplate,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) identities_file: PathBuf,
    pub(super) store: Mutex<Store>,
}

impl IdentityProvider {
    /// Reads or makes the signing key and reads the identities made by hand.
    ///
    /// # Errors
    /// In production, always; else when its files in the data directory are unusable.
    pub fn new(setup: Setup<'_>) -> Result<Arc<Self>, SetupError> {
        if setup.mode == Mode::Production {
            return Err(SetupError::Production);
        }
        let private_key = read_or_make_key(&setup.data_dir.join("idp-signing-key.pem"))?;
        let public_key = private_key.to_public_key();
        let key_id = hex(Sha256::digest(public_key.n().to_bytes_be()).get(..8).unwrap_or_default());
        let identities_file = setup.data_dir.join("idp-identities.json");
        let identities = match std::fs::read_to_string(&identities_file) {
            Ok(text) => serde_json::from_str(&text).map_err(std::io::Error::other)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        Ok(Arc::new(Self {
            issuer: format!("{}/idp", setup.public_url.origin().ascii_serialization()),
            client_secret: random_token().into(),
            redirect_uris: setup.redirect_uris,
            signing_key: SigningKey::new(private_key),
            public_key,
            key_id,
            template: setup.template,
            clock: setup.clock,
            identities_file,
            store: Mutex::new(Store { identities, ..Store::default() }),
        }))
    }

    /// How the platform's client is to be configured for it.
    pub fn client(&self) -> OidcConfig {
        OidcConfig {
            issuer: self.issuer.clone(),
            client_id: CLIENT_ID.into(),
            client_secret: self.client_secret.clone(),
            claims: ClaimNames::default(),
        }
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sign(&self, claims: &serde_json::Value) -> Result<String, rsa::signature::Error> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.key_id });
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self.signing_key.try_sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes())))
    }

    pub(super) fn is_client(&self, id: &str, secret: &str) -> bool {
        let right = self.client_secret.expose_secret().as_bytes().ct_eq(secret.as_bytes());
        id == CLIENT_ID && bool::from(right)
    }

    pub(super) fn error_page(&self, sentence: &str) -> Response {
        self.template.message(StatusCode::BAD_REQUEST, "无法登录", sentence, &[HOME])
    }
}

fn read_or_make_key(path: &Path) -> Result<RsaPrivateKey, SetupError> {
    match std::fs::read_to_string(path) {
        Ok(pem) => RsaPrivateKey::from_pkcs8_pem(&pem).map_err(|error| SetupError::Key(error.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048)
                .map_err(|error| SetupError::Key(error.to_string()))?;
            let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| SetupError::Key(error.to_string()))?;
            if let Some(directory) = path.parent() {
                private::directory(directory)?;
            }
            private::write(path, pem.as_bytes())?;
            Ok(key)
        }
        Err(error) => Err(error.into()),
    }
}
