//! From the controls of a form to answers: the browser reads its controls and the server a posted
//! form by the same rules, so both ways give the same answers (R76).

use std::collections::BTreeMap;

use crate::answer::{Answer, Answers};
use crate::check::same_as_address;
use crate::jurisdiction;
use crate::schema::{Field, Form, Kind, Place, Section, Step};
use crate::value::text::tidy;

/// The values of all controls by name, in the order of the page.
pub type Controls = BTreeMap<String, Vec<String>>;

/// The answers of a step: those of its controls, and for questions that were not on the page (not
/// asked at present) what was there before.
pub fn answers_of_step(form: &'static Form, step: &Step, before: &Answers, controls: &Controls) -> Answers {
    let mut answers = Answers::new();
    let own = |at: &str| form.step_of(at).is_some_and(|of| of.key == step.key);
    for (at, answer) in before.iter().filter(|(at, _)| own(at)) {
        answers.set(at, answer.clone());
    }
    for section in step.sections() {
        let count = section.count_address();
        if let (Some(_), Some(values)) = (section.repeat, controls.get(&count)) {
            answers.set_text(count, values.first().cloned().unwrap_or_default());
        }
        if section.same_as_principal {
            let at = same_as_address(section.key);
            let ticked = controls.get(&at).is_some_and(|values| values.iter().any(|value| value == "yes"));
            answers.set_text(at, if ticked { "yes" } else { "" });
        }
    }
    // What was shown when the page was made is what its controls speak about.
    let was_shown = |place: &Place| place.is_shown(before);
    let sized = answers.clone();
    for section in step.sections() {
        for place in section.places(&sized) {
            let at = place.address();
            match controls.get(&at) {
                Some(values) => match answer(place.field.kind, values) {
                    Some(answer) => answers.set(at, answer),
                    None => {
                        answers.remove(&at);
                    }
                },
                // An unticked box posts nothing; a question that was on the page was emptied.
                None if was_shown(&place) => {
                    answers.remove(&at);
                }
                None => {}
            }
        }
    }
    answers
}

/// Carries out a button that changes a repeated section: `add` names the section, `remove`, `up` and
/// `down` an item (`permits.1`). Gives the item to look at then; nothing for other buttons.
pub fn rearrange(form: &'static Form, verb: &str, what: &str, answers: &mut Answers) -> Option<String> {
    let (key, item) = what.split_once('.').unwrap_or((what, "0"));
    let section = form.section(key)?;
    let (repeat, item) = (section.repeat?, item.parse::<usize>().ok()?);
    let count = section.count(answers);
    let item = match verb {
        "add" => {
            let count = (count + 1).min(repeat.max);
            answers.set_text(section.count_address(), count.to_string());
            count.saturating_sub(1)
        }
        "remove" if item < count => {
            for at in item..count {
                swap_items(section, at, at + 1, answers);
            }
            section.fields.iter().for_each(|field| {
                answers.remove(&item_address(section, count, field));
                answers.remove(&item_address(section, count - 1, field));
            });
            answers.set_text(section.count_address(), (count - 1).to_string());
            item.min(section.count(answers).saturating_sub(1))
        }
        "up" if item > 0 && item < count => {
            swap_items(section, item - 1, item, answers);
            item - 1
        }
        "down" if item + 1 < count => {
            swap_items(section, item, item + 1, answers);
            item + 1
        }
        _ => return None,
    };
    Some(format!("{key}.{item}"))
}

fn item_address(section: &Section, item: usize, field: &Field) -> String {
    format!("{}.{item}.{}", section.key, field.key)
}

fn swap_items(section: &'static Section, one: usize, other: usize, answers: &mut Answers) {
    for field in section.fields {
        let (here, there) = (item_address(section, one, field), item_address(section, other, field));
        let (first, second) = (answers.remove(&here), answers.remove(&there));
        first.into_iter().for_each(|answer| answers.set(there.clone(), answer));
        second.into_iter().for_each(|answer| answers.set(here.clone(), answer));
    }
}

/// What the values of one control (or of several with one name) answer.
pub fn answer(kind: Kind, values: &[String]) -> Option<Answer> {
    let values: Vec<String> = values.iter().map(|value| tidy(value)).collect();
    let filled = || values.iter().map(|value| value.trim()).filter(|value| !value.is_empty());
    let many = |items: Vec<String>| if items.is_empty() { None } else { Some(Answer::Many(items)) };
    match kind {
        Kind::Ticks(_) => many(filled().map(str::to_owned).collect()),
        Kind::Lines { .. } => many(
            values
                .iter()
                .flat_map(|value| value.split(['\n', ';', '；']))
                .map(|line| line.trim().to_owned())
                .filter(|line| !line.is_empty())
                .collect(),
        ),
        Kind::Pictures { max, .. } | Kind::Documents { max, .. } if max > 1 => {
            many(filled().map(str::to_owned).collect())
        }
        Kind::Region => deepest_region(&values).map(Answer::One),
        Kind::LongText { .. } => {
            values.first().filter(|text| !text.trim().is_empty()).cloned().map(Answer::One)
        }
        Kind::Text { .. }
        | Kind::PersonName
        | Kind::Select(_)
        | Kind::YesNo
        | Kind::Tick
        | Kind::Date(_)
        | Kind::PersonId { .. }
        | Kind::UnitCertificate { .. }
        | Kind::Mobile
        | Kind::Landline
        | Kind::AnyPhone
        | Kind::Email
        | Kind::MainDomain
        | Kind::Url
        | Kind::IcpNumber { .. }
        | Kind::Integer { .. }
        | Kind::OwnRecord(_)
        | Kind::Code(_)
        | Kind::Pictures { .. }
        | Kind::Documents { .. } => filled().next().map(|text| Answer::One(text.to_owned())),
    }
}

/// A cascade posts one code for each of its selects; a code that does not lie under the one before
/// it is left over from another branch.
pub fn deepest_region(codes: &[String]) -> Option<String> {
    let mut deepest: Option<&str> = None;
    for code in codes.iter().map(|code| code.trim()).filter(|code| !code.is_empty()) {
        match deepest {
            Some(parent) if !jurisdiction::covers(parent, code) => break,
            _ => deepest = Some(code),
        }
    }
    deepest.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use crate::business;

    fn controls(pairs: &[(&str, &[&str])]) -> Controls {
        pairs
            .iter()
            .map(|(at, values)| ((*at).to_owned(), values.iter().map(|v| (*v).to_owned()).collect()))
            .collect()
    }

    #[test]
    fn a_left_over_branch_of_a_cascade_is_dropped() {
        let codes = |codes: &[&str]| codes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        assert_eq!(deepest_region(&codes(&["110000", "110100", "110101"])).as_deref(), Some("110101"));
        assert_eq!(deepest_region(&codes(&["310000", "110100", "110101"])).as_deref(), Some("310000"));
        assert_eq!(deepest_region(&codes(&["310000", "", ""])).as_deref(), Some("310000"));
        assert_eq!(deepest_region(&codes(&["", ""])), None);
    }

    #[test]
    fn an_emptied_control_empties_its_answer_and_a_hidden_one_keeps_it() {
        let form = &business::subject::FORM;
        let step = form.step("form").unwrap();
        let before = Answers::from([
            ("subject.nature", "person"),
            ("unit.name", "示例公司"),
            ("principal.email", "a@example.cn"),
        ]);
        let after = answers_of_step(
            form,
            step,
            &before,
            &controls(&[("subject.nature", &["person"]), ("principal.email", &[""])]),
        );
        assert_eq!(after.text("principal.email"), "");
        assert_eq!(after.text("unit.name"), "示例公司", "not on the page, so not emptied");
    }

    #[test]
    fn an_unticked_box_is_no_answer() {
        let form = &business::subject::FORM;
        let step = form.step("form").unwrap();
        let before = Answers::from([("subject.nature", "person"), ("principal.id_long_term", "yes")]);
        let after = answers_of_step(form, step, &before, &controls(&[("subject.nature", &["person"])]));
        assert_eq!(after.text("principal.id_long_term"), "");
    }
}
