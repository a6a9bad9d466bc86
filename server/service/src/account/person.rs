//! A person (R1) and what the shell of every page shows of them. What the identity platform says of a
//! person is sealed here and leaves this crate masked (R70).

use std::collections::BTreeMap;
use std::fmt;

use domain::answer::{Answer, Answers};
use domain::mask::{Mask, mask};
use domain::view::Me;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
};
use serde_json::json;
use time::Duration;

use crate::account::Accounts;
use crate::account::fingerprints::context;
use crate::account::subject::chosen;
use crate::base::actor::Actor;
use crate::base::entity::{notice, person, second_look, session};
use crate::base::error::{Error, Result};
use crate::base::region;
use crate::base::retry::retry;

/// A session ends when nothing was asked for so long …
pub const IDLE: Duration = Duration::minutes(30);

/// … and in any case so long after it began.
pub const SESSION_LIFETIME: Duration = Duration::hours(12);

/// Sessions that one person has at once.
pub const MOST_SESSIONS: usize = 10;

/// What the identity platform says of a person. Personal data: `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    /// The platform's lasting name for the person; never shown.
    pub sub: String,
    pub name: String,
    pub mobile: String,
    /// As in the list of id kinds, such as `resident_id`.
    pub id_kind: String,
    pub id_no: String,
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

impl Accounts {
    /// What the shell shows of the person. Takes the flash: it is shown once.
    pub async fn me(&self, actor: &Actor) -> Result<Me> {
        let person = self.own_row(actor).await?;
        let claims = self.claims(&person)?;
        let records = self.subjects(actor).await?;
        let names = self.own_names(actor).await?;
        let current = chosen(&person, &records).map(|subject| names.choice(subject)).transpose()?;
        let subjects = records.iter().map(|subject| names.choice(subject)).collect::<Result<_>>()?;
        Ok(Me {
            // One's own name is no secret from oneself.
            name: claims.name,
            mobile: mask(Mask::Mobile, &claims.mobile),
            subjects,
            current,
            unread: self.unread(actor).await?,
            is_reviewer: actor.reviewer_region().is_some(),
            is_administrator: actor.is_administrator(),
            is_auditor: actor.is_auditor(),
            is_keeper: actor.is_keeper(),
            has_second_looks: self.has_second_looks(actor).await?,
            must_step_up: actor.must_step_up,
            region: actor.reviewer_region().and_then(region::full_name),
            elder: person.elder,
            flash: retry!(self.take_flash(actor))?,
        })
    }

    async fn unread(&self, actor: &Actor) -> Result<u64> {
        if let Some(remembered) = &actor.remembered {
            return Ok(remembered.frame.unread);
        }
        Ok(notice::Entity::find()
            .filter(notice::Column::PersonId.eq(&actor.person_id))
            .filter(notice::Column::ReadAt.is_null())
            .count(self.context.db.read())
            .await?)
    }

    /// Whether 抽查复核 stands in the menu: where decisions are looked at again, or were.
    async fn has_second_looks(&self, actor: &Actor) -> Result<bool> {
        if actor.reviewer_region().is_none() && !actor.is_administrator() {
            return Ok(false);
        }
        if self.context.settings.second_look_percent > 0 {
            return Ok(true);
        }
        if let Some(remembered) = &actor.remembered {
            return Ok(remembered.frame.any_second_look);
        }
        let any = second_look::Entity::find().select_only().column(second_look::Column::Id).limit(1);
        Ok(any.into_tuple::<String>().one(self.context.db.read()).await?.is_some())
    }

    async fn take_flash(&self, actor: &Actor) -> Result<Option<String>> {
        let waiting = match &actor.remembered {
            Some(remembered) => remembered.flash.clone(),
            None => session::Entity::find()
                .filter(session::Column::Id.eq(&actor.session_id))
                .filter(session::Column::Flash.is_not_null())
                .one(self.context.db.read())
                .await?
                .and_then(|session| session.flash),
        };
        let Some(flash) = waiting else { return Ok(None) };
        let tx = self.context.db.begin().await?;
        let taken = session::Entity::update_many()
            .col_expr(session::Column::Flash, Expr::value(None::<String>))
            .filter(session::Column::Id.eq(&actor.session_id))
            .filter(session::Column::Flash.eq(&flash))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok((taken.rows_affected == 1).then_some(flash))
    }

    /// What the identity platform says of the person, at the keys of a form's fields (负责人是我本人).
    pub(crate) async fn known_of(&self, on: &impl ConnectionTrait, actor: &Actor) -> Result<Answers> {
        let person = match &actor.remembered {
            Some(remembered) => remembered.person.clone(),
            None => person::Entity::find_by_id(&actor.person_id).one(on).await?.ok_or(Error::NotFound)?,
        };
        let claims = self.claims(&person)?;
        let told = [
            ("name", claims.name),
            ("id_kind", claims.id_kind),
            ("id_no", claims.id_no),
            ("mobile", claims.mobile),
        ];
        Ok(told.into_iter().map(|(key, text)| (key, Answer::One(text))).collect())
    }

    /// Whether the person wants the 长辈版; the document's head needs it before anything else is known.
    pub async fn is_elder(&self, actor: &Actor) -> Result<bool> {
        Ok(self.own_row(actor).await?.elder)
    }

    /// Leaves a sentence for the next page this session shows.
    pub async fn set_flash(&self, actor: &Actor, sentence: &str) -> Result<()> {
        retry!(self.try_set_flash(actor, sentence))
    }

    async fn try_set_flash(&self, actor: &Actor, sentence: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        session::Entity::update_many()
            .col_expr(session::Column::Flash, Expr::value(sentence))
            .filter(session::Column::Id.eq(&actor.session_id))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// 长辈版 on or off; outlives the session.
    pub async fn set_elder(&self, actor: &Actor, on: bool) -> Result<()> {
        retry!(self.try_set_elder(actor, on))
    }

    async fn try_set_elder(&self, actor: &Actor, on: bool) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let row =
            person::ActiveModel { id: Set(actor.person_id.clone()), elder: Set(on), ..Default::default() };
        row.update(&tx).await?;
        self.context
            .audit(&tx, Some(actor), "set_elder", "person", &actor.person_id, json!({ "on": on }))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn person(&self, id: &str) -> Result<person::Model> {
        person::Entity::find_by_id(id).one(self.context.db.read()).await?.ok_or(Error::NotFound)
    }

    /// The row of the person who acts, for what only reads.
    pub(crate) async fn own_row(&self, actor: &Actor) -> Result<person::Model> {
        if let Some(remembered) = &actor.remembered {
            return Ok(remembered.person.clone());
        }
        self.person(&actor.person_id).await
    }

    /// The names of officers, for other officers: who has claimed a filing (R62).
    pub(crate) async fn staff_names(
        &self,
        on: &impl ConnectionTrait,
        person_ids: &[String],
    ) -> Result<BTreeMap<String, String>> {
        let now = self.context.clock.now();
        let (mut names, unknown) = self.context.names.of(person_ids, now);
        if unknown.is_empty() {
            return Ok(names);
        }
        let people = person::Entity::find().filter(person::Column::Id.is_in(unknown)).all(on).await?;
        for person in people {
            let name = self.claims(&person)?.name;
            self.context.names.keep(&person.id, &name, now);
            names.insert(person.id, name);
        }
        Ok(names)
    }

    /// Opens what the identity platform said of a person. Mask it before it leaves the crate (R70).
    pub(crate) fn claims(&self, person: &person::Model) -> Result<Claims> {
        let open = |field, sealed: &str| self.context.keys.open_text(&context(&person.id, field), sealed);
        Ok(Claims {
            sub: person.sub.clone(),
            name: open("name", &person.name_sealed)?,
            mobile: open("mobile", &person.mobile_sealed)?,
            id_kind: person.id_kind.clone(),
            id_no: open("id_no", &person.id_no_sealed)?,
        })
    }
}
