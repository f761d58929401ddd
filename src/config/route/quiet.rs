//! Reading `quiet = { from, to, days, timezone, through }`, or a list of such.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use toml_span::de_helpers::expected;
use toml_span::value::ValueInner;
use toml_span::{DeserError, Deserialize, Value};

use crate::model::matched::Severity;
use crate::route::Quiet;
use crate::setting::{Fields, Zone, one_of, wrong};

/// Hours of quiet as the file has them; by `timezone` unless they name another.
pub(super) fn read(value: &mut Value<'_>, timezone: &TimeZone) -> Result<Vec<Quiet>, DeserError> {
    if value.as_table().is_some() {
        return Ok(vec![one(value, timezone)?]);
    }
    match value.take() {
        ValueInner::Array(all) => all.into_iter().map(|mut value| one(&mut value, timezone)).collect(),
        other => {
            Err(expected("{ from = \"22:00\", to = \"07:00\" }, or a list of such", other, value.span).into())
        }
    }
}

fn one(value: &mut Value<'_>, timezone: &TimeZone) -> Result<Quiet, DeserError> {
    let mut fields = Fields::new(value)?;
    let (from, to) = (fields.required::<Clock>("from"), fields.required::<Clock>("to"));
    let days = fields.optional::<Vec<Day>>("days").unwrap_or_default();
    let timezone = fields.optional::<Zone>("timezone").map_or_else(|| timezone.clone(), |zone| zone.0);
    let through = fields.optional::<Severity>("through").unwrap_or(Severity::Critical);
    fields.finalize(None)?;
    let days = days.into_iter().map(|day| day.0).collect();
    Ok(Quiet { from: from?.0, to: to?.0, days, timezone, through })
}

/// A time of the day, `22:00`.
struct Clock(Time);

impl<'de> Deserialize<'de> for Clock {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let text = value.take_string(Some("a time of the day such as \"22:00\""))?;
        let read = Time::strptime("%H:%M", text.as_ref());
        read.map(Self)
            .map_err(|_| wrong(span, format!("`{text}` is no time of the day; write it as \"22:00\"")).into())
    }
}

/// A day of the week, `mon`.
struct Day(Weekday);

impl<'de> Deserialize<'de> for Day {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
        let names = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let days = [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday];
        one_of(value, names, &days).map(Self)
    }
}
