//! Verifying the audit log: the chain of its lines, and the rows they tell of (R65).

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use crate::base::audit::{CHAIN, hash, role_words};
use crate::base::context::handle;
use crate::base::db::{Transaction, millis, next_serial};
use crate::base::entity::{audit, counter};
use crate::base::error::Result;
use crate::base::keyring::same_in_constant_time;
use crate::base::retry::retry;
use crate::base::row_digest::{DIGEST, Digests, GONE, TABLES, Table, short};

handle! {
    /// Verifies the audit log.
    AuditChain {}
}

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

impl AuditChain {
    /// Number and hash of the last line, to be kept where who can write to the database cannot.
    pub async fn audit_head(&self) -> Result<Option<(i64, String)>> {
        let last =
            audit::Entity::find().order_by_desc(audit::Column::Seq).one(self.context.db.read()).await?;
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
        if of_baseline(END).one(self.context.db.read()).await?.is_some() {
            return Ok(0);
        }
        retry!(self.write_baseline(BEGIN, &number))?;
        let mut taken = 0;
        for table in TABLES.iter() {
            let mut after = Vec::new();
            while let Some((rows, last)) = retry!(self.take_page(table, &after, &number))? {
                (taken, after) = (taken + rows, last);
            }
        }
        retry!(self.write_baseline(END, &number))?;
        Ok(taken)
    }

    async fn write_baseline(&self, kind: &str, number: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        self.context.audit(&tx, None, BASELINE, kind, number, json!({})).await?;
        Ok(tx.commit().await?)
    }

    /// One page of a baseline: how many rows, and where the next one begins.
    async fn take_page(
        &self,
        table: &Table,
        after: &[sea_orm::Value],
        number: &str,
    ) -> Result<Option<(u64, Vec<sea_orm::Value>)>> {
        let tx = self.context.db.begin().await?;
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
            of_table.insert(row.key.clone(), Some(table.digest(&self.context.keys, &row)));
        }
        let line = audit::Model {
            seq,
            at: millis(self.context.clock.now()),
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
        self.context.append(&tx, line).await?;
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
        let view = self.context.db.begin_to_read().await?;
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
                    && same_in_constant_time(hash(&self.context.keys, &row).as_bytes(), row.hash.as_bytes())
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
                        Some(word) if word.digest == table.digest(&self.context.keys, &row).as_bytes() => {
                            None
                        }
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

/// What the lines tell about, by table: its key, then the columns whose content their digests cover.
pub fn audited_columns() -> Vec<(&'static str, Vec<&'static str>, Vec<&'static str>)> {
    TABLES.iter().map(|table| (table.name, table.key_names(), table.column_names())).collect()
}

#[cfg(test)]
mod tests;
