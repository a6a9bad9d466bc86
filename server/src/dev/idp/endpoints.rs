//! The endpoints under `/idp`.

use std::sync::Arc;

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rsa::traits::PublicKeyParts as _;
use serde::Deserialize;
use serde_json::json;
use service::clock::shanghai_date;
use service::error::chain;
use sha2::{Digest as _, Sha256};

use super::codes::{Redeemed, TOKEN_LIFE};
use super::identity::{ID_KIND, sub_of};
use super::page::{Faults, typed_identity};
use super::provider::{CLIENT_ID, IdentityProvider};
use super::request::{AuthorizationRequest, InvalidRequest, LEVELS, redirect_back};

impl IdentityProvider {
    /// Its endpoints, under `/idp`.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/idp/.well-known/openid-configuration", get(discovery))
            .route("/idp/jwks", get(jwks))
            .route("/idp/authorize", get(show_choice).post(authorize))
            .route("/idp/token", axum::routing::post(token))
            .route("/idp/userinfo", get(userinfo).post(userinfo))
            .with_state(self.clone())
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
async fn show_choice(
    State(provider): State<Arc<IdentityProvider>>,
    asked: Result<Query<AuthorizationRequest>, QueryRejection>,
) -> Response {
    let Ok(Query(asked)) = asked else { return provider.error_page("登录请求不完整。") };
    match provider.validate(&asked) {
        Ok(_) => {
            // What a link brings into the form's own fields is not the person's typing.
            let asked = AuthorizationRequest {
                name: String::new(),
                phone_number: String::new(),
                id_number: String::new(),
                ..asked
            };
            provider.page(StatusCode::OK, &asked, &Faults::new())
        }
        Err(InvalidRequest::Page(sentence)) => provider.error_page(sentence),
        Err(InvalidRequest::Back(response)) => *response,
    }
}

async fn authorize(
    State(provider): State<Arc<IdentityProvider>>,
    asked: Result<Form<AuthorizationRequest>, FormRejection>,
) -> Response {
    let Ok(Form(asked)) = asked else { return provider.error_page("登录请求不完整。") };
    let valid = match provider.validate(&asked) {
        Ok(valid) => valid,
        Err(InvalidRequest::Page(sentence)) => return provider.error_page(sentence),
        Err(InvalidRequest::Back(response)) => return *response,
    };
    let identity = match asked.identity.as_str() {
        "none" => {
            return redirect_back(
                valid.redirect_uri,
                &[("error", "access_denied"), ("state", valid.state), ("iss", &provider.issuer)],
            );
        }
        "other" => match typed_identity(&asked, shanghai_date(provider.clock.now())) {
            Ok(identity) => {
                if let Err(error) = provider.remember(&identity) {
                    tracing::error!(error = chain(&error), "the identity made by hand was not kept");
                }
                identity
            }
            Err(faults) => return provider.page(StatusCode::UNPROCESSABLE_ENTITY, &asked, &faults),
        },
        sub => match provider.known(sub) {
            Some(identity) => identity,
            None => return provider.error_page("没有这个测试身份。"),
        },
    };
    let code = provider.issue_code(&valid, identity);
    redirect_back(valid.redirect_uri, &[("code", &code), ("state", valid.state), ("iss", &provider.issuer)])
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
        let store = provider.store();
        let access = store.access_tokens.get(token)?;
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
