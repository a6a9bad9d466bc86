//! The audit log (R65): one line for every write and every look at unmasked personal data, chained
//! by keyed hashes. Lines are only ever added; whoever changes, removes or exchanges one without the
//! key is found by `AuditChain::verify_audit`. So is whoever changes, removes or puts in a row of
//! [`row_digest`](crate::base::row_digest): a line carries the digests of the rows that were written with it.
//!
//! What is not a line: that a session is still alive, a flash and a read mark, and what is typed into a
//! draft after the first save of a sitting.

use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use crate::base::actor::{Actor, Role};
use crate::base::context::Context;
use crate::base::db::{Transaction, millis, next_serial};
use crate::base::entity::{audit, desk_event};
use crate::base::error::Result;
use crate::base::keyring::Keyring;
use crate::base::row_digest::{Digests, TABLES};

/// A look at a filing's personal values in full.
pub(crate) const UNMASK: &str = "filing.unmask";

/// A look at a file.
pub(crate) const LOOK_AT_FILE: &str = "look_at_file";

/// A look of a person at a value of their own.
pub(crate) const REVEAL: &str = "own.reveal";

/// The counter that numbers the lines; its row's lock makes writers queue.
pub(crate) const CHAIN: &str = "audit";

impl Context {
    /// Adds one line in the transaction of what it tells about, with the digests of the rows it wrote
    /// since the last. Call it last: it takes the chain's lock, and nobody else can write a line until
    /// the transaction ends. `detail` holds codes and ids, never personal data.
    pub(crate) async fn audit(
        &self,
        on: &Transaction,
        actor: Option<&Actor>,
        action: &str,
        object_kind: &str,
        object_id: &str,
        detail: serde_json::Value,
    ) -> Result<i64> {
        let mut digests = Digests::new();
        for ((name, key), row) in on.take_written() {
            let table = TABLES.iter().find(|table| table.name == name);
            let digest = table.zip(row).map(|(table, row)| table.digest(&self.keys, &row));
            digests.entry(name.to_owned()).or_default().insert(key, digest);
        }
        let digests = (!digests.is_empty()).then(|| serde_json::to_string(&digests)).transpose()?;
        let seq = next_serial(on, CHAIN).await?;
        let row = audit::Model {
            seq,
            at: millis(self.clock.now()),
            actor_id: actor.map(|actor| actor.person_id.clone()),
            actor_role: role_words(actor),
            action: action.to_owned(),
            object_kind: object_kind.to_owned(),
            object_id: object_id.to_owned(),
            detail: detail.to_string(),
            previous_hash: String::new(),
            hash: String::new(),
            row_digests: digests,
        };
        self.append(on, row).await?;
        self.write_changes(on, seq).await?;
        Ok(seq)
    }

    /// What open desks are to hear of what the line with this number tells about. They are written in the order of the
    /// commits, since the chain's lock is held.
    async fn write_changes(&self, on: &Transaction, number: i64) -> Result<()> {
        let changes = on.take_changes();
        if changes.is_empty() {
            return Ok(());
        }
        let row = desk_event::ActiveModel {
            number: Set(number),
            at: Set(millis(self.clock.now())),
            told: Set(serde_json::to_string(&changes)?),
        };
        desk_event::Entity::insert(row).exec_without_returning(on).await?;
        Ok(on.wake_with_commit().await?)
    }

    /// Chains a line to the one before it; its number was drawn.
    pub(crate) async fn append(&self, on: &Transaction, mut row: audit::Model) -> Result<()> {
        let previous = audit::Entity::find_by_id(row.seq - 1).one(on).await?;
        // A missing line is for `verify_audit` to find, not a reason to stop all work.
        row.previous_hash = previous.map(|line| line.hash).unwrap_or_default();
        row.hash = hash(&self.keys, &row);
        let row = audit::ActiveModel {
            seq: Set(row.seq),
            at: Set(row.at),
            actor_id: Set(row.actor_id),
            actor_role: Set(row.actor_role),
            action: Set(row.action),
            object_kind: Set(row.object_kind),
            object_id: Set(row.object_id),
            detail: Set(row.detail),
            previous_hash: Set(row.previous_hash),
            hash: Set(row.hash),
            row_digests: Set(row.row_digests),
        };
        audit::Entity::insert(row).exec_without_returning(on).await?;
        Ok(())
    }
}

pub(crate) fn role_words(actor: Option<&Actor>) -> String {
    let Some(actor) = actor else { return "system".to_owned() };
    if actor.roles.is_empty() {
        return "applicant".to_owned();
    }
    let words = actor.roles.iter().map(|role| match role {
        Role::Reviewer { region } => format!("{}/{region}", role.of_staff().code()),
        Role::Administrator | Role::Keeper | Role::Auditor => role.of_staff().code().to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Over every column but the hash itself, each with its length, so that no text can pass for two.
pub(crate) fn hash(keys: &Keyring, row: &audit::Model) -> String {
    let (seq, at) = (row.seq.to_string(), row.at.to_string());
    let mut text = String::new();
    for column in [
        Some(seq.as_str()),
        Some(at.as_str()),
        row.actor_id.as_deref(),
        Some(row.actor_role.as_str()),
        Some(row.action.as_str()),
        Some(row.object_kind.as_str()),
        Some(row.object_id.as_str()),
        Some(row.detail.as_str()),
        Some(row.previous_hash.as_str()),
    ]
    .into_iter()
    // Lines of before there were digests are hashed as they were.
    .chain(row.row_digests.as_deref().map(Some))
    {
        match column {
            Some(column) => {
                text.push_str(&column.len().to_string());
                text.push(':');
                text.push_str(column);
            }
            None => text.push('-'),
        }
    }
    keys.fingerprint("audit", &text)
}
