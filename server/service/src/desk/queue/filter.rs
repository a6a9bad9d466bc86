//! Which filings a queue shows: its filters as conditions on the database.

use domain::action::Action;
use domain::business::Business;
use domain::filing::FilingState;
use domain::procedure::Procedure;
use domain::view::MOST_FOUND;
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, DatabaseBackend, Order};

use crate::base::db::united;
use crate::base::entity::filing;
use crate::base::text::begins_with;
use crate::desk::access::lies_in;
use crate::state::counters;

pub(super) const DONE: [FilingState; 5] = [
    FilingState::Approved,
    FilingState::Returned,
    FilingState::Rejected,
    FilingState::Withdrawn,
    FilingState::Terminated,
];

/// What a request asks for, understood.
pub(crate) struct QueueFilter {
    pub(super) region: String,
    /// None where the request contradicts itself.
    pub(super) states: Vec<FilingState>,
    /// Empty: every one.
    pub(super) procedures: Vec<Procedure>,
    pub(super) claimed_by: Option<String>,
    pub(super) resubmitted: bool,
    /// Submitted from then on; before then.
    pub(super) since: Option<i64>,
    pub(super) before: Option<i64>,
    /// Overdue, by what does not count while an answer is waited for.
    pub(super) overdue: Option<i64>,
    /// 待补充说明
    pub(super) waiting: bool,
    /// Came in after this, by submission or from another region.
    pub(super) arrived: Option<i64>,
    pub(super) search: Option<Search>,
    /// Not these, which the officer judges a second time and does not know the state of.
    pub(super) except: Vec<String>,
    pub(crate) order: Order,
}

/// What was typed into the search.
pub(super) enum Search {
    /// At most a handful of filings: a reference, a record's number, a domain.
    Exact(Condition),
    /// The beginning of a subject's or a filing's name, as names are compared.
    Beginning(String),
    /// The whole name of an individual, by its keyed hash, or the beginning of another name.
    Name { hash: String, beginning: String },
}

impl QueueFilter {
    /// What is asked beside region, state and procedure.
    fn narrowed(&self) -> Condition {
        let mut all = Condition::all();
        if let Some(officer) = &self.claimed_by {
            all = all.add(filing::Column::ClaimedBy.eq(officer));
        }
        if self.resubmitted {
            all = all.add(filing::Column::Round.gt(1));
        }
        if let Some(since) = self.since {
            all = all.add(filing::Column::SubmittedAt.gte(since));
        }
        if let Some(before) = self.before {
            all = all.add(filing::Column::SubmittedAt.lt(before));
        }
        if let Some(late) = self.overdue {
            // Nothing counts from before it was submitted, so the bound on that serves the index.
            all = all
                .add(filing::Column::WaitingSince.is_null())
                .add(Expr::cust("COALESCE(clock_from, submitted_at)").lt(late));
        }
        if self.waiting {
            all = all.add(filing::Column::WaitingSince.gt(0));
        }
        if !self.except.is_empty() {
            all = all.add(filing::Column::Id.is_not_in(self.except.iter().map(String::as_str)));
        }
        all
    }

    fn of_procedure(&self) -> Condition {
        let each = self.procedures.iter().map(|procedure| {
            Condition::all()
                .add(filing::Column::Business.eq(procedure.business.code()))
                .add(filing::Column::Action.eq(procedure.action.code()))
        });
        let any = each.fold(Condition::any(), Condition::add);
        if self.procedures.is_empty() { Condition::all() } else { any }
    }

    /// The parts that an index answers in order, as keys: for each state, and each procedure if some
    /// are asked for.
    fn parts(&self) -> Vec<SelectStatement> {
        let of_state = |state: FilingState, reviewable: SimpleExpr| {
            Query::select()
                .columns([filing::Column::Id, filing::Column::SubmittedAt])
                .from(filing::Entity)
                .and_where(reviewable)
                .and_where(lies_in(&self.region))
                .and_where(Expr::col(filing::Column::State).eq(state.code()))
                .cond_where(self.narrowed())
                .to_owned()
        };
        let mut parts = Vec::new();
        for state in &self.states {
            if let Some(seen) = self.arrived {
                // Two ways to arrive, each with an index; no filing comes both ways at once.
                let (submitted, moved) = (filing::Column::SubmittedAt, filing::Column::MovedAt);
                let by_submission = of_state(*state, Expr::col(filing::Column::IsReviewable).eq(true))
                    .cond_where(submitted.gt(seen))
                    .cond_where(self.of_procedure())
                    .to_owned();
                let by_transfer = of_state(*state, reviewable_apart())
                    .cond_where(moved.gt(seen))
                    .cond_where(submitted.lte(seen))
                    .cond_where(self.of_procedure())
                    .to_owned();
                parts.extend([by_submission, by_transfer]);
            } else if self.claimed_by.is_some() || self.waiting {
                // An officer's own are few and have an index, and so have those that wait for an answer.
                parts.push(of_state(*state, reviewable_apart()).cond_where(self.of_procedure()).to_owned());
            } else if self.procedures.is_empty() {
                parts.push(of_state(*state, Expr::col(filing::Column::IsReviewable).eq(true)));
            } else {
                for procedure in &self.procedures {
                    parts.push(
                        of_state(*state, Expr::col(filing::Column::IsReviewable).eq(true))
                            .cond_where(filing::Column::Business.eq(procedure.business.code()))
                            .cond_where(filing::Column::Action.eq(procedure.action.code()))
                            .to_owned(),
                    );
                }
            }
        }
        if parts.is_empty() {
            let nothing = of_state(FilingState::Pending, Expr::col(filing::Column::IsReviewable).eq(true));
            parts.push(nothing.clone().cond_where(filing::Column::Id.eq("")).to_owned());
        }
        parts
    }

    /// What a search may find, as keys.
    fn candidates(&self, search: &Search, backend: DatabaseBackend) -> SelectStatement {
        match search {
            Search::Exact(condition) => self.exactly(condition.clone()),
            Search::Beginning(text) => distinct(self.beginning(text, backend)),
            Search::Name { hash, beginning } => {
                let mut named = self.beginning(beginning, backend);
                named.push(self.exactly(Condition::all().add(filing::Column::PersonNameHash.eq(hash))));
                distinct(named)
            }
        }
    }

    /// What a condition finds that has an index of its own.
    fn exactly(&self, condition: Condition) -> SelectStatement {
        let mut found = Query::select();
        found
            .columns([filing::Column::Id, filing::Column::SubmittedAt])
            .from(filing::Entity)
            .cond_where(condition)
            .and_where(reviewable_apart())
            .and_where(lies_in(&self.region))
            .and_where(Expr::cust("COALESCE(state, '')").is_in(self.states.iter().map(|state| state.code())))
            .cond_where(self.of_procedure())
            .cond_where(self.narrowed());
        if let Some(seen) = self.arrived {
            let moved = filing::Column::MovedAt.gt(seen);
            found.cond_where(Condition::any().add(filing::Column::SubmittedAt.gt(seen)).add(moved));
        }
        found.limit(MOST_FOUND).to_owned()
    }

    /// Whose subject's or own name begins so.
    fn beginning(&self, text: &str, backend: DatabaseBackend) -> Vec<SelectStatement> {
        let parts = self.parts();
        let each = MOST_FOUND / (2 * parts.len().max(1)) as u64;
        let named = parts.into_iter().flat_map(|part| {
            [filing::Column::SubjectKey, filing::Column::TitleKey].map(|column| {
                part.clone().cond_where(begins_with(column, text, backend)).limit(each).to_owned()
            })
        });
        named.collect()
    }

    /// The first keys after a place, in this order.
    pub(crate) fn page(
        &self,
        order: &Order,
        after: Option<(i64, &str)>,
        limit: u64,
        backend: DatabaseBackend,
    ) -> SelectStatement {
        let ordered = |query: &mut SelectStatement| {
            if let Some((at, id)) = after {
                query.cond_where(beyond(order, at, id));
            }
            query
                .order_by(filing::Column::SubmittedAt, order.clone())
                .order_by(filing::Column::Id, order.clone())
                .limit(limit)
                .to_owned()
        };
        let keys = match &self.search {
            Some(search) => ordered(
                Query::select()
                    .columns([filing::Column::Id, filing::Column::SubmittedAt])
                    .from_subquery(self.candidates(search, backend), Alias::new("found")),
            ),
            None => united(self.parts().iter_mut().map(ordered).collect()),
        };
        Query::select()
            .columns([Alias::new("id"), Alias::new("submitted_at")])
            .from_subquery(keys, Alias::new("keys"))
            .order_by(Alias::new("submitted_at"), order.clone())
            .order_by(Alias::new("id"), order.clone())
            .limit(limit)
            .to_owned()
    }

    /// How many there are, where no counter knows.
    pub(super) fn count(&self, backend: DatabaseBackend) -> SelectStatement {
        let counted = match &self.search {
            Some(search) => self.candidates(search, backend),
            None => {
                let each = self.parts().into_iter().map(|mut part| part.limit(MOST_FOUND + 1).to_owned());
                united(each.collect())
            }
        };
        Query::select()
            .expr(Expr::col(Asterisk).count())
            .from_subquery(counted, Alias::new("counted"))
            .to_owned()
    }
}

/// `is_reviewable`, said so that no index of the queue is taken for a question that has a better one.
pub(super) fn reviewable_apart() -> SimpleExpr {
    Expr::cust("COALESCE(is_reviewable, FALSE)")
}

/// The first moment of the civil day in Shanghai.
pub(crate) fn begin_of_day_of(at: i64) -> i64 {
    counters::day_number(at) * 86_400_000 - 28_800_000
}

/// What is found in two ways is one filing.
fn distinct(found: Vec<SelectStatement>) -> SelectStatement {
    Query::select()
        .distinct()
        .columns([Alias::new("id"), Alias::new("submitted_at")])
        .from_subquery(united(found), Alias::new("named"))
        .to_owned()
}

/// What a procedure's code stands for, or a business's for all of its procedures.
pub(crate) fn procedures(code: &str) -> Vec<Procedure> {
    match (Procedure::from_code(code), Business::from_code(code)) {
        (Some(procedure), _) => vec![procedure],
        (None, Some(business)) => {
            Action::ALL.into_iter().map(|action| Procedure::new(business, action)).collect()
        }
        (None, None) => Vec::new(),
    }
}

/// Strictly after a key; the first half is what an index can begin at.
fn beyond(order: &Order, at: i64, id: &str) -> Condition {
    use filing::Column::{Id, SubmittedAt};
    let (at_column, id_column) = (Expr::col(SubmittedAt), Expr::col(Id));
    match order {
        Order::Asc => {
            Condition::all().add(at_column.clone().gte(at)).add(at_column.gt(at).or(id_column.gt(id)))
        }
        _ => Condition::all().add(at_column.clone().lte(at)).add(at_column.lt(at).or(id_column.lt(id))),
    }
}
