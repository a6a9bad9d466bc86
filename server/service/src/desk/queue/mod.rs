//! The queue as the database reads it (R61). A page is one ordered step through an index for each
//! state that is asked for, merged; so it costs the same whether a region has a thousand filings or a
//! million. What cannot be had that way (a search, a filter over a search) works on a bounded number
//! of candidates. Tests ask both databases for the plans of all of it.

pub mod bundle;
pub mod filter;
mod news;
pub mod person;

use domain::filing::FilingState;
use domain::jurisdiction;
use domain::value::domain_name;
use domain::value::text::comparison_key;
use domain::view::{Neighbours, Paged, QueueRequest, QueueRow};
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, IntoCondition, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, EntityTrait, Order, QueryFilter, QueryOrder,
    SelectModel, Selector,
};

use crate::account::rejected_form::RejectedForms;
use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::{plausible_id, united};
use crate::base::entity::{filing, live_domain, record};
use crate::base::error::Result;
use crate::base::paging::PAGE;
use crate::base::reference::Reference;
use crate::base::registration;
use crate::base::text::host_in;
use crate::desk::access::DeskAccess;
use crate::desk::queue::filter::{DONE, QueueFilter, Search, begin_of_day_of, procedures};
use crate::filing::second_look::in_hand;
use crate::state::counters;

handle! {
    /// The queues of the desk.
    Queues {
        desk_access: DeskAccess,
        rejected_forms: RejectedForms,
    }
}

pub(crate) const OPEN: [FilingState; 2] = [FilingState::Pending, FilingState::InReview];

impl Queues {
    /// The queue of the officer's region (R61).
    pub async fn queue(&self, actor: &Actor, request: &QueueRequest) -> Result<Paged<QueueRow>> {
        let on = self.context.db.read();
        let filter = self.filter_of(actor, request).await?;
        let total = self.how_many(&filter, on).await?;
        let after = cursor(&request.after);
        let keys = filter.page(&filter.order, after, PAGE + 1, on.get_database_backend());
        let mut rows = listed(only_ids(keys), &filter.order).all(on).await?;
        let page_size = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let has_more = rows.len() > page_size;
        rows.truncate(page_size);
        let next = rows.last().filter(|_| has_more).map(|last| format!("{}_{}", last.submitted_at, last.id));
        let rows = self.desk_access.queue_rows(actor, &rows).await?;
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
        let filter = self.filter_of(actor, request).await?;
        let after = after.as_ref().map(|(at, id)| (*at, id.as_str()));
        first_keys(&filter, &filter.order, after, most, self.context.db.read()).await
    }

    /// The question for the first of what a request asks for.
    pub(crate) async fn first(
        &self,
        actor: &Actor,
        request: &QueueRequest,
        most: u64,
    ) -> Result<SelectStatement> {
        let filter = self.filter_of(actor, request).await?;
        let backend = self.context.db.read().get_database_backend();
        Ok(filter.page(&filter.order, None, most, backend))
    }

    /// The filings before and after one in the queue that the request asks for. It need not be in it
    /// any more: its place remains.
    pub async fn neighbours(&self, actor: &Actor, id: &str, request: &QueueRequest) -> Result<Neighbours> {
        let on = self.context.db.read();
        let row = self.desk_access.reviewable(on, actor, id).await?;
        let filter = self.filter_of(actor, request).await?;
        let back = if filter.order == Order::Asc { Order::Desc } else { Order::Asc };
        let place = Some((row.submitted_at, row.id.as_str()));
        let one = |order: &Order, way: &str| {
            let keys = filter.page(order, place, 1, on.get_database_backend());
            let mut one = only_ids(keys);
            one.expr_as(Expr::cust(format!("'{way}'")), Alias::new("way")).to_owned()
        };
        let mut beside = Neighbours { previous: None, next: None };
        for row in on.query_all(&united(vec![one(&back, "back"), one(&filter.order, "on")])).await? {
            let (id, way): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            *(if way == "on" { &mut beside.next } else { &mut beside.previous }) = Some(id);
        }
        Ok(beside)
    }

    /// How much has come in that the officer has not said to have seen; no more than `most`.
    pub(crate) async fn arrived(&self, actor: &Actor, most: u64) -> Result<u64> {
        let request = QueueRequest { state: "arrived".to_owned(), ..QueueRequest::default() };
        let count = Query::select()
            .expr(Expr::col(Asterisk).count())
            .from_subquery(self.first(actor, &request, most).await?, Alias::new("arrived"))
            .to_owned();
        let counted = self.context.db.read().query_one(&count).await?;
        let count: i64 = counted.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Exact without reading rows where the counts say it; else what the question finds, which is
    /// bounded.
    async fn how_many(&self, filter: &QueueFilter, on: &DatabaseConnection) -> Result<u64> {
        let of = async |kind| counters::counts(on, &filter.region, &[&filter.region], kind, 0).await;
        let is_plain = filter.search.is_none()
            && filter.claimed_by.is_none()
            && filter.arrived.is_none()
            && filter.except.is_empty()
            && !filter.waiting;
        let every_kind = filter.procedures.is_empty() && filter.since.is_none();
        let all_open = filter.states == OPEN;
        let counted = match (is_plain, filter.before, filter.resubmitted) {
            (true, None, false) if filter.since.is_none() => {
                let mut counts = of(counters::STATE).await?;
                counts.retain(|count| {
                    counters::of_item(&count.item).is_some_and(|(procedure, state)| {
                        let mut asked = filter.procedures.iter();
                        filter.states.contains(&state)
                            && (every_kind || asked.any(|asked| asked.code() == procedure))
                    })
                });
                Some(counts)
            }
            (true, None, true) if every_kind && all_open => Some(of(counters::AGAIN).await?),
            (true, Some(before), false)
                if every_kind
                    && all_open
                    && filter.overdue == Some(before)
                    && before == begin_of_day_of(before) =>
            {
                let mut counts = of(counters::WAITING).await?;
                counts.retain(|count| count.day < counters::day_number(before));
                Some(counts)
            }
            _ => None,
        };
        if let Some(counts) = counted {
            let sum: i64 = counts.iter().map(|count| count.n).sum();
            return Ok(u64::try_from(sum).unwrap_or(0));
        }
        let counted = on.query_one(&filter.count(on.get_database_backend())).await?;
        let count: i64 = counted.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    pub(crate) async fn filter_of(&self, actor: &Actor, request: &QueueRequest) -> Result<QueueFilter> {
        let own = actor.must_review()?;
        let request = &request.clone().tidied();
        let narrower = Some(request.region.as_str()).filter(|inner| jurisdiction::covers(own, inner));
        let moments = self.desk_access.moments(actor).await?;
        let looks = in_hand(self.context.db.read(), actor).await?;
        let mut filter = QueueFilter {
            region: narrower.unwrap_or(own).to_owned(),
            states: OPEN.to_vec(),
            procedures: procedures(&request.procedure),
            claimed_by: None,
            resubmitted: request.state == "resubmitted",
            since: None,
            before: None,
            overdue: None,
            waiting: request.state == "waiting",
            arrived: None,
            search: self.understood(actor, request.search.trim()).await?,
            except: looks.into_iter().map(|(filing, _)| filing).collect(),
            order: Order::Asc,
        };
        match request.state.as_str() {
            "all" => filter.states = FilingState::ALL.to_vec(),
            "mine" => {
                filter.states = vec![FilingState::InReview];
                filter.claimed_by = Some(actor.person_id.clone());
            }
            "done" => filter.states = DONE.to_vec(),
            "overdue" => (filter.before, filter.overdue) = (Some(moments.late), Some(moments.late)),
            "arrived" => {
                filter.states = vec![FilingState::Pending];
                filter.arrived = Some(moments.seen);
            }
            other => {
                if let Some(state) = FilingState::from_code(other) {
                    filter.states = vec![state];
                }
            }
        }
        match request.claimed_by.as_str() {
            "" => {}
            "none" => filter.states.retain(|state| *state == FilingState::Pending),
            officer => {
                let officer = if officer == "me" { &actor.person_id } else { officer };
                filter.states.retain(|state| *state == FilingState::InReview);
                // Claimed by two different officers is nobody's.
                if filter.claimed_by.as_ref().is_some_and(|other| other != officer) {
                    filter.states.clear();
                }
                filter.claimed_by = Some(officer.to_owned());
            }
        }
        match (request.age.as_str(), request.age.parse::<i64>()) {
            ("today", _) => filter.since = Some(moments.midnight),
            (_, Ok(days @ 1..=3650)) => {
                let aged = moments.now - days * 86_400_000 + 1;
                filter.before = Some(filter.before.map_or(aged, |before: i64| Ord::min(before, aged)));
            }
            (_, Ok(_) | Err(_)) => {}
        }
        let is_waiting = filter.arrived.is_none() && filter.states.iter().all(|state| state.is_open());
        filter.order = match request.sort.as_str() {
            "oldest" => Order::Asc,
            "newest" => Order::Desc,
            _ if is_waiting => Order::Asc,
            _ => Order::Desc,
        };
        Ok(filter)
    }

    /// A reference, a registration number, a domain or web address, the beginning of a name; or whom the officer looked
    /// for last.
    async fn understood(&self, actor: &Actor, text: &str) -> Result<Option<Search>> {
        if text.is_empty() {
            return Ok(None);
        }
        if Self::stands_for_person(text) {
            return self.sought_person(actor).await.map(Some);
        }
        if let Some(reference) = Reference::parse(text) {
            let named = filing::Column::Reference.eq(reference.as_str());
            return Ok(Some(Search::Exact(named.into_condition())));
        }
        let on = self.context.db.read();
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
}

/// Where a page begins: after this moment and id.
fn cursor(after: &str) -> Option<(i64, &str)> {
    let (at, id) = after.split_once('_')?;
    Some((at.parse().ok()?, plausible_id(id).ok()?))
}

/// The filings of these keys in an order.
fn listed(keys: SelectStatement, order: &Order) -> Selector<SelectModel<filing::Listed>> {
    filing::Entity::find()
        .filter(filing::Column::Id.in_subquery(keys))
        .order_by(filing::Column::SubmittedAt, order.clone())
        .order_by(filing::Column::Id, order.clone())
        .into_partial_model()
}

pub(crate) fn only_ids(keys: SelectStatement) -> SelectStatement {
    Query::select().column(Alias::new("id")).from_subquery(keys, Alias::new("page")).to_owned()
}

async fn first_keys(
    filter: &QueueFilter,
    order: &Order,
    after: Option<(i64, &str)>,
    most: u64,
    on: &DatabaseConnection,
) -> Result<Vec<(i64, String)>> {
    let rows = on.query_all(&filter.page(order, after, most, on.get_database_backend())).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(1)?, row.try_get_by_index(0)?))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use crate::base::entity::filing::Listed;
    use crate::common::*;
    use crate::desk::queue::bundle::{ROWS, questions_of_bundles, questions_of_subjects};

    claims![no_list_of_the_desk_is_read_whole];

    /// Whatever is asked of the queue, neither database reads the table, or an index, from end to end.
    async fn no_list_of_the_desk_is_read_whole(world: World) {
        let officer = world.officer("110000").await;
        world.many_filings(&officer, 50, 60).await;
        let id = &officer.person_id;
        let states = [
            "open",
            "done",
            "all",
            "mine",
            "resubmitted",
            "overdue",
            "waiting",
            "arrived",
            "pending",
            "withdrawn",
        ];
        let asked = |state: &str, change: &dyn Fn(&mut QueueRequest)| {
            let mut request = QueueRequest { state: state.to_owned(), ..QueueRequest::default() };
            change(&mut request);
            request
        };
        let mut requests = Vec::new();
        for state in states {
            let after = format!("12_{}", crate::base::db::new_id(world.now()));
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
        // Fifty subjects, of which one has thousands of filings.
        let subjects = (0..50).map(|_| crate::base::db::new_id(world.now())).collect();
        for query in
            questions_of_bundles::<Listed>(&subjects).into_iter().chain(questions_of_subjects(&subjects))
        {
            let plan = world.plan(&query).await;
            assert!(
                plan.contains("filing_open")
                    || plan.contains("filing_subject")
                    || plan.contains("filing_record"),
                "{plan}"
            );
            assert!(!plan.contains("SCAN filing") && !plan.contains("Seq Scan"), "{plan}");
        }
        for region in ["110000", "110100", "110101"] {
            for request in &requests {
                let request = QueueRequest { region: region.to_owned(), ..request.clone() };
                let filter = world.service.queues.filter_of(&officer, &request).await.unwrap();
                let (after, backend) = (cursor(&request.after), world.backend());
                for query in [filter.page(&filter.order, after, ROWS, backend), filter.count(backend)] {
                    let plan = world.plan(&query).await;
                    for whole in ["SCAN filing", "Seq Scan on filing", "SCAN record", "Seq Scan on record"] {
                        assert!(!plan.contains(whole), "{request:?}\n{plan}");
                    }
                }
            }
        }
    }
}
