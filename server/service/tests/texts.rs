//! Texts from outside on both databases: names are found and held against each other in one form, and what
//! no database takes or nobody sees never gets that far.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::too_many_lines)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use acts::{save_of, saved};
use common::{World, claims, claims_of};
use domain::answer::Answers;
use domain::business::Business;
use domain::schema::Directory;
use domain::view::*;
use service::{Actor, Error, ProviderEntry};

claims![
    a_name_is_looked_up_however_it_is_written,
    a_part_of_a_name_finds_what_is_called_so_now,
    the_queue_is_searched_however_a_name_is_written,
    the_same_name_written_otherwise_is_the_same_name,
    a_directory_has_a_name_once_however_it_is_written,
    what_no_database_takes_is_taken_out_at_the_door,
    a_draft_loses_what_nobody_sees_and_nothing_else,
    rows_from_before_the_keys_get_theirs,
    a_domain_that_looks_like_another_is_put_to_the_officer,
    an_odd_licence_is_filed_and_doubted,
];

/// A unit's website in force, named so.
async fn site_named(world: &World, n: u32, unit: &str, site: &str, domain: &str) -> Actor {
    let actor = world.applicant(n).await;
    let mut subject = world.subject_answers_unit(&actor).await;
    subject.set_text("unit.name", unit);
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    let mut website = world.website_answers(&actor, domain).await;
    website.set_text("site.name", site);
    let website = world.file(&actor, "website_new", None, &website).await;
    world.decide(&subject, Decision::Approve, "", &[]).await;
    world.decide(&website, Decision::Approve, "", &[]).await;
    actor
}

/// B10, case V3.
async fn a_name_is_looked_up_however_it_is_written(world: World) {
    site_named(&world, 1, "北京⽅⼤科技（集团）有限公司", "ABC网站（示例）", "example.cn").await;
    for typed in [
        "ABC网站",
        "abc网",
        "ＡＢＣ网站",
        "aBc 网站(示例)",
        "\u{202d}abc网站\u{202c}",
        "abc\0网站\u{200b}",
        "bc网站（",
        "网站(示",
        "北京方大科技(集团)",
        "⽅⼤科技",
        "科技（集团",
    ] {
        let found = world.service.lookup.lookup(typed).await.unwrap();
        assert_eq!(found.len(), 1, "{typed:?}");
        assert_eq!(found[0].name, "ABC网站（示例）");
        assert_eq!(found[0].owner_name, "北京方大科技（集团）有限公司", "kept with the unified characters");
    }
    for typed in ["abc%", "_bc网站", "网", "网\0\u{200b}", "\0\0", "ABD网"] {
        assert!(world.service.lookup.lookup(typed).await.unwrap().is_empty(), "{typed:?}");
    }
}

/// Findings, review 2.8.
async fn a_part_of_a_name_finds_what_is_called_so_now(world: World) {
    let long = "一个名称相当长而且后半部分才说明用途的示例网站商城";
    let actor = site_named(&world, 1, "北京某某网络科技有限公司", long, "example.cn").await;
    let found = async |typed: &str| world.service.lookup.lookup(typed).await.unwrap().len();
    for typed in ["商城", "长而且后", "称相当长而且后半部分才说明用途的示例网站", "某某网络", "有限公司"]
    {
        assert_eq!(found(typed).await, 1, "{typed}");
    }
    assert_eq!(found("称相当长而且后半部分才说明用途的别的").await, 0, "longer than what the index keeps");

    let record =
        world.service.records.records(&actor, Business::Website, "").await.unwrap().rows[0].id.clone();
    let mut answers = world.website_answers(&actor, "example.cn").await;
    answers.set_text("site.name", "改过的名字");
    let change = world.file(&actor, "website_change", Some(&record), &answers).await;
    assert_eq!((found("过的名").await, found("商城").await), (0, 1), "not in force yet");
    world.decide(&change, Decision::Approve, "", &[]).await;
    assert_eq!((found("过的名").await, found("商城").await), (1, 0));

    let subject = world.service.records.my_subject(&actor).await.unwrap().unwrap().row.id;
    let mut answers = world.subject_answers_unit(&actor).await;
    answers.set_text("unit.name", "北京另一家有限公司");
    let change = world.file(&actor, "subject_change", Some(&subject), &answers).await;
    world.decide(&change, Decision::Approve, "", &[]).await;
    assert_eq!((found("另一家").await, found("网络科技").await), (1, 0), "by its owner");

    // What is in nobody's answer any more is in no index.
    let person = world.applicant(2).await;
    world.in_force(&person, "example.com").await;
    assert_eq!(
        world
            .number("SELECT COUNT(*) FROM name_suffix WHERE suffix LIKE '%孙%' OR suffix LIKE '%商城%'")
            .await,
        0
    );
}

async fn the_queue_is_searched_however_a_name_is_written(world: World) {
    let actor = world.applicant(1).await;
    let mut subject = world.subject_answers_unit(&actor).await;
    subject.set_text("unit.name", "北京ＡＢＣ（示例）有限公司");
    world.file(&actor, "subject_new", None, &subject).await;
    let mut website = world.website_answers(&actor, "example.cn").await;
    website.set_text("site.name", "Ünal·示例网");
    world.file(&actor, "website_new", None, &website).await;
    let officer = world.officer("110101").await;
    for (typed, count) in [
        ("北京abc(示例)", 2),
        ("北京ＡＢＣ", 2),
        ("北京 ABC\0（示例", 2),
        ("u\u{308}nal•示例", 1),
        ("ÜNAL・", 1),
        ("示例网", 0),
        ("\u{10ffff}", 0),
    ] {
        let request = QueueRequest { search: typed.to_owned(), ..QueueRequest::default() };
        let found = world.service.queues.queue(&officer, &request).await.unwrap();
        assert_eq!(found.rows.len(), count, "{typed:?}");
        assert_eq!(found.total, count as u64, "{typed:?}");
    }
    // A subject that takes another name is found under that one.
    let rename = "北京⽅⼤有限公司";
    let subject_filing =
        world.number("SELECT COUNT(*) FROM filing WHERE subject_key = '北京abc(示例)有限公司'").await;
    assert_eq!(subject_filing, 2);
    assert!(
        world
            .service
            .queues
            .queue(&officer, &QueueRequest { search: rename.to_owned(), ..QueueRequest::default() })
            .await
            .unwrap()
            .rows
            .is_empty()
    );
}

/// What the machine says of a filing under this title.
async fn checked(world: &World, filing: &str, title: &str) -> MachineCheck {
    let officer = world.officer("110101").await;
    let view = world.service.reviews.review(&officer, filing, None).await.unwrap();
    view.checks.into_iter().find(|check| check.title == title).expect(title)
}

async fn the_same_name_written_otherwise_is_the_same_name(world: World) {
    site_named(&world, 1, "北京方大（示例）有限公司", "ABC网站", "example.cn").await;
    let actor = world.applicant(2).await;
    let mut subject = world.subject_answers_unit(&actor).await;
    subject.set_text("unit.name", "北京⽅⼤(示例)有限公司");
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    let mut website = world.website_answers(&actor, "example.net").await;
    website.set_text("site.name", "ａｂｃ 网站");
    let website = world.file(&actor, "website_new", None, &website).await;
    let same_unit = checked(&world, &subject, "同一单位重复备案").await;
    assert!(!same_unit.passed, "{same_unit:?}");
    let same_name = checked(&world, &website, "其他主体的同名业务").await;
    assert!(!same_name.passed, "{same_name:?}");
}

async fn keeper(world: &World) -> Actor {
    let administrator = world.administrator().await;
    let claims = claims_of(7_777);
    world.service.staff.appoint(&administrator, "维护员", &claims.id_no, "keeper", "").await.unwrap();
    world.sign_in(&claims).await
}

async fn a_directory_has_a_name_once_however_it_is_written(world: World) {
    let keeper = keeper(&world).await;
    let entry = |name: &'static str, aliases: &'static str| ProviderEntry {
        directory: "access",
        name,
        aliases,
        place: "110101",
        ..ProviderEntry::default()
    };
    let service = &world.service;
    service
        .directories
        .keep_provider(&keeper, &entry("DNSPod（北京）有限公司", "Ｄnspod云 万网"))
        .await
        .unwrap();
    for twin in ["dnspod(北京)有限公司", "ＤＮＳＰｏｄ（北京） 有限公司"] {
        let refused = service.directories.keep_provider(&keeper, &entry(twin, "")).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Refused(refused) if refused.sentence.contains("名录中已有")),
            "{refused:?}"
        );
    }
    for typed in ["dnspod(北", "DNSPOD云", "ｄnspod", "万 网", "\0万网"] {
        let request = DirectoryRequest {
            source: "kept".to_owned(),
            name: typed.to_owned(),
            ..DirectoryRequest::default()
        };
        assert_eq!(service.directories.directory(&keeper, &request).await.unwrap().total, 1, "{typed:?}");
    }
    // An approved filing that names it in another form brings nothing new.
    let actor = world.applicant(1).await;
    let subject = world.subject_answers_unit(&actor).await;
    let subject = world.file(&actor, "subject_new", None, &subject).await;
    let mut website = world.website_answers(&actor, "example.cn").await;
    website.set_text("isp.name", "dnspod(北京)有限公司");
    let website = world.file(&actor, "website_new", None, &website).await;
    world.decide(&subject, Decision::Approve, "", &[]).await;
    world.decide(&website, Decision::Approve, "", &[]).await;
    let typed = DirectoryRequest { source: "typed".to_owned(), ..DirectoryRequest::default() };
    let typed = service.directories.directory(&keeper, &typed).await.unwrap();
    assert!(typed.rows.iter().all(|row| row.directory != Directory::Access), "{typed:?}");
    // Joined by a name in another form.
    service.directories.keep_provider(&keeper, &entry("示例接入有限公司", "")).await.unwrap();
    let request = DirectoryRequest {
        source: "kept".to_owned(),
        name: "示例接入".to_owned(),
        ..DirectoryRequest::default()
    };
    let other = service.directories.directory(&keeper, &request).await.unwrap().rows[0].id.clone();
    service.directories.merge_provider(&keeper, &other, " dnspod(北京)有限公司").await.unwrap();
    let found = service.directories.directory(&keeper, &request).await.unwrap();
    assert_eq!(found.rows[0].name, "DNSPod（北京）有限公司", "found under both names");
}

/// B11: whatever is typed where, it is an answer or a sentence, and never the database that fails.
async fn what_no_database_takes_is_taken_out_at_the_door(world: World) {
    let actor = site_named(&world, 1, "北京某某有限公司", "某某网站", "example.cn").await;
    let officer = world.officer("110101").await;
    let administrator = world.administrator().await;
    let keeper = keeper(&world).await;
    let auditor = {
        let claims = claims_of(6_666);
        world.service.staff.appoint(&administrator, "审计员", &claims.id_no, "auditor", "").await.unwrap();
        world.sign_in(&claims).await
    };
    let service = &world.service;
    let fine = |what: &str, error: Option<Error>| {
        if let Some(error @ (Error::Database(_) | Error::Corrupt(_) | Error::Store(_))) = error {
            panic!("{what}: {error}");
        }
    };
    for bad in [
        "\0",
        "某\0某",
        "%00",
        "\u{1}\u{7f}",
        "\u{202e}\u{feff}",
        "\u{fffd}\u{e000}",
        "\u{10ffff}",
        "'\\\"%_",
    ] {
        fine("lookup", service.lookup.lookup(bad).await.err());
        fine("public_record", service.lookup.public_record(bad, Some(bad)).await.err());
        fine("public_record", service.lookup.public_record("11010102000001", Some(bad)).await.err());
        for part in ["state", "procedure", "region", "claimed_by", "age", "search", "sort", "after"] {
            let request =
                QueueRequest::read(|name| if name == part { bad.to_owned() } else { String::new() });
            fine(part, service.queues.queue(&officer, &request).await.err());
            fine(part, service.queues.neighbours(&officer, bad, &request).await.err());
            fine(part, service.reviews.queue_desk(&officer, &request).await.err());
        }
        // Past the address, as the server function takes it.
        let request =
            QueueRequest { search: bad.to_owned(), claimed_by: bad.to_owned(), ..QueueRequest::default() };
        fine("queue", service.queues.queue(&officer, &request).await.err());
        fine("claim_next", service.filing_claims.claim_next(&officer, &request).await.err());
        let request = AuditRequest {
            action: bad.to_owned(),
            object: bad.to_owned(),
            person: bad.to_owned(),
            since: bad.to_owned(),
            until: bad.to_owned(),
            after: bad.to_owned(),
        };
        fine("audit_log", service.audit_log.audit_log(&auditor, &request).await.err());
        let request = DirectoryRequest { source: bad.to_owned(), name: bad.to_owned(), after: String::new() };
        fine("directory", service.directories.directory(&keeper, &request).await.err());
        let request = DirectoryRequest { after: bad.to_owned(), ..request };
        fine("directory", service.directories.directory(&keeper, &request).await.err());
        let entry =
            ProviderEntry { id: None, directory: "access", name: bad, aliases: bad, place: bad, phone: bad };
        fine("keep_provider", service.directories.keep_provider(&keeper, &entry).await.err());
        fine("merge_provider", service.directories.merge_provider(&keeper, bad, bad).await.err());
        fine("keep_reason", service.canned_reasons.keep_reason(&keeper, None, bad, bad).await.err());
        fine("keep_holiday", service.holidays.keep_holiday(&keeper, "2026-05-01", false, bad).await.err());
        fine("drop_holiday", service.holidays.drop_holiday(&keeper, bad).await.err());
        fine("want", service.job_leases.want(&keeper, bad).await.err());
        fine("handovers", service.handovers.handovers(&actor, bad, bad, bad).await.err());
        fine("filings", service.filings.filings(&actor, bad, bad, bad).await.err());
        fine("filings", service.filings.filings(&actor, "", bad, "").await.err());
        fine("filings", service.filings.filings(&actor, "", "", bad).await.err());
        fine("drafts", service.drafts.drafts(&actor, bad, "").await.err());
        fine("drafts", service.drafts.drafts(&actor, "", bad).await.err());
        fine("records", service.records.records(&actor, Business::Website, bad).await.err());
        fine("notices", service.notices.notices(&actor, false, bad).await.err());
        fine("claims_held", service.filing_claims.claims_held(&administrator, bad).await.err());
        fine("save_view", service.saved_views.save_view(&officer, bad, "state=open").await.err());
        fine("appoint", service.staff.appoint(&administrator, bad, bad, bad, bad).await.err());
        fine("submit", service.submissions.submit(&actor, bad, 1, Some(bad), bad).await.err());
        fine("switch_subject", service.accounts.switch_subject(&actor, bad).await.err());
        let claims =
            service::Claims { name: format!("赵{bad}"), sub: format!("sub-1{bad}"), ..claims_of(1) };
        fine("sign_in", service.accounts.sign_in(&claims, bad).await.err());
        for step in ["site", bad] {
            let answers = Answers::from([("site.name", bad), ("site.main_domain", bad), (bad, bad)]);
            let save = save_of("website_new", step, None, answers);
            fine("save_draft", service.drafts.save_draft(&actor, &save).await.err());
            fine("stash_step", service.drafts.stash_step(&actor, &save, &[]).await.err());
        }
    }
    let mut website = world.website_answers(&actor, "example.net").await;
    website.set_text("site.name", "某某\0网站");
    let filing = world.file(&actor, "website_new", None, &website).await;
    service.filing_claims.claim(&officer, &filing).await.unwrap();
    fine("unmask", service.reviews.unmask(&officer, &filing, "核\0对").await.err());
    fine("take_over", service.filing_claims.take_over(&administrator, &filing, "调\0岗").await.err());
}

/// R12, B11: a draft takes anything; what it lacks afterwards nobody saw.
async fn a_draft_loses_what_nobody_sees_and_nothing_else(world: World) {
    let actor = site_named(&world, 1, "北京某某有限公司", "某某网站", "example.cn").await;
    for (typed, kept) in [
        ("某\0某\u{7}公司", "某某公司"),
        ("\u{202d}某某\u{202c}公司", "某某公司"),
        ("⽅⼤", "方大"),
        ("  某某\u{3000}公司 ", "  某某\u{3000}公司 "),
        ("某\u{e000}\u{fffd}", "某\u{e000}\u{fffd}"),
        ("<b>'\"%_\\", "<b>'\"%_\\"),
    ] {
        let save = save_of("website_new", "site", None, Answers::from([("site.name", typed)]));
        let head = saved(world.service.drafts.save_draft(&actor, &save).await.unwrap());
        let form = world.draft_form(&actor, "website_new", "site", &head).await;
        assert_eq!(form.answers.text("site.name"), kept, "{typed:?}");
        world.service.drafts.delete_draft(&actor, &head.id).await.unwrap();
    }
}

async fn rows_from_before_the_keys_get_theirs(world: World) {
    site_named(&world, 1, "北京ＡＢＣ有限公司", "ABC（示例）网站", "example.cn").await;
    let keeper = keeper(&world).await;
    let entry = ProviderEntry {
        directory: "access",
        name: "示例（接入）公司",
        aliases: "ＡＢ",
        place: "110101",
        ..ProviderEntry::default()
    };
    world.service.directories.keep_provider(&keeper, &entry).await.unwrap();
    for sql in [
        "UPDATE record SET title_key = ''",
        "UPDATE filing SET title_key = '', subject_key = ''",
        "UPDATE provider SET name_key = '', aliases_key = ''",
        "DELETE FROM name_suffix",
    ] {
        assert!(world.execute(sql).await > 0);
    }
    assert!(world.service.lookup.lookup("abc(示例)").await.unwrap().is_empty());
    let again = world.restarted().await;
    assert!(again.comparison_keys.fill_comparison_keys().await.unwrap() >= 5);
    assert_eq!(again.comparison_keys.fill_comparison_keys().await.unwrap(), 0, "once");
    assert_eq!(again.lookup.lookup("abc(示例)").await.unwrap().len(), 1);
    let officer = world.officer("110101").await;
    let request =
        QueueRequest { state: "all".to_owned(), search: "北京abc".to_owned(), ..QueueRequest::default() };
    assert_eq!(again.queues.queue(&officer, &request).await.unwrap().rows.len(), 2);
    let request =
        DirectoryRequest { source: "kept".to_owned(), name: "ab".to_owned(), ..DirectoryRequest::default() };
    assert_eq!(again.directories.directory(&keeper, &request).await.unwrap().total, 1);
}

/// Case V11: the Cyrillic letters of аррӏе are shown for what they are.
async fn a_domain_that_looks_like_another_is_put_to_the_officer(world: World) {
    let actor = world.applicant(1).await;
    let subject = world.subject_answers_unit(&actor).await;
    world.file(&actor, "subject_new", None, &subject).await;
    let mut website = world.website_answers(&actor, "аррӏе.com").await;
    website.set("site.home_urls", domain::answer::Answer::Many(vec!["https://www.аррӏе.com/".to_owned()]));
    let filing = world.file(&actor, "website_new", None, &website).await;
    let doubt = checked(&world, &filing, "域名易混淆").await;
    assert!(!doubt.passed && doubt.evidence.contains("形似 apple.com"), "{doubt:?}");
    let officer = world.officer("110101").await;
    let view = world.service.reviews.review(&officer, &filing, None).await.unwrap();
    let sheet = serde_json::to_string(&view.sheet).unwrap();
    assert!(sheet.contains("аррӏе.com（xn--80ak6aa92e.com）"), "{sheet}");
}

/// Case V1.
async fn an_odd_licence_is_filed_and_doubted(world: World) {
    let actor = world.applicant(1).await;
    let mut subject = world.subject_answers_unit(&actor).await;
    subject.set_text("unit.cert_no", "\u{202d}91350203M0009ABC59\u{202c}");
    let filing = world.file(&actor, "subject_new", None, &subject).await;
    let website = world.website_answers(&actor, "example.cn").await;
    world.file(&actor, "website_new", None, &website).await;
    let officer = world.officer("110101").await;
    let view = world.service.reviews.review(&officer, &filing, None).await.unwrap();
    let doubt = view.checks.iter().find(|check| check.evidence.contains("91350203M0009ABC59")).unwrap();
    assert!(!doubt.passed && doubt.evidence.contains("校验码"), "{doubt:?}");
}
