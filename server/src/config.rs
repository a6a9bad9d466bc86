//! What the operator decides: a TOML file (`--config`), overridden by the environment, checked whole
//! before anything starts. No defaults that would be unsafe in production live here.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use service::Settings;
use service::calendar::SpecialDay;
use service::clock::{Clock, ForwardClock, SystemClock};
use service::keyring::Keyring;
use service::sms::gateway::Gateway;
use url::Url;

use crate::idp::{SAMPLES, SampleRole};

/// The file of keys that development makes for itself in the data directory; production refuses it.
const DEVELOPMENT_KEYS: &str = "development.keys";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Development,
    Production,
}

const BY_PROVINCE: &str = "province";

/// Everything the operator decided, checked.
#[derive(Debug)]
pub struct Config {
    pub mode: Mode,
    /// Where the program listens.
    pub addr: SocketAddr,
    /// The address people type, without a path: scheme, host, port.
    pub public_url: Url,
    /// The built site: `pkg/` and the assets.
    pub site_dir: PathBuf,
    pub data_dir: PathBuf,
    /// `sqlite://…` or `postgres://…`; may hold a password.
    pub database_url: SecretString,
    /// The identity platform; `None` means the embedded one (development only, R1).
    pub oidc: Option<OidcConfig>,
    /// The keys for personal data (R70).
    pub keyring: Arc<Keyring>,
    /// The id number or the identity platform's `sub` of the first administrator (R60).
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
    /// Where text messages go; only development may leave them in the outbox (R72).
    pub gateway: Gateway,
    pub storage: Storage,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// People reach us over TLS: `__Host-` cookies and HSTS.
    pub tls: bool,
    /// Leave out the sample people and records of development.
    pub no_samples: bool,
    /// Bring the shape of the database up to date before answering.
    pub migrate_on_start: bool,
    /// Ask the network where a website's domains lead and what its pages show.
    pub network_checks: bool,
    /// The clock can be put forward at /dev/clock; development only.
    pub forward_clock: Option<Arc<ForwardClock>>,
    pub floods: FloodLimits,
}

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

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "lowercase")]
pub enum Storage {
    Local { directory: PathBuf },
}

/// Requests a minute from one address, beyond which a page asks to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FloodLimits {
    pub sign_in: u32,
    pub look_up: u32,
    pub upload: u32,
}

impl Default for FloodLimits {
    fn default() -> Self {
        Self { sign_in: 60, look_up: 60, upload: 60 }
    }
}

impl FloodLimits {
    /// One address is one developer and all of the end-to-end tests.
    const DEVELOPMENT: Self = Self { sign_in: 3000, look_up: 3000, upload: 3000 };
}

/// Why the server does not start: one sentence each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Refused(pub Vec<String>);

impl Refused {
    fn one(sentence: impl Into<String>) -> Self {
        Self(vec![sentence.into()])
    }
}

/// The file as written; everything may be missing, nothing may be misspelt.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    mode: Option<Mode>,
    addr: Option<SocketAddr>,
    public_url: Option<String>,
    site_dir: Option<PathBuf>,
    data_dir: Option<PathBuf>,
    database_url: Option<SecretString>,
    oidc: Option<OidcConfig>,
    /// The keys themselves, in the lines that [`Keyring::parse`] reads.
    keys: Option<SecretString>,
    /// Or the file they stand in.
    keys_file: Option<PathBuf>,
    first_administrator: Option<SecretString>,
    registration_sign: Option<String>,
    platform_name: Option<String>,
    overdue_days: Option<u16>,
    holidays: Vec<WrittenHoliday>,
    rejection_remedy: Option<String>,
    rejection_grounds: Option<Vec<String>>,
    claim_minutes: Option<u16>,
    sms: Option<WrittenGateway>,
    storage: Option<Storage>,
    trusted_proxies: Vec<IpNet>,
    no_samples: Option<bool>,
    forward_clock: Option<bool>,
    migrate_on_start: Option<bool>,
    network_checks: Option<bool>,
    floods: Option<FloodLimits>,
}

/// Days as `2026-10-01`, or from one to another as `2026-10-01/2026-10-07`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHoliday {
    name: String,
    rest: Vec<String>,
    #[serde(default)]
    work: Vec<String>,
}

/// The civil days that a text names.
fn days_of(text: &str) -> Option<Vec<time::Date>> {
    use domain::value::date::parse_date;
    let (first, last) = text.split_once('/').unwrap_or((text, text));
    let (first, last) = (parse_date(first)?, parse_date(last)?);
    let days = (last - first).whole_days();
    (0..=60).contains(&days).then(|| (0..=days).map(|after| first + time::Duration::days(after)).collect())
}

fn special_days(holidays: &[WrittenHoliday], refusals: &mut Vec<String>) -> Vec<SpecialDay> {
    let mut special = Vec::new();
    for holiday in holidays {
        for (texts, is_working) in [(&holiday.rest, false), (&holiday.work, true)] {
            for text in texts {
                match days_of(text) {
                    Some(days) => special.extend(days.into_iter().map(|day| SpecialDay {
                        day,
                        is_working,
                        name: holiday.name.clone(),
                    })),
                    None => refusals.push(format!("[[holidays]] {}: {text} is no day.", holiday.name)),
                }
            }
        }
    }
    special.sort_by_key(|special| special.day);
    for (one, next) in special.iter().zip(special.iter().skip(1)) {
        if one.day == next.day {
            refusals.push(format!("[[holidays]] name {} twice.", one.day));
        }
    }
    special
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenGateway {
    url: String,
    /// The name under which the gateway has the text approved.
    template: String,
    /// Signs what is sent.
    secret: SecretString,
    #[serde(default = "five")]
    timeout_seconds: u8,
}

fn five() -> u8 {
    5
}

/// Reads one variable of the environment; tests pass a table instead.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Config {
    /// Reads the file, lets the environment override it, and refuses what must not run.
    ///
    /// In development without keys it makes one in the data directory.
    ///
    /// # Errors
    /// One sentence for each thing that keeps the server from starting.
    pub fn load(file: Option<&Path>, environment: Environment<'_>) -> Result<Self, Refused> {
        let mut written = match file {
            None => Written::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    Refused::one(format!("The configuration {} cannot be read: {error}.", path.display()))
                })?;
                toml::from_str(&text).map_err(|error| {
                    // `error.message()` has no excerpt of the file, which may hold secrets.
                    Refused::one(format!(
                        "The configuration {} is not valid: {}.",
                        path.display(),
                        error.message()
                    ))
                })?
            }
        };
        let mut refusals = Vec::new();
        written.override_by(environment, &mut refusals);
        let config = written.check(refusals)?;
        Ok(config)
    }

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
        // Without an identity platform the sample administrator is the first one (R60).
        let sample = || SAMPLES.iter().find(|sample| sample.role == SampleRole::Administrator);
        let first_administrator = match &self.first_administrator {
            Some(named) => Some(named.expose_secret().to_owned()),
            None if self.oidc.is_none() && !self.is_production() => {
                sample().map(|sample| sample.id_number.to_owned())
            }
            None => None,
        };
        Settings {
            platform_name: self.platform_name.clone(),
            registration_sign: self.registration_sign.clone(),
            public_url: self.public_origin(),
            first_administrator,
            overdue_days: self.overdue_days.into(),
            rejection_remedy: self.rejection_remedy.clone().unwrap_or(defaults.rejection_remedy),
            rejection_grounds: self.rejection_grounds.clone().unwrap_or(defaults.rejection_grounds),
            claim_minutes: self.claim_minutes.into(),
        }
    }
}

impl Written {
    fn override_by(&mut self, environment: Environment<'_>, refusals: &mut Vec<String>) {
        let read = |name: &str| environment(name).filter(|value| !value.is_empty());
        let mut parse_failed = |name: &str, expected: &str| {
            refusals.push(format!("{name} must be {expected}."));
        };

        if let Some(value) = read("BEIAN_MODE") {
            match value.as_str() {
                "development" => self.mode = Some(Mode::Development),
                "production" => self.mode = Some(Mode::Production),
                _ => parse_failed("BEIAN_MODE", "development or production"),
            }
        }
        if let Some(value) = read("BEIAN_ADDR").or_else(|| read("ADDR")) {
            match value.parse() {
                Ok(addr) => self.addr = Some(addr),
                Err(_) => parse_failed("ADDR", "an address and a port, such as 127.0.0.1:3000"),
            }
        }
        if let Some(value) = read("BEIAN_PUBLIC_URL") {
            self.public_url = Some(value);
        }
        if let Some(value) = read("BEIAN_SITE_DIR").or_else(|| read("SITE_DIR")) {
            self.site_dir = Some(value.into());
        }
        if let Some(value) = read("BEIAN_DATA_DIR").or_else(|| read("DATA_DIR")) {
            self.data_dir = Some(value.into());
        }
        if let Some(value) = read("BEIAN_DATABASE_URL").or_else(|| read("DATABASE_URL")) {
            self.database_url = Some(value.into());
        }
        if let Some(issuer) = read("BEIAN_OIDC_ISSUER") {
            let claims = self.oidc.take().map(|oidc| oidc.claims).unwrap_or_default();
            match (read("BEIAN_OIDC_CLIENT_ID"), read("BEIAN_OIDC_CLIENT_SECRET")) {
                (Some(client_id), Some(client_secret)) => {
                    let client_secret = client_secret.into();
                    self.oidc = Some(OidcConfig { issuer, client_id, client_secret, claims });
                }
                _ => refusals.push(
                    "BEIAN_OIDC_ISSUER needs BEIAN_OIDC_CLIENT_ID and BEIAN_OIDC_CLIENT_SECRET beside it."
                        .into(),
                ),
            }
        } else if let Some(oidc) = &mut self.oidc {
            if let Some(client_id) = read("BEIAN_OIDC_CLIENT_ID") {
                oidc.client_id = client_id;
            }
            if let Some(client_secret) = read("BEIAN_OIDC_CLIENT_SECRET") {
                oidc.client_secret = client_secret.into();
            }
        }
        if let Some(value) = read("BEIAN_KEYS") {
            (self.keys, self.keys_file) = (Some(value.into()), None);
        } else if let Some(value) = read("BEIAN_KEYS_FILE") {
            (self.keys, self.keys_file) = (None, Some(value.into()));
        }
        if let Some(value) = read("BEIAN_FIRST_ADMINISTRATOR") {
            self.first_administrator = Some(value.into());
        }
        if let Some(value) = read("BEIAN_REGISTRATION_SIGN") {
            self.registration_sign = Some(value);
        }
        if let Some(value) = read("BEIAN_PLATFORM_NAME") {
            self.platform_name = Some(value);
        }
        if let Some(secret) = read("BEIAN_SMS_SECRET") {
            match &mut self.sms {
                Some(sms) => sms.secret = secret.into(),
                None => refusals.push("BEIAN_SMS_SECRET needs [sms] in the configuration.".into()),
            }
        }
        if let Some(value) = read("BEIAN_TRUSTED_PROXIES") {
            self.trusted_proxies.clear();
            for part in value.split(',') {
                match parse_network(part.trim()) {
                    Some(network) => self.trusted_proxies.push(network),
                    None => refusals.push(
                        "BEIAN_TRUSTED_PROXIES must be addresses or networks, parted by commas.".into(),
                    ),
                }
            }
        }
        let switches = [
            ("BEIAN_NO_SAMPLES", &mut self.no_samples),
            ("BEIAN_FORWARD_CLOCK", &mut self.forward_clock),
            ("BEIAN_NETWORK_CHECKS", &mut self.network_checks),
            ("BEIAN_MIGRATE_ON_START", &mut self.migrate_on_start),
        ];
        for (name, switch) in switches {
            match read(name).as_deref() {
                None => {}
                Some("1" | "true") => *switch = Some(true),
                Some("0" | "false") => *switch = Some(false),
                Some(_) => refusals.push(format!("{name} must be true or false.")),
            }
        }
    }

    fn check(self, mut refusals: Vec<String>) -> Result<Config, Refused> {
        let mode = self.mode.unwrap_or(Mode::Development);
        let production = mode == Mode::Production;
        let addr = self.addr.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 3000)));
        let data_dir = self.data_dir.unwrap_or_else(|| "data".into());

        let public_url = match self.public_url {
            Some(text) => parse_public_url(&text),
            // Whoever listens on all addresses in development is visited through the loopback one.
            None => {
                let host = if addr.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { addr.ip() };
                parse_public_url(&format!("http://{}", SocketAddr::new(host, addr.port())))
            }
        };
        match &public_url {
            None => refusals.push("public_url must be http(s)://host[:port] without a path.".into()),
            Some(url) if production && url.scheme() != "https" => {
                refusals.push("Production needs an https public_url.".into());
            }
            Some(_) => {}
        }

        match &self.oidc {
            None if production => refusals.push(
                "Production needs an identity platform: set [oidc]; the embedded one is for development only."
                    .into(),
            ),
            Some(oidc) => match Url::parse(&oidc.issuer) {
                Ok(url) if url.scheme() == "https" || (!production && url.scheme() == "http") => {}
                _ => refusals.push("The issuer of [oidc] must be an https address.".into()),
            },
            None => {}
        }

        let keys = match (self.keys, self.keys_file) {
            (Some(_), Some(_)) => {
                refusals.push("Give either keys or keys_file, not both.".into());
                None
            }
            (Some(text), None) => Some(Keyring::parse(text.expose_secret())),
            (None, Some(path))
                if production && path.file_name().is_some_and(|name| name == DEVELOPMENT_KEYS) =>
            {
                refusals
                    .push("The keys that development made for itself must not be used in production.".into());
                None
            }
            (None, Some(path)) => Some(Keyring::load(&path)),
            (None, None) if production => {
                refusals.push("Production needs keys for personal data: set keys_file.".into());
                None
            }
            // Made below, when nothing else keeps the server from starting.
            (None, None) => None,
        };
        let keyring = match keys.transpose() {
            Ok(keyring) => keyring,
            Err(error) => {
                refusals.push(format!("The keys cannot be used: {}.", with_source(&error)));
                None
            }
        };
        if production && self.sms.is_none() {
            refusals.push("Production needs an [sms] gateway: codes cannot be sent without one.".into());
        }
        let gateway = match self.sms {
            None => Gateway::Outbox,
            Some(sms) => {
                let timeout = Duration::from_secs(sms.timeout_seconds.into());
                let secret = sms.secret.expose_secret().as_bytes();
                Gateway::http(&sms.url, &sms.template, secret, timeout).unwrap_or_else(|error| {
                    refusals.push(format!("The [sms] gateway cannot be used: {}.", with_source(&error)));
                    Gateway::Outbox
                })
            }
        };
        let floods = self.floods.unwrap_or(match mode {
            Mode::Development => FloodLimits::DEVELOPMENT,
            Mode::Production => FloodLimits::default(),
        });
        if [floods.sign_in, floods.look_up, floods.upload].contains(&0) {
            refusals.push("The [floods] limits must be at least 1 a minute.".into());
        }
        let registration_sign = self.registration_sign.unwrap_or_else(|| "测".into());
        let is_sign = (1..=4).contains(&registration_sign.chars().count())
            && registration_sign.chars().all(char::is_alphanumeric);
        if !is_sign && registration_sign != BY_PROVINCE {
            refusals.push("registration_sign must be one to four characters, or \"province\".".into());
        }

        let special_days = special_days(&self.holidays, &mut refusals);
        let moves = self.forward_clock.unwrap_or(false);
        if moves && production {
            refusals.push("Production keeps the machine's clock: forward_clock is for development.".into());
        }

        let (Some(public_url), true) = (public_url, refusals.is_empty()) else {
            return Err(Refused(refusals));
        };
        let keyring = Arc::new(match keyring {
            Some(keyring) => keyring,
            None => development_keyring(&data_dir)?,
        });
        let database_url = self
            .database_url
            .unwrap_or_else(|| format!("sqlite://{}?mode=rwc", data_dir.join("beian.db").display()).into());
        let storage = self.storage.unwrap_or_else(|| Storage::Local { directory: data_dir.join("files") });
        Ok(Config {
            mode,
            addr,
            tls: public_url.scheme() == "https",
            public_url,
            site_dir: self.site_dir.unwrap_or_else(|| "target/site".into()),
            data_dir,
            database_url,
            oidc: self.oidc,
            keyring,
            first_administrator: self.first_administrator,
            registration_sign,
            platform_name: self.platform_name.unwrap_or_else(|| "联网备案服务平台".into()),
            special_days,
            overdue_days: self.overdue_days.unwrap_or(7),
            rejection_remedy: self.rejection_remedy,
            rejection_grounds: self.rejection_grounds,
            // A claim that lapsed at once would be none.
            claim_minutes: self.claim_minutes.unwrap_or(30).max(1),
            gateway,
            storage,
            trusted_proxies: self.trusted_proxies,
            no_samples: self.no_samples.unwrap_or(production),
            migrate_on_start: self.migrate_on_start.unwrap_or(!production),
            network_checks: self.network_checks.unwrap_or(false),
            forward_clock: moves.then(Arc::default),
            floods,
        })
    }
}

fn parse_public_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    plain.then_some(url)
}

fn parse_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

/// The keys of development: made once, kept beside the data they protect.
fn development_keyring(data_dir: &Path) -> Result<Keyring, Refused> {
    let path = data_dir.join(DEVELOPMENT_KEYS);
    let made = if path.exists() {
        Keyring::load(&path)
    } else {
        std::fs::create_dir_all(data_dir).map_err(|error| {
            Refused::one(format!("The data directory {} cannot be made: {error}.", data_dir.display()))
        })?;
        Keyring::generate_into(&path)
    };
    made.map_err(|error| {
        Refused::one(format!("The keys in {} cannot be used: {}.", path.display(), with_source(&error)))
    })
}

/// The error and what caused it, in one line for the operator.
fn with_source(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Writes a file that only its owner may read, making its directory first; fails if it exists.
pub(crate) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const KEYS: &str = "key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\
        hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

    fn load(file: &str, environment: &[(&str, &str)]) -> (tempfile::TempDir, Result<Config, Refused>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("beian.toml");
        std::fs::write(&path, file).unwrap();
        let data = directory.path().join("data").display().to_string();
        let config = Config::load(Some(&path), &|name| {
            environment
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_string())
                .or_else(|| (name == "DATA_DIR").then(|| data.clone()))
        });
        (directory, config)
    }

    fn production() -> String {
        format!(
            r#"
            mode = "production"
            public_url = "https://beian.example.cn"
            keys = """{KEYS}"""
            [oidc]
            issuer = "https://id.example.cn/oidc"
            client_id = "beian"
            client_secret = "oidc-secret-value"
            [sms]
            url = "https://sms.example.cn/send"
            template = "code"
            secret = "sms-secret-value"
            "#
        )
    }

    #[test]
    fn nothing_configured_is_development_with_a_key_only_its_owner_reads() {
        let (directory, config) = load("", &[]);
        let config = config.unwrap();
        assert_eq!(config.mode, Mode::Development);
        assert_eq!(config.public_origin(), "http://127.0.0.1:3000");
        assert_eq!(config.registration_sign, "测");
        assert!(!config.tls && !config.no_samples && config.oidc.is_none() && config.migrate_on_start);
        assert!(matches!(config.gateway, Gateway::Outbox));
        assert_eq!(config.settings().first_administrator.as_deref(), Some("110101190001060062"));
        let keys = directory.path().join("data").join(DEVELOPMENT_KEYS);
        assert_eq!(std::fs::metadata(&keys).unwrap().permissions().mode() & 0o777, 0o600);

        let sealed = config.keyring.seal_text("test", "value").unwrap();
        let again = development_keyring(&directory.path().join("data")).unwrap();
        assert_eq!(again.open_text("test", &sealed).unwrap(), "value");
    }

    #[test]
    fn a_complete_production_configuration_is_accepted() {
        let (_directory, config) = load(&production(), &[]);
        let config = config.unwrap();
        assert!(config.tls && config.is_production() && config.no_samples && !config.migrate_on_start);
        assert!(matches!(config.gateway, Gateway::Http(_)));
        assert_eq!(config.settings().first_administrator, None, "nobody is let in by default");
        assert_eq!(config.floods, FloodLimits::default());
    }

    #[test]
    fn only_development_puts_its_clock_forward_and_only_when_asked_to() {
        let ask = [("BEIAN_FORWARD_CLOCK", "true")];
        assert!(load("", &[]).1.unwrap().forward_clock.is_none());
        assert!(load("", &ask).1.unwrap().forward_clock.is_some());
        let (_directory, refused) = load(&production(), &ask);
        assert!(refused.unwrap_err().to_string().contains("forward_clock is for development"));
    }

    #[test]
    fn production_says_everything_that_is_missing_at_once() {
        let (directory, config) = load("mode = 'production'", &[]);
        let refused = config.unwrap_err();
        for word in ["https public_url", "identity platform", "keys_file", "[sms]"] {
            assert!(refused.0.iter().any(|sentence| sentence.contains(word)), "{word}: {refused}");
        }
        assert!(!directory.path().join("data").exists(), "a refused start leaves nothing behind");
    }

    #[test]
    fn production_refuses_the_keys_of_development() {
        let (directory, config) = load("", &[]);
        config.unwrap();
        let made = directory.path().join("data").join(DEVELOPMENT_KEYS).display().to_string();
        let (_directory, config) = load(&production(), &[("BEIAN_KEYS_FILE", &made)]);
        let refused = config.unwrap_err();
        assert!(refused.to_string().contains("must not be used in production"), "{refused}");
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let (_directory, config) = load(
            &production(),
            &[
                ("ADDR", "0.0.0.0:8080"),
                ("DATABASE_URL", "postgres://beian:pw@db/beian"),
                ("BEIAN_OIDC_CLIENT_SECRET", "other"),
                ("BEIAN_TRUSTED_PROXIES", "10.0.0.1, fd00::/8"),
                ("BEIAN_KEYS", &KEYS.replace("key 1", "key 7")),
            ],
        );
        let config = config.unwrap();
        assert_eq!(config.addr.port(), 8080);
        assert_eq!(config.database_url.expose_secret(), "postgres://beian:pw@db/beian");
        assert_eq!(config.oidc.unwrap().client_secret.expose_secret(), "other");
        assert_eq!(config.trusted_proxies.len(), 2);
        assert!(format!("{:?}", config.keyring).contains('7'));
    }

    #[test]
    fn secrets_do_not_show_in_debug_output_or_in_refusals() {
        let (_directory, config) =
            load(&production(), &[("DATABASE_URL", "postgres://beian:db-password@db/beian")]);
        let shown = format!("{:?}", config.unwrap());
        for secret in ["oidc-secret-value", "sms-secret-value", "db-password", "AAECAwQF", "[0, 1, 2"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        let (_directory, config) = load("[oidc]\nclient_secret = 'oidc-secret-value'\nissuer = 3", &[]);
        assert!(!config.unwrap_err().to_string().contains("oidc-secret-value"));
    }

    #[test]
    fn wrong_values_are_refused_with_their_name() {
        for (file, environment, word) in [
            ("mode = 'test'", [("X", "")], "not valid"),
            ("colour = 'blue'", [("X", "")], "not valid"),
            ("public_url = 'https://beian.example.cn/path'", [("X", "")], "public_url"),
            ("public_url = 'ftp://beian.example.cn'", [("X", "")], "public_url"),
            ("keys = 'key 1 c2hvcnQ='", [("X", "")], "32 bytes"),
            ("keys_file = '/nowhere/keys'", [("X", "")], "keys cannot be used"),
            (
                "[sms]\nurl = 'http://sms.example.cn'\ntemplate = 'a'\nsecret = 'sixteen or more bytes'",
                [("X", "")],
                "[sms]",
            ),
            ("[floods]\nsign_in = 0", [("X", "")], "[floods]"),
            ("registration_sign = 'provinces'", [("X", "")], "registration_sign"),
            ("", [("ADDR", "3000")], "ADDR"),
            ("", [("BEIAN_MODE", "prod")], "BEIAN_MODE"),
            ("", [("BEIAN_OIDC_ISSUER", "https://id.example.cn")], "BEIAN_OIDC_CLIENT_ID"),
            ("", [("BEIAN_TRUSTED_PROXIES", "proxy")], "BEIAN_TRUSTED_PROXIES"),
        ] {
            let (_directory, config) = load(file, &environment);
            let refused = config.expect_err(file);
            assert!(refused.to_string().contains(word), "{word}: {refused}");
        }
    }

    #[test]
    fn holidays_are_read_as_days_and_stretches() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("beian.toml");
        let read = |holidays: &str| {
            std::fs::write(&file, holidays).unwrap();
            let data = directory.path().display().to_string();
            Config::load(Some(&file), &move |name| (name == "DATA_DIR").then(|| data.clone()))
        };
        let config = read(
            "[[holidays]]\nname = \"国庆节\"\nrest = [\"2026-10-01/2026-10-07\"]\nwork = [\"2026-10-10\"]",
        );
        let days = config.unwrap().special_days;
        assert_eq!(days.len(), 8);
        assert!(days.iter().take(7).all(|day| !day.is_working) && days[7].is_working);
        for wrong in ["2026-02-30", "2026-10-07/2026-10-01", "soon"] {
            let refused = read(&format!("[[holidays]]\nname = \"错\"\nrest = [\"{wrong}\"]")).unwrap_err();
            assert!(refused.0[0].contains(wrong), "{refused}");
        }
        let twice = read("[[holidays]]\nname = \"重\"\nrest = [\"2026-10-01\"]\nwork = [\"2026-10-01\"]");
        assert!(twice.unwrap_err().0[0].contains("twice"));
    }
}
