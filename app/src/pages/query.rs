//! What the address of a page asks for.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

pub(crate) fn query_text(name: &'static str) -> impl Fn() -> String + Copy {
    let query = use_query_map();
    move || query.with(|query| query.get(name)).unwrap_or_default()
}
