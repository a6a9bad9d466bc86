//! The questions that are answered wrong most (`domain.md` 2.8), and where 办事指南 says how to answer them.

use crate::procedure::Procedure;

/// What is said of a question: the end of its address, and the anchor of what is said in 办事指南.
const TOPICS: [(&str, &str); 15] = [
    (".cert_image", "certificate"),
    (".id_portrait", "id-portrait"),
    (".id_emblem", "id-emblem"),
    (".id_handheld", "id-handheld"),
    ("unit.office_address", "address"),
    ("principal.address", "address"),
    (".mobile", "mobile"),
    ("site.name", "site-name"),
    ("site.icp_number", "icp-number"),
    (".home_urls", "home-urls"),
    ("site.ips", "ips"),
    (".domain_cert", "domain-cert"),
    ("registrar.name", "registrar"),
    ("service.class", "class"),
    (".is_interactive", "interactive"),
];

/// The topic of the question at an address, if there is one.
pub fn topic_of(at: &str) -> Option<&'static str> {
    TOPICS.iter().find(|(end, _)| at.ends_with(end)).map(|(_, topic)| *topic)
}

/// Every topic once, in the order of the forms.
pub fn topics() -> Vec<&'static str> {
    let mut topics: Vec<_> = TOPICS.iter().map(|(_, topic)| *topic).collect();
    topics.dedup();
    topics
}

/// A question, and what is said at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    pub step: &'static str,
    pub section: &'static str,
    pub label: &'static str,
    /// The line at the question; empty where there is none.
    pub hint: &'static str,
    /// What 办事指南 says of it.
    pub topic: Option<&'static str>,
}

/// The question at an address (without the number of an item) of what a procedure asks or shows.
pub fn question(procedure: Procedure, at: &str) -> Option<Question> {
    let (section, key) = at.split_once('.')?;
    // The sheet of a cancellation shows what is cancelled, too.
    [procedure.form(), procedure.business.form()].into_iter().find_map(|form| {
        let found = form.section(section)?;
        let field = found.fields.iter().find(|field| field.key == key)?;
        let step = form.step_of(at).map_or("", |step| step.title);
        Some(Question {
            step,
            section: found.title,
            label: field.label,
            hint: field.hint,
            topic: topic_of(at),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Answers;
    use crate::business::Business;

    #[test]
    fn every_topic_is_about_a_question_that_is_asked() {
        let nothing = Answers::new();
        let places = Business::ALL.iter().flat_map(|business| business.form().places(&nothing));
        let asked: Vec<String> = places.map(|place| place.address()).collect();
        for (end, topic) in TOPICS {
            assert!(asked.iter().any(|at| topic_of(at) == Some(topic)), "{end} is asked nowhere");
        }
    }

    #[test]
    fn every_question_is_found_by_its_address_without_the_number_of_an_item() {
        let nothing = Answers::new();
        for procedure in Procedure::all() {
            for place in procedure.form().places(&nothing) {
                let at = format!("{}.{}", place.section.key, place.field.key);
                let found = question(procedure, &at);
                assert_eq!(found.map(|found| found.label), Some(place.field.label), "{at}");
            }
        }
        let site = Procedure::new(Business::Website, crate::action::Action::New);
        let name = question(site, "site.name");
        assert!(name.is_some_and(|name| name.topic == Some("site-name") && !name.step.is_empty()));
        assert_eq!((question(site, ""), question(site, "site.nothing")), (None, None));
    }

    #[test]
    fn a_question_that_only_ends_alike_has_no_topic() {
        assert_eq!(topic_of("principal.id_portrait"), Some("id-portrait"));
        assert_eq!(topic_of("isp.name"), None);
        assert_eq!(topic_of("app.icp_number"), None);
    }
}
