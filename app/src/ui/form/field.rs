//! What a control is told of the field it is for.

use domain::schema::Place;
use leptos::prelude::*;

/// What every control needs of its field.
pub struct Parts {
    pub place: Place,
    pub at: String,
    pub id: String,
    /// `true` for a question that must be answered.
    pub required: Signal<Option<&'static str>>,
    /// Ids of hint, remark, fault and advice.
    pub described: Signal<Option<String>>,
    pub invalid: Signal<Option<&'static str>>,
    pub label: Signal<&'static str>,
}

/// What is sent through a file control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Picture,
    Document,
}
