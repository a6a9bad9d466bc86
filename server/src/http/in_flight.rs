//! How many requests are being answered at the same time for one address behind a proxy. Without a proxy the
//! socket counts connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Requests at work for each address behind a proxy.
#[derive(Default)]
pub struct InFlight(Mutex<HashMap<IpAddr, usize>>);

/// One of them, until it is dropped.
pub struct InFlightRequest {
    in_flight: Arc<InFlight>,
    addr: IpAddr,
}

impl InFlight {
    pub fn begin(self: &Arc<Self>, addr: IpAddr, most: usize) -> Option<InFlightRequest> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(addr).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(InFlightRequest { in_flight: self.clone(), addr })
    }
}

impl Drop for InFlightRequest {
    fn drop(&mut self) {
        let mut counts = self.in_flight.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.addr) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.addr);
            }
        }
    }
}
