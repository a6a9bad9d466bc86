#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use domain::view::{Decision, QueueRequest};

use super::*;
use crate::common::*;

claims![
    an_individual_is_found_by_whole_name_or_number_only,
    a_search_for_a_person_is_one_line_without_what_was_typed,
    a_changed_individual_is_found_by_what_each_filing_says,
    filings_from_before_get_their_keys,
    a_search_for_a_person_reads_no_table_whole,
];

const HERE: &str = "110101";
const NAME: &str = "孙丙丁";
const NUMBER: &str = "11010519491231002X";

fn of(search: &str) -> QueueRequest {
    QueueRequest { state: "all".to_owned(), search: search.to_owned(), ..QueueRequest::default() }
}

/// What an officer is shown who types this into 搜索 and presses 查询.
async fn found(world: &World, officer: &Actor, typed: &str) -> usize {
    let is_person = world.service.queues.search_person(officer, typed).await.unwrap();
    let request = of(if is_person { SOUGHT_PERSON } else { typed });
    world.service.queues.queue(officer, &request).await.unwrap().rows.len()
}

#[test]
fn a_person_is_told_from_a_unit_a_number_and_a_domain() {
    for (text, expected) in [
        ("赵无脚", Some(Sought::Name)),
        (" 赵 无脚 ", Some(Sought::Name)),
        ("阿凡提·买买提江", Some(Sought::Name)),
        ("JOHN SMITH", Some(Sought::Name)),
        ("110101199003070011", Some(Sought::IdNumber)),
        ("11010119900307123x", Some(Sought::IdNumber)),
        ("E12345678", Some(Sought::IdNumber)),
        ("某某科技有限公司", None),
        ("赵", None),
        ("BA20260302000017", None),
        ("11010102000017", None),
        ("www.example.cn", None),
        ("91350203M0009ABC59", None),
        ("", None),
    ] {
        assert_eq!(sought(text), expected, "{text}");
    }
}

/// A subject that is a person, and its website, both waiting.
async fn filed(world: &World, n: u32, domain: &str) -> (Actor, String) {
    let actor = world.applicant(n).await;
    let subject = world.subject_answers_person(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    let website = world.website_answers(&actor, domain).await;
    world.file(&actor, "website_new", None, &website).await;
    (actor, subject)
}

async fn an_individual_is_found_by_whole_name_or_number_only(world: World) {
    filed(&world, 1, "example.cn").await;
    let officer = world.officer(HERE).await;
    for typed in [NAME, " 孙 丙丁 ", NUMBER, "11010519491231002x", " 110105 19491231 002X "] {
        assert_eq!(found(&world, &officer, typed).await, 2, "{typed}");
    }
    for typed in ["孙丙", "丙丁", "孙丙丁丁", "110105194912310", "110105194912310021"] {
        assert_eq!(found(&world, &officer, typed).await, 0, "{typed}");
    }
    // Whose region it is not sees nobody.
    let elsewhere = world.officer("310101").await;
    for typed in [NAME, NUMBER] {
        assert_eq!(found(&world, &elsewhere, typed).await, 0, "{typed}");
    }
    // What one officer looks for, another does not find; and without the search the word alone finds nobody.
    let colleague = world.officer("110000").await;
    let asked = world.service.queues.queue(&colleague, &of(SOUGHT_PERSON)).await.unwrap();
    assert!(asked.rows.is_empty());
    assert!(world.service.queues.queue(&officer, &of(NAME)).await.unwrap().rows.is_empty());
    // A unit's name may begin with somebody's.
    let owner = world.applicant(2).await;
    let unit = world.put_subject(&owner, "孙丙丁公司", "active", HERE).await;
    world.execute(&format!("UPDATE filing SET subject_key = '孙丙丁公司' WHERE id = (SELECT MAX(id) FROM filing) AND '{unit}' <> ''")).await;
    assert_eq!(found(&world, &officer, NAME).await, 2, "each once");
    // Half an hour later the name is kept no more.
    found(&world, &officer, NAME).await;
    world.later(time::Duration::minutes(31));
    assert!(world.service.queues.queue(&officer, &of(SOUGHT_PERSON)).await.unwrap().rows.is_empty());
    assert!(!world.is_stored_in_the_open(NUMBER).await);
}

async fn a_search_for_a_person_is_one_line_without_what_was_typed(world: World) {
    filed(&world, 1, "example.cn").await;
    let officer = world.officer(HERE).await;
    let lines = "SELECT COUNT(*) FROM audit WHERE action = 'filing.search_person' AND detail = '{}' AND object_id = ''";
    for (typed, after) in
        [(NAME, 1), (NUMBER, 2), ("110101199003070011", 3), ("某某科技有限公司", 3), ("example.cn", 3)]
    {
        found(&world, &officer, typed).await;
        assert_eq!(world.number(lines).await, after, "{typed}");
    }
    let applicant = world.applicant(1).await;
    assert!(world.service.queues.search_person(&applicant, NAME).await.is_err());
    assert!(!world.is_stored_in_the_open(NAME).await);
}

async fn a_changed_individual_is_found_by_what_each_filing_says(world: World) {
    let applicant = world.applicant(1).await;
    let (subject, _) = world.in_force(&applicant, "example.cn").await;
    let officer = world.officer(HERE).await;
    assert_eq!(found(&world, &officer, NAME).await, 2);
    let other = world.website_answers(&applicant, "example.com").await;
    world.file(&applicant, "website_new", None, &other).await;
    let mut change = world.subject_answers_person(&applicant).await;
    change.set_text("principal.name", "孙丙午");
    let change = world.file(&applicant, "subject_change", Some(&subject), &change).await;
    assert_eq!(found(&world, &officer, "孙丙午").await, 1, "the change itself");
    assert_eq!(found(&world, &officer, NUMBER).await, 4);
    world.decide(&change, Decision::Approve, "", &[]).await;
    assert_eq!(found(&world, &officer, "孙丙午").await, 2, "what still waits follows its subject");
    assert_eq!(found(&world, &officer, NAME).await, 2, "what was decided says what it said");
}

async fn filings_from_before_get_their_keys(world: World) {
    filed(&world, 1, "example.cn").await;
    let owner = world.applicant(2).await;
    let unit = world.subject_answers_unit(&owner).await;
    world.file(&owner, "subject_new", None, &unit).await;
    let officer = world.officer(HERE).await;
    let before = "UPDATE filing SET person_name_hash = '', person_id_no_hash = ''";
    assert_eq!(world.execute(before).await, 3);
    assert_eq!(found(&world, &officer, NUMBER).await, 0);
    let again = world.restarted().await;
    assert_eq!(again.comparison_keys.fill_comparison_keys().await.unwrap(), 3);
    assert_eq!(again.comparison_keys.fill_comparison_keys().await.unwrap(), 0, "once");
    assert_eq!(found(&world, &officer, NUMBER).await, 2);
    assert_eq!(found(&world, &officer, NAME).await, 2);
    assert_eq!(
        world.number("SELECT COUNT(*) FROM filing WHERE person_name_hash IS NULL").await,
        1,
        "the unit"
    );
}

async fn a_search_for_a_person_reads_no_table_whole(world: World) {
    let officer = world.officer("110000").await;
    world.many_filings(&officer, 50, 60).await;
    world
        .execute(
            "UPDATE filing SET person_name_hash = NULL, person_id_no_hash = NULL WHERE claimed_by IS NULL",
        )
        .await;
    world
        .execute(
            "UPDATE filing SET person_name_hash = id, person_id_no_hash = id WHERE claimed_by IS NOT NULL",
        )
        .await;
    world.execute("ANALYZE").await;
    for typed in ["某某", NUMBER] {
        world.service.queues.search_person(&officer, typed).await.unwrap();
        let text = comparison_key(typed);
        let name = Search::Name { hash: name_hash(&world.keys, typed), beginning: text };
        for search in [name, world.service.queues.sought_person(&officer).await.unwrap()] {
            let mut filter = world.service.queues.filter_of(&officer, &of("")).await.unwrap();
            filter.search = Some(search);
            let backend = world.backend();
            for query in [filter.page(&filter.order, None, 20, backend), filter.count(backend)] {
                let plan = world.plan(&query).await;
                for whole in ["SCAN filing", "Seq Scan on filing"] {
                    assert!(!plan.contains(whole), "{plan}");
                }
            }
        }
    }
}
