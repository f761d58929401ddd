//! What channels that are called by HTTP have in common.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use toml_span::{DeserError, Error, Value};
use url::Url;

use super::classify::exchange;
use super::message::{Voice, Wording};
use super::{Common, Kit, Plan, SendError, Sink};
use crate::clock::Clock;
use crate::model::sink::SinkId;
use crate::remote::{Answer, Pace, Remote, Request};
use crate::setting::{Fields, Secret};

/// The way to a channel that recognises no message that comes again, and the words for it.
pub struct Line {
    /// The sink's name.
    pub id: SinkId,
    /// What it says.
    pub voice: Voice,
    remote: Remote,
    clock: Arc<dyn Clock>,
}

impl Line {
    /// The way to `url`; one message at a time, so that their order holds.
    pub fn to(url: &Url, pace: Pace, id: SinkId, wording: &Wording, kit: &Kit) -> Result<Self, Error> {
        let remote = kit.remotes.host(url, id.as_str(), Pace { at_once: 1, ..pace });
        let voice = wording.voice(kit, SignedDuration::ZERO)?;
        Ok(Self { id, voice, remote, clock: kit.clock.clone() })
    }

    /// Makes a call and judges its answer.
    pub async fn exchange<T>(
        &self,
        request: Request,
        judge: impl FnOnce(&Answer, Timestamp) -> Result<T, SendError>,
    ) -> Result<T, SendError> {
        exchange(&self.remote, self.clock.as_ref(), request, judge).await
    }

    /// The name of the host.
    pub fn host(&self) -> &str {
        self.remote.name()
    }
}

/// A channel that a secret address is all there is to.
pub struct ByAddress {
    /// Whether the address may be one of the channel's, or what to do.
    pub check: fn(&Url) -> Result<(), &'static str>,
    /// How fast it may be called.
    pub pace: fn() -> Pace,
    /// Makes the sink.
    pub make: fn(Line, Url) -> Arc<dyn Sink>,
}

impl ByAddress {
    /// Reads its table: `enabled`, `url` (a secret), `template`.
    pub fn read(self, value: &mut Value<'_>) -> Result<Plan, DeserError> {
        let mut fields = Fields::new(value)?;
        let (common, wording) = (Common::take(&mut fields), Wording::take(&mut fields));
        let url = fields.required::<Secret>("url");
        fields.finalize(None)?;
        let secret = url?;
        let build = move |id: SinkId, kit: &Kit| {
            let url = secret.read_address(&kit.dir)?;
            (self.check)(&url).map_err(|why| secret.wrong(why))?;
            let line = Line::to(&url, (self.pace)(), id, &wording, kit)?;
            Ok((self.make)(line, url))
        };
        Ok(Plan { common, build: Box::new(build) })
    }
}
