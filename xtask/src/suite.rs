//! Serving, and every test in one run with one count at the end.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::Instant;
use std::{env, fs};

use crate::postgres::Postgres;
use crate::shell::{self, Run, cargo, say};
use crate::{Outcome, bundle, invariants, postgres};

/// What the browser may have to load for the code, with brotli.
const CODE_LIMIT: u64 = 230_000;

/// One invocation for all of them, so that their dependencies are compiled once; `frontend` stays out,
/// since its features must never meet the server's in one build (leptos#4586).
const CRATES: [&str; 12] =
    ["-p", "domain", "-p", "migration", "-p", "pictures", "-p", "service", "-p", "app", "-p", "server"];

// --- serving ---------------------------------------------------------------

pub fn serve(args: &[String]) -> Outcome<()> {
    let bundle = bundle::build()?;
    println!("{}", bundle.summary());
    build_server()?;
    let data = env::var_os("DATA_DIR").unwrap_or_else(|| shell::root().join("data").into_os_string());
    let mut run = Run::new(shell::server_binary()).args(args).env("DATA_DIR", data);
    run.0.current_dir(shell::root()).env("SITE_DIR", shell::site());
    if env::var_os("RUST_LOG").is_none() {
        run = run.env("RUST_LOG", "info,sea_orm_migration=warn");
    }
    greet();
    become_it(run)
}

/// What somebody who sees this for the first time needs to know. With a configuration of one's own some of
/// it is different, and the server says so.
fn greet() {
    let address = env::var("ADDR").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    println!(
        "
    http://{address}   【用户登录】 leads to the embedded identity provider. Choose there:
        申请人甲, 申请人乙, 申请人丙    applicants
        审核员东城, 审核员上海          reviewers of their region
        管理员                          gives the roles
        维护员                          keeps directories, reasons, holidays
        审计员                          reads the audit log
      or make up another person. SMS codes arrive at http://{address}/dev/outbox
    Ctrl-C ends it; the data stay in data/.
"
    );
}

/// The server takes our place, so that Ctrl-C and signals reach it and nobody else.
#[cfg(unix)]
fn become_it(mut run: Run) -> Outcome<()> {
    use std::os::unix::process::CommandExt as _;
    Err(run.0.exec().into())
}

#[cfg(not(unix))]
fn become_it(run: Run) -> Outcome<()> {
    run.run()
}

fn build_server() -> Outcome<()> {
    say("Compiling the server (some minutes the first time, then only what changed)");
    cargo().args(["build", "-p", "server"]).run()
}

pub fn hand_to_server(chore: &str, args: &[String]) -> Outcome<()> {
    build_server()?;
    let server = || {
        let mut run = Run::new(shell::server_binary());
        run.0.current_dir(shell::root());
        run
    };
    server().arg("migrate").run()?;
    server().arg(chore).args(args).run()
}

pub fn lint() -> Outcome<()> {
    cargo()
        .args(["clippy", "-q"])
        .args(CRATES)
        .args(["-p", "xtask", "--all-targets", "--", "-D", "warnings"])
        .run()?;
    cargo().args(["clippy", "-q", "-p", "frontend", "--target", shell::WASM, "--", "-D", "warnings"]).run()
}

// --- testing ---------------------------------------------------------------

#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
    skipped: u32,
    /// Name and first words of what failed, said again at the end: a log is read from there.
    failures: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.failures.extend(other.failures);
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// One check that is not a test of a runner.
    fn note(&mut self, what: &str, outcome: Outcome<()>) {
        match outcome {
            Ok(()) => {
                println!("{what} ... ok");
                self.passed += 1;
            }
            Err(error) => {
                println!("{what} ... FAILED\n{error}");
                self.fail(what);
            }
        }
    }

    fn fail(&mut self, what: &str) {
        self.failed += 1;
        self.failures.push(what.to_owned());
    }

    fn skip(&mut self, what: &str) {
        // In CI a test that cannot run is one that failed.
        if env::var_os("CI").is_some() {
            self.fail(what);
            println!("{what} ... FAILED (in CI nothing is skipped)");
        } else {
            self.skipped += 1;
            println!("{what} ... skipped");
        }
    }
}

pub fn test(filter: &[String]) -> Outcome<()> {
    let begun = Instant::now();
    let mut tally = Tally::default();
    let alone = !filter.is_empty();

    if !alone {
        if cargo().args(["fmt", "--version"]).succeeds() {
            tally.note("formatting", cargo().args(["fmt", "--all", "--check"]).run());
        } else {
            println!("formatting ... not checked, there is no rustfmt");
        }
        let (passed, failed) = invariants::check();
        tally.passed += passed;
        failed.into_iter().for_each(|name| tally.fail(name));
    }

    crates(filter, &mut tally)?;

    if !alone {
        match bundle_within_limit() {
            Ok(()) => {
                tally.passed += 1;
                browser(&mut tally)?;
            }
            Err(error) => {
                println!("bundle ... FAILED\n{error}");
                tally.fail("bundle");
                // Too large is no reason not to try it.
                if shell::site().join("manifest.json").is_file() {
                    browser(&mut tally)?;
                }
            }
        }
    }

    for failure in &tally.failures {
        println!("FAILED: {failure}");
    }
    println!("\nThat took {} min {} s.", begun.elapsed().as_secs() / 60, begun.elapsed().as_secs() % 60);
    let skipped = if tally.skipped > 0 { format!(", {} skipped", tally.skipped) } else { String::new() };
    println!("{} passed, {} failed{skipped}", tally.passed, tally.failed);
    if tally.failed == 0 { Ok(()) } else { Err("some tests failed".into()) }
}

fn crates(filter: &[String], tally: &mut Tally) -> Outcome<()> {
    say("Compiling and running the tests of the crates (some minutes the first time)");
    let mut run = cargo().args(["test", "--no-fail-fast"]).args(CRATES);
    let postgres = if postgres::is_installed() {
        say("Starting a PostgreSQL for them");
        Some(Postgres::start()?)
    } else {
        tally.skip("the tests on PostgreSQL: it is not installed");
        None
    };
    if env::var_os("THOROUGH").is_none() {
        // The same cases each time: what a search finds by chance is a find, not a test that fails now and then.
        run = run.env("PROPTEST_RNG_SEED", "20261128");
    }
    if let Some(postgres) = &postgres {
        run = run.env("TEST_POSTGRES_URL", &postgres.url).env("TEST_POSTGRES_CA", &postgres.authority);
    }
    tally.add(counted(run.args(filter), "the tests of the crates")?);
    drop(postgres);
    tally.add(counted(cargo().args(["test", "-q", "-p", "xtask"]).args(filter), "the tests of xtask")?);
    Ok(())
}

fn bundle_within_limit() -> Outcome<()> {
    let bundle = bundle::build()?;
    println!("{}", bundle.summary());
    let size = bundle.code_size()?;
    let sentence = format!(
        "wasm and JavaScript are {} with brotli, the limit is {}",
        bundle::kilobytes(size),
        bundle::kilobytes(CODE_LIMIT)
    );
    if size > CODE_LIMIT {
        return Err(sentence.into());
    }
    println!("{sentence} ... ok");
    Ok(())
}

fn browser(tally: &mut Tally) -> Outcome<()> {
    if let Err(error) = build_server() {
        println!("the server ... FAILED\n{error}");
        tally.fail("the server");
        return Ok(());
    }
    if chromium().is_none() {
        tally.skip("the tests in the browser: no Chromium is installed");
        return Ok(());
    }
    tally.add(end_to_end(&[], None)?);
    tally.add(break_things(&["--short".to_owned()])?);
    if postgres::is_installed() {
        // The journeys are the same; these show that the whole program runs on the other database.
        say("Once more on PostgreSQL: signing in, and who may call what");
        let postgres = Postgres::start()?;
        let args = ["identity", "access", "--project=hydrated"].map(str::to_owned);
        tally.add(end_to_end(&args, Some(&postgres))?);
    }
    Ok(())
}

// --- the browser -----------------------------------------------------------

pub fn end_to_end_alone(args: &[String]) -> Outcome<()> {
    let bundle = bundle::build()?;
    println!("{}", bundle.summary());
    build_server()?;
    let args: Vec<String> = args.to_vec();
    let (on_postgres, args): (Vec<String>, Vec<String>) =
        args.into_iter().partition(|arg| arg == "--postgres");
    let postgres = if on_postgres.is_empty() { None } else { Some(Postgres::start()?) };
    let tally = end_to_end(&args, postgres.as_ref())?;
    if tally.failed == 0 { Ok(()) } else { Err("some tests in the browser failed".into()) }
}

/// Kills, cut-offs, full disks and the like while people submit; the table of what came of it.
pub fn faults(args: &[String]) -> Outcome<()> {
    let bundle = bundle::build()?;
    println!("{}", bundle.summary());
    build_server()?;
    let tally = break_things(args)?;
    if tally.failed == 0 { Ok(()) } else { Err("something acknowledged was lost".into()) }
}

fn break_things(args: &[String]) -> Outcome<Tally> {
    say("Breaking things while people submit");
    let run = shell::node()
        .arg("faults/run.mjs")
        .args(args)
        .env("SERVER_BIN", shell::server_binary())
        .env("SITE_DIR", shell::site());
    counted(run, "the fault rounds")
}

fn end_to_end(args: &[String], postgres: Option<&Postgres>) -> Outcome<Tally> {
    say("Walking through the journeys in the browser");
    let mut run = shell::node()
        .args(["node_modules/@playwright/test/cli.js", "test"])
        .args(args)
        .env("SERVER_BIN", shell::server_binary())
        .env("SITE_DIR", shell::site());
    if let Some(chromium) = chromium() {
        run = run.env("CHROMIUM", chromium);
    }
    if let Some(postgres) = postgres {
        run = run.env("E2E_POSTGRES_URL", &postgres.url);
    }
    counted(run, "the journeys in the browser")
}

fn chromium() -> Option<std::path::PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| env::split_paths(&path).map(move |dir| dir.join(name)))
        .find(|program| fs::metadata(program).is_ok_and(|found| found.is_file()))
}

// --- counting --------------------------------------------------------------

/// Runs a test runner, shows what it prints and counts what it says it ran.
fn counted(mut run: Run, what: &str) -> Outcome<Tally> {
    let mut child = run.0.stdout(Stdio::piped()).spawn().map_err(|error| format!("{what}: {error}"))?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        let mut out = std::io::stdout().lock();
        let mut lines = BufReader::new(stdout);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            out.write_all(&line)?;
            out.flush()?;
            let text = plain(&String::from_utf8_lossy(&line));
            tally.add(count(&text));
            remember_failure(&mut tally.failures, text.trim());
            line.clear();
        }
    }
    let status = child.wait()?;
    if !status.success() && tally.failed == 0 {
        // It did not compile, or ended before it could count.
        println!("{what} ... FAILED ({status})");
        tally.fail(what);
    }
    Ok(tally)
}

/// Reads the closing lines of cargo test ("test result: ok. 3 passed; 0 failed; …") and of Playwright
/// ("  3 passed (4.1s)").
fn count(line: &str) -> Tally {
    let mut tally = Tally::default();
    let line = line.trim();
    if let Some(result) = line.strip_prefix("test result: ") {
        let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
        for part in counts.split(';') {
            match part.trim().split_once(' ') {
                Some((number, "passed")) => tally.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => tally.failed += number.parse().unwrap_or(0),
                Some((number, "ignored")) => tally.skipped += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    } else if let Some((number, word)) = line.split_once(' ')
        && let Ok(number) = number.parse::<u32>()
    {
        match word.split(" (").next().unwrap_or_default() {
            "passed" => tally.passed += number,
            "failed" | "interrupted" | "did not run" | "flaky" => tally.failed += number,
            "skipped" => tally.skipped += number,
            _ => {}
        }
    }
    tally
}

/// Takes the headings of failures (cargo test: "---- name stdout ----", Playwright: "1) [hydrated] › file › name",
/// faults/run.mjs: "faults: round on database … FAILED") and the first line after each that says what was wrong.
fn remember_failure(failures: &mut Vec<String>, line: &str) {
    const LONGEST: usize = 200;
    let is_numbered = |line: &str| {
        line.split_once(") [").is_some_and(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
        failures.push(name.to_owned());
    } else if is_numbered(line) || (line.starts_with("faults: ") && line.ends_with("FAILED")) {
        failures.push(line.trim_end_matches(['─', ' ']).to_owned());
    } else if let Some(last) = failures.last_mut() {
        let is_first = !last.contains('\n')
            && ["panicked at", "Error:", "Test timeout"].iter().any(|words| line.contains(words));
        // What a panic says stands on the line below its place.
        let is_below = last.ends_with(':') && last.contains("panicked at");
        if is_first || is_below {
            last.push_str("\n    ");
            last.extend(line.chars().take(LONGEST));
        }
    }
}

/// Without the colours of a terminal.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_the_runners_are_counted() {
        for (line, expected) in [
            (
                "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.1s",
                (12, 0, 1),
            ),
            ("test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out", (2, 3, 0)),
            ("  7 passed (12.3s)", (7, 0, 0)),
            ("\u{1b}[32m  7 passed\u{1b}[39m\u{1b}[2m (1.2m)\u{1b}[22m", (7, 0, 0)),
            ("  1 failed", (0, 1, 0)),
            ("  4 did not run", (0, 4, 0)),
            ("  2 skipped", (0, 0, 2)),
            ("Running 8 tests using 1 worker", (0, 0, 0)),
            ("test passes ... ok", (0, 0, 0)),
            ("3 files passed over", (0, 0, 0)),
        ] {
            let tally = count(&plain(line));
            assert_eq!((tally.passed, tally.failed, tally.skipped), expected, "{line}");
        }
    }

    #[test]
    fn what_failed_is_told_with_its_first_words() {
        let told = [
            "test a::passes ... ok",
            "---- a::fails stdout ----",
            "",
            "thread 'a::fails' panicked at tests/a.rs:3:5:",
            "assertion failed: left == right",
            "note: run with `RUST_BACKTRACE=1`",
            "1) [no-js] › specs/desk.spec.mjs:48:1 › two officers ─────",
            "Error: expect(locator).toBeVisible() failed",
            "2) of the ordinary kind",
            "faults: kill -9 on sqlite, 1 × 16 submits, 3 s ... FAILED",
            "faults: SIGTERM on sqlite, 1 × 16 submits, 3 s ... ok",
        ];
        let mut failures = Vec::new();
        told.iter().for_each(|line| remember_failure(&mut failures, line));
        assert_eq!(
            failures,
            [
                "a::fails\n    thread 'a::fails' panicked at tests/a.rs:3:5:\n    assertion failed: left == right",
                "1) [no-js] › specs/desk.spec.mjs:48:1 › two officers\n    Error: expect(locator).toBeVisible() failed",
                "faults: kill -9 on sqlite, 1 × 16 submits, 3 s ... FAILED",
            ]
        );
    }
}
