//! What a child says of a file.

use serde::{Deserialize, Serialize};

use crate::files::upload::UploadRefusal;

/// What came of a task: a line, and the bytes that were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) said: Said,
    pub(super) made: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Said {
    Pages(u32),
    Picture {
        encoding: pictures::Encoding,
        width: u32,
        height: u32,
        doubt: Option<pictures::Doubt>,
        /// In bytes: what was made is the picture and then its thumbnail.
        picture: usize,
        thumbnail: usize,
    },
    Refused(UploadRefusal),
}
