//! What the numbers of a pixel mean: numbers of Display P3, Adobe RGB or a printing press are converted
//! to those of sRGB, since nothing that is kept has a profile.

use image::{DynamicImage, RgbImage};
use moxcms::{
    CicpColorPrimaries, CicpProfile, ColorProfile, DataColorSpace, Layout, MatrixCoefficients,
    ParsingOptions, TransferCharacteristics, TransformExecutor, TransformOptions,
};

use crate::{Colour, MOST_PROFILE};

/// Cyan, magenta, yellow and black, each 255 where the ink is full.
pub(crate) struct Cmyk {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) inks: Vec<u8>,
}

/// A picture whose profile cannot be read or is of another kind of colour is taken as it is, as browsers
/// do.
pub(crate) fn to_srgb(mut picture: DynamicImage, colour: &Colour) -> DynamicImage {
    let Some(profile) = profile_of(colour) else { return picture };
    match &mut picture {
        DynamicImage::ImageRgb8(pixels) => convert(&profile, Layout::Rgb, pixels),
        DynamicImage::ImageRgba8(pixels) => convert(&profile, Layout::Rgba, pixels),
        DynamicImage::ImageLuma8(pixels) => convert_greys::<1>(&profile, pixels),
        DynamicImage::ImageLumaA8(pixels) => convert_greys::<2>(&profile, pixels),
        // All others were taken down to eight bits.
        _ => {}
    }
    picture
}

/// Without a profile as the plain formula has it: each ink takes its share of the light away.
pub(crate) fn cmyk_to_srgb(picture: &Cmyk, colour: &Colour) -> RgbImage {
    let mut srgb = RgbImage::new(picture.width, picture.height);
    let by_profile = profile_of(colour).filter(|profile| profile.color_space == DataColorSpace::Cmyk);
    let transform = by_profile.and_then(|profile| {
        let srgb = ColorProfile::new_srgb();
        profile.create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgb, TransformOptions::default()).ok()
    });
    let width = usize::try_from(picture.width).unwrap_or(usize::MAX);
    let rows = picture.inks.chunks_exact(width * 4).zip(srgb.chunks_exact_mut(width * 3));
    for (inks, row) in rows {
        if transform.as_ref().is_some_and(|transform| transform.transform(inks, row).is_ok()) {
            continue;
        }
        for (ink, pixel) in inks.chunks_exact(4).zip(row.chunks_exact_mut(3)) {
            let [inks @ .., black] = ink else { continue };
            for (ink, light) in inks.iter().zip(pixel) {
                let left = u32::from(255 - ink) * u32::from(255 - black);
                *light = u8::try_from((left + 127) / 255).unwrap_or(u8::MAX);
            }
        }
    }
    srgb
}

fn profile_of(colour: &Colour) -> Option<ColorProfile> {
    match colour {
        Colour::Srgb => None,
        Colour::Profile(bytes) => {
            let bounds = ParsingOptions {
                max_profile_size: MOST_PROFILE,
                max_allowed_clut_size: MOST_PROFILE,
                ..ParsingOptions::default()
            };
            ColorProfile::new_from_slice_with_options(bytes, bounds).ok()
        }
        Colour::CodePoints(primaries, transfer) => Some(ColorProfile::new_from_cicp(CicpProfile {
            color_primaries: CicpColorPrimaries::try_from(*primaries).ok()?,
            transfer_characteristics: TransferCharacteristics::try_from(*transfer).ok()?,
            matrix_coefficients: MatrixCoefficients::Identity,
            full_range: true,
        })),
    }
}

type Transform = dyn TransformExecutor<u8> + Send + Sync;

fn transform_of(profile: &ColorProfile, layout: Layout) -> Option<std::sync::Arc<Transform>> {
    let srgb = ColorProfile::new_srgb();
    profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default()).ok()
}

fn convert(profile: &ColorProfile, layout: Layout, pixels: &mut [u8]) {
    if profile.color_space != DataColorSpace::Rgb || is_srgb(profile) {
        return;
    }
    let Some(transform) = transform_of(profile, layout) else { return };
    // Some thousand pixels at a time: a second copy of the whole picture would double the memory.
    let mut before = Vec::new();
    for piece in pixels.chunks_mut(12 * 1024) {
        before.clear();
        before.extend_from_slice(piece);
        if transform.transform(&before, piece).is_err() {
            piece.copy_from_slice(&before);
        }
    }
}

/// Most profiles say sRGB in other words; their pictures keep every number.
fn is_srgb(profile: &ColorProfile) -> bool {
    const STEPS: [u8; 6] = [0, 51, 102, 153, 204, 255];
    let Some(transform) = transform_of(profile, Layout::Rgb) else { return true };
    let mut given = Vec::new();
    for red in STEPS {
        for green in STEPS {
            for blue in STEPS {
                given.extend([red, green, blue]);
            }
        }
    }
    let mut got = vec![0; given.len()];
    transform.transform(&given, &mut got).is_ok() && given.iter().zip(&got).all(|(a, b)| a.abs_diff(*b) <= 2)
}

/// Grey, and in `N == 2` an opacity that stays as it is.
fn convert_greys<const N: usize>(profile: &ColorProfile, pixels: &mut [u8]) {
    let Some(table) = table_of_greys(profile) else { return };
    for pixel in pixels.chunks_exact_mut(N) {
        if let Some(grey) = pixel.first_mut()
            && let Some(seen) = table.get(usize::from(*grey))
        {
            *grey = *seen;
        }
    }
}

fn table_of_greys(profile: &ColorProfile) -> Option<Vec<u8>> {
    let srgb = ColorProfile::new_srgb();
    let (layout, given): (Layout, Vec<u8>) = match profile.color_space {
        DataColorSpace::Gray => (Layout::Gray, (0..=255).collect()),
        DataColorSpace::Rgb => (Layout::Rgb, (0..=255).flat_map(|grey| [grey; 3]).collect()),
        _ => return None,
    };
    let transform =
        profile.create_transform_8bit(layout, &srgb, Layout::Rgb, TransformOptions::default()).ok()?;
    let mut got = vec![0; 256 * 3];
    transform.transform(&given, &mut got).ok()?;
    let table: Vec<u8> = got.chunks_exact(3).filter_map(|pixel| pixel.get(1).copied()).collect();
    let is_srgb = (0..=255u8).zip(&table).all(|(a, b)| a.abs_diff(*b) <= 2);
    (!is_srgb).then_some(table)
}
