//! What is sealed of a report of misuse, and which reports an officer's region has.

use domain::jurisdiction;
use domain::misuse::Misuse;
use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Query, SelectStatement};
use serde::{Deserialize, Serialize};

use crate::base::entity::{misuse_report, record};
use crate::base::error::Result;
use crate::base::keyring::Keyring;

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

/// The records that lie in a region, whose officers get what is reported of them.
pub(crate) fn records_in(region: &str) -> SelectStatement {
    let prefix = jurisdiction::prefix(region);
    let of_region = match prefix.len() {
        2 => Expr::cust("substr(jurisdiction, 1, 2)").eq(prefix),
        4 => Expr::cust("substr(jurisdiction, 1, 4)").eq(prefix),
        _ => Expr::col(record::Column::Jurisdiction).eq(region),
    };
    Query::select().column(record::Column::Id).from(record::Entity).and_where(of_region).to_owned()
}

/// How many reports of a region nobody has dealt with yet, beside their name.
pub(crate) fn open_reports(region: &str) -> SelectStatement {
    Query::select()
        .expr_as(Expr::cust(format!("'{REPORTS}'")), Alias::new("what"))
        .expr_as(Expr::col(Asterisk).count(), Alias::new("n"))
        .from(misuse_report::Entity)
        .and_where(misuse_report::Column::HandledAt.is_null())
        .and_where(misuse_report::Column::RecordId.in_subquery(records_in(region)))
        .to_owned()
}
