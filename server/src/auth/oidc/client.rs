//! The platform as a client of the identity platform (R1).

use std::net::SocketAddr;
use std::sync::Arc;

use openidconnect::core::{CoreClient, CoreProviderMetadata};
use openidconnect::{ClientId, ClientSecret, IssuerUrl, RedirectUrl};
use secrecy::ExposeSecret as _;
use service::Assurance;
use service::clock::Clock;
use service::error::chain;
use service::keyring::Keyring;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;
use url::Url;

use super::failure::Failure;
use super::http_client::HttpClient;
use crate::auth::session::Sessions;
use crate::config::OidcConfig;
use crate::http::page_template::PageTemplate;

/// What the provider says of itself and its keys is asked again after this.
const METADATA_LIFE: Duration = Duration::hours(1);

/// What the provider says of itself, with its keys.
async fn discover(issuer: &str, http: &HttpClient) -> Result<CoreProviderMetadata, String> {
    let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|error| chain(&error))?;
    CoreProviderMetadata::discover_async(issuer, http).await.map_err(|error| chain(&error))
}

/// Asks the provider of this issuer what it says of itself; gives the number of keys it signs with.
///
/// # Errors
/// A sentence without its full stop, when it cannot be reached, calls itself otherwise, or leaves out what signing in
/// needs.
pub async fn try_provider(issuer: &str) -> Result<usize, String> {
    let http = HttpClient::new(None).map_err(|error| chain(&error))?;
    let metadata = discover(issuer, &http).await?;
    if metadata.token_endpoint().is_none() {
        return Err("it names no token endpoint".to_owned());
    }
    match metadata.jwks().keys().len() {
        0 => Err("it has no key to sign with".to_owned()),
        keys => Ok(keys),
    }
}

/// What the client is built from.
pub struct Setup {
    pub provider: OidcConfig,
    /// Where the provider sends people back to; the one on the host they came by is used.
    pub callbacks: Vec<Url>,
    /// The embedded provider is reached here instead of over its public address.
    pub embedded_at: Option<SocketAddr>,
    pub keyring: Arc<Keyring>,
    pub clock: Arc<dyn Clock>,
    pub sessions: Arc<dyn Sessions>,
    pub template: PageTemplate,
    pub tls: bool,
    pub assurance: Assurance,
}

pub struct Auth {
    pub(super) setup: Setup,
    pub(super) http: HttpClient,
    metadata: Mutex<Option<(OffsetDateTime, Arc<CoreProviderMetadata>)>>,
}

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("The issuer is not an address: {0}.")]
    Issuer(url::ParseError),
    #[error("There is no callback address.")]
    NoCallback,
    #[error("The HTTP client cannot be made: {0}.")]
    HttpClient(#[from] reqwest::Error),
}

pub(super) type ProviderClient = CoreClient<
    openidconnect::EndpointSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointMaybeSet,
    openidconnect::EndpointMaybeSet,
>;

impl Auth {
    /// # Errors
    /// When the configuration cannot be used; the provider itself is not asked yet.
    pub fn new(setup: Setup) -> Result<Arc<Self>, SetupError> {
        if setup.callbacks.is_empty() {
            return Err(SetupError::NoCallback);
        }
        let issuer = Url::parse(&setup.provider.issuer).map_err(SetupError::Issuer)?;
        let http = HttpClient::new(setup.embedded_at.map(|addr| (issuer, addr)))?;
        Ok(Arc::new(Self { setup, http, metadata: Mutex::new(None) }))
    }

    /// The provider's metadata and keys, asked once and kept for an hour; failures are not kept.
    pub(super) async fn metadata(&self, anew: bool) -> Result<Arc<CoreProviderMetadata>, Failure> {
        let now = self.setup.clock.now();
        let mut kept = self.metadata.lock().await;
        if let Some((asked, metadata)) = &*kept {
            // Not on every forged token: at most once a minute.
            let fresh = if anew { Duration::minutes(1) } else { METADATA_LIFE };
            if now - *asked < fresh {
                return Ok(metadata.clone());
            }
        }
        let metadata = discover(&self.setup.provider.issuer, &self.http).await;
        let metadata = Arc::new(metadata.map_err(Failure::Unreachable)?);
        *kept = Some((now, metadata.clone()));
        Ok(metadata)
    }

    pub(super) fn client(
        &self,
        metadata: &CoreProviderMetadata,
        callback: String,
    ) -> Result<ProviderClient, Failure> {
        let provider = &self.setup.provider;
        let callback = RedirectUrl::new(callback).map_err(|error| Failure::Untrusted(error.to_string()))?;
        Ok(CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(provider.client_id.clone()),
            Some(ClientSecret::new(provider.client_secret.expose_secret().to_owned())),
        )
        .set_redirect_uri(callback))
    }
}
