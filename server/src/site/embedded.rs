//! A built site that lies in the program itself, as a file system that `ServeDir` can read.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::fs::{Backend, File, Metadata};

/// The commit's time, in seconds, which is when each file counts as changed. `make release` sets it.
const SOURCE_DATE_EPOCH: Option<&str> = option_env!("SOURCE_DATE_EPOCH");

/// The files by their paths, parted by `/`. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Embedded(Arc<BTreeMap<String, &'static [u8]>>);

impl FromIterator<(String, &'static [u8])> for Embedded {
    fn from_iter<I: IntoIterator<Item = (String, &'static [u8])>>(files: I) -> Self {
        Embedded(Arc::new(files.into_iter().collect()))
    }
}

impl Embedded {
    /// What was built when the program was.
    #[cfg(feature = "embedded-site")]
    pub fn built() -> Self {
        static SITE: include_dir::Dir<'static> =
            include_dir::include_dir!("$CARGO_MANIFEST_DIR/../target/site");
        fn walk(directory: &'static include_dir::Dir<'static>, files: &mut BTreeMap<String, &'static [u8]>) {
            for file in directory.files() {
                if let Some(path) = file.path().to_str() {
                    files.insert(path.to_owned(), file.contents());
                }
            }
            directory.dirs().for_each(|below| walk(below, files));
        }
        let mut files = BTreeMap::new();
        walk(&SITE, &mut files);
        Embedded(Arc::new(files))
    }

    pub fn get(&self, path: &str) -> Option<&'static [u8]> {
        self.0.get(path).copied()
    }

    /// The names at the top, each with whether it is a directory.
    pub fn top(&self) -> BTreeMap<&str, bool> {
        let top = self.0.keys().map(|path| match path.split_once('/') {
            Some((directory, _)) => (directory, true),
            None => (path.as_str(), false),
        });
        top.collect()
    }

    fn look(&self, path: &Path) -> io::Result<Found> {
        let key = key(path).ok_or(io::ErrorKind::NotFound)?;
        if let Some(bytes) = self.get(&key) {
            return Ok(Found::File(bytes));
        }
        let below = format!("{key}/");
        let is_directory =
            self.0.range(below.clone()..).next().is_some_and(|(path, _)| path.starts_with(&below));
        if is_directory { Ok(Found::Directory) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

/// The path as it is listed. Nothing above or beside what is listed can be named.
fn key(path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// What stands under a path.
#[derive(Debug, Clone, Copy)]
pub enum Found {
    File(&'static [u8]),
    Directory,
}

impl Metadata for Found {
    fn is_dir(&self) -> bool {
        matches!(self, Found::Directory)
    }

    fn modified(&self) -> io::Result<SystemTime> {
        let seconds = SOURCE_DATE_EPOCH.and_then(|seconds| seconds.parse().ok());
        seconds
            .map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    fn len(&self) -> u64 {
        match self {
            Found::File(bytes) => bytes.len() as u64,
            Found::Directory => 0,
        }
    }
}

/// A file that is read, from the memory of the program.
#[derive(Debug)]
pub struct Open(io::Cursor<&'static [u8]>);

impl AsyncRead for Open {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncSeek for Open {
    fn start_seek(mut self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.0).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.0).poll_complete(context)
    }
}

impl File for Open {
    type Metadata = Found;
    type MetadataFuture<'a> = Ready<io::Result<Found>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        ready(Ok(Found::File(self.0.get_ref())))
    }
}

impl Backend for Embedded {
    type File = Open;
    type Metadata = Found;
    type OpenFuture = Ready<io::Result<Open>>;
    type MetadataFuture = Ready<io::Result<Found>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        ready(self.look(&path).and_then(|found| match found {
            Found::File(bytes) => Ok(Open(io::Cursor::new(bytes))),
            Found::Directory => Err(io::ErrorKind::IsADirectory.into()),
        }))
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        ready(self.look(&path))
    }
}
