//! The pages of `app`, drawn on the server, and its server functions.

use app::api::caller::Caller;
use app::ui::PlatformName;
use app::{App, Bundle, shell};
use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes as _, generate_route_list};
use service::Service;

use crate::http::provide_csp_nonce;

/// What drawing a page needs.
#[derive(Clone)]
pub struct Pages {
    pub service: Service,
    pub bundle: Bundle,
}

impl Pages {
    fn context(&self) -> impl Fn() + Clone + Send + Sync + use<> {
        let service = self.service.clone();
        move || {
            provide_csp_nonce();
            provide_context(PlatformName(service.platform_name().to_owned()));
            provide_context(service.clone());
        }
    }
}

/// Routes for every page of the app and, under `/api`, its server functions; anything else is the app's
/// own page for what does not exist.
pub fn router(pages: Pages) -> Router {
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

async fn draw(pages: Pages, request: Request) -> Response {
    let elder = match request.extensions().get::<Caller>() {
        Some(Caller(Some(actor))) => pages.service.is_elder(actor).await.unwrap_or_else(|error| {
            tracing::error!(%error, "the person's wishes were not looked up");
            false
        }),
        Some(Caller(None)) | None => false,
    };
    let bundle = pages.bundle.clone();
    let handler = leptos_axum::render_app_async_with_context(pages.context(), move || shell(&bundle, elder));
    handler(request).await
}
