//! Connects cookies with the service's sessions: who signs in and out, and who acts in each request.

use domain::role::StaffRole;
use domain::route;
use domain::view::desk_of;
use std::sync::Arc;

use app::api::caller::Caller;
use app::ui::table::percent;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, Method, StatusCode};
use service::error::chain;
use service::suspension::SUSPENDED;
use service::{Actor, Claims as ServiceClaims, Error, Service};

use super::return_path::local_path;
use super::session::{self, SessionToken, Sessions, SignIn, SignInFailure};
use crate::http::client_addr::ClientAddr;
use crate::http::guards::IdentifyPerson;
use crate::http::page_template::{HOME, Link, PageTemplate};

impl Sessions for Service {
    fn sign_in(&self, sign_in: SignIn) -> BoxFuture<'_, Result<SessionToken, SignInFailure>> {
        async move {
            let session::Claims { sub, name, mobile, id_kind, id_number } = sign_in.claims;
            let claims = ServiceClaims { sub, name, mobile, id_kind, id_no: id_number };
            let device = sign_in.user_agent.unwrap_or_default();
            let token =
                self.accounts.sign_in_proven(&claims, &device, &sign_in.proof).await.map_err(|error| {
                    match error {
                        Error::Refused(refused) => SignInFailure::Refused(refused.sentence),
                        other => SignInFailure::Broken(Box::new(other)),
                    }
                })?;
            // Rotation: the browser's session until now ends. Failing at it must not undo the sign-in.
            if let Some(previous) = sign_in.previous
                && let Err(error) = self.accounts.end_session(previous.expose()).await
            {
                tracing::error!(error = chain(&error), "the session before this sign-in was not ended");
            }
            tell_newcomer(self, &token).await;
            Ok(SessionToken::new(token))
        }
        .boxed()
    }

    fn desk(&self, token: &SessionToken) -> BoxFuture<'_, Option<&'static str>> {
        let token = token.expose().to_owned();
        async move {
            // Who cannot be looked up now begins on the home page.
            let actor = self.accounts.actor(&token).await.ok().flatten()?;
            let roles = [
                (StaffRole::Reviewer, actor.reviewer_region().is_some()),
                (StaffRole::Administrator, actor.is_administrator()),
                (StaffRole::Keeper, actor.is_keeper()),
                (StaffRole::Auditor, actor.is_auditor()),
            ];
            desk_of(roles).map(|(_, address)| address)
        }
        .boxed()
    }

    fn sign_out(
        &self,
        token: SessionToken,
    ) -> BoxFuture<'_, Result<(), Box<dyn std::error::Error + Send + Sync>>> {
        async move { Ok(self.accounts.end_session(token.expose()).await?) }.boxed()
    }

    fn note_end(&self, outcome: &'static str) {
        self.watch.sign_in_ended(outcome);
    }
}

/// A notice of what waits for whoever signed in; without it the person still finds it on the home page.
async fn tell_newcomer(service: &Service, token: &str) {
    let told = async {
        match service.accounts.actor(token).await? {
            Some(actor) => service.handovers.tell_newcomer(&actor).await,
            None => Ok(()),
        }
    };
    if let Err(error) = told.await {
        tracing::error!(error = chain(&error), "somebody was not told of what waits for them");
    }
}

/// What finding the caller needs.
#[derive(Clone)]
pub struct Authentication {
    pub service: Service,
    pub template: PageTemplate,
    pub tls: bool,
}

/// What only staff are shown.
fn is_for_staff(path: &str) -> bool {
    [route::REVIEW, route::STAFF, route::AUDIT, route::UPKEEP]
        .into_iter()
        .any(|area| route::is_at(path, area))
}

/// What only reads asks for nothing of its person twice.
async fn who_asks(service: &Service, method: &Method, token: &str) -> service::Result<Option<Actor>> {
    match *method {
        Method::GET => service.accounts.reader(token).await,
        _ => service.accounts.actor(token).await,
    }
}

/// Puts the [`Caller`] of the request into its extensions, for every route behind it.
pub async fn authenticate(
    State(callers): State<Authentication>,
    mut request: Request,
    next: Next,
) -> Response {
    let actor = match session::token_of(request.headers(), callers.tls) {
        None => None,
        Some(token) => match who_asks(&callers.service, request.method(), token.expose()).await {
            Ok(actor) => actor,
            // Nobody is shown as signed out only because the database is busy.
            Err(error) => {
                tracing::error!(error = chain(&error), "the session was not looked up");
                return callers.template.answer(
                    request.headers(),
                    StatusCode::SERVICE_UNAVAILABLE,
                    "系统繁忙",
                    "系统暂时繁忙，请稍后再试。您保存过的内容没有丢失。",
                    &[HOME],
                );
            }
        },
    };
    if actor.is_none()
        && request.uri().path().starts_with("/act/")
        && let Some(token) = session::token_of(request.headers(), callers.tls)
        // Asked only of tokens that are worth nothing; what is not known is answered as any of them.
        && callers.service.accounts.is_suspended(token.expose()).await.unwrap_or(false)
    {
        return callers.template.answer(
            request.headers(),
            StatusCode::FORBIDDEN,
            "账户已停用",
            SUSPENDED,
            &[HOME],
        );
    }
    let path = request.uri().path();
    if actor.as_ref().is_some_and(|actor| actor.must_step_up) && is_for_staff(path) {
        let back = match request.method() {
            &Method::GET => local_path(request.uri().path_and_query().map_or("/", |asked| asked.as_str())),
            _ => "/".to_owned(),
        };
        let again = route::staff_login(&percent(&back));
        return callers.template.answer(
            request.headers(),
            StatusCode::FORBIDDEN,
            "需要验证身份",
            "审核和管理工作须以更高强度的身份认证登录。请重新验证身份，完成后会回到此页。",
            &[Link { label: "验证身份", href: &again }, HOME],
        );
    }
    let from = request.extensions().get::<ClientAddr>().map(|ClientAddr(addr)| addr.to_string());
    let who = actor.clone();
    request.extensions_mut().insert(Caller(actor));
    let response = next.run(request).await;
    if let Some(actor) = who
        && matches!(response.status(), StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
    {
        // The route stands in the span: by its pattern, so that no object is named.
        let (person, from) = (&actor.person_id, from.as_deref().unwrap_or("-"));
        let status = response.status().as_u16();
        tracing::warn!(%person, roles = role_words(&actor), from, status, "somebody asked for what is not theirs");
    }
    response
}

/// For the log: the person a request bears the session of.
pub fn identify_person(service: Service, tls: bool) -> IdentifyPerson {
    Arc::new(move |asked: HeaderMap| {
        let service = service.clone();
        async move {
            let token = session::token_of(&asked, tls)?;
            service.accounts.actor(token.expose()).await.ok().flatten().map(|actor| actor.person_id)
        }
        .boxed()
    })
}

fn role_words(actor: &Actor) -> String {
    let words: Vec<&str> = actor.roles.iter().map(|role| role.of_staff().code()).collect();
    if words.is_empty() { "applicant".to_owned() } else { words.join(" ") }
}
