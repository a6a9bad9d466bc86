//! WebP, which messengers and browsers save.

use std::io::Cursor;

use image::{ImageDecoder, codecs::webp::WebPDecoder};

use crate::{Colour, Decoded, Fault, MOST_PROFILE, Pixels, decode_within_limits, fault_of};

pub(crate) fn decode(bytes: &[u8]) -> Result<Decoded, Fault> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(fault_of)?;
    if decoder.has_animation() {
        return Err(Fault::Moving);
    }
    let colour = match decoder.icc_profile() {
        Ok(Some(profile)) if profile.len() <= MOST_PROFILE => Colour::Profile(profile),
        Ok(_) | Err(_) => Colour::Srgb,
    };
    let (picture, orientation) = decode_within_limits(decoder)?;
    Ok(Decoded { pixels: Pixels::Plain(picture), colour, orientation })
}
