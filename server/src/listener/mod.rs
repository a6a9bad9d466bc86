//! The listening socket: connections with time limits from their first byte, a share of them for each
//! address, and an orderly end.
//! HTTP/1.1 only: HTTP/2 is the business of the proxy that ends TLS, and telling the two apart would
//! wait without a limit for a client that sends nothing.

mod connections;
mod tracked_body;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Body as _;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt as _;

use crate::config::{Capacity, Config};
use crate::http::client_addr::network_key;
use crate::http::guards::WrongHost;
use connections::{ConnectionSlot, ConnectionsByNetwork};
use service::error::chain;
use tracked_body::TrackedBody;

/// To who has all connections of the address at work.
const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
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
    pub shutdown_grace: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(15),
            head_bytes: 64 * 1024,
            headers: 100,
            connections: 4096,
            per_address: 1024,
            shutdown_grace: Duration::from_secs(10),
        }
    }
}

impl ConnectionLimits {
    pub fn new(config: &Config) -> Self {
        let Capacity { connections, per_address, .. } = config.requests;
        Self { connections, per_address, ..Self::default() }
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
    limits: ConnectionLimits,
    end: impl Future<Output = ()>,
) {
    let builder = Arc::new(builder(&limits));
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(limits.connections));
    let connections = Arc::new(ConnectionsByNetwork::default());
    let mut end = std::pin::pin!(end);

    loop {
        let permit = tokio::select! {
            permit = permits.clone().acquire_owned() => permit,
            () = &mut end => break,
        };
        let Ok(permit) = permit else { break };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: give running requests a moment to free some.
                    tracing::warn!(error = chain(&error), "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut end => break,
        };
        let addr = peer.ip().to_canonical();
        let is_proxy = proxies.iter().any(|network| network.contains(&addr));
        let most = if is_proxy { limits.connections } else { limits.per_address };
        let Some(slot) = connections.take(network_key(addr), most) else {
            tracing::debug!(from = %addr, "an address has too many connections at work");
            // Written into the socket's empty buffer, or not at all.
            let _ = stream.try_write(BUSY);
            continue;
        };
        let accepted = Accepted { stream, peer, slot, permit };
        accepted.answer(router.clone(), builder.clone(), &graceful);
    }

    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(limits.shutdown_grace) => tracing::warn!("requests were cut off at the end"),
    }
}

fn builder(limits: &ConnectionLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes)
        .max_headers(limits.headers)
        .keep_alive(true);
    builder
}

/// A connection that has its place among all and among those of its address, until it is dropped.
struct Accepted {
    stream: TcpStream,
    peer: SocketAddr,
    slot: ConnectionSlot,
    permit: OwnedSemaphorePermit,
}

impl Accepted {
    /// Answers its requests in a task of its own.
    fn answer(self, router: Router, builder: Arc<Builder<TokioExecutor>>, graceful: &GracefulShutdown) {
        let Accepted { stream, peer, slot, permit } = self;
        let _ = stream.set_nodelay(true);
        let is_answering = slot.is_answering.clone();
        let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let is_wrong = !names_one_host(&request);
            is_answering.store(request.body().is_end_stream(), Ordering::Release);
            let mut request =
                request.map(|body| Body::new(TrackedBody { body, is_answering: is_answering.clone() }));
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
        tokio::spawn(async move {
            // Not `…_with_upgrades`: that one ignores `http1_only` and sniffs the version without a limit.
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            tokio::select! {
                // Broken connections are everyday life on the internet.
                ended = watcher.watch(connection) => if let Err(error) = ended {
                    tracing::debug!(error = chain(&*error), "a connection broke");
                },
                () = slot.close.cancelled() => {}
            }
            drop((permit, slot));
        });
    }
}

/// Like [`serve_behind`], for whoever stands behind no proxy.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    end: impl Future<Output = ()>,
) {
    serve_behind(Vec::new(), listener, router, limits, end).await;
}

/// Ready at Ctrl-C or SIGTERM.
pub async fn shutdown_signal() {
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
