#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use lopdf::xref::XrefType;
use lopdf::{SaveOptions, StringFormat, dictionary, text_string};
use proptest::prelude::*;

use super::super::MAX_BYTES;
use super::super::child::tests::child;
use super::*;
use crate::files::upload::accept::accept_pdf;
use crate::files::upload::child::FileCheck;
use crate::files::upload::content::Content;

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

#[tokio::test]
async fn a_plain_document_is_kept_as_it_was_sent() {
    let bytes = plain(3);
    for check in [child(), FileCheck::in_this_process()] {
        let kept = accept_pdf(bytes.clone(), &check).await.unwrap();
        assert_eq!((kept.pages, &kept.bytes), (3, &bytes));
    }
}

#[tokio::test]
async fn documents_are_recognised_by_size_and_content() {
    let check = FileCheck::in_this_process();
    let of_length = |filler: usize| with_catalog("Filler", text_string(&"_".repeat(filler)));
    // Twice, as the length of the offsets in the file depends on its length.
    let near = MAX_BYTES - 1000;
    let exact = near + MAX_BYTES - of_length(near).len();
    assert_eq!(accept_pdf(of_length(exact), &check).await.unwrap().bytes.len(), MAX_BYTES);
    assert_eq!(accept_pdf(of_length(exact + 1), &check).await, Err(UploadRefusal::TooLarge));
    assert_eq!(accept_pdf(Vec::new(), &check).await, Err(UploadRefusal::Empty));
    for other in [b"PK\x03\x04".as_slice(), b"<html>%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"text"] {
        let refusal = accept_pdf(other.to_vec(), &check).await.unwrap_err();
        assert_eq!(refusal, UploadRefusal::NotAPdf(Content::of(other)));
    }
}

#[tokio::test]
async fn a_damaged_document_is_refused() {
    let bytes = plain(2);
    for damaged in [b"%PDF-1.7".to_vec(), b"%PDF-1.7\n%%EOF".to_vec(), bytes[..40].to_vec(), plain(0)] {
        for check in [child(), FileCheck::in_this_process()] {
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
    let action = |kind: &str| with_catalog("OpenAction", dictionary! { "S" => Object::Name(kind.into()) });
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

fn encrypted(mut document: Document, user_password: &str) -> Vec<u8> {
    use lopdf::{EncryptionState, EncryptionVersion, Permissions};
    let id = || Object::String(b"0123456789abcdef".to_vec(), StringFormat::Literal);
    document.trailer.set("ID", vec![id(), id()]);
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password,
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    saved(document)
}

/// Case P4.
#[test]
fn what_opens_without_a_password_is_taken_and_what_does_not_is_refused() {
    assert_eq!(inspect(&encrypted(document(2, dictionary! {}), "")), Ok(2));
    let locked = inspect(&encrypted(document(2, dictionary! {}), "secret"));
    assert_eq!(locked, Err(UploadRefusal::EncryptedPdf));
    // A handler nobody knows is encryption all the same.
    let bytes = plain(1);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let unknown = text.replacen("trailer\n<<", "trailer\n<</Encrypt<</Filter/Nobody>>", 1);
    assert_ne!(unknown, text);
    assert_eq!(inspect(unknown.as_bytes()), Err(UploadRefusal::EncryptedPdf));
}

/// Case P4, files of another program: each way to encrypt that is in use.
#[tokio::test]
async fn documents_that_only_their_owner_may_change_are_taken_as_they_were_sent() {
    for bytes in [
        include_bytes!("../../../../tests/files/pdf-owner-password-only.pdf").as_slice(),
        include_bytes!("../../../../tests/files/pdf-owner-rc4-40.pdf"),
        include_bytes!("../../../../tests/files/pdf-owner-aes128-objstm.pdf"),
        include_bytes!("../../../../tests/files/pdf-owner-aes256-objstm.pdf"),
    ] {
        let kept = accept_pdf(bytes.to_vec(), &child()).await.unwrap();
        assert_eq!((kept.pages, kept.bytes.as_slice()), (1, bytes));
    }
    let locked = include_bytes!("../../../../tests/files/pdf-user-password.pdf").to_vec();
    let refusal = accept_pdf(locked, &child()).await.unwrap_err();
    assert_eq!(refusal, UploadRefusal::EncryptedPdf);
    assert_eq!(refusal.sentence(), "PDF文件已加密或设有密码，请去除密码后重新上传");
}

/// Case P4: what acts by itself is found behind encryption, too.
#[test]
fn encryption_hides_nothing_from_the_check() {
    for bytes in [
        include_bytes!("../../../../tests/files/pdf-owner-aes128-objstm-script.pdf").as_slice(),
        include_bytes!("../../../../tests/files/pdf-owner-aes256-objstm-script.pdf"),
    ] {
        assert!(!bytes.windows(10).any(|piece| piece == b"JavaScript"));
        assert_eq!(inspect(bytes), Err(UploadRefusal::PdfWithScript));
    }
    let action = dictionary! { "S" => "JavaScript", "JS" => text_string("x") };
    let script = encrypted(document(1, dictionary! { "OpenAction" => action }), "");
    assert_eq!(inspect(&script), Err(UploadRefusal::PdfWithScript));

    // Objects inside an encrypted stream that the table of contents does not name.
    let stream = |members: &[u8]| {
        let mut members = members.to_vec();
        members.resize(500, b' ');
        let mut stream = Stream::new(dictionary! { "Type" => "Obj___", "N" => 1, "First" => 6 }, members);
        stream.compress().unwrap();
        let mut with_stream = document(1, dictionary! {});
        with_stream.add_object(stream);
        with_stream
    };
    let hidden = encrypted(stream(b"900 0 <</S/JavaScript/JS(x)>>"), "");
    let hidden = replaced(&hidden, b"Obj___", b"ObjStm");
    assert_eq!(inspect(&hidden), Err(UploadRefusal::PdfWithScript));
    // A stream that is not encrypted among those that are: readers may differ about what it says.
    let mut clear = stream(b"900 0 <</S/JavaScript/JS(x)>>");
    for object in clear.objects.values_mut() {
        if let Object::Stream(stream) = object {
            stream.allows_compression = false;
        }
    }
    let mut bytes = encrypted(clear, "");
    let at = bytes.windows(6).position(|piece| piece == b"Obj___").unwrap();
    let data = at + bytes[at..].windows(6).position(|piece| piece == b"stream").unwrap() + 7;
    bytes[data..data + 20].fill(b'0');
    let garbled = replaced(&bytes, b"Obj___", b"ObjStm");
    assert_eq!(inspect(&garbled), Err(UploadRefusal::UnreadableEncryptedPdf));

    // An object that cannot be read here may be read elsewhere.
    let whole = encrypted(document(1, dictionary! {}), "");
    let at = whole.windows(8).position(|piece| piece == b"endobj\n3").unwrap();
    let header = at + whole[at..].windows(4).position(|piece| piece == b" obj").unwrap();
    let broken = [&whole[..header], b" odj", &whole[header + 4..]].concat();
    assert_eq!(inspect(&broken), Err(UploadRefusal::UnreadableEncryptedPdf));
}

/// Case P3.
#[tokio::test]
async fn what_stands_before_the_header_is_tolerated_as_readers_do() {
    for bytes in [
        include_bytes!("../../../../tests/files/pdf-bom.pdf").as_slice(),
        include_bytes!("../../../../tests/files/pdf-leading-newlines.pdf"),
        &[b"\x1b%-12345X@PJL ENTER LANGUAGE=PDF\r\n", plain(1).as_slice()].concat(),
        &[&[b'\n'; 1000], plain(1).as_slice()].concat(),
    ] {
        assert!(!bytes.starts_with(b"%PDF"));
        let kept = accept_pdf(bytes.to_vec(), &child()).await.unwrap();
        assert_eq!((kept.pages, kept.bytes.as_slice()), (1, bytes), "kept as it was sent");
    }
    let script = with_catalog("OpenAction", dictionary! { "S" => "JavaScript", "JS" => text_string("x") });
    let script = [b"\xef\xbb\xbf", script.as_slice()].concat();
    assert_eq!(accept_pdf(script, &child()).await, Err(UploadRefusal::PdfWithScript));
}

/// Case P5: an ordinary document of 1.5 MB is looked through within the limits of the child, in a
/// development build, too.
#[tokio::test]
async fn an_ordinary_document_of_many_objects_is_looked_through_in_time() {
    let mut tagged = document(300, dictionary! {});
    for hundred in 0..900u32 {
        let numbers = (0..100u32).map(|n| 1000 + hundred * 100 + n);
        let (mut index, mut members) = (String::new(), String::new());
        for number in numbers {
            index += &format!("{number} {} ", members.len());
            let (page, mark) = (number % 300 + 2, number.wrapping_mul(2_654_435_761) % 65_521);
            members += &format!("<</Type/StructElem/S/P/P {page} 0 R/Lang(zh-CN)/K[{mark} {number}]>> ");
        }
        let first = i64::try_from(index.len()).unwrap();
        let mut stream = Stream::new(
            dictionary! { "Type" => "Obj___", "N" => 100, "First" => first },
            [index, members].concat().into_bytes(),
        );
        stream.compress().unwrap();
        tagged.add_object(stream);
    }
    let mut bytes = saved(tagged);
    let mut from = 0;
    while let Some(at) = bytes[from..].windows(6).position(|piece| piece == b"Obj___") {
        bytes[from + at..from + at + 6].copy_from_slice(b"ObjStm");
        from += at;
    }
    assert!((1_200_000..1_800_000).contains(&bytes.len()), "{}", bytes.len());
    let begun = std::time::Instant::now();
    assert_eq!(accept_pdf(bytes, &child()).await.map(|kept| kept.pages), Ok(300));
    println!("looked through in {:?}", begun.elapsed());
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_damage_makes_the_parser_panic_or_hang(at in 0usize..2000, with: Vec<u8>) {
        let mut bytes = with_catalog("OpenAction", dictionary! { "S" => "JavaScript" });
        let at = at % bytes.len();
        let end = (at + with.len()).min(bytes.len());
        bytes.splice(at..end, with);
        let _ = inspect(&bytes);
    }
}
