//! What the platform stands on: its directory, the database, files, keys.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Instant;

use secrecy::ExposeSecret as _;
use service::backup::Kind;
use service::db::{Db, MOST_CONNECTIONS};
use service::disk::room_at;
use service::error::chain;
use service::file_copy::{Told, verify_newest};
use service::{MarkError, Service, private};

use super::{Finding, PATIENCE, look, well, wrong};
use crate::commands::backup::programs;
use crate::config::{Config, Mode, Storage};

/// Less room than this, and somebody should make some.
const LITTLE_ROOM: u64 = 2_000_000_000;
/// With less than this the next day may be the last.
const NO_ROOM: u64 = 200_000_000;
/// Files of so many of the newest rows are read.
const NEWEST: u64 = 20;
/// Clocks may differ by so many seconds; sign-ins and codes live for minutes.
const MOST_APART: f64 = 5.0;
/// What a server takes, with the connection on which it listens.
const CONNECTIONS: u32 = MOST_CONNECTIONS + 1;

pub fn mode(config: &Config) -> Finding {
    match config.mode {
        Mode::Production => {
            well("configuration", format!("complete, production, {}", config.public_origin()))
        }
        Mode::Development => look(
            "configuration",
            "development: anybody signs in as anybody. Set mode = \"production\" for real filings.",
        ),
    }
}

/// The directory, whose owner is the account of the service.
pub fn data_directory(config: &Config) -> Vec<Finding> {
    const ABOUT: &str = "data directory";
    let path = &config.data_dir;
    let tried = private::directory(path).and_then(|_| owner_and_me(path));
    let (owner, me) = match tried {
        Ok(both) => both,
        Err(error) => {
            return vec![wrong(ABOUT, format!("{} cannot be written to: {error}.", path.display()))];
        }
    };
    if owner != me {
        return vec![wrong(
            ABOUT,
            format!(
                "{} belongs to account {owner}, and this is account {me}: what is made here now the servers could not \
                 write to. Call it as the account of the service, such as runuser -u beian -- beian … doctor. Nothing \
                 else was asked.",
                path.display()
            ),
        )];
    }
    let room = match room_at(path) {
        Ok(room) => room,
        Err(error) => return vec![look(ABOUT, format!("its room is not known: {error}."))],
    };
    let said = format!(
        "{}, {} of {} GB are free",
        path.display(),
        room.free / 1_000_000_000,
        room.whole / 1_000_000_000
    );
    vec![match room.free {
        free if free < NO_ROOM => wrong(ABOUT, format!("{said}: make room.")),
        free if free < LITTLE_ROOM => look(ABOUT, format!("{said}: make room soon.")),
        _ => well(ABOUT, said),
    }]
}

/// Whose the directory is, and who makes files in it now.
fn owner_and_me(path: &Path) -> std::io::Result<(u32, u32)> {
    let probe = path.join(".doctor");
    let _ = std::fs::remove_file(&probe);
    let me = private::create(&probe)?.metadata()?.uid();
    std::fs::remove_file(&probe)?;
    Ok((std::fs::metadata(path)?.uid(), me))
}

/// That it can be written to, and is set up so that nothing is lost.
pub async fn database(config: &Config, db: &Db) -> Vec<Finding> {
    const ABOUT: &str = "database";
    let facts = match db.facts().await {
        Ok(facts) => facts,
        Err(error) => return vec![wrong(ABOUT, format!("it does not answer: {}.", chain(&error)))],
    };
    let begun = Instant::now();
    let mut findings = vec![match tokio::time::timeout(PATIENCE, db.give_sign_of_life()).await {
        Ok(Ok(())) => well(
            ABOUT,
            format!(
                "{}, of the shape of this program, a row was written in {} ms",
                facts.version,
                begun.elapsed().as_millis()
            ),
        ),
        Ok(Err(error)) => {
            wrong(ABOUT, format!("{}: no row can be written: {}.", facts.version, chain(&error)))
        }
        Err(_) => wrong(ABOUT, format!("{}: a row was not written in time.", facts.version)),
    }];
    for setting in &facts.unsafe_settings {
        findings.push(wrong(
            ABOUT,
            format!(
                "it is set up with {setting}: after a power cut or a crash, acknowledged work may be gone."
            ),
        ));
    }
    let apart = (facts.now - config.clock().now()).as_seconds_f64().abs();
    if apart > MOST_APART {
        findings.push(look(
            ABOUT,
            format!("its clock and the one here are {apart:.0} s apart: let both follow a time server."),
        ));
    }
    if let Some(most) = facts.most_connections.filter(|most| *most < CONNECTIONS * 2) {
        findings.push(look(
            ABOUT,
            format!(
                "it takes {most} connections; each server may want {CONNECTIONS}: raise max_connections."
            ),
        ));
    }
    if Kind::of(config.database_url.expose_secret()) == Kind::Postgres {
        findings.extend(postgres_programs(config, facts.major).await);
    }
    findings
}

/// Without `pg_dump` of the server's version there is no backup.
async fn postgres_programs(config: &Config, server: u32) -> Vec<Finding> {
    const ABOUT: &str = "programs";
    let mut findings = Vec::new();
    for program in ["pg_dump", "pg_restore"] {
        findings.push(match programs(config).version(program).await {
            Ok(version) if version >= server => well(ABOUT, format!("{program} {version}")),
            Ok(version) => look(
                ABOUT,
                format!("{program} is of version {version}, the server of {server}: `backup` will not work."),
            ),
            Err(error) => look(ABOUT, format!("{error}: `backup` will not work.")),
        });
    }
    findings
}

/// That they can be kept, and that the newest are there and open.
pub async fn files(config: &Config, service: &Service) -> Vec<Finding> {
    const ABOUT: &str = "files";
    let place = &config.storage;
    if let Err((tried, error)) = service.file_store().try_out().await {
        return vec![wrong(ABOUT, format!("no file can be {tried} in the {place}: {}.", chain(&error)))];
    }
    let mut findings = Vec::new();
    if let Err(MarkError::Wrong(sentence)) = service.files.check_mark().await {
        findings.push(wrong(ABOUT, format!("{sentence}.")));
    }
    let mut sentences = Vec::new();
    let looked = verify_newest(&service.files, NEWEST, |told| {
        if let Told::Wrong(sentence) = told {
            sentences.push(sentence.to_owned());
        }
    });
    match looked.await {
        Ok(looked) if looked.wrong == 0 => {
            findings.push(well(ABOUT, format!("{place}; the newest {} are there and open", looked.there)));
        }
        Ok(_) => {}
        Err(error) => findings.push(wrong(ABOUT, format!("{place}: {}.", chain(&error)))),
    }
    findings.extend(sentences.into_iter().map(|sentence| wrong(ABOUT, sentence)));
    if let Some(former) = &config.former_storage {
        findings.push(look(ABOUT, format!("they are being moved from the {former}: files copy --verify.")));
    }
    if let Storage::Local { directory } = place
        && let Ok(room) = room_at(directory)
        && room.free < LITTLE_ROOM
    {
        findings.push(look(ABOUT, format!("{place}: {} MB are free.", room.free / 1_000_000)));
    }
    findings
}

/// That they are those of this database.
pub async fn keys(config: &Config, service: &Service) -> Finding {
    const ABOUT: &str = "keys";
    if let Err(error) = service.key_checks.check_keys().await {
        return wrong(ABOUT, format!("{error}."));
    }
    let ids: Vec<String> = config.keyring.key_ids().iter().map(ToString::to_string).collect();
    match ids.as_slice() {
        [only] => well(ABOUT, format!("key {only} seals, and no other is needed")),
        several => look(
            ABOUT,
            format!(
                "keys {}: an exchange is under way; keys reseal, and keys check says when the old line can go.",
                several.join(", ")
            ),
        ),
    }
}
