//! Chores of the project: `cargo xtask <chore>`. Nothing here is part of the program that is shipped.

mod bundle;
mod invariants;
mod postgres;
mod release;
mod report;
mod requirements;
mod rooms;
mod shell;
mod sources;
mod style;
mod suite;

use std::process::ExitCode;

use clap::{Args, Parser};

/// A failed chore is told in a sentence; there is nobody to match on kinds.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Chores of the project
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Chore {
    /// Build what the browser loads, into target/site
    Build,
    /// Build everything and serve; the arguments are the server's
    Serve(Rest),
    /// Run every test; with a filter only the crates' tests that match it
    Test(Rest),
    /// Look before a commit: formatting, clippy, unit tests, one journey; a filter chooses among the unit tests
    Check(Rest),
    /// Run the tests in the browser; the arguments are Playwright's, --postgres takes the other database
    E2e(Rest),
    /// Kill, cut off, fill disks while people submit; the arguments are those of end2end/faults/run.mjs
    Faults(Rest),
    /// Kill one of three servers every few seconds; the arguments are those of end2end/faults/servers.mjs
    Servers(Rest),
    /// Keep a PostgreSQL in a temporary directory, for a command or until Ctrl-C
    Postgres(Rest),
    /// Check what the architecture forbids
    CheckInvariants,
    /// Say which module of each crate's src names which, and where they go in circles
    Rooms(Rest),
    /// List the server functions
    ServerFunctions {
        /// Write them as the list of the tested ones
        #[arg(long)]
        write: bool,
    },
    /// Decode every picture of a directory with two decoders and compare
    Pictures(Rest),
    /// Run clippy over every crate
    Lint,
    /// Format every crate
    Fmt,
    /// Fill the database with many filings; the arguments are the server's
    Seed(Rest),
    /// Measure the release build, into docs/performance.md; the arguments are those of end2end/bench/run.mjs
    Bench(Rest),
    /// Make what is given away, into target/dist: program, Debian package, OCI image, bill of materials, sums
    Release {
        /// Hardly optimised: to try the packing
        #[arg(long)]
        quick: bool,
    },
    /// Install the package of target/dist into a Debian of its own, start it, take it away
    ReleaseCheck,
}

/// What is handed on as it is, flags too.
#[derive(Args)]
struct Rest {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

fn main() -> ExitCode {
    let outcome = match Chore::parse() {
        Chore::Build => bundle::build().and_then(|bundle| bundle.weigh()),
        Chore::Serve(rest) => suite::serve(&rest.args),
        Chore::Test(rest) => suite::test(&rest.args),
        Chore::Check(rest) => suite::check(&rest.args),
        Chore::E2e(rest) => suite::end_to_end_alone(&rest.args),
        Chore::Faults(rest) => suite::faults(&rest.args),
        Chore::Servers(rest) => suite::several_servers(&rest.args),
        Chore::Postgres(rest) => postgres::chore(&rest.args),
        Chore::CheckInvariants => invariants::chore(),
        Chore::Rooms(rest) => rooms::chore(&rest.args),
        Chore::ServerFunctions { write } => invariants::list_server_functions(write),
        Chore::Pictures(rest) => {
            let compare = ["run", "-q", "-p", "pictures", "--example", "compare", "--"];
            shell::cargo().args(compare).args(&rest.args).run()
        }
        Chore::Lint => suite::lint(),
        Chore::Fmt => shell::cargo().args(["fmt", "--all"]).run(),
        Chore::Seed(rest) => suite::hand_to_server("seed", &rest.args),
        Chore::Bench(rest) => suite::bench(&rest.args),
        Chore::Release { quick } => release::chore(quick),
        Chore::ReleaseCheck => release::check(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn what_follows_a_chore_is_handed_on_as_it_is() {
        Chore::command().debug_assert();
        let words = ["cargo xtask", "e2e", "website", "--project", "no-js", "--postgres"];
        let Ok(Chore::E2e(rest)) = Chore::try_parse_from(words) else { panic!("e2e is a chore") };
        assert_eq!(rest.args, ["website", "--project", "no-js", "--postgres"]);
        let Ok(Chore::Faults(rest)) = Chore::try_parse_from(["cargo xtask", "faults", "--rounds", "3"])
        else {
            panic!("faults is a chore")
        };
        assert_eq!(rest.args, ["--rounds", "3"]);
    }
}
