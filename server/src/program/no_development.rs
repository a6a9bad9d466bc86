//! Builds for production: nothing of what `development.rs` has. Their configuration is refused before this is asked.

use axum::Router;
use service::db::Db;
use service::{Service, Settings};
use url::Url;

use crate::config::{Config, OidcConfig, StartupError};
use crate::http::page_template::PageTemplate;

pub(super) fn identity_provider(
    _config: &Config,
    _callbacks: &[Url],
    _template: &PageTemplate,
) -> Result<(OidcConfig, Router), StartupError> {
    Err(StartupError(vec![
        "This program was built without an identity provider of its own: set [oidc].".to_owned(),
    ]))
}

pub(super) fn routes(_config: &Config, _service: &Service, _template: &PageTemplate) -> Router {
    Router::new()
}

pub(super) fn first_administrator() -> Option<String> {
    None
}

pub(super) async fn make_sample_filings(
    _config: &Config,
    _settings: Settings,
    _service: &Service,
    _db: &Db,
) -> Result<(), StartupError> {
    Ok(())
}

pub(super) async fn seed_samples(
    _config: &Config,
    _first_administrator: Option<&str>,
    _service: &Service,
) -> service::Result<()> {
    Ok(())
}
