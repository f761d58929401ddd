//! Doors to each platform's parser for the fuzz targets, which have nothing but bytes. Only there when fuzzing.

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use url::Url;

use crate::model::post::Post;
use crate::remote::Answer;

/// What is asked of every post that a parser reads: an id to know it by, and a text that can be kept.
pub(super) fn check(posts: &[Post]) {
    for post in posts {
        assert!(!post.id.is_empty(), "{post:?}");
        assert!(post.key() == post.clone().key() && post.content() == post.clone().content());
    }
}

/// The instant at which everything is read.
pub(super) const NOW: Timestamp = Timestamp::constant(1_746_046_800, 0);

/// An answer of `body`; its first byte tells the status, so that refusals are read too.
pub(super) fn answer(bytes: &[u8]) -> Answer {
    let (first, body) = bytes.split_first().map_or((b' ', bytes), |(first, body)| (*first, body));
    let status = match first {
        b'4' => 400,
        b'1' => 401,
        b'3' => 403,
        b'9' => 429,
        b'5' => 503,
        _ => 200,
    };
    let url = Url::parse("https://e.example/feed").unwrap_or_else(|_| unreachable!("it is an address"));
    Answer { status, headers: HeaderMap::new(), body: body.to_vec(), url, moved: None }
}

pub use super::bluesky::fuzz as bluesky;
pub use super::feed::fuzz as feed;
pub use super::mastodon::fuzz as mastodon;
pub use super::telegram::fuzz as telegram;
pub use super::x::fuzz as x;
