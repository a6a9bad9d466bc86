//! What is told to open desks while it happens (R61, R62). A change is written into the table of events in the
//! transaction that makes it, so nothing is told that did not happen, and nothing that happened is lost with a server
//! that dies. Each server with open desks reads the table as soon as it is woken, by its own commits or by the others'
//! ([`News`]), and once a second for what it was not woken for.

use std::sync::{Arc, Weak};
use std::time::Duration;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OnceCell, broadcast};

use crate::base::change::{Change, What};
use crate::base::db::{Db, News};
use crate::base::entity::{counter, desk_event};
use crate::base::error::{Error, Result, chain};

/// So many rows are read for a desk that comes back after an interruption; with more it reads everything anew.
const REMEMBERED: u64 = 512;

/// Rows of the table that are read at once.
const READ_AT_ONCE: u64 = 256;

/// Changes that wait for a desk that reads slowly.
const WAITING: usize = 256;

/// The longest an event of another server waits to be read, where its wake-up was lost.
const LATEST: Duration = Duration::from_secs(1);

/// The place of an event among all: the number of its row, and which of the row's it is. The same on every server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    number: i64,
    nth: usize,
}

impl Place {
    /// After everything of a row.
    fn end_of(number: i64) -> Self {
        Place { number, nth: usize::MAX }
    }

    /// What `Last-Event-ID` calls it.
    pub fn name(self) -> String {
        match self.nth {
            usize::MAX => format!("{}.", self.number),
            nth => format!("{}.{nth}", self.number),
        }
    }

    fn named(name: &str) -> Option<Self> {
        let (number, nth) = name.split_once('.')?;
        let nth = if nth.is_empty() { usize::MAX } else { nth.parse().ok()? };
        Some(Place { number: number.parse().ok()?, nth })
    }
}

/// A change that is told; what is only seen while it lasts has no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub place: Option<Place>,
    pub change: Change,
}

/// What a desk that comes back has missed.
#[derive(Debug, PartialEq, Eq)]
pub enum Missed {
    These(Vec<Told>),
    /// More than is remembered, or nobody knows.
    TooMuch,
}

/// What one desk hears.
pub struct Subscription {
    receiver: broadcast::Receiver<Told>,
    /// What it knows already.
    upto: Place,
}

impl Subscription {
    /// The place from which on it hears everything.
    pub fn upto(&self) -> Place {
        self.upto
    }

    /// What is told next.
    ///
    /// # Errors
    /// `Lagged` for a listener that has fallen behind and missed something: it should read anew.
    pub async fn next(&mut self) -> Result<Told, RecvError> {
        loop {
            let told = self.receiver.recv().await?;
            if told.place.is_none_or(|place| place > self.upto) {
                self.upto = told.place.unwrap_or(self.upto);
                return Ok(told);
            }
        }
    }
}

/// What this server tells its desks.
#[derive(Debug)]
pub struct Events {
    db: Db,
    sender: broadcast::Sender<Told>,
    /// The table is read from the first desk on.
    follows: OnceCell<()>,
}

impl Events {
    pub(crate) fn new(db: Db) -> Self {
        let (sender, _) = broadcast::channel(WAITING);
        Events { db, sender, follows: OnceCell::new() }
    }

    /// Tells of every filing that changes from now on; who listens looks whether it lies in the region. One who was
    /// interrupted after the event with this name (of [`Place::name`]) is also given what happened since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscribe(self: &Arc<Self>, last: Option<&str>) -> Result<(Missed, Subscription)> {
        self.follow().await?;
        let receiver = self.sender.subscribe();
        // What is read here is told once more, and passed over then.
        let (missed, upto) = match last.map(Place::named) {
            None => (Missed::These(Vec::new()), self.end().await?),
            Some(None) => (Missed::TooMuch, self.end().await?),
            Some(Some(place)) => self.since(place).await?,
        };
        Ok((missed, Subscription { receiver, upto }))
    }

    /// Tells the desks of this server what no table remembers.
    pub(crate) fn looked(&self, filing_id: &str, jurisdiction: &str) {
        let change = Change {
            what: What::Looked,
            filing_id: filing_id.to_owned(),
            jurisdiction: jurisdiction.to_owned(),
            left: None,
        };
        // Nobody may be listening.
        let _ = self.sender.send(Told { place: None, change });
    }

    async fn end(&self) -> Result<Place> {
        let on = self.db.read();
        let last = desk_event::Entity::find()
            .select_only()
            .column(desk_event::Column::Number)
            .order_by_desc(desk_event::Column::Number)
            .into_tuple::<i64>()
            .one(on)
            .await?;
        match last {
            Some(number) => Ok(Place::end_of(number)),
            None => swept(on).await,
        }
    }

    async fn since(&self, place: Place) -> Result<(Missed, Place)> {
        let end = self.end().await?;
        // The row itself may tell more than was heard.
        let rows = rows_from(self.db.read(), place.number, REMEMBERED + 1).await?;
        // A name from after the end is one of before a backup was put back.
        let is_known = swept(self.db.read()).await? <= place && place <= end;
        if !is_known || rows.len() as u64 > REMEMBERED {
            return Ok((Missed::TooMuch, end));
        }
        let upto = rows.last().map_or(place, |last| Place::end_of(last.number));
        let mut missed = Vec::new();
        for row in &rows {
            missed.extend(told_in(row)?.filter(|told| told.place > Some(place)));
        }
        Ok((Missed::These(missed), upto))
    }

    /// Begins to read the table, once.
    async fn follow(self: &Arc<Self>) -> Result<()> {
        self.follows.get_or_try_init(|| async { self.begin_to_follow().await }).await.map(|_| ())
    }

    async fn begin_to_follow(self: &Arc<Self>) -> Result<()> {
        let news = self.db.news();
        let from = self.end().await?.number;
        let events = Arc::downgrade(self);
        tokio::spawn(follow(events, news, from));
        Ok(())
    }

    /// Tells what was written after the row with this number; gives the last one's.
    async fn tell_after(&self, mut number: i64) -> Result<i64> {
        loop {
            let rows = rows_from(self.db.read(), number + 1, READ_AT_ONCE).await?;
            for row in &rows {
                for told in told_in(row)? {
                    // Nobody may be listening.
                    let _ = self.sender.send(told);
                }
                number = row.number;
            }
            if (rows.len() as u64) < READ_AT_ONCE {
                return Ok(number);
            }
        }
    }
}

/// Reads on until nobody has the events any more.
async fn follow(events: Weak<Events>, mut news: broadcast::Receiver<News>, mut number: i64) {
    loop {
        match tokio::time::timeout(LATEST, news.recv()).await {
            Ok(Err(RecvError::Closed)) => return,
            Ok(Ok(News::OpenPage { .. })) => continue,
            Ok(Ok(News::Event | News::Interrupted) | Err(RecvError::Lagged(_))) | Err(_) => {}
        }
        let Some(events) = events.upgrade() else { return };
        match events.tell_after(number).await {
            Ok(last) => number = last,
            Err(error) => {
                tracing::error!(error = chain(&error), "what happened was not read, and is told later");
                tokio::time::sleep(LATEST).await;
            }
        }
    }
}

/// The counter that says up to where events were swept.
pub(crate) const SWEPT: &str = "desk_event/swept";

async fn swept(on: &impl ConnectionTrait) -> Result<Place> {
    let row = counter::Entity::find_by_id(SWEPT).one(on).await?;
    Ok(Place::end_of(row.map_or(0, |row| row.value)))
}

async fn rows_from(on: &impl ConnectionTrait, number: i64, most: u64) -> Result<Vec<desk_event::Model>> {
    let rows = desk_event::Entity::find()
        .filter(desk_event::Column::Number.gte(number))
        .order_by_asc(desk_event::Column::Number)
        .limit(most);
    Ok(rows.all(on).await?)
}

fn told_in(row: &desk_event::Model) -> Result<impl Iterator<Item = Told> + use<>> {
    let changes: Vec<Change> =
        serde_json::from_str(&row.told).map_err(|_| Error::Corrupt("desk_event.told".to_owned()))?;
    let number = row.number;
    let told = move |(nth, change)| Told { place: Some(Place { number, nth }), change };
    Ok(changes.into_iter().enumerate().map(told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_place_says_which_it_is() {
        for (name, number, nth) in [("7.0", 7, 0), ("7.12", 7, 12), ("7.", 7, usize::MAX)] {
            assert_eq!(Place::named(name), Some(Place { number, nth }));
            assert_eq!(Place { number, nth }.name(), name);
        }
        for name in ["", "7", "x.1", "019ad0c1-0000-7000-8000-000000000000.3", "1.x"] {
            assert_eq!(Place::named(name), None, "{name}");
        }
        assert!(
            Place::end_of(7) > Place { number: 7, nth: 3 } && Place::end_of(7) < Place { number: 8, nth: 0 }
        );
    }
}
