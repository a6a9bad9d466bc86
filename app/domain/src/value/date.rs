//! Civil dates as `<input type="date">` writes them (ISO 8601, `2026-11-23`). They are days on the
//! calendar, not instants, and have no time zone (R81).

use time::{Date, Month};

/// A day of the years 1900 to 2100. People without a date picker also write `2026/11/23`,
/// `2026.11.23`, `20261123` or `2026年11月23日`.
pub fn parse_date(text: &str) -> Option<Date> {
    let text = super::text::compact(text);
    let text = text.strip_suffix('日').unwrap_or(&text);
    let (year, month, day) = if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        (text.get(..4)?, text.get(4..6)?, text.get(6..)?)
    } else {
        let mut parts = text.split(|c: char| super::text::is_dash(c) || matches!(c, '/' | '.' | '年' | '月'));
        let date = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        date
    };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let year = number(year)?;
    if !(1900..=2100).contains(&year) {
        return None;
    }
    calendar_day(year, number(month)?, number(day)?)
}

/// A day as text that [`parse_date`] and `<input type="date">` read: `2026-11-23`.
pub fn format_date(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// A day as people read it: `2026年11月23日`.
pub fn format_date_for_people(date: Date) -> String {
    format!("{}年{}月{}日", date.year(), u8::from(date.month()), date.day())
}

/// The normalised text of a date, or how to write one.
pub fn check_date(text: &str) -> Result<String, &'static str> {
    parse_date(text).map(format_date).ok_or("请填写真实存在的日期，例如 2026-11-23")
}

pub(super) fn calendar_day(year: u32, month: u32, day: u32) -> Option<Date> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()
}

/// Digits only: `str::parse` would also take a sign.
pub(super) fn number(digits: &str) -> Option<u32> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;
    use time::macros::date;

    #[test]
    fn a_date_is_read_however_it_is_written() {
        for text in [
            "2026-11-03",
            " 2026-11-03 ",
            "2026/11/3",
            "2026.11.03",
            "20261103",
            "2026年11月3日",
            "２０２６－１１－０３",
        ] {
            assert_eq!(parse_date(text), Some(date!(2026 - 11 - 03)), "{text}");
        }
    }

    #[test]
    fn what_is_no_day_of_the_calendar_is_no_date() {
        for text in [
            "",
            "2026",
            "2026-11",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-11-31",
            "1899-12-31",
            "2101-01-01",
            "26-11-23",
            "2026-+1-02",
            "2026-11-23-01",
            "2026-11-23T00:00",
            "长期",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
        assert!(check_date("2026-02-30").unwrap_err().contains("2026-11-23"));
    }

    #[test]
    fn people_read_dates_without_leading_zeros() {
        assert_eq!(format_date_for_people(date!(2026 - 01 - 05)), "2026年1月5日");
    }

    proptest! {
        #[test]
        fn every_formatted_date_reads_back(day in 0_i32..73_000) {
            let date = Date::from_julian_day(date!(1900 - 01 - 01).to_julian_day() + day).unwrap();
            prop_assert_eq!(parse_date(&format_date(date)), Some(date));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = parse_date(&text);
        }
    }
}
