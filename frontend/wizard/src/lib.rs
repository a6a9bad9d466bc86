//! The browser's part of the wizard. Pages are drawn on the server; what moves on them are islands, and
//! only those are in the bundle.

// Links the islands in, which the page's start calls by name.
extern crate app;

use leptos::wasm_bindgen::prelude::wasm_bindgen;

/// Prepares for the islands of this page.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
