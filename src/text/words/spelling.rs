//! The hashes by which words meet.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use super::Letter;
use crate::text::fold;
use crate::text::script::Script;

/// Nobody outside can know it, so nobody can write words that are taken for others.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));

/// What one look at the letters of a word tells.
#[derive(Clone, Copy)]
pub(super) struct Spelling {
    /// The hash of its lower case.
    pub(super) lower: u64,
    /// A bit for each script.
    scripts: u32,
    /// Whether it is another word without diacritics.
    folds: bool,
}

impl Default for Spelling {
    fn default() -> Self {
        Self { lower: *SEED, scripts: 0, folds: false }
    }
}

impl Spelling {
    /// Of a word with one more letter.
    #[inline]
    pub(super) fn and(self, Letter { c, glyph, .. }: &Letter) -> Self {
        let lower = if glyph.has_long_lower() {
            fold::entry(*c).lower.chars().fold(self.lower, mixed)
        } else {
            mixed(self.lower, glyph.lower)
        };
        Self { lower, scripts: self.scripts | 1 << glyph.script as u32, folds: self.folds || glyph.folds() }
    }

    /// The [`spelling_hash`] of the folded form; `letters` are those of the word.
    pub(super) fn folded(self, letters: &[Letter]) -> u64 {
        let folded = || letters.iter().flat_map(|letter| fold::entry(letter.c).folded.chars());
        if self.folds { folded().fold(*SEED, mixed) } else { self.lower }
    }

    /// Whether letters of two of the scripts stand together that have look-alikes in one another.
    pub(super) fn mixes_scripts(self) -> bool {
        const ALIKE: u32 =
            1 << Script::Latin as u32 | 1 << Script::Cyrillic as u32 | 1 << Script::Greek as u32;
        (self.scripts & ALIKE).count_ones() > 1
    }
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
