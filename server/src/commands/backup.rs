//! The commands about backups, and what they tell the operator: success where all is well, `FOUND_WRONG` where
//! something was found wrong, an error where nothing was done.

use std::path::Path;
use std::process::ExitCode;

use secrecy::ExposeSecret as _;
use service::backup::{self, FilesTarget, Kind, Manifest, Programs, Target};

use super::exit_code::FOUND_WRONG;
use crate::config::{Config, StartupError, Storage};
use crate::program;

/// Copies database and files while the server runs.
///
/// # Errors
/// Sentences for the operator; nothing was done.
pub async fn make(config: &Config, directory: &Path) -> Result<ExitCode, StartupError> {
    let (service, _) = program::open_as_it_is(config).await?;
    let url = config.database_url.expose_secret();
    let made =
        backup::make(&service.files, url, &programs(config), directory).await.map_err(StartupError::of)?;
    println!("The backup is in {}.", directory.display());
    tell(&made.manifest);
    for file in &made.lost {
        eprintln!("{file} is named by a row and was not in the store: it was lost before the backup.");
    }
    Ok(if made.lost.is_empty() { ExitCode::SUCCESS } else { FOUND_WRONG })
}

/// Looks a backup through.
///
/// # Errors
/// Sentences for the operator; nothing was done.
pub async fn check(config: &Config, directory: &Path) -> Result<ExitCode, StartupError> {
    let url = config.scratch_database_url.as_ref().unwrap_or(&config.database_url).expose_secret();
    let scratch = (Kind::of(url) == Kind::Postgres).then_some(url);
    let keys = config.keyring.clone();
    let checked = backup::check(directory, keys, config.clock(), &programs(config), scratch).await;
    let checked = checked.map_err(StartupError::of)?;
    if let Some(manifest) = &checked.manifest {
        tell(manifest);
    }
    if checked.findings.is_empty() {
        println!("The backup is whole.");
        return Ok(ExitCode::SUCCESS);
    }
    for sentence in checked.findings.sentences() {
        eprintln!("{sentence}");
    }
    eprintln!("The backup is not whole.");
    Ok(FOUND_WRONG)
}

/// Puts a backup back into an empty database and an empty place of files.
///
/// # Errors
/// Sentences for the operator; nothing was done.
pub async fn restore(config: &Config, directory: &Path) -> Result<ExitCode, StartupError> {
    let store;
    let files = match &config.storage {
        Storage::Local { directory } => FilesTarget::Directory(directory),
        Storage::S3(_) => {
            store = program::file_store(config)?;
            FilesTarget::Store(&store)
        }
    };
    let target = Target { database_url: config.database_url.expose_secret(), files };
    let keys = config.keyring.clone();
    let restored = backup::restore(directory, keys, config.clock(), &programs(config), &target).await;
    let restored = restored.map_err(StartupError::of)?;
    if let Some(manifest) = &restored.manifest {
        tell(manifest);
    }
    for sentence in restored.findings.sentences() {
        eprintln!("{sentence}");
    }
    Ok(match (restored.is_written, restored.findings.is_empty()) {
        (true, true) => {
            println!("The backup is put back, and whole. The server can be started.");
            ExitCode::SUCCESS
        }
        (true, false) => {
            eprintln!("The backup is put back, with what was wrong in it already.");
            FOUND_WRONG
        }
        (false, _) => {
            eprintln!("The backup is not whole; nothing was written.");
            FOUND_WRONG
        }
    })
}

/// PostgreSQL's own, for copying its database.
pub(super) fn programs(config: &Config) -> Programs {
    Programs { directory: config.postgres_programs.clone() }
}

fn tell(manifest: &Manifest) {
    let contents = &manifest.contents;
    println!(
        "Made on {}: {} filings, {} records, {} people, {} files of {} MB.",
        manifest.made_at,
        contents.filings,
        contents.records,
        contents.people,
        manifest.files,
        manifest.bytes / 1_000_000
    );
    if let Some(head) = &contents.audit_head {
        println!("The last line of the audit log is {}, {}. Keep both elsewhere.", head.number, head.hash);
    }
    let keys: Vec<String> = manifest.key_ids.iter().map(u16::to_string).collect();
    println!("It opens with the keys {} and their hash line, which are not in it.", keys.join(", "));
}
