#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage, imageops};

use super::*;

fn kept_of(bytes: &[u8]) -> Result<Kept, Fault> {
    keep(bytes, Format::of(bytes).unwrap_or(Format::Jpeg))
}

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
    for (format, encoding) in [(ImageFormat::Jpeg, Encoding::Jpeg), (ImageFormat::Png, Encoding::Png)] {
        let kept = kept_of(&encoded(&page(640, 480), format)).unwrap();
        assert_eq!((kept.width, kept.height, kept.encoding), (640, 480, encoding));
        assert_eq!(image::guess_format(&kept.bytes).unwrap(), format);
        assert_eq!((decoded(&kept.bytes).width(), decoded(&kept.bytes).height()), (640, 480));
        assert_eq!(kept.doubt, None);
        let thumbnail = decoded(&kept.thumbnail);
        assert_eq!((thumbnail.width(), thumbnail.height()), (320, 240));
    }
}

#[test]
fn a_png_keeps_every_pixel() {
    let sent = page(300, 250);
    let kept = kept_of(&encoded(&sent, ImageFormat::Png)).unwrap();
    assert_eq!(decoded(&kept.bytes).to_rgb8(), sent);
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
        assert_eq!(kept_of(damaged), Err(Fault::Damaged), "{} bytes", damaged.len());
    }
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
        assert_eq!(kept_of(&png), Err(Fault::TooManyPixels), "{width}x{height}");
    }
    let mut jpeg = encoded(&page(300, 300), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    assert_eq!(kept_of(&jpeg), Err(Fault::TooManyPixels));
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1)))
    })
}

#[test]
fn the_picture_is_turned_upright_and_its_exif_is_gone() {
    // Left half black; held so that the left side is the top (6: turn right).
    let half = RgbImage::from_fn(320, 240, |x, _| if x < 160 { Rgb([0; 3]) } else { Rgb([255; 3]) });
    let sent = with_exif(&encoded(&half, ImageFormat::Jpeg), 6);
    assert!(contains(&sent, b"GPS"));
    let kept = kept_of(&sent).unwrap();
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
    let kept = kept_of(&jpeg).unwrap();
    assert!(!contains(&kept.bytes, b"<?php"));

    let png = encoded(&page(300, 300), ImageFormat::Png);
    let chunk = [b"tEXt".as_slice(), b"Comment\0<script>alert(1)</script>"].concat();
    let mut sent = png[..33].to_vec();
    sent.extend(u32::try_from(chunk.len() - 4).unwrap().to_be_bytes());
    sent.extend(&chunk);
    sent.extend(crc32(&chunk).to_be_bytes());
    sent.extend(&png[33..]);
    let kept = kept_of(&sent).unwrap();
    assert!(contains(&sent, b"<script>") && !contains(&kept.bytes, b"<script>"));
}

#[test]
fn a_very_large_picture_is_made_smaller() {
    let kept = kept_of(&encoded(&page(5000, 1000), ImageFormat::Png)).unwrap();
    assert_eq!((kept.width, kept.height), (4096, 819));
    assert_eq!(decoded(&kept.bytes).width(), 4096);
}

#[test]
fn transparency_is_kept_in_png_and_white_in_the_thumbnail() {
    let glass = RgbaImage::from_pixel(400, 400, Rgba([200, 0, 0, 0]));
    let mut bytes = Cursor::new(Vec::new());
    glass.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let kept = kept_of(&bytes.into_inner()).unwrap();
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
    assert_eq!(kept_of(bytes.get_ref()).unwrap().encoding, Encoding::Png);
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let grey = DynamicImage::ImageRgb8(page(300, 300)).to_luma8();
        let mut bytes = Cursor::new(Vec::new());
        grey.write_to(&mut bytes, format).unwrap();
        let kept = kept_of(bytes.get_ref()).unwrap();
        assert!(!decoded(&kept.bytes).color().has_color(), "{format:?}");
    }
}

#[test]
fn what_is_kept_is_no_larger_than_what_may_be_sent() {
    // Smooth shades with a little noise: a PNG of under 5 MB that grows when it is encoded anew
    // would be kept as JPEG.
    let rough = DynamicImage::ImageRgb8(noise(1400, 1400));
    let (bytes, encoding) = keep::encode_png_if_small_enough(&rough).unwrap();
    assert_eq!(encoding, Encoding::Jpeg);
    assert!(bytes.len() <= MOST_BYTES);
}

#[test]
fn small_and_blurred_pictures_are_accepted_with_advice() {
    let small = kept_of(&encoded(&page(199, 900), ImageFormat::Jpeg)).unwrap();
    assert_eq!(small.doubt, Some(Doubt::Small));
    let enough = kept_of(&encoded(&page(200, 900), ImageFormat::Jpeg)).unwrap();
    assert_eq!(enough.doubt, None);
    let blurred = imageops::blur(&page(900, 600), 8.0);
    assert_eq!(kept_of(&encoded(&blurred, ImageFormat::Jpeg)).unwrap().doubt, Some(Doubt::Blurred));
}

#[test]
fn no_cut_or_flipped_byte_makes_it_panic() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png] {
        let bytes = encoded(&page(40, 30), format);
        for at in 0..bytes.len() {
            let _ = kept_of(&bytes[..at]);
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x55;
            let _ = kept_of(&flipped);
        }
    }
}

fn file(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name);
    std::fs::read(&path).unwrap_or_else(|failure| panic!("{}: {failure}", path.display()))
}

fn seen(name: &str) -> RgbImage {
    let bytes = file(name);
    decode(&bytes, Format::of(&bytes).unwrap())
        .unwrap_or_else(|fault| panic!("{name}: {fault:?}"))
        .into_rgb8()
}

/// The largest difference of a number, and the mean.
fn difference(one: &RgbImage, two: &RgbImage) -> (u8, f64) {
    assert_eq!(one.dimensions(), two.dimensions());
    let differences: Vec<u8> =
        one.as_raw().iter().zip(two.as_raw()).map(|(one, two)| one.abs_diff(*two)).collect();
    let sum: f64 = differences.iter().map(|by| f64::from(*by)).sum();
    (differences.iter().copied().max().unwrap(), sum / differences.len() as f64)
}

/// Case P1: one scan for each component. The same numbers, arranged in one scan without a loss by
/// another program, are the same picture.
#[test]
fn a_jpeg_of_several_scans_shows_what_one_of_a_single_scan_does() {
    for (scans, one_scan) in [
        ("jpeg-baseline-scans-420.jpg", "jpeg-one-scan-420.jpg"),
        ("jpeg-baseline-scans-444.jpg", "jpeg-one-scan-444.jpg"),
    ] {
        assert_eq!(difference(&seen(scans), &seen(one_scan)), (0, 0.0), "{scans}");
        // And what is kept of it is that picture, not stripes of green.
        let kept = keep(&file(scans), Format::Jpeg).unwrap();
        let (_, mean) = difference(&decoded(&kept.bytes).into_rgb8(), &seen(one_scan));
        assert!(mean < 4.0, "{scans}: {mean}");
    }
}

/// Case P1, the whole kind: each sampling, in one scan and in several of each order, progressive and not,
/// with restarts and without. All of one sampling hold the same numbers.
#[test]
fn each_way_to_arrange_a_jpeg_shows_the_same_picture() {
    let original = seen("picture.png");
    for sampling in ["1x1", "2x1", "1x2", "2x2", "4x1"] {
        let plain = seen(&format!("samplings/{sampling}_one-scan.jpg"));
        let (_, mean) = difference(&plain, &original);
        assert!(mean < 30.0, "{sampling}: {mean} from the original");
        for arranged in [
            "one-scan-restarts",
            "progressive",
            "progressive-restarts",
            "y-cb-cr",
            "y-cb-cr-restarts",
            "cb-cr-y",
            "y-cbcr",
            "ycb-cr",
        ] {
            let name = format!("samplings/{sampling}_{arranged}.jpg");
            assert_eq!(difference(&seen(&name), &plain), (0, 0.0), "{name}");
        }
    }
}

/// Case P1: where two decoders see two pictures, none is kept.
#[test]
fn a_jpeg_that_decoders_see_differently_is_refused() {
    let whole = file("jpeg-one-scan-420.jpg");
    // Damage in the middle of the data: what follows is shifted, without a word of the decoder.
    let middle = whole.len() / 2;
    let mut refused = 0;
    for at in middle..middle + 60 {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        match keep(&damaged, Format::Jpeg) {
            Err(Fault::Ambiguous | Fault::Damaged) => refused += 1,
            Err(other) => panic!("{other:?}"),
            Ok(_) => {}
        }
    }
    println!("{refused} of 60 refused");
    // A scan that is left out, so that a component is missing.
    let scans = file("jpeg-baseline-scans-420.jpg");
    let last = scans.windows(2).rposition(|two| two == [0xff, 0xda]).unwrap();
    let without = [&scans[..last], &[0xff, 0xd9]].concat();
    assert!(keep(&without, Format::Jpeg).is_err());
}

/// Codings that no camera writes are refused with what to do, not with “damaged”.
#[test]
fn rare_codings_of_jpeg_are_named() {
    let jpeg = file("samplings/2x2_one-scan.jpg");
    let frame = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    for (at, byte) in [(frame + 1, 0xc9), (frame + 1, 0xc3), (frame + 4, 12), (frame + 9, 2)] {
        let mut rare = jpeg.clone();
        rare[at] = byte;
        if at == frame + 9 {
            // Two components: the header grows shorter.
            rare[frame + 3] = 14;
            rare.drain(frame + 16..frame + 19);
        }
        assert_eq!(keep(&rare, Format::Jpeg), Err(Fault::Unusual), "{byte:#x}");
    }
    // A height that is only said after the first scan.
    let mut late = jpeg.clone();
    late[frame + 5..frame + 7].fill(0);
    assert_eq!(keep(&late, Format::Jpeg), Err(Fault::Damaged));
    // More scans than any program writes.
    let scan = jpeg.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    let end = jpeg.len() - 2;
    let many = [&jpeg[..scan], &jpeg[scan..end].repeat(101), &jpeg[end..]].concat();
    assert_eq!(keep(&many, Format::Jpeg), Err(Fault::TooComplex));
}

/// Case P2, against what Little CMS makes of the same numbers.
#[test]
fn a_photo_in_display_p3_is_converted() {
    let srgb = seen("jpeg-display-p3-profile.jpg");
    for ((x, y), expected) in [
        ((440, 140), [222, 38, 28]),
        ((500, 260), [226, 35, 27]),
        ((500, 140), [247, 199, 0]),
        ((20, 20), [18, 38, 89]),
        ((20, 380), [211, 233, 248]),
    ] {
        let got = srgb.get_pixel(x, y).0;
        assert!(
            got.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 4),
            "{x},{y}: {got:?}, not {expected:?}"
        );
    }
    // What is kept has no profile, and the converted numbers.
    let kept = keep(&file("jpeg-display-p3-profile.jpg"), Format::Jpeg).unwrap();
    assert!(!contains(&kept.bytes, b"ICC_PROFILE"));
    let (_, mean) = difference(&decoded(&kept.bytes).into_rgb8(), &srgb);
    assert!(mean < 2.0, "{mean}");
}

fn png_with_profile(picture: &DynamicImage, profile: &moxcms::ColorProfile) -> Vec<u8> {
    use image::ImageEncoder as _;
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.set_icc_profile(profile.encode().unwrap()).unwrap();
    let colour = picture.color().into();
    encoder.write_image(picture.as_bytes(), picture.width(), picture.height(), colour).unwrap();
    bytes
}

/// Case P2: each kind of PNG, and what stays as it is.
#[test]
fn profiles_in_png_are_followed() {
    use moxcms::ColorProfile;
    let red = DynamicImage::ImageRgb8(RgbImage::from_pixel(30, 30, Rgb([209, 61, 57])));
    let colour_of = |bytes: &[u8]| decode(bytes, Format::Png).unwrap().into_rgb8().get_pixel(9, 9).0;
    let near = |got: [u8; 3], expected: [u8; 3]| {
        assert!(got.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 3), "{got:?}, not {expected:?}");
    };
    let in_p3 = png_with_profile(&red, &ColorProfile::new_display_p3());
    near(colour_of(&in_p3), [227, 41, 47]);
    near(colour_of(&png_with_profile(&red, &ColorProfile::new_adobe_rgb())), [242, 59, 54]);
    // sRGB in other words keeps every number.
    assert_eq!(colour_of(&png_with_profile(&red, &ColorProfile::new_srgb())), [209, 61, 57]);
    // Sixteen bits and opacity.
    let deep = DynamicImage::ImageRgba16(red.to_rgba16());
    near(colour_of(&png_with_profile(&deep, &ColorProfile::new_display_p3())), [227, 41, 47]);
    let glass = DynamicImage::ImageRgba8(RgbaImage::from_pixel(9, 9, Rgba([209, 61, 57, 100])));
    let seen = decode(&png_with_profile(&glass, &ColorProfile::new_display_p3()), Format::Png).unwrap();
    assert_eq!(seen.to_rgba8().get_pixel(3, 3).0[3], 100);
    // Greys: linear light is brighter than its numbers.
    let grey = DynamicImage::ImageLuma8(image::GrayImage::from_pixel(9, 9, image::Luma([55])));
    let linear = png_with_profile(&grey, &ColorProfile::new_gray_with_gamma(1.0));
    let seen = decode(&linear, Format::Png).unwrap();
    assert!(!seen.color().has_color() && seen.to_luma8().get_pixel(3, 3).0[0].abs_diff(128) <= 2);
    // A profile of another kind of colour, and one that is none, are passed over.
    assert_eq!(colour_of(&png_with_profile(&red, &ColorProfile::new_gray_with_gamma(1.0))), [209, 61, 57]);
    let mut noise = image_bytes(&red);
    insert_chunk(&mut noise, b"iCCP", b"name\0\0no zlib at all");
    assert_eq!(colour_of(&noise), [209, 61, 57]);
}

fn image_bytes(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Behind the header.
fn insert_chunk(png: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    let named = [kind.as_slice(), content].concat();
    let mut chunk = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
    chunk.extend(&named);
    chunk.extend(crc32(&named).to_be_bytes());
    png.splice(33..33, chunk);
}

/// Case P2: the short way to name a colour space, and brightness beyond a screen's white.
#[test]
fn code_points_in_png_are_followed() {
    let red = DynamicImage::ImageRgb8(RgbImage::from_pixel(30, 30, Rgb([209, 61, 57])));
    for (code_points, expected) in [
        ([12, 13, 0, 1], Ok([227, 41, 47])),
        ([1, 13, 0, 1], Ok([209, 61, 57])),
        ([9, 16, 0, 1], Err(Fault::HighDynamicRange)),
        ([9, 18, 0, 1], Err(Fault::HighDynamicRange)),
        ([255, 255, 0, 1], Ok([209, 61, 57])),
    ] {
        let mut png = image_bytes(&red);
        insert_chunk(&mut png, b"cICP", &code_points);
        let got = decode(&png, Format::Png).map(|picture| picture.into_rgb8().get_pixel(9, 9).0);
        match (got, expected) {
            (Ok(got), Ok(expected)) => assert!(
                got.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 3),
                "{code_points:?}: {got:?}, not {expected:?}"
            ),
            (got, expected) => assert_eq!(got, expected, "{code_points:?}"),
        }
    }
}

/// Case P2: a profile that unpacks to hundreds of megabytes costs no more than the bound.
#[test]
fn a_profile_bomb_is_refused() {
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 100 * 1024 * 1024], 9);
    assert!(bomb.len() < 200_000);
    let mut png = encoded(&page(300, 300), ImageFormat::Png);
    insert_chunk(&mut png, b"iCCP", &[b"name\0\0", bomb.as_slice()].concat());
    assert_eq!(kept_of(&png), Err(Fault::TooComplex));
    // Text that unpacks so is never read.
    let mut png = encoded(&page(300, 300), ImageFormat::Png);
    insert_chunk(&mut png, b"zTXt", &[b"Comment\0\0", bomb.as_slice()].concat());
    assert!(kept_of(&png).is_ok());
    let mut png = encoded(&page(300, 300), ImageFormat::Png);
    insert_chunk(&mut png, b"ABCD", b"a chunk that a reader must understand");
    assert_eq!(kept_of(&png), Err(Fault::Unusual));
}

/// Inks: white paper stays white, and the picture is that of the original.
#[test]
fn a_jpeg_of_a_printing_press_is_converted() {
    let (_, mean) = difference(&seen("cmyk.jpg"), &seen("picture.png"));
    assert!(mean < 12.0, "{mean}");
}

/// Case P7.
#[test]
fn webp_is_taken_and_kept_as_jpeg_or_png() {
    assert_eq!(difference(&seen("lossless.webp"), &seen("picture.png")), (0, 0.0));
    let kept = kept_of(&file("lossy.webp")).unwrap();
    assert_eq!((kept.encoding, kept.width, kept.height), (Encoding::Jpeg, 240, 220));
    let (_, mean) = difference(&decoded(&kept.bytes).into_rgb8(), &seen("lossy.webp"));
    assert!(mean < 8.0, "{mean}");
    assert_eq!(kept_of(&file("moving.webp")), Err(Fault::Moving));
    for name in ["lossless.webp", "lossy.webp"] {
        let whole = file(name);
        for cut in [whole.len() / 2, whole.len() - 10, 30, 12] {
            assert_eq!(kept_of(&whole[..cut]), Err(Fault::Damaged), "{name} cut to {cut}");
        }
    }
}

#[test]
fn no_flipped_byte_of_a_profile_or_of_webp_makes_it_panic() {
    let small = DynamicImage::ImageRgb8(page(20, 20));
    let profiled = png_with_profile(&small, &moxcms::ColorProfile::new_display_p3());
    for (bytes, step) in
        [(file("lossless.webp"), 1), (profiled, 1), (file("jpeg-display-p3-profile.jpg"), 13)]
    {
        for at in (12..bytes.len().min(700)).step_by(step) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x55;
            let _ = kept_of(&flipped);
        }
    }
}
