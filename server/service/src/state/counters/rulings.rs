//! What a decision counts for beside its time: for the officer who made it, and where it was a return, for the questions
//! that something was said of.

use std::collections::{BTreeMap, BTreeSet};

use domain::filing::FilingEvent;
use domain::schema::Fault;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Statement};

use super::{OFFICER, REMARKED, RETURNED, STANDS, Said, Shifts, day_number};
use crate::base::entity::{filing, filing_event, tally, tally_change};
use crate::base::error::Result;
use crate::state::history::RETURNED_ALONG;

/// What of a decision is counted.
pub(super) struct Ruling {
    officer: Option<String>,
    /// The questions that a return says something of, once each, and nothing for what it says in general; None where
    /// it is no return of its own.
    remarked: Option<BTreeSet<String>>,
}

impl Ruling {
    /// As it is being made.
    pub fn made(event: FilingEvent, said: Said<'_>) -> Self {
        let remarked = is_own_return(event, said.note).then(|| questions(said.note, said.remarks));
        Ruling { officer: said.officer.map(str::to_owned), remarked }
    }

    /// As the history has it.
    pub fn of(event: FilingEvent, line: &filing_event::Model) -> Self {
        let remarked = is_own_return(event, &line.note).then(|| questions(&line.note, &remarks_of(&line.remarks)));
        Ruling { officer: line.actor_id.clone(), remarked }
    }
}

/// What came back only because its subject did is nobody's remark (R15).
fn is_own_return(event: FilingEvent, note: &str) -> bool {
    event == FilingEvent::Return && note != RETURNED_ALONG
}

fn remarks_of(text: &str) -> Vec<Fault> {
    serde_json::from_str(text).unwrap_or_default()
}

fn questions(note: &str, remarks: &[Fault]) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = remarks.iter().map(|remark| question(&remark.at)).collect();
    if !note.trim().is_empty() {
        all.insert(String::new());
    }
    all
}

/// The address of a question without the number of an item: all items ask the same.
fn question(at: &str) -> String {
    let parts = at.split('.').filter(|part| part.parse::<u32>().is_err());
    parts.collect::<Vec<_>>().join(".")
}

impl Shifts {
    pub(super) fn ruled(&mut self, row: &filing::Model, ruling: &Ruling, at: i64, n: i64) {
        let day = day_number(at);
        if let Some(officer) = &ruling.officer {
            self.add(&row.jurisdiction, OFFICER, day, officer.clone(), n);
        }
        let procedure = format!("{}_{}", row.business, row.action);
        self.returned(&row.jurisdiction, &procedure, ruling.remarked.as_ref(), day, n);
    }

    fn returned(
        &mut self,
        place: &str,
        procedure: &str,
        remarked: Option<&BTreeSet<String>>,
        day: i64,
        n: i64,
    ) {
        let Some(remarked) = remarked else { return };
        self.add(place, RETURNED, day, procedure.to_owned(), n);
        for question in remarked {
            self.add(place, REMARKED, day, format!("{procedure}/{question}"), n);
        }
    }
}

/// How a filing was decided last.
pub(super) async fn last(on: &impl ConnectionTrait, filing: &str) -> Result<Option<Ruling>> {
    let decisions = [FilingEvent::Approve, FilingEvent::Return, FilingEvent::Reject];
    let line = filing_event::Entity::find()
        .filter(filing_event::Column::FilingId.eq(filing))
        .filter(filing_event::Column::Event.is_in(decisions.map(FilingEvent::code)))
        .order_by_desc(filing_event::Column::Id)
        .one(on)
        .await?;
    Ok(line.and_then(|line| Some(Ruling::of(FilingEvent::from_code(&line.event)?, &line))))
}

/// All decisions since then that stand: those of officers grouped by the database, returns one by one for their remarks.
pub(super) async fn count_all(on: &impl ConnectionTrait, shifts: &mut Shifts, since: i64) -> Result<()> {
    let backend = on.get_database_backend();
    let within = format!(
        "FROM filing_event e JOIN filing f ON f.id = e.filing_id WHERE f.is_reviewable AND e.at >= {since} AND {STANDS}"
    );
    let by_officer = format!(
        "SELECT f.jurisdiction, e.actor_id, (e.at + 28800000) / 86400000 AS day, COUNT(*) AS n {within} \
         AND e.event IN ('approve', 'return', 'reject') AND e.actor_id IS NOT NULL \
         GROUP BY f.jurisdiction, e.actor_id, (e.at + 28800000) / 86400000"
    );
    for row in on.query_all_raw(Statement::from_string(backend, by_officer)).await? {
        let (place, officer): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        shifts.add(&place, OFFICER, row.try_get_by_index(2)?, officer, row.try_get_by_index(3)?);
    }
    let returns = format!(
        "SELECT f.jurisdiction, f.business, f.action, e.at, e.note, e.remarks {within} AND e.event = 'return'"
    );
    for row in on.query_all_raw(Statement::from_string(backend, returns)).await? {
        let text = |at: usize| row.try_get_by_index::<String>(at);
        let (place, procedure) = (text(0)?, format!("{}_{}", text(1)?, text(2)?));
        let (note, remarks) = (text(4)?, remarks_of(&text(5)?));
        let remarked = is_own_return(FilingEvent::Return, &note).then(|| questions(&note, &remarks));
        shifts.returned(&place, &procedure, remarked.as_ref(), day_number(row.try_get_by_index(3)?), 1);
    }
    Ok(())
}

/// How many decisions of each of these officers stand that were made from a day on, wherever; none where it is none.
pub(crate) async fn decided_by(
    on: &impl ConnectionTrait,
    officers: &[String],
    since: i64,
) -> Result<BTreeMap<String, u64>> {
    if officers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for row in on.query_all(&decided_by_question(officers, since)).await? {
        let n: i64 = row.try_get_by_index(1)?;
        *sums.entry(row.try_get_by_index(0)?).or_default() += n;
    }
    Ok(sums.into_iter().map(|(officer, n)| (officer, u64::try_from(n).unwrap_or(0))).collect())
}

/// What is added up, at the level of provinces, and what is not yet, in one statement.
pub(crate) fn decided_by_question(officers: &[String], since: i64) -> SelectStatement {
    let (kind, officer, day) = (Alias::new("kind"), Alias::new("item"), Alias::new("day"));
    let of = |query: &mut SelectStatement| {
        query
            .columns([Alias::new("item"), Alias::new("n")])
            .and_where(Expr::col(officer.clone()).is_in(officers.iter().map(String::as_str)))
            .and_where(Expr::col(day.clone()).gte(since));
    };
    let mut fresh = Query::select();
    of(fresh.from(tally_change::Entity).and_where(Expr::col(kind).eq(OFFICER)));
    let mut all = Query::select();
    // In so many words, so that SQLite sees that the index has them.
    of(all
        .from(tally::Entity)
        .and_where(Expr::cust("kind = 'officer'"))
        .and_where(Expr::cust("substr(region, 3, 4) = '0000'")));
    all.union(UnionType::All, fresh).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_items_of_a_section_ask_one_question() {
        assert_eq!(question("platforms.2.name"), "platforms.name");
        assert_eq!(question("site.name"), "site.name");
    }

    #[test]
    fn a_question_counts_once_and_words_in_general_for_themselves() {
        let remarks = ["a.0.b", "a.1.b", "c.d"].map(|at| domain::schema::fault(at, "请改正"));
        let seen = |note| questions(note, &remarks).into_iter().collect::<Vec<_>>();
        assert_eq!(seen(" "), ["a.b", "c.d"]);
        assert_eq!(seen("材料不全"), ["", "a.b", "c.d"]);
        assert!(!is_own_return(FilingEvent::Return, RETURNED_ALONG) && is_own_return(FilingEvent::Return, ""));
        assert!(!is_own_return(FilingEvent::Reject, ""));
    }
}
