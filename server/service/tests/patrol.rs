//! 需核查: filings in force are looked at quietly, what is found twice is put to the officers of the region, and what
//! becomes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use common::{World, claims};
use domain::business::Business;
use domain::patrol::{PatrolFault, PatrolState};
use domain::view::*;
use futures::future::BoxFuture;
use service::network::{Outbound, Page};
use service::{Actor, Error};
use time::Duration;
use tokio::sync::Semaphore;

claims![
    one_failed_look_is_no_finding_and_the_second_one_is_for_the_officers_of_the_region,
    the_number_is_looked_for_when_its_thirty_days_are_over,
    a_domain_that_leads_elsewhere_and_a_paper_that_ended_are_found,
    who_is_told_has_thirty_days_and_is_told_when_it_is_right_again,
    who_does_nothing_is_overdue_and_stands_on_top,
    who_has_filed_a_change_is_not_overdue_while_it_is_under_way,
    what_an_officer_calls_right_is_not_found_again_until_it_was_right_once,
    an_officer_asks_for_another_look,
    two_servers_never_do_the_same_look,
    what_changes_while_it_is_looked_at_is_looked_at_anew,
    a_host_is_asked_once_a_day_whoever_stands_on_it,
    what_is_cancelled_is_done_with,
    nobody_is_asked_where_the_operator_does_not_say_so,
    of_two_officers_one_tells_the_applicant,
];

const NUMBER: &str = "11010102000001";

/// A network with one page and one address, which counts what it is asked.
struct Net {
    page: Mutex<Result<Page, String>>,
    address: Mutex<Result<IpAddr, String>>,
    asked: Mutex<Vec<String>>,
    /// Pages come one after the other through it.
    gate: Semaphore,
}

impl Outbound for Net {
    fn addresses<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, String>> {
        Box::pin(async { self.address.lock().unwrap().clone().map(|address| vec![address]) })
    }

    fn page<'a>(&'a self, url: &'a reqwest::Url) -> BoxFuture<'a, Result<Page, String>> {
        self.asked.lock().unwrap().push(url.to_string());
        Box::pin(async {
            let _through = self.gate.acquire().await;
            self.page.lock().unwrap().clone()
        })
    }
}

impl Net {
    fn new() -> Arc<Self> {
        Arc::new(Net {
            page: Mutex::new(Err("无法访问".to_owned())),
            address: Mutex::new(Ok("114.114.114.114".parse().unwrap())),
            asked: Mutex::default(),
            gate: Semaphore::new(1),
        })
    }

    fn show(&self, status: u16, text: &str) {
        *self.page.lock().unwrap() = Ok(Page { status, text: text.to_owned() });
    }

    fn leads_to(&self, address: &str) {
        *self.address.lock().unwrap() = Ok(address.parse().unwrap());
    }

    fn times_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// A website in force, long enough for its badge, and a network.
async fn on_patrol(world: &mut World) -> (Actor, String, Arc<Net>) {
    let net = Net::new();
    world.service = world.service.clone().with_patrol(Arc::clone(&net) as Arc<dyn Outbound>);
    let owner = world.applicant(1).await;
    let (_, website) = world.in_force(&owner, "example.cn").await;
    world.later(Duration::days(31));
    (owner, website, net)
}

/// As many rounds as there is something to look at.
async fn look(world: &World) -> usize {
    let mut looked = 0;
    loop {
        match world.service.patrols.look_around().await.unwrap() {
            0 => return looked,
            some => looked += some,
        }
    }
}

/// The first look, and the second one more than a day later.
async fn look_twice(world: &World) {
    look(world).await;
    world.later(Duration::days(2));
    look(world).await;
}

async fn page(world: &World, actor: &Actor, state: &str) -> PatrolPage {
    let request = PatrolRequest { state: state.to_owned(), ..PatrolRequest::default() };
    world.service.patrol_desk.patrol_page(actor, &request).await.unwrap()
}

async fn the_one(world: &World, actor: &Actor, state: &str) -> PatrolRow {
    let mut rows = page(world, actor, state).await.rows;
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

async fn record(world: &World, owner: &Actor, website: &str) -> RecordView {
    world.service.records.record(owner, Business::Website, website).await.unwrap()
}

async fn newest_notice(world: &World, owner: &Actor) -> NoticeRow {
    world.service.notices.notices(owner, false, "").await.unwrap().rows.remove(0)
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Refused(refused)) => refused.sentence,
        other => panic!("{other:?}"),
    }
}

async fn one_failed_look_is_no_finding_and_the_second_one_is_for_the_officers_of_the_region(
    mut world: World,
) {
    let (owner, website, net) = on_patrol(&mut world).await;
    let officer = world.officer("110101").await;
    assert_eq!(look(&world).await, 2, "the website and its subject");
    assert_eq!(page(&world, &officer, "").await.rows, []);
    world.later(Duration::hours(23));
    assert_eq!(look(&world).await, 0, "not within the day");
    world.later(Duration::hours(8));
    assert_eq!(look(&world).await, 1);
    let row = the_one(&world, &officer, "").await;
    assert_eq!(
        (row.state, row.number.as_str(), row.name.as_str()),
        (PatrolState::Open, "测公网安备11010102000001号", "某某企业官网")
    );
    assert_eq!(row.seen.iter().map(|seen| seen.fault).collect::<Vec<_>>(), [PatrolFault::Unreachable]);
    assert_eq!(row.seen[0].told, "https://www.example.cn/ 无法访问。");
    assert_eq!(world.service.dashboards.dashboard(&officer).await.unwrap().to_check, 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE action = 'patrol.find'").await, 1);
    assert_eq!(net.times_asked(), 2);

    // The province sees it, others do not, and nothing was told to anybody.
    for region in ["110000", "110100"] {
        assert_eq!(page(&world, &world.officer(region).await, "").await.total, 1, "{region}");
    }
    let elsewhere = world.officer("310000").await;
    assert_eq!(page(&world, &elsewhere, "").await.total, 0);
    let desk = &world.service.patrol_desk;
    for id in [row.id.as_str(), "01900000-0000-7000-8000-000000000000", "' OR 1=1", ""] {
        assert!(matches!(desk.notify_applicant(&elsewhere, id).await, Err(Error::NotFound)), "{id}");
        assert!(matches!(desk.look_again(&elsewhere, id).await, Err(Error::NotFound)), "{id}");
        assert!(matches!(desk.dismiss(&elsewhere, id, "没有问题的").await, Err(Error::NotFound)), "{id}");
        assert!(matches!(desk.dismiss(&elsewhere, id, "").await, Err(Error::NotFound)), "{id}");
    }
    let chosen = PatrolRequest { finding: row.id.clone(), ..PatrolRequest::default() };
    assert!(matches!(desk.patrol_page(&elsewhere, &chosen).await, Err(Error::NotFound)));
    for nobody in [owner.clone(), world.administrator().await] {
        assert!(matches!(desk.patrol_page(&nobody, &chosen).await, Err(Error::Forbidden)));
        assert!(matches!(desk.notify_applicant(&nobody, &row.id).await, Err(Error::Forbidden)));
        assert!(matches!(desk.dismiss(&nobody, &row.id, "").await, Err(Error::Forbidden)));
    }
    assert_eq!(record(&world, &owner, &website).await.patrol, None);
    // Found by number and domain, kept by its kind.
    for (search, fault, found) in [
        (NUMBER, "", 1),
        ("example.cn", "unreachable", 1),
        ("example.cn", "no_badge", 0),
        ("example.org", "", 0),
        ("%", "", 0),
    ] {
        let request =
            PatrolRequest { search: search.to_owned(), fault: fault.to_owned(), ..PatrolRequest::default() };
        let page = desk.patrol_page(&officer, &request).await.unwrap();
        assert_eq!((page.rows.len(), page.total), (found, found as u64), "{search} {fault}");
    }
}

async fn the_number_is_looked_for_when_its_thirty_days_are_over(mut world: World) {
    let net = Net::new();
    world.service = world.service.clone().with_patrol(Arc::clone(&net) as Arc<dyn Outbound>);
    let owner = world.applicant(1).await;
    world.in_force(&owner, "example.cn").await;
    let officer = world.officer("110101").await;
    net.show(200, "<p>欢迎</p>");
    look_twice(&world).await;
    world.later(Duration::days(20));
    look(&world).await;
    assert_eq!(page(&world, &officer, "").await.total, 0, "there is time left");
    world.later(Duration::days(20));
    look_twice(&world).await;
    let row = the_one(&world, &officer, "").await;
    assert_eq!(row.seen[0].fault, PatrolFault::NoBadge);
    assert!(row.seen[0].told.contains(NUMBER), "{}", row.seen[0].told);

    // A page that lets nobody look says neither that it is down nor that it is right.
    for status in [403, 429] {
        net.show(status, "");
        world.later(Duration::days(20));
        look(&world).await;
        assert_eq!(the_one(&world, &officer, "").await.seen[0].fault, PatrolFault::NoBadge, "{status}");
    }
    net.show(200, &format!("测公网安备{NUMBER}号"));
    world.later(Duration::days(20));
    look(&world).await;
    assert_eq!(page(&world, &officer, "").await.total, 0);
    assert_eq!(the_one(&world, &officer, "resolved").await.closed.unwrap().by, "");
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE action = 'patrol.resolve'").await, 1);
}

async fn a_domain_that_leads_elsewhere_and_a_paper_that_ended_are_found(mut world: World) {
    let (_, _, net) = on_patrol(&mut world).await;
    let officer = world.officer("110101").await;
    net.show(200, NUMBER);
    net.leads_to("1.2.4.8");
    look_twice(&world).await;
    let row = the_one(&world, &officer, "").await;
    assert_eq!(row.seen[0].fault, PatrolFault::Moved);
    assert!(row.seen[0].told.contains("www.example.cn 解析到 1.2.4.8，不在所填IP中"), "{}", row.seen[0].told);
    // Addresses of the operator's own network are told to nobody.
    net.leads_to("10.1.2.3");
    world.later(Duration::days(20));
    look(&world).await;
    let told = the_one(&world, &officer, "").await.seen[0].told.clone();
    assert!(told.contains("没有解析到公网地址") && !told.contains("10.1.2.3"), "{told}");

    net.leads_to("114.114.114.114");
    world.later(Duration::days(20));
    look(&world).await;
    assert_eq!(page(&world, &officer, "").await.total, 0);
    world.later(Duration::days(365 * 5));
    look_twice(&world).await;
    let row = the_one(&world, &officer, "").await;
    assert_eq!(row.seen[0].fault, PatrolFault::Expired);
    assert_eq!(row.seen[0].told, "网站应急联络人：证件有效期 2030-12-31，已过有效期。");
}

async fn who_is_told_has_thirty_days_and_is_told_when_it_is_right_again(mut world: World) {
    let (owner, website, net) = on_patrol(&mut world).await;
    let officer = world.officer("110101").await;
    look_twice(&world).await;
    let row = the_one(&world, &officer, "").await;
    let desk = &world.service.patrol_desk;
    desk.notify_applicant(&officer, &row.id).await.unwrap();
    assert!(refused(desk.notify_applicant(&officer, &row.id).await).contains("已经通知过"));
    let row = the_one(&world, &officer, "").await;
    assert_eq!((row.state, row.due_on.as_deref()), (PatrolState::Notified, Some("2026-05-04")));
    assert_eq!(row.notified.unwrap().by, "审核员");
    let notice = newest_notice(&world, &owner).await;
    assert!(
        notice.text.contains("“某某企业官网”，发现：网站无法访问。请在 2026-05-04 前"),
        "{}",
        notice.text
    );
    assert_eq!(notice.link.as_deref(), Some(format!("/mine/website/{website}").as_str()));
    let told = record(&world, &owner, &website).await.patrol.unwrap();
    assert_eq!((told.due_on.as_str(), told.is_overdue, told.filed), ("2026-05-04", false, None));
    assert_eq!(told.seen, row.seen);
    assert_eq!(
        world.service.dashboards.dashboard(&officer).await.unwrap().to_check,
        0,
        "it waits for another"
    );

    net.show(200, NUMBER);
    world.later(Duration::days(20));
    look(&world).await;
    assert_eq!(record(&world, &owner, &website).await.patrol, None);
    let text = newest_notice(&world, &owner).await.text;
    assert!(text.contains("已撤销，无需再处理"), "{text}");
    assert!(refused(desk.dismiss(&officer, &row.id, "没有问题的").await).contains("已恢复正常"));
    assert_eq!(world.service.patrols.settle().await.unwrap(), 0);
}

async fn who_does_nothing_is_overdue_and_stands_on_top(mut world: World) {
    let (owner, website, _net) = on_patrol(&mut world).await;
    let answers = world.website_answers(&owner, "another.cn").await;
    let filing = world.file(&owner, "website_new", None, &answers).await;
    world.decide(&filing, Decision::Approve, "", &[]).await;
    let officer = world.officer("110101").await;
    look_twice(&world).await;
    let rows = page(&world, &officer, "").await.rows;
    assert_eq!(rows.len(), 2);
    let desk = &world.service.patrol_desk;
    let mine = rows.iter().find(|row| row.digits == NUMBER).unwrap();
    desk.notify_applicant(&officer, &mine.id).await.unwrap();
    assert_eq!(page(&world, &officer, "").await.rows[1].id, mine.id, "who was told stands last");
    world.later(Duration::days(30));
    assert_eq!(world.service.patrols.settle().await.unwrap(), 0, "the last day is theirs");
    world.later(Duration::days(1));
    assert_eq!(world.service.patrols.settle().await.unwrap(), 1);
    assert_eq!(world.service.patrols.settle().await.unwrap(), 0);
    let first = page(&world, &officer, "").await.rows.remove(0);
    assert_eq!((first.id.as_str(), first.state), (mine.id.as_str(), PatrolState::Overdue));
    assert!(record(&world, &owner, &website).await.patrol.unwrap().is_overdue);
    assert!(newest_notice(&world, &owner).await.text.contains("已超过 2026-05-04 的期限"));
    assert_eq!(page(&world, &officer, "overdue").await.total, 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE action = 'patrol.overdue'").await, 1);
}

async fn who_has_filed_a_change_is_not_overdue_while_it_is_under_way(mut world: World) {
    let (owner, website, net) = on_patrol(&mut world).await;
    let officer = world.officer("110101").await;
    net.show(200, NUMBER);
    net.leads_to("1.2.4.8");
    look_twice(&world).await;
    let row = the_one(&world, &officer, "").await;
    world.service.patrol_desk.notify_applicant(&officer, &row.id).await.unwrap();
    world.later(Duration::days(3));
    let mut answers = world.change_form(&owner, "website_change", Some(&website)).await.answers;
    answers.set("site.ips", domain::answer::Answer::Many(vec!["1.2.4.8".to_owned()]));
    let change = world.file(&owner, "website_change", Some(&website), &answers).await;
    let row = the_one(&world, &officer, "").await;
    assert_eq!(
        row.filings.iter().map(|filing| (filing.id.as_str(), filing.verb.as_str())).collect::<Vec<_>>(),
        [(change.as_str(), "变更")]
    );
    assert_eq!(record(&world, &owner, &website).await.patrol.unwrap().filed.unwrap().id, change);
    world.later(Duration::days(40));
    assert!(look(&world).await > 0);
    world.service.patrols.settle().await.unwrap();
    assert_eq!(the_one(&world, &officer, "").await.state, PatrolState::Notified, "it is under way");
    world.later(Duration::hours(25));
    world.decide(&change, Decision::Approve, "", &[]).await;
    // What came into force is looked at soon, and nothing is said of it before.
    assert_eq!(world.service.patrols.settle().await.unwrap(), 1);
    assert_eq!(the_one(&world, &officer, "").await.state, PatrolState::Notified);
    assert_eq!(look(&world).await, 1);
    assert_eq!(page(&world, &officer, "").await.total, 0);
    assert!(newest_notice(&world, &owner).await.text.contains("已撤销"));
    assert_eq!(record(&world, &owner, &website).await.patrol, None);
}

async fn what_an_officer_calls_right_is_not_found_again_until_it_was_right_once(mut world: World) {
    let (owner, website, net) = on_patrol(&mut world).await;
    let officer = world.officer("110101").await;
    look_twice(&world).await;
    let id = the_one(&world, &officer, "").await.id;
    let desk = &world.service.patrol_desk;
    assert!(matches!(desk.dismiss(&officer, &id, "短").await, Err(Error::Faults(_))));
    let request = PatrolRequest { finding: id.clone(), check: true, ..PatrolRequest::default() };
    let chosen = desk.patrol_page(&officer, &request).await.unwrap().chosen.unwrap();
    assert_eq!(chosen.reason, "短", "what was typed is kept");
    assert!(chosen.fault.unwrap().message.contains("理由"));
    desk.dismiss(&officer, &id, "已电话核实，机房搬迁中").await.unwrap();
    assert!(!world.is_stored_in_the_open("机房搬迁中").await);
    let row = the_one(&world, &officer, "done").await;
    assert_eq!(row.closed.unwrap().reason, "已电话核实，机房搬迁中");
    assert!(refused(desk.notify_applicant(&officer, &id).await).contains("无需处理"));
    assert_eq!(record(&world, &owner, &website).await.patrol, None);
    for _ in 0..3 {
        world.later(Duration::days(20));
        assert!(look(&world).await > 0);
    }
    assert_eq!(page(&world, &officer, "").await.total, 0, "it was called right");
    net.show(200, NUMBER);
    world.later(Duration::days(20));
    look(&world).await;
    net.show(500, NUMBER);
    world.later(Duration::days(20));
    look_twice(&world).await;
    assert!(the_one(&world, &officer, "").await.seen[0].told.contains("500"));
}

async fn an_officer_asks_for_another_look(mut world: World) {
    let (_, _, net) = on_patrol(&mut world).await;
    let officer = world.officer("110101").await;
    look_twice(&world).await;
    let row = the_one(&world, &officer, "").await;
    assert!(!row.is_look_asked);
    net.show(200, NUMBER);
    world.service.patrol_desk.look_again(&officer, &row.id).await.unwrap();
    assert!(the_one(&world, &officer, "").await.is_look_asked);
    assert_eq!(look(&world).await, 0, "its host was asked today");
    world.later(Duration::hours(26));
    assert_eq!(look(&world).await, 1);
    assert_eq!(page(&world, &officer, "").await.total, 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE action = 'patrol.look_again'").await, 1);
}

async fn two_servers_never_do_the_same_look(mut world: World) {
    let (owner, _, net) = on_patrol(&mut world).await;
    for n in 0..6 {
        let answers = world.website_answers(&owner, &format!("n{n}.cn")).await;
        let filing = world.file(&owner, "website_new", None, &answers).await;
        world.decide(&filing, Decision::Approve, "", &[]).await;
    }
    let other = world.restarted().await.with_patrol(Arc::clone(&net) as Arc<dyn Outbound>);
    let mut looked = 0;
    for _ in 0..8 {
        let (one, two) = tokio::join!(world.service.patrols.look_around(), other.patrols.look_around());
        looked += one.unwrap() + two.unwrap();
    }
    assert_eq!(looked, 8, "seven websites and their subject");
    let mut asked = net.asked.lock().unwrap().clone();
    asked.sort();
    let times = asked.len();
    asked.dedup();
    assert_eq!((asked.len(), times), (7, 7));
}

async fn what_changes_while_it_is_looked_at_is_looked_at_anew(mut world: World) {
    let (owner, website, net) = on_patrol(&mut world).await;
    let officer = world.officer("110101").await;
    net.show(200, NUMBER);
    net.leads_to("1.2.4.8");
    look(&world).await;
    world.later(Duration::days(2));
    let mut answers = world.change_form(&owner, "website_change", Some(&website)).await.answers;
    answers.set("site.ips", domain::answer::Answer::Many(vec!["1.2.4.8".to_owned()]));
    let change = world.file(&owner, "website_change", Some(&website), &answers).await;

    let held = net.gate.acquire().await.unwrap();
    let service = world.service.clone();
    let looking = tokio::spawn(async move { service.patrols.look_around().await.unwrap() });
    while net.times_asked() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    world.decide(&change, Decision::Approve, "", &[]).await;
    drop(held);
    looking.await.unwrap();
    assert_eq!(page(&world, &officer, "").await.total, 0, "what was wrong is not in force any more");
    world.later(Duration::days(2));
    assert_eq!(look(&world).await, 1);
    assert_eq!(page(&world, &officer, "").await.total, 0);
}

async fn a_host_is_asked_once_a_day_whoever_stands_on_it(mut world: World) {
    let (owner, _, net) = on_patrol(&mut world).await;
    let mut answers = world.website_answers(&owner, "shared.cn").await;
    answers.set_text("site.has_own_domain", "no");
    answers.remove("site.main_domain");
    for path in ["a", "b", "c"] {
        answers
            .set("site.home_urls", domain::answer::Answer::Many(vec![format!("https://shared.cn/{path}/")]));
        let filing = world.file(&owner, "website_new", None, &answers).await;
        world.decide(&filing, Decision::Approve, "", &[]).await;
    }
    let on_it = || net.asked.lock().unwrap().iter().filter(|url| url.contains("shared.cn")).count();
    for day in 1..=3 {
        look(&world).await;
        assert_eq!(on_it(), day);
        world.later(Duration::hours(23));
        look(&world).await;
        assert_eq!(on_it(), day, "within the day");
        world.later(Duration::hours(3));
    }
}

async fn what_is_cancelled_is_done_with(mut world: World) {
    let (_, website, _net) = on_patrol(&mut world).await;
    let officer = world.officer("110101").await;
    look_twice(&world).await;
    assert_eq!(page(&world, &officer, "").await.total, 1);
    world.execute(&format!("UPDATE record SET state = 'cancelled' WHERE id = '{website}'")).await;
    assert_eq!(world.service.patrols.settle().await.unwrap(), 1);
    assert_eq!(page(&world, &officer, "").await.total, 0);
    assert_eq!(the_one(&world, &officer, "ended").await.state, PatrolState::Ended);
    world.later(Duration::days(60));
    assert_eq!(look(&world).await, 1, "only the subject is looked at");
}

async fn nobody_is_asked_where_the_operator_does_not_say_so(world: World) {
    let owner = world.applicant(1).await;
    world.in_force(&owner, "example.cn").await;
    world.later(Duration::days(60));
    assert_eq!(world.service.patrols.look_around().await.unwrap(), 0);
    let officer = world.officer("110101").await;
    assert!(!page(&world, &officer, "").await.is_on);
    let id = "01900000-0000-7000-8000-000000000000";
    assert!(refused(world.service.patrol_desk.look_again(&officer, id).await).contains("没有开启"));
}

async fn of_two_officers_one_tells_the_applicant(mut world: World) {
    let (owner, website, _net) = on_patrol(&mut world).await;
    let (one, two) = (world.officer("110101").await, world.officer("110000").await);
    look_twice(&world).await;
    let id = the_one(&world, &one, "").await.id;
    let desk = &world.service.patrol_desk;
    let before = world.service.notices.notices(&owner, false, "").await.unwrap().total;
    let (first, second) = tokio::join!(desk.notify_applicant(&one, &id), desk.notify_applicant(&two, &id));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    assert_eq!(world.service.notices.notices(&owner, false, "").await.unwrap().total, before + 1);
    assert!(record(&world, &owner, &website).await.patrol.is_some());
    // What was told and is called right is taken back in so many words.
    desk.dismiss(&two, &id, "已电话核实，正在改版").await.unwrap();
    assert!(newest_notice(&world, &owner).await.text.contains("无需再处理"));

    // An officer's own record is for others.
    world.later(Duration::days(60));
    let answers = world.website_answers(&owner, "own.cn").await;
    let filing = world.file(&owner, "website_new", None, &answers).await;
    world.decide(&filing, Decision::Approve, "", &[]).await;
    look_twice(&world).await;
    let id = the_one(&world, &one, "").await.id;
    world
        .execute(&format!("UPDATE record SET owner_id = '{}' WHERE business = 'subject'", one.person_id))
        .await;
    assert!(page(&world, &one, "").await.rows[0].is_own);
    assert!(refused(desk.notify_applicant(&one, &id).await).contains("本人"));
    assert!(refused(desk.dismiss(&one, &id, "没有问题的").await).contains("本人"));
    desk.notify_applicant(&two, &id).await.unwrap();
}
