//! JSON with half a character in it, as is left where a server cuts a text: half a surrogate pair within an emoji, or some bytes
//! of a letter; or with a text in another encoding. Strict readers refuse the whole of it: a page of a hundred posts, again and
//! again, for one of them.

use serde::de::DeserializeOwned;

/// What `bytes` say; U+FFFD stands for half a pair, and for bytes that are no UTF-8.
///
/// # Errors
/// Whatever else is wrong with them.
pub fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(bytes).or_else(|cause| {
        let mended = mended(bytes).ok_or(cause)?;
        serde_json::from_str(&mended)
    })
}

/// The text in whole characters; none if it is so already.
fn mended(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let (mut mended, mut rest) = (String::with_capacity(text.len()), &*text);
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
    (mended.as_bytes() != bytes).then_some(mended)
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
    fn half_a_character_costs_itself_and_nothing_else() {
        let table: [(&[u8], &str); 13] = [
            (br#""a \ud83d\ude81 b""#, "a \u{1F681} b"),
            (br#""a \ud83d b""#, "a \u{FFFD} b"),
            (br#""a \ud83d""#, "a \u{FFFD}"),
            (br#""\ude81\ud83d""#, "\u{FFFD}\u{FFFD}"),
            (br#""\ud83d\ud83d\ude81""#, "\u{FFFD}\u{1F681}"),
            (br#""\uD83Dx\n\"\\ud83d""#, "\u{FFFD}x\n\"\\ud83d"),
            (br#""\\\ud83d\u00e9""#, "\\\u{FFFD}\u{E9}"),
            (br#""\ud83d\n""#, "\u{FFFD}\n"),
            (b"\"a \xd0\xbc\xd0 b\"", "a \u{43C}\u{FFFD} b"),
            (b"\"a \xf0\x9f\x9a\"", "a \u{FFFD}"),
            // As one used to write half a pair, and a text in Latin-1.
            (b"\"\xed\xa0\xbd\"", "\u{FFFD}\u{FFFD}\u{FFFD}"),
            (b"\"\xe9quip\xe9\"", "\u{FFFD}quip\u{FFFD}"),
            (b"\"\xff\\ud83d\"", "\u{FFFD}\u{FFFD}"),
        ];
        for (bytes, expected) in table {
            let shown = String::from_utf8_lossy(bytes);
            assert_eq!(parsed::<String>(bytes).unwrap(), expected, "{shown}");
        }
        let pages: [&[u8]; 2] = [
            br#"{"data": [{"text": "cut \ud83d"}, {"text": "whole"}]}"#,
            b"{\"data\": [{\"text\": \"cut \xd0\"}, {\"text\": \"whole\"}]}",
        ];
        for page in pages {
            let page: Value = parsed(page).unwrap();
            assert_eq!([&page["data"][0]["text"], &page["data"][1]["text"]], ["cut \u{FFFD}", "whole"]);
        }
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
            b"{\"a\": \xff}",
            b"\xff\xfe\x00\x80",
            b"\"a\xff",
            b"\"\\\xff\"",
        ] {
            assert!(parsed::<Value>(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
    }
}
