//! Filings as lists show them.

use domain::action::Action;
use domain::business::Business;
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::view::FilingRow;

use crate::account::subject::OwnNames;
use crate::base::clock::written;
use crate::base::db::instant;
use crate::base::entity::filing;
use crate::base::error::Result;
use crate::state::row::{filing_state, procedure_of};

/// The same for whoever filed it: their own name in full.
pub(crate) fn own_filing_row(row: &filing::Model, names: &OwnNames) -> Result<FilingRow> {
    let shown = filing_row(row)?;
    let is_subject = shown.procedure.business.is_subject();
    Ok(FilingRow {
        subject_name: names.of_subject(&row.subject_id, &shown.subject_name),
        title: if is_subject { names.of_subject(&row.subject_id, &shown.title) } else { shown.title },
        ..shown
    })
}

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
        waits_for_answer: state.is_open() && row.waiting_since.is_some(),
        submitted_at: written(instant(row.submitted_at)),
    })
}
