//! R1: the whole way over HTTP, and every way it must not go.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use serde_json::{Value, json};
use server::config::Mode;
use server::dev::idp::{self, IdentityProvider};
use server::dev::samples::SAMPLES;
use service::Assurance;
use service::clock::Clock as _;
use sha2::{Digest as _, Sha256};
use time::Duration;
use url::Url;

use crate::stage::{Browser, Page, Stage, provider, template};

fn form(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Nobody was signed in, and the person is told and led on.
fn assert_not_signed_in(stage: &Stage, browser: &Browser, page: &Page, status: StatusCode) {
    assert_eq!(page.status, status, "{}", page.body);
    assert!(page.body.contains("登录未完成") && page.body.contains("重新登录"), "{}", page.body);
    assert_eq!(stage.book.count(), 0);
    assert!(!browser.cookies.contains_key("session"));
}

#[tokio::test]
async fn picking_a_sample_person_signs_in_and_leads_back_to_where_one_was_going() {
    let stage = Stage::new().await;
    for sample in SAMPLES {
        let mut browser = stage.browser();
        let page = browser.sign_in("/auth/login?next=%2Fwebsites%3Fpage%3D2", sample.name).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
        assert_eq!(page.headers["location"], "/websites?page=2");
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["session"], "the attempt is forgotten");

        let claims = stage.book.last();
        assert_eq!((claims.name.as_str(), claims.mobile.as_str()), (sample.name, sample.mobile));
        assert_eq!((claims.id_kind.as_str(), claims.id_number.as_str()), ("resident_id", sample.id_number));
        assert_eq!(claims.sub, sample.sub());
    }
    assert_eq!(stage.book.signed_in.lock().unwrap()[0].user_agent.as_deref(), Some("test browser"));
}

#[tokio::test]
async fn another_identity_can_be_made_and_is_the_same_person_after_a_restart() {
    let stage = Stage::new().await;
    let mut browser = stage.browser();
    let page = browser.reach_the_choice("/auth/login").await;
    let mut filled = page.hidden();
    filled.extend(form(&[
        ("identity", "other"),
        ("name", "张三"),
        ("phone_number", "138 0000 0009"),
        ("id_number", "11010119000107806x"),
    ]));
    let chosen = browser.post("/idp/authorize", &filled).await;
    let page = browser.get(chosen.location().as_str()).await;
    assert_eq!(page.headers["location"], "/");
    let claims = stage.book.last();
    assert_eq!(
        (claims.name.as_str(), claims.mobile.as_str(), claims.id_number.as_str()),
        ("张三", "13800000009", "11010119000107806X")
    );

    // The same data directory, another provider: the person is offered again and keeps the sub.
    let again = provider(&stage.url("/"), stage.data_dir.path(), &stage.clock);
    assert_eq!(again.client().issuer, stage.provider.client().issuer);
    let page = browser.reach_the_choice("/auth/login").await;
    let page = Page { body: page.body.clone(), ..page };
    assert!(page.body.contains("张三（尾号806X）"), "{}", page.body);
    assert_eq!(page.button("张三（尾号806X）"), claims.sub);
}

#[tokio::test]
async fn a_form_with_faults_says_them_beside_the_fields_and_keeps_what_was_typed() {
    let stage = Stage::new().await;
    let mut browser = stage.browser();
    let page = browser.reach_the_choice("/auth/login").await;
    let mut filled = page.hidden();
    filled.extend(form(&[
        ("identity", "other"),
        ("name", r#""><script>alert(1)</script>"#),
        ("phone_number", "12"),
        ("id_number", "110101190001010015"),
    ]));
    let page = browser.post("/idp/authorize", &filled).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in ["有 2 处需要修改", "手机号码应为 11 位数字", r##"href="#f-id_number""##, "&lt;script&gt;"]
    {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(!page.body.contains("<script"));
    // Corrected on the same page, it goes on.
    filled.extend(form(&[
        ("name", "张三"),
        ("phone_number", "13800000009"),
        ("id_number", "110101190001010014"),
    ]));
    assert_eq!(page.hidden().get("state"), filled.get("state"));
    let page = browser.post("/idp/authorize", &filled).await;
    assert!(page.body.contains("请直接选择"), "the number of a sample person: {}", page.body);
}

#[tokio::test]
async fn the_page_of_identities_allows_the_way_back_and_nothing_else() {
    let stage = Stage::new().await;
    let page = stage.browser().reach_the_choice("/auth/login").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    let origin = stage.url("/").origin().ascii_serialization();
    assert!(policy.contains(&format!("form-action 'self' {origin}")), "{policy}");
    for label in ["真实姓名", "手机号码", "身份证号码", "其他身份", ">登录</button>"] {
        assert!(page.body.contains(label), "{label}");
    }
}

#[tokio::test]
async fn nobody_is_led_to_a_foreign_site_after_signing_in() {
    let stage = Stage::new().await;
    for next in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/%0d%0aSet-Cookie:%20a=b",
        "/.//evil.example",
    ] {
        let login = format!(
            "/auth/login?next={}",
            url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>()
        );
        let page = stage.browser().sign_in(&login, "申请人甲").await;
        let location = page.location();
        assert_eq!(location.origin(), stage.url("/").origin(), "{next}: {location}");
        assert!(!location.path().starts_with("//"), "{next}: {location}");
    }
}

#[tokio::test]
async fn whoever_came_by_localhost_comes_back_to_localhost() {
    let stage = Stage::new().await;
    let mut browser = Browser::new(Url::parse(&format!("http://localhost:{}", stage.addr.port())).unwrap());
    let page = browser.reach_the_choice("/auth/login").await;
    assert!(page.hidden()["redirect_uri"].starts_with("http://localhost:"));
    // A name that is not ours is not sent anywhere.
    let leads =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let leads = leads.get(stage.url("/auth/login")).header("host", "evil.example").send().await.unwrap();
    assert!(!leads.headers()["location"].to_str().unwrap().contains("evil"));
}

#[tokio::test]
async fn a_wrong_or_foreign_state_signs_nobody_in() {
    let stage = Stage::new().await;
    let mut browser = stage.browser();
    let page = browser.reach_the_choice("/auth/login").await;
    let chosen = browser.choose(&page, "申请人甲").await;
    let mut wrong = chosen.location();
    let code = chosen.query("code").unwrap();
    wrong.query_pairs_mut().clear().append_pair("code", &code).append_pair("state", "wrong");
    let page = browser.get(wrong.as_str()).await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::BAD_REQUEST);

    // The link in another browser: login CSRF.
    let mut victim = stage.browser();
    let page = victim.get(chosen.location().as_str()).await;
    assert_not_signed_in(&stage, &victim, &page, StatusCode::BAD_REQUEST);

    // A cookie of the browser's own making.
    for value in browser.cookies.values_mut() {
        value.replace_range(10..11, if &value[10..11] == "A" { "B" } else { "A" });
    }
    let page = browser.get(chosen.location().as_str()).await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_id_token_with_another_nonce_signs_nobody_in() {
    let stage = Stage::new().await;
    let mut browser = stage.browser();
    let page = browser.reach_the_choice("/auth/login").await;
    let mut filled = page.hidden();
    filled.insert("nonce".into(), "of-another-attempt".into());
    filled.insert("identity".into(), page.button("申请人甲"));
    let chosen = browser.post("/idp/authorize", &filled).await;
    let page = browser.get(chosen.location().as_str()).await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_code_of_another_attempt_signs_nobody_in() {
    let stage = Stage::new().await;
    let mut thief = stage.browser();
    let page = thief.reach_the_choice("/auth/login").await;
    let stolen = thief.choose(&page, "申请人甲").await.query("code").unwrap();

    let mut browser = stage.browser();
    let page = browser.reach_the_choice("/auth/login").await;
    let own = browser.choose(&page, "申请人乙").await;
    let mut address = own.location();
    let state = own.query("state").unwrap();
    address.query_pairs_mut().clear().append_pair("code", &stolen).append_pair("state", &state);
    let page = browser.get(address.as_str()).await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_callback_counts_once() {
    let stage = Stage::new().await;
    let mut browser = stage.browser();
    let page = browser.reach_the_choice("/auth/login").await;
    let chosen = browser.choose(&page, "申请人甲").await;
    let kept = browser.cookies.clone();
    assert_eq!(browser.get(chosen.location().as_str()).await.status, StatusCode::SEE_OTHER);

    let page = browser.get(chosen.location().as_str()).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "the attempt is used up");
    browser.cookies = kept;
    let page = browser.get(chosen.location().as_str()).await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY, "and so is the code");
    assert_eq!(stage.book.count(), 1);
}

#[tokio::test]
async fn a_slow_person_and_a_slow_code_are_told_to_begin_anew() {
    let stage = Stage::new().await;
    let mut browser = stage.browser();
    let page = browser.reach_the_choice("/auth/login").await;
    let chosen = browser.choose(&page, "申请人甲").await;
    stage.clock.advance(Duration::seconds(61));
    let page = browser.get(chosen.location().as_str()).await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::BAD_GATEWAY);

    let page = browser.reach_the_choice("/auth/login").await;
    stage.clock.advance(Duration::minutes(10) + Duration::seconds(1));
    let chosen = browser.choose(&page, "申请人甲").await;
    let page = browser.get(chosen.location().as_str()).await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn two_tabs_can_sign_in_side_by_side() {
    let stage = Stage::new().await;
    // Two attempts may draw the same slot, and then the later one has it: begin again.
    let (mut browser, first, second) = loop {
        let mut browser = stage.browser();
        let first = browser.reach_the_choice("/auth/login?next=/first").await;
        let second = browser.reach_the_choice("/auth/login?next=/second").await;
        if browser.cookies.len() == 2 {
            break (browser, first, second);
        }
    };
    for (page, next) in [(first, "/first"), (second, "/second")] {
        let chosen = browser.choose(&page, "申请人甲").await;
        let page = browser.get(chosen.location().as_str()).await;
        assert_eq!(page.headers["location"], next);
    }
}

/// The token answer with its id token's claims changed by `alter`, under the old signature.
fn forge(answer: &Value, alter: impl Fn(&mut Value, &mut Value)) -> Value {
    let mut answer = answer.clone();
    let token = answer["id_token"].as_str().unwrap().to_owned();
    let parts: Vec<&str> = token.split('.').collect();
    let decode =
        |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    let (mut header, mut claims) = (decode(parts[0]), decode(parts[1]));
    alter(&mut header, &mut claims);
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = if header["alg"] == "none" { "" } else { parts[2] };
    answer["id_token"] = json!(format!("{}.{}.{signature}", encode(&header), encode(&claims)));
    answer
}

#[tokio::test]
async fn a_tampered_id_token_signs_nobody_in() {
    let stage = Stage::new().await;
    let lies: [fn(&mut Value, &mut Value); 5] = [
        |_, claims| claims["sub"] = json!(SAMPLES[5].sub()),
        |_, claims| claims["exp"] = json!(4_000_000_000_i64),
        |_, claims| claims["aud"] = json!("another"),
        |header, _| header["alg"] = json!("none"),
        |header, _| header["alg"] = json!("HS256"),
    ];
    for lie in lies {
        stage.lie("/idp/token", move |answer| forge(&answer, lie));
        let mut browser = stage.browser();
        let page = browser.sign_in("/auth/login", "申请人甲").await;
        assert_not_signed_in(&stage, &browser, &page, StatusCode::BAD_GATEWAY);
    }
    stage.lie("/idp/token", |mut answer| {
        answer.as_object_mut().unwrap().remove("id_token");
        answer
    });
    let mut browser = stage.browser();
    let page = browser.sign_in("/auth/login", "申请人甲").await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::BAD_GATEWAY);

    stage.tell_the_truth();
    assert_eq!(stage.browser().sign_in("/auth/login", "申请人甲").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_expired_id_token_signs_nobody_in() {
    let stage = Stage::new().await;
    let clock = stage.clock.clone();
    // The answer takes longer than the token lives.
    stage.lie("/idp/token", move |answer| {
        clock.advance(Duration::minutes(6));
        answer
    });
    let mut browser = stage.browser();
    let page = browser.sign_in("/auth/login", "申请人甲").await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn claims_of_another_person_or_without_an_id_number_sign_nobody_in() {
    let stage = Stage::new().await;
    stage.lie("/idp/userinfo", |mut told| {
        told["sub"] = json!(SAMPLES[5].sub());
        told
    });
    let mut browser = stage.browser();
    let page = browser.sign_in("/auth/login", "申请人甲").await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::BAD_GATEWAY);

    stage.lie("/idp/userinfo", |mut told| {
        told["id_number"] = json!("  ");
        told
    });
    let page = browser.sign_in("/auth/login", "申请人甲").await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::BAD_GATEWAY);
    assert!(page.body.contains("未返回必要的实名信息"), "{}", page.body);
}

#[tokio::test]
async fn rotated_keys_of_the_provider_are_asked_for_again() {
    let stage = Stage::new().await;
    stage.lie("/idp/jwks", |mut keys| {
        keys["keys"][0]["kid"] = json!("an older key");
        keys
    });
    let mut browser = stage.browser();
    let page = browser.sign_in("/auth/login", "申请人甲").await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::BAD_GATEWAY);
    stage.tell_the_truth();
    stage.clock.advance(Duration::minutes(2));
    let page = browser.sign_in("/auth/login", "申请人甲").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
}

#[tokio::test]
async fn a_provider_that_is_down_is_said_and_tried_again_next_time() {
    let stage = Stage::new().await;
    *stage.idp.lock().unwrap() = axum::Router::new();
    let mut browser = stage.browser();
    let page = browser.get("/auth/login?next=/drafts").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.body.contains("身份认证平台暂时无法连接，请稍后再试"), "{}", page.body);
    assert!(page.body.contains(r#"href="/auth/login?next=%2Fdrafts""#), "{}", page.body);
    stage.tell_the_truth();
    assert_eq!(browser.sign_in("/auth/login", "申请人甲").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn whoever_cancels_is_led_on_kindly() {
    let stage = Stage::new().await;
    let mut browser = stage.browser();
    let page = browser.reach_the_choice("/auth/login?next=/drafts").await;
    let mut filled = page.hidden();
    filled.insert("identity".into(), "none".into());
    let cancelled = browser.post("/idp/authorize", &filled).await;
    assert_eq!(cancelled.query("error").as_deref(), Some("access_denied"));
    let page = browser.get(cancelled.location().as_str()).await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::FORBIDDEN);
    assert!(page.body.contains("next=%2Fdrafts"), "{}", page.body);
}

#[tokio::test]
async fn an_answer_in_the_name_of_another_issuer_signs_nobody_in() {
    let stage = Stage::new().await;
    let mut browser = stage.browser();
    let page = browser.reach_the_choice("/auth/login").await;
    let chosen = browser.choose(&page, "申请人甲").await;
    let (code, state) = (chosen.query("code").unwrap(), chosen.query("state").unwrap());
    let mut address = chosen.location();
    address
        .query_pairs_mut()
        .clear()
        .append_pair("code", &code)
        .append_pair("state", &state)
        .append_pair("iss", "https://evil.example");
    let page = browser.get(address.as_str()).await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn whom_the_platform_refuses_is_told_its_sentence() {
    let stage = Stage::new().await;
    *stage.book.refuse_with.lock().unwrap() = Some("您的账户已停用。".into());
    let mut browser = stage.browser();
    let page = browser.sign_in("/auth/login", "申请人甲").await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::FORBIDDEN);
    assert!(page.body.contains("您的账户已停用。"));
}

fn demanding(acr: &str, fresh_minutes: i64) -> Assurance {
    Assurance {
        staff_acr: vec![acr.to_owned()],
        staff_max_age_minutes: Some(30),
        fresh_minutes: Some(fresh_minutes),
    }
}

/// ASVS V6.8.4, V7.6.1.
#[tokio::test]
async fn what_is_demanded_is_asked_for_and_what_was_proven_is_kept() {
    let stage = Stage::demanding(demanding("2", 10)).await;
    let mut browser = stage.browser();
    for (way, expected) in [
        ("/auth/login", ["", "", ""]),
        ("/auth/login?fresh=&staff=", ["", "", ""]),
        ("/auth/login?staff=1", ["2", "1800", ""]),
        ("/auth/login?fresh=1", ["", "600", "login"]),
        ("/auth/login?fresh=1&staff=1", ["2", "600", "login"]),
    ] {
        let asked = browser.get(way).await.location();
        let asked: BTreeMap<String, String> = asked.query_pairs().into_owned().collect();
        let of = |name: &str| asked.get(name).map_or("", String::as_str);
        assert_eq!([of("acr_values"), of("max_age"), of("prompt")], expected, "{way}");
    }
    for (way, level) in [("/auth/login", "1"), ("/auth/login?staff=1", "2"), ("/auth/login?fresh=1", "1")] {
        let page = browser.sign_in(way, "审核员东城").await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
        let proof = stage.book.signed_in.lock().unwrap().last().unwrap().proof.clone();
        assert_eq!(proof.acr.as_deref(), Some(level), "{way}");
        assert_eq!(proof.auth_time, Some(stage.clock.now()));
    }
    let plain = Stage::new().await;
    let asked = plain.browser().get("/auth/login?fresh=1&staff=1").await.location();
    assert!(asked.query_pairs().all(|(name, _)| name != "acr_values" && name != "max_age"));
}

/// ASVS V6.8.4.
#[tokio::test]
async fn what_was_demanded_and_is_not_proven_signs_nobody_in() {
    // A level that the provider does not have.
    let stage = Stage::demanding(demanding("3", 10)).await;
    let mut browser = stage.browser();
    let page = browser.sign_in("/auth/login?staff=1", "审核员东城").await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::FORBIDDEN);
    assert!(page.body.contains("请联系平台管理员"), "{}", page.body);
    let page = browser.sign_in("/auth/login", "审核员东城").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "as an applicant: {}", page.body);

    // A proof that is old when it arrives.
    let stage = Stage::demanding(demanding("2", 1)).await;
    let clock = stage.clock.clone();
    stage.lie("/idp/token", move |answer| {
        clock.advance(Duration::minutes(4));
        answer
    });
    let mut browser = stage.browser();
    let page = browser.sign_in("/auth/login?fresh=1", "申请人甲").await;
    assert_not_signed_in(&stage, &browser, &page, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn signing_in_again_rotates_the_session_and_leaving_ends_it() {
    let stage = Stage::new().await;
    let mut browser = stage.browser();
    browser.sign_in("/auth/login", "申请人甲").await;
    let first = browser.cookies["session"].clone();
    browser.sign_in("/auth/login", "申请人甲").await;
    assert_ne!(browser.cookies["session"], first);
    let previous = stage.book.signed_in.lock().unwrap()[1].previous.clone().unwrap();
    assert_eq!(previous.expose(), first);

    assert_eq!(browser.get("/auth/logout").await.status, StatusCode::METHOD_NOT_ALLOWED);
    let second = browser.cookies["session"].clone();
    let page = browser.post("/auth/logout", &BTreeMap::new()).await;
    assert_eq!((page.status, page.headers["location"].as_bytes()), (StatusCode::SEE_OTHER, b"/".as_slice()));
    // Finding 8: what the browser keeps goes with the session.
    assert_eq!(page.headers["clear-site-data"], "\"storage\"");
    assert_eq!(*stage.book.signed_out.lock().unwrap(), [second]);
    assert!(!browser.cookies.contains_key("session"));
}

#[test]
fn the_embedded_provider_is_refused_in_production() {
    let directory = tempfile::tempdir().unwrap();
    let refused = IdentityProvider::new(idp::Setup {
        mode: Mode::Production,
        public_url: &Url::parse("https://beian.example.cn").unwrap(),
        data_dir: directory.path(),
        redirect_uris: Vec::new(),
        template: template(),
        clock: Arc::new(service::clock::SystemClock),
    });
    assert!(matches!(refused, Err(idp::SetupError::Production)));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "no key was made");
}

/// Requests to the provider by hand.
struct ByHand<'a> {
    stage: &'a Stage,
    client: reqwest::Client,
    callback: String,
    verifier: &'static str,
}

impl<'a> ByHand<'a> {
    fn new(stage: &'a Stage) -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        let callback = stage.url("/auth/callback").to_string();
        Self { stage, client, callback, verifier: "a-verifier-of-at-least-forty-three-characters-" }
    }

    fn request(&self) -> BTreeMap<String, String> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier));
        form(&[
            ("client_id", "beian"),
            ("redirect_uri", &self.callback),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ])
    }

    async fn authorize(&self, changed: &[(&str, &str)]) -> reqwest::Response {
        let mut request = self.request();
        request.extend(form(changed));
        let mut address = self.stage.url("/idp/authorize");
        address.query_pairs_mut().extend_pairs(&request);
        self.client.get(address).send().await.unwrap()
    }

    async fn code(&self) -> String {
        let mut request = self.request();
        request.insert("identity".into(), SAMPLES[0].sub());
        let answer = self.client.post(self.stage.url("/idp/authorize")).form(&request).send().await.unwrap();
        let location = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
        location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    }

    async fn exchange(&self, code: &str, changed: &[(&str, &str)]) -> (StatusCode, Value) {
        use secrecy::ExposeSecret as _;
        let client = self.stage.provider.client();
        let mut request = form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.callback),
            ("code_verifier", self.verifier),
            ("client_id", "beian"),
            ("client_secret", client.client_secret.expose_secret()),
        ]);
        request.extend(form(changed));
        let answer = self.client.post(self.stage.url("/idp/token")).form(&request).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn userinfo(&self, token: &str) -> StatusCode {
        self.client.get(self.stage.url("/idp/userinfo")).bearer_auth(token).send().await.unwrap().status()
    }
}

#[tokio::test]
async fn the_provider_asks_for_pkce_state_and_nonce() {
    let stage = Stage::new().await;
    let by_hand = ByHand::new(&stage);
    assert_eq!(by_hand.authorize(&[]).await.status(), StatusCode::OK);
    for (changed, error) in [
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("nonce", ""), "invalid_request"),
        (("state", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "profile"), "invalid_scope"),
        (("prompt", "none"), "login_required"),
    ] {
        let answer = by_hand.authorize(&[changed]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{changed:?}");
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        assert!(location.starts_with(&by_hand.callback), "{location}");
        assert!(location.contains(&format!("error={error}")) && !location.contains("code="), "{location}");
    }
}

#[tokio::test]
async fn the_provider_sends_nobody_to_an_address_it_does_not_know() {
    let stage = Stage::new().await;
    let by_hand = ByHand::new(&stage);
    let longer = format!("{}/more", by_hand.callback);
    for changed in [
        ("client_id", "another"),
        ("redirect_uri", "https://evil.example/auth/callback"),
        ("redirect_uri", longer.as_str()),
        ("redirect_uri", ""),
    ] {
        let answer = by_hand.authorize(&[changed]).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{changed:?}");
        assert!(!answer.headers().contains_key("location"));
    }
}

#[tokio::test]
async fn a_code_is_bound_to_client_address_and_verifier_and_counts_once() {
    let stage = Stage::new().await;
    let by_hand = ByHand::new(&stage);
    for (changed, status, error) in [
        (
            ("code_verifier", "another-verifier-of-forty-three-characters-xx"),
            StatusCode::BAD_REQUEST,
            "invalid_grant",
        ),
        (("code_verifier", ""), StatusCode::BAD_REQUEST, "invalid_grant"),
        (("redirect_uri", "https://evil.example"), StatusCode::BAD_REQUEST, "invalid_grant"),
        (("client_secret", "guessed"), StatusCode::UNAUTHORIZED, "invalid_client"),
        (("client_id", "another"), StatusCode::UNAUTHORIZED, "invalid_client"),
        (("grant_type", "password"), StatusCode::BAD_REQUEST, "unsupported_grant_type"),
        (("code", "guessed"), StatusCode::BAD_REQUEST, "invalid_grant"),
    ] {
        let code = by_hand.code().await;
        let (got, answer) = by_hand.exchange(&code, &[changed]).await;
        assert_eq!((got, answer["error"].as_str().unwrap()), (status, error), "{changed:?}");
    }

    let code = by_hand.code().await;
    let (status, answer) = by_hand.exchange(&code, &[]).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(by_hand.userinfo(token).await, StatusCode::OK);
    let (status, answer) = by_hand.exchange(&code, &[]).await;
    assert_eq!((status, answer["error"].as_str().unwrap()), (StatusCode::BAD_REQUEST, "invalid_grant"));
    assert_eq!(
        by_hand.userinfo(token).await,
        StatusCode::UNAUTHORIZED,
        "a code used twice takes its token along"
    );
}

#[tokio::test]
async fn an_access_token_lives_five_minutes() {
    let stage = Stage::new().await;
    let by_hand = ByHand::new(&stage);
    let (_, answer) = by_hand.exchange(&by_hand.code().await, &[]).await;
    let token = answer["access_token"].as_str().unwrap();
    stage.clock.advance(Duration::minutes(5) + Duration::seconds(1));
    assert_eq!(by_hand.userinfo(token).await, StatusCode::UNAUTHORIZED);
    assert_eq!(by_hand.userinfo("guessed").await, StatusCode::UNAUTHORIZED);
}
