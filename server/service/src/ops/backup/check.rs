//! Whether a backup is whole: every byte is what it was, the database opens, each of its rows has its file,
//! everything sealed opens with these keys, and the audit log ends where the manifest says.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::Arc;

use sea_orm::{
    ColumnTrait, ConnectionTrait as _, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};

use crate::account::Accounts;
use crate::base::clock::Clock;
use crate::base::context::{Context, Settings};
use crate::base::db::Db;
use crate::base::digest::{Algorithm, Digest};
use crate::base::entity::upload;
use crate::base::error::{Error, Result};
use crate::base::keyring::Keyring;
use crate::files::upload::store::{FileStore, Rendition, StoreError};
use crate::ops::audit_chain::AuditChain;
use crate::ops::backup::manifest::{Kind, Manifest, Part, list_name};
use crate::ops::backup::postgres::{Programs, Scratch};
use crate::ops::backup::{BackupError, FILES, PAGE, Upload, contents, refused};
use crate::ops::keys::check::{KeyCheckError, KeyChecks};

/// So many findings are told; of the others, how many there were.
const TOLD: usize = 20;

/// What is wrong, a sentence each.
#[derive(Debug, Default)]
pub struct Findings {
    told: Vec<String>,
    more: u64,
}

impl Findings {
    pub(super) fn add(&mut self, sentence: impl Into<String>) {
        if self.told.len() < TOLD {
            self.told.push(sentence.into());
        } else {
            self.more += 1;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    pub fn sentences(&self) -> Vec<String> {
        let more = (self.more > 0).then(|| format!("And {} more.", self.more));
        self.told.iter().cloned().chain(more).collect()
    }
}

/// A backup that was looked at.
#[derive(Debug)]
pub struct Checked {
    /// None where it cannot be believed.
    pub manifest: Option<Manifest>,
    pub findings: Findings,
}

/// Looks a backup through. One of PostgreSQL is unpacked on the server that `scratch` names, into a database
/// that is dropped again.
///
/// # Errors
/// When it cannot be looked at; what is wrong with it is no error but a finding.
pub async fn check(
    directory: &Path,
    keys: Arc<Keyring>,
    clock: Arc<dyn Clock>,
    programs: &Programs,
    scratch: Option<&str>,
) -> Result<Checked, BackupError> {
    let (manifest, mut findings) = bytes(directory, &keys).await?;
    let Some(manifest) = manifest else { return Ok(Checked { manifest, findings }) };
    let database = directory.join(manifest.kind.file());
    let files = directory.join(FILES);
    if !database.is_file() || !files.is_dir() {
        return Ok(Checked { manifest: Some(manifest), findings });
    }
    match manifest.kind {
        Kind::Sqlite => {
            let files = FileStore::local(&files, Arc::clone(&keys))?;
            let copy = Db::open_copy(&database).await;
            let outcome = match copy {
                Ok(copy) => {
                    let outcome =
                        rows(&copy, &files, Arc::clone(&keys), clock, &manifest, &mut findings).await;
                    copy.close().await?;
                    outcome
                }
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                findings.add(format!("The copy of the database cannot be read: {error}."));
            }
        }
        Kind::Postgres => {
            let server = scratch.ok_or_else(|| {
                refused(
                    "The backup is one of PostgreSQL: name a server in scratch_database_url on which it may be \
                     unpacked for the check, into a database of its own",
                )
            })?;
            let scratch = Scratch::make(server, clock.now()).await?;
            let unpacked = unpack(&scratch, programs, directory, keys, clock, &manifest, &mut findings).await;
            scratch.remove().await?;
            unpacked?;
        }
    }
    Ok(Checked { manifest: Some(manifest), findings })
}

async fn unpack(
    scratch: &Scratch,
    programs: &Programs,
    directory: &Path,
    keys: Arc<Keyring>,
    clock: Arc<dyn Clock>,
    manifest: &Manifest,
    findings: &mut Findings,
) -> Result<(), BackupError> {
    let dump = directory.join(manifest.kind.file());
    if !findings.is_empty() && Part::of(&dump, manifest.algorithm()).ok().as_ref() != Some(&manifest.database)
    {
        // It is known to be damaged, and what a damaged dump does is anybody's guess.
        return Ok(());
    }
    programs.restore(&scratch.url, &dump).await?;
    let db = Db::connect(&scratch.url).await?;
    let files = FileStore::local(&directory.join(FILES), Arc::clone(&keys))?;
    let outcome = rows(&db, &files, keys, clock, manifest, findings).await;
    db.close().await?;
    if let Err(error) = outcome {
        findings.add(format!("The copy of the database cannot be read: {error}."));
    }
    Ok(())
}

/// Holds every byte against the manifest. Without a manifest that can be believed there is nothing to hold
/// them against.
pub(super) async fn bytes(
    directory: &Path,
    keys: &Arc<Keyring>,
) -> Result<(Option<Manifest>, Findings), BackupError> {
    let (directory, keys) = (directory.to_path_buf(), Arc::clone(keys));
    let look = move || {
        let mut findings = Findings::default();
        let manifest = match Manifest::read(&directory, &keys) {
            Ok(manifest) => manifest,
            Err(unbelievable) => {
                findings.add(format!("{unbelievable}."));
                return (None, findings);
            }
        };
        is_as_written(&directory, manifest.kind.file(), &manifest.database, &mut findings);
        let algorithm = manifest.algorithm();
        if is_as_written(&directory, &list_name(algorithm), &manifest.list, &mut findings) {
            listed(&directory, algorithm, &mut findings);
        }
        (Some(manifest), findings)
    };
    tokio::task::spawn_blocking(look).await.map_err(|_| refused("Reading the backup did not end well"))
}

fn is_as_written(directory: &Path, name: &str, expected: &Part, findings: &mut Findings) -> bool {
    match Part::of(&directory.join(name), expected.digest.algorithm) {
        Ok(part) if part == *expected => return true,
        Ok(part) if part.size != expected.size => {
            findings.add(format!("{name} is damaged: it has {} bytes of {}.", part.size, expected.size));
        }
        Ok(_) => findings.add(format!("{name} is damaged: it was changed after the backup.")),
        Err(error) => findings.add(format!("{name} is missing or cannot be read ({}).", error.kind())),
    }
    false
}

fn listed(directory: &Path, algorithm: Algorithm, findings: &mut Findings) {
    let called = list_name(algorithm);
    let list = match File::open(directory.join(&called)) {
        Ok(list) => list,
        Err(error) => return findings.add(format!("{called} cannot be read ({}).", error.kind())),
    };
    for line in BufReader::new(list).lines() {
        let line = match line {
            Ok(line) => line,
            Err(error) => return findings.add(format!("{called} cannot be read ({}).", error.kind())),
        };
        let Some((hash, name)) = line.split_once("  ") else {
            findings.add(format!("{called} has a line that names no file."));
            continue;
        };
        match Part::of(&directory.join(name), algorithm) {
            Ok(part) if part.digest.hex == hash => {}
            Ok(_) => findings.add(format!("{name} is damaged: it was changed after the backup.")),
            Err(error) => findings.add(format!("{name} is missing or cannot be read ({}).", error.kind())),
        }
    }
}

/// Holds the rows of an opened copy against the manifest, the keys and the store of files.
pub(super) async fn rows(
    db: &Db,
    files: &FileStore,
    keys: Arc<Keyring>,
    clock: Arc<dyn Clock>,
    manifest: &Manifest,
    findings: &mut Findings,
) -> Result<()> {
    let context = Context::new(db.clone(), keys, clock, Settings::default());
    if manifest.kind == Kind::Sqlite {
        let ask = Statement::from_string(db.read().get_database_backend(), "PRAGMA integrity_check(1)");
        let said = db.read().query_one_raw(ask).await?;
        let said = said.map_or(Ok(String::new()), |row| row.try_get_by_index(0))?;
        if said != "ok" {
            findings.add(format!("SQLite finds the copy of the database damaged: {said}."));
            return Ok(());
        }
    }
    match KeyChecks::new(&context, &Accounts::new(&context)).check_keys().await {
        Ok(()) => {}
        Err(KeyCheckError::Wrong(wrong)) => {
            findings.add(format!("{wrong}."));
            return Ok(());
        }
        Err(KeyCheckError::Failed(error)) => return Err(error),
    }
    if contents(db.read()).await? != manifest.contents {
        findings
            .add("The copy of the database does not hold what the manifest counts, or another audit log.");
    }
    let verdict = AuditChain::new(&context).verify_audit().await?;
    if let Some(line) = verdict.first_bad {
        findings.add(format!("The audit log is broken at line {line}, as it was when the backup was made."));
    }
    files_of_rows(db, files, findings).await
}

async fn files_of_rows(db: &Db, files: &FileStore, findings: &mut Findings) -> Result<()> {
    let mut after = String::new();
    loop {
        let page = upload::Entity::find()
            .filter(upload::Column::Id.gt(&after))
            .order_by_asc(upload::Column::Id)
            .limit(PAGE)
            .all(db.read())
            .await?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.id);
        for row in page {
            let id = row.id.parse().map_err(|_| Error::Corrupt(format!("{} is no id of a file", row.id)))?;
            let is_picture = row.kind == crate::files::file::PICTURE;
            for rendition in (Upload { id, is_picture }).renditions() {
                let name = FileStore::file_name(id, rendition);
                match files.get(id, rendition).await {
                    Ok(Some(bytes))
                        if rendition == Rendition::Full && !Digest::read(&row.digest).fits(&bytes) =>
                    {
                        findings.add(format!("{FILES}/{name} is not the file that its row tells of."));
                    }
                    Ok(Some(_)) => {}
                    Ok(None) => findings.add(format!("{FILES}/{name} is missing, and a row names it.")),
                    Err(StoreError::Keyring(error)) => {
                        findings.add(format!("{FILES}/{name} does not open: {error}."));
                    }
                    Err(error) => findings.add(format!("{FILES}/{name} cannot be read: {error}.")),
                }
            }
        }
    }
}
