//! Doors to each platform's parser for the fuzz targets, which have nothing but bytes. Only there when fuzzing.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use url::Url;

use super::{Ask, Kit, Page, SourceError};
use crate::clock::SystemClock;
use crate::model::post::{Platform, Post};
use crate::model::timeline::{Cursor, TimelineId};
use crate::remote::{Answer, Remotes};

/// What is asked of whatever reads a page of `id`: it reads the same page alike, and its posts can be kept; the cursor
/// that it hands out leads it on.
pub(super) fn check((platform, id): (&Platform, &str), read: impl Fn(Ask<'_>) -> Result<Page, SourceError>) {
    let timeline = TimelineId::new(platform, id);
    let mut cursor: Option<Cursor> = None;
    for _ in 0..2 {
        let since = cursor.is_none().then_some(NOW);
        let ask =
            Ask { timeline: &timeline, account: "hub", cursor: cursor.as_ref(), since, allowance: None };
        let found = read(ask);
        assert_eq!(found, read(ask));
        let Ok(page) = found else { return };
        page.posts.iter().for_each(keep);
        let Some(next) = page.next else { return };
        cursor = Some(next);
    }
}

/// A post has an id to know it by, and is read from the archive as it was written there.
fn keep(post: &Post) {
    assert!(!post.id.is_empty(), "{post:?}");
    let line = serde_json::to_string(post).unwrap_or_else(|cause| panic!("{cause}: {post:?}"));
    let kept: Post = serde_json::from_str(&line).unwrap_or_else(|cause| panic!("{cause}: {line}"));
    assert_eq!(kept, *post);
}

/// What a source is built with; it calls nobody.
pub(super) fn kit() -> Kit {
    static KIT: LazyLock<Kit> = LazyLock::new(|| {
        let clock = Arc::new(SystemClock);
        let remotes = Remotes::new(clock.clone(), "fuzz").unwrap_or_else(|cause| panic!("{cause}"));
        Kit { remotes, clock, dir: "/".into() }
    });
    KIT.clone()
}

/// The address that everything is read from.
pub(super) fn url() -> Url {
    Url::parse("https://e.example/feed").unwrap_or_else(|_| unreachable!("it is an address"))
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
    Answer {
        status,
        headers: Default::default(),
        body: body.to_vec(),
        url: url(),
        moved: None,
        room: crate::remote::Room::default(),
    }
}

pub use super::bluesky::fuzz as bluesky;
pub use super::feed::fuzz as feed;
pub use super::mastodon::fuzz as mastodon;
pub use super::telegram::fuzz as telegram;
pub use super::x::fuzz as x;
