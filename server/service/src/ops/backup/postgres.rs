//! PostgreSQL's own programs, which know best how its databases are copied.

use std::path::PathBuf;
use std::process::Stdio;
use std::str::FromStr as _;

use percent_encoding::percent_decode_str;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, IsolationLevel, Statement,
    TransactionTrait as _,
};
use tokio::process::Command;
use url::Url;

use crate::base::db::new_id;
use crate::base::error::{Error, Result};
use crate::ops::backup::{BackupError, connect, refused};

/// Where `pg_dump` and `pg_restore` are.
#[derive(Debug, Clone, Default)]
pub struct Programs {
    /// Without one they are looked for in PATH.
    pub directory: Option<PathBuf>,
}

/// A transaction and the name under which others see the same.
pub(super) async fn shared_view(
    connection: &DatabaseConnection,
) -> Result<(DatabaseTransaction, String), BackupError> {
    let tx = connection.begin_with_config(Some(IsolationLevel::RepeatableRead), None).await?;
    let ask = Statement::from_string(tx.get_database_backend(), "SELECT pg_export_snapshot()");
    let row = tx.query_one_raw(ask).await?.ok_or_else(|| refused("PostgreSQL names no snapshot"))?;
    let view = row.try_get_by_index(0)?;
    Ok((tx, view))
}

/// Whether nothing has been made in a database yet.
pub(super) async fn is_empty(url: &str) -> Result<bool> {
    let connection = connect(url).await?;
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
               WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'";
    let row =
        connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    let there: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    connection.close().await?;
    Ok(there == 0)
}

/// A database that is there for one check.
pub(super) struct Scratch {
    server: String,
    name: String,
    pub url: String,
}

impl Scratch {
    pub async fn make(server: &str, now: time::OffsetDateTime) -> Result<Self, BackupError> {
        let name = format!("beian_check_{}", new_id(now).replace('-', ""));
        let mut url = Url::parse(server).map_err(|_| refused("The scratch database has no valid address"))?;
        url.set_path(&name);
        let connection = connect(server).await?;
        let made = connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await;
        connection.close().await?;
        made.map_err(|error| {
            refused(format!(
                "No database can be made to unpack the backup in ({error}); give the role the right CREATEDB, or \
                 name another server in scratch_database_url"
            ))
        })?;
        Ok(Scratch { server: server.to_owned(), name, url: url.into() })
    }

    pub async fn remove(self) -> Result<()> {
        let connection = connect(&self.server).await?;
        connection.execute_unprepared(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await?;
        connection.close().await?;
        Ok(())
    }
}

impl Programs {
    pub(super) async fn dump(&self, url: &str, view: &str, to: &std::path::Path) -> Result<(), BackupError> {
        let mut command = self.command("pg_dump", url)?;
        command.args(["--format=custom", "--no-password", "--no-owner", "--no-privileges"]);
        command.arg(format!("--snapshot={view}")).arg("--file").arg(to);
        run("pg_dump", command).await.map(drop)
    }

    pub(super) async fn restore(&self, url: &str, from: &std::path::Path) -> Result<(), BackupError> {
        let database = options(url)?.get_database().unwrap_or_default().to_owned();
        let mut command = self.command("pg_restore", url)?;
        command.args(["--exit-on-error", "--single-transaction", "--no-password", "--no-owner"]);
        command.args(["--no-privileges", "--no-comments", "--dbname"]).arg(database).arg(from);
        run("pg_restore", command).await.map(drop)
    }

    /// The first number of the version of a program, `pg_dump` or `pg_restore`.
    ///
    /// # Errors
    /// When it is not there, or says nothing that is understood.
    pub async fn version(&self, program: &str) -> Result<u32, BackupError> {
        let mut command = Command::new(self.path(program));
        command.arg("--version");
        let said = run(program, command).await?;
        // `pg_dump (PostgreSQL) 15.8 (Debian 15.8-0)`: the first word that begins with a digit.
        let first = said.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        first
            .and_then(|version| version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
            .ok_or_else(|| refused(format!("{program} does not say its version")))
    }

    fn path(&self, program: &str) -> PathBuf {
        match &self.directory {
            Some(directory) => directory.join(program),
            None => program.into(),
        }
    }

    /// What leads to the database stands in the environment: arguments are for everybody to read.
    fn command(&self, program: &str, url: &str) -> Result<Command, BackupError> {
        let options = options(url)?;
        let mut command = Command::new(self.path(program));
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => options.get_host().trim_matches(['[', ']']).to_owned(),
        };
        command.env("PGHOST", host).env("PGPORT", options.get_port().to_string());
        command.env("PGUSER", options.get_username()).env("PGSSLMODE", mode(options.get_ssl_mode()));
        if let Some(database) = options.get_database() {
            command.env("PGDATABASE", database);
        }
        // The parsed options keep these to themselves.
        let url = Url::parse(url).map_err(|_| refused("The database has no valid address"))?;
        if let Some(password) = url.password() {
            command.env("PGPASSWORD", percent_decode_str(password).decode_utf8_lossy().as_ref());
        }
        for (key, value) in url.query_pairs() {
            let variable = match key.as_ref() {
                "password" => "PGPASSWORD",
                "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
                "sslcert" | "ssl-cert" => "PGSSLCERT",
                "sslkey" | "ssl-key" => "PGSSLKEY",
                _ => continue,
            };
            command.env(variable, value.as_ref());
        }
        Ok(command)
    }
}

fn options(url: &str) -> Result<PgConnectOptions, BackupError> {
    PgConnectOptions::from_str(url).map_err(|_| refused("The database has no valid address"))
}

fn mode(mode: PgSslMode) -> &'static str {
    match mode {
        PgSslMode::Disable => "disable",
        PgSslMode::Allow => "allow",
        PgSslMode::Prefer => "prefer",
        PgSslMode::Require => "require",
        PgSslMode::VerifyCa => "verify-ca",
        PgSslMode::VerifyFull => "verify-full",
    }
}

/// What it writes to standard output.
async fn run(program: &str, mut command: Command) -> Result<String, BackupError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = command.output().await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refused(format!(
            "{program} is not installed: install the client programs of PostgreSQL in the version of the server \
             (Debian: postgresql-client), or name their directory in postgres_programs"
        )),
        _ => BackupError::Failed(Error::Store(format!("{program} cannot be started: {error}"))),
    })?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(refused(format!("{program} failed: {}", said.trim().replace('\n', " | "))))
        }
    }
}
