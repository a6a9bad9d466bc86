//! The directories of R31 and what else administrators of the system keep: reasons, holidays; and that
//! nobody has two of the three administrations.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use acts::{save_of, saved};
use common::{World, claims, claims_of, id_number};
use domain::answer::Answers;
use domain::schema::{Directory, Fault};
use domain::view::*;
use service::{Actor, Error, ProviderEntry};

claims![
    a_directory_is_searched_by_area_and_by_part_of_a_name_or_brand,
    a_directory_is_paged_by_name,
    choosing_a_provider_fills_the_block_and_nothing_else,
    a_provider_abroad_comes_with_its_country,
    what_the_directory_does_not_offer_or_is_not_mine_cannot_be_chosen,
    what_applicants_type_waits_apart_until_it_is_decided_about,
    an_entry_that_cannot_stand_in_a_directory_is_refused_with_its_sentences,
    directories_reasons_and_holidays_are_kept_by_their_keeper_alone,
    reasons_are_added_worded_anew_and_taken_away,
    a_holiday_entered_goes_before_the_configured_one,
    nobody_has_two_of_the_three_administrations,
    the_software_brings_its_rows_once,
];

async fn keeper(world: &World) -> Actor {
    let administrator = world.administrator().await;
    let claims = claims_of(7_777);
    world.service.staff.appoint(&administrator, "维护员", &claims.id_no, "keeper", "").await.unwrap();
    world.sign_in(&claims).await
}

/// A draft of a website on its second step.
async fn site_draft(world: &World, actor: &Actor, answers: Answers) -> DraftHead {
    let subject = world.subject_answers_person(actor).await;
    world.file(actor, "subject_new", None, &subject).await;
    saved(
        world.service.drafts.save_draft(actor, &save_of("website_new", "site", None, answers)).await.unwrap(),
    )
}

async fn found(world: &World, actor: &Actor, draft: &DraftHead, search: ProviderSearch) -> Finder {
    let request = FormRequest {
        procedure: "website_new".to_owned(),
        step: "site".to_owned(),
        draft: Some(draft.id.clone()),
        find: Some(search),
        ..FormRequest::default()
    };
    world.service.drafts.form_view(actor, &request).await.unwrap().finder.unwrap()
}

fn search(section: &str, name: &str, area: &str) -> ProviderSearch {
    ProviderSearch {
        section: section.to_owned(),
        name: name.to_owned(),
        area: area.to_owned(),
        after: String::new(),
        is_asked: true,
    }
}

fn names(finder: &Finder) -> Vec<&str> {
    finder.page.rows.iter().map(|row| row.name.as_str()).collect()
}

fn told(error: Error) -> String {
    match error {
        Error::Refused(refused) => refused.sentence,
        Error::Faults(faults) => {
            faults.into_iter().map(|fault: Fault| fault.message).collect::<Vec<_>>().join(" ")
        }
        other => format!("{other:?}"),
    }
}

async fn a_directory_is_searched_by_area_and_by_part_of_a_name_or_brand(world: World) {
    world.service.directories.fill_directories().await.unwrap();
    let actor = world.applicant(1).await;
    let draft = site_draft(&world, &actor, Answers::new()).await;
    let look = |asked| found(&world, &actor, &draft, asked);
    let aliyun = "阿里云计算有限公司";
    assert_eq!(names(&look(search("isp", "阿里云", "330000")).await), [aliyun]);
    assert_eq!(names(&look(search("isp", "万网", "330000")).await), [aliyun], "by its brand");
    assert_eq!(names(&look(search("isp", "", "330000")).await), [aliyun], "without a name, all of the area");
    assert_eq!(names(&look(search("isp", "计算有限", "330106")).await), [aliyun], "elsewhere than asked");
    let elsewhere = look(search("isp", "阿里云", "440000")).await;
    assert!(elsewhere.is_elsewhere && names(&elsewhere) == [aliyun], "{elsewhere:?}");
    assert!(look(search("isp", "没有这一家", "330000")).await.page.rows.is_empty());
    assert_eq!(look(search("isp", "阿里云", "")).await.fault.as_deref(), Some("请选择所属地区"));
    assert_eq!(look(search("isp", "阿里云", "999999")).await.fault.as_deref(), Some("请选择所属地区"));
    // What is typed is no pattern.
    assert!(look(search("isp", "%", "330000")).await.page.rows.is_empty());
    // Each block has its own directory.
    assert!(names(&look(search("registrar", "GoDaddy", "US")).await).contains(&"GoDaddy.com, LLC"));
    assert!(look(search("isp", "GoDaddy", "US")).await.page.rows.is_empty());
}

async fn a_directory_is_paged_by_name(world: World) {
    let keeper = keeper(&world).await;
    for number in 0..45 {
        let name = format!("示例接入{number:02}有限公司");
        let entry =
            ProviderEntry { directory: "access", name: &name, place: "320100", ..ProviderEntry::default() };
        world.service.directories.keep_provider(&keeper, &entry).await.unwrap();
    }
    let actor = world.applicant(1).await;
    let draft = site_draft(&world, &actor, Answers::new()).await;
    let mut asked = search("isp", "示例接入", "320000");
    let mut all = Vec::new();
    loop {
        let finder = found(&world, &actor, &draft, asked.clone()).await;
        assert_eq!(finder.page.total, 45);
        all.extend(finder.page.rows.iter().map(|row| row.name.clone()));
        match finder.page.next {
            Some(after) => asked.after = after,
            None => break,
        }
    }
    assert_eq!(all.len(), 45);
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "{all:?}");
}

async fn choosing_a_provider_fills_the_block_and_nothing_else(world: World) {
    world.service.directories.fill_directories().await.unwrap();
    let actor = world.applicant(1).await;
    let typed = Answers::from([
        ("site.name", "示例站"),
        ("isp.name", "随手写的"),
        ("isp.phone", "01012345678"),
        ("isp.access_mode", "cloud"),
        ("registrar.name", "某某注册商"),
    ]);
    let draft = site_draft(&world, &actor, typed).await;
    let finder = found(&world, &actor, &draft, search("isp", "腾讯云", "110000")).await;
    let chosen = &finder.page.rows[0].id;
    let page =
        world.service.drafts.choose_provider(&actor, &draft.id, draft.version, "isp", chosen).await.unwrap();
    assert_eq!(page, format!("/website/new/site?draft={}", draft.id));
    let view = world.draft_form(&actor, "website_new", "site", &draft).await;
    for (at, text) in [
        ("isp.jurisdiction", "mainland"),
        ("isp.region", "110108"),
        ("isp.name", "腾讯云计算（北京）有限责任公司"),
        ("isp.phone", "4009100100"),
        ("isp.access_mode", "cloud"),
        ("registrar.name", "某某注册商"),
        ("site.name", "示例站"),
    ] {
        assert_eq!(view.answers.text(at), text, "{at}");
    }
    // The draft moved on: a second choice from the same page is told.
    let late = world.service.drafts.choose_provider(&actor, &draft.id, draft.version, "isp", chosen).await;
    assert!(told(late.unwrap_err()).contains("另一个窗口"));
    // Only the city of a provider is known; that is no fault.
    let finder = found(&world, &actor, &draft, search("isp", "阿里云", "330000")).await;
    let version = view.draft.unwrap().version;
    world
        .service
        .drafts
        .choose_provider(&actor, &draft.id, version, "isp", &finder.page.rows[0].id)
        .await
        .unwrap();
    let view = world.draft_form(&actor, "website_new", "site", &draft).await;
    assert_eq!(view.answers.text("isp.region"), "330100");
    assert!(!view.faults.iter().any(|fault| fault.at == "isp.region"), "{:?}", view.faults);
}

async fn a_provider_abroad_comes_with_its_country(world: World) {
    world.service.directories.fill_directories().await.unwrap();
    let actor = world.applicant(1).await;
    let typed = Answers::from([("registrar.region", "110101"), ("registrar.jurisdiction", "mainland")]);
    let draft = site_draft(&world, &actor, typed).await;
    let finder = found(&world, &actor, &draft, search("registrar", "cloudflare", "US")).await;
    assert_eq!(finder.page.rows[0].place, "境外 美国");
    let chosen = &finder.page.rows[0].id;
    world
        .service
        .drafts
        .choose_provider(&actor, &draft.id, draft.version, "registrar", chosen)
        .await
        .unwrap();
    let view = world.draft_form(&actor, "website_new", "site", &draft).await;
    assert_eq!(view.answers.text("registrar.jurisdiction"), "abroad");
    assert_eq!(view.answers.text("registrar.country"), "US");
    assert_eq!(view.answers.text("registrar.region"), "");
    assert_eq!(view.answers.text("registrar.name"), "Cloudflare, Inc.");
}

async fn what_the_directory_does_not_offer_or_is_not_mine_cannot_be_chosen(world: World) {
    world.service.directories.fill_directories().await.unwrap();
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let draft = site_draft(&world, &actor, Answers::new()).await;
    let finder = found(&world, &actor, &draft, search("isp", "阿里云", "330000")).await;
    let chosen = finder.page.rows[0].id.clone();
    let nobodys = "01900000-0000-7000-8000-000000000000";
    for (who, section, provider) in [
        (&other, "isp", chosen.as_str()),
        (&actor, "site", &chosen),
        (&actor, "registrar", &chosen),
        (&actor, "isp", nobodys),
        (&actor, "isp", "x"),
    ] {
        let outcome =
            world.service.drafts.choose_provider(who, &draft.id, draft.version, section, provider).await;
        assert!(matches!(outcome, Err(Error::NotFound)), "{section} {provider}: {outcome:?}");
    }
}

async fn what_applicants_type_waits_apart_until_it_is_decided_about(world: World) {
    let keeper = keeper(&world).await;
    world.service.directories.fill_directories().await.unwrap();
    let actor = world.applicant(1).await;
    // Its website names 某某云计算有限公司 and 某某域名注册有限公司, or whatever the samples say.
    world.in_force(&actor, "typed.cn").await;
    let waiting = world.service.directories.directory(&keeper, &DirectoryRequest::default()).await.unwrap();
    assert!(!waiting.rows.is_empty());
    let typed = waiting.rows.iter().find(|row| row.directory == Directory::Access).unwrap().clone();
    let draft = saved(
        world
            .service
            .drafts
            .save_draft(&actor, &save_of("website_new", "site", None, Answers::new()))
            .await
            .unwrap(),
    );
    let area = format!("{}0000", &typed.place_code[..2]);
    let asked = search("isp", &typed.name, &area);
    assert!(found(&world, &actor, &draft, asked.clone()).await.page.rows.is_empty(), "kept apart");

    // Joined with another, that one is found by it.
    world.service.directories.merge_provider(&keeper, &typed.id, "阿里云计算有限公司").await.unwrap();
    let finder = found(&world, &actor, &draft, asked).await;
    assert_eq!(names(&finder), ["阿里云计算有限公司"]);
    assert!(
        told(world.service.directories.merge_provider(&keeper, &typed.id, "没有").await.unwrap_err())
            .contains("完整名称")
    );

    // The next filing with this name does not ask again.
    world.in_force(&world.applicant(2).await, "again.cn").await;
    let waiting = world.service.directories.directory(&keeper, &DirectoryRequest::default()).await.unwrap();
    assert!(!waiting.rows.iter().any(|row| row.name == typed.name && row.directory == Directory::Access));

    // Taken in, it is offered; decided against, it is not.
    let other = waiting.rows.iter().find(|row| row.directory == Directory::Registrar).unwrap().clone();
    let entry = ProviderEntry {
        id: Some(&other.id),
        directory: "registrar",
        name: &other.name,
        aliases: "品牌甲",
        place: "110000",
        phone: "4001234567",
    };
    world.service.directories.keep_provider(&keeper, &entry).await.unwrap();
    let finder = found(&world, &actor, &draft, search("registrar", "品牌甲", "110000")).await;
    assert_eq!(names(&finder), [other.name.as_str()]);
    world.service.directories.drop_provider(&keeper, &other.id).await.unwrap();
    assert!(
        found(&world, &actor, &draft, search("registrar", "品牌甲", "110000")).await.page.rows.is_empty()
    );
    assert_eq!(world.service.audit_chain.verify_audit().await.unwrap().first_bad, None);
}

async fn an_entry_that_cannot_stand_in_a_directory_is_refused_with_its_sentences(world: World) {
    let keeper = keeper(&world).await;
    let bad =
        ProviderEntry { directory: "x", name: "a", place: "1", phone: "12", ..ProviderEntry::default() };
    let sentences = told(world.service.directories.keep_provider(&keeper, &bad).await.unwrap_err());
    for label in ["名录：", "名称：", "所属地区：", "电话："] {
        assert!(sentences.contains(label), "{label} {sentences}");
    }
    let good =
        ProviderEntry {
            directory: "access", name: "示例接入", place: "110000", ..ProviderEntry::default()
        };
    world.service.directories.keep_provider(&keeper, &good).await.unwrap();
    assert!(
        told(world.service.directories.keep_provider(&keeper, &good).await.unwrap_err()).contains("已有")
    );
}

async fn directories_reasons_and_holidays_are_kept_by_their_keeper_alone(world: World) {
    let others = [world.applicant(1).await, world.officer("110000").await, world.administrator().await];
    for actor in &others {
        let service = &world.service;
        let entry = ProviderEntry::default();
        let outcomes = [
            service.directories.directory(actor, &DirectoryRequest::default()).await.err(),
            service.directories.keep_provider(actor, &entry).await.err(),
            service.directories.merge_provider(actor, "x", "y").await.err(),
            service.directories.drop_provider(actor, "x").await.err(),
            service.canned_reasons.reason_list(actor).await.err(),
            service.canned_reasons.keep_reason(actor, None, "名称", "意见意见意见").await.err(),
            service.canned_reasons.drop_reason(actor, "x").await.err(),
            service.holidays.holiday_list(actor).await.err(),
            service.holidays.keep_holiday(actor, "2026-05-01", false, "劳动节").await.err(),
            service.holidays.drop_holiday(actor, "2026-05-01").await.err(),
        ];
        for (number, outcome) in outcomes.iter().enumerate() {
            assert!(matches!(outcome, Some(Error::Forbidden)), "{number}: {outcome:?}");
        }
    }
}

async fn reasons_are_added_worded_anew_and_taken_away(world: World) {
    world.service.canned_reasons.fill_reasons().await.unwrap();
    let keeper = keeper(&world).await;
    let service = &world.service;
    let before = service.canned_reasons.reason_list(&keeper).await.unwrap();
    assert_eq!(before.len(), 19);
    service.canned_reasons.keep_reason(&keeper, None, "新的意见", "请补充说明材料。").await.unwrap();
    let added = service.canned_reasons.reason_list(&keeper).await.unwrap().pop().unwrap();
    assert_eq!(added.title, "新的意见");
    service
        .canned_reasons
        .keep_reason(&keeper, Some(&added.id), "改过的意见", "请补充两份说明材料。")
        .await
        .unwrap();
    let rows = service.canned_reasons.reason_list(&keeper).await.unwrap();
    assert_eq!((rows.len(), rows.last().unwrap().text.as_str()), (20, "请补充两份说明材料。"));
    service.canned_reasons.drop_reason(&keeper, &added.id).await.unwrap();
    assert_eq!(service.canned_reasons.reason_list(&keeper).await.unwrap(), before);
    assert!(matches!(service.canned_reasons.drop_reason(&keeper, &added.id).await, Err(Error::NotFound)));
    let sentences = told(service.canned_reasons.keep_reason(&keeper, None, "", "短").await.unwrap_err());
    assert!(sentences.contains("名称：") && sentences.contains("意见："), "{sentences}");
}

async fn a_holiday_entered_goes_before_the_configured_one(world: World) {
    use service::calendar::SpecialDay;
    use time::macros::date;
    let keeper = keeper(&world).await;
    let service = &world.service;
    let configured = [SpecialDay { day: date!(2026 - 10 - 01), is_working: false, name: "国庆节".into() }];
    service.holidays.take_holidays(&configured).await.unwrap();
    service.holidays.keep_holiday(&keeper, "2026-10-01", true, "照常上班").await.unwrap();
    service.holidays.take_holidays(&configured).await.unwrap();
    let rows = service.holidays.holiday_list(&keeper).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].is_working && !rows[0].is_configured);
    service.holidays.drop_holiday(&keeper, "2026-10-01").await.unwrap();
    service.holidays.take_holidays(&configured).await.unwrap();
    assert!(service.holidays.holiday_list(&keeper).await.unwrap()[0].is_configured);
    assert!(matches!(service.holidays.drop_holiday(&keeper, "2026-10-01").await, Err(Error::NotFound)));
    for (day, name) in [("2026-02-30", "不存在"), ("", "没有日期"), ("2026-10-02", "")] {
        assert!(
            matches!(service.holidays.keep_holiday(&keeper, day, false, name).await, Err(Error::Faults(_))),
            "{day}"
        );
    }
}

/// GB/T 22239 level 3
async fn nobody_has_two_of_the_three_administrations(world: World) {
    let administrator = world.administrator().await;
    let number = id_number("110101", 6_001);
    let service = &world.service;
    let give = |role: &'static str| {
        let number = number.clone();
        let administrator = administrator.clone();
        async move { service.staff.appoint(&administrator, "某某", &number, role, "110101").await }
    };
    give("keeper").await.unwrap();
    for role in ["administrator", "auditor"] {
        assert!(told(give(role).await.unwrap_err()).contains("不同人员"), "{role}");
    }
    give("reviewer").await.unwrap();
    let keeper_row = service.staff.staff_list(&administrator).await.unwrap();
    let keeper_row = keeper_row.iter().find(|row| row.role == domain::role::StaffRole::Keeper).unwrap();
    service.staff.dismiss(&administrator, &keeper_row.id).await.unwrap();
    give("auditor").await.unwrap();
}

async fn the_software_brings_its_rows_once(world: World) {
    let keeper = keeper(&world).await;
    let service = &world.service;
    service.directories.fill_directories().await.unwrap();
    service.canned_reasons.fill_reasons().await.unwrap();
    let seed = DirectoryRequest { source: "seed".to_owned(), ..DirectoryRequest::default() };
    let first = service.directories.directory(&keeper, &seed).await.unwrap();
    service.directories.drop_provider(&keeper, &first.rows[0].id).await.unwrap();
    service
        .canned_reasons
        .drop_reason(&keeper, &service.canned_reasons.reason_list(&keeper).await.unwrap()[0].id)
        .await
        .unwrap();
    let again = world.restarted().await;
    again.directories.fill_directories().await.unwrap();
    again.canned_reasons.fill_reasons().await.unwrap();
    assert_eq!(again.directories.directory(&keeper, &seed).await.unwrap().total, first.total - 1);
    assert_eq!(again.canned_reasons.reason_list(&keeper).await.unwrap().len(), 18);
}
