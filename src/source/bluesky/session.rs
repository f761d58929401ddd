//! A session on a server of Bluesky, kept alive.
//!
//! An account may begin 300 sessions a day, so a session is renewed as long as that works, and begun at most every five
//! minutes.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::refusal::refusal;
use crate::clock::Clock;
use crate::model::coverage::Cause;
use crate::remote::{Answer, Remote, Request};
use crate::source::SourceError;
use crate::source::answer::{hidden, json, no_answer, text, words};
use crate::source::names::below;

/// An account to read with.
pub struct Session {
    /// Its handle or DID.
    pub identifier: String,
    /// An app password of it.
    pub password: SecretString,
    /// The server that keeps it.
    pub pds: Url,
    /// The way to that server.
    pub remote: Remote,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What is known of the session now.
    pub state: Mutex<State>,
}

/// What is known of a session.
#[derive(Default)]
pub struct State {
    tokens: Option<Tokens>,
    /// No session is begun before, and why.
    wait: Option<(Timestamp, SourceError)>,
}

struct Tokens {
    access: SecretString,
    refresh: SecretString,
}

/// Between two beginnings.
const WAIT: SignedDuration = SignedDuration::from_mins(5);

impl Session {
    /// The token to read with.
    pub async fn access(&self) -> Result<SecretString, SourceError> {
        let mut state = self.state.lock().await;
        match &state.tokens {
            Some(tokens) => Ok(tokens.access.clone()),
            None => self.begin(&mut state).await,
        }
    }

    /// The token to read with now that `old` was refused.
    pub async fn renewed(&self, old: &SecretString) -> Result<SecretString, SourceError> {
        let mut state = self.state.lock().await;
        let Some(tokens) = &state.tokens else { return self.begin(&mut state).await };
        if tokens.access.expose_secret() != old.expose_secret() {
            return Ok(tokens.access.clone());
        }
        let url = below(&self.pds, &["xrpc", "com.atproto.server.refreshSession"]);
        let request = Request::post(url, Vec::new()).bearer(tokens.refresh.expose_secret());
        let answer = self.remote.call(request).await.map_err(no_answer)?;
        if answer.is_success() {
            return keep(&mut state, &answer);
        }
        if !matches!(answer.status, 400 | 401) {
            return Err(self.failed(&answer));
        }
        state.tokens = None;
        self.begin(&mut state).await
    }

    /// What must not be shown.
    pub async fn secrets(&self) -> Vec<SecretString> {
        let state = self.state.lock().await;
        let tokens = state.tokens.iter().flat_map(|tokens| [&tokens.access, &tokens.refresh]);
        tokens.chain([&self.password]).cloned().collect()
    }

    async fn begin(&self, state: &mut State) -> Result<SecretString, SourceError> {
        let now = self.clock.now();
        if let Some((until, why)) = state.wait.as_ref().filter(|(until, _)| *until > now) {
            return Err(match why {
                SourceError::Retry(at, why) => SourceError::Retry(Some(*until).max(*at), why.clone()),
                SourceError::Unanswered(why) => SourceError::Retry(Some(*until), why.clone()),
                other => other.clone(),
            });
        }
        let until = now.saturating_add(WAIT).unwrap_or(now);
        let why = "a session on Bluesky was begun a moment ago and is over".to_owned();
        state.wait = Some((until, SourceError::Retry(Some(until), why)));
        let login = json!({"identifier": self.identifier, "password": self.password.expose_secret()});
        let url = below(&self.pds, &["xrpc", "com.atproto.server.createSession"]);
        let answer = self.remote.call(Request::post(url, login.to_string().into_bytes())).await;
        let result = match answer.map_err(no_answer) {
            Ok(answer) if answer.is_success() => keep(state, &answer),
            Ok(answer) => Err(self.failed(&answer)),
            Err(error) => Err(error),
        };
        if let Err(error) = &result {
            state.wait = Some((until, error.clone()));
        }
        result
    }

    /// Why no session could be had.
    fn failed(&self, answer: &Answer) -> SourceError {
        let body: Value = json(&answer.body).unwrap_or_default();
        let said = text(&body, "/message").or_else(|| text(&body, "/error")).unwrap_or("no reason given");
        let error = match answer.status {
            400 | 401 => {
                let why = format!(
                    "Bluesky refuses `identifier` and `password`; make an app password in the account's settings and put \
                     it where `password` points ({})",
                    words(said)
                );
                SourceError::Barred(Cause::Credentials, why)
            }
            _ => refusal(answer, &self.identifier, self.clock.now()).error(),
        };
        hidden(error, [self.password.expose_secret()])
    }
}

/// Keeps the tokens in `answer`.
fn keep(state: &mut State, answer: &Answer) -> Result<SecretString, SourceError> {
    let body: Value = json(&answer.body).unwrap_or_default();
    let token = |pointer| text(&body, pointer).map(SecretString::from);
    let Some((access, refresh)) = token("/accessJwt").zip(token("/refreshJwt")) else {
        state.tokens = None;
        return Err(SourceError::Suspicious(
            "Bluesky begins a session without tokens; is `pds` the account's server?".into(),
        ));
    };
    state.tokens = Some(Tokens { access: access.clone(), refresh });
    Ok(access)
}
