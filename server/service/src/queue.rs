//! The queue as the database reads it (R61). A page is one ordered step through an index for each
//! state that is asked for, merged; so it costs the same whether a region has a thousand filings or a
//! million. What cannot be had that way (a search, a filter over a search) works on a bounded number
//! of candidates. Tests ask both databases for the plans of all of it.

use domain::action::Action;
use domain::business::Business;
use domain::filing::FilingState;
use domain::jurisdiction;
use domain::procedure::Procedure;
use domain::value::domain_name;
use domain::value::text::comparison_key;
use domain::view::{MOST_FOUND, Neighbours, Paged, QueueRequest, QueueRow};
use sea_orm::sea_query::{
    Alias, Asterisk, Expr, ExprTrait, IntoCondition, Query, SelectStatement, SimpleExpr, UnionType,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseBackend, DatabaseConnection, EntityTrait, Order,
    QueryFilter, QueryOrder,
};

use crate::db::plausible_id;
use crate::entity::{filing, live_domain, record};
use crate::error::Result;
use crate::filing::PAGE;
use crate::reference::Reference;
use crate::review::host_in;
use crate::{Actor, Service, registration, tally};

const DONE: [FilingState; 5] = [
    FilingState::Approved,
    FilingState::Returned,
    FilingState::Rejected,
    FilingState::Withdrawn,
    FilingState::Terminated,
];
const OPEN: [FilingState; 2] = [FilingState::Pending, FilingState::InReview];

/// What lies in a region, as the indexes of the levels have it.
pub(crate) fn lies_in(region: &str) -> SimpleExpr {
    let prefix = jurisdiction::prefix(region);
    match prefix.len() {
        2 => Expr::cust("substr(jurisdiction, 1, 2)").eq(prefix),
        4 => Expr::cust("substr(jurisdiction, 1, 4)").eq(prefix),
        _ => Expr::col(filing::Column::Jurisdiction).eq(region),
    }
}

/// `is_reviewable`, said so that no index of the queue is taken for a question that has a better one.
fn reviewable_apart() -> SimpleExpr {
    Expr::cust("COALESCE(is_reviewable, FALSE)")
}

/// Where a page begins: after this moment and id.
fn cursor(after: &str) -> Option<(i64, &str)> {
    let (at, id) = after.split_once('_')?;
    Some((at.parse().ok()?, plausible_id(id).ok()?))
}

/// What a request asks for, understood.
pub(crate) struct Wanted {
    region: String,
    /// None where the request contradicts itself.
    states: Vec<FilingState>,
    /// Empty: every one.
    procedures: Vec<Procedure>,
    claimed_by: Option<String>,
    resubmitted: bool,
    /// Submitted from then on; before then.
    since: Option<i64>,
    before: Option<i64>,
    /// Came in after this, by submission or from another region.
    arrived: Option<i64>,
    search: Option<Search>,
    pub(crate) order: Order,
}

/// What was typed into the search.
enum Search {
    /// At most a handful of filings: a reference, a record's number, a domain.
    Exact(Condition),
    /// The beginning of a subject's or a filing's name, as names are compared.
    Beginning(String),
}

impl Wanted {
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
            } else if self.claimed_by.is_some() {
                // An officer's own are few and have an index.
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
            Search::Exact(condition) => {
                let mut found = Query::select();
                found
                    .columns([filing::Column::Id, filing::Column::SubmittedAt])
                    .from(filing::Entity)
                    .cond_where(condition.clone())
                    .and_where(reviewable_apart())
                    .and_where(lies_in(&self.region))
                    .and_where(
                        Expr::cust("COALESCE(state, '')").is_in(self.states.iter().map(|state| state.code())),
                    )
                    .cond_where(self.of_procedure())
                    .cond_where(self.narrowed());
                if let Some(seen) = self.arrived {
                    let moved = filing::Column::MovedAt.gt(seen);
                    found.cond_where(Condition::any().add(filing::Column::SubmittedAt.gt(seen)).add(moved));
                }
                found.limit(MOST_FOUND).to_owned()
            }
            Search::Beginning(text) => {
                let parts = self.parts();
                let each = MOST_FOUND / (2 * parts.len().max(1)) as u64;
                let named = parts.into_iter().flat_map(|part| {
                    [filing::Column::SubjectKey, filing::Column::TitleKey].map(|column| {
                        part.clone().cond_where(begins_with(column, text, backend)).limit(each).to_owned()
                    })
                });
                // A name found in both columns is one filing.
                Query::select()
                    .distinct()
                    .columns([Alias::new("id"), Alias::new("submitted_at")])
                    .from_subquery(united(named.collect()), Alias::new("named"))
                    .to_owned()
            }
        }
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
    fn count(&self, backend: DatabaseBackend) -> SelectStatement {
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

/// The first moment of the civil day in Shanghai.
fn begin_of_day_of(at: i64) -> i64 {
    tally::day_number(at) * 86_400_000 - 28_800_000
}

/// Several questions as one; each in brackets of its own, since SQLite orders and limits only so.
fn united(parts: Vec<SelectStatement>) -> SelectStatement {
    let mut parts = parts.into_iter().enumerate().map(|(number, part)| {
        Query::select().column(Asterisk).from_subquery(part, Alias::new(format!("part{number}"))).to_owned()
    });
    let mut all = parts.next().unwrap_or_else(|| Query::select().to_owned());
    for part in parts {
        all.union(UnionType::All, part);
    }
    all
}

/// What a procedure's code stands for, or a business's for all of its procedures.
fn procedures(code: &str) -> Vec<Procedure> {
    match (Procedure::from_code(code), Business::from_code(code)) {
        (Some(procedure), _) => vec![procedure],
        (None, Some(business)) => {
            Action::ALL.into_iter().map(|action| Procedure::new(business, action)).collect()
        }
        (None, None) => Vec::new(),
    }
}

pub(crate) fn only_ids(keys: SelectStatement) -> SelectStatement {
    Query::select().column(Alias::new("id")).from_subquery(keys, Alias::new("page")).to_owned()
}

async fn first_ids(
    wanted: &Wanted,
    order: &Order,
    after: Option<(i64, &str)>,
    most: u64,
    on: &DatabaseConnection,
) -> Result<Vec<String>> {
    let keys = first_keys(wanted, order, after, most, on).await?;
    Ok(keys.into_iter().map(|(_, id)| id).collect())
}

async fn first_keys(
    wanted: &Wanted,
    order: &Order,
    after: Option<(i64, &str)>,
    most: u64,
    on: &DatabaseConnection,
) -> Result<Vec<(i64, String)>> {
    let rows = on.query_all(&wanted.page(order, after, most, on.get_database_backend())).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(1)?, row.try_get_by_index(0)?))).collect()
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

/// A column in the order of its bytes, as an index keeps it.
pub(crate) fn by_bytes(column: impl sea_orm::Iden, backend: DatabaseBackend) -> SimpleExpr {
    let name = column.unquoted().to_string();
    match backend {
        DatabaseBackend::Postgres => Expr::cust(format!("{name} COLLATE \"C\"")),
        _ => Expr::cust(name),
    }
}

/// The texts that begin so, by their bytes.
pub(crate) fn begins_with(column: impl sea_orm::Iden, text: &str, backend: DatabaseBackend) -> Condition {
    let bytes = by_bytes(column, backend);
    Condition::all().add(bytes.clone().gte(text)).add(bytes.lt(format!("{text}\u{10ffff}")))
}

impl Service {
    pub(crate) async fn wanted(&self, actor: &Actor, request: &QueueRequest) -> Result<Wanted> {
        let own = actor.must_review()?;
        let request = &request.clone().tidied();
        let narrower = Some(request.region.as_str()).filter(|inner| jurisdiction::covers(own, inner));
        let moments = self.moments(actor).await?;
        let mut wanted = Wanted {
            region: narrower.unwrap_or(own).to_owned(),
            states: OPEN.to_vec(),
            procedures: procedures(&request.procedure),
            claimed_by: None,
            resubmitted: request.state == "resubmitted",
            since: None,
            before: None,
            arrived: None,
            search: self.understood(request.search.trim()).await?,
            order: Order::Asc,
        };
        match request.state.as_str() {
            "all" => wanted.states = FilingState::ALL.to_vec(),
            "mine" => {
                wanted.states = vec![FilingState::InReview];
                wanted.claimed_by = Some(actor.person_id.clone());
            }
            "done" => wanted.states = DONE.to_vec(),
            "overdue" => wanted.before = Some(moments.late),
            "arrived" => {
                wanted.states = vec![FilingState::Pending];
                wanted.arrived = Some(moments.seen);
            }
            other => {
                if let Some(state) = FilingState::from_code(other) {
                    wanted.states = vec![state];
                }
            }
        }
        match request.claimed_by.as_str() {
            "" => {}
            "none" => wanted.states.retain(|state| *state == FilingState::Pending),
            officer => {
                let officer = if officer == "me" { &actor.person_id } else { officer };
                wanted.states.retain(|state| *state == FilingState::InReview);
                // Claimed by two different officers is nobody's.
                if wanted.claimed_by.as_ref().is_some_and(|other| other != officer) {
                    wanted.states.clear();
                }
                wanted.claimed_by = Some(officer.to_owned());
            }
        }
        match (request.age.as_str(), request.age.parse::<i64>()) {
            ("today", _) => wanted.since = Some(moments.midnight),
            (_, Ok(days @ 1..=3650)) => {
                let aged = moments.now - days * 86_400_000 + 1;
                wanted.before = Some(wanted.before.map_or(aged, |before: i64| Ord::min(before, aged)));
            }
            (_, Ok(_) | Err(_)) => {}
        }
        let is_waiting = wanted.arrived.is_none() && wanted.states.iter().all(|state| state.is_open());
        wanted.order = match request.sort.as_str() {
            "oldest" => Order::Asc,
            "newest" => Order::Desc,
            _ if is_waiting => Order::Asc,
            _ => Order::Desc,
        };
        Ok(wanted)
    }

    /// A reference, a registration number, a domain or web address, the beginning of a name.
    async fn understood(&self, text: &str) -> Result<Option<Search>> {
        if text.is_empty() {
            return Ok(None);
        }
        if let Some(reference) = Reference::parse(text) {
            let named = filing::Column::Reference.eq(reference.as_str());
            return Ok(Some(Search::Exact(named.into_condition())));
        }
        let on = self.db.read();
        if let Some(digits) = registration::scan(text) {
            let numbered =
                record::Entity::find().filter(record::Column::RegistrationDigits.eq(digits)).one(on).await?;
            let id = numbered.map(|record| record.id).unwrap_or_default();
            return Ok(Some(Search::Exact(filing::Column::RecordId.eq(id).into_condition())));
        }
        let Some(host) = host_in(text) else { return Ok(Some(Search::Beginning(comparison_key(text)))) };
        let mut hosts = vec![host.clone()];
        hosts.extend(domain_name::registrable_domain(&host).filter(|main| *main != host).map(str::to_owned));
        let live = live_domain::Entity::find_by_id(&host).one(on).await?;
        let mut any = Condition::any().add(filing::Column::MainDomain.is_in(hosts));
        if let Some(live) = live {
            any = any.add(filing::Column::RecordId.eq(live.record_id));
        }
        Ok(Some(Search::Exact(any)))
    }

    /// The queue of the officer's region (R61).
    pub async fn queue(&self, actor: &Actor, request: &QueueRequest) -> Result<Paged<QueueRow>> {
        let on = self.db.read();
        let wanted = self.wanted(actor, request).await?;
        let total = self.how_many(&wanted, on).await?;
        let after = cursor(&request.after);
        let keys = wanted.page(&wanted.order, after, PAGE + 1, on.get_database_backend());
        let mut rows = filing::Entity::find()
            .filter(filing::Column::Id.in_subquery(only_ids(keys)))
            .order_by(filing::Column::SubmittedAt, wanted.order.clone())
            .order_by(filing::Column::Id, wanted.order.clone())
            .all(on)
            .await?;
        let page_size = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let has_more = rows.len() > page_size;
        rows.truncate(page_size);
        let next = rows.last().filter(|_| has_more).map(|last| format!("{}_{}", last.submitted_at, last.id));
        let rows = self.queue_rows(actor, &rows).await?;
        Ok(Paged { rows, total, next, is_later: after.is_some() })
    }

    /// When the first filings that a request asks for were submitted, and their ids; of those after one
    /// where that is said.
    pub(crate) async fn oldest(
        &self,
        actor: &Actor,
        request: &QueueRequest,
        after: Option<(i64, String)>,
        most: u64,
    ) -> Result<Vec<(i64, String)>> {
        let wanted = self.wanted(actor, request).await?;
        let after = after.as_ref().map(|(at, id)| (*at, id.as_str()));
        first_keys(&wanted, &wanted.order, after, most, self.db.read()).await
    }

    /// The filings before and after one in the queue that the request asks for. It need not be in it
    /// any more: its place remains.
    pub async fn neighbours(&self, actor: &Actor, id: &str, request: &QueueRequest) -> Result<Neighbours> {
        let on = self.db.read();
        let row = self.reviewable(on, actor, id).await?;
        let wanted = self.wanted(actor, request).await?;
        let back = if wanted.order == Order::Asc { Order::Desc } else { Order::Asc };
        let place = Some((row.submitted_at, row.id.as_str()));
        let previous = first_ids(&wanted, &back, place, 1, on).await?;
        let next = first_ids(&wanted, &wanted.order, place, 1, on).await?;
        Ok(Neighbours { previous: previous.into_iter().next(), next: next.into_iter().next() })
    }

    /// Exact without reading rows where the counts say it; else what the question finds, which is
    /// bounded.
    async fn how_many(&self, wanted: &Wanted, on: &DatabaseConnection) -> Result<u64> {
        let of = async |kind| tally::counts(on, &wanted.region, &[&wanted.region], kind, 0).await;
        let is_plain = wanted.search.is_none() && wanted.claimed_by.is_none() && wanted.arrived.is_none();
        let every_kind = wanted.procedures.is_empty() && wanted.since.is_none();
        let all_open = wanted.states == OPEN;
        let counted = match (is_plain, wanted.before, wanted.resubmitted) {
            (true, None, false) if wanted.since.is_none() => {
                let mut counts = of(tally::STATE).await?;
                counts.retain(|count| {
                    tally::of_item(&count.item).is_some_and(|(procedure, state)| {
                        let mut asked = wanted.procedures.iter();
                        wanted.states.contains(&state)
                            && (every_kind || asked.any(|asked| asked.code() == procedure))
                    })
                });
                Some(counts)
            }
            (true, None, true) if every_kind && all_open => Some(of(tally::AGAIN).await?),
            (true, Some(before), false) if every_kind && all_open && before == begin_of_day_of(before) => {
                let mut counts = of(tally::WAITING).await?;
                counts.retain(|count| count.day < tally::day_number(before));
                Some(counts)
            }
            _ => None,
        };
        if let Some(counts) = counted {
            let sum: i64 = counts.iter().map(|count| count.n).sum();
            return Ok(u64::try_from(sum).unwrap_or(0));
        }
        let counted = on.query_one(&wanted.count(on.get_database_backend())).await?;
        let count: i64 = counted.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use crate::common::*;

    claims![no_list_of_the_desk_is_read_whole];

    /// Whatever is asked of the queue, neither database reads the table, or an index, from end to end.
    async fn no_list_of_the_desk_is_read_whole(world: World) {
        let officer = world.officer("110000").await;
        world.many_filings(&officer, 50, 60).await;
        let id = &officer.person_id;
        let states =
            ["open", "done", "all", "mine", "resubmitted", "overdue", "arrived", "pending", "withdrawn"];
        let asked = |state: &str, change: &dyn Fn(&mut QueueRequest)| {
            let mut request = QueueRequest { state: state.to_owned(), ..QueueRequest::default() };
            change(&mut request);
            request
        };
        let mut requests = Vec::new();
        for state in states {
            let after = format!("12_{}", crate::db::new_id(world.now()));
            requests.push(asked(state, &|_| {}));
            requests.push(asked(state, &|request| request.after = after.clone()));
            requests.push(asked(state, &|request| request.sort = "newest".to_owned()));
            requests.push(asked(state, &|request| request.procedure = "website_new".to_owned()));
            requests.push(asked(state, &|request| request.procedure = "website".to_owned()));
            requests.push(asked(state, &|request| request.claimed_by = id.clone()));
            requests.push(asked(state, &|request| request.claimed_by = "none".to_owned()));
            requests.push(asked(state, &|request| request.age = "today".to_owned()));
            requests.push(asked(state, &|request| request.age = "3".to_owned()));
            for text in ["某某", "BA20260302000017", "11010102000017", "www.example.cn"] {
                requests.push(asked(state, &|request| request.search = text.to_owned()));
            }
        }
        for region in ["110000", "110100", "110101"] {
            for request in &requests {
                let request = QueueRequest { region: region.to_owned(), ..request.clone() };
                let wanted = world.service.wanted(&officer, &request).await.unwrap();
                let (after, backend) = (cursor(&request.after), world.backend());
                for query in [wanted.page(&wanted.order, after, PAGE, backend), wanted.count(backend)] {
                    let plan = world.plan(&query).await;
                    for whole in ["SCAN filing", "Seq Scan on filing", "SCAN record", "Seq Scan on record"] {
                        assert!(!plan.contains(whole), "{request:?}\n{plan}");
                    }
                }
            }
        }
    }
}
