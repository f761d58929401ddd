//! What the daemon answers over HTTP: to anybody whether it is alive, to who holds its token how everything is.

mod token;

use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::model::delivery::Delivery;
use crate::model::sink::SinkId;
use crate::poll::Watching;
use crate::pulse::Pulse;
use crate::status::{self, Status};
use crate::store::Store;

pub use token::Token;

/// What the answers are made of.
pub struct Desk {
    /// The loops.
    pub pulse: Pulse,
    /// What is watched.
    pub sources: Vec<Watching>,
    /// Who hears.
    pub sinks: Vec<SinkId>,
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What opens everything but `/healthz`.
    pub token: Token,
}

/// Takes the address.
pub async fn bind(listen: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(listen).await
}

/// Answers until `stop`.
pub async fn run(listener: TcpListener, desk: Desk, stop: CancellationToken) -> std::io::Result<()> {
    let desk = Arc::new(desk);
    let closed = Router::new()
        .route("/v1/status", get(status))
        .route("/v1/outbox", get(outbox))
        .route_layer(middleware::from_fn_with_state(desk.clone(), admit));
    let app = Router::new().route("/healthz", get(healthz)).merge(closed).with_state(desk);
    axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// Lets in who shows the token.
async fn admit(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Result<Response, StatusCode> {
    let shown = request.headers().get("authorization").and_then(|shown| shown.to_str().ok());
    match shown.and_then(|shown| shown.strip_prefix("Bearer ")) {
        Some(shown) if desk.token.is(shown) => Ok(next.run(request).await),
        _ => Err(StatusCode::UNAUTHORIZED),
    }
}

/// 200 while every loop turned within three of its periods, otherwise 503 and the late ones.
async fn healthz(State(desk): State<Arc<Desk>>) -> (StatusCode, String) {
    let late = desk.pulse.late();
    if late.is_empty() {
        return (StatusCode::OK, "ok\n".into());
    }
    let lines = late.iter().map(|(name, since)| format!("{name} has not turned for {} s\n", since.as_secs()));
    (StatusCode::SERVICE_UNAVAILABLE, lines.collect())
}

type Answer<T> = Result<Json<T>, (StatusCode, String)>;

async fn status(State(desk): State<Arc<Desk>>) -> Answer<Status> {
    let now = desk.clock.now();
    status::gather(&desk.sources, &desk.sinks, &desk.store, now).await.map(Json).map_err(failed)
}

async fn outbox(State(desk): State<Arc<Desk>>) -> Answer<Vec<Delivery>> {
    desk.store.outbox().await.map(Json).map_err(failed)
}

fn failed(cause: impl Display) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, cause.to_string())
}
