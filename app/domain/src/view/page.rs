//! Lists that are read page by page.

use serde::{Deserialize, Serialize};

/// One page of a list, paged by key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paged<T> {
    pub rows: Vec<T>,
    pub total: u64,
    /// Cursor of the following page.
    pub next: Option<String>,
    /// Whether this is not the first page.
    pub is_later: bool,
}

impl<T> Default for Paged<T> {
    fn default() -> Self {
        Paged { rows: Vec::new(), total: 0, next: None, is_later: false }
    }
}
