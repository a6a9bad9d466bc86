//! Typed text that could not be saved stays in this browser until it can be (R77).

use domain::answer::Answers;
use serde::{Deserialize, Serialize};

/// What lies in the browser's own storage for one step of one form.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The draft's version the text was typed upon.
    version: Option<i64>,
    answers: Answers,
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

pub fn keep(name: &str, version: Option<i64>, answers: &Answers) {
    let kept = Kept { version, answers: answers.clone() };
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(&kept)) {
        // A full or forbidden storage is no reason to stop typing.
        let _ = storage.set_item(name, &text);
    }
}

/// Takes what was kept. Text that was typed upon an older version is dropped: it was overtaken.
pub fn take(name: &str, version: Option<i64>) -> Option<Answers> {
    let storage = storage()?;
    let text = storage.get_item(name).ok().flatten()?;
    let _ = storage.remove_item(name);
    let kept: Kept = serde_json::from_str(&text).ok()?;
    (kept.version == version).then_some(kept.answers)
}

pub fn forget(name: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(name);
    }
}
