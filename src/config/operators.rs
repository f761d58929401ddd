//! Reading `operators`: where vigie's own alarms go.

use std::collections::BTreeMap;

use toml_span::de_helpers::expected;
use toml_span::value::{Key, ValueInner};
use toml_span::{Deserialize, Error, Spanned, Value};

use super::route;
use crate::model::sink::SinkId;
use crate::setting::wrong;

/// The operators' sinks, the first of them first: a name, or a list of names. None if the file names none.
pub(super) fn read(
    value: Option<(Key<'_>, Value<'_>)>,
    sinks: &BTreeMap<String, bool>,
    errors: &mut Vec<Error>,
) -> Vec<SinkId> {
    let Some((_, mut value)) = value else { return Vec::new() };
    let span = value.span;
    let written = if value.as_str().is_some() {
        Spanned::<String>::deserialize(&mut value).map(|name| vec![name])
    } else if value.as_array().is_some() {
        Vec::<Spanned<String>>::deserialize(&mut value)
    } else {
        let found: ValueInner<'_> = value.take();
        Err(expected("the name of a sink, or a list of such", found, span).into())
    };
    let written = written.map_err(|error| errors.extend(error.errors)).unwrap_or_default();
    let mut operators: Vec<SinkId> = Vec::new();
    for Spanned { value: name, span } in written {
        match route::sink(&name, span, sinks) {
            Ok(true) if operators.iter().any(|known| known.as_str() == name) => {
                errors.push(wrong(span, format!("{name} is named twice")));
            }
            Ok(true) => operators.push(SinkId::from(name)),
            Ok(false) => errors.push(wrong(span, format!("the operators' sink {name} is disabled"))),
            Err(error) => errors.push(error),
        }
    }
    operators
}
