//! Moving files from where they lay to where they lie now, while servers run, and looking whether every row has its
//! file.
//!
//! The files are copied as they are, sealed. New ones already go to the new place, so that one walk over the rows
//! meets all there are; broken off and begun again, it goes on with what is missing.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::digest::Digest;
use crate::base::entity::upload;
use crate::base::error::{Error, Result};
use crate::files::Files;
use crate::files::file::{PICTURE, key_of};
use crate::files::upload::store::{FileStore, Rendition, StoreError, names};

const PAGE: u64 = 500;

/// So many files are under way at once.
const AT_ONCE: usize = 8;

/// So often it is told how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// What is heard on the way.
#[derive(Debug)]
pub enum Told<'a> {
    /// So many files were looked at, of so many rows.
    Far { files: u64, rows: u64, of: u64 },
    /// Something is not as it should be: a sentence that names the file.
    Wrong(&'a str),
}

/// What came of it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    pub copied: u64,
    /// Bytes of those, sealed.
    pub bytes: u64,
    /// Were there already, or are looked at alone.
    pub there: u64,
    /// Sentences that were told.
    pub wrong: u64,
}

/// What became of one file.
enum Fate {
    Copied(u64),
    There,
    /// Its row went meanwhile, and the file with it.
    Swept,
    Wrong(String),
}

/// Copies every file that a row names from the former place, unless it is there already, and marks the place as this
/// platform's.
///
/// # Errors
/// When there is no former place, or one of the two or the database fails; what is copied stays.
pub async fn copy(files: &Files, tell: impl FnMut(Told<'_>)) -> Result<Moved> {
    if files.store.former().is_none() {
        return Err(Error::Store("no former place is named from which files could be copied".into()));
    }
    files.must_not_be_foreign().await?;
    let moved = each(files, tell, async |row, rendition| copy_one(files, row, rendition).await).await?;
    files.mark_copied().await?;
    Ok(moved)
}

/// Reads every file that a row names from the place where files lie now: that it is there, opens, is what the row
/// says, and what the former place has, if there is one.
///
/// # Errors
/// When a place or the database fails.
pub async fn verify(files: &Files, tell: impl FnMut(Told<'_>)) -> Result<Moved> {
    each(files, tell, async |row, rendition| verify_one(files, row, rendition).await).await
}

fn renditions(row: &upload::Model) -> impl Iterator<Item = Rendition> + use<> {
    let thumbnail = (row.kind == PICTURE).then_some(Rendition::Thumbnail);
    std::iter::once(Rendition::Full).chain(thumbnail)
}

async fn each(
    files: &Files,
    mut tell: impl FnMut(Told<'_>),
    look: impl AsyncFn(&upload::Model, Rendition) -> Result<Fate>,
) -> Result<Moved> {
    let mut moved = Moved::default();
    let (mut after, mut rows, mut last_told) = (String::new(), 0, Instant::now());
    loop {
        let page = page(files, &after).await?;
        let Some(last) = page.last() else { return Ok(moved) };
        after.clone_from(&last.id);
        rows += page.len() as u64;
        let wanted = page.iter().flat_map(|row| renditions(row).map(move |rendition| (row, rendition)));
        let look = &look;
        let fates = futures::stream::iter(wanted)
            .map(|(row, rendition)| async move { look(row, rendition).await })
            .buffer_unordered(AT_ONCE);
        let mut fates = std::pin::pin!(fates);
        while let Some(fate) = fates.try_next().await? {
            match fate {
                Fate::Copied(bytes) => {
                    moved.copied += 1;
                    moved.bytes += bytes;
                }
                Fate::There => moved.there += 1,
                Fate::Swept => {}
                Fate::Wrong(sentence) => {
                    moved.wrong += 1;
                    tell(Told::Wrong(&sentence));
                }
            }
            if last_told.elapsed() >= TOLD_EVERY {
                last_told = Instant::now();
                let of =
                    sea_orm::PaginatorTrait::count(upload::Entity::find(), files.context.db.read()).await?;
                tell(Told::Far { files: moved.copied + moved.there + moved.wrong, rows, of });
            }
        }
    }
}

async fn page(files: &Files, after: &str) -> Result<Vec<upload::Model>> {
    Ok(upload::Entity::find()
        .filter(upload::Column::Id.gt(after))
        .order_by_asc(upload::Column::Id)
        .limit(PAGE)
        .all(files.context.db.read())
        .await?)
}

async fn copy_one(files: &Files, row: &upload::Model, rendition: Rendition) -> Result<Fate> {
    let id = key_of(&row.id)?;
    let (names, place) = (names(id, rendition), files.store.place());
    let there = place.size(&names).await?;
    let Some(former) = files.store.former() else { return Ok(Fate::There) };
    let source = match former.size(&names).await? {
        // Files never change; sealed with another key they keep their length.
        Some(size) if Some(size) == there => return Ok(Fate::There),
        Some(_) => former.get(&names).await?,
        None => None,
    };
    match (source, there) {
        (Some(sealed), _) => {
            let bytes = sealed.len() as u64;
            let [name, _] = names;
            place.put(&name, sealed).await?;
            Ok(Fate::Copied(bytes))
        }
        (None, Some(_)) => Ok(Fate::There),
        (None, None) => missing(files, row, rendition).await,
    }
}

async fn missing(files: &Files, row: &upload::Model, rendition: Rendition) -> Result<Fate> {
    let still = upload::Entity::find_by_id(&row.id).one(files.context.db.read()).await?;
    Ok(match still {
        Some(_) => wrong(row, rendition, "is missing, and a row names it")?,
        None => Fate::Swept,
    })
}

fn wrong(row: &upload::Model, rendition: Rendition, what: &str) -> Result<Fate> {
    Ok(Fate::Wrong(format!("{} {what}.", FileStore::file_name(key_of(&row.id)?, rendition))))
}

async fn verify_one(files: &Files, row: &upload::Model, rendition: Rendition) -> Result<Fate> {
    let id = key_of(&row.id)?;
    let names = names(id, rendition);
    let Some(sealed) = files.store.place().get(&names).await? else {
        return missing(files, row, rendition).await;
    };
    let source = match files.store.former() {
        Some(former) => former.get(&names).await?,
        None => None,
    };
    let is_same = source.as_ref().is_none_or(|source| *source == sealed);
    let opened = match files.store.open(id, rendition, sealed).await {
        Ok(opened) => opened,
        Err(StoreError::Keyring(error)) => return wrong(row, rendition, &format!("does not open: {error}")),
        Err(error) => return Err(error.into()),
    };
    if rendition == Rendition::Full && !Digest::read(&row.digest).fits(&opened) {
        return wrong(row, rendition, "is not the file that its row tells of");
    }
    // Sealed anew on one side alone, it still has to be the same file.
    if let (false, Some(source)) = (is_same, source) {
        let source = files.store.open(id, rendition, source).await.ok();
        if source.is_some_and(|source| source != opened) {
            return wrong(row, rendition, "is not what it was in the former place");
        }
    }
    Ok(Fate::There)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use object_store::memory::InMemory;
    use object_store::path::Path as Name;

    use super::*;
    use crate::common::{World, claims, picture};

    claims![
        files_go_to_another_place_and_back,
        broken_off_it_goes_on_where_it_was,
        what_is_missing_damaged_or_other_is_named,
        a_file_that_is_swept_meanwhile_is_no_fault,
    ];

    async fn copied(world: &World) -> (Moved, Vec<String>) {
        let mut told = Vec::new();
        let moved = copy(&world.service.files, |it| note(&mut told, it)).await.unwrap();
        (moved, told)
    }

    async fn verified(world: &World) -> (Moved, Vec<String>) {
        let mut told = Vec::new();
        let moved = verify(&world.service.files, |it| note(&mut told, it)).await.unwrap();
        (moved, told)
    }

    fn note(told: &mut Vec<String>, it: Told<'_>) {
        if let Told::Wrong(sentence) = it {
            told.push(sentence.to_owned());
        }
    }

    /// The world's server, started again over another place of files.
    async fn stores_in(world: &mut World, files: FileStore) {
        world.files = files;
        world.service = world.restarted().await;
    }

    fn memory(world: &World) -> FileStore {
        FileStore::over(Arc::new(InMemory::new()), Arc::clone(&world.keys))
    }

    fn directory(world: &World, at: &Path) -> FileStore {
        FileStore::local(at, Arc::clone(&world.keys)).unwrap()
    }

    async fn files_go_to_another_place_and_back(mut world: World) {
        let home = crate::common::directory();
        let actor = world.applicant(1).await;
        let (here, there) = (directory(&world, &home.path().join("files")), memory(&world));
        stores_in(&mut world, here.clone()).await;
        let early = world.picture(&actor, 1).await;
        let paper = world.document(&actor).await;
        for (old, new) in [(here.clone(), there.clone()), (there, here)] {
            stores_in(&mut world, new.clone().moving_from(old.clone())).await;
            // Nobody waits for the copying: what lay there is shown, what comes is kept in the new place.
            world.service.files.open_file(&actor, &early).await.unwrap();
            let late = world.picture(&actor, 2).await;
            assert!(new.get(late.parse().unwrap(), Rendition::Full).await.unwrap().is_some());
            let (moved, told) = copied(&world).await;
            assert!(moved.copied >= 2 && moved.there >= 2 && moved.bytes > 1_000, "{moved:?}");
            assert_eq!((moved.wrong, told), (0, vec![]));
            let (again, _) = copied(&world).await;
            assert_eq!((again.copied, again.there), (0, moved.copied + moved.there));
            let (looked, told) = verified(&world).await;
            assert_eq!((looked.there, looked.wrong, told), (moved.copied + moved.there, 0, vec![]));

            stores_in(&mut world, new).await;
            for id in [&early, &paper, &late] {
                world.service.files.open_file(&actor, id).await.unwrap();
            }
            world.service.files.open_thumbnail(&actor, &early).await.unwrap();
        }
        assert!(copy(&world.service.files, |_| {}).await.is_err(), "there is nowhere to copy from");
    }

    async fn broken_off_it_goes_on_where_it_was(mut world: World) {
        let actor = world.applicant(1).await;
        for number in 0..6 {
            world.picture(&actor, number).await;
        }
        let (old, new) = (world.files.clone(), memory(&world));
        stores_in(&mut world, new.moving_from(old)).await;
        let files = &world.service.files;
        let left = AtomicU32::new(5);
        let broken_off = each(
            files,
            |_| {},
            async |row, rendition| {
                let is_end = left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                    .is_err();
                if is_end {
                    Err(Error::Store("the wire is cut".into()))
                } else {
                    copy_one(files, row, rendition).await
                }
            },
        );
        assert!(broken_off.await.is_err());
        let (moved, _) = copied(&world).await;
        assert_eq!(moved.copied + moved.there, 12);
        assert!(moved.there > 0, "{moved:?}");
        assert_eq!(verified(&world).await.0.there, 12);
    }

    async fn what_is_missing_damaged_or_other_is_named(mut world: World) {
        let actor = world.applicant(1).await;
        let mut ids = Vec::new();
        for number in 0..4 {
            let kept = world.service.files.accept_upload(&actor, "a.png", picture(number)).await.unwrap();
            ids.push(key_of(&kept.id).unwrap());
        }
        let (old, new) = (world.files.clone(), memory(&world));
        old.delete(ids[0]).await.unwrap();
        stores_in(&mut world, new.clone().moving_from(old.clone())).await;
        let name = |id, rendition| FileStore::file_name(id, rendition);
        let missing = |id, rendition| format!("{} is missing, and a row names it.", name(id, rendition));
        let (moved, mut told) = copied(&world).await;
        told.sort();
        let expected = [missing(ids[0], Rendition::Full), missing(ids[0], Rendition::Thumbnail)];
        assert_eq!((moved.wrong, told.as_slice()), (2, expected.as_slice()));

        // Damaged, another file in its place, and gone from the new place.
        let at = |id| Name::from(name(id, Rendition::Full));
        let mut sealed = new.sealed(ids[1], Rendition::Full).await.unwrap().unwrap();
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        new.place().put(&at(ids[1]), sealed).await.unwrap();
        new.put(ids[2], Rendition::Full, b"another".to_vec()).await.unwrap();
        new.put(ids[2], Rendition::Thumbnail, b"another".to_vec()).await.unwrap();
        new.place().delete(&[at(ids[3])]).await.unwrap();
        let (looked, mut told) = verified(&world).await;
        told.sort();
        let mut expected = vec![
            missing(ids[0], Rendition::Full),
            missing(ids[0], Rendition::Thumbnail),
            format!("{} does not open: the value does not open here", name(ids[1], Rendition::Full)),
            format!("{} is not the file that its row tells of.", name(ids[2], Rendition::Full)),
            format!("{} is not what it was in the former place.", name(ids[2], Rendition::Thumbnail)),
            missing(ids[3], Rendition::Full),
        ];
        expected.sort();
        assert_eq!(looked.wrong, 6, "{told:?}");
        for (told, expected) in told.iter().zip(&expected) {
            let begins = expected.split(" open").next().unwrap();
            assert!(told.starts_with(begins), "{told} | {expected}");
        }
        // What was sealed anew in one place alone is the same file.
        new.put(ids[1], Rendition::Thumbnail, old.get(ids[1], Rendition::Thumbnail).await.unwrap().unwrap())
            .await
            .unwrap();
        assert_eq!(verified(&world).await.0.wrong, 6);
    }

    async fn a_file_that_is_swept_meanwhile_is_no_fault(mut world: World) {
        let actor = world.applicant(1).await;
        let id = world.picture(&actor, 1).await;
        let (old, new) = (world.files.clone(), memory(&world));
        stores_in(&mut world, new.moving_from(old)).await;
        let row = upload::Entity::find_by_id(&id).one(world.service.files.context.db.read()).await.unwrap();
        world.later(time::Duration::days(2));
        assert_eq!(world.service.files.sweep_uploads().await.unwrap(), 1);
        let fate = copy_one(&world.service.files, &row.unwrap(), Rendition::Full).await.unwrap();
        assert!(matches!(fate, Fate::Swept));
        assert_eq!(copied(&world).await, (Moved::default(), vec![]));
    }
}
