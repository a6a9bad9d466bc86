//! A suffix index over the names that the public may look for: what a name ends with from each of its characters on.
//! A part of a name is the beginning of one of them, and beginnings are found without reading every record.

use std::collections::BTreeSet;

use domain::business::Business;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, Order, QueryFilter};

use crate::base::entity::{name_suffix, record};
use crate::base::error::Result;
use crate::base::text::{begins_with, by_bytes};

/// 个人: the name of an individual is neither shown nor searched for.
pub(crate) const INDIVIDUAL: &str = "个人";

/// Characters kept of a suffix. Longer parts of names are compared with the name itself, too.
pub(crate) const LONGEST: usize = 16;

/// Fewer characters of a name would list the platform.
pub(crate) const SHORTEST: usize = 2;

/// Names that are looked at for one question, in the order of what follows the part.
const MOST: u64 = 300;

/// Keeps what a record's name ends with, in place of what it said before, once the public may look for it.
pub(crate) async fn keep_name_suffixes(on: &impl ConnectionTrait, record: &record::Model) -> Result<()> {
    name_suffix::Entity::delete_many().filter(name_suffix::Column::RecordId.eq(&record.id)).exec(on).await?;
    let is_owner = record.business == Business::Subject.code();
    let is_public = match is_owner {
        true => record.registered_at.is_some() && record.owner_kind != INDIVIDUAL,
        false => record.registration_digits.is_some(),
    };
    let suffixes = if is_public { suffixes(&record.title_key) } else { BTreeSet::new() };
    if suffixes.is_empty() {
        return Ok(());
    }
    let rows = suffixes.into_iter().map(|suffix| name_suffix::ActiveModel {
        is_owner: Set(is_owner),
        suffix: Set(suffix),
        record_id: Set(record.id.clone()),
    });
    name_suffix::Entity::insert_many(rows).exec_without_returning(on).await?;
    Ok(())
}

/// The records, or the subjects, whose name has this part, as names are compared (`comparison_key`); some of them if
/// there are very many. Of a part longer than a suffix only the beginning is compared.
pub(crate) fn records_named(part: &str, is_owner: bool, backend: DatabaseBackend) -> SelectStatement {
    let beginning: String = part.chars().take(LONGEST).collect();
    let suffix = name_suffix::Column::Suffix;
    let mut named = Query::select();
    let named = named
        .column(name_suffix::Column::RecordId)
        .from(name_suffix::Entity)
        .and_where(name_suffix::Column::IsOwner.eq(is_owner))
        .cond_where(begins_with(suffix, &beginning, backend))
        .order_by_expr(by_bytes(suffix, backend), Order::Asc)
        .order_by(name_suffix::Column::RecordId, Order::Asc)
        .limit(MOST);
    named.to_owned()
}

fn suffixes(key: &str) -> BTreeSet<String> {
    let characters: Vec<char> = key.chars().collect();
    let at_all = characters.len().checked_sub(SHORTEST).map_or(0, |last| last + 1);
    (0..at_all).map(|from| characters.iter().skip(from).take(LONGEST).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_with_something_from_each_character_but_the_last() {
        assert_eq!(suffixes("某某网"), BTreeSet::from(["某某网".to_owned(), "某网".to_owned()]));
        assert_eq!(suffixes("网"), BTreeSet::new());
        assert_eq!(suffixes(""), BTreeSet::new());
        assert_eq!(suffixes(&"网".repeat(40)).len(), LONGEST - SHORTEST + 1);
    }
}
