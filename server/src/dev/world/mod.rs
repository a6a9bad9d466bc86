//! The sample filings of development: some seventy filings of invented people over six weeks, in all states and
//! businesses, so that every page shows something to whoever signs in as a sample person. They are made by the use cases
//! themselves, with a clock that goes from six weeks ago to now, so all that belongs to a filing is there: files,
//! history, notices, messages, counts, the audit log.

mod answers;
mod cases;
mod net;
mod people;
mod stage;

use std::sync::Arc;

use service::clock::FixedClock;
use service::db::Db;
use service::sms::gateway::Gateway;
use service::upload::child::FileCheck;
use service::{Service, Settings};
use time::OffsetDateTime;

use crate::config::{Config, StartupError};
pub use people::claims_of_sample;
use stage::Stage;

/// Makes the sample filings, in a database that never had a person. What was begun and broken off stays as it is: it
/// works, there is only less of it.
///
/// # Errors
/// A sentence for the operator, with what was being done.
pub async fn make(
    config: &Config,
    settings: Settings,
    service: &Service,
    db: &Db,
    now: OffsetDateTime,
) -> Result<(), StartupError> {
    let failed = |error: &dyn std::fmt::Display| {
        StartupError(vec![format!("The sample filings cannot be made: {error}.")])
    };
    if !service.samples.is_nobody_here().await.map_err(|error| failed(&error))? {
        return Ok(());
    }
    tracing::info!("making the sample filings (some ten seconds, the first time only)");
    let clock = Arc::new(FixedClock::at(now - cases::REACH));
    let first_administrator = settings.first_administrator.clone();
    let then = Service::new(
        db.clone(),
        config.keyring.clone(),
        clock.clone(),
        service.file_store().clone(),
        // Nobody waits in a world that is played in ten seconds.
        Settings { undo_seconds: 0, ..settings },
    )
    // Our own files need no child process to be looked at in.
    .with_file_check(FileCheck::in_this_process())
    .with_gateway(Gateway::Outbox)
    .with_patrol(Arc::new(net::SampleNet));
    let made =
        Stage::new(then, first_administrator, clock, now).play().await.map_err(|error| failed(&error))?;
    tracing::info!(filings = made, "the sample filings are made");
    Ok(())
}
