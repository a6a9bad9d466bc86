//! Putting a backup back, into a database and a directory in which nothing is.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;

use sea_orm::sqlx::sqlite::SqliteConnectOptions;

use crate::base::clock::Clock;
use crate::base::db::Db;
use crate::base::keyring::Keyring;
use crate::base::private;
use crate::ops::backup::check::{Findings, bytes, rows};
use crate::ops::backup::manifest::{Kind, Manifest};
use crate::ops::backup::postgres::Programs;
use crate::ops::backup::{BackupError, FILES, LIST, at, beside, postgres, refused};

/// Where it goes.
#[derive(Debug)]
pub struct Target<'a> {
    pub database_url: &'a str,
    pub files: &'a Path,
}

/// What came of it.
#[derive(Debug)]
pub struct Restored {
    pub manifest: Option<Manifest>,
    /// Empty where all is well. Where something was found wrong with the backup's bytes nothing was
    /// written; what is found after that is wrong with what was backed up.
    pub findings: Findings,
    pub is_written: bool,
}

/// Checks a backup and puts it back. Nothing that is there is written over.
///
/// # Errors
/// A sentence for the operator.
pub async fn restore(
    directory: &Path,
    keys: Arc<Keyring>,
    clock: Arc<dyn Clock>,
    programs: &Programs,
    target: &Target<'_>,
) -> Result<Restored, BackupError> {
    let (manifest, mut findings) = bytes(directory, &keys).await?;
    let Some(manifest) = manifest.filter(|_| findings.is_empty()) else {
        return Ok(Restored { manifest: None, findings, is_written: false });
    };
    if manifest.kind != Kind::of(target.database_url) {
        return Err(refused(match manifest.kind {
            Kind::Sqlite => "The backup is one of SQLite, and database_url names a PostgreSQL",
            Kind::Postgres => "The backup is one of PostgreSQL, and database_url names a SQLite",
        }));
    }
    let is_free =
        |path: &Path| fs::read_dir(path).map_or(!path.exists(), |mut entries| entries.next().is_none());
    if !is_free(target.files) {
        return Err(refused(format!(
            "There are files in {}; a backup is put back into an empty directory only",
            target.files.display()
        )));
    }
    let files = beside(target.files, ".restoring");
    if files.exists() {
        return Err(refused(format!("{} is left from a broken-off restoring; delete it", files.display())));
    }
    match manifest.kind {
        Kind::Sqlite => {
            let file = sqlite_file(target.database_url)?;
            if let Some(there) =
                ["", "-wal", "-shm"].iter().map(|part| beside(&file, part)).find(|path| path.exists())
            {
                return Err(refused(format!(
                    "{} is there already; a backup is put back where no database is",
                    there.display()
                )));
            }
            copy_listed(directory, &files).await?;
            let copy = beside(&file, ".restoring");
            let copied = copy_file(&directory.join(manifest.kind.file()), &copy);
            let put = copied.and_then(|()| put_files(&files, target.files)).and_then(|()| {
                fs::rename(&copy, &file).map_err(at(&file))?;
                sync_parent(&file)
            });
            if put.is_err() {
                let _ = fs::remove_file(&copy);
                let _ = fs::remove_dir_all(&files);
            }
            put?;
        }
        Kind::Postgres => {
            if !postgres::is_empty(target.database_url).await? {
                return Err(refused(
                    "There is something in the database that database_url names; a backup is put back into an \
                     empty one only (CREATE DATABASE)",
                ));
            }
            copy_listed(directory, &files).await?;
            // All of it or nothing.
            if let Err(error) =
                programs.restore(target.database_url, &directory.join(manifest.kind.file())).await
            {
                let _ = fs::remove_dir_all(&files);
                return Err(error);
            }
            put_files(&files, target.files)?;
        }
    }
    let db = Db::connect(target.database_url).await?;
    let place = rows(&db, target.files, keys, clock, &manifest, &mut findings).await;
    db.close().await?;
    place?;
    Ok(Restored { manifest: Some(manifest), findings, is_written: true })
}

fn sqlite_file(url: &str) -> Result<PathBuf, BackupError> {
    let options =
        SqliteConnectOptions::from_str(url).map_err(|_| refused("The database has no valid address"))?;
    Ok(options.get_filename().to_path_buf())
}

fn put_files(from: &Path, to: &Path) -> Result<(), BackupError> {
    // Over an empty directory, if there is one.
    fs::rename(from, to).map_err(at(to))?;
    sync_parent(to)
}

fn sync_parent(path: &Path) -> Result<(), BackupError> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => private::sync_directory(parent).map_err(at(parent)),
        Some(_) | None => private::sync_directory(Path::new(".")).map_err(at(path)),
    }
}

fn copy_file(from: &Path, to: &Path) -> Result<(), BackupError> {
    if let Some(parent) = to.parent() {
        private::directory(parent).map_err(at(parent))?;
    }
    let mut source = fs::File::open(from).map_err(at(from))?;
    let mut copy = private::create(to).map_err(at(to))?;
    std::io::copy(&mut source, &mut copy).map_err(at(to))?;
    copy.sync_all().map_err(at(to))
}

/// Copies the files of the list, and no others.
async fn copy_listed(directory: &Path, to: &Path) -> Result<(), BackupError> {
    let (directory, to) = (directory.to_path_buf(), to.to_path_buf());
    let copy = move || {
        private::directory(&to).map_err(at(&to))?;
        let path = directory.join(LIST);
        for line in BufReader::new(fs::File::open(&path).map_err(at(&path))?).lines() {
            let line = line.map_err(at(&path))?;
            let name =
                line.split_once("  ").and_then(|(_, name)| name.strip_prefix(FILES)?.strip_prefix('/'));
            let name = name.ok_or_else(|| refused(format!("{LIST} has a line that names no file")))?;
            copy_file(&directory.join(FILES).join(name), &to.join(name))?;
        }
        Ok(())
    };
    let copied = tokio::task::spawn_blocking(copy).await;
    copied.map_err(|_| refused("Copying the files did not end well"))?
}
