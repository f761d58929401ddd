//! Serving connections, each within bounds, so that nobody who connects can keep the daemon from answering others.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// Connections at the same time; more wait to be accepted.
const CONNECTIONS: usize = 64;

/// How long a request's head may take, and how long while more than half of the connections are taken: whoever sends
/// heads slowly on all of them keeps nobody from an answer for long.
const HEAD: Duration = Duration::from_secs(5);
const HEAD_IN_A_CROWD: Duration = Duration::from_millis(500);

/// The largest head of a request, in bytes.
const HEAD_BYTES: usize = 16 << 10;

/// How long a connection may last, whatever happens on it.
const CONNECTION: Duration = Duration::from_mins(10);

/// How long answers under way may take once the daemon stops.
const GRACE: Duration = Duration::from_secs(2);

/// The wait after a connection could not be accepted, for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves `app` until `stop`.
pub(super) async fn serve(listener: TcpListener, app: Router, stop: CancellationToken) {
    let (slots, mut connections) = (Arc::new(Semaphore::new(CONNECTIONS)), JoinSet::new());
    loop {
        let accepting = async {
            let slot = slots.clone().acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accepting => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                let head = head_time(slots.available_permits());
                let talking = talk(stream, app.clone(), head, stop.clone());
                connections.spawn(async move {
                    // A peer that breaks off, or takes too long, is its own business.
                    let _ = tokio::time::timeout(CONNECTION, talking).await;
                    drop(slot);
                });
            }
            Err(cause) => {
                debug!("no connection: {cause}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    let ending = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, ending).await;
}

/// Answers what comes on one connection.
async fn talk(stream: TcpStream, app: Router, head: Duration, stop: CancellationToken) {
    let mut http = http1::Builder::new();
    // One answer a connection: who keeps asking would keep a slot from others.
    http.keep_alive(false).timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(HEAD_BYTES);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(cause) = ended {
        debug!("a connection ended early: {cause}");
    }
}

/// How long the head of a new connection may take while so many more could be made.
fn head_time(free: usize) -> Duration {
    if free < CONNECTIONS / 2 { HEAD_IN_A_CROWD } else { HEAD }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_may_take_its_time_unless_most_connections_are_taken() {
        for (free, time) in [(63, HEAD), (32, HEAD), (31, HEAD_IN_A_CROWD), (0, HEAD_IN_A_CROWD)] {
            assert_eq!(head_time(free), time, "{free}");
        }
    }
}
