//! Checking the audit log (R65).

use std::process::ExitCode;

use service::{BadRow, RowFault};

use super::exit_code::FOUND_WRONG;
use crate::config::{Config, StartupError};
use crate::program;

/// Checks the whole log and all rows against it, or what came after the line of this number, which had this hash.
///
/// # Errors
/// Sentences for the operator; nothing was checked.
pub async fn verify(config: &Config, since: Option<(i64, &str)>) -> Result<ExitCode, StartupError> {
    let (service, _) = program::open_as_it_is(config).await?;
    let verdict = match since {
        None => service.audit_chain.verify_audit().await,
        Some((number, hash)) => service.audit_chain.verify_audit_since(number, hash).await,
    };
    match verdict {
        Ok(verdict) if verdict.is_whole() => {
            println!("The audit log is whole: {} lines.", verdict.rows);
            println!("{} rows are as it says.", verdict.compared);
            if let Some((number, hash)) = verdict.head {
                println!("Its last line is {number}, {hash}. Keep both outside of the database.");
            }
            Ok(ExitCode::SUCCESS)
        }
        Ok(verdict) => {
            if let Some(line) = verdict.first_bad {
                println!("The audit log is broken at line {line}; {} lines were read.", verdict.rows);
            }
            for BadRow { table, key, what } in &verdict.named {
                println!(
                    "{table} {key} {}",
                    match what {
                        RowFault::Changed => "is not as the audit log left it.",
                        RowFault::Missing => "is in the audit log, and is not there.",
                        RowFault::Foreign => "is there, and no line of the audit log tells about it.",
                    }
                );
            }
            println!("{} of {} rows are not as the audit log says.", verdict.bad_rows, verdict.compared);
            Ok(FOUND_WRONG)
        }
        Err(error) => {
            eprintln!("The audit log cannot be read: {error}.");
            Ok(FOUND_WRONG)
        }
    }
}
