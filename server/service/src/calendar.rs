//! The working days of the platform: a table that configuration fills and administrators correct.

use domain::calendar::Calendar;
use domain::schema::fault;
use domain::value::date::{format_date, parse_date};
use domain::value::text;
use domain::view::HolidayRow;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};
use serde_json::json;
use time::{Date, OffsetDateTime, macros::offset};

use crate::clock::shanghai_date;
use crate::db::millis;
use crate::entity::holiday;
use crate::error::{Error, Result};
use crate::{Actor, Service, again};

/// Rows that come from the configuration, and go with it.
pub(crate) const CONFIGURED: &str = "configuration";
/// Rows that were entered on the page.
const ENTERED: &str = "page";

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
        let known = holiday::Entity::find().order_by_asc(holiday::Column::Day).all(&tx).await?;
        let (before, entered): (Vec<holiday::Model>, Vec<holiday::Model>) =
            known.into_iter().partition(|row| row.source == CONFIGURED);
        let configured = days.iter().map(|special| holiday::Model {
            day: format_date(special.day),
            is_working: special.is_working,
            name: special.name.clone(),
            source: CONFIGURED.to_owned(),
        });
        let mut rows: Vec<holiday::Model> =
            configured.filter(|row| !entered.iter().any(|entered| entered.day == row.day)).collect();
        rows.sort_by(|one, other| one.day.cmp(&other.day));
        if rows == before {
            return Ok(());
        }
        holiday::Entity::delete_many()
            .filter(holiday::Column::Source.eq(CONFIGURED))
            .exec_with_returning(&tx)
            .await?;
        let detail = json!({ "days": rows.len() });
        holiday::Entity::insert_many(rows.into_iter().map(holiday::ActiveModel::from))
            .exec_with_returning(&tx)
            .await?;
        self.write(&tx, None, "holiday.configure", "holiday", "", detail).await?;
        Ok(tx.commit().await?)
    }

    /// The days of this year and later that are not as their weekday says.
    pub async fn holiday_list(&self, actor: &Actor) -> Result<Vec<HolidayRow>> {
        actor.must_keep()?;
        let year = shanghai_date(self.clock.now()).year();
        let rows = holiday::Entity::find()
            .filter(holiday::Column::Day.gte(format!("{year}-01-01")))
            .order_by_asc(holiday::Column::Day)
            .all(self.db.read())
            .await?;
        let row = |row: holiday::Model| HolidayRow {
            is_configured: row.source == CONFIGURED,
            day: row.day,
            is_working: row.is_working,
            name: row.name,
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Enters a day; it goes before what the configuration says of it.
    ///
    /// # Errors
    /// `Faults` for what is no day or has no name.
    pub async fn keep_holiday(&self, actor: &Actor, day: &str, is_working: bool, name: &str) -> Result<()> {
        actor.must_keep()?;
        match (parse_date(day.trim()), text::check_line(name, 2, 20)) {
            (Some(day), Ok(name)) => {
                let special = SpecialDay { day, is_working, name };
                again!(self.try_keep_holiday(actor, &special))
            }
            (day, name) => {
                let day = day.is_none().then(|| fault("day", "日期：请填写正确的日期，如 2026-01-31"));
                let name = name.err().map(|sentence| fault("name", format!("名称：{sentence}")));
                Err(Error::Faults(day.into_iter().chain(name).collect()))
            }
        }
    }

    async fn try_keep_holiday(&self, actor: &Actor, special: &SpecialDay) -> Result<()> {
        let day = format_date(special.day);
        let tx = self.db.begin().await?;
        holiday::Entity::delete_by_id(&day).exec_with_returning(&tx).await?;
        let row = holiday::ActiveModel {
            day: Set(day.clone()),
            is_working: Set(special.is_working),
            name: Set(special.name.clone()),
            source: Set(ENTERED.to_owned()),
        };
        row.insert(&tx).await?;
        let detail = json!({ "is_working": special.is_working, "name": special.name });
        self.write(&tx, Some(actor), "holiday.keep", "holiday", &day, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Takes back a day that was entered on the page.
    ///
    /// # Errors
    /// `NotFound` for any other day.
    pub async fn drop_holiday(&self, actor: &Actor, day: &str) -> Result<()> {
        actor.must_keep()?;
        again!(self.try_drop_holiday(actor, day))
    }

    async fn try_drop_holiday(&self, actor: &Actor, day: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        let gone = holiday::Entity::delete_many()
            .filter(holiday::Column::Day.eq(day))
            .filter(holiday::Column::Source.eq(ENTERED))
            .exec_with_returning(&tx)
            .await?;
        if gone.is_empty() {
            return Err(Error::NotFound);
        }
        self.write(&tx, Some(actor), "holiday.drop", "holiday", day, json!({})).await?;
        Ok(tx.commit().await?)
    }

    /// What was submitted before this and is still open is overdue: so many working days allowed
    /// after the day it came in.
    pub(crate) async fn overdue_before(&self, now: OffsetDateTime) -> Result<i64> {
        let calendar = calendar(self.db.read()).await?;
        Ok(begin_of(calendar.in_time_since(shanghai_date(now), self.settings.overdue_days)))
    }
}
