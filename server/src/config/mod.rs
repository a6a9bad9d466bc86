//! What the operator decides: a TOML file (`--config`), overridden by the environment, checked whole
//! before anything starts. No defaults that would be unsafe in production live here.

mod address;
mod check;
mod environment;
mod error;
mod file;
mod holidays;
mod keys;
mod limits;
mod model;
mod oidc;
#[cfg(test)]
mod packaged;
mod sections;
mod storage;
mod storage_section;
// They begin with a configuration of development.
#[cfg(all(test, feature = "dev"))]
mod tests;

use std::path::Path;

pub use environment::Environment;
pub use error::StartupError;
pub(crate) use error::with_source;
pub use limits::{Capacity, LARGEST_FILE, LARGEST_FORM, RateLimits};
pub use model::{Config, Mode, Otlp, S3Storage, Storage};
pub use oidc::{ClaimNames, OidcConfig};

impl Config {
    /// Reads the file, lets the environment override it, and refuses what must not run.
    ///
    /// In development without keys it makes one in the data directory.
    ///
    /// # Errors
    /// One sentence for each thing that keeps the server from starting.
    pub fn load(file: Option<&Path>, environment: Environment<'_>) -> Result<Self, StartupError> {
        let mut refusals = Vec::new();
        let mut file = file::ConfigFile::read(file)?;
        file.override_with(environment, &mut refusals);
        check::check(file, refusals)
    }
}
