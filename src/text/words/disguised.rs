//! Words in disguise are told as a whole, before the parts that digits and signs make of them.

use std::ops::Range;

use super::{Letter, Word, Words};
use crate::text::disguise::{hides, undisguised};
use crate::text::fold::{self, Class};
use crate::text::glyph::glyph;
use crate::text::script::Script;

/// So many signs may stand between two parts of a word: `ru$$ians`.
const MOST_SIGNS: usize = 2;

impl Words {
    /// Adds the whole of every word in disguise.
    pub(super) fn undisguise(&mut self) {
        let said: Vec<_> =
            self.hidden().into_iter().filter_map(|parts| Some((self.said(&parts)?, parts))).collect();
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

    /// Where words stand together as the parts of one that hides may, by their numbers.
    fn hidden(&self) -> Vec<Range<usize>> {
        let (mut all, mut first) = (Vec::new(), 0);
        for behind in 1..=self.found.len() {
            let pair = self.found.get(behind - 1).zip(self.found.get(behind));
            if pair.is_some_and(|(one, next)| self.joint(one, next).is_some()) {
                continue;
            }
            if behind - first > 1 && !self.goes_on_at(first) {
                all.push(first..behind);
            }
            first = behind;
        }
        all
    }

    /// What stands between two words if they may be one: signs and noise, or nothing between letters and digits.
    fn joint(&self, one: &Word, next: &Word) -> Option<&str> {
        let speaks =
            |word: &Word| !matches!(word.script, Script::Symbol | Script::Unspaced) && word.width == 1;
        if !speaks(one) || !speaks(next) {
            return None;
        }
        let between = self.text.get(one.end as usize..next.start as usize)?;
        let signs: Vec<char> =
            between.chars().filter(|c| fold::entry(*c).class != Class::Noise).take(MOST_SIGNS + 1).collect();
        let digits = [one, next].map(|word| word.script == Script::Number);
        let joins = if signs.is_empty() {
            between.is_empty() && digits[0] != digits[1]
        } else {
            signs.len() <= MOST_SIGNS && signs.iter().all(|sign| hides(*sign)) && digits == [false; 2]
        };
        joins.then_some(between)
    }

    /// Whether a word goes on where the one before it ended, as in a tag of several words.
    fn goes_on_at(&self, number: usize) -> bool {
        let [before, word] = [number.checked_sub(1), Some(number)].map(|number| self.found.get(number?));
        before.zip(word).is_some_and(|(before, word)| before.end == word.start)
    }

    /// The letters of these words together, if they hide a word.
    fn said(&self, parts: &Range<usize>) -> Option<Vec<Letter>> {
        let words = self.found.get(parts.clone())?;
        let (start, end) = (words.first()?.start, words.last()?.end);
        let mut written: Vec<char> = Vec::new();
        for (number, word) in words.iter().enumerate() {
            let before = number.checked_sub(1).and_then(|before| words.get(before));
            let joint = before.and_then(|before| self.joint(before, word)).unwrap_or_default();
            written.extend(joint.chars().filter(|c| hides(*c)));
            written.extend(self.letters_of(word));
        }
        let said = undisguised(&written)?;
        Some(said.into_iter().map(|c| Letter { start, end, c, glyph: glyph(c) }).collect())
    }
}
