//! 搜索 by the name or the id number of an individual (R61, R70): an officer has the person on the phone. What was typed
//! stands in no address: it is kept sealed for the officer, and the address says [`SOUGHT_PERSON`]. That a person was
//! looked for is a line of the audit log, without the name or number.

use domain::answer::Answers;
use domain::value::name::check_person_name;
use domain::value::text::{compact_code, comparison_key, tidy};
use domain::view::SOUGHT_PERSON;
use sea_orm::sea_query::IntoCondition as _;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::Queues;
use super::filter::Search;
use crate::account::rejected_form::RejectedForm;
use crate::base::actor::Actor;
use crate::base::entity::filing;
use crate::base::error::Result;
use crate::base::reference::Reference;
use crate::base::registration;
use crate::base::retry::retry;
use crate::base::text::host_in;
use crate::desk::access::lies_in;
use crate::filing::person_keys::{id_no_hash, name_hash};

/// What may be meant by a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sought {
    Name,
    IdNumber,
}

/// Longest name without a dot between its parts, in characters; what is longer is a unit.
const LONGEST_NAME: usize = 6;

/// Whether a text can be the whole name, or the whole number of an id document, of an individual.
fn sought(text: &str) -> Option<Sought> {
    if Reference::parse(text).is_some() || registration::scan(text).is_some() || host_in(text).is_some() {
        return None;
    }
    let number = compact_code(text);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let is_code = number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_code && ((number.len() == 18 && digits >= 17) || ((8..=12).contains(&number.len()) && digits >= 7))
    {
        return Some(Sought::IdNumber);
    }
    let name = check_person_name(text).ok()?;
    (name.is_ascii() || name.contains('·') || name.chars().count() <= LONGEST_NAME).then_some(Sought::Name)
}

impl Queues {
    /// Begins a search of the queue. True where an individual is looked for: the address then says
    /// [`SOUGHT_PERSON`] in place of what was typed. A name that no filing of the officer's region bears is no
    /// individual's here, and is looked for as any other text.
    pub async fn search_person(&self, actor: &Actor, text: &str) -> Result<bool> {
        retry!(self.try_search_person(actor, text))
    }

    async fn try_search_person(&self, actor: &Actor, text: &str) -> Result<bool> {
        let region = actor.must_review()?;
        let text = tidy(text);
        let text = text.trim();
        let Some(sought) = sought(text) else { return Ok(false) };
        let tx = self.context.db.begin().await?;
        let is_person = match sought {
            // A number is personal whether it is found or not.
            Sought::IdNumber => true,
            Sought::Name => {
                let named = filing::Entity::find()
                    .filter(filing::Column::PersonNameHash.eq(name_hash(&self.context.keys, text)))
                    .filter(lies_in(region));
                named.count(&tx).await? > 0
            }
        };
        if is_person {
            let mut answers = Answers::new();
            answers.set_text("text".to_owned(), text.chars().take(100).collect::<String>());
            let form = RejectedForm { answers, faults: Vec::new() };
            self.rejected_forms.stash(&tx, slot(actor), &form).await?;
        }
        self.context.audit(&tx, Some(actor), "filing.search_person", "queue", "", json!({})).await?;
        tx.commit().await?;
        Ok(is_person)
    }

    /// The individual whom the officer looked for last; nobody any more after half an hour.
    pub(super) async fn sought_person(&self, actor: &Actor) -> Result<Search> {
        let kept = self.rejected_forms.find(self.context.db.read(), &slot(actor)).await?.unwrap_or_default();
        let (text, keys) = (kept.answers.text("text"), &self.context.keys);
        Ok(match sought(text) {
            Some(Sought::IdNumber) => {
                let numbered = filing::Column::PersonIdNoHash.eq(id_no_hash(keys, text));
                Search::Exact(numbered.into_condition())
            }
            // A unit may begin with what is also somebody's name.
            Some(Sought::Name) => {
                Search::Name { hash: name_hash(keys, text), beginning: comparison_key(text) }
            }
            None => Search::Exact(filing::Column::Id.eq("").into_condition()),
        })
    }

    /// Whether the text of an address stands for whom the officer looked for.
    pub(super) fn stands_for_person(text: &str) -> bool {
        text == SOUGHT_PERSON
    }
}

fn slot(actor: &Actor) -> String {
    format!("{}/queue-person", actor.person_id)
}

#[cfg(test)]
mod tests;
