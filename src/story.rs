//! Whether two posts tell the same thing.
//!
//! A [`Sketch`] is what a post is compared by. Posts meet by the keys they share ([`Sketch::keys`]); whether they tell the
//! same thing is decided by their words ([`same`]): the same template about another state, number, date or name is
//! another story. [`Kept`] is what a store keeps of a story.

mod address;
mod alike;
mod country;
mod kept;
mod minhash;
mod number;
mod word;
mod wording;

use std::ops::Range;

use self::address::Target;
use self::alike::Verdict;
pub use self::kept::{Bond, Kept};
use self::word::{Kind, Word};
use self::wording::Wording;
use crate::model::matched::{Field, Match};
use crate::model::post::{Post, PostKey, first_bytes};
use crate::model::story::StoryKey;

/// What a post is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// The post, or the one it repeats.
    post: u64,
    /// Posts it quotes or links to.
    quotes: Vec<u64>,
    /// Pages it links to, its own included.
    pages: Vec<u64>,
    /// Its words.
    wording: Wording,
}

impl Sketch {
    /// What `post` is compared by. Of its `matches` it takes the words that a watchlist writes with a capital: they are
    /// names, however the post writes them.
    pub fn of(post: &Post, matches: &[Match]) -> Self {
        let original = post.repost_of.as_ref().map_or(&post.id, |original| &original.id);
        let identity = number(PostKey::of(&post.platform, original));
        let links = post.links.iter().chain(&post.url).map(String::as_str);
        let (mut quotes, mut pages) = (Vec::new(), Vec::new());
        for target in address::targets(links, &post.text) {
            match target {
                Target::Page(page) => pages.push(page),
                Target::Post(post) => quotes.push(number(post)),
            }
        }
        quotes.extend(post.quote_of.as_ref().map(|quoted| number(PostKey::of(&post.platform, &quoted.id))));
        quotes.retain(|quoted| *quoted != identity);
        quotes.sort_unstable();
        quotes.dedup();
        Self { post: identity, quotes, pages, wording: wording(post, matches) }
    }

    /// What it may share with other posts of its story.
    pub fn keys(&self) -> Vec<StoryKey> {
        let references = self.quotes.iter().chain(&self.pages).copied().chain([self.post]);
        references.chain(minhash::keys(self.wording.body())).map(|key| StoryKey(key.to_be_bytes())).collect()
    }

    /// The states, watchlist names and numbers it speaks of.
    fn facts(&self) -> impl Iterator<Item = Word> {
        let told = |word: &&Word| matches!(word.kind(), Kind::Actor | Kind::Number);
        self.wording.words.iter().filter(told).copied()
    }

    /// Whether this one has every word of the other, but for a few in front of it.
    fn says_all(&self, other: &Self) -> bool {
        let lacks = |word: &&Word| !self.wording.words.iter().any(|own| own.id() == word.id());
        let body = other.wording.body();
        let before = body.iter().take_while(lacks).count();
        before <= alike::LABEL && !body.iter().skip(before).any(|word| lacks(&word))
    }

    /// Whether the other one tells no state, name or number that this one lacks.
    fn covers(&self, other: &Self) -> bool {
        other.facts().all(|fact| self.facts().any(|own| own.id() == fact.id()))
    }
}

/// Whether two posts tell the same thing, as far as they themselves show it.
pub fn same(a: &Sketch, b: &Sketch) -> bool {
    a.post == b.post || judge(a, b, false).0 == Verdict::Same
}

/// What two posts have to do with each other, and by what. `quoted` if one quotes the other's story.
fn judge(a: &Sketch, b: &Sketch, quoted: bool) -> (Verdict, Bond) {
    let shared = |own: &[u64], other: &[u64]| own.iter().any(|one| other.contains(one));
    let linked = quoted
        || shared(&a.pages, &b.pages)
        || shared(&a.quotes, &b.quotes)
        || a.quotes.contains(&b.post)
        || b.quotes.contains(&a.post);
    match alike::compare(&a.wording, &b.wording) {
        Verdict::Other if linked && (a.covers(b) || b.covers(a)) => (Verdict::Same, Bond::Attached),
        Verdict::Other if linked => (Verdict::Differs, Bond::Attached),
        Verdict::Copied => (Verdict::Same, Bond::Copied),
        verdict => (verdict, Bond::Worded),
    }
}

fn wording(post: &Post, matches: &[Match]) -> Wording {
    let title = post.title.as_deref().filter(|title| !post.text.starts_with(title));
    let text = title.map_or_else(|| post.text.clone(), |title| format!("{title}\n{}", post.text));
    let shift = text.len() - post.text.len();
    let hits = matches.iter().flat_map(|found| &found.hits);
    let name =
        |hit: &&crate::model::matched::Hit| hit.term.trim_start_matches('=').starts_with(char::is_uppercase);
    let names: Vec<Range<usize>> = hits
        .filter(name)
        .filter_map(|hit| match hit.field {
            Field::Text => Some(hit.start + shift..hit.end + shift),
            Field::Title if shift > 0 => Some(hit.start..hit.end),
            _ => None,
        })
        .collect();
    Wording::of(&text, &names)
}

fn number(key: PostKey) -> u64 {
    u64::from_be_bytes(first_bytes(&key.0))
}

#[cfg(test)]
mod tests;
