//! Files and directories that only the account of the server can read. Modes are said where something is
//! made, whatever the umask; what an older version left open is closed, with a line in the log.

use std::fs::{
    DirBuilder, File, OpenOptions, Permissions, metadata, read_dir, remove_file, rename, set_permissions,
};
use std::io::{Error, ErrorKind, Result, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown,
};
use std::path::Path;

const FILE: u32 = 0o600;

const DIRECTORY: u32 = 0o700;

/// Of directories that many accounts share, such as /tmp; they are not ours to close.
const STICKY: u32 = 0o1000;

/// Makes a directory, and those above it that are missing. Says whether one that was there stood open
/// to others until now.
pub fn directory(path: &Path) -> Result<bool> {
    DirBuilder::new().recursive(true).mode(DIRECTORY).create(path)?;
    close(path, DIRECTORY)
}

/// A new file; fails where there is one.
pub fn create(path: &Path) -> Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(FILE).open(path)
}

/// A new file with this content, on the disk together with its name; fails where there is one.
pub fn write(path: &Path, content: &[u8]) -> Result<()> {
    let mut file = create(path)?;
    file.write_all(content)?;
    file.sync_all()?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent),
        Some(_) | None => sync_directory(Path::new(".")),
    }
}

/// Other content for a file that is there, whose owner and mode stay. Whoever reads meanwhile gets all of the old or all
/// of the new content, and so does who looks after a power cut. Of two at once one fails.
pub fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let path = path.canonicalize()?;
    let is = metadata(&path)?;
    let mut beside = path.clone().into_os_string();
    beside.push(".new");
    let beside = Path::new(&beside);
    write(beside, content)?;
    let made = metadata(beside)?;
    let take_its_place = || {
        if (made.uid(), made.gid()) != (is.uid(), is.gid()) {
            chown(beside, Some(is.uid()), Some(is.gid()))?;
        }
        set_permissions(beside, is.permissions())?;
        rename(beside, &path)
    };
    take_its_place().inspect_err(|_| drop(remove_file(beside)))?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Puts the names in a directory on the disk.
pub fn sync_directory(path: &Path) -> Result<()> {
    File::open(path)?.sync_all()
}

/// Takes a file away from everybody but its owner; none being there is fine. Says whether others could
/// read it until now.
pub fn close_file(path: &Path) -> Result<bool> {
    match close(path, FILE) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        outcome => outcome,
    }
}

/// Closes everything below a directory; says how much stood open.
pub fn close_below(path: &Path) -> Result<u64> {
    let mut closed = 0;
    for entry in read_dir(path)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            closed += u64::from(close(&entry.path(), DIRECTORY)?) + close_below(&entry.path())?;
        } else if kind.is_file() {
            closed += u64::from(close_file(&entry.path())?);
        }
    }
    Ok(closed)
}

fn close(path: &Path, mode: u32) -> Result<bool> {
    let now = metadata(path)?.permissions().mode();
    if now & 0o077 == 0 || now & STICKY != 0 {
        return Ok(false);
    }
    match set_permissions(path, Permissions::from_mode(now & mode)) {
        Ok(()) => {
            let (was, is) = (format!("{:o}", now & 0o777), format!("{:o}", now & mode));
            tracing::warn!(path = %path.display(), was, is, "others could read this; now only the server can");
            Ok(true)
        }
        // It belongs to another account, who may have its reasons.
        Err(error) if is_refused(&error) => {
            tracing::warn!(path = %path.display(), "others can read this, and it is not the server's to close");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn is_refused(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use super::*;

    fn mode(path: &Path) -> u32 {
        metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn open(path: &Path, mode: u32) {
        set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    /// Finding 18.
    #[test]
    fn what_is_made_is_private_and_what_stood_open_is_closed() {
        let home = tempfile::tempdir().unwrap();
        let (deep, file) = (home.path().join("a/b"), home.path().join("a/b/file"));
        assert!(!directory(&deep).unwrap());
        write(&file, b"content").unwrap();
        assert_eq!((mode(&home.path().join("a")), mode(&deep), mode(&file)), (0o700, 0o700, 0o600));
        assert!(write(&file, b"other").is_err(), "nothing is overwritten");

        open(&home.path().join("a"), 0o755);
        open(&deep, 0o775);
        open(&file, 0o644);
        assert!(directory(&home.path().join("a")).unwrap());
        assert_eq!(close_below(&home.path().join("a")).unwrap(), 2);
        assert_eq!((mode(&home.path().join("a")), mode(&deep), mode(&file)), (0o700, 0o700, 0o600));
        assert_eq!(close_below(&home.path().join("a")).unwrap(), 0);
        assert!(!directory(&home.path().join("a")).unwrap());
        assert!(!close_file(&home.path().join("nowhere")).unwrap());
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode_and_its_name_in_another_place() {
        let home = tempfile::tempdir().unwrap();
        let (file, link) = (home.path().join("file"), home.path().join("link"));
        write(&file, b"old").unwrap();
        open(&file, 0o640);
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(&link, b"new").unwrap();
        assert_eq!((std::fs::read(&file).unwrap(), mode(&file)), (b"new".to_vec(), 0o640));
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        // Somebody else is at it.
        write(&home.path().join("file.new"), b"other").unwrap();
        assert_eq!(replace(&file, b"newer").unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
    }

    #[test]
    fn a_directory_of_everybody_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        open(home.path(), 0o1777);
        assert!(!directory(home.path()).unwrap());
        assert_eq!(mode(home.path()), 0o1777);
    }
}
