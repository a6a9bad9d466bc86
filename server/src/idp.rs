//! The embedded identity provider (R1): a small but real OpenID provider for development, with sample
//! people and a form for another test identity. It cannot be built for production.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::value::id_number::check_person_id;
use domain::value::phone::check_mobile;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{RsaPrivateKey, RsaPublicKey};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use service::clock::{Clock, shanghai_date};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::config::{ClaimNames, Mode, OidcConfig, write_private};
use crate::pages::{Chrome, attribute, text};
use crate::random_token;

const CODE_LIFE: Duration = Duration::seconds(60);
const TOKEN_LIFE: Duration = Duration::minutes(5);
const CLIENT_ID: &str = "beian";
const ID_KIND: &str = "resident_id";
/// The levels of authentication it plays: the usual one, and the one it grants to whoever asks for it.
const LEVELS: [&str; 2] = ["1", "2"];
/// So many identities made by hand are offered again.
const SHOWN_AGAIN: usize = 8;

/// What a sample person is on the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleRole {
    Applicant,
    /// With the code of the region whose filings the person reviews.
    Reviewer {
        region: &'static str,
    },
    Administrator,
    Keeper,
    Auditor,
}

/// An invented person everybody may sign in as in development.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub name: &'static str,
    pub mobile: &'static str,
    pub id_number: &'static str,
    pub role: SampleRole,
}

pub const SAMPLES: [Sample; 8] = [
    sample("申请人甲", "13800000001", "110101190001010014", SampleRole::Applicant),
    sample("申请人乙", "13800000002", "110101190001020028", SampleRole::Applicant),
    sample("申请人丙", "13800000003", "310101190001030039", SampleRole::Applicant),
    sample("审核员东城", "13800000101", "110101190001040045", SampleRole::Reviewer { region: "110101" }),
    sample("审核员上海", "13800000102", "310101190001050056", SampleRole::Reviewer { region: "310000" }),
    sample("管理员", "13800000103", "110101190001060062", SampleRole::Administrator),
    sample("维护员", "13800000104", "110101190001070076", SampleRole::Keeper),
    sample("审计员", "13800000105", "11010119000108008X", SampleRole::Auditor),
];

const fn sample(
    name: &'static str,
    mobile: &'static str,
    id_number: &'static str,
    role: SampleRole,
) -> Sample {
    Sample { name, mobile, id_number, role }
}

impl Sample {
    /// What the embedded provider calls the person.
    pub fn sub(&self) -> String {
        sub_of(self.id_number)
    }
}

/// The lasting name of whoever has this id number, the same after every restart.
fn sub_of(id_number: &str) -> String {
    let digest = Sha256::new().chain_update("embedded identity\0").chain_update(id_number).finalize();
    hex(digest.get(..16).unwrap_or_default())
}

/// What the provider is built from.
pub struct Setup<'a> {
    pub mode: Mode,
    /// The issuer is this with `/idp`.
    pub public_url: &'a Url,
    /// Where the signing key and the identities made by hand are kept.
    pub data_dir: &'a Path,
    pub redirect_uris: Vec<Url>,
    pub chrome: Chrome,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("The embedded identity provider is for development only.")]
    Production,
    #[error("The embedded identity provider cannot keep its files: {0}.")]
    Files(#[from] std::io::Error),
    #[error("The embedded identity provider has no signing key: {0}.")]
    Key(String),
}

pub struct IdentityProvider {
    issuer: String,
    client_secret: SecretString,
    redirect_uris: Vec<Url>,
    signing_key: SigningKey<rsa::sha2::Sha256>,
    public_key: RsaPublicKey,
    key_id: String,
    chrome: Chrome,
    clock: Arc<dyn Clock>,
    identities_file: PathBuf,
    ledger: Mutex<Ledger>,
}

/// What happens between the endpoints; a restart forgets all but the identities.
#[derive(Default)]
struct Ledger {
    /// Made by hand, the latest last.
    identities: Vec<Identity>,
    codes: HashMap<String, Grant>,
    access_tokens: HashMap<String, Access>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    name: String,
    mobile: String,
    id_number: String,
}

/// What a code stands for.
struct Grant {
    identity: Identity,
    redirect_uri: String,
    challenge: String,
    nonce: String,
    acr: &'static str,
    issued: OffsetDateTime,
    /// The token it was exchanged for: a second use of the code ends it (RFC 6749, 4.1.2).
    spent_for: Option<String>,
}

struct Access {
    identity: Identity,
    issued: OffsetDateTime,
}

/// What a code was exchanged for.
struct Redeemed {
    token: String,
    identity: Identity,
    nonce: String,
    acr: &'static str,
    /// When the person chose who they are.
    auth_time: OffsetDateTime,
}

impl IdentityProvider {
    /// Reads or makes the signing key and reads the identities made by hand.
    ///
    /// # Errors
    /// In production, always; else when its files in the data directory are unusable.
    pub fn new(setup: Setup<'_>) -> Result<Arc<Self>, SetupError> {
        if setup.mode == Mode::Production {
            return Err(SetupError::Production);
        }
        let private_key = read_or_make_key(&setup.data_dir.join("idp-signing-key.pem"))?;
        let public_key = private_key.to_public_key();
        let key_id = hex(Sha256::digest(public_key.n().to_bytes_be()).get(..8).unwrap_or_default());
        let identities_file = setup.data_dir.join("idp-identities.json");
        let identities = match std::fs::read_to_string(&identities_file) {
            Ok(text) => serde_json::from_str(&text).map_err(std::io::Error::other)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        Ok(Arc::new(Self {
            issuer: format!("{}/idp", setup.public_url.origin().ascii_serialization()),
            client_secret: random_token().into(),
            redirect_uris: setup.redirect_uris,
            signing_key: SigningKey::new(private_key),
            public_key,
            key_id,
            chrome: setup.chrome,
            clock: setup.clock,
            identities_file,
            ledger: Mutex::new(Ledger { identities, ..Ledger::default() }),
        }))
    }

    /// How the platform's client is to be configured for it.
    pub fn client(&self) -> OidcConfig {
        OidcConfig {
            issuer: self.issuer.clone(),
            client_id: CLIENT_ID.into(),
            client_secret: self.client_secret.clone(),
            claims: ClaimNames::default(),
        }
    }

    /// Its endpoints, under `/idp`.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/idp/.well-known/openid-configuration", get(discovery))
            .route("/idp/jwks", get(jwks))
            .route("/idp/authorize", get(choose).post(chosen))
            .route("/idp/token", axum::routing::post(token))
            .route("/idp/userinfo", get(userinfo).post(userinfo))
            .with_state(self.clone())
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The person behind a button of the page.
    fn known(&self, sub: &str) -> Option<Identity> {
        let sample = SAMPLES.iter().find(|sample| sample.sub() == sub).map(Identity::from);
        sample.or_else(|| {
            self.ledger().identities.iter().find(|known| sub_of(&known.id_number) == sub).cloned()
        })
    }

    /// Remembers a person made by hand; the same id number is the same person, with a new name or phone.
    fn remember(&self, identity: &Identity) -> std::io::Result<()> {
        let mut ledger = self.ledger();
        ledger.identities.retain(|known| known.id_number != identity.id_number);
        ledger.identities.push(identity.clone());
        let text = serde_json::to_string_pretty(&ledger.identities).map_err(std::io::Error::other)?;
        let fresh = self.identities_file.with_extension(format!("{}.tmp", random_token()));
        write_private(&fresh, &text)?;
        std::fs::rename(fresh, &self.identities_file)
    }

    fn issue_code(&self, asked: &Valid<'_>, identity: Identity) -> String {
        let (code, now) = (random_token(), self.clock.now());
        let mut ledger = self.ledger();
        // A spent code is kept as long as its token, to notice a second use.
        ledger.codes.retain(|_, grant| now - grant.issued <= TOKEN_LIFE);
        ledger.codes.insert(
            code.clone(),
            Grant {
                identity,
                redirect_uri: asked.redirect_uri.into(),
                challenge: asked.challenge.into(),
                nonce: asked.nonce.into(),
                acr: asked.acr,
                issued: now,
                spent_for: None,
            },
        );
        code
    }

    /// Takes a code for an access token and what the id token says.
    fn redeem(&self, code: &str, redirect_uri: &str, verifier: &str) -> Option<Redeemed> {
        let now = self.clock.now();
        let mut ledger = self.ledger();
        ledger.access_tokens.retain(|_, access| now - access.issued <= TOKEN_LIFE);
        let grant = ledger.codes.get_mut(code)?;
        if let Some(token) = grant.spent_for.take() {
            ledger.codes.remove(code);
            ledger.access_tokens.remove(&token);
            return None;
        }
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let proven = grant.redirect_uri == redirect_uri
            && bool::from(grant.challenge.as_bytes().ct_eq(challenge.as_bytes()))
            && now - grant.issued <= CODE_LIFE;
        if !proven {
            ledger.codes.remove(code);
            return None;
        }
        let token = random_token();
        grant.spent_for = Some(token.clone());
        let (identity, nonce) = (grant.identity.clone(), grant.nonce.clone());
        let (acr, auth_time) = (grant.acr, grant.issued);
        ledger.access_tokens.insert(token.clone(), Access { identity: identity.clone(), issued: now });
        Some(Redeemed { token, identity, nonce, acr, auth_time })
    }

    fn sign(&self, claims: &serde_json::Value) -> Result<String, rsa::signature::Error> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.key_id });
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self.signing_key.try_sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes())))
    }

    fn is_client(&self, id: &str, secret: &str) -> bool {
        let right = self.client_secret.expose_secret().as_bytes().ct_eq(secret.as_bytes());
        id == CLIENT_ID && bool::from(right)
    }
}

impl From<&Sample> for Identity {
    fn from(sample: &Sample) -> Self {
        Self { name: sample.name.into(), mobile: sample.mobile.into(), id_number: sample.id_number.into() }
    }
}

fn read_or_make_key(path: &Path) -> Result<RsaPrivateKey, SetupError> {
    match std::fs::read_to_string(path) {
        Ok(pem) => RsaPrivateKey::from_pkcs8_pem(&pem).map_err(|error| SetupError::Key(error.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048)
                .map_err(|error| SetupError::Key(error.to_string()))?;
            let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| SetupError::Key(error.to_string()))?;
            write_private(path, &pem)?;
            Ok(key)
        }
        Err(error) => Err(error.into()),
    }
}

async fn discovery(State(provider): State<Arc<IdentityProvider>>) -> Json<serde_json::Value> {
    let issuer = &provider.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "phone"],
        "acr_values_supported": LEVELS,
        "claims_supported": ["sub", "auth_time", "acr", "name", "phone_number", "id_kind", "id_number"],
        "authorization_response_iss_parameter_supported": true,
        "request_uri_parameter_supported": false,
    }))
}

async fn jwks(State(provider): State<Arc<IdentityProvider>>) -> Json<serde_json::Value> {
    Json(json!({ "keys": [{
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": provider.key_id,
        "n": URL_SAFE_NO_PAD.encode(provider.public_key.n().to_bytes_be()),
        "e": URL_SAFE_NO_PAD.encode(provider.public_key.e().to_bytes_be()),
    }] }))
}

/// An authorization request, and on the way back what the person chose or typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    client_id: String,
    redirect_uri: String,
    response_type: String,
    scope: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
    prompt: String,
    acr_values: String,

    identity: String,
    name: String,
    phone_number: String,
    id_number: String,
}

/// A request whose every part is as it must be.
struct Valid<'a> {
    redirect_uri: &'a str,
    state: &'a str,
    nonce: &'a str,
    challenge: &'a str,
    acr: &'static str,
}

enum Invalid {
    /// The client or its address is unknown: nobody is sent anywhere.
    Page(&'static str),
    Back(Box<Response>),
}

/// Where the browser goes with the outcome.
fn back(redirect_uri: &str, outcome: &[(&str, &str)]) -> Response {
    match Url::parse(redirect_uri) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(outcome);
            Redirect::to(url.as_str()).into_response()
        }
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

impl IdentityProvider {
    fn validate<'a>(&self, asked: &'a Asked) -> Result<Valid<'a>, Invalid> {
        if asked.client_id != CLIENT_ID {
            return Err(Invalid::Page("登录请求来自未登记的系统。"));
        }
        if !self.redirect_uris.iter().any(|known| known.as_str() == asked.redirect_uri) {
            return Err(Invalid::Page("登录请求的返回地址未登记。"));
        }
        let wrong = |error: &str, description: &str| {
            let mut outcome =
                vec![("error", error), ("error_description", description), ("iss", self.issuer.as_str())];
            if !asked.state.is_empty() {
                outcome.push(("state", &asked.state));
            }
            Err(Invalid::Back(Box::new(back(&asked.redirect_uri, &outcome))))
        };
        if asked.response_type != "code" {
            return wrong("unsupported_response_type", "only code");
        }
        if !asked.scope.split(' ').any(|scope| scope == "openid") {
            return wrong("invalid_scope", "openid is missing");
        }
        if asked.state.is_empty() || asked.nonce.is_empty() {
            return wrong("invalid_request", "state and nonce are required");
        }
        if asked.code_challenge_method != "S256" {
            return wrong("invalid_request", "PKCE with S256 is required");
        }
        if URL_SAFE_NO_PAD.decode(&asked.code_challenge).map(|bytes| bytes.len()) != Ok(32) {
            return wrong("invalid_request", "code_challenge is not a SHA-256 hash");
        }
        if asked.prompt == "none" {
            return wrong("login_required", "a person has to choose");
        }
        Ok(Valid {
            redirect_uri: &asked.redirect_uri,
            state: &asked.state,
            nonce: &asked.nonce,
            challenge: &asked.code_challenge,
            // A wish, not a demand (OpenID Connect Core 3.1.2.1): what it cannot do it leaves out.
            acr: LEVELS
                .into_iter()
                .find(|level| asked.acr_values.split(' ').any(|wished| wished == *level))
                .unwrap_or("1"),
        })
    }

    fn sorry(&self, sentence: &str) -> Response {
        self.chrome.message(
            StatusCode::BAD_REQUEST,
            "无法登录",
            sentence,
            &[crate::pages::Way { label: "返回首页", href: "/" }],
        )
    }

    /// The page: a button for each known person and the form for another.
    fn page(&self, status: StatusCode, asked: &Asked, faults: &Faults) -> Response {
        let mut hidden = String::new();
        for (name, value) in [
            ("client_id", &asked.client_id),
            ("redirect_uri", &asked.redirect_uri),
            ("response_type", &asked.response_type),
            ("scope", &asked.scope),
            ("state", &asked.state),
            ("nonce", &asked.nonce),
            ("code_challenge", &asked.code_challenge),
            ("code_challenge_method", &asked.code_challenge_method),
            ("acr_values", &asked.acr_values),
        ] {
            let _ = write!(hidden, r#"<input type="hidden" name="{name}" value="{}">"#, attribute(value));
        }
        let button = |sub: &str, label: &str| {
            format!(
                r#"<li><button class="identity" name="identity" value="{sub}"><b>{}</b></button></li>"#,
                text(label)
            )
        };
        let samples: String = SAMPLES.iter().map(|sample| button(&sample.sub(), sample.name)).collect();
        let made: String = self
            .ledger()
            .identities
            .iter()
            .rev()
            .take(SHOWN_AGAIN)
            .map(|known| {
                let tail: String = known.id_number.chars().skip(14).collect();
                button(&sub_of(&known.id_number), &format!("{}（尾号{tail}）", known.name))
            })
            .collect();
        let made = if made.is_empty() {
            String::new()
        } else {
            format!(
                r#"<details><summary>最近使用的其他身份</summary><form method="post" action="/idp/authorize">{hidden}<ul class="identities">{made}</ul></form></details>"#
            )
        };
        let summary = if faults.is_empty() {
            String::new()
        } else {
            let items: String = faults
                .iter()
                .map(|(field, sentence)| format!(r##"<li><a href="#f-{field}">{}</a></li>"##, text(sentence)))
                .collect();
            format!(
                r#"<div class="error-summary" role="alert" tabindex="-1" id="errors"><h2>有 {} 处需要修改</h2><ul>{items}</ul></div>"#,
                faults.len()
            )
        };
        let field = |name: &str, label: &str, value: &str, extra: &str| {
            let fault = faults.iter().find(|(field, _)| *field == name);
            let (invalid, described, error) = match fault {
                Some((_, sentence)) => (
                    " data-invalid",
                    format!(r#" aria-invalid="true" aria-describedby="f-{name}-error""#),
                    format!(r#"<p class="error" id="f-{name}-error">{}</p>"#, text(sentence)),
                ),
                None => ("", String::new(), String::new()),
            };
            format!(
                r#"<div class="field"{invalid}><div class="field-label"><span class="star" aria-hidden="true">*</span><label for="f-{name}">{label}</label><span class="visually-hidden">必填</span></div><div class="control"><input class="input" id="f-{name}" name="{name}" value="{}" aria-required="true" autocomplete="off" {extra}{described}></div>{error}</div>"#,
                attribute(value)
            )
        };
        let fields = [
            field("name", "真实姓名", &asked.name, r#"maxlength="50""#),
            field("phone_number", "手机号码", &asked.phone_number, r#"inputmode="tel" maxlength="20""#),
            field("id_number", "身份证号码", &asked.id_number, r#"maxlength="24""#),
        ]
        .concat();
        let main = format!(
            r#"<section class="sign-in stack"><h1>选择测试身份</h1>
<p class="page-lead">这是开发环境内置的身份认证，以下人物均为虚构。</p>
<form method="post" action="/idp/authorize">{hidden}<ul class="identities">{samples}</ul></form>
{made}
<form class="form" method="post" action="/idp/authorize" novalidate>{hidden}{summary}
<fieldset class="section"><legend>其他身份</legend><div class="fields">{fields}</div></fieldset>
<div class="actions"><button class="button button-primary" name="identity" value="other">登录</button><button class="button button-quiet" name="identity" value="none">取消</button></div></form></section>"#
        );
        // Chromium holds form-action against the redirect that follows the post, too.
        let mut targets: Vec<String> =
            self.redirect_uris.iter().map(|uri| uri.origin().ascii_serialization()).collect();
        targets.sort();
        targets.dedup();
        let policy = format!(
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
            targets.join(" ")
        );
        let mut response = (status, Html(self.chrome.document("选择测试身份", &main))).into_response();
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// Field and sentence, in the order of the form.
type Faults = Vec<(&'static str, String)>;

async fn choose(
    State(provider): State<Arc<IdentityProvider>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let Ok(Query(asked)) = asked else { return provider.sorry("登录请求不完整。") };
    match provider.validate(&asked) {
        Ok(_) => {
            // What a link brings into the form's own fields is not the person's typing.
            let asked =
                Asked { name: String::new(), phone_number: String::new(), id_number: String::new(), ..asked };
            provider.page(StatusCode::OK, &asked, &Faults::new())
        }
        Err(Invalid::Page(sentence)) => provider.sorry(sentence),
        Err(Invalid::Back(response)) => *response,
    }
}

async fn chosen(
    State(provider): State<Arc<IdentityProvider>>,
    asked: Result<Form<Asked>, FormRejection>,
) -> Response {
    let Ok(Form(asked)) = asked else { return provider.sorry("登录请求不完整。") };
    let valid = match provider.validate(&asked) {
        Ok(valid) => valid,
        Err(Invalid::Page(sentence)) => return provider.sorry(sentence),
        Err(Invalid::Back(response)) => return *response,
    };
    let identity = match asked.identity.as_str() {
        "none" => {
            return back(
                valid.redirect_uri,
                &[("error", "access_denied"), ("state", valid.state), ("iss", &provider.issuer)],
            );
        }
        "other" => match typed_identity(&asked, shanghai_date(provider.clock.now())) {
            Ok(identity) => {
                if let Err(error) = provider.remember(&identity) {
                    tracing::error!(%error, "the identity made by hand was not kept");
                }
                identity
            }
            Err(faults) => return provider.page(StatusCode::UNPROCESSABLE_ENTITY, &asked, &faults),
        },
        sub => match provider.known(sub) {
            Some(identity) => identity,
            None => return provider.sorry("没有这个测试身份。"),
        },
    };
    let code = provider.issue_code(&valid, identity);
    back(valid.redirect_uri, &[("code", &code), ("state", valid.state), ("iss", &provider.issuer)])
}

/// The identity of the form, in plain form, or what is wrong with it.
fn typed_identity(asked: &Asked, today: time::Date) -> Result<Identity, Faults> {
    let mut faults = Faults::new();
    // Any name: what a real platform vouches for is not bound to the rules of our forms.
    let name = asked.name.trim();
    if name.is_empty() {
        faults.push(("name", "请填写真实姓名".into()));
    } else if name.chars().count() > 50 || name.chars().any(char::is_control) {
        faults.push(("name", "真实姓名不超过 50 个字".into()));
    }
    let mut checked = |field, outcome: Result<String, &'static str>| match outcome {
        Ok(value) => value,
        Err(sentence) => {
            faults.push((field, sentence.into()));
            String::new()
        }
    };
    let mobile = checked("phone_number", check_mobile(&asked.phone_number));
    let id_number = checked("id_number", check_person_id(ID_KIND, &asked.id_number, today));
    let taken = SAMPLES
        .iter()
        .any(|sample| sample.id_number == id_number && (sample.name != name || sample.mobile != mobile));
    if taken {
        faults.push(("id_number", "这个身份证号码属于上面的一个测试身份，请直接选择".into()));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Identity { name: name.into(), mobile, id_number })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TokenRequest {
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
    client_id: Option<String>,
    client_secret: Option<String>,
}

async fn token(
    State(provider): State<Arc<IdentityProvider>>,
    headers: HeaderMap,
    request: Result<Form<TokenRequest>, FormRejection>,
) -> Response {
    let wrong = |status: StatusCode, error: &str| {
        (status, [(header::CACHE_CONTROL, "no-store")], Json(json!({ "error": error }))).into_response()
    };
    let Ok(Form(request)) = request else { return wrong(StatusCode::BAD_REQUEST, "invalid_request") };
    let posted = request.client_id.clone().zip(request.client_secret.clone());
    let authenticated =
        basic_credentials(&headers).or(posted).is_some_and(|(id, secret)| provider.is_client(&id, &secret));
    if !authenticated {
        let mut response = wrong(StatusCode::UNAUTHORIZED, "invalid_client");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
        return response;
    }
    if request.grant_type != "authorization_code" {
        return wrong(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    let redeemed = provider.redeem(&request.code, &request.redirect_uri, &request.code_verifier);
    let Some(Redeemed { token: access_token, identity, nonce, acr, auth_time }) = redeemed else {
        return wrong(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let now = provider.clock.now().unix_timestamp();
    let half_hash = Sha256::digest(&access_token);
    let id_token = provider.sign(&json!({
        "iss": provider.issuer,
        "sub": sub_of(&identity.id_number),
        "aud": CLIENT_ID,
        "iat": now,
        "exp": now + TOKEN_LIFE.whole_seconds(),
        "auth_time": auth_time.unix_timestamp(),
        "acr": acr,
        "nonce": nonce,
        "at_hash": URL_SAFE_NO_PAD.encode(half_hash.get(..16).unwrap_or_default()),
    }));
    let Ok(id_token) = id_token else { return wrong(StatusCode::INTERNAL_SERVER_ERROR, "server_error") };
    let answer = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFE.whole_seconds(),
        "id_token": id_token,
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

/// `Authorization: Basic`, whose parts are form-encoded (RFC 6749, 2.3.1).
fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let decoded = |part: &str| {
        url::form_urlencoded::parse(part.as_bytes()).next().map(|(decoded, _)| decoded.into_owned())
    };
    Some((decoded(id)?, decoded(secret)?))
}

async fn userinfo(State(provider): State<Arc<IdentityProvider>>, headers: HeaderMap) -> Response {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let now = provider.clock.now();
    let identity = bearer.and_then(|token| {
        let ledger = provider.ledger();
        let access = ledger.access_tokens.get(token)?;
        (now - access.issued <= TOKEN_LIFE).then(|| access.identity.clone())
    });
    match identity {
        Some(identity) => {
            let answer = json!({
                "sub": sub_of(&identity.id_number),
                "name": identity.name,
                "phone_number": identity.mobile,
                "phone_number_verified": true,
                "id_kind": ID_KIND,
                "id_number": identity.id_number,
            });
            ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
        }
        None => {
            let challenge = [(header::WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#)];
            (StatusCode::UNAUTHORIZED, challenge).into_response()
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    const TODAY: time::Date = time::macros::date!(2026 - 11 - 02);

    #[test]
    fn every_sample_person_has_right_numbers_and_a_sub_of_its_own() {
        for sample in SAMPLES {
            let id_number = check_person_id(ID_KIND, sample.id_number, TODAY);
            assert_eq!(id_number.as_deref(), Ok(sample.id_number), "{}", sample.name);
            assert_eq!(check_mobile(sample.mobile).as_deref(), Ok(sample.mobile), "{}", sample.name);
        }
        let mut subs: Vec<_> = SAMPLES.iter().map(Sample::sub).collect();
        subs.sort();
        subs.dedup();
        assert_eq!(subs.len(), SAMPLES.len());
    }

    #[test]
    fn a_typed_identity_is_taken_in_one_plain_form_or_refused_by_field() {
        let typed = |name: &str, phone: &str, id: &str| {
            let asked = Asked {
                name: name.into(),
                phone_number: phone.into(),
                id_number: id.into(),
                ..Asked::default()
            };
            typed_identity(&asked, TODAY)
        };
        let taken = typed(" 张三 ", "138 0000-0009", "110101 19000107 806x").unwrap();
        let plain = Identity {
            name: "张三".into(),
            mobile: "13800000009".into(),
            id_number: "11010119000107806X".into(),
        };
        assert_eq!(taken, plain);

        let all: &[&str] = &["name", "phone_number", "id_number"];
        for (name, phone, id, faulty) in [
            ("", "", "", all),
            ("张\n三", "23800000009", "1101", all),
            ("张三", "13800000009", "110101190002308014", &["id_number"]),
            ("张三", "13800000009", "110101190001010015", &["id_number"]),
            // A sample person keeps the name.
            ("张三", "13800000009", SAMPLES[0].id_number, &["id_number"]),
        ] {
            let fields: Vec<_> =
                typed(name, phone, id).unwrap_err().into_iter().map(|(field, _)| field).collect();
            assert_eq!(fields, faulty, "{name} {phone} {id}");
        }
        assert!(typed("申请人甲", "13800000001", SAMPLES[0].id_number).is_ok());
    }
}
