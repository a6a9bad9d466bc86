//! The mark of a place of files: a small object that names the platform to which the place belongs, by a number that
//! stands in the database as well. A server whose share was not mounted, or whose directory or bucket is another one,
//! does not start over it: what it took would be missing for the others.
//!
//! The number is made once, at the first start. It is no secret: whoever can write in the place can write a mark.

use futures::TryStreamExt as _;
use object_store::path::Path as Name;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder, QuerySelect};

use crate::base::entity::{counter, upload};
use crate::base::error::{Error, Result};
use crate::base::keyring::random_number;
use crate::base::retry::retry;
use crate::files::Files;
use crate::files::file::key_of;
use crate::files::upload::place::Place;
use crate::files::upload::store::{FileStore, Rendition, StoreError};

/// What the object is called, beside the folders of the files. No file is called so.
const OBJECT: &str = "platform-mark";

/// The row of `counter` that has the number.
const NUMBER: &str = "files/mark";

/// So many of the last uploads are looked for where there is no mark to go by.
const LATEST: u64 = 10;

/// Why the place of files is not taken for this platform's, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongPlace {
    #[error(
        "The place of files does not bear the mark of this platform: it is another directory or bucket than before, or \
         its disk or share is not mounted. Put that right; nothing was changed. If the files were moved there by other \
         means than `files copy`, `files mark` looks at all of them and marks the place"
    )]
    Unmarked,
    #[error(
        "The place of files bears the mark of another platform: its files would be taken for ours and swept. Name the \
         directory or bucket that belongs to this database; nothing was changed. If it does belong to it, `files mark` \
         looks at all files and says so"
    )]
    Foreign,
    #[error(
        "None of the last files that people sent is in the place of files: it is another directory or bucket than \
         before, or its disk or share is not mounted. Put that right; nothing was changed. If the files are lost, \
         `files mark --anyway` goes on without them"
    )]
    Strange,
}

#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    #[error(transparent)]
    Wrong(#[from] WrongPlace),
    /// The store or the database failed, which says nothing about the mark.
    #[error("The mark of the place of files cannot be read: {0}")]
    Failed(#[from] Error),
}

impl From<sea_orm::DbErr> for MarkError {
    fn from(error: sea_orm::DbErr) -> Self {
        MarkError::Failed(error.into())
    }
}

impl From<StoreError> for MarkError {
    fn from(error: StoreError) -> Self {
        MarkError::Failed(error.into())
    }
}

/// What a look at database and place came to, where nothing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ours,
    /// Files are being moved here from a place of ours; `files copy` marks it.
    Moving,
    /// The database has no number yet.
    New,
}

impl Files {
    /// Whether the place of files is this platform's; writes nothing.
    ///
    /// # Errors
    /// A sentence for the operator, without its full stop.
    pub async fn check_mark(&self) -> Result<(), MarkError> {
        let number = number(self.context.db.read()).await?;
        self.judge(number).await.map(|_| ())
    }

    /// The same for a server before it takes files; a platform without a mark gets one.
    ///
    /// # Errors
    /// A sentence for the operator, without its full stop.
    pub async fn check_and_mark(&self) -> Result<(), MarkError> {
        let known = number(self.context.db.read()).await?;
        if self.judge(known).await? != Verdict::New {
            return Ok(());
        }
        let made = retry!(self.set())?;
        // Another server may have been quicker, with another place.
        self.judge(Some(made)).await.map(|_| ())
    }

    async fn judge(&self, known: Option<i64>) -> Result<Verdict, MarkError> {
        let found = written(self.store.place()).await?;
        match (known, found) {
            (Some(known), Some(found)) if known == found => Ok(Verdict::Ours),
            (Some(_), Some(_)) => Err(WrongPlace::Foreign.into()),
            (Some(known), None) => match self.store.former() {
                Some(former) if written(former).await? == Some(known) => Ok(Verdict::Moving),
                Some(_) | None => Err(WrongPlace::Unmarked.into()),
            },
            (None, found) => match (self.has_latest().await?, found) {
                (Some(true), _) | (None, None) => Ok(Verdict::New),
                (Some(false), None) => Err(WrongPlace::Strange.into()),
                // What a start left behind that was killed between place and database.
                (None, Some(_)) if self.store.alone().listed(None).try_next().await?.is_none() => {
                    Ok(Verdict::New)
                }
                (Some(false) | None, Some(_)) => Err(WrongPlace::Foreign.into()),
            },
        }
    }

    /// Whether one of the last uploads has its file; none where there are no uploads.
    async fn has_latest(&self) -> Result<Option<bool>> {
        let ids: Vec<String> = upload::Entity::find()
            .select_only()
            .column(upload::Column::Id)
            .order_by_desc(upload::Column::Id)
            .limit(LATEST)
            .into_tuple()
            .all(self.context.db.read())
            .await?;
        for id in &ids {
            if self.store.header(key_of(id)?, Rendition::Full).await?.is_some() {
                return Ok(Some(true));
            }
        }
        Ok((!ids.is_empty()).then_some(false))
    }

    /// Marks the place as this platform's, whatever it bore; gives the number.
    pub(crate) async fn set(&self) -> Result<i64> {
        let tx = self.context.db.begin().await?;
        let fresh = i64::try_from(random_number()? >> 1).unwrap_or(i64::MAX).max(1);
        let row = counter::ActiveModel { name: Set(NUMBER.to_owned()), value: Set(fresh) };
        // A second server waits here for the first, and then finds its number.
        let unless_there = OnConflict::column(counter::Column::Name).do_nothing().to_owned();
        counter::Entity::insert(row).on_conflict(unless_there).exec_without_returning(&tx).await?;
        let number = number(&tx).await?.unwrap_or(fresh);
        if number == fresh {
            // Before the number is there for others to hold a place against.
            write(&self.store, number).await?;
        }
        tx.commit().await?;
        Ok(number)
    }

    /// Marks the place to which files were copied, where this platform has a number.
    ///
    /// # Errors
    /// When the place bears the mark of another platform, or fails.
    pub(crate) async fn mark_copied(&self) -> Result<()> {
        match number(self.context.db.read()).await? {
            Some(number) => Ok(write(&self.store, number).await?),
            None => Ok(()),
        }
    }

    /// Refuses to copy into a place of another platform.
    pub(crate) async fn must_not_be_foreign(&self) -> Result<()> {
        let known = number(self.context.db.read()).await?;
        match written(self.store.place()).await? {
            Some(found) if known != Some(found) => Err(Error::Store(WrongPlace::Foreign.to_string())),
            Some(_) | None => Ok(()),
        }
    }

    /// Takes the place for this platform's because an operator says so, who has looked.
    ///
    /// # Errors
    /// When the place or the database fails.
    pub async fn mark_as_told(&self) -> Result<()> {
        let number = self.set().await?;
        Ok(write(&self.store, number).await?)
    }
}

/// Marks a place that was filled from a backup, if the database that was put back has a number.
///
/// # Errors
/// When the place or the database fails.
pub(crate) async fn mark_restored(on: &impl ConnectionTrait, store: &FileStore) -> Result<()> {
    match number(on).await? {
        Some(number) => Ok(write(store, number).await?),
        None => Ok(()),
    }
}

/// Whether a place bears a mark, whosever it is.
pub(crate) async fn is_marked(store: &FileStore) -> Result<bool, StoreError> {
    Ok(written(store.place()).await?.is_some())
}

async fn number(on: &impl ConnectionTrait) -> Result<Option<i64>> {
    Ok(counter::Entity::find_by_id(NUMBER).one(on).await?.map(|row| row.value))
}

/// The number that a place bears. What is no number is nobody's: 0, which no platform has.
async fn written(place: &Place) -> Result<Option<i64>, StoreError> {
    let bytes = place.get(&[Name::from(OBJECT)]).await?;
    let read = |bytes: Vec<u8>| String::from_utf8(bytes).ok()?.trim().parse().ok();
    Ok(bytes.map(|bytes| read(bytes).unwrap_or_default()))
}

async fn write(store: &FileStore, number: i64) -> Result<(), StoreError> {
    store.place().put(&Name::from(OBJECT), format!("{number}\n").into_bytes()).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use std::path::Path;
    use std::sync::Arc;

    use object_store::memory::InMemory;

    use super::*;
    use crate::Service;
    use crate::common::{World, claims};

    claims![
        a_place_is_marked_once_and_known_again,
        a_server_over_another_place_does_not_start,
        an_older_platform_marks_the_place_in_which_its_files_are,
        a_new_platform_takes_no_place_of_another,
        of_two_servers_with_different_places_one_starts,
        while_files_are_moved_servers_start_and_copying_marks,
        an_operator_can_say_that_a_place_is_ours,
        a_store_that_fails_marks_nothing,
    ];

    fn memory(world: &World) -> FileStore {
        FileStore::over(Arc::new(InMemory::new()), Arc::clone(&world.keys))
    }

    fn directory(world: &World, at: &Path) -> FileStore {
        FileStore::local(at, Arc::clone(&world.keys)).unwrap()
    }

    /// A server of this platform over this place.
    async fn over(world: &World, files: &FileStore) -> Service {
        let mut other = world.clone();
        other.files = files.clone();
        other.restarted().await
    }

    async fn start(world: &World, files: &FileStore) -> Result<(), MarkError> {
        over(world, files).await.files.check_and_mark().await
    }

    fn wrong(outcome: Result<(), MarkError>) -> WrongPlace {
        match outcome {
            Err(MarkError::Wrong(wrong)) => wrong,
            other => panic!("{other:?}"),
        }
    }

    /// The world on this place of files.
    async fn stores_in(world: &mut World, files: &FileStore) {
        world.files = files.clone();
        world.service = world.restarted().await;
    }

    async fn a_place_is_marked_once_and_known_again(mut world: World) {
        let home = crate::common::directory();
        let at = home.path().join("files");
        let (disk, bucket) = (directory(&world, &at), memory(&world));
        stores_in(&mut world, &disk).await;
        world.service.files.check_mark().await.unwrap();
        assert!(!at.join(OBJECT).exists(), "looking writes nothing");
        start(&world, &disk).await.unwrap();
        let mark = std::fs::read(at.join(OBJECT)).unwrap();
        let number = world.number("SELECT value FROM counter WHERE name = 'files/mark'").await;
        assert_eq!(mark, format!("{number}\n").into_bytes());
        assert!(number > 0);
        start(&world, &disk).await.unwrap();
        assert_eq!(std::fs::read(at.join(OBJECT)).unwrap(), mark);

        // It is no file of anybody: neither swept nor listed.
        let actor = world.applicant(1).await;
        world.picture(&actor, 1).await;
        world.later(time::Duration::weeks(2));
        assert_eq!(world.service.files.sweep_uploads().await.unwrap(), 1);
        assert!(at.join(OBJECT).exists());
        assert!(disk.listed(None).try_next().await.unwrap().is_none());
        assert!(world.service.reseals.reseal(|_| {}).await.unwrap().is_done);

        // Any other store is marked alike.
        let other = World::on_sqlite().await;
        start(&other, &bucket).await.unwrap();
        start(&other, &bucket).await.unwrap();
        assert_eq!(wrong(start(&world, &bucket).await), WrongPlace::Foreign);
    }

    async fn a_server_over_another_place_does_not_start(mut world: World) {
        let home = crate::common::directory();
        let (share, beneath) = (home.path().join("share"), home.path().join("beneath"));
        let (share, beneath) = (directory(&world, &share), directory(&world, &beneath));
        stores_in(&mut world, &share).await;
        start(&world, &share).await.unwrap();
        let actor = world.applicant(1).await;
        world.picture(&actor, 1).await;
        // The share is not mounted: the empty directory beneath it is there.
        assert_eq!(wrong(start(&world, &beneath).await), WrongPlace::Unmarked);
        assert_eq!(wrong(over(&world, &beneath).await.files.check_mark().await), WrongPlace::Unmarked);
        assert!(!is_marked(&beneath).await.unwrap(), "a refusal writes nothing");
        start(&world, &share).await.unwrap();
        // What cannot be read as a mark is nobody's.
        share.place().put(&Name::from(OBJECT), b"damaged".to_vec()).await.unwrap();
        assert_eq!(wrong(start(&world, &share).await), WrongPlace::Foreign);
    }

    /// An upgrade: there are files, and no mark yet.
    async fn an_older_platform_marks_the_place_in_which_its_files_are(world: World) {
        let actor = world.applicant(1).await;
        world.picture(&actor, 1).await;
        let elsewhere = memory(&world);
        assert_eq!(wrong(start(&world, &elsewhere).await), WrongPlace::Strange);
        assert!(!is_marked(&elsewhere).await.unwrap());
        assert_eq!(world.number("SELECT COUNT(*) FROM counter WHERE name = 'files/mark'").await, 0);
        start(&world, &world.files).await.unwrap();
        assert!(is_marked(&world.files).await.unwrap());
        assert_eq!(wrong(start(&world, &elsewhere).await), WrongPlace::Unmarked);
        // Put back by other means, the database is one of before the mark, and the files are still its own.
        world.execute("DELETE FROM counter WHERE name = 'files/mark'").await;
        start(&world, &world.files).await.unwrap();
        start(&world, &world.files).await.unwrap();
    }

    async fn a_new_platform_takes_no_place_of_another(world: World) {
        let actor = world.applicant(1).await;
        world.picture(&actor, 1).await;
        start(&world, &world.files).await.unwrap();
        let new = World::on_sqlite().await;
        assert_eq!(wrong(start(&new, &world.files).await), WrongPlace::Foreign);
        start(&world, &world.files).await.unwrap();
        // A start that was killed before its number was written left a mark and nothing else.
        let place = memory(&new);
        write(&place, 7).await.unwrap();
        start(&new, &place).await.unwrap();
        start(&new, &place).await.unwrap();
    }

    async fn of_two_servers_with_different_places_one_starts(world: World) {
        let (one, two) = (memory(&world), memory(&world));
        let (first, second) = (over(&world, &one).await, over(&world, &two).await);
        let (first, second) = tokio::join!(first.files.check_and_mark(), second.files.check_and_mark());
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        let refused = if first.is_ok() { (second, &two) } else { (first, &one) };
        assert_eq!(wrong(refused.0), WrongPlace::Unmarked);
        assert!(!is_marked(refused.1).await.unwrap());
    }

    async fn while_files_are_moved_servers_start_and_copying_marks(mut world: World) {
        let (old, new) = (world.files.clone(), memory(&world));
        start(&world, &old).await.unwrap();
        let actor = world.applicant(1).await;
        world.picture(&actor, 1).await;
        assert_eq!(wrong(start(&world, &new).await), WrongPlace::Unmarked);
        let moving = new.clone().moving_from(old.clone());
        start(&world, &moving).await.unwrap();
        assert!(!is_marked(&new).await.unwrap());
        assert_eq!(
            wrong(start(&world, &memory(&world).moving_from(new.clone())).await),
            WrongPlace::Unmarked
        );
        stores_in(&mut world, &moving).await;
        crate::file_copy::copy(&world.service.files, |_| {}).await.unwrap();
        start(&world, &new).await.unwrap();
        start(&world, &old.clone().moving_from(new.clone())).await.unwrap();

        // Nothing is copied into a place of another platform.
        let foreign = memory(&world);
        write(&foreign, 7).await.unwrap();
        stores_in(&mut world, &foreign.clone().moving_from(old)).await;
        assert!(crate::file_copy::copy(&world.service.files, |_| {}).await.is_err());
        assert!(foreign.listed(None).try_next().await.unwrap().is_none());
    }

    async fn an_operator_can_say_that_a_place_is_ours(world: World) {
        start(&world, &world.files).await.unwrap();
        let by_hand = memory(&world);
        assert_eq!(wrong(start(&world, &by_hand).await), WrongPlace::Unmarked);
        over(&world, &by_hand).await.files.mark_as_told().await.unwrap();
        start(&world, &by_hand).await.unwrap();
        start(&world, &world.files).await.unwrap();
    }

    async fn a_store_that_fails_marks_nothing(world: World) {
        let home = crate::common::directory();
        let at = home.path().join("files");
        let files = directory(&world, &at);
        // A directory in the place of the object: it can be neither read nor written.
        std::fs::create_dir(at.join(OBJECT)).unwrap();
        let outcome = start(&world, &files).await;
        assert!(matches!(outcome, Err(MarkError::Failed(Error::Store(_)))), "{outcome:?}");
        assert_eq!(world.number("SELECT COUNT(*) FROM counter WHERE name = 'files/mark'").await, 0);
        std::fs::remove_dir(at.join(OBJECT)).unwrap();
        start(&world, &files).await.unwrap();
    }
}
