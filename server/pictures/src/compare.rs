//! The decoders held against each other, for `cargo xtask pictures`.

use image::{DynamicImage, RgbImage};

use crate::{Colour, Fault, Format, Pixels, colour::cmyk_to_srgb, decode_as_stored, jpeg};

pub use jpeg::MOST_DIFFERENCE;

/// What became of one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// Why it is refused, if it is.
    pub refused: Option<Fault>,
    /// Whether the second decoder is asked about pictures like this one.
    pub has_second: bool,
    /// How much the two decoders differ, of 255; none where the first gave no picture.
    pub second: Option<Outcome>,
    /// How much the first one differs from the program that was named as a reference.
    pub reference: Option<Outcome>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Differs(u8),
    NoPicture,
}

/// Compares what the decoders see in a picture, before its colours are converted and before it is turned.
/// `reference` is what another program saw.
pub fn compare(bytes: &[u8], format: Format, reference: Option<Option<DynamicImage>>) -> Comparison {
    let first = seen_by_the_first(bytes, format).ok();
    let refused = decode_as_stored(bytes, format).err();
    let seen = first.map(|pixels| jpeg::Impression::of(&plain(pixels)));
    let against = |other: Option<DynamicImage>| match (&seen, other) {
        (Some(seen), Some(other)) => Some(Outcome::Differs(seen.difference(&jpeg::Impression::of(&other)))),
        (Some(_), None) => Some(Outcome::NoPicture),
        (None, _) => None,
    };
    let second = match format {
        Format::Jpeg => against(jpeg::decode_with_image(bytes).ok().map(|(picture, _)| picture)),
        Format::Png | Format::Webp => None,
    };
    let has_second = format == Format::Jpeg
        && jpeg::Structure::of(bytes).is_ok_and(|structure| !structure.is_beyond_the_second_decoder());
    Comparison { refused, has_second, second, reference: reference.and_then(against) }
}

/// What the first decoder sees, whatever the second says.
fn seen_by_the_first(bytes: &[u8], format: Format) -> Result<Pixels, Fault> {
    match format {
        Format::Jpeg => jpeg::decode_with_jpeg_decoder(bytes),
        Format::Png | Format::Webp => decode_as_stored(bytes, format).map(|decoded| decoded.pixels),
    }
}

fn plain(pixels: Pixels) -> DynamicImage {
    match pixels {
        Pixels::Plain(picture) => picture,
        Pixels::Cmyk(inks) => DynamicImage::ImageRgb8(cmyk_to_srgb(&inks, &Colour::Srgb)),
    }
}

/// A picture as `djpeg -pnm` and `dwebp -ppm` print it: `P5` or `P6`, eight bits.
pub fn from_pnm(bytes: &[u8]) -> Option<DynamicImage> {
    let mut rest = bytes;
    let mut words = Vec::new();
    while words.len() < 4 {
        let start = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        rest = rest.get(start..)?;
        let end = rest.iter().position(u8::is_ascii_whitespace)?;
        let (word, after) = rest.split_at_checked(end)?;
        words.push(std::str::from_utf8(word).ok()?);
        rest = after;
    }
    let pixels = rest.get(1..)?.to_vec();
    let [kind, width, height, "255"] = words.as_slice() else { return None };
    let (width, height) = (width.parse().ok()?, height.parse().ok()?);
    match *kind {
        "P5" => image::GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        "P6" => RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
        _ => None,
    }
}
