//! A feed's bytes as text, whatever they claim to be.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// The text of `bytes`, without byte order mark; what fits no encoding is replaced.
///
/// Believes a byte order mark first. Then bytes that are valid UTF-8 beyond ASCII, for no other encoding looks like
/// that by chance and servers often claim another. Then the charset that the HTTP header names, then the one in the XML
/// declaration, if the bytes fit them; else the most likely one.
pub fn decode(bytes: &[u8], charset: Option<&str>) -> String {
    let bytes = &bytes[leading_space(bytes)..];
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[length..]).0.into_owned();
    }
    if let Some(encoding) = wide(bytes) {
        return encoding.decode_without_bom_handling(bytes).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.is_ascii()
    {
        return text.to_owned();
    }
    let named = [charset.map(str::as_bytes), declared(bytes)];
    let named = named.into_iter().flatten().filter_map(Encoding::for_label);
    for encoding in named.filter(|encoding| *encoding != UTF_16LE && *encoding != UTF_16BE).chain([UTF_8]) {
        if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            return text.into_owned();
        }
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow).decode_without_bom_handling(bytes).0.into_owned()
}

/// The charset that a `Content-Type` header names.
pub fn charset(content_type: &str) -> Option<&str> {
    let parameter = |part: &'_ str| -> Option<usize> {
        let name = part.split('=').next()?;
        name.trim().eq_ignore_ascii_case("charset").then_some(name.len() + 1)
    };
    content_type.split(';').skip(1).find_map(|part| {
        let start = parameter(part)?;
        Some(part.get(start..)?.trim().trim_matches(['"', '\'']))
    })
}

fn leading_space(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len())
}

/// UTF-16 without a byte order mark, told by its first two characters.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<' | b'{', 0, second, 0, ..] if *second != 0 => Some(UTF_16LE),
        [0, b'<' | b'{', 0, second, ..] if *second != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// The encoding that an XML declaration names.
fn declared(bytes: &[u8]) -> Option<&[u8]> {
    let declaration = bytes.strip_prefix(b"<?xml")?;
    let end = declaration.iter().take(300).position(|byte| *byte == b'>')?;
    let declaration = &declaration[..end];
    let at = declaration.windows(8).position(|window| window == b"encoding")?;
    let mut value = declaration[at + 8..].splitn(3, |byte| matches!(byte, b'"' | b'\''));
    value.nth(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SAID: &str = "<rss>Россия поставит Мали оружие</rss>";

    fn encoded(text: &str, label: &str) -> Vec<u8> {
        Encoding::for_label(label.as_bytes()).unwrap().encode(text).0.into_owned()
    }

    #[test]
    fn the_header_is_believed_then_the_declaration_then_the_letters() {
        let bytes = encoded(SAID, "windows-1251");
        assert_eq!(decode(&bytes, Some("windows-1251")), SAID);
        let declared = format!("<?xml version='1.0' encoding='koi8-r'?>{SAID}");
        assert_eq!(decode(&encoded(&declared, "koi8-r"), None), declared);
        assert_eq!(decode(&bytes, None), SAID);
    }

    #[test]
    fn a_server_that_denies_utf_8_is_not_believed() {
        assert_eq!(decode(SAID.as_bytes(), Some("iso-8859-1")), SAID);
        let denied = format!("<?xml version=\"1.0\" encoding=\"windows-1252\"?>{SAID}");
        assert_eq!(decode(denied.as_bytes(), None), denied);
        assert_eq!(decode(&encoded(SAID, "windows-1251"), Some("utf-8")), SAID);
    }

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        let text = format!("<?xml version='1.0' encoding='utf-16'?>{SAID}");
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            little.clone(),
            big.clone(),
            [b"\xff\xfe".to_vec(), little].concat(),
            [b"\xfe\xff".to_vec(), big].concat(),
        ] {
            assert_eq!(decode(&bytes, Some("utf-8")), text);
        }
        assert_eq!(decode(text.replace(SAID, "<rss/>").as_bytes(), None), text.replace(SAID, "<rss/>"));
    }

    #[test]
    fn a_byte_order_mark_and_leading_space_are_dropped() {
        assert_eq!(decode("\u{feff}<rss>é</rss>".as_bytes(), Some("windows-1251")), "<rss>é</rss>");
        assert_eq!(decode(b"\r\n  <rss/>", None), "<rss/>");
        assert_eq!(decode(b"", None), "");
    }

    #[test]
    fn a_charset_is_found_in_a_content_type() {
        let cases = [
            ("text/xml; charset=windows-1251", Some("windows-1251")),
            ("application/rss+xml;Charset=\"UTF-8\" ; x=y", Some("UTF-8")),
            ("text/xml", None),
            ("text/xml; charset", None),
        ];
        for (header, expected) in cases {
            assert_eq!(charset(header), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, label in "[a-z0-9-]{0,12}", xml: bool) {
            let bytes = if xml { [b"<?xml encoding=".to_vec(), bytes].concat() } else { bytes };
            decode(&bytes, Some(&label));
        }
    }
}
