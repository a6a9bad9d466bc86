//! Who reviews a region (R60): officers by name, with the account they sign in with.

use std::collections::BTreeMap;

use domain::jurisdiction;
use domain::role::StaffRole;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use time::OffsetDateTime;

use crate::account::Accounts;
use crate::account::roles::{context, is_paused};
use crate::base::entity::{person, staff};
use crate::base::error::Result;
use crate::base::region;

/// Somebody who is appointed to review.
#[derive(Debug, Clone)]
pub(crate) struct Reviewer {
    /// None for who has never signed in.
    pub person_id: Option<String>,
    pub name: String,
    pub region: String,
    /// The role rests, or the account is suspended.
    pub is_away: bool,
}

/// Whom to ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reviewing<'a> {
    Everywhere,
    /// Whose region has something in common with this one: a part of it, or around it.
    Touching(&'a str),
    /// Whose region this county lies in.
    Covering(&'a str),
}

impl Accounts {
    /// Who reviews there, by region; at most so many.
    pub(crate) async fn reviewers(
        &self,
        on: &impl ConnectionTrait,
        reviewing: Reviewing<'_>,
        most: u64,
        now: OffsetDateTime,
    ) -> Result<Vec<Reviewer>> {
        let rows = appointed(reviewing).limit(most).all(on).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let people = person::Entity::find()
            .filter(person::Column::IdNoHash.is_in(rows.iter().map(|row| row.id_no_hash.as_str())))
            .order_by_asc(person::Column::SeenAt)
            .all(on)
            .await?;
        let accounts: BTreeMap<&str, &person::Model> =
            people.iter().map(|person| (person.id_no_hash.as_str(), person)).collect();
        rows.into_iter()
            .map(|row| {
                let account = accounts.get(row.id_no_hash.as_str());
                Ok(Reviewer {
                    person_id: account.map(|person| person.id.clone()),
                    name: self.context.keys.open_text(&context(&row.id), &row.name_sealed)?,
                    is_away: is_paused(&row, now)
                        || account.is_some_and(|person| person.suspended_at.is_some()),
                    region: row.region,
                })
            })
            .collect()
    }
}

/// The question for them.
pub(crate) fn appointed(reviewing: Reviewing<'_>) -> Select<staff::Entity> {
    use staff::Column;
    let around = |code| Column::Region.is_in(region::path(code).into_iter().map(|region| region.code));
    let place = match reviewing {
        Reviewing::Everywhere => Condition::all(),
        Reviewing::Covering(code) => Condition::all().add(around(code)),
        Reviewing::Touching(code) => {
            let (low, high) = jurisdiction::range(code);
            let within = Condition::all().add(Column::Region.gte(low)).add(Column::Region.lt(high));
            Condition::any().add(around(code)).add(within)
        }
    };
    debug_assert_eq!(StaffRole::Reviewer.code(), "reviewer");
    staff::Entity::find()
        // In so many words, so that SQLite sees that the index has them.
        .filter(Expr::cust("role = 'reviewer' AND revoked_at IS NULL"))
        .filter(place)
        .order_by_asc(Column::Region)
        .order_by_asc(Column::Id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::*;

    claims![reviewers_are_read_by_an_index];

    async fn reviewers_are_read_by_an_index(world: World) {
        for reviewing in [Reviewing::Everywhere, Reviewing::Touching("110100"), Reviewing::Covering("110101")]
        {
            let plan = world.plan_of_many(&sea_orm::QueryTrait::into_query(appointed(reviewing))).await;
            assert!(plan.contains("staff_reviewer"), "{reviewing:?}\n{plan}");
        }
    }
}
