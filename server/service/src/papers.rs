//! Answers on their way into a row and back: plain ones as JSON, personal ones encrypted (R70).

use domain::answer::Answers;
use domain::forms;
use domain::procedure::{Business, Procedure};
use domain::schema::Form;
use domain::seal::split_personal;

use crate::error::{Error, Result};
use crate::keyring::Keyring;

/// The two columns that hold answers.
pub struct Stored {
    pub answers: String,
    pub answers_sealed: String,
}

/// Splits and encrypts. `context` names table and row, so that a value moved to another row does
/// not open.
pub fn store(keys: &Keyring, form: &'static Form, context: &str, answers: Answers) -> Result<Stored> {
    let (plain, personal) = split_personal(form, answers);
    Ok(Stored {
        answers: serde_json::to_string(&plain)?,
        answers_sealed: keys.seal_text(context, &serde_json::to_string(&personal)?)?,
    })
}

pub fn load(keys: &Keyring, context: &str, answers: &str, answers_sealed: &str) -> Result<Answers> {
    let mut all: Answers = serde_json::from_str(answers)?;
    all.merge(serde_json::from_str(&keys.open_text(context, answers_sealed)?)?);
    Ok(all)
}

/// The form of a business that can be filed.
pub fn form_of(business: Business) -> Result<&'static Form> {
    forms::of(business).ok_or(Error::NotFound)
}

/// The form whose answers a filing of this procedure holds.
pub fn form_of_filing(procedure: Procedure) -> Result<&'static Form> {
    forms::of_procedure(procedure).ok_or(Error::NotFound)
}
