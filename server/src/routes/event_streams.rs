//! How many streams of events each person has open at this server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many streams each person has open at this server.
#[derive(Debug, Clone, Default)]
pub struct EventStreams(Arc<Mutex<HashMap<String, u32>>>);

/// One of them, until it is dropped.
pub struct OpenStream {
    streams: EventStreams,
    person: String,
}

impl EventStreams {
    pub fn open(&self, person: &str, most: u32) -> Option<OpenStream> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(person.to_owned()).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(OpenStream { streams: self.clone(), person: person.to_owned() })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut counts = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.person) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.person);
            }
        }
    }
}
