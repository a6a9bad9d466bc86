//! The identity check posted without scripts (R22, R24, R76): what was typed comes back with what is
//! wrong with it.

use std::collections::BTreeMap;

use domain::answer::Answers;
use domain::business::Business;
use domain::business::identity;
use reqwest::StatusCode;
use sea_orm::ConnectionTrait as _;
use server::config::Config;
use server::dev::samples::SAMPLES;
use server::listener::{ConnectionLimits, serve};
use server::program::{self, Shared};
use server::watch::RequestMeter;
use service::db::{Db, new_id};
use service::upload::child::FileCheck;
use service::{Actor, Service, sealed_answers};
use tokio::net::TcpListener;
use url::Url;

use crate::stage::{Browser, Page};

pub struct World {
    pub service: Service,
    pub config: Config,
    pub db: Db,
    pub home: Url,
    pub requests: RequestMeter,
    _directory: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self::on(None).await
    }

    /// On this database, or on a new SQLite.
    pub async fn on(database: Option<String>) -> Self {
        Self::configured(database, None).await
    }

    /// With what stands in this file.
    pub async fn configured(database: Option<String>, file: Option<&std::path::Path>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let site = directory.path().join("site");
        std::fs::create_dir_all(site.join("pkg")).unwrap();
        let manifest = r#"{"css":"pkg/main-3.css","kept":"pkg/kept-4.js","parts":[]}"#;
        std::fs::write(site.join("manifest.json"), manifest).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let config = Config::load(file, &|name| match name {
            "ADDR" => Some(addr.to_string()),
            "DATA_DIR" => Some(directory.path().join("data").display().to_string()),
            "SITE_DIR" => Some(site.display().to_string()),
            "DATABASE_URL" => database.clone(),
            "BEIAN_METRICS_ADDR" => Some("127.0.0.1:0".to_owned()),
            _ => None,
        })
        .unwrap();
        server::tls::install_crypto();
        let (service, db) = program::open(&config).await.unwrap();
        let service = service.with_file_check(FileCheck::in_this_process());
        let shared = Shared::new(&config, &service);
        let router = program::router(&config, &service, db.clone(), addr, &shared).unwrap();
        tokio::spawn(serve(listener, router, ConnectionLimits::default(), std::future::pending()));
        let home = Url::parse(&format!("http://{addr}")).unwrap();
        World { service, config, db, home, requests: shared.requests.unwrap(), _directory: directory }
    }

    pub async fn signed_in(&self, name: &str) -> (Browser, Actor) {
        let mut browser = Browser::new(self.home.clone());
        browser.sign_in("/auth/login?next=/lookup", name).await;
        let actor = self.service.accounts.actor(&browser.cookies["session"]).await.unwrap().unwrap();
        (browser, actor)
    }

    /// A subject in force, past all procedures.
    pub async fn subject(&self, owner: &Actor, mobile: &str) -> String {
        let id = new_id(time::OffsetDateTime::UNIX_EPOCH);
        let form = Business::Subject.form();
        let answers = Answers::from([
            ("subject.nature", "person"),
            ("principal.name", "孙丙丁"),
            ("principal.mobile", mobile),
            ("principal.region", "110101"),
        ]);
        let stored =
            sealed_answers::store(&self.config.keyring, form, &format!("record/{id}"), answers).unwrap();
        let insert = format!(
            "INSERT INTO record (id, business, subject_id, owner_id, state, title, owner_kind, jurisdiction, \
             answers, answers_sealed, version, created_at, updated_at) VALUES ('{id}', 'subject', '{id}', \
             '{}', 'active', '孙**', '个人', '110101', '{}', '{}', 1, 1, 1)",
            owner.person_id, stored.answers, stored.answers_sealed,
        );
        self.db.read().execute_unprepared(&insert).await.unwrap();
        id
    }

    pub async fn code(&self) -> String {
        let outbox = self.service.text_messages.outbox().await.unwrap();
        outbox.iter().find_map(|message| message.text.split_once("验证码 ")).unwrap().1[..6].to_owned()
    }
}

async fn post(browser: &mut Browser, address: &str, fields: &[(&str, &str)]) -> Page {
    let parts: Vec<_> = fields.iter().map(|(name, text)| (*name, None, text.as_bytes())).collect();
    browser.post_parts(address, &parts).await
}

fn leads_to(page: &Page) -> String {
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    let location = page.location();
    format!("{}?{}", location.path(), location.query().unwrap_or_default())
}

#[tokio::test]
async fn a_cancellation_posted_without_scripts_keeps_what_was_typed() {
    let world = World::new().await;
    let (mut browser, actor) = world.signed_in("申请人甲").await;
    let record = world.subject(&actor, "13800005678").await;
    let key = new_id(time::OffsetDateTime::UNIX_EPOCH);
    let base = [("business", "subject"), ("record", record.as_str()), ("key", key.as_str())];
    let back = format!("/subject/cancel?record={record}&check=1");
    let page = async || {
        world
            .service
            .cancellations
            .cancel_view(&actor, Business::Subject, Some(&record), true)
            .await
            .unwrap()
            .identity
    };

    // The button that asks for a code stands in the same form.
    let typed = [(identity::NAME, "孙丙丁"), ("purpose", "cancel"), ("preset", "stopped")];
    let sent = post(&mut browser, "/act/send-code", &[&base[..], &typed].concat()).await;
    assert_eq!(leads_to(&sent), back);
    let shown = page().await;
    assert_eq!(shown.answers.text(identity::NAME), "孙丙丁");
    assert_eq!(shown.answers.text(identity::REASON), "网站停止运营");
    assert!(shown.faults.is_empty() && shown.wait_seconds > 50);
    let flash = world.service.accounts.me(&actor).await.unwrap().flash.unwrap();
    assert_eq!(flash, "验证码已发送至 138****5678，5 分钟内有效。");
    let again = post(&mut browser, "/act/send-code", &[&base[..], &typed].concat()).await;
    assert_eq!(leads_to(&again), back);
    let faults = page().await.faults;
    assert!(
        faults[0].at == identity::SMS_CODE && faults[0].message.ends_with("秒后再获取验证码"),
        "{faults:?}"
    );

    // A file that is none, and digits that are wrong.
    let fields = [&base[..], &[(identity::REASON, "不再开办网站\r\n第二行")]].concat();
    let mut parts: Vec<_> = fields.iter().map(|(name, text)| (*name, None, text.as_bytes())).collect();
    parts.push(("file:identity.attachment", Some("说明.pdf"), b"no document"));
    assert_eq!(leads_to(&browser.post_parts("/act/cancel", &parts).await), back);
    let shown = page().await;
    assert_eq!(shown.answers.text(identity::REASON), "不再开办网站\n第二行");
    assert_eq!(
        shown.faults.iter().map(|fault| fault.at.as_str()).collect::<Vec<_>>(),
        [identity::ATTACHMENT]
    );
    let code = world.code().await;
    let mut typed = [
        (identity::NAME, "孙丙丁"),
        (identity::MIDDLE_FOUR, "1111"),
        (identity::SMS_CODE, code.as_str()),
        (identity::REASON, "不再开办网站"),
    ];
    assert_eq!(leads_to(&post(&mut browser, "/act/cancel", &[&base[..], &typed].concat()).await), back);
    let shown = page().await;
    assert_eq!((shown.faults.len(), shown.faults[0].at.as_str()), (1, identity::MIDDLE_FOUR));
    assert_eq!(shown.answers.text(identity::SMS_CODE), code, "the code stays good and stays typed");

    // Signed out meanwhile: the page keeps it.
    let mut stranger = Browser::new(world.home.clone());
    let held = post(&mut stranger, "/act/cancel", &[&base[..], &typed].concat()).await;
    assert_eq!(held.status, StatusCode::UNAUTHORIZED);
    assert!(
        held.body.contains("action=\"/act/cancel\"") && held.body.contains("不再开办网站"),
        "{}",
        held.body
    );

    typed[1].1 = "0000";
    let filed = leads_to(&post(&mut browser, "/act/cancel", &[&base[..], &typed].concat()).await);
    assert!(filed.starts_with("/mine/filings?receipt="), "{filed}");
    let twice = leads_to(&post(&mut browser, "/act/cancel", &[&base[..], &typed].concat()).await);
    assert_eq!(twice, filed);
    let (mut other, _) = world.signed_in("申请人乙").await;
    let strange = post(&mut other, "/act/cancel", &[&base[..], &typed].concat()).await;
    assert_eq!(strange.status, StatusCode::NOT_FOUND);
    let nonsense = post(&mut browser, "/act/send-code", &base).await;
    assert_eq!(nonsense.status, StatusCode::NOT_FOUND, "for nothing");
}

#[tokio::test]
async fn a_subject_is_handed_over_and_received_without_scripts() {
    let world = World::new().await;
    let (mut giver, by) = world.signed_in("申请人甲").await;
    let (mut receiver, to) = world.signed_in("申请人乙").await;
    let named = SAMPLES.iter().find(|sample| sample.name == "申请人乙").unwrap();
    let record = world.subject(&by, "13800005678").await;
    let base = |key: &str| vec![("record".to_owned(), record.clone()), ("key".to_owned(), key.to_owned())];
    let offer = async |giver: &mut Browser, key: &str, receiver_id: &str, code: &str| {
        let mut fields = base(key);
        for (name, text) in [
            (identity::MIDDLE_FOUR, "0000"),
            (identity::RECEIVER_MOBILE, named.mobile),
            (identity::RECEIVER_ID_NO, receiver_id),
            (identity::SMS_CODE, code),
        ] {
            fields.push((name.to_owned(), text.to_owned()));
        }
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        post(giver, "/act/transfer", &fields).await
    };
    let key = || new_id(time::OffsetDateTime::UNIX_EPOCH);
    let sent = post(&mut giver, "/act/send-code", &[("purpose", "transfer"), ("record", &record)]).await;
    assert_eq!(leads_to(&sent), format!("/subject/transfer?record={record}&check=1"));
    let code = world.code().await;
    let wrong = offer(&mut giver, &key(), "110101190001010000", &code).await;
    assert_eq!(leads_to(&wrong), format!("/subject/transfer?record={record}&check=1"));
    let shown = world.service.handovers.transfer_view(&by, Some(&record), true).await.unwrap().identity;
    assert_eq!(shown.answers.text(identity::RECEIVER_MOBILE), named.mobile);
    assert_eq!(shown.faults[0].at, identity::RECEIVER_ID_NO);
    let offered = offer(&mut giver, &key(), named.id_number, &code).await;
    assert_eq!(leads_to(&offered), format!("/subject/transfer?record={record}"));

    let form = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let waiting = world.service.handovers.handovers(&to, "", "", "").await.unwrap().remove(0).id;
    let stolen = giver.post("/act/receive", &form("handover", &waiting)).await;
    assert_eq!(stolen.status, StatusCode::NOT_FOUND);
    let received = receiver.post("/act/receive", &form("handover", &waiting)).await;
    assert_eq!(leads_to(&received), "/subject/receive?");
    assert_eq!(world.service.records.my_subject(&to).await.unwrap().unwrap().row.id, record);
    assert!(world.service.records.my_subject(&by).await.unwrap().is_none());
    giver.post("/act/revoke-transfer", &form("subject", &record)).await;
    let flash = world.service.accounts.me(&by).await.unwrap().flash.unwrap();
    assert_eq!(flash, "该主体已由接收人接收，不能再撤回");
    receiver.post("/act/refuse", &form("handover", &waiting)).await;
    let flash = world.service.accounts.me(&to).await.unwrap().flash.unwrap();
    assert_eq!(flash, "该主体已由接收人接收");
}
