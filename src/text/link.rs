//! Addresses: where one stands in a text, and what its characters say.

use std::ops::Range;

/// With one of these an address begins.
pub const FIRST: [char; 4] = ['h', 'H', 'w', 'W'];

/// The address that begins at byte `at` of `text`; `www.` begins none inside of a word.
pub fn address_at(text: &str, at: usize) -> Option<Range<usize>> {
    let (before, rest) = text.split_at_checked(at)?;
    let begins = |start: &str| rest.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    let inside = || before.chars().next_back().is_some_and(char::is_alphanumeric);
    let address = begins("http://") || begins("https://") || (begins("www.") && !inside());
    address.then(|| at..at + rest.find(ends).unwrap_or(rest.len()))
}

/// White space, what brackets or quotes an address, and the punctuation and letters of scripts that set no
/// space behind it.
fn ends(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '<' | '>' | '"' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '\\' | '^' | '`' | '«' | '»'
        )
        || matches!(c, '\u{2010}'..='\u{203F}' | '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7FF}')
        || matches!(c, '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FFEF}' | '\u{0600}'..='\u{06FF}')
        || matches!(c, '\u{1F000}'..='\u{3FFFF}')
}

/// Host and path of an address, character by character with its bytes, percent signs decoded.
///
/// What is no character there comes as a space.
pub fn characters(address: &str) -> impl Iterator<Item = (Range<usize>, char)> {
    let start = address.find("://").map_or(0, |at| at + 3);
    let end =
        address.get(start..).and_then(|rest| rest.find(['?', '#'])).map_or(address.len(), |at| start + at);
    let mut at = start;
    std::iter::from_fn(move || {
        let rest = address.get(at..end)?;
        let c = rest.chars().next()?;
        let (width, c) = if c == '%' { decoded(rest.as_bytes()) } else { (c.len_utf8(), c) };
        at += width;
        Some((at - width..at, c))
    })
}

/// The character that the percent signs at the start of `bytes` spell, and how many bytes they take.
fn decoded(bytes: &[u8]) -> (usize, char) {
    let digit = |at: usize| bytes.get(at).and_then(|byte| (*byte as char).to_digit(16));
    let byte = |n: usize| {
        let sign = bytes.get(n * 3) == Some(&b'%');
        sign.then(|| Some(digit(n * 3 + 1)? * 16 + digit(n * 3 + 2)?)).flatten().map(|byte| byte as u8)
    };
    let spelt: Vec<u8> = (0..4).map_while(byte).collect();
    let whole = (1..=spelt.len()).find_map(|n| Some((n, std::str::from_utf8(&spelt[..n]).ok()?)));
    match whole.and_then(|(n, text)| Some((n, text.chars().next()?))) {
        Some((n, c)) => (n * 3, c),
        None if spelt.is_empty() => (1, ' '),
        None => (3, ' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_where_people_see_it_end() {
        let table = [
            ("https://t.co/Ab1 next", Some(16)),
            ("HTTP://x.org/a", Some(14)),
            ("www.x.org)", Some(9)),
            ("https://x.org/俄罗斯", Some(14)),
            ("http", None),
            ("wwwx", None),
        ];
        for (text, end) in table {
            assert_eq!(address_at(text, 0).map(|found| found.end), end, "{text}");
        }
        assert_eq!(address_at("awww.x.org", 1), None);
    }

    #[test]
    fn percent_signs_are_decoded_with_their_bytes() {
        let text: String =
            characters("https://x.org/%D0%9C%D0%B0/b%20c%FF%zz?q=d#e").map(|(_, c)| c).collect();
        assert_eq!(text, "x.org/Ма/b c  zz");
        assert_eq!(characters("a/%D0%9C").collect::<Vec<_>>(), [(0..1, 'a'), (1..2, '/'), (2..8, 'М')]);
    }
}
