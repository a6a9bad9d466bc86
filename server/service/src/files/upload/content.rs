//! What a file is, going by its content and never by its name (R71), so that the sentence of a refusal
//! says what was sent and what to do with it.

/// The kinds of files that people send; what is none of these is said to be nothing in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Content {
    Jpeg,
    Png,
    Pdf,
    Webp,
    /// Photos of phones that save room: HEIC and HEIF.
    Heic,
    Avif,
    Gif,
    Bmp,
    Tiff,
    /// JPEG XL, JPEG 2000, Photoshop and others that few programs read.
    RarePicture,
    Video,
    Word,
    Sheet,
    Slides,
    /// The Chinese standard for layout documents, GB/T 33190.
    Ofd,
    Archive,
    Other,
}

/// Readers find the header of a document that begins within the first kilobyte.
const PDF_HEADER_WITHIN: usize = 1024;

impl Content {
    pub fn of(bytes: &[u8]) -> Content {
        if is_pdf(bytes) {
            return Content::Pdf;
        }
        match bytes.get(4..12).and_then(|start| start.strip_prefix(b"ftyp")) {
            Some(
                b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" | b"mif1"
                | b"msf1",
            ) => return Content::Heic,
            Some(b"avif" | b"avis") => return Content::Avif,
            Some(_) | None => {}
        }
        let Some(kind) = infer::get(bytes) else { return Content::Other };
        match (kind.mime_type(), kind.matcher_type()) {
            ("image/jpeg", _) => Content::Jpeg,
            ("image/png", _) => Content::Png,
            ("image/webp", _) => Content::Webp,
            ("image/heif", _) => Content::Heic,
            ("image/gif", _) => Content::Gif,
            ("image/bmp", _) => Content::Bmp,
            ("image/tiff", _) => Content::Tiff,
            (_, infer::MatcherType::Image) => Content::RarePicture,
            (_, infer::MatcherType::Video) => Content::Video,
            ("application/msword" | WORD, _) => Content::Word,
            ("application/vnd.ms-excel" | SHEET, _) => Content::Sheet,
            ("application/vnd.ms-powerpoint" | SLIDES, _) => Content::Slides,
            // Of the old formats of office programs only the container shows; of these, letters are
            // what people send.
            ("application/x-ole-storage", _) => Content::Word,
            ("application/zip", _) if names_first(bytes, b"OFD.xml") => Content::Ofd,
            (_, infer::MatcherType::Archive) => Content::Archive,
            (_, _) => Content::Other,
        }
    }

    /// Why this is no picture that is accepted.
    pub(super) fn as_no_picture(self) -> &'static str {
        match self {
            Content::Heic => {
                "这是HEIC（高效）格式的照片，仅支持 png/jpeg/jpg 格式的图片：请在手机的相机设置中将照片格式改为“兼容性最佳”（JPEG）后重新拍摄，或将照片导出为JPEG后上传"
            }
            Content::Avif => "这是AVIF格式的图片，仅支持 png/jpeg/jpg 格式的图片，请另存为JPEG或截图后上传",
            Content::Webp => "这是WebP动态图片，仅支持 png/jpeg/jpg 格式的图片，请另存为JPEG或截图后上传",
            Content::Gif => "这是GIF格式的图片，仅支持 png/jpeg/jpg 格式的图片，请另存为JPEG或截图后上传",
            Content::Bmp => "这是BMP格式的图片，仅支持 png/jpeg/jpg 格式的图片，请另存为JPEG后上传",
            Content::Tiff => "这是TIFF格式的图片，仅支持 png/jpeg/jpg 格式的图片，请另存为JPEG后上传",
            Content::Pdf => "不是图片，请上传 png 或 jpg 照片（支持png/jpeg/jpg格式）",
            Content::Video => "这是视频，仅支持 png/jpeg/jpg 格式的图片，请上传照片或截图",
            Content::Word | Content::Sheet | Content::Slides | Content::Ofd => {
                "这是办公文档，仅支持 png/jpeg/jpg 格式的图片，请上传照片或截图"
            }
            Content::Archive => "这是压缩包，仅支持 png/jpeg/jpg 格式的图片，请解压后逐张上传",
            Content::Jpeg | Content::Png | Content::RarePicture | Content::Other => {
                "仅支持 png/jpeg/jpg 格式的图片"
            }
        }
    }

    /// Why this is no document that is accepted.
    pub(super) fn as_no_document(self) -> &'static str {
        match self {
            Content::Jpeg
            | Content::Png
            | Content::Webp
            | Content::Heic
            | Content::Avif
            | Content::Gif
            | Content::Bmp
            | Content::Tiff
            | Content::RarePicture => "这是图片，此处仅支持 pdf 格式的文件，请将图片打印为PDF后上传",
            Content::Word => "这是Word文档，仅支持 pdf 格式的文件，请在Word或WPS中“另存为”PDF后上传",
            Content::Sheet => "这是电子表格，仅支持 pdf 格式的文件，请在Excel或WPS中“另存为”PDF后上传",
            Content::Slides => "这是演示文稿，仅支持 pdf 格式的文件，请在PowerPoint或WPS中“另存为”PDF后上传",
            Content::Ofd => "这是OFD文件，仅支持 pdf 格式的文件，请在OFD阅读器中转换为PDF后上传",
            Content::Archive => "这是压缩包，仅支持 pdf 格式的文件，请解压后上传其中的PDF",
            Content::Video => "这是视频，仅支持 pdf 格式的文件",
            Content::Pdf | Content::Other => "仅支持 pdf 格式的文件",
        }
    }
}

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

const SLIDES: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

/// Case P3. Whether readers take this for a document: its header begins within the first kilobyte, after
/// a byte order mark, line ends or what a printer was told. What is a web page, an archive or a picture
/// to other programs is no document.
fn is_pdf(bytes: &[u8]) -> bool {
    let head = bytes.get(..PDF_HEADER_WITHIN).unwrap_or(bytes);
    let Some(at) = head.windows(4).position(|four| four == b"%PDF") else { return false };
    let before = head.get(..at).unwrap_or_default();
    let is_something_else = infer::get(bytes).is_some_and(|kind| kind.mime_type() != "application/pdf")
        || infer::get(before).is_some()
        || before.contains(&b'<');
    before.is_empty() || !is_something_else
}

/// Whether an archive's first file is so named.
fn names_first(archive: &[u8], name: &[u8]) -> bool {
    archive.get(30..).is_some_and(|rest| rest.starts_with(name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use super::*;

    /// Case P7: the sentence says what was sent and what to do with it.
    #[test]
    fn what_was_sent_is_named_and_what_to_do_with_it() {
        for (bytes, content, as_picture, as_document) in [
            (b"\0\0\0\x24ftypheic\0\0\0\0mif1".as_slice(), Content::Heic, "兼容性最佳", "这是图片"),
            (b"\0\0\0\x24ftypmif1\0\0\0\0miaf", Content::Heic, "导出为JPEG", "这是图片"),
            (b"\0\0\0\x1cftypavif\0\0\0\0avif", Content::Avif, "AVIF", "这是图片"),
            (b"GIF89a\x01\0\x01\0", Content::Gif, "GIF", "这是图片"),
            (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0", Content::Bmp, "BMP", "这是图片"),
            (b"II*\0\x08\0\0\0\0\0\0\0", Content::Tiff, "TIFF", "这是图片"),
            (b"%PDF-1.7", Content::Pdf, "不是图片，请上传 png 或 jpg 照片", "仅支持 pdf"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0", Content::Video, "这是视频", "这是视频"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", Content::Word, "办公文档", "另存为"),
            (&ofd(), Content::Ofd, "办公文档", "OFD"),
            (b"PK\x03\x04\x14\0\0\0", Content::Archive, "压缩包", "解压"),
            (b"text", Content::Other, "仅支持 png/jpeg/jpg 格式的图片", "仅支持 pdf 格式的文件"),
            (b"<svg onload=alert(1)>", Content::Other, "仅支持", "仅支持"),
        ] {
            assert_eq!(Content::of(bytes), content);
            assert!(content.as_no_picture().contains(as_picture), "{content:?}");
            assert!(content.as_no_document().contains(as_document), "{content:?}");
            assert!(content.as_no_picture().contains("png/jpeg/jpg"), "{content:?}");
            assert!(content.as_no_document().contains("pdf"), "{content:?}");
        }
    }

    fn ofd() -> Vec<u8> {
        let mut archive = b"PK\x03\x04".to_vec();
        archive.resize(30, 0);
        archive.extend(b"OFD.xml");
        archive
    }

    /// Case P3.
    #[test]
    fn a_documents_header_is_found_within_the_first_kilobyte() {
        let after = |before: &[u8]| [before, b"%PDF-1.7"].concat();
        for before in [
            b"".as_slice(),
            b"\xef\xbb\xbf",
            b"\r\n\n ",
            b"\0\0",
            b"\x1b%-12345X@PJL JOB\r\n",
            &[b'\n'; 1000],
        ] {
            assert_eq!(Content::of(&after(before)), Content::Pdf, "{:?}", &before[..before.len().min(9)]);
        }
        for before in [
            b"<html>".as_slice(),
            b"\n<?php system(1); ?>",
            b"PK\x03\x04",
            b"GIF89a",
            b"\xff\xd8\xff\xe0",
            b"\x89PNG\r\n\x1a\n",
            b"Rar!\x1a\x07\x01\0",
            b"#!/bin/sh\n",
            &[b'\n'; 1024],
        ] {
            assert_ne!(Content::of(&after(before)), Content::Pdf, "{:?}", &before[..before.len().min(9)]);
        }
    }
}
