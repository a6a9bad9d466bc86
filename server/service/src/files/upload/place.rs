//! One place in which sealed files lie by their names: a directory of this machine, or a bucket. It knows nothing of
//! what is in them.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload};

use super::failure::StoreError;
use crate::base::keyring::random_number;
use crate::base::private;

/// Bytes of the file that shows whether files can be written: as much as a small picture …
const SIGN_OF_LIFE: usize = 64 * 1024;
/// … which tells of a full disk. A bucket is never full, and may keep every version of what was in it.
const SIGN_OF_LIFE_AFAR: usize = 64;
/// So long a bucket that took a file is believed to take the next: each question to it is paid for.
const LIVES_ON: Duration = Duration::from_secs(15);
const SIGN: &str = "sign-of-life";

/// Where files lie.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    objects: Arc<dyn ObjectStore>,
    /// Where the objects are files of this machine, their directory.
    directory: Option<Arc<PathBuf>>,
    /// So long one file may take to come or go, with all that is tried again.
    patience: Option<Duration>,
    gave_life: Arc<Mutex<Option<Instant>>>,
}

impl Place {
    /// A directory of this machine, which is made if it is not there, closed to others.
    pub(crate) fn directory(directory: &Path) -> Result<Self, StoreError> {
        // Only where the directory stood open can anybody have come to what is in it.
        if private::directory(directory).map_err(StoreError::Directory)? {
            let closed = private::close_below(directory).map_err(StoreError::Directory)?;
            tracing::warn!(directory = %directory.display(), closed, "stored files were closed to others");
        }
        let objects = LocalFileSystem::new_with_prefix(directory)?.with_fsync(true);
        let directory = Some(Arc::new(directory.to_path_buf()));
        Ok(Place { directory, ..Place::over(Arc::new(objects), None) })
    }

    pub(crate) fn over(objects: Arc<dyn ObjectStore>, patience: Option<Duration>) -> Self {
        Place { objects, directory: None, patience, gave_life: Arc::default() }
    }

    /// Whether files lie on this machine.
    pub(crate) fn is_here(&self) -> bool {
        self.directory.is_some()
    }

    /// Nobody waits longer than the patience, whatever the store does.
    async fn within<T>(
        &self,
        asked: impl Future<Output = Result<T, object_store::Error>> + Send,
    ) -> Result<T, StoreError> {
        let answer = match self.patience {
            None => asked.await,
            Some(patience) => {
                tokio::time::timeout(patience, asked).await.map_err(|_| StoreError::TooSlow(patience))?
            }
        };
        Ok(answer?)
    }

    /// When this has returned, the file survives a power cut.
    pub(crate) async fn put(&self, name: &Name, sealed: Vec<u8>) -> Result<(), StoreError> {
        let path = self.directory.as_ref().map(|directory| directory.join(AsRef::<str>::as_ref(name)));
        if let Some(shard) = path.as_ref().and_then(|path| path.parent().map(Path::to_path_buf)) {
            // The object store would make it for everybody to list.
            let made = tokio::task::spawn_blocking(move || private::directory(&shard));
            made.await.map_err(|_| StoreError::Interrupted)?.map_err(StoreError::Directory)?;
        }
        self.within(self.objects.put(name, PutPayload::from(sealed))).await?;
        if let Some(path) = path {
            let private = Permissions::from_mode(0o600);
            tokio::fs::set_permissions(path, private).await.map_err(StoreError::Directory)?;
        }
        Ok(())
    }

    /// The bytes that lie under the first of the names under which some do.
    pub(crate) async fn get(&self, names: &[Name]) -> Result<Option<Vec<u8>>, StoreError> {
        for name in names {
            let bytes = self.within(async { self.objects.get(name).await?.bytes().await });
            match bytes.await {
                Ok(bytes) => return Ok(Some(bytes.into())),
                Err(failure) if failure.is_absence() => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }

    /// The first bytes of a file.
    pub(crate) async fn header(&self, names: &[Name]) -> Result<Option<Vec<u8>>, StoreError> {
        for name in names {
            match self.within(self.objects.get_range(name, 0..3)).await {
                Ok(header) => return Ok(Some(header.into())),
                Err(failure) if failure.is_absence() => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }

    pub(crate) async fn size(&self, names: &[Name]) -> Result<Option<u64>, StoreError> {
        for name in names {
            match self.within(self.objects.head(name)).await {
                Ok(found) => return Ok(Some(found.size)),
                Err(failure) if failure.is_absence() => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }

    /// None being there is fine.
    pub(crate) async fn delete(&self, names: &[Name]) -> Result<(), StoreError> {
        for name in names {
            match self.within(self.objects.delete(name)).await {
                Err(failure) if !failure.is_absence() => return Err(failure),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// What lies under a folder, or everywhere, as it is read: there may be millions.
    pub(crate) fn list(&self, folder: Option<&Name>) -> BoxStream<'static, Result<ObjectMeta, StoreError>> {
        self.objects.list(folder).map_err(StoreError::from).boxed()
    }

    /// Writes a file and deletes it, to see whether files can be kept now.
    pub(crate) async fn give_sign_of_life(&self) -> Result<(), StoreError> {
        if self.is_here() {
            return self.write_and_delete(SIGN_OF_LIFE).await;
        }
        let last = *self.gave_life.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|at| at.elapsed() < LIVES_ON) {
            return Ok(());
        }
        self.write_and_delete(SIGN_OF_LIFE_AFAR).await?;
        *self.gave_life.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Ok(())
    }

    async fn write_and_delete(&self, bytes: usize) -> Result<(), StoreError> {
        let name = Name::from(SIGN);
        self.within(self.objects.put(&name, PutPayload::from(vec![0_u8; bytes]))).await?;
        // Another server of the same place may be quicker.
        self.delete(&[name]).await
    }

    /// Does all that the program ever does with its files; where that fails, says what was tried.
    pub(crate) async fn try_out(&self) -> Result<(), (&'static str, StoreError)> {
        let chance = random_number().map_err(|error| ("named", error.into()))?;
        let name = Name::from(format!("{SIGN}-{chance:x}"));
        let content = vec![7_u8; SIGN_OF_LIFE_AFAR];
        self.put(&name, content.clone()).await.map_err(|error| ("written", error))?;
        let read = self.get(std::slice::from_ref(&name)).await.map_err(|error| ("read", error))?;
        if read.as_ref() != Some(&content) {
            return Err(("read", StoreError::Changed));
        }
        self.list(Some(&Name::from("2000-01-01"))).try_next().await.map_err(|error| ("listed", error))?;
        self.delete(&[name]).await.map_err(|error| ("deleted", error))
    }
}
