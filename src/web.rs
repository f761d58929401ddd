//! What the daemon answers over HTTP: whether it is alive.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::pulse::Pulse;

/// Takes the address.
pub async fn bind(listen: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(listen).await
}

/// Answers until `stop`.
pub async fn run(listener: TcpListener, pulse: Pulse, stop: CancellationToken) -> std::io::Result<()> {
    let app = Router::new().route("/healthz", get(healthz)).with_state(pulse);
    axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// 200 while every loop turned within three of its periods, otherwise 503 and the late ones.
async fn healthz(State(pulse): State<Pulse>) -> (StatusCode, String) {
    let late = pulse.late();
    if late.is_empty() {
        return (StatusCode::OK, "ok\n".into());
    }
    let lines = late.iter().map(|(name, since)| format!("{name} has not turned for {} s\n", since.as_secs()));
    (StatusCode::SERVICE_UNAVAILABLE, lines.collect())
}
