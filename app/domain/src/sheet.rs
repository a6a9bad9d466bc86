//! The read-only view of a form: the same rows serve the applicant, the officer, the printer and
//! the comparison (R19, R52, R63, R78). Masking is done here, before anything leaves the server.

use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Answers};
use crate::mask::mask;
use crate::schema::{Field, Form, Kind, Place, Privacy, label_of};
use crate::value::domain_name;

/// A value as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    Nothing,
    Text(String),
    Lines(Vec<String>),
    /// Ids of pictures.
    Pictures(Vec<String>),
    /// Ids of documents.
    Documents(Vec<String>),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    pub sections: Vec<SheetSection>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetSection {
    pub title: String,
    /// The step the section stands on, for links back into the form.
    pub step: String,
    pub rows: Vec<SheetRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetRow {
    pub at: String,
    pub label: String,
    pub value: Shown,
    /// The value is shown with stars; an officer can ask for the full one.
    pub masked: bool,
}

/// One line of a comparison (R19): 变更字段, 变更前, 变更后.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub at: String,
    pub section: String,
    pub label: String,
    pub before: Shown,
    pub after: Shown,
}

/// Names of regions; the server knows them.
pub trait RegionNames: Send + Sync {
    fn full_name(&self, code: &str) -> Option<String>;
}

/// Who looks: personal values are masked unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    Masked,
    Full,
}

/// The sheet of all questions that were asked. Unanswered optional ones are left out.
pub fn sheet(form: &'static Form, answers: &Answers, regions: &dyn RegionNames, sight: Sight) -> Sheet {
    let mut sections = Vec::new();
    for step in form.steps {
        for section in step.sections() {
            let mut items: Vec<Vec<SheetRow>> = Vec::new();
            for place in section.places(answers).filter(|place| place.is_shown(answers)) {
                let item = place.item.unwrap_or(0);
                while items.len() <= item {
                    items.push(Vec::new());
                }
                if let (Some(rows), Some(row)) = (items.get_mut(item), row(&place, answers, regions, sight)) {
                    rows.push(row);
                }
            }
            for (number, rows) in items.into_iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
                let title = match section.repeat {
                    None => section.title.to_owned(),
                    Some(repeat) => format!("{} · {} {}", section.title, repeat.noun, number + 1),
                };
                sections.push(SheetSection { title, step: step.key.to_owned(), rows });
            }
        }
    }
    Sheet { sections }
}

fn row(place: &Place, answers: &Answers, regions: &dyn RegionNames, sight: Sight) -> Option<SheetRow> {
    let at = place.address();
    let answer = answers.get(&at)?;
    let value = shown(place.field, answer, regions, sight);
    let masked = matches!(place.field.privacy, Privacy::Personal(_)) && sight == Sight::Masked;
    Some(SheetRow { at, label: place.label(answers).to_owned(), value, masked })
}

/// How an answer reads.
pub fn shown(field: &Field, answer: &Answer, regions: &dyn RegionNames, sight: Sight) -> Shown {
    let text = answer.text();
    if let (Privacy::Personal(shape), Sight::Masked) = (field.privacy, sight) {
        return Shown::Text(mask(shape, text));
    }
    let lines = |items: Vec<String>| match items.len() {
        0 => Shown::Nothing,
        1 => Shown::Text(items.into_iter().next().unwrap_or_default()),
        _ => Shown::Lines(items),
    };
    match field.kind {
        Kind::Select(choices) => Shown::Text(label_of(choices, text).to_owned()),
        Kind::Ticks(choices) => {
            lines(answer.items().iter().map(|code| label_of(choices, code).to_owned()).collect())
        }
        Kind::YesNo | Kind::Tick => Shown::Text(if text == "yes" { "是" } else { "否" }.to_owned()),
        Kind::Region => Shown::Text(regions.full_name(text).unwrap_or_else(|| text.to_owned())),
        Kind::MainDomain => Shown::Text(domain_name::unicode_form(text)),
        Kind::Lines { .. } => lines(answer.items().to_vec()),
        Kind::Pictures { .. } => Shown::Pictures(answer.items().to_vec()),
        Kind::Documents { .. } => Shown::Documents(answer.items().to_vec()),
        Kind::Text { .. }
        | Kind::LongText { .. }
        | Kind::PersonName
        | Kind::Date(_)
        | Kind::PersonId { .. }
        | Kind::UnitCertificate { .. }
        | Kind::Mobile
        | Kind::Landline
        | Kind::AnyPhone
        | Kind::Email
        | Kind::Url
        | Kind::IcpNumber { .. }
        | Kind::Integer { .. }
        | Kind::Code(_) => Shown::Text(text.to_owned()),
    }
}

/// What a change changes, in the order of the form (R19). The stored value before is masked for
/// applicants; the value after may be shown in full to the person who is just typing it.
pub fn diff(
    form: &'static Form,
    (before, sight_before): (&Answers, Sight),
    (after, sight_after): (&Answers, Sight),
    regions: &dyn RegionNames,
) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let mut note = |place: Place| {
        let at = place.address();
        let (old, new) = (visible(&place, before), visible(&place, after));
        if old == new || changes.iter().any(|change| change.at == at) {
            return;
        }
        let read = |answer: Option<&Answer>, sight: Sight| {
            answer.map_or(Shown::Nothing, |answer| shown(place.field, answer, regions, sight))
        };
        let item = place.item.map(|item| format!(" {}", item + 1)).unwrap_or_default();
        changes.push(Change {
            at,
            section: format!("{}{item}", place.section.title),
            label: place.label(after).to_owned(),
            before: read(old, sight_before),
            after: read(new, sight_after),
        });
    };
    for section in form.sections() {
        // A repeated section may have grown or shrunk: walk the longer side first.
        let (first, second) =
            if section.count(before) > section.count(after) { (before, after) } else { (after, before) };
        section.places(first).for_each(&mut note);
        section.places(second).for_each(&mut note);
    }
    changes
}

fn visible<'a>(place: &Place, answers: &'a Answers) -> Option<&'a Answer> {
    if place.is_shown(answers) { answers.get(&place.address()) } else { None }
}
