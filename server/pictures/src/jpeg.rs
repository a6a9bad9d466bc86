//! JPEG, decoded twice. Decoders that go on where they do not understand what they read show a picture
//! nobody has taken; so two that share no code must see the same, or the picture is refused.

use std::io::Cursor;

use image::{DynamicImage, GrayImage, RgbImage, codecs::jpeg::JpegDecoder, metadata::Orientation};
use jpeg_decoder::PixelFormat;

use crate::{
    Colour, Decoded, Fault, MOST_PROFILE, Pixels, check_dimensions,
    colour::{Cmyk, cmyk_to_srgb},
    decode_within_limits,
};

/// Photos have up to a dozen; each costs a walk over the whole picture.
const MOST_SCANS: usize = 100;

pub(crate) fn decode(bytes: &[u8]) -> Result<Decoded, Fault> {
    let structure = Structure::of(bytes)?;
    structure.check()?;
    let second = if structure.is_beyond_the_second_decoder() {
        None
    } else {
        let (seen, _) = decode_with_image(bytes)?;
        Some(Impression::of(&seen))
    };
    let pixels = decode_with_jpeg_decoder(bytes)?;
    if let Some(second) = second {
        let first = match &pixels {
            Pixels::Plain(picture) => Impression::of(picture),
            Pixels::Cmyk(inks) => Impression::of(&DynamicImage::ImageRgb8(cmyk_to_srgb(inks, &Colour::Srgb))),
        };
        if first.difference(&second) > MOST_DIFFERENCE {
            return Err(Fault::Ambiguous);
        }
    }
    let orientation = structure.exif.and_then(Orientation::from_exif_chunk);
    let colour = match assembled(structure.profile) {
        Some(profile) => Colour::Profile(profile),
        None => Colour::Srgb,
    };
    Ok(Decoded { pixels, colour, orientation: orientation.unwrap_or(Orientation::NoTransforms) })
}

/// The decoder of the image crate, zune-jpeg.
pub(crate) fn decode_with_image(bytes: &[u8]) -> Result<(DynamicImage, Orientation), Fault> {
    decode_within_limits(JpegDecoder::new(Cursor::new(bytes)).map_err(crate::fault_of)?)
}

/// The decoder that was the image crate's before: slower, and it gives up where it does not understand.
pub(crate) fn decode_with_jpeg_decoder(bytes: &[u8]) -> Result<Pixels, Fault> {
    let mut decoder = jpeg_decoder::Decoder::new(Cursor::new(bytes));
    let pixels = decoder.decode().map_err(|_| Fault::Damaged)?;
    let info = decoder.info().ok_or(Fault::Damaged)?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    match info.pixel_format {
        PixelFormat::L8 => GrayImage::from_raw(width, height, pixels)
            .map(|grey| Pixels::Plain(DynamicImage::ImageLuma8(grey)))
            .ok_or(Fault::Damaged),
        PixelFormat::RGB24 => RgbImage::from_raw(width, height, pixels)
            .map(|picture| Pixels::Plain(DynamicImage::ImageRgb8(picture)))
            .ok_or(Fault::Damaged),
        PixelFormat::CMYK32 => Ok(Pixels::Cmyk(Cmyk { width, height, inks: pixels })),
        PixelFormat::L16 => Err(Fault::Unusual),
    }
}

/// A picture made so small that what decoders may do differently – rounding, how colours between two
/// samples are guessed – is averaged away.
pub(crate) struct Impression(RgbImage);

const TILE: u32 = 16;
/// Of 255, in the tile where they differ most. `cargo xtask pictures` tells over a corpus how near to this
/// decoders come that are both right.
pub const MOST_DIFFERENCE: u8 = 24;

impl Impression {
    pub(crate) fn of(picture: &DynamicImage) -> Self {
        let tiles = |pixels: u32| (pixels / TILE).max(1);
        Self(picture.thumbnail_exact(tiles(picture.width()), tiles(picture.height())).into_rgb8())
    }

    /// Of the tile and colour that differ most.
    pub(crate) fn difference(&self, other: &Self) -> u8 {
        if self.0.dimensions() != other.0.dimensions() {
            return u8::MAX;
        }
        let pairs = self.0.as_raw().iter().zip(other.0.as_raw());
        pairs.map(|(one, two)| one.abs_diff(*two)).max().unwrap_or_default()
    }
}

/// What the markers of a file say.
pub(crate) struct Structure<'a> {
    /// The number of the start-of-frame marker: 0 baseline, 1 extended, 2 progressive.
    coding: u8,
    precision: u8,
    width: u32,
    height: u32,
    /// Horizontal and vertical sampling factor of each component.
    sampling: Vec<(u8, u8)>,
    scans: usize,
    exif: Option<&'a [u8]>,
    /// Number, count and content of each part.
    profile: Vec<(u8, u8, &'a [u8])>,
}

impl<'a> Structure<'a> {
    /// Goes from marker to marker up to the end of the image, so that an upload that broke off is known:
    /// decoders fill what is missing with grey.
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut found = Structure {
            coding: u8::MAX,
            precision: 0,
            width: 0,
            height: 0,
            sampling: Vec::new(),
            scans: 0,
            exif: None,
            profile: Vec::new(),
        };
        let mut rest = bytes.get(2..).ok_or(Fault::Damaged)?;
        loop {
            let (marker, after) = next_marker(rest).ok_or(Fault::Damaged)?;
            rest = after;
            match marker {
                // Start of image, restarts and others that stand alone.
                0x01 | 0xd0..=0xd8 => continue,
                0xd9 if found.coding == u8::MAX || found.scans == 0 => return Err(Fault::Damaged),
                0xd9 => return Ok(found),
                _ => {}
            }
            let (length, _) = rest.split_first_chunk::<2>().ok_or(Fault::Damaged)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let content = rest.get(2..length).ok_or(Fault::Damaged)?;
            rest = rest.get(length..).unwrap_or_default();
            match marker {
                // All start-of-frame markers but the tables that are numbered among them.
                0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                    if found.coding != u8::MAX {
                        return Err(Fault::Unusual); // hierarchical
                    }
                    found.frame(marker & 0x0f, content)?;
                }
                0xda => {
                    found.scans += 1;
                    if found.scans > MOST_SCANS {
                        return Err(Fault::TooComplex);
                    }
                }
                0xdc => return Err(Fault::Unusual), // the height is said only after the first scan
                0xe1 if found.exif.is_none() => found.exif = content.strip_prefix(b"Exif\0\0"),
                0xe2 => {
                    if let Some([number, count, part @ ..]) = content.strip_prefix(b"ICC_PROFILE\0") {
                        found.profile.push((*number, *count, part));
                    }
                }
                _ => {}
            }
        }
    }

    fn frame(&mut self, coding: u8, content: &[u8]) -> Result<(), Fault> {
        let [precision, h1, h2, w1, w2, _, components @ ..] = content else { return Err(Fault::Damaged) };
        self.coding = coding;
        self.precision = *precision;
        self.height = u32::from(u16::from_be_bytes([*h1, *h2]));
        self.width = u32::from(u16::from_be_bytes([*w1, *w2]));
        for component in components.chunks_exact(3) {
            let [_, factors, _] = component else { continue };
            self.sampling.push((factors >> 4, factors & 0x0f));
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Fault> {
        // Arithmetic coding, twelve bits, lossless: no camera and no phone.
        if self.coding > 2 || self.precision != 8 || !matches!(self.sampling.len(), 1 | 3 | 4) {
            return Err(Fault::Unusual);
        }
        if self.sampling.iter().any(|(across, down)| !(1..=4).contains(across) || !(1..=4).contains(down)) {
            return Err(Fault::Damaged);
        }
        check_dimensions(self.width, self.height)
    }

    /// One scan for each component, not progressive: zune-jpeg 0.5 reads these wrongly (its issues 419,
    /// 448 and 449), and says nothing. What the first decoder makes of them is held by tests against the same
    /// coefficients in one scan. Its count of blocks is right for the samplings that are named here.
    pub(crate) fn is_beyond_the_second_decoder(&self) -> bool {
        let most = |factor: fn(&(u8, u8)) -> u8| self.sampling.iter().map(factor).max().unwrap_or(1);
        let (across, down) = (most(|factors| factors.0), most(|factors| factors.1));
        self.coding < 2
            && self.scans > 1
            && self.sampling.iter().all(|factors| {
                (factors.0 == 1 || factors.0 == across) && (factors.1 == 1 || factors.1 == down)
            })
    }
}

/// The next marker and what follows it. In the data of a scan 0xff is followed by zero; some cameras
/// leave rubbish between segments.
fn next_marker(mut bytes: &[u8]) -> Option<(u8, &[u8])> {
    loop {
        let at = bytes.iter().position(|byte| *byte == 0xff)?;
        bytes = bytes.get(at + 1..)?;
        match bytes {
            [0xff, ..] => {} // fill byte
            [0, rest @ ..] => bytes = rest,
            [marker, rest @ ..] => return Some((*marker, rest)),
            [] => return None,
        }
    }
}

/// A profile is cut into parts of 64 KB. One that is incomplete is passed over, as browsers do.
fn assembled(mut parts: Vec<(u8, u8, &[u8])>) -> Option<Vec<u8>> {
    parts.sort_by_key(|(number, _, _)| *number);
    let count = parts.len();
    let is_complete = (1..=count)
        .zip(&parts)
        .all(|(number, (said, of, _))| usize::from(*said) == number && usize::from(*of) == count);
    let length: usize = parts.iter().map(|(_, _, part)| part.len()).sum();
    (is_complete && count > 0 && length <= MOST_PROFILE)
        .then(|| parts.iter().flat_map(|(_, _, part)| *part).copied().collect())
}
