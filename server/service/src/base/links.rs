//! Addresses that notices and answers of the use cases lead to.

use domain::business::Business;
use domain::procedure::Procedure;

/// Path of the page that cancels a record.
pub(crate) fn cancel_href(business: Business, record: &str) -> String {
    format!("/{}/cancel?record={record}", business.code())
}

/// Path of a filing on the desk.
pub(crate) fn review_href(id: &str) -> String {
    format!("/review/filings/{id}")
}

/// Path of a step of a form.
pub(crate) fn form_href(procedure: Procedure, step: &str, draft: &str) -> String {
    format!("/{}/{}/{step}?draft={draft}", procedure.business.code(), procedure.action.code())
}

/// Path of a filing's page.
pub(crate) fn filing_href(id: &str) -> String {
    format!("/mine/filings/{id}")
}

pub(crate) const TRANSFER_PAGE: &str = "/subject/transfer";

pub(crate) const RECEIVE_PAGE: &str = "/subject/receive";

/// Path of the record's page.
pub(crate) fn record_href(business: Business, id: &str) -> String {
    match business.is_subject() {
        true => "/mine/subject".to_owned(),
        false => format!("/mine/{}/{id}", business.code()),
    }
}
