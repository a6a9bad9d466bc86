//! The program as it starts: refusals at the command line, and its parts working together.

use std::process::{Command, Output};

use reqwest::StatusCode;
use server::config::Config;
use server::dev::samples::SAMPLES;
use server::listener::{ConnectionLimits, serve};
use server::program::{self, Shared};
use service::Role;
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use url::Url;

use crate::stage::Browser;

fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_server"))
        .args(arguments)
        .current_dir(directory.path())
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn production_does_not_start_half_configured_and_says_why() {
    let ended = start(&[], &[("BEIAN_MODE", "production")]);
    assert_eq!(ended.status.code(), Some(2));
    let said = String::from_utf8(ended.stderr).unwrap();
    for sentence in [
        "Production needs an identity platform",
        "Production needs keys for personal data",
        "Production needs an https public_url",
        "Production needs an [sms] gateway",
    ] {
        assert!(said.lines().any(|line| line.starts_with(sentence)), "{sentence}: {said}");
    }
}

#[test]
fn what_the_command_line_does_not_know_is_refused_with_the_usage() {
    for arguments in [&["--colour"][..], &["--config"], &["--config", "nowhere.toml"]] {
        let ended = start(arguments, &[]);
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}");
        assert!(!ended.stderr.is_empty());
    }
    let ended = start(&["check-config"], &[]);
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[tokio::test]
async fn production_has_neither_outbox_nor_embedded_provider() {
    let directory = tempfile::tempdir().unwrap();
    let site = directory.path().join("site");
    std::fs::create_dir_all(&site).unwrap();
    let manifest = r#"{"css":"pkg/main-3.css","kept":"pkg/kept-4.js","parts":[]}"#;
    std::fs::write(site.join("manifest.json"), manifest).unwrap();
    let file = directory.path().join("beian.toml");
    std::fs::write(
        &file,
        r#"
        mode = "production"
        public_url = "https://beian.example.cn"
        migrate_on_start = true
        keys = """
        key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
        hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=
        """
        [oidc]
        issuer = "https://id.example.cn/oidc"
        client_id = "beian"
        client_secret = "a secret"
        [sms]
        url = "https://sms.example.cn/send"
        template = "code"
        secret = "sixteen bytes or more"
        "#,
    )
    .unwrap();
    let config = Config::load(Some(&file), &|name| match name {
        "DATA_DIR" => Some(directory.path().join("data").display().to_string()),
        "SITE_DIR" => Some(site.display().to_string()),
        _ => None,
    })
    .unwrap();
    server::tls::install_crypto();
    let (service, db) = program::open(&config).await.unwrap();
    let router =
        program::router(&config, &service, db, config.addr, &Shared::new(&config, &service)).unwrap();
    for path in ["/dev/outbox", "/dev/clock", "/idp/authorize", "/idp/.well-known/openid-configuration"] {
        let request = axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(response.headers().contains_key("strict-transport-security"));
    }
    assert!(!config.data_dir.join("idp-signing-key.pem").exists());
}

#[tokio::test]
async fn a_sample_person_signs_in_acts_and_leaves() {
    let directory = tempfile::tempdir().unwrap();
    let site = directory.path().join("site");
    std::fs::create_dir_all(site.join("pkg")).unwrap();
    let manifest = r#"{"css":"pkg/main-3.css","kept":"pkg/kept-4.js","parts":[]}"#;
    std::fs::write(site.join("manifest.json"), manifest).unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let config = Config::load(None, &|name| match name {
        "ADDR" => Some(addr.to_string()),
        "DATA_DIR" => Some(directory.path().join("data").display().to_string()),
        "SITE_DIR" => Some(site.display().to_string()),
        _ => None,
    })
    .unwrap();
    server::tls::install_crypto();
    let (service, db) = program::open(&config).await.unwrap();
    program::seed_samples(&config, &service).await.unwrap();
    let router = program::router(&config, &service, db, addr, &Shared::new(&config, &service)).unwrap();
    tokio::spawn(serve(listener, router, ConnectionLimits::default(), std::future::pending()));

    let home = Url::parse(&format!("http://{addr}")).unwrap();
    for (name, role) in [
        ("申请人甲", None),
        ("管理员", Some(Role::Administrator)),
        ("审核员东城", Some(Role::Reviewer { region: "110101".into() })),
        ("审核员上海", Some(Role::Reviewer { region: "310000".into() })),
    ] {
        assert!(SAMPLES.iter().any(|sample| sample.name == name));
        let mut browser = Browser::new(home.clone());
        let page = browser.sign_in("/auth/login?next=/lookup", name).await;
        assert_eq!((page.status, page.location().path()), (StatusCode::SEE_OTHER, "/lookup"));
        let token = browser.cookies["session"].clone();
        let actor = service.accounts.actor(&token).await.unwrap().expect("a session");
        assert_eq!(actor.roles, Vec::from_iter(role), "{name}");

        let page = browser.get("/").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("'nonce-"));
        assert_eq!(page.headers["cache-control"], "no-store");

        // Signing in anew ends the session before it.
        browser.sign_in("/auth/login", name).await;
        assert!(service.accounts.actor(&token).await.unwrap().is_none());
        let token = browser.cookies["session"].clone();
        browser.post("/auth/logout", &Default::default()).await;
        assert!(service.accounts.actor(&token).await.unwrap().is_none());
    }
    let page = Browser::new(home.clone()).get("/dev/outbox").await;
    assert!(page.status == StatusCode::OK && page.body.contains("还没有发送过短信"), "{}", page.body);
    let page = Browser::new(home).get("/healthz").await;
    assert_eq!((page.status, page.body.as_str()), (StatusCode::OK, "ok"));
}
