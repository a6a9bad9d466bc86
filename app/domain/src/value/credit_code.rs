//! Numbers of a unit's papers: the unified social credit code (GB 32100-2015), the organisation
//! code inside it (GB 11714-1997), the old 15-digit business registration number (ISO 7064
//! MOD 11,10), and papers whose numbers follow no common rule. The only place with these check
//! characters. Kinds are the codes of the unit certificate list.

use super::text::{clean_line, compact_code, half_width};
use std::ops::RangeInclusive;

/// The number of a unit's certificate of the given kind, normalised: half-width, without blanks,
/// letters in capitals; an organisation code as `XXXXXXXX-C`.
pub fn check_unit_certificate(kind: &str, text: &str) -> Result<String, &'static str> {
    let code = compact_code(text);
    if code.is_empty() {
        return Err("请填写证件号码");
    }
    match kind {
        "uscc_cert"
        | "institution_legal_cert"
        | "social_org_legal_cert"
        | "private_nonprofit_cert"
        | "social_service_cert"
        | "foundation_legal_cert"
        | "law_firm_license"
        | "foreign_rep_office_cert" => check_issued_credit_code(&code),
        "business_license" => {
            // The check digit of the old number only makes doubtful (`certificate_doubt`): papers
            // of the first years were numbered by hand.
            if code.len() == 15 && code.bytes().all(|b| b.is_ascii_digit()) {
                return Ok(code);
            }
            if code.bytes().all(|b| b.is_ascii_digit()) && code.len() < 18 {
                return Err("请填写营业执照上的 18 位统一社会信用代码，旧执照填写 15 位注册号");
            }
            check_issued_credit_code(&code)
        }
        "org_code_cert" => check_org_code(&code),
        "private_school_license" => {
            check_free(text, 5..=30, "请填写办学许可证上的编号，5 至 30 个字，只用汉字、字母、数字和短横线")
        }
        "military_unit_code" => {
            check_free(text, 2..=30, "请填写部队代号，2 至 30 个字，只用汉字、字母、数字和短横线")
        }
        "military_service_license" | "medical_license" | "religious_site_cert" | "other" => {
            check_free(text, 2..=50, "请按证件填写完整的编号，2 至 50 个字，只用汉字、字母、数字和短横线")
        }
        _ => Err("请先选择证件类型"),
    }
}

/// What a reviewer should look at although the number is accepted (R63).
pub fn certificate_doubt(kind: &str, text: &str) -> Option<&'static str> {
    let code = compact_code(text);
    match kind {
        "business_license" if code.len() == 15 && !registration_number_is_sound(&code) => {
            Some("15 位注册号的校验码不符，请核对营业执照")
        }
        "religious_site_cert" if code.len() == 18 && !credit_code_is_sound(&code) => {
            Some("18 位编号不符合统一社会信用代码的规则，请核对证件")
        }
        _ if is_odd_licence(&code) => Some(
            "统一社会信用代码的最后一位（校验码）与前 17 位不符；厦门 2015 至 2016 年所发的执照有这种情形，请核对执照",
        ),
        _ => None,
    }
}

/// Whether all 18 characters of a unified social credit code fit together.
pub fn credit_code_is_sound(code: &str) -> bool {
    check_credit_code(code).is_ok()
}

/// [`check_credit_code`], and the odd ones that were issued.
fn check_issued_credit_code(code: &str) -> Result<String, &'static str> {
    let bare = code.replace('-', "");
    if is_odd_licence(&bare) { Ok(bare) } else { check_credit_code(code) }
}

/// Licences of Xiamen of 2015 and 2016 bear a last character that does not fit, with a sound
/// organisation code. They are as real as the others, so they only make doubtful
/// (`certificate_doubt`); elsewhere the same is a slip of the keyboard.
fn is_odd_licence(code: &str) -> bool {
    code.get(2..6) == Some("3502")
        && check_credit_code(code) == Err(WRONG_CHECK)
        && code.get(8..17).is_some_and(org_code_is_sound)
}

const WRONG_CHECK: &str = "统一社会信用代码的最后一位（校验码）与前 17 位不符，请逐位核对是否输错";

/// GB 32100-2015: authority, kind, six digits of region, organisation code, check character.
fn check_credit_code(code: &str) -> Result<String, &'static str> {
    let code = code.replace('-', "");
    if code.chars().count() != 18 {
        return Err("统一社会信用代码应为 18 位，现在的位数不对，请对照证件检查");
    }
    if code.contains(['I', 'O', 'S', 'V', 'Z']) {
        return Err("统一社会信用代码不使用字母 I、O、S、V、Z，请检查是否应为数字 1、0、5、2");
    }
    let values: Option<Vec<u32>> = code.bytes().map(credit_value).collect();
    let Some(values) = values else {
        return Err("统一社会信用代码只由数字和大写字母组成");
    };
    if !code.bytes().skip(2).take(6).all(|b| b.is_ascii_digit()) {
        return Err("统一社会信用代码的第 3 至 8 位应为数字，请对照证件检查");
    }
    if credit_check(&values) != values.last().copied() {
        return Err(WRONG_CHECK);
    }
    // GB 32100 asks for GB 11714 inside: a second net for two errors that cancel out in the first.
    if !code.get(8..17).is_some_and(org_code_is_sound) {
        return Err("统一社会信用代码的第 9 至 17 位（组织机构代码）不符合校验规则，请逐位核对是否输错");
    }
    Ok(code)
}

/// The value of a character among the 31 of GB 32100.
fn credit_value(character: u8) -> Option<u32> {
    let at = b"0123456789ABCDEFGHJKLMNPQRTUWXY".iter().position(|known| *known == character)?;
    u32::try_from(at).ok()
}

/// The check value of the first 17; weights are the powers of 3 modulo 31.
fn credit_check(values: &[u32]) -> Option<u32> {
    let (sum, _) =
        values.get(..17)?.iter().fold((0, 1), |(sum, weight), value| (sum + value * weight, weight * 3 % 31));
    Some((31 - sum % 31) % 31)
}

fn check_org_code(code: &str) -> Result<String, &'static str> {
    let bare = code.replace('-', "");
    if bare.len() == 18 && credit_code_is_sound(&bare) {
        return Err("这是统一社会信用代码，请把证件类型改为“统一社会信用代码证书”");
    }
    let Some((body, check)) = bare.split_at_checked(8).filter(|(_, check)| check.len() == 1) else {
        return Err("组织机构代码应为 8 位数字或字母，加短横线和一位校验码，例如 71526726-X");
    };
    if !bare.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err("组织机构代码只由数字和大写字母组成，例如 71526726-X");
    }
    if !org_code_is_sound(&bare) {
        return Err("组织机构代码的最后一位（校验码）与前 8 位不符，请逐位核对是否输错");
    }
    Ok(format!("{body}-{check}"))
}

/// GB 11714-1997, nine characters without the dash.
fn org_code_is_sound(code: &str) -> bool {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let Some((check, body)) = code.as_bytes().split_last() else { return false };
    if body.len() != 8 {
        return false;
    }
    let Some(values) = body.iter().map(|b| char::from(*b).to_digit(36)).collect::<Option<Vec<u32>>>() else {
        return false;
    };
    let sum: u32 = values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
    b"0X987654321".get(sum as usize % 11) == Some(check)
}

/// Whether an old 15-digit business registration number fits its check digit (ISO 7064 MOD 11,10).
pub fn registration_number_is_sound(code: &str) -> bool {
    if code.len() != 15 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let mut product = 10;
    let mut sum = 0;
    for digit in code.bytes().map(|b| u32::from(b - b'0')) {
        sum = (product + digit) % 10;
        product = if sum == 0 { 10 } else { sum } * 2 % 11;
    }
    sum == 1
}

fn check_free(
    text: &str,
    length: RangeInclusive<usize>,
    sentence: &'static str,
) -> Result<String, &'static str> {
    let code = clean_line(&half_width(text))?;
    let sound = length.contains(&code.chars().count())
        && code.chars().all(|c| {
            c.is_alphanumeric() || matches!(c, '-' | '(' | ')' | '[' | ']' | '/' | '.' | ' ' | '〔' | '〕')
        });
    if sound { Ok(code) } else { Err(sentence) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    const CREDIT_KINDS: [&str; 9] = [
        "uscc_cert",
        "business_license",
        "institution_legal_cert",
        "social_org_legal_cert",
        "private_nonprofit_cert",
        "social_service_cert",
        "foundation_legal_cert",
        "law_firm_license",
        "foreign_rep_office_cert",
    ];

    #[test]
    fn the_published_samples_are_accepted() {
        for code in ["91350100M000100Y43", "9144030071526726XG", "91330100799655058B", "91110000802100433B"] {
            for kind in CREDIT_KINDS {
                assert_eq!(check_unit_certificate(kind, code).as_deref(), Ok(code), "{kind}");
            }
        }
        for code in ["71526726-X", "80210043-3", "79965505-8", "M000100Y-4"] {
            assert_eq!(check_unit_certificate("org_code_cert", code).as_deref(), Ok(code));
        }
        assert_eq!(
            check_unit_certificate("business_license", "110108000000016").as_deref(),
            Ok("110108000000016")
        );
        for (kind, code) in [
            ("private_school_license", "教民111010170000001号"),
            ("military_unit_code", "中国人民解放军12345部队"),
            ("military_service_license", "军有偿字-001"),
            ("medical_license", "PDY00000111010517A1001"),
            ("religious_site_cert", "宗场证字（京）A0001号"),
            ("other", "甲字〔2026〕12号"),
        ] {
            assert!(check_unit_certificate(kind, code).is_ok(), "{kind}");
        }
    }

    #[test]
    fn codes_are_cleaned_before_they_are_judged() {
        assert_eq!(
            check_unit_certificate("uscc_cert", " ９１３５ 0100 m000100y43").as_deref(),
            Ok("91350100M000100Y43")
        );
        assert_eq!(check_unit_certificate("org_code_cert", "71526726－x").as_deref(), Ok("71526726-X"));
        assert_eq!(check_unit_certificate("org_code_cert", "71526726X").as_deref(), Ok("71526726-X"));
    }

    #[test]
    fn each_mistake_has_its_own_sentence() {
        for (kind, code, part) in [
            ("uscc_cert", "", "请填写"),
            ("uscc_cert", "91110000802100433A", "校验码"),
            ("uscc_cert", "9111000080210043B", "18 位"),
            ("uscc_cert", "9111O000802100433B", "字母 I、O、S、V、Z"),
            ("uscc_cert", "91A10000802100433B", "第 3 至 8 位"),
            ("uscc_cert", "9111000080210043三B", "数字和大写字母"),
            ("org_code_cert", "80210043-4", "校验码"),
            ("org_code_cert", "8021004-3", "8 位"),
            ("org_code_cert", "91110000802100433B", "统一社会信用代码"),
            ("business_license", "1101080000000", "15 位"),
            ("private_school_license", "1234", "5 至 30"),
            ("military_unit_code", "部", "2 至 30"),
            ("other", "<script>", "2 至 50"),
            ("", "91110000802100433B", "证件类型"),
        ] {
            let sentence = check_unit_certificate(kind, code).unwrap_err();
            assert!(sentence.contains(part), "{kind} {code}: {sentence}");
        }
    }

    #[test]
    fn a_code_whose_inner_organisation_code_fails_is_refused() {
        let mut values: Vec<u32> = "91110000802100434".bytes().map(|b| credit_value(b).unwrap()).collect();
        values.push(0);
        let check = credit_check(&values).unwrap();
        let code = format!("91110000802100434{}", b"0123456789ABCDEFGHJKLMNPQRTUWXY"[check as usize] as char);
        assert!(check_unit_certificate("uscc_cert", &code).unwrap_err().contains("第 9 至 17 位"));
    }

    /// Case V1.
    #[test]
    fn an_odd_licence_of_xiamen_is_doubted_but_accepted() {
        let odd = "91350203M0009ABC59";
        for kind in CREDIT_KINDS {
            assert_eq!(check_unit_certificate(kind, odd).as_deref(), Ok(odd), "{kind}");
            assert!(certificate_doubt(kind, odd).is_some_and(|doubt| doubt.contains("厦门")), "{kind}");
        }
        assert!(check_unit_certificate("uscc_cert", "91350203M0009ABD59").unwrap_err().contains("校验码"));
        assert!(check_unit_certificate("uscc_cert", "91350100M000100Y44").is_err(), "elsewhere a slip");
    }

    #[test]
    fn an_old_registration_number_with_a_wrong_check_digit_is_doubted_but_accepted() {
        assert!(registration_number_is_sound("110108000000016"));
        assert!(!registration_number_is_sound("110108000000017"));
        assert!(check_unit_certificate("business_license", "110108000000017").is_ok());
        assert!(certificate_doubt("business_license", "110108000000017").is_some());
        assert_eq!(certificate_doubt("business_license", "110108000000016"), None);
        assert_eq!(certificate_doubt("business_license", "91110000802100433B"), None);
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_always_noticed(at in 0_usize..18, step in 1_usize..31) {
            const SIGNS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
            let mut code = b"91110000802100433B".to_vec();
            let value = credit_value(code[at]).unwrap() as usize;
            code[at] = SIGNS[(value + step) % 31];
            prop_assert!(check_unit_certificate("uscc_cert", &String::from_utf8(code).unwrap()).is_err());
        }

        #[test]
        fn what_is_accepted_stays_as_it_is(text in any::<String>(), kind in 0_usize..9) {
            if let Ok(code) = check_unit_certificate(CREDIT_KINDS[kind], &text) {
                prop_assert_eq!(check_unit_certificate(CREDIT_KINDS[kind], &code), Ok(code.clone()));
            }
            if let Ok(code) = check_unit_certificate("other", &text) {
                prop_assert_eq!(check_unit_certificate("other", &code), Ok(code.clone()));
            }
        }

        #[test]
        fn the_old_numbers_check_digit_is_unique(first in "[0-9]{14}") {
            let sound = (0..10).filter(|digit| registration_number_is_sound(&format!("{first}{digit}"))).count();
            prop_assert_eq!(sound, 1);
        }
    }
}
