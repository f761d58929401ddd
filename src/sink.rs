//! The ways out. A sink is one adapter of one channel: it renders a sealed delivery and hands it over, once, and knows
//! nothing of stores or retries.
//!
//! To add a channel: a file below, a `pub mod` line, a line in [`KINDS`].

mod classify;
pub mod console;
pub mod discord;
pub mod email;
mod line;
pub mod matrix;
pub mod message;
pub mod ntfy;
pub mod slack;
pub mod teams;
pub mod telegram;
pub mod webhook;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use toml_span::{DeserError, Error, Value};

use crate::clock::Clock;
use crate::model::delivery::Delivery;
use crate::model::sink::SinkId;
use crate::remote::Remotes;
use crate::setting::Fields;

/// Every kind of sink: its name in `[sink.KIND.NAME]` and how its table is read.
pub const KINDS: &[(&str, Read)] = &[
    ("console", console::read),
    ("discord", discord::read),
    ("email", email::read),
    ("matrix", matrix::read),
    ("ntfy", ntfy::read),
    ("slack", slack::read),
    ("teams", teams::read),
    ("telegram", telegram::read),
    ("webhook", webhook::read),
];

/// Reads the table of one sink.
pub type Read = for<'de> fn(&mut Value<'de>) -> Result<Plan, DeserError>;

/// One configured way out.
///
/// # Contract
/// - The delivery's id is the idempotency key wherever the channel knows one; the same delivery renders the same.
/// - No error holds a secret, an address with a secret, or text from outside.
/// - Text from outside is escaped for the channel: nobody is mentioned, nothing is unfurled.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Its name.
    fn id(&self) -> &SinkId;

    /// Hands a delivery over. One attempt; the caller retries.
    async fn send(&self, delivery: &Delivery) -> Result<Receipt, SendError>;

    /// What of a delivery would leave this machine, for people to look at; it holds no secret.
    fn payload(&self, delivery: &Delivery) -> String;

    /// Looks whether the channel would take messages, without sending one: a line for each thing found in order.
    async fn check(&self) -> Result<Vec<String>, SendError>;
}

/// What came of a delivery that was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// What the channel calls the message, if later ones can answer there.
    pub id: Option<String>,
    /// What people should look after although it arrived, such as a room that moved.
    pub remark: Option<String>,
}

/// Why a delivery was not confirmed, named by what the caller does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// It surely did not arrive: try again after a back-off.
    NotSent(String),
    /// The channel asked to wait until then; the whole sink waits.
    Throttled(Timestamp, String),
    /// It may have arrived: try again under the same id.
    Ambiguous(String),
    /// This message will never be accepted as it is.
    Refused(String),
    /// No message will be accepted until a person acts: the whole sink is parked.
    SinkBroken(String),
    /// The channel is gone for good and must not be called again: the whole sink is parked without being tried.
    SinkGone(String),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(why)
            | Self::Ambiguous(why)
            | Self::Refused(why)
            | Self::SinkBroken(why)
            | Self::SinkGone(why) => f.write_str(why),
            Self::Throttled(at, why) => write!(f, "{why} (again not before {at})"),
        }
    }
}

impl std::error::Error for SendError {}

/// What every sink has in its table, beside what is its adapter's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// Whether anything is sent there.
    pub enabled: bool,
    /// Sinks that are gone, of which it takes over what still waits.
    pub replaces: Vec<String>,
}

impl Common {
    /// Takes `enabled` and `replaces` out of a sink's table.
    pub fn take(fields: &mut Fields<'_>) -> Self {
        Self {
            enabled: fields.optional("enabled").unwrap_or(true),
            replaces: fields.optional("replaces").unwrap_or_default(),
        }
    }
}

/// A sink as its table describes it.
pub struct Plan {
    /// What every sink has.
    pub common: Common,
    /// Makes the sink; reads its secrets.
    pub build: Build,
}

/// Makes a sink.
pub type Build = Box<dyn FnOnce(SinkId, &Kit) -> Result<Arc<dyn Sink>, Error> + Send>;

/// What a sink is built with.
#[derive(Clone)]
pub struct Kit {
    /// The way to other hosts.
    pub remotes: Remotes,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The folder that relative paths start from.
    pub dir: PathBuf,
    /// The time zone people read.
    pub timezone: TimeZone,
}
