//! The pages of `app`, drawn on the server, and its server functions.

use std::sync::Arc;

use app::api::caller::Caller;
use app::ui::{DeskScriptAt, PlatformName};
use app::{App, Bundle, Elder, WhoAmI, shell};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use http::{StatusCode, header};
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes as _, generate_route_list};
use service::Service;
use service::error::chain;

use super::executor;
use crate::http::elder::is_elder;
use crate::http::markers::without_markers;
use crate::http::security_headers::provide_csp_nonce;

/// What drawing a page needs.
#[derive(Clone)]
pub struct AppPages {
    pub service: Service,
    pub bundle: Arc<Bundle>,
}

impl AppPages {
    fn context(&self) -> impl Fn() + Clone + Send + Sync + use<> {
        let service = self.service.clone();
        let desk = self.bundle.desk.clone();
        move || {
            provide_csp_nonce();
            provide_context(DeskScriptAt(desk.clone()));
            provide_context(PlatformName(service.platform_name().to_owned()));
            provide_context(service.clone());
        }
    }
}

/// Routes for every page of the app and, under `/api`, its server functions; anything else is the app's
/// own page for what does not exist.
pub fn router(pages: AppPages) -> Router {
    executor::install();
    // Only the names of routes are taken from it; the names of files come from the bundle.
    let options = LeptosOptions::builder().output_name("beian").build();
    let called = pages.clone();
    let call = move |request: Request| {
        let context = called.context();
        async move { leptos_axum::handle_server_fns_with_context(context, request).await.into_response() }
    };
    let drawn = move |request: Request| draw(pages.clone(), request);
    Router::new()
        .route("/api/{*function}", post(call))
        .leptos_routes_with_handler(generate_route_list(App), drawn.clone())
        .fallback(drawn)
        .with_state(options)
}

async fn draw(pages: AppPages, request: Request) -> Response {
    let me = match request.extensions().get::<Caller>() {
        // The page goes on without the frame of the signed-in; what it asks for itself says what is wrong.
        Some(Caller(Some(actor))) => {
            pages.service.accounts.me(actor).await.map(Some).unwrap_or_else(|error| {
                tracing::error!(error = chain(&error), "the person was not looked up");
                None
            })
        }
        Some(Caller(None)) | None => None,
    };
    let bundle = Arc::clone(&pages.bundle);
    let elder = me.as_ref().is_some_and(|me| me.elder) || is_elder(request.headers());
    let context = pages.context();
    let context = move || {
        context();
        provide_context(WhoAmI(me.clone()));
        provide_context(Elder(elder));
    };
    let handler = leptos_axum::render_app_async_with_context(context, move || shell(&bundle, elder));
    unmarked(handler(request).await).await
}

/// A page without the marks of hydration where nothing hydrates. It was drawn whole before it is sent, so nothing waits.
async fn unmarked(page: Response) -> Response {
    let (mut parts, body) = page.into_parts();
    let Ok(html) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let html = match std::str::from_utf8(&html) {
        Ok(html) => Body::from(without_markers(html)),
        Err(_) => Body::from(html),
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, html)
}
