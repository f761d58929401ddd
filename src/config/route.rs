//! Reading `[[route]]`.

use std::collections::BTreeMap;

use toml_span::value::{Key, ValueInner};
use toml_span::{DeserError, Error, Span, Value};

use crate::model::matched::Severity;
use crate::model::sink::SinkId;
use crate::route::{Route, Routes};
use crate::setting::{Fields, nearest, wrong};

/// The names that a route may use.
pub(super) struct Known<'a, W> {
    /// Every sink, and whether it is enabled.
    pub(super) sinks: &'a BTreeMap<String, bool>,
    /// The watchlists; unknown if they could not be read.
    pub(super) watchlists: Option<W>,
}

/// Reads all routes; `everywhere` hears everything if there is none.
pub(super) fn read<'a>(
    value: Option<(Key<'_>, Value<'_>)>,
    everywhere: Vec<SinkId>,
    known: Known<'_, impl Iterator<Item = &'a str>>,
    errors: &mut Vec<Error>,
) -> Routes {
    let watchlists: Option<Vec<&str>> = known.watchlists.map(Iterator::collect);
    let mut routes = Vec::new();
    if let Some((_, mut value)) = value {
        let span = value.span;
        match value.take() {
            ValueInner::Array(values) => {
                for mut value in values {
                    match route(&mut value, known.sinks, watchlists.as_deref()) {
                        Ok(route) => routes.push(route),
                        Err(error) => errors.extend(error.errors),
                    }
                }
            }
            _ => errors.push(wrong(span, "routes are written as [[route]]")),
        }
    }
    Routes { routes, everywhere }
}

/// Reads a route.
fn route(
    value: &mut Value<'_>,
    sinks: &BTreeMap<String, bool>,
    watchlists: Option<&[&str]>,
) -> Result<Route, DeserError> {
    let span = value.span;
    let mut fields = Fields::new(value)?;
    let lists = fields.optional::<Vec<toml_span::Spanned<String>>>("watchlists").unwrap_or_default();
    let severity = fields.optional::<Severity>("severity").unwrap_or(Severity::Low);
    let names = fields.required::<Vec<toml_span::Spanned<String>>>("sinks").unwrap_or_default();
    for list in &lists {
        if let Some(known) = watchlists.filter(|known| !known.contains(&list.value.as_str())) {
            let hint = nearest(&list.value, known.iter().copied());
            let hint = hint.map_or_else(
                || format!("there are {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            fields.errors.push(wrong(list.span, format!("no watchlist is named `{}`; {hint}", list.value)));
        }
    }
    let mut to = Vec::new();
    let mut wanted = names.len();
    for name in names {
        match sink(&name.value, name.span, sinks) {
            Ok(true) => to.push(SinkId::from(name.value)),
            Ok(false) => {}
            Err(error) => {
                fields.errors.push(error);
                wanted = 0;
            }
        }
    }
    // A route that leads nowhere would swallow its alerts in silence.
    if wanted > 0 && to.is_empty() {
        fields
            .errors
            .push(wrong(span, "every sink of this route is disabled, so nobody would hear; enable one"));
    }
    fields.finalize(None)?;
    let watchlists = lists.into_iter().map(|list| list.value).collect();
    Ok(Route { watchlists, severity, sinks: to })
}

/// Whether the sink `name` is enabled.
pub(super) fn sink(name: &str, span: Span, sinks: &BTreeMap<String, bool>) -> Result<bool, Error> {
    sinks.get(name).copied().ok_or_else(|| {
        let hint = nearest(name, sinks.keys().map(String::as_str));
        let known = || sinks.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let hint =
            hint.map_or_else(|| format!("there are: {}", known()), |near| format!("did you mean `{near}`?"));
        wrong(span, format!("no sink is named `{name}`; {hint}"))
    })
}
