//! PNG. The decoder gets nothing but what it needs: text and profiles, which may unpack to hundreds of
//! megabytes, are read here, within bounds.

use std::io::Cursor;

use image::codecs::png::PngDecoder;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use crate::{Colour, Decoded, Fault, MOST_PROFILE, Pixels, decode_within_limits, fault_of, limits};

const SIGNATURE: usize = 8;

pub(crate) fn decode(bytes: &[u8]) -> Result<Decoded, Fault> {
    let (needed, colour) = read_chunks(bytes)?;
    let decoder = PngDecoder::with_limits(Cursor::new(needed), limits()).map_err(fault_of)?;
    let (picture, orientation) = decode_within_limits(decoder)?;
    Ok(Decoded { pixels: Pixels::Plain(picture), colour, orientation })
}

/// The chunks that say what each pixel is, and what the others say of colour.
fn read_chunks(bytes: &[u8]) -> Result<(Vec<u8>, Colour), Fault> {
    let (signature, mut rest) = bytes.split_at_checked(SIGNATURE).ok_or(Fault::Damaged)?;
    let mut needed = signature.to_vec();
    let (mut code_points, mut profile, mut is_srgb) = (None, None, false);
    let mut has_begun = false;
    // Length, kind, content, checksum.
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Fault::Damaged)?;
        let whole = length.checked_add(12).ok_or(Fault::Damaged)?;
        let (Some(chunk), Some((kind, content))) = (
            rest.get(..whole),
            after.get(..length.saturating_add(4)).and_then(|kind| kind.split_first_chunk::<4>()),
        ) else {
            return Err(Fault::Damaged); // broken off
        };
        match kind {
            b"IHDR" | b"PLTE" | b"tRNS" | b"eXIf" | b"IEND" => needed.extend_from_slice(chunk),
            b"IDAT" => {
                has_begun = true;
                needed.extend_from_slice(chunk);
            }
            b"cICP" if !has_begun => code_points = content.first_chunk::<4>().copied(),
            b"iCCP" if !has_begun => profile = Some(unpacked_profile(content)?),
            b"sRGB" if !has_begun => is_srgb = true,
            // Reserved bit five of the first letter: without it, a reader must understand the chunk.
            [first, ..] if first & 0x20 == 0 => return Err(Fault::Unusual),
            // gAMA and cHRM among them: most programs that write them write them wrongly, and most that
            // read pictures pass over them.
            _ => {}
        }
        if kind == b"IEND" {
            break;
        }
        rest = rest.get(whole..).unwrap_or_default();
    }
    let colour = match (code_points, profile) {
        (Some([_, 16 | 18, _, _]), _) => return Err(Fault::HighDynamicRange),
        (Some([primaries, transfer, 0, 1]), _) => Colour::CodePoints(primaries, transfer),
        (_, Some(Some(profile))) if !is_srgb => Colour::Profile(profile),
        (_, _) => Colour::Srgb,
    };
    Ok((needed, colour))
}

/// A name, the number of the only method there is, and the packed profile. One that cannot be unpacked is
/// passed over, as browsers do.
fn unpacked_profile(content: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let Some((_, [0, packed @ ..])) =
        content.iter().position(|byte| *byte == 0).and_then(|end| content.split_at_checked(end + 1))
    else {
        return Ok(None);
    };
    match decompress_to_vec_zlib_with_limit(packed, MOST_PROFILE) {
        Ok(profile) => Ok(Some(profile)),
        Err(failure) if failure.status == miniz_oxide::inflate::TINFLStatus::HasMoreOutput => {
            Err(Fault::TooComplex)
        }
        Err(_) => Ok(None),
    }
}
