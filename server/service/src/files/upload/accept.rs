//! What is kept of a sent file, or why it is refused. // R71

use std::sync::Arc;

use crate::files::upload::answer::{Answer, Said};
use crate::files::upload::child::{FileCheck, Task};
use crate::files::upload::content::Content;
use crate::files::upload::picture::format_of;
use crate::files::upload::{UploadRefusal, check_size};

/// A document that can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdf {
    pub bytes: Vec<u8>,
    pub pages: u32,
}

/// A picture that can be kept and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The re-encoded picture.
    pub bytes: Vec<u8>,
    /// `image/jpeg` or `image/png`.
    pub content_type: &'static str,
    pub width: u32,
    pub height: u32,
    /// A JPEG of at most 320 pixels a side, for lists.
    pub thumbnail: Vec<u8>,
    /// Advice to the person; nothing is refused for it.
    pub warnings: Vec<&'static str>,
}

/// Decides about a sent document.
pub async fn accept_pdf(bytes: Vec<u8>, check: &FileCheck) -> Result<Pdf, UploadRefusal> {
    check_size(&bytes)?;
    match Content::of(&bytes) {
        Content::Pdf => {}
        other => return Err(UploadRefusal::NotAPdf(other)),
    }
    let bytes: Arc<[u8]> = bytes.into();
    match check.ask(Task::Document, Arc::clone(&bytes)).await?.said {
        Said::Pages(pages) => Ok(Pdf { bytes: bytes.to_vec(), pages }),
        Said::Picture { .. } | Said::Refused(_) => Err(UploadRefusal::CheckUnavailable),
    }
}

/// Decides about a sent picture and makes what is kept of it.
pub async fn accept_picture(bytes: Vec<u8>, check: &FileCheck) -> Result<Picture, UploadRefusal> {
    check_size(&bytes)?;
    format_of(&bytes)?; // no child for what is no picture
    let Answer { said, made: mut bytes } = check.ask(Task::Picture, bytes.into()).await?;
    let Said::Picture { encoding, width, height, doubt, picture, thumbnail } = said else {
        return Err(UploadRefusal::CheckUnavailable);
    };
    if picture.checked_add(thumbnail).is_none_or(|both| both > bytes.len()) {
        return Err(UploadRefusal::CheckUnavailable);
    }
    bytes.truncate(picture + thumbnail);
    let thumbnail = bytes.split_off(picture);
    Ok(Picture {
        bytes,
        content_type: encoding.media_type(),
        width,
        height,
        thumbnail,
        warnings: doubt.map(pictures::Doubt::sentence).into_iter().collect(),
    })
}
