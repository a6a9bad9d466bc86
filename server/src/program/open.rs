//! What everything stands on: database, keys, files, and the use cases over them.

use std::sync::Arc;

use migration::Shape;
use secrecy::ExposeSecret as _;
use service::db::Db;
use service::network::Internet;
use service::upload::s3::S3Server;
use service::upload::store::FileStore;
use service::{Service, Settings, private};

use super::development;
use crate::config::{Config, StartupError, Storage};

/// Brings the shape of the database up to date; gives the names of the steps that were taken.
///
/// # Errors
/// A sentence for the operator.
pub async fn migrate(config: &Config) -> Result<Vec<String>, StartupError> {
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|error| StartupError(vec![format!("The data directory cannot be made: {error}.")]))?;
    Db::migrate(config.database_url.expose_secret())
        .await
        .map_err(|error| StartupError(vec![format!("The database cannot be brought up to date: {error}.")]))
}

/// Why a database of this shape is left alone.
fn unfit(shape: &Shape) -> Option<String> {
    match shape {
        Shape::Known => None,
        Shape::Older(missing) => Some(format!(
            "The database is new, or of an older version of this program ({} steps are missing, the first is {}). Back \
             it up and run the command `migrate`, or set migrate_on_start.",
            missing.len(),
            missing.first().map_or("", String::as_str)
        )),
        Shape::Newer(unknown) => Some(format!(
            "The database is of a newer version of this program, which took {}. Start that version, or restore a \
             backup from before.",
            unknown.join(", ")
        )),
    }
}

/// Opens what the use cases stand on, and first brings the database up to date where that is wanted at a
/// start.
///
/// # Errors
/// A sentence for the operator.
pub async fn open(config: &Config) -> Result<(Service, Db), StartupError> {
    if config.migrate_on_start {
        migrate(config).await?;
    }
    open_as_it_is(config).await
}

/// Opens what the use cases stand on: database, keys, files. The database comes along for the question
/// whether it still answers. Its shape is not touched, and an unknown one refused.
///
/// # Errors
/// A sentence for the operator.
pub async fn open_as_it_is(config: &Config) -> Result<(Service, Db), StartupError> {
    let db = open_database(config).await?;
    let service = use_cases(config, &db)?;
    service.key_checks.check_keys().await.map_err(StartupError::of)?;
    Ok((service, db))
}

/// The database as it is, of the shape that this program knows.
///
/// # Errors
/// A sentence for the operator.
pub async fn open_database(config: &Config) -> Result<Db, StartupError> {
    let sentence =
        |what: &str, error: &dyn std::fmt::Display| StartupError(vec![format!("{what}: {error}.")]);
    private::directory(&config.data_dir)
        .map_err(|error| sentence("The data directory cannot be used", &error))?;
    let db = Db::connect(config.database_url.expose_secret()).await.map_err(|error| {
        sentence("The database cannot be opened (the command `migrate` makes a new one)", &error)
    })?;
    let db = match &config.replica_database_url {
        Some(url) => db
            .with_replica(url.expose_secret())
            .await
            .map_err(|error| sentence("The replica of the database cannot be named", &error))?,
        None => db,
    };
    let shape = db.shape().await.map_err(|error| sentence("The database cannot be read", &error))?;
    match unfit(&shape) {
        Some(sentence) => Err(StartupError(vec![sentence])),
        None => Ok(db),
    }
}

/// The use cases over a database, whose keys nobody has looked at yet.
///
/// # Errors
/// A sentence for the operator, when there is no place for files.
pub fn use_cases(config: &Config, db: &Db) -> Result<Service, StartupError> {
    let files = file_store(config)?;
    let service = Service::new(db.clone(), config.keyring.clone(), config.clock(), files, settings(config));
    let service = service.with_gateway(config.gateway.clone()).with_mailer(config.mailer.clone());
    let service = match config.network_checks {
        true => service.with_outbound(Arc::new(Internet::guarded())),
        false => service,
    };
    let service = match config.patrol {
        // Whoever finds us in the logs of a website learns who asks, and why.
        Some(_) => {
            let agent = format!("filing-patrol/1.0 (+{})", config.public_origin());
            service.with_patrol(Arc::new(Internet::guarded().introduced_as(agent)))
        }
        None => service,
    };
    Ok(service)
}

/// The files; a bucket is not asked yet, so that a server starts also while its store is away.
///
/// # Errors
/// A sentence for the operator.
pub fn file_store(config: &Config) -> Result<FileStore, StartupError> {
    let files = files_in(&config.storage, config)?;
    match &config.former_storage {
        Some(former) => Ok(files.moving_from(files_in(former, config)?)),
        None => Ok(files),
    }
}

fn files_in(storage: &Storage, config: &Config) -> Result<FileStore, StartupError> {
    let keys = config.keyring.clone();
    let opened = match storage {
        Storage::Local { directory } => FileStore::local(directory, keys),
        Storage::S3(s3) => {
            crate::tls::install_crypto();
            let server = S3Server {
                endpoint: &s3.endpoint,
                bucket: &s3.bucket,
                region: &s3.region,
                prefix: s3.prefix.as_deref(),
                access_key: &s3.access_key,
                secret_key: s3.secret_key.expose_secret(),
                is_virtual_hosted: s3.is_virtual_hosted,
                connect_timeout: s3.connect_timeout,
                request_timeout: s3.request_timeout,
                patience: s3.patience,
            };
            FileStore::s3(&server, keys)
        }
    };
    opened.map_err(|error| StartupError(vec![format!("The {storage} cannot be used for files: {error}.")]))
}

/// What the use cases have to know.
pub(super) fn settings(config: &Config) -> Settings {
    let mut settings = config.settings();
    // Without an identity platform the sample administrator is the first one (R60).
    if settings.first_administrator.is_none() && config.oidc.is_none() && !config.is_production() {
        settings.first_administrator = development::first_administrator();
    }
    settings
}

#[cfg(all(test, feature = "dev"))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn without_an_identity_platform_the_sample_administrator_is_the_first_one() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().display().to_string();
        let config = Config::load(None, &|name| (name == "DATA_DIR").then(|| data.clone())).unwrap();
        assert_eq!(settings(&config).first_administrator.as_deref(), Some("110101190001060062"));
        assert_eq!(config.settings().first_administrator, None);
    }
}
