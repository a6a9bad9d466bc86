//! Serving, and every test in one run with one count at the end.

use std::{env, fs, thread};

use crate::postgres::Postgres;
use crate::report::{Report, Tally, counted};
use crate::shell::{self, Run, cargo, say};
use crate::{Outcome, bundle, invariants, postgres};

/// The same crates with the same features for every build, check and test, so that nothing is compiled twice.
/// `frontend` stays out, since its features must never meet the server's in one build (leptos#4586).
const CRATES: [&str; 12] =
    ["-p", "domain", "-p", "migration", "-p", "pictures", "-p", "service", "-p", "app", "-p", "server"];
const FEATURES: [&str; 2] = ["--features", "server/dev"];

fn cargo_for_crates(command: &str) -> Run {
    cargo().arg(command).args(CRATES).args(FEATURES)
}

// --- serving ---------------------------------------------------------------

pub fn serve(args: &[String]) -> Outcome<()> {
    build_both()?;
    let data = env::var_os("DATA_DIR").unwrap_or_else(|| shell::root().join("data").into_os_string());
    let mut run = Run::new(shell::server_binary()).args(args).env("DATA_DIR", data);
    run.0.current_dir(shell::root()).env("SITE_DIR", shell::site());
    // A world that is lived in, unless another one is wanted.
    if env::var_os("BEIAN_SAMPLE_FILINGS").is_none() {
        run = run.env("BEIAN_SAMPLE_FILINGS", "true");
    }
    if env::var_os("RUST_LOG").is_none() {
        run = run.env("RUST_LOG", "info,sea_orm_migration=warn,lopdf=error");
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

fn build_bundle() -> Outcome<()> {
    say(
        "Building what the browser loads (the first time five to six minutes of one core, then only what changed)",
    );
    bundle::build()?.weigh()
}

fn build_server() -> Outcome<()> {
    say("Compiling the server (the first time five to twelve minutes of two cores, then only what changed)");
    cargo_for_crates("build").run()
}

/// Side by side: each begins with what many can compile at once and ends with what one core does alone, and they lock
/// directories of their own.
fn build_both() -> Outcome<()> {
    let bundle = thread::spawn(build_bundle);
    let server = build_server();
    joined(bundle)?;
    server
}

fn joined(work: thread::JoinHandle<Outcome<()>>) -> Outcome<()> {
    work.join().unwrap_or_else(|_| Err("the thread of the work panicked".into()))
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

/// Measures the release build and writes down what came of it; the arguments are those of `end2end/bench/run.mjs`.
pub fn bench(args: &[String]) -> Outcome<()> {
    build_bundle()?;
    say("Compiling the release build (ten to twenty minutes of two cores)");
    let server = ["-p", "server", "--features", "server/dev", "--bin", "server", "--example", "bare_axum"];
    cargo().args(["build", "--release"]).args(server).run()?;
    let built =
        |name: &str| shell::target().join("release").join(format!("{name}{}", env::consts::EXE_SUFFIX));
    say("Measuring");
    let mut run = shell::node()
        .arg("bench/run.mjs")
        .args(["--write", "../docs/performance.md"])
        .args(args)
        .env("SERVER_BIN", built("server"))
        .env("BARE_AXUM", built("examples/bare_axum"))
        .env("SITE_DIR", shell::site());
    if let Some(chromium) = chromium() {
        run = run.env("CHROMIUM", chromium);
    }
    run.run()
}

pub fn lint() -> Outcome<()> {
    const STRICT: [&str; 3] = ["--", "-D", "warnings"];
    cargo_for_crates("clippy").args(["-q", "--all-targets"]).args(STRICT).run()?;
    cargo().args(["clippy", "-q", "-p", "xtask", "--all-targets"]).args(STRICT).run()?;
    shell::FRONTEND.iter().try_for_each(|part| {
        cargo().args(["clippy", "-q", "-p", part, "--target", shell::WASM]).args(STRICT).run()
    })
}

/// What the documentation says must be links that lead somewhere.
fn document() -> Outcome<()> {
    let run = cargo_for_crates("doc").args(["-q", "--no-deps", "--document-private-items"]);
    run.env("RUSTDOCFLAGS", "-D warnings").run()
}

/// A tool that not every toolchain has; Debian's compilers come without clippy.
fn if_there(tally: &mut Tally, tool: &str, what: &str, work: impl FnOnce() -> Outcome<()>) {
    if cargo().args([tool, "--version"]).succeeds() {
        tally.note(what, work());
    } else {
        println!("{what} ... not checked, there is no cargo {tool}");
    }
}

fn format(tally: &mut Tally) {
    if_there(tally, "fmt", "formatting", || cargo().args(["fmt", "--all", "--check"]).run());
}

// --- testing ---------------------------------------------------------------

fn clippy(report: &mut Report) -> Outcome<()> {
    report.part("clippy", |tally| {
        if_there(tally, "clippy", "clippy", lint);
        Ok(())
    })
}

/// What is left of building it: it was begun beside what came before.
fn the_bundle(report: &mut Report, bundle: thread::JoinHandle<Outcome<()>>) -> Outcome<()> {
    report.part("the bundle", |tally| {
        tally.note("bundle", joined(bundle));
        Ok(())
    })
}

fn test_xtask(filter: &[String], tally: &mut Tally) -> Outcome<()> {
    tally.add(counted(cargo().args(["test", "-q", "-p", "xtask"]).args(filter), "the tests of xtask")?);
    Ok(())
}

/// Before a commit: what finds most in a few minutes.
pub fn check(filter: &[String]) -> Outcome<()> {
    let mut report = Report::begin();
    report.part("formatting", |tally| {
        format(tally);
        Ok(())
    })?;
    let bundle = thread::spawn(build_bundle);
    clippy(&mut report)?;
    report.part("the unit tests", |tally| {
        let run = cargo_for_crates("test").args(["--no-fail-fast", "--lib"]).args(filter);
        tally.add(counted(always_the_same_cases(run), "the unit tests")?);
        test_xtask(filter, tally)
    })?;
    the_bundle(&mut report, bundle)?;
    report.part("a journey in the browser", |tally| {
        build_server()?;
        let journey = ["specs/journey.spec.mjs", "--project=hydrated"].map(str::to_owned);
        in_browser(tally, &journey, None)
    })?;
    report.close()
}

pub fn test(filter: &[String]) -> Outcome<()> {
    let mut report = Report::begin();
    if !filter.is_empty() {
        report.part("the tests of the crates", |tally| crates(filter, tally))?;
        return report.close();
    }
    report.part("formatting and invariants", |tally| {
        format(tally);
        let (passed, failed) = invariants::check();
        tally.passed += passed;
        failed.into_iter().for_each(|name| tally.fail(name));
        // Without the advisories: their database cannot be fetched everywhere.
        if_there(tally, "deny", "dependencies", || {
            cargo().args(["deny", "check", "bans", "licenses", "sources"]).run()
        });
        Ok(())
    })?;
    let bundle = thread::spawn(build_bundle);
    clippy(&mut report)?;
    report.part("the documentation of the code", |tally| {
        tally.note("rustdoc", document());
        Ok(())
    })?;
    report.part("the tests of the crates", |tally| crates(filter, tally))?;
    the_bundle(&mut report, bundle)?;
    let mut is_built = false;
    report.part("the server", |tally| {
        let outcome = build_server();
        // A bundle that is too large is no reason not to try it.
        is_built = outcome.is_ok() && shell::site().join("manifest.json").is_file();
        tally.note("the server", outcome);
        Ok(())
    })?;
    if is_built {
        whole_program(&mut report)?;
    }
    report.close()
}

/// What runs against the server as it is shipped.
fn whole_program(report: &mut Report) -> Outcome<()> {
    report.part("the journeys in the browser", |tally| in_browser(tally, &[], None))?;
    if chromium().is_none() {
        return Ok(());
    }
    report.part("the main journey in Firefox", |tally| {
        let run = on_the_server("firefox/run.mjs");
        tally.add(counted(run, "the journey in Firefox")?);
        Ok(())
    })?;
    report.part("faults", |tally| {
        tally.add(break_things(&["--short".to_owned()])?);
        Ok(())
    })?;
    report.part("several servers", |tally| {
        tally.add(kill_servers(&["--seconds=15".to_owned(), "--every=4".to_owned()])?);
        Ok(())
    })?;
    if !postgres::is_installed() {
        return Ok(());
    }
    report.part("once more on PostgreSQL: signing in, and who may call what", |tally| {
        // The journeys are the same; these show that the whole program runs on the other database.
        let postgres = Postgres::start()?;
        let args = ["identity", "access", "--project=hydrated"].map(str::to_owned);
        in_browser(tally, &args, Some(&postgres))
    })
}

/// The same cases each time: what a search finds by chance is a find, not a test that fails now and then.
fn always_the_same_cases(run: Run) -> Run {
    if env::var_os("THOROUGH").is_none() { run.env("PROPTEST_RNG_SEED", "20261128") } else { run }
}

fn crates(filter: &[String], tally: &mut Tally) -> Outcome<()> {
    let mut run = always_the_same_cases(cargo_for_crates("test").arg("--no-fail-fast"));
    let postgres = if postgres::is_installed() {
        say("Starting a PostgreSQL for them");
        Some(Postgres::start()?)
    } else {
        tally.skip("the tests on PostgreSQL: it is not installed");
        None
    };
    if let Some(postgres) = &postgres {
        run = run.env("TEST_POSTGRES_URL", &postgres.url).env("TEST_POSTGRES_CA", &postgres.authority);
    }
    // They look there themselves.
    if !shell::root().join("target/s3/bin/python").exists() && std::env::var_os("BEIAN_S3_PYTHON").is_none() {
        tally.skip("the tests of files in a bucket: no server that speaks S3 is installed");
    }
    tally.add(counted(run.args(filter), "the tests of the crates")?);
    drop(postgres);
    test_xtask(filter, tally)
}

fn in_browser(tally: &mut Tally, args: &[String], postgres: Option<&Postgres>) -> Outcome<()> {
    if chromium().is_none() {
        tally.skip("the tests in the browser: no Chromium is installed");
        return Ok(());
    }
    tally.add(end_to_end(args, postgres)?);
    Ok(())
}

/// A script of end2end/ that starts the server which was built.
fn on_the_server(script: &str) -> Run {
    shell::node().arg(script).env("SERVER_BIN", shell::server_binary()).env("SITE_DIR", shell::site())
}

// --- the browser -----------------------------------------------------------

pub fn end_to_end_alone(args: &[String]) -> Outcome<()> {
    build_both()?;
    let args: Vec<String> = args.to_vec();
    let (on_postgres, args): (Vec<String>, Vec<String>) =
        args.into_iter().partition(|arg| arg == "--postgres");
    let postgres = if on_postgres.is_empty() { None } else { Some(Postgres::start()?) };
    let tally = end_to_end(&args, postgres.as_ref())?;
    if tally.failed == 0 { Ok(()) } else { Err("some tests in the browser failed".into()) }
}

/// Kills, cut-offs, full disks and the like while people submit; the table of what came of it.
pub fn faults(args: &[String]) -> Outcome<()> {
    build_both()?;
    let tally = break_things(args)?;
    if tally.failed == 0 { Ok(()) } else { Err("something acknowledged was lost".into()) }
}

fn break_things(args: &[String]) -> Outcome<Tally> {
    say("Breaking things while people submit");
    let run = on_the_server("faults/run.mjs").args(args);
    counted(run, "the fault rounds")
}

/// Kills one of three servers behind nginx every few seconds while people submit; the table of what came of it.
pub fn several_servers(args: &[String]) -> Outcome<()> {
    build_both()?;
    let tally = kill_servers(args)?;
    if tally.failed == 0 { Ok(()) } else { Err("the servers did not stand it".into()) }
}

fn kill_servers(args: &[String]) -> Outcome<Tally> {
    say("Killing one of three servers again and again while people submit");
    let run = on_the_server("faults/servers.mjs").args(args);
    let mut tally = counted(run, "the several servers")?;
    say("Taking the replica of the database away");
    let run = on_the_server("faults/replica.mjs");
    tally.add(counted(run, "the replica")?);
    Ok(tally)
}

fn end_to_end(args: &[String], postgres: Option<&Postgres>) -> Outcome<Tally> {
    say("Walking through the journeys in the browser");
    let mut run = on_the_server("node_modules/@playwright/test/cli.js").arg("test").args(args);
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
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| env::split_paths(&path).map(move |dir| dir.join(name)))
        .find(|program| fs::metadata(program).is_ok_and(|found| found.is_file()))
}
