//! Whose officers review what: comparisons of region codes (GB/T 2260, six digits: province, city,
//! county). The names of regions are data of the service and are not needed here.

/// A code without the zeros of its absent levels: `110000` → `11`, `110100` → `1101`. Whatever lies
/// within a region begins with its prefix.
pub fn prefix(code: &str) -> &str {
    let shorter = code.strip_suffix("00").unwrap_or(code);
    shorter.strip_suffix("00").unwrap_or(shorter)
}

/// Whether an officer of one region reviews what belongs to another (R60). A code that is none
/// covers nothing and is covered by nobody.
pub fn covers(officer_region: &str, region: &str) -> bool {
    is_code(officer_region) && is_code(region) && region.starts_with(prefix(officer_region))
}

/// The codes within a region as a half-open range, for scans of an index: `low <= code < high`.
/// Digits only, so that every collation sorts alike. Empty for a code that is none.
pub fn range(code: &str) -> (String, String) {
    let next = is_code(code).then(|| prefix(code).parse::<u32>().ok()).flatten().map(|number| number + 1);
    match next {
        Some(next) => (code.to_owned(), format!("{next:0<6}")),
        None => (String::new(), String::new()),
    }
}

/// The sign of the province in a registration number of the police, which for four provinces is
/// not the one of the ministry of industry (川, not 蜀). Empty for an unknown code.
pub fn province_sign(code: &str) -> &'static str {
    match code.get(..2).unwrap_or_default() {
        "11" => "京",
        "12" => "津",
        "13" => "冀",
        "14" => "晋",
        "15" => "蒙",
        "21" => "辽",
        "22" => "吉",
        "23" => "黑",
        "31" => "沪",
        "32" => "苏",
        "33" => "浙",
        "34" => "皖",
        "35" => "闽",
        "36" => "赣",
        "37" => "鲁",
        "41" => "豫",
        "42" => "鄂",
        "43" => "湘",
        "44" => "粤",
        "45" => "桂",
        "46" => "琼",
        "50" => "渝",
        "51" => "川",
        "52" => "贵",
        "53" => "滇",
        "54" => "藏",
        "61" => "陕",
        "62" => "甘",
        "63" => "青",
        "64" => "宁",
        "65" => "新",
        "71" => "台",
        "81" => "港",
        "82" => "澳",
        _ => "",
    }
}

/// Six digits that begin with a province.
fn is_code(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) && !province_sign(code).is_empty()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_prefix_drops_absent_levels_only() {
        for (code, expect) in [
            ("110000", "11"),
            ("110100", "1101"),
            ("110101", "110101"),
            ("500200", "5002"),
            ("419000", "4190"),
            ("110100", "1101"),
            ("", ""),
        ] {
            assert_eq!(prefix(code), expect);
        }
    }

    #[test]
    fn an_officer_covers_what_lies_within_the_region() {
        assert!(covers("110000", "110101"));
        assert!(covers("110100", "110101"));
        assert!(covers("110101", "110101"));
        assert!(covers("441900", "441900"));
        assert!(!covers("110101", "110102"));
        assert!(!covers("110101", "110100"));
        assert!(!covers("310000", "110101"));
        assert!(!covers("410100", "419001"));
    }

    #[test]
    fn a_code_that_is_none_covers_nothing() {
        for code in ["", "0", "000000", "11", "1101010", "990000", "11010x"] {
            assert!(!covers(code, "110101"), "{code}");
            assert!(!covers("110000", code), "{code}");
            assert_eq!(range(code), (String::new(), String::new()), "{code}");
        }
    }

    #[test]
    fn ranges_are_half_open() {
        let range_of = |code| {
            let (low, high) = range(code);
            format!("{low}..{high}")
        };
        assert_eq!(range_of("110000"), "110000..120000");
        assert_eq!(range_of("110100"), "110100..110200");
        assert_eq!(range_of("110101"), "110101..110102");
        assert_eq!(range_of("469000"), "469000..469100");
        assert_eq!(range_of("659900"), "659900..660000");
    }

    #[test]
    fn the_police_sign_is_not_always_the_ministrys() {
        for (code, sign) in
            [("510107", "川"), ("520100", "贵"), ("530000", "滇"), ("620102", "甘"), ("990000", "")]
        {
            assert_eq!(province_sign(code), sign);
        }
    }

    proptest! {
        #[test]
        fn a_range_holds_exactly_what_is_covered(
            province in proptest::sample::select(vec![11_u32, 31, 44, 65, 82]),
            officer in prop_oneof![Just(0_u32), (0..100_u32).prop_map(|city| city * 100), 0..10_000_u32],
            other in proptest::sample::select(vec![11_u32, 12, 31, 44, 65, 82]),
            place in 0_u32..10_000,
        ) {
            let officer = format!("{province}{officer:04}");
            let region = format!("{other}{place:04}");
            let (low, high) = range(&officer);
            prop_assert_eq!(low <= region && region < high, covers(&officer, &region));
        }
    }
}
