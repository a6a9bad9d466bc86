//! Documents: recognised by content, looked through for anything that acts by itself, kept as they
//! were sent (a signature or seal in them must stay valid). // R71
//!
//! The looking-through happens in a child process, see [`child`](super::child).

use lopdf::xref::XrefEntry;
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectStream, Stream};

use crate::files::upload::UploadRefusal;

/// For each stream that holds objects; what pages look like is never decompressed.
const MAX_DECOMPRESSED: usize = 64 * 1024 * 1024;

/// Reads the structure, never the pages' content, and returns the number of pages.
pub(super) fn inspect(bytes: &[u8]) -> Result<u32, UploadRefusal> {
    let document = load(bytes, false)?;
    look_through(&document)?;
    // Readers repair what is broken, each in its own way. So look again at every object that stands
    // in the file, also those the table of contents does not lead to.
    if let Ok(all) = load(bytes, true) {
        look_through(&all)?;
    }
    let pages = u32::try_from(document.page_iter().count()).map_err(|_| UploadRefusal::TooComplexPdf)?;
    if pages == 0 { Err(UploadRefusal::DamagedPdf) } else { Ok(pages) }
}

fn load(bytes: &[u8], force_reconstruct: bool) -> Result<Document, UploadRefusal> {
    let options = LoadOptions {
        max_decompressed_size: Some(MAX_DECOMPRESSED),
        force_reconstruct,
        ..LoadOptions::default()
    };
    Document::load_mem_with_options(bytes, options).map_err(|error| match error {
        lopdf::Error::InvalidPassword
        | lopdf::Error::Decryption(_)
        | lopdf::Error::UnsupportedSecurityHandler(_) => UploadRefusal::EncryptedPdf,
        lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. }) => {
            UploadRefusal::TooComplexPdf
        }
        _ => UploadRefusal::DamagedPdf, // the parser's many ways to say so
    })
}

/// Refuses the gravest thing in the document, if any, and what cannot be looked through.
fn look_through(document: &Document) -> Result<(), UploadRefusal> {
    // Still there: it does not open without a password.
    if document.trailer.has(b"Encrypt") {
        return Err(UploadRefusal::EncryptedPdf);
    }
    if document.was_encrypted() {
        // Names are never encrypted, so whatever was read was read as it is. An object that was not
        // read may be one that a reader reads.
        let is_there = |number: &u32, entry: &XrefEntry| match entry {
            XrefEntry::Normal { generation, .. } => {
                document.objects.contains_key(&(*number, *generation))
                    || is_about_encryption(document, *number)
            }
            XrefEntry::Compressed { .. } => document.objects.contains_key(&(*number, 0)),
            XrefEntry::Free | XrefEntry::UnusableFree => true,
        };
        if !document.reference_table.entries.iter().all(|(number, entry)| is_there(number, entry)) {
            return Err(UploadRefusal::UnreadableEncryptedPdf);
        }
    }
    let packed = packed_objects(document)?;
    match worst_of(document, &packed) {
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}

/// The dictionary that says how to decrypt is taken out once it has served.
fn is_about_encryption(document: &Document, number: u32) -> bool {
    let state = document.encryption_state.as_ref();
    state.and_then(|state| state.encrypt_object_id()).is_some_and(|(id, _)| id == number)
}

/// What stands inside streams that hold objects: the loader passes over those that the table of contents
/// does not name, and over all of them where the table was made anew for an encrypted document.
fn packed_objects(document: &Document) -> Result<Vec<Object>, UploadRefusal> {
    let mut packed = Vec::new();
    for object in document.objects.values() {
        let Object::Stream(stream) = object else { continue };
        if !stream.dict.has_type(b"ObjStm") {
            continue;
        }
        match ObjectStream::new_with_limit(stream, Some(MAX_DECOMPRESSED)) {
            // What is decrypted wrongly is often taken for an empty stream.
            Ok(members) if document.was_encrypted() && !is_full(stream, &members) => {
                return Err(UploadRefusal::UnreadableEncryptedPdf);
            }
            Ok(members) => packed.extend(members.objects.into_values()),
            Err(lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. })) => {
                return Err(UploadRefusal::TooComplexPdf);
            }
            // Decrypted otherwise than a reader would.
            Err(_) if document.was_encrypted() => return Err(UploadRefusal::UnreadableEncryptedPdf),
            Err(_) => {}
        }
    }
    Ok(packed)
}

/// Whether a stream that holds objects gave as many as it says.
fn is_full(stream: &Stream, members: &ObjectStream) -> bool {
    let said = stream.dict.get(b"N").and_then(Object::as_i64);
    said.is_ok_and(|said| usize::try_from(said) == Ok(members.objects.len()))
}

/// The gravest thing in the document, if any.
fn worst_of(document: &Document, packed: &[Object]) -> Option<UploadRefusal> {
    let mut found = Vec::new();
    look_at(document, &document.trailer, &mut found);
    let mut open: Vec<&Object> = document.objects.values().chain(packed).collect();
    while let Some(object) = open.pop() {
        match object {
            Object::Array(items) => open.extend(items),
            Object::Dictionary(dictionary) => {
                look_at(document, dictionary, &mut found);
                open.extend(dictionary.iter().map(|(_, value)| value));
            }
            Object::Stream(stream) => {
                look_at(document, &stream.dict, &mut found);
                open.extend(stream.dict.iter().map(|(_, value)| value));
            }
            Object::Null
            | Object::Boolean(_)
            | Object::Integer(_)
            | Object::Real(_)
            | Object::Name(_)
            | Object::String(..)
            | Object::Reference(_) => {}
        }
    }
    [
        UploadRefusal::PdfWithScript,
        UploadRefusal::PdfWithProgram,
        UploadRefusal::PdfWithDynamicForm,
        UploadRefusal::PdfWithAttachment,
        UploadRefusal::PdfWithMedia,
        UploadRefusal::PdfWithAutomaticAction,
    ]
    .into_iter()
    .find(|refusal| found.contains(refusal))
}

fn look_at(document: &Document, dictionary: &Dictionary, found: &mut Vec<UploadRefusal>) {
    // A value may stand elsewhere; one that leads nowhere is harmless.
    let value = |key: &[u8]| {
        let direct = dictionary.get(key).ok()?;
        document.dereference(direct).ok().map(|(_, value)| value)
    };
    let name = |key: &[u8]| value(key).and_then(|value| value.as_name().ok());

    if dictionary.has(b"JS") || dictionary.has(b"JavaScript") {
        found.push(UploadRefusal::PdfWithScript);
    }
    if dictionary.has(b"XFA") {
        found.push(UploadRefusal::PdfWithDynamicForm);
    }
    if dictionary.has(b"EmbeddedFiles") || dictionary.has(b"EF") || name(b"Type") == Some(b"EmbeddedFile") {
        found.push(UploadRefusal::PdfWithAttachment);
    }
    match name(b"S") {
        Some(b"JavaScript") => found.push(UploadRefusal::PdfWithScript),
        Some(b"Launch" | b"ImportData" | b"SubmitForm" | b"GoToR" | b"GoToE") => {
            found.push(UploadRefusal::PdfWithProgram);
        }
        Some(b"Rendition" | b"Movie" | b"Sound" | b"RichMediaExecute" | b"GoTo3DView") => {
            found.push(UploadRefusal::PdfWithMedia);
        }
        Some(_) | None => {}
    }
    match name(b"Subtype") {
        Some(b"FileAttachment") => found.push(UploadRefusal::PdfWithAttachment),
        Some(b"RichMedia" | b"Screen" | b"Movie" | b"Sound" | b"3D") => {
            found.push(UploadRefusal::PdfWithMedia)
        }
        Some(_) | None => {}
    }
    // Writing programs set an /OpenAction that only says which page to show first; that is no action.
    let opens_harmlessly = |action: &Object| match action {
        Object::Array(_) | Object::Name(_) | Object::String(..) | Object::Null => true,
        Object::Dictionary(action) => {
            action.get(b"S").and_then(Object::as_name).is_ok_and(|kind| kind == b"GoTo")
                && !action.has(b"Next")
        }
        Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Stream(_)
        | Object::Reference(_) => false,
    };
    if value(b"OpenAction").is_some_and(|action| !opens_harmlessly(action))
        || value(b"AA").is_some_and(|actions| actions.as_dict().map_or(true, |actions| !actions.is_empty()))
    {
        found.push(UploadRefusal::PdfWithAutomaticAction);
    }
}

#[cfg(test)]
mod tests;
