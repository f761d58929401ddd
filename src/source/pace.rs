//! How fast the hosts of a source are called, and whether that is fast enough for all that it watches there.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use toml_span::value::ValueInner;
use toml_span::{DeserError, Deserialize, Value};

use super::{Common, Source};
use crate::model::timeline::patience;
use crate::remote::Pace;
use crate::setting::{Fields, wrong};

/// Calls a second that a host may be set to take.
const RANGE: std::ops::RangeInclusive<f64> = 0.001..=1000.0;

/// The pace that the table of a source sets with `calls_per_second`; otherwise the `usual` one, which public hosts bear.
pub fn take(fields: &mut Fields<'_>, usual: Pace) -> Pace {
    fields
        .optional::<PerSecond>("calls_per_second")
        .map_or(usual, |calls| Pace::per_second(calls.0).resting(usual.rest))
}

/// Calls a second.
struct PerSecond(f64);

impl<'de> Deserialize<'de> for PerSecond {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let calls = match value.take() {
            ValueInner::Integer(calls) => calls as f64,
            ValueInner::Float(calls) => calls,
            _ => f64::NAN,
        };
        if RANGE.contains(&calls) {
            return Ok(Self(calls));
        }
        let (least, most) = (RANGE.start(), RANGE.end());
        Err(wrong(value.span, format!("this is a number from {least} to {most}, such as 20 or 0.5")).into())
    }
}

/// Why accounts of a source would always be late: at its pace, a host cannot be asked for all of them in time.
pub fn too_slow(common: &Common, source: &dyn Source) -> Vec<String> {
    let Some(pace) = common.pace else { return Vec::new() };
    let mut hosts: BTreeMap<String, (usize, SignedDuration)> = BTreeMap::new();
    for watched in source.accounts() {
        let every = watched.every.unwrap_or(common.every);
        let host = source.host(&watched.account).unwrap_or_default();
        let (accounts, shortest) = hosts.entry(host).or_insert((0, every));
        (*accounts, *shortest) = (*accounts + 1, every.min(*shortest));
    }
    let slow = |(host, (accounts, every)): (String, (usize, SignedDuration))| {
        let takes = SignedDuration::try_from(pace.time_for(accounts)).unwrap_or(SignedDuration::MAX);
        let at = if host.is_empty() { "one host".to_owned() } else { host };
        (takes > patience(every)).then(|| {
            format!(
                "{accounts} accounts are read at {at}, which is called once in {:#} at most, so each is seen once in {:#} \
                 rather than {every:#}; take a longer `every`, or `calls_per_second` if the host takes more",
                SignedDuration::try_from(pace.every).unwrap_or(SignedDuration::MAX),
                SignedDuration::from_secs(takes.as_secs()),
            )
        })
    };
    hosts.into_iter().filter_map(slow).collect()
}
