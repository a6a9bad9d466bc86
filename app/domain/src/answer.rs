//! What a person answered: a flat map from address (`section.field`, or `section.2.field` in a
//! repeatable section) to text or a list of texts. Nothing here knows what is valid.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::value::text::tidy;

/// One answer. A single control gives `One`; tick lists, line lists and several files give `Many`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    One(String),
    Many(Vec<String>),
}

impl Answer {
    pub fn is_empty(&self) -> bool {
        match self {
            Answer::One(text) => text.trim().is_empty(),
            Answer::Many(items) => items.iter().all(|item| item.trim().is_empty()),
        }
    }

    /// The answer as a list: nothing, one, or many texts.
    pub fn items(&self) -> &[String] {
        match self {
            Answer::One(text) if text.is_empty() => &[],
            Answer::One(text) => std::slice::from_ref(text),
            Answer::Many(items) => items,
        }
    }

    /// The answer as one text: the first of a list.
    pub fn text(&self) -> &str {
        self.items().first().map_or("", String::as_str)
    }

    /// Number of characters in all of it, to bound what a draft may hold.
    pub fn size(&self) -> usize {
        self.items().iter().map(|item| item.chars().count()).sum()
    }
}

/// All answers of one form. Empty answers are never stored, so equality means “says the same”.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(BTreeMap<String, Answer>);

impl Answers {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, at: &str) -> Option<&Answer> {
        self.0.get(at)
    }

    /// The text at an address, empty where nothing is.
    pub fn text(&self, at: &str) -> &str {
        self.0.get(at).map_or("", Answer::text)
    }

    /// The list at an address, empty where nothing is.
    pub fn items(&self, at: &str) -> &[String] {
        self.0.get(at).map_or(&[], Answer::items)
    }

    pub fn has(&self, at: &str, code: &str) -> bool {
        self.items(at).iter().any(|item| item == code)
    }

    pub fn set(&mut self, at: impl Into<String>, answer: Answer) {
        let at = at.into();
        if answer.is_empty() {
            self.0.remove(&at);
        } else {
            self.0.insert(at, answer);
        }
    }

    pub fn set_text(&mut self, at: impl Into<String>, text: impl Into<String>) {
        self.set(at, Answer::One(text.into()));
    }

    pub fn remove(&mut self, at: &str) -> Option<Answer> {
        self.0.remove(at)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Answer)> {
        self.0.iter().map(|(at, answer)| (at.as_str(), answer))
    }

    /// The answers as they may be kept: each without what nobody sees and no database takes.
    pub fn tidied(self) -> Self {
        let tidied = |answer| match answer {
            Answer::One(text) => Answer::One(tidy(&text)),
            Answer::Many(items) => Answer::Many(items.iter().map(|item| tidy(item)).collect()),
        };
        self.0.into_iter().map(|(at, answer)| (at, tidied(answer))).collect()
    }

    /// Takes over every answer of `other`; what it does not mention stays.
    pub fn merge(&mut self, other: Answers) {
        for (at, answer) in other.0 {
            self.set(at, answer);
        }
    }

    /// Keeps the answers whose address satisfies `keep`.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|at, _| keep(at));
    }

    /// Splits into (those that satisfy `first`, the rest).
    pub fn partition(self, mut first: impl FnMut(&str) -> bool) -> (Answers, Answers) {
        let (yes, no): (BTreeMap<_, _>, BTreeMap<_, _>) = self.0.into_iter().partition(|(at, _)| first(at));
        (Answers(yes), Answers(no))
    }
}

impl<K: Into<String>> FromIterator<(K, Answer)> for Answers {
    fn from_iter<I: IntoIterator<Item = (K, Answer)>>(pairs: I) -> Self {
        let mut answers = Answers::new();
        for (at, answer) in pairs {
            answers.set(at, answer);
        }
        answers
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Answers {
    fn from(pairs: [(&str, &str); N]) -> Self {
        pairs.into_iter().map(|(at, text)| (at, Answer::One(text.to_owned()))).collect()
    }
}
