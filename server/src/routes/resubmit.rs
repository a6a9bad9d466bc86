//! A page that keeps a posted form whole while the person decides or signs in again: what was typed
//! stands in hidden fields and can be posted once more (R77, without scripts).

use axum::response::{Html, IntoResponse as _, Response};
use domain::posted::Controls;
use http::StatusCode;

use super::state::AppState;
use crate::http::page_template::{attribute, text};

/// What may be done with the held form.
pub struct Choice<'a> {
    pub label: &'a str,
    /// Added to the form when it is posted again.
    pub name: &'a str,
    pub value: &'a str,
}

pub const MULTIPART: &str = "multipart/form-data";
pub const URL_ENCODED: &str = "application/x-www-form-urlencoded";

pub struct Resubmission<'a> {
    pub status: StatusCode,
    pub title: &'a str,
    pub sentence: &'a str,
    /// Where the form is posted again.
    pub action: &'a str,
    /// As that address reads forms.
    pub encoding: &'a str,
    pub controls: &'a Controls,
    pub choices: &'a [Choice<'a>],
    /// Other ways: label and address; opened beside this page, so that it stays.
    pub links: &'a [(&'a str, String)],
}

pub fn page(state: &AppState, held: &Resubmission<'_>) -> Response {
    let mut main =
        format!(r#"<section class="error-page"><h1>{}</h1><p>{}</p>"#, text(held.title), text(held.sentence));
    main += r#"<div class="actions">"#;
    for (label, href) in held.links {
        main += &format!(
            r#"<a class="button" href="{}" target="_blank" rel="noopener">{}</a>"#,
            attribute(href),
            text(label)
        );
    }
    main += "</div>";
    main +=
        &format!(r#"<form method="post" enctype="{}" action="{}">"#, held.encoding, attribute(held.action));
    for (name, values) in held.controls {
        for value in values {
            // A hidden field would fold line breaks; a hidden textarea keeps them.
            main += &format!(
                r#"<textarea name="{}" hidden aria-hidden="true">{}{}</textarea>"#,
                attribute(name),
                '\n',
                text(value)
            );
        }
    }
    main += r#"<div class="actions">"#;
    for choice in held.choices {
        main += &format!(
            r#"<button class="button button-primary" name="{}" value="{}">{}</button>"#,
            attribute(choice.name),
            attribute(choice.value),
            text(choice.label)
        );
    }
    main += "</div></form></section>";
    (held.status, Html(state.template.document(held.title, &main))).into_response()
}
