//! The command line: serves, or does one thing and ends.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use server::command_line::{Arguments, Command, KeysCommand};
use server::commands::{audit, backup, database, keys, manual};
use server::config::{Config, StartupError};
use server::program;
use service::upload::child::Task;
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Refused configuration or arguments; clap ends with it, too.
const REFUSED: u8 = 2;

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
    let given = Given { file: arguments.config, no_samples: arguments.no_samples };
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { directory } => manual::man(&directory),
        Command::Keys(KeysCommand::Init { file }) => keys::init(&file),
        Command::Serve => given.with(async |config| program::run(config).await.map(|()| ExitCode::SUCCESS)),
        Command::Migrate => given.with(async |config| database::migrate(&config).await),
        Command::CheckConfig => given.with(async |_| {
            println!("The configuration is complete.");
            Ok(ExitCode::SUCCESS)
        }),
        Command::VerifyAudit { since } => {
            let since = since.as_deref().map(line_and_hash);
            given.with(async |config| audit::verify(&config, since).await)
        }
        Command::Backup { directory } => given.with(async |config| backup::make(&config, &directory).await),
        Command::CheckBackup { directory } => {
            given.with(async |config| backup::check(&config, &directory).await)
        }
        Command::Restore { directory } => {
            given.with(async |config| backup::restore(&config, &directory).await)
        }
        Command::Keys(KeysCommand::New) => given.with(async |config| keys::new(&config)),
        Command::Keys(KeysCommand::Check) => given.with(async |config| keys::check(&config).await),
        Command::Keys(KeysCommand::Reseal) => given.with(async |config| keys::reseal(&config).await),
        Command::Recount => given.with(async |config| database::recount(&config).await),
        #[cfg(feature = "dev")]
        Command::Seed { filings } => {
            given.with(async |config| server::commands::scale::seed(&config, filings).await)
        }
        #[cfg(feature = "dev")]
        Command::Bench => given.with(async |config| server::commands::scale::bench(&config).await),
    }
}

/// What is said about the configuration.
struct Given {
    file: Option<PathBuf>,
    no_samples: bool,
}

impl Given {
    /// Does what needs the configuration.
    fn with(
        self,
        work: impl AsyncFnOnce(Config) -> Result<ExitCode, StartupError>,
    ) -> Result<ExitCode, StartupError> {
        let environment = |name: &str| std::env::var(name).ok();
        let mut config = Config::load(self.file.as_deref(), &environment)?;
        config.no_samples |= self.no_samples;
        let runtime = tokio::runtime::Runtime::new()
            .map_err(|error| StartupError(vec![format!("The runtime cannot be started: {error}.")]))?;
        runtime.block_on(work(config))
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
