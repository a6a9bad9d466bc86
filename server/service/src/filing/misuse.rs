//! What is sealed of a report of misuse, and which reports an officer's region has.

use domain::misuse::Misuse;
use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Query, SelectStatement, SimpleExpr};
use serde::{Deserialize, Serialize};

use crate::base::entity::{misuse_report, record};
use crate::base::error::Result;
use crate::base::keyring::Keyring;
use crate::base::region;

/// What was told, without the kind and how to reach whoever told it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    pub site: String,
    pub text: String,
}

/// What [`open_reports`] counts.
pub(crate) const REPORTS: &str = "reports";

/// The place that a column of a report is sealed for.
pub(crate) fn place(id: &str, column: &str) -> String {
    format!("misuse/{id}/{column}")
}

/// Report and contact, sealed.
pub(crate) fn seal(keys: &Keyring, id: &str, misuse: &Misuse) -> Result<(String, Option<String>)> {
    let told = Told { site: misuse.site.clone(), text: misuse.text.clone() };
    let report = keys.seal_text(&place(id, "report"), &serde_json::to_string(&told)?)?;
    let contact = match misuse.contact.as_str() {
        "" => None,
        contact => Some(keys.seal_text(&place(id, "contact"), contact)?),
    };
    Ok((report, contact))
}

pub(crate) fn open(keys: &Keyring, row: &misuse_report::Model) -> Result<Told> {
    Ok(serde_json::from_str(&keys.open_text(&place(&row.id, "report"), &row.report_sealed)?)?)
}

/// What concerns a record of a region, whose officers get it. Asked of each report: there are few that wait, and many
/// records.
pub(crate) fn concerns(region: &str) -> SimpleExpr {
    let own = Expr::col((record::Entity, record::Column::Id))
        .equals((misuse_report::Entity, misuse_report::Column::RecordId));
    let record = Query::select()
        .expr(Expr::val(1))
        .from(record::Entity)
        .and_where(own)
        .and_where(region::lies_in("jurisdiction", region))
        .to_owned();
    Expr::exists(record)
}

/// How many reports of a region nobody has dealt with yet, beside their name.
pub(crate) fn open_reports(region: &str) -> SelectStatement {
    Query::select()
        .expr_as(Expr::cust(format!("'{REPORTS}'")), Alias::new("what"))
        .expr_as(Expr::col(Asterisk).count(), Alias::new("n"))
        .from(misuse_report::Entity)
        .and_where(misuse_report::Column::HandledAt.is_null())
        .and_where(concerns(region))
        .to_owned()
}
