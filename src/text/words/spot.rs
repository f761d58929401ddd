//! Where words stand.

use super::Word;

/// Where a word stands in its text; see [`Word`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Its place, counted in tokens from 0.
    pub at: u32,
    /// How many places it takes.
    pub width: u32,
    /// Its first byte in the original text.
    pub start: u32,
    /// The byte behind its last.
    pub end: u32,
}

/// The spots of the first words, as long as all their numbers are small.
#[derive(Clone, Debug, Default)]
pub(super) struct Spots {
    count: usize,
    few: [Small; FEW],
}

/// Most posts have no more words.
pub(super) const FEW: usize = 32;

#[derive(Clone, Copy, Debug, Default)]
struct Small {
    start: u16,
    end: u16,
    at: u8,
    width: u8,
}

impl Spot {
    /// That of a word.
    pub(super) fn of(word: &Word) -> Self {
        let Word { at, width, start, end, .. } = *word;
        Self { at, width, start, end }
    }

    fn small(self) -> Option<Small> {
        Some(Small {
            start: self.start.try_into().ok()?,
            end: self.end.try_into().ok()?,
            at: self.at.try_into().ok()?,
            width: self.width.try_into().ok()?,
        })
    }
}

impl Spots {
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds the spot of the word with this number, if it is the next one and there is room for it.
    #[inline]
    pub(super) fn push(&mut self, number: usize, spot: Spot) {
        if self.count == number
            && let Some(free) = self.few.get_mut(number)
            && let Some(small) = spot.small()
        {
            *free = small;
            self.count += 1;
        }
    }

    /// The spot of the word with this number, if it is known.
    #[inline]
    pub(super) fn get(&self, number: usize) -> Option<Spot> {
        let small = self.few.get(..self.count)?.get(number)?;
        let (at, width) = (u32::from(small.at), u32::from(small.width));
        Some(Spot { at, width, start: u32::from(small.start), end: u32::from(small.end) })
    }
}
