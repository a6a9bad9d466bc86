//! The files of people (R71): sending one, fetching one, and which draft, filing or record refers to
//! which. A file is its sender's until it belongs to a subject's filing or record; from then on it
//! goes where the subject goes (R25).

use std::collections::{BTreeMap, BTreeSet};

use domain::business::Business;
use domain::schema::fault;
use domain::view::FileView;
use futures::TryStreamExt as _;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use crate::actor::Actor;
use crate::db::{Transaction, instant, millis, new_id, plausible_id};
use crate::entity::{counter, filing, record, upload, upload_use};
use crate::error::{Error, Result};
use crate::person::one_line;
use crate::upload::content::Content;
use crate::upload::store::{Rendition, StoreError, made_at};
use crate::upload::{UploadRefusal, pdf, picture};
use crate::{Service, again};

/// What nothing refers to is kept so long, for the form that is still open in a browser.
const UNUSED: Duration = Duration::days(1);
/// More files a day are no filing any more.
const MOST_A_DAY: u64 = 300;
const LONGEST_NAME: usize = 100;
const SWEEP_AT_ONCE: u64 = 200;
/// The hourly sweep looks at the files of so many days.
const RECENT_DAYS: i64 = 3;
/// The row of `counter` that says when the whole store was last looked at.
const WHOLE_STORE: &str = "sweep/files";
const WHOLE_STORE_EVERY: Duration = Duration::weeks(1);

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

impl HolderKind {
    fn code(self) -> &'static str {
        match self {
            HolderKind::Draft => "draft",
            HolderKind::Filing => "filing",
            HolderKind::Record => "record",
        }
    }

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
        let looks_like_pdf =
            Content::of(&bytes) == Content::Pdf || name.to_ascii_lowercase().ends_with(".pdf");
        let (kind, content_type, kept, sha256, warnings);
        if looks_like_pdf {
            let accepted = pdf::accept_pdf(bytes, &self.file_check).await.map_err(refused)?;
            (kind, content_type, warnings) = (DOCUMENT, "application/pdf", Vec::new());
            (kept, sha256) = (accepted.bytes, accepted.sha256);
        } else {
            let accepted = picture::accept(bytes, &self.file_check).await.map_err(refused)?;
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
            let holding = reviewed_as(actor, &holdings).ok_or(Error::NotFound)?;
            match rendition {
                Rendition::Full => again!(self.note_look(actor, &row.id))?,
                Rendition::Thumbnail => {
                    let object = (holding.kind.code(), holding.id.as_str());
                    self.note_thumbnails(actor, object, std::slice::from_ref(&row.id)).await?;
                }
            }
        }
        let bytes = self.files.get(key_of(&row.id)?, rendition).await?.ok_or(Error::NotFound)?;
        let content_type = match rendition {
            Rendition::Full => row.content_type.clone(),
            Rendition::Thumbnail => "image/jpeg".to_owned(),
        };
        Ok(OpenedFile { content_type, name: self.keys.open_text(&context(&row.id), &row.name)?, bytes })
    }

    async fn note_look(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        self.write(&tx, Some(actor), "look_at_file", "upload", id, json!({})).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes down which files a `draft`, `filing` or `record` refers to, in place of those before.
    pub(crate) async fn hold_files(
        &self,
        on: &Transaction,
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
        self.file_views_on(self.db.read(), ids).await
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
                id: held.holder_id.clone(),
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
            .exec_with_returning(&tx)
            .await?;
        if deleted.is_empty() {
            return Ok(false);
        }
        self.write(&tx, None, "sweep", "upload", id, json!({})).await?;
        tx.commit().await?;
        // First the row, then the file: see `accept_upload`.
        self.files.delete(key_of(id)?).await?;
        Ok(true)
    }

    /// What a crash leaves lies among the files of the last days. All of them are looked at once a week
    /// only, for what could not be deleted with its row.
    async fn sweep_store(&self, before: OffsetDateTime) -> Result<u64> {
        let now = self.clock.now();
        let last = counter::Entity::find_by_id(WHOLE_STORE).one(self.db.read()).await?;
        let is_due = last.is_none_or(|last| (now - instant(last.value)).abs() >= WHOLE_STORE_EVERY);
        let mut swept = 0;
        if is_due {
            swept += self.sweep_listed(None, before).await?;
            again!(self.note_whole_store(now))?;
        } else {
            for days in 0..RECENT_DAYS {
                swept += self.sweep_listed(Some((before - Duration::days(days)).date()), before).await?;
            }
        }
        Ok(swept)
    }

    async fn note_whole_store(&self, now: OffsetDateTime) -> Result<()> {
        let tx = self.db.begin().await?;
        let row = counter::ActiveModel { name: Set(WHOLE_STORE.to_owned()), value: Set(millis(now)) };
        counter::Entity::insert(row)
            .on_conflict(
                OnConflict::column(counter::Column::Name).update_column(counter::Column::Value).to_owned(),
            )
            .exec_without_returning(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// As the store is read, so many at a time.
    async fn sweep_listed(&self, day: Option<Date>, before: OffsetDateTime) -> Result<u64> {
        let mut listed = self.files.listed(day);
        let mut some = BTreeSet::new();
        let mut swept = 0;
        loop {
            let next = listed.try_next().await?;
            let is_end = next.is_none();
            if let Some((id, _)) = next.filter(|(id, _)| made_at(*id).is_none_or(|at| at < before)) {
                some.insert(id.to_string());
            }
            if is_end || some.len() as u64 >= SWEEP_AT_ONCE {
                let ids: Vec<String> = std::mem::take(&mut some).into_iter().collect();
                let known = uploads(self.db.read(), &ids).await?;
                for id in ids.iter().filter(|id| !known.contains_key(*id)) {
                    match self.files.delete(key_of(id)?).await {
                        Ok(()) => swept += 1,
                        Err(error) => tracing::warn!(id, %error, "a file without a row could not be swept"),
                    }
                }
            }
            if is_end {
                return Ok(swept);
            }
        }
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

pub(crate) fn context(id: &str) -> String {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use super::*;
    use crate::common::{World, claims, claims_of, id_number, pdf, picture};

    claims![
        a_picture_and_a_document_are_accepted_by_content,
        what_is_no_picture_and_no_document_is_refused_with_a_sentence,
        names_of_files_are_stored_sealed,
        who_may_fetch_a_file_follows_from_what_refers_to_it,
        a_reviewers_look_is_written_down_and_an_owners_is_not,
        only_own_files_can_be_referred_to,
        a_holders_files_are_replaced,
        what_nothing_refers_to_is_swept_after_a_day,
        what_a_crash_left_in_the_store_is_swept,
        the_hourly_sweep_looks_at_recent_days_alone,
        a_person_sends_a_bounded_number_of_files_a_day,
    ];

    async fn hold(world: &World, kind: &str, holder: &str, ids: &[String]) {
        let tx = world.service.db.begin().await.unwrap();
        world.service.hold_files(&tx, kind, holder, ids).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A filing or record past all procedures; gives its id.
    async fn put_filing(
        world: &World,
        applicant: &Actor,
        record: &str,
        subject: &str,
        region: &str,
    ) -> String {
        let id = new_id(world.now());
        world
            .execute(&format!(
                "INSERT INTO filing (id, reference, idempotency_key, business, action, record_id, subject_id, \
                 applicant_id, state, jurisdiction, title, subject_name, answers, answers_sealed, is_reviewable, \
                 round, submitted_at, version) VALUES ('{id}', '{id}', '{id}', 'website', 'new', '{record}', \
                 '{subject}', '{}', 'approved', '{region}', '', '', '{{}}', '', true, 1, 0, 1)",
                applicant.person_id
            ))
            .await;
        id
    }

    async fn put_website(world: &World, subject: &str, region: &str) -> String {
        let id = new_id(world.now());
        world
            .execute(&format!(
                "INSERT INTO record (id, business, subject_id, state, title, owner_kind, jurisdiction, answers, \
                 answers_sealed, version, created_at, updated_at) VALUES ('{id}', 'website', '{subject}', \
                 'active', '', '', '{region}', '{{}}', '', 1, 0, 0)"
            ))
            .await;
        id
    }

    async fn a_picture_and_a_document_are_accepted_by_content(world: World) {
        let service = &world.service;
        let actor = world.applicant(1).await;
        for (name, bytes, shown, content_type, is_picture) in [
            ("身份证.JPG", picture(1), "身份证.png", "image/png", true),
            ("C:\\文件\\营业执照.png", picture(2), "营业执照.png", "image/png", true),
            ("../../etc/passwd", picture(3), "passwd.png", "image/png", true),
            ("说明.v2.pdf", pdf(), "说明.v2.pdf", "application/pdf", false),
            ("说明", pdf(), "说明.pdf", "application/pdf", false),
            ("", pdf(), "文件.pdf", "application/pdf", false),
            ("a\r\nb\0.png", picture(4), "a  b.png", "image/png", true),
        ] {
            let view = service.accept_upload(&actor, name, bytes).await.unwrap();
            assert_eq!((view.name.as_str(), view.is_picture), (shown, is_picture), "{name:?}");
            let opened = service.open_file(&actor, &view.id).await.unwrap();
            assert_eq!((opened.content_type.as_str(), opened.name.as_str()), (content_type, shown));
            assert_eq!(opened.bytes.len() as u64, view.size);
            let thumbnail = service.open_thumbnail(&actor, &view.id).await;
            match is_picture {
                true => assert_eq!(thumbnail.unwrap().content_type, "image/jpeg"),
                false => assert!(matches!(thumbnail, Err(Error::NotFound))),
            }
            let views = service.file_views(&[view.id.clone(), new_id(world.now())]).await.unwrap();
            assert_eq!(views, BTreeMap::from([(view.id.clone(), view)]));
        }
        let long = service.accept_upload(&actor, &"长".repeat(5000), picture(5)).await.unwrap();
        assert_eq!(long.name.chars().count(), LONGEST_NAME + 4);
    }

    async fn what_is_no_picture_and_no_document_is_refused_with_a_sentence(world: World) {
        let actor = world.applicant(1).await;
        for (name, bytes, sentence) in [
            ("a.png", Vec::new(), "文件是空的，请重新选择"),
            ("a.png", b"<svg onload=alert(1)>".to_vec(), "仅支持 png/jpeg/jpg 格式的图片"),
            ("a.pdf", picture(1), "这是图片，此处仅支持 pdf 格式的文件，请将图片打印为PDF后上传"),
            ("a.png", b"%PDF-1.7 no more".to_vec(), "PDF文件无法读取，可能已损坏，请重新选择"),
            ("a.png", vec![0; 5 * 1024 * 1024 + 1], "文件大小不超过5MB"),
        ] {
            match world.service.accept_upload(&actor, name, bytes).await {
                Err(Error::Faults(faults)) => assert_eq!(faults, [fault("", sentence)]),
                other => panic!("{sentence}: {other:?}"),
            }
        }
        assert_eq!(world.number("SELECT COUNT(*) FROM upload").await, 0);
        assert_eq!(stored(&world).await, 0);
    }

    async fn names_of_files_are_stored_sealed(world: World) {
        let actor = world.applicant(1).await;
        let name = format!("赵某某{}.png", id_number("110101", 77));
        world.service.accept_upload(&actor, &name, picture(1)).await.unwrap();
        assert!(!world.is_stored_in_the_open("赵某某").await);
        assert!(!world.is_stored_in_the_open(&id_number("110101", 77)).await);
    }

    async fn who_may_fetch_a_file_follows_from_what_refers_to_it(world: World) {
        let service = &world.service;
        let (owner, other, receiver) =
            (world.applicant(1).await, world.applicant(2).await, world.applicant(3).await);
        let administrator = world.administrator().await;
        service.appoint(&administrator, "审计员", &claims_of(4).id_no, "auditor", "").await.unwrap();
        let people = [
            ("owner", owner.clone()),
            ("other", other),
            ("receiver", receiver.clone()),
            ("county", world.officer("110101").await),
            ("province", world.officer("110000").await),
            ("elsewhere", world.officer("310000").await),
            ("administrator", administrator),
            ("auditor", world.applicant(4).await),
        ];
        let subject = world.put_subject(&owner, "甲公司", "active", "110101").await;
        let given = world.put_subject(&receiver, "乙公司", "active", "110101").await;
        let website = put_website(&world, &subject, "110101").await;
        // The subject has moved to Shanghai since this one was decided.
        let moved = put_website(&world, &subject, "310101").await;
        let filing = put_filing(&world, &owner, &website, &subject, "110101").await;
        let moved_filing = put_filing(&world, &owner, &moved, &subject, "110101").await;
        let given_filing = put_filing(&world, &owner, &given, &given, "110101").await;
        let draft = new_id(world.now());
        for (what, holders, may) in [
            ("sent only", vec![], vec!["owner"]),
            ("in a draft", vec![("draft", &draft)], vec!["owner"]),
            ("in a filing", vec![("filing", &filing)], vec!["owner", "county", "province"]),
            ("in a subject", vec![("record", &subject)], vec!["owner", "county", "province"]),
            ("in a website", vec![("record", &website)], vec!["owner", "county", "province"]),
            (
                "in a website that moved",
                vec![("filing", &moved_filing), ("record", &moved)],
                vec!["owner", "county", "province", "elsewhere"],
            ),
            ("in a subject given away", vec![("record", &given)], vec!["receiver", "county", "province"]),
            (
                "in a filing given away and still in the giver's draft",
                vec![("filing", &given_filing), ("draft", &draft)],
                vec!["receiver", "county", "province"],
            ),
            (
                "in two subjects",
                vec![("record", &given), ("record", &subject)],
                vec!["owner", "receiver", "county", "province"],
            ),
        ] {
            let file = world.picture(&owner, 1).await;
            for (kind, holder) in holders {
                hold(&world, kind, holder, std::slice::from_ref(&file)).await;
            }
            let mut opened = Vec::new();
            for (name, actor) in &people {
                let full = service.open_file(actor, &file).await;
                assert_eq!(full.is_ok(), service.open_thumbnail(actor, &file).await.is_ok());
                match full {
                    Ok(_) => opened.push(*name),
                    Err(error) => assert!(matches!(error, Error::NotFound), "{what}, {name}: {error}"),
                }
            }
            assert_eq!(opened, may, "{what}");
            world.execute("DELETE FROM upload_use").await;
        }
        for id in ["", "x", &new_id(world.now())] {
            assert!(matches!(service.open_file(&owner, id).await, Err(Error::NotFound)));
        }
    }

    async fn a_reviewers_look_is_written_down_and_an_owners_is_not(world: World) {
        let (owner, officer) = (world.applicant(1).await, world.officer("110101").await);
        let subject = world.put_subject(&owner, "甲公司", "active", "110101").await;
        let file = world.picture(&owner, 1).await;
        hold(&world, "record", &subject, std::slice::from_ref(&file)).await;
        let looks = || world.number("SELECT COUNT(*) FROM audit WHERE action = 'look_at_file'");
        world.service.open_file(&owner, &file).await.unwrap();
        assert_eq!(looks().await, 0);
        world.service.open_file(&officer, &file).await.unwrap();
        assert_eq!(looks().await, 1);
        let by = format!(
            "SELECT COUNT(*) FROM audit WHERE object_id = '{file}' AND actor_id = '{}'",
            officer.person_id
        );
        assert_eq!(world.number(&by).await, 1);
        // Small, it is one line in half an hour, which names what it is part of.
        let of_subject = format!(
            "SELECT COUNT(*) FROM audit WHERE action = 'look_at_thumbnails' AND object_kind = 'record' AND \
             object_id = '{subject}' AND detail LIKE '%{file}%'"
        );
        let small = || world.number(&of_subject);
        for (minutes, lines) in [(0, 1), (29, 1), (1, 2)] {
            world.later(Duration::minutes(minutes));
            world.service.open_thumbnail(&officer, &file).await.unwrap();
            assert_eq!(small().await, lines);
        }
        // Another program knows nothing of it.
        world.restarted().await.open_thumbnail(&officer, &file).await.unwrap();
        assert_eq!(small().await, 3);
        assert_eq!(world.service.verify_audit().await.unwrap().first_bad, None);
    }

    async fn only_own_files_can_be_referred_to(world: World) {
        let (owner, other) = (world.applicant(1).await, world.applicant(2).await);
        let officer = world.officer("110101").await;
        let subject = world.put_subject(&owner, "甲公司", "active", "110101").await;
        let sent = world.picture(&owner, 1).await;
        let held = world.picture(&owner, 2).await;
        let strange = world.picture(&other, 3).await;
        let missing = new_id(world.now());
        hold(&world, "record", &subject, std::slice::from_ref(&held)).await;
        let ids = [sent.clone(), held.clone(), strange.clone(), missing.clone()];
        let foreign = async |actor: &Actor| {
            world.service.foreign_files(world.service.db.read(), actor, &ids).await.unwrap()
        };
        assert_eq!(foreign(&owner).await, [strange.clone(), missing.clone()]);
        assert_eq!(foreign(&other).await, [sent.clone(), held.clone(), missing.clone()]);
        assert_eq!(foreign(&officer).await, ids, "seeing a file is not owning it");
        world
            .execute(&format!("UPDATE record SET owner_id = '{}' WHERE id = '{subject}'", other.person_id))
            .await;
        assert_eq!(foreign(&owner).await, [held, strange, missing.clone()], "given away");
        assert_eq!(foreign(&other).await, [sent, missing]);
        assert!(world.service.foreign_files(world.service.db.read(), &owner, &[]).await.unwrap().is_empty());
    }

    async fn a_holders_files_are_replaced(world: World) {
        let actor = world.applicant(1).await;
        let (one, two, three) =
            (world.picture(&actor, 1).await, world.picture(&actor, 2).await, world.picture(&actor, 3).await);
        let (draft, other) = (new_id(world.now()), new_id(world.now()));
        hold(&world, "draft", &other, std::slice::from_ref(&one)).await;
        hold(&world, "draft", &draft, &[one.clone(), two.clone(), one.clone()]).await;
        assert_eq!(world.number("SELECT COUNT(*) FROM upload_use").await, 3, "named twice, held once");
        hold(&world, "draft", &draft, &[two, three]).await;
        assert_eq!(world.number("SELECT COUNT(*) FROM upload_use").await, 3);
        hold(&world, "draft", &draft, &[]).await;
        assert_eq!(world.number("SELECT COUNT(*) FROM upload_use").await, 1, "the other draft's stays");
        let tx = world.service.db.begin().await.unwrap();
        assert!(world.service.hold_files(&tx, "person", &draft, &[]).await.is_err());
    }

    async fn what_nothing_refers_to_is_swept_after_a_day(world: World) {
        let service = &world.service;
        let actor = world.applicant(1).await;
        let (unused, used) = (world.picture(&actor, 1).await, world.picture(&actor, 2).await);
        let draft = new_id(world.now());
        hold(&world, "draft", &draft, std::slice::from_ref(&used)).await;
        world.later(Duration::days(1));
        assert_eq!(service.sweep_uploads().await.unwrap(), 0, "a day is not over yet");
        let fresh = world.picture(&actor, 3).await;
        world.later(Duration::SECOND);
        assert!(!service.sweep_upload(&used).await.unwrap(), "taken up after it was chosen for sweeping");
        assert_eq!(service.sweep_uploads().await.unwrap(), 1);
        assert!(matches!(service.open_file(&actor, &unused).await, Err(Error::NotFound)));
        assert!(service.files.get(key_of(&unused).unwrap(), Rendition::Full).await.unwrap().is_none());
        assert!(service.open_file(&actor, &used).await.is_ok());
        assert!(service.open_file(&actor, &fresh).await.is_ok());
        hold(&world, "draft", &draft, &[]).await;
        assert_eq!(service.sweep_uploads().await.unwrap(), 1, "its draft is gone");
    }

    async fn what_a_crash_left_in_the_store_is_swept(world: World) {
        let actor = world.applicant(1).await;
        let kept = world.picture(&actor, 1).await;
        let draft = new_id(world.now());
        hold(&world, "draft", &draft, std::slice::from_ref(&kept)).await;
        let lost = lose(&world).await;
        assert_eq!(world.service.sweep_uploads().await.unwrap(), 0);
        world.later(Duration::days(1) + Duration::SECOND);
        assert_eq!(world.service.sweep_uploads().await.unwrap(), 1);
        assert!(world.files.get(lost, Rendition::Full).await.unwrap().is_none());
        assert!(world.files.get(key_of(&kept).unwrap(), Rendition::Full).await.unwrap().is_some());
    }

    /// B17. Every hour the files of the last days, all of them once a week, however many there are.
    async fn the_hourly_sweep_looks_at_recent_days_alone(world: World) {
        let sweep = async || world.service.sweep_uploads().await.unwrap();
        let old = lose(&world).await;
        world.later(Duration::days(30));
        for _ in 0..SWEEP_AT_ONCE * 2 + 1 {
            lose(&world).await;
        }
        assert_eq!(sweep().await, 1, "the first time all are looked at, but for those of today");
        world.files.put(old, Rendition::Full, vec![1]).await.unwrap();
        world.later(Duration::days(1) + Duration::HOUR);
        assert_eq!(sweep().await, SWEEP_AT_ONCE * 2 + 1, "the old one is not looked at");
        assert_eq!(sweep().await, 0);
        let evening_before = lose(&world).await;
        world.later(Duration::days(3));
        assert_eq!(sweep().await, 1, "a server that was down for a while");
        assert!(world.files.get(evening_before, Rendition::Full).await.unwrap().is_none());
        world.later(Duration::days(3));
        assert_eq!(sweep().await, 1, "a week later all are");
        assert_eq!(stored(&world).await, 0);
    }

    /// Puts a file into the store whose row was never written.
    async fn lose(world: &World) -> Uuid {
        let id = key_of(&new_id(world.now())).unwrap();
        world.files.put(id, Rendition::Full, vec![1]).await.unwrap();
        id
    }

    async fn stored(world: &World) -> usize {
        world.files.listed(None).try_collect::<Vec<_>>().await.unwrap().len()
    }

    async fn a_person_sends_a_bounded_number_of_files_a_day(world: World) {
        let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
        let now = millis(world.now());
        let rows: Vec<String> = (0..MOST_A_DAY)
            .map(|n| {
                format!("('{n}', '{}', 'picture', '', 'image/png', 1, '', '[]', {now})", actor.person_id)
            })
            .collect();
        world.execute(&format!("INSERT INTO upload VALUES {}", rows.join(", "))).await;
        let send = async |actor: &Actor| world.service.accept_upload(actor, "a.png", picture(1)).await;
        assert!(matches!(send(&actor).await, Err(Error::TooMany(_))));
        assert!(send(&other).await.is_ok());
        world.later(Duration::days(1));
        assert!(send(&actor).await.is_ok());
    }
}
