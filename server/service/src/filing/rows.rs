//! Filings as lists show them.

use domain::action::Action;
use domain::business::Business;
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::view::FilingRow;

use crate::base::clock::written;
use crate::base::db::instant;
use crate::base::entity::filing;
use crate::base::error::Result;
use crate::state::row::{filing_state, procedure_of};

pub(crate) fn filing_row(row: &filing::Model) -> Result<FilingRow> {
    let (procedure, state) = (procedure_of(row)?, filing_state(row)?);
    let is_new_subject = procedure == Procedure::new(Business::Subject, Action::New);
    Ok(FilingRow {
        id: row.id.clone(),
        reference: row.reference.clone(),
        procedure,
        title: row.title.clone(),
        subject_name: row.subject_name.clone(),
        state,
        waits_for_business: is_new_subject && state == FilingState::Pending && !row.is_reviewable,
        submitted_at: written(instant(row.submitted_at)),
    })
}
