//! The identity platform as the operator names it (R1).

use secrecy::SecretString;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// Exactly as the provider states it in its discovery document.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
    #[serde(default)]
    pub claims: ClaimNames,
}

/// How the identity platform calls what we need of a person; `sub` is always `sub`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimNames {
    pub name: String,
    pub mobile: String,
    pub id_kind: String,
    pub id_number: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            name: "name".into(),
            mobile: "phone_number".into(),
            id_kind: "id_kind".into(),
            id_number: "id_number".into(),
        }
    }
}
