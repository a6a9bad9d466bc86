//! Answers that pass every check, made from the description of a form: every question that is asked is answered,
//! repeated sections have two items where they may. What has a rule of its own is said here. For tests, and for the
//! sample filings of development.

use crate::answer::{Answer, Answers};
use crate::business::Business;
use crate::schema::{DateRule, Form, Kind, Line, Place};
use crate::value::credit_code::credit_code_is_sound;
use crate::value::id_number::check_digit_matches;

/// The address of every service.
pub const ADDRESS: &str = "114.114.114.114";

/// Answers by form and address; of an item by its number.
const OWN: &[(&str, &str, &str)] = &[
    ("app", "basics.operation", "online"),
    ("app", "platforms.0.system", "android"),
    ("app", "platforms.1.system", "ios"),
    ("app", "platforms.0.package_name", "cn.example.app"),
    ("app", "platforms.1.package_name", "cn.example.app.ios"),
    ("app", "platforms.0.cert_fingerprint", "00112233445566778899aabbccddeeff"),
    ("app", "platforms.1.cert_fingerprint", "00112233445566778899aabbccddeeff00112233"),
    ("mini", "basics.platform", "wechat"),
    ("mini", "basics.app_id", "wx0123456789abcdef"),
    ("mini", "basics.original_id", "gh_0123456789ab"),
    ("mini", "basics.operation", "online"),
    ("provider", "basics.kinds", "isp,idc,cloud,registrar"),
    ("provider", "basics.region", "110105"),
    ("provider", "licence.number", "B1-20200001"),
    ("provider", "licence.scope", "provinces"),
    ("provider", "rooms.0.postcode", "100000"),
    ("provider", "rooms.1.postcode", "100001"),
    ("provider", "ip_ranges.0.start", "114.114.114.0"),
    ("provider", "ip_ranges.0.end", "114.114.114.255"),
    ("provider", "ip_ranges.1.start", "2400:3200::1"),
    ("provider", "ip_ranges.1.end", "2400:3200::ff"),
    ("market", "basics.package_names", "cn.example.store"),
    ("market", "licence.number", "B2-20200001"),
    ("market", "vetting.checks_filing", "yes"),
    ("assessment", "assessment.method", "third"),
    ("assessment", "item6.has", "yes"),
    ("website", "site.has_own_domain", "yes"),
    ("website", "site.main_domain", "example.cn"),
    ("website", "site.other_domains", "example.net.cn"),
    ("website", "site.home_urls", "https://www.example.cn/"),
];

/// What a question is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sample {
    Answer(Answer),
    /// So many pictures, to be sent first; a single one is [`Answer::One`] where `is_one`.
    Pictures {
        number: usize,
        is_one: bool,
    },
    /// A document, to be sent first.
    Document {
        is_one: bool,
    },
}

/// What a new form of the business begins with: defaults, two items of whatever is repeated, its name.
pub fn begin(business: Business, name: &str) -> Answers {
    let form = business.form();
    let mut answers = form.defaults();
    for section in form.sections() {
        if let Some(repeat) = section.repeat {
            answers.set_text(section.count_address(), repeat.max.min(2).to_string());
        }
    }
    let name_at = business.definition().name_at;
    if !name_at.is_empty() {
        answers.set_text(name_at, name);
    }
    answers
}

/// The answer that names files once they are sent.
pub fn sent(ids: Vec<String>, is_one: bool) -> Answer {
    match (is_one, ids.first()) {
        (true, Some(id)) => Answer::One(id.clone()),
        _ => Answer::Many(ids),
    }
}

/// The first question without an answer. An answer may ask for more.
pub fn next_question(form: &'static Form, answers: &Answers) -> Option<Place> {
    form.shown(answers).find(|place| {
        answers.get(&place.address()).is_none()
            && !place.section.is_guide
            && !matches!(place.field.kind, Kind::Tick | Kind::OwnRecord(_))
    })
}

/// An answer to a question; `number` tells mobile numbers apart. None where a question has a rule of its own that is
/// not known here.
pub fn sample(form: &Form, place: &Place, answers: &Answers, number: u32) -> Option<Sample> {
    let at = place.address();
    let one = |text: &str| Answer::One(text.to_owned());
    let many = |text: &str| Answer::Many(text.split(',').map(str::to_owned).collect());
    if let Some((_, _, text)) = OWN.iter().find(|(own, own_at, _)| *own == form.key && *own_at == at) {
        return Some(Sample::Answer(match place.field.kind {
            Kind::Ticks(_) | Kind::Lines { .. } => many(text),
            _ => one(text),
        }));
    }
    let long = |words: &str, min: usize, max: usize| -> Answer {
        Answer::One(words.chars().cycle().take(words.chars().count().max(min).min(max)).collect())
    };
    Some(Sample::Answer(match place.field.kind {
        Kind::Text { min, max } => {
            long(&format!("某某{}{}", place.label(answers), place.item.unwrap_or(0)), min, max)
        }
        Kind::LongText { min, max } => long("某某说明一二三四五六七八九十", min, max),
        Kind::PersonName => one("周庚辛"),
        Kind::Select(choices) => one(choices.first()?.code),
        Kind::YesNo => one("no"),
        Kind::Ticks(choices) => many(choices.first()?.code),
        Kind::Tick => one("yes"),
        Kind::Date(DateRule::AfterToday) => one("2030-12-31"),
        Kind::Date(DateRule::NotAfterToday | DateRule::Any) => one("2026-02-20"),
        Kind::Region => one("110101"),
        Kind::PersonId { .. } => one("440524188001010014"),
        Kind::UnitCertificate { .. } => one("91350100M000100Y43"),
        Kind::Mobile => one(&format!("138000{:05}", 7_800 + number)),
        Kind::Landline => one("010-12345678"),
        Kind::AnyPhone => one("4009100100"),
        Kind::Email => one("someone@example.cn"),
        Kind::MainDomain => one("example.cn"),
        Kind::Url => one("https://www.example.cn/"),
        Kind::Lines { of: Line::Domain, .. } => many("api.example.cn"),
        Kind::Lines { of: Line::Url, .. } => many("https://www.example.cn/download"),
        Kind::Lines { of: Line::Ip { .. }, .. } => many(ADDRESS),
        Kind::Lines { of: Line::Text, .. } => many("某某市场"),
        Kind::IcpNumber { suffix } => one(&format!(
            "京ICP备12345678号-1{}",
            suffix.trim_matches('-').chars().take(usize::from(!suffix.contains('-'))).collect::<String>()
        )),
        Kind::Integer { min, .. } => one(&min.max(12).to_string()),
        Kind::Code(_) if at.ends_with("public_key") => long("0123456789abcdef", 128, 128),
        Kind::Code(_) | Kind::OwnRecord(_) => return None,
        Kind::Pictures { min, max } => {
            return Some(Sample::Pictures { number: min.max(1), is_one: max == 1 });
        }
        Kind::Documents { max, .. } => return Some(Sample::Document { is_one: max == 1 }),
    }))
}

/// The `n`th resident identity number of a region, with its check character. Born in 1900, so that it is nobody's.
pub fn id_number(region: &str, n: u32) -> String {
    let (month, day, sequence) = (n / 1000 % 12 + 1, n / 100 % 10 + 1, n % 100 + 1);
    let digits = format!("{region}1900{month:02}{day:02}{sequence:03}");
    let checked = "10X98765432".chars().map(|check| format!("{digits}{check}"));
    checked.filter(|number| check_digit_matches(number)).collect()
}

/// The `n`th unified social credit code of a region (of six digits), sound but for an organisation that there is not.
pub fn credit_code(region: &str, n: u32) -> String {
    const LAST: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let digits = format!("91{region}MA00{n:04}");
    let codes = "0123456789X".chars().flat_map(|org| LAST.chars().map(move |last| (org, last)));
    let sound =
        codes.map(|(org, last)| format!("{digits}{org}{last}")).find(|code| credit_code_is_sound(code));
    sound.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sound_and_tell_people_and_units_apart() {
        let ids: std::collections::BTreeSet<String> = (0..200).map(|n| id_number("110101", n)).collect();
        assert_eq!(ids.len(), 200);
        assert!(ids.iter().all(|id| id.len() == 18 && check_digit_matches(id)));
        let codes: std::collections::BTreeSet<String> = (0..200).map(|n| credit_code("310101", n)).collect();
        assert_eq!(codes.len(), 200);
        assert!(codes.iter().all(|code| credit_code_is_sound(code)), "{codes:?}");
    }
}
