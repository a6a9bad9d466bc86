//! What to have ready before a form is begun, read from the form itself: nobody keeps a second list.

use std::collections::BTreeSet;

use crate::answer::Answers;
use crate::business::Business;
use crate::schema::{Body, Fault, Form, Kind, Place, When};

/// What a form asks of somebody, before they have answered anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preparation {
    /// For whom, where it differs: 单位, 个人; empty where it does not.
    pub whom: &'static str,
    /// Pictures and documents that everybody is asked for.
    pub papers: Vec<Paper>,
    /// Those that some answers ask for, and those that are welcome.
    pub papers_for_some: Vec<Paper>,
    /// What everybody has to answer beside papers, by section.
    pub questions: Vec<(&'static str, Vec<&'static str>)>,
    /// To fill it in with everything at hand.
    pub minutes: usize,
}

/// A picture or a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Paper {
    /// The section it belongs to.
    pub of: &'static str,
    pub label: &'static str,
    /// At least so many.
    pub least: usize,
    pub is_document: bool,
}

/// What a business asks for; a subject once for units and once for individuals.
pub fn preparations(business: Business) -> Vec<Preparation> {
    let form = business.form();
    match business.is_subject() {
        false => vec![of_form(form, "", Answers::new())],
        true => [("单位", "unit"), ("个人", "person")]
            .map(|(whom, code)| of_form(form, whom, Answers::from([("subject.nature", code)])))
            .into(),
    }
}

/// `known` are answers that everybody of this kind gives.
fn of_form(form: &'static Form, whom: &'static str, known: Answers) -> Preparation {
    let mut answers = form.defaults();
    answers.merge(known);
    let (mut papers, mut questions, mut seconds) = (Vec::new(), Vec::new(), reading(form));
    let mut always: BTreeSet<String> = BTreeSet::new();
    for section in form.sections().filter(|section| !section.is_guide) {
        let mut asked = Vec::new();
        for place in section.places(&answers) {
            if !place.is_shown(&answers) || !place.is_required(&answers) {
                continue;
            }
            always.insert(place.address());
            seconds += time_for(place.field.kind);
            match paper(place) {
                Some(paper) => papers.push(paper),
                None => asked.push(place.label(&answers)),
            }
        }
        if !asked.is_empty() {
            questions.push((section.title, asked));
        }
    }
    let for_some = form.places(&answers).filter(|place| {
        !always.contains(&place.address()) && may_be_asked(place.section.when, &answers, whom)
    });
    let mut papers_for_some: Vec<Paper> = for_some.filter_map(paper).collect();
    papers_for_some.dedup();
    let minutes = seconds.div_ceil(300) * 5;
    Preparation { whom, papers, papers_for_some, questions, minutes }
}

/// Sections of units are nothing for individuals.
fn may_be_asked(when: When, answers: &Answers, whom: &str) -> bool {
    match when {
        When::Is(at, code) if !whom.is_empty() && answers.get(at).is_some() => answers.has(at, code),
        _ => true,
    }
}

fn paper(place: Place) -> Option<Paper> {
    let (least, is_document) = match place.field.kind {
        Kind::Pictures { min, .. } => (min, false),
        Kind::Documents { min, .. } => (min, true),
        _ => return None,
    };
    Some(Paper { of: place.section.title, label: place.field.label, least, is_document })
}

/// Seconds to read what stands in full on a step.
fn reading(form: &Form) -> usize {
    form.steps.iter().filter(|step| matches!(step.body, Body::Notice(_))).count() * 90
}

/// Minutes to put these `faults` of a form right, with everything at hand.
pub fn minutes_for(form: &'static Form, faults: &[Fault]) -> usize {
    let seconds: usize =
        faults.iter().filter_map(|fault| form.place(&fault.at)).map(|place| time_for(place.field.kind)).sum();
    seconds.div_ceil(60).max(1)
}

/// Minutes that the form of a business takes, with everything at hand; of a subject, the longer one.
pub fn minutes(business: Business) -> usize {
    preparations(business).iter().map(|one| one.minutes).max().unwrap_or_default()
}

/// Seconds that an answer takes with the papers beside one; by hand, in a browser, without haste.
fn time_for(kind: Kind) -> usize {
    match kind {
        Kind::YesNo | Kind::Tick => 5,
        Kind::Select(_) | Kind::Ticks(_) | Kind::OwnRecord(_) => 10,
        Kind::Date(_) | Kind::Region | Kind::PersonName | Kind::Mobile | Kind::Integer { .. } => 15,
        Kind::Text { .. }
        | Kind::PersonId { .. }
        | Kind::UnitCertificate { .. }
        | Kind::Landline
        | Kind::AnyPhone
        | Kind::Email
        | Kind::MainDomain
        | Kind::Url
        | Kind::IcpNumber { .. } => 20,
        Kind::Lines { .. } | Kind::Code(_) => 40,
        Kind::Pictures { min, .. } | Kind::Documents { min, .. } => 40 * min.max(1),
        Kind::LongText { .. } => 120,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    fn labels(papers: &[Paper]) -> Vec<&str> {
        papers.iter().map(|paper| paper.label).collect()
    }

    #[test]
    fn a_unit_brings_its_certificate_and_an_individual_does_not() {
        let of_subject = preparations(Business::Subject);
        let (unit, person) = (&of_subject[0], &of_subject[1]);
        assert_eq!((unit.whom, person.whom), ("单位", "个人"));
        let papers = labels(&unit.papers);
        assert_eq!(papers, ["主办单位有效证件", "身份证人像面", "身份证国徽面", "身份证手持"]);
        assert_eq!(labels(&person.papers), papers[1..]);
        assert!(labels(&person.papers_for_some).is_empty(), "{:?}", person.papers_for_some);
        assert!(person.minutes < unit.minutes, "{} {}", person.minutes, unit.minutes);
    }

    #[test]
    fn what_some_answers_ask_for_is_told_apart() {
        let website = &preparations(Business::Website)[0];
        assert_eq!(
            labels(&website.papers_for_some),
            ["域名证书", "信息网络安全保护方案", "管制物品许可文件", "许可文件"]
        );
        assert!(website.papers.iter().all(|paper| paper.least == 1));
        let (section, asked) = &website.questions[0];
        assert_eq!(*section, "网站信息");
        assert!(asked.contains(&"网站名称") && !asked.contains(&"工信部备案号"), "{asked:?}");
    }

    /// Every required question without condition is told of, and every estimate is one that a person believes.
    #[test]
    fn nothing_that_everybody_is_asked_is_left_out() {
        for business in Business::ALL {
            for preparation in preparations(business) {
                let told: BTreeSet<&str> = preparation
                    .questions
                    .iter()
                    .flat_map(|(_, asked)| asked.iter().copied())
                    .chain(labels(&preparation.papers))
                    .collect();
                for section in
                    business.form().sections().filter(|section| matches!(section.when, When::Always))
                {
                    let is_there = section.repeat.is_none_or(|repeat| repeat.min > 0);
                    for field in section.fields.iter().filter(|_| is_there && !section.is_guide) {
                        if matches!((field.when, field.required), (When::Always, When::Always)) {
                            assert!(told.contains(field.label), "{business:?} {}", field.label);
                        }
                    }
                }
                assert!((5..=45).contains(&preparation.minutes), "{business:?} {}", preparation.minutes);
                assert_eq!(preparation.minutes % 5, 0);
            }
        }
    }
}
