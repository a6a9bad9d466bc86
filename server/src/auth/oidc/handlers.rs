//! The addresses under `/auth`.

use domain::route;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::cookie::CookieJar;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Deserialize;
use time::Duration;

use super::attempt::{Attempt, Requirements};
use super::client::Auth;
use super::failure::Failure;
use crate::auth::return_path::local_path;
use crate::auth::session::{self, SignIn, SignInFailure};
use crate::http::page_template::HOME;
use service::error::chain;
use service::watch::SIGNED_IN;

impl Auth {
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route(route::LOGIN, get(login))
            .route(route::LOGIN_CALLBACK, get(callback))
            .route(route::LOGOUT, post(logout))
            .with_state(self.clone())
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
    let requirements = Requirements { fresh: !query.fresh.is_empty(), staff: !query.staff.is_empty() };
    match auth.begin(&headers, next.clone(), requirements).await {
        Ok((url, cookies)) => (cookies, Redirect::to(url.as_str())).into_response(),
        Err(failure) => failure.page(&auth.setup.template, &next),
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
    let ended = |failure: &Failure| auth.setup.sessions.note_end(failure.word());
    let attempt = query.ok().and_then(|Query(query)| Some((auth.attempt(&headers, &query.state)?, query)));
    let Some((attempt, query)) = attempt else {
        ended(&Failure::Stale);
        return Failure::Stale.page(&auth.setup.template, "/");
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
            auth.setup.sessions.note_end(SIGNED_IN);
            // Who asked for no page begins where they work: staff at their desk, everybody else at home.
            let desk = match attempt.next.as_str() {
                route::HOME => auth.setup.sessions.desk(&token).await,
                _ => None,
            };
            let jar = jar.add(session::cookie(&token, auth.setup.tls));
            (jar, Redirect::to(desk.unwrap_or(&attempt.next))).into_response()
        }
        Err(failure) => {
            ended(&failure);
            (jar, failure.page(&auth.setup.template, &attempt.next)).into_response()
        }
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
    auth.verify_assurance(attempt.requirements, &proof)?;
    let user_agent = headers
        .get(header::USER_AGENT)
        .and_then(|agent| agent.to_str().ok())
        .map(|agent| agent.chars().take(200).collect());
    let previous = session::token_of(headers, auth.setup.tls);
    auth.setup.sessions.sign_in(SignIn { claims, proof, previous, user_agent }).await.map_err(|failure| {
        match failure {
            SignInFailure::Refused(sentence) => Failure::Refused(sentence),
            SignInFailure::Broken(error) => Failure::Broken(chain(&*error)),
        }
    })
}

async fn logout(State(auth): State<Arc<Auth>>, headers: HeaderMap) -> Response {
    if let Some(token) = session::token_of(&headers, auth.setup.tls)
        && let Err(error) = auth.setup.sessions.sign_out(token).await
    {
        // The cookie stays: a session that lives on must not look ended.
        tracing::error!(error = chain(&*error), "the session was not ended");
        return auth.setup.template.message(
            StatusCode::INTERNAL_SERVER_ERROR,
            "退出未完成",
            "退出未能完成，您仍处于登录状态，请稍后再试。",
            &[HOME],
        );
    }
    let jar = CookieJar::new().add(session::expired_cookie(auth.setup.tls));
    let clear = [(HeaderName::from_static("clear-site-data"), "\"storage\"")];
    (jar, clear, Redirect::to("/")).into_response()
}
