//! The subject in whose name a person acts (R6).

use std::collections::BTreeMap;

use domain::business::Business;
use domain::facts;
use domain::mask::{Mask, mask};
use domain::record::RecordState;
use domain::view::SubjectChoice;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Select,
};
use serde_json::json;

use crate::account::Accounts;
use crate::base::actor::Actor;
use crate::base::db::plausible_id;
use crate::base::entity::{person, record};
use crate::base::error::{Error, Result};
use crate::base::retry::retry;
use crate::base::sealed_answers::load;

impl Accounts {
    /// 【当前主体】 (R6): all pages speak of this one from now on; outlives the session.
    pub async fn switch_subject(&self, actor: &Actor, id: &str) -> Result<()> {
        retry!(self.try_switch_subject(actor, id))
    }

    async fn try_switch_subject(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let subject = self.owned_subject_on(&tx, actor, id).await?;
        if !is_offered(&subject) {
            return Err(Error::NotFound);
        }
        let row = person::ActiveModel {
            id: Set(actor.person_id.clone()),
            current_subject_id: Set(Some(subject.id.clone())),
            ..Default::default()
        };
        row.update(&tx).await?;
        self.context.audit(&tx, Some(actor), "switch_subject", "record", &subject.id, json!({})).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The subject all pages speak of: the chosen one, or the newest.
    pub(crate) async fn current_subject(&self, actor: &Actor) -> Result<Option<record::Model>> {
        let person = self.own_row(actor).await?;
        let records = self.subjects(actor).await?;
        Ok(chosen(&person, &records).cloned())
    }

    pub(crate) async fn current_subject_on(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
    ) -> Result<Option<record::Model>> {
        if actor.remembered.is_some() {
            return self.current_subject(actor).await;
        }
        let person = person::Entity::find_by_id(&actor.person_id).one(on).await?.ok_or(Error::NotFound)?;
        let records = of_owner(&actor.person_id).filter(has_not_ended()).all(on).await?;
        Ok(chosen(&person, &records).cloned())
    }

    /// A subject of this person, in whatever state; anybody else's does not exist (R74).
    pub(crate) async fn owned_subject_on(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
    ) -> Result<record::Model> {
        record::Entity::find_by_id(plausible_id(id)?)
            .filter(record::Column::Business.eq(Business::Subject.code()))
            .filter(record::Column::OwnerId.eq(&actor.person_id))
            .one(on)
            .await?
            .ok_or(Error::NotFound)
    }

    /// The person's subjects that one can switch to, the newest first.
    pub(crate) async fn subjects(&self, actor: &Actor) -> Result<Vec<record::Model>> {
        let known = self.known_subjects(actor).await?;
        Ok(known
            .into_iter()
            .filter(|subject| !ENDED.iter().any(|state| state.code() == subject.state))
            .collect())
    }

    /// Those, and the ended ones that may bear the person's own name.
    async fn known_subjects(&self, actor: &Actor) -> Result<Vec<record::Model>> {
        let ask = async {
            let own = mask(Mask::Name, &self.claims(&self.own_row(actor).await?)?.name);
            let is_asked = Condition::any().add(has_not_ended()).add(record::Column::Title.eq(own));
            Ok(of_owner(&actor.person_id).filter(is_asked).all(self.context.db.read()).await?)
        };
        actor.once(|remembered| &remembered.subjects, ask).await
    }
}

/// States of subjects that one cannot switch to.
const ENDED: [RecordState; 2] = [RecordState::Void, RecordState::Cancelled];

fn has_not_ended() -> SimpleExpr {
    record::Column::State.is_not_in(ENDED.map(RecordState::code))
}

fn of_owner(person_id: &str) -> Select<record::Entity> {
    record::Entity::find()
        .filter(record::Column::OwnerId.eq(person_id))
        .filter(record::Column::Business.eq(Business::Subject.code()))
        .order_by_desc(record::Column::Id)
}

/// Names of subjects that are the person who looks, by the subject's id: in plain columns they are masked (R70),
/// and one's own name is no secret from oneself.
#[derive(Debug, Default)]
pub(crate) struct OwnNames(BTreeMap<String, String>);

impl OwnNames {
    /// The name of a subject, in full where it is one's own.
    pub(crate) fn of_subject(&self, id: &str, masked: &str) -> String {
        self.0.get(id).cloned().unwrap_or_else(|| masked.to_owned())
    }

    /// As a choice (R6) and as a list of filings show it.
    pub(crate) fn choice(&self, subject: &record::Model) -> Result<SubjectChoice> {
        let choice = subject_choice(subject)?;
        Ok(SubjectChoice { name: self.of_subject(&subject.id, &choice.name), ..choice })
    }
}

impl Accounts {
    pub(crate) async fn own_names(&self, actor: &Actor) -> Result<OwnNames> {
        let own = self.claims(&self.own_row(actor).await?)?.name;
        let masked = mask(Mask::Name, &own);
        let subjects = self.known_subjects(actor).await?;
        let alike = subjects.into_iter().filter(|subject| subject.title == masked);
        let mut names = BTreeMap::new();
        for row in alike {
            // Another's name may have the same mask.
            let context = format!("record/{}", row.id);
            let answers = load(&self.context.keys, &context, &row.answers, &row.answers_sealed)?;
            let facts = facts::of_subject(&answers);
            if !facts.is_unit && facts.name == own {
                names.insert(row.id, own.clone());
            }
        }
        Ok(OwnNames(names))
    }
}

/// Whether a subject stands in the list of R6.
fn is_offered(subject: &record::Model) -> bool {
    match RecordState::from_code(&subject.state) {
        Some(
            RecordState::Pending
            | RecordState::Active
            | RecordState::Changing
            | RecordState::Cancelling
            | RecordState::Transferring,
        ) => true,
        Some(RecordState::Cancelled | RecordState::Void) | None => false,
    }
}

pub(crate) fn chosen<'a>(person: &person::Model, subjects: &'a [record::Model]) -> Option<&'a record::Model> {
    let remembered = person.current_subject_id.as_deref();
    subjects.iter().find(|subject| Some(subject.id.as_str()) == remembered).or_else(|| subjects.first())
}

pub(crate) fn subject_choice(subject: &record::Model) -> Result<SubjectChoice> {
    let state = RecordState::from_code(&subject.state)
        .ok_or_else(|| Error::Corrupt(format!("record {} has no known state", subject.id)))?;
    Ok(SubjectChoice { id: subject.id.clone(), name: subject.title.clone(), state })
}
