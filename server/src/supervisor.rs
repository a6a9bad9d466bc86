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
use service::servers::About;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// After so many failures in a row a task counts as failing.
const FAILURES: u32 = 3;
/// The longest pause between a failure and the next try.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// Between two signs of life to other servers.
const BEAT: Duration = Duration::from_secs(1);
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
    /// Tasks that one server has at a time.
    jobs: Vec<&'static str>,
}

impl Supervisor {
    pub fn new(service: Service, lifecycle: Lifecycle) -> Self {
        Self { service, lifecycle, tasks: JoinSet::new(), jobs: Vec::new() }
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
                let outcome = run_once(&service, &lifecycle, name, task(service.clone())).await;
                let pause = pause_after(&outcome, period);
                tokio::select! {
                    () = &mut ended => return,
                    () = tokio::time::sleep(pause) => {}
                }
            }
        });
    }

    /// The same for what one of all servers does: only while this one holds the job, at once when it takes it, and when
    /// an operator wants it.
    pub fn job<T: Send, E: Into<Box<dyn Error + Send + Sync>> + Send, Run>(
        &mut self,
        period: Duration,
        name: &'static str,
        task: impl Fn(Service) -> Run + Send + Sync + 'static,
    ) where
        Run: Future<Output = Result<T, E>> + Send,
    {
        self.jobs.push(name);
        let (service, lifecycle) = (self.service.clone(), self.lifecycle.clone());
        service.watch.task_known(name, period);
        self.tasks.spawn(async move {
            let mut ended = std::pin::pin!(lifecycle.ended());
            let mut held = service.job_leases.held();
            let mut noted = None;
            loop {
                service.watch.task_is_here(name, held.borrow().holds(name));
                tokio::select! {
                    () = &mut ended => return,
                    taken = held.wait_for(|held| held.holds(name)) => if taken.is_err() { return },
                }
                service.watch.task_is_here(name, true);
                let begun = service.job_leases.begin(name);
                let outcome = run_once(&service, &lifecycle, name, task(service.clone())).await;
                let pause = pause_after(&outcome, period);
                let is_well = outcome.is_ok();
                let outcome = outcome.map_err(|failure| failure.sentence);
                match service.job_leases.note(&begun, outcome, noted).await {
                    // The success after a failure is written at once.
                    Ok(Some(written)) => noted = is_well.then_some(written),
                    Ok(None) => {}
                    Err(error) => {
                        tracing::warn!(
                            task = name,
                            error = chain(&error),
                            "how a background task ended was not noted"
                        )
                    }
                }
                tokio::select! {
                    () = &mut ended => return,
                    () = tokio::time::sleep(pause) => {}
                    // Given to another server, or wanted now.
                    _ = held.wait_for(|held| !held.holds(name) || held.is_wanted(name)) => noted = None,
                }
            }
        });
    }

    /// Says every second that this server is alive, and takes the jobs that no living one holds.
    pub fn keep_in_touch(&mut self, about: About) {
        let jobs: Arc<[&'static str]> = self.jobs.clone().into();
        self.every(BEAT, "servers", move |service| {
            let (about, jobs) = (about.clone(), Arc::clone(&jobs));
            async move {
                service.servers.beat(&about, service.now()).await?;
                service.job_leases.take_free(&jobs).await
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
        // The others need not find out by themselves.
        let left = async {
            self.service.job_leases.give_back().await?;
            self.service.servers.leave().await
        };
        match tokio::time::timeout(FAREWELL, left).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = chain(&error), "the other servers were not told of the end")
            }
            Err(_) => tracing::warn!("the other servers were not told of the end in time"),
        }
    }
}

/// Why a run failed, and which in a row it was.
struct Failure {
    sentence: String,
    in_a_row: u32,
}

/// A run that has begun is not broken off: what it does stands in transactions.
async fn run_once<T, E: Into<Box<dyn Error + Send + Sync>>>(
    service: &Service,
    lifecycle: &Lifecycle,
    name: &'static str,
    run: impl Future<Output = Result<T, E>>,
) -> Result<(), Failure> {
    let begun = Instant::now();
    let outcome = AssertUnwindSafe(run).catch_unwind().await;
    let is_well = matches!(outcome, Ok(Ok(_)));
    service.watch.task_ended(name, is_well, begun.elapsed());
    let in_a_row = lifecycle.note(name, is_well);
    match outcome {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            let sentence = chain(&*error.into());
            tracing::error!(task = name, failures = in_a_row, error = sentence, "a background task failed");
            Err(Failure { sentence, in_a_row })
        }
        // The panic itself was printed where it happened.
        Err(_) => {
            tracing::error!(task = name, failures = in_a_row, "a background task panicked");
            Err(Failure { sentence: "it panicked".to_owned(), in_a_row })
        }
    }
}

/// After a failure it is tried again sooner, each further time after twice as long.
fn pause_after(outcome: &Result<(), Failure>, period: Duration) -> Duration {
    match outcome {
        Ok(()) => period,
        Err(Failure { in_a_row, .. }) => {
            Duration::from_secs(1_u64 << in_a_row.saturating_sub(1).min(16)).min(LONGEST_PAUSE).min(period)
        }
    }
}
