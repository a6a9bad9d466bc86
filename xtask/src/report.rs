//! What a run of tests says at its end: how many passed, what failed, and how long each part took.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::shell::{Run, say};

/// The parts of a run, one after the other.
pub struct Report {
    pub tally: Tally,
    parts: Vec<(&'static str, Duration)>,
    begun: Instant,
}

impl Report {
    pub fn begin() -> Self {
        Report { tally: Tally::default(), parts: Vec::new(), begun: Instant::now() }
    }

    /// Does a part and keeps its time.
    pub fn part(&mut self, name: &'static str, work: impl FnOnce(&mut Tally) -> Outcome<()>) -> Outcome<()> {
        say(name);
        let begun = Instant::now();
        let outcome = work(&mut self.tally);
        let took = begun.elapsed();
        println!("==> {name}: {}", spoken(took));
        self.parts.push((name, took));
        outcome
    }

    /// The table of the parts, the failures once more, and the count, which is read by machines, too.
    pub fn close(self) -> Outcome<()> {
        println!();
        for (name, took) in &self.parts {
            println!("{:>14}  {name}", spoken(*took));
        }
        println!("{:>14}  together\n", spoken(self.begun.elapsed()));
        let Tally { passed, failed, skipped, failures } = self.tally;
        for failure in &failures {
            println!("FAILED: {failure}");
        }
        let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
        println!("{passed} passed, {failed} failed{skipped}");
        if failed == 0 { Ok(()) } else { Err("some tests failed".into()) }
    }
}

fn spoken(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {:02} s", seconds / 60, seconds % 60) }
}

#[derive(Default)]
pub struct Tally {
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
    /// Name and first words of what failed, said again at the end: a log is read from there.
    failures: Vec<String>,
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.failures.extend(other.failures);
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// One check that is not a test of a runner.
    pub fn note(&mut self, what: &str, outcome: Outcome<()>) {
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

    pub fn fail(&mut self, what: &str) {
        self.failed += 1;
        self.failures.push(what.to_owned());
    }

    pub fn skip(&mut self, what: &str) {
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

/// Runs a test runner, shows what it prints and counts what it says it ran.
pub fn counted(mut run: Run, what: &str) -> Outcome<Tally> {
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
    fn times_are_told_in_minutes_and_seconds() {
        for (seconds, expected) in [(0, "0 s"), (59, "59 s"), (60, "1 min 00 s"), (605, "10 min 05 s")] {
            assert_eq!(spoken(Duration::from_secs(seconds)), expected);
        }
    }

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
