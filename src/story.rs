//! Whether two posts tell the same thing.

use sha2::{Digest, Sha256};

use crate::model::post::{Post, PostKey, first_bytes};
use crate::model::story::StoryKey;
use crate::text::analyse;

/// Texts with fewer words than this are too alike by chance.
const WORDS: usize = 6;

/// What a post has in common with other posts of its story, the surest first: the identity of what it repeats or is,
/// and the words of its text, however they are spelt.
pub fn keys(post: &Post) -> Vec<StoryKey> {
    let original = post.repost_of.as_ref().map_or(&post.id, |original| &original.id);
    let mut keys = vec![StoryKey(PostKey::of(&post.platform, original).0)];
    keys.extend(wording(&post.text));
    keys
}

/// A text's words without links, case, accents and decoration.
fn wording(text: &str) -> Option<StoryKey> {
    let tokens = analyse(text);
    // The whole of a tag says nothing beside its parts.
    let parts = tokens.iter().filter(|token| token.width == 1).map(|token| token.folded.as_str());
    let words: Vec<&str> = parts.filter(|word| is_word(word)).collect();
    if words.len() < WORDS {
        return None;
    }
    let mut hash = Sha256::new();
    for word in words {
        hash.update(word);
        hash.update([0]);
    }
    Some(StoryKey(first_bytes(&hash.finalize())))
}

/// Words, numbers and flags count; other pictures are decoration.
fn is_word(word: &str) -> bool {
    word.chars().any(|c| c.is_alphanumeric() || ('\u{1f1e6}'..='\u{1f1ff}').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::{Platform, Reference};

    fn post(platform: Platform, id: &str, text: &str) -> Post {
        Post::new(platform, id, text)
    }

    fn same(a: &Post, b: &Post) -> bool {
        keys(a).iter().any(|key| keys(b).contains(key))
    }

    const TEXT: &str = "Russia promises more weapons and training to Burkina Faso";

    #[test]
    fn a_repost_belongs_to_its_original_even_when_cut() {
        let original = post(Platform::X, "1", TEXT);
        let repost = Post {
            repost_of: Some(Reference { id: "1".into(), ..Reference::default() }),
            ..post(Platform::X, "2", "RT @hub: Russia promises…")
        };
        assert!(same(&original, &repost));
        assert!(!same(&original, &Post { platform: Platform::FEED, ..repost }));
    }

    #[test]
    fn a_copy_is_known_by_its_words_and_another_number_is_another_story() {
        let original = post(Platform::X, "1", TEXT);
        let copies = [
            "RUSSIA promises more weapons and training to #BurkinaFaso! https://example.org/x",
            "🔥 Russia promises more weapons, and training, to Burkina-Faso 🔥",
        ];
        for copy in copies {
            assert!(same(&original, &post(Platform::FEED, "9", copy)), "{copy}");
        }
        let others = [
            "Russia promises more weapons and training to Mali",
            "weapons",
            "Russia promises 3 more weapons and training to Burkina Faso",
        ];
        for other in others {
            assert!(!same(&original, &post(Platform::FEED, "9", other)), "{other}");
        }
        assert!(
            !same(&post(Platform::X, "1", "weapons now"), &post(Platform::X, "2", "weapons now")),
            "too short"
        );
    }
}
