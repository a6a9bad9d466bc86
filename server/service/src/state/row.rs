//! Codes of rows as the types they stand for.

use domain::action::Action;
use domain::business::Business;
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::record::RecordState;
use sea_orm::{ColumnTrait, Condition};

use crate::base::entity::filing::InList;
use crate::base::entity::{filing, record};
use crate::base::error::{Error, Result};

/// Filings that wait for officers.
pub(crate) fn open_states() -> Condition {
    let open = FilingState::ALL.into_iter().filter(|state| state.is_open()).map(FilingState::code);
    Condition::all().add(filing::Column::State.is_in(open))
}

pub(crate) fn procedure_of(row: &impl InList) -> Result<Procedure> {
    match (Business::from_code(row.business()), Action::from_code(row.action())) {
        (Some(business), Some(action)) => Ok(Procedure { business, action }),
        _ => Err(Error::Corrupt(format!("procedure of filing {}", row.id()))),
    }
}

pub(crate) fn business_of(row: &record::Model) -> Result<Business> {
    Business::from_code(&row.business).ok_or_else(|| Error::Corrupt(format!("business of record {}", row.id)))
}

pub(crate) fn filing_state(row: &impl InList) -> Result<FilingState> {
    FilingState::from_code(row.state()).ok_or_else(|| Error::Corrupt(format!("state of filing {}", row.id())))
}

pub(crate) fn record_state(row: &record::Model) -> Result<RecordState> {
    RecordState::from_code(&row.state).ok_or_else(|| Error::Corrupt(format!("state of record {}", row.id)))
}
