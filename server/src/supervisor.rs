//! What runs beside the requests: each background task is kept running until the end, started again after a
//! failure, and waited for at the end. Monitoring sees at /healthz which ones fail.

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use service::Service;
use service::error::chain;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// After so many failures in a row a task counts as failing.
const FAILURES: u32 = 3;
/// The longest pause between a failure and the next try.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// So long a run that has begun may take at the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// Whether the program is ending, and how its background tasks are. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// The end was asked for; requests are still answered.
    leaving: CancellationToken,
    ending: CancellationToken,
    /// Failures in a row, by task.
    failures: Arc<Mutex<BTreeMap<&'static str, u32>>>,
}

impl Lifecycle {
    /// Says from now on that no more requests should be sent here; those that come are answered.
    pub fn leave(&self) {
        self.leaving.cancel();
    }

    pub fn is_leaving(&self) -> bool {
        self.leaving.is_cancelled()
    }

    /// What goes on without an end, such as a stream of events, ends now.
    pub fn end(&self) {
        self.leave();
        self.ending.cancel();
    }

    /// Ready once the end was asked for.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        self.ending.clone().cancelled_owned()
    }

    /// The tasks that have failed several times in a row.
    pub fn failing(&self) -> Vec<&'static str> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.iter().filter(|(_, count)| **count >= FAILURES).map(|(name, _)| *name).collect()
    }

    /// Notes how a run ended; says how many failed in a row.
    fn note(&self, name: &'static str, is_well: bool) -> u32 {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(name).or_default();
        *count = if is_well { 0 } else { count.saturating_add(1) };
        *count
    }
}

/// The background tasks of one running program.
pub struct Supervisor {
    service: Service,
    lifecycle: Lifecycle,
    tasks: JoinSet<()>,
}

impl Supervisor {
    pub fn new(service: Service, lifecycle: Lifecycle) -> Self {
        Self { service, lifecycle, tasks: JoinSet::new() }
    }

    /// Runs a task at once and then with this time between one run and the next, sooner after a failure.
    pub fn every<T: Send, E: Into<Box<dyn Error + Send + Sync>> + Send, Run>(
        &mut self,
        period: Duration,
        name: &'static str,
        task: impl Fn(Service) -> Run + Send + Sync + 'static,
    ) where
        Run: Future<Output = Result<T, E>> + Send,
    {
        let (service, lifecycle) = (self.service.clone(), self.lifecycle.clone());
        service.watch.task_known(name, period);
        self.tasks.spawn(async move {
            let mut ended = std::pin::pin!(lifecycle.ended());
            loop {
                // A run that has begun is not broken off: what it does stands in transactions.
                let begun = Instant::now();
                let outcome = AssertUnwindSafe(async { task(service.clone()).await }).catch_unwind().await;
                let is_well = matches!(outcome, Ok(Ok(_)));
                service.watch.task_ended(name, is_well, begun.elapsed());
                let failures = lifecycle.note(name, is_well);
                match outcome {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => {
                        let error = chain(&*error.into());
                        tracing::error!(task = name, failures, error, "a background task failed");
                    }
                    // The panic itself was printed where it happened.
                    Err(_) => tracing::error!(task = name, failures, "a background task panicked"),
                }
                let pause = if failures == 0 { period } else { pause_after(failures).min(period) };
                tokio::select! {
                    () = &mut ended => return,
                    () = tokio::time::sleep(pause) => {}
                }
            }
        });
    }

    /// Waits for the runs that have begun, a moment at most.
    pub async fn finish(mut self) {
        self.lifecycle.end();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, all).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "background tasks were cut off at the end");
            self.tasks.shutdown().await;
        }
    }
}

fn pause_after(failures: u32) -> Duration {
    Duration::from_secs(1_u64 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE)
}
