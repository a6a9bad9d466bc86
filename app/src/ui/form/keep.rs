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

const PREFIX: &str = "kept/";

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// Where the text of a person lies: somebody else at this machine neither gets nor leaves it.
pub fn name(owner: &str, of: &str) -> String {
    format!("{PREFIX}{owner}/{of}")
}

pub fn keep(name: &str, version: Option<i64>, answers: &Answers) {
    let kept = Kept { version, answers: answers.clone() };
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(&kept)) {
        // A full or forbidden storage is no reason to stop typing.
        let _ = storage.set_item(name, &text);
    }
}

/// What was kept, and the version it was typed upon. It goes when it is saved.
pub fn find(name: &str) -> Option<(Option<i64>, Answers)> {
    let text = storage()?.get_item(name).ok().flatten()?;
    let kept: Kept = serde_json::from_str(&text).ok()?;
    Some((kept.version, kept.answers))
}

pub fn forget(name: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(name);
    }
}

/// Drops what other people left behind.
pub fn forget_others(owner: &str) {
    let Some(storage) = storage() else { return };
    let own = name(owner, "");
    let names: Vec<String> =
        (0..storage.length().unwrap_or(0)).filter_map(|at| storage.key(at).ok().flatten()).collect();
    for name in names.iter().filter(|name| name.starts_with(PREFIX) && !name.starts_with(&own)) {
        let _ = storage.remove_item(name);
    }
}
