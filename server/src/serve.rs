//! The listening socket: connections with time limits from their first byte, a share of them for each
//! address, and an orderly end.
//! HTTP/1.1 only: HTTP/2 is the business of the proxy that ends TLS, and telling the two apart would
//! wait without a limit for a client that sends nothing.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::config::{Config, RequestLimits};
use crate::http::{WrongHost, flood_key};

/// To who has all connections of the address at work.
const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A request's head must be whole within this; an idle connection is closed after it, too.
    pub head: Duration,
    /// About: hyper looks only while a head is incomplete, so one that arrives at once may be twice as long.
    pub head_bytes: usize,
    pub headers: usize,
    /// Further connections wait until one ends.
    pub connections: usize,
    /// Of those from one address, if it is none of the trusted proxies.
    pub per_address: usize,
    /// So long may requests go on after the end was asked for.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(15),
            head_bytes: 64 * 1024,
            headers: 100,
            connections: 4096,
            per_address: 1024,
            farewell: Duration::from_secs(10),
        }
    }
}

impl Limits {
    pub fn new(config: &Config) -> Self {
        let RequestLimits { connections, per_address, .. } = config.requests;
        Self { connections, per_address, ..Self::default() }
    }
}

/// A connection of an address: who holds it can be asked to give it up.
#[derive(Debug)]
struct Held {
    number: u64,
    give_up: CancellationToken,
    /// Answering a request whose body has been read, so that giving it up would lose work.
    is_answering: Arc<AtomicBool>,
}

/// The connections of each address.
#[derive(Debug, Default)]
struct Shares {
    held: Mutex<HashMap<IpAddr, VecDeque<Held>>>,
    counted: AtomicU64,
}

/// A connection's place in the share of its address, until it is dropped.
struct Place {
    shares: Arc<Shares>,
    addr: IpAddr,
    number: u64,
    give_up: CancellationToken,
    is_answering: Arc<AtomicBool>,
}

impl Shares {
    /// A place for one more connection. Where the share is used up, the oldest of the address that waits for
    /// something to be sent makes room; without such a one there is none.
    fn take(self: &Arc<Self>, addr: IpAddr, most: usize) -> Option<Place> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let own = held.entry(addr).or_default();
        if own.len() >= most {
            let waiting = own.iter().position(|one| !one.is_answering.load(Ordering::Acquire))?;
            if let Some(oldest) = own.remove(waiting) {
                oldest.give_up.cancel();
            }
        }
        let number = self.counted.fetch_add(1, Ordering::Relaxed);
        let (give_up, is_answering) = (CancellationToken::new(), Arc::new(AtomicBool::new(false)));
        own.push_back(Held { number, give_up: give_up.clone(), is_answering: is_answering.clone() });
        Some(Place { shares: self.clone(), addr, number, give_up, is_answering })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.shares.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = held.get_mut(&self.addr) {
            own.retain(|one| one.number != self.number);
            if own.is_empty() {
                held.remove(&self.addr);
            }
        }
    }
}

/// Notes when a body has come to its end, or is not wanted any more.
struct Noted<B> {
    body: B,
    is_answering: Arc<AtomicBool>,
}

impl<B> Drop for Noted<B> {
    fn drop(&mut self) {
        self.is_answering.store(true, Ordering::Release);
    }
}

impl<B: HttpBody + Unpin> HttpBody for Noted<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() || self.body.is_end_stream() {
            self.is_answering.store(true, Ordering::Release);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whether the request names the host it is for, once, as HTTP/1.1 wants it.
fn names_one_host<B>(request: &http::Request<B>) -> bool {
    let hosts = request.headers().get_all(http::header::HOST).iter().count();
    hosts == 1 || (hosts == 0 && request.version() < http::Version::HTTP_11)
}

/// Answers connections until `end` is ready, then lets the running requests finish. Connections of `proxies`
/// have no share: the requests they bring are counted instead.
pub async fn serve_behind(
    proxies: Vec<IpNet>,
    listener: TcpListener,
    router: Router,
    limits: Limits,
    end: impl Future<Output = ()>,
) {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes)
        .max_headers(limits.headers)
        .keep_alive(true);
    let builder = Arc::new(builder);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    let shares = Arc::new(Shares::default());
    let mut end = std::pin::pin!(end);

    loop {
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place,
            () = &mut end => break,
        };
        let Ok(place) = place else { break };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: give running requests a moment to free some.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut end => break,
        };
        let addr = peer.ip().to_canonical();
        let is_proxy = proxies.iter().any(|network| network.contains(&addr));
        let most = if is_proxy { limits.connections } else { limits.per_address };
        let Some(share) = shares.take(flood_key(addr), most) else {
            tracing::debug!(from = %addr, "an address has too many connections at work");
            // Written into the socket's empty buffer, or not at all.
            let _ = stream.try_write(BUSY);
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (router, is_answering) = (router.clone(), share.is_answering.clone());
        let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let is_wrong = !names_one_host(&request);
            is_answering.store(request.body().is_end_stream(), Ordering::Release);
            let mut request =
                request.map(|body| Body::new(Noted { body, is_answering: is_answering.clone() }));
            request.extensions_mut().insert(ConnectInfo(peer));
            if is_wrong {
                request.extensions_mut().insert(WrongHost);
            }
            let (answering, is_answering) = (router.clone().oneshot(request), is_answering.clone());
            async move {
                let response = answering.await;
                // What is left to do is sending, and that waits for the other side.
                is_answering.store(false, Ordering::Release);
                response
            }
        });
        let watcher = graceful.watcher();
        let builder = builder.clone();
        tokio::spawn(async move {
            // Not `…_with_upgrades`: that one ignores `http1_only` and sniffs the version without a limit.
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            tokio::select! {
                // Broken connections are everyday life on the internet.
                ended = watcher.watch(connection) => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                },
                () = share.give_up.cancelled() => {}
            }
            drop((place, share));
        });
    }

    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(limits.farewell) => tracing::warn!("requests were cut off at the end"),
    }
}

/// Like [`serve_behind`], for whoever stands behind no proxy.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, end: impl Future<Output = ()>) {
    serve_behind(Vec::new(), listener, router, limits, end).await;
}

/// Ready at Ctrl-C or SIGTERM.
pub async fn end_asked_for() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
