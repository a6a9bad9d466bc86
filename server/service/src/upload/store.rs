//! Where accepted files are kept: sealed with the keyring, under names that say nothing, on disk
//! before the caller writes the row that refers to them. // R70, R71

use std::{path::Path, sync::Arc};

use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, path::Path as Name};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::keyring::{Keyring, KeyringError};

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

/// A file in the store, for the sweeper that looks for files nothing refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    pub id: Uuid,
    pub rendition: Rendition,
    pub written: OffsetDateTime,
}

/// Bytes of the file that shows whether files can be written: as much as a small picture.
const SIGN_OF_LIFE: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the directory of files cannot be used")]
    Directory(#[source] std::io::Error),
    #[error("the file store failed")]
    Store(#[from] object_store::Error),
    #[error("a stored file cannot be sealed or opened")]
    Keyring(#[from] KeyringError),
    #[error("sealing a file did not end well")]
    Interrupted,
}

/// The files. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FileStore {
    objects: Arc<dyn ObjectStore>,
    keyring: Arc<Keyring>,
}

impl FileStore {
    /// Files in a local directory, which is made if it is not there. A [`put`](FileStore::put) that
    /// returned survives a power cut: the file, then its directory entry, are flushed to disk.
    pub fn local(directory: &Path, keyring: Arc<Keyring>) -> Result<Self, StoreError> {
        std::fs::create_dir_all(directory).map_err(StoreError::Directory)?;
        let objects = LocalFileSystem::new_with_prefix(directory)?.with_fsync(true);
        Ok(Self::over(Arc::new(objects), keyring))
    }

    /// Files in any other object store, such as one that speaks S3.
    pub fn over(objects: Arc<dyn ObjectStore>, keyring: Arc<Keyring>) -> Self {
        Self { objects, keyring }
    }

    /// Keeps `bytes`. An id stands for one upload and is never given to another, so repeating a
    /// `put` after a lost answer is harmless.
    pub async fn put(&self, id: Uuid, rendition: Rendition, bytes: Vec<u8>) -> Result<(), StoreError> {
        let keyring = Arc::clone(&self.keyring);
        let sealed = tokio::task::spawn_blocking(move || keyring.seal(&context(id, rendition), &bytes))
            .await
            .map_err(|_| StoreError::Interrupted)??;
        self.objects.put(&name(id, rendition), PutPayload::from(sealed)).await?;
        Ok(())
    }

    /// The bytes that were put, or nothing if there is no such file.
    pub async fn get(&self, id: Uuid, rendition: Rendition) -> Result<Option<Vec<u8>>, StoreError> {
        let sealed = match self.objects.get(&name(id, rendition)).await {
            Ok(found) => found.bytes().await?,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(failure) => return Err(failure.into()),
        };
        let keyring = Arc::clone(&self.keyring);
        let bytes = tokio::task::spawn_blocking(move || keyring.open(&context(id, rendition), &sealed))
            .await
            .map_err(|_| StoreError::Interrupted)??;
        Ok(Some(bytes))
    }

    /// Deletes every rendition of an upload; none being there is fine.
    pub async fn delete(&self, id: Uuid) -> Result<(), StoreError> {
        for rendition in Rendition::ALL {
            match self.objects.delete(&name(id, rendition)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(())
    }

    /// Writes a file and deletes it, to see whether files can be kept now.
    pub async fn give_sign_of_life(&self) -> Result<(), StoreError> {
        let name = Name::from("sign-of-life");
        self.objects.put(&name, PutPayload::from(vec![0_u8; SIGN_OF_LIFE])).await?;
        match self.objects.delete(&name).await {
            // Another server of the same directory was quicker.
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Every file there is. The sweeper compares it with the rows: a crash between writing a file and
    /// its row leaves a file that no row names.
    pub async fn all(&self) -> Result<Vec<Stored>, StoreError> {
        let mut found = Vec::new();
        let mut listed = self.objects.list(None);
        while let Some(entry) = listed.try_next().await? {
            let written = OffsetDateTime::from_unix_timestamp(entry.last_modified.timestamp());
            if let (Some((id, rendition)), Ok(written)) = (parse_name(&entry.location), written) {
                found.push(Stored { id, rendition, written });
            }
        }
        Ok(found)
    }
}

/// The place a file is sealed for: exchanged files do not open.
fn context(id: Uuid, rendition: Rendition) -> String {
    format!("file/{id}/{}", rendition.name())
}

/// `3f/<uuid>.full`. Sharded by the last two digits: those of a UUIDv7 are random, the first are the
/// time and would put a whole month into one directory.
fn name(id: Uuid, rendition: Rendition) -> Name {
    let [.., last] = *id.as_bytes();
    Name::from(format!("{last:02x}/{id}.{}", rendition.name()))
}

fn parse_name(name: &Name) -> Option<(Uuid, Rendition)> {
    let (id, rendition) = name.filename()?.split_once('.')?;
    let rendition = Rendition::ALL.into_iter().find(|known| known.name() == rendition)?;
    Some((id.parse().ok()?, rendition))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use std::{fs, path::PathBuf};

    use super::*;

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

        let all = store.all().await.unwrap();
        assert_eq!(all.len(), 21);
        assert!(ids.iter().all(|id| all.iter().any(|stored| stored.id == *id)));
        assert!(all.iter().any(|stored| stored.rendition == Rendition::Thumbnail && stored.id == ids[0]));
        assert!(all.iter().all(|stored| stored.written.year() >= 2024));
    }

    #[tokio::test]
    async fn any_object_store_will_do() {
        let memory = Arc::new(object_store::memory::InMemory::new());
        let store = FileStore::over(memory, Arc::new(Keyring::generate().unwrap()));
        let id = Uuid::now_v7();
        store.put(id, Rendition::Full, b"document".to_vec()).await.unwrap();
        assert_eq!(store.get(id, Rendition::Full).await.unwrap().unwrap(), b"document");
        store.delete(id).await.unwrap();
        assert_eq!(store.all().await.unwrap(), []);
    }
}
