//! Where files are kept, as it is written.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

/// As written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "lowercase")]
pub enum StorageSection {
    Local { directory: PathBuf },
    S3(Box<S3Section>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Section {
    pub endpoint: String,
    pub bucket: String,
    pub region: String,
    pub prefix: Option<String>,
    pub access_key: Option<String>,
    pub secret_key: Option<SecretString>,
    /// A file in which the two stand, so that they need not stand here.
    pub credentials_file: Option<PathBuf>,
    #[serde(default)]
    pub style: Style,
    /// The wire to the store is trusted: no TLS will do.
    pub allow_unencrypted: Option<bool>,
    pub connect_seconds: Option<u16>,
    pub request_seconds: Option<u16>,
    pub patience_seconds: Option<u16>,
}

/// Where the bucket stands in an address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// `https://host/bucket/…`
    #[default]
    Path,
    /// `https://bucket.host/…`
    Virtual,
}
