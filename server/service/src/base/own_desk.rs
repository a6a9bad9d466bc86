//! What an officer left on their desk, with which every page of the desk begins: small rows of several tables, found by
//! the officer's id, in one statement.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::base::db::rows_of;
use crate::base::error::Result;

/// Acts of one page; more are never done at once.
const MOST_ACTS: u64 = 200;

/// Something that an officer leaves on the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    LastVisit,
    Display,
    Views,
    Acts,
    SecondLooks,
}

/// What lies there, as far as it was asked for.
#[derive(Debug, Default)]
pub(crate) struct OwnDesk {
    /// When the officer last said that everything new was seen, in milliseconds.
    pub last_visit: Option<i64>,
    /// How the officer wants the queue shown, where they chose.
    pub display: Option<Display>,
    /// Views that were saved, the oldest first.
    pub views: Vec<View>,
    /// The latest acts that nobody was told of yet, the oldest first.
    pub acts: Vec<Act>,
    /// The second looks that were begun and are not finished: filing and look.
    pub second_looks: Vec<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct Display {
    pub columns: String,
    pub density: String,
    pub single_keys: bool,
}

#[derive(Debug)]
pub(crate) struct View {
    pub id: String,
    pub name: String,
    pub query: String,
}

/// An act that can be taken back until its time is over.
#[derive(Debug)]
pub(crate) struct Act {
    /// Acts that are taken back together have the same.
    pub act_id: String,
    pub event: String,
    pub filing_id: String,
    pub until: i64,
}

/// One row of whichever table.
#[derive(FromQueryResult)]
struct Line {
    part: String,
    id: Option<String>,
    a: Option<String>,
    b: Option<String>,
    c: Option<String>,
    n: Option<i64>,
}

impl Part {
    pub(crate) const ALL: [Part; 5] =
        [Part::LastVisit, Part::Display, Part::Views, Part::Acts, Part::SecondLooks];

    /// The table; whose a row is; what stands as `id`, `a`, `b`, `c` and `n`.
    fn columns(self) -> (&'static str, &'static str, [&'static str; 5]) {
        match self {
            Part::LastVisit => ("desk_visit", "person_id", ["", "", "", "", "seen_at"]),
            Part::Display => {
                let keys = "CAST(CASE WHEN single_keys THEN 1 ELSE 0 END AS BIGINT)";
                ("desk_setting", "person_id", ["", "columns", "density", "", keys])
            }
            Part::Views => ("saved_view", "person_id", ["id", "name", "query", "", ""]),
            Part::Acts => ("undoable_act", "officer_id", ["id", "act_id", "event", "filing_id", "until"]),
            Part::SecondLooks => ("second_look", "judge_id", ["id", "filing_id", "", "", ""]),
        }
    }

    fn question(self, person: &str) -> SelectStatement {
        let (table, owner, columns) = self.columns();
        let mut question = Query::select();
        question.expr_as(Expr::cust(format!("'{table}'")), Alias::new("part"));
        for (name, column) in ["id", "a", "b", "c", "n"].into_iter().zip(columns) {
            let value = match (name, column) {
                ("n", "") => "CAST(NULL AS BIGINT)",
                (_, "") => "CAST(NULL AS TEXT)",
                (_, column) => column,
            };
            question.expr_as(Expr::cust(value), Alias::new(name));
        }
        question.from(Alias::new(table)).and_where(Expr::col(Alias::new(owner)).eq(person));
        match self {
            Part::Acts => question.order_by(Alias::new("id"), Order::Desc).limit(MOST_ACTS),
            Part::SecondLooks => question.and_where(Expr::col(Alias::new("judged_at")).is_null()),
            Part::LastVisit | Part::Display | Part::Views => &mut question,
        };
        question
    }
}

pub(crate) fn questions(person: &str, parts: &[Part]) -> Vec<SelectStatement> {
    parts.iter().map(|part| part.question(person)).collect()
}

/// What this officer left there.
pub(crate) async fn left_by(on: &impl ConnectionTrait, person: &str, parts: &[Part]) -> Result<OwnDesk> {
    let mut lines: Vec<Line> = rows_of(on, questions(person, parts)).await?;
    lines.sort_by(|one, other| one.id.cmp(&other.id));
    let mut desk = OwnDesk::default();
    for Line { part, id, a, b, c, n } in lines {
        let part = Part::ALL.into_iter().find(|known| known.columns().0 == part);
        let (id, a, b) = (id.unwrap_or_default(), a.unwrap_or_default(), b.unwrap_or_default());
        match part {
            Some(Part::LastVisit) => desk.last_visit = n,
            Some(Part::Display) => {
                desk.display = Some(Display { columns: a, density: b, single_keys: n == Some(1) });
            }
            Some(Part::Views) => desk.views.push(View { id, name: a, query: b }),
            Some(Part::Acts) => {
                let (filing_id, until) = (c.unwrap_or_default(), n.unwrap_or_default());
                desk.acts.push(Act { act_id: a, event: b, filing_id, until });
            }
            Some(Part::SecondLooks) => desk.second_looks.push((a, id)),
            None => {}
        }
    }
    Ok(desk)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::db::united;
    use crate::common::*;

    claims![what_an_officer_left_is_read_by_indexes];

    async fn what_an_officer_left_is_read_by_indexes(world: World) {
        let officer = world.officer("110000").await;
        world.many_filings(&officer, 50, 60).await;
        let plan = world.plan_of_many(&united(questions(&officer.person_id, &Part::ALL))).await;
        for (part, index) in [
            (Part::LastVisit, "desk_visit"),
            (Part::Display, "desk_setting"),
            (Part::Views, "saved_view_name"),
            (Part::Acts, "undoable_act_officer"),
            // Of an empty table PostgreSQL takes whichever index comes.
            (Part::SecondLooks, if world.is_sqlite() { "second_look_in_hand" } else { "second_look" }),
        ] {
            let table = part.columns().0;
            for whole in [format!("SCAN {table}"), format!("Seq Scan on {table}")] {
                assert!(!plan.contains(&whole), "{plan}");
            }
            assert!(plan.contains(index), "{index}\n{plan}");
        }
    }
}
