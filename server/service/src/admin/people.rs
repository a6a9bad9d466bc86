//! What an administrator can do about a person's account: suspend it, give it back, end its sessions (ASVS V7.4).
//! A person is found by id number and shown masked. Whoever is suspended cannot sign in, under whatever name the
//! identity platform knows the number; what such an officer has claimed lapses like any other claim (R62).

use domain::mask::{Mask, mask};
use domain::notice::NoticeKind;
use domain::role::StaffRole;
use domain::schema::fault;
use domain::view::{AccountView, SuspendedRow, Suspension};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;

use crate::account::Accounts;
use crate::account::fingerprints::id_no_hash;
use crate::account::notice::Notices;
use crate::account::roles::{LAST_ADMINISTRATOR, LOCK, active_administrators_beside, is_paused, role_named};
use crate::account::suspension::suspension;
use crate::admin::by::By;
use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::{Transaction, instant, millis, next_serial, plausible_id};
use crate::base::entity::{person, session, staff};
use crate::base::error::{Error, Result};
use crate::base::region;
use crate::base::retry::retry;

handle! {
    /// The account of a person, for administrators.
    People {
        accounts: Accounts,
        notices: Notices,
    }
}

const LONGEST_REASON: usize = 200;

/// Suspended accounts that are listed.
const MOST_LISTED: u64 = 200;

impl People {
    /// The id of whoever signed in with this id number.
    ///
    /// # Errors
    /// `Refused` where nobody did.
    pub async fn find_person(&self, actor: &Actor, id_no: &str) -> Result<String> {
        retry!(self.try_find_person(actor, id_no))
    }

    async fn try_find_person(&self, actor: &Actor, id_no: &str) -> Result<String> {
        actor.must_administer()?;
        let found = self.named(id_no).await?;
        let tx = self.context.db.begin().await?;
        self.context.audit(&tx, Some(actor), "person.find", "person", &found.id, json!({})).await?;
        tx.commit().await?;
        Ok(found.id)
    }

    /// Whoever signed in last with this id number.
    async fn named(&self, id_no: &str) -> Result<person::Model> {
        if id_no.trim().is_empty() {
            return Err(Error::Faults(vec![fault("id_no", "请填写身份证号码")]));
        }
        person::Entity::find()
            .filter(person::Column::IdNoHash.eq(id_no_hash(&self.context.keys, id_no)))
            .order_by_desc(person::Column::SeenAt)
            .one(self.context.db.read())
            .await?
            .ok_or_else(|| Error::refused("没有人以这个证件号码登录过平台，请核对后重新查找"))
    }

    /// Suspends the account of this id number from the command line.
    ///
    /// # Errors
    /// `Refused` where nobody signed in with it, for one that is suspended, and for the last administrator.
    pub(crate) async fn suspend_named(&self, id_no: &str, reason: &str) -> Result<()> {
        let id = self.named(id_no).await?.id;
        retry!(self.try_suspend(By::Operator, &id, reason))
    }

    /// Gives the account of this id number back.
    ///
    /// # Errors
    /// `Refused` where nobody signed in with it, and for one that is not suspended.
    pub(crate) async fn reinstate_named(&self, id_no: &str, reason: &str) -> Result<()> {
        let id = self.named(id_no).await?.id;
        retry!(self.try_reinstate(By::Operator, &id, reason))
    }

    /// A person's account with its sessions, masked.
    pub async fn account(&self, actor: &Actor, id: &str) -> Result<AccountView> {
        actor.must_administer()?;
        let on = self.context.db.read();
        let person = person::Entity::find_by_id(plausible_id(id)?).one(on).await?.ok_or(Error::NotFound)?;
        let claims = self.accounts.claims(&person)?;
        let roles = staff::Entity::find()
            .filter(staff::Column::IdNoHash.eq(&person.id_no_hash))
            .filter(staff::Column::RevokedAt.is_null())
            .order_by_asc(staff::Column::Id)
            .all(on)
            .await?;
        Ok(AccountView {
            name: mask(Mask::Name, &claims.name),
            mobile: mask(Mask::Mobile, &claims.mobile),
            id_no: mask(Mask::IdNumber, &claims.id_no),
            roles: roles
                .iter()
                .map(|row| Ok((role_named(row)?, region::full_name(&row.region).unwrap_or_default())))
                .collect::<Result<_>>()?,
            created_at: written(instant(person.created_at)),
            seen_at: written(instant(person.seen_at)),
            suspended: self.suspension_of(&person)?,
            is_own: self.accounts.own_row(actor).await?.id_no_hash == person.id_no_hash,
            sessions: self.accounts.sessions_of(&person.id, &actor.session_id).await?,
            id: person.id,
        })
    }

    fn suspension_of(&self, person: &person::Model) -> Result<Option<Suspension>> {
        let Some(since) = person.suspended_at else { return Ok(None) };
        let reason = match &person.suspension_sealed {
            Some(sealed) => self.context.keys.open_text(&suspension(&person.id), sealed)?,
            None => String::new(),
        };
        Ok(Some(Suspension { since: written(instant(since)), reason }))
    }

    /// Suspended accounts, the latest first.
    pub async fn suspended(&self, actor: &Actor) -> Result<Vec<SuspendedRow>> {
        actor.must_administer()?;
        let people = person::Entity::find()
            .filter(person::Column::SuspendedAt.is_not_null())
            .order_by_desc(person::Column::SuspendedAt)
            .limit(MOST_LISTED)
            .all(self.context.db.read())
            .await?;
        let rows = people.into_iter().map(|person| {
            let Suspension { since, reason } = self
                .suspension_of(&person)?
                .unwrap_or_else(|| Suspension { since: String::new(), reason: String::new() });
            let name = mask(Mask::Name, &self.accounts.claims(&person)?.name);
            Ok(SuspendedRow { id: person.id, name, since, reason })
        });
        rows.collect()
    }

    /// Begins what is done to somebody's account: the administrator still is one, and it is somebody else's. Gives
    /// every row of that id number.
    async fn somebody_elses(
        &self,
        by: By<'_>,
        id: &str,
        own: &'static str,
    ) -> Result<(Transaction, Vec<person::Model>)> {
        by.must_administer()?;
        let tx = self.context.db.begin().await?;
        // Administrators who suspend each other at once: one comes second and is none any more, so one stays.
        next_serial(&tx, LOCK).await?;
        let now = self.context.clock.now();
        let meant = person::Entity::find_by_id(plausible_id(id)?).one(&tx).await?;
        if let By::Administrator(actor) = by {
            let by = person::Entity::find_by_id(&actor.person_id).one(&tx).await?.ok_or(Error::Forbidden)?;
            let administers = administrations(&tx, &by.id_no_hash).await?;
            if by.suspended_at.is_some() || administers.iter().all(|row| is_paused(row, now)) {
                return Err(Error::Forbidden);
            }
            if meant.as_ref().is_some_and(|meant| meant.id_no_hash == by.id_no_hash) {
                return Err(Error::refused(own));
            }
        }
        let meant = meant.ok_or(Error::NotFound)?;
        let mut all = person::Entity::find()
            .filter(person::Column::IdNoHash.eq(&meant.id_no_hash))
            .order_by_asc(person::Column::Id)
            .all(&tx)
            .await?;
        // The one that was asked for stands in the log.
        all.sort_by_key(|person| person.id != meant.id);
        Ok((tx, all))
    }

    /// Suspends an account: nobody signs in to it any more, and its sessions end at once.
    ///
    /// # Errors
    /// `Refused` for one's own, so that an administrator always remains, and for one that is suspended.
    pub async fn suspend(&self, actor: &Actor, id: &str, reason: &str) -> Result<()> {
        retry!(self.try_suspend(By::Administrator(actor), id, reason))
    }

    async fn try_suspend(&self, by: By<'_>, id: &str, reason: &str) -> Result<()> {
        let (tx, people) = self.somebody_elses(by, id, "不能停用自己的账户").await?;
        let reason = reason_in(reason)?;
        if people.iter().any(|person| person.suspended_at.is_some()) {
            return Err(Error::refused("该账户已停用"));
        }
        // An administrator does not suspend themselves and so remains; the command line has nobody who would.
        if let (By::Operator, Some(person)) = (by, people.first()) {
            let now = self.context.clock.now();
            for row in administrations(&tx, &person.id_no_hash).await? {
                if active_administrators_beside(&tx, &row.id, now).await? == 0 {
                    return Err(Error::refused(LAST_ADMINISTRATOR));
                }
            }
        }
        let now = millis(self.context.clock.now());
        for person in &people {
            let mut row = person.clone().into_active_model();
            row.suspended_at = Set(Some(now));
            row.suspension_sealed = Set(Some(self.context.keys.seal_text(&suspension(&person.id), reason)?));
            row.update(&tx).await?;
        }
        let ended = self.end_all(&tx, &people).await?;
        let detail = by.told(json!({ "reason": reason, "sessions": ended }));
        self.context.audit(&tx, by.actor(), "suspend", "person", id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Gives a suspended account back.
    pub async fn reinstate(&self, actor: &Actor, id: &str, reason: &str) -> Result<()> {
        retry!(self.try_reinstate(By::Administrator(actor), id, reason))
    }

    async fn try_reinstate(&self, by: By<'_>, id: &str, reason: &str) -> Result<()> {
        let (tx, people) = self.somebody_elses(by, id, "不能恢复自己的账户").await?;
        let reason = reason_in(reason)?;
        if people.iter().all(|person| person.suspended_at.is_none()) {
            return Err(Error::refused("该账户没有停用"));
        }
        for person in people {
            let mut row = person.into_active_model();
            row.suspended_at = Set(None);
            row.suspension_sealed = Set(None);
            row.update(&tx).await?;
        }
        self.notices.notify(&tx, id, NoticeKind::Account, "您的账户已恢复使用".to_owned(), None).await?;
        let detail = by.told(json!({ "reason": reason }));
        self.context.audit(&tx, by.actor(), "reinstate", "person", id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends all of somebody's sessions. The account stays as it is.
    pub async fn end_sessions_of(&self, actor: &Actor, id: &str, reason: &str) -> Result<()> {
        retry!(self.try_end_sessions_of(actor, id, reason))
    }

    async fn try_end_sessions_of(&self, actor: &Actor, id: &str, reason: &str) -> Result<()> {
        let own = "请在“登录会话”页面退出自己的其他会话";
        let (tx, people) = self.somebody_elses(By::Administrator(actor), id, own).await?;
        let reason = reason_in(reason)?;
        let ended = self.end_all(&tx, &people).await?;
        if ended == 0 {
            return Err(Error::refused("该人员目前没有登录"));
        }
        self.notices
            .notify(&tx, id, NoticeKind::Account, "管理员结束了您的全部登录，请重新登录".to_owned(), None)
            .await?;
        let detail = json!({ "reason": reason, "sessions": ended });
        self.context.audit(&tx, Some(actor), "end_sessions", "person", id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn end_all(&self, on: &Transaction, people: &[person::Model]) -> Result<u64> {
        let ended = session::Entity::update_many()
            .col_expr(session::Column::RevokedAt, Expr::value(millis(self.context.clock.now())))
            .filter(session::Column::PersonId.is_in(people.iter().map(|person| person.id.as_str())))
            .filter(session::Column::RevokedAt.is_null())
            .exec_with_returning(on)
            .await?;
        Ok(ended.len() as u64)
    }
}

/// The appointments as administrator that hold for an id number.
async fn administrations(on: &Transaction, id_no_hash: &str) -> Result<Vec<staff::Model>> {
    Ok(staff::Entity::find()
        .filter(staff::Column::IdNoHash.eq(id_no_hash))
        .filter(staff::Column::Role.eq(StaffRole::Administrator.code()))
        .filter(staff::Column::RevokedAt.is_null())
        .all(on)
        .await?)
}

fn reason_in(text: &str) -> Result<&str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_REASON {
        return Err(Error::Faults(vec![fault("reason", format!("请填写理由，不超过 {LONGEST_REASON} 字"))]));
    }
    Ok(text)
}
