//! Words in which digits stand for letters are told as a whole, too.

use std::ops::Range;

use super::{Letter, Word, Words};
use crate::text::disguise::undisguised;
use crate::text::glyph::glyph;
use crate::text::script::Script;

impl Words {
    /// Adds the whole of every word in which digits stand for letters, before its parts.
    pub(super) fn undisguise(&mut self) {
        let said: Vec<_> =
            self.mixed().into_iter().filter_map(|parts| Some((self.said(&parts)?, parts))).collect();
        if said.is_empty() {
            return;
        }
        let (found, spellings) = (std::mem::take(&mut self.found), self.spellings.all().to_vec());
        self.forget_words();
        let mut wholes = said.into_iter().peekable();
        for (number, (word, folded)) in found.into_iter().zip(spellings).enumerate() {
            if let Some((letters, parts)) = wholes.next_if(|(_, parts)| parts.start == number) {
                let first = self.letters.len();
                self.letters.extend(letters);
                let range = first..self.letters.len();
                self.word(range.clone(), self.spelling(&range), word.at, parts.len() as u32);
            }
            self.add(word, folded);
        }
    }

    /// Where letters and digits take turns without anything between them, by the numbers of the words.
    fn mixed(&self) -> Vec<Range<usize>> {
        let follows = |pair: &[Word]| {
            let [one, next] = pair else { return false };
            let digits = [one, next].map(|word| word.script == Script::Number);
            one.end == next.start && one.width == 1 && next.width == 1 && digits[0] != digits[1]
        };
        let (mut all, mut first) = (Vec::new(), 0);
        for behind in 1..=self.found.len() {
            if self.found.get(behind - 1..=behind).is_some_and(follows) {
                continue;
            }
            if behind - first > 1 && !self.goes_on_at(first) {
                all.push(first..behind);
            }
            first = behind;
        }
        all
    }

    /// Whether a word goes on where the one before it ended, as in a tag of several words.
    fn goes_on_at(&self, number: usize) -> bool {
        let [before, word] = [number.checked_sub(1), Some(number)].map(|number| self.found.get(number?));
        before.zip(word).is_some_and(|(before, word)| before.end == word.start)
    }

    /// The letters of these words together, if digits stand for some.
    fn said(&self, parts: &Range<usize>) -> Option<Vec<Letter>> {
        let words = self.found.get(parts.clone())?;
        let (start, end) = (words.first()?.start, words.last()?.end);
        let letters: Vec<char> = words.iter().flat_map(|word| self.letters_of(word)).collect();
        let said = undisguised(&letters)?;
        Some(said.into_iter().map(|c| Letter { start, end, c, glyph: glyph(c) }).collect())
    }
}
