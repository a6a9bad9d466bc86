//! Registration numbers: how an approved website or app is numbered, and how a number is found in
//! what a person types into the public look-up. // R38
//!
//! Fourteen digits: the issuing organ (6, a GB/T 2260 code), the kind of service (2), a serial (6).

use std::fmt;

use domain::value::text::compact_code;

const WORDS: &str = "公网安备";

const LAST_SERIAL: u32 = 999_999;

/// A number as it was issued.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RegistrationNumber {
    /// The fourteen digits; the column with the unique index, and the address of the public page.
    pub digits: String,
    /// As it is shown: `测公网安备11010102000001号`.
    pub text: String,
}

impl fmt::Display for RegistrationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why no number can be made. All of these are faults of ours or of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchNumber {
    #[error("the code of the organ has not six digits")]
    Organ,
    #[error("the kind has not two digits")]
    Kind,
    #[error("the serial is 0 or above 999999: the organ's numbers of this kind are used up")]
    Serial,
}

/// The registration number of the `serial`-th service (from 1) of a kind (2 website, 3 app, 4 mini
/// program, 5 service provider, 6 app market, 7 security assessment) that an organ issued. `sign` is
/// what stands before 公网安备; the default of the platform is 测, so that no number made by a trial
/// looks official.
pub fn format_number(
    sign: &str,
    organ_code: &str,
    kind: u8,
    serial: u32,
) -> Result<RegistrationNumber, NoSuchNumber> {
    if organ_code.len() != 6 || !organ_code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NoSuchNumber::Organ);
    }
    if kind > 99 {
        return Err(NoSuchNumber::Kind);
    }
    if serial == 0 || serial > LAST_SERIAL {
        return Err(NoSuchNumber::Serial);
    }
    let digits = format!("{organ_code}{kind:02}{serial:06}");
    Ok(RegistrationNumber { text: format!("{sign}{WORDS}{digits}号"), digits })
}

/// Finds the digits in what a person typed or pasted: the whole text, the digits alone, with blanks,
/// hyphens or full-width digits. Nothing if it is something else, such as a domain or a name. Takes
/// 13 to 15 digits, as slips of that kind are in use on real sites; only 14 were ever issued here.
pub fn scan(text: &str) -> Option<String> {
    let text = compact_code(text).replace('-', "");
    let number = match text.split_once(WORDS) {
        // One sign of a province before the words; more would be a sentence.
        Some((sign, number)) if sign.chars().count() <= 1 => number,
        Some(_) => return None,
        None => text.as_str(),
    };
    let digits = number.strip_suffix('号').unwrap_or(number);
    let right = (13..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    right.then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_organ_kind_and_serial() {
        let number = format_number("测", "110101", 2, 1).unwrap();
        assert_eq!(number.digits, "11010102000001");
        assert_eq!(number.to_string(), "测公网安备11010102000001号");
    }

    #[test]
    fn a_number_that_would_not_have_fourteen_digits_is_not_issued() {
        for (organ, kind, serial, expected) in [
            ("11010", 2, 1, NoSuchNumber::Organ),
            ("1101011", 2, 1, NoSuchNumber::Organ),
            ("11010X", 2, 1, NoSuchNumber::Organ),
            ("公安", 2, 1, NoSuchNumber::Organ),
            ("110101", 100, 1, NoSuchNumber::Kind),
            ("110101", 2, 0, NoSuchNumber::Serial),
            ("110101", 2, 1_000_000, NoSuchNumber::Serial),
        ] {
            assert_eq!(format_number("测", organ, kind, serial), Err(expected), "{organ} {kind} {serial}");
        }
        assert_eq!(format_number("测", "110101", 99, 999_999).unwrap().digits, "11010199999999");
    }

    #[test]
    fn a_number_is_found_however_it_is_typed() {
        for text in [
            "测公网安备11010102000001号",
            "测公网安备 11010102000001 号",
            "京公网安备11010102000001",
            "公网安备11010102000001号",
            "11010102000001",
            "11010102000001号",
            "  110101 02 000001 ",
            "110101-02-000001",
            "１１０１０１０２０００００１",
            "测公网安备　１１０１０１０２０００００１　号",
            "测 公网安备\t11010102000001\n号",
        ] {
            assert_eq!(scan(text).as_deref(), Some("11010102000001"), "{text}");
        }
        assert_eq!(scan("1101010200001").as_deref(), Some("1101010200001"));
        assert_eq!(scan("110101020000011").as_deref(), Some("110101020000011"));
    }

    #[test]
    fn other_text_is_not_taken_for_a_number() {
        for text in [
            "",
            "号",
            "公网安备号",
            "110101020000",
            "1101010200000111",
            "example.cn",
            "京ICP备11010102000001号",
            "某某网站的京公网安备11010102000001号",
            "１１０１０１０２０００００X",
            "٠١٢٣٤٥٦٧٨٩٠١٢٣",
        ] {
            assert_eq!(scan(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_issued_is_found_again(organ in "[0-9]{6}", kind in 0u8..=99, serial in 1u32..=999_999) {
            let number = format_number("测", &organ, kind, serial).unwrap();
            prop_assert_eq!(scan(&number.text), Some(number.digits.clone()));
            prop_assert_eq!(scan(&number.digits), Some(number.digits.clone()));
        }

        #[test]
        fn hostile_text_does_not_panic(text: String) {
            let _ = scan(&text);
        }
    }
}
