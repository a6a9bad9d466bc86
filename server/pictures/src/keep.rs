//! What is kept of a picture.

use image::{
    DynamicImage, ExtendedColorType, GrayImage, ImageEncoder, Rgb, RgbImage, RgbaImage,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
};
use serde::{Deserialize, Serialize};

use crate::{Fault, Format, MOST_BYTES, decode, fault_of};

/// Larger pictures are made smaller; small print on a photographed A4 page stays readable.
const KEPT_SIDE: u32 = 4096;
const THUMBNAIL_SIDE: u32 = 320;
const QUALITY: u8 = 88;
const THUMBNAIL_QUALITY: u8 = 80;
const SMALL_SIDE: u32 = 200;

/// A photographed card or document has several hundred here, out of focus a few dozen.
const BLURRED_BELOW: f64 = 30.0;

/// A picture that can be kept and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub bytes: Vec<u8>,
    pub encoding: Encoding,
    pub width: u32,
    pub height: u32,
    /// A JPEG of at most 320 pixels a side, for lists.
    pub thumbnail: Vec<u8>,
    /// Advice to the person; nothing is refused for it.
    pub doubt: Option<Doubt>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    Jpeg,
    Png,
}

impl Encoding {
    pub fn media_type(self) -> &'static str {
        match self {
            Encoding::Jpeg => "image/jpeg",
            Encoding::Png => "image/png",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doubt {
    Small,
    Blurred,
}

impl Doubt {
    pub fn sentence(self) -> &'static str {
        match self {
            Doubt::Small => "图片尺寸较小，文字可能无法辨认，建议上传更清晰的图片",
            Doubt::Blurred => "图片可能不够清晰，请确认文字可以辨认",
        }
    }
}

/// Decodes a picture and makes what is kept of it. Takes up to seconds of CPU and some hundred megabytes.
pub fn keep(bytes: &[u8], format: Format) -> Result<Kept, Fault> {
    let upright = decode(bytes, format)?;
    let kept = if upright.width().max(upright.height()) > KEPT_SIDE {
        upright.thumbnail(KEPT_SIDE, KEPT_SIDE)
    } else {
        upright
    };
    let may_be_png = match format {
        Format::Png => true,
        Format::Webp => kept.color().has_alpha(),
        Format::Jpeg => false,
    };
    let (bytes, encoding) = match may_be_png {
        true => encode_png_if_small_enough(&kept)?,
        false => (encode_jpeg(&kept, QUALITY)?, Encoding::Jpeg),
    };
    let thumbnail = if kept.width().max(kept.height()) > THUMBNAIL_SIDE {
        encode_jpeg(&kept.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE), THUMBNAIL_QUALITY)?
    } else {
        encode_jpeg(&kept, THUMBNAIL_QUALITY)?
    };
    let doubt = doubt_about(&kept);
    Ok(Kept { bytes, encoding, width: kept.width(), height: kept.height(), thumbnail, doubt })
}

pub(crate) fn encode_png_if_small_enough(picture: &DynamicImage) -> Result<(Vec<u8>, Encoding), Fault> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive);
    match (picture.color().has_color(), picture.color().has_alpha()) {
        (true, true) => write(encoder, picture.to_rgba8().as_raw(), picture, ExtendedColorType::Rgba8),
        (true, false) => write(encoder, picture.to_rgb8().as_raw(), picture, ExtendedColorType::Rgb8),
        (false, true) => write(encoder, picture.to_luma_alpha8().as_raw(), picture, ExtendedColorType::La8),
        (false, false) => write(encoder, picture.to_luma8().as_raw(), picture, ExtendedColorType::L8),
    }?;
    if bytes.len() <= MOST_BYTES {
        Ok((bytes, Encoding::Png))
    } else {
        Ok((encode_jpeg(picture, QUALITY)?, Encoding::Jpeg))
    }
}

fn encode_jpeg(picture: &DynamicImage, quality: u8) -> Result<Vec<u8>, Fault> {
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
) -> Result<(), Fault> {
    encoder.write_image(pixels, picture.width(), picture.height(), color).map_err(fault_of)
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

fn doubt_about(picture: &DynamicImage) -> Option<Doubt> {
    if picture.width().min(picture.height()) < SMALL_SIDE {
        return Some(Doubt::Small);
    }
    // Always judged at about the same size, or a large photo would look smoother than a small one.
    let judged =
        if picture.width().max(picture.height()) > 800 { &picture.thumbnail(800, 800) } else { picture };
    (sharpness(&judged.to_luma8()) < BLURRED_BELOW).then_some(Doubt::Blurred)
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
