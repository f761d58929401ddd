//! What the tables of several sources hold: a list of names, and where a service is.

use toml_span::value::ValueInner;
use toml_span::{DeserError, Deserialize, Error, Span, Value};
use url::{Host, Url};

use crate::setting::{Address, Fields, wrong};

/// Some texts, each with its place, or why it is none.
pub struct Names(Vec<Result<(String, Span), Error>>);

impl Names {
    /// What `read` makes of each text; what it refuses, and what comes twice, is told in `fields`.
    pub fn read<T: PartialEq>(
        self,
        fields: &mut Fields<'_>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let mut known = Vec::new();
        for name in self.0 {
            let (text, span) = match name {
                Ok(name) => name,
                Err(error) => {
                    fields.errors.push(error);
                    continue;
                }
            };
            match read(text.trim()) {
                Ok(name) if known.contains(&name) => {
                    fields.errors.push(wrong(span, format!("`{text}` is named twice")));
                }
                Ok(name) => known.push(name),
                Err(why) => fields.errors.push(wrong(span, why)),
            }
        }
        known
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let values = match value.take() {
            ValueInner::Array(values) if !values.is_empty() => values,
            ValueInner::Array(_) => return Err(wrong(span, "name at least one").into()),
            other => return Err(toml_span::de_helpers::expected("a list of names", other, span).into()),
        };
        let name = |mut value: Value<'de>| {
            let text = value.take_string(Some("a name"))?.into_owned();
            Ok((text, value.span))
        };
        Ok(Self(values.into_iter().map(name).collect()))
    }
}

/// The address in `fields` under `name`, if one is there: `https`, or on this machine.
pub fn service(fields: &mut Fields<'_>, name: &'static str) -> Option<Url> {
    let address = fields.optional_s::<Address>(name)?;
    if is_safe(&address.value.0) {
        return Some(address.value.0);
    }
    fields.errors.push(wrong(address.span, "what is read there would travel in the open; use https"));
    None
}

/// `base` with further segments of a path.
pub fn below(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

fn is_safe(url: &Url) -> bool {
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || local
}
