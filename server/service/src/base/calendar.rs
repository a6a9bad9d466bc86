//! Working days: the calendar with the holidays that were entered.

use std::sync::Arc;

use domain::calendar::Calendar;
use domain::value::date::parse_date;
use sea_orm::{ConnectionTrait, EntityTrait};
use time::macros::offset;
use time::{Date, OffsetDateTime};

use crate::base::clock::shanghai_date;
use crate::base::context::Context;
use crate::base::db::millis;
use crate::base::entity::holiday;
use crate::base::error::{Error, Result};

/// Rows that come from the configuration, and go with it.
pub(crate) const CONFIGURED: &str = "configuration";

/// Rows that were entered on the page.
pub(crate) const ENTERED: &str = "page";

/// A day that is not as its weekday says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecialDay {
    pub day: Date,
    pub is_working: bool,
    pub name: String,
}

impl Context {
    /// The calendar for what only reads.
    pub(crate) async fn known_calendar(&self) -> Result<Arc<Calendar>> {
        let now = self.clock.now();
        if let Some(known) = self.calendar.get(now) {
            return Ok(known);
        }
        let read = Arc::new(calendar(self.db.read()).await?);
        self.calendar.set(Some((now, Arc::clone(&read))));
        Ok(read)
    }

    /// Holidays were changed.
    pub(crate) fn forget_calendar(&self) {
        self.calendar.set(None);
    }

    /// What was submitted before this and is still open is overdue: so many working days allowed
    /// after the day it came in.
    pub(crate) async fn overdue_before(&self, now: OffsetDateTime) -> Result<i64> {
        let calendar = self.known_calendar().await?;
        Ok(begin_of(calendar.in_time_since(shanghai_date(now), self.settings.overdue_days)))
    }
}

pub(crate) async fn calendar(on: &impl ConnectionTrait) -> Result<Calendar> {
    let rows = holiday::Entity::find().all(on).await?;
    let days: Result<Vec<(Date, bool)>> = rows
        .into_iter()
        .map(|row| match parse_date(&row.day) {
            Some(day) => Ok((day, row.is_working)),
            None => Err(Error::Corrupt(format!("holiday {}", row.day))),
        })
        .collect();
    Ok(Calendar::new(days?))
}

/// When a day begins in Shanghai.
pub(crate) fn begin_of(day: Date) -> i64 {
    millis(day.midnight().assume_offset(offset!(+8)))
}
