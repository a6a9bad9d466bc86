//! The commands about staff: roles and accounts, where no administrator can sign in.

use std::io::{BufRead as _, IsTerminal as _};
use std::process::ExitCode;

use domain::view::StaffRow;
use service::{Error, Result};

use super::exit_code::FOUND_WRONG;
use crate::command_line::StaffCommand;
use crate::config::{Config, StartupError};
use crate::program;

/// More than any name or number.
const LONGEST_LINE: u64 = 1_000;

/// Does it.
///
/// # Errors
/// Sentences for the operator; nothing was done.
pub async fn run(config: &Config, command: StaffCommand) -> Result<ExitCode, StartupError> {
    let (service, _) = program::open_as_it_is(config).await?;
    if !matches!(command, StaffCommand::List) {
        // What is sealed from here on.
        service.key_checks.check_and_mark_keys().await.map_err(StartupError::of)?;
    }
    let staffing = &service.staffing;
    let outcome = match command {
        StaffCommand::List => {
            let rows = staffing.list().await.map_err(StartupError::of)?;
            rows.iter().for_each(show);
            return Ok(ExitCode::SUCCESS);
        }
        StaffCommand::Appoint { role, region } => {
            let (name, id_no) = (asked("Name")?, asked("Id number")?);
            staffing.appoint(&name, &id_no, &role, &region.unwrap_or_default()).await
        }
        StaffCommand::Dismiss { id } => staffing.dismiss(&id).await,
        StaffCommand::Suspend { reason } => staffing.suspend(&asked("Id number")?, &reason).await,
        StaffCommand::Reinstate { reason } => staffing.reinstate(&asked("Id number")?, &reason).await,
    };
    ended(outcome)
}

/// A line for an appointment.
fn show(row: &StaffRow) {
    let state = match (row.is_suspended, row.is_paused) {
        (true, _) => "suspended",
        (false, true) => "paused",
        (false, false) => "active",
    };
    let region = if row.region.is_empty() { "-" } else { &row.region };
    println!("{}\t{}\t{region}\t{}\tsince {}\t{state}", row.id, row.role.code(), row.name, row.since);
}

/// A line of standard input; at a terminal it is said what is wanted.
fn asked(what: &str) -> Result<String, StartupError> {
    let input = std::io::stdin().lock();
    if input.is_terminal() {
        eprint!("{what}: ");
    }
    let mut line = String::new();
    let read = std::io::Read::take(input, LONGEST_LINE).read_line(&mut line);
    match read {
        Ok(_) if !line.trim().is_empty() => Ok(line.trim().to_owned()),
        Ok(_) => Err(StartupError(vec![format!("{what} is to stand on a line of standard input.")])),
        Err(error) => Err(StartupError(vec![format!("Standard input cannot be read: {error}.")])),
    }
}

/// What the pages would say, and how the process ends.
fn ended(outcome: Result<()>) -> Result<ExitCode, StartupError> {
    match outcome {
        Ok(()) => {
            println!("Done. It holds from the person's next request on, and stands in the audit log.");
            return Ok(ExitCode::SUCCESS);
        }
        Err(Error::Refused(refused)) => eprintln!("{}", refused.sentence),
        Err(Error::Faults(faults)) => {
            for fault in faults {
                eprintln!("{}: {}", fault.at, fault.message);
            }
        }
        Err(Error::NotFound) => eprintln!("There is no such appointment; staff list says their ids."),
        Err(error) => return Err(StartupError(vec![format!("Nothing was changed: {error}.")])),
    }
    Ok(FOUND_WRONG)
}
