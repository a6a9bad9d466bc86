//! The pages: each fetches what it shows and hands it to `ui`.

pub mod form;
pub mod home;
pub mod identity;
pub mod lookup;
pub mod mine;
pub mod notices;
pub mod records;
pub mod review;
pub mod sessions;
pub mod staff;

use leptos::prelude::*;

use crate::api::ApiError;
use crate::ui::Problem;

/// No page has this address.
#[component]
pub fn Missing() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    view! { <main class="content" id="main"><Problem error=ApiError::NotFound/></main> }
}
