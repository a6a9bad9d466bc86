//! Where accepted files are kept: sealed with the keyring, under names that say nothing, on disk
//! before the caller writes the row that refers to them. // R70, R71

use std::path::Path;
use std::sync::Arc;

use futures::{Stream, StreamExt as _, TryStreamExt as _, future};
use object_store::path::Path as Name;
use object_store::{ObjectMeta, ObjectStore};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

pub use super::failure::StoreError;
use super::place::Place;
use super::s3::{self, S3Server};
use crate::base::keyring::Keyring;

/// What is kept of one upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendition {
    /// The picture or document itself.
    Full,
    /// The small picture for lists; documents have none.
    Thumbnail,
}

impl Rendition {
    const ALL: [Rendition; 2] = [Rendition::Full, Rendition::Thumbnail];

    fn name(self) -> &'static str {
        match self {
            Rendition::Full => "full",
            Rendition::Thumbnail => "thumbnail",
        }
    }
}

/// The files. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FileStore {
    place: Place,
    /// Where files lay before, while they are being moved: read where the place has none, never written.
    former: Option<Place>,
    keyring: Arc<Keyring>,
}

impl FileStore {
    /// Files in a local directory, which is made if it is not there. A [`put`](FileStore::put) that
    /// returned survives a power cut: the file, then its directory entry, are flushed to disk.
    pub fn local(directory: &Path, keyring: Arc<Keyring>) -> Result<Self, StoreError> {
        Ok(Self { place: Place::directory(directory)?, former: None, keyring })
    }

    /// Files in a bucket of a store that speaks S3, which is not asked yet.
    pub fn s3(server: &S3Server<'_>, keyring: Arc<Keyring>) -> Result<Self, StoreError> {
        Ok(Self { place: s3::place(server)?, former: None, keyring })
    }

    /// Files in any other object store.
    pub fn over(objects: Arc<dyn ObjectStore>, keyring: Arc<Keyring>) -> Self {
        Self { place: Place::over(objects, None), former: None, keyring }
    }

    /// The same, with another store that is read where this one has no such file.
    #[must_use]
    pub fn moving_from(self, former: Self) -> Self {
        Self { former: Some(former.place), ..self }
    }

    /// The same, without the place where files lay before.
    #[must_use]
    pub(crate) fn alone(&self) -> Self {
        Self { former: None, ..self.clone() }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn former(&self) -> Option<&Place> {
        self.former.as_ref()
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        std::iter::once(&self.place).chain(&self.former)
    }

    /// Whether files lie in a directory of this machine.
    pub fn is_local(&self) -> bool {
        self.place.is_here()
    }

    /// Keeps `bytes`. An id stands for one upload and is never given to another, so repeating a
    /// `put` after a lost answer is harmless.
    pub async fn put(&self, id: Uuid, rendition: Rendition, bytes: Vec<u8>) -> Result<(), StoreError> {
        let keyring = Arc::clone(&self.keyring);
        let sealed = tokio::task::spawn_blocking(move || keyring.seal(&context(id, rendition), &bytes));
        let sealed = sealed.await.map_err(|_| StoreError::Interrupted)??;
        self.place.put(&name(id, rendition), sealed).await
    }

    /// The bytes that were put, or nothing if there is no such file.
    pub async fn get(&self, id: Uuid, rendition: Rendition) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(sealed) = self.sealed(id, rendition).await? else { return Ok(None) };
        match self.open(id, rendition, sealed).await {
            // It may have come over a wire, damaged or not whole.
            Err(StoreError::Keyring(_)) if !self.place.is_here() => {
                let Some(sealed) = self.sealed(id, rendition).await? else { return Ok(None) };
                self.open(id, rendition, sealed).await.map(Some)
            }
            outcome => outcome.map(Some),
        }
    }

    pub(crate) async fn open(
        &self,
        id: Uuid,
        rendition: Rendition,
        sealed: Vec<u8>,
    ) -> Result<Vec<u8>, StoreError> {
        let keyring = Arc::clone(&self.keyring);
        let opened = tokio::task::spawn_blocking(move || keyring.open(&context(id, rendition), &sealed));
        Ok(opened.await.map_err(|_| StoreError::Interrupted)??)
    }

    /// The bytes as they lie in the store, or nothing if there is no such file.
    pub(crate) async fn sealed(&self, id: Uuid, rendition: Rendition) -> Result<Option<Vec<u8>>, StoreError> {
        for place in self.places() {
            if let Some(sealed) = place.get(&names(id, rendition)).await? {
                return Ok(Some(sealed));
            }
        }
        Ok(None)
    }

    /// How a file begins, which says what sealed it.
    pub(crate) async fn header(&self, id: Uuid, rendition: Rendition) -> Result<Option<Vec<u8>>, StoreError> {
        for place in self.places() {
            if let Some(header) = place.header(&names(id, rendition)).await? {
                return Ok(Some(header));
            }
        }
        Ok(None)
    }

    /// The id of the key that sealed a file.
    #[cfg(test)]
    pub(crate) async fn sealed_by(&self, id: Uuid, rendition: Rendition) -> Result<Option<u16>, StoreError> {
        let header = self.header(id, rendition).await?;
        Ok(header.and_then(|header| crate::base::keyring::key_of(&header)))
    }

    /// Seals a file anew if it was not sealed as files are sealed today; says whether.
    pub(crate) async fn reseal(&self, id: Uuid, rendition: Rendition) -> Result<bool, StoreError> {
        match self.sealed(id, rendition).await? {
            Some(sealed) if self.keyring.is_outdated(&sealed) => {}
            Some(_) | None => return Ok(false),
        }
        let Some(bytes) = self.get(id, rendition).await? else { return Ok(false) };
        self.put(id, rendition, bytes).await?;
        Ok(true)
    }

    /// What the file is called in the store.
    pub(crate) fn file_name(id: Uuid, rendition: Rendition) -> String {
        name(id, rendition).into()
    }

    /// Deletes every rendition of an upload, also where files lay before; none being there is fine.
    pub async fn delete(&self, id: Uuid) -> Result<(), StoreError> {
        for place in self.places() {
            for rendition in Rendition::ALL {
                place.delete(&names(id, rendition)).await?;
            }
        }
        Ok(())
    }

    /// Writes a file and deletes it, to see whether files can be kept now.
    pub async fn give_sign_of_life(&self) -> Result<(), StoreError> {
        self.place.give_sign_of_life().await
    }

    /// Does all that is ever done with files: writes, reads, lists, deletes.
    ///
    /// # Errors
    /// What cannot be done, and why.
    pub async fn try_out(&self) -> Result<(), (&'static str, StoreError)> {
        self.place.try_out().await
    }

    /// The files whose ids were made on a day (UTC), or all there are, one by one as they are read: there
    /// may be millions. For the sweeper, which compares them with the rows. While files are being moved some come
    /// twice.
    pub fn listed(
        &self,
        day: Option<Date>,
    ) -> impl Stream<Item = Result<(Uuid, Rendition), StoreError>> + Send + Unpin {
        let folder = day.map(|day| Name::from(day.to_string()));
        let ours = |entry: ObjectMeta| future::ready(Ok(parse_name(&entry.location)));
        let listed: Vec<_> = self.places().map(|place| place.list(folder.as_ref())).collect();
        Box::pin(futures::stream::iter(listed).flatten().try_filter_map(ours))
    }
}

/// When an id was made, which it says itself.
pub(crate) fn made_at(id: Uuid) -> Option<OffsetDateTime> {
    let (seconds, _) = id.get_timestamp()?.to_unix();
    OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()
}

/// The place a file is sealed for: exchanged files do not open.
fn context(id: Uuid, rendition: Rendition) -> String {
    format!("file/{id}/{}", rendition.name())
}

/// `2026-03-02/<uuid>.full`: the day (UTC) on which the id was made, so that a sweep need not read more than
/// a few days.
fn name(id: Uuid, rendition: Rendition) -> Name {
    match made_at(id) {
        Some(at) => Name::from(format!("{}/{id}.{}", at.date(), rendition.name())),
        None => former_name(id, rendition),
    }
}

/// `3f/<uuid>.full`, by the last two digits: where files lay before, and are still found.
fn former_name(id: Uuid, rendition: Rendition) -> Name {
    let [.., last] = *id.as_bytes();
    Name::from(format!("{last:02x}/{id}.{}", rendition.name()))
}

/// Where a file may lie.
pub(crate) fn names(id: Uuid, rendition: Rendition) -> [Name; 2] {
    [name(id, rendition), former_name(id, rendition)]
}

fn parse_name(name: &Name) -> Option<(Uuid, Rendition)> {
    let (id, rendition) = name.filename()?.split_once('.')?;
    let rendition = Rendition::ALL.into_iter().find(|known| known.name() == rendition)?;
    Some((id.parse().ok()?, rendition))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;

    use time::macros::datetime;

    use super::*;
    use crate::base::keyring::KeyringError;

    async fn all(store: &FileStore, day: Option<Date>) -> Vec<(Uuid, Rendition)> {
        store.listed(day).try_collect().await.unwrap()
    }

    fn files_under(directory: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { found.extend(files_under(&path)) } else { found.push(path) }
        }
        found
    }

    fn store() -> (tempfile::TempDir, FileStore) {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::local(&directory.path().join("files"), Arc::new(Keyring::generate().unwrap()))
            .unwrap();
        (directory, store)
    }

    #[tokio::test]
    async fn what_is_put_is_got_and_gone_once_deleted() {
        let (_directory, store) = store();
        let id = Uuid::now_v7();
        assert_eq!(store.get(id, Rendition::Full).await.unwrap(), None);
        store.put(id, Rendition::Full, b"document".to_vec()).await.unwrap();
        store.put(id, Rendition::Thumbnail, b"small".to_vec()).await.unwrap();
        assert_eq!(store.get(id, Rendition::Full).await.unwrap().unwrap(), b"document");
        assert_eq!(store.get(id, Rendition::Thumbnail).await.unwrap().unwrap(), b"small");

        store.delete(id).await.unwrap();
        assert_eq!(store.get(id, Rendition::Full).await.unwrap(), None);
        assert_eq!(store.get(id, Rendition::Thumbnail).await.unwrap(), None);
        store.delete(id).await.unwrap();
    }

    #[tokio::test]
    async fn putting_the_same_file_again_is_harmless() {
        let (directory, store) = store();
        let id = Uuid::now_v7();
        for _ in 0..2 {
            store.put(id, Rendition::Full, b"document".to_vec()).await.unwrap();
        }
        assert_eq!(store.get(id, Rendition::Full).await.unwrap().unwrap(), b"document");
        assert_eq!(files_under(directory.path()).len(), 1, "no staging file is left behind");
    }

    #[tokio::test]
    async fn files_on_disk_show_nothing_of_their_content() {
        let (directory, store) = store();
        let content = b"a name, an address, a photo ".repeat(100);
        store.put(Uuid::now_v7(), Rendition::Full, content.clone()).await.unwrap();
        let paths = files_under(directory.path());
        assert_eq!(paths.len(), 1);
        let raw = fs::read(&paths[0]).unwrap();
        assert!(!raw.windows(8).any(|piece| content.windows(8).any(|other| other == piece)));
    }

    /// Finding 18.
    #[tokio::test]
    async fn files_are_their_owners_alone_also_those_of_older_versions() {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let (home, store) = store();
        let directory = home.path().join("files");
        store.put(Uuid::now_v7(), Rendition::Full, b"document".to_vec()).await.unwrap();
        let file = files_under(&directory).remove(0);
        let shard = file.parent().unwrap();
        assert_eq!((mode(&directory), mode(shard), mode(&file)), (0o700, 0o700, 0o600));

        for (path, open) in [(directory.as_path(), 0o755), (shard, 0o755), (file.as_path(), 0o644)] {
            fs::set_permissions(path, Permissions::from_mode(open)).unwrap();
        }
        FileStore::local(&directory, Arc::new(Keyring::generate().unwrap())).unwrap();
        assert_eq!((mode(&directory), mode(shard), mode(&file)), (0o700, 0o700, 0o600));
    }

    #[tokio::test]
    async fn a_file_put_in_the_place_of_another_does_not_open() {
        let (directory, store) = store();
        let (mine, yours) = (Uuid::now_v7(), Uuid::now_v7());
        store.put(mine, Rendition::Full, b"mine".to_vec()).await.unwrap();
        store.put(yours, Rendition::Full, b"yours".to_vec()).await.unwrap();
        let path_of = |id: Uuid| {
            files_under(directory.path())
                .into_iter()
                .find(|path| path.to_string_lossy().contains(&id.to_string()))
        };
        fs::copy(path_of(yours).unwrap(), path_of(mine).unwrap()).unwrap();
        let failure = store.get(mine, Rendition::Full).await.unwrap_err();
        assert!(matches!(failure, StoreError::Keyring(KeyringError::DoesNotOpen)));
    }

    #[tokio::test]
    async fn the_sweeper_sees_every_file_and_nothing_else() {
        let (directory, store) = store();
        let ids: Vec<Uuid> = (0..20).map(|_| Uuid::now_v7()).collect();
        for id in &ids {
            store.put(*id, Rendition::Full, vec![1]).await.unwrap();
        }
        store.put(ids[0], Rendition::Thumbnail, vec![2]).await.unwrap();
        fs::write(directory.path().join("files/stray.txt"), "not ours").unwrap();

        let all = all(&store, None).await;
        assert_eq!(all.len(), 21);
        assert!(ids.iter().all(|id| all.contains(&(*id, Rendition::Full))));
        assert!(all.contains(&(ids[0], Rendition::Thumbnail)));
    }

    /// An id of that moment.
    fn id_of(at: OffsetDateTime) -> Uuid {
        let seconds = u64::try_from(at.unix_timestamp()).unwrap();
        Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0))
    }

    /// B17.
    #[tokio::test]
    async fn the_files_of_a_day_are_listed_without_the_others() {
        let (_directory, store) = store();
        let days = [datetime!(2026-03-01 23:59:59 UTC), datetime!(2026-03-02 0:00 UTC)];
        let [before, after] = days.map(id_of);
        for id in [before, after] {
            store.put(id, Rendition::Full, vec![1]).await.unwrap();
        }
        assert_eq!(all(&store, Some(days[0].date())).await, [(before, Rendition::Full)]);
        assert_eq!(all(&store, Some(days[1].date())).await, [(after, Rendition::Full)]);
        assert_eq!(all(&store, Some(datetime!(2026-03-03 0:00 UTC).date())).await, []);
    }

    /// B17. What was stored by the last two digits is found, listed and deleted there.
    #[tokio::test]
    async fn files_that_lie_where_they_lay_before_are_found() {
        let (directory, store) = store();
        let id = Uuid::now_v7();
        store.put(id, Rendition::Full, b"document".to_vec()).await.unwrap();
        let now = &files_under(directory.path())[0];
        let [.., last] = *id.as_bytes();
        let former = directory.path().join(format!("files/{last:02x}"));
        fs::create_dir(&former).unwrap();
        fs::rename(now, former.join(now.file_name().unwrap())).unwrap();
        assert_eq!(store.get(id, Rendition::Full).await.unwrap().unwrap(), b"document");
        assert_eq!(all(&store, None).await, [(id, Rendition::Full)]);
        store.delete(id).await.unwrap();
        assert_eq!(files_under(directory.path()), Vec::<PathBuf>::new());
    }

    #[tokio::test]
    async fn any_object_store_will_do() {
        let memory = Arc::new(object_store::memory::InMemory::new());
        let store = FileStore::over(memory, Arc::new(Keyring::generate().unwrap()));
        let id = Uuid::now_v7();
        store.put(id, Rendition::Full, b"document".to_vec()).await.unwrap();
        assert_eq!(store.get(id, Rendition::Full).await.unwrap().unwrap(), b"document");
        store.delete(id).await.unwrap();
        assert_eq!(all(&store, None).await, []);
    }
}
