//! How much officers have in hand, for how long, and how much they get done: an officer's own, and for administrators
//! everybody's, who can give it to somebody else (R60, R62). However many officers there are, it is the same few
//! statements.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::calendar::Calendar;
use domain::filing::FilingState;
use domain::view::{LoadPage, OfficerLoad, Period};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Order, Query, SelectStatement};
use time::{Date, Duration};

use crate::account::Accounts;
use crate::account::reviewers::{Reviewer, Reviewing};
use crate::base::actor::Actor;
use crate::base::calendar::begin_of;
use crate::base::clock::shanghai_date;
use crate::base::context::handle;
use crate::base::db::instant;
use crate::base::entity::filing;
use crate::base::error::Result;
use crate::base::region;
use crate::desk::access::lies_in;
use crate::state::counters::day_number;
use crate::state::rulings::decided_by;

handle! {
    /// What officers have in hand and get done.
    Loads {
        accounts: Accounts,
    }
}

/// Officers on one page; whoever looks for more names a region.
const MOST: u64 = 200;

/// What somebody has in hand.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    count: u64,
    /// From when the time of the oldest counts whose clock does not stand still.
    oldest: Option<i64>,
    overdue: u64,
}

/// Today, and what is late today.
struct Days {
    calendar: Arc<Calendar>,
    today: Date,
    late: i64,
}

impl Loads {
    /// What officers have in hand and got done in a period, in the region of this name or everywhere; whoever has most
    /// first.
    pub async fn load_page(&self, actor: &Actor, region: &str, period: Period) -> Result<LoadPage> {
        actor.must_administer()?;
        let typed: String = region.trim().chars().take(30).collect();
        let (place, fault) = match region::named(&typed) {
            Ok(place) => (place, None),
            Err(sentence) => (String::new(), Some(sentence)),
        };
        let (on, now) = (self.context.db.read(), self.context.clock.now());
        let reviewing = if place.is_empty() { Reviewing::Everywhere } else { Reviewing::Touching(&place) };
        let days = self.days().await?;
        let appointed = self.accounts.reviewers(on, reviewing, MOST + 1, now).await?;
        let held = held(on, &held_question(&place, days.late, &[])).await?;
        let most = usize::try_from(MOST).unwrap_or(usize::MAX);
        let is_cut = appointed.len() > most || held.len() > most;
        let mut rows = self.of_appointed(appointed, &held, &days);
        rows.extend(self.of_others(&rows, &held, &days).await?);
        rows.sort_by_key(|row| (std::cmp::Reverse(row.in_hand), row.region.clone(), row.name.clone()));
        rows.truncate(most);
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).filter(|id| !id.is_empty()).collect();
        let decided = decided_by(on, &ids, first_day(days.today, period)).await?;
        for row in &mut rows {
            row.decided = decided.get(&row.id).copied().unwrap_or(0);
        }
        Ok(LoadPage { region: typed, fault, period, rows, is_cut })
    }

    fn of_appointed(
        &self,
        appointed: Vec<Reviewer>,
        held: &BTreeMap<String, Held>,
        days: &Days,
    ) -> Vec<OfficerLoad> {
        let load = |reviewer: Reviewer| {
            let id = reviewer.person_id.unwrap_or_default();
            OfficerLoad {
                name: reviewer.name,
                region: region::full_name(&reviewer.region).unwrap_or_default(),
                is_away: reviewer.is_away,
                ..days.load(id.clone(), held.get(&id).copied().unwrap_or_default())
            }
        };
        appointed.into_iter().map(load).collect()
    }

    /// What those have in hand who are appointed no more.
    async fn of_others(
        &self,
        known: &[OfficerLoad],
        held: &BTreeMap<String, Held>,
        days: &Days,
    ) -> Result<Vec<OfficerLoad>> {
        let ids: Vec<String> =
            held.keys().filter(|id| !known.iter().any(|row| row.id == **id)).cloned().collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let names = self.accounts.staff_names(self.context.db.read(), &ids).await?;
        let load = |id: String| OfficerLoad {
            name: names.get(&id).cloned().unwrap_or_default(),
            is_away: true,
            ..days.load(id.clone(), held.get(&id).copied().unwrap_or_default())
        };
        Ok(ids.into_iter().map(load).collect())
    }

    /// An officer's own.
    pub(crate) async fn own(&self, actor: &Actor, region: &str, period: Period) -> Result<OfficerLoad> {
        let on = self.context.db.read();
        let ids = [actor.person_id.clone()];
        let days = self.days().await?;
        let held = held(on, &held_question(region, days.late, &ids)).await?;
        let own = held.get(&actor.person_id).copied().unwrap_or_default();
        let decided = decided_by(on, &ids, first_day(days.today, period)).await?;
        let decided = decided.get(&actor.person_id).copied().unwrap_or(0);
        Ok(OfficerLoad { decided, ..days.load(actor.person_id.clone(), own) })
    }

    /// How many filings each of these has in hand, wherever.
    pub(crate) async fn in_hand(
        &self,
        on: &impl ConnectionTrait,
        people: &[String],
    ) -> Result<BTreeMap<String, u64>> {
        if people.is_empty() {
            return Ok(BTreeMap::new());
        }
        let held = held(on, &held_question("", 0, people)).await?;
        Ok(held.into_iter().map(|(id, held)| (id, held.count)).collect())
    }

    async fn days(&self) -> Result<Days> {
        let now = self.context.clock.now();
        Ok(Days {
            calendar: self.context.known_calendar().await?,
            today: shanghai_date(now),
            late: self.context.overdue_before(now).await?,
        })
    }
}

impl Days {
    fn load(&self, id: String, held: Held) -> OfficerLoad {
        let waited = |at: i64| self.calendar.waited(shanghai_date(instant(at)), self.today);
        OfficerLoad {
            id,
            in_hand: held.count,
            oldest_days: held.oldest.map(waited),
            overdue: held.overdue,
            ..OfficerLoad::default()
        }
    }
}

/// The first day of a period that ends today, counted as the counts are.
pub(crate) fn first_day(today: Date, period: Period) -> i64 {
    day_number(begin_of(today - Duration::days(period.days() - 1)))
}

async fn held(on: &impl ConnectionTrait, question: &SelectStatement) -> Result<BTreeMap<String, Held>> {
    let mut all = BTreeMap::new();
    for row in on.query_all(question).await? {
        let Some(officer) = row.try_get_by_index::<Option<String>>(0)? else { continue };
        let (count, overdue): (i64, i64) = (row.try_get_by_index(1)?, row.try_get_by_index(3)?);
        let held = Held {
            count: u64::try_from(count).unwrap_or(0),
            oldest: row.try_get_by_index(2)?,
            overdue: u64::try_from(overdue).unwrap_or(0),
        };
        all.insert(officer, held);
    }
    Ok(all)
}

/// The question for who has how much in hand, whoever has most first: in a region or everywhere, of these people or of
/// everybody. One whose clock stands still is neither old nor overdue.
fn held_question(region: &str, late: i64, people: &[String]) -> SelectStatement {
    let runs = "waiting_since IS NULL";
    let from = "COALESCE(clock_from, submitted_at)";
    let mut question = Query::select();
    question
        .column(filing::Column::ClaimedBy)
        .expr(Expr::col(Asterisk).count())
        .expr(Expr::cust(format!("MIN(CASE WHEN {runs} THEN {from} END)")))
        .expr(Expr::cust(format!("SUM(CASE WHEN {runs} AND {from} < {late} THEN 1 ELSE 0 END)")))
        .from(filing::Entity)
        .and_where(Expr::col(filing::Column::IsReviewable).eq(true))
        .and_where(Expr::col(filing::Column::State).eq(FilingState::InReview.code()))
        .group_by_col(filing::Column::ClaimedBy)
        .order_by_expr(Expr::col(Asterisk).count(), Order::Desc)
        .limit(MOST + 1);
    if !region.is_empty() {
        question.and_where(lies_in(region));
    }
    if !people.is_empty() {
        question.and_where(Expr::col(filing::Column::ClaimedBy).is_in(people.iter().map(String::as_str)));
    }
    question
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::common::*;
    use crate::desk::claim::in_hands;
    use crate::state::rulings::decided_by_question;

    claims![
        what_officers_have_in_hand_is_read_by_an_index,
        however_many_officers_there_are_it_is_the_same_few_statements,
    ];

    /// How many statements read what administrators see of load, and to whom a filing can be given.
    async fn statements(world: &World, administrator: &Actor, filing: &str) -> (u64, u64) {
        // A restarted server has nothing in memory.
        let service = world.with_settings(|_| {}).await;
        let begun = world.db.statements();
        service.loads.load_page(administrator, "北京市", Period::Quarter).await.unwrap();
        let of_load = world.db.statements();
        let held = service.held_filings.held_filing(administrator, filing).await.unwrap();
        assert!(!held.choices.is_empty());
        (of_load - begun, world.db.statements() - of_load)
    }

    async fn however_many_officers_there_are_it_is_the_same_few_statements(world: World) {
        let administrator = world.administrator().await;
        let first = world.officer("110101").await;
        world.nth_officer(9_900, "110101").await;
        let claimed = async |n: u32, officer: &Actor| {
            let actor = world.applicant(n).await;
            let subject = world.subject_answers_person(&actor).await;
            let filing = world.file(&actor, "subject_new", None, &subject).await;
            let website = world.website_answers(&actor, &format!("example{n}.cn")).await;
            world.file(&actor, "website_new", None, &website).await;
            world.service.filing_claims.claim(officer, &filing).await.unwrap();
            filing
        };
        let filing = claimed(1, &first).await;
        let few = statements(&world, &administrator, &filing).await;
        for n in 2..8 {
            let officer = world.nth_officer(9_900 + n, "110101").await;
            claimed(n, &officer).await;
        }
        assert_eq!(statements(&world, &administrator, &filing).await, few);
        assert!(few.0 > 0 && few.0 <= 6 && few.1 <= 8, "{few:?}");
    }

    async fn what_officers_have_in_hand_is_read_by_an_index(world: World) {
        let officer = world.officer("110000").await;
        world.many_filings(&officer, 50, 60).await;
        let own = [officer.person_id.clone()];
        for (region, people) in
            [("", &[][..]), ("110000", &[]), ("110100", &[]), ("110101", &own), ("", &own)]
        {
            let plan = world.plan(&held_question(region, 5, people)).await;
            for whole in ["SCAN filing", "Seq Scan on filing"] {
                assert!(!plan.contains(whole), "{region} {people:?}\n{plan}");
            }
        }
        for officer in ["", &officer.person_id] {
            let plan = world.plan(&sea_orm::QueryTrait::into_query(in_hands(officer))).await;
            for whole in ["SCAN filing", "Seq Scan on filing"] {
                assert!(!plan.contains(whole), "{officer}\n{plan}");
            }
        }
        let plan = world.plan_of_many(&decided_by_question(&own, 5)).await;
        assert!(plan.contains("tally_officer") && plan.contains("tally_change_place"), "{plan}");
    }
}
