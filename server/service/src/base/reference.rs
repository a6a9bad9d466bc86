//! The number on a filing's receipt: `BA`, the day in Shanghai, a serial and a check character, such
//! as `BA20260301000001U`. People read it out on the phone, so a slip must show. // R80
//!
//! The check is the one people here know from the unified social credit code (GB 32100): weights are
//! powers of 3 modulo the prime 31, the alphabet leaves out I, O, S, V and Z. Unlike ISO 7064 MOD
//! 37,36 it finds *every* exchange of two characters, wherever they stand, besides every single slip.

use std::fmt;

use time::Date;

const PREFIX: &str = "BA";

const DIGITS: usize = 14;

const ALPHABET: [char; 31] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L',
    'M', 'N', 'P', 'Q', 'R', 'T', 'U', 'W', 'X', 'Y',
];

/// The highest serial of a day.
pub const LAST_SERIAL: u32 = 999_999;

/// A reference with a right check character, in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference(String);

/// A day has a million references and they are used up, or the year has not four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no reference can be made for this day and serial")]
pub struct NoSuchReference;

impl Reference {
    /// The reference of the `serial`-th filing of that day (a civil date in Shanghai, R81).
    pub fn new(day: Date, serial: u32) -> Result<Self, NoSuchReference> {
        if serial > LAST_SERIAL || !(1000..=9999).contains(&day.year()) {
            return Err(NoSuchReference);
        }
        let digits = format!("{:04}{:02}{:02}{serial:06}", day.year(), u8::from(day.month()), day.day());
        let check = check_character(&digits).ok_or(NoSuchReference)?;
        Ok(Self(format!("{PREFIX}{digits}{check}")))
    }

    /// Reads a reference as a person types it: small letters, blanks and full-width forms are
    /// forgiven, a wrong check character is not.
    pub fn parse(text: &str) -> Option<Self> {
        let canonical = domain::value::text::compact_code(text);
        is_valid(&canonical).then_some(Self(canonical))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` is exactly a reference in its canonical form.
pub fn is_valid(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX) else { return false };
    let Some((digits, check)) = rest.split_at_checked(DIGITS) else { return false };
    check_character(digits).is_some_and(|right| check.chars().eq([right]))
}

/// The character that makes Σ valueᵢ·3^(places after it) a multiple of 31; its own weight is 1.
fn check_character(digits: &str) -> Option<char> {
    let sum = digits.chars().try_fold(0, |sum, digit| Some((sum * 3 + digit.to_digit(10)?) % 31))?;
    ALPHABET.get((31 - sum * 3 % 31) as usize % 31).copied()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    #[test]
    fn a_reference_says_day_serial_and_check() {
        let first = Reference::new(date!(2026 - 03 - 01), 1).unwrap();
        assert_eq!(first.as_str(), "BA20260301000001U");
        assert_eq!(first.to_string().len(), 17);
        assert!(is_valid(first.as_str()));
    }

    #[test]
    fn the_serial_of_a_day_ends_at_a_million() {
        assert!(Reference::new(date!(2026 - 03 - 01), LAST_SERIAL).is_ok());
        assert_eq!(Reference::new(date!(2026 - 03 - 01), LAST_SERIAL + 1), Err(NoSuchReference));
        assert_eq!(Reference::new(date!(-0001 - 03 - 01), 1), Err(NoSuchReference));
    }

    #[test]
    fn typing_is_forgiven_and_slips_are_not() {
        let right = Reference::new(date!(2026 - 12 - 31), 42).unwrap();
        let small = right.as_str().to_lowercase();
        assert_eq!(Reference::parse(&format!("  {} {} ", &small[..10], &small[10..])), Some(right.clone()));
        let wide: String =
            right.as_str().chars().map(|c| char::from_u32(c as u32 + 0xfee0).unwrap()).collect();
        assert_eq!(Reference::parse(&wide), Some(right));
        for wrong in ["", "BA", "B", "公安", "BA2026030100000", "BA公公公公", "BA20260301000001公"] {
            assert_eq!(Reference::parse(wrong), None, "{wrong}");
        }
    }

    fn any_reference() -> impl Strategy<Value = Reference> {
        (0..365_000i32, 0..=LAST_SERIAL).prop_map(|(day, serial)| {
            Reference::new(Date::from_julian_day(2_451_545 + day).unwrap(), serial).unwrap()
        })
    }

    proptest! {
        #[test]
        fn every_reference_is_valid_and_reads_back(reference in any_reference()) {
            prop_assert!(is_valid(reference.as_str()));
            prop_assert_eq!(Reference::parse(reference.as_str()), Some(reference.clone()));
        }

        #[test]
        fn every_single_slip_is_found(reference in any_reference()) {
            for at in 0..reference.as_str().len() {
                for slip in ('0'..='9').chain('A'..='Z') {
                    let mut text: Vec<char> = reference.as_str().chars().collect();
                    if text[at] != slip {
                        text[at] = slip;
                        prop_assert!(!is_valid(&text.iter().collect::<String>()), "{:?}", text);
                    }
                }
            }
        }

        #[test]
        fn every_exchange_of_two_characters_is_found(reference in any_reference()) {
            let right: Vec<char> = reference.as_str().chars().collect();
            for one in 0..right.len() {
                for other in one + 1..right.len() {
                    if right[one] != right[other] {
                        let mut text = right.clone();
                        text.swap(one, other);
                        prop_assert!(!is_valid(&text.iter().collect::<String>()), "{:?}", text);
                    }
                }
            }
        }

        #[test]
        fn hostile_text_is_refused_without_panic(text: String) {
            let _ = is_valid(&text);
            let _ = is_valid(&format!("BA{text}"));
            let _ = Reference::parse(&text);
        }
    }
}
