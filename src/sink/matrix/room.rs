//! The way to a room that takes messages: from names in the configuration to a homeserver and a room's id.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;
use tracing::info;
use url::Url;

use super::api::{Api, shown};
use super::verdict::Trouble;
use super::{Matrix, Room};
use crate::remote::{Follow, Pace, Remotes, Request};
use crate::sink::SendError;

/// How often a room that was upgraded is followed to its successor.
const UPGRADES: usize = 5;

/// How long a look at a room counts. It may be upgraded or encrypted at any time, and takes messages all the same from those
/// with power there.
const FRESH: SignedDuration = SignedDuration::from_mins(1);

/// A room that was looked at and found fit.
#[derive(Clone)]
pub struct Place {
    /// The homeserver.
    pub api: Api,
    /// The room's id; opaque.
    pub room: String,
    /// Whether the room in the configuration was upgraded to this one.
    pub moved: bool,
    /// When it was looked at.
    pub looked: Timestamp,
}

impl Matrix {
    /// The room to write to, looked at a moment ago.
    pub(super) async fn place(&self) -> Result<Place, Trouble> {
        match self.remembered() {
            Some(place) if place.is_fresh() => Ok(place),
            Some(place) => place.followed().await?.admitted().await,
            None => self.look().await,
        }
    }

    /// The room, once it is known that vigie may read its state, and that it is not encrypted.
    pub(super) async fn look(&self) -> Result<Place, Trouble> {
        let api = self.api().await;
        let (user, device) = api.whoami().await?;
        info!(sink.id = %self.id, user, device, "logged in to Matrix");
        let room = match &self.room {
            Room::Id(id) => id.clone(),
            Room::Alias(alias) => api.resolve(alias).await?,
        };
        let looked = api.clock.now();
        let place = Place { api, room, moved: false, looked }.followed().await?;
        place.admitted().await
    }

    /// The room to write to after `place` forbade it.
    pub(super) async fn recover(&self, place: Place) -> Result<Place, Trouble> {
        let before = place.room.clone();
        let place = place.followed().await?;
        if place.room == before {
            place.api.join(&place.room, None).await?;
        }
        place.admitted().await
    }

    /// The homeserver's API: where the server says it is, or else where the configuration does.
    pub(super) async fn api(&self) -> Api {
        let said = discover(&self.remotes, &self.homeserver, self.id.as_str()).await;
        let base = said.unwrap_or_else(|| self.homeserver.clone());
        let remote = self.remotes.host(&base, self.id.as_str(), super::pace());
        Api { base, remote, token: self.token.clone(), clock: self.clock.clone() }
    }
}

impl Place {
    /// Whether nothing needs to be looked at again; what a clock that jumped back tells is old.
    fn is_fresh(&self) -> bool {
        let age = self.api.clock.now().duration_since(self.looked);
        (SignedDuration::ZERO..FRESH).contains(&age)
    }

    /// The successor of a room that was upgraded; the room itself if it was not, or does not tell.
    async fn followed(mut self) -> Result<Self, Trouble> {
        for _ in 0..UPGRADES {
            // A room that vigie is not in does not show its state.
            let tombstone = self.api.state(&self.room, "m.room.tombstone").await;
            let Some(grave) = tombstone.or_else(Trouble::tolerated)? else { break };
            let Some(next) = grave["replacement_room"].as_str() else { break };
            self.api.join(next, self.room.split_once(':').map(|(_, server)| server)).await?;
            (self.room, self.moved) = (next.to_owned(), true);
        }
        Ok(self)
    }

    /// The room, joined where that is needed, if it is not encrypted.
    async fn admitted(self) -> Result<Self, Trouble> {
        let encryption = match self.api.state(&self.room, "m.room.encryption").await {
            Err(Trouble::Forbidden(_)) => {
                self.api.join(&self.room, None).await?;
                self.api.state(&self.room, "m.room.encryption").await?
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
        Ok(Self { looked: self.api.clock.now(), ..self })
    }

    /// Whether `user` may write messages here, by the room's power levels.
    pub async fn lets_write(&self, user: &str) -> Result<bool, Trouble> {
        let Some(levels) = self.api.state(&self.room, "m.room.power_levels").await? else { return Ok(true) };
        let level = |value: &Json, or: i64| value.as_i64().unwrap_or(or);
        let needed = level(&levels["events"]["m.room.message"], level(&levels["events_default"], 0));
        let has = level(&levels["users"][user], level(&levels["users_default"], 0));
        Ok(has >= needed)
    }

    /// What to call the room.
    pub fn name(&self) -> String {
        shown(&self.room)
    }
}

/// Where a server says that its API is: most people know their server's name, not the homeserver's address.
async fn discover(remotes: &Remotes, homeserver: &Url, who: &str) -> Option<Url> {
    let mut url = homeserver.clone();
    url.set_path("/.well-known/matrix/client");
    url.set_query(None);
    let request =
        Request::get(url.clone()).follow(Follow::Anywhere).timeout(Duration::from_secs(10)).most(64 << 10);
    let pace = Pace::new(Duration::from_secs(1), 10);
    let answer =
        remotes.host(&url, who, pace).call(request).await.ok().filter(crate::remote::Answer::is_success)?;
    let said: Json = serde_json::from_slice(&answer.body).ok()?;
    let base = Url::parse(said["m.homeserver"]["base_url"].as_str()?).ok()?;
    // The token goes there: never with less protection than the configuration asked for.
    let safe = base.scheme() == "https" || (base.scheme() == "http" && homeserver.scheme() == "http");
    (safe && base.has_host()).then_some(base)
}
