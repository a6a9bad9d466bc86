//! How personal values look to those who may not see them in full (R70).

/// The shape a masked value keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// 张*
    Name,
    /// 110***********1234
    IdNumber,
    /// 138****5678
    Mobile,
    /// 010-****78
    Phone,
    /// z***@example.cn
    Email,
    /// The first characters of a detailed address.
    Address,
}

/// The masked form of a text. An empty text stays empty.
pub fn mask(shape: Mask, text: &str) -> String {
    let chars: Vec<char> = text.trim().chars().collect();
    match shape {
        Mask::Name => keep(&chars, 1, 0),
        Mask::IdNumber => keep(&chars, 3, 4),
        Mask::Mobile => keep(&chars, 3, 4),
        Mask::Phone => keep(&chars, 4, 2),
        Mask::Email => match text.trim().split_once('@') {
            Some((name, host)) => format!("{}***@{host}", name.chars().take(1).collect::<String>()),
            None => keep(&chars, 1, 0),
        },
        Mask::Address => match chars.len() {
            0 => String::new(),
            n => format!("{}****", chars.iter().take((n / 2).min(4)).collect::<String>()),
        },
    }
}

/// Keeps so many characters at either end; where that would show most of a short text, keeps less.
fn keep(chars: &[char], head: usize, tail: usize) -> String {
    let n = chars.len();
    let (head, tail) = if n > head + tail { (head, tail) } else { (usize::from(n > 1), 0) };
    let hidden = n - head - tail;
    let mut masked: String = chars.iter().take(head).collect();
    masked.extend(std::iter::repeat_n('*', hidden));
    masked.extend(chars.iter().skip(n - tail));
    masked
}

/// The three digits before and the four after the part of a mobile number that a person types to
/// show that they know it (R22).
pub fn around_middle_four(mobile: &str) -> Option<(String, String)> {
    let digits: Vec<char> = mobile.chars().collect();
    (digits.len() == 11).then(|| (digits.iter().take(3).collect(), digits.iter().skip(7).collect()))
}

/// The four digits that `around_middle_four` leaves out.
pub fn middle_four(mobile: &str) -> Option<String> {
    let digits: Vec<char> = mobile.chars().collect();
    (digits.len() == 11).then(|| digits.iter().skip(3).take(4).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_the_shape_the_rules_show() {
        for (shape, text, want) in [
            (Mask::Name, "张三", "张*"),
            (Mask::Name, "欧阳小明", "欧***"),
            (Mask::Name, "张", "*"),
            (Mask::IdNumber, "110101190001011234", "110***********1234"),
            (Mask::Mobile, "13812345678", "138****5678"),
            (Mask::Phone, "010-12345678", "010-******78"),
            (Mask::Email, "zhang@example.cn", "z***@example.cn"),
            (Mask::Address, "东华门街道1号", "东华门****"),
            (Mask::Name, "", ""),
            (Mask::IdNumber, "A1234", "A****"),
        ] {
            assert_eq!(mask(shape, text), want, "{text}");
        }
    }

    #[test]
    fn the_middle_four_are_what_the_surroundings_leave_out() {
        assert_eq!(around_middle_four("18112345678"), Some(("181".into(), "5678".into())));
        assert_eq!(middle_four("18112345678"), Some("1234".into()));
        assert_eq!(middle_four("123"), None);
    }
}
