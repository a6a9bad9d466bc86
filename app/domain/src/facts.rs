//! Typed projections of answers, for the places where code uses a value: jurisdiction, names,
//! uniqueness, search, the public page. Only this module reads answers by name outside the forms.

use time::Date;

use crate::answer::Answers;
use crate::business::Business;
use crate::dictionary::{ASSESSED_KIND, ASSESSMENT_METHOD, CONCLUSION, OCCASION, UNIT_KIND};
use crate::schema::{DateRule, Directory, Kind, label_of};
use crate::value::date::parse_date;

/// What is used of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectFacts {
    pub is_unit: bool,
    /// The unit's name, or the person's.
    pub name: String,
    /// 企业, 个人 …, as the public page shows it.
    pub owner_kind: &'static str,
    /// Decides the jurisdiction (R14).
    pub region: String,
    pub certificate: String,
    pub principal_name: String,
    pub principal_mobile: String,
    pub principal_id: String,
}

/// What is used of any other record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BusinessFacts {
    pub name: String,
    /// The main domain and the others; live filings never share one.
    pub domains: Vec<String>,
    pub is_interactive: Option<bool>,
    /// Identity numbers of the people in charge, for the check “same person filed elsewhere”.
    pub people: Vec<String>,
}

/// Where an approved provider is found (R31, R40).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderFacts {
    pub directories: Vec<Directory>,
    pub name: String,
    pub brand: String,
    /// Empty for one abroad, …
    pub region: String,
    /// … which has a country.
    pub country: String,
    pub phone: String,
}

pub fn of_provider(answers: &Answers) -> ProviderFacts {
    let text = |at: &str| answers.text(at).to_owned();
    let is_any = |kinds: &[&str]| kinds.iter().any(|kind| answers.has("basics.kinds", kind));
    let is_abroad = answers.has("basics.jurisdiction", "abroad");
    let gives = [
        (Directory::Access, is_any(&["isp", "idc", "cloud", "hosting"])),
        (Directory::Registrar, is_any(&["registrar"])),
    ];
    ProviderFacts {
        directories: gives.into_iter().filter(|(_, gives)| *gives).map(|(directory, _)| directory).collect(),
        name: text("basics.name"),
        brand: text("basics.brand"),
        region: if is_abroad { String::new() } else { text("basics.region") },
        country: if is_abroad { text("basics.country") } else { String::new() },
        phone: text("basics.hotline"),
    }
}

/// What the result of an assessment says in public, to whoever holds its code.
pub fn of_assessment(answers: &Answers) -> Vec<(&'static str, String)> {
    let label = |choices, at: &str| label_of(choices, answers.text(at)).to_owned();
    let occasions = answers.items("assessment.occasions").iter().map(|code| label_of(OCCASION, code));
    vec![
        ("服务类型", label(ASSESSED_KIND, "basics.kind")),
        ("访问或下载地址", answers.text("basics.access_url").to_owned()),
        ("开展评估情况", occasions.collect::<Vec<_>>().join("；")),
        ("评估方法", label(ASSESSMENT_METHOD, "assessment.method")),
        ("评估时间", answers.text("assessment.assessed_on").to_owned()),
        ("评估结论", label(CONCLUSION, "conclusion.result")),
    ]
}

pub fn of_subject(answers: &Answers) -> SubjectFacts {
    let text = |at: &str| answers.text(at).to_owned();
    let is_unit = answers.has("subject.nature", "unit");
    let owner_kind = if is_unit { label_static(answers.text("subject.unit_kind")) } else { "个人" };
    SubjectFacts {
        is_unit,
        name: if is_unit { text("unit.name") } else { text("principal.name") },
        owner_kind,
        region: if is_unit { text("unit.office_region") } else { text("principal.region") },
        certificate: if is_unit { text("unit.cert_no") } else { String::new() },
        principal_name: text("principal.name"),
        principal_mobile: text("principal.mobile"),
        principal_id: text("principal.id_no"),
    }
}

/// The last day of the responsible person's document; none where it is valid for good.
pub fn document_ends(subject: &Answers) -> Option<Date> {
    let is_long_term = subject.has("principal.id_long_term", "yes");
    parse_date(subject.text("principal.id_valid_to")).filter(|_| !is_long_term)
}

fn label_static(code: &str) -> &'static str {
    UNIT_KIND.iter().find(|choice| choice.code == code).map_or("单位", |choice| choice.label)
}

pub fn of_business(business: Business, answers: &Answers) -> BusinessFacts {
    let interactive = match answers.text("interactive.is_interactive") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let people = ["security_officer.id_no", "emergency_contact.id_no"]
        .into_iter()
        .map(|at| answers.text(at))
        .filter(|number| !number.is_empty())
        .map(str::to_owned)
        .collect();
    if business.is_subject() {
        return BusinessFacts { name: of_subject(answers).name, ..BusinessFacts::default() };
    }
    let definition = business.definition();
    let domains = definition.domains_at.iter().flat_map(|at| answers.items(at));
    BusinessFacts {
        name: answers.text(definition.name_at).to_owned(),
        domains: domains.filter(|domain| !domain.is_empty()).cloned().collect(),
        is_interactive: interactive,
        people,
    }
}

/// The pages on which the badge of a website belongs; none for what has no pages of its own.
pub fn badge_pages(business: Business, answers: &Answers) -> Vec<String> {
    if business != Business::Website {
        return Vec::new();
    }
    let pages = answers.items("site.home_urls");
    match (pages.is_empty(), answers.text("site.main_domain")) {
        (false, _) => pages.to_vec(),
        (true, "") => Vec::new(),
        (true, domain) => vec![format!("https://{domain}/")],
    }
}

/// Where a service is found on the internet, for those who look whether it still is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Online {
    /// Pages of its own, the home page first.
    pub pages: Vec<String>,
    pub domains: Vec<String>,
    /// Addresses and ranges that the domains were filed with; none where none were asked.
    pub ips: Vec<String>,
}

pub fn online(business: Business, answers: &Answers) -> Online {
    let lines = |at: &str| answers.items(at).to_vec();
    match business {
        Business::Website => Online {
            pages: badge_pages(business, answers),
            domains: of_business(business, answers).domains,
            ips: lines("site.ips"),
        },
        Business::App | Business::MiniProgram => {
            Online { pages: Vec::new(), domains: lines("network.domains"), ips: lines("network.ips") }
        }
        Business::Market => {
            Online { pages: Vec::new(), domains: lines("basics.domains"), ips: lines("basics.ips") }
        }
        Business::Provider => {
            let site = Some(answers.text("basics.site_url").to_owned()).filter(|site| !site.is_empty());
            Online { pages: site.into_iter().collect(), ..Online::default() }
        }
        Business::Subject | Business::Assessment => Online::default(),
    }
}

/// The papers of a form that are not valid any more: whose, which, and the last day. A form asks until when by a date
/// that must lie ahead when it is filed.
pub fn expired_papers(business: Business, answers: &Answers, today: Date) -> Vec<String> {
    let asked = business.form().shown(answers);
    let papers = asked.filter(|place| matches!(place.field.kind, Kind::Date(DateRule::AfterToday)));
    papers
        .filter_map(|place| {
            let ended = parse_date(answers.text(&place.address())).filter(|last| *last < today)?;
            let (whose, which) = (place.section.title, place.label(answers));
            Some(format!(
                "{whose}：{which} {:04}-{:02}-{:02}",
                ended.year(),
                u8::from(ended.month()),
                ended.day()
            ))
        })
        .collect()
}

/// What a draft is called in a list before it has a name.
pub fn draft_title(business: Business, answers: &Answers) -> String {
    let name = of_business(business, answers).name;
    if name.trim().is_empty() { "（未命名）".to_owned() } else { name }
}

/// The label of the subject's nature.
pub fn nature_label(answers: &Answers) -> &str {
    label_of(crate::dictionary::SUBJECT_NATURE, answers.text("subject.nature"))
}
