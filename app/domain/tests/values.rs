//! Values that people really sent, taken from public threads (`values.tsv`): each is put to the form as it was
//! typed and must become what the table says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use domain::answer::{Answer, Answers};
use domain::business::Business;
use domain::check::{Context, UnknownRegions, check_place, check_step};
use domain::posted;
use domain::schema::Form;
use domain::value::credit_code::certificate_doubt;
use time::macros::date;

struct Row {
    case: &'static str,
    at: &'static str,
    kind: &'static str,
    typed: String,
    verdict: &'static str,
    /// The value kept, or a part of the sentence.
    expected: String,
}

/// A text of the table with its escapes read.
fn read(escaped: &str) -> String {
    let mut text = String::new();
    let mut rest = escaped;
    while let Some(at) = [rest.find("\\u"), rest.find("\\U")].into_iter().flatten().min() {
        let width = if rest[at + 1..].starts_with('u') { 4 } else { 8 };
        let digits = &rest[at + 2..at + 2 + width];
        text.push_str(&rest[..at]);
        text.push(char::from_u32(u32::from_str_radix(digits, 16).unwrap()).unwrap());
        rest = &rest[at + 2 + width..];
    }
    text + rest
}

fn rows() -> Vec<Row> {
    let table = include_str!("values.tsv").lines().filter(|line| !line.starts_with('#'));
    table
        .map(|line| {
            let [case, at, kind, typed, verdict, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            Row { case, at, kind, typed: read(typed), verdict, expected: read(expected) }
        })
        .collect()
}

fn form_of(at: &str) -> &'static Form {
    let business = if at.starts_with("site.") { Business::Website } else { Business::Subject };
    business.form()
}

fn answers_with(row: &Row) -> Answers {
    let mut answers = Answers::from([
        ("subject.nature", "unit"),
        ("unit.cert_kind", "uscc_cert"),
        ("principal.id_kind", "resident_id"),
        ("site.has_own_domain", "yes"),
        ("site.has_icp", "yes"),
        ("isp.jurisdiction", "mainland"),
    ]);
    match row.at {
        "unit.cert_no" => answers.set_text("unit.cert_kind", row.kind),
        "principal.id_no" => answers.set_text("principal.id_kind", row.kind),
        _ => {}
    }
    let place = form_of(row.at).place(row.at).expect(row.at);
    // As the browser reads its controls and the server a posted form.
    if let Some(answer) = posted::answer(place.field.kind, std::slice::from_ref(&row.typed)) {
        answers.set(row.at, answer);
    }
    answers
}

/// What is kept, or what is said at the field; the form's own rules included.
fn outcome(row: &Row, answers: &Answers) -> Result<String, String> {
    let form = form_of(row.at);
    let sealed = BTreeMap::new();
    let context = Context { today: date!(2026 - 11 - 28), regions: &UnknownRegions, sealed: &sealed };
    let step = form.step_of(row.at).unwrap();
    let faults = check_step(form, step.key, answers, &context);
    if let Some(fault) = faults.into_iter().find(|fault| fault.at == row.at) {
        return Err(fault.message);
    }
    let place = form.place(row.at).unwrap();
    let kept = check_place(&place, answers, &context)?.expect(row.at);
    Ok(kept.items().join("\n"))
}

/// Cases V1 to V14.
#[cfg(feature = "full")]
#[test]
fn every_value_becomes_what_the_table_says() {
    let mut wrong = Vec::new();
    for row in rows() {
        let answers = answers_with(&row);
        // Typed through a control and sent as JSON: the same.
        let mut sent = answers.clone();
        if let Answer::One(_) = sent.get(row.at).expect(row.at) {
            sent.set_text(row.at, row.typed.as_str());
        }
        for answers in [answers, sent] {
            let found = outcome(&row, &answers);
            let is_right = match (row.verdict, &found) {
                ("taken", Ok(kept)) => {
                    *kept == row.expected
                        && (row.at != "unit.cert_no" || certificate_doubt(row.kind, kept).is_none())
                }
                ("doubted", Ok(kept)) => *kept == row.expected && certificate_doubt(row.kind, kept).is_some(),
                ("refused", Err(sentence)) => sentence.contains(&row.expected),
                _ => false,
            };
            if !is_right {
                wrong.push(format!("{} {} {:?}: {found:?}", row.case, row.at, row.typed));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whatever the server takes, the browser takes too; its value may differ, as it lacks the tables.
#[test]
fn no_value_that_is_taken_is_refused_beside_the_field() {
    let mut wrong = Vec::new();
    for row in rows().iter().filter(|row| row.verdict != "refused") {
        if let Err(sentence) = outcome(row, &answers_with(row)) {
            wrong.push(format!("{} {} {:?}: {sentence}", row.case, row.at, row.typed));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
