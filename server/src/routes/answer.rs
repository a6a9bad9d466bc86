//! The answer to an officer's question (补充说明): words and files in one post.

use app::api::caller::Caller;
use axum::extract::{Multipart, State};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use domain::route;
use domain::schema::fault;
use domain::talk::{FILES, MOST_FILES};
use http::{HeaderMap, StatusCode};
use service::{Actor, Error, TypedAnswer};

use super::posted::{Posted, read, unreadable};
use super::resubmit::{self, Choice, Resubmission};
use super::state::{AppState, actor_of, see};
use crate::auth::return_path::login_path;

const ADDRESS: &str = "/act/answer-question";

pub fn router() -> Router<AppState> {
    Router::new().route(ADDRESS, post(answer))
}

async fn answer(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let actor = actor_of(&caller);
    let posted = match read(form, actor.is_err()).await {
        Ok(posted) => posted,
        Err(unread) => return unreadable(&state, unread),
    };
    let Ok(actor) = actor else {
        return resubmit::page(
            &state,
            &Resubmission {
                status: StatusCode::UNAUTHORIZED,
                title: "登录已过期",
                sentence: "您填写的说明保留在本页，文件需要重新选择。请先在新窗口登录，再回到本页点击“继续”。",
                action: ADDRESS,
                encoding: resubmit::MULTIPART,
                controls: &posted.controls,
                choices: &[Choice { label: "继续", name: "held", value: "yes" }],
                links: &[("重新登录", login_path(route::SIGNED_IN))],
            },
        );
    };
    match answered(&state, actor, posted).await {
        Ok(response) => response,
        Err(error) => state.refused(actor, &headers, error).await,
    }
}

async fn answered(state: &AppState, actor: &Actor, posted: Posted) -> Result<Response, Error> {
    let talks = &state.service.talks;
    let question = posted.text("question").unwrap_or_default();
    // Whose it is, is known before a file is looked at.
    let filing = talks.filing_of(actor, &question).await?;
    let mut typed = TypedAnswer {
        text: posted.text("text").unwrap_or_default(),
        files: posted.controls.get("kept").cloned().unwrap_or_default(),
        faults: Vec::new(),
    };
    for file in posted.files.into_iter().filter(|file| file.at == FILES) {
        if typed.files.len() >= MOST_FILES {
            typed.faults = vec![fault(FILES, format!("一次最多附 {MOST_FILES} 个文件"))];
            break;
        }
        match state.service.files.accept_upload(actor, &file.name, file.bytes).await {
            Ok(stored) => typed.files.push(stored.id),
            Err(Error::Faults(found)) => {
                let said = found.into_iter().map(|one| format!("{}：{}", file.name, one.message));
                typed.faults.extend(said.map(|sentence| fault(FILES, sentence)));
            }
            Err(error) => return Err(error),
        }
    }
    let again = format!("{}?check=1#talk", route::filing(&filing));
    match talks.answer(actor, &question, &typed).await {
        Ok(filing) => Ok(state.back_saying(actor, &route::talk(&filing), "已回复，审核继续。").await),
        Err(Error::Faults(_)) => Ok(see(&again)),
        Err(Error::Refused(refused)) => Ok(state.back_saying(actor, &again, &refused.sentence).await),
        Err(error) => Err(error),
    }
}
