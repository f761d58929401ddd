//! Tags: each word of one is told as a whole and, if capitals divide it, in its parts.

use std::ops::Range;

use super::{Letter, Words};

impl Words {
    /// A word of a tag: the whole of it, and its parts if capitals divide it. Gives the place behind it.
    pub(super) fn tag_word(&mut self, range: Range<usize>, at: u32) -> u32 {
        let inside = range.start + 1..range.end;
        let parts = inside.clone().filter(|place| self.begins_part(&range, *place)).count() as u32 + 1;
        let behind = self.word(range.clone(), self.spelling(&range), at, parts);
        if parts == 1 {
            return behind;
        }
        let (mut at, mut start) = (at, range.start);
        for place in inside.chain([range.end]) {
            if place == range.end || self.begins_part(&range, place) {
                at = self.word(start..place, self.spelling(&(start..place)), at, 1);
                start = place;
            }
        }
        at
    }

    /// `BurkinaFaso` is `Burkina` `Faso`, `USArmy` is `US` `Army`.
    fn begins_part(&self, tag: &Range<usize>, place: usize) -> bool {
        let of_tag = |place: usize| self.letters.get(place).filter(|_| tag.contains(&place));
        let upper = |place: usize| of_tag(place).is_some_and(|letter: &Letter| letter.glyph.is_upper());
        let lower = |place: usize| of_tag(place).is_some_and(|letter: &Letter| letter.glyph.is_lower());
        upper(place) && (lower(place - 1) || (upper(place - 1) && lower(place + 1)))
    }
}
