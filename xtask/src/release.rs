//! `make release`: the program with everything in it, a Debian package, an OCI image, the bill of materials and the sums
//! of all of them, into target/dist. The same commit gives the same bytes, wherever it is built.

mod check;
mod notices;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;
use sha2::{Digest, Sha256};

pub use check::check;

use crate::Outcome;
use crate::shell::{self, Run, cargo, say};

/// What the stripped program may weigh.
const LARGEST: u64 = 40_000_000;
/// What stands in the program for where it was built.
const SOURCES: &str = "/src/beian";
const REGISTRY: &str = "/cargo";
const FEATURES: [&str; 2] = ["--features", "embedded-site"];
/// Functions that came out alike are one, and relocations are packed. lld knows both; it is rustc's own on this target.
const SMALLER: [&str; 2] = ["-Clink-arg=-Wl,--icf=all", "-Clink-arg=-Wl,-z,pack-relative-relocs"];
/// How the linker is told several flags at once.
const PARTED: &str = "\u{1f}";

/// A release that is being made.
struct Release {
    /// The checkout, as it is really called.
    root: PathBuf,
    /// The time of the commit, in seconds.
    epoch: String,
    revision: String,
    version: String,
    target: String,
    /// Hardly optimised: to try the packing, not to be given away.
    is_quick: bool,
}

pub fn chore(is_quick: bool) -> Outcome<()> {
    let release = Release::begin(is_quick)?;
    fs::create_dir_all(release.stage())?;
    let dist = dist();
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    fs::create_dir_all(&dist)?;
    say("Building what the browser loads");
    release.site()?;
    say("Compiling the program (ten to twenty minutes of two cores; --quick to try the packing)");
    let program = release.program()?;
    say("Writing man pages, completions and the notices of the crates in it");
    release.papers(&program)?;
    say("Packing");
    let name = format!("beian-{}-linux-{}", release.version, release.architecture());
    fs::copy(&program, dist.join(&name))?;
    release.package()?;
    release.image(&program, &dist.join(format!("{name}.oci.tar")))?;
    release.bill_of_materials(&dist.join(format!("beian-{}.cdx.json", release.version)))?;
    sums(&dist)?;
    for entry in sorted(&dist)? {
        let size = fs::metadata(&entry)?.len();
        println!("{:>12} {}", size, entry.display());
    }
    Ok(())
}

/// Where the artefacts lie.
fn dist() -> PathBuf {
    shell::root().join("target/dist")
}

impl Release {
    fn begin(is_quick: bool) -> Outcome<Self> {
        let root = shell::root().canonicalize()?;
        let git = |args: &[&str]| {
            let mut run = Run::new("git").args(args);
            run.0.current_dir(&root);
            run.output().map(|output| output.trim().to_owned())
        };
        if !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty() {
            say("The checkout differs from its commit: what is built can be told from nothing");
        }
        let metadata = cargo().args(["metadata", "--no-deps", "--format-version", "1"]).output()?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let packages = metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
        let server =
            packages.into_iter().find(|package| package.get("name").is_some_and(|name| name == "server"));
        let version =
            server.and_then(|server| server.get("version")?.as_str()).ok_or("no version of server")?;
        Ok(Self {
            epoch: git(&["log", "-1", "--format=%ct"])?,
            revision: git(&["rev-parse", "HEAD"])?,
            version: version.to_owned(),
            target: target()?,
            root,
            is_quick,
        })
    }

    fn architecture(&self) -> &str {
        match self.target.split('-').next() {
            Some("x86_64") => "amd64",
            Some("aarch64") => "arm64",
            other => other.unwrap_or_default(),
        }
    }

    fn build_directory(&self) -> PathBuf {
        self.root.join(if self.is_quick { "target/dist-quick" } else { "target/dist-build" })
    }

    /// What the packages are made of. The manifest of `server` names it.
    fn stage(&self) -> PathBuf {
        self.root.join("target/dist-stage")
    }

    /// Builds that leave no trace of where and when.
    fn reproducibly(&self, mut run: Run, flags: &[&str]) -> Outcome<Run> {
        let registry = env::var_os("CARGO_HOME")
            .map_or_else(|| env::home_dir().unwrap_or_default().join(".cargo"), PathBuf::from);
        let registry = registry.canonicalize()?;
        let (root, registry) = (self.root.display(), registry.display());
        let rust = [
            // Of .cargo/config.toml, which these flags replace.
            "--cfg=erase_components".to_owned(),
            format!("--remap-path-prefix={root}={SOURCES}"),
            format!("--remap-path-prefix={registry}={REGISTRY}"),
        ];
        let rust: Vec<&str> = rust.iter().map(String::as_str).chain(flags.iter().copied()).collect();
        let c = format!("-ffile-prefix-map={root}={SOURCES} -ffile-prefix-map={registry}={REGISTRY}");
        run.0.current_dir(&self.root).env_remove("RUSTFLAGS");
        if self.is_quick {
            let said = [("LTO", "off"), ("OPT_LEVEL", "1"), ("CODEGEN_UNITS", "16")];
            said.iter().for_each(|(name, value)| {
                run.0.env(format!("CARGO_PROFILE_DIST_{name}"), value);
            });
        }
        Ok(run
            .env("CARGO_ENCODED_RUSTFLAGS", rust.join(PARTED))
            .env("CFLAGS", c)
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_TARGET_DIR", self.build_directory())
            .env("SOURCE_DATE_EPOCH", &self.epoch)
            // What 运行状况 and the metrics say it was built from.
            .env("BEIAN_COMMIT", &self.revision))
    }

    /// By this program, started anew, since the environment of one that runs is not changed.
    fn site(&self) -> Outcome<()> {
        // What an earlier version left must not get into the program.
        if shell::site().exists() {
            fs::remove_dir_all(shell::site())?;
        }
        self.reproducibly(Run::new(env::current_exe()?).arg("build"), &[])?.run()
    }

    /// The program, all in one file that asks for no library.
    fn program(&self) -> Outcome<PathBuf> {
        let build =
            cargo().args(["rustc", "--locked", "-p", "server", "--bin", "server", "--profile", "dist"]);
        let build = build.args(FEATURES).args(["--target", &self.target]).arg("--").args(SMALLER);
        self.reproducibly(build, &["-Ctarget-feature=+crt-static"])?.run()?;
        let built = self.build_directory().join(&self.target).join("dist/server");
        let program = self.stage().join("beian");
        fs::copy(built, &program)?;
        let headers = Run::new("readelf").args(["--program-headers", "--wide"]).arg(&program).output()?;
        if headers.contains("INTERP") {
            return Err("the program is not static: it names an interpreter".into());
        }
        let size = fs::metadata(&program)?.len();
        if size > LARGEST && !self.is_quick {
            return Err(format!("the program has {size} bytes, {LARGEST} are allowed").into());
        }
        Ok(program)
    }

    /// What stands beside the program in the package.
    fn papers(&self, program: &Path) -> Outcome<()> {
        let stage = self.stage();
        let man = stage.join("man");
        if man.exists() {
            fs::remove_dir_all(&man)?;
        }
        Run::new(program).arg("man").arg(&man).run()?;
        for shell in ["bash", "zsh", "fish"] {
            let script = Run::new(program).args(["completions", shell]).output()?;
            fs::write(stage.join(format!("completions.{shell}")), script)?;
        }
        fs::write(stage.join("THIRD-PARTY.txt"), notices::of_the_program(&self.target)?)?;
        Ok(())
    }

    fn package(&self) -> Outcome<()> {
        let deb = tool("cargo-deb")?.args([
            "--quiet",
            "--no-build",
            "--no-strip",
            "--package",
            "server",
            "--output",
        ]);
        let mut deb = deb.arg(dist()).args(["--deb-revision", "1"]);
        deb.0.current_dir(&self.root);
        deb.env("SOURCE_DATE_EPOCH", &self.epoch).run()
    }

    fn image(&self, program: &Path, archive: &Path) -> Outcome<()> {
        if !Run::new("buildah").arg("--version").succeeds() {
            say("No image: buildah is not installed");
            return Ok(());
        }
        let run = Run::new(self.root.join("packaging/oci/build.sh"));
        let run = run.arg(program).arg(archive).args([&self.version, &self.revision]);
        run.env("SOURCE_DATE_EPOCH", &self.epoch).run()
    }

    fn bill_of_materials(&self, file: &Path) -> Outcome<()> {
        let stem = "beian-bill-of-materials";
        let run = tool("cargo-cyclonedx")?
            .args(["cyclonedx", "--quiet", "--format", "json", "--spec-version", "1.5", "--no-build-deps"])
            .args(["--override-filename", stem, "--target", &self.target])
            .args(FEATURES)
            .arg("--manifest-path")
            .arg(self.root.join("server/Cargo.toml"));
        run.env("SOURCE_DATE_EPOCH", &self.epoch).run()?;
        let bill = fs::read_to_string(self.root.join(format!("server/{stem}.json")))?;
        // It writes one beside each manifest of the workspace.
        for member in
            ["server", "app", "app/domain", "migration", "frontend/pages", "frontend/wizard", "xtask"]
        {
            for below in ["", "service", "pictures"] {
                let written = self.root.join(member).join(below).join(format!("{stem}.json"));
                if written.exists() {
                    fs::remove_file(written)?;
                }
            }
        }
        fs::write(file, bill.replace(&self.root.display().to_string(), SOURCES))?;
        Ok(())
    }
}

/// musl where it is installed with a compiler for C, else the machine's own library, linked in whole.
fn target() -> Outcome<String> {
    let rustc = || Run::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let about = rustc().arg("-vV").output()?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc names no host")?;
    let musl = host.replace("-gnu", "-musl");
    let library = rustc().args(["--print", "target-libdir", "--target", &musl]).output().unwrap_or_default();
    let is_there = Path::new(library.trim()).is_dir() && Run::new("musl-gcc").arg("--version").succeeds();
    Ok(if is_there { musl } else { host.to_owned() })
}

/// A tool that scripts/bootstrap.sh put into target/tools.
fn tool(name: &str) -> Outcome<Run> {
    let own = shell::root().join("target/tools/bin").join(name);
    let program: OsString = if own.is_file() { own.into() } else { name.into() };
    if !Run::new(&program).arg("--help").succeeds() {
        return Err(format!("{name} is not there: scripts/bootstrap.sh release installs it").into());
    }
    Ok(Run::new(program))
}

fn sorted(directory: &Path) -> Outcome<Vec<PathBuf>> {
    let mut paths = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

/// As `sha256sum -c` reads them.
fn sums(directory: &Path) -> Outcome<()> {
    let mut lines = String::new();
    for path in sorted(directory)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let hash: String =
            Sha256::digest(fs::read(&path)?).iter().map(|byte| format!("{byte:02x}")).collect();
        lines.push_str(&format!("{hash}  {name}\n"));
    }
    fs::write(directory.join("SHA256SUMS"), lines)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn sums_are_those_of_sha256sum() {
        let directory = env::temp_dir().join(format!("beian-sums-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("b"), "two").unwrap();
        fs::write(directory.join("a"), "one").unwrap();
        sums(&directory).unwrap();
        let mut check = Run::new("sha256sum").args(["--check", "--quiet", "SHA256SUMS"]);
        check.0.current_dir(&directory);
        check.run().unwrap();
        let lines = fs::read_to_string(directory.join("SHA256SUMS")).unwrap();
        assert!(lines.lines().map(|line| line.rsplit(' ').next().unwrap()).eq(["a", "b"]), "{lines}");
        fs::remove_dir_all(directory).unwrap();
    }

    /// A unit as its lines, continued ones and comments left out.
    fn unit(name: &str) -> Vec<(String, String)> {
        let path = shell::root().join("packaging/systemd").join(name);
        let text = fs::read_to_string(path).unwrap();
        let mut section = String::new();
        let mut settings = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                Some(named) => section = named.to_owned(),
                None => {
                    let (key, value) = line.split_once('=').unwrap();
                    settings.push((format!("{section}.{key}"), value.to_owned()));
                }
            }
        }
        settings
    }

    #[test]
    fn the_unit_is_hardened_and_starts_what_the_package_installs() {
        let manifest = fs::read_to_string(shell::root().join("server/Cargo.toml")).unwrap();
        for (name, program) in
            [("beian.service", "usr/bin/beian"), ("beian-backup.service", "usr/lib/beian/nightly-backup")]
        {
            let settings = unit(name);
            let value = |key: &str| {
                let found = settings.iter().find(|(named, _)| named == &format!("Service.{key}"));
                found.map(|(_, value)| value.as_str())
            };
            assert!(value("ExecStart").unwrap().starts_with(&format!("/{program}")), "{name}");
            assert!(manifest.contains(&format!("\"{program}\"")), "the package installs /{program}");
            assert_eq!(value("User"), Some("beian"), "{name}");
            assert_eq!((value("CapabilityBoundingSet"), value("ProtectSystem")), (Some(""), Some("strict")));
            for yes in [
                "NoNewPrivileges",
                "PrivateTmp",
                "ProtectHome",
                "RestrictNamespaces",
                "MemoryDenyWriteExecute",
            ] {
                assert_eq!(value(yes), Some("yes"), "{name}: {yes}");
            }
            // The child that reads files lowers its own limits, and the service manager is told over a socket.
            assert!(
                settings
                    .iter()
                    .all(|(key, value)| key != "Service.SystemCallFilter" || !value.contains("@resources"))
            );
            assert!(value("RestrictAddressFamilies").unwrap().contains("AF_UNIX"), "{name}");
        }
        assert!(unit("beian-backup.timer").iter().any(|(key, _)| key == "Timer.OnCalendar"));
        for installed in ["beian.toml", "nginx/beian.conf", "systemd/credentials.conf", "nightly-backup"] {
            assert!(manifest.contains(&format!("\"../packaging/{installed}\"")), "{installed}");
        }
    }
}
