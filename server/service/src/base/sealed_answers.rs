//! Answers on their way into a row and back: plain ones as JSON, personal ones encrypted (R70).

use domain::answer::Answers;
use domain::schema::Form;
use domain::seal::split_personal;

use crate::base::error::Result;
use crate::base::keyring::Keyring;

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
