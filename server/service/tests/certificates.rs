//! What comes after the number (R38): whether the badge hangs on the site, what anybody reports of a number that is
//! misused, and how long filings are said to take.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use common::{World, claims};
use domain::badge::BadgeFinding;
use domain::business::Business;
use domain::view::*;
use futures::future::BoxFuture;
use service::network::{Outbound, Page};
use service::{Actor, Error, MisuseTold, PersonLimits};
use time::Duration;

claims![
    the_badge_is_looked_for_on_the_pages_of_the_website,
    a_page_that_does_not_answer_takes_nothing_back,
    without_a_way_out_the_persons_word_is_taken_and_called_one,
    nobody_looks_at_the_pages_of_others_or_without_end,
    a_report_reaches_the_officers_of_the_region_and_nobody_else,
    how_to_reach_whoever_reported_is_sealed_and_opened_for_a_purpose,
    one_address_and_one_record_take_so_many_reports,
    reports_at_once_are_counted_one_by_one,
    of_two_officers_one_deals_with_a_report,
    what_was_cancelled_can_be_reported_and_says_so,
    how_long_it_takes_is_told_when_there_is_something_to_tell,
];

const NUMBER: &str = "11010102000001";

/// A network whose pages can be exchanged.
struct Pages(Mutex<Result<Page, String>>);

impl Outbound for Pages {
    fn addresses<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, String>> {
        Box::pin(async { Ok(vec!["1.2.4.8".parse().unwrap()]) })
    }

    fn page<'a>(&'a self, url: &'a reqwest::Url) -> BoxFuture<'a, Result<Page, String>> {
        assert_eq!(url.as_str(), "https://www.example.cn/");
        Box::pin(async { self.0.lock().unwrap().clone() })
    }
}

impl Pages {
    fn show(&self, text: &str) {
        *self.0.lock().unwrap() = Ok(Page { status: 200, text: text.to_owned() });
    }
}

/// A website in force whose pages a network shows.
async fn with_pages(world: &mut World) -> (Actor, String, Arc<Pages>) {
    let pages = Arc::new(Pages(Mutex::new(Err("无法访问".to_owned()))));
    world.service = world.service.clone().with_outbound(Arc::clone(&pages) as Arc<dyn Outbound>);
    let actor = world.applicant(1).await;
    let (_, website) = world.in_force(&actor, "example.cn").await;
    (actor, website, pages)
}

async fn record(world: &World, actor: &Actor, website: &str) -> RecordView {
    world.service.records.record(actor, Business::Website, website).await.unwrap()
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Refused(refused)) => refused.sentence,
        other => panic!("{other:?}"),
    }
}

async fn the_badge_is_looked_for_on_the_pages_of_the_website(mut world: World) {
    let (actor, website, pages) = with_pages(&mut world).await;
    let checks = Arc::clone(&world.service.badge_checks);
    let before = record(&world, &actor, &website).await;
    assert_eq!((before.badge, before.badge_offer), (None, BadgeOffer { looks: true, declares: false }));
    assert!(refused(checks.declare_badge(&actor, &website).await).contains("检查一下"));

    pages.show("<p>欢迎</p>");
    assert!(checks.check_badge(&actor, &website).await.unwrap().contains("没有找到备案号"));
    let missing = record(&world, &actor, &website).await;
    let badge = missing.badge.unwrap();
    assert_eq!((badge.finding, badge.confirmed_at), (BadgeFinding::Missing, None));
    assert!(missing.badge_offer.declares, "a script may draw what the server does not see");

    world.later(Duration::minutes(5));
    pages.show(&format!("<a href=\"http://127.0.0.1:3000/r/{NUMBER}\">测公网安备{NUMBER}号</a>"));
    assert!(checks.check_badge(&actor, &website).await.unwrap().contains("公示地址的链接"));
    let seen = record(&world, &actor, &website).await.badge.unwrap();
    assert_eq!(seen.finding, BadgeFinding::Seen);
    assert_eq!(seen.confirmed_at.as_deref(), Some("2026-03-02 10:05"));
    assert_eq!(seen.checked_at, "2026-03-02 10:05");

    world.later(Duration::minutes(5));
    pages.show("另一家的 11010102000002");
    checks.check_badge(&actor, &website).await.unwrap();
    assert_eq!(record(&world, &actor, &website).await.badge.unwrap().confirmed_at, None, "it is gone");
    assert_eq!(
        checks.declare_badge(&actor, &website).await.unwrap(),
        "由您本人确认已挂标，平台检查时页面中没有找到备案号。"
    );
    let lines = "SELECT COUNT(*) FROM audit WHERE action IN ('badge.check', 'badge.declare')";
    assert_eq!(world.number(lines).await, 4);
}

async fn a_page_that_does_not_answer_takes_nothing_back(mut world: World) {
    let (actor, website, pages) = with_pages(&mut world).await;
    let checks = Arc::clone(&world.service.badge_checks);
    assert!(checks.check_badge(&actor, &website).await.unwrap().contains("未能访问"));
    pages.show(&format!("备案 {NUMBER}"));
    assert!(checks.check_badge(&actor, &website).await.unwrap().contains("请把备案号链接到公示地址"));
    world.later(Duration::days(1));
    *pages.0.lock().unwrap() = Ok(Page { status: 503, text: NUMBER.to_owned() });
    assert!(checks.check_badge(&actor, &website).await.unwrap().contains("503"));
    let badge = record(&world, &actor, &website).await.badge.unwrap();
    assert_eq!(badge.finding, BadgeFinding::Unreachable);
    assert_eq!(badge.confirmed_at.as_deref(), Some("2026-03-02 10:00"));
    assert_eq!(badge.checked_at, "2026-03-03 10:00");
}

async fn without_a_way_out_the_persons_word_is_taken_and_called_one(world: World) {
    let actor = world.applicant(1).await;
    let (subject, website) = world.in_force(&actor, "example.cn").await;
    let checks = &world.service.badge_checks;
    let offer = record(&world, &actor, &website).await.badge_offer;
    assert_eq!(offer, BadgeOffer { looks: false, declares: true });
    assert!(refused(checks.check_badge(&actor, &website).await).contains("我已挂标"));
    assert_eq!(
        checks.declare_badge(&actor, &website).await.unwrap(),
        "由您本人确认已挂标，平台没有自动检查。"
    );
    let badge = record(&world, &actor, &website).await.badge.unwrap();
    assert_eq!(badge.finding, BadgeFinding::Declared);
    assert!(badge.confirmed_at.is_some());
    // A subject has no number, so nothing to hang.
    assert!(refused(checks.declare_badge(&actor, &subject).await).contains("没有需要悬挂"));
}

async fn nobody_looks_at_the_pages_of_others_or_without_end(mut world: World) {
    let (actor, website, pages) = with_pages(&mut world).await;
    world.settings.limits = PersonLimits { badge_checks_per_hour: 2, ..PersonLimits::GENEROUS };
    world.service = world.restarted().await.with_outbound(pages);
    let checks = Arc::clone(&world.service.badge_checks);
    let other = world.applicant(2).await;
    for id in [website.as_str(), "01900000-0000-7000-8000-000000000000", "' OR 1=1", ""] {
        assert!(matches!(checks.check_badge(&other, id).await, Err(Error::NotFound)), "{id}");
        assert!(matches!(checks.declare_badge(&other, id).await, Err(Error::NotFound)), "{id}");
    }
    for _ in 0..2 {
        checks.check_badge(&actor, &website).await.unwrap();
    }
    assert!(matches!(checks.check_badge(&actor, &website).await, Err(Error::TooMany(1..=3600))));
    world.later(Duration::hours(1));
    checks.check_badge(&actor, &website).await.unwrap();
    world.execute(&format!("UPDATE record SET state = 'cancelled' WHERE id = '{website}'")).await;
    assert!(checks.check_badge(&actor, &website).await.is_err(), "what was cancelled has no badge");
    assert!(checks.declare_badge(&actor, &website).await.is_err());
}

fn told<'a>(text: &'a str, contact: &'a str) -> MisuseTold<'a> {
    MisuseTold { kind: "stolen", site: "http://copy.example/", text, contact }
}

async fn reports(world: &World, officer: &Actor, handled: bool) -> Vec<MisuseRow> {
    let request = MisuseRequest { handled, ..MisuseRequest::default() };
    world.service.misuse_desk.misuse_reports(officer, &request).await.unwrap().rows
}

async fn a_report_reaches_the_officers_of_the_region_and_nobody_else(world: World) {
    let owner = world.applicant(1).await;
    world.in_force(&owner, "example.cn").await;
    let text = "<img src=x onerror=alert(1)>盗用备案号";
    world.service.misuse_reports.report(NUMBER, "203.0.113.9", told(text, "")).await.unwrap();
    for unknown in ["11010102000002", "", "1", "' OR 1=1 --"] {
        let outcome = world.service.misuse_reports.report(unknown, "203.0.113.9", told(text, "")).await;
        assert!(matches!(outcome, Err(Error::NotFound)), "{unknown}: {outcome:?}");
    }
    let outcome = world.service.misuse_reports.report(NUMBER, "203.0.113.8", told("短", "")).await;
    assert!(matches!(outcome, Err(Error::Faults(faults)) if faults.len() == 1));
    assert!(!world.is_stored_in_the_open("onerror=alert").await, "what was told is sealed");
    assert!(!world.is_stored_in_the_open("203.0.113").await, "whence it came is not kept");

    let mut ids = Vec::new();
    for region in ["110101", "110100", "110000"] {
        let officer = world.officer(region).await;
        let rows = reports(&world, &officer, false).await;
        assert_eq!(rows.len(), 1, "{region}");
        assert_eq!((rows[0].text.as_str(), rows[0].digits.as_str()), (text, NUMBER));
        assert!(!rows[0].has_contact && rows[0].handled.is_none());
        assert_eq!(world.service.dashboards.dashboard(&officer).await.unwrap().reports, 1);
        ids.push(rows[0].id.clone());
    }
    for region in ["110102", "310000", "310101"] {
        let elsewhere = world.officer(region).await;
        assert!(reports(&world, &elsewhere, false).await.is_empty(), "{region}");
        assert_eq!(world.service.dashboards.dashboard(&elsewhere).await.unwrap().reports, 0);
        let desk = &world.service.misuse_desk;
        assert!(matches!(desk.handle_report(&elsewhere, &ids[0], "已核实处理").await, Err(Error::NotFound)));
        assert!(matches!(desk.look_at_contact(&elsewhere, &ids[0], "电话核实").await, Err(Error::NotFound)));
    }
    for actor in [owner, world.administrator().await] {
        let desk = &world.service.misuse_desk;
        assert!(matches!(
            desk.misuse_reports(&actor, &MisuseRequest::default()).await,
            Err(Error::Forbidden)
        ));
        assert!(matches!(desk.handle_report(&actor, &ids[0], "已核实处理").await, Err(Error::Forbidden)));
        assert!(matches!(desk.look_at_contact(&actor, &ids[0], "电话核实").await, Err(Error::Forbidden)));
    }
}

async fn how_to_reach_whoever_reported_is_sealed_and_opened_for_a_purpose(world: World) {
    let owner = world.applicant(1).await;
    world.in_force(&owner, "example.cn").await;
    world.service.misuse_reports.report(NUMBER, "a", told("盗用备案号", "13800001111")).await.unwrap();
    assert!(!world.is_stored_in_the_open("13800001111").await);
    let (officer, other) = (world.officer("110101").await, world.officer("110100").await);
    let row = reports(&world, &officer, false).await.remove(0);
    assert!(row.has_contact && row.contact.is_none(), "{row:?}");
    let desk = &world.service.misuse_desk;
    assert!(refused(desk.look_at_contact(&officer, &row.id, "看看").await).contains("目的"));
    let look = desk.look_at_contact(&officer, &row.id, "电话核实").await.unwrap();
    let shown = async |actor: &Actor, look| {
        let request = MisuseRequest { look, ..MisuseRequest::default() };
        desk.misuse_reports(actor, &request).await.unwrap().rows.remove(0).contact
    };
    assert_eq!(shown(&officer, Some(look)).await.as_deref(), Some("13800001111"));
    assert_eq!(shown(&other, Some(look)).await, None, "the look of another");
    assert_eq!(shown(&officer, Some(look - 1)).await, None);
    world.later(Duration::minutes(16));
    assert_eq!(shown(&officer, Some(look)).await, None, "too long ago");
}

async fn one_address_and_one_record_take_so_many_reports(mut world: World) {
    world.settings.limits = PersonLimits { reports_per_day: 2, ..PersonLimits::GENEROUS };
    world.service = world.restarted().await;
    let owner = world.applicant(1).await;
    world.in_force(&owner, "example.cn").await;
    for n in 2..=3 {
        let answers = world.website_answers(&owner, &format!("n{n}.cn")).await;
        let filing = world.file(&owner, "website_new", None, &answers).await;
        world.decide(&filing, Decision::Approve, "", &[]).await;
    }
    let report = async |serial: u32, source: &str| {
        let number = format!("{:014}", 11_010_102_000_000_u64 + u64::from(serial));
        world.service.misuse_reports.report(&number, source, told("盗用备案号", "")).await
    };
    report(1, "a").await.unwrap();
    assert!(refused(report(1, "a").await).contains("已经举报过"));
    report(2, "a").await.unwrap();
    assert!(matches!(report(3, "a").await, Err(Error::TooMany(86_400))));
    report(3, "b").await.unwrap();
    for n in 0..19 {
        report(1, &format!("flood {n}")).await.unwrap();
    }
    assert!(refused(report(1, "one more").await).contains("多份举报正在处理"));
    report(2, "one more").await.unwrap();
    let officer = world.officer("110101").await;
    let some = reports(&world, &officer, false).await;
    assert_eq!(some.len(), 20, "in pages");
    world.service.misuse_desk.handle_report(&officer, &some[5].id, "已核实处理").await.unwrap();
    world.later(Duration::days(1));
    report(3, "a").await.unwrap();
}

async fn reports_at_once_are_counted_one_by_one(world: World) {
    let owner = world.applicant(1).await;
    world.in_force(&owner, "example.cn").await;
    let report = |n: u32| {
        let service = world.service.clone();
        async move {
            service.misuse_reports.report(NUMBER, &format!("{}", n % 2), told("盗用备案号", "")).await
        }
    };
    let outcomes = futures::future::join_all((0..8).map(report)).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2, "{outcomes:?}");
    assert_eq!(world.number("SELECT COUNT(*) FROM misuse_report").await, 2);
}

async fn of_two_officers_one_deals_with_a_report(world: World) {
    let owner = world.applicant(1).await;
    world.in_force(&owner, "example.cn").await;
    world.service.misuse_reports.report(NUMBER, "a", told("盗用备案号", "")).await.unwrap();
    let (one, two) = (world.officer("110101").await, world.officer("110000").await);
    let id = reports(&world, &one, false).await.remove(0).id;
    let desk = &world.service.misuse_desk;
    assert!(matches!(desk.handle_report(&one, &id, "短").await, Err(Error::Faults(_))));
    let (first, second) = tokio::join!(
        desk.handle_report(&one, &id, "已通知接入商"),
        desk.handle_report(&two, &id, "已通知接入商")
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    assert!(reports(&world, &one, false).await.is_empty());
    let done = reports(&world, &one, true).await.remove(0).handled.unwrap();
    assert_eq!(
        (done.note.as_str(), done.by.as_str(), done.at.as_str()),
        ("已通知接入商", "审核员", "2026-03-02 10:00")
    );
    assert!(!world.is_stored_in_the_open("已通知接入商").await);
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE action = 'misuse.handle'").await, 1);

    // An officer's own record is for others.
    let answers = world.website_answers(&owner, "own.cn").await;
    let filing = world.file(&owner, "website_new", None, &answers).await;
    world.decide(&filing, Decision::Approve, "", &[]).await;
    world.service.misuse_reports.report("11010102000002", "a", told("盗用备案号", "")).await.unwrap();
    let id = reports(&world, &one, false).await.remove(0).id;
    world
        .execute(&format!("UPDATE record SET owner_id = '{}' WHERE business = 'subject'", one.person_id))
        .await;
    assert!(refused(desk.handle_report(&one, &id, "没有问题的").await).contains("本人"));
    desk.handle_report(&two, &id, "没有问题的").await.unwrap();
}

async fn what_was_cancelled_can_be_reported_and_says_so(world: World) {
    let owner = world.applicant(1).await;
    let (_, website) = world.in_force(&owner, "example.cn").await;
    let valid = world.service.lookup.public_record(NUMBER, None).await.unwrap();
    assert!(!valid.is_cancelled);
    assert_eq!(valid.checked_at, "2026-03-02 10:00");
    world
        .execute(&format!("UPDATE record SET state = 'cancelled', cancelled_at = 1 WHERE id = '{website}'"))
        .await;
    world.later(Duration::hours(1));
    let cancelled = world.service.lookup.public_record(NUMBER, None).await.unwrap();
    assert!(cancelled.is_cancelled);
    assert_eq!(cancelled.checked_at, "2026-03-02 11:00");
    let told = MisuseTold { kind: "cancelled", ..told("仍在悬挂备案号", "") };
    world.service.misuse_reports.report(NUMBER, "a", told).await.unwrap();
    let officer = world.officer("110101").await;
    assert!(reports(&world, &officer, false).await[0].is_cancelled);
}

async fn how_long_it_takes_is_told_when_there_is_something_to_tell(world: World) {
    let guide = async || world.service.guides.guide().await.unwrap();
    assert_eq!((guide().await.median_hours, guide().await.decisions), (None, 0));
    let owner = world.applicant(1).await;
    world.in_force(&owner, "example.cn").await;
    world.later(Duration::minutes(11));
    assert_eq!((guide().await.median_hours, guide().await.decisions), (None, 2), "too few to say");
    for n in 0..3 {
        let answers = world.website_answers(&owner, &format!("n{n}.cn")).await;
        let filing = world.file(&owner, "website_new", None, &answers).await;
        world.later(Duration::hours(5));
        world.decide(&filing, Decision::Approve, "", &[]).await;
    }
    let told = guide().await;
    assert_eq!((told.decisions, told.median_hours, told.p90_hours), (5, Some(5), Some(5)));
    let answers = world.website_answers(&owner, "later.cn").await;
    let filing = world.file(&owner, "website_new", None, &answers).await;
    world.decide(&filing, Decision::Approve, "", &[]).await;
    assert_eq!(guide().await, told, "kept for ten minutes");
    world.later(Duration::minutes(11));
    assert_eq!(guide().await.decisions, 6);
}
