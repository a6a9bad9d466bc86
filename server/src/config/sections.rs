//! What several servers on one database have to be configured alike in, as digests that tell nothing: a server that
//! differs would answer otherwise than its neighbour.

use std::fmt::Debug;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::model::{Config, Storage};

impl Config {
    /// Digests by section. Not in it: what each server has for itself (addresses, directories, capacity), and the keys
    /// that seal, which are changed one server after the other and checked against the database.
    pub fn sections(&self) -> service::servers::Sections {
        let settings = self.settings();
        let oidc = self.oidc.as_ref().map(|oidc| (&oidc.issuer, &oidc.client_id, &oidc.claims));
        let first =
            self.keyring.fingerprint("configuration", settings.first_administrator.as_deref().unwrap_or(""));
        // Of a directory nobody can tell by its name whether it is the same one everywhere.
        let bucket = match &self.storage {
            Storage::Local { .. } => None,
            Storage::S3(_) => Some(self.storage.to_string()),
        };
        [
            section("mode", &self.mode),
            section("public_url", &settings.public_url),
            section("oidc", &oidc),
            // The key for hashes is in it.
            section("first_administrator and the hash key", &first),
            section("registration_sign", &settings.registration_sign),
            section("platform_name", &settings.platform_name),
            section("rejection_remedy", &settings.rejection_remedy),
            section("rejection_grounds", &settings.rejection_grounds),
            section("holidays", &self.special_days),
            section("overdue_days", &settings.overdue_days),
            section("claim_minutes", &settings.claim_minutes),
            section("undo_seconds", &settings.undo_seconds),
            section("second_look_percent", &settings.second_look_percent),
            section("limits", &settings.limits),
            section("assurance", &settings.assurance),
            section("patrol", &self.patrol),
            section("network_checks", &self.network_checks),
            section("storage", &bucket),
        ]
        .into()
    }
}

fn section(name: &str, decided: &impl Debug) -> (String, String) {
    let digest = Sha256::digest(format!("{decided:?}"));
    (name.to_owned(), URL_SAFE_NO_PAD.encode(digest))
}
