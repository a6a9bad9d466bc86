//! A PostgreSQL of our own for a while: in memory where there is room, or else in a temporary directory, on a free port of
//! the loopback interface, with a password made up for it, and without waiting for the disk.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::Duration;

use crate::Outcome;
use crate::shell::{Run, say};

const OLDEST: u32 = 15;
const PREFIX: &str = "beian-postgres-";

/// Runs until dropped.
pub struct Postgres {
    /// Of the superuser, so that tests can create databases.
    pub url: String,
    /// The certificate by which that of the server is verified.
    pub authority: PathBuf,
    bin: PathBuf,
    dir: PathBuf,
    child: Child,
}

pub fn chore(command: &[String]) -> Outcome<()> {
    let postgres = Postgres::start()?;
    match command.split_first() {
        Some((program, args)) => Run::new(program)
            .args(args)
            .env("TEST_POSTGRES_URL", &postgres.url)
            .env("TEST_POSTGRES_CA", &postgres.authority)
            .run(),
        None => {
            println!("{}\nCtrl-C ends it.", postgres.url);
            let mut postgres = postgres;
            postgres.child.wait()?;
            Ok(())
        }
    }
}

/// Is there one to start?
pub fn is_installed() -> bool {
    programs().is_some()
}

impl Postgres {
    pub fn start() -> Outcome<Self> {
        let bin = programs().ok_or_else(|| format!("PostgreSQL {OLDEST} or later is not installed"))?;
        sweep();
        let dir = place().join(format!("{PREFIX}{}", std::process::id()));
        let cluster = dir.join("cluster");
        fs::create_dir_all(&dir)?;
        let password = password()?;
        let word = dir.join("password");
        fs::write(&word, &password)?;
        let authority = certify(&dir)?;
        if is_root() {
            Run::new("chown").arg("-R").arg(account()).arg(&dir).output()?;
            Run::new("chmod").arg("700").arg(&dir).output()?;
        }
        unprivileged(&bin.join("initdb"))
            .arg("--pgdata")
            .arg(&cluster)
            .args([
                "--username=postgres",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .arg(format!("--pwfile={}", word.display()))
            .output()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = fs::File::create(log_file())?;
        let mut run = unprivileged(&bin.join("postgres")).arg("-D").arg(&cluster);
        for setting in [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            format!("unix_socket_directories={}", dir.display()),
            "max_connections=300".to_owned(),
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", dir.join("server.pem").display()),
            format!("ssl_key_file={}", dir.join("server.key").display()),
            // The data live as long as the tests.
            "fsync=off".to_owned(),
            "synchronous_commit=off".to_owned(),
            "full_page_writes=off".to_owned(),
        ] {
            run = run.arg("-c").arg(setting);
        }
        let child = run.0.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
        let mut postgres = Postgres { url, authority, bin, dir, child };
        postgres.wait_until_ready(port)?;
        Ok(postgres)
    }

    fn wait_until_ready(&mut self, port: u16) -> Outcome<()> {
        for _ in 0..300 {
            if let Some(status) = self.child.try_wait()? {
                let log = fs::read_to_string(log_file()).unwrap_or_default();
                return Err(format!("PostgreSQL ended at once: {status}\n{log}").into());
            }
            let asked = Run::new(self.bin.join("pg_isready")).args([
                "-q",
                "-h",
                "127.0.0.1",
                "-p",
                &port.to_string(),
            ]);
            if asked.succeeds() {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        Err("PostgreSQL did not answer within 30 seconds".into())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let stop = unprivileged(&self.bin.join("pg_ctl")).arg("-D").arg(self.dir.join("cluster"));
        if !stop.args(["-m", "immediate", "stop"]).succeeds() {
            say("PostgreSQL did not stop by itself; ending it");
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.dir);
        let _ = fs::remove_file(log_file());
    }
}

/// Every test has a database of its own, of eight megabytes and more; none is dropped while the others run.
const ROOM: u64 = 8 << 30;

/// Where the cluster lies; decided once, since the room changes while it is used.
fn place() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let free = Run::new("df").args(["--output=avail", "--block-size=1"]).arg(&memory).output();
        let free = free.ok().and_then(|text| text.lines().nth(1)?.trim().parse::<u64>().ok());
        if free.is_some_and(|free| free > ROOM) { memory } else { std::env::temp_dir() }
    })
}

fn log_file() -> PathBuf {
    place().join(format!("{PREFIX}{}.log", std::process::id()))
}

/// A certificate for 127.0.0.1 from an authority of its own, so that TLS is tried as it is elsewhere; the
/// authority's certificate.
fn certify(dir: &Path) -> Outcome<PathBuf> {
    let file = |name: &str| dir.join(name);
    let openssl = |args: &[&str]| {
        let mut run = Run::new("openssl").args(args);
        run.0.current_dir(dir);
        run.output()
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority = ["req", "-x509", "-days", "30", "-subj", "/CN=test authority"];
    openssl(&[&authority[..], &key, &["-keyout", "authority.key", "-out", "authority.pem"]].concat())?;
    let server = ["req", "-subj", "/CN=test server", "-keyout", "server.key", "-out", "server.csr"];
    openssl(&[&server[..], &key].concat())?;
    fs::write(file("names"), "subjectAltName=IP:127.0.0.1\n")?;
    let sign =
        ["x509", "-req", "-days", "30", "-in", "server.csr", "-out", "server.pem", "-extfile", "names"];
    openssl(&[&sign[..], &["-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial"]].concat())?;
    Ok(file("authority.pem"))
}

/// Where initdb and the others lie: Debian keeps them off PATH.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        for entry in versions.flatten() {
            if let Some(version) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
                found.push((version, entry.path().join("bin")));
            }
        }
    }
    if let Ok(bin) = Run::new("pg_config").arg("--bindir").output() {
        let bin = PathBuf::from(bin.trim());
        if let Some(version) =
            Run::new(bin.join("postgres")).arg("--version").output().ok().and_then(|text| major(&text))
        {
            found.push((version, bin));
        }
    }
    found.retain(|(version, bin)| *version >= OLDEST && bin.join("initdb").is_file());
    // The oldest that will do: that is the one we promise.
    found.into_iter().min().map(|(_, bin)| bin)
}

fn major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split('.').next()?.parse().ok()
}

/// PostgreSQL refuses to run as root.
fn unprivileged(program: &Path) -> Run {
    let run = if is_root() {
        Run::new("runuser").args(["-u", account(), "--"]).arg(program)
    } else {
        Run::new(program)
    };
    // The account may not read the directory we are in.
    let mut run = run.env("LC_ALL", "C");
    run.0.current_dir("/");
    run
}

fn account() -> &'static str {
    if Run::new("id").args(["-u", "postgres"]).succeeds() { "postgres" } else { "nobody" }
}

pub fn is_root() -> bool {
    Run::new("id").arg("-u").output().is_ok_and(|id| id.trim() == "0")
}

fn password() -> Outcome<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Removes what runs that were killed have left behind.
fn sweep() {
    let places = [place().to_owned(), std::env::temp_dir()];
    for entry in
        places.iter().filter_map(|place| fs::read_dir(place).ok()).flat_map(|entries| entries.flatten())
    {
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        let process = process.trim_end_matches(".log");
        if Path::new("/proc/self").exists() && !Path::new("/proc").join(process).exists() {
            let _ = fs::remove_dir_all(entry.path());
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_read_from_what_postgres_says() {
        for (text, expected) in [
            ("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)", Some(15)),
            ("postgres (PostgreSQL) 17beta1", None),
            ("postgres (PostgreSQL) 16.1", Some(16)),
            ("", None),
        ] {
            assert_eq!(super::major(text), expected, "{text}");
        }
    }
}
