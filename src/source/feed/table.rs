//! The addresses in the table `[source.feed.NAME]`.

use std::collections::HashSet;
use std::sync::Arc;

use toml_span::value::ValueInner;
use toml_span::{DeserError, Deserialize, Value};

use crate::model::post::Platform;
use crate::model::timeline::TimelineId;
use crate::setting::{Address, wrong};

/// The addresses of feeds, as written, and the timelines there, each once.
pub struct Addresses(pub Vec<(Arc<str>, TimelineId)>);

impl<'de> Deserialize<'de> for Addresses {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let values = match value.take() {
            ValueInner::Array(values) if !values.is_empty() => values,
            ValueInner::Array(_) => return Err(wrong(span, "name at least one feed by its address").into()),
            other => return Err(toml_span::de_helpers::expected("a list of addresses", other, span).into()),
        };
        let (mut feeds, mut known, mut errors) = (Vec::new(), HashSet::new(), Vec::new());
        for mut value in values {
            let span = value.span;
            let text = value.take_string(Some("the address of a feed"));
            let address = |text: &str| Address::parse(text).map_err(|message| wrong(span, message));
            match text.and_then(|text| Ok((address(&text)?.0, text.trim().into()))) {
                Ok((mut url, account)) => {
                    url.set_fragment(None);
                    let timeline = TimelineId::new(&Platform::FEED, url.as_str());
                    if !known.insert(timeline.clone()) {
                        errors.push(wrong(span, "this feed is named twice"));
                    }
                    feeds.push((account, timeline));
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Self(feeds)) } else { Err(DeserError { errors }) }
    }
}
