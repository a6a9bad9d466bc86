//! An authorization request (OpenID Connect Core 3.1.2), and whether it is as it must be.

use axum::response::{IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::Deserialize;
use url::Url;

use super::provider::{CLIENT_ID, IdentityProvider};

/// The levels of authentication that the provider plays: the usual one, and the one it grants to whoever asks for it.
pub const LEVELS: [&str; 2] = ["1", "2"];

/// An authorization request, and on the way back what the person chose or typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AuthorizationRequest {
    pub client_id: String,
    pub redirect_uri: String,
    pub response_type: String,
    pub scope: String,
    pub state: String,
    pub nonce: String,
    pub code_challenge: String,
    pub code_challenge_method: String,
    pub prompt: String,
    pub acr_values: String,

    pub identity: String,
    pub name: String,
    pub phone_number: String,
    pub id_number: String,
}

/// A request whose every part is as it must be.
pub struct ValidRequest<'a> {
    pub redirect_uri: &'a str,
    pub state: &'a str,
    pub nonce: &'a str,
    pub challenge: &'a str,
    pub acr: &'static str,
}

pub enum InvalidRequest {
    /// The client or its address is unknown: nobody is sent anywhere.
    Page(&'static str),
    Back(Box<Response>),
}

/// Where the browser goes with the outcome.
pub fn redirect_back(redirect_uri: &str, outcome: &[(&str, &str)]) -> Response {
    match Url::parse(redirect_uri) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(outcome);
            Redirect::to(url.as_str()).into_response()
        }
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

impl IdentityProvider {
    pub fn validate<'a>(&self, asked: &'a AuthorizationRequest) -> Result<ValidRequest<'a>, InvalidRequest> {
        if asked.client_id != CLIENT_ID {
            return Err(InvalidRequest::Page("登录请求来自未登记的系统。"));
        }
        if !self.redirect_uris.iter().any(|known| known.as_str() == asked.redirect_uri) {
            return Err(InvalidRequest::Page("登录请求的返回地址未登记。"));
        }
        let wrong = |error: &str, description: &str| {
            let mut outcome =
                vec![("error", error), ("error_description", description), ("iss", self.issuer.as_str())];
            if !asked.state.is_empty() {
                outcome.push(("state", &asked.state));
            }
            Err(InvalidRequest::Back(Box::new(redirect_back(&asked.redirect_uri, &outcome))))
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
        Ok(ValidRequest {
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
}
