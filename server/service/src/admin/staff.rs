//! Roles (R60): an administrator gives a person, known by id number, the work of a reviewer of a
//! region, of an administrator, of a keeper or of an auditor, and takes it away. Roles hold at once:
//! every request asks anew. Whoever gives roles, whoever keeps the system and whoever audits are three
//! people (GB/T 22239 level 3).

use std::collections::BTreeMap;

use domain::answer::Answers;
use domain::role::StaffRole;
use domain::schema::{Fault, fault};
use domain::value::{id_number, name};
use domain::view::{Appointment, StaffRow};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::json;

use crate::account::Accounts;
use crate::account::fingerprints::id_no_hash;
use crate::account::rejected_form::{RejectedForm, RejectedForms};
use crate::account::roles::{
    FirstAdministrator, LAST_ADMINISTRATOR, LOCK, active_administrators_beside, context,
    first_administrator_counter, is_paused, role_named, roles_held,
};
use crate::admin::by::By;
use crate::base::actor::Actor;
use crate::base::clock::{shanghai_date, written_date};
use crate::base::context::handle;
use crate::base::db::{instant, millis, next_serial, plausible_id};
use crate::base::entity::{person, staff};
use crate::base::error::{Error, Result};
use crate::base::region;
use crate::base::retry::retry;

handle! {
    /// Giving and taking roles.
    Staff {
        accounts: Accounts,
        rejected_forms: RejectedForms,
    }
}

impl Staff {
    /// How it stands with the first administrator.
    pub async fn first_administrator(&self) -> Result<FirstAdministrator> {
        let administrators = staff::Entity::find()
            .filter(staff::Column::Role.eq(StaffRole::Administrator.code()))
            .filter(staff::Column::RevokedAt.is_null());
        if administrators.count(self.context.db.read()).await? > 0 {
            return Ok(FirstAdministrator::Appointed);
        }
        let Some(named) = &self.context.settings.first_administrator else {
            return Ok(FirstAdministrator::Unnamed);
        };
        let counter = first_administrator_counter(&id_no_hash(&self.context.keys, named));
        let was_appointed =
            crate::base::entity::counter::Entity::find_by_id(counter).one(self.context.db.read()).await?;
        Ok(match was_appointed {
            Some(_) => FirstAdministrator::Dismissed,
            None => FirstAdministrator::Awaited,
        })
    }

    /// Gives a role: `reviewer` (of a region), `administrator`, `keeper` or `auditor`. The person need not have
    /// signed in before.
    pub async fn appoint(
        &self,
        actor: &Actor,
        name: &str,
        id_no: &str,
        role: &str,
        region: &str,
    ) -> Result<()> {
        let typed = [("name", name), ("id_no", id_no), ("role", role), ("region", region)];
        match self.appoint_by(By::Administrator(actor), name, id_no, role, region).await {
            Err(Error::Faults(faults)) => {
                self.hold(actor, &typed, faults.clone()).await?;
                Err(Error::Faults(faults))
            }
            Err(Error::Refused(refused)) => {
                self.hold(actor, &typed, Vec::new()).await?;
                Err(Error::Refused(refused))
            }
            outcome => outcome,
        }
    }

    /// The same without a form to come back to.
    pub(crate) async fn appoint_by(
        &self,
        by: By<'_>,
        name: &str,
        id_no: &str,
        role: &str,
        region: &str,
    ) -> Result<()> {
        retry!(self.try_appoint(by, name, id_no, role, region))
    }

    /// What was typed of an appointment so far, kept for the next page: without scripts the region is chosen level by
    /// level.
    pub async fn keep_appointment(&self, actor: &Actor, typed: &[(&str, &str)]) -> Result<()> {
        actor.must_administer()?;
        self.hold(actor, typed, Vec::new()).await
    }

    /// The same with what is wrong with the region that was typed, which is known before anything else is looked at.
    pub async fn keep_faulty(&self, actor: &Actor, typed: &[(&str, &str)], wrong: Fault) -> Result<()> {
        actor.must_administer()?;
        self.hold(actor, typed, vec![wrong]).await
    }

    /// The names of all regions that somebody can be appointed for.
    pub fn region_names(&self, actor: &Actor) -> Result<&'static [String]> {
        actor.must_administer()?;
        Ok(region::names())
    }

    async fn hold(&self, actor: &Actor, typed: &[(&str, &str)], faults: Vec<Fault>) -> Result<()> {
        let mut answers = Answers::new();
        for (at, text) in typed {
            answers.set_text((*at).to_owned(), text.chars().take(100).collect::<String>());
        }
        let form = RejectedForm { answers, faults };
        retry!(self.try_hold(actor, &form))
    }

    async fn try_hold(&self, actor: &Actor, form: &RejectedForm) -> Result<()> {
        let tx = self.context.db.begin().await?;
        self.rejected_forms.stash(&tx, slot(actor), form).await?;
        tx.commit().await?;
        Ok(())
    }

    /// An appointment as it was typed and did not pass, or an empty one.
    pub async fn appointment(&self, actor: &Actor, check: bool) -> Result<Appointment> {
        actor.must_administer()?;
        let on = self.context.db.read();
        let form = match check {
            true => self.rejected_forms.find(on, &slot(actor)).await?.unwrap_or_default(),
            false => RejectedForm::default(),
        };
        let text = |at| form.answers.text(at).to_owned();
        Ok(Appointment {
            name: text("name"),
            id_no: text("id_no"),
            role: text("role"),
            region: text("region"),
            region_name: text("region_name"),
            faults: form.faults,
        })
    }

    async fn try_appoint(&self, by: By<'_>, name: &str, id_no: &str, role: &str, region: &str) -> Result<()> {
        by.must_administer()?;
        let today = shanghai_date(self.context.clock.now());
        let mut faults = Vec::new();
        let mut checked = |at: &str, verdict: Result<String, &'static str>| {
            verdict.unwrap_or_else(|sentence| {
                faults.push(fault(at, sentence));
                String::new()
            })
        };
        let name = checked("name", name::check_person_name(name));
        let id_no = checked("id_no", id_number::check_person_id("resident_id", id_no, today));
        let role = StaffRole::from_code(role);
        let region = match role {
            Some(StaffRole::Reviewer) if region::exists(region) => region,
            Some(StaffRole::Reviewer) => {
                faults.push(fault("region", "请选择管辖地区"));
                ""
            }
            Some(StaffRole::Administrator | StaffRole::Keeper | StaffRole::Auditor) => "",
            None => {
                faults.push(fault("role", "请从列表中选择"));
                ""
            }
        };
        let Some(role) = role.filter(|_| faults.is_empty()) else { return Err(Error::Faults(faults)) };
        let tx = self.context.db.begin().await?;
        next_serial(&tx, LOCK).await?;
        let roles = roles_held(&tx, &id_no_hash(&self.context.keys, &id_no)).await?;
        if roles.contains(&role) {
            return Err(Error::refused("该人员已有此角色；如需更换管辖地区，请在列表中更改"));
        }
        if roles.iter().any(|held| !role.goes_with(*held)) {
            return Err(Error::refused("管理员、系统管理员与审计员须由不同人员担任"));
        }
        let id =
            self.accounts.insert_staff(&tx, &name, &id_no, role, region, self.context.clock.now()).await?;
        let detail = by.told(json!({ "role": role.code(), "region": region }));
        if let By::Administrator(actor) = by {
            self.rejected_forms.discard(&tx, &slot(actor)).await?;
        }
        self.context.audit(&tx, by.actor(), "appoint", "staff", &id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes a role away, from the person's next request on. What a reviewer has claimed stays
    /// claimed until an administrator takes it over (R62).
    pub async fn dismiss(&self, actor: &Actor, id: &str) -> Result<()> {
        self.dismiss_by(By::Administrator(actor), id).await
    }

    pub(crate) async fn dismiss_by(&self, by: By<'_>, id: &str) -> Result<()> {
        retry!(self.try_dismiss(by, id))
    }

    async fn try_dismiss(&self, by: By<'_>, id: &str) -> Result<()> {
        by.must_administer()?;
        let tx = self.context.db.begin().await?;
        // Two administrators who dismiss each other at once: one comes second and is the last.
        next_serial(&tx, LOCK).await?;
        let row = staff::Entity::find_by_id(plausible_id(id)?)
            .filter(staff::Column::RevokedAt.is_null())
            .one(&tx)
            .await?
            .ok_or(Error::NotFound)?;
        if row.role == StaffRole::Administrator.code() {
            let others = active_administrators_beside(&tx, &row.id, self.context.clock.now()).await?;
            if others == 0 {
                return Err(Error::refused(LAST_ADMINISTRATOR));
            }
        }
        staff::Entity::update_many()
            .col_expr(staff::Column::RevokedAt, Expr::value(millis(self.context.clock.now())))
            .filter(staff::Column::Id.eq(&row.id))
            .exec_with_returning(&tx)
            .await?;
        let detail = by.told(json!({ "role": row.role, "region": row.region }));
        self.context.audit(&tx, by.actor(), "dismiss", "staff", &row.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Who has which role, the earliest first. Their names are shown in full: they are officers, and
    /// administrators appointed them by name.
    pub async fn staff_list(&self, actor: &Actor) -> Result<Vec<StaffRow>> {
        self.list_for(By::Administrator(actor)).await
    }

    pub(crate) async fn list_for(&self, by: By<'_>) -> Result<Vec<StaffRow>> {
        by.must_administer()?;
        let rows = staff::Entity::find()
            .filter(staff::Column::RevokedAt.is_null())
            .order_by_asc(staff::Column::Id)
            .all(self.context.db.read())
            .await?;
        let people = person::Entity::find()
            .filter(person::Column::IdNoHash.is_in(rows.iter().map(|row| row.id_no_hash.as_str())))
            .order_by_asc(person::Column::SeenAt)
            .all(self.context.db.read())
            .await?;
        let accounts: BTreeMap<&str, &person::Model> =
            people.iter().map(|person| (person.id_no_hash.as_str(), person)).collect();
        rows.into_iter()
            .map(|row| {
                let account = accounts.get(row.id_no_hash.as_str());
                let is_paused = is_paused(&row, self.context.clock.now());
                Ok(StaffRow {
                    person: account.map(|person| person.id.clone()),
                    is_suspended: account.is_some_and(|person| person.suspended_at.is_some()),
                    is_paused,
                    name: self.context.keys.open_text(&context(&row.id), &row.name_sealed)?,
                    role: role_named(&row)?,
                    region: region::full_name(&row.region).unwrap_or_default(),
                    since: written_date(instant(row.created_at)),
                    id: row.id,
                })
            })
            .collect()
    }
}

fn slot(actor: &Actor) -> String {
    format!("{}/appoint", actor.person_id)
}
