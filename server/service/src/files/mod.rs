//! Files people attach: taken, shown, counted and removed.

pub mod faults;
pub mod file;
pub mod mark;
pub mod sweep;
pub mod thumbnail_looks;
pub mod upload;

use crate::base::context::handle;
use crate::files::thumbnail_looks::Shown;
use crate::files::upload::child::FileCheck;
use crate::files::upload::store::FileStore;

handle! {
    /// Files people attach: taken, shown, counted and removed.
    Files {} own { store: FileStore, check: FileCheck, shown: Shown }
}
