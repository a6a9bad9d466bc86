//! From step to step in place, which `frontend/js/visit.js` does.

use leptos::wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(js_namespace = steps)]
extern "C" {
    /// To an address: without a new page where it is one of the same form.
    pub fn visit(href: &str);
    /// Sends a draft, as JSON, while the page is left for good.
    pub fn send(draft: &str);
    /// The page that is here has another address from now on.
    pub fn rename(href: &str);
}
