//! The browser's entry.
#![recursion_limit = "256"]

use leptos::wasm_bindgen::prelude::wasm_bindgen;

/// Takes over the page the server rendered, and says so for those who wait for it.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_body(app::App);
    if let Some(body) = leptos::prelude::document().body() {
        let _ = body.set_attribute("data-hydrated", "");
    }
}
