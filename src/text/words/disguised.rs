//! Words in disguise are told as a whole, before the parts that digits, signs and spaces make of them.

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
        while first < self.found.len() {
            let mut behind = first + 1;
            while self.joint(behind).is_some() {
                behind += 1;
            }
            if behind == first + 1 {
                // A letter that is a part of another word is none of one that is spaced apart.
                while self.is_spaced(behind) && self.joint(behind + 1).is_none() {
                    behind += 1;
                }
            }
            if behind - first > 1 && !self.goes_on_at(first) {
                all.push(first..behind);
            }
            first = behind;
        }
        all
    }

    /// The word with this number and the one before it, if both can be parts of another word.
    fn pair(&self, number: usize) -> Option<[&Word; 2]> {
        let pair = [self.found.get(number.checked_sub(1)?)?, self.found.get(number)?];
        let speaks =
            |word: &Word| !matches!(word.script, Script::Symbol | Script::Unspaced) && word.width == 1;
        pair.iter().all(|word| speaks(word)).then_some(pair)
    }

    /// What stands between two such words.
    fn between(&self, [one, next]: [&Word; 2]) -> Option<&str> {
        self.text.get(one.end as usize..next.start as usize)
    }

    /// Whether this word and the one before it are single letters or digits with a space between them.
    fn is_spaced(&self, number: usize) -> bool {
        self.pair(number).is_some_and(|pair| {
            let single = |word: &&Word| self.letters_of(word).nth(1).is_none();
            self.between(pair) == Some(" ") && pair.iter().all(single)
        })
    }

    /// What stands between this word and the one before it if they may be one: signs and noise, or nothing between
    /// letters and digits.
    fn joint(&self, number: usize) -> Option<&str> {
        let pair = self.pair(number)?;
        let between = self.between(pair)?;
        let signs: Vec<char> =
            between.chars().filter(|c| fold::entry(*c).class != Class::Noise).take(MOST_SIGNS + 1).collect();
        let digits = pair.map(|word| word.script == Script::Number);
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
        let spaced = self.is_spaced(parts.start + 1);
        let mut written: Vec<char> = Vec::new();
        for (number, word) in parts.clone().zip(words) {
            let joint = if number == parts.start { None } else { self.joint(number) };
            written.extend(joint.unwrap_or_default().chars().filter(|c| hides(*c)));
            written.extend(self.letters_of(word));
        }
        let said = undisguised(&written, spaced)?;
        Some(said.into_iter().map(|c| Letter { start, end, c, glyph: glyph(c) }).collect())
    }
}
