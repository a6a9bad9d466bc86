//! Making a backup.
//!
//! First the database as it is at one moment, then the files its rows name. A file is written before its
//! row and deleted after it, so only one thing can be missing: the file of a row that was swept between the
//! two. Then the database is copied once more; what is copied of the files already stays.

use std::io::Write as _;
use std::path::Path;

use futures::{StreamExt as _, TryStreamExt as _};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DatabaseBackend, EntityTrait, Statement};

use crate::base::clock::written;
use crate::base::db::{Db, millis};
use crate::base::digest::Algorithm;
use crate::base::entity::{counter, upload};
use crate::base::error::{Result, chain};
use crate::base::private;
use crate::files::Files;
use crate::files::upload::store::{FileStore, Rendition};
use crate::ops::backup::manifest::{Kind, Manifest, Part, format_of, hash_check, list_name};
use crate::ops::backup::postgres::Programs;
use crate::ops::backup::{
    BackupError, Contents, FILES, LAST_BACKUP, Upload, at, beside, connect, contents, key_ids, postgres,
    refused, uploads,
};

const TRIES: u32 = 4;

/// So many files are copied at once.
const AT_ONCE: usize = 8;

/// What a backup came to.
#[derive(Debug)]
pub struct Made {
    pub manifest: Manifest,
    /// Files that rows name and the store does not have: they were lost before.
    pub lost: Vec<String>,
}

/// What one look at the database gave.
struct Snapshot {
    contents: Contents,
    uploads: Vec<Upload>,
    key_ids: Vec<u16>,
}

struct Copied {
    files: u64,
    bytes: u64,
    missing: Vec<(Upload, Rendition)>,
}

/// Writes a backup into a directory that is not there yet. It appears under its name once it is whole and
/// on the disk.
///
/// # Errors
/// A sentence for the operator; then nothing is left behind.
pub async fn make(
    source: &Files,
    url: &str,
    programs: &Programs,
    target: &Path,
) -> Result<Made, BackupError> {
    let is_taken =
        target.exists() && std::fs::read_dir(target).map_or(true, |mut entries| entries.next().is_some());
    if is_taken {
        return Err(refused(format!(
            "{} is there already; a backup is never written over, give it another name",
            target.display()
        )));
    }
    let parent = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    if !parent.is_dir() {
        return Err(refused(format!(
            "{} is no directory, so that no backup can be put into it",
            parent.display()
        )));
    }
    let partial = beside(target, ".partial");
    if partial.exists() {
        return Err(refused(format!(
            "{} is there: another backup is being made, or one was broken off; in that case delete it",
            partial.display()
        )));
    }
    private::directory(&partial).map_err(at(&partial))?;
    let made = into(source, url, programs, &partial, async |_| {}).await;
    let put = made.and_then(|made| {
        std::fs::rename(&partial, target).map_err(at(target))?;
        private::sync_directory(parent).map_err(at(parent))?;
        Ok(made)
    });
    if put.is_ok()
        && let Err(error) = note(source).await
    {
        tracing::warn!(error = chain(&error), "the database does not know that a backup was made");
    }
    if put.is_err() {
        // What went wrong is the news, not that it cannot be cleaned up.
        let _ = std::fs::remove_dir_all(&partial);
    }
    put
}

/// Says in the database when this was, for whoever watches that there are backups.
async fn note(source: &Files) -> Result<()> {
    let tx = source.context.db.begin().await?;
    let at = millis(source.context.clock.now());
    let row = counter::ActiveModel { name: Set(LAST_BACKUP.to_owned()), value: Set(at) };
    let newer = OnConflict::column(counter::Column::Name).update_column(counter::Column::Value).to_owned();
    counter::Entity::insert(row).on_conflict(newer).exec_without_returning(&tx).await?;
    Ok(tx.commit().await?)
}

/// `meanwhile` is what others do between the copy of the database and that of the files, by the number of
/// the try.
pub(super) async fn into(
    source: &Files,
    url: &str,
    programs: &Programs,
    directory: &Path,
    meanwhile: impl AsyncFn(u32),
) -> Result<Made, BackupError> {
    let kind = Kind::of(url);
    let database = directory.join(kind.file());
    let algorithm = source.context.keys.digests();
    let list = directory.join(list_name(algorithm));
    let mut tries = 1;
    let (snapshot, copied) = loop {
        let snapshot = match kind {
            Kind::Sqlite => copy_sqlite(url, &database).await?,
            Kind::Postgres => copy_postgres(url, programs, &database).await?,
        };
        meanwhile(tries).await;
        let copied = copy_files(&source.store, &snapshot.uploads, directory, algorithm).await?;
        if tries == TRIES || !any_swept(source, &copied.missing).await? {
            break (snapshot, copied);
        }
        tries += 1;
        for path in [&database, &list] {
            std::fs::remove_file(path).map_err(at(path))?;
        }
    };
    let lost = copied.missing.iter().map(|(upload, rendition)| FileStore::file_name(upload.id, *rendition));
    let key_ids = match snapshot.key_ids.is_empty() {
        true => source.context.keys.key_ids(),
        false => snapshot.key_ids,
    };
    let manifest = Manifest {
        format: format_of(algorithm),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: written(source.context.clock.now()),
        kind,
        database: Part::of(&database, algorithm).map_err(at(&database))?,
        list: Part::of(&list, algorithm).map_err(at(&list))?,
        files: copied.files,
        bytes: copied.bytes,
        contents: snapshot.contents,
        key_ids,
        hash_check: hash_check(&source.context.keys),
    };
    manifest.write(directory, &source.context.keys).map_err(at(directory))?;
    Ok(Made { manifest, lost: lost.collect() })
}

/// SQLite writes a copy of what one reader sees, while others go on writing.
async fn copy_sqlite(url: &str, to: &Path) -> Result<Snapshot, BackupError> {
    // There already and empty, so that the copy is its owner's alone.
    let file = private::create(to).map_err(at(to))?;
    let connection = connect(url).await?;
    let name = to.to_str().ok_or_else(|| refused(format!("{} is no name in UTF-8", to.display())))?;
    let copied = connection
        .execute_raw(Statement::from_sql_and_values(DatabaseBackend::Sqlite, "VACUUM INTO ?", [name.into()]))
        .await;
    connection.close().await?;
    copied?;
    file.sync_all().map_err(at(to))?;
    let copy = Db::open_copy(to).await?;
    let on = copy.read();
    let snapshot =
        Snapshot { contents: contents(on).await?, uploads: uploads(on).await?, key_ids: key_ids(on).await? };
    copy.close().await?;
    Ok(snapshot)
}

/// What is read here and what `pg_dump` writes is one and the same view of the database.
async fn copy_postgres(url: &str, programs: &Programs, to: &Path) -> Result<Snapshot, BackupError> {
    let connection = connect(url).await?;
    let (tx, view) = postgres::shared_view(&connection).await?;
    let snapshot = Snapshot {
        contents: contents(&tx).await?,
        uploads: uploads(&tx).await?,
        key_ids: key_ids(&tx).await?,
    };
    let file = private::create(to).map_err(at(to))?;
    programs.dump(url, &view, to).await?;
    file.sync_all().map_err(at(to))?;
    tx.rollback().await?;
    connection.close().await?;
    Ok(snapshot)
}

async fn copy_files(
    store: &FileStore,
    uploads: &[Upload],
    directory: &Path,
    algorithm: Algorithm,
) -> Result<Copied, BackupError> {
    let to = directory.join(FILES);
    private::directory(&to).map_err(at(&to))?;
    let path = directory.join(list_name(algorithm));
    let mut list = std::io::BufWriter::new(private::create(&path).map_err(at(&path))?);
    let mut copied = Copied { files: 0, bytes: 0, missing: Vec::new() };
    let wanted =
        uploads.iter().flat_map(|upload| upload.renditions().map(move |rendition| (*upload, rendition)));
    let parts = futures::stream::iter(wanted)
        .map(|(upload, rendition)| {
            let to = &to;
            async move {
                let part = copy_file(store, upload, rendition, to, algorithm).await?;
                Ok::<_, BackupError>((upload, rendition, part))
            }
        })
        .buffered(AT_ONCE);
    let mut parts = std::pin::pin!(parts);
    while let Some((upload, rendition, part)) = parts.try_next().await? {
        let Some(part) = part else {
            copied.missing.push((upload, rendition));
            continue;
        };
        copied.files += 1;
        copied.bytes += part.size;
        let name = FileStore::file_name(upload.id, rendition);
        writeln!(list, "{}  {FILES}/{name}", part.digest.hex).map_err(at(&path))?;
    }
    let list = list.into_inner().map_err(|error| at(&path)(error.into_error()))?;
    list.sync_all().map_err(at(&path))?;
    for shard in std::fs::read_dir(&to).map_err(at(&to))? {
        let shard = shard.map_err(at(&to))?.path();
        private::sync_directory(&shard).map_err(at(&shard))?;
    }
    private::sync_directory(&to).map_err(at(&to))?;
    Ok(copied)
}

async fn copy_file(
    store: &FileStore,
    upload: Upload,
    rendition: Rendition,
    directory: &Path,
    algorithm: Algorithm,
) -> Result<Option<Part>, BackupError> {
    let to = directory.join(FileStore::file_name(upload.id, rendition));
    if to.exists() {
        // Of an earlier try; files never change.
        return Part::of(&to, algorithm).map(Some).map_err(at(&to));
    }
    let Some(sealed) = store.sealed(upload.id, rendition).await? else { return Ok(None) };
    let write = move || -> Result<Part, BackupError> {
        if let Some(shard) = to.parent() {
            private::directory(shard).map_err(at(shard))?;
        }
        let mut file = private::create(&to).map_err(at(&to))?;
        file.write_all(&sealed).and_then(|()| file.sync_all()).map_err(at(&to))?;
        Ok(Part::of_bytes(&sealed, algorithm))
    };
    let part = tokio::task::spawn_blocking(write).await;
    part.map_err(|_| refused("Copying a file did not end well"))?.map(Some)
}

/// Whether the row of any of these is gone by now.
async fn any_swept(source: &Files, missing: &[(Upload, Rendition)]) -> Result<bool, BackupError> {
    for (upload, _) in missing {
        let row = upload::Entity::find_by_id(upload.id.to_string()).one(source.context.db.read()).await?;
        if row.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}
