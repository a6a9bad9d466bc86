//! What a decision counts for beside its time: for the officer who made it, and where it was a return, for the questions
//! that something was said of.

use std::collections::{BTreeMap, BTreeSet};

use domain::filing::FilingEvent;
use domain::schema::Fault;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Statement};

use crate::base::entity::{filing_event, tally, tally_change};
use crate::base::error::Result;
use crate::state::history::RETURNED_ALONG;

/// Returns by day; the item is the procedure.
pub(crate) const RETURNED: &str = "returned";

/// Returns that said something of a question, by day; the item is `website_new/site.name`, and `website_new/` for what was
/// said in general.
pub(crate) const REMARKED: &str = "remarked";

/// Decisions by day and by who made them; the item is the officer.
pub(crate) const OFFICER: &str = "officer";

/// Of a line of history: what was taken back (撤回) is followed by the line that says so.
pub(crate) const STANDS: &str = "COALESCE((SELECT n.event FROM filing_event n WHERE n.filing_id = e.filing_id \
                                 AND n.id > e.id ORDER BY n.id LIMIT 1), '') <> 'undo'";

/// Who made a decision, with what words and remarks.
pub(crate) struct Said<'a> {
    pub officer: Option<&'a str>,
    pub note: &'a str,
    pub remarks: &'a [Fault],
}

/// What of a decision is counted.
pub(crate) struct Ruling {
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
        let remarked =
            is_own_return(event, &line.note).then(|| questions(&line.note, &remarks_of(&line.remarks)));
        Ruling { officer: line.actor_id.clone(), remarked }
    }

    /// What it counts for: kind and item.
    pub fn counted(&self, procedure: &str) -> Vec<(&'static str, String)> {
        let mut all: Vec<(&'static str, String)> =
            self.officer.iter().map(|officer| (OFFICER, officer.clone())).collect();
        if let Some(remarked) = &self.remarked {
            all.push((RETURNED, procedure.to_owned()));
            all.extend(remarked.iter().map(|question| (REMARKED, format!("{procedure}/{question}"))));
        }
        all
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

/// How a filing was decided last.
pub(crate) async fn last(on: &impl ConnectionTrait, filing: &str) -> Result<Option<Ruling>> {
    let decisions = [FilingEvent::Approve, FilingEvent::Return, FilingEvent::Reject];
    let line = filing_event::Entity::find()
        .filter(filing_event::Column::FilingId.eq(filing))
        .filter(filing_event::Column::Event.is_in(decisions.map(FilingEvent::code)))
        .order_by_desc(filing_event::Column::Id)
        .one(on)
        .await?;
    Ok(line.and_then(|line| Some(Ruling::of(FilingEvent::from_code(&line.event)?, &line))))
}

/// A decision that stands: where, of what procedure, when, and how.
pub(crate) struct Standing {
    pub jurisdiction: String,
    pub procedure: String,
    pub at: i64,
    pub ruling: Ruling,
}

/// All decisions since then that stand.
pub(crate) async fn standing_since(on: &impl ConnectionTrait, since: i64) -> Result<Vec<Standing>> {
    let decisions = format!(
        "SELECT f.jurisdiction, f.business, f.action, e.at, e.event, e.actor_id, e.note, e.remarks \
         FROM filing_event e JOIN filing f ON f.id = e.filing_id WHERE f.is_reviewable AND e.at >= {since} \
         AND e.event IN ('approve', 'return', 'reject') AND {STANDS}"
    );
    let rows = on.query_all_raw(Statement::from_string(on.get_database_backend(), decisions)).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let text = |at: usize| row.try_get_by_index::<String>(at);
        let is_return = text(4)? == FilingEvent::Return.code();
        let note = text(6)?;
        let remarked = match is_return && note != RETURNED_ALONG {
            true => Some(questions(&note, &remarks_of(&text(7)?))),
            false => None,
        };
        all.push(Standing {
            jurisdiction: text(0)?,
            procedure: format!("{}_{}", text(1)?, text(2)?),
            at: row.try_get_by_index(3)?,
            ruling: Ruling { officer: row.try_get_by_index(5)?, remarked },
        });
    }
    Ok(all)
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
        assert!(
            !is_own_return(FilingEvent::Return, RETURNED_ALONG) && is_own_return(FilingEvent::Return, "")
        );
        assert!(!is_own_return(FilingEvent::Reject, ""));
    }
}
