//! Whether these keys are the ones this database was sealed with. Each key that seals here has sealed a
//! known word, beside which stands its keyed hash; a server that cannot open every word, or makes another
//! hash of it, would sign people in, lose everything they stored and write under keys nobody keeps.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DatabaseBackend, EntityTrait, QueryOrder};

use crate::account::Accounts;
use crate::account::fingerprints::id_no_hash;
use crate::base::context::handle;
use crate::base::entity::{key_check, person, staff};
use crate::base::error::Error;
use crate::base::keyring::{Keyring, KeyringError};

handle! {
    /// Whether the keys fit the database.
    KeyChecks {
        accounts: Accounts,
    }
}

const WORD: &str = "filing platform";

const PURPOSE: &str = "key check";

/// Why these keys do not fit this database, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongKeys {
    #[error(
        "The database holds values sealed with key {0}, which is not among these keys. Put the file of keys \
         in place that belongs to this database, with all of its lines; nothing was changed"
    )]
    Missing(u16),
    #[error(
        "Key {0} is not the key {0} that this database was sealed with. Put the file of keys in place that \
         belongs to this database; nothing was changed"
    )]
    Other(u16),
    #[error(
        "The line “hash …” of these keys is not the one that this database was made with: nobody would be \
         found by an id number, and the audit log could not be verified. Put the file of keys in place that \
         belongs to this database; nothing was changed"
    )]
    OtherHash,
    #[error("What is sealed in this database cannot be read: {0}")]
    Unreadable(String),
}

#[derive(Debug, thiserror::Error)]
pub enum KeyCheckError {
    #[error(transparent)]
    Wrong(#[from] WrongKeys),
    #[error("The keys cannot be held against the database: {0}")]
    Failed(#[from] Error),
}

impl From<sea_orm::DbErr> for KeyCheckError {
    fn from(error: sea_orm::DbErr) -> Self {
        KeyCheckError::Failed(error.into())
    }
}

impl KeyChecks {
    /// Holds the keys against the database, and writes nothing.
    ///
    /// # Errors
    /// A sentence for the operator, without its full stop.
    pub async fn check_keys(&self) -> Result<(), KeyCheckError> {
        match self.check_words(self.context.db.read()).await? {
            true => Ok(()),
            false => self.check_people(self.context.db.read()).await.map(|_| ()),
        }
    }

    /// Holds the keys against the database, and leaves the word of the key that seals where it has none
    /// yet. For a server before it writes anything else.
    ///
    /// # Errors
    /// A sentence for the operator, without its full stop.
    pub async fn check_and_mark_keys(&self) -> Result<(), KeyCheckError> {
        let tx = self.context.db.begin().await?;
        if tx.get_database_backend() == DatabaseBackend::Postgres {
            // Of two servers with different keys one must see the other's word; SQLite has one writer.
            tx.execute_unprepared("LOCK TABLE key_check IN SHARE ROW EXCLUSIVE MODE").await?;
        }
        let mut ids = self.context.keys.key_ids();
        // What was sealed before there were words may be sealed with any of the keys.
        if self.check_words(&tx).await? || !self.check_people(&tx).await? {
            ids.truncate(1);
        }
        for id in ids {
            let row = word(&self.context.keys, id).map_err(Error::from)?;
            let unless_there = OnConflict::column(key_check::Column::KeyId).do_nothing().to_owned();
            key_check::Entity::insert(row).on_conflict(unless_there).exec_without_returning(&tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Whether there are words at all; each must open.
    async fn check_words(&self, on: &impl ConnectionTrait) -> Result<bool, KeyCheckError> {
        let rows = key_check::Entity::find().order_by_asc(key_check::Column::KeyId).all(on).await?;
        for row in &rows {
            let id = u16::try_from(row.key_id).unwrap_or_default();
            let said = opened(id, self.context.keys.open_text(&context(id), &row.word_sealed))?;
            if said != WORD {
                return Err(WrongKeys::Other(id).into());
            }
            if self.context.keys.fingerprint(PURPOSE, WORD) != row.word_hash {
                return Err(WrongKeys::OtherHash.into());
            }
        }
        Ok(!rows.is_empty())
    }

    /// For a database older than the words: tries what is known of people. Whether there was anybody.
    async fn check_people(&self, on: &impl ConnectionTrait) -> Result<bool, KeyCheckError> {
        let ends = |order| person::Entity::find().order_by(person::Column::Id, order).one(on);
        let people = [ends(sea_orm::Order::Asc).await?, ends(sea_orm::Order::Desc).await?];
        for person in people.iter().flatten() {
            let claims = match self.accounts.claims(person) {
                Ok(claims) => claims,
                Err(Error::Keyring(error)) => opened(self.first_key(), Err(error))?,
                Err(error) => return Err(error.into()),
            };
            if id_no_hash(&self.context.keys, &claims.id_no) != person.id_no_hash {
                return Err(WrongKeys::OtherHash.into());
            }
        }
        let officer = staff::Entity::find().order_by_desc(staff::Column::Id).one(on).await?;
        if let Some(officer) = &officer {
            opened(
                self.first_key(),
                self.context
                    .keys
                    .open_text(&crate::account::roles::context(&officer.id), &officer.name_sealed),
            )?;
        }
        Ok(officer.is_some() || people.iter().any(Option::is_some))
    }

    fn first_key(&self) -> u16 {
        self.context.keys.key_ids().first().copied().unwrap_or_default()
    }
}

/// What was opened, or which key is wrong. `id` is that of the key that should have opened it.
fn opened<T>(id: u16, outcome: Result<T, KeyringError>) -> Result<T, WrongKeys> {
    outcome.map_err(|error| match error {
        KeyringError::UnknownKey(id) => WrongKeys::Missing(id),
        KeyringError::DoesNotOpen => WrongKeys::Other(id),
        KeyringError::UnknownFormat
        | KeyringError::Keys(_)
        | KeyringError::Line { .. }
        | KeyringError::File(_)
        | KeyringError::NoRandomness => WrongKeys::Unreadable(error.to_string()),
    })
}

fn context(id: u16) -> String {
    format!("key_check/{id}")
}

pub(super) fn word(keys: &Keyring, id: u16) -> Result<key_check::ActiveModel, KeyringError> {
    Ok(key_check::ActiveModel {
        key_id: Set(id.into()),
        word_sealed: Set(keys.seal_text_under(id, &context(id), WORD)?),
        word_hash: Set(keys.fingerprint(PURPOSE, WORD)),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use super::*;
    use crate::Service;
    use crate::common::{World, claims};

    claims![
        a_server_starts_with_its_own_keys_only,
        keys_are_added_in_front_and_none_is_dropped,
        an_older_database_gets_its_words_from_the_right_keys_only,
        two_servers_with_different_keys_do_not_both_begin,
    ];

    const HASH: &str = "hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    const OTHER_HASH: &str = "hash hmac-sha-256 PyEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    const ONE: &str = "key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const OTHER_ONE: &str = "key 1 /wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const TWO: &str = "key 2 gAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    /// The service over the world's database with these keys.
    fn with(world: &World, lines: &[&str]) -> Service {
        world.has_other_keys();
        world.service.with_keys(Keyring::parse(&lines.join("\n")).unwrap())
    }

    fn wrong(outcome: Result<(), KeyCheckError>) -> WrongKeys {
        match outcome {
            Err(KeyCheckError::Wrong(wrong)) => wrong,
            other => panic!("{other:?}"),
        }
    }

    /// Finding 10.
    async fn a_server_starts_with_its_own_keys_only(world: World) {
        let right = with(&world, &[ONE, HASH]);
        right.key_checks.check_keys().await.unwrap();
        assert_eq!(world.number("SELECT COUNT(*) FROM key_check").await, 0, "checking writes nothing");
        right.key_checks.check_and_mark_keys().await.unwrap();
        right.key_checks.check_and_mark_keys().await.unwrap();
        assert_eq!(world.number("SELECT COUNT(*) FROM key_check").await, 1);
        for (lines, expected) in [
            ([TWO, HASH], WrongKeys::Missing(1)),
            ([OTHER_ONE, HASH], WrongKeys::Other(1)),
            ([ONE, OTHER_HASH], WrongKeys::OtherHash),
        ] {
            let service = with(&world, &lines);
            assert_eq!(wrong(service.key_checks.check_keys().await), expected);
            assert_eq!(wrong(service.key_checks.check_and_mark_keys().await), expected);
        }
        assert_eq!(world.number("SELECT COUNT(*) FROM key_check").await, 1, "nor does a refusal");
        right.key_checks.check_keys().await.unwrap();
    }

    async fn keys_are_added_in_front_and_none_is_dropped(world: World) {
        with(&world, &[ONE, HASH]).key_checks.check_and_mark_keys().await.unwrap();
        with(&world, &[TWO, ONE, HASH]).key_checks.check_and_mark_keys().await.unwrap();
        assert_eq!(world.number("SELECT COUNT(*) FROM key_check").await, 2);
        // An older copy of the file, or one in which a line was removed too early.
        assert_eq!(wrong(with(&world, &[ONE, HASH]).key_checks.check_keys().await), WrongKeys::Missing(2));
        assert_eq!(wrong(with(&world, &[TWO, HASH]).key_checks.check_keys().await), WrongKeys::Missing(1));
    }

    async fn an_older_database_gets_its_words_from_the_right_keys_only(world: World) {
        let before = with(&world, &[ONE, HASH]);
        let claims = crate::common::claims_of(1);
        before.accounts.sign_in(&claims, "").await.unwrap();
        for (lines, expected) in [
            ([TWO, HASH], WrongKeys::Missing(1)),
            ([OTHER_ONE, HASH], WrongKeys::Other(1)),
            ([ONE, OTHER_HASH], WrongKeys::OtherHash),
        ] {
            assert_eq!(wrong(with(&world, &lines).key_checks.check_and_mark_keys().await), expected);
        }
        assert_eq!(world.number("SELECT COUNT(*) FROM key_check").await, 0);
        // Rotated before there were words: nobody knows which key sealed what.
        with(&world, &[TWO, ONE, HASH]).key_checks.check_and_mark_keys().await.unwrap();
        assert_eq!(world.number("SELECT COUNT(*) FROM key_check").await, 2);
        assert_eq!(wrong(with(&world, &[TWO, HASH]).key_checks.check_keys().await), WrongKeys::Missing(1));
    }

    async fn two_servers_with_different_keys_do_not_both_begin(world: World) {
        let (one, two) = (with(&world, &[ONE, HASH]), with(&world, &[OTHER_ONE, HASH]));
        let (one, two) =
            tokio::join!(one.key_checks.check_and_mark_keys(), two.key_checks.check_and_mark_keys());
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    }
}
