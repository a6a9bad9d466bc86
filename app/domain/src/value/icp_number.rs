//! Numbers that the ministry of industry gives: filing numbers (京ICP备12345678号-1), licence
//! numbers (京ICP证030173号) and telecom licences (粤B2-20090059). A suffix says what is filed:
//! none the subject, `-1` a website, `-2A` an app, `-3X` a mini program, `-4K` a quick app.

use super::text::compact_code;

/// The signs of the provinces in use, old and new.
const PROVINCES: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川蜀贵黔滇云藏陕甘陇青宁新";

/// A filing or licence number, normalised. `suffix` holds the letters that its suffix may bear:
/// `"A"` for an app, `"XK"` for a mini program or a quick app; `""` stands for a website, whose
/// suffix has no letter; `-` among letters allows a website's number too (`"-A"`). A filing number
/// needs its suffix, since without one it is the subject's; licences are also given without.
pub fn check_icp_number(text: &str, suffix: &str) -> Result<String, &'static str> {
    let text: String = compact_code(text).chars().filter(|c| !matches!(c, '(' | ')' | '[' | ']')).collect();
    if text.is_empty() {
        return Err("请填写工信部备案号，例如 京ICP备12345678号-1");
    }
    let Some(province) = text.chars().next().filter(|c| PROVINCES.contains(*c)) else {
        return Err("工信部备案号应以省份简称开头，例如 京ICP备12345678号-1");
    };
    let rest = text.strip_prefix(province).unwrap_or_default();
    let (number, tail) = if let Some(rest) = rest.strip_prefix("ICP备") {
        let (digits, tail) = leading_digits(rest);
        if !(6..=12).contains(&digits.len()) {
            return Err("“ICP备”后面应为 6 至 12 位数字，例如 京ICP备12345678号-1");
        }
        // Many write the suffix straight behind the digits.
        let tail = tail.strip_prefix('号').unwrap_or(tail);
        if tail.is_empty() {
            return Err(missing_suffix(suffix));
        }
        (format!("{province}ICP备{digits}号"), tail)
    } else if let Some(rest) = rest.strip_prefix("ICP证") {
        let (digits, tail) = leading_digits(rest);
        if !(6..=8).contains(&digits.len()) {
            return Err("“ICP证”后面应为 6 至 8 位数字，例如 京ICP证030173号");
        }
        (format!("{province}ICP证{digits}号"), tail.strip_prefix('号').unwrap_or(tail))
    } else if rest.starts_with(['A', 'B']) {
        let (licence, tail) =
            telecom_licence(rest).ok_or("电信业务许可证号应像 粤B2-20090059，“-”后面为 8 位数字")?;
        (format!("{province}{licence}"), tail)
    } else {
        return Err("工信部备案号应为“ICP备”、“ICP证”或“B2-”等格式，例如 京ICP备12345678号-1");
    };
    if tail.is_empty() {
        return Ok(number);
    }
    let Some((serial, letter)) = tail.strip_prefix('-').map(leading_digits) else {
        return Err("备案号末尾有多余的内容，应为“号”加短横线和序号，例如 京ICP备12345678号-1");
    };
    if !(1..=5).contains(&serial.len()) || serial.starts_with('0') {
        return Err("备案号短横线后面应为 1 至 5 位的序号，例如 京ICP备12345678号-1");
    }
    let is_allowed = match letter {
        "" => suffix.is_empty() || suffix.contains('-'),
        letter => letter.len() == 1 && letter != "-" && suffix.contains(letter),
    };
    if !is_allowed {
        return Err(wrong_suffix(suffix));
    }
    Ok(format!("{number}-{serial}{letter}"))
}

/// The number of a telecom business licence: of the ministry (`B1.B2-20200001`, printed with or
/// without 合字) or of a province (`粤B2-20200001`).
pub fn check_telecom_licence(text: &str) -> Result<String, &'static str> {
    let text = compact_code(text);
    if text.is_empty() {
        return Err("请填写经营许可证号，例如 B1-20200001 或 粤B2-20200001");
    }
    let (issuer, rest) = match text.chars().next() {
        Some('合') => ("合字", text.strip_prefix("合字").unwrap_or_default()),
        Some(province) if PROVINCES.contains(province) => text.split_at(province.len_utf8()),
        Some(_) | None => ("", text.as_str()),
    };
    match telecom_licence(rest) {
        Some((licence, "")) => Ok(format!("{issuer}{licence}")),
        Some(_) | None => {
            Err("许可证号应为业务种类加“-”和 8 位数字，例如 B1-20200001、A2.B1-20200001 或 粤B2-20200001")
        }
    }
}

/// `B2-20090059`, `A2.B1.B2-20090059`, and what follows.
fn telecom_licence(text: &str) -> Option<(&str, &str)> {
    let (classes, rest) = text.split_once('-')?;
    let is_class = |class: &str| matches!(class, "A1" | "A2" | "B1" | "B2");
    if !classes.split('.').all(is_class) || !rest.bytes().take(8).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (licence, tail) = text.split_at_checked(classes.len() + 1 + 8)?;
    (!tail.starts_with(|c: char| c.is_ascii_digit())).then_some((licence, tail))
}

fn leading_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn missing_suffix(suffix: &str) -> &'static str {
    if suffix.is_empty() || suffix.contains('-') {
        "这是主体备案号，请填写末尾带序号的备案号，例如 京ICP备12345678号-1"
    } else {
        wrong_suffix(suffix)
    }
}

fn wrong_suffix(suffix: &str) -> &'static str {
    if suffix.contains('-') {
        "备案号的后缀与所办业务不符：网站的后缀像“-1”，APP 的后缀像“-2A”"
    } else if suffix.contains('A') {
        "请填写 APP 的备案号，后缀以字母 A 结尾，例如 京ICP备12345678号-2A"
    } else if suffix.contains('X') || suffix.contains('K') {
        "请填写小程序的备案号，后缀以字母 X（快应用为 K）结尾，例如 京ICP备12345678号-3X"
    } else {
        "请填写网站的备案号，后缀只有数字、没有字母，例如 京ICP备12345678号-1"
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_stored_in_one_form() {
        for (text, suffix, expect) in [
            ("京ICP备12345678号-1", "", "京ICP备12345678号-1"),
            ("京icp备12345678号－1", "", "京ICP备12345678号-1"),
            (" 京 ICP备 12345678号 -1 ", "", "京ICP备12345678号-1"),
            ("京ICP备（12345678）号-1", "", "京ICP备12345678号-1"),
            ("京ICP备12345678-1", "", "京ICP备12345678号-1"),
            ("蜀ICP备2026000001号-12", "", "蜀ICP备2026000001号-12"),
            ("京ICP证030173号-1", "", "京ICP证030173号-1"),
            ("京ICP证030173号", "", "京ICP证030173号"),
            ("粤B2-20090059-1", "", "粤B2-20090059-1"),
            ("粤B2-20090059", "X", "粤B2-20090059"),
            ("粤B2-20090059-1626X", "XK", "粤B2-20090059-1626X"),
            ("粤A2.B1.B2-20090059-3a", "A", "粤A2.B1.B2-20090059-3A"),
            ("京ICP备12345678号-2A", "A", "京ICP备12345678号-2A"),
            ("京ICP备12345678号-4K", "XK", "京ICP备12345678号-4K"),
            ("京ICP备12345678号-1", "-A", "京ICP备12345678号-1"),
            ("京ICP备12345678号-2A", "-A", "京ICP备12345678号-2A"),
        ] {
            assert_eq!(check_icp_number(text, suffix).as_deref(), Ok(expect), "{text}");
            assert_eq!(check_icp_number(expect, suffix).as_deref(), Ok(expect), "{expect}");
        }
    }

    #[test]
    fn each_mistake_has_its_own_sentence() {
        for (text, suffix, part) in [
            ("", "", "请填写"),
            ("ICP备12345678号-1", "", "省份简称"),
            ("美ICP备12345678号-1", "", "省份简称"),
            ("京公网安备11000002000001号", "", "ICP备"),
            ("京ICP备12345号-1", "", "6 至 12"),
            ("京ICP证123号", "", "6 至 8"),
            ("粤B2-2009", "", "8 位数字"),
            ("粤B3-20090059", "", "8 位数字"),
            ("粤B2-200900591", "", "8 位数字"),
            ("京ICP备12345678号", "", "主体备案号"),
            ("京ICP备12345678号", "A", "-2A"),
            ("京ICP备12345678号-2A", "", "没有字母"),
            ("京ICP备12345678号-1", "A", "字母 A"),
            ("京ICP备12345678号-2A", "XK", "字母 X"),
            ("京ICP备12345678号-3X", "-A", "不符"),
            ("京ICP备12345678号-1AA", "A", "字母 A"),
            ("京ICP备12345678号-", "", "1 至 5 位"),
            ("京ICP备12345678号-01", "", "1 至 5 位"),
            ("京ICP备12345678号-123456", "", "1 至 5 位"),
            ("京ICP备12345678号网站", "", "多余"),
            ("京ICP备12345678号--", "-A", "1 至 5 位"),
        ] {
            let sentence = check_icp_number(text, suffix).expect_err(text);
            assert!(sentence.contains(part), "{text}: {sentence}");
        }
    }

    #[test]
    fn telecom_licences_are_of_the_ministry_or_of_a_province() {
        for (text, expect) in [
            ("B1-20200001", "B1-20200001"),
            ("a2.b1.b2-20200001", "A2.B1.B2-20200001"),
            ("粤B2-20200001", "粤B2-20200001"),
            ("合字 B2-20200001", "合字B2-20200001"),
        ] {
            assert_eq!(check_telecom_licence(text).as_deref(), Ok(expect), "{text}");
        }
        for text in [
            "",
            "B2",
            "B2-2020000",
            "B2-202000011",
            "C1-20200001",
            "合B2-20200001",
            "粤粤B2-20200001",
            "B1,B2-20200001",
        ] {
            assert!(check_telecom_licence(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_check_panic(text in any::<String>(), start in "[京粤]?(ICP备|ICP证|B2-)?[0-9]{0,9}号?-?") {
            for suffix in ["", "A", "XK", "-A"] {
                let _ = check_icp_number(&text, suffix);
                let _ = check_icp_number(&format!("{start}{text}"), suffix);
            }
            let _ = check_telecom_licence(&format!("{start}{text}"));
        }
    }
}
