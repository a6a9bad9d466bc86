//! Single rows of 审核队列 for a page that shows it and was told that something happened to them: drawn by the server like
//! the page, without the page around them (R61).

use app::api::caller::Caller;
use app::pages::review::queue_news_html;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse as _, Response};
use domain::view::{MOST_NEWS, QueueRequest};
use http::StatusCode;
use http::header::CACHE_CONTROL;

use super::state::{AppState, actor_of};
use crate::http::markers::without_markers;
use service::error::chain;

/// What the address calls the rows, with commas.
const ROWS: &str = "rows=";

pub async fn rows(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Response {
    let Ok(actor) = actor_of(&caller) else { return StatusCode::UNAUTHORIZED.into_response() };
    let query = query.unwrap_or_default();
    let ids = query.split('&').find_map(|pair| pair.strip_prefix(ROWS)).unwrap_or_default();
    let ids: Vec<&str> = ids.split(',').filter(|id| !id.is_empty()).take(MOST_NEWS).collect();
    let request = QueueRequest::from_query(&query);
    match state.service.reviews.queue_news(actor, &request, &ids).await {
        Ok(news) => ([(CACHE_CONTROL, "no-store")], Html(without_markers(&queue_news_html(request, news))))
            .into_response(),
        Err(service::Error::Forbidden | service::Error::NotFound) => StatusCode::FORBIDDEN.into_response(),
        Err(error) => {
            tracing::error!(error = chain(&error), "rows of a queue could not be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
