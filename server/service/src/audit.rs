//! The audit log (R65): one line for every write and every look at unmasked personal data, chained
//! by keyed hashes. Lines are only ever added; whoever changes, removes or exchanges one without the
//! key is found by [`Service::verify_audit`]. So is whoever changes, removes or puts in a row of
//! [`row_digest`](crate::row_digest): a line carries the digests of the rows that were written with it.
//!
//! What is not a line: that a session is still alive, a flash and a read mark, and what is typed into a
//! draft after the first save of a sitting.

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;

use crate::actor::{Actor, Role};
use crate::db::{Transaction, millis, next_serial};
use crate::entity::{audit, counter};
use crate::error::Result;
use crate::keyring::{Keyring, same_in_constant_time};
use crate::row_digest::{DIGEST, Digests, GONE, TABLES, Table, short};
use crate::{Service, again};

/// A look at a filing's personal values in full.
pub(crate) const UNMASK: &str = "filing.unmask";
/// The counter that numbers the lines; its row's lock makes writers queue.
const CHAIN: &str = "audit";
const PAGE: u64 = 500;
/// Bad rows that a verdict names; the others are only counted.
const MOST_NAMED: usize = 1_000;
/// The lines by which rows are taken as they are: one that begins, one per page of rows, one that ends.
const BASELINE: &str = "baseline";
const BEGIN: &str = "begin";
const END: &str = "end";
/// Raised with a migration that changes or removes audited rows, or their columns: the next start takes
/// all rows as they are.
const BASELINES: u32 = 1;

/// What a look through the log, and at the rows it tells about, found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Lines looked at.
    pub rows: u64,
    /// The first line that is missing, changed or out of its place.
    pub first_bad: Option<i64>,
    /// Number and hash of the last line. Kept outside of the database, they show later that nobody
    /// has cut the log off and set its counter back.
    pub head: Option<(i64, String)>,
    /// Rows of other tables that were compared with what the lines say of them.
    pub compared: u64,
    /// How many of them are not as the lines say …
    pub bad_rows: u64,
    /// … and the first of these.
    pub named: Vec<BadRow>,
}

/// A row that is not as the log left it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BadRow {
    pub table: String,
    pub key: String,
    pub what: RowFault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowFault {
    /// Its content is not what the last line about it says.
    Changed,
    /// A line tells about it, and it is not there.
    Missing,
    /// It is there, and no line put it there.
    Foreign,
}

impl AuditVerdict {
    pub fn is_whole(&self) -> bool {
        self.first_bad.is_none() && self.bad_rows == 0
    }

    fn blame(&mut self, table: &str, key: String, what: RowFault) {
        self.bad_rows += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push(BadRow { table: table.to_owned(), key, what });
        }
    }
}

/// What the lines tell about, by table: its key, then the columns whose content their digests cover.
pub fn audited_columns() -> Vec<(&'static str, Vec<&'static str>, Vec<&'static str>)> {
    TABLES.iter().map(|table| (table.name, table.key_names(), table.column_names())).collect()
}

/// The last word of the log about a row, and after how many beginnings of a baseline it was said.
#[derive(Debug, Clone, Copy)]
struct Word {
    digest: [u8; DIGEST],
    baseline: u32,
}

/// What the lines read so far say of rows.
#[derive(Default)]
struct Words {
    of: HashMap<[u8; 16], Word>,
    begun: u32,
    /// A baseline came to its end: from then on every row has a line.
    is_complete: bool,
}

impl Words {
    /// Says whether the line could be understood.
    fn take(&mut self, line: &audit::Model) -> bool {
        if line.action == BASELINE && line.object_kind == BEGIN {
            self.begun += 1;
        }
        if let Some(digests) = &line.row_digests {
            let Ok(digests) = serde_json::from_str::<Digests>(digests) else { return false };
            for (table, rows) in &digests {
                for (key, digest) in rows {
                    let digest = match digest {
                        None => Some(GONE),
                        Some(digest) => digest.as_bytes().try_into().ok(),
                    };
                    let Some(digest) = digest else { return false };
                    self.of.insert(short(table, key), Word { digest, baseline: self.begun });
                }
            }
        }
        if line.action == BASELINE && line.object_kind == END {
            // What the baseline did not meet is gone, by a migration.
            let begun = self.begun;
            self.of.retain(|_, word| word.baseline == begun);
            self.is_complete = true;
        }
        true
    }
}

impl Service {
    /// Adds one line in the transaction of what it tells about, with the digests of the rows it wrote
    /// since the last. Call it last: it takes the chain's lock, and nobody else can write a line until
    /// the transaction ends. `detail` holds codes and ids, never personal data.
    pub(crate) async fn write(
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
        Ok(seq)
    }

    /// Chains a line to the one before it; its number was drawn.
    async fn append(&self, on: &Transaction, mut row: audit::Model) -> Result<()> {
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

    /// Number and hash of the last line, to be kept where who can write to the database cannot.
    pub async fn audit_head(&self) -> Result<Option<(i64, String)>> {
        let last = audit::Entity::find().order_by_desc(audit::Column::Seq).one(self.db.read()).await?;
        Ok(last.map(|line| (line.seq, line.hash)))
    }

    /// Takes the rows that no line tells about as they are, once in the life of a database and once
    /// more for each of [`BASELINES`]; says how many. From its end on, a row without a line is a bad one.
    ///
    /// # Errors
    /// When the database fails; begun anew at the next call.
    pub async fn take_baseline(&self) -> Result<u64> {
        let number = BASELINES.to_string();
        let of_baseline = |kind: &str| {
            audit::Entity::find()
                .filter(audit::Column::Action.eq(BASELINE))
                .filter(audit::Column::ObjectKind.eq(kind))
                .filter(audit::Column::ObjectId.eq(&number))
        };
        if of_baseline(END).one(self.db.read()).await?.is_some() {
            return Ok(0);
        }
        again!(self.write_baseline(BEGIN, &number))?;
        let mut taken = 0;
        for table in TABLES.iter() {
            let mut after = Vec::new();
            while let Some((rows, last)) = again!(self.take_page(table, &after, &number))? {
                (taken, after) = (taken + rows, last);
            }
        }
        again!(self.write_baseline(END, &number))?;
        Ok(taken)
    }

    async fn write_baseline(&self, kind: &str, number: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        self.write(&tx, None, BASELINE, kind, number, json!({})).await?;
        Ok(tx.commit().await?)
    }

    /// One page of a baseline: how many rows, and where the next one begins.
    async fn take_page(
        &self,
        table: &Table,
        after: &[sea_orm::Value],
        number: &str,
    ) -> Result<Option<(u64, Vec<sea_orm::Value>)>> {
        let tx = self.db.begin().await?;
        // Drawn first: who has written one of these rows and not yet committed writes a later line.
        let seq = next_serial(&tx, CHAIN).await?;
        let rows = tx.query_all(&table.page(after, PAGE)).await?;
        let Some(last) = rows.last() else {
            tx.rollback().await?;
            return Ok(None);
        };
        let next = table.place(last)?;
        let mut digests = Digests::new();
        let of_table = digests.entry(table.name.to_owned()).or_default();
        for row in &rows {
            let row = table.read(row)?;
            of_table.insert(row.key.clone(), Some(table.digest(&self.keys, &row)));
        }
        let line = audit::Model {
            seq,
            at: millis(self.clock.now()),
            actor_id: None,
            actor_role: role_words(None),
            action: BASELINE.to_owned(),
            object_kind: table.name.to_owned(),
            object_id: number.to_owned(),
            detail: json!({ "rows": rows.len() }).to_string(),
            previous_hash: String::new(),
            hash: String::new(),
            row_digests: Some(serde_json::to_string(&digests)?),
        };
        self.append(&tx, line).await?;
        tx.commit().await?;
        Ok(Some((rows.len() as u64, next)))
    }

    /// Looks through the whole log, and at every row it tells about. Lines added meanwhile do no harm.
    pub async fn verify_audit(&self) -> Result<AuditVerdict> {
        self.verify(None).await
    }

    /// Looks whether the line of this number still has this hash, at the lines after it, and at the rows
    /// they tell about.
    pub async fn verify_audit_since(&self, number: i64, hash: &str) -> Result<AuditVerdict> {
        self.verify(Some((number, hash))).await
    }

    async fn verify(&self, since: Option<(i64, &str)>) -> Result<AuditVerdict> {
        let view = self.db.begin_to_read().await?;
        let counted = counter::Entity::find_by_id(CHAIN).one(&view).await?.map_or(0, |counter| counter.value);
        let mut verdict = AuditVerdict::default();
        let mut words = Words::default();
        let mut expected = since.map_or(1, |(number, _)| number);
        let mut previous_hash = String::new();
        let mut after = since.map_or(i64::MIN, |(number, _)| number.saturating_sub(1));
        loop {
            let page = audit::Entity::find()
                .filter(audit::Column::Seq.gt(after))
                .order_by_asc(audit::Column::Seq)
                .limit(PAGE)
                .all(&view)
                .await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for row in page {
                verdict.rows += 1;
                let follows = match since {
                    Some((number, hash)) if row.seq == number => row.hash == hash,
                    _ => row.previous_hash == previous_hash,
                };
                let is_good = row.seq == expected
                    && follows
                    && same_in_constant_time(hash(&self.keys, &row).as_bytes(), row.hash.as_bytes())
                    && words.take(&row);
                if !is_good {
                    // A line too many before the expected one is bad itself; one after shows a gap.
                    verdict.first_bad = verdict.first_bad.or(Some(row.seq.min(expected)));
                }
                expected = row.seq.saturating_add(1);
                verdict.head = Some((row.seq, row.hash.clone()));
                previous_hash = row.hash;
            }
        }
        // The counter may have been set back with the lines; a line that was seen before may not.
        let is_cut = expected <= counted || since.is_some_and(|(number, _)| expected <= number);
        if verdict.first_bad.is_none() && is_cut {
            verdict.first_bad = Some(expected);
        }
        // Without the lines from the beginning nobody knows what else there should be.
        let knows_all = since.is_none() && words.is_complete;
        self.compare_rows(&view, &mut verdict, words, knows_all, since.map_or(0, |(number, _)| number))
            .await?;
        view.rollback().await?;
        Ok(verdict)
    }

    async fn compare_rows(
        &self,
        view: &Transaction,
        verdict: &mut AuditVerdict,
        mut words: Words,
        knows_all: bool,
        since: i64,
    ) -> Result<()> {
        for table in TABLES.iter() {
            let mut after = Vec::new();
            loop {
                let rows = view.query_all(&table.page(&after, PAGE)).await?;
                let Some(last) = rows.last() else { break };
                after = table.place(last)?;
                for row in &rows {
                    let row = table.read(row)?;
                    let what = match words.of.remove(&short(table.name, &row.key)) {
                        Some(word) if word.digest == GONE => Some(RowFault::Foreign),
                        Some(word) if word.digest == table.digest(&self.keys, &row).as_bytes() => None,
                        Some(_) => Some(RowFault::Changed),
                        None if knows_all => Some(RowFault::Foreign),
                        None => continue,
                    };
                    verdict.compared += 1;
                    if let Some(what) = what {
                        verdict.blame(table.name, row.key, what);
                    }
                }
            }
        }
        words.of.retain(|_, word| word.digest != GONE);
        if !words.of.is_empty() {
            self.name_missing(view, verdict, words.of, since).await?;
        }
        Ok(())
    }

    /// Reads the log once more for the names of rows that are not there.
    async fn name_missing(
        &self,
        view: &Transaction,
        verdict: &mut AuditVerdict,
        mut missing: HashMap<[u8; 16], Word>,
        since: i64,
    ) -> Result<()> {
        let mut after = since.saturating_sub(1);
        while !missing.is_empty() {
            let page = audit::Entity::find()
                .filter(audit::Column::Seq.gt(after))
                .filter(audit::Column::RowDigests.is_not_null())
                .order_by_asc(audit::Column::Seq)
                .limit(PAGE)
                .all(view)
                .await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for line in page {
                let digests = line.row_digests.as_deref().map(serde_json::from_str::<Digests>);
                for (table, rows) in digests.and_then(std::result::Result::ok).unwrap_or_default() {
                    for key in rows.into_keys() {
                        if missing.remove(&short(&table, &key)).is_some() {
                            verdict.compared += 1;
                            verdict.blame(&table, key, RowFault::Missing);
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

fn role_words(actor: Option<&Actor>) -> String {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use serde_json::json;

    use super::*;
    use crate::common::{World, claims};

    claims![
        an_untouched_log_is_whole,
        every_kind_of_tampering_is_found_and_names_the_first_bad_line,
        what_is_rolled_back_leaves_no_gap,
        fifty_writers_at_once_keep_the_chain_whole,
        a_log_longer_than_a_page_is_verified,
        the_log_is_verified_with_its_key_alone,
    ];

    impl Service {
        /// Makes the log one of before there were digests.
        pub(crate) async fn forget_digests(&self) {
            use sea_orm::sea_query::Expr;
            let tx = self.db.begin().await.unwrap();
            let mut previous = String::new();
            for mut row in audit::Entity::find().order_by_asc(audit::Column::Seq).all(&tx).await.unwrap() {
                (row.row_digests, row.previous_hash) = (None, previous);
                row.hash = hash(&self.keys, &row);
                audit::Entity::update_many()
                    .col_expr(audit::Column::RowDigests, Expr::value(None::<String>))
                    .col_expr(audit::Column::PreviousHash, Expr::value(row.previous_hash))
                    .col_expr(audit::Column::Hash, Expr::value(row.hash.clone()))
                    .filter(audit::Column::Seq.eq(row.seq))
                    .exec(&tx)
                    .await
                    .unwrap();
                previous = row.hash;
            }
            tx.commit().await.unwrap();
        }
    }

    async fn add(service: &Service, count: usize) {
        for line in 0..count {
            let tx = service.db.begin().await.unwrap();
            let detail = json!({ "line": line });
            service.write(&tx, None, "test", "nothing", "none", detail).await.unwrap();
            tx.commit().await.unwrap();
        }
    }

    async fn an_untouched_log_is_whole(world: World) {
        assert_eq!(world.service.verify_audit().await.unwrap(), AuditVerdict::default());
        let actor = world.applicant(1).await;
        world.officer("110000").await;
        world.service.sign_out(&actor).await.unwrap();
        let verdict = world.restarted().await.verify_audit().await.unwrap();
        assert!(verdict.is_whole() && verdict.rows >= 5, "{verdict:?}");
        assert_eq!(verdict.head.unwrap().0 as u64, verdict.rows);
    }

    async fn every_kind_of_tampering_is_found_and_names_the_first_bad_line(world: World) {
        add(&world.service, 9).await;
        let whole = world.service.verify_audit().await.unwrap();
        assert_eq!((whole.rows, whole.first_bad), (9, None));
        // What is done, what undoes it, and the line to be named.
        let exchange = "UPDATE audit SET seq = -1 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 7; \
                        UPDATE audit SET seq = 7 WHERE seq = -1";
        let keep = |kept: &str| format!("DELETE FROM audit WHERE seq IN ({kept})");
        let put_back = "INSERT INTO audit SELECT * FROM kept WHERE seq NOT IN (SELECT seq FROM audit)";
        world.execute("CREATE TABLE kept AS SELECT * FROM audit").await;
        let restore = format!("DELETE FROM audit; {put_back}");
        for (spoil, bad) in [
            ("UPDATE audit SET at = at + 1 WHERE seq = 5".to_owned(), 5),
            ("UPDATE audit SET actor_id = '' WHERE seq = 5".to_owned(), 5),
            ("UPDATE audit SET actor_role = 'applicant' WHERE seq = 1".to_owned(), 1),
            ("UPDATE audit SET action = 'tes', object_kind = 'tnothing' WHERE seq = 9".to_owned(), 9),
            ("UPDATE audit SET object_id = 'other' WHERE seq = 2".to_owned(), 2),
            ("UPDATE audit SET detail = '{}' WHERE seq = 4".to_owned(), 4),
            ("UPDATE audit SET previous_hash = '' WHERE seq = 6".to_owned(), 6),
            ("UPDATE audit SET hash = '' WHERE seq = 6".to_owned(), 6),
            ("UPDATE audit SET detail = '{}' WHERE seq IN (8, 4, 6)".to_owned(), 4),
            (exchange.to_owned(), 3),
            (keep("1"), 1),
            (keep("5"), 5),
            (keep("5, 6"), 5),
            // The tail: the counter knows that there were more.
            (keep("9"), 9),
            (keep("8, 9"), 8),
            (keep("1, 2, 3, 4, 5, 6, 7, 8, 9"), 1),
            // Removed, and those after it moved up.
            ("DELETE FROM audit WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 6; \
              UPDATE audit SET seq = 6 WHERE seq = 7; UPDATE audit SET seq = 7 WHERE seq = 8; \
              UPDATE audit SET seq = 8 WHERE seq = 9; UPDATE counter SET value = 8 WHERE name = 'audit'"
                .to_owned(), 5),
            // One line too many, copied from another.
            ("INSERT INTO audit SELECT 0, at, actor_id, actor_role, action, object_kind, object_id, detail, \
              previous_hash, hash, row_digests FROM audit WHERE seq = 1".to_owned(), 0),
            ("INSERT INTO audit SELECT 10, at, actor_id, actor_role, action, object_kind, object_id, detail, \
              previous_hash, hash, row_digests FROM audit WHERE seq = 9".to_owned(), 10),
        ] {
            world.execute(&spoil).await;
            let verdict = world.service.verify_audit().await.unwrap();
            assert_eq!(verdict.first_bad, Some(bad), "{spoil}");
            world.execute(&restore).await;
            world.execute("UPDATE counter SET value = 9 WHERE name = 'audit'").await;
            assert!(world.service.verify_audit().await.unwrap().is_whole());
        }
    }

    async fn what_is_rolled_back_leaves_no_gap(world: World) {
        add(&world.service, 2).await;
        let tx = world.service.db.begin().await.unwrap();
        world.service.write(&tx, None, "test", "nothing", "none", json!({})).await.unwrap();
        tx.rollback().await.unwrap();
        add(&world.service, 2).await;
        let verdict = world.service.verify_audit().await.unwrap();
        assert_eq!((verdict.rows, verdict.first_bad), (4, None));
    }

    async fn fifty_writers_at_once_keep_the_chain_whole(world: World) {
        // Two servers on one database, and verifying goes on all the while.
        let services = [world.service.clone(), world.restarted().await];
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..50 {
            let service = services[writer % 2].clone();
            writers.spawn(async move {
                for _ in 0..4 {
                    let attempt = || async {
                        let tx = service.db.begin().await?;
                        service
                            .write(&tx, None, "test", "nothing", "none", json!({ "writer": writer }))
                            .await?;
                        tx.commit().await?;
                        Ok::<(), crate::Error>(())
                    };
                    crate::again!(attempt()).unwrap();
                }
            });
        }
        while !writers.is_empty() {
            assert!(world.service.verify_audit().await.unwrap().is_whole());
            writers.join_next().await.unwrap().unwrap();
        }
        let verdict = world.service.verify_audit().await.unwrap();
        assert_eq!((verdict.rows, verdict.first_bad), (200, None));
    }

    async fn a_log_longer_than_a_page_is_verified(world: World) {
        let tx = world.service.db.begin().await.unwrap();
        for _ in 0..PAGE + 3 {
            world.service.write(&tx, None, "test", "nothing", "none", json!({})).await.unwrap();
        }
        tx.commit().await.unwrap();
        let verdict = world.service.verify_audit().await.unwrap();
        assert_eq!((verdict.rows, verdict.first_bad), (PAGE + 3, None));
        world.execute(&format!("DELETE FROM audit WHERE seq = {PAGE}")).await;
        assert_eq!(world.service.verify_audit().await.unwrap().first_bad, Some(PAGE as i64));
    }

    async fn the_log_is_verified_with_its_key_alone(world: World) {
        add(&world.service, 3).await;
        let mut stranger = world.service.clone();
        stranger.keys = std::sync::Arc::new(Keyring::generate().unwrap());
        assert_eq!(stranger.verify_audit().await.unwrap().first_bad, Some(1));
    }
}
