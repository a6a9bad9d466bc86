//! What an officer sees beside the answers: what changed since the round before (R53), and what the network
//! told of a website.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "common/acts.rs"]
mod acts;
mod common;

use std::net::IpAddr;
use std::sync::Arc;

use acts::filed;
use common::{World, claims};
use domain::sheet::Shown;
use domain::view::*;
use futures::future::BoxFuture;
use service::network::{Outbound, Page};

claims![
    the_officer_sees_what_changed_since_the_round_before,
    the_network_is_asked_about_websites_once_a_round_where_it_may_be,
    a_website_that_cannot_be_opened_keeps_no_other_from_being_asked_about,
    without_a_way_out_nothing_is_asked,
    what_an_officer_wrote_and_could_not_send_comes_back,
];

/// A network that always tells the same.
struct Told(IpAddr);

impl Outbound for Told {
    fn addresses<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, String>> {
        Box::pin(async { Ok(vec![self.0]) })
    }

    fn page<'a>(&'a self, _url: &'a reqwest::Url) -> BoxFuture<'a, Result<Page, String>> {
        Box::pin(async { Ok(Page { status: 200, text: "登录".to_owned() }) })
    }
}

async fn website(world: &World, domain: &str) -> (service::Actor, String) {
    let actor = world.applicant(1).await;
    let subject = world.subject_answers_person(&actor).await;
    world.file(&actor, "subject_new", None, &subject).await;
    let answers = world.website_answers(&actor, domain).await;
    let filing = world.file(&actor, "website_new", None, &answers).await;
    (actor, filing)
}

/// Sends it back, renames it and submits it again.
async fn again(world: &World, actor: &service::Actor, filing: &str, name: &str) {
    world.decide(filing, Decision::Return, "请改名", &[]).await;
    let href = world.service.redrafts.redraft(actor, filing).await.unwrap();
    let draft = href.rsplit_once("draft=").unwrap().1;
    let request = FormRequest {
        procedure: "website_new".to_owned(),
        step: "site".to_owned(),
        draft: Some(draft.to_owned()),
        ..FormRequest::default()
    };
    let view = world.service.drafts.form_view(actor, &request).await.unwrap();
    let mut answers = view.answers;
    answers.set_text("site.name", name);
    let mut save = acts::save_of("website_new", "site", view.draft.as_ref(), answers);
    save.version = view.draft.as_ref().map(|head| head.version);
    let head = acts::saved(world.service.drafts.save_draft(actor, &save).await.unwrap());
    assert_eq!(filed(world.submit(actor, &head, &format!("again-{name}")).await), filing);
}

async fn the_officer_sees_what_changed_since_the_round_before(world: World) {
    let (actor, filing) = website(&world, "rounds.cn").await;
    let officer = world.officer("110101").await;
    let look = async || world.service.reviews.review(&officer, &filing, None).await.unwrap();
    assert!(look().await.since_last.is_empty());
    let first = look().await.filing.title;
    for (name, before) in [("第二轮", first.as_str()), ("第三轮", "第二轮")] {
        again(&world, &actor, &filing, name).await;
        let since = look().await.since_last;
        assert_eq!(since.len(), 1, "{since:?}");
        assert_eq!(since[0].at, "site.name");
        assert_eq!(since[0].before, Shown::Text(before.to_owned()));
        assert_eq!(since[0].after, Shown::Text(name.to_owned()));
    }
    // Pictures of the round before can still be looked at.
    assert!(world.service.files.sweep_uploads().await.is_ok());
    assert!(!look().await.files.is_empty());
}

async fn the_network_is_asked_about_websites_once_a_round_where_it_may_be(mut world: World) {
    let way = Arc::new(Told("1.2.4.8".parse().unwrap()));
    world.service = world.service.clone().with_outbound(way);
    let (actor, filing) = website(&world, "network.cn").await;
    let officer = world.officer("110101").await;
    let told = async || -> Vec<MachineCheck> {
        let checks = world.service.reviews.review(&officer, &filing, None).await.unwrap().checks;
        checks
            .into_iter()
            .filter(|check| check.evidence.contains("联网核验") || check.title == "联网核验")
            .collect()
    };
    assert_eq!(told().await[0].evidence, "正在进行，稍后刷新本页查看");
    assert_eq!(world.service.network_checks.look_at_websites().await.unwrap(), 1);
    assert_eq!(world.service.network_checks.look_at_websites().await.unwrap(), 0, "once");
    let checks = told().await;
    let titles: Vec<&str> = checks.iter().map(|check| check.title.as_str()).collect();
    assert!(titles.iter().any(|title| title.starts_with("域名解析：network.cn")), "{titles:?}");
    assert!(titles.iter().any(|title| title.starts_with("网站访问：")), "{titles:?}");
    again(&world, &actor, &filing, "再来一次").await;
    assert_eq!(world.service.network_checks.look_at_websites().await.unwrap(), 1, "and once a round");
}

/// B14. One that cannot be opened is not asked about for ever, before all others.
async fn a_website_that_cannot_be_opened_keeps_no_other_from_being_asked_about(mut world: World) {
    let way = Arc::new(Told("1.2.4.8".parse().unwrap()));
    world.service = world.service.clone().with_outbound(way);
    let (actor, broken) = website(&world, "broken.cn").await;
    world.later(time::Duration::SECOND);
    let answers = world.website_answers(&actor, "whole.cn").await;
    world.file(&actor, "website_new", None, &answers).await;
    world.execute(&format!("UPDATE filing SET answers_sealed = 'broken' WHERE id = '{broken}'")).await;
    assert_eq!(world.service.network_checks.look_at_websites().await.unwrap(), 2);
    assert_eq!(world.service.network_checks.look_at_websites().await.unwrap(), 0);
    let waiting = "SELECT COUNT(*) FROM network_check WHERE checked_at IS NULL";
    assert_eq!(world.number(waiting).await, 0);
}

async fn without_a_way_out_nothing_is_asked(world: World) {
    let (_, filing) = website(&world, "quiet.cn").await;
    let officer = world.officer("110101").await;
    assert_eq!(world.service.network_checks.look_at_websites().await.unwrap(), 0);
    let checks = world.service.reviews.review(&officer, &filing, None).await.unwrap().checks;
    assert!(!checks.iter().any(|check| check.title.contains("联网核验")));
    assert_eq!(world.number("SELECT COUNT(*) FROM network_check").await, 0);
}

/// Whatever keeps a decision from being made, what the officer wrote is there again.
async fn what_an_officer_wrote_and_could_not_send_comes_back(world: World) {
    let (_, filing) = website(&world, "written.cn").await;
    let (officer, other) = (world.officer("110101").await, world.nth_officer(2, "110101").await);
    let service = &world.service;
    service.filing_claims.claim(&officer, &filing).await.unwrap();
    let request = service::DecisionRequest {
        decision: Decision::Approve,
        note: "已电话核实".to_owned(),
        ground: String::new(),
        remarks: vec![service::Remark {
            at: "site.name".to_owned(),
            text: "请核对".to_owned(),
            ..Default::default()
        }],
        signed: Default::default(),
    };
    let version = service.reviews.review(&officer, &filing, None).await.unwrap().version;
    assert!(service.decisions.decide_with(&officer, &filing, version, &request).await.is_err());
    let typed = service.reviews.review(&officer, &filing, None).await.unwrap().typed;
    assert_eq!((typed.text("note"), typed.text("remark.site.name")), ("已电话核实", "请核对"));
    assert!(service.reviews.review(&other, &filing, None).await.unwrap().typed.iter().next().is_none());
    assert!(!world.is_stored_in_the_open("已电话核实").await);
}
