//! Letters that belong together become a word.

use std::ops::Range;

use unicode_normalization::char::compose;

use super::run::{Last, Run, goes_on};
use super::spelling::Spelling;
use super::{Letter, Spot, Word, Words};
use crate::text::fold::{self, Class};
use crate::text::glyph::glyph;
use crate::text::script::Script;
use crate::text::{confusable, disguise};

impl Words {
    /// Adds letters that are as the text has them and belong together; `ends` if no more belong to them.
    pub(super) fn stretch(
        &mut self,
        run: &mut Run,
        text: &str,
        range: Range<usize>,
        (spelling, script): (Spelling, Script),
        ends: bool,
    ) {
        let letters = text.get(range.clone()).unwrap_or_default();
        if run.class != Class::Letter {
            self.disguised |= run.meets(Class::Letter);
            self.close(run);
            run.first = self.letters.len();
            if ends && !run.tag && !spelling.mixes_scripts() {
                let folded = spelling.folded(letters.chars());
                let (start, end) = (range.start as u32, range.end as u32);
                let word = Word {
                    at: run.at,
                    width: 1,
                    start,
                    end,
                    hash: spelling.lower,
                    script,
                    first: 0,
                    behind: 0,
                };
                self.add(word, folded);
                self.disguised |= run.read(letters.len() < 5 && letters.chars().nth(1).is_none());
                run.at += 1;
                run.last = Last::Word;
                return;
            }
            run.class = Class::Letter;
        }
        run.spelling = spelling;
        let place = |at: usize| (range.start + at) as u32;
        self.letters.extend(letters.char_indices().map(|(at, c)| Letter {
            start: place(at),
            end: place(at + c.len_utf8()),
            c,
            glyph: glyph(c),
        }));
    }

    /// Whatever was read before ends here; no word does.
    pub(super) fn gap(&mut self, run: &mut Run, c: char) {
        let hides = (run.last != Last::Other || run.class == Class::Letter) && disguise::hides(c);
        self.close(run);
        run.first = self.letters.len();
        run.last = if hides { Last::Sign } else { Last::Other };
        run.see(c);
    }

    /// Adds a character in its compatibility form.
    pub(super) fn put(&mut self, run: &mut Run, range: Range<usize>, c: char) {
        let (start, end) = (range.start as u32, range.end as u32);
        let glyph_of = glyph(c);
        if !glyph_of.has_compatible_form() {
            return self.put_letter(run, Letter { start, end, c, glyph: glyph_of });
        }
        for c in fold::entry(c).compat.as_deref().unwrap_or_default().chars() {
            self.put_letter(run, Letter { start, end, c, glyph: glyph(c) });
        }
    }

    /// Adds a letter, or joins it to the one before it; leaves noise out.
    fn put_letter(&mut self, run: &mut Run, letter: Letter) {
        if letter.glyph.joins()
            && let Some(last) = self.letters.get_mut(run.first..).and_then(<[Letter]>::last_mut)
        {
            if let Some(joined) = compose(last.c, letter.c) {
                (last.c, last.end, last.glyph) = (joined, letter.end, glyph(joined));
                run.stale = true;
                return;
            }
            if letter.glyph.class == Class::Noise {
                last.end = letter.end;
            }
        }
        if letter.glyph.class != Class::Noise {
            self.goes_on_in(run, letter.glyph.class);
            run.see(letter.c);
            run.spelling = run.spelling.and(letter.c, letter.glyph);
            self.letters.push(letter);
        }
    }

    /// Prepares for a letter of a class: it belongs to the run, or the run is closed and another one begins.
    fn goes_on_in(&mut self, run: &mut Run, class: Class) {
        if !goes_on(run.class, self.letters.len() - run.first, class) {
            self.disguised |= run.meets(class);
            self.close(run);
            (run.first, run.class) = (self.letters.len(), class);
        }
    }

    /// Makes a word of the run, if its letters are such.
    pub(super) fn close(&mut self, run: &mut Run) {
        let class = run.class;
        if class == Class::Other {
            (run.stale, run.spelling) = (false, Spelling::default());
            return;
        }
        let range = run.first..self.letters.len();
        let spelling = if run.stale { self.spelling(&range) } else { run.spelling };
        (run.class, run.stale, run.spelling) = (Class::Other, false, Spelling::default());
        let speaks = matches!(class, Class::Letter | Class::Digit);
        self.disguised |= run.read(speaks && range.len() == 1);
        run.at = match class {
            Class::Other | Class::Noise | Class::Mark => run.at,
            Class::Letter if run.tag => self.tag_word(range, run.at),
            _ => self.word(range, spelling, run.at, 1),
        };
    }

    /// What a look at these letters tells.
    pub(super) fn spelling(&self, range: &Range<usize>) -> Spelling {
        let letters = self.letters.get(range.clone()).unwrap_or_default();
        letters.iter().fold(Spelling::default(), |spelling, letter| spelling.and(letter.c, letter.glyph))
    }

    /// Adds one word; gives the place behind it.
    pub(super) fn word(
        &mut self,
        mut range: Range<usize>,
        mut spelling: Spelling,
        at: u32,
        width: u32,
    ) -> u32 {
        let letters = self.letters.get(range.clone()).unwrap_or_default();
        let [first, ..] = letters else { return at };
        let (start, end) = (first.start, letters.last().unwrap_or(first).end);
        let class = first.glyph.class;
        if spelling.mixes_scripts() && !matches!(class, Class::Digit | Class::Symbol | Class::Flag) {
            range = self.unmix(range);
            spelling = self.spelling(&range);
        }
        let letters = self.letters.get(range.clone()).unwrap_or_default();
        let script = match class {
            Class::Digit => Script::Number,
            Class::Symbol | Class::Flag => Script::Symbol,
            _ => letters.first().map_or(Script::Other, |letter| letter.glyph.script),
        };
        let (first, behind) = (range.start as u32, range.end as u32);
        let folded = spelling.folded(letters.iter().map(|letter| letter.c));
        self.add(Word { at, width, start, end, hash: spelling.lower, script, first, behind }, folded);
        at + width
    }

    /// Adds a word; the whole of a tag comes before its parts.
    pub(super) fn add(&mut self, word: Word, folded: u64) {
        let number = self.found.len() as u32;
        let whole = self.whole.and_then(|whole| Some((whole, self.found.get(whole as usize)?)));
        let before = whole.filter(|(_, whole)| whole.at + whole.width == word.at).map(|(whole, _)| whole);
        if let Some(before) = before {
            self.leaps.push([before, number]);
        }
        if word.width > 1 {
            // Its first part, which comes next, stands behind the same words.
            for before in before.into_iter().chain(number.checked_sub(1)) {
                self.leaps.push([before, number + 1]);
            }
            self.whole = Some(number);
        }
        self.widest = self.widest.max(word.width);
        self.spellings.push(folded);
        self.spots.push(self.found.len(), Spot::of(&word));
        self.found.push(word);
    }

    /// Writes a word in one script, if it fits one; gives where its letters stand then.
    fn unmix(&mut self, range: Range<usize>) -> Range<usize> {
        let first = self.letters.len();
        self.letters.extend_from_within(range);
        let letters = self.letters.get_mut(first..).unwrap_or_default();
        let mut word: Vec<char> = letters.iter().map(|letter| letter.c).collect();
        confusable::unmix(&mut word);
        for (letter, c) in letters.iter_mut().zip(word) {
            (letter.c, letter.glyph) = (c, glyph(c));
        }
        first..self.letters.len()
    }
}
