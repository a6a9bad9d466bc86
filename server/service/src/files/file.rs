//! The files of people (R71): sending one, fetching one, and which draft, filing or record refers to
//! which. A file is its sender's until it belongs to a subject's filing or record; from then on it
//! goes where the subject goes (R25).

use std::collections::BTreeMap;

use domain::business::Business;
use domain::schema::fault;
use domain::view::FileView;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use crate::base::actor::Actor;
use crate::base::audit::LOOK_AT_FILE;
use crate::base::db::{Transaction, millis, new_id, plausible_id};
use crate::base::digest::Digest;
use crate::base::entity::{filing, record, upload, upload_use};
use crate::base::error::{Error, Result, chain};
use crate::base::retry::retry;
use crate::base::text::one_line;
use crate::files::Files;
use crate::files::thumbnail_looks::THUMBNAILS;
use crate::files::upload::content::Content;
use crate::files::upload::store::{Rendition, StoreError};
use crate::files::upload::{UploadRefusal, accept};

/// More files a day are no filing any more.
const MOST_A_DAY: u64 = 300;

const LONGEST_NAME: usize = 100;

pub(crate) const PICTURE: &str = "picture";

const DOCUMENT: &str = "document";

/// A file on its way to somebody who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedFile {
    pub content_type: String,
    /// As it was called when it was sent, with the ending that fits the content.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A draft, filing or record that refers to a file.
#[derive(Debug, Clone)]
struct Holding {
    kind: HolderKind,
    id: String,
    /// The person whose subject it belongs to; none for drafts.
    owner: Option<String>,
    /// Whose officers may look; none for drafts.
    jurisdiction: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HolderKind {
    Draft,
    Filing,
    Record,
}

domain::codes! {
    HolderKind {
        Draft = "draft",
        Filing = "filing",
        Record = "record",
    }
}

fn holder_kind_of(code: &str) -> Result<HolderKind> {
    let unknown = || Error::Corrupt(format!("files are held by an unknown kind, {code}"));
    HolderKind::from_code(code).ok_or_else(unknown)
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Error::Store(chain(&error))
    }
}

impl Files {
    /// Takes a picture or a document in, decided by what it is and not by its name. What is refused
    /// comes back as one fault without an address: the page knows the field.
    pub async fn accept_upload(&self, actor: &Actor, name: &str, bytes: Vec<u8>) -> Result<FileView> {
        let taken = self.take_upload(actor, name, bytes).await;
        let (outcome, size) = match &taken {
            Ok((_, size)) => ("kept", *size),
            Err(Error::Faults(_) | Error::Refused(_)) => ("refused", 0),
            Err(Error::TooMany(_)) => ("limited", 0),
            Err(_) => ("broken", 0),
        };
        self.context.watch.upload_ended(outcome, size);
        taken.map(|(view, _)| view)
    }

    /// The file, and how large what is kept of it is.
    async fn take_upload(&self, actor: &Actor, name: &str, bytes: Vec<u8>) -> Result<(FileView, u64)> {
        self.bound_uploads(actor).await?;
        let now = self.context.clock.now();
        let id = new_id(now);
        let key = key_of(&id)?;
        let looks_like_pdf =
            Content::of(&bytes) == Content::Pdf || name.to_ascii_lowercase().ends_with(".pdf");
        let (kind, content_type, kept, warnings, thumbnail);
        if looks_like_pdf {
            let accepted = accept::accept_pdf(bytes, &self.check).await.map_err(refused)?;
            (kind, content_type, warnings) = (DOCUMENT, "application/pdf", Vec::new());
            (kept, thumbnail) = (accepted.bytes, None);
        } else {
            let accepted = accept::accept_picture(bytes, &self.check).await.map_err(refused)?;
            (kind, content_type, warnings) = (PICTURE, accepted.content_type, accepted.warnings);
            (kept, thumbnail) = (accepted.bytes, Some(accepted.thumbnail));
        }
        let name = fitting_name(name, content_type);
        let size = kept.len() as u64;
        let row = upload::Model {
            person_id: actor.person_id.clone(),
            kind: kind.to_owned(),
            // People name scans after themselves and their numbers.
            name: self.context.keys.seal_text(&context(&id), &name)?,
            content_type: content_type.to_owned(),
            size: i64::try_from(kept.len()).unwrap_or(i64::MAX),
            digest: self.context.keys.digests().digest(&kept).to_string(),
            warnings: serde_json::to_string(&warnings)?,
            created_at: millis(now),
            id,
        };
        // First the file, then its row: what a crash leaves behind is a file without a row, which is
        // swept, and never a row without its file.
        let put_thumbnail = async {
            match thumbnail {
                Some(thumbnail) => self.store.put(key, Rendition::Thumbnail, thumbnail).await,
                None => Ok(()),
            }
        };
        futures::try_join!(self.store.put(key, Rendition::Full, kept), put_thumbnail)?;
        retry!(self.insert_upload(actor, &row))?;
        Ok((self.file_view(row)?, size))
    }

    async fn insert_upload(&self, actor: &Actor, row: &upload::Model) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let new = upload::ActiveModel {
            id: Set(row.id.clone()),
            person_id: Set(row.person_id.clone()),
            kind: Set(row.kind.clone()),
            name: Set(row.name.clone()),
            content_type: Set(row.content_type.clone()),
            size: Set(row.size),
            digest: Set(row.digest.clone()),
            warnings: Set(row.warnings.clone()),
            created_at: Set(row.created_at),
        };
        new.insert(&tx).await?;
        let Digest { algorithm, hex } = Digest::read(&row.digest);
        let detail = json!({ "kind": row.kind, (algorithm.name()): hex });
        self.context.audit(&tx, Some(actor), "upload", "upload", &row.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn bound_uploads(&self, actor: &Actor) -> Result<()> {
        let today = upload::Entity::find()
            .filter(upload::Column::PersonId.eq(&actor.person_id))
            .filter(upload::Column::CreatedAt.gt(millis(self.context.clock.now() - Duration::days(1))))
            .count(self.context.db.read())
            .await?;
        if today < MOST_A_DAY { Ok(()) } else { Err(Error::TooMany(3600)) }
    }

    /// The file itself, for its owner and for the reviewers of the jurisdiction; to anybody else it
    /// does not exist (R71, R74). A reviewer's look is written down (R65).
    pub async fn open_file(&self, actor: &Actor, id: &str) -> Result<OpenedFile> {
        self.open_rendition(actor, id, Rendition::Full).await
    }

    /// The small picture for lists; documents have none.
    pub async fn open_thumbnail(&self, actor: &Actor, id: &str) -> Result<OpenedFile> {
        self.open_rendition(actor, id, Rendition::Thumbnail).await
    }

    async fn open_rendition(&self, actor: &Actor, id: &str, rendition: Rendition) -> Result<OpenedFile> {
        let id = plausible_id(id)?;
        let row = upload::Entity::find_by_id(id).one(self.context.db.read()).await?.ok_or(Error::NotFound)?;
        let ids = [row.id.clone()];
        let holdings = self.holdings(self.context.db.read(), &ids).await?.remove(&row.id).unwrap_or_default();
        if !may_refer(actor, &row, &holdings) {
            let holding = reviewed_as(actor, &holdings).ok_or(Error::NotFound)?;
            match rendition {
                Rendition::Full => retry!(self.note_look(actor, &row.id))?,
                Rendition::Thumbnail => {
                    let object = (holding.kind.code(), holding.id.as_str());
                    self.note_thumbnails(actor, object, std::slice::from_ref(&row.id)).await?;
                }
            }
        }
        let bytes = self.store.get(key_of(&row.id)?, rendition).await?.ok_or(Error::NotFound)?;
        let content_type = match rendition {
            Rendition::Full => row.content_type.clone(),
            Rendition::Thumbnail => "image/jpeg".to_owned(),
        };
        Ok(OpenedFile {
            content_type,
            name: self.context.keys.open_text(&context(&row.id), &row.name)?,
            bytes,
        })
    }

    async fn note_look(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        self.context.audit(&tx, Some(actor), LOOK_AT_FILE, "upload", id, json!({})).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes down which files a `draft`, `filing` or `record` refers to, in place of those before.
    pub(crate) async fn set_file_references(
        &self,
        on: &Transaction,
        holder_kind: &str,
        holder_id: &str,
        ids: &[String],
    ) -> Result<()> {
        holder_kind_of(holder_kind)?;
        upload_use::Entity::delete_many()
            .filter(upload_use::Column::HolderKind.eq(holder_kind))
            .filter(upload_use::Column::HolderId.eq(holder_id))
            .exec(on)
            .await?;
        let ids: std::collections::BTreeSet<&String> = ids.iter().collect();
        if ids.is_empty() {
            return Ok(());
        }
        let uses = ids.into_iter().map(|id| upload_use::ActiveModel {
            upload_id: Set(id.clone()),
            holder_kind: Set(holder_kind.to_owned()),
            holder_id: Set(holder_id.to_owned()),
        });
        upload_use::Entity::insert_many(uses).exec_without_returning(on).await?;
        Ok(())
    }

    /// The files that a filing refers to.
    pub(crate) async fn filing_references(
        &self,
        on: &impl ConnectionTrait,
        filing: &str,
    ) -> Result<Vec<String>> {
        let uses = upload_use::Entity::find()
            .filter(upload_use::Column::HolderKind.eq(HolderKind::Filing.code()))
            .filter(upload_use::Column::HolderId.eq(filing))
            .all(on)
            .await?;
        Ok(uses.into_iter().map(|held| held.upload_id).collect())
    }

    /// Writes down that a filing refers to these files, too.
    pub(crate) async fn add_filing_references(
        &self,
        on: &Transaction,
        filing: &str,
        ids: &[String],
    ) -> Result<()> {
        let uses = ids.iter().map(|id| upload_use::ActiveModel {
            upload_id: Set(id.clone()),
            holder_kind: Set(HolderKind::Filing.code().to_owned()),
            holder_id: Set(filing.to_owned()),
        });
        let key =
            [upload_use::Column::UploadId, upload_use::Column::HolderKind, upload_use::Column::HolderId];
        for one in uses {
            upload_use::Entity::insert(one)
                .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
                .exec_without_returning(on)
                .await?;
        }
        Ok(())
    }

    /// Which of these the person may not refer to: sent by somebody else and not part of the person's
    /// subject, or not there at all.
    pub(crate) async fn foreign_files(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        ids: &[String],
    ) -> Result<Vec<String>> {
        let rows = uploads(on, ids).await?;
        let holdings = self.holdings(on, ids).await?;
        let own = |id: &String| {
            let held = holdings.get(id).map_or(&[][..], Vec::as_slice);
            rows.get(id).is_some_and(|row| may_refer(actor, row, held))
        };
        Ok(ids.iter().filter(|id| !own(id)).cloned().collect())
    }

    /// What pages show of files. Whether the person may see them is for the caller to know.
    pub(crate) async fn file_views(&self, ids: &[String]) -> Result<BTreeMap<String, FileView>> {
        self.file_views_on(self.context.db.read(), ids).await
    }

    /// As above within a transaction: whoever holds one connection must not wait for another.
    pub(crate) async fn file_views_on(
        &self,
        on: &impl ConnectionTrait,
        ids: &[String],
    ) -> Result<BTreeMap<String, FileView>> {
        let rows = uploads(on, ids).await?;
        rows.into_iter().map(|(id, row)| Ok((id, self.file_view(row)?))).collect()
    }

    fn file_view(&self, row: upload::Model) -> Result<FileView> {
        Ok(FileView {
            name: self.context.keys.open_text(&context(&row.id), &row.name)?,
            size: u64::try_from(row.size).unwrap_or_default(),
            is_picture: row.kind == PICTURE,
            warnings: serde_json::from_str(&row.warnings)?,
            id: row.id,
        })
    }

    /// Who refers to each of these files, in a fixed number of queries.
    async fn holdings(
        &self,
        on: &impl ConnectionTrait,
        upload_ids: &[String],
    ) -> Result<BTreeMap<String, Vec<Holding>>> {
        let mut found: BTreeMap<String, Vec<Holding>> = BTreeMap::new();
        if upload_ids.is_empty() {
            return Ok(found);
        }
        let uses = upload_use::Entity::find()
            .filter(upload_use::Column::UploadId.is_in(upload_ids.iter().map(String::as_str)))
            .all(on)
            .await?;
        if uses.is_empty() {
            return Ok(found);
        }
        let ids_of = |kind: &'static str| {
            uses.iter().filter(move |held| held.holder_kind == kind).map(|held| held.holder_id.as_str())
        };
        // (holder, subject, jurisdiction)
        let filings: Vec<(String, String, String)> = filing::Entity::find()
            .select_only()
            .columns([filing::Column::Id, filing::Column::SubjectId, filing::Column::Jurisdiction])
            .filter(filing::Column::Id.is_in(ids_of("filing")))
            .into_tuple()
            .all(on)
            .await?;
        let records: Vec<(String, String, String)> = record::Entity::find()
            .select_only()
            .columns([record::Column::Id, record::Column::SubjectId, record::Column::Jurisdiction])
            .filter(record::Column::Id.is_in(ids_of("record")))
            .into_tuple()
            .all(on)
            .await?;
        let subjects = filings.iter().chain(&records).map(|(_, subject, _)| subject.as_str());
        let owners: BTreeMap<String, Option<String>> = record::Entity::find()
            .select_only()
            .columns([record::Column::Id, record::Column::OwnerId])
            .filter(record::Column::Id.is_in(subjects))
            .filter(record::Column::Business.eq(Business::Subject.code()))
            .into_tuple::<(String, Option<String>)>()
            .all(on)
            .await?
            .into_iter()
            .collect();
        let by_id = |rows: Vec<(String, String, String)>| -> BTreeMap<String, (Option<String>, String)> {
            let row =
                |(id, subject, jurisdiction)| (id, (owners.get(&subject).cloned().flatten(), jurisdiction));
            rows.into_iter().map(row).collect()
        };
        let (filings, records) = (by_id(filings), by_id(records));
        for held in uses {
            let kind = holder_kind_of(&held.holder_kind)?;
            let place = match kind {
                HolderKind::Draft => None,
                HolderKind::Filing => filings.get(&held.holder_id),
                HolderKind::Record => records.get(&held.holder_id),
            };
            let holding = Holding {
                kind,
                id: held.holder_id.clone(),
                owner: place.and_then(|(owner, _)| owner.clone()),
                jurisdiction: place.map(|(_, jurisdiction)| jurisdiction.clone()),
            };
            found.entry(held.upload_id).or_default().push(holding);
        }
        Ok(found)
    }

    /// Writes down that an officer sees these pictures small, in one line for all that no line of the
    /// last half hour names; before they leave.
    pub(crate) async fn note_thumbnails(
        &self,
        actor: &Actor,
        object: (&str, &str),
        files: &[String],
    ) -> Result<()> {
        let now = self.context.clock.now();
        let fresh = self.shown.fresh(&actor.person_id, files, now);
        if fresh.is_empty() {
            return Ok(());
        }
        retry!(self.write_thumbnails(actor, object, &fresh))?;
        self.shown.cover(&actor.person_id, fresh, now);
        Ok(())
    }

    async fn write_thumbnails(&self, actor: &Actor, object: (&str, &str), files: &[String]) -> Result<()> {
        let tx = self.context.db.begin().await?;
        self.context
            .audit(&tx, Some(actor), THUMBNAILS, object.0, object.1, json!({ "files": files }))
            .await?;
        Ok(tx.commit().await?)
    }
}

/// The rule of ownership: the owner of a subject whose filing or record refers to the file; and who
/// sent it, as long as it has not become part of somebody else's subject (R25).
fn may_refer(actor: &Actor, row: &upload::Model, holdings: &[Holding]) -> bool {
    let mut of_subjects = holdings.iter().filter(|holding| holding.kind != HolderKind::Draft).peekable();
    if of_subjects.peek().is_none() {
        return row.person_id == actor.person_id;
    }
    of_subjects.any(|holding| holding.owner.as_deref() == Some(&actor.person_id))
}

/// What of the officer's region refers to it.
fn reviewed_as<'a>(actor: &Actor, holdings: &'a [Holding]) -> Option<&'a Holding> {
    let is_covered = |holding: &&Holding| holding.jurisdiction.as_deref().is_some_and(|at| actor.covers(at));
    holdings.iter().find(is_covered)
}

pub(crate) async fn uploads(
    on: &impl ConnectionTrait,
    ids: &[String],
) -> Result<BTreeMap<String, upload::Model>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = upload::Entity::find()
        .filter(upload::Column::Id.is_in(ids.iter().map(String::as_str)))
        .all(on)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

pub(crate) fn context(id: &str) -> String {
    format!("upload/{id}/name")
}

pub(crate) fn key_of(id: &str) -> Result<Uuid> {
    Uuid::parse_str(id).map_err(|_| Error::NotFound)
}

fn refused(refusal: UploadRefusal) -> Error {
    Error::Faults(vec![fault("", refusal.sentence())])
}

/// The name without path and control characters, with the ending that fits the content: a file is
/// downloaded as what it is.
fn fitting_name(name: &str, content_type: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stem = one_line(stem, LONGEST_NAME);
    let ending = match content_type {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        _ => "pdf",
    };
    format!("{}.{ending}", if stem.is_empty() { "文件" } else { &stem })
}

#[cfg(test)]
mod tests;
