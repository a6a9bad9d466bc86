//! How often one network asks for what is dear, at all servers together. Each server counts for itself and tells the others
//! every second, so that no request waits for the database; what is asked within that second may be a little more.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::base::context::handle;
use crate::base::db::millis;
use crate::base::entity::network_use;
use crate::base::error::Result;
use crate::base::retry::retry;

handle! {
    /// Counts what networks ask, where several servers answer them.
    NetworkUse {} own { counts: Mutex<Counts> }
}

/// A window of the count, in milliseconds.
const MINUTE: i64 = 60_000;

/// So many networks are told of in one statement.
const TOLD_AT_ONCE: usize = 500;

/// What is counted in one minute.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    began_at: i64,
    by_network: HashMap<(IpAddr, &'static str), Count>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    /// At all servers, as was known last.
    known: i64,
    /// Here, and told to the others.
    told: i64,
    /// Here, since then.
    here: i64,
    most: u32,
}

impl Count {
    /// Whether the servers together can be near what is allowed. Of a flood of addresses that ask once each nothing is told.
    fn is_worth_telling(&self, servers: usize) -> bool {
        let servers = i64::try_from(servers).unwrap_or(i64::MAX);
        (self.told + self.here).saturating_mul(2).saturating_mul(servers) >= i64::from(self.most)
    }
}

impl NetworkUse {
    /// Counts one request of a network. Where all servers together have had more than so many within this minute: the
    /// seconds until the next.
    pub fn count(&self, network: IpAddr, what: &'static str, most: u32) -> Option<u64> {
        if self.context.servers.others_alive().borrow().is_empty() {
            return None;
        }
        let now = millis(self.context.clock.now());
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.turn_to(now);
        let count = counts.by_network.entry((network, what)).or_default();
        count.here += 1;
        count.most = most;
        let left = counts_until(now);
        (count.known + count.here > i64::from(most)).then_some(left)
    }

    /// Tells the other servers what was counted here, and hears what they counted of the same networks. For the server to
    /// call every second.
    ///
    /// # Errors
    /// When the database fails: then it is told the next time.
    pub async fn exchange(&self) -> Result<()> {
        let (began_at, told) = {
            let servers = self.context.servers.others_alive().borrow().len() + 1;
            let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            let told = counts.by_network.iter().filter(|(_, count)| count.is_worth_telling(servers));
            (counts.began_at, told.map(|(key, count)| (*key, count.here)).collect::<Vec<_>>())
        };
        for some in told.chunks(TOLD_AT_ONCE) {
            let known = retry!(self.try_exchange(began_at, some))?;
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            if counts.began_at != began_at {
                return Ok(());
            }
            for ((key, here), known) in some.iter().zip(known) {
                if let Some(count) = counts.by_network.get_mut(key) {
                    *count = Count { known, told: count.told + here, here: count.here - here, ..*count };
                }
            }
        }
        Ok(())
    }

    /// What all servers have counted, in the order of what was told.
    async fn try_exchange(&self, began_at: i64, told: &[((IpAddr, &'static str), i64)]) -> Result<Vec<i64>> {
        let hash = |network: &IpAddr| self.context.keys.fingerprint("network", &network.to_string());
        let keys: Vec<(String, &str)> =
            told.iter().map(|((network, what), _)| (hash(network), *what)).collect();
        let rows = keys.iter().zip(told).map(|((network, what), (_, here))| network_use::ActiveModel {
            network: Set(network.clone()),
            what: Set((*what).to_owned()),
            began_at: Set(began_at),
            used: Set(*here),
        });
        let key = [network_use::Column::Network, network_use::Column::What, network_use::Column::BeganAt];
        let more =
            Expr::col((network_use::Entity, network_use::Column::Used)).add(Expr::cust("excluded.used"));
        let tx = self.context.db.begin().await?;
        let known = network_use::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns(key).value(network_use::Column::Used, more).to_owned())
            .exec_with_returning(&tx)
            .await?;
        tx.commit().await?;
        let known: HashMap<(&str, &str), i64> =
            known.iter().map(|row| ((row.network.as_str(), row.what.as_str()), row.used)).collect();
        Ok(keys
            .iter()
            .map(|(network, what)| known.get(&(network.as_str(), *what)).copied().unwrap_or(0))
            .collect())
    }

    /// Forgets the minutes that are over.
    pub(crate) async fn sweep(&self) -> Result<u64> {
        retry!(self.try_sweep())
    }

    async fn try_sweep(&self) -> Result<u64> {
        let tx = self.context.db.begin().await?;
        let over = millis(self.context.clock.now()) - 2 * MINUTE;
        let gone = network_use::Entity::delete_many()
            .filter(network_use::Column::BeganAt.lt(over))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(gone.rows_affected)
    }
}

impl Counts {
    fn turn_to(&mut self, now: i64) {
        let began_at = now - now.rem_euclid(MINUTE);
        if self.began_at != began_at {
            *self = Counts { began_at, ..Counts::default() };
        }
    }
}

/// Seconds until the next minute begins.
fn counts_until(now: i64) -> u64 {
    u64::try_from((MINUTE - now.rem_euclid(MINUTE) + 999) / 1000).unwrap_or(1)
}
