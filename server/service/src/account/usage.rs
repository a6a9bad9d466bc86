//! How much one person may do in a while (V2.4.1), so that no script and no stolen session does in minutes
//! what takes people months. Counted in the database, so that several servers count together, and in the
//! transaction of what is counted, so that only what happened counts.

use domain::notice::NoticeKind;
use domain::role::StaffRole;
use domain::route;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use time::Duration;

use crate::account::notice::Notices;
use crate::base::actor::Actor;
use crate::base::audit::UNMASK;
use crate::base::context::handle;
use crate::base::db::{Transaction, millis};
use crate::base::entity::{draft, person, staff, usage};
use crate::base::error::{Error, Result};
use crate::base::limits::Use;
use crate::base::retry::retry;

handle! {
    /// Counts what a person does, and refuses what is too much.
    Usage {
        notices: Notices,
    }
}

impl Usage {
    /// Counts one more, or says how long to wait. Gives how many it are in the (last) window.
    pub(crate) async fn count_use(&self, tx: &Transaction, actor: &Actor, what: Use) -> Result<u32> {
        let now = millis(self.context.clock.now());
        let mut used = 0;
        for (name, window, most) in what.windows(&self.context.settings.limits) {
            let length = i64::try_from(window.whole_milliseconds()).unwrap_or(i64::MAX);
            let began_at = now - now.rem_euclid(length);
            let row = usage::ActiveModel {
                person_id: Set(actor.person_id.clone()),
                what: Set(name.to_owned()),
                began_at: Set(began_at),
                used: Set(1),
            };
            let key = [usage::Column::PersonId, usage::Column::What, usage::Column::BeganAt];
            let more = Expr::col((usage::Entity, usage::Column::Used)).add(1);
            let row = usage::Entity::insert(row)
                .on_conflict(OnConflict::columns(key).value(usage::Column::Used, more).to_owned())
                .exec_with_returning(tx)
                .await?;
            used = u32::try_from(row.used).unwrap_or(u32::MAX);
            if used > most {
                let seconds = (began_at + length - now + 999).div_euclid(1000);
                tracing::warn!(person = %actor.person_id, what = name, "a person does too much");
                return Err(Error::TooMany(u64::try_from(seconds).unwrap_or(1)));
            }
        }
        Ok(used)
    }

    /// Refuses one more draft to who has too many.
    pub(crate) async fn bound_drafts(&self, on: &impl ConnectionTrait, actor: &Actor) -> Result<()> {
        let most = self.context.settings.limits.drafts;
        let drafts = draft::Entity::find()
            .filter(draft::Column::PersonId.eq(&actor.person_id))
            .filter(draft::Column::DeletedAt.is_null())
            .count(on)
            .await?;
        if drafts < u64::from(most) {
            return Ok(());
        }
        Err(Error::refused_see(format!("草稿最多保存 {most} 份，请先提交或删除一部分"), route::DRAFTS))
    }

    /// So many event streams one person may have open at one server.
    pub fn most_event_streams(&self) -> u32 {
        self.context.settings.limits.event_streams
    }

    /// A word to each auditor; who it is and what was looked at stands in the audit log.
    pub(crate) async fn tell_auditors_of_many_looks(
        &self,
        tx: &Transaction,
        actor: &Actor,
        looks: u32,
    ) -> Result<()> {
        tracing::warn!(person = %actor.person_id, looks, "an officer looks at much personal data");
        let auditors = staff::Entity::find()
            .filter(staff::Column::Role.eq(StaffRole::Auditor.code()))
            .filter(staff::Column::RevokedAt.is_null())
            .all(tx)
            .await?;
        let hashes: Vec<String> = auditors.into_iter().map(|row| row.id_no_hash).collect();
        let people = person::Entity::find().filter(person::Column::IdNoHash.is_in(hashes)).all(tx).await?;
        let link = format!("{}?action={UNMASK}&person={}", route::AUDIT, actor.person_id);
        for auditor in people {
            let text = format!("一名审核人员在一小时内查看完整个人信息达 {looks} 次，请在审计日志中核查");
            self.notices.notify(tx, &auditor.id, NoticeKind::Desk, text, Some(link.clone())).await?;
        }
        Ok(())
    }

    /// Forgets the counts of windows that are over.
    pub(crate) async fn sweep_usage(&self) -> Result<u64> {
        retry!(self.try_sweep_usage())
    }

    async fn try_sweep_usage(&self) -> Result<u64> {
        let tx = self.context.db.begin().await?;
        let over = millis(self.context.clock.now() - Duration::days(2));
        let gone = usage::Entity::delete_many().filter(usage::Column::BeganAt.lt(over)).exec(&tx).await?;
        tx.commit().await?;
        Ok(gone.rows_affected)
    }
}
