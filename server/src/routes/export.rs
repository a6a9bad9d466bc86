//! The queue as a file for a spreadsheet (R61), sent as it is read.

use app::api::caller::Caller;
use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use domain::route;
use domain::view::QueueRequest;
use http::{HeaderMap, HeaderValue, header};

use super::state::{AppState, actor_of};

pub async fn table(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Ok(actor) = actor_of(&caller) else { return state.signed_out(route::QUEUE) };
    let request = QueueRequest::from_query(&query.unwrap_or_default());
    let export = match state.service.exports.export(actor, &request).await {
        Ok(export) => export,
        Err(error) => return state.refused(actor, &headers, error).await,
    };
    let service = state.service.clone();
    let pieces = futures::stream::try_unfold((service, export), |(service, mut export)| async move {
        // An export that breaks off is seen as broken: the connection ends without its end.
        let piece = service.exports.export_piece(&mut export).await.map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>(piece.map(|piece| (piece, (service, export))))
    });
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static(
            "attachment; filename=\"filings.csv\"; filename*=UTF-8''%E7%94%B3%E8%AF%B7%E5%8D%95.csv",
        ),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
