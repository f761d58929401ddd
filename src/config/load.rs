//! Reading `vigie.toml` table by table.

mod entries;
mod sinks;
mod sources;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use toml_span::Span;

use self::sinks::{Sinks, sinks};
use self::sources::sources;
use super::{Basics, Config, alive, group, operators, retention, route, watchlists};
use crate::clock::Clock;
use crate::model::sink::SinkId;
use crate::remote::Remotes;
use crate::setting::{Document, Fields, Problem, Size, Zone, wrong};
use crate::sink::console::Console;
use crate::{sink, source};

/// Where the daemon answers if nobody says otherwise.
const LISTEN: &str = "127.0.0.1:8970";

/// Enough for a backlog of deliveries and for sled to tidy up.
const MIN_FREE: Size = Size(100_000_000);

/// Reads the basics only.
pub(super) fn basics(document: &Document) -> Result<Basics, Vec<Problem>> {
    let mut value = document.parse()?;
    let mut fields = Fields::new(&mut value).map_err(|error| document.problems(error))?;
    let (basics, _) = take_basics(&mut fields, folder(document));
    let found: Vec<_> = fields.errors.into_iter().flat_map(|error| document.problems(error.into())).collect();
    if found.is_empty() { Ok(basics) } else { Err(found) }
}

/// Reads everything.
pub(super) fn load(
    document: &Document,
    clock: &Arc<dyn Clock>,
    warnings: &mut Vec<Problem>,
) -> Result<Config, Vec<Problem>> {
    let mut value = document.parse()?;
    let mut fields = Fields::new(&mut value).map_err(|error| document.problems(error))?;
    let dir = folder(document);
    let (basics, place) = take_basics(&mut fields, dir);
    let timezone = basics.timezone.clone();
    let operators = fields.take("operators");
    let contact = fields.optional::<String>("contact");
    let agent = agent(contact.as_deref());
    let (source_table, sink_table) = (fields.take("source"), fields.take("sink"));
    let (route_values, groups) = (fields.take("route"), fields.take("group"));
    let (alive_table, retention_table) = (fields.take("alive"), fields.take("retention"));
    let alerts_table = fields.take("alerts");
    let mut errors = Vec::new();
    if let Err(error) = fields.finalize(None) {
        errors.extend(error.errors);
    }
    let remotes = match Remotes::new(clock.clone(), &agent) {
        Ok(remotes) => remotes,
        Err(cause) => {
            let message = format!(
                "no connection can be made from this machine: {cause}; are CA certificates installed?"
            );
            return Err(vec![Problem { file: document.path.clone(), at: None, message }]);
        }
    };
    let signs = alive_table.map(|(_, mut value)| alive::read(&mut value, dir, &remotes, &timezone));
    let signs = signs.and_then(|signs| signs.map_err(|error| errors.extend(error.errors)).ok());
    let retention = retention_table.map(|(_, mut value)| retention::read(&mut value));
    let retention = retention.and_then(|kept| kept.map_err(|error| errors.extend(error.errors)).ok());
    let mut disabled = Vec::new();
    let kit = source::Kit { remotes: remotes.clone(), clock: clock.clone(), dir: dir.to_owned() };
    let known = errors.len();
    let mut slow = Vec::new();
    let sources = sources(source_table, &kit, &mut disabled, (&mut errors, &mut slow));
    warnings.extend(slow.into_iter().flat_map(|warning| document.problems(warning.into())));
    let all_read = errors.len() == known;
    let kit = sink::Kit { remotes, clock: clock.clone(), dir: dir.to_owned(), timezone: timezone.clone() };
    let Sinks { enabled: mut sinks, names: sink_names, heirs } =
        sinks(sink_table, &kit, &mut disabled, &mut errors);
    // Where a source could not be read, nobody knows what it watches.
    let accounts = all_read.then(|| group::read(groups, &sources, &mut errors));
    let (watch, mut problems) =
        watchlists::read(&basics.watchlists, place, accounts.as_ref(), &mut errors, warnings);
    if errors.is_empty() && (sources.is_empty() || sinks.is_empty()) {
        let (what, whose) =
            if sources.is_empty() { ("source", "nothing is watched") } else { ("sink", "nobody hears") };
        errors.push(wrong(
            Span::new(0, 0),
            format!("no {what} is enabled, so {whose}; enable a [{what}.KIND.NAME]"),
        ));
    }
    let everywhere = sinks.iter().map(|sink| sink.id().clone()).collect();
    let known = route::Known {
        sinks: &sink_names,
        watch: watch.as_ref(),
        accounts: accounts.as_ref(),
        timezone: &timezone,
        gather: route::gather(alerts_table, &mut errors),
    };
    let routes = route::read(route_values, everywhere, &known, &mut errors);
    let mut hearing = operators::read(operators, &sink_names, &mut errors).into_iter();
    let operators = hearing.next().unwrap_or_else(|| {
        let console = Console::stderr(SinkId::new("console", "operators"), timezone.clone());
        let id = sink::Sink::id(&console).clone();
        sinks.push(Arc::new(console));
        id
    });
    problems.extend(errors.into_iter().flat_map(|error| document.problems(error.into())));
    match watch {
        Some(watch) if problems.is_empty() => Ok(Config {
            basics,
            watch: Arc::new(watch),
            sources,
            sinks,
            heirs,
            routes,
            operators,
            fallbacks: hearing.collect(),
            disabled,
            signs,
            retention: retention.unwrap_or_default(),
        }),
        _ => Err(problems),
    }
}

fn folder(document: &Document) -> &Path {
    document.path.parent().unwrap_or(Path::new("."))
}

/// How vigie introduces itself to hosts.
fn agent(contact: Option<&str>) -> String {
    let contact: String =
        contact.unwrap_or("").chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
    let version = env!("CARGO_PKG_VERSION");
    if contact.is_empty() { format!("vigie/{version}") } else { format!("vigie/{version} ({contact})") }
}

/// The basics, and where the watchlists are named.
fn take_basics(fields: &mut Fields<'_>, dir: &Path) -> (Basics, Span) {
    let store = fields.optional::<String>("store").unwrap_or_else(|| "../data".into());
    let listen = fields.optional_s::<String>("listen");
    let listen = match listen.map(|text| (text.value.parse::<SocketAddr>(), text.span)) {
        Some((Ok(address), _)) => Some(address),
        Some((Err(_), span)) => {
            fields
                .errors
                .push(wrong(span, format!("`listen` is an address and a port, such as \"{LISTEN}\"")));
            None
        }
        None => None,
    };
    let listen = listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8970)));
    let watchlists = fields.optional_s::<String>("watchlists");
    let (watchlists, place) =
        watchlists.map_or_else(|| ("watchlists".into(), Span::new(0, 0)), |path| (path.value, path.span));
    let basics = Basics {
        store: dir.join(store),
        listen,
        timezone: take_timezone(fields),
        watchlists: dir.join(watchlists),
        open_metrics: fields.optional("open_metrics").unwrap_or(false),
        min_free: fields.optional("min_free").unwrap_or(MIN_FREE),
    };
    (basics, place)
}

fn take_timezone(fields: &mut Fields<'_>) -> TimeZone {
    fields.optional::<Zone>("timezone").map_or(TimeZone::UTC, |zone| zone.0)
}
