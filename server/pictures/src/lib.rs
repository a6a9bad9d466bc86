//! Pictures of strangers: decoded right or refused, turned upright, converted to sRGB and encoded anew,
//! so that nothing of the sent file is kept but what it shows – no place where a photo was taken, no
//! payload behind the picture. // R71
//!
//! A crate of its own, so that a development build optimises it: it touches every pixel.

mod colour;
pub mod compare;
mod jpeg;
mod keep;
mod png;
#[cfg(test)]
mod tests;
mod webp;

use image::{DynamicImage, ImageDecoder, ImageError, Limits, metadata::Orientation};

pub use keep::{Doubt, Encoding, Kept, keep};

/// The largest file that may be sent and the largest that is kept: 5 MB counted in binary, as browsers
/// and phones show it. // R71
pub const MOST_BYTES: usize = 5 * 1024 * 1024;
pub const MOST_SIDE: u32 = 12_000;
pub const MOST_PIXELS: u64 = 40_000_000;
/// Enough for [`MOST_PIXELS`] in the four bytes of a pixel that phones and scanners make, and some.
const MOST_DECODED: u64 = 256 * 1024 * 1024;
/// Profiles of printing presses have up to 3 MB; those of screens have some hundred bytes.
const MOST_PROFILE: usize = 4 * 1024 * 1024;

/// What a file begins as; what it is then turns out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
    Webp,
}

impl Format {
    pub fn of(bytes: &[u8]) -> Option<Format> {
        if bytes.starts_with(b"\xff\xd8\xff") {
            Some(Format::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Format::Png)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Format::Webp)
        } else {
            None
        }
    }
}

/// Why a picture is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It breaks off, or cannot be decoded.
    Damaged,
    TooManyPixels,
    /// A way of coding that hardly any program writes and few read.
    Unusual,
    /// Two decoders see two different pictures in it.
    Ambiguous,
    /// Brighter than a screen's white: what it looks like depends on the screen.
    HighDynamicRange,
    Moving,
    /// Made to take long.
    TooComplex,
}

/// The picture as it is meant to be seen: upright, in sRGB, eight bits.
pub fn decode(bytes: &[u8], format: Format) -> Result<DynamicImage, Fault> {
    let decoded = decode_as_stored(bytes, format)?;
    let mut picture = match decoded.pixels {
        Pixels::Plain(picture) => colour::to_srgb(picture, &decoded.colour),
        Pixels::Cmyk(picture) => DynamicImage::ImageRgb8(colour::cmyk_to_srgb(&picture, &decoded.colour)),
    };
    picture.apply_orientation(decoded.orientation);
    Ok(picture)
}

/// What stands in the file, and how to see it.
struct Decoded {
    pixels: Pixels,
    colour: Colour,
    orientation: Orientation,
}

/// Eight bits for each part of a pixel.
enum Pixels {
    Plain(DynamicImage),
    Cmyk(colour::Cmyk),
}

/// What the numbers of a pixel mean.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Colour {
    Srgb,
    Profile(Vec<u8>),
    /// Primaries and transfer as ITU-T H.273 numbers them.
    CodePoints(u8, u8),
}

fn decode_as_stored(bytes: &[u8], format: Format) -> Result<Decoded, Fault> {
    match format {
        Format::Jpeg => jpeg::decode(bytes),
        Format::Png => png::decode(bytes),
        Format::Webp => webp::decode(bytes),
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_DECODED);
    limits
}

/// Asked before anything is decoded: a bomb is a small file with large dimensions.
fn check_dimensions(width: u32, height: u32) -> Result<(), Fault> {
    if width == 0 || height == 0 {
        return Err(Fault::Damaged);
    }
    if width.max(height) > MOST_SIDE || u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Fault::TooManyPixels);
    }
    Ok(())
}

/// Decodes with a decoder of the image crate, and takes the pixels down to eight bits.
fn decode_within_limits(mut decoder: impl ImageDecoder) -> Result<(DynamicImage, Orientation), Fault> {
    let (width, height) = decoder.dimensions();
    check_dimensions(width, height)?;
    decoder.set_limits(limits()).map_err(fault_of)?;
    // A broken EXIF block is no reason to refuse the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(fault_of)?;
    Ok((eight_bits(picture), orientation))
}

fn eight_bits(picture: DynamicImage) -> DynamicImage {
    if picture.color().bytes_per_pixel() == picture.color().channel_count() {
        return picture;
    }
    match (picture.color().has_color(), picture.color().has_alpha()) {
        (true, true) => DynamicImage::ImageRgba8(picture.into_rgba8()),
        (true, false) => DynamicImage::ImageRgb8(picture.into_rgb8()),
        (false, true) => DynamicImage::ImageLumaA8(picture.into_luma_alpha8()),
        (false, false) => DynamicImage::ImageLuma8(picture.into_luma8()),
    }
}

fn fault_of(error: ImageError) -> Fault {
    match error {
        ImageError::Limits(_) => Fault::TooManyPixels,
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::Unsupported(_)
        | ImageError::IoError(_) => Fault::Damaged,
    }
}
