//! What a use case can answer besides its result. Expected answers carry the person's words; the
//! others keep their cause for the log and are never shown.

use domain::schema::Fault;
use domain::view::Refused;
use sea_orm::{DbErr, RuntimeErr, SqlxError};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not exist, or not for this person (R74).
    #[error("not found")]
    NotFound,
    /// The person lacks the role.
    #[error("forbidden")]
    Forbidden,
    /// Not possible in this state; says why (R79).
    #[error("refused: {}", .0.sentence)]
    Refused(Refused),
    /// Answers that do not pass.
    #[error("{} faults", .0.len())]
    Faults(Vec<Fault>),
    /// Too often; seconds to wait.
    #[error("too many requests, retry after {0} s")]
    TooMany(u64),
    #[error("database: {0}")]
    Database(#[source] DbErr),
    #[error("encryption: {0}")]
    Keyring(#[from] crate::base::keyring::KeyringError),
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    #[error("file store: {0}")]
    Store(String),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn refused(sentence: impl Into<String>) -> Self {
        Error::Refused(Refused { sentence: sentence.into(), link: None })
    }

    pub fn refused_see(sentence: impl Into<String>, link: impl Into<String>) -> Self {
        Error::Refused(Refused { sentence: sentence.into(), link: Some(link.into()) })
    }

    /// The database asks to try the whole transaction again.
    pub fn is_transient(&self) -> bool {
        let Error::Database(error) = self else { return false };
        match sqlx_code(error) {
            // PostgreSQL: serialization failure, deadlock. SQLite: BUSY and its extended forms.
            Some(code) => matches!(code.as_str(), "40001" | "40P01" | "5" | "261" | "517" | "773"),
            None => false,
        }
    }

    /// A unique index refused the row: somebody was quicker.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Error::Database(error)
            if matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_))))
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        // PostgreSQL takes no NUL in a text. What people type is rid of it before (`value::text::tidy`);
        // this is for what no page sends.
        match sqlx_code(&error).as_deref() {
            Some("22021") => Error::refused("内容中有不能保存的字符，请删除后重新输入"),
            Some(_) | None => Error::Database(error),
        }
    }
}

/// An error with everything it came from, for the log alone: what libraries say may name hosts and files. A cause that
/// is said already is not said twice.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let sentence = error.to_string();
        if !said.contains(&sentence) {
            said.push_str(": ");
            said.push_str(&sentence);
        }
        cause = error.source();
    }
    said
}

fn sqlx_code(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    match error.as_ref() {
        SqlxError::Database(error) => error.code().map(|code| code.into_owned()),
        _ => None,
    }
}

impl From<domain::eligibility::Refusal> for Error {
    fn from(refusal: domain::eligibility::Refusal) -> Self {
        Error::refused(refusal.sentence())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::Corrupt(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the letter was not sent")]
    struct Unsent(#[source] Unreached);

    #[derive(Debug, thiserror::Error)]
    #[error("nobody answers: {0}")]
    struct Unreached(#[source] std::io::Error);

    #[test]
    fn the_log_gets_an_error_with_all_it_came_from_and_nothing_twice() {
        let unsent = Unsent(Unreached(std::io::Error::other("connection refused")));
        assert_eq!(chain(&unsent), "the letter was not sent: nobody answers: connection refused");
        assert_eq!(chain(&Error::NotFound), "not found");
    }
}
