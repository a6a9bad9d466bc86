//! How much one person may do in a while (finding 12).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use acts::{filed, save_of, saved};
use common::{World, claims, claims_of};
use domain::view::DraftHead;
use service::{Actor, Error, PersonLimits};
use time::Duration;

claims![
    one_person_files_so_many_an_hour_and_a_day,
    one_person_saves_so_often_and_keeps_so_many_drafts,
    who_unmasks_much_is_held_back_and_the_auditors_are_told,
    servers_count_together_and_what_is_over_is_forgotten,
];

const HERE: &str = "110101";

async fn with(mut world: World, limits: PersonLimits) -> World {
    world.settings.limits = limits;
    world.service = world.restarted().await;
    world
}

/// Drafts of websites that can be submitted, once there is a subject.
async fn websites(world: &World, actor: &Actor, count: usize) -> Vec<DraftHead> {
    let subject = world.subject_answers_person(actor).await;
    let draft = world.draft(actor, "subject_new", None, &subject).await;
    filed(world.submit(actor, &draft, "subject").await);
    let mut drafts = Vec::new();
    for number in 0..count {
        let answers = world.website_answers(actor, &format!("n{number}.cn")).await;
        drafts.push(world.draft(actor, "website_new", None, &answers).await);
    }
    drafts
}

/// Finding 12.
async fn one_person_files_so_many_an_hour_and_a_day(world: World) {
    let limits = PersonLimits { filings_per_hour: 3, filings_per_day: 4, ..PersonLimits::GENEROUS };
    let world = with(world, limits).await;
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let drafts = websites(&world, &actor, 5).await;
    let submit = async |number: usize| {
        let draft: &DraftHead = &drafts[number];
        let key = format!("key {number}");
        world.service.submissions.submit(&actor, &draft.id, draft.version, None, &key).await
    };
    for number in 0..2 {
        filed(submit(number).await.unwrap());
    }
    match submit(2).await {
        Err(Error::TooMany(seconds)) => assert!((1..=3600).contains(&seconds), "{seconds}"),
        other => panic!("{other:?}"),
    }
    // Asked again with the key of one that was filed, the answer is that filing, and counts for nothing.
    filed(submit(1).await.unwrap());
    assert_eq!(world.number("SELECT COUNT(*) FROM filing").await, 3, "nothing of it remains");
    websites(&world, &other, 0).await;

    world.later(Duration::hours(1));
    filed(submit(2).await.unwrap());
    assert!(matches!(submit(3).await, Err(Error::TooMany(3600..))), "the day has four");
    world.later(Duration::days(1));
    filed(submit(3).await.unwrap());
}

/// Finding 12.
async fn one_person_saves_so_often_and_keeps_so_many_drafts(world: World) {
    let limits = PersonLimits { saves_per_minute: 5, drafts: 2, ..PersonLimits::GENEROUS };
    let actor = world.applicant(1).await;
    // The subject first, as nobody is held back yet.
    websites(&world, &actor, 0).await;
    let world = with(world, limits).await;
    world.later(Duration::minutes(1));
    let answers = world.website_answers(&actor, "example.cn").await;
    let save = async |draft: Option<&DraftHead>| {
        let save = save_of("website_new", "site", draft, answers.clone());
        world.service.drafts.save_draft(&actor, &save).await
    };
    let mut draft = saved(save(None).await.unwrap());
    saved(save(None).await.unwrap());
    match save(None).await {
        Err(Error::Refused(refused)) => assert!(refused.sentence.contains("最多保存 2 份"), "{refused:?}"),
        other => panic!("{other:?}"),
    }
    for _ in 0..3 {
        draft = saved(save(Some(&draft)).await.unwrap());
    }
    assert!(matches!(save(Some(&draft)).await, Err(Error::TooMany(1..=60))));
    world.later(Duration::minutes(1));
    saved(save(Some(&draft)).await.unwrap());
}

/// Finding 12. V2.4.1.
async fn who_unmasks_much_is_held_back_and_the_auditors_are_told(world: World) {
    let limits = PersonLimits { unmaskings_per_hour: 4, unmaskings_told: 3, ..PersonLimits::GENEROUS };
    let world = with(world, limits).await;
    let (actor, officer) = (world.applicant(1).await, world.officer(HERE).await);
    let auditor = world.applicant(3).await;
    let (name, id_no) = (claims_of(3).name, claims_of(3).id_no);
    world.service.staff.appoint(&world.administrator().await, &name, &id_no, "auditor", "").await.unwrap();
    let subject = world.subject_answers_person(&actor).await;
    let filing = world.file(&actor, "subject_new", None, &subject).await;
    let website = world.website_answers(&actor, "example.cn").await;
    world.file(&actor, "website_new", None, &website).await;
    let look = async |purpose: &str| world.service.reviews.unmask(&officer, &filing, purpose).await;
    let told = async || world.service.notices.notices(&auditor, false, "").await.unwrap().rows;
    for no_purpose in ["", "x", "。。。。。。", "aaaaaaaaa"] {
        assert!(matches!(look(no_purpose).await, Err(Error::Refused(_))), "{no_purpose}");
    }
    for purpose in ["电话核实", "核对负责人的证件照片"] {
        let look = look(purpose).await.unwrap();
        assert!(world.service.reviews.review(&officer, &filing, Some(look)).await.unwrap().unmasked);
    }
    assert_eq!(told().await, []);
    look("核实地址").await.unwrap();
    look("核实地址").await.unwrap();
    let notices = told().await;
    assert_eq!(notices.len(), 1, "told once");
    assert!(notices[0].text.contains("达 3 次"), "{}", notices[0].text);
    assert!(notices[0].link.as_ref().unwrap().contains("filing.unmask"));
    assert!(matches!(look("核实地址").await, Err(Error::TooMany(1..=3600))));
    let lines = "SELECT COUNT(*) FROM audit WHERE action = 'filing.unmask'";
    assert_eq!(world.number(lines).await, 4, "a look that was refused is none");
    assert!(world.service.reviews.review(&officer, &filing, None).await.is_ok(), "masked it is still there");
}

/// Finding 21: limits per person are no server's own.
async fn servers_count_together_and_what_is_over_is_forgotten(world: World) {
    let limits = PersonLimits { saves_per_minute: 4, ..PersonLimits::GENEROUS };
    let world = with(world, limits).await;
    let beside = world.restarted().await;
    let actor = world.applicant(1).await;
    let answers = world.subject_answers_person(&actor).await;
    let save = save_of("subject_new", "form", None, answers);
    let mut draft = saved(world.service.drafts.save_draft(&actor, &save).await.unwrap());
    for server in [&world.service, &beside, &beside] {
        let save = save_of("subject_new", "form", Some(&draft), save.answers.clone());
        draft = saved(server.drafts.save_draft(&actor, &save).await.unwrap());
    }
    for server in [&world.service, &beside] {
        let save = save_of("subject_new", "form", Some(&draft), save.answers.clone());
        assert!(matches!(server.drafts.save_draft(&actor, &save).await, Err(Error::TooMany(_))));
    }
    // A clock that was set back locks nobody out.
    world.later(Duration::days(-2));
    let again = save_of("subject_new", "form", Some(&draft), save.answers.clone());
    saved(world.service.drafts.save_draft(&actor, &again).await.unwrap());

    world.later(Duration::days(5));
    assert!(world.number("SELECT COUNT(*) FROM usage").await > 0);
    assert!(world.service.jobs.sweep().await.usage > 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM usage").await, 0);
}
