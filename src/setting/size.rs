//! Amounts of bytes as people write them.

use std::fmt;

use toml_span::{DeserError, Deserialize, Value};

use super::wrong;

/// An amount of bytes, written such as `"100 MB"`: decimal units, as disks are sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

const UNITS: [(&str, u64); 5] =
    [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("B", 1)];

impl Size {
    fn parse(text: &str) -> Option<Self> {
        let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (amount, unit) = text.split_at(unit_at);
        let (_, factor) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()))?;
        let bytes = amount.parse::<f64>().ok()? * *factor as f64;
        Some(Self(bytes as u64))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, factor) = UNITS.iter().find(|(_, factor)| self.0 >= *factor).unwrap_or(&("B", 1));
        let tenths = u128::from(self.0) * 10 / u128::from(*factor);
        match tenths % 10 {
            0 => write!(f, "{} {name}", tenths / 10),
            rest => write!(f, "{}.{rest} {name}", tenths / 10),
        }
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        let text = value.take_string(Some("an amount such as \"100 MB\""))?;
        Self::parse(text.trim()).ok_or_else(|| {
            wrong(span, format!("`{text}` is no amount of bytes; write it as \"100 MB\" or \"2 GB\"")).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_shown_as_people_write_them() {
        for (text, bytes, shown) in [
            ("100 MB", 100_000_000, "100 MB"),
            ("1.5gb", 1_500_000_000, "1.5 GB"),
            ("0 B", 0, "0 B"),
            ("64KB", 64_000, "64 KB"),
            ("2 TB", 2_000_000_000_000, "2 TB"),
        ] {
            let size = Size::parse(text).unwrap();
            assert_eq!((size.0, size.to_string().as_str()), (bytes, shown), "{text}");
        }
        for text in ["", "100", "MB", "-1 MB", "1 MiB", "1..5 MB", "much"] {
            assert_eq!(Size::parse(text), None, "{text}");
        }
    }
}
