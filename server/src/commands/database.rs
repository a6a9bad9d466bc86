//! The commands about the database: its shape, and what is counted in it.

use std::process::ExitCode;

use crate::config::{Config, StartupError};
use crate::program;

/// Brings the shape of the database up to date.
///
/// # Errors
/// Sentences for the operator.
pub async fn migrate(config: &Config) -> Result<ExitCode, StartupError> {
    let taken = program::migrate(config).await?;
    for step in &taken {
        println!("{step}");
    }
    println!("The database is up to date; {} steps were taken.", taken.len());
    Ok(ExitCode::SUCCESS)
}

/// Makes the counts of the dashboard anew.
///
/// # Errors
/// Sentences for the operator.
pub async fn recount(config: &Config) -> Result<ExitCode, StartupError> {
    let (service, _) = program::open_as_it_is(config).await?;
    service.counters.recount().await.map_err(|error| StartupError(vec![error.to_string()]))?;
    println!("The counts are made.");
    Ok(ExitCode::SUCCESS)
}
