//! What a filing can have in common with others, as keyed hashes: no number can be read from them (R70).

use std::collections::BTreeSet;

use domain::action::Action;
use domain::answer::Answers;
use domain::business::Business;
use domain::facts;
use domain::procedure::Procedure;
use domain::relation::RelationKind;
use domain::schema::Kind;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::account::fingerprints::compact;
use crate::base::entity::relation_key;
use crate::base::error::Result;
use crate::base::keyring::Keyring;

/// What is the same, and the keyed hash of it.
pub(crate) type Key = (RelationKind, String);

/// The place that an officer's reason is sealed for.
pub(crate) fn place(id: &str) -> String {
    format!("relation_check/{id}")
}

/// What of these answers others can have, too. A cancellation says nothing of its own.
pub(crate) fn keys_of(keys: &Keyring, procedure: Procedure, answers: &Answers) -> BTreeSet<Key> {
    if procedure.action == Action::Cancel {
        return BTreeSet::new();
    }
    let form = procedure.form();
    let is_person = procedure.business == Business::Subject && !facts::of_subject(answers).is_unit;
    let mut found: Vec<(RelationKind, String)> = Vec::new();
    for place in form.shown(answers) {
        let value = compact(answers.text(&place.address()));
        match place.field.kind {
            Kind::PersonId { .. } => {
                if is_person {
                    found.push((RelationKind::Owner, value.clone()));
                }
                found.push((RelationKind::Person, value));
            }
            Kind::UnitCertificate { .. } => found.push((RelationKind::Certificate, value)),
            Kind::Mobile | Kind::Landline | Kind::AnyPhone => found.push((RelationKind::Phone, value)),
            _ => {}
        }
    }
    if procedure.business != Business::Subject {
        let domains = facts::of_business(procedure.business, answers).domains;
        found.extend(domains.into_iter().map(|domain| (RelationKind::Domain, domain)));
    }
    let hashed = |(kind, value): (RelationKind, String)| (kind, hash(keys, kind, &value));
    found.into_iter().filter(|(_, value)| !value.is_empty()).map(hashed).collect()
}

/// People are the same person whatever they are to the filing.
fn hash(keys: &Keyring, kind: RelationKind, value: &str) -> String {
    let space = match kind {
        RelationKind::Owner | RelationKind::Person => "relation/person",
        RelationKind::Certificate => "relation/certificate",
        RelationKind::Domain => "relation/domain",
        RelationKind::Phone => "relation/phone",
    };
    keys.fingerprint(space, value)
}

/// Keeps what a filing can have in common, in place of what it said before.
pub(crate) async fn keep_keys(
    on: &impl ConnectionTrait,
    filing: &str,
    subject: &str,
    keys: BTreeSet<Key>,
) -> Result<()> {
    relation_key::Entity::delete_many().filter(relation_key::Column::FilingId.eq(filing)).exec(on).await?;
    if keys.is_empty() {
        return Ok(());
    }
    let rows = keys.into_iter().map(|(kind, value_hash)| relation_key::ActiveModel {
        filing_id: Set(filing.to_owned()),
        kind: Set(kind.code().to_owned()),
        value_hash: Set(value_hash),
        subject_id: Set(subject.to_owned()),
    });
    relation_key::Entity::insert_many(rows).exec_without_returning(on).await?;
    Ok(())
}
