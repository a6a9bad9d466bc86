//! Trying again what a database refused for the moment.

/// Runs a use case again while the database says that another transaction was in the way. Each try lies on the heap: a
/// use case is deep, and whoever calls it has two megabytes of stack.
macro_rules! retry {
    ($attempt:expr) => {{
        let mut tries = 0_u32;
        loop {
            match Box::pin($attempt).await {
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
