//! Pictures: recognised by content, decoded within bounds, turned upright and encoded anew, so that
//! nothing of the sent file is kept but its pixels – no place where a photo was taken, no payload
//! behind the picture. // R71

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, GrayImage, ImageDecoder, ImageEncoder, ImageError, ImageFormat,
    ImageReader, Limits, Rgb, RgbImage, RgbaImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
    metadata::Orientation,
};
use tokio::sync::Semaphore;

use super::{MAX_BYTES, UploadRefusal, check_size, sha256_hex};

const MAX_SIDE: u32 = 12_000;
const MAX_PIXELS: u64 = 40_000_000;
/// Enough for [`MAX_PIXELS`] in the four bytes of a pixel that phones and scanners make, and some.
const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;
/// Larger pictures are made smaller; small print on a photographed A4 page stays readable.
const KEPT_SIDE: u32 = 4096;
const THUMBNAIL_SIDE: u32 = 320;
const QUALITY: u8 = 88;
const THUMBNAIL_QUALITY: u8 = 80;
const SMALL_SIDE: u32 = 200;

/// A photographed card or document has several hundred here, out of focus a few dozen.
const BLURRED_BELOW: f64 = 30.0;

pub const TOO_SMALL: &str = "图片尺寸较小，文字可能无法辨认，建议上传更清晰的图片";
pub const LOOKS_BLURRED: &str = "图片可能不够清晰，请确认文字可以辨认";

/// A picture that can be kept and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The re-encoded picture.
    pub bytes: Vec<u8>,
    /// `image/jpeg` or `image/png`.
    pub content_type: &'static str,
    pub width: u32,
    pub height: u32,
    /// Of `bytes`, in hexadecimal.
    pub sha256: String,
    /// A JPEG of at most 320 pixels a side, for lists.
    pub thumbnail: Vec<u8>,
    /// Advice to the person; nothing is refused for it.
    pub warnings: Vec<&'static str>,
}

/// [`accept_picture`] off the async threads, and never more than two at once: a picture at the bounds
/// takes some hundred megabytes while it is decoded.
pub async fn accept(bytes: Vec<u8>) -> Result<Picture, UploadRefusal> {
    static AT_ONCE: Semaphore = Semaphore::const_new(2);
    check_size(&bytes)?;
    let _permit = AT_ONCE.acquire().await.map_err(|_| UploadRefusal::CheckUnavailable)?;
    match tokio::task::spawn_blocking(move || accept_picture(&bytes)).await {
        Ok(verdict) => verdict,
        // A decoder that panics was given something broken.
        Err(failure) => {
            tracing::warn!(panicked = failure.is_panic(), "decoding a picture did not end well");
            Err(UploadRefusal::DamagedPicture)
        }
    }
}

/// Decides about a sent picture and makes what is kept of it. Takes up to seconds of CPU: call it in
/// `spawn_blocking`, or call [`accept`].
pub fn accept_picture(bytes: &[u8]) -> Result<Picture, UploadRefusal> {
    check_size(bytes)?;
    let format = match infer::get(bytes).map(|kind| kind.mime_type()) {
        Some("image/jpeg") => ImageFormat::Jpeg,
        Some("image/png") => ImageFormat::Png,
        Some(_) | None => return Err(UploadRefusal::NotAPicture),
    };
    if format == ImageFormat::Jpeg && !jpeg_is_complete(bytes) {
        return Err(UploadRefusal::DamagedPicture);
    }
    let upright = decode(bytes, format)?;
    let kept = if upright.width().max(upright.height()) > KEPT_SIDE {
        upright.thumbnail(KEPT_SIDE, KEPT_SIDE)
    } else {
        upright
    };

    let (bytes, content_type) = match format {
        ImageFormat::Png => encode_png_if_small_enough(&kept)?,
        _ => (encode_jpeg(&kept, QUALITY)?, "image/jpeg"),
    };
    let thumbnail = if kept.width().max(kept.height()) > THUMBNAIL_SIDE {
        encode_jpeg(&kept.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE), THUMBNAIL_QUALITY)?
    } else {
        encode_jpeg(&kept, THUMBNAIL_QUALITY)?
    };
    Ok(Picture {
        sha256: sha256_hex(&bytes),
        bytes,
        content_type,
        width: kept.width(),
        height: kept.height(),
        thumbnail,
        warnings: warnings(&kept),
    })
}

fn decode(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, UploadRefusal> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refusal_of)?;
    // Asked before anything is decoded: a bomb is a small file with large dimensions.
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(UploadRefusal::TooManyPixels);
    }
    if width == 0 || height == 0 {
        return Err(UploadRefusal::DamagedPicture);
    }
    // A broken EXIF block is no reason to refuse the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refusal_of)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn refusal_of(error: ImageError) -> UploadRefusal {
    match error {
        ImageError::Limits(_) => UploadRefusal::TooManyPixels,
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::Unsupported(_)
        | ImageError::IoError(_) => UploadRefusal::DamagedPicture,
    }
}

/// Whether the end-of-image marker follows the first scan. The decoder fills what is missing with
/// grey, so an upload that broke off would pass as a half-grey picture.
fn jpeg_is_complete(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(2..).unwrap_or_default();
    loop {
        match rest {
            [0xff, 0xff, ..] => rest = rest.get(1..).unwrap_or_default(), // fill byte
            // Start of scan: in what follows 0xff is stuffed, so this marker cannot be data.
            [0xff, 0xda, scan @ ..] => return scan.windows(2).any(|two| two == [0xff, 0xd9]),
            [0xff, _, high, low, ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                rest = rest.get(2 + length..).unwrap_or_default();
            }
            // Not a marker: let the decoder judge.
            [_, _, ..] => return true,
            [_] | [] => return false,
        }
    }
}

/// As PNG; a photo sent as PNG that would take more room than any upload may is kept as JPEG.
fn encode_png_if_small_enough(picture: &DynamicImage) -> Result<(Vec<u8>, &'static str), UploadRefusal> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive);
    match (picture.color().has_color(), picture.color().has_alpha()) {
        (true, true) => write(encoder, picture.to_rgba8().as_raw(), picture, ExtendedColorType::Rgba8),
        (true, false) => write(encoder, picture.to_rgb8().as_raw(), picture, ExtendedColorType::Rgb8),
        (false, true) => write(encoder, picture.to_luma_alpha8().as_raw(), picture, ExtendedColorType::La8),
        (false, false) => write(encoder, picture.to_luma8().as_raw(), picture, ExtendedColorType::L8),
    }?;
    if bytes.len() <= MAX_BYTES {
        Ok((bytes, "image/png"))
    } else {
        Ok((encode_jpeg(picture, QUALITY)?, "image/jpeg"))
    }
}

fn encode_jpeg(picture: &DynamicImage, quality: u8) -> Result<Vec<u8>, UploadRefusal> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    match (picture.color().has_color(), picture.color().has_alpha()) {
        (_, true) => {
            write(encoder, over_white(&picture.to_rgba8()).as_raw(), picture, ExtendedColorType::Rgb8)
        }
        (true, false) => write(encoder, picture.to_rgb8().as_raw(), picture, ExtendedColorType::Rgb8),
        (false, false) => write(encoder, picture.to_luma8().as_raw(), picture, ExtendedColorType::L8),
    }?;
    Ok(bytes)
}

fn write(
    encoder: impl ImageEncoder,
    pixels: &[u8],
    picture: &DynamicImage,
    color: ExtendedColorType,
) -> Result<(), UploadRefusal> {
    encoder.write_image(pixels, picture.width(), picture.height(), color).map_err(refusal_of)
}

/// JPEG has no transparency; paper is white.
fn over_white(picture: &RgbaImage) -> RgbImage {
    let mut flat = RgbImage::new(picture.width(), picture.height());
    for (to, from) in flat.pixels_mut().zip(picture.pixels()) {
        let [red, green, blue, alpha] = from.0;
        let mix = |colour: u8| {
            let mixed = (u16::from(colour) * u16::from(alpha) + 255 * (255 - u16::from(alpha))) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        *to = Rgb([mix(red), mix(green), mix(blue)]);
    }
    flat
}

fn warnings(picture: &DynamicImage) -> Vec<&'static str> {
    if picture.width().min(picture.height()) < SMALL_SIDE {
        return vec![TOO_SMALL];
    }
    // Always judged at about the same size, or a large photo would look smoother than a small one.
    let judged =
        if picture.width().max(picture.height()) > 800 { &picture.thumbnail(800, 800) } else { picture };
    if sharpness(&judged.to_luma8()) < BLURRED_BELOW { vec![LOOKS_BLURRED] } else { Vec::new() }
}

/// The variance of the Laplacian: large where there are edges, near zero in a blurred picture.
fn sharpness(grey: &GrayImage) -> f64 {
    let at = |x: u32, y: u32| f64::from(grey.get_pixel(x, y).0[0]);
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for y in 1..grey.height().saturating_sub(1) {
        for x in 1..grey.width().saturating_sub(1) {
            let edge = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4.0 * at(x, y);
            count += 1.0;
            sum += edge;
            squares += edge * edge;
        }
    }
    if count == 0.0 { 0.0 } else { squares / count - (sum / count).powi(2) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use image::{DynamicImage, Rgba, imageops};

    use super::*;

    /// A page with lines like writing, so that it is sharp.
    fn page(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            if (x / 4 + y / 6) % 3 == 0 { Rgb([20, 20, 30]) } else { Rgb([250, 250, 245]) }
        })
    }

    /// Noise that no encoder can make small.
    fn noise(width: u32, height: u32) -> RgbImage {
        let mut state = 1u32;
        RgbImage::from_fn(width, height, |_, _| {
            Rgb(std::array::from_fn(|_| {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                state as u8
            }))
        })
    }

    fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn decoded(bytes: &[u8]) -> DynamicImage {
        image::load_from_memory(bytes).unwrap()
    }

    /// A JPEG whose EXIF block says how the camera was held and where.
    fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut tiff = b"II*\0\x08\0\0\0".to_vec();
        tiff.extend([1, 0]); // one entry
        tiff.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
        tiff.extend([0, 0, 0, 0]);
        tiff.extend(b"GPS 39.9042N 116.4074E");
        let mut exif = b"Exif\0\0".to_vec();
        exif.extend(tiff);
        let mut bytes = jpeg[..2].to_vec();
        bytes.extend([0xff, 0xe1]);
        bytes.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        bytes.extend(exif);
        bytes.extend(&jpeg[2..]);
        bytes
    }

    fn contains(bytes: &[u8], needle: &[u8]) -> bool {
        bytes.windows(needle.len()).any(|piece| piece == needle)
    }

    #[test]
    fn a_jpeg_stays_a_jpeg_and_a_png_a_png() {
        for (format, content_type) in [(ImageFormat::Jpeg, "image/jpeg"), (ImageFormat::Png, "image/png")] {
            let kept = accept_picture(&encoded(&page(640, 480), format)).unwrap();
            assert_eq!((kept.width, kept.height, kept.content_type), (640, 480, content_type));
            assert_eq!(image::guess_format(&kept.bytes).unwrap(), format);
            assert_eq!((decoded(&kept.bytes).width(), decoded(&kept.bytes).height()), (640, 480));
            assert_eq!(kept.sha256, sha256_hex(&kept.bytes));
            assert_eq!(kept.warnings, Vec::<&str>::new());
            let thumbnail = decoded(&kept.thumbnail);
            assert_eq!((thumbnail.width(), thumbnail.height()), (320, 240));
        }
    }

    #[test]
    fn a_png_keeps_every_pixel() {
        let sent = page(300, 250);
        let kept = accept_picture(&encoded(&sent, ImageFormat::Png)).unwrap();
        assert_eq!(decoded(&kept.bytes).to_rgb8(), sent);
    }

    #[test]
    fn five_megabytes_are_accepted_and_one_byte_more_is_not() {
        let mut bytes = encoded(&page(300, 300), ImageFormat::Png);
        bytes.resize(MAX_BYTES, 0); // what follows the picture is ignored
        assert!(accept_picture(&bytes).is_ok());
        bytes.push(0);
        assert_eq!(accept_picture(&bytes), Err(UploadRefusal::TooLarge));
        assert_eq!(UploadRefusal::TooLarge.sentence(), "文件大小不超过5MB");
        assert_eq!(accept_picture(b""), Err(UploadRefusal::Empty));
    }

    #[test]
    fn a_gif_is_refused_whatever_its_name() {
        let gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
        for other in [
            gif.as_slice(),
            b"%PDF-1.7",
            b"<svg onload=alert(1)>",
            b"BM",
            b"RIFF\0\0\0\0WEBPVP8 ",
            b"png",
            &[0; 100],
        ] {
            assert_eq!(accept_picture(other), Err(UploadRefusal::NotAPicture));
        }
        assert_eq!(UploadRefusal::NotAPicture.sentence(), "仅支持 png/jpeg/jpg 格式的图片");
    }

    #[test]
    fn a_damaged_picture_is_refused_with_what_to_do() {
        let png = encoded(&page(400, 300), ImageFormat::Png);
        let jpeg = encoded(&page(400, 300), ImageFormat::Jpeg);
        for damaged in [
            &png[..png.len() / 2],
            &png[..30],
            &png[..8],
            &jpeg[..jpeg.len() / 2],
            &jpeg[..jpeg.len() - 2],
            &jpeg[..30],
            &jpeg[..3],
        ] {
            assert_eq!(
                accept_picture(damaged),
                Err(UploadRefusal::DamagedPicture),
                "{} bytes",
                damaged.len()
            );
        }
        assert_eq!(UploadRefusal::DamagedPicture.sentence(), "图片无法读取，可能已损坏，请重新选择");
    }

    #[test]
    fn a_picture_bomb_is_refused_before_it_is_decoded() {
        // Only the header says these sizes; decoding would take up to 14 GB.
        for (width, height) in
            [(60_000u32, 60_000u32), (12_001, 10), (10, 12_001), (7_000, 6_000), (u32::MAX >> 1, 2)]
        {
            let mut png = encoded(&page(300, 300), ImageFormat::Png);
            png[16..20].copy_from_slice(&width.to_be_bytes());
            png[20..24].copy_from_slice(&height.to_be_bytes());
            let crc = crc32(&png[12..29]);
            png[29..33].copy_from_slice(&crc.to_be_bytes());
            assert_eq!(accept_picture(&png), Err(UploadRefusal::TooManyPixels), "{width}x{height}");
        }
        let mut jpeg = encoded(&page(300, 300), ImageFormat::Jpeg);
        let frame = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
        assert_eq!(accept_picture(&jpeg), Err(UploadRefusal::TooManyPixels));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1))
            })
        })
    }

    #[test]
    fn the_picture_is_turned_upright_and_its_exif_is_gone() {
        // Left half black; held so that the left side is the top (6: turn right).
        let half = RgbImage::from_fn(320, 240, |x, _| if x < 160 { Rgb([0; 3]) } else { Rgb([255; 3]) });
        let sent = with_exif(&encoded(&half, ImageFormat::Jpeg), 6);
        assert!(contains(&sent, b"GPS"));
        let kept = accept_picture(&sent).unwrap();
        assert_eq!((kept.width, kept.height), (240, 320));
        let picture = decoded(&kept.bytes).to_luma8();
        assert!(picture.get_pixel(120, 20).0[0] < 40 && picture.get_pixel(120, 300).0[0] > 215);
        assert!(!contains(&kept.bytes, b"Exif") && !contains(&kept.bytes, b"GPS"));
        assert!(!contains(&kept.thumbnail, b"Exif"));
    }

    #[test]
    fn a_payload_behind_the_picture_or_in_its_comments_is_not_kept() {
        let mut jpeg = encoded(&page(300, 300), ImageFormat::Jpeg);
        jpeg.extend(b"<?php system($_GET[0]); ?>");
        let kept = accept_picture(&jpeg).unwrap();
        assert!(!contains(&kept.bytes, b"<?php"));

        let png = encoded(&page(300, 300), ImageFormat::Png);
        let chunk = [b"tEXt".as_slice(), b"Comment\0<script>alert(1)</script>"].concat();
        let mut sent = png[..33].to_vec();
        sent.extend(u32::try_from(chunk.len() - 4).unwrap().to_be_bytes());
        sent.extend(&chunk);
        sent.extend(crc32(&chunk).to_be_bytes());
        sent.extend(&png[33..]);
        let kept = accept_picture(&sent).unwrap();
        assert!(contains(&sent, b"<script>") && !contains(&kept.bytes, b"<script>"));
    }

    #[test]
    fn a_very_large_picture_is_made_smaller() {
        let kept = accept_picture(&encoded(&page(5000, 1000), ImageFormat::Png)).unwrap();
        assert_eq!((kept.width, kept.height), (4096, 819));
        assert_eq!(decoded(&kept.bytes).width(), 4096);
    }

    #[test]
    fn transparency_is_kept_in_png_and_white_in_the_thumbnail() {
        let glass = RgbaImage::from_pixel(400, 400, Rgba([200, 0, 0, 0]));
        let mut bytes = Cursor::new(Vec::new());
        glass.write_to(&mut bytes, ImageFormat::Png).unwrap();
        let kept = accept_picture(&bytes.into_inner()).unwrap();
        assert_eq!(decoded(&kept.bytes).to_rgba8().get_pixel(9, 9).0[3], 0);
        assert_eq!(decoded(&kept.thumbnail).to_rgb8().get_pixel(9, 9).0, [255; 3]);
    }

    #[test]
    fn sixteen_bits_palettes_and_grey_are_understood() {
        let deep = image::ImageBuffer::<Rgb<u16>, _>::from_fn(300, 300, |x, y| {
            Rgb([(x * 200) as u16, (y * 200) as u16, 0])
        });
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageRgb16(deep).write_to(&mut bytes, ImageFormat::Png).unwrap();
        assert_eq!(accept_picture(bytes.get_ref()).unwrap().content_type, "image/png");
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let grey = DynamicImage::ImageRgb8(page(300, 300)).to_luma8();
            let mut bytes = Cursor::new(Vec::new());
            grey.write_to(&mut bytes, format).unwrap();
            let kept = accept_picture(bytes.get_ref()).unwrap();
            assert!(!decoded(&kept.bytes).color().has_color(), "{format:?}");
        }
    }

    #[test]
    fn what_is_kept_is_no_larger_than_what_may_be_sent() {
        // Smooth shades with a little noise: a PNG of under 5 MB that grows when it is encoded anew
        // would be kept as JPEG.
        let rough = DynamicImage::ImageRgb8(noise(1400, 1400));
        let (bytes, content_type) = encode_png_if_small_enough(&rough).unwrap();
        assert_eq!(content_type, "image/jpeg");
        assert!(bytes.len() <= MAX_BYTES);
    }

    #[test]
    fn small_and_blurred_pictures_are_accepted_with_advice() {
        let small = accept_picture(&encoded(&page(199, 900), ImageFormat::Jpeg)).unwrap();
        assert_eq!(small.warnings, [TOO_SMALL]);
        let enough = accept_picture(&encoded(&page(200, 900), ImageFormat::Jpeg)).unwrap();
        assert_eq!(enough.warnings, Vec::<&str>::new());
        let blurred = imageops::blur(&page(900, 600), 8.0);
        assert_eq!(accept_picture(&encoded(&blurred, ImageFormat::Jpeg)).unwrap().warnings, [LOOKS_BLURRED]);
    }

    #[tokio::test]
    async fn pictures_are_accepted_off_the_async_threads() {
        let bytes = encoded(&page(300, 300), ImageFormat::Jpeg);
        let (one, two, three) =
            tokio::join!(accept(bytes.clone()), accept(bytes.clone()), accept(vec![0; 9]));
        assert_eq!(one, two);
        assert!(one.is_ok());
        assert_eq!(three, Err(UploadRefusal::NotAPicture));
    }

    #[test]
    fn no_cut_or_flipped_byte_makes_it_panic() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png] {
            let bytes = encoded(&page(40, 30), format);
            for at in 0..bytes.len() {
                let _ = accept_picture(&bytes[..at]);
                let mut flipped = bytes.clone();
                flipped[at] ^= 0x55;
                let _ = accept_picture(&flipped);
            }
        }
    }
}
