//! A form as a browser posts it without scripts: texts by name, and files.

use app::ui::form::file_address;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartError;
use axum::response::Response;
use domain::posted::Controls;
use http::StatusCode;

use super::state::AppState;
use crate::auth::return_path::login_path;
use crate::http::body_budget::ANONYMOUS_BODY;
use crate::http::page_template::Link;

/// What a browser posted: texts by name, and files.
#[derive(Default)]
pub struct Posted {
    pub controls: Controls,
    pub files: Vec<PostedFile>,
}

pub struct PostedFile {
    /// The address of the question it answers.
    pub at: String,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Most parts a posted form may have; the longest step has far fewer.
const MOST_PARTS: usize = 2_000;

/// Why a posted form could not be read.
pub enum Unread {
    Broken(StatusCode),
    /// More was typed than is kept for who is not signed in.
    TooMuchText,
}

impl From<MultipartError> for Unread {
    fn from(error: MultipartError) -> Self {
        Unread::Broken(error.status())
    }
}

/// Reads a posted form. Without a session, files are passed over as they come and text is kept up to a bound.
pub async fn read(mut multipart: Multipart, is_anonymous: bool) -> Result<Posted, Unread> {
    let mut posted = Posted::default();
    let (mut parts, mut kept) = (0, 0);
    while let Some(mut part) = multipart.next_field().await? {
        parts += 1;
        if parts > MOST_PARTS {
            return Err(Unread::Broken(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let file =
            file_address(&name).map(|at| (at.to_owned(), part.file_name().unwrap_or_default().to_owned()));
        kept += name.len();
        if let Some((at, name)) = file {
            let mut bytes = Vec::new();
            let mut is_empty = true;
            while let Some(chunk) = part.chunk().await? {
                is_empty &= chunk.is_empty();
                if !is_anonymous {
                    bytes.extend_from_slice(&chunk);
                }
            }
            kept += name.len();
            if !is_empty {
                posted.files.push(PostedFile { at, name, bytes });
            }
        } else {
            let mut bytes = Vec::new();
            while let Some(chunk) = part.chunk().await? {
                kept += chunk.len();
                // Read to its end all the same, or the answer is lost with the connection.
                match is_anonymous && kept > ANONYMOUS_BODY {
                    true => posted.controls.clear(),
                    false => bytes.extend_from_slice(&chunk),
                }
            }
            let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
            posted.controls.entry(name).or_default().push(text);
        }
    }
    if is_anonymous && kept > ANONYMOUS_BODY {
        return Err(Unread::TooMuchText);
    }
    Ok(posted)
}

impl Posted {
    pub fn text(&self, name: &str) -> Option<String> {
        self.controls.get(name)?.first().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

/// What is said of a form that could not be read.
pub fn unreadable(state: &AppState, unread: Unread) -> Response {
    let status = match unread {
        Unread::Broken(status) => status,
        Unread::TooMuchText => {
            return state.template.message(
                StatusCode::PAYLOAD_TOO_LARGE,
                "登录已过期",
                "填写的内容过长，无法保留在本页。请先在新窗口登录，再返回上一页重新提交。",
                &[Link { label: "重新登录", href: &login_path("/") }],
            );
        }
    };
    let sentence = if status == StatusCode::PAYLOAD_TOO_LARGE {
        "文件大小不超过5MB，请返回上一页，选择较小的文件后重新提交。"
    } else {
        "提交的内容不完整，请返回上一页重新提交。"
    };
    state.template.message(status, "提交失败", sentence, &[])
}
