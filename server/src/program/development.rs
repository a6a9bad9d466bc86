//! Where what only development has meets the program; `no_development.rs` is its counterpart in other builds.

use axum::Router;
use service::db::Db;
use service::{Service, Settings};
use url::Url;

use crate::config::{Config, OidcConfig, StartupError};
use crate::dev::idp::{IdentityProvider, Setup};
use crate::dev::{clock, outbox, samples, world};
use crate::http::page_template::PageTemplate;

/// The embedded identity provider: how it is asked, and its routes.
pub(super) fn identity_provider(
    config: &Config,
    callbacks: &[Url],
    template: &PageTemplate,
) -> Result<(OidcConfig, Router), StartupError> {
    let provider = IdentityProvider::new(Setup {
        mode: config.mode,
        public_url: &config.public_url,
        data_dir: &config.data_dir,
        redirect_uris: callbacks.to_vec(),
        template: template.clone(),
        clock: config.clock(),
    })
    .map_err(|error| StartupError(vec![error.to_string()]))?;
    Ok((provider.client(), provider.router()))
}

/// The pages under `/dev`; none in production.
pub(super) fn routes(config: &Config, service: &Service, template: &PageTemplate) -> Router {
    outbox::router(config, service, template).merge(clock::router(config, template))
}

pub(super) fn first_administrator() -> Option<String> {
    samples::administrator().map(|sample| sample.id_number.to_owned())
}

/// Where it is asked for, a new database gets the sample filings.
///
/// # Errors
/// A sentence for the operator.
pub(super) async fn make_sample_filings(
    config: &Config,
    settings: Settings,
    service: &Service,
    db: &Db,
) -> Result<(), StartupError> {
    if config.is_production() || config.no_samples || !config.sample_filings {
        return Ok(());
    }
    world::make(config, settings, service, db, config.clock().now()).await
}

/// The sample officers of the embedded provider get their roles; production has none. The sample
/// administrator is usually the first administrator, who is appointed at the first sign-in (R60).
///
/// # Errors
/// When the database fails.
pub async fn seed_samples(
    config: &Config,
    first_administrator: Option<&str>,
    service: &Service,
) -> service::Result<()> {
    if config.is_production() || config.no_samples {
        return Ok(());
    }
    service.samples.sample_world(&samples::officers(first_administrator)).await
}
