//! Which words of a text stand side by side. The whole of a tag stands before its parts, in the same places.

use crate::text::words::Words;

/// A text while terms are looked for in it: which of its words meet those of terms is told by `M`.
pub struct Text<'t, M> {
    words: &'t Words,
    meets: M,
}

impl<'t, M> Text<'t, M> {
    /// A text, and whether the word with a number meets a word of a term.
    pub fn new(words: &'t Words, meets: M) -> Self {
        Self { words, meets }
    }

    /// Whether the word with this number meets a word of a term.
    pub fn meets<W>(&self, number: usize, word: W) -> bool
    where
        M: Fn(usize, W) -> bool,
    {
        (self.meets)(number, word)
    }

    /// Tells the first word of every stretch that meets `wanted` and ends before the word `number`.
    pub fn each_first<W: Copy>(&self, number: usize, wanted: &[W], told: &mut impl FnMut(usize))
    where
        M: Fn(usize, W) -> bool,
    {
        let Some((word, rest)) = wanted.split_last() else { return told(number) };
        for before in before(self.words, number).filter(|before| self.meets(*before, *word)) {
            self.each_first(before, rest, told);
        }
    }

    /// Tells the last word of every stretch that meets `wanted` and begins behind the word `number`.
    pub fn each_last<W: Copy>(&self, number: usize, wanted: &[W], told: &mut impl FnMut(usize))
    where
        M: Fn(usize, W) -> bool,
    {
        let Some((word, rest)) = wanted.split_first() else { return told(number) };
        for behind in behind(self.words, number).filter(|behind| self.meets(*behind, *word)) {
            self.each_last(behind, rest, told);
        }
    }
}

/// The words that begin where another one ends.
pub fn behind(words: &Words, number: usize) -> impl Iterator<Item = usize> + use<'_> {
    let place = words.spot(number).map_or(u32::MAX, |word| word.at + word.width);
    let behind = (number + 1..).map_while(|number| Some((number, words.spot(number)?)));
    let behind = behind.skip_while(move |(_, word)| word.at < place);
    behind.take_while(move |(_, word)| word.at == place).map(|(number, _)| number)
}

/// The words that end where another one begins.
fn before(words: &Words, number: usize) -> impl Iterator<Item = usize> + use<'_> {
    let widest = words.widest();
    let place = words.spot(number).map_or(0, |word| word.at);
    let before = (0..number).rev().map_while(|number| Some((number, words.spot(number)?)));
    let before = before.take_while(move |(_, word)| word.at + widest >= place);
    before.filter(move |(_, word)| word.at + word.width == place).map(|(number, _)| number)
}
