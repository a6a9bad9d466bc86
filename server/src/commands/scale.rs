//! Many invented filings, and how quick the desk is over them. Development only.

use std::process::ExitCode;

use crate::config::{Config, StartupError};
use crate::program;

/// Questions of each kind that are measured.
const ROUNDS: usize = 200;

fn refused(error: &service::Error) -> StartupError {
    StartupError(vec![error.to_string()])
}

fn not_in_production(config: &Config) -> Result<(), StartupError> {
    match config.is_production() {
        true => Err(StartupError(vec!["Invented filings do not belong into production.".to_owned()])),
        false => Ok(()),
    }
}

/// Fills an empty database.
///
/// # Errors
/// Sentences for the operator.
pub async fn seed(config: &Config, filings: u64) -> Result<ExitCode, StartupError> {
    not_in_production(config)?;
    let (service, _) = program::open_as_it_is(config).await?;
    // The rows of people are invented, hashes and all: afterwards the keys could not be told by them.
    let marked = service.key_checks.check_and_mark_keys().await;
    marked.map_err(StartupError::of)?;
    let begun = std::time::Instant::now();
    let say = |what: &str| println!("{:6.1} s  {what}", begun.elapsed().as_secs_f64());
    service.scale.seed(filings, say).await.map_err(|error| refused(&error))?;
    Ok(ExitCode::SUCCESS)
}

/// As Linux counts it.
fn most_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().to_owned())
}

/// Measures the desk, and prints a table.
///
/// # Errors
/// Sentences for the operator.
pub async fn bench(config: &Config) -> Result<ExitCode, StartupError> {
    not_in_production(config)?;
    let (service, _) = program::open_as_it_is(config).await?;
    let measured = service.scale.bench(ROUNDS).await.map_err(|error| refused(&error))?;
    println!("| question | p50 ms | p95 ms | longest ms |\n|---|---|---|---|");
    for row in measured {
        println!("| {} | {:.1} | {:.1} | {:.1} |", row.what, row.p50, row.p95, row.most);
    }
    let begun = std::time::Instant::now();
    let (rows, bytes) = service.scale.bench_export().await.map_err(|error| refused(&error))?;
    println!(
        "\nExport of {rows} rows, {} MB: {:.0} s; the most memory this process had: {}",
        bytes / 1_000_000,
        begun.elapsed().as_secs_f64(),
        most_memory().unwrap_or_else(|| "unknown".to_owned())
    );
    Ok(ExitCode::SUCCESS)
}
