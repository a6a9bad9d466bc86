//! Backups that are made while the server runs: a copy of the database as it was at one moment, every file
//! that its rows name, and a manifest that tells whether all of it is whole. The files are sealed as they
//! lie in the store, personal columns as they lie in the database; the keys are never in a backup.
//!
//! A backup is a directory: `manifest.json`, the database, `files/`, and their list with hashes, which
//! `sha256sum -c files.sha256` reads as well; with the national algorithms `cksum -a sm3 -c files.sm3`.

mod check;
mod make;
mod manifest;
mod postgres;
mod restore;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use check::{Checked, Findings, check};
pub use make::{Made, make};
pub use manifest::{Contents, Head, Kind, Manifest};
pub use postgres::Programs;
pub use restore::{FilesTarget, Restored, Target, restore};
use sea_orm::{
    ColumnTrait, ConnectionTrait, Database, DatabaseConnection, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};
use uuid::Uuid;

use crate::base::db::lasting;
use crate::base::entity::{audit, filing, key_check, person, record, upload};
use crate::base::error::{Error, Result};
use crate::files::upload::store::{Rendition, StoreError};

pub(crate) const FILES: &str = "files";

pub(crate) const PAGE: u64 = 500;

/// The row of `counter` that says when a backup was last made of this database.
pub(crate) const LAST_BACKUP: &str = "backup/last";

/// Why nothing came of it: one sentence for the operator, without its full stop.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{0}")]
    Refused(String),
    #[error("{path}: {source}")]
    File { path: String, source: std::io::Error },
    #[error("{0}")]
    Failed(#[from] Error),
}

impl From<sea_orm::DbErr> for BackupError {
    fn from(error: sea_orm::DbErr) -> Self {
        BackupError::Failed(error.into())
    }
}

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        BackupError::Failed(error.into())
    }
}

pub(crate) fn refused(sentence: impl Into<String>) -> BackupError {
    BackupError::Refused(sentence.into())
}

/// Puts the name of a file to what went wrong with it.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> BackupError {
    move |source| BackupError::File { path: path.display().to_string(), source }
}

/// A row that says that there are files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Upload {
    pub(crate) id: Uuid,
    pub(crate) is_picture: bool,
}

impl Upload {
    fn renditions(self) -> impl Iterator<Item = Rendition> {
        let thumbnail = self.is_picture.then_some(Rendition::Thumbnail);
        std::iter::once(Rendition::Full).chain(thumbnail)
    }
}

/// One connection that may take its time.
pub(crate) async fn connect(url: &str) -> Result<DatabaseConnection> {
    let mut options = lasting(url);
    options.max_connections(1);
    Ok(Database::connect(options).await?)
}

pub(crate) async fn contents(on: &impl ConnectionTrait) -> Result<Contents> {
    let steps = "SELECT version FROM seaql_migrations ORDER BY version";
    let steps = on.query_all_raw(Statement::from_string(on.get_database_backend(), steps)).await?;
    let last = steps.last().map(|row| row.try_get_by_index::<String>(0)).transpose()?;
    let head = audit::Entity::find().order_by_desc(audit::Column::Seq).one(on).await?;
    Ok(Contents {
        schema: last.unwrap_or_default(),
        schema_steps: steps.len() as u64,
        audit_head: head.map(|line| Head { number: line.seq, hash: line.hash }),
        people: person::Entity::find().count(on).await?,
        records: record::Entity::find().count(on).await?,
        filings: filing::Entity::find().count(on).await?,
        uploads: upload::Entity::find().count(on).await?,
    })
}

pub(crate) async fn key_ids(on: &impl ConnectionTrait) -> Result<Vec<u16>> {
    let rows = key_check::Entity::find().order_by_asc(key_check::Column::KeyId).all(on).await?;
    Ok(rows.into_iter().filter_map(|row| u16::try_from(row.key_id).ok()).collect())
}

/// All rows that name files, by id.
pub(crate) async fn uploads(on: &impl ConnectionTrait) -> Result<Vec<Upload>> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let page: Vec<(String, String)> = upload::Entity::find()
            .select_only()
            .columns([upload::Column::Id, upload::Column::Kind])
            .filter(upload::Column::Id.gt(&after))
            .order_by_asc(upload::Column::Id)
            .limit(PAGE)
            .into_tuple()
            .all(on)
            .await?;
        let Some((last, _)) = page.last() else { return Ok(all) };
        after.clone_from(last);
        for (id, kind) in page {
            let id = id.parse().map_err(|_| Error::Corrupt(format!("{id} is no id of a file")))?;
            all.push(Upload { id, is_picture: kind == crate::files::file::PICTURE });
        }
    }
}

/// A place beside another, for what is not whole yet.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}
