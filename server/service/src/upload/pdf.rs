//! Documents: recognised by content, looked through for anything that acts by itself, kept as they
//! were sent (a signature or seal in them must stay valid). // R71
//!
//! The looking-through happens in a child process, the program itself started with one argument: a
//! file made to exhaust the stack, the memory or the time of a parser then costs that child and not
//! the server. The child gets no environment and no files; it lowers its own limits before it reads
//! the first byte, and the parent puts an end to it after [`PATIENCE`].

use std::{
    ffi::OsString,
    io::{Read, Write},
    path::PathBuf,
    process::{ExitCode, Stdio},
    sync::Arc,
    time::Duration,
};

use lopdf::{Dictionary, Document, LoadOptions, Object};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
    sync::Semaphore,
};

use super::{MAX_BYTES, UploadRefusal, check_size, sha256_hex};

/// The argument that makes the server's program a checker: its `main` must then do nothing but return
/// [`run_check_from_stdin`], before it reads a configuration or starts a runtime.
pub const SUBCOMMAND: &str = "check-pdf";

/// How long a check may take; an ordinary document takes some hundredths of a second.
const PATIENCE: Duration = Duration::from_secs(10);
const CPU_SECONDS: u64 = 5;
const ADDRESS_SPACE: u64 = 1024 * 1024 * 1024;
const STACK: usize = 64 * 1024 * 1024;
/// For each stream that holds objects; what pages look like is never decompressed.
const MAX_DECOMPRESSED: usize = 64 * 1024 * 1024;
const AT_ONCE: usize = 2;
/// Stands before the verdict, so that nothing else a program prints is taken for one.
const MARK: &str = "pdf-verdict:";

/// A document that can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdf {
    pub bytes: Vec<u8>,
    pub pages: u32,
    /// Of `bytes`, in hexadecimal.
    pub sha256: String,
}

/// How documents are looked through. Cheap to clone; clones share the number of checks at once.
#[derive(Debug, Clone)]
pub struct PdfCheck {
    place: Place,
    patience: Duration,
    at_once: Arc<Semaphore>,
}

#[derive(Debug, Clone)]
enum Place {
    Child { program: PathBuf, arguments: Vec<OsString> },
    ThisProcess,
}

impl PdfCheck {
    /// The running program as `server check-pdf`; what production uses.
    pub fn by_this_program() -> std::io::Result<Self> {
        // The link to the running file works also after an upgrade has replaced it on disk.
        let link = PathBuf::from("/proc/self/exe");
        let program = if link.exists() { link } else { std::env::current_exe()? };
        Ok(Self::by_program(program, vec![SUBCOMMAND.into()]))
    }

    /// Any program that behaves as [`run_check_from_stdin`].
    pub fn by_program(program: PathBuf, arguments: Vec<OsString>) -> Self {
        Self::at(Place::Child { program, arguments })
    }

    /// Without a child, for tests of what comes after the check. Not for production: a document that
    /// exhausts the memory takes the process with it.
    pub fn in_this_process() -> Self {
        Self::at(Place::ThisProcess)
    }

    fn at(place: Place) -> Self {
        Self { place, patience: PATIENCE, at_once: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// What a child says of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Verdict {
    Pages(u32),
    Refused(UploadRefusal),
}

/// Decides about a sent document. Runs on the async threads; the work is done elsewhere.
pub async fn accept_pdf(bytes: Vec<u8>, check: &PdfCheck) -> Result<Pdf, UploadRefusal> {
    check_size(&bytes)?;
    // At the very start, although readers tolerate a kilobyte before it: otherwise a file can be a
    // document here and a web page or an archive elsewhere.
    if !bytes.starts_with(b"%PDF-") {
        return Err(UploadRefusal::NotAPdf);
    }
    let bytes: Arc<[u8]> = bytes.into();
    let pages = {
        let _permit = check.at_once.acquire().await.map_err(|_| UploadRefusal::CheckUnavailable)?;
        match &check.place {
            Place::Child { program, arguments } => {
                let asked = ask_child(program, arguments, &bytes);
                match tokio::time::timeout(check.patience, asked).await {
                    Ok(answer) => answer?,
                    Err(_) => return Err(UploadRefusal::TooComplexPdf), // the child is killed on drop
                }
            }
            Place::ThisProcess => {
                let bytes = Arc::clone(&bytes);
                tokio::task::spawn_blocking(move || inspect_on_a_large_stack(&bytes))
                    .await
                    .map_err(|_| UploadRefusal::CheckUnavailable)??
            }
        }
    };
    Ok(Pdf { sha256: sha256_hex(&bytes), bytes: bytes.to_vec(), pages })
}

async fn ask_child(program: &PathBuf, arguments: &[OsString], bytes: &[u8]) -> Result<u32, UploadRefusal> {
    let unavailable = |failure: std::io::Error| {
        tracing::error!(%failure, "the program that checks documents cannot be run");
        UploadRefusal::CheckUnavailable
    };
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear() // no secret of ours in reach of the parser
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(unavailable)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // A child that died early closes the pipe; its end tells why.
            let _ = stdin.write_all(bytes).await;
            let _ = stdin.shutdown().await;
        }
    };
    let read = async {
        let mut said = String::new();
        if let Some(stdout) = stdout {
            let _ = stdout.take(64 * 1024).read_to_string(&mut said).await;
        }
        said
    };
    let ((), said) = tokio::join!(write, read);
    let status = child.wait().await.map_err(unavailable)?;

    let verdict = said.split_once(MARK).and_then(|(_, rest)| serde_json::from_str(rest.lines().next()?).ok());
    match verdict {
        Some(Verdict::Pages(pages)) => Ok(pages),
        Some(Verdict::Refused(refusal)) => Err(refusal),
        // Ended by a signal: a limit was reached, or the parser fell over the file.
        None if status.code().is_none() => {
            tracing::warn!(%status, "a document brought its checker down");
            Err(UploadRefusal::TooComplexPdf)
        }
        None => {
            tracing::error!(%status, "the program that checks documents gave no verdict");
            Err(UploadRefusal::CheckUnavailable)
        }
    }
}

/// What the child does: limits itself, reads a document from standard input, prints the verdict.
pub fn run_check_from_stdin() -> ExitCode {
    if let Err(failure) = limit_this_process() {
        eprintln!("the limits of the checker cannot be set: {failure}");
        return ExitCode::FAILURE;
    }
    let mut bytes = Vec::new();
    if let Err(failure) = std::io::stdin().lock().take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes) {
        eprintln!("the document cannot be read: {failure}");
        return ExitCode::FAILURE;
    }
    let verdict = match check_size(&bytes).and_then(|()| inspect_on_a_large_stack(&bytes)) {
        Ok(pages) => Verdict::Pages(pages),
        Err(refusal) => Verdict::Refused(refusal),
    };
    let said = serde_json::to_string(&verdict).map_err(std::io::Error::other).and_then(|verdict| {
        // A line of its own, whatever was printed before.
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "\n{MARK}{verdict}")?;
        stdout.flush()
    });
    if said.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(unix)]
fn limit_this_process() -> std::io::Result<()> {
    use nix::sys::resource::{Resource, setrlimit};
    setrlimit(Resource::RLIMIT_AS, ADDRESS_SPACE, ADDRESS_SPACE)?;
    setrlimit(Resource::RLIMIT_CPU, CPU_SECONDS, CPU_SECONDS)?;
    // Room for the verdict, should someone redirect it into a file; nothing else is written.
    setrlimit(Resource::RLIMIT_FSIZE, 4096, 4096)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?; // a core dump would be someone's document
    Ok(())
}

#[cfg(not(unix))]
fn limit_this_process() -> std::io::Result<()> {
    Ok(())
}

/// [`inspect`] on a thread whose stack is large, and whose panic is a verdict.
fn inspect_on_a_large_stack(bytes: &[u8]) -> Result<u32, UploadRefusal> {
    std::thread::scope(|scope| {
        let inspection = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || inspect(bytes))
            .map_err(|_| UploadRefusal::CheckUnavailable)?;
        inspection.join().unwrap_or(Err(UploadRefusal::DamagedPdf))
    })
}

/// Reads the structure, never the pages' content, and returns the number of pages.
fn inspect(bytes: &[u8]) -> Result<u32, UploadRefusal> {
    let document = load(bytes, false)?;
    if document.was_encrypted() || document.trailer.has(b"Encrypt") {
        return Err(UploadRefusal::EncryptedPdf);
    }
    if let Some(refusal) = worst_of(&document) {
        return Err(refusal);
    }
    // Readers repair what is broken, each in its own way. So look again at every object that stands
    // in the file, also those the table of contents does not lead to.
    if let Ok(all) = load(bytes, true)
        && let Some(refusal) = worst_of(&all)
    {
        return Err(refusal);
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

/// The gravest thing in the document, if any.
fn worst_of(document: &Document) -> Option<UploadRefusal> {
    let mut found = Vec::new();
    look_at(document, &document.trailer, &mut found);
    let mut open: Vec<&Object> = document.objects.values().collect();
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
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use lopdf::{SaveOptions, Stream, StringFormat, dictionary, text_string, xref::XrefType};
    use proptest::prelude::*;

    use super::*;

    /// A document of so many pages, whose catalog also has these entries.
    fn document(pages: usize, catalog: Dictionary) -> Document {
        let mut document = Document::with_version("1.7");
        // Readable in tests that change the bytes.
        document.reference_table.cross_reference_type = XrefType::CrossReferenceTable;
        let tree = document.new_object_id();
        let kids: Vec<Object> = (0..pages)
            .map(|_| {
                let content = document.add_object(Stream::new(dictionary! {}, b"BT ET".to_vec()));
                let page = dictionary! { "Type" => "Page", "Parent" => tree, "Contents" => content };
                document.add_object(page).into()
            })
            .collect();
        let count = i64::try_from(pages).unwrap();
        document.objects.insert(
            tree,
            Object::Dictionary(dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count }),
        );
        let mut root = dictionary! { "Type" => "Catalog", "Pages" => tree };
        root.extend(&catalog);
        let root = document.add_object(root);
        document.trailer.set("Root", root);
        document
    }

    fn saved(mut document: Document) -> Vec<u8> {
        let mut bytes = Vec::new();
        document.save_to(&mut bytes).unwrap();
        bytes
    }

    fn plain(pages: usize) -> Vec<u8> {
        saved(document(pages, dictionary! {}))
    }

    /// This test program as the checker: it runs the one test [`the_child`], which is told apart by
    /// an argument the test harness takes for a second name.
    fn this_test_program(role: &str) -> PdfCheck {
        let arguments = ["--exact", "upload::pdf::tests::the_child", role, "--nocapture", "--test-threads=1"];
        PdfCheck::by_program(std::env::current_exe().unwrap(), arguments.map(OsString::from).to_vec())
    }

    fn child() -> PdfCheck {
        this_test_program("check-pdf-child")
    }

    #[test]
    fn the_child() {
        if std::env::args().any(|argument| argument == "check-pdf-child") {
            assert_eq!(run_check_from_stdin(), ExitCode::SUCCESS);
        }
        #[cfg(unix)]
        if std::env::args().any(|argument| argument == "check-pdf-limits") {
            use nix::sys::resource::{Resource, getrlimit};
            limit_this_process().unwrap();
            assert_eq!(getrlimit(Resource::RLIMIT_CPU).unwrap(), (CPU_SECONDS, CPU_SECONDS));
            assert_eq!(getrlimit(Resource::RLIMIT_AS).unwrap(), (ADDRESS_SPACE, ADDRESS_SPACE));
            // More than the limit: the process ends by a signal before it can say anything.
            let much = vec![1u8; usize::try_from(ADDRESS_SPACE).unwrap()];
            println!("{MARK}{{\"Pages\":{}}}", much.len());
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_checker_that_takes_too_much_memory_is_ended() {
        let greedy = this_test_program("check-pdf-limits");
        assert_eq!(accept_pdf(plain(1), &greedy).await, Err(UploadRefusal::TooComplexPdf));
    }

    fn shell(script: &str) -> PdfCheck {
        PdfCheck::by_program("/bin/sh".into(), vec!["-c".into(), script.into()])
    }

    #[tokio::test]
    async fn a_plain_document_is_kept_as_it_was_sent() {
        let bytes = plain(3);
        for check in [child(), PdfCheck::in_this_process()] {
            let kept = accept_pdf(bytes.clone(), &check).await.unwrap();
            assert_eq!((kept.pages, &kept.bytes), (3, &bytes));
            assert_eq!(kept.sha256, sha256_hex(&bytes));
        }
    }

    #[tokio::test]
    async fn documents_are_recognised_by_size_and_content() {
        let check = PdfCheck::in_this_process();
        let of_length = |filler: usize| with_catalog("Filler", text_string(&"_".repeat(filler)));
        // Twice, as the length of the offsets in the file depends on its length.
        let near = MAX_BYTES - 1000;
        let exact = near + MAX_BYTES - of_length(near).len();
        assert_eq!(accept_pdf(of_length(exact), &check).await.unwrap().bytes.len(), MAX_BYTES);
        assert_eq!(accept_pdf(of_length(exact + 1), &check).await, Err(UploadRefusal::TooLarge));
        assert_eq!(accept_pdf(Vec::new(), &check).await, Err(UploadRefusal::Empty));
        for other in
            [b"PK\x03\x04".as_slice(), b"<html>%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"text", b" %PDF-1.7"]
        {
            assert_eq!(accept_pdf(other.to_vec(), &check).await, Err(UploadRefusal::NotAPdf));
        }
    }

    #[tokio::test]
    async fn a_damaged_document_is_refused() {
        let bytes = plain(2);
        for damaged in [b"%PDF-1.7".to_vec(), b"%PDF-1.7\n%%EOF".to_vec(), bytes[..40].to_vec(), plain(0)] {
            for check in [child(), PdfCheck::in_this_process()] {
                assert_eq!(accept_pdf(damaged.clone(), &check).await, Err(UploadRefusal::DamagedPdf));
            }
        }
    }

    fn with_catalog(key: &str, value: impl Into<Object>) -> Vec<u8> {
        let mut catalog = dictionary! {};
        catalog.set(key, value);
        saved(document(1, catalog))
    }

    #[test]
    fn whatever_acts_by_itself_is_refused_with_its_own_sentence() {
        let script = || dictionary! { "S" => "JavaScript", "JS" => text_string("app.alert(1)") };
        let action =
            |kind: &str| with_catalog("OpenAction", dictionary! { "S" => Object::Name(kind.into()) });
        let annotation = |kind: &str| {
            with_catalog("Annots", vec![Object::from(dictionary! { "Subtype" => Object::Name(kind.into()) })])
        };
        for (what, bytes, expected) in [
            ("script on opening", with_catalog("OpenAction", script()), UploadRefusal::PdfWithScript),
            (
                "named scripts",
                with_catalog("Names", dictionary! { "JavaScript" => dictionary! {} }),
                UploadRefusal::PdfWithScript,
            ),
            (
                "script of a page",
                with_catalog("AA", dictionary! { "O" => script() }),
                UploadRefusal::PdfWithScript,
            ),
            ("program", action("Launch"), UploadRefusal::PdfWithProgram),
            ("sends the form", action("SubmitForm"), UploadRefusal::PdfWithProgram),
            ("reads data", action("ImportData"), UploadRefusal::PdfWithProgram),
            ("other file", action("GoToR"), UploadRefusal::PdfWithProgram),
            ("address on opening", action("URI"), UploadRefusal::PdfWithAutomaticAction),
            (
                "action of a page",
                with_catalog("AA", dictionary! { "O" => dictionary! { "S" => "URI" } }),
                UploadRefusal::PdfWithAutomaticAction,
            ),
            (
                "embedded files",
                with_catalog("Names", dictionary! { "EmbeddedFiles" => dictionary! {} }),
                UploadRefusal::PdfWithAttachment,
            ),
            ("attached file", annotation("FileAttachment"), UploadRefusal::PdfWithAttachment),
            ("film", annotation("RichMedia"), UploadRefusal::PdfWithMedia),
            ("rendition", action("Rendition"), UploadRefusal::PdfWithMedia),
            (
                "dynamic form",
                with_catalog("AcroForm", dictionary! { "XFA" => vec![] }),
                UploadRefusal::PdfWithDynamicForm,
            ),
        ] {
            assert_eq!(inspect(&bytes), Err(expected), "{what}");
        }
    }

    #[test]
    fn what_ordinary_documents_have_is_accepted() {
        for (what, bytes) in [
            ("first page shown", with_catalog("OpenAction", vec![Object::Integer(0), "Fit".into()])),
            ("first page as an action", with_catalog("OpenAction", dictionary! { "S" => "GoTo", "D" => vec![] })),
            ("link", with_catalog("Annots", vec![dictionary! { "Subtype" => "Link", "A" => dictionary! { "S" => "URI", "URI" => text_string("https://example.cn") } }.into()])),
            ("form with a signature", with_catalog("AcroForm", dictionary! { "SigFlags" => 3, "Fields" => vec![dictionary! { "FT" => "Sig" }.into()] })),
            ("empty actions", with_catalog("AA", dictionary! {})),
            ("marked content", with_catalog("StructTreeRoot", dictionary! { "Type" => "StructTreeRoot", "K" => dictionary! { "S" => "Document" } })),
        ] {
            assert_eq!(inspect(&bytes), Ok(1), "{what}");
        }
    }

    fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|piece| piece == from).unwrap();
        [&bytes[..at], to, &bytes[at + from.len()..]].concat()
    }

    #[test]
    fn disguised_and_hidden_scripts_are_found() {
        // A name may be written with escapes.
        let escaped = replaced(
            &with_catalog("OpenAction", dictionary! { "S" => "Java__Script" }),
            b"Java__Script",
            b"Jav#61Script",
        );
        assert_eq!(inspect(&escaped), Err(UploadRefusal::PdfWithScript));

        // An object may stand among others inside a stream.
        let mut packed = Vec::new();
        let script = dictionary! { "S" => "JavaScript", "JS" => text_string("x") };
        let options = SaveOptions::builder().use_object_streams(true).use_xref_streams(true).build();
        let mut with_script = document(1, dictionary! {});
        let script = with_script.add_object(script);
        let root = with_script.trailer.get(b"Root").unwrap().as_reference().unwrap();
        with_script.get_dictionary_mut(root).unwrap().set("OpenAction", script);
        with_script.save_with_options(&mut packed, options).unwrap();
        assert!(packed.windows(6).any(|piece| piece == b"ObjStm"));
        assert_eq!(inspect(&packed), Err(UploadRefusal::PdfWithScript));

        // Or so that its name cannot be read in the file, and the table of contents leaves it out.
        let mut members = b"900 0 <</S/JavaScript/JS(x)>>".to_vec();
        members.resize(500, b' ');
        let mut stream = Stream::new(dictionary! { "Type" => "Obj___", "N" => 1, "First" => 6 }, members);
        stream.compress().unwrap();
        let mut with_stream = document(1, dictionary! {});
        with_stream.add_object(stream);
        let compressed = replaced(&saved(with_stream), b"Obj___", b"ObjStm");
        assert!(!compressed.windows(10).any(|piece| piece == b"JavaScript"));
        assert_eq!(inspect(&compressed), Err(UploadRefusal::PdfWithScript));

        // An object may stand in the file without the table of contents naming it.
        let orphan = b"\n900 0 obj\n<</S/JavaScript/JS(x)>>\nendobj\n";
        let bytes = plain(1);
        let at = bytes.windows(4).position(|piece| piece == b"xref").unwrap();
        let hidden = [&bytes[..at], orphan, &bytes[at..]].concat();
        assert_eq!(inspect(&hidden), Err(UploadRefusal::PdfWithScript));
    }

    #[test]
    fn an_encrypted_document_is_refused_with_or_without_password() {
        use lopdf::{EncryptionState, EncryptionVersion, Permissions};
        for password in ["", "secret"] {
            let mut locked = document(1, dictionary! {});
            locked.trailer.set(
                "ID",
                vec![
                    Object::String(b"0123456789abcdef".to_vec(), StringFormat::Literal),
                    Object::String(b"0123456789abcdef".to_vec(), StringFormat::Literal),
                ],
            );
            let version = EncryptionVersion::V2 {
                document: &locked,
                owner_password: "owner",
                user_password: password,
                key_length: 128,
                permissions: Permissions::all(),
            };
            let state = EncryptionState::try_from(version).unwrap();
            locked.encrypt(&state).unwrap();
            assert_eq!(inspect(&saved(locked)), Err(UploadRefusal::EncryptedPdf), "{password:?}");
        }
        // A handler nobody knows is encryption all the same.
        let bytes = plain(1);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let unknown = text.replacen("trailer\n<<", "trailer\n<</Encrypt<</Filter/Nobody>>", 1);
        assert_ne!(unknown, text);
        assert_eq!(inspect(unknown.as_bytes()), Err(UploadRefusal::EncryptedPdf));
    }

    #[tokio::test]
    async fn deep_nesting_and_bombs_cost_the_child_and_not_the_server() {
        let deep = |open: &str, close: &str| {
            let body = format!("{}{}", open.repeat(200_000), close.repeat(200_000));
            replaced(
                &with_catalog("Deep", text_string(&"_".repeat(body.len()))),
                format!("({})", "_".repeat(body.len())).as_bytes(),
                format!(" {body} ").as_bytes(),
            )
        };
        let mut bomb = document(1, dictionary! {});
        let mut blanks = Stream::new(
            dictionary! { "Type" => "Obj___", "N" => 1, "First" => 4 },
            vec![b' '; 3 * MAX_DECOMPRESSED / 2],
        );
        blanks.compress().unwrap();
        bomb.add_object(blanks);
        let bomb = replaced(&saved(bomb), b"Obj___", b"ObjStm"); // the writer would leave it out
        // Pages that are their own children.
        let mut ring = document(1, dictionary! {});
        let tree = ring.catalog().unwrap().get(b"Pages").unwrap().as_reference().unwrap();
        ring.get_dictionary_mut(tree).unwrap().set("Kids", vec![tree.into(), tree.into()]);
        for (what, bytes) in [
            ("arrays", deep("[", "]")),
            ("dictionaries", deep("<</A", ">>")),
            ("bomb", bomb),
            ("ring", saved(ring)),
        ] {
            assert!(bytes.len() <= MAX_BYTES, "{what}");
            let verdict = accept_pdf(bytes, &child()).await;
            assert_ne!(verdict, Err(UploadRefusal::CheckUnavailable), "{what}");
            assert!(verdict.is_err(), "{what}");
        }
    }

    #[tokio::test]
    async fn a_checker_that_hangs_dies_or_babbles_is_survived() {
        let bytes = plain(1);
        let mut hanging = shell("exec sleep 600");
        hanging.patience = Duration::from_millis(300);
        assert_eq!(accept_pdf(bytes.clone(), &hanging).await, Err(UploadRefusal::TooComplexPdf));
        for (script, expected) in [
            ("kill -SEGV $$", UploadRefusal::TooComplexPdf),
            ("cat >/dev/null; kill -KILL $$", UploadRefusal::TooComplexPdf),
            ("exit 0", UploadRefusal::CheckUnavailable),
            ("exit 2", UploadRefusal::CheckUnavailable),
            ("echo garbage", UploadRefusal::CheckUnavailable),
            ("echo 'pdf-verdict:{\"Pages\":'", UploadRefusal::CheckUnavailable),
            ("head -c 1000000 /dev/zero", UploadRefusal::CheckUnavailable),
            ("echo 'pdf-verdict:{\"Refused\":\"EncryptedPdf\"}'", UploadRefusal::EncryptedPdf),
        ] {
            assert_eq!(accept_pdf(bytes.clone(), &shell(script)).await, Err(expected), "{script}");
        }
        let missing = PdfCheck::by_program("/nowhere/server".into(), vec![]);
        assert_eq!(accept_pdf(bytes, &missing).await, Err(UploadRefusal::CheckUnavailable));
        assert!(UploadRefusal::CheckUnavailable.is_temporary());
    }

    #[tokio::test]
    async fn the_checker_gets_nothing_of_our_environment() {
        // The test harness sets variables for its children, so there is something not to see.
        assert!(std::env::var_os("PATH").is_some());
        let script = "test \"$(/usr/bin/env | /bin/grep -c -v -e '^PWD=' -e '^_=' -e '^SHLVL=' -e '^OLDPWD=')\" = 0 && echo 'pdf-verdict:{\"Pages\":7}'";
        assert_eq!(accept_pdf(plain(1), &shell(script)).await.unwrap().pages, 7);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_damage_makes_the_parser_panic_or_hang(at in 0usize..2000, with: Vec<u8>) {
            let mut bytes = with_catalog("OpenAction", dictionary! { "S" => "JavaScript" });
            let at = at % bytes.len();
            let end = (at + with.len()).min(bytes.len());
            bytes.splice(at..end, with);
            let _ = inspect_on_a_large_stack(&bytes);
        }
    }
}
