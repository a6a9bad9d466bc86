//! 抽查复核 as the whole desk needs it: what an officer has in hand, and what goes with a decision that is taken back.
//! Choosing, judging and results are `desk/second_look/`.

use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::base::actor::Actor;
use crate::base::db::Transaction;
use crate::base::entity::second_look;
use crate::base::error::Result;
use crate::base::own_desk::Part;
use crate::base::region;

/// The place that a column of a row is sealed for: `papers`, `note`.
pub(crate) fn place(id: &str, column: &str) -> String {
    format!("second_look/{id}/{column}")
}

/// What lies in a region.
pub(crate) fn lies_in(region: &str) -> SimpleExpr {
    region::lies_in("second_look.jurisdiction", region)
}

/// The second looks that an officer has begun and not finished: filing and look. As long as nobody else has them they are
/// theirs, however long they rest.
pub(crate) async fn in_hand(on: &impl ConnectionTrait, actor: &Actor) -> Result<Vec<(String, String)>> {
    Ok(actor.own_desk(on, Part::SecondLooks).await?.second_looks.clone())
}

/// A decision that is taken back was none: nobody looks at it again.
pub(crate) async fn take_away(on: &Transaction, filing: &str, round: i32) -> Result<()> {
    second_look::Entity::delete_many()
        .filter(second_look::Column::FilingId.eq(filing))
        .filter(second_look::Column::Round.eq(round))
        .exec_with_returning(on)
        .await?;
    Ok(())
}
