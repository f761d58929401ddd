//! Letters of a text that belong together.

use super::spelling::Spelling;
use crate::text::disguise;
use crate::text::fold::Class;

/// Letters that belong together, while they are read.
pub(super) struct Run {
    /// The first of them.
    pub(super) first: usize,
    /// What the first is; separators stand each for themselves.
    pub(super) class: Class,
    pub(super) spelling: Spelling,
    /// Whether a letter changed after its spelling was taken.
    pub(super) stale: bool,
    /// Where the next word stands.
    pub(super) at: u32,
    /// Whether a tag goes on: a capital begins a word there.
    pub(super) tag: bool,
    /// Whether `#` and `@` begin a tag.
    pub(super) tags: bool,
    /// Words of one letter or digit that were read one after the other.
    pub(super) singles: usize,
    /// What stands right before what is read next, if it is no part of the run.
    pub(super) last: Last,
}

/// What may make the parts of a word look like words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// Nothing.
    Other,
    /// A word of letters.
    Word,
    /// A sign right behind one that may hide that it goes on.
    Sign,
}

impl Run {
    pub(super) fn new(tags: bool) -> Self {
        let spelling = Spelling::default();
        Self {
            first: 0,
            class: Class::Other,
            spelling,
            stale: false,
            at: 0,
            tag: false,
            tags,
            singles: 0,
            last: Last::Other,
        }
    }

    /// Something else than what the run is made of comes next: whether a word may go on there in disguise.
    pub(super) fn meets(&mut self, next: Class) -> bool {
        let last = std::mem::replace(&mut self.last, Last::Other);
        next == Class::Letter && (self.class == Class::Digit || last == Last::Sign)
    }

    /// A word was read: whether it may be the end of one that is spaced apart.
    #[inline]
    pub(super) fn read(&mut self, single: bool) -> bool {
        self.singles = if single { self.singles + 1 } else { 0 };
        self.singles == disguise::FEWEST_APART
    }

    /// A separator begins a tag or ends it.
    pub(super) fn see(&mut self, c: char) {
        if matches!(self.class, Class::Other | Class::Noise | Class::Mark) {
            self.tag = self.tags && (matches!(c, '#' | '@') || (self.tag && c == '_'));
        }
    }
}

/// Whether a character of class `next` belongs to `many` that stand before it, the first of them of class `first`.
#[inline]
pub(super) fn goes_on(first: Class, many: usize, next: Class) -> bool {
    match first {
        Class::Letter => matches!(next, Class::Letter | Class::Mark),
        Class::Digit => next == Class::Digit,
        Class::Unspaced => next == Class::Mark,
        Class::Flag => next == Class::Flag && many == 1,
        Class::Symbol | Class::Mark | Class::Noise | Class::Other => false,
    }
}
