//! The command line: serves, or does one thing and ends.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use server::command_line::{Arguments, Command, KeysCommand};
use server::commands::{audit, backup, database, doctor, files, keys, manual, staff};
use server::config::{Config, Otlp, StartupError};
use server::program;
use server::tls::install_crypto;
use server::watch::otlp::Collector;
use service::upload::child::Task;
use tracing::Subscriber;
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

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
        Command::Keys(KeysCommand::Init { file, algorithms }) => keys::init(&file, algorithms.into()),
        Command::Keys(KeysCommand::Rotate { file }) => keys::rotate(&file),
        Command::Serve => given.with(async |config| program::run(config).await.map(|()| ExitCode::SUCCESS)),
        Command::Migrate => given.with(async |config| database::migrate(&config).await),
        Command::CheckConfig => given.with(async |config| {
            files::try_storage(&config).await?;
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
        Command::Files(command) => given.with(async |config| files::run(&config, &command).await),
        Command::Staff(command) => given.with(async |config| staff::run(&config, command).await),
        Command::Doctor => given.with(async |config| doctor::run(&config).await),
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
        // What the configuration has to say about itself comes before it is known where the log goes.
        let config = with_default(log(), || Config::load(self.file.as_deref(), &environment));
        let collector = start_log(config.as_ref().ok().and_then(|config| config.otlp.as_ref()))?;
        let mut config = config?;
        config.no_samples |= self.no_samples;
        let runtime = tokio::runtime::Runtime::new()
            .map_err(|error| StartupError(vec![format!("The runtime cannot be started: {error}.")]))?;
        let ended = runtime.block_on(work(config));
        if let Some(collector) = collector {
            collector.finish();
        }
        ended
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
fn log() -> impl Subscriber + Send + Sync {
    Registry::default().with(lines())
}

fn lines<S: Subscriber + for<'a> LookupSpan<'a>>() -> Box<dyn Layer<S> + Send + Sync> {
    let filter = wanted();
    let ansi = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt::layer().with_ansi(ansi).with_writer(std::io::stderr);
    if std::env::var("BEIAN_LOG").is_ok_and(|form| form == "json") {
        log.json().with_filter(filter).boxed()
    } else {
        log.with_filter(filter).boxed()
    }
}

/// What the log has, and of lines the collector gets no more.
fn wanted() -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"))
}

/// The log, and beside it the collector, where there is one.
fn start_log(otlp: Option<&Otlp>) -> Result<Option<Collector>, StartupError> {
    let Some(otlp) = otlp else {
        log().init();
        return Ok(None);
    };
    install_crypto();
    let collector = Collector::at(&otlp.endpoint, otlp.logs)
        .map_err(|error| StartupError(vec![format!("Nothing can be sent to the collector: {error}.")]))?;
    Registry::default().with(lines()).with(collector.spans()).with(collector.lines(wanted())).init();
    Ok(Some(collector))
}
