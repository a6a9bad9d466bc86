//! Who is suspended does not come in.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::account::Accounts;
use crate::base::entity::{person, session};
use crate::base::error::{Error, Result};

/// What whoever is suspended is told.
pub const SUSPENDED: &str =
    "您的账户已停用，不能登录和办理业务。如有疑问，请联系平台管理员或当地公安机关网安部门。";

impl Accounts {
    /// Whether the session of this token ended with its person's suspension, who is to be told so.
    pub async fn is_suspended(&self, token: &str) -> Result<bool> {
        let on = self.context.db.read();
        let hash = self.context.keys.token_hash(token);
        let Some(session) = session::Entity::find_by_id(hash).one(on).await? else { return Ok(false) };
        let person = person::Entity::find_by_id(&session.person_id).one(on).await?;
        Ok(person.is_some_and(|person| person.suspended_at.is_some()))
    }

    /// Refuses whoever signs in with a suspended id number.
    pub(crate) async fn must_not_be_suspended(
        &self,
        on: &impl ConnectionTrait,
        id_no_hash: &str,
    ) -> Result<()> {
        let suspended = person::Entity::find()
            .filter(person::Column::IdNoHash.eq(id_no_hash))
            .filter(person::Column::SuspendedAt.is_not_null())
            .count(on)
            .await?;
        if suspended == 0 { Ok(()) } else { Err(Error::refused(SUSPENDED)) }
    }
}

pub(crate) fn suspension(person_id: &str) -> String {
    format!("person/{person_id}/suspension")
}
