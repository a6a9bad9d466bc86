//! The connections of each address, and a share of them for each.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

/// A connection of an address: who holds it can be asked to give it up.
#[derive(Debug)]
struct OpenConnection {
    number: u64,
    close: CancellationToken,
    /// Answering a request whose body has been read, so that giving it up would lose work.
    is_answering: Arc<AtomicBool>,
}

/// The connections of each address.
#[derive(Debug, Default)]
pub struct ConnectionsByNetwork {
    held: Mutex<HashMap<IpAddr, VecDeque<OpenConnection>>>,
    counted: AtomicU64,
}

/// A connection's place in the share of its address, until it is dropped.
pub struct ConnectionSlot {
    connections: Arc<ConnectionsByNetwork>,
    addr: IpAddr,
    number: u64,
    pub close: CancellationToken,
    pub is_answering: Arc<AtomicBool>,
}

impl ConnectionsByNetwork {
    /// A place for one more connection. Where the share is used up, the oldest of the address that waits for
    /// something to be sent makes room; without such a one there is none.
    pub fn take(self: &Arc<Self>, addr: IpAddr, most: usize) -> Option<ConnectionSlot> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let own = held.entry(addr).or_default();
        if own.len() >= most {
            let waiting = own.iter().position(|one| !one.is_answering.load(Ordering::Acquire))?;
            if let Some(oldest) = own.remove(waiting) {
                oldest.close.cancel();
            }
        }
        let number = self.counted.fetch_add(1, Ordering::Relaxed);
        let (close, is_answering) = (CancellationToken::new(), Arc::new(AtomicBool::new(false)));
        own.push_back(OpenConnection { number, close: close.clone(), is_answering: is_answering.clone() });
        Some(ConnectionSlot { connections: self.clone(), addr, number, close, is_answering })
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut held = self.connections.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = held.get_mut(&self.addr) {
            own.retain(|one| one.number != self.number);
            if own.is_empty() {
                held.remove(&self.addr);
            }
        }
    }
}
