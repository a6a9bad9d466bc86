//! Files in and out: one file at a time as the body of a post; out only for those who may see it
//! (R71). What is sent out cannot run anything.

use app::api::caller::Caller;
use axum::extract::{FromRequest as _, Path, Query, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json, body::Bytes};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use service::Error;
use service::error::chain;
use service::upload::{UploadRefusal, content::Content};

use super::state::{AppState, actor_of, came_from};
use crate::http::body::drain;
use crate::http::security_headers::let_own_pages_frame;

#[derive(Deserialize)]
pub struct Sent {
    /// `picture` or `document`, as the field asks.
    #[serde(default)]
    sort: String,
}

pub async fn take(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(sent): Query<Sent>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    // Known before anything is read.
    let Ok(actor) = actor_of(&caller) else {
        drain(request.into_body());
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let body = match Bytes::from_request(request, &()).await {
        Ok(body) => body,
        Err(rejection) => return rejection.into_response(),
    };
    let asked = match sent.sort.as_str() {
        "picture" => wrong_sort(false, &body),
        "document" => wrong_sort(true, &body),
        _ => None,
    };
    if let Some(sentence) = asked {
        return said(StatusCode::UNPROCESSABLE_ENTITY, sentence);
    }
    match state.service.files.accept_upload(actor, &name_of(&headers), body.into()).await {
        Ok(file) => Json(file).into_response(),
        Err(Error::Faults(faults)) => {
            let sentence = faults.into_iter().map(|fault| fault.message).next().unwrap_or_default();
            said(StatusCode::UNPROCESSABLE_ENTITY, &sentence)
        }
        Err(Error::TooMany(seconds)) => {
            let mut response = said(StatusCode::TOO_MANY_REQUESTS, UPLOADS_TOO_OFTEN);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            response
        }
        Err(error) => {
            tracing::error!(error = chain(&error), "a file was not taken");
            said(StatusCode::INTERNAL_SERVER_ERROR, "上传失败，请稍后重新上传")
        }
    }
}

/// What the file is called, in a header, since names are personal data and addresses are written down. A file
/// without one gets a name of its kind.
fn name_of(headers: &HeaderMap) -> String {
    headers
        .get(header::CONTENT_DISPOSITION)
        .and_then(|said| said.to_str().ok()?.split_once("filename*=UTF-8''"))
        .and_then(|(_, name)| url::form_urlencoded::parse(name.as_bytes()).next())
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

pub const UPLOADS_TOO_OFTEN: &str = "上传过于频繁，请稍后再试";

/// Why a file is not what a question asks for, going by its first bytes.
pub fn wrong_sort(asks_document: bool, bytes: &[u8]) -> Option<&'static str> {
    match (asks_document, Content::of(bytes)) {
        (false, Content::Pdf) => Some(UploadRefusal::NotAPicture(Content::Pdf).sentence()),
        (false, _) | (true, Content::Pdf) => None,
        (true, other) => Some(UploadRefusal::NotAPdf(other).sentence()),
    }
}

fn said(status: StatusCode, sentence: &str) -> Response {
    (status, sentence.to_owned()).into_response()
}

#[derive(Deserialize)]
pub struct Size {
    small: Option<String>,
}

pub async fn give(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(size): Query<Size>,
    headers: HeaderMap,
) -> Response {
    let Ok(actor) = actor_of(&caller) else { return state.signed_out(&came_from(&headers)) };
    let file = match size.small {
        Some(_) => state.service.files.open_thumbnail(actor, &id).await,
        None => state.service.files.open_file(actor, &id).await,
    };
    let file = match file {
        Ok(file) => file,
        Err(error) => return state.refused(actor, &headers, error).await,
    };
    let is_document = Content::of(&file.bytes) == Content::Pdf;
    let mut response = file.bytes.into_response();
    let out = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(&file.content_type) {
        out.insert(header::CONTENT_TYPE, kind);
    }
    let name = app::ui::table::percent(&file.name);
    if let Ok(value) = HeaderValue::from_str(&format!("inline; filename*=UTF-8''{name}")) {
        out.insert(header::CONTENT_DISPOSITION, value);
    }
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if is_document {
        let_own_pages_frame(out);
    }
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    /// Finding 16.
    #[test]
    fn a_file_is_named_by_a_header() {
        let name = |said: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_DISPOSITION, said.parse().unwrap());
            name_of(&headers)
        };
        assert_eq!(
            name("attachment; filename*=UTF-8''%E5%BC%A0%E4%B8%89%20%2B1%26a%3D.jpg"),
            "张三 +1&a=.jpg"
        );
        for none in ["attachment", "attachment; filename=\"a.jpg\"", "", "filename*=UTF-8''"] {
            assert_eq!(name(none), "", "{none}");
        }
        assert_eq!(name_of(&HeaderMap::new()), "");
    }
}
