//! The questions that are answered wrong most (`domain.md` 2.8), and where 办事指南 says how to answer them.

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
    fn a_question_that_only_ends_alike_has_no_topic() {
        assert_eq!(topic_of("principal.id_portrait"), Some("id-portrait"));
        assert_eq!(topic_of("isp.name"), None);
        assert_eq!(topic_of("app.icp_number"), None);
    }
}
