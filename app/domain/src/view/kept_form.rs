//! A small form that did not pass, for the page it was posted from.

use serde::{Deserialize, Serialize};

use crate::answer::Answers;
use crate::schema::Fault;

/// What was typed, by the names of the controls, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KeptForm {
    pub typed: Answers,
    pub faults: Vec<Fault>,
    /// It comes back; otherwise it is as it first was.
    pub is_again: bool,
}

impl KeptForm {
    pub fn text(&self, name: &str) -> String {
        self.typed.text(name).to_owned()
    }

    /// What was typed, if it comes back; else what stands there.
    pub fn text_or(&self, name: &str, before: &str) -> String {
        if self.is_again { self.text(name) } else { before.to_owned() }
    }

    pub fn fault(&self, name: &str) -> Option<String> {
        self.faults.iter().find(|fault| fault.at == name).map(|fault| fault.message.clone())
    }

    /// Whether the first fault is at this control: the focus begins there.
    pub fn begins_at(&self, name: &str) -> bool {
        self.faults.first().is_some_and(|fault| fault.at == name)
    }

    /// This form where it is the one about `value`, else an empty one: a page can show the same form for many rows.
    pub fn about(&self, name: &str, value: &str) -> KeptForm {
        if self.typed.text(name) == value { self.clone() } else { KeptForm::default() }
    }
}
