//! Reading `[[route]]` and `[alerts]`.

mod quiet;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use toml_span::value::{Key, ValueInner};
use toml_span::{DeserError, Error, Span, Spanned, Value};

use crate::model::matched::Severity;
use crate::model::post::Platform;
use crate::model::sink::SinkId;
use crate::route::{Only, Route, Routes};
use crate::setting::{Fields, Period, nearest, wrong};
use crate::watch::{Account, Accounts, Watch};

/// How long a story that is not grave gathers if nobody says otherwise.
const GATHER: SignedDuration = SignedDuration::from_secs(30);

/// What routes are read with: the names they may use, and what holds where they say nothing.
pub(super) struct Known<'a> {
    /// Every sink, and whether it is enabled.
    pub(super) sinks: &'a BTreeMap<String, bool>,
    /// The watchlists; unknown if they could not be read.
    pub(super) watch: Option<&'a Watch>,
    /// The accounts; unknown if a source could not be read.
    pub(super) accounts: Option<&'a Accounts>,
    /// Whose clocks hours of quiet go by.
    pub(super) timezone: &'a TimeZone,
    /// How long stories gather.
    pub(super) gather: SignedDuration,
}

/// Reads `[alerts]`: `gather`.
pub(super) fn gather(value: Option<(Key<'_>, Value<'_>)>, errors: &mut Vec<Error>) -> SignedDuration {
    let Some((_, mut value)) = value else { return GATHER };
    let read = Fields::new(&mut value).and_then(|mut fields| {
        let gather = fields.optional::<Period>("gather").map_or(GATHER, |period| period.0);
        fields.finalize(None).map(|()| gather)
    });
    read.map_err(|error| errors.extend(error.errors)).unwrap_or(GATHER)
}

/// Reads all routes; `everywhere` hears everything if there is none.
pub(super) fn read(
    value: Option<(Key<'_>, Value<'_>)>,
    everywhere: Vec<SinkId>,
    known: &Known<'_>,
    errors: &mut Vec<Error>,
) -> Routes {
    let mut routes: Vec<Route> = Vec::new();
    if let Some((_, mut value)) = value {
        let span = value.span;
        match value.take() {
            ValueInner::Array(values) => {
                for (n, mut value) in values.into_iter().enumerate() {
                    let span = value.span;
                    match route(&mut value, n + 1, known) {
                        Ok(route) if routes.iter().any(|other| other.name == route.name) => {
                            errors.push(wrong(span, format!("another route is named `{}`", route.name)));
                        }
                        Ok(route) => routes.push(route),
                        Err(error) => errors.extend(error.errors),
                    }
                }
            }
            _ => errors.push(wrong(span, "routes are written as [[route]]")),
        }
    }
    Routes { routes, everywhere, gather: known.gather }
}

/// Reads the n-th route.
fn route(value: &mut Value<'_>, n: usize, known: &Known<'_>) -> Result<Route, DeserError> {
    let span = value.span;
    let mut fields = Fields::new(value)?;
    let name = fields.optional::<String>("name").unwrap_or_else(|| format!("route {n}"));
    let only = only(&mut fields, known);
    let gather = fields.optional::<Period>("gather").map_or(known.gather, |period| period.0);
    let most_per_hour = fields.optional_s::<u32>("most_per_hour");
    if let Some(zero) = most_per_hour.as_ref().filter(|most| most.value == 0) {
        fields
            .errors
            .push(wrong(zero.span, "`most_per_hour` is at least 1; to hear nothing, remove the route"));
    }
    let quiet = match fields.take("quiet").map(|(_, mut value)| quiet::read(&mut value, known.timezone)) {
        Some(Ok(quiet)) => quiet,
        Some(Err(error)) => {
            fields.errors.extend(error.errors);
            Vec::new()
        }
        None => Vec::new(),
    };
    let sinks = sinks(&mut fields, span, known.sinks);
    if !(1..=40).contains(&name.len()) {
        fields.errors.push(wrong(span, "the name of a route has 1 to 40 letters"));
    }
    fields.finalize(None)?;
    let most_per_hour = most_per_hour.map(|most| most.value);
    Ok(Route { name, only, sinks, gather, quiet, most_per_hour })
}

/// What a route is for.
fn only(fields: &mut Fields<'_>, known: &Known<'_>) -> Only {
    let watchlists = names(fields, "watchlists", "watchlist", known.watch.map(Watch::watchlists));
    let rules = names(fields, "rules", "rule", known.watch.map(Watch::rule_names));
    let severity = fields.optional::<Severity>("severity").unwrap_or(Severity::Low);
    let languages = fields.optional::<Vec<String>>("languages").unwrap_or_default();
    let mut platforms = Vec::new();
    for name in fields.optional::<Vec<Spanned<String>>>("platforms").unwrap_or_default() {
        match Platform::try_from(name.value) {
            Ok(platform) => platforms.push(platform),
            Err(why) => fields.errors.push(wrong(name.span, why)),
        }
    }
    let mut accounts = Vec::new();
    for written in fields.optional::<Vec<Spanned<String>>>("accounts").unwrap_or_default() {
        match account(&written.value, known.accounts) {
            Ok(found) => accounts.extend(found),
            Err(why) => fields.errors.push(wrong(written.span, why)),
        }
    }
    Only { watchlists, rules, severity, languages, platforms, accounts }
}

/// The account, or those of the group, that is written.
fn account(written: &str, known: Option<&Accounts>) -> Result<Vec<Account>, String> {
    match (written.strip_prefix("group:"), known) {
        (Some(name), Some(known)) => known.group(name).map(<[_]>::to_vec),
        (Some(_), None) => Ok(Vec::new()),
        (None, _) => {
            let account = Account::parse(written)?;
            known.and_then(|known| known.fault(&account)).map_or(Ok(vec![account]), Err)
        }
    }
}

/// A list of names that must be `known`.
fn names<'a>(
    fields: &mut Fields<'_>,
    key: &'static str,
    what: &str,
    known: Option<impl Iterator<Item = &'a str>>,
) -> Vec<String> {
    let written = fields.optional::<Vec<Spanned<String>>>(key).unwrap_or_default();
    let known: Option<BTreeSet<&str>> = known.map(Iterator::collect);
    for name in &written {
        let Some(known) = known.as_ref().filter(|known| !known.contains(name.value.as_str())) else {
            continue;
        };
        let hint = nearest(&name.value, known.iter().copied());
        let all = || known.iter().take(8).copied().collect::<Vec<_>>().join(", ");
        let hint =
            hint.map_or_else(|| format!("there are {}", all()), |near| format!("did you mean `{near}`?"));
        fields.errors.push(wrong(name.span, format!("no {what} is named `{}`; {hint}", name.value)));
    }
    written.into_iter().map(|name| name.value).collect()
}

/// The enabled sinks that a route leads to.
fn sinks(fields: &mut Fields<'_>, span: Span, known: &BTreeMap<String, bool>) -> Vec<SinkId> {
    let names = fields.required::<Vec<Spanned<String>>>("sinks").unwrap_or_default();
    let mut to = Vec::new();
    let mut wanted = names.len();
    for name in names {
        match sink(&name.value, name.span, known) {
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
    to
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
