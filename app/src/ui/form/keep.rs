//! Typed text that could not be saved stays in this browser until it can be, for a day (R77). It is sealed by
//! `frontend/js/kept.js` with the key that came with the page, so that nobody else at this machine reads it.

use domain::answer::Answers;
use leptos::wasm_bindgen::JsValue;
use leptos::wasm_bindgen::prelude::wasm_bindgen;
use serde::{Deserialize, Serialize};

#[wasm_bindgen(js_namespace = kept)]
extern "C" {
    // A full or forbidden storage, or none, is no reason to stop typing.
    #[wasm_bindgen(catch, js_name = keep)]
    fn seal(key: &str, name: &str, text: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(catch, js_name = find)]
    async fn open(key: &str, name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = forget)]
    fn drop_item(name: &str) -> Result<(), JsValue>;
}

/// What lies in the browser's own storage for one step of one form.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The draft's version the text was typed upon.
    version: Option<i64>,
    answers: Answers,
}

/// Where the text of a person lies.
pub fn name(owner: &str, of: &str) -> String {
    format!("kept/{owner}/{of}")
}

pub fn keep(key: &str, name: &str, version: Option<i64>, answers: &Answers) {
    let kept = Kept { version, answers: answers.clone() };
    if let Ok(text) = serde_json::to_string(&kept) {
        let _ = seal(key, name, &text);
    }
}

/// What was kept, and the version it was typed upon. It goes when it is saved.
pub async fn find(key: &str, name: &str) -> Option<(Option<i64>, Answers)> {
    let text = open(key, name).await.ok()?.as_string()?;
    let kept: Kept = serde_json::from_str(&text).ok()?;
    Some((kept.version, kept.answers))
}

pub fn forget(name: &str) {
    let _ = drop_item(name);
}
