//! The counts behind the dashboard (R61), so that nobody counts a million rows to draw a page. Whoever
//! moves a filing leaves a line of what changes by it, in the same transaction and without waiting for
//! anybody; now and then the lines are added to the counts of county, city and province. A reader takes
//! both in one statement, so the numbers are exact at any moment.

use std::collections::BTreeMap;

use domain::calendar::Calendar;
use domain::filing::{FilingEvent, FilingState};
use domain::jurisdiction;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use time::OffsetDateTime;

use crate::base::calendar::calendar;
use crate::base::context::handle;
use crate::base::db::{instant, new_id, next_serial};
use crate::base::entity::{counter, filing, filing_event, tally, tally_change};
use crate::base::error::Result;
use crate::base::retry::retry;
use crate::state::elapsed;
use crate::state::elapsed::{Pauses, clock_from};
use crate::state::history::SUBMITTED;
use crate::state::row::{filing_state, procedure_of};
use crate::state::rulings;
use crate::state::rulings::{Ruling, STANDS, Said};

handle! {
    /// What the dashboard counts.
    Counters {}
}

/// Filings by procedure and state; the item is `website_new/pending`.
pub(crate) const STATE: &str = "state";

/// Open filings in their second round or a later one.
pub(crate) const AGAIN: &str = "again";

/// Open filings by the day from which their time counts.
pub(crate) const WAITING: &str = "waiting";

/// Submissions and decisions by day.
pub(crate) const RECEIVED: &str = "received";

pub(crate) const DECIDED: &str = "decided";

/// Decisions by week and by the working hours they took; the item is the hours, rounded up.
pub(crate) const SPENT: &str = "spent";

/// Whoever adds lines up takes this counter's row first.
const LOCK: &str = "tally";

/// Says that the counts were made; its absence, that this database is older than they are.
const MADE: &str = "tally/made";

/// Lines added up in one transaction.
const AT_ONCE: u64 = 5_000;

/// Rows of one INSERT, below what either database takes as parameters.
const ROWS: usize = 1_000;

/// Whole weeks whose decisions say how long one takes.
pub(crate) const WEEKS_MEASURED: i64 = 13;

const DAY: i64 = 86_400_000;

/// So many weeks of how long decisions took are made anew; the dashboard shows fewer.
const KEPT_WEEKS: i64 = 20;

/// The day of an open filing, 0 of a closed one; written out, since PostgreSQL must see that it groups
/// by what it selects.
const STANDING_DAY: &str = "CASE WHEN state NOT IN ('pending', 'in_review') THEN 0 \
     WHEN waiting_since IS NOT NULL THEN 99999999 \
     ELSE (COALESCE(clock_from, submitted_at) + 28800000) / 86400000 END";

/// The day of an open filing whose clock stands still: one that no deadline reaches.
pub(crate) const STANDS_STILL: i64 = 99_999_999;

/// What changes, by county, kind, day and item.
#[derive(Default)]
pub(crate) struct Shifts(BTreeMap<(String, &'static str, i64, String), i64>);

impl Shifts {
    fn add(&mut self, jurisdiction: &str, kind: &'static str, day: i64, item: String, n: i64) {
        *self.0.entry((jurisdiction.to_owned(), kind, day, item)).or_default() += n;
    }

    /// What a row counts for as it stands.
    fn stands(&mut self, row: &filing::Model, n: i64) -> Result<()> {
        if !row.is_reviewable {
            return Ok(());
        }
        let state = filing_state(row)?;
        let item = format!("{}/{}", procedure_of(row)?.code(), state.code());
        self.add(&row.jurisdiction, STATE, 0, item, n);
        if state.is_open() {
            let day = if row.waiting_since.is_some() { STANDS_STILL } else { day_number(clock_from(row)) };
            self.add(&row.jurisdiction, WAITING, day, String::new(), n);
            if row.round > 1 {
                self.add(&row.jurisdiction, AGAIN, 0, String::new(), n);
            }
        }
        Ok(())
    }

    fn received(&mut self, jurisdiction: &str, at: i64, n: i64) {
        self.add(jurisdiction, RECEIVED, day_number(at), String::new(), n);
    }

    fn decided(&mut self, jurisdiction: &str, from: i64, at: i64, calendar: &Calendar, n: i64) {
        self.add(jurisdiction, DECIDED, day_number(at), String::new(), n);
        self.spent(jurisdiction, from, at, calendar, n);
    }

    fn spent(&mut self, jurisdiction: &str, from: i64, at: i64, calendar: &Calendar, n: i64) {
        let hours = hours_counted(calendar, from, at);
        self.add(jurisdiction, SPENT, week_of(day_number(at)), format!("{hours:05}"), n);
    }

    /// What a decision counts for beside its time.
    fn ruled(&mut self, jurisdiction: &str, procedure: &str, ruling: &Ruling, at: i64, n: i64) {
        for (kind, item) in ruling.counted(procedure) {
            self.add(jurisdiction, kind, day_number(at), item, n);
        }
    }

    /// What a filing's history counts for.
    fn happened(
        &mut self,
        row: &filing::Model,
        events: &[filing_event::Model],
        pauses: &Pauses,
        calendar: &Calendar,
        n: i64,
    ) {
        if !row.is_reviewable {
            return;
        }
        let procedure = procedure_code(row);
        let paused = pauses.get(&row.id).map_or(&[][..], Vec::as_slice);
        let mut begun = row.submitted_at;
        // From when and when it was decided, and how, while nothing else has happened.
        let mut decided = None;
        for line in events.iter().filter(|line| line.filing_id == row.id) {
            let last_decided = std::mem::take(&mut decided);
            match FilingEvent::from_code(&line.event) {
                Some(FilingEvent::Undo) => {
                    if let Some((from, at, ruling)) = last_decided {
                        self.decided(&row.jurisdiction, from, at, calendar, -n);
                        self.ruled(&row.jurisdiction, &procedure, &ruling, at, -n);
                    }
                }
                Some(FilingEvent::Resubmit) => {
                    begun = line.at;
                    self.received(&row.jurisdiction, line.at, n);
                }
                Some(event) if is_decision(event) => {
                    let from = elapsed::moved(calendar, begun, line.at, paused);
                    let ruling = Ruling::of(event, line);
                    self.decided(&row.jurisdiction, from, line.at, calendar, n);
                    self.ruled(&row.jurisdiction, &procedure, &ruling, line.at, n);
                    decided = Some((from, line.at, ruling));
                }
                None if line.event == SUBMITTED => {
                    begun = line.at;
                    self.received(&row.jurisdiction, line.at, n);
                }
                Some(_) | None => {}
            }
        }
    }

    async fn write(self, on: &impl ConnectionTrait, now: OffsetDateTime) -> Result<()> {
        let rows = self.0.into_iter().filter(|(_, n)| *n != 0).map(|((jurisdiction, kind, day, item), n)| {
            tally_change::ActiveModel {
                id: Set(new_id(now)),
                jurisdiction: Set(jurisdiction),
                kind: Set(kind.to_owned()),
                day: Set(day),
                item: Set(item),
                n: Set(n),
            }
        });
        let rows: Vec<tally_change::ActiveModel> = rows.collect();
        if !rows.is_empty() {
            tally_change::Entity::insert_many(rows).exec_without_returning(on).await?;
        }
        Ok(())
    }
}

/// One number of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    /// Of those asked for.
    pub region: String,
    pub day: i64,
    pub item: String,
    pub n: i64,
}

impl Counters {
    /// Adds what has changed to the counts; for the server to call every few seconds. Says how many
    /// lines there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_up(&self) -> Result<u64> {
        let mut added = 0;
        loop {
            let some = retry!(self.try_add_up())?;
            added += some;
            if some < AT_ONCE {
                return Ok(added);
            }
        }
    }

    async fn try_add_up(&self) -> Result<u64> {
        let has_some = tally_change::Entity::find().limit(1).one(self.context.db.read()).await?.is_some();
        if !has_some {
            return Ok(0);
        }
        let tx = self.context.db.begin().await?;
        next_serial(&tx, LOCK).await?;
        let lines = tally_change::Entity::find()
            .order_by_asc(tally_change::Column::Id)
            .limit(AT_ONCE)
            .all(&tx)
            .await?;
        let mut sums: BTreeMap<(String, String, i64, String), i64> = BTreeMap::new();
        for line in &lines {
            for region in levels(&line.jurisdiction) {
                let key = (region, line.kind.clone(), line.day, line.item.clone());
                *sums.entry(key).or_default() += line.n;
            }
        }
        add(&tx, sums).await?;
        for ids in lines.chunks(ROWS) {
            tally_change::Entity::delete_many()
                .filter(tally_change::Column::Id.is_in(ids.iter().map(|line| line.id.as_str())))
                .exec(&tx)
                .await?;
        }
        tx.commit().await?;
        Ok(lines.len() as u64)
    }

    /// Makes the counts of a database that is older than they are. Does nothing on any other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_once(&self) -> Result<()> {
        if counter::Entity::find_by_id(MADE).one(self.context.db.read()).await?.is_none() {
            self.recount().await?;
        }
        Ok(())
    }

    /// Makes the counts anew from the filings and their history.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recount(&self) -> Result<()> {
        retry!(self.try_recount())
    }

    async fn try_recount(&self) -> Result<()> {
        // One view of everything: what others commit meanwhile stays as lines to be added.
        let tx = self.context.db.begin_with_one_view().await?;
        next_serial(&tx, LOCK).await?;
        tally::Entity::delete_many().exec(&tx).await?;
        tally_change::Entity::delete_many().exec(&tx).await?;
        let mut shifts = Shifts::default();
        stand_all(&tx, &mut shifts).await?;
        let now = self.context.clock.now();
        let since = (week_of(day_number(crate::base::db::millis(now))) - KEPT_WEEKS * 7) * DAY;
        happen_all(&tx, &mut shifts, since).await?;
        for stands in rulings::standing_since(&tx, since).await? {
            shifts.ruled(&stands.jurisdiction, &stands.procedure, &stands.ruling, stands.at, 1);
        }
        let mut sums: BTreeMap<(String, String, i64, String), i64> = BTreeMap::new();
        for ((jurisdiction, kind, day, item), n) in shifts.0 {
            for region in levels(&jurisdiction) {
                *sums.entry((region, kind.to_owned(), day, item.clone())).or_default() += n;
            }
        }
        add(&tx, sums).await?;
        if counter::Entity::find_by_id(MADE).one(&tx).await?.is_none() {
            next_serial(&tx, MADE).await?;
        }
        Ok(tx.commit().await?)
    }
}

fn procedure_code(row: &filing::Model) -> String {
    format!("{}_{}", row.business, row.action)
}

/// The civil day in Shanghai, counted from 1970-01-01 (R81).
pub(crate) fn day_number(at: i64) -> i64 {
    (at + 28_800_000).div_euclid(DAY)
}

/// When a civil day in Shanghai begins.
pub(crate) fn begin_of_day(day: i64) -> i64 {
    day * DAY - 28_800_000
}

/// The Thursday that begins the week of a day, as 1970 began.
pub(crate) fn week_of(day: i64) -> i64 {
    day - day.rem_euclid(7)
}

pub(crate) fn is_decision(event: FilingEvent) -> bool {
    match event {
        FilingEvent::Approve | FilingEvent::Return | FilingEvent::Reject => true,
        FilingEvent::Claim
        | FilingEvent::Release
        | FilingEvent::Withdraw
        | FilingEvent::Resubmit
        | FilingEvent::Terminate
        | FilingEvent::Transfer
        | FilingEvent::Undo => false,
    }
}

/// Working hours as they are counted: rounded up to the hour within a day, to a quarter of a day
/// within ten, to a day beyond.
fn hours_counted(calendar: &Calendar, from: i64, to: i64) -> i64 {
    let seconds = calendar.spent(instant(from), instant(to)).whole_seconds();
    let hours = Ord::max((seconds + 3_599).div_euclid(3_600), 1);
    let grain = match hours {
        ..=24 => 1,
        25..=240 => 6,
        _ => 24,
    };
    (hours + grain - 1) / grain * grain
}

/// A filing is there.
pub(crate) async fn entered(
    on: &impl ConnectionTrait,
    row: &filing::Model,
    now: OffsetDateTime,
) -> Result<()> {
    let mut shifts = Shifts::default();
    shifts.stands(row, 1)?;
    if row.is_reviewable {
        shifts.received(&row.jurisdiction, row.submitted_at, 1);
    }
    shifts.write(on, now).await
}

/// A filing went from one state to the next.
pub(crate) async fn stepped(
    on: &impl ConnectionTrait,
    before: &filing::Model,
    after: &filing::Model,
    event: FilingEvent,
    said: Said<'_>,
    now: OffsetDateTime,
) -> Result<()> {
    let mut shifts = Shifts::default();
    shifts.stands(before, -1)?;
    shifts.stands(after, 1)?;
    if after.is_reviewable {
        if event == FilingEvent::Resubmit {
            shifts.received(&after.jurisdiction, after.submitted_at, 1);
        }
        if let Some(at) = after.decided_at.filter(|_| is_decision(event)) {
            let calendar = calendar(on).await?;
            shifts.decided(&after.jurisdiction, clock_from(after), at, &calendar, 1);
            let ruling = Ruling::made(event, said);
            shifts.ruled(&after.jurisdiction, &procedure_code(after), &ruling, at, 1);
        }
    }
    shifts.write(on, now).await
}

/// A decision was taken back: it counts no longer. `decided` is the filing as it was decided, `row` as it stands again.
pub(crate) async fn undecided(
    on: &impl ConnectionTrait,
    row: &filing::Model,
    decided: &filing::Model,
    now: OffsetDateTime,
) -> Result<()> {
    let mut shifts = Shifts::default();
    if let Some(at) = decided.decided_at.filter(|_| row.is_reviewable) {
        let from = elapsed::clock_from(decided);
        shifts.decided(&row.jurisdiction, from, at, &calendar(on).await?, -1);
        if let Some(ruling) = rulings::last(on, &row.id).await? {
            shifts.ruled(&row.jurisdiction, &procedure_code(row), &ruling, at, -1);
        }
    }
    shifts.write(on, now).await
}

/// The clock of a filing stands still, or goes on.
pub(crate) async fn stood_still(
    on: &impl ConnectionTrait,
    before: &filing::Model,
    after: &filing::Model,
    now: OffsetDateTime,
) -> Result<()> {
    let mut shifts = Shifts::default();
    shifts.stands(before, -1)?;
    shifts.stands(after, 1)?;
    shifts.write(on, now).await
}

/// Filings came to another region, or began or ceased to be put to officers (R15): they take their
/// history along. Both lists are of the same filings.
pub(crate) async fn moved(
    on: &impl ConnectionTrait,
    before: &[filing::Model],
    after: &[filing::Model],
    now: OffsetDateTime,
) -> Result<()> {
    let mut shifts = Shifts::default();
    let is_elsewhere = |(was, is): (&filing::Model, &filing::Model)| {
        was.jurisdiction != is.jurisdiction || was.is_reviewable != is.is_reviewable
    };
    if before.iter().zip(after).any(is_elsewhere) {
        let events = filing_event::Entity::find()
            .filter(filing_event::Column::FilingId.is_in(before.iter().map(|row| row.id.as_str())))
            .order_by_asc(filing_event::Column::Id)
            .all(on)
            .await?;
        let (calendar, pauses) = (calendar(on).await?, elapsed::pauses(on, Some(before), 0).await?);
        for (rows, n) in [(before, -1), (after, 1)] {
            for row in rows {
                shifts.happened(row, &events, &pauses, &calendar, n);
            }
        }
    }
    for row in before {
        shifts.stands(row, -1)?;
    }
    for row in after {
        shifts.stands(row, 1)?;
    }
    shifts.write(on, now).await
}

/// Everywhere, where [`counts`] are asked for within a region.
pub(crate) const EVERYWHERE: &str = "";

/// A kind of count that is asked for, in regions that do not overlap, from a day on.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub kind: &'a str,
    pub regions: &'a [&'a str],
    pub since: i64,
}

/// The counts of one kind in regions that do not overlap, from a day on.
pub(crate) async fn counts(
    on: &impl ConnectionTrait,
    within: &str,
    regions: &[&str],
    kind: &str,
    since: i64,
) -> Result<Vec<Count>> {
    let [counts] = counts_of(on, within, [Asked { kind, regions, since }]).await?;
    Ok(counts)
}

/// The counts of several kinds as of one moment, in one statement.
pub(crate) async fn counts_of<const N: usize>(
    on: &impl ConnectionTrait,
    within: &str,
    asked: [Asked<'_>; N],
) -> Result<[Vec<Count>; N]> {
    let mut sums: [BTreeMap<(&str, i64, String), i64>; N] = std::array::from_fn(|_| BTreeMap::new());
    for row in on.query_all(&question(within, &asked)).await? {
        let number = usize::try_from(row.try_get_by_index::<i64>(0)?).unwrap_or(usize::MAX);
        let (Some(Asked { regions, .. }), Some(sums)) = (asked.get(number), sums.get_mut(number)) else {
            continue;
        };
        let place: String = row.try_get_by_index(1)?;
        let Some(region) = regions.iter().find(|region| jurisdiction::covers(region, &place)) else {
            continue;
        };
        let key = (*region, row.try_get_by_index(2)?, row.try_get_by_index(3)?);
        let n: i64 = row.try_get_by_index(4)?;
        *sums.entry(key).or_default() += n;
    }
    Ok(sums.map(|sums| {
        let whole = sums.into_iter().filter(|(_, n)| *n != 0);
        whole.map(|((region, day, item), n)| Count { region: region.to_owned(), day, item, n }).collect()
    }))
}

/// Everything that is asked for, each line with the number of what it answers.
fn question(within: &str, asked: &[Asked<'_>]) -> SelectStatement {
    let mut parts = asked
        .iter()
        .enumerate()
        .filter(|(_, asked)| !asked.regions.is_empty())
        .flat_map(|(number, asked)| parts_of(within, number, asked));
    let mut all = parts.next().unwrap_or_else(|| Query::select().to_owned());
    for part in parts {
        all.union(UnionType::All, part);
    }
    all
}

/// What is added up, and what is not yet.
fn parts_of(within: &str, number: usize, asked: &Asked<'_>) -> [SelectStatement; 2] {
    let Asked { kind, regions, since } = *asked;
    let (low, high) = match within {
        // Codes are digits.
        EVERYWHERE => ("0".to_owned(), "a".to_owned()),
        _ => jurisdiction::range(within),
    };
    let columns = |place: &'static str| {
        let mut query = Query::select();
        query.expr_as(Expr::cust(format!("CAST({number} AS BIGINT)")), Alias::new("asked"));
        query.expr_as(Expr::col(Alias::new(place)), Alias::new("place"));
        for column in ["day", "item", "n"] {
            query.column(Alias::new(column));
        }
        query
    };
    let mut fresh = columns("jurisdiction");
    fresh
        .from(tally_change::Entity)
        .and_where(Expr::col(tally_change::Column::Kind).eq(kind))
        .and_where(Expr::col(tally_change::Column::Jurisdiction).gte(low))
        .and_where(Expr::col(tally_change::Column::Jurisdiction).lt(high))
        .and_where(Expr::col(tally_change::Column::Day).gte(since));
    let mut added = columns("region");
    added
        .from(tally::Entity)
        .and_where(Expr::col(tally::Column::Region).is_in(regions.iter().copied()))
        .and_where(Expr::col(tally::Column::Kind).eq(kind))
        .and_where(Expr::col(tally::Column::Day).gte(since))
        .and_where(Expr::col(tally::Column::N).ne(0));
    [added, fresh]
}

/// The nearest-rank percentile of the hours that decisions took.
pub(crate) fn percentile(spent: &[Count], percent: i64) -> Option<u64> {
    let mut by_hours: BTreeMap<u64, i64> = BTreeMap::new();
    for count in spent {
        *by_hours.entry(count.item.parse().ok()?).or_default() += count.n;
    }
    let all: i64 = by_hours.values().sum();
    let rank = Ord::max((all * percent + 99).div_euclid(100), 1);
    let mut passed = 0;
    by_hours.into_iter().find_map(|(hours, n)| {
        passed += n;
        (passed >= rank).then_some(hours)
    })
}

/// County, city and province of a code; fewer where the code is itself a city's or a province's.
fn levels(code: &str) -> Vec<String> {
    let mut levels: Vec<String> = [2, 4, 6]
        .into_iter()
        .filter_map(|length| code.get(..length))
        .map(|head| format!("{head:0<6}"))
        .collect();
    levels.dedup();
    levels
}

/// What all rows count for as they stand, grouped by the database.
async fn stand_all(on: &impl ConnectionTrait, shifts: &mut Shifts) -> Result<()> {
    use filing::Column;
    let rows: Vec<(String, String, String, String, i64, i64, i64)> = filing::Entity::find()
        .select_only()
        .column(Column::Jurisdiction)
        .column(Column::Business)
        .column(Column::Action)
        .column(Column::State)
        // The days of closed filings count for nothing.
        .column_as(Expr::cust(STANDING_DAY), "day")
        .column_as(Column::Id.count(), "filings")
        .column_as(Expr::cust("SUM(CASE WHEN round > 1 THEN 1 ELSE 0 END)"), "again")
        .filter(Column::IsReviewable.eq(true))
        .group_by(Column::Jurisdiction)
        .group_by(Column::Business)
        .group_by(Column::Action)
        .group_by(Column::State)
        .group_by(Expr::cust(STANDING_DAY))
        .into_tuple()
        .all(on)
        .await?;
    for (place, business, action, state, day, n, again) in rows {
        shifts.add(&place, STATE, 0, format!("{business}_{action}/{state}"), n);
        if FilingState::from_code(&state).is_some_and(FilingState::is_open) {
            shifts.add(&place, WAITING, day, String::new(), n);
            shifts.add(&place, AGAIN, 0, String::new(), again);
        }
    }
    Ok(())
}

/// What all of history counts for: flows grouped by the database, and one by one the decisions since
/// then, for how long they took.
async fn happen_all(on: &impl ConnectionTrait, shifts: &mut Shifts, since: i64) -> Result<()> {
    let backend = on.get_database_backend();
    let flows = format!(
        "SELECT f.jurisdiction, e.event, (e.at + 28800000) / 86400000 AS day, COUNT(*) AS n \
         FROM filing_event e JOIN filing f ON f.id = e.filing_id WHERE f.is_reviewable AND {STANDS} \
         AND e.event IN ('submit', 'resubmit', 'approve', 'return', 'reject') \
         GROUP BY f.jurisdiction, e.event, (e.at + 28800000) / 86400000"
    );
    for row in on.query_all_raw(Statement::from_string(backend, flows)).await? {
        let (place, event): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let (day, n): (i64, i64) = (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
        let kind = if FilingEvent::from_code(&event).is_some_and(is_decision) { DECIDED } else { RECEIVED };
        shifts.add(&place, kind, day, String::new(), n);
    }
    let (calendar, pauses) = (calendar(on).await?, elapsed::pauses(on, None, since).await?);
    let decided = format!(
        "SELECT f.jurisdiction, COALESCE((SELECT MAX(s.at) FROM filing_event s WHERE s.filing_id = e.filing_id \
         AND s.event IN ('submit', 'resubmit') AND s.id < e.id), f.submitted_at) AS begun, e.at, f.id \
         FROM filing_event e JOIN filing f ON f.id = e.filing_id WHERE f.is_reviewable AND e.at >= {since} \
         AND e.event IN ('approve', 'return', 'reject') AND {STANDS}"
    );
    for row in on.query_all_raw(Statement::from_string(backend, decided)).await? {
        let place: String = row.try_get_by_index(0)?;
        let (begun, at): (i64, i64) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        let paused: &[(i64, i64)] =
            pauses.get(&row.try_get_by_index::<String>(3)?).map_or(&[], Vec::as_slice);
        shifts.spent(&place, elapsed::moved(&calendar, begun, at, paused), at, &calendar, 1);
    }
    Ok(())
}

async fn add(on: &impl ConnectionTrait, sums: BTreeMap<(String, String, i64, String), i64>) -> Result<()> {
    let rows = sums.into_iter().filter(|(_, n)| *n != 0);
    let rows: Vec<tally::ActiveModel> = rows
        .map(|((region, kind, day, item), n)| tally::ActiveModel {
            region: Set(region),
            kind: Set(kind),
            day: Set(day),
            item: Set(item),
            n: Set(n),
        })
        .collect();
    for rows in rows.chunks(ROWS) {
        let mut added = OnConflict::columns([
            tally::Column::Region,
            tally::Column::Kind,
            tally::Column::Day,
            tally::Column::Item,
        ]);
        added.value(tally::Column::N, Expr::cust("tally.n + excluded.n"));
        tally::Entity::insert_many(rows.to_vec()).on_conflict(added).exec_without_returning(on).await?;
    }
    Ok(())
}

/// The state and the procedure's code in an item of [`STATE`].
pub(crate) fn of_item(item: &str) -> Option<(&str, FilingState)> {
    let (procedure, state) = item.split_once('/')?;
    Some((procedure, FilingState::from_code(state)?))
}

#[cfg(test)]
mod tests;
