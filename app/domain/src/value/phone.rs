//! Telephone numbers of the Chinese numbering plan: mobile, landline (`010-12345678`), the 400/800
//! and five- to eight-digit service numbers of companies, and foreign numbers by ITU-T E.164.

use super::text::compact_code;

/// A mobile number, stored as eleven digits.
pub fn check_mobile(text: &str) -> Result<String, &'static str> {
    let mut digits = without_country(&plain(text)).replace('-', "");
    if digits.is_empty() {
        return Err("请填写手机号码");
    }
    // From another city one used to dial a 0 first.
    if digits.len() == 12 && matches!(digits.as_bytes(), [b'0', b'1', b'3'..=b'9', ..]) {
        digits.remove(0);
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("手机号码只由数字组成，例如 186xxxxxxxx");
    }
    if digits.len() != 11 {
        return Err("手机号码应为 11 位数字，请检查是否多填或漏填");
    }
    match digits.as_bytes() {
        [b'1', b'3'..=b'9', ..] => Ok(digits),
        _ => Err("手机号码应以 13 至 19 开头，请检查是否输错"),
    }
}

/// A landline with its area code, stored as `010-12345678` or `0571-1234567-801`.
pub fn check_landline(text: &str) -> Result<String, &'static str> {
    const HOW: &str = "请按“区号-固定电话号码”填写，例如 010-xxxxxxxx；有分机号的在后面加短横线和分机号";
    let plain = plain(text);
    if plain.is_empty() {
        return Err("请填写固定电话号码");
    }
    let mut number = without_country(&plain);
    // Abroad the 0 of the area code is left out: +86 10 12345678.
    if number.len() < plain.len() && !number.starts_with('0') {
        number.insert(0, '0');
    }
    if !number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | EXTENSION)) {
        return Err(HOW);
    }
    if !number.starts_with('0') {
        return Err("固定电话前面要有区号，例如 010-xxxxxxxx、0571-xxxxxxxx");
    }
    // 010 and 02x are the area codes of three digits, all others have four.
    let width = match number.as_bytes() {
        [b'0', b'1', b'0', ..] | [b'0', b'2', ..] => 3,
        [b'0', b'3'..=b'9', ..] => 4,
        _ => return Err("区号不正确：北京 010、上海 021，其他城市为 3 或 4 位"),
    };
    let Some((area, rest)) = number.split_at_checked(width) else { return Err(HOW) };
    // What is written in groups is one number of 7 or 8 digits; what follows it is the extension.
    let (written, after) = rest.split_once(char::from(EXTENSION)).unwrap_or((rest, ""));
    let mut groups = written.split('-').filter(|group| !group.is_empty());
    let mut local = String::new();
    while let Some(group) = if local.len() < 7 { groups.next() } else { None } {
        local.push_str(group);
    }
    if area.contains(['-', char::from(EXTENSION)]) || !matches!(local.len(), 7 | 8) {
        return Err("区号后面的电话号码应为 7 或 8 位，例如 010-xxxxxxxx");
    }
    let after = after.split(['-', char::from(EXTENSION)]).filter(|group| !group.is_empty());
    let mut extensions = groups.chain(after);
    match (extensions.next(), extensions.next()) {
        (None, _) => Ok(format!("{area}-{local}")),
        (Some(extension), None) if extension.len() <= 6 => Ok(format!("{area}-{local}-{extension}")),
        (Some(_), _) => Err("分机号应为 1 至 6 位数字，例如 010-xxxxxxxx-801"),
    }
}

/// A service number of a company: 400 and 800 numbers with ten digits, short numbers that begin
/// with 95, 96, 10 or 12. Stored as digits.
pub fn check_service_phone(text: &str) -> Result<String, &'static str> {
    let digits = without_country(&plain(text)).replace('-', "");
    if digits.is_empty() {
        return Err("请填写服务电话");
    }
    let is_ten = digits.len() == 10 && (digits.starts_with("400") || digits.starts_with("800"));
    let is_short = (5..=8).contains(&digits.len())
        && ["95", "96", "10", "12"].iter().any(|prefix| digits.starts_with(prefix));
    if digits.bytes().all(|b| b.is_ascii_digit()) && (is_ten || is_short) {
        Ok(digits)
    } else {
        Err("服务电话请填写 400、800 开头的 10 位号码，或 95、96 等开头的 5 至 8 位号码")
    }
}

/// A number abroad with its country code, stored as `+` and 6 to 15 digits (E.164).
pub fn check_foreign_phone(text: &str) -> Result<String, &'static str> {
    const HOW: &str = "境外电话请以“+国家代码”开头，例如 +1 202 555 0123";
    let number = plain(text).replace('-', "");
    let Some(digits) = number.strip_prefix('+').or_else(|| number.strip_prefix("00")) else {
        return Err(HOW);
    };
    if (6..=15).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0')
    {
        Ok(format!("+{digits}"))
    } else {
        Err(HOW)
    }
}

/// Whichever of the above it is; for the telephones of providers and reporting channels.
pub fn check_any_phone(text: &str) -> Result<String, &'static str> {
    let plain = plain(text);
    if plain.is_empty() {
        return Err("请填写电话号码");
    }
    if (plain.starts_with('+') || plain.starts_with("00")) && without_country(&plain) == plain {
        return check_foreign_phone(text);
    }
    check_mobile(text).or_else(|_| check_landline(text)).or_else(|_| check_service_phone(text)).map_err(|_| {
        "请填写手机号码、带区号的固定电话（例如 010-xxxxxxxx）或 400、95 开头的服务电话；境外电话以 + 开头"
    })
}

/// Stands for every word and sign that announces an extension.
const EXTENSION: u8 = b'#';

/// Without blanks and brackets; every separator as a dash.
fn plain(text: &str) -> String {
    let mut number = compact_code(text);
    // The 0 of an area code in brackets is dialled only within the country.
    let is_abroad = number.starts_with('+') || number.starts_with("00");
    number = number.replace("(0)", if is_abroad { "" } else { "0" });
    for word in ["分机号", "分机", "内线", "转", "EXTENSION", "EXTN", "EXT"] {
        number = number.replace(word, "#");
    }
    for digit in '0'..='9' {
        number = number.replace(&format!("X{digit}"), &format!("#{digit}"));
    }
    number =
        number.replace("#:", "#").replace("#.", "#").replace(['.', '/', ')', '·', '_'], "-").replace('(', "");
    number
}

/// Without the country code of China.
fn without_country(number: &str) -> String {
    let rest = number
        .strip_prefix("+86")
        .or_else(|| number.strip_prefix("0086"))
        .or_else(|| number.strip_prefix("86").filter(|rest| rest.len() == 11 && rest.starts_with('1')));
    rest.map_or(number, |rest| rest.trim_start_matches('-')).to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_stored_in_one_form() {
        type Check = fn(&str) -> Result<String, &'static str>;
        let table: [(Check, &str, &str); 46] = [
            (check_mobile, "13800138000", "13800138000"),
            (check_mobile, "138 0013 8000", "13800138000"),
            (check_mobile, "138-0013-8000", "13800138000"),
            (check_mobile, "+86 13800138000", "13800138000"),
            (check_mobile, "0086-13800138000", "13800138000"),
            (check_mobile, "8613800138000", "13800138000"),
            (check_mobile, "１３８００１３８０００", "13800138000"),
            (check_landline, "010-12345678", "010-12345678"),
            (check_landline, "(010)12345678", "010-12345678"),
            (check_landline, "（0571）1234567", "0571-1234567"),
            (check_landline, "01012345678", "010-12345678"),
            (check_landline, "05711234567", "0571-1234567"),
            (check_landline, "057112345678", "0571-12345678"),
            (check_landline, "021—12345678转801", "021-12345678-801"),
            (check_landline, "+86-10-12345678", "010-12345678"),
            // Case V6.
            (check_landline, "0755-8888-8888", "0755-88888888"),
            (check_landline, "0755 8888 8888", "0755-88888888"),
            (check_landline, "0571-123-4567", "0571-1234567"),
            (check_landline, "0571-123-4567-801", "0571-1234567-801"),
            (check_landline, "0571-1234567-8", "0571-1234567-8"),
            (check_landline, "+86 (0)10 8888 6666", "010-88886666"),
            (check_landline, "+86 (010) 8888-6666", "010-88886666"),
            (check_landline, "(0)10 8888 6666", "010-88886666"),
            (check_landline, "0086.10.8888.6666", "010-88886666"),
            (check_landline, "010.8888.6666", "010-88886666"),
            (check_landline, "010/8888/6666", "010-88886666"),
            (check_landline, "010-88886666 ext. 801", "010-88886666-801"),
            (check_landline, "010-88886666 Ext: 801", "010-88886666-801"),
            (check_landline, "010-88886666x801", "010-88886666-801"),
            (check_landline, "010-88886666#801", "010-88886666-801"),
            (check_landline, "010-88886666-转801", "010-88886666-801"),
            (check_landline, "010-8888-6666 分机号：801", "010-88886666-801"),
            (check_landline, "\u{202d}010-88886666\u{202c}", "010-88886666"),
            (check_mobile, "138.0013.8000", "13800138000"),
            (check_mobile, "\u{2068}013800138000\u{2069}", "13800138000"),
            (check_mobile, "+86 (0) 138 0013 8000", "13800138000"),
            (check_foreign_phone, "+44 (0)20 7946 0958", "+442079460958"),
            (check_service_phone, "400-910-0100", "4009100100"),
            (check_service_phone, "95188", "95188"),
            (check_service_phone, "12377", "12377"),
            (check_foreign_phone, "+1 (202) 555-0123", "+12025550123"),
            (check_foreign_phone, "0012025550123", "+12025550123"),
            (check_any_phone, "4009100100", "4009100100"),
            (check_any_phone, "+86 10 12345678", "010-12345678"),
            (check_any_phone, "+1 202 555 0123", "+12025550123"),
            (check_any_phone, "18600000000", "18600000000"),
        ];
        for (check, text, expect) in table {
            assert_eq!(check(text).as_deref(), Ok(expect), "{text}");
            assert_eq!(check(expect).as_deref(), Ok(expect), "{expect}");
        }
    }

    #[test]
    fn each_mistake_in_a_mobile_number_has_its_own_sentence() {
        for (text, part) in [
            ("", "请填写"),
            ("1380013800", "11 位"),
            ("138001380000", "11 位"),
            ("12800138000", "13 至 19"),
            ("23800138000", "13 至 19"),
            ("1380013800a", "数字"),
            ("138****8000", "数字"),
        ] {
            let sentence = check_mobile(text).unwrap_err();
            assert!(sentence.contains(part), "{text}: {sentence}");
        }
    }

    #[test]
    fn a_landline_needs_an_area_code_and_seven_or_eight_digits() {
        for (text, part) in [
            ("", "请填写"),
            ("12345678", "区号"),
            ("010-123456", "7 或 8 位"),
            ("010-123456789", "7 或 8 位"),
            ("013-12345678", "区号"),
            ("010-12345678-1234567", "分机号"),
            ("010-12345678-1-2", "分机号"),
            ("010-12345678#1#2", "分机号"),
            ("010#12345678", "7 或 8 位"),
            ("010-123-456-789", "7 或 8 位"),
            ("010-xxxxxxxx", "区号-固定电话"),
            ("0-1012345678", "区号"),
        ] {
            let sentence = check_landline(text).unwrap_err();
            assert!(sentence.contains(part), "{text}: {sentence}");
        }
    }

    #[test]
    fn what_is_no_telephone_is_refused() {
        for text in ["", "电话", "123", "911", "+123", "+1234567890123456", "4001", "+0123456789"] {
            assert!(check_any_phone(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_as_it_is(text in "[-+0-9()转x#./ ]{0,20}") {
            for check in [check_mobile, check_landline, check_service_phone, check_foreign_phone, check_any_phone] {
                if let Ok(once) = check(&text) {
                    prop_assert_eq!(check(&once), Ok(once.clone()));
                }
            }
        }
    }
}
