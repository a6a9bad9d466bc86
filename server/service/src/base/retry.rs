//! Trying again what a database refused for the moment.

/// Runs a use case again while the database says that another transaction was in the way.
macro_rules! retry {
    ($attempt:expr) => {{
        let mut tries = 0_u32;
        loop {
            match $attempt.await {
                Err(error) if error.is_transient() && tries < 6 => {
                    tries += 1;
                    tokio::time::sleep(std::time::Duration::from_millis(5 << tries)).await;
                }
                outcome => break outcome,
            }
        }
    }};
}

pub(crate) use retry;
