//! Pictures: recognised by content, and decoded, turned upright and encoded anew in a child process (see
//! [`child`](super::child) and the crate `pictures`). // R71

use pictures::{Fault, Format};

use crate::files::upload::UploadRefusal;
use crate::files::upload::answer::{Answer, Said};
use crate::files::upload::content::Content;

pub(super) fn format_of(bytes: &[u8]) -> Result<Format, UploadRefusal> {
    match Content::of(bytes) {
        Content::Jpeg => Ok(Format::Jpeg),
        Content::Png => Ok(Format::Png),
        Content::Webp => Ok(Format::Webp),
        other => Err(UploadRefusal::NotAPicture(other)),
    }
}

/// What the child does.
pub(super) fn make(bytes: &[u8]) -> Result<Answer, UploadRefusal> {
    let kept = pictures::keep(bytes, format_of(bytes)?).map_err(refusal_of)?;
    let said = Said::Picture {
        encoding: kept.encoding,
        width: kept.width,
        height: kept.height,
        doubt: kept.doubt,
        picture: kept.bytes.len(),
        thumbnail: kept.thumbnail.len(),
    };
    let mut made = kept.bytes;
    made.extend(kept.thumbnail);
    Ok(Answer { said, made })
}

fn refusal_of(fault: Fault) -> UploadRefusal {
    match fault {
        Fault::Damaged => UploadRefusal::DamagedPicture,
        Fault::TooManyPixels => UploadRefusal::TooManyPixels,
        Fault::Unusual => UploadRefusal::UnusualPicture,
        Fault::Ambiguous => UploadRefusal::AmbiguousPicture,
        Fault::HighDynamicRange => UploadRefusal::HighDynamicRange,
        Fault::Moving => UploadRefusal::NotAPicture(Content::Webp),
        Fault::TooComplex => UploadRefusal::TooComplexPicture,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use super::super::MAX_BYTES;
    use super::super::child::tests::child;
    use super::*;
    use crate::files::upload::accept::accept_picture;
    use crate::files::upload::child::FileCheck;

    const BASELINE_SCANS: &[u8] =
        include_bytes!("../../../../pictures/tests/files/jpeg-baseline-scans-420.jpg");

    #[tokio::test]
    async fn a_picture_made_by_a_child_is_the_one_that_would_be_made_here() {
        let by_child = accept_picture(BASELINE_SCANS.to_vec(), &child()).await.unwrap();
        let here = accept_picture(BASELINE_SCANS.to_vec(), &FileCheck::in_this_process()).await.unwrap();
        assert_eq!(by_child, here);
        assert_eq!(by_child.content_type, "image/jpeg");
        assert!(by_child.thumbnail.starts_with(b"\xff\xd8\xff"));
    }

    #[tokio::test]
    async fn five_megabytes_are_accepted_and_one_byte_more_is_not() {
        let check = FileCheck::in_this_process();
        let mut bytes = BASELINE_SCANS.to_vec();
        bytes.resize(MAX_BYTES, 0); // what follows the picture is ignored
        assert!(accept_picture(bytes.clone(), &check).await.is_ok());
        bytes.push(0);
        assert_eq!(accept_picture(bytes, &check).await, Err(UploadRefusal::TooLarge));
        assert_eq!(UploadRefusal::TooLarge.sentence(), "文件大小不超过5MB");
        assert_eq!(accept_picture(Vec::new(), &check).await, Err(UploadRefusal::Empty));
    }

    #[tokio::test]
    async fn a_gif_is_refused_whatever_its_name() {
        let gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
        // Nobody is asked about these.
        let nobody = FileCheck::by_program("/nowhere/server".into(), vec![]);
        for other in [gif.as_slice(), b"%PDF-1.7", b"<svg onload=alert(1)>", b"BM", b"png", &[0; 100]] {
            let refusal = accept_picture(other.to_vec(), &nobody).await.unwrap_err();
            assert_eq!(refusal, UploadRefusal::NotAPicture(Content::of(other)));
            assert!(refusal.sentence().contains("png/jpeg/jpg"), "{refusal}");
        }
    }

    #[tokio::test]
    async fn a_damaged_picture_is_refused_with_what_to_do() {
        let cut = BASELINE_SCANS[..BASELINE_SCANS.len() / 2].to_vec();
        let refusal = accept_picture(cut, &child()).await.unwrap_err();
        assert_eq!(refusal.sentence(), "图片无法读取，可能已损坏，请重新选择");
    }
}
