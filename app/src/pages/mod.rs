//! The pages: each fetches what it shows and hands it to `ui`.

pub mod account;
pub mod audit;
pub mod certificate;
mod finder;
pub mod form;
mod front;
pub mod guide;
pub mod home;
pub mod identity;
pub mod lookup;
pub mod mine;
pub mod misuse;
pub mod notice_settings;
pub mod notices;
pub mod records;
pub mod review;
pub mod sessions;
pub mod staff;
pub mod upkeep;

use leptos::prelude::*;

use crate::api::ApiError;
use crate::ui::Problem;

/// No page has this address.
#[component]
pub fn Missing() -> impl IntoView {
    view! { <main class="content" id="main"><Problem error=ApiError::NotFound/></main> }
}
