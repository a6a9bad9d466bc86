//! From the start to the end: open, prepare, answer, finish.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use domain::notice::Channel;
use service::MarkError;
use service::Service;
use service::db::Db;
use service::error::chain;
use service::servers::{About, Differing};
use tokio::net::TcpListener;

use super::development;
use super::open::{open, settings};
use super::router::{Shared, router};
use crate::config::{Config, StartupError};
use crate::listener::{ConnectionLimits, serve, serve_behind, shutdown_signal};
use crate::notify::{READY, STOPPING, notify};
use crate::supervisor::{Lifecycle, Supervisor};
use crate::watch::{self, Metrics};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Gives the sample people of development their roles.
///
/// # Errors
/// When the database fails.
pub async fn seed_samples(config: &Config, service: &Service) -> service::Result<()> {
    let first = settings(config).first_administrator;
    development::seed_samples(config, first.as_deref(), service).await
}

/// Opens everything and answers until the end is asked for.
///
/// # Errors
/// Sentences for the operator, before anything is answered.
pub async fn run(config: Config) -> Result<(), StartupError> {
    crate::tls::install_crypto();
    let (service, db) = open(&config).await?;
    let about = join_others(&config, &service).await?;
    let listener = prepare(&config, &service, &db).await?;
    let local = listener.local_addr().unwrap_or(config.addr);
    let shared = Arc::new(Shared::new(&config, &service));
    let lifecycle = shared.lifecycle.clone();
    let watched = watched(&config, &service, &db, &shared).await?;
    let router = router(&config, &service, db, local, &shared)?;
    let me = service.servers.me();
    tracing::info!(address = %local, public = %config.public_origin(), mode = ?config.mode, server = me, "listening");
    notify(READY);

    let mut tasks = Supervisor::new(service.clone(), lifecycle.clone());
    start_tasks(&mut tasks, config.is_production(), shared, about);
    if let Some((listener, router)) = watched {
        tokio::spawn(serve(listener, router, ConnectionLimits::default(), lifecycle.ended()));
    }
    let end = end(lifecycle.clone(), config.drain);
    let limits = ConnectionLimits::new(&config);
    serve_behind(config.trusted_proxies, listener, router, limits, end).await;
    tasks.finish().await;
    if let Err(error) = log_audit_head(&service).await {
        tracing::error!(error = chain(&error), "the head of the audit log was not read");
    }
    Ok(())
}

/// What this server says of itself to the others.
pub fn about(config: &Config) -> About {
    About { version: env!("CARGO_PKG_VERSION").to_owned(), sections: config.sections() }
}

/// Joins the servers that work on the same database, all configured alike.
async fn join_others(config: &Config, service: &Service) -> Result<About, StartupError> {
    let about = about(config);
    let joined = service.servers.join(&about, service.now()).await;
    let joined =
        joined.map_err(|error| StartupError(vec![format!("The database cannot be joined: {error}.")]))?;
    joined.map(|()| about).map_err(|Differing { server, sections }| {
        StartupError(vec![format!(
            "Another server ({server}) works on this database with another configuration: {}. Configure both alike, or \
             end that one first.",
            sections.join(", ")
        )])
    })
}

/// Where Prometheus asks, and what it is told.
async fn watched(
    config: &Config,
    service: &Service,
    db: &Db,
    shared: &Shared,
) -> Result<Option<(TcpListener, axum::Router)>, StartupError> {
    let (Some(addr), Some(requests)) = (config.metrics, &shared.requests) else { return Ok(None) };
    let listener = TcpListener::bind(addr)
        .await
        .map_err(|error| StartupError(vec![format!("{addr} cannot be listened on: {error}.")]))?;
    let addr = listener.local_addr().unwrap_or(addr);
    tracing::info!(address = %addr, "figures are told");
    Ok(Some((listener, watch::router(Metrics::new(service, db, requests)))))
}

/// Ready when the end was asked for and whoever sends requests here has had the time to learn of it (`/readyz`). Asked
/// for twice, it does not wait.
async fn end(lifecycle: Lifecycle, drain: Duration) {
    shutdown_signal().await;
    notify(STOPPING);
    lifecycle.leave();
    if !drain.is_zero() {
        tracing::info!(seconds = drain.as_secs(), "about to end");
        tokio::select! {
            () = tokio::time::sleep(drain) => {}
            () = shutdown_signal() => {}
        }
    }
    lifecycle.end();
}

/// Fills a new database, listens, and makes the rows that every start may add.
async fn prepare(config: &Config, service: &Service, db: &Db) -> Result<TcpListener, StartupError> {
    let sentence = |what: &str, error: service::Error| StartupError(vec![format!("{what}: {error}.")]);
    // Servers that start at once fill a new database one after the other.
    let turn = db
        .turn()
        .await
        .map_err(|error| StartupError(vec![format!("The database cannot be filled: {error}.")]))?;
    service.key_checks.check_and_mark_keys().await.map_err(StartupError::of)?;
    match service.files.check_and_mark().await {
        Ok(()) => {}
        // A server starts also while its store is away; the next start looks again.
        Err(MarkError::Failed(error @ service::Error::Store(_))) => {
            tracing::warn!(
                error = chain(&error),
                "it was not looked whether the place of files is the right one"
            );
        }
        Err(error) => return Err(StartupError::of(error)),
    }
    development::make_sample_filings(config, settings(config), service, db).await?;
    seed_samples(config, service).await.map_err(|error| sentence("The samples cannot be seeded", error))?;
    let listener = TcpListener::bind(config.addr)
        .await
        .map_err(|error| StartupError(vec![format!("{} cannot be listened on: {error}.", config.addr)]))?;
    let rows = async {
        service.holidays.take_holidays(&config.special_days).await?;
        service.comparison_keys.fill_comparison_keys().await?;
        service.relation_keys.fill_relation_keys_once().await?;
        service.directories.fill_directories().await?;
        service.canned_reasons.fill_reasons().await?;
        service.counters.count_once().await
    };
    rows.await.map_err(|error| sentence("The database cannot be made ready", error))?;
    drop(turn);
    Ok(listener)
}

/// What runs beside the requests.
fn start_tasks(tasks: &mut Supervisor, is_production: bool, shared: Arc<Shared>, about: About) {
    // What has run out: drafts (R50), sessions, codes, files nobody refers to (R71).
    tasks.job(60 * MINUTE, "sweep", |service| async move { sweep(&service).await });
    // Rows of before there were digests are taken as they are, and the head of the audit log goes to the
    // operator's own, where whoever can write to the database cannot take it back (R65).
    tasks.job(60 * MINUTE, "baseline", |service| async move { take_baseline(&service).await });
    tasks.every(
        60 * MINUTE,
        "head of the audit log",
        |service| async move { log_audit_head(&service).await },
    );
    // Whether anybody administers the platform (R60).
    tasks.every(60 * MINUTE, "first administrator", move |service| async move {
        log_whether_administered(&service, is_production).await
    });
    // The counts of the dashboard (R61).
    tasks.job(10 * SECOND, "counts", |service| async move { service.counters.add_up().await });
    // The network is asked about filed websites, where the operator turned it on.
    tasks.job(MINUTE, "network", |service| async move { service.network_checks.look_at_websites().await });
    // Filings in force are looked at, where the operator turned it on; what was found goes on by itself.
    tasks.job(MINUTE, "patrol", |service| async move { service.patrols.look_around().await });
    tasks.job(5 * MINUTE, "patrol findings", |service| async move { service.patrols.settle().await });
    // Messages that are due: notices, those tried before, and codes whose request was broken off. No text message
    // waits for a mail server.
    tasks.job(
        2 * SECOND,
        "messages",
        |service| async move { service.text_messages.send_due(Channel::Sms).await },
    );
    tasks.job(
        2 * SECOND,
        "e-mails",
        |service| async move { service.text_messages.send_due(Channel::Mail).await },
    );
    // What officers did and can no longer take back.
    tasks.job(SECOND, "acts that stand", |service| async move { service.undos.settle_due().await });
    // What officers claimed and left alone (R62).
    tasks.job(MINUTE, "idle claims", |service| async move { free_idle_claims(&service).await });
    // Whether the replica of the database can be asked for public look-ups, where there is one.
    tasks.every(5 * SECOND, "replica", |service| async move { service.look_at_replica().await });
    // What strangers ask of all servers together.
    tasks.every(SECOND, "floods elsewhere", |service| async move { service.network_use.exchange().await });
    tasks.every(MINUTE, "flood limits", move |_| {
        shared.sweep();
        async { Ok::<_, Infallible>(()) }
    });
    tasks.keep_in_touch(about);
}

async fn log_whether_administered(service: &Service, is_production: bool) -> service::Result<()> {
    match service.staff.first_administrator().await?.warning() {
        Some(sentence) if is_production => tracing::warn!("{sentence}"),
        Some(sentence) => tracing::info!("{sentence}"),
        None => {}
    }
    Ok(())
}

async fn sweep(service: &Service) -> Result<(), Infallible> {
    let swept = service.jobs.sweep().await;
    tracing::info!(?swept, "swept");
    Ok(())
}

async fn take_baseline(service: &Service) -> service::Result<()> {
    let rows = service.audit_chain.take_baseline().await?;
    if rows > 0 {
        tracing::info!(rows, "rows without a line in the audit log were taken as they are");
    }
    Ok(())
}

async fn log_audit_head(service: &Service) -> service::Result<()> {
    if let Some((number, hash)) = service.audit_chain.audit_head().await? {
        tracing::info!(number, hash, "the head of the audit log");
    }
    Ok(())
}

async fn free_idle_claims(service: &Service) -> service::Result<()> {
    let claims = service.filing_claims.sweep_claims().await?;
    if claims > 0 {
        tracing::info!(claims, "idle claims were given back");
    }
    Ok(())
}
