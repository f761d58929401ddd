//! The hashes by which words meet.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use crate::text::fold;
use crate::text::glyph::{Glyph, Traits};

/// Nobody outside can know it, so nobody can write words that are taken for others.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));

/// What one look at the letters of a word tells.
#[derive(Clone, Copy)]
pub(super) struct Spelling {
    /// The hash of its lower case.
    pub(super) lower: u64,
    /// What any of its letters has.
    traits: Traits,
}

impl Default for Spelling {
    fn default() -> Self {
        Self { lower: *SEED, traits: Traits::default() }
    }
}

impl Spelling {
    /// Of a word with one more letter.
    #[inline]
    pub(super) fn and(self, c: char, glyph: Glyph) -> Self {
        if !glyph.has_long_lower() {
            return self.and_easy(glyph);
        }
        let lower = fold::entry(c).lower.chars().fold(self.lower, mixed);
        Self { lower, traits: self.traits | glyph.traits }
    }

    /// Of a word with one more letter, the lower case of which is one letter.
    #[inline]
    pub(super) fn and_easy(self, glyph: Glyph) -> Self {
        Self { lower: mixed(self.lower, glyph.lower), traits: self.traits | glyph.traits }
    }

    /// The [`spelling_hash`] of the folded form; `letters` are those of the word.
    #[inline]
    pub(super) fn folded(self, letters: impl Iterator<Item = char>) -> u64 {
        if self.traits.folds() { folded(letters) } else { self.lower }
    }

    /// Whether letters of two of the scripts stand together that have look-alikes in one another.
    pub(super) fn mixes_scripts(self) -> bool {
        self.traits.mixes_scripts()
    }
}

fn folded(letters: impl Iterator<Item = char>) -> u64 {
    letters.fold(*SEED, |hash, c| fold::entry(c).folded.chars().fold(hash, mixed))
}

/// By which a word meets its folded form.
pub fn spelling_hash(folded: &str) -> u64 {
    folded.chars().fold(*SEED, mixed)
}

/// The [`Words::cased_hash`](super::Words::cased_hash) of a word that is written so.
pub fn cased_hash(cased: &str) -> u64 {
    of_capitals(cased.chars())
}

pub(super) fn of_capitals(letters: impl Iterator<Item = char>) -> u64 {
    letters.fold(!*SEED, mixed)
}

/// Both halves of the product of a hash and a large odd number, so that every bit meets every other.
fn mixed(hash: u64, c: char) -> u64 {
    let product = u128::from(hash ^ u64::from(c)) * 0x9E37_79B9_7F4A_7C15;
    (product >> 64) as u64 ^ product as u64
}
