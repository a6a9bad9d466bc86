//! Names of natural persons as their papers print them. GB 18030-2022 obliges services of the state
//! to take every encoded Han character, so a letter is what Unicode calls one, in any plane.

use super::text::{clean_line, half_width};

const LENGTH: std::ops::RangeInclusive<usize> = 2..=50;

/// A person's name: Han characters with `·` between the parts of a minority name, or, for foreign
/// papers, letters with blanks, `-`, `'`, `.`, `,`, and `/` and `@` as in RAVI S/O KUMAR and ALI @ AMIN.
pub fn check_person_name(text: &str) -> Result<String, &'static str> {
    let line = clean_line(&half_width(text))?;
    let name: String = line.chars().map(one_sign).collect();
    if name.is_empty() {
        return Err("请填写姓名");
    }
    if name.chars().any(|c| c.is_numeric() && !is_han(c)) {
        return Err("姓名中不能有数字");
    }
    let name = if name.chars().any(is_han) { han_name(&name)? } else { letter_name(&name)? };
    if !LENGTH.contains(&name.chars().count()) {
        return Err("姓名应为 2 至 50 个字，请与证件保持一致");
    }
    Ok(name)
}

const ONLY_HAN: &str = "姓名只能由汉字和间隔号“·”组成，请与证件保持一致";
const ONLY_LETTERS: &str = "外文姓名只能由字母、空格和 - ' . , / @ 组成，请与证件保持一致";

/// Blanks between Han characters are an old habit of forms (“张 三”), never part of the name.
fn han_name(name: &str) -> Result<String, &'static str> {
    let name: String = name.chars().filter(|c| *c != ' ').map(|c| if c == '.' { '·' } else { c }).collect();
    if !name.chars().all(|c| is_han(c) || c == '·') {
        return Err(ONLY_HAN);
    }
    if name.starts_with('·') || name.ends_with('·') || name.contains("··") {
        return Err("间隔号“·”只用在姓名的两段之间");
    }
    Ok(name)
}

fn letter_name(name: &str) -> Result<String, &'static str> {
    let name = name.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let allowed = |c: char| {
        c.is_alphabetic() || is_mark(c) || matches!(c, ' ' | '-' | '\'' | '.' | ',' | '·' | '/' | '@')
    };
    if !name.chars().all(allowed) || !name.starts_with(char::is_alphabetic) || name.ends_with(['/', '@']) {
        return Err(ONLY_LETTERS);
    }
    Ok(name)
}

/// The many dots that keyboards offer for `·` (U+00B7), and the curly apostrophe.
fn one_sign(c: char) -> char {
    match c {
        '•' | '・' | '･' | '．' | '‧' | '∙' | '⋅' | '●' | '﹒' | '᛫' => '·',
        '’' | '‘' | 'ʼ' | '`' | '´' => '\'',
        other if super::text::is_dash(other) => '-',
        other => other,
    }
}

/// Han characters of every plane. Planes 2 and 3 are taken whole: they are set aside for Han, and
/// characters encoded after this was compiled are somebody's name already.
fn is_han(c: char) -> bool {
    matches!(c, '〇' | '々' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{2fffd}' | '\u{30000}'..='\u{3fffd}')
}

/// Accents and vowel signs that stand as characters of their own.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{93c}' | '\u{94d}' | '\u{f39}' | '\u{f84}' | '\u{e47}'..='\u{e4e}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_stored_as_papers_print_them() {
        for (text, expect) in [
            ("张三", "张三"),
            (" 张　三 ", "张三"),
            ("欧阳示例", "欧阳示例"),
            ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
            ("阿卜杜拉．买买提", "阿卜杜拉·买买提"),
            ("阿卜杜拉.买买提", "阿卜杜拉·买买提"),
            ("阿卜杜拉・买买提", "阿卜杜拉·买买提"),
            ("𠮷田", "𠮷田"),
            ("𬎆𰻝", "𬎆𰻝"),
            ("〇〇", "〇〇"),
            ("John  Smith", "John Smith"),
            ("Ｊｏｈｎ Smith", "John Smith"),
            ("Anne-Marie O’Neil Jr.", "Anne-Marie O'Neil Jr."),
            ("José Müller", "José Müller"),
            ("Иван Петров", "Иван Петров"),
            ("RAVI S/O KUMAR", "RAVI S/O KUMAR"),
            ("SITI BINTI ALI @ AMINAH", "SITI BINTI ALI @ AMINAH"),
            ("MUTHU A/L SAMY", "MUTHU A/L SAMY"),
            ("ＤＥＶＩ　Ｄ／Ｏ　ＲＡＪ", "DEVI D/O RAJ"),
            ("张\u{2003}三", "张三"),
            ("\u{202d}张三\u{202c}", "张三"),
        ] {
            assert_eq!(check_person_name(text).as_deref(), Ok(expect), "{text}");
        }
    }

    #[test]
    fn each_mistake_has_its_own_sentence() {
        for (text, part) in [
            ("", "请填写"),
            ("张", "2 至 50"),
            ("A", "2 至 50"),
            ("张3", "数字"),
            ("张三②", "数字"),
            ("张*", "汉字"),
            ("张三A", "汉字"),
            ("张三（男）", "汉字"),
            ("·张三", "间隔号"),
            ("张··三", "间隔号"),
            ("-John", "字母"),
            ("John <b>", "字母"),
            ("😀😀", "字母"),
            ("@JOHN", "字母"),
            ("JOHN /", "字母"),
            ("张/三", "汉字"),
            ("张\u{e000}", "自造字"),
            ("张\n三", "换行"),
        ] {
            let sentence = check_person_name(text).unwrap_err();
            assert!(sentence.contains(part), "{text}: {sentence}");
        }
        assert!(check_person_name(&"示".repeat(50)).is_ok());
        assert!(check_person_name(&"示".repeat(51)).is_err());
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_as_it_is(text in any::<String>()) {
            if let Ok(once) = check_person_name(&text) {
                prop_assert_eq!(check_person_name(&once), Ok(once.clone()));
            }
        }

        #[test]
        fn every_han_character_is_taken(han in proptest::char::ranges(std::borrow::Cow::Borrowed(&[
            '\u{4e00}'..='\u{9fff}', '\u{3400}'..='\u{4dbf}', '\u{20000}'..='\u{2fffd}', '\u{30000}'..='\u{323af}',
        ]))) {
            let name = format!("{han}{han}");
            // Compatibility ideographs have a unified character that stands for them.
            prop_assert_eq!(check_person_name(&name), Ok(crate::value::text::tidy(&name)));
        }
    }
}
