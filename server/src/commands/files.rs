//! The commands about stored files: moving them from `[former_storage]` to `[storage]`, and looking whether all are
//! there.

use std::process::ExitCode;
use std::time::Instant;

use service::file_copy::{self, Moved, Told};

use super::exit_code::FOUND_WRONG;
use crate::command_line::FilesCommand;
use crate::config::{Config, StartupError, Storage};
use crate::program;

/// Does it.
///
/// # Errors
/// Sentences for the operator; nothing was done.
pub async fn run(config: &Config, command: &FilesCommand) -> Result<ExitCode, StartupError> {
    if let (FilesCommand::Copy { .. }, None) = (command, &config.former_storage) {
        return Err(StartupError(vec![
            "There is nothing to copy from: name the place where files lay before in [former_storage]."
                .into(),
        ]));
    }
    let (service, _) = program::open_as_it_is(config).await?;
    if let (FilesCommand::Copy { .. }, Some(former)) = (command, &config.former_storage) {
        println!("From {former} to {}.", config.storage);
        let begun = Instant::now();
        let moved = match file_copy::copy(&service.files, tell).await {
            Ok(moved) => moved,
            Err(error) => return Ok(broken_off(&error)),
        };
        println!(
            "{} files of {} MB were copied in {:.1} s, {} were there already.",
            moved.copied,
            moved.bytes / 1_000_000,
            begun.elapsed().as_secs_f64(),
            moved.there
        );
        if let FilesCommand::Copy { verify: false } = command {
            return Ok(verdict(moved, "Copied."));
        }
    }
    let begun = Instant::now();
    let looked = match file_copy::verify(&service.files, tell).await {
        Ok(looked) => looked,
        Err(error) => return Ok(broken_off(&error)),
    };
    println!(
        "{} files were read from {} in {:.1} s.",
        looked.there + looked.wrong,
        config.storage,
        begun.elapsed().as_secs_f64()
    );
    let ended = verdict(looked, "Every row has its file, and every file opens.");
    if let FilesCommand::Mark { anyway } = command {
        if looked.wrong > 0 && !anyway {
            eprintln!("Nothing was marked.");
            return Ok(ended);
        }
        if let Err(error) = service.files.mark_as_told().await {
            return Err(StartupError(vec![format!("Nothing was marked: {error}.")]));
        }
        println!("The {} bears the mark of this platform.", config.storage);
    }
    Ok(ended)
}

fn broken_off(error: &service::Error) -> ExitCode {
    eprintln!("Broken off: {error}. Called again, it goes on where it was.");
    FOUND_WRONG
}

fn verdict(moved: Moved, well: &str) -> ExitCode {
    if moved.wrong == 0 {
        println!("{well}");
        return ExitCode::SUCCESS;
    }
    eprintln!("{} files are not as they should be.", moved.wrong);
    FOUND_WRONG
}

fn tell(told: Told<'_>) {
    match told {
        Told::Far { files, rows, of } => println!("{files} files so far, of {rows} of {of} uploads."),
        Told::Wrong(sentence) => eprintln!("{sentence}"),
    }
}

/// Whether files could be written, read, listed and deleted now, in a bucket. A directory is seen to at a start.
///
/// # Errors
/// A sentence for the operator, with what the store said.
pub async fn try_storage(config: &Config) -> Result<(), StartupError> {
    let Storage::S3(_) = &config.storage else { return Ok(()) };
    let files = program::file_store(config)?;
    files.try_out().await.map_err(|(tried, error)| {
        StartupError(vec![format!("No file can be {tried} in the {}: {error}.", config.storage)])
    })
}
