//! The command line: serves, or does one thing and ends.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};
use server::commands::files::FilesCommand;
use server::commands::{audit, backup, database, files, keys};
use server::config::{Config, StartupError};
use server::program;
use service::upload::child::Task;
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Refused configuration or arguments; clap ends with it, too.
const REFUSED: u8 = 2;

/// The filing platform. Without a command it answers requests.
#[derive(Parser)]
#[command(name = "server", version)]
struct Arguments {
    /// The configuration; the environment overrides it
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Development without its sample people and records
    #[arg(long, global = true)]
    no_samples: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Answers requests, as without any command
    Serve,
    /// Brings the shape of the database up to date
    Migrate,
    /// Says whether the server would start
    CheckConfig,
    /// Checks the audit log, and all rows against it
    VerifyAudit {
        /// Only from the line on of which number and hash were kept
        // A hash may begin with a hyphen.
        #[arg(long, num_args = 2, value_names = ["NUMBER", "HASH"], allow_hyphen_values = true)]
        since: Option<Vec<String>>,
    },
    /// Copies database and files into a new directory, while the server runs
    Backup {
        /// Where the copy goes; it must not be there yet
        directory: PathBuf,
    },
    /// Says whether a backup is whole
    CheckBackup {
        /// Where the copy is
        directory: PathBuf,
    },
    /// Puts a backup back, into an empty database and directory
    Restore {
        /// Where the copy is
        directory: PathBuf,
    },
    /// Makes, checks and changes the keys for personal data
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Moves stored files to another place, and looks whether all are there
    #[command(subcommand)]
    Files(FilesCommand),
    /// Makes the counts of the dashboard anew
    Recount,
    /// Fills an empty database with invented filings (development)
    #[cfg(feature = "dev")]
    Seed {
        /// So many
        #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
        filings: u64,
    },
    /// Measures the desk over what is there (development)
    #[cfg(feature = "dev")]
    Bench,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Prints a line with a fresh key
    New,
    /// Says which keys have sealed how much
    Check,
    /// Seals everything anew with the first key, while the server runs
    Reseal,
}

fn main() -> ExitCode {
    // Before anything else is opened or allocated: the child that reads a file on standard input runs under tight
    // limits.
    if let Some(task) = std::env::args().nth(1).as_deref().and_then(Task::from_argument) {
        return service::upload::child::run_from_stdin(task);
    }
    let arguments = Arguments::parse();
    start_log();
    match run(arguments) {
        Ok(code) => code,
        Err(StartupError(sentences)) => {
            for sentence in sentences {
                eprintln!("{sentence}");
            }
            ExitCode::from(REFUSED)
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode, StartupError> {
    let environment = |name: &str| std::env::var(name).ok();
    let mut config = Config::load(arguments.config.as_deref(), &environment)?;
    config.no_samples |= arguments.no_samples;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| StartupError(vec![format!("The runtime cannot be started: {error}.")]))?;
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => runtime.block_on(program::run(config)).map(|()| ExitCode::SUCCESS),
        Command::Migrate => runtime.block_on(database::migrate(&config)),
        Command::CheckConfig => {
            runtime.block_on(files::try_storage(&config))?;
            println!("The configuration is complete.");
            Ok(ExitCode::SUCCESS)
        }
        Command::VerifyAudit { since } => {
            let since = since.as_deref().map(line_and_hash);
            runtime.block_on(audit::verify(&config, since))
        }
        Command::Backup { directory } => runtime.block_on(backup::make(&config, &directory)),
        Command::CheckBackup { directory } => runtime.block_on(backup::check(&config, &directory)),
        Command::Restore { directory } => runtime.block_on(backup::restore(&config, &directory)),
        Command::Keys(KeysCommand::New) => keys::new(&config),
        Command::Keys(KeysCommand::Check) => runtime.block_on(keys::check(&config)),
        Command::Keys(KeysCommand::Reseal) => runtime.block_on(keys::reseal(&config)),
        Command::Files(command) => runtime.block_on(files::run(&config, &command)),
        Command::Recount => runtime.block_on(database::recount(&config)),
        #[cfg(feature = "dev")]
        Command::Seed { filings } => runtime.block_on(server::commands::scale::seed(&config, filings)),
        #[cfg(feature = "dev")]
        Command::Bench => runtime.block_on(server::commands::scale::bench(&config)),
    }
}

/// What `--since` names. Ends the process where the first is no number.
fn line_and_hash(given: &[String]) -> (i64, &str) {
    if let [number, hash] = given
        && let Ok(number) = number.parse()
    {
        return (number, hash);
    }
    let sentence = "--since needs the number of a line and its hash.";
    Arguments::command().error(ErrorKind::ValueValidation, sentence).exit()
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
