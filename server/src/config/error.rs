//! Why the program ends before it has done anything, in sentences for the operator.

/// One sentence each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct StartupError(pub Vec<String>);

impl StartupError {
    /// What an error says, as a sentence.
    pub fn of(error: impl std::fmt::Display) -> Self {
        Self(vec![format!("{error}.")])
    }

    pub(super) fn one(sentence: impl Into<String>) -> Self {
        Self(vec![sentence.into()])
    }
}

/// The error and what caused it, in one line for the operator.
pub(crate) fn with_source(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
