//! Answers that pass every check, made from the description of a form: every question that is asked is
//! answered, repeated sections have two items where they may. What has a rule of its own is said here.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use domain::answer::{Answer, Answers};
use domain::business::Business;
use domain::schema::{DateRule, Kind, Line, Place};
use service::Actor;

use crate::common::World;

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

impl World {
    /// Answers to every question of the business. `name` is what the record is called.
    pub async fn answers_to_all(&self, actor: &Actor, business: Business, name: &str) -> Answers {
        let form = business.form();
        let mut answers = form.defaults();
        for section in form.sections() {
            if let Some(repeat) = section.repeat {
                answers.set_text(section.count_address(), repeat.max.min(2).to_string());
            }
        }
        answers.set_text(business.definition().name_at, name);
        let mut number = 20;
        loop {
            // An answer may ask for more.
            let next = form.shown(&answers).find(|place| {
                answers.get(&place.address()).is_none()
                    && !place.section.is_guide
                    && !matches!(place.field.kind, Kind::Tick | Kind::OwnRecord(_))
            });
            let Some(place) = next else { return answers };
            number += 1;
            let answer = self.answer_to(actor, form.key, &place, &answers, number).await;
            answers.set(place.address(), answer);
        }
    }

    async fn answer_to(
        &self,
        actor: &Actor,
        form: &str,
        place: &Place,
        answers: &Answers,
        number: u32,
    ) -> Answer {
        let at = place.address();
        let one = |text: &str| Answer::One(text.to_owned());
        let many = |text: &str| Answer::Many(text.split(',').map(str::to_owned).collect());
        if let Some((_, _, text)) = OWN.iter().find(|(own, own_at, _)| *own == form && *own_at == at) {
            return match place.field.kind {
                Kind::Ticks(_) | Kind::Lines { .. } => many(text),
                _ => one(text),
            };
        }
        let long = |words: &str, min: usize, max: usize| -> Answer {
            Answer::One(words.chars().cycle().take(words.chars().count().max(min).min(max)).collect())
        };
        match place.field.kind {
            Kind::Text { min, max } => {
                long(&format!("某某{}{}", place.label(answers), place.item.unwrap_or(0)), min, max)
            }
            Kind::LongText { min, max } => long("某某说明一二三四五六七八九十", min, max),
            Kind::PersonName => one("周庚辛"),
            Kind::Select(choices) => one(choices[0].code),
            Kind::YesNo => one("no"),
            Kind::Ticks(choices) => many(choices[0].code),
            Kind::Tick => one("yes"),
            Kind::Date(DateRule::AfterToday) => one("2030-12-31"),
            Kind::Date(DateRule::NotAfterToday | DateRule::Any) => one("2026-02-20"),
            Kind::Region => one("110101"),
            Kind::PersonId { .. } => one("440524188001010014"),
            Kind::UnitCertificate { .. } => one("91350100M000100Y43"),
            Kind::Mobile => one(&format!("138000078{number}")),
            Kind::Landline => one("010-12345678"),
            Kind::AnyPhone => one("4009100100"),
            Kind::Email => one("someone@example.cn"),
            Kind::MainDomain => one("example.cn"),
            Kind::Url => one("https://www.example.cn/"),
            Kind::Lines { of: Line::Domain, .. } => many("api.example.cn"),
            Kind::Lines { of: Line::Url, .. } => many("https://www.example.cn/download"),
            Kind::Lines { of: Line::Ip { .. }, .. } => many("114.114.114.114"),
            Kind::Lines { of: Line::Text, .. } => many("某某市场"),
            Kind::IcpNumber { suffix } => one(&format!(
                "京ICP备12345678号-1{}",
                suffix.trim_matches('-').chars().take(usize::from(!suffix.contains('-'))).collect::<String>()
            )),
            Kind::Integer { min, .. } => one(&min.max(12).to_string()),
            Kind::Code(_) if at.ends_with("public_key") => long("0123456789abcdef", 128, 128),
            Kind::Code(_) => panic!("{form}: {at} has a rule of its own and no sample"),
            Kind::OwnRecord(_) => panic!("{form}: {at} refers to what there is not"),
            Kind::Pictures { min, max } => {
                let mut ids = Vec::new();
                for picture in 0..min.max(1) {
                    ids.push(self.picture(actor, number * 10 + u32::try_from(picture).unwrap()).await);
                }
                if max == 1 { one(&ids[0]) } else { Answer::Many(ids) }
            }
            Kind::Documents { max, .. } => {
                let id = self.document(actor).await;
                if max == 1 { one(&id) } else { Answer::Many(vec![id]) }
            }
        }
    }
}
