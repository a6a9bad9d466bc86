//! What the database knows of a filing's surroundings, for the machine's checks (R63): the same domains, names and
//! people elsewhere, how the subject's other filings ended, what the network told. Lines of several tables, each found by
//! an index, in one statement.

use std::collections::BTreeMap;

use domain::business::Business;
use domain::record::RecordState;
use domain::value::text::comparison_key;
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseBackend, FromQueryResult};

use crate::base::db::rows_of;
use crate::base::entity::{filing, live_domain, network_check, person, record};
use crate::base::error::Result;
use crate::base::text::by_bytes;

/// What is looked for; nothing where it is empty.
pub(crate) struct Wanted<'a> {
    pub row: &'a filing::Model,
    pub domains: &'a [String],
    /// A business of the same kind and name.
    pub name: &'a str,
    /// Keyed hashes of identity numbers (R70).
    pub people: Vec<String>,
    /// Whether the network was asked.
    pub network: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Elsewhere {
    /// Those domains that belong to another record, in order.
    pub domains: Vec<String>,
    /// Businesses of other subjects with this name.
    pub named: u64,
    /// Other subjects of these people.
    pub of_people: u64,
    /// The subject's other filings by state.
    pub past: BTreeMap<String, i64>,
    /// When the network was asked, if it has answered, and its checks.
    pub network: Option<(Option<i64>, String)>,
}

#[derive(FromQueryResult)]
struct Line {
    what: String,
    text: Option<String>,
    n: Option<i64>,
}

const DOMAIN: &str = "domain";
const NAMED: &str = "named";
const PEOPLE: &str = "people";
const PAST: &str = "past";
const NETWORK: &str = "network";

fn line(what: &str, text: Option<Alias>, n: Expr) -> SelectStatement {
    let text = text.map_or_else(|| Expr::cust("CAST(NULL AS TEXT)"), Expr::col);
    Query::select()
        .expr_as(Expr::cust(format!("'{what}'")), Alias::new("what"))
        .expr_as(text, Alias::new("text"))
        .expr_as(n, Alias::new("n"))
        .to_owned()
}

/// Nothing but what is wanted is asked.
pub(crate) fn questions(wanted: &Wanted<'_>, backend: DatabaseBackend) -> Vec<SelectStatement> {
    let Wanted { row, domains, name, people, network } = wanted;
    let count = || Expr::col(Asterisk).count();
    let mut past = line(PAST, Some(Alias::new("state")), count());
    past.from(filing::Entity)
        .and_where(filing::Column::SubjectId.eq(&row.subject_id))
        .and_where(filing::Column::Id.ne(&row.id))
        .group_by_col(filing::Column::State);
    let mut all = vec![past];
    if !domains.is_empty() {
        let mut taken = line(DOMAIN, Some(Alias::new("domain")), Expr::cust("CAST(NULL AS BIGINT)"));
        taken
            .from(live_domain::Entity)
            .and_where(live_domain::Column::Domain.is_in(domains.iter().map(String::as_str)))
            .and_where(live_domain::Column::RecordId.ne(&row.record_id));
        all.push(taken);
    }
    if !name.is_empty() {
        let over = [RecordState::Void.code(), RecordState::Cancelled.code()];
        let mut named = line(NAMED, None, count());
        named
            .from(record::Entity)
            // Said so that the index of the look-up serves.
            .and_where(by_bytes(record::Column::TitleKey, backend).eq(comparison_key(name)))
            .and_where(record::Column::Business.eq(&row.business))
            .and_where(record::Column::SubjectId.ne(&row.subject_id))
            .and_where(record::Column::State.is_not_in(over));
        all.push(named);
    }
    if !people.is_empty() {
        let known = Query::select()
            .column(person::Column::Id)
            .from(person::Entity)
            .and_where(person::Column::IdNoHash.is_in(people.iter().map(String::as_str)))
            .to_owned();
        let mut of_people = line(PEOPLE, None, count());
        of_people
            .from(record::Entity)
            .and_where(record::Column::OwnerId.in_subquery(known))
            .and_where(record::Column::Business.eq(Business::Subject.code()))
            .and_where(record::Column::Id.ne(&row.subject_id))
            .and_where(record::Column::State.ne(RecordState::Void.code()));
        all.push(of_people);
    }
    if *network {
        let mut told = line(NETWORK, Some(Alias::new("checks")), Expr::col(network_check::Column::CheckedAt));
        told.from(network_check::Entity).and_where(network_check::Column::FilingId.eq(&row.id));
        all.push(told);
    }
    all
}

/// Looks for it.
pub(crate) async fn found(on: &impl ConnectionTrait, wanted: &Wanted<'_>) -> Result<Elsewhere> {
    let lines: Vec<Line> = rows_of(on, questions(wanted, on.get_database_backend())).await?;
    let mut found = Elsewhere::default();
    for Line { what, text, n } in lines {
        let (text, count) = (text.unwrap_or_default(), n.unwrap_or(0));
        match what.as_str() {
            DOMAIN => found.domains.push(text),
            NAMED => found.named = u64::try_from(count).unwrap_or(0),
            PEOPLE => found.of_people = u64::try_from(count).unwrap_or(0),
            PAST => {
                found.past.insert(text, count);
            }
            _ => found.network = Some((n, text)),
        }
    }
    found.domains.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use sea_orm::EntityTrait;

    use super::*;
    use crate::base::db::united;
    use crate::common::*;

    claims![what_surrounds_a_filing_is_found_by_indexes];

    async fn what_surrounds_a_filing_is_found_by_indexes(world: World) {
        let actor = world.applicant(1).await;
        let answers = world.subject_answers_person(&actor).await;
        let id = world.file(&actor, "subject_new", None, &answers).await;
        let row = filing::Entity::find_by_id(id).one(world.db.read()).await.unwrap().unwrap();
        let domains = ["example.cn".to_owned()];
        let people = vec!["a".to_owned()];
        let wanted = Wanted { row: &row, domains: &domains, name: "某某", people, network: true };
        let plan = world.plan_of_many(&united(questions(&wanted, world.backend()))).await;
        for table in ["filing", "live_domain", "record", "person", "network_check"] {
            for whole in [format!("SCAN {table}"), format!("Seq Scan on {table}")] {
                assert!(!plan.contains(&whole), "{plan}");
            }
        }
    }
}
