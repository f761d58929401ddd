//! The tables of sources and sinks, by kind and name.

use toml_span::value::{Key, Table};
use toml_span::{Error, Value};

use crate::setting::{nearest, table, wrong};

/// The tables `[TABLE.KIND.NAME]` whose kind is known, in the order of the file.
pub(super) fn entries<'de>(
    value: Option<(Key<'de>, Value<'de>)>,
    kinds: &[&'static str],
    errors: &mut Vec<Error>,
) -> Vec<(&'static str, Key<'de>, Value<'de>)> {
    let Some((what, mut value)) = value else { return Vec::new() };
    let mut found = Vec::new();
    let tables = |value: &mut Value<'de>, errors: &mut Vec<Error>| -> Table<'de> {
        table(value).map_err(|error| errors.push(error)).unwrap_or_default()
    };
    for (kind, mut named) in tables(&mut value, errors) {
        let Some(known) = kinds.iter().find(|known| **known == kind.name) else {
            let hint = nearest(&kind.name, kinds.iter().copied());
            let hint = hint.map_or_else(
                || format!("there are {}", kinds.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            errors.push(wrong(
                kind.span,
                format!("there is no {} of the kind `{}`; {hint}", what.name, kind.name),
            ));
            continue;
        };
        for (name, value) in tables(&mut named, errors) {
            if is_name(&name.name) {
                found.push((*known, name, value));
            } else {
                errors.push(wrong(name.span, "a name is made of 1 to 40 of a-z, A-Z, 0-9, - and _"));
            }
        }
    }
    found.sort_by_key(|(_, name, _)| name.span.start);
    found
}

fn is_name(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
