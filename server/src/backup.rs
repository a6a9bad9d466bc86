//! The chores about backups, and what they tell the operator: 0 where all is well, 1 where something was
//! found wrong, 2 where nothing was done.

use std::path::Path;
use std::process::ExitCode;

use secrecy::ExposeSecret as _;
use service::backup::{self, BackupError, Kind, Manifest, Programs, Target};

use crate::config::{Config, Refused, Storage};
use crate::program;

const FOUND_WRONG: u8 = 1;
const NOTHING_DONE: u8 = 2;

/// Copies database and files while the server runs.
pub async fn make(config: &Config, directory: &Path) -> ExitCode {
    let service = match program::open_as_it_is(config).await {
        Ok((service, _)) => service,
        Err(refused) => return nothing_done(&refused),
    };
    let url = config.database_url.expose_secret();
    let made = match backup::make(&service, url, &programs(config), directory).await {
        Ok(made) => made,
        Err(error) => return failed(&error),
    };
    println!("The backup is in {}.", directory.display());
    tell(&made.manifest);
    for file in &made.lost {
        eprintln!("{file} is named by a row and was not in the store: it was lost before the backup.");
    }
    match made.lost.is_empty() {
        true => ExitCode::SUCCESS,
        false => FOUND_WRONG.into(),
    }
}

/// Looks a backup through.
pub async fn check(config: &Config, directory: &Path) -> ExitCode {
    let url = config.scratch_database_url.as_ref().unwrap_or(&config.database_url).expose_secret();
    let scratch = (Kind::of(url) == Kind::Postgres).then_some(url);
    let keys = config.keyring.clone();
    let checked = backup::check(directory, keys, config.clock(), &programs(config), scratch).await;
    let checked = match checked {
        Ok(checked) => checked,
        Err(error) => return failed(&error),
    };
    if let Some(manifest) = &checked.manifest {
        tell(manifest);
    }
    if checked.findings.is_empty() {
        println!("The backup is whole.");
        return ExitCode::SUCCESS;
    }
    for sentence in checked.findings.sentences() {
        eprintln!("{sentence}");
    }
    eprintln!("The backup is not whole.");
    FOUND_WRONG.into()
}

/// Puts a backup back into an empty database and directory.
pub async fn restore(config: &Config, directory: &Path) -> ExitCode {
    let Storage::Local { directory: files } = &config.storage;
    let target = Target { database_url: config.database_url.expose_secret(), files };
    let keys = config.keyring.clone();
    let restored = backup::restore(directory, keys, config.clock(), &programs(config), &target).await;
    let restored = match restored {
        Ok(restored) => restored,
        Err(error) => return failed(&error),
    };
    if let Some(manifest) = &restored.manifest {
        tell(manifest);
    }
    for sentence in restored.findings.sentences() {
        eprintln!("{sentence}");
    }
    match (restored.is_written, restored.findings.is_empty()) {
        (true, true) => {
            println!("The backup is put back, and whole. The server can be started.");
            ExitCode::SUCCESS
        }
        (true, false) => {
            eprintln!("The backup is put back, with what was wrong in it already.");
            FOUND_WRONG.into()
        }
        (false, _) => {
            eprintln!("The backup is not whole; nothing was written.");
            FOUND_WRONG.into()
        }
    }
}

fn programs(config: &Config) -> Programs {
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

fn nothing_done(refused: &Refused) -> ExitCode {
    for sentence in &refused.0 {
        eprintln!("{sentence}");
    }
    NOTHING_DONE.into()
}

fn failed(error: &BackupError) -> ExitCode {
    eprintln!("{error}.");
    NOTHING_DONE.into()
}
