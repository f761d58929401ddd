//! The tables `[source.KIND.NAME]`.

use std::collections::{BTreeSet, HashMap};

use toml_span::value::Key;
use toml_span::{Error, Value};

use super::entries::entries;
use crate::model::post::Platform;
use crate::poll::Watching;
use crate::remote::Pace;
use crate::setting::{nearest, wrong};
use crate::source;
use crate::source::pace::too_slow;

/// The sources that are enabled.
pub(super) fn sources(
    value: Option<(Key<'_>, Value<'_>)>,
    kit: &source::Kit,
    disabled: &mut Vec<String>,
    (errors, warnings): (&mut Vec<Error>, &mut Vec<Error>),
) -> Vec<Watching> {
    let kinds: Vec<&str> = source::KINDS.iter().map(|(kind, _)| *kind).collect();
    let mut sources = Vec::new();
    // By kind and name, the number among the tables that are read: there may be thousands.
    let mut watched: HashMap<(&str, String), usize> = HashMap::new();
    let mut ids = Vec::new();
    let mut paces = Paces::default();
    for (kind, name, mut value) in entries(value, &kinds, errors) {
        let id = format!("{kind}.{}", name.name);
        ids.push(id.clone());
        let Some((_, read)) = source::KINDS.iter().find(|(known, _)| *known == kind) else { continue };
        let plan = match read(&mut value) {
            Ok(plan) => plan,
            Err(error) => {
                errors.extend(error.errors);
                continue;
            }
        };
        if !plan.common.enabled {
            disabled.push(format!("source {id}"));
            continue;
        }
        match (plan.build)(kit) {
            Ok(source) => {
                for account in source.accounts() {
                    let key = (kind, account.account.to_lowercase());
                    if let Some(other) = watched.insert(key, ids.len() - 1) {
                        let message = format!("{} is watched by {} already", account.account, ids[other]);
                        errors.push(wrong(name.span, message));
                    }
                }
                let at_odds = paces.at_odds((kind, &id), &plan.common, source.as_ref());
                errors.extend(at_odds.into_iter().map(|message| wrong(name.span, message)));
                warnings.extend(
                    too_slow(&plan.common, source.as_ref()).into_iter().map(|why| wrong(name.span, why)),
                );
                errors.extend(
                    stray_canary(&plan.common, source.as_ref()).map(|message| wrong(name.span, message)),
                );
                let platform = Platform::try_from(kind.to_owned()).unwrap_or(Platform::FILE);
                sources.push(Watching { id, platform, common: plan.common, source });
            }
            Err(error) => errors.push(error),
        }
    }
    sources
}

/// The pace of each host that a kind of source calls, and the source that set it.
#[derive(Default)]
struct Paces(HashMap<(String, String), (Pace, String)>);

impl Paces {
    /// What is wrong with a source that calls hosts at another pace than one before it.
    fn at_odds(
        &mut self,
        (kind, id): (&str, &str),
        common: &source::Common,
        source: &dyn source::Source,
    ) -> BTreeSet<String> {
        let Some(pace) = common.pace else { return BTreeSet::new() };
        let hosts: BTreeSet<_> =
            source.accounts().iter().filter_map(|watched| source.host(&watched.account)).collect();
        let at_odds = |host: String| {
            let (other, by) =
                self.0.entry((kind.to_owned(), host.clone())).or_insert_with(|| (pace, id.to_owned()));
            (*other != pace).then(|| {
                format!("{host} is read by {by}, too, at another pace; give both the same `calls_per_second`")
            })
        };
        hosts.into_iter().filter_map(at_odds).collect()
    }
}

/// What is wrong with a canary that its source does not watch.
fn stray_canary(common: &source::Common, source: &dyn source::Source) -> Option<String> {
    let canary = &common.canary.as_ref()?.account;
    let accounts = source.accounts();
    let names = || accounts.iter().map(|watched| &*watched.account);
    if names().any(|name| name == canary) {
        return None;
    }
    let hint = nearest(canary, names()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Some(format!("the canary `{canary}` is none of the accounts that this source watches{hint}"))
}
