//! Where leptos runs what a page fetches while it is drawn: in tasks of their own, which take the span of their request
//! along, so that the log and the traces know whose statements they send.

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use tracing::Instrument as _;

struct InSpan;

impl CustomExecutor for InSpan {
    fn spawn(&self, future: PinnedFuture<()>) {
        tokio::spawn(future.in_current_span());
    }

    fn spawn_local(&self, future: PinnedLocalFuture<()>) {
        tokio::task::spawn_local(future.in_current_span());
    }

    fn poll_local(&self) {}
}

/// Before leptos takes tokio as it is; once, further calls change nothing.
pub fn install() {
    let _ = Executor::init_custom_executor(InSpan);
}
