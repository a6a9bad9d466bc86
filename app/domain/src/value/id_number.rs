//! Numbers of personal identity papers. Resident identity numbers, the residence permits of people
//! from Hong Kong, Macao and Taiwan, and the foreigners' permanent residence card of 2023 follow
//! GB 11643-1999: six digits of region, eight of the birth date, three in sequence, one check
//! character by ISO 7064 MOD 11-2. Kinds are the codes of the identity paper list.

use super::date::{calendar_day, number};
use super::text::{clean_line, compact_code, half_width};
use time::Date;

/// The number of a person's identity paper of the given kind, normalised: half-width, without
/// blanks, letters in capitals. `today` is needed because nobody is born later.
pub fn check_person_id(kind: &str, text: &str, today: Date) -> Result<String, &'static str> {
    let id = compact_code(text);
    if id.is_empty() {
        return Err("请填写证件号码");
    }
    match kind {
        "resident_id" | "temp_resident_id" => check_resident(id, today),
        "hk_mo_residence" => check_residence_permit(
            id,
            &["810000", "820000"],
            "港澳居民居住证号码应以 810000（香港）或 820000（澳门）开头，请核对证件类型和号码",
            today,
        ),
        "tw_residence" => check_residence_permit(
            id,
            &["830000"],
            "台湾居民居住证号码应以 830000 开头，请核对证件类型和号码",
            today,
        ),
        "foreign_pr" => check_permanent_residence(id, today),
        "passport" => {
            let shaped = (5..=17).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
            accept(id, shaped, "护照号码应为 5 至 17 位字母和数字，例如 E12345678")
        }
        "hk_mo_permit" => {
            // Permanent residents who are not Chinese citizens have a second letter (since July 2024).
            let shaped = id.strip_prefix(['H', 'M']).is_some_and(|rest| {
                let digits = rest.strip_prefix(|c: char| c.is_ascii_uppercase());
                let count = if digits.is_some() { [7, 7] } else { [8, 10] };
                let digits = digits.unwrap_or(rest);
                count.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
            });
            accept(
                id,
                shaped,
                "港澳居民来往内地通行证号码应为 H 或 M 加 8 位数字（旧证 10 位），非中国籍的为 H 或 M 加 1 位字母和 7 位数字",
            )
        }
        "tw_permit" => {
            // Old papers print the last characters in brackets: 0012345678(B).
            let id = id.replace(['(', ')'], "");
            let shaped = is_taiwan_permit(&id);
            accept(
                id,
                shaped,
                "台湾居民来往大陆通行证号码应为 8 位数字（旧证为 10 位数字，可带一位字母和一位数字）",
            )
        }
        "military_officer" => {
            check_free(text, 4..=20, "请按军官证填写完整的编号，4 至 20 个字，例如 军字第1234567号")
        }
        "other" => check_free(text, 4..=30, "请填写 4 至 30 个字的证件号码，只用汉字、字母、数字和短横线"),
        _ => Err("请先选择证件类型"),
    }
}

/// The day of birth that a GB 11643 number states; `None` if it states no real day. The check
/// character is not looked at.
pub fn birth_date(text: &str) -> Option<Date> {
    let id = compact_code(text);
    if !has_gb_11643_shape(&id) {
        return None;
    }
    let year = number(id.get(6..10)?)?;
    if year <= 1800 {
        return None;
    }
    calendar_day(year, number(id.get(10..12)?)?, number(id.get(12..14)?)?)
}

/// Completed years (周岁) on the given day; `None` if the number states no day of birth or a later
/// one. Somebody born on 29 February is a year older from 1 March.
pub fn age_on(text: &str, today: Date) -> Option<u32> {
    let born = birth_date(text)?;
    let birthday_passed = (today.month() as u8, today.day()) >= (born.month() as u8, born.day());
    u32::try_from(today.year() - born.year() - i32::from(!birthday_passed)).ok()
}

/// Whether the last of the 18 characters is the check character of the others.
pub fn check_digit_matches(id: &str) -> bool {
    has_gb_11643_shape(id) && gb_11643_check(id.as_bytes()) == id.as_bytes().last().copied()
}

/// ISO 7064 MOD 11-2 over the first 17 digits.
fn gb_11643_check(id: &[u8]) -> Option<u8> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = id.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    b"10X98765432".get(sum as usize % 11).copied()
}

/// 17 digits and a digit or `X`.
fn has_gb_11643_shape(id: &str) -> bool {
    let Some((last, digits)) = id.as_bytes().split_last() else { return false };
    digits.len() == 17 && digits.iter().all(u8::is_ascii_digit) && (last.is_ascii_digit() || *last == b'X')
}

fn check_resident(id: String, today: Date) -> Result<String, &'static str> {
    if id.len() == 15 && id.bytes().all(|b| b.is_ascii_digit()) {
        return Err("15 位的旧身份证号码已停用，请填写 18 位的身份证号码");
    }
    check_shape(&id)?;
    match id.get(..6) {
        Some("810000" | "820000") => {
            return Err("这是港澳居民居住证的号码，请把证件类型改为“港澳居民居住证”");
        }
        Some("830000") => return Err("这是台湾居民居住证的号码，请把证件类型改为“台湾居民居住证”"),
        Some(_) | None => {}
    }
    if id.starts_with('9') {
        return Err("这是外国人永久居留身份证的号码，请把证件类型改为“外国人永久居留身份证”");
    }
    // Only the province is looked up: old numbers keep the codes of abolished counties.
    if !id.get(..2).is_some_and(is_province) {
        return Err("身份证号码的前两位不是有效的省份代码，请对照证件检查");
    }
    check_birth_and_digit(id, today)
}

fn check_residence_permit(
    id: String,
    prefixes: &[&str],
    wrong_prefix: &'static str,
    today: Date,
) -> Result<String, &'static str> {
    check_shape(&id)?;
    if !prefixes.iter().any(|prefix| id.starts_with(prefix)) {
        return Err(wrong_prefix);
    }
    check_birth_and_digit(id, today)
}

fn check_permanent_residence(id: String, today: Date) -> Result<String, &'static str> {
    if id.len() == 15 {
        let (letters, digits) = id.split_at_checked(3).unwrap_or(("", ""));
        let shaped =
            letters.bytes().all(|b| b.is_ascii_uppercase()) && digits.bytes().all(|b| b.is_ascii_digit());
        return accept(id.clone(), shaped && !digits.is_empty(), WRONG_PERMANENT_RESIDENCE);
    }
    if !has_gb_11643_shape(&id) || !id.starts_with('9') {
        return Err(WRONG_PERMANENT_RESIDENCE);
    }
    // GA 2102-2023: 9, the province that took the application, the nationality (ISO 3166-1 numeric).
    if !id.get(1..3).is_some_and(is_province) {
        return Err("号码的第 2、3 位不是有效的省份代码，请对照证件检查");
    }
    match id.get(3..6) {
        Some("156" | "158" | "344" | "446") => {
            return Err("号码的第 4 至 6 位是国籍代码，不会是中国的代码，请对照证件检查");
        }
        Some("000") | None => return Err("号码的第 4 至 6 位不是有效的国籍代码，请对照证件检查"),
        Some(_) => {}
    }
    check_birth_and_digit(id, today)
}

const WRONG_PERMANENT_RESIDENCE: &str =
    "外国人永久居留身份证号码应为 9 开头的 18 位号码，或旧证的 3 位字母加 12 位数字";

fn check_shape(id: &str) -> Result<(), &'static str> {
    if id.chars().count() != 18 {
        return Err("号码应为 18 位，现在的位数不对，请对照证件检查");
    }
    if !has_gb_11643_shape(id) {
        return Err("号码应为 17 位数字，加最后一位数字或字母 X");
    }
    Ok(())
}

fn check_birth_and_digit(id: String, today: Date) -> Result<String, &'static str> {
    let Some(born) = birth_date(&id) else {
        return Err("号码的第 7 至 14 位不是真实的出生日期，请对照证件检查");
    };
    if born > today {
        return Err("号码中的出生日期晚于今天，请对照证件检查");
    }
    if !check_digit_matches(&id) {
        return Err("号码的最后一位（校验码）与前 17 位不符，请逐位核对是否输错");
    }
    Ok(id)
}

/// Kinds whose numbers of 18 characters state the day of birth.
pub fn states_birth(kind: &str) -> bool {
    matches!(kind, "resident_id" | "temp_resident_id" | "hk_mo_residence" | "tw_residence" | "foreign_pr")
}

/// The province codes of GB/T 2260.
fn is_province(code: &str) -> bool {
    matches!(number(code), Some(11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81 | 82))
}

/// Eight digits; or the old ten, which may end with a letter and a digit.
fn is_taiwan_permit(id: &str) -> bool {
    let digits = id.bytes().take_while(u8::is_ascii_digit).count();
    match (digits, id.as_bytes().get(digits..)) {
        (8 | 10, Some([])) => true,
        (10, Some([letter])) => letter.is_ascii_uppercase(),
        (10, Some([letter, digit])) => letter.is_ascii_uppercase() && digit.is_ascii_digit(),
        (_, Some(_) | None) => false,
    }
}

fn check_free(
    text: &str,
    length: std::ops::RangeInclusive<usize>,
    sentence: &'static str,
) -> Result<String, &'static str> {
    let id = clean_line(&half_width(text))?;
    let shaped = length.contains(&id.chars().count())
        && id
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '(' | ')' | '/' | '.' | ' ' | '〔' | '〕'));
    accept(id, shaped, sentence)
}

fn accept(id: String, is_right: bool, sentence: &'static str) -> Result<String, &'static str> {
    if is_right { Ok(id) } else { Err(sentence) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;
    use time::macros::date;

    const TODAY: Date = date!(2026 - 11 - 23);

    fn check(kind: &str, text: &str) -> Result<String, &'static str> {
        check_person_id(kind, text, TODAY)
    }

    #[test]
    fn the_published_samples_are_accepted() {
        for (kind, id) in [
            ("resident_id", "11010519491231002X"),
            ("resident_id", "440524188001010014"),
            ("resident_id", "110101190001010014"),
            ("resident_id", "110101190001020028"),
            ("resident_id", "310101190001030039"),
            ("temp_resident_id", "11010519491231002X"),
            ("hk_mo_residence", "81000019980902013X"),
            ("tw_residence", "830000199201300022"),
            ("passport", "E12345678"),
            ("hk_mo_permit", "H12345678"),
            ("hk_mo_permit", "M1234567801"),
            ("hk_mo_permit", "HA1234567"),
            ("hk_mo_permit", "MA1234567"),
            ("tw_permit", "12345678"),
            ("tw_permit", "0123456789"),
            ("tw_permit", "0123456789B"),
            ("foreign_pr", "USA110012345678"),
            ("military_officer", "军字第1234567号"),
            ("other", "AB-1234"),
        ] {
            assert_eq!(check(kind, id).as_deref(), Ok(id), "{kind}");
        }
    }

    #[test]
    fn numbers_are_cleaned_before_they_are_judged() {
        assert_eq!(check("resident_id", " 110105 19491231 002x ").as_deref(), Ok("11010519491231002X"));
        assert_eq!(
            check("resident_id", "１１０１０５１９４９１２３１００２ｘ").as_deref(),
            Ok("11010519491231002X")
        );
        assert_eq!(check("hk_mo_permit", "h12345678").as_deref(), Ok("H12345678"));
        assert_eq!(check("tw_permit", "0123456789（b）").as_deref(), Ok("0123456789B"));
    }

    #[test]
    fn each_mistake_has_its_own_sentence() {
        for (id, part) in [
            ("", "请填写"),
            ("110105194912310021", "校验码"),
            ("44052418800101001X", "校验码"),
            ("110105491231002", "15 位"),
            ("1101051949123100", "18 位"),
            ("1101051949123100211", "18 位"),
            ("1101051949123100AX", "17 位数字"),
            ("11010519491231002Y", "17 位数字"),
            ("110105194902300024", "出生日期"),
            ("110105194913010024", "出生日期"),
            ("110105299912310024", "晚于今天"),
            ("010105194912310021", "省份"),
            ("99010519491231002X", "外国人永久居留"),
            ("81000019980902013X", "港澳居民居住证"),
            ("830000199201300022", "台湾居民居住证"),
        ] {
            let sentence = check("resident_id", id).unwrap_err();
            assert!(sentence.contains(part), "{id}: {sentence}");
        }
    }

    #[test]
    fn the_other_kinds_refuse_what_is_not_theirs() {
        for (kind, id) in [
            ("hk_mo_residence", "11010519491231002X"),
            ("tw_residence", "81000019980902013X"),
            ("passport", "E123"),
            ("passport", "护照12345678"),
            ("hk_mo_permit", "A12345678"),
            ("hk_mo_permit", "H1234567"),
            ("hk_mo_permit", "H123456789"),
            ("hk_mo_permit", "HA123456"),
            ("hk_mo_permit", "HA12345678"),
            ("hk_mo_permit", "HAB123456"),
            ("hk_mo_permit", "AH1234567"),
            ("tw_permit", "123456789"),
            ("tw_permit", "0123456789BB"),
            ("foreign_pr", "11010519491231002X"),
            ("foreign_pr", "US1110012345678"),
            ("military_officer", "军字"),
            ("military_officer", "军字<1234567>"),
            ("other", "123"),
            ("", "11010519491231002X"),
            ("driver", "11010519491231002X"),
        ] {
            assert!(check(kind, id).is_err(), "{kind} {id}");
        }
    }

    #[test]
    fn the_card_of_2023_is_checked_like_an_identity_number() {
        let id = with_check("91184019900101001");
        assert_eq!(check("foreign_pr", &id), Ok(id.clone()));
        assert!(check("foreign_pr", &other_last_character(&id)).unwrap_err().contains("校验码"));
    }

    /// Case V7.
    #[test]
    fn the_card_of_2023_names_a_province_and_a_foreign_nationality() {
        for (first, part) in [
            ("91115619800101001", "国籍"),
            ("91134419800101001", "国籍"),
            ("91100019800101001", "国籍"),
            ("99984019800101001", "省份"),
            ("91684019800101001", "省份"),
        ] {
            let sentence = check("foreign_pr", &with_check(first)).unwrap_err();
            assert!(sentence.contains(part), "{first}: {sentence}");
        }
    }

    #[test]
    fn somebody_born_today_is_accepted_and_tomorrow_is_not() {
        let born = with_check("11010120261123001");
        assert_eq!(check_person_id("resident_id", &born, TODAY), Ok(born.clone()));
        assert!(check_person_id("resident_id", &born, date!(2026 - 11 - 22)).is_err());
    }

    #[test]
    fn years_are_completed_on_the_birthday() {
        assert_eq!(birth_date("11010519491231002x"), Some(date!(1949 - 12 - 31)));
        assert_eq!(age_on("11010519491231002X", date!(2026 - 12 - 30)), Some(76));
        assert_eq!(age_on("11010519491231002X", date!(2026 - 12 - 31)), Some(77));
        assert_eq!(age_on("11010519491231002X", date!(1949 - 12 - 31)), Some(0));
        assert_eq!(age_on("11010519491231002X", date!(1949 - 12 - 30)), None);
        let leap = with_check("11010120080229001");
        assert_eq!(age_on(&leap, date!(2026 - 02 - 28)), Some(17));
        assert_eq!(age_on(&leap, date!(2026 - 03 - 01)), Some(18));
        assert_eq!(birth_date("E12345678"), None);
    }

    fn with_check(first: &str) -> String {
        let check = gb_11643_check(first.as_bytes()).unwrap();
        format!("{first}{}", char::from(check))
    }

    fn other_last_character(id: &str) -> String {
        let last = if id.ends_with('1') { '2' } else { '1' };
        format!("{}{last}", &id[..17])
    }

    prop_compose! {
        fn resident()(county in 110_000_u32..=159_999, day in 0_i32..46_000, sequence in 0_u32..1000) -> String {
            let born = Date::from_julian_day(date!(1900 - 01 - 01).to_julian_day() + day).unwrap();
            let birth = super::super::date::format_date(born).replace('-', "");
            with_check(&format!("{county}{birth}{sequence:03}"))
        }
    }

    proptest! {
        #[test]
        fn every_well_formed_number_is_accepted(id in resident()) {
            prop_assert_eq!(check("resident_id", &id), Ok(id.clone()));
        }

        #[test]
        fn one_wrong_digit_is_always_noticed(id in resident(), at in 0_usize..17, step in 1_u8..10) {
            let mut bytes = id.into_bytes();
            bytes[at] = b'0' + (bytes[at] - b'0' + step) % 10;
            prop_assert!(check("resident_id", &String::from_utf8(bytes).unwrap()).is_err());
        }

        #[test]
        fn two_swapped_neighbours_are_always_noticed(id in resident(), at in 0_usize..16) {
            let mut bytes = id.clone().into_bytes();
            bytes.swap(at, at + 1);
            let swapped = String::from_utf8(bytes).unwrap();
            prop_assert!(swapped == id || check("resident_id", &swapped).is_err());
        }

        #[test]
        fn no_text_makes_a_check_panic(text in any::<String>(), kind in 0_usize..10) {
            const KINDS: [&str; 10] = [
                "resident_id", "passport", "hk_mo_permit", "tw_permit", "foreign_pr", "hk_mo_residence",
                "tw_residence", "military_officer", "temp_resident_id", "other",
            ];
            if let Ok(id) = check(KINDS[kind], &text) {
                prop_assert_eq!(check(KINDS[kind], &id), Ok(id.clone()));
            }
            let _ = age_on(&text, TODAY);
        }
    }
}
