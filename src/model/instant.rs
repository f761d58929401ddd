//! Instants as they are written: text where people may read it, and a number of nanoseconds where every byte counts.

use std::fmt;

use jiff::Timestamp;
use serde::de::{Error, Visitor};
use serde::{Deserializer, Serialize, Serializer};

/// Writes an instant.
pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    match i64::try_from(at.as_nanosecond()) {
        Ok(nanoseconds) if !serializer.is_human_readable() => serializer.serialize_i64(nanoseconds),
        // Before 1677, or after 2262.
        _ => at.serialize(serializer),
    }
}

/// Reads an instant, however it was written.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    deserializer.deserialize_any(Instant)
}

struct Instant;

impl Visitor<'_> for Instant {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an instant")
    }

    fn visit_i64<E: Error>(self, nanoseconds: i64) -> Result<Timestamp, E> {
        Timestamp::from_nanosecond(nanoseconds.into()).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, nanoseconds: u64) -> Result<Timestamp, E> {
        Timestamp::from_nanosecond(nanoseconds.into()).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }
}

/// The same for an instant that may be missing.
pub mod optional {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct At(#[serde(with = "super")] Timestamp);

    /// Writes an instant, or that there is none.
    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(At).serialize(serializer)
    }

    /// Reads it.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<At>::deserialize(deserializer)?.map(|At(at)| at))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Both {
        #[serde(with = "super")]
        at: Timestamp,
        #[serde(with = "super::optional")]
        perhaps: Option<Timestamp>,
    }

    #[test]
    fn any_instant_comes_back_as_it_was_in_few_bytes_or_as_text() {
        let at = |nanosecond| Timestamp::from_nanosecond(nanosecond).unwrap();
        for at in [Timestamp::MIN, at(-1), at(0), at(1_750_000_000_123_456_789), Timestamp::MAX] {
            let both = Both { at, perhaps: Some(at) };
            let (packed, text) = (rmp_serde::to_vec(&both).unwrap(), serde_json::to_string(&both).unwrap());
            assert_eq!(rmp_serde::from_slice::<Both>(&packed).unwrap(), both);
            assert_eq!(serde_json::from_str::<Both>(&text).unwrap(), both);
            assert_eq!(text, format!("{{\"at\":\"{at}\",\"perhaps\":\"{at}\"}}"));
            assert!(packed.len() <= 19 || at == Timestamp::MIN || at == Timestamp::MAX);
        }
        let none = rmp_serde::to_vec(&Both { at: at(0), perhaps: None }).unwrap();
        assert_eq!((none.len(), rmp_serde::from_slice::<Both>(&none).unwrap().perhaps), (3, None));
    }
}
