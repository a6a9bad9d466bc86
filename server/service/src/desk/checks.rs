//! What a machine can look at before the officer does (R63): numbers that do not add up, domains and
//! people that are filed elsewhere, papers about to end. Advice with what was seen; the officer
//! decides. What only the network can tell is asked in `network`; no evidence repeats a personal value.

use std::collections::BTreeMap;

use domain::action::Action;
use domain::answer::Answers;
use domain::business::{Business, identity};
use domain::facts;
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::record::RecordState;
use domain::schema::{DateRule, Form, Kind, Place};
use domain::value::text::comparison_key;
use domain::value::{credit_code, date, domain_name, id_number, url};
use domain::view::{FileView, MachineCheck};
use sea_orm::sea_query::{ExprTrait, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::Date;

use crate::account::Accounts;
use crate::account::fingerprints::id_no_hash;
use crate::base::clock::{shanghai_date, written_date};
use crate::base::context::handle;
use crate::base::db::instant;
use crate::base::entity::{filing, record};
use crate::base::error::Result;
use crate::base::region::region_name;
use crate::base::text::by_bytes;
use crate::desk::elsewhere;
use crate::desk::elsewhere::{Elsewhere, Wanted};
use crate::filing::network::{check, network_checks};

handle! {
    /// What a machine can say of a filing.
    MachineChecks {
        accounts: Accounts,
    }
}

/// A paper that ends within so many days is worth a word.
const SOON: i64 = 90;

/// The law asks for a filing so many days after a service went on line.
const DAYS_TO_FILE: i64 = 30;

/// Words that only organs of the state use.
const NATIONAL: &[&str] = &["中国", "中华", "全国", "国家", "中央", "国务院", "公安"];

/// Words that an individual's service does not bear.
const OF_UNITS: &[&str] = &["公司", "集团", "协会", "学会", "学校", "大学", "医院", "银行", "政府", "委员会"];

impl MachineChecks {
    /// Every check that applies to a filing.
    pub(crate) async fn machine_checks(
        &self,
        row: &filing::Model,
        procedure: Procedure,
        answers: &Answers,
        subject: &record::Model,
        subject_answers: &Answers,
        files: &BTreeMap<String, FileView>,
    ) -> Result<Vec<MachineCheck>> {
        let (today, on) = (shanghai_date(self.context.clock.now()), self.context.db.read());
        let form = procedure.form();
        let mut checks = Vec::new();
        of_answers(form, answers, today, &mut checks);
        let is_of_subject = procedure.business == Business::Subject;
        let business = facts::of_business(procedure.business, answers);
        let mut wanted = Wanted { row, domains: &[], name: "", people: Vec::new(), network: false };
        if procedure.action == Action::Cancel {
            checks.push(is_named_right(answers, subject_answers));
            checks.push(past_of_subject(&elsewhere::found(on, &wanted).await?, subject));
            return Ok(checks);
        }
        let mut people = match is_of_subject {
            true => vec![facts::of_subject(answers).principal_id],
            false => business.people.clone(),
        };
        people.retain(|number| !number.is_empty());
        wanted.people = people.iter().map(|number| id_no_hash(&self.context.keys, number)).collect();
        wanted.network = true;
        if !is_of_subject {
            (wanted.domains, wanted.name) = (&business.domains, &business.name);
        }
        let elsewhere = elsewhere::found(on, &wanted).await?;
        if is_of_subject {
            let facts = facts::of_subject(answers);
            checks.push(self.is_filed_by_principal(row, &facts.principal_id).await?);
            if facts.is_unit {
                checks.push(self.same_unit_elsewhere(row, &facts).await?);
            }
        } else {
            let facts = business;
            checks.extend(one_person_for_both(answers));
            checks.extend(pages_under_domains(answers, &facts.domains));
            checks.extend(icp_region(form, answers, &row.jurisdiction));
            checks.extend(filed_in_time(answers, shanghai_date(instant(row.submitted_at))));
            checks.push(name_is_modest(&facts.name, &facts::of_subject(subject_answers)));
            if !facts.domains.is_empty() {
                checks.push(look_alikes(&facts.domains));
                checks.push(domains_elsewhere(&elsewhere, &facts.domains));
            }
            checks.push(same_name_elsewhere(&elsewhere));
        }
        if !people.is_empty() {
            checks.push(people_elsewhere(&elsewhere));
        }
        checks.extend(pictures(files));
        if let Some((at, told)) = &elsewhere.network {
            checks.extend(network_checks(*at, told)?);
        }
        checks.push(past_of_subject(&elsewhere, subject));
        Ok(checks)
    }

    async fn is_filed_by_principal(&self, row: &filing::Model, principal_id: &str) -> Result<MachineCheck> {
        let applicant = self.accounts.person(&row.applicant_id).await?;
        let is_same = applicant.id_no_hash == id_no_hash(&self.context.keys, principal_id);
        let evidence = if is_same {
            "提交人即负责人本人"
        } else {
            "提交人与负责人不是同一人，请核对授权"
        };
        Ok(check("负责人与实名登录的提交人", is_same, evidence))
    }

    /// Bears this name, as names are compared; said so that the index of the look-up serves.
    fn is_named(&self, name: &str) -> SimpleExpr {
        let on = self.context.db.read();
        by_bytes(record::Column::TitleKey, on.get_database_backend()).eq(comparison_key(name))
    }

    async fn same_unit_elsewhere(
        &self,
        row: &filing::Model,
        facts: &facts::SubjectFacts,
    ) -> Result<MachineCheck> {
        let others = record::Entity::find()
            .filter(self.is_named(&facts.name))
            .filter(record::Column::Business.eq(Business::Subject.code()))
            .filter(record::Column::Id.ne(&row.record_id))
            .filter(
                record::Column::State.is_not_in([RecordState::Void.code(), RecordState::Cancelled.code()]),
            )
            .order_by_asc(record::Column::Id)
            .limit(20)
            .all(self.context.db.read())
            .await?;
        let mut same = 0;
        for other in &others {
            // The number of a unit's certificate is public and stands in the plain part.
            let plain: Answers = serde_json::from_str(&other.answers)?;
            same += usize::from(facts::of_subject(&plain).certificate == facts.certificate);
        }
        Ok(match (others.len(), same) {
            (0, _) => check("同一单位重复备案", true, "没有同名的其他主体"),
            (named, 0) => check("同一单位重复备案", true, format!("有 {named} 个同名主体，证件号不同")),
            (_, same) => {
                check("同一单位重复备案", false, format!("另有 {same} 个主体的名称和证件号与此相同"))
            }
        })
    }
}

fn domains_elsewhere(elsewhere: &Elsewhere, domains: &[String]) -> MachineCheck {
    let taken: Vec<String> = elsewhere.domains.iter().map(|domain| domain_name::shown_form(domain)).collect();
    match taken.is_empty() {
        true => check("域名重复备案", true, format!("{} 个域名均无其他备案", domains.len())),
        false => check("域名重复备案", false, format!("已有其他备案：{}", taken.join("、"))),
    }
}

fn same_name_elsewhere(elsewhere: &Elsewhere) -> MachineCheck {
    match elsewhere.named {
        0 => check("其他主体的同名业务", true, "没有"),
        count => check("其他主体的同名业务", false, format!("有 {count} 个")),
    }
}

fn people_elsewhere(elsewhere: &Elsewhere) -> MachineCheck {
    match elsewhere.of_people {
        0 => check("相关人员名下的其他主体", true, "没有"),
        count => check("相关人员名下的其他主体", false, format!("有 {count} 个，请核对是否重复备案")),
    }
}

/// How the subject's filings ended so far.
fn past_of_subject(elsewhere: &Elsewhere, subject: &record::Model) -> MachineCheck {
    let counts = &elsewhere.past;
    let parts: Vec<String> = FilingState::ALL
        .into_iter()
        .filter_map(|state| Some(format!("{} {} 份", state.label(), counts.get(state.code())?)))
        .collect();
    let since = written_date(instant(subject.created_at));
    let evidence = match parts.is_empty() {
        true => format!("{since} 首次申请，没有其他申请单"),
        false => format!("{since} 首次申请；其他申请单：{}", parts.join("，")),
    };
    check("主体历史", !counts.contains_key(FilingState::Rejected.code()), evidence)
}

/// “负责人信息：负责人证件号码”, so that two people on one form are told apart.
fn name_of(place: &Place, answers: &Answers) -> String {
    format!("{}：{}", place.section.title, place.label(answers))
}

/// The checks that need only the answers.
fn of_answers(form: &'static Form, answers: &Answers, today: Date, checks: &mut Vec<MachineCheck>) {
    for place in form.shown(answers) {
        let text = answers.text(&place.address());
        if text.is_empty() {
            continue;
        }
        let name = name_of(&place, answers);
        match place.field.kind {
            Kind::PersonId { kind } => {
                checks.push(person_id(name, answers.text(&place.sibling(kind)), text, today))
            }
            Kind::UnitCertificate { kind } => {
                checks.push(unit_certificate(name, answers.text(&place.sibling(kind)), text));
            }
            Kind::Date(DateRule::AfterToday) => checks.extend(paper_ends(name, text, today)),
            Kind::Text { .. }
            | Kind::LongText { .. }
            | Kind::PersonName
            | Kind::Select(_)
            | Kind::YesNo
            | Kind::Ticks(_)
            | Kind::Tick
            | Kind::Date(DateRule::Any | DateRule::NotAfterToday)
            | Kind::Region
            | Kind::Mobile
            | Kind::Landline
            | Kind::AnyPhone
            | Kind::Email
            | Kind::MainDomain
            | Kind::Url
            | Kind::Lines { .. }
            | Kind::IcpNumber { .. }
            | Kind::Integer { .. }
            | Kind::OwnRecord(_)
            | Kind::Code(_)
            | Kind::Pictures { .. }
            | Kind::Documents { .. } => {}
        }
    }
}

fn person_id(name: String, kind: &str, number: &str, today: Date) -> MachineCheck {
    match id_number::check_person_id(kind, number, today) {
        Err(sentence) => check(name, false, sentence),
        Ok(_) if id_number::check_digit_matches(number) => check(name, true, "校验码相符"),
        Ok(_) => check(name, true, "格式相符；此类证件没有校验码，请核对照片"),
    }
}

fn unit_certificate(name: String, kind: &str, number: &str) -> MachineCheck {
    match credit_code::check_unit_certificate(kind, number) {
        Err(sentence) => check(name, false, format!("{number}：{sentence}")),
        Ok(number) => match credit_code::certificate_doubt(kind, &number) {
            Some(doubt) => check(name, false, format!("{number}：{doubt}")),
            None => check(name, true, format!("{number} 校验相符")),
        },
    }
}

fn paper_ends(name: String, text: &str, today: Date) -> Option<MachineCheck> {
    let ends = date::parse_date(text)?;
    let days = (ends - today).whole_days();
    Some(match days {
        ..=0 => check(name, false, format!("已于 {text} 到期")),
        1..SOON => check(name, false, format!("{text} 到期，只剩 {days} 天")),
        _ => check(name, true, format!("有效期至 {text}")),
    })
}

/// Who cancels names the responsible person (R22).
fn is_named_right(answers: &Answers, subject_answers: &Answers) -> MachineCheck {
    let principal = facts::of_subject(subject_answers).principal_name;
    let is_same = comparison_key(answers.text(identity::NAME)) == comparison_key(&principal);
    let evidence = if is_same { "与主体负责人一致" } else { "与主体负责人不一致" };
    check("填写的负责人姓名", is_same, evidence)
}

/// R33: allowed, but worth a word.
fn one_person_for_both(answers: &Answers) -> Option<MachineCheck> {
    let (officer, contact) =
        (answers.text("security_officer.id_no"), answers.text("emergency_contact.id_no"));
    if officer.is_empty() || contact.is_empty() {
        return None;
    }
    let evidence = if officer == contact {
        "为同一人，应急联络人需承担7×24小时联络责任"
    } else {
        "不是同一人"
    };
    Some(check("安全负责人与应急联络人", officer != contact, evidence))
}

fn pages_under_domains(answers: &Answers, domains: &[String]) -> Option<MachineCheck> {
    let pages = answers.items("site.home_urls");
    if pages.is_empty() || domains.is_empty() {
        return None;
    }
    let is_stray = |page: &&String| {
        url::host_of_url(page)
            .is_none_or(|host| !domains.iter().any(|domain| domain_name::is_under(&host, domain)))
    };
    let stray: Vec<&str> = pages.iter().filter(is_stray).map(String::as_str).collect();
    Some(match stray.is_empty() {
        true => check("网站访问地址在所填域名之下", true, format!("{} 个地址均相符", pages.len())),
        false => check("网站访问地址在所填域名之下", false, format!("不相符：{}", stray.join("、"))),
    })
}

/// Domains that may be taken for another one (Unicode TR 39): labels of mixed scripts, and labels of
/// another script whose letters look like Latin ones or Han characters.
fn look_alikes(domains: &[String]) -> MachineCheck {
    let title = "域名易混淆";
    let doubts: Vec<String> = domains.iter().filter_map(|domain| look_alike(domain)).collect();
    match doubts.is_empty() {
        true => check(title, true, format!("{} 个域名均不易与其他域名混淆", domains.len())),
        false => check(title, false, doubts.join("；")),
    }
}

fn look_alike(domain: &str) -> Option<String> {
    let unicode = domain_name::unicode_form(domain);
    let shown = domain_name::shown_form(domain);
    let looks_like: Vec<String> = unicode.split('.').map(familiar).collect();
    let looks_like = looks_like.join(".");
    if looks_like != unicode {
        return Some(format!("{shown} 形似 {looks_like}"));
    }
    unicode.split('.').any(mixes_scripts).then(|| format!("{shown} 混用了不同文字的字母"))
}

fn is_foreign(c: char) -> bool {
    !c.is_ascii() && !is_han(c)
}

/// A label in Latin letters and Han characters, if each of its others looks like some of them.
fn familiar(label: &str) -> String {
    let mut buffer = [0; 4];
    let mut familiar = String::new();
    for c in label.chars() {
        match is_foreign(c) {
            true => familiar.extend(unicode_security::skeleton(c.encode_utf8(&mut buffer))),
            false => familiar.push(c),
        }
    }
    if familiar.chars().any(is_foreign) { label.to_owned() } else { familiar }
}

/// Whether a label has letters of several scripts that no language is written with; Han, kana and hangul
/// go with Latin letters.
fn mixes_scripts(label: &str) -> bool {
    use unicode_security::MixedScript as _;
    let others: String = label.chars().filter(|c| !c.is_ascii()).collect();
    let scripts = others.as_str().resolve_script_set();
    !label.is_single_script() && !scripts.kore && !scripts.hanb && !scripts.jpan
}

fn is_han(c: char) -> bool {
    matches!(c, '〇' | '々' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3fffd}')
}

/// The sign of a province in numbers of the industry ministry, which is not always the police's.
fn icp_sign(region: &str) -> &'static str {
    match region.get(..2).unwrap_or_default() {
        "51" => "蜀",
        "52" => "黔",
        "62" => "陇",
        _ => domain::jurisdiction::province_sign(region),
    }
}

fn icp_region(form: &'static Form, answers: &Answers, jurisdiction: &str) -> Vec<MachineCheck> {
    let numbers = form.shown(answers).filter(|place| matches!(place.field.kind, Kind::IcpNumber { .. }));
    let numbers = numbers.filter_map(|place| {
        let number = answers.text(&place.address());
        (!number.is_empty()).then(|| (name_of(&place, answers), number))
    });
    let sign = icp_sign(jurisdiction);
    numbers
        .map(|(name, number)| {
            let evidence = format!("{number}；管辖地为{}", region_name(jurisdiction));
            check(name, !sign.is_empty() && number.starts_with(sign), evidence)
        })
        .collect()
}

fn filed_in_time(answers: &Answers, submitted: Date) -> Option<MachineCheck> {
    let text = answers.text("site.opened_on");
    let days = (submitted - date::parse_date(text)?).whole_days();
    let evidence = format!("{text} 开通，提交时已 {} 天", Ord::max(days, 0));
    Some(check(format!("开通后 {DAYS_TO_FILE} 日内提交"), days <= DAYS_TO_FILE, evidence))
}

fn name_is_modest(name: &str, subject: &facts::SubjectFacts) -> MachineCheck {
    let title = "名称与主体相称";
    let found = |words: &[&'static str]| words.iter().copied().find(|word| name.contains(word));
    let is_organ = matches!(subject.owner_kind, "政府机关" | "事业单位" | "军队");
    match (found(NATIONAL), found(OF_UNITS)) {
        (Some(word), _) if !is_organ && !subject.name.contains(word) => {
            check(title, false, format!("“{name}”含有“{word}”，主体为{}", subject.owner_kind))
        }
        (_, Some(word)) if !subject.is_unit => {
            check(title, false, format!("“{name}”含有“{word}”，主体为个人"))
        }
        (_, _) if subject.is_unit && name == subject.name => check(title, true, "与主体名称相同"),
        (_, _) => check(title, true, format!("“{name}”，主体为{}", subject.owner_kind)),
    }
}

fn pictures(files: &BTreeMap<String, FileView>) -> Option<MachineCheck> {
    if files.is_empty() {
        return None;
    }
    let doubts: Vec<String> = files
        .values()
        .filter(|file| !file.warnings.is_empty())
        .map(|file| format!("{}：{}", file.name, file.warnings.join("、")))
        .collect();
    Some(match doubts.is_empty() {
        true => check("图片质量", true, evidence_of_files(files)),
        false => check("图片质量", false, doubts.join("；")),
    })
}

/// What was done with the files when they were sent; more than that nobody has looked.
fn evidence_of_files(files: &BTreeMap<String, FileView>) -> String {
    let pictures = files.values().filter(|file| file.is_picture).count();
    let documents = files.len() - pictures;
    let mut done = Vec::new();
    if pictures > 0 {
        done.push(format!("{pictures} 张图片上传时已完整解码，清晰度和尺寸无疑问"));
    }
    if documents > 0 {
        done.push(format!("{documents} 份PDF上传时已检查，不需密码即可打开"));
    }
    done.join("；")
}

#[cfg(test)]
mod tests;
