//! The text of a record as people mean it: links that are shown cut are written out.

use serde_json::Value;

use crate::source::answer::{list, text};

/// The most links that are read of a post.
const MOST_LINKS: usize = 100;

/// Text and links of `record`. Facets say in bytes where something stands; what they say may be wrong.
pub fn readable(record: &Value) -> (String, Vec<String>) {
    let written = record.get("text").and_then(Value::as_str).unwrap_or("");
    let mut found: Vec<(usize, usize, &str)> =
        list(record, "/facets").iter().take(MOST_LINKS).flat_map(|facet| link(facet, written)).collect();
    found.sort_by_key(|(start, _, _)| *start);
    let mut read = String::with_capacity(written.len());
    let mut links: Vec<String> = Vec::new();
    let mut at = 0;
    for (start, end, uri) in found {
        if !links.iter().any(|known| known == uri) {
            links.push(uri.to_owned());
        }
        if start < at || !is_short_for(&written[start..end], uri) {
            continue;
        }
        read.push_str(&written[at..start]);
        read.push_str(uri);
        at = end;
    }
    read.push_str(&written[at..]);
    for legacy in list(record, "/entities").iter().take(MOST_LINKS) {
        let uri = text(legacy, "/value").filter(|_| text(legacy, "/type") == Some("link"));
        links.extend(uri.filter(|uri| is_web(uri)).map(str::to_owned));
    }
    (read, links)
}

/// Whether a link leads into the web.
pub fn is_web(uri: &str) -> bool {
    (uri.starts_with("https://") || uri.starts_with("http://")) && uri.len() <= 4000
}

/// Where the links of a facet stand in `written`, within it and between characters.
fn link<'a>(facet: &'a Value, written: &str) -> Vec<(usize, usize, &'a str)> {
    let offset = |name: &str| {
        let told = facet.pointer(name).and_then(Value::as_u64).unwrap_or(u64::MAX);
        written.floor_char_boundary(usize::try_from(told).unwrap_or(usize::MAX))
    };
    let (start, end) = (offset("/index/byteStart"), offset("/index/byteEnd"));
    let features = list(facet, "/features").iter().take(8);
    let uris = features.filter_map(|feature| text(feature, "/uri")).filter(|uri| is_web(uri));
    uris.map(|uri| (start, end.max(start), uri)).collect()
}

/// Whether `shown` is `uri` with its beginning or end left out, as opposed to words of their own.
fn is_short_for(shown: &str, uri: &str) -> bool {
    let bare = |text: &str| {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_prefix("https://").or(text.strip_prefix("http://")).unwrap_or(&text);
        text.strip_prefix("www.").unwrap_or(text).to_owned()
    };
    let shown = bare(shown);
    let shown = shown.trim_end_matches(['.', '…', '/']);
    !shown.is_empty() && bare(uri).starts_with(shown)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn no_offset_makes_it_panic(
            text in "[a-z.…é🇧🇫 ]{0,40}",
            places in prop::collection::vec((-2i64..200, -2i64..200), 0..6),
        ) {
            let facets: Vec<Value> =
                places.iter().map(|(start, end)| facet(*start, *end, "https://e.example/a")).collect();
            let (read, links) = readable(&json!({"text": text, "facets": facets}));
            prop_assert!(links.len() <= 1);
            prop_assert!(!places.is_empty() || read == text);
        }
    }

    fn facet(start: i64, end: i64, uri: &str) -> Value {
        json!({"index": {"byteStart": start, "byteEnd": end},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": uri}]})
    }

    #[test]
    fn offsets_count_bytes_and_a_cut_link_is_written_out() {
        let text = "🇧🇫 là: www.e.example/watch?v=V5l... fin";
        let start = text.find("www").unwrap() as i64;
        let end = text.find(" fin").unwrap() as i64;
        let uri = "https://www.e.example/watch?v=V5lDxyz";
        let (read, links) = readable(&json!({"text": text, "facets": [facet(start, end, uri)]}));
        assert_eq!((read.as_str(), &links[..]), (&*format!("🇧🇫 là: {uri} fin"), &[uri.to_owned()][..]));
    }

    #[test]
    fn words_that_lead_somewhere_stay_words() {
        let (read, links) =
            readable(&json!({"text": "the report is out", "facets": [facet(0, 10, "https://e.example/")]}));
        assert_eq!((read.as_str(), links.len()), ("the report is out", 1));
    }

    #[test]
    fn an_offset_that_lies_cuts_nothing() {
        let text = "voilà e.example/a… fin";
        for (start, end) in [(-1, 3), (6, 900), (5, 7), (900, 901), (12, 3), (0, 0), (i64::MAX, i64::MIN)] {
            let record = json!({"text": text, "facets": [facet(start, end, "https://e.example/abc"), 3]});
            let (read, links) = readable(&record);
            assert!(read.contains("voil") && links.len() == 1, "{start}..{end}: {read}");
        }
        let twice = json!({"text": "e.example/a", "facets": [facet(0, 11, "https://e.example/abc"), facet(2, 11, "https://e.example/a")]});
        assert_eq!(readable(&twice).0, "https://e.example/abc");
    }

    #[test]
    fn what_is_no_link_into_the_web_is_left_out() {
        let mention = json!({"index": {"byteStart": 0, "byteEnd": 2}, "features": [{"did": "did:plc:a"}, {"uri": "javascript:x"}]});
        assert_eq!(readable(&json!({"text": "hi", "facets": [mention]})), ("hi".into(), vec![]));
        assert_eq!(readable(&json!({"text": 7, "facets": "x"})), (String::new(), vec![]));
    }
}
