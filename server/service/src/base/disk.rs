//! How much room there is on a disk.

use std::io;
use std::path::Path;

use nix::sys::statvfs::statvfs;

/// Bytes of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// That this account may still fill.
    pub free: u64,
    pub whole: u64,
}

/// The room where a path lies.
///
/// # Errors
/// When there is no such path.
pub fn room_at(path: &Path) -> io::Result<Room> {
    let said = statvfs(path)?;
    let block = said.fragment_size();
    Ok(Room { free: said.blocks_available() * block, whole: said.blocks() * block })
}
