//! Reading `[retention]`.

use toml_span::{DeserError, Value};

use crate::model::post::Platform;
use crate::model::retention::Retention;
use crate::setting::{Fields, Period};

/// Reads the table: `posts` for all platforms, and platforms by name.
pub(super) fn read(value: &mut Value<'_>) -> Result<Retention, DeserError> {
    let mut fields = Fields::new(value)?;
    let posts = fields.optional::<Period>("posts").map(|period| period.0);
    let mut kept = Retention { posts, ..Retention::default() };
    for name in ["x", "bluesky", "mastodon", "telegram", "feed", "file"] {
        let period = fields.optional::<Period>(name).map(|period| period.0);
        if let (Some(period), Ok(platform)) = (period, Platform::try_from(name.to_owned())) {
            kept.platforms.insert(platform, period);
        }
    }
    fields.finalize(None)?;
    Ok(kept)
}
