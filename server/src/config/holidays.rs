//! Public holidays, and weekend days worked instead (R61).

use service::calendar::SpecialDay;

use super::file::HolidaySection;

/// The civil days that a text names.
fn days_of(text: &str) -> Option<Vec<time::Date>> {
    use domain::value::date::parse_date;
    let (first, last) = text.split_once('/').unwrap_or((text, text));
    let (first, last) = (parse_date(first)?, parse_date(last)?);
    let days = (last - first).whole_days();
    (0..=60).contains(&days).then(|| (0..=days).map(|after| first + time::Duration::days(after)).collect())
}

/// Each day once, in order.
pub(super) fn special_days(holidays: &[HolidaySection], refusals: &mut Vec<String>) -> Vec<SpecialDay> {
    let mut special = Vec::new();
    for holiday in holidays {
        for (texts, is_working) in [(&holiday.rest, false), (&holiday.work, true)] {
            for text in texts {
                match days_of(text) {
                    Some(days) => special.extend(days.into_iter().map(|day| SpecialDay {
                        day,
                        is_working,
                        name: holiday.name.clone(),
                    })),
                    None => refusals.push(format!("[[holidays]] {}: {text} is no day.", holiday.name)),
                }
            }
        }
    }
    special.sort_by_key(|special| special.day);
    for (one, next) in special.iter().zip(special.iter().skip(1)) {
        if one.day == next.day {
            refusals.push(format!("[[holidays]] name {} twice.", one.day));
        }
    }
    special
}
