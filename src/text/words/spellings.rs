//! One number for each word of a text.

/// Numbers. Those of a text that is not long stand in one piece with all else that is looked at first.
#[derive(Clone, Debug)]
pub(super) struct Spellings {
    count: usize,
    few: [u64; FEW],
    /// All of them if they are more.
    many: Vec<u64>,
}

/// Most posts have no more words.
const FEW: usize = 32;

impl Default for Spellings {
    fn default() -> Self {
        Self { count: 0, few: [0; FEW], many: Vec::new() }
    }
}

impl Spellings {
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    #[inline]
    pub(super) fn push(&mut self, spelling: u64) {
        if let Some(free) = self.few.get_mut(self.count) {
            *free = spelling;
        } else {
            if self.count == FEW {
                self.many.clear();
                self.many.extend_from_slice(&self.few);
            }
            self.many.push(spelling);
        }
        self.count += 1;
    }

    #[inline]
    pub(super) fn all(&self) -> &[u64] {
        self.few.get(..self.count).unwrap_or(&self.many)
    }
}
