//! The holidays behind the working days of the platform: configuration fills the table, keepers correct it.

use domain::schema::fault;
use domain::value::date::{format_date, parse_date};
use domain::value::text;
use domain::view::HolidayRow;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use crate::base::actor::Actor;
use crate::base::calendar::{CONFIGURED, ENTERED, SpecialDay};
use crate::base::clock::shanghai_date;
use crate::base::context::handle;
use crate::base::entity::holiday;
use crate::base::error::{Error, Result};
use crate::base::retry::retry;

handle! {
    /// The holidays an operator or a keeper entered.
    Holidays {}
}

impl Holidays {
    /// Takes the configured days over; what administrators entered for a day stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_holidays(&self, days: &[SpecialDay]) -> Result<()> {
        retry!(self.try_take_holidays(days))
    }

    async fn try_take_holidays(&self, days: &[SpecialDay]) -> Result<()> {
        let tx = self.context.db.begin().await?;
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
        self.context.audit(&tx, None, "holiday.configure", "holiday", "", detail).await?;
        tx.commit().await?;
        self.context.forget_calendar();
        Ok(())
    }

    /// The days of this year and later that are not as their weekday says.
    pub async fn holiday_list(&self, actor: &Actor) -> Result<Vec<HolidayRow>> {
        actor.must_keep()?;
        let year = shanghai_date(self.context.clock.now()).year();
        let rows = holiday::Entity::find()
            .filter(holiday::Column::Day.gte(format!("{year}-01-01")))
            .order_by_asc(holiday::Column::Day)
            .all(self.context.db.read())
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
                retry!(self.try_keep_holiday(actor, &special))
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
        let tx = self.context.db.begin().await?;
        holiday::Entity::delete_by_id(&day).exec_with_returning(&tx).await?;
        let row = holiday::ActiveModel {
            day: Set(day.clone()),
            is_working: Set(special.is_working),
            name: Set(special.name.clone()),
            source: Set(ENTERED.to_owned()),
        };
        row.insert(&tx).await?;
        let detail = json!({ "is_working": special.is_working, "name": special.name });
        self.context.audit(&tx, Some(actor), "holiday.keep", "holiday", &day, detail).await?;
        tx.commit().await?;
        self.context.forget_calendar();
        Ok(())
    }

    /// Takes back a day that was entered on the page.
    ///
    /// # Errors
    /// `NotFound` for any other day.
    pub async fn drop_holiday(&self, actor: &Actor, day: &str) -> Result<()> {
        actor.must_keep()?;
        retry!(self.try_drop_holiday(actor, day))
    }

    async fn try_drop_holiday(&self, actor: &Actor, day: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let gone = holiday::Entity::delete_many()
            .filter(holiday::Column::Day.eq(day))
            .filter(holiday::Column::Source.eq(ENTERED))
            .exec_with_returning(&tx)
            .await?;
        if gone.is_empty() {
            return Err(Error::NotFound);
        }
        self.context.audit(&tx, Some(actor), "holiday.drop", "holiday", day, json!({})).await?;
        tx.commit().await?;
        self.context.forget_calendar();
        Ok(())
    }
}
