//! Plain text: cleaning what keyboards, spreadsheets and web pages leave in it, and its length.
//! Lengths are counted in characters, never in bytes.

/// One line of text: outer blanks gone, tabs as blanks, invisible characters removed.
pub fn clean_line(text: &str) -> Result<String, &'static str> {
    let line = visible(text).replace('\t', " ");
    let line = line.trim();
    if line.contains(['\n', '\r', '\u{2028}', '\u{2029}', '\u{85}']) {
        return Err("这里只能填写一行，请删除换行");
    }
    refuse_hidden(line)?;
    Ok(line.to_owned())
}

/// Several lines of text: line ends as `\n`, no blanks at line ends, no empty lines around it.
pub fn clean_text(text: &str) -> Result<String, &'static str> {
    let text = visible(text)
        .replace("\r\n", "\n")
        .replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n")
        .replace('\t', " ");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let text = lines.join("\n");
    let text = text.trim_matches('\n').trim_end();
    for line in text.lines() {
        refuse_hidden(line)?;
    }
    Ok(text.to_owned())
}

/// [`clean_line`] with a length.
pub fn check_line(text: &str, min: usize, max: usize) -> Result<String, String> {
    let line = clean_line(text)?;
    length_fault(&line, min, max).map_or(Ok(line), Err)
}

/// [`clean_text`] with a length.
pub fn check_text(text: &str, min: usize, max: usize) -> Result<String, String> {
    let text = clean_text(text)?;
    length_fault(&text, min, max).map_or(Ok(text), Err)
}

/// The sentence for a text that is too short or too long, with its present length.
pub fn length_fault(text: &str, min: usize, max: usize) -> Option<String> {
    let length = text.chars().count();
    if (min..=max).contains(&length) {
        return None;
    }
    let wanted = if min == max {
        format!("请填写 {min} 个字")
    } else if min <= 1 {
        format!("请填写不超过 {max} 个字")
    } else {
        format!("请填写 {min} 至 {max} 个字")
    };
    Some(if length == 0 { wanted } else { format!("{wanted}，现在是 {length} 个字") })
}

/// Full-width letters, digits and signs (`Ａ１：`) as their ASCII twins, the ideographic blank as
/// a blank: what a Chinese input method leaves in numbers and codes.
pub fn half_width(text: &str) -> String {
    text.chars().map(half_width_char).collect()
}

fn half_width_char(c: char) -> char {
    match c {
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        other => other,
    }
}

/// A number or code as it is compared: half-width, without blanks and invisible characters.
pub(super) fn compact(text: &str) -> String {
    visible(&half_width(text)).chars().filter(|c| !c.is_whitespace()).collect()
}

/// [`compact`], in capitals, every dash that input methods know as `-`.
pub(super) fn compact_code(text: &str) -> String {
    compact(text).chars().map(|c| if is_dash(c) { '-' } else { c.to_ascii_uppercase() }).collect()
}

pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '﹣' | '－')
}

/// Without the characters that nobody sees and that come along when text is copied from a page.
/// The joiners U+200C and U+200D stay: some scripts are written with them.
fn visible(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\u{200b}' | '\u{feff}' | '\u{2060}' | '\u{ad}')).collect()
}

/// Control characters mean a broken paste; direction marks could show a reviewer another text
/// than the one that is stored.
fn refuse_hidden(line: &str) -> Result<(), &'static str> {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if line.chars().any(hidden) {
        return Err("内容中有看不见的控制字符，请删除后重新输入");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_loses_outer_blanks_and_invisible_characters() {
        assert_eq!(clean_line("  示例\u{200b}科技\u{feff}\t\n").unwrap(), "示例科技");
        assert_eq!(clean_line("示例（北京）\t有限公司").unwrap(), "示例（北京） 有限公司");
    }

    #[test]
    fn a_line_with_a_line_end_or_a_control_character_is_refused() {
        assert!(clean_line("甲\n乙").unwrap_err().contains("换行"));
        assert!(clean_line("甲\u{0}乙").unwrap_err().contains("控制字符"));
        assert!(clean_line("甲\u{202e}乙").unwrap_err().contains("控制字符"));
    }

    #[test]
    fn several_lines_keep_their_line_ends_and_their_indent() {
        assert_eq!(clean_text("\r\n  一、甲  \r\n\r\n二、乙\r\n").unwrap(), "  一、甲\n\n二、乙");
        assert!(clean_text("甲\u{7}乙").is_err());
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert_eq!(check_line("示例", 2, 4).unwrap(), "示例");
        assert_eq!(check_line("𠮷𠮷𠮷𠮷", 2, 4).unwrap(), "𠮷𠮷𠮷𠮷");
        assert_eq!(check_line("示", 2, 100).unwrap_err(), "请填写 2 至 100 个字，现在是 1 个字");
        assert_eq!(check_line("", 2, 100).unwrap_err(), "请填写 2 至 100 个字");
        assert_eq!(check_line("示例示例示", 0, 4).unwrap_err(), "请填写不超过 4 个字，现在是 5 个字");
        assert_eq!(check_text("示\n例", 4, 4).unwrap_err(), "请填写 4 个字，现在是 3 个字");
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            if let Ok(once) = clean_line(&text) {
                prop_assert_eq!(clean_line(&once), Ok(once.clone()));
            }
            if let Ok(once) = clean_text(&text) {
                prop_assert_eq!(clean_text(&once), Ok(once.clone()));
            }
        }
    }
}
