//! Everything the operator decided, checked.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use service::calendar::SpecialDay;
use service::clock::{Clock, ForwardClock, SystemClock};
use service::keyring::Keyring;
use service::mail::Mailer;
use service::sms::gateway::Gateway;
use service::{Assurance, PatrolSettings, PersonLimits, Settings};
use url::Url;

use super::limits::{Capacity, RateLimits};
use super::oidc::OidcConfig;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Development,
    Production,
}

/// Everything the operator decided, checked.
#[derive(Debug)]
pub struct Config {
    pub mode: Mode,
    /// Where the program listens.
    pub addr: SocketAddr,
    /// The address people type, without a path: scheme, host, port.
    pub public_url: Url,
    /// The built site, `pkg/` and the assets, where it is not the one that the program brings.
    pub site_dir: Option<PathBuf>,
    pub data_dir: PathBuf,
    /// `sqlite://…` or `postgres://…`; may hold a password.
    pub database_url: SecretString,
    /// A PostgreSQL that follows the database, for public look-ups.
    pub replica_database_url: Option<SecretString>,
    /// A server of PostgreSQL on which `check-backup` may make a database and drop it again.
    pub scratch_database_url: Option<SecretString>,
    /// Where `pg_dump` and `pg_restore` are, if not in PATH.
    pub postgres_programs: Option<PathBuf>,
    /// The identity platform; `None` means the embedded one (development only, R1).
    pub oidc: Option<OidcConfig>,
    /// The keys for personal data (R70).
    pub keyring: Arc<Keyring>,
    /// The resident id number of the first administrator (R60).
    pub first_administrator: Option<SecretString>,
    /// The sign in front of registration numbers, or `province` for that of the province.
    pub registration_sign: String,
    pub platform_name: String,
    /// Public holidays, and weekend days worked instead (R61).
    pub special_days: Vec<SpecialDay>,
    /// After so many working days an open filing counts as overdue (R61).
    pub overdue_days: u16,
    /// The remedy a refusal names.
    pub rejection_remedy: Option<String>,
    /// The legal grounds a refusal can name.
    pub rejection_grounds: Option<Vec<String>>,
    /// So many minutes without the officer doing anything, and a claim lapses (R62).
    pub claim_minutes: u16,
    /// For so many seconds officers can take back what they have just done.
    pub undo_seconds: u16,
    /// So many of a hundred decisions a second officer judges blind.
    pub second_look_percent: u8,
    /// Where text messages go; only development may leave them in the outbox (R72).
    pub gateway: Gateway,
    /// Where e-mails go; without a mail server production sends and offers none.
    pub mailer: Mailer,
    pub storage: Storage,
    /// Where files lay before, while they are moved.
    pub former_storage: Option<Storage>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// People reach us over TLS: `__Host-` cookies and HSTS.
    pub tls: bool,
    /// Leave out the sample people and records of development.
    pub no_samples: bool,
    /// A new database of development begins with some seventy filings of invented people.
    pub sample_filings: bool,
    /// Bring the shape of the database up to date before answering.
    pub migrate_on_start: bool,
    /// Ask the network where a website's domains lead and what its pages show.
    pub network_checks: bool,
    /// Look at filings in force, and how; not at all where there is none.
    pub patrol: Option<PatrolSettings>,
    /// The clock can be put forward at /dev/clock; development only.
    pub forward_clock: Option<Arc<ForwardClock>>,
    pub rate_limits: RateLimits,
    pub limits: PersonLimits,
    pub requests: Capacity,
    pub assurance: Assurance,
    /// So long requests are still answered after the end was asked for, while `/readyz` says no.
    pub drain: Duration,
    /// Where Prometheus finds this server; nowhere unless it is said.
    pub metrics: Option<SocketAddr>,
    /// The collector that takes traces and logs by OTLP/HTTP; none unless it is said.
    pub otlp: Option<Otlp>,
}

/// A collector of OpenTelemetry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otlp {
    pub endpoint: Url,
    /// Whether it is sent the log besides the traces.
    pub logs: bool,
}

/// Where files are kept.
#[derive(Debug, Clone)]
pub enum Storage {
    Local { directory: PathBuf },
    S3(Box<S3Storage>),
}

/// A bucket of a store that speaks S3.
#[derive(Debug, Clone)]
pub struct S3Storage {
    pub endpoint: Url,
    pub bucket: String,
    pub region: String,
    pub prefix: Option<String>,
    pub access_key: String,
    pub secret_key: SecretString,
    pub is_virtual_hosted: bool,
    pub connect_timeout: Duration,
    pub request_timeout: Duration,
    pub patience: Duration,
}

impl Storage {
    /// Whether files of both would be the same files.
    pub fn is_same_place(&self, other: &Storage) -> bool {
        match (self, other) {
            (Storage::Local { directory }, Storage::Local { directory: other }) => directory == other,
            (Storage::S3(one), Storage::S3(other)) => {
                one.endpoint == other.endpoint && one.bucket == other.bucket && one.prefix == other.prefix
            }
            (Storage::Local { .. }, Storage::S3(_)) | (Storage::S3(_), Storage::Local { .. }) => false,
        }
    }
}

/// As the operator would name it; without secrets.
impl std::fmt::Display for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Storage::Local { directory } => write!(f, "directory {}", directory.display()),
            Storage::S3(s3) => {
                let origin = s3.endpoint.origin().ascii_serialization();
                write!(f, "bucket {} at {origin}", s3.bucket)?;
                s3.prefix.iter().try_for_each(|prefix| write!(f, ", below {prefix}"))
            }
        }
    }
}

impl Config {
    /// Scheme, host and port as a browser writes them in `Origin`.
    pub fn public_origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    pub fn clock(&self) -> Arc<dyn Clock> {
        match &self.forward_clock {
            Some(clock) => clock.clone(),
            None => Arc::new(SystemClock),
        }
    }

    pub fn is_production(&self) -> bool {
        self.mode == Mode::Production
    }

    /// What the use cases have to know.
    pub fn settings(&self) -> Settings {
        let defaults = Settings::default();
        Settings {
            platform_name: self.platform_name.clone(),
            registration_sign: self.registration_sign.clone(),
            public_url: self.public_origin(),
            first_administrator: self
                .first_administrator
                .as_ref()
                .map(|named| named.expose_secret().to_owned()),
            overdue_days: self.overdue_days.into(),
            rejection_remedy: self.rejection_remedy.clone().unwrap_or(defaults.rejection_remedy),
            rejection_grounds: self.rejection_grounds.clone().unwrap_or(defaults.rejection_grounds),
            claim_minutes: self.claim_minutes.into(),
            undo_seconds: self.undo_seconds.into(),
            second_look_percent: self.second_look_percent,
            limits: self.limits,
            assurance: self.assurance.clone(),
            patrol: self.patrol.unwrap_or_default(),
        }
    }
}
