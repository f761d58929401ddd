//! Addresses that lead to the same page.

use url::Url;

use super::word::hash;
use crate::model::post::{Platform, PostKey};
use crate::text::link::address_at;

/// So many links of a post are compared.
const MOST: usize = 4;

/// So many addresses are looked for in a text.
const MOST_WRITTEN: usize = 8 * MOST;

/// So many bytes an address has that people follow.
const LONGEST: usize = 4 << 10;

/// Where people gather rather than read; the start of a path there is no page about an event.
const CROWDS: &[&str] = &[
    "t.co",
    "t.me",
    "x.com",
    "twitter.com",
    "facebook.com",
    "instagram.com",
    "youtube.com",
    "tiktok.com",
    "linktr.ee",
    "patreon.com",
    "bsky.app",
    "whatsapp.com",
    "chat.whatsapp.com",
    "wa.me",
    "discord.gg",
    "linkedin.com",
    "threads.net",
    "vk.com",
    "ok.ru",
    "paypal.com",
    "buymeacoffee.com",
    "ko-fi.com",
];

/// What only tells who sent the reader.
const TRACKING: &[&str] = &[
    "fbclid", "gclid", "igshid", "ref", "ref_src", "s", "si", "t", "src", "source", "cmp", "cmpid", "mc_cid",
    "mc_eid", "feature",
];

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A page, by the hash of its address without what varies.
    Page(u64),
    /// A post of a platform.
    Post(PostKey),
}

/// Where the links of a post lead, its own address and those in its text included.
pub fn targets<'p>(links: impl Iterator<Item = &'p str>, text: &'p str) -> Vec<Target> {
    let mut found: Vec<Target> = Vec::new();
    for target in links.map(str::to_owned).chain(written(text)).filter_map(|link| target(&link)) {
        if found.len() < MOST && !found.contains(&target) {
            found.push(target);
        }
    }
    found
}

/// The addresses in a text.
fn written(text: &str) -> impl Iterator<Item = String> {
    let starts = text.match_indices("http").map(|(at, _)| at);
    starts.take(MOST_WRITTEN).filter_map(|at| {
        let address = text.get(address_at(text, at)?)?;
        Some(address.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '…']).to_owned())
    })
}

fn target(link: &str) -> Option<Target> {
    if link.len() > LONGEST {
        return None;
    }
    let url = Url::parse(link).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?.to_ascii_lowercase();
    let host =
        ["www.", "m.", "mobile.", "amp."].iter().find_map(|start| host.strip_prefix(start)).unwrap_or(&host);
    let path: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty() && *part != "amp").collect();
    if matches!(host, "x.com" | "twitter.com")
        && let [_, "status" | "statuses", id, ..] = path.as_slice()
    {
        return Some(Target::Post(PostKey::of(&Platform::X, id)));
    }
    let mut query: Vec<String> = url
        .query_pairs()
        .filter(|(name, _)| !is_tracking(name))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    query.sort();
    let crowd = CROWDS.contains(&host);
    if (path.is_empty() && query.is_empty()) || (crowd && path.len() < 2 && query.is_empty()) {
        return None;
    }
    let page = format!("{host}/{}?{}", path.join("/"), query.join("&"));
    Some(Target::Page(hash(&page)))
}

fn is_tracking(name: &str) -> bool {
    name.starts_with("utm_") || TRACKING.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_one_however_it_is_linked() {
        let page = target("https://papers.example/togo/rifles");
        assert!(page.is_some());
        let same = [
            "http://www.papers.example/togo/rifles/?utm_medium=social&fbclid=1#top",
            "https://m.papers.example/togo/rifles/amp/",
        ];
        for link in same {
            assert_eq!(target(link), page, "{link}");
        }
        assert_ne!(target("https://papers.example/togo/rifles?id=2"), page);
    }

    #[test]
    fn front_doors_and_channels_are_no_pages() {
        for link in [
            "https://papers.example/",
            "https://t.me/channel",
            "https://x.com/hub",
            "mailto:a@b.example",
            "no",
        ] {
            assert_eq!(target(link), None, "{link}");
        }
    }

    #[test]
    fn a_link_to_a_post_leads_to_the_post() {
        let post = Some(Target::Post(PostKey::of(&Platform::X, "7")));
        assert_eq!(target("https://twitter.com/hub/status/7?s=20"), post);
        assert_eq!(target("https://x.com/hub/status/7/photo/1"), post);
    }

    #[test]
    fn links_are_read_from_the_text_too() {
        let found =
            targets(["https://a.example/1"].into_iter(), "see https://b.example/2, and (http://a.example/1)");
        assert_eq!(found.len(), 2);
        assert_eq!(targets(std::iter::empty(), "httphttp https:// http").len(), 0);
    }
}
