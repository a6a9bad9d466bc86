//! One appointment: changing its role or region, and letting it rest for a while (R60). A change takes the old one away
//! and gives the new one in the same transaction, so what somebody was before stays readable. All of it holds from the
//! person's next request on.

use domain::answer::Answers;
use domain::role::StaffRole;
use domain::schema::{Fault, fault};
use domain::value::date::{format_date, parse_date};
use domain::view::{Appointed, KeptForm, PastAppointment};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use time::Duration;

use crate::account::rejected_form::{RejectedForm, RejectedForms};
use crate::account::roles::{
    LAST_ADMINISTRATOR, LOCK, active_administrators_beside, context, is_paused, role_named, roles_held,
};
use crate::base::actor::Actor;
use crate::base::calendar::begin_of;
use crate::base::clock::{shanghai_date, written_date};
use crate::base::context::handle;
use crate::base::db::{Transaction, instant, millis, new_id, next_serial, plausible_id};
use crate::base::entity::{person, staff};
use crate::base::error::{Error, Result};
use crate::base::region;
use crate::base::retry::retry;

handle! {
    /// Changing and pausing an appointment.
    Appointments {
        rejected_forms: RejectedForms,
    }
}

/// Longest pause, in days; who is away for longer is dismissed.
const LONGEST_PAUSE: i64 = 366;

/// Earlier appointments that are shown.
const MOST_PAST: u64 = 50;

impl Appointments {
    /// An appointment that holds, with what the person was before; `check` gives back a form that did not pass.
    pub async fn appointed(&self, actor: &Actor, id: &str, check: &str) -> Result<Appointed> {
        actor.must_administer()?;
        let on = self.context.db.read();
        let row = staff::Entity::find_by_id(plausible_id(id)?).one(on).await?;
        let row = row.filter(|row| row.revoked_at.is_none()).ok_or(Error::NotFound)?;
        let past = staff::Entity::find()
            .filter(staff::Column::IdNoHash.eq(&row.id_no_hash))
            .filter(staff::Column::RevokedAt.is_not_null())
            .order_by_desc(staff::Column::Id)
            .limit(MOST_PAST)
            .all(on)
            .await?;
        let kept = match check {
            "reappoint" | "pause" => self
                .rejected_forms
                .find(on, &slot(actor, check))
                .await?
                .filter(|kept| kept.answers.text("staff") == id),
            _ => None,
        };
        let now = self.context.clock.now();
        Ok(Appointed {
            name: self.context.keys.open_text(&context(&row.id), &row.name_sealed)?,
            role: role_named(&row)?,
            region: row.region.clone(),
            region_name: region::full_name(&row.region).unwrap_or_default(),
            since: written_date(instant(row.created_at)),
            // The last day of the pause.
            paused_until: row
                .paused_until
                .filter(|_| is_paused(&row, now))
                .map(|until| format_date(shanghai_date(instant(until) - Duration::days(1)))),
            past: past
                .iter()
                .map(|row| {
                    Ok(PastAppointment {
                        role: role_named(row)?,
                        region: region::full_name(&row.region).unwrap_or_default(),
                        since: written_date(instant(row.created_at)),
                        until: row.revoked_at.map(|at| written_date(instant(at))).unwrap_or_default(),
                    })
                })
                .collect::<Result<_>>()?,
            kept: kept.map_or_else(KeptForm::default, |kept| KeptForm {
                typed: kept.answers,
                faults: kept.faults,
                is_again: true,
            }),
            id: row.id,
        })
    }

    /// Keeps a form about an appointment that did not pass, or of which the next level of the region is asked for.
    pub async fn keep(
        &self,
        actor: &Actor,
        form: &str,
        typed: &[(&str, &str)],
        faults: &[Fault],
    ) -> Result<()> {
        actor.must_administer()?;
        let mut answers = Answers::new();
        for (at, text) in typed {
            answers.set_text((*at).to_owned(), text.chars().take(100).collect::<String>());
        }
        let kept = RejectedForm { answers, faults: faults.to_vec() };
        retry!(self.try_keep(actor, form, &kept))
    }

    async fn try_keep(&self, actor: &Actor, form: &str, kept: &RejectedForm) -> Result<()> {
        let tx = self.context.db.begin().await?;
        self.rejected_forms.stash(&tx, slot(actor, form), kept).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Gives somebody another role or region in place of what they have.
    ///
    /// # Errors
    /// `Faults` for no role and a region that is none; `Refused` where nothing changes, where the roles do not go
    /// together, and for the last administrator.
    pub async fn reappoint(&self, actor: &Actor, id: &str, role: &str, region: &str) -> Result<()> {
        retry!(self.try_reappoint(actor, id, role, region))
    }

    async fn try_reappoint(&self, actor: &Actor, id: &str, role: &str, region: &str) -> Result<()> {
        actor.must_administer()?;
        let Some(role) = StaffRole::from_code(role) else {
            return Err(Error::Faults(vec![fault("role", "请从列表中选择")]));
        };
        let region = match role {
            StaffRole::Reviewer if region::exists(region) => region,
            StaffRole::Reviewer => return Err(Error::Faults(vec![fault("region", "请选择管辖地区")])),
            StaffRole::Administrator | StaffRole::Keeper | StaffRole::Auditor => "",
        };
        let (tx, row) = self.locked(id).await?;
        let before = role_named(&row)?;
        if before == role && row.region == region {
            return Err(Error::refused("角色和管辖地区没有变化"));
        }
        let mut others = roles_held(&tx, &row.id_no_hash).await?;
        if let Some(own) = others.iter().position(|held| *held == before) {
            others.remove(own);
        }
        if others.contains(&role) {
            return Err(Error::refused("该人员已有此角色"));
        }
        if others.iter().any(|held| !role.goes_with(*held)) {
            return Err(Error::refused("管理员、系统管理员与审计员须由不同人员担任"));
        }
        let now = self.context.clock.now();
        if before == StaffRole::Administrator && active_administrators_beside(&tx, &row.id, now).await? == 0 {
            return Err(Error::refused(LAST_ADMINISTRATOR));
        }
        staff::Entity::update_many()
            .col_expr(staff::Column::RevokedAt, Expr::value(millis(now)))
            .filter(staff::Column::Id.eq(&row.id))
            .exec_with_returning(&tx)
            .await?;
        let anew = new_id(now);
        let name = self.context.keys.open_text(&context(&row.id), &row.name_sealed)?;
        let given = staff::ActiveModel {
            name_sealed: Set(self.context.keys.seal_text(&context(&anew), &name)?),
            id: Set(anew.clone()),
            id_no_hash: Set(row.id_no_hash.clone()),
            role: Set(role.code().to_owned()),
            region: Set(region.to_owned()),
            created_at: Set(millis(now)),
            revoked_at: Set(None),
            paused_until: Set(row.paused_until),
        };
        given.insert(&tx).await?;
        let detail = json!({
            "role": role.code(), "region": region, "role_before": row.role, "region_before": row.region,
        });
        self.context.audit(&tx, Some(actor), "reappoint", "staff", &anew, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Lets a role rest up to and with a day; afterwards it counts again by itself.
    ///
    /// # Errors
    /// `Faults` for what is no day to come or too far away; `Refused` for one's own and for the last administrator.
    pub async fn pause(&self, actor: &Actor, id: &str, until: &str) -> Result<()> {
        retry!(self.try_pause(actor, id, until))
    }

    async fn try_pause(&self, actor: &Actor, id: &str, until: &str) -> Result<()> {
        actor.must_administer()?;
        let now = self.context.clock.now();
        let today = shanghai_date(now);
        let day = parse_date(until.trim())
            .filter(|day| *day >= today && *day - today <= Duration::days(LONGEST_PAUSE));
        let Some(after) = day.and_then(|day| day.next_day()) else {
            return Err(Error::Faults(vec![fault("until", "请选择今天起一年内的日期")]));
        };
        let (tx, row) = self.locked(id).await?;
        let own = person::Entity::find_by_id(&actor.person_id).one(&tx).await?.ok_or(Error::Forbidden)?;
        if own.id_no_hash == row.id_no_hash {
            return Err(Error::refused("不能暂停自己的角色"));
        }
        if role_named(&row)? == StaffRole::Administrator
            && active_administrators_beside(&tx, &row.id, now).await? == 0
        {
            return Err(Error::refused(LAST_ADMINISTRATOR));
        }
        self.set_pause(&tx, &row, Some(begin_of(after))).await?;
        let detail = json!({ "role": row.role, "region": row.region, "until": until.trim() });
        self.context.audit(&tx, Some(actor), "pause_staff", "staff", &row.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends a pause before its day.
    pub async fn resume(&self, actor: &Actor, id: &str) -> Result<()> {
        retry!(self.try_resume(actor, id))
    }

    async fn try_resume(&self, actor: &Actor, id: &str) -> Result<()> {
        actor.must_administer()?;
        let (tx, row) = self.locked(id).await?;
        if !is_paused(&row, self.context.clock.now()) {
            return Err(Error::refused("该人员没有暂停"));
        }
        self.set_pause(&tx, &row, None).await?;
        let detail = json!({ "role": row.role, "region": row.region });
        self.context.audit(&tx, Some(actor), "resume_staff", "staff", &row.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn set_pause(&self, tx: &Transaction, row: &staff::Model, until: Option<i64>) -> Result<()> {
        staff::Entity::update_many()
            .col_expr(staff::Column::PausedUntil, Expr::value(until))
            .filter(staff::Column::Id.eq(&row.id))
            .exec_with_returning(tx)
            .await?;
        Ok(())
    }

    /// An appointment that holds, while nobody else changes roles.
    async fn locked(&self, id: &str) -> Result<(Transaction, staff::Model)> {
        let tx = self.context.db.begin().await?;
        next_serial(&tx, LOCK).await?;
        let row = staff::Entity::find_by_id(plausible_id(id)?)
            .filter(staff::Column::RevokedAt.is_null())
            .one(&tx)
            .await?
            .ok_or(Error::NotFound)?;
        Ok((tx, row))
    }
}

fn slot(actor: &Actor, form: &str) -> String {
    format!("{}/{form}", actor.person_id)
}
