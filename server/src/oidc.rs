//! The platform as a client of the identity platform (R1): authorization code flow with PKCE, state and
//! nonce. Nothing of an attempt is kept here; it travels sealed in a short-lived cookie.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::cookie::CookieJar;
use http::{HeaderMap, HeaderName, StatusCode, header};
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreProviderMetadata,
};
use openidconnect::{
    AccessTokenHash, AsyncHttpClient, AuthenticationContextClass, AuthorizationCode, ClaimsVerificationError,
    ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, SignatureVerificationError, TokenResponse as _,
    UserInfoClaims,
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use service::clock::Clock;
use service::keyring::Keyring;
use service::{Assurance, Proof};
use subtle::ConstantTimeEq as _;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;
use url::Url;

use crate::config::OidcConfig;
use crate::pages::{Chrome, Way};
use crate::session::{self, Claims, Sessions, SignIn, SignInFailure};

/// How long a person may stay on the identity platform.
const ATTEMPT_LIFE: Duration = Duration::minutes(10);
const ATTEMPT_CONTEXT: &str = "server/sign-in attempt";
/// Attempts of so many tabs fit side by side.
const ATTEMPT_SLOTS: u8 = 8;
/// What the provider says of itself and its keys is asked again after this.
const METADATA_LIFE: Duration = Duration::hours(1);
const MAX_ANSWER: usize = 1024 * 1024;

/// The identity platform's clock and ours differ by so much at most.
const ATTEMPT_SKEW: Duration = Duration::minutes(1);

const TOO_WEAK: &str = "身份认证平台没有按要求重新核验您的身份，或者核验的强度不够。请重新登录并完成更高强度的认证；仍不成功的，请联系平台管理员。";
const UNREACHABLE: &str = "身份认证平台暂时无法连接，请稍后再试";

/// What the client is built from.
pub struct Setup {
    pub provider: OidcConfig,
    /// Where the provider sends people back to; the one on the host they came by is used.
    pub callbacks: Vec<Url>,
    /// The embedded provider is reached here instead of over its public address.
    pub embedded_at: Option<SocketAddr>,
    pub keyring: Arc<Keyring>,
    pub clock: Arc<dyn Clock>,
    pub sessions: Arc<dyn Sessions>,
    pub chrome: Chrome,
    pub tls: bool,
    pub assurance: Assurance,
}

pub struct Auth {
    setup: Setup,
    http: Http,
    metadata: Mutex<Option<(OffsetDateTime, Arc<CoreProviderMetadata>)>>,
}

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("The issuer is not an address: {0}.")]
    Issuer(url::ParseError),
    #[error("There is no callback address.")]
    NoCallback,
    #[error("The HTTP client cannot be made: {0}.")]
    Http(#[from] reqwest::Error),
}

/// Why nobody was signed in. The cause is logged, never shown; it names no token and no person.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the identity platform cannot be reached: {0}")]
    Unreachable(String),
    #[error("the attempt is unknown or too old")]
    Stale,
    #[error("the person or the identity platform declined: {0}")]
    Declined(String),
    #[error("the answer of the identity platform is not to be believed: {0}")]
    Untrusted(String),
    #[error("the identity platform leaves out {0}")]
    Incomplete(&'static str),
    #[error("the identity platform did not prove what was demanded: {0}")]
    Weak(&'static str),
    #[error("the service refuses the person")]
    Refused(String),
    #[error("the session cannot be made: {0}")]
    Broken(String),
}

/// One attempt to sign in, as it travels in the sealed cookie.
#[derive(Serialize, Deserialize)]
struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
    next: String,
    callback: String,
    /// Unix seconds.
    until: i64,
    #[serde(default)]
    demands: Demands,
}

/// What a sign-in must prove beyond who the person is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Demands {
    /// That the person proves themselves now.
    fresh: bool,
    /// The level that staff need.
    staff: bool,
}

impl Auth {
    /// # Errors
    /// When the configuration cannot be used; the provider itself is not asked yet.
    pub fn new(setup: Setup) -> Result<Arc<Self>, SetupError> {
        if setup.callbacks.is_empty() {
            return Err(SetupError::NoCallback);
        }
        let issuer = Url::parse(&setup.provider.issuer).map_err(SetupError::Issuer)?;
        let http = Http::new(setup.embedded_at.map(|addr| (issuer, addr)))?;
        Ok(Arc::new(Self { setup, http, metadata: Mutex::new(None) }))
    }

    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/auth/login", get(login))
            .route("/auth/callback", get(callback))
            .route("/auth/logout", post(logout))
            .with_state(self.clone())
    }

    /// The provider's metadata and keys, asked once and kept for an hour; failures are not kept.
    async fn metadata(&self, anew: bool) -> Result<Arc<CoreProviderMetadata>, Failure> {
        let now = self.setup.clock.now();
        let mut kept = self.metadata.lock().await;
        if let Some((asked, metadata)) = &*kept {
            // Not on every forged token: at most once a minute.
            let fresh = if anew { Duration::minutes(1) } else { METADATA_LIFE };
            if now - *asked < fresh {
                return Ok(metadata.clone());
            }
        }
        let issuer = IssuerUrl::new(self.setup.provider.issuer.clone())
            .map_err(|error| Failure::Unreachable(error.to_string()))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.http)
            .await
            .map_err(|error| Failure::Unreachable(error.to_string()))?;
        let metadata = Arc::new(metadata);
        *kept = Some((now, metadata.clone()));
        Ok(metadata)
    }

    fn client(&self, metadata: &CoreProviderMetadata, callback: String) -> Result<ProviderClient, Failure> {
        let provider = &self.setup.provider;
        let callback = RedirectUrl::new(callback).map_err(|error| Failure::Untrusted(error.to_string()))?;
        Ok(CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(provider.client_id.clone()),
            Some(ClientSecret::new(provider.client_secret.expose_secret().to_owned())),
        )
        .set_redirect_uri(callback))
    }

    /// The callback on the host the person came by, so that the cookies are found again.
    fn callback_for(&self, headers: &HeaderMap) -> Option<&Url> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let same = self.setup.callbacks.iter().find(|callback| Some(callback.authority()) == host);
        same.or_else(|| self.setup.callbacks.first())
    }

    /// Where the person is to be sent, and the cookie that remembers the attempt.
    async fn begin(
        &self,
        headers: &HeaderMap,
        next: String,
        demands: Demands,
    ) -> Result<(Url, CookieJar), Failure> {
        let metadata = self.metadata(false).await?;
        let callback = self.callback_for(headers).map(Url::to_string).unwrap_or_default();
        let client = self.client(&metadata, callback.clone())?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let asked = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("profile".into()))
            .add_scope(Scope::new("phone".into()))
            .set_pkce_challenge(challenge);
        let (url, state, nonce) = self.demanding(asked, demands).url();
        let attempt = Attempt {
            demands,
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            next,
            callback,
            until: (self.setup.clock.now() + ATTEMPT_LIFE).unix_timestamp(),
            state: state.into_secret(),
        };
        let sealed = serde_json::to_string(&attempt)
            .map_err(|error| Failure::Broken(error.to_string()))
            .and_then(|text| {
                self.setup
                    .keyring
                    .seal_text(ATTEMPT_CONTEXT, &text)
                    .map_err(|error| Failure::Broken(error.to_string()))
            })?;
        let name = self.attempt_cookie(&attempt.state);
        let cookie = session::host_cookie(name, sealed, self.setup.tls, ATTEMPT_LIFE);
        Ok((url, CookieJar::new().add(cookie)))
    }

    /// Asks the identity platform for what the operator demands (OpenID Connect Core 3.1.2.1).
    fn demanding<'a>(&self, asked: Asked<'a>, demands: Demands) -> Asked<'a> {
        let assurance = &self.setup.assurance;
        let staff = demands.staff.then_some(assurance);
        let levels = staff.map_or(&[][..], |assurance| assurance.staff_acr.as_slice());
        let mut asked = levels.iter().fold(asked, |asked, level| {
            asked.add_auth_context_value(AuthenticationContextClass::new(level.clone()))
        });
        let fresh = assurance.fresh_minutes.filter(|_| demands.fresh);
        let ages = fresh.into_iter().chain(staff.and_then(|assurance| assurance.staff_max_age_minutes));
        if let Some(seconds) = ages.min().and_then(|minutes| u64::try_from(minutes * 60).ok()) {
            asked = asked.set_max_age(std::time::Duration::from_secs(seconds));
        }
        if demands.fresh { asked.add_prompt(CoreAuthPrompt::Login) } else { asked }
    }

    /// Whether the identity platform proved what it was asked for (ASVS V6.8.4).
    fn proves(&self, demands: Demands, proof: &Proof) -> Result<(), Failure> {
        let assurance = &self.setup.assurance;
        let now = self.setup.clock.now();
        let is_within = |minutes: i64| {
            proof.auth_time.is_some_and(|proven| now - proven <= Duration::minutes(minutes) + ATTEMPT_SKEW)
        };
        if demands.fresh && !assurance.fresh_minutes.is_none_or(is_within) {
            return Err(Failure::Weak("the time of the proof"));
        }
        if demands.staff && !assurance.staff_max_age_minutes.is_none_or(is_within) {
            return Err(Failure::Weak("the time of the proof"));
        }
        let is_level = assurance.staff_acr.is_empty()
            || proof.acr.as_ref().is_some_and(|acr| assurance.staff_acr.contains(acr));
        if demands.staff && !is_level {
            return Err(Failure::Weak("the level of authentication"));
        }
        Ok(())
    }

    fn attempt_cookie(&self, state: &str) -> String {
        let slot = state.bytes().fold(0u8, u8::wrapping_add) % ATTEMPT_SLOTS;
        let prefix = if self.setup.tls { "__Host-" } else { "" };
        format!("{prefix}sign-in-{slot}")
    }

    /// The attempt that belongs to this state, if this browser began it and not too long ago.
    fn attempt(&self, headers: &HeaderMap, state: &str) -> Option<Attempt> {
        let jar = CookieJar::from_headers(headers);
        let sealed = jar.get(&self.attempt_cookie(state))?.value().to_owned();
        let text = self.setup.keyring.open_text(ATTEMPT_CONTEXT, &sealed).ok()?;
        let attempt: Attempt = serde_json::from_str(&text).ok()?;
        let same = bool::from(attempt.state.as_bytes().ct_eq(state.as_bytes()));
        (same && self.setup.clock.now().unix_timestamp() <= attempt.until).then_some(attempt)
    }

    /// Code for tokens, tokens for claims; every check of OpenID Connect Core 3.1.3.7 and 5.3.2.
    async fn claims(&self, attempt: &Attempt, code: String) -> Result<(Claims, Proof), Failure> {
        let metadata = self.metadata(false).await?;
        let client = self.client(&metadata, attempt.callback.clone())?;
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| Failure::Unreachable(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
            .request_async(&self.http)
            .await
            .map_err(exchange_failed)?;
        let id_token = tokens.id_token().ok_or(Failure::Untrusted("no id token".into()))?;

        let nonce = Nonce::new(attempt.nonce.clone());
        let now = self.setup.clock.now();
        let (sub, proof) = match verify(&client, id_token, &tokens, &nonce, now) {
            // The provider has rotated its keys since we asked.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                let metadata = self.metadata(true).await?;
                let client = self.client(&metadata, attempt.callback.clone())?;
                verify(&client, id_token, &tokens, &nonce, now)
            }
            verified => verified,
        }
        .map_err(|error| Failure::Untrusted(error.to_string()))?;

        // The library compares the subjects (Core 5.3.2).
        let told: UserInfoClaims<Extra, CoreGenderClaim> = client
            .user_info(tokens.access_token().clone(), Some(sub.clone()))
            .map_err(|_| Failure::Incomplete("the userinfo endpoint"))?
            .request_async(&self.http)
            .await
            .map_err(|error| match error {
                openidconnect::UserInfoError::Request(error) => Failure::Unreachable(error.to_string()),
                openidconnect::UserInfoError::ClaimsVerification(error) => {
                    Failure::Untrusted(error.to_string())
                }
                // Their texts may quote the answer, which is personal data.
                _ => Failure::Untrusted("the userinfo answer cannot be read".into()),
            })?;
        let told = serde_json::to_value(&told)
            .map_err(|_| Failure::Untrusted("the userinfo answer cannot be read".into()))?;
        let names = &self.setup.provider.claims;
        let claim = |name: &str, what: &'static str| {
            let value = told.get(name).and_then(|value| value.as_str()).map(str::trim).unwrap_or_default();
            if value.is_empty() { Err(Failure::Incomplete(what)) } else { Ok(value.to_owned()) }
        };
        let claims = Claims {
            sub: sub.to_string(),
            name: claim(&names.name, "the name")?,
            mobile: plain_mobile(&claim(&names.mobile, "the mobile number")?),
            id_kind: claim(&names.id_kind, "the id kind")?,
            id_number: claim(&names.id_number, "the id number")?.to_ascii_uppercase(),
        };
        Ok((claims, proof))
    }

    /// A page for whoever could not be signed in; the cause goes to the log, once.
    fn sorry(&self, failure: &Failure, next: &str) -> Response {
        let (status, sentence) = match failure {
            Failure::Unreachable(_) => (StatusCode::SERVICE_UNAVAILABLE, UNREACHABLE),
            Failure::Stale => (StatusCode::BAD_REQUEST, "本次登录已失效，请重新登录。"),
            Failure::Declined(_) => (StatusCode::FORBIDDEN, "您已取消登录，或身份认证平台未同意本次登录。"),
            Failure::Untrusted(_) => (StatusCode::BAD_GATEWAY, "身份认证结果未通过校验，请重新登录。"),
            Failure::Incomplete(_) => {
                (StatusCode::BAD_GATEWAY, "身份认证平台未返回必要的实名信息，请联系平台管理员。")
            }
            Failure::Weak(_) => (StatusCode::FORBIDDEN, TOO_WEAK),
            Failure::Refused(sentence) => (StatusCode::FORBIDDEN, sentence.as_str()),
            Failure::Broken(_) => (StatusCode::INTERNAL_SERVER_ERROR, "登录未能完成，请稍后再试。"),
        };
        match failure {
            Failure::Broken(_) => tracing::error!(%failure, "sign-in failed"),
            Failure::Unreachable(_) | Failure::Untrusted(_) | Failure::Incomplete(_) => {
                tracing::warn!(%failure, "sign-in failed");
            }
            Failure::Stale | Failure::Declined(_) | Failure::Weak(_) | Failure::Refused(_) => {
                tracing::info!(%failure, "sign-in failed");
            }
        }
        let again = login_path(next);
        self.setup.chrome.message(
            status,
            "登录未完成",
            sentence,
            &[Way { label: "重新登录", href: &again }, Way { label: "返回首页", href: "/" }],
        )
    }
}

type Asked<'a> = openidconnect::AuthorizationRequest<
    'a,
    openidconnect::core::CoreAuthDisplay,
    CoreAuthPrompt,
    openidconnect::core::CoreResponseType,
>;

type ProviderClient = CoreClient<
    openidconnect::EndpointSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointMaybeSet,
    openidconnect::EndpointMaybeSet,
>;

/// The claims of the id token beyond those OpenID Connect names.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Extra {
    #[serde(flatten)]
    claims: serde_json::Map<String, serde_json::Value>,
}

impl openidconnect::AdditionalClaims for Extra {}

/// Signature, issuer, audience, expiry, nonce and the hash of the access token; gives the subject.
fn verify(
    client: &ProviderClient,
    id_token: &openidconnect::core::CoreIdToken,
    tokens: &openidconnect::core::CoreTokenResponse,
    nonce: &Nonce,
    now: OffsetDateTime,
) -> Result<(openidconnect::SubjectIdentifier, Proof), ClaimsVerificationError> {
    let verifier = client
        .id_token_verifier()
        .set_time_fn(move || chrono::DateTime::from_timestamp(now.unix_timestamp(), 0).unwrap_or_default());
    let claims = id_token.claims(&verifier, nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let hash = AccessTokenHash::from_token(
            tokens.access_token(),
            id_token.signing_alg().map_err(|error| ClaimsVerificationError::Other(error.to_string()))?,
            id_token.signing_key(&verifier).map_err(ClaimsVerificationError::SignatureVerification)?,
        )
        .map_err(|error| ClaimsVerificationError::Other(error.to_string()))?;
        if hash != *expected {
            return Err(ClaimsVerificationError::Other("the access token is another".into()));
        }
    }
    let proof = Proof {
        auth_time: claims
            .auth_time()
            .and_then(|time| OffsetDateTime::from_unix_timestamp(time.timestamp()).ok()),
        acr: claims.auth_context_ref().map(|acr| (**acr).clone()),
    };
    Ok((claims.subject().clone(), proof))
}

/// Sorts what went wrong in the exchange, without quoting bodies that may hold tokens.
fn exchange_failed<T: openidconnect::ErrorResponse + 'static>(
    error: openidconnect::RequestTokenError<HttpFailure, T>,
) -> Failure {
    match error {
        openidconnect::RequestTokenError::ServerResponse(_) => {
            Failure::Untrusted("the identity platform refuses the code".into())
        }
        openidconnect::RequestTokenError::Request(error) => Failure::Unreachable(error.to_string()),
        openidconnect::RequestTokenError::Parse(_, _) | openidconnect::RequestTokenError::Other(_) => {
            Failure::Untrusted("the token answer cannot be read".into())
        }
    }
}

/// Identity platforms write +86 and blanks; the platform's numbers are eleven figures.
fn plain_mobile(told: &str) -> String {
    let figures: String = told.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    figures.strip_prefix("+86").unwrap_or(&figures).to_owned()
}

/// The address that begins a sign-in and comes back to `next`.
pub fn login_path(next: &str) -> String {
    match local_path(next) {
        path if path == "/" => "/auth/login".into(),
        path => {
            let query: String =
                url::form_urlencoded::Serializer::new(String::new()).append_pair("next", &path).finish();
            format!("/auth/login?{query}")
        }
    }
}

/// The address within this site that `next` means, `/` for anything else: whoever signs in must not be
/// sent to a foreign site, nor straight back into signing in.
pub fn local_path(next: &str) -> String {
    let home = || "/".to_owned();
    let plain = next.len() <= 2048
        && next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.chars().any(char::is_control);
    if !plain {
        return home();
    }
    let Ok(here) = Url::parse("http://here.invalid") else { return home() };
    match here.join(next) {
        Ok(url) if url.origin() == here.origin() => {
            let path = url.path();
            // `/./…//evil` becomes a path with two slashes in front only now.
            if path.starts_with("//") || path.starts_with("/auth/") || path.starts_with("/idp/") {
                return home();
            }
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            let fragment = url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
            format!("{path}{query}{fragment}")
        }
        _ => home(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LoginQuery {
    next: String,
    /// Not empty: the person is to prove themselves now.
    fresh: String,
    /// Not empty: by the level that staff need.
    staff: String,
}

async fn login(
    State(auth): State<Arc<Auth>>,
    headers: HeaderMap,
    query: Result<Query<LoginQuery>, QueryRejection>,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let next = local_path(&query.next);
    let demands = Demands { fresh: !query.fresh.is_empty(), staff: !query.staff.is_empty() };
    match auth.begin(&headers, next.clone(), demands).await {
        Ok((url, cookies)) => (cookies, Redirect::to(url.as_str())).into_response(),
        Err(failure) => auth.sorry(&failure, &next),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CallbackQuery {
    code: String,
    state: String,
    error: String,
    iss: Option<String>,
}

async fn callback(
    State(auth): State<Arc<Auth>>,
    headers: HeaderMap,
    query: Result<Query<CallbackQuery>, QueryRejection>,
) -> Response {
    let Ok(Query(query)) = query else { return auth.sorry(&Failure::Stale, "/") };
    let Some(attempt) = auth.attempt(&headers, &query.state) else {
        return auth.sorry(&Failure::Stale, "/");
    };
    // Whatever comes of it, the attempt is used up.
    let over = session::host_cookie(
        auth.attempt_cookie(&query.state),
        String::new(),
        auth.setup.tls,
        Duration::ZERO,
    );
    let jar = CookieJar::new().add(over);
    match signed_in(&auth, &headers, &attempt, query).await {
        Ok(token) => {
            let jar = jar.add(session::cookie(&token, auth.setup.tls));
            (jar, Redirect::to(&attempt.next)).into_response()
        }
        Err(failure) => (jar, auth.sorry(&failure, &attempt.next)).into_response(),
    }
}

async fn signed_in(
    auth: &Auth,
    headers: &HeaderMap,
    attempt: &Attempt,
    query: CallbackQuery,
) -> Result<session::SessionToken, Failure> {
    // RFC 9207: a code of another provider is not for us.
    if query.iss.is_some_and(|iss| iss != auth.setup.provider.issuer) {
        return Err(Failure::Untrusted("the answer names another issuer".into()));
    }
    if !query.error.is_empty() {
        let code: String = query
            .error
            .chars()
            .filter(|letter| letter.is_ascii_lowercase() || *letter == '_')
            .take(40)
            .collect();
        return Err(Failure::Declined(code));
    }
    if query.code.is_empty() {
        return Err(Failure::Stale);
    }
    let (claims, proof) = auth.claims(attempt, query.code).await?;
    auth.proves(attempt.demands, &proof)?;
    let user_agent = headers
        .get(header::USER_AGENT)
        .and_then(|agent| agent.to_str().ok())
        .map(|agent| agent.chars().take(200).collect());
    let previous = session::token_of(headers, auth.setup.tls);
    auth.setup.sessions.sign_in(SignIn { claims, proof, previous, user_agent }).await.map_err(|failure| {
        match failure {
            SignInFailure::Refused(sentence) => Failure::Refused(sentence),
            SignInFailure::Broken(error) => Failure::Broken(error.to_string()),
        }
    })
}

async fn logout(State(auth): State<Arc<Auth>>, headers: HeaderMap) -> Response {
    if let Some(token) = session::token_of(&headers, auth.setup.tls)
        && let Err(error) = auth.setup.sessions.sign_out(token).await
    {
        // The cookie stays: a session that lives on must not look ended.
        tracing::error!(%error, "the session was not ended");
        return auth.setup.chrome.message(
            StatusCode::INTERNAL_SERVER_ERROR,
            "退出未完成",
            "退出未能完成，您仍处于登录状态，请稍后再试。",
            &[Way { label: "返回首页", href: "/" }],
        );
    }
    let jar = CookieJar::new().add(session::expired_cookie(auth.setup.tls));
    let clear = [(HeaderName::from_static("clear-site-data"), "\"storage\"")];
    (jar, clear, Redirect::to("/")).into_response()
}

/// openidconnect's requests through our own client: no redirects, time and size bounded.
struct Http {
    client: reqwest::Client,
    /// Addresses that begin with the issuer go to this socket instead.
    embedded: Option<(Url, SocketAddr)>,
}

#[derive(Debug, thiserror::Error)]
enum HttpFailure {
    #[error(transparent)]
    Request(#[from] reqwest::Error),
    #[error(transparent)]
    Message(#[from] http::Error),
    #[error("the address is not valid")]
    Address,
    #[error("the answer is too long")]
    TooLong,
}

impl Http {
    fn new(embedded: Option<(Url, SocketAddr)>) -> Result<Self, reqwest::Error> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(std::time::Duration::from_secs(5))
            .timeout(std::time::Duration::from_secs(10));
        if embedded.is_some() {
            builder = builder.no_proxy();
        }
        Ok(Self { client: builder.build()?, embedded })
    }

    fn address(&self, asked: &http::Uri) -> Result<Url, HttpFailure> {
        let mut url = Url::parse(&asked.to_string()).map_err(|_| HttpFailure::Address)?;
        if let Some((issuer, addr)) = &self.embedded
            && url.origin() == issuer.origin()
            && url.path().starts_with(issuer.path())
        {
            url.set_scheme("http").map_err(|()| HttpFailure::Address)?;
            url.set_ip_host(addr.ip()).map_err(|()| HttpFailure::Address)?;
            url.set_port(Some(addr.port())).map_err(|()| HttpFailure::Address)?;
        }
        Ok(url)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let (parts, body) = request.into_parts();
        let url = self.address(&parts.uri)?;
        let mut answer =
            self.client.request(parts.method, url).headers(parts.headers).body(body).send().await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if bytes.len() + chunk.len() > MAX_ANSWER {
                return Err(HttpFailure::TooLong);
            }
            bytes.extend_from_slice(&chunk);
        }
        let mut response = http::Response::builder().status(answer.status()).body(bytes)?;
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpFailure;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFailure>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn nobody_is_sent_to_a_foreign_site_after_signing_in() {
        for hostile in [
            "",
            "evil.example",
            "https://evil.example/",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/path\r\nSet-Cookie: a=b",
            "/.//evil.example",
            "/./..//evil.example",
            "javascript:alert(1)",
            "/auth/login?next=/auth/login",
            "/auth/logout",
            "/idp/authorize",
            " /evil",
        ] {
            assert_eq!(local_path(hostile), "/", "{hostile:?}");
        }
        assert_eq!(local_path(&format!("/{}", "a".repeat(3000))), "/");
    }

    #[test]
    fn an_address_of_our_own_is_kept_whole() {
        for (next, path) in [
            ("/", "/"),
            ("/website/new/step/2?draft=1#f-name", "/website/new/step/2?draft=1#f-name"),
            ("/查询?q=示例", "/%E6%9F%A5%E8%AF%A2?q=%E7%A4%BA%E4%BE%8B"),
            ("/filings?next=https://example.cn", "/filings?next=https://example.cn"),
        ] {
            assert_eq!(local_path(next), path);
        }
        assert_eq!(login_path("/a?b=c&d"), "/auth/login?next=%2Fa%3Fb%3Dc%26d");
        assert_eq!(login_path("//evil"), "/auth/login");
    }

    #[test]
    fn a_mobile_number_is_brought_into_one_form() {
        for told in ["13800000001", "+8613800000001", "+86 138-0000-0001", "138 0000 0001"] {
            assert_eq!(plain_mobile(told), "13800000001");
        }
    }

    #[test]
    fn only_the_issuers_own_addresses_go_to_the_embedded_provider() {
        let issuer = Url::parse("https://beian.example.cn/idp").unwrap();
        let http = Http { client: client(), embedded: Some((issuer, ([127, 0, 0, 1], 3000).into())) };
        let address = |asked: &str| http.address(&asked.parse().unwrap()).unwrap().to_string();
        assert_eq!(address("https://beian.example.cn/idp/jwks"), "http://127.0.0.1:3000/idp/jwks");
        assert_eq!(address("https://beian.example.cn/other"), "https://beian.example.cn/other");
        assert_eq!(address("https://id.example.cn/idp/jwks"), "https://id.example.cn/idp/jwks");
    }

    fn client() -> reqwest::Client {
        crate::install_crypto();
        reqwest::Client::new()
    }
}
