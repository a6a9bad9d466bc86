//! Running other programs, and where things lie in the checkout.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::Outcome;

pub const WASM: &str = "wasm32-unknown-unknown";
/// The crates of the browser's code.
pub const FRONTEND: [&str; 2] = ["frontend-pages", "frontend-wizard"];

/// The top of the checkout.
pub fn root() -> PathBuf {
    let xtask =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    xtask.parent().map(PathBuf::from).unwrap_or(xtask)
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// What the server hands out to browsers.
pub fn site() -> PathBuf {
    root().join("target/site")
}

pub fn end2end() -> PathBuf {
    root().join("end2end")
}

pub fn server_binary() -> PathBuf {
    target().join("debug").join(format!("server{}", env::consts::EXE_SUFFIX))
}

/// Says what a long step does.
pub fn say(what: impl AsRef<str>) {
    println!("==> {}", what.as_ref());
}

/// The cargo that runs this.
pub fn cargo() -> Run {
    let mut run = Run::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    run.0.current_dir(root());
    // What `cargo run` told xtask about xtask must not reach the crates xtask builds.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR") {
            run.0.env_remove(name);
        }
    }
    run
}

pub fn node() -> Run {
    let mut run = Run::new("node");
    run.0.current_dir(end2end());
    run
}

/// A command that reports its failure by name.
pub struct Run(pub Command);

impl Run {
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Run(Command::new(program))
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.0.arg(arg);
        self
    }

    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.0.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    fn name(&self) -> String {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    /// Runs it with our terminal.
    pub fn run(mut self) -> Outcome<()> {
        let name = self.name();
        let status = self.0.status().map_err(|error| format!("{name}: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("{name}: {status}").into()) }
    }

    /// Runs it quietly and gives what it printed.
    pub fn output(mut self) -> Outcome<String> {
        let name = self.name();
        let output = self.0.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(format!("{name}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into())
        }
    }

    /// Does it run at all? Its words are dropped.
    pub fn succeeds(mut self) -> bool {
        let quiet = self.0.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    }
}
