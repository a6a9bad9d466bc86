//! Putting a backup back, into a database and a directory or bucket in which nothing is.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path as Name;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;

use crate::base::clock::Clock;
use crate::base::db::Db;
use crate::base::keyring::Keyring;
use crate::base::private;
use crate::files::mark;
use crate::files::upload::store::{FileStore, StoreError};
use crate::ops::backup::check::{Findings, bytes, rows};
use crate::ops::backup::manifest::{Kind, Manifest, list_name};
use crate::ops::backup::postgres::Programs;
use crate::ops::backup::{BackupError, FILES, at, beside, postgres, refused};

/// Where it goes.
#[derive(Debug)]
pub struct Target<'a> {
    pub database_url: &'a str,
    pub files: FilesTarget<'a>,
}

/// Where the files go.
#[derive(Debug)]
pub enum FilesTarget<'a> {
    /// A directory that is not there, or empty.
    Directory(&'a Path),
    /// Any other store, in which no file is.
    Store(&'a FileStore),
}

/// So many files are put into a store at once.
const AT_ONCE: usize = 8;

impl FilesTarget<'_> {
    async fn is_free(&self) -> Result<(), BackupError> {
        let is_free =
            |path: &Path| fs::read_dir(path).map_or(!path.exists(), |mut entries| entries.next().is_none());
        match self {
            FilesTarget::Directory(directory) if !is_free(directory) => Err(refused(format!(
                "There are files in {}; a backup is put back into an empty directory only",
                directory.display()
            ))),
            FilesTarget::Directory(directory) if restoring(directory).exists() => Err(refused(format!(
                "{} is left from a broken-off restoring; delete it",
                restoring(directory).display()
            ))),
            FilesTarget::Store(store) if store.alone().listed(None).try_next().await?.is_some() => {
                Err(refused("There are files in [storage]; a backup is put back into an empty one only"))
            }
            FilesTarget::Store(store) if mark::is_marked(store).await? => Err(refused(
                "[storage] bears the mark of a platform (platform-mark); a backup is put back into an empty one only",
            )),
            FilesTarget::Directory(_) | FilesTarget::Store(_) => Ok(()),
        }
    }

    /// Copies the files of the list, and no others; into a directory beside the one they will be in.
    async fn bring(&self, backup: &Path, list: &str) -> Result<(), BackupError> {
        match self {
            FilesTarget::Directory(directory) => copy_listed(backup, list, &restoring(directory)).await,
            FilesTarget::Store(store) => {
                let names = listed_names(backup, list)?;
                let put = |name: String| async move {
                    let path = backup.join(FILES).join(&name);
                    let sealed = tokio::fs::read(&path).await.map_err(at(&path))?;
                    Ok::<_, BackupError>(store.place().put(&Name::from(name), sealed).await?)
                };
                let put = futures::stream::iter(names).map(put).buffer_unordered(AT_ONCE);
                put.try_collect::<()>().await
            }
        }
    }

    fn settle(&self) -> Result<(), BackupError> {
        match self {
            FilesTarget::Directory(directory) => put_files(&restoring(directory), directory),
            FilesTarget::Store(_) => Ok(()),
        }
    }

    /// Takes away what was brought. What went wrong is the news, not that it cannot be cleaned up.
    async fn take_back(&self, backup: &Path, list: &str) {
        match self {
            FilesTarget::Directory(directory) => {
                let _ = fs::remove_dir_all(restoring(directory));
            }
            FilesTarget::Store(store) => {
                for name in listed_names(backup, list).unwrap_or_default() {
                    let _ = store.place().delete(&[Name::from(name)]).await;
                }
            }
        }
    }

    fn open(&self, keys: &Arc<Keyring>) -> Result<FileStore, StoreError> {
        match self {
            FilesTarget::Directory(directory) => FileStore::local(directory, Arc::clone(keys)),
            FilesTarget::Store(store) => Ok(store.alone()),
        }
    }
}

fn restoring(directory: &Path) -> PathBuf {
    beside(directory, ".restoring")
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
    target.files.is_free().await?;
    let list = list_name(manifest.algorithm());
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
            let brought = target.files.bring(directory, &list).await;
            let copy = beside(&file, ".restoring");
            let copied = brought.and_then(|()| copy_file(&directory.join(manifest.kind.file()), &copy));
            let put = copied.and_then(|()| target.files.settle()).and_then(|()| {
                fs::rename(&copy, &file).map_err(at(&file))?;
                sync_parent(&file)
            });
            if put.is_err() {
                let _ = fs::remove_file(&copy);
                target.files.take_back(directory, &list).await;
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
            let brought = target.files.bring(directory, &list).await;
            // All of it or nothing.
            let restored = match brought {
                Ok(()) => programs.restore(target.database_url, &directory.join(manifest.kind.file())).await,
                Err(error) => Err(error),
            };
            if let Err(error) = restored {
                target.files.take_back(directory, &list).await;
                return Err(error);
            }
            target.files.settle()?;
        }
    }
    let db = Db::connect(target.database_url).await?;
    let files = target.files.open(&keys)?;
    let looked = rows(&db, &files, keys, clock, &manifest, &mut findings).await;
    let marked = mark::mark_restored(db.read(), &files).await;
    db.close().await?;
    looked.and(marked)?;
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

/// The names in the list of the backup.
fn listed_names(backup: &Path, list: &str) -> Result<Vec<String>, BackupError> {
    let path = backup.join(list);
    let lines = BufReader::new(fs::File::open(&path).map_err(at(&path))?).lines();
    let names = lines.map(|line| {
        let line = line.map_err(at(&path))?;
        let name = line.split_once("  ").and_then(|(_, name)| name.strip_prefix(FILES)?.strip_prefix('/'));
        name.map(str::to_owned).ok_or_else(|| refused(format!("{list} has a line that names no file")))
    });
    names.collect()
}

async fn copy_listed(backup: &Path, list: &str, to: &Path) -> Result<(), BackupError> {
    let (backup, list, to) = (backup.to_path_buf(), list.to_owned(), to.to_path_buf());
    let copy = move || {
        private::directory(&to).map_err(at(&to))?;
        for name in listed_names(&backup, &list)? {
            copy_file(&backup.join(FILES).join(&name), &to.join(&name))?;
        }
        Ok(())
    };
    let copied = tokio::task::spawn_blocking(copy).await;
    copied.map_err(|_| refused("Copying the files did not end well"))?
}
