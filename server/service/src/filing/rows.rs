//! Filings as lists show them.

use domain::view::FilingRow;

use crate::base::clock::written;
use crate::base::db::instant;
use crate::base::entity::filing;
use crate::base::error::Result;
use crate::state::row::{filing_state, procedure_of};

pub(crate) fn filing_row(row: &filing::Model) -> Result<FilingRow> {
    Ok(FilingRow {
        id: row.id.clone(),
        reference: row.reference.clone(),
        procedure: procedure_of(row)?,
        title: row.title.clone(),
        subject_name: row.subject_name.clone(),
        state: filing_state(row)?,
        submitted_at: written(instant(row.submitted_at)),
    })
}
