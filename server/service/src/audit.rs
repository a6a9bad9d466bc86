//! The audit log (R65): one line for every write and every look at unmasked personal data, chained
//! by keyed hashes. Lines are only ever added; whoever changes, removes or exchanges one without the
//! key is found by [`Service::verify_audit`].
//!
//! What is not a line: that a session is still alive, a flash and a read mark.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::Service;
use crate::actor::{Actor, Role};
use crate::db::{millis, next_serial};
use crate::entity::{audit, counter};
use crate::error::Result;
use crate::keyring::{Keyring, same_in_constant_time};

/// The counter that numbers the lines; its row's lock makes writers queue.
const CHAIN: &str = "audit";
const PAGE: u64 = 500;

/// What a look through the whole log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Lines looked at.
    pub rows: u64,
    /// The first line that is missing, changed or out of its place.
    pub first_bad: Option<i64>,
    /// Number and hash of the last line. Kept outside of the database, they show later that nobody
    /// has cut the log off and set its counter back.
    pub head: Option<(i64, String)>,
}

impl AuditVerdict {
    pub fn is_whole(&self) -> bool {
        self.first_bad.is_none()
    }
}

impl Service {
    /// Adds one line in the transaction of what it tells about. Call it last: it takes the chain's
    /// lock, and nobody else can write a line until the transaction ends. `detail` holds codes and
    /// ids, never personal data.
    pub(crate) async fn write(
        &self,
        on: &DatabaseTransaction,
        actor: Option<&Actor>,
        action: &str,
        object_kind: &str,
        object_id: &str,
        detail: serde_json::Value,
    ) -> Result<()> {
        let seq = next_serial(on, CHAIN).await?;
        let previous = audit::Entity::find_by_id(seq - 1).one(on).await?;
        let mut row = audit::Model {
            seq,
            at: millis(self.clock.now()),
            actor_id: actor.map(|actor| actor.person_id.clone()),
            actor_role: role_words(actor),
            action: action.to_owned(),
            object_kind: object_kind.to_owned(),
            object_id: object_id.to_owned(),
            detail: detail.to_string(),
            // A missing line is for `verify_audit` to find, not a reason to stop all work.
            previous_hash: previous.map(|line| line.hash).unwrap_or_default(),
            hash: String::new(),
        };
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
        };
        row.insert(on).await?;
        Ok(())
    }

    /// Looks through the whole log. Lines added meanwhile do no harm.
    pub async fn verify_audit(&self) -> Result<AuditVerdict> {
        // Asked first: every line up to here must be found.
        let counted =
            counter::Entity::find_by_id(CHAIN).one(self.db.read()).await?.map_or(0, |counter| counter.value);
        let mut verdict = AuditVerdict { rows: 0, first_bad: None, head: None };
        let mut expected = 1;
        let mut previous_hash = String::new();
        let mut after = i64::MIN;
        loop {
            let page = audit::Entity::find()
                .filter(audit::Column::Seq.gt(after))
                .order_by_asc(audit::Column::Seq)
                .limit(PAGE)
                .all(self.db.read())
                .await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for row in page {
                verdict.rows += 1;
                let is_good = row.seq == expected
                    && row.previous_hash == previous_hash
                    && same_in_constant_time(hash(&self.keys, &row).as_bytes(), row.hash.as_bytes());
                if !is_good {
                    // A line too many before the expected one is bad itself; one after shows a gap.
                    verdict.first_bad = verdict.first_bad.or(Some(row.seq.min(expected)));
                }
                expected = row.seq + 1;
                verdict.head = Some((row.seq, row.hash.clone()));
                previous_hash = row.hash;
            }
        }
        if verdict.first_bad.is_none() && expected <= counted {
            verdict.first_bad = Some(expected);
        }
        Ok(verdict)
    }
}

fn role_words(actor: Option<&Actor>) -> String {
    let Some(actor) = actor else { return "system".to_owned() };
    if actor.roles.is_empty() {
        return "applicant".to_owned();
    }
    let words = actor.roles.iter().map(|role| match role {
        Role::Reviewer { region } => format!("reviewer/{region}"),
        Role::Administrator => "administrator".to_owned(),
        Role::Auditor => "auditor".to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Over every column but the hash itself, each with its length, so that no text can pass for two.
fn hash(keys: &Keyring, row: &audit::Model) -> String {
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
    ] {
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
