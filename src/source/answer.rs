//! What the answers of several platforms have in common.

use jiff::Timestamp;
use serde_json::Value;

use super::SourceError;
use super::mended::parsed;
use crate::remote::{Answer, CallError};

/// The most of a text that is kept of one post, in bytes.
const LONGEST_TEXT: usize = 256 << 10;

/// The most objects and lists in what is read as JSON: the shortest take a hundred times their bytes in memory. A page of
/// posts has some thousands.
const MOST_GROUPS: usize = 100_000;

/// The longest id that is taken for one, in bytes.
const LONGEST_ID: usize = 1000;

/// Why there is no answer at all.
pub fn no_answer(error: CallError) -> SourceError {
    match error {
        CallError::NotSent(why) | CallError::Ambiguous(why) => SourceError::Unanswered(why),
        CallError::Unusable(why) => SourceError::Retry(None, why),
        CallError::Closed(until, why) => SourceError::Retry(Some(until), why),
    }
}

/// The JSON in a successful answer of `host`.
pub fn json_of(answer: &Answer, host: &str) -> Result<Value, SourceError> {
    json(&answer.body).map_err(|cause| {
        let why = format!("{host} answers {} with something that is no JSON: {cause}", answer.status);
        SourceError::Retry(None, why)
    })
}

/// The JSON in `bytes`; half a character in it is mended, and so are bytes that are none.
pub fn json(bytes: &[u8]) -> Result<Value, String> {
    let groups = bytes.iter().filter(|byte| matches!(byte, b'{' | b'[')).count();
    if groups > MOST_GROUPS {
        return Err(format!("it has more than {MOST_GROUPS} objects and lists"));
    }
    parsed(bytes).map_err(|cause| cause.to_string())
}

/// The text at `pointer`, if there is one that is not empty.
pub fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

/// The list at `pointer`; empty if there is none.
pub fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The instant at `pointer`.
pub fn instant(value: &Value, pointer: &str) -> Option<Timestamp> {
    text(value, pointer)?.parse().ok()
}

/// The id at `pointer`, if it is one that can be kept.
pub fn id<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    text(value, pointer).filter(|id| id.len() <= LONGEST_ID && !id.contains(char::is_control))
}

/// `text`, cut where nobody reads on.
pub fn bounded(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LONGEST_TEXT));
    text
}

/// Words of a server as one line. They are long enough still that a secret among them is found whole.
pub fn words(text: &str) -> String {
    text.chars().take(4000).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `error` without any of `secrets`, should a server repeat them, and then not too long: a secret cut in two could not
/// be found.
pub fn hidden<'a>(error: SourceError, secrets: impl IntoIterator<Item = &'a str>) -> SourceError {
    let hide = |why: String| {
        let hidden = secrets.into_iter().fold(why, |why, secret| why.replace(secret, "***"));
        hidden.chars().take(400).collect()
    };
    match error {
        SourceError::Retry(at, why) => SourceError::Retry(at, hide(why)),
        SourceError::Unanswered(why) => SourceError::Unanswered(hide(why)),
        SourceError::Later(until, why) => SourceError::Later(until, hide(why)),
        SourceError::Paused(until, why) => SourceError::Paused(until, hide(why)),
        SourceError::Broken(why) => SourceError::Broken(hide(why)),
        SourceError::Barred(cause, why) => SourceError::Barred(cause, hide(why)),
        SourceError::Suspicious(why) => SourceError::Suspicious(hide(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_swell_in_memory_is_refused_before_it_is_read() {
        let list = |of: &str, count: usize| format!("[{}]", vec![of; count].join(","));
        assert!(json(list("{\"a\":1}", 50_000).as_bytes()).is_ok());
        for of in ["{\"a\":1}", "[]", "[[{}]]"] {
            let refused = json(list(of, 100_001).as_bytes()).unwrap_err();
            assert_eq!(refused, "it has more than 100000 objects and lists");
        }
    }
}
