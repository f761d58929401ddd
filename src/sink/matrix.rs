//! Matrix, by the client-server API, in rooms without encryption.
//!
//! A delivery's id is the transaction id, which makes retries exact for a day and the same token. Before the first
//! message, after a failure, and when the last look is a minute old, the room is looked at: a server takes plain text for an
//! encrypted room as well, and messages for one that was left behind.

mod api;
mod content;
mod room;
mod verdict;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::Value as Json;
use toml_span::{DeserError, Deserialize, Error, Value};
use url::Url;

use self::room::Place;
use self::verdict::Trouble;
use super::message::{Voice, Wording};
use super::{Common, Kit, Plan, Receipt, SendError, Sink};
use crate::clock::Clock;
use crate::model::delivery::Delivery;
use crate::model::sink::SinkId;
use crate::remote::{Pace, Remotes};
use crate::setting::{Address, Fields, Secret, wrong};

/// A Matrix room, as one account on one device writes to it.
struct Matrix {
    id: SinkId,
    homeserver: Url,
    room: Room,
    token: SecretString,
    remotes: Remotes,
    clock: Arc<dyn Clock>,
    voice: Voice,
    /// The room that was looked at and found fit, until something fails.
    fit: Mutex<Option<Place>>,
}

/// A room as the configuration names it: `!id`, opaque, or `#alias:server`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Room {
    Id(String),
    Alias(String),
}

/// A homeserver as the configuration names it: an address, or a server's name.
struct Server(Url);

/// How long a homeserver surely recognises a transaction: Synapse forgets it after 24 hours.
const MEMORY: SignedDuration = SignedDuration::from_hours(23);

/// The longest that looking at the room and writing to it may take together.
const LONGEST: Duration = Duration::from_secs(40);

/// How fast a server lets people write, it tells with 429. One at a time, so that their order holds.
fn pace() -> Pace {
    Pace { at_once: 1, ..Pace::new(Duration::from_secs(1), 10) }
}

/// Reads `[sink.matrix.NAME]`: `enabled`, `homeserver`, `room` (id or alias), `token` (a secret), `template`.
pub fn read(value: &mut Value<'_>) -> Result<Plan, DeserError> {
    let mut fields = Fields::new(value)?;
    let (common, wording) = (Common::take(&mut fields), Wording::take(&mut fields));
    let homeserver = fields.required::<Server>("homeserver");
    let room = fields.required::<Room>("room");
    let token = fields.required::<Secret>("token");
    fields.finalize(None)?;
    let (homeserver, room, token) = (homeserver?.0, room?, token?);
    let build = move |id, kit: &Kit| {
        let token = token.read(&kit.dir)?;
        let voice = wording.voice(kit, MEMORY)?;
        let (remotes, clock, fit) = (kit.remotes.clone(), kit.clock.clone(), Mutex::default());
        let sink: Arc<dyn Sink> =
            Arc::new(Matrix { id, homeserver, room, token, remotes, clock, voice, fit });
        Ok::<_, Error>(sink)
    };
    Ok(Plan { common, build: Box::new(build) })
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

impl<'de> Deserialize<'de> for Server {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let text = value.take_string(Some("a homeserver's address"))?;
        let address = if text.contains("://") {
            Address::parse(&text)
        } else {
            Address::parse(&format!("https://{text}"))
        };
        address.map(|address| Self(address.0)).map_err(|message| wrong(span, message).into())
    }
}

#[async_trait]
impl Sink for Matrix {
    fn id(&self) -> &SinkId {
        &self.id
    }

    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let result = tokio::time::timeout(LONGEST, self.deliver(delivery)).await.unwrap_or_else(|_| {
            Err(SendError::Ambiguous(format!("the homeserver took longer than {} s", LONGEST.as_secs())))
        });
        let healthy = matches!(&result, Ok(_) | Err(SendError::Throttled(..) | SendError::Refused(_)));
        if !healthy {
            self.remember(None);
        }
        result
    }

    fn payload(&self, delivery: &Delivery) -> String {
        format!("{:#}", self.content(delivery).0)
    }

    async fn check(&self) -> Result<Vec<String>, SendError> {
        Ok(self.inspect().await?)
    }
}

impl Matrix {
    async fn deliver(&self, delivery: &Delivery) -> Result<Receipt, SendError> {
        let (content, remark) = self.content(delivery);
        let place = self.place().await?;
        self.remember(Some(place.clone()));
        let (event, place) = self.put(place, delivery, &content).await?;
        let moved = place.moved.then(|| {
            format!("the Matrix room was upgraded; vigie followed it to {}: configure that one", place.name())
        });
        self.remember(Some(place));
        Ok(Receipt { id: Some(event), remark: remark.or(moved) })
    }

    /// Writes to the room; where that is forbidden, to its successor, or after joining it once.
    async fn put(
        &self,
        place: Place,
        delivery: &Delivery,
        content: &Json,
    ) -> Result<(String, Place), Trouble> {
        let txn = delivery.id.as_str();
        match place.api.put(&place.room, txn, content).await {
            Err(Trouble::Forbidden(_)) => {
                let place = self.recover(place).await?;
                let event = place.api.put(&place.room, txn, content).await?;
                Ok((event, place))
            }
            // What it answers is gone, or in a room that was left behind.
            Err(Trouble::Other(SendError::Refused(_))) if content[content::RELATION].is_object() => {
                let event = place.api.put(&place.room, txn, &content::alone(content)).await?;
                Ok((event, place))
            }
            other => other.map(|event| (event, place)),
        }
    }

    /// What the delivery says, and what went wrong in the making.
    fn content(&self, delivery: &Delivery) -> (Json, Option<String>) {
        let message = self.voice.message(delivery);
        let mut content = if delivery.plain { content::brief(&message) } else { content::full(&message) };
        if let Some(root) = delivery.thread.as_deref().filter(|root| root.starts_with('$')) {
            content = content::answering(content, root, message.wakes);
        }
        (content, message.remark)
    }

    /// What there is to see of the account and the room. It joins the room if vigie is not in it: otherwise a room
    /// shows nothing.
    async fn inspect(&self) -> Result<Vec<String>, Trouble> {
        let place = self.look().await?;
        let (user, device) = place.api.whoami().await?;
        if !place.lets_write(&user).await? {
            let why = format!("{user} may not write to {}: raise its power level there", place.name());
            return Err(SendError::SinkBroken(why).into());
        }
        let mut lines = vec![
            format!("{} knows vigie as {user}, on device {device}", place.api.remote.name()),
            format!("the room {} is not encrypted and takes messages", place.name()),
        ];
        lines.extend(
            place
                .moved
                .then(|| "the room in the configuration was upgraded to it; configure that one".into()),
        );
        Ok(lines)
    }

    fn remembered(&self) -> Option<Place> {
        self.fit.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, place: Option<Place>) {
        *self.fit.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }
}

#[cfg(test)]
mod tests;
