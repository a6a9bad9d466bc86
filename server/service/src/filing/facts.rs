//! What a form says about the filing it becomes.

use domain::answer::Answers;
use domain::business::Business;
use domain::facts;
use domain::mask::{Mask, mask};

/// What a record and its filings are called. The name of an individual is personal and stands in
/// plain columns, so it is masked there (R70).
pub(crate) fn title_of(business: Business, answers: &Answers) -> String {
    let name = facts::of_business(business, answers).name;
    let is_of_a_person = business.is_subject() && !facts::of_subject(answers).is_unit;
    if is_of_a_person { mask(Mask::Name, &name) } else { name }
}
