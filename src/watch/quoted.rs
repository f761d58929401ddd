//! Strings of a file, and where each of their bytes stands in it.

use std::borrow::Cow;

use toml_span::value::Key;
use toml_span::{DeserError, Deserialize, Span, Value};

use crate::setting::{Document, Problem};

/// A string of the file with its place.
#[derive(Clone, Debug)]
pub struct Quoted<'d> {
    /// What it says.
    pub text: Cow<'d, str>,
    /// Where it stands, without its quotes.
    pub span: Span,
}

impl<'de> Deserialize<'de> for Quoted<'de> {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        Ok(Self { text: value.take_string(None)?, span })
    }
}

impl<'d> From<&Key<'d>> for Quoted<'d> {
    fn from(key: &Key<'d>) -> Self {
        Self { text: key.name.clone(), span: key.span }
    }
}

impl Quoted<'_> {
    /// A problem at byte `at` of what it says.
    pub fn problem(&self, document: &Document, at: usize, message: impl Into<String>) -> Problem {
        let written = document.text.get(self.span.start..self.span.end).unwrap_or_default();
        let before = document.text.get(..self.span.start).unwrap_or_default();
        let offset = match self.text {
            Cow::Borrowed(_) => at,
            Cow::Owned(_) => written_offset(written, at, before.trim_end().ends_with('"')),
        };
        let start = self.span.start + offset;
        document.problem(Span::new(start, start), message)
    }
}

/// Where byte `at` of a text stands in the way it is written, perhaps with escapes.
fn written_offset(written: &str, at: usize, escapes: bool) -> usize {
    let (mut said, mut offset) = (0, 0);
    while let Some(rest) = written.get(offset..).filter(|rest| !rest.is_empty()) {
        let (taken, says) = piece(rest, escapes);
        // What says nothing, such as an escaped end of line, belongs to what comes before it.
        if said >= at && says > 0 {
            break;
        }
        offset += taken;
        said += says;
    }
    offset
}

/// How many bytes the first character takes as written, and how many it says.
fn piece(written: &str, escapes: bool) -> (usize, usize) {
    let mut characters = written.chars();
    let (first, second) = (characters.next().unwrap_or(' '), characters.next());
    let code = |digits: usize| {
        let code = written.get(2..2 + digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        (2 + digits, code.and_then(char::from_u32).map_or(0, char::len_utf8))
    };
    match (first, second) {
        ('\r', Some('\n')) => (2, 1),
        ('\\', Some('x')) if escapes => code(2),
        ('\\', Some('u')) if escapes => code(4),
        ('\\', Some('U')) if escapes => code(8),
        ('\\', Some(space)) if escapes && space.is_whitespace() => {
            (written.len() - characters.as_str().trim_start().len(), 0)
        }
        ('\\', Some(escaped)) if escapes => (1 + escaped.len_utf8(), 1),
        _ => (first.len_utf8(), first.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_in_the_way_it_was_written() {
        let table = [
            ("abc", 2, true, 2),
            (r#"\"a\" b"#, 4, true, 6),
            (r"\u00e9b", 2, true, 6),
            (r"\x41b \U0001F680c", 7, true, 16),
            ("a \\\n  b", 2, true, 6),
            ("a\r\nb", 2, true, 3),
            ("a\r\nb", 2, false, 3),
            (r"a\nb", 2, false, 2),
            ("abc", 9, true, 3),
        ];
        for (written, at, escapes, offset) in table {
            assert_eq!(written_offset(written, at, escapes), offset, "{written:?} {at}");
        }
    }
}
