//! Sessions: whose they are, how long they last, how they end.

use domain::device::device_name;
use domain::view::SessionRow;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::account::Accounts;
use crate::account::person::{IDLE, SESSION_LIFETIME};
use crate::base::actor::{Actor, Role};
use crate::base::clock::written;
use crate::base::db::{instant, millis, plausible_id};
use crate::base::entity::{person, session, staff};
use crate::base::error::{Error, Result};
use crate::base::keyring::token_hash;
use crate::base::retry::retry;

/// The row is not written more often than this only to say that somebody is still there.
const TOUCH_EVERY: Duration = Duration::minutes(1);

impl Accounts {
    /// Who acts by this token, with the roles that hold at this moment. None where the session never
    /// was, was ended, or has run out.
    pub async fn actor(&self, token: &str) -> Result<Option<Actor>> {
        let now = self.context.clock.now();
        let Some(session) =
            session::Entity::find_by_id(token_hash(token)).one(self.context.db.read()).await?
        else {
            return Ok(None);
        };
        let actor = self.actor_in(&session, now).await?;
        if actor.is_some() && now - instant(session.seen_at) >= TOUCH_EVERY {
            retry!(self.touch(&session, now))?;
        }
        Ok(actor)
    }

    /// The person of an earlier look-up as they are now, for what outlives its request, such as a stream of
    /// events. Keeps no session alive.
    pub async fn actor_again(&self, actor: &Actor) -> Result<Option<Actor>> {
        let session = session::Entity::find()
            .filter(session::Column::PersonId.eq(&actor.person_id))
            .filter(session::Column::Id.eq(&actor.session_id))
            .one(self.context.db.read())
            .await?;
        match session {
            Some(session) => self.actor_in(&session, self.context.clock.now()).await,
            None => Ok(None),
        }
    }

    /// Who acts in a session, while it lives.
    async fn actor_in(&self, session: &session::Model, now: OffsetDateTime) -> Result<Option<Actor>> {
        if !is_live(session, now) {
            return Ok(None);
        }
        let Some(person) = person::Entity::find_by_id(&session.person_id).one(self.context.db.read()).await?
        else {
            return Ok(None);
        };
        if person.suspended_at.is_some() {
            return Ok(None);
        }
        let roles = self.roles(&person.id_no_hash).await?;
        let must_step_up = !roles.is_empty() && !self.is_strong(session);
        let roles = if must_step_up { Vec::new() } else { roles };
        Ok(Some(Actor { person_id: person.id, session_id: session.id.clone(), roles, must_step_up }))
    }

    async fn touch(&self, session: &session::Model, now: OffsetDateTime) -> Result<()> {
        let tx = self.context.db.begin().await?;
        session::Entity::update_many()
            .col_expr(session::Column::SeenAt, Expr::value(millis(now)))
            .filter(session::Column::TokenHash.eq(&session.token_hash))
            .filter(session::Column::SeenAt.lt(millis(now)))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn roles(&self, id_no_hash: &str) -> Result<Vec<Role>> {
        let rows = staff::Entity::find()
            .filter(staff::Column::IdNoHash.eq(id_no_hash))
            .filter(staff::Column::RevokedAt.is_null())
            .order_by_asc(staff::Column::Id)
            .all(self.context.db.read())
            .await?;
        let now = self.context.clock.now();
        let count = rows.into_iter().filter(|row| !crate::account::roles::is_paused(row, now));
        count.map(crate::account::roles::role_of).collect()
    }

    /// 退出登录
    pub async fn sign_out(&self, actor: &Actor) -> Result<()> {
        match retry!(self.try_revoke_session(actor, &actor.session_id)) {
            // Ended already, by another tab.
            Err(Error::NotFound) => Ok(()),
            outcome => outcome,
        }
    }

    /// Ends the session of a token, such as the one a browser had before it signed in again. A token
    /// that names none is no error.
    pub async fn end_session(&self, token: &str) -> Result<()> {
        match self.actor(token).await? {
            Some(actor) => self.sign_out(&actor).await,
            None => Ok(()),
        }
    }

    /// The person's live sessions, the one last used first.
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<SessionRow>> {
        self.sessions_of(&actor.person_id, &actor.session_id).await
    }

    pub(crate) async fn sessions_of(&self, person_id: &str, this: &str) -> Result<Vec<SessionRow>> {
        let now = self.context.clock.now();
        let rows = session::Entity::find()
            .filter(session::Column::PersonId.eq(person_id))
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::SeenAt.gt(millis(now - IDLE)))
            .order_by_desc(session::Column::SeenAt)
            .limit(100)
            .all(self.context.db.read())
            .await?;
        let live = rows.into_iter().filter(|session| is_live(session, now));
        Ok(live
            .map(|session| SessionRow {
                is_this: session.id == this,
                id: session.id,
                device: device_name(&session.device),
                created_at: written(instant(session.created_at)),
                seen_at: written(instant(session.seen_at)),
            })
            .collect())
    }

    /// Ends one of the person's sessions; its token is worth nothing from now on.
    pub async fn revoke_session(&self, actor: &Actor, id: &str) -> Result<()> {
        // Whoever found an open browser does not shut its owner out (ASVS V7.5.2).
        self.must_be_fresh(actor).await?;
        retry!(self.try_revoke_session(actor, id))
    }

    async fn try_revoke_session(&self, actor: &Actor, id: &str) -> Result<()> {
        let id = plausible_id(id)?;
        let tx = self.context.db.begin().await?;
        let ended = session::Entity::update_many()
            .col_expr(session::Column::RevokedAt, Expr::value(millis(self.context.clock.now())))
            .filter(session::Column::Id.eq(id))
            .filter(session::Column::PersonId.eq(&actor.person_id))
            .filter(session::Column::RevokedAt.is_null())
            .exec_with_returning(&tx)
            .await?;
        if ended.is_empty() {
            return Err(Error::NotFound);
        }
        self.context.audit(&tx, Some(actor), "end_session", "session", id, json!({})).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The key that seals in the browser what the person types while it cannot be saved (R77). It is given to
    /// pages of that person alone: the same after signing in again, another one for anybody else.
    pub(crate) fn kept_key(&self, person_id: &str) -> String {
        self.context.keys.fingerprint("kept in the browser", person_id)
    }
}

pub(crate) fn is_live(session: &session::Model, now: OffsetDateTime) -> bool {
    session.revoked_at.is_none()
        && now - instant(session.created_at) < SESSION_LIFETIME
        && now - instant(session.seen_at) < IDLE
}
