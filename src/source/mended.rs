//! JSON with half a surrogate pair, as is left where a server cuts a text within an emoji. Strict readers refuse the whole
//! of it: a page of a hundred posts, again and again, for one of them.

use serde::de::DeserializeOwned;

/// What `bytes` say; U+FFFD stands for half a pair.
///
/// # Errors
/// Whatever else is wrong with them.
pub fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(bytes).or_else(|cause| {
        let mended = mended(bytes).ok_or(cause)?;
        serde_json::from_str(&mended)
    })
}

/// The text without half pairs; none if there are no such.
fn mended(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (mut mended, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        mended.push_str(before);
        let (length, is_whole) = match unit(escape) {
            Some(0xD800..0xDC00) => match escape.get(6..).and_then(unit) {
                Some(0xDC00..0xE000) => (12, true),
                _ => (6, false),
            },
            Some(0xDC00..0xE000) => (6, false),
            Some(_) => (6, true),
            None => (1 + escape.chars().nth(1).map_or(0, char::len_utf8), true),
        };
        let (escape, behind) = escape.split_at_checked(length).unwrap_or((escape, ""));
        mended.push_str(if is_whole { escape } else { "\\ufffd" });
        rest = behind;
    }
    mended.push_str(rest);
    (mended != text).then_some(mended)
}

/// The code unit that `text` begins with as an escape.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_number = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_number.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn half_a_pair_costs_itself_and_nothing_else() {
        let table: [(&[u8], &str); 8] = [
            (br#""a \ud83d\ude81 b""#, "a \u{1F681} b"),
            (br#""a \ud83d b""#, "a \u{FFFD} b"),
            (br#""a \ud83d""#, "a \u{FFFD}"),
            (br#""\ude81\ud83d""#, "\u{FFFD}\u{FFFD}"),
            (br#""\ud83d\ud83d\ude81""#, "\u{FFFD}\u{1F681}"),
            (br#""\uD83Dx\n\"\\ud83d""#, "\u{FFFD}x\n\"\\ud83d"),
            (br#""\\\ud83d\u00e9""#, "\\\u{FFFD}\u{E9}"),
            (br#""\ud83d\n""#, "\u{FFFD}\n"),
        ];
        for (bytes, expected) in table {
            let shown = String::from_utf8_lossy(bytes);
            assert_eq!(parsed::<String>(bytes).unwrap(), expected, "{shown}");
        }
        let page = br#"{"data": [{"text": "cut \ud83d"}, {"text": "whole"}]}"#;
        let page: Value = parsed(page).unwrap();
        assert_eq!(page["data"][1]["text"], "whole");
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for bytes in [
            &b""[..],
            b"\\",
            b"\\u",
            b"\"\\ud8",
            b"\"\\u\xc3\xa9\"",
            b"{\"a\": \"\\ud83d\"",
            b"\"\\x\"",
            b"\"\xff\\ud83d\"",
        ] {
            assert!(parsed::<Value>(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
    }
}
