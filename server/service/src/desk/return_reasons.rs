//! 退回原因: of which questions returns say something, and how often, so that who writes the hints sees which are
//! missing or do not help. Read from the counts.

use std::collections::BTreeMap;

use domain::procedure::Procedure;
use domain::view::{Period, ReturnReason, ReturnReasons};

use crate::base::actor::Actor;
use crate::base::clock::shanghai_date;
use crate::base::context::handle;
use crate::base::error::{Error, Result};
use crate::base::region;
use crate::base::region::region_name;
use crate::desk::load::first_day;
use crate::state::counters::{EVERYWHERE, counts};
use crate::state::rulings::{REMARKED, RETURNED};

handle! {
    /// What is returned for what reason.
    ReturnTallies {}
}

impl ReturnTallies {
    /// What was said in the returns of a period: in the officer's region, or everywhere for who administers or keeps the
    /// platform.
    pub async fn return_reasons(&self, actor: &Actor, period: Period) -> Result<ReturnReasons> {
        let own = actor.reviewer_region();
        if own.is_none() && !actor.is_administrator() && !actor.is_keeper() {
            return Err(Error::Forbidden);
        }
        let places: Vec<&str> = match own {
            Some(region) => vec![region],
            None => region::children(None).iter().map(|province| province.code).collect(),
        };
        let since = first_day(shanghai_date(self.context.clock.now()), period);
        let on = self.context.db.read();
        let of = async |kind| counts(on, own.unwrap_or(EVERYWHERE), &places, kind, since).await;
        let mut returns: BTreeMap<Procedure, u64> = BTreeMap::new();
        for count in of(RETURNED).await? {
            let procedure = Procedure::from_code(&count.item)
                .ok_or_else(|| Error::Corrupt(format!("returns of {}", count.item)))?;
            *returns.entry(procedure).or_default() += u64::try_from(count.n).unwrap_or(0);
        }
        let mut remarked: BTreeMap<(Procedure, String), u64> = BTreeMap::new();
        for count in of(REMARKED).await? {
            let item = count.item.split_once('/');
            let (procedure, at) = item
                .and_then(|(procedure, at)| Some((Procedure::from_code(procedure)?, at)))
                .ok_or_else(|| Error::Corrupt(format!("remarks on {}", count.item)))?;
            *remarked.entry((procedure, at.to_owned())).or_default() += u64::try_from(count.n).unwrap_or(0);
        }
        let reason = |((procedure, at), count)| {
            let of = returns.get(&procedure).copied().unwrap_or(0);
            ReturnReason { procedure, at, count, of }
        };
        let mut rows: Vec<ReturnReason> =
            remarked.into_iter().filter(|(_, count)| *count > 0).map(reason).collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.count), row.procedure, row.at.clone()));
        Ok(ReturnReasons {
            region: own.map_or_else(|| "全国".to_owned(), region_name),
            period,
            returns: returns.values().sum(),
            rows,
        })
    }
}
