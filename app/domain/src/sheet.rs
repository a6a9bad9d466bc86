//! The read-only view of a form: the same rows serve the applicant, the officer, the printer and
//! the comparison (R19, R52, R63, R78). Masking is done here, before anything leaves the server.

use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Answers};
use crate::mask::mask;
use crate::schema::{Field, Form, Kind, Line, Place, Privacy, Repeat, Section, label_of};
use crate::value::domain_name;

/// A value as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    Nothing,
    Text(String),
    Lines(Vec<String>),
    /// Of a list, what is gone or new, and how many others stayed as they were.
    Part {
        items: Vec<String>,
        same: usize,
    },
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
pub enum Disclosure {
    Masked,
    Full,
}

/// The sheet of all questions that were asked. Unanswered optional ones are left out.
pub fn sheet(
    form: &'static Form,
    answers: &Answers,
    regions: &dyn RegionNames,
    disclosure: Disclosure,
) -> Sheet {
    let mut sections = Vec::new();
    for step in form.steps {
        for section in step.sections().iter().filter(|section| !section.is_guide) {
            let mut items: Vec<Vec<SheetRow>> = Vec::new();
            for place in section.places(answers).filter(|place| place.is_shown(answers)) {
                let item = place.item.unwrap_or(0);
                while items.len() <= item {
                    items.push(Vec::new());
                }
                if let (Some(rows), Some(row)) =
                    (items.get_mut(item), row(&place, answers, regions, disclosure))
                {
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

fn row(
    place: &Place,
    answers: &Answers,
    regions: &dyn RegionNames,
    disclosure: Disclosure,
) -> Option<SheetRow> {
    let at = place.address();
    let answer = answers.get(&at)?;
    let value = shown(place.field, answer, regions, disclosure);
    let masked = matches!(place.field.privacy, Privacy::Personal(_)) && disclosure == Disclosure::Masked;
    Some(SheetRow { at, label: place.label(answers).to_owned(), value, masked })
}

fn read_lines(of: Line, answer: &Answer) -> Vec<String> {
    match of {
        Line::Domain => answer.items().iter().map(|domain| domain_name::shown_form(domain)).collect(),
        Line::Url | Line::Ip { .. } | Line::Text => answer.items().to_vec(),
    }
}

/// How an answer reads.
pub fn shown(field: &Field, answer: &Answer, regions: &dyn RegionNames, disclosure: Disclosure) -> Shown {
    let text = answer.text();
    if let (Privacy::Personal(shape), Disclosure::Masked) = (field.privacy, disclosure) {
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
        Kind::MainDomain => Shown::Text(domain_name::shown_form(text)),
        Kind::Lines { of, .. } => lines(read_lines(of, answer)),
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
        | Kind::OwnRecord(_)
        | Kind::Code(_) => Shown::Text(text.to_owned()),
    }
}

/// What a change changes, in the order of the form (R19). The stored value before is masked for
/// applicants; the value after may be shown in full to the person who is just typing it. Items of a
/// repeated section are compared with what they were before, wherever they stand now.
pub fn diff(
    form: &'static Form,
    (before, disclosure_before): (&Answers, Disclosure),
    (after, disclosure_after): (&Answers, Disclosure),
    regions: &dyn RegionNames,
) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for section in form.sections().filter(|section| !section.is_guide) {
        let pairs = match section.repeat {
            None => vec![(Some(None), Some(None))],
            Some(repeat) => {
                let pairs = pair_items(section, before, after);
                changes.extend(order_change(section, repeat, &pairs));
                let some = |item: Option<usize>| item.map(Some);
                pairs.into_iter().map(|(old, new)| (some(old), some(new))).collect()
            }
        };
        for (old_item, new_item) in pairs {
            for field in section.fields {
                let place = |item: Option<usize>| Place { section, item, field };
                let (old_place, new_place) = (old_item.map(place), new_item.map(place));
                let old = old_place.and_then(|place| visible(&place, before));
                let new = new_place.and_then(|place| visible(&place, after));
                let Some(place) = new_place.or(old_place).filter(|_| old != new) else { continue };
                let read = |answer: Option<&Answer>, disclosure: Disclosure| {
                    answer.map_or(Shown::Nothing, |answer| shown(field, answer, regions, disclosure))
                };
                let (was, is) = match (field.kind, old, new) {
                    (Kind::Lines { of, .. }, Some(old), Some(new)) => {
                        items_changed(&read_lines(of, old), &read_lines(of, new))
                    }
                    _ => (read(old, disclosure_before), read(new, disclosure_after)),
                };
                let label = place.label(if new_place.is_some() { after } else { before });
                // The address of an item that is gone is another's now.
                let at = new_place.map_or_else(|| section.count_address(), |_| place.address());
                changes.push(Change {
                    at,
                    section: title_of_item(section, old_item.flatten(), new_item.flatten()),
                    label: label.to_owned(),
                    before: was,
                    after: is,
                });
            }
        }
    }
    changes
}

/// Of a list on either side what is gone and what is new; the whole lists where only their order differs.
fn items_changed(old: &[String], new: &[String]) -> (Shown, Shown) {
    let gone: Vec<String> = old.iter().filter(|item| !new.contains(item)).cloned().collect();
    let fresh: Vec<String> = new.iter().filter(|item| !old.contains(item)).cloned().collect();
    if gone.is_empty() && fresh.is_empty() {
        return (Shown::Lines(old.to_vec()), Shown::Lines(new.to_vec()));
    }
    let same = old.len() - gone.len();
    let read = |mut items: Vec<String>| match (same, items.len()) {
        (0, 0) => Shown::Nothing,
        (0, 1) => Shown::Text(items.remove(0)),
        (0, _) => Shown::Lines(items),
        (same, _) => Shown::Part { items, same },
    };
    (read(gone), read(fresh))
}

fn title_of_item(section: &Section, old: Option<usize>, new: Option<usize>) -> String {
    let Some(repeat) = section.repeat else { return section.title.to_owned() };
    let number = new.or(old).map_or(0, |item| item + 1);
    let fate = match (old, new) {
        (None, _) => "（新增）",
        (_, None) => "（删除）",
        (Some(_), Some(_)) => "",
    };
    format!("{} · {} {number}{fate}", section.title, repeat.noun)
}

/// Which item before is which item after: first those that are the same, then those that have most in
/// common. What is left over on one side was removed or added.
fn pair_items(
    section: &'static Section,
    before: &Answers,
    after: &Answers,
) -> Vec<(Option<usize>, Option<usize>)> {
    let items = |answers: &Answers| -> Vec<Vec<Option<Answer>>> {
        let count = if section.is_shown(answers) { section.count(answers) } else { 0 };
        let of_item = |item: usize| {
            let place = |field| Place { section, item: Some(item), field };
            section.fields.iter().map(|field| visible(&place(field), answers).cloned()).collect()
        };
        (0..count).map(of_item).collect()
    };
    let (old, new) = (items(before), items(after));
    // All pairs that have something in common: the most alike first, then the nearest.
    let mut candidates: Vec<(usize, usize, usize)> = Vec::new();
    for (i, one) in old.iter().enumerate() {
        for (j, other) in new.iter().enumerate() {
            let unlike = one.iter().zip(other).filter(|(one, other)| one != other).count();
            if one.iter().zip(other).any(|(one, other)| one == other && one.is_some()) || one == other {
                candidates.push((unlike, i, j));
            }
        }
    }
    candidates.sort_by_key(|&(unlike, i, j)| (unlike, i.abs_diff(j), j));
    let mut origin: Vec<Option<usize>> = vec![None; new.len()];
    let mut is_kept = vec![false; old.len()];
    for (_, i, j) in candidates {
        if let (Some(kept), Some(from @ None)) =
            (is_kept.get_mut(i).filter(|kept| !**kept), origin.get_mut(j))
        {
            (*kept, *from) = (true, Some(i));
        }
    }
    let gone = is_kept.iter().enumerate().filter(|(_, kept)| !**kept).map(|(i, _)| (Some(i), None));
    origin.iter().enumerate().map(|(j, from)| (*from, Some(j))).chain(gone).collect()
}

/// A row of its own where items that stayed stand in another order, by the numbers they had.
fn order_change(
    section: &Section,
    repeat: Repeat,
    pairs: &[(Option<usize>, Option<usize>)],
) -> Option<Change> {
    let now: Vec<usize> = pairs.iter().filter(|(_, new)| new.is_some()).filter_map(|(old, _)| *old).collect();
    let mut was = now.clone();
    was.sort_unstable();
    let read = |items: &[usize]| {
        let names: Vec<String> = items.iter().map(|item| format!("{} {}", repeat.noun, item + 1)).collect();
        Shown::Text(names.join("、"))
    };
    (was != now).then(|| Change {
        at: section.count_address(),
        section: section.title.to_owned(),
        label: format!("{}顺序", repeat.noun),
        before: read(&was),
        after: read(&now),
    })
}

fn visible<'a>(place: &Place, answers: &'a Answers) -> Option<&'a Answer> {
    if place.is_shown(answers) { answers.get(&place.address()) } else { None }
}
