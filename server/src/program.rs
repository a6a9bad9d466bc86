//! The program's parts put together: from the configuration to the router that answers everything.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use futures::FutureExt as _;
use migration::Shape;
use service::Service;
use service::db::Db;
use service::network::Internet;
use service::sample::SampleOfficer;
use service::upload::store::FileStore;
use tokio::net::TcpListener;
use url::Url;

use crate::config::{Config, Refused, Storage};
use crate::http::{Hardening, harden, health};
use crate::idp::{self, IdentityProvider, SAMPLES, SampleRole};
use crate::oidc::{self, Auth};
use crate::pages::Chrome;
use crate::people::{Callers, know_the_caller};
use crate::pulse::Pulse;
use crate::render::{self, Pages};
use crate::routes::{self, Desk};
use crate::serve::{Limits, end_asked_for, serve};
use crate::site;
use crate::{clock, outbox};

/// Brings the shape of the database up to date; gives the names of the steps that were taken.
///
/// # Errors
/// A sentence for the operator.
pub async fn migrate(config: &Config) -> Result<Vec<String>, Refused> {
    use secrecy::ExposeSecret as _;
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|error| Refused(vec![format!("The data directory cannot be made: {error}.")]))?;
    Db::migrate(config.database_url.expose_secret())
        .await
        .map_err(|error| Refused(vec![format!("The database cannot be brought up to date: {error}.")]))
}

/// Why a database of this shape is left alone.
fn unfit(shape: &Shape) -> Option<String> {
    match shape {
        Shape::Known => None,
        Shape::Older(missing) => Some(format!(
            "The database is new, or of an older version of this program ({} steps are missing, the first is {}). Back \
             it up and run `server migrate`, or set migrate_on_start.",
            missing.len(),
            missing.first().map_or("", String::as_str)
        )),
        Shape::Newer(unknown) => Some(format!(
            "The database is of a newer version of this program, which took {}. Start that version, or restore a \
             backup from before.",
            unknown.join(", ")
        )),
    }
}

/// Opens what the use cases stand on, and first brings the database up to date where that is wanted at a
/// start.
///
/// # Errors
/// A sentence for the operator.
pub async fn open(config: &Config) -> Result<(Service, Db), Refused> {
    if config.migrate_on_start {
        migrate(config).await?;
    }
    open_as_it_is(config).await
}

/// Opens what the use cases stand on: database, keys, files. The database comes along for the question
/// whether it still answers. Its shape is not touched, and an unknown one refused.
///
/// # Errors
/// A sentence for the operator.
pub async fn open_as_it_is(config: &Config) -> Result<(Service, Db), Refused> {
    use secrecy::ExposeSecret as _;
    let sentence = |what: &str, error: &dyn std::fmt::Display| Refused(vec![format!("{what}: {error}.")]);
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|error| sentence("The data directory cannot be made", &error))?;
    let db = Db::connect(config.database_url.expose_secret())
        .await
        .map_err(|error| sentence("The database cannot be opened", &error))?;
    let shape = db.shape().await.map_err(|error| sentence("The database cannot be read", &error))?;
    if let Some(sentence) = unfit(&shape) {
        return Err(Refused(vec![sentence]));
    }
    let files = match &config.storage {
        Storage::Local { directory } => FileStore::local(directory, config.keyring.clone())
            .map_err(|error| sentence("The directory of files cannot be used", &error))?,
    };
    let service = Service::new(db.clone(), config.keyring.clone(), config.clock(), files, config.settings());
    let service = service.with_gateway(config.gateway.clone());
    let service = match config.network_checks {
        true => service.with_outbound(Arc::new(Internet::guarded())),
        false => service,
    };
    Ok((service, db))
}

/// The router that answers everything, for a server that listens at `local`.
///
/// # Errors
/// A sentence for the operator.
pub fn router(config: &Config, service: &Service, db: Db, local: SocketAddr) -> Result<Router, Refused> {
    let refused = |error: &dyn std::fmt::Display| Refused(vec![error.to_string()]);
    let clock = config.clock();
    let bundle = site::bundle(&config.site_dir).map_err(|error| {
        refused(&format!("The site in {} is not built: {error}.", config.site_dir.display()))
    })?;
    let chrome = Chrome::new(&config.platform_name, vec![format!("/{}", bundle.css)]);
    let callbacks = callbacks(config);

    let (provider, embedded) = match &config.oidc {
        Some(provider) => (provider.clone(), None),
        None => {
            let embedded = IdentityProvider::new(idp::Setup {
                mode: config.mode,
                public_url: &config.public_url,
                data_dir: &config.data_dir,
                redirect_uris: callbacks.clone(),
                chrome: chrome.clone(),
                clock: clock.clone(),
            })
            .map_err(|error| refused(&error))?;
            (embedded.client(), Some(embedded))
        }
    };
    let issuer = provider.issuer.clone();
    let auth = Auth::new(oidc::Setup {
        provider,
        callbacks,
        embedded_at: embedded.is_some().then(|| loopback(local)),
        keyring: config.keyring.clone(),
        clock,
        sessions: Arc::new(service.clone()),
        chrome: chrome.clone(),
        tls: config.tls,
    })
    .map_err(|error| refused(&error))?;

    let callers = Callers { service: service.clone(), chrome: chrome.clone(), tls: config.tls };
    let desk = Desk { service: service.clone(), chrome: chrome.clone() };
    let pages = render::router(Pages { service: service.clone(), bundle })
        .merge(routes::router(desk))
        .layer(middleware::from_fn_with_state(callers, know_the_caller));
    let pulse = Pulse::new(service.clone(), db);
    let ready = move || {
        let pulse = pulse.clone();
        async move { pulse.beats().await }.boxed()
    };
    let assets = site::router(&config.site_dir)
        .map_err(|error| refused(&format!("The site cannot be listed: {error}.")))?;
    let outbox = outbox::router(config, service, &chrome);
    let mut all = pages.merge(auth.router()).merge(assets).merge(health(ready));
    all = all.merge(outbox).merge(clock::router(config, &chrome));
    if let Some(embedded) = embedded {
        all = all.merge(embedded.router());
    }
    Ok(harden(all, Hardening::new(config, chrome, &issuer)))
}

/// The sample officers of the embedded provider get their roles; production has none. The sample
/// administrator is usually the first administrator, who is appointed at the first sign-in (R60).
///
/// # Errors
/// When the database fails.
pub async fn sow_samples(config: &Config, service: &Service) -> service::Result<()> {
    if config.is_production() || config.no_samples {
        return Ok(());
    }
    let first = config.settings().first_administrator;
    let officers: Vec<SampleOfficer<'_>> = SAMPLES
        .iter()
        .filter(|sample| first.as_deref() != Some(sample.id_number))
        .filter_map(|sample| {
            let (role, region) = match sample.role {
                SampleRole::Applicant => return None,
                SampleRole::Reviewer { region } => ("reviewer", region),
                SampleRole::Administrator => ("administrator", ""),
                SampleRole::Keeper => ("keeper", ""),
                SampleRole::Auditor => ("auditor", ""),
            };
            Some(SampleOfficer { name: sample.name, id_no: sample.id_number, role, region })
        })
        .collect();
    service.sample_world(&officers).await
}

/// Opens everything and answers until the end is asked for.
///
/// # Errors
/// Sentences for the operator, before anything is answered.
pub async fn run(config: Config) -> Result<(), Refused> {
    crate::install_crypto();
    let (service, db) = open(&config).await?;
    // Servers that start at once fill a new database one after the other.
    let turn =
        db.turn().await.map_err(|error| Refused(vec![format!("The database cannot be filled: {error}.")]))?;
    sow_samples(&config, &service)
        .await
        .map_err(|error| Refused(vec![format!("The samples cannot be sown: {error}.")]))?;
    let listener = TcpListener::bind(config.addr)
        .await
        .map_err(|error| Refused(vec![format!("{} cannot be listened on: {error}.", config.addr)]))?;
    let prepare = async {
        service.take_holidays(&config.special_days).await?;
        service.fill_directories().await?;
        service.fill_reasons().await?;
        service.count_once().await
    };
    prepare.await.map_err(|error| Refused(vec![format!("The database cannot be made ready: {error}.")]))?;
    drop(turn);
    let local = listener.local_addr().unwrap_or(config.addr);
    let router = router(&config, &service, db, local)?;
    tracing::info!(address = %local, public = %config.public_origin(), mode = ?config.mode, "listening");
    let sweeping = tokio::spawn(sweep_now_and_then(service.clone()));
    let adding = tokio::spawn(add_up_now_and_then(service.clone()));
    let looking = tokio::spawn(look_at_websites(service.clone()));
    let freeing = tokio::spawn(free_idle_claims(service.clone()));
    let telling = tokio::spawn(keep_the_log_believable(service.clone()));
    serve(listener, router, Limits::default(), end_asked_for()).await;
    sweeping.abort();
    adding.abort();
    looking.abort();
    freeing.abort();
    telling.abort();
    say_head(&service).await;
    Ok(())
}

/// Ends what has run out: drafts (R50), sessions, codes, files nobody refers to (R71).
async fn sweep_now_and_then(service: Service) {
    let mut hourly = tokio::time::interval(Duration::from_secs(60 * 60));
    loop {
        hourly.tick().await;
        let swept = service.sweep().await;
        tracing::info!(?swept, "swept");
    }
}

/// The head of the audit log goes to the operator's own log, where whoever can write to the database
/// cannot take it back; rows of before there were digests are taken as they are (R65).
async fn keep_the_log_believable(service: Service) {
    let mut hourly = tokio::time::interval(Duration::from_secs(60 * 60));
    loop {
        hourly.tick().await;
        match service.take_baseline().await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "rows without a line in the audit log were taken as they are"),
            Err(error) => tracing::error!(%error, "rows without a line in the audit log were not taken"),
        }
        say_head(&service).await;
    }
}

async fn say_head(service: &Service) {
    match service.audit_head().await {
        Ok(Some((number, hash))) => tracing::info!(number, hash, "the head of the audit log"),
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "the head of the audit log was not read"),
    }
}

/// Adds what has changed to the counts of the dashboard (R61).
async fn add_up_now_and_then(service: Service) {
    let mut often = tokio::time::interval(Duration::from_secs(10));
    loop {
        often.tick().await;
        if let Err(error) = service.add_up().await {
            tracing::error!(%error, "the counts were not added up");
        }
    }
}

/// Asks the network about websites that were filed, where the operator turned it on.
async fn look_at_websites(service: Service) {
    let mut minutely = tokio::time::interval(Duration::from_secs(60));
    loop {
        minutely.tick().await;
        if let Err(error) = service.look_at_websites().await {
            tracing::error!(%error, "the network was not asked about websites");
        }
    }
}

/// Gives back what officers claimed and left alone (R62).
async fn free_idle_claims(service: Service) {
    let mut minutely = tokio::time::interval(Duration::from_secs(60));
    loop {
        minutely.tick().await;
        match service.sweep_claims().await {
            Ok(0) => {}
            Ok(claims) => tracing::info!(claims, "idle claims were given back"),
            Err(error) => tracing::error!(%error, "idle claims were not given back"),
        }
    }
}

/// Where the identity platform sends people back to. In development the machine's own names are one.
fn callbacks(config: &Config) -> Vec<Url> {
    let mut bases = vec![config.public_url.clone()];
    let is_loopback =
        |host: &str| host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(is_loopback);
    if config.oidc.is_none() && config.public_url.host_str().is_some_and(is_loopback) {
        for name in ["localhost", "127.0.0.1"] {
            let mut base = config.public_url.clone();
            if base.set_host(Some(name)).is_ok() && !bases.contains(&base) {
                bases.push(base);
            }
        }
    }
    bases.iter().filter_map(|base| base.join("/auth/callback").ok()).collect()
}

fn is_loopback(addr: std::net::IpAddr) -> bool {
    addr.is_loopback()
}

/// A socket of this machine that leads to what listens at `local`.
fn loopback(local: SocketAddr) -> SocketAddr {
    if !local.ip().is_unspecified() {
        return local;
    }
    let ip = if local.is_ipv4() {
        std::net::Ipv4Addr::LOCALHOST.into()
    } else {
        std::net::Ipv6Addr::LOCALHOST.into()
    };
    SocketAddr::new(ip, local.port())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn the_embedded_provider_is_reached_on_this_machine() {
        for (listens, reached) in [
            ("127.0.0.1:3000", "127.0.0.1:3000"),
            ("0.0.0.0:3000", "127.0.0.1:3000"),
            ("[::]:3000", "[::1]:3000"),
            ("192.168.1.5:3000", "192.168.1.5:3000"),
        ] {
            assert_eq!(loopback(listens.parse().unwrap()), reached.parse().unwrap());
        }
    }

    #[test]
    fn only_development_comes_back_to_every_name_of_this_machine() {
        let directory = tempfile::tempdir().unwrap();
        let config = |public_url: &'static str| {
            let data = directory.path().display().to_string();
            Config::load(None, &move |name| match name {
                "DATA_DIR" => Some(data.clone()),
                "BEIAN_PUBLIC_URL" => Some(public_url.into()),
                _ => None,
            })
            .unwrap()
        };
        let addresses = |public_url| -> Vec<String> {
            callbacks(&config(public_url)).iter().map(Url::to_string).collect()
        };
        assert_eq!(
            addresses("http://127.0.0.1:3000"),
            ["http://127.0.0.1:3000/auth/callback", "http://localhost:3000/auth/callback"]
        );
        assert_eq!(addresses("https://beian.example.cn"), ["https://beian.example.cn/auth/callback"]);
    }
}
