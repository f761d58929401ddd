//! Matrix, by the client-server API, in rooms without encryption.
//!
//! A delivery's id is the transaction id, which makes retries exact for a day and the same token. Before the first
//! message, and again after a failure, the room is looked at: a server takes plain text for an encrypted room as well.

mod content;
mod verdict;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use toml_span::{DeserError, Deserialize, Error, Value};
use tracing::warn;
use url::Url;

use self::verdict::{Trouble, judge};
use super::classify::exchange;
use super::message::{Message, Repeats};
use super::{Common, Kit, Plan, Receipt, SendError, Sink};
use crate::clock::Clock;
use crate::model::delivery::{Body, Delivery};
use crate::model::matched::Severity;
use crate::model::sink::SinkId;
use crate::remote::{Pace, Remote, Request};
use crate::setting::{Address, Fields, Secret, wrong};

/// A Matrix room, as one account on one device writes to it.
struct Matrix {
    id: SinkId,
    homeserver: Url,
    room: Room,
    token: SecretString,
    remote: Remote,
    clock: Arc<dyn Clock>,
    timezone: TimeZone,
    /// The id of the room that was looked at and found fit, until something fails.
    fit: Mutex<Option<String>>,
}

/// A room as the configuration names it: `!id`, opaque, or `#alias:server`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Room {
    Id(String),
    Alias(String),
}

/// How long a server knows a transaction id: Synapse forgets it after a day.
const MEMORY: SignedDuration = SignedDuration::from_hours(24);

/// How often a room that was upgraded is followed to its successor.
const UPGRADES: usize = 5;

/// All but what RFC 3986 leaves unreserved.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Reads `[sink.matrix.NAME]`: `enabled`, `homeserver`, `room` (id or alias), `token` (a secret).
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let mut fields = Fields::new(value)?;
    let common = Common::take(&mut fields);
    let homeserver = fields.required::<Address>("homeserver");
    let room = fields.required::<Room>("room");
    let token = fields.required::<Secret>("token");
    fields.finalize(None)?;
    let (homeserver, room, token) = (homeserver?.0, room?, token?);
    Ok(Plan { common, build: Box::new(move |id, kit| build(id, homeserver, room, &token, kit)) })
}

impl<'de> Deserialize<'de> for Room {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let text = value.take_string(Some("a room id or alias"))?;
        match text.as_bytes() {
            [b'!', _, ..] => Ok(Self::Id(text.into())),
            [b'#', _, ..] if text.contains(':') => Ok(Self::Alias(text.into())),
            _ => {
                Err(wrong(span, "a room is named by its id, \"!...\", or an alias, \"#name:server\"").into())
            }
        }
    }
}

fn build(id: SinkId, homeserver: Url, room: Room, token: &Secret, kit: &Kit) -> Result<Arc<dyn Sink>, Error> {
    let token = token.read(&kit.dir)?;
    // How fast a server lets people write, it tells with 429. One at a time, so that their order holds.
    let pace = Pace { at_once: 1, ..Pace::new(Duration::from_secs(1), 10) };
    let remote = kit.remotes.host(&homeserver, id.as_str(), pace);
    let (clock, timezone, fit) = (kit.clock.clone(), kit.timezone.clone(), Mutex::default());
    Ok(Arc::new(Matrix { id, homeserver, room, token, remote, clock, timezone, fit }))
}

#[async_trait]
impl Sink for Matrix {
    fn id(&self) -> &SinkId {
        &self.id
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let result = self.deliver(delivery).await;
        let healthy = matches!(&result, Ok(_) | Err(SendError::Throttled(..) | SendError::Refused(_)));
        if !healthy {
            self.remember(None);
        }
        result
    }
}

impl Matrix {
    async fn deliver(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let notify = match &delivery.body {
            Body::Alert(_) => true,
            Body::Digest(digest) => digest.severity >= Severity::High,
            Body::Notice(_) => false,
        };
        let message = Message::of(delivery, &self.timezone, Repeats::RecognisedFor(MEMORY));
        let room = match self.remembered() {
            Some(room) => room,
            None => self.look().await.map_err(SendError::from)?,
        };
        let txn = delivery.id.as_str();
        match self.put_anywhere(room.clone(), txn, content::full(&message, notify)).await {
            Err(Trouble::Other(SendError::Refused(first))) => {
                let room = self.remembered().unwrap_or(room);
                let second = self.put(&room, txn, content::brief(&message, notify)).await;
                second.map_err(|trouble| match trouble.into() {
                    SendError::Refused(_) => SendError::Refused(format!("{first}; its short form as well")),
                    other => other,
                })
            }
            other => other.map_err(SendError::from),
        }
    }

    /// Writes to `room`; where that is forbidden, to its successor, or after joining it once.
    async fn put_anywhere(&self, room: String, txn: &str, content: Vec<u8>) -> Result<Receipt, Trouble> {
        match self.put(&room, txn, content.clone()).await {
            Err(Trouble::Forbidden(_)) => {
                let room = self.recover(room).await?;
                self.put(&room, txn, content).await
            }
            other => other,
        }
    }

    async fn put(&self, room: &str, txn: &str, content: Vec<u8>) -> Result<Receipt, Trouble> {
        let url = self.url(&["rooms", room, "send", "m.room.message", txn]);
        let answer = self.ask(Request::put(url, content), "sending").await?;
        match answer["event_id"].as_str() {
            Some(event) if event.len() <= 255 => Ok(Receipt(Some(event.to_owned()))),
            _ => Err(SendError::Ambiguous(format!(
                "{} answered without an event id; is this a Matrix homeserver?",
                self.remote.name()
            ))
            .into()),
        }
    }

    /// The room's id, once it is known that vigie may read its state and that it is not encrypted.
    async fn look(&self) -> Result<String, Trouble> {
        let room = match &self.room {
            Room::Id(id) => id.clone(),
            Room::Alias(alias) => self.resolve(alias).await?,
        };
        self.admit(room).await
    }

    async fn resolve(&self, alias: &str) -> Result<String, Trouble> {
        let url = self.url(&["directory", "room", alias]);
        let answer = self.ask(Request::get(url), "looking up the room's alias").await;
        let answer = answer.map_err(Trouble::about_the_room)?;
        answer["room_id"].as_str().map(str::to_owned).ok_or_else(|| {
            let why =
                format!("{} answered without a room id; is this a Matrix homeserver?", self.remote.name());
            SendError::Ambiguous(why).into()
        })
    }

    /// Remembers `room` as fit if it is; joins it where that is needed.
    async fn admit(&self, room: String) -> Result<String, Trouble> {
        let encryption = match self.state(&room, "m.room.encryption").await {
            Err(Trouble::Forbidden(_)) => {
                self.join(&room, None).await?;
                self.state(&room, "m.room.encryption").await?
            }
            other => other?,
        };
        if encryption.is_some() {
            return Err(SendError::SinkBroken(
                "the Matrix room is encrypted, and vigie writes plain text; configure a room without encryption"
                    .into(),
            )
            .into());
        }
        self.remember(Some(room.clone()));
        Ok(room)
    }

    /// The room to write to after `room` forbade it.
    async fn recover(&self, mut room: String) -> Result<String, Trouble> {
        self.remember(None);
        let mut moved = false;
        for _ in 0..UPGRADES {
            // A room that vigie is not in does not show its state.
            let tombstone = self.state(&room, "m.room.tombstone").await;
            let Some(grave) = tombstone.or_else(Trouble::tolerated)? else { break };
            let Some(next) = grave["replacement_room"].as_str() else { break };
            self.join(next, room.split_once(':').map(|(_, server)| server)).await?;
            (room, moved) = (next.to_owned(), true);
        }
        if moved {
            warn!(sink.id = %self.id, "the Matrix room was upgraded; configure the new one");
        } else {
            self.join(&room, None).await?;
        }
        self.admit(room).await
    }

    async fn join(&self, room: &str, via: Option<&str>) -> Result<(), Trouble> {
        let mut url = self.url(&["join", room]);
        if let Some(server) = via {
            url.query_pairs_mut().append_pair("via", server).append_pair("server_name", server);
        }
        let joined = self.ask(Request::post(url, b"{}".to_vec()), "joining the room").await;
        joined.map(drop).map_err(Trouble::about_joining)
    }

    /// A piece of the room's state, if it has it.
    async fn state(&self, room: &str, kind: &str) -> Result<Option<Json>, Trouble> {
        let url = self.url(&["rooms", room, "state", kind]);
        match self.ask(Request::get(url), "looking at the room").await {
            Ok(state) => Ok(Some(state)),
            Err(Trouble::Missing(_)) => Ok(None),
            Err(other) => Err(other.about_the_room()),
        }
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
        let base = self.homeserver.path().trim_end_matches('/');
        let mut url = self.homeserver.clone();
        url.set_path(&format!("{base}/_matrix/client/v3/{}", parts.join("/")));
        url.set_query(None);
        url.set_fragment(None);
        url
    }

    fn remembered(&self) -> Option<String> {
        self.fit.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, room: Option<String>) {
        *self.fit.lock().unwrap_or_else(PoisonError::into_inner) = room;
    }
}

#[cfg(test)]
mod tests;
