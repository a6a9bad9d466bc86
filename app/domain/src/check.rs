//! What makes an answer valid. The same functions run while a person types and when the server
//! receives the form (R73); only they build a `Checked`, and only a `Checked` can be filed.

use std::collections::BTreeMap;

use time::Date;

use crate::answer::{Answer, Answers};
use crate::schema::{DateRule, Fault, Form, Kind, Line, Place, Section, Step, Suggestion, fault};
use crate::value::{
    credit_code, date, domain_name, email, icp_number, id_number, ip, name, phone, text, url,
};

/// Most pictures or documents a single person may tie to one question.
pub const MOST_LINES: usize = 200;
/// What an answer is told that the form does not ask for.
pub const NOT_ASKED: &str = "表单中没有这一项";
/// Most characters a draft takes at one address, valid or not (R12).
pub const MOST_DRAFT_CHARACTERS: usize = 20_000;

/// Which region codes are leaves of the tree. The browser knows only the branches it has loaded,
/// so it may not know (`None`); the server always does.
pub trait Regions: Send + Sync {
    fn is_leaf(&self, code: &str) -> Option<bool>;

    /// Whether there is such a region, at whatever level.
    fn exists(&self, code: &str) -> Option<bool>;
}

/// Knows no region: only the shape of the code is checked.
pub struct UnknownRegions;

impl Regions for UnknownRegions {
    fn is_leaf(&self, _code: &str) -> Option<bool> {
        None
    }

    fn exists(&self, _code: &str) -> Option<bool> {
        None
    }
}

/// What the checks need besides the answers.
pub struct Context<'a> {
    pub today: Date,
    pub regions: &'a dyn Regions,
    /// Masked texts that stand for a stored value when they come back untouched (R70), by address.
    /// The server unseals first and passes none.
    pub sealed: &'a BTreeMap<String, String>,
}

/// Answers that passed every check: normalised, without the questions that were not asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    answers: Answers,
}

impl Checked {
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    pub fn into_answers(self) -> Answers {
        self.answers
    }
}

/// Checks a whole form.
pub fn check_form(form: &'static Form, answers: &Answers, context: &Context) -> Result<Checked, Vec<Fault>> {
    let mut faults = unknown_fields(form, answers);
    let mut checked = counts(form, answers);
    for step in form.steps {
        faults.extend(check_places(step, answers, context, &mut checked));
    }
    faults.extend(rules(form, &checked, context, &faults));
    if faults.is_empty() { Ok(Checked { answers: checked }) } else { Err(faults) }
}

/// Checks what stands on one step; rules over several steps count when they blame a field here.
pub fn check_step(form: &'static Form, step: &str, answers: &Answers, context: &Context) -> Vec<Fault> {
    let Some(step) = form.step(step) else { return Vec::new() };
    let mut checked = answers.clone();
    let mut faults = check_places(step, answers, context, &mut checked);
    let of_rules = rules(form, &checked, context, &faults);
    faults.extend(of_rules.into_iter().filter(|fault| is_on(step, &fault.at)));
    faults
}

/// What one field would be told, for live checking. Nothing where it is fine or not asked.
pub fn check_place(place: &Place, answers: &Answers, context: &Context) -> Result<Option<Answer>, String> {
    if !place.is_shown(answers) {
        return Ok(None);
    }
    let at = place.address();
    let Some(answer) = answers.get(&at).filter(|answer| !answer.is_empty()) else {
        return if place.is_required(answers) { Err(missing(place, answers)) } else { Ok(None) };
    };
    if context.sealed.get(&at).is_some_and(|mask| mask == answer.text()) {
        return Ok(Some(answer.clone()));
    }
    // The browser has no table of the characters that radicals stand for; the server decides.
    if cfg!(not(feature = "full")) && answer.items().iter().any(|text| text::has_radicals(text)) {
        return Ok(Some(answer.clone()));
    }
    value(place, answer, answers, context).map(Some)
}

/// Sentences of advice that do not stop anybody (R33).
pub fn advice(form: &'static Form, answers: &Answers, today: Date) -> Vec<Fault> {
    form.advice.iter().filter_map(|advise| advise(answers, today)).collect()
}

/// What guides suggest where it is not answered so already.
pub fn suggestions(form: &'static Form, answers: &Answers) -> Vec<Suggestion> {
    let guides = form.sections().filter(|section| section.is_guide).flat_map(|section| section.suggests);
    guides.filter_map(|suggest| suggest(answers)).filter(|one| answers.text(one.at) != one.code).collect()
}

/// What a draft refuses although it takes invalid answers (R12): questions the form does not have
/// and texts without bound.
pub fn check_draft(form: &'static Form, answers: &Answers) -> Vec<Fault> {
    let mut faults = unknown_fields(form, answers);
    for (at, answer) in answers.iter() {
        if answer.size() > MOST_DRAFT_CHARACTERS {
            faults.push(fault(at, format!("内容过长，最多 {MOST_DRAFT_CHARACTERS} 个字")));
        }
    }
    faults
}

fn unknown_fields(form: &'static Form, answers: &Answers) -> Vec<Fault> {
    answers.iter().filter(|(at, _)| !is_asked(form, at)).map(|(at, _)| fault(at, NOT_ASKED)).collect()
}

/// Whether a form has a place for an answer at this address, be it a question's or a section's own.
pub fn is_asked(form: &'static Form, at: &str) -> bool {
    form.place(at).is_some()
        || form.sections().any(|s| s.repeat.is_some() && s.count_address() == at)
        || form.sections().any(|s| s.ticks().any(|tick| s.own_address(tick) == at))
}

/// The key under which a section remembers that it was filled from the subject's responsible person (R32).
pub const SAME_AS_PRINCIPAL: &str = "same_as_principal";
/// And that the person in charge is who is signed in.
pub const IS_ME: &str = "is_me";

/// Where a section remembers that it was filled from the subject's responsible person (R32).
pub fn same_as_address(section: &str) -> String {
    format!("{section}.{SAME_AS_PRINCIPAL}")
}

impl Section {
    /// The ticks of its own, which fill it and are never filed.
    pub fn ticks(&self) -> impl Iterator<Item = &'static str> {
        let filled = [(self.same_as_principal, SAME_AS_PRINCIPAL), (self.may_be_me, IS_ME)];
        let filled = filled.into_iter().filter(|(has, _)| *has).map(|(_, key)| key);
        filled.chain(self.same_as.iter().map(|same| same.key))
    }
}

/// Where a section remembers that photos may be reused as well.
fn counts(form: &'static Form, answers: &Answers) -> Answers {
    let mut kept = Answers::new();
    for section in form.sections().filter(|section| section.repeat.is_some()) {
        kept.set_text(section.count_address(), section.count(answers).to_string());
    }
    kept
}

fn is_on(step: &Step, at: &str) -> bool {
    let key = at.split_once('.').map_or(at, |(section, _)| section);
    step.sections().iter().any(|section| section.key == key)
}

fn check_places(step: &Step, answers: &Answers, context: &Context, checked: &mut Answers) -> Vec<Fault> {
    let mut faults = Vec::new();
    for section in step.sections() {
        for place in section.places(answers) {
            let at = place.address();
            match check_place(&place, answers, context) {
                Ok(Some(answer)) if !place.section.is_guide => checked.set(at, answer),
                Ok(_) => {
                    checked.remove(&at);
                }
                Err(message) => {
                    // What is copied is told of at the place it comes from.
                    let from = place.copied_from(answers);
                    if !from.is_some_and(|from| faults.iter().any(|known: &Fault| known.at == from)) {
                        faults.push(fault(at, message));
                    }
                }
            }
        }
    }
    faults
}

/// The form's own rules, less those that blame a field already blamed.
fn rules(form: &'static Form, answers: &Answers, context: &Context, known: &[Fault]) -> Vec<Fault> {
    form.rules
        .iter()
        .filter_map(|rule| rule(answers, context.today))
        .filter(|found| !known.iter().any(|fault| fault.at == found.at))
        .collect()
}

fn missing(place: &Place, answers: &Answers) -> String {
    let label = place.label(answers);
    match place.field.kind {
        Kind::Select(_)
        | Kind::YesNo
        | Kind::Ticks(_)
        | Kind::Date(_)
        | Kind::Region
        | Kind::OwnRecord(_) => {
            format!("请选择{label}")
        }
        Kind::Tick => format!("请勾选“{label}”"),
        Kind::Pictures { .. } | Kind::Documents { .. } => format!("请上传{label}"),
        Kind::Text { .. }
        | Kind::LongText { .. }
        | Kind::PersonName
        | Kind::PersonId { .. }
        | Kind::UnitCertificate { .. }
        | Kind::Mobile
        | Kind::Landline
        | Kind::AnyPhone
        | Kind::Email
        | Kind::MainDomain
        | Kind::Url
        | Kind::Lines { .. }
        | Kind::IcpNumber { .. }
        | Kind::Integer { .. }
        | Kind::Code(_) => format!("请填写{label}"),
    }
}

fn value(place: &Place, answer: &Answer, answers: &Answers, context: &Context) -> Result<Answer, String> {
    let one = |result: Result<String, &'static str>| result.map(Answer::One).map_err(str::to_owned);
    let text = answer.text();
    match place.field.kind {
        Kind::Text { min, max } => text::check_line(text, min, max).map(Answer::One),
        Kind::LongText { min, max } => text::check_text(text, min, max).map(Answer::One),
        Kind::PersonName => one(name::check_person_name(text)),
        Kind::Select(choices) => {
            if choices.iter().any(|choice| choice.code == text) {
                Ok(Answer::One(text.to_owned()))
            } else {
                Err("请从列表中选择".to_owned())
            }
        }
        Kind::YesNo => match text {
            "yes" | "no" => Ok(Answer::One(text.to_owned())),
            _ => Err("请选择“是”或“否”".to_owned()),
        },
        Kind::Ticks(choices) => {
            // In the order of the list and once each, so that equal choices compare as equal.
            let items = answer.items();
            if items.iter().any(|item| !choices.iter().any(|choice| choice.code == item)) {
                return Err("请从列表中选择".to_owned());
            }
            let chosen = choices.iter().filter(|choice| items.iter().any(|item| item == choice.code));
            Ok(Answer::Many(chosen.map(|choice| choice.code.to_owned()).collect()))
        }
        Kind::Tick => match text {
            "yes" => Ok(Answer::One(text.to_owned())),
            _ => Err("请勾选或取消勾选".to_owned()),
        },
        Kind::Date(rule) => check_date(text, rule, context.today).map(Answer::One),
        // Of a provider often only its city is known, and officers find it by name (R31).
        Kind::Region if place.section.directory.is_some() => {
            check_any_region(text, context.regions).map(Answer::One)
        }
        Kind::Region => check_region(text, context.regions).map(Answer::One),
        Kind::PersonId { kind } => {
            one(id_number::check_person_id(answers.text(&place.sibling(kind)), text, context.today))
        }
        Kind::UnitCertificate { kind } => {
            one(credit_code::check_unit_certificate(answers.text(&place.sibling(kind)), text))
        }
        Kind::Mobile => one(phone::check_mobile(text)),
        Kind::Landline => one(phone::check_landline(text)),
        Kind::AnyPhone => one(phone::check_any_phone(text)),
        Kind::Email => one(email::check_email(text)),
        Kind::MainDomain => one(domain_name::check_main_domain(text)),
        Kind::Url => one(url::check_http_url(text)),
        Kind::Lines { of, max } => check_lines(answer, of, max, answers),
        Kind::IcpNumber { suffix } => one(icp_number::check_icp_number(text, suffix)),
        Kind::Integer { min, max } => check_integer(text, min, max).map(Answer::One),
        Kind::Code(check) => one(check(text)),
        Kind::OwnRecord(_) => text::check_line(text, 1, 300).map(Answer::One),
        Kind::Pictures { min, max } | Kind::Documents { min, max } => check_files(answer, min, max),
    }
}

fn check_date(text: &str, rule: DateRule, today: Date) -> Result<String, String> {
    let Some(day) = date::parse_date(text) else {
        return Err("请填写正确的日期，如 2026-01-31".to_owned());
    };
    match rule {
        DateRule::Any => {}
        DateRule::NotAfterToday if day > today => return Err("日期不能晚于今天".to_owned()),
        DateRule::AfterToday if day <= today => return Err("有效期须晚于今天，证件可能已过期".to_owned()),
        DateRule::NotAfterToday | DateRule::AfterToday => {}
    }
    Ok(date::format_date(day))
}

fn region_code(text: &str) -> Result<&str, String> {
    let text = text.trim();
    let is_code = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_code { Ok(text) } else { Err("请从列表中选择地区".to_owned()) }
}

/// A province, a city or a county.
fn check_any_region(text: &str, regions: &dyn Regions) -> Result<String, String> {
    let text = region_code(text)?;
    match regions.exists(text) {
        Some(false) => Err("请从列表中选择地区".to_owned()),
        // The browser has not loaded this branch; the server decides.
        Some(true) | None => Ok(text.to_owned()),
    }
}

/// A place where an address can be.
fn check_region(text: &str, regions: &dyn Regions) -> Result<String, String> {
    let text = region_code(text)?;
    match regions.is_leaf(text) {
        Some(true) => Ok(text.to_owned()),
        Some(false) => Err("请选择到最末一级地区".to_owned()),
        // The browser has not loaded this branch; the server decides.
        None if text.ends_with("0000") && !matches!(text, "710000" | "810000" | "820000") => {
            Err("请选择到最末一级地区".to_owned())
        }
        None => Ok(text.to_owned()),
    }
}

fn check_lines(answer: &Answer, of: Line, max: usize, answers: &Answers) -> Result<Answer, String> {
    let mut lines: Vec<String> = Vec::new();
    let typed: Vec<String> = answer.items().iter().map(|line| text::tidy(line)).collect();
    for (number, line) in typed.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).enumerate() {
        let checked = match of {
            Line::Domain => domain_name::check_domain(line),
            Line::Url => url::check_http_url(line),
            Line::Ip { mainland } => ip::check_ip_or_range(line, answers.text(mainland) != "abroad"),
            Line::Text => text::clean_line(line),
        }
        .map_err(|message| format!("第 {} 行：{message}", number + 1))?;
        if !lines.contains(&checked) {
            lines.push(checked);
        }
    }
    let max = max.min(MOST_LINES);
    if lines.len() > max {
        return Err(format!("最多填写 {max} 行，现有 {} 行", lines.len()));
    }
    Ok(Answer::Many(lines))
}

fn check_integer(text: &str, min: u64, max: u64) -> Result<String, String> {
    match text::compact(text).parse::<u64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number.to_string()),
        Ok(_) => Err(format!("请填写 {min} 至 {max} 之间的整数")),
        Err(_) => Err("请填写整数".to_owned()),
    }
}

/// A file is answered by the id of its upload; `service` checks that it is there and whose it is.
fn check_files(answer: &Answer, min: usize, max: usize) -> Result<Answer, String> {
    let files: Vec<String> = answer.items().iter().filter(|id| !id.is_empty()).cloned().collect();
    let plausible = |id: &String| id.len() == 36 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if !files.iter().all(plausible) {
        return Err("文件无法识别，请重新上传".to_owned());
    }
    if files.len() < min {
        return Err(format!("请上传至少 {min} 个文件"));
    }
    if files.len() > max {
        return Err(format!("最多上传 {max} 个文件"));
    }
    match max {
        1 => Ok(Answer::One(files.into_iter().next().unwrap_or_default())),
        _ => Ok(Answer::Many(files)),
    }
}
