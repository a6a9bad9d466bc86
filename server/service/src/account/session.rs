//! Sessions: whose they are, how long they last, how they end.

use std::sync::Arc;

use domain::device::device_name;
use domain::view::SessionRow;
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QueryResult,
    QuerySelect, QueryTrait, Select,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::account::Accounts;
use crate::account::person::{IDLE, SESSION_LIFETIME};
use crate::account::roles::{is_paused, role_of};
use crate::base::actor::{Actor, Frame, Remembered};
use crate::base::clock::written;
use crate::base::db::{instant, millis, plausible_id};
use crate::base::entity::{notice, person, second_look, session, staff};
use crate::base::error::{Error, Result};
use crate::base::retry::retry;

/// What somebody is looked up for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To read a page or a part of one, of which the frame is asked for along with the person.
    Reading,
    Writing,
    /// To hear of changes, which keeps no session alive.
    Listening,
}

/// The row is not written more often than this only to say that somebody is still there.
const TOUCH_EVERY: Duration = Duration::minutes(1);

impl Accounts {
    /// Who acts by this token, with the roles that hold at this moment. None where the session never
    /// was, was ended, or has run out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn actor(&self, token: &str) -> Result<Option<Actor>> {
        let sessions = session::Entity::find_by_id(self.context.keys.token_hash(token));
        Ok(self.found(sessions, Purpose::Writing).await?.map(|(actor, _)| actor))
    }

    /// The same for a request that only reads: what was read of the person, and is read later, is remembered until the
    /// request ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reader(&self, token: &str) -> Result<Option<Actor>> {
        let found = self
            .found(session::Entity::find_by_id(self.context.keys.token_hash(token)), Purpose::Reading)
            .await?;
        Ok(found.map(|(actor, remembered)| Actor { remembered: Some(Arc::new(remembered)), ..actor }))
    }

    /// The person of an earlier look-up as they are now, for what outlives its request, such as a stream of
    /// events. Keeps no session alive.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn actor_again(&self, actor: &Actor) -> Result<Option<Actor>> {
        let session = session::Entity::find()
            .filter(session::Column::PersonId.eq(&actor.person_id))
            .filter(session::Column::Id.eq(&actor.session_id));
        Ok(self.found(session, Purpose::Listening).await?.map(|(actor, _)| actor))
    }

    /// Counts up whenever a session was ended or a role changed by this program; see [`Self::actor_again`].
    pub fn rights(&self) -> u64 {
        self.context.db.rights()
    }

    /// Session, person and roles in one statement, while the session lives.
    async fn found(
        &self,
        sessions: Select<session::Entity>,
        purpose: Purpose,
    ) -> Result<Option<(Actor, Remembered)>> {
        let mut question = sessions
            .find_also_related(person::Entity)
            .and_also_related(staff::Entity)
            .order_by_asc(staff::Column::Id)
            .into_query();
        if purpose == Purpose::Reading {
            with_frame(&mut question);
        }
        let rows = self.context.db.read().query_all(&question).await?;
        let frame = match (purpose, rows.first()) {
            (Purpose::Reading, Some(row)) => frame_of(row)?,
            (Purpose::Reading | Purpose::Writing | Purpose::Listening, _) => Frame::default(),
        };
        let now = self.context.clock.now();
        let mut roles = Vec::new();
        let mut found = None;
        for row in &rows {
            // So sea-orm calls the columns of the first, the second and the third table.
            let session = session::Model::from_query_result(row, "A_")?;
            let person = person::Model::from_query_result_optional(row, "B_")?;
            let role = staff::Model::from_query_result_optional(row, "C_")?;
            if let Some(role) = role.filter(|role| !is_paused(role, now)) {
                roles.push(role_of(role)?);
            }
            found = found.or(person.map(|person| (session, person)));
        }
        let Some((session, person)) = found else { return Ok(None) };
        if !is_live(&session, now) || person.suspended_at.is_some() {
            return Ok(None);
        }
        if purpose != Purpose::Listening && now - instant(session.seen_at) >= TOUCH_EVERY {
            retry!(self.touch(&session, now))?;
        }
        let must_step_up = !roles.is_empty() && !self.is_strong(&session);
        let actor = Actor {
            person_id: person.id.clone(),
            session_id: session.id,
            roles: if must_step_up { Vec::new() } else { roles },
            must_step_up,
            remembered: None,
        };
        Ok(Some((actor, Remembered::new(person, session.flash, frame))))
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

/// Asks for what the frame of a page shows, along with whose session it is.
fn with_frame(question: &mut SelectStatement) {
    let unread = Query::select()
        .expr(Expr::col(Asterisk).count())
        .from(notice::Entity)
        .and_where(
            Expr::col((notice::Entity, notice::Column::PersonId))
                .equals((session::Entity, session::Column::PersonId)),
        )
        .and_where(Expr::col((notice::Entity, notice::Column::ReadAt)).is_null())
        .to_owned();
    let any = Query::select().column(second_look::Column::Id).from(second_look::Entity).limit(1).to_owned();
    question.expr_as(Expr::SubQuery(None, Box::new(unread.into())), Alias::new("unread"));
    question.expr_as(Expr::exists(any), Alias::new("any_second_look"));
}

fn frame_of(row: &QueryResult) -> Result<Frame> {
    let unread: i64 = row.try_get("", "unread")?;
    Ok(Frame {
        unread: u64::try_from(unread).unwrap_or(0),
        any_second_look: row.try_get("", "any_second_look")?,
    })
}

pub(crate) fn is_live(session: &session::Model, now: OffsetDateTime) -> bool {
    session.revoked_at.is_none()
        && now - instant(session.created_at) < SESSION_LIFETIME
        && now - instant(session.seen_at) < IDLE
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::common::*;

    claims![what_ends_a_right_is_counted_at_once];

    /// Who listens to events trusts what was looked up until this counts up.
    async fn what_ends_a_right_is_counted_at_once(world: World) {
        let administrator = world.administrator().await;
        let officer = world.officer("110101").await;
        let (accounts, staff) = (&world.service.accounts, &world.service.staff);
        let before = accounts.rights();
        accounts.set_flash(&officer, "已保存").await.unwrap();
        accounts.sessions(&officer).await.unwrap();
        world.service.reviews.saw_arrivals(&officer).await.unwrap();
        assert_eq!(accounts.rights(), before, "nobody's right has changed");

        accounts.sign_out(&officer).await.unwrap();
        let left = accounts.rights();
        assert!(left > before && accounts.actor_again(&officer).await.unwrap().is_none());
        let again = world.officer("110101").await;
        let signed_in = accounts.rights();
        let own = staff.staff_list(&administrator).await.unwrap();
        let own = own.iter().find(|row| row.region.contains("东城")).unwrap();
        staff.dismiss(&administrator, &own.id).await.unwrap();
        assert!(accounts.rights() > signed_in);
        assert_ne!(accounts.actor_again(&again).await.unwrap().unwrap(), again);
    }
}
