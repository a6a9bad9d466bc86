//! 办事指南: how long filings take here, of all regions together.

use std::sync::{Mutex, PoisonError};

use domain::view::Guide;
use time::{Duration, OffsetDateTime};

use crate::base::calendar::begin_of;
use crate::base::clock::shanghai_date;
use crate::base::context::handle;
use crate::base::error::Result;
use crate::base::region;
use crate::state::counters::{SPENT, WEEKS_MEASURED, counts, day_number, percentile, week_of};

handle! {
    /// What everybody is told of how long it takes.
    Guides {} own { kept: Mutex<Option<(OffsetDateTime, Guide)>> }
}

/// Anybody may ask, so the database is asked only so often.
const KEPT: Duration = Duration::minutes(10);

/// Fewer decisions say nothing about the next one.
const LEAST: u64 = 5;

impl Guides {
    pub async fn guide(&self) -> Result<Guide> {
        let now = self.context.clock.now();
        let kept = *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, guide)) = kept
            && now - since < KEPT
        {
            return Ok(guide);
        }
        let guide = self.counted(now).await?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, guide));
        Ok(guide)
    }

    async fn counted(&self, now: OffsetDateTime) -> Result<Guide> {
        let on = self.context.db.read();
        let today = day_number(begin_of(shanghai_date(now)));
        let since = week_of(today) - (WEEKS_MEASURED - 1) * 7;
        let mut spent = Vec::new();
        for province in region::children(None) {
            spent.extend(counts(on, province.code, &[province.code], SPENT, since).await?);
        }
        let decisions = u64::try_from(spent.iter().map(|count| count.n).sum::<i64>()).unwrap_or(0);
        let says = |percent| percentile(&spent, percent).filter(|_| decisions >= LEAST);
        Ok(Guide {
            median_hours: says(50),
            p90_hours: says(90),
            decisions,
            weeks: u64::try_from(WEEKS_MEASURED).unwrap_or(0),
            overdue_days: self.context.settings.overdue_days,
        })
    }
}
