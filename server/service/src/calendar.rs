//! The working days of the platform: a table that configuration fills and administrators correct.

use domain::calendar::Calendar;
use domain::value::date::{format_date, parse_date};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use time::{Date, OffsetDateTime, macros::offset};

use crate::clock::shanghai_date;
use crate::db::millis;
use crate::entity::holiday;
use crate::error::{Error, Result};
use crate::{Service, again};

/// Rows that come from the configuration, and go with it.
pub(crate) const CONFIGURED: &str = "configuration";

/// A day that is not as its weekday says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecialDay {
    pub day: Date,
    pub is_working: bool,
    pub name: String,
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

impl Service {
    /// Takes the configured days over; what administrators entered for a day stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_holidays(&self, days: &[SpecialDay]) -> Result<()> {
        again!(self.try_take_holidays(days))
    }

    async fn try_take_holidays(&self, days: &[SpecialDay]) -> Result<()> {
        let tx = self.db.begin().await?;
        holiday::Entity::delete_many().filter(holiday::Column::Source.eq(CONFIGURED)).exec(&tx).await?;
        let kept: Vec<String> =
            holiday::Entity::find().all(&tx).await?.into_iter().map(|row| row.day).collect();
        let rows: Vec<holiday::ActiveModel> = days
            .iter()
            .filter(|special| !kept.contains(&format_date(special.day)))
            .map(|special| holiday::ActiveModel {
                day: Set(format_date(special.day)),
                is_working: Set(special.is_working),
                name: Set(special.name.clone()),
                source: Set(CONFIGURED.to_owned()),
            })
            .collect();
        if !rows.is_empty() {
            holiday::Entity::insert_many(rows).exec_without_returning(&tx).await?;
        }
        Ok(tx.commit().await?)
    }

    /// What was submitted before this and is still open is overdue: so many working days allowed
    /// after the day it came in.
    pub(crate) async fn overdue_before(&self, now: OffsetDateTime) -> Result<i64> {
        let calendar = calendar(self.db.read()).await?;
        Ok(begin_of(calendar.in_time_since(shanghai_date(now), self.settings.overdue_days)))
    }
}
