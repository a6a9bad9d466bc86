//! What stands in the forms of the sample filings: what the checks ask for, with words that differ from case to case.

use std::collections::BTreeMap;

use domain::answer::{Answer, Answers};
use domain::business::Business;
use domain::sample::{self, Sample, id_number};
use domain::schema::{DateRule, Kind};
use domain::value::date::format_date;
use service::clock::shanghai_date;
use service::{Actor, Service};
use time::{Duration, OffsetDateTime};

use super::people::Applicant;

/// What fails is told to the operator in a sentence.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const PEOPLE: [&str; 6] = ["许一诺", "曹静之", "严守望", "华清远", "金知秋", "魏知行"];

const ABOUT: &str = "供用户浏览内容、预约服务、查询进度，并在线联系客服。";

/// The pictures of these forms, by what the end of an address says.
const PICTURES: [(&str, &str, &[u8]); 6] = [
    ("id_portrait", "人像面.png", include_bytes!("files/id-portrait.png")),
    ("id_emblem", "国徽面.png", include_bytes!("files/id-emblem.png")),
    ("id_handheld", "手持证件.png", include_bytes!("files/id-handheld.png")),
    ("domain_cert", "域名证书.png", include_bytes!("files/domain-certificate.png")),
    ("screenshots", "运行截图.png", include_bytes!("files/screenshot.png")),
    // And of everything else.
    ("", "证书.png", include_bytes!("files/certificate.png")),
];

const DOCUMENT: (&str, &[u8]) = ("说明材料.pdf", include_bytes!("files/document.pdf"));

/// What an applicant has sent: each file once.
#[derive(Default)]
pub struct Files(BTreeMap<(String, &'static str), String>);

impl Files {
    async fn id(
        &mut self,
        service: &Service,
        actor: &Actor,
        name: &'static str,
        bytes: &[u8],
    ) -> Outcome<String> {
        let key = (actor.person_id.clone(), name);
        if let Some(id) = self.0.get(&key) {
            return Ok(id.clone());
        }
        let id = service.files.accept_upload(actor, name, bytes.to_vec()).await?.id;
        self.0.insert(key, id.clone());
        Ok(id)
    }

    async fn picture(&mut self, service: &Service, actor: &Actor, at: &str) -> Outcome<String> {
        let found = PICTURES.iter().find(|(end, ..)| at.ends_with(end));
        let (_, name, bytes) = found.ok_or("there is no picture for everything else")?;
        self.id(service, actor, name, bytes).await
    }
}

/// Who fills in what.
pub struct Filling<'a> {
    pub service: &'a Service,
    pub actor: &'a Actor,
    pub applicant: &'a Applicant,
    pub now: OffsetDateTime,
}

impl Filling<'_> {
    /// Answers that pass every check. `slug` is the word for domains, packages and the like.
    pub async fn answers(
        &self,
        files: &mut Files,
        business: Business,
        name: &str,
        slug: &str,
        own: &[(&str, &str)],
    ) -> Outcome<Answers> {
        let form = business.form();
        let mut answers = match business {
            Business::Subject => self.subject(),
            _ => sample::begin(business, name),
        };
        self.words(&mut answers, business, slug);
        for (at, text) in own {
            answers.set_text(*at, *text);
        }
        let mut number = 20 + self.applicant.number() * 10;
        while let Some(place) = sample::next_question(form, &answers) {
            number += 1;
            let at = place.address();
            // What is filed has begun a little before.
            let begun = format_date(shanghai_date(self.now - Duration::days(12)));
            let sampled = match place.field.kind {
                Kind::Date(DateRule::NotAfterToday | DateRule::Any) => {
                    Some(Sample::Answer(Answer::One(begun)))
                }
                Kind::LongText { min, max } => {
                    let length = ABOUT.chars().count().max(min).min(max);
                    Some(Sample::Answer(Answer::One(ABOUT.chars().cycle().take(length).collect())))
                }
                Kind::Region => Some(Sample::Answer(Answer::One(self.applicant.region.to_owned()))),
                _ => sample::sample(form, &place, &answers, number),
            };
            let answer = match sampled.ok_or_else(|| format!("{}: no sample for {at}", form.key))? {
                Sample::Answer(answer) => answer,
                Sample::Pictures { number, is_one } => {
                    let id = files.picture(self.service, self.actor, &at).await?;
                    sample::sent(vec![id; number], is_one)
                }
                Sample::Document { is_one } => {
                    let id = files.id(self.service, self.actor, DOCUMENT.0, DOCUMENT.1).await?;
                    sample::sent(vec![id], is_one)
                }
            };
            answers.set(at, answer);
        }
        Ok(answers)
    }

    fn subject(&self) -> Answers {
        let applicant = self.applicant;
        let mut answers = Business::Subject.form().defaults();
        let mut set = |at: &str, text: &str| answers.set_text(at, text);
        if let Some(unit) = applicant.unit {
            set("subject.nature", "unit");
            set("subject.unit_kind", "enterprise");
            set("unit.name", unit);
            set("unit.cert_kind", "business_license");
            set("unit.cert_no", &applicant.certificate());
            set("unit.office_address", &format!("某某街道{}号院", applicant.number()));
            set("unit.legal_rep_name", applicant.principal);
        } else {
            set("subject.nature", "person");
        }
        set("principal.name", applicant.principal);
        set("principal.id_kind", "resident_id");
        set("principal.id_no", &applicant.principal_id_number());
        set("principal.id_long_term", "yes");
        set("principal.address", &format!("某某街道{}号楼", 10 + applicant.number()));
        set("principal.mobile", &applicant.principal_mobile());
        set("principal.email", &format!("{}@example.cn", applicant.key));
        answers
    }

    /// What would look the same everywhere.
    fn words(&self, answers: &mut Answers, business: Business, slug: &str) {
        let turn = self.applicant.number() as usize + slug.len();
        let number = |turn: usize| u32::try_from(turn % PEOPLE.len()).unwrap_or_default();
        let name = |plus: usize| PEOPLE.iter().cycle().nth(turn + plus).copied().unwrap_or_default();
        let mut set = |at: &str, text: &str| {
            if business.form().place(at).is_some() {
                answers.set_text(at, text);
            }
        };
        for (who, plus) in [("security_officer", 0), ("emergency_contact", 1)] {
            set(&format!("{who}.name"), name(plus));
            set(&format!("{who}.id_kind"), "resident_id");
            set(&format!("{who}.id_no"), &id_number(self.applicant.region, 4_000 + number(turn + plus)));
        }
        set("isp.name", "示例云计算有限公司");
        set("registrar.name", "示例域名注册有限公司");
        set("site.main_domain", &format!("{slug}-example.cn"));
        set("platforms.0.package_name", &format!("cn.example.{}", slug.replace('-', "_")));
        set("platforms.1.package_name", &format!("cn.example.{}.ios", slug.replace('-', "_")));
        set("other.remark", "无");
        if business == Business::Website {
            let lines = |text: String| Answer::Many(vec![text]);
            answers.set("site.home_urls", lines(format!("https://www.{slug}-example.cn/")));
            answers.set("site.other_domains", lines(format!("{slug}-example.com.cn")));
        }
    }
}
