//! One action: one post, one use case, one redirect. A refusal comes back as a sentence on the page the person came
//! from.

use std::collections::BTreeMap;

use app::api::caller::Caller;
use axum::Form;
use axum::extract::{FromRequest as _, Request};
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use service::{Actor, Error};

use crate::http::body::drain;
use crate::routes::state::{AppState, actor_of, came_from, see};

pub type Fields = BTreeMap<String, String>;

/// Where an action leads, and what the next page says once.
pub struct Done {
    to: String,
    says: Option<String>,
}

pub fn to(path: impl Into<String>) -> Done {
    Done { to: path.into(), says: None }
}

impl Done {
    pub fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.says = Some(sentence.into());
        self
    }
}

/// An action as a route.
macro_rules! act {
    ($name:ident) => {
        axum::routing::post(
            |axum::extract::State(state): axum::extract::State<crate::routes::state::AppState>,
             axum::Extension(caller): axum::Extension<app::api::caller::Caller>,
             headers: http::HeaderMap,
             request: axum::extract::Request| async move {
                let asked = $crate::routes::acts::act::Asked::read(&state, &caller, &headers, request).await;
                let asked = match asked {
                    Ok(asked) => asked,
                    Err(response) => return *response,
                };
                let outcome = $name(&state, asked.actor, &asked.fields, &asked.back).await;
                $crate::routes::acts::act::finish(&state, asked.actor, &headers, outcome).await
            },
        )
    };
}
pub(super) use act;

/// An action as it was asked for.
pub struct Asked<'a> {
    pub actor: &'a Actor,
    pub fields: Fields,
    /// Where the person came from.
    pub back: String,
}

impl<'a> Asked<'a> {
    pub async fn read(
        state: &AppState,
        caller: &'a Caller,
        headers: &HeaderMap,
        request: Request,
    ) -> Result<Self, Box<Response>> {
        let back = came_from(headers);
        // Known before anything is read.
        let Ok(actor) = actor_of(caller) else {
            drain(request.into_body());
            return Err(Box::new(state.signed_out(&back)));
        };
        match Form::<Fields>::from_request(request, &()).await {
            Ok(Form(fields)) => Ok(Self { actor, fields, back }),
            Err(rejection) => Err(Box::new(rejection.into_response())),
        }
    }
}

pub async fn finish(
    state: &AppState,
    actor: &Actor,
    headers: &HeaderMap,
    outcome: Result<Done, Error>,
) -> Response {
    match outcome {
        Ok(Done { to, says: Some(sentence) }) => state.back_saying(actor, &to, &sentence).await,
        Ok(Done { to, says: None }) => see(&to),
        Err(error) => state.refused(actor, headers, error).await,
    }
}

/// What did not pass comes back on its page, with what was typed and what is wrong with it.
pub async fn again(
    state: &AppState,
    actor: &Actor,
    form: &str,
    fields: &Fields,
    page: &str,
    error: Error,
) -> Result<Done, Error> {
    let (faults, says) = match error {
        Error::Faults(faults) => (faults, None),
        // Where it leads somewhere, that is the way on.
        Error::Refused(refused) if refused.link.is_none() => (Vec::new(), Some(refused.sentence)),
        other => return Err(other),
    };
    let typed: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    state.service.kept_forms.keep(actor, form, &typed, &faults).await?;
    let mark = if page.contains('?') { '&' } else { '?' };
    Ok(Done { to: format!("{page}{mark}check={form}"), says })
}

pub fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", |value| value.trim())
}

pub fn version(fields: &Fields) -> Result<i64, Error> {
    field(fields, "version").parse().map_err(|_| Error::refused("页面已过期，请刷新后重试"))
}
