//! Chores of the project: `cargo xtask <chore>`. Nothing here is part of the program that is shipped.

mod bundle;
mod invariants;
mod lay;
mod postgres;
mod requirements;
mod rooms;
mod shell;
mod snip;
mod sources;
mod style;
mod suite;

use std::process::ExitCode;

/// A failed chore is told in a sentence; there is nobody to match on kinds.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const USAGE: &str = "cargo xtask <chore>
  build                       the browser bundle, into target/site
  serve [args of the server]  build everything and serve
  test [filter]               everything; with a filter only the crates' tests that match it
  e2e [--postgres] [args of playwright]
  faults [args of faults/run.mjs]  kills, cut-offs, full disks …, with a table of what was lost (nothing)
  postgres [command]          a PostgreSQL in a temporary directory, for the command or until Ctrl-C
  check-invariants            what the architecture forbids
  rooms DIR…                  which module of a crate's src names which, and circles
  server-functions [--write]  list the server functions, or write the list of the tested ones
  pictures DIR                every picture of a directory, decoded with two decoders and compared
  lint, fmt                   clippy and rustfmt over every crate
  seed, bench [args]          handed to the server";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let chore = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let outcome = match chore.as_str() {
        "build" => bundle::build().map(|bundle| println!("{}", bundle.summary())),
        "serve" => suite::serve(&rest),
        "test" => suite::test(&rest),
        "e2e" => suite::end_to_end_alone(&rest),
        "faults" => suite::faults(&rest),
        "postgres" => postgres::chore(&rest),
        "rooms" => rooms::chore(&rest),
        "check-invariants" => invariants::chore(),
        "server-functions" => invariants::list_server_functions(rest.iter().any(|arg| arg == "--write")),
        "pictures" => {
            let compare = ["run", "-q", "-p", "pictures", "--example", "compare", "--"];
            shell::cargo().args(compare).args(&rest).run()
        }
        "lint" => suite::lint(),
        "fmt" => shell::cargo().args(["fmt", "--all"]).run(),
        "seed" | "bench" => suite::hand_to_server(&chore, &rest),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
