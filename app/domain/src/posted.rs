//! From the controls of a form to answers: the browser reads its controls and the server a posted
//! form by the same rules, so both ways give the same answers (R76).

use std::collections::BTreeMap;

use crate::answer::{Answer, Answers};
use crate::jurisdiction;
use crate::schema::{Fault, Field, Form, Kind, Line, Place, Section, Step, fault};
use crate::value::text::tidy;
use crate::value::{domain_name, url};

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
        // A tick that was not on the page stays as it was.
        let is_hidden = |tick: &&str| {
            section.same_as.iter().any(|same| same.key == *tick && !section.offers(same, before))
        };
        for tick in section.ticks().filter(|tick| !is_hidden(tick)) {
            let at = section.own_address(tick);
            let ticked = controls.get(&at).is_some_and(|values| values.iter().any(|value| value == "yes"));
            answers.set_text(at, if ticked { "yes" } else { "" });
        }
    }
    // What was shown when the page was made is what its controls speak about.
    let was_shown = |place: &Place| place.is_drawn(before);
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
    copy_same(step, &mut answers);
    answers
}

/// Gives the answers that a tick takes from elsewhere (同单位办公地址) what stands there.
pub fn copy_same(step: &Step, answers: &mut Answers) {
    for section in step.sections() {
        for same in section.same_as {
            let is_ticked = answers.has(&section.own_address(same.key), "yes");
            if !is_ticked || !section.offers(same, answers) {
                continue;
            }
            for (own, from) in same.fields {
                let at = section.own_address(own);
                match answers.get(from).cloned() {
                    Some(answer) => answers.set(at, answer),
                    None => {
                        answers.remove(&at);
                    }
                }
            }
        }
    }
}

/// Puts in place of what was typed what it will have meant, where that is sure: `https://www.x.cn/` for a
/// domain, a web address without its scheme. Where a domain is new and the pages it leads to are not there,
/// they begin with its own. Gives a sentence for each address that was so filled; a [`Fault`] only in form.
pub fn understand(step: &Step, before: &Answers, answers: &mut Answers) -> Vec<Fault> {
    let mut said = Vec::new();
    for section in step.sections() {
        let places: Vec<Place> = section.places(answers).filter(|place| place.is_drawn(answers)).collect();
        for place in places {
            let at = place.address();
            let Some(typed) = answers.get(&at).cloned() else { continue };
            if let Some((meant, sentence)) = understood(place.field.kind, &typed) {
                answers.set(at.clone(), meant);
                said.push(fault(&at, sentence));
            }
            let list = place.field.leads_to.map(|list| place.sibling(list));
            // Taken away on purpose it stays away: only a new domain brings it.
            let is_new = answers.text(&at) != before.text(&at);
            if let Some(list) = list.filter(|list| is_new && answers.get(list).is_none())
                && let Some(domain) = domain_name::meant(typed.text())
            {
                answers.set(list.clone(), Answer::Many(vec![domain.page]));
                said.push(fault(list, "已按主域名填入，请核对"));
            }
        }
    }
    let sure = step.sections().iter().filter(|section| !section.is_guide);
    for found in
        sure.flat_map(|section| section.suggests).filter_map(|suggest| suggest(answers)).collect::<Vec<_>>()
    {
        if answers.get(found.at).is_none() {
            answers.set_text(found.at, found.code);
            said.push(fault(found.at, found.sentence));
        }
    }
    said
}

/// Answers 否 to all of a section's questions that have it at one press.
pub fn answer_no(form: &'static Form, section: &str, answers: &mut Answers) -> Vec<&'static str> {
    let questions = form.section(section).map_or(&[][..], |section| section.all_no);
    let asked: Vec<&str> = questions.iter().copied().filter(|at| form.place(at).is_some()).collect();
    asked.iter().for_each(|at| answers.set_text(*at, "no"));
    asked
}

/// Most characters of a file's name that a sentence has.
const LONGEST_FILE_NAME: usize = 40;

/// What is said at a question of a file that was not taken: which question, which file, why, and that what was
/// there before still is.
pub fn about_file(label: &str, file: &str, sentence: &str, kept: Option<&str>) -> String {
    let mut name: String = tidy(file).split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().count() > LONGEST_FILE_NAME {
        let head: String = name.chars().take(LONGEST_FILE_NAME - 10).collect();
        let tail: Vec<char> = name.chars().rev().take(8).collect();
        name = format!("{head}…{}", tail.into_iter().rev().collect::<String>());
    }
    let gap = match (name.is_empty(), sentence.starts_with("不是")) {
        (true, _) => "",
        (false, true) => " ",
        (false, false) => "，",
    };
    let kept = kept.map(|noun| format!("；原来的{noun}仍保留")).unwrap_or_default();
    format!("{label}：{name}{gap}{sentence}{kept}")
}

/// The host names whose addresses a question about addresses is about, as far as they are typed.
pub fn hosts_for(place: &Place, answers: &Answers) -> Vec<String> {
    let typed = place.field.resolved_from.iter().flat_map(|key| answers.items(&place.sibling(key)));
    let host = |text: &String| {
        let host = domain_name::host_meant(text).or_else(|| url::host_of_url(text)).unwrap_or(text.clone());
        domain_name::check_domain(&host).ok()
    };
    let mut hosts: Vec<String> = Vec::new();
    for host in typed.filter_map(host) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// What an answer will have meant, and how that is said; nothing where it can stay as it is.
fn understood(kind: Kind, typed: &Answer) -> Option<(Answer, String)> {
    match kind {
        Kind::MainDomain => {
            let meant = domain_name::meant(typed.text())?.text;
            (meant != typed.text()).then(|| (Answer::One(meant.clone()), format!("已识别为 {meant}")))
        }
        Kind::Url => {
            let meant = url::meant(typed.text())?;
            Some((Answer::One(meant.clone()), format!("已补全为 {meant}")))
        }
        Kind::Lines { of, .. } => {
            let meant = |line: &str| match of {
                Line::Url => url::meant(line),
                Line::Domain => domain_name::host_meant(line),
                Line::Ip { .. } | Line::Text => None,
            };
            let changed: Vec<String> = typed.items().iter().filter_map(|line| meant(line)).collect();
            let word = if of == Line::Url { "已补全为" } else { "已识别为" };
            let all = typed.items().iter().map(|line| meant(line).unwrap_or_else(|| line.clone()));
            (!changed.is_empty())
                .then(|| (Answer::Many(all.collect()), format!("{word} {}", changed.join("、"))))
        }
        _ => None,
    }
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

    fn step_of(form: &'static Form, key: &str) -> &'static Step {
        form.step(key).unwrap()
    }

    #[test]
    fn a_domain_of_any_shape_is_understood_and_leads_to_its_pages() {
        let step = step_of(&business::website::FORM, "site");
        for (typed, domain, page) in [
            ("example.cn", "example.cn", "https://example.cn/"),
            ("www.example.cn", "example.cn", "https://www.example.cn/"),
            ("https://www.example.cn/", "example.cn", "https://www.example.cn/"),
            ("HTTP://Example.CN.", "example.cn", "http://example.cn/"),
            ("https://www.example.cn:8443/a?b#c", "example.cn", "https://www.example.cn/"),
            ("ｗｗｗ．ｅｘａｍｐｌｅ．ｃｎ", "example.cn", "https://www.example.cn/"),
            ("www.示例.cn", "示例.cn", "https://www.示例.cn/"),
            ("example。cn", "example.cn", "https://example.cn/"),
        ] {
            let mut answers = Answers::from([("site.has_own_domain", "yes"), ("site.main_domain", typed)]);
            let said = understand(step, &Answers::new(), &mut answers);
            assert_eq!(answers.text("site.main_domain"), domain, "{typed}");
            assert_eq!(answers.items("site.home_urls"), [page], "{typed}");
            let told = said.iter().any(|note| note.message == format!("已识别为 {domain}"));
            assert_eq!(told, typed != domain, "{typed}: {said:?}");
            // Once understood there is nothing more to say.
            let before = answers.clone();
            assert_eq!(understand(step, &before, &mut answers), []);
            assert_eq!(answers, before);
        }
        for unclear in [
            "blog.example.cn",
            "com.cn",
            "a@example.cn",
            "ftp://example.cn",
            "1.2.4.8",
            "a b.cn",
            "://",
            "https://",
            "http://a:b@example.cn/",
        ] {
            let mut answers = Answers::from([("site.has_own_domain", "yes"), ("site.main_domain", unclear)]);
            let before = answers.clone();
            assert_eq!(understand(step, &Answers::new(), &mut answers), [], "{unclear}");
            assert_eq!(answers, before, "what is not sure stays as it was typed");
        }
    }

    #[test]
    fn pages_that_were_taken_away_or_typed_are_left_alone() {
        let step = step_of(&business::website::FORM, "site");
        let known = Answers::from([("site.has_own_domain", "yes"), ("site.main_domain", "example.cn")]);
        let mut answers = known.clone();
        assert_eq!(understand(step, &known, &mut answers), []);
        assert!(answers.get("site.home_urls").is_none(), "emptied on purpose");
        let mut answers = known.clone();
        answers.set("site.home_urls", Answer::Many(vec!["https://m.example.cn/".to_owned()]));
        assert_eq!(understand(step, &Answers::new(), &mut answers), []);
        assert_eq!(answers.items("site.home_urls"), ["https://m.example.cn/"]);
        // One that lacks its scheme is made whole, line by line.
        answers.set(
            "site.home_urls",
            Answer::Many(vec!["www.example.cn".into(), "http://m.example.cn/".into(), "x y".into()]),
        );
        assert_eq!(understand(step, &known, &mut answers).len(), 1);
        assert_eq!(
            answers.items("site.home_urls"),
            ["https://www.example.cn", "http://m.example.cn/", "x y"]
        );
    }

    #[test]
    fn what_is_the_same_as_the_office_follows_it_while_it_is_ticked() {
        let form = &business::subject::FORM;
        let step = step_of(form, "form");
        let office = ("unit.office_region", "110101");
        let before =
            Answers::from([("subject.nature", "unit"), office, ("unit.office_address", "某某街道一号")]);
        let posted = |ticks: &[&str], address: &str| {
            let mut all = controls(&[
                ("subject.nature", &["unit"]),
                ("unit.office_region", &["110000", "110100", "110101"]),
                ("unit.office_address", &[address]),
                ("principal.address", &["别处二号"]),
            ]);
            all.extend(ticks.iter().map(|tick| ((*tick).to_owned(), vec!["yes".to_owned()])));
            all
        };
        let both = ["unit.registered_as_office", "principal.lives_at_office"];
        let ticked = answers_of_step(form, step, &before, &posted(&both, "某某街道一号"));
        for (region, address) in
            [("unit.registered_region", "unit.registered_address"), ("principal.region", "principal.address")]
        {
            assert_eq!((ticked.text(region), ticked.text(address)), ("110101", "某某街道一号"));
        }
        // The page has no controls for them any more, and they follow the office.
        let moved = answers_of_step(form, step, &ticked, &posted(&both, "某某街道九号"));
        assert_eq!(moved.text("unit.registered_address"), "某某街道九号");
        let mut gone = posted(&[], "某某街道九号");
        gone.remove("principal.address");
        let unticked = answers_of_step(form, step, &moved, &gone);
        assert_eq!(unticked.text("principal.address"), "某某街道九号", "stays to be changed");
        assert_eq!(unticked.text("principal.lives_at_office"), "");
        // For an individual there is no office; the tick of before says nothing.
        let mut person = moved.clone();
        person.set_text("subject.nature", "person");
        let place = form.place("principal.address").unwrap();
        assert!(place.copied_from(&moved).is_some() && place.copied_from(&person).is_none());
        assert!(place.is_drawn(&person) && !place.is_drawn(&moved));
    }

    #[test]
    fn a_file_that_was_not_taken_is_named_with_its_question() {
        let sentence = "不是图片，请上传 png 或 jpg 照片";
        assert_eq!(
            about_file("身份证手持", "合同.pdf", sentence, Some("照片")),
            "身份证手持：合同.pdf 不是图片，请上传 png 或 jpg 照片；原来的照片仍保留"
        );
        assert_eq!(about_file("域名证书", "", "文件大小不超过5MB", None), "域名证书：文件大小不超过5MB");
        assert_eq!(about_file("域名证书", "a\u{202e}b.gif", "这是GIF", None), "域名证书：ab.gif，这是GIF");
        let long = about_file("域名证书", &format!("{}.png", "长".repeat(300)), "这是GIF", None);
        assert!(long.chars().count() < 60 && long.contains("….png") || long.contains("长.png"), "{long}");
    }

    #[test]
    fn the_names_that_addresses_are_asked_of_are_those_typed() {
        let form = &business::website::FORM;
        let place = form.place("site.ips").unwrap();
        let mut answers = Answers::from([("site.main_domain", "example.cn")]);
        answers.set(
            "site.home_urls",
            Answer::Many(vec![
                "https://www.example.cn/".into(),
                "https://1.2.4.8/".into(),
                "nonsense".into(),
                "https://www.example.cn/b".into(),
            ]),
        );
        assert_eq!(hosts_for(&place, &answers), ["example.cn", "www.example.cn"]);
        assert!(hosts_for(&form.place("site.name").unwrap(), &answers).is_empty());
    }

    #[test]
    fn one_press_answers_no_to_all_that_the_form_asks() {
        let mut answers = Answers::new();
        let asked = answer_no(&business::website::FORM, "interactive", &mut answers);
        assert_eq!(asked, ["interactive.is_interactive", "controlled.publishes", "permit.has"]);
        assert!(asked.iter().all(|at| answers.text(at) == "no"));
        assert!(answer_no(&business::website::FORM, "site", &mut answers).is_empty());
        assert!(answer_no(&business::website::FORM, "nowhere", &mut answers).is_empty());
    }
}
