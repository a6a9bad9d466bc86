//! The commands about keys.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use service::keyring::{Algorithms, Keyring};
use service::keys::reseal::Progress;

use super::exit_code::FOUND_WRONG;
use crate::config::{Config, StartupError, with_source};
use crate::program;

/// So often it is told how far sealing anew is.
const TOLD_EVERY: Duration = Duration::from_secs(2);

/// Makes the first keys of a new platform.
///
/// # Errors
/// When the file is there already, or cannot be written.
pub fn init(file: &Path, algorithms: Algorithms) -> Result<ExitCode, StartupError> {
    Keyring::generate_into(file, algorithms).map_err(|error| {
        let sentence = format!("The keys cannot be made in {}: {}.", file.display(), with_source(&error));
        StartupError(vec![sentence])
    })?;
    println!("The keys are in {}. Keep two copies apart from the backups.", file.display());
    Ok(ExitCode::SUCCESS)
}

/// Prints a line with a fresh key.
///
/// # Errors
/// When there are no random numbers.
pub fn new(config: &Config) -> Result<ExitCode, StartupError> {
    let line = config.keyring.new_line().map_err(StartupError::of)?;
    println!("{}", *line);
    eprintln!(
        "Put this line above the other key lines, keep a copy, start all servers again; then keys reseal."
    );
    Ok(ExitCode::SUCCESS)
}

/// Puts a fresh key above the others in a file of keys.
///
/// # Errors
/// When the file is not one of keys, or cannot be written.
pub fn rotate(file: &Path) -> Result<ExitCode, StartupError> {
    let id = Keyring::add_key_to(file).map_err(|error| {
        let sentence =
            format!("No key can be added to {}: {}. It is as it was.", file.display(), with_source(&error));
        StartupError(vec![sentence])
    })?;
    println!("Key {id} stands first in {}.", file.display());
    println!(
        "Next: keep a copy apart from the backups, bring the file to every server and start each again; then keys \
         reseal, and keys check says when the old line can go."
    );
    Ok(ExitCode::SUCCESS)
}

/// Says how much each key has sealed.
///
/// # Errors
/// Sentences for the operator.
pub async fn check(config: &Config) -> Result<ExitCode, StartupError> {
    let (service, _) = program::open_as_it_is(config).await?;
    let used = service.reseals.key_use().await.map_err(StartupError::of)?;
    let ids = config.keyring.key_ids();
    for (place, id) in ids.iter().enumerate() {
        let (values, files) = used.by_key.get(id).copied().unwrap_or_default();
        let can_go = place > 0 && values == 0 && files == 0;
        let verdict = if place == 0 {
            "; it seals"
        } else if can_go {
            "; its line can go once keys reseal has ended well"
        } else {
            ""
        };
        println!("Key {id}: {values} values and {files} files{verdict}.");
    }
    for (id, (values, files)) in used.by_key.iter().filter(|(id, _)| !ids.contains(id)) {
        println!(
            "Key {id}: {values} values and {files} files, which cannot be read: it is not among the keys."
        );
    }
    if used.outdated > 0 {
        println!("{} of them are not sealed as things are sealed today: keys reseal.", used.outdated);
    }
    Ok(ExitCode::SUCCESS)
}

/// Says how far it is, but not all the time.
#[derive(Default)]
struct Told(Option<(Instant, Instant)>);

impl Told {
    fn hear(&mut self, progress: Progress) {
        let Progress { rows, of_rows, files, of_files } = progress;
        let Some((begun, last)) = &mut self.0 else {
            println!("{of_rows} rows are to be sealed anew, and {of_files} files to be looked at.");
            let now = Instant::now();
            self.0 = Some((now, now));
            return;
        };
        if last.elapsed() < TOLD_EVERY {
            return;
        }
        *last = Instant::now();
        let (done, all) = (rows + files, (of_rows + of_files).max(1));
        let percent = (done * 100 / all).min(99);
        let left = begun.elapsed().as_secs_f64() / done.max(1) as f64 * all.saturating_sub(done) as f64;
        println!("{percent} %: {rows} rows, {files} files; about {left:.0} s left.");
    }
}

/// Seals everything anew with the first key.
///
/// # Errors
/// Sentences for the operator; nothing was done.
pub async fn reseal(config: &Config) -> Result<ExitCode, StartupError> {
    let (service, _) = program::open_as_it_is(config).await?;
    service.key_checks.check_and_mark_keys().await.map_err(StartupError::of)?;
    let mut told = Told::default();
    let done = match service.reseals.reseal(|progress| told.hear(progress)).await {
        Ok(done) => done,
        Err(error) => {
            eprintln!("Sealing anew was broken off: {error}. Called again, it goes on where it was.");
            return Ok(FOUND_WRONG);
        }
    };
    println!("Sealed anew: {} rows and {} files.", done.rows, done.files);
    if done.unreadable > 0 {
        eprintln!("{} values or files do not open and stay as they are; see the log.", done.unreadable);
    }
    if done.is_done {
        println!("The first key alone is needed now.");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "Other keys are still needed; see keys check. Were all servers started again with the new key?"
    );
    Ok(FOUND_WRONG)
}
