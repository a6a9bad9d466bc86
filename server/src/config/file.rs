//! The configuration file as it is written: everything may be missing, nothing may be misspelt.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;
use service::PersonLimits;
use service::mail::Encryption;

use super::error::StartupError;
use super::limits::{Capacity, RateLimits};
use super::model::Mode;
use super::oidc::OidcConfig;
use super::storage_section::StorageSection;

/// The file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigFile {
    pub mode: Option<Mode>,
    pub addr: Option<SocketAddr>,
    pub public_url: Option<String>,
    pub site_dir: Option<PathBuf>,
    pub data_dir: Option<PathBuf>,
    pub database_url: Option<SecretString>,
    pub scratch_database_url: Option<SecretString>,
    pub replica_database_url: Option<SecretString>,
    pub postgres_programs: Option<PathBuf>,
    /// The wire to the database is trusted: no TLS, or one that believes any certificate, will do.
    pub allow_unverified_database: Option<bool>,
    pub oidc: Option<OidcConfig>,
    /// The keys themselves, in the lines that `Keyring::parse` reads.
    pub keys: Option<SecretString>,
    /// Or the file they stand in.
    pub keys_file: Option<PathBuf>,
    pub first_administrator: Option<SecretString>,
    pub registration_sign: Option<String>,
    pub platform_name: Option<String>,
    pub overdue_days: Option<u16>,
    pub holidays: Vec<HolidaySection>,
    pub rejection_remedy: Option<String>,
    pub rejection_grounds: Option<Vec<String>>,
    pub claim_minutes: Option<u16>,
    pub undo_seconds: Option<u16>,
    /// Any number, so that a wrong one is refused in a sentence.
    pub second_look_percent: Option<i64>,
    pub sms: Option<SmsSection>,
    pub smtp: Option<SmtpSection>,
    pub storage: Option<StorageSection>,
    /// Where files lay before, while they are moved.
    pub former_storage: Option<StorageSection>,
    pub trusted_proxies: Vec<IpNet>,
    pub no_samples: Option<bool>,
    pub sample_filings: Option<bool>,
    pub forward_clock: Option<bool>,
    pub migrate_on_start: Option<bool>,
    pub network_checks: Option<bool>,
    pub patrol: PatrolSection,
    #[serde(rename = "floods")]
    pub rate_limits: Option<RateLimits>,
    pub limits: Option<PersonLimits>,
    pub requests: Option<Capacity>,
    pub assurance: AssuranceSection,
    /// For so many seconds after the end was asked for `/readyz` says no and requests are still answered.
    pub drain_seconds: Option<u16>,
    pub metrics: Option<MetricsSection>,
    pub otlp: Option<OtlpSection>,
}

/// Where traces and logs go, for OpenTelemetry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtlpSection {
    pub endpoint: String,
    pub logs: Option<bool>,
}

/// Where this server tells how it is, for Prometheus.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSection {
    #[serde(default = "beside")]
    pub addr: SocketAddr,
}

fn beside() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 9464))
}

/// How sure the identity platform must be of a person; all of it may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssuranceSection {
    pub staff_acr: Vec<String>,
    pub staff_max_age_minutes: Option<u16>,
    pub fresh_minutes: Option<u16>,
}

/// How filings in force are looked at; not at all unless it says so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PatrolSection {
    pub enabled: Option<bool>,
    pub days: Option<u16>,
    pub at_once: Option<u8>,
}

/// Days as `2026-10-01`, or from one to another as `2026-10-01/2026-10-07`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolidaySection {
    pub name: String,
    pub rest: Vec<String>,
    #[serde(default)]
    pub work: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSection {
    pub url: String,
    /// The name under which the gateway has the text approved.
    pub template: String,
    /// Signs what is sent.
    pub secret: SecretString,
    #[serde(default = "five")]
    pub timeout_seconds: u8,
}

fn five() -> u8 {
    5
}

/// The mail server for notices by e-mail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSection {
    pub host: String,
    pub port: Option<u16>,
    #[serde(default = "tls")]
    pub encryption: Encryption,
    /// The address that e-mails come from, with or without a name.
    pub from: String,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    #[serde(default = "ten")]
    pub timeout_seconds: u8,
}

fn tls() -> Encryption {
    Encryption::Tls
}

fn ten() -> u8 {
    10
}

impl ConfigFile {
    /// Reads the file; without one, nothing is decided.
    pub fn read(path: Option<&Path>) -> Result<Self, StartupError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(path).map_err(|error| {
            StartupError::one(format!("The configuration {} cannot be read: {error}.", path.display()))
        })?;
        toml::from_str(&text).map_err(|error| {
            // `error.message()` has no excerpt of the file, which may hold secrets.
            StartupError::one(format!(
                "The configuration {} is not valid: {}.",
                path.display(),
                error.message()
            ))
        })
    }
}
