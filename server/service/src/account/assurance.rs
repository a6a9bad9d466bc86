//! How sure the platform is of who acts: roles need the level the operator demands of staff, and what cannot be
//! undone needs a proof that is fresh (ASVS V6.3.3, V6.6.1, V6.8.4, V7.5.2).

use domain::route;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use time::{Duration, OffsetDateTime};

use crate::account::Accounts;
use crate::base::actor::Actor;
use crate::base::db::instant;
use crate::base::entity::session;
use crate::base::error::{Error, Result};

/// Two clocks differ by so much at most.
const SKEW: Duration = Duration::minutes(1);

/// What the identity platform says of how it came to know the person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// When the person last proved themselves.
    pub auth_time: Option<OffsetDateTime>,
    /// By which level of authentication.
    pub acr: Option<String>,
}

impl Accounts {
    /// Whether a session was begun as the operator demands of staff.
    pub(crate) fn is_strong(&self, session: &session::Model) -> bool {
        let demanded = &self.context.settings.assurance;
        let is_level = demanded.staff_acr.is_empty()
            || session.acr.as_ref().is_some_and(|acr| demanded.staff_acr.contains(acr));
        let is_young = demanded.staff_max_age_minutes.is_none_or(|minutes| {
            session.auth_time.is_some_and(|proven| {
                instant(session.created_at) - instant(proven) <= Duration::minutes(minutes) + SKEW
            })
        });
        is_level && is_young
    }

    /// Whether the person has proven themselves as lately as the operator demands of what cannot be undone.
    async fn is_fresh(&self, actor: &Actor) -> Result<bool> {
        let Some(minutes) = self.context.settings.assurance.fresh_minutes else { return Ok(true) };
        let session = session::Entity::find()
            .filter(session::Column::PersonId.eq(&actor.person_id))
            .filter(session::Column::Id.eq(&actor.session_id))
            .one(self.context.db.read())
            .await?;
        let proven = session.and_then(|session| session.auth_time).map(instant);
        let now = self.context.clock.now();
        Ok(proven.is_some_and(|proven| now - proven < Duration::minutes(minutes) && proven - now <= SKEW))
    }

    /// # Errors
    /// `Refused`, with the way to prove oneself anew.
    pub(crate) async fn must_be_fresh(&self, actor: &Actor) -> Result<()> {
        if self.is_fresh(actor).await? {
            return Ok(());
        }
        let minutes = self.context.settings.assurance.fresh_minutes.unwrap_or_default();
        let sentence = format!("办理此事项须在 {minutes} 分钟内通过身份认证，请重新验证身份后再办理。");
        Err(Error::refused_see(sentence, route::LOGIN_ANEW))
    }
}
