//! The keys for personal data (R70): the operator's, or those that development makes for itself.

use std::path::Path;

use secrecy::ExposeSecret as _;
use service::keyring::{Algorithms, Keyring};
use service::private;

use super::error::{StartupError, with_source};
use super::file::ConfigFile;

/// The file of keys that development makes for itself in the data directory; production refuses it.
pub(super) const DEVELOPMENT_KEYS: &str = "development.keys";

/// The operator's keys. Nothing where development is to make its own, when nothing else keeps the server from
/// starting.
pub(super) fn given(file: &ConfigFile, production: bool, refusals: &mut Vec<String>) -> Option<Keyring> {
    let keys = match (&file.keys, &file.keys_file) {
        (Some(_), Some(_)) => {
            refusals.push("Give either keys or keys_file, not both.".into());
            None
        }
        (Some(text), None) => Some(Keyring::parse(text.expose_secret())),
        (None, Some(path)) if production && path.file_name().is_some_and(|name| name == DEVELOPMENT_KEYS) => {
            refusals.push("The keys that development made for itself must not be used in production.".into());
            None
        }
        (None, Some(path)) => Some(Keyring::load(path)),
        (None, None) if production => {
            refusals.push("Production needs keys for personal data: set keys_file.".into());
            None
        }
        (None, None) => None,
    };
    match keys.transpose() {
        Ok(keyring) => keyring,
        Err(error) => {
            refusals.push(format!("The keys cannot be used: {}.", with_source(&error)));
            None
        }
    }
}

/// The keys of development: made once, kept beside the data they protect.
pub(super) fn of_development(data_dir: &Path) -> Result<Keyring, StartupError> {
    let path = data_dir.join(DEVELOPMENT_KEYS);
    let made = if path.exists() {
        Keyring::load(&path)
    } else {
        private::directory(data_dir).map_err(|error| {
            StartupError::one(format!("The data directory {} cannot be made: {error}.", data_dir.display()))
        })?;
        Keyring::generate_into(&path, Algorithms::International)
    };
    made.map_err(|error| {
        StartupError::one(format!("The keys in {} cannot be used: {}.", path.display(), with_source(&error)))
    })
}
