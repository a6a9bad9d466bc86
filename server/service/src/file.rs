//! The files of people (R71): sending one, fetching one, and which draft, filing or record refers to
//! which. A file is its sender's until it belongs to a subject's filing or record; from then on it
//! goes where the subject goes (R25).

use std::collections::BTreeMap;

use domain::procedure::Business;
use domain::schema::fault;
use domain::view::FileView;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use crate::actor::Actor;
use crate::db::{millis, new_id, plausible_id};
use crate::entity::{filing, record, upload, upload_use};
use crate::error::{Error, Result};
use crate::person::one_line;
use crate::upload::store::{Rendition, StoreError};
use crate::upload::{UploadRefusal, pdf, picture};
use crate::{Service, again};

/// What nothing refers to is kept so long, for the form that is still open in a browser.
const UNUSED: Duration = Duration::days(1);
/// More files a day are no filing any more.
const MOST_A_DAY: u64 = 300;
const LONGEST_NAME: usize = 100;
const SWEEP_AT_ONCE: u64 = 200;

const PICTURE: &str = "picture";
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

impl HolderKind {
    fn from_code(code: &str) -> Result<Self> {
        match code {
            "draft" => Ok(HolderKind::Draft),
            "filing" => Ok(HolderKind::Filing),
            "record" => Ok(HolderKind::Record),
            _ => Err(Error::Corrupt(format!("files are held by an unknown kind, {code}"))),
        }
    }
}

impl Service {
    /// Takes a picture or a document in, decided by what it is and not by its name. What is refused
    /// comes back as one fault without an address: the page knows the field.
    pub async fn accept_upload(&self, actor: &Actor, name: &str, bytes: Vec<u8>) -> Result<FileView> {
        self.bound_uploads(actor).await?;
        let now = self.clock.now();
        let id = new_id(now);
        let key = key_of(&id)?;
        let looks_like_pdf = bytes.starts_with(b"%PDF") || name.to_ascii_lowercase().ends_with(".pdf");
        let (kind, content_type, kept, sha256, warnings);
        if looks_like_pdf {
            let accepted = pdf::accept_pdf(bytes, &self.pdf_check).await.map_err(refused)?;
            (kind, content_type, warnings) = (DOCUMENT, "application/pdf", Vec::new());
            (kept, sha256) = (accepted.bytes, accepted.sha256);
        } else {
            let accepted = picture::accept(bytes).await.map_err(refused)?;
            (kind, content_type, warnings) = (PICTURE, accepted.content_type, accepted.warnings);
            (kept, sha256) = (accepted.bytes, accepted.sha256);
            self.files.put(key, Rendition::Thumbnail, accepted.thumbnail).await?;
        }
        let name = fitting_name(name, content_type);
        let row = upload::Model {
            person_id: actor.person_id.clone(),
            kind: kind.to_owned(),
            // People name scans after themselves and their numbers.
            name: self.keys.seal_text(&context(&id), &name)?,
            content_type: content_type.to_owned(),
            size: i64::try_from(kept.len()).unwrap_or(i64::MAX),
            sha256,
            warnings: serde_json::to_string(&warnings)?,
            created_at: millis(now),
            id,
        };
        // First the file, then its row: what a crash leaves behind is a file without a row, which is
        // swept, and never a row without its file.
        self.files.put(key, Rendition::Full, kept).await?;
        again!(self.insert_upload(actor, &row))?;
        self.file_view(row)
    }

    async fn insert_upload(&self, actor: &Actor, row: &upload::Model) -> Result<()> {
        let tx = self.db.begin().await?;
        let new = upload::ActiveModel {
            id: Set(row.id.clone()),
            person_id: Set(row.person_id.clone()),
            kind: Set(row.kind.clone()),
            name: Set(row.name.clone()),
            content_type: Set(row.content_type.clone()),
            size: Set(row.size),
            sha256: Set(row.sha256.clone()),
            warnings: Set(row.warnings.clone()),
            created_at: Set(row.created_at),
        };
        new.insert(&tx).await?;
        let detail = json!({ "kind": row.kind, "sha256": row.sha256 });
        self.write(&tx, Some(actor), "upload", "upload", &row.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn bound_uploads(&self, actor: &Actor) -> Result<()> {
        let today = upload::Entity::find()
            .filter(upload::Column::PersonId.eq(&actor.person_id))
            .filter(upload::Column::CreatedAt.gt(millis(self.clock.now() - Duration::days(1))))
            .count(self.db.read())
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
        let row = upload::Entity::find_by_id(id).one(self.db.read()).await?.ok_or(Error::NotFound)?;
        let ids = [row.id.clone()];
        let holdings = self.holdings(self.db.read(), &ids).await?.remove(&row.id).unwrap_or_default();
        if !may_refer(actor, &row, &holdings) {
            if !may_review(actor, &holdings) {
                return Err(Error::NotFound);
            }
            again!(self.note_look(actor, &row.id, rendition))?;
        }
        let bytes = self.files.get(key_of(&row.id)?, rendition).await?.ok_or(Error::NotFound)?;
        let content_type = match rendition {
            Rendition::Full => row.content_type.clone(),
            Rendition::Thumbnail => "image/jpeg".to_owned(),
        };
        Ok(OpenedFile { content_type, name: self.keys.open_text(&context(&row.id), &row.name)?, bytes })
    }

    async fn note_look(&self, actor: &Actor, id: &str, rendition: Rendition) -> Result<()> {
        let tx = self.db.begin().await?;
        let detail = json!({ "thumbnail": rendition == Rendition::Thumbnail });
        self.write(&tx, Some(actor), "look_at_file", "upload", id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes down which files a `draft`, `filing` or `record` refers to, in place of those before.
    pub(crate) async fn hold_files(
        &self,
        on: &DatabaseTransaction,
        holder_kind: &str,
        holder_id: &str,
        ids: &[String],
    ) -> Result<()> {
        HolderKind::from_code(holder_kind)?;
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
        let rows = uploads(self.db.read(), ids).await?;
        rows.into_iter().map(|(id, row)| Ok((id, self.file_view(row)?))).collect()
    }

    fn file_view(&self, row: upload::Model) -> Result<FileView> {
        Ok(FileView {
            name: self.keys.open_text(&context(&row.id), &row.name)?,
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
            let kind = HolderKind::from_code(&held.holder_kind)?;
            let place = match kind {
                HolderKind::Draft => None,
                HolderKind::Filing => filings.get(&held.holder_id),
                HolderKind::Record => records.get(&held.holder_id),
            };
            let holding = Holding {
                kind,
                owner: place.and_then(|(owner, _)| owner.clone()),
                jurisdiction: place.map(|(_, jurisdiction)| jurisdiction.clone()),
            };
            found.entry(held.upload_id).or_default().push(holding);
        }
        Ok(found)
    }

    /// Deletes files that nothing has referred to for a day, and what a crash left in the store
    /// without a row (R71). Says how many went.
    pub async fn sweep_uploads(&self) -> Result<u64> {
        let before = self.clock.now() - UNUSED;
        let mut swept = 0;
        let mut after = String::new();
        loop {
            let candidates: Vec<String> = upload::Entity::find()
                .select_only()
                .column(upload::Column::Id)
                .filter(upload::Column::CreatedAt.lt(millis(before)))
                .filter(upload::Column::Id.gt(&after))
                .filter(is_unused())
                .order_by_asc(upload::Column::Id)
                .limit(SWEEP_AT_ONCE)
                .into_tuple()
                .all(self.db.read())
                .await?;
            let Some(last) = candidates.last() else { break };
            after = last.clone();
            for id in &candidates {
                match again!(self.sweep_upload(id)) {
                    Ok(true) => swept += 1,
                    // A draft has taken it up this very moment.
                    Ok(false) => {}
                    Err(error) => tracing::warn!(upload = id, %error, "an unused file could not be swept"),
                }
            }
        }
        Ok(swept + self.sweep_store(before).await?)
    }

    async fn sweep_upload(&self, id: &str) -> Result<bool> {
        let tx = self.db.begin().await?;
        let deleted = upload::Entity::delete_many()
            .filter(upload::Column::Id.eq(id))
            .filter(is_unused())
            .exec(&tx)
            .await?;
        if deleted.rows_affected == 0 {
            return Ok(false);
        }
        self.write(&tx, None, "sweep", "upload", id, json!({})).await?;
        tx.commit().await?;
        // First the row, then the file: see `accept_upload`.
        self.files.delete(key_of(id)?).await?;
        Ok(true)
    }

    async fn sweep_store(&self, before: time::OffsetDateTime) -> Result<u64> {
        let old = self.files.all().await?.into_iter().filter(|stored| stored.written < before);
        let old: std::collections::BTreeSet<String> = old.map(|stored| stored.id.to_string()).collect();
        let old: Vec<String> = old.into_iter().collect();
        let mut swept = 0;
        for some in old.chunks(SWEEP_AT_ONCE as usize) {
            let known = uploads(self.db.read(), some).await?;
            for id in some.iter().filter(|id| !known.contains_key(*id)) {
                self.files.delete(key_of(id)?).await?;
                swept += 1;
            }
        }
        Ok(swept)
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

fn may_review(actor: &Actor, holdings: &[Holding]) -> bool {
    holdings.iter().filter_map(|holding| holding.jurisdiction.as_deref()).any(|region| actor.covers(region))
}

async fn uploads(on: &impl ConnectionTrait, ids: &[String]) -> Result<BTreeMap<String, upload::Model>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = upload::Entity::find()
        .filter(upload::Column::Id.is_in(ids.iter().map(String::as_str)))
        .all(on)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

fn is_unused() -> SimpleExpr {
    let uses = upload_use::Entity::find().select_only().expr(Expr::val(1)).filter(
        Expr::col((upload_use::Entity, upload_use::Column::UploadId))
            .equals((upload::Entity, upload::Column::Id)),
    );
    Expr::exists(sea_orm::QueryTrait::into_query(uses)).not()
}

fn context(id: &str) -> String {
    format!("upload/{id}/name")
}

fn key_of(id: &str) -> Result<Uuid> {
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

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Error::Store(error.to_string())
    }
}
