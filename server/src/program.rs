//! The program's parts put together: from the configuration to the router that answers everything.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use domain::role::StaffRole;
use futures::FutureExt as _;
use migration::Shape;
use service::Service;
use service::db::Db;
use service::network::Internet;
use service::private;
use service::sample::SampleOfficer;
use service::upload::store::FileStore;
use tokio::net::TcpListener;
use url::Url;

use crate::bodies::{Door, Room, let_in};
use crate::config::{Config, Refused, Storage};
use crate::http::{Floods, Hardening, harden, health};
use crate::idp::{self, IdentityProvider, SAMPLES, SampleRole};
use crate::oidc::{self, Auth};
use crate::pages::Chrome;
use crate::people::{Callers, know_the_caller, who_asks};
use crate::pulse::Pulse;
use crate::render::{self, Pages};
use crate::routes::{self, Desk, OpenStreams};
use crate::serve::{Limits, end_asked_for, serve_behind};
use crate::site;
use crate::supervisor::{Lifecycle, Supervisor};
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
    private::directory(&config.data_dir)
        .map_err(|error| sentence("The data directory cannot be used", &error))?;
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
    service.check_keys().await.map_err(|error| Refused(vec![format!("{error}.")]))?;
    Ok((service, db))
}

/// The router that answers everything, for a server that listens at `local`.
///
/// # Errors
/// A sentence for the operator.
pub fn router(
    config: &Config,
    service: &Service,
    db: Db,
    local: SocketAddr,
    shared: &Shared,
) -> Result<Router, Refused> {
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
        assurance: config.assurance.clone(),
    })
    .map_err(|error| refused(&error))?;

    let callers = Callers { service: service.clone(), chrome: chrome.clone(), tls: config.tls };
    let desk = Desk {
        service: service.clone(),
        chrome: chrome.clone(),
        lifecycle: shared.lifecycle.clone(),
        streams: OpenStreams::default(),
        look_again: routes::LOOK_AGAIN,
    };
    let door = Door { room: shared.room.clone(), chrome: chrome.clone() };
    let let_in = middleware::from_fn_with_state(door, let_in);
    // The last layer comes first: who asks is known before there is room for what is sent.
    let pages = render::router(Pages { service: service.clone(), bundle })
        .merge(routes::router(desk))
        .layer(let_in.clone())
        .layer(middleware::from_fn_with_state(callers, know_the_caller));
    let pulse = Pulse::new(service.clone(), db);
    let ready = move || {
        let pulse = pulse.clone();
        async move { pulse.beats().await }.boxed()
    };
    let assets = site::router(&config.site_dir)
        .map_err(|error| refused(&format!("The site cannot be listed: {error}.")))?;
    let outbox = outbox::router(config, service, &chrome);
    let mut others = auth.router().merge(assets).merge(health(ready, shared.lifecycle.clone()));
    others = others.merge(outbox).merge(clock::router(config, &chrome));
    if let Some(embedded) = embedded {
        others = others.merge(embedded.router());
    }
    let mut hardening = Hardening::new(config, chrome, &issuer);
    hardening.floods = shared.floods.clone();
    hardening.who_asks = who_asks(service.clone(), config.tls);
    Ok(harden(pages.merge(others.layer(let_in)), hardening))
}

/// What requests share, and what is swept by time.
pub struct Shared {
    pub lifecycle: Lifecycle,
    pub floods: Arc<Floods>,
    pub room: Arc<Room>,
}

impl Shared {
    pub fn new(config: &Config) -> Self {
        Self {
            lifecycle: Lifecycle::default(),
            floods: Arc::new(Floods::new(config.floods)),
            room: Arc::new(Room::new(&config.requests)),
        }
    }

    /// B15: not by the requests, which would pay for it just when there are many.
    fn sweep(&self) {
        self.floods.sweep();
        self.room.sweep();
    }
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
                SampleRole::Reviewer { region } => (StaffRole::Reviewer, region),
                SampleRole::Administrator => (StaffRole::Administrator, ""),
                SampleRole::Keeper => (StaffRole::Keeper, ""),
                SampleRole::Auditor => (StaffRole::Auditor, ""),
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
    service.check_and_mark_keys().await.map_err(|error| Refused(vec![format!("{error}.")]))?;
    sow_samples(&config, &service)
        .await
        .map_err(|error| Refused(vec![format!("The samples cannot be sown: {error}.")]))?;
    let listener = TcpListener::bind(config.addr)
        .await
        .map_err(|error| Refused(vec![format!("{} cannot be listened on: {error}.", config.addr)]))?;
    let prepare = async {
        service.take_holidays(&config.special_days).await?;
        service.fill_comparison_keys().await?;
        service.fill_directories().await?;
        service.fill_reasons().await?;
        service.count_once().await
    };
    prepare.await.map_err(|error| Refused(vec![format!("The database cannot be made ready: {error}.")]))?;
    drop(turn);
    let local = listener.local_addr().unwrap_or(config.addr);
    let shared = Arc::new(Shared::new(&config));
    let lifecycle = shared.lifecycle.clone();
    let router = router(&config, &service, db, local, &shared)?;
    tracing::info!(address = %local, public = %config.public_origin(), mode = ?config.mode, "listening");

    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: Duration = Duration::from_secs(60);
    let mut tasks = Supervisor::new(service.clone(), lifecycle.clone());
    // What has run out: drafts (R50), sessions, codes, files nobody refers to (R71).
    tasks.every(60 * MINUTE, "sweep", |service| async move { sweep(&service).await });
    let is_production = config.is_production();
    // Rows of before there were digests are taken as they are, and the head of the audit log goes to the
    // operator's own, where whoever can write to the database cannot take it back (R65).
    tasks.every(60 * MINUTE, "baseline", |service| async move { take_baseline(&service).await });
    tasks.every(60 * MINUTE, "head of the audit log", |service| async move { say_head(&service).await });
    // Whether anybody administers the platform (R60).
    tasks.every(60 * MINUTE, "first administrator", move |service| async move {
        say_whether_administered(&service, is_production).await
    });
    // The counts of the dashboard (R61).
    tasks.every(10 * SECOND, "counts", |service| async move { service.add_up().await });
    // The network is asked about filed websites, where the operator turned it on.
    tasks.every(MINUTE, "network", |service| async move { service.look_at_websites().await });
    // Text messages that are due: those tried before, and those whose request was broken off.
    tasks.every(2 * SECOND, "messages", |service| async move { service.send_due().await });
    // What officers claimed and left alone (R62).
    tasks.every(MINUTE, "idle claims", |service| async move { free_idle_claims(&service).await });
    tasks.every(MINUTE, "flood limits", move |_| {
        shared.sweep();
        async { Ok::<_, Infallible>(()) }
    });

    let ending = lifecycle.clone();
    let end = async move {
        end_asked_for().await;
        ending.end();
    };
    let limits = Limits::new(&config);
    serve_behind(config.trusted_proxies, listener, router, limits, end).await;
    tasks.finish().await;
    if let Err(error) = say_head(&service).await {
        tracing::error!(%error, "the head of the audit log was not read");
    }
    Ok(())
}

async fn say_whether_administered(service: &Service, is_production: bool) -> service::Result<()> {
    match service.first_administrator().await?.warning() {
        Some(sentence) if is_production => tracing::warn!("{sentence}"),
        Some(sentence) => tracing::info!("{sentence}"),
        None => {}
    }
    Ok(())
}

async fn sweep(service: &Service) -> Result<(), Infallible> {
    let swept = service.sweep().await;
    tracing::info!(?swept, "swept");
    Ok(())
}

async fn take_baseline(service: &Service) -> service::Result<()> {
    let rows = service.take_baseline().await?;
    if rows > 0 {
        tracing::info!(rows, "rows without a line in the audit log were taken as they are");
    }
    Ok(())
}

async fn say_head(service: &Service) -> service::Result<()> {
    if let Some((number, hash)) = service.audit_head().await? {
        tracing::info!(number, hash, "the head of the audit log");
    }
    Ok(())
}

async fn free_idle_claims(service: &Service) -> service::Result<()> {
    let claims = service.sweep_claims().await?;
    if claims > 0 {
        tracing::info!(claims, "idle claims were given back");
    }
    Ok(())
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
                "BEIAN_MODE" => Some("development".into()),
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
