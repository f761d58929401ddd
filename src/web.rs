//! What the daemon answers over HTTP: to anybody whether it is alive and ready, to who holds its token every errand.

mod address;
mod beside;
mod serve;
mod token;
mod writable;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::dispatch::{UNHEARD, is_heard};
use crate::errand::{self, Desk, Errand, Unable};
use crate::metrics::{CONTENT_TYPE, Metrics};
use crate::pulse::{Pause, Pulse};

pub use address::{address_in, leave_address};
pub use token::Token;
pub use writable::Writable;

/// What the answers are made of.
pub struct Web {
    /// The loops.
    pub pulse: Pulse,
    /// Where errands are done.
    pub desk: Desk,
    /// What opens everything but `/healthz` and `/readyz`.
    pub token: Token,
    /// Whether the store can be written.
    pub writable: Writable,
    /// What was counted.
    pub metrics: Metrics,
    /// Whether `/metrics` needs no token.
    pub open_metrics: bool,
}

/// Every errand that the daemon does for those who hold its token.
fn errands() -> Router<Arc<Web>> {
    Router::new()
        .merge(does(&errand::STATUS))
        .merge(does(&errand::OUTBOX))
        .merge(does(&errand::COVERAGE))
        .merge(does(&errand::RELOAD))
        .merge(does(&errand::BACKUP))
        .merge(does(&errand::RETRY))
        .merge(does(&errand::DROP))
        .merge(does(&errand::RESUME))
        .merge(does(&errand::SILENCES))
        .merge(does(&errand::SILENCE))
        .merge(does(&errand::SPEAK))
        .merge(does(&errand::HINDRANCES))
}

/// The largest body of a request, in bytes.
const BODY_BYTES: usize = 64 << 10;

/// How long a body may take.
const BODY: Duration = Duration::from_secs(5);

/// Takes the address.
pub async fn bind(listen: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(listen).await
}

/// Answers until `stop`.
pub async fn run(listener: TcpListener, web: Web, stop: CancellationToken) -> std::io::Result<()> {
    let web = Arc::new(web);
    let (mut open, mut closed) = (Router::new(), errands());
    let for_metrics = if web.open_metrics { &mut open } else { &mut closed };
    *for_metrics = std::mem::take(for_metrics).route("/metrics", get(metrics));
    let closed = closed.route_layer(middleware::from_fn_with_state(web.clone(), admit));
    let open = open.route("/healthz", get(healthz)).route("/readyz", get(readyz));
    serve::serve(listener, open.merge(closed).with_state(web), stop).await;
    Ok(())
}

/// Lets in who shows the token.
async fn admit(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|shown| shown.to_str().ok());
    match shown.and_then(|shown| shown.strip_prefix("Bearer ")) {
        Some(shown) if web.token.is(shown) => next.run(request).await,
        _ => (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response(),
    }
}

type Told = (StatusCode, String);

/// 200 while every loop turned within three of its periods, otherwise 503 and the late ones.
async fn healthz(State(web): State<Arc<Web>>) -> Told {
    well(late(&web.pulse))
}

/// 200 while vigie does its work: every loop turns, the store can be written, there are rules, and the operators hear of
/// trouble. Otherwise 503 and what is not so.
async fn readyz(State(web): State<Arc<Web>>) -> Told {
    let mut amiss = late(&web.pulse);
    let Desk { store, roster, .. } = &web.desk;
    match web.pulse.paused() {
        // Why it cannot be written is said by that; when it can again, it is over.
        Some(Pause::Store(why)) => amiss.push(why),
        pause => {
            amiss.extend(pause.map(|pause| pause.to_string()));
            amiss.extend(web.writable.ask().await.err());
        }
    }
    if let Ok(roster) = roster() {
        amiss.extend((roster.rules == 0).then(|| "no rule is loaded".into()));
        let heard = is_heard(store.as_ref(), &roster.operators).await;
        amiss.extend(heard.is_ok_and(|heard| !heard).then(|| UNHEARD.into()));
    }
    well(amiss)
}

/// The loops that are late, a line each.
fn late(pulse: &Pulse) -> Vec<String> {
    let line = |(name, since): (String, Duration)| format!("{name} has not turned for {} s", since.as_secs());
    pulse.late().into_iter().map(line).collect()
}

fn well(amiss: Vec<String>) -> Told {
    if amiss.is_empty() {
        return (StatusCode::OK, "ok\n".into());
    }
    (StatusCode::SERVICE_UNAVAILABLE, amiss.join("\n") + "\n")
}

/// What was counted and how things are, for Prometheus.
async fn metrics(State(web): State<Arc<Web>>) -> Result<impl IntoResponse, Told> {
    let Json(status) = done(&errand::STATUS, &web, ()).await?;
    let now = status.measured();
    now.whole(status.store_bytes, web.pulse.late().len(), status.refused.is_none(), status.paused.is_some());
    now.process();
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], web.metrics.text(&now)))
}

/// The route of an errand: `GET` with a query if it reads, `POST` with a JSON body if it changes something.
fn does<I, O>(errand: &'static Errand<I, O>) -> Router<Arc<Web>>
where
    I: DeserializeOwned + Send + 'static,
    O: Serialize + 'static,
{
    let handler = if errand.changes {
        post(move |State(web): State<Arc<Web>>, body: Body| async move {
            done(errand, &web, read(body).await?).await
        })
    } else {
        get(move |State(web): State<Arc<Web>>, Query(input): Query<I>| async move {
            done(errand, &web, input).await
        })
    };
    Router::new().route(errand.path, handler)
}

/// Reads what an errand takes; one that takes nothing may be sent with nothing.
async fn read<I: DeserializeOwned>(body: Body) -> Result<I, Told> {
    let large = || (StatusCode::PAYLOAD_TOO_LARGE, format!("a body has at most {BODY_BYTES} bytes"));
    if body.size_hint().lower() > BODY_BYTES as u64 {
        return Err(large());
    }
    let whole = tokio::time::timeout(BODY, to_bytes(body, BODY_BYTES)).await;
    let whole = whole.map_err(|_| (StatusCode::REQUEST_TIMEOUT, "the body took too long".to_owned()))?;
    let whole = whole.map_err(|_| large())?;
    let json = if whole.is_empty() { b"null" } else { whole.as_ref() };
    serde_json::from_slice(json).map_err(|why| (StatusCode::BAD_REQUEST, why.to_string()))
}

async fn done<I, O>(errand: &Errand<I, O>, web: &Web, input: I) -> Result<Json<O>, Told> {
    errand.run(&web.desk, input).await.map(Json).map_err(|unable| {
        let status = match unable {
            Unable::Amiss(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Unable::Refused(_) => StatusCode::CONFLICT,
            Unable::Problems(_) | Unable::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, unable.to_string())
    })
}
