//! Where a database is: the file it is kept in, or the wire to it.

use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr as _;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::{DbErr, RuntimeErr, SqlxError};

use crate::base::error::{Error, Result};
use crate::base::private;

/// Makes the file of a SQLite for its owner alone, or closes one that stands open: what SQLite puts beside it,
/// it makes with the same mode.
pub(super) fn keep_private(url: &str, may_make: bool) -> Result<()> {
    if !url.starts_with("sqlite:") {
        return Ok(());
    }
    let options = SqliteConnectOptions::from_str(url).map_err(unusable)?;
    let file = options.get_filename();
    let is_in_memory = file.as_os_str().as_encoded_bytes().starts_with(b"file:");
    if is_in_memory || !(may_make || file.exists()) {
        return Ok(());
    }
    let kept = match private::create(file) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            ["", "-wal", "-shm"].into_iter().try_for_each(|part| {
                let mut name = file.as_os_str().to_owned();
                name.push(part);
                private::close_file(Path::new(&name)).map(|_| ())
            })
        }
        made => made.map(|_| ()),
    };
    kept.map_err(|error| Error::Store(format!("{}: {error}", file.display())))
}

fn unusable(error: SqlxError) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}

/// How what is asked of the database and answered by it travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// It does not leave this machine.
    Local,
    /// TLS with a certificate that is verified together with the name of the machine.
    Verified,
    /// Whoever sits in between can read it, or pass for the database. TLS that believes any certificate is
    /// no better; nor is `verify-ca`, since public authorities sign for anybody.
    Open,
}

/// # Errors
/// When the address is none of a database.
pub fn wire(url: &str) -> Result<Wire> {
    if url.starts_with("sqlite:") {
        SqliteConnectOptions::from_str(url).map_err(unusable)?;
        return Ok(Wire::Local);
    }
    if !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
        return Err(DbErr::Custom("the address is none of SQLite or PostgreSQL".to_owned()).into());
    }
    let options = PgConnectOptions::from_str(url).map_err(unusable)?;
    let host = options.get_host();
    let is_socket = options.get_socket().is_some() || host.starts_with('/');
    let is_loopback = host.trim_matches(['[', ']']).parse().is_ok_and(|addr: IpAddr| addr.is_loopback());
    Ok(match options.get_ssl_mode() {
        _ if is_socket || is_loopback || host == "localhost" => Wire::Local,
        PgSslMode::VerifyFull => Wire::Verified,
        _ => Wire::Open,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use std::os::unix::fs::PermissionsExt as _;

    use sea_orm::{ConnectionTrait as _, Database, Statement};

    use super::*;
    use crate::base::db::Db;

    /// Finding 18.
    #[tokio::test]
    async fn the_files_of_sqlite_are_their_owners_alone_also_those_of_older_versions() {
        let home = tempfile::tempdir().unwrap();
        let file = |part: &str| home.path().join(format!("beian.db{part}"));
        let mode = |part: &str| std::fs::metadata(file(part)).unwrap().permissions().mode() & 0o777;
        let url = format!("sqlite://{}", file("").display());
        let db = Db::open(&url).await.unwrap();
        for part in ["", "-wal", "-shm"] {
            assert_eq!(mode(part), 0o600, "{part}");
            std::fs::set_permissions(file(part), std::fs::Permissions::from_mode(0o644)).unwrap();
        }
        let again = Db::open(&url).await.unwrap();
        for part in ["", "-wal", "-shm"] {
            assert_eq!(mode(part), 0o600, "{part}");
        }
        db.give_sign_of_life().await.unwrap();
        again.give_sign_of_life().await.unwrap();
    }

    /// Finding 19, V12.3.1.
    #[test]
    fn how_the_database_is_reached_is_told_from_its_address() {
        for (url, expected) in [
            ("sqlite:///var/lib/beian/beian.db?mode=rwc", Wire::Local),
            ("postgres://beian:pw@127.0.0.1:5432/beian", Wire::Local),
            ("postgres://beian:pw@localhost/beian?sslmode=disable", Wire::Local),
            ("postgres://beian@%2Fvar%2Frun%2Fpostgresql/beian", Wire::Local),
            ("postgres://beian@any/beian?host=/var/run/postgresql", Wire::Local),
            ("postgres://beian:pw@[::1]/beian", Wire::Local),
            ("postgres://beian:pw@db.example.cn/beian?sslmode=verify-full", Wire::Verified),
            (
                "postgres://beian:pw@10.0.0.5/beian?ssl-mode=VERIFY-FULL&sslrootcert=/etc/ca.pem",
                Wire::Verified,
            ),
            ("postgres://beian:pw@db.example.cn/beian", Wire::Open),
            ("postgres://beian:pw@db.example.cn/beian?sslmode=disable", Wire::Open),
            ("postgres://beian:pw@db.example.cn/beian?sslmode=prefer", Wire::Open),
            ("postgres://beian:pw@db.example.cn/beian?sslmode=require", Wire::Open),
            ("postgres://beian:pw@db.example.cn/beian?sslmode=verify-ca", Wire::Open),
            // The last one named is where it goes.
            ("postgres://beian:pw@127.0.0.1/beian?host=db.example.cn", Wire::Open),
        ] {
            assert_eq!(wire(url).unwrap(), expected, "{url}");
        }
        for url in
            ["postgres://beian@db/beian?sslmode=none", "mysql://db/beian", "nonsense", "sqlite://x?mode=y"]
        {
            assert!(wire(url).is_err(), "{url}");
        }
    }

    /// Finding 19, V12.3.1: what the modes do in this build, on a server whose certificate is for 127.0.0.1
    /// and from an authority of its own.
    #[tokio::test]
    async fn tls_to_a_real_postgresql_is_verified_when_it_is_asked_to() {
        let given = (std::env::var("TEST_POSTGRES_URL"), std::env::var("TEST_POSTGRES_CA"));
        // `cargo xtask test` brings both.
        let (Ok(server), Ok(authority)) = given else { return };
        let by_name = server.replace("@127.0.0.1:", "@localhost:");
        assert_ne!(server, by_name);
        for (server, parameters, is_reached) in [
            (&server, format!("sslmode=verify-full&sslrootcert={authority}"), true),
            (&server, "sslmode=verify-full".to_owned(), false),
            (&by_name, format!("sslmode=verify-full&sslrootcert={authority}"), false),
            // Which is why production asks for more.
            (&by_name, format!("sslmode=verify-ca&sslrootcert={authority}"), true),
            (&by_name, "sslmode=require".to_owned(), true),
        ] {
            match Database::connect(crate::base::db::lasting(format!("{server}?{parameters}"))).await {
                Ok(connection) => {
                    assert!(is_reached, "{parameters}");
                    let ask = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
                    let ask = Statement::from_string(connection.get_database_backend(), ask);
                    let row = connection.query_one_raw(ask).await.unwrap().unwrap();
                    assert!(row.try_get_by_index::<bool>(0).unwrap(), "{parameters}");
                }
                Err(error) => assert!(!is_reached, "{parameters}: {error}"),
            }
        }
    }
}
