//! The client-server API, as far as vigie speaks it.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use url::Url;

use super::verdict::{Trouble, judge};
use crate::clock::Clock;
use crate::remote::{Remote, Request};
use crate::sink::SendError;
use crate::sink::classify::exchange;

/// All but what RFC 3986 leaves unreserved.
pub const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A homeserver, as one account on one device sees it.
#[derive(Clone)]
pub struct Api {
    pub base: Url,
    pub remote: Remote,
    pub token: SecretString,
    pub clock: Arc<dyn Clock>,
}

impl Api {
    /// Whose token it is: user and device.
    pub async fn whoami(&self) -> Result<(String, String), Trouble> {
        let answer = self.ask(Request::get(self.url(&["account", "whoami"])), "asked who vigie is").await?;
        let name = |key: &str| shown(answer[key].as_str().unwrap_or("?"));
        Ok((name("user_id"), name("device_id")))
    }

    /// The room that an alias leads to.
    pub async fn resolve(&self, alias: &str) -> Result<String, Trouble> {
        let url = self.url(&["directory", "room", alias]);
        let answer = self.ask(Request::get(url), "looking up the room's alias").await;
        let answer = answer.map_err(Trouble::about_the_room)?;
        answer["room_id"].as_str().map(str::to_owned).ok_or_else(|| self.strange("a room id"))
    }

    /// Joins a room, or accepts an invitation; asks `via`, another server, about one that is not known here.
    pub async fn join(&self, room: &str, via: Option<&str>) -> Result<(), Trouble> {
        let mut url = self.url(&["join", room]);
        if let Some(server) = via {
            url.query_pairs_mut().append_pair("via", server).append_pair("server_name", server);
        }
        let joined = self.ask(Request::post(url, b"{}".to_vec()), "joining the room").await;
        joined.map(drop).map_err(Trouble::about_joining)
    }

    /// A piece of a room's state, if it has it.
    pub async fn state(&self, room: &str, kind: &str) -> Result<Option<Json>, Trouble> {
        let url = self.url(&["rooms", room, "state", kind]);
        match self.ask(Request::get(url), "looking at the room").await {
            Ok(state) => Ok(Some(state)),
            Err(Trouble::Missing(_)) => Ok(None),
            Err(other) => Err(other.about_the_room()),
        }
    }

    /// Writes a message under a transaction id; the event's id.
    pub async fn put(&self, room: &str, txn: &str, content: &Json) -> Result<String, Trouble> {
        let url = self.url(&["rooms", room, "send", "m.room.message", txn]);
        let answer = self.ask(Request::put(url, content.to_string().into_bytes()), "sending").await?;
        match answer["event_id"].as_str() {
            Some(event) if event.len() <= 255 => Ok(event.to_owned()),
            _ => Err(self.strange("an event id")),
        }
    }

    fn strange(&self, what: &str) -> Trouble {
        let why = format!("{} answered without {what}; is this a Matrix homeserver?", self.remote.name());
        SendError::Ambiguous(why).into()
    }

    async fn ask(&self, request: Request, doing: &str) -> Result<Json, Trouble> {
        let request = request.bearer(self.token.expose_secret());
        let verdict = exchange(&self.remote, self.clock.as_ref(), request, |answer, now| {
            let said = format!("{}, {doing}, answered {}", self.remote.name(), answer.status);
            Trouble::apart(judge(answer, &said, now))
        });
        verdict.await?
    }

    /// An address of the client API, every part of its path encoded.
    fn url(&self, parts: &[&str]) -> Url {
        let parts: Vec<String> =
            parts.iter().map(|part| utf8_percent_encode(part, PART).to_string()).collect();
        let path = self.base.path().trim_end_matches('/');
        let mut url = self.base.clone();
        url.set_path(&format!("{path}/_matrix/client/v3/{}", parts.join("/")));
        url.set_query(None);
        url.set_fragment(None);
        url
    }
}

/// A name from the homeserver, short and harmless.
pub fn shown(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || "@!#:._=/+-".contains(*c)).take(120).collect()
}
