//! Why an officer looks at personal values in full (R65, R70): one of a list, or words that say something.

use std::collections::BTreeSet;

/// One click each.
pub const PURPOSES: [&str; 3] = ["核对证件信息", "电话核实", "核实地址"];
/// Longest purpose, in characters.
pub const LONGEST: usize = 100;
/// Least characters of a purpose that is not from the list, and least different ones among them.
const LEAST: (usize, usize) = (6, 4);

/// The purpose as it is written down, or a sentence that says what is missing.
pub fn check_purpose(text: &str) -> Result<&str, &'static str> {
    let text = text.trim();
    if PURPOSES.contains(&text) {
        return Ok(text);
    }
    let said: Vec<char> = text.chars().filter(|char| char.is_alphanumeric()).collect();
    let different: BTreeSet<&char> = said.iter().collect();
    if said.len() < LEAST.0 || different.len() < LEAST.1 {
        return Err("请写明查看目的，至少 6 个字，或从列出的目的中选择");
    }
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return Err("查看目的不超过 100 个字");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finding 12.
    #[test]
    fn a_purpose_is_from_the_list_or_says_something() {
        for real in ["核对证件信息", "电话核实", " 核实地址 ", "核对负责人的证件号码", "case 4711, phone"]
        {
            assert_eq!(check_purpose(real), Ok(real.trim()), "{real}");
        }
        let long = "长短不一的目的".repeat(20);
        for none in
            ["", "x", "核对", "。。。。。。。。", "aaaaaaaa", "查查查查看看看看", "一二三 。。", &long]
        {
            assert!(check_purpose(none).is_err(), "{none}");
        }
    }
}
