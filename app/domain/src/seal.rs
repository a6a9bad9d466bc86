//! Sealed values (R70): a personal value reaches the browser masked; the mask that comes back
//! untouched stands for the stored value. Stars are never saved as an answer.

use std::collections::BTreeMap;

use crate::answer::{Answer, Answers};
use crate::check::{IS_ME, same_as_address};
use crate::mask::{Mask, mask};
use crate::schema::{Form, Privacy};

/// The fields of the subject's responsible person that other person blocks share by key (R32).
pub const SHARED_WITH_PRINCIPAL: &[&str] = &[
    "name",
    "id_kind",
    "id_no",
    "id_valid_to",
    "id_long_term",
    "mobile",
    "email",
    "id_portrait",
    "id_emblem",
];

/// The fields of a person in charge that the identity platform has told (R1): 负责人是我本人.
pub const KNOWN_OF_ME: &[&str] = &["name", "id_kind", "id_no", "mobile"];

/// Replaces the personal values that equal the original's by their masks, and says which address
/// holds which mask. What differs from the original is what the person is typing, and stays.
pub fn seal(
    form: &'static Form,
    answers: &Answers,
    originals: &[&Answers],
) -> (Answers, BTreeMap<String, String>) {
    let mut sealed = BTreeMap::new();
    let mut shown = answers.clone();
    for (at, answer) in answers.iter() {
        let Some(shape) = form.mask_at(at) else { continue };
        if originals.iter().any(|original| original.get(at) == Some(answer)) {
            let masked = mask(shape, answer.text());
            shown.set_text(at, masked.clone());
            sealed.insert(at.to_owned(), masked);
        }
    }
    (shown, sealed)
}

/// Puts the stored values back where a mask came back untouched.
pub fn unseal(form: &'static Form, answers: &mut Answers, originals: &[&Answers]) {
    let mut restored: Vec<(String, Answer)> = Vec::new();
    for (at, answer) in answers.iter() {
        let Some(shape) = form.mask_at(at) else { continue };
        if let Some(original) =
            originals.iter().find_map(|original| stands_for(shape, answer, original.get(at)))
        {
            restored.push((at.to_owned(), original));
        }
    }
    for (at, answer) in restored {
        answers.set(at, answer);
    }
}

fn stands_for(shape: Mask, answer: &Answer, original: Option<&Answer>) -> Option<Answer> {
    let original = original?;
    let text = answer.text();
    (text.contains('*') && mask(shape, original.text()) == text).then(|| original.clone())
}

/// The subject's responsible person as answers of the sections that say “同主体负责人信息” (R32), so
/// that `seal` and `unseal` can treat them as originals.
pub fn same_as_principal(form: &'static Form, answers: &Answers, subject: &Answers) -> Answers {
    let mut originals = Answers::new();
    for section in form.sections().filter(|section| section.same_as_principal) {
        if !answers.has(&same_as_address(section.key), "yes") {
            continue;
        }
        for key in SHARED_WITH_PRINCIPAL {
            if section.fields.iter().any(|field| field.key == *key)
                && let Some(answer) = subject.get(&format!("principal.{key}"))
            {
                originals.set(format!("{}.{key}", section.key), answer.clone());
            }
        }
    }
    originals
}

/// Who is signed in as answers of the sections that say 负责人是我本人, so that `seal` and `unseal` can treat
/// them as originals. `me` has them at the keys of the fields.
pub fn same_as_me(form: &'static Form, answers: &Answers, me: &Answers) -> Answers {
    let ticked = form.sections().filter(|section| section.may_be_me);
    let ticked = ticked.filter(|section| answers.has(&section.own_address(IS_ME), "yes"));
    let own = ticked.flat_map(|section| KNOWN_OF_ME.iter().map(move |key| (section, *key)));
    own.filter_map(|(section, key)| Some((section.own_address(key), me.get(key)?.clone()))).collect()
}

/// What the identity platform says of somebody, as a page may know it: masked, at the keys of the fields.
pub fn masked_me(form: &'static Form, me: &Answers) -> Answers {
    let section = form.sections().find(|section| section.may_be_me);
    let shown = |key: &str, answer: &Answer| {
        let mask_of = form.mask_at(&section?.own_address(key));
        Some(mask_of.map_or_else(|| answer.clone(), |shape| Answer::One(mask(shape, answer.text()))))
    };
    me.iter().filter_map(|(key, answer)| Some((key, shown(key, answer)?))).collect()
}

/// Splits answers into what may lie in the database as it is and what must be encrypted.
pub fn split_personal(form: &'static Form, answers: Answers) -> (Answers, Answers) {
    let (personal, plain) = answers.partition(|at| match form.place(at) {
        Some(place) => matches!(place.field.privacy, Privacy::Personal(_)),
        None => false,
    });
    (plain, personal)
}
