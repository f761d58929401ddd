//! What the daemon answers over HTTP: to anybody whether it is alive, to who holds its token every errand.

mod token;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::errand::{self, Desk, Errand, Unable};
use crate::pulse::Pulse;

pub use token::Token;

/// What the answers are made of.
pub struct Web {
    /// The loops.
    pub pulse: Pulse,
    /// Where errands are done.
    pub desk: Desk,
    /// What opens everything but `/healthz`.
    pub token: Token,
}

/// Every errand that the daemon does for those who hold its token.
fn errands() -> Router<Arc<Web>> {
    Router::new().merge(does(&errand::STATUS)).merge(does(&errand::OUTBOX))
}

/// Takes the address.
pub async fn bind(listen: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(listen).await
}

/// Answers until `stop`.
pub async fn run(listener: TcpListener, web: Web, stop: CancellationToken) -> std::io::Result<()> {
    let web = Arc::new(web);
    let closed = errands().route_layer(middleware::from_fn_with_state(web.clone(), admit));
    let app = Router::new().route("/healthz", get(healthz)).merge(closed).with_state(web);
    axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// Lets in who shows the token.
async fn admit(State(web): State<Arc<Web>>, request: Request, next: Next) -> Result<Response, StatusCode> {
    let shown = request.headers().get("authorization").and_then(|shown| shown.to_str().ok());
    match shown.and_then(|shown| shown.strip_prefix("Bearer ")) {
        Some(shown) if web.token.is(shown) => Ok(next.run(request).await),
        _ => Err(StatusCode::UNAUTHORIZED),
    }
}

/// 200 while every loop turned within three of its periods, otherwise 503 and the late ones.
async fn healthz(State(web): State<Arc<Web>>) -> (StatusCode, String) {
    let late = web.pulse.late();
    if late.is_empty() {
        return (StatusCode::OK, "ok\n".into());
    }
    let lines = late.iter().map(|(name, since)| format!("{name} has not turned for {} s\n", since.as_secs()));
    (StatusCode::SERVICE_UNAVAILABLE, lines.collect())
}

type Refusal = (StatusCode, String);

/// The route of an errand: `GET` with a query if it reads, `POST` with a JSON body if it changes something.
fn does<I, O>(errand: &'static Errand<I, O>) -> Router<Arc<Web>>
where
    I: DeserializeOwned + Send + 'static,
    O: Serialize + 'static,
{
    let handler = if errand.changes {
        post(async |State(web): State<Arc<Web>>, body: String| {
            // An errand that takes nothing may be sent with nothing.
            let body = if body.is_empty() { "null" } else { &body };
            let input =
                serde_json::from_str(body).map_err(|why| (StatusCode::BAD_REQUEST, why.to_string()))?;
            done(errand, &web, input).await
        })
    } else {
        get(async |State(web): State<Arc<Web>>, Query(input): Query<I>| done(errand, &web, input).await)
    };
    Router::new().route(errand.path, handler)
}

async fn done<I, O>(errand: &Errand<I, O>, web: &Web, input: I) -> Result<Json<O>, Refusal> {
    errand.run(&web.desk, input).await.map(Json).map_err(|unable| {
        let status = match unable {
            Unable::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Unable::Problems(_) | Unable::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, unable.to_string())
    })
}
