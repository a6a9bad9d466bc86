//! What the audit log remembers of the rows themselves (R65): a line carries a keyed digest of every
//! row that was written with it, so that `AuditChain::verify_audit` finds
//! what a hand in the database changed, removed or put in.
//!
//! A transaction notes by itself what became of the rows of these tables; see [`crate::db`]. Whoever
//! adds a table decides here whether it is one of them; a column is covered unless its entity says
//! otherwise.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use sea_orm::sea_query::{Alias, ColumnType, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, DbErr, IdenStatic, Iterable, PrimaryKeyToColumn, QueryResult, Value};
use sha2::{Digest, Sha256};

use crate::base::entity::{
    Audited, badge_check, filing, filing_event, filing_message, filing_round, handover, holiday, live_domain,
    mail_address, misuse_report, patrol_finding, person, provider, reason, record, relation_check,
    second_look, session, staff, upload,
};
use crate::base::keyring::Keyring;

/// Characters of a digest: 132 bits.
pub(crate) const DIGEST: usize = 22;

/// What stands in a line instead of the digest of a row that is no more.
pub(crate) const GONE: [u8; DIGEST] = [b'-'; DIGEST];

/// Rows by table and key; none for those that are gone.
pub(crate) type Digests = BTreeMap<String, BTreeMap<String, Option<String>>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    BigInteger,
    Boolean,
}

/// How the rows of a table are read, whichever statement brings them.
#[derive(Debug)]
pub(crate) struct Table {
    pub name: &'static str,
    key: Vec<(&'static str, Kind)>,
    /// What the digest covers, by name, so that the order of an entity's fields does not matter.
    columns: Vec<(&'static str, Kind)>,
}

/// A row as its digest sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub key: String,
    text: String,
}

pub(crate) static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    vec![
        table(badge_check::Entity),
        table(filing::Entity),
        table(filing_event::Entity),
        table(filing_message::Entity),
        table(filing_round::Entity),
        table(handover::Entity),
        table(holiday::Entity),
        table(live_domain::Entity),
        table(mail_address::Entity),
        table(misuse_report::Entity),
        table(patrol_finding::Entity),
        table(person::Entity),
        table(provider::Entity),
        table(reason::Entity),
        table(record::Entity),
        table(relation_check::Entity),
        table(second_look::Entity),
        table(session::Entity),
        table(staff::Entity),
        table(upload::Entity),
    ]
});

fn table<E: Audited>(entity: E) -> Table {
    let kind = |column: &E::Column| match column.def().get_column_type() {
        ColumnType::Integer => Kind::Integer,
        ColumnType::BigInteger => Kind::BigInteger,
        ColumnType::Boolean => Kind::Boolean,
        _ => Kind::Text,
    };
    let named = |column: E::Column| (column.as_str(), kind(&column));
    let is_unaudited = |name: &str| E::UNAUDITED.iter().any(|column| column.as_str() == name);
    let mut columns: Vec<_> = E::Column::iter().map(named).filter(|(name, _)| !is_unaudited(name)).collect();
    columns.sort_unstable_by_key(|(name, _)| *name);
    Table {
        name: entity.table_name(),
        key: E::PrimaryKey::iter().map(|key| named(key.into_column())).collect(),
        columns,
    }
}

/// The table of whose rows a statement writes audited columns.
pub(crate) fn written_by(sql: &str) -> Option<&'static Table> {
    let after_verb = ["UPDATE \"", "INSERT INTO \"", "DELETE FROM \""];
    let rest = after_verb.into_iter().find_map(|verb| sql.strip_prefix(verb))?;
    let (name, rest) = rest.split_once('"')?;
    let table = TABLES.iter().find(|table| table.name == name)?;
    let Some(set) = rest.strip_prefix(" SET ") else { return Some(table) };
    let set = set.split_once(" WHERE ").map_or(set, |(set, _)| set);
    let assigns = |column: &str| set.contains(&format!("\"{column}\" = "));
    table.columns.iter().any(|(column, _)| assigns(column)).then_some(table)
}

impl Table {
    /// # Errors
    /// When the row lacks a column, or one is not of its kind.
    pub fn read(&self, row: &QueryResult) -> Result<Row, DbErr> {
        let mut text = String::new();
        for (name, kind) in &self.columns {
            // A column that is added later and empty in older rows leaves their digests as they are.
            if let Some(value) = kind.read(row, name)? {
                let _ = write!(text, "{name}={}:{value};", value.len());
            }
        }
        let key = self.key.iter().map(|(name, kind)| kind.read(row, name).map(Option::unwrap_or_default));
        Ok(Row { key: key.collect::<Result<Vec<_>, _>>()?.join("/"), text })
    }

    /// Where the next page begins after this row.
    pub fn place(&self, row: &QueryResult) -> Result<Vec<Value>, DbErr> {
        self.key.iter().map(|(name, kind)| kind.value(row, name)).collect()
    }

    /// A page of rows in the order of their keys.
    pub fn page(&self, after: &[Value], rows: u64) -> SelectStatement {
        let mut page = Query::select();
        page.columns(self.columns.iter().map(|(name, _)| Alias::new(*name)));
        page.from(Alias::new(self.name)).limit(rows);
        for (name, _) in &self.key {
            page.order_by(Alias::new(*name), Order::Asc);
        }
        if !after.is_empty() {
            let key = Expr::tuple(self.key.iter().map(|(name, _)| Expr::col(Alias::new(*name))));
            page.and_where(key.gt(Expr::tuple(after.iter().cloned().map(Expr::value))));
        }
        page
    }

    pub fn key_names(&self) -> Vec<&'static str> {
        self.key.iter().map(|(name, _)| *name).collect()
    }

    pub fn column_names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|(name, _)| *name).collect()
    }

    pub fn digest(&self, keys: &Keyring, row: &Row) -> String {
        let mut digest = keys.fingerprint(&format!("row/{}", self.name), &row.text);
        digest.truncate(DIGEST);
        digest
    }
}

impl Kind {
    fn read(self, row: &QueryResult, name: &str) -> Result<Option<String>, DbErr> {
        Ok(match self {
            Kind::Text => row.try_get("", name)?,
            Kind::Integer => row.try_get::<Option<i32>>("", name)?.map(|number| number.to_string()),
            Kind::BigInteger => row.try_get::<Option<i64>>("", name)?.map(|number| number.to_string()),
            Kind::Boolean => row.try_get::<Option<bool>>("", name)?.map(|is| is.to_string()),
        })
    }

    fn value(self, row: &QueryResult, name: &str) -> Result<Value, DbErr> {
        Ok(match self {
            Kind::Text => row.try_get::<Option<String>>("", name)?.into(),
            Kind::Integer => row.try_get::<Option<i32>>("", name)?.into(),
            Kind::BigInteger => row.try_get::<Option<i64>>("", name)?.into(),
            Kind::Boolean => row.try_get::<Option<bool>>("", name)?.into(),
        })
    }
}

/// What stands for an object where a million of them are kept in memory.
pub(crate) fn short(table: &str, key: &str) -> [u8; 16] {
    let hash = Sha256::new().chain_update(table).chain_update([0]).chain_update(key).finalize();
    let mut short = [0; 16];
    short.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    short
}
