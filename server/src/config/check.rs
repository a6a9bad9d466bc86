//! From what was written to a configuration that can run, or to one sentence for each thing that cannot.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use domain::second_look::MOST_PERCENT;
use domain::value::id_number::check_person_id;
use secrecy::{ExposeSecret as _, SecretString};
use service::clock::{Clock as _, SystemClock, shanghai_date};
use service::db::Wire;
use service::mail::{Mailer, SmtpServer};
use service::sms::gateway::Gateway;
use service::{Assurance, PatrolSettings, PersonLimits};
use url::Url;

use super::address::{is_loopback, parse_public_url};
use super::error::{StartupError, with_source};
use super::file::{AssuranceSection, ConfigFile, OtlpSection, PatrolSection, SmsSection, SmtpSection};
use super::holidays::special_days;
use super::keys;
use super::limits::{Capacity, RateLimits};
use super::model::{Config, Mode, Otlp, Storage};
use super::storage::storages;

const BY_PROVINCE: &str = "province";
/// Built with what only development needs: the embedded identity provider, its sample people, the pages under `/dev`.
const HAS_DEVELOPMENT: bool = cfg!(feature = "dev");

pub(super) fn check(mut file: ConfigFile, mut refusals: Vec<String>) -> Result<Config, StartupError> {
    let addr = file.addr.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 3000)));
    let public_url = public_url(&file, addr);
    let mode = mode(&file, addr, public_url.as_ref(), &mut refusals);
    let production = mode == Mode::Production;
    check_public_url(public_url.as_ref(), production, &mut refusals);
    check_databases(&file, production, &mut refusals);
    check_replica(&file, &mut refusals);
    check_first_administrator(&file, &mut refusals);
    check_identity_platform(&file, production, &mut refusals);
    let keyring = keys::given(&file, production, &mut refusals);
    let gateway = gateway(file.sms.as_ref(), production, &mut refusals);
    let mailer = mailer(file.smtp.as_ref(), production, &mut refusals);
    let (rate_limits, limits, requests) = limits(&file, mode, &mut refusals);
    let (drain, metrics, otlp) = watching(&file, addr, production, &mut refusals);
    let (storage, former_storage) = storages(&mut file, production, &mut refusals);
    let registration_sign = file.registration_sign.unwrap_or_else(|| "测".into());
    check_registration_sign(&registration_sign, &mut refusals);
    let assurance = assurance(file.assurance, &mut refusals);
    let patrol = patrol(&file.patrol, &mut refusals);
    let second_look_percent = second_look_percent(file.second_look_percent, &mut refusals);
    let special_days = special_days(&file.holidays, &mut refusals);
    let is_clock_movable = file.forward_clock.unwrap_or(false);
    if is_clock_movable && production {
        refusals.push("Production keeps the machine's clock: forward_clock is for development.".into());
    }

    let (Some(public_url), true) = (public_url, refusals.is_empty()) else {
        return Err(StartupError(refusals));
    };
    let data_dir = file.data_dir.unwrap_or_else(|| "data".into());
    let keyring = Arc::new(match keyring {
        Some(keyring) => keyring,
        None => keys::of_development(&data_dir)?,
    });
    let database_url = file
        .database_url
        .unwrap_or_else(|| format!("sqlite://{}?mode=rwc", data_dir.join("beian.db").display()).into());
    let storage = storage.unwrap_or_else(|| Storage::Local { directory: data_dir.join("files") });
    Ok(Config {
        mode,
        addr,
        tls: public_url.scheme() == "https",
        public_url,
        site_dir: file.site_dir,
        data_dir,
        database_url,
        scratch_database_url: file.scratch_database_url,
        replica_database_url: file.replica_database_url,
        postgres_programs: file.postgres_programs,
        oidc: file.oidc,
        keyring,
        first_administrator: file.first_administrator,
        registration_sign,
        platform_name: file.platform_name.unwrap_or_else(|| "联网备案服务平台".into()),
        special_days,
        overdue_days: file.overdue_days.unwrap_or(7),
        rejection_remedy: file.rejection_remedy,
        rejection_grounds: file.rejection_grounds,
        // A claim that lapsed at once would be none.
        claim_minutes: file.claim_minutes.unwrap_or(30).max(1),
        // Longer, and applicants would see what nobody told them of.
        undo_seconds: file.undo_seconds.unwrap_or(10).min(60),
        second_look_percent,
        gateway,
        mailer,
        storage,
        former_storage,
        trusted_proxies: file.trusted_proxies,
        no_samples: file.no_samples.unwrap_or(production),
        sample_filings: file.sample_filings.unwrap_or(false) && !production,
        migrate_on_start: file.migrate_on_start.unwrap_or(!production),
        network_checks: file.network_checks.unwrap_or(false),
        patrol,
        forward_clock: is_clock_movable.then(Arc::default),
        rate_limits,
        limits,
        requests,
        assurance,
        drain,
        metrics,
        otlp,
    })
}

/// How this server is seen from outside: how long it says that it ends, where figures are told, where traces
/// and logs go.
fn watching(
    file: &ConfigFile,
    addr: SocketAddr,
    production: bool,
    refusals: &mut Vec<String>,
) -> (Duration, Option<SocketAddr>, Option<Otlp>) {
    let metrics = file.metrics.as_ref().map(|section| section.addr);
    check_metrics(metrics, addr, production, refusals);
    let otlp = collector(file.otlp.as_ref(), production, refusals);
    (drain(file.drain_seconds, refusals), metrics, otlp)
}

/// Longer, and what waits for the end would kill the process.
const LONGEST_DRAIN: u16 = 60;

fn drain(seconds: Option<u16>, refusals: &mut Vec<String>) -> Duration {
    let seconds = seconds.unwrap_or(0);
    if seconds > LONGEST_DRAIN {
        refusals.push(format!("drain_seconds must be at most {LONGEST_DRAIN}."));
    }
    Duration::from_secs(seconds.into())
}

/// Figures are not for the public: never where people are answered, and in production on one address that is named.
fn check_metrics(
    metrics: Option<SocketAddr>,
    addr: SocketAddr,
    production: bool,
    refusals: &mut Vec<String>,
) {
    let Some(metrics) = metrics else { return };
    let is_shared = metrics.port() == addr.port()
        && (metrics.ip() == addr.ip() || metrics.ip().is_unspecified() || addr.ip().is_unspecified());
    if is_shared && metrics.port() != 0 {
        refusals.push("The addr of [metrics] must not be the one at which people are answered.".into());
    }
    if production && metrics.ip().is_unspecified() {
        refusals.push(
            "The addr of [metrics] must be one address in production, best 127.0.0.1: on all of them everybody \
             could read it."
                .into(),
        );
    }
}

/// Traces name routes and statements, logs who was refused what: over a network they go encrypted.
fn collector(section: Option<&OtlpSection>, production: bool, refusals: &mut Vec<String>) -> Option<Otlp> {
    let section = section?;
    match Url::parse(&section.endpoint) {
        Ok(url)
            if url.scheme() == "https" || (url.scheme() == "http" && (!production || is_loopback(&url))) =>
        {
            Some(Otlp { endpoint: url, logs: section.logs.unwrap_or(true) })
        }
        _ => {
            refusals.push(
                "The endpoint of [otlp] must be an https address, or an http one of this machine, such as \
                 http://127.0.0.1:4318."
                    .into(),
            );
            None
        }
    }
}

fn public_url(file: &ConfigFile, addr: SocketAddr) -> Option<Url> {
    match &file.public_url {
        Some(text) => parse_public_url(text),
        // Whoever listens on all addresses in development is visited through the loopback one.
        None => {
            let host = if addr.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { addr.ip() };
            parse_public_url(&format!("http://{}", SocketAddr::new(host, addr.port())))
        }
    }
}

fn mode(file: &ConfigFile, addr: SocketAddr, public_url: Option<&Url>, refusals: &mut Vec<String>) -> Mode {
    let is_here = addr.ip().is_loopback() && public_url.is_none_or(is_loopback);
    let mode = match file.mode {
        Some(mode) => mode,
        None if is_here || !HAS_DEVELOPMENT => Mode::Development,
        // Nobody gets a server by mistake on which anybody signs in as anybody.
        None => {
            refusals.push(
                "This server can be reached from elsewhere, so say what it is: set BEIAN_MODE to \
                 production, or to development, where anybody signs in as anybody."
                    .into(),
            );
            Mode::Development
        }
    };
    if mode == Mode::Development && !HAS_DEVELOPMENT {
        refusals.push(
            "This program was built for production alone: set mode (BEIAN_MODE) to production, or build it for \
             development, with `cargo build -p server --features dev`."
                .into(),
        );
    }
    mode
}

fn check_public_url(public_url: Option<&Url>, production: bool, refusals: &mut Vec<String>) {
    match public_url {
        None => refusals.push("public_url must be http(s)://host[:port] without a path.".into()),
        Some(url) if production && url.scheme() != "https" => {
            refusals.push("Production needs an https public_url.".into());
        }
        Some(_) => {}
    }
}

fn check_databases(file: &ConfigFile, production: bool, refusals: &mut Vec<String>) {
    let urls = [
        ("database_url", &file.database_url),
        ("scratch_database_url", &file.scratch_database_url),
        ("replica_database_url", &file.replica_database_url),
    ];
    for (name, url) in urls {
        let Some(url) = url else { continue };
        match service::db::wire(url.expose_secret()) {
            Ok(Wire::Local | Wire::Verified) => {}
            Ok(Wire::Open) if !production => {}
            Ok(Wire::Open) if file.allow_unverified_database.unwrap_or(false) => tracing::warn!(
                "the wire to {name} is trusted as it is: who sits in between can read what is asked and \
                 answered (allow_unverified_database)"
            ),
            Ok(Wire::Open) => refusals.push(format!(
                "Production reaches a database on another machine over verified TLS: add \
                 sslmode=verify-full (and sslrootcert=FILE for an authority of your own) to {name}, or say \
                 allow_unverified_database = true where the wire is trusted."
            )),
            // The error could quote the password.
            Err(_) => {
                refusals.push(format!("{name} must be sqlite://FILE or postgres://USER@HOST/NAME."));
            }
        }
    }
}

/// A replica follows a PostgreSQL.
fn check_replica(file: &ConfigFile, refusals: &mut Vec<String>) {
    let is_postgres = |url: &Option<SecretString>| {
        url.as_ref().is_some_and(|url| url.expose_secret().starts_with("postgres"))
    };
    if file.replica_database_url.is_some()
        && !(is_postgres(&file.database_url) && is_postgres(&file.replica_database_url))
    {
        refusals.push("replica_database_url names a PostgreSQL that follows the one of database_url.".into());
    }
}

fn check_first_administrator(file: &ConfigFile, refusals: &mut Vec<String>) {
    if let Some(named) = &file.first_administrator
        && check_person_id("resident_id", named.expose_secret(), shanghai_date(SystemClock.now())).is_err()
    {
        refusals.push(
            "first_administrator must be a valid resident id number of 18 characters, as the identity \
             platform states it; nobody would ever be administrator otherwise."
                .into(),
        );
    }
}

fn check_identity_platform(file: &ConfigFile, production: bool, refusals: &mut Vec<String>) {
    match &file.oidc {
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
}

fn gateway(sms: Option<&SmsSection>, production: bool, refusals: &mut Vec<String>) -> Gateway {
    let Some(sms) = sms else {
        if production {
            refusals.push("Production needs an [sms] gateway: codes cannot be sent without one.".into());
        }
        return Gateway::Outbox;
    };
    let timeout = Duration::from_secs(sms.timeout_seconds.into());
    let secret = sms.secret.expose_secret().as_bytes();
    Gateway::http(&sms.url, &sms.template, secret, timeout).unwrap_or_else(|error| {
        refusals.push(format!("The [sms] gateway cannot be used: {}.", with_source(&error)));
        Gateway::Outbox
    })
}

fn mailer(smtp: Option<&SmtpSection>, production: bool, refusals: &mut Vec<String>) -> Mailer {
    let Some(smtp) = smtp else {
        return if production { Mailer::None } else { Mailer::Outbox };
    };
    let password = smtp.password.as_ref().map(|password| password.expose_secret());
    let credentials = match (smtp.user.as_deref(), password) {
        (None, None) => None,
        (user, password) => Some((user.unwrap_or_default(), password.unwrap_or_default())),
    };
    let server = SmtpServer {
        host: &smtp.host,
        encryption: smtp.encryption,
        port: smtp.port,
        credentials,
        from: &smtp.from,
        timeout: Duration::from_secs(smtp.timeout_seconds.into()),
    };
    Mailer::smtp(&server).unwrap_or_else(|error| {
        refusals.push(format!("The [smtp] server cannot be used: {}.", with_source(&error)));
        Mailer::None
    })
}

fn limits(file: &ConfigFile, mode: Mode, refusals: &mut Vec<String>) -> (RateLimits, PersonLimits, Capacity) {
    let (rate_limits, limits, requests) = match mode {
        Mode::Development => (RateLimits::DEVELOPMENT, PersonLimits::GENEROUS, Capacity::DEVELOPMENT),
        Mode::Production => (RateLimits::default(), PersonLimits::default(), Capacity::default()),
    };
    let rate_limits = file.rate_limits.unwrap_or(rate_limits);
    let (limits, requests) = (file.limits.unwrap_or(limits), file.requests.unwrap_or(requests));
    if [rate_limits.sign_in, rate_limits.look_up, rate_limits.upload, rate_limits.form].contains(&0) {
        refusals.push("The [floods] limits must be at least 1 a minute.".into());
    }
    if !limits.allow_something() {
        refusals.push("The [limits] must be at least 1.".into());
    }
    if !requests.fit() {
        refusals.push(
            "The [requests] must leave each address a connection and room for a form with its pictures \
             (32 MB), and no address more than there is."
                .into(),
        );
    }
    (rate_limits, limits, requests)
}

fn check_registration_sign(sign: &str, refusals: &mut Vec<String>) {
    let is_sign = (1..=4).contains(&sign.chars().count()) && sign.chars().all(char::is_alphanumeric);
    if !is_sign && sign != BY_PROVINCE {
        refusals.push("registration_sign must be one to four characters, or \"province\".".into());
    }
}

fn assurance(section: AssuranceSection, refusals: &mut Vec<String>) -> Assurance {
    let is_level = |acr: &String| !acr.is_empty() && acr.chars().all(|c| c.is_ascii_graphic());
    if !section.staff_acr.iter().all(is_level) {
        refusals.push("staff_acr must be levels of the identity platform, without blanks.".into());
    }
    if [section.staff_max_age_minutes, section.fresh_minutes].contains(&Some(0)) {
        refusals.push("The minutes of [assurance] must be at least 1.".into());
    }
    Assurance {
        staff_acr: section.staff_acr,
        staff_max_age_minutes: section.staff_max_age_minutes.map(i64::from),
        fresh_minutes: section.fresh_minutes.map(i64::from),
    }
}

/// The share of decisions that a second officer judges; none unless it is said.
fn second_look_percent(said: Option<i64>, refusals: &mut Vec<String>) -> u8 {
    let percent = u8::try_from(said.unwrap_or(0)).ok().filter(|percent| *percent <= MOST_PERCENT);
    percent.unwrap_or_else(|| {
        refusals
            .push("second_look_percent must be a whole number from 0 (nobody looks again) to 100.".into());
        0
    })
}

/// Nobody is asked more than daily, and by no more at once than a small server bears.
fn patrol(section: &PatrolSection, refusals: &mut Vec<String>) -> Option<PatrolSettings> {
    let usual = PatrolSettings::default();
    let days = section.days.map_or(usual.days, i64::from);
    let at_once = section.at_once.map_or(usual.at_once, u64::from);
    if !(2..=366).contains(&days) || !(1..=32).contains(&at_once) {
        refusals.push("[patrol] looks every 2 to 366 days, at 1 to 32 filings at once.".into());
    }
    section.enabled.unwrap_or(false).then_some(PatrolSettings { days, at_once })
}

#[cfg(all(test, not(feature = "dev")))]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_development_refuses_it_and_names_the_build_that_has_it() {
        for mode in [None, Some(Mode::Development)] {
            let refused = check(ConfigFile { mode, ..ConfigFile::default() }, Vec::new());
            let said = refused.err().map(|refused| refused.to_string()).unwrap_or_default();
            assert!(said.contains("--features dev"), "{said}");
        }
    }
}
