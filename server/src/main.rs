//! The command line: serves, or does one chore and ends.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use server::config::{Config, Refused};
use server::{backup, keys, program, scale};
use service::audit::{BadRow, RowFault};
use service::upload::child::Task;
use tracing_subscriber::EnvFilter;

const USAGE: &str = "\
server [--config FILE] [--no-samples] [serve]    answers requests
server [--config FILE] migrate                   brings the shape of the database up to date
server [--config FILE] check-config              says whether it would start
server [--config FILE] verify-audit              checks the audit log, and all rows against it
                      [--since NUMBER HASH]     … from the line of which number and hash were kept
server [--config FILE] backup DIRECTORY          copies database and files into a new directory, while the server runs
server [--config FILE] check-backup DIRECTORY    says whether a backup is whole
server [--config FILE] restore DIRECTORY         puts a backup back, into an empty database and directory
server [--config FILE] keys new                  prints a line with a fresh key
server [--config FILE] keys check                says which keys have sealed how much
server [--config FILE] keys reseal               seals everything anew with the first key, while the server runs
server [--config FILE] recount                   makes the counts of the dashboard anew
server [--config FILE] seed --filings NUMBER     fills an empty database with invented filings (development)
server [--config FILE] bench                     measures the desk over what is there (development)
server check-pdf, check-picture                  reads a file on standard input (used by the server)";

/// Refused configuration or arguments.
const REFUSED: u8 = 2;

struct Arguments {
    config: Option<PathBuf>,
    no_samples: bool,
    chore: Chore,
}

enum Chore {
    Serve,
    CheckConfig,
    Migrate,
    /// Since the line of this number, which had this hash.
    VerifyAudit(Option<(i64, String)>),
    Backup(PathBuf),
    CheckBackup(PathBuf),
    Restore(PathBuf),
    Keys(KeyChore),
    Recount,
    Seed(u64),
    Bench,
    CheckFile(Task),
}

enum KeyChore {
    New,
    Check,
    Reseal,
}

fn main() -> ExitCode {
    let arguments = match arguments(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(sentence) => {
            eprintln!("{sentence}\n\n{USAGE}");
            return ExitCode::from(REFUSED);
        }
    };
    // Before anything is opened or allocated: the child runs under tight limits.
    if let Chore::CheckFile(task) = arguments.chore {
        return service::upload::child::run_from_stdin(task);
    }
    start_log();
    let environment = |name: &str| std::env::var(name).ok();
    let mut config = match Config::load(arguments.config.as_deref(), &environment) {
        Ok(config) => config,
        Err(refused) => return refuse(&refused),
    };
    config.no_samples |= arguments.no_samples;
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&Refused(vec![format!("The runtime cannot be started: {error}.")])),
    };
    let outcome = match arguments.chore {
        Chore::Serve => runtime.block_on(program::run(config)),
        Chore::Migrate => runtime.block_on(migrate(&config)),
        Chore::Backup(directory) => return runtime.block_on(backup::make(&config, &directory)),
        Chore::CheckBackup(directory) => return runtime.block_on(backup::check(&config, &directory)),
        Chore::Restore(directory) => return runtime.block_on(backup::restore(&config, &directory)),
        Chore::Keys(KeyChore::New) => keys::new(&config),
        Chore::Keys(KeyChore::Check) => runtime.block_on(keys::check(&config)),
        Chore::Keys(KeyChore::Reseal) => return runtime.block_on(keys::reseal(&config)),
        Chore::VerifyAudit(since) => return runtime.block_on(verify_audit(&config, since)),
        Chore::Recount => runtime.block_on(scale::recount(&config)),
        Chore::Seed(filings) => runtime.block_on(scale::seed(&config, filings)),
        Chore::Bench => runtime.block_on(scale::bench(&config)),
        Chore::CheckConfig | Chore::CheckFile(_) => {
            println!("The configuration is complete.");
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => refuse(&refused),
    }
}

fn arguments(given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments { config: None, no_samples: false, chore: Chore::Serve };
    let mut given = given;
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--config" => {
                let file = given.next().ok_or("--config needs the name of a file.")?;
                arguments.config = Some(file.into());
            }
            "--no-samples" => arguments.no_samples = true,
            "serve" => arguments.chore = Chore::Serve,
            "migrate" => arguments.chore = Chore::Migrate,
            "check-config" => arguments.chore = Chore::CheckConfig,
            "backup" | "check-backup" | "restore" => {
                let directory =
                    given.next().ok_or_else(|| format!("{argument} needs the name of a directory."))?;
                arguments.chore = match argument.as_str() {
                    "backup" => Chore::Backup(directory.into()),
                    "check-backup" => Chore::CheckBackup(directory.into()),
                    _ => Chore::Restore(directory.into()),
                };
            }
            "keys" => {
                arguments.chore = Chore::Keys(match given.next().as_deref() {
                    Some("new") => KeyChore::New,
                    Some("check") => KeyChore::Check,
                    Some("reseal") => KeyChore::Reseal,
                    Some(_) | None => return Err("keys needs new, check or reseal.".to_owned()),
                });
            }
            "verify-audit" => arguments.chore = Chore::VerifyAudit(None),
            "--since" => {
                let number = given.next().and_then(|number| number.parse().ok());
                let since =
                    number.zip(given.next()).ok_or("--since needs the number of a line and its hash.")?;
                match arguments.chore {
                    Chore::VerifyAudit(_) => arguments.chore = Chore::VerifyAudit(Some(since)),
                    _ => return Err("--since belongs to verify-audit.".to_owned()),
                }
            }
            "recount" => arguments.chore = Chore::Recount,
            "seed" => arguments.chore = Chore::Seed(1_000_000),
            "bench" => arguments.chore = Chore::Bench,
            "--filings" => {
                let number = given.next().and_then(|number| number.parse().ok());
                arguments.chore = Chore::Seed(number.ok_or("--filings needs a number.")?);
            }
            other => match Task::from_argument(other) {
                Some(task) => arguments.chore = Chore::CheckFile(task),
                None => return Err(format!("{other} is not understood.")),
            },
        }
    }
    Ok(arguments)
}

/// Text for people at a terminal, JSON lines for machines (`BEIAN_LOG=json`).
fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let ansi = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(std::io::stderr);
    if std::env::var("BEIAN_LOG").is_ok_and(|form| form == "json") {
        log.json().init();
    } else {
        log.init();
    }
}

fn refuse(refused: &Refused) -> ExitCode {
    for sentence in &refused.0 {
        eprintln!("{sentence}");
    }
    ExitCode::from(REFUSED)
}

async fn migrate(config: &Config) -> Result<(), Refused> {
    let taken = program::migrate(config).await?;
    for step in &taken {
        println!("{step}");
    }
    println!("The database is up to date; {} steps were taken.", taken.len());
    Ok(())
}

/// R65
async fn verify_audit(config: &Config, since: Option<(i64, String)>) -> ExitCode {
    let service = match program::open_as_it_is(config).await {
        Ok((service, _)) => service,
        Err(refused) => return refuse(&refused),
    };
    let verdict = match &since {
        None => service.verify_audit().await,
        Some((number, hash)) => service.verify_audit_since(*number, hash).await,
    };
    match verdict {
        Ok(verdict) if verdict.is_whole() => {
            println!("The audit log is whole: {} lines.", verdict.rows);
            println!("{} rows are as it says.", verdict.compared);
            if let Some((number, hash)) = verdict.head {
                println!("Its last line is {number}, {hash}. Keep both outside of the database.");
            }
            ExitCode::SUCCESS
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
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("The audit log cannot be read: {error}.");
            ExitCode::FAILURE
        }
    }
}
