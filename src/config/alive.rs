//! Reading `[alive]`.

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use toml_span::{DeserError, Value};

use crate::alive::{Ping, Signs};
use crate::remote::{Pace, Remotes};
use crate::setting::{Fields, Period, Secret};

/// The wait between two pings if nobody says otherwise.
const PING_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Reads the table, and the secret address in it.
pub(super) fn read(
    value: &mut Value<'_>,
    dir: &Path,
    remotes: &Remotes,
    timezone: &TimeZone,
) -> Result<Signs, DeserError> {
    let mut fields = Fields::new(value)?;
    let heartbeat = fields.optional::<Period>("heartbeat").map(|period| period.0);
    let ping = fields.optional::<Secret>("ping");
    let every = fields.optional::<Period>("ping_every").map_or(PING_EVERY, |period| period.0);
    let url = match ping.map(|secret| secret.read_address(dir)) {
        Some(Ok(url)) => Some(url),
        Some(Err(error)) => {
            fields.errors.push(error);
            None
        }
        None => None,
    };
    fields.finalize(None)?;
    let ping = url.map(|url| {
        let remote = remotes.host(&url, "ping", Pace::new(Duration::from_secs(1), 1));
        Ping { url, remote, every: every.max(SignedDuration::from_secs(1)) }
    });
    Ok(Signs { heartbeat, ping, timezone: timezone.clone() })
}
